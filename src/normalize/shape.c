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

#include "normalize/change.h"
#include "normalize/there.h"
#include "normalize/values/infer.h"

/* ---- the tree ---- */

static struct shape *new_shape(struct outputs *outputs, struct output *output, int depth_left)
{
    struct shape *shape = arena_alloc(&outputs->arena, sizeof(*shape));
    if (shape) {
        shape->output = output;
        shape->depth_left = depth_left;
        shape->row = shape;
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
    shape->fields = NULL; /* lists may share it */
    shape->index = NULL;
    shape->count = 0;
}

void shape_report(struct outputs *outputs, const struct shape *shape)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct field *field = shape->fields[i];
        if (field->left_out > 0)
            context_log(outputs->options.ctx, TG_LOG_WARNING, "contract",
                        "table '%s': %llu values of '%s' were left out, the schema contract lets "
                        "no new columns in (discard_value)",
                        shape->output->table->name, (unsigned long long)field->left_out,
                        field->source);
        if (field->object)
            shape_report(outputs, field->object);
        if (field->list)
            shape_report(outputs, field->list);
    }
}

/* ---- fields by key ---- */

/* Both halves of the product: every bit of the word moves the lower ones of the hash. */
static inline uint64_t mix(uint64_t hash, uint64_t word)
{
    __extension__ typedef unsigned __int128 uint128;
    uint128 product = (uint128)(hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* For keys, which are short: without a call. */
static inline size_t hash_key(const char *key, size_t len)
{
    uint64_t hash = len + 1, word = 0;
    for (size_t at = 0; at + 8 < len; at += 8) {
        memcpy(&word, key + at, 8);
        hash = mix(hash, word);
    }
    if (len >= 8)
        memcpy(&word, key + len - 8, 8);
    for (size_t at = 0; len < 8 && at < len; at++)
        word = word << 8 | (unsigned char)key[at];
    return (size_t)mix(hash, word);
}

static void index_put(struct shape *shape, size_t position)
{
    const struct field *field = shape->fields[position];
    size_t at = hash_key(field->key, field->key_len);
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

static enum field_role role_of(const struct outputs *outputs, const struct shape *shape,
                               const char *name)
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
            return roles[i].role == FIELD_ROW_ID && outputs->options.makes_ids ? FIELD_IGNORED
                                                                               : roles[i].role;
    return FIELD_DATA;
}

/* The keys from the row down to a field's; a NUL in one is written as "\0". */
static int name_source(struct outputs *outputs, const struct shape *shape, struct field *field,
                       struct tg_error *err)
{
    struct buf *text = &outputs->name;
    buf_clear(text);
    buf_text(text, shape->source);
    buf_text(text, shape->source[0] ? "." : "");
    for (size_t i = 0; i < field->key_len; i++) {
        if (field->key[i])
            buf_char(text, field->key[i]);
        else
            buf_text(text, "\\0");
    }
    field->source = text->failed ? NULL : arena_strdup(&outputs->arena, buf_string(text));
    return field->source ? TG_OK : error_nomem(err);
}

static const struct ArrowSchema *declared_child(const struct ArrowSchema *parent, const char *key,
                                                size_t len)
{
    for (int64_t i = 0; parent && i < parent->n_children; i++) {
        const char *name = parent->children[i]->name;
        if (name && strlen(name) == len && memcmp(name, key, len) == 0)
            return parent->children[i];
    }
    return NULL;
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
    TRY(name_source(outputs, shape, field, err));
    field->role = role_of(outputs, shape, field->name);
    field->arrow = shape->arrow ? declared_child(shape->arrow, key, len) : shape->element;
    shape->fields[shape->count] = field;
    index_put(shape, shape->count++);
    *out = field;
done:
    return rc;
}

int shape_find(struct outputs *outputs, struct shape *shape, const char *key, size_t len,
               struct field **out, struct tg_error *err)
{
    size_t at = hash_key(key, len);
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
    const char *name = buf_string(&outputs->name);
    const struct table_column *column = table_find(shape->output->table, name);
    const struct slot *slot = output_find(shape->output, name); /* not learned yet, perhaps */
    if (!column || column->spec.type == TYPE_NONE)
        column = there_column(outputs, shape->output, name);
    *out =
        (column && column->spec.type == TYPE_JSON) || (slot && slot->column.spec.type == TYPE_JSON);
done:
    return rc;
}

/* What output.c is asked for; the name is in the arena, for as long as that is needed. */
static int claim_of(struct outputs *outputs, const struct shape *shape, struct field *field,
                    const struct type_spec *spec, struct claim *out, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(column_name(outputs, shape, field, err));
    *out = (struct claim){.source = field->source, .owner = field, .spec = spec};
    TRY(arena_keep(&outputs->arena, buf_string(&outputs->name), &out->name, err));
done:
    return rc;
}

/* Whether the catalog has the column of a field already. */
static int knows_column(struct outputs *outputs, const struct shape *shape, struct field *field,
                        bool *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct claim claim;
    TRY(claim_of(outputs, shape, field, NULL, &claim, err));
    TRY(output_knows(outputs, shape->output, &claim, out, err));
done:
    return rc;
}

int shape_type(struct outputs *outputs, const struct shape *shape, const struct field *field,
               const yyjson_val *cell, struct type_spec *out, struct tg_error *err)
{
    int rc = TG_OK;
    const struct settings *settings = outputs->options.settings;
    *out = (struct type_spec){.type = TYPE_NONE};
    TRY(column_name(outputs, shape, field, err));
    TRY(settings_preferred_type(settings, buf_string(&outputs->name), &out->type, err));
    if (out->type == TYPE_NONE && field->arrow && cell_kind(cell) < CELL_LIST)
        TRY(type_from_arrow(field->arrow, out, err));
    if (out->type == TYPE_NONE)
        *out = infer_type(&outputs->rules, cell);
done:
    return rc;
}

int shape_column_type(struct outputs *outputs, struct shape *shape, const char *key,
                      struct type_spec *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct field *field;
    struct buf name = BUF_INIT;
    *out = (struct type_spec){.type = TYPE_NONE};
    TRY(shape_find(outputs, shape, key, strlen(key), &field, err));
    const struct slot *slot = field->slot ? field->slot : field->shared;
    if (slot)
        *out = slot->column.spec;
    if (out->type != TYPE_NONE || field->role != FIELD_DATA)
        goto done;
    TRY(column_name(outputs, shape, field, err));
    buf_text(&name, buf_string(&outputs->name));
    TRY(buf_check(&name, err));
    const struct claim claim = {.name = buf_string(&name), .source = field->source, .owner = field};
    TRY(output_type(outputs, shape->output, &claim, out, err));
    if (out->type == TYPE_NONE)
        *out = there_type(outputs, shape->output, claim.name, out);
    if (out->type == TYPE_NONE)
        TRY(settings_preferred_type(outputs->options.settings, buf_string(&name), &out->type, err));
done:
    buf_release(&name);
    return rc;
}

/* Is a key on the way to the field one whose letters are all lost? A dot parts them. */
static bool loses_letters(const struct outputs *outputs, const struct field *field)
{
    for (const char *at = field->source, *end; *at; at = *end ? end + 1 : end) {
        end = strchrnul(at, '.');
        if (name_loses_letters(&outputs->options.names, at, (size_t)(end - at)))
            return true;
    }
    return false;
}

/* That a name says nothing any more is said once: when its column or table is new. */
static void warn_of_name(const struct outputs *outputs, const struct shape *shape,
                         const struct field *field, const char *name)
{
    if (loses_letters(outputs, field))
        context_log(outputs->options.ctx, TG_LOG_WARNING, "normalize",
                    "table '%s': the key '%s' becomes '%s', since the naming %s keeps letters of "
                    "ASCII alone; schema: {naming: unicode_snake_case} keeps those of all scripts, "
                    "for tables without data",
                    shape->output->table->name, field->source, name,
                    naming_text(outputs->options.names.naming));
}

/* Asks the contract for a column that the catalog does not have; the field keeps the answer. */
static int ask_column(struct outputs *outputs, const struct shape *shape, struct field *field,
                      const struct claim *claim, struct tg_error *err)
{
    int rc = TG_OK;
    bool left_out;
    struct type_spec spec = there_type(outputs, shape->output, claim->name, claim->spec);
    const struct change change = {.entity = CONTRACT_COLUMNS,
                                  .table = shape->output->table->name,
                                  .column = claim->name,
                                  .type = type_name(spec.type)};
    rc = change_ask(outputs, shape->output, &change, &left_out, err);
    if (rc == TG_OK && left_out)
        field->role = FIELD_LEFT_OUT;
    if (rc != ROW_DISCARDED)
        return rc;
    field->role = FIELD_DISCARDS_ROW;
    field->discarded = claim->name;
    field->reason = arena_strdup(&outputs->arena, outputs->discard_reason);
    return field->reason ? rc : error_nomem(err);
}

/* Fields that share a slot look at it before they store: none of them has it for itself. */
static void share_slot(struct field *field, struct slot *slot)
{
    struct field *owner = slot->owner;
    if (owner->slot == slot) {
        owner->slot = NULL;
        owner->shared = slot;
    }
    field->shared = slot;
}

int shape_add_slot(struct outputs *outputs, const struct shape *shape, struct field *field,
                   const struct type_spec *spec, bool apart, struct tg_error *err)
{
    int rc = TG_OK;
    struct claim claim;
    struct slot *slot;
    bool known;
    TRY(claim_of(outputs, shape, field, spec, &claim, err));
    claim.apart = apart;
    TRY(output_knows(outputs, shape->output, &claim, &known, err));
    if (!known)
        TRY(ask_column(outputs, shape, field, &claim, err));
    if (field->role == FIELD_LEFT_OUT)
        goto done;
    if (!known)
        warn_of_name(outputs, shape, field, claim.name);
    TRY(output_slot(outputs, shape->output, &claim, &slot, err));
    if (slot->owner == field)
        field->slot = slot;
    else
        share_slot(field, slot);
done:
    return rc;
}

/* "<left>__<right>" in the arena; one of them may be empty. */
static const char *join_path(struct outputs *outputs, const char *left, const char *right)
{
    const char *separator = name_separator(&outputs->options.names);
    return arena_printf(&outputs->arena, "%s%s%s", left, left[0] && right[0] ? separator : "",
                        right);
}

/* Elements that are structs are rows; others become a field called "value" or "list". */
static void declare_elements(struct shape *rows, const struct ArrowSchema *list)
{
    rows->element = list && list->n_children == 1 ? list->children[0] : NULL;
    bool is_struct = rows->element && layout_of(rows->element->format).kind == LAYOUT_STRUCT;
    rows->arrow = is_struct ? rows->element : NULL;
}

int shape_add_object(struct outputs *outputs, const struct shape *shape, struct field *field,
                     struct tg_error *err)
{
    struct shape *object = new_shape(outputs, shape->output, shape->depth_left - 1);
    if (!object)
        return error_nomem(err);
    object->path = join_path(outputs, shape->path, field->name);
    object->source = field->source;
    object->arrow = field->arrow;
    object->row = shape->row;
    if (!object->path)
        return error_nomem(err);
    field->object = object;
    return TG_OK;
}

int shape_add_list(struct outputs *outputs, const struct shape *shape, struct field *field,
                   bool apart, struct tg_error *err)
{
    int rc = TG_OK;
    struct output *output;
    const char *within = join_path(outputs, shape->path, field->name);
    const char *path = within ? join_path(outputs, shape->output->path, within) : NULL;
    if (!path)
        return error_nomem(err);
    TRY(output_nested(outputs, shape->output, path, field->source, apart, &output, err));
    field->list = output ? output->rows : NULL;
    if (!output) /* the contract discards its rows */
        return arena_keep(&outputs->arena, buf_string(&outputs->name), &field->rejected, err);
    if (table_is_new(output->table))
        warn_of_name(outputs, shape, field, output->table->name);
    if (field->list)
        goto done;
    /* as in dlt, objects on the way to a list do not count */
    TRY(shape_new(outputs, output, shape->row->depth_left - 1, &field->list, err));
    output->rows = field->list;
    declare_elements(field->list, field->arrow);
done:
    return rc;
}

/* ---- what a typed source says ---- */

/* Columns that no contract has anything to say about are made at once, as dlt makes them. */
static int declare_column(struct outputs *outputs, const struct shape *shape, struct field *field,
                          struct tg_error *err)
{
    int rc = TG_OK;
    struct type_spec spec;
    bool known = shape->output->free_pass ||
                 outputs->options.contract.modes[CONTRACT_COLUMNS] <= CONTRACT_EVOLVE;
    TRY(type_from_arrow(field->arrow, &spec, err));
    if (spec.type == TYPE_NONE || field->role != FIELD_DATA || field->slot || field->shared)
        goto done;
    if (!known)
        TRY(knows_column(outputs, shape, field, &known, err));
    if (known) {
        TRY(shape_add_slot(outputs, shape, field, &spec, false, err));
        TRY(output_learn_slot(outputs, shape->output, field->slot ? field->slot : field->shared,
                              err));
    }
done:
    return rc;
}

static int declare_struct(struct outputs *outputs, struct shape *shape, struct field *field,
                          struct tg_error *err)
{
    int rc = TG_OK;
    bool keep = false;
    if (!field->object)
        TRY(shape_keeps_json(outputs, shape, field, &keep, err));
    if (!field->object && !keep)
        TRY(shape_add_object(outputs, shape, field, err));
    if (field->object)
        TRY(shape_declare(outputs, field->object, field->arrow, err));
done:
    return rc;
}

static int declare_list(struct outputs *outputs, struct field *field, struct tg_error *err)
{
    struct shape *rows = field->list;
    if (!rows)
        return TG_OK;
    declare_elements(rows, field->arrow);
    for (size_t i = 0; i < rows->count; i++)
        rows->fields[i]->arrow = rows->element;
    return rows->arrow ? shape_declare(outputs, rows, rows->arrow, err) : TG_OK;
}

int shape_declare(struct outputs *outputs, struct shape *shape, const struct ArrowSchema *arrow,
                  struct tg_error *err)
{
    int rc = TG_OK;
    shape->arrow = arrow;
    for (int64_t i = 0; i < arrow->n_children; i++) {
        const struct ArrowSchema *child = arrow->children[i];
        const char *name = child->name ? child->name : "";
        struct field *field;
        TRY(shape_find(outputs, shape, name, strlen(name), &field, err));
        field->arrow = child;
        switch (layout_of(child->format).kind) {
        case LAYOUT_STRUCT: rc = declare_struct(outputs, shape, field, err); break;
        case LAYOUT_LIST32:
        case LAYOUT_LIST64: rc = declare_list(outputs, field, err); break;
        default: rc = declare_column(outputs, shape, field, err);
        }
        if (rc != TG_OK)
            return error_at(err, rc, AT_COLUMN, name);
    }
done:
    return rc;
}
