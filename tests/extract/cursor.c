#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "cursor_helper.h"
#include "tests/torture.h"

static struct tg_error error_of(struct cursor *cursor, const char *lines, int code)
{
    struct text_page memory;
    struct page page;
    struct tg_error err = {0};
    uint64_t dropped;
    page_from_lines(&memory, lines, &page);
    page.file = "a.jsonl";
    assert_int_equal(cursor_filter(cursor, &page, &dropped, &err), code);
    assert_int_equal(err.code, code);
    text_page_release(&memory, &page);
    return err;
}

/* ---- the first run, and the next ---- */

static void test_first_run(void **state)
{
    struct cursor *cursor = cursor_of(&(struct cursor_options){.path = "ts"});
    (void)state;
    assert_int_equal(cursor_view(cursor)->start.kind, TG_VALUE_NONE);
    assert_false(cursor_moved(cursor));
    assert_string_equal(last_of(cursor), "null");
    assert_string_equal(kept_of(cursor, "{\"ts\":2}\n{\"ts\":1}\n{\"ts\":3}\n"),
                        "{\"ts\":2} {\"ts\":1} {\"ts\":3} ");
    assert_string_equal(kept_of(cursor, ""), "");
    assert_string_equal(last_of(cursor), "3");
    assert_true(cursor_moved(cursor));
    assert_int_equal(cursor_view(cursor)->last.int64, 3);
    assert_int_equal(cursor_view(cursor)->start.kind, TG_VALUE_NONE);
    cursor_free(cursor);
}

static void start_is_fixed_and_last_moves_with_each_page(void **state)
{
    struct cursor *cursor = cursor_of(
        &(struct cursor_options){.path = "ts", .initial_value = INT(1), .stored_last_json = "5"});
    const struct tg_cursor *view = cursor_view(cursor);
    (void)state;
    for (int64_t last = 6; last < 8; last++) {
        char line[40];
        snprintf(line, sizeof(line), "{\"ts\":%d}\n", (int)last);
        kept_of(cursor, line);
        assert_int_equal(view->start.int64, 5);
        assert_int_equal(view->last.int64, last);
    }
    cursor_free(cursor);
}

/* Hashes as dlt makes them (reference 6.4). */
static void test_hashes_of_dlt(void **state)
{
    static const char *const id[] = {"id"}, *const both[] = {"id", "k"};
    struct cursor *row = cursor_of(&(struct cursor_options){.path = "ts"});
    struct cursor *one = cursor_of(
        &(struct cursor_options){.path = "ts", .hash = CURSOR_HASH_KEY, .key = id, .key_count = 1});
    struct cursor *two = cursor_of(&(struct cursor_options){
        .path = "ts", .hash = CURSOR_HASH_KEY, .key = both, .key_count = 2});
    struct cursor *none =
        cursor_of(&(struct cursor_options){.path = "ts", .hash = CURSOR_HASH_NONE});
    (void)state;
    kept_of(row, "{\"ts\":10,\"id\":1}");
    assert_string_equal(hashes_of(row), "QJiFUPDQcNAj5T+UDtSb");
    kept_of(one, "{\"ts\":10,\"id\":1}");
    assert_string_equal(hashes_of(one), "669czW83KR00ut4bv/U5");
    kept_of(two, "{\"ts\":10,\"k\":\"a\",\"id\":1}");
    assert_string_equal(hashes_of(two), "ndvRJS8rm8iAiHfET37I");
    kept_of(none, "{\"ts\":10,\"id\":1}");
    assert_string_equal(hashes_of(none), "");
    cursor_free(row);
    cursor_free(one);
    cursor_free(two);
    cursor_free(none);
}

