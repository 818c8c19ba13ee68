/*
 * What a run tells while it works, on standard error: lines of a terminal that are written over,
 * plain lines elsewhere, JSON lines for programs; and its log.
 *
 *   progress_begin (the options) -> progress_watch: what the library calls -> progress_show,
 *   progress_log -> draw, print_plain or print_state -> progress_end: the result, or the error
 *
 * A thread looks at the clock, for nothing is told while a statement runs: it draws the seconds,
 * and asks again how wide the terminal is. All that is written goes through one lock.
 */
#include "progress.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum mode { MODE_NONE, MODE_PLAIN, MODE_JSON, MODE_LIVE };

struct progress {
    enum mode mode;
    bool is_quiet;
    struct log log;
    char *pipeline;    /* its name; NULL: not known yet */
    char *environment; /* NULL: it has none */
    pthread_mutex_t lock;
    pthread_cond_t wakes;
    pthread_t ticker;
    bool has_ticker, ends;
    struct watched watched;
    double told; /* when the last line went out, or the terminal was drawn */
    size_t drawn_count;
    size_t drawn_columns[LIVE_LINES];
};

enum { TICK_MS = 100, DRAW_MS = 90, PLAIN_MS = 5000, JSON_MS = 1000 };
enum { RESOURCES_LISTED = 10, MS = 1000 };

const char *phase_name(enum tg_phase phase)
{
    static const char *const names[] = {"settle", "extract", "seal", "write", "done"};
    return names[phase];
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

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- the terminal ---- */

/* Also where it is said to be one, and is none. */
static size_t terminal_width(void)
{
    const size_t columns = terminal_columns(stderr);
    return columns > 0 ? columns : LINE_WIDTH;
}

/* A terminal that became narrower has broken the lines that were drawn. */
static size_t drawn_rows(const struct progress *progress, size_t width)
{
    size_t rows = 0;
    for (size_t i = 0; i < progress->drawn_count; i++)
        rows +=
            progress->drawn_columns[i] > width ? (progress->drawn_columns[i] - 1) / width + 1 : 1;
    return rows;
}

static void write_erasure(struct progress *progress, size_t width, FILE *out)
{
    for (size_t rows = drawn_rows(progress, width); rows > 1; rows--)
        fputs("\r\033[A", out);
    if (progress->drawn_count > 0)
        fputs("\r\033[J", out);
    progress->drawn_count = 0;
}

static void erase(struct progress *progress)
{
    if (progress->drawn_count > 0)
        write_erasure(progress, terminal_width(), stderr);
}

/* In one write: what was there before is not seen to go. The last column stays free, for some
 * terminals begin a new line behind it. */
static void draw(struct progress *progress, double now)
{
    char lines[LIVE_LINES][LINE_BYTES], *text = NULL;
    size_t len = 0, width = terminal_width();
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return;
    const size_t count = live_lines(&progress->watched, now, width - 1, lines);
    write_erasure(progress, width, out);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "%s%s", i > 0 ? "\n" : "", lines[i]);
        progress->drawn_columns[progress->drawn_count++] = text_columns(lines[i]);
    }
    if (fclose(out) == 0)
        fwrite(text, 1, len, stderr);
    free(text);
    progress->told = now;
}

/* ---- plain lines ---- */

static void print_plain(struct progress *progress, double now)
{
    char lines[LIVE_LINES][LINE_BYTES];
    if (live_lines(&progress->watched, now, LINE_BYTES / 4, lines) > 0)
        fprintf(stderr, "%s\n", lines[0]);
    progress->told = now;
}

/* A resource that is through stays to be seen; of many the summary tells. */
static void print_ended(struct progress *progress, const struct reading *reading, double now)
{
    char line[LINE_BYTES];
    const bool is_live = progress->mode == MODE_LIVE;
    if (progress->watched.resources > RESOURCES_LISTED)
        return;
    erase(progress);
    live_reading(reading, now, is_live ? terminal_width() - 1 : LINE_BYTES / 4, line);
    fprintf(stderr, "%s\n", line);
}

/* ---- JSON lines ---- */

struct json_line {
    FILE *out;
    char *text;
    size_t len;
};

static bool json_begin(const struct progress *progress, struct json_line *line)
{
    char now[TIME_BYTES];
    *line = (struct json_line){.out = NULL};
    line->out = open_memstream(&line->text, &line->len);
    if (!line->out)
        return false;
    fputc('{', line->out);
    print_json_field(line->out, "time", format_now(now));
    if (progress->pipeline)
        print_json_field(line->out, "pipeline", progress->pipeline);
    if (progress->environment)
        print_json_field(line->out, "environment", progress->environment);
    if (progress->watched.load_id)
        print_json_field(line->out, "load_id", progress->watched.load_id);
    print_json_member(line->out, "", "phase", phase_name(progress->watched.phase));
    return true;
}

