/*
 * The manifest on disk: manifest.json, for programs and for people.
 *
 * Path out: manifest_write lays the parts in order as text, parses that once (so that nothing
 * malformed is ever sealed: state and catalog come from outside) and indents it. Path in:
 * manifest_read -> read_tables, ... State and catalog stand in it as objects and are read back as
 * compact text.
 *
 * `format` is the number of this form: a reader refuses a higher one and must understand all lower
 * ones.
 */
#include <string.h>

#include "base/json.h"
#include "data/rows.h"
#include "package/manifest.h"

enum { FORMAT = 1 };

/* ---- writing ---- */

static void put_key(struct buf *out, const char *key)
{
    if (out->len > 0 && out->data[out->len - 1] != '{' && out->data[out->len - 1] != '[')
        buf_char(out, ',');
    json_string(out, key, strlen(key));
    buf_char(out, ':');
}

static void put_text(struct buf *out, const char *key, const char *text)
{
    put_key(out, key);
    json_string(out, text ? text : "", text ? strlen(text) : 0);
}

static void put_number(struct buf *out, const char *key, uint64_t number)
{
    put_key(out, key);
    buf_printf(out, "%llu", (unsigned long long)number);
}

static void put_signed(struct buf *out, const char *key, int64_t number)
{
    put_key(out, key);
    buf_printf(out, "%lld", (long long)number);
}

static void put_bool(struct buf *out, const char *key, bool value)
{
    put_key(out, key);
    buf_text(out, value ? "true" : "false");
}

/* JSON as it is; "": null. */
static void put_json(struct buf *out, const char *key, const char *json)
{
    put_key(out, key);
    buf_text(out, json && *json ? json : "null");
}

static void put_list(struct buf *out, const char *key)
{
    put_key(out, key);
    buf_char(out, '[');
}

static void begin_item(struct buf *out, size_t index)
{
    buf_text(out, index > 0 ? ",{" : "{");
}

static void put_column(struct buf *out, const struct manifest_column *column)
{
    put_text(out, "name", column->name);
    put_text(out, "type", type_name(column->spec.type));
    if (column->spec.precision != 0)
        put_signed(out, "precision", column->spec.precision);
    if (column->spec.scale != 0)
        put_signed(out, "scale", column->spec.scale);
    if (column->spec.naive)
        put_bool(out, "naive", true);
    buf_char(out, '}');
}

static void put_file(struct buf *out, const struct manifest_file *file)
{
    put_text(out, "name", file->name);
    put_number(out, "rows", file->row_count);
    put_number(out, "bytes", file->bytes);
    put_text(out, "xxh3", file->checksum);
    put_list(out, "columns");
    for (size_t i = 0; i < file->column_count; i++) {
        begin_item(out, i);
        put_column(out, &file->columns[i]);
    }
    buf_text(out, "]}");
}

static void put_table(struct buf *out, const struct manifest_table *table)
{
    put_text(out, "name", table->name);
    put_text(out, "resource", table->resource);
    put_bool(out, "nested", table->nested);
    put_bool(out, "replaced", table->replaced);
    if (table->remade)
        put_bool(out, "remade", true);
    if (table->was_there)
        put_bool(out, "was_there", true);
    put_number(out, "rows_read", table->rows_read);
    put_number(out, "rows_new", table->rows_new);
    put_number(out, "rows_filtered", table->rows_filtered);
    put_number(out, "rows_rejected", table->rows_rejected);
    put_list(out, "files");
    for (size_t i = 0; i < table->file_count; i++) {
        begin_item(out, i);
        put_file(out, &table->files[i]);
    }
    buf_text(out, "]}");
}

static void put_bookmark(struct buf *out, const struct bookmark *bookmark)
{
    put_text(out, "resource", bookmark->resource);
    put_text(out, "path", bookmark->key);
    put_signed(out, "size", bookmark->size);
    put_signed(out, "mtime_us", bookmark->mtime_us);
    put_text(out, "content", bookmark->content);
    put_text(out, "head", bookmark->head);
    put_signed(out, "content_bytes", bookmark->content_bytes);
    put_signed(out, "rows", bookmark->rows);
    put_text(out, "checksum", bookmark->checksum);
    put_text(out, "renamed_from", bookmark->replaces);
    buf_char(out, '}');
}

static void put_boundary(struct buf *out, const struct manifest_boundary *boundary)
{
    put_text(out, "resource", boundary->resource);
    put_text(out, "cursor_path", boundary->cursor_path);
    put_text(out, "last_value", boundary->last_value);
    put_list(out, "hashes");
    for (size_t i = 0; i < boundary->hash_count; i++) {
        if (i > 0)
            buf_char(out, ',');
        json_string(out, boundary->hashes[i], strlen(boundary->hashes[i]));
    }
    buf_text(out, "]}");
}

