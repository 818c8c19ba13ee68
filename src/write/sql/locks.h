/*
 * Who may write beside whom: the locks of a load (locks.c says why they are these).
 */
#ifndef TIDEGATE_WRITE_LOCKS_H
#define TIDEGATE_WRITE_LOCKS_H

#include "write/sql/chain.h"

struct locks {
    struct arena arena;
    struct lock_row row;
    struct lock *items; /* in the order in which they are taken */
    size_t count;
};

/* What a load wants before it looks at what is there, by an earlier look that ddl_plan has been
 * through. Release `out` after TG_OK. */
int locks_plan(const struct delivery *delivery, struct locks *out,
               struct tg_error *err) TG_CHECK_RESULT;
void locks_release(struct locks *locks);
int locks_take(const struct locks *locks, struct connection *con,
               struct tg_error *err) TG_CHECK_RESULT;
/* Holds the tables of that look as they are. SQLSTATE 40001: one has gone since. */
int locks_hold(const struct delivery *delivery, struct connection *con,
               struct tg_error *err) TG_CHECK_RESULT;
/* Are those that are held the ones that are wanted? More than is wanted is as well, but for the
 * dataset: that one stands in everybody's way. */
bool locks_serve(const struct locks *held, const struct locks *wanted);
/* The last one, for what all loads of the dataset write. */
int locks_take_ledger(struct connection *con, const struct manifest *manifest,
                      struct tg_error *err) TG_CHECK_RESULT;
/* Waits until no other transaction of the pipeline is left, however lost its connection. */
int locks_take_pipeline(struct connection *con, const struct manifest *manifest,
                        struct tg_error *err) TG_CHECK_RESULT;

#endif
