/*
 * Groups of a merge key: when one row of a group passes the cursor, all rows of the group that the
 * source delivers go with it, since the merge replaces the group whole.
 *
 *   groups_pass (a row that passes), groups_hold (a row that the cursor would drop) for each row ->
 *   groups_next until PAGE_END: the held rows of groups that passed, in the order of arrival
 *
 * Both are kept in memory up to a share of the budget, then in files.
 */
#ifndef TIDEGATE_EXTRACT_GROUPS_H
#define TIDEGATE_EXTRACT_GROUPS_H

#include "data/page.h"
#include "duckdb/engine.h"

struct groups_options {
    struct context *ctx;    /* borrowed */
    struct engine *engine;  /* borrowed */
    const char *folder;     /* for files; made when it is needed, removed in the end */
    const char *const *key; /* the merge key: names as in the source */
    size_t key_count;
};

struct groups;

int groups_new(const struct groups_options *options, struct groups **out,
               struct tg_error *err) TG_CHECK_RESULT;
void groups_free(struct groups *groups); /* NULL is fine */
int groups_pass(struct groups *groups, const yyjson_val *row, struct tg_error *err) TG_CHECK_RESULT;
/* Row `index` of the page as it was delivered; it is copied, and with it where it is from. */
int groups_hold(struct groups *groups, const struct page *page, size_t index,
                struct tg_error *err) TG_CHECK_RESULT;
/* Fills `page` (which was released) with the next rows; PAGE_END: no more. They `precede`: of rows
 * with one primary key a merge takes the one that passed by itself. Nothing is held or passes after
 * the first call. */
int groups_next(struct groups *groups, struct page *page, struct tg_error *err) TG_CHECK_RESULT;

#endif
