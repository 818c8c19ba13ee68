/*
 * tidegate run: one load, with progress on standard error and a summary table on standard output.
 *
 *   run_run (options) -> run_loaded -> tg_pipeline_run -> print_summary, or print_json
 *
 * SIGINT, SIGTERM and SIGHUP cancel the run; it then ends with 130, and nothing was written.
 */
#include <inttypes.h>
#include <string.h>

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

/* "freeze", "tables=evolve,columns=freeze"; false: neither. */
static bool parse_contract(const char *text, struct tg_schema_contract *out)
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
        size_t len = strcspn(text, ","), name_len = strcspn(text, "="), i = 0;
        while (i < 3 && (strlen(entities[i].name) != name_len ||
                         strncmp(entities[i].name, text, name_len) != 0))
            i++;
        if (i == 3 || name_len >= len || *entities[i].mode != TG_CONTRACT_DEFAULT ||
            !find_mode(text + name_len + 1, len - name_len - 1, entities[i].mode))
            return false;
        text += len;
        if (*text && !*++text)
            return false;
    }
    return out->tables || out->columns || out->data_type;
}

/* ---- the summary: a line per table, columns as wide as they must be ---- */

enum {
    READ,
    NEW,
    INSERTED,
    UPDATED,
    DELETED,
    UNCHANGED,
    FILTERED,
    REJECTED,
    WAITING,
    COUNT_COLUMNS
};
enum { LINE_MAX_WIDTH = 80 };

static const char *const count_titles[COUNT_COLUMNS] = {"read",     "new",      "inserted",
                                                        "updated",  "deleted",  "unchanged",
                                                        "filtered", "rejected", "waiting"};

static uint64_t table_count(const struct tg_table_info *table, size_t column)
{
    const uint64_t counts[COUNT_COLUMNS] = {
        table->rows_read,     table->rows_new,      table->rows_inserted,
        table->rows_updated,  table->rows_deleted,  table->rows_unchanged,
        table->rows_filtered, table->rows_rejected, table->rows_waiting};
    return counts[column];
}

/* Of all tables. */
static uint64_t total(const struct tg_result *result, size_t column)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < tg_result_table_count(result); i++)
        sum += table_count(tg_result_table(result, i), column);
    return sum;
}

/* A count as it is printed; "" where it means nothing: only root rows are read, filtered and wait.
 */
static const char *count_text(const struct tg_table_info *table, size_t column, char out[32])
{
    if (table->nested && (column == READ || column == FILTERED || column == WAITING))
        return "";
    return format_count(table_count(table, column), out);
}

static int table_indent(const struct tg_table_info *table)
{
    return table->nested ? 2 : 0;
}

/* As wide as its widest count. */
static int column_width(const struct tg_result *result, size_t column)
{
    char text[32];
    int width = (int)strlen(count_titles[column]);
    for (size_t i = 0; i < tg_result_table_count(result); i++) {
        int len = (int)strlen(count_text(tg_result_table(result, i), column, text));
        width = len > width ? len : width;
    }
    return width;
}

static int names_width(const struct tg_result *result)
{
    int width = (int)strlen("table");
    for (size_t i = 0; i < tg_result_table_count(result); i++) {
        const struct tg_table_info *table = tg_result_table(result, i);
        int len = (int)strlen(table->name) + table_indent(table);
        width = len > width ? len : width;
    }
    return width;
}

/* Which columns there are: those that count something, and the usual ones where lines are short
 * enough with them. A width of 0: it is left out. */
static void choose_columns(const struct tg_result *result, int name_width,
                           int widths[COUNT_COLUMNS])
{
    static const bool usual[COUNT_COLUMNS] = {
        [READ] = true,    [NEW] = true,      [INSERTED] = true, [UPDATED] = true,
        [DELETED] = true, [FILTERED] = true, [REJECTED] = true};
    int line = name_width;
    for (size_t column = 0; column < COUNT_COLUMNS; column++) {
        bool shown = usual[column] || total(result, column) > 0;
        widths[column] = shown ? column_width(result, column) : 0;
        line += shown ? 2 + widths[column] : 0;
    }
    for (size_t column = COUNT_COLUMNS; column-- > UPDATED && line > LINE_MAX_WIDTH;) {
        if (widths[column] == 0 || total(result, column) > 0)
            continue;
        line -= 2 + widths[column];
        widths[column] = 0;
    }
}

