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
    .details = "Redirect it into a file: tidegate init > pipeline.yaml\n"
               "From database to database: tidegate init sql postgresql > pipeline.yaml",
    .arguments = {{"SOURCE", true, "files (default) or sql, the tables of a database", "files sql"},
                  {"DESTINATION", true,
                   "duckdb (default), postgresql, or adbc: any database by an ADBC driver",
                   "duckdb postgresql adbc"}},
    .run = init_run,
};
