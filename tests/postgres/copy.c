/* COPY: rows into a table, values that do not fit, servers that object, and that go away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>

#include "base/memory.h"
#include "data/column.h"
#include "postgres/client.h"
#include "tests/postgres.h"
#include "tests/proxy.h"
#include "tests/torture.h"

enum { INT8 = 20, INT2 = 21, TEXT = 25, POINT = 600 };

static struct context ctx;
static struct pg_client *client;
static struct tg_error err;
static atomic_int cancel;
static struct proxy proxy;

static void open_at(const char *uri)
{
    if (pg_open(&ctx, uri, false, &client, &err) != TG_OK)
        fail_msg("%s", err.what);
}

static int setup(void **state)
{
    (void)state;
    context_init(&ctx);
    atomic_store(&cancel, 0);
    ctx.cancel = &cancel;
    err = (struct tg_error){0};
    open_at(postgres_uri());
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pg_close(client);
    return 0;
}

static void exec(const char *sql)
{
    if (pg_exec(client, &ctx, sql, NULL, &err) != TG_OK)
        fail_msg("%s: %s", sql, err.what);
}

static void expect(const char *sql, const char *expected)
{
    char *is = postgres_sql(sql);
    assert_string_equal(is, expected);
    free(is);
}

/* ---- rows: (0, "text 0"), (1, NULL), (2, "text 2")... ---- */

struct rows {
    struct stream_head head;
    int64_t next, count;
    int64_t fail_at; /* the batch from this row on is an error; -1: none is */
    int64_t cancel_at;
    size_t text_bytes; /* of each text, beyond its beginning */
};

static const char *const names[] = {"id", "t"};
static const struct type_spec types[] = {{.type = TYPE_BIGINT}, {.type = TYPE_TEXT}};

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    struct rows *rows = stream->private_data;
    return schema_make(names, types, 2, out, &rows->head.err);
}

static void fill(struct rows *rows, struct column columns[2], int64_t count)
{
    static char text[300000];
    memset(text, 'x', sizeof(text));
    for (int64_t row = 0; row < count; row++) {
        int64_t id = rows->next + row;
        column_set_int64(&columns[0], (size_t)row, id);
        if (id % 2)
            continue;
        int len = snprintf(text, sizeof(text), "text %ld", (long)id);
        text[len] = 'x';
        assert_int_equal(column_set_text(&columns[1], (size_t)row, text,
                                         (size_t)len + rows->text_bytes, &rows->head.err),
                         TG_OK);
    }
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct rows *rows = stream->private_data;
    struct column columns[2];
    struct ArrowArray arrays[2];
    int64_t count = rows->count - rows->next;
    *out = (struct ArrowArray){0};
    if (rows->fail_at >= 0 && rows->next >= rows->fail_at) {
        error_set(&rows->head.err, TG_DATA, "the rows end here");
        return EIO;
    }
    if (rows->cancel_at >= 0 && rows->next >= rows->cancel_at)
        atomic_store(&cancel, 1);
    if (count <= 0)
        return 0;
    count = count > 1000 ? 1000 : count;
    for (int i = 0; i < 2; i++)
        assert_int_equal(column_init(&columns[i], &types[i], &err), TG_OK);
    fill(rows, columns, count);
    for (int i = 0; i < 2; i++)
        assert_int_equal(column_export(&columns[i], (size_t)count, &arrays[i], &err), TG_OK);
    rows->next += count;
    return batch_make(arrays, 2, count, out, &err) == TG_OK ? 0 : ENOMEM;
}

static void release(struct ArrowArrayStream *stream)
{
    stream->release = NULL;
}

/* Into (id, t) of a table, whose types are these. */
static int copy_into(const char *table, uint32_t id_oid, uint32_t text_oid, struct rows *rows)
{
    char sql[128];
    snprintf(sql, sizeof(sql), "COPY %s (id, t) FROM STDIN", table);
    const struct pg_field fields[] = {{.name = "id", .oid = id_oid, .typmod = -1},
                                      {.name = "t", .oid = text_oid, .typmod = -1}};
    const struct pg_target target = {sql, fields, 2};
    struct ArrowArrayStream stream = {.get_schema = get_schema,
                                      .get_next = get_next,
                                      .get_last_error = stream_last_error,
                                      .release = release,
                                      .private_data = rows};
    struct ArrowSchema schema;
    assert_int_equal(get_schema(&stream, &schema), 0);
    err = (struct tg_error){0};
    int rc = pg_copy_in(client, &ctx, &target, &schema, &stream, &err);
    schema_release(&schema);
    return rc;
}

static struct rows rows_of(int64_t count)
{
    return (struct rows){.count = count, .fail_at = -1, .cancel_at = -1};
}

/* ---- tests ---- */