/* In one write, for several processes may tell. */
static void json_end(struct json_line *line)
{
    if (fclose(line->out) == 0)
        fwrite(line->text, 1, line->len, stderr);
    free(line->text);
}

static void print_state(struct progress *progress, const struct tg_progress *now, double seconds)
{
    struct json_line line;
    const struct {
        const char *key;
        uint64_t number;
    } numbers[] = {
        {"rows", now->rows},
        {"bytes", now->bytes},
        {"bytes_total", now->bytes_total},
        {"rows_total", now->rows_total},
        {"resources", now->resources},
        {"resources_ended", now->resources_ended},
    };
    progress->told = seconds;
    if (!json_begin(progress, &line))
        return;
    if (now->resource)
        print_json_member(line.out, ",", "resource", now->resource);
    if (now->table)
        print_json_member(line.out, ",", "table", now->table);
    if (now->doing)
        print_json_member(line.out, ",", "doing", now->doing);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        fprintf(line.out, ",\"%s\":%" PRIu64, numbers[i].key, numbers[i].number);
    print_json_flag(line.out, "ended", now->ended);
    fprintf(line.out, ",\"seconds\":%.3f}\n", seconds - progress->watched.began);
    json_end(&line);
}

static void print_message(struct progress *progress, int level, const char *component,
                          const char *message)
{
    struct json_line line;
    if (!json_begin(progress, &line))
        return;
    print_json_member(line.out, ",", "level", log_level_name(level));
    print_json_member(line.out, ",", "component", component);
    print_json_member(line.out, ",", "message", message);
    fputs("}\n", line.out);
    json_end(&line);
}

/* The last line: the objects that --json prints. */
static void print_outcome(struct progress *progress, const struct tg_pipeline *pipeline,
                          const struct tg_result *result, const struct tg_error *err)
{
    struct json_line line;
    if (!err)
        progress->watched.phase = TG_PHASE_DONE;
    if (!json_begin(progress, &line))
        return;
    fputc(',', line.out);
    if (err) {
        print_json_error(line.out, err, result);
    } else {
        fputs("\"result\":", line.out);
        if (result)
            print_result_json(line.out, pipeline, result);
        else
            fputs("null", line.out);
    }
    fputs("}\n", line.out);
    json_end(&line);
}

/* ---- what the library tells ---- */

/* What there is no memory for is not shown. */
static void keep_text(char **out, const char *text)
{
    if (*out && text && strcmp(*out, text) == 0)
        return;
    free(*out);
    *out = text ? strdup(text) : NULL;
}

static struct reading *find_reading(struct watched *watched, const char *name, double now)
{
    for (size_t i = watched->count; i-- > 0;)
        if (strcmp(watched->readings[i].name, name) == 0)
            return &watched->readings[i];
    if (watched->count == watched->cap) {
        size_t cap = watched->cap ? 2 * watched->cap : 16;
        struct reading *grown = realloc(watched->readings, cap * sizeof(*grown));
        if (!grown)
            return NULL;
        watched->readings = grown;
        watched->cap = cap;
    }
    struct reading *reading = &watched->readings[watched->count];
    *reading = (struct reading){.name = strdup(name), .began = now};
    watched->count += reading->name != NULL;
    return reading->name ? reading : NULL;
}

static void forget_readings(struct watched *watched)
{
    for (size_t i = 0; i < watched->count; i++)
        free(watched->readings[i].name);
    watched->count = 0;
}

static struct reading *note_reading(struct watched *watched, const struct tg_progress *told,
                                    double now)
{
    struct reading *reading = find_reading(watched, told->resource, now);
    if (!reading)
        return NULL;
    reading->rows = told->rows;
    reading->bytes = told->bytes;
    reading->bytes_total = told->bytes_total;
    reading->ended = told->ended ? now : 0;
    return reading;
}

static void note_table(struct watched *watched, const struct tg_progress *told, double now)
{
    if (told->table && !told->ended) {
        watched->table_began = now;
        watched->table_rows = told->rows_total;
    }
    keep_text(&watched->table, told->ended ? NULL : told->table);
}

/* The next load, of a backfill, begins its resources anew. */
static void note(struct watched *watched, const struct tg_progress *told, double now)
{
    const bool is_next =
        told->load_id && watched->load_id && strcmp(told->load_id, watched->load_id) != 0;
    if (told->phase != watched->phase || is_next)
        watched->phase_began = now;
    if (is_next)
        forget_readings(watched);
    watched->phase = told->phase;
    watched->resources = told->resources;
    watched->resources_ended = told->resources_ended;
    if (told->load_id)
        keep_text(&watched->load_id, told->load_id);
    if (told->doing)
        watched->doing_began = now;
    keep_text(&watched->doing, told->doing);
    note_table(watched, told, now);
}

