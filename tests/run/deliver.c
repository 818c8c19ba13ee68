/* Sealed loads by the word of a program: in their order, or not at all. */
#include "tests/run/sealed.h"

#include <unistd.h>

static void seal(struct fixture *fixture, const struct tg_resource *resource, size_t count,
                 char id[64])
{
    give(fixture, count, resource);
    extract(fixture);
    snprintf(id, 64, "%s", tg_result_load_id(fixture->result));
}

static void counts(struct fixture *fixture, const char *csv)
{
    assert_query(fixture, "SELECT count(*) AS n, count(DISTINCT id) AS d FROM t", csv);
}

/* ---- one after the other ---- */

static void the_result_tells_both_halves(void **state)
{
    struct fixture *fixture = *state;
    char id[64], path[400];
    seal(fixture, BY_CURSOR, 4, id);
    struct tg_result *result = fixture->result;
    const struct tg_table_info *table = tg_result_table(result, 0);
    struct fs_stat stat;
    snprintf(path, sizeof(path), "%s/test/sealed/%s", fixture->workdir, id);
    assert_string_equal(tg_result_package(result), path);
    assert_true(tg_result_state_changed(result));
    assert_int_equal(tg_result_schema_version(result), 1);
    assert_true(*tg_result_schema_hash(result));
    assert_int_equal(table->rows_new, 4);
    assert_int_equal(table->rows_inserted, 0);
    assert_int_equal(tg_result_change_count(result), 5);
    snprintf(path, sizeof(path), "%s/test.duckdb", fixture->folder);
    assert_done(fixture, fs_stat(path, &stat, &fixture->err));
    assert_false(stat.exists); /* nothing was written, not even the database */
    assert_done(fixture, try_write(fixture, id));
    table = tg_result_table(fixture->result, 0);
    assert_string_equal(tg_result_load_id(fixture->result), id);
    assert_int_equal(tg_result_table_count(fixture->result), 1);
    assert_string_equal(table->name, "t");
    assert_string_equal(table->resource, "t");
    assert_int_equal(table->rows_read, 4);
    assert_int_equal(table->rows_new, 4);
    assert_int_equal(table->rows_inserted, 4);
    assert_int_equal(tg_result_resource_count(fixture->result), 1);
    assert_int_equal(tg_result_change_count(fixture->result), 5);
    assert_int_equal(tg_result_schema_version(fixture->result), 1);
    counts(fixture, "n,d\n4,3\n");
}

static void the_oldest_comes_first(void **state)
{
    struct fixture *fixture = *state;
    char first[64], second[64];
    seal(fixture, BY_CURSOR, 2, first);
    seal(fixture, BY_CURSOR, 9, second);
    refused(fixture, try_write(fixture, second), TG_USAGE, first);
    refused(fixture, try_write(fixture, "1.5"), TG_USAGE, "no sealed load '1.5'");
    assert_null(fixture->result);
    assert_done(fixture, try_write(fixture, first));
    assert_done(fixture, try_write(fixture, second));
    refused(fixture, try_write(fixture, second), TG_USAGE, "no sealed load");
    counts(fixture, "n,d\n8,8\n");
}

/* ---- windows ---- */

static int try_window(struct fixture *fixture, const char *from, const char *to)
{
    tg_result_free(fixture->result);
    return tg_pipeline_extract_window(fixture->pipeline,
                                      &(struct tg_window_options){TG_WINDOW_OPTIONS_INIT,
                                                                  .from = from, .to = to,
                                                                  .skip_loaded = 1},
                                      &fixture->result, &fixture->err);
}

/* It is recorded when it is written, and not before; and the runs go on where it ends. */
static void a_window_is_sealed_and_written(void **state)
{
    struct fixture *fixture = *state;
    give(fixture, 9, BY_CURSOR);
    assert_done(fixture, try_window(fixture, "10", "30"));
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_new, 5);
    assert_int_equal(told, TG_OUTCOME_SEALED);
    refused(fixture, try_window(fixture, "10", "30"), TG_CONFLICT, "it loads a window");
    refused(fixture, try_extract(fixture), TG_CONFLICT, "it loads a window");
    write_next(fixture);
    counts(fixture, "n,d\n5,4\n");
    assert_query(fixture, "SELECT state, rows FROM _tidegate_windows", "state,rows\ncommitted,5\n");
    assert_done(fixture, try_window(fixture, "10", "30"));
    assert_string_equal(tg_result_load_id(fixture->result), "");
    assert_int_equal(count_in(fixture, "sealed"), 0);
    extract(fixture);
    write_next(fixture);
    counts(fixture, "n,d\n9,8\n");
}

/* ---- the first of them is given up ---- */

static void run_elsewhere(struct fixture *fixture, const struct tg_resource *resource, size_t count)
{
    in_workdir(fixture, "other");
    give(fixture, count, resource);
    fixture_run(fixture);
    in_workdir(fixture, "work");
}

