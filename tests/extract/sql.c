/* The source `sql`: tables of a group, what is known of a table, what is read, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "database/connection.h"
#include "extract/source.h"
#include "helper.h"
#include "tests/postgres.h"
#include "tests/torture.h"

static struct context ctx;
static const char *folder;

static const char *const tables[] = {
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, price DECIMAL(10, 2) NOT NULL, ts TIMESTAMP,"
    " note UUID, span INTERVAL, j JSON)",
    "INSERT INTO orders VALUES (1, 1.5, '2024-01-01', NULL, INTERVAL 1 DAY, '{}'),"
    " (2, 2.5, '2024-01-02', '00000000-0000-0000-0000-000000000001', NULL, NULL),"
    " (3, 3.5, NULL, NULL, NULL, NULL)",
    "CREATE TABLE \"Odd \"\"Name\" (\"a b\" VARCHAR, x BIGINT)",
    "CREATE TABLE other (a INTEGER)",
    "CREATE VIEW seen AS SELECT id FROM orders",
};

static int setup(void **state)
{
    struct connection *con = NULL;
    char url[1100];
    int rc = folder_setup(state);
    folder = *state;
    context_init(&ctx);
    snprintf(url, sizeof(url), "duckdb:///%s", path_in(folder, "shop.duckdb"));
    rc = rc ? rc : connection_open(&ctx, AT_URL(url), true, &con, NULL);
    for (size_t i = 0; rc == 0 && i < sizeof(tables) / sizeof(tables[0]); i++)
        rc = connection_exec(con, tables[i], NULL, NULL);
    connection_close(con);
    return rc;
}

static const struct tg_cursor none = {.path = NULL};

/* A resource by up to four options, each beside its value. */
struct asked {
    const char *options[8];
    const struct tg_column *columns;
    size_t column_count;
    const struct tg_cursor *cursor;
    enum tg_row_order row_order;
    enum tg_on_missing on_missing;
    bool checks;
};

static const struct option_value at_shop[] = {{"connection", "duckdb:///shop.duckdb"},
                                              {"schema", "main"}};

static struct resource_request request_of(const struct asked *asked, struct option_value values[4])
{
    static struct tg_cursor whole;
    if (asked->cursor)
        whole = *asked->cursor;
    whole.parts = asked->cursor;
    whole.part_count = 1;
    struct resource_request request = {
        .source = {.services = {.ctx = &ctx},
                   .name = "s",
                   .folder = folder,
                   .values = at_shop,
                   .value_count = 2},
        .name = "r",
        .values = values,
        .columns = asked->columns,
        .column_count = asked->column_count,
        .cursor = asked->cursor ? &whole : &none,
        .row_order = asked->row_order,
        .on_missing = asked->on_missing,
        .checks = asked->checks,
    };
    for (; request.value_count < 4 && asked->options[2 * request.value_count];
         request.value_count++)
        values[request.value_count] = (struct option_value){
            asked->options[2 * request.value_count], asked->options[2 * request.value_count + 1]};
    return request;
}

/* "id=1,price=1.50 ..." of all rows; `out` NULL: they are only read. */
static int read_rows(const struct asked *asked, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct sources sources = {0};
    struct option_value values[4];
    struct page page = {.kind = PAGE_END};
    struct page_stream *stream = NULL;
    const struct resource_request request = request_of(asked, values);
    TRY(sources_read(&sources, source_find("sql"), &request, &stream, err));
    do {
        TRY(stream->next(stream, &page, err));
        if (out)
            put_page(out, &page);
    } while (page.kind != PAGE_END && !asked->checks);
done:
    page_release(&page);
    page_stream_close(stream);
    sources_close(&sources);
    return rc;
}

static void reads(const struct asked *asked, const char *rows)
{
    struct buf out = BUF_INIT;
    struct tg_error err = {0};
    if (read_rows(asked, &out, &err) != TG_OK)
        fail_msg("%s: %s", err.where, err.what);
    assert_string_equal(buf_string(&out), rows);
    buf_release(&out);
}

