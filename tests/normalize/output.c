/* normalize/output.c: whose a name is, variants, wider columns, and what the catalog learns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "collect.h"
#include "tests/torture.h"

/* Each text of `loads` is a load over the same catalog; the last one gives `expected`. */
static void check_loads(const char *const *loads, size_t count, const char *expected)
{
    struct run run;
    assert_int_equal(run_init(&run), TG_OK);
    for (size_t i = 0; i < count; i++) {
        buf_clear(&run.text);
        if (run_push(&run, loads[i]) != TG_OK || run_finish(&run) != TG_OK)
            fail_msg("%s: %s", run.err.where, run.err.what);
    }
    assert_string_equal(buf_string(&run.text), expected);
    run_release(&run);
}

static void check(const char *lines, const char *expected)
{
    check_loads(&lines, 1, expected);
}

static void tag(const char *text, char out[7])
{
    struct hasher hasher = {0};
    assert_int_equal(name_tag(&hasher, text, strlen(text), out, NULL), TG_OK);
    hasher_release(&hasher);
}

static void check_source(struct run *run, const char *table, const char *column,
                         const char *expected)
{
    const struct table *found = catalog_find(&run->catalog, table);
    const char *json = extra_find(table_find(found, column)->extras, SOURCE_FIELD);
    if (expected)
        assert_string_equal(json, expected);
    else
        assert_null(json);
}

/* Which field of the source a column holds; of a variant that of the column beside it. */
static void sources_are_recorded(void **state)
{
    (void)state;
    struct run run;
    struct table_column *hinted = NULL;
    const struct type_spec text = {.type = TYPE_TEXT};
    assert_int_equal(run_init(&run), TG_OK);
    assert_int_equal(
        table_add_column(&run.catalog, run.root, "hinted_one", &text, &hinted, &run.err), TG_OK);
    assert_int_equal(
        table_add_column(&run.catalog, run.root, "never_there", &text, &hinted, &run.err), TG_OK);
    assert_int_equal(run_push(&run, "{\"aB\":1,\"oB\":{\"cD\":2},\"l\":[{\"eF\":3}],"
                                    "\"hintedOne\":\"x\",\"q\\\"\":4,\"id\":5}\n"
                                    "{\"aB\":\"x\"}\n{\"AB\":7}\n"),
                     TG_OK);
    check_source(&run, "t", "a_b", "\"aB\"");
    check_source(&run, "t", "a_b__v_text", "\"aB\"");
    check_source(&run, "t", "o_b__c_d", "\"oB.cD\"");
    check_source(&run, "t__l", "e_f", "\"eF\"");
    check_source(&run, "t", "hinted_one", "\"hintedOne\"");
    check_source(&run, "t", "qx", "\"q\\\"\"");
    check_source(&run, "t", "id", NULL);
    check_source(&run, "t", "never_there", NULL);
    check_source(&run, "t__l", "_dlt_id", NULL);
    run_release(&run);
}

static void variants(void **state)
{
    (void)state;
    check("{\"a\":1}\n{\"a\":\"2\"}\n{\"a\":\"x\"}\n{\"a\":true}\n{\"a\":1.0}\n{\"a\":\"y\"}\n",
          "t(a bigint, a__v_text text, a__v_bool bool)\n"
          "1|null|null\n2|null|null\nnull|\"x\"|null\nnull|null|true\n1|null|null\nnull|\"y\"|"
          "null\n");
    check("{\"t\":\"2024-01-01T00:00:00Z\"}\n{\"t\":\"2024-01-02\"}\n{\"t\":5}\n{\"t\":\"not a "
          "date\"}\n",
          "t(t timestamp, t__v_text text)\n\"2024-01-01T00:00:00+00:00\"|null\n"
          "\"2024-01-02T00:00:00+00:00\"|null\n\"1970-01-01T00:00:05+00:00\"|null\nnull|\"not a "
          "date\"\n");
    check("{\"s\":\"x\"}\n{\"s\":1}\n{\"s\":1.0}\n{\"s\":true}\n{\"s\":\"2024-01-01T00:00:00Z\"}\n",
          "t(s text)\n\"x\"\n\"1\"\n\"1.0\"\n\"True\"\n\"2024-01-01T00:00:00Z\"\n");
    check("{\"b\":true}\n{\"b\":\"no\"}\n{\"b\":1}\n{\"b\":3}\n{\"b\":\"maybe\"}\n",
          "t(b bool, b__v_bigint bigint, b__v_text text)\ntrue|null|null\nfalse|null|null\n"
          "true|null|null\nnull|3|null\nnull|null|\"maybe\"\n");
}

