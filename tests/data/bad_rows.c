/* What could not be read, as it is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "data/page.h"
#include "tests/torture.h"

static void texts_are_copied_as_utf8(void **state)
{
    struct page page = {.kind = PAGE_END};
    static const char latin[] = "na\xefve\0,\xc3\xa4\xff";
    char reason[] = "too few fields";
    const struct bad_row row = {.line = 7, .byte = 3, .reason = reason, .text = latin};
    (void)state;
    assert_int_equal(page_bad_count(&page), 0);
    assert_int_equal(page_add_bad(&page, &row, sizeof(latin) - 1, NULL), TG_OK);
    memset(reason, 'x', sizeof(reason) - 1);
    assert_int_equal(page_add_bad(&page, &(struct bad_row){.reason = "", .text = ""}, 0, NULL),
                     TG_OK);
    assert_int_equal(page_bad_count(&page), 2);
    assert_string_equal(page.bad->items[0].text, "na\\xefve\\x00,\xc3\xa4\\xff");
    assert_string_equal(page.bad->items[0].reason, "too few fields");
    assert_int_equal(page.bad->items[0].line, 7);
    assert_int_equal(page.bad->items[0].byte, 3);
    assert_string_equal(page.bad->items[1].text, "");
    page_clear(&page);
    assert_int_equal(page_bad_count(&page), 0);
    assert_int_equal(page_add_bad(&page, &row, 1, NULL), TG_OK);
    assert_string_equal(page.bad->items[0].text, "n");
    page_release(&page);
    assert_null(page.bad);
}

static void long_texts_are_cut(void **state)
{
    struct bad_rows *rows = NULL;
    size_t len = BAD_TEXT_MAX + 100;
    char *text = mem_alloc(len);
    (void)state;
    memset(text, 'a', len);
    assert_int_equal(
        bad_rows_add(&rows, &(struct bad_row){.reason = "long", .text = text}, BAD_TEXT_MAX, NULL),
        TG_OK);
    assert_int_equal(
        bad_rows_add(&rows, &(struct bad_row){.reason = "long", .text = text}, len, NULL), TG_OK);
    assert_int_equal(strlen(rows->items[0].text), BAD_TEXT_MAX);
    assert_string_equal(rows->items[1].text + BAD_TEXT_MAX, "a...");
    bad_rows_free(rows);
    mem_free(text);
}

static int add_some(void)
{
    struct bad_rows *rows = NULL;
    int rc = TG_OK;
    for (int i = 0; i < 20; i++)
        TRY(bad_rows_add(&rows, &(struct bad_row){.reason = "bad", .text = "text"}, 4, NULL));
done:
    bad_rows_clear(NULL);
    bad_rows_free(rows);
    return rc;
}

static void survives_a_lack_of_memory(void **state)
{
    (void)state;
    torture(add_some);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_copied_as_utf8),
        cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(survives_a_lack_of_memory),
    };
    return cmocka_run_group_tests_name("data/bad_rows", tests, NULL, NULL);
}
