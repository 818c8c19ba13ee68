/*
 * The manifest on disk: manifest.json, for programs and for people.
 *
 * What stands where is said once, by the tables of members below, for both ways. Path out:
 * manifest_write -> put_members -> put_value; the text is parsed once (so that nothing malformed is
 * ever sealed: state and catalog come from outside) and indented. Path in: manifest_read ->
 * read_members -> read_value.
 *
 * `format` is the number of this form: a reader refuses a higher one and must understand all lower
 * ones.
 */
#include <string.h>

#include "base/json.h"
#include "data/rows.h"
#include "package/manifest.h"

enum { FORMAT = 1 };

/* MARK: written only when it is true; SMALL, LARGE: when it is not zero. NAME: of a file in
 * the folder. JSON: an object, kept as text; "" is null. LIST: of objects, or of texts if it has no
 * form. */
enum kind { TEXT, NAME, CHECKSUM, TYPE, JSON, INT, COUNT, SMALL, LARGE, FLAG, MARK, LIST };

/* A key of an object, and the field that has its value. */
struct member {
    const char *key;
    enum kind kind;
    bool optional; /* older packages lack it */
    size_t offset;
    size_t count, cap; /* where a list says how long it is; no `cap`: its items are in the arena */
    const struct form *form;
};

struct form {
    const char *what;
    size_t size;
    const struct member *members; /* the last one has no key */
};

/* ---- what stands where ---- */

#define FIELD_AS(kind_, key_, type, field, optional_)                                              \
    {                                                                                              \
        .key = key_, .kind = kind_, .optional = optional_, .offset = offsetof(struct type, field)  \
    }
#define FIELD(kind, key, type, field) FIELD_AS(kind, key, type, field, false)
#define MAYBE(kind, key, type, field) FIELD_AS(kind, key, type, field, true)
#define ITEMS(key_, type, field, count_, cap_, form_)                                              \
    {                                                                                              \
        .key = key_, .kind = LIST, .offset = offsetof(struct type, field),                         \
        .count = offsetof(struct type, count_), .cap = cap_, .form = form_                         \
    }

/* A list that is written where it has items. */
#define SOME(key_, type, field, count_, form_)                                                     \
    {                                                                                              \
        .key = key_, .kind = LIST, .optional = true, .offset = offsetof(struct type, field),       \
        .count = offsetof(struct type, count_), .form = form_                                      \
    }

static const struct form column_form = {
    "a column", sizeof(struct manifest_column),
    (const struct member[]){
        FIELD(TEXT, "name", manifest_column, name),
        FIELD(TYPE, "type", manifest_column, spec.type),
        MAYBE(SMALL, "precision", manifest_column, spec.precision),
        MAYBE(SMALL, "scale", manifest_column, spec.scale),
        MAYBE(MARK, "naive", manifest_column, spec.naive),
        MAYBE(MARK, "ascends", manifest_column, ascends),
        MAYBE(LARGE, "from", manifest_column, from),
        MAYBE(LARGE, "to", manifest_column, to),
        {0},
    }};

static const struct form file_form = {
    "a file", sizeof(struct manifest_file),
    (const struct member[]){
        FIELD(NAME, "name", manifest_file, name),
        FIELD(COUNT, "rows", manifest_file, row_count),
        FIELD(COUNT, "bytes", manifest_file, bytes),
        FIELD(CHECKSUM, "xxh3", manifest_file, checksum),
        ITEMS("columns", manifest_file, columns, column_count, 0, &column_form),
        {0},
    }};

static const struct form range_form = {"a range", sizeof(struct manifest_range),
                                       (const struct member[]){
                                           FIELD(TEXT, "column", manifest_range, column),
                                           MAYBE(MARK, "delivered", manifest_range, delivered),
                                           MAYBE(MARK, "descends", manifest_range, descends),
                                           MAYBE(TEXT, "from_kind", manifest_range, from_kind),
                                           MAYBE(TEXT, "from", manifest_range, from),
                                           MAYBE(TEXT, "to_kind", manifest_range, to_kind),
                                           MAYBE(TEXT, "to", manifest_range, to),
                                           {0},
                                       }};