static void variants_in_the_catalog(void **state)
{
    (void)state;
    struct run run;
    assert_int_equal(run_init(&run), TG_OK);
    assert_int_equal(run_push(&run, "{\"a\":1}\n{\"a\":\"x\"}"), TG_OK);
    assert_int_equal(run_finish(&run), TG_OK);
    const struct table_column *column = table_find(run.root, "a__v_text");
    assert_true(column->variant && column->nullable);
    assert_int_equal(column->spec.type, TYPE_TEXT);
    buf_clear(&run.text);
    assert_int_equal(run_push(&run, "{\"a\":\"y\"}"),
                     TG_OK); /* the same variant in the next load */
    assert_int_equal(run_finish(&run), TG_OK);
    assert_string_equal(run.text.data, "t(a bigint, a__v_text text)\nnull|\"y\"\n");
    run_release(&run);
}

/* Variants are named by the plain type of a value; what they hold is found out as of any column. */
static void variants_of_text(void **state)
{
    (void)state;
    check("{\"a\":1}\n{\"a\":\"x\"}\n{\"a\":\"2024-01-02T03:04:05Z\"}\n",
          "t(a bigint, a__v_text text)\n1|null\nnull|\"x\"\nnull|\"2024-01-02T03:04:05Z\"\n");
    check("{\"a\":true}\n{\"a\":\"2024-01-02T03:04:05Z\"}\n{\"a\":\"x\"}\n"
          "{\"a\":\"2024-01-03\"}\n{\"a\":\"z\"}\n",
          "t(a bool, a__v_text timestamp, a__v_text__v_text text)\ntrue|null|null\n"
          "null|\"2024-01-02T03:04:05+00:00\"|null\nnull|null|\"x\"\n"
          "null|\"2024-01-03T00:00:00+00:00\"|null\nnull|null|\"z\"\n");
}

static void wider_columns(void **state)
{
    (void)state;
    check("{\"a\":1}\n{}\n{\"a\":1.5}\n{\"a\":2}\n", "t(a double)\n1.0\nnull\n1.5\n2.0\n");
    check("{\"a\":9007199254740993}\n{\"a\":1.5}\n{\"a\":1e-12}\n{\"a\":3.0}\n",
          "t(a bigint, a__v_double double)\n9007199254740993|null\nnull|1.5\nnull|1e-12\n3|null\n");
    check("{\"a\":1}\n{\"a\":1.5}\n{\"a\":9007199254740993}\n",
          "t(a double, a__v_bigint bigint)\n1.0|null\n1.5|null\nnull|9007199254740993\n");
    check("{\"a\":1}\n{\"a\":18446744073709551615}\n{\"a\":-123456789012345678901234567890}\n{"
          "\"a\":\"x\"}\n",
          "t(a decimal(38,0), a__v_text text)\n1|null\n18446744073709551615|null\n"
          "-123456789012345678901234567890|null\nnull|\"x\"\n");
    check("{\"a\":123456789012345678901234567890}\n{\"a\":1}\n{\"a\":1.5}\n",
          "t(a decimal(38,0), a__v_double "
          "double)\n123456789012345678901234567890|null\n1|null\nnull|1.5\n");
    check("{\"a\":100000000000000000000000000000000000000}\n{\"a\":1}\n",
          "t(a text)\n\"100000000000000000000000000000000000000\"\n\"1\"\n");
}

static void dates_become_timestamps(void **state)
{
    (void)state;
    struct run run;
    struct type_spec date = {.type = TYPE_DATE};
    assert_int_equal(run_init(&run), TG_OK);
    assert_int_equal(table_add_column(&run.catalog, run.root, "d", &date, NULL, NULL), TG_OK);
    assert_int_equal(run_push(&run, "{\"d\":\"2024-01-02\"}\n{\"d\":\"2024-01-02T03:04:05Z\"}"),
                     TG_OK);
    assert_int_equal(run_finish(&run), TG_OK);
    assert_string_equal(run.text.data, "t(d timestamp)\n\"2024-01-02T00:00:00+00:00\"\n"
                                       "\"2024-01-02T03:04:05+00:00\"\n");
    assert_int_equal(table_find(run.root, "d")->spec.type, TYPE_TIMESTAMP);
    run_release(&run);
}

static void equal_names(void **state)
{
    (void)state;
    char first[7], second[7], path[7];
    char expected[256];
    tag("a_b", first), tag("A-B", second), tag("a.b", path);
    snprintf(expected, sizeof(expected),
             "t(a_b bigint, a_b_%s bigint, a_b_%s bigint)\n1|2|3\n4|5|6\n", first, second);
    check("{\"a b\":1,\"a_b\":2,\"A-B\":3}\n{\"A-B\":6,\"a_b\":5,\"a b\":4}\n", expected);
    snprintf(expected, sizeof(expected), "t(a__b bigint, a__b_%s bigint)\n9|1\n", path);
    check("{\"a__b\":9,\"a\":{\"b\":1}}\n", expected);
}

