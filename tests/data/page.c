/*
 * src/data/page.c: naming the place of a row, releasing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "data/batch.h"
#include "data/page.h"

static struct tg_rows *three_rows(struct page *page)
{
    struct tg_rows *rows;
    const yyjson_val **list;
    size_t count;

    assert_int_equal(rows_new(&rows, NULL), TG_OK);
    for (int i = 0; i < 3; i++) {
        tg_rows_begin_object(rows);
        tg_rows_key(rows, "a");
        tg_rows_begin_list(rows);
        tg_rows_int64(rows, i);
        tg_rows_end_list(rows);
        tg_rows_end_object(rows);
    }
    assert_int_equal(rows_finish(rows, &list, &count, NULL), TG_OK);
    page->rows = mem_alloc(count * sizeof(*list));
    memcpy(page->rows, list, count * sizeof(*list));
    page->kind = PAGE_ROWS;
    page->row_count = page->row_cap = page->read_count = count;
    page->first_cell = list[0];
    page->first_row = 101;
    return rows;
}

static void check_where(const struct page *page, const yyjson_val *row, const char *expected)
{
    struct tg_error err = {0};

    error_set(&err, TG_DATA, "bad");
    assert_int_equal(page_where(page, row, TG_DATA, &err), TG_DATA);
    assert_string_equal(err.where, expected);
    assert_string_equal(err.what, "bad");
}

static void rows_are_found_again(void **state)
{
    struct page page = {.kind = PAGE_END};
    struct tg_rows *rows = three_rows(&page);
    const uint64_t lines[] = {7, 9, 12};

    (void)state;
    check_where(&page, page.rows[0], "row 101");
    page.rows[0] = page.rows[2]; /* the cursor dropped two */
    page.row_count = 1;
    check_where(&page, page.rows[0], "row 103");
    page.file = "a b.jsonl";
    check_where(&page, page.rows[0], "file 'a b.jsonl', row 103");
    page.lines = lines;
    check_where(&page, page.rows[1], "file 'a b.jsonl', line 9");
    check_where(&page, cell_first(page.rows[1]), "file 'a b.jsonl'"); /* no row */
    assert_int_equal(page_where(&page, page.rows[1], TG_CONTRACT, NULL), TG_CONTRACT);
    page_release(&page);
    rows_free(rows);
}

static void release_empties_the_page(void **state)
{
    const char *const names[] = {"a"};
    const struct type_spec types[] = {{.type = TYPE_BIGINT}};
    struct page page = {.kind = PAGE_ARROW};
    struct column column;
    struct ArrowArray child;
    size_t live = mem_live();

    (void)state;
    assert_int_equal(schema_make(names, types, 1, &page.schema, NULL), TG_OK);
    assert_int_equal(column_init(&column, types, NULL), TG_OK);
    assert_int_equal(column_export(&column, 2, &child, NULL), TG_OK);
    assert_int_equal(batch_make(&child, 1, 2, &page.array, NULL), TG_OK);
    page_release(&page);
    assert_int_equal(page.kind, PAGE_END);
    assert_null(page.array.release);
    assert_int_equal(mem_live(), live);
    page_release(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_found_again),
        cmocka_unit_test(release_empties_the_page),
    };
    return cmocka_run_group_tests_name("data/page", tests, NULL, NULL);
}