static const struct form table_form = {
    "a table", sizeof(struct manifest_table),
    (const struct member[]){
        FIELD(TEXT, "name", manifest_table, name),
        FIELD(TEXT, "resource", manifest_table, resource),
        MAYBE(FLAG, "nested", manifest_table, nested),
        MAYBE(MARK, "further", manifest_table, further),
        MAYBE(MARK, "materialized", manifest_table, materialized),
        MAYBE(FLAG, "replaced", manifest_table, replaced),
        MAYBE(MARK, "remade", manifest_table, remade),
        MAYBE(MARK, "emptied", manifest_table, emptied),
        MAYBE(MARK, "was_there", manifest_table, was_there),
        MAYBE(MARK, "dropped", manifest_table, dropped),
        MAYBE(MARK, "keys", manifest_table, is_keys),
        MAYBE(MARK, "late", manifest_table, is_late),
        MAYBE(TEXT, "cursor", manifest_table, cursor),
        MAYBE(MARK, "descends", manifest_table, descends),
        MAYBE(TEXT, "recalls", manifest_table, recalls),
        MAYBE(TEXT, "learns", manifest_table, learns),
        MAYBE(TEXT, "learns_source", manifest_table, learns_source),
        MAYBE(TEXT, "learns_unit", manifest_table, learns_unit),
        MAYBE(MARK, "deletes_absent", manifest_table, deletes_absent),
        MAYBE(MARK, "flags_absent", manifest_table, flags_absent),
        SOME("ranges", manifest_table, ranges, range_count, &range_form),
        MAYBE(MARK, "ends_absent", manifest_table, ends_absent),
        MAYBE(MARK, "from_nothing", manifest_table, from_nothing),
        FIELD(COUNT, "rows_read", manifest_table, rows_read),
        FIELD(COUNT, "rows_new", manifest_table, rows_new),
        FIELD(COUNT, "rows_filtered", manifest_table, rows_filtered),
        FIELD(COUNT, "rows_rejected", manifest_table, rows_rejected),
        MAYBE(COUNT, "rows_waiting", manifest_table, rows_waiting),
        MAYBE(COUNT, "rows_below_start", manifest_table, rows_below_start),
        MAYBE(COUNT, "rows_above_end", manifest_table, rows_above_end),
        MAYBE(COUNT, "rows_deduplicated", manifest_table, rows_deduplicated),
        MAYBE(COUNT, "rows_null_cursor", manifest_table, rows_null_cursor),
        ITEMS("files", manifest_table, files, file_count, offsetof(struct manifest_table, file_cap),
              &file_form),
        {0},
    }};

/* Version 0.1 did not look into the text, nor for files that were renamed. */
static const struct form bookmark_form = {"a source file", sizeof(struct bookmark),
                                          (const struct member[]){
                                              FIELD(TEXT, "resource", bookmark, resource),
                                              FIELD(TEXT, "path", bookmark, key),
                                              FIELD(INT, "size", bookmark, size),
                                              FIELD(INT, "mtime_us", bookmark, mtime_us),
                                              MAYBE(TEXT, "content", bookmark, content),
                                              MAYBE(TEXT, "head", bookmark, head),
                                              MAYBE(INT, "content_bytes", bookmark, content_bytes),
                                              MAYBE(INT, "rows", bookmark, rows),
                                              MAYBE(TEXT, "checksum", bookmark, checksum),
                                              MAYBE(TEXT, "renamed_from", bookmark, replaces),
                                              {0},
                                          }};

static const struct form boundary_form = {
    "a boundary", sizeof(struct manifest_boundary),
    (const struct member[]){
        FIELD(TEXT, "resource", manifest_boundary, resource),
        FIELD(TEXT, "cursor_path", manifest_boundary, cursor_path),
        FIELD(TEXT, "last_value", manifest_boundary, last_value),
        ITEMS("hashes", manifest_boundary, hashes, hash_count, 0, NULL),
        MAYBE(MARK, "grows", manifest_boundary, grows),
        {0},
    }};

static const struct form window_form = {
    "a window", sizeof(struct manifest_window),
    (const struct member[]){
        FIELD(TEXT, "resource", manifest_window, resource),
        FIELD(TEXT, "cursor_path", manifest_window, cursor_path),
        FIELD(TEXT, "lo", manifest_window, lo),
        FIELD(TEXT, "hi", manifest_window, hi),
        MAYBE(TEXT, "run_id", manifest_window, run_id),
        MAYBE(LARGE, "id", manifest_window, id),
        MAYBE(TEXT, "owner", manifest_window, owner),
        MAYBE(LARGE, "fence", manifest_window, fence),
        MAYBE(MARK, "planned", manifest_window, planned),
        {0},
    }};

