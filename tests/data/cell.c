/*
 * src/data/cell.c: reading cells, cells as JSON.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "data/rows.h"
#include "tests/torture.h"

static struct tg_rows *make(void)
{
    struct tg_rows *rows;
    assert_int_equal(rows_new(&rows, NULL), TG_OK);
    return rows;
}

static void check_json(const yyjson_val *cell, int flags, const char *expected)
{
    struct buf out = BUF_INIT;
    cell_json(&out, cell, flags);
    assert_false(out.failed);
    assert_string_equal(buf_string(&out), expected);
    buf_release(&out);
}

/* [[[...]]] with `depth` lists and, before the innermost, `width` numbers. */
static yyjson_doc *nested(size_t depth, size_t width)
{
    struct buf text = BUF_INIT;
    yyjson_doc *doc;
    for (size_t i = 0; i < depth; i++)
        buf_char(&text, '[');
    for (size_t i = 0; i < width; i++)
        buf_text(&text, "1,");
    buf_text(&text, "1");
    for (size_t i = 0; i < depth; i++)
        buf_char(&text, ']');
    doc = yyjson_read(text.data, text.len, 0);
    assert_non_null(doc);
    buf_release(&text);
    return doc;
}

static yyjson_val text_cell(uint64_t tag, const char *text)
{
    return (yyjson_val){.tag = tag | (uint64_t)strlen(text) << YYJSON_TAG_BIT, .uni.str = text};
}

static void long_binaries_keep_their_base64_whole(void **state)
{
    struct tg_rows *rows = make();
    const yyjson_val **list;
    struct buf out = BUF_INIT;
    char zeros[193] = {0};
    size_t count;
    (void)state;
    tg_rows_binary(rows, zeros, sizeof(zeros));
    assert_int_equal(rows_finish(rows, &list, &count, NULL), TG_OK);
    cell_json(&out, list[0], 0);
    assert_int_equal(out.len, strlen("{\"value\":\"\"}") + 260);
    assert_memory_equal(out.data + out.len - 6, "AA==\"}", 6);
    assert_ptr_equal(strchr(out.data, '='), out.data + out.len - 4);
    buf_release(&out);
    rows_free(rows);
}

/* As str(decimal.Decimal(...)) has them. */
static void decimals_as_python_has_them(void **state)
{
    static const char *const texts[][2] = {
        {"1.50", "\"1.50\""},
        {"-0.01", "\"-0.01\""},
        {"0", "\"0\""},
        {"0.000000", "\"0.000000\""},
        {"0.000001", "\"0.000001\""},
        {"0.0000000", "\"0E-7\""},
        {"0.0000001", "\"1E-7\""},
        {"0.0000009", "\"9E-7\""},
        {"-0.000000001200", "\"-1.200E-9\""},
        {"100000000000000000000.000000000", "\"100000000000000000000.000000000\""},
        {"", "\"\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        yyjson_val cell = text_cell(CELL_TAG_DECIMAL, texts[i][0]);
        check_json(&cell, CELL_JSON_PYTHON, texts[i][1]);
        assert_true(cell_json_varies(&cell));
    }
}

static void deep_documents_do_not_crash(void **state)
{
    static const size_t depths[] = {100, 1000, 1001, 10000};
    struct buf out = BUF_INIT;
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        yyjson_doc *doc = nested(depths[i], 5000);
        const yyjson_val *root = yyjson_doc_get_root(doc);
        assert_int_equal(cell_too_deep(root), depths[i] > CELL_DEPTH_MAX);
        buf_clear(&out);
        cell_json(&out, root, 0);
        assert_int_equal(out.failed, depths[i] > CELL_DEPTH_MAX + 1);
        yyjson_doc_free(doc);
    }
    buf_release(&out);
}

