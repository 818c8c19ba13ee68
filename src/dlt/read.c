/*
 * From dlt's stored schema (JSON) to the catalog. The text comes from a destination, so nothing in
 * it is trusted: a wrong type, an unknown data type or a circle of parents is TG_DATA, and says
 * where.
 *
 * Path: catalog_read -> json_parse -> upgrade (engines 9 and 10 to 11, dlt's own steps) ->
 * read_schema, read_tables (read_table -> read_columns -> read_column) -> check_parents. Whatever
 * has no field of its own is kept as an extra, so that what is written back is what was read.
 *
 * Writing and hashes are in store.c.
 */
#include "data/rows.h"
#include "dlt/store.h"

#include <limits.h>
#include <string.h>

#include "catalog/name.h"

enum { ENGINE = 11, ENGINE_OLDEST = 9 };

/* ---- Single values ------------------------------------------------------------------------- */

static int read_bool(const char *key, yyjson_val *value, bool *out, struct tg_error *err)
{
    if (!yyjson_is_bool(value))
        return store_wrong_type(key, "true or false", yyjson_get_type_desc(value), err);
    *out = yyjson_get_bool(value);
    return TG_OK;
}

static int read_int(const char *key, yyjson_val *value, int64_t max, int64_t *out,
                    struct tg_error *err)
{
    if (!yyjson_is_uint(value))
        return store_wrong_type(key, "a whole number, zero or more", yyjson_get_type_desc(value),
                                err);
    if (yyjson_get_uint(value) > (uint64_t)max)
        return error_set(err, TG_DATA, "'%s' is %llu, which is too large", key,
                         (unsigned long long)yyjson_get_uint(value));
    *out = (int64_t)yyjson_get_uint(value);
    return TG_OK;
}

static int read_small(const char *key, yyjson_val *value, int *out, struct tg_error *err)
{
    int64_t number = 0;
    int rc = read_int(key, value, INT_MAX, &number, err);
    if (rc == TG_OK)
        *out = (int)number;
    return rc;
}

/* Names live in C strings: an empty one, or one with a NUL inside, names nothing. */
static int check_name(const char *key, yyjson_val *value, struct tg_error *err)
{
    if (!yyjson_is_str(value))
        return store_wrong_type(key, "a text", yyjson_get_type_desc(value), err);
    if (yyjson_get_len(value) == 0 || strlen(yyjson_get_str(value)) != yyjson_get_len(value))
        return error_set(err, TG_DATA, "'%s' is empty or holds a NUL character", key);
    return TG_OK;
}

static int read_text(struct catalog *catalog, const char *key, yyjson_val *value, const char **out,
                     struct tg_error *err)
{
    int rc = check_name(key, value, err);
    return rc == TG_OK ? arena_keep(&catalog->arena, yyjson_get_str(value), out, err) : rc;
}

static int keep_extra(struct catalog *catalog, struct extra **list, yyjson_val *key,
                      yyjson_val *value, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    TRY(check_name("a key", key, err));
    cell_json(&text, value, 0);
    TRY(buf_check(&text, err));
    TRY(extra_set(catalog, list, yyjson_get_str(key), buf_string(&text), err));
done:
    buf_release(&text);
    return rc;
}

/* Writes the members of an object but those named, as an object; "{}" when none is left. */
static void write_rest(struct buf *out, yyjson_val *object, const char *const *without)
{
    buf_char(out, '{');
    yyjson_obj_iter iter = yyjson_obj_iter_with(object);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&iter));) {
        const char *const *name = without;
        while (*name && !yyjson_equals_str(key, *name))
            name++;
        if (*name)
            continue;
        buf_text(out, out->data && out->data[out->len - 1] == '{' ? "" : ",");
        cell_json(out, key, 0);
        buf_char(out, ':');
        cell_json(out, yyjson_obj_iter_get_val(key), 0);
    }
    buf_char(out, '}');
}

