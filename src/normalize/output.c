/*
 * Owns the tables on their way out: which table a list means, and which column a name.
 *
 *   output_nested -> output_new -> output_slot, output_variant -> output_learn, output_add_system
 *
 * Values are stored by shred.c; what fills a batch goes out by emit.c.
 *
 * The catalog learns of a column when the first row with a value for it is complete: a row that is
 * given up (output_undo_row) leaves nothing behind.
 * Names that collide: keys of one name share its column, as in dlt, until two of them have a value
 * in the same row; then the later one gets "<name>_<tag of the key as the source writes it>". A key
 * whose tagged name is in the catalog has that one from the start. Lists and their tables alike.
 * Names that differ in case only are never shared, and tagged where the destination mixes them up.
 */
#include "normalize/output.h"

#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "catalog/history.h"
#include "normalize/change.h"
#include "normalize/there.h"

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

static bool is_system(const struct table_column *column)
{
    int i = 0;
    while (i < SYSTEM_COUNT && strcmp(column->name, system_columns[i].name) != 0)
        i++;
    return i < SYSTEM_COUNT;
}

bool output_refuses_null(const struct table_column *column)
{
    return !column->nullable && !is_system(column);
}

static bool needs_value(const struct outputs *outputs, const struct output *output,
                        const struct table_column *column)
{
    bool is_key = column->primary_key && !output->table->parent && !is_system(column);
    return output_refuses_null(column) || (is_key && outputs->options.needs_key);
}

/* Whether the destination takes two names for one. */
static bool same_name(const struct outputs *outputs, const char *a, const char *b)
{
    return (outputs->options.folds_case ? strcasecmp(a, b) : strcmp(a, b)) == 0;
}

static bool is_required(const struct outputs *outputs, const struct output *output,
                        const char *name)
{
    for (size_t i = 0; i < output->required_count; i++)
        if (same_name(outputs, output->required[i].name, name))
            return true;
    return false;
}

/* Notes that a column must have a value in every row, if it must. */
static int require(struct outputs *outputs, struct output *output,
                   const struct table_column *column, const struct slot *slot, struct tg_error *err)
{
    if (!needs_value(outputs, output, column) || is_required(outputs, output, column->name))
        return TG_OK;
    int rc = mem_grow(&output->required, &output->required_cap, output->required_count + 1,
                      sizeof(*output->required), err);
    if (rc == TG_OK)
        output->required[output->required_count++] =
            (struct required){column->name, column->primary_key, slot};
    return rc;
}

int output_new(struct outputs *outputs, struct table *table, const char *path, struct output **out,
               struct tg_error *err)
{
    int rc = TG_OK;
    struct output *output = arena_alloc(&outputs->arena, sizeof(*output));
    *out = NULL;
    if (!output)
        return error_nomem(err);
    TRY(mem_grow(&outputs->items, &outputs->cap, outputs->count + 1, sizeof(*outputs->items), err));
    outputs->items[outputs->count++] = output;
    output->table = table;
    output->free_pass = table_is_new(table) || table->evolve_once;
    output->name_len = strlen(table->name);
    output->name_hash = hash_xx64(table->name, output->name_len);
    output->schema_stale = true;
    TRY(arena_keep(&outputs->arena, path, &output->path, err));
    for (size_t i = 0; i < table->column_count; i++)
        TRY(require(outputs, output, &table->columns[i], NULL, err));
    output->there = there_table(outputs, table->name);
    for (size_t i = 0; output->there && i < output->there->column_count; i++)
        TRY(require(outputs, output, &output->there->columns[i], NULL, err));
    *out = output;
done:
    return rc;
}

void output_release(struct output *output)
{
    for (size_t i = 0; i < output->slot_count; i++)
        column_release(&output->slots[i]->column);
    mem_free(output->slots);
    mem_free(output->required);
    mem_free(output->order);
    mem_free(output->arrays);
    schema_release(&output->schema);
}

/* `path` as a name, shortened, in outputs->name. */
static int own_name(struct outputs *outputs, const char *path, struct tg_error *err)
{
    buf_clear(&outputs->name);
    return name_join(&outputs->options.names, &outputs->hasher, path, "", &outputs->name, err);
}

