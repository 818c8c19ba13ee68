/*
 * What a run did, for people: a table of counts, and sentences.
 *
 *   print_result_text -> print_result_tables -> sentences: why rows were left out, warnings, what
 *   waits -> where the load is, and how fast
 *
 * The same for programs is result_json.c's.
 */
#include <stdlib.h>
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
    for (size_t column = COUNT_COLUMNS; column-- > UPDATED && line > LINE_WIDTH;) {
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
        print_sentence(out, "Warning: %s", tg_result_warning(result, i));
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

enum { NAMED = 8, LINES = 12, INDENT = 4 }; /* in a terminal; elsewhere all are told */

static size_t most_of(size_t most)
{
    return isatty(STDOUT_FILENO) ? most : SIZE_MAX;
}

/* A sentence that is put together: a line, which a terminal gets in words that are not broken. */
struct sentence {
    FILE *out;
    char *text;
    size_t len;
    size_t count, most; /* names in it, of which so many are told */
};

/* False: no memory for it, so nothing is told. */
static bool begin(struct sentence *sentence, const char *words)
{
    *sentence = (struct sentence){.most = most_of(NAMED)};
    sentence->out = open_memstream(&sentence->text, &sentence->len);
    if (sentence->out)
        fputs(words, sentence->out);
    return sentence->out != NULL;
}

/* Before each name; false: it is one too many. */
static bool has_room(struct sentence *sentence)
{
    if (sentence->count++ >= sentence->most)
        return false;
    fputs(sentence->count > 1 ? ", " : "", sentence->out);
    return true;
}

static void end(struct sentence *sentence)
{
    if (sentence->count > sentence->most)
        fprintf(sentence->out, " and %zu more", sentence->count - sentence->most);
    fputc('.', sentence->out);
    if (fclose(sentence->out) == 0 && isatty(STDOUT_FILENO)) {
        print_wrapped(sentence->text, 0, INDENT);
    } else if (sentence->text) {
        print_visible(sentence->text, SIZE_MAX, stdout);
        putchar('\n');
    }
    free(sentence->text);
}

static void drop(struct sentence *sentence)
{
    fclose(sentence->out);
    free(sentence->text);
}

static size_t count_columns(const struct tg_result *result, size_t table)
{
    size_t columns = 0;
    const struct tg_schema_change *change = tg_result_change(result, table), *next;
    while ((next = tg_result_change(result, table + 1 + columns)) && next->column &&
           strcmp(next->table, change->table) == 0)
        columns++;
    return columns;
}

/* All in one sentence; their columns are counted. */
static void print_new_tables(const struct tg_result *result)
{
    struct sentence sentence;
    if (!begin(&sentence, "New tables: "))
        return;
    for (size_t i = 0; i < tg_result_change_count(result); i++) {
        const struct tg_schema_change *change = tg_result_change(result, i);
        const size_t columns = count_columns(result, i);
        if (!change->column && has_room(&sentence))
            fprintf(sentence.out, "%s (%zu column%s)", change->table, columns, plural(columns));
    }
    (sentence.count > 0 ? end : drop)(&sentence);
}

static void print_change(const struct tg_schema_change *change)
{
    struct sentence sentence;
    if (!begin(&sentence, "Table "))
        return;
    fprintf(sentence.out, "%s: ", change->table);
    if (change->type_before)
        fprintf(sentence.out, "column %s is %s now, it was %s", change->column, change->type,
                change->type_before);
    else
        fprintf(sentence.out, "new column %s (%s)", change->column, change->type);
    if (change->variant_of && *change->variant_of)
        fprintf(sentence.out, ", for values of %s that have another type", change->variant_of);
    end(&sentence);
}

/* Of tables that were there before. */
static void print_new_columns(const struct tg_result *result)
{
    size_t count = 0;
    const size_t most = most_of(LINES);
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

/* ---- what was rejected, and what was read again ---- */

static void print_reject(const struct tg_reject_info *reject)
{
    char text[32];
    struct sentence sentence;
    if (!begin(&sentence, "Rejected for "))
        return;
    fprintf(sentence.out, "%s: %s row%s; the first: %s%s%s%s", reject->table,
            format_count(reject->rows, text), plural(reject->rows), reject->reason,
            reject->place[0] ? " (" : "", reject->place, reject->place[0] ? ")" : "");
    end(&sentence);
}

static void print_rejects(const struct tg_result *result)
{
    const size_t count = tg_result_reject_count(result), most = most_of(LINES);
    for (size_t i = 0; i < count && i < most; i++)
        print_reject(tg_result_reject(result, i));
    if (count > most)
        printf("... and for %zu more tables: --json has all of them.\n", count - most);
}

/* Of those that were loaded again whole a warning tells. */
static void print_grown(const struct tg_result *result)
{
    struct sentence sentence;
    if (!begin(&sentence, "Read on, in files that have grown: "))
        return;
    for (size_t i = 0; i < tg_result_file_count(result); i++)
        if (tg_result_file(result, i)->news == TG_FILE_GROWN && has_room(&sentence))
            fputs(tg_result_file(result, i)->path, sentence.out);
    (sentence.count > 0 ? end : drop)(&sentence);
}

/* They are neither read nor filtered. */
static void print_skipped(const struct tg_result *result)
{
    char text[32];
    for (size_t i = 0; i < tg_result_resource_count(result); i++) {
        const struct tg_resource_info *resource = tg_result_resource(result, i);
        if (resource->files_skipped > 0)
            printf("%s: %s file%s skipped unread: the cursor has no need of %s.\n", resource->name,
                   format_count(resource->files_skipped, text), plural(resource->files_skipped),
                   resource->files_skipped == 1 ? "it" : "them");
    }
}

void print_result_text(const struct tg_pipeline *pipeline, const struct tg_result *result)
{
    char text[32], environment[ENVIRONMENT_BYTES];
    format_environment(pipeline, environment);
    uint64_t rows_read = total(result, READ), rows_rejected = total(result, REJECTED),
             rows_waiting = total(result, WAITING);
    print_result_tables(result);
    printf("\n");
    print_reasons(result);
    print_new_tables(result);
    print_new_columns(result);
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
               tg_result_settled_count(result), plural(tg_result_settled_count(result)));
    if (has_news(result))
        print_sentence(stdout, "Load %s is in dataset '%s' of %s%s", tg_result_load_id(result),
                       tg_result_dataset(result), tg_pipeline_destination(pipeline), environment);
    else
        print_sentence(stdout, "Nothing new for dataset '%s' of %s%s", tg_result_dataset(result),
                       tg_pipeline_destination(pipeline), environment);
    double rate = tg_result_seconds(result) > 0 ? (double)rows_read / tg_result_seconds(result) : 0;
    printf("%s row%s read in %.2f s", format_count(rows_read, text), plural(rows_read),
           tg_result_seconds(result));
    printf(" (%s rows/s)\n", format_count((uint64_t)rate, text));
}