/* ---- Columns ------------------------------------------------------------------------------- */

static int read_data_type(yyjson_val *value, struct table_column *column, struct tg_error *err)
{
    int rc = check_name("data_type", value, err);
    if (rc != TG_OK)
        return rc;
    column->spec.type = type_find(yyjson_get_str(value));
    if (column->spec.type == TYPE_NONE)
        return error_set(err, TG_DATA, "data_type '%s' is not one of dlt's", yyjson_get_str(value));
    return TG_OK;
}

static int read_dedup_sort(yyjson_val *value, struct table_column *column, struct tg_error *err)
{
    const char *text = yyjson_get_str(value);
    if (!text || (strcmp(text, "asc") != 0 && strcmp(text, "desc") != 0))
        return error_set(err, TG_DATA, "'dedup_sort' must be 'asc' or 'desc'");
    column->dedup_sort = *text == 'a' ? "asc" : "desc";
    return TG_OK;
}

/* *said = false: the field has no room for it (false or zero where that is the default), so it is
 * kept as an extra. */
static int read_flag(const char *key, yyjson_val *value, struct table_column *column, bool *said,
                     struct tg_error *err)
{
    const struct column_flag *flag = column_flags;
    while (flag->key && strcmp(flag->key, key) != 0)
        flag++;
    *said = false;
    if (!flag->key)
        return TG_OK;
    int rc = read_bool(key, value, said, err);
    *column_flag_at(column, flag) = *said;
    return rc;
}

static int read_hint(const char *key, yyjson_val *value, struct table_column *column, bool *said,
                     struct tg_error *err)
{
    int rc = TG_OK;
    *said = true;
    if (strcmp(key, "name") == 0)
        return TG_OK;
    if (yyjson_is_null(value)) {
        *said = false;
    } else if (strcmp(key, "data_type") == 0) {
        rc = read_data_type(value, column, err);
    } else if (strcmp(key, "nullable") == 0) {
        rc = read_bool(key, value, &column->nullable, err);
        column->nullable_implied = false;
    } else if (strcmp(key, "precision") == 0) {
        rc = read_small(key, value, &column->spec.precision, err);
        *said = column->spec.precision > 0;
    } else if (strcmp(key, "scale") == 0) {
        rc = read_small(key, value, &column->spec.scale, err);
        *said = column->spec.scale > 0;
        column->scale_implied = false;
    } else if (strcmp(key, "timezone") == 0) {
        bool timezone = true;
        rc = read_bool(key, value, &timezone, err);
        column->spec.naive = !timezone;
        column->has_timezone = true;
    } else if (strcmp(key, "dedup_sort") == 0) {
        rc = read_dedup_sort(value, column, err);
    } else {
        rc = read_flag(key, value, column, said, err);
    }
    return rc;
}

/* Older versions of dlt kept columns that had seen nothing but NULL; dlt forgets them on reading.
 */
static bool was_null_first(yyjson_val *hints)
{
    yyjson_val *mark = yyjson_obj_get(yyjson_obj_get(hints, "x-normalizer"), "seen-null-first");
    return yyjson_is_true(mark);
}

/* A column's x-normalizer without that mark. */
static int keep_marks(struct catalog *catalog, struct table_column *column, yyjson_val *marks,
                      struct tg_error *err)
{
    static const char *const without[] = {"seen-null-first", NULL};
    int rc = TG_OK;
    struct buf rest = BUF_INIT;
    write_rest(&rest, marks, without);
    TRY(buf_check(&rest, err));
    if (rest.len > 2)
        TRY(extra_set(catalog, &column->extras, "x-normalizer", buf_string(&rest), err));
done:
    buf_release(&rest);
    return rc;
}

static bool is_null_column(yyjson_val *hints)
{
    return was_null_first(hints) && !yyjson_obj_get(hints, "data_type");
}

