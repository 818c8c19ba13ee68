/* A connection that a program gives: what it must have, what becomes of its errors, who owns what,
 * and what of it may be wrong. What every connection does is conformance.c's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <pthread.h>

#include "base/wakeup.h"
#include "tests/database/given.h"
#include "tests/database/sample.h"
#include "tests/torture.h"

static struct context ctx;
static atomic_int cancel;
static struct given_database database;
static struct tg_connection calls;
static struct connection *con;

static int open_given(struct tg_error *err)
{
    return connection_open(&ctx, &(struct location){.given = &calls}, true, &con, err);
}

static int setup(void **state)
{
    context_init(&ctx);
    atomic_store(&cancel, 0);
    ctx.cancel = &cancel;
    database = (struct given_database){.url = "duckdb:///d.duckdb"};
    calls = given_calls(&database, true);
    return sample_setup(state) || open_given(NULL);
}

static int teardown(void **state)
{
    connection_close(con);
    con = NULL;
    assert_int_equal(database.opened, database.closed);
    return sample_teardown(state);
}

static void exec(const char *sql)
{
    sample_ok(connection_exec(con, sql, NULL, err));
}

static void expect(const char *sql, const char *expected)
{
    struct text_rows rows;
    sample_ok(connection_fetch(con, sql, &rows, err));
    assert_int_equal(rows.row_count, 1);
    assert_string_equal(text_cell(&rows, 0, 0), expected);
    text_rows_release(&rows);
}

/* ---- what is given ---- */

static void refused(const struct tg_connection *given, const char *part)
{
    struct tg_error problem = {0};
    struct connection_place place = {0};
    const struct location where = {.given = given};
    assert_int_equal(connection_check(&where, NULL, NULL, &place, &problem), TG_USAGE);
    if (!strstr(problem.what, part))
        fail_msg("'%s' does not say '%s'", problem.what, part);
}

static void test_what_must_be_there(void **state)
{
    (void)state;
    struct tg_connection given = {TG_CONNECTION_INIT};
    refused(&given, "`name`");
    given.name = "";
    refused(&given, "`name`");
    given.name = "a\nb";
    refused(&given, "control characters");
    given.name = "shop";
    refused(&given, "connection 'shop' has no function `open`");
    given.open = given_open;
    given.close = given_close;
    given.exec = given_exec;
    given.query = given_query;
    refused(&given, "`interrupt`");
    given.interrupt = given_interrupt;
    refused(&given, "no `dialect`");
    given.dialect = "oracle";
    refused(&given, "there is no dialect 'oracle'; there are: ");
    given.dialect = "duckdb";
    struct connection_place place = {0};
    const struct location where = {.given = &given};
    sample_ok(connection_check(&where, ".", "bronze", &place, err));
    assert_ptr_equal(place.dialect, &dialect_duckdb);
    assert_string_equal(buf_string(&place.absolute), "given:shop");
    assert_string_equal(buf_string(&place.identity), "given:shop");
    buf_release(&place.absolute);
    buf_release(&place.identity);
}

static void test_sessions(void **state)
{
    (void)state;
    struct connection *first = con;
    assert_int_equal(database.opened, 1);
    expect("SELECT current_setting('TimeZone')", "UTC");
    expect("SELECT current_setting('preserve_insertion_order')", "true");
    sample_ok(open_given(err));
    assert_int_equal(database.opened, 2);
    connection_close(con);
    assert_int_equal(database.closed, 1);
    con = first;
    database.is_away = true;
    struct tg_error problem = {0};
    assert_int_equal(open_given(&problem), TG_DESTINATION);
    assert_null(con);
    assert_string_equal(problem.where, "connection 'warehouse'");
    assert_string_equal(problem.sqlstate, "08006");
    assert_true(problem.retryable);
    database.is_away = false;
    database.refuses = "TimeZone"; /* a session that cannot be set up is closed */
    assert_int_equal(open_given(&problem), TG_DESTINATION);
    assert_int_equal(database.closed, 2);
    database.refuses = NULL;
    con = first;
}

/* ---- errors ---- */

static struct tg_error told;
static int told_code;

static int fail_as_told(void *session, const char *sql, uint64_t *changed, struct tg_error *err)
{
    (void)session;
    (void)sql;
    (void)changed;
    *err = told;
    return told_code;
}

