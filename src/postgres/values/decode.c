/*
 * Binary values -> Arrow batches.
 *
 * pg_decoder_new: per column its form on the wire, the column type that holds it, and the way from
 * one to the other. pg_decoder_copy reads rows out of the bytes of a COPY and keeps what is not a
 * whole row; pg_decoder_value takes single values. Both -> set_value, a switch over ways: plain
 * ones are a load, a store and a bit, in the builders of data/column.h. pg_decoder_take exports the
 * builders and looks whether texts are UTF-8, all of a column at once.
 *
 * What the bytes of rarer types mean is in text.c and numeric.c.
 */
#include "postgres/values/decode.h"

#include "base/memory.h"
#include "base/text/utf8.h"
#include "base/time/calendar.h"
#include "postgres/values/numeric.h"
#include "postgres/values/text.h"
#include "postgres/values/wire.h"

enum {
    BATCH_BYTES = 8 << 20, /* a batch of more is full */
    SHOWN_BYTES = 60,      /* of a value in a message */
    HEADER_BYTES = 19,     /* signature, flags, length of what follows them */
    SIGNATURE_BYTES = 11
};

static const char signature[] = "PGCOPY\n\377\r\n";

/* From the wire to the column. */
enum way {
    WAY_BYTES = 0, /* as they are */
    WAY_BOOL,
    WAY_INT2,
    WAY_INT4,
    WAY_INT8,
    WAY_OID,
    WAY_FLOAT4,
    WAY_FLOAT8,
    WAY_DATE,
    WAY_TIME,
    WAY_TIMESTAMP,
    WAY_DECIMAL,
    WAY_NUMERIC, /* to bigint or double */
    WAY_JSONB,
    WAY_UUID,
    WAY_TEXT, /* pg_text */
    WAY_JSON  /* pg_json */
};

struct decoded {
    struct pg_type type;
    struct type_spec spec;
    enum way way;
    int precision, scale; /* of a decimal */
    char *name;
    char *sql_type; /* NULL: that of its own type */
    struct column column;
};

struct pg_decoder {
    const struct pg_types *types;
    struct decoded *columns;
    size_t count;
    size_t rows;        /* of the batch */
    uint64_t row_total; /* of batches that were taken */
    size_t bytes;       /* of the batch */
    struct buf kept;    /* of COPY: what waits for more bytes, or for room */
    struct buf text;    /* of one value */
    bool begun, ended;  /* of COPY: the header was read, the trailer was */
};

/* ---- planning ---- */

static const enum way ways[] = {
    [PG_BOOL] = WAY_BOOL,
    [PG_INT2] = WAY_INT2,
    [PG_INT4] = WAY_INT4,
    [PG_INT8] = WAY_INT8,
    [PG_OID] = WAY_OID,
    [PG_FLOAT4] = WAY_FLOAT4,
    [PG_FLOAT8] = WAY_FLOAT8,
    [PG_NUMERIC] = WAY_DECIMAL,
    [PG_TEXT] = WAY_BYTES,
    [PG_CHAR] = WAY_TEXT,
    [PG_BYTEA] = WAY_BYTES,
    [PG_JSON] = WAY_BYTES,
    [PG_JSONB] = WAY_JSONB,
    [PG_UUID] = WAY_UUID,
    [PG_DATE] = WAY_DATE,
    [PG_TIME] = WAY_TIME,
    [PG_TIMETZ] = WAY_TEXT,
    [PG_TIMESTAMP] = WAY_TIMESTAMP,
    [PG_TIMESTAMPTZ] = WAY_TIMESTAMP,
    [PG_INTERVAL] = WAY_TEXT,
    [PG_INET] = WAY_TEXT,
    [PG_MACADDR] = WAY_TEXT,
    [PG_BITS] = WAY_TEXT,
    [PG_ARRAY] = WAY_JSON,
};

