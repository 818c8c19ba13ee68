/*
 * tidegate init: a commented spec that runs.
 *
 *   init_run -> tg_spec_init, or tg_spec_look at a file, to standard output
 *
 * It writes no file, so that it cannot overwrite one.
 */
#include <string.h>

#include "cli.h"

static int init_run(const struct call *call)
{
    struct tg_error err = {0};
    char *text = NULL;
    const char *from = call_flag(call, "--from");
    if (from && call->arguments[0] && strcmp(call->arguments[0], "files") != 0)
        return fail_usage(call->command,
                          "--from looks at a file; the source is files then: tidegate init files "
                          "DESTINATION --from %s",
                          from);
    int rc = from ? tg_spec_look(from, call->arguments[1], &text, &err)
                  : tg_spec_init(call->arguments[0], call->arguments[1], &text, &err);
    return finish_text(rc, text, &err);
}

const struct command command_init = {
    .name = "init",
    .summary = "Write a commented spec to start from",
    .details = "Redirect it into a file: tidegate init > pipeline.yaml\n"
               "From a file that is there: tidegate init --from orders.csv > pipeline.yaml\n"
               "From database to database: tidegate init sql postgresql > pipeline.yaml",
    .arguments = {{"SOURCE", true, "files (default) or sql, the tables of a database", "files sql"},
                  {"DESTINATION", true,
                   "duckdb (default), postgresql, or adbc: any database by an ADBC driver",
                   "duckdb postgresql adbc"}},
    .flags = {{"--from", "FILE", "look at FILE: the spec says what it needs to be read, and why"}},
    .run = init_run,
};
