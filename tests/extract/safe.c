/* Ceilings: what is decided of transactions that are open, of what an earlier run has left, and of
 * rows that wait. Who is open the test says; the rows are PostgreSQL's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "extract/sql/safe.h"
#include "tests/database/sample.h"
#include "tests/postgres.h"

static const int64_t SECOND = 1000000, NOW = INT64_C(1700000000) * 1000000;

static struct context ctx;
static struct connection *con;
static char logged[1000];

static void keep_log(void *user, int level, const char *component, const char *message)
{
    (void)user;
    (void)component;
    if (level == TG_LOG_WARNING)
        snprintf(logged, sizeof(logged), "%s", message);
}

static int setup(void **state)
{
    (void)state;
    context_init(&ctx);
    ctx.log = keep_log;
    sample_ok(connection_open(&ctx, AT_URL(postgres_uri()), false, &con, err));
    sample_ok(connection_exec(con, "CREATE TABLE t (id serial, at timestamptz, naive timestamp)",
                              NULL, err));
    sample_ok(connection_exec(con,
                              "INSERT INTO t (at, naive) SELECT to_timestamp(1699999990 + i),"
                              " to_timestamp(1699999990 + i) AT TIME ZONE 'UTC'"
                              " FROM generate_series(1, 9) AS i",
                              NULL, err));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    connection_close(con);
    return 0;
}

/* One look at column `at` (timestamps 1699999991 to 1699999999) or `id` (1 to 9). */
struct asked {
    const char *column;
    struct tg_value start;
    struct open_transaction open[3];
    const char *known;
    enum tg_on_wait on_wait;
    int64_t now_us;
    bool replaces, resumes;
};

static struct {
    enum ceiling ceiling;
    int64_t value;
    uint64_t held;
    char known[300];
} got;

static int look(const struct asked *asked, struct tg_error *err)
{
    struct held_rows held = {.known = BUF_INIT};
    struct safe safe = {.before = con, .horizon.before = con};
    const struct commit_safe wanted = {.applies = true,
                                       .on_wait = asked->on_wait,
                                       .wait_us = 600 * SECOND,
                                       .resumes = asked->resumes,
                                       .known = asked->known,
                                       .held = &held};
    const struct safe_request request = {con, &safe, &wanted, "r", asked->replaces};
    const struct tg_cursor cursor = {.path = asked->column, .start = asked->start};
    bool is_id = strcmp(asked->column, "id") == 0;
    struct selection selection = {
        .dialect = con->dialect,
        .schema = "public",
        .table = "t",
        .cursor = &cursor,
        .cursor_column = asked->column,
        .cursor_type = {.type = is_id ? TYPE_BIGINT : TYPE_TIMESTAMP,
                        .naive = strcmp(asked->column, "naive") == 0},
    };
    int64_t now = asked->now_us ? asked->now_us : NOW;
    logged[0] = '\0';
    safe.horizon.clock = (struct moment){now, now + 3600 * SECOND};
    safe.horizon.open = (struct open_transaction *)asked->open;
    while (safe.horizon.open_count < 3 && asked->open[safe.horizon.open_count].id)
        safe.horizon.open_count++;
    int rc = safe_ceiling(&request, &selection, err);
    got.ceiling = selection.ceiling;
    got.value = selection.ceiling_value.int64;
    got.held = held.count;
    snprintf(got.known, sizeof(got.known), "%s", buf_string(&held.known));
    buf_release(&held.known);
    return rc;
}

static void looks(const struct asked *asked, enum ceiling ceiling, int64_t value, uint64_t held)
{
    struct tg_error err = {0};
    if (look(asked, &err) != TG_OK)
        fail_msg("%s: %s", err.where, err.what);
    assert_int_equal(got.ceiling, ceiling);
    if (ceiling == CEILING_VALUE)
        assert_int_equal(got.value, value);
    assert_int_equal(got.held, held);
}

static void refuses(const struct asked *asked, const char *part)
{
    struct tg_error err = {0};
    assert_int_equal(look(asked, &err), TG_SOURCE);
    if (!strstr(err.what, part))
        fail_msg("'%s' does not say '%s'", err.what, part);
}

#define TIMED(ago)                                                                                 \
    {                                                                                              \
        .id = "1/1", .who = "pid 1", .remedy = "end it", .is_timed = true,                         \
        .since = {NOW - (ago)*SECOND, NOW - (ago)*SECOND}, .seen_us = NOW - (ago)*SECOND,          \
        .counters = ""                                                                             \
    }
