/* The beginning of a stream: so many rows, and whether there were more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "extract/limit.h"
#include "helper.h"
#include "tests/torture.h"

/* Pages of two rows, so many of them. */
struct pairs {
    struct page_stream base;
    int left, asked;
    bool closed;
};

static int next_pair(struct page_stream *base, struct page *page, struct tg_error *err)
{
    struct pairs *pairs = (struct pairs *)base;
    char text[40];
    int rc = TG_OK;
    pairs->asked++;
    page_clear(page);
    if (pairs->left == 0)
        return TG_OK;
    pairs->left--;
    if (!page->parser)
        TRY(json_page_new(&page->parser, err));
    snprintf(text, sizeof(text), " {\"n\":1}\n{\"n\":2}");
    TRY(json_page_lines(page->parser, text + 1, strlen(text) - 1, 1, page, err));
done:
    return rc;
}

static void close_pairs(struct page_stream *base)
{
    ((struct pairs *)base)->closed = true;
}

/* Rows that come of `pages` pages under the limit. */
static uint64_t read_rows(int pages, uint64_t limit, bool *cut)
{
    struct pairs pairs = {.base = {next_pair, close_pairs}, .left = pages};
    struct page page = {.kind = PAGE_END};
    struct page_stream *stream = NULL;
    uint64_t rows = 0, counted = 0;
    assert_int_equal(limit_new(&pairs.base, limit, cut, &stream, NULL), TG_OK);
    for (;;) {
        assert_int_equal(stream->next(stream, &page, NULL), TG_OK);
        if (page.kind == PAGE_END)
            break;
        rows += page.row_count;
        counted += page.read_count;
    }
    assert_int_equal(rows, counted);
    const int asked = pairs.asked;
    assert_int_equal(stream->next(stream, &page, NULL), TG_OK);
    assert_int_equal(page.kind, PAGE_END);
    assert_int_equal(pairs.asked, asked); /* what has ended is not asked again */
    page_release(&page);
    page_stream_close(stream);
    assert_false(pairs.closed);
    return rows;
}

static void test_rows(void **state)
{
    (void)state;
    static const struct {
        int pages;
        uint64_t limit, rows;
        bool cut;
    } cases[] = {
        {0, 5, 0, false}, {3, 100, 6, false}, {3, 6, 6, false}, {3, 5, 5, true},
        {3, 4, 4, true},  {3, 1, 1, true},    {3, 3, 3, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool cut = true;
        assert_int_equal(read_rows(cases[i].pages, cases[i].limit, &cut), cases[i].rows);
        assert_int_equal(cut, cases[i].cut);
    }
}

static int one_arrow(struct page_stream *base, struct page *page, struct tg_error *err)
{
    struct pairs *pairs = (struct pairs *)base;
    static const char *const names[] = {"n"};
    static const struct type_spec types[] = {{.type = TYPE_BIGINT}};
    struct column column;
    struct ArrowArray child;
    page_clear(page);
    if (pairs->left-- <= 0)
        return TG_OK;
    assert_int_equal(column_init(&column, &types[0], err), TG_OK);
    for (size_t i = 0; i < 3; i++)
        column_set_int64(&column, i, (int64_t)i);
    assert_int_equal(column_export(&column, 3, &child, err), TG_OK);
    assert_int_equal(schema_make(names, types, 1, &page->schema, err), TG_OK);
    assert_int_equal(batch_make(&child, 1, 3, &page->array, err), TG_OK);
    page->kind = PAGE_ARROW;
    page->read_count = 3;
    return TG_OK;
}

static void test_batches(void **state)
{
    (void)state;
    bool cut = false;
    struct pairs pairs = {.base = {one_arrow, close_pairs}, .left = 2};
    struct page page = {.kind = PAGE_END};
    struct page_stream *stream = NULL;
    assert_int_equal(limit_new(&pairs.base, 4, &cut, &stream, NULL), TG_OK);
    assert_int_equal(stream->next(stream, &page, NULL), TG_OK);
    assert_int_equal(page.array.length, 3);
    assert_false(cut);
    assert_int_equal(stream->next(stream, &page, NULL), TG_OK);
    assert_int_equal(page.array.length, 1);
    assert_true(cut);
    assert_int_equal(stream->next(stream, &page, NULL), TG_OK);
    assert_int_equal(page.kind, PAGE_END);
    page_release(&page);
    page_stream_close(stream);
}

static int make(void)
{
    bool cut;
    struct pairs pairs = {.base = {next_pair, close_pairs}};
    struct page_stream *stream = NULL;
    int rc = limit_new(&pairs.base, 1, &cut, &stream, NULL);
    page_stream_close(stream);
    return rc;
}

static void test_no_memory(void **state)
{
    (void)state;
    torture(make);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_batches),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
