/*
 * merge by delete-insert: rows of the load take the place of old ones with an equal primary key, or
 * of all old ones with an equal merge key.
 *
 * Path: stage -> one temporary table with the root rows, of each primary key the one that wins;
 * apply -> note_gone (row keys of the old root rows that go) -> delete_nested -> delete_roots
 * (three times faster than an UPDATE, see the reference) -> insert_roots, insert_nested (rows of
 * those roots).
 *
 * A row that is marked as deleted is ranked like any other; if it wins, its key goes and nothing
 * comes. Primary keys are never NULL; a NULL merge key equals NULL. Without any key rows are
 * appended.
 */
#include "write/disposition.h"
#include "write/sql/plan.h"

#include <string.h>

struct merge {
    const struct delivery *load;
    const struct chain *chain;
    const struct target *root;
    const char **primary_key;
    const char **merge_key;
    size_t primary_count, merge_count;
    const struct table_column *deleted; /* the hard_delete column, if the load brings it */
    const struct table_column *sort;    /* the dedup_sort column, likewise */
};

/* ---- reading the hints ---- */

static void find_marks(struct merge *merge)
{
    const struct table *table = merge->root->table;
    for (size_t i = 0; i < table->column_count; i++) {
        const struct table_column *column = &table->columns[i];
        const struct target_column *target = target_find(merge->root, column->name);
        if (!target || !target->loaded)
            continue;
        if (column->hard_delete)
            merge->deleted = column;
        if (column->dedup_sort)
            merge->sort = column;
    }
}

static int check_key(const struct merge *merge, const char **names, size_t count, const char *what,
                     struct tg_error *err)
{
    for (size_t i = 0; i < count; i++) {
        const struct target_column *column = target_find(merge->root, names[i]);
        if (!column || !column->loaded)
            return error_set(err, TG_DATA,
                             "%s '%s' of table '%s' has no value in any row of this load; check "
                             "the name, or name another key",
                             what, names[i], merge->root->table->name);
    }
    return TG_OK;
}

static int merge_open(struct merge *merge, const struct delivery *load, const struct chain *chain,
                      struct arena *arena, struct tg_error *err)
{
    int rc = TG_OK;
    *merge = (struct merge){.load = load, .chain = chain, .root = &chain->targets[0]};
    const struct table *table = merge->root->table;
    size_t max = table->column_count;
    merge->primary_key = arena_alloc(arena, max * sizeof(*merge->primary_key));
    merge->merge_key = arena_alloc(arena, max * sizeof(*merge->merge_key));
    if (!merge->primary_key || !merge->merge_key)
        return error_nomem(err);
    merge->primary_count = table_key(table, false, merge->primary_key, max);
    merge->merge_count = table_key(table, true, merge->merge_key, max);
    if (!target_has_rows(merge->root))
        return TG_OK;
    find_marks(merge);
    TRY(check_key(merge, merge->primary_key, merge->primary_count, "primary key column", err));
    TRY(check_key(merge, merge->merge_key, merge->merge_count, "merge key column", err));
done:
    return rc;
}

static bool has_key(const struct merge *merge)
{
    return merge->primary_count > 0 || merge->merge_count > 0;
}

/* ---- pieces ---- */

static void ident(struct buf *sql, const struct merge *merge, const char *name)
{
    sql_ident(sql, merge->load->dialect, name);
}

/* Name of the temporary table of row keys that go. */
static void gone(struct buf *sql, const struct merge *merge)
{
    buf_printf(sql, "%c_tidegate_gone_%zu%c", merge->load->dialect->quote, merge->chain->number,
               merge->load->dialect->quote);
}

/* A staged row's mark: does the row stay, or does it only delete? */
static void write_mark(struct buf *sql, const struct merge *merge, bool deleted)
{
    ident(sql, merge, merge->deleted->name);
    if (merge->deleted->spec.type == TYPE_BOOL)
        buf_text(sql, deleted ? " IS TRUE" : " IS NOT TRUE");
    else
        buf_text(sql, deleted ? " IS NOT NULL" : " IS NULL");
}

/* A key of the root table: the primary key or the merge key. */
struct key {
    const char **names;
    size_t count;
    bool is_unique; /* among the staged rows */
    const char *equals;
};

enum { KEY_COUNT = 2 };

