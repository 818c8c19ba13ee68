/*
 * What a text says: the one place where texts are read as numbers, words and times.
 *
 * Data path: literal_see (kind_of for each text of a column) -> literal_type: the type of a column
 * that has none. literal_cell: a text in a column that has one. Both by the same rule: a text is
 * more than text only where nothing of it is lost. Zeros in front, a plus sign, -0, hexadecimal
 * digits, separators, spaces around and dates that are not ISO 8601 are; integers beyond 64 bits
 * are decimals, and no double takes one that it does not hold. What a double does not hold of a
 * fraction goes, and so do zeros at its end.
 *
 * Documents and hints may say more: struct text_rule in the header. Columns and cells of other
 * kinds are left to normalize.
 */
#include "data/text/literal.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/time.h"
#include "data/column.h"

enum {
    NUMBER_CHARS = 400, /* of one that a double reads */
    BIGINT_DIGITS = 19,
    EXACT_DIGITS = 15 /* every integer of so many digits is a double */
};

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

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ---- numbers ---- */

struct number {
    int whole, fraction; /* digits before and after the point */
    bool has_exponent, has_point;
    bool is_whole; /* nothing but digits, and not -0, which is a double */
};

static size_t count_digits(const char *p, const char *end)
{
    const char *start = p;
    while (p < end && is_digit(*p))
        p++;
    return (size_t)(p - start);
}

