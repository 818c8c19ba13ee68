/* Open transactions of a PostgreSQL server: who is listed, since when, by whom; counters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "database/reading/reading.h"
#include "tests/database/sample.h"
#include "tests/postgres.h"

static struct context ctx;
static struct connection *con, *other;
static struct horizon horizon;

static struct connection *open_another(void)
{
    struct connection *made = NULL;
    sample_ok(connection_open(&ctx, AT_URL(postgres_uri()), false, &made, err));
    return made;
}

static void exec(struct connection *with, const char *sql)
{
    sample_ok(connection_exec(with, sql, NULL, err));
}

static int setup(void **state)
{
    (void)state;
    context_init(&ctx);
    con = open_another();
    other = open_another();
    horizon = (struct horizon){.obstacle = NULL};
    arena_init(&horizon.arena);
    exec(con, "DROP SCHEMA IF EXISTS s CASCADE");
    exec(con, "CREATE SCHEMA s");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    horizon_release(&horizon);
    connection_close(other);
    connection_close(con);
    return 0;
}

static size_t list(void)
{
    sample_ok(horizon_postgres.list(con, &horizon, err));
    return horizon.open_count;
}

static void test_clock(void **state)
{
    (void)state;
    exec(con, "ALTER ROLE postgres SET TimeZone TO 'Asia/Kolkata'");
    struct connection *fresh = open_another();
    exec(con, "ALTER ROLE postgres RESET TimeZone");
    sample_ok(horizon_postgres.clock(fresh, &horizon, err));
    assert_null(horizon.obstacle);
    assert_true(horizon.clock.utc_us > INT64_C(1700000000000000));
    assert_int_equal(horizon.clock.local_us - horizon.clock.utc_us, INT64_C(330) * 60 * 1000000);
    connection_close(fresh);
}

static void test_sessions(void **state)
{
    (void)state;
    assert_int_equal(list(), 0);
    exec(other, "SET application_name TO 'its''name'");
    exec(other, "BEGIN");
    exec(other, "SELECT 1");
    assert_int_equal(list(), 1);
    struct open_transaction first = horizon.open[0];
    assert_true(first.is_timed && !first.is_prepared);
    assert_int_equal(first.since.utc_us, first.seen_us);
    assert_non_null(strstr(first.who, "pid "));
    assert_non_null(strstr(first.who, "application 'its'name', idle in transaction"));
    assert_non_null(strstr(first.remedy, "SELECT pg_terminate_backend("));
    assert_string_equal(first.counters, "");
    assert_int_equal(list(), 1);
    assert_string_equal(horizon.open[0].id, first.id);
    exec(other, "COMMIT");
    assert_int_equal(list(), 0);
    exec(other, "BEGIN");
    exec(other, "SELECT 1");
    assert_int_equal(list(), 1);
    assert_string_not_equal(horizon.open[0].id, first.id);
}

static void test_who_only_reads(void **state)
{
    (void)state;
    sample_ok(connection_transact(other, TRANSACT_LOOK, err));
    sample_ok(horizon_postgres.mark(other, err));
    assert_int_equal(list(), 0);
    exec(other, "ROLLBACK");
    exec(other, "BEGIN");
    exec(other, "SELECT pg_advisory_xact_lock_shared(1)");
    assert_int_equal(list(), 1);
}

static void test_other_databases(void **state)
{
    (void)state;
    struct connection *far = NULL;
    sample_ok(connection_open(&ctx, AT_URL(postgres_server()), false, &far, err));
    exec(far, "BEGIN");
    exec(far, "SELECT 1");
    assert_int_equal(list(), 0);
    connection_close(far);
}

static void test_prepared(void **state)
{
    (void)state;
    exec(con, "CREATE TABLE s.t (id int)");
    exec(other, "BEGIN");
    exec(other, "INSERT INTO s.t VALUES (1)");
    exec(other, "PREPARE TRANSACTION 'it''s'");
    assert_int_equal(list(), 1);
    assert_true(horizon.open[0].is_prepared && !horizon.open[0].is_timed);
    assert_true(horizon.open[0].seen_us > 0);
    assert_string_equal(horizon.open[0].who, "prepared transaction 'it's' of user 'postgres'");
    assert_string_equal(horizon.open[0].remedy, "ROLLBACK PREPARED 'it''s'");
    exec(other, "ROLLBACK PREPARED 'it''s'");
    assert_int_equal(list(), 0);
}

/* ---- counters ---- */