void print_result_tables(const struct tg_result *result)
{
    char text[32];
    int widths[COUNT_COLUMNS], name_width = names_width(result);
    choose_columns(result, name_width, widths);
    printf("%-*s", name_width, "table");
    for (size_t column = 0; column < COUNT_COLUMNS; column++)
        if (widths[column] > 0)
            printf("  %*s", widths[column], count_titles[column]);
    printf("\n");
    for (size_t i = 0; i < tg_result_table_count(result); i++) {
        const struct tg_table_info *table = tg_result_table(result, i);
        int indent = table_indent(table);
        printf("%*s%-*s", indent, "", name_width - indent, table->name);
        for (size_t column = 0; column < COUNT_COLUMNS; column++)
            if (widths[column] > 0)
                printf("  %*s", widths[column], count_text(table, column, text));
        printf("\n");
    }
}

/* ---- why the cursor left rows out ---- */

enum { BELOW_START, ABOVE_END, DEDUPLICATED, NULL_CURSOR, LATE, REASON_COUNT };

static const struct {
    const char *key, *words;
} reasons[REASON_COUNT] = {
    [BELOW_START] = {"below_start", "before the start"},
    [ABOVE_END] = {"above_end", "beyond the end"},
    [DEDUPLICATED] = {"deduplicated", "loaded before"},
    [NULL_CURSOR] = {"null_cursor", "without a cursor value"},
    [LATE] = {"late", "too late"},
};

static uint64_t reason_count(const struct tg_table_info *table, size_t reason)
{
    const uint64_t counts[REASON_COUNT] = {table->rows_below_start, table->rows_above_end,
                                           table->rows_deduplicated, table->rows_null_cursor,
                                           table->rows_late};
    return counts[reason];
}

/* Rows before the start are what a cursor is for: of these alone nothing is said. */
static void print_reasons(const struct tg_result *result)
{
    char text[32];
    for (size_t i = 0; i < tg_result_table_count(result); i++) {
        const struct tg_table_info *table = tg_result_table(result, i);
        const char *before = "";
        if (table->rows_above_end + table->rows_null_cursor + table->rows_late == 0)
            continue;
        printf("By the cursor of %s: ", table->resource);
        for (size_t reason = 0; reason < REASON_COUNT; reason++) {
            if (reason_count(table, reason) == 0)
                continue;
            printf("%s%s %s", before, format_count(reason_count(table, reason), text),
                   reasons[reason].words);
            before = ", ";
        }
        printf(".\n");
    }
}

void print_result_warnings(const struct tg_result *result, FILE *out)
{
    char text[32];
    for (size_t i = 0; i < tg_result_warning_count(result); i++)
        fprintf(out, "Warning: %s\n", tg_result_warning(result, i));
    if (tg_result_warning_cut_count(result))
        fprintf(out, "... and %s more warnings.\n",
                format_count(tg_result_warning_cut_count(result), text));
}

/* A load may have nothing to tell: that a file was renamed is noted by one without rows. */
static bool has_news(const struct tg_result *result)
{
    uint64_t rows = total(result, READ) + total(result, INSERTED) + total(result, UPDATED) +
                    total(result, DELETED);
    return tg_result_load_id(result)[0] && rows > 0;
}

/* They are neither read nor filtered. */
static void print_skipped(const struct tg_result *result)
{
    char text[32];
    for (size_t i = 0; i < tg_result_resource_count(result); i++) {
        const struct tg_resource_info *resource = tg_result_resource(result, i);
        if (resource->files_skipped > 0)
            printf("%s: %s file%s skipped unread: the cursor has no need of %s.\n", resource->name,
                   format_count(resource->files_skipped, text),
                   resource->files_skipped == 1 ? "" : "s",
                   resource->files_skipped == 1 ? "it" : "them");
    }
}