/* Rows at the start are recognised; out of order ones between start and last are delivered. */
static void test_boundary(void **state)
{
    static const char *const hashes[] = {"QJiFUPDQcNAj5T+UDtSb"};
    struct cursor *cursor = cursor_of(&(struct cursor_options){.path = "ts",
                                                               .initial_value = INT(1),
                                                               .stored_last_json = "10",
                                                               .stored_hashes = hashes,
                                                               .stored_hash_count = 1});
    (void)state;
    assert_int_equal(cursor_view(cursor)->start.int64, 10);
    assert_string_equal(kept_of(cursor, "{\"id\":1,\"ts\":10}\n{\"id\":0,\"ts\":9}\n"), "");
    assert_false(cursor_moved(cursor));
    assert_string_equal(kept_of(cursor,
                                "{\"id\":3,\"ts\":12}\n{\"id\":4,\"ts\":11}\n{\"id\":1,\"ts\":10}\n"
                                "{\"id\":5,\"ts\":10}\n{\"id\":6,\"ts\":9}\n"),
                        "{\"id\":3,\"ts\":12} {\"id\":4,\"ts\":11} {\"id\":5,\"ts\":10} ");
    assert_string_equal(last_of(cursor), "12");
    assert_true(cursor_moved(cursor));
    assert_null(strstr(hashes_of(cursor), "QJiFUPDQcNAj5T+UDtSb"));
    assert_int_equal(cursor_hashes(cursor, &(const char *const *){NULL}), 1);
    cursor_free(cursor);
}

static void test_more_rows_at_the_stored_value(void **state)
{
    static const char *const hashes[] = {"QJiFUPDQcNAj5T+UDtSb"};
    struct cursor_options options = {
        .path = "ts", .stored_last_json = "10", .stored_hashes = hashes, .stored_hash_count = 1};
    struct cursor *cursor = cursor_of(&options);
    const char *const *united;
    (void)state;
    assert_string_equal(kept_of(cursor, "{\"id\":2,\"ts\":10}\n{\"id\":1,\"ts\":10}\n"),
                        "{\"id\":2,\"ts\":10} ");
    assert_true(cursor_moved(cursor));
    assert_string_equal(last_of(cursor), "10");
    assert_int_equal(cursor_hashes(cursor, &united), 2);
    assert_true(strcmp(united[0], united[1]) < 0);
    /* What that left makes both known. */
    options.stored_hashes = united;
    options.stored_hash_count = 2;
    struct cursor *next = cursor_of(&options);
    assert_string_equal(kept_of(next, "{\"id\":2,\"ts\":10}\n{\"id\":1,\"ts\":10}\n"), "");
    assert_false(cursor_moved(next));
    cursor_free(next);
    cursor_free(cursor);
}

/* Equal rows of one run are not touched, and their hash is kept once. */
static void test_duplicates_within_a_run(void **state)
{
    struct cursor *cursor = cursor_of(&(struct cursor_options){.path = "ts"});
    (void)state;
    assert_string_equal(kept_of(cursor, "{\"ts\":1}\n{\"ts\":1}\n"), "{\"ts\":1} {\"ts\":1} ");
    assert_string_equal(kept_of(cursor, "{\"ts\":1}\n"), "{\"ts\":1} ");
    assert_int_equal(cursor_hashes(cursor, &(const char *const *){NULL}), 1);
    cursor_free(cursor);
}

static void test_changed_row_at_the_boundary(void **state)
{
    static const char *const id[] = {"id"}, *const hashes[] = {"669czW83KR00ut4bv/U5"};
    struct cursor *cursor = cursor_of(&(struct cursor_options){.path = "ts",
                                                               .hash = CURSOR_HASH_KEY,
                                                               .key = id,
                                                               .key_count = 1,
                                                               .stored_last_json = "10",
                                                               .stored_hashes = hashes,
                                                               .stored_hash_count = 1});
    (void)state;
    assert_string_equal(kept_of(cursor, "{\"id\":1,\"ts\":10,\"new\":true}\n"), "");
    cursor_free(cursor);
}

static void test_many_at_the_boundary(void **state)
{
    struct cursor *cursor = cursor_of(&(struct cursor_options){.path = "ts"});
    struct buf lines = BUF_INIT;
    const char *const *hashes;
    (void)state;
    for (int i = 0; i < 5000; i++)
        buf_printf(&lines, "{\"id\":%d,\"ts\":1}\n", i % 3000);
    kept_of(cursor, buf_string(&lines));
    kept_of(cursor, buf_string(&lines));
    assert_int_equal(cursor_hashes(cursor, &hashes), 3000);
    for (size_t i = 1; i < 3000; i++)
        assert_true(strcmp(hashes[i - 1], hashes[i]) < 0);
    buf_release(&lines);
    cursor_free(cursor);
}

