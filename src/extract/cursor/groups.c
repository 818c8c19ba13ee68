/*
 * Groups of a merge key: the rows that the cursor would drop, kept until it is known whether their
 * group has a row that passes.
 *
 * Data path: groups_pass -> the group's hash to the shelf `passed`; groups_hold -> hash, place and
 * packed row to the shelf `held`. A shelf is columns -> batches -> (its share of the budget is
 * full) a Parquet file. groups_next: what is left of both goes to files, and one query over them
 * (the engine spills, too) gives the held rows of the groups that passed -> row_unpack -> pages.
 *
 * Two values are of one group when they may become one at the destination: 7, 7.0 and "7"; a time
 * and its text. Taking too many rows along does no harm, leaving one out loses it.
 *
 * Which rows pass is cursor.c's.
 */
#include "extract/cursor/groups.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/time.h"
#include "data/batch.h"
#include "data/column.h"
#include "extract/cursor/cursor_value.h"
#include "extract/cursor/pack.h"

enum { SHELF_COLUMNS = 6, SHARE = 16, ROW_BYTES = 64, INT_CHARS = 32 };

/* The columns of both shelves: the hash of the group; of held rows also their place and bytes. */
enum { GROUP_LOW, GROUP_HIGH, SEQUENCE, PLACE, NUMBER, ROW };
static const char *const shelf_names[] = {"low", "high", "sequence", "place", "number", "cells"};

struct shelf {
    const char *stem;
    size_t column_count;
    struct ArrowSchema schema;
    struct column columns[SHELF_COLUMNS];
    bool open; /* the columns have buffers */
    size_t row_count;
    struct ArrowArray *arrays;
    size_t count, cap;
    size_t bytes, bytes_max; /* of columns and arrays */
    uint64_t total;
    const char **files; /* their paths */
    size_t file_count, file_cap;
};

/* What rows of a page share: they come again in pages of their own. */
struct place {
    const char *file;
    struct ArrowSchema schema; /* as in struct page; released: none */
    bool has_lines;
};

struct groups {
    struct context *ctx;
    struct engine *engine;
    struct arena arena;
    const char *folder;
    const char **key;
    size_t key_count;
    struct shelf held, passed;
    uint64_t last[2]; /* the group of the row that passed before */
    struct place *places;
    size_t place_count, place_cap;
    struct buf text; /* scratch */

    /* of groups_next */
    bool replaying;
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    int64_t at; /* row of the batch */
    struct tg_rows *rows;
    uint64_t numbers[BATCH_ROWS];
};

/* ---- groups as hashes ---- */

/* A number, a date or a timestamp in one spelling; other text as it is. */
static void put_text(struct buf *out, const char *text, size_t len)
{
    struct cursor_value value;
    int32_t days;
    while (len > 0 && (text[0] == ' ' || text[0] == '\t'))
        text++, len--;
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
        len--;
    cursor_value_set_text(&value, text, len);
    if (value.is_instant)
        buf_printf(out, "i%lld", (long long)value.int64);
    else if (time_parse_date(text, len, &days))
        buf_printf(out, "i%lld", (long long)days * 86400000000);
    else if (!cursor_value_set_number(&value, text, len))
        buf_char(out, 't'), buf_append(out, text, len);
    else if (value.kind == TG_VALUE_INT64)
        buf_printf(out, "n%lld", (long long)value.int64);
    else
        buf_printf(out, "n%.17g", value.real);
}

static void put_value(struct buf *out, const yyjson_val *cell)
{
    char digits[INT_CHARS];
    struct cursor_value value;
    if (!cell || cell_kind(cell) == CELL_NULL) {
        buf_char(out, '0');
    } else if (cell_kind(cell) == CELL_TEXT) {
        put_text(out, cell->uni.str, cell_len(cell));
    } else if (!cursor_value_set_cell(&value, cell)) {
        buf_char(out, 'j');
        cell_json(out, cell, CELL_JSON_SORTED);
    } else if (value.kind == TG_VALUE_TIMESTAMP) {
        buf_printf(out, "i%lld", (long long)value.int64);
    } else if (value.kind == TG_VALUE_DATE) {
        buf_printf(out, "i%lld", (long long)value.int64 * 86400000000);
    } else {
        if (value.kind == TG_VALUE_DOUBLE && fabs(value.real) < 1e15 &&
            value.real == floor(value.real))
            value = (struct cursor_value){.kind = TG_VALUE_INT64, .int64 = (int64_t)value.real};
        int len = value.kind == TG_VALUE_INT64
                      ? snprintf(digits, sizeof(digits), "%lld", (long long)value.int64)
                      : snprintf(digits, sizeof(digits), "%.17g", value.real);
        put_text(out, digits, (size_t)len);
    }
}

