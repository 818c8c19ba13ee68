/*
 * src/postgres/values/array.c: lists as arrays, and texts that are none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "postgres/values/array.h"
#include "tests/torture.h"

static void assert_literal(const char *json, const char *expected)
{
    struct buf out = BUF_INIT;
    assert_int_equal(array_literal(json, strlen(json), &out, NULL), TG_OK);
    assert_string_equal(buf_string(&out), expected);
    buf_release(&out);
}

static void lists(void **state)
{
    (void)state;
    assert_literal("[]", "{}");
    assert_literal("[1, null, -2.50, 1e400]", "{1,NULL,-2.50,1e400}");
    assert_literal("[123456789012345678901234567890]", "{123456789012345678901234567890}");
    assert_literal("[true,false]", "{true,false}");
    assert_literal("[\"\",\"NULL\",\"a\\\"b\\\\c\",\"d,e}\"]",
                   "{\"\",\"NULL\",\"a\\\"b\\\\c\",\"d,e}\"}");
    assert_literal("[[1,2],[3,4]]", "{{1,2},{3,4}}");
    assert_literal("[{\"a\":[1]}]", "{\"{\\\"a\\\":[1]}\"}");
    assert_literal("[[[[[[[1]]]]]]]", "{{{{{{\"[1]\"}}}}}}");
}

static void other_texts(void **state)
{
    (void)state;
    assert_literal("", "");
    assert_literal("{1,2}", "{1,2}");
    assert_literal("[2:3]={1,2}", "[2:3]={1,2}");
    assert_literal("[1,", "[1,");
    assert_literal("{\"a\":1}", "{\"a\":1}");
}

static int write_one(void)
{
    struct buf out = BUF_INIT;
    int rc = array_literal("[1,{\"a\":2}]", 11, &out, NULL);
    buf_release(&out);
    return rc;
}

static void memory_runs_out(void **state)
{
    (void)state;
    torture(write_one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists),
        cmocka_unit_test(other_texts),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