static struct key key_of(const struct merge *merge, int which)
{
    if (which == 0)
        return (struct key){merge->primary_key, merge->primary_count, true, " = "};
    return (struct key){merge->merge_key, merge->merge_count, false, " IS NOT DISTINCT FROM "};
}

enum mark { MARK_ANY, MARK_STAYS, MARK_DELETED };

/* The staged rows' keys AS new, each once: a join with many equal ones on both sides would explode.
 */
static void write_new(struct buf *sql, const struct merge *merge, const struct key *key,
                      enum mark mark)
{
    if (key->is_unique && (mark == MARK_ANY || !merge->deleted)) {
        plan_stage(sql, merge->load, merge->chain);
        buf_text(sql, " AS new");
        return;
    }
    buf_text(sql, key->is_unique ? "(SELECT " : "(SELECT DISTINCT ");
    for (size_t i = 0; i < key->count; i++) {
        buf_text(sql, i > 0 ? ", " : "");
        ident(sql, merge, key->names[i]);
    }
    buf_text(sql, " FROM ");
    plan_stage(sql, merge->load, merge->chain);
    if (merge->deleted && mark != MARK_ANY) {
        buf_text(sql, " WHERE ");
        write_mark(sql, merge, mark == MARK_DELETED);
    }
    buf_text(sql, ") AS new");
}

/* old.key = new.key, for all columns of a key. */
static void write_match(struct buf *sql, const struct merge *merge, const struct key *key)
{
    for (size_t i = 0; i < key->count; i++) {
        buf_text(sql, i > 0 ? " AND old." : "old.");
        ident(sql, merge, key->names[i]);
        buf_printf(sql, "%snew.", key->equals);
        ident(sql, merge, key->names[i]);
    }
}

/* ---- stage ---- */

static void write_names(struct buf *sql, const struct merge *merge, const char *alias)
{
    for (size_t i = 0; i < merge->primary_count; i++) {
        buf_text(sql, i > 0 ? ", " : "");
        buf_text(sql, alias);
        ident(sql, merge, merge->primary_key[i]);
    }
}

static void write_rank(struct buf *sql, const struct merge *merge)
{
    buf_text(sql, "ROW_NUMBER() OVER (PARTITION BY ");
    write_names(sql, merge, "staged.");
    buf_text(sql, " ORDER BY ");
    if (merge->sort) {
        buf_text(sql, "staged.");
        ident(sql, merge, merge->sort->name);
        buf_text(sql, strcmp(merge->sort->dedup_sort, "desc") == 0 ? " DESC" : " ASC");
        buf_text(sql, " NULLS LAST, ");
    }
    buf_text(sql, "staged.");
    ident(sql, merge, ORDER_COLUMN);
    buf_text(sql, " DESC) AS _tidegate_rank");
}

/* Of keys that came more than once the winners are staged again, without an order of arrival... */
static int stage_winners(const struct merge *merge, struct plan *plan, struct tg_error *err)
{
    struct buf *sql = &plan->text;
    buf_text(sql, "INSERT INTO ");
    plan_stage(sql, merge->load, merge->chain);
    buf_text(sql, " (");
    plan_columns(sql, merge->load, merge->root, NULL);
    buf_text(sql, ")\nSELECT ");
    plan_columns(sql, merge->load, merge->root, NULL);
    buf_text(sql, "\nFROM (\nSELECT ");
    plan_columns(sql, merge->load, merge->root, "staged");
    buf_text(sql, ",\n    ");
    write_rank(sql, merge);
    buf_text(sql, "\nFROM ");
    plan_stage(sql, merge->load, merge->chain);
    buf_text(sql, " AS staged\nJOIN (SELECT ");
    write_names(sql, merge, "");
    buf_text(sql, " FROM ");
    plan_stage(sql, merge->load, merge->chain);
    buf_text(sql, " GROUP BY ");
    write_names(sql, merge, "");
    buf_text(sql, " HAVING COUNT(*) > 1) AS twice\nON ");
    for (size_t i = 0; i < merge->primary_count; i++) {
        buf_text(sql, i > 0 ? " AND twice." : "twice.");
        ident(sql, merge, merge->primary_key[i]);
        buf_text(sql, " = staged.");
        ident(sql, merge, merge->primary_key[i]);
    }
    buf_text(sql, "\n) AS ranked\nWHERE _tidegate_rank = 1");
    return plan_end(plan, merge->root, COUNT_NONE, err);
}