static const struct form load_form = {
    "the load", sizeof(struct manifest),
    (const struct member[]){
        FIELD(TEXT, "load_id", manifest, load_id),
        MAYBE(TEXT, "package_id", manifest, package_id),
        FIELD(TEXT, "pipeline", manifest, pipeline),
        FIELD(TEXT, "destination", manifest, destination),
        FIELD(TEXT, "dataset", manifest, dataset),
        FIELD(TEXT, "schema", manifest, schema),
        FIELD(INT, "created_us", manifest, created_us),
        FIELD(INT, "state_version_from", manifest, state_version_from),
        FIELD(TEXT, "state_hash_from", manifest, state_hash_from),
        FIELD(TEXT, "files_load_from", manifest, files_load_from),
        MAYBE(INT, "catalog_version_from", manifest, catalog_version_from),
        MAYBE(TEXT, "catalog_hash_from", manifest, catalog_hash_from),
        MAYBE(TEXT, "follows", manifest, follows),
        MAYBE(FLAG, "skips_files", manifest, skips_files),
        MAYBE(MARK, "heeds_windows", manifest, heeds_windows),
        MAYBE(TEXT, "windows_from", manifest, windows_from),
        MAYBE(FLAG, "state_changed", manifest, state_changed),
        MAYBE(FLAG, "full_refresh", manifest, full_refresh),
        MAYBE(INT, "undo_loads", manifest, undo_loads),
        MAYBE(TEXT, "refresh", manifest, refresh),
        ITEMS("tables", manifest, tables, table_count, offsetof(struct manifest, table_cap),
              &table_form),
        ITEMS("source_files", manifest, bookmarks, bookmark_count,
              offsetof(struct manifest, bookmark_cap), &bookmark_form),
        ITEMS("boundaries", manifest, boundaries, boundary_count,
              offsetof(struct manifest, boundary_cap), &boundary_form),
        {.key = "windows",
         .kind = LIST,
         .optional = true,
         .offset = offsetof(struct manifest, windows),
         .count = offsetof(struct manifest, window_count),
         .cap = offsetof(struct manifest, window_cap),
         .form = &window_form},
        FIELD(JSON, "state", manifest, state),
        FIELD(JSON, "catalog", manifest, catalog),
        {0},
    }};

/* ---- writing ---- */

static void put_members(struct buf *out, const struct form *form, const char *object);

static void put_list(struct buf *out, const struct member *member, const char *object)
{
    const char *items = *(const char *const *)(object + member->offset);
    size_t count = *(const size_t *)(object + member->count);
    if (member->optional && count == 0)
        return;
    json_put_key(out, member->key);
    buf_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        buf_text(out, i > 0 ? "," : "");
        if (member->form) {
            buf_char(out, '{');
            put_members(out, member->form, items + i * member->form->size);
            buf_char(out, '}');
        } else {
            const char *text = ((const char *const *)items)[i];
            json_string(out, text, strlen(text));
        }
    }
    buf_char(out, ']');
}

static void put_value(struct buf *out, const struct member *member, const char *object)
{
    const void *field = object + member->offset;
    const char *key = member->key;
    switch (member->kind) {
    case TEXT:
    case NAME: json_put_text(out, key, *(const char *const *)field); break;
    case CHECKSUM: json_put_text(out, key, field); break;
    case TYPE: json_put_text(out, key, type_name(*(const enum type *)field)); break;
    case JSON:
        json_put_json(out, key,
                      **(const char *const *)field ? *(const char *const *)field : "null");
        break;
    case INT:
    case COUNT: json_put_int(out, key, *(const int64_t *)field); break;
    case SMALL:
        if (*(const int *)field != 0)
            json_put_int(out, key, *(const int *)field);
        break;
    case LARGE:
        if (*(const int64_t *)field != 0)
            json_put_int(out, key, *(const int64_t *)field);
        break;
    case FLAG: json_put_bool(out, key, *(const bool *)field); break;
    case MARK:
        if (*(const bool *)field)
            json_put_bool(out, key, true);
        break;
    case LIST: put_list(out, member, object); break;
    }
}

static void put_members(struct buf *out, const struct form *form, const char *object)
{
    for (const struct member *member = form->members; member->key; member++)
        put_value(out, member, object);
}

/* ---- reading ---- */

struct reader {
    struct arena *arena;
    int rc; /* the first failure */
    struct tg_error *err;
};

static void read_members(struct reader *reader, const struct form *form, yyjson_val *value,
                         char *object);

static bool keep(struct reader *reader, const char *text, void *field)
{
    reader->rc = arena_keep(reader->arena, text, field, reader->err);
    return true;
}

static bool keep_json(struct reader *reader, yyjson_val *value, void *field)
{
    if (yyjson_is_null(value))
        return keep(reader, "", field);
    reader->rc = cell_keep_json(value, reader->arena, field, reader->err);
    return true;
}

