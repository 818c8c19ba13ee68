/*
 * A walk over the structure of a JSON text that stops at its rows: the values at the top, or those
 * that a path leads to in each of them. What the path does not lead through is passed over, however
 * long it is, and not looked into: only its brackets and quotes count.
 */
#ifndef TIDEGATE_EXTRACT_JSON_WALK_H
#define TIDEGATE_EXTRACT_JSON_WALK_H

#include "base/buf.h"
#include "extract/cursor/path.h"

enum { WALK_STEPS_MAX = 16 };

/* One container on the way that is open. */
struct walk_level {
    bool is_list, is_begun;
    int64_t index; /* of a list: of the next element */
};

enum walk_event {
    WALK_MORE,     /* there is no more text; of a key that was cut nothing is passed */
    WALK_LIST,     /* behind the '[' of a list of rows */
    WALK_ROW,      /* at the '{' of a row */
    WALK_MALFORMED /* `fault` says why */
};

/* Zero it, and set `path`, before the first text. */
struct json_walk {
    const struct path *path; /* NULL: values at the top are rows, or lists of them */
    struct walk_level levels[WALK_STEPS_MAX];
    size_t depth; /* levels that are open */
    int state;
    bool leads;        /* the value that comes is on the way */
    size_t skip_depth; /* of what is passed over */
    bool quoted, escaped;
    bool found;        /* something was selected */
    bool is_begun;     /* there was a value at the top */
    const char *fault; /* borrowed from the program */
    size_t seen_steps; /* of the path, how many have led to something: of what is there, */
    struct buf seen;   /* names, quoted, or what it is that has none */
    size_t name_count;
};

/* A path that can be followed while the text is read; TG_USAGE, which calls it `what`. */
int json_walk_check(const struct path *path, const char *what,
                    struct tg_error *err) TG_CHECK_RESULT;
/* Walks on from text[*at] up to text[end]; *at is then what it stopped at. Who has read the row or
 * the list calls it again, from behind its closing bracket. */
enum walk_event json_walk_next(struct json_walk *walk, const char *text, size_t *at, size_t end);
/* Whether the text may end here. */
bool json_walk_may_end(const struct json_walk *walk);
/* What would close the innermost bracket that is open; NULL: it is in what is passed over. */
const char *json_walk_closing(const struct json_walk *walk);
/* TG_DATA when it has ended and nothing was selected: says what there is instead. */
int json_walk_finish(const struct json_walk *walk, struct tg_error *err) TG_CHECK_RESULT;
void json_walk_release(struct json_walk *walk);

#endif
