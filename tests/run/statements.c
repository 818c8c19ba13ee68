/* Statements of a program in a session of its own: at DuckDB and at PostgreSQL. */
#include "tests/fixture.h"
#include "tests/postgres.h"

static const int64_t pairs[][2] = {{1, 10}, {2, 20}};

static void open_loaded(struct fixture *fixture, const char *destination)
{
    static struct numbers numbers;
    numbers = (struct numbers){.rows = pairs, .count = 2};
    const struct tg_resource resource = {
        .name = "n", .read = read_numbers, .user = &numbers, .write_disposition = TG_REPLACE};
    if (destination)
        snprintf(fixture->destination, sizeof(fixture->destination), "%s", destination);
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
}

static struct tg_session *session_of(struct fixture *fixture)
{
    struct tg_session *session = NULL;
    assert_done(fixture, tg_session_open(&session, fixture->pipeline, &fixture->err));
    assert_non_null(session);
    return session;
}

static void check(struct fixture *fixture, struct tg_session *session, const char *statement,
                  const char *expected)
{
    struct ArrowArrayStream rows;
    assert_done(fixture, tg_session_run(session, statement, &rows, &fixture->err));
    if (!rows.release) {
        assert_null(expected);
        return;
    }
    char *text = fixture_rows(fixture, &rows, TG_CELL_TEXT);
    if (expected)
        assert_string_equal(text, expected);
    free(text);
}

static void transact(struct fixture *fixture, struct tg_session *session, enum tg_transaction what)
{
    assert_done(fixture, tg_session_transact(session, what, &fixture->err));
}

static void a_session_lasts(struct fixture *fixture)
{
    struct tg_session *session = session_of(fixture);
    check(fixture, session, "SELECT id, value FROM n ORDER BY id", "id,value\n1,10\n2,20\n");
    check(fixture, session, "CREATE TEMP TABLE mine AS SELECT id FROM n WHERE id > 1", NULL);
    check(fixture, session, "SELECT * FROM mine", "id\n2\n");
    transact(fixture, session, TG_TRANSACTION_BEGIN);
    check(fixture, session, "DELETE FROM n", NULL);
    check(fixture, session, "SELECT count(*) AS c FROM n", "c\n0\n");
    transact(fixture, session, TG_TRANSACTION_ROLLBACK);
    transact(fixture, session, TG_TRANSACTION_BEGIN);
    check(fixture, session, "DELETE FROM n WHERE id = 1", NULL);
    transact(fixture, session, TG_TRANSACTION_COMMIT);
    transact(fixture, session, TG_TRANSACTION_BEGIN);
    check(fixture, session, "DELETE FROM n", NULL);
    tg_session_close(session); /* rolls back */
    session = session_of(fixture);
    check(fixture, session, "SELECT id FROM n", "id\n2\n");
    tg_session_close(session);
}

static void sessions_last(void **state)
{
    open_loaded(*state, NULL);
    a_session_lasts(*state);
}

static void sessions_last_at_postgres(void **state)
{
    open_loaded(*state, postgres_uri());
    a_session_lasts(*state);
}

/* What gives no rows, and what gives none of many. */
static void rows_and_none(void **state)
{
    struct fixture *fixture = *state;
    struct ArrowArrayStream rows;
    open_loaded(fixture, postgres_uri());
    struct tg_session *session = session_of(fixture);
    static const char *const without[] = {"CREATE TABLE t (a int)", "INSERT INTO t VALUES (1)",
                                          "UPDATE t SET a = 2", "SET work_mem = '8MB'",
                                          "CREATE TABLE u AS SELECT 1 AS b"};
    for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
        assert_done(fixture, tg_session_run(session, without[i], &rows, &fixture->err));
        assert_null(rows.release);
    }
    check(fixture, session, "SELECT a FROM t WHERE a > 7", "a\n");
    check(fixture, session, "INSERT INTO t VALUES (3) RETURNING a", "a\n3\n");
    check(fixture, session, "SHOW work_mem", "work_mem\n8MB\n");
    tg_session_close(session);
}

