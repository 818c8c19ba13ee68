/*
 * Time zones, from the system's database: files in the form of RFC 8536.
 *
 * Path: time_zone_open -> parse_offset | read_file -> read_block (version 2: times of 8 bytes) ->
 * read_rule (what goes on after the last one, as TZ of POSIX says it). offset_at: the last
 * transition before a moment, or the rule. time_zone_instant tries the offsets around a local time.
 *
 * The first block, with times of 4 bytes, is skipped: every file has the second one by now.
 */
#include "base/time/zone.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/memory.h"
#include "base/time/calendar.h"

enum { DAY_SECONDS = 86400, HEADER = 44, COUNTS = 20, OFFSET_MAX = DAY_SECONDS };

/* When the clocks change, each year. */
struct change {
    char form;            /* 'M': month, week, day of the week; 'J': day 1 to 365; '0': 0 to 365 */
    int month, week, day; /* of 'J' and '0' the day alone */
    int seconds;          /* of that day, by the clock before the change */
};

struct rule {
    bool holds, changes;
    int standard, summer; /* seconds to the east */
    struct change starts, ends;
};

struct time_zone {
    int64_t *times; /* seconds since 1970, rising */
    int *offsets;   /* from each of them on */
    size_t count;
    int before; /* the offset before the first */
    struct rule rule;
};

/* ---- reading: big-endian numbers ---- */

static int64_t number(const unsigned char *at, size_t bytes)
{
    uint64_t out = at[0] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < bytes; i++)
        out = out << 8 | at[i];
    return (int64_t)out;
}

struct counts {
    size_t utc, standard, leaps, times, types, letters;
};

static bool read_counts(const unsigned char *at, size_t len, struct counts *out)
{
    size_t *const all[] = {&out->utc,   &out->standard, &out->leaps,
                           &out->times, &out->types,    &out->letters};
    if (len < HEADER || memcmp(at, "TZif", 4) != 0)
        return false;
    for (size_t i = 0; i < 6; i++) {
        int64_t count = number(at + COUNTS + 4 * i, 4);
        if (count < 0 || count > UINT16_MAX)
            return false;
        *all[i] = (size_t)count;
    }
    return out->types > 0;
}

static size_t block_size(const struct counts *counts, size_t time_bytes)
{
    return counts->times * (time_bytes + 1) + counts->types * 6 + counts->letters +
           counts->leaps * (time_bytes + 4) + counts->standard + counts->utc;
}

static int read_block(struct time_zone *zone, const unsigned char *at, const struct counts *counts,
                      bool *fits, struct tg_error *err)
{
    const unsigned char *kinds = at + counts->times * 8, *types = kinds + counts->times;
    zone->times = mem_calloc(counts->times + 1, sizeof(*zone->times));
    zone->offsets = mem_calloc(counts->times + 1, sizeof(*zone->offsets));
    if (!zone->times || !zone->offsets)
        return error_nomem(err);
    *fits = true;
    zone->count = counts->times;
    zone->before = (int)number(types, 4);
    for (size_t i = 0; i < counts->times && *fits; i++) {
        *fits = kinds[i] < counts->types;
        zone->times[i] = number(at + 8 * i, 8);
        zone->offsets[i] = *fits ? (int)number(types + 6 * kinds[i], 4) : 0;
    }
    return TG_OK;
}

/* ---- the rule: "CET-1CEST,M3.5.0,M10.5.0/3" ---- */

static bool skip_name(const char **at)
{
    const char *start = *at;
    if (**at == '<') {
        *at += strcspn(*at, ">");
        return *(*at)++ == '>';
    }
    while ((**at >= 'A' && **at <= 'Z') || (**at >= 'a' && **at <= 'z'))
        ++*at;
    return *at > start;
}

/* [+-]h[:mm[:ss]] */
static bool read_clock(const char **at, int *seconds)
{
    int sign = **at == '-' ? -1 : 1, unit = 3600;
    *at += **at == '-' || **at == '+';
    *seconds = 0;
    for (; unit > 0; unit /= 60) {
        char *end = NULL;
        if (**at < '0' || **at > '9')
            return false;
        *seconds += sign * (int)strtol(*at, &end, 10) * unit;
        *at = end;
        if (**at != ':')
            return true;
        ++*at;
    }
    return false;
}

