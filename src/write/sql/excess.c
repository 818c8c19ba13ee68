/*
 * A load against the limits of its resources, inside its transaction.
 *
 * Path: excess_of_schema (what ddl_plan has noted, before anything is changed: tables of each
 * resource, columns and types of each table) -> excess_of_rows (what the statements have counted)
 * -> excess_refuse.
 *
 * A share is of the rows that the table had. They are counted when rows are gone: what is there
 * then, without what came; before, of a table whose lost rows stay (excess_look). A table that is
 * replaced, and a nested one, loses what it gets smaller by: its rows go and come with others. One
 * that is dropped, and gets none, loses all.
 */
#include "write/sql/excess.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/history.h"
#include "database/template.h"
#include "write/disposition.h"

void excesses_release(struct excesses *excesses)
{
    arena_release(&excesses->arena);
    *excesses = (struct excesses){0};
}

static struct limits limits_of(const struct write_order *order, const char *resource)
{
    return order && order->limits ? order->limits(order->user, resource) : (struct limits){0};
}

static int add(struct excesses *out, const struct excess *excess, const char *what,
               struct tg_error *err)
{
    struct excess *made = arena_alloc(&out->arena, sizeof(*made));
    if (!made || !what)
        return error_nomem(err);
    *made = *excess;
    made->what = what;
    made->next = NULL;
    if (out->last)
        out->last->next = made;
    else
        out->first = made;
    out->last = made;
    out->count++;
    return TG_OK;
}

/* ---- the schema ---- */

/* The kind of limit that a change counts for; LIMIT_KINDS: a column of a new table has none. */
static enum limit_kind kind_of(const struct schema_change *change)
{
    if (!change->column) /* what a refresh drops is made again */
        return change->target->part->dropped ? LIMIT_KINDS : LIMIT_TABLES_ADDED;
    if (!change->target->there)
        return LIMIT_KINDS;
    return change->before ? LIMIT_TYPE_CHANGES : LIMIT_COLUMNS_ADDED;
}

static const char *resource_of(const struct schema_change *change)
{
    return change->target->part->resource;
}

/* Do both count for one limit? */
static bool goes_with(const struct schema_change *first, const struct schema_change *other)
{
    enum limit_kind kind = kind_of(first);
    return kind_of(other) == kind &&
           (kind == LIMIT_TABLES_ADDED ? strcmp(resource_of(first), resource_of(other)) == 0
                                       : first->target == other->target);
}

static bool is_first(const struct delivery *delivery, const struct schema_change *change)
{
    const struct schema_change *other = delivery->changes;
    while (!goes_with(change, other))
        other = other->next;
    return other == change;
}

enum { NAMES_MAX = 5 };

/* 'a', 'b' and 3 more */
static uint64_t list_changes(const struct schema_change *first, struct buf *names)
{
    uint64_t count = 0;
    for (const struct schema_change *at = first; at; at = at->next) {
        if (!goes_with(first, at) || ++count > NAMES_MAX)
            continue;
        buf_printf(names, "%s'%s'", count > 1 ? ", " : "",
                   at->column ? at->column : at->target->table->name);
        if (at->before)
            buf_printf(names, " from %s to %s", at->before, at->type);
    }
    if (count > NAMES_MAX)
        buf_printf(names, " and %" PRIu64 " more", count - NAMES_MAX);
    return count;
}

static int add_changes(const struct schema_change *first, const struct limits *limits,
                       struct excesses *out, struct tg_error *err)
{
    int rc = TG_OK;
    static const char *const patterns[LIMIT_KINDS] = {
        [LIMIT_TABLES_ADDED] = "resource '%s' would add %" PRIu64 " table%s (%s)",
        [LIMIT_COLUMNS_ADDED] = "table '%s' would get %" PRIu64 " new column%s (%s)",
        [LIMIT_TYPE_CHANGES] = "table '%s' would have %" PRIu64 " column%s of another type (%s)"};
    struct buf names = BUF_INIT;
    const enum limit_kind kind = kind_of(first);
    const uint64_t most = limits->of[kind].most, found = list_changes(first, &names);
    const bool is_table = kind != LIMIT_TABLES_ADDED;
    TRY(buf_check(&names, err));
    const struct excess excess = {
        .kind = kind,
        .resource = resource_of(first),
        .table = is_table || found == 1 ? first->target->table->name : NULL,
        .column = found == 1 ? first->column : NULL,
        .found = found,
        .most = most,
    };
    if (found > most)
        TRY(add(out, &excess,
                arena_printf(&out->arena, patterns[kind], is_table ? excess.table : excess.resource,
                             found, plural(found), buf_string(&names)),
                err));
done:
    buf_release(&names);
    return rc;
}

