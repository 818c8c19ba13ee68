/*
 * A load as the statements need it: which tables belong together, in which order, and what the
 * package brings for each.
 *
 * Path: delivery_init -> catalog_read (rebase_catalog, over a newer one) -> sort_members (which
 * tables are whose) -> add_chain for each root that the manifest touches -> add_targets (parents
 * before nested) -> disposition_get. A nested table that this load says nothing of is in its chain
 * if the destination has it: old rows may have to go from it. What the load drops is set aside.
 *
 * Columns of the targets come with the schema changes (ddl.c); SQL is made of all this in plan.c
 * and dispositions/.
 */
#include "write/sql/chain.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/history.h"
#include "package/rejects.h"
#include "write/disposition.h"
#include "write/sql/plan.h"
#include "write/sql/rebase.h"

bool target_has_rows(const struct target *target)
{
    return target->part && target->part->file_count > 0;
}

bool target_loses_absent(const struct target *target)
{
    const struct manifest_table *part = target->part;
    return part && (part->deletes_absent || part->flags_absent || part->ends_absent);
}

bool target_has_range(const struct target *target)
{
    return target->part && target->part->range_count > 0;
}

bool target_has_order(const struct target *target)
{
    for (size_t f = 0; target->part && f < target->part->file_count; f++) {
        const struct manifest_file *file = &target->part->files[f];
        for (size_t c = 0; c < file->column_count; c++)
            if (strcmp(file->columns[c].name, ORDER_COLUMN) == 0)
                return true;
    }
    return false;
}

int target_columns(const struct target *target, bool (*leaves_out)(const char *name),
                   struct arena *arena, struct sql_names *out, struct tg_error *err)
{
    const char **names = arena_alloc(arena, (target->column_count + 1) * sizeof(*names));
    if (!names)
        return error_nomem(err);
    *out = (struct sql_names){names, 0};
    for (size_t i = 0; i < target->column_count; i++)
        if (!leaves_out || !leaves_out(target->columns[i].name))
            names[out->count++] = target->columns[i].name;
    return TG_OK;
}

struct target_column *target_find(const struct target *target, const char *name)
{
    for (size_t i = 0; i < target->column_count; i++)
        if (strcmp(target->columns[i].name, name) == 0)
            return &target->columns[i];
    return NULL;
}

const char *table_link(const struct table *table, enum link link)
{
    for (size_t i = 0; i < table->column_count; i++) {
        const struct table_column *column = &table->columns[i];
        if ((link == LINK_ROW && column->row_key) || (link == LINK_PARENT && column->parent_key) ||
            (link == LINK_ROOT && column->root_key))
            return column->name;
    }
    return NULL;
}

const char *table_row_id(const struct table *table)
{
    const char *row_key = table_link(table, LINK_ROW);
    return !row_key && history_shares_ids(table) ? HISTORY_ID : row_key;
}

const struct target *chain_find(const struct chain *chain, const char *table)
{
    for (size_t i = 0; table && i < chain->count; i++)
        if (strcmp(chain->targets[i].table->name, table) == 0)
            return &chain->targets[i];
    return NULL;
}

/* ---- targets ---- */

static void add_target(const struct delivery *delivery, struct chain *chain, struct table *table)
{
    const struct manifest_table *part = manifest_find(delivery->manifest, table->name);
    const struct described_table *there = described_find(&delivery->described, table->name);
    if (table->parent && !there && (!part || part->file_count == 0))
        return;
    chain->targets[chain->count++] = (struct target){
        .table = table,
        .part = part,
        .index = part ? (size_t)(part - delivery->manifest->tables) : SIZE_MAX,
        .there = there,
    };
    if (part && (part->replaced || part->remade))
        chain->replaced = true;
    if (part && part->emptied)
        chain->emptied = true;
}

/* ---- which tables belong together ---- */

/* A table of the catalog, under its root. */
struct member {
    struct table *table;
    const struct table *root;
    size_t depth, index;
};

struct members {
    struct member *items; /* those of a root together, level by level */
    size_t count;
};