static void test_crowded_boundary(void **state)
{
    struct cursor *cursor = cursor_of(&(struct cursor_options){.path = "ts", .hash_count_max = 2});
    (void)state;
    kept_of(cursor, "{\"id\":1,\"ts\":1}\n{\"id\":2,\"ts\":1}\n");
    assert_int_equal(cursor_hashes(cursor, &(const char *const *){NULL}), 2);
    kept_of(cursor, "{\"id\":3,\"ts\":1}\n");
    assert_string_equal(hashes_of(cursor), "");
    kept_of(cursor, "{\"id\":4,\"ts\":1}\n");
    assert_string_equal(hashes_of(cursor), "");
    kept_of(cursor, "{\"id\":4,\"ts\":2}\n");
    assert_int_equal(cursor_hashes(cursor, &(const char *const *){NULL}), 1);
    cursor_free(cursor);
}

/* ---- options ---- */

static void test_initial_value(void **state)
{
    struct cursor_options options = {.path = "ts", .initial_value = INT(5)};
    struct cursor *cursor = cursor_of(&options);
    struct buf json = BUF_INIT;
    (void)state;
    assert_string_equal(kept_of(cursor, "{\"ts\":4}\n"), "");
    assert_false(cursor_moved(cursor));
    assert_string_equal(kept_of(cursor, "{\"ts\":5}\n{\"ts\":5.5}\n"), "{\"ts\":5} {\"ts\":5.5} ");
    assert_string_equal(last_of(cursor), "5.5");
    assert_int_equal(cursor_initial_json(cursor, &json, NULL), TG_OK);
    assert_string_equal(buf_string(&json), "5");
    buf_release(&json);
    cursor_free(cursor);
    /* What was stored wins; a stored null does not. */
    options.stored_last_json = "7";
    cursor = cursor_of(&options);
    assert_string_equal(kept_of(cursor, "{\"ts\":6}\n{\"ts\":7}\n"), "{\"ts\":7} ");
    cursor_free(cursor);
    options.stored_last_json = "null";
    cursor = cursor_of(&options);
    assert_string_equal(kept_of(cursor, "{\"ts\":4}\n{\"ts\":6}\n"), "{\"ts\":6} ");
    cursor_free(cursor);
}

static void test_min(void **state)
{
    struct cursor *cursor = cursor_of(&(struct cursor_options){
        .path = "ts", .last_value = TG_MIN, .initial_value = INT(10), .stored_last_json = "8"});
    (void)state;
    assert_string_equal(kept_of(cursor, "{\"ts\":9}\n{\"ts\":8}\n{\"ts\":5}\n{\"ts\":7}\n"),
                        "{\"ts\":8} {\"ts\":5} {\"ts\":7} ");
    assert_string_equal(last_of(cursor), "5");
    assert_int_equal(cursor_hashes(cursor, &(const char *const *){NULL}), 1);
    cursor_free(cursor);
    cursor = cursor_of(&(struct cursor_options){
        .path = "ts", .last_value = TG_MIN, .initial_value = INT(10), .end_value = INT(5)});
    assert_string_equal(kept_of(cursor, "{\"ts\":11}\n{\"ts\":10}\n{\"ts\":6}\n{\"ts\":5}\n"),
                        "{\"ts\":10} {\"ts\":6} ");
    cursor_free(cursor);
}

/* A window: neither reads nor writes what is stored, recognises nothing. */
static void test_end_value(void **state)
{
    static const char *const hashes[] = {"QJiFUPDQcNAj5T+UDtSb"};
    struct cursor *cursor = cursor_of(&(struct cursor_options){.path = "ts",
                                                               .initial_value = INT(10),
                                                               .end_value = INT(12),
                                                               .stored_last_json = "50",
                                                               .stored_hashes = hashes,
                                                               .stored_hash_count = 1});
    (void)state;
    assert_string_equal(
        kept_of(cursor,
                "{\"id\":1,\"ts\":10}\n{\"ts\":9}\n{\"ts\":12}\n{\"ts\":13}\n{\"ts\":11}\n"),
        "{\"id\":1,\"ts\":10} {\"ts\":11} ");
    assert_false(cursor_moved(cursor));
    assert_string_equal(hashes_of(cursor), "");
    assert_int_equal(cursor_view(cursor)->end.int64, 12);
    cursor_free(cursor);
}

