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
    struct name_rules names;
    struct hasher hasher;
    struct arena arena;
    struct story_key parts[WHY_KEY_MAX];
    size_t count;
};

/* By the columns of the table, or the names that sources have for them; what is no pair is the
 * value of its key, where that has one column. TG_USAGE says how a key is written. Release it. */
int why_key_read(struct why_key *out, const struct table *table, const struct settings *settings,
                 size_t name_bytes_max, const char *text, struct tg_error *err) TG_CHECK_RESULT;
void why_key_release(struct why_key *key);
/* Has a document, with the source's names, these values? */
int why_key_matches(struct why_key *key, yyjson_val *document, bool *out,
                    struct tg_error *err) TG_CHECK_RESULT;

#endif