/* ... and then all other rows of their keys go. */
static int unstage_others(const struct merge *merge, struct plan *plan, struct tg_error *err)
{
    struct buf *sql = &plan->text;
    struct key key = key_of(merge, 0);
    buf_text(sql, "DELETE FROM ");
    plan_stage(sql, merge->load, merge->chain);
    buf_text(sql, " AS old\nUSING (SELECT ");
    write_names(sql, merge, "");
    buf_text(sql, " FROM ");
    plan_stage(sql, merge->load, merge->chain);
    buf_text(sql, " WHERE ");
    ident(sql, merge, ORDER_COLUMN);
    buf_text(sql, " IS NULL) AS new\nWHERE ");
    write_match(sql, merge, &key);
    buf_text(sql, " AND old.");
    ident(sql, merge, ORDER_COLUMN);
    buf_text(sql, " IS NOT NULL");
    return plan_end(plan, merge->root, COUNT_NONE, err);
}

/* A plain copy, then a look for keys that came twice: usually there are none, and ranking all rows
 * would cost twice as much as the copy. */
static int stage(const struct delivery *load, const struct chain *chain, struct plan *plan,
                 struct tg_error *err)
{
    int rc = TG_OK;
    struct merge merge;
    struct buf *sql = &plan->text;
    TRY(merge_open(&merge, load, chain, &plan->arena, err));
    if (!target_has_rows(merge.root) || !has_key(&merge))
        goto done;
    buf_text(sql, "CREATE TEMP TABLE ");
    plan_stage(sql, load, chain);
    buf_text(sql, " AS\n");
    plan_relation(sql, load, merge.root, merge.primary_count > 0);
    TRY(plan_end(plan, merge.root, COUNT_NONE, err));
    if (merge.primary_count > 0) {
        TRY(stage_winners(&merge, plan, err));
        TRY(unstage_others(&merge, plan, err));
    }
done:
    return rc;
}

/* ---- deleting ---- */

static bool nested_there(const struct chain *chain)
{
    for (size_t i = 1; i < chain->count; i++)
        if (chain->targets[i].there)
            return true;
    return false;
}

/* Row keys of the old root rows that will go, for the nested tables to follow. */
static int note_gone(const struct merge *merge, struct plan *plan, const char *row_key,
                     struct tg_error *err)
{
    struct buf *sql = &plan->text;
    buf_text(sql, "CREATE TEMP TABLE ");
    gone(sql, merge);
    const char *separator = " AS\n";
    for (int which = 0; which < KEY_COUNT; which++) {
        struct key key = key_of(merge, which);
        if (key.count == 0)
            continue;
        buf_printf(sql, "%sSELECT old.", separator);
        ident(sql, merge, row_key);
        buf_text(sql, "\nFROM ");
        plan_table(sql, merge->load, merge->root);
        buf_text(sql, " AS old, ");
        write_new(sql, merge, &key, MARK_ANY);
        buf_text(sql, "\nWHERE ");
        write_match(sql, merge, &key);
        separator = "\nUNION\n";
    }
    return plan_end(plan, NULL, COUNT_NONE, err);
}

/* What tells the nested rows that follow their roots: by the root key; where the table has none, by
 * the parents, up to a table that has one. */
static int write_follow(struct buf *sql, const struct merge *merge, const struct target *target,
                        const char *row_key, struct tg_error *err)
{
    size_t open = 0;
    for (;;) {
        const struct target *parent = chain_find(merge->chain, target->table->parent);
        const char *root_link = table_link(target->table, LINK_ROOT);
        const char *link = table_link(target->table, LINK_PARENT);
        bool direct = root_link && target_find(target, root_link);
        const char *parent_key = parent ? table_link(parent->table, LINK_ROW) : NULL;
        if (!direct && (!link || !parent_key))
            return error_set(err, TG_DATA,
                             "nested table '%s' has no column that leads to its parent rows, "
                             "so that they cannot be merged; drop the table, or use append",
                             target->table->name);
        ident(sql, merge, direct ? root_link : link);
        buf_text(sql, " IN (SELECT ");
        open++;
        if (direct || !parent->table->parent)
            break;
        ident(sql, merge, parent_key);
        buf_text(sql, " FROM ");
        plan_table(sql, merge->load, parent);
        buf_text(sql, " WHERE ");
        target = parent;
    }
    ident(sql, merge, row_key);
    buf_text(sql, " FROM ");
    gone(sql, merge);
    while (open-- > 0)
        buf_char(sql, ')');
    return TG_OK;
}

