/*
 * Rows at one cursor value, more than their hashes fit in memory.
 *
 *   of this run:    ties_pour (what the boundary has so far), ties_add for each row at the last
 *                   value, ties_restart when that moves -> ties_finish, for the next run
 *   of the last:    ties_are_stored: ties_hold for each row at the start value -> ties_next until
 *                   PAGE_END: those that are not among the stored ones, in the order of arrival
 */
#ifndef TIDEGATE_EXTRACT_TIES_H
#define TIDEGATE_EXTRACT_TIES_H

#include "base/context.h"
#include "data/page.h"
#include "duckdb/engine.h"
#include "extract/cursor/boundary.h"

/* A row's hash, of 15 or of 9 bytes: these, NULs, and how many they are. */
enum { TIE_BYTES = 16 };
struct tie {
    uint64_t low, high;
};

/* What a set is told by, however it came together. */
struct ties_total {
    uint64_t count, low, high; /* the sums of both halves */
    bool is_mixed;             /* hashes in forms that are not written any more are among them */
};

struct ties;

struct ties_options {
    struct context *ctx;   /* borrowed */
    struct engine *engine; /* borrowed */
    const char *folder;    /* for files; made when it is needed, removed in the end */
    struct ties_total stored;
    /* Calls ties_recall with all that are stored. */
    int (*recall)(void *user, struct ties *ties, struct tg_error *err);
    void *user;
};

int ties_new(const struct ties_options *options, struct ties **out,
             struct tg_error *err) TG_CHECK_RESULT;
void ties_free(struct ties *ties); /* NULL is fine */
/* false: the text is no hash of a row. */
bool tie_of_text(const char *text, struct tie *out);
void tie_put(const struct tie *tie, unsigned char out[TIE_BYTES]);

/* ---- rows at the start value ---- */

/* Are there any? Then pages must be rows. */
bool ties_are_stored(const struct ties *ties);
/* May a row be stored in another form than it is written in? */
bool ties_are_mixed(const struct ties *ties);
/* The TIE_BYTES of `count` hashes, one after the other. */
int ties_recall(struct ties *ties, const void *bytes, size_t count,
                struct tg_error *err) TG_CHECK_RESULT;
/* Row `index` of the page as it was delivered, by its hash and (of a mixed set) its others. */
int ties_hold(struct ties *ties, const struct page *page, size_t index, const struct tie *forms,
              size_t form_count, struct tg_error *err) TG_CHECK_RESULT;
/* Fills `page` (which was released) with the next rows that are new. Nothing is held after the
 * first call. */
int ties_next(struct ties *ties, struct page *page, struct tg_error *err) TG_CHECK_RESULT;

/* ---- rows at the last value ---- */

/* Are they more than the boundary is for? */
bool ties_exceed(const struct ties *ties, size_t count);
/* All that the boundary would keep; from now on hashes come here. */
int ties_pour(struct ties *ties, struct boundary *boundary, struct tg_error *err) TG_CHECK_RESULT;
/* Do they? Then the boundary keeps none. */
bool ties_gather(const struct ties *ties);
int ties_add(struct ties *ties, const struct row_hash *hash, struct tg_error *err) TG_CHECK_RESULT;
/* The last value is another one: begins with no row. */
int ties_restart(struct ties *ties, struct tg_error *err) TG_CHECK_RESULT;
/* Is the set the stored one, to which rows were added? Else it takes its place. */
bool ties_grow(const struct ties *ties);
/* Hands out what is to be stored, each hash once and in order: where they grow, what is new. *out:
 * the set as it is then. */
typedef int (*ties_emit)(void *user, const struct tie *ties, size_t count, struct tg_error *err);
int ties_finish(struct ties *ties, ties_emit emit, void *user, struct ties_total *out,
                struct tg_error *err) TG_CHECK_RESULT;

#endif
