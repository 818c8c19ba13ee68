/*
 * Plans: statements that are written, kept and run.
 *
 * Path: plan_init -> (plan_add, plan_fill)... -> plan_run -> run_step: by the database, or by the
 * reader. Statements that several dispositions have: plan_insert_all, plan_remove, plan_change,
 * plan_clear.
 *
 * The package's files in a statement are relation.c's; what the statements are is decided by ddl.c,
 * dispositions/ and record.c.
 */
#include "write/sql/plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "write/sql/brake.h"
#include "write/sql/gather.h"
#include "write/sql/keep.h"
#include "write/sql/sample.h"

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

/* Ends the statement in plan->text, of a step of which the rest is given. */
static int end_step(struct plan *plan, const struct step *step, struct tg_error *err)
{
    int rc = TG_OK;
    struct step made = *step;
    TRY(buf_check(&plan->text, err));
    made.sql = arena_strndup(&plan->arena, buf_string(&plan->text), plan->text.len);
    if (step->into.table)
        made.into.table = arena_strdup(&plan->arena, step->into.table);
    if (step->refusal)
        made.refusal = arena_strdup(&plan->arena, step->refusal);
    if (!made.sql || (step->into.table && !made.into.table) || (step->refusal && !made.refusal))
        TRY(error_nomem(err));
    rc = add_step(plan, &made, err);
done:
    buf_clear(&plan->text);
    return rc;
}

int plan_end(struct plan *plan, const struct target *target, enum step_count count,
             struct tg_error *err)
{
    return end_step(plan, &(struct step){.target = target, .count = count}, err);
}

struct sql_scope plan_scope(const struct delivery *delivery, const struct sql_part *parts)
{
    return (struct sql_scope){delivery->dialect, delivery->manifest->dataset, parts, NULL};
}

struct sql_scope plan_rows_scope(const struct delivery *delivery, const struct sql_part *parts)
{
    return (struct sql_scope){reader_dialect(delivery->dialect), delivery->manifest->dataset, parts,
                              NULL};
}

int plan_add_step(struct plan *plan, const struct step *step, const struct sql_scope *scope,
                  const char *pattern, struct tg_error *err)
{
    int rc = sql_write(&plan->text, scope, pattern, err);
    if (rc == TG_OK)
        return end_step(plan, step, err);
    buf_clear(&plan->text);
    return rc;
}

int plan_add(struct plan *plan, const struct target *target, enum step_count count,
             const struct sql_scope *scope, const char *pattern, struct tg_error *err)
{
    return plan_add_step(plan, &(struct step){.target = target, .count = count}, scope, pattern,
                         err);
}

static bool same_step(const struct step *a, const struct step *b)
{
    bool same_table = a->into.table && b->into.table ? strcmp(a->into.table, b->into.table) == 0
                                                     : a->into.table == b->into.table;
    return a->kind == b->kind && same_table && strcmp(a->sql, b->sql) == 0;
}

bool plan_same(const struct plan *a, const struct plan *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++)
        same = same_step(&a->steps[i], &b->steps[i]);
    return same;
}

/* ---- running ---- */

uint64_t plan_row_count(const struct manifest_table *part)
{
    uint64_t rows = 0;
    for (size_t i = 0; i < part->file_count; i++)
        rows += part->files[i].row_count;
    return rows;
}

static void count_rows(struct tally *tally, const struct step *step, uint64_t rows)
{
    switch (step->count) {
    case COUNT_INSERTED: tally->inserted += rows; break;
    case COUNT_NEW:
        tally->inserted += rows;
        tally->unchanged = plan_row_count(step->target->part) - tally->inserted - tally->filtered;
        break;
    case COUNT_REPLACED: tally->replaced += rows; break;
    case COUNT_DELETED: tally->deleted += rows; break;
    case COUNT_CHANGED: tally->changed += rows; break;
    case COUNT_PAIRED:
        tally->replaced += rows;
        tally->deleted -= rows;
        break;
    case COUNT_UNCHANGED: tally->unchanged += rows; break;
    case COUNT_FILTERED: tally->filtered += rows; break;
    case COUNT_DIFFERENT: tally->unchanged += plan_row_count(step->target->part) - rows; break;
    case COUNT_SEVERAL: tally->unchanged -= rows; break;
    case COUNT_LATE: tally->late += rows; break;
    case COUNT_LATE_BY: tally->late_by = rows > tally->late_by ? rows : tally->late_by; break;
    case COUNT_NONE: break;
    }
}

