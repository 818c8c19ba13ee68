/*
 * What a resource says of its root table, laid over what the catalog knows (reference 4.2, 4.4).
 *
 * Path: catalog_apply_hints -> check_table -> make_wish (one column for all that is said of it:
 * hints, then key columns, then the cursor's) -> check_contract (leaves columns out, or refuses)
 * -> check_types -> apply_table, apply_column. Nothing is changed when one of the checks refuses.
 * New columns come in the order of the wish; one without a type stays incomplete until the data
 * bring it.
 *
 * Columns that the data bring are added in src/normalize, which asks the contract for them. Keys
 * and marks of rows that are not said any more are gone, unlike dlt's: what nobody says must delete
 * nothing. A column that was a key stays NOT NULL, as in dlt: who said so is not stored.
 */
#include "catalog/history.h"
#include "catalog/table.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"

/* The resource's words, column by column. */
struct wish {
    struct table_column *columns;
    size_t count;
};

/* ---- The wish ------------------------------------------------------------------------------ */

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

static struct table_column *wish_column(struct wish *wish, const char *name)
{
    for (size_t i = 0; i < wish->count; i++)
        if (strcmp(wish->columns[i].name, name) == 0)
            return &wish->columns[i];
    struct table_column *column = &wish->columns[wish->count++];
    *column = (struct table_column){.name = name, .nullable = true, .nullable_implied = true};
    return column;
}

/* Unless it says that it may be NULL. */
static void refuse_null(struct table_column *column)
{
    if (column->nullable_implied)
        column->nullable = column->nullable_implied = false;
}

/* A key that is said for the whole table counts, not what columns say of themselves. */
static void wish_key(struct wish *wish, const char *const *names, size_t count, bool merge_key)
{
    for (size_t i = 0; count > 0 && i < wish->count; i++)
        *(merge_key ? &wish->columns[i].merge_key : &wish->columns[i].primary_key) = false;
    for (size_t i = 0; i < count; i++) {
        struct table_column *column = wish_column(wish, names[i]);
        *(merge_key ? &column->merge_key : &column->primary_key) = true;
        refuse_null(column);
    }
}

static int make_wish(const struct table_hints *hints, struct wish *wish, struct tg_error *err)
{
    size_t max = hints->column_count + hints->primary_key_count + hints->merge_key_count + 3;
    wish->columns = mem_calloc(max, sizeof(*wish->columns));
    if (!wish->columns)
        return error_nomem(err);
    for (size_t i = 0; i < hints->column_count; i++)
        wish->columns[wish->count++] = hints->columns[i];
    wish_key(wish, hints->primary_key, hints->primary_key_count, false);
    wish_key(wish, hints->merge_key, hints->merge_key_count, true);
    if (hints->cursor)
        wish_column(wish, hints->cursor)->incremental = true;
    if (hints->row_version)
        refuse_null(wish_column(wish, hints->row_version));
    if (hints->range)
        refuse_null(wish_column(wish, hints->range));
    return TG_OK;
}

/* ---- Types --------------------------------------------------------------------------------- */

static bool same_type(const struct type_spec *left, const struct type_spec *right)
{
    struct type_spec a = type_effective(left);
    struct type_spec b = type_effective(right);
    if (a.type == TYPE_TEXT || a.type == TYPE_BINARY) /* a length limits nothing */
        return a.type == b.type;
    return type_equal(&a, &b);
}

/* The type of `column` once the hint's words are laid over it; what the hint does not say stays. */
static struct type_spec overlaid(const struct table_column *column, const struct table_column *hint)
{
    struct type_spec spec = column->spec;
    if (hint->spec.type != TYPE_NONE && hint->spec.type != spec.type)
        spec = (struct type_spec){.type = hint->spec.type, .naive = spec.naive};
    if (hint->spec.precision != 0) {
        spec.precision = hint->spec.precision;
        spec.scale = hint->spec.scale;
    }
    if (hint->has_timezone)
        spec.naive = hint->spec.naive;
    return spec;
}

/* Whether data made the column wider than the hint has it: both are right then. */
static bool has_outgrown(const struct type_spec *there, const struct type_spec *wanted)
{
    return type_widens(wanted, there);
}