static void refuses(const struct asked *asked, int code, const char *part)
{
    struct buf out = BUF_INIT;
    struct tg_error err = {0};
    assert_int_equal(read_rows(asked, &out, &err), code);
    if (!strstr(err.what, part))
        fail_msg("'%s' does not say '%s'", err.what, part);
    buf_release(&out);
}

static void test_reading(void **state)
{
    (void)state;
    reads(&(struct asked){.options = {"table", "orders", "included_columns", "id\nprice"}},
          "id=1,price=1.50 id=2,price=2.50 id=3,price=3.50 ");
    reads(&(struct asked){.options = {"table", "orders", "excluded_columns",
                                      "ts\nnote\nspan\nj\nprice"}},
          "id=1 id=2 id=3 ");
    reads(&(struct asked){.options = {"table", "seen"}}, "id=1 id=2 id=3 ");
    reads(&(struct asked){.options = {"table", "Odd \"Name"}}, "");
    reads(&(struct asked){.options = {"query", "SELECT 1 AS a, 'x' AS b -- so ;\n ; "}},
          "a=1,b=\"x\" ");
    const struct tg_column span = {.name = "span", .data_type = "text"};
    reads(&(struct asked){.options = {"table", "orders", "included_columns", "span"},
                          .columns = &span,
                          .column_count = 1},
          "span=\"1 day\" span=null span=null ");
}

static void test_cursor(void **state)
{
    (void)state;
    const struct tg_cursor number = {.path = "id", .start = {.kind = TG_VALUE_INT64, .int64 = 2}};
    const struct tg_cursor time = {.path = "ts",
                                   .start = {.kind = TG_VALUE_TEXT, .text = "2024-01-02"}};
    struct asked asked = {.options = {"table", "orders", "included_columns", "id\nts"},
                          .cursor = &number};
    reads(&asked, "id=2,ts=\"2024-01-02T00:00:00\" id=3,ts=null ");
    asked.cursor = &time;
    reads(&asked, "id=2,ts=\"2024-01-02T00:00:00\" id=3,ts=null "); /* it decides on the NULL */
    asked.on_missing = TG_EXCLUDE;
    reads(&asked, "id=2,ts=\"2024-01-02T00:00:00\" ");
    asked = (struct asked){
        .options = {"query", "SELECT id FROM orders"}, .row_order = TG_DESC, .cursor = &number};
    reads(&asked, "id=3 id=2 ");
}

static void test_refusals(void **state)
{
    (void)state;
    const struct tg_cursor typo = {.path = "idd"}, cased = {.path = "ID"};
    refuses(&(struct asked){.options = {"table", "order"}}, TG_SOURCE, "did you mean 'orders'?");
    refuses(&(struct asked){.options = {"table", "zzzzzz"}}, TG_SOURCE,
            "no table or view 'zzzzzz'");
    refuses(&(struct asked){.options = {"table", "orders", "query", "x"}}, TG_SPEC,
            "exclude each other");
    refuses(&(struct asked){.options = {NULL}}, TG_SPEC, "needs 'table', 'query' or 'tables'");
    refuses(&(struct asked){.options = {"table", "orders", "included_columns", "id\nprize"}},
            TG_SPEC, "included_columns: 'orders' has no column 'prize'; did you mean 'price'?");
    refuses(&(struct asked){.options = {"table", "orders", "excluded_columns", "x"}}, TG_SPEC,
            "no column 'x'");
    refuses(&(struct asked){.options = {"table", "seen", "excluded_columns", "id"}}, TG_SPEC,
            "leaves no column");
    refuses(&(struct asked){.options = {"table", "seen", "excluded_columns", "id",
                                        "included_columns", "id"}},
            TG_SPEC, "exclude each other");
    refuses(&(struct asked){.options = {"table", "orders"}, .cursor = &typo}, TG_SPEC,
            "did you mean 'id'?");
    refuses(&(struct asked){.options = {"table", "orders"}, .cursor = &cased}, TG_SPEC,
            "no column 'ID'");
    refuses(&(struct asked){.options = {"table", "orders", "excluded_columns", "id"},
                            .cursor = &(struct tg_cursor){.path = "id"}},
            TG_SPEC, "must be loaded, too");
    refuses(&(struct asked){.options = {"query", " ; "}}, TG_SPEC, "'query' is empty");
    refuses(&(struct asked){.options = {"query", "SELECT 1\nFROMM x"}}, TG_SOURCE, "LINE 2");
    refuses(&(struct asked){.options = {"query", "SELECT * FROM gone"}}, TG_SOURCE, "gone");
    refuses(&(struct asked){.options = {"table", "orders"}, .checks = true}, TG_DATA,
            "its type has no column type");
}

