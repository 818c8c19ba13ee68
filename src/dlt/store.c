/*
 * From the catalog to dlt's stored schema (JSON), and the version hash that dlt computes of it
 * (reference 1.7).
 *
 * Path: catalog_write -> write_content -> write_table (write_column) and write_normalizers (merge
 * tables get their propagation entry). catalog_bump -> content_hash: the same content with sorted
 * keys, then the names of tables and columns in physical order. catalog_copy writes and reads
 * again. A field that has something to say is written; else an extra of its key stands, as it came.
 * catalog_import and schema_yaml_start follow dlt's rules for imported texts.
 *
 * Reading is in read.c.
 */
#include "dlt/store.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text/base64.h"
#include "data/rows.h"
#include "dlt/schema_yaml.h"

/* ---- Columns ------------------------------------------------------------------------------- */

static bool says_scale(const struct table_column *column)
{
    const struct type_spec *spec = &column->spec;
    if (column->scale_implied && spec->scale == DECIMAL_SCALE)
        return false;
    return spec->scale > 0 || (spec->type == TYPE_DECIMAL && spec->precision > 0);
}

/* Whether the column's own field is written for `key`. */
static bool column_says(const struct table_column *column, const char *key)
{
    for (const struct column_flag *flag = column_flags; flag->key; flag++)
        if (strcmp(key, flag->key) == 0)
            return *column_flag_at((struct table_column *)column, flag);
    if (strcmp(key, "data_type") == 0)
        return column->spec.type != TYPE_NONE;
    if (strcmp(key, "nullable") == 0)
        return !column->nullable || !column->nullable_implied;
    if (strcmp(key, "precision") == 0)
        return column->spec.precision != 0;
    if (strcmp(key, "scale") == 0)
        return says_scale(column);
    if (strcmp(key, "timezone") == 0)
        return column->has_timezone || column->spec.naive;
    return strcmp(key, "dedup_sort") == 0 && column->dedup_sort;
}

static void write_column(struct buf *out, const struct table_column *column)
{
    int precision = column->spec.precision;
    json_put_key(out, column->name);
    buf_char(out, '{');
    json_put_text(out, "name", column->name);
    if (column_says(column, "data_type"))
        json_put_text(out, "data_type", type_name(column->spec.type));
    if (column_says(column, "nullable"))
        json_put_bool(out, "nullable", column->nullable);
    if (column_says(column, "precision"))
        json_put_int(out, "precision", precision == PRECISION_SECONDS ? 0 : precision);
    if (column_says(column, "scale"))
        json_put_int(out, "scale", column->spec.scale);
    if (column_says(column, "timezone"))
        json_put_bool(out, "timezone", !column->spec.naive);
    for (const struct column_flag *flag = column_flags; flag->key; flag++)
        if (column_says(column, flag->key))
            json_put_bool(out, flag->key, true);
    if (column->dedup_sort)
        json_put_text(out, "dedup_sort", column->dedup_sort);
    for (const struct extra *extra = column->extras; extra; extra = extra->next)
        if (!column_says(column, extra->key))
            json_put_json(out, extra->key, extra->json);
    buf_char(out, '}');
}

/* ---- Tables -------------------------------------------------------------------------------- */

static bool table_says(const struct table *table, const char *key)
{
    if (strcmp(key, "parent") == 0)
        return table->parent != NULL;
    if (strcmp(key, "resource") == 0)
        return table->resource != NULL;
    if (strcmp(key, "write_disposition") == 0)
        return !table->parent || table->disposition != DISPOSITION_NONE;
    if (strcmp(key, "x-merge-strategy") == 0)
        return table->merge_strategy != NULL;
    if (strcmp(key, "x-replace-strategy") == 0)
        return table->replace_strategy != NULL;
    if (strcmp(key, "schema_contract") == 0) /* its stored spelling wins while there is one */
        return contract_is_said(&table->contract) && !extra_find(table->extras, key);
    return strcmp(key, "x-normalizer") == 0;
}

/* Our members first, then the others, whose object was stored without those. */
static void write_normalizer_hints(struct buf *out, const struct table *table)
{
    const char *rest = extra_find(table->extras, "x-normalizer");
    bool says = table->seen_data || table->evolve_once || table->max_nesting >= 0;
    if (!rest && !says)
        return;
    json_put_key(out, "x-normalizer");
    buf_char(out, '{');
    if (table->max_nesting >= 0)
        json_put_int(out, "max_nesting", table->max_nesting);
    if (table->evolve_once)
        json_put_bool(out, "evolve-columns-once", true);
    if (table->seen_data)
        json_put_bool(out, "seen-data", true);
    const char *members = rest && rest[0] == '{' ? rest + 1 : "}";
    if (members[0] != '}' && says)
        buf_char(out, ',');
    buf_text(out, members);
}

