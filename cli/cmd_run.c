/*
 * tidegate run: one load, with progress on standard error and a summary table on standard output.
 *
 *   run_run (options) -> run_loaded -> tg_pipeline_run -> print_summary
 *
 * SIGINT and SIGTERM cancel the run; it then ends with 130, and nothing was written.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* "256MiB", "1GiB", "64000000"; 0: not a size. */
static uint64_t parse_bytes(const char *text)
{
    static const struct {
        const char *name;
        uint64_t factor;
    } units[] = {{"", 1},
                 {"KiB", UINT64_C(1) << 10},
                 {"MiB", UINT64_C(1) << 20},
                 {"GiB", UINT64_C(1) << 30},
                 {"kB", 1000},
                 {"MB", 1000000},
                 {"GB", 1000000000}};
    char *end = NULL;
    if (text[0] < '0' || text[0] > '9')
        return 0;
    unsigned long long number = strtoull(text, &end, 10);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strcmp(end, units[i].name) == 0)
            return number > UINT64_MAX / units[i].factor ? 0 : number * units[i].factor;
    return 0;
}

/* ---- the summary: a line per table, columns as wide as they must be ---- */

enum { COUNT_COLUMNS = 7 };

static const char *const count_titles[COUNT_COLUMNS] = {
    "read", "new", "inserted", "updated", "deleted", "filtered", "rejected"};

/* A count as it is printed; "" where it means nothing: only root rows are read and filtered. */
static const char *count_text(const struct tg_table_info *table, size_t column, char out[32])
{
    const uint64_t counts[COUNT_COLUMNS] = {
        table->rows_read,    table->rows_new,      table->rows_inserted, table->rows_updated,
        table->rows_deleted, table->rows_filtered, table->rows_rejected};
    const char *title = count_titles[column];
    if (table->nested && (strcmp(title, "read") == 0 || strcmp(title, "filtered") == 0))
        return "";
    return format_count(counts[column], out);
}

static int table_indent(const struct tg_table_info *table)
{
    return table->nested ? 2 : 0;
}

static void print_tables(const struct tg_run_info *info)
{
    char text[32];
    int name_width = (int)strlen("table"), widths[COUNT_COLUMNS];
    for (size_t i = 0; i < info->table_count; i++) {
        int len = (int)strlen(info->tables[i].name) + table_indent(&info->tables[i]);
        name_width = len > name_width ? len : name_width;
    }
    printf("%-*s", name_width, "table");
    for (size_t column = 0; column < COUNT_COLUMNS; column++) {
        widths[column] = (int)strlen(count_titles[column]);
        for (size_t i = 0; i < info->table_count; i++) {
            int len = (int)strlen(count_text(&info->tables[i], column, text));
            widths[column] = len > widths[column] ? len : widths[column];
        }
        printf("  %*s", widths[column], count_titles[column]);
    }
    printf("\n");
    for (size_t i = 0; i < info->table_count; i++) {
        const struct tg_table_info *table = &info->tables[i];
        int indent = table_indent(table);
        printf("%*s%-*s", indent, "", name_width - indent, table->name);
        for (size_t column = 0; column < COUNT_COLUMNS; column++)
            printf("  %*s", widths[column], count_text(table, column, text));
        printf("\n");
    }
}

static void print_summary(const struct tg_pipeline *pipeline, const struct tg_run_info *info)
{
    char text[32];
    uint64_t rows_read = 0;
    for (size_t i = 0; i < info->table_count; i++)
        rows_read += info->tables[i].rows_read;
    print_tables(info);
    printf("\n");
    if (info->settled_count)
        printf("%zu load%s of an earlier run, sealed but not yet written, went in first.\n",
               info->settled_count, info->settled_count == 1 ? "" : "s");
    if (info->load_id[0])
        printf("Load %s is in dataset '%s' of %s: ", info->load_id, info->dataset,
               tg_pipeline_destination(pipeline));
    else
        printf("Nothing new for dataset '%s' of %s: ", info->dataset,
               tg_pipeline_destination(pipeline));
    double rate = info->seconds > 0 ? (double)rows_read / info->seconds : 0;
    printf("%s rows read in %.2f s", format_count(rows_read, text), info->seconds);
    printf(" (%s rows/s)\n", format_count((uint64_t)rate, text));
}

static int run_loaded(struct tg_pipeline *pipeline, struct progress *progress)
{
    struct tg_error err = {0};
    struct tg_run_info info = {0};
    cancel_on_signals(pipeline);
    int rc = tg_pipeline_run(pipeline, &info, &err);
    cancel_on_signals(NULL);
    progress_free(progress);
    if (rc)
        return fail(&err);
    print_summary(pipeline, &info);
    tg_run_info_release(&info);
    return 0;
}

static int run_run(const struct call *call)
{
    struct tg_error err = {0};
    struct tg_pipeline *pipeline = NULL;
    const char *mode = call_flag(call, "--progress"), *memory = call_flag(call, "--memory");
    struct progress *progress = progress_new(mode ? mode : "auto");
    if (!progress)
        return fail_usage(call->command,
                          "'%s' is no way to show progress; choose auto, plain, json or none",
                          mode);
    struct tg_pipeline_options options = {
        .workdir = call_flag(call, "--workdir"),
        .select = call_flag(call, "--select"),
        .full_refresh = call_flag(call, "--full-refresh") != NULL,
        .user = progress,
        .progress = progress_show,
    };
    if (memory && !(options.memory_bytes = parse_bytes(memory))) {
        progress_free(progress);
        return fail_usage(call->command, "'%s' is no size; write it like 256MiB", memory);
    }
    if (tg_pipeline_open(&pipeline, call->arguments[0], &options, &err)) {
        progress_free(progress);
        return fail(&err);
    }
    int code = run_loaded(pipeline, progress);
    tg_pipeline_free(pipeline);
    return code;
}

const struct command command_run = {
    .name = "run",
    .summary = "Load everything new, once",
    .details = "Rows, cursor, schema and the record of the load commit in one transaction, or not "
               "at all. A run that was\n"
               "killed is put right by the next one.",
    .arguments = {{"SPEC", false, "the spec file"}},
    .flags = {{"--select", "NAMES", "only these resources, separated by commas"},
              {"--full-refresh", NULL,
               "forget the cursors and replace the tables of the selected resources"},
              {"--workdir", "DIR", "working directory; default: .tidegate beside the spec"},
              {"--memory", "SIZE", "memory budget, like 256MiB (default) or 1GiB"},
              {"--progress", "HOW", "auto (default), plain, json or none; on standard error"}},
    .run = run_run,
};
