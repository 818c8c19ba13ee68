/* src/extract/files/look_json.c: how many rows an envelope shows, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "extract/files/look_json.h"
#include "helper.h"

static void check(void **state, const char *content, const char *path, size_t rows, bool is_cut)
{
    struct envelope found = {.path = BUF_INIT};
    put_file(*state, "x.json", content);
    assert_int_equal(look_for_envelope(path_in(*state, "x.json"), &found, NULL), TG_OK);
    assert_string_equal(buf_string(&found.path), path);
    if (*path)
        assert_int_equal(found.rows, rows);
    assert_int_equal(found.is_cut, is_cut);
    buf_release(&found.path);
}

static void most_rows_win(void **state)
{
    check(state, "{\"a\": [{}, {}], \"b\": {\"c\": [{}, {}, {}]}, \"d\": [{}, {}, {}]}", "b.c", 3,
          false);
    check(state, "{\"a\": {\"b\": {\"c\": {\"d\": [{}, {}]}}}}", "a.b.c.d", 2, false);
    check(state, "{\"a\": {\"b\": {\"c\": {\"d\": {\"e\": [{}, {}]}}}}}", "", 0, false);
    check(state, "{\"a\": [[{}, {}]], \"b\": [{}, null]}", "", 0, false);
}

/* As far as whole values go, whatever is cut: a text, a key, a number. */
static void a_long_file(void **state)
{
    struct buf text = BUF_INIT;
    for (int shift = 0; shift < 30; shift++) {
        buf_clear(&text);
        buf_printf(&text, "{\"%.*s\": 1, \"r\": [{\"k\": 0}", shift,
                   "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
        while (text.len < 300000)
            buf_text(&text, ", {\"k\": \"a,b\", \"l\": [12, 3]}");
        put_bytes(*state, "x.json", text.data, text.len);
        struct envelope found = {.path = BUF_INIT};
        assert_int_equal(look_for_envelope(path_in(*state, "x.json"), &found, NULL), TG_OK);
        assert_string_equal(buf_string(&found.path), "r");
        assert_true(found.is_cut && found.rows > 5000);
        buf_release(&found.path);
    }
    buf_release(&text);
}

static void what_cannot_be_read(void **state)
{
    struct envelope found = {.path = BUF_INIT};
    put_bytes(*state, "x.json", "\x1f\x8b\x08", 3);
    assert_int_equal(look_for_envelope(path_in(*state, "x.json"), &found, NULL), TG_DATA);
    assert_int_equal(look_for_envelope(path_in(*state, "absent.json"), &found, NULL), TG_SOURCE);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(most_rows_win),
        IN_FOLDER(a_long_file),
        IN_FOLDER(what_cannot_be_read),
    };
    return cmocka_run_group_tests_name("extract/look_json", tests, NULL, NULL);
}