/* Precision 0 is kept as an extra, but of times it says something. */
static void read_whole_seconds(struct table_column *column)
{
    const char *precision = extra_find(column->extras, "precision");
    bool has_seconds = column->spec.type == TYPE_TIMESTAMP || column->spec.type == TYPE_TIME;
    if (!has_seconds || !precision || strcmp(precision, "0") != 0)
        return;
    column->spec.precision = PRECISION_SECONDS;
    extra_remove(&column->extras, "precision");
}

static int read_column(struct catalog *catalog, struct table_column *column, yyjson_val *object,
                       struct tg_error *err)
{
    int rc = TG_OK;
    column->nullable_implied = true;
    column->scale_implied = true;
    yyjson_obj_iter iter = yyjson_obj_iter_with(object);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&iter));) {
        yyjson_val *value = yyjson_obj_iter_get_val(key);
        bool said = false;
        TRY(read_hint(yyjson_get_str(key), value, column, &said, err));
        if (!said && was_null_first(object) && yyjson_equals_str(key, "x-normalizer"))
            TRY(keep_marks(catalog, column, value, err));
        else if (!said)
            TRY(keep_extra(catalog, &column->extras, key, value, err));
    }
    column->scale_implied =
        column->scale_implied && column->spec.type == TYPE_DECIMAL && column->spec.precision > 0;
    if (column->scale_implied)
        column->spec.scale = DECIMAL_SCALE;
    read_whole_seconds(column);
done:
    return rc;
}

static int read_columns(struct catalog *catalog, struct table *table, yyjson_val *object,
                        struct tg_error *err)
{
    int rc = TG_OK;
    if (!yyjson_is_obj(object))
        return error_set(err, TG_DATA, "'columns' must be an object");
    yyjson_obj_iter iter = yyjson_obj_iter_with(object);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&iter));) {
        const char *name = yyjson_get_str(key);
        struct table_column *column = NULL;
        TRY(check_name("a column name", key, err));
        if (table_find(table, name))
            return error_set(err, TG_DATA, "column '%s' is there twice", name);
        yyjson_val *hints = yyjson_obj_iter_get_val(key);
        if (!yyjson_is_obj(hints)) {
            rc = error_set(err, TG_DATA, "it must be an object, it is %s",
                           yyjson_get_type_desc(hints));
            return error_at(err, rc, AT_COLUMN, name);
        }
        if (is_null_column(hints))
            continue;
        TRY(table_add_column(catalog, table, name, NULL, &column, err));
        rc = read_column(catalog, column, hints, err);
        if (rc != TG_OK)
            return error_at(err, rc, AT_COLUMN, name);
    }
done:
    return rc;
}

/* ---- Tables -------------------------------------------------------------------------------- */

static int read_disposition(yyjson_val *value, struct table *table, struct tg_error *err)
{
    const char *text = yyjson_get_str(value);
    if (!text)
        return store_wrong_type("write_disposition", "a text", yyjson_get_type_desc(value), err);
    for (enum disposition i = DISPOSITION_APPEND; i <= DISPOSITION_SKIP; i++) {
        if (strcmp(disposition_word(i), text) == 0) {
            table->disposition = i;
            return TG_OK;
        }
    }
    return error_set(err, TG_DATA, "write_disposition '%s' is none of append, replace, merge, skip",
                     text);
}

