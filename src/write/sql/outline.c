/*
 * What a load would do.
 *
 * Path: of one that is tried (write.c), its plans as they were run: outline_changes, outline_steps,
 * outline_excesses. Of one without rows, outline_load: describe -> ddl_settle (asks the data about
 * a lossy widening) -> ddl_plan, keep_plan -> the dispositions' statements -> record_plan,
 * keep_record; none is run.
 *
 * Statements that read files name them as they would lie in a package; which there will be is not
 * known before rows are read.
 */
#include "write/sql/outline.h"

#include <string.h>

#include "write/disposition.h"
#include "write/sql/absent.h"
#include "write/sql/ddl.h"
#include "write/sql/keep.h"
#include "write/sql/ledger.h"
#include "write/sql/rebase.h"
#include "write/sql/record.h"
#include "write/sql/rights.h"
#include "write/sql/shared.h"

#define PACKAGE "PACKAGE"

int outline_changes(const struct delivery *delivery, struct trial *trial, struct tg_error *err)
{
    int rc = TG_OK;
    for (const struct schema_change *at = delivery->changes; at; at = at->next) {
        const struct tg_plan_change change = {.resource = at->target->part->resource,
                                              .table = at->target->table->name,
                                              .column = at->column,
                                              .type = at->type,
                                              .type_before = at->before,
                                              .is_new_table = !at->target->there};
        TRY(trial_add_change(trial, &change, err));
    }
done:
    return rc;
}

/* Without the folder that a package lies in, which is another one each time. */
static int name_package(const struct delivery *delivery, const char *sql, struct buf *out,
                        struct tg_error *err)
{
    const char *path = delivery->package_path, *found;
    buf_clear(out);
    for (; (found = strstr(sql, path)); sql = found + strlen(path)) {
        buf_append(out, sql, (size_t)(found - sql));
        buf_text(out, PACKAGE);
    }
    buf_text(out, sql);
    return buf_check(out, err);
}

int outline_steps(const struct delivery *delivery, const char *phase, const struct plan *plan,
                  struct trial *trial, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf sql = BUF_INIT;
    for (size_t i = 0; i < plan->count; i++) {
        const struct step *step = &plan->steps[i];
        if (step->is_aside)
            continue;
        TRY(name_package(delivery, step->sql, &sql, err));
        const struct tg_plan_statement statement = {
            .phase = phase,
            .table = step->target ? step->target->table->name : NULL,
            .sql = buf_string(&sql),
            .by_engine = step->kind == STEP_READ || step->kind == STEP_FILL,
            .into = step->kind == STEP_FILL ? step->into.table : NULL};
        TRY(trial_add_statement(trial, &statement, err));
    }
done:
    buf_release(&sql);
    return rc;
}

int outline_excesses(const struct excesses *excesses, struct trial *trial, struct tg_error *err)
{
    int rc = TG_OK;
    for (const struct excess *at = excesses->first; at; at = at->next) {
        const struct tg_plan_excess excess = {.limit = limit_name(at->kind),
                                              .resource = at->resource,
                                              .table = at->table,
                                              .column = at->column,
                                              .found = at->found,
                                              .allowed = at->most,
                                              .what = at->what};
        TRY(trial_add_excess(trial, &excess, err));
    }
done:
    return rc;
}

/* ---- without rows ---- */

struct outline {
    struct delivery delivery;
    struct plan schema, stage, rows, ledger;
    struct excesses excesses;
};

static int plan_rows(struct outline *outline, bool creates_indexes, struct tg_error *err)
{
    int rc = TG_OK;
    struct delivery *delivery = &outline->delivery;
    for (size_t i = 0; i < delivery->chain_count; i++) {
        const struct chain *chain = &delivery->chains[i];
        if (chain->driver->stage)
            TRY(chain->driver->stage(delivery, chain, &outline->stage, err));
        TRY(absent_stage(delivery, chain, &outline->stage, err));
        TRY(absent_apply(delivery, chain, &outline->rows, err));
        TRY(chain->driver->apply(delivery, chain, &outline->rows, err));
        TRY(keep_left(delivery, chain, &outline->rows, err));
    }
    if (creates_indexes)
        TRY(ddl_plan_indexes(delivery, &outline->rows, err));
done:
    return rc;
}