static bool read_list(struct reader *reader, const struct member *member, yyjson_val *list,
                      char *object)
{
    size_t count = yyjson_arr_size(list);
    size_t size = member->form ? member->form->size : sizeof(char *);
    char *items = NULL;
    if (!yyjson_is_arr(list))
        return false;
    if (member->cap)
        reader->rc = mem_grow(&items, (size_t *)(object + member->cap), count, size, reader->err);
    else if (!(items = arena_alloc(reader->arena, count * size)))
        reader->rc = error_nomem(reader->err);
    if (reader->rc != TG_OK || count == 0)
        return true;
    memset(items, 0, count * size);
    memcpy(object + member->offset, &items, sizeof(items));
    *(size_t *)(object + member->count) = count;
    yyjson_arr_iter iter = yyjson_arr_iter_with(list);
    for (yyjson_val *item; reader->rc == TG_OK && (item = yyjson_arr_iter_next(&iter));) {
        if (member->form)
            read_members(reader, member->form, item, items);
        else if (!yyjson_is_str(item) || !keep(reader, yyjson_get_str(item), items))
            return false;
        items += size;
    }
    return true;
}

/* false: it is missing or malformed. */
static bool read_value(struct reader *reader, const struct member *member, yyjson_val *value,
                       char *object)
{
    enum { CHECKSUM_BYTES = sizeof(((struct manifest_file *)0)->checksum) };
    void *field = object + member->offset;
    const char *text = yyjson_get_str(value);
    switch (member->kind) {
    case TEXT: return text && keep(reader, text, field);
    case NAME: return text && *text && !strchr(text, '/') && keep(reader, text, field);
    case CHECKSUM:
        return text && strlen(text) == CHECKSUM_BYTES - 1 && memcpy(field, text, CHECKSUM_BYTES);
    case TYPE:
        *(enum type *)field = text ? type_find(text) : TYPE_NONE;
        return *(enum type *)field != TYPE_NONE;
    case JSON: return value && keep_json(reader, value, field);
    case INT:
    case LARGE: *(int64_t *)field = yyjson_get_sint(value); return yyjson_is_int(value);
    case COUNT: *(uint64_t *)field = yyjson_get_uint(value); return yyjson_is_uint(value);
    case SMALL: *(int *)field = yyjson_get_int(value); return yyjson_is_int(value);
    case FLAG:
    case MARK: *(bool *)field = yyjson_get_bool(value); return yyjson_is_bool(value);
    default: return read_list(reader, member, value, object);
    }
}

static void read_members(struct reader *reader, const struct form *form, yyjson_val *value,
                         char *object)
{
    for (const struct member *member = form->members; member->key && reader->rc == TG_OK;
         member++) {
        yyjson_val *said = yyjson_obj_get(value, member->key);
        bool right = true;
        if (said || !member->optional)
            right = read_value(reader, member, said, object);
        else if (member->kind == TEXT)
            keep(reader, "", object + member->offset);
        if (!right)
            reader->rc = error_set(reader->err, TG_DATA,
                                   "'%s' of %s in the manifest is missing or malformed",
                                   member->key, form->what);
    }
}

/* ---- whole manifests ---- */

int manifest_write(const struct manifest *manifest, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf compact = BUF_INIT;
    yyjson_doc *doc = NULL;
    char *pretty = NULL;
    size_t len = 0;
    buf_char(&compact, '{');
    json_put_int(&compact, "format", FORMAT);
    put_members(&compact, &load_form, (const char *)manifest);
    buf_char(&compact, '}');
    TRY(buf_check(&compact, err));
    TRY(json_parse(compact.data, compact.len, "the manifest", &doc, err));
    pretty = yyjson_write_opts(doc, YYJSON_WRITE_PRETTY_TWO_SPACES, json_allocator(), &len, NULL);
    if (!pretty)
        TRY(error_nomem(err));
    buf_append(out, pretty, len);
    buf_char(out, '\n');
    rc = buf_check(out, err);
done:
    mem_free(pretty);
    yyjson_doc_free(doc);
    buf_release(&compact);
    return rc;
}

int manifest_read(struct manifest *out, const char *json_text, size_t len, struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_doc *doc = NULL;
    manifest_init(out);
    out->skips_files = true; /* where it is not said */
    struct reader reader = {.arena = &out->arena, .err = err};
    TRY(json_parse(json_text, len, "the manifest", &doc, err));
    yyjson_val *root = yyjson_doc_get_root(doc);
    int64_t format = json_get_int(root, "format", 0);
    if (format > FORMAT)
        TRY(error_set(err, TG_USAGE,
                      "the manifest has format %lld, this version reads up to %d; run a newer "
                      "tidegate",
                      (long long)format, FORMAT));
    if (format < 1)
        TRY(error_set(err, TG_DATA, "'format' of the manifest is missing or malformed"));
    read_members(&reader, &load_form, root, (char *)out);
    rc = reader.rc;
done:
    yyjson_doc_free(doc);
    if (rc != TG_OK)
        manifest_release(out);
    return rc;
}
