/*
 * The nearest name to one that is misspelt.
 */
#ifndef TIDEGATE_BASE_NEAREST_H
#define TIDEGATE_BASE_NEAREST_H

#include <stddef.h>

struct nearest {
    const char *wanted;
    const char *name; /* the best so far, `len` bytes; NULL: none is near */
    size_t len, distance;
};
void nearest_offer(struct nearest *nearest, const char *name, size_t len);
void nearest_offer_words(struct nearest *nearest, const char *words); /* "a b c" */
/* "; did you mean 'x'?", or "" */
enum { NEAREST_HINT_BYTES = 96 };
const char *nearest_hint(const struct nearest *nearest, char out[NEAREST_HINT_BYTES]);

#endif
