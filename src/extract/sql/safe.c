/*
 * Up to which value of its cursor a resource may be read.
 *
 * Path: safe_begin -> horizon_take -> the source's snapshot -> safe_ceiling: find_obstacle ->
 * find_limit (what later transactions exceed) -> rule (what those that are open may bring) ->
 * count_held -> raise or warn, when rows have waited too long -> keep_known.
 *
 * horizon.c shows that transactions which are not listed bring values above the limit only. Of
 * those that are, a time by now() is not below the start of its transaction, where that is known.
 * Else, and for numbers, nobody knows what they bring, and what is kept helps: an earlier run had a
 * limit, too, and knew who was open. When all of them have ended, all up to that limit is there. A
 * number of a sequence is brought only by who has it locked. Up to the ceiling is safe, not below
 * it: a cursor reads rows at its last value again.
 */
#include "extract/sql/safe.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/time.h"
#include "extract/sql/reader.h"

/* What an earlier run has left. */
struct known {
    yyjson_doc *doc;
    yyjson_val *open; /* the ids of those that were open; NULL: nothing was left */
    int64_t limit;
    int64_t since_us;
};

struct look {
    const struct safe_request *request;
    struct selection *selection;
    const struct horizon *horizon; /* NULL: there is none */
    bool is_time, is_local;
    struct column_counter counter; /* of a number */
    bool has_limit;
    int64_t limit; /* none: nothing was there */
    struct known known;
    uint64_t held, far; /* rows above the ceiling; above all that may be expected */
    /* of rule */
    const struct open_transaction *unknown; /* one of whom nobody knows what it brings */
    bool is_old;                            /* one of those was open before, too */
    const struct open_transaction *late;    /* one that has kept rows waiting too long */
};

/* ---- the horizon ---- */

int safe_mark(struct connection *con, struct tg_error *err)
{
    const struct horizon_driver *driver = horizon_driver(con);
    return driver ? driver->mark(con, err) : TG_OK;
}

int safe_begin(struct connection *con, const struct location *where, struct safe *out,
               struct tg_error *err)
{
    int rc = TG_OK;
    *out = (struct safe){0};
    if (!horizon_driver(con))
        return TG_OK;
    TRY(connection_open(con->ctx, where, false, &out->before, err));
    if (!out->before)
        TRY(error_set(err, TG_SOURCE, "the database is gone"));
    TRY(connection_transact(out->before, TRANSACT_LOOK, err));
    TRY(horizon_take(out->before, con, &out->horizon, err));
done:
    return rc;
}

void safe_end(struct safe *safe)
{
    horizon_release(&safe->horizon);
    connection_close(safe->before);
    *safe = (struct safe){0};
}

/* ---- what cannot be ---- */

static const char *find_obstacle(const struct look *look)
{
    const struct horizon *horizon = look->horizon;
    const struct type_spec *type = &look->selection->cursor_type;
    if (!horizon)
        return "the database does not tell which transactions are open";
    if (horizon->obstacle)
        return horizon->obstacle;
    if (type->type != TYPE_BIGINT && (type->type != TYPE_TIMESTAMP || type_is_nanoseconds(type)))
        return "its values are neither timestamps nor integers";
    if (look->counter.is_gapped)
        return "its sequence hands out numbers ahead or downwards (CACHE above 1, or a negative "
               "INCREMENT), so that smaller ones may come at any time";
    return NULL;
}

static int refuse(const struct look *look, const char *obstacle, struct tg_error *err)
{
    const struct safe_request *request = look->request;
    const char *column = look->selection->cursor_column;
    if (request->asked->wanted == TG_YES)
        return error_set(err, TG_SPEC,
                         "commit_safe: cursor '%s' cannot be safe: %s; set commit_safe: false",
                         column, obstacle);
    if (horizon_driver(request->con))
        context_log(request->con->ctx, TG_LOG_WARNING, "cursor",
                    "resource '%s', cursor '%s': %s; rows of transactions that are open during a "
                    "run may be lost. commit_safe: false says that this is known",
                    request->resource, column, obstacle);
    return TG_OK;
}

