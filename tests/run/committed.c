/*
 * A database that was removed: what was sealed for it goes, where a load had been committed to it,
 * and is written where none had.
 */
#include "tests/run/sealed.h"

#include <sys/wait.h>
#include <unistd.h>

static void remove_database(struct fixture *fixture)
{
    char path[400];
    snprintf(path, sizeof(path), "%s/test.duckdb", fixture->folder);
    assert_done(fixture, fs_remove(path, &fixture->err));
}

static void assert_rows(struct fixture *fixture, const char *csv)
{
    assert_query(fixture, "SELECT count(*) AS n, count(DISTINCT id) AS d FROM t", csv);
}

/* Each call alone notices. */
static void what_was_sealed_for_it_goes(void **state)
{
    struct fixture *fixture = *state;
    int (*const calls[])(struct fixture *) = {fixture_try, try_extract};
    for (size_t i = 0; i < 2; i++) {
        give(fixture, 2, BY_CURSOR);
        fixture_run(fixture);
        give(fixture, 4, BY_CURSOR);
        extract(fixture);
        give(fixture, 6, BY_CURSOR);
        extract(fixture);
        assert_int_equal(count_in(fixture, "sealed"), 2);
        remove_database(fixture);
        assert_done(fixture, calls[i](fixture));
        assert_warned(fixture, "and there is nothing any more; what it read is read again");
        assert_int_equal(tg_result_warning_count(fixture->result), 2);
        assert_int_equal(count_in(fixture, "sealed"), i);
        fixture_run(fixture);
        assert_rows(fixture, "n,d\n6,5\n"); /* anew, and not from where it was */
        remove_database(fixture);
    }
}

static void a_write_finds_nothing_left(void **state)
{
    struct fixture *fixture = *state;
    give(fixture, 2, BY_CURSOR);
    fixture_run(fixture);
    give(fixture, 4, BY_CURSOR);
    extract(fixture);
    remove_database(fixture);
    write_next(fixture);
    assert_string_equal(tg_result_load_id(fixture->result), "");
    assert_warned(fixture, "is dropped: it was sealed for what was in dataset 'd'");
}

/* Of a source that keeps no place they are all there is: for people, not for the next run. */
static void rows_that_nobody_gives_again_are_kept(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_resource plain = {.write_disposition = TG_APPEND};
    give(fixture, 2, &plain);
    fixture_run(fixture);
    give(fixture, 4, &plain);
    extract(fixture);
    remove_database(fixture);
    fixture_run(fixture);
    assert_warned(fixture, "it has rows that no source gives again, and is kept in");
    assert_int_equal(count_in(fixture, "sealed"), 0);
    assert_int_equal(count_in(fixture, "failed"), 1);
    assert_rows(fixture, "n,d\n4,3\n");
}

/* The only copy that there is. */
static void without_a_commit_it_is_written(void **state)
{
    struct fixture *fixture = *state;
    give(fixture, 4, BY_CURSOR);
    extract(fixture);
    fixture_run(fixture);
    assert_int_equal(tg_result_settled_count(fixture->result), 1);
    assert_rows(fixture, "n,d\n4,3\n");
}

/* Another dataset, or another file, has its own line. */
static void the_record_is_of_one_dataset(void **state)
{
    struct fixture *fixture = *state;
    char first[320], path[400];
    struct buf text = BUF_INIT;
    give(fixture, 2, BY_CURSOR);
    fixture_run(fixture);
    snprintf(first, sizeof(first), "%s", fixture->destination);
    snprintf(fixture->destination, sizeof(fixture->destination), "duckdb:///%s/b.duckdb",
             fixture->folder);
    give(fixture, 4, BY_CURSOR);
    extract(fixture);
    give(fixture, 9, BY_CURSOR);
    fixture_run(fixture);
    assert_int_equal(tg_result_settled_count(fixture->result), 1);
    snprintf(path, sizeof(path), "%s/test/committed", fixture->workdir);
    assert_done(fixture, fs_read_file(path, &text, &fixture->err));
    char expected[900];
    snprintf(expected, sizeof(expected),
             "{\"destination\":\"%s\",\"dataset\":\"d\"}\n{\"destination\":\"%s\","
             "\"dataset\":\"d\"}\n",
             first, fixture->destination);
    assert_string_equal(buf_string(&text), expected);
    buf_release(&text);
}

