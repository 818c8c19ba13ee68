/*
 * tidegate reset: cursors, the list of loaded files, and loads that are not written yet are
 * forgotten.
 *
 *   reset_run -> forget_run (forget.c), with the parts that were said
 *
 * Rows at the destination stay: that is tidegate drop's, or run --refresh's.
 */
#include "forget.h"

static int reset_run(const struct call *call)
{
    static const struct forgetting reset = {"reset", "Reset?", tg_pipeline_reset};
    int parts = call_flag(call, "--cursors") ? TG_RESET_CURSORS : 0;
    parts |= call_flag(call, "--packages") ? TG_RESET_PACKAGES : 0;
    parts |= call_flag(call, "--files") ? TG_RESET_FILES : 0;
    return forget_run(call, &reset, parts);
}

const struct command command_reset = {
    .name = "reset",
    .summary = "Forget how far was read, so that the next run begins anew",
    .details = "Cursors, the list of loaded files, and loads in the working directory that are "
               "not written yet; or those alone that are named. Rows at the destination stay: "
               "what is loaded again is merged with them, or (append) added to them.\n\n"
               "A person is asked first. What the spec has no more can be named, too.",
    .arguments = {{"SPEC", false, "the spec file", NULL}},
    .flags = {{"--select", "NAMES", "only these resources, separated by commas"},
              {"--cursors", NULL, "cursors, and what a program keeps in the state"},
              {"--packages", NULL, "loads in the working directory"},
              {"--files", NULL, "the list of loaded files"},
              {"--yes", NULL, "do not ask"},
              {"--look", NULL, "tell what would be done, and do nothing"},
              {"--json", NULL, "the same, or the error, for programs: one object"},
              PLACE_FLAGS},
    .run = reset_run,
};
