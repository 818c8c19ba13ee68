/*
 * The catalog in memory: tables in order of creation, columns in physical order, all in one arena.
 *
 * Path: catalog_init or catalog_read (dlt/read.c) -> catalog_find / catalog_add -> table_find /
 * table_add_column / table_complete_column -> catalog_bump, catalog_write (dlt/store.c). Names are
 * looked up from the front; a table of more than INDEX_FROM columns has a hash table of them
 * (slots), which follows whatever table_add_column and table_complete_column do.
 *
 * Hints of a resource are applied in hints.c; JSON is src/dlt's.
 */
#include "catalog/table.h"

#include <string.h>
#include <strings.h>

#include "base/hash.h"

enum { INDEX_FROM = 64 };

const char *disposition_word(enum disposition disposition)
{
    static const char *const words[] = {"", "append", "replace", "merge", "skip"};
    return words[disposition];
}

const struct column_flag column_flags[] = {
    {"primary_key", offsetof(struct table_column, primary_key)},
    {"merge_key", offsetof(struct table_column, merge_key)},
    {"unique", offsetof(struct table_column, unique)},
    {"row_key", offsetof(struct table_column, row_key)},
    {"parent_key", offsetof(struct table_column, parent_key)},
    {"root_key", offsetof(struct table_column, root_key)},
    {"hard_delete", offsetof(struct table_column, hard_delete)},
    {"variant", offsetof(struct table_column, variant)},
    {"incremental", offsetof(struct table_column, incremental)},
    {NULL, 0},
};

void catalog_release(struct catalog *catalog)
{
    arena_release(&catalog->arena);
    *catalog = (struct catalog){0};
}

/* Room for one more item in an array of the arena; the old array stays behind in the arena. */
static void *grow(struct arena *arena, void *items, size_t count, size_t *cap, size_t item_size)
{
    if (count < *cap)
        return items;
    size_t wider = *cap ? *cap * 2 : 8;
    void *grown = arena_alloc(arena, wider * item_size);
    if (!grown)
        return NULL;
    if (count > 0)
        memcpy(grown, items, count * item_size);
    *cap = wider;
    return grown;
}

/* ---- Tables -------------------------------------------------------------------------------- */

struct table *catalog_find(const struct catalog *catalog, const char *name)
{
    for (size_t i = 0; i < catalog->table_count; i++)
        if (strcmp(catalog->tables[i]->name, name) == 0)
            return catalog->tables[i];
    return NULL;
}

struct table *catalog_find_like(const struct catalog *catalog, const char *name, bool folds_case)
{
    struct table *table = catalog_find(catalog, name);
    for (size_t i = 0; !table && folds_case && i < catalog->table_count; i++)
        if (strcasecmp(catalog->tables[i]->name, name) == 0)
            table = catalog->tables[i];
    return table;
}

int table_make(struct catalog *catalog, const char *name, const char *parent, struct table **out,
               struct tg_error *err)
{
    int rc = TG_OK;
    *out = NULL;
    struct table *table = arena_alloc(&catalog->arena, sizeof(*table));
    if (!table)
        return error_nomem(err);
    TRY(arena_keep(&catalog->arena, name, &table->name, err));
    table->max_nesting = -1;
    if (parent) {
        TRY(arena_keep(&catalog->arena, parent, &table->parent, err));
    } else {
        table->resource = table->name;
        table->disposition = DISPOSITION_APPEND;
    }
    *out = table;
done:
    return rc;
}

int catalog_add(struct catalog *catalog, const char *name, const char *parent, struct table **out,
                struct tg_error *err)
{
    *out = NULL;
    if (catalog_find(catalog, name))
        return error_set(err, TG_INTERNAL, "table '%s' is in the catalog already", name);
    struct table **tables = grow(&catalog->arena, catalog->tables, catalog->table_count,
                                 &catalog->table_cap, sizeof(*tables));
    if (!tables)
        return error_nomem(err);
    catalog->tables = tables;
    int rc = table_make(catalog, name, parent, out, err);
    if (rc == TG_OK)
        tables[catalog->table_count++] = *out;
    return rc;
}

const struct table *catalog_root(const struct catalog *catalog, const struct table *table)
{
    while (table->parent) {
        const struct table *parent = catalog_find(catalog, table->parent);
        if (!parent)
            break;
        table = parent;
    }
    return table;
}

bool table_is_system(const struct table *table)
{
    return strncmp(table->name, "_dlt_", 5) == 0 || strncmp(table->name, "_tidegate_", 10) == 0;
}

bool table_is_new(const struct table *table)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].spec.type != TYPE_NONE)
            return false;
    return true;
}

void table_saw_data(struct table *table)
{
    table->seen_data = true;
    table->evolve_once = false;
}

/* ---- Columns ------------------------------------------------------------------------------- */

/* The slot of a name: that of its column, or the free one where it belongs. */
static uint32_t *find_slot(const struct table *table, const char *name)
{
    size_t mask = table->slot_count - 1;
    size_t at = (size_t)hash_xx64(name, strlen(name)) & mask;
    while (table->slots[at] > 0 && strcmp(table->columns[table->slots[at] - 1].name, name) != 0)
        at = (at + 1) & mask;
    return &table->slots[at];
}

