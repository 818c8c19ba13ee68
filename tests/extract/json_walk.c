/* The way to the rows of a JSON text: what each path selects, stopped at each byte and gone on; and
 * what is said when it selects nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "extract/formats/json_walk.h"

static const struct path_use use = {"select", "write it right"};

/* Behind the value that begins at text[at]. */
static size_t skip_value(const char *text, size_t at, size_t depth)
{
    for (bool quoted = false;; at++) {
        quoted ^= text[at] == '"';
        if (quoted)
            at += text[at] == '\\';
        else if (text[at] == '{' || text[at] == '[')
            depth++;
        else if ((text[at] == '}' || text[at] == ']') && --depth == 0)
            return at + 1;
    }
}

/* Each row and list of rows as it stands in the text, of which no more than `known` bytes are known
 * when the walk begins, and `step` more each time. */
static void walk_by(const struct path *path, const char *text, size_t known, size_t step,
                    struct buf *out)
{
    struct json_walk walk = {.path = path};
    struct tg_error err = {0};
    const size_t len = strlen(text);
    size_t at = 0, from, end = known < len ? known : len;
    enum walk_event event = WALK_MORE;
    buf_clear(out);
    while (event != WALK_MALFORMED) {
        event = json_walk_next(&walk, text, &at, end);
        assert_true(at <= end);
        if (event == WALK_MORE && end == len)
            break;
        if (event == WALK_MORE)
            end = end + step < len ? end + step : len;
        if (event != WALK_LIST && event != WALK_ROW)
            continue;
        from = at - (event == WALK_LIST);
        at = skip_value(text, at, event == WALK_LIST);
        buf_printf(out, "%.*s ", (int)(at - from), text + from);
        end = end < at ? at : end;
    }
    if (event == WALK_MALFORMED)
        buf_printf(out, "%zu: %s", at, walk.fault);
    else if (!json_walk_may_end(&walk))
        buf_printf(out, "cut before %s",
                   json_walk_closing(&walk) ? json_walk_closing(&walk) : "something");
    else if (json_walk_finish(&walk, &err) != TG_OK)
        buf_text(out, err.what);
    json_walk_release(&walk);
}

static void check(const char *select, const char *text, const char *expected)
{
    struct arena arena;
    struct path path;
    struct buf out = BUF_INIT;
    arena_init(&arena);
    if (select)
        assert_int_equal(path_parse(&arena, &use, select, &path, NULL), TG_OK);
    for (size_t known = 0; known <= strlen(text); known++) {
        for (size_t step = 1; step < 4; step++) {
            walk_by(select ? &path : NULL, text, known, step, &out);
            if (strcmp(buf_string(&out), expected) != 0)
                fail_msg("%s of '%s', %zu bytes known, then %zu: '%s'", select ? select : "all",
                         text, known, step, buf_string(&out));
        }
    }
    buf_release(&out);
    arena_release(&arena);
}

static void test_values(void **state)
{
    (void)state;
    check(NULL, "", "");
    check(NULL, " \n", "");
    check(NULL, "{}", "{} ");
    check(NULL, "{\"a\":1}{\"a\":2}\n[3]\x1e\n{\n\"b\":\"}\"}",
          "{\"a\":1} {\"a\":2} [3] {\n\"b\":\"}\"} ");
    check(NULL, "{},{}",
          "{} 2: a comma between values at the top; put them in brackets, [ ... ], "
          "or take it out");
    check(NULL, "{} 5", "{} 3: something follows that is no object and no list");
    check(NULL, "{} // x", "{} 3: JSON has no comments; take them out");
    check(NULL, "{} }", "{} 3: something follows that is no object and no list");
}

static void test_selected(void **state)
{
    static const char envelope[] =
        "{\"meta\": {\"items\": [9], \"n\": -1.5e3, \"t\":\"\\\"]}\\\\\"}, \"data\" :\n"
        "{\"x\":null,\"items\" : [{\"a\":[1]},2] ,\"y\":[[],{\"items\":[8]}]}, \"end\":true}";
    (void)state;
    check("data.items", envelope, "[{\"a\":[1]},2] ");
    check("$.data.items", envelope, "[{\"a\":[1]},2] ");
    check("data.items[*]", envelope, "[{\"a\":[1]},2] ");
    check("['data']['items']", envelope, "[{\"a\":[1]},2] ");
    check("data.items[0]", envelope, "{\"a\":[1]} ");
    check("data.items[0].a", envelope, "[1] ");
    check("data.y[1].items", envelope, "[8] ");
    check("*.items", envelope, "[9] [{\"a\":[1]},2] ");
    check("meta", "{\"meta\":{\"a\":1}}", "{\"a\":1} ");
    check("$", "{\"a\":1} [2]", "{\"a\":1} [2] ");
    check("a", "{\"a\":[1]}\n{\"b\":2}\n{\"a\":{}}{\"a\":null}", "[1] {} ");
    check("pages[*].items",
          "{\"pages\":[{\"items\":[1]},{\"items\":null},{},[],{\"items\":[2,3]}]}", "[1] [2,3] ");
    check("[*].rows", "[{\"rows\":[1]},{\"rows\":[]}]", "[1] [] ");
    check("data.*", "{\"data\":{\"u1\":{\"a\":1},\"u2\":[2],\"u3\":null}}", "{\"a\":1} [2] ");
    check("data", "{\"data\":null}", "");
    check("a", "{\"a\":[1],\"a\":[2]}", "[1] [2] ");
}

