/* A property: what the cursor takes of a table is the same whether the database was asked for these
 * rows, or for all of them. Random rows with NULLs, ties and NaN, random cursors, on each of the
 * databases; make torture has three times as many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "database/connection.h"
#include "extract/cursor/cursor.h"
#include "extract/source.h"
#include "helper.h"
#include "tests/postgres.h"
#include "tests/torture.h"

enum { ROWS = 60, CURSORS = 100, CURSORS_FEW = 30, TABLES = 2, FIELDS_MAX = 3, VALUES = 6 };

static struct context ctx;
static const char *folder;
static uint64_t seed;

static uint32_t draw(uint32_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % below;
}

/* ---- a database ---- */

/* Columns in the order of their names: an integer, a text, a double, a time, a decimal of more
 * digits than a double has, a date, nanoseconds. */
enum { A_INT, B_TEXT, C_REAL, D_TIME, E_DECIMAL, F_DATE, G_NANOS, COLUMNS };
static const char *const names[COLUMNS] = {"a", "b", "c", "d", "e", "f", "g"};

struct kind {
    const char *name, *nan;
    uint32_t columns; /* the first ones; the others it has no types for */
    const char *types[COLUMNS];
};

static const struct kind duckdb = {
    "duckdb",
    "'NaN'",
    COLUMNS,
    {"BIGINT", "VARCHAR", "DOUBLE", "TIMESTAMPTZ", "DECIMAL(38,20)", "DATE", "TIMESTAMP_NS"}};
static const struct kind postgres = {
    "postgres",
    "'NaN'",
    G_NANOS,
    {"bigint", "text", "double precision", "timestamptz", "numeric(38,20)", "date"}};
static const struct kind sqlite = {
    "sqlite", "NULL", D_TIME, {"INTEGER", "TEXT", "REAL", "TEXT", "TEXT", "TEXT", "TEXT"}};

/* Few values each, so that many rows are equal. Texts differ in case, which another order than that
 * of bytes would not see; numbers in digits that a double does not have. */
static const char *const values[COLUMNS][VALUES] = {
    {"-2", "-1", "9007199254740992", "9007199254740993", "9007199254740994", "9007199254740995"},
    {"a", "B", "b", "Z", "10", "9"},
    {"0.0", "0.1", "0.2", "0.30000000000000004", "9007199254740992.0", "9007199254740994.0"},
    {"2024-01-01 00:00:00+00", "2024-01-02 00:00:00+00", "2024-01-02 00:00:00.000001+00",
     "2024-01-03 00:00:00+00", "2024-01-04 00:00:00+00", "2024-01-05 12:00:00+00"},
    {"0.1", "0.09999999999999999999", "0.10000000000000000001", "5", "4.99999999999999999999",
     "12345678901234567.5"},
    {"2023-12-31", "2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04", "2024-02-29"},
    {"2024-01-01 00:00:00", "2024-01-01 00:00:00.000000001", "2024-01-01 00:00:00.000000999",
     "2024-01-01 00:00:00.000001", "2024-01-02 00:00:00", "2024-01-02 00:00:00.000000500"},
};

/* What a bound says: of some columns also what rows do not have. */
static const char *const bounds[COLUMNS][VALUES] = {
    {"-1", "0.5", "9007199254740993", "9007199254740994.0", "9007199254740994", "3"},
    {"a", "B", "b", "Z", "10", "9"},
    {"0.1", "0.2", "0", "0.30000000000000004", "9007199254740993", "9007199254740995"},
    {"2024-01-02", "2024-01-02 00:00:00+00", "2024-01-02T00:00:00.000001Z", "2024-01-03",
     "2024-01-04T01:00:00+01:00", "2024-01-05"},
    {"0.1", "0.09999999999999999999", "0.10000000000000000001", "5", "5.0", "12345678901234567"},
    {"2024-01-01", "2024-01-02 00:00:00", "2024-01-02T12:00:00Z", "2024-01-03", "2024-02-29",
     "2025-01-01"},
    {"2024-01-01", "2024-01-01 00:00:00", "2024-01-01T00:00:00.000001Z", "2024-01-02T00:00:00Z",
     "2024-01-01 00:00:00.000000999", "2024-01-03"},
};

static bool is_number(int column)
{
    return column == A_INT || column == C_REAL || column == E_DECIMAL;
}

static void put_row(struct buf *out, const struct kind *kind, int id)
{
    buf_printf(out, "%s(%d", id > 0 ? ", " : "", id);
    for (int column = 0; column < COLUMNS; column++) {
        uint32_t value = draw(8);
        buf_text(out, ", ");
        if ((uint32_t)column >= kind->columns)
            buf_text(out, "NULL");
        else if (value < VALUES)
            buf_printf(out, is_number(column) ? "%s" : "'%s'", values[column][value]);
        else
            buf_text(out, value == 7 && column == C_REAL ? kind->nan : "NULL");
    }
    buf_char(out, ')');
}