static int run_query(const struct step *step, struct connection *con, uint64_t *rows,
                     struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows found = {0};
    TRY(connection_fetch(con, step->sql, &found, err));
    if (found.row_count > 0 && step->kind == STEP_REFUSE)
        TRY(error_set(err, TG_DATA, "%s '%s'; nothing was written", step->refusal,
                      text_cell(&found, 0, 0)));
    if (found.row_count > 0 && text_cell(&found, 0, 0))
        *rows = strtoull(text_cell(&found, 0, 0), NULL, 10);
done:
    text_rows_release(&found);
    return rc;
}

/* A DELETE, or any other statement. */
static int run_statement(const struct step *step, const struct runner *runner, uint64_t *rows,
                         struct tg_error *err)
{
    bool goes = true;
    int rc = runner->gathering && step->going ? gathering_ask(runner->gathering, step, &goes, err)
                                              : TG_OK;
    return rc == TG_OK && goes ? connection_exec(runner->con, step->sql, rows, err) : rc;
}

static int run_step(const struct step *step, const struct runner *runner, uint64_t *rows,
                    struct tg_error *err)
{
    switch (step->kind) {
    case STEP_READ: return reader_exec(runner->reader, step->sql, rows, err);
    case STEP_FILL:
        return reader_ingest(runner->reader, step->sql, runner->con, &step->into, rows, err);
    case STEP_BRAKE: return brake_check(step->brake, step->sql, runner->con, runner->order, err);
    case STEP_TAKE:
        return reader_take(runner->reader, step->into.table, runner->con, step->sql, err);
    case STEP_COUNT:
    case STEP_REFUSE: return run_query(step, runner->con, rows, err);
    default: return run_statement(step, runner, rows, err);
    }
}

/* In a transaction that will not be committed: rows that come or are kept, and what is refused by
 * what is there while old rows are. Which rows go does not depend on it. */
static bool is_vain(const struct step *step, const struct runner *runner)
{
    return runner->gathering && runner->gathering->is_wanted &&
           (step->count == COUNT_INSERTED || step->count == COUNT_NEW || step->keeps ||
            step->changes_rows || step->kind == STEP_REFUSE || step->kind == STEP_BRAKE);
}

/* Behind the last DELETE all is in vain. */
static size_t steps_worth(const struct plan *plan, const struct runner *runner)
{
    size_t count = plan->count;
    if (!runner->gathering || !runner->gathering->is_wanted)
        return count;
    while (count > 0 && !plan->steps[count - 1].going)
        count--;
    return count;
}

static int run_counted(const struct step *step, const struct runner *runner, struct tally *tallies,
                       struct tg_error *err)
{
    const struct context *ctx = runner->con->ctx;
    const char *table = step->target ? step->target->table->name : NULL;
    uint64_t rows = 0;
    const int64_t started_us = context_ticks_us();
    struct write_news news = {.table = table};
    if (step->target && step->target->part)
        news.rows_total = plan_row_count(step->target->part);
    if (table)
        context_writes(ctx, &news);
    int rc = run_step(step, runner, &rows, err);
    if (rc != TG_OK && step->option)
        rc = error_where(err, rc, "%s", step->option);
    if (rc != TG_OK)
        return table ? error_at(err, rc, AT_TABLE, table) : rc;
    news.rows = rows;
    news.ended = true;
    if (table)
        context_writes(ctx, &news);
    if (table)
        context_log(ctx, TG_LOG_DEBUG, "write",
                    "table '%s': a statement of %" PRIu64 " row%s, %.3f s", table, rows,
                    plural(rows), (double)(context_ticks_us() - started_us) / 1e6);
    if (step->target && step->target->part && tallies)
        count_rows(&tallies[step->target->index], step, rows);
    return TG_OK;
}

