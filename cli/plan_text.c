/*
 * A plan for people: at most 80 columns wide.
 *
 *   print_plan_text -> what comes first, resources, schema changes, rows, samples, limits, SQL
 *
 * SQL is broken where a blank stands outside of quotes, so that it stays what it is. Names and
 * cells are clipped where lines would not fit.
 */
#include <string.h>

#include "cli.h"

enum { WIDTH = 80, NAME_MAX_WIDTH = 28, CELL_MAX_WIDTH = 20 };

/* ---- text in columns ---- */

/* Clipped, and filled up to the width. */
static void print_padded(const char *text, size_t width)
{
    size_t used = print_visible(text, width, stdout);
    printf("%*s", (int)(width - used), "");
}

/* ---- resources ---- */

void plan_way(const struct tg_plan_resource *resource, char *out, size_t size)
{
    const char *strategy = resource->strategy, *key = resource->primary_key;
    const char *group = resource->merge_key;
    snprintf(out, size, "%s%s%s%s%s%.200s%s%s%.200s", resource->write_disposition,
             strategy ? " (" : "", strategy ? strategy : "", strategy ? ")" : "", key ? " by " : "",
             key ? key : "", key && group ? "," : "", group ? " in groups of " : "",
             group ? group : "");
}

static void print_window(const struct tg_plan_resource *resource, bool is_asked)
{
    char line[400];
    const char *start = resource->start_value, *end = resource->end_value;
    const char *why = is_asked                 ? "as it is asked for"
                      : resource->stored_value ? "where the last load has ended"
                                               : "the initial_value";
    if (!resource->cursor)
        return;
    if (!start)
        snprintf(line, sizeof(line), "cursor %.80s: all rows, from the beginning",
                 resource->cursor);
    else
        snprintf(line, sizeof(line), "cursor %.80s: rows %s %.100s, %s%s%.100s", resource->cursor,
                 resource->descends ? "down from" : "from", start, why, end ? ", to before " : "",
                 end ? end : "");
    fputs("  ", stdout);
    print_wrapped(line, 2, 4);
}

static void print_resource(const struct tg_plan *plan, const struct tg_plan_resource *resource)
{
    char way[PLAN_WAY], line[PLAN_WAY + 600];
    const bool renamed = strcmp(resource->name, resource->table) != 0;
    plan_way(resource, way, sizeof(way));
    snprintf(line, sizeof(line), "%.200s: %s%s%.200s", resource->name, way,
             renamed ? ", into table " : "", renamed ? resource->table : "");
    print_wrapped(line, 0, 4);
    print_window(resource, tg_plan_window_count(plan) > 0);
    if (resource->files_skipped > 0)
        printf("  %s file%s skipped unread: the cursor has no need of %s\n",
               format_count(resource->files_skipped, line), plural(resource->files_skipped),
               resource->files_skipped == 1 ? "it" : "them");
    if (resource->replaces)
        fputs("  all that is there goes\n", stdout);
    if (!tg_plan_result(plan) && !resource->columns_known)
        fputs("  its columns are known when rows are read: see --rows\n", stdout);
}

/* ---- windows ---- */

/* The first and the last ones of very many. */
static void print_parts(const struct tg_plan *plan)
{
    enum { AT_EACH_END = 10 };
    const size_t count = tg_plan_window_count(plan);
    for (size_t i = 0; i < count; i++) {
        const struct tg_plan_window *window = tg_plan_window(plan, i);
        if (i == AT_EACH_END && count > 2 * AT_EACH_END + 1) {
            i = count - AT_EACH_END - 1;
            printf("  ... %zu more (--json has them)\n", count - 2 * (size_t)AT_EACH_END);
            continue;
        }
        fputs("  ", stdout);
        print_padded(window->from, CELL_MAX_WIDTH);
        fputs("  ", stdout);
        print_padded(window->to, CELL_MAX_WIDTH);
        fputs("  ", stdout);
        print_padded(window->state, 7);
        fputs("  ", stdout);
        print_visible(window->resource, NAME_MAX_WIDTH - 2, stdout);
        putchar('\n');
    }
}

static void print_windows(const struct tg_plan *plan)
{
    char text[32];
    size_t due = 0;
    bool waits = false;
    for (size_t i = 0; i < tg_plan_window_count(plan); i++) {
        due += strcmp(tg_plan_window(plan, i)->state, "due") == 0;
        waits |= strcmp(tg_plan_window(plan, i)->state, "planned") == 0;
    }
    if (tg_plan_window_count(plan) == 0)
        return;
    printf("\nWindows: %s would be loaded\n", format_count(due, text));
    print_parts(plan);
    if (waits)
        puts("What is planned is a backfill's that is not done; another one does it first.");
}