static void print_summary(const struct tg_pipeline *pipeline, const struct tg_result *result)
{
    char text[32];
    uint64_t rows_read = total(result, READ), rows_rejected = total(result, REJECTED),
             rows_waiting = total(result, WAITING);
    print_result_tables(result);
    printf("\n");
    print_reasons(result);
    print_result_warnings(result, stdout);
    if (rows_rejected > 0)
        printf("Rejected rows are in the table _tidegate_rejects, with the reason for each: %s.\n",
               format_count(rows_rejected, text));
    if (rows_waiting > 0)
        printf("Rows wait for a later run, for transactions that are open at the source: %s.\n",
               format_count(rows_waiting, text));
    print_skipped(result);
    if (tg_result_settled_count(result))
        printf("%zu load%s of an earlier run, sealed but not yet written, went in first.\n",
               tg_result_settled_count(result), tg_result_settled_count(result) == 1 ? "" : "s");
    if (has_news(result))
        printf("Load %s is in dataset '%s' of %s\n", tg_result_load_id(result),
               tg_result_dataset(result), tg_pipeline_destination(pipeline));
    else
        printf("Nothing new for dataset '%s' of %s\n", tg_result_dataset(result),
               tg_pipeline_destination(pipeline));
    double rate = tg_result_seconds(result) > 0 ? (double)rows_read / tg_result_seconds(result) : 0;
    printf("%s rows read in %.2f s", format_count(rows_read, text), tg_result_seconds(result));
    printf(" (%s rows/s)\n", format_count((uint64_t)rate, text));
}

/* ---- the same for programs: one object in one line ---- */

static void print_json_table(const struct tg_result *result, size_t index)
{
    const struct tg_table_info *table = tg_result_table(result, index);
    print_json_field("table", table->name);
    print_json_field("resource", table->resource);
    printf("\"nested\":%s", table->nested ? "true" : "false");
    for (size_t column = 0; column < COUNT_COLUMNS; column++)
        printf(",\"%s\":%" PRIu64, count_titles[column], table_count(table, column));
    for (size_t i = 0; i < REASON_COUNT; i++)
        printf(",\"%s\":%" PRIu64, reasons[i].key, reason_count(table, i));
}

static void print_json_resource(const struct tg_result *result, size_t index)
{
    const struct tg_resource_info *resource = tg_result_resource(result, index);
    print_json_field("resource", resource->name);
    print_json_field("table", resource->table);
    printf("\"read\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"files_skipped\":%" PRIu64
           ",\"seconds\":%.3f",
           resource->rows_read, resource->bytes_read, resource->files_skipped, resource->seconds);
}

static void print_json_change(const struct tg_result *result, size_t index)
{
    const struct tg_schema_change *change = tg_result_change(result, index);
    if (change->column) {
        print_json_field("column", change->column);
        print_json_field("data_type", change->data_type);
    }
    printf("\"table\":");
    print_json_text(change->table, stdout);
}

static void print_json_file(const struct tg_result *result, size_t index)
{
    const struct tg_file_info *file = tg_result_file(result, index);
    print_json_field("resource", file->resource);
    print_json_field("path", file->path);
    printf("\"bytes\":%" PRIu64 ",\"rows\":%" PRIu64, file->bytes, file->rows);
}

static void print_json_list(const char *key, const struct tg_result *result,
                            size_t (*count)(const struct tg_result *result),
                            void (*print)(const struct tg_result *result, size_t index))
{
    printf("\"%s\":[", key);
    for (size_t i = 0; i < count(result); i++) {
        fputs(i ? ",{" : "{", stdout);
        print(result, i);
        putchar('}');
    }
    fputs("],", stdout);
}

void print_json_tables(const struct tg_result *result)
{
    print_json_list("tables", result, tg_result_table_count, print_json_table);
}

