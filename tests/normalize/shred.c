/* normalize/shred.c: the walk, whatever the order and number of keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "collect.h"

static void check(const char *lines, const char *expected)
{
    struct run run;
    assert_int_equal(run_init(&run), TG_OK);
    if (run_push(&run, lines) != TG_OK || run_finish(&run) != TG_OK)
        fail_msg("%s: %s", run.err.where, run.err.what);
    assert_string_equal(buf_string(&run.text), expected);
    run_release(&run);
}

static void order_of_keys_changes(void **state)
{
    (void)state;
    check("{\"a\":1,\"b\":2,\"c\":3,\"d\":4}\n{\"d\":4,\"c\":3,\"b\":2,\"a\":1}\n"
          "{\"a\":1,\"c\":3}\n{\"a\":1,\"d\":4}\n{\"e\":5,\"a\":1}\n{\"a\":1,\"b\":2,\"c\":3,\"d\":"
          "4,\"e\":5}\n",
          "t(a bigint, b bigint, c bigint, d bigint, e bigint)\n1|2|3|4|null\n1|2|3|4|null\n"
          "1|null|3|null|null\n1|null|null|4|null\n1|null|null|null|5\n1|2|3|4|5\n");
}

static void keys_that_come_twice(void **state)
{
    (void)state;
    check("{\"a\":1,\"s\":\"long\",\"b\":true,\"a\":2,\"s\":\"x\",\"b\":false}\n{\"a\":3,\"s\":"
          "\"y\",\"b\":true}\n",
          "t(a bigint, s text, b bool)\n2|\"x\"|false\n3|\"y\"|true\n");
    check("{\"l\":[1,2],\"l\":[3]}\n{\"l\":[4]}\n", "t()\n\n\nt__l(value bigint)\n3\n4\n");
    check("{\"a\":1}\n{\"a\":\"x\",\"a\":\"y\"}\n",
          "t(a bigint, a__v_text text)\n1|null\nnull|\"y\"\n");
    /* a new column is of the last one's type */
    check("{\"n\":1,\"a\":90.5,\"a\":\"0x10\"}\n", "t(n bigint, a text)\n1|\"0x10\"\n");
    check("{\"n\":1,\"a\":\"x\",\"a\":null}\n{\"n\":2,\"a\":7}\n",
          "t(n bigint, a bigint)\n1|null\n2|7\n");
    check("{\"n\":1,\"a\":{\"b\":true},\"a\":{\"b\":1.5}}\n", "t(n bigint, a__b double)\n1|1.5\n");
    check("{\"a\":1}\n{\"a\":\"x\",\"a\":2}\n", "t(a bigint)\n1\n2\n");
    /* and of the last one's kind */
    check("{\"n\":1,\"o\":{\"p\":{\"q\":1},\"m\":[2]},\"l\":[3],\"o\":\"x\",\"l\":4}\n",
          "t(n bigint, o text, l bigint)\n1|\"x\"|4\n");
    check("{\"n\":1,\"o\":5,\"o\":{\"p\":1},\"l\":6,\"l\":[7]}\n",
          "t(n bigint, o__p bigint)\n1|1\nt__l(value bigint)\n7\n");
    check("{\"n\":1,\"o\":{\"m\":[1]},\"o\":{\"m\":[2]},\"o\":null,\"l\":[1],\"l\":[]}\n",
          "t(n bigint)\n1\n");
}

static void every_kind_in_its_column(void **state)
{
    (void)state;
    check("{\"i\":1,\"d\":1.5,\"b\":true,\"s\":\"x\",\"t\":\"2024-01-01T00:00:00Z\"}\n"
          "{\"i\":-1,\"d\":2,\"b\":false,\"s\":\"\",\"t\":\"1969-12-31T23:59:59.999999Z\"}\n"
          "{\"i\":9223372036854775807,\"d\":-3,\"b\":null,\"s\":null,\"t\":null}\n"
          "{\"i\":-9223372036854775808,\"d\":18446744073709549568}\n",
          "t(i bigint, d double, b bool, s text, t timestamp)\n"
          "1|1.5|true|\"x\"|\"2024-01-01T00:00:00+00:00\"\n"
          "-1|2.0|false|\"\"|\"1969-12-31T23:59:59.999999+00:00\"\n"
          "9223372036854775807|-3.0|null|null|null\n"
          "-9223372036854775808|1.844674407370955e+19|null|null|null\n");
}

static void pushed_rows(void **state)
{
    (void)state;
    struct run run;
    struct tg_rows *rows;
    struct page page = {.kind = PAGE_ROWS};
    const yyjson_val **cells;
    assert_int_equal(run_init(&run), TG_OK);
    assert_int_equal(rows_new(&rows, NULL), TG_OK);
    for (int i = 0; i < 2; i++) {
        tg_rows_begin_object(rows);
        tg_rows_key(rows, "x"), tg_rows_binary(rows, "ab", 2);
        tg_rows_key(rows, "t"), tg_rows_timestamp(rows, i);
        tg_rows_key(rows, "c"), tg_rows_time(rows, i);
        tg_rows_key(rows, "d"), tg_rows_date(rows, i);
        tg_rows_key(rows, "m"), tg_rows_decimal(rows, "1.25");
        tg_rows_key(rows, "u"), tg_rows_uint64(rows, UINT64_MAX);
        tg_rows_end_object(rows);
    }
    assert_int_equal(rows_finish(rows, &cells, &page.row_count, NULL), TG_OK);
    page.rows = cells;
    assert_int_equal(normalizer_new(&run.options, &run.normalizer, NULL), TG_OK);
    assert_int_equal(normalizer_push(run.normalizer, &page, NULL), TG_OK);
    assert_int_equal(run_finish(&run), TG_OK);
    assert_string_equal(
        run.text.data,
        "t(x binary, t timestamp, c time, d date, m decimal(38,9), u decimal(38,0))\n"
        "\"YWI=\"|\"1970-01-01T00:00:00+00:00\"|\"00:00:00\"|\"1970-01-01\"|1.250000000|"
        "18446744073709551615\n"
        "\"YWI=\"|\"1970-01-01T00:00:00.000001+00:00\"|\"00:00:00.000001\"|\"1970-01-02\"|1."
        "250000000|18446744073709551615\n");
    rows_free(rows);
    run_release(&run);
}

static void special_doubles(void **state)
{
    (void)state;
    struct run run;
    struct tg_rows *rows;
    struct page page = {.kind = PAGE_ROWS};
    static const double values[] = {1.0, (double)NAN, (double)INFINITY};
    assert_int_equal(run_init(&run), TG_OK);
    assert_int_equal(rows_new(&rows, NULL), TG_OK);
    for (int i = 0; i < 3; i++) {
        tg_rows_begin_object(rows);
        tg_rows_key(rows, "x"), tg_rows_double(rows, values[i]);
        tg_rows_end_object(rows);
    }
    assert_int_equal(rows_finish(rows, &page.rows, &page.row_count, NULL), TG_OK);
    assert_int_equal(normalizer_new(&run.options, &run.normalizer, NULL), TG_OK);
    assert_int_equal(normalizer_push(run.normalizer, &page, NULL), TG_OK);
    assert_int_equal(run_finish(&run), TG_OK);
    assert_null(strstr(run.text.data, "__v_"));
    rows_free(rows);
    run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_of_keys_changes),    cmocka_unit_test(keys_that_come_twice),
        cmocka_unit_test(every_kind_in_its_column), cmocka_unit_test(pushed_rows),
        cmocka_unit_test(special_doubles),
    };
    return cmocka_run_group_tests_name("normalize/shred", tests, NULL, NULL);
}
