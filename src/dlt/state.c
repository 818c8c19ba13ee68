/*
 * The pipeline state, in the very JSON that dlt keeps: what we do not know stays in it untouched,
 * typed values keep their private-use markers.
 *
 * Path: state_init or state_read (blob -> JSON -> checks) -> state_get_cursor / state_set_cursor /
 * state_reset_resource -> state_bump (hash of the content with sorted keys, reference 1.7) ->
 * state_encode. Cursors are at sources.<source>.resources.<resource>.incremental.<path>. The text
 * comes from a destination: a wrong type anywhere on the way is TG_DATA.
 *
 * Reading and writing the ledger's row is the business of src/write.
 */
#include "dlt/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/memory.h"
#include "dlt/store.h"

enum { ENGINE = 4 };

/* ---- Whole states -------------------------------------------------------------------------- */

void state_release(struct state *state)
{
    yyjson_mut_doc_free(state->doc);
    *state = (struct state){0};
}

int state_copy(const struct state *from, struct state *out, struct tg_error *err)
{
    *out = *from;
    out->doc = yyjson_mut_doc_mut_copy(from->doc, json_allocator());
    return out->doc ? TG_OK : error_nomem(err);
}

/* "duckdb" of "dlt.destinations.duckdb": a name that says no more than the type is not stored. */
static bool name_is_implied(const struct state_identity *identity)
{
    const char *dot = strrchr(identity->destination_type, '.');
    const char *last = dot ? dot + 1 : identity->destination_type;
    return !identity->destination_name || strcmp(last, identity->destination_name) == 0;
}

int state_init(struct state *state, const struct state_identity *identity, struct tg_error *err)
{
    *state = (struct state){0};
    yyjson_mut_doc *doc = yyjson_mut_doc_new(json_allocator());
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_val *names = yyjson_mut_arr(doc);
    const char *name = name_is_implied(identity) ? NULL : identity->destination_name;
    bool ok =
        yyjson_mut_obj_add_int(doc, root, "_state_version", 0) &&
        yyjson_mut_obj_add_int(doc, root, "_state_engine_version", ENGINE) &&
        yyjson_mut_obj_add_strcpy(doc, root, "pipeline_name", identity->pipeline) &&
        yyjson_mut_obj_add_strcpy(doc, root, "dataset_name", identity->dataset) &&
        yyjson_mut_obj_add_strcpy(doc, root, "default_schema_name", identity->schema) &&
        yyjson_mut_arr_add_strcpy(doc, names, identity->schema) &&
        yyjson_mut_obj_add_val(doc, root, "schema_names", names) &&
        yyjson_mut_obj_add_strcpy(doc, root, "destination_type", identity->destination_type) &&
        yyjson_mut_obj_add_val(doc, root, "destination_name",
                               name ? yyjson_mut_strcpy(doc, name) : yyjson_mut_null(doc));
    yyjson_mut_doc_set_root(doc, root);
    state->doc = doc;
    if (ok)
        return TG_OK;
    state_release(state);
    return error_nomem(err);
}

static int check_version(struct state *state, yyjson_val *root, struct tg_error *err)
{
    int64_t engine = json_get_int(root, "_state_engine_version", 0);
    if (engine != ENGINE)
        return error_set(err, TG_DATA,
                         "it has _state_engine_version %lld, only %d can be read: run the pipeline "
                         "once with dlt 1.26",
                         (long long)engine, ENGINE);
    state->version = json_get_int(root, "_state_version", -1);
    if (state->version < 0 || state->version > (int64_t)1 << 53)
        return error_set(err, TG_DATA, "'_state_version' must be a whole number, zero or more");
    yyjson_val *hash = yyjson_obj_get(root, "_version_hash");
    if (!hash || yyjson_is_null(hash))
        return TG_OK;
    if (!yyjson_is_str(hash) || yyjson_get_len(hash) >= sizeof(state->hash))
        return error_set(err, TG_DATA, "'_version_hash' must be a text of at most %zu characters",
                         sizeof(state->hash) - 1);
    memcpy(state->hash, yyjson_get_str(hash), yyjson_get_len(hash));
    return TG_OK;
}