/* x-normalizer: three members have fields, the others stay together in an extra. */
static int read_normalizer_hints(struct catalog *catalog, struct table *table, yyjson_val *object,
                                 struct tg_error *err)
{
    int rc = TG_OK;
    struct buf rest = BUF_INIT;
    const char *fields[4] = {0};
    size_t count = 0;
    if (!yyjson_is_obj(object))
        return store_wrong_type("x-normalizer", "an object", yyjson_get_type_desc(object), err);
    yyjson_obj_iter iter = yyjson_obj_iter_with(object);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&iter)) && count < 3;) {
        yyjson_val *value = yyjson_obj_iter_get_val(key);
        if (yyjson_equals_str(key, "seen-data")) {
            TRY(read_bool("seen-data", value, &table->seen_data, err));
            fields[count++] = "seen-data";
        } else if (yyjson_equals_str(key, "max_nesting") && !yyjson_is_null(value)) {
            TRY(read_small("max_nesting", value, &table->max_nesting, err));
            fields[count++] = "max_nesting";
        } else if (yyjson_equals_str(key, "evolve-columns-once") && yyjson_is_true(value)) {
            table->evolve_once = true;
            fields[count++] = "evolve-columns-once";
        }
    }
    write_rest(&rest, object, fields);
    TRY(buf_check(&rest, err));
    if (rest.len > 2 || count == 0)
        TRY(extra_set(catalog, &table->extras, "x-normalizer", buf_string(&rest), err));
done:
    buf_release(&rest);
    return rc;
}

/* What is not spelled as contract_write does it is kept beside what it says. */
static int read_contract(struct catalog *catalog, struct table *table, yyjson_val *key,
                         yyjson_val *value, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    struct buf ours = BUF_INIT;
    TRY(contract_read(value, &table->contract, err));
    table->contract.spelled_out = false;
    contract_write(&table->contract, &ours);
    cell_json(&text, value, 0);
    TRY(buf_check(&text, err));
    TRY(buf_check(&ours, err));
    if (strcmp(buf_string(&text), buf_string(&ours)) != 0)
        TRY(keep_extra(catalog, &table->extras, key, value, err));
done:
    buf_release(&ours);
    buf_release(&text);
    return rc;
}

static int read_table_key(struct catalog *catalog, struct table *table, yyjson_val *key,
                          yyjson_val *value, struct tg_error *err)
{
    const char *name = yyjson_get_str(key);
    if (strcmp(name, "name") == 0)
        return TG_OK;
    if (strcmp(name, "columns") == 0)
        return read_columns(catalog, table, value, err);
    if (yyjson_is_null(value) || yyjson_equals_str(value, ""))
        return keep_extra(catalog, &table->extras, key, value, err);
    if (strcmp(name, "parent") == 0)
        return read_text(catalog, name, value, &table->parent, err);
    if (strcmp(name, "resource") == 0)
        return read_text(catalog, name, value, &table->resource, err);
    if (strcmp(name, "x-merge-strategy") == 0)
        return read_text(catalog, name, value, &table->merge_strategy, err);
    if (strcmp(name, "x-replace-strategy") == 0)
        return read_text(catalog, name, value, &table->replace_strategy, err);
    if (strcmp(name, "write_disposition") == 0)
        return read_disposition(value, table, err);
    if (strcmp(name, "x-normalizer") == 0)
        return read_normalizer_hints(catalog, table, value, err);
    if (strcmp(name, "schema_contract") == 0)
        return read_contract(catalog, table, key, value, err);
    return keep_extra(catalog, &table->extras, key, value, err);
}

static int read_table(struct catalog *catalog, struct table *table, yyjson_val *object,
                      struct tg_error *err)
{
    int rc = TG_OK;
    if (!yyjson_is_obj(object))
        return error_set(err, TG_DATA, "it must be an object, it is %s",
                         yyjson_get_type_desc(object));
    if (!yyjson_obj_get(object, "columns"))
        return error_set(err, TG_DATA, "it has no 'columns'");
    table->resource = NULL;
    table->disposition = DISPOSITION_NONE;
    yyjson_obj_iter iter = yyjson_obj_iter_with(object);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&iter));)
        TRY(read_table_key(catalog, table, key, yyjson_obj_iter_get_val(key), err));
    if (!table->parent && !table->resource)
        table->resource = table->name;
    if (!table->parent && table->disposition == DISPOSITION_NONE)
        table->disposition = DISPOSITION_APPEND;
done:
    return rc;
}