/* In dlt's order. */
static void write_table(struct buf *out, const struct table *table)
{
    json_put_key(out, table->name);
    buf_char(out, '{');
    json_put_text(out, "name", table->name);
    json_put_key(out, "columns");
    buf_char(out, '{');
    for (size_t i = 0; i < table->column_count; i++)
        write_column(out, &table->columns[i]);
    buf_char(out, '}');
    if (table->parent)
        json_put_text(out, "parent", table->parent);
    if (table->merge_strategy)
        json_put_text(out, "x-merge-strategy", table->merge_strategy);
    if (table->replace_strategy)
        json_put_text(out, "x-replace-strategy", table->replace_strategy);
    if (table_says(table, "write_disposition"))
        json_put_text(out, "write_disposition", disposition_word(table->disposition));
    if (table_says(table, "schema_contract")) {
        json_put_key(out, "schema_contract");
        contract_write(&table->contract, out);
    }
    if (table->resource)
        json_put_text(out, "resource", table->resource);
    for (const struct extra *extra = table->extras; extra; extra = extra->next)
        if (!table_says(table, extra->key))
            json_put_json(out, extra->key, extra->json);
    write_normalizer_hints(out, table);
    buf_char(out, '}');
}

/* ---- Normalizers --------------------------------------------------------------------------- */

bool store_put(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, yyjson_mut_val *value)
{
    return value && yyjson_mut_obj_put(object, yyjson_mut_strcpy(doc, key), value);
}

int store_wrong_type(const char *key, const char *expected, const char *is, struct tg_error *err)
{
    return error_set(err, TG_DATA, "'%s' must be %s, it is %s", key, expected, is);
}

int store_member(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, yyjson_mut_val **out,
                 struct tg_error *err)
{
    *out = yyjson_mut_obj_get(object, key);
    if (yyjson_mut_is_obj(*out))
        return TG_OK;
    if (*out && !yyjson_mut_is_null(*out))
        return store_wrong_type(key, "an object", yyjson_mut_get_type_desc(*out), err);
    *out = yyjson_mut_obj(doc);
    return store_put(doc, object, key, *out) ? TG_OK : error_nomem(err);
}

static bool has_root_key(const struct table *table)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].root_key)
            return true;
    return false;
}

/* dlt's rule: nested rows carry the id of their root row when a merge must find them by it, or when
 * they already do. `said` is the setting root_key_propagation, if any. */
static bool needs_root_key(const struct catalog *catalog, const struct table *root,
                           yyjson_mut_val *said)
{
    bool scd2 = root->merge_strategy && strcmp(root->merge_strategy, "scd2") == 0;
    bool merge = root->disposition == DISPOSITION_MERGE && !scd2;
    if (yyjson_mut_is_bool(said))
        merge = yyjson_mut_get_bool(said);
    if (merge && strncmp(root->name, "_dlt", 4) != 0)
        return true;
    for (size_t i = 0; i < catalog->table_count; i++) {
        const struct table *table = catalog->tables[i];
        if (has_root_key(table) && catalog_root(catalog, table) == root)
            return true;
    }
    return false;
}

static const char *row_key_of(const struct table *table)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].row_key)
            return table->columns[i].name;
    return "_dlt_id";
}

/* Adds normalizers.json.config.propagation.tables.<root> = {<row key>: "_dlt_root_id"}. */
static int add_propagation(yyjson_mut_doc *doc, const struct table *root, struct tg_error *err)
{
    static const char *const path[] = {"json", "config", "propagation", "tables"};
    int rc = TG_OK;
    yyjson_mut_val *object = yyjson_mut_doc_get_root(doc);
    for (size_t i = 0; i < sizeof(path) / sizeof(path[0]); i++)
        TRY(store_member(doc, object, path[i], &object, err));
    TRY(store_member(doc, object, root->name, &object, err));
    if (yyjson_mut_obj_size(object) > 0)
        return TG_OK;
    yyjson_mut_val *key = yyjson_mut_strcpy(doc, row_key_of(root));
    if (!yyjson_mut_obj_add(object, key, yyjson_mut_str(doc, "_dlt_root_id")))
        rc = error_nomem(err);
done:
    return rc;
}

static int write_normalizers(struct buf *out, const struct catalog *catalog, struct tg_error *err)
{
    int rc = TG_OK;
    const char *json = catalog->normalizers_json;
    if (!json)
        return TG_OK;
    yyjson_doc *stored = NULL;
    yyjson_mut_doc *doc = NULL;
    TRY(json_parse(json, strlen(json), "'normalizers'", &stored, err));
    doc = yyjson_doc_mut_copy(stored, json_allocator());
    if (!doc)
        TRY(error_nomem(err));
    yyjson_mut_val *said = yyjson_mut_doc_ptr_get(doc, "/json/config/root_key_propagation");
    for (size_t i = 0; i < catalog->table_count; i++) {
        const struct table *table = catalog->tables[i];
        if (!table->parent && needs_root_key(catalog, table, said))
            TRY(add_propagation(doc, table, err));
    }
    json_put_key(out, "normalizers");
    TRY(json_mut_write(doc, out, err));
done:
    yyjson_mut_doc_free(doc);
    yyjson_doc_free(stored);
    return rc;
}