static int check_names(yyjson_val *root, struct tg_error *err)
{
    yyjson_val *names = yyjson_obj_get(root, "schema_names");
    if (names && !yyjson_is_arr(names))
        return error_set(err, TG_DATA, "'schema_names' must be a list of texts");
    yyjson_arr_iter iter = yyjson_arr_iter_with(names);
    for (yyjson_val *name; (name = yyjson_arr_iter_next(&iter));)
        if (!yyjson_is_str(name))
            return error_set(err, TG_DATA, "'schema_names' must be a list of texts");
    return TG_OK;
}

int state_read(struct state *out, const char *blob, size_t len, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    yyjson_doc *doc = NULL;
    *out = (struct state){0};
    TRY(blob_decode(blob, len, &text, err));
    TRY(json_parse(buf_string(&text), text.len, "it", &doc, err));
    yyjson_val *root = yyjson_doc_get_root(doc);
    if (!yyjson_is_obj(root))
        TRY(error_set(err, TG_DATA, "it is not a JSON object"));
    TRY(check_version(out, root, err));
    TRY(check_names(root, err));
    out->doc = yyjson_doc_mut_copy(doc, json_allocator());
    if (!out->doc)
        rc = error_nomem(err);
    else
        yyjson_mut_obj_remove_key(yyjson_mut_doc_get_root(out->doc), "_local");
done:
    yyjson_doc_free(doc);
    buf_release(&text);
    if (rc != TG_OK)
        state_release(out);
    return rc == TG_OK ? rc : error_where(err, rc, "the pipeline state");
}

int state_json(const struct state *state, struct buf *out, struct tg_error *err)
{
    return json_mut_write(state->doc, out, err);
}

int state_encode(const struct state *state, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    TRY(state_json(state, &text, err));
    TRY(blob_encode(buf_string(&text), text.len, out, err));
done:
    buf_release(&text);
    return rc;
}

/* ---- Cursors ------------------------------------------------------------------------------- */

/* Beside what dlt has there, which leaves it alone. */
#define COMMIT_SAFE "commit_safe"
#define CURSOR_SPEC "cursor_spec"
#define LATENESS    "lateness"

void state_cursor_release(struct state_cursor *cursor)
{
    mem_free(cursor->initial_value);
    mem_free(cursor->last_value);
    mem_free(cursor->start_value);
    mem_free(cursor->commit_safe);
    mem_free(cursor->spec);
    mem_free(cursor->lateness);
    for (size_t i = 0; i < cursor->hash_count; i++)
        mem_free(cursor->unique_hashes[i]);
    mem_free(cursor->unique_hashes);
    *cursor = (struct state_cursor){0};
}

/* The object under `key`, or NULL when it, or `object`, is absent. */
static int find_member(yyjson_mut_val *object, const char *key, yyjson_mut_val **out,
                       struct tg_error *err)
{
    *out = yyjson_mut_obj_get(object, key);
    if (yyjson_mut_is_null(*out))
        *out = NULL;
    if (*out && !yyjson_mut_is_obj(*out))
        return store_wrong_type(key, "an object", yyjson_mut_get_type_desc(*out), err);
    return TG_OK;
}

static int get_value(yyjson_mut_val *object, const char *key, char **out, struct tg_error *err)
{
    yyjson_mut_val *value = yyjson_mut_obj_get(object, key);
    if (!value || yyjson_mut_is_null(value))
        return TG_OK;
    *out = yyjson_mut_val_write_opts(value, YYJSON_WRITE_NOFLAG, json_allocator(), NULL, NULL);
    return *out ? TG_OK : error_nomem(err);
}

