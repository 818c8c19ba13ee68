/*
 * Nested tables that another schema alone knows.
 *
 * Path: below_asks (is there a table whose name begins like that of a root of which rows go?) ->
 * shared_check reads the schemas of the dataset -> below_add, for each: add_known, level by level,
 * as targets without rows, of which the links alone are known. below_learn: for an undo, which has
 * no targets.
 *
 * Where two pipelines load into a table, each may have lists that the other's source lacks. A row
 * that goes takes them along, whoever goes: what is nested in no row any more nobody would find.
 */
#include "write/sql/below.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "write/disposition.h"

/* Versions end, and stay. */
static bool loses_rows(const struct chain *chain)
{
    const struct disposition_driver *driver = chain->driver;
    return chain->targets[0].there &&
           (chain->replaced || !(driver->adds_rows || driver->keeps_history));
}

static bool knows(const struct delivery *delivery, const char *table)
{
    return catalog_find_like(&delivery->catalog, table, delivery->described.folds_case) != NULL;
}

/* A name that was shortened may be that of any. */
static bool may_be_nested(const struct delivery *delivery, const char *table, const char *root)
{
    const size_t len = strlen(root), bytes_max = delivery->dialect->name_bytes_max;
    if (bytes_max > 0 && strlen(table) >= bytes_max)
        return true;
    return strncasecmp(table, root, len) == 0 && table[len] && !isalnum((unsigned char)table[len]);
}

static bool has_strangers(const struct delivery *delivery, const char *root)
{
    for (size_t i = 0; i < delivery->described.table_count; i++) {
        const char *name = delivery->described.tables[i].name;
        if (may_be_nested(delivery, name, root) && !knows(delivery, name))
            return true;
    }
    return false;
}

bool below_asks(const struct delivery *delivery)
{
    for (size_t i = 0; i < delivery->chain_count; i++) {
        const struct chain *chain = &delivery->chains[i];
        if (loses_rows(chain) && has_strangers(delivery, chain->targets[0].table->name))
            return true;
    }
    return false;
}

/* ---- what becomes a target ---- */

static const struct target *find_target(const struct delivery *delivery, const struct chain *chain,
                                        const char *name)
{
    for (size_t i = 0; i < chain->count; i++) {
        const char *known = chain->targets[i].table->name;
        if ((delivery->described.folds_case ? strcasecmp : strcmp)(known, name) == 0)
            return &chain->targets[i];
    }
    return NULL;
}

/* Its links, as far as they are there: no column of it is changed. */
static int copy_links(struct catalog *catalog, const struct described *described,
                      const struct described_table *there, const struct table *from,
                      struct table *to, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < from->column_count; i++) {
        const struct table_column *column = &from->columns[i];
        struct table_column *made = NULL;
        if (!(column->row_key || column->parent_key || column->root_key) ||
            !described_column(described, there, column->name))
            continue;
        TRY(table_add_column(catalog, to, column->name, &column->spec, &made, err));
        made->row_key = column->row_key;
        made->parent_key = column->parent_key;
        made->root_key = column->root_key;
    }
done:
    return rc;
}

static int add_target(struct delivery *delivery, struct chain *chain, const struct table *table,
                      const struct described_table *there, const char *parent, struct tg_error *err)
{
    int rc = TG_OK;
    struct table *made = NULL;
    const struct manifest_table *part = manifest_find(delivery->manifest, table->name);
    struct target *targets =
        arena_alloc(&delivery->arena, (chain->count + 1) * sizeof(*chain->targets));
    if (!targets)
        return error_nomem(err);
    TRY(table_make(&delivery->catalog, table->name, parent, &made, err));
    TRY(copy_links(&delivery->catalog, &delivery->described, there, table, made, err));
    memcpy(targets, chain->targets, chain->count * sizeof(*targets));
    targets[chain->count++] = (struct target){
        .table = made,
        .part = part,
        .index = part ? (size_t)(part - delivery->manifest->tables) : SIZE_MAX,
        .there = there,
    };
    chain->targets = targets;
done:
    return rc;
}

/* One more of its tables, if there is one; parents come before what is nested in them. */
static int add_known(struct delivery *delivery, struct chain *chain, const struct catalog *other,
                     bool *added, struct tg_error *err)
{
    *added = false;
    for (size_t i = 0; i < other->table_count; i++) {
        const struct table *table = other->tables[i];
        const struct described_table *there = described_find(&delivery->described, table->name);
        const struct target *parent =
            table->parent ? find_target(delivery, chain, table->parent) : NULL;
        if (!parent || !there || knows(delivery, table->name) ||
            find_target(delivery, chain, table->name))
            continue;
        *added = true;
        return add_target(delivery, chain, table, there, parent->table->name, err);
    }
    return TG_OK;
}

int below_add(struct delivery *delivery, const struct catalog *other, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < delivery->chain_count; i++) {
        struct chain *chain = &delivery->chains[i];
        bool more = loses_rows(chain);
        while (more)
            TRY(add_known(delivery, chain, other, &more, err));
    }
done:
    return rc;
}

int below_learn(struct catalog *catalog, const struct described *described,
                const struct catalog *other, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < other->table_count; i++) {
        const struct table *table = other->tables[i];
        const struct described_table *there = described_find(described, table->name);
        struct table *made = NULL;
        if (!table->parent || !there ||
            catalog_find_like(catalog, table->name, described->folds_case))
            continue;
        TRY(catalog_add(catalog, table->name, table->parent, &made, err));
        TRY(copy_links(catalog, described, there, table, made, err));
    }
done:
    return rc;
}