static void put_manifest(struct buf *out, const struct manifest *manifest)
{
    buf_char(out, '{');
    put_number(out, "format", FORMAT);
    put_text(out, "load_id", manifest->load_id);
    put_text(out, "package_id", manifest->package_id);
    put_text(out, "pipeline", manifest->pipeline);
    put_text(out, "destination", manifest->destination);
    put_text(out, "dataset", manifest->dataset);
    put_text(out, "schema", manifest->schema);
    put_signed(out, "created_us", manifest->created_us);
    put_signed(out, "state_version_from", manifest->state_version_from);
    put_text(out, "state_hash_from", manifest->state_hash_from);
    put_text(out, "files_load_from", manifest->files_load_from);
    put_signed(out, "catalog_version_from", manifest->catalog_version_from);
    put_text(out, "catalog_hash_from", manifest->catalog_hash_from);
    put_bool(out, "skips_files", manifest->skips_files);
    put_bool(out, "state_changed", manifest->state_changed);
    put_bool(out, "full_refresh", manifest->full_refresh);
    put_list(out, "tables");
    for (size_t i = 0; i < manifest->table_count; i++) {
        begin_item(out, i);
        put_table(out, &manifest->tables[i]);
    }
    buf_char(out, ']');
    put_list(out, "source_files");
    for (size_t i = 0; i < manifest->bookmark_count; i++) {
        begin_item(out, i);
        put_bookmark(out, &manifest->bookmarks[i]);
    }
    buf_char(out, ']');
    put_list(out, "boundaries");
    for (size_t i = 0; i < manifest->boundary_count; i++) {
        begin_item(out, i);
        put_boundary(out, &manifest->boundaries[i]);
    }
    buf_char(out, ']');
    put_json(out, "state", manifest->state);
    put_json(out, "catalog", manifest->catalog);
    buf_char(out, '}');
}

int manifest_write(const struct manifest *manifest, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf compact = BUF_INIT;
    yyjson_doc *doc = NULL;
    char *pretty = NULL;
    size_t len = 0;
    put_manifest(&compact, manifest);
    TRY(buf_check(&compact, err));
    TRY(json_parse(compact.data, compact.len, "the manifest", &doc, err));
    pretty = yyjson_write_opts(doc, YYJSON_WRITE_PRETTY_TWO_SPACES, json_allocator(), &len, NULL);
    if (!pretty) {
        rc = error_nomem(err);
        goto done;
    }
    buf_append(out, pretty, len);
    buf_char(out, '\n');
    rc = buf_check(out, err);
done:
    mem_free(pretty);
    yyjson_doc_free(doc);
    buf_release(&compact);
    return rc;
}

/* ---- reading ---- */

/* One object being read; the first missing or wrong key is remembered. */
struct manifest_reader {
    struct arena *arena;
    const char *missing;
    bool nomem;
};

static const char *get_text(struct manifest_reader *reader, const yyjson_val *object,
                            const char *key)
{
    const char *text = json_get_text(object, key);
    if (!text) {
        reader->missing = key;
        return "";
    }
    char *copy = arena_strdup(reader->arena, text);
    reader->nomem |= !copy;
    return copy ? copy : "";
}

/* A text that older manifests lack: "" then. */
static const char *get_new_text(struct manifest_reader *reader, const yyjson_val *object,
                                const char *key)
{
    bool there = yyjson_obj_get((yyjson_val *)object, key) != NULL;
    return there ? get_text(reader, object, key) : "";
}

static int64_t get_int(struct manifest_reader *reader, const yyjson_val *object, const char *key)
{
    yyjson_val *value = yyjson_obj_get((yyjson_val *)object, key);
    if (!yyjson_is_int(value))
        reader->missing = key;
    return json_get_int(object, key, 0);
}

static uint64_t get_count(struct manifest_reader *reader, const yyjson_val *object, const char *key)
{
    int64_t number = get_int(reader, object, key);
    if (number < 0)
        reader->missing = key;
    return number < 0 ? 0 : (uint64_t)number;
}

static const yyjson_val *get_list(struct manifest_reader *reader, const yyjson_val *object,
                                  const char *key)
{
    yyjson_val *list = yyjson_obj_get((yyjson_val *)object, key);
    if (!yyjson_is_arr(list))
        reader->missing = key;
    return list;
}