/* The column that a hint has to get on with: the catalog's, or that of the destination alone. */
static const struct table_column *column_there(const struct table *table,
                                               const struct table_hints *hints, const char *name)
{
    const struct table_column *column = table && table->seen_data ? table_find(table, name) : NULL;
    if ((!column || column->spec.type == TYPE_NONE) && hints->there)
        column = table_find_like(hints->there, name, hints->folds_case);
    return column && column->spec.type != TYPE_NONE ? column : NULL;
}

/* What refines a type may be unknown to the destination (bigint(64), time(3)): it stores both the
 * same way, if neither is wider. */
static bool same_storage(const struct type_spec *there, const struct type_spec *wanted)
{
    return there->type == wanted->type && there->type != TYPE_DECIMAL &&
           there->naive == wanted->naive;
}

static int check_types(const struct table *table, const struct table_hints *hints,
                       const struct wish *wish, struct tg_error *err)
{
    for (size_t i = 0; i < wish->count; i++) {
        const struct table_column *column = column_there(table, hints, wish->columns[i].name);
        if (!column)
            continue;
        struct type_spec wanted = overlaid(column, &wish->columns[i]);
        if (same_type(&column->spec, &wanted) || type_widens(&column->spec, &wanted) ||
            type_spells(&column->spec, &wanted) || has_outgrown(&column->spec, &wanted))
            continue;
        bool ours = table && table_find(table, wish->columns[i].name) == column;
        if (!ours && same_storage(&column->spec, &wanted))
            continue;
        char is[TYPE_DESCRIBED];
        char says[TYPE_DESCRIBED];
        type_describe(&column->spec, is);
        type_describe(&wanted, says);
        return error_set(err, TG_SPEC,
                         "column '%s' of table '%s' is %s at the destination and the hint says %s: "
                         "take the hint back, or change the column with ALTER TABLE",
                         wish->columns[i].name, hints->table, is, says);
    }
    return TG_OK;
}

/* ---- The contract -------------------------------------------------------------------------- */

static bool discards(enum contract_mode mode)
{
    return mode == CONTRACT_DISCARD_ROW || mode == CONTRACT_DISCARD_VALUE;
}

/* Not the data's, nor a hint's: what links rows, and what a disposition needs. */
static bool is_ours(const struct table_column *wish)
{
    return strncmp(wish->name, "_dlt", 4) == 0 || strncmp(wish->name, "_tidegate", 9) == 0 ||
           history_owns(wish);
}

/* What the contract has to say to a wish for a column; *is tells that it is none of its business, a
 * new column or a change of an old one. */
static enum contract_mode verdict(const struct table *table, const struct table_column *wish,
                                  const struct contract *contract, enum contract_entity *is)
{
    const struct table_column *column = table_find(table, wish->name);
    *is = CONTRACT_COUNT;
    if (is_ours(wish))
        return CONTRACT_EVOLVE;
    if (!column || column->spec.type == TYPE_NONE) {
        /* One that is not typed yet makes no column: the data that do will be asked. */
        if (wish->spec.type != TYPE_NONE && !table->evolve_once)
            *is = CONTRACT_COLUMNS;
    } else {
        struct type_spec spec = overlaid(column, wish);
        if (!same_type(&column->spec, &spec) ||
            (!wish->nullable_implied && wish->nullable != column->nullable))
            *is = CONTRACT_DATA_TYPE;
    }
    return *is == CONTRACT_COUNT ? CONTRACT_EVOLVE : contract->modes[*is];
}

static int refuse_column(const struct table *table, const struct table_column *wish,
                         enum contract_entity entity, struct tg_error *err)
{
    if (entity == CONTRACT_COLUMNS) {
        error_set(err, TG_CONTRACT,
                  "column '%s' of table '%s' is new and the contract says 'columns: freeze': "
                  "take the hint back, or set 'columns: evolve' to let it in",
                  wish->name, table->name);
        return contract_blame(entity, table->name, wish->name, err);
    }
    const struct table_column *column = table_find(table, wish->name);
    struct type_spec spec = overlaid(column, wish);
    char is[TYPE_DESCRIBED];
    char says[TYPE_DESCRIBED];
    type_describe(&column->spec, is);
    type_describe(&spec, says);
    bool nullable = wish->nullable_implied ? column->nullable : wish->nullable;
    error_set(err, TG_CONTRACT,
              "column '%s' of table '%s' is %s%s, the hint says %s%s and the contract says "
              "'data_type: freeze': take the hint back, or set 'data_type: evolve' to let it in",
              column->name, table->name, is, column->nullable ? "" : " NOT NULL", says,
              nullable ? "" : " NOT NULL");
    return contract_blame(entity, table->name, wish->name, err);
}