static void test_missing(void **state)
{
    static const char lines[] = "{\"ts\":1}\n\n{\"id\":2}\n{\"ts\":null}\n{\"ts\":3}\n";
    struct cursor *cursor = cursor_of(&(struct cursor_options){.path = "ts"});
    struct tg_error err;
    (void)state;
    err = error_of(cursor, lines, TG_DATA);
    assert_string_equal(err.where, "file 'a.jsonl', line 3");
    assert_non_null(strstr(err.what, "'ts'"));
    assert_non_null(strstr(err.what, "on_cursor_value_missing"));
    cursor_free(cursor);
    cursor = cursor_of(&(struct cursor_options){.path = "ts", .on_missing = TG_INCLUDE});
    assert_string_equal(kept_of(cursor, lines), "{\"ts\":1} {\"id\":2} {\"ts\":null} {\"ts\":3} ");
    assert_string_equal(last_of(cursor), "3");
    cursor_free(cursor);
    cursor = cursor_of(
        &(struct cursor_options){.path = "ts", .on_missing = TG_EXCLUDE, .end_value = INT(3)});
    assert_string_equal(kept_of(cursor, lines), "{\"ts\":1} ");
    cursor_free(cursor);
}

static void test_clash(void **state)
{
    struct cursor *cursor = cursor_of(&(struct cursor_options){.path = "ts"});
    struct tg_error err;
    (void)state;
    kept_of(cursor, "{\"ts\":1}\n");
    err = error_of(cursor, "{\"ts\":2}\n{\"ts\":\"x\"}\n", TG_DATA);
    assert_string_equal(err.where, "file 'a.jsonl', line 2");
    assert_non_null(strstr(err.what, "'x'"));
    assert_non_null(strstr(err.what, "text"));
    err = error_of(cursor, "{\"ts\":[1]}\n", TG_DATA);
    assert_non_null(strstr(err.what, "no order"));
    cursor_free(cursor);
    cursor = cursor_of(&(struct cursor_options){.path = "ts", .stored_last_json = "\"a\""});
    error_of(cursor, "{\"ts\":1}\n", TG_DATA);
    cursor_free(cursor);
}

static void test_missing_key(void **state)
{
    static const char *const id[] = {"id"};
    struct cursor *cursor = cursor_of(
        &(struct cursor_options){.path = "ts", .hash = CURSOR_HASH_KEY, .key = id, .key_count = 1});
    struct tg_error err = error_of(cursor, "{\"ts\":1,\"id\":1}\n{\"ts\":2}\n", TG_DATA);
    (void)state;
    assert_string_equal(err.where, "file 'a.jsonl', line 2");
    assert_non_null(strstr(err.what, "'id'"));
    cursor_free(cursor);
}

/* ---- values ---- */

static void test_texts_as_instants(void **state)
{
    struct cursor *cursor = cursor_of(
        &(struct cursor_options){.path = "at", .initial_value = TEXT("2024-01-01T00:00:00Z")});
    (void)state;
    assert_string_equal(kept_of(cursor, "{\"at\":\"2024-01-01T01:00:00+02:00\"}\n"
                                        "{\"at\":\"2024-01-01T02:00:00+02:00\"}\n"
                                        "{\"at\":\"2024-01-01T00:30:00Z\"}\n"
                                        "{\"at\":\"2024-01-01T02:15:00+02:00\"}\n"),
                        "{\"at\":\"2024-01-01T02:00:00+02:00\"} {\"at\":\"2024-01-01T00:30:00Z\"} "
                        "{\"at\":\"2024-01-01T02:15:00+02:00\"} ");
    assert_string_equal(last_of(cursor), "\"2024-01-01T00:30:00Z\"");
    assert_string_equal(cursor_view(cursor)->last.text, "2024-01-01T00:30:00Z");
    cursor_free(cursor);
}