static struct column_counter counter_of(const char *table, const char *column)
{
    struct column_counter counter = {.names = NULL};
    const struct column_place place = {"s", table, column};
    sample_ok(horizon_postgres.counter(con, &place, &horizon.arena, &counter, err));
    assert_non_null(counter.names);
    return counter;
}

static void test_counters(void **state)
{
    (void)state;
    exec(con, "CREATE SEQUENCE s.shared");
    exec(con, "CREATE SEQUENCE s.ahead CACHE 10");
    exec(con, "CREATE SEQUENCE s.down INCREMENT -1");
    exec(con, "CREATE TABLE s.t (a serial, \"b \"\"c\" int GENERATED ALWAYS AS IDENTITY,"
              " d int DEFAULT nextval('s.shared'), e int, f int DEFAULT nextval('s.ahead'),"
              " g int DEFAULT nextval('s.down'))");
    const char *a = counter_of("t", "a").names, *b = counter_of("t", "b \"c").names;
    const char *d = counter_of("t", "d").names;
    assert_true(*a && *b && *d);
    assert_string_not_equal(a, b);
    assert_string_not_equal(a, d);
    assert_string_equal(counter_of("t", "e").names, "");
    assert_string_equal(counter_of("none", "e").names, "");
    assert_false(counter_of("t", "a").is_gapped);
    assert_true(counter_of("t", "f").is_gapped);
    assert_true(counter_of("t", "g").is_gapped);
    exec(other, "BEGIN");
    exec(other, "INSERT INTO s.t (e) VALUES (1)");
    assert_int_equal(list(), 1);
    assert_true(counters_meet(horizon.open[0].counters, a));
    assert_true(counters_meet(horizon.open[0].counters, d));
    exec(other, "ROLLBACK");
    exec(other, "BEGIN");
    exec(other, "SELECT nextval('s.shared')");
    assert_int_equal(list(), 1);
    assert_false(counters_meet(horizon.open[0].counters, a));
    assert_string_equal(horizon.open[0].counters, d);
    /* a savepoint that is undone does not give the number back */
    exec(other, "ROLLBACK");
    exec(other, "BEGIN");
    exec(other, "SAVEPOINT p");
    exec(other, "SELECT nextval('s.shared')");
    exec(other, "ROLLBACK TO p");
    assert_int_equal(list(), 1);
    assert_string_equal(horizon.open[0].counters, d);
}

/* Not when another's transaction began, but that it is there, and what it has drawn. */
static void test_without_rights(void **state)
{
    (void)state;
    char uri[700];
    struct connection *reader = NULL;
    exec(con, "CREATE TABLE s.t (a serial)");
    free(postgres_sql("DO $$BEGIN CREATE ROLE horizon_reader LOGIN PASSWORD 'reader-reader';"
                      " EXCEPTION WHEN duplicate_object THEN NULL; END$$"));
    snprintf(uri, sizeof(uri), "postgresql://horizon_reader:reader-reader%s",
             strchr(postgres_uri(), '@'));
    sample_ok(connection_open(&ctx, AT_URL(uri), false, &reader, err));
    exec(other, "BEGIN");
    exec(other, "INSERT INTO s.t VALUES (DEFAULT)");
    sample_ok(horizon_postgres.list(reader, &horizon, err));
    assert_int_equal(horizon.open_count, 1);
    assert_false(horizon.open[0].is_timed || horizon.open[0].is_prepared);
    assert_int_equal(horizon.open[0].seen_us, 0);
    assert_string_equal(horizon.open[0].counters, counter_of("t", "a").names);
    assert_non_null(strstr(horizon.open[0].who, "user 'postgres'"));
    connection_close(reader);
    free(postgres_sql("DROP ROLE horizon_reader"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_clock, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sessions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_only_reads, setup, teardown),
        cmocka_unit_test_setup_teardown(test_other_databases, setup, teardown),
        cmocka_unit_test_setup_teardown(test_prepared, setup, teardown),
        cmocka_unit_test_setup_teardown(test_counters, setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_rights, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
