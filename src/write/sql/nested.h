/*
 * Nested rows follow their root rows: those of old root rows that go, those of staged ones that
 * stay.
 */
#ifndef TIDEGATE_WRITE_NESTED_H
#define TIDEGATE_WRITE_NESTED_H

#include "write/sql/stage.h"

/* Deletes the nested rows of all old root rows that meet staged ones; before these are deleted. */
int nested_delete(const struct stage *stage, struct plan *plan,
                  struct tg_error *err) TG_CHECK_RESULT;
/* The same of the root rows whose {row_key} is in the {gone} of the scope. */
int nested_follow(const struct stage *stage, const struct sql_scope *scope, struct plan *plan,
                  struct tg_error *err) TG_CHECK_RESULT;
/* What tells the rows of a nested table that follow root rows: by the root key; where the table has
 * none, by the parents, up to a table that has one. The scope has {gone}, the roots, by {row_key}.
 */
int nested_write_follows(const struct chain *chain, const struct target *target,
                         const struct sql_scope *outer, struct buf *sql,
                         struct tg_error *err) TG_CHECK_RESULT;
/* Stages the nested rows of all staged rows that stay, a table each (stage_name). */
int nested_stage(const struct stage *stage, struct plan *plan,
                 struct tg_error *err) TG_CHECK_RESULT;
/* Inserts the nested rows of all staged rows that stay. */
int nested_insert(const struct stage *stage, struct plan *plan,
                  struct tg_error *err) TG_CHECK_RESULT;
/* The same of staged ones that are not there yet, by their row key. */
/* Those of root rows that are still staged, where all are. */
int nested_insert_staying(const struct stage *stage, struct plan *plan,
                          struct tg_error *err) TG_CHECK_RESULT;
int nested_insert_new(const struct stage *stage, struct plan *plan,
                      struct tg_error *err) TG_CHECK_RESULT;

#endif