static void test_no_database(void **state)
{
    (void)state;
    struct source *source = NULL;
    struct tg_error err = {0};
    const struct option_value gone = {"connection", "duckdb:///gone.duckdb"};
    const struct option_value strange = {"connection", "nosuch://x"};
    struct source_request request = {
        .services = {.ctx = &ctx}, .folder = folder, .values = &gone, .value_count = 1};
    assert_int_equal(source_find("sql")->open(&request, &source, &err), TG_SOURCE);
    assert_non_null(strstr(err.what, "does not exist"));
    request.values = &strange;
    assert_int_equal(source_find("sql")->open(&request, &source, &err), TG_USAGE);
    assert_non_null(strstr(err.what, "connection 'nosuch:' has no driver"));
}

/* ---- what is known beforehand ---- */

static int describe(const struct asked *asked, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct arena arena;
    struct sources sources = {0};
    struct source_facts facts;
    struct option_value values[4];
    const struct resource_request request = request_of(asked, values);
    arena_init(&arena);
    TRY(sources_describe(&sources, source_find("sql"), &request, &arena, &facts, err));
    for (size_t i = 0; i < facts.primary_key_count; i++)
        buf_printf(out, "key %s; ", facts.primary_key[i]);
    for (size_t i = 0; i < facts.column_count; i++) {
        const struct tg_column *column = &facts.columns[i];
        buf_printf(out, "%s %s(%d,%d)%s%s; ", column->name,
                   column->data_type ? column->data_type : "?", column->precision, column->scale,
                   column->timezone == TG_NO ? " naive" : "",
                   column->nullable == TG_NO ? " not null" : "");
    }
done:
    sources_close(&sources);
    arena_release(&arena);
    return rc == TG_OK ? buf_check(out, err) : rc;
}

static void describes(const struct asked *asked, const char *facts)
{
    struct buf out = BUF_INIT;
    struct tg_error err = {0};
    if (describe(asked, &out, &err) != TG_OK)
        fail_msg("%s", err.what);
    assert_string_equal(buf_string(&out), facts);
    buf_release(&out);
}

static void test_describe(void **state)
{
    (void)state;
    describes(&(struct asked){.options = {"table", "orders"}},
              "key id; id bigint(0,0) not null; price decimal(10,2) not null; "
              "ts timestamp(0,0) naive; note text(0,0); j json(0,0); ");
    describes(&(struct asked){.options = {"table", "orders", "excluded_columns", "id"}},
              "price decimal(10,2) not null; ts timestamp(0,0) naive; note text(0,0); "
              "j json(0,0); ");
    describes(&(struct asked){.options = {"query", "SELECT id, price AS p FROM orders"}},
              "id bigint(0,0); p decimal(10,2); ");
}

/* ---- groups ---- */

static int list(const struct asked *asked, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct arena arena;
    struct sources sources = {0};
    struct source_members members;
    struct option_value values[4];
    const struct resource_request request = request_of(asked, values);
    arena_init(&arena);
    TRY(sources_list(&sources, source_find("sql"), &request, &arena, &members, err));
    for (size_t i = 0; i < members.count; i++)
        buf_printf(out, "%s;", members.names[i]);
done:
    sources_close(&sources);
    arena_release(&arena);
    return rc == TG_OK ? buf_check(out, err) : rc;
}

static void lists(const struct asked *asked, int code, const char *said)
{
    struct buf out = BUF_INIT;
    struct tg_error err = {0};
    int rc = list(asked, &out, &err);
    if (rc != code)
        fail_msg("%d: %s", rc, err.what);
    if (code == TG_OK)
        assert_string_equal(buf_string(&out), said);
    else if (!strstr(err.what, said))
        fail_msg("'%s' does not say '%s'", err.what, said);
    buf_release(&out);
}