static void test_keys(void **state)
{
    (void)state;
    check("\xc3\xa4\xf0\x9f\x98\x80",
          "{\"\\u00e4\\ud83D\\ude00\":[1],\"\xc3\xa4\xf0\x9f\x98\x80\":[2]}", "[1] [2] ");
    check("['a/b']", "{\"a\\/b\":[1],\"a\\\\/b\":[2],\"a\\u002fb\":[3],\"a\\u002Fbc\":[4]}",
          "[1] [3] ");
    check("['a.b']", "{\"a\":{\"b\":[1]},\"a.b\":[2]}", "[2] ");
    check("a", "{\"\\x\":[1],\"\\u00\":[2],\"\\ud83dx\":[3],\"a\\\\\":[4],\"a\":[5]}", "[5] ");
}

static void test_malformed(void **state)
{
    (void)state;
    check("a", "{\"a\":5}", "5: what is selected is no object and no list");
    check("a", "{\"a\" [1]}", "5: a colon is missing behind a key");
    check("a", "{\"b\":1 \"a\":[1]}", "7: a comma or a closing bracket is missing");
    check("a", "{\"b\":1,}", "7: a comma without a value; take it out");
    check("a", "{b:1}", "1: a key in double quotes is missing");
    check("a", "{\"b\":,\"a\":[1]}", "5: no value of JSON begins here");
    check("a", "{\"b\":1]", "6: a comma or a closing bracket is missing");
    check("[*].a", "[{\"a\":[1]},/* x */{}]", "[1] 11: JSON has no comments; take them out");
    check("a", "{\"a\":[1]", "[1] cut before }");
    check("[*].a", "[{\"a\":[1]}", "[1] cut before ]");
    check("a", "{\"b\":{\"c\":\"}\"", "cut before something");
    check("a", "[1,[2", "cut before something");
    check("a", "{\"b", "cut before }");
    check("a", "{\"b\\\"", "cut before }");
}

static void test_nothing(void **state)
{
    (void)state;
    check("a", "", "");
    check("a", "\n", "");
    check("data.itms", "{\"n\":1,\"data\":{\"items\":[1],\"total\":2},\"x\":3}",
          "select 'data.itms' matches nothing in it: in 'data' are the keys 'items', 'total'");
    check("dta.items", "{\"n\":1,\"data\":{\"items\":[1]}}",
          "select 'dta.items' matches nothing in it: at the top are the keys 'n', 'data'");
    check("data.items", "{\"n\":1,\"data\":[1]}",
          "select 'data.items' matches nothing in it: in 'data' is a list; [*] leads into each of "
          "its "
          "elements");
    check("data.items", "{\"data\":5}",
          "select 'data.items' matches nothing in it: in 'data' is no object and no list");
    check("data[*].a", "{\"data\":[]}",
          "select 'data[*].a' matches nothing in it: in 'data' is nothing");
    check("data[0]", "{\"data\":{\"a\":1}}",
          "select 'data[0]' matches nothing in it: in 'data' is an object");
    check("a", "[1]",
          "select 'a' matches nothing in it: at the top is a list; [*] leads into each "
          "of its elements");
    check(
        "pages[*].rows", "{\"pages\":[{\"items\":1},{\"more\":2}]}",
        "select 'pages[*].rows' matches nothing in it: in 'pages[*]' are the keys 'items', 'more'");
    check("z",
          "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1,\"k\":"
          "1,\"l\":1,"
          "\"m\":1,\"n\":1}",
          "select 'z' matches nothing in it: at the top are the keys 'a', 'b', 'c', 'd', 'e', 'f', "
          "'g', 'h', 'i', 'j', 'k', 'l', ...");
}

static void test_paths(void **state)
{
    struct arena arena;
    struct path path;
    struct tg_error err = {0};
    (void)state;
    arena_init(&arena);
    assert_int_equal(path_parse(&arena, &use, "a..b", &path, NULL), TG_OK);
    assert_int_equal(json_walk_check(&path, "select", &err), TG_USAGE);
    assert_non_null(strstr(err.what, "select 'a..b' looks in all that is below"));
    assert_int_equal(path_parse(&arena, &use, "a[-1]", &path, NULL), TG_OK);
    assert_int_equal(json_walk_check(&path, "select", &err), TG_USAGE);
    assert_non_null(strstr(err.what, "from the end of a list"));
    assert_int_equal(path_parse(&arena, &use, "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a", &path, NULL),
                     TG_OK);
    assert_int_equal(json_walk_check(&path, "select", &err), TG_USAGE);
    assert_non_null(strstr(err.what, "has 17 steps, and 16 are the most"));
    assert_int_equal(path_parse(&arena, &use, "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a", &path, NULL),
                     TG_OK);
    assert_int_equal(json_walk_check(&path, "select", &err), TG_OK);
    assert_int_equal(path_parse(&arena, &use, "a.", &path, &err), TG_USAGE);
    assert_string_equal(err.what, "select 'a.' is no path: a name is empty; write it right");
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),  cmocka_unit_test(test_selected),
        cmocka_unit_test(test_keys),    cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_nothing), cmocka_unit_test(test_paths),
    };
    return cmocka_run_group_tests_name("extract/json_walk", tests, NULL, NULL);
}
