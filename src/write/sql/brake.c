/*
 * A limit to what a load takes away: a step of its plan that takes nothing, but may end it.
 *
 * Path: brake_plan -> plan_run -> brake_check: how many rows go? -> more than a few: how many are
 * there? -> more than the limit: some keys of them, and the load fails as a whole (TG_LIMIT); one
 * that is only tried goes on, and has it among what it exceeds.
 *
 * Where the source had no row at all none may go, for that is what a broken one looks like.
 *
 * It runs within the transaction, so that it counts the very rows that the next step takes. A few
 * may go of any table, for of a small one each is many percent.
 */
#include "write/sql/brake.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text/utf8.h"
#include "write/trial.h"

int brake_plan(struct plan *plan, const struct delivery *delivery, const struct target *root,
               const struct brake *said, const struct sql_scope *scope, const char *counts,
               struct tg_error *err)
{
    int rc = TG_OK;
    struct brake *brake = arena_alloc(&plan->arena, sizeof(*brake));
    const struct step step = {.kind = STEP_BRAKE, .target = root, .brake = brake};
    if (!brake)
        return error_nomem(err);
    *brake = *said;
    TRY(arena_keep(&plan->arena, root->part->resource, &brake->resource, err));
    TRY(arena_keep(&plan->arena, delivery->manifest->dataset, &brake->dataset, err));
    TRY(arena_keep(&plan->arena, root->table->name, &brake->table, err));
    TRY(plan_keep(plan, scope, said->all, &brake->all, err));
    TRY(plan_keep(plan, scope, said->sample, &brake->sample, err));
    TRY(plan_add_step(plan, &step, scope, counts, err));
done:
    return rc;
}

static int fetch_count(struct connection *con, const char *sql, uint64_t *out, struct tg_error *err)
{
    struct text_rows rows = {0};
    int rc = connection_fetch(con, sql, &rows, err);
    *out = rows.row_count == 1 ? strtoull(text_cell(&rows, 0, 0), NULL, 10) : 0;
    text_rows_release(&rows);
    return rc;
}

enum { SAMPLE_BYTES_MAX = 60 };

/* id 1; id 2; ... */
static void list_samples(const struct brake *brake, const struct text_rows *rows, uint64_t going,
                         struct buf *out)
{
    for (size_t r = 0; r < rows->row_count; r++) {
        buf_text(out, r > 0 ? "; " : "");
        for (size_t c = 0; c < rows->column_count; c++) {
            const char *cell = text_cell(rows, r, c) ? text_cell(rows, r, c) : "NULL";
            buf_printf(out, "%s%s %.*s", c > 0 ? ", " : "", brake->names[c],
                       (int)utf8_cut(cell, strnlen(cell, SAMPLE_BYTES_MAX)), cell);
        }
    }
    if (!brake->sums_up && rows->row_count < going)
        buf_text(out, "; ...");
}

static int add_samples(const struct brake *brake, uint64_t going, struct connection *con,
                       struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0};
    TRY(connection_fetch(con, brake->sample, &rows, err));
    list_samples(brake, &rows, going, out);
    buf_text(out, ")");
    rc = buf_check(out, err);
done:
    text_rows_release(&rows);
    return rc;
}

static struct limit limit_of(const struct write_order *order, const char *resource)
{
    struct limit limit = order->limits(order->user, resource).absent;
    if (!limit.is_set)
        (void)!limit_read(LIMIT_ABSENT, LIMIT_ROWS_DELETED, &limit);
    return limit;
}

/* What goes, and some of it. */
static int describe(const struct brake *brake, uint64_t going, uint64_t all, struct connection *con,
                    struct buf *out, struct tg_error *err)
{
    buf_printf(out, "%" PRIu64 " of the %" PRIu64 " rows of table '%s' (dataset '%s') %s (", going,
               all, brake->table, brake->dataset, brake->going);
    return add_samples(brake, going, con, out, err);
}

static int refuse_nothing(const struct brake *brake, uint64_t going, struct connection *con,
                          struct buf *out, struct tg_error *err)
{
    buf_printf(out, "%" PRIu64 " row%s of table '%s' would go (", going, plural(going),
               brake->table);
    int rc = add_samples(brake, going, con, out, err);
    if (rc != TG_OK)
        return rc;
    return error_set(err, TG_DATA,
                     "the source has no row at all, so that %s; nothing was written: look whether "
                     "the source is right, or say deletes: {allow_empty: true}",
                     buf_string(out));
}

/* A load that is tried goes on: it is to show all that would go. */
static int refuse(const struct brake *brake, const struct tg_plan_excess *excess,
                  struct trial *trial, struct tg_error *err)
{
    if (trial)
        return trial_add_excess(trial, excess, err);
    return error_set(err, TG_LIMIT, "%s; the limit is %" PRIu64 ", and nothing was written: %s",
                     excess->what, excess->allowed, brake->advice);
}

int brake_check(const struct brake *brake, const char *going, struct connection *con,
                const struct write_order *order, struct tg_error *err)
{
    int rc = TG_OK;
    uint64_t count = 0, all = 0;
    struct buf what = BUF_INIT;
    const bool is_limited = order && order->limits;
    if (!is_limited && !brake->from_nothing)
        return TG_OK;
    TRY(fetch_count(con, going, &count, err));
    if (brake->from_nothing && count > 0)
        TRY(refuse_nothing(brake, count, con, &what, err));
    if (!is_limited)
        goto done;
    const struct limit limit = limit_of(order, brake->resource);
    if (count <= limit_most(&limit, 0))
        goto done;
    TRY(fetch_count(con, brake->all, &all, err));
    if (count <= limit_most(&limit, all))
        goto done;
    TRY(describe(brake, count, all, con, &what, err));
    const struct tg_plan_excess excess = {.limit = brake->limit,
                                          .resource = brake->resource,
                                          .table = brake->table,
                                          .found = count,
                                          .allowed = limit_most(&limit, all),
                                          .what = buf_string(&what)};
    rc = refuse(brake, &excess, order->trial, err);
done:
    buf_release(&what);
    return rc;
}