static int plan_column(const struct pg_types *types, const struct pg_field *field,
                       struct decoded *out, struct tg_error *err)
{
    int rc = TG_OK;
    pg_type_find(types, field->oid, field->typmod, &out->type);
    out->name = mem_strdup(field->name);
    out->sql_type = mem_strdup(field->sql_type);
    if (!out->name || (field->sql_type && !out->sql_type))
        return error_nomem(err);
    if (out->type.form == PG_OPAQUE)
        return error_set(err, TG_DATA,
                         "column '%s' is of the type %s (%u), whose binary form is not read; ask "
                         "for it as %s in the query",
                         field->name, out->type.name, field->oid,
                         pg_type_reading(types, field->oid));
    out->spec = pg_type_spec(&out->type, field->wanted);
    out->way = ways[out->type.form];
    if (out->spec.type == TYPE_TEXT && out->spec.type != pg_type_spec(&out->type, NULL).type &&
        out->type.form != PG_ARRAY)
        out->way = WAY_TEXT;
    else if (out->way == WAY_DECIMAL &&
             (out->spec.type == TYPE_BIGINT || out->spec.type == TYPE_DOUBLE))
        out->way = WAY_NUMERIC;
    struct type_spec full = type_decimal(&out->spec);
    out->precision = full.precision;
    out->scale = full.scale;
    TRY(column_init(&out->column, &out->spec, err));
done:
    return rc;
}

int pg_decoder_new(const struct pg_types *types, const struct pg_field *fields, size_t count,
                   struct pg_decoder **out, struct tg_error *err)
{
    int rc = TG_OK;
    struct pg_decoder *decoder = mem_calloc(1, sizeof(*decoder));
    *out = NULL;
    if (!decoder)
        return error_nomem(err);
    decoder->types = types;
    decoder->columns = mem_calloc(count + 1, sizeof(*decoder->columns));
    if (!decoder->columns)
        TRY(error_nomem(err));
    for (size_t i = 0; i < count; i++) {
        decoder->count++;
        TRY(plan_column(types, &fields[i], &decoder->columns[i], err));
    }
    *out = decoder;
    decoder = NULL;
done:
    pg_decoder_free(decoder);
    return rc;
}

void pg_decoder_free(struct pg_decoder *decoder)
{
    if (!decoder)
        return;
    for (size_t i = 0; i < decoder->count; i++) {
        column_release(&decoder->columns[i].column);
        mem_free(decoder->columns[i].name);
        mem_free(decoder->columns[i].sql_type);
    }
    mem_free(decoder->columns);
    buf_release(&decoder->kept);
    buf_release(&decoder->text);
    mem_free(decoder);
}

/* For who reads a query: of which type the column is in the database, and that it is JSON. */
static int annotate(const struct decoded *column, struct ArrowSchema *out, struct tg_error *err)
{
    const struct schema_note notes[] = {
        {SCHEMA_SQL_TYPE, column->sql_type ? column->sql_type : column->type.name},
        {SCHEMA_EXTENSION, SCHEMA_JSON}};
    return schema_annotate(out, notes, column->spec.type == TYPE_JSON ? 2 : 1, err);
}

int pg_decoder_schema(const struct pg_decoder *decoder, struct ArrowSchema *out,
                      struct tg_error *err)
{
    int rc = TG_OK;
    const char **names = mem_calloc(decoder->count + 1, sizeof(*names));
    struct type_spec *specs = mem_calloc(decoder->count + 1, sizeof(*specs));
    if (!names || !specs)
        TRY(error_nomem(err));
    for (size_t i = 0; i < decoder->count; i++) {
        names[i] = decoder->columns[i].name;
        specs[i] = decoder->columns[i].spec;
    }
    TRY(schema_make(names, specs, decoder->count, out, err));
    for (size_t i = 0; i < decoder->count && rc == TG_OK; i++)
        rc = annotate(&decoder->columns[i], out->children[i], err);
    if (rc != TG_OK)
        schema_release(out);
done:
    mem_free(names);
    mem_free(specs);
    return rc;
}

/* ---- values ---- */

static int refuse_length(const struct decoded *column, size_t len, struct tg_error *err)
{
    return error_set(err, TG_DATA, "%zu bytes came that are no value of type %s", len,
                     column->type.name);
}

