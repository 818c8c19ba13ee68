/*
 * Owns the guess of a column's type from one value: infer_type -> the plain table, or a look at the
 * text (timestamps) or at the digits (integers beyond 64 bits, decimals).
 *
 * Text becomes a timestamp only when it has date and time (base/time.c knows the forms); dates and
 * numbers in quotes stay text. What happens when a later value does not fit is coerce.c's business.
 * Other detectors of dlt would be further looks here.
 */
#include "normalize/infer.h"

#include <string.h>

#include "base/time.h"
#include "data/column.h"

static const enum type plain_types[] = {
    [CELL_NONE] = TYPE_NONE,           [CELL_NULL] = TYPE_NONE,   [CELL_BOOL] = TYPE_BOOL,
    [CELL_INT] = TYPE_BIGINT,          [CELL_UINT] = TYPE_BIGINT, [CELL_DOUBLE] = TYPE_DOUBLE,
    [CELL_DECIMAL] = TYPE_NONE,        [CELL_TEXT] = TYPE_TEXT,   [CELL_BINARY] = TYPE_BINARY,
    [CELL_TIMESTAMP] = TYPE_TIMESTAMP, [CELL_DATE] = TYPE_DATE,   [CELL_TIME] = TYPE_TIME,
    [CELL_LIST] = TYPE_JSON,           [CELL_OBJECT] = TYPE_JSON,
};

static const struct type_spec whole_decimal = {TYPE_DECIMAL, DECIMAL_PRECISION, 0, false};

/* JSON integers come as digits only beyond 64 bits; shorter digits were pushed as a decimal. */
static struct type_spec infer_digits(const char *text, size_t len)
{
    enum { INT64_DIGITS = 19 };
    int128 ignored;
    bool whole = !memchr(text, '.', len) && !memchr(text, 'e', len) && !memchr(text, 'E', len);
    if (whole && len >= INT64_DIGITS &&
        decimal_parse(text, len, DECIMAL_PRECISION, 0, &ignored, NULL) == TG_OK)
        return whole_decimal;
    if (decimal_parse(text, len, DECIMAL_PRECISION, DECIMAL_SCALE, &ignored, NULL) == TG_OK)
        return (struct type_spec){.type = TYPE_DECIMAL};
    return (struct type_spec){.type = TYPE_TEXT};
}

struct type_spec infer_type(const yyjson_val *cell)
{
    enum cell_kind kind = cell_kind(cell);
    struct time_point point;
    if (kind == CELL_DECIMAL)
        return infer_digits(cell->uni.str, cell_len(cell));
    if (kind == CELL_UINT && cell->uni.u64 > INT64_MAX)
        return whole_decimal;
    if (kind == CELL_TEXT && time_parse_timestamp(cell->uni.str, cell_len(cell), &point))
        return (struct type_spec){.type = TYPE_TIMESTAMP};
    return (struct type_spec){.type = plain_types[kind]};
}
