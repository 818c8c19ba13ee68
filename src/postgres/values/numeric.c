/*
 * PostgreSQL's numeric: from the wire, and to it.
 *
 * numeric_read checks the bytes and drops zeros at both ends -> numeric_decimal (128 bits, exactly
 * or not at all), numeric_double, numeric_text. numeric_write goes the other way. All are
 * arithmetic on digits of base 10,000, each of which is four decimal ones.
 *
 * Which of them a column wants is decided by its type (types.c).
 */
#include "postgres/values/numeric.h"

#include <math.h>
#include <stdio.h>

#include "data/text/literal.h"
#include "postgres/values/wire.h"

__extension__ typedef unsigned __int128 uint128;

enum {
    BASE = 10000,
    HEAD = 8, /* count, weight, sign, scale */
    SIGN_NEGATIVE = 0x4000,
    SIGN_NAN = 0xc000,
    SIGN_INFINITY = 0xd000,
    SIGN_MINUS_INFINITY = 0xf000,
    SCALE_MAX = 0x3fff
};

static int digit_at(const struct pg_numeric *number, int i)
{
    return i < number->count ? wire_get16(number->digits + 2 * (ptrdiff_t)i) : 0;
}

static bool read_sign(uint16_t sign, struct pg_numeric *out)
{
    out->negative = sign == SIGN_NEGATIVE || sign == SIGN_MINUS_INFINITY;
    if (sign == SIGN_NAN)
        out->kind = NUMERIC_NAN;
    else if (sign == SIGN_INFINITY || sign == SIGN_MINUS_INFINITY)
        out->kind = NUMERIC_INFINITE;
    else
        return sign == 0 || sign == SIGN_NEGATIVE;
    return true;
}

bool numeric_read(const char *bytes, size_t len, struct pg_numeric *out)
{
    *out = (struct pg_numeric){.digits = (const unsigned char *)bytes + HEAD};
    if (len < HEAD || !read_sign(wire_get16(bytes + 4), out))
        return false;
    out->count = wire_get16(bytes);
    out->weight = (int16_t)wire_get16(bytes + 2);
    out->scale = wire_get16(bytes + 6);
    if (len != HEAD + 2 * (size_t)out->count || out->scale > SCALE_MAX)
        return false;
    for (int i = 0; i < out->count; i++)
        if (digit_at(out, i) >= BASE)
            return false;
    while (out->count > 0 && digit_at(out, out->count - 1) == 0)
        out->count--;
    for (; out->count > 0 && digit_at(out, 0) == 0; out->weight--, out->count--)
        out->digits += 2;
    if (out->count == 0)
        out->weight = 0;
    return true;
}

static const uint16_t powers[] = {1, 10, 100, 1000, BASE};

static uint128 power_of_ten(int exponent)
{
    uint128 power = 1;
    for (; exponent >= 4; exponent -= 4)
        power *= BASE;
    return power * powers[exponent];
}

static int digit_count(int digit)
{
    return digit >= 1000 ? 4 : digit >= 100 ? 3 : digit >= 10 ? 2 : 1;
}

bool numeric_decimal(const struct pg_numeric *number, int precision, int scale, int128 *out)
{
    uint128 value = 0;
    int shift =
        4 * number->weight + scale; /* the power of ten of the digit, in units of the scale */
    *out = 0;
    if (number->kind != NUMERIC_FINITE)
        return false;
    if (number->count == 0)
        return true;
    if (shift + digit_count(digit_at(number, 0)) > precision)
        return false;
    for (int i = 0; i < number->count; i++, shift -= 4) {
        int digit = digit_at(number, i);
        if (shift >= 0) {
            value = value * BASE + (unsigned)digit;
            continue;
        }
        if (shift <= -4 || digit % powers[-shift] != 0)
            return false;
        value = value * powers[4 + shift] + (unsigned)(digit / powers[-shift]);
    }
    if (shift > -4)
        value *= power_of_ten(shift + 4);
    *out = number->negative ? -(int128)value : (int128)value;
    return true;
}

