/*
 * Plans: statements that are written, kept and run.
 *
 * Path: plan_init -> (plan_add)... -> plan_run. Statements that several dispositions have:
 * plan_insert_all, plan_clear.
 *
 * The package's files in a statement are relation.c's; what the statements are is decided by ddl.c,
 * dispositions/ and record.c.
 */
#include "write/sql/plan.h"

#include <string.h>

#include "database/ingest.h"

void plan_init(struct plan *plan)
{
    *plan = (struct plan){0};
    arena_init(&plan->arena);
}

void plan_release(struct plan *plan)
{
    buf_release(&plan->text);
    mem_free(plan->steps);
    arena_release(&plan->arena);
    *plan = (struct plan){0};
}

static int add_step(struct plan *plan, const struct step *step, struct tg_error *err)
{
    int rc = mem_grow(&plan->steps, &plan->cap, plan->count + 1, sizeof(*plan->steps), err);
    if (rc == TG_OK)
        plan->steps[plan->count++] = *step;
    return rc;
}

int plan_ingest(struct plan *plan, const struct step_files *files, struct tg_error *err)
{
    return add_step(plan, &(struct step){.files = *files}, err);
}

int plan_end(struct plan *plan, const struct target *target, enum step_count count,
             struct tg_error *err)
{
    int rc = TG_OK;
    TRY(buf_check(&plan->text, err));
    const char *sql = arena_strndup(&plan->arena, buf_string(&plan->text), plan->text.len);
    if (!sql)
        TRY(error_nomem(err));
    rc = add_step(plan, &(struct step){.sql = sql, .target = target, .count = count}, err);
done:
    buf_clear(&plan->text);
    return rc;
}

struct sql_scope plan_scope(const struct delivery *delivery, const struct sql_part *parts)
{
    return (struct sql_scope){delivery->dialect, delivery->manifest->dataset, parts, NULL};
}

int plan_add(struct plan *plan, const struct target *target, enum step_count count,
             const struct sql_scope *scope, const char *pattern, struct tg_error *err)
{
    int rc = sql_write(&plan->text, scope, pattern, err);
    if (rc == TG_OK)
        return plan_end(plan, target, count, err);
    buf_clear(&plan->text);
    return rc;
}

bool plan_same(const struct plan *a, const struct plan *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++)
        same = strcmp(a->steps[i].sql, b->steps[i].sql) == 0;
    return same;
}

/* ---- running ---- */

static void count_rows(struct tally *tally, enum step_count count, uint64_t rows)
{
    switch (count) {
    case COUNT_INSERTED: tally->inserted += rows; break;
    case COUNT_REPLACED: tally->replaced += rows; break;
    case COUNT_DELETED: tally->deleted += rows; break;
    case COUNT_NONE: break;
    }
}

static int run_step(const struct step *step, struct connection *con, uint64_t *rows,
                    struct tg_error *err)
{
    const struct ingest_target into = {.table = step->files.table};
    return step->sql ? connection_exec(con, step->sql, rows, err)
                     : ingest_files(con, &into, step->files.paths, step->files.count, err);
}

int plan_run(const struct plan *plan, struct connection *con, struct tally *tallies,
             struct tg_error *err)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct step *step = &plan->steps[i];
        const char *table = step->target ? step->target->table->name : NULL;
        uint64_t rows = 0;
        context_writes(con->ctx, table, 0, false);
        int rc = run_step(step, con, &rows, err);
        if (rc != TG_OK)
            return table ? error_at(err, rc, AT_TABLE, table) : rc;
        context_writes(con->ctx, table, rows, true);
        if (step->target && step->target->part && tallies)
            count_rows(&tallies[step->target->index], step->count, rows);
    }
    return TG_OK;
}

/* ---- statements ---- */

int plan_insert_all(struct plan *plan, const struct delivery *delivery, const struct chain *chain,
                    struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < chain->count; i++)
        TRY(plan_insert(plan, delivery, &chain->targets[i], err));
done:
    return rc;
}

int plan_clear(struct plan *plan, const struct delivery *delivery, const struct chain *chain,
               struct tg_error *err)
{
    for (size_t i = chain->count; i-- > 0;) {
        const struct target *target = &chain->targets[i];
        if (!target->there)
            continue;
        const struct sql_scope scope =
            plan_scope(delivery, SQL_PARTS(SQL_TABLE("table", target->table->name)));
        int rc = plan_add(plan, target, COUNT_DELETED, &scope, "DELETE FROM {table}", err);
        if (rc != TG_OK)
            return rc;
    }
    return TG_OK;
}