static int read_tables(struct catalog *catalog, yyjson_val *object, struct tg_error *err)
{
    int rc = TG_OK;
    if (!yyjson_is_obj(object))
        return error_set(err, TG_DATA, "'tables' must be an object");
    yyjson_obj_iter iter = yyjson_obj_iter_with(object);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&iter));) {
        const char *name = yyjson_get_str(key);
        struct table *table = NULL;
        TRY(check_name("a table name", key, err));
        if (catalog_find(catalog, name))
            return error_set(err, TG_DATA, "table '%s' is there twice", name);
        TRY(catalog_add(catalog, name, NULL, &table, err));
        rc = read_table(catalog, table, yyjson_obj_iter_get_val(key), err);
        if (rc != TG_OK)
            return error_at(err, rc, AT_TABLE, name);
    }
done:
    return rc;
}

/* Every nested table hangs below a root. */
static int check_parents(const struct catalog *catalog, struct tg_error *err)
{
    for (size_t i = 0; i < catalog->table_count; i++) {
        const struct table *table = catalog->tables[i];
        for (size_t steps = 0; table->parent; steps++) {
            const struct table *parent = catalog_find(catalog, table->parent);
            if (!parent)
                return error_set(err, TG_DATA, "table '%s' is nested in '%s', which is not there",
                                 table->name, table->parent);
            if (steps > catalog->table_count)
                return error_set(err, TG_DATA, "table '%s' is nested in itself",
                                 catalog->tables[i]->name);
            table = parent;
        }
    }
    return TG_OK;
}

/* ---- The schema ---------------------------------------------------------------------------- */

static int read_previous(struct catalog *catalog, yyjson_val *list, struct tg_error *err)
{
    int rc = TG_OK;
    if (!yyjson_is_arr(list))
        return store_wrong_type("previous_hashes", "a list", yyjson_get_type_desc(list), err);
    size_t max = sizeof(catalog->previous_hashes) / sizeof(catalog->previous_hashes[0]);
    yyjson_arr_iter iter = yyjson_arr_iter_with(list);
    for (yyjson_val *hash; (hash = yyjson_arr_iter_next(&iter)) && catalog->previous_count < max;)
        TRY(read_text(catalog, "previous_hashes", hash,
                      &catalog->previous_hashes[catalog->previous_count++], err));
done:
    return rc;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);
    return len >= strlen(end) && strcmp(text + len - strlen(end), end) == 0;
}

/* Only names and rows that we make as dlt does can be continued: others would make other tables. */
static int check_normalizers(yyjson_val *object, struct tg_error *err)
{
    static const char *const path[] = {"json", "config", "propagation", "tables", NULL};
    enum naming naming;
    const char *names = json_get_text(object, "names");
    if (names && !naming_find(names, strlen(names), &naming))
        return error_set(err, TG_DATA,
                         "its names follow '%s', only snake_case, direct, duck_case, sql_cs_v1 and "
                         "sql_ci_v1 can be continued",
                         names);
    const char *module = json_get_text(yyjson_obj_get(object, "json"), "module");
    if (module && !ends_with(module, "relational"))
        return error_set(err, TG_DATA,
                         "its rows are made by '%s', only 'relational' can be continued", module);
    yyjson_val *value = object;
    for (size_t i = 0; value && !yyjson_is_null(value); i++) {
        if (!yyjson_is_obj(value))
            return store_wrong_type(i > 0 ? path[i - 1] : "normalizers", "an object",
                                    yyjson_get_type_desc(value), err);
        value = path[i] ? yyjson_obj_get(value, path[i]) : NULL;
    }
    return TG_OK;
}

