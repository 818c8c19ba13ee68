/*
 * Who may write beside whom.
 *
 *   pipeline  alone   its state: a run that started from it must find it there, and move it on once
 *             shared  by who loads a window that is claimed, which has no part in the state
 *   dataset   shared  alone by who makes the dataset or the ledger's tables
 *   tables    shared  by who adds rows; alone by who changes, replaces or merges: old rows are
 *                     looked for. Those that are there are held as they are (dialect->hold)
 *   ledger    alone   for the end of the transaction: load ids, the schema's versions
 *
 * Path: locks_plan -> locks_take (in this order, tables by name, so that no two loads wait for each
 * other) -> locks_hold -> the look that counts -> locks_serve -> rows -> locks_take_ledger.
 * docs/architecture.md says what is looked at again under which. A database without locks by name
 * has one, a row of the ledger, which stands for all of them.
 */
#include "write/sql/locks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "write/disposition.h"
#include "write/sql/plan.h"

/* ---- what is wanted ---- */

static int add(struct locks *locks, const char *kind, const char *dataset, const char *name,
               bool shared, struct tg_error *err)
{
    char *text = arena_printf(&locks->arena, "tidegate %s %s %s", kind, dataset, name);
    if (!text)
        return error_nomem(err);
    locks->items[locks->count++] = (struct lock){.name = text, .shared = shared};
    return TG_OK;
}

static bool is_written(const struct chain *chain, const struct target *target)
{
    bool loses_rows = chain->replaced || !chain->driver->adds_rows;
    return target_has_rows(target) || (target->there && loses_rows);
}

static int add_tables(const struct delivery *delivery, struct locks *locks, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t c = 0; c < delivery->chain_count; c++) {
        const struct chain *chain = &delivery->chains[c];
        bool adds = chain->driver->adds_rows && !chain->replaced;
        for (size_t t = 0; t < chain->count; t++)
            if (is_written(chain, &chain->targets[t]))
                TRY(add(locks, "table", delivery->manifest->dataset, chain->targets[t].table->name,
                        adds && !chain->targets[t].changes, err));
    }
    for (size_t i = 0; i < delivery->dropped.count; i++)
        if (!target_has_rows(&delivery->dropped.targets[i]))
            TRY(add(locks, "table", delivery->manifest->dataset,
                    delivery->dropped.targets[i].table->name, false, err));
done:
    return rc;
}

/* Of an undo: it has no chains. */
static int add_undone(const struct delivery *delivery, struct locks *locks, struct tg_error *err)
{
    int rc = TG_OK;
    const struct manifest *manifest = delivery->manifest;
    for (size_t i = 0; manifest->undone_count > 0 && i < manifest->table_count; i++)
        TRY(add(locks, "table", manifest->dataset, manifest->tables[i].name, false, err));
done:
    return rc;
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct lock *)a)->name, ((const struct lock *)b)->name);
}

/* Every load changes the newest row of _dlt_loads, and changes it back, for what does not change at
 * all is in nobody's way. Who makes the table gets into the way of others who do. */
static int add_row(const struct delivery *delivery, struct locks *locks, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf where = BUF_INIT;
    const struct sql_scope scope = plan_scope(delivery, NULL);
    if (!described_find(&delivery->described, "_dlt_loads"))
        return TG_OK;
    TRY(sql_write(&where, &scope, "[load_id] = (SELECT max([load_id]) FROM {_dlt_loads})", err));
    locks->row = (struct lock_row){delivery->manifest->dataset, "_dlt_loads", "status", NULL};
    TRY(arena_keep(&locks->arena, buf_string(&where), &locks->row.where, err));
    locks->items[0].row = &locks->row;
done:
    buf_release(&where);
    return rc;
}

enum { BEFORE_TABLES = 2 };

/* What is kept for an undo is dropped by the loads to come, in their order. */
static bool shares_pipeline(const struct delivery *delivery)
{
    const struct manifest *manifest = delivery->manifest;
    return manifest_claim(manifest) && manifest->undo_loads == 0 && delivery->kept.count == 0;
}

