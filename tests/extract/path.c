/*
 * Paths of cursors: what is one, and the value that it leads to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "extract/cursor/path.h"

struct found {
    const char *path, *value; /* NULL: none */
};

static const char document[] = "{\"a\":{\"b\":1,\"c.d\":2,\"\":3},\"list\":[{\"x\":4},{\"x\":5,"
                               "\"at\":6}],\"deep\":{\"in\":[[],[{\"at\":7}]]},"
                               "\"two words\":8,\"it's\":9,\"empty\":{}}";

static void check(const yyjson_val *row, const struct found *sample)
{
    struct arena arena;
    struct path path;
    struct tg_error err = {0};
    struct buf json = BUF_INIT;
    arena_init(&arena);
    if (path_parse(&arena, &path_of_cursor, sample->path, &path, &err) != TG_OK)
        fail_msg("%s: %s", sample->path, err.what);
    const yyjson_val *value = path_find(&path, row);
    if (value)
        cell_json(&json, value, 0);
    if (!value != !sample->value || (value && strcmp(buf_string(&json), sample->value) != 0))
        fail_msg("%s leads to %s", sample->path, value ? buf_string(&json) : "nothing");
    buf_release(&json);
    arena_release(&arena);
}

static void the_first_match_counts(void **state)
{
    (void)state;
    yyjson_doc *doc = NULL;
    const struct found samples[] = {
        {"a.b", "1"},
        {"$.a.b", "1"},
        {"$['a'][\"c.d\"]", "2"},
        {"a['c.d']", "2"},
        {"a['']", "3"},
        {"list[0].x", "4"},
        {"list[-1].x", "5"},
        {"list[2].x", NULL},
        {"list[-3].x", NULL},
        {"list[*].at", "6"}, /* the first element has none */
        {"$.list.*.x", "4"},
        {"$..at", "6"},
        {"$.deep..at", "7"},
        {"$..in[1][0].at", "7"},
        {"two words", "8"},
        {"['two words']", "8"},
        {"['a'].b", "1"},
        {"$[\"it's\"]", "9"},
        {"a.b.c", NULL},
        {"empty.*", NULL},
        {"empty[*]", NULL},
        {"nothing", NULL},
        {"a[0]", NULL},
        {"list.x", NULL},
    };
    assert_int_equal(json_parse(document, strlen(document), "document", &doc, NULL), TG_OK);
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        check(yyjson_doc_get_root(doc), &samples[i]);
    check(yyjson_doc_get_root(doc), &(struct found){"$", document});
    yyjson_doc_free(doc);
}

static void what_is_none_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",    ".",      "a.",        "a..",  ".a",    "$.",
                                      "$x",  "$.a[",   "a[]",       "a[x]", "a['b]", "a['b'",
                                      "a[1", "a[1:2]", "a[?(@.b)]", "a]b",  "a[0]b"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct arena arena;
        struct path path;
        struct tg_error err = {0};
        arena_init(&arena);
        bool is_name = strcmp(bad[i], "$x") == 0; /* a field may be called so */
        assert_int_equal(path_parse(&arena, &path_of_cursor, bad[i], &path, &err),
                         is_name ? TG_OK : TG_USAGE);
        assert_true(is_name || strstr(err.what, "data.updated_at"));
        arena_release(&arena);
    }
}

static void a_simple_path_names_a_field(void **state)
{
    (void)state;
    assert_string_equal(path_field("$.a.b"), "a.b");
    assert_string_equal(path_field("a"), "a");
    assert_string_equal(path_field("$"), "$");
    static const char *const named[] = {"a b", "$['a b']", "['a b']", "$[\"a b\"]"};
    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
        struct arena arena;
        struct path path;
        arena_init(&arena);
        assert_int_equal(path_parse(&arena, &path_of_cursor, named[i], &path, NULL), TG_OK);
        assert_true(path.is_name);
        assert_string_equal(path.field, "a b");
        assert_string_equal(path.text, named[i]);
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_match_counts),
        cmocka_unit_test(what_is_none_is_refused),
        cmocka_unit_test(a_simple_path_names_a_field),
    };
    return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
