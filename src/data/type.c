/*
 * Data types: one table of dlt's names and Arrow formats, and how Arrow lays values out.
 *
 * Data path: type_find (name in a hint -> type), type_arrow_format (type -> format of a column we
 * make), type_from_arrow (a foreign column -> type), layout_of (format -> buffers), for the files
 * that walk foreign arrays.
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

void type_arrow_format(const struct type_spec *spec, char out[24])
{
    struct type_spec full = type_decimal(spec);

    if (spec->type == TYPE_TIMESTAMP)
        snprintf(out, 24, "%s", spec->naive ? "tsu:" : "tsu:UTC");
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

bool format_decimal(const char *format, int *precision, int *scale)
{
    const char *p = format + 2;

    if (strncmp(format, "d:", 2) != 0)
        return false;
    *precision = read_number(&p);
    if (*p++ != ',')
        return false;
    *scale = read_number(&p);
    return (*p == '\0' || strcmp(p, ",128") == 0) && *precision >= 1 &&
           *precision <= DECIMAL_PRECISION && *scale >= 0 && *scale <= *precision;
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
    {'Z', LAYOUT_BYTES64, 0},
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
    {"+m", LAYOUT_LIST32, 0},  {"+L", LAYOUT_LIST64, 0},
};

struct layout layout_of(const char *format)
{
    struct layout none = {LAYOUT_NONE, 0};
    int precision, scale;

    if (format[0] != '\0' && format[1] == '\0') {
        for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
            if (letters[i].letter == format[0])
                return (struct layout){letters[i].kind, letters[i].width};
        return none;
    }
    if (format[0] == 'd')
        return format_decimal(format, &precision, &scale) ? (struct layout){LAYOUT_FIXED, 16}
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

/* Digits after the second in a unit letter; 0 for microseconds, the default, and for seconds, which
 * it holds. */
static int unit_precision(char unit)
{
    return unit == 'm' ? 3 : unit == 'n' ? 9 : 0;
}

int type_from_arrow(const struct ArrowSchema *schema, struct type_spec *out, struct tg_error *err)
{
    const char *format = schema->dictionary ? schema->dictionary->format : schema->format;
    enum layout_kind kind = layout_of(format).kind;

    *out = (struct type_spec){TYPE_NONE, 0, 0, false};
    if (kind == LAYOUT_NONE || kind >= LAYOUT_STRUCT)
        return error_set(err, TG_DATA,
                         "column '%s' has the Arrow format '%s', which no column type holds; "
                         "cast it in the source",
                         schema->name ? schema->name : "", format);
    switch (format[0]) {
    case 'n': break;
    case 'b': out->type = TYPE_BOOL; break;
    case 'f':
    case 'g': out->type = TYPE_DOUBLE; break;
    case 'u':
    case 'U': out->type = TYPE_TEXT; break;
    case 'z':
    case 'Z':
    case 'w': out->type = TYPE_BINARY; break;
    case 'd':
        out->type = TYPE_DECIMAL;
        if (!format_decimal(format, &out->precision, &out->scale))
            return error_set(err, TG_INTERNAL, "Arrow format '%s' cannot be read", format);
        break;
    case 'L': *out = (struct type_spec){TYPE_DECIMAL, 20, 0, false}; break;
    case 't':
        out->type = format[1] == 'd' ? TYPE_DATE : format[1] == 't' ? TYPE_TIME : TYPE_TIMESTAMP;
        if (out->type != TYPE_DATE)
            out->precision = unit_precision(format[2]);
        out->naive = out->type == TYPE_TIMESTAMP && format[4] == '\0';
        break;
    default: out->type = TYPE_BIGINT; break;
    }
    return TG_OK;
}