/* ---- the limit ---- */

static int find_counter(struct look *look, struct arena *arena, struct tg_error *err)
{
    const struct selection *selection = look->selection;
    const struct horizon *horizon = look->horizon;
    const struct column_place place = {selection->schema, selection->table,
                                       selection->cursor_column};
    look->counter.names = "";
    if (!horizon || horizon->obstacle || look->is_time || !selection->table)
        return TG_OK;
    return horizon_driver(look->request->con)
        ->counter(horizon->before, &place, arena, &look->counter, err);
}

static int64_t of_moment(const struct look *look, struct moment moment)
{
    return look->is_local ? moment.local_us : moment.utc_us;
}

/* Numbers that are drawn later are above all that were there before anybody was looked for. */
static int find_limit(struct look *look, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf sql = BUF_INIT;
    struct text_rows rows = {0};
    const struct horizon *horizon = look->horizon;
    look->limit = of_moment(look, horizon->clock);
    look->has_limit = look->is_time;
    if (look->is_time)
        return TG_OK;
    TRY(select_write_highest(&sql, look->selection, err));
    TRY(connection_fetch(horizon->before, buf_string(&sql), &rows, err));
    const char *highest = rows.row_count > 0 ? text_cell(&rows, 0, 0) : NULL;
    look->has_limit = highest;
    look->limit = highest ? strtoll(highest, NULL, 10) : 0;
done:
    text_rows_release(&rows);
    buf_release(&sql);
    return rc;
}

/* ---- what is kept ---- */

static int read_known(struct look *look, struct tg_error *err)
{
    const char *text = look->request->asked->known;
    struct known *known = &look->known;
    if (!text)
        return TG_OK;
    int rc = json_parse(text, strlen(text), "what is kept with the cursor", &known->doc, err);
    if (rc != TG_OK)
        return rc;
    yyjson_val *root = yyjson_doc_get_root(known->doc);
    yyjson_val *open = yyjson_obj_get(root, "open"), *limit = yyjson_obj_get(root, "limit");
    known->limit = yyjson_get_sint(limit);
    known->since_us = json_get_int(root, "since_us", 0);
    known->open = yyjson_is_arr(open) && yyjson_is_int(limit) ? open : NULL;
    return TG_OK;
}

/* Was it open before? A prepared one may have been, by another id. */
static bool was_open(const struct look *look, const struct open_transaction *open)
{
    size_t count = look->known.open ? yyjson_arr_size(look->known.open) : 0;
    for (size_t i = 0; i < count; i++)
        if (open->is_prepared || yyjson_equals_str(yyjson_arr_get(look->known.open, i), open->id))
            return true;
    return false;
}

/* ---- what those that are open may bring ---- */

static bool counts(const struct look *look, const struct open_transaction *open)
{
    return look->is_time || !*look->counter.names ||
           counters_meet(open->counters, look->counter.names);
}

static bool is_late(const struct look *look, const struct open_transaction *open)
{
    int64_t now_us = look->horizon->clock.utc_us, since_us = open->seen_us;
    if (since_us == 0)
        since_us = was_open(look, open) ? look->known.since_us : now_us;
    return now_us - since_us > look->request->asked->wait_us;
}

static void set_ceiling(struct look *look, int64_t limit)
{
    struct selection *selection = look->selection;
    selection->ceiling = CEILING_VALUE;
    selection->ceiling_value = (struct tg_value){
        .kind = look->is_time ? TG_VALUE_TIMESTAMP : TG_VALUE_INT64, .int64 = limit};
}

