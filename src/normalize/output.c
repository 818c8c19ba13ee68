/*
 * Owns the tables on their way out: which column a name means, and the batch being filled.
 *
 *   output_nested -> output_new -> output_slot, output_variant, output_add_system (catalog learns)
 *   output_open   -> values are stored by shred.c -> output_emit -> normalize_options.emit
 *
 * Names that collide: a name belongs to the first key that claims it in a load, and any later one
 * gets "<name>_<tag of the key as the source writes it>". So that data does not swap places when a
 * later load sees the keys in another order, a key whose tagged name is in the catalog takes that
 * one even while the plain name is free. Contracts would be asked where columns and tables are
 * added.
 */
#include "normalize/output.h"

#include <string.h>

static const struct {
    const char *name;
    enum type type;
    bool in_root, in_nested;
} system_columns[SYSTEM_COUNT] = {
    [SYSTEM_LOAD_ID] = {"_dlt_load_id", TYPE_TEXT, true, false},
    [SYSTEM_ROOT_ID] = {"_dlt_root_id", TYPE_TEXT, false, true},
    [SYSTEM_PARENT_ID] = {"_dlt_parent_id", TYPE_TEXT, false, true},
    [SYSTEM_LIST_INDEX] = {"_dlt_list_idx", TYPE_BIGINT, false, true},
    [SYSTEM_ID] = {"_dlt_id", TYPE_TEXT, true, true},
};

/* ---- tables ---- */

bool output_requires(const struct table *table, const struct table_column *column)
{
    for (int i = 0; i < SYSTEM_COUNT; i++)
        if (strcmp(column->name, system_columns[i].name) == 0)
            return false;
    return !column->nullable || (column->primary_key && table->disposition == DISPOSITION_MERGE);
}

int output_new(struct outputs *outputs, struct table *table, const char *path, struct output **out,
               struct tg_error *err)
{
    int rc = TG_OK;
    struct output *output = arena_alloc(&outputs->arena, sizeof(*output));
    *out = NULL;
    if (!output)
        return error_nomem(err);
    output->table = table;
    output->name_len = strlen(table->name);
    output->schema_stale = true;
    output->path = arena_strdup(&outputs->arena, path);
    output->required =
        arena_alloc(&outputs->arena, (table->column_count + 1) * sizeof(*output->required));
    if (!output->path || !output->required)
        return error_nomem(err);
    for (size_t i = 0; i < table->column_count; i++) {
        const struct table_column *column = &table->columns[i];
        if (output_requires(table, column))
            output->required[output->required_count++] =
                (struct required){column->name, column->primary_key, NULL};
    }
    TRY(mem_grow(&outputs->items, &outputs->cap, outputs->count + 1, sizeof(*outputs->items), err));
    outputs->items[outputs->count++] = output;
    *out = output;
done:
    return rc;
}

void output_release(struct output *output)
{
    for (size_t i = 0; i < output->slot_count; i++)
        column_release(&output->slots[i]->column);
    mem_free(output->slots);
    mem_free(output->order);
    mem_free(output->arrays);
    schema_release(&output->schema);
}

/* "<name>_<tag of source>", shortened, in outputs->name. */
static int tagged_name(struct outputs *outputs, const char *name, const char *source,
                       struct tg_error *err)
{
    int rc = TG_OK;
    char tag[7];
    struct buf plain = BUF_INIT;
    struct name_rules rules = outputs->options.names;
    TRY(name_tag(&outputs->hasher, source, strlen(source), tag, err));
    buf_text(&plain, name);
    buf_char(&plain, '_');
    buf_text(&plain, tag);
    TRY(buf_check(&plain, err));
    buf_clear(&outputs->name);
    TRY(name_join(&rules, &outputs->hasher, buf_string(&plain), "", &outputs->name, err));
done:
    buf_release(&plain);
    return rc;
}

static struct output *find_output(const struct outputs *outputs, const char *name)
{
    for (size_t i = 0; i < outputs->count; i++)
        if (strcmp(outputs->items[i]->table->name, name) == 0)
            return outputs->items[i];
    return NULL;
}

static bool is_nested_in(const struct table *table, const char *parent)
{
    return table->parent && strcmp(table->parent, parent) == 0;
}

/* Leaves the name that the list at `path` gets in outputs->name: its own, or a tagged one where
 * another list, or a table that is not nested in `parent`, has that name. */
