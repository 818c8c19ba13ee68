/*
 * tidegate check: is the spec right, do source and destination open, and what would be read?
 *
 *   check_run -> tg_pipeline_open (spec) -> check_opened -> tg_pipeline_check -> tg_pipeline_show
 *             (resources) -> print_found, or print_json_found
 *
 * Nothing is loaded or written. What is wrong goes to standard error with its place.
 */
#include "cli.h"

static int print_found(const struct call *call, const struct tg_pipeline *pipeline,
                       struct ArrowArrayStream *resources, struct tg_error *err)
{
    static const char *const columns[] = {RESOURCE_COLUMNS, NULL};
    char environment[ENVIRONMENT_BYTES];
    printf("%s%s: the spec is right, and every source opens\n"
           "Destination %s (dataset '%s') is reachable\n\n",
           call->arguments[0], format_environment(pipeline, environment),
           tg_pipeline_destination(pipeline), tg_pipeline_dataset(pipeline));
    return print_stream(resources, FORMAT_LIST, columns, stdout, err);
}

static int print_json_found(const struct tg_pipeline *pipeline, struct ArrowArrayStream *resources,
                            struct tg_error *err)
{
    putchar('{');
    print_json_destination(stdout, pipeline);
    fputs("\"resources\":", stdout);
    int rc = print_stream(resources, FORMAT_JSON, NULL, stdout, err);
    fputs("}\n", stdout);
    return rc;
}

static int check_opened(const struct call *call, struct tg_pipeline *pipeline, struct tg_error *err)
{
    struct ArrowArrayStream resources = {0};
    cancel_on_signals(pipeline);
    int rc = tg_pipeline_check(pipeline, err);
    if (!rc)
        rc = tg_pipeline_show(pipeline, TG_SHOW_RESOURCES, &resources, err);
    cancel_on_signals(NULL);
    if (rc)
        return rc;
    return call_format(call) == FORMAT_JSON ? print_json_found(pipeline, &resources, err)
                                            : print_found(call, pipeline, &resources, err);
}

static int check_run(const struct call *call)
{
    struct tg_error err = {0};
    struct tg_pipeline *pipeline = NULL;
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                                .workdir = call_flag(call, "--workdir"),
                                                .environment = call_flag(call, "--env")};
    int rc = tg_pipeline_open(&pipeline, call->arguments[0], &options, &err);
    if (!rc)
        rc = check_opened(call, pipeline, &err);
    tg_pipeline_free(pipeline);
    if (rc && call_format(call) == FORMAT_JSON)
        print_json_failure(stdout, &err, NULL);
    return rc ? fail(&err) : 0;
}

const struct command command_check = {
    .name = "check",
    .summary = "Validate a spec, open sources and destination, list resources",
    .details = "What a run refuses before it reads is said here, too: a cursor that is another one "
               "than before, a table of somebody else. Nothing is loaded or written.",
    .arguments = {{"SPEC", false, "the spec file", NULL}},
    .flags = {{"--json", NULL, "what is found, or the error, for programs: one object"},
              PLACE_FLAGS},
    .run = check_run,
};
