/*
 * Rows of pages that wait on disk until it is known which of them are to go on.
 *
 *   held_add for each row -> held_start (a query that says which) -> held_next until PAGE_END
 */
#ifndef TIDEGATE_EXTRACT_HELD_H
#define TIDEGATE_EXTRACT_HELD_H

#include "data/page.h"
#include "extract/cursor/shelf.h"

struct held;

/* What it has is kept in `folder` (borrowed), and in bytes_max of memory. */
int held_new(struct engine *engine, const char *folder, size_t bytes_max, struct held **out,
             struct tg_error *err) TG_CHECK_RESULT;
void held_free(struct held *held); /* NULL is fine */
/* Row `index` of the page as it was delivered, with a hash; it is copied, and with it where it is
 * from. */
int held_add(struct held *held, const struct page *page, size_t index, const uint64_t hash[2],
             struct tg_error *err) TG_CHECK_RESULT;
/* How many there are; the number of the one that comes next. */
uint64_t held_count(const struct held *held);
/* Puts what is left on disk; appends all of it, as a relation of the engine with the columns low
 * and high (the hash), sequence (0, 1, ...), place, number and cells. Has a row at least. */
int held_relation(struct held *held, struct buf *sql, struct tg_error *err) TG_CHECK_RESULT;
/* The query gives place, number and cells of those that go on. Without it none do. */
int held_start(struct held *held, const char *query, struct tg_error *err) TG_CHECK_RESULT;
/* Fills `page` (which was released) with the next of them; PAGE_END: no more. */
int held_next(struct held *held, struct page *page, struct tg_error *err) TG_CHECK_RESULT;

#endif