static void print_json(const struct tg_pipeline *pipeline, const struct tg_result *result)
{
    putchar('{');
    print_json_field("load_id", tg_result_load_id(result));
    print_json_field("destination", tg_pipeline_destination(pipeline));
    print_json_field("dataset", tg_result_dataset(result));
    print_json_field("schema", tg_result_schema(result));
    printf("\"seconds\":%.3f,\"phases\":{", tg_result_seconds(result));
    for (int phase = TG_PHASE_SETTLE; phase < TG_PHASE_DONE; phase++)
        printf("%s\"%s\":%.3f", phase ? "," : "", phase_name((enum tg_phase)phase),
               tg_result_phase_seconds(result, (enum tg_phase)phase));
    printf("},\"settled\":%zu,", tg_result_settled_count(result));
    print_json_tables(result);
    print_json_list("resources", result, tg_result_resource_count, print_json_resource);
    print_json_list("schema_changes", result, tg_result_change_count, print_json_change);
    print_json_list("files", result, tg_result_file_count, print_json_file);
    print_json_warnings(result);
}

static int run_loaded(struct tg_pipeline *pipeline, const struct tg_window_options *window,
                      struct progress *progress, bool json)
{
    struct tg_error err = {0};
    struct tg_result *result = NULL;
    cancel_on_signals(pipeline);
    int rc = window->from ? tg_pipeline_run_window(pipeline, window, &result, &err)
                          : tg_pipeline_run(pipeline, &result, &err);
    cancel_on_signals(NULL);
    progress_free(progress);
    if (rc && json)
        print_json_failure(&err, result);
    if (rc)
        print_result_warnings(result, stderr);
    else if (json)
        print_json(pipeline, result);
    else
        print_summary(pipeline, result);
    tg_result_free(result);
    return rc ? fail(&err) : 0;
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
    return *out != TG_REFRESH_NONE
               ? 0
               : fail_usage(call->command,
                            "'%s' is no way to refresh; choose drop_sources, drop_resources or "
                            "drop_data",
                            word);
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

static int run_run(const struct call *call)
{
    const char *mode = call_flag(call, "--progress");
    const char *contract = call_flag(call, "--schema-contract");
    struct progress *progress = progress_new(mode ? mode : "auto");
    if (!progress)
        return fail_usage(call->command,
                          "'%s' is no way to show progress; choose auto, plain, json or none",
                          mode);
    struct tg_pipeline_options options = {
        TG_PIPELINE_OPTIONS_INIT,
        .workdir = call_flag(call, "--workdir"),
        .select = call_flag(call, "--select"),
        .memory = call_flag(call, "--memory"),
        .full_refresh = call_flag(call, "--full-refresh") != NULL,
        .accept_limits = call_flag(call, "--accept-limits") != NULL,
        .accept = call_accept(call),
        .user = progress,
        .progress = progress_show,
    };
    struct tg_window_options window = {TG_WINDOW_OPTIONS_INIT};
    int wrong = call_refresh(call, &options.refresh);
    wrong = wrong ? wrong : call_window(call, &window);
    if (wrong) {
        progress_free(progress);
        return wrong;
    }
    if (contract && !parse_contract(contract, &options.schema_contract)) {
        progress_free(progress);
        return fail_usage(call->command,
                          "'%s' is no schema contract; write evolve, freeze, discard_row or "
                          "discard_value, or one for each: "
                          "tables=evolve,columns=freeze,data_type=discard_value",
                          contract);
    }
    int code = 0;
    struct tg_pipeline *pipeline = open_watched(call, &options, progress, &code);
    if (pipeline)
        code = run_loaded(pipeline, &window, progress, call_flag(call, "--json") != NULL);
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
               "`tidegate plan SPEC --rows` says beforehand what it would do.",
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
              {"--workdir", "DIR", "working directory; default: .tidegate beside the spec"},
              {"--memory", "SIZE", "memory budget, like 256MiB (default) or 1GiB"},
              {"--json", NULL, "the summary, or the error, for programs: one object"},
              {"--progress", "HOW", "auto (default), plain, json or none; on standard error"}},
    .run = run_run,
};
