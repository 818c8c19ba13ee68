/*
 * Views of a database: its tables, its loads.
 */
#ifndef TIDEGATE_WRITE_SQL_SHOW_H
#define TIDEGATE_WRITE_SQL_SHOW_H

#include "database/connection.h"

/* TG_SHOW_TABLES or TG_SHOW_LOADS as rows. TG_DESTINATION where the dataset has no tables. */
int show_database(struct connection *con, const char *dataset, enum tg_show what,
                  struct ArrowArrayStream *out, struct tg_error *err) TG_CHECK_RESULT;

#endif
