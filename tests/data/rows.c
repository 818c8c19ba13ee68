/*
 * src/data/rows.c: pushing rows.
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

/* Finishes and compares all rows as JSON, one after the other. */
static void check_rows(struct tg_rows *rows, size_t count, const char *const *expected)
{
    const yyjson_val **list;
    size_t found;
    struct tg_error err = {0};
    assert_int_equal(rows_finish(rows, &list, &found, &err), TG_OK);
    assert_int_equal(found, count);
    for (size_t i = 0; i < count; i++) {
        check_json(list[i], 0, expected[i]);
        if (i + 1 < count)
            assert_ptr_equal(cell_next(list[i]), list[i + 1]);
    }
}

static void push_one_of_each(struct tg_rows *rows)
{
    tg_rows_begin_object(rows);
    tg_rows_key(rows, "n");
    tg_rows_null(rows);
    tg_rows_key(rows, "b");
    tg_rows_bool(rows, true);
    tg_rows_key(rows, "i");
    tg_rows_int64(rows, INT64_MIN);
    tg_rows_key(rows, "u");
    tg_rows_uint64(rows, UINT64_MAX);
    tg_rows_key(rows, "d");
    tg_rows_double(rows, 1.0);
    tg_rows_key(rows, "nan");
    tg_rows_double(rows, (double)NAN);
    tg_rows_key(rows, "dec");
    tg_rows_decimal(rows, "12.50");
    tg_rows_key(rows, "s");
    tg_rows_string(rows, "a\"\xc3\xa9");
    tg_rows_key(rows, "t");
    tg_rows_text(rows, "a\0b", 3);
    tg_rows_key(rows, "bin");
    tg_rows_binary(rows, "\xff\x00\x01\x02", 4);
    tg_rows_key(rows, "ts");
    tg_rows_timestamp(rows, INT64_C(1704067200000000));
    tg_rows_key(rows, "date");
    tg_rows_date(rows, 19723);
    tg_rows_key(rows, "time");
    tg_rows_time(rows, INT64_C(3661000001));
    tg_rows_key(rows, "list");
    tg_rows_begin_list(rows);
    tg_rows_begin_object(rows);
    tg_rows_end_object(rows);
    tg_rows_begin_list(rows);
    tg_rows_end_list(rows);
    tg_rows_end_list(rows);
    tg_rows_end_object(rows);
}

#define UNTIL_DECIMAL                                                                              \
    "{\"n\":null,\"b\":true,\"i\":-9223372036854775808,\"u\":18446744073709551615,\"d\":1.0,"      \
    "\"nan\":null,\"dec\":"
#define MIDDLE "\"s\":\"a\\\"\xc3\xa9\",\"t\":\"a\\u0000b\",\"bin\":"

static void every_kind_of_value(void **state)
{
    static const enum cell_kind kinds[] = {
        CELL_NULL, CELL_BOOL, CELL_INT,    CELL_UINT,      CELL_DOUBLE, CELL_DOUBLE, CELL_DECIMAL,
        CELL_TEXT, CELL_TEXT, CELL_BINARY, CELL_TIMESTAMP, CELL_DATE,   CELL_TIME,   CELL_LIST};
    struct tg_rows *rows = make();
    const yyjson_val **list, *key;
    size_t count;
    (void)state;
    push_one_of_each(rows);
    assert_int_equal(rows_finish(rows, &list, &count, NULL), TG_OK);
    assert_int_equal(count, 1);
    assert_int_equal(cell_kind(list[0]), CELL_OBJECT);
    assert_int_equal(cell_len(list[0]), 14);
    key = cell_first(list[0]);
    for (size_t i = 0; i < 14; i++, key = cell_next(key + 1)) {
        assert_int_equal(cell_kind(key), CELL_TEXT);
        assert_int_equal(cell_kind(key + 1), kinds[i]);
    }
    check_json(list[0], 0,
               UNTIL_DECIMAL "\"12.50\"," MIDDLE
                             "\"/wABAg==\",\"ts\":\"2024-01-01T00:00:00+00:00\","
                             "\"date\":\"2024-01-01\",\"time\":\"01:01:01.000001\","
                             "\"list\":[{},[]]}");
    check_json(list[0], CELL_JSON_MARKERS,
               UNTIL_DECIMAL "\"\xef\x80\xa6"
                             "12.50\"," MIDDLE "\"\xef\x80\xab/wABAg==\",\"ts\":\"\xef\x80\xa7"
                             "2024-01-01T00:00:00+00:00\",\"date\":\"\xef\x80\xa8"
                             "2024-01-01\",\"time\":\"\xef\x80\xad"
                             "01:01:01.000001\",\"list\":[{},[]]}");
    rows_free(rows);
}

