/*
 * Arrow batches -> COPY FROM STDIN.
 *
 * pg_encoder_new: per column the way from its Arrow format to the type of its target; where one has
 * none, the whole COPY is text. pg_encoder_batch binds the buffers of a batch, looks once over the
 * bytes of its texts for NUL, and goes row by row: put_value, a switch over ways, stores what the
 * wire has. There is room for the widest row before a row begins; texts make their own. As text,
 * put_text_row writes what value_text says, with times as the server reads them.
 *
 * What a number of the target cannot hold is an error here, with its column and value: the server
 * would see other bits.
 */
#include "postgres/values/encode.h"

#include "base/memory.h"
#include "base/text/utf8.h"
#include "base/time/calendar.h"
#include "postgres/values/array.h"
#include "postgres/values/numeric.h"
#include "postgres/values/text.h"
#include "postgres/values/wire.h"

/* From the buffers to the wire. */
enum way {
    WAY_NONE = 0, /* as text */
    WAY_NULL,
    WAY_BOOL,
    WAY_INT,
    WAY_INT_NUMERIC,
    WAY_FLOAT4,
    WAY_FLOAT8, /* of either width */
    WAY_DECIMAL,
    WAY_BYTES,
    WAY_JSONB,
    WAY_UUID,
    WAY_DATE,
    WAY_TIME,
    WAY_TIMESTAMP
};

struct encoded {
    const char *name;
    struct pg_type type;              /* the target's */
    const struct ArrowSchema *schema; /* the column's */
    const struct ArrowSchema *value;  /* of what its dictionary holds, or the same */
    struct layout layout;             /* the value's */
    enum way way;
    bool is_unsigned, is_text, is_array;
    char unit; /* of times: s, m, u, n */
    int scale; /* of decimals */
    /* of texts that the server would cut without a word: characters, behind which are blanks, and
     * bytes; 0: any */
    size_t chars_max, bytes_max;
    /* in the batch */
    const struct ArrowArray *array;
    const uint8_t *validity; /* NULL: there are no NULLs */
    const void *values;
    const char *bytes;
};

struct pg_encoder {
    struct encoded *columns;
    size_t count;
    size_t row_max; /* bytes of a row, but for its texts */
    bool is_text;
    struct arena arena; /* names */
    struct buf text;    /* of one value */
};

/* ---- planning ---- */

static const struct {
    const char *formats; /* letters of Arrow */
    enum pg_form form;
    enum way way;
} ways[] = {
    {"b", PG_BOOL, WAY_BOOL},
    {"cCsSiIlL", PG_INT2, WAY_INT},
    {"cCsSiIlL", PG_INT4, WAY_INT},
    {"cCsSiIlL", PG_INT8, WAY_INT},
    {"cCsSiIlL", PG_NUMERIC, WAY_INT_NUMERIC},
    {"f", PG_FLOAT4, WAY_FLOAT4},
    {"fg", PG_FLOAT8, WAY_FLOAT8},
    {"d", PG_NUMERIC, WAY_DECIMAL},
    {"uU", PG_TEXT, WAY_BYTES},
    {"uU", PG_JSON, WAY_BYTES},
    {"uU", PG_JSONB, WAY_JSONB},
    {"uU", PG_UUID, WAY_UUID},
    {"zZw", PG_BYTEA, WAY_BYTES},
    {"1", PG_DATE, WAY_DATE},
    {"2", PG_TIME, WAY_TIME},
    {"3", PG_TIMESTAMP, WAY_TIMESTAMP},
    {"3", PG_TIMESTAMPTZ, WAY_TIMESTAMP},
};

/* A format as a letter of the table: dates are 1, times 2, timestamps 3, views u or z. */
static char letter_of(const char *format)
{
    if (format[0] == 't')
        return format[1] == 'd' ? '1' : format[1] == 't' ? '2' : '3';
    return format[0] == 'v' ? format[1] : format[0];
}

