/*
 * What a state holds of each resource, as a list.
 */
#ifndef TIDEGATE_DLT_ENTRIES_H
#define TIDEGATE_DLT_ENTRIES_H

#include "base/memory.h"
#include "dlt/state.h"

struct state_position {
    const char *path;       /* of the cursor */
    const char *last_value; /* JSON text, as it stands there; NULL: none */
    size_t hash_count;      /* rows at it that are known */
};

struct state_entry {
    const char *source, *resource;
    struct state_position *cursors;
    size_t cursor_count;
    bool has_more; /* than cursors: what a program keeps there */
};

/* All of them, in the order of the state, into `arena`. What is not of dlt's form is left out. */
int state_entries(const struct state *state, struct arena *arena, struct state_entry **out,
                  size_t *count, struct tg_error *err) TG_CHECK_RESULT;

#endif