static void fails_as(int code, const char *what, int expected, const char *part)
{
    struct tg_error problem = {0};
    calls.exec = fail_as_told;
    told = (struct tg_error){0};
    snprintf(told.what, sizeof(told.what), "%s", what);
    told_code = code;
    assert_int_equal(connection_exec(con, "SELECT 1", NULL, &problem), expected);
    assert_int_equal(problem.code, expected);
    if (!strstr(problem.what, part))
        fail_msg("'%s' does not say '%s'", problem.what, part);
    assert_int_equal(connection_exec(con, "SELECT 1", NULL, NULL), expected);
    calls.exec = given_exec;
}

/* A conflict would say of the pipeline that it has moved on, and its package would be dropped. */
static void test_codes(void **state)
{
    (void)state;
    fails_as(TG_DESTINATION, "on purpose", TG_DESTINATION, "on purpose");
    fails_as(TG_CONFLICT, "on purpose", TG_DESTINATION, "on purpose");
    fails_as(TG_DATA, "on purpose", TG_DESTINATION, "on purpose");
    fails_as(-1, "on purpose", TG_DESTINATION, "on purpose");
    fails_as(99, "", TG_DESTINATION, "`exec` of the connection returned 99 without a message");
    fails_as(TG_IO, "disk full", TG_IO, "disk full");
    fails_as(TG_LOCKED, "held", TG_LOCKED, "held");
    fails_as(TG_CANCELLED, "stopped", TG_CANCELLED, "stopped");
}

static void test_texts_without_an_end(void **state)
{
    (void)state;
    struct tg_error problem = {0};
    calls.exec = fail_as_told;
    memset(&told, 'x', sizeof(told));
    told_code = TG_DESTINATION;
    assert_int_equal(connection_exec(con, "SELECT 1", NULL, &problem), TG_DESTINATION);
    assert_int_equal(strlen(problem.what), sizeof(problem.what) - 1);
    assert_string_equal(problem.sqlstate, "xxxxx");
    calls.exec = given_exec;
}

/* The dialect knows its database's messages. */
static void test_messages_tell_the_sqlstate(void **state)
{
    (void)state;
    struct tg_error problem = {0};
    struct ArrowArrayStream stream;
    database.has_no_sqlstate = true;
    assert_int_equal(connection_exec(con, "INSERT INTO none VALUES (1)", NULL, &problem),
                     TG_DESTINATION);
    assert_string_equal(problem.sqlstate, "42P01");
    assert_int_equal(connection_query(con, "SELECT none FROM range(1)", &stream, &problem),
                     TG_DESTINATION);
    assert_string_equal(problem.sqlstate, "42703");
    fails_as(TG_DESTINATION, "TransactionContext Error: Conflict on update!", TG_DESTINATION,
             "run again");
}

/* ---- streams ---- */

static void test_no_stream(void **state)
{
    (void)state;
    struct tg_error problem = {0};
    struct ArrowArrayStream stream;
    sample_ok(connection_query(con,
                               "SELECT i, error('on purpose') FROM range(1) r(i) "
                               "WHERE i = 7",
                               &stream, err));
    stream_release(&stream);
    struct text_rows rows;
    /* The first chunk is there before the error is. */
    assert_int_equal(connection_fetch(con,
                                      "SELECT CASE WHEN i = 300000 THEN error('on purpose') END "
                                      "FROM range(300001) r(i)",
                                      &rows, &problem),
                     TG_DESTINATION);
    assert_non_null(strstr(problem.what, "on purpose"));
}

static void open_sample(size_t rows, struct ArrowArrayStream *out)
{
    struct ArrowSchema schema;
    size_t count = 0;
    struct ArrowArray *batches = sample_batches(rows, &count);
    sample_schema(&schema);
    sample_ok(stream_from_arrays(&schema, batches, count, out, err));
    mem_free(batches);
}

static int ingest(const char *table, size_t rows, struct tg_error *err)
{
    struct ArrowArrayStream stream = {0};
    open_sample(rows, &stream);
    int rc = connection_ingest(con, &(struct ingest_target){"s", table}, &stream, err);
    stream_release(&stream);
    return rc;
}

/* What says that it has all rows must have asked for them. */
static void test_rows_that_were_not_read(void **state)
{
    (void)state;
    struct tg_error problem = {0};
    database.reads_one_batch = true;
    assert_int_equal(ingest("none", 5000, &problem), TG_DESTINATION);
    assert_non_null(strstr(problem.what, "did not read the stream to its end"));
    database.reads_one_batch = false;
    assert_int_equal(ingest("none", 5000, &problem), TG_DESTINATION);
}