static enum way way_to(const struct encoded *column)
{
    char letter = letter_of(column->value->format);
    enum layout_kind kind = column->layout.kind;
    if (kind == LAYOUT_NULL)
        return WAY_NULL;
    if (kind == LAYOUT_NONE || kind >= LAYOUT_STRUCT ||
        (letter == 'd' && column->layout.width > 16))
        return WAY_NONE;
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        if (ways[i].form == column->type.form && strchr(ways[i].formats, letter))
            return ways[i].way;
    return WAY_NONE;
}

/* Whether JSON lists are arrays there; of elements that are JSON nobody knows where they begin. */
static bool is_array(const struct encoded *column)
{
    struct pg_type element;
    if (!column->is_text || column->type.element == 0)
        return false;
    pg_type_find(NULL, column->type.element, -1, &element);
    return element.form != PG_JSON && element.form != PG_JSONB;
}

/* A `name` keeps 63 bytes; varchar(n) and char(n), whose typmod is n + 4, take more characters than
 * n where they are blanks. */
static void plan_length(struct encoded *column)
{
    enum { NAME_OID = 19, NAME_BYTES = 63, TYPMOD_MORE = 4 };
    if (!column->is_text || column->type.form != PG_TEXT)
        return;
    column->bytes_max = column->type.oid == NAME_OID ? NAME_BYTES : 0;
    if (column->type.typmod > TYPMOD_MORE)
        column->chars_max = (size_t)column->type.typmod - TYPMOD_MORE;
}

static int plan_column(struct pg_encoder *encoder, const struct ArrowSchema *schema,
                       const struct pg_field *target, struct encoded *out, struct tg_error *err)
{
    int rc = TG_OK, precision;
    const char *format;
    out->schema = schema;
    out->value = schema->dictionary ? schema->dictionary : schema;
    format = out->value->format;
    out->layout = layout_of(format);
    out->is_unsigned = format[0] != '\0' && strchr("CSIL", format[0]) != NULL;
    out->is_text = strchr("uU", letter_of(format)) != NULL;
    out->unit = format[0] == 't' ? format[2] : '\0';
    (void)!format_digits(format, &precision, &out->scale);
    pg_type_find(NULL, target->oid, target->typmod, &out->type);
    out->is_array = is_array(out);
    plan_length(out);
    out->way = out->value->dictionary ? WAY_NONE : way_to(out);
    if (out->way == WAY_NONE)
        encoder->is_text = true;
    TRY(arena_keep(&encoder->arena, target->name, &out->name, err));
done:
    return rc;
}

int pg_encoder_new(const struct ArrowSchema *schema, const struct pg_field *targets, size_t count,
                   struct pg_encoder **out, struct tg_error *err)
{
    int rc = TG_OK;
    enum { VALUE_MAX = 4 + NUMERIC_BYTES_MAX };
    struct pg_encoder *encoder = mem_calloc(1, sizeof(*encoder));
    *out = NULL;
    if (!encoder)
        return error_nomem(err);
    arena_init(&encoder->arena);
    encoder->columns = mem_calloc(count + 1, sizeof(*encoder->columns));
    if (!encoder->columns)
        TRY(error_nomem(err));
    if ((int64_t)count != schema->n_children || count > INT16_MAX)
        TRY(error_set(err, TG_INTERNAL, "%zu targets for %lld columns", count,
                      (long long)schema->n_children));
    encoder->count = count;
    encoder->row_max = 2 + count * VALUE_MAX;
    for (size_t i = 0; i < count; i++)
        TRY(plan_column(encoder, schema->children[i], &targets[i], &encoder->columns[i], err));
    *out = encoder;
    encoder = NULL;
done:
    pg_encoder_free(encoder);
    return rc;
}

void pg_encoder_free(struct pg_encoder *encoder)
{
    if (!encoder)
        return;
    mem_free(encoder->columns);
    arena_release(&encoder->arena);
    buf_release(&encoder->text);
    mem_free(encoder);
}