/* The field of that name, or of a nested object: "a__b" is what "b" in "a" will be called. */
static const yyjson_val *find_value(const yyjson_val *row, const char *name)
{
    const yyjson_val *cell = cell_find(row, name, strlen(name));
    for (const char *rest = name; !cell && (rest = strstr(rest, "__")); rest += 2) {
        const yyjson_val *outer = cell_find(row, name, (size_t)(rest - name));
        if (outer && rest > name && rest[2] != '\0')
            cell = find_value(outer, rest + 2);
    }
    return cell;
}

static int hash_group(struct groups *groups, const yyjson_val *row, uint64_t out[2],
                      struct tg_error *err)
{
    int rc = TG_OK;
    buf_clear(&groups->text);
    for (size_t i = 0; i < groups->key_count; i++) {
        put_value(&groups->text, find_value(row, groups->key[i]));
        buf_char(&groups->text, '\0');
    }
    TRY(buf_check(&groups->text, err));
    hash_xx128(groups->text.data, groups->text.len, out);
done:
    return rc;
}

/* ---- shelves ---- */

static int shelf_init(struct shelf *shelf, const char *stem, size_t column_count, size_t bytes_max,
                      struct tg_error *err)
{
    struct type_spec types[SHELF_COLUMNS] = {{.type = TYPE_NONE}};
    *shelf = (struct shelf){.stem = stem, .column_count = column_count, .bytes_max = bytes_max};
    for (size_t i = 0; i < column_count; i++)
        types[i].type = i == ROW ? TYPE_BINARY : TYPE_BIGINT;
    return schema_make(shelf_names, types, column_count, &shelf->schema, err);
}

static void shelf_release(struct shelf *shelf)
{
    for (size_t i = 0; i < shelf->column_count; i++)
        column_release(&shelf->columns[i]);
    for (size_t i = 0; i < shelf->count; i++)
        array_release(&shelf->arrays[i]);
    mem_free(shelf->arrays);
    mem_free(shelf->files);
    schema_release(&shelf->schema);
    *shelf = (struct shelf){.stem = NULL};
}

/* The columns' rows as one more batch. */
static int shelf_close(struct shelf *shelf, struct tg_error *err)
{
    struct ArrowArray children[SHELF_COLUMNS] = {{.release = NULL}};
    size_t exported = 0;
    int rc = TG_OK;
    if (shelf->row_count == 0)
        return TG_OK;
    TRY(mem_grow(&shelf->arrays, &shelf->cap, shelf->count + 1, sizeof(*shelf->arrays), err));
    for (; exported < shelf->column_count; exported++)
        TRY(column_export(&shelf->columns[exported], shelf->row_count, &children[exported], err));
    exported = 0; /* moved, also on failure */
    TRY(batch_make(children, shelf->column_count, (int64_t)shelf->row_count,
                   &shelf->arrays[shelf->count], err));
    shelf->count++;
    shelf->row_count = 0;
    shelf->open = false;
done:
    for (size_t i = 0; i < exported; i++)
        array_release(&children[i]);
    return rc;
}

/* All that is in memory as one more file. */
static int shelf_flush(struct groups *groups, struct shelf *shelf, struct tg_error *err)
{
    struct parquet_result result;
    const char *path;
    size_t count;
    int rc = TG_OK;
    TRY(shelf_close(shelf, err));
    if (shelf->count == 0)
        goto done;
    TRY(fs_mkdirs(groups->folder, err));
    TRY(mem_grow(&shelf->files, &shelf->file_cap, shelf->file_count + 1, sizeof(*shelf->files),
                 err));
    path = arena_printf(&groups->arena, "%s/%s.%zu.parquet", groups->folder, shelf->stem,
                        shelf->file_count);
    if (!path)
        TRY(error_nomem(err));
    shelf->files[shelf->file_count++] = path;
    count = shelf->count;
    shelf->count = shelf->bytes = 0; /* released, also on failure */
    TRY(engine_write_parquet(groups->engine, &shelf->schema, shelf->arrays, count, path, &result,
                             err));
done:
    return rc;
}