static bool read_number(const char **at, int *out)
{
    char *end = NULL;
    *out = (int)strtol(*at, &end, 10);
    bool found = end > *at;
    *at = end;
    return found;
}

static bool read_change(const char **at, struct change *out)
{
    bool right = *(*at)++ == ',';
    out->form = **at == 'M' || **at == 'J' ? *(*at)++ : '0';
    out->seconds = 2 * 3600;
    if (out->form == 'M')
        right = right && read_number(at, &out->month) && *(*at)++ == '.' &&
                read_number(at, &out->week) && *(*at)++ == '.';
    right = right && read_number(at, &out->day);
    if (right && **at == '/') {
        ++*at;
        right = read_clock(at, &out->seconds);
    }
    return right;
}

static bool read_rule(const char *text, struct rule *out)
{
    const char *at = text;
    if (!skip_name(&at) || !read_clock(&at, &out->standard))
        return false;
    out->standard = -out->standard;
    out->holds = true;
    if (!*at)
        return true;
    out->changes = true;
    out->summer = out->standard + 3600;
    if (!skip_name(&at))
        return false;
    if (*at && *at != ',') {
        if (!read_clock(&at, &out->summer))
            return false;
        out->summer = -out->summer;
    }
    return read_change(&at, &out->starts) && read_change(&at, &out->ends) && !*at;
}

/* ---- the offset of a moment ---- */

static int32_t day_of(const struct change *change, int year)
{
    int32_t first = time_days_from_civil(year, change->form == 'M' ? change->month : 1, 1);
    if (change->form == '0')
        return first + change->day;
    if (change->form == 'J')
        return first + change->day - 1 + (time_is_leap(year) && change->day >= 60);
    int weekday = (first % 7 + 11) % 7; /* 1970 began on a Thursday; 0: Sunday */
    int32_t day = first + (change->day - weekday + 7) % 7 + 7 * (change->week - 1);
    while (day >= time_days_from_civil(year + change->month / 12, change->month % 12 + 1, 1))
        day -= 7;
    return day;
}

static int rule_offset(const struct rule *rule, int64_t seconds)
{
    int year, month, day;
    if (!rule->changes)
        return rule->standard;
    int64_t local = seconds + rule->standard;
    time_civil_from_days((int32_t)(local / DAY_SECONDS - (local % DAY_SECONDS < 0)), &year, &month,
                         &day);
    int64_t starts =
        (int64_t)day_of(&rule->starts, year) * DAY_SECONDS + rule->starts.seconds - rule->standard;
    int64_t ends =
        (int64_t)day_of(&rule->ends, year) * DAY_SECONDS + rule->ends.seconds - rule->summer;
    bool is_summer = starts < ends ? seconds >= starts && seconds < ends
                                   : !(seconds >= ends && seconds < starts);
    return is_summer ? rule->summer : rule->standard;
}

static int offset_at(const struct time_zone *zone, int64_t seconds)
{
    size_t low = 0, high = zone->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (zone->times[middle] <= seconds)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == zone->count && zone->rule.holds)
        return rule_offset(&zone->rule, seconds);
    return low == 0 ? zone->before : zone->offsets[low - 1];
}

static int64_t floor_seconds(int64_t us)
{
    return us / SECOND_US - (us % SECOND_US < 0);
}

int64_t time_zone_local(const struct time_zone *zone, int64_t us)
{
    return us + offset_at(zone, floor_seconds(us)) * SECOND_US;
}

/* The first second at which the offset is another than `before`. */
static int64_t find_change(const struct time_zone *zone, int64_t low, int64_t high, int before)
{
    while (low + 1 < high) {
        int64_t middle = low + (high - low) / 2;
        if (offset_at(zone, middle) == before)
            low = middle;
        else
            high = middle;
    }
    return high;
}

