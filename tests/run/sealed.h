/*
 * What tests of sealed loads share: rows of a table that grows, extracted and written in steps.
 */
#ifndef TIDEGATE_TESTS_SEALED_H
#define TIDEGATE_TESTS_SEALED_H

#include <sys/wait.h>
#include <unistd.h>

#include "tests/fixture.h"

#define fixture_test(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

/* {id, at}: several rows at a time, and two that are the same. */
static const int64_t moments[][2] = {{1, 10}, {2, 20}, {2, 20}, {3, 20}, {4, 20},
                                     {5, 30}, {6, 30}, {7, 40}, {8, 40}};

static struct numbers growing;
static enum tg_outcome told; /* the source, last */

static void note_outcome(void *user, enum tg_outcome outcome)
{
    (void)user;
    told = outcome;
}

/* The first rows are there; appended, by the cursor `value`. */
static void give(struct fixture *fixture, size_t count, const struct tg_resource *more)
{
    growing = (struct numbers){.rows = moments, .count = count, .page_size = 2};
    struct tg_resource resource = *more;
    resource.name = "t";
    resource.read = read_numbers;
    resource.end = note_outcome;
    resource.user = &growing;
    fixture_open(fixture, &resource, 1);
}

#define BY_CURSOR                                                                                  \
    (&(const struct tg_resource){.cursor_path = "value", .write_disposition = TG_APPEND})

static inline int try_extract(struct fixture *fixture)
{
    tg_result_free(fixture->result);
    return tg_pipeline_extract(fixture->pipeline, &fixture->result, &fixture->err);
}

static inline int try_write(struct fixture *fixture, const char *load_id)
{
    tg_result_free(fixture->result);
    return tg_pipeline_write(fixture->pipeline, load_id, &fixture->result, &fixture->err);
}

static inline void extract(struct fixture *fixture)
{
    assert_done(fixture, try_extract(fixture));
}

static inline void write_next(struct fixture *fixture)
{
    assert_done(fixture, try_write(fixture, NULL));
}

static inline size_t count_in(struct fixture *fixture, const char *part)
{
    char path[400];
    struct fs_names names = {0};
    snprintf(path, sizeof(path), "%s/test/%s", fixture->workdir, part);
    assert_done(fixture, fs_list(path, &names, &fixture->err));
    size_t count = names.count;
    fs_names_release(&names);
    return count;
}

static inline void refused(struct fixture *fixture, int rc, int code, const char *says)
{
    if (rc != code || !strstr(fixture->err.what, says))
        fail_msg("%d, not %d with '%s': %s: %s", rc, code, says, fixture->err.where,
                 fixture->err.what);
}

static inline void assert_warned(const struct fixture *fixture, const char *part)
{
    for (size_t i = 0; i < tg_result_warning_count(fixture->result); i++)
        if (strstr(tg_result_warning(fixture->result, i), part))
            return;
    fail_msg("no warning says '%s'", part);
}

static inline void in_workdir(struct fixture *fixture, const char *name)
{
    snprintf(fixture->workdir, sizeof(fixture->workdir), "%s/%s", fixture->folder, name);
}

/* A child that is killed at the point; false: it has gone through. */
static inline bool killed_at(const char *point, int (*step)(struct fixture *),
                             struct fixture *fixture)
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setenv("TG_FAIL_AT", point, 1);
        (void)!freopen("/dev/null", "w", stderr);
        _exit(step(fixture) == TG_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFSIGNALED(status) && WEXITSTATUS(status) != 0)
        fail_msg("%s: a step failed", point);
    return WIFSIGNALED(status);
}

#endif
