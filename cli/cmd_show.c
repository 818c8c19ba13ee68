/*
 * tidegate show: what the destination and the working directory hold.
 *
 *   show_run (which view) -> tg_pipeline_show, which prints
 *
 * Nothing is changed, and a destination that is absent is not made.
 */
#include <string.h>

#include "cli.h"

static const struct {
    const char *name;
    enum tg_show what;
} views[] = {
    {"tables", TG_SHOW_TABLES}, {"loads", TG_SHOW_LOADS},       {"state", TG_SHOW_STATE},
    {"schema", TG_SHOW_SCHEMA}, {"packages", TG_SHOW_PACKAGES},
};

static int show_run(const struct call *call)
{
    struct tg_error err = {0};
    int code = 0;
    size_t view = 0, view_count = sizeof(views) / sizeof(views[0]);
    const char *name = call->arguments[1] ? call->arguments[1] : "tables";
    while (view < view_count && strcmp(views[view].name, name) != 0)
        view++;
    if (view == view_count)
        return fail_usage(call->command,
                          "'%s' cannot be shown; choose tables, loads, state, schema or packages",
                          name);
    struct tg_pipeline *pipeline = open_pipeline(call, &code);
    if (!pipeline)
        return code;
    if (tg_pipeline_show(pipeline, views[view].what, call_format(call), stdout, &err))
        code = fail(&err);
    tg_pipeline_free(pipeline);
    return code;
}

const struct command command_show = {
    .name = "show",
    .summary = "Show tables, loads, state, schema or packages of a pipeline",
    .details = "tables: rows and columns of each table. loads: what each load did to each table. "
               "state: the cursors.\n"
               "schema: the catalog as stored. packages: loads on local disk that are not in the "
               "destination.",
    .arguments = {{"SPEC", false, "the spec file"},
                  {"WHAT", true, "tables (default), loads, state, schema or packages"}},
    .flags = {{"--json", NULL, "for programs"},
              {"--yaml", NULL, "of the schema: as it is exported and imported"},
              {"--csv", NULL, "comma-separated, with a header line"},
              {"--workdir", "DIR", "working directory; default: .tidegate beside the spec"}},
    .run = show_run,
};
