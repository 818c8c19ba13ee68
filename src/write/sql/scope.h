/*
 * destination_scope: all old rows in it go, whatever their keys.
 */
#ifndef TIDEGATE_WRITE_SCOPE_H
#define TIDEGATE_WRITE_SCOPE_H

#include "write/sql/stage.h"

/* Deletes the root rows of the scope with what is nested in them. */
int scope_clear(const struct stage *stage, struct plan *plan, struct tg_error *err) TG_CHECK_RESULT;

#endif
