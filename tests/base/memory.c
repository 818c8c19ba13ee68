/* Allocation, growing arrays and arenas, also when memory runs out at any point. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "tests/torture.h"

static void test_alloc(void **state)
{
    (void)state;
    size_t live = mem_live();
    void *empty = mem_alloc(0);
    void *other = mem_alloc(0);
    assert_non_null(empty);
    assert_ptr_not_equal(empty, other);
    unsigned char *zeroed = mem_calloc(3, 5);
    for (int i = 0; i < 15; i++)
        assert_int_equal(zeroed[i], 0);
    assert_int_equal(mem_live(), live + 3);
    zeroed = mem_realloc(zeroed, 1000);
    assert_non_null(zeroed);
    assert_int_equal(mem_live(), live + 3);
    mem_free(empty);
    mem_free(other);
    mem_free(zeroed);
    mem_free(NULL);
    void *fresh = mem_realloc(NULL, 4);
    fresh = mem_realloc(fresh, 0);
    assert_non_null(fresh);
    mem_free(fresh);
    void *none = mem_calloc(0, 8);
    assert_non_null(none);
    mem_free(none);
    assert_int_equal(mem_live(), live);
}

static void test_calloc_overflow(void **state)
{
    (void)state;
    volatile size_t huge = SIZE_MAX / 2;
    assert_null(mem_calloc(huge, 3));
}

static void test_strings(void **state)
{
    (void)state;
    assert_null(mem_strdup(NULL));
    assert_null(mem_strndup(NULL, 3));
    char *copy = mem_strdup("abc");
    assert_string_equal(copy, "abc");
    mem_free(copy);
    copy = mem_strndup("a\0bc", 3);
    assert_memory_equal(copy, "a\0b\0", 4);
    mem_free(copy);
    copy = mem_strndup("", 0);
    assert_string_equal(copy, "");
    mem_free(copy);
}

static void test_fail_at(void **state)
{
    (void)state;
    size_t failures = mem_failures();
    mem_fail_at(2);
    void *first = mem_alloc(1);
    void *second = mem_alloc(1);
    void *third = mem_alloc(1);
    assert_non_null(first);
    assert_null(second);
    assert_non_null(third);
    assert_int_equal(mem_failures(), failures + 1);
    mem_fail_at(1);
    assert_null(mem_realloc(first, 100)); /* `first` is still there */
    mem_fail_at(1);
    mem_fail_at(0);
    void *fourth = mem_alloc(1);
    assert_non_null(fourth);
    mem_free(first);
    mem_free(third);
    mem_free(fourth);
}

static void test_grow(void **state)
{
    (void)state;
    int32_t *items = NULL;
    size_t cap = 0;
    int moves = 0;
    for (int32_t i = 0; i < 1000; i++) {
        size_t before = cap;
        assert_int_equal(mem_grow(&items, &cap, (size_t)i + 1, sizeof(*items), NULL), TG_OK);
        assert_true(cap > (size_t)i);
        moves += cap != before;
        items[i] = i;
    }
    assert_true(moves <= 9); /* it doubles */
    for (int32_t i = 0; i < 1000; i++)
        assert_int_equal(items[i], i);
    assert_int_equal(mem_grow(&items, &cap, 0, sizeof(*items), NULL), TG_OK);
    mem_free(items);
}

static void test_grow_fails(void **state)
{
    (void)state;
    struct tg_error err = {0};
    int64_t *items = NULL;
    size_t cap = 0;
    mem_fail_at(1);
    assert_int_equal(mem_grow(&items, &cap, 1, sizeof(*items), &err), TG_NOMEM);
    assert_int_equal(err.code, TG_NOMEM);
    assert_null(items);
    assert_int_equal(cap, 0);
    assert_int_equal(mem_grow(&items, &cap, 3, sizeof(*items), &err), TG_OK);
    items[2] = 42;
    size_t before = cap;
    assert_int_equal(mem_grow(&items, &cap, SIZE_MAX / 8 + 1, sizeof(*items), &err), TG_NOMEM);
    mem_fail_at(1);
    assert_int_equal(mem_grow(&items, &cap, 100, sizeof(*items), &err), TG_NOMEM);
    assert_int_equal(cap, before);
    assert_int_equal(items[2], 42);
    mem_free(items);
}

static void test_arena(void **state)
{
    (void)state;
    size_t live = mem_live();
    struct arena arena;
    arena_init(&arena);
    assert_int_equal(mem_live(), live);
    static const size_t sizes[] = {0, 1, 15, 16, 17, 1000, 5000, 100000, 3, 70000};
    unsigned char *pieces[1000];
    for (size_t i = 0; i < 1000; i++) {
        size_t size = sizes[i % 10];
        pieces[i] = arena_alloc(&arena, size);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        for (size_t at = 0; at < size; at += 7)
            assert_int_equal(pieces[i][at], 0);
        memset(pieces[i], (int)(i % 251) + 1, size);
    }
    for (size_t i = 0; i < 1000; i++) {
        size_t size = sizes[i % 10];
        for (size_t at = 0; at < size; at++)
            if (pieces[i][at] != i % 251 + 1)
                fail_msg("piece %zu was overwritten at %zu", i, at);
    }
    arena_release(&arena);
    assert_int_equal(mem_live(), live);
    assert_string_equal(arena_strdup(&arena, "again"), "again");
    arena_release(&arena);
    arena_release(&arena);
    assert_int_equal(mem_live(), live);
}

static void test_arena_many_small_in_few_blocks(void **state)
{
    (void)state;
    size_t live = mem_live();
    struct arena arena;
    arena_init(&arena);
    for (int i = 0; i < 10000; i++)
        assert_non_null(arena_alloc(&arena, 24));
    assert_true(mem_live() - live < 12);
    arena_release(&arena);
}

static void test_arena_strings(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    assert_null(arena_strdup(&arena, NULL));
    assert_null(arena_strndup(&arena, NULL, 2));
    assert_string_equal(arena_strdup(&arena, ""), "");
    assert_string_equal(arena_strndup(&arena, "abcdef", 3), "abc");
    assert_string_equal(arena_printf(&arena, "\"%s\".%d", "t", 7), "\"t\".7");
    char *wide = arena_printf(&arena, "%9000d", 1);
    assert_int_equal(strlen(wide), 9000);
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_null(arena_alloc(&arena, SIZE_MAX - 40));
    arena_release(&arena);
}

static int fill_arena(void)
{
    struct arena arena = {0}; /* a zeroed one works too */
    int rc = TG_OK;
    for (size_t i = 0; i < 200 && rc == TG_OK; i++)
        if (!arena_alloc(&arena, i * 40) || !arena_printf(&arena, "%zu", i))
            rc = TG_NOMEM;
    arena_release(&arena);
    return rc;
}

static void test_arena_torture(void **state)
{
    (void)state;
    torture(fill_arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alloc),         cmocka_unit_test(test_calloc_overflow),
        cmocka_unit_test(test_strings),       cmocka_unit_test(test_fail_at),
        cmocka_unit_test(test_grow),          cmocka_unit_test(test_grow_fails),
        cmocka_unit_test(test_arena),         cmocka_unit_test(test_arena_many_small_in_few_blocks),
        cmocka_unit_test(test_arena_strings), cmocka_unit_test(test_arena_torture),
    };
    return cmocka_run_group_tests_name("base/memory", tests, NULL, NULL);
}