static int plan_ledger(struct outline *outline, struct tg_error *err)
{
    int rc = TG_OK;
    const struct manifest *manifest = outline->delivery.manifest;
    struct write_table_counts *counts = mem_calloc(manifest->table_count + 1, sizeof(*counts));
    if (!counts)
        return error_nomem(err);
    for (size_t i = 0; i < manifest->table_count; i++)
        counts[i].table = manifest->tables[i].name;
    TRY(record_plan(&outline->delivery, counts, NULL, manifest->created_us, &outline->ledger, err));
    TRY(keep_record(&outline->delivery, &outline->delivery, &outline->ledger, err));
done:
    mem_free(counts);
    return rc;
}

static int take_down(const struct outline *outline, struct trial *trial, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(outline_changes(&outline->delivery, trial, err));
    TRY(outline_steps(&outline->delivery, "stage", &outline->stage, trial, err));
    TRY(outline_steps(&outline->delivery, "schema", &outline->schema, trial, err));
    TRY(outline_steps(&outline->delivery, "rows", &outline->rows, trial, err));
    TRY(outline_steps(&outline->delivery, "ledger", &outline->ledger, trial, err));
    TRY(outline_excesses(&outline->excesses, trial, err));
done:
    return rc;
}

static void outline_release(struct outline *outline)
{
    delivery_release(&outline->delivery);
    plan_release(&outline->schema);
    plan_release(&outline->stage);
    plan_release(&outline->rows);
    plan_release(&outline->ledger);
    excesses_release(&outline->excesses);
}

/* What earlier loads have left that matters for this one: a schema, rows kept for their undo. */
static int look_back(struct delivery *delivery, struct connection *con, struct tg_error *err)
{
    int rc = TG_OK;
    struct ledger newest;
    const struct manifest *manifest = delivery->manifest;
    ledger_init(&newest);
    if (con)
        TRY(ledger_schema(con, manifest->dataset, &delivery->described, manifest->schema, &newest,
                          err));
    TRY(rebase_follow(delivery, &newest, err));
    if (con)
        TRY(keep_read(con, manifest, &delivery->described, &delivery->arena, &delivery->kept, err));
done:
    ledger_release(&newest);
    return rc;
}

int outline_load(struct connection *con, const struct dialect *dialect, bool creates_indexes,
                 const struct manifest *manifest, const struct write_order *order,
                 struct tg_error *err)
{
    int rc = TG_OK;
    struct outline outline = {.delivery = {0}};
    struct described there = {.folds_case = dialect->folds_case};
    plan_init(&outline.schema);
    plan_init(&outline.stage);
    plan_init(&outline.rows);
    plan_init(&outline.ledger);
    arena_init(&outline.excesses.arena);
    if (con)
        TRY(connection_describe(con, manifest->dataset, NULL, &there, err));
    TRY(delivery_init(&outline.delivery, dialect, PACKAGE, manifest, &there, NULL, err));
    TRY(look_back(&outline.delivery, con, err));
    if (con)
        TRY(shared_check(&outline.delivery, con, err));
    if (con)
        TRY(ddl_settle(&outline.delivery, con, err));
    TRY(ddl_plan(&outline.delivery, &outline.schema, err));
    TRY(keep_plan(&outline.delivery, &outline.schema, err));
    TRY(plan_rows(&outline, creates_indexes, err));
    TRY(plan_ledger(&outline, err));
    TRY(excess_of_schema(&outline.delivery, order, &outline.excesses, err));
    TRY(take_down(&outline, order->trial, err));
    const struct plan *const plans[] = {&outline.schema, &outline.stage, &outline.rows,
                                        &outline.ledger};
    if (con && order->checks_rights)
        TRY(rights_check(con, manifest->dataset, plans, sizeof(plans) / sizeof(plans[0]), err));
done:
    outline_release(&outline);
    return rc;
}
