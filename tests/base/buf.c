/* The growing text: appending, limit, sticky failure, moving out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/memory.h"
#include "tests/torture.h"

static void test_append(void **state)
{
    (void)state;
    struct buf buf = BUF_INIT;
    assert_string_equal(buf_string(&buf), "");
    assert_int_equal(buf_check(&buf, NULL), TG_OK);
    buf_append(&buf, "ab\0c", 4);
    buf_char(&buf, '-');
    buf_text(&buf, "xyz");
    buf_append(&buf, NULL, 0);
    buf_printf(&buf, "%d%s", 42, "!");
    assert_int_equal(buf.len, 11);
    assert_memory_equal(buf.data, "ab\0c-xyz42!", 12); /* with the NUL */
    buf_clear(&buf);
    assert_string_equal(buf_string(&buf), "");
    buf_release(&buf);
    buf_release(&buf);
}

/* Around the size that printf tries first. */
static void test_printf_lengths(void **state)
{
    (void)state;
    for (int width = 250; width < 262; width++) {
        struct buf buf = BUF_INIT;
        buf_char(&buf, '<');
        buf_printf(&buf, "%*d", width, 7);
        buf_char(&buf, '>');
        assert_int_equal(buf.len, width + 2);
        assert_memory_equal(buf.data + width, "7>", 3);
        buf_release(&buf);
    }
}

static void test_limit(void **state)
{
    (void)state;
    struct tg_error err = {0};
    struct buf buf = {.max = 5};
    buf_text(&buf, "12345");
    assert_int_equal(buf_check(&buf, &err), TG_OK);
    buf_char(&buf, '6');
    assert_int_equal(buf_check(&buf, &err), TG_NOMEM);
    assert_non_null(strstr(err.what, "5 bytes"));
    assert_string_equal(buf_string(&buf), "12345");
    buf_append(&buf, NULL, 0);
    assert_null(buf_take(&buf));
    buf_clear(&buf);
    assert_int_equal(buf_check(&buf, &err), TG_OK);
    buf_printf(&buf, "%300d", 1);
    assert_int_equal(buf_check(&buf, &err), TG_NOMEM);
    buf_clear(&buf);
    buf_text(&buf, "1");
    buf_append(&buf, "", SIZE_MAX); /* no wrap-around */
    assert_true(buf.failed);
    buf_release(&buf);
    assert_int_equal(buf.max, 5);
    assert_false(buf.failed);
}

static void test_take(void **state)
{
    (void)state;
    struct buf buf = BUF_INIT;
    assert_null(buf_take(&buf));
    buf_text(&buf, "mine");
    char *text = buf_take(&buf);
    assert_string_equal(text, "mine");
    assert_int_equal(buf.len, 0);
    assert_string_equal(buf_string(&buf), "");
    mem_free(text);
    buf_text(&buf, "x");
    buf_clear(&buf);
    assert_null(buf_take(&buf));
    buf_release(&buf);
}

static void test_failure_sticks(void **state)
{
    (void)state;
    struct tg_error err = {0};
    struct buf buf = BUF_INIT;
    mem_fail_at(1);
    buf_text(&buf, "lost");
    buf_text(&buf, "also lost");
    buf_printf(&buf, "%d", 1);
    assert_int_equal(buf_check(&buf, &err), TG_NOMEM);
    assert_int_equal(err.code, TG_NOMEM);
    assert_string_equal(buf_string(&buf), "");
    buf_clear(&buf);
    buf_text(&buf, "kept");
    assert_string_equal(buf_string(&buf), "kept");
    buf_release(&buf);
}

static void test_quoted(void **state)
{
    (void)state;
    struct buf buf = BUF_INIT;
    buf_quoted(&buf, '\'', "it's'");
    buf_quoted(&buf, '"', "");
    assert_string_equal(buf.data, "'it''s'''\"\"");
    buf_release(&buf);
}

static int fill_buf(void)
{
    struct buf buf = BUF_INIT;
    for (int i = 0; i < 500; i++)
        buf_printf(&buf, "%*d,", i, i);
    int rc = buf_check(&buf, NULL);
    buf_release(&buf);
    return rc;
}

static void test_torture(void **state)
{
    (void)state;
    torture(fill_buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append),         cmocka_unit_test(test_printf_lengths),
        cmocka_unit_test(test_limit),          cmocka_unit_test(test_take),
        cmocka_unit_test(test_failure_sticks), cmocka_unit_test(test_torture),
        cmocka_unit_test(test_quoted),
    };
    return cmocka_run_group_tests_name("base/buf", tests, NULL, NULL);
}
