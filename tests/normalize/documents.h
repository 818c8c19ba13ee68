/*
 * For tests of normalize: random JSON documents, the same for the same seed.
 */
#ifndef TIDEGATE_TESTS_NORMALIZE_DOCUMENTS_H
#define TIDEGATE_TESTS_NORMALIZE_DOCUMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { LINES_MAX = 8, DEPTH_MAX = 4, KEYS_MAX = 6 };

static inline uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static inline size_t below(uint64_t *state, size_t n)
{
    return (size_t)(next_random(state) % n);
}

/* By position: scalars only, or objects too, or lists too. Keys that cannot collide. */
static const char *const apart[] = {
    "id",           "camelCase",  "HTTPRequests", "some key", "1st", "_lead",
    "\u65e5\u672c", "quote\\\"d", "a\\nb",        "+plus",    "x.y", "Stra\u00dfe",
    "end_",         "",           "'single'",     "SELECT",
};
/* Keys of which many have one name. */
static const char *const colliding[] = {
    "a b", "a_b", "A-B", "a__b", "a", "b", "B ", "c", "C", "a.b", "value", "Value", "", " ",
};
static const char *const scalars[] = {
    "1",
    "0",
    "-3",
    "42",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "99999999999999999999999999999",
    "1234567890123456789012345678901234567890123",
    "1.0",
    "1.5",
    "-0.25",
    "1e-7",
    "1e300",
    "true",
    "false",
    "null",
    "\"\"",
    "\"text\"",
    "\"7\"",
    "\"1.5\"",
    "\"true\"",
    "\"2024-01-02\"",
    "\"2024-01-02T03:04:05Z\"",
    "\"2024-01-02T03:04:05.123456+02:00\"",
    "\"\u00fc\\u0000\U0001f600\"",
};
struct documents {
    uint64_t seed;
    bool collide;
    struct buf text;
};

static inline void add_value(struct documents *documents, int depth, bool objects, bool lists);

static inline void add_object(struct documents *documents, int depth)
{
    uint64_t *seed = &documents->seed;
    size_t key_count = documents->collide ? COUNT(colliding) : COUNT(apart);
    uint32_t used = 0;
    size_t pairs = below(seed, KEYS_MAX + 1);
    buf_char(&documents->text, '{');
    for (size_t i = 0; i < pairs; i++) {
        size_t key = below(seed, key_count);
        if (used >> key & 1)
            continue;
        buf_printf(&documents->text, "%s\"%s\":", used ? "," : "",
                   documents->collide ? colliding[key] : apart[key]);
        used |= 1u << key;
        add_value(documents, depth - 1, documents->collide || key % 3 == 1,
                  documents->collide || key % 3 == 2);
    }
    buf_char(&documents->text, '}');
}

static inline void add_list(struct documents *documents, int depth)
{
    size_t count = below(&documents->seed, 4);
    buf_char(&documents->text, '[');
    for (size_t i = 0; i < count; i++) {
        buf_text(&documents->text, i > 0 ? "," : "");
        add_value(documents, depth - 1, true, true);
    }
    buf_char(&documents->text, ']');
}

static inline void add_value(struct documents *documents, int depth, bool objects, bool lists)
{
    size_t kind = below(&documents->seed, 3);
    if (depth > 0 && kind == 0 && objects)
        add_object(documents, depth);
    else if (depth > 0 && kind <= 1 && lists)
        add_list(documents, depth);
    else
        buf_text(&documents->text, scalars[below(&documents->seed, COUNT(scalars))]);
}

/* Up to LINES_MAX lines; some keys of a schema repeat often, others never. */
static inline struct documents make_documents(uint64_t seed, bool collide)
{
    struct documents documents = {.seed = seed, .collide = collide};
    size_t count = 1 + below(&documents.seed, LINES_MAX);
    for (size_t i = 0; i < count; i++) {
        add_object(&documents, DEPTH_MAX);
        buf_char(&documents.text, '\n');
    }
    return documents;
}

#endif