/* A test may end the process here, or have each step committed, which must not go well. */
static int pass_step(struct connection *con, struct tg_error *err)
{
    fault_point("after_step");
    if (!fault_forces("commits") || connection_transact(con, TRANSACT_COMMIT, NULL) != TG_OK)
        return TG_OK;
    return connection_transact(con, TRANSACT_BEGIN, err);
}

int plan_run(const struct plan *plan, const struct runner *runner, struct tally *tallies,
             struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < steps_worth(plan, runner); i++) {
        if (is_vain(&plan->steps[i], runner))
            continue;
        TRY(run_counted(&plan->steps[i], runner, tallies, err));
        TRY(pass_step(runner->con, err));
    }
done:
    return rc;
}

/* ---- statements ---- */

int plan_keep(struct plan *plan, const struct sql_scope *scope, const char *pattern,
              const char **out, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    TRY(sql_write(&text, scope, pattern, err));
    TRY(arena_keep(&plan->arena, buf_string(&text), out, err));
done:
    buf_release(&text);
    return rc;
}

int plan_fill(struct plan *plan, const struct delivery *delivery, const struct fill *fill,
              const struct sql_scope *scope, const char *pattern, struct tg_error *err)
{
    int rc = TG_OK;
    const bool kept = !fill->is_temporary;
    struct step step = {.target = fill->target,
                        .count = !kept                ? COUNT_NONE
                                 : fill->leaves_known ? COUNT_NEW
                                                      : COUNT_INSERTED};
    const struct sql_part table =
        kept ? SQL_TABLE("into", fill->table) : SQL_NAME("into", fill->table);
    const struct sql_scope into =
        plan_scope(delivery, SQL_PARTS(table, SQL_NAMES("given", fill->columns)));
    if (delivery->dialect->parquet) {
        TRY(sql_write(&plan->text, &into, "INSERT INTO {into} ({given})\n", err));
    } else {
        step.kind = STEP_FILL;
        step.into = (struct ingest_target){kept ? delivery->manifest->dataset : NULL, fill->table};
    }
    return plan_add_step(plan, &step, scope, pattern, err);
done:
    buf_clear(&plan->text);
    return rc;
}

int plan_insert_all(struct plan *plan, const struct delivery *delivery, const struct chain *chain,
                    struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < chain->count; i++)
        TRY(plan_insert(plan, delivery, &chain->targets[i], err));
done:
    return rc;
}

/* The numbers of the rows that go, where it matters which they are. */
static int write_going(struct plan *plan, const struct delivery *delivery,
                       const struct old_rows *rows, const struct sql_scope *old, const char **out,
                       struct tg_error *err)
{
    int rc = TG_OK;
    struct buf sql = BUF_INIT;
    const struct delete_cost *cost = delivery->dialect->delete_cost;
    if (!cost || !rows->where)
        return TG_OK;
    const struct sql_scope scope = sql_within(old, SQL_PARTS(SQL_PIECE("number", cost->number)));
    TRY(sql_write(&sql, &scope,
                  rows->meets ? "SELECT old.{number}\n"
                                "FROM {table} AS old, {new}\n"
                                "WHERE {which}"
                              : "SELECT {number}\n"
                                "FROM {table}\n"
                                "WHERE {which}",
                  err));
    rc = arena_keep(&plan->arena, buf_string(&sql), out, err);
done:
    buf_release(&sql);
    return rc;
}

