#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "extract/cursor/groups.h"
#include "helper.h"
#include "tests/torture.h"

struct bench {
    struct context ctx;
    struct engine *engine;
    struct groups *groups;
    char folder[1100];
};

static const char *const day[] = {"day"};

static int bench_open(struct bench *bench, const char *parent, const char *const *key, size_t count)
{
    struct groups_options options = {
        .ctx = &bench->ctx, .folder = bench->folder, .key = key, .key_count = count};
    int rc = TG_OK;
    context_init(&bench->ctx);
    bench->engine = NULL;
    bench->groups = NULL;
    snprintf(bench->folder, sizeof(bench->folder), "%s/it's a=1 [held]*", parent);
    bench->ctx.memory_bytes_max = 64 << 20;
    TRY(engine_new(&bench->ctx, parent, &bench->engine, NULL));
    options.engine = bench->engine;
    TRY(groups_new(&options, &bench->groups, NULL));
done:
    return rc;
}

static void bench_close(struct bench *bench)
{
    groups_free(bench->groups);
    engine_free(bench->engine);
}

static bool is_there(const char *path)
{
    struct fs_stat stat;
    assert_int_equal(fs_stat(path, &stat, NULL), TG_OK);
    return stat.exists;
}

/* All rows of the lines are held, or pass. */
static int give(struct bench *bench, const char *lines, bool pass)
{
    struct text_page memory;
    struct page page;
    int rc = TG_OK;
    page_from_lines(&memory, lines, &page);
    page.file = "a.jsonl";
    for (size_t i = 0; i < page.row_count && rc == TG_OK; i++)
        rc = pass ? groups_pass(bench->groups, page.rows[i], NULL)
                  : groups_hold(bench->groups, &page, i, NULL);
    text_page_release(&memory, &page);
    return rc;
}

/* The rows that come in the end, with their lines. */
static const char *along(struct bench *bench)
{
    static char text[4096];
    struct page page = {.kind = PAGE_END};
    struct buf out = BUF_INIT;
    struct tg_error err = {0};
    for (;;) {
        page_release(&page);
        if (groups_next(bench->groups, &page, &err) != TG_OK)
            fail_msg("%s", err.what);
        if (page.kind == PAGE_END)
            break;
        assert_true(page.precedes && !page.lines_are_rows);
        assert_string_equal(page.file, "a.jsonl");
        assert_int_equal(page.row_count, page.read_count);
        for (size_t i = 0; i < page.row_count; i++) {
            buf_printf(&out, "%llu:", (unsigned long long)page.lines[i]);
            cell_json(&out, page.rows[i], 0);
            buf_char(&out, ' ');
        }
    }
    snprintf(text, sizeof(text), "%s", buf_string(&out));
    buf_release(&out);
    return text;
}

static void groups_that_passed_come_whole(void **state)
{
    struct bench bench;
    assert_int_equal(bench_open(&bench, *state, day, 1), TG_OK);
    assert_int_equal(
        give(&bench, "{\"day\":1,\"id\":1}\n{\"day\":2,\"id\":2}\n{\"day\":3}\n", false), TG_OK);
    assert_int_equal(give(&bench, "{\"day\":2,\"id\":9}\n{\"day\":1}\n{\"day\":1}\n", true), TG_OK);
    assert_int_equal(give(&bench, "\n{\"day\":2,\"id\":\"x\"}\n{\"day\":4}\n", false), TG_OK);
    assert_string_equal(along(&bench), "1:{\"day\":1,\"id\":1} 2:{\"day\":2,\"id\":2} "
                                       "2:{\"day\":2,\"id\":\"x\"} ");
    assert_true(is_there(bench.folder));
    bench_close(&bench);
    assert_false(is_there(bench.folder));
}

