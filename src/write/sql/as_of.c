/*
 * A dataset as it was at a time.
 *
 * Path: as_of_plan -> for each root table with a history: add_root (from <= time < to) ->
 * add_nested, table by table downwards: rows whose parents are in the parent's view.
 *
 * Other tables have no history, and stay as they are.
 */
#include "write/sql/as_of.h"

#include <string.h>

#include "catalog/history.h"

struct views {
    const struct catalog *catalog;
    const struct described *there;
    const struct sql_scope *dataset;
    struct plan *plan;
    const char **names; /* a view's each */
    size_t *count;
};

static int add_root(const struct views *views, const struct table *table,
                    const struct history *history, int64_t us, struct tg_error *err)
{
    const struct sql_scope scope = sql_within(
        views->dataset,
        SQL_PARTS(SQL_NAME("view", table->name), SQL_TABLE("table", table->name),
                  SQL_NAME("from", history->from), SQL_NAME("to", history->to),
                  SQL_TIME("time", us), SQL_TIME("open_end", history->active_us),
                  SQL_PATTERN("or_open", history->has_active ? " OR {to} = {open_end}" : "")));
    views->names[(*views->count)++] = table->name;
    return plan_add(views->plan, NULL, COUNT_NONE, &scope,
                    "CREATE TEMP VIEW {view} AS\n"
                    "SELECT * FROM {table}\n"
                    "WHERE {from} <= {time} AND ({to} IS NULL OR {to} > {time}{or_open})",
                    err);
}

/* What is nested in a table that has its view. */
static int add_nested(const struct views *views, const struct table *parent, struct tg_error *err)
{
    int rc = TG_OK;
    const char *row_key = table_row_id(parent);
    for (size_t i = 0; i < views->catalog->table_count; i++) {
        const struct table *table = views->catalog->tables[i];
        const char *link = table_link(table, LINK_PARENT);
        if (!table->parent || strcmp(table->parent, parent->name) != 0 || !link ||
            !described_find(views->there, table->name))
            continue;
        const struct sql_scope scope =
            sql_within(views->dataset,
                       SQL_PARTS(SQL_NAME("view", table->name), SQL_TABLE("table", table->name),
                                 SQL_NAME("link", link), SQL_NAME("parent", parent->name),
                                 SQL_NAME("row_key", row_key ? row_key : HISTORY_ID)));
        views->names[(*views->count)++] = table->name;
        TRY(plan_add(views->plan, NULL, COUNT_NONE, &scope,
                     "CREATE TEMP VIEW {view} AS\n"
                     "SELECT * FROM {table}\n"
                     "WHERE {link} IN (SELECT {row_key} FROM {parent})",
                     err));
        TRY(add_nested(views, table, err));
    }
done:
    return rc;
}

int as_of_plan(const struct catalog *catalog, const struct described *there,
               const struct sql_scope *dataset, int64_t us, struct plan *plan,
               struct sql_names *names, struct tg_error *err)
{
    int rc = TG_OK;
    const char **items = arena_alloc(&plan->arena, (catalog->table_count + 1) * sizeof(*items));
    if (!items)
        return error_nomem(err);
    *names = (struct sql_names){items, 0};
    const struct views views = {catalog, there, dataset, plan, items, &names->count};
    for (size_t i = 0; i < catalog->table_count; i++) {
        const struct table *table = catalog->tables[i];
        struct history history = {0};
        if (!table->parent)
            TRY(history_read(table, &history, err));
        if (!history.from || !described_find(there, table->name))
            continue;
        TRY(add_root(&views, table, &history, us, err));
        TRY(add_nested(&views, table, err));
    }
    if (plan->count == 0)
        rc = error_set(err, TG_USAGE,
                       "no table of dataset '%s' keeps its history (merge strategy scd2), so that "
                       "nothing is known of how it was",
                       dataset->dataset);
done:
    return rc;
}
