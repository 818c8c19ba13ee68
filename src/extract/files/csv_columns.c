/*
 * The columns of a CSV file: texts in, values of the types they have out.
 *
 * Data path: csv_columns_see (kind_of for each value of the first rows) -> csv_columns_decide ->
 * csv_columns_convert: convert_batch (texts move, the rest is parsed into column builders) or,
 * where a value does not fit its column, push_rows: then the page is rows, each value typed by
 * itself as in a document, and the normalizer widens the column or finds the value another place.
 *
 * A type is guessed only if no value loses anything by it that its text had: leading zeros, a plus
 * sign, hexadecimal digits and dates that are not ISO 8601 stay text, integers beyond 64 bits
 * become decimals. Doubles are the exception: their digits after the 17th go, and trailing zeros.
 * Columns with a hint are not guessed, and read with less rigour. Until a column has a value it has
 * no type.
 * The engine parses the CSV itself (table_reader.c); this is about what its fields mean.
 */
#include "extract/files/csv_columns.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/time.h"

/* What a text may be, as bits: a column's are united. */
enum kind {
    KIND_BIGINT = 1,
    KIND_BIG_NUMBER = 2, /* an integer beyond 64 bits, of up to 38 digits */
    KIND_NUMBER = 4,     /* with a fraction or an exponent */
    KIND_NOT_FINITE = 8, /* nan, inf */
    KIND_BOOL = 16,
    KIND_DATE = 32,
    KIND_TIMESTAMP = 64, /* without a zone */
    KIND_NANOSECONDS = 128,
    KIND_INSTANT = 256, /* with a zone */
    KIND_TIME = 512,
    KIND_TEXT = 1024
};

enum {
    NUMBER_CHARS = 64,
    DECIMAL_DIGITS = 38,
    BIGINT_DIGITS = 19,
    EXACT_DIGITS = 15 /* every integer of so many digits is a double */
};

struct csv_column {
    char *name;
    struct type_spec spec; /* TYPE_NONE: not known yet */
    bool hinted;
    unsigned kinds;
    int whole_digits, fraction_digits; /* most of any number */
    bool has_exponent;
};

struct csv_columns {
    struct csv_column *items;
    size_t count;
    struct ArrowSchema schema; /* of the types that are known */
    struct tg_rows *rows;
};

/* ---- texts ---- */

struct text {
    const char *start;
    size_t len;
};

static struct text trim(struct text text)
{
    while (text.len > 0 && (*text.start == ' ' || *text.start == '\t'))
        text = (struct text){text.start + 1, text.len - 1};
    while (text.len > 0 && (text.start[text.len - 1] == ' ' || text.start[text.len - 1] == '\t'))
        text.len--;
    return text;
}

static bool is_word(struct text text, const char *word)
{
    return strlen(word) == text.len && strncasecmp(text.start, word, text.len) == 0;
}

static size_t count_digits(const char *p, const char *end)
{
    const char *start = p;

    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return (size_t)(p - start);
}

struct number {
    size_t whole, fraction; /* digits before and after the point */
    bool has_exponent, has_point;
};

/* -12.5e3; not 007, +5 or 1. unless `lenient`. */
static bool scan_number(struct text text, bool lenient, struct number *out)
{
    const char *p = text.start, *end = text.start + text.len;

    *out = (struct number){0};
    if (p < end && (*p == '-' || (lenient && *p == '+')))
        p++;
    out->whole = count_digits(p, end);
    if (out->whole > 1 && *p == '0' && !lenient)
        return false;
    p += out->whole;
    if (p < end && *p == '.') {
        out->has_point = true;
        out->fraction = count_digits(++p, end);
        p += out->fraction;
    }
    if (out->whole + out->fraction == 0 || (out->has_point && out->fraction == 0 && !lenient))
        return false;
    if (p < end && (*p == 'e' || *p == 'E')) {
        out->has_exponent = true;
        p++;
        if (p < end && (*p == '-' || *p == '+'))
            p++;
        size_t digits = count_digits(p, end);
        p += digits;
        if (digits == 0)
            return false;
    }
    return p == end;
}

