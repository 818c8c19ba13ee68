/*
 * tidegate backfill: a long range of the past, window by window.
 *
 *   run_backfill -> backfill: tg_pipeline_plan_backfill, which windows are missing -> one process
 *   works on them (tg_pipeline_work), or several (run_workers: `tidegate work` of this program) ->
 *   again, until nothing is missing
 *
 * Repeated, it goes on where it was. A worker that a signal has killed is started again; one that
 * fails is not, and the others finish what they can.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"

extern char **environ;

enum { JOBS_MAX = 64, RESTARTS_MAX = 100, ARGUMENTS = 28 };

/* ---- several processes ---- */

static volatile sig_atomic_t stopped; /* by a signal: the workers are to stop, too */

static void on_stop(int signal_number)
{
    stopped = signal_number;
}

static void watch_signals(void (*handler)(int))
{
    const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = handler}; /* without SA_RESTART: waitpid returns */
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        sigaction(signals[i], &action, NULL);
}

/* The same program, by its own file; flags that it was given go on to the workers. Several cannot
 * write over the same lines of a terminal: of these only JSON lines come. */
static int start_worker(const struct call *call, const char *run_id, pid_t *out)
{
    static const char *const passed[] = {"--lease",  "--select",    "--workdir", "--env",
                                         "--memory", "--log-level", "--log-file"};
    const char *progress = call_flag(call, "--progress");
    const char *arguments[ARGUMENTS] = {"tidegate", "work", call->arguments[0], "--join", run_id};
    size_t count = 5;
    for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++) {
        if (!call_flag(call, passed[i]))
            continue;
        arguments[count++] = passed[i];
        arguments[count++] = call_flag(call, passed[i]);
    }
    arguments[count++] = "--progress";
    arguments[count++] = progress && strcmp(progress, "json") == 0 ? progress : "none";
    if (call_flag(call, "--quiet"))
        arguments[count++] = "--quiet";
    arguments[count++] = call_flag(call, "--json") ? "--json" : "--no-titles";
    return posix_spawn(out, "/proc/self/exe", NULL, NULL, (char *const *)arguments, environ);
}

static void stop_workers(const pid_t *workers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (workers[i] > 0)
            kill(workers[i], SIGTERM);
}

/* Waits for one of them; its place, or `count` when there are none. */
static size_t wait_worker(pid_t *workers, size_t count, int *status)
{
    for (;;) {
        pid_t ended = waitpid(-1, status, 0);
        if (ended < 0 && errno == EINTR) {
            stop_workers(workers, count);
            continue;
        }
        if (ended < 0)
            return count;
        for (size_t i = 0; i < count; i++)
            if (workers[i] == ended) {
                workers[i] = 0;
                return i;
            }
    }
}

/* The exit code: the first that is not 0. */
static int run_workers(const struct call *call, const char *run_id, size_t jobs)
{
    pid_t workers[JOBS_MAX] = {0};
    int code = 0, status = 0, restarts = 0;
    watch_signals(on_stop);
    for (size_t i = 0; i < jobs; i++)
        if (start_worker(call, run_id, &workers[i]) != 0)
            code = fail_usage(call->command, "a worker cannot be started");
    for (size_t i; (i = wait_worker(workers, jobs, &status)) < jobs;) {
        if (WIFEXITED(status))
            code = code ? code : WEXITSTATUS(status);
        else if (!stopped && restarts++ < RESTARTS_MAX)
            code = start_worker(call, run_id, &workers[i]) ? 1 : code;
    }
    watch_signals(SIG_DFL);
    return stopped ? 130 : code;
}

/* They are those who tell. */
static int run_held(const struct call *call, const char *run_id, size_t jobs,
                    struct progress *progress)
{
    progress_hold(progress);
    int code = run_workers(call, run_id, jobs);
    progress_go_on(progress);
    return code;
}

/* ---- the command ---- */

enum { DATE_WIDTH = 10, TIME_WIDTH = 20 };

/* As wide as the ends of its windows are. */
static int window_width(const struct call *call)
{
    int width = DATE_WIDTH;
    const char *const ends[] = {call_flag(call, "--from"), call_flag(call, "--to")};
    const char *size = call_flag(call, "--window"), *zone = call_flag(call, "--timezone");
    for (size_t i = 0; i < 2; i++)
        width = (int)strlen(ends[i]) > width ? (int)strlen(ends[i]) : width;
    bool has_hours = zone || strpbrk(size, "hs") || (strchr(size, 'm') && !strstr(size, "mo"));
    return has_hours && width < TIME_WIDTH ? TIME_WIDTH : width;
}

static int work_alone(const struct call *call, struct tg_pipeline *pipeline, const char *run_id,
                      struct progress *progress, struct tg_error *err)
{
    struct window_lines lines = {.progress = progress,
                                 .json = call_flag(call, "--json") != NULL,
                                 .quiet = call_flag(call, "--quiet") != NULL,
                                 .begun = true};
    const struct tg_work_options work = {TG_WORK_OPTIONS_INIT, .run_id = run_id,
                                         .lease = call_flag(call, "--lease"), .user = &lines,
                                         .window = show_window};
    lines.width = window_width(call);
    return tg_pipeline_work(pipeline, &work, err);
}

static void print_plan(const struct call *call, const struct tg_backfill *plan,
                       struct progress *progress)
{
    char windows[32], loaded[32];
    if (call_flag(call, "--json") || call_flag(call, "--quiet"))
        return;
    progress_hold(progress);
    printf("Backfill %s: %s windows", plan->run_id, format_count(plan->windows, windows));
    if (plan->loaded > 0)
        printf(", of which %s are loaded", format_count(plan->loaded, loaded));
    printf("\n");
    print_window_titles(window_width(call));
    fflush(stdout);
    progress_go_on(progress);
}