static void make_table(const struct location *where, const struct kind *kind)
{
    struct connection *con = NULL;
    struct buf sql = BUF_INIT;
    struct tg_error err = {0};
    int rc = connection_open(&ctx, where, true, &con, &err);
    buf_text(&sql, "CREATE TABLE t (id INTEGER");
    for (int i = 0; i < COLUMNS; i++)
        buf_printf(&sql, ", %s %s", names[i], kind->types[i] ? kind->types[i] : "text");
    buf_char(&sql, ')');
    if (rc == TG_OK)
        (void)!connection_exec(con, "DROP TABLE t", NULL, NULL);
    if (rc == TG_OK)
        rc = connection_exec(con, buf_string(&sql), NULL, &err);
    buf_clear(&sql);
    buf_text(&sql, "INSERT INTO t VALUES ");
    for (int id = 0; id < ROWS; id++)
        put_row(&sql, kind, id);
    if (rc == TG_OK)
        rc = connection_exec(con, buf_string(&sql), NULL, &err);
    if (rc != TG_OK)
        fail_msg("%s: %s", err.where, err.what);
    connection_close(con);
    buf_release(&sql);
}

/* ---- a cursor ---- */

struct chosen {
    const char *paths[FIELDS_MAX];
    char path[16];
    size_t count;
    char start[128], end[128]; /* JSON; "": there is none */
    char bounds[2][128];       /* what the options borrow of them */
    char stored[128];          /* the start, where a run before has ended there */
    struct cursor_options options;
    enum tg_row_order row_order;
};

static void choose_bound(const struct chosen *chosen, char out[128])
{
    struct buf json = BUF_INIT;
    const size_t parts = 1 + draw((uint32_t)chosen->count);
    out[0] = '\0';
    if (draw(4) == 0)
        return;
    buf_char(&json, '[');
    for (size_t i = 0; i < parts; i++) {
        const int column = chosen->paths[i][0] - 'a';
        buf_text(&json, i > 0 ? "," : "");
        buf_printf(&json, is_number(column) ? "%s" : "\"%s\"", bounds[column][draw(VALUES)]);
    }
    buf_char(&json, ']');
    snprintf(out, 128, "%s", buf_string(&json));
    buf_release(&json);
}

/* A cursor of one field has no list; then its bound is what stands in it. */
static struct tg_value bound(const char *json, char text[128], size_t count)
{
    size_t len = strlen(json);
    snprintf(text, 128, "%s", json);
    if (len == 0)
        return (struct tg_value){.kind = TG_VALUE_NONE};
    if (count > 1)
        return (struct tg_value){.kind = TG_VALUE_JSON, .text = text};
    text[len - 1] = '\0';
    if (text[1] != '"')
        return strchr(text, '.')
                   ? (struct tg_value){.kind = TG_VALUE_DOUBLE, .real = strtod(text + 1, NULL)}
                   : (struct tg_value){.kind = TG_VALUE_INT64, .int64 = strtol(text + 1, NULL, 10)};
    text[len - 2] = '\0';
    return (struct tg_value){.kind = TG_VALUE_TEXT, .text = text + 2};
}

/* A run that goes on, from as far before its value as the lag says. */
static void go_on(struct chosen *chosen)
{
    const int column = chosen->paths[0][0] - 'a';
    const size_t len = strlen(chosen->start);
    if (len == 0 || column == B_TEXT || draw(3) > 0)
        return;
    snprintf(chosen->stored, sizeof(chosen->stored), "%s", chosen->start);
    if (chosen->count == 1)
        snprintf(chosen->stored, sizeof(chosen->stored), "%.*s", (int)len - 2, chosen->start + 1);
    chosen->options.stored_last_json = chosen->stored;
    chosen->options.initial_value = (struct tg_value){.kind = TG_VALUE_NONE};
    chosen->options.end_value = (struct tg_value){.kind = TG_VALUE_NONE};
    chosen->options.lag = !is_number(column) ? "1d" : draw(2) ? "1" : "0.1";
}

static void choose(struct chosen *chosen, const struct kind *kind)
{
    const uint32_t columns = kind->columns, first = draw(columns);
    *chosen = (struct chosen){.count = 1 + draw(FIELDS_MAX)};
    for (size_t i = 0; i < chosen->count; i++) {
        chosen->paths[i] = names[(first + i) % columns];
        strcat(chosen->path, chosen->paths[i]);
    }
    choose_bound(chosen, chosen->start);
    choose_bound(chosen, chosen->end);
    chosen->row_order = (enum tg_row_order)draw(3);
    chosen->options = (struct cursor_options){
        .path = chosen->count > 1 ? chosen->path : chosen->paths[0],
        .paths = chosen->paths,
        .path_count = chosen->count,
        .initial_value = bound(chosen->start, chosen->bounds[0], chosen->count),
        .end_value = bound(chosen->end, chosen->bounds[1], chosen->count),
        .start_is_open = draw(2) == 0,
        .end_is_closed = draw(2) == 0,
        .last_value = draw(2) == 0 ? TG_MAX : TG_MIN,
        .on_missing = draw(2) == 0 ? TG_INCLUDE : TG_EXCLUDE,
        .hash = CURSOR_HASH_NONE,
    };
    go_on(chosen);
}

/* ---- what it takes ---- */

