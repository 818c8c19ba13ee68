/* JSON: parsing with places and limits, the order of keys, numbers as dlt writes them, getters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <math.h>

#include "base/json.h"
#include "base/memory.h"
#include "tests/torture.h"

static yyjson_doc *parse(const char *text)
{
    yyjson_doc *doc = NULL;
    struct tg_error err = {0};
    if (json_parse(text, strlen(text), "test", &doc, &err) != TG_OK)
        fail_msg("%s", err.what);
    return doc;
}

static void test_parse_errors(void **state)
{
    (void)state;
    struct tg_error err = {0};
    yyjson_doc *doc = NULL;
    const char *text = "{\"a\": 1,\n \"b\": x}";
    assert_int_equal(json_parse(text, strlen(text), "state of pipeline 'p'", &doc, &err), TG_DATA);
    assert_null(doc);
    assert_non_null(strstr(err.what, "state of pipeline 'p' is not JSON: "));
    assert_non_null(strstr(err.what, "line 2, column 7"));
    assert_int_equal(json_parse("", 0, "it", &doc, &err), TG_DATA);
    assert_int_equal(json_parse(NULL, 0, "it", &doc, &err), TG_DATA);
    assert_int_equal(json_parse("{} {}", 5, "it", &doc, &err), TG_DATA);
    assert_int_equal(json_parse("[1", 2, "it", &doc, &err), TG_DATA);
    assert_int_equal(json_parse("\"\xff\"", 3, "it", &doc, &err), TG_DATA);
    assert_int_equal(json_parse("[NaN]", 5, "it", &doc, &err), TG_DATA);
}

/* A thousand levels, as lists in lists or beside shallow ones; one more is refused. */
static void test_depth(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    struct tg_error err = {0};
    yyjson_doc *doc = NULL;
    for (int depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
        buf_clear(&text);
        buf_text(&text, "[[1,[2]],{\"a\":[]},");
        for (int i = 1; i < depth; i++)
            buf_text(&text, i % 2 ? "[" : "{\"a\":");
        buf_char(&text, '1');
        for (int i = depth; --i > 0;)
            buf_char(&text, i % 2 ? ']' : '}');
        buf_text(&text, ",3]");
        int rc = json_parse(text.data, text.len, "it", &doc, &err);
        assert_int_equal(rc, depth > JSON_DEPTH_MAX ? TG_DATA : TG_OK);
        yyjson_doc_free(doc);
    }
    assert_string_equal(err.what, "it is nested deeper than 1000 levels");
    buf_release(&text);
}

/* Bytes, so that capitals come first, a prefix before the longer, and other scripts in code point
 * order; the same key twice stays in order. */
static void test_key_order(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "", "B", "a", "a", "ab", "b", "\xC3\xA9", "\xEF\xBC\xA1", "\xF0\x9F\x9A\x80"};
    enum { COUNT = sizeof(keys) / sizeof(keys[0]) };
    yyjson_val values[COUNT], *sorted[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        values[i] =
            (yyjson_val){.tag = YYJSON_TYPE_STR | (uint64_t)strlen(keys[i]) << YYJSON_TAG_BIT,
                         .uni.str = keys[i]};
        sorted[i] = &values[i * 5 % COUNT];
    }
    qsort(sorted, COUNT, sizeof(sorted[0]), json_compare_keys);
    for (size_t i = 0; i < COUNT; i++)
        assert_ptr_equal(sorted[i], &values[i]);
}

static void test_string(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    json_string(&out, "", 0);
    json_string(&out, NULL, 0);
    json_string(&out, "a\"b\\c/d", 7);
    json_string(&out, "\x00\x1b\x7f\b\f\n\r\t\x1f", 9);
    json_string(&out, "\xE2\x80\xA8\xF0\x9F\x9A\x80", 7);
    assert_string_equal(out.data, "\"\"\"\"\"a\\\"b\\\\c/d\""
                                  "\"\\u0000\\u001b\x7f\\b\\f\\n\\r\\t\\u001f\""
                                  "\"\xE2\x80\xA8\xF0\x9F\x9A\x80\"");
    buf_release(&out);
}

