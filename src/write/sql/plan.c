/*
 * Plans: statements that are written, kept and run.
 *
 * Path: plan_init -> (text into plan->text -> plan_end)... -> plan_run. Pieces that many statements
 * have: plan_table, plan_columns, plan_stage; whole ones: plan_insert_all, plan_clear.
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
    if (!sql) {
        rc = error_nomem(err);
        goto done;
    }
    rc = add_step(plan, &(struct step){.sql = sql, .target = target, .count = count}, err);
done:
    buf_clear(&plan->text);
    return rc;
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
        uint64_t rows = 0;
        int rc = run_step(step, con, &rows, err);
        if (rc != TG_OK)
            return step->target ? error_where(err, rc, "table '%s'", step->target->table->name)
                                : rc;
        if (step->target && step->target->part && tallies)
            count_rows(&tallies[step->target->index], step->count, rows);
    }
    return TG_OK;
}

/* ---- pieces ---- */

void plan_table(struct buf *sql, const struct delivery *load, const struct target *target)
{
    sql_table(sql, load->dialect, load->manifest->dataset, target->table->name);
}

void plan_columns(struct buf *sql, const struct delivery *load, const struct target *target,
                  const char *alias)
{
    const char *separator = "";
    for (size_t i = 0; i < target->column_count; i++) {
        if (!target->columns[i].loaded)
            continue;
        buf_text(sql, separator);
        if (alias)
            buf_printf(sql, "%s.", alias);
        sql_ident(sql, load->dialect, target->columns[i].name);
        separator = ", ";
    }
}

/* ---- statements ---- */

int plan_insert_all(struct plan *plan, const struct delivery *load, const struct chain *chain,
                    struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < chain->count; i++)
        TRY(plan_insert(plan, load, &chain->targets[i], err));
done:
    return rc;
}

int plan_clear(struct plan *plan, const struct delivery *load, const struct chain *chain,
               struct tg_error *err)
{
    for (size_t i = chain->count; i-- > 0;) {
        const struct target *target = &chain->targets[i];
        if (!target->there)
            continue;
        buf_text(&plan->text, "DELETE FROM ");
        plan_table(&plan->text, load, target);
        int rc = plan_end(plan, target, COUNT_DELETED, err);
        if (rc != TG_OK)
            return rc;
    }
    return TG_OK;
}

void plan_stage(struct buf *sql, const struct delivery *load, const struct chain *chain)
{
    struct buf name = BUF_INIT;
    buf_printf(&name, "_tidegate_stage_%zu", chain->number);
    sql->failed = sql->failed || name.failed;
    sql_ident(sql, load->dialect, buf_string(&name));
    buf_release(&name);
}
