/*
 * tidegate run: one load, with progress on standard error and a summary on standard output.
 *
 *   run_run (options) -> run_loaded -> tg_pipeline_run -> progress_end -> print_result_text, or
 *   print_result_json
 *
 * SIGINT, SIGTERM and SIGHUP cancel the run; it then ends with 130, and nothing was written.
 */
#include <inttypes.h>
#include <string.h>

#include "base/text/nearest.h"
#include "cli.h"

/* ---- --schema-contract ---- */

static bool find_mode(const char *text, size_t len, enum tg_contract_mode *out)
{
    static const struct {
        const char *name;
        enum tg_contract_mode mode;
    } modes[] = {{"evolve", TG_CONTRACT_EVOLVE},
                 {"freeze", TG_CONTRACT_FREEZE},
                 {"discard_row", TG_CONTRACT_DISCARD_ROW},
                 {"discard_value", TG_CONTRACT_DISCARD_VALUE}};
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strlen(modes[i].name) == len && strncmp(modes[i].name, text, len) == 0) {
            *out = modes[i].mode;
            return true;
        }
    }
    return false;
}

/* Of a contract that cannot be read: the word at fault, and the nearest one. */
struct mistake {
    char word[NEAREST_HINT_BYTES];
    struct nearest nearest;
};

static bool is_mistake(struct mistake *mistake, const char *word, size_t len, const char *words)
{
    snprintf(mistake->word, sizeof(mistake->word), "%.*s", (int)len, word);
    mistake->nearest = (struct nearest){.wanted = mistake->word};
    nearest_offer_words(&mistake->nearest, words);
    return false;
}

/* "freeze", "tables=evolve,columns=freeze"; false: neither. */
static bool parse_contract(const char *text, struct tg_schema_contract *out,
                           struct mistake *mistake)
{
    struct {
        const char *name;
        enum tg_contract_mode *mode;
    } entities[] = {
        {"tables", &out->tables}, {"columns", &out->columns}, {"data_type", &out->data_type}};
    if (find_mode(text, strlen(text), &out->tables)) {
        out->columns = out->data_type = out->tables;
        return true;
    }
    while (*text) {
        size_t len = strcspn(text, ","), name_len = strcspn(text, "=,"), i = 0;
        while (i < 3 && (strlen(entities[i].name) != name_len ||
                         strncmp(entities[i].name, text, name_len) != 0))
            i++;
        if (i == 3)
            return is_mistake(mistake, text, name_len,
                              name_len < len ? CONTRACT_PARTS : CONTRACT_MODES);
        if (name_len >= len || *entities[i].mode != TG_CONTRACT_DEFAULT)
            return false;
        if (!find_mode(text + name_len + 1, len - name_len - 1, entities[i].mode))
            return is_mistake(mistake, text + name_len + 1, len - name_len - 1, CONTRACT_MODES);
        text += len;
        if (*text && !*++text)
            return false;
    }
    return out->tables || out->columns || out->data_type;
}

static void print_json_line(const struct tg_pipeline *pipeline, const struct tg_result *result)
{
    print_result_json(stdout, pipeline, result);
    putchar('\n');
}

static int run_loaded(const struct call *call, struct tg_pipeline *pipeline,
                      const struct tg_window_options *window, struct progress *progress)
{
    const bool json = call_flag(call, "--json"), quiet = call_flag(call, "--quiet");
    struct tg_error err = {0};
    struct tg_result *result = NULL;
    cancel_on_signals(pipeline);
    int rc = window->from ? tg_pipeline_run_window(pipeline, window, &result, &err)
                          : tg_pipeline_run(pipeline, &result, &err);
    cancel_on_signals(NULL);
    int code = progress_end(progress, pipeline, result, rc ? &err : NULL);
    if (rc && json)
        print_json_failure(stdout, &err, result);
    else if (!rc && json)
        print_json_line(pipeline, result);
    else if (!rc && !quiet)
        print_result_text(pipeline, result);
    tg_result_free(result);
    return code;
}

uint64_t call_accept(const struct call *call)
{
    return (call_flag(call, "--accept-cursor-change") ? TG_ACCEPT_CURSOR_CHANGE : 0) |
           (call_flag(call, "--accept") ? TG_ACCEPT_ROWS : 0);
}

int call_refresh(const struct call *call, enum tg_refresh *out)
{
    static const char *const words[] = {[TG_REFRESH_DROP_SOURCES] = "drop_sources",
                                        [TG_REFRESH_DROP_RESOURCES] = "drop_resources",
                                        [TG_REFRESH_DROP_DATA] = "drop_data"};
    const char *word = call_flag(call, "--refresh");
    if (!word)
        return 0;
    for (size_t i = TG_REFRESH_DROP_SOURCES; i <= TG_REFRESH_DROP_DATA; i++)
        if (strcmp(words[i], word) == 0)
            *out = (enum tg_refresh)i;
    if (*out != TG_REFRESH_NONE)
        return 0;
    return fail_word(call->command, "way to refresh", word, flag_words("--refresh"));
}

