/*
 * A table `person` that keeps its history.
 */
#ifndef TIDEGATE_TESTS_HISTORIES_H
#define TIDEGATE_TESTS_HISTORIES_H

#include "catalog/history.h"
#include "tests/write/merges.h"

#define ROWS "id bigint|name text|_dlt_id text notnull"
#define VALID                                                                                      \
    "SELECT id, name, CASE WHEN _dlt_valid_to IS NULL THEN 'now' ELSE 'was' END "                  \
    "FROM d.person ORDER BY 1, 2, 3"

static inline void mark(struct fixture *t, const char *column, const char *key, const char *json)
{
    struct table_column *found = table_find(catalog_find(&t->catalog, "person"), column);
    assert_non_null(found);
    FIXTURE_OK(t, extra_set(&t->catalog, &found->extras, key, json, &t->err));
}

static inline void start_history(struct fixture *t, const char *active)
{
    start_strategy(t, "scd2", false);
    golden_columns(t, "person", "_dlt_valid_from timestamp|_dlt_valid_to timestamp");
    mark(t, "_dlt_valid_from", HISTORY_FROM, "true");
    mark(t, "_dlt_valid_to", HISTORY_TO, "true");
    mark(t, "_dlt_valid_to", HISTORY_ACTIVE, active);
}

static inline void bound(struct fixture *t, const char *time)
{
    struct table *table = catalog_find(&t->catalog, "person");
    FIXTURE_OK(t, extra_set(&t->catalog, &table->extras, HISTORY_BOUNDARY, time, &t->err));
}

#endif