/* ---- the schema ---- */

/* "BIGINT -> DOUBLE" */
static size_t type_width(const struct tg_plan_change *change)
{
    size_t before = change->type_before ? strlen(change->type_before) + 4 : 0;
    return before + (change->type ? strlen(change->type) : 0);
}

/* What the types leave, and never less than what tells one from another. */
static size_t name_width(const struct tg_plan *plan)
{
    enum { LEAST = 24, BESIDE = 6 };
    size_t width = 0, types = 0;
    for (size_t i = 0; i < tg_plan_change_count(plan); i++) {
        const struct tg_plan_change *change = tg_plan_change(plan, i);
        size_t dotted = strlen(change->table) + 1;
        size_t len =
            change->column ? strlen(change->column) + (change->is_new_table ? 2 : dotted) : 0;
        width = len > width ? len : width;
        types = type_width(change) > types ? type_width(change) : types;
    }
    size_t room = types + LEAST + BESIDE < WIDTH ? WIDTH - BESIDE - types : LEAST;
    return width < room ? width : room;
}

static void put_name(const char *text)
{
    print_visible(text, WIDTH, stdout);
}

static void print_change(const struct tg_plan_change *change, size_t width)
{
    char name[300];
    if (!change->column) {
        fputs("  + ", stdout);
        print_visible(change->table, WIDTH - 4, stdout);
        putchar('\n');
        return;
    }
    snprintf(name, sizeof(name), "%s%s%s", change->is_new_table ? "  " : change->table,
             change->is_new_table ? "" : ".", change->column);
    printf("  %c ", change->is_new_table ? ' ' : change->type_before ? '~' : '+');
    print_padded(name, width);
    fputs("  ", stdout);
    put_name(change->type_before ? change->type_before : "");
    fputs(change->type_before ? " -> " : "", stdout);
    put_name(change->type);
    putchar('\n');
}

static void print_changes(const struct tg_plan *plan)
{
    size_t width = name_width(plan);
    if (tg_plan_change_count(plan) == 0) {
        fputs(tg_plan_result(plan)
                  ? "\nThe schema does not change.\n"
                  : "\nThe schema does not change, as far as is known without rows.\n",
              stdout);
        return;
    }
    fputs("\nSchema changes: + added, ~ of another type\n", stdout);
    for (size_t i = 0; i < tg_plan_change_count(plan); i++)
        print_change(tg_plan_change(plan, i), width);
}

/* ---- samples ---- */

static bool same_row(const struct tg_plan_sample *a, const struct tg_plan_sample *b)
{
    return a && a->row == b->row && strcmp(a->table, b->table) == 0 && strcmp(a->key, b->key) == 0;
}

static void print_cell(const struct tg_plan_sample *sample, bool is_first)
{
    fputs("  ", stdout);
    print_padded(is_first ? sample->key : "", CELL_MAX_WIDTH - 6);
    fputs("  ", stdout);
    print_padded(sample->column, CELL_MAX_WIDTH - 2);
    fputs("  ", stdout);
    print_visible(sample->before ? sample->before : "NULL", CELL_MAX_WIDTH - 1, stdout);
    fputs(" -> ", stdout);
    print_visible(sample->after ? sample->after : "NULL", CELL_MAX_WIDTH - 1, stdout);
    putchar('\n');
}

static void print_key(const struct tg_plan_sample *sample)
{
    printf("  %s ", sample->row == TG_ROW_INSERTED ? "+" : "-");
    print_visible(sample->key, WIDTH - 4, stdout);
    putchar('\n');
}

static void print_samples(const struct tg_plan *plan)
{
    const struct tg_plan_sample *last = NULL;
    for (size_t i = 0; i < tg_plan_sample_count(plan); i++) {
        const struct tg_plan_sample *sample = tg_plan_sample(plan, i);
        if (!last || strcmp(last->table, sample->table) != 0) {
            fputs("\nSome rows of ", stdout);
            print_visible(sample->table, NAME_MAX_WIDTH, stdout);
            fputs(": old -> new, + inserted, - deleted\n", stdout);
        }
        if (sample->row == TG_ROW_UPDATED)
            print_cell(sample, !same_row(last, sample));
        else
            print_key(sample);
        last = sample;
    }
}