/* The deepest tables first: the way up must still be there. */
static int delete_nested(const struct merge *merge, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    const struct chain *chain = merge->chain;
    const char *row_key = table_link(merge->root->table, LINK_ROW);
    if (!nested_there(chain))
        goto done;
    if (!row_key) {
        rc = error_set(err, TG_DATA,
                       "table '%s' has nested tables but no row key, so that it cannot be merged",
                       merge->root->table->name);
        goto done;
    }
    TRY(note_gone(merge, plan, row_key, err));
    for (size_t i = chain->count; i-- > 1;) {
        const struct target *target = &chain->targets[i];
        if (!target->there)
            continue;
        buf_text(&plan->text, "DELETE FROM ");
        plan_table(&plan->text, merge->load, target);
        buf_text(&plan->text, "\nWHERE ");
        TRY(write_follow(&plan->text, merge, target, row_key, err));
        TRY(plan_end(plan, target, COUNT_DELETED, err));
    }
    buf_text(&plan->text, "DROP TABLE ");
    gone(&plan->text, merge);
    TRY(plan_end(plan, NULL, COUNT_NONE, err));
done:
    return rc;
}

static int delete_roots(const struct merge *merge, struct plan *plan, enum mark mark,
                        struct tg_error *err)
{
    int rc = TG_OK;
    struct buf *sql = &plan->text;
    for (int which = 0; which < KEY_COUNT; which++) {
        struct key key = key_of(merge, which);
        if (key.count == 0)
            continue;
        buf_text(sql, "DELETE FROM ");
        plan_table(sql, merge->load, merge->root);
        buf_text(sql, " AS old\nUSING ");
        write_new(sql, merge, &key, mark);
        buf_text(sql, "\nWHERE ");
        write_match(sql, merge, &key);
        enum step_count count = mark == MARK_DELETED ? COUNT_DELETED : COUNT_REPLACED;
        TRY(plan_end(plan, merge->root, count, err));
    }
done:
    return rc;
}

static int delete_old(const struct merge *merge, struct plan *plan, struct tg_error *err)
{
    int rc = TG_OK;
    if (!merge->root->there)
        goto done;
    TRY(delete_nested(merge, plan, err));
    TRY(delete_roots(merge, plan, MARK_STAYS, err));
    if (merge->deleted)
        TRY(delete_roots(merge, plan, MARK_DELETED, err));
done:
    return rc;
}

/* ---- inserting ---- */

static void write_insert(struct buf *sql, const struct merge *merge, const struct target *target)
{
    buf_text(sql, "INSERT INTO ");
    plan_table(sql, merge->load, target);
    buf_text(sql, " (");
    plan_columns(sql, merge->load, target, NULL);
    buf_text(sql, ")\nSELECT ");
    plan_columns(sql, merge->load, target, NULL);
}

static int insert_roots(const struct merge *merge, struct plan *plan, struct tg_error *err)
{
    struct buf *sql = &plan->text;
    write_insert(sql, merge, merge->root);
    buf_text(sql, "\nFROM ");
    plan_stage(sql, merge->load, merge->chain);
    if (merge->deleted) {
        buf_text(sql, "\nWHERE ");
        write_mark(sql, merge, false);
    }
    return plan_end(plan, merge->root, COUNT_INSERTED, err);
}

/* The links by which nested rows follow their root. */
struct follow {
    const char *row_key; /* of the nested table */
    const char *root_link;
    const char *root_key; /* of the root table */
};

static int find_follow(const struct merge *merge, const struct target *target, struct follow *out,
                       struct tg_error *err)
{
    *out = (struct follow){.row_key = table_link(target->table, LINK_ROW),
                           .root_link = table_link(target->table, LINK_ROOT),
                           .root_key = table_link(merge->root->table, LINK_ROW)};
    const struct target_column *link = out->root_link ? target_find(target, out->root_link) : NULL;
    if (out->row_key && out->root_key && link && link->loaded)
        return TG_OK;
    return error_set(err, TG_DATA,
                     "package has rows for nested table '%s' without a root key; "
                     "delete the package and run again",
                     target->table->name);
}

