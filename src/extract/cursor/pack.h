/*
 * Rows as bytes, for rows that wait on disk.
 */
#ifndef TIDEGATE_EXTRACT_PACK_H
#define TIDEGATE_EXTRACT_PACK_H

#include "data/rows.h"

/* Appends a row with its texts, as bytes for this process. */
int row_pack(const yyjson_val *row, struct buf *out, struct tg_error *err) TG_CHECK_RESULT;
/* Lays such a row behind the *cell_count cells that `rows` has, and counts its own. */
int row_unpack(const char *bytes, struct tg_rows *rows, size_t *cell_count,
               struct tg_error *err) TG_CHECK_RESULT;

#endif
