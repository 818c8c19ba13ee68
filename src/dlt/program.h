/*
 * What programs keep in a state: a JSON object for each source, and for each of its resources.
 */
#ifndef TIDEGATE_DLT_PROGRAM_H
#define TIDEGATE_DLT_PROGRAM_H

#include "dlt/state.h"

/* The most bytes of a text that is set. */
enum { PROGRAM_TEXT_MAX = 8 * 1024 * 1024 };

/* An object, or (a key) a value in it. */
struct program_place {
    const char *source;
    const char *resource; /* NULL: the object of the source */
    const char *key;      /* NULL: the whole object */
};

/* Its JSON text as it stands there, of an object without what is not the program's; *found = false
 * when there is none. TG_USAGE for a key that is not the program's. */
int program_get(const struct state *state, const struct program_place *place, struct buf *out,
                bool *found, struct tg_error *err) TG_CHECK_RESULT;
/* Missing levels are made; `json` NULL takes it away. *changed = false where it is there already.
 * TG_USAGE for a key that is not the program's, TG_DATA for a text that cannot be kept. */
int program_set(struct state *state, const struct program_place *place, const char *json,
                bool *changed, struct tg_error *err) TG_CHECK_RESULT;
/* Has the state anything of the source, be it empty? */
bool program_has_source(const struct state *state, const char *source);

#endif
