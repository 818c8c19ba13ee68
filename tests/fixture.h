/*
 * What tests of whole pipelines share: a temporary folder, a pipeline in it, rows from a table of
 * numbers, a query.
 */
#ifndef TIDEGATE_TESTS_FIXTURE_H
#define TIDEGATE_TESTS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fs.h"
#include "tidegate.h"

struct fixture {
    char folder[256], destination[320], workdir[320];
    struct tg_error err;
    struct tg_pipeline *pipeline;
    struct tg_result *result;
};

/* {id, value} pairs, pushed in pages of `page_size` (0: all at once). */
struct numbers {
    const int64_t (*rows)[2];
    size_t count, page_size, sent;
    const struct tg_cursor *seen_cursor;
    int64_t seen_start;
};

static inline int read_numbers(struct tg_read *read, struct tg_error *err)
{
    struct numbers *numbers = read->user;
    (void)err;
    numbers->seen_start =
        read->cursor->start.kind == TG_VALUE_INT64 ? read->cursor->start.int64 : -1;
    size_t page = numbers->page_size ? numbers->page_size : numbers->count;
    for (size_t i = 0; i < page && numbers->sent < numbers->count; i++, numbers->sent++) {
        tg_rows_begin_object(read->rows);
        tg_rows_key(read->rows, "id");
        tg_rows_int64(read->rows, numbers->rows[numbers->sent][0]);
        tg_rows_key(read->rows, "value");
        tg_rows_int64(read->rows, numbers->rows[numbers->sent][1]);
        tg_rows_end_object(read->rows);
    }
    read->done = numbers->sent == numbers->count;
    if (read->done)
        numbers->sent = 0;
    return TG_OK;
}

static inline int fixture_setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    const char *tmp = getenv("TMPDIR");
    snprintf(fixture->folder, sizeof(fixture->folder), "%s/tidegate-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(fixture->folder))
        return 1;
    snprintf(fixture->destination, sizeof(fixture->destination), "duckdb:///%s/test.duckdb",
             fixture->folder);
    snprintf(fixture->workdir, sizeof(fixture->workdir), "%s/work", fixture->folder);
    *state = fixture;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;
    struct tg_error err = {0};
    tg_result_free(fixture->result);
    tg_pipeline_free(fixture->pipeline);
    int rc = fs_remove_tree(fixture->folder, &err);
    free(fixture);
    return rc;
}

#define assert_done(fixture, call)                                                                 \
    do {                                                                                           \
        if ((call) != TG_OK)                                                                       \
            fail_msg("%s: %s", (fixture)->err.where, (fixture)->err.what);                         \
    } while (0)

/* A pipeline "test" into dataset "d" with these resources, so many of them by turns. */
static inline void fixture_open_with(struct fixture *fixture, const struct tg_resource *resources,
                                     size_t count, int turns)
{
    tg_pipeline_free(fixture->pipeline);
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                                .name = "test",
                                                .destination = fixture->destination,
                                                .dataset = "d",
                                                .workdir = fixture->workdir,
                                                .turns = turns};
    assert_done(fixture, tg_pipeline_new(&fixture->pipeline, &options, &fixture->err));
    for (size_t i = 0; i < count; i++) {
        struct tg_resource resource = resources[i];
        resource.size = sizeof(resource);
        resource.column_size = sizeof(struct tg_column);
        assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resource, &fixture->err));
    }
}

static inline void fixture_open(struct fixture *fixture, const struct tg_resource *resources,
                                size_t count)
{
    fixture_open_with(fixture, resources, count, 0);
}

/* A run whose result takes the place of the one before. */
static inline int fixture_try(struct fixture *fixture)
{
    tg_result_free(fixture->result);
    return tg_pipeline_run(fixture->pipeline, &fixture->result, &fixture->err);
}

static inline void fixture_run(struct fixture *fixture)
{
    assert_done(fixture, fixture_try(fixture));
}

static inline void put_cell(FILE *out, const char *text, size_t len)
{
    bool quote = text && (len == 0 || strpbrk(text, ",\"\r\n"));
    fputs(quote ? "\"" : "", out);
    for (size_t i = 0; i < len; i++)
        fprintf(out, text[i] == '"' ? "\"\"" : "%c", text[i]);
    fputs(quote ? "\"" : "", out);
}

/* The rows of a stream as CSV with a header, or a JSON object a line; to be freed. */
static inline char *fixture_rows(struct fixture *fixture, struct ArrowArrayStream *stream,
                                 enum tg_cell_form form)
{
    char *printed = NULL;
    const char *text;
    size_t len = 0, printed_len = 0;
    bool found = false, json = form == TG_CELL_JSON;
    struct tg_cells *cells = NULL;
    FILE *out = open_memstream(&printed, &printed_len);
    assert_non_null(out);
    assert_done(fixture, tg_cells_open(&cells, stream, &fixture->err));
    size_t count = tg_cells_column_count(cells);
    for (size_t i = 0; !json && i < count; i++)
        fprintf(out, "%s%s", tg_cells_column_name(cells, i), i + 1 < count ? "," : "\n");
    for (;;) {
        assert_done(fixture, tg_cells_next(cells, &found, &fixture->err));
        if (!found)
            break;
        for (size_t i = 0; i < count; i++) {
            assert_done(fixture, tg_cells_get(cells, i, form, &text, &len, &fixture->err));
            if (json)
                fprintf(out, "%s\"%s\":%s", i ? "," : "{", tg_cells_column_name(cells, i), text);
            else
                put_cell(out, text, len);
            fputs(i + 1 < count ? (json ? "" : ",") : json ? "}\n" : "\n", out);
        }
    }
    tg_cells_close(cells);
    fclose(out);
    return printed;
}

/* The result of a query as CSV must be this. */
static inline void assert_query(struct fixture *fixture, const char *sql, const char *csv)
{
    struct ArrowArrayStream stream = {0};
    assert_done(fixture, tg_pipeline_query(fixture->pipeline, sql, &stream, &fixture->err));
    char *text = fixture_rows(fixture, &stream, TG_CELL_TEXT);
    assert_string_equal(text, csv);
    free(text);
}

#endif
