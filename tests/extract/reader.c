/* The rows of a SELECT as pages: numbers of rows, the end, failures before and in the middle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "extract/sql/reader.h"
#include "tests/database/sample.h"
#include "tests/torture.h"

static struct context ctx;
static struct connection *con;

static int setup(void **state)
{
    context_init(&ctx);
    return sample_setup(state) ||
           connection_open(&ctx, AT_URL("duckdb:///data.duckdb"), true, &con, NULL);
}

static int teardown(void **state)
{
    connection_close(con);
    con = NULL;
    return sample_teardown(state);
}

/* All rows; their sum of "id". */
static int read_all(const char *sql, const char *what, uint64_t *rows, int64_t *sum,
                    struct tg_error *err)
{
    int rc = TG_OK;
    struct page page = {.kind = PAGE_END};
    struct page_stream *stream = NULL;
    *rows = 0;
    *sum = 0;
    TRY(sql_reader_open(con, sql, what, &stream, err));
    for (;;) {
        TRY(stream->next(stream, &page, err));
        if (page.kind == PAGE_END)
            break;
        if (page.first_row != *rows + 1)
            TRY(error_set(err, TG_INTERNAL, "rows are not numbered"));
        *rows += page.read_count;
        for (int64_t i = 0; i < page.array.length; i++) {
            int64_t id = 0;
            (void)!value_int64(page.schema.children[0], page.array.children[0], i, &id);
            *sum += id;
        }
    }
    TRY(stream->next(stream, &page, err)); /* and ever after */
    if (page.kind != PAGE_END)
        rc = error_set(err, TG_INTERNAL, "the end is not the end");
done:
    page_release(&page);
    page_stream_close(stream);
    return rc;
}

static void test_pages(void **state)
{
    (void)state;
    uint64_t rows;
    int64_t sum;
    sample_ok(read_all("SELECT i AS id, i::VARCHAR AS t FROM range(10000) AS r(i)", "r", &rows,
                       &sum, err));
    assert_int_equal(rows, 10000);
    assert_int_equal(sum, 49995000);
    sample_ok(read_all("SELECT 1 AS id WHERE false", "r", &rows, &sum, err));
    assert_int_equal(rows, 0);
}

static void test_schema(void **state)
{
    (void)state;
    struct ArrowSchema schema;
    struct tg_error problem = {0};
    sample_ok(sql_reader_schema(con, "SELECT 1 AS a, INTERVAL 1 DAY AS b, [1] AS c LIMIT 0", "t",
                                &schema, err));
    assert_int_equal(schema.n_children, 3);
    assert_int_equal(sql_reader_check(&schema, "t", &problem), TG_DATA);
    assert_string_equal(problem.column, "b");
    assert_non_null(strstr(problem.what, "data_type: text"));
    assert_int_equal(sql_reader_check(&schema, NULL, &problem), TG_DATA);
    assert_non_null(strstr(problem.what, "cast it in the query"));
    schema_release(&schema);
}

static void fails(const char *sql, const char *what, int code, const char *part)
{
    uint64_t rows;
    int64_t sum;
    struct tg_error problem = {0};
    assert_int_equal(read_all(sql, what, &rows, &sum, &problem), code);
    assert_int_equal(problem.code, code);
    if (!strstr(problem.what, part))
        fail_msg("'%s' does not say '%s'", problem.what, part);
    assert_string_equal(problem.table, what ? what : "");
}

static void test_failures(void **state)
{
    (void)state;
    fails("SELECT 1 AS id FROM gone", "gone", TG_SOURCE, "run again");
    fails("SELECT error('oh ' || i) AS id FROM range(5000) AS r(i)", "r", TG_SOURCE, "oh ");
    fails("SELECT CASE WHEN i < 9000 THEN i ELSE error('late') END AS id FROM range(10000) AS r(i)",
          "r", TG_SOURCE, "late");
    fails("SELECT INTERVAL 1 DAY AS id", "r", TG_DATA, "its type has no column type");
    fails("SELECT *\nFROM (\nSELECT 1\nFROMM x\n) AS tidegate_query", NULL, TG_SOURCE, "LINE 2:");
}

static void test_cancel(void **state)
{
    (void)state;
    atomic_int cancel = 1;
    ctx.cancel = &cancel;
    fails("SELECT i AS id FROM range(100000000) AS r(i)", "r", TG_CANCELLED, "");
    ctx.cancel = NULL;
}

static int read_some(void)
{
    uint64_t rows;
    int64_t sum;
    return read_all("SELECT i AS id, 'x' AS t FROM range(10) AS r(i)", "r", &rows, &sum, NULL);
}

static void test_memory(void **state)
{
    (void)state;
    torture(read_some);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pages, setup, teardown),
        cmocka_unit_test_setup_teardown(test_schema, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failures, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancel, setup, teardown),
        cmocka_unit_test_setup_teardown(test_memory, setup, teardown),
    };
    return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
