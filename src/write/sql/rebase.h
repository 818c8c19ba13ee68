/*
 * A load whose schema is not the newest any more: its additions are laid over the newest.
 */
#ifndef TIDEGATE_WRITE_REBASE_H
#define TIDEGATE_WRITE_REBASE_H

#include "write/ledger.h"
#include "write/sql/chain.h"

/* Lays what the load's own catalog says of the tables that the load brings over load->catalog, the
 * newest one; what is there and the load knows nothing of stays. TG_CONFLICT (retryable) where the
 * two contradict each other. Tables of load->own become part of load->catalog. */
int rebase_catalog(struct delivery *delivery, struct tg_error *err) TG_CHECK_RESULT;
/* The schema that the load stores comes after the newest. */
int rebase_follow(struct delivery *delivery, const struct ledger *newest,
                  struct tg_error *err) TG_CHECK_RESULT;

#endif