int call_window(const struct call *call, struct tg_window_options *out)
{
    out->from = call_flag(call, "--from");
    out->to = call_flag(call, "--to");
    out->timezone = call_flag(call, "--timezone");
    out->again = call_flag(call, "--again") != NULL;
    if (!out->from != !out->to)
        return fail_usage(call->command, "a window has two ends: say --from and --to");
    if (!out->from && (out->timezone || out->again))
        return fail_usage(call->command, "%s is about a window: say --from and --to",
                          out->again ? "--again" : "--timezone");
    return 0;
}

/* What of the options does not go without a look. */
static int read_options(const struct call *call, struct tg_pipeline_options *options,
                        struct tg_window_options *window)
{
    char hint[NEAREST_HINT_BYTES];
    struct mistake mistake = {.word = ""};
    const char *contract = call_flag(call, "--schema-contract");
    int wrong = call_refresh(call, &options->refresh);
    wrong = wrong ? wrong : call_window(call, window);
    if (wrong || !contract || parse_contract(contract, &options->schema_contract, &mistake))
        return wrong;
    return fail_usage(call->command,
                      "'%s' is no schema contract; write evolve, freeze, discard_row or "
                      "discard_value, or one for each: "
                      "tables=evolve,columns=freeze,data_type=discard_value%s",
                      contract, nearest_hint(&mistake.nearest, hint));
}

static int run_run(const struct call *call)
{
    struct progress *progress = NULL;
    struct tg_pipeline_options options = {
        TG_PIPELINE_OPTIONS_INIT,
        .workdir = call_flag(call, "--workdir"),
        .environment = call_flag(call, "--env"),
        .select = call_flag(call, "--select"),
        .memory = call_flag(call, "--memory"),
        .full_refresh = call_flag(call, "--full-refresh") != NULL,
        .accept_limits = call_flag(call, "--accept-limits") != NULL,
        .accept = call_accept(call),
    };
    struct tg_window_options window = {TG_WINDOW_OPTIONS_INIT};
    int code = read_options(call, &options, &window);
    code = code ? code : progress_begin(call, &progress);
    if (code)
        return code;
    progress_watch(progress, &options);
    struct tg_pipeline *pipeline = open_watched(call, &options, progress, &code);
    if (pipeline)
        code = run_loaded(call, pipeline, &window, progress);
    tg_pipeline_free(pipeline);
    return code;
}

const struct command command_run = {
    .name = "run",
    .summary = "Load everything new, once",
    .details = "Rows, cursor, schema and the record of the load commit in one transaction, or not "
               "at all. A run that was killed is put right by the next one.\n\n"
               "A schema contract says what happens to data that the schema has no table, column "
               "or type for; that of the command is for this run alone, and wins over the "
               "spec's. Where it is freeze, such data end the run with exit code 4.\n\n"
               "A load that does more than the spec's limits allow is not written: exit code 5. "
               "`tidegate plan SPEC --rows` says beforehand what it would do.\n\n"
               "Exit codes: 0 all is loaded, or nothing was new; 1 the load failed (source, data, "
               "destination, disk, memory); 2 the command or the spec is wrong; 3 another process "
               "has the pipeline or the database, or was first: run again later; 4 a contract "
               "forbids what came; 5 a limit would be exceeded; 130 a signal came. Whatever it "
               "is, a run may be started again: nothing is doubled, and nothing is lost.",
    .arguments = {{"SPEC", false, "the spec file", NULL}},
    .flags = {{"--select", "NAMES", "only these resources, separated by commas"},
              {"--from", "A",
               "load a window of each cursor, and leave the cursors alone: from here"},
              {"--to", "B", "to before here"},
              {"--timezone", "ZONE", "of the dates that these are; default: UTC"},
              {"--again", NULL, "append the window's rows, although some are loaded"},
              {"--full-refresh", NULL,
               "forget the cursors and replace the tables of the selected resources; the same as "
               "--refresh drop_data"},
              {"--refresh", "MODE",
               "begin anew: drop_sources (all tables of the schema, all cursors), drop_resources "
               "(those of the selected resources) or drop_data (their rows and cursors)"},
              {"--schema-contract", "MODE",
               "evolve, freeze, discard_row or discard_value; or one each: "
               "tables=MODE,columns=MODE,data_type=MODE"},
              {"--accept-limits", NULL, "do it, although it exceeds the spec's limits"},
              {"--accept-cursor-change", NULL,
               "the cursor is another one than before: it begins at its initial_value"},
              {"--accept", NULL, "load into tables that have rows of another resource or pipeline"},
              PLACE_FLAGS,
              {"--memory", "SIZE", "memory budget, like 256MiB (default) or 1GiB"},
              {"--json", NULL, "the summary, or the error, for programs: one object"},
              QUIET_FLAG,
              PROGRESS_FLAGS},
    .run = run_run,
};
