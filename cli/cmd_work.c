/*
 * tidegate work: a worker of a backfill. It loads windows until all of them are loaded, and may run
 * as often as you like, on as many machines, where the destination is a server.
 *
 *   run_work -> tg_pipeline_work [print_window: a line each, as soon as it is loaded]
 */
#include <inttypes.h>
#include <string.h>

#include "cli.h"

/* ---- a line a window ---- */

enum { DATE_WIDTH = 10 };

static int widest(int width, const char *text)
{
    int len = (int)strlen(text);
    return len > width ? len : width;
}

void print_window_titles(int width)
{
    printf("%7s  %-*s  %-*s  %9s  %6s  %s\n", "window", width, "from", width, "to", "rows", "secs",
           "resource");
}

/* Written at once, for several processes may print. */
static void print_window(const struct tg_window_info *window, int width)
{
    char rows[32], which[48];
    snprintf(which, sizeof(which), "%" PRIu64 "/%" PRIu64, window->number, window->windows);
    printf("%7s  %-*s  %-*s  %9s  %6.2f  %s\n", which, width, window->from, width, window->to,
           format_count(window->rows, rows), window->seconds, window->resource);
    fflush(stdout);
}

static void print_window_json(const struct tg_window_info *window)
{
    putchar('{');
    print_json_field(stdout, "run_id", window->run_id);
    print_json_field(stdout, "resource", window->resource);
    print_json_field(stdout, "from", window->from);
    print_json_field(stdout, "to", window->to);
    print_json_field(stdout, "load_id", window->load_id);
    printf("\"window\":%" PRIu64 ",\"rows\":%" PRIu64 ",\"seconds\":%.3f,\"loaded\":%" PRIu64
           ",\"windows\":%" PRIu64 "}\n",
           window->number, window->rows, window->seconds, window->loaded, window->windows);
    fflush(stdout);
}

int show_window(void *user, const struct tg_window_info *window)
{
    struct window_lines *lines = user;
    if (lines->quiet)
        return 0;
    progress_hold(lines->progress);
    lines->width = widest(widest(lines->width, window->from), window->to);
    if (!lines->begun && !lines->json)
        print_window_titles(lines->width);
    lines->begun = true;
    if (lines->json)
        print_window_json(window);
    else
        print_window(window, lines->width);
    progress_go_on(lines->progress);
    return 0;
}

/* ---- the command ---- */

static int run_work(const struct call *call)
{
    struct tg_error err = {0};
    struct window_lines lines = {.json = call_flag(call, "--json") != NULL,
                                 .begun = call_flag(call, "--no-titles") != NULL,
                                 .quiet = call_flag(call, "--quiet") != NULL,
                                 .width = DATE_WIDTH};
    struct tg_pipeline_options options = {
        TG_PIPELINE_OPTIONS_INIT, .workdir = call_flag(call, "--workdir"),
        .environment = call_flag(call, "--env"), .select = call_flag(call, "--select"),
        .memory = call_flag(call, "--memory")};
    const struct tg_work_options work = {TG_WORK_OPTIONS_INIT, .run_id = call_flag(call, "--join"),
                                         .lease = call_flag(call, "--lease"), .user = &lines,
                                         .window = show_window};
    if (!work.run_id)
        return fail_usage(call->command, "say which backfill to --join");
    int code = progress_begin(call, &lines.progress);
    if (code)
        return code;
    progress_watch(lines.progress, &options);
    struct tg_pipeline *pipeline = open_watched(call, &options, lines.progress, &code);
    if (!pipeline)
        return code;
    cancel_on_signals(pipeline);
    int rc = tg_pipeline_work(pipeline, &work, &err);
    cancel_on_signals(NULL);
    code = progress_end(lines.progress, pipeline, NULL, rc ? &err : NULL);
    if (rc && lines.json)
        print_json_failure(stdout, &err, NULL);
    tg_pipeline_free(pipeline);
    return code;
}

const struct command command_work = {
    .name = "work",
    .summary = "Work on a backfill that is planned, beside others",
    .details =
        "Takes windows of the backfill, loads each in a transaction of its own, and ends "
        "when all of them are loaded, by whomever. Run as many as you like, on as many "
        "machines, where the destination is a server: they need the spec, the source and the "
        "destination, and no folder in common.\n\n"
        "A worker has a window for the time of its lease. One that is killed leaves it to "
        "the others then; one that takes longer, and is overtaken, has worked in vain. No "
        "row is loaded twice.",
    .arguments = {{"SPEC", false, "the spec file", NULL}},
    .flags = {{"--join", "RUN", "the backfill, as `tidegate backfill` has printed it"},
              {"--lease", "TIME", "how long a window is its own: 30s, 10m (default), 2h"},
              {"--select", "NAMES", "resources of the spec that it may know, separated by commas"},
              {"--json", NULL, "a line for each window, or the error, for programs"},
              {"--no-titles", NULL, "no line above the others"},
              PLACE_FLAGS,
              {"--memory", "SIZE", "memory budget, like 256MiB (default) or 1GiB"},
              QUIET_FLAG,
              PROGRESS_FLAGS},
    .run = run_work,
};
