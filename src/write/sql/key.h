/*
 * Which old rows the staged ones meet: those with an equal primary key, or merge key.
 */
#ifndef TIDEGATE_WRITE_KEY_H
#define TIDEGATE_WRITE_KEY_H

#include "write/sql/stage.h"

/* Which staged rows count: all, those that stay, those that only delete. */
enum staged { STAGED_ALL, STAGED_STAYS, STAGED_GOES };

/* Deletes the old root rows that meet such staged rows. `count` says what they are. */
int key_delete(const struct stage *stage, enum staged which, enum step_count count,
               struct plan *plan, struct tg_error *err) TG_CHECK_RESULT;
/* A query of all old root rows that meet staged ones: `pattern` of `scope`, which has {new} and
 * {match}, once or more often. */
int key_select(const struct stage *stage, const struct sql_scope *scope, const char *pattern,
               struct buf *out, struct tg_error *err) TG_CHECK_RESULT;
/* Makes the temporary table {gone} of the {row_key} of all old root rows that meet staged ones;
 * `scope` has both names, within that of the stage. */
int key_note(const struct stage *stage, const struct sql_scope *scope, struct plan *plan,
             struct tg_error *err) TG_CHECK_RESULT;

#endif