/* An embedded object as compact text; "" for null. */
static const char *get_json(struct manifest_reader *reader, const yyjson_val *object,
                            const char *key)
{
    const yyjson_val *value = yyjson_obj_get((yyjson_val *)object, key);
    if (!value)
        reader->missing = key;
    if (!value || yyjson_is_null((yyjson_val *)value))
        return "";
    struct buf text = BUF_INIT;
    cell_json(&text, value, 0);
    char *copy = text.failed ? NULL : arena_strndup(reader->arena, buf_string(&text), text.len);
    buf_release(&text);
    reader->nomem |= !copy;
    return copy ? copy : "";
}

static int check(const struct manifest_reader *reader, const char *what, struct tg_error *err)
{
    if (reader->nomem)
        return error_nomem(err);
    if (reader->missing)
        return error_set(err, TG_DATA, "'%s' of %s in the manifest is missing or malformed",
                         reader->missing, what);
    return TG_OK;
}

static void read_column(struct manifest_reader *reader, const yyjson_val *value,
                        struct manifest_column *out)
{
    const char *type = json_get_text(value, "type");
    out->name = get_text(reader, value, "name");
    out->spec.type = type ? type_find(type) : TYPE_NONE;
    out->spec.precision = (int)json_get_int(value, "precision", 0);
    out->spec.scale = (int)json_get_int(value, "scale", 0);
    out->spec.naive = json_get_bool(value, "naive", false);
    if (out->spec.type == TYPE_NONE)
        reader->missing = "type";
}

static int read_file(struct manifest *manifest, struct manifest_table *table,
                     const yyjson_val *value, struct tg_error *err)
{
    int rc = TG_OK;
    struct manifest_reader reader = {.arena = &manifest->arena};
    const yyjson_val *columns = get_list(&reader, value, "columns");
    const char *checksum = get_text(&reader, value, "xxh3");
    struct manifest_file file = {
        .name = get_text(&reader, value, "name"),
        .row_count = get_count(&reader, value, "rows"),
        .bytes = get_count(&reader, value, "bytes"),
    };
    if (strlen(checksum) == sizeof(file.checksum) - 1)
        memcpy(file.checksum, checksum, sizeof(file.checksum));
    else
        reader.missing = "xxh3";
    if (!*file.name || strchr(file.name, '/'))
        reader.missing = "name";
    TRY(check(&reader, "a file", err));
    file.column_count = yyjson_arr_size((yyjson_val *)columns);
    file.columns = mem_calloc(file.column_count + 1, sizeof(*file.columns));
    if (!file.columns) {
        rc = error_nomem(err);
        goto done;
    }
    size_t i, max;
    yyjson_val *column;
    yyjson_arr_foreach((yyjson_val *)columns, i, max, column)
        read_column(&reader, column, &file.columns[i]);
    TRY(check(&reader, "a column", err));
    rc = manifest_add_file(manifest, table, &file, err);
done:
    mem_free(file.columns);
    return rc;
}

static int read_table(struct manifest *manifest, const yyjson_val *value, struct tg_error *err)
{
    struct manifest_reader reader = {.arena = &manifest->arena};
    struct manifest_table *table = NULL;
    const yyjson_val *files = get_list(&reader, value, "files");
    const char *name = get_text(&reader, value, "name");
    const char *resource = get_text(&reader, value, "resource");
    int rc = manifest_add_table(manifest, name, resource, json_get_bool(value, "nested", false),
                                &table, err);
    if (rc != TG_OK)
        return rc;
    table->replaced = json_get_bool(value, "replaced", false);
    table->remade = json_get_bool(value, "remade", false);
    table->was_there = json_get_bool(value, "was_there", false);
    table->rows_read = get_count(&reader, value, "rows_read");
    table->rows_new = get_count(&reader, value, "rows_new");
    table->rows_filtered = get_count(&reader, value, "rows_filtered");
    table->rows_rejected = get_count(&reader, value, "rows_rejected");
    rc = check(&reader, "a table", err);
    size_t i, max;
    yyjson_val *file;
    yyjson_arr_foreach((yyjson_val *)files, i, max, file)
    {
        if (rc == TG_OK)
            rc = read_file(manifest, table, file, err);
    }
    return rc;
}

