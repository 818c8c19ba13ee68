/*
 * What a dataset has been through, as a page for a browser.
 *
 *   write_report -> read_all: each view that the page shows -> write_facts, write_loads (bars, and
 *   the newest ones as a table), write_tables, write_cursors, write_schema, write_rejects
 *
 * All is read before a byte is written: what cannot be read leaves no half page. Of long lists the
 * newest rows are shown, and it is said how many there are.
 */
#include "report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "html.h"
#include "grid.h"

enum {
    BARS_MAX = 60,    /* loads of the chart */
    LOADS_SHOWN = 30, /* rows of tables */
    REJECTS_SHOWN = 50,
    CHANGES_SHOWN = 50,
    ROWS_KEPT = 20000
};

struct report {
    FILE *out;
    struct tg_pipeline *pipeline;
    struct grid tables, loads, rejects, columns, cursors;
    struct grid sums; /* of all loads, also of those that are not kept */
    int64_t now;      /* seconds since 1970 */
};

/* ---- reading ---- */

static bool has_table(const struct grid *tables, const char *name)
{
    for (size_t row = 0; row < tables->row_count; row++)
        if (strcmp(grid_get(tables, row, "table"), name) == 0)
            return true;
    return false;
}

/* A query of a table of the ledger, which a dataset may have none of. */
static int read_ledger(const struct report *report, const char *table, const char *query,
                       struct grid *out, struct tg_error *err)
{
    struct ArrowArrayStream stream = {0};
    if (!has_table(&report->tables, table))
        return TG_OK;
    int rc = tg_pipeline_query(report->pipeline, query, &stream, err);
    return rc ? rc : grid_read(out, &stream, ROWS_KEPT, err);
}

static int read_all(struct report *report, struct tg_error *err)
{
    const struct {
        enum tg_show what;
        struct grid *grid;
        size_t row_max;
    } views[] = {{TG_SHOW_TABLES, &report->tables, ROWS_KEPT},
                 {TG_SHOW_LOADS, &report->loads, ROWS_KEPT},
                 {TG_SHOW_COLUMNS, &report->columns, ROWS_KEPT},
                 {TG_SHOW_REJECTS, &report->rejects, REJECTS_SHOWN}};
    for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
        struct ArrowArrayStream stream = {0};
        int rc = tg_pipeline_show(report->pipeline, views[i].what, &stream, err);
        rc = rc ? rc : grid_read(views[i].grid, &stream, views[i].row_max, err);
        if (rc)
            return rc;
    }
    int rc = read_ledger(report, "_tidegate_boundary",
                         "SELECT pipeline_name, resource_name, cursor_path, last_value "
                         "FROM _tidegate_boundary ORDER BY 1, 2, 3",
                         &report->cursors, err);
    return rc ? rc
              : read_ledger(report, "_tidegate_loads",
                            "SELECT count(DISTINCT load_id) AS loads, "
                            "CAST(sum(rows_inserted) AS BIGINT) AS inserted, "
                            "CAST(sum(rows_rejected) AS BIGINT) AS rejected FROM _tidegate_loads",
                            &report->sums, err);
}

/* ---- times ---- */

/* Seconds since 1970 of "2026-11-30T05:52:09...+01:00"; false: it is no such time. */
static bool parse_time(const char *text, int64_t *out)
{
    struct tm tm = {0};
    const char *rest = strptime(text, "%Y-%m-%d", &tm);
    if (rest && (*rest == 'T' || *rest == ' '))
        rest = strptime(rest + 1, "%H:%M:%S", &tm);
    if (rest && *rest == '.')
        rest += 1 + strspn(rest + 1, "0123456789");
    if (rest && *rest)
        rest = strptime(rest, "%z", &tm); /* Z, +01, -0230 or -02:30 */
    if (!rest || *rest)
        return false;
    const long zone = tm.tm_gmtoff; /* which timegm forgets */
    *out = (int64_t)timegm(&tm) - zone;
    return true;
}

