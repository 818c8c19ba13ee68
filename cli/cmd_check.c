/*
 * tidegate check: is the spec right, and do source and destination open?
 *
 *   check_run -> open_pipeline (spec) -> tg_pipeline_check (sources, destination)
 *
 * Nothing is loaded or written. What is wrong goes to standard error with its place.
 */
#include "cli.h"

static int check_run(const struct call *call)
{
    struct tg_error err = {0};
    int code = 0;
    struct tg_pipeline *pipeline = open_pipeline(call, &code);
    if (!pipeline)
        return code;
    cancel_on_signals(pipeline);
    if (tg_pipeline_check(pipeline, &err))
        code = fail(&err);
    else
        printf("%s: the spec is right, and every source opens\n"
               "Destination %s (dataset '%s') is reachable\n",
               call->arguments[0], tg_pipeline_destination(pipeline),
               tg_pipeline_dataset(pipeline));
    cancel_on_signals(NULL);
    tg_pipeline_free(pipeline);
    return code;
}

const struct command command_check = {
    .name = "check",
    .summary = "Validate a spec and open its sources and destination",
    .details = "Nothing is loaded or written.",
    .arguments = {{"SPEC", false, "the spec file", NULL}},
    .flags = {{"--workdir", "DIR", "working directory; default: .tidegate beside the spec"}},
    .run = check_run,
};