static void note_ids(const struct page *page, bool taken[ROWS])
{
    struct buf out = BUF_INIT;
    put_page(&out, page);
    for (const char *at = buf_string(&out); (at = strstr(at, "id")); at++) {
        const char *digits = at + strcspn(at, "0123456789");
        taken[strtol(digits, NULL, 10)] = true;
    }
    buf_release(&out);
}

/* How many rows were read for it. */
static size_t take(const struct option_value *source, const struct chosen *chosen, bool pushed,
                   bool taken[ROWS])
{
    size_t read = 0;
    uint64_t dropped;
    struct tg_error err = {0};
    struct sources sources = {0};
    struct cursor *cursor = NULL;
    struct page_stream *stream = NULL;
    struct page page = {.kind = PAGE_END};
    const struct option_value table = {"table", "t"};
    memset(taken, 0, ROWS * sizeof(*taken));
    if (cursor_new(&chosen->options, &cursor, &err) != TG_OK)
        fail_msg("%s", err.what);
    const struct resource_request request = {
        .source = {.services = {.ctx = &ctx},
                   .name = "s",
                   .folder = folder,
                   .values = source,
                   .value_count = source[1].name ? 2 : 1},
        .name = "r",
        .values = &table,
        .value_count = 1,
        .cursor = cursor_view(cursor),
        .last_value = chosen->options.last_value,
        .on_missing = chosen->options.on_missing,
        .start_is_open = chosen->options.start_is_open,
        .end_is_closed = chosen->options.end_is_closed,
        .row_order = pushed ? chosen->row_order : TG_ANY_ORDER, /* what is sorted is pushed */
        .orders_itself = !pushed,
    };
    int rc = sources_read(&sources, source_find("sql"), &request, &stream, &err);
    do {
        rc = rc == TG_OK ? stream->next(stream, &page, &err) : rc;
        read += page.read_count;
        if (rc == TG_OK && page.kind != PAGE_END)
            rc = cursor_filter(cursor, &page, &dropped, &err);
        if (rc != TG_OK)
            fail_msg("%s: %s", err.where, err.what);
        if (page.kind != PAGE_END)
            note_ids(&page, taken);
    } while (page.kind != PAGE_END);
    page_release(&page);
    page_stream_close(stream);
    sources_close(&sources);
    cursor_free(cursor);
    return read;
}

static void compare(const struct location *where, const struct option_value *source,
                    const struct kind *kind)
{
    size_t pushed_rows = 0, all_rows = 0;
    bool pushed[ROWS], all[ROWS];
    struct chosen chosen;
    for (int t = 0; t < TABLES; t++) {
        seed = (uint64_t)t + 1;
        make_table(where, kind);
        for (int i = 0, count = trials(CURSORS_FEW, CURSORS); i < count; i++) {
            choose(&chosen, kind);
            if (chosen.options.end_value.kind != TG_VALUE_NONE &&
                chosen.options.initial_value.kind == TG_VALUE_NONE)
                continue;
            pushed_rows += take(source, &chosen, true, pushed);
            all_rows += take(source, &chosen, false, all);
            for (int id = 0; id < ROWS; id++)
                if (pushed[id] != all[id])
                    fail_msg("%s, table %d, cursor %d (%s from %s to %s%s): row %d is %s",
                             kind->name, t, i, chosen.path, chosen.start, chosen.end,
                             chosen.stored[0] ? ", with a lag" : "", id,
                             pushed[id] ? "taken when it is asked for" : "not asked for");
        }
    }
    if (pushed_rows >= all_rows / 4 * 3)
        fail_msg("%s: %zu rows of %zu were asked for", kind->name, pushed_rows, all_rows);
}

static void test_duckdb(void **state)
{
    (void)state;
    char url[1100];
    snprintf(url, sizeof(url), "duckdb:///%s", path_in(folder, "p.duckdb"));
    const struct option_value source[] = {{"connection", url}, {"schema", "main"}};
    compare(&(struct location){.url = url}, source, &duckdb);
}

static void test_postgres(void **state)
{
    (void)state;
    const struct option_value source[] = {{"connection", postgres_uri()}, {"schema", "public"}};
    compare(&(struct location){.url = postgres_uri(), .dataset = "public"}, source, &postgres);
}

static void test_sqlite(void **state)
{
    (void)state;
    char map[1200];
    const char *file = path_in(folder, "p.sqlite");
    snprintf(map, sizeof(map), "{\"driver\":\"%s\",\"uri\":\"%s\",\"dialect\":\"sqlite\"}",
             SQLITE_DRIVER, file);
    const struct option_value source[] = {{"connection", map}, {NULL, NULL}};
    compare(&(struct location){.driver = SQLITE_DRIVER, .uri = file, .dialect = "sqlite"}, source,
            &sqlite);
}

static int setup(void **state)
{
    int rc = folder_setup(state);
    folder = *state;
    context_init(&ctx);
    ctx.wakeup = -1;
    return rc;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_duckdb, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_sqlite, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_postgres, setup, folder_teardown),
    };
    return cmocka_run_group_tests_name("extract/pushdown", tests, NULL, NULL);
}