/* "3 days", as long as it is past. */
static const char *say_age(int64_t seconds, char out[32])
{
    static const struct {
        int64_t seconds;
        const char *unit;
    } units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
    size_t i = 0;
    if (seconds < 0)
        seconds = 0;
    while (i < 3 && seconds < units[i].seconds)
        i++;
    const int64_t count = seconds / units[i].seconds;
    snprintf(out, 32, "%" PRId64 " %s%s", count, units[i].unit, plural((uint64_t)count));
    return out;
}

/* ---- the head ---- */

static void fact(const struct report *report, const char *value, const char *what)
{
    fputs("<div><b>", report->out);
    html_text(report->out, value);
    fprintf(report->out, "</b>%s</div>\n", what);
}

static void write_head(const struct report *report)
{
    char now[32];
    const time_t seconds = (time_t)report->now;
    struct tm tm;
    html_begin(report->out, tg_pipeline_dataset(report->pipeline));
    fputs("<h1>", report->out);
    html_text(report->out, tg_pipeline_dataset(report->pipeline));
    fputs("</h1>\n<p class=\"soft\">Dataset of ", report->out);
    html_text(report->out, tg_pipeline_destination(report->pipeline));
    fputs(", pipeline ", report->out);
    html_text(report->out, tg_pipeline_name(report->pipeline));
    strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &tm));
    fputs(". As it was at ", report->out);
    html_time(report->out, now);
    fputs("; all times are UTC.</p>\n", report->out);
}

static void write_facts(const struct report *report)
{
    char text[32];
    int64_t last = 0;
    const struct grid *loads = &report->loads;
    const char *newest =
        loads->row_count > 0 ? grid_get(loads, loads->row_count - 1, "created_at") : "";
    fputs("<div class=\"facts\">\n", report->out);
    fact(report, format_count(grid_number(&report->sums, 0, "loads"), text), "loads");
    fact(report, format_count(grid_number(&report->sums, 0, "inserted"), text), "rows inserted");
    fact(report, format_count(grid_number(&report->sums, 0, "rejected"), text), "rows rejected");
    if (parse_time(newest, &last))
        fact(report, say_age(report->now - last, text), "since the last load with rows");
    fputs("</div>\n", report->out);
}

/* ---- loads ---- */

/* Loads stand one behind the other, a row for each table. */
static bool begins_load(const struct grid *loads, size_t row)
{
    return row == 0 ||
           strcmp(grid_get(loads, row - 1, "load_id"), grid_get(loads, row, "load_id")) != 0;
}

/* The first row of the oldest of the last `count` loads. */
static size_t find_first(const struct grid *loads, size_t count)
{
    size_t row = loads->row_count;
    while (row > 0 && count > 0)
        count -= begins_load(loads, --row);
    return row;
}

static void write_chart(const struct report *report)
{
    struct html_bar bars[BARS_MAX] = {{0}};
    size_t count = 0;
    const struct grid *loads = &report->loads;
    for (size_t row = find_first(loads, BARS_MAX); row < loads->row_count; row++) {
        if (begins_load(loads, row))
            bars[count++].title = grid_get(loads, row, "created_at");
        for (size_t i = 0; i < SERIES; i++)
            bars[count - 1].values[i] += grid_number(loads, row, html_series[i]);
    }
    html_bars(report->out, bars, count);
    fputs("<p class=\"soft\">", report->out);
    html_time(report->out, bars[0].title);
    fputs(" to ", report->out);
    html_time(report->out, bars[count - 1].title);
    fprintf(report->out, ", the last %zu loads, rows of each.</p>\n", count);
}

/* The rows of a grid, the last ones first. */
static void write_rows(const struct report *report, const struct grid *grid,
                       const struct html_column *columns, size_t shown_max)
{
    html_table_begin(report->out, columns);
    for (size_t i = 0; i < shown_max && i < grid->row_count; i++) {
        fputs("<tr>", report->out);
        for (const struct html_column *column = columns; column->name; column++)
            html_cell(report->out, column,
                      grid_get(grid, grid->row_count - 1 - i,
                               column->column ? column->column : column->name));
        fputs("</tr>\n", report->out);
    }
    html_table_end(report->out);
    if (grid->total > shown_max)
        fprintf(report->out, "<p class=\"soft\">The newest %zu of %" PRIu64 ".</p>\n", shown_max,
                grid->total);
}

