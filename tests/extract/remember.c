/* Bookmarks: made of what is news to the ledger, and of what a name held before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "extract/files/remember.h"

static const char *file_name = "a.csv";

static struct hash_stream *hash_of(const char *text)
{
    struct hash_stream *hash = NULL;
    assert_int_equal(hash_stream_new(&hash, NULL), TG_OK);
    hash_stream_add(hash, text, strlen(text));
    return hash;
}

/* The second time the ledger has it; a resource that replaces its rows enters it all the same. */
static void test_news(void **state)
{
    (void)state;
    struct arena arena;
    struct listed_file file = {.name = file_name, .size = 3, .mtime_us = 9, .rows = 2};
    struct resource_request request = {.replaces = false};
    struct remembered made = {.request = &request, .arena = &arena};
    struct hash_stream *hash = hash_of("abc");
    arena_init(&arena);
    assert_int_equal(remember_read(&made, &file, hash, NULL), TG_OK);
    assert_int_equal(made.count, 1);
    assert_string_equal(made.items[0].key, "a.csv");
    assert_string_equal(made.items[0].replaces, "");
    assert_int_equal(made.items[0].rows, 2);
    assert_true(made.items[0].was_read);
    struct bookmark known = made.items[0];
    request.recalled = (struct bookmarks){&known, 1};
    assert_int_equal(remember_read(&made, &file, hash, NULL), TG_OK);
    assert_int_equal(made.count, 1);
    file.mtime_us = 10;
    assert_int_equal(remember_read(&made, &file, hash, NULL), TG_OK);
    assert_int_equal(made.count, 2);
    file.mtime_us = 9;
    request.replaces = true;
    assert_int_equal(remember_read(&made, &file, hash, NULL), TG_OK);
    assert_int_equal(made.count, 3);
    mem_free(made.items);
    hash_stream_free(hash);
    arena_release(&arena);
}

/* A moved file takes the place of its entry; a text that no file has any more is kept under a name
 * that no file can have. */
static void test_moved_and_lost(void **state)
{
    (void)state;
    struct arena arena;
    const struct bookmark entry = {.key = "old.csv", .content = "x:1", .rows = 4};
    const struct bookmark lost = {.key = "a.csv", .content = "y:2", .rows = 7};
    struct listed_file file = {.name = file_name,
                               .fate = FILE_NOTED,
                               .reason = FILE_MOVED,
                               .entry = &entry,
                               .lost = &lost};
    struct resource_request request = {.replaces = false};
    struct remembered made = {.request = &request, .arena = &arena};
    arena_init(&arena);
    assert_int_equal(remember_noted(&made, &file, NULL), TG_OK);
    assert_int_equal(made.count, 2);
    assert_string_equal(made.items[0].key, "a.csv//y:2");
    assert_string_equal(made.items[0].replaces, "a.csv");
    assert_int_equal(made.items[0].rows, 7);
    assert_string_equal(made.items[1].key, "a.csv");
    assert_string_equal(made.items[1].replaces, "old.csv");
    assert_int_equal(made.items[1].rows, 4);
    mem_free(made.items);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_news),
        cmocka_unit_test(test_moved_and_lost),
    };
    return cmocka_run_group_tests_name("extract/remember", tests, NULL, NULL);
}