/* The ceiling with those that are open; `patient`: also those that are late. */
static void rule(struct look *look, bool patient)
{
    const struct horizon *horizon = look->horizon;
    int64_t limit = look->limit;
    look->late = look->unknown = NULL;
    look->is_old = false;
    for (size_t i = 0; i < horizon->open_count; i++) {
        const struct open_transaction *open = &horizon->open[i];
        bool late = is_late(look, open);
        if (!counts(look, open) || (late && !patient))
            continue;
        look->late = late && !look->late ? open : look->late;
        if (!look->is_time || !open->is_timed) {
            look->unknown = open;
            look->is_old = look->is_old || was_open(look, open);
        } else if (of_moment(look, open->since) < limit) {
            limit = of_moment(look, open->since);
        }
    }
    if (look->unknown && look->known.open && look->known.limit < limit)
        limit = look->known.limit;
    set_ceiling(look, limit);
    if (!look->has_limit || (look->unknown && (look->is_old || !look->known.open)))
        look->selection->ceiling = CEILING_START;
}

/* ---- what waits ---- */

static int count_held(struct look *look, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf sql = BUF_INIT;
    struct text_rows rows = {0};
    struct tg_value far = {.kind = TG_VALUE_NONE};
    if (look->is_time &&
        !__builtin_add_overflow(look->limit, look->request->asked->wait_us, &far.int64))
        far.kind = TG_VALUE_TIMESTAMP;
    TRY(select_write_held(&sql, look->selection, &far, err));
    TRY(connection_fetch(look->request->con, buf_string(&sql), &rows, err));
    look->held = strtoull(text_cell(&rows, 0, 0), NULL, 10);
    look->far = strtoull(text_cell(&rows, 0, 1), NULL, 10);
done:
    text_rows_release(&rows);
    buf_release(&sql);
    return rc;
}

/* Stops the run or warns, as it is wanted. */
static int complain(const struct look *look, const char *text, struct tg_error *err)
{
    const struct safe_request *request = look->request;
    if (request->asked->on_wait == TG_WAIT_RAISE)
        return error_set(err, TG_SOURCE, "%s", text);
    context_log(request->con->ctx, TG_LOG_WARNING, "cursor", "resource '%s': %s", request->resource,
                text);
    return TG_OK;
}

static int complain_of_late(const struct look *look, struct tg_error *err)
{
    struct buf text = BUF_INIT;
    const struct open_transaction *late = look->late;
    bool warns = look->request->asked->on_wait == TG_WAIT_WARN;
    buf_printf(&text,
               "%" PRIu64 " row%s too long for a transaction that may still bring rows "
               "with smaller values of cursor '%s': %s, open ",
               look->held, look->held == 1 ? " waits" : "s wait", look->selection->cursor_column,
               late->who);
    buf_text(&text, late->seen_us ? "since " : "at least since ");
    time_format_timestamp_z(&text, late->seen_us ? late->seen_us : look->known.since_us);
    buf_printf(&text, "; end it (%s)%s", late->remedy,
               warns ? ": what waits is loaded now, and rows that it still brings may be lost"
                     : ", give it more time (commit_safe_wait), or go on without what it brings "
                       "(on_commit_safe_wait: warn)");
    int rc = buf_check(&text, err);
    rc = rc == TG_OK ? complain(look, buf_string(&text), err) : rc;
    buf_release(&text);
    return rc;
}