static int claim_table(struct outputs *outputs, const char *parent, const char *path,
                       const char *source, struct tg_error *err)
{
    int rc = TG_OK;
    struct normalize_options *options = &outputs->options;
    buf_clear(&outputs->name);
    TRY(name_join(&options->names, &outputs->hasher, path, "", &outputs->name, err));
    const struct table *table = catalog_find(options->catalog, buf_string(&outputs->name));
    if (!table)
        goto done;
    bool taken = find_output(outputs, table->name) || !is_nested_in(table, parent);
    TRY(tagged_name(outputs, path, source, err));
    if (taken || catalog_find(options->catalog, buf_string(&outputs->name)))
        goto done;
    buf_clear(&outputs->name);
    TRY(name_join(&options->names, &outputs->hasher, path, "", &outputs->name, err));
done:
    return rc;
}

int output_nested(struct outputs *outputs, const struct output *parent, const char *path,
                  const char *source, struct output **out, struct tg_error *err)
{
    int rc = TG_OK;
    struct catalog *catalog = outputs->options.catalog;
    const char *parent_name = parent->table->name;
    *out = NULL;
    TRY(claim_table(outputs, parent_name, path, source, err));
    const char *name = buf_string(&outputs->name);
    struct table *table = catalog_find(catalog, name);
    if (table && !is_nested_in(table, parent_name))
        return error_set(err, TG_DATA,
                         "the list '%s' needs the table '%s', which exists already and is not "
                         "nested in '%s'; rename the key or the other resource's table",
                         source, name, parent_name);
    if (find_output(outputs, name))
        return error_set(err, TG_DATA, "two lists share the table name '%s'; rename the key '%s'",
                         name, source);
    if (!table)
        TRY(catalog_add(catalog, name, parent_name, &table, err));
    TRY(output_new(outputs, table, path, out, err));
done:
    return rc;
}

/* ---- columns ---- */

static struct slot *find_slot(const struct output *output, const char *name)
{
    for (size_t i = 0; i < output->slot_count; i++)
        if (strcmp(output->slots[i]->name, name) == 0)
            return output->slots[i];
    return NULL;
}

static bool is_reserved(const struct output *output, const char *name)
{
    bool nested = output->table->parent != NULL;
    for (int i = 0; i < SYSTEM_COUNT; i++)
        if ((nested ? system_columns[i].in_nested : system_columns[i].in_root) &&
            strcmp(name, system_columns[i].name) == 0)
            return true;
    return strncmp(name, "_tidegate_", strlen("_tidegate_")) == 0;
}

/* The catalog's column, added or completed with `spec` as needed. */
static int learn_column(struct outputs *outputs, struct output *output, const char *name,
                        const struct type_spec *spec, struct table_column **out,
                        struct tg_error *err)
{
    int rc = TG_OK;
    struct catalog *catalog = outputs->options.catalog;
    *out = table_find(output->table, name);
    if (!*out) {
        TRY(table_add_column(catalog, output->table, name, spec, out, err));
    } else if ((*out)->spec.type == TYPE_NONE) {
        TRY(table_complete_column(catalog, output->table, name, spec, err));
        *out = table_find(output->table, name);
    }
done:
    return rc;
}

/* A slot for the catalog's column `name`, which is nobody's yet. */
static int add_slot(struct outputs *outputs, struct output *output, const char *name,
                    const void *owner, const struct type_spec *spec, struct slot **out,
                    struct tg_error *err)
{
    int rc = TG_OK;
    struct table_column *column;
    struct slot *slot = arena_alloc(&outputs->arena, sizeof(*slot));
    if (!slot)
        return error_nomem(err);
    TRY(learn_column(outputs, output, name, spec, &column, err));
    slot->name = column->name;
    slot->owner = owner;
    slot->column.spec = column->spec;
    TRY(mem_grow(&output->slots, &output->slot_cap, output->slot_count + 1, sizeof(struct slot *),
                 err));
    if (output->open)
        TRY(column_init(&slot->column, &column->spec, err));
    output->slots[output->slot_count++] = slot;
    output->schema_stale = true;
    for (size_t i = 0; i < output->required_count; i++)
        if (strcmp(output->required[i].name, slot->name) == 0)
            output->required[i].slot = slot;
    *out = slot;
done:
    return rc;
}

/* The slot of `owner`: a column of that name, or a tagged one when the name is taken. Keys
 * and variants of other keys do not share a column, not even from one load to the next. */