static void fill_slots(struct table *table)
{
    if (!table->slots)
        return;
    memset(table->slots, 0, table->slot_count * sizeof(*table->slots));
    for (size_t i = 0; i < table->column_count; i++)
        *find_slot(table, table->columns[i].name) = (uint32_t)(i + 1);
}

/* Makes the slots at least twice as many as there may be columns. */
static int grow_slots(struct catalog *catalog, struct table *table, struct tg_error *err)
{
    size_t count = table->column_cap * 4;
    if (table->column_cap <= INDEX_FROM || table->slot_count >= table->column_cap * 2)
        return TG_OK;
    uint32_t *slots = arena_alloc(&catalog->arena, count * sizeof(*slots));
    if (!slots)
        return error_nomem(err);
    table->slots = slots;
    table->slot_count = count;
    fill_slots(table);
    return TG_OK;
}

struct table_column *table_find(const struct table *table, const char *name)
{
    if (table->slots) {
        uint32_t number = *find_slot(table, name);
        return number > 0 ? &table->columns[number - 1] : NULL;
    }
    for (size_t i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i].name, name) == 0)
            return &table->columns[i];
    return NULL;
}

struct table_column *table_find_like(const struct table *table, const char *name, bool folds_case)
{
    struct table_column *column = table_find(table, name);
    for (size_t i = 0; !column && folds_case && i < table->column_count; i++)
        if (strcasecmp(table->columns[i].name, name) == 0)
            column = &table->columns[i];
    return column;
}

int table_add_column(struct catalog *catalog, struct table *table, const char *name,
                     const struct type_spec *spec, struct table_column **out, struct tg_error *err)
{
    int rc = TG_OK;
    const char *copy;
    if (out)
        *out = NULL;
    if (table_find(table, name))
        return error_set(err, TG_INTERNAL, "column '%s' is in table '%s' already", name,
                         table->name);
    struct table_column *columns = grow(&catalog->arena, table->columns, table->column_count,
                                        &table->column_cap, sizeof(*columns));
    if (!columns)
        return error_nomem(err);
    table->columns = columns;
    TRY(grow_slots(catalog, table, err));
    TRY(arena_keep(&catalog->arena, name, &copy, err));
    if (table->slots)
        *find_slot(table, name) = (uint32_t)(table->column_count + 1);
    struct table_column *column = &columns[table->column_count++];
    *column = (struct table_column){.name = copy, .nullable = true};
    if (spec) {
        column->spec = *spec;
        column->has_timezone = spec->naive;
    }
    if (out)
        *out = column;
done:
    return rc;
}

struct type_spec table_completed_type(const struct table_column *column,
                                      const struct type_spec *spec)
{
    struct type_spec completed = *spec;
    bool has_seconds = spec->type == TYPE_TIMESTAMP || spec->type == TYPE_TIME;
    if (spec->precision == 0 && (column->spec.precision > 0 || has_seconds)) {
        completed.precision = column->spec.precision;
        completed.scale = column->spec.scale;
    }
    if (column->has_timezone)
        completed.naive = column->spec.naive;
    return completed;
}

int table_complete_column(struct catalog *catalog, struct table *table, const char *name,
                          const struct type_spec *spec, struct tg_error *err)
{
    (void)catalog;
    struct table_column *found = table_find(table, name);
    if (!found || found->spec.type != TYPE_NONE || spec->type == TYPE_NONE)
        return error_set(err, TG_INTERNAL, "column '%s' of table '%s' cannot be completed", name,
                         table->name);
    struct table_column column = *found;
    column.spec = table_completed_type(found, spec);
    column.has_timezone = column.has_timezone || spec->naive;
    struct table_column *last = &table->columns[table->column_count - 1];
    memmove(found, found + 1, (size_t)(last - found) * sizeof(*found));
    *last = column;
    fill_slots(table);
    return TG_OK;
}

size_t table_key(const struct table *table, bool merge_key, const char **names, size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < table->column_count; i++) {
        const struct table_column *column = &table->columns[i];
        if (!(merge_key ? column->merge_key : column->primary_key))
            continue;
        if (count < max)
            names[count] = column->name;
        count++;
    }
    return count;
}

/* ---- Extras -------------------------------------------------------------------------------- */

/* Where the pointer to the extra of that key is, or the end of the list. */
static struct extra **find_extra(struct extra **extras, const char *key)
{
    while (*extras && strcmp((*extras)->key, key) != 0)
        extras = &(*extras)->next;
    return extras;
}

const char *extra_find(const struct extra *extras, const char *key)
{
    while (extras && strcmp(extras->key, key) != 0)
        extras = extras->next;
    return extras ? extras->json : NULL;
}

int extra_set(struct catalog *catalog, struct extra **extras, const char *key, const char *json,
              struct tg_error *err)
{
    int rc = TG_OK;
    struct extra **at = find_extra(extras, key);
    const char *copy;
    TRY(arena_keep(&catalog->arena, json, &copy, err));
    if (!*at) {
        struct extra *extra = arena_alloc(&catalog->arena, sizeof(*extra));
        if (!extra)
            return error_nomem(err);
        TRY(arena_keep(&catalog->arena, key, &extra->key, err));
        *at = extra;
    }
    (*at)->json = copy;
done:
    return rc;
}

void extra_remove(struct extra **extras, const char *key)
{
    struct extra **at = find_extra(extras, key);
    if (*at)
        *at = (*at)->next;
}