/* Times that the server's clock has not reached are not set by now(). */
static int complain_of_clock(const struct look *look, struct tg_error *err)
{
    struct buf text = BUF_INIT;
    const struct tg_value *start = &look->selection->cursor->start;
    const char *column = look->selection->cursor_column;
    bool back = look->is_time && look->request->asked->resumes &&
                start->kind == TG_VALUE_TIMESTAMP && start->int64 > look->limit;
    if (!back && look->far == 0)
        return TG_OK;
    if (back)
        buf_printf(&text, "cursor '%s' has reached ", column);
    else
        buf_printf(&text, "%" PRIu64 " row%s a cursor '%s' far above ", look->far,
                   look->far == 1 ? " has" : "s have", column);
    time_format_timestamp_z(&text, back ? start->int64 : look->limit);
    if (back) {
        buf_text(&text, ", but the server's clock says ");
        time_format_timestamp_z(&text, look->limit);
        buf_text(&text, ": rows that are written meanwhile get values that are passed already. "
                        "Correct the clock, and read all again with --full-refresh");
    } else {
        buf_text(&text, ", which is the time at the server: they would wait until then. "
                        "If the values are no times of writing, set commit_safe: false");
    }
    int rc = buf_check(&text, err);
    rc = rc == TG_OK ? complain(look, buf_string(&text), err) : rc;
    buf_release(&text);
    return rc;
}

/* What is there would go, and nothing come. */
static int check_replaced(const struct look *look, struct tg_error *err)
{
    if (!look->request->replaces || !look->unknown || look->selection->ceiling != CEILING_START ||
        look->held == 0)
        return TG_OK;
    return error_set(
        err, TG_SOURCE,
        "none of %" PRIu64 " row%s can be read yet without rows that are open being "
        "passed by, and the table would be left empty: %s; run again when it has ended",
        look->held, plural(look->held), look->unknown->who);
}

/* ---- what is to be kept ---- */

/* Who is open of whom nobody knows what it brings, and the limit that holds once they have ended.
 * As long as one of those that were kept is open they stay. */
static int keep_known(const struct look *look, struct buf *out, struct tg_error *err)
{
    const struct horizon *horizon = look->horizon;
    bool warns = look->request->asked->on_wait == TG_WAIT_WARN;
    if (look->held == 0 || !look->unknown || look->is_old || !look->has_limit)
        return TG_OK;
    buf_char(out, '{');
    json_put_int(out, "limit", look->limit);
    json_put_int(out, "since_us", horizon->clock.utc_us);
    json_put_key(out, "open");
    buf_char(out, '[');
    for (size_t i = 0, put = 0; i < horizon->open_count; i++) {
        const struct open_transaction *open = &horizon->open[i];
        if (!counts(look, open) || (look->is_time && open->is_timed) ||
            (warns && is_late(look, open)))
            continue;
        buf_text(out, put++ > 0 ? "," : "");
        json_string(out, open->id, strlen(open->id));
    }
    buf_text(out, "]}");
    return buf_check(out, err);
}

/* ---- the whole ---- */

static int rule_and_count(struct look *look, struct tg_error *err)
{
    int rc = TG_OK;
    rule(look, true);
    TRY(count_held(look, err));
    TRY(complain_of_clock(look, err));
    if (look->held == 0 || !look->late)
        goto done;
    TRY(complain_of_late(look, err));
    rule(look, false);
    TRY(count_held(look, err));
done:
    return rc;
}

int safe_ceiling(const struct safe_request *request, struct selection *selection,
                 struct tg_error *err)
{
    int rc = TG_OK;
    struct arena arena;
    struct held_rows *held = request->asked->held;
    struct look look = {.request = request,
                        .selection = selection,
                        .horizon = request->safe->before ? &request->safe->horizon : NULL,
                        .is_time = selection->cursor_type.type == TYPE_TIMESTAMP,
                        .is_local = selection->cursor_type.naive};
    arena_init(&arena);
    TRY(find_counter(&look, &arena, err));
    const char *obstacle = find_obstacle(&look);
    if (obstacle || !held) {
        rc = obstacle ? refuse(&look, obstacle, err) : TG_OK;
        goto done;
    }
    TRY(read_known(&look, err));
    TRY(find_limit(&look, err));
    TRY(rule_and_count(&look, err));
    TRY(check_replaced(&look, err));
    held->count = look.held;
    TRY(keep_known(&look, &held->known, err));
done:
    yyjson_doc_free(look.known.doc);
    arena_release(&arena);
    return rc;
}
