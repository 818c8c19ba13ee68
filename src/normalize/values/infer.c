/*
 * Owns the guess of a column's type from one value: infer_type -> dlt's detectors, each asked in
 * turn (table `detectors`), else infer_plain: the plain table, or a look at the digits (integers
 * beyond 64 bits, decimals, 1e400).
 *
 * By default text becomes a timestamp only when it has date and time (base/time knows the forms);
 * dates and numbers in quotes stay text. What happens when a later value does not fit is coerce.c's
 * business.
 *
 * dlt's last two detectors look at Python classes that JSON does not have (HexBytes, Wei). Here
 * they mean pushed bytes, and integers beyond 64 bits: infer_cell makes the values fit the type.
 */
#include "normalize/values/infer.h"

#include <string.h>

#include "base/time.h"
#include "data/column.h"
#include "data/text/literal.h"

static const enum type plain_types[] = {
    [CELL_NONE] = TYPE_NONE,           [CELL_NULL] = TYPE_NONE,   [CELL_BOOL] = TYPE_BOOL,
    [CELL_INT] = TYPE_BIGINT,          [CELL_UINT] = TYPE_BIGINT, [CELL_DOUBLE] = TYPE_DOUBLE,
    [CELL_DECIMAL] = TYPE_NONE,        [CELL_TEXT] = TYPE_TEXT,   [CELL_BINARY] = TYPE_BINARY,
    [CELL_TIMESTAMP] = TYPE_TIMESTAMP, [CELL_DATE] = TYPE_DATE,   [CELL_TIME] = TYPE_TIME,
    [CELL_TIMESTAMP_NS] = TYPE_NONE,   [CELL_LIST] = TYPE_JSON,   [CELL_OBJECT] = TYPE_JSON,
};

static const struct type_spec whole_decimal = {TYPE_DECIMAL, DECIMAL_PRECISION, 0, false};

/* ---- detectors ---- */

/* An integer beyond int64. */
static bool is_large(const yyjson_val *cell)
{
    return cell_is_integer(cell) && (cell_kind(cell) == CELL_DECIMAL ||
                                     (cell_kind(cell) == CELL_UINT && cell->uni.u64 > INT64_MAX));
}

/* Whether a decimal column of that scale holds the digits. */
static bool fits_decimal(const yyjson_val *cell, int scale)
{
    int128 ignored;
    return cell_kind(cell) == CELL_UINT ||
           decimal_parse(cell->uni.str, cell_len(cell), DECIMAL_PRECISION, scale, &ignored, NULL) ==
               TG_OK;
}

static enum type detect_timestamp(const struct infer_rules *rules, const yyjson_val *cell)
{
    static const double range = 5 * 31536000.0;
    double now = (double)rules->now_us / 1e6, value;
    switch (cell_kind(cell)) {
    case CELL_INT: value = (double)cell->uni.i64; break;
    case CELL_UINT: value = (double)cell->uni.u64; break;
    case CELL_DOUBLE: value = cell->uni.f64; break;
    default: return TYPE_NONE;
    }
    return value >= now - range && value <= now + range ? TYPE_TIMESTAMP : TYPE_NONE;
}

static enum type detect_iso_timestamp(const struct infer_rules *rules, const yyjson_val *cell)
{
    struct time_point point;
    (void)rules;
    return cell_kind(cell) == CELL_TEXT &&
                   time_parse_timestamp(cell->uni.str, cell_len(cell), &point)
               ? TYPE_TIMESTAMP
               : TYPE_NONE;
}

static enum type detect_iso_date(const struct infer_rules *rules, const yyjson_val *cell)
{
    struct time_point point;
    (void)rules;
    return cell_kind(cell) == CELL_TEXT &&
                   time_parse(cell->uni.str, cell_len(cell), &point) == TIME_DATE
               ? TYPE_DATE
               : TYPE_NONE;
}

static enum type detect_large_integer(const struct infer_rules *rules, const yyjson_val *cell)
{
    (void)rules;
    if (!is_large(cell))
        return TYPE_NONE;
    return fits_decimal(cell, 0) ? TYPE_WEI : TYPE_TEXT;
}