static void values_outside_objects(void **state)
{
    struct tg_rows *rows = make();
    (void)state;
    tg_rows_int64(rows, 1);
    tg_rows_null(rows); /* no row */
    tg_rows_string(rows, "");
    tg_rows_begin_list(rows); /* a page: a row per element */
    tg_rows_begin_object(rows);
    tg_rows_end_object(rows);
    tg_rows_null(rows);
    tg_rows_begin_list(rows);
    tg_rows_bool(rows, false);
    tg_rows_end_list(rows);
    tg_rows_end_list(rows);
    tg_rows_string(rows, NULL);
    check_rows(rows, 5,
               (const char *const[]){"{\"value\":1}", "{\"value\":\"\"}", "{}", "{\"value\":null}",
                                     "{\"value\":[false]}"});
    rows_clear(rows);
    check_rows(rows, 0, NULL);
    rows_free(rows);
    rows_free(NULL);
}

static void mistake(struct tg_rows *rows, int code, const char *message)
{
    const yyjson_val **list;
    size_t count;
    struct tg_error err = {0};
    tg_rows_int64(rows, 1); /* nothing after a mistake changes it */
    tg_rows_end_object(rows);
    assert_int_equal(rows_finish(rows, &list, &count, &err), code);
    assert_int_equal(err.code, code);
    if (!strstr(err.what, message))
        fail_msg("'%s' does not hold '%s'", err.what, message);
    assert_int_equal(rows_finish(rows, &list, &count, NULL), code);
    rows_clear(rows);
    assert_int_equal(rows_finish(rows, &list, &count, &err), TG_OK);
}

static void mistakes_are_named(void **state)
{
    struct tg_rows *rows = make();
    (void)state;
    tg_rows_begin_object(rows);
    mistake(rows, TG_USAGE, "a value in an object has no key");
    tg_rows_begin_object(rows);
    tg_rows_key(rows, "a");
    tg_rows_key(rows, "b");
    mistake(rows, TG_USAGE, "the key before 'b' has no value");
    tg_rows_begin_object(rows);
    tg_rows_key(rows, "a");
    tg_rows_end_object(rows);
    mistake(rows, TG_USAGE, "the last key of an object has no value");
    tg_rows_key(rows, "a");
    mistake(rows, TG_USAGE, "the key 'a' stands outside an object");
    tg_rows_begin_list(rows);
    tg_rows_begin_list(rows);
    tg_rows_end_object(rows);
    mistake(rows, TG_USAGE, "tg_rows_end_object was called where no object is open");
    tg_rows_end_list(rows);
    mistake(rows, TG_USAGE, "tg_rows_end_list was called where no list is open");
    tg_rows_begin_object(rows);
    tg_rows_key(rows, NULL);
    mistake(rows, TG_USAGE, "a key is NULL");
    tg_rows_begin_object(rows);
    tg_rows_key(rows, "\xff");
    mistake(rows, TG_USAGE, "a key is not valid UTF-8");
    tg_rows_decimal(rows, "12,50");
    mistake(rows, TG_DATA, "'12,50' is not a decimal number");
    tg_rows_time(rows, -1);
    mistake(rows, TG_DATA, "a time of -1 microseconds is not within a day");
    tg_rows_time(rows, INT64_C(86400000000));
    mistake(rows, TG_DATA, "a time of 86400000000 microseconds is not within a day");
    rows_free(rows);
}

