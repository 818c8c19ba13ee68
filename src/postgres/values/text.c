/*
 * Binary values as text and as JSON.
 *
 * pg_text -> a function per form, which checks the length and writes what the server itself would,
 * in a session of ISO dates and intervals, UTC, and bytea in hex. pg_json adds the
 * quotes, or leaves them out where the value is JSON already; times have a T, as to_json has them,
 * and arrays are walked by their dimensions.
 *
 * Hints to text and arrays come this way; columns as they are have tight loops in decode.c.
 */
#include "postgres/values/text.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/json.h"
#include "base/time.h"
#include "base/time/calendar.h"
#include "postgres/values/numeric.h"
#include "postgres/values/wire.h"

enum { DIMENSIONS_MAX = 6 };

typedef bool (*put_function)(const char *bytes, size_t len, struct buf *out);

/* ---- numbers ---- */

static bool put_int2(const char *bytes, size_t len, struct buf *out)
{
    (void)len;
    buf_printf(out, "%d", (int16_t)wire_get16(bytes));
    return true;
}

static bool put_int4(const char *bytes, size_t len, struct buf *out)
{
    (void)len;
    buf_printf(out, "%" PRId32, (int32_t)wire_get32(bytes));
    return true;
}

static bool put_int8(const char *bytes, size_t len, struct buf *out)
{
    (void)len;
    buf_printf(out, "%" PRId64, (int64_t)wire_get64(bytes));
    return true;
}

static bool put_oid(const char *bytes, size_t len, struct buf *out)
{
    (void)len;
    buf_printf(out, "%" PRIu32, wire_get32(bytes));
    return true;
}