static void write_loads(const struct report *report)
{
    static const struct html_column columns[] = {{"time", "created_at", CELL_TIME},
                                                 {"table", NULL, CELL_TEXT},
                                                 {"disposition", NULL, CELL_WORD},
                                                 {"read", NULL, CELL_NUMBER},
                                                 {"inserted", NULL, CELL_NUMBER},
                                                 {"updated", NULL, CELL_NUMBER},
                                                 {"deleted", NULL, CELL_NUMBER},
                                                 {"rejected", NULL, CELL_NUMBER},
                                                 {"late", NULL, CELL_NUMBER},
                                                 {"load", "load_id", CELL_WORD},
                                                 {NULL, NULL, CELL_TEXT}};
    fputs("<h2>Loads</h2>\n", report->out);
    if (report->loads.row_count == 0) {
        fputs("<p>Nothing was loaded yet.</p>\n", report->out);
        return;
    }
    write_chart(report);
    write_rows(report, &report->loads, columns, LOADS_SHOWN);
}

/* ---- tables ---- */

static bool is_ledger(const char *table)
{
    return strncmp(table, "_dlt_", 5) == 0 || strncmp(table, "_tidegate_", 10) == 0;
}

static void write_tables(const struct report *report)
{
    uint64_t most = 1;
    const struct grid *tables = &report->tables;
    fputs("<h2>Rows by table</h2>\n", report->out);
    for (size_t row = 0; row < tables->row_count; row++) {
        const uint64_t rows = grid_number(tables, row, "rows");
        if (!is_ledger(grid_get(tables, row, "table")) && rows > most)
            most = rows;
    }
    for (size_t row = 0; row < tables->row_count; row++) {
        const char *name = grid_get(tables, row, "table");
        const uint64_t rows = grid_number(tables, row, "rows");
        if (is_ledger(name))
            continue;
        html_share(report->out, name, rows, most);
    }
}

/* ---- cursors ---- */

enum { TEXT_BYTES = 256 };

/* A value as JSON has it: a text without its quotes; one that is too long for that keeps them. */
static const char *unquote(const char *value, char out[TEXT_BYTES])
{
    const size_t len = strlen(value);
    if (len < 2 || len > TEXT_BYTES || value[0] != '"' || value[len - 1] != '"')
        return value;
    snprintf(out, TEXT_BYTES, "%.*s", (int)(len - 2), value + 1);
    return out;
}

static void write_cursors(const struct report *report)
{
    static const struct html_column columns[] = {{"pipeline", "pipeline_name", CELL_TEXT},
                                                 {"resource", "resource_name", CELL_TEXT},
                                                 {"cursor", "cursor_path", CELL_TEXT},
                                                 {"last value", NULL, CELL_TEXT},
                                                 {"age", NULL, CELL_WORD},
                                                 {NULL, NULL, CELL_TEXT}};
    const struct grid *cursors = &report->cursors;
    if (cursors->row_count == 0)
        return;
    fputs("<h2>Cursors</h2>\n", report->out);
    html_table_begin(report->out, columns);
    for (size_t row = 0; row < cursors->row_count; row++) {
        char text[TEXT_BYTES], age[32] = "";
        int64_t seconds;
        const char *value = unquote(grid_get(cursors, row, "last_value"), text);
        if (parse_time(value, &seconds))
            say_age(report->now - seconds, age);
        fputs("<tr>", report->out);
        for (size_t i = 0; i < 3; i++)
            html_cell(report->out, &columns[i], grid_get(cursors, row, columns[i].column));
        html_cell(report->out, &columns[3], value);
        html_cell(report->out, &columns[4], age);
        fputs("</tr>\n", report->out);
    }
    html_table_end(report->out);
}

/* ---- schema ---- */