bool pg_encoder_is_text(const struct pg_encoder *encoder)
{
    return encoder->is_text;
}

/* ---- room ---- */

static int make_room(struct buf *out, size_t more, struct tg_error *err)
{
    return mem_grow(&out->data, &out->cap, out->len + more + 1, 1, err);
}

static inline char *end_of(struct buf *out)
{
    return out->data + out->len;
}

static inline void put16(struct buf *out, uint16_t value)
{
    wire_put16(end_of(out), value);
    out->len += 2;
}

static inline void put32(struct buf *out, uint32_t value)
{
    wire_put32(end_of(out), value);
    out->len += 4;
}

static inline void put64(struct buf *out, uint64_t value)
{
    wire_put64(end_of(out), value);
    out->len += 8;
}

/* ---- reading ---- */

/* A value: the column of the batch, and its place in the buffers. */
struct place {
    const struct encoded *column;
    int64_t row; /* of the array */
    int64_t at;
};

static inline bool bit_at(const void *bits, int64_t at)
{
    return ((const uint8_t *)bits)[at >> 3] >> (at & 7) & 1;
}

static int128 get_int(const struct encoded *column, int64_t at)
{
    const char *from = (const char *)column->values + at * (int64_t)column->layout.width;
    uint64_t raw = 0;
    memcpy(&raw, from, column->layout.width);
    if (column->is_unsigned)
        return raw;
    switch (column->layout.width) {
    case 1: return (int8_t)raw;
    case 2: return (int16_t)raw;
    case 4: return (int32_t)raw;
    default: return (int64_t)raw;
    }
}

static double get_float(const struct encoded *column, int64_t at)
{
    const char *from = (const char *)column->values + at * (int64_t)column->layout.width;
    double wide;
    float narrow;
    if (column->layout.width == sizeof(wide)) {
        memcpy(&wide, from, sizeof(wide));
        return wide;
    }
    memcpy(&narrow, from, sizeof(narrow));
    return (double)narrow;
}

static int128 get_decimal(const struct encoded *column, int64_t at)
{
    int128 value;
    if (column->layout.width < sizeof(value))
        return get_int(column, at);
    memcpy(&value, (const char *)column->values + at * (int64_t)sizeof(value), sizeof(value));
    return value;
}

static void get_bytes(const struct place *place, const char **out, size_t *len)
{
    const struct encoded *column = place->column;
    if (column->layout.kind == LAYOUT_BYTES32) {
        const int32_t *offsets = (const int32_t *)column->values + place->at;
        *out = column->bytes + offsets[0];
        *len = (size_t)(offsets[1] - offsets[0]);
        return;
    }
    *out = "";
    *len = 0;
    (void)!value_bytes(column->schema, column->array, place->row, out, len);
}

/* ---- values that the target does not hold ---- */

static int refuse(struct pg_encoder *encoder, const struct place *place, const char *why,
                  struct tg_error *err)
{
    enum { SHOWN_BYTES = 60 };
    int rc = TG_OK;
    const struct encoded *column = place->column;
    buf_clear(&encoder->text);
    TRY(value_text(column->schema, column->array, place->row, &encoder->text, err));
    rc = error_set(err, TG_DATA, "the value %.*s of column '%s' %s %s", SHOWN_BYTES,
                   buf_string(&encoder->text), column->name, why, column->type.name);
done:
    return error_names(err, rc, AT_COLUMN, column->name);
}

static const char does_not_fit[] = "does not fit the column's type";

static int refuse_nul(const struct encoded *column, struct tg_error *err)
{
    int rc = error_set(err, TG_DATA,
                       "column '%s' has a text with a NUL character, which PostgreSQL's texts "
                       "cannot hold; remove it in the source, or load the column as binary",
                       column->name);
    return error_names(err, rc, AT_COLUMN, column->name);
}

