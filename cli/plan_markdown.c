/*
 * A plan as a comment on a pull request: what matters at a glance, the rest collapsed.
 *
 *   print_plan_markdown -> limits, resources, rows, schema, samples, SQL
 *
 * What comes from the data is escaped character by character: it must not become a table's cell, a
 * link, a mention or a tag. SQL stands between more backticks than it has in a row.
 */
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "cli.h"

/* A character that turns the text around it, or ends a line: the bytes of it, or 0. */
static size_t is_unseen(const char *text)
{
    static const char *const unseen[] = {
        "\u200e", "\u200f", "\u2028", "\u2029", "\u202a", "\u202b", "\u202c",
        "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069",
    };
    for (size_t i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++)
        if (strncmp(text, unseen[i], strlen(unseen[i])) == 0)
            return strlen(unseen[i]);
    return 0;
}

/* "\x0a"; returns how many. */
static size_t print_bytes(const char *text, size_t count)
{
    count = count > 0 ? count : 1;
    for (size_t i = 0; i < count; i++)
        printf("\\x%02x", (unsigned char)text[i]);
    return count;
}

/* As it is, whatever it holds. GitHub makes links of `www.`, and formulas of what stands between
 * dollars, which an entity would not stop. */
static void print_safe(const char *text)
{
    const char *start = text;
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        bool is_link = c == '.' && text - start >= 3 && strncasecmp(text - 3, "www", 3) == 0;
        if (c < 0x20 || c == 0x7f || is_unseen(text))
            text += print_bytes(text, is_unseen(text)) - 1;
        else if (c == '$')
            fputs("<span>$</span>", stdout);
        else if (is_link || strchr("&<>|*_`[]\\~@#!:", c))
            printf("&#%d;", c);
        else
            putchar(c);
    }
}

static void print_value(const char *text)
{
    if (text)
        print_safe(text);
    else
        fputs("*NULL*", stdout);
}

static void begin_details(const char *summary, const char *of, uint64_t count)
{
    printf("\n<details><summary>%s%s", summary, of ? " " : "");
    print_safe(of ? of : "");
    if (count > 0)
        printf(" (%" PRIu64 ")", count);
    fputs("</summary>\n\n", stdout);
}

static void end_details(void)
{
    fputs("\n</details>\n", stdout);
}

static void print_excesses(const struct tg_plan *plan)
{
    char found[32], allowed[32];
    for (size_t i = 0; i < tg_plan_excess_count(plan); i++) {
        const struct tg_plan_excess *excess = tg_plan_excess(plan, i);
        fputs("> **Over the limit:** ", stdout);
        print_safe(excess->what);
        printf("; `%s%s` allows %s, not %s.\n>\n", plan_limit_of(excess), excess->limit,
               format_count(excess->allowed, allowed), format_count(excess->found, found));
    }
    fputs(tg_plan_excess_count(plan) ? "\n" : "", stdout);
}

static void print_resources(const struct tg_plan *plan)
{
    fputs("| resource | table | written as | cursor | rows from | to before |\n"
          "| --- | --- | --- | --- | --- | --- |\n",
          stdout);
    for (size_t i = 0; i < tg_plan_resource_count(plan); i++) {
        const struct tg_plan_resource *resource = tg_plan_resource(plan, i);
        char way[PLAN_WAY];
        const char *cells[] = {resource->cursor, resource->start_value, resource->end_value};
        fputs("| ", stdout);
        print_safe(resource->name);
        fputs(" | ", stdout);
        print_safe(resource->table);
        fputs(" | ", stdout);
        plan_way(resource, way, sizeof(way));
        print_safe(way);
        for (size_t c = 0; c < 3; c++) {
            fputs(" | ", stdout);
            print_safe(cells[c] ? cells[c] : "");
        }
        fputs(" |\n", stdout);
    }
}

static void print_rows(const struct tg_result *result)
{
    char text[32];
    fputs("\n| table | read | new | inserted | updated | deleted | unchanged |\n"
          "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
          stdout);
    for (size_t i = 0; i < tg_result_table_count(result); i++) {
        const struct tg_table_info *table = tg_result_table(result, i);
        const uint64_t counts[] = {table->rows_read,    table->rows_new,     table->rows_inserted,
                                   table->rows_updated, table->rows_deleted, table->rows_unchanged};
        fputs("| ", stdout);
        print_safe(table->name);
        for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++)
            printf(" | %s", table->nested && c == 0 ? "" : format_count(counts[c], text));
        fputs(" |\n", stdout);
    }
}