/* After the removal a load is sealed and cannot be written: it is of the new database. */
static void what_is_sealed_afterwards_is_kept(void **state)
{
    struct fixture *fixture = *state;
    give(fixture, 2, BY_CURSOR);
    fixture_run(fixture);
    remove_database(fixture);
    give(fixture, 4, BY_CURSOR);
    extract(fixture); /* nothing waits: the record goes */
    fixture_run(fixture);
    assert_int_equal(tg_result_settled_count(fixture->result), 1);
    assert_rows(fixture, "n,d\n4,3\n");
}

/* A line that cannot be read says nothing: what is sealed is written. */
static void a_broken_record_says_nothing(void **state)
{
    struct fixture *fixture = *state;
    char path[400];
    static const char broken[] = "{\"destination\n[]\n\n";
    give(fixture, 2, BY_CURSOR);
    fixture_run(fixture);
    give(fixture, 4, BY_CURSOR);
    extract(fixture);
    snprintf(path, sizeof(path), "%s/test/committed", fixture->workdir);
    assert_done(fixture, fs_write_file(path, broken, strlen(broken), &fixture->err));
    remove_database(fixture);
    refused(fixture, fixture_try(fixture), TG_OK, "");
    assert_warned(fixture, "is given up"); /* it began from what is not there any more */
    assert_rows(fixture, "n,d\n4,3\n");
}

/* ---- kills ---- */

static int extract_and_write(struct fixture *fixture)
{
    give(fixture, 4, BY_CURSOR);
    int rc = try_extract(fixture);
    return rc == TG_OK ? try_write(fixture, NULL) : rc;
}

static int run_anew(struct fixture *fixture)
{
    give(fixture, 4, BY_CURSOR);
    return fixture_try(fixture);
}

/* Between the commit and its record nobody knows that there was one. */
static void killed_before_the_record_it_is_written(void **state)
{
    struct fixture *fixture = *state;
    assert_true(killed_at("before_record", extract_and_write, fixture));
    remove_database(fixture);
    give(fixture, 0, BY_CURSOR);
    fixture_run(fixture);
    assert_int_equal(tg_result_settled_count(fixture->result), 1);
    assert_rows(fixture, "n,d\n4,3\n");
}

static int extract_twice(struct fixture *fixture)
{
    int rc = extract_and_write(fixture);
    for (size_t count = 6; rc == TG_OK && count <= 9; count += 3) {
        give(fixture, count, BY_CURSOR);
        rc = try_extract(fixture);
    }
    return rc;
}

static int none(struct fixture *fixture)
{
    int rc = extract_twice(fixture);
    raise(SIGKILL);
    return rc;
}

/* Half of them are dropped, and the other half goes in the next run. */
static void killed_while_they_go(void **state)
{
    struct fixture *fixture = *state;
    assert_true(killed_at("none", none, fixture));
    assert_int_equal(count_in(fixture, "sealed"), 2);
    remove_database(fixture);
    assert_true(killed_at("after_forgotten", run_anew, fixture));
    assert_int_equal(count_in(fixture, "sealed"), 1);
    give(fixture, 4, BY_CURSOR);
    fixture_run(fixture);
    assert_warned(fixture, "is dropped");
    assert_rows(fixture, "n,d\n4,3\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(killed_before_the_record_it_is_written),
        fixture_test(killed_while_they_go),
        fixture_test(what_was_sealed_for_it_goes),
        fixture_test(a_write_finds_nothing_left),
        fixture_test(rows_that_nobody_gives_again_are_kept),
        fixture_test(without_a_commit_it_is_written),
        fixture_test(the_record_is_of_one_dataset),
        fixture_test(what_is_sealed_afterwards_is_kept),
        fixture_test(a_broken_record_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