/* Are there blanks alone behind the first characters? More than those the server refuses. */
static bool has_blanks_behind(const char *bytes, size_t len, size_t chars)
{
    size_t at = 0;
    while (at < len && (utf8_continues(bytes[at]) || chars-- > 0))
        at++;
    size_t blank = at;
    while (blank < len && bytes[blank] == ' ')
        blank++;
    return at < len && blank == len;
}

static int check_length(struct pg_encoder *encoder, const struct place *place, struct tg_error *err)
{
    const struct encoded *column = place->column;
    const char *bytes;
    size_t len;
    if (!column->chars_max && !column->bytes_max)
        return TG_OK;
    get_bytes(place, &bytes, &len);
    if (column->bytes_max && len > column->bytes_max)
        return refuse(encoder, place, "would be cut by the column's type", err);
    if (column->chars_max && len > column->chars_max &&
        has_blanks_behind(bytes, len, column->chars_max))
        return refuse(encoder, place, "ends in blanks that would be cut by the column's type", err);
    return TG_OK;
}

/* ---- putting ---- */

static int put_int(struct pg_encoder *encoder, const struct place *place, struct buf *out,
                   struct tg_error *err)
{
    int128 value = get_int(place->column, place->at);
    switch (place->column->type.form) {
    case PG_INT2:
        if (value != (int16_t)value)
            break;
        put32(out, 2);
        put16(out, (uint16_t)value);
        return TG_OK;
    case PG_INT4:
        if (value != (int32_t)value)
            break;
        put32(out, 4);
        put32(out, (uint32_t)value);
        return TG_OK;
    default:
        if (value != (int64_t)value)
            break;
        put32(out, 8);
        put64(out, (uint64_t)value);
        return TG_OK;
    }
    return refuse(encoder, place, does_not_fit, err);
}

static void put_float8(double value, struct buf *out)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    put32(out, 8);
    put64(out, bits);
}

static void put_float4(const struct place *place, struct buf *out)
{
    uint32_t bits;
    memcpy(&bits, (const char *)place->column->values + place->at * 4, sizeof(bits));
    put32(out, 4);
    put32(out, bits);
}

static void put_numeric(int128 value, int scale, struct buf *out)
{
    size_t len = numeric_write(value, scale, (unsigned char *)end_of(out) + 4);
    put32(out, (uint32_t)len);
    out->len += len;
}