static int refuse_value(struct pg_decoder *decoder, const struct decoded *column, const char *bytes,
                        size_t len, const char *why, struct tg_error *err)
{
    int rc;
    buf_clear(&decoder->text);
    rc = pg_text(decoder->types, &column->type, bytes, len, &decoder->text, err);
    if (rc != TG_OK)
        return rc;
    return error_set(err, TG_DATA, "the value %.*s%s %s", SHOWN_BYTES, buf_string(&decoder->text),
                     decoder->text.len > SHOWN_BYTES ? "..." : "", why);
}

static int refuse_decimal(struct pg_decoder *decoder, const struct decoded *column,
                          const char *bytes, size_t len, struct tg_error *err)
{
    char why[200];
    snprintf(why, sizeof(why),
             "does not fit decimal(%d,%d); give the column a hint (data_type text keeps every "
             "digit, double rounds, decimal with precision and scale), or round it in a query",
             column->precision, column->scale);
    return refuse_value(decoder, column, bytes, len, why, err);
}

static int set_decimal(struct pg_decoder *decoder, struct decoded *column, const char *bytes,
                       size_t len, struct tg_error *err)
{
    struct pg_numeric number;
    int128 value;
    if (!numeric_read(bytes, len, &number))
        return refuse_length(column, len, err);
    if (!numeric_decimal(&number, column->precision, column->scale, &value))
        return refuse_decimal(decoder, column, bytes, len, err);
    column_set_decimal(&column->column, decoder->rows, value);
    return TG_OK;
}

static int set_numeric(struct pg_decoder *decoder, struct decoded *column, const char *bytes,
                       size_t len, struct tg_error *err)
{
    struct pg_numeric number;
    int128 value;
    if (!numeric_read(bytes, len, &number))
        return refuse_length(column, len, err);
    if (column->spec.type == TYPE_DOUBLE)
        column_set_double(&column->column, decoder->rows, numeric_double(&number));
    else if (numeric_decimal(&number, DECIMAL_PRECISION, 0, &value) && value == (int64_t)value)
        column_set_int64(&column->column, decoder->rows, (int64_t)value);
    else
        return refuse_value(decoder, column, bytes, len, "is no whole number of 64 bits", err);
    return TG_OK;
}

static int set_written(struct pg_decoder *decoder, struct decoded *column, const char *bytes,
                       size_t len, struct tg_error *err)
{
    int rc = TG_OK;
    buf_clear(&decoder->text);
    if (column->way == WAY_JSON)
        TRY(pg_json(decoder->types, &column->type, bytes, len, &decoder->text, err));
    else
        TRY(pg_text(decoder->types, &column->type, bytes, len, &decoder->text, err));
    rc = column_set_text(&column->column, decoder->rows, buf_string(&decoder->text),
                         decoder->text.len, err);
done:
    return rc;
}

static int set_jsonb(struct pg_decoder *decoder, struct decoded *column, const char *bytes,
                     size_t len, struct tg_error *err)
{
    if (len < 1 || bytes[0] != 1)
        return refuse_length(column, len, err);
    return column_set_text(&column->column, decoder->rows, bytes + 1, len - 1, err);
}

static int set_uuid(struct pg_decoder *decoder, struct decoded *column, const char *bytes,
                    struct tg_error *err)
{
    char text[PG_UUID_CHARS];
    pg_format_uuid(bytes, text);
    return column_set_text(&column->column, decoder->rows, text, sizeof(text), err);
}

static int set_date(struct pg_decoder *decoder, struct decoded *column, const char *bytes,
                    struct tg_error *err)
{
    int32_t days = (int32_t)wire_get32(bytes), since_1970 = INT32_MAX;
    if (days == INT32_MIN)
        since_1970 = -INT32_MAX;
    else if (days != INT32_MAX && __builtin_add_overflow(days, PG_EPOCH_DAYS, &since_1970))
        return refuse_length(column, 4, err);
    column_set_date(&column->column, decoder->rows, since_1970);
    return TG_OK;
}

/* The highest and the lowest number are infinite here as there; the lowest one is INT64_MIN there.
 */
