/*
 * What a resource says of its root table, laid over what the catalog knows (reference 4.2).
 *
 * Path: catalog_apply_hints -> check_table, check_columns (nothing is changed when they refuse) ->
 * apply_table -> apply_columns -> apply_key for primary and merge key -> apply_cursor. New columns
 * come in the order of the hints, then key columns, then the cursor; a column without a type stays
 * incomplete until the data bring one.
 *
 * Columns that the data bring are added in src/normalize; contracts are checked there too.
 */
#include "catalog/table.h"

#include <stdio.h>
#include <string.h>

/* ---- Checks -------------------------------------------------------------------------------- */

static int check_table(const struct catalog *catalog, const struct table_hints *hints,
                       struct tg_error *err)
{
    const struct table *table = catalog_find(catalog, hints->table);
    if (table && table->parent)
        return error_set(err, TG_SPEC,
                         "table '%s' is nested in '%s': give resource '%s' another table_name",
                         hints->table, table->parent, hints->resource);
    if (table_is_system(&(struct table){.name = hints->table}))
        return error_set(err, TG_SPEC,
                         "table name '%s' is reserved: give resource '%s' another table_name",
                         hints->table, hints->resource);
    return TG_OK;
}

/* A decimal that says nothing has dlt's default precision. */
static struct type_spec effective(const struct type_spec *spec)
{
    struct type_spec full = *spec;
    if (full.type == TYPE_DECIMAL && full.precision == 0) {
        full.precision = DECIMAL_PRECISION;
        full.scale = DECIMAL_SCALE;
    }
    return full;
}

static void describe(const struct type_spec *spec, char out[48])
{
    const char *zone = spec->naive ? " without time zone" : "";
    if (spec->precision == 0)
        snprintf(out, 48, "%s%s", type_name(spec->type), zone);
    else if (spec->type == TYPE_DECIMAL)
        snprintf(out, 48, "%s(%d,%d)", type_name(spec->type), spec->precision, spec->scale);
    else
        snprintf(out, 48, "%s(%d)%s", type_name(spec->type), spec->precision, zone);
}

/* The type of `column` once the hint's words are laid over it; what the hint does not say stays. */
static struct type_spec overlaid(const struct table_column *column, const struct table_column *hint)
{
    struct type_spec spec = column->spec;
    if (hint->spec.type != TYPE_NONE && hint->spec.type != spec.type)
        spec = (struct type_spec){.type = hint->spec.type, .naive = spec.naive};
    if (hint->spec.precision > 0) {
        spec.precision = hint->spec.precision;
        spec.scale = hint->spec.scale;
    }
    if (hint->has_timezone)
        spec.naive = hint->spec.naive;
    return spec;
}

static int check_columns(const struct catalog *catalog, const struct table_hints *hints,
                         struct tg_error *err)
{
    const struct table *table = catalog_find(catalog, hints->table);
    if (!table || !table->seen_data)
        return TG_OK;
    for (size_t i = 0; i < hints->column_count; i++) {
        const struct table_column *column = table_find(table, hints->columns[i].name);
        if (!column || column->spec.type == TYPE_NONE)
            continue;
        struct type_spec wanted = overlaid(column, &hints->columns[i]);
        struct type_spec wide = effective(&wanted);
        struct type_spec there = effective(&column->spec);
        if (wide.type == there.type && wide.precision == there.precision &&
            wide.scale == there.scale && wide.naive == there.naive)
            continue;
        char is[48];
        char says[48];
        describe(&there, is);
        describe(&wide, says);
        return error_set(err, TG_SPEC,
                         "column '%s' of table '%s' is %s at the destination and the hint says %s: "
                         "take the hint back, or drop the table",
                         column->name, table->name, is, says);
    }
    return TG_OK;
}

/* ---- Changes ------------------------------------------------------------------------------- */

static int apply_table(struct catalog *catalog, struct table *table,
                       const struct table_hints *hints, struct tg_error *err)
{
    if (hints->disposition != DISPOSITION_NONE)
        table->disposition = hints->disposition;
    if (hints->max_nesting >= 0)
        table->max_nesting = hints->max_nesting;
    table->resource = arena_strdup(&catalog->arena, hints->resource);
    table->merge_strategy = NULL;
    if (hints->merge_strategy)
        table->merge_strategy = arena_strdup(&catalog->arena, hints->merge_strategy);
    if (!table->resource || (hints->merge_strategy && !table->merge_strategy))
        return error_nomem(err);
    return TG_OK;
}

