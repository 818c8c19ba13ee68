/*
 * What a table's hints say of its history.
 *
 * Path: history_read -> for each column: its part (HISTORY_FROM, HISTORY_TO, HISTORY_VERSION); the
 * times that `to` and the table have -> read_time.
 *
 * Who gives a table these hints is run/history.c; what is done by them, write/dispositions/scd2.c
 * and write/sql/as_of.c.
 */
#include "catalog/history.h"

#include <string.h>

#include "base/json.h"
#include "base/time.h"

bool history_time(const char *text, int64_t *us)
{
    struct time_point point;
    enum time_form form = time_parse(text, strlen(text), &point);
    *us = point.us;
    return form == TIME_DATE || form == TIME_STAMP;
}

static bool says(const struct table_column *column, const char *key)
{
    const char *json = extra_find(column->extras, key);
    return json && strcmp(json, "true") == 0;
}

bool history_owns(const struct table_column *column)
{
    return says(column, HISTORY_FROM) || says(column, HISTORY_TO);
}

bool history_shares_ids(const struct table *table)
{
    const struct table_column *id = table_find(table, HISTORY_ID);
    return id && says(id, HISTORY_VERSION);
}

/* A hint that is null says nothing. */
static int read_time(const struct table *table, const struct extra *extras, const char *key,
                     bool *found, int64_t *us, struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_doc *doc = NULL;
    const char *json = extra_find(extras, key);
    if (!json)
        return TG_OK;
    TRY(json_parse(json, strlen(json), key, &doc, err));
    yyjson_val *value = yyjson_doc_get_root(doc);
    const char *text = yyjson_get_str(value);
    if (yyjson_is_null(value))
        goto done;
    if (!text || !history_time(text, us))
        TRY(error_set(err, TG_DATA, "'%s' of table '%s' is no time: %s", key, table->name, json));
    *found = true;
done:
    yyjson_doc_free(doc);
    return rc;
}

int history_read(const struct table *table, struct history *out, struct tg_error *err)
{
    int rc = TG_OK;
    const struct table_column *to = NULL;
    *out = (struct history){.version = HISTORY_ID};
    if (!table->merge_strategy || strcmp(table->merge_strategy, "scd2") != 0)
        return TG_OK;
    for (size_t i = 0; i < table->column_count; i++) {
        const struct table_column *column = &table->columns[i];
        if (says(column, HISTORY_FROM))
            out->from = column->name;
        if (says(column, HISTORY_VERSION))
            out->version = column->name;
        if (says(column, HISTORY_TO))
            to = column;
    }
    if (!to || !out->from) {
        out->from = NULL;
        return TG_OK;
    }
    out->to = to->name;
    TRY(read_time(table, to->extras, HISTORY_ACTIVE, &out->has_active, &out->active_us, err));
    TRY(read_time(table, table->extras, HISTORY_BOUNDARY, &out->has_boundary, &out->boundary_us,
                  err));
done:
    return rc;
}