static int progress_show(void *user, const struct tg_progress *told)
{
    struct progress *progress = user;
    struct watched *watched = &progress->watched;
    const double now = seconds_now();
    pthread_mutex_lock(&progress->lock);
    const bool is_news = told->phase != watched->phase || told->doing;
    note(watched, told, now);
    const struct reading *reading = told->resource ? note_reading(watched, told, now) : NULL;
    if (progress->mode == MODE_JSON)
        print_state(progress, told, now);
    else if (progress->mode != MODE_NONE && reading && told->ended)
        print_ended(progress, reading, now);
    if (progress->mode == MODE_LIVE && (is_news || (now - progress->told) * MS >= DRAW_MS))
        draw(progress, now);
    pthread_mutex_unlock(&progress->lock);
    return TG_OK;
}

/* A full disk beside a run is no reason to load nothing. */
static void say_log_failed(struct progress *progress, int reason)
{
    char text[LINE_BYTES];
    snprintf(text, sizeof(text), "the log file '%s' cannot be written: %s; the run goes on",
             progress->log.path, strerror(reason));
    if (progress->mode == MODE_JSON) {
        print_message(progress, TG_LOG_WARNING, "log", text);
        return;
    }
    erase(progress);
    fprintf(stderr, "tidegate: %s\n", text);
}

static void write_log(struct progress *progress, int level, const char *component,
                      const char *message)
{
    const struct log_origin origin = {progress->pipeline, progress->environment, component};
    if (progress->mode == MODE_JSON && !progress->log.path) {
        if (level <= progress->log.level)
            print_message(progress, level, component, message);
        return;
    }
    if (!progress->log.path && level <= progress->log.level)
        erase(progress); /* the ticker draws again */
    int reason = log_write(&progress->log, level, &origin, message);
    if (reason && progress->log.path)
        say_log_failed(progress, reason);
}

static void progress_log(void *user, int level, const char *component, const char *message)
{
    struct progress *progress = user;
    pthread_mutex_lock(&progress->lock);
    write_log(progress, level, component, message);
    if (progress->mode == MODE_JSON && progress->log.path && level <= TG_LOG_WARNING)
        print_message(progress, level, component, message);
    pthread_mutex_unlock(&progress->lock);
}

/* ---- the clock ---- */

static void tick(struct progress *progress)
{
    const struct watched *watched = &progress->watched;
    const double now = seconds_now(), silent = (now - progress->told) * MS;
    const struct tg_progress state = {.phase = watched->phase,
                                      .table = watched->table,
                                      .doing = watched->doing,
                                      .rows_total = watched->table ? watched->table_rows : 0,
                                      .resources = watched->resources,
                                      .resources_ended = watched->resources_ended};
    if (progress->mode == MODE_LIVE && silent >= DRAW_MS)
        draw(progress, now);
    else if (progress->mode == MODE_PLAIN && silent >= PLAIN_MS)
        print_plain(progress, now);
    else if (progress->mode == MODE_JSON && silent >= JSON_MS)
        print_state(progress, &state, now);
}

static void *keep_ticking(void *user)
{
    struct progress *progress = user;
    pthread_mutex_lock(&progress->lock);
    while (!progress->ends) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += TICK_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        (void)pthread_cond_timedwait(&progress->wakes, &progress->lock, &until);
        if (!progress->ends)
            tick(progress);
    }
    pthread_mutex_unlock(&progress->lock);
    return NULL;
}