static void test_double(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {1.0, "1.0"},
        {0.0, "0.0"},
        {-0.0, "-0.0"},
        {0.1, "0.1"},
        {-1.5, "-1.5"},
        {1e15, "1000000000000000.0"},
        {9007199254740993.0, "9007199254740992.0"},
        {1e16, "1e+16"},
        {1.5e16, "1.5e+16"},
        {-2.5e17, "-2.5e+17"},
        {123456789012345678.0, "1.2345678901234568e+17"},
        {1e20, "1e+20"},
        {1e21, "1e+21"},
        {1e22, "1e+22"},
        {1.2e300, "1.2e+300"},
        {0.001, "0.001"},
        {1e-5, "0.00001"},
        {1.5e-5, "0.000015"},
        {1e-6, "1e-6"},
        {1.5e-6, "1.5e-6"},
        {-9.99e-6, "-9.99e-6"},
        {1e-7, "1e-7"},
        {5e-324, "5e-324"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {NAN, "null"},
        {INFINITY, "null"},
        {-INFINITY, "null"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf out = BUF_INIT;
        json_double(&out, cases[i].value);
        assert_string_equal(buf_string(&out), cases[i].text);
        buf_release(&out);
    }
}

static void test_double_round_trip(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    uint64_t seed = 88172645463325252u;
    for (int i = 0; i < 200000; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        double value;
        memcpy(&value, &seed, sizeof(value));
        if (i % 2) /* around the places where the form changes */
            value = ldexp(1.0 + (double)(seed >> 12) / 4503599627370496.0, (int)(seed % 100) - 30);
        if (!isfinite(value))
            continue;
        buf_clear(&out);
        json_double(&out, value);
        double back = strtod(buf_string(&out), NULL);
        if (memcmp(&back, &value, sizeof(value)) != 0)
            fail_msg("%.17g became %s", value, buf_string(&out));
    }
    buf_release(&out);
}

static void test_getters(void **state)
{
    (void)state;
    yyjson_doc *doc =
        parse("{\"t\":\"x\",\"i\":-3,\"u\":18446744073709551615,\"b\":true,\"f\":1.5}");
    const yyjson_val *object = yyjson_doc_get_root(doc);
    assert_string_equal(json_get_text(object, "t"), "x");
    assert_null(json_get_text(object, "i"));
    assert_null(json_get_text(object, "none"));
    assert_int_equal(json_get_int(object, "i", 9), -3);
    assert_int_equal(json_get_int(object, "u", 9), 9);
    assert_int_equal(json_get_int(object, "f", 9), 9);
    assert_int_equal(json_get_int(object, "none", 9), 9);
    assert_null(json_get_text(NULL, "t"));
    assert_int_equal(json_get_int(yyjson_obj_get((yyjson_val *)object, "b"), "x", 4), 4);
    yyjson_doc_free(doc);
}

static int read_it(void)
{
    static const char text[] = "{\"b\":[1,2.5,{\"z\":1,\"y\":[[[[[[[[[[1]]]]]]]]]]}],\"a\":\"x\"}";
    yyjson_doc *doc = NULL;
    struct tg_error err = {0};
    int rc = json_parse(text, sizeof(text) - 1, "it", &doc, &err);
    yyjson_doc_free(doc);
    return rc;
}

static int write_tree(void)
{
    struct buf out = BUF_INIT;
    struct tg_error err = {0};
    int rc = TG_NOMEM;
    yyjson_mut_doc *doc = yyjson_mut_doc_new(json_allocator());
    if (!doc)
        return rc;
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    if (root && yyjson_mut_obj_add_real(doc, root, "n", NAN) &&
        yyjson_mut_obj_add_str(doc, root, "s", "\xC3\xA9/")) {
        yyjson_mut_doc_set_root(doc, root);
        rc = json_mut_write(doc, &out, &err);
    }
    if (rc == TG_OK)
        assert_string_equal(out.data, "{\"n\":null,\"s\":\"\xC3\xA9/\"}");
    buf_release(&out);
    yyjson_mut_doc_free(doc);
    return rc;
}

static void test_torture(void **state)
{
    (void)state;
    torture(read_it);
    torture(write_tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_errors), cmocka_unit_test(test_depth),
        cmocka_unit_test(test_key_order),    cmocka_unit_test(test_string),
        cmocka_unit_test(test_double),       cmocka_unit_test(test_double_round_trip),
        cmocka_unit_test(test_getters),      cmocka_unit_test(test_torture),
    };
    return cmocka_run_group_tests_name("base/json", tests, NULL, NULL);
}
