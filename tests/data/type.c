/*
 * src/data/type.c: names, Arrow formats both ways, layouts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "data/type.h"

static void names_go_both_ways(void **state)
{
    (void)state;
    for (int type = TYPE_NONE + 1; type < TYPE_COUNT; type++)
        assert_int_equal(type_find(type_name((enum type)type)), type);
    assert_string_equal(type_name(TYPE_NONE), "");
    assert_string_equal(type_name(TYPE_BIGINT), "bigint");
    assert_int_equal(type_find("complex"), TYPE_NONE);
    assert_int_equal(type_find("integer"), TYPE_NONE);
    assert_int_equal(type_find(""), TYPE_NONE);
}

static void formats_of_our_columns(void **state)
{
    static const struct {
        struct type_spec spec;
        const char *format;
    } cases[] = {
        {{TYPE_TEXT, 0, 0, false}, "u"},
        {{TYPE_JSON, 0, 0, false}, "u"},
        {{TYPE_BINARY, 0, 0, false}, "z"},
        {{TYPE_BOOL, 0, 0, false}, "b"},
        {{TYPE_BIGINT, 32, 0, false}, "l"},
        {{TYPE_DOUBLE, 0, 0, false}, "g"},
        {{TYPE_TIMESTAMP, 0, 0, false}, "tsu:UTC"},
        {{TYPE_TIMESTAMP, 3, 0, true}, "tsu:"},
        {{TYPE_TIMESTAMP, 6, 0, true}, "tsu:"},
        {{TYPE_TIMESTAMP, 7, 0, true}, "tsn:"},
        {{TYPE_TIMESTAMP, 9, 0, true}, "tsn:"},
        {{TYPE_TIMESTAMP, PRECISION_SECONDS, 0, true}, "tsu:"},
        {{TYPE_TIMESTAMP, 9, 0, false}, "tsu:UTC"},
        {{TYPE_DATE, 0, 0, false}, "tdD"},
        {{TYPE_TIME, 0, 0, false}, "ttu"},
        {{TYPE_DECIMAL, 0, 0, false}, "d:38,9"},
        {{TYPE_DECIMAL, 10, 2, false}, "d:10,2"},
        {{TYPE_WEI, 0, 0, false}, "d:38,0"},
    };
    char format[24];
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        type_arrow_format(&cases[i].spec, format);
        assert_string_equal(format, cases[i].format);
    }
}

static struct type_spec from_arrow(const char *format)
{
    struct ArrowSchema schema = {.format = format, .name = "c"};
    struct type_spec spec;
    struct tg_error err = {0};
    assert_int_equal(type_from_arrow(&schema, &spec, &err), TG_OK);
    return spec;
}

static void foreign_formats(void **state)
{
    static const char integers[] = "cCsSiIl";
    struct type_spec spec;
    (void)state;
    for (const char *p = integers; *p; p++)
        assert_int_equal(from_arrow((char[]){*p, '\0'}).type, TYPE_BIGINT);
    spec = from_arrow("L");
    assert_int_equal(spec.type, TYPE_DECIMAL);
    assert_int_equal(spec.precision, 20);
    assert_int_equal(spec.scale, 0);
    spec = from_arrow("d:12,3");
    assert_int_equal(spec.type, TYPE_DECIMAL);
    assert_int_equal(spec.precision, 12);
    assert_int_equal(spec.scale, 3);
    assert_int_equal(from_arrow("d:12,3,128").scale, 3);
    spec = from_arrow("tsn:Europe/Berlin");
    assert_int_equal(spec.type, TYPE_TIMESTAMP);
    assert_int_equal(spec.precision, 0);
    assert_false(spec.naive);
    assert_int_equal(from_arrow("tsn:").precision, 9);
    assert_true(type_is_nanoseconds(&(struct type_spec){TYPE_TIMESTAMP, 9, 0, true}));
    assert_int_equal(from_arrow("tsm:").precision, 3);
    assert_int_equal(from_arrow("tss:").precision, PRECISION_SECONDS);
    spec = from_arrow("tsu:");
    assert_int_equal(spec.precision, 0);
    assert_true(spec.naive);
    spec = from_arrow("d:9,2,32");
    assert_int_equal(spec.precision, 9);
    assert_int_equal(spec.scale, 2);
    assert_int_equal(from_arrow("d:38,9,256").precision, 38);
    assert_int_equal(from_arrow("d:76,0,256").precision, 38);
    assert_int_equal(from_arrow("d:76,0,256").scale, 0);
    assert_int_equal(from_arrow("d:40,10,256").scale, 10);
    assert_int_equal(from_arrow("d:76,38,256").scale, 18);
    assert_int_equal(from_arrow("e").type, TYPE_DOUBLE);
    assert_int_equal(from_arrow("vu").type, TYPE_TEXT);
    assert_int_equal(from_arrow("vz").type, TYPE_BINARY);
    assert_int_equal(from_arrow("tdm").type, TYPE_DATE);
    assert_int_equal(from_arrow("tts").type, TYPE_TIME);
    assert_int_equal(from_arrow("w:16").type, TYPE_BINARY);
    assert_int_equal(from_arrow("Z").type, TYPE_BINARY);
    assert_int_equal(from_arrow("U").type, TYPE_TEXT);
    assert_int_equal(from_arrow("f").type, TYPE_DOUBLE);
    assert_int_equal(from_arrow("b").type, TYPE_BOOL);
    assert_int_equal(from_arrow("n").type, TYPE_NONE);
}

static void dictionaries_count_by_their_values(void **state)
{
    struct ArrowSchema values = {.format = "u"};
    struct ArrowSchema schema = {.format = "i", .name = "c", .dictionary = &values};
    struct type_spec spec;
    struct tg_error err = {0};
    (void)state;
    assert_int_equal(type_from_arrow(&schema, &spec, &err), TG_OK);
    assert_int_equal(spec.type, TYPE_TEXT);
}

static void what_no_column_holds_is_an_error(void **state)
{
    static const char *const formats[] = {
        "+s", "+l", "+m",  "+ud:0", "ee",      "tiM",         "tDu",
        "vv", "",   "d:5", "d:0,0", "d:39,1",  "d:77,1,256",  "d:3,4",
        "w:", "x",  "ts",  "tdX",   "d:38,-2", "w:9999999999"};
    struct tg_error err = {0};
    struct type_spec spec;
    (void)state;
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        struct ArrowSchema schema = {.format = formats[i], .name = "odd \"name\""};
        assert_int_equal(type_from_arrow(&schema, &spec, &err), TG_DATA);
        assert_non_null(strstr(err.what, "column 'odd \"name\"'"));
    }
}

static void only_lossless_changes_widen(void **state)
{
    static const struct {
        struct type_spec from, to;
        bool widens;
    } cases[] = {
        {{TYPE_BIGINT, 0, 0, false}, {TYPE_BIGINT, 0, 0, false}, false},
        {{TYPE_BIGINT, 8, 0, false}, {TYPE_BIGINT, 16, 0, false}, true},
        {{TYPE_BIGINT, 16, 0, false}, {TYPE_BIGINT, 8, 0, false}, false},
        {{TYPE_BIGINT, 32, 0, false}, {TYPE_BIGINT, 0, 0, false}, true},
        {{TYPE_BIGINT, 0, 0, false}, {TYPE_BIGINT, 64, 0, false}, false},
        {{TYPE_BIGINT, 0, 0, false}, {TYPE_BIGINT, 128, 0, false}, true},
        {{TYPE_BIGINT, 0, 0, false}, {TYPE_DOUBLE, 0, 0, false}, true},
        {{TYPE_BIGINT, 128, 0, false}, {TYPE_DOUBLE, 0, 0, false}, false},
        {{TYPE_DOUBLE, 0, 0, false}, {TYPE_BIGINT, 0, 0, false}, false},
        {{TYPE_DOUBLE, 0, 0, false}, {TYPE_DECIMAL, 0, 0, false}, false},
        {{TYPE_BIGINT, 0, 0, false}, {TYPE_DECIMAL, 0, 0, false}, true},
        {{TYPE_BIGINT, 0, 0, false}, {TYPE_DECIMAL, 18, 0, false}, false},
        {{TYPE_BIGINT, 128, 0, false}, {TYPE_DECIMAL, 38, 0, false}, true},
        {{TYPE_BIGINT, 0, 0, false}, {TYPE_WEI, 0, 0, false}, true},
        {{TYPE_DECIMAL, 10, 2, false}, {TYPE_DECIMAL, 12, 3, false}, true},
        {{TYPE_DECIMAL, 10, 2, false}, {TYPE_DECIMAL, 10, 3, false}, false},
        {{TYPE_DECIMAL, 10, 2, false}, {TYPE_DECIMAL, 12, 1, false}, false},
        {{TYPE_DECIMAL, 0, 0, false}, {TYPE_DECIMAL, 38, 9, false}, false},
        {{TYPE_DECIMAL, 10, 0, false}, {TYPE_BIGINT, 0, 0, false}, false},
        {{TYPE_DATE, 0, 0, false}, {TYPE_TIMESTAMP, 0, 0, false}, true},
        {{TYPE_DATE, 0, 0, false}, {TYPE_TIMESTAMP, 9, 0, true}, false},
        {{TYPE_DATE, 0, 0, false}, {TYPE_TEXT, 0, 0, false}, false},
        {{TYPE_TIMESTAMP, 0, 0, false}, {TYPE_DATE, 0, 0, false}, false},
        {{TYPE_TIMESTAMP, PRECISION_SECONDS, 0, true}, {TYPE_TIMESTAMP, 3, 0, true}, true},
        {{TYPE_TIMESTAMP, 3, 0, true}, {TYPE_TIMESTAMP, 0, 0, true}, true},
        {{TYPE_TIMESTAMP, 0, 0, true}, {TYPE_TIMESTAMP, 3, 0, true}, false},
        {{TYPE_TIMESTAMP, 6, 0, true}, {TYPE_TIMESTAMP, 9, 0, true}, false},
        {{TYPE_TIMESTAMP, 9, 0, true}, {TYPE_TIMESTAMP, 6, 0, true}, false},
        {{TYPE_TIMESTAMP, 0, 0, true}, {TYPE_TIMESTAMP, 0, 0, false}, false},
        {{TYPE_TEXT, 0, 0, false}, {TYPE_JSON, 0, 0, false}, false},
        {{TYPE_BOOL, 0, 0, false}, {TYPE_BIGINT, 0, 0, false}, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (type_widens(&cases[i].from, &cases[i].to) != cases[i].widens)
            fail_msg("case %zu: %s to %s", i, type_name(cases[i].from.type),
                     type_name(cases[i].to.type));
}

/* By a hint, texts are made of what reads back as it was written. */
static void whole_numbers_and_days_spell(void **state)
{
    static const struct type_spec text = {.type = TYPE_TEXT}, bigint = {.type = TYPE_BIGINT};
    static const struct type_spec yes[] = {{.type = TYPE_BIGINT},
                                           {.type = TYPE_DATE},
                                           {.type = TYPE_TIME},
                                           {.type = TYPE_WEI},
                                           {TYPE_DECIMAL, 38, 0, false}};
    static const struct type_spec no[] = {{.type = TYPE_DOUBLE},
                                          {.type = TYPE_BOOL},
                                          {.type = TYPE_TIMESTAMP},
                                          {.type = TYPE_DECIMAL},
                                          {.type = TYPE_TEXT}};
    (void)state;
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
        assert_true(type_spells(&yes[i], &text) && !type_spells(&yes[i], &bigint));
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
        assert_false(type_spells(&no[i], &text));
}

