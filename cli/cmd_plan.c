/*
 * tidegate plan: what a run would do.
 *
 *   plan_run (options) -> tg_pipeline_plan -> print_plan_text, print_plan_markdown or
 *   print_plan_json
 *
 * Nothing is written, with --rows neither. What a run would not be allowed ends with exit code 5.
 */
#include <stdlib.h>

#include "cli.h"

static void print_plan(const struct call *call, const struct tg_pipeline *pipeline,
                       const struct tg_plan *plan)
{
    if (call_flag(call, "--json"))
        print_plan_json(pipeline, plan);
    else if (call_flag(call, "--markdown"))
        print_plan_markdown(pipeline, plan);
    else
        print_plan_text(pipeline, plan, call_flag(call, "--window") ? "backfill" : "run",
                        call_flag(call, "--sql") || !tg_plan_result(plan));
}

static int plan_opened(const struct call *call, struct tg_pipeline *pipeline,
                       const struct tg_plan_options *options, struct progress *progress)
{
    struct tg_error err = {0};
    struct tg_plan *plan = NULL;
    cancel_on_signals(pipeline);
    int rc = tg_pipeline_plan(pipeline, options, &plan, &err);
    cancel_on_signals(NULL);
    int code = progress_end(progress, pipeline, NULL, rc ? &err : NULL);
    if (rc && call_flag(call, "--json"))
        print_json_failure(stdout, &err, NULL);
    if (rc)
        return code;
    print_plan(call, pipeline, plan);
    bool exceeds = tg_plan_excess_count(plan) > 0;
    tg_plan_free(plan);
    return exceeds ? tg_code_exit(TG_LIMIT) : 0;
}

/* False: no number of rows. */
static bool read_samples(const char *text, int *out)
{
    char *end;
    long samples = strtol(text ? text : "5", &end, 10);
    *out = samples > 0 ? (int)samples : -1;
    return end > (text ? text : "") && !*end && samples >= 0 && samples <= 1000;
}

static int read_range(const struct call *call, struct tg_plan_options *out)
{
    struct tg_window_options range = {TG_WINDOW_OPTIONS_INIT};
    int wrong = call_window(call, &range);
    out->from = range.from;
    out->to = range.to;
    out->timezone = range.timezone;
    out->again = range.again;
    out->window = call_flag(call, "--window");
    if (!wrong && out->window && !out->from)
        return fail_usage(call->command, "--window is about a backfill: say --from and --to");
    return wrong;
}

static int plan_run(const struct call *call)
{
    const char *samples = call_flag(call, "--samples");
    struct tg_plan_options plan = {TG_PLAN_OPTIONS_INIT, .rows = call_flag(call, "--rows") != NULL};
    int wrong = read_range(call, &plan);
    if (wrong)
        return wrong;
    if (samples && !read_samples(samples, &plan.samples))
        return fail_usage(call->command, "'%s' is no number of rows from 0 to 1000", samples);
    if (call_flag(call, "--json") && call_flag(call, "--markdown"))
        return fail_usage(call->command, "--json and --markdown exclude each other");
    struct tg_pipeline_options options = {
        TG_PIPELINE_OPTIONS_INIT,
        .workdir = call_flag(call, "--workdir"),
        .environment = call_flag(call, "--env"),
        .select = call_flag(call, "--select"),
        .memory = call_flag(call, "--memory"),
        .full_refresh = call_flag(call, "--full-refresh") != NULL,
        .accept = call_accept(call),
    };
    struct progress *progress = NULL;
    int code = call_refresh(call, &options.refresh);
    code = code ? code : progress_begin(call, &progress);
    if (code)
        return code;
    progress_watch(progress, &options);
    struct tg_pipeline *pipeline = open_watched(call, &options, progress, &code);
    if (pipeline)
        code = plan_opened(call, pipeline, &plan, progress);
    tg_pipeline_free(pipeline);
    return code;
}

const struct command command_plan = {
    .name = "plan",
    .summary = "Say what a run would do, and do nothing",
    .details =
        "Where the cursors go on, what would change in the schema, and the SQL, for what is known "
        "before rows are read. With --rows the sources are read and all statements run, in a "
        "transaction that is rolled back: what would be inserted, updated, deleted and left as it "
        "is, with samples of the cells that change. No cursor moves.\n\n"
        "A plan that exceeds the spec's limits ends with exit code 5.",
    .arguments = {{"SPEC", false, "the spec file", NULL}},
    .flags = {{"--rows", NULL, "read the sources, and try it"},
              {"--samples", "N", "with --rows: changed rows to show of each table; default: 5"},
              {"--sql", NULL, "with --rows: the statements, too"},
              {"--markdown", NULL, "as a comment for a pull request"},
              {"--json", NULL, "for programs: one object"},
              {"--from", "A", "with --to: plan a run of a window, as run --from"},
              {"--to", "B", "to before here"},
              {"--window", "SIZE", "plan a backfill of it, as backfill --window"},
              {"--timezone", "ZONE", "of --from, --to and --window; default: UTC"},
              {"--again", NULL, "plan it with --again"},
              {"--select", "NAMES", "only these resources, separated by commas"},
              {"--full-refresh", NULL, "plan a run with --full-refresh"},
              {"--refresh", "MODE", "plan a run with --refresh MODE"},
              {"--accept-cursor-change", NULL, "plan a run with --accept-cursor-change"},
              {"--accept", NULL, "plan a run with --accept"},
              PLACE_FLAGS,
              {"--memory", "SIZE", "memory budget, like 256MiB (default) or 1GiB"},
              PROGRESS_FLAGS},
    .run = plan_run,
};
