/*
 * A load as what it would do, for who looks at it before: schema changes and statements.
 */
#ifndef TIDEGATE_WRITE_OUTLINE_H
#define TIDEGATE_WRITE_OUTLINE_H

#include "write/sql/excess.h"
#include "write/sql/plan.h"
#include "write/trial.h"

int outline_changes(const struct delivery *delivery, struct trial *trial,
                    struct tg_error *err) TG_CHECK_RESULT;
/* The steps that a run has, too. */
int outline_steps(const struct delivery *delivery, const char *phase, const struct plan *plan,
                  struct trial *trial, struct tg_error *err) TG_CHECK_RESULT;
int outline_excesses(const struct excesses *excesses, struct trial *trial,
                     struct tg_error *err) TG_CHECK_RESULT;

/* All of it for a manifest whose files are made up: what is there is looked at (`con` NULL: there
 * is nothing yet), no more. */
int outline_load(struct connection *con, const struct dialect *dialect, bool creates_indexes,
                 const struct manifest *manifest, const struct write_order *order,
                 struct tg_error *err) TG_CHECK_RESULT;

#endif
