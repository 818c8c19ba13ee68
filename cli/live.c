/*
 * How far a run is, in the lines of a terminal.
 *
 *   live_lines -> read_lines: a line for all resources, and one for each of those that have been
 *   read the longest; or a line for what is written, or waited for -> put_line: the name is cut to
 *   what its numbers leave, and the least of them go where there is no room
 *
 * Who draws them, and when, is progress.c's.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "progress.h"

/* ---- quantities ---- */

const char *format_bytes(uint64_t bytes, char out[QUANTITY_BYTES])
{
    static const char *const units[] = {"KB", "MB", "GB", "TB", "PB", "EB"};
    double amount = (double)bytes / 1e3;
    size_t unit = 0;
    if (bytes < 1000) {
        snprintf(out, QUANTITY_BYTES, "%" PRIu64 " bytes", bytes);
        return out;
    }
    for (; amount >= 999.95 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
        amount /= 1e3;
    snprintf(out, QUANTITY_BYTES, "%.1f %s", amount, units[unit]);
    return out;
}

const char *format_seconds(double seconds, char out[QUANTITY_BYTES])
{
    const uint64_t whole = seconds > 0 ? (uint64_t)seconds : 0;
    if (seconds < 59.95)
        snprintf(out, QUANTITY_BYTES, "%.1f s", seconds);
    else if (whole < 3600)
        snprintf(out, QUANTITY_BYTES, "%" PRIu64 " min %02d s", whole / 60, (int)(whole % 60));
    else
        snprintf(out, QUANTITY_BYTES, "%" PRIu64 " h %02d min", whole / 3600,
                 (int)(whole / 60 % 60));
    return out;
}

const char *format_rate(uint64_t rows, double seconds, char out[QUANTITY_BYTES])
{
    char count[32];
    const double rate = seconds > 0.001 ? (double)rows / seconds : 0;
    if (rate > 0 && rate < 9.95)
        snprintf(out, QUANTITY_BYTES, "%.1f rows/s", rate);
    else
        snprintf(out, QUANTITY_BYTES, "%s rows/s", format_count((uint64_t)rate, count));
    return out;
}

static const char *format_rows(uint64_t rows, char out[QUANTITY_BYTES])
{
    char count[32];
    snprintf(out, QUANTITY_BYTES, "%s row%s", format_count(rows, count), plural(rows));
    return out;
}

/* ---- a line ---- */

/* What stands behind a name, in this order; "" is left out. */
enum part { ROWS, BYTES, PERCENT, RATE, SECONDS, PART_COUNT };

struct parts {
    char text[PART_COUNT][QUANTITY_BYTES];
};

enum { NAME_PAD = 24, NAME_LEAST = 12, GAP = 2 };

/* As wide as they usually are, so that they stand still below one another where there is room. */
static const int usual_columns[PART_COUNT] = {
    [ROWS] = 14, [BYTES] = 8, [PERCENT] = 4, [RATE] = 14, [SECONDS] = 7};

static size_t parts_columns(const struct parts *parts)
{
    size_t columns = 0;
    for (size_t i = 0; i < PART_COUNT; i++)
        columns += parts->text[i][0] ? GAP + strlen(parts->text[i]) : 0;
    return columns;
}

static void align_parts(struct parts *parts)
{
    for (size_t i = 0; i < PART_COUNT; i++) {
        char aligned[QUANTITY_BYTES];
        if (!parts->text[i][0])
            continue;
        snprintf(aligned, sizeof(aligned), "%*s", usual_columns[i], parts->text[i]);
        memcpy(parts->text[i], aligned, sizeof(aligned));
    }
}

/* Until a name has room. */
static void drop_parts(struct parts *parts, size_t name_columns, size_t width)
{
    static const enum part least_first[] = {RATE, BYTES, PERCENT, SECONDS, ROWS};
    const size_t name = name_columns < NAME_LEAST ? name_columns : NAME_LEAST;
    for (size_t i = 0; i < PART_COUNT && name + parts_columns(parts) > width; i++)
        parts->text[least_first[i]][0] = '\0';
}

static void put(char line[LINE_BYTES], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put(char line[LINE_BYTES], const char *format, ...)
{
    va_list args;
    size_t len = strlen(line);
    va_start(args, format);
    vsnprintf(line + len, LINE_BYTES - len, format, args);
    va_end(args);
}

/* Visible characters alone. */
static void show_name(char *out, size_t size, const char *name)
{
    size_t at = 0, left = strlen(name);
    for (size_t bytes; left > 0 && at + 1 < size; name += bytes, left -= bytes) {
        const size_t control = control_bytes(name, left);
        out[at++] = control > 0 ? '?' : *name;
        bytes = control > 0 ? control : 1;
    }
    out[at] = '\0';
}

static void put_line(char line[LINE_BYTES], const char *name, size_t pad, struct parts *parts,
                     size_t width)
{
    char shown[LINE_BYTES / 2], fit[LINE_BYTES / 2];
    show_name(shown, sizeof(shown), name);
    drop_parts(parts, text_columns(shown), width);
    struct parts aligned = *parts;
    align_parts(&aligned);
    if (pad > 0 &&
        (pad > text_columns(shown) ? pad : text_columns(shown)) + parts_columns(&aligned) <= width)
        *parts = aligned;
    const size_t numbers = parts_columns(parts), room = width > numbers ? width - numbers : 0;
    const size_t columns = fit_text(fit, sizeof(fit), shown, room);
    const size_t wanted = pad < room ? pad : room;
    *line = '\0';
    put(line, "%s%*s", fit, numbers && wanted > columns ? (int)(wanted - columns) : 0, "");
    for (size_t i = 0; i < PART_COUNT; i++)
        if (parts->text[i][0])
            put(line, "%*s%s", GAP, "", parts->text[i]);
}

/* ---- what is read ---- */

static void count_parts(struct parts *parts, uint64_t rows, uint64_t bytes, double seconds)
{
    format_rows(rows, parts->text[ROWS]);
    if (bytes > 0)
        format_bytes(bytes, parts->text[BYTES]);
    if (rows > 0 && seconds >= 0.1)
        format_rate(rows, seconds, parts->text[RATE]);
    format_seconds(seconds, parts->text[SECONDS]);
}

static void put_reading(const struct reading *reading, const char *indent, double now, size_t width,
                        char line[LINE_BYTES])
{
    char name[LINE_BYTES / 2];
    struct parts parts = {.text = {""}};
    count_parts(&parts, reading->rows, reading->bytes,
                (reading->ended > 0 ? reading->ended : now) - reading->began);
    if (reading->bytes_total > 0 && reading->ended <= 0)
        snprintf(parts.text[PERCENT], QUANTITY_BYTES, "%d%%",
                 reading->bytes < reading->bytes_total
                     ? (int)(100.0 * (double)reading->bytes / (double)reading->bytes_total)
                     : 100);
    snprintf(name, sizeof(name), "%s%s", indent, reading->name);
    put_line(line, name, NAME_PAD, &parts, width);
}

void live_reading(const struct reading *reading, double now, size_t width, char line[LINE_BYTES])
{
    put_reading(reading, "", now, width, line);
}

/* How many are through, and all of their rows. */
static void put_total(const struct watched *watched, double now, size_t width,
                      char line[LINE_BYTES])
{
    char name[64];
    uint64_t rows = 0, bytes = 0;
    struct parts parts = {.text = {""}};
    for (size_t i = 0; i < watched->count; i++) {
        rows += watched->readings[i].rows;
        bytes += watched->readings[i].bytes;
    }
    count_parts(&parts, rows, bytes, now - watched->phase_began);
    snprintf(name, sizeof(name), "reading %" PRIu64 "/%" PRIu64, watched->resources_ended,
             watched->resources);
    put_line(line, name, NAME_PAD, &parts, width);
}

/* In the order in which they began, the first of those that are read have been so the longest. */
static size_t read_lines(const struct watched *watched, double now, size_t width,
                         char lines[LIVE_LINES][LINE_BYTES])
{
    size_t count = 0;
    const bool several = watched->resources > 1;
    if (several)
        put_total(watched, now, width, lines[count++]);
    for (size_t i = 0; i < watched->count && count < LIVE_LINES; i++)
        if (watched->readings[i].ended <= 0)
            put_reading(&watched->readings[i], several ? "  " : "", now, width, lines[count++]);
    return count;
}

/* ---- all else ---- */

static size_t put_phase(const char *words, double seconds, size_t width, char line[LINE_BYTES])
{
    struct parts parts = {.text = {""}};
    format_seconds(seconds, parts.text[SECONDS]);
    put_line(line, words, 0, &parts, width);
    return 1;
}

/* How many bytes of a text stand in a line of so many columns: whole words, if there is one. */
static size_t break_line(const char *text, size_t width)
{
    size_t at = 0, columns = 0, end = 0, len = strlen(text);
    for (size_t bytes; at < len; at += bytes) {
        columns += char_columns(text + at, len - at, &bytes);
        if (columns > width)
            return end > 0 ? end : at > 0 ? at : bytes;
        if (text[at] == ' ')
            end = at;
    }
    return len;
}

/* In as many lines as it needs: who is waited for stands in it. */
static size_t put_doing(const struct watched *watched, double now, size_t width,
                        char lines[LIVE_LINES][LINE_BYTES])
{
    size_t count = 0;
    const double seconds = now - watched->doing_began;
    const char *left = watched->doing;
    char clock[QUANTITY_BYTES], part[LINE_BYTES];
    format_seconds(seconds, clock);
    while (count + 1 < LIVE_LINES && text_columns(left) + GAP + strlen(clock) > width) {
        size_t len = break_line(left, width);
        if (!left[len])
            break;
        snprintf(part, sizeof(part), "%.*s", (int)len, left);
        put_line(lines[count++], part, 0, &(struct parts){.text = {""}}, width);
        left += len + (left[len] == ' ');
    }
    return count + put_phase(left, seconds, width, lines[count]);
}

static size_t put_table(const struct watched *watched, double now, size_t width,
                        char line[LINE_BYTES])
{
    char name[LINE_BYTES / 2];
    struct parts parts = {.text = {""}};
    if (watched->table_rows > 0)
        format_rows(watched->table_rows, parts.text[ROWS]);
    format_seconds(now - watched->table_began, parts.text[SECONDS]);
    snprintf(name, sizeof(name), "writing %s", watched->table);
    put_line(line, name, NAME_PAD, &parts, width);
    return 1;
}

size_t live_lines(const struct watched *watched, double now, size_t width,
                  char lines[LIVE_LINES][LINE_BYTES])
{
    static const char *const words[] = {[TG_PHASE_SETTLE] = "looking at the destination",
                                        [TG_PHASE_EXTRACT] = "reading",
                                        [TG_PHASE_SEAL] = "sealing",
                                        [TG_PHASE_WRITE] = "writing"};
    if (watched->phase >= TG_PHASE_DONE)
        return 0;
    if (watched->doing)
        return put_doing(watched, now, width, lines);
    if (watched->table)
        return put_table(watched, now, width, lines[0]);
    if (watched->phase == TG_PHASE_EXTRACT && watched->count > 0) {
        size_t count = read_lines(watched, now, width, lines);
        if (count > 0)
            return count;
    }
    return put_phase(words[watched->phase], now - watched->phase_began, width, lines[0]);
}
