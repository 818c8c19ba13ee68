/*
 * tidegate advise: how resources are best loaded.
 *
 *   advise_run (options) -> tg_pipeline_advise -> print_advice_text or print_advice_json
 *
 * Nothing is written anywhere; whoever likes the lines puts them into the spec.
 */
#include <stdlib.h>

#include "cli.h"

/* False: no number from `least` on. */
static bool read_number(const char *text, long least, long most, long *out)
{
    char *end;
    if (!text)
        return true;
    *out = strtol(text, &end, 10);
    return end > text && !*end && *out >= least && *out <= most;
}

static int advise_opened(const struct call *call, struct tg_pipeline *pipeline,
                         const struct tg_advice_options *options, struct progress *progress)
{
    struct tg_error err = {0};
    struct tg_advice *advice = NULL;
    cancel_on_signals(pipeline);
    int rc = tg_pipeline_advise(pipeline, options, &advice, &err);
    cancel_on_signals(NULL);
    int code = progress_end(progress, pipeline, NULL, rc ? &err : NULL);
    if (rc && call_flag(call, "--json"))
        print_json_failure(stdout, &err, NULL);
    if (rc)
        return code;
    if (call_flag(call, "--json"))
        print_advice_json(pipeline, advice);
    else
        print_advice_text(advice);
    tg_advice_free(advice);
    return 0;
}

static int advise_run(const struct call *call)
{
    long rows = 0, wait = 0;
    struct progress *progress = NULL;
    if (!read_number(call_flag(call, "--rows"), 2, 1000000000, &rows))
        return fail_usage(call->command, "'%s' is no number of rows from 2 on",
                          call_flag(call, "--rows"));
    if (!read_number(call_flag(call, "--wait"), 0, 86400, &wait))
        return fail_usage(call->command, "'%s' is no number of seconds up to a day",
                          call_flag(call, "--wait"));
    struct tg_pipeline_options options = {
        TG_PIPELINE_OPTIONS_INIT,
        .workdir = call_flag(call, "--workdir"),
        .environment = call_flag(call, "--env"),
        .select = call->arguments[1],
        .memory = call_flag(call, "--memory"),
    };
    const struct tg_advice_options advise = {TG_ADVICE_OPTIONS_INIT, .rows = (uint64_t)rows,
                                             .wait_seconds = (int)wait,
                                             .once = call_flag(call, "--once") != NULL};
    int code = progress_begin(call, &progress);
    if (code)
        return code;
    progress_watch(progress, &options);
    struct tg_pipeline *pipeline = open_watched(call, &options, progress, &code);
    if (pipeline)
        code = advise_opened(call, pipeline, &advise, progress);
    tg_pipeline_free(pipeline);
    return code;
}

const struct command command_advise = {
    .name = "advise",
    .summary = "Say how resources are best loaded, and why",
    .details =
        "Each resource is read twice from its beginning, and the two readings are compared: which "
        "fields are a key, which can be a cursor, whether rows change or vanish. With what the "
        "loads so far have done, that gives lines for the spec, or says that it is right as it "
        "is.\n\n"
        "Nothing is written: no state, nothing at the destination, and no cursor moves.",
    .arguments = {{"SPEC", false, "the spec file", NULL},
                  {"RESOURCE", true, "this one alone, or several, separated by commas", NULL}},
    .flags = {{"--rows", "N", "read so many rows of each, at most; default: 100000"},
              {"--wait", "SECONDS", "let time pass between the two readings; default: 0"},
              {"--once", NULL, "read once: for a pipe, which gives its rows no second time"},
              {"--json", NULL, "for programs: one object"},
              PLACE_FLAGS,
              {"--memory", "SIZE", "memory budget, like 256MiB (default) or 1GiB"},
              PROGRESS_FLAGS},
    .run = advise_run,
};