/* 1.0 is written 1. */
static void put_real(double value, struct buf *out)
{
    if (!isfinite(value)) {
        buf_text(out, isnan(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity");
        return;
    }
    json_double(out, value);
    if (!out->failed && out->len > 2 && memcmp(out->data + out->len - 2, ".0", 2) == 0)
        out->data[out->len -= 2] = '\0';
}

/* As many digits as tell a float from the next one. */
static bool put_float4(const char *bytes, size_t len, struct buf *out)
{
    uint32_t bits = wire_get32(bytes);
    float value;
    char text[32];
    (void)len;
    memcpy(&value, &bits, sizeof(value));
    for (int digits = 6; isfinite(value) && digits <= 9; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value)
            break;
    }
    put_real(isfinite(value) ? strtod(text, NULL) : (double)value, out);
    return true;
}

static bool put_float8(const char *bytes, size_t len, struct buf *out)
{
    uint64_t bits = wire_get64(bytes);
    double value;
    (void)len;
    memcpy(&value, &bits, sizeof(value));
    put_real(value, out);
    return true;
}

static bool put_numeric(const char *bytes, size_t len, struct buf *out)
{
    struct pg_numeric number;
    if (!numeric_read(bytes, len, &number))
        return false;
    numeric_text(&number, out);
    return true;
}

/* ---- times ---- */

static bool put_special(bool highest, bool lowest, struct buf *out)
{
    if (highest || lowest)
        buf_text(out, highest ? "infinity" : "-infinity");
    return highest || lowest;
}

/* `days` since 1970. Returns what a date before Christ has at its end. */
static const char *put_day(int32_t days, struct buf *out)
{
    int year, month, day;
    time_civil_from_days(days, &year, &month, &day);
    buf_printf(out, "%04d-%02d-%02d", year > 0 ? year : 1 - year, month, day);
    return year > 0 ? "" : " BC";
}

/* A dot and the digits of a second that are not zeros at their end. */
static void put_fraction(int64_t us, struct buf *out)
{
    char digits[8];
    int len = snprintf(digits, sizeof(digits), "%06d", (int)(us % SECOND_US));
    while (len > 0 && digits[len - 1] == '0')
        len--;
    if (len > 0)
        buf_printf(out, ".%.*s", len, digits);
}

static void put_clock(int64_t us, struct buf *out)
{
    buf_printf(out, "%02d:%02d:%02d", (int)(us / HOUR_US), (int)(us / MINUTE_US % 60),
               (int)(us / SECOND_US % 60));
    put_fraction(us, out);
}

void pg_put_date(int32_t days, struct buf *out)
{
    if (!put_special(days == INT32_MAX, days == INT32_MIN, out))
        buf_text(out, put_day((int32_t)((int64_t)days + PG_EPOCH_DAYS), out));
}

void pg_put_timestamp(int64_t us, char between, const char *zone, struct buf *out)
{
    int64_t days = us / DAY_US - (us % DAY_US < 0);
    int64_t clock = us % DAY_US + (us % DAY_US < 0 ? DAY_US : 0);
    if (put_special(us == INT64_MAX, us == INT64_MIN, out))
        return;
    const char *era = put_day((int32_t)days + PG_EPOCH_DAYS, out);
    buf_char(out, between);
    put_clock(clock, out);
    buf_text(out, zone);
    buf_text(out, era);
}

static bool put_date(const char *bytes, size_t len, struct buf *out)
{
    int32_t days = (int32_t)wire_get32(bytes);
    (void)len;
    if (days > INT32_MAX - PG_EPOCH_DAYS && days != INT32_MAX)
        return false;
    pg_put_date(days, out);
    return true;
}

static bool put_timestamp(const char *bytes, size_t len, struct buf *out)
{
    (void)len;
    pg_put_timestamp((int64_t)wire_get64(bytes), ' ', "", out);
    return true;
}

static bool put_timestamptz(const char *bytes, size_t len, struct buf *out)
{
    (void)len;
    pg_put_timestamp((int64_t)wire_get64(bytes), ' ', "+00", out);
    return true;
}

static bool put_time(const char *bytes, size_t len, struct buf *out)
{
    int64_t us = (int64_t)wire_get64(bytes);
    (void)len;
    if (us < 0 || us > DAY_US)
        return false;
    put_clock(us, out);
    return true;
}

/* Behind the time the seconds that its zone is west of UTC. */
static bool put_timetz(const char *bytes, size_t len, struct buf *out)
{
    static const int32_t day = DAY_US / SECOND_US;
    int32_t west = (int32_t)wire_get32(bytes + 8);
    if (west < -day || west > day || !put_time(bytes, len, out))
        return false;
    int32_t size = west < 0 ? -west : west;
    buf_printf(out, "%c%02d", west <= 0 ? '+' : '-', size / 3600);
    if (size % 3600 != 0)
        buf_printf(out, ":%02d", size / 60 % 60);
    if (size % 60 != 0)
        buf_printf(out, ":%02d", size % 60);
    return true;
}

static void put_part(int64_t value, char letter, struct buf *out)
{
    if (value != 0)
        buf_printf(out, "%" PRId64 "%c", value, letter);
}

static bool put_interval(const char *bytes, size_t len, struct buf *out)
{
    int64_t us = (int64_t)wire_get64(bytes);
    int32_t days = (int32_t)wire_get32(bytes + 8), months = (int32_t)wire_get32(bytes + 12);
    (void)len;
    if (put_special(us == INT64_MAX && days == INT32_MAX && months == INT32_MAX,
                    us == INT64_MIN && days == INT32_MIN && months == INT32_MIN, out))
        return true;
    buf_char(out, 'P');
    put_part(months / 12, 'Y', out);
    put_part(months % 12, 'M', out);
    put_part(days, 'D', out);
    if (us != 0 || (days == 0 && months == 0))
        buf_char(out, 'T');
    put_part(us / HOUR_US, 'H', out);
    put_part(us / MINUTE_US % 60, 'M', out);
    int64_t rest = us % MINUTE_US;
    if (rest != 0 || (us == 0 && days == 0 && months == 0)) {
        rest = rest < 0 ? (buf_char(out, '-'), -rest) : rest;
        buf_printf(out, "%d", (int)(rest / SECOND_US));
        put_fraction(rest, out);
        buf_char(out, 'S');
    }
    return true;
}

/* ---- texts and bytes ---- */

static bool put_text(const char *bytes, size_t len, struct buf *out)
{
    buf_append(out, bytes, len);
    return true;
}

static bool put_jsonb(const char *bytes, size_t len, struct buf *out)
{
    if (len < 1 || bytes[0] != 1)
        return false;
    buf_append(out, bytes + 1, len - 1);
    return true;
}

static bool put_bool(const char *bytes, size_t len, struct buf *out)
{
    (void)len;
    buf_text(out, bytes[0] ? "true" : "false");
    return true;
}

/* Bytes that are no character as the server writes them since version 16. */
static bool put_char(const char *bytes, size_t len, struct buf *out)
{
    (void)len;
    if (bytes[0] & 0x80)
        buf_printf(out, "\\%03o", (unsigned char)bytes[0]);
    else if (bytes[0])
        buf_char(out, bytes[0]);
    return true;
}

static const char hex_digits[] = "0123456789abcdef";

static void put_hex(const char *bytes, size_t len, struct buf *out)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        buf_append(out, (char[]){hex_digits[byte >> 4], hex_digits[byte & 15]}, 2);
    }
}