static int compare_texts(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static int get_hashes(yyjson_mut_val *object, struct state_cursor *out, struct tg_error *err)
{
    yyjson_mut_val *list = yyjson_mut_obj_get(object, "unique_hashes");
    if (list && !yyjson_mut_is_null(list) && !yyjson_mut_is_arr(list))
        return error_set(err, TG_DATA, "'unique_hashes' must be a list of texts");
    size_t count = yyjson_mut_arr_size(list);
    if (count == 0)
        return TG_OK;
    out->unique_hashes = mem_calloc(count, sizeof(char *));
    if (!out->unique_hashes)
        return error_nomem(err);
    yyjson_mut_arr_iter iter = yyjson_mut_arr_iter_with(list);
    for (yyjson_mut_val *hash; (hash = yyjson_mut_arr_iter_next(&iter));) {
        if (!yyjson_mut_is_str(hash))
            return error_set(err, TG_DATA, "'unique_hashes' must be a list of texts");
        out->unique_hashes[out->hash_count] = mem_strdup(yyjson_mut_get_str(hash));
        if (!out->unique_hashes[out->hash_count])
            return error_nomem(err);
        out->hash_count++;
    }
    qsort(out->unique_hashes, out->hash_count, sizeof(char *), compare_texts);
    return TG_OK;
}

/* NULL: there is none. */
static int find_cursor(const struct state *state, const char *source, const char *resource,
                       const char *path, yyjson_mut_val **out, struct tg_error *err)
{
    int rc = TG_OK;
    const char *const keys[] = {"sources", source, "resources", resource, "incremental", path};
    *out = yyjson_mut_doc_get_root(state->doc);
    for (size_t i = 0; *out && i < sizeof(keys) / sizeof(keys[0]); i++)
        TRY(find_member(*out, keys[i], out, err));
done:
    return rc;
}

int state_get_cursor(const struct state *state, const char *source, const char *resource,
                     const char *path, struct state_cursor *out, bool *found, struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_mut_val *object = NULL;
    *out = (struct state_cursor){0};
    *found = false;
    TRY(find_cursor(state, source, resource, path, &object, err));
    if (!object)
        return TG_OK;
    TRY(get_value(object, "initial_value", &out->initial_value, err));
    TRY(get_value(object, "last_value", &out->last_value, err));
    TRY(get_value(object, "start_value", &out->start_value, err));
    TRY(get_value(object, COMMIT_SAFE, &out->commit_safe, err));
    TRY(get_value(object, CURSOR_SPEC, &out->spec, err));
    TRY(get_value(object, LATENESS, &out->lateness, err));
    TRY(get_hashes(object, out, err));
    *found = true;
done:
    if (rc != TG_OK)
        state_cursor_release(out);
    return rc == TG_OK ? rc : error_where(err, rc, "the state's cursor '%s'", path);
}

static int put_value(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, const char *json,
                     struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_doc *value = NULL;
    yyjson_mut_val *copy = NULL;
    if (json) {
        TRY(json_parse(json, strlen(json), key, &value, err));
        copy = yyjson_val_mut_copy(doc, yyjson_doc_get_root(value));
    } else {
        copy = yyjson_mut_null(doc);
    }
    if (!store_put(doc, object, key, copy))
        rc = error_nomem(err);
done:
    yyjson_doc_free(value);
    return rc;
}

static int put_hashes(yyjson_mut_doc *doc, yyjson_mut_val *object,
                      const struct state_cursor *cursor, struct tg_error *err)
{
    yyjson_mut_val *list = yyjson_mut_arr(doc);
    bool ok = list != NULL;
    for (size_t i = 0; ok && i < cursor->hash_count; i++)
        ok = yyjson_mut_arr_add_strcpy(doc, list, cursor->unique_hashes[i]);
    ok = ok && store_put(doc, object, "unique_hashes", list);
    return ok ? TG_OK : error_nomem(err);
}

int state_set_cursor(struct state *state, const char *source, const char *resource,
                     const char *path, const struct state_cursor *cursor, struct tg_error *err)
{
    int rc = TG_OK;
    const char *const keys[] = {"sources", source, "resources", resource, "incremental", path};
    yyjson_mut_doc *doc = state->doc;
    yyjson_mut_val *object = yyjson_mut_doc_get_root(doc);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        TRY(store_member(doc, object, keys[i], &object, err));
    TRY(put_value(doc, object, "initial_value", cursor->initial_value, err));
    TRY(put_value(doc, object, "last_value", cursor->last_value, err));
    TRY(put_hashes(doc, object, cursor, err));
    TRY(put_value(doc, object, "start_value", cursor->start_value, err));
    if (cursor->commit_safe)
        TRY(put_value(doc, object, COMMIT_SAFE, cursor->commit_safe, err));
    if (cursor->spec)
        TRY(put_value(doc, object, CURSOR_SPEC, cursor->spec, err));
done:
    return rc == TG_OK ? rc : error_where(err, rc, "the state's cursor '%s'", path);
}

int state_learn(struct state *state, const char *source, const char *resource, const char *path,
                const struct sketch *late, bool *learned, struct tg_error *err)
{
    int rc = TG_OK;
    struct sketch known;
    char *stored = NULL;
    struct buf json = BUF_INIT;
    yyjson_mut_val *object = NULL;
    *learned = false;
    TRY(find_cursor(state, source, resource, path, &object, err));
    if (!object || sketch_count(late) == 0)
        goto done;
    TRY(get_value(object, LATENESS, &stored, err));
    sketch_read(stored, &known);
    sketch_add(&known, late);
    TRY(sketch_write(&known, &json, err));
    TRY(put_value(state->doc, object, LATENESS, buf_string(&json), err));
    *learned = true;
done:
    mem_free(stored);
    buf_release(&json);
    return rc == TG_OK ? rc : error_where(err, rc, "the state's cursor '%s'", path);
}

bool state_is_of(const struct state *state, const char *source, const char *schema)
{
    yyjson_mut_val *root = yyjson_mut_doc_get_root(state->doc);
    yyjson_mut_arr_iter names = yyjson_mut_arr_iter_with(yyjson_mut_obj_get(root, "schema_names"));
    for (yyjson_mut_val *name; (name = yyjson_mut_arr_iter_next(&names));)
        if (strcmp(yyjson_mut_get_str(name), source) == 0)
            return strcmp(source, schema) == 0;
    return true;
}

void state_reset_schema(struct state *state, const char *schema)
{
    yyjson_mut_val *root = yyjson_mut_doc_get_root(state->doc);
    yyjson_mut_obj_iter sources = yyjson_mut_obj_iter_with(yyjson_mut_obj_get(root, "sources"));
    for (yyjson_mut_val *source; (source = yyjson_mut_obj_iter_next(&sources));)
        if (state_is_of(state, yyjson_mut_get_str(source), schema))
            yyjson_mut_obj_iter_remove(&sources);
}

static yyjson_mut_val *resources_of(const struct state *state, const char *source)
{
    yyjson_mut_val *sources = yyjson_mut_obj_get(yyjson_mut_doc_get_root(state->doc), "sources");
    return yyjson_mut_obj_get(yyjson_mut_obj_get(sources, source), "resources");
}

void state_reset_resource(struct state *state, const char *source, const char *resource)
{
    yyjson_mut_obj_remove_key(resources_of(state, source), resource);
}

void state_reset_cursors(struct state *state, const char *source, const char *resource)
{
    yyjson_mut_obj_remove_key(yyjson_mut_obj_get(resources_of(state, source), resource),
                              "incremental");
}

int state_mark_resource(struct state *state, const char *source, const char *resource,
                        const char *mark, struct tg_error *err)
{
    int rc = TG_OK;
    const char *const keys[] = {"sources", source, "resources", resource};
    yyjson_mut_doc *doc = state->doc;
    yyjson_mut_val *object = yyjson_mut_doc_get_root(doc);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        TRY(store_member(doc, object, keys[i], &object, err));
    if (!store_put(doc, object, mark, yyjson_mut_true(doc)))
        rc = error_nomem(err);
done:
    return rc == TG_OK ? rc : error_where(err, rc, "the state's resource '%s'", resource);
}

bool state_has_resource(const struct state *state, const char *source, const char *resource)
{
    return yyjson_mut_obj_get(resources_of(state, source), resource) != NULL;
}

/* ---- Versions ------------------------------------------------------------------------------ */

const char *state_schema(const struct state *state)
{
    yyjson_mut_val *root = yyjson_mut_doc_get_root(state->doc);
    return yyjson_mut_get_str(yyjson_mut_obj_get(root, "default_schema_name"));
}

int state_add_schema(struct state *state, const char *name, struct tg_error *err)
{
    yyjson_mut_doc *doc = state->doc;
    yyjson_mut_val *root = yyjson_mut_doc_get_root(doc);
    yyjson_mut_val *names = yyjson_mut_obj_get(root, "schema_names");
    if (!names) {
        names = yyjson_mut_arr(doc);
        if (!store_put(doc, root, "schema_names", names))
            return error_nomem(err);
    }
    size_t at = 0;
    yyjson_mut_arr_iter iter = yyjson_mut_arr_iter_with(names);
    for (yyjson_mut_val *other; (other = yyjson_mut_arr_iter_next(&iter)); at++) {
        int order = strcmp(yyjson_mut_get_str(other), name);
        if (order == 0)
            return TG_OK;
        if (order > 0)
            break;
    }
    bool ok = yyjson_mut_arr_insert(names, yyjson_mut_strcpy(doc, name), at);
    return ok ? TG_OK : error_nomem(err);
}

/* Of the content without what says the version. */
static int content_hash(const struct state *state, char out[STORE_HASH_TEXT + 1],
                        struct tg_error *err)
{
    static const char *const left_out[] = {"_state_version", "_state_engine_version",
                                           "_version_hash"};
    int rc = TG_OK;
    struct buf json = BUF_INIT;
    const struct buf no_tail = BUF_INIT;
    yyjson_mut_doc *part = yyjson_mut_doc_mut_copy(state->doc, json_allocator());
    if (!part)
        return error_nomem(err);
    for (size_t i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++)
        yyjson_mut_obj_remove_key(yyjson_mut_doc_get_root(part), left_out[i]);
    TRY(json_mut_write(part, &json, err));
    TRY(store_hash(&json, &no_tail, out, err));
done:
    yyjson_mut_doc_free(part);
    buf_release(&json);
    return rc;
}

int state_renumber(struct state *state, int64_t version, struct tg_error *err)
{
    yyjson_mut_val *root = yyjson_mut_doc_get_root(state->doc);
    if (!store_put(state->doc, root, "_state_version", yyjson_mut_int(state->doc, version)))
        return error_nomem(err);
    state->version = version;
    return TG_OK;
}

int state_differs(const struct state *state, bool *out, struct tg_error *err)
{
    char hash[STORE_HASH_TEXT + 1] = "";
    int rc = content_hash(state, hash, err);
    *out = rc == TG_OK && strcmp(hash, state->hash) != 0;
    return rc;
}

int state_bump(struct state *state, bool *changed, struct tg_error *err)
{
    int rc = TG_OK;
    char hash[STORE_HASH_TEXT + 1] = "";
    yyjson_mut_doc *doc = state->doc;
    yyjson_mut_val *root = yyjson_mut_doc_get_root(doc);
    *changed = false;
    if (state_schema(state))
        TRY(state_add_schema(state, state_schema(state), err));
    TRY(content_hash(state, hash, err));
    if (strcmp(hash, state->hash) == 0)
        return TG_OK;
    yyjson_mut_val *version = yyjson_mut_int(doc, state->version + 1);
    if (!store_put(doc, root, "_version_hash", yyjson_mut_strcpy(doc, hash)) ||
        !store_put(doc, root, "_state_version", version))
        return error_nomem(err);
    memcpy(state->hash, hash, sizeof(hash));
    state->version++;
    *changed = true;
done:
    return rc;
}