/* By their numbers, as long as the rows are there; the text is copied once. */
static void keys_are_known_again(void **state)
{
    struct tg_rows *rows = make();
    char name[] = "a\0b";
    size_t first = tg_rows_know(rows, name, 3), second = tg_rows_know(rows, "id", 2);
    (void)state;
    memset(name, 'x', 3);
    for (int page = 0; page < 2; page++) {
        tg_rows_begin_object(rows);
        tg_rows_known_key(rows, second);
        tg_rows_int64(rows, page);
        tg_rows_known_key(rows, first);
        tg_rows_null(rows);
        tg_rows_key_text(rows, "ab", 1);
        tg_rows_null(rows);
        tg_rows_end_object(rows);
        check_rows(rows, 1,
                   (const char *const[]){page ? "{\"id\":1,\"a\\u0000b\":null,\"a\":null}"
                                              : "{\"id\":0,\"a\\u0000b\":null,\"a\":null}"});
        rows_clear(rows);
    }
    tg_rows_known_key(rows, second);
    mistake(rows, TG_USAGE, "the key 'id' stands outside an object");
    tg_rows_begin_object(rows);
    tg_rows_known_key(rows, 3);
    mistake(rows, TG_USAGE, "there is no known key 3");
    tg_rows_begin_object(rows);
    tg_rows_known_key(rows, 0);
    mistake(rows, TG_USAGE, "there is no known key 0");
    assert_int_equal(tg_rows_know(rows, "\xff", 1), 0);
    mistake(rows, TG_USAGE, "not valid UTF-8");
    assert_int_equal(tg_rows_know(rows, NULL, 1), 0);
    mistake(rows, TG_USAGE, "a key is NULL");
    rows_free(rows);
}

static void json_texts_are_rows(void **state)
{
    struct tg_rows *rows = make();
    char text[] =
        "{\"a\":1,\"b\":{\"c\":[\"x\",\"\\u00e9\"]},\"n\":123456789012345678901234567890}";
    static const char *const expected[] = {
        "{\"a\":1,\"b\":{\"c\":[\"x\",\"\xc3\xa9\"]},\"n\":123456789012345678901234567890}", "{}",
        "{\"id\":1}"};
    (void)state;
    tg_rows_json(rows, text, strlen(text));
    memset(text, 'X', sizeof(text)); /* bytes are copied */
    tg_rows_json(rows, "{}", 2);
    tg_rows_begin_object(rows);
    tg_rows_key(rows, "id");
    tg_rows_int64(rows, 1);
    tg_rows_end_object(rows);
    check_rows(rows, 3, expected);
    rows_free(rows);
}

static void json_mistakes_name_row_and_byte(void **state)
{
    static const struct {
        const char *text, *where, *what;
    } cases[] = {{"{\"a\":1,,}", "row 42, byte 8", "malformed JSON: "},
                 {"", "row 42, byte 1", "malformed JSON: there is no text"},
                 {"{} {}", "row 42, byte 4", "malformed JSON: "},
                 {"[1]", "row 42", "the JSON is no object"},
                 {"7", "row 42", "the JSON is no object"},
                 {"{\"a\":\"\xff\"}", "row 42, byte 7", "malformed JSON: "}};
    struct tg_rows *rows = make();
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const yyjson_val **list;
        size_t count;
        struct tg_error err = {0};
        rows_count_from(rows, 41);
        tg_rows_json(rows, "{}", 2);
        tg_rows_json(rows, cases[i].text, strlen(cases[i].text));
        assert_int_equal(rows_finish(rows, &list, &count, &err), TG_DATA);
        assert_string_equal(err.where, cases[i].where);
        assert_int_equal(err.row, 42);
        if (!strstr(err.what, cases[i].what))
            fail_msg("'%s' does not hold '%s'", err.what, cases[i].what);
        rows_clear(rows);
    }
    tg_rows_begin_object(rows);
    tg_rows_key(rows, "a");
    tg_rows_json(rows, "{}", 2);
    mistake(rows, TG_USAGE, "tg_rows_json makes a row");
    tg_rows_json(rows, NULL, 7);
    mistake(rows, TG_DATA, "there is no text");
    rows_free(rows);
}