/* The default schema is where the tables are, once it is there. */
static void another_dataset(struct fixture *fixture, const char *make)
{
    struct ArrowArrayStream rows;
    fixture_open(fixture, NULL, 0);
    struct tg_session *session = session_of(fixture);
    int rc = tg_session_run(session, "SELECT * FROM there", &rows, &fixture->err);
    assert_int_equal(rc, TG_DESTINATION);
    assert_string_equal(fixture->err.sqlstate, "42P01");
    assert_null(rows.release);
    check(fixture, session, make, NULL);
    check(fixture, session, "CREATE TABLE \"it's \"\"x\"\"\".there AS SELECT 7 AS a", NULL);
    assert_done(fixture, tg_session_use(session, "it's \"x\"", &fixture->err));
    check(fixture, session, "SELECT * FROM there", "a\n7\n");
    assert_done(fixture, tg_session_use(session, "nowhere", &fixture->err));
    tg_session_close(session);
}

static void other_datasets(void **state)
{
    another_dataset(*state, "CREATE SCHEMA \"it's \"\"x\"\"\"");
}

static void other_datasets_at_postgres(void **state)
{
    struct fixture *fixture = *state;
    snprintf(fixture->destination, sizeof(fixture->destination), "%s", postgres_uri());
    another_dataset(fixture, "CREATE SCHEMA \"it's \"\"x\"\"\"");
}

static void the_next_statement_cuts_rows_off(struct fixture *fixture)
{
    struct ArrowArrayStream first, second;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    struct tg_session *session = session_of(fixture);
    assert_done(fixture, tg_session_run(session, "SELECT id FROM n", &first, &fixture->err));
    assert_done(fixture, tg_session_run(session, "SELECT value FROM n", &second, &fixture->err));
    assert_int_not_equal(first.get_next(&first, &batch), 0);
    assert_int_not_equal(first.get_schema(&first, &schema), 0);
    assert_non_null(strstr(first.get_last_error(&first), "the rows are gone"));
    tg_pipeline_free(fixture->pipeline); /* the session has a share of it */
    fixture->pipeline = NULL;
    assert_int_equal(second.get_next(&second, &batch), 0);
    assert_int_equal(batch.length, 2);
    batch.release(&batch);
    first.release(&first);
    tg_session_close(session);
    assert_int_not_equal(second.get_next(&second, &batch), 0);
    second.release(&second);
}

static void streams_are_cut_off(void **state)
{
    open_loaded(*state, NULL);
    the_next_statement_cuts_rows_off(*state);
}

static void streams_are_cut_off_at_postgres(void **state)
{
    open_loaded(*state, postgres_uri());
    the_next_statement_cuts_rows_off(*state);
}

/* A transaction in which a statement has failed is not committed in silence. */
static void a_commit_is_one(void **state)
{
    struct fixture *fixture = *state;
    struct ArrowArrayStream rows;
    open_loaded(fixture, postgres_uri());
    struct tg_session *session = session_of(fixture);
    transact(fixture, session, TG_TRANSACTION_BEGIN);
    check(fixture, session, "DELETE FROM n", NULL);
    assert_int_equal(tg_session_run(session, "SELECT 1/0", &rows, &fixture->err), TG_DESTINATION);
    assert_string_equal(fixture->err.sqlstate, "22012");
    assert_int_equal(tg_session_transact(session, TG_TRANSACTION_COMMIT, &fixture->err),
                     TG_DESTINATION);
    check(fixture, session, "SELECT count(*) AS c FROM n", "c\n2\n");
    assert_int_equal(tg_session_transact(session, (enum tg_transaction)3, &fixture->err), TG_USAGE);
    tg_session_close(session);
}

/* Who cannot get in has no session, and is told without the password. */
static void no_session(void **state)
{
    struct fixture *fixture = *state;
    struct tg_session *session = (struct tg_session *)fixture;
    snprintf(fixture->destination, sizeof(fixture->destination),
             "postgresql://somebody:hushhush@127.0.0.1:1/nowhere");
    fixture_open(fixture, NULL, 0);
    assert_int_equal(tg_session_open(&session, fixture->pipeline, &fixture->err), TG_DESTINATION);
    assert_null(session);
    assert_null(strstr(fixture->err.what, "hushhush"));
    assert_null(strstr(fixture->err.where, "hushhush"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sessions_last, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(sessions_last_at_postgres, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(rows_and_none, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(other_datasets, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(other_datasets_at_postgres, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(streams_are_cut_off, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(streams_are_cut_off_at_postgres, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_commit_is_one, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(no_session, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("statements", tests, NULL, NULL);
}
