/*
 * Sealed loads that wait to be written, of one destination and dataset: which they are, what they
 * will leave there, and that a load was ever committed to it.
 */
#ifndef TIDEGATE_RUN_PENDING_H
#define TIDEGATE_RUN_PENDING_H

#include "run/session.h"

struct pending_load {
    char *path;
    struct manifest manifest;
};

struct pending {
    struct pending_load *items; /* the oldest first */
    size_t count;
};

/* pending.c: those of the session's destination and dataset; one whose manifest cannot be read is
 * not among them. Release `out` in any case. */
int pending_list(const struct session *session, struct pending *out,
                 struct tg_error *err) TG_CHECK_RESULT;
void pending_release(struct pending *pending);
const struct pending_load *pending_find(const struct pending *pending, const char *load_id);

/* ahead.c: the ledger as it will be once they are written, in place of the one that was read; those
 * that are there already are dropped. TG_CONFLICT for one that cannot be followed. */
int ahead_follow(struct session *session, struct tg_error *err) TG_CHECK_RESULT;
/* Tables that they bring are there, too. */
int ahead_lay(struct session *session, struct tg_error *err) TG_CHECK_RESULT;
/* NULL: they bring no rows to it. */
const struct brought_table *ahead_brings(const struct session *session, const char *table);

/* committed.c: the record that a load was committed here. Makes it; what fails is a warning. */
void committed_note(const struct session *session);
/* Is there such a record, and nothing at the destination, which is open? Then somebody has removed
 * what was there: pending loads are dropped (*dropped says whether there were any), and the record
 * with them. */
int committed_check(struct session *session, bool *dropped, struct tg_error *err) TG_CHECK_RESULT;
/* The same where none is pending, once the ledger is read. */
int committed_renew(struct session *session, struct tg_error *err) TG_CHECK_RESULT;

#endif