/* ---- SQL ---- */

/* The next piece that must stay in one line: up to a blank outside of quotes. */
static size_t piece_len(const char *sql)
{
    char quote = 0;
    size_t len = 0;
    for (; sql[len] && (quote || (sql[len] != ' ' && sql[len] != '\n')); len++) {
        if (quote && sql[len] == quote)
            quote = 0;
        else if (!quote && (sql[len] == '\'' || sql[len] == '"'))
            quote = sql[len];
    }
    return len;
}

static void print_sql(const char *sql)
{
    size_t at = 0;
    bool begins = true; /* a line of the statement */
    while (*sql) {
        size_t len = piece_len(sql);
        if (!begins && at + 1 + len >= WIDTH)
            at = (size_t)printf("\n    ") - 1;
        else if (!begins)
            at += (size_t)printf(" ");
        at += (size_t)printf("%.*s", (int)len, sql);
        begins = sql[len] == '\n';
        at = begins ? 0 : at;
        fputs(begins ? "\n" : "", stdout);
        sql += len + (sql[len] != '\0');
    }
    fputs(";\n", stdout);
}

void print_plan_engine(const struct tg_plan_statement *statement)
{
    if (statement->into)
        printf("-- the embedded engine reads, the rows go into %.40s:\n", statement->into);
    else if (statement->by_engine)
        fputs("-- by the embedded engine:\n", stdout);
}

static void print_statements(const struct tg_plan *plan)
{
    size_t ledger = 0;
    const char *phase = "";
    for (size_t i = 0; i < tg_plan_statement_count(plan); i++) {
        const struct tg_plan_statement *statement = tg_plan_statement(plan, i);
        if (strcmp(statement->phase, "ledger") == 0) {
            ledger++;
            continue;
        }
        if (strcmp(phase, statement->phase) != 0)
            printf("\n-- %s\n", statement->phase);
        phase = statement->phase;
        print_plan_engine(statement);
        print_sql(statement->sql);
    }
    if (ledger > 0)
        printf("\n-- ledger: %zu statements record the load (--json has them)\n", ledger);
}

/* ---- all of it ---- */

static void print_pending(const struct tg_plan *plan)
{
    for (size_t i = 0; i < tg_plan_pending_count(plan); i++)
        printf("Load %s of an earlier run waits: a run writes it first.\n",
               tg_plan_pending(plan, i));
}

static void print_rows(const struct tg_result *result)
{
    putchar('\n');
    if (tg_result_table_count(result) > 0)
        print_result_tables(result);
    print_result_warnings(result, stdout);
}

/* "rows_deleted" is one of `limits`; one with a dot is where it says. */
const char *plan_limit_of(const struct tg_plan_excess *excess)
{
    return strchr(excess->limit, '.') ? "" : "limits.";
}

static void print_excesses(const struct tg_plan *plan)
{
    char line[1400], found[32], allowed[32];
    for (size_t i = 0; i < tg_plan_excess_count(plan); i++) {
        const struct tg_plan_excess *excess = tg_plan_excess(plan, i);
        snprintf(line, sizeof(line), "Over the limit: %.1000s; %s%s allows %s, not %s",
                 excess->what, plan_limit_of(excess), excess->limit,
                 format_count(excess->allowed, allowed), format_count(excess->found, found));
        fputs(i == 0 ? "\n" : "", stdout);
        print_wrapped(line, 0, 4);
    }
}

void print_plan_text(const struct tg_pipeline *pipeline, const struct tg_plan *plan,
                     const char *what, bool with_sql)
{
    char line[1400], environment[ENVIRONMENT_BYTES];
    snprintf(line, sizeof(line), "A %s would do this to dataset '%s' of %s%s", what,
             tg_pipeline_dataset(pipeline), tg_pipeline_destination(pipeline),
             format_environment(pipeline, environment));
    print_wrapped(line, 0, 4);
    print_pending(plan);
    putchar('\n');
    for (size_t i = 0; i < tg_plan_resource_count(plan); i++)
        print_resource(plan, tg_plan_resource(plan, i));
    print_windows(plan);
    print_changes(plan);
    if (tg_plan_result(plan))
        print_rows(tg_plan_result(plan));
    print_samples(plan);
    print_excesses(plan);
    if (with_sql)
        print_statements(plan);
    fputs("\nNothing was written.\n", stdout);
}