/* Neither file nor engine where nothing could go along. */
static void nothing_to_do(void **state)
{
    struct bench bench;
    assert_int_equal(bench_open(&bench, *state, day, 1), TG_OK);
    assert_string_equal(along(&bench), "");
    bench_close(&bench);
    assert_int_equal(bench_open(&bench, *state, day, 1), TG_OK);
    assert_int_equal(give(&bench, "{\"day\":1}\n", false), TG_OK);
    assert_string_equal(along(&bench), "");
    assert_false(is_there(bench.folder));
    bench_close(&bench);
    assert_int_equal(bench_open(&bench, *state, day, 1), TG_OK);
    assert_int_equal(give(&bench, "{\"day\":1}\n", true), TG_OK);
    assert_string_equal(along(&bench), "");
    assert_false(is_there(bench.folder));
    bench_close(&bench);
}

/* Whether a row with the one key goes along with a row with the other. */
static void check_same(void **state, const char *held, const char *passed, bool same)
{
    static const char *const keys[] = {"day", "shop", "a__b"};
    struct bench bench;
    assert_int_equal(bench_open(&bench, *state, keys, 3), TG_OK);
    assert_int_equal(give(&bench, held, false), TG_OK);
    assert_int_equal(give(&bench, passed, true), TG_OK);
    if ((along(&bench)[0] != '\0') != same)
        fail_msg("%s and %s", held, passed);
    bench_close(&bench);
}

/* What may be one value at the destination is one group. */
static void keys_that_are_one(void **state)
{
    check_same(state, "{\"day\":1,\"shop\":\"a\"}", "{\"day\":1,\"shop\":\"a\"}", true);
    check_same(state, "{\"day\":1,\"shop\":\"a\"}", "{\"day\":1,\"shop\":\"b\"}", false);
    check_same(state, "{\"day\":1,\"shop\":2}", "{\"day\":2,\"shop\":1}", false);
    check_same(state, "{\"day\":\"ab\",\"shop\":\"c\"}", "{\"day\":\"a\",\"shop\":\"bc\"}", false);
    check_same(state, "{\"day\":null}", "{\"shop\":null}", true);
    check_same(state, "{\"day\":null}", "{\"day\":0}", false);
    check_same(state, "{\"day\":null}", "{\"day\":\"\"}", false);
    check_same(state, "{\"day\":1}", "{\"day\":\"1\"}", true);
    check_same(state, "{\"day\":1}", "{\"day\":1.0}", true);
    check_same(state, "{\"day\":1}", "{\"day\":1.5}", false);
    check_same(state, "{\"day\":\"1.50\"}", "{\"day\":1.5}", true);
    check_same(state, "{\"day\":9007199254740993}", "{\"day\":9007199254740992}", false);
    check_same(state, "{\"day\":\" 2024-01-02\"}", "{\"day\":20240102}", true);
    check_same(state, "{\"day\":\"2024-01-02\"}", "{\"day\":\"2024-01-02T00:00:00Z\"}", true);
    check_same(state, "{\"day\":\"2024-01-02T01:00:00+01:00\"}",
               "{\"day\":\"2024-01-02 00:00:00\"}", true);
    check_same(state, "{\"day\":\"2024-01-02\"}", "{\"day\":\"2024-01-03\"}", false);
    check_same(state, "{\"day\":[1]}", "{\"day\":[1]}", true);
    check_same(state, "{\"day\":true}", "{\"day\":false}", false);
    check_same(state, "{\"a\":{\"b\":1}}", "{\"a__b\":1}", true);
    check_same(state, "{\"a\":{\"b\":1}}", "{\"a\":{\"b\":2}}", false);
}