/* One row: `numbers`, and the bytes where the shelf has a column for them. */
static int shelf_add(struct groups *groups, struct shelf *shelf, const int64_t *numbers,
                     const struct buf *bytes, struct tg_error *err)
{
    int rc = TG_OK;
    if (shelf->row_count == BATCH_ROWS)
        TRY(shelf_close(shelf, err));
    if (shelf->bytes > shelf->bytes_max)
        TRY(shelf_flush(groups, shelf, err));
    for (size_t i = 0; i < shelf->column_count && !shelf->open; i++) {
        column_release(&shelf->columns[i]);
        TRY(column_init(&shelf->columns[i],
                        &(struct type_spec){.type = i == ROW ? TYPE_BINARY : TYPE_BIGINT}, err));
    }
    shelf->open = true;
    if (bytes)
        TRY(column_set_text(&shelf->columns[ROW], shelf->row_count, bytes->data, bytes->len, err));
    for (size_t i = 0; i < shelf->column_count && i < ROW; i++)
        column_set_int64(&shelf->columns[i], shelf->row_count, numbers[i]);
    shelf->bytes += ROW_BYTES + (bytes ? bytes->len : 0);
    shelf->row_count++;
    shelf->total++;
done:
    return rc;
}

/* ---- groups ---- */

int groups_new(const struct groups_options *options, struct groups **out, struct tg_error *err)
{
    struct groups *groups = mem_calloc(1, sizeof(*groups));
    size_t share = options->ctx->memory_bytes_max / SHARE;
    int rc = TG_OK;
    *out = NULL;
    if (!groups)
        return error_nomem(err);
    arena_init(&groups->arena);
    groups->ctx = options->ctx;
    groups->engine = options->engine;
    groups->folder = arena_strdup(&groups->arena, options->folder);
    groups->key = arena_alloc(&groups->arena, (options->key_count + 1) * sizeof(*groups->key));
    if (!groups->folder || !groups->key)
        TRY(error_nomem(err));
    for (size_t i = 0; i < options->key_count; i++, groups->key_count++) {
        groups->key[i] = arena_strdup(&groups->arena, options->key[i]);
        if (!groups->key[i])
            TRY(error_nomem(err));
    }
    TRY(shelf_init(&groups->held, "held", SHELF_COLUMNS, share, err));
    TRY(shelf_init(&groups->passed, "passed", SEQUENCE, share / 4, err));
    *out = groups;
done:
    if (rc != TG_OK)
        groups_free(groups);
    return rc;
}

void groups_free(struct groups *groups)
{
    if (!groups)
        return;
    array_release(&groups->batch);
    schema_release(&groups->schema);
    stream_release(&groups->stream);
    rows_free(groups->rows);
    for (size_t i = 0; i < groups->place_count; i++)
        schema_release(&groups->places[i].schema);
    mem_free(groups->places);
    if (groups->held.file_count + groups->passed.file_count > 0 &&
        fs_remove_tree(groups->folder, NULL) != TG_OK)
        context_log(groups->ctx, TG_LOG_WARNING, "cursor",
                    "the folder '%s' of this run could not be removed", groups->folder);
    shelf_release(&groups->held);
    shelf_release(&groups->passed);
    buf_release(&groups->text);
    arena_release(&groups->arena);
    mem_free(groups);
}

int groups_pass(struct groups *groups, const yyjson_val *row, struct tg_error *err)
{
    uint64_t hash[2];
    int rc = TG_OK;
    TRY(hash_group(groups, row, hash, err));
    if (groups->passed.total > 0 && memcmp(hash, groups->last, sizeof(hash)) == 0)
        goto done; /* most come group by group */
    memcpy(groups->last, hash, sizeof(hash));
    TRY(shelf_add(groups, &groups->passed, (const int64_t[]){(int64_t)hash[0], (int64_t)hash[1]},
                  NULL, err));
done:
    return rc;
}

/* ---- holding ---- */

static bool same_place(const struct place *place, const struct page *page)
{
    if (place->has_lines != (page->lines != NULL) || !place->file != !page->file ||
        !place->schema.release != !page->schema.release)
        return false;
    return (!page->file || strcmp(place->file, page->file) == 0) &&
           (!page->schema.release || schema_equal(&place->schema, &page->schema));
}

/* The place of the page's rows is the last one of the list. */
static int find_place(struct groups *groups, const struct page *page, struct tg_error *err)
{
    struct place place = {.has_lines = page->lines != NULL};
    int rc = TG_OK;
    if (groups->place_count > 0 && same_place(&groups->places[groups->place_count - 1], page))
        return TG_OK;
    TRY(mem_grow(&groups->places, &groups->place_cap, groups->place_count + 1, sizeof(place), err));
    if (page->file && !(place.file = arena_strdup(&groups->arena, page->file)))
        TRY(error_nomem(err));
    if (page->schema.release)
        TRY(schema_copy(&page->schema, &place.schema, err));
    groups->places[groups->place_count++] = place;
done:
    return rc;
}