/* A later load that sees the keys in another order puts each one where it was. */
static void equal_names_stay(void **state)
{
    (void)state;
    char tagged[7], expected[128];
    tag("A-B", tagged);
    snprintf(expected, sizeof(expected), "t(a_b bigint, a_b_%s bigint)\nnull|4\n3|null\n", tagged);
    static const char *const loads[] = {"{\"a_b\":1,\"A-B\":2}\n", "{\"A-B\":4}\n{\"a_b\":3}\n"};
    check_loads(loads, 2, expected);
}

static void equal_table_names(void **state)
{
    (void)state;
    char tagged[7], expected[128];
    tag("A-B", tagged);
    snprintf(expected, sizeof(expected),
             "t()\n\nt__a_b(value bigint)\n1\nt__a_b_%s(value bigint)\n2\n", tagged);
    check("{\"a_b\":[1],\"A-B\":[2]}\n", expected);
}

static void reserved_names(void **state)
{
    (void)state;
    char tagged[7], expected[128];
    tag(NORMALIZE_ORDER_COLUMN, tagged);
    snprintf(expected, sizeof(expected), "t(_tidegate_order_%s bigint)\n1\n", tagged);
    check("{\"_tidegate_order\":1}\n", expected);
}

/* A table of that name that is not nested in ours is somebody else's. */
static void foreign_table(void **state)
{
    (void)state;
    struct run run;
    char tagged[7], expected[128];
    tag("items", tagged);
    snprintf(expected, sizeof(expected), "t(a bigint)\n1\nnull\nt__items_%s(value bigint)\n1\n",
             tagged);
    assert_int_equal(run_init(&run), TG_OK);
    assert_int_equal(catalog_add(&run.catalog, "t__items", NULL, &(struct table *){NULL}, NULL),
                     TG_OK);
    assert_int_equal(run_push(&run, "{\"a\":1}\n{\"items\":[1]}"), TG_OK);
    assert_int_equal(run_finish(&run), TG_OK);
    assert_string_equal(run.text.data, expected);
    run_release(&run);
}

/* A key that is named like a variant of another one has a column of its own. */
static void keys_and_variants(void **state)
{
    (void)state;
    struct run run;
    char tagged[7], expected[128];
    tag("v_text", tagged);
    snprintf(expected, sizeof(expected), "t(a bigint, a__v_text_%s text)\nnull|\"y\"\n", tagged);
    assert_int_equal(run_init(&run), TG_OK);
    assert_int_equal(run_push(&run, "{\"a\":1,\"a__v_text\":5}"), TG_OK);
    assert_int_equal(run_finish(&run), TG_OK);
    buf_clear(&run.text);
    assert_int_equal(run_push(&run, "{\"a\":\"y\"}"), TG_OK); /* in the next load */
    assert_int_equal(run_finish(&run), TG_OK);
    assert_string_equal(run.text.data, expected);
    assert_int_equal(table_find(run.root, "a__v_text")->spec.type, TYPE_BIGINT);
    run_release(&run);
}

/* A declared key without a type gets one from the first value, and its place behind the rest. */
static void incomplete_columns(void **state)
{
    (void)state;
    struct run run;
    struct table_column *column;
    assert_int_equal(run_init(&run), TG_OK);
    assert_int_equal(table_add_column(&run.catalog, run.root, "id", NULL, &column, NULL), TG_OK);
    column->primary_key = true;
    column->nullable = false;
    assert_int_equal(run_push(&run, "{\"a\":\"x\",\"id\":1}"), TG_OK);
    assert_int_equal(run_finish(&run), TG_OK);
    assert_string_equal(run.text.data, "t(a text, id bigint)\n\"x\"|1\n");
    assert_true(table_find(run.root, "id")->primary_key);
    run_release(&run);
}

static int wide_load(void)
{
    struct run run;
    int rc = run_init(&run);
    if (rc == TG_OK)
        rc = run_push(&run,
                      "{\"a b\":1,\"a_b\":2,\"n\":9007199254740993}\n{\"a b\":\"x\",\"n\":0.5}\n");
    if (rc == TG_OK)
        rc = run_finish(&run);
    run_release(&run);
    return rc;
}

static void out_of_memory(void **state)
{
    (void)state;
    torture(wide_load);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources_are_recorded),
        cmocka_unit_test(variants),
        cmocka_unit_test(variants_in_the_catalog),
        cmocka_unit_test(variants_of_text),
        cmocka_unit_test(wider_columns),
        cmocka_unit_test(dates_become_timestamps),
        cmocka_unit_test(equal_names),
        cmocka_unit_test(equal_names_stay),
        cmocka_unit_test(equal_table_names),
        cmocka_unit_test(reserved_names),
        cmocka_unit_test(foreign_table),
        cmocka_unit_test(keys_and_variants),
        cmocka_unit_test(incomplete_columns),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests_name("normalize/output", tests, NULL, NULL);
}