/* More than fits into the share of the budget: rows and groups go to several files. */
static void more_than_memory(void **state)
{
    enum { ROWS = 60000 };
    struct bench bench;
    struct page page = {.kind = PAGE_END};
    struct fs_names files;
    struct buf lines = BUF_INIT;
    uint64_t next = 0, pages = 0;
    assert_int_equal(bench_open(&bench, *state, day, 1), TG_OK);
    for (int i = 0; i < ROWS;) {
        buf_clear(&lines);
        for (int end = i + 1000; i < end; i++)
            buf_printf(&lines, "{\"day\":%d,\"id\":%d,\"text\":\"%0200d\"}\n", i % 30000, i, i);
        assert_int_equal(give(&bench, buf_string(&lines), false), TG_OK);
        assert_int_equal(give(&bench, buf_string(&lines), true), TG_OK);
    }
    assert_int_equal(fs_list(bench.folder, &files, NULL), TG_OK);
    assert_true(files.count > 4);
    for (;;) {
        page_release(&page);
        assert_int_equal(groups_next(bench.groups, &page, NULL), TG_OK);
        if (page.kind == PAGE_END)
            break;
        pages++;
        for (size_t i = 0; i < page.row_count; i++, next++)
            assert_int_equal(cell_find(page.rows[i], "id", 2)->uni.u64, next);
    }
    assert_int_equal(next, ROWS);
    assert_true(pages >= ROWS / BATCH_ROWS);
    fs_names_release(&files);
    buf_release(&lines);
    bench_close(&bench);
}

/* Rows of batches keep the batch's types, and are counted as rows. */
static void rows_of_batches(void **state)
{
    static const char *const names[] = {"day"};
    static const struct type_spec types[] = {{.type = TYPE_TIMESTAMP, .naive = true}};
    struct bench bench;
    struct column column;
    struct ArrowArray child;
    struct tg_rows *rows = NULL;
    struct page page = {.kind = PAGE_ARROW, .read_count = 1, .first_row = 7};
    assert_int_equal(bench_open(&bench, *state, day, 1), TG_OK);
    assert_int_equal(column_init(&column, &types[0], NULL), TG_OK);
    column_set_int64(&column, 0, 5);
    assert_int_equal(column_export(&column, 1, &child, NULL), TG_OK);
    assert_int_equal(schema_make(names, types, 1, &page.schema, NULL), TG_OK);
    assert_int_equal(batch_make(&child, 1, 1, &page.array, NULL), TG_OK);
    assert_int_equal(rows_new(&rows, NULL), TG_OK);
    assert_int_equal(page_to_rows(&page, rows, NULL), TG_OK);
    assert_int_equal(groups_hold(bench.groups, &page, 0, NULL), TG_OK);
    assert_int_equal(groups_pass(bench.groups, page.rows[0], NULL), TG_OK);
    page_release(&page);
    rows_free(rows);
    assert_int_equal(groups_next(bench.groups, &page, NULL), TG_OK);
    assert_int_equal(page.row_count, 1);
    assert_true(page.lines_are_rows);
    assert_int_equal(page.lines[0], 7);
    assert_string_equal(page.schema.children[0]->format, "tsu:");
    assert_true(cell_is_naive(cell_find(page.rows[0], "day", 3)));
    page_release(&page);
    bench_close(&bench);
}

static const char *torture_folder;

static int work(void)
{
    char text[] = " {\"day\":1,\"id\":1}\n{\"day\":2,\"id\":2}\n    ";
    struct bench bench;
    struct json_page *parser = NULL;
    struct page page = {.kind = PAGE_END};
    int rc = TG_OK;
    TRY(bench_open(&bench, torture_folder, day, 1));
    TRY(json_page_new(&parser, NULL));
    TRY(json_page_lines(parser, text + 1, strlen(text) - 5, 1, &page, NULL));
    TRY(groups_hold(bench.groups, &page, 0, NULL));
    TRY(groups_pass(bench.groups, page.rows[1], NULL));
    page_release(&page);
    TRY(groups_next(bench.groups, &page, NULL));
done:
    page_release(&page);
    json_page_free(parser);
    bench_close(&bench);
    return rc;
}

static void out_of_memory(void **state)
{
    torture_folder = *state;
    torture(work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(groups_that_passed_come_whole, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(nothing_to_do, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(keys_that_are_one, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(more_than_memory, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(rows_of_batches, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(out_of_memory, folder_setup, folder_teardown),
    };
    return cmocka_run_group_tests_name("extract/groups", tests, NULL, NULL);
}