int groups_hold(struct groups *groups, const struct page *page, size_t index, struct tg_error *err)
{
    const yyjson_val *row = page->rows[index];
    uint64_t number = page->lines ? page->lines[index] : page->first_row + index, hash[2];
    int rc = TG_OK;
    TRY(find_place(groups, page, err));
    TRY(hash_group(groups, row, hash, err));
    buf_clear(&groups->text);
    TRY(row_pack(row, &groups->text, err));
    TRY(shelf_add(groups, &groups->held,
                  (const int64_t[]){(int64_t)hash[0], (int64_t)hash[1], (int64_t)groups->held.total,
                                    (int64_t)groups->place_count - 1, (int64_t)number},
                  &groups->text, err));
done:
    return rc;
}

/* ---- the rows that go along ---- */

static int start_replay(struct groups *groups, struct tg_error *err)
{
    struct buf sql = BUF_INIT;
    int rc = TG_OK;
    groups->replaying = true;
    if (groups->held.total == 0 || groups->passed.total == 0)
        return TG_OK;
    TRY(shelf_flush(groups, &groups->held, err));
    TRY(shelf_flush(groups, &groups->passed, err));
    TRY(rows_new(&groups->rows, err));
    buf_text(&sql, "SELECT place, number, cells FROM ");
    engine_parquet(&sql, groups->held.files, groups->held.file_count);
    buf_text(&sql, " AS held SEMI JOIN ");
    engine_parquet(&sql, groups->passed.files, groups->passed.file_count);
    buf_text(&sql, " AS passed USING (low, high) ORDER BY sequence");
    TRY(buf_check(&sql, err));
    TRY(engine_query(groups->engine, sql.data, &groups->stream, err));
    TRY(stream_schema(&groups->stream, TG_IO, &groups->schema, err));
done:
    buf_release(&sql);
    return rc;
}

static int64_t number_at(const struct groups *groups, int column, int64_t row)
{
    int64_t number = 0;
    value_int64(groups->schema.children[column], groups->batch.children[column],
                groups->batch.offset + row, &number);
    return number;
}

/* Lays the rows of the batch that share the place of the present one, as far as a page goes. */
static int lay_rows(struct groups *groups, struct page *page, struct tg_error *err)
{
    int64_t place = number_at(groups, 0, groups->at);
    size_t cells = 0, count = 0, cap, len;
    yyjson_val *cell;
    const char *bytes;
    int rc = TG_OK;
    rows_clear(groups->rows);
    while (groups->at < groups->batch.length && count < BATCH_ROWS &&
           number_at(groups, 0, groups->at) == place) {
        if (!value_bytes(groups->schema.children[2], groups->batch.children[2],
                         groups->batch.offset + groups->at, &bytes, &len))
            TRY(error_set(err, TG_INTERNAL, "a row that was held is gone"));
        TRY(row_unpack(bytes, groups->rows, &cells, err));
        groups->numbers[count++] = (uint64_t)number_at(groups, 1, groups->at++);
    }
    *page = (struct page){.kind = PAGE_ROWS, .file = groups->places[place].file};
    TRY(mem_grow(&page->rows, &page->row_cap, count, sizeof(*page->rows), err));
    TRY(rows_reserve(groups->rows, cells, &cell, &cap, err));
    page->first_cell = cell;
    for (size_t i = 0; i < count; i++, cell = (yyjson_val *)(uintptr_t)cell_next(cell))
        page->rows[i] = cell;
    page->row_count = page->read_count = count;
    page->lines = groups->numbers;
    page->lines_are_rows = !groups->places[place].has_lines;
    page->precedes = true;
    if (groups->places[place].schema.release)
        TRY(schema_copy(&groups->places[place].schema, &page->schema, err));
done:
    return rc;
}

int groups_next(struct groups *groups, struct page *page, struct tg_error *err)
{
    bool end = false;
    int rc = TG_OK;
    *page = (struct page){.kind = PAGE_END};
    if (!groups->replaying)
        TRY(start_replay(groups, err));
    while (groups->stream.release && groups->at >= groups->batch.length && !end) {
        array_release(&groups->batch);
        groups->batch = (struct ArrowArray){.release = NULL};
        groups->at = 0;
        TRY(stream_next(&groups->stream, TG_IO, &groups->batch, &end, err));
        if (end)
            stream_release(&groups->stream);
    }
    if (groups->at < groups->batch.length)
        TRY(lay_rows(groups, page, err));
done:
    if (rc != TG_OK)
        page_release(page);
    return rc;
}