static void test_rows(void **state)
{
    static const int64_t counts[] = {0, 1, 1000, 1001, 100000};
    (void)state;
    exec("CREATE TABLE rows (id bigint, t varchar)");
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        char expected[128];
        struct rows rows = rows_of(counts[i]);
        exec("TRUNCATE rows");
        if (copy_into("rows", INT8, TEXT, &rows) != TG_OK)
            fail_msg("%s", err.what);
        snprintf(expected, sizeof(expected), "%ld %ld %ld", (long)counts[i],
                 (long)(counts[i] * (counts[i] - 1) / 2), (long)(counts[i] + 1) / 2);
        expect("SELECT concat_ws(' ', count(*), coalesce(sum(id), 0),\n"
               "    count(*) FILTER (WHERE t = 'text ' || id))\n"
               "FROM rows WHERE t IS NOT NULL OR id % 2 = 1",
               expected);
    }
}

static void test_large_values(void **state)
{
    struct rows rows = rows_of(40);
    (void)state;
    rows.text_bytes = 250000;
    exec("CREATE TABLE large (id bigint, t text)");
    assert_int_equal(copy_into("large", INT8, TEXT, &rows), TG_OK);
    expect("SELECT concat_ws(' ', count(t), min(length(t)), max(length(t))) FROM large",
           "20 250006 250007");
}

/* A type without a binary form here is read from its text by the server. */
static void test_as_text(void **state)
{
    struct rows rows = rows_of(1);
    (void)state;
    exec("CREATE TABLE points (id bigint, t point)");
    assert_int_equal(copy_into("points", INT8, POINT, &rows), TG_DESTINATION);
    assert_string_equal(err.sqlstate, "22P02");
    if (!strstr(err.what, "invalid input syntax for type point: \"text 0\"") ||
        !strstr(err.what, "COPY points, line 1, column t"))
        fail_msg("%s", err.what);
    expect("SELECT count(*) FROM points", "0");
}

/* Long before all is sent, unless libpq reads what it says before we can see it: in one of some
 * tries at least. The session goes on. */
static void test_the_server_objects(void **state)
{
    int64_t least = INT64_MAX;
    (void)state;
    exec("CREATE TABLE keyed (id bigint CHECK (id < 100), t text)");
    for (int i = 0; i < 6; i++) {
        struct rows rows = rows_of(2000000);
        assert_int_equal(copy_into("keyed", INT8, TEXT, &rows), TG_DESTINATION);
        assert_string_equal(err.sqlstate, "23514");
        assert_string_equal(err.table, "keyed");
        least = rows.next < least ? rows.next : least;
    }
    assert_in_range(least, 1000, 1000000);
    expect("SELECT count(*) FROM keyed", "0");
    exec("INSERT INTO keyed VALUES (1, 'x')");
}

/* What it says that is no error does not stop it. */
static void test_notices(void **state)
{
    struct rows rows = rows_of(50000);
    (void)state;
    exec("CREATE TABLE noisy (id bigint, t text)");
    exec("CREATE FUNCTION say() RETURNS trigger LANGUAGE plpgsql AS\n"
         "$$ BEGIN IF NEW.id % 500 = 0 THEN RAISE NOTICE 'at %', NEW.id; END IF; RETURN NEW; "
         "END $$");
    exec("CREATE TRIGGER say BEFORE INSERT ON noisy FOR EACH ROW EXECUTE FUNCTION say()");
    if (copy_into("noisy", INT8, TEXT, &rows) != TG_OK)
        fail_msg("%s", err.what);
    expect("SELECT count(*) FROM noisy", "50000");
}

static void keep_line(void *user, int level, const char *component, const char *message)
{
    (void)component;
    snprintf(user, 256, "%d %s", level, message);
}

/* Rows that a trigger leaves out are not lost in silence. */
static void test_rows_left_out(void **state)
{
    struct rows rows = rows_of(1000);
    char line[256] = "";
    (void)state;
    ctx.log = keep_line;
    ctx.user = line;
    exec("CREATE TABLE picky (id bigint, t text)");
    if (copy_into("picky", INT8, TEXT, &rows) != TG_OK)
        fail_msg("%s", err.what);
    assert_string_equal(line, "");
    exec("CREATE FUNCTION pick() RETURNS trigger LANGUAGE plpgsql AS\n"
         "$$ BEGIN IF NEW.id % 10 = 0 THEN RETURN NULL; END IF; RETURN NEW; END $$");
    exec("CREATE TRIGGER pick BEFORE INSERT ON picky FOR EACH ROW EXECUTE FUNCTION pick()");
    rows = rows_of(1000);
    if (copy_into("picky", INT8, TEXT, &rows) != TG_OK)
        fail_msg("%s", err.what);
    expect("SELECT count(*) FROM picky", "1900");
    assert_non_null(strstr(line, "1 of 1000 rows the server took 900 (COPY "));
}

