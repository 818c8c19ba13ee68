/*
 * Keys: what a column of numbers or times is compared by, a loop for all of its values.
 *
 * Path: order_keys_read -> widen (each value as 64 bits) -> as they are (integers), from_doubles,
 * or from_times (microseconds, a date's first one); order_key_of does the same of a bound.
 *
 * Texts, decimals and dictionaries have no keys, and neither have bounds that lie between two of
 * them: the cursor compares those value by value. What has one compares by it exactly as
 * cursor_value_compare does.
 */
#include "extract/cursor/order_keys.h"

#include <math.h>
#include <string.h>

#include "base/time.h"
#include "base/time/calendar.h"

#define DOUBLE_WHOLE (INT64_C(1) << 53) /* up to here each integer is a double */

/* ---- values ---- */

#define WIDEN(type)                                                                                \
    for (int64_t i = 0; i < count; i++) {                                                          \
        type value;                                                                                \
        memcpy(&value, (const char *)values + (size_t)i * sizeof(value), sizeof(value));           \
        keys[i] = (int64_t)value;                                                                  \
    }                                                                                              \
    return true

/* By the letter of the format; a time has 64 bits, but for the days of a date. */
static bool widen(const char *format, const void *values, int64_t count, int64_t *keys)
{
    switch (strcmp(format, "tdD") == 0 ? 'i' : format[0]) {
    case 'c': WIDEN(int8_t);
    case 'C': WIDEN(uint8_t);
    case 's': WIDEN(int16_t);
    case 'S': WIDEN(uint16_t);
    case 'i': WIDEN(int32_t);
    case 'I': WIDEN(uint32_t);
    case 'l':
    case 'L':
    case 'g':
    case 't': WIDEN(int64_t);
    default: return false;
    }
}

static void find_there(const struct ArrowArray *array, int64_t at, int64_t count, uint8_t *there)
{
    const uint8_t *bits = array->null_count != 0 ? array->buffers[0] : NULL;
    memset(there, 1, (size_t)count);
    for (int64_t i = 0; bits && i < count; i++)
        there[i] = bits[(at + i) >> 3] >> ((at + i) & 7) & 1;
}

/* ---- doubles ---- */

/* Zero has one key, whatever its sign; those below it come the other way round. */
static int64_t key_of_double(double real)
{
    int64_t bits;
    real += 0.0;
    memcpy(&bits, &real, sizeof(bits));
    return bits < 0 ? bits ^ INT64_MAX : bits;
}

static void from_doubles(int64_t count, int64_t *keys, uint8_t *there)
{
    for (int64_t i = 0; i < count; i++) {
        double real;
        memcpy(&real, &keys[i], sizeof(real));
        keys[i] = key_of_double(real);
        there[i] &= real - real == 0; /* neither infinity nor NaN */
    }
}

/* ---- times ---- */

struct time_unit {
    const char *format; /* what it begins with */
    int64_t parts;      /* so many of it make a step */
    int64_t step_us;
};

static const struct time_unit time_units[] = {
    {"tdD", 1, DAY_US}, {"tdm", 86400000, DAY_US}, {"tss:", 1, 1000000}, {"tsm:", 1, 1000},
    {"tsu:", 1, 1},     {"tsn:", 1000, 1},
};

static const struct time_unit *find_unit(const char *format)
{
    for (size_t i = 0; i < sizeof(time_units) / sizeof(time_units[0]); i++)
        if (strncmp(format, time_units[i].format, strlen(time_units[i].format)) == 0)
            return &time_units[i];
    return NULL;
}

/* Years 1 to 9999, as cursor_value_set_time has it. */
static void from_times(const struct time_unit *unit, int64_t count, int64_t *keys, uint8_t *there)
{
    const int64_t first = time_days_from_civil(1, 1, 1) * DAY_US / unit->step_us;
    const int64_t last = (time_days_from_civil(9999, 12, 31) + 1) * DAY_US / unit->step_us - 1;
    for (int64_t i = 0; unit->parts > 1 && i < count; i++)
        keys[i] = keys[i] / unit->parts - (keys[i] % unit->parts < 0);
    for (int64_t i = 0; i < count; i++) {
        there[i] &= keys[i] >= first && keys[i] <= last;
        keys[i] = (int64_t)((uint64_t)keys[i] * (uint64_t)unit->step_us);
    }
}

/* ---- a column ---- */

static bool fits_signed(int64_t count, const int64_t *keys, const uint8_t *there)
{
    int64_t beyond = 0;
    for (int64_t i = 0; i < count; i++)
        beyond += there[i] & (keys[i] < 0);
    return beyond == 0;
}

bool order_keys_read(const struct cursor_column *column, int64_t count, enum key_kind *kind,
                     int64_t *keys, uint8_t *there)
{
    const struct ArrowArray *array = column->array;
    const char *format = array && !column->schema->dictionary ? column->schema->format : "";
    const struct time_unit *unit = find_unit(format);
    if (count == 0 || !*format || (*format == 't' && !unit) || array->n_buffers < 2 ||
        !array->buffers[1])
        return false;
    const int64_t at = array->offset + column->offset;
    const char *values = array->buffers[1];
    const size_t width = layout_of(format).width;
    if (!widen(format, values + (size_t)at * width, count, keys))
        return false;
    find_there(array, at, count, there);
    *kind = unit ? KEY_TIME : *format == 'g' ? KEY_DOUBLE : KEY_INTEGER;
    if (unit)
        from_times(unit, count, keys, there);
    else if (*format == 'g')
        from_doubles(count, keys, there);
    return *format != 'L' || fits_signed(count, keys, there);
}

/* ---- a bound ---- */

static bool key_of_number(enum key_kind kind, const struct cursor_value *value, int64_t *key)
{
    const bool is_whole = value->kind == TG_VALUE_INT64;
    if (!is_whole && value->kind != TG_VALUE_DOUBLE)
        return false;
    if (is_whole == (kind == KEY_INTEGER)) {
        *key = is_whole ? value->int64 : key_of_double(value->real);
        return true;
    }
    if (is_whole) {
        *key = key_of_double((double)value->int64);
        return value->int64 >= -DOUBLE_WHOLE && value->int64 <= DOUBLE_WHOLE;
    }
    if (fabs(value->real) > (double)DOUBLE_WHOLE || value->real != floor(value->real))
        return false;
    *key = (int64_t)value->real;
    return true;
}

bool order_key_of(enum key_kind kind, const struct cursor_value *value, int64_t *key)
{
    return kind == KEY_TIME ? cursor_value_instant(value, key) : key_of_number(kind, value, key);
}