int64_t time_zone_instant(const struct time_zone *zone, int64_t local_us)
{
    const int64_t local = floor_seconds(local_us), rest = local_us - local * SECOND_US;
    const int offsets[] = {offset_at(zone, local - OFFSET_MAX),
                           offset_at(zone, local + OFFSET_MAX)};
    int64_t found = INT64_MAX;
    for (size_t i = 0; i < 2; i++)
        if (offset_at(zone, local - offsets[i]) == offsets[i] && local - offsets[i] < found)
            found = local - offsets[i];
    if (found != INT64_MAX)
        return found * SECOND_US + rest;
    return find_change(zone, local - OFFSET_MAX, local + OFFSET_MAX, offsets[0]) * SECOND_US;
}

/* ---- opening ---- */

static const char *const folders[] = {"/usr/share/zoneinfo", "/usr/lib/zoneinfo"};

/* "+05:30", "-03" */
static bool parse_offset(const char *name, struct time_zone *zone)
{
    const char *at = name;
    int seconds = 0;
    if ((*at != '+' && *at != '-') || !read_clock(&at, &seconds) || *at ||
        abs(seconds) >= OFFSET_MAX)
        return false;
    zone->rule = (struct rule){.holds = true, .standard = seconds};
    return true;
}

/* Of a file's content; `fits` goes false for what is no such file. */
static int read_zone(struct time_zone *zone, const struct buf *file, bool *fits,
                     struct tg_error *err)
{
    struct counts first = {0}, counts = {0};
    const unsigned char *bytes = (const unsigned char *)file->data;
    *fits = read_counts(bytes, file->len, &first) && bytes[4] >= '2';
    size_t start = *fits ? HEADER + block_size(&first, 4) : 0;
    *fits = *fits && start < file->len && read_counts(bytes + start, file->len - start, &counts);
    size_t end = *fits ? start + HEADER + block_size(&counts, 8) : 0;
    *fits = *fits && end < file->len && bytes[end] == '\n' && bytes[file->len - 1] == '\n';
    if (!*fits)
        return TG_OK;
    int rc = read_block(zone, bytes + start + HEADER, &counts, fits, err);
    char rule[80] = "";
    size_t len = file->len - end - 2;
    if (rc == TG_OK && len > 0 && len < sizeof(rule)) {
        memcpy(rule, bytes + end + 1, len);
        *fits = *fits && read_rule(rule, &zone->rule);
    }
    return rc;
}

static int read_file(const char *name, struct time_zone *zone, bool *found, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf file = BUF_INIT;
    char *path = NULL;
    *found = false;
    if (!*name || *name == '/' || strstr(name, ".."))
        return TG_OK;
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]) && !*found; i++) {
        struct fs_stat stat = {0};
        mem_free(path);
        path = fs_join(folders[i], name);
        if (!path)
            TRY(error_nomem(err));
        if (fs_stat(path, &stat, NULL) != TG_OK || !stat.exists || stat.is_dir)
            continue;
        buf_clear(&file);
        TRY(fs_read_file(path, &file, err));
        TRY(read_zone(zone, &file, found, err));
    }
done:
    buf_release(&file);
    mem_free(path);
    return rc;
}

int time_zone_open(const char *name, struct time_zone **out, struct tg_error *err)
{
    int rc = TG_OK;
    bool found = false;
    struct time_zone *zone = mem_calloc(1, sizeof(*zone));
    *out = NULL;
    if (!zone)
        return error_nomem(err);
    found = strcmp(name, "UTC") == 0 || parse_offset(name, zone);
    if (!found)
        TRY(read_file(name, zone, &found, err));
    if (!found)
        rc = error_set(err, TG_USAGE,
                       "'%s' is no time zone that this system knows; name one like Europe/Berlin, "
                       "an offset like +02:00, or UTC",
                       name);
done:
    if (rc == TG_OK)
        *out = zone;
    else
        time_zone_close(zone);
    return rc;
}

void time_zone_close(struct time_zone *zone)
{
    if (!zone)
        return;
    mem_free(zone->times);
    mem_free(zone->offsets);
    mem_free(zone);
}
