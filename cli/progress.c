/*
 * Progress of a run on standard error: a live line per resource on a terminal, plain lines
 * elsewhere, JSON lines for programs.
 *
 *   progress_new (mode) -> progress_show (called by the library) -> progress_free
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
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

static void print_resource(const struct tg_progress *now, double seconds)
{
    char rows[32], rate[32];
    double per_second = seconds > 0.001 ? (double)now->rows / seconds : 0;
    fprintf(stderr, "%-18.30s %11s rows", now->resource, format_count(now->rows, rows));
    if (now->bytes)
        fprintf(stderr, "%8.1f MB", (double)now->bytes / 1e6);
    if (now->bytes_total && !now->ended)
        fprintf(stderr, "%4d%%", (int)(100.0 * (double)now->bytes / (double)now->bytes_total));
    fprintf(stderr, "%10s/s%6.1f s", format_count((uint64_t)per_second, rate), seconds);
}

static void show_json(const struct tg_progress *now)
{
    fprintf(stderr, "{\"phase\":\"%s\"", phase_name(now->phase));
    if (now->resource) {
        fputs(",\"resource\":", stderr);
        print_json_text(now->resource, stderr);
    }
    fprintf(stderr,
            ",\"rows\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"bytes_total\":%" PRIu64
            ",\"ended\":%s}\n",
            now->rows, now->bytes, now->bytes_total, now->ended ? "true" : "false");
}

static void show_live(struct progress *progress, const struct tg_progress *now, double seconds)
{
    if (!now->resource && now->phase != TG_PHASE_WRITE)
        return;
    fputs("\r\033[K", stderr);
    if (now->resource)
        print_resource(now, seconds);
    else
        fprintf(stderr, "writing to the destination%s", now->ended ? "" : " ...");
    progress->line_open = !now->ended || !now->resource;
    if (now->ended && now->resource)
        fputc('\n', stderr);
    if (now->ended && !now->resource) {
        fputs("\r\033[K", stderr);
        progress->line_open = false;
    }
    fflush(stderr);
}

static void show_plain(struct progress *progress, const struct tg_progress *now, double seconds)
{
    double time = seconds_now();
    if (!now->resource || (!now->ended && time - progress->plain_shown < PLAIN_INTERVAL_S))
        return;
    progress->plain_shown = time;
    print_resource(now, seconds);
    fputc('\n', stderr);
}

void progress_show(void *user, const struct tg_progress *now)
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
    if (now->ended)
        progress->phase_started = seconds_now();
}

void progress_free(struct progress *progress)
{
    if (progress && progress->line_open)
        fputs("\r\033[K", stderr);
    free(progress);
}
