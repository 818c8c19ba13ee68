#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "extract/cursor/held.h"
#include "helper.h"
#include "tests/torture.h"

struct bench {
    struct context ctx;
    struct engine *engine;
    struct held *held;
    char folder[1100];
};

static int bench_open(struct bench *bench, const char *parent)
{
    int rc = TG_OK;
    *bench = (struct bench){.held = NULL};
    context_init(&bench->ctx);
    snprintf(bench->folder, sizeof(bench->folder), "%s/held", parent);
    TRY(engine_new(&bench->ctx, parent, &bench->engine, NULL));
    TRY(held_new(bench->engine, bench->folder, 1 << 16, &bench->held, NULL));
done:
    return rc;
}

static int bench_close(struct bench *bench, int rc)
{
    held_free(bench->held);
    engine_free(bench->engine);
    if (fs_remove_tree(bench->folder, NULL) != TG_OK)
        fail_msg("'%s' stays", bench->folder);
    return rc;
}

/* All rows of the lines, of a file or (NULL) of none; each with the hash {its line, 5}. */
static int give(struct bench *bench, const char *file, const char *lines)
{
    struct text_page memory;
    struct page page;
    int rc = TG_OK;
    page_from_lines(&memory, lines, &page);
    page.file = file;
    if (!file)
        page.lines = NULL;
    for (size_t i = 0; i < page.row_count && rc == TG_OK; i++)
        rc = held_add(bench->held, &page, i, (const uint64_t[]){i + 1, 5}, NULL);
    text_page_release(&memory, &page);
    return rc;
}

static int start(struct bench *bench, const char *which)
{
    struct buf sql = BUF_INIT;
    int rc = TG_OK;
    buf_text(&sql, "SELECT place, number, cells FROM ");
    TRY(held_relation(bench->held, &sql, NULL));
    buf_printf(&sql, " WHERE %s ORDER BY sequence", which);
    TRY(buf_check(&sql, NULL));
    TRY(held_start(bench->held, sql.data, NULL));
done:
    buf_release(&sql);
    return rc;
}

/* A line for each page: its file, and its rows with their numbers. */
static int come(struct bench *bench, struct buf *out)
{
    struct page page = {.kind = PAGE_END};
    int rc = TG_OK;
    for (;;) {
        page_release(&page);
        TRY(held_next(bench->held, &page, NULL));
        if (page.kind == PAGE_END)
            break;
        assert_int_equal(page.lines_are_rows, !page.file);
        buf_printf(out, "%s ", page.file ? page.file : "-");
        for (size_t i = 0; i < page.row_count; i++) {
            buf_printf(out, "%llu:", (unsigned long long)page.lines[i]);
            cell_json(out, page.rows[i], 0);
            buf_char(out, i + 1 < page.row_count ? ' ' : '\n');
        }
    }
    rc = buf_check(out, NULL);
done:
    page_release(&page);
    return rc;
}

static void rows_come_as_they_were(void **state)
{
    struct bench bench;
    struct buf out = BUF_INIT;
    assert_int_equal(bench_open(&bench, *state), TG_OK);
    assert_int_equal(give(&bench, "a.jsonl", "{\"id\":1}\n\n{\"id\":\"x\",\"l\":[1,{}]}\n"), TG_OK);
    assert_int_equal(give(&bench, "a.jsonl", "{\"id\":3}\n"), TG_OK);
    assert_int_equal(give(&bench, "b.jsonl", "{\"id\":4}\n{\"id\":5}\n"), TG_OK);
    assert_int_equal(give(&bench, NULL, "{\"id\":6}\n{\"id\":7}\n"), TG_OK);
    assert_int_equal(held_count(bench.held), 7);
    assert_int_equal(start(&bench, "sequence <> 4 AND high = 5 AND low < 9"), TG_OK);
    assert_int_equal(come(&bench, &out), TG_OK);
    assert_string_equal(buf_string(&out), "a.jsonl 1:{\"id\":1} 3:{\"id\":\"x\",\"l\":[1,{}]} "
                                          "1:{\"id\":3}\n"
                                          "b.jsonl 1:{\"id\":4}\n"
                                          "- 1:{\"id\":6} 2:{\"id\":7}\n");
    buf_release(&out);
    bench_close(&bench, TG_OK);
}

/* Those of a table come in pages of their own. */
static void rows_keep_their_table(void **state)
{
    struct bench bench;
    struct text_page memory;
    struct page page, came = {.kind = PAGE_END};
    assert_int_equal(bench_open(&bench, *state), TG_OK);
    page_from_lines(&memory, "{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n", &page);
    const struct row_mark marks[] = {{page.rows[1], 2}, {page.rows[2], 0}};
    page.marks = marks;
    page.mark_count = 2;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(held_add(bench.held, &page, i, (const uint64_t[]){i, 5}, NULL), TG_OK);
    assert_int_equal(start(&bench, "true"), TG_OK);
    for (size_t i = 0; i < 3; i++) {
        page_release(&came);
        assert_int_equal(held_next(bench.held, &came, NULL), TG_OK);
        assert_int_equal(came.row_count, 1);
        assert_int_equal(came.table, i == 1 ? 2 : 0);
    }
    page_release(&came);
    text_page_release(&memory, &page);
    bench_close(&bench, TG_OK);
}

static void none_go_on(void **state)
{
    struct bench bench;
    struct buf out = BUF_INIT;
    assert_int_equal(bench_open(&bench, *state), TG_OK);
    assert_int_equal(come(&bench, &out), TG_OK);
    assert_int_equal(give(&bench, NULL, "{\"id\":1}\n"), TG_OK);
    assert_int_equal(start(&bench, "low = 2"), TG_OK);
    assert_int_equal(come(&bench, &out), TG_OK);
    assert_string_equal(buf_string(&out), "");
    buf_release(&out);
    bench_close(&bench, TG_OK);
}

static const char *torture_folder;
static struct text_page torture_memory;
static struct page torture_page;

static int hold_some(void)
{
    struct bench bench;
    struct buf out = BUF_INIT;
    int rc = TG_OK;
    TRY(bench_open(&bench, torture_folder));
    for (size_t i = 0; i < torture_page.row_count; i++)
        TRY(held_add(bench.held, &torture_page, i, (const uint64_t[]){i, 0}, NULL));
    TRY(start(&bench, "low > 0"));
    TRY(come(&bench, &out));
done:
    buf_release(&out);
    return bench_close(&bench, rc);
}

static void out_of_memory(void **state)
{
    torture_folder = *state;
    page_from_lines(&torture_memory, "{\"id\":1}\n{\"id\":\"text\"}\n{\"l\":[1,2]}\n",
                    &torture_page);
    torture_page.file = "a.jsonl";
    torture(hold_some);
    text_page_release(&torture_memory, &torture_page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_come_as_they_were, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(rows_keep_their_table, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(none_go_on, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(out_of_memory, folder_setup, folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