static int set_timestamp(struct pg_decoder *decoder, struct decoded *column, const char *bytes,
                         struct tg_error *err)
{
    int64_t us = (int64_t)wire_get64(bytes), since_1970 = INT64_MAX;
    if (us == INT64_MIN)
        since_1970 = -INT64_MAX;
    else if (us != INT64_MAX && __builtin_add_overflow(us, PG_EPOCH_US, &since_1970))
        return refuse_value(decoder, column, bytes, 8,
                            "is beyond the years of a timestamp, which end in 294247; give the "
                            "column the hint data_type text",
                            err);
    column_set_int64(&column->column, decoder->rows, since_1970);
    return TG_OK;
}

static int set_time(struct pg_decoder *decoder, struct decoded *column, const char *bytes,
                    struct tg_error *err)
{
    int64_t us = (int64_t)wire_get64(bytes);
    if (us < 0 || us > DAY_US)
        return refuse_length(column, 8, err);
    column_set_int64(&column->column, decoder->rows, us);
    return TG_OK;
}

static double get_float4(const char *bytes)
{
    uint32_t bits = wire_get32(bytes);
    float value;
    memcpy(&value, &bits, sizeof(value));
    return (double)value;
}

static double get_float8(const char *bytes)
{
    uint64_t bits = wire_get64(bytes);
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static const uint8_t lengths[] = {
    [WAY_BOOL] = 1, [WAY_INT2] = 2,      [WAY_INT4] = 4,   [WAY_INT8] = 8,
    [WAY_OID] = 4,  [WAY_FLOAT4] = 4,    [WAY_FLOAT8] = 8, [WAY_DATE] = 4,
    [WAY_TIME] = 8, [WAY_TIMESTAMP] = 8, [WAY_UUID] = 16,  [WAY_JSON] = 0,
};

static inline int set_value(struct pg_decoder *decoder, struct decoded *column, const char *bytes,
                            size_t len, struct tg_error *err)
{
    struct column *to = &column->column;
    size_t row = decoder->rows;
    if (lengths[column->way] != 0 && lengths[column->way] != len)
        return refuse_length(column, len, err);
    switch (column->way) {
    case WAY_BYTES: return column_set_text(to, row, bytes, len, err);
    case WAY_BOOL: column_set_bool(to, row, bytes[0] != 0); return TG_OK;
    case WAY_INT2: column_set_int64(to, row, (int16_t)wire_get16(bytes)); return TG_OK;
    case WAY_INT4: column_set_int64(to, row, (int32_t)wire_get32(bytes)); return TG_OK;
    case WAY_INT8: column_set_int64(to, row, (int64_t)wire_get64(bytes)); return TG_OK;
    case WAY_OID: column_set_int64(to, row, wire_get32(bytes)); return TG_OK;
    case WAY_FLOAT4: column_set_double(to, row, get_float4(bytes)); return TG_OK;
    case WAY_FLOAT8: column_set_double(to, row, get_float8(bytes)); return TG_OK;
    case WAY_DATE: return set_date(decoder, column, bytes, err);
    case WAY_TIME: return set_time(decoder, column, bytes, err);
    case WAY_TIMESTAMP: return set_timestamp(decoder, column, bytes, err);
    case WAY_DECIMAL: return set_decimal(decoder, column, bytes, len, err);
    case WAY_NUMERIC: return set_numeric(decoder, column, bytes, len, err);
    case WAY_JSONB: return set_jsonb(decoder, column, bytes, len, err);
    case WAY_UUID: return set_uuid(decoder, column, bytes, err);
    case WAY_TEXT:
    case WAY_JSON: break;
    }
    return set_written(decoder, column, bytes, len, err);
}

static int locate(const struct pg_decoder *decoder, size_t column, int rc, struct tg_error *err)
{
    error_at(err, rc, AT_COLUMN, decoder->columns[column].name);
    return error_at_row(err, rc, decoder->row_total + decoder->rows + 1);
}

int pg_decoder_value(struct pg_decoder *decoder, size_t column, const char *bytes, int32_t len,
                     struct tg_error *err)
{
    int rc;
    if (len < 0)
        return TG_OK;
    decoder->bytes += (size_t)len;
    rc = set_value(decoder, &decoder->columns[column], bytes, (size_t)len, err);
    return rc == TG_OK ? rc : locate(decoder, column, rc, err);
}

void pg_decoder_end_row(struct pg_decoder *decoder)
{
    decoder->rows++;
}

/* ---- COPY ---- */

static int refuse_copy(const struct pg_decoder *decoder, const char *what, struct tg_error *err)
{
    return error_at_row(err, error_set(err, TG_DATA, "the bytes of the COPY are damaged: %s", what),
                        decoder->row_total + decoder->rows + 1);
}

/* Reads the header at *at; not whole yet: *at stays. */
static int read_header(struct pg_decoder *decoder, const char **at, const char *end,
                       struct tg_error *err)
{
    size_t left = (size_t)(end - *at);
    if (memcmp(*at, signature, left < SIGNATURE_BYTES ? left : SIGNATURE_BYTES) != 0)
        return refuse_copy(decoder, "they do not begin as such", err);
    if (left < HEADER_BYTES)
        return TG_OK;
    if (wire_get32(*at + SIGNATURE_BYTES) != 0)
        return refuse_copy(decoder, "flags are set that are not known", err);
    uint32_t more = wire_get32(*at + SIGNATURE_BYTES + 4);
    if (left - HEADER_BYTES < more)
        return TG_OK;
    *at += HEADER_BYTES + (size_t)more;
    decoder->begun = true;
    return TG_OK;
}

/* Takes back what was set of the row that is not whole: it comes again. */
static int forget_row(struct pg_decoder *decoder)
{
    size_t row = decoder->rows;
    for (size_t i = 0; i < decoder->count; i++) {
        struct column *column = &decoder->columns[i].column;
        if (column->len <= row)
            continue;
        column->validity[row >> 3] &= (uint8_t) ~(1U << (row & 7));
        column->len = row;
        if (column->text)
            column->text_len = (size_t)column->data.offsets[row];
    }
    return TG_OK;
}

/* Reads the row at *at; not whole yet: *at stays. */
static int read_row(struct pg_decoder *decoder, const char **at, const char *end,
                    struct tg_error *err)
{
    const char *p = *at;
    size_t count = decoder->count;
    if (end - p < 2)
        return TG_OK;
    uint16_t fields = wire_get16(p);
    p += 2;
    if (fields == UINT16_MAX) {
        decoder->ended = true;
        *at = p;
        return p == end ? TG_OK : refuse_copy(decoder, "they go on behind their end", err);
    }
    if (fields != count)
        return refuse_copy(decoder, "a row has another number of columns", err);
    for (size_t i = 0; i < count; i++) {
        if (end - p < 4)
            return forget_row(decoder);
        int32_t len = (int32_t)wire_get32(p);
        p += 4;
        if (len < 0 && len != -1)
            return refuse_copy(decoder, "a value has a negative length", err);
        if (len < 0)
            continue;
        if (end - p < len)
            return forget_row(decoder);
        int rc = set_value(decoder, &decoder->columns[i], p, (size_t)len, err);
        if (rc != TG_OK)
            return locate(decoder, i, rc, err);
        p += len;
    }
    decoder->bytes += (size_t)(p - *at);
    decoder->rows++;
    *at = p;
    return TG_OK;
}

/* Rows until the bytes end, or the batch is full. *at: how far. */
static int read_rows(struct pg_decoder *decoder, const char **at, const char *end,
                     struct tg_error *err)
{
    int rc = TG_OK;
    const char *before = NULL;
    if (!decoder->begun && *at < end)
        TRY(read_header(decoder, at, end, err));
    while (decoder->begun && !decoder->ended && before != *at && !pg_decoder_full(decoder)) {
        before = *at;
        TRY(read_row(decoder, at, end, err));
    }
done:
    return rc;
}

int pg_decoder_copy(struct pg_decoder *decoder, const char *bytes, size_t len, bool *end,
                    struct tg_error *err)
{
    int rc = TG_OK;
    struct buf *kept = &decoder->kept;
    const char *at = len > 0 ? bytes : "";
    if (decoder->ended && len > 0)
        TRY(refuse_copy(decoder, "they go on behind their end", err));
    if (kept->len > 0) {
        buf_append(kept, bytes, len);
        TRY(buf_check(kept, err));
        at = kept->data;
        len = kept->len;
    }
    const char *stop = at + len, *start = at;
    TRY(read_rows(decoder, &at, stop, err));
    if (start == kept->data && kept->len > 0) {
        memmove(kept->data, at, (size_t)(stop - at));
        kept->len = (size_t)(stop - at);
    } else if (at < stop) {
        buf_clear(kept);
        buf_append(kept, at, (size_t)(stop - at));
        TRY(buf_check(kept, err));
    }
    *end = decoder->ended;
done:
    return rc;
}

/* ---- batches ---- */

int64_t pg_decoder_rows(const struct pg_decoder *decoder)
{
    return (int64_t)decoder->rows;
}

bool pg_decoder_full(const struct pg_decoder *decoder)
{
    return decoder->rows >= BATCH_ROWS || decoder->bytes >= BATCH_BYTES;
}

static bool is_ascii(const char *text, size_t len)
{
    uint64_t seen = 0, eight;
    size_t i = 0;
    for (; i + 8 <= len; i += 8) {
        memcpy(&eight, text + i, 8);
        seen |= eight;
    }
    for (; i < len; i++)
        seen |= (unsigned char)text[i] & 0x80U;
    return (seen & UINT64_C(0x8080808080808080)) == 0;
}

/* The row whose text is no UTF-8; rows: there is none. */
static size_t find_bad_text(const struct column *column, size_t rows)
{
    if (column->text_len == 0 || is_ascii(column->text, column->text_len))
        return rows;
    for (size_t row = 0; row < column->len; row++) {
        size_t start = (size_t)column->data.offsets[row];
        size_t end = (size_t)column->data.offsets[row + 1];
        if (!utf8_is_valid(column->text + start, end - start))
            return row;
    }
    return rows;
}

static int check_texts(struct pg_decoder *decoder, const struct decoded *column,
                       struct tg_error *err)
{
    int rc;
    size_t row = decoder->rows;
    if (column->spec.type == TYPE_TEXT || column->spec.type == TYPE_JSON)
        row = find_bad_text(&column->column, decoder->rows);
    if (row == decoder->rows)
        return TG_OK;
    rc = error_set(err, TG_DATA,
                   "a text is not valid UTF-8: the database does not know how its texts are "
                   "encoded (SQL_ASCII); correct it there, or read it as bytes in a query: "
                   "convert_to(\"%s\", 'SQL_ASCII')",
                   column->name);
    error_at(err, rc, AT_COLUMN, column->name);
    return error_at_row(err, rc, decoder->row_total + row + 1);
}

static int export(struct pg_decoder *decoder, struct ArrowArray *arrays, size_t *done,
                  struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < decoder->count; i++) {
        struct decoded *column = &decoder->columns[i];
        TRY(check_texts(decoder, column, err));
        TRY(column_export(&column->column, decoder->rows, &arrays[i], err));
        ++*done;
        TRY(column_init(&column->column, &column->spec, err));
    }
done:
    return rc;
}

int pg_decoder_take(struct pg_decoder *decoder, struct ArrowArray *out, struct tg_error *err)
{
    int rc = TG_OK;
    size_t done = 0;
    struct ArrowArray *arrays = mem_calloc(decoder->count + 1, sizeof(*arrays));
    *out = (struct ArrowArray){.release = NULL};
    if (!arrays)
        return error_nomem(err);
    TRY(export(decoder, arrays, &done, err));
    done = 0; /* moved, also on failure */
    TRY(batch_make(arrays, decoder->count, (int64_t)decoder->rows, out, err));
    decoder->row_total += decoder->rows;
    decoder->rows = 0;
    decoder->bytes = 0;
done:
    for (size_t i = 0; i < done; i++)
        array_release(&arrays[i]);
    mem_free(arrays);
    return rc;
}