static bool parse_bigint(struct text text, int64_t *out)
{
    bool negative = *text.start == '-';
    int64_t value = 0;

    for (size_t i = negative || *text.start == '+'; i < text.len; i++) {
        int digit = text.start[i] - '0';
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, digit, &value)) /* downwards, for the smallest one */
            return false;
    }
    if (!negative && value == INT64_MIN)
        return false;
    *out = negative ? value : -value;
    return true;
}

/* By yyjson, which knows no locale, in JSON's form. */
static bool parse_double(struct text text, double *out)
{
    char json[NUMBER_CHARS + 4], *p = json;
    const char *from = text.start, *end = from + text.len;
    yyjson_val value = {0};
    const char *stop;

    if (text.len > NUMBER_CHARS)
        return false;
    if (*from == '-')
        *p++ = *from;
    from += *from == '-' || *from == '+';
    while (from + 1 < end && *from == '0' && from[1] >= '0' && from[1] <= '9')
        from++;
    if (*from == '.')
        *p++ = '0';
    for (; from < end; from++) {
        *p++ = *from;
        if (*from == '.' && (from + 1 == end || from[1] < '0' || from[1] > '9'))
            *p++ = '0';
    }
    *p = '\0';
    stop = yyjson_read_number(json, &value, 0, NULL, NULL);
    *out = stop == p ? yyjson_get_num(&value) : 0;
    return stop == p && isfinite(*out);
}

static bool parse_not_finite(struct text text, double *out)
{
    bool negative = text.len > 0 && *text.start == '-';
    struct text word = {text.start + negative, text.len - negative};

    if (is_word(word, "nan") && !negative)
        *out = (double)NAN;
    else if (is_word(word, "inf") || is_word(word, "infinity"))
        *out = negative ? -HUGE_VAL : HUGE_VAL;
    else
        return false;
    return true;
}

/* ---- kinds ---- */

static enum kind number_kind(struct text text, const struct number *number)
{
    int64_t integer;
    double real;

    if (number->has_point || number->has_exponent)
        return parse_double(text, &real) ? KIND_NUMBER : KIND_TEXT;
    if (number->whole <= BIGINT_DIGITS && parse_bigint(text, &integer))
        return KIND_BIGINT;
    return number->whole <= DECIMAL_DIGITS ? KIND_BIG_NUMBER : KIND_TEXT;
}

static enum kind time_kind(struct text text)
{
    struct time_point point;
    int32_t days;
    int64_t us;

    if (text.len >= 8 && text.start[2] == ':')
        return time_parse_time(text.start, text.len, &us) ? KIND_TIME : KIND_TEXT;
    if (text.len < 10 || text.start[4] != '-')
        return KIND_TEXT;
    if (text.len == 10)
        return time_parse_date(text.start, text.len, &days) ? KIND_DATE : KIND_TEXT;
    if (!time_parse_timestamp(text.start, text.len, &point))
        return KIND_TEXT;
    if (point.has_zone)
        return KIND_INSTANT;
    return point.fraction_digits > 6 ? KIND_NANOSECONDS : KIND_TIMESTAMP;
}

static enum kind kind_of(struct text text, struct number *number)
{
    double real;

    *number = (struct number){0};
    text = trim(text);
    if (text.len == 0)
        return KIND_TEXT;
    switch (*text.start | 0x20) {
    case 't':
    case 'f': return is_word(text, "true") || is_word(text, "false") ? KIND_BOOL : KIND_TEXT;
    case 'n':
    case 'i': return parse_not_finite(text, &real) ? KIND_NOT_FINITE : KIND_TEXT;
    default: break;
    }
    if (*text.start > '9')
        return KIND_TEXT;
    if (scan_number(text, false, number))
        return number_kind(text, number);
    *number = (struct number){0};
    if (parse_not_finite(text, &real))
        return KIND_NOT_FINITE;
    return time_kind(text);
}

/* ---- types ---- */

/* Numbers: a fraction makes doubles of integers, but not of those that are no doubles. */
static struct type_spec decide_number(const struct csv_column *column)
{
    bool is_exact = column->whole_digits <= EXACT_DIGITS;
    bool has_digits = column->whole_digits + column->fraction_digits <= DECIMAL_DIGITS;