/* "<name>_<tag of source>", shortened, in outputs->name. */
static int tagged_name(struct outputs *outputs, const char *name, const char *source,
                       struct tg_error *err)
{
    int rc = TG_OK;
    char tag[7];
    struct buf plain = BUF_INIT;
    TRY(name_tag(&outputs->hasher, source, strlen(source), tag, err));
    buf_printf(&plain, "%s_%s", name, tag);
    TRY(buf_check(&plain, err));
    TRY(own_name(outputs, buf_string(&plain), err));
done:
    buf_release(&plain);
    return rc;
}

static struct output *find_output(const struct outputs *outputs, const char *name)
{
    for (size_t i = 0; i < outputs->count; i++)
        if (same_name(outputs, outputs->items[i]->table->name, name))
            return outputs->items[i];
    return NULL;
}

/* The catalog's table of that name, or one that the destination would take for it. */
static struct table *find_table(const struct outputs *outputs, const char *name)
{
    return catalog_find_like(outputs->options.catalog, name, outputs->options.folds_case);
}

static bool is_nested_in(const struct table *table, const char *parent)
{
    return table->parent && strcmp(table->parent, parent) == 0;
}

/* An output that another list of `parent` may share. */
static struct output *shared_output(const struct outputs *outputs, const struct output *parent,
                                    const char *name, bool apart)
{
    struct output *output = find_output(outputs, name);
    bool same = output && output->parent == parent && strcmp(output->table->name, name) == 0;
    return same && !apart ? output : NULL;
}

/* Leaves the name that the list at `path` gets in outputs->name: its own, or a tagged one where
 * another list, or a table that is not nested in `parent`, has that name. */
static int claim_table(struct outputs *outputs, const struct output *parent, const char *path,
                       const char *source, bool apart, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(own_name(outputs, path, err));
    const char *name = buf_string(&outputs->name);
    const struct table *table = find_table(outputs, name);
    if (!table)
        goto done;
    bool taken = !is_nested_in(table, parent->table->name) || strcmp(table->name, name) != 0 ||
                 (find_output(outputs, name) && !shared_output(outputs, parent, name, apart));
    TRY(tagged_name(outputs, path, source, err));
    if (taken || find_table(outputs, buf_string(&outputs->name)))
        goto done;
    TRY(own_name(outputs, path, err));
done:
    return rc;
}

static int add_nested(struct outputs *outputs, struct output *parent, struct table *table,
                      const char *path, struct output **out, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(output_new(outputs, table, path, out, err));
    (*out)->parent = parent;
    (*out)->parent_rows = arena_alloc(&outputs->arena, BATCH_ROWS * sizeof(uint32_t));
    const struct normalize_options *options = &outputs->options;
    if (options->orders_nested || (options->keep_order && options->row_ids == TG_ROW_IDS_KEY))
        (*out)->root_orders = arena_alloc(&outputs->arena, BATCH_ROWS * sizeof(int64_t));
    if (!(*out)->parent_rows)
        rc = error_nomem(err);
done:
    return rc;
}

int output_nested(struct outputs *outputs, struct output *parent, const char *path,
                  const char *source, bool apart, struct output **out, struct tg_error *err)
{
    int rc = TG_OK;
    bool left_out = false;
    struct catalog *catalog = outputs->options.catalog;
    const char *parent_name = parent->table->name;
    *out = NULL;
    /* rows of tables with tagged names are told apart by them */
    if (parent->table->parent)
        source = arena_printf(&outputs->arena, "%s.%s", parent_name, source);
    if (!source)
        return error_nomem(err);
    TRY(claim_table(outputs, parent, path, source, apart, err));
    const char *name = buf_string(&outputs->name);
    struct table *table = find_table(outputs, name);
    const struct change change = {.entity = CONTRACT_TABLES, .table = name};
    *out = shared_output(outputs, parent, name, apart);
    if (*out)
        return TG_OK;
    if (table && !is_nested_in(table, parent_name))
        return error_set(err, TG_DATA,
                         "the list '%s' needs the table '%s', which exists already and is not "
                         "nested in '%s'; rename the key or the other resource's table",
                         source, name, parent_name);
    if (find_output(outputs, name))
        return error_set(err, TG_DATA, "two lists share the table name '%s'; rename the key '%s'",
                         name, source);
    if (!table || table_is_new(table))
        TRY(change_ask(outputs, parent, &change, &left_out, err));
    if (left_out)
        goto done;
    if (!table)
        TRY(catalog_add(catalog, name, parent_name, &table, err));
    TRY(add_nested(outputs, parent, table, path, out, err));
done:
    return rc;
}

