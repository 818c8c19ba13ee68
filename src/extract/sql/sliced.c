/*
 * A table that is read in slices, several at once.
 *
 * Data path: sliced_open -> the statement of each slice; as many readers as the pool allows, each
 * read ahead on a thread of its own: reader_next -> begin_slice (the next that nobody has) ->
 * sql_reader_open -> pages; sliced_next takes a page of each reader in turn.
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
    end_slice(reader);
    if (is_lost(rc, why) && ++reader->tries <= TRIES_MAX) {
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
    struct page_stream *readers[POOL_MAX]; /* NULL: read to its end */
    size_t count, at;
    uint64_t row; /* number of the next one, from 1 */
};

static int sliced_next(struct page_stream *base, struct page *page, struct tg_error *err)
{
    int rc = TG_OK;
    struct sliced *sliced = (struct sliced *)base;
    page_clear(page);
    for (size_t passed = 0; passed < sliced->count; passed++) {
        struct page_stream **reader = &sliced->readers[sliced->at];
        sliced->at = (sliced->at + 1) % sliced->count;
        if (!*reader)
            continue;
        TRY((*reader)->next(*reader, page, err));
        if (page->kind != PAGE_END) {
            page->first_row = sliced->row;
            sliced->row += page->read_count;
            break;
        }
        page_stream_close(*reader);
        *reader = NULL;
    }
done:
    return rc;
}

static void sliced_close(struct page_stream *base)
{
    struct sliced *sliced = (struct sliced *)base;
    for (size_t i = 0; i < sliced->count; i++)
        page_stream_close(sliced->readers[i]);
    arena_release(&sliced->work.arena);
    mem_free(sliced);
}

static int write_statement(struct work *work, const struct selection *selection,
                           const struct slice *slice, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf sql = BUF_INIT;
    struct selection part = *selection;
    part.schema = slice->schema;
    part.table = slice->table;
    TRY(select_write(&sql, &part, slice->condition, -1, err));
    TRY(arena_keep(&work->arena, buf_string(&sql), &work->statements[work->count++], err));
done:
    buf_release(&sql);
    return rc;
}

static int open_reader(struct sliced *sliced, struct tg_error *err)
{
    struct reader *reader = mem_calloc(1, sizeof(*reader));
    if (!reader)
        return error_nomem(err);
    reader->base = (struct page_stream){reader_next, reader_close};
    reader->work = &sliced->work;
    int rc = read_ahead_open(&reader->base, PAGES_AHEAD, pool_bytes_ahead(sliced->work.pool),
                             &sliced->readers[sliced->count], err);
    sliced->count += rc == TG_OK;
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
    sliced->work.statements =
        arena_alloc(&sliced->work.arena, (slices->count + 1) * sizeof(*sliced->work.statements));
    if (!sliced->work.statements)
        TRY(error_nomem(err));
    for (size_t i = 0; i < slices->count; i++)
        TRY(write_statement(&sliced->work, selection, &slices->items[i], err));
    for (size_t i = 0; i < pool_parallel(pool) && i < slices->count; i++)
        TRY(open_reader(sliced, err));
    *out = &sliced->base;
done:
    if (rc != TG_OK)
        sliced_close(&sliced->base);
    return rc;
}
