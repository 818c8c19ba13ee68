/*
 * tidegate drop: resources go, with their tables and all that is remembered of them.
 *
 *   drop_run -> forget_run (forget.c)
 *
 * The next run is as the first one was.
 */
#include "forget.h"

static int drop_run(const struct call *call)
{
    static const struct forgetting drop = {"dropped", "Drop?", tg_pipeline_drop};
    return forget_run(call, &drop, 0);
}

const struct command command_drop = {
    .name = "drop",
    .summary = "Drop the tables of resources, and forget them",
    .details = "Tables with all that is nested in them, cursors, the list of loaded files, "
               "rejected rows, and what the schema knows of them, in one transaction; then loads "
               "in the working directory that are not written yet. The next run is as the first "
               "one was.\n\n"
               "A person is asked first. A table that another pipeline loads, too, is not dropped. "
               "What the spec has no more can be named.",
    .arguments = {{"SPEC", false, "the spec file", NULL}},
    .flags = {{"--select", "NAMES", "only these resources, separated by commas"},
              {"--yes", NULL, "do not ask"},
              {"--look", NULL, "tell what would be done, and do nothing"},
              {"--json", NULL, "the same, or the error, for programs: one object"},
              PLACE_FLAGS},
    .run = drop_run,
};