    if (column->kinds == KIND_BIGINT)
        return (struct type_spec){.type = TYPE_BIGINT};
    if (!(column->kinds & (KIND_BIGINT | KIND_BIG_NUMBER)) || is_exact)
        return (struct type_spec){.type = TYPE_DOUBLE};
    if (column->has_exponent || (column->kinds & KIND_NOT_FINITE) || !has_digits)
        return (struct type_spec){.type = TYPE_TEXT};
    return (struct type_spec){
        .type = TYPE_DECIMAL, .precision = DECIMAL_DIGITS, .scale = column->fraction_digits};
}

static struct type_spec decide(const struct csv_column *column)
{
    static const struct {
        unsigned within, with; /* no other kinds, and one of these */
        struct type_spec spec;
    } rules[] = {
        {KIND_BOOL, KIND_BOOL, {.type = TYPE_BOOL}},
        {KIND_DATE, KIND_DATE, {.type = TYPE_DATE}},
        {KIND_TIME, KIND_TIME, {.type = TYPE_TIME}},
        {KIND_DATE | KIND_TIMESTAMP, KIND_TIMESTAMP, {.type = TYPE_TIMESTAMP, .naive = true}},
        {KIND_DATE | KIND_TIMESTAMP | KIND_NANOSECONDS,
         KIND_NANOSECONDS,
         {.type = TYPE_TIMESTAMP, .precision = 9, .naive = true}},
        {KIND_DATE | KIND_TIMESTAMP | KIND_NANOSECONDS | KIND_INSTANT,
         KIND_INSTANT,
         {.type = TYPE_TIMESTAMP}},
    };
    const unsigned numbers = KIND_BIGINT | KIND_BIG_NUMBER | KIND_NUMBER;

    if ((column->kinds & numbers) && !(column->kinds & ~(numbers | KIND_NOT_FINITE)))
        return decide_number(column);
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if ((column->kinds & rules[i].with) && !(column->kinds & ~rules[i].within))
            return rules[i].spec;
    return (struct type_spec){.type = TYPE_TEXT};
}

/* What a hint makes of the column; json and binary come as text. */
static struct type_spec hinted_spec(const struct tg_column *hint)
{
    enum type type = type_find(hint->data_type);
    struct type_spec spec = {.type = type, .precision = hint->precision, .scale = hint->scale};

    if (type == TYPE_JSON || type == TYPE_BINARY || type == TYPE_NONE)
        return (struct type_spec){.type = TYPE_TEXT};
    spec.naive = type == TYPE_TIMESTAMP && hint->timezone == TG_NO;
    return spec;
}

/* ---- values ---- */

static bool number_cell(struct text text, const struct csv_column *column, yyjson_val *out)
{
    struct number number;
    double real;

    if (column->spec.type == TYPE_DOUBLE && parse_not_finite(text, &out->uni.f64)) {
        out->tag = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_REAL;
        return true;
    }
    if (!scan_number(text, column->hinted, &number))
        return false;
    bool is_whole = !number.has_point && !number.has_exponent;
    if (column->spec.type == TYPE_BIGINT) {
        out->tag = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_SINT;
        return is_whole && parse_bigint(text, &out->uni.i64);
    }
    if (column->spec.type == TYPE_DOUBLE) {
        out->tag = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_REAL;
        if ((is_whole && number.whole > EXACT_DIGITS && !column->hinted) ||
            !parse_double(text, &real))
            return false;
        out->uni.f64 = real;
        return true;
    }
    *out = (yyjson_val){.tag = CELL_TAG_DECIMAL | (uint64_t)text.len << YYJSON_TAG_BIT,
                        .uni.str = text.start};
    return true;
}

static bool timestamp_cell(struct text text, const struct type_spec *spec, yyjson_val *out)
{
    struct time_point point = {.us = 0};
    int32_t days;

    out->tag = CELL_TAG_TIMESTAMP;
    if (text.len == 10 && time_parse_date(text.start, text.len, &days))
        point.us = days * INT64_C(86400000000);
    else if (!time_parse_timestamp(text.start, text.len, &point))
        return false;
    out->uni.i64 = point.us;
    if (!type_is_nanoseconds(spec)) /* a zone has to be known, digits to be kept */
        return !spec->naive || (!point.has_zone && point.fraction_digits <= 6);
    out->tag = CELL_TAG_TIMESTAMP_NS;
    return !point.has_zone && time_point_ns(&point, &out->uni.i64);
}

