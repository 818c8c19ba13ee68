/*
 * Data types: one table of dlt's names and Arrow formats, and how Arrow lays values out.
 *
 * Data path: type_find (name in a hint -> type), type_arrow_format (type -> format of a column we
 * make), type_from_arrow (a foreign column -> type), layout_of (format -> buffers), for the files
 * that walk foreign arrays; type_widens (may a column of one type become one of another).
 *
 * Left to others: the values themselves (column.c makes them, view.c reads them).
 */
#include "data/type.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    const char *format; /* NULL: depends on the spec */
} facts[TYPE_COUNT] = {
    [TYPE_NONE] = {"", "n"},
    [TYPE_TEXT] = {"text", "u"},
    [TYPE_DOUBLE] = {"double", "g"},
    [TYPE_BOOL] = {"bool", "b"},
    [TYPE_TIMESTAMP] = {"timestamp", NULL},
    [TYPE_BIGINT] = {"bigint", "l"},
    [TYPE_BINARY] = {"binary", "z"},
    [TYPE_JSON] = {"json", "u"},
    [TYPE_DECIMAL] = {"decimal", NULL},
    [TYPE_WEI] = {"wei", "d:38,0"},
    [TYPE_DATE] = {"date", "tdD"},
    [TYPE_TIME] = {"time", "ttu"},
};

const char *type_name(enum type type)
{
    return facts[type].name;
}

enum type type_find(const char *name)
{
    for (int type = TYPE_NONE + 1; type < TYPE_COUNT; type++)
        if (strcmp(facts[type].name, name) == 0)
            return (enum type)type;
    return TYPE_NONE;
}

struct type_spec type_decimal(const struct type_spec *spec)
{
    struct type_spec full = *spec;
    if (spec->type == TYPE_WEI || spec->precision == 0) {
        full.precision = DECIMAL_PRECISION;
        full.scale = spec->type == TYPE_WEI ? 0 : DECIMAL_SCALE;
    }
    return full;
}

struct type_spec type_effective(const struct type_spec *spec)
{
    struct type_spec full = *spec;
    if (full.type == TYPE_DECIMAL && full.precision == 0) {
        full.precision = DECIMAL_PRECISION;
        full.scale = DECIMAL_SCALE;
    }
    return full;
}

const char *type_describe(const struct type_spec *spec, char out[TYPE_DESCRIBED])
{
    struct type_spec full = type_effective(spec);
    const char *zone = full.naive ? " without time zone" : "";
    if (full.precision == 0)
        snprintf(out, TYPE_DESCRIBED, "%s%s", type_name(full.type), zone);
    else if (full.type == TYPE_DECIMAL)
        snprintf(out, TYPE_DESCRIBED, "%s(%d,%d)", type_name(full.type), full.precision,
                 full.scale);
    else
        snprintf(out, TYPE_DESCRIBED, "%s(%d)%s", type_name(full.type),
                 full.precision == PRECISION_SECONDS ? 0 : full.precision, zone);
    return out;
}

/* ---- widening ---- */

/* bigint and wei as the decimals that hold them, so that one rule compares all exact numbers. */
static struct type_spec as_decimal(const struct type_spec *spec)
{
    struct type_spec exact = type_decimal(spec);
    int bits = spec->precision ? spec->precision : 64;
    if (spec->type == TYPE_BIGINT) {
        exact.precision = bits <= 8 ? 3 : bits <= 16 ? 5 : bits <= 32 ? 10 : bits <= 64 ? 19 : 38;
        exact.scale = 0;
    }
    return exact;
}

static bool is_exact(const struct type_spec *spec)
{
    return spec->type == TYPE_BIGINT || spec->type == TYPE_DECIMAL || spec->type == TYPE_WEI;
}

/* Digits of a second that a timestamp keeps. */
static int fraction_digits(const struct type_spec *spec)
{
    if (!spec->naive || spec->precision == 0)
        return 6;
    return spec->precision == PRECISION_SECONDS ? 0 : spec->precision;
}

bool type_widens(const struct type_spec *from, const struct type_spec *to)
{
    struct type_spec a = as_decimal(from), b = as_decimal(to);
    if (to->type == TYPE_TIMESTAMP && type_is_nanoseconds(to)) /* of fewer years than all others */
        return false;
    if (from->type == TYPE_DATE)
        return to->type == TYPE_TIMESTAMP;
    if (from->type == TYPE_TIMESTAMP)
        return to->type == TYPE_TIMESTAMP && from->naive == to->naive &&
               fraction_digits(from) < fraction_digits(to);
    if (from->type == TYPE_BIGINT && to->type == TYPE_DOUBLE)
        return from->precision <= 64;
    if (!is_exact(from) || !is_exact(to) || (from->type != to->type && to->type == TYPE_BIGINT))
        return false;
    bool same = from->type == to->type && a.precision == b.precision && a.scale == b.scale;
    return !same && b.scale >= a.scale && b.precision - b.scale >= a.precision - a.scale;
}

