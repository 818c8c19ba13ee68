/*
 * tidegate why: the story of one row.
 *
 *   why_run -> tg_pipeline_why -> print_stream (--json, --csv) | print_story: a sentence a line
 *
 * What the facts are is the library's; nothing is changed.
 */
#include <string.h>

#include "cli.h"

static int print_fact(struct tg_cells *cells, struct tg_error *err)
{
    const char *text;
    size_t len;
    for (size_t i = 0; i < tg_cells_column_count(cells); i++) {
        if (strcmp(tg_cells_column_name(cells, i), "detail") != 0)
            continue;
        int rc = tg_cells_get(cells, i, TG_CELL_TEXT, &text, &len, err);
        if (rc)
            return rc;
        fputs("- ", stdout);
        print_wrapped(text ? text : "", 2, 2);
    }
    return TG_OK;
}

static int print_story(struct ArrowArrayStream *stream, struct tg_error *err)
{
    bool found = false;
    struct tg_cells *cells = NULL;
    int rc = tg_cells_open(&cells, stream, err);
    while (!rc && !(rc = tg_cells_next(cells, &found, err)) && found)
        rc = print_fact(cells, err);
    tg_cells_close(cells);
    return rc;
}

static int tell(struct tg_pipeline *pipeline, const struct call *call)
{
    struct tg_error err = {0};
    struct ArrowArrayStream stream = {0};
    const enum format format = call_format(call);
    const struct tg_why_options options = {TG_WHY_OPTIONS_INIT, .resource = call->arguments[1],
                                           .key = call->arguments[2],
                                           .read = call_flag(call, "--read") != NULL};
    int rc = tg_pipeline_why(pipeline, &options, &stream, &err);
    if (!rc)
        rc = format == FORMAT_TABLE ? print_story(&stream, &err)
                                    : print_stream(&stream, format, NULL, stdout, &err);
    return rc ? fail(&err) : 0;
}

static int why_run(const struct call *call)
{
    int code = 0;
    struct tg_pipeline *pipeline = open_to_look(call, &code);
    if (!pipeline)
        return code;
    cancel_on_signals(pipeline);
    code = tell(pipeline, call);
    cancel_on_signals(NULL);
    tg_pipeline_free(pipeline);
    return code;
}

const struct command command_why = {
    .name = "why",
    .summary = "Tell the story of one row: which loads brought or refused it",
    .details = "What destination and working directory know of a row: in which load it came, "
               "which loads replaced it (as far as `undo` keeps old rows), whether it was "
               "rejected, is flagged as deleted, or is a version of a table that keeps its "
               "history. What was not recorded is said to be so.\n\n"
               "With --read the source is read from its beginning to its end, and the rule is "
               "named by which a run would take each row of the key now, or leave it out: the "
               "cursor, a file that is known, the contract. Nothing is loaded or written.\n\n"
               "A key is a value, or columns with values: 7, id=7, day=2024-01-01,id=7, or JSON "
               "for values with a comma and NULL: '{\"id\": 7}'.",
    .arguments = {{"SPEC", false, "the spec file", NULL},
                  {"RESOURCE", false, "a resource of it, or its table", NULL},
                  {"KEY", false, "the row's key", NULL}},
    .flags = {{"--read", NULL, "read the source: what would a run do with the row now?"},
              {"--json", NULL, "an array of facts"},
              {"--csv", NULL, "the same, comma-separated, with a header line"},
              PLACE_FLAGS},
    .run = why_run,
};