static void nanoseconds_keep_all_digits(void **state)
{
    static const char *const expected[] = {
        "{\"value\":\"1970-01-01T00:00:00.000000001+00:00\"}",
        "{\"value\":\"1969-12-31T23:59:59.999999+00:00\"}",
        "{\"value\":\"23:59:59.999999\"}",
    };
    struct tg_rows *rows = make();
    const yyjson_val **list;
    size_t count;
    (void)state;
    tg_rows_timestamp_ns(rows, 1);
    tg_rows_timestamp_ns(rows, -1000);
    tg_rows_time(rows, INT64_C(86399999999));
    check_rows(rows, 3, expected);
    assert_int_equal(rows_finish(rows, &list, &count, NULL), TG_OK);
    assert_int_equal(cell_kind(cell_find(list[0], "value", 5)), CELL_TIMESTAMP_NS);
    check_json(list[0], CELL_JSON_MARKERS,
               "{\"value\":\"\xef\x80\xa7"
               "1970-01-01T00:00:00.000000001+00:00\"}");
    rows_free(rows);
}

static yyjson_val text_cell(uint64_t tag, const char *text)
{
    return (yyjson_val){.tag = tag | (uint64_t)strlen(text) << YYJSON_TAG_BIT, .uni.str = text};
}

/* A literal is in JSON, and for the timestamps in a row, what it is by itself. */
static void cells_are_pushed_as_they_are(void **state)
{
    const yyjson_val cells[] = {
        text_cell(CELL_TAG_LITERAL, "12.50"),
        text_cell(CELL_TAG_LITERAL, "007"),
        text_cell(YYJSON_TYPE_STR, "7"),
        text_cell(CELL_TAG_DECIMAL, "1.50"),
        {.tag = CELL_TAG_DATE, .uni.i64 = 1},
        {.tag = YYJSON_TYPE_BOOL | YYJSON_SUBTYPE_TRUE},
        text_cell(CELL_TAG_LITERAL, "2024-01-02T03:04:05Z"),
    };
    const size_t count = sizeof(cells) / sizeof(cells[0]);
    const yyjson_val **rows;
    struct tg_rows *pushed;
    size_t row_count;
    (void)state;
    assert_int_equal(rows_new(&pushed, NULL), TG_OK);
    tg_rows_begin_object(pushed);
    for (size_t i = 0; i < count; i++) {
        tg_rows_key(pushed, (const char[]){(char)('a' + i), 0});
        rows_push_cell(pushed, &cells[i]);
        assert_int_equal(cell_json_varies(&cells[i]), i == 3 || i + 1 == count);
    }
    tg_rows_end_object(pushed);
    assert_int_equal(rows_finish(pushed, &rows, &row_count, NULL), TG_OK);
    check_json(
        rows[0], 0,
        "{\"a\":12.5,\"b\":\"007\",\"c\":\"7\",\"d\":\"1.50\",\"e\":\"1970-01-02\",\"f\":true,"
        "\"g\":\"2024-01-02T03:04:05+00:00\"}");
    assert_int_equal(cell_kind(cell_find(rows[0], "a", 1)), CELL_LITERAL);
    assert_true(cell_json_varies(rows[0]));
    rows_free(pushed);
}