static int read_schema_key(struct catalog *catalog, yyjson_val *key, yyjson_val *value,
                           struct tg_error *err)
{
    int rc = TG_OK;
    const char *name = yyjson_get_str(key);
    if (strcmp(name, "tables") == 0 || strcmp(name, "engine_version") == 0)
        return TG_OK;
    if (yyjson_is_null(value) || yyjson_equals_str(value, "")) {
        TRY(keep_extra(catalog, &catalog->extras, key, value, err));
    } else if (strcmp(name, "name") == 0) {
        TRY(read_text(catalog, name, value, &catalog->name, err));
    } else if (strcmp(name, "version") == 0) {
        TRY(read_int(name, value, (int64_t)1 << 53, &catalog->version, err));
    } else if (strcmp(name, "version_hash") == 0) {
        TRY(read_text(catalog, name, value, &catalog->version_hash, err));
    } else if (strcmp(name, "previous_hashes") == 0) {
        TRY(read_previous(catalog, value, err));
    } else if (strcmp(name, "settings") == 0) {
        if (!yyjson_is_obj(value))
            return store_wrong_type(name, "an object", yyjson_get_type_desc(value), err);
        TRY(cell_keep_json(value, &catalog->arena, &catalog->settings_json, err));
    } else if (strcmp(name, "normalizers") == 0) {
        TRY(check_normalizers(value, err));
        TRY(cell_keep_json(value, &catalog->arena, &catalog->normalizers_json, err));
    } else {
        TRY(keep_extra(catalog, &catalog->extras, key, value, err));
    }
done:
    return rc;
}

static int read_schema(struct catalog *catalog, yyjson_val *root, struct tg_error *err)
{
    int rc = TG_OK;
    catalog->version = 1;
    catalog->version_hash = "";
    catalog->engine_version = ENGINE;
    yyjson_obj_iter iter = yyjson_obj_iter_with(root);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&iter));)
        TRY(read_schema_key(catalog, key, yyjson_obj_iter_get_val(key), err));
    if (!catalog->name)
        return error_set(err, TG_DATA, "it has no 'name'");
    TRY(read_tables(catalog, yyjson_obj_get(root, "tables"), err));
    TRY(check_parents(catalog, err));
done:
    return rc;
}

/* ---- Older engines ------------------------------------------------------------------------- */

static void upgrade_column(yyjson_mut_doc *doc, const char *name, yyjson_mut_val *column, bool *ok)
{
    static const char *const keys[][3] = {{"_dlt_id", "unique", "row_key"},
                                          {"_dlt_parent_id", "foreign_key", "parent_key"}};
    if (!yyjson_mut_is_obj(column))
        return;
    if (yyjson_mut_equals_str(yyjson_mut_obj_get(column, "data_type"), "complex"))
        *ok &= store_put(doc, column, "data_type", yyjson_mut_str(doc, "json"));
    for (size_t i = 0; i < 2; i++) {
        if (strcmp(name, keys[i][0]) != 0)
            continue;
        bool was = yyjson_mut_get_bool(yyjson_mut_obj_get(column, keys[i][1]));
        *ok &= store_put(doc, column, keys[i][2], yyjson_mut_bool(doc, was));
    }
    yyjson_mut_obj_remove_key(column, "foreign_key");
}

static void upgrade_tables(yyjson_mut_doc *doc, yyjson_mut_val *tables, bool *ok)
{
    yyjson_mut_obj_iter table = yyjson_mut_obj_iter_with(tables);
    for (yyjson_mut_val *name; (name = yyjson_mut_obj_iter_next(&table));) {
        yyjson_mut_val *columns = yyjson_mut_obj_get(yyjson_mut_obj_iter_get_val(name), "columns");
        yyjson_mut_obj_iter column = yyjson_mut_obj_iter_with(columns);
        for (yyjson_mut_val *key; (key = yyjson_mut_obj_iter_next(&column));)
            upgrade_column(doc, yyjson_mut_get_str(key), yyjson_mut_obj_iter_get_val(key), ok);
    }
}