/* The text as the column's type has it; false: it does not fit. */
static bool typed_cell(struct text text, const struct csv_column *column, yyjson_val *out)
{
    int32_t days;

    *out = (yyjson_val){.tag = 0};
    text = trim(text);
    if (text.len == 0)
        return false;
    switch (column->spec.type) {
    case TYPE_BIGINT:
    case TYPE_DOUBLE:
    case TYPE_DECIMAL:
    case TYPE_WEI: return number_cell(text, column, out);
    case TYPE_TIMESTAMP: return timestamp_cell(text, &column->spec, out);
    case TYPE_BOOL:
        out->tag = YYJSON_TYPE_BOOL | (is_word(text, "true") ? YYJSON_SUBTYPE_TRUE : 0);
        return (out->tag & YYJSON_SUBTYPE_TRUE) || is_word(text, "false");
    case TYPE_DATE:
        out->tag = CELL_TAG_DATE;
        if (!time_parse_date(text.start, text.len, &days))
            return false;
        out->uni.i64 = days;
        return true;
    case TYPE_TIME:
        out->tag = CELL_TAG_TIME;
        return time_parse_time(text.start, text.len, &out->uni.i64);
    default: return false;
    }
}

/* ---- the columns ---- */

int csv_columns_new(const char *const *names, size_t count, const struct tg_column *hints,
                    size_t hint_count, struct csv_columns **out, struct tg_error *err)
{
    struct csv_columns *columns = mem_calloc(1, sizeof(*columns));
    int rc = TG_OK;

    *out = NULL;
    if (!columns)
        return error_nomem(err);
    columns->items = mem_calloc(count + 1, sizeof(*columns->items));
    if (!columns->items)
        TRY(error_nomem(err));
    columns->count = count;
    for (size_t i = 0; i < count; i++) {
        struct csv_column *column = &columns->items[i];
        column->name = mem_strdup(names[i]);
        if (!column->name)
            TRY(error_nomem(err));
        for (size_t k = 0; k < hint_count; k++) {
            if (!hints[k].data_type || strcmp(hints[k].name, names[i]) != 0)
                continue;
            column->hinted = true;
            column->spec = hinted_spec(&hints[k]);
        }
    }
    TRY(rows_new(&columns->rows, err));
    *out = columns;
done:
    if (rc != TG_OK)
        csv_columns_free(columns);
    return rc;
}

void csv_columns_free(struct csv_columns *columns)
{
    if (!columns)
        return;
    for (size_t i = 0; columns->items && i < columns->count; i++)
        mem_free(columns->items[i].name);
    mem_free(columns->items);
    schema_release(&columns->schema);
    rows_free(columns->rows);
    mem_free(columns);
}

/* One column of a batch. */
struct texts {
    const uint8_t *validity;
    const int32_t *offsets;
    const char *bytes;
};

static struct texts texts_of(const struct ArrowArray *batch, size_t column)
{
    const struct ArrowArray *array = batch->children[column];
    const int32_t *offsets = array->buffers[1];

    return (struct texts){
        .validity = array->null_count != 0 ? array->buffers[0] : NULL,
        .offsets = offsets ? offsets + array->offset + batch->offset : NULL,
        .bytes = array->buffers[2],
    };
}

/* false: NULL. */
static inline bool get_text(const struct texts *texts, const struct ArrowArray *batch,
                            size_t column, size_t row, struct text *out)
{
    size_t at = row + (size_t)(batch->children[column]->offset + batch->offset);

    if (texts->validity && !(texts->validity[at >> 3] >> (at & 7) & 1))
        return false;
    out->len = (size_t)(texts->offsets[row + 1] - texts->offsets[row]);
    out->start = out->len > 0 ? texts->bytes + texts->offsets[row] : "";
    return true;
}

static void see_column(struct csv_column *column, const struct ArrowArray *batch, size_t index)
{
    struct texts texts = texts_of(batch, index);
    struct number number;
    struct text text;

    for (size_t row = 0; row < (size_t)batch->length && !(column->kinds & KIND_TEXT); row++) {
        if (!get_text(&texts, batch, index, row, &text))
            continue;
        column->kinds |= kind_of(text, &number);
        if ((int)number.whole > column->whole_digits)
            column->whole_digits = (int)number.whole;
        if ((int)number.fraction > column->fraction_digits)
            column->fraction_digits = (int)number.fraction;
        column->has_exponent = column->has_exponent || number.has_exponent;
    }
}

