/*
 * What a resource of the strategy scd2 says of its table, and what has to be so for it.
 *
 * Path: root_table_hints -> history_hints: check_change (a table keeps its history from its first
 * load on, in the same columns) -> add_column (since when, until when, what tells versions apart:
 * dlt's hints). resource_read -> history_check: rows that the load lacks are taken for gone, so it
 * must lack none.
 *
 * What becomes of the rows is write/dispositions/scd2.c's.
 */
#include "catalog/history.h"

#include <string.h>

#include "base/json.h"
#include "run/session.h"
#include "write/disposition.h"

/* What the run wants, in normal names. */
struct wanted {
    const char *from, *to, *version;
};

static int want(struct session *session, const struct resource *resource, struct wanted *out,
                struct tg_error *err)
{
    int rc = TG_OK;
    const char *const *names = resource->validity_column_names;
    const char *version = resource->row_version_column_name;
    const bool said = resource->validity_column_names_count > 0;
    TRY(session_name(session, said ? names[0] : "_dlt_valid_from", &out->from, err));
    TRY(session_name(session, said ? names[1] : "_dlt_valid_to", &out->to, err));
    TRY(session_name(session, version ? version : HISTORY_ID, &out->version, err));
done:
    return rc;
}

/* ---- a table that is there ---- */

static int loses_history(const struct table *table, const struct resource *resource,
                         struct tg_error *err)
{
    return error_set(err, TG_SPEC,
                     "table '%s' keeps its history (merge strategy scd2), which %s would lose; "
                     "give the resource another table_name, or let it be scd2",
                     table->name, disposition_name(resource->disposition));
}

static int has_no_history(const struct table *table, const struct wanted *wanted,
                          struct tg_error *err)
{
    return error_set(err, TG_SPEC,
                     "table '%s' has rows, but no column '%s' that says since when they are valid: "
                     "scd2 keeps the history of a table from its first load on; give the resource "
                     "another table_name",
                     table->name, wanted->from);
}

static int check_names(const struct table *table, const struct history *history,
                       const struct wanted *wanted, struct tg_error *err)
{
    if (strcmp(history->from, wanted->from) != 0 || strcmp(history->to, wanted->to) != 0)
        return error_set(err, TG_SPEC,
                         "table '%s' has the time of its versions in '%s' and '%s', not in '%s' "
                         "and '%s'; say validity_column_names: [%s, %s]",
                         table->name, history->from, history->to, wanted->from, wanted->to,
                         history->from, history->to);
    if (strcmp(history->version, wanted->version) != 0)
        return error_set(err, TG_SPEC,
                         "table '%s' tells its versions apart by '%s', not by '%s': all rows would "
                         "look changed; say row_version_column_name: %s",
                         table->name, history->version, wanted->version, history->version);
    return TG_OK;
}

static int check_active(const struct table *table, const struct history *history,
                        const struct resource *resource, struct tg_error *err)
{
    int64_t us = 0;
    const char *said = resource->active_record_timestamp;
    const bool same =
        said ? history_time(said, &us) && history->has_active && history->active_us == us
             : !history->has_active;
    if (same)
        return TG_OK;
    const struct table_column *to = table_find(table, history->to);
    const char *is = history->has_active ? extra_find(to->extras, HISTORY_ACTIVE) : "NULL";
    return error_set(err, TG_SPEC,
                     "rows of table '%s' that are valid have %s in '%s', and this run would have "
                     "%s; keep active_record_timestamp as it was",
                     table->name, is, history->to, said ? said : "NULL");
}

static int check_change(const struct resource *resource, const struct table *table,
                        const struct table *there, const struct wanted *wanted,
                        struct tg_error *err)
{
    int rc = TG_OK;
    struct history history = {0};
    const bool keeps = resource->disposition->keeps_history;
    const bool is_old = table && table->seen_data;
    if (is_old)
        TRY(history_read(table, &history, err));
    if (history.from && !keeps)
        return loses_history(table, resource, err);
    if (!keeps)
        return TG_OK;
    const bool has_rows = is_old || (there && !table_find_like(there, wanted->from, true));
    if (!history.from)
        return has_rows ? has_no_history(is_old ? table : there, wanted, err) : TG_OK;
    TRY(check_names(table, &history, wanted, err));
    TRY(check_active(table, &history, resource, err));
done:
    return rc;
}

/* ---- its columns ---- */

struct columns {
    struct catalog *catalog;
    const char *table;
    struct table_column *items; /* with room for three more */
    size_t *count;
};

static struct table_column *find(const struct columns *columns, const char *name)
{
    for (size_t i = 0; i < *columns->count; i++)
        if (strcmp(columns->items[i].name, name) == 0)
            return &columns->items[i];
    return NULL;
}