static void unfinished_rows_are_named(void **state)
{
    struct tg_rows *rows = make();
    struct tg_error err = {0};
    const yyjson_val **list;
    size_t count;
    (void)state;
    tg_rows_begin_object(rows);
    assert_int_equal(rows_finish(rows, &list, &count, &err), TG_USAGE);
    assert_non_null(strstr(err.what, "an object was begun but not ended"));
    rows_clear(rows);
    tg_rows_begin_list(rows);
    assert_int_equal(rows_finish(rows, &list, &count, &err), TG_USAGE);
    assert_non_null(strstr(err.what, "tg_rows_end_list"));
    rows_free(rows);
}

static void text_must_be_utf8(void **state)
{
    struct tg_rows *rows = make();
    const yyjson_val **list;
    size_t count;
    (void)state;
    tg_rows_string(rows, "\xf4\x8f\xbf\xbf");
    assert_int_equal(rows_finish(rows, &list, &count, NULL), TG_OK);
    tg_rows_string(rows, "12345678\xe2\x82");
    mistake(rows, TG_DATA, "not valid UTF-8");
    rows_free(rows);
}

static void nesting_has_a_limit(void **state)
{
    struct tg_rows *rows = make();
    const yyjson_val **list;
    struct buf out = BUF_INIT;
    size_t count;
    (void)state;
    for (int depth = CELL_DEPTH_MAX; depth <= CELL_DEPTH_MAX + 1; depth++) {
        rows_clear(rows);
        tg_rows_begin_object(rows);
        tg_rows_key(rows, "a");
        for (int i = 1; i < depth; i++)
            tg_rows_begin_list(rows);
        for (int i = 1; i < depth; i++)
            tg_rows_end_list(rows);
        tg_rows_end_object(rows);
        if (depth > CELL_DEPTH_MAX) {
            mistake(rows, TG_DATA, "nested deeper than 1000 levels");
            break;
        }
        assert_int_equal(rows_finish(rows, &list, &count, NULL), TG_OK);
        assert_false(cell_too_deep(list[0]));
        cell_json(&out, list[0], CELL_JSON_SORTED);
        assert_int_equal(out.len, 6 + 2 * (CELL_DEPTH_MAX - 1));
    }
    buf_release(&out);
    rows_free(rows);
}

static void text_stays_where_it_is(void **state)
{
    struct tg_rows *rows = make();
    const yyjson_val **list;
    size_t count, bytes;
    char text[1000];
    (void)state;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 1000; i++) {
            memset(text, 'a' + i % 26, sizeof(text));
            tg_rows_text(rows, text, sizeof(text));
        }
        assert_int_equal(rows_finish(rows, &list, &count, NULL), TG_OK);
        assert_int_equal(count, 1000);
        for (size_t i = 0; i < count; i++) {
            const yyjson_val *value = cell_find(list[i], "value", 5);
            assert_int_equal(cell_len(value), 1000);
            assert_int_equal(value->uni.str[0], 'a' + (char)(i % 26));
            assert_int_equal(value->uni.str[999], 'a' + (char)(i % 26));
        }
        if (round == 0)
            bytes = rows_bytes(rows);
        else
            assert_int_equal(rows_bytes(rows), bytes); /* the memory is used again */
        rows_clear(rows);
    }
    rows_free(rows);
}

static int push_and_print(void)
{
    struct tg_rows *rows = NULL;
    struct buf out = BUF_INIT;
    const yyjson_val **list;
    size_t count;
    int rc = TG_OK;
    TRY(rows_new(&rows, NULL));
    rows_allow_table(rows, 1);
    for (size_t i = 0; i < 20; i++) {
        tg_rows_table(rows, i % 2);
        push_one_of_each(rows);
    }
    TRY(rows_finish(rows, &list, &count, NULL));
    cell_json(&out, list[count - 1], CELL_JSON_SORTED | CELL_JSON_MARKERS);
    TRY(buf_check(&out, NULL));
done:
    buf_release(&out);
    rows_free(rows);
    return rc;
}