/* Rows whose root row stays; of those, the ones whose primary key came `order` (a condition on the
 * order of arrival, NULL: all). */
static void write_arrived(struct buf *sql, const struct merge *merge, const struct target *target,
                          const struct follow *follow, const char *order)
{
    const char *separator = " WHERE ";
    buf_text(sql, "\nFROM (\n");
    plan_relation(sql, merge->load, target, false);
    buf_text(sql, "\n) AS arrived\nWHERE ");
    ident(sql, merge, follow->root_link);
    buf_text(sql, " IN (SELECT ");
    ident(sql, merge, follow->root_key);
    buf_text(sql, " FROM ");
    plan_stage(sql, merge->load, merge->chain);
    if (order) {
        buf_text(sql, separator);
        ident(sql, merge, ORDER_COLUMN);
        buf_text(sql, order);
        separator = " AND ";
    }
    if (merge->deleted) {
        buf_text(sql, separator);
        write_mark(sql, merge, false);
    }
    buf_char(sql, ')');
}

/* Nested rows of root rows that came once: no two of them have one row key. */
static int insert_single(const struct merge *merge, struct plan *plan, const struct target *target,
                         const struct follow *follow, struct tg_error *err)
{
    write_insert(&plan->text, merge, target);
    write_arrived(&plan->text, merge, target, follow, " IS NOT NULL");
    return plan_end(plan, target, COUNT_INSERTED, err);
}

/* Nested rows of the others, each row key once: rows that are delivered again bring theirs again
 * where ids are hashes, or the source's own. */
static int insert_ranked(const struct merge *merge, struct plan *plan, const struct target *target,
                         const struct follow *follow, struct tg_error *err)
{
    struct buf *sql = &plan->text;
    write_insert(sql, merge, target);
    buf_text(sql, "\nFROM (\nSELECT ");
    plan_columns(sql, merge->load, target, NULL);
    buf_text(sql, ",\n    ROW_NUMBER() OVER (PARTITION BY ");
    ident(sql, merge, follow->row_key);
    buf_text(sql, ") AS _tidegate_rank");
    write_arrived(sql, merge, target, follow, merge->primary_count > 0 ? " IS NULL" : NULL);
    buf_text(sql, "\n) AS ranked\nWHERE _tidegate_rank = 1");
    return plan_end(plan, target, COUNT_INSERTED, err);
}

/* Ranking all rows would hold them all in memory, and there are usually none that came twice: a
 * winner among several has lost its order of arrival (stage_winners). */
static int insert_nested(const struct merge *merge, struct plan *plan, const struct target *target,
                         struct tg_error *err)
{
    int rc = TG_OK;
    struct follow follow;
    TRY(find_follow(merge, target, &follow, err));
    if (merge->primary_count > 0)
        TRY(insert_single(merge, plan, target, &follow, err));
    TRY(insert_ranked(merge, plan, target, &follow, err));
done:
    return rc;
}

static int apply(const struct delivery *load, const struct chain *chain, struct plan *plan,
                 struct tg_error *err)
{
    int rc = TG_OK;
    struct merge merge;
    TRY(merge_open(&merge, load, chain, &plan->arena, err));
    if (chain->replaced)
        TRY(plan_clear(plan, load, chain, err));
    if (!has_key(&merge)) {
        TRY(plan_insert_all(plan, load, chain, err));
        goto done;
    }
    if (!target_has_rows(merge.root))
        goto done;
    if (!chain->replaced)
        TRY(delete_old(&merge, plan, err));
    TRY(insert_roots(&merge, plan, err));
    for (size_t i = 1; i < chain->count; i++)
        if (target_has_rows(&chain->targets[i]))
            TRY(insert_nested(&merge, plan, &chain->targets[i], err));
done:
    return rc;
}

const struct disposition_driver disposition_merge = {
    .word = DISPOSITION_MERGE,
    .strategy = "delete-insert",
    .is_usual = true,
    .needs_key = true,
    .needs_order = true,
    .needs_root_id = true,
    .boundary_hashes_max = 10000,
    .stage = stage,
    .apply = apply,
};