/* ---- The schema ---------------------------------------------------------------------------- */

/* What both the stored form and the hash have, in dlt's order. */
static int write_content(struct buf *out, const struct catalog *catalog, struct tg_error *err)
{
    json_put_int(out, "engine_version", catalog->engine_version);
    json_put_text(out, "name", catalog->name);
    json_put_key(out, "tables");
    buf_char(out, '{');
    for (size_t i = 0; i < catalog->table_count; i++)
        write_table(out, catalog->tables[i]);
    buf_char(out, '}');
    if (catalog->settings_json)
        json_put_json(out, "settings", catalog->settings_json);
    return write_normalizers(out, catalog, err);
}

static bool catalog_says(const struct catalog *catalog, const char *key)
{
    if (strcmp(key, "settings") == 0)
        return catalog->settings_json != NULL;
    if (strcmp(key, "normalizers") == 0)
        return catalog->normalizers_json != NULL;
    return strcmp(key, "version") == 0 || strcmp(key, "version_hash") == 0 ||
           strcmp(key, "previous_hashes") == 0 || strcmp(key, "name") == 0;
}

static void write_extras(struct buf *out, const struct catalog *catalog, bool hashed)
{
    for (const struct extra *extra = catalog->extras; extra; extra = extra->next)
        if (!catalog_says(catalog, extra->key) &&
            !(hashed && strcmp(extra->key, "imported_version_hash") == 0))
            json_put_json(out, extra->key, extra->json);
}

int catalog_write(const struct catalog *catalog, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    buf_char(out, '{');
    json_put_int(out, "version", catalog->version);
    json_put_text(out, "version_hash", catalog->version_hash);
    TRY(write_content(out, catalog, err));
    json_put_key(out, "previous_hashes");
    for (size_t i = 0; i < catalog->previous_count; i++) {
        buf_char(out, i == 0 ? '[' : ',');
        json_string(out, catalog->previous_hashes[i], strlen(catalog->previous_hashes[i]));
    }
    buf_text(out, catalog->previous_count > 0 ? "]" : "[]");
    write_extras(out, catalog, false);
    buf_char(out, '}');
    TRY(buf_check(out, err));
done:
    return rc;
}

/* ---- Versions ------------------------------------------------------------------------------ */

static int compare_tables(const void *left, const void *right)
{
    const struct table *const *a = left;
    const struct table *const *b = right;
    return strcmp((*a)->name, (*b)->name);
}

/* Table names in sorted order, each followed by its columns' names in physical order. */
static int append_names(struct buf *out, const struct catalog *catalog, struct tg_error *err)
{
    size_t count = catalog->table_count;
    const struct table **tables = mem_calloc(count + 1, sizeof(struct table *));
    if (!tables)
        return error_nomem(err);
    for (size_t i = 0; i < count; i++)
        tables[i] = catalog->tables[i];
    qsort(tables, count, sizeof(struct table *), compare_tables);
    for (size_t i = 0; i < count; i++) {
        buf_text(out, tables[i]->name);
        for (size_t j = 0; j < tables[i]->column_count; j++)
            buf_text(out, tables[i]->columns[j].name);
    }
    mem_free(tables);
    return buf_check(out, err);
}

int store_hash(const struct buf *json, const struct buf *tail, char out[STORE_HASH_TEXT + 1],
               struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    struct hasher hasher = {0};
    yyjson_doc *doc = NULL;
    unsigned char digest[32];
    TRY(json_parse(buf_string(json), json->len, "what a hash is taken of", &doc, err));
    cell_json(&text, yyjson_doc_get_root(doc), CELL_JSON_SORTED);
    buf_append(&text, tail->data, tail->len);
    TRY(buf_check(&text, err));
    TRY(hash_sha3_256(&hasher, text.data, text.len, digest, err));
    out[base64_encode(digest, sizeof(digest), true, out)] = '\0';
done:
    yyjson_doc_free(doc);
    hasher_release(&hasher);
    buf_release(&text);
    return rc;
}

static int content_hash(const struct catalog *catalog, char out[STORE_HASH_TEXT + 1],
                        struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    struct buf names = BUF_INIT;
    buf_char(&text, '{');
    TRY(write_content(&text, catalog, err));
    write_extras(&text, catalog, true);
    buf_char(&text, '}');
    TRY(buf_check(&text, err));
    TRY(append_names(&names, catalog, err));
    TRY(store_hash(&text, &names, out, err));
done:
    buf_release(&names);
    buf_release(&text);
    return rc;
}