bool type_spells(const struct type_spec *from, const struct type_spec *to)
{
    return to->type == TYPE_TEXT &&
           (from->type == TYPE_BIGINT || from->type == TYPE_DATE || from->type == TYPE_TIME ||
            (is_exact(from) && as_decimal(from).scale == 0));
}

/* ---- Arrow ---- */

void type_arrow_format(const struct type_spec *spec, char out[24])
{
    struct type_spec full = type_decimal(spec);
    if (spec->type == TYPE_TIMESTAMP)
        snprintf(out, 24, "%s",
                 type_is_nanoseconds(spec) ? "tsn:"
                 : spec->naive             ? "tsu:"
                                           : "tsu:UTC");
    else if (spec->type == TYPE_DECIMAL)
        snprintf(out, 24, "d:%d,%d", full.precision, full.scale);
    else
        snprintf(out, 24, "%s", facts[spec->type].format);
}

/* A decimal number at *text, which is moved behind it; -1 when there is none or it is too long. */
static int read_number(const char **text)
{
    const char *p = *text;
    int number = 0;
    if (*p < '0' || *p > '9')
        return -1;
    for (; *p >= '0' && *p <= '9'; p++) {
        if (number > 100000000)
            return -1;
        number = number * 10 + (*p - '0');
    }
    *text = p;
    return number;
}

/* "d:38,9" or "d:76,9,256"; *bits is the last number. */
static bool read_decimal(const char *format, int *precision, int *scale, int *bits)
{
    const char *p = format + 2;
    *bits = 128;
    if (strncmp(format, "d:", 2) != 0)
        return false;
    *precision = read_number(&p);
    if (*p++ != ',')
        return false;
    *scale = read_number(&p);
    if (*p == ',') {
        p++;
        *bits = read_number(&p);
    }
    return *p == '\0' && (*bits == 32 || *bits == 64 || *bits == 128 || *bits == 256) &&
           *precision >= 1 && *precision <= (*bits == 256 ? WIDE_PRECISION : DECIMAL_PRECISION) &&
           *scale >= 0 && *scale <= *precision;
}

bool format_digits(const char *format, int *precision, int *scale)
{
    int bits;
    return read_decimal(format, precision, scale, &bits);
}

bool format_decimal(const char *format, int *precision, int *scale)
{
    int bits;
    return read_decimal(format, precision, scale, &bits) && bits == 128;
}

static const struct {
    char letter;
    enum layout_kind kind;
    uint8_t width;
} letters[] = {
    {'n', LAYOUT_NULL, 0},    {'b', LAYOUT_BITS, 0},    {'c', LAYOUT_FIXED, 1},
    {'C', LAYOUT_FIXED, 1},   {'s', LAYOUT_FIXED, 2},   {'S', LAYOUT_FIXED, 2},
    {'i', LAYOUT_FIXED, 4},   {'I', LAYOUT_FIXED, 4},   {'l', LAYOUT_FIXED, 8},
    {'L', LAYOUT_FIXED, 8},   {'f', LAYOUT_FIXED, 4},   {'g', LAYOUT_FIXED, 8},
    {'u', LAYOUT_BYTES32, 0}, {'z', LAYOUT_BYTES32, 0}, {'U', LAYOUT_BYTES64, 0},
    {'Z', LAYOUT_BYTES64, 0}, {'e', LAYOUT_FIXED, 2},
};

static const struct {
    const char *start; /* what the format starts with */
    enum layout_kind kind;
    uint8_t width;
} prefixes[] = {
    {"tdD", LAYOUT_FIXED, 4},  {"tdm", LAYOUT_FIXED, 8},  {"tts", LAYOUT_FIXED, 4},
    {"ttm", LAYOUT_FIXED, 4},  {"ttu", LAYOUT_FIXED, 8},  {"ttn", LAYOUT_FIXED, 8},
    {"tss:", LAYOUT_FIXED, 8}, {"tsm:", LAYOUT_FIXED, 8}, {"tsu:", LAYOUT_FIXED, 8},
    {"tsn:", LAYOUT_FIXED, 8}, {"+s", LAYOUT_STRUCT, 0},  {"+l", LAYOUT_LIST32, 0},
    {"+m", LAYOUT_LIST32, 0},  {"+L", LAYOUT_LIST64, 0},  {"vu", LAYOUT_VIEWS, 0},
    {"vz", LAYOUT_VIEWS, 0},
};