static void layouts(void **state)
{
    static const struct {
        const char *format;
        enum layout_kind kind;
        size_t width;
    } cases[] = {
        {"n", LAYOUT_NULL, 0},           {"b", LAYOUT_BITS, 0},
        {"s", LAYOUT_FIXED, 2},          {"L", LAYOUT_FIXED, 8},
        {"d:9,2", LAYOUT_FIXED, 16},     {"w:3", LAYOUT_FIXED, 3},
        {"w:0", LAYOUT_FIXED, 0},        {"tdD", LAYOUT_FIXED, 4},
        {"tdm", LAYOUT_FIXED, 8},        {"ttm", LAYOUT_FIXED, 4},
        {"ttn", LAYOUT_FIXED, 8},        {"tss:", LAYOUT_FIXED, 8},
        {"tsn:UTC", LAYOUT_FIXED, 8},    {"u", LAYOUT_BYTES32, 0},
        {"Z", LAYOUT_BYTES64, 0},        {"+s", LAYOUT_STRUCT, 0},
        {"+m", LAYOUT_LIST32, 0},        {"+L", LAYOUT_LIST64, 0},
        {"+sx", LAYOUT_NONE, 0},         {"vu", LAYOUT_VIEWS, 0},
        {"tin", LAYOUT_NONE, 0},         {"e", LAYOUT_FIXED, 2},
        {"d:9,2,32", LAYOUT_FIXED, 4},   {"d:9,2,64", LAYOUT_FIXED, 8},
        {"d:9,2,256", LAYOUT_FIXED, 32},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct layout layout = layout_of(cases[i].format);
        assert_int_equal(layout.kind, cases[i].kind);
        assert_int_equal(layout.width, cases[i].width);
    }
}