/* `prefix` (0: none) is put before them. */
static int put_bytes(struct pg_encoder *encoder, const struct place *place, char prefix,
                     struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    const char *bytes;
    size_t len, more = prefix != 0;
    TRY(check_length(encoder, place, err));
    get_bytes(place, &bytes, &len);
    if (len > INT32_MAX - 1)
        return error_set(err, TG_DATA, "column '%s' has a value of more than 2 GiB",
                         place->column->name);
    TRY(make_room(out, len + encoder->row_max, err));
    put32(out, (uint32_t)(len + more));
    if (prefix)
        out->data[out->len++] = prefix;
    memcpy(end_of(out), bytes, len);
    out->len += len;
done:
    return rc;
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* 32 digits, with hyphens between them. */
static bool read_uuid(const char *text, size_t len, unsigned char out[16])
{
    size_t digits = 0;
    memset(out, 0, 16);
    for (size_t i = 0; i < len; i++) {
        int digit = hex_value(text[i]);
        if (text[i] == '-' && digits > 0 && digits % 4 == 0 && i + 1 < len && text[i - 1] != '-')
            continue;
        if (digit < 0 || digits == 32)
            return false;
        out[digits / 2] = (unsigned char)(out[digits / 2] << 4 | digit);
        digits++;
    }
    return digits == 32;
}

static int put_uuid(struct pg_encoder *encoder, const struct place *place, struct buf *out,
                    struct tg_error *err)
{
    const char *text;
    size_t len;
    unsigned char uuid[16];
    get_bytes(place, &text, &len);
    if (!read_uuid(text, len, uuid))
        return refuse(encoder, place, "is none of type", err);
    put32(out, sizeof(uuid));
    memcpy(end_of(out), uuid, sizeof(uuid));
    out->len += sizeof(uuid);
    return TG_OK;
}

/* ---- times ---- */

static int64_t floor_div(int64_t value, int64_t divisor)
{
    return value / divisor - (value % divisor < 0);
}

/* Days as PostgreSQL counts them; false: it has no such date. Infinite ones are the same in Arrow
 * as DuckDB has them. */
static bool get_date(const struct encoded *column, int64_t at, int32_t *out)
{
    static const int64_t first = -2451545, end = 2145031949; /* 4713 BC; the year 5874898 */
    int64_t days = (int64_t)get_int(column, at);
    if (column->layout.width == 8)
        days = floor_div(days, DAY_US / 1000);
    *out = days == INT32_MAX ? INT32_MAX : INT32_MIN;
    if (days == INT32_MAX || days == -INT32_MAX)
        return true;
    *out = (int32_t)(days - PG_EPOCH_DAYS);
    return days - PG_EPOCH_DAYS >= first && days - PG_EPOCH_DAYS < end;
}

/* Of the column's unit, in microseconds; those of nanoseconds are rounded down. */
static bool get_us(const struct encoded *column, int64_t value, int64_t *out)
{
    int64_t times = column->unit == 's' ? SECOND_US : column->unit == 'm' ? 1000 : 1;
    if (column->unit != 'n')
        return !__builtin_mul_overflow(value, times, out);
    *out = floor_div(value, 1000);
    return true;
}

static bool get_timestamp(const struct encoded *column, int64_t at, int64_t *out)
{
    static const int64_t first = INT64_C(-211813488000000000), end = INT64_C(9223371331200000000);
    int64_t value = (int64_t)get_int(column, at);
    *out = value == INT64_MAX ? INT64_MAX : INT64_MIN;
    if (value == INT64_MAX || value == -INT64_MAX)
        return true;
    return get_us(column, value, &value) && !__builtin_sub_overflow(value, PG_EPOCH_US, out) &&
           *out >= first && *out < end;
}

static int put_date(struct pg_encoder *encoder, const struct place *place, struct buf *out,
                    struct tg_error *err)
{
    int32_t days;
    if (!get_date(place->column, place->at, &days))
        return refuse(encoder, place, does_not_fit, err);
    put32(out, 4);
    put32(out, (uint32_t)days);
    return TG_OK;
}

static int put_time(struct pg_encoder *encoder, const struct place *place, struct buf *out,
                    struct tg_error *err)
{
    int64_t us;
    if (!get_us(place->column, (int64_t)get_int(place->column, place->at), &us) || us < 0 ||
        us > DAY_US)
        return refuse(encoder, place, does_not_fit, err);
    put32(out, 8);
    put64(out, (uint64_t)us);
    return TG_OK;
}

static int put_timestamp(struct pg_encoder *encoder, const struct place *place, struct buf *out,
                         struct tg_error *err)
{
    int64_t us;
    if (!get_timestamp(place->column, place->at, &us))
        return refuse(encoder, place, does_not_fit, err);
    put32(out, 8);
    put64(out, (uint64_t)us);
    return TG_OK;
}

/* ---- rows ---- */

static int64_t dictionary_index(const struct encoded *column, int64_t at)
{
    const char *format = column->schema->format;
    size_t width = layout_of(format).width;
    uint64_t raw = 0;
    memcpy(&raw, (const char *)column->array->buffers[1] + at * (int64_t)width, width);
    return (int64_t)raw; /* an index is not negative */
}

/* The place of the array's row; false: it is NULL. */
static inline bool find(const struct encoded *column, int64_t row, struct place *out)
{
    int64_t at = column->array->offset + row;
    *out = (struct place){column, row, at};
    if (column->layout.kind == LAYOUT_NULL || (column->validity && !bit_at(column->validity, at)))
        return false;
    if (!column->schema->dictionary)
        return true;
    out->at = column->array->dictionary->offset + dictionary_index(column, at);
    return !value_is_null(column->schema, column->array, row);
}

static inline int put_value(struct pg_encoder *encoder, const struct place *place, struct buf *out,
                            struct tg_error *err)
{
    const struct encoded *column = place->column;
    int64_t at = place->at;
    switch (column->way) {
    case WAY_NONE:
    case WAY_NULL: break;
    case WAY_BOOL:
        put32(out, 1);
        out->data[out->len++] = bit_at(column->values, at);
        break;
    case WAY_INT: return put_int(encoder, place, out, err);
    case WAY_INT_NUMERIC: put_numeric(get_int(column, at), 0, out); break;
    case WAY_FLOAT4: put_float4(place, out); break;
    case WAY_FLOAT8: put_float8(get_float(column, at), out); break;
    case WAY_DECIMAL: put_numeric(get_decimal(column, at), column->scale, out); break;
    case WAY_BYTES: return put_bytes(encoder, place, 0, out, err);
    case WAY_JSONB: return put_bytes(encoder, place, 1, out, err);
    case WAY_UUID: return put_uuid(encoder, place, out, err);
    case WAY_DATE: return put_date(encoder, place, out, err);
    case WAY_TIME: return put_time(encoder, place, out, err);
    case WAY_TIMESTAMP: return put_timestamp(encoder, place, out, err);
    }
    return TG_OK;
}

static int put_row(struct pg_encoder *encoder, int64_t row, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(make_room(out, encoder->row_max, err));
    put16(out, (uint16_t)encoder->count);
    for (size_t i = 0; i < encoder->count; i++) {
        struct place place;
        if (find(&encoder->columns[i], row, &place))
            TRY(put_value(encoder, &place, out, err));
        else
            put32(out, UINT32_MAX);
    }
done:
    return rc;
}

/* ---- as text ---- */

static int put_temporal(struct pg_encoder *encoder, const struct place *place, struct buf *out,
                        struct tg_error *err)
{
    const struct encoded *column = place->column;
    const char *format = column->value->format;
    int32_t days;
    int64_t us;
    if (format[1] == 't')
        return value_text(column->schema, column->array, place->row, out, err);
    if (format[1] == 'd' ? !get_date(column, place->at, &days)
                         : !get_timestamp(column, place->at, &us))
        return refuse(encoder, place, does_not_fit, err);
    if (format[1] == 'd')
        pg_put_date(days, out);
    else
        pg_put_timestamp(us, ' ', format[4] ? "+00" : "", out);
    return buf_check(out, err);
}

static void put_hex(const struct place *place, struct buf *out)
{
    static const char digits[] = "0123456789abcdef";
    const char *bytes;
    size_t len;
    get_bytes(place, &bytes, &len);
    buf_text(out, "\\x");
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        buf_append(out, (char[]){digits[byte >> 4], digits[byte & 15]}, 2);
    }
}