/* ---- columns ---- */

/* Of names that strcasecmp takes for one it is the same. */
static uint32_t fold_name(const char *name)
{
    uint32_t hash = 2166136261; /* FNV-1a */
    for (; *name; name++)
        hash = (hash ^ (uint32_t)(*name | 0x20)) * 16777619;
    return hash;
}

/* The package's files fold case, whatever the destination does. Of thousands of columns nearly all
 * are told by the hash. */
static struct slot *find_slot(const struct output *output, const char *name)
{
    const uint32_t folded = fold_name(name);
    for (size_t i = 0; i < output->slot_count; i++)
        if (output->slots[i]->folded == folded && strcasecmp(output->slots[i]->name, name) == 0)
            return output->slots[i];
    return NULL;
}

struct slot *output_find(const struct output *output, const char *name)
{
    for (size_t i = 0; i < output->slot_count; i++)
        if (strcmp(output->slots[i]->name, name) == 0)
            return output->slots[i];
    return NULL;
}

/* The catalog's column of that name, or one that the package's files would take for it. */
static struct table_column *find_column(const struct output *output, const char *name)
{
    return table_find_like(output->table, name, true);
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

/* Digits that the destination does not keep are cut here, and counted; it would round. */
static void cut_fraction(const struct outputs *outputs, struct type_spec *spec)
{
    int max = outputs->options.fraction_max;
    if (spec->type == TYPE_TIMESTAMP && max > 0 && spec->precision > max)
        spec->precision = max;
}

/* A slot for the column `name`, which is nobody's yet. */
static int add_slot(struct outputs *outputs, struct output *output, const char *name, void *owner,
                    const struct type_spec *spec, struct slot **out, struct tg_error *err)
{
    int rc = TG_OK;
    struct slot *slot = arena_alloc(&outputs->arena, sizeof(*slot));
    if (!slot)
        return error_nomem(err);
    const struct table_column *column = table_find(output->table, name);
    slot->learned = column && column->spec.type != TYPE_NONE;
    TRY(arena_keep(&outputs->arena, name, &slot->name, err));
    slot->folded = fold_name(name);
    slot->owner = owner;
    slot->column.spec = slot->learned ? column->spec : there_type(outputs, output, name, spec);
    cut_fraction(outputs, &slot->column.spec);
    TRY(mem_grow(&output->slots, &output->slot_cap, output->slot_count + 1, sizeof(struct slot *),
                 err));
    if (output->open) {
        const struct type_spec opened = slot->column.spec;
        TRY(column_init(&slot->column, &opened, err));
    }
    output->slots[output->slot_count++] = slot;
    output->waiting += !slot->learned;
    output->schema_stale = true;
    for (size_t i = 0; i < output->required_count; i++)
        if (same_name(outputs, output->required[i].name, slot->name))
            output->required[i].slot = slot;
    *out = slot;
done:
    return rc;
}

/* A slot of another field that a claim may share. */
static struct slot *shared_slot(const struct output *output, const struct claim *claim,
                                const char *name)
{
    struct slot *slot = claim->apart || claim->variant ? NULL : output_find(output, name);
    return slot && slot->variant == TYPE_NONE && !is_reserved(output, name) ? slot : NULL;
}

/* Leaves the name of the column that a claim gets in outputs->name: its own, or a tagged one when
 * that is taken. Keys and variants of other keys do not share a column, not even from one load to
 * the next. */
static int claim_name(struct outputs *outputs, const struct output *output,
                      const struct claim *claim, struct tg_error *err)
{
    int rc = TG_OK;
    const char *name = claim->name;
    const struct table_column *column = find_column(output, name);
    bool taken = is_reserved(output, name) ||
                 (find_slot(output, name) && !shared_slot(output, claim, name)) ||
                 (column && (column->variant != claim->variant || strcmp(column->name, name) != 0));
    if (taken || column) {
        TRY(tagged_name(outputs, name, claim->source, err));
        column = find_column(output, buf_string(&outputs->name));
        if (taken || (column && column->variant == claim->variant))
            goto done;
    }
    buf_clear(&outputs->name);
    buf_text(&outputs->name, name);
    TRY(buf_check(&outputs->name, err));
done:
    return rc;
}

/* The times of versions are the load's to say. */
static int check_history(const struct output *output, const char *name, const struct claim *claim,
                         struct tg_error *err)
{
    const struct table_column *column = find_column(output, name);
    if (!column || !history_owns(column))
        return TG_OK;
    return error_set(err, TG_DATA,
                     "key '%s' of the source has the name of column '%s' of table '%s', which "
                     "holds the time of its versions; name others by validity_column_names",
                     claim->source, column->name, output->table->name);
}

static struct slot *owned_slot(const struct output *output, const struct claim *claim)
{
    struct slot *slot = claim->apart ? NULL : find_slot(output, claim->name);
    return slot && slot->owner == claim->owner ? slot : NULL;
}

static bool records_sources(const struct table *table)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (extra_find(table->columns[i].extras, SOURCE_FIELD))
            return true;
    return false;
}

