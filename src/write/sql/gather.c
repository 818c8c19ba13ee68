/*
 * Rows that go, brought together before the load that takes them away.
 *
 * Path: gathering_begin -> gathering_ask (weigh: which pieces of the table do the rows touch?) ->
 * gathering_run -> gather_table: note them in a temporary table -> from the table's end on, groups
 * of rows as long as they fit -> gather_some, a transaction of its own.
 *
 * That moves rows and changes none. A number that means another row by now, because somebody has
 * written to the table meanwhile, moves a row in vain. It begins at the end since a database that
 * tidies up behind a commit moves what comes after the place.
 */
#include "write/sql/gather.h"

#include <string.h>
#include <strings.h>

#include "base/fault.h"
#include "data/sheet.h"

#define NOTED_TABLE "_tidegate_going"

static const char *const noted_names[] = {"number"};
static const struct type_spec noted_types[] = {{.type = TYPE_BIGINT}};

struct gathered {
    struct gathered *next;
    char *table;
    const struct delete_cost *cost;
    uint8_t *pieces; /* of the table: does a row of it go? */
    size_t piece_count;
    struct sheet rows; /* their numbers, as long as there is room */
    size_t row_count;
    bool stays; /* they stay where they are */
};

static void free_gathered(struct gathered *gathered)
{
    if (!gathered)
        return;
    sheet_release(&gathered->rows);
    mem_free(gathered->pieces);
    mem_free(gathered->table);
    mem_free(gathered);
}

void gathering_init(struct gathering *gathering, struct connection *con, const char *dataset)
{
    const size_t budget = con->ctx->memory_bytes_max;
    *gathering = (struct gathering){.con = con,
                                    .dataset = dataset,
                                    .most = budget / 16 * 5,
                                    .rows_max = budget / 8 / sizeof(int64_t)};
    if (fault_forces("gather"))
        gathering->most = 0;
}

void gathering_release(struct gathering *gathering)
{
    while (gathering->first) {
        struct gathered *next = gathering->first->next;
        free_gathered(gathering->first);
        gathering->first = next;
    }
}

/* ---- what a DELETE holds ---- */

static size_t group_pieces(const struct delete_cost *cost)
{
    return cost->group_rows / cost->piece_rows;
}

/* Of a group in which so many pieces are touched. */
static size_t group_bytes(const struct delete_cost *cost, size_t touched)
{
    return (touched + cost->block_pieces - 1) / cost->block_pieces * cost->block_bytes;
}

/* Of a table that is touched everywhere. */
static size_t table_bytes(const struct delete_cost *cost, uint64_t row_count)
{
    size_t groups = (size_t)((row_count + cost->group_rows - 1) / cost->group_rows);
    return groups * group_bytes(cost, group_pieces(cost));
}

/* Of the group that begins with this piece. */
static size_t touched_bytes(const struct gathered *gathered, size_t first)
{
    size_t touched = 0, end = first + group_pieces(gathered->cost);
    for (size_t i = first; i < end && i < gathered->piece_count; i++)
        touched += gathered->pieces[i];
    return group_bytes(gathered->cost, touched);
}

static size_t all_bytes(const struct gathered *gathered)
{
    size_t bytes = 0;
    for (size_t i = 0; i < gathered->piece_count; i += group_pieces(gathered->cost))
        bytes += touched_bytes(gathered, i);
    return bytes;
}

/* Of so many rows that stand together, wherever that begins. */
static size_t together_bytes(const struct delete_cost *cost, size_t row_count)
{
    return group_bytes(cost, row_count / cost->piece_rows + 2);
}

/* To begin the load again must be worth it: many small tables hold a piece each, and will. */
static bool gains(const struct gathering *gathering, const struct gathered *gathered, size_t bytes)
{
    return bytes >= together_bytes(gathered->cost, gathered->row_count) + gathering->most / 16;
}

void gathering_begin(struct gathering *gathering, const struct plan *plan)
{
    const struct delete_cost *cost = gathering->con->dialect->delete_cost;
    size_t bytes = 0;
    for (size_t i = 0; cost && i < plan->count; i++) {
        const struct step *step = &plan->steps[i];
        if (step->going && step->target->there)
            bytes += table_bytes(cost, step->target->there->row_count);
    }
    gathering->weighs = bytes > gathering->most && !gathering->was_run;
    gathering->is_wanted = false;
    gathering->held = 0;
}

/* ---- which rows ---- */

/* A column of that name stands before the rows' numbers. */
static bool has_numbers(const struct described_table *there, const struct delete_cost *cost)
{
    for (size_t i = 0; i < there->column_count; i++)
        if (strcasecmp(there->columns[i].name, cost->number) == 0)
            return false;
    return there->row_count > 0;
}