/* What was read stays unread, for all of them: half a chain is never there. */
static void a_conflict_gives_up_the_chain(void **state)
{
    struct fixture *fixture = *state;
    char id[64];
    seal(fixture, BY_CURSOR, 2, id);
    seal(fixture, BY_CURSOR, 4, id);
    seal(fixture, BY_CURSOR, 6, id);
    run_elsewhere(fixture, BY_CURSOR, 1);
    give(fixture, 9, BY_CURSOR);
    refused(fixture, try_write(fixture, NULL), TG_CONFLICT,
            "is given up, with 2 that went on from it: pipeline 'test' is at state version 1");
    assert_warned(fixture, "and its rows are read again");
    assert_int_equal(count_in(fixture, "sealed"), 0);
    assert_int_equal(count_in(fixture, "failed"), 0);
    counts(fixture, "n,d\n1,1\n");
    extract(fixture);
    write_next(fixture);
    counts(fixture, "n,d\n9,8\n");
}

#define ONCE (&(const struct tg_resource){.write_disposition = TG_APPEND})

/* They change no state, and could be written in any order: but for what they follow. */
static void none_is_written_without_the_one_before(void **state)
{
    struct fixture *fixture = *state;
    char first[64], second[64], command[600];
    give(fixture, 1, ONCE);
    fixture_run(fixture);
    seal(fixture, ONCE, 2, first);
    seal(fixture, ONCE, 3, second);
    snprintf(command, sizeof(command), "rm -r %s/test/sealed/%s", fixture->workdir, first);
    assert_int_equal(system(command), 0);
    refused(fixture, try_write(fixture, NULL), TG_CONFLICT, "rows that no source gives again");
    assert_non_null(strstr(fixture->err.what, first));
    assert_int_equal(count_in(fixture, "failed"), 1);
    counts(fixture, "n,d\n1,1\n");
}

static void a_damaged_one_takes_what_follows(void **state)
{
    struct fixture *fixture = *state;
    char first[64], second[64], command[600];
    seal(fixture, BY_CURSOR, 2, first);
    seal(fixture, BY_CURSOR, 9, second);
    snprintf(command, sizeof(command), "echo x >>%s/test/sealed/%s/t.1.parquet", fixture->workdir,
             first);
    assert_int_equal(system(command), 0);
    assert_int_equal(try_write(fixture, NULL), TG_IO);
    assert_int_equal(count_in(fixture, "damaged"), 1);
    assert_int_equal(count_in(fixture, "sealed"), 0);
    fixture_run(fixture);
    counts(fixture, "n,d\n9,8\n");
}

/* A run that goes on without the first does not write the second before it. */
static void what_follows_waits_with_it(void **state)
{
    struct fixture *fixture = *state;
    char id[64];
    struct ArrowArrayStream stream = {0};
    static const char *const blocks[] = {
        "ALTER TABLE t ADD COLUMN blocks VARCHAR",
        "ALTER TABLE t ALTER COLUMN blocks SET DEFAULT error('No space left on device')"};
    give(fixture, 1, BY_CURSOR);
    fixture_run(fixture);
    seal(fixture, BY_CURSOR, 2, id);
    seal(fixture, BY_CURSOR, 9, id);
    for (size_t i = 0; i < 2; i++) {
        assert_done(fixture,
                    tg_pipeline_query(fixture->pipeline, blocks[i], &stream, &fixture->err));
        stream.release(&stream);
    }
    assert_int_equal(try_write(fixture, NULL), TG_IO);
    assert_true(fixture->err.retryable);
    assert_int_equal(count_in(fixture, "sealed"), 2);
    const struct tg_resource other = {
        .name = "o", .read = read_numbers, .user = &growing, .cursor_path = "value"};
    fixture_open(fixture, &other, 1);
    fixture_run(fixture);
    assert_warned(fixture, "which could not be written yet");
    assert_int_equal(count_in(fixture, "sealed"), 2);
    give(fixture, 9, BY_CURSOR); /* the other has moved the state on */
    refused(fixture, try_write(fixture, NULL), TG_CONFLICT, "with 1 that went on from it");
}

/* ---- dropped ---- */

static void they_are_dropped(void **state)
{
    struct fixture *fixture = *state;
    char first[64], second[64];
    size_t count = 7;
    struct tg_error *err = &fixture->err;
    seal(fixture, BY_CURSOR, 2, first);
    seal(fixture, BY_CURSOR, 4, second);
    refused(fixture, tg_pipeline_drop_packages(fixture->pipeline, first, &count, err), TG_USAGE,
            "has gone on from load");
    refused(fixture, tg_pipeline_drop_packages(fixture->pipeline, "1.5", &count, err), TG_USAGE,
            "no sealed load '1.5'");
    assert_int_equal(count, 0);
    assert_done(fixture, tg_pipeline_drop_packages(fixture->pipeline, second, &count, err));
    assert_int_equal(count, 1);
    seal(fixture, BY_CURSOR, 9, second);
    assert_done(fixture, tg_pipeline_drop_packages(fixture->pipeline, NULL, &count, err));
    assert_int_equal(count, 2);
    assert_int_equal(count_in(fixture, "sealed"), 0);
    fixture_run(fixture);
    counts(fixture, "n,d\n9,8\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(the_result_tells_both_halves),
        fixture_test(the_oldest_comes_first),
        fixture_test(a_window_is_sealed_and_written),
        fixture_test(a_conflict_gives_up_the_chain),
        fixture_test(none_is_written_without_the_one_before),
        fixture_test(a_damaged_one_takes_what_follows),
        fixture_test(what_follows_waits_with_it),
        fixture_test(they_are_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
