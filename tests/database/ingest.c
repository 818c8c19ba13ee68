/* Batches into a table, by the driver and by what stands for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "database/sending/ingest.h"
#include "tests/database/plain.h"
#include "tests/database/sample.h"

static struct context ctx;
static struct connection *con;
static struct plain plain;

static int setup(void **state)
{
    context_init(&ctx);
    if (sample_setup(state) ||
        connection_open(&ctx, AT_URL("duckdb:///d.duckdb"), true, &con, NULL))
        return -1;
    plain_take(&plain, con);
    return connection_exec(con, "CREATE SCHEMA s", NULL, NULL);
}

static int teardown(void **state)
{
    plain_give_back(&plain, con);
    connection_close(con);
    return sample_teardown(state);
}

static void expect(const char *sql, const char *expected)
{
    struct text_rows rows;
    sample_ok(connection_fetch(con, sql, &rows, err));
    assert_int_equal(rows.row_count, 1);
    assert_string_equal(text_cell(&rows, 0, 0), expected);
    text_rows_release(&rows);
}

/* A table with the sample's columns, in another order than the batches have them. */
static void make_table(const char *start)
{
    struct buf sql = BUF_INIT;
    buf_text(&sql, start);
    for (size_t c = SAMPLE_COLUMNS; c-- > 0;) {
        buf_text(&sql, c == SAMPLE_COLUMNS - 1 ? " (" : ", ");
        sql_ident(&sql, con->dialect, sample_names[c]);
        buf_char(&sql, ' ');
        con->dialect->type_sql(&sample_types[c], &sql);
    }
    buf_char(&sql, ')');
    sample_ok(connection_exec(con, sql.data, NULL, err));
    buf_release(&sql);
}

/* The sample's rows as a stream; texts with NUL characters are in rows 5, 11, ... */
static void open_sample(size_t rows, struct ArrowArrayStream *out)
{
    struct ArrowSchema schema;
    size_t count = 0;
    struct ArrowArray *batches = sample_batches(rows, &count);
    sample_schema(&schema);
    sample_ok(stream_from_arrays(&schema, batches, count, out, err));
    mem_free(batches);
}

static int ingest(const char *dataset, const char *table, size_t rows, struct tg_error *err)
{
    const struct ingest_target into = {dataset, table};
    struct ArrowArrayStream stream = {0};
    open_sample(rows, &stream);
    int rc = connection_ingest(con, &into, &stream, err);
    stream_release(&stream);
    return rc;
}

/* More than one statement takes. */
static void test_many_rows(void **state)
{
    (void)state;
    con->driver = plain.own;
    make_table("CREATE TABLE s.a");
    sample_ok(ingest("s", "a", 300001, err));
    expect("SELECT count(*) || ' ' || count(DISTINCT id) FROM s.a", "300001 300001");
    sample_ok(ingest("s", "a", 0, err));
    expect("SELECT count(*) FROM s.a", "300001");
}

static void test_what_cannot_be(void **state)
{
    (void)state;
    struct tg_error problem = {0};
    make_table("CREATE TABLE s.a");
    assert_int_equal(ingest("s", "a", 6, &problem), TG_DATA);
    assert_non_null(strstr(problem.what, "column 'txt' has a text with a NUL character"));
    assert_int_equal(ingest("s", "none", 1, &problem), TG_DESTINATION);
    con->driver = plain.own;
    assert_int_equal(ingest("s", "none", 1, &problem), TG_DESTINATION);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(test_many_rows),
        in_folder(test_what_cannot_be),
    };
    return cmocka_run_group_tests_name("database/ingest", tests, NULL, NULL);
}
