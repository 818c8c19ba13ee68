/*
 * Rows packed into bytes and unpacked again, for rows that wait on disk.
 *
 * Data path: row_pack (cells of a row, one after the other, then its texts) -> bytes -> row_unpack,
 * which lays the cells on a tape and its texts beside it. In the packed cells a text's address is
 * its place among the texts; the distances of lists and objects stay right wherever a row lies.
 *
 * The bytes are for this process alone: they are as the machine has them.
 */
#include "extract/cursor/pack.h"

#include <string.h>

static bool points_to_text(const yyjson_val *cell)
{
    uint8_t type = (uint8_t)(cell->tag & YYJSON_TYPE_MASK);
    return type == YYJSON_TYPE_STR || type == YYJSON_TYPE_RAW;
}

int row_pack(const yyjson_val *row, struct buf *out, struct tg_error *err)
{
    const yyjson_val *end = cell_next(row);
    uint64_t count = (uint64_t)(end - row), at = 0;
    buf_append(out, &count, sizeof(count));
    for (const yyjson_val *cell = row; cell < end; cell++) {
        yyjson_val packed = *cell;
        if (points_to_text(cell)) {
            packed.uni.u64 = at;
            at += cell_len(cell);
        }
        buf_append(out, &packed, sizeof(packed));
    }
    for (const yyjson_val *cell = row; cell < end; cell++)
        if (points_to_text(cell))
            buf_append(out, cell->uni.str, cell_len(cell));
    return buf_check(out, err);
}

int row_unpack(const char *bytes, struct tg_rows *rows, size_t *cell_count, struct tg_error *err)
{
    yyjson_val *cells;
    const char *texts;
    size_t cap;
    uint64_t count;
    int rc = TG_OK;
    memcpy(&count, bytes, sizeof(count));
    TRY(rows_reserve(rows, *cell_count + count, &cells, &cap, err));
    cells += *cell_count;
    memcpy(cells, bytes + sizeof(count), count * sizeof(*cells));
    texts = bytes + sizeof(count) + count * sizeof(*cells);
    for (size_t i = 0; i < count; i++) {
        if (!points_to_text(&cells[i]))
            continue;
        cells[i].uni.str = rows_keep(rows, texts + cells[i].uni.u64, cell_len(&cells[i]));
        if (!cells[i].uni.str)
            TRY(error_nomem(err));
    }
    *cell_count += count;
done:
    return rc;
}