/* --again loads all of it once, not for ever. */
static int backfill(const struct call *call, struct tg_pipeline *pipeline, size_t jobs,
                    struct progress *progress, int *code, struct tg_error *err)
{
    const struct tg_backfill_options options = {TG_BACKFILL_OPTIONS_INIT,
                                                .from = call_flag(call, "--from"),
                                                .to = call_flag(call, "--to"),
                                                .timezone = call_flag(call, "--timezone"),
                                                .again = call_flag(call, "--again") != NULL,
                                                .window = call_flag(call, "--window")};
    struct tg_backfill plan;
    for (int round = 0;; round++) {
        int rc = tg_pipeline_plan_backfill(pipeline, &options, &plan, err);
        if (rc)
            return rc;
        if (!plan.run_id[0] || (options.again && round > 0))
            return 0;
        if (jobs > 1 && !plan.shared) {
            *code = fail_usage(call->command,
                               "this destination is written by one process at a time, so that more "
                               "jobs would wait for one another; leave out --jobs, or go on with "
                               "one: backfill %s is planned",
                               plan.run_id);
            return 0;
        }
        print_plan(call, &plan, progress);
        if (jobs > 1)
            *code = run_held(call, plan.run_id, jobs, progress);
        else
            rc = work_alone(call, pipeline, plan.run_id, progress, err);
        if (rc || *code)
            return rc;
    }
}

static int parse_jobs(const struct call *call, size_t *out)
{
    char *end = NULL;
    const char *text = call_flag(call, "--jobs");
    *out = 1;
    if (!text)
        return 0;
    long jobs = strtol(text, &end, 10);
    if (*end || end == text || jobs < 1 || jobs > JOBS_MAX)
        return fail_usage(call->command, "--jobs is a number from 1 to %d, not '%s'", JOBS_MAX,
                          text);
    *out = (size_t)jobs;
    return 0;
}

static int finish(const struct call *call, const struct tg_pipeline *pipeline)
{
    char environment[ENVIRONMENT_BYTES];
    if (!call_flag(call, "--json") && !call_flag(call, "--quiet"))
        printf("All windows from %s to %s are loaded in dataset '%s' of\n    %s%s\n",
               call_flag(call, "--from"), call_flag(call, "--to"), tg_pipeline_dataset(pipeline),
               tg_pipeline_destination(pipeline), format_environment(pipeline, environment));
    return 0;
}

/* Workers that failed have said so themselves. */
static int backfill_opened(const struct call *call, struct tg_pipeline *pipeline, size_t jobs,
                           struct progress *progress)
{
    int code = 0;
    struct tg_error err = {0};
    cancel_on_signals(pipeline);
    int rc = backfill(call, pipeline, jobs, progress, &code, &err);
    cancel_on_signals(NULL);
    if (code)
        progress_free(progress);
    else
        code = progress_end(progress, pipeline, NULL, rc ? &err : NULL);
    if (rc && call_flag(call, "--json"))
        print_json_failure(stdout, &err, NULL);
    return code ? code : finish(call, pipeline);
}

static int run_backfill(const struct call *call)
{
    size_t jobs = 1;
    struct progress *progress = NULL;
    int code = parse_jobs(call, &jobs);
    struct tg_pipeline_options options = {
        TG_PIPELINE_OPTIONS_INIT, .workdir = call_flag(call, "--workdir"),
        .environment = call_flag(call, "--env"), .select = call_flag(call, "--select"),
        .memory = call_flag(call, "--memory")};
    if (code)
        return code;
    if (!call_flag(call, "--from") || !call_flag(call, "--to") || !call_flag(call, "--window"))
        return fail_usage(call->command, "a backfill needs --from, --to and --window");
    code = progress_begin(call, &progress);
    if (code)
        return code;
    progress_watch(progress, &options);
    struct tg_pipeline *pipeline = open_watched(call, &options, progress, &code);
    if (pipeline)
        code = backfill_opened(call, pipeline, jobs, progress);
    tg_pipeline_free(pipeline);
    return code;
}

const struct command command_backfill = {
    .name = "backfill",
    .summary = "Load a long range of the past, window by window",
    .details =
        "Plans windows of the range into the table _tidegate_windows, and loads each in a "
        "transaction of its own; the cursors stay where they are. Killed at any point and called "
        "again, it loads what is missing, and only that.\n\n"
        "Several processes work on it with --jobs, where the destination is a server; more of "
        "them, "
        "also on other machines, join with `tidegate work SPEC --join RUN`.",
    .arguments = {{"SPEC", false, "the spec file", NULL}},
    .flags = {{"--from", "A", "a value of the cursor: from here on"},
              {"--to", "B", "to before here"},
              {"--window", "SIZE",
               "of each window: 1d, 6h, 15m, 30s, 2w, 1mo, 1y; of numbers: 1000"},
              {"--jobs", "N", "so many processes work on it; default: this one"},
              {"--timezone", "ZONE",
               "of dates, and of days, weeks, months and years; default: UTC"},
              {"--again", NULL, "all of it once more, also what is loaded"},
              {"--lease", "TIME", "how long a window is a process's own: 30s, 10m (default), 2h"},
              {"--select", "NAMES", "only these resources, separated by commas"},
              {"--json", NULL, "a line for each window, or the error, for programs"},
              PLACE_FLAGS,
              {"--memory", "SIZE", "memory budget, like 256MiB (default) or 1GiB"},
              QUIET_FLAG,
              PROGRESS_FLAGS},
    .run = run_backfill,
};
