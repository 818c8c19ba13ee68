/*
 * A limit to what a load takes away: a step of its plan that takes nothing, but may end it.
 *
 * Path: plan_run -> brake_check: how many rows go? -> more than a few: how many are there? -> more
 * than the limit: some keys of them, and the load fails as a whole (TG_LIMIT).
 *
 * It runs within the transaction, so that it counts the very rows that the next step takes. A few
 * may go of any table, for of a small one each is many percent.
 */
#include "write/sql/brake.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text/utf8.h"

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
static void list_samples(const struct brake *brake, const struct text_rows *rows, struct buf *out)
{
    for (size_t r = 0; r < rows->row_count; r++) {
        buf_text(out, r > 0 ? "; " : "");
        for (size_t c = 0; c < rows->column_count; c++) {
            const char *cell = text_cell(rows, r, c) ? text_cell(rows, r, c) : "NULL";
            buf_printf(out, "%s%s %.*s", c > 0 ? ", " : "", brake->names[c],
                       (int)utf8_cut(cell, strnlen(cell, SAMPLE_BYTES_MAX)), cell);
        }
    }
    if (rows->row_count == BRAKE_SAMPLES)
        buf_text(out, "; ...");
}

static struct limit limit_of(const struct write_order *order, const char *resource)
{
    struct limit limit = order->limits(order->user, resource).absent;
    if (!limit.is_set)
        (void)!limit_read(LIMIT_ABSENT, LIMIT_ROWS_DELETED, &limit);
    return limit;
}

static int refuse(const struct brake *brake, uint64_t going, uint64_t all, uint64_t most,
                  struct connection *con, struct tg_error *err)
{
    int rc = TG_OK;
    struct text_rows rows = {0};
    struct buf samples = BUF_INIT;
    TRY(connection_fetch(con, brake->sample, &rows, err));
    list_samples(brake, &rows, &samples);
    TRY(buf_check(&samples, err));
    rc = error_set(err, TG_LIMIT,
                   "%" PRIu64 " of the %" PRIu64 " rows of table '%s' (dataset '%s') are absent "
                   "from the source (%s); the limit is %" PRIu64 ", and nothing was written: look "
                   "whether the source has all of its rows; if they are to go, raise 'limit' of "
                   "'deletes', or run with --accept-limits",
                   going, all, brake->table, brake->dataset, buf_string(&samples), most);
done:
    buf_release(&samples);
    text_rows_release(&rows);
    return rc;
}

int brake_check(const struct brake *brake, const char *going, struct connection *con,
                const struct write_order *order, struct tg_error *err)
{
    int rc = TG_OK;
    uint64_t count = 0, all = 0;
    if (!order || !order->limits)
        return TG_OK;
    const struct limit limit = limit_of(order, brake->resource);
    TRY(fetch_count(con, going, &count, err));
    if (count <= limit_most(&limit, 0))
        goto done;
    TRY(fetch_count(con, brake->all, &all, err));
    if (count > limit_most(&limit, all))
        rc = refuse(brake, count, all, limit_most(&limit, all), con, err);
done:
    return rc;
}