struct layout layout_of(const char *format)
{
    struct layout none = {LAYOUT_NONE, 0};
    int precision, scale, bits;
    if (format[0] != '\0' && format[1] == '\0') {
        for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
            if (letters[i].letter == format[0])
                return (struct layout){letters[i].kind, letters[i].width};
        return none;
    }
    if (format[0] == 'd')
        return read_decimal(format, &precision, &scale, &bits)
                   ? (struct layout){LAYOUT_FIXED, (size_t)bits / 8}
                   : none;
    if (strncmp(format, "w:", 2) == 0) {
        const char *p = format + 2;
        int width = read_number(&p);
        return width >= 0 && *p == '\0' ? (struct layout){LAYOUT_FIXED, (size_t)width} : none;
    }
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        size_t len = strlen(prefixes[i].start);
        bool open = prefixes[i].start[len - 1] == ':'; /* a zone may follow */
        if (strncmp(format, prefixes[i].start, len) == 0 && (open || format[len] == '\0'))
            return (struct layout){prefixes[i].kind, prefixes[i].width};
    }
    return none;
}

/* Digits after the second in the unit of a naive timestamp. Those with a zone, and times, are of
 * microseconds everywhere: 0, the default. */
static int unit_precision(char unit)
{
    return unit == 's' ? PRECISION_SECONDS : unit == 'm' ? 3 : unit == 'n' ? 9 : 0;
}

/* Of the signed integer that holds all values of a format; 0: 64. */
static int integer_bits(char format)
{
    static const char formats[] = "cCsSi";
    static const int bits[] = {8, 16, 16, 32, 32};
    const char *found = strchr(formats, format);
    return found ? bits[found - formats] : 0;
}

/* What Arrow has and no column, by how its format begins; the last one is any other. */
static const struct {
    const char *format, *what, *instead;
} foreign[] = {
    {"tD", " (a duration)", "make it a number, of seconds say,"},
    {"ti", " (an interval)", "make it a number or a text"},
    {"+v", " (a list view)", "make it a list"},
    {"+r", " (run-end encoded)", "decode it"},
    {"+u", " (a union)", "make its values of one type"},
    {"", "", "cast it"},
};

static int no_type(const char *name, const char *format, struct tg_error *err)
{
    size_t i = 0;
    while (strncmp(format, foreign[i].format, strlen(foreign[i].format)) != 0)
        i++;
    return error_set(err, TG_DATA,
                     "column '%s' has the Arrow format '%s'%s, which no column type holds; %s in "
                     "the source",
                     name ? name : "", format, foreign[i].what, foreign[i].instead);
}

int type_from_arrow(const struct ArrowSchema *schema, struct type_spec *out, struct tg_error *err)
{
    const char *format = schema->dictionary ? schema->dictionary->format : schema->format;
    enum layout_kind kind = layout_of(format).kind;
    *out = (struct type_spec){TYPE_NONE, 0, 0, false};
    if (kind == LAYOUT_NONE || kind >= LAYOUT_STRUCT)
        return no_type(schema->name, format, err);
    switch (format[0]) {
    case 'n': break;
    case 'b': out->type = TYPE_BOOL; break;
    case 'e':
    case 'f':
    case 'g': out->type = TYPE_DOUBLE; break;
    case 'u':
    case 'U': out->type = TYPE_TEXT; break;
    case 'z':
    case 'Z':
    case 'w': out->type = TYPE_BINARY; break;
    case 'v': out->type = format[1] == 'u' ? TYPE_TEXT : TYPE_BINARY; break;
    case 'd':
        out->type = TYPE_DECIMAL;
        if (!format_digits(format, &out->precision, &out->scale))
            return error_set(err, TG_INTERNAL, "Arrow format '%s' cannot be read", format);
        if (out->precision > DECIMAL_PRECISION) {
            out->precision = DECIMAL_PRECISION;
            out->scale = out->scale < WIDE_SCALE_MAX ? out->scale : WIDE_SCALE_MAX;
        }
        break;
    case 'L': *out = (struct type_spec){TYPE_DECIMAL, 20, 0, false}; break;
    case 't':
        out->type = format[1] == 'd' ? TYPE_DATE : format[1] == 't' ? TYPE_TIME : TYPE_TIMESTAMP;
        out->naive = out->type == TYPE_TIMESTAMP && format[4] == '\0';
        if (out->naive)
            out->precision = unit_precision(format[2]);
        break;
    default:
        out->type = TYPE_BIGINT;
        out->precision = integer_bits(format[0]);
        break;
    }
    return TG_OK;
}
