/* A session, for programs: arguments that are missing, and a statement that is cancelled. */
#include <pthread.h>
#include <unistd.h>

#include "tests/fixture.h"
#include "tests/postgres.h"

static void what_is_missing_is_said(void **state)
{
    struct fixture *fixture = *state;
    struct tg_error *err = &fixture->err;
    struct ArrowArrayStream rows;
    struct tg_session *session = (struct tg_session *)fixture;
    fixture_open(fixture, NULL, 0);
    assert_int_equal(tg_session_open(NULL, fixture->pipeline, err), TG_USAGE);
    assert_int_equal(tg_session_open(&session, NULL, err), TG_USAGE);
    assert_null(session);
    assert_int_equal(tg_session_run(NULL, "SELECT 1", &rows, err), TG_USAGE);
    assert_null(rows.release);
    assert_int_equal(tg_session_use(NULL, "d", err), TG_USAGE);
    assert_int_equal(tg_session_transact(NULL, TG_TRANSACTION_BEGIN, err), TG_USAGE);
    assert_done(fixture, tg_session_open(&session, fixture->pipeline, err));
    assert_int_equal(tg_session_run(session, NULL, &rows, err), TG_USAGE);
    assert_int_equal(tg_session_run(session, "SELECT 1", NULL, err), TG_USAGE);
    assert_int_equal(tg_session_use(session, NULL, err), TG_USAGE);
    const char *text = NULL, *nothing = " -- nothing";
    assert_int_equal(tg_session_run_next(session, NULL, &rows, err), TG_USAGE);
    assert_int_equal(tg_session_run_next(session, &text, &rows, err), TG_USAGE);
    assert_int_equal(tg_session_run_next(session, &nothing, &rows, err), TG_USAGE);
    assert_string_equal(nothing, " -- nothing");
    assert_int_equal(tg_session_run_next(session, &nothing, NULL, err), TG_USAGE);
    assert_int_equal(tg_session_run_next(NULL, &nothing, &rows, err), TG_USAGE);
    tg_session_close(session);
    tg_session_close(NULL);
    assert_int_equal(tg_stream_error(NULL, err), TG_USAGE);
}

/* What fails behind the first rows is told as what fails at once: with its SQLSTATE. */
static void a_stream_tells_all_that_is_known(void **state)
{
    int rc = 0;
    struct fixture *fixture = *state;
    struct ArrowArrayStream rows;
    struct ArrowArray batch = {.release = NULL};
    struct tg_session *session = NULL;
    snprintf(fixture->destination, sizeof(fixture->destination), "%s", postgres_uri());
    fixture_open(fixture, NULL, 0);
    assert_done(fixture, tg_session_open(&session, fixture->pipeline, &fixture->err));
    for (int with_copy = 0; with_copy < 2; with_copy++) {
        assert_done(fixture,
                    tg_session_run(session,
                                   with_copy ? "SELECT 1 / (200000 - n) x FROM "
                                               "generate_series(1, 300000) n"
                                             : "SELECT 1 / (200000 - n) x, '(1,2)'::point FROM "
                                               "generate_series(1, 300000) n",
                                   &rows, &fixture->err));
        assert_int_equal(tg_stream_error(&rows, &fixture->err), TG_OK);
        while ((rc = rows.get_next(&rows, &batch)) == 0 && batch.release)
            batch.release(&batch);
        assert_int_not_equal(rc, 0);
        assert_int_equal(tg_stream_error(&rows, &fixture->err), TG_DESTINATION);
        assert_string_equal(fixture->err.sqlstate, "22012");
        assert_string_equal(fixture->err.what, rows.get_last_error(&rows));
        assert_int_equal(tg_stream_error(&rows, NULL), TG_DESTINATION);
        rows.release(&rows);
    }
    assert_done(fixture, tg_session_run(session, "SELECT 1", &rows, &fixture->err));
    tg_session_close(session);
    assert_int_not_equal(rows.get_next(&rows, &batch), 0);
    assert_int_equal(tg_stream_error(&rows, &fixture->err), TG_USAGE);
    rows.release(&rows);
}

/* Again and again: a cancel that comes before a statement begins is over with it. */
static void *cancel_soon(void *user)
{
    for (int i = 0; i < 25; i++) {
        usleep(20000);
        tg_pipeline_cancel(user);
    }
    return NULL;
}

static void a_statement_is_cancelled(void **state)
{
    struct fixture *fixture = *state;
    struct ArrowArrayStream rows;
    struct tg_session *session = NULL;
    pthread_t thread;
    fixture_open(fixture, NULL, 0);
    assert_done(fixture, tg_session_open(&session, fixture->pipeline, &fixture->err));
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, fixture->pipeline), 0);
    int rc = tg_session_run(session,
                            "CREATE TEMP TABLE t AS SELECT sum(a.i * b.i % 7) AS s\n"
                            "FROM range(10000000) AS a (i), range(10000000) AS b (i)",
                            &rows, &fixture->err);
    assert_int_equal(rc, TG_CANCELLED);
    pthread_join(thread, NULL);
    assert_done(fixture, tg_session_run(session, "SELECT 1 AS a", &rows, &fixture->err));
    rows.release(&rows);
    tg_session_close(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_stream_tells_all_that_is_known, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(what_is_missing_is_said, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_statement_is_cancelled, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