/* ---- describe and lock ---- */

static int describe_badly(void *session, const char *dataset, struct ArrowArrayStream *out,
                          struct tg_error *err)
{
    return given_query(session,
                       strcmp(dataset, "few") == 0 ? "SELECT 't', 'c', 'BIGINT'"
                                                   : "SELECT 't', 'c', NULL, true",
                       out, err);
}

static void test_descriptions_that_lack_something(void **state)
{
    (void)state;
    struct described described;
    struct tg_error problem = {0};
    calls.describe = describe_badly;
    assert_int_equal(connection_describe(con, "few", NULL, &described, &problem), TG_DESTINATION);
    assert_non_null(strstr(problem.what, "lacks a value"));
    assert_int_equal(connection_describe(con, "null", NULL, &described, &problem), TG_DESTINATION);
    assert_int_equal(described.table_count, 0);
    calls.describe = NULL;
    exec("CREATE TABLE t (a BIGINT NOT NULL)");
    sample_ok(connection_describe(con, "main", NULL, &described, err));
    assert_int_equal(described.table_count, 1);
    assert_true(described.storage_version > 0);
    described_release(&described);
}

static char locked[200];

static int note_lock(void *session, const char *name, bool shared, struct tg_error *err)
{
    (void)session;
    size_t len = strlen(locked);
    snprintf(locked + len, sizeof(locked) - len, "%s%s ", name, shared ? "(shared)" : "");
    return strcmp(name, "held") == 0 ? error_set(err, TG_DESTINATION, "another has it") : TG_OK;
}

static void test_locks_by_name(void **state)
{
    (void)state;
    const struct lock locks[] = {{.name = "a"}, {.name = "b", .shared = true}, {.name = "held"}};
    struct tg_error problem = {0};
    calls.lock = note_lock;
    locked[0] = '\0';
    sample_ok(connection_lock(con, locks, 2, err));
    assert_int_equal(connection_lock(con, locks, 3, &problem), TG_DESTINATION);
    assert_string_equal(locked, "a b(shared) a b(shared) held ");
}

/* ---- memory ---- */

static struct {
    int count;
    size_t bytes, thread_bytes;
} room;

static int note_room(void *session, size_t bytes, size_t thread_bytes, struct tg_error *err)
{
    (void)session;
    (void)err;
    room.count++;
    room.bytes = bytes;
    room.thread_bytes = thread_bytes;
    return TG_OK;
}

static void test_room_is_made_once(void **state)
{
    (void)state;
    connection_close(con);
    calls.reserve = note_room;
    ctx.memory_bytes_max = 1 << 30;
    sample_ok(open_given(err));
    assert_int_equal(room.count, 1);
    assert_int_equal(room.bytes, (size_t)768 << 20);
    assert_int_equal(room.thread_bytes, 0);
    exec("CREATE TABLE t (a BIGINT)");
    assert_int_equal(room.count, 1); /* it fills nothing */
    con->workload = (struct workload){.table_count = 1, .column_count = 1000};
    exec("INSERT INTO t VALUES (1)");
    exec("INSERT INTO t VALUES (2)");
    assert_int_equal(room.count, 2);
    assert_true(room.thread_bytes > (size_t)500 << 20);
}

static int open_once(void)
{
    struct connection *own = con;
    con = NULL;
    int rc = open_given(NULL);
    connection_close(con);
    con = own;
    return rc;
}

static int describe_once(void)
{
    struct described described = {0};
    int rc = connection_describe(con, "main", NULL, &described, NULL);
    described_release(&described);
    return rc;
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    exec("CREATE TABLE t (a BIGINT NOT NULL)");
    torture(open_once);
    torture(describe_once);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(test_what_must_be_there),
        in_folder(test_sessions),
        in_folder(test_codes),
        in_folder(test_texts_without_an_end),
        in_folder(test_messages_tell_the_sqlstate),
        in_folder(test_no_stream),
        in_folder(test_rows_that_were_not_read),
        in_folder(test_descriptions_that_lack_something),
        in_folder(test_locks_by_name),
        in_folder(test_room_is_made_once),
        in_folder(test_memory_runs_out),
    };
    return cmocka_run_group_tests_name("database/callbacks", tests, NULL, NULL);
}