/* The column of that name, added without a type when absent. */
static int ensure_column(struct catalog *catalog, struct table *table, const char *name,
                         struct table_column **out, struct tg_error *err)
{
    *out = table_find(table, name);
    if (*out)
        return TG_OK;
    int rc = table_add_column(catalog, table, name, NULL, out, err);
    if (rc == TG_OK)
        (*out)->nullable_implied = true;
    return rc;
}

static void set_nullable(struct table_column *column, bool nullable)
{
    column->nullable = nullable;
    column->nullable_implied = false;
}

static int apply_column(struct catalog *catalog, struct table *table,
                        const struct table_column *hint, struct tg_error *err)
{
    int rc = TG_OK;
    struct table_column *column = NULL;
    bool known = table_find(table, hint->name) != NULL;
    TRY(ensure_column(catalog, table, hint->name, &column, err));
    struct type_spec spec = overlaid(column, hint);
    if (known && column->spec.type == TYPE_NONE && spec.type != TYPE_NONE) {
        TRY(table_complete_column(catalog, table, hint->name, &spec, err));
        column = &table->columns[table->column_count - 1];
    }
    if (hint->spec.type != TYPE_NONE || hint->spec.precision > 0)
        column->scale_implied = false;
    column->spec = spec;
    column->has_timezone = column->has_timezone || hint->has_timezone;
    if (!hint->nullable_implied)
        set_nullable(column, hint->nullable);
    if (hint->hard_delete)
        column->hard_delete = true;
    if (hint->dedup_sort) {
        column->dedup_sort = arena_strdup(&catalog->arena, hint->dedup_sort);
        if (!column->dedup_sort)
            rc = error_nomem(err);
    }
done:
    return rc;
}

static const struct table_column *find_hint(const struct table_hints *hints, const char *name)
{
    for (size_t i = 0; i < hints->column_count; i++)
        if (strcmp(hints->columns[i].name, name) == 0)
            return &hints->columns[i];
    return NULL;
}

/* Marks the columns of a key, and no others. No names: the older key stays. */
static int apply_key(struct catalog *catalog, struct table *table, const struct table_hints *hints,
                     bool merge_key, struct tg_error *err)
{
    int rc = TG_OK;
    const char *const *names = merge_key ? hints->merge_key : hints->primary_key;
    size_t count = merge_key ? hints->merge_key_count : hints->primary_key_count;
    for (size_t i = 0; count > 0 && i < table->column_count; i++) {
        struct table_column *column = &table->columns[i];
        *(merge_key ? &column->merge_key : &column->primary_key) = false;
    }
    for (size_t i = 0; i < count; i++) {
        struct table_column *column = NULL;
        TRY(ensure_column(catalog, table, names[i], &column, err));
        *(merge_key ? &column->merge_key : &column->primary_key) = true;
        const struct table_column *hint = find_hint(hints, names[i]);
        if (!hint || hint->nullable_implied)
            set_nullable(column, false);
    }
done:
    return rc;
}

static int apply_cursor(struct catalog *catalog, struct table *table, const char *cursor,
                        struct tg_error *err)
{
    for (size_t i = 0; i < table->column_count; i++)
        table->columns[i].incremental = false;
    struct table_column *column = NULL;
    int rc = ensure_column(catalog, table, cursor, &column, err);
    if (rc == TG_OK)
        column->incremental = true;
    return rc;
}

int catalog_apply_hints(struct catalog *catalog, const struct table_hints *hints,
                        struct table **out, struct tg_error *err)
{
    int rc = TG_OK;
    *out = NULL;
    TRY(check_table(catalog, hints, err));
    TRY(check_columns(catalog, hints, err));
    struct table *table = catalog_find(catalog, hints->table);
    if (!table)
        TRY(catalog_add(catalog, hints->table, NULL, &table, err));
    TRY(apply_table(catalog, table, hints, err));
    for (size_t i = 0; i < hints->column_count; i++)
        TRY(apply_column(catalog, table, &hints->columns[i], err));
    TRY(apply_key(catalog, table, hints, false, err));
    TRY(apply_key(catalog, table, hints, true, err));
    if (hints->cursor)
        TRY(apply_cursor(catalog, table, hints->cursor, err));
    *out = table;
done:
    return rc;
}
