/*
 * Points of cursors: kept, stored, shown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "extract/cursor/point.h"

static void bounds_become_points(void **state)
{
    (void)state;
    const struct {
        struct tg_value given;
        size_t fields;
        const char *json, *shown; /* NULL: refused */
    } samples[] = {
        {{.kind = TG_VALUE_NONE}, 1, "null", "NULL"},
        {{.kind = TG_VALUE_INT64, .int64 = 5}, 1, "5", "5"},
        {{.kind = TG_VALUE_TEXT, .text = "a\"b"}, 2, "\"a\\\"b\"", "'a\"b'"},
        {{.kind = TG_VALUE_JSON, .text = "[5,\"x\"]"}, 2, "[5,\"x\"]", "(5, 'x')"},
        {{.kind = TG_VALUE_JSON, .text = "[5]"}, 2, "5", "5"},
        {{.kind = TG_VALUE_JSON, .text = "[]"}, 2, "null", "NULL"},
        {{.kind = TG_VALUE_JSON, .text = "[1,2,3]"}, 2, NULL, NULL},
        {{.kind = TG_VALUE_JSON, .text = "[1,null]"}, 2, NULL, NULL},
        {{.kind = TG_VALUE_JSON, .text = "[1,true]"}, 2, NULL, NULL},
        {{.kind = TG_VALUE_JSON, .text = "[1,"}, 2, NULL, NULL},
        {{.kind = TG_VALUE_JSON, .text = "{\"a\":1}"}, 1, "{\"a\":1}", "{\"a\":1}"},
    };
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct arena arena;
        struct point point;
        struct buf json = BUF_INIT;
        char shown[80];
        struct tg_error err = {0};
        arena_init(&arena);
        int rc = point_keep(&arena, &samples[i].given, samples[i].fields, &point, &err);
        assert_int_equal(rc == TG_OK, samples[i].json != NULL);
        if (rc == TG_OK) {
            point_json(&json, &point);
            point_print(&point, shown, sizeof(shown));
            assert_string_equal(buf_string(&json), samples[i].json);
            assert_string_equal(shown, samples[i].shown);
        }
        buf_release(&json);
        arena_release(&arena);
    }
}

static void the_state_comes_back(void **state)
{
    (void)state;
    static const char stamp[] = "[\"\xef\x80\xa7"
                                "2024-01-02T00:00:00+00:00\",7]";
    static const char *const texts[] = {"null", "5", "\"\"", stamp};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct arena arena;
        struct point point;
        struct buf json = BUF_INIT;
        arena_init(&arena);
        assert_int_equal(point_parse(&arena, texts[i], 2, &point, NULL), TG_OK);
        point_json(&json, &point);
        assert_string_equal(buf_string(&json), texts[i]);
        buf_release(&json);
        arena_release(&arena);
    }
}

/* Texts that lie beside each other, an empty one among them, as they do in rows. */
static void texts_are_owned(void **state)
{
    (void)state;
    char page[] = "abc";
    struct buf text = BUF_INIT, list = BUF_INIT;
    struct point point = {.count = 3};
    cursor_value_set_text(&point.parts[0], page, 2);
    cursor_value_set_text(&point.parts[1], page + 2, 0);
    cursor_value_set(&point.parts[2], &(struct tg_value){.kind = TG_VALUE_INT64, .int64 = 9});
    assert_int_equal(point_own(&point, &text, NULL), TG_OK);
    memset(page, 'x', sizeof(page) - 1);
    struct tg_value whole = point_view(&point, &list);
    assert_int_equal(whole.kind, TG_VALUE_JSON);
    assert_string_equal(whole.text, "[\"ab\",\"\",9]");
    assert_string_equal(point.parts[1].text, "");
    point.count = 1;
    assert_string_equal(point_view(&point, &list).text, "ab");
    point.count = 0;
    assert_int_equal(point_view(&point, &list).kind, TG_VALUE_NONE);
    buf_release(&text);
    buf_release(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_become_points),
        cmocka_unit_test(the_state_comes_back),
        cmocka_unit_test(texts_are_owned),
    };
    return cmocka_run_group_tests_name("point", tests, NULL, NULL);
}
