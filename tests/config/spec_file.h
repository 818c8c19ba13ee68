/*
 * For tests of specs: a temporary folder with a spec in it, and what reading it says.
 */
#ifndef TIDEGATE_TESTS_SPEC_FILE_H
#define TIDEGATE_TESTS_SPEC_FILE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fs.h"
#include "config/config.h"
#include "tests/torture.h"

struct spec_file {
    char folder[256], path[320];
    struct config config;
    struct tg_error err;
};

/* A head that is right; what a test is about comes behind it. */
#define SPEC_HEAD                                                                                  \
    "pipeline: shop\n"                                                                             \
    "destination: duckdb:///shop.duckdb\n"                                                         \
    "source: {type: files}\n"
#define SPEC_PERSON                                                                                \
    SPEC_HEAD "resources:\n"                                                                       \
              "  person:\n"                                                                        \
              "    path: p.jsonl\n"

static inline int spec_setup(void **state)
{
    struct spec_file *spec = calloc(1, sizeof(*spec));
    const char *tmp = getenv("TMPDIR");
    unsetenv("TIDEGATE_HOME");
    unsetenv("TIDEGATE_ENV");
    snprintf(spec->folder, sizeof(spec->folder), "%s/tidegate-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(spec->folder))
        return 1;
    snprintf(spec->path, sizeof(spec->path), "%s/spec.yaml", spec->folder);
    *state = spec;
    return 0;
}

static inline int spec_teardown(void **state)
{
    struct spec_file *spec = *state;
    config_release(&spec->config);
    int rc = fs_remove_tree(spec->folder, &spec->err);
    free(spec);
    return rc;
}

static inline void spec_write(const char *path, const char *text, size_t len)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    fclose(file);
}

static inline int spec_read_bytes(struct spec_file *spec, const char *text, size_t len)
{
    spec_write(spec->path, text, len);
    config_release(&spec->config);
    spec->err = (struct tg_error){0};
    return config_read(&spec->config, spec->path, NULL, &spec->err);
}

/* The spec must be right. */
static inline struct config *spec_good(struct spec_file *spec, const char *text)
{
    if (spec_read_bytes(spec, text, strlen(text)) != TG_OK)
        fail_msg("%s: %s\n--- of:\n%s", spec->err.where, spec->err.what, text);
    return &spec->config;
}

/* The spec must be wrong at this place ("7:5"), in exactly these words. */
static inline void spec_bad(struct spec_file *spec, const char *text, const char *place,
                            const char *what)
{
    char where[400];
    snprintf(where, sizeof(where), "%s:%s", spec->path, place);
    int rc = spec_read_bytes(spec, text, strlen(text));
    if (rc != TG_SPEC)
        fail_msg("returned %d (%s: %s)\n--- of:\n%s", rc, spec->err.where, spec->err.what, text);
    assert_string_equal(spec->err.what, what);
    assert_string_equal(spec->err.where, where);
}

/* The same, when one line of words at that place is all there is to compare. */
static inline void spec_says(struct spec_file *spec, const char *text, const char *place,
                             const char *line)
{
    char where[400], said[1024];
    snprintf(where, sizeof(where), "%s:%s", spec->path, place);
    int rc = spec_read_bytes(spec, text, strlen(text));
    if (rc != TG_SPEC)
        fail_msg("returned %d (%s: %s)\n--- of:\n%s", rc, spec->err.where, spec->err.what, text);
    snprintf(said, sizeof(said), "%.*s", (int)strcspn(spec->err.what, "\n"), spec->err.what);
    assert_string_equal(said, line);
    assert_string_equal(spec->err.where, where);
}

/* ---- resources of a program ---- */

static inline int read_nothing(struct tg_read *read, struct tg_error *err)
{
    (void)err;
    read->done = true;
    return TG_OK;
}

static inline int open_config(struct config *config, struct tg_error *err)
{
    const struct tg_pipeline_options options = {.name = "shop",
                                                .destination = "duckdb:///s.duckdb"};
    return config_init(config, &options, err);
}

static inline struct config *fresh(struct spec_file *spec)
{
    config_release(&spec->config);
    assert_int_equal(open_config(&spec->config, &spec->err), TG_OK);
    return &spec->config;
}

#endif