void csv_columns_see(struct csv_columns *columns, const struct ArrowArray *batch)
{
    for (size_t i = 0; i < columns->count; i++)
        if (columns->items[i].spec.type == TYPE_NONE)
            see_column(&columns->items[i], batch, i);
}

void csv_columns_decide(struct csv_columns *columns)
{
    for (size_t i = 0; i < columns->count; i++) {
        struct csv_column *column = &columns->items[i];
        if (column->spec.type != TYPE_NONE || column->kinds == 0)
            continue;
        column->spec = decide(column);
        schema_release(&columns->schema);
    }
}

static int make_schema(struct csv_columns *columns, struct tg_error *err)
{
    const char **names = mem_alloc((columns->count + 1) * sizeof(*names));
    struct type_spec *types = mem_alloc((columns->count + 1) * sizeof(*types));
    int rc = TG_OK;

    if (!names || !types)
        TRY(error_nomem(err));
    for (size_t i = 0; i < columns->count; i++) {
        names[i] = columns->items[i].name;
        types[i] = columns->items[i].spec;
    }
    TRY(schema_make(names, types, columns->count, &columns->schema, err));
done:
    mem_free(names);
    mem_free(types);
    return rc;
}

/* ---- a batch ---- */

static void release_nothing(struct ArrowArray *array)
{
    array->release = NULL;
}

static void store(struct column *column, size_t row, const yyjson_val *cell, bool *fits)
{
    int128 decimal;
    struct type_spec spec = type_decimal(&column->spec);

    switch (column->spec.type) {
    case TYPE_DOUBLE: column_set_double(column, row, cell->uni.f64); break;
    case TYPE_DATE: column_set_date(column, row, (int32_t)cell->uni.i64); break;
    case TYPE_BOOL: column_set_bool(column, row, cell->tag & YYJSON_SUBTYPE_TRUE); break;
    case TYPE_DECIMAL:
    case TYPE_WEI:
        *fits = decimal_parse(cell->uni.str, cell_len(cell), spec.precision, spec.scale, &decimal,
                              NULL) == TG_OK;
        if (*fits)
            column_set_decimal(column, row, decimal);
        break;
    default: column_set_int64(column, row, cell->uni.i64); break;
    }
}

/* *fits false: a value is not of the column's type; `out` is then not filled. */
static int convert_column(const struct csv_column *column, const struct ArrowArray *batch,
                          size_t index, struct ArrowArray *out, bool *fits, struct tg_error *err)
{
    struct texts texts = texts_of(batch, index);
    size_t row_count = (size_t)batch->length;
    struct column builder = {.len = 0};
    struct text text;
    int rc = TG_OK;

    TRY(column_init_rows(&builder, &column->spec, row_count, err));
    for (size_t row = 0; row < row_count; row++) {
        yyjson_val cell;
        if (!get_text(&texts, batch, index, row, &text))
            continue;
        *fits = typed_cell(text, column, &cell);
        if (*fits)
            store(&builder, row, &cell, fits);
        if (!*fits)
            goto done;
    }
    TRY(column_export(&builder, row_count, out, err));
done:
    column_release(&builder);
    return rc;
}

static int convert_batch(const struct csv_columns *columns, struct ArrowArray *batch,
                         struct ArrowArray *out, bool *fits, struct tg_error *err)
{
    struct ArrowArray *children = mem_calloc(columns->count + 1, sizeof(*children));
    int64_t row_count = batch->length;
    size_t made = 0;
    int rc = TG_OK;

    *fits = true;
    if (!children)
        return error_nomem(err);
    for (; made < columns->count && *fits; made++) {
        const struct csv_column *column = &columns->items[made];
        if (column->spec.type == TYPE_NONE)
            children[made] = (struct ArrowArray){
                .length = row_count, .null_count = row_count, .release = release_nothing};
        else if (column->spec.type != TYPE_TEXT)
            TRY(convert_column(column, batch, made, &children[made], fits, err));
    }
    if (!*fits)
        goto done;
    for (size_t i = 0; i < columns->count; i++) {
        if (columns->items[i].spec.type != TYPE_TEXT)
            continue;
        array_move(batch->children[i], &children[i]);
        children[i].offset += batch->offset;
        children[i].length = row_count;
    }
    made = 0; /* moved, also on failure */
    TRY(batch_make(children, columns->count, row_count, out, err));
done:
    for (size_t i = 0; i < made; i++)
        array_release(&children[i]);
    mem_free(children);
    return rc;
}

