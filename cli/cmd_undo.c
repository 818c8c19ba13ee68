/*
 * tidegate undo: loads are taken back.
 *
 *   run_undo -> undo_loaded: tg_pipeline_undo, looking only -> print_look: what would be done ->
 *   asks (a person; a program says --yes) -> undo_shown: tg_pipeline_undo, of what was shown
 *
 * Where the last load has been undone already there is nothing to do: a call that is repeated does
 * not go further back.
 */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

/* ---- what is to be done, or was ---- */

static int names_width(const struct tg_result *result)
{
    int width = (int)strlen("table");
    for (size_t i = 0; i < tg_result_table_count(result); i++) {
        int len = (int)strlen(tg_result_table(result, i)->name);
        width = len > width ? len : width;
    }
    return width;
}

static void print_tables(const struct tg_result *result)
{
    char removed[32], back[32];
    const int width = names_width(result);
    printf("%-*s  %14s  %14s\n", width, "table", "rows that go", "that come back");
    for (size_t i = 0; i < tg_result_table_count(result); i++) {
        const struct tg_table_info *table = tg_result_table(result, i);
        printf("%-*s  %14s  %14s\n", width, table->name, format_count(table->rows_deleted, removed),
               format_count(table->rows_inserted, back));
    }
}

static void print_loads(const struct tg_result *result)
{
    for (size_t i = 0; i < tg_result_undone_count(result); i++)
        printf("%s%s", i > 0 ? ", " : "", tg_result_undone(result, i));
}

static void print_look(const struct tg_pipeline *pipeline, const struct tg_result *result)
{
    char environment[ENVIRONMENT_BYTES];
    const bool one = tg_result_undone_count(result) == 1;
    print_tables(result);
    putchar('\n');
    print_sentence(stdout, "To be undone in dataset '%s' of %s%s:", tg_result_dataset(result),
                   tg_pipeline_destination(pipeline), format_environment(pipeline, environment));
    printf("load%s ", one ? "" : "s");
    print_loads(result);
    printf("\n");
}

static void print_json(const struct tg_pipeline *pipeline, const struct tg_result *result)
{
    putchar('{');
    print_json_field(stdout, "load_id", tg_result_load_id(result));
    print_json_destination(stdout, pipeline);
    printf("\"done\":%s,\"undone\":[", *tg_result_load_id(result) ? "true" : "false");
    for (size_t i = 0; i < tg_result_undone_count(result); i++) {
        fputs(i > 0 ? "," : "", stdout);
        print_json_text(tg_result_undone(result, i), stdout);
    }
    printf("],\"tables\":[");
    for (size_t i = 0; i < tg_result_table_count(result); i++) {
        const struct tg_table_info *table = tg_result_table(result, i);
        fputs(i > 0 ? ",{" : "{", stdout);
        print_json_field(stdout, "table", table->name);
        print_json_field(stdout, "resource", table->resource);
        printf("\"removed\":%" PRIu64 ",\"restored\":%" PRIu64 "}", table->rows_deleted,
               table->rows_inserted);
    }
    fputs("],", stdout);
    print_json_warnings(stdout, result);
    puts("}");
}

/* ---- the command ---- */

static int undo_shown(struct tg_pipeline *pipeline, const struct tg_result *shown, bool json,
                      struct tg_error *err)
{
    struct tg_result *result = NULL;
    const struct tg_undo_options options = {
        TG_UNDO_OPTIONS_INIT,
        .load_id = tg_result_undone(shown, tg_result_undone_count(shown) - 1),
        .newest_load = tg_result_undone(shown, 0),
    };
    int rc = tg_pipeline_undo(pipeline, &options, &result, err);
    if (!rc && json)
        print_json(pipeline, result);
    if (!rc && !json)
        printf("Undone, by load %s\n", tg_result_load_id(result));
    tg_result_free(result);
    return rc;
}

static int nothing_to_undo(const struct call *call, const struct tg_pipeline *pipeline,
                           const struct tg_result *result, bool json)
{
    if (json)
        print_json(pipeline, result);
    else if (call->arguments[1])
        printf("Load %s has been undone already: nothing is to be done\n", call->arguments[1]);
    else
        printf("The last load has been undone already: nothing is to be done. To go further back, "
               "name a load of 'tidegate show %s loads'\n",
               call->arguments[0]);
    return 0;
}

/* Looks, asks, does it. */
static int undo_loaded(const struct call *call, struct tg_pipeline *pipeline, int *code,
                       struct tg_error *err)
{
    struct tg_result *shown = NULL;
    const bool json = call_flag(call, "--json"), looks = call_flag(call, "--look");
    const bool sure = call_flag(call, "--yes");
    const struct tg_undo_options look = {TG_UNDO_OPTIONS_INIT, .load_id = call->arguments[1],
                                         .look_only = true};
    int rc = tg_pipeline_undo(pipeline, &look, &shown, err);
    if (!rc && tg_result_undone_count(shown) == 0) {
        *code = nothing_to_undo(call, pipeline, shown, json);
    } else if (!rc) {
        if (!json)
            print_look(pipeline, shown);
        else if (looks)
            print_json(pipeline, shown);
        if (!looks && (sure || asks("Undo?")))
            rc = undo_shown(pipeline, shown, json, err);
        else if (!looks)
            printf("Nothing was done\n");
    }
    tg_result_free(shown);
    return rc;
}

static int run_undo(const struct call *call)
{
    int code = 0;
    struct tg_error err = {0};
    const bool can_ask = isatty(STDIN_FILENO) && !call_flag(call, "--json");
    if (!can_ask && !call_flag(call, "--yes") && !call_flag(call, "--look"))
        return fail_usage(call->command, "an undo changes data, and there is nobody to ask: say "
                                         "--yes, or --look to see what it would do");
    struct tg_pipeline *pipeline = open_pipeline(call, &code);
    if (!pipeline)
        return code;
    cancel_on_signals(pipeline);
    int rc = undo_loaded(call, pipeline, &code, &err);
    cancel_on_signals(NULL);
    if (rc && call_flag(call, "--json"))
        print_json_failure(stdout, &err, NULL);
    code = rc ? fail(&err) : code;
    tg_pipeline_free(pipeline);
    return code;
}

const struct command command_undo = {
    .name = "undo",
    .summary = "Take the last load back, or all since one",
    .details = "Rows, cursors, the list of loaded files and the schema are as they were before, in "
               "one transaction, or nothing is changed. That is for pipelines whose spec says "
               "undo: {loads: N}: what the newest N loads have replaced is kept beside the "
               "tables.\n\n"
               "A person is asked first. Where the last load has been undone already nothing is "
               "done; to go further back, name a load. An undo is refused where a row is not as "
               "the load has left it.",
    .arguments = {{"SPEC", false, "the spec file", NULL},
                  {"LOAD_ID", true, "this load, and all that came after it", NULL}},
    .flags = {{"--yes", NULL, "do not ask"},
              {"--look", NULL, "tell what would be done, and do nothing"},
              {"--json", NULL, "the same, or the error, for programs: one object"},
              PLACE_FLAGS},
    .run = run_undo,
};