static void test_list(void **state)
{
    (void)state;
    lists(&(struct asked){.options = {"tables", "all"}}, TG_OK, "Odd \"Name;orders;other;");
    lists(&(struct asked){.options = {"tables", "all", "include_views", "true"}}, TG_OK,
          "Odd \"Name;orders;other;seen;");
    lists(&(struct asked){.options = {"tables", "o*\nseen"}}, TG_OK, "orders;other;seen;");
    lists(&(struct asked){.options = {"tables", "o*", "excluded_columns", "a"}}, TG_OK,
          "orders;other;");
    lists(&(struct asked){.options = {"tables", "o*", "excluded_columns", "b"}}, TG_SPEC,
          "no table of the group has a column 'b'");
    lists(&(struct asked){.options = {"tables", "s*"}}, TG_SOURCE, "include_views: true");
    lists(&(struct asked){.options = {"tables", "Orders"}}, TG_SOURCE, "did you mean 'orders'?");
    /* of a member what is left out may be missing */
    reads(&(struct asked){.options = {"table", "other", "tables", "o*", "excluded_columns", "id"}},
          "");
}

/* ---- PostgreSQL: what changes under our eyes ---- */

/* The table is described, then `change` happens, then it is read. */
static void changes(const char *change, const char *part, const char *column)
{
    int rc;
    struct arena arena;
    struct sources sources = {0};
    struct source_facts facts;
    struct page page = {.kind = PAGE_END};
    struct page_stream *stream = NULL;
    struct tg_error err = {0};
    const struct option_value url = {"connection", postgres_uri()};
    const struct option_value table = {"table", "moving"};
    struct resource_request request = {.source = {.services = {.ctx = &ctx},
                                                  .name = "s",
                                                  .folder = folder,
                                                  .values = &url,
                                                  .value_count = 1},
                                       .name = "r",
                                       .values = &table,
                                       .value_count = 1,
                                       .cursor = &none};
    arena_init(&arena);
    free(postgres_sql("SET client_min_messages = warning; DROP TABLE IF EXISTS moving;"
                      "CREATE TABLE moving (id int PRIMARY KEY, name text NOT NULL)"));
    rc = sources_describe(&sources, source_find("sql"), &request, &arena, &facts, &err);
    assert_int_equal(rc, TG_OK);
    assert_int_equal(facts.primary_key_count, 1);
    free(postgres_sql(change));
    rc = sources_read(&sources, source_find("sql"), &request, &stream, &err);
    rc = rc == TG_OK ? stream->next(stream, &page, &err) : rc;
    assert_int_equal(rc, TG_SOURCE);
    if (!strstr(err.what, part) || !strstr(err.what, column))
        fail_msg("'%s' does not say '%s' and '%s'", err.what, part, column);
    assert_string_equal(err.table, "moving");
    page_release(&page);
    page_stream_close(stream);
    sources_close(&sources);
    arena_release(&arena);
}

static void test_changes(void **state)
{
    (void)state;
    changes("ALTER TABLE moving RENAME COLUMN name TO title", "run again", "name");
    changes("DROP TABLE moving", "run again", "moving");
    changes("ALTER TABLE moving RENAME TO moved", "run again", "moving");
}

/* ---- memory ---- */

static int torture_all(void)
{
    struct buf out = BUF_INIT;
    const struct tg_cursor cursor = {.path = "id", .start = {.kind = TG_VALUE_INT64, .int64 = 2}};
    const struct asked table = {.options = {"table", "orders", "excluded_columns", "span"},
                                .cursor = &cursor};
    const struct asked query = {.options = {"query", "SELECT id FROM orders"}};
    const struct asked group = {.options = {"tables", "o*"}};
    int rc = TG_OK;
    TRY(read_rows(&table, NULL, NULL));
    TRY(describe(&query, &out, NULL));
    TRY(list(&group, &out, NULL));
done:
    buf_release(&out);
    return rc;
}

static void test_memory(void **state)
{
    (void)state;
    torture(torture_all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reading, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_cursor, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_no_database, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_describe, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_list, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_changes, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_memory, setup, folder_teardown),
    };
    return cmocka_run_group_tests_name("sql", tests, NULL, NULL);
}