static void print_changes(const struct tg_plan *plan)
{
    size_t count = tg_plan_change_count(plan);
    if (count == 0) {
        printf("\nThe schema does not change%s.\n",
               tg_plan_result(plan) ? "" : ", as far as is known without rows");
        return;
    }
    begin_details("Schema changes", NULL, count);
    fputs("| | table | column | type |\n| --- | --- | --- | --- |\n", stdout);
    for (size_t i = 0; i < count; i++) {
        const struct tg_plan_change *change = tg_plan_change(plan, i);
        printf("| %s | ", change->type_before ? "changed" : "added");
        print_safe(change->table);
        fputs(" | ", stdout);
        print_safe(change->column ? change->column : "");
        fputs(" | ", stdout);
        print_safe(change->type_before ? change->type_before : "");
        fputs(change->type_before ? " → " : "", stdout);
        print_safe(change->type ? change->type : "");
        fputs(" |\n", stdout);
    }
    end_details();
}

static void print_samples(const struct tg_plan *plan)
{
    static const char *const words[] = {"inserted", "updated", "deleted"};
    const char *table = NULL;
    for (size_t i = 0; i < tg_plan_sample_count(plan); i++) {
        const struct tg_plan_sample *sample = tg_plan_sample(plan, i);
        if (!table || strcmp(table, sample->table) != 0) {
            if (table)
                end_details();
            begin_details("Some rows of", sample->table, 0);
            fputs("| row | key | column | old | new |\n| --- | --- | --- | --- | --- |\n", stdout);
        }
        table = sample->table;
        printf("| %s | ", words[sample->row]);
        print_safe(sample->key);
        fputs(" | ", stdout);
        print_safe(sample->column ? sample->column : "");
        fputs(" | ", stdout);
        print_value(sample->row == TG_ROW_UPDATED ? sample->before : "");
        fputs(" | ", stdout);
        print_value(sample->row == TG_ROW_UPDATED ? sample->after : "");
        fputs(" |\n", stdout);
    }
    if (table)
        end_details();
}

static size_t most_backticks(const char *text)
{
    size_t most = 0;
    for (const char *at = text; at && (at = strchr(at, '`')); at += strspn(at, "`"))
        most = strspn(at, "`") > most ? strspn(at, "`") : most;
    return most;
}

/* One more than the most backticks in a row, three at the least. */
static int fence_width(const struct tg_plan *plan)
{
    size_t widest = 2;
    for (size_t i = 0; i < tg_plan_statement_count(plan); i++) {
        const struct tg_plan_statement *statement = tg_plan_statement(plan, i);
        size_t sql = most_backticks(statement->sql), into = most_backticks(statement->into);
        widest = sql > widest ? sql : widest;
        widest = into > widest ? into : widest;
    }
    return (int)widest + 1;
}

static void print_fence(int width)
{
    for (int i = 0; i < width; i++)
        putchar('`');
}

/* What records the load is long, and always the same. */
static bool is_shown(const struct tg_plan_statement *statement)
{
    return strcmp(statement->phase, "ledger") != 0;
}

static size_t count_statements(const struct tg_plan *plan)
{
    size_t count = 0;
    for (size_t i = 0; i < tg_plan_statement_count(plan); i++)
        count += is_shown(tg_plan_statement(plan, i));
    return count;
}

static void print_statements(const struct tg_plan *plan)
{
    const char *phase = "";
    int width = fence_width(plan);
    if (count_statements(plan) == 0)
        return;
    begin_details("SQL", NULL, count_statements(plan));
    print_fence(width);
    fputs("sql\n", stdout);
    for (size_t i = 0; i < tg_plan_statement_count(plan); i++) {
        const struct tg_plan_statement *statement = tg_plan_statement(plan, i);
        if (!is_shown(statement))
            continue;
        if (strcmp(phase, statement->phase) != 0)
            printf("-- %s\n", statement->phase);
        print_plan_engine(statement);
        printf("%s;\n", statement->sql);
        phase = statement->phase;
    }
    print_fence(width);
    putchar('\n');
    end_details();
}

void print_plan_markdown(const struct tg_pipeline *pipeline, const struct tg_plan *plan)
{
    const struct tg_result *result = tg_plan_result(plan);
    fputs("### What a run would do to dataset ", stdout);
    print_safe(tg_pipeline_dataset(pipeline));
    fputs("\n\n", stdout);
    for (size_t i = 0; i < tg_plan_pending_count(plan); i++)
        printf("> Load %s of an earlier run waits: a run writes it first.\n\n",
               tg_plan_pending(plan, i));
    print_excesses(plan);
    print_resources(plan);
    if (result)
        print_rows(result);
    for (size_t i = 0; i < tg_result_warning_count(result); i++) {
        fputs("\n> **Warning:** ", stdout);
        print_safe(tg_result_warning(result, i));
        putchar('\n');
    }
    print_changes(plan);
    print_samples(plan);
    print_statements(plan);
}
