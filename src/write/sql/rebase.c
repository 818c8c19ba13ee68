/*
 * The schema race: between this load's start and its end somebody has stored another schema. What
 * the load adds is laid over that one, and planned anew; the newest schema so has all columns.
 *
 * Path: rebase_catalog -> for each table of the package: rebase_table (unknown: as a whole) ->
 * rebase_column (unknown: added; known: agree on a type) -> lay_hints, for the resource's words are
 * this run's.
 *
 * A type that both have made differently is a contradiction where the load brings values that were
 * made for one and would be changed on their way into the other. What the destination's tables are
 * like is asked by ddl.c, as ever.
 */
#include "write/sql/rebase.h"

#include <string.h>

#include "dlt/settings.h"

/* Under another naming convention every name of the package would be another one. */
static int check_names(const struct delivery *delivery, struct tg_error *err)
{
    int rc = TG_OK;
    struct settings ours = {0}, theirs = {0};
    TRY(settings_read(&delivery->own, &ours, err));
    TRY(settings_read(&delivery->catalog, &theirs, err));
    if (ours.naming == theirs.naming && ours.whole_paths == theirs.whole_paths)
        goto done;
    rc =
        error_set(err, TG_CONFLICT,
                  "schema '%s' has got another naming convention while this load was made; nothing "
                  "was written, run again",
                  delivery->catalog.name);
done:
    settings_release(&ours);
    settings_release(&theirs);
    return rc;
}

/* ---- types ---- */

/* One type at the destination? */
static int same_type(const struct delivery *delivery, const struct type_spec *a,
                     const struct type_spec *b, bool *same, struct tg_error *err)
{
    struct buf left = BUF_INIT, right = BUF_INIT;
    delivery->dialect->type_sql(a, &left);
    delivery->dialect->type_sql(b, &right);
    bool failed = left.failed || right.failed;
    *same = !failed && strcmp(buf_string(&left), buf_string(&right)) == 0;
    buf_release(&left);
    buf_release(&right);
    return failed ? error_nomem(err) : TG_OK;
}

static bool brings(const struct manifest_table *part, const char *column)
{
    for (size_t f = 0; f < part->file_count; f++)
        for (size_t c = 0; c < part->files[f].column_count; c++)
            if (strcmp(part->files[f].columns[c].name, column) == 0)
                return true;
    return false;
}

/* Gives `there` the type that is right for both. */
static int agree(const struct delivery *delivery, const struct table *table,
                 struct table_column *there, const struct table_column *ours,
                 const struct manifest_table *part, struct tg_error *err)
{
    bool same = false;
    int rc = same_type(delivery, &there->spec, &ours->spec, &same, err);
    if (rc != TG_OK || same || ours->spec.type == TYPE_NONE)
        return rc;
    if (type_widens(&there->spec, &ours->spec)) {
        there->spec = ours->spec;
        there->scale_implied = ours->scale_implied;
        return TG_OK;
    }
    if (!brings(part, ours->name) || type_keeps(&ours->spec, &there->spec))
        return TG_OK;
    return error_set(
        err, TG_CONFLICT,
        "column '%s' of table '%s' has become %s in schema '%s' while this load made it %s; "
        "nothing was written, run again",
        ours->name, table->name, type_name(there->spec.type), delivery->catalog.name,
        type_name(ours->spec.type));
}

/* ---- columns and tables ---- */

static void lay_hints(struct table_column *there, const struct table_column *ours)
{
    struct table_column laid = *ours;
    laid.spec = there->spec;
    laid.scale_implied = there->scale_implied;
    laid.has_timezone = there->has_timezone || ours->has_timezone;
    laid.nullable = there->nullable || ours->nullable;
    *there = laid;
}

static int rebase_column(struct delivery *delivery, struct table *table,
                         const struct table_column *ours, const struct manifest_table *part,
                         struct tg_error *err)
{
    int rc = TG_OK;
    struct catalog *catalog = &delivery->catalog;
    struct table_column *there = table_find(table, ours->name);
    if (!there) {
        TRY(table_add_column(catalog, table, ours->name, NULL, &there, err));
        *there = *ours;
        goto done;
    }
    if (there->spec.type == TYPE_NONE && ours->spec.type != TYPE_NONE) {
        TRY(table_complete_column(catalog, table, ours->name, &ours->spec, err));
        there = table_find(table, ours->name);
    }
    TRY(agree(delivery, table, there, ours, part, err));
    lay_hints(there, ours);
done:
    return rc;
}

/* What others have said of columns that this load does not know is not its word. */
static void forget_hints(struct table *there, const struct table *ours)
{
    for (size_t i = 0; i < there->column_count; i++)
        if (!table_find(ours, there->columns[i].name))
            column_forget_runs_hints(&there->columns[i]);
}

static void lay_table(struct table *there, const struct table *ours)
{
    there->resource = ours->resource;
    there->disposition = ours->disposition;
    there->merge_strategy = ours->merge_strategy;
    there->replace_strategy = ours->replace_strategy;
    there->max_nesting = ours->max_nesting;
    there->contract = ours->contract;
    there->extras = ours->extras;
    there->seen_data = there->seen_data || ours->seen_data;
    there->evolve_once = there->evolve_once && ours->evolve_once;
}

static bool same_parent(const struct table *a, const struct table *b)
{
    return a->parent && b->parent ? strcmp(a->parent, b->parent) == 0 : a->parent == b->parent;
}

static int rebase_table(struct delivery *delivery, const struct table *ours,
                        const struct manifest_table *part, struct tg_error *err)
{
    int rc = TG_OK;
    struct table *there = catalog_find(&delivery->catalog, ours->name);
    if (!there) {
        TRY(catalog_add(&delivery->catalog, ours->name, ours->parent, &there, err));
        *there = *ours;
        goto done;
    }
    if (!same_parent(there, ours)) {
        rc = error_set(
            err, TG_CONFLICT,
            "table '%s' has come to be in schema '%s' while this load made another one of "
            "that name; nothing was written, run again",
            ours->name, delivery->catalog.name);
        goto done;
    }
    lay_table(there, ours);
    forget_hints(there, ours);
    for (size_t i = 0; i < ours->column_count; i++)
        TRY(rebase_column(delivery, there, &ours->columns[i], part, err));
done:
    return rc;
}

int rebase_catalog(struct delivery *delivery, struct tg_error *err)
{
    int rc = TG_OK;
    const struct manifest *manifest = delivery->manifest;
    TRY(check_names(delivery, err));
    for (size_t i = 0; i < manifest->table_count; i++) {
        const struct manifest_table *part = &manifest->tables[i];
        const struct table *ours = catalog_find(&delivery->own, part->name);
        if (ours)
            TRY(rebase_table(delivery, ours, part, err));
    }
done:
    return rc;
}

int rebase_follow(struct delivery *delivery, const struct ledger *newest, struct tg_error *err)
{
    delivery->schema_us = newest->schema_us + 1;
    delivery->schema_version = newest->schema_version;
    return arena_keep(&delivery->arena, newest->schema_hash, &delivery->schema_hash, err);
}