static struct gathered *find(const struct gathering *gathering, const char *table)
{
    struct gathered *at = gathering->first;
    while (at && strcmp(at->table, table) != 0)
        at = at->next;
    return at;
}

static int make(const struct described_table *there, const struct delete_cost *cost,
                struct gathered **out, struct tg_error *err)
{
    struct gathered *made = mem_calloc(1, sizeof(*made));
    *out = made;
    if (!made)
        return error_nomem(err);
    made->cost = cost;
    made->piece_count = (size_t)(there->row_count / cost->piece_rows) + 1;
    made->pieces = mem_calloc(made->piece_count, sizeof(*made->pieces));
    made->table = mem_strdup(there->name);
    if (!made->pieces || !made->table)
        return error_nomem(err);
    return sheet_init(&made->rows, noted_names, noted_types, 1, err);
}

/* Rows that this transaction has put in have numbers beyond all others, and will not be there. */
static int note_row(struct gathered *gathered, int64_t number, size_t rows_max,
                    struct tg_error *err)
{
    const size_t piece = (size_t)number / gathered->cost->piece_rows;
    if (number < 0 || piece >= gathered->piece_count)
        return TG_OK;
    gathered->pieces[piece] = 1;
    if (++gathered->row_count > rows_max)
        return TG_OK;
    sheet_int64(&gathered->rows, 0, number);
    return sheet_end_row(&gathered->rows, err);
}

static int note_batch(struct gathered *gathered, const struct ArrowSchema *schema,
                      const struct ArrowArray *batch, size_t rows_max, struct tg_error *err)
{
    int rc = TG_OK;
    int64_t number = 0;
    for (int64_t row = 0; row < batch->length; row++) {
        if (!value_int64(schema->children[0], batch->children[0], row, &number))
            TRY(error_set(err, TG_INTERNAL, "rows of '%s' have no numbers", gathered->table));
        TRY(note_row(gathered, number, rows_max, err));
    }
done:
    return rc;
}

static int note(const struct gathering *gathering, const char *going, struct gathered *gathered,
                struct tg_error *err)
{
    int rc = TG_OK;
    bool end = false;
    struct ArrowSchema schema = {0};
    struct ArrowArray batch = {0};
    struct ArrowArrayStream stream = {0};
    TRY(connection_query(gathering->con, going, &stream, err));
    TRY(stream_schema(&stream, TG_DESTINATION, &schema, err));
    while (!end) {
        TRY(stream_next(&stream, TG_DESTINATION, &batch, &end, err));
        if (end)
            break;
        TRY(note_batch(gathered, &schema, &batch, gathering->rows_max, err));
        array_release(&batch);
    }
done:
    array_release(&batch);
    schema_release(&schema);
    stream_release(&stream);
    return rc;
}

/* Rows of which something hangs stay where they are, and so do more than can be noted. */
static int find_stays(const struct gathering *gathering, const struct gathered *gathered,
                      bool *stays, struct tg_error *err)
{
    struct text_rows why = {0};
    const struct sql_scope scope = {.dialect = gathering->con->dialect,
                                    .parts = SQL_PARTS(SQL_TEXT("dataset", gathering->dataset),
                                                       SQL_TEXT("name", gathered->table))};
    int rc = sql_fetch(gathering->con, &scope, gathered->cost->stays, &why, err);
    *stays = why.row_count > 0 || gathered->row_count > gathering->rows_max;
    text_rows_release(&why);
    return rc;
}

static void keep(struct gathering *gathering, struct gathered **made)
{
    (*made)->next = gathering->first;
    gathering->first = *made;
    *made = NULL;
}

/* The table's rows are to be put together, if they can be. */
static int want(struct gathering *gathering, struct gathered **made, struct tg_error *err)
{
    int rc = find_stays(gathering, *made, &(*made)->stays, err);
    if (rc != TG_OK)
        return rc;
    gathering->is_wanted |= !(*made)->stays;
    gathering->held +=
        (*made)->stays ? all_bytes(*made) : together_bytes((*made)->cost, (*made)->row_count);
    keep(gathering, made);
    return TG_OK;
}

int gathering_ask(struct gathering *gathering, const struct step *step, bool *goes,
                  struct tg_error *err)
{
    int rc = TG_OK;
    struct gathered *made = NULL;
    const struct delete_cost *cost = gathering->con->dialect->delete_cost;
    const struct described_table *there = step->target->there;
    struct gathered *known = there ? find(gathering, there->name) : NULL;
    *goes = !gathering->is_wanted;
    if (!gathering->weighs || !there || !has_numbers(there, cost) || (known && known->stays))
        return TG_OK;
    if (known)
        return note(gathering, step->going, known, err);
    TRY(make(there, cost, &made, err));
    TRY(note(gathering, step->going, made, err));
    const size_t bytes = all_bytes(made);
    if (gathering->held + bytes <= gathering->most || !gains(gathering, made, bytes))
        gathering->held += bytes;
    else
        TRY(want(gathering, &made, err));
    *goes = !gathering->is_wanted;
done:
    free_gathered(made);
    return rc;
}