/* Where they are times, a window of texts that are in order may be empty. */
static void test_bounds_that_leave_nothing(void **state)
{
    struct tg_error err;
    struct cursor *cursor = NULL;
    struct cursor_options options = {.path = "at",
                                     .initial_value = TEXT("2024-01-01T20:00:00-05:00"),
                                     .end_value = TEXT("2024-01-02")};
    (void)state;
    assert_int_equal(cursor_new(&options, &cursor, &err), TG_OK);
    cursor_free(cursor);
    options.bounds_are_times = true;
    assert_int_equal(cursor_new(&options, &cursor, &err), TG_USAGE);
    assert_null(cursor);
    assert_non_null(strstr(err.what, "from initial_value 2024-01-02 01:00:00 on to before "
                                     "end_value 2024-01-02; exchange the two"));
}

/* Days, in whatever form and zone the values come; who looks at the bounds sees them as they were
 * said. */
static void test_bounds_that_are_times(void **state)
{
    struct cursor *cursor = cursor_of(&(struct cursor_options){.path = "at",
                                                               .initial_value = TEXT("2024-01-01"),
                                                               .end_value = TEXT("2024-01-02"),
                                                               .bounds_are_times = true});
    (void)state;
    assert_string_equal(kept_of(cursor, "{\"at\":\"2023-12-31T23:30:00-02:00\"}\n"
                                        "{\"at\":\"2024-01-01T00:30:00+01:00\"}\n"
                                        "{\"at\":\"2024-01-01\"}\n"
                                        "{\"at\":\"2024-01-02T00:00:00Z\"}\n"),
                        "{\"at\":\"2023-12-31T23:30:00-02:00\"} {\"at\":\"2024-01-01\"} ");
    assert_string_equal(cursor_view(cursor)->start.text, "2024-01-01");
    assert_string_equal(cursor_view(cursor)->end.text, "2024-01-02");
    cursor_free(cursor);
}

static void test_stored_timestamp_and_text(void **state)
{
    struct cursor *cursor =
        cursor_of(&(struct cursor_options){.path = "at",
                                           .stored_last_json = "\"\xef\x80\xa7"
                                                               "2024-01-01T00:00:00+00:00\""});
    (void)state;
    assert_int_equal(cursor_view(cursor)->start.kind, TG_VALUE_TIMESTAMP);
    assert_int_equal(cursor_view(cursor)->start.int64, JAN_2024_US);
    assert_string_equal(
        kept_of(cursor, "{\"at\":\"2023-12-31T23:59:59Z\"}\n{\"at\":\"2024-01-01T00:00:01Z\"}\n"),
        "{\"at\":\"2024-01-01T00:00:01Z\"} ");
    cursor_free(cursor);
}

/* The text of the last value outlives its page. */
static void test_text_outlives_pages(void **state)
{
    struct cursor *cursor = cursor_of(&(struct cursor_options){.path = "k"});
    (void)state;
    kept_of(cursor, "{\"k\":\"b\"}\n{\"k\":\"a\"}\n");
    kept_of(cursor, "{\"k\":\"a\"}\n");
    assert_string_equal(last_of(cursor), "\"b\"");
    kept_of(cursor, "{\"k\":\"b\"}\n");
    kept_of(cursor, "{\"k\":\"\"}\n{\"k\":\"bb\"}\n");
    assert_string_equal(last_of(cursor), "\"bb\"");
    cursor_free(cursor);
}

/* ---- finding the field ---- */

static void test_paths(void **state)
{
    static const char *const good[] = {"a.b", "$.a.b"};
    static const char *const bad[] = {"", "$.", ".a", "a.", "a[?(@.b)]"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct cursor *cursor = cursor_of(&(struct cursor_options){
            .path = good[i], .initial_value = INT(2), .on_missing = TG_EXCLUDE});
        assert_string_equal(kept_of(cursor, "{\"a\":{\"b\":2}}\n{\"a\":{\"b\":1}}\n{\"a\":3}\n{}\n"
                                            "{\"a\":{\"c\":9,\"b\":3}}\n{\"a\":null}\n"),
                            "{\"a\":{\"b\":2}} {\"a\":{\"b\":3,\"c\":9}} ");
        assert_string_equal(cursor_view(cursor)->path, good[i]);
        cursor_free(cursor);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct tg_error err = {0};
        struct cursor *cursor;
        assert_int_equal(cursor_new(&(struct cursor_options){.path = bad[i]}, &cursor, &err),
                         TG_USAGE);
        assert_null(cursor);
        assert_non_null(strstr(err.what, "data.updated_at"));
    }
}

