/*
 * What is remembered of the rows at a cursor's last value.
 */
#ifndef TIDEGATE_RUN_KNOWN_H
#define TIDEGATE_RUN_KNOWN_H

#include "run/load.h"

/* The hashes of those that are there, which state and ledger own; free the array alone. `tied`:
 * more, which the ledger has beside them. */
int known_hashes(struct session *session, const struct resource *resource,
                 const struct state_cursor *stored, const char ***out, size_t *count,
                 struct ties_total *tied, struct tg_error *err) TG_CHECK_RESULT;
/* Of how many rows the ledger's entry tells. */
uint64_t known_count(const struct ledger_boundary *boundary);
/* Into the state: all of them, or what stands for more than dlt would keep. */
int known_remember(struct session *session, const struct resource *resource,
                   const struct state_cursor *cursor, struct tg_error *err) TG_CHECK_RESULT;

#endif