static bool put_bytea(const char *bytes, size_t len, struct buf *out)
{
    buf_text(out, "\\x");
    put_hex(bytes, len, out);
    return true;
}

void pg_format_uuid(const char *bytes, char out[PG_UUID_CHARS])
{
    for (size_t i = 0; i < 16; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        *out++ = hex_digits[byte >> 4];
        *out++ = hex_digits[byte & 15];
    }
}

static bool put_uuid(const char *bytes, size_t len, struct buf *out)
{
    char text[PG_UUID_CHARS];
    (void)len;
    pg_format_uuid(bytes, text);
    buf_append(out, text, sizeof(text));
    return true;
}

static bool put_macaddr(const char *bytes, size_t len, struct buf *out)
{
    if (len != 6 && len != 8)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (i > 0)
            buf_char(out, ':');
        put_hex(bytes + i, 1, out);
    }
    return true;
}

/* Family, bits of the mask, whether it is a cidr, length, address. */
static bool put_inet(const char *bytes, size_t len, struct buf *out)
{
    enum { HEAD = 4, V4 = 2, V6 = 3 };
    char text[INET6_ADDRSTRLEN];
    if (len < HEAD || (bytes[0] != V4 && bytes[0] != V6))
        return false;
    size_t size = bytes[0] == V4 ? 4 : 16;
    unsigned bits = (unsigned char)bytes[1];
    if (len != HEAD + size || (unsigned char)bytes[3] != size || bits > size * 8 ||
        !inet_ntop(size == 4 ? AF_INET : AF_INET6, bytes + HEAD, text, sizeof(text)))
        return false;
    buf_text(out, text);
    if (bytes[2] || bits != size * 8)
        buf_printf(out, "/%u", bits);
    return true;
}

static bool put_bits(const char *bytes, size_t len, struct buf *out)
{
    uint32_t bits = len < 4 ? UINT32_MAX : wire_get32(bytes);
    if (bits > INT32_MAX || len - 4 != ((size_t)bits + 7) / 8)
        return false;
    for (uint32_t i = 0; i < bits; i++)
        buf_char(out, (char)('0' + (bytes[4 + i / 8] >> (7 - i % 8) & 1)));
    return true;
}

static const struct {
    put_function put;
    uint8_t len; /* of every value; 0: any */
} forms[] = {
    [PG_BOOL] = {put_bool, 1},
    [PG_INT2] = {put_int2, 2},
    [PG_INT4] = {put_int4, 4},
    [PG_INT8] = {put_int8, 8},
    [PG_OID] = {put_oid, 4},
    [PG_FLOAT4] = {put_float4, 4},
    [PG_FLOAT8] = {put_float8, 8},
    [PG_NUMERIC] = {put_numeric, 0},
    [PG_TEXT] = {put_text, 0},
    [PG_CHAR] = {put_char, 1},
    [PG_BYTEA] = {put_bytea, 0},
    [PG_JSON] = {put_text, 0},
    [PG_JSONB] = {put_jsonb, 0},
    [PG_UUID] = {put_uuid, 16},
    [PG_DATE] = {put_date, 4},
    [PG_TIME] = {put_time, 8},
    [PG_TIMETZ] = {put_timetz, 12},
    [PG_TIMESTAMP] = {put_timestamp, 8},
    [PG_TIMESTAMPTZ] = {put_timestamptz, 8},
    [PG_INTERVAL] = {put_interval, 16},
    [PG_INET] = {put_inet, 0},
    [PG_MACADDR] = {put_macaddr, 0},
    [PG_BITS] = {put_bits, 0},
    [PG_ARRAY] = {NULL, 0},
};

static int refuse(const struct pg_type *type, size_t len, struct tg_error *err)
{
    return error_set(err, TG_DATA, "%zu bytes came that are no value of type %s", len, type->name);
}

int pg_text(const struct pg_types *types, const struct pg_type *type, const char *bytes, size_t len,
            struct buf *out, struct tg_error *err)
{
    if (type->form == PG_ARRAY)
        return pg_json(types, type, bytes, len, out, err);
    if (!forms[type->form].put || (forms[type->form].len > 0 && forms[type->form].len != len) ||
        !forms[type->form].put(bytes, len, out))
        return refuse(type, len, err);
    return buf_check(out, err);
}