int plan_remove(struct plan *plan, const struct delivery *delivery, const struct old_rows *rows,
                enum step_count count, const struct sql_scope *scope, struct tg_error *err)
{
    int rc = TG_OK;
    struct step step = {.target = rows->target, .count = count};
    const char *matched = delivery->dialect->delete_matched;
    const struct sql_scope old =
        sql_within(scope, SQL_PARTS(SQL_TABLE("table", rows->target->table->name),
                                    SQL_PATTERN("which", rows->where)));
    const char *pattern = !rows->where   ? "DELETE FROM {table}"
                          : !rows->meets ? "DELETE FROM {table}\n"
                                           "WHERE {which}"
                          : matched      ? matched
                                         : "DELETE FROM {table} AS old\n"
                                           "USING {new}\n"
                                           "WHERE {which}";
    TRY(keep_removed(plan, rows, scope, err));
    TRY(sample_old(rows, OLD_GOES, scope, plan, err));
    TRY(write_going(plan, delivery, rows, &old, &step.going, err));
    TRY(plan_add_step(plan, &step, &old, pattern, err));
done:
    return rc;
}

/* Neither says how many there were. */
static int remove_at_once(struct plan *plan, const struct target *target, const char *pattern,
                          const struct sql_scope *scope, struct tg_error *err)
{
    int rc = TG_OK;
    const struct step counted = {.kind = STEP_COUNT, .target = target, .count = COUNT_DELETED};
    const struct old_rows all = {.target = target};
    TRY(keep_removed(plan, &all, scope, err));
    TRY(sample_old(&all, OLD_GOES, scope, plan, err));
    TRY(plan_add_step(plan, &counted, scope, "SELECT COUNT(*) FROM {table}", err));
    TRY(plan_add(plan, target, COUNT_NONE, scope, pattern, err));
done:
    return rc;
}

int plan_empty(struct plan *plan, const struct delivery *delivery, const struct target *target,
               enum removal how, struct tg_error *err)
{
    const struct old_rows all = {.target = target};
    const char *truncate = delivery->dialect->truncate;
    const struct sql_scope scope =
        plan_scope(delivery, SQL_PARTS(SQL_TABLE("table", target->table->name)));
    if (!target->there)
        return TG_OK;
    if (how == REMOVE_DROP)
        return remove_at_once(plan, target, "DROP TABLE {table}", &scope, err);
    if (how == REMOVE_TRUNCATE && truncate)
        return remove_at_once(plan, target, truncate, &scope, err);
    return plan_remove(plan, delivery, &all, COUNT_DELETED, &scope, err);
}

int plan_refuse_loss(struct plan *plan, const struct delivery *delivery,
                     const struct target *target, const char *refusal, struct tg_error *err)
{
    const char *lacks = delivery->dialect->like_lacks;
    const struct step step = {.kind = STEP_REFUSE, .target = target, .refusal = refusal};
    const struct sql_scope scope =
        plan_scope(delivery, SQL_PARTS(SQL_TEXT("dataset", delivery->manifest->dataset),
                                       SQL_TEXT("name", target->table->name)));
    return lacks && target->there ? plan_add_step(plan, &step, &scope, lacks, err) : TG_OK;
}

int plan_change(struct plan *plan, const struct old_rows *rows, const char *set,
                enum step_count count, const struct sql_scope *scope, struct tg_error *err)
{
    const struct sql_scope old =
        sql_within(scope, SQL_PARTS(SQL_TABLE("table", rows->target->table->name),
                                    SQL_PATTERN("which", rows->where), SQL_PATTERN("set", set)));
    const struct step step = {.target = rows->target, .count = count, .changes_rows = true};
    int rc = keep_identify(plan, rows, scope, err);
    if (rc == TG_OK)
        rc = keep_removed(plan, rows, scope, err);
    if (rc == TG_OK)
        rc = sample_old(rows, count == COUNT_DELETED ? OLD_ENDED : OLD_CHANGED, scope, plan, err);
    if (rc != TG_OK)
        return rc;
    return plan_add_step(plan, &step, &old,
                         rows->meets ? "UPDATE {table} AS old SET {set}\n"
                                       "FROM {new}\n"
                                       "WHERE {which}"
                                     : "UPDATE {table} SET {set}\n"
                                       "WHERE {which}",
                         err);
}

int plan_clear(struct plan *plan, const struct delivery *delivery, const struct chain *chain,
               struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = chain->count; i-- > 0;)
        TRY(plan_empty(plan, delivery, &chain->targets[i], REMOVE_DELETE, err));
done:
    return rc;
}
