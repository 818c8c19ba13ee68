/*
 * Rows before the start that their field shows to be so as it came, before anything is read of it.
 */
#ifndef TIDEGATE_EXTRACT_BELOW_H
#define TIDEGATE_EXTRACT_BELOW_H

#include "extract/cursor/cursor_value.h"

enum below_kind { BELOW_NONE = 0, BELOW_INTEGERS, BELOW_TEXTS };

/* Eight bytes of a text, the first one lowest, of which some are any digit. */
struct below_word {
    uint64_t form, limits; /* as time_parse.c has them */
    uint64_t value;        /* what the start has there, the first one highest */
};

struct below {
    enum below_kind kind; /* of the start; BELOW_NONE: no row is told by it */
    bool backwards;
    int64_t number;
    struct below_word words[3]; /* YYYY-MM-DD hh:mm:ss, which they cover */
    const char *zone;           /* what follows the second and its fraction; borrowed */
    size_t zone_len;
};

/* Where the cursor begins; text is borrowed. */
void below_set(struct below *out, const struct cursor_value *start, bool backwards);
/* The slow half of below_shows. */
bool below_shows_text(const struct below *below, const char *text, size_t len);

/* true: the value comes before the start, by cursor_value_compare. false: it may still. */
static inline bool below_shows(const struct below *below, const yyjson_val *cell)
{
    const enum cell_kind kind = cell_kind(cell);
    if (below->kind == BELOW_TEXTS)
        return kind == CELL_TEXT && below_shows_text(below, cell->uni.str, cell_len(cell));
    if (kind != CELL_INT && (kind != CELL_UINT || cell->uni.u64 > INT64_MAX))
        return false;
    return below->backwards ? cell->uni.i64 > below->number : cell->uni.i64 < below->number;
}

#endif