/* The place of the field changes from row to row, and values look like its name. */
static void test_moving_field(void **state)
{
    struct cursor *cursor =
        cursor_of(&(struct cursor_options){.path = "ts", .on_missing = TG_EXCLUDE});
    (void)state;
    assert_string_equal(kept_of(cursor, "{\"a\":1,\"ts\":1}\n"
                                        "{\"ts\":2,\"a\":1}\n"
                                        "{\"a\":{\"ts\":5},\"b\":[1,2],\"ts\":3}\n"
                                        "{\"a\":\"ts\",\"b\":{\"x\":1},\"ts\":4}\n"
                                        "{\"a\":[\"ts\",9]}\n"
                                        "{\"a\":\"ts\",\"b\":9}\n"
                                        "{}\n"
                                        "{\"x\":[],\"y\":{},\"z\":0,\"ts\":5}\n"
                                        "{\"x\":1,\"y\":2,\"z\":0,\"ts\":6}\n"),
                        "{\"a\":1,\"ts\":1} {\"a\":1,\"ts\":2} "
                        "{\"a\":{\"ts\":5},\"b\":[1,2],\"ts\":3} "
                        "{\"a\":\"ts\",\"b\":{\"x\":1},\"ts\":4} "
                        "{\"ts\":5,\"x\":[],\"y\":{},\"z\":0} {\"ts\":6,\"x\":1,\"y\":2,\"z\":0} ");
    assert_string_equal(last_of(cursor), "6");
    cursor_free(cursor);
}

static void test_bad_state(void **state)
{
    struct tg_error err = {0};
    struct cursor *cursor;
    (void)state;
    assert_int_equal(cursor_new(&(struct cursor_options){.path = "ts", .stored_last_json = "[1]"},
                                &cursor, &err),
                     TG_DATA);
    assert_null(cursor);
    cursor_free(NULL);
}

/* ---- batches: the same rows in both shapes give the same ---- */

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

struct sample {
    size_t count;
    bool has[64];
    int64_t ts[64];
    int64_t id[64];
};

static void make_batch(const struct sample *sample, bool timestamps, struct page *page)
{
    static const char *const names[] = {"ts", "id"};
    struct type_spec types[] = {{.type = timestamps ? TYPE_TIMESTAMP : TYPE_BIGINT},
                                {.type = TYPE_BIGINT}};
    struct column ts, id;
    struct ArrowArray children[2];
    *page = (struct page){.kind = PAGE_ARROW, .first_row = 1, .read_count = sample->count};
    assert_int_equal(column_init(&ts, &types[0], NULL), TG_OK);
    assert_int_equal(column_init(&id, &types[1], NULL), TG_OK);
    for (size_t i = 0; i < sample->count; i++) {
        if (sample->has[i])
            column_set_int64(&ts, i, sample->ts[i]);
        column_set_int64(&id, i, sample->id[i]);
    }
    assert_int_equal(column_export(&ts, sample->count, &children[0], NULL), TG_OK);
    assert_int_equal(column_export(&id, sample->count, &children[1], NULL), TG_OK);
    assert_int_equal(schema_make(names, types, 2, &page->schema, NULL), TG_OK);
    assert_int_equal(batch_make(children, 2, (int64_t)sample->count, &page->array, NULL), TG_OK);
}

static void make_rows(const struct sample *sample, bool timestamps, struct tg_rows *rows,
                      struct page *page)
{
    const yyjson_val **list;
    rows_clear(rows);
    for (size_t i = 0; i < sample->count; i++) {
        tg_rows_begin_object(rows);
        tg_rows_key(rows, "ts");
        if (!sample->has[i])
            tg_rows_null(rows);
        else if (timestamps)
            tg_rows_timestamp(rows, sample->ts[i]);
        else
            tg_rows_int64(rows, sample->ts[i]);
        tg_rows_key(rows, "id");
        tg_rows_int64(rows, sample->id[i]);
        tg_rows_end_object(rows);
    }
    *page = (struct page){.kind = PAGE_ROWS, .first_row = 1};
    assert_int_equal(rows_finish(rows, &list, &page->row_count, NULL), TG_OK);
    assert_int_equal(page->row_count, sample->count);
    assert_int_equal(mem_grow(&page->rows, &page->row_cap, sample->count + 1, sizeof(*list), NULL),
                     TG_OK);
    memcpy(page->rows, list, sample->count * sizeof(*list));
    page->read_count = sample->count;
    page->first_cell = list[0];
}

