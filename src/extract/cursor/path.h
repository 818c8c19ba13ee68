/*
 * Where a value stands in a row: a name, names with dots between them, or a JSONPath of which the
 * first match counts.
 */
#ifndef TIDEGATE_EXTRACT_PATH_H
#define TIDEGATE_EXTRACT_PATH_H

#include "base/memory.h"
#include "data/rows.h"

enum step_kind {
    STEP_NAME,  /* .name, ['name'] */
    STEP_INDEX, /* [2]; from the end: [-1] */
    STEP_ANY,   /* .*, [*] */
};

struct path_step {
    enum step_kind kind;
    bool deep;        /* here, or in anything below: ..name */
    const char *from; /* where it begins in the path's text */
    const char *name;
    size_t len;
    int64_t index;
};

struct path {
    const char *text;              /* as it was written */
    const char *field;             /* the same without "$."; the column that it names in a table */
    const struct path_step *steps; /* none: "$", the row itself */
    size_t step_count;
    bool is_name; /* one step, which is a name */
};

/* What a path is for, in messages. */
struct path_use {
    const char *what;   /* "cursor" */
    const char *advice; /* how one is written */
};
extern const struct path_use path_of_cursor;

/* Texts and steps are the arena's. TG_USAGE for what is no path, or has more to it (filters,
 * slices, unions). */
int path_parse(struct arena *arena, const struct path_use *use, const char *text, struct path *out,
               struct tg_error *err) TG_CHECK_RESULT;
/* The first match in the row; NULL: there is none. */
const yyjson_val *path_find(const struct path *path, const yyjson_val *row);

/* "a.b" of "$.a.b", borrowed: the field that a simple path names. */
const char *path_field(const char *text);

#endif
