/*
 * The place for a date in a pattern: {date}, or {date:FORMAT} with %Y, %m, %d, %H and %M.
 *
 *   dated_glob: the place becomes a wildcard for each folder that it spans
 *   dated_find: wherever a date of the format stands in the name, it is tried in the place of the
 *   pattern, which then must match (listing_matches)
 *
 * All parts of a format have a fixed number of digits, and so has the whole. Where a name has
 * several dates that could be meant, the span is that of all of them.
 */
#include "extract/files/dated.h"

#include <ctype.h>
#include <string.h>

#include "base/time.h"
#include "extract/files/listing.h"

#define OPENING "{date"
static const char units[] = "YmdHM"; /* from the coarsest on: none is there without those before */

struct place {
    size_t at, len; /* in the pattern, braces and all */
    const char *format;
    size_t format_len, width; /* of what it writes */
    size_t unit_count;
};

/* ---- the place ---- */

static int bad_place(const char *pattern, const char *why, struct tg_error *err)
{
    return error_set(
        err, TG_USAGE,
        "path '%s' %s; write {date} for 2024-05-31, or say how it is written with %%Y, "
        "%%m, %%d, %%H and %%M, the larger ones first: {date:%%Y%%m%%d}, "
        "{date:%%Y/%%m/%%d}",
        pattern, why);
}

/* The next one from `at` on; false: there is none. */
static bool find_place(const char *pattern, size_t at, struct place *out)
{
    const char *start = strstr(pattern + at, OPENING);
    while (start && start[sizeof(OPENING) - 1] != '}' && start[sizeof(OPENING) - 1] != ':')
        start = strstr(start + 1, OPENING);
    const char *end = start ? strchr(start, '}') : NULL;
    if (!end)
        return false;
    const char *format = start + sizeof(OPENING);
    bool has_format = start[sizeof(OPENING) - 1] == ':';
    *out = (struct place){.at = (size_t)(start - pattern), .len = (size_t)(end + 1 - start)};
    out->format = has_format ? format : "%Y-%m-%d";
    out->format_len = has_format ? (size_t)(end - format) : strlen(out->format);
    return true;
}

static int read_format(const char *pattern, struct place *place, struct tg_error *err)
{
    for (size_t i = 0; i < place->format_len; i++, place->width++) {
        char c = place->format[i];
        if (strchr("*?[]\\", c))
            return bad_place(pattern, "has a wildcard in the place of its date", err);
        if (c != '%')
            continue;
        c = ++i < place->format_len ? place->format[i] : '\0';
        if (place->unit_count == sizeof(units) - 1 || c != units[place->unit_count])
            return bad_place(pattern, "has a place that says no date", err);
        place->width += c == 'Y' ? 3 : 1;
        place->unit_count++;
    }
    return place->unit_count > 0 ? TG_OK : bad_place(pattern, "has a place that says no date", err);
}

/* *found = false: the pattern is like any other. */
static int read_place(const char *pattern, struct place *out, bool *found, struct tg_error *err)
{
    struct place second;
    *found = find_place(pattern, 0, out);
    if (!*found)
        return TG_OK;
    if (find_place(pattern, out->at + out->len, &second))
        return bad_place(pattern, "has two places for a date", err);
    return read_format(pattern, out, err);
}

/* Not "*", which could become "**" with what stands beside it. */
int dated_glob(const char *pattern, struct buf *out, bool *is_dated, struct tg_error *err)
{
    struct place place;
    int rc = read_place(pattern, &place, is_dated, err);
    if (rc != TG_OK || !*is_dated) {
        buf_text(out, pattern);
        return rc;
    }
    buf_append(out, pattern, place.at);
    buf_text(out, "?*");
    for (size_t i = 0; i < place.format_len; i++)
        buf_text(out, place.format[i] == '/' ? "/?*" : "");
    buf_text(out, pattern + place.at + place.len);
    return buf_check(out, err);
}

/* ---- the date in a name ---- */

static bool take_digits(const char **at, size_t count, int *out)
{
    *out = 0;
    for (size_t i = 0; i < count; i++, (*at)++) {
        if (!isdigit((unsigned char)**at))
            return false;
        *out = *out * 10 + (**at - '0');
    }
    return true;
}

#define MINUTE_US (INT64_C(60) * 1000000)

static int64_t as_us(const int parts[5])
{
    int64_t minutes = (int64_t)time_days_from_civil(parts[0], parts[1], parts[2]) * 24 * 60;
    return (minutes + parts[3] * 60 + parts[4]) * MINUTE_US;
}

static bool is_date(const int parts[5])
{
    int year, month, day;
    if (parts[0] < 1 || parts[1] < 1 || parts[1] > 12 || parts[2] < 1 || parts[2] > 31 ||
        parts[3] > 23 || parts[4] > 59)
        return false;
    time_civil_from_days(time_days_from_civil(parts[0], parts[1], parts[2]), &year, &month, &day);
    return month == parts[1] && day == parts[2];
}

/* Up to the next one of the smallest unit that is there. */
static void set_span(const struct place *place, int parts[5], struct dated_span *out)
{
    static const int64_t lengths[5] = {0, 0, 24 * 60 * MINUTE_US, 60 * MINUTE_US, MINUTE_US};
    const size_t smallest = place->unit_count - 1;
    out->from_us = as_us(parts);
    out->to_us = out->from_us + lengths[smallest];
    if (lengths[smallest] > 0)
        return;
    parts[smallest]++;
    if (parts[1] > 12) {
        parts[0]++;
        parts[1] = 1;
    }
    out->to_us = as_us(parts);
}

/* Does the text begin with a date of the format? */
static bool parse_date(const struct place *place, const char *text, struct dated_span *out)
{
    int parts[5] = {1, 1, 1, 0, 0};
    size_t unit = 0;
    for (size_t i = 0; i < place->format_len; i++) {
        if (place->format[i] != '%') {
            if (*text++ != place->format[i])
                return false;
            continue;
        }
        if (!take_digits(&text, place->format[++i] == 'Y' ? 4 : 2, &parts[unit++]))
            return false;
    }
    if (!is_date(parts))
        return false;
    set_span(place, parts, out);
    return true;
}

/* The pattern with this text in its place. */
static void put_date(const char *pattern, const struct place *place, const char *text,
                     struct buf *out)
{
    buf_clear(out);
    buf_append(out, pattern, place->at);
    buf_append(out, text, place->width);
    buf_text(out, pattern + place->at + place->len);
}

int dated_find(const char *pattern, const char *name, struct dated_span *out, bool *found,
               struct tg_error *err)
{
    int rc = TG_OK;
    struct place place;
    struct dated_span here;
    struct buf dated = BUF_INIT;
    bool is_dated;
    *found = false;
    TRY(read_place(pattern, &place, &is_dated, err));
    for (const char *at = name; is_dated && *at; at++) {
        if (!parse_date(&place, at, &here))
            continue;
        put_date(pattern, &place, at, &dated);
        TRY(buf_check(&dated, err));
        if (!listing_matches(buf_string(&dated), name))
            continue;
        out->from_us = *found && out->from_us < here.from_us ? out->from_us : here.from_us;
        out->to_us = *found && out->to_us > here.to_us ? out->to_us : here.to_us;
        *found = true;
    }
done:
    buf_release(&dated);
    return rc;
}