/* The ids that are left, in order. */
static void put_ids(struct buf *out, const struct page *page)
{
    for (size_t i = 0; i < page->row_count; i++)
        buf_printf(
            out, "%lld ",
            (long long)yyjson_get_sint((void *)(uintptr_t)cell_find(page->rows[i], "id", 2)));
    for (int64_t i = 0; page->kind == PAGE_ARROW && i < page->array.length; i++) {
        int64_t id = 0;
        assert_true(value_int64(page->schema.children[1], page->array.children[1], i, &id));
        buf_printf(out, "%lld ", (long long)id);
    }
}

static void compare_shapes(struct cursor *by_row, struct cursor *by_batch,
                           const struct sample *sample, bool timestamps)
{
    struct tg_rows *rows;
    struct page row_page, batch_page;
    struct buf left = BUF_INIT, right = BUF_INIT;
    uint64_t row_dropped, batch_dropped;
    assert_int_equal(rows_new(&rows, NULL), TG_OK);
    make_rows(sample, timestamps, rows, &row_page);
    make_batch(sample, timestamps, &batch_page);
    assert_int_equal(cursor_filter(by_row, &row_page, &row_dropped, NULL), TG_OK);
    assert_int_equal(cursor_filter(by_batch, &batch_page, &batch_dropped, NULL), TG_OK);
    assert_int_equal(row_dropped, batch_dropped);
    put_ids(&left, &row_page);
    put_ids(&right, &batch_page);
    assert_string_equal(buf_string(&left), buf_string(&right));
    buf_release(&left);
    buf_release(&right);
    page_release(&row_page);
    page_release(&batch_page);
    rows_free(rows);
}

static void compare_runs(uint32_t seed)
{
    static const char *const id[] = {"id"};
    bool timestamps = seed & 1;
    struct cursor_options options = {.path = "ts",
                                     .last_value = seed & 2 ? TG_MIN : TG_MAX,
                                     .on_missing = seed & 4 ? TG_INCLUDE : TG_EXCLUDE,
                                     .hash = seed & 8 ? CURSOR_HASH_KEY : CURSOR_HASH_ROW,
                                     .key = id,
                                     .key_count = 1};
    struct cursor *runs[3][2] = {{NULL}};
    char stored[256] = "", last[256];
    for (int run = 0; run < 3; run++) {
        runs[run][0] = cursor_of(&options);
        runs[run][1] = cursor_of(&options);
        for (int p = 0; p < 4; p++) {
            struct sample sample = {.count = 1 + next_random(&seed) % 63};
            for (size_t i = 0; i < sample.count; i++) {
                sample.has[i] = next_random(&seed) % 8 != 0;
                sample.ts[i] = (int64_t)(next_random(&seed) % 10) - 5;
                sample.id[i] = next_random(&seed) % 20;
            }
            compare_shapes(runs[run][0], runs[run][1], &sample, timestamps);
        }
        snprintf(last, sizeof(last), "%s", last_of(runs[run][0]));
        assert_string_equal(last_of(runs[run][1]), last);
        snprintf(stored, sizeof(stored), "%s", last);
        options.stored_last_json = stored;
        options.stored_hash_count = cursor_hashes(runs[run][0], &options.stored_hashes);
        const char *const *others;
        assert_int_equal(cursor_hashes(runs[run][1], &others), options.stored_hash_count);
        for (size_t i = 0; i < options.stored_hash_count; i++)
            assert_string_equal(others[i], options.stored_hashes[i]);
        assert_int_equal(cursor_moved(runs[run][0]), cursor_moved(runs[run][1]));
    }
    for (int run = 0; run < 3; run++) {
        cursor_free(runs[run][0]);
        cursor_free(runs[run][1]);
    }
}

static void test_batches_as_rows(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < 64; seed++)
        compare_runs(seed);
}

