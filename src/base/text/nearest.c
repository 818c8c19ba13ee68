/*
 * The nearest name to one that is misspelt.
 *
 *   nearest_offer (each name there is) -> edit_distance -> nearest_hint: "; did you mean 'x'?"
 *
 * A third of the letters may be wrong, two in short names; case does not count. A name that is not
 * typed to its end is near, too. What the names are of is the caller's.
 */
#include "base/text/nearest.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    WORD_MAX = 64,    /* longer ones have no nearest name */
    BEGINNING_MIN = 3 /* letters; less are the beginning of too many */
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, substitutions and swaps of neighbours from one word to the other. */
static size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][WORD_MAX + 1];
    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *row = rows[i % 3];
        const size_t *before = rows[(i + 2) % 3], *two_before = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            char x = lower(a[i - 1]), y = lower(b[j - 1]);
            row[j] = least(least(before[j], row[j - 1]) + 1, before[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == lower(b[j - 2]) && y == lower(a[i - 2]))
                row[j] = least(row[j], two_before[j - 2] + 1);
        }
    }
    return rows[a_len % 3][b_len];
}

static bool is_beginning(const char *wanted, size_t wanted_len, const char *name, size_t len)
{
    return wanted_len >= BEGINNING_MIN && wanted_len < len && memcmp(wanted, name, wanted_len) == 0;
}

void nearest_offer(struct nearest *nearest, const char *name, size_t len)
{
    size_t wanted_len = strlen(nearest->wanted);
    if (len > WORD_MAX || wanted_len > WORD_MAX)
        return;
    size_t distance = edit_distance(nearest->wanted, wanted_len, name, len);
    size_t limit = wanted_len / 3 > 2 ? wanted_len / 3 : 2;
    if (is_beginning(nearest->wanted, wanted_len, name, len))
        distance = least(distance, limit);
    if (distance > limit || distance >= wanted_len || distance >= len)
        return;
    if (!nearest->name || distance < nearest->distance)
        *nearest = (struct nearest){nearest->wanted, name, len, distance};
}

void nearest_offer_words(struct nearest *nearest, const char *words)
{
    for (size_t len; *words; words += len + (words[len] == ' ')) {
        len = strcspn(words, " ");
        nearest_offer(nearest, words, len);
    }
}

const char *nearest_hint(const struct nearest *nearest, char out[NEAREST_HINT_BYTES])
{
    out[0] = '\0';
    if (nearest->name)
        snprintf(out, NEAREST_HINT_BYTES, "; did you mean '%.*s'?", (int)nearest->len,
                 nearest->name);
    return out;
}
