/*
 * Owns the shape tree: fields by key, and where each one's values go.
 *
 *   shape_find  key -> field, by a hash table; only for keys that the walk did not predict
 *   shape_add_* the first scalar, object or list of a field: names are normalised here, once,
 *               and columns and tables claimed from output.c
 *
 * Names inside one table are joined by "__" (path), tables are named after the whole path of lists.
 * The walk itself, and all that is done per value, is in shred.c.
 */
#include "normalize/shape.h"

/* ---- the tree ---- */

static struct shape *new_shape(struct outputs *outputs, struct output *output, int depth_left)
{
    struct shape *shape = arena_alloc(&outputs->arena, sizeof(*shape));
    if (shape) {
        shape->output = output;
        shape->depth_left = depth_left;
        shape->path = "";
        shape->source = "";
    }
    return shape;
}

int shape_new(struct outputs *outputs, struct output *output, int depth_left, struct shape **out,
              struct tg_error *err)
{
    *out = new_shape(outputs, output, depth_left);
    return *out ? TG_OK : error_nomem(err);
}

void shape_free(struct shape *shape)
{
    if (!shape)
        return;
    for (size_t i = 0; i < shape->count; i++) {
        shape_free(shape->fields[i]->object);
        shape_free(shape->fields[i]->list);
    }
    mem_free(shape->fields);
    mem_free(shape->index);
}

/* ---- fields by key ---- */

static void index_put(struct shape *shape, size_t position)
{
    const struct field *field = shape->fields[position];
    size_t at = hash_xx64(field->key, field->key_len);
    while (shape->index[at & (shape->index_cap - 1)])
        at++;
    shape->index[at & (shape->index_cap - 1)] = (uint32_t)position + 1;
}

/* Room for one more field, the hash table at most half full. */
static int grow_fields(struct shape *shape, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(mem_grow(&shape->fields, &shape->cap, shape->count + 1, sizeof(struct field *), err));
    if (2 * (shape->count + 1) <= shape->index_cap)
        goto done;
    size_t cap = shape->index_cap ? 2 * shape->index_cap : 16;
    uint32_t *index = mem_calloc(cap, sizeof(*index));
    if (!index)
        TRY(error_nomem(err));
    mem_free(shape->index);
    shape->index = index;
    shape->index_cap = cap;
    for (size_t i = 0; i < shape->count; i++)
        index_put(shape, i);
done:
    return rc;
}

static enum field_role role_of(const struct shape *shape, const char *name)
{
    static const struct {
        const char *name;
        bool nested_only;
        enum field_role role;
    } roles[] = {
        {"_dlt_id", false, FIELD_ROW_ID},       {"_dlt_load_id", false, FIELD_IGNORED},
        {"_dlt_root_id", true, FIELD_IGNORED},  {"_dlt_parent_id", true, FIELD_IGNORED},
        {"_dlt_list_idx", true, FIELD_IGNORED},
    };
    if (shape->path[0])
        return FIELD_DATA;
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
        if (strcmp(name, roles[i].name) == 0 &&
            (shape->output->table->parent || !roles[i].nested_only))
            return roles[i].role;
    return FIELD_DATA;
}

static int add_field(struct outputs *outputs, struct shape *shape, const char *key, size_t len,
                     struct field **out, struct tg_error *err)
{
    int rc = TG_OK;
    struct arena *arena = &outputs->arena;
    TRY(grow_fields(shape, err));
    struct field *field = arena_alloc(arena, sizeof(*field));
    if (!field)
        return error_nomem(err);
    buf_clear(&outputs->name);
    TRY(name_path(&outputs->options.names, &outputs->hasher, key, len, &outputs->name, err));
    field->name = arena_strdup(arena, buf_string(&outputs->name));
    field->key = arena_strndup(arena, key, len);
    field->key_len = len;
    if (!field->name || !field->key)
        return error_nomem(err);
    field->source =
        shape->source[0] ? arena_printf(arena, "%s.%s", shape->source, field->key) : field->key;
    if (!field->source)
        return error_nomem(err);
    field->role = role_of(shape, field->name);
    shape->fields[shape->count] = field;
    index_put(shape, shape->count++);
    *out = field;
done:
    return rc;
}

int shape_find(struct outputs *outputs, struct shape *shape, const char *key, size_t len,
               struct field **out, struct tg_error *err)
{
    size_t at = hash_xx64(key, len);
    for (; shape->index_cap > 0; at++) {
        uint32_t position = shape->index[at & (shape->index_cap - 1)];
        if (position == 0)
            break;
        if (field_is(shape->fields[position - 1], key, len)) {
            *out = shape->fields[position - 1];
            return TG_OK;
        }
    }
    return add_field(outputs, shape, key, len, out, err);
}

/* ---- where values go ---- */

/* The column name of a field, in outputs->name. */
static int column_name(struct outputs *outputs, const struct shape *shape,
                       const struct field *field, struct tg_error *err)
{
    buf_clear(&outputs->name);
    return name_join(&outputs->options.names, &outputs->hasher, shape->path, field->name,
                     &outputs->name, err);
}

int shape_keeps_json(struct outputs *outputs, const struct shape *shape, const struct field *field,
                     bool *out, struct tg_error *err)
{
    int rc = TG_OK;
    *out = true;
    if (shape->depth_left <= 0 || (field->slot && field->slot->column.spec.type == TYPE_JSON))
        return TG_OK;
    TRY(column_name(outputs, shape, field, err));
    const struct table_column *column =
        table_find(shape->output->table, buf_string(&outputs->name));
    *out = column && column->spec.type == TYPE_JSON;
done:
    return rc;
}

int shape_add_slot(struct outputs *outputs, const struct shape *shape, struct field *field,
                   const struct type_spec *spec, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(column_name(outputs, shape, field, err));
    const char *name = arena_strdup(&outputs->arena, buf_string(&outputs->name));
    if (!name)
        return error_nomem(err);
    TRY(output_slot(outputs, shape->output, name, field->source, field, spec, &field->slot, err));
done:
    return rc;
}

/* "<left>__<right>" in the arena; one of them may be empty. */
static const char *join_path(struct outputs *outputs, const char *left, const char *right)
{
    return arena_printf(&outputs->arena, "%s%s%s", left, left[0] && right[0] ? "__" : "", right);
}

int shape_add_object(struct outputs *outputs, const struct shape *shape, struct field *field,
                     struct tg_error *err)
{
    struct shape *object = new_shape(outputs, shape->output, shape->depth_left - 1);
    if (!object)
        return error_nomem(err);
    object->path = join_path(outputs, shape->path, field->name);
    object->source = field->source;
    if (!object->path)
        return error_nomem(err);
    field->object = object;
    return TG_OK;
}

int shape_add_list(struct outputs *outputs, const struct shape *shape, struct field *field,
                   struct tg_error *err)
{
    int rc = TG_OK;
    struct output *output;
    const char *within = join_path(outputs, shape->path, field->name);
    const char *path = within ? join_path(outputs, shape->output->path, within) : NULL;
    if (!path)
        return error_nomem(err);
    TRY(output_nested(outputs, shape->output, path, field->source, &output, err));
    TRY(shape_new(outputs, output, shape->depth_left - 1, &field->list, err));
done:
    return rc;
}