/* A field that is called as its column needs no word. A table that is there and has none recorded
 * stays as it was stored, so that its schema gets no version for this alone. Of several keys that
 * share a column the first counts. */
static int note_source(struct outputs *outputs, const struct output *output,
                       const struct slot *slot, struct tg_error *err)
{
    struct table_column *column = table_find(output->table, slot->name);
    struct buf json = BUF_INIT;
    if (!slot->source || strcmp(slot->source, slot->name) == 0 || !column ||
        extra_find(column->extras, SOURCE_FIELD) ||
        (there_column(outputs, output, slot->name) && !records_sources(output->table)))
        return TG_OK;
    json_string(&json, slot->source, strlen(slot->source));
    int rc = buf_check(&json, err);
    if (rc == TG_OK)
        rc = extra_set(outputs->options.catalog, &column->extras, SOURCE_FIELD, buf_string(&json),
                       err);
    buf_release(&json);
    return rc;
}

int output_slot(struct outputs *outputs, struct output *output, const struct claim *claim,
                struct slot **out, struct tg_error *err)
{
    int rc = TG_OK;
    *out = owned_slot(output, claim);
    if (*out)
        return TG_OK;
    TRY(claim_name(outputs, output, claim, err));
    const char *name = buf_string(&outputs->name);
    TRY(check_history(output, name, claim, err));
    *out = shared_slot(output, claim, name);
    if (*out)
        return TG_OK;
    if (find_slot(output, name))
        return error_set(err, TG_DATA, "two keys share the column name '%s'; rename the key '%s'",
                         name, claim->source);
    TRY(add_slot(outputs, output, name, claim->owner, claim->spec, out, err));
    (*out)->source = claim->variant ? ((const struct slot *)claim->owner)->source : claim->source;
    if ((*out)->learned)
        TRY(note_source(outputs, output, *out, err));
done:
    return rc;
}

int output_type(struct outputs *outputs, const struct output *output, const struct claim *claim,
                struct type_spec *out, struct tg_error *err)
{
    int rc = TG_OK;
    *out = (struct type_spec){.type = TYPE_NONE};
    TRY(claim_name(outputs, output, claim, err));
    const struct table_column *column = table_find(output->table, buf_string(&outputs->name));
    if (column)
        *out = column->spec;
done:
    return rc;
}

int output_knows(struct outputs *outputs, const struct output *output, const struct claim *claim,
                 bool *out, struct tg_error *err)
{
    int rc = TG_OK;
    const struct slot *slot = owned_slot(output, claim);
    struct type_spec spec;
    *out = slot && slot->learned;
    if (slot)
        goto done;
    TRY(output_type(outputs, output, claim, &spec, err));
    *out = spec.type != TYPE_NONE;
done:
    return rc;
}