/* Puts an older hash in front of previous_hashes; the oldest falls off the end. One that is there
 * already stays where it is, as in dlt. */
static int remember_hash(struct catalog *catalog, const char *hash, struct tg_error *err)
{
    size_t max = sizeof(catalog->previous_hashes) / sizeof(catalog->previous_hashes[0]);
    for (size_t i = 0; i < catalog->previous_count; i++)
        if (strcmp(catalog->previous_hashes[i], hash) == 0)
            return TG_OK;
    const char *copy;
    int rc = arena_keep(&catalog->arena, hash, &copy, err);
    if (rc != TG_OK)
        return rc;
    if (catalog->previous_count < max)
        catalog->previous_count++;
    for (size_t i = catalog->previous_count - 1; i > 0; i--)
        catalog->previous_hashes[i] = catalog->previous_hashes[i - 1];
    catalog->previous_hashes[0] = copy;
    return TG_OK;
}

int catalog_bump(struct catalog *catalog, bool *changed, struct tg_error *err)
{
    char hash[STORE_HASH_TEXT + 1];
    const char *copy;
    int rc = TG_OK;
    *changed = false;
    TRY(content_hash(catalog, hash, err));
    if (strcmp(hash, catalog->version_hash) == 0)
        return TG_OK;
    TRY(arena_keep(&catalog->arena, hash, &copy, err));
    if (catalog->version_hash[0]) {
        TRY(remember_hash(catalog, catalog->version_hash, err));
        catalog->version++;
    }
    catalog->version_hash = copy;
    *changed = true;
done:
    return rc;
}

int catalog_copy(const struct catalog *from, struct catalog *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf json = BUF_INIT;
    *out = (struct catalog){0};
    TRY(catalog_write(from, &json, err));
    TRY(catalog_read(out, buf_string(&json), json.len, err));
done:
    buf_release(&json);
    return rc;
}

/* ---- Importing ----------------------------------------------------------------------------- */

/* Takes note of the hash of the text that the catalog goes by. */
static int link_import(struct catalog *catalog, const char *hash, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf json = BUF_INIT;
    json_string(&json, hash, strlen(hash));
    TRY(buf_check(&json, err));
    TRY(extra_set(catalog, &catalog->extras, "imported_version_hash", buf_string(&json), err));
done:
    buf_release(&json);
    return rc;
}

static bool is_linked(const struct catalog *catalog, const char *hash)
{
    const char *json = extra_find(catalog->extras, "imported_version_hash");
    size_t len = strlen(hash);
    return json && strlen(json) == len + 2 && memcmp(json + 1, hash, len) == 0;
}

int schema_yaml_start(struct catalog *catalog, struct buf *out, struct tg_error *err)
{
    static const char *const notes[] = {"x-normalizer", "x-loader", "x-extractor"};
    int rc = TG_OK;
    bool changed = false;
    struct catalog bare;
    TRY(catalog_copy(catalog, &bare, err));
    for (size_t t = 0; t < bare.table_count; t++) {
        struct table *table = bare.tables[t];
        table->seen_data = table->evolve_once = false;
        table->max_nesting = -1;
        for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++)
            extra_remove(&table->extras, notes[i]);
        for (size_t c = 0; c < table->column_count; c++) {
            extra_remove(&table->columns[c].extras, notes[0]);
            extra_remove(&table->columns[c].extras, SOURCE_FIELD);
        }
    }
    TRY(catalog_bump(&bare, &changed, err));
    TRY(schema_yaml_write(&bare, out, err));
    TRY(link_import(catalog, bare.version_hash, err));
done:
    catalog_release(&bare);
    return rc;
}

int catalog_import(struct catalog *catalog, const char *yaml, size_t len, const char *subject,
                   bool *changed, struct tg_error *err)
{
    int rc = TG_OK;
    struct catalog read;
    *changed = false;
    TRY(schema_yaml_read(yaml, len, subject, &read, err));
    if (strcmp(read.name, catalog->name) != 0) {
        rc = error_set(err, TG_SPEC, "it is the schema '%s', the pipeline's is '%s'", read.name,
                       catalog->name);
        rc = error_where(err, rc, "%s", subject);
        goto done;
    }
    if (is_linked(catalog, read.version_hash))
        goto done;
    TRY(link_import(&read, read.version_hash, err));
    if (catalog->version_hash[0] && strcmp(catalog->version_hash, read.version_hash) != 0)
        TRY(remember_hash(&read, catalog->version_hash, err));
    catalog_release(catalog);
    *catalog = read;
    read = (struct catalog){0};
    *changed = true;
done:
    catalog_release(&read);
    return rc;
}
