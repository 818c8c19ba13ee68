/*
 * A query that somebody has written, with tables of a dataset by their names alone.
 */
#ifndef TIDEGATE_WRITE_UNQUALIFY_H
#define TIDEGATE_WRITE_UNQUALIFY_H

#include "database/template.h"

/* Appends `text`; where it names one of `tables` by the scope's dataset ("d"."t", or with a
 * database before it) the dataset is left out. Literals, comments and other names stay. */
int sql_unqualify(struct buf *out, const struct sql_scope *dataset, const struct sql_names *tables,
                  const char *text, struct tg_error *err) TG_CHECK_RESULT;

#endif
