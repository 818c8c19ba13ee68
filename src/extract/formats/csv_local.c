/*
 * Numbers and times as they are written somewhere -> as data/text/literal.c reads them.
 *
 * csv_local_read -> read_time by the formats, then read_number: digits in groups of three, where
 * there are any, the sign before them, the fraction behind the decimal character.
 *
 * A text of digits that is no such number is text: 1.500 with a decimal comma may be meant as 1500,
 * and is not taken for 1.5.
 */
#include "extract/formats/csv_local.h"

#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/time.h"

/* ---- times ---- */

static size_t keep(struct buf *text, char out[CSV_LOCAL_MAX])
{
    size_t len = !text->failed && text->len < CSV_LOCAL_MAX ? text->len : 0;
    memcpy(out, buf_string(text), len);
    buf_release(text);
    return len;
}

/* As ISO 8601; 0: it is none. */
static size_t read_time(const struct csv_local *local, const char *text, size_t len,
                        char out[CSV_LOCAL_MAX])
{
    const int64_t day_us = INT64_C(86400000000);
    struct time_point point;
    struct buf iso = BUF_INIT;
    if (local->timestamp_format && time_read_as(local->timestamp_format, text, len, &point)) {
        time_format_timestamp(&iso, point.us, point.has_zone);
        return keep(&iso, out);
    }
    if (!local->date_format || !time_read_as(local->date_format, text, len, &point))
        return 0;
    time_format_date(&iso, (int32_t)((point.us - (point.us % day_us + day_us) % day_us) / day_us));
    return keep(&iso, out);
}

/* ---- numbers ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* How many bytes of a separator stand there. A space may be one that does not break. */
static size_t separator_at(const char *separator, const char *at, const char *end)
{
    static const char *const spaces[] = {" ", "\xc2\xa0", "\xe2\x80\xaf"};
    size_t len = separator ? strlen(separator) : 0;
    if (len > 0 && (size_t)(end - at) >= len && memcmp(at, separator, len) == 0)
        return len;
    for (size_t i = 1; len > 0 && *separator == ' ' && i < 3; i++)
        if ((size_t)(end - at) >= strlen(spaces[i]) &&
            memcmp(at, spaces[i], strlen(spaces[i])) == 0)
            return strlen(spaces[i]);
    return 0;
}

/* The digits before the fraction, without what separates them; NULL: they are not grouped right. */
static const char *read_whole(const struct csv_local *local, const char *at, const char *end,
                              char *out, size_t *len)
{
    size_t digits = 0, groups = 0;
    while (at < end) {
        size_t separator = separator_at(local->thousands, at, end);
        if (!is_digit(*at) && separator == 0)
            break;
        if (separator > 0 && (digits == 0 || digits > 3 || (groups > 0 && digits != 3)))
            return NULL;
        groups += separator > 0;
        digits = separator > 0 ? 0 : digits + 1;
        if (separator == 0)
            out[(*len)++] = *at;
        at += separator > 0 ? separator : 1;
    }
    return groups > 0 && digits != 3 ? NULL : at;
}

/* 0: it is none. What stands behind the digits (an exponent) is for others to read. */
static size_t read_number(const struct csv_local *local, const char *text, size_t len,
                          char out[CSV_LOCAL_MAX])
{
    const char *at = text, *end = text + len;
    size_t made = 0;
    if (len >= CSV_LOCAL_MAX - 1)
        return 0;
    if (at < end && (*at == '-' || *at == '+'))
        out[made++] = *at++;
    size_t sign = made;
    at = read_whole(local, at, end, out, &made);
    if (!at)
        return 0;
    bool has_digit = made > sign;
    size_t point = separator_at(local->decimal ? local->decimal : ".", at, end);
    if (point > 0) {
        out[made] = '0';
        made += made == sign; /* ,5 */
        out[made++] = '.';
        at += point;
    }
    for (; at < end && (is_digit(*at) || memchr("eE+-", *at, 4)); at++) {
        has_digit = has_digit || is_digit(*at);
        out[made++] = *at;
    }
    return at == end && has_digit ? made : 0;
}

/* Digits, and what may stand between them anywhere. */
static bool looks_like_number(const char *text, size_t len)
{
    bool has_digit = false;
    for (size_t i = 0; i < len; i++) {
        has_digit = has_digit || is_digit(text[i]);
        if (!is_digit(text[i]) && !memchr("+-.,eE", text[i], 6))
            return false;
    }
    return has_digit && memchr(text, '.', len);
}

enum csv_local_form csv_local_read(const struct csv_local *local, const char *text, size_t len,
                                   char out[CSV_LOCAL_MAX], size_t *out_len)
{
    bool has_numbers = local->decimal || local->thousands;
    *out_len = len > 0 && len < CSV_LOCAL_MAX ? read_time(local, text, len, out) : 0;
    if (*out_len == 0 && has_numbers && len > 0)
        *out_len = read_number(local, text, len, out);
    if (*out_len == 0)
        return has_numbers && looks_like_number(text, len) ? LOCAL_TEXT : LOCAL_SAME;
    return *out_len == len && memcmp(text, out, len) == 0 ? LOCAL_SAME : LOCAL_CHANGED;
}