static void put_escaped(const struct buf *text, struct buf *out)
{
    size_t start = 0;
    for (size_t i = 0; i < text->len; i++) {
        char c = text->data[i];
        char letter = c == '\\' ? '\\' : c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : '\0';
        if (!letter)
            continue;
        buf_append(out, text->data + start, i - start);
        buf_append(out, (char[]){'\\', letter}, 2);
        start = i + 1;
    }
    if (start < text->len)
        buf_append(out, text->data + start, text->len - start);
}

static int put_array(const struct place *place, struct buf *out, struct tg_error *err)
{
    const char *text;
    size_t len;
    get_bytes(place, &text, &len);
    return array_literal(text, len, out, err);
}

static int put_text_value(struct pg_encoder *encoder, const struct place *place, struct buf *out,
                          struct tg_error *err)
{
    int rc = TG_OK;
    const struct encoded *column = place->column;
    const char *format = column->value->format;
    struct buf *text = &encoder->text;
    TRY(check_length(encoder, place, err));
    buf_clear(text);
    if (format[0] == 't' && column->layout.kind == LAYOUT_FIXED)
        TRY(put_temporal(encoder, place, text, err));
    else if (strchr("zZw", letter_of(format)))
        put_hex(place, text);
    else if (column->is_array)
        TRY(put_array(place, text, err));
    else
        TRY(value_text(column->schema, column->array, place->row, text, err));
    TRY(buf_check(text, err));
    put_escaped(text, out);
done:
    return rc;
}