/* Behind the first batch, and the chunks that were sent by then. */
static void test_a_refused_row_is_named(void **state)
{
    struct rows rows = rows_of(50000);
    (void)state;
    exec("CREATE TABLE small (id smallint, t text)");
    assert_int_equal(copy_into("small", INT2, TEXT, &rows), TG_DATA);
    assert_string_equal(err.what, "the value 32768 of column 'id' does not fit the column's type "
                                  "smallint (row 32769 of those for the table, which begins with "
                                  "t = text 32768)");
    assert_string_equal(err.column, "id");
    expect("SELECT count(*) FROM small", "0");
}

static void test_the_rows_fail(void **state)
{
    struct rows rows = rows_of(1000000);
    (void)state;
    rows.fail_at = 300000;
    exec("CREATE TABLE failed (id bigint, t text)");
    exec("BEGIN");
    assert_int_equal(copy_into("failed", INT8, TEXT, &rows), TG_DATA);
    assert_string_equal(err.what, "the rows end here");
    exec("ROLLBACK");
    expect("SELECT count(*) FROM failed", "0");
    exec("INSERT INTO failed VALUES (1, 'x')");
}

static void test_refused_at_once(void **state)
{
    struct rows rows = rows_of(10);
    (void)state;
    assert_int_equal(copy_into("none_such", INT8, TEXT, &rows), TG_DESTINATION);
    assert_string_equal(err.sqlstate, "42P01");
    assert_int_equal(rows.next, 0);
    exec("SELECT 1");
}

static void test_cancelled(void **state)
{
    struct rows rows = rows_of(20000000);
    (void)state;
    rows.cancel_at = 200000;
    exec("CREATE TABLE cancelled (id bigint, t text)");
    assert_int_equal(copy_into("cancelled", INT8, TEXT, &rows), TG_CANCELLED);
    atomic_store(&cancel, 0);
    exec("SELECT 1");
    expect("SELECT count(*) FROM cancelled", "0");
}

/* Not only while rows come: the server waits for somebody else, and reads nothing. */
static void *cancel_soon(void *arg)
{
    usleep(300000);
    atomic_store(&cancel, 1);
    return arg;
}

static void test_cancelled_while_the_server_waits(void **state)
{
    struct rows rows = rows_of(20000000);
    struct pg_client *first = client;
    pthread_t thread;
    (void)state;
    exec("CREATE TABLE awaited (id bigint PRIMARY KEY, t text)");
    exec("BEGIN");
    exec("INSERT INTO awaited VALUES (5, 'x')");
    open_at(postgres_uri());
    pthread_create(&thread, NULL, cancel_soon, NULL);
    int64_t start = context_ticks_us();
    assert_int_equal(copy_into("awaited", INT8, TEXT, &rows), TG_CANCELLED);
    assert_in_range((context_ticks_us() - start) / 1000, 200, 8000);
    pthread_join(thread, NULL);
    atomic_store(&cancel, 0);
    exec("SELECT 1");
    pg_close(first);
}

static void test_gone_in_the_middle(void **state)
{
    struct rows rows = rows_of(2000000);
    (void)state;
    exec("CREATE TABLE gone (id bigint, t text)");
    pg_close(client);
    proxy_start(&proxy, postgres_uri());
    open_at(proxy.uri);
    proxy_tell(&proxy, "text 100000", PROXY_BEFORE);
    assert_int_equal(copy_into("gone", INT8, TEXT, &rows), TG_DESTINATION);
    assert_string_equal(err.sqlstate, "08006");
    assert_true(err.retryable);
    assert_in_range(rows.next, 100000, 1999999);
    proxy_stop(&proxy);
    expect("SELECT count(*) FROM gone", "0");
}

static struct ArrowSchema schema_of_all;

/* The trailer alone. */
static int copy_nothing(void)
{
    struct rows rows = rows_of(0);
    const struct pg_field fields[] = {{.name = "id", .oid = INT8, .typmod = -1},
                                      {.name = "t", .oid = TEXT, .typmod = -1}};
    const struct pg_target target = {"COPY short_of_memory (id, t) FROM STDIN", fields, 2};
    struct ArrowArrayStream stream = {.get_schema = get_schema,
                                      .get_next = get_next,
                                      .get_last_error = stream_last_error,
                                      .release = release,
                                      .private_data = &rows};
    return pg_copy_in(client, &ctx, &target, &schema_of_all, &stream, &err);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    exec("CREATE TABLE short_of_memory (id bigint, t text)");
    assert_int_equal(schema_make(names, types, 2, &schema_of_all, &err), TG_OK);
    torture(copy_nothing);
    schema_release(&schema_of_all);
    exec("SELECT 1");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_rows),
        TEST(test_large_values),
        TEST(test_as_text),
        TEST(test_the_server_objects),
        TEST(test_notices),
        TEST(test_rows_left_out),
        TEST(test_the_rows_fail),
        TEST(test_refused_at_once),
        TEST(test_a_refused_row_is_named),
        TEST(test_cancelled),
        TEST(test_cancelled_while_the_server_waits),
        TEST(test_gone_in_the_middle),
        TEST(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