static void push_rows(struct tg_rows *rows, size_t table, int count)
{
    tg_rows_table(rows, table);
    for (int i = 0; i < count; i++) {
        tg_rows_begin_object(rows);
        tg_rows_end_object(rows);
    }
}

/* "0 1 1": the table of each row, by the marks between them. */
static void check_tables(struct tg_rows *rows, const char *expected)
{
    struct buf out = BUF_INIT;
    const yyjson_val **list;
    size_t count, mark_count, at = 0, table = rows_first_table(rows);
    assert_int_equal(rows_finish(rows, &list, &count, NULL), TG_OK);
    const struct row_mark *marks = rows_marks(rows, &mark_count);
    for (size_t i = 0; i < count; i++) {
        for (; at < mark_count && marks[at].from == list[i]; at++)
            table = marks[at].table;
        buf_printf(&out, "%s%zu", i > 0 ? " " : "", table);
    }
    assert_int_equal(at, mark_count);
    assert_string_equal(buf_string(&out), expected);
    buf_release(&out);
}

static void rows_are_for_the_table_that_was_said(void **state)
{
    (void)state;
    struct tg_rows *rows = make();
    rows_allow_table(rows, 2);
    push_rows(rows, 0, 1);
    push_rows(rows, 2, 2);
    push_rows(rows, 1, 0); /* none is */
    push_rows(rows, 0, 1);
    push_rows(rows, 1, 0);
    assert_true(rows_has_table(rows, 2));
    assert_false(rows_has_table(rows, 1));
    check_tables(rows, "0 2 2 0");
    assert_int_equal(rows_table(rows), 1);
    rows_clear(rows);
    check_tables(rows, "");
    assert_false(rows_has_table(rows, 1));
    push_rows(rows, 1, 1); /* it still holds */
    push_rows(rows, 2, 1);
    check_tables(rows, "1 2");
    rows_clear(rows);
    push_rows(rows, 0, 0);
    push_rows(rows, 2, 1); /* before the first row */
    check_tables(rows, "2");
    rows_free(rows);
}

static void a_table_that_is_none_is_a_mistake(void **state)
{
    (void)state;
    const yyjson_val **list;
    size_t count;
    struct tg_error err = {0};
    struct tg_rows *rows = make();
    tg_rows_table(rows, 1);
    assert_int_equal(rows_finish(rows, &list, &count, &err), TG_USAGE);
    assert_non_null(strstr(err.what, "there is no table number 1"));
    rows_clear(rows);
    rows_allow_table(rows, 1);
    tg_rows_begin_list(rows);
    tg_rows_table(rows, 1);
    tg_rows_end_list(rows);
    assert_int_equal(rows_finish(rows, &list, &count, &err), TG_USAGE);
    assert_non_null(strstr(err.what, "an object or a list is open"));
    rows_free(rows);
}

static void survives_a_lack_of_memory(void **state)
{
    (void)state;
    torture(push_and_print);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_value),
        cmocka_unit_test(values_outside_objects),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(keys_are_known_again),
        cmocka_unit_test(json_texts_are_rows),
        cmocka_unit_test(json_mistakes_name_row_and_byte),
        cmocka_unit_test(nanoseconds_keep_all_digits),
        cmocka_unit_test(cells_are_pushed_as_they_are),
        cmocka_unit_test(unfinished_rows_are_named),
        cmocka_unit_test(text_must_be_utf8),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(text_stays_where_it_is),
        cmocka_unit_test(rows_are_for_the_table_that_was_said),
        cmocka_unit_test(a_table_that_is_none_is_a_mistake),
        cmocka_unit_test(survives_a_lack_of_memory),
    };
    return cmocka_run_group_tests_name("data/rows", tests, NULL, NULL);
}