static int compare_members(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    if (x->root != y->root)
        return x->root < y->root ? -1 : 1;
    if (x->depth != y->depth)
        return x->depth < y->depth ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* A stored catalog may list a nested table before its parent. */
static void find_root(const struct catalog *catalog, struct member *member)
{
    member->root = member->table;
    while (member->root->parent && member->depth < catalog->table_count) {
        const struct table *parent = catalog_find(catalog, member->root->parent);
        if (!parent)
            break;
        member->root = parent;
        member->depth++;
    }
}

static int sort_members(struct delivery *delivery, struct members *out, struct tg_error *err)
{
    const struct catalog *catalog = &delivery->catalog;
    out->count = catalog->table_count;
    out->items = arena_alloc(&delivery->arena, (out->count + 1) * sizeof(*out->items));
    if (!out->items)
        return error_nomem(err);
    for (size_t i = 0; i < out->count; i++) {
        out->items[i] = (struct member){.table = catalog->tables[i], .index = i};
        find_root(catalog, &out->items[i]);
    }
    qsort(out->items, out->count, sizeof(*out->items), compare_members);
    return TG_OK;
}

static int compare_root(const void *root, const void *member)
{
    const struct table *wanted = root, *found = ((const struct member *)member)->root;
    return wanted < found ? -1 : wanted > found;
}

/* The tables of a root; the root is among them. */
static struct members members_of(const struct members *all, const struct table *root)
{
    const struct member *end = all->items + all->count;
    struct member *first = bsearch(root, all->items, all->count, sizeof(*all->items), compare_root);
    struct members found = {.items = first};
    while (found.items > all->items && found.items[-1].root == root)
        found.items--;
    while (found.items + found.count < end && found.items[found.count].root == root)
        found.count++;
    return found;
}

/* All tables of a root, parents before nested. */
static int add_targets(struct delivery *delivery, struct chain *chain,
                       const struct members *members, struct tg_error *err)
{
    chain->targets = arena_alloc(&delivery->arena, members->count * sizeof(*chain->targets));
    if (!chain->targets)
        return error_nomem(err);
    for (size_t i = 0; i < members->count; i++)
        add_target(delivery, chain, members->items[i].table);
    return TG_OK;
}

/* ---- chains ---- */

/* Do rows that are there give way, whichever come? */
static bool loses_rows(const struct chain *chain)
{
    const struct target *root = &chain->targets[0];
    return chain->emptied || target_has_range(root) || target_loses_absent(root);
}

static bool has_work(const struct chain *chain)
{
    for (size_t i = 0; i < chain->count; i++)
        if (target_has_rows(&chain->targets[i]))
            return true;
    return chain->replaced || (chain->targets[0].there && loses_rows(chain));
}

/* A table is made, and that is all: no key has to be there, and no row gives way. */
static bool only_makes(const struct chain *chain)
{
    const struct manifest_table *part = chain->targets[0].part;
    bool has_rows = false;
    for (size_t i = 0; i < chain->count; i++)
        has_rows |= chain->targets[i].part && plan_row_count(chain->targets[i].part) > 0;
    return part && part->materialized && !has_rows && !chain->replaced && !loses_rows(chain);
}

/* A load without a value in that column has no row of a window. */
static bool recalls(const struct target *root)
{
    const struct manifest_table *part = root->part;
    for (size_t f = 0; part && *part->recalls && f < part->file_count; f++)
        for (size_t c = 0; c < part->files[f].column_count; c++)
            if (strcmp(part->files[f].columns[c].name, part->recalls) == 0)
                return true;
    return false;
}

static int add_chain(struct delivery *delivery, const struct members *all, const struct table *root,
                     struct tg_error *err)
{
    struct chain *chain = &delivery->chains[delivery->chain_count];
    const struct members members = members_of(all, root);
    *chain = (struct chain){.number = delivery->chain_count};
    int rc = add_targets(delivery, chain, &members, err);
    if (rc != TG_OK || !has_work(chain))
        return rc;
    rc = disposition_get(root, &chain->driver, err);
    if (rc != TG_OK)
        return rc;
    delivery->chain_count++;
    if (only_makes(chain))
        chain->driver = disposition_find("append", NULL);
    if (recalls(&chain->targets[0])) {
        chain->recalls = chain->targets[0].part->recalls;
        chain->driver = disposition_find("merge", "insert-only");
    }
    return TG_OK;
}

static bool has_chain(const struct delivery *delivery, const struct table *root)
{
    for (size_t i = 0; i < delivery->chain_count; i++)
        if (delivery->chains[i].targets[0].table == root)
            return true;
    return false;
}

static int add_chains(struct delivery *delivery, struct tg_error *err)
{
    int rc = TG_OK;
    struct members members;
    const struct manifest *manifest = delivery->manifest;
    delivery->chains =
        arena_alloc(&delivery->arena, manifest->table_count * sizeof(*delivery->chains));
    if (!delivery->chains)
        return error_nomem(err);
    TRY(sort_members(delivery, &members, err));
    for (size_t i = 0; i < manifest->table_count; i++) {
        const struct manifest_table *part = &manifest->tables[i];
        const struct table *table = catalog_find(&delivery->catalog, part->name);
        bool is_none = !manifest_is_data(part) || strcmp(part->name, REJECTS_TABLE) == 0;
        if (!table && (part->file_count == 0 || is_none))
            continue;
        if (!table)
            return error_set(err, TG_DATA,
                             "package has rows for table '%s', which its catalog lacks; "
                             "delete the package and run again",
                             part->name);
        const struct table *root = catalog_root(&delivery->catalog, table);
        if (!has_chain(delivery, root))
            TRY(add_chain(delivery, &members, root, err));
    }
done:
    return rc;
}

/* ---- what is dropped ---- */

static bool drops_tables(const struct manifest *manifest)
{
    for (size_t i = 0; i < manifest->table_count; i++)
        if (manifest->tables[i].dropped)
            return true;
    return false;
}

/* The schema of the load knows nothing of what it drops; one that is newer does. */
static int check_dropped(const struct delivery *delivery, const char *newest, struct tg_error *err)
{
    if (!newest || !drops_tables(delivery->manifest))
        return TG_OK;
    return error_set(err, TG_CONFLICT,
                     "schema '%s' has changed while a load was made that drops its tables (%s"
                     "); nothing was written, run again",
                     delivery->manifest->schema, delivery->manifest->refresh);
}

/* From here on they are not there, so that they are made as new ones. */
static int set_aside(struct delivery *delivery, struct tg_error *err)
{
    int rc = TG_OK;
    const struct manifest *manifest = delivery->manifest;
    struct chain *dropped = &delivery->dropped;
    dropped->targets =
        arena_alloc(&delivery->arena, (manifest->table_count + 1) * sizeof(*dropped->targets));
    if (!dropped->targets)
        return error_nomem(err);
    for (size_t i = 0; i < manifest->table_count; i++) {
        struct manifest_table *part = &manifest->tables[i];
        struct described_table *there =
            (struct described_table *)described_find(&delivery->described, part->name);
        struct table *table = NULL;
        if (!part->dropped || !there)
            continue;
        TRY(table_make(&delivery->catalog, part->name, NULL, &table, err));
        there->is_dropped = true;
        dropped->targets[dropped->count++] =
            (struct target){.table = table, .part = part, .index = i, .there = there};
    }
done:
    return rc;
}

int delivery_init(struct delivery *delivery, const struct dialect *dialect,
                  const char *package_path, const struct manifest *manifest,
                  struct described *described, const char *newest, struct tg_error *err)
{
    int rc = TG_OK;
    *delivery = (struct delivery){
        .dialect = dialect,
        .package_path = package_path,
        .manifest = manifest,
        .described = *described,
    };
    *described = (struct described){0};
    arena_init(&delivery->arena);
    TRY(check_dropped(delivery, newest, err));
    TRY(catalog_read(newest ? &delivery->own : &delivery->catalog, manifest->catalog,
                     strlen(manifest->catalog), err));
    if (newest) {
        TRY(catalog_read(&delivery->catalog, newest, strlen(newest), err));
        TRY(rebase_catalog(delivery, err));
    }
    TRY(set_aside(delivery, err));
    TRY(add_chains(delivery, err));
done:
    if (rc != TG_OK)
        delivery_release(delivery);
    return rc;
}

bool delivery_only_adds(const struct delivery *delivery)
{
    const struct manifest *manifest = delivery->manifest;
    bool adds = manifest->undo_loads == 0;
    for (size_t i = 0; i < manifest->table_count; i++)
        adds = adds && !manifest->tables[i].is_keys;
    for (size_t i = 0; i < delivery->chain_count; i++) {
        const struct chain *chain = &delivery->chains[i];
        adds = adds && chain->driver->adds_rows && !chain->driver->stage && !chain->replaced;
        for (size_t t = 0; t < chain->count; t++)
            adds = adds && (!chain->targets[t].there || chain->targets[t].there->has_no_index);
    }
    return adds;
}

void delivery_release(struct delivery *delivery)
{
    catalog_release(&delivery->catalog);
    catalog_release(&delivery->own);
    described_release(&delivery->described);
    arena_release(&delivery->arena);
    *delivery = (struct delivery){0};
}