/* Leaves out of the wish what the contract does not let in. */
static int check_contract(const struct table *table, const struct table_hints *hints,
                          struct wish *wish, bool *discarded, struct tg_error *err)
{
    const struct contract *contract = &hints->effective;
    *discarded = false;
    if (!table || table_is_new(table)) {
        *discarded = discards(contract->modes[CONTRACT_TABLES]);
        if (contract->modes[CONTRACT_TABLES] != CONTRACT_FREEZE)
            return TG_OK;
        error_set(err, TG_CONTRACT,
                  "table '%s' is new and the contract says 'tables: freeze': set 'tables: evolve' "
                  "for the run that makes it",
                  hints->table);
        return contract_blame(CONTRACT_TABLES, hints->table, NULL, err);
    }
    size_t kept = 0;
    for (size_t i = 0; i < wish->count; i++) {
        enum contract_entity entity;
        enum contract_mode mode = verdict(table, &wish->columns[i], contract, &entity);
        if (mode == CONTRACT_FREEZE)
            return refuse_column(table, &wish->columns[i], entity, err);
        if (!discards(mode))
            wish->columns[kept++] = wish->columns[i];
    }
    wish->count = kept;
    return TG_OK;
}

/* ---- The table ----------------------------------------------------------------------------- */

static const char *referenced_table(yyjson_mut_val *reference)
{
    const char *name = yyjson_mut_get_str(yyjson_mut_obj_get(reference, "referenced_table"));
    return name ? name : "";
}

/* Puts a reference in the place of the one to the same table, or at the end. */
static bool put_reference(yyjson_mut_doc *doc, yyjson_mut_val *list, yyjson_val *reference)
{
    size_t i;
    size_t max;
    yyjson_mut_val *other;
    yyjson_mut_val *copy = yyjson_val_mut_copy(doc, reference);
    if (!copy)
        return false;
    yyjson_mut_arr_foreach(list, i, max, other)
    {
        if (strcmp(referenced_table(other), referenced_table(copy)) != 0)
            continue;
        return yyjson_mut_arr_replace(list, i, copy) != NULL;
    }
    return yyjson_mut_arr_append(list, copy);
}

/* The two lists as one text in `out`. */
static int merge_references(const char *known, const char *said, struct buf *out,
                            struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_doc *docs[2] = {NULL, NULL};
    yyjson_mut_doc *doc = NULL;
    TRY(json_parse(known, strlen(known), "'references'", &docs[0], err));
    TRY(json_parse(said, strlen(said), "'references'", &docs[1], err));
    doc = yyjson_mut_doc_new(json_allocator());
    yyjson_mut_val *list = yyjson_mut_arr(doc);
    bool ok = list != NULL;
    for (int i = 0; ok && i < 2; i++) {
        yyjson_arr_iter iter = yyjson_arr_iter_with(yyjson_doc_get_root(docs[i]));
        for (yyjson_val *item; ok && (item = yyjson_arr_iter_next(&iter));)
            ok = put_reference(doc, list, item);
    }
    if (!ok)
        TRY(error_nomem(err));
    yyjson_mut_doc_set_root(doc, list);
    TRY(json_mut_write(doc, out, err));
done:
    yyjson_mut_doc_free(doc);
    yyjson_doc_free(docs[1]);
    yyjson_doc_free(docs[0]);
    return rc;
}

static int apply_extra(struct catalog *catalog, struct table *table, const struct extra *extra,
                       struct tg_error *err)
{
    int rc = TG_OK;
    struct buf merged = BUF_INIT;
    const char *json = extra->json;
    const char *known = extra_find(table->extras, extra->key);
    if (known && strcmp(extra->key, "references") == 0) {
        TRY(merge_references(known, json, &merged, err));
        json = buf_string(&merged);
    }
    rc = extra_set(catalog, &table->extras, extra->key, json, err);
done:
    buf_release(&merged);
    return rc;
}

