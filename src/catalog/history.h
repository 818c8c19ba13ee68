/*
 * A table that keeps its history, as dlt's merge strategy scd2 stores it: rows are versions, and
 * two columns say since when and until when each was valid.
 */
#ifndef TIDEGATE_CATALOG_HISTORY_H
#define TIDEGATE_CATALOG_HISTORY_H

#include "catalog/table.h"

#define HISTORY_FROM     "x-valid-from"
#define HISTORY_TO       "x-valid-to"
#define HISTORY_ACTIVE   "x-active-record-timestamp" /* of the column of HISTORY_TO */
#define HISTORY_VERSION  "x-row-version"
#define HISTORY_BOUNDARY "x-boundary-timestamp" /* of the table */
#define HISTORY_ID       "_dlt_id"              /* tells versions, unless another column does */

struct history {
    const char *from, *to; /* its columns; NULL: the table keeps none */
    const char *version;   /* of equal ones one is valid at a time */
    bool has_active;       /* `to` of those that are valid is active_us; else NULL */
    int64_t active_us;
    bool has_boundary; /* changes of a load are at boundary_us; else at its own time */
    int64_t boundary_us;
};

/* TG_DATA for a time that is none. What it points to is the table's. */
int history_read(const struct table *table, struct history *out,
                 struct tg_error *err) TG_CHECK_RESULT;
/* Is the id of a row that of its content, which several versions may have? */
bool history_shares_ids(const struct table *table);
/* Does a column hold such a time? */
bool history_owns(const struct table_column *column);
/* A date, or a timestamp (UTC where it does not say), as microseconds since 1970. */
bool history_time(const char *text, int64_t *us);

#endif