static enum type detect_bytes(const struct infer_rules *rules, const yyjson_val *cell)
{
    (void)rules;
    return cell_kind(cell) == CELL_BINARY ? TYPE_TEXT : TYPE_NONE;
}

static enum type detect_wei(const struct infer_rules *rules, const yyjson_val *cell)
{
    (void)rules;
    return is_large(cell) ? TYPE_DOUBLE : TYPE_NONE;
}

/* In dlt's order. */
static const struct {
    enum detector bit;
    enum type (*detect)(const struct infer_rules *rules, const yyjson_val *cell);
} detectors[] = {
    {DETECT_TIMESTAMP, detect_timestamp},    {DETECT_ISO_TIMESTAMP, detect_iso_timestamp},
    {DETECT_ISO_DATE, detect_iso_date},      {DETECT_LARGE_INTEGER, detect_large_integer},
    {DETECT_HEXBYTES_TO_TEXT, detect_bytes}, {DETECT_WEI_TO_DOUBLE, detect_wei},
};

/* ---- the whole ---- */

struct type_spec infer_plain(const yyjson_val *cell)
{
    enum cell_kind kind = cell_kind(cell);
    struct type_spec spec;
    yyjson_val natural;
    if (kind == CELL_LITERAL) {
        literal_natural(cell, &natural, &spec);
        return spec;
    }
    if (is_large(cell))
        return fits_decimal(cell, 0) ? whole_decimal : (struct type_spec){.type = TYPE_TEXT};
    if (cell_overflows(cell))
        return (struct type_spec){.type = TYPE_DOUBLE};
    if (kind == CELL_DECIMAL && fits_decimal(cell, DECIMAL_SCALE))
        return (struct type_spec){.type = TYPE_DECIMAL};
    if (kind == CELL_DECIMAL)
        return fits_decimal(cell, 0) ? whole_decimal : (struct type_spec){.type = TYPE_TEXT};
    if (kind == CELL_TIMESTAMP_NS)
        return (struct type_spec){TYPE_TIMESTAMP, 9, 0, true};
    return (struct type_spec){.type = plain_types[kind]};
}

struct type_spec infer_type(const struct infer_rules *rules, const yyjson_val *cell)
{
    for (size_t i = 0; i < sizeof(detectors) / sizeof(detectors[0]); i++) {
        enum type found = TYPE_NONE;
        if (rules->detectors & detectors[i].bit)
            found = detectors[i].detect(rules, cell);
        if (found != TYPE_NONE)
            return (struct type_spec){.type = found};
    }
    return infer_plain(cell);
}

static yyjson_val hex_cell(const yyjson_val *cell, struct buf *text)
{
    static const char digits[] = "0123456789abcdef";
    buf_clear(text);
    buf_text(text, "0x");
    for (size_t i = 0; i < cell_len(cell); i++) {
        unsigned char byte = (unsigned char)cell->uni.str[i];
        buf_char(text, digits[byte >> 4]);
        buf_char(text, digits[byte & 15]);
    }
    return (yyjson_val){.tag = YYJSON_TYPE_STR | (uint64_t)text->len << YYJSON_TAG_BIT,
                        .uni.str = buf_string(text)};
}

const yyjson_val *infer_cell(const struct infer_rules *rules, enum type column,
                             const yyjson_val *cell, struct buf *text, yyjson_val *out)
{
    if ((rules->detectors & DETECT_HEXBYTES_TO_TEXT) && column == TYPE_TEXT &&
        cell_kind(cell) == CELL_BINARY) {
        *out = hex_cell(cell, text);
        return out;
    }
    if ((rules->detectors & DETECT_WEI_TO_DOUBLE) && column == TYPE_DOUBLE && is_large(cell)) {
        *out = *cell;
        if (cell_kind(cell) == CELL_UINT)
            *out = (yyjson_val){.tag = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_REAL,
                                .uni.f64 = (double)cell->uni.u64};
        else /* digits that were not an integer are rounded */
            out->tag = (cell->tag & ~(uint64_t)YYJSON_TAG_MASK) | CELL_TAG_DECIMAL;
        return out;
    }
    return cell;
}
