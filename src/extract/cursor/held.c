/*
 * Rows that wait on disk: packed, with a hash to find them by, and with where they are from.
 *
 * Data path: held_add -> row_pack -> a shelf of hash, sequence, place, number and bytes;
 * held_start -> a query over its files -> held_next -> row_unpack -> pages, of which each has rows
 * of one place: a file, a schema, a table, and whether its rows are counted in lines.
 *
 * Which rows go on is for groups.c and ties.c to say.
 */
#include "extract/cursor/held.h"

#include <string.h>

#include "base/memory.h"
#include "data/batch.h"
#include "extract/cursor/pack.h"

enum { PLACES_BACK = 64 }; /* so many are looked at, where rows come by turns */

static const char *const column_names[] = {"low", "high", "sequence", "place", "number", "cells"};

/* What rows of a page share: they come again in pages of their own. */
struct place {
    const char *file;
    struct ArrowSchema schema; /* as in struct page; released: none */
    size_t table;              /* of the resource, by its number */
    bool has_lines;
};

struct held {
    struct engine *engine;
    struct arena arena;
    struct shelf shelf;
    struct place *places;
    size_t place_count, place_cap;
    struct buf bytes; /* scratch */

    /* of held_next */
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    int64_t at; /* row of the batch */
    struct tg_rows *rows;
    uint64_t numbers[BATCH_ROWS];
};

int held_new(struct engine *engine, const char *folder, size_t bytes_max, struct held **out,
             struct tg_error *err)
{
    int rc = TG_OK;
    const struct shelf_options options = {.engine = engine,
                                          .folder = folder,
                                          .stem = "held",
                                          .names = column_names,
                                          .column_count =
                                              sizeof(column_names) / sizeof(column_names[0]),
                                          .has_bytes = true,
                                          .bytes_max = bytes_max};
    struct held *held = mem_calloc(1, sizeof(*held));
    *out = NULL;
    if (!held)
        return error_nomem(err);
    arena_init(&held->arena);
    held->engine = engine;
    TRY(shelf_init(&held->shelf, &options, err));
    *out = held;
    held = NULL;
done:
    held_free(held);
    return rc;
}

void held_free(struct held *held)
{
    if (!held)
        return;
    array_release(&held->batch);
    schema_release(&held->schema);
    stream_release(&held->stream);
    rows_free(held->rows);
    for (size_t i = 0; i < held->place_count; i++)
        schema_release(&held->places[i].schema);
    mem_free(held->places);
    shelf_release(&held->shelf);
    buf_release(&held->bytes);
    arena_release(&held->arena);
    mem_free(held);
}

uint64_t held_count(const struct held *held)
{
    return held->shelf.total;
}

/* ---- holding ---- */

static bool same_place(const struct place *place, const struct page *page, size_t table)
{
    if (place->table != table || place->has_lines != (page->lines != NULL) ||
        !place->file != !page->file || !place->schema.release != !page->schema.release)
        return false;
    return (!page->file || strcmp(place->file, page->file) == 0) &&
           (!page->schema.release || schema_equal(&place->schema, &page->schema));
}

static int find_place(struct held *held, const struct page *page, size_t table, size_t *out,
                      struct tg_error *err)
{
    struct place place = {.has_lines = page->lines != NULL, .table = table};
    const size_t count = held->place_count;
    int rc = TG_OK;
    for (*out = count; *out > 0 && count - *out < PLACES_BACK;)
        if (same_place(&held->places[--*out], page, table))
            return TG_OK;
    TRY(mem_grow(&held->places, &held->place_cap, count + 1, sizeof(place), err));
    if (page->file && !(place.file = arena_strdup(&held->arena, page->file)))
        TRY(error_nomem(err));
    if (page->schema.release)
        TRY(schema_copy(&page->schema, &place.schema, err));
    held->places[held->place_count++] = place;
    *out = count;
done:
    return rc;
}

int held_add(struct held *held, const struct page *page, size_t index, const uint64_t hash[2],
             struct tg_error *err)
{
    uint64_t number = page->lines ? page->lines[index] : page->first_row + index;
    size_t place;
    int rc = TG_OK;
    TRY(find_place(held, page, page_table_of(page, page->rows[index]), &place, err));
    buf_clear(&held->bytes);
    TRY(row_pack(page->rows[index], &held->bytes, err));
    TRY(shelf_add(&held->shelf,
                  (const int64_t[]){(int64_t)hash[0], (int64_t)hash[1], (int64_t)held->shelf.total,
                                    (int64_t)place, (int64_t)number},
                  &held->bytes, err));
done:
    return rc;
}

/* ---- those that go on ---- */

int held_relation(struct held *held, struct buf *sql, struct tg_error *err)
{
    int rc = shelf_flush(&held->shelf, err);
    if (rc == TG_OK)
        shelf_relation(&held->shelf, sql);
    return rc;
}

int held_start(struct held *held, const char *query, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(rows_new(&held->rows, err));
    TRY(engine_query(held->engine, query, &held->stream, err));
    TRY(stream_schema(&held->stream, TG_IO, &held->schema, err));
done:
    return rc;
}

static int64_t number_at(const struct held *held, int column, int64_t row)
{
    int64_t number = 0;
    value_int64(held->schema.children[column], held->batch.children[column],
                held->batch.offset + row, &number);
    return number;
}

/* Lays the rows of the batch that share the place of the present one, as far as a page goes. */
static int lay_rows(struct held *held, struct page *page, struct tg_error *err)
{
    int64_t place = number_at(held, 0, held->at);
    size_t cells = 0, count = 0, cap, len;
    yyjson_val *cell;
    const char *bytes;
    int rc = TG_OK;
    rows_clear(held->rows);
    while (held->at < held->batch.length && count < BATCH_ROWS &&
           number_at(held, 0, held->at) == place) {
        if (!value_bytes(held->schema.children[2], held->batch.children[2],
                         held->batch.offset + held->at, &bytes, &len))
            TRY(error_set(err, TG_INTERNAL, "a row that was held is gone"));
        TRY(row_unpack(bytes, held->rows, &cells, err));
        held->numbers[count++] = (uint64_t)number_at(held, 1, held->at++);
    }
    *page = (struct page){
        .kind = PAGE_ROWS, .file = held->places[place].file, .table = held->places[place].table};
    TRY(mem_grow(&page->rows, &page->row_cap, count, sizeof(*page->rows), err));
    TRY(rows_reserve(held->rows, cells, &cell, &cap, err));
    page->first_cell = cell;
    for (size_t i = 0; i < count; i++, cell = (yyjson_val *)(uintptr_t)cell_next(cell))
        page->rows[i] = cell;
    page->row_count = page->read_count = count;
    page->lines = held->numbers;
    page->lines_are_rows = !held->places[place].has_lines;
    if (held->places[place].schema.release)
        TRY(schema_copy(&held->places[place].schema, &page->schema, err));
done:
    return rc;
}

int held_next(struct held *held, struct page *page, struct tg_error *err)
{
    bool end = false;
    int rc = TG_OK;
    *page = (struct page){.kind = PAGE_END};
    while (held->stream.release && held->at >= held->batch.length && !end) {
        array_release(&held->batch);
        held->batch = (struct ArrowArray){.release = NULL};
        held->at = 0;
        TRY(stream_next(&held->stream, TG_IO, &held->batch, &end, err));
        if (end)
            stream_release(&held->stream);
    }
    if (held->at < held->batch.length)
        TRY(lay_rows(held, page, err));
done:
    if (rc != TG_OK)
        page_release(page);
    return rc;
}