/* Signals are for the thread that works. */
static void start_ticker(struct progress *progress)
{
    sigset_t all, before;
    if (progress->mode == MODE_NONE)
        return;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    progress->has_ticker = pthread_create(&progress->ticker, NULL, keep_ticking, progress) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void stop_ticker(struct progress *progress)
{
    pthread_mutex_lock(&progress->lock);
    progress->ends = true;
    pthread_cond_signal(&progress->wakes);
    pthread_mutex_unlock(&progress->lock);
    if (progress->has_ticker)
        pthread_join(progress->ticker, NULL);
    progress->has_ticker = false;
    erase(progress);
}

/* ---- its life ---- */

/* One that says that it is dumb cannot go back in a line, nor wipe it. */
static bool can_draw(void)
{
    const char *kind = getenv("TERM");
    return isatty(STDERR_FILENO) && !(kind && strcmp(kind, "dumb") == 0);
}

static bool parse_mode(const char *text, bool is_quiet, enum mode *out)
{
    static const struct {
        const char *name;
        enum mode mode;
    } modes[] = {
        {"none", MODE_NONE}, {"plain", MODE_PLAIN}, {"json", MODE_JSON}, {"live", MODE_LIVE}};
    if (!text || strcmp(text, "auto") == 0) {
        *out = is_quiet ? MODE_NONE : can_draw() ? MODE_LIVE : MODE_PLAIN;
        return true;
    }
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
        if (strcmp(modes[i].name, text) == 0) {
            *out = modes[i].mode;
            return true;
        }
    return false;
}

/* What is logged where nothing is said of it. */
static int usual_level(const struct progress *progress)
{
    if (progress->log.path)
        return TG_LOG_INFO;
    return progress->mode == MODE_JSON ? TG_LOG_WARNING : -1;
}

static int read_options(const struct call *call, struct progress *progress)
{
    const char *mode = call_flag(call, "--progress"), *level = call_flag(call, "--log-level");
    progress->is_quiet = call_flag(call, "--quiet");
    progress->log.path = call_flag(call, "--log-file");
    if (progress->is_quiet && call_flag(call, "--json"))
        return fail_usage(call->command, "--quiet and --json exclude each other");
    if (!parse_mode(mode, progress->is_quiet, &progress->mode))
        return fail_word(call->command, "way to show progress", mode, flag_words("--progress"));
    progress->log.level = usual_level(progress);
    if (level && !log_parse_level(level, &progress->log.level))
        return fail_word(call->command, "level of a log", level, flag_words("--log-level"));
    int reason = log_open(&progress->log);
    if (reason)
        return fail_usage(call->command, "the log file '%s' cannot be opened: %s",
                          progress->log.path, strerror(reason));
    return 0;
}

int progress_begin(const struct call *call, struct progress **out)
{
    pthread_condattr_t monotonic;
    struct progress *progress = *out = calloc(1, sizeof(*progress));
    if (!progress)
        return fail_usage(call->command, "out of memory");
    int code = read_options(call, progress);
    if (code) {
        free(progress);
        *out = NULL;
        return code;
    }
    progress->watched.began = progress->watched.phase_began = progress->told = seconds_now();
    pthread_mutex_init(&progress->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&progress->wakes, &monotonic);
    pthread_condattr_destroy(&monotonic);
    start_ticker(progress);
    return 0;
}

void progress_watch(struct progress *progress, struct tg_pipeline_options *options)
{
    options->user = progress;
    options->progress = progress_show;
    options->log = progress->log.level >= 0 ? progress_log : NULL;
}

void progress_name(struct progress *progress, const struct tg_pipeline *pipeline)
{
    pthread_mutex_lock(&progress->lock);
    keep_text(&progress->pipeline, tg_pipeline_name(pipeline));
    keep_text(&progress->environment, tg_pipeline_environment(pipeline));
    pthread_mutex_unlock(&progress->lock);
}

void progress_hold(struct progress *progress)
{
    pthread_mutex_lock(&progress->lock);
    erase(progress);
}

void progress_go_on(struct progress *progress)
{
    pthread_mutex_unlock(&progress->lock);
}

void progress_free(struct progress *progress)
{
    if (!progress)
        return;
    stop_ticker(progress);
    log_close(&progress->log);
    pthread_cond_destroy(&progress->wakes);
    pthread_mutex_destroy(&progress->lock);
    forget_readings(&progress->watched);
    free(progress->watched.readings);
    free(progress->watched.table);
    free(progress->watched.doing);
    free(progress->watched.load_id);
    free(progress->pipeline);
    free(progress->environment);
    free(progress);
}

/* Warnings of a run that failed have no summary to stand in. */
static void tell_failure(struct progress *progress, const struct tg_result *result,
                         const struct tg_error *err)
{
    char text[sizeof(err->where) + sizeof(err->what) + 4];
    snprintf(text, sizeof(text), "%s%s%s", err->where, err->where[0] ? ": " : "", err->what);
    if (progress->log.path)
        write_log(progress, TG_LOG_ERROR, "run", text);
    if (progress->mode == MODE_JSON)
        print_outcome(progress, NULL, result, err);
    else if (progress->log.path || progress->log.level < TG_LOG_WARNING)
        print_result_warnings(result, stderr);
}

static void tell_success(struct progress *progress, const struct tg_pipeline *pipeline,
                         const struct tg_result *result)
{
    if (progress->mode == MODE_JSON)
        print_outcome(progress, pipeline, result, NULL);
    else if (progress->is_quiet && (progress->log.path || progress->log.level < TG_LOG_WARNING))
        print_result_warnings(result, stderr);
}

int progress_end(struct progress *progress, const struct tg_pipeline *pipeline,
                 const struct tg_result *result, const struct tg_error *err)
{
    stop_ticker(progress);
    if (err)
        tell_failure(progress, result, err);
    else
        tell_success(progress, pipeline, result);
    const bool said = progress->mode == MODE_JSON;
    progress_free(progress);
    if (!err)
        return 0;
    return said ? tg_code_exit(err->code) : fail(err);
}