/* What goes with a merge strategy, and like it is the run's. */
static const char *const merge_hints[] = {
    "x-merge-skip-unchanged-rows", "x-merge-source-filter",         "x-merge-destination-scope",
    "x-boundary-timestamp",        "x-tidegate-row-version-column", "x-tidegate-merge-scope"};

/* What the run says takes their place. It leaves the usual one out, which dlt may have stored. */
static void forget_strategies(struct table *table)
{
    const char *merge = table->merge_strategy;
    if (!merge || table->disposition != DISPOSITION_MERGE || strcmp(merge, "delete-insert") != 0)
        table->merge_strategy = NULL;
    table->replace_strategy = NULL;
}

static int apply_table(struct catalog *catalog, struct table *table,
                       const struct table_hints *hints, struct tg_error *err)
{
    int rc = TG_OK;
    if (hints->disposition != DISPOSITION_NONE)
        table->disposition = hints->disposition;
    if (hints->max_nesting >= 0)
        table->max_nesting = hints->max_nesting;
    forget_strategies(table);
    for (size_t i = 0; i < sizeof(merge_hints) / sizeof(merge_hints[0]); i++)
        extra_remove(&table->extras, merge_hints[i]);
    TRY(arena_keep(&catalog->arena, hints->resource, &table->resource, err));
    if (hints->strategy)
        TRY(arena_keep(&catalog->arena, hints->strategy,
                       hints->disposition == DISPOSITION_REPLACE ? &table->replace_strategy
                                                                 : &table->merge_strategy,
                       err));
    if (contract_is_said(&hints->contract)) {
        table->contract = hints->contract;
        extra_remove(&table->extras, "schema_contract");
    }
    for (const struct extra *extra = hints->extras; extra; extra = extra->next)
        TRY(apply_extra(catalog, table, extra, err));
    if (table_is_new(table) && hints->effective.modes[CONTRACT_COLUMNS] > CONTRACT_EVOLVE)
        table->evolve_once = true;
done:
    return rc;
}

/* ---- The columns --------------------------------------------------------------------------- */

static bool *flag_of(struct table_column *column, const char *key)
{
    const struct column_flag *flag = column_flags;
    while (flag->key && strcmp(flag->key, key) != 0)
        flag++;
    return flag->key ? column_flag_at(column, flag) : NULL;
}

static bool says(struct table_column *column, const char *key)
{
    const bool *flag = flag_of(column, key);
    const char *json = extra_find(column->extras, key);
    if (strcmp(key, "dedup_sort") == 0 && column->dedup_sort)
        return true;
    return (flag && *flag) || (json && strcmp(json, "false") != 0 && strcmp(json, "null") != 0);
}

/* Hints that a set of columns forms. The run's own are in force as long as it says them; the others
 * stay until they are said of other columns. */
static const struct compound {
    const char *key;
    bool is_runs;
} compounds[] = {
    {"partition", false}, {"cluster", false},    {"incremental", false}, {"primary_key", true},
    {"merge_key", true},  {"hard_delete", true}, {"dedup_sort", true},
};
enum { COMPOUNDS = sizeof(compounds) / sizeof(compounds[0]) };

static void forget(struct table_column *column, const char *key)
{
    bool *flag = flag_of(column, key);
    if (flag)
        *flag = false;
    if (strcmp(key, "dedup_sort") == 0)
        column->dedup_sort = NULL;
    extra_remove(&column->extras, key);
}

void column_forget_runs_hints(struct table_column *column)
{
    for (size_t k = 0; k < COMPOUNDS; k++)
        if (compounds[k].is_runs)
            forget(column, compounds[k].key);
}

static void clear_compounds(struct table *table, const struct table_hints *hints,
                            const struct wish *wish)
{
    for (size_t k = 0; k < COMPOUNDS; k++) {
        bool goes = compounds[k].is_runs && !hints->keeps_unsaid;
        for (size_t i = 0; i < wish->count; i++)
            goes = goes || says(&wish->columns[i], compounds[k].key);
        for (size_t c = 0; goes && c < table->column_count; c++)
            forget(&table->columns[c], compounds[k].key);
    }
}

