/*
 * What is read beside other things: a table in slices, several at once, or one statement's rows.
 *
 * Data path: sliced_open -> the statement of each slice; as many readers as the pool has room for,
 * each read ahead on a thread of its own: reader_next -> begin_slice (the next that nobody has) ->
 * sql_reader_open -> pages; sliced_next -> grow (once there is more room) -> a page of each reader
 * in turn.
 *
 * The rows of a slice come in the same order each time. So the checkpoint of a reader is its slice
 * and how many rows of it were handed on: when its connection is lost, another one that sees the
 * same moment reads the slice again, and leaves out so many.
 */
#include "extract/sql/sliced.h"

#include <stdatomic.h>
#include <string.h>

#include "base/memory.h"
#include "extract/read_ahead.h"
#include "extract/sql/reader.h"

enum { PAGES_AHEAD = 4, TRIES_MAX = 3 }; /* of each reader; of a slice, without a row between */

/* What the readers share. */
struct work {
    struct pool *pool;
    const char *what;
    struct arena arena;
    const char **statements; /* of the slices */
    size_t count;
    bool repeats;       /* the rows of a statement come in the same order each time */
    atomic_size_t next; /* the first that nobody reads */
};

/* ---- one reader ---- */

struct reader {
    struct page_stream base;
    struct work *work;
    struct connection *con;
    struct page_stream *rows; /* of the slice; NULL: none is begun */
    const char *statement;    /* its own */
    uint64_t handed_on;       /* rows of the slice */
    uint64_t known;           /* rows to leave out: those that come again */
    int tries;
};

/* Was it the connection, so that another one may do better? */
static bool is_lost(int rc, const struct tg_error *err)
{
    return rc == TG_SOURCE &&
           (strncmp(err->sqlstate, "08", 2) == 0 || strncmp(err->sqlstate, "57P", 3) == 0);
}

static void end_slice(struct reader *reader)
{
    page_stream_close(reader->rows);
    reader->rows = NULL;
}

static int open_rows(struct reader *reader, struct tg_error *err)
{
    int rc = TG_OK;
    struct work *work = reader->work;
    if (!reader->con)
        TRY(pool_take(work->pool, &reader->con, err));
    TRY(sql_reader_open(reader->con, reader->statement, work->what, &reader->rows, err));
done:
    return rc == TG_OK ? rc : sql_read_failed(rc, work->what, err);
}

/* *over: there is none left. */
static int begin_slice(struct reader *reader, bool *over, struct tg_error *err)
{
    struct work *work = reader->work;
    size_t slice = atomic_fetch_add(&work->next, 1);
    *over = slice >= work->count;
    if (*over)
        return TG_OK;
    reader->statement = work->statements[slice];
    reader->handed_on = reader->known = 0;
    reader->tries = 0;
    return open_rows(reader, err);
}

/* Rows that were handed on before are cut off; false: all of the page were. */
static bool cut_known(struct reader *reader, struct page *page)
{
    uint64_t cut = reader->known < page->read_count ? reader->known : page->read_count;
    reader->known -= cut;
    page->array.offset += (int64_t)cut;
    page->array.length -= (int64_t)cut;
    page->read_count -= cut;
    return page->read_count > 0;
}

/* What failed may be done again by another connection. */
static int recover(struct reader *reader, int rc, const struct tg_error *why, struct tg_error *err)
{
    bool repeats = reader->work->repeats || reader->handed_on == 0;
    end_slice(reader);
    if (is_lost(rc, why) && repeats && ++reader->tries <= TRIES_MAX) {
        pool_give(reader->work->pool, reader->con, true);
        reader->con = NULL;
        reader->known = reader->handed_on;
        return open_rows(reader, err);
    }
    if (err)
        *err = *why;
    return rc;
}

static int reader_next(struct page_stream *base, struct page *page, struct tg_error *err)
{
    int rc = TG_OK;
    struct reader *reader = (struct reader *)base;
    for (bool over = false;;) {
        struct tg_error why = {0};
        page_clear(page);
        if (!reader->rows)
            TRY(begin_slice(reader, &over, err));
        if (over)
            break;
        rc = reader->rows->next(reader->rows, page, &why);
        if (rc != TG_OK) {
            TRY(recover(reader, rc, &why, err));
        } else if (page->kind == PAGE_END) {
            end_slice(reader);
        } else if (cut_known(reader, page)) {
            reader->handed_on += page->read_count;
            reader->tries = 0;
            break;
        }
    }
done:
    return rc;
}

static void reader_close(struct page_stream *base)
{
    struct reader *reader = (struct reader *)base;
    end_slice(reader);
    pool_give(reader->work->pool, reader->con, false);
    mem_free(reader);
}

/* ---- all of them ---- */

struct sliced {
    struct page_stream base;
    struct work work;
    struct page_stream *readers[POOL_MAX]; /* NULL: there is none, or it has read to its end */
    size_t opened;                         /* of them; each takes a slice, if there is one */
    size_t at;
    uint64_t row; /* number of the next one, from 1 */
};