/* ---- JSON ---- */

struct elements {
    const struct pg_types *types;
    struct pg_type type; /* of an element */
    const char *at, *end;
    int32_t sizes[DIMENSIONS_MAX];
    int32_t dimensions;
};

/* Dimensions, whether there are NULLs, type; size and lowest index of each dimension. */
static bool read_head(const char *bytes, size_t len, struct elements *out)
{
    enum { HEAD = 12, DIMENSION = 8 };
    uint64_t count = 1;
    uint32_t dimensions = len < HEAD ? UINT32_MAX : wire_get32(bytes);
    if (dimensions > DIMENSIONS_MAX || len - HEAD < (size_t)dimensions * DIMENSION)
        return false;
    pg_type_find(out->types, wire_get32(bytes + 8), -1, &out->type);
    out->dimensions = (int32_t)dimensions;
    out->at = bytes + HEAD + (size_t)dimensions * DIMENSION;
    out->end = bytes + len;
    for (uint32_t i = 0; i < dimensions; i++) {
        uint32_t size = wire_get32(bytes + HEAD + (size_t)i * DIMENSION);
        count *= size;
        if (size == 0 || count * 4 > len)
            return false;
        out->sizes[i] = (int32_t)size;
    }
    return out->type.form != PG_ARRAY;
}

/* The length of the element at hand, which is whole; -1: NULL; less: it is damaged. */
static int32_t element_length(const struct elements *elements)
{
    size_t left = (size_t)(elements->end - elements->at);
    int32_t len = left < 4 ? INT32_MIN : (int32_t)wire_get32(elements->at);
    return len > 0 && (size_t)len > left - 4 ? INT32_MIN : len;
}

static int put_element(struct elements *elements, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    int32_t len = element_length(elements);
    if (len < -1)
        return error_set(err, TG_DATA, "bytes came that are no array");
    elements->at += 4;
    if (len == -1) {
        buf_text(out, "null");
        return TG_OK;
    }
    TRY(pg_json(elements->types, &elements->type, elements->at, (size_t)len, out, err));
    elements->at += len;
done:
    return rc;
}

static int put_dimension(struct elements *elements, int depth, struct buf *out,
                         struct tg_error *err)
{
    int rc = TG_OK;
    buf_char(out, '[');
    for (int32_t i = 0; depth < elements->dimensions && i < elements->sizes[depth]; i++) {
        if (i > 0)
            buf_char(out, ',');
        if (depth + 1 < elements->dimensions)
            TRY(put_dimension(elements, depth + 1, out, err));
        else
            TRY(put_element(elements, out, err));
    }
    buf_char(out, ']');
done:
    return rc;
}

static int put_array(const struct pg_types *types, const struct pg_type *type, const char *bytes,
                     size_t len, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct elements elements = {.types = types};
    if (!read_head(bytes, len, &elements))
        return refuse(type, len, err);
    TRY(put_dimension(&elements, 0, out, err));
    if (elements.at != elements.end)
        return refuse(type, len, err);
    rc = buf_check(out, err);
done:
    return rc;
}

/* Whether the text of a value is JSON already. */
static bool is_json(enum pg_form form, const char *text, size_t len)
{
    char last = len > 0 ? text[len - 1] : '\0';
    switch (form) {
    case PG_BOOL:
    case PG_INT2:
    case PG_INT4:
    case PG_INT8:
    case PG_JSON:
    case PG_JSONB: return true;
    case PG_FLOAT4:
    case PG_FLOAT8:
    case PG_NUMERIC: return last >= '0' && last <= '9'; /* else NaN, Infinity */
    default: return false;
    }
}

int pg_json(const struct pg_types *types, const struct pg_type *type, const char *bytes, size_t len,
            struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    if (type->form == PG_ARRAY)
        return put_array(types, type, bytes, len, out, err);
    if ((type->form == PG_TIMESTAMP || type->form == PG_TIMESTAMPTZ) && len == 8)
        pg_put_timestamp((int64_t)wire_get64(bytes), 'T',
                         type->form == PG_TIMESTAMP ? "" : "+00:00", &text);
    else
        TRY(pg_text(types, type, bytes, len, &text, err));
    TRY(buf_check(&text, err));
    if (is_json(type->form, buf_string(&text), text.len))
        buf_append(out, text.data, text.len);
    else
        json_string(out, buf_string(&text), text.len);
    rc = buf_check(out, err);
done:
    buf_release(&text);
    return rc;
}