static int claim_slot(struct outputs *outputs, struct output *output, const char *name,
                      const char *source, const void *owner, bool variant,
                      const struct type_spec *spec, struct slot **out, struct tg_error *err)
{
    int rc = TG_OK;
    struct slot *slot = find_slot(output, name);
    if (slot && slot->owner == owner) {
        *out = slot;
        return TG_OK;
    }
    const struct table_column *column = table_find(output->table, name);
    bool taken = slot || is_reserved(output, name) || (column && column->variant != variant);
    if (taken || column) {
        TRY(tagged_name(outputs, name, source, err));
        const char *tagged = buf_string(&outputs->name);
        column = table_find(output->table, tagged);
        if (taken || (column && column->variant == variant)) {
            if (find_slot(output, tagged))
                return error_set(err, TG_DATA,
                                 "two keys share the column name '%s'; rename the key '%s'", tagged,
                                 source);
            TRY(add_slot(outputs, output, tagged, owner, spec, out, err));
            goto done;
        }
    }
    TRY(add_slot(outputs, output, name, owner, spec, out, err));
done:
    return rc;
}

int output_slot(struct outputs *outputs, struct output *output, const char *name,
                const char *source, const void *owner, const struct type_spec *spec,
                struct slot **out, struct tg_error *err)
{
    return claim_slot(outputs, output, name, source, owner, false, spec, out, err);
}

int output_variant(struct outputs *outputs, struct output *output, struct slot *slot,
                   const struct type_spec *spec, struct slot **out, struct tg_error *err)
{
    int rc = TG_OK;
    char suffix[24] = "v_";
    struct buf name = BUF_INIT;
    for (struct slot *variant = slot->variants; variant; variant = variant->variants) {
        if (variant->variant == spec->type) {
            *out = variant;
            return TG_OK;
        }
    }
    memcpy(suffix + 2, type_name(spec->type), strlen(type_name(spec->type)) + 1);
    TRY(name_join(&outputs->options.names, &outputs->hasher, slot->name, suffix, &name, err));
    TRY(claim_slot(outputs, output, buf_string(&name), suffix, slot, true, spec, out, err));
    (*out)->variant = spec->type;
    (*out)->variants = slot->variants;
    slot->variants = *out;
    struct table_column *column = table_find(output->table, (*out)->name);
    column->variant = true;
done:
    buf_release(&name);
    return rc;
}

int output_widen(struct output *output, struct slot *slot, const struct type_spec *spec,
                 struct tg_error *err)
{
    int rc = TG_OK;
    TRY(column_widen(&slot->column, spec, err));
    table_find(output->table, slot->name)->spec = *spec;
    output->schema_stale = true;
done:
    return rc;
}

int output_add_system(struct outputs *outputs, struct output *output, struct tg_error *err)
{
    int rc = TG_OK;
    bool nested = output->table->parent != NULL;
    for (int i = 0; i < SYSTEM_COUNT; i++) {
        if (!(nested ? system_columns[i].in_nested : system_columns[i].in_root) ||
            (i == SYSTEM_ROOT_ID && !outputs->options.propagate_root_id) || output->system[i])
            continue;
        const char *name = system_columns[i].name;
        struct type_spec spec = {.type = system_columns[i].type};
        bool known = table_find(output->table, name) != NULL;
        TRY(add_slot(outputs, output, name, output, &spec, &output->system[i], err));
        struct table_column *column = table_find(output->table, name);
        column->spec = spec;
        output->system[i]->column.spec = spec;
        column->nullable = known && column->nullable;
        column->unique = i == SYSTEM_ID;
        column->row_key = i == SYSTEM_ID;
        column->parent_key = i == SYSTEM_PARENT_ID;
        column->root_key = i == SYSTEM_ROOT_ID;
    }
done:
    return rc;
}

/* ---- batches ---- */

int output_open(struct output *output, struct tg_error *err)
{
    int rc = TG_OK;
    output->open = true;
    for (size_t i = 0; i < output->slot_count; i++) {
        struct slot *slot = output->slots[i];
        struct type_spec spec = slot->column.spec;
        TRY(column_init(&slot->column, &spec, err));
        if (slot->text_bytes > slot->column.text_cap)
            TRY(column_reserve_text(&slot->column, slot->text_bytes, err));
    }
done:
    return rc;
}

