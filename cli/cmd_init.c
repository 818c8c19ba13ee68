/*
 * tidegate init: a commented spec that runs.
 *
 *   init_run -> tg_spec_init, to standard output
 *
 * It writes no file, so that it cannot overwrite one.
 */
#include "cli.h"

static int init_run(const struct call *call)
{
    struct tg_error err = {0};
    char *text = NULL;
    int rc = tg_spec_init(call->arguments[0], call->arguments[1], &text, &err);
    return finish_text(rc, text, &err);
}

const struct command command_init = {
    .name = "init",
    .summary = "Write a commented spec to start from",
    .details = "Redirect it into a file: tidegate init > pipeline.yaml",
    .arguments = {{"SOURCE", true, "kind of source; default: files"},
                  {"DESTINATION", true, "kind of destination; default: duckdb"}},
    .run = init_run,
};
