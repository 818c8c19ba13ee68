/*
 * Texts that are alike, one by one and in lists.
 */
#ifndef TIDEGATE_BASE_SAME_H
#define TIDEGATE_BASE_SAME_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* NULL is like NULL alone. */
static inline bool text_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* In the same order. */
static inline bool texts_same(const char *const *a, size_t a_count, const char *const *b,
                              size_t b_count)
{
    bool same = a_count == b_count;
    for (size_t i = 0; same && i < a_count; i++)
        same = text_same(a[i], b[i]);
    return same;
}

#endif