static const char *time_of(const struct grid *loads, const char *load_id)
{
    for (size_t row = 0; row < loads->row_count; row++)
        if (strcmp(grid_get(loads, row, "load_id"), load_id) == 0)
            return grid_get(loads, row, "created_at");
    return "";
}

struct change {
    size_t row; /* of the columns */
    uint64_t version;
};

/* The newest version first, in it the columns as they stand. */
static int compare_changes(const void *left, const void *right)
{
    const struct change *a = left, *b = right;
    if (a->version != b->version)
        return a->version > b->version ? -1 : 1;
    return a->row < b->row ? -1 : a->row > b->row;
}

static void write_change(const struct report *report, const struct html_column *columns, size_t row)
{
    const struct grid *grid = &report->columns;
    const char *load = grid_get(grid, row, "since_load");
    fputs("<tr>", report->out);
    html_cell(report->out, &columns[0], time_of(&report->loads, load));
    for (size_t i = 1; columns[i].name; i++)
        html_cell(report->out, &columns[i],
                  grid_get(grid, row, columns[i].column ? columns[i].column : columns[i].name));
    fputs("</tr>\n", report->out);
}

static int write_schema(const struct report *report)
{
    static const struct html_column columns[] = {
        {"since", NULL, CELL_TIME},  {"table", NULL, CELL_TEXT},
        {"column", NULL, CELL_TEXT}, {"type", NULL, CELL_TEXT},
        {"hints", NULL, CELL_TEXT},  {"version", "since_version", CELL_NUMBER},
        {NULL, NULL, CELL_TEXT}};
    const struct grid *grid = &report->columns;
    struct change *changes = calloc(grid->row_count + 1, sizeof(*changes));
    if (!changes)
        return TG_NOMEM;
    for (size_t row = 0; row < grid->row_count; row++)
        changes[row] = (struct change){row, grid_number(grid, row, "since_version")};
    qsort(changes, grid->row_count, sizeof(*changes), compare_changes);
    fputs("<h2>Schema</h2>\n<p class=\"soft\">Columns, those that came last first.</p>\n",
          report->out);
    html_table_begin(report->out, columns);
    for (size_t i = 0; i < grid->row_count && i < CHANGES_SHOWN; i++)
        write_change(report, columns, changes[i].row);
    html_table_end(report->out);
    if (grid->row_count > CHANGES_SHOWN)
        fprintf(report->out,
                "<p class=\"soft\">%d of %" PRIu64 ": tidegate show SPEC columns has all.</p>\n",
                CHANGES_SHOWN, grid->total);
    free(changes);
    return TG_OK;
}

/* ---- rejects ---- */

static void write_rejects(const struct report *report)
{
    static const struct html_column columns[] = {
        {"time", "inserted_at", CELL_TIME}, {"resource", NULL, CELL_TEXT},
        {"table", NULL, CELL_TEXT},         {"column", NULL, CELL_TEXT},
        {"file", NULL, CELL_TEXT},          {"line", NULL, CELL_NUMBER},
        {"reason", NULL, CELL_TEXT},        {NULL, NULL, CELL_TEXT}};
    fputs("<h2>Rejected rows</h2>\n", report->out);
    if (report->rejects.row_count == 0)
        fputs("<p>None.</p>\n", report->out);
    else
        write_rows(report, &report->rejects, columns, REJECTS_SHOWN);
}

int write_report(struct tg_pipeline *pipeline, FILE *out, struct tg_error *err)
{
    struct report report = {.out = out, .pipeline = pipeline, .now = (int64_t)time(NULL)};
    int rc = read_all(&report, err);
    if (rc == TG_OK) {
        write_head(&report);
        write_facts(&report);
        write_loads(&report);
        write_tables(&report);
        write_cursors(&report);
        rc = write_schema(&report);
        write_rejects(&report);
        html_end(out);
        if (rc != TG_OK)
            *err = (struct tg_error){.code = rc, .what = "out of memory"};
    }
    grid_release(&report.tables);
    grid_release(&report.loads);
    grid_release(&report.columns);
    grid_release(&report.rejects);
    grid_release(&report.cursors);
    grid_release(&report.sums);
    return rc;
}