size_t output_text_bytes(const struct output *output)
{
    size_t bytes = 0;
    for (size_t i = 0; i < output->slot_count; i++)
        bytes += output->slots[i]->column.text_len;
    return bytes;
}

static bool has_order(const struct outputs *outputs, const struct output *output)
{
    return outputs->options.keep_order && !output->table->parent;
}

/* The slots in the catalog's order. Both lists are nearly in the same order: each search goes on
 * where the one before ended. */
static void sort_slots(struct output *output)
{
    size_t at = 0, found = 0;
    for (size_t i = 0; i < output->table->column_count && found < output->slot_count; i++) {
        for (size_t tries = 0; tries < output->slot_count; tries++) {
            size_t candidate = (at + tries) % output->slot_count;
            if (strcmp(output->slots[candidate]->name, output->table->columns[i].name) == 0) {
                output->order[found++] = output->slots[candidate];
                at = candidate + 1;
                break;
            }
        }
    }
}

static int refresh_schema(struct outputs *outputs, struct output *output, struct tg_error *err)
{
    int rc = TG_OK;
    size_t count = output->slot_count;
    size_t cap = count + 1;
    struct type_spec *types = mem_alloc(cap * sizeof(*types));
    const char **names = mem_alloc(cap * sizeof(*names));
    mem_free(output->order);
    mem_free(output->arrays);
    output->order = mem_alloc(cap * sizeof(struct slot *));
    output->arrays = mem_alloc(cap * sizeof(*output->arrays));
    if (!types || !names || !output->order || !output->arrays)
        TRY(error_nomem(err));
    sort_slots(output);
    for (size_t i = 0; i < count; i++) {
        names[i] = output->order[i]->name;
        types[i] = output->order[i]->column.spec;
    }
    if (has_order(outputs, output)) {
        names[count] = NORMALIZE_ORDER_COLUMN;
        types[count++] = (struct type_spec){.type = TYPE_BIGINT};
    }
    schema_release(&output->schema);
    output->schema.release = NULL;
    TRY(schema_make(names, types, count, &output->schema, err));
    output->schema_stale = false;
done:
    mem_free(types);
    mem_free(names);
    return rc;
}

/* The load id, and the ids still in the queue. */
static int complete_system(struct outputs *outputs, struct output *output, struct tg_error *err)
{
    int rc = TG_OK;
    struct slot *load_id = output->system[SYSTEM_LOAD_ID];
    size_t len = load_id ? strlen(outputs->options.load_id) : 0;
    if (output->ids.count > 0)
        id_queue_run(&output->ids, output->system[SYSTEM_ID]->column.text);
    for (size_t row = 0; load_id && row < output->row; row++)
        TRY(column_set_text(&load_id->column, row, outputs->options.load_id, len, err));
done:
    return rc;
}

static int export_order(const struct output *output, struct ArrowArray *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct column column;
    struct type_spec spec = {.type = TYPE_BIGINT};
    TRY(column_init(&column, &spec, err));
    for (size_t row = 0; row < output->row; row++)
        column_set_int64(&column, row, (int64_t)(output->row_total - output->row + row));
    rc = column_export(&column, output->row, out, err);
    column_release(&column);
done:
    return rc;
}

int output_emit(struct outputs *outputs, struct output *output, struct tg_error *err)
{
    int rc = TG_OK;
    size_t exported = 0;
    struct ArrowArray batch = {.release = NULL};
    if (output->row == 0)
        return TG_OK;
    TRY(context_check(outputs->options.ctx, err));
    TRY(complete_system(outputs, output, err));
    if (output->schema_stale)
        TRY(refresh_schema(outputs, output, err));
    for (; exported < output->slot_count; exported++) {
        struct slot *slot = output->order[exported];
        slot->text_bytes = slot->column.text_len + slot->column.text_len / 8;
        TRY(column_export(&slot->column, output->row, &output->arrays[exported], err));
    }
    if (has_order(outputs, output)) {
        TRY(export_order(output, &output->arrays[exported], err));
        exported++;
    }
    size_t count = exported;
    exported = 0; /* moved, also on failure */
    TRY(batch_make(output->arrays, count, (int64_t)output->row, &batch, err));
    output->row = 0;
    output->open = false;
    TRY(outputs->options.emit(outputs->options.sink, output->table->name, &output->schema, &batch,
                              err));
done:
    for (size_t i = 0; i < exported; i++)
        array_release(&output->arrays[i]);
    return rc;
}