static bool is_read(const struct sliced *sliced)
{
    for (size_t i = 0; i < POOL_MAX; i++)
        if (sliced->readers[i])
            return true;
    return false;
}

static void end_reader(struct sliced *sliced, size_t place)
{
    page_stream_close(sliced->readers[place]);
    sliced->readers[place] = NULL;
    pool_leave(sliced->work.pool);
}

static int open_reader(struct sliced *sliced, size_t place, struct tg_error *err)
{
    int rc = TG_OK;
    struct work *work = &sliced->work;
    struct reader *reader = mem_calloc(1, sizeof(*reader));
    if (!reader)
        return error_nomem(err);
    *reader = (struct reader){.base = {reader_next, reader_close}, .work = work};
    TRY(pool_enter(work->pool, &reader->con, err));
    if (!reader->con)
        goto done;
    rc = read_ahead_open(&reader->base, PAGES_AHEAD, pool_bytes_ahead(work->pool),
                         &sliced->readers[place], err);
    reader = NULL;
    if (rc != TG_OK)
        pool_leave(work->pool);
done:
    mem_free(reader);
    return rc;
}

/* A reader for each slice that nobody has, while there is room. */
static int grow(struct sliced *sliced, struct tg_error *err)
{
    int rc = TG_OK;
    struct work *work = &sliced->work;
    size_t taken = atomic_load(&work->next);
    taken = taken > sliced->opened ? taken : sliced->opened;
    size_t left = taken < work->count ? work->count - taken : 0;
    for (size_t i = 0; i < POOL_MAX && left > 0 && pool_room(work->pool) > 0; i++) {
        if (sliced->readers[i])
            continue;
        TRY(open_reader(sliced, i, err));
        sliced->opened++;
        left--;
    }
done:
    return rc == TG_OK ? rc : sql_read_failed(rc, work->what, err);
}

static int sliced_next(struct page_stream *base, struct page *page, struct tg_error *err)
{
    int rc = TG_OK;
    struct sliced *sliced = (struct sliced *)base;
    page_clear(page);
    TRY(grow(sliced, err));
    for (size_t passed = 0; passed < POOL_MAX; passed++) {
        size_t place = sliced->at;
        struct page_stream *reader = sliced->readers[place];
        sliced->at = (place + 1) % POOL_MAX;
        if (!reader)
            continue;
        TRY(reader->next(reader, page, err));
        if (page->kind != PAGE_END) {
            page->first_row = sliced->row;
            sliced->row += page->read_count;
            break;
        }
        end_reader(sliced, place);
    }
done:
    return rc;
}

static void free_sliced(struct sliced *sliced)
{
    for (size_t i = 0; i < POOL_MAX; i++)
        if (sliced->readers[i])
            end_reader(sliced, i);
    arena_release(&sliced->work.arena);
    mem_free(sliced);
}

/* Before its end: nobody wants what others read beside it, either. */
static void sliced_close(struct page_stream *base)
{
    struct sliced *sliced = (struct sliced *)base;
    if (is_read(sliced))
        pool_stop(sliced->work.pool);
    free_sliced(sliced);
}

/* `condition` NULL: all of it. */
static int write_statement(struct work *work, const struct selection *selection,
                           const char *condition, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf sql = BUF_INIT;
    TRY(select_write(&sql, selection, condition, -1, err));
    TRY(arena_keep(&work->arena, buf_string(&sql), &work->statements[work->count++], err));
done:
    buf_release(&sql);
    return rc;
}

static int write_statements(struct work *work, const struct selection *selection,
                            const struct slices *slices, struct tg_error *err)
{
    int rc = TG_OK;
    work->repeats = slices->count > 1;
    work->statements = arena_alloc(&work->arena, (slices->count + 1) * sizeof(*work->statements));
    if (!work->statements)
        return error_nomem(err);
    if (!work->repeats)
        return write_statement(work, selection, NULL, err);
    for (size_t i = 0; i < slices->count; i++) {
        struct selection part = *selection;
        part.schema = slices->items[i].schema;
        part.table = slices->items[i].table;
        TRY(write_statement(work, &part, slices->items[i].condition, err));
    }
done:
    return rc;
}

int sliced_open(struct pool *pool, const struct selection *selection, const struct slices *slices,
                const char *what, struct page_stream **out, struct tg_error *err)
{
    int rc = TG_OK;
    struct sliced *sliced = mem_calloc(1, sizeof(*sliced));
    *out = NULL;
    if (!sliced)
        return error_nomem(err);
    sliced->base = (struct page_stream){sliced_next, sliced_close};
    sliced->work.pool = pool;
    sliced->work.what = what;
    sliced->row = 1;
    arena_init(&sliced->work.arena);
    TRY(write_statements(&sliced->work, selection, slices, err));
    TRY(grow(sliced, err));
    if (is_read(sliced))
        *out = &sliced->base;
done:
    if (!*out)
        free_sliced(sliced);
    return rc;
}