static int add_column(struct columns *columns, const char *name, const char *mark,
                      struct table_column **out, struct tg_error *err)
{
    *out = &columns->items[(*columns->count)++];
    **out = (struct table_column){.name = name, .nullable = true};
    return extra_set(columns->catalog, &(*out)->extras, mark, "true", err);
}

static bool is_ours(const char *name)
{
    static const char *const ours[] = {HISTORY_ID, "_dlt_load_id", "_dlt_parent_id", "_dlt_root_id",
                                       "_dlt_list_idx"};
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        if (strcmp(name, ours[i]) == 0)
            return true;
    return strncmp(name, "_tidegate_", strlen("_tidegate_")) == 0;
}

/* One that no row of the source may have. */
static int add_time(struct columns *columns, const char *name, const char *mark,
                    struct table_column **out, struct tg_error *err)
{
    if (is_ours(name))
        return error_set(err, TG_SPEC,
                         "column '%s' of table '%s' is to hold the time of its versions, but such "
                         "names are tidegate's own; name others by validity_column_names",
                         name, columns->table);
    if (find(columns, name))
        return error_set(err, TG_SPEC,
                         "column '%s' of table '%s' is to hold the time of its versions, and is "
                         "another one already; name others by validity_column_names",
                         name, columns->table);
    int rc = add_column(columns, name, mark, out, err);
    (*out)->spec.type = TYPE_TIMESTAMP;
    return rc;
}

static int add_version(struct columns *columns, const char *name, struct tg_error *err)
{
    int rc = TG_OK;
    struct table_column *column = find(columns, name);
    if (column)
        TRY(extra_set(columns->catalog, &column->extras, HISTORY_VERSION, "true", err));
    else
        TRY(add_column(columns, name, HISTORY_VERSION, &column, err));
    column->nullable = column->nullable_implied = false;
    TRY(extra_set(columns->catalog, &column->extras, "unique", "false", err));
    TRY(extra_set(columns->catalog, &column->extras, "row_key", "false", err));
done:
    return rc;
}

static int add_columns(struct columns *columns, const struct resource *resource,
                       const struct wanted *wanted, struct tg_error *err)
{
    int rc = TG_OK;
    struct table_column *from = NULL, *to = NULL;
    struct buf active = BUF_INIT;
    const char *said = resource->active_record_timestamp;
    TRY(add_time(columns, wanted->from, HISTORY_FROM, &from, err));
    TRY(add_time(columns, wanted->to, HISTORY_TO, &to, err));
    if (said)
        json_string(&active, said, strlen(said));
    else
        buf_text(&active, "null");
    TRY(buf_check(&active, err));
    TRY(extra_set(columns->catalog, &to->extras, HISTORY_ACTIVE, buf_string(&active), err));
    TRY(add_version(columns, wanted->version, err));
done:
    buf_release(&active);
    return rc;
}

int history_hints(struct session *session, const struct resource *resource,
                  const struct table_hints *hints, struct table_column *columns, size_t *count,
                  struct tg_error *err)
{
    int rc = TG_OK;
    struct wanted wanted;
    const struct table *table = catalog_find(&session->catalog, hints->table);
    struct columns all = {&session->catalog, hints->table, columns, count};
    TRY(want(session, resource, &wanted, err));
    TRY(check_change(resource, table, hints->there, &wanted, err));
    if (resource->disposition->keeps_history)
        TRY(add_columns(&all, resource, &wanted, err));
done:
    return rc;
}

/* ---- what was read ---- */

bool history_is_snapshot(const struct resource *resource, const struct table *table)
{
    return resource->disposition->keeps_history && table_key(table, true, NULL, 0) == 0;
}

int history_check(const struct resource *resource, const struct table *table, uint64_t rows,
                  uint64_t rejected, uint64_t nested_rejected, struct tg_error *err)
{
    if (!resource->disposition->keeps_history)
        return TG_OK;
    const bool by_keys = resource->deletes.detect != TG_DETECT_NONE; /* which are known */
    if (rejected > 0 && !by_keys)
        return error_set(err, TG_DATA,
                         "%llu row%s rejected, which would look deleted in table '%s', since "
                         "it keeps its history; correct them, or what rejects them",
                         (unsigned long long)rejected, rejected == 1 ? " was" : "s were",
                         table->name);
    if (nested_rejected > 0)
        return error_set(err, TG_DATA,
                         "%llu row%s nested in rows of table '%s' %s rejected, which keeps its "
                         "history: its versions would lack them for good, since a row that is sent "
                         "again as it was is not written again; correct them, or what rejects them",
                         (unsigned long long)nested_rejected, plural(nested_rejected), table->name,
                         nested_rejected == 1 ? "was" : "were");
    if (rows == 0 && table->seen_data && !resource->allow_empty && !by_keys &&
        history_is_snapshot(resource, table))
        return error_set(err, TG_DATA,
                         "no row came, so that all rows of table '%s' would look "
                         "deleted; if they are, say allow_empty: true in its write_disposition",
                         table->name);
    return TG_OK;
}
