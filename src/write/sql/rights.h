/*
 * Rights at the database that a load takes and its user lacks.
 */
#ifndef TIDEGATE_WRITE_RIGHTS_H
#define TIDEGATE_WRITE_RIGHTS_H

#include "write/sql/plan.h"

#define MISSING_RIGHT "42501" /* SQLSTATE */

/* Appends the statements, "; " between them, that somebody else would have to run for the plans to
 * be allowed; nothing where all of it is, or where the database cannot be asked. *user: whose
 * rights they are, in the arena. */
int rights_missing(struct connection *con, const char *dataset, const struct plan *const *plans,
                   size_t count, struct arena *arena, struct buf *out, const char **user,
                   struct tg_error *err) TG_CHECK_RESULT;

/* The same as an error, of a load that is looked at. TG_DESTINATION. */
int rights_check(struct connection *con, const char *dataset, const struct plan *const *plans,
                 size_t count, struct tg_error *err) TG_CHECK_RESULT;

/* Adds them to the error of a load that was refused for want of a right; returns `rc`. */
int rights_explain(struct connection *con, const char *dataset, const struct plan *const *plans,
                   size_t count, int rc, struct tg_error *err);

#endif