static void upgrade_settings(yyjson_mut_doc *doc, yyjson_mut_val *root, bool *ok)
{
    static const char *const keys[][2] = {{"row_key", "_dlt_id"}, {"parent_key", "_dlt_parent_id"}};
    yyjson_mut_val *settings = yyjson_mut_obj_get(root, "settings");
    yyjson_mut_val *types = yyjson_mut_obj_get(settings, "preferred_types");
    yyjson_mut_obj_iter iter = yyjson_mut_obj_iter_with(types);
    for (yyjson_mut_val *key; (key = yyjson_mut_obj_iter_next(&iter));) {
        yyjson_mut_val *type = yyjson_mut_obj_iter_get_val(key);
        if (yyjson_mut_equals_str(type, "complex"))
            yyjson_mut_set_str(type, "json");
    }
    yyjson_mut_val *hints = yyjson_mut_obj_get(settings, "default_hints");
    if (yyjson_mut_is_obj(hints) && yyjson_mut_obj_size(hints) > 0) {
        yyjson_mut_obj_remove_key(hints, "foreign_key");
        for (size_t i = 0; i < 2; i++) {
            yyjson_mut_val *list = yyjson_mut_arr(doc);
            *ok &= yyjson_mut_arr_add_str(doc, list, keys[i][1]);
            *ok &= store_put(doc, hints, keys[i][0], list);
        }
    }
    yyjson_mut_val *json = yyjson_mut_obj_get(yyjson_mut_obj_get(root, "normalizers"), "json");
    yyjson_mut_obj_remove_key(yyjson_mut_obj_get(json, "config"), "generate_dlt_id");
}

/* Brings an older schema to engine 11; *doc is replaced then. */
static int upgrade(yyjson_doc **doc, struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_val *old = yyjson_doc_get_root(*doc);
    int64_t engine = json_get_int(old, "engine_version", 0);
    if (engine < ENGINE_OLDEST || engine > ENGINE)
        return error_set(err, TG_DATA,
                         "it has engine_version %lld, only 9 to 11 can be read: open it once with "
                         "dlt 1.26",
                         (long long)engine);
    if (engine == ENGINE)
        return TG_OK;
    bool ok = true;
    struct buf text = BUF_INIT;
    yyjson_doc *upgraded = NULL;
    yyjson_mut_doc *form = yyjson_doc_mut_copy(*doc, json_allocator());
    yyjson_mut_val *root = yyjson_mut_doc_get_root(form);
    if (engine < 10) {
        upgrade_tables(form, yyjson_mut_obj_get(root, "tables"), &ok);
        upgrade_settings(form, root, &ok);
    }
    yyjson_mut_val *normalizers = yyjson_mut_obj_get(root, "normalizers");
    if (yyjson_mut_is_obj(normalizers))
        ok &= store_put(form, normalizers, "use_break_path_on_normalize",
                        yyjson_mut_bool(form, false));
    if (!form || !ok)
        TRY(error_nomem(err));
    TRY(json_mut_write(form, &text, err));
    TRY(json_parse(buf_string(&text), text.len, "the upgraded schema", &upgraded, err));
    yyjson_doc_free(*doc);
    *doc = upgraded;
done:
    buf_release(&text);
    yyjson_mut_doc_free(form);
    return rc;
}

/* ---- Whole catalogs ------------------------------------------------------------------------ */

int catalog_read_as(struct catalog *out, const char *json, size_t len, const char *subject,
                    struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_doc *doc = NULL;
    *out = (struct catalog){0};
    arena_init(&out->arena);
    TRY(json_parse(json, len, "it", &doc, err));
    if (!yyjson_is_obj(yyjson_doc_get_root(doc)))
        TRY(error_set(err, TG_DATA, "it is not a JSON object"));
    TRY(upgrade(&doc, err));
    TRY(read_schema(out, yyjson_doc_get_root(doc), err));
done:
    yyjson_doc_free(doc);
    if (rc != TG_OK)
        catalog_release(out);
    return rc == TG_OK ? rc : error_where(err, rc, "%s", subject);
}

int catalog_read(struct catalog *out, const char *json, size_t len, struct tg_error *err)
{
    return catalog_read_as(out, json, len, "the stored schema", err);
}
