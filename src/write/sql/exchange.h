/*
 * Rows of a load take the place of old ones: what the strategies have in common that do it by
 * deleting old rows and inserting new ones. Both are functions of a disposition (disposition.h).
 */
#ifndef TIDEGATE_WRITE_EXCHANGE_H
#define TIDEGATE_WRITE_EXCHANGE_H

#include "write/sql/stage.h"

int exchange_stage(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                   struct tg_error *err) TG_CHECK_RESULT;
int exchange_apply(const struct delivery *delivery, const struct chain *chain, struct plan *plan,
                   struct tg_error *err) TG_CHECK_RESULT;
/* The staged root rows that stay, into their table. */
int exchange_insert_roots(const struct stage *stage, struct plan *plan,
                          struct tg_error *err) TG_CHECK_RESULT;

#endif