int excess_of_schema(const struct delivery *delivery, const struct write_order *order,
                     struct excesses *out, struct tg_error *err)
{
    int rc = TG_OK;
    for (const struct schema_change *at = delivery->changes; at; at = at->next) {
        const struct limits limits = limits_of(order, resource_of(at));
        const enum limit_kind kind = kind_of(at);
        if (kind < LIMIT_KINDS && limits.of[kind].is_set && is_first(delivery, at))
            TRY(add_changes(at, &limits, out, err));
    }
done:
    return rc;
}

/* ---- the rows that there are ---- */

static int count_rows(const struct delivery *delivery, struct connection *con, const char *table,
                      const struct sql_part *parts, uint64_t *out, struct tg_error *err)
{
    struct text_rows rows = {0};
    const struct sql_scope outer = {delivery->dialect, delivery->manifest->dataset, parts, NULL};
    const struct sql_scope scope = sql_within(&outer, SQL_PARTS(SQL_TABLE("table", table)));
    int rc = sql_fetch(con, &scope, "SELECT COUNT(*) FROM {table}{live}", &rows, err);
    *out = rc == TG_OK ? strtoull(text_cell(&rows, 0, 0), NULL, 10) : 0;
    text_rows_release(&rows);
    return rc;
}

static int count_valid(const struct delivery *delivery, struct connection *con,
                       const struct target *root, uint64_t *out, struct tg_error *err)
{
    struct history history;
    int rc = history_read(root->table, &history, err);
    if (rc != TG_OK)
        return rc;
    const struct sql_part *parts = SQL_PARTS(
        SQL_NAME("to", history.to), SQL_TIME("open_end", history.active_us),
        SQL_PATTERN("live", history.has_active ? " WHERE ({to} IS NULL OR {to} = {open_end})"
                                               : " WHERE {to} IS NULL"));
    return count_rows(delivery, con, root->table->name, parts, out, err);
}

static int count_unflagged(const struct delivery *delivery, struct connection *con,
                           const struct target *root, uint64_t *out, struct tg_error *err)
{
    const struct sql_part *parts =
        SQL_PARTS(SQL_NAME("flag", DELETED_COLUMN), SQL_PATTERN("live", " WHERE {flag} IS NULL"));
    return count_rows(delivery, con, root->table->name, parts, out, err);
}

static int look_at(const struct delivery *delivery, struct connection *con,
                   const struct chain *chain, struct excesses *out, struct tg_error *err)
{
    int rc = TG_OK;
    const struct target *root = &chain->targets[0];
    struct live_rows *live = arena_alloc(&out->arena, sizeof(*live));
    if (!live)
        return error_nomem(err);
    *live = (struct live_rows){.target = root, .next = out->live};
    if (chain->driver->keeps_history)
        TRY(count_valid(delivery, con, root, &live->count, err));
    else
        TRY(count_unflagged(delivery, con, root, &live->count, err));
    out->live = live;
done:
    return rc;
}

int excess_look(const struct delivery *delivery, struct connection *con,
                const struct write_order *order, struct excesses *out, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t c = 0; c < delivery->chain_count; c++) {
        const struct chain *chain = &delivery->chains[c];
        const struct target *root = &chain->targets[0];
        const bool stays = root->part && root->there && !chain->replaced &&
                           (root->part->flags_absent || chain->driver->keeps_history);
        if (stays && limits_of(order, root->part->resource).of[LIMIT_ROWS_DELETED].is_share)
            TRY(look_at(delivery, con, chain, out, err));
    }
done:
    return rc;
}

static const struct live_rows *find_live(const struct excesses *excesses,
                                         const struct target *target)
{
    const struct live_rows *live = excesses->live;
    while (live && live->target != target)
        live = live->next;
    return live;
}

/* ---- the rows that go ---- */

/* Is it dropped, and the load brings no rows for it? */
static bool is_lost(const struct target *target)
{
    return target->part->dropped && !target_has_rows(target);
}

/* Rows that give way to those of the load are told from the others in root tables alone. */
static uint64_t rows_lost(const struct chain *chain, const struct target *target,
                          const struct write_table_counts *counts)
{
    bool is_nested = target->table->parent;
    bool replaces = chain->driver->replaces || chain->driver->replaces_range;
    if (!is_nested && !chain->replaced && !replaces)
        return counts->rows_deleted;
    return counts->rows_deleted > counts->rows_inserted
               ? counts->rows_deleted - counts->rows_inserted
               : 0;
}