static int put_text_row(struct pg_encoder *encoder, int64_t row, struct buf *out,
                        struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < encoder->count; i++) {
        struct place place;
        if (i > 0)
            buf_char(out, '\t');
        if (find(&encoder->columns[i], row, &place))
            TRY(put_text_value(encoder, &place, out, err));
        else
            buf_text(out, "\\N");
    }
    buf_char(out, '\n');
    rc = buf_check(out, err);
done:
    return rc;
}

/* ---- batches ---- */

static void bind(struct encoded *column, const struct ArrowArray *array)
{
    const struct ArrowArray *values = column->schema->dictionary ? array->dictionary : array;
    column->array = array;
    column->validity = array->n_buffers > 0 && array->null_count != 0 ? array->buffers[0] : NULL;
    column->values = values->n_buffers > 1 ? values->buffers[1] : NULL;
    column->bytes = values->n_buffers > 2 ? values->buffers[2] : NULL;
}

/* The first row whose text has a NUL character; `end`: none has. Bytes that lie together are looked
 * at as one. */
static int64_t find_nul(const struct encoded *column, int64_t start, int64_t end)
{
    struct place place;
    const char *bytes;
    size_t len;
    if (column->layout.kind == LAYOUT_BYTES32 && !column->schema->dictionary && end > start) {
        const int32_t *offsets = (const int32_t *)column->values + column->array->offset;
        size_t all = (size_t)(offsets[end] - offsets[start]);
        if (all == 0 || !memchr(column->bytes + offsets[start], '\0', all))
            return end;
    }
    for (int64_t row = start; row < end; row++) {
        if (!find(column, row, &place))
            continue;
        get_bytes(&place, &bytes, &len);
        if (memchr(bytes, '\0', len))
            return row;
    }
    return end;
}

int pg_encoder_header(struct pg_encoder *encoder, struct buf *out, struct tg_error *err)
{
    static const char header[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0";
    if (!encoder->is_text)
        buf_append(out, header, sizeof(header));
    return buf_check(out, err);
}

int pg_encoder_batch(struct pg_encoder *encoder, const struct ArrowArray *batch, int64_t *row,
                     struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    int64_t start = batch->offset, end = start + batch->length;
    for (size_t i = 0; i < encoder->count; i++) {
        struct encoded *column = &encoder->columns[i];
        bind(column, batch->children[i]);
        int64_t nul = *row == 0 && column->is_text ? find_nul(column, start, end) : end;
        if (nul == end)
            continue;
        *row = nul - start;
        return refuse_nul(column, err);
    }
    for (; *row < batch->length && out->len < PG_CHUNK; ++*row)
        TRY(encoder->is_text ? put_text_row(encoder, start + *row, out, err)
                             : put_row(encoder, start + *row, out, err));
    if (out->data)
        out->data[out->len] = '\0';
done:
    return rc;
}

int pg_encoder_trailer(struct pg_encoder *encoder, struct buf *out, struct tg_error *err)
{
    if (!encoder->is_text)
        buf_append(out, "\377\377", 2);
    return buf_check(out, err);
}