#define UNTIMED(id_)                                                                               \
    {                                                                                              \
        .id = id_, .who = "pid 2", .remedy = "end it", .counters = counter                         \
    }
#define NUMBER(value)                                                                              \
    {                                                                                              \
        .kind = TG_VALUE_INT64, .int64 = value                                                     \
    }

static char counter[20];

static void find_counter(void)
{
    char *oid = postgres_sql("SELECT pg_get_serial_sequence('t', 'id')::regclass::oid");
    snprintf(counter, sizeof(counter), "%s", oid);
    free(oid);
}

static void test_times(void **state)
{
    (void)state;
    looks(&(struct asked){.column = "at"}, CEILING_VALUE, NOW, 0);
    looks(&(struct asked){.column = "at", .open = {TIMED(3)}}, CEILING_VALUE, NOW - 3 * SECOND, 2);
    looks(&(struct asked){.column = "at", .open = {TIMED(3), TIMED(5)}}, CEILING_VALUE,
          NOW - 5 * SECOND, 4);
    looks(&(struct asked){.column = "naive"}, CEILING_VALUE, NOW + 3600 * SECOND, 0);
    assert_string_equal(got.known, "");
}

static void test_times_that_nobody_knows(void **state)
{
    (void)state;
    looks(&(struct asked){.column = "at", .open = {UNTIMED("3/3")}}, CEILING_START, 0, 9);
    assert_string_equal(got.known, "{\"limit\":1700000000000000,\"since_us\":1700000000000000,"
                                   "\"open\":[\"3/3\"]}");
    const char *known = "{\"limit\":1699999995000000,\"since_us\":1699999995000000,"
                        "\"open\":[\"3/3\"]}";
    looks(&(struct asked){.column = "at", .open = {UNTIMED("3/3")}, .known = known}, CEILING_START,
          0, 9);
    assert_string_equal(got.known, "");
    looks(&(struct asked){.column = "at", .open = {UNTIMED("3/4")}, .known = known}, CEILING_VALUE,
          NOW - 5 * SECOND, 4);
    assert_non_null(strstr(got.known, "[\"3/4\"]"));
    looks(&(struct asked){.column = "at", .open = {UNTIMED("3/4"), TIMED(8)}, .known = known},
          CEILING_VALUE, NOW - 8 * SECOND, 7);
    looks(&(struct asked){.column = "at", .known = known}, CEILING_VALUE, NOW, 0);
}

static void test_numbers(void **state)
{
    (void)state;
    find_counter();
    looks(&(struct asked){.column = "id"}, CEILING_VALUE, 9, 0);
    looks(&(struct asked){.column = "id", .open = {TIMED(5)}}, CEILING_VALUE, 9, 0);
    looks(&(struct asked){.column = "id", .start = NUMBER(4), .open = {UNTIMED("3/3")}},
          CEILING_START, 0, 5);
    assert_non_null(strstr(got.known, "{\"limit\":9,"));
    const char *known = "{\"limit\":6,\"since_us\":1699999995000000,\"open\":[\"3/3\"]}";
    looks(
        &(struct asked){
            .column = "id", .start = NUMBER(4), .open = {UNTIMED("3/4")}, .known = known},
        CEILING_VALUE, 6, 3);
    struct asked prepared = {
        .column = "id", .start = NUMBER(4), .open = {UNTIMED("9/9")}, .known = known};
    prepared.open[0].is_prepared = true;
    looks(&prepared, CEILING_START, 0, 5);
    assert_string_equal(got.known, "");
}

static void test_too_long(void **state)
{
    (void)state;
    const char *known = "{\"limit\":6,\"since_us\":1699999399999999,\"open\":[\"3/3\"]}";
    find_counter();
    struct asked late = {.column = "at", .open = {TIMED(601)}};
    refuses(&late, "9 rows wait too long");
    late.start = (struct tg_value){.kind = TG_VALUE_TIMESTAMP, .int64 = NOW - SECOND};
    looks(&late, CEILING_VALUE, NOW - 601 * SECOND, 0);
    late.start.kind = TG_VALUE_NONE;
    late.on_wait = TG_WAIT_WARN;
    looks(&late, CEILING_VALUE, NOW, 0);
    assert_non_null(strstr(logged, "resource 'r': 9 rows wait too long"));
    assert_non_null(strstr(logged, "pid 1, open since 2023-11-14T22:03:19"));
    late.open[0] = (struct open_transaction)TIMED(600);
    looks(&late, CEILING_VALUE, NOW - 600 * SECOND, 9);
    assert_string_equal(logged, "");
    struct asked seen = {.column = "id", .open = {UNTIMED("3/3")}, .known = known};
    refuses(&seen, "open at least since 2023-11-14T22:03:19.999999");
    seen.on_wait = TG_WAIT_WARN;
    looks(&seen, CEILING_VALUE, 9, 0);
    assert_string_equal(got.known, "");
}