/* Digits beyond these cannot change the double, but for the trace that there are more. */
enum { DOUBLE_DIGITS = 90 };

double numeric_double(const struct pg_numeric *number)
{
    char text[4 * DOUBLE_DIGITS + 32];
    int len = 0, used = number->count < DOUBLE_DIGITS ? number->count : DOUBLE_DIGITS;
    double value = 0;
    if (number->kind == NUMERIC_NAN)
        return (double)NAN;
    if (number->kind == NUMERIC_INFINITE)
        return number->negative ? -HUGE_VAL : HUGE_VAL;
    for (int i = 0; i < used; i++)
        len += snprintf(text + len, sizeof(text) - (size_t)len, i == 0 ? "%d" : "%04d",
                        digit_at(number, i));
    if (used == 0)
        return 0;
    if (used < number->count)
        text[len++] = '1';
    len += snprintf(text + len, sizeof(text) - (size_t)len, "e%d",
                    4 * (number->weight - used + 1) - (used < number->count));
    (void)!literal_double(text, (size_t)len, &value);
    return number->negative ? -value : value;
}

static void put_fraction(const struct pg_numeric *number, struct buf *out)
{
    char group[8];
    int i = number->weight + 1;
    buf_char(out, '.');
    for (int left = number->scale; left > 0; left -= 4, i++) {
        snprintf(group, sizeof(group), "%04d", i < 0 ? 0 : digit_at(number, i));
        buf_append(out, group, left < 4 ? (size_t)left : 4);
    }
}

void numeric_text(const struct pg_numeric *number, struct buf *out)
{
    if (number->kind != NUMERIC_FINITE) {
        buf_text(out, number->kind == NUMERIC_NAN ? "NaN"
                      : number->negative          ? "-Infinity"
                                                  : "Infinity");
        return;
    }
    if (number->negative && number->count > 0)
        buf_char(out, '-');
    if (number->count == 0 || number->weight < 0)
        buf_char(out, '0');
    for (int i = 0; number->count > 0 && i <= number->weight; i++)
        buf_printf(out, i == 0 ? "%d" : "%04d", digit_at(number, i));
    if (number->scale > 0)
        put_fraction(number, out);
}

/* The digits of base 10,000, last first. */
static int split(uint128 value, int scale, uint16_t reversed[11])
{
    int count = 0, partial = scale % 4;
    if (partial > 0) {
        reversed[count++] = (uint16_t)((unsigned)(value % powers[partial]) * powers[4 - partial]);
        value /= powers[partial];
    }
    while (value >> 64) {
        reversed[count++] = (uint16_t)(value % BASE);
        value /= BASE;
    }
    for (uint64_t low = (uint64_t)value; low > 0; low /= BASE)
        reversed[count++] = (uint16_t)(low % BASE);
    return count;
}

size_t numeric_write(int128 value, int scale, unsigned char out[NUMERIC_BYTES_MAX])
{
    uint16_t reversed[11];
    bool negative = value < 0;
    int count = split(negative ? -(uint128)value : (uint128)value, scale, reversed);
    int behind = (scale + 3) / 4, first = count - 1, last = 0;
    while (first >= 0 && reversed[first] == 0)
        first--;
    while (last < first && reversed[last] == 0)
        last++;
    count = first < 0 ? 0 : first - last + 1;
    wire_put16(out, (uint16_t)count);
    wire_put16(out + 2, (uint16_t)(count == 0 ? 0 : first - behind));
    wire_put16(out + 4, negative ? SIGN_NEGATIVE : 0);
    wire_put16(out + 6, (uint16_t)scale);
    for (int i = 0; i < count; i++)
        wire_put16(out + HEAD + 2 * i, reversed[first - i]);
    return HEAD + 2 * (size_t)count;
}