static int apply_type(struct catalog *catalog, struct table *table, const struct table_column *wish,
                      struct table_column **column, struct tg_error *err)
{
    struct table_column *old = *column;
    struct type_spec spec = overlaid(old, wish);
    if (table->seen_data && old->spec.type != TYPE_NONE && has_outgrown(&old->spec, &spec))
        return TG_OK;
    if (old->spec.type == TYPE_NONE && spec.type != TYPE_NONE) {
        int rc = table_complete_column(catalog, table, wish->name, &spec, err);
        if (rc != TG_OK)
            return rc;
        *column = &table->columns[table->column_count - 1];
    }
    if (wish->spec.type != TYPE_NONE || wish->spec.precision != 0)
        (*column)->scale_implied = false;
    (*column)->spec = spec;
    (*column)->has_timezone = (*column)->has_timezone || wish->has_timezone;
    return TG_OK;
}

/* A column that only the destination has keeps its type where that is the wider one. */
static void outgrow(const struct table *table, const struct table_hints *hints,
                    struct table_column *column)
{
    const struct table_column *there =
        hints->there ? table_find_like(hints->there, column->name, hints->folds_case) : NULL;
    const struct table_column *known = table_find(table, column->name);
    if (there && !(known && known->spec.type != TYPE_NONE) && column->spec.type != TYPE_NONE &&
        has_outgrown(&there->spec, &column->spec))
        column->spec = there->spec;
}

static int apply_column(struct catalog *catalog, struct table *table,
                        const struct table_column *wish, struct tg_error *err)
{
    int rc = TG_OK;
    struct table_column *column = table_find(table, wish->name);
    bool known = column != NULL;
    if (!known)
        TRY(table_add_column(catalog, table, wish->name, &wish->spec, &column, err));
    else
        TRY(apply_type(catalog, table, wish, &column, err));
    column->has_timezone = column->has_timezone || wish->has_timezone;
    if (!known || !wish->nullable_implied) {
        column->nullable = wish->nullable_implied || wish->nullable;
        column->nullable_implied = wish->nullable_implied;
    }
    for (const struct column_flag *flag = column_flags; flag->key; flag++)
        if (*column_flag_at((struct table_column *)wish, flag))
            *column_flag_at(column, flag) = true;
    if (wish->dedup_sort)
        TRY(arena_keep(&catalog->arena, wish->dedup_sort, &column->dedup_sort, err));
    for (const struct extra *extra = wish->extras; extra; extra = extra->next)
        TRY(extra_set(catalog, &column->extras, extra->key, extra->json, err));
done:
    return rc;
}

/* A table that may not come to be is not in the catalog; one that was declared only stays as it is.
 */
static int discard_table(struct catalog *catalog, struct table *table,
                         const struct table_hints *hints, struct table **out, struct tg_error *err)
{
    int rc = TG_OK;
    if (!table) {
        TRY(table_make(catalog, hints->table, NULL, &table, err));
        TRY(apply_table(catalog, table, hints, err));
    }
    table->discarded = true;
    *out = table;
done:
    return rc;
}

int catalog_apply_hints(struct catalog *catalog, const struct table_hints *hints,
                        struct table **out, struct tg_error *err)
{
    int rc = TG_OK;
    bool discarded = false;
    struct wish wish = {0};
    struct table *table = catalog_find(catalog, hints->table);
    *out = NULL;
    TRY(check_table(catalog, hints, err));
    TRY(make_wish(hints, &wish, err));
    TRY(check_contract(table, hints, &wish, &discarded, err));
    if (discarded) {
        rc = discard_table(catalog, table, hints, out, err);
        goto done;
    }
    TRY(check_types(table, hints, &wish, err));
    if (!table)
        TRY(catalog_add(catalog, hints->table, NULL, &table, err));
    TRY(apply_table(catalog, table, hints, err));
    clear_compounds(table, hints, &wish);
    for (size_t i = 0; i < wish.count; i++) {
        outgrow(table, hints, &wish.columns[i]);
        TRY(apply_column(catalog, table, &wish.columns[i], err));
    }
    table->discarded = false;
    *out = table;
done:
    mem_free(wish.columns);
    return rc;
}