static int read_bookmark(struct manifest *manifest, const yyjson_val *value, struct tg_error *err)
{
    struct manifest_reader reader = {.arena = &manifest->arena};
    const struct bookmark bookmark = {
        .resource = get_text(&reader, value, "resource"),
        .key = get_text(&reader, value, "path"),
        .replaces = json_get_text(value, "renamed_from"), /* not in packages of version 0.1 */
        .size = get_int(&reader, value, "size"),
        .mtime_us = get_int(&reader, value, "mtime_us"),
        .content = json_get_text(value, "content"),
        .head = json_get_text(value, "head"),
        .content_bytes = json_get_int(value, "content_bytes", 0),
        .rows = json_get_int(value, "rows", 0),
        .checksum = json_get_text(value, "checksum"),
    };
    int rc = check(&reader, "a source file", err);
    return rc == TG_OK ? manifest_add_bookmark(manifest, &bookmark, err) : rc;
}

static int read_boundary(struct manifest *manifest, const yyjson_val *value, struct tg_error *err)
{
    struct manifest_reader reader = {.arena = &manifest->arena};
    const yyjson_val *hashes = get_list(&reader, value, "hashes");
    struct manifest_boundary boundary = {
        .resource = get_text(&reader, value, "resource"),
        .cursor_path = get_text(&reader, value, "cursor_path"),
        .last_value = get_text(&reader, value, "last_value"),
        .hash_count = yyjson_arr_size((yyjson_val *)hashes),
    };
    boundary.hashes = mem_calloc(boundary.hash_count + 1, sizeof(char *));
    if (!boundary.hashes)
        return error_nomem(err);
    size_t i, max;
    yyjson_val *hash;
    yyjson_arr_foreach((yyjson_val *)hashes, i, max, hash)
    {
        boundary.hashes[i] = yyjson_get_str(hash);
        if (!boundary.hashes[i])
            reader.missing = "hashes";
    }
    int rc = check(&reader, "a boundary", err);
    if (rc == TG_OK)
        rc = manifest_add_boundary(manifest, &boundary, err);
    mem_free(boundary.hashes);
    return rc;
}

typedef int (*read_item)(struct manifest *manifest, const yyjson_val *value, struct tg_error *err);

static int read_list(struct manifest *manifest, const yyjson_val *root, const char *key,
                     read_item read, struct tg_error *err)
{
    struct manifest_reader reader = {.arena = &manifest->arena};
    const yyjson_val *list = get_list(&reader, root, key);
    int rc = check(&reader, "the load", err);
    size_t i, max;
    yyjson_val *item;
    yyjson_arr_foreach((yyjson_val *)list, i, max, item)
    {
        if (rc == TG_OK)
            rc = read(manifest, item, err);
    }
    return rc;
}

static int read_head(struct manifest *out, const yyjson_val *root, struct tg_error *err)
{
    struct manifest_reader reader = {.arena = &out->arena};
    int64_t format = get_int(&reader, root, "format");
    if (format > FORMAT)
        return error_set(err, TG_USAGE,
                         "the manifest has format %lld, this version reads up to %d; run a newer "
                         "tidegate",
                         (long long)format, FORMAT);
    if (format < 1)
        reader.missing = "format";
    out->load_id = get_text(&reader, root, "load_id");
    out->package_id = get_new_text(&reader, root, "package_id");
    out->pipeline = get_text(&reader, root, "pipeline");
    out->destination = get_text(&reader, root, "destination");
    out->dataset = get_text(&reader, root, "dataset");
    out->schema = get_text(&reader, root, "schema");
    out->created_us = get_int(&reader, root, "created_us");
    out->state_version_from = get_int(&reader, root, "state_version_from");
    out->state_hash_from = get_text(&reader, root, "state_hash_from");
    out->files_load_from = get_text(&reader, root, "files_load_from");
    out->catalog_version_from = json_get_int(root, "catalog_version_from", -1);
    out->catalog_hash_from = get_new_text(&reader, root, "catalog_hash_from");
    out->skips_files = json_get_bool(root, "skips_files", true);
    out->state_changed = json_get_bool(root, "state_changed", false);
    out->full_refresh = json_get_bool(root, "full_refresh", false);
    out->state = get_json(&reader, root, "state");
    out->catalog = get_json(&reader, root, "catalog");
    return check(&reader, "the load", err);
}

int manifest_read(struct manifest *out, const char *json, size_t len, struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_doc *doc = NULL;
    manifest_init(out);
    TRY(json_parse(json, len, "the manifest", &doc, err));
    const yyjson_val *root = yyjson_doc_get_root(doc);
    TRY(read_head(out, root, err));
    TRY(read_list(out, root, "tables", read_table, err));
    TRY(read_list(out, root, "source_files", read_bookmark, err));
    TRY(read_list(out, root, "boundaries", read_boundary, err));
done:
    yyjson_doc_free(doc);
    if (rc != TG_OK)
        manifest_release(out);
    return rc;
}