static void test_clocks(void **state)
{
    (void)state;
    struct asked back = {.column = "at",
                         .start = {.kind = TG_VALUE_TIMESTAMP, .int64 = NOW},
                         .now_us = NOW - 1,
                         .resumes = true};
    refuses(&back, "has reached 2023-11-14T22:13:20");
    back.on_wait = TG_WAIT_WARN;
    looks(&back, CEILING_VALUE, NOW - 1, 0);
    assert_non_null(strstr(logged, "the server's clock says 2023-11-14T22:13:19.999999"));
    back.resumes = false;
    looks(&back, CEILING_VALUE, NOW - 1, 0);
    assert_string_equal(logged, "");
    const struct asked far = {.column = "at", .now_us = NOW - 608 * SECOND};
    refuses(&far, "7 rows have a cursor 'at' far above");
}

static void test_what_cannot_be(void **state)
{
    struct tg_error err = {0};
    (void)state;
    const struct safe none = {.before = NULL};
    struct held_rows held = {.known = BUF_INIT};
    struct commit_safe wanted = {.applies = true, .held = &held};
    const struct safe_request request = {con, &none, &wanted, "r", false};
    const struct tg_cursor cursor = {.path = "at"};
    struct selection selection = {.dialect = con->dialect,
                                  .cursor = &cursor,
                                  .cursor_column = "at",
                                  .cursor_type = {.type = TYPE_TIMESTAMP}};
    assert_int_equal(safe_ceiling(&request, &selection, &err), TG_OK);
    assert_int_equal(selection.ceiling, CEILING_NONE);
    assert_non_null(strstr(logged, "may be lost. commit_safe: false"));
    wanted.wanted = TG_YES;
    assert_int_equal(safe_ceiling(&request, &selection, &err), TG_SPEC);
    assert_non_null(strstr(err.what, "does not tell which transactions are open"));
}

static void test_a_refresh_that_would_leave_nothing(void **state)
{
    (void)state;
    find_counter();
    refuses(&(struct asked){.column = "id", .replaces = true, .open = {UNTIMED("3/3")}},
            "the table would be left empty: pid 2");
    looks(&(struct asked){.column = "at", .replaces = true, .open = {TIMED(3)}}, CEILING_VALUE,
          NOW - 3 * SECOND, 2);
}

/* By real sessions: what one has not committed is above the ceiling. */
static void test_begin(void **state)
{
    (void)state;
    struct safe safe;
    struct connection *other = NULL, *reader = NULL;
    sample_ok(connection_open(&ctx, AT_URL(postgres_uri()), false, &other, err));
    sample_ok(connection_open(&ctx, AT_URL(postgres_uri()), false, &reader, err));
    sample_ok(connection_exec(other, "BEGIN", NULL, err));
    sample_ok(connection_exec(other, "INSERT INTO t VALUES (DEFAULT)", NULL, err));
    sample_ok(safe_begin(reader, AT_URL(postgres_uri()), &safe, err));
    assert_int_equal(safe.horizon.open_count, 1);
    sample_ok(connection_transact(reader, TRANSACT_LOOK, err));
    sample_ok(safe_mark(reader, err));
    safe_end(&safe);
    sample_ok(connection_exec(other, "ROLLBACK", NULL, err));
    sample_ok(safe_begin(other, AT_URL(postgres_uri()), &safe, err));
    assert_int_equal(safe.horizon.open_count, 0);
    safe_end(&safe);
    safe_end(&safe);
    connection_close(other);
    connection_close(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_times_that_nobody_knows),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_clocks),
        cmocka_unit_test(test_what_cannot_be),
        cmocka_unit_test(test_a_refresh_that_would_leave_nothing),
        cmocka_unit_test(test_begin),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