/* -12.5e3; not 007, +5 or 1. unless `lenient`. */
static bool scan_number(struct text text, bool lenient, struct number *out)
{
    const char *p = text.start, *end = text.start + text.len;
    bool negative = p < end && *p == '-';
    *out = (struct number){0};
    if (text.len > NUMBER_CHARS)
        return false;
    if (negative || (lenient && p < end && *p == '+'))
        p++;
    out->whole = (int)count_digits(p, end);
    if (out->whole > 1 && *p == '0' && !lenient)
        return false;
    out->is_whole = lenient || !negative || p == end || *p != '0';
    p += out->whole;
    if (p < end && *p == '.') {
        out->has_point = true;
        out->fraction = (int)count_digits(++p, end);
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
    out->is_whole = out->is_whole && !out->has_point && !out->has_exponent;
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
bool literal_double(const char *text, size_t len, double *out)
{
    char json[NUMBER_CHARS + 4], *p = json;
    const char *from = text, *end = text + len;
    bool negative = len > 0 && *text == '-';
    yyjson_val value = {0};
    if (len > NUMBER_CHARS)
        return false;
    from += negative || (from < end && *from == '+');
    if (from == end || (!is_digit(*from) && *from != '.'))
        return false;
    while (from + 1 < end && *from == '0' && is_digit(from[1]))
        from++;
    if (*from == '.')
        *p++ = '0';
    for (; from < end; from++)
        if (*from != '.' || (from + 1 < end && is_digit(from[1])))
            *p++ = *from;
    *p = '\0';
    const char *stop = yyjson_read_number(json, &value, YYJSON_READ_NOFLAG, NULL, NULL);
    *out = stop ? yyjson_get_num(&value) : HUGE_VAL; /* the syntax is the caller's: too large */
    *out = negative ? -*out : *out;
    return !stop || stop == p;
}

bool literal_is_exact(const char *text, size_t len)
{
    int128 whole;
    if (decimal_parse(text, len, DECIMAL_PRECISION, 0, &whole, NULL) != TG_OK)
        return false;
    double real = (double)whole;
    return fabs(real) < 0x1p126 && (int128)real == whole;
}

/* Whether a digit of the mantissa is not 0. */
static bool has_value(struct text text)
{
    for (size_t i = 0; i < text.len && (text.start[i] | 0x20) != 'e'; i++)
        if (text.start[i] >= '1' && text.start[i] <= '9')
            return true;
    return false;
}

/* A finite one that does not vanish: 1e400 and 1e-400 are no doubles. */
static bool parse_double(struct text text, double *out)
{
    return literal_double(text.start, text.len, out) && isfinite(*out) &&
           (*out != 0 || !has_value(text));
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

/* ---- a column without a type ---- */

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

static enum kind number_kind(struct text text, const struct number *number)
{
    int64_t integer;
    double real;
    if (!number->is_whole)
        return parse_double(text, &real) ? KIND_NUMBER : KIND_TEXT;
    if (number->whole <= BIGINT_DIGITS && parse_bigint(text, &integer))
        return KIND_BIGINT;
    return number->whole <= DECIMAL_PRECISION ? KIND_BIG_NUMBER : KIND_TEXT;
}

/* Whether a digit other than 0 stands beyond the `kept`th of a second. */
static bool cuts_second(struct text text, int kept)
{
    const char *p = text.start, *end = text.start + text.len;
    while (p < end && *p != '.' && *p != ',')
        p++;
    for (size_t i = 1; i < (size_t)(end - p) && is_digit(p[i]); i++)
        if (kept-- <= 0 && p[i] != '0')
            return true;
    return false;
}

static enum kind time_kind(struct text text)
{
    struct time_point point;
    int32_t days;
    int64_t us;
    if (text.len >= 8 && text.start[2] == ':')
        return time_parse_time(text.start, text.len, &us) && !cuts_second(text, 6) ? KIND_TIME
                                                                                   : KIND_TEXT;
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

void literal_see(struct literal_kinds *kinds, const char *text, size_t len)
{
    struct number number;
    kinds->bits |= kind_of((struct text){text, len}, &number);
    if (number.whole > kinds->whole_digits)
        kinds->whole_digits = number.whole;
    if (number.fraction > kinds->fraction_digits)
        kinds->fraction_digits = number.fraction;
    kinds->has_exponent = kinds->has_exponent || number.has_exponent;
}

bool literal_is_text(const struct literal_kinds *kinds)
{
    return kinds->bits & KIND_TEXT;
}

/* Numbers: a fraction makes doubles of integers, but not of those that are no doubles. */
static struct type_spec number_type(const struct literal_kinds *kinds)
{
    bool is_exact = kinds->whole_digits <= EXACT_DIGITS;
    bool has_digits = kinds->whole_digits + kinds->fraction_digits <= DECIMAL_PRECISION;
    if (kinds->bits == KIND_BIGINT)
        return (struct type_spec){.type = TYPE_BIGINT};
    if (!(kinds->bits & (KIND_BIGINT | KIND_BIG_NUMBER)) || is_exact)
        return (struct type_spec){.type = TYPE_DOUBLE};
    if (kinds->has_exponent || (kinds->bits & KIND_NOT_FINITE) || !has_digits)
        return (struct type_spec){.type = TYPE_TEXT};
    return (struct type_spec){
        .type = TYPE_DECIMAL, .precision = DECIMAL_PRECISION, .scale = kinds->fraction_digits};
}

struct type_spec literal_type(const struct literal_kinds *kinds)
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
    if (kinds->bits == 0)
        return (struct type_spec){.type = TYPE_NONE};
    if ((kinds->bits & numbers) && !(kinds->bits & ~(numbers | KIND_NOT_FINITE)))
        return number_type(kinds);
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if ((kinds->bits & rules[i].with) && !(kinds->bits & ~rules[i].within))
            return rules[i].spec;
    return (struct type_spec){.type = TYPE_TEXT};
}

/* ---- a column that has one ---- */

static bool set_double(double real, yyjson_val *out)
{
    *out = (yyjson_val){.tag = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_REAL, .uni.f64 = real};
    return true;
}

static bool set_int64(uint64_t tag, int64_t value, yyjson_val *out)
{
    *out = (yyjson_val){.tag = tag, .uni.i64 = value};
    return true;
}

static bool bigint_cell(struct text text, enum text_rule rule, yyjson_val *out)
{
    struct number number;
    int64_t integer;
    return scan_number(text, rule == TEXT_HINTED, &number) && number.is_whole &&
           parse_bigint(text, &integer) &&
           set_int64(YYJSON_TYPE_NUM | YYJSON_SUBTYPE_SINT, integer, out);
}

static bool double_cell(struct text text, enum text_rule rule, yyjson_val *out)
{
    struct number number;
    double real;
    if (parse_not_finite(text, &real))
        return set_double(real, out);
    if (!scan_number(text, rule == TEXT_HINTED, &number))
        return false;
    if (number.is_whole && number.whole > EXACT_DIGITS && rule != TEXT_HINTED &&
        !literal_is_exact(text.start, text.len))
        return false;
    return parse_double(text, &real) && set_double(real, out);
}

static bool decimal_cell(struct text text, enum text_rule rule, yyjson_val *out)
{
    struct number number;
    *out = (yyjson_val){.tag = CELL_TAG_DECIMAL | (uint64_t)text.len << YYJSON_TAG_BIT,
                        .uni.str = text.start};
    return scan_number(text, rule == TEXT_HINTED, &number);
}

/* Documents: as Python's yes and no are read by dlt. */
static bool bool_cell(struct text text, enum text_rule rule, yyjson_val *out)
{
    static const char *const words[] = {"false", "no", "f", "n", "0", "true", "yes", "t", "y", "1"};
    enum { WORDS = 5 };
    for (size_t i = 0; i < 2 * WORDS; i++) {
        if ((rule == TEXT_TYPED && i % WORDS > 0) || !is_word(text, words[i]))
            continue;
        *out = (yyjson_val){.tag = YYJSON_TYPE_BOOL | (i < WORDS ? 0 : YYJSON_SUBTYPE_TRUE)};
        return true;
    }
    return false;
}

/* Seconds since 1970, which only documents and hints have. */
static bool seconds_cell(struct text text, enum text_rule rule, yyjson_val *out)
{
    struct number number;
    double real;
    return rule != TEXT_TYPED && scan_number(text, false, &number) && parse_double(text, &real) &&
           set_double(real, out);
}

/* Date and time, or a date, which is its midnight. */
static bool read_point(struct text text, enum text_rule rule, struct time_point *out)
{
    int32_t days;
    *out = (struct time_point){.us = 0};
    if (rule != TEXT_TYPED) {
        enum time_form form = time_parse(text.start, text.len, out);
        return form == TIME_STAMP || form == TIME_DATE;
    }
    if (text.len > 10 || !time_parse_date(text.start, text.len, &days))
        return time_parse_timestamp(text.start, text.len, out);
    out->us = days * INT64_C(86400000000);
    return true;
}

/* How many digits of a second the column keeps; those with a zone have microseconds, and may cut.
 */
static int second_digits(const struct type_spec *spec)
{
    if (!spec->naive)
        return NUMBER_CHARS;
    return spec->precision == 0 ? 6 : spec->precision == PRECISION_SECONDS ? 0 : spec->precision;
}

static bool timestamp_cell(struct text text, const struct type_spec *spec, enum text_rule rule,
                           yyjson_val *out)
{
    /* 1677-09-22 and 2262-04-11T23:47:16.854775806: the rest of 64 bits means infinity to DuckDB */
    static const int64_t first_ns = INT64_C(-9223286400000000000), last_ns = INT64_MAX - 1;
    struct time_point point;
    int64_t ns;
    if (!read_point(text, rule, &point))
        return seconds_cell(text, rule, out);
    if (rule == TEXT_TYPED && point.fraction_digits > 0 && cuts_second(text, second_digits(spec)))
        return false;
    if (!type_is_nanoseconds(spec))
        return set_int64(spec->naive ? CELL_TAG_NAIVE : CELL_TAG_TIMESTAMP, point.us, out);
    return time_point_ns(&point, &ns) && ns >= first_ns && ns <= last_ns &&
           set_int64(CELL_TAG_NAIVE_NS, ns, out);
}

/* A time of day is not cut off; midnight is none. */
static bool date_cell(struct text text, enum text_rule rule, yyjson_val *out)
{
    const int64_t day_us = INT64_C(86400000000);
    struct time_point point;
    int32_t days;
    if (time_parse_date(text.start, text.len, &days))
        return set_int64(CELL_TAG_DATE, days, out);
    if (!read_point(text, rule, &point))
        return seconds_cell(text, rule, out);
    return point.us % day_us == 0 && point.nanos == 0 &&
           set_int64(CELL_TAG_DATE, point.us / day_us, out);
}

static bool time_cell(struct text text, enum text_rule rule, yyjson_val *out)
{
    struct time_point point;
    int64_t us;
    if (rule == TEXT_TYPED)
        return time_parse_time(text.start, text.len, &us) && !cuts_second(text, 6) &&
               set_int64(CELL_TAG_TIME, us, out);
    return time_parse(text.start, text.len, &point) == TIME_CLOCK &&
           set_int64(CELL_TAG_TIME, point.us, out);
}

bool literal_is_cut(const char *start, size_t len, const struct type_spec *spec)
{
    bool has_seconds = spec->type == TYPE_TIME || spec->type == TYPE_TIMESTAMP;
    return has_seconds && !type_is_nanoseconds(spec) && memchr(start, ':', len) &&
           cuts_second((struct text){start, len}, 6);
}

bool literal_cell(const char *start, size_t len, const struct type_spec *spec, enum text_rule rule,
                  yyjson_val *out)
{
    struct text text = {start, len};
    if (rule == TEXT_HINTED)
        text = trim(text);
    if (text.len == 0)
        return false;
    switch (spec->type) {
    case TYPE_BIGINT: return bigint_cell(text, rule, out);
    case TYPE_DOUBLE: return double_cell(text, rule, out);
    case TYPE_DECIMAL:
    case TYPE_WEI: return decimal_cell(text, rule, out);
    case TYPE_BOOL: return bool_cell(text, rule, out);
    case TYPE_TIMESTAMP: return timestamp_cell(text, spec, rule, out);
    case TYPE_DATE: return date_cell(text, rule, out);
    case TYPE_TIME: return time_cell(text, rule, out);
    default: return false;
    }
}

void literal_natural(const yyjson_val *cell, yyjson_val *out, struct type_spec *spec)
{
    struct literal_kinds kinds = {0};
    const char *text = cell->uni.str;
    size_t len = cell_len(cell);
    literal_see(&kinds, text, len);
    *spec = kinds.bits == KIND_NOT_FINITE ? (struct type_spec){.type = TYPE_DOUBLE}
                                          : literal_type(&kinds);
    if (spec->type != TYPE_TEXT && literal_cell(text, len, spec, TEXT_TYPED, out))
        return;
    *spec = (struct type_spec){.type = TYPE_TEXT};
    *out = (yyjson_val){.tag = YYJSON_TYPE_STR | (uint64_t)len << YYJSON_TAG_BIT, .uni.str = text};
}
