/* normalize/id.c: ids as dlt makes them, in any number and length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <ctype.h>
#include <stdlib.h>

#include "normalize/id.h"
#include "tests/torture.h"

static void vectors(void **state)
{
    (void)state;
    static const struct {
        const char *parent, *table, *id;
    } cases[] = {
        {"z5jIxXIbUnmbKw", "t__k", "iBepEDVe/1vuNA"},
        {"1", "parent__child", "mvMThji/REOKKA"},
        {"mvMThji/REOKKA", "parent__child__grandchild", "KKZaBWTgbZd74A"},
    };
    struct hasher hasher = {0};
    char text[HASH_ID_TEXT], id[HASH_ID_TEXT];
    for (size_t i = 0; i < 3; i++) {
        struct id_queue queue = {0};
        id_queue_add(&queue, cases[i].parent, strlen(cases[i].parent), cases[i].table,
                     strlen(cases[i].table), 0, 0);
        id_queue_run(&queue, text);
        assert_int_equal(queue.lanes.count, 0);
        assert_memory_equal(text, cases[i].id, HASH_ID_TEXT);
        assert_int_equal(id_nested(&hasher, cases[i].parent, strlen(cases[i].parent),
                                   cases[i].table, 0, id, NULL),
                         TG_OK);
        assert_memory_equal(id, cases[i].id, HASH_ID_TEXT);
    }
    hasher_release(&hasher);
}

static int compare_ids(const void *left, const void *right)
{
    return memcmp(left, right, HASH_ID_TEXT);
}

/* Parent, table and index: each tells ids apart. */
static void below_random_ids(void **state)
{
    (void)state;
    enum { PARENTS = 100, TABLES = 10, INDEXES = 100, COUNT = PARENTS * TABLES * INDEXES };
    static char ids[COUNT][HASH_ID_TEXT];
    char parent[32], again[HASH_ID_TEXT];
    for (int i = 0; i < COUNT; i++) {
        snprintf(parent, sizeof(parent), "parent%08d", i / TABLES / INDEXES);
        const uint64_t table = (uint64_t)(i / INDEXES % TABLES), index = (uint64_t)(i % INDEXES);
        id_below_random(parent, table, index, ids[i]);
        id_below_random(parent, table, index, again);
        assert_memory_equal(ids[i], again, HASH_ID_TEXT);
        for (int c = 0; c < HASH_ID_TEXT; c++)
            assert_true(isalnum((unsigned char)again[c]) || again[c] == '+' || again[c] == '/');
    }
    qsort(ids, COUNT, HASH_ID_TEXT, compare_ids);
    for (int i = 1; i < COUNT; i++)
        assert_memory_not_equal(ids[i - 1], ids[i], HASH_ID_TEXT);
}

/* The queue's own permutation against the library's, whatever a lane held before. */
static void queue_equals_library(void **state)
{
    (void)state;
    struct id_queue queue = {0};
    struct hasher hasher = {0};
    char table[HASH_BLOCK], parent[HASH_BLOCK], text[HASH_LANES * HASH_ID_TEXT], id[16];
    size_t table_len = 1;
    memset(table, 't', sizeof(table));
    memset(parent, 'p', sizeof(parent));
    for (uint64_t n = 0; n < 1000; n++) {
        uint64_t index[HASH_LANES];
        size_t lens[HASH_LANES], count = n % HASH_LANES + 1;
        if (n % 50 == 0) {
            table_len = n * 7 % 120 + 1;
            queue = (struct id_queue){0};
        }
        for (size_t lane = 0; lane < count; lane++) {
            lens[lane] =
                n % 3 ? HASH_ID_TEXT : (n * 37 + lane * 59) % (HASH_BLOCK - 24 - table_len);
            index[lane] = lane == 3 ? UINT64_MAX - n : n * n * n;
            assert_true(id_queue_fits(lens[lane], table_len));
            id_queue_add(&queue, parent, lens[lane], table, table_len, index[lane],
                         lane * HASH_ID_TEXT);
        }
        id_queue_run(&queue, text);
        for (size_t lane = 0; lane < count; lane++) {
            char message[256];
            int len = snprintf(message, sizeof(message), "%.*s_%.*s_%llu", (int)lens[lane], parent,
                               (int)table_len, table, (unsigned long long)index[lane]);
            assert_int_equal(hash_text(&hasher, message, (size_t)len, 10, id, NULL), TG_OK);
            assert_memory_equal(text + lane * HASH_ID_TEXT, id, HASH_ID_TEXT);
        }
    }
    assert_false(id_queue_fits(HASH_ID_TEXT, 130));
    hasher_release(&hasher);
}

/* Texts of every length that fits, in any lane, whatever the lane held before. */
static void queued_texts(void **state)
{
    (void)state;
    struct id_queue queue = {0};
    struct hasher hasher = {0};
    char message[HASH_BLOCK], text[HASH_LANES * HASH_ID_TEXT], id[HASH_ID_TEXT];
    memset(message, 'm', sizeof(message));
    for (size_t n = 0; n < 600; n++) {
        size_t lens[HASH_LANES], count = n % HASH_LANES + 1;
        for (size_t lane = 0; lane < count; lane++) {
            lens[lane] = n < 144 ? n : (n * 37 + lane * 59) % 144;
            assert_true(id_queue_fits(lens[lane], 0));
            id_queue_text(&queue, message, lens[lane], lane * HASH_ID_TEXT);
        }
        id_queue_run(&queue, text);
        for (size_t lane = 0; lane < count; lane++) {
            assert_int_equal(id_hash(&hasher, message, lens[lane], id, NULL), TG_OK);
            assert_memory_equal(text + lane * HASH_ID_TEXT, id, HASH_ID_TEXT);
        }
    }
    assert_false(id_queue_fits(144, 0));
    hasher_release(&hasher);
}

static void random_ids_differ(void **state)
{
    (void)state;
    struct context ctx;
    char ids[1000][HASH_ID_TEXT];
    context_init(&ctx);
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(id_random(&ctx, ids[i], NULL), TG_OK);
        if (i > 0)
            assert_true(memcmp(ids[i], ids[i - 1], HASH_ID_TEXT) != 0);
    }
}

static int one_id(void)
{
    struct hasher hasher = {0};
    char id[HASH_ID_TEXT], parent[400];
    memset(parent, 'p', sizeof(parent));
    int rc = id_nested(&hasher, parent, sizeof(parent), "table", 7, id, NULL);
    hasher_release(&hasher);
    return rc;
}

static void out_of_memory(void **state)
{
    (void)state;
    torture(one_id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors),
        cmocka_unit_test(below_random_ids),
        cmocka_unit_test(queue_equals_library),
        cmocka_unit_test(queued_texts),
        cmocka_unit_test(random_ids_differ),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests_name("normalize/id", tests, NULL, NULL);
}