static int work(void)
{
    static const char *const id[] = {"id"}, *const hashes[] = {"669czW83KR00ut4bv/U5"};
    const struct cursor_options options = {.path = "$.ts",
                                           .initial_value = TEXT("a"),
                                           .hash = CURSOR_HASH_KEY,
                                           .key = id,
                                           .key_count = 1,
                                           .stored_last_json = "\"b\"",
                                           .stored_hashes = hashes,
                                           .stored_hash_count = 1};
    struct cursor *cursor = NULL;
    struct json_page *parser = NULL;
    struct page page = {.kind = PAGE_END};
    char text[] = " {\"ts\":\"b\",\"id\":1}\n{\"ts\":\"c\",\"id\":2}\n    ";
    struct buf out = BUF_INIT;
    uint64_t dropped;
    int rc = TG_OK;
    TRY(json_page_new(&parser, NULL));
    TRY(json_page_lines(parser, text + 1, strlen(text) - 5, 1, &page, NULL));
    TRY(cursor_new(&options, &cursor, NULL));
    TRY(cursor_filter(cursor, &page, &dropped, NULL));
    TRY(cursor_last_json(cursor, &out, NULL));
    TRY(cursor_initial_json(cursor, &out, NULL));
done:
    buf_release(&out);
    cursor_free(cursor);
    page_release(&page);
    json_page_free(parser);
    return rc;
}

static void test_out_of_memory(void **state)
{
    (void)state;
    torture(work);
}

/* ---- further tables ---- */

/* Counted by table is what is old, but not what has no value, nor what is the own table's. */
static void what_further_tables_lack_is_counted(void **state)
{
    (void)state;
    const char *const lines = "{\"id\":1}\n{\"id\":2}\n{\"id\":9}\n"
                              "{\"v\":1}\n{\"id\":3}\n{\"id\":4}\n";
    struct cursor *cursor = cursor_of(
        &(struct cursor_options){.path = "id", .stored_last_json = "5", .on_missing = TG_EXCLUDE});
    for (size_t first = 0; first < 3; first += 2) {
        struct text_page memory;
        struct page page;
        uint64_t dropped = 0;
        page_from_lines(&memory, lines, &page);
        const struct row_mark marks[] = {{page.rows[1], 1}, {page.rows[4], 0}, {page.rows[5], 3}};
        page.table = first;
        page.marks = marks;
        page.mark_count = 3;
        assert_int_equal(cursor_filter(cursor, &page, &dropped, NULL), TG_OK);
        assert_int_equal(dropped, 5);
        text_page_release(&memory, &page);
        assert_int_equal(cursor_left_out(cursor, 0), 0);
        assert_int_equal(cursor_left_out(cursor, 1), first == 0 ? 1 : 2);
        assert_int_equal(cursor_left_out(cursor, 2), first == 0 ? 0 : 1);
        assert_int_equal(cursor_left_out(cursor, 3), first == 0 ? 1 : 2);
        assert_int_equal(cursor_left_out(cursor, 4), 0);
    }
    cursor_free(cursor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_further_tables_lack_is_counted),
        cmocka_unit_test(test_first_run),
        cmocka_unit_test(start_is_fixed_and_last_moves_with_each_page),
        cmocka_unit_test(test_hashes_of_dlt),
        cmocka_unit_test(test_boundary),
        cmocka_unit_test(test_more_rows_at_the_stored_value),
        cmocka_unit_test(test_duplicates_within_a_run),
        cmocka_unit_test(test_changed_row_at_the_boundary),
        cmocka_unit_test(test_many_at_the_boundary),
        cmocka_unit_test(test_crowded_boundary),
        cmocka_unit_test(test_initial_value),
        cmocka_unit_test(test_min),
        cmocka_unit_test(test_end_value),
        cmocka_unit_test(test_bounds_that_leave_nothing),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_clash),
        cmocka_unit_test(test_missing_key),
        cmocka_unit_test(test_texts_as_instants),
        cmocka_unit_test(test_bounds_that_are_times),
        cmocka_unit_test(test_stored_timestamp_and_text),
        cmocka_unit_test(test_text_outlives_pages),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_moving_field),
        cmocka_unit_test(test_bad_state),
        cmocka_unit_test(test_batches_as_rows),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests_name("extract/cursor", tests, NULL, NULL);
}
