/*
 * A key as a person writes it: 7, id=7, day=2024-01-01,id=7, {"id": 7}.
 */
#ifndef TIDEGATE_RUN_WHY_KEY_H
#define TIDEGATE_RUN_WHY_KEY_H

#include <yyjson.h>

#include "catalog/name.h"
#include "dlt/settings.h"
#include "write/destination.h"

enum { WHY_KEY_MAX = 32 };

struct why_key {
    const struct table *table; /* borrowed */
    bool is_open;              /* rows may have columns that it has not */
    struct name_rules names;
    struct hasher hasher;
    struct arena arena;
    struct story_key parts[WHY_KEY_MAX];
    const char *fields[WHY_KEY_MAX]; /* what the last row called them; NULL: none had one */
    size_t count;
};

/* By the columns of the table, or the names that sources have for them; what is no pair is the
 * value of its key, where that has one column. `is_open`: of a table that was never loaded, whose
 * rows bring the rest of its columns. TG_USAGE says how a key is written. Release it. */
int why_key_read(struct why_key *out, const struct table *table, bool is_open,
                 const struct settings *settings, size_t name_bytes_max, const char *text,
                 struct tg_error *err) TG_CHECK_RESULT;
void why_key_release(struct why_key *key);
/* Has a row of a source, or a document that one was, these values? Nested fields count, too; values
 * are compared as the columns have them. */
int why_key_is_of(struct why_key *key, const yyjson_val *row, bool *out,
                  struct tg_error *err) TG_CHECK_RESULT;
/* What a row has for a column; NULL: nothing. */
int why_key_find(struct why_key *key, const yyjson_val *row, const char *column,
                 const yyjson_val **out, struct tg_error *err) TG_CHECK_RESULT;
/* A value as people write one: as JSON, but without the quotes around it. Out: appended. */
void why_key_text(struct buf *out, const yyjson_val *cell);

#endif