static int check_loss(const struct target *target, const struct limit *limit, uint64_t lost,
                      uint64_t rows, struct excesses *out, struct tg_error *err)
{
    const char *table = target->table->name;
    const struct excess excess = {.kind = LIMIT_ROWS_DELETED,
                                  .resource = target->part->resource,
                                  .table = table,
                                  .found = lost,
                                  .most = limit_most(limit, rows)};
    if (lost <= excess.most)
        return TG_OK;
    return add(out, &excess,
               arena_printf(&out->arena,
                            "table '%s' would lose %" PRIu64 " of its %" PRIu64 " rows", table,
                            lost, rows),
               err);
}

static int check_table(const struct delivery *delivery, struct connection *con,
                       const struct target *target, const struct limit *limit, uint64_t lost,
                       const struct write_table_counts *counts, struct excesses *out,
                       struct tg_error *err)
{
    uint64_t rows = 0;
    if (!limit->is_set || lost == 0 || (!limit->is_share && lost <= limit->most))
        return TG_OK;
    const struct live_rows *live = find_live(out, target);
    if (live)
        return check_loss(target, limit, lost, live->count, out, err);
    int rc = count_rows(delivery, con, target->table->name, SQL_PARTS(SQL_PATTERN("live", "")),
                        &rows, err);
    rows += counts->rows_deleted - counts->rows_inserted;
    return rc == TG_OK ? check_loss(target, limit, lost, rows, out, err) : rc;
}

static int check_chain(const struct delivery *delivery, struct connection *con,
                       const struct chain *chain, const struct write_table_counts *counts,
                       const struct write_order *order, struct excesses *out, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t t = 0; t < chain->count; t++) {
        const struct target *target = &chain->targets[t];
        if (!target->part || is_lost(target))
            continue;
        const struct limits limits = limits_of(order, target->part->resource);
        const struct write_table_counts *count = &counts[target->index];
        TRY(check_table(delivery, con, target, &limits.of[LIMIT_ROWS_DELETED],
                        rows_lost(chain, target, count), count, out, err));
    }
done:
    return rc;
}

/* All rows that it had are gone. */
static int check_dropped(const struct target *target, const struct write_table_counts *counts,
                         const struct write_order *order, struct excesses *out,
                         struct tg_error *err)
{
    const struct limits limits = limits_of(order, target->part->resource);
    const struct limit *limit = &limits.of[LIMIT_ROWS_DELETED];
    uint64_t lost = counts[target->index].rows_deleted;
    return limit->is_set ? check_loss(target, limit, lost, lost, out, err) : TG_OK;
}

int excess_of_rows(const struct delivery *delivery, struct connection *con,
                   const struct write_table_counts *counts, const struct write_order *order,
                   struct excesses *out, struct tg_error *err)
{
    int rc = TG_OK;
    const struct chain *dropped = &delivery->dropped;
    for (size_t c = 0; c < delivery->chain_count; c++)
        TRY(check_chain(delivery, con, &delivery->chains[c], counts, order, out, err));
    for (size_t t = 0; t < dropped->count; t++)
        if (is_lost(&dropped->targets[t]))
            TRY(check_dropped(&dropped->targets[t], counts, order, out, err));
done:
    return rc;
}

/* ---- the refusal ---- */

int excess_refuse(const struct excesses *excesses, struct tg_error *err)
{
    const struct excess *first = excesses->first;
    char more[64] = "";
    if (!first)
        return TG_OK;
    if (excesses->count > 1)
        snprintf(more, sizeof(more), ", and %zu more limit%s exceeded", excesses->count - 1,
                 excesses->count > 2 ? "s are" : " is");
    error_set(err, TG_LIMIT,
              "%s, where limits.%s allows %" PRIu64 "%s; nothing was written: look at it with "
              "`tidegate plan SPEC --rows`, then raise the limit, or run once with --accept-limits",
              first->what, limit_name(first->kind), first->most, more);
    error_names(err, TG_LIMIT, AT_RESOURCE, first->resource);
    if (first->table)
        error_names(err, TG_LIMIT, AT_TABLE, first->table);
    if (first->column)
        error_names(err, TG_LIMIT, AT_COLUMN, first->column);
    return TG_LIMIT;
}
