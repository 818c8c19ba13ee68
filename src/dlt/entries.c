/*
 * A state as a list: which resources it knows, and where their cursors are.
 *
 *   state_entries -> each of sources.SOURCE.resources.RESOURCE -> read_entry -> read_position for
 *   each path of its `incremental`
 *
 * Nothing is checked: who resumes a cursor does that (state_get_cursor).
 */
#include "dlt/entries.h"

#include <string.h>

#include "base/json.h"

/* An array of as many elements as the object has members; *out is never NULL. */
static int alloc(struct arena *arena, yyjson_mut_val *object, size_t size, void *out,
                 struct tg_error *err)
{
    void *array = arena_alloc(arena, (yyjson_mut_obj_size(object) + 1) * size);
    memcpy(out, &array, sizeof(array));
    return array ? TG_OK : error_nomem(err);
}

static int keep_json(struct arena *arena, yyjson_mut_val *value, const char **out,
                     struct tg_error *err)
{
    *out = NULL;
    if (!value || yyjson_mut_is_null(value))
        return TG_OK;
    char *text =
        yyjson_mut_val_write_opts(value, YYJSON_WRITE_NOFLAG, json_allocator(), NULL, NULL);
    int rc = text ? arena_keep(arena, text, out, err) : error_nomem(err);
    mem_free(text);
    return rc;
}

static int read_position(yyjson_mut_val *key, struct arena *arena, struct state_position *out,
                         struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_mut_val *cursor = yyjson_mut_obj_iter_get_val(key);
    out->hash_count = yyjson_mut_arr_size(yyjson_mut_obj_get(cursor, "unique_hashes"));
    TRY(arena_keep(arena, yyjson_mut_get_str(key), &out->path, err));
    TRY(keep_json(arena, yyjson_mut_obj_get(cursor, "last_value"), &out->last_value, err));
done:
    return rc;
}

static int read_entry(yyjson_mut_val *source, yyjson_mut_val *key, struct arena *arena,
                      struct state_entry *out, struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_mut_val *resource = yyjson_mut_obj_iter_get_val(key);
    yyjson_mut_val *incremental = yyjson_mut_obj_get(resource, "incremental");
    *out = (struct state_entry){.has_more = yyjson_mut_obj_size(resource) > (incremental ? 1 : 0)};
    TRY(arena_keep(arena, yyjson_mut_get_str(source), &out->source, err));
    TRY(arena_keep(arena, yyjson_mut_get_str(key), &out->resource, err));
    TRY(alloc(arena, incremental, sizeof(*out->cursors), &out->cursors, err));
    yyjson_mut_obj_iter paths = yyjson_mut_obj_iter_with(incremental);
    for (yyjson_mut_val *path; (path = yyjson_mut_obj_iter_next(&paths));)
        TRY(read_position(path, arena, &out->cursors[out->cursor_count++], err));
done:
    return rc;
}

static yyjson_mut_val *resources_of(yyjson_mut_val *source)
{
    return yyjson_mut_obj_get(yyjson_mut_obj_iter_get_val(source), "resources");
}

int state_entries(const struct state *state, struct arena *arena, struct state_entry **out,
                  size_t *count, struct tg_error *err)
{
    int rc = TG_OK;
    size_t total = 0;
    yyjson_mut_val *sources = yyjson_mut_obj_get(yyjson_mut_doc_get_root(state->doc), "sources");
    yyjson_mut_obj_iter all = yyjson_mut_obj_iter_with(sources);
    for (yyjson_mut_val *source; (source = yyjson_mut_obj_iter_next(&all));)
        total += yyjson_mut_obj_size(resources_of(source));
    *count = 0;
    *out = arena_alloc(arena, (total + 1) * sizeof(**out));
    if (!*out)
        return error_nomem(err);
    all = yyjson_mut_obj_iter_with(sources);
    for (yyjson_mut_val *source; (source = yyjson_mut_obj_iter_next(&all));) {
        yyjson_mut_obj_iter resources = yyjson_mut_obj_iter_with(resources_of(source));
        for (yyjson_mut_val *key; (key = yyjson_mut_obj_iter_next(&resources));)
            TRY(read_entry(source, key, arena, &(*out)[(*count)++], err));
    }
done:
    return rc;
}