/* ---- rows ---- */

/* A value that does not fit its column, as it is by itself; text under a hint, which the normalizer
 * goes by. */
static bool natural_cell(struct text text, const struct csv_column *column, yyjson_val *out)
{
    struct csv_column natural = {.kinds = 0};
    struct number number;

    if (column->hinted || column->spec.type == TYPE_TEXT)
        return false;
    natural.kinds = kind_of(text, &number);
    natural.whole_digits = (int)number.whole;
    natural.fraction_digits = (int)number.fraction;
    natural.spec = natural.kinds == KIND_NOT_FINITE ? (struct type_spec){.type = TYPE_DOUBLE}
                                                    : decide(&natural);
    return natural.spec.type != TYPE_TEXT && typed_cell(text, &natural, out);
}

static void push_value(struct tg_rows *rows, struct text text, const struct csv_column *column)
{
    char digits[NUMBER_CHARS];
    yyjson_val cell;

    if (!typed_cell(text, column, &cell) && !natural_cell(text, column, &cell)) {
        tg_rows_text(rows, text.start, text.len);
        return;
    }
    switch (cell_kind(&cell)) {
    case CELL_BOOL: tg_rows_bool(rows, cell.tag & YYJSON_SUBTYPE_TRUE); break;
    case CELL_INT: tg_rows_int64(rows, cell.uni.i64); break;
    case CELL_DOUBLE: tg_rows_double(rows, cell.uni.f64); break;
    case CELL_DATE: tg_rows_date(rows, (int32_t)cell.uni.i64); break;
    case CELL_TIME: tg_rows_time(rows, cell.uni.i64); break;
    case CELL_TIMESTAMP: tg_rows_timestamp(rows, cell.uni.i64); break;
    case CELL_DECIMAL:
        if (cell_len(&cell) < sizeof(digits)) {
            snprintf(digits, sizeof(digits), "%.*s", (int)cell_len(&cell), cell.uni.str);
            tg_rows_decimal(rows, digits);
            break;
        }
        tg_rows_text(rows, text.start, text.len);
        break;
    default: tg_rows_text(rows, text.start, text.len); break;
    }
}

static int push_rows(struct csv_columns *columns, const struct ArrowArray *batch, struct page *page,
                     struct tg_error *err)
{
    const yyjson_val **rows;
    size_t count;
    int rc = TG_OK;

    rows_clear(columns->rows);
    for (size_t row = 0; row < (size_t)batch->length; row++) {
        tg_rows_begin_object(columns->rows);
        for (size_t i = 0; i < columns->count; i++) {
            struct texts texts = texts_of(batch, i);
            struct text text;
            tg_rows_key(columns->rows, columns->items[i].name);
            if (get_text(&texts, batch, i, row, &text))
                push_value(columns->rows, text, &columns->items[i]);
            else
                tg_rows_null(columns->rows);
        }
        tg_rows_end_object(columns->rows);
    }
    TRY(rows_finish(columns->rows, &rows, &count, err));
    TRY(mem_grow(&page->rows, &page->row_cap, count + 1, sizeof(*page->rows), err));
    memcpy(page->rows, rows, count * sizeof(*rows));
    page->kind = PAGE_ROWS;
    page->row_count = count;
    page->first_cell = count > 0 ? rows[0] : NULL;
done:
    return rc;
}

int csv_columns_convert(struct csv_columns *columns, struct ArrowArray *batch, struct page *page,
                        struct tg_error *err)
{
    bool fits;
    int rc = TG_OK;

    csv_columns_see(columns, batch); /* those that had no value so far */
    csv_columns_decide(columns);
    if (!columns->schema.release)
        TRY(make_schema(columns, err));
    TRY(schema_copy(&columns->schema, &page->schema, err));
    page->read_count = (uint64_t)batch->length;
    TRY(convert_batch(columns, batch, &page->array, &fits, err));
    if (fits)
        page->kind = PAGE_ARROW;
    else
        TRY(push_rows(columns, batch, page, err));
done:
    array_release(batch);
    return rc;
}