int output_variant(struct outputs *outputs, struct output *output, struct slot *slot,
                   enum type named, const struct type_spec *spec, bool known_only,
                   struct slot **out, struct tg_error *err)
{
    int rc = TG_OK;
    bool known = true;
    char suffix[24] = "v_";
    struct buf name = BUF_INIT;
    *out = NULL;
    for (struct slot *variant = slot->variants; variant; variant = variant->variants) {
        if (variant->variant == named && (variant->learned || !known_only)) {
            *out = variant;
            return TG_OK;
        }
    }
    memcpy(suffix + 2, type_name(named), strlen(type_name(named)) + 1);
    TRY(name_join(&outputs->options.names, &outputs->hasher, slot->name, suffix, &name, err));
    const struct claim claim = {
        .name = buf_string(&name), .source = suffix, .owner = slot, .spec = spec, .variant = true};
    if (known_only)
        TRY(output_knows(outputs, output, &claim, &known, err));
    if (!known)
        goto done;
    TRY(output_slot(outputs, output, &claim, out, err));
    (*out)->variant = named;
    (*out)->variants = slot->variants;
    slot->variants = *out;
done:
    buf_release(&name);
    return rc;
}

/* ---- what the catalog learns ---- */

int output_learn_slot(struct outputs *outputs, struct output *output, struct slot *slot,
                      struct tg_error *err)
{
    int rc = TG_OK;
    if (slot->learned)
        return TG_OK;
    struct catalog *catalog = outputs->options.catalog;
    const struct type_spec spec = slot->column.spec;
    const struct table_column *there = there_column(outputs, output, slot->name);
    struct table_column *column = table_find(output->table, slot->name);
    if (!column) {
        TRY(table_add_column(catalog, output->table, slot->name, &spec, &column, err));
        column->variant = slot->variant != TYPE_NONE;
        column->nullable = !there || there->nullable;
        TRY(settings_default_hints(outputs->options.settings, column, err));
        if (output->row_total > 0 && needs_value(outputs, output, column) &&
            !is_required(outputs, output, slot->name))
            return error_set(err, TG_DATA,
                             "column '%s' of table '%s' is NOT NULL by the schema's default hints, "
                             "but rows before this one have no value for it",
                             slot->name, output->table->name);
        TRY(require(outputs, output, column, slot, err));
    } else {
        TRY(table_complete_column(catalog, output->table, slot->name, &spec, err));
        table_find(output->table, slot->name)->spec =
            spec; /* whatever hints say of its precision */
    }
    TRY(note_source(outputs, output, slot, err));
    slot->learned = true;
    output->waiting--;
done:
    return rc;
}

int output_learn(struct outputs *outputs, struct output *output, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < output->slot_count && output->waiting > 0; i++) {
        struct slot *slot = output->slots[i];
        if (!slot->learned && column_has(&slot->column, output->row))
            TRY(output_learn_slot(outputs, output, slot, err));
    }
done:
    return rc;
}

void output_undo_row(struct output *output)
{
    for (size_t i = 0; i < output->slot_count; i++)
        slot_clear(output->slots[i], output->row);
}

int output_retype(struct outputs *outputs, struct output *output, struct slot *slot,
                  const struct type_spec *spec, struct tg_error *err)
{
    const struct type_spec type = there_type(outputs, output, slot->name, spec);
    column_release(&slot->column);
    output->schema_stale = true;
    return column_init(&slot->column, &type, err);
}

int output_widen(struct output *output, struct slot *slot, const struct type_spec *spec,
                 struct tg_error *err)
{
    int rc = TG_OK;
    TRY(column_widen(&slot->column, spec, err));
    struct table_column *column = table_find(output->table, slot->name);
    if (column && slot->learned)
        column->spec = *spec;
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
        TRY(output_learn_slot(outputs, output, output->system[i], err));
        struct table_column *column = table_find(output->table, name);
        column->spec = spec;
        output->system[i]->column.spec = spec;
        column->nullable = known && column->nullable;
        bool is_key = i == SYSTEM_ID && !extra_find(column->extras, HISTORY_VERSION);
        column->unique = is_key;
        column->row_key = is_key;
        column->parent_key = i == SYSTEM_PARENT_ID;
        column->root_key = i == SYSTEM_ROOT_ID;
    }
done:
    return rc;
}
