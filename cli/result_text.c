/*
 * What a run did, for people: a table of counts, and sentences.
 *
 *   print_result_text -> print_result_tables -> sentences: why rows were left out, warnings, what
 *   waits -> where the load is, and how fast
 *
 * The same for programs is result_json.c's.
 */
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

/* ---- a line per table, columns as wide as they must be ---- */

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
        int len = (int)text_columns(table->name) + table_indent(table);
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
        printf("%*s%s%*s", indent, "", table->name,
               name_width - indent - (int)text_columns(table->name), "");
        for (size_t column = 0; column < COUNT_COLUMNS; column++)
            if (widths[column] > 0)
                printf("  %*s", widths[column], count_text(table, column, text));
        printf("\n");
    }
}

/* ---- why the cursor left rows out ---- */

enum { BELOW_START, ABOVE_END, DEDUPLICATED, NULL_CURSOR, LATE, REASON_COUNT };

static const char *const reasons[REASON_COUNT] = {
    [BELOW_START] = "before the start",
    [ABOVE_END] = "beyond the end",
    [DEDUPLICATED] = "loaded before",
    [NULL_CURSOR] = "without a cursor value",
    [LATE] = "too late",
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
                   reasons[reason]);
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

/* ---- what the schema has learnt ---- */

enum { NAMED = 8, CHANGES = 12 }; /* in a terminal; elsewhere all are */

/* Names in one line, of which a terminal gets so many. */
struct names {
    size_t count, most;
};

static void name_next(struct names *names, const char *before, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void name_next(struct names *names, const char *before, const char *format, ...)
{
    va_list args;
    if (names->count++ >= names->most)
        return;
    fputs(names->count == 1 ? before : ", ", stdout);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
}

static void end_names(const struct names *names)
{
    if (names->count > names->most)
        printf(" and %zu more", names->count - names->most);
    if (names->count > 0)
        printf(".\n");
}

/* A line of all tables that are new; their columns are counted. */
static void print_new_tables(const struct tg_result *result, size_t most)
{
    struct names names = {.most = most};
    for (size_t i = 0; i < tg_result_change_count(result); i++) {
        const struct tg_schema_change *change = tg_result_change(result, i), *next;
        size_t columns = 0;
        if (change->column)
            continue;
        while ((next = tg_result_change(result, i + 1 + columns)) && next->column &&
               strcmp(next->table, change->table) == 0)
            columns++;
        name_next(&names, "New tables: ", "%s (%zu column%s)", change->table, columns,
                  columns == 1 ? "" : "s");
    }
    end_names(&names);
}

static void print_change(const struct tg_schema_change *change)
{
    printf("Table %s: ", change->table);
    if (change->type_before)
        printf("column %s is %s now, it was %s.\n", change->column, change->type,
               change->type_before);
    else if (change->variant_of && *change->variant_of)
        printf("new column %s (%s), for values of %s that have another type.\n", change->column,
               change->type, change->variant_of);
    else
        printf("new column %s (%s).\n", change->column, change->type);
}

/* Of tables that were there before. */
static void print_new_columns(const struct tg_result *result, size_t most)
{
    size_t count = 0;
    const char *made = ""; /* the last table that is new: its columns have been counted */
    for (size_t i = 0; i < tg_result_change_count(result); i++) {
        const struct tg_schema_change *change = tg_result_change(result, i);
        if (!change->column)
            made = change->table;
        else if (strcmp(made, change->table) != 0 && count++ < most)
            print_change(change);
    }
    if (count > most)
        printf("... and %zu more changes of columns: --json has all of them.\n", count - most);
}

static void print_changes(const struct tg_result *result)
{
    const bool cut = isatty(STDOUT_FILENO);
    print_new_tables(result, cut ? NAMED : SIZE_MAX);
    print_new_columns(result, cut ? CHANGES : SIZE_MAX);
}

/* ---- what was rejected, and what was read again ---- */

static void print_rejects(const struct tg_result *result)
{
    char text[32];
    const size_t most = isatty(STDOUT_FILENO) ? CHANGES : SIZE_MAX;
    for (size_t i = 0; i < tg_result_reject_count(result) && i < most; i++) {
        const struct tg_reject_info *reject = tg_result_reject(result, i);
        printf("Rejected for %s: %s row%s; the first: ", reject->table,
               format_count(reject->rows, text), reject->rows == 1 ? "" : "s");
        print_visible(reject->reason, SIZE_MAX, stdout);
        fputs(reject->place[0] ? " (" : "", stdout);
        print_visible(reject->place, SIZE_MAX, stdout);
        fputs(reject->place[0] ? ").\n" : ".\n", stdout);
    }
}

/* Of those that were loaded again whole a warning tells. */
static void print_grown(const struct tg_result *result)
{
    struct names names = {.most = isatty(STDOUT_FILENO) ? NAMED : SIZE_MAX};
    for (size_t i = 0; i < tg_result_file_count(result); i++)
        if (tg_result_file(result, i)->news == TG_FILE_GROWN)
            name_next(&names, "Read on, in files that have grown: ", "%s",
                      tg_result_file(result, i)->path);
    end_names(&names);
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

void print_result_text(const struct tg_pipeline *pipeline, const struct tg_result *result)
{
    char text[32];
    uint64_t rows_read = total(result, READ), rows_rejected = total(result, REJECTED),
             rows_waiting = total(result, WAITING);
    print_result_tables(result);
    printf("\n");
    print_reasons(result);
    print_changes(result);
    print_grown(result);
    print_result_warnings(result, stdout);
    print_rejects(result);
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
