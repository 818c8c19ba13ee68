/*
 * tidegate sql: one query at the destination, with the dataset as default schema.
 *
 *   sql_run -> print_query -> tg_pipeline_query_as_of -> print_stream
 *
 * The statement goes to the database as it is, also one that changes something.
 */
#include "cli.h"

static int print_query(struct tg_pipeline *pipeline, const struct call *call)
{
    struct tg_error err = {0};
    struct ArrowArrayStream stream = {0};
    if (tg_pipeline_query_as_of(pipeline, call->arguments[1], call_flag(call, "--as-of"), &stream,
                                &err) ||
        print_stream(&stream, call_format(call), NULL, stdout, &err))
        return fail(&err);
    return 0;
}

static int sql_run(const struct call *call)
{
    int code = 0;
    struct tg_pipeline *pipeline = open_pipeline(call, &code);
    if (!pipeline)
        return code;
    cancel_on_signals(pipeline);
    code = print_query(pipeline, call);
    cancel_on_signals(NULL);
    tg_pipeline_free(pipeline);
    return code;
}

const struct command command_sql = {
    .name = "sql",
    .summary = "Run a query at the destination",
    .details = "Tables of the dataset need no prefix: tidegate sql pipeline.yaml \"select count(*) "
               "from person\"",
    .arguments = {{"SPEC", false, "the spec file", NULL},
                  {"QUERY", false, "one SQL statement", NULL}},
    .flags = {{"--as-of", "TIME", "tables that keep their history (scd2) as they were then"},
              {"--json", NULL, "an array of objects"},
              {"--csv", NULL,
               "comma-separated, with a header line; NULL is empty, text in quotes if it is"},
              {"--workdir", "DIR", "working directory; default: .tidegate beside the spec"}},
    .run = sql_run,
};
