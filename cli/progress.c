/*
 * Progress of a run on standard error: a live line per resource on a terminal, plain lines
 * elsewhere, JSON lines for programs.
 *
 *   progress_new (mode) -> progress_show (called by the library) -> progress_free
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

enum mode { MODE_NONE, MODE_LIVE, MODE_PLAIN, MODE_JSON };

struct progress {
    enum mode mode;
    bool line_open; /* live: the cursor stands in an unfinished line */
    double phase_started;
    const char *resource; /* borrowed from the pipeline */
    double plain_shown;   /* plain: when the last line of this resource went out */
};

enum { PLAIN_INTERVAL_S = 5 };

const char *phase_name(enum tg_phase phase)
{
    static const char *const names[] = {"settle", "extract", "seal", "write", "done"};
    return names[phase];
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct progress *progress_new(const char *mode)
{
    static const char *const names[] = {"none", "live", "plain", "json"};
    struct progress *progress = calloc(1, sizeof(*progress));
    if (!progress)
        return NULL;
    if (strcmp(mode, "auto") == 0)
        mode = isatty(STDERR_FILENO) ? "live" : "plain";
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(mode, names[i]) == 0) {
            progress->mode = (enum mode)i;
            progress->phase_started = seconds_now();
            return progress;
        }
    }
    free(progress);
    return NULL;
}

const char *format_count(uint64_t count, char out[32])
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%" PRIu64, count), at = 0;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}

static size_t put(char *out, size_t size, size_t len, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Appends to the `len` bytes that are there, as far as there is room; returns the new length. */
static size_t put(char *out, size_t size, size_t len, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int more = vsnprintf(out + len, size - len, format, args);
    va_end(args);
    return more < 0 ? len : len + (size_t)more < size ? len + (size_t)more : size - 1;
}

enum { LINE_BYTES = 400 };

static void write_resource(char *out, const struct tg_progress *now, double seconds)
{
    char rows[32], rate[32];
    double per_second = seconds > 0.001 ? (double)now->rows / seconds : 0;
    size_t len =
        put(out, LINE_BYTES, 0, "%-24.30s %11s rows", now->resource, format_count(now->rows, rows));
    if (now->bytes)
        len = put(out, LINE_BYTES, len, "%8.1f MB", (double)now->bytes / 1e6);
    if (now->bytes_total && !now->ended)
        len = put(out, LINE_BYTES, len, "%4d%%",
                  (int)(100.0 * (double)now->bytes / (double)now->bytes_total));
    put(out, LINE_BYTES, len, "%10s/s%6.1f s", format_count((uint64_t)per_second, rate), seconds);
}

static void write_table(char *out, const struct tg_progress *now)
{
    char rows[32];
    size_t len = put(out, LINE_BYTES, 0, "writing");
    if (now->table)
        len = put(out, LINE_BYTES, len, " %.200s", now->table);
    if (now->rows)
        len = put(out, LINE_BYTES, len, " %s rows", format_count(now->rows, rows));
    put(out, LINE_BYTES, len, " ...");
}

/* Ends a line before the terminal's last column: one that is wider cannot be written over. */
static void cut_to_terminal(char *line)
{
    struct winsize size;
    size_t width = 0, room = 79;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
        room = (size_t)size.ws_col - 1;
    for (; *line; line++) {
        width += ((unsigned char)*line & 0xC0) != 0x80;
        if (width > room) {
            *line = '\0';
            return;
        }
    }
}

static void show_json(const struct tg_progress *now)
{
    fprintf(stderr, "{\"phase\":\"%s\"", phase_name(now->phase));
    if (now->resource) {
        fputs(",\"resource\":", stderr);
        print_json_text(now->resource, stderr);
    }
    if (now->table) {
        fputs(",\"table\":", stderr);
        print_json_text(now->table, stderr);
    }
    fprintf(stderr,
            ",\"rows\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"bytes_total\":%" PRIu64
            ",\"ended\":%s}\n",
            now->rows, now->bytes, now->bytes_total, now->ended ? "true" : "false");
}

static void show_live(struct progress *progress, const struct tg_progress *now, double seconds)
{
    char line[LINE_BYTES] = "";
    bool through = now->ended && !now->table;
    if (now->resource)
        write_resource(line, now, seconds);
    else if (now->phase == TG_PHASE_WRITE && !through)
        write_table(line, now);
    else if (!progress->line_open)
        return;
    cut_to_terminal(line);
    fprintf(stderr, "\r\033[K%s%s", line, through && now->resource ? "\n" : "");
    progress->line_open = !through;
    fflush(stderr);
}

static void show_plain(struct progress *progress, const struct tg_progress *now, double seconds)
{
    char line[LINE_BYTES];
    double time = seconds_now();
    if (!now->resource || (!now->ended && time - progress->plain_shown < PLAIN_INTERVAL_S))
        return;
    progress->plain_shown = time;
    write_resource(line, now, seconds);
    fprintf(stderr, "%s\n", line);
}

int progress_show(void *user, const struct tg_progress *now)
{
    struct progress *progress = user;
    if (now->resource != progress->resource) {
        progress->resource = now->resource;
        progress->plain_shown = seconds_now();
    }
    double seconds = seconds_now() - progress->phase_started;
    if (progress->mode == MODE_JSON)
        show_json(now);
    else if (progress->mode == MODE_LIVE)
        show_live(progress, now, seconds);
    else if (progress->mode == MODE_PLAIN)
        show_plain(progress, now, seconds);
    if (now->ended && !now->table)
        progress->phase_started = seconds_now();
    return TG_OK;
}

void progress_free(struct progress *progress)
{
    if (progress && progress->line_open)
        fputs("\r\033[K", stderr);
    free(progress);
}