/* A person knows the kind, a program the format. */
static void what_no_column_holds_is_named(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"tDu", "'tDu' (a duration), which no column type holds; make it a number, of seconds"},
        {"tin", "'tin' (an interval), which no column type holds; make it a number or a text in"},
        {"+vl", "'+vl' (a list view), which no column type holds; make it a list in the source"},
        {"+r", "'+r' (run-end encoded), which no column type holds; decode it in the source"},
        {"+us:0", "'+us:0' (a union), which no column type holds; make its values of one type in"},
        {"?", "'?', which no column type holds; cast it in the source"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct type_spec spec;
        struct tg_error err = {0};
        const struct ArrowSchema schema = {.name = "x", .format = cases[i][0]};
        assert_int_equal(type_from_arrow(&schema, &spec, &err), TG_DATA);
        assert_non_null(strstr(err.what, "column 'x' has the Arrow format "));
        assert_non_null(strstr(err.what, cases[i][1]));
    }
}

static void types_are_described(void **state)
{
    static const struct {
        struct type_spec spec;
        const char *words;
    } rows[] = {
        {{.type = TYPE_BIGINT}, "bigint"},
        {{.type = TYPE_DECIMAL}, "decimal(38,9)"},
        {{.type = TYPE_DECIMAL, .precision = 12, .scale = 2}, "decimal(12,2)"},
        {{.type = TYPE_TIMESTAMP, .precision = 3, .naive = true}, "timestamp(3) without time zone"},
        {{.type = TYPE_TIME, .precision = PRECISION_SECONDS}, "time(0)"},
    };
    char out[TYPE_DESCRIBED];
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(type_describe(&rows[i].spec, out), rows[i].words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_go_both_ways),
        cmocka_unit_test(formats_of_our_columns),
        cmocka_unit_test(foreign_formats),
        cmocka_unit_test(dictionaries_count_by_their_values),
        cmocka_unit_test(what_no_column_holds_is_an_error),
        cmocka_unit_test(only_lossless_changes_widen),
        cmocka_unit_test(whole_numbers_and_days_spell),
        cmocka_unit_test(types_are_described),
        cmocka_unit_test(layouts),
        cmocka_unit_test(what_no_column_holds_is_named),
    };
    return cmocka_run_group_tests_name("data/type", tests, NULL, NULL);
}
