/*
 * Texts that only look ordered.
 *
 * Path: order_contradicts -> compare_numbers, or read_fields (runs of digits with a separator
 * between each two) -> compare_dates for each way to read the first three as a date. What follows
 * the date (hours, minutes) is compared field by field.
 *
 * By which order rows are taken is left to cursor_value.c; this only tells when it deceives.
 */
#include "extract/cursor/order.h"

#include <string.h>

enum { FIELDS_MAX = 7, FIELD_DIGITS_MAX = 9, NUMBER_CHARS = 40, DAY_CHARS = 10 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int sign_of(int order)
{
    return (order > 0) - (order < 0);
}

static int compare_bytes(const char *a, size_t a_len, const char *b, size_t b_len)
{
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
    return order != 0 ? sign_of(order) : (a_len > b_len) - (a_len < b_len);
}

/* ---- numbers ---- */

struct number {
    bool negative;
    const char *whole; /* without leading zeros */
    size_t whole_len;
    const char *fraction;
    size_t fraction_len;
};

/* [+-]digits[.digits] and nothing else. */
static bool read_number(const char *text, size_t len, struct number *out)
{
    const char *end = text + len;
    *out = (struct number){.negative = len > 0 && *text == '-'};
    if (len == 0 || len > NUMBER_CHARS)
        return false;
    text += *text == '-' || *text == '+';
    if (text == end || !is_digit(*text))
        return false;
    while (text + 1 < end && *text == '0' && is_digit(text[1]))
        text++;
    for (out->whole = text; text < end && is_digit(*text); text++)
        out->whole_len++;
    if (text < end && *text == '.')
        for (out->fraction = ++text; text < end && is_digit(*text); text++)
            out->fraction_len++;
    return text == end;
}

static int compare_numbers(const struct number *a, const struct number *b)
{
    int order = 0;
    if (a->negative != b->negative)
        return a->negative ? -1 : 1;
    if (a->whole_len != b->whole_len)
        order = a->whole_len < b->whole_len ? -1 : 1;
    if (order == 0)
        order = compare_bytes(a->whole, a->whole_len, b->whole, b->whole_len);
    if (order == 0)
        order = compare_bytes(a->fraction ? a->fraction : "", a->fraction_len,
                              b->fraction ? b->fraction : "", b->fraction_len);
    return a->negative ? -order : order;
}

/* ---- dates ---- */

struct fields {
    int values[FIELDS_MAX];
    size_t count;
};

/* "12/31/2023 9:05": runs of digits, one separator between each two. */
static bool read_fields(const char *text, size_t len, struct fields *out)
{
    size_t at = 0;
    *out = (struct fields){.count = 0};
    for (;;) {
        size_t start = at;
        int value = 0;
        for (; at < len && is_digit(text[at]) && at - start < FIELD_DIGITS_MAX; at++)
            value = 10 * value + (text[at] - '0');
        if (at == start || out->count == FIELDS_MAX)
            return false;
        out->values[out->count++] = value;
        if (at == len)
            return out->count >= 3;
        if (!strchr("/.-: T", text[at]))
            return false;
        at++;
    }
}

/* Where year, month and day stand. */
static const int readings[][3] = {{0, 1, 2}, {2, 0, 1}, {2, 1, 0}};

static bool is_date(const struct fields *fields, const int reading[3])
{
    int year = fields->values[reading[0]], month = fields->values[reading[1]],
        day = fields->values[reading[2]];
    return year >= 1000 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

static int compare_dates(const struct fields *a, const struct fields *b, const int reading[3])
{
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        size_t at = i < 3 ? (size_t)reading[i] : i;
        if (a->values[at] != b->values[at])
            return a->values[at] < b->values[at] ? -1 : 1;
    }
    return 0;
}

/* Whether there is a way to read both as dates, and each such way contradicts `order`. */
static bool dates_contradict(const struct fields *a, const struct fields *b, int order)
{
    bool some = false;
    for (size_t i = 0; i < sizeof(readings) / sizeof(readings[0]); i++) {
        if (!is_date(a, readings[i]) || !is_date(b, readings[i]))
            continue;
        if (compare_dates(a, b, readings[i]) != -order)
            return false;
        some = true;
    }
    return some;
}

/* 2024-01-31, whatever follows. */
static bool begins_with_day(const char *text, size_t len)
{
    for (size_t i = 0; i < DAY_CHARS && i < len; i++)
        if (i == 4 || i == 7 ? text[i] != '-' : !is_digit(text[i]))
            return false;
    return len >= DAY_CHARS;
}

const char *order_contradicts(const char *a, size_t a_len, const char *b, size_t b_len)
{
    struct number left, right;
    struct fields a_fields, b_fields;
    int order = compare_bytes(a, a_len, b, b_len);
    if (order == 0)
        return NULL;
    if (begins_with_day(a, a_len) && begins_with_day(b, b_len) && memcmp(a, b, DAY_CHARS) != 0)
        return NULL; /* for speed: the year comes first */
    if (read_number(a, a_len, &left) && read_number(b, b_len, &right))
        return compare_numbers(&left, &right) == -order ? "numbers" : NULL;
    if (read_fields(a, a_len, &a_fields) && read_fields(b, b_len, &b_fields) &&
        dates_contradict(&a_fields, &b_fields, order))
        return "dates";
    return NULL;
}