/* ---- bringing them together ---- */

static int drop_noted(struct connection *con, struct tg_error *err)
{
    const struct sql_scope scope = {.dialect = con->dialect,
                                    .parts = SQL_PARTS(SQL_NAME("noted", NOTED_TABLE))};
    return sql_exec(con, &scope, "DROP TABLE IF EXISTS {noted}", NULL, err);
}

static int take_in(struct gathered *gathered, struct connection *con, struct tg_error *err)
{
    int rc = TG_OK;
    struct ArrowArrayStream stream = {0};
    const struct ingest_target noted = {.table = NOTED_TABLE};
    const struct sql_scope scope = {.dialect = con->dialect,
                                    .parts = SQL_PARTS(SQL_NAME("noted", NOTED_TABLE))};
    TRY(drop_noted(con, err)); /* an attempt that failed may have left it */
    TRY(sql_exec(con, &scope, "CREATE TEMP TABLE {noted} ([number] BIGINT)", NULL, err));
    TRY(sheet_stream(&gathered->rows, &stream, err));
    TRY(connection_ingest(con, &noted, &stream, err));
done:
    stream_release(&stream);
    sheet_release(&gathered->rows);
    return rc;
}

/* A transaction of its own, for pieces [first, end). */
static int gather_some(const struct gathering *gathering, const struct gathered *gathered,
                       size_t first, size_t end, const struct gather_begin *by,
                       struct tg_error *err)
{
    int rc = TG_OK;
    struct connection *con = gathering->con;
    const size_t rows = gathered->cost->piece_rows;
    const struct sql_scope scope = {
        con->dialect, gathering->dataset,
        SQL_PARTS(SQL_TABLE("table", gathered->table), SQL_NAME("noted", NOTED_TABLE),
                  SQL_NUMBER("first", first * rows), SQL_NUMBER("last", end * rows - 1)),
        NULL};
    TRY(by->begin(by->user, err));
    TRY(sql_exec(con, &scope, gathered->cost->gather, NULL, err));
    TRY(context_check(con->ctx, err));
    fault_point("before_gathered");
    TRY(connection_transact(con, TRANSACT_COMMIT, err));
    fault_point("after_gathered");
done:
    if (rc != TG_OK)
        (void)!connection_transact(con, TRANSACT_ROLLBACK, NULL);
    return rc;
}

/* The pieces from the first on whose rows can go as they stand: the load has room for them, too. */
static size_t leave_some(struct gathering *gathering, const struct gathered *gathered)
{
    const size_t size = group_pieces(gathered->cost);
    size_t first = 0;
    while (first < gathered->piece_count &&
           gathering->held + touched_bytes(gathered, first) <= gathering->most) {
        gathering->held += touched_bytes(gathered, first);
        first += size;
    }
    return first;
}

static int gather_table(struct gathering *gathering, struct gathered *gathered,
                        const struct gather_begin *by, struct tg_error *err)
{
    int rc = TG_OK;
    const size_t size = group_pieces(gathered->cost), start = leave_some(gathering, gathered);
    size_t end = (gathered->piece_count + size - 1) / size * size;
    TRY(take_in(gathered, gathering->con, err));
    while (end > start) {
        size_t first = end - size, bytes = touched_bytes(gathered, first);
        while (first > start && bytes + touched_bytes(gathered, first - size) <= gathering->most) {
            first -= size;
            bytes += touched_bytes(gathered, first);
        }
        if (bytes > 0)
            TRY(gather_some(gathering, gathered, first, end, by, err));
        end = first;
    }
    TRY(drop_noted(gathering->con, err));
done:
    return rc;
}

int gathering_run(struct gathering *gathering, const struct gather_begin *by, struct tg_error *err)
{
    int rc = TG_OK;
    struct connection *con = gathering->con;
    gathering->is_wanted = gathering->weighs = false;
    gathering->was_run = true;
    for (struct gathered *at = gathering->first; at; at = at->next) {
        if (at->stays || at->row_count > gathering->rows_max)
            continue;
        context_log(con->ctx, TG_LOG_INFO, "destination",
                    "table '%s': rows that go (%zu) are put together before: their deletion would "
                    "take more memory than there is",
                    at->table, at->row_count);
        rc = gather_table(gathering, at, by, err);
        if (rc != TG_OK)
            return error_at(err, rc, AT_TABLE, at->table);
    }
    return rc;
}