int locks_plan(const struct delivery *delivery, struct locks *out, struct tg_error *err)
{
    int rc = TG_OK;
    const struct manifest *manifest = delivery->manifest;
    size_t count = BEFORE_TABLES + manifest->table_count;
    *out = (struct locks){0};
    arena_init(&out->arena);
    for (size_t c = 0; c < delivery->chain_count; c++)
        count += delivery->chains[c].count;
    out->items = arena_alloc(&out->arena, count * sizeof(*out->items));
    if (!out->items)
        TRY(error_nomem(err));
    TRY(add(out, "pipeline", manifest->dataset, manifest->pipeline, shares_pipeline(delivery),
            err));
    TRY(add_row(delivery, out, err));
    TRY(add(out, "dataset", manifest->dataset, "", !delivery->makes_ledger, err));
    TRY(add_tables(delivery, out, err));
    TRY(add_undone(delivery, out, err));
    qsort(out->items + BEFORE_TABLES, out->count - BEFORE_TABLES, sizeof(*out->items), compare);
done:
    if (rc != TG_OK)
        locks_release(out);
    return rc;
}

void locks_release(struct locks *locks)
{
    arena_release(&locks->arena);
    *locks = (struct locks){0};
}

bool locks_serve(const struct locks *held, const struct locks *wanted)
{
    const size_t count = held->count - BEFORE_TABLES;
    if (held->items[1].shared != wanted->items[1].shared ||
        (wanted->items[0].row && !held->items[0].row))
        return false;
    for (size_t i = BEFORE_TABLES; i < wanted->count; i++) {
        const struct lock *found = bsearch(&wanted->items[i], held->items + BEFORE_TABLES, count,
                                           sizeof(*held->items), compare);
        if (!found || (found->shared && !wanted->items[i].shared))
            return false;
    }
    return true;
}

/* ---- taking ---- */

/* SQLSTATEs of a table that has gone since it was looked at, and of its schema. */
static const char *const gone[] = {"42P01", "3F000"};

/* Nobody changes or drops a table that is about to be written to. */
static int hold(const struct delivery *delivery, const char *table, struct connection *con,
                struct tg_error *err)
{
    char doing[400];
    const struct sql_scope scope = plan_scope(delivery, SQL_PARTS(SQL_TABLE("table", table)));
    snprintf(doing, sizeof(doing), "taking hold of table '%s'", table);
    context_writes(con->ctx, &(struct write_news){.doing = doing});
    int rc = sql_exec(con, &scope, delivery->dialect->hold, NULL, err);
    for (size_t i = 0; rc != TG_OK && i < sizeof(gone) / sizeof(gone[0]); i++)
        if (strcmp(err->sqlstate, gone[i]) == 0)
            memcpy(err->sqlstate, "40001", sizeof("40001")); /* look again */
    return rc;
}

int locks_hold(const struct delivery *delivery, struct connection *con, struct tg_error *err)
{
    int rc = TG_OK;
    const struct manifest *manifest = delivery->manifest;
    for (size_t c = 0; delivery->dialect->hold && c < delivery->chain_count; c++) {
        const struct chain *chain = &delivery->chains[c];
        for (size_t t = 0; t < chain->count; t++)
            if (chain->targets[t].there && is_written(chain, &chain->targets[t]))
                TRY(hold(delivery, chain->targets[t].table->name, con, err));
    }
    for (size_t i = 0;
         delivery->dialect->hold && manifest->undone_count > 0 && i < manifest->table_count; i++)
        if (described_find(&delivery->described, manifest->tables[i].name))
            TRY(hold(delivery, manifest->tables[i].name, con, err));
done:
    return rc;
}

int locks_take(const struct locks *locks, struct connection *con, struct tg_error *err)
{
    return connection_lock(con, locks->items, locks->count, err);
}

static int take(struct connection *con, const char *kind, const char *dataset, const char *name,
                struct tg_error *err)
{
    struct lock item;
    struct locks locks = {.items = &item};
    arena_init(&locks.arena);
    int rc = add(&locks, kind, dataset, name, false, err);
    if (rc == TG_OK)
        rc = connection_lock(con, &item, 1, err);
    arena_release(&locks.arena);
    return rc;
}

int locks_take_ledger(struct connection *con, const struct manifest *manifest, struct tg_error *err)
{
    return take(con, "ledger", manifest->dataset, "", err);
}

int locks_take_pipeline(struct connection *con, const struct manifest *manifest,
                        struct tg_error *err)
{
    return take(con, "pipeline", manifest->dataset, manifest->pipeline, err);
}
