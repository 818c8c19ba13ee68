/*
 * Views of a database: its tables, its loads.
 */
#ifndef TIDEGATE_WRITE_SQL_SHOW_H
#define TIDEGATE_WRITE_SQL_SHOW_H

#include "database/connection.h"

/* Tables, loads, windows, rejects or files of the sources as rows. TG_DESTINATION where the dataset
 * has no tables. */
int show_database(struct connection *con, const char *dataset, enum tg_show what,
                  struct ArrowArrayStream *out, struct tg_error *err) TG_CHECK_RESULT;

/* Version, schema and the first load of each version of that schema, the oldest first. */
int show_versions(struct connection *con, const char *dataset, const char *schema,
                  struct text_rows *out, struct tg_error *err) TG_CHECK_RESULT;

#endif