static void keys_are_found_and_sorted(void **state)
{
    static const char text[] = "{\"b\":1,\"a\":{\"z\":[1,{\"y\":2,\"x\":3}],\"\":4},\"b\":5,"
                               "\"ab\":6,\"big\":123456789012345678901234567890}";
    yyjson_doc *doc = yyjson_read(text, strlen(text), YYJSON_READ_BIGNUM_AS_RAW);
    const yyjson_val *root = yyjson_doc_get_root(doc);
    (void)state;
    assert_int_equal(cell_find(root, "b", 1)->uni.u64, 5);
    assert_int_equal(cell_find(root, "ab", 2)->uni.u64, 6);
    assert_int_equal(cell_kind(cell_find(root, "big", 3)), CELL_DECIMAL);
    assert_null(cell_find(root, "abc", 3));
    assert_null(cell_find(root, "", 0));
    assert_null(cell_find(cell_find(root, "b", 1), "b", 1));
    check_json(root, CELL_JSON_SORTED | CELL_JSON_MARKERS,
               "{\"a\":{\"\":4,\"z\":[1,{\"x\":3,\"y\":2}]},\"ab\":6,\"b\":5,"
               "\"big\":123456789012345678901234567890}");
    check_json(root, 0, text);
    yyjson_doc_free(doc);
}

static void wide_objects_sort_too(void **state)
{
    struct tg_rows *rows = make();
    const yyjson_val **list;
    struct buf out = BUF_INIT;
    const char *last = "";
    size_t count;
    char key[16];
    (void)state;
    tg_rows_begin_object(rows);
    for (int i = 0; i < 500; i++) {
        snprintf(key, sizeof(key), "k%03d", (i * 37) % 500);
        tg_rows_key(rows, key);
        tg_rows_null(rows);
    }
    tg_rows_end_object(rows);
    assert_int_equal(rows_finish(rows, &list, &count, NULL), TG_OK);
    cell_json(&out, list[0], CELL_JSON_SORTED);
    for (int i = 0; i < 500; i++) {
        snprintf(key, sizeof(key), "k%03d", i);
        const char *at = strstr(buf_string(&out), key);
        assert_non_null(at);
        assert_true(i == 0 || at > last);
        last = at;
    }
    buf_release(&out);
    rows_free(rows);
}

static void check_told(const yyjson_val *cell, const char *expected)
{
    struct buf out = BUF_INIT;
    cell_tell(&out, cell);
    assert_false(out.failed);
    assert_string_equal(buf_string(&out), expected);
    buf_release(&out);
}

/* In messages: what it is, and of which kind. */
static void values_are_told(void **state)
{
    static const struct {
        const char *json, *told;
    } cases[] = {
        {"null", "NULL"},
        {"true", "true (a bool)"},
        {"-7", "-7 (an integer)"},
        {"18446744073709551616", "18446744073709551616 (a number)"},
        {"1.5", "1.5 (a number)"},
        {"\"x\\ny\"", "'x\\ny' (text)"},
        {"[1,{}]", "[1,{}] (a list)"},
        {"{\"a\":\"\\n\"}", "{\"a\":\"\\n\"} (an object)"},
    };
    char longest[104], expected[140];
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        yyjson_doc *doc =
            yyjson_read(cases[i].json, strlen(cases[i].json), YYJSON_READ_BIGNUM_AS_RAW);
        assert_non_null(doc);
        check_told(yyjson_doc_get_root(doc), cases[i].told);
        yyjson_doc_free(doc);
    }
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    snprintf(expected, sizeof(expected), "'%.100s...' (text)", longest);
    const yyjson_val text = text_cell(YYJSON_TYPE_STR, longest);
    check_told(&text, expected);
    const yyjson_val nan = {.tag = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_REAL, .uni = {.f64 = NAN}};
    check_told(&nan, "NaN (a number)");
    const yyjson_val day = {.tag = CELL_TAG_DATE, .uni = {.i64 = 1}};
    check_told(&day, "1970-01-02 (a date)");
    const yyjson_val before_all = {.tag = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_REAL,
                                   .uni = {.f64 = -HUGE_VAL}};
    check_told(&before_all, "-infinity (a number)");
    const yyjson_val never = {.tag = CELL_TAG_TIMESTAMP, .uni = {.i64 = INT64_MAX}};
    check_told(&never, "infinity (a timestamp)");
    const yyjson_val no_day = {.tag = CELL_TAG_DATE, .uni = {.i64 = -INT32_MAX}};
    check_told(&no_day, "-infinity (a date)");
    const yyjson_val literal = text_cell(CELL_TAG_LITERAL, "007");
    check_told(&literal, "'007' (text)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_binaries_keep_their_base64_whole),
        cmocka_unit_test(decimals_as_python_has_them),
        cmocka_unit_test(deep_documents_do_not_crash),
        cmocka_unit_test(keys_are_found_and_sorted),
        cmocka_unit_test(wide_objects_sort_too),
        cmocka_unit_test(values_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
