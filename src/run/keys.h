/*
 * Keys that a source has, beside the rows of the load: what says that a row is not gone, although
 * it did not come.
 */
#ifndef TIDEGATE_RUN_KEYS_H
#define TIDEGATE_RUN_KEYS_H

#include <yyjson.h>

#include "extract/page_stream.h"
#include "run/load.h"

struct keys;

/* Whose keys they are. All is borrowed. */
struct keys_of {
    struct load *load;
    const struct resource *resource;
    const struct table *root; /* typed as its rows are */
    size_t place;             /* of the resource in the load */
    /* Of rows that may have come late: columns of their own stand beside (manifest.h), and one
     * without a key is left out. `cursor` is the root's column of that; NULL: it has none. */
    bool is_late;
    const struct table_column *cursor;
    /* Those are learned from, for the cursor of that source in the state, in a unit; NULL: not. */
    const char *learns_source, *learns_unit;
};

int keys_new(const struct keys_of *of, struct keys **out, struct tg_error *err) TG_CHECK_RESULT;
/* That of a row which is not loaded. TG_DATA when it has none that can be read. */
int keys_add(struct keys *keys, const yyjson_val *row, struct tg_error *err) TG_CHECK_RESULT;
int keys_push(struct keys *keys, struct page *page, struct tg_error *err) TG_CHECK_RESULT;
/* All of a stream. */
int keys_list(struct keys *keys, struct page_stream *stream, struct tg_error *err) TG_CHECK_RESULT;
/* Puts what is left into the package; *count: how many there were. */
int keys_finish(struct keys *keys, uint64_t *count, struct tg_error *err) TG_CHECK_RESULT;
/* Warns where a source's files of keys are fewer than the last time; has the ledger keep how many
 * there are. */
int keys_remember(const struct keys *keys, struct tg_error *err) TG_CHECK_RESULT;
void keys_free(struct keys *keys); /* NULL is fine */

#endif
