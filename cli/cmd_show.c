/*
 * tidegate show: what the destination and the working directory hold, and what sources have.
 *
 *   show_run (which view) -> show_rows: tg_pipeline_show -> print_stream
 *                          | show_text: tg_pipeline_document
 *                          | show_page: report.c, for a browser
 *
 * A table shows people the columns that fit a terminal; programs get all of them. Nothing is
 * changed, and a destination that is absent is not made.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "report.h"

enum { COLUMNS_MAX = 10 };

static const struct view {
    const char *name;
    enum tg_show rows;
    const char *columns[COLUMNS_MAX]; /* for people; of views that are rows */
    bool is_whole;                    /* half a sentence is worth nothing */
    enum tg_document text;
    const char *note; /* below it, for people; NULL: none */
} views[] = {
    {.name = "tables", .rows = TG_SHOW_TABLES, .columns = {"table", "rows", "columns"}},
    {.name = "loads",
     .rows = TG_SHOW_LOADS,
     .columns = {"load_id", "table", "read", "inserted", "updated", "deleted", "rejected", "late"}},
    {.name = "windows",
     .rows = TG_SHOW_WINDOWS,
     .columns = {"resource", "from", "to", "state", "rows"}},
    {.name = "rejects",
     .rows = TG_SHOW_REJECTS,
     .columns = {"load_id", "table", "column", "file", "line", "byte", "reason", "text|document"},
     .is_whole = true},
    {.name = "files",
     .rows = TG_SHOW_SOURCE_FILES,
     .columns = {"resource", "path", "rows", "bytes", "load_id"}},
    {.name = "columns",
     .rows = TG_SHOW_COLUMNS,
     .columns = {"table", "column", "source_field", "type", "nullable", "hints", "since_load"},
     .note = "No source_field: the field is called as the column, the load makes the column itself "
             "(_dlt_...), no row has had it, or dlt or an earlier tidegate has not recorded it."},
    {.name = "state", .text = TG_DOCUMENT_STATE},
    {.name = "schema", .text = TG_DOCUMENT_SCHEMA},
    {.name = "packages",
     .rows = TG_SHOW_PACKAGES,
     .columns = {"load_id", "status", "dataset", "rows", "bytes", "tries"}},
    {.name = "resources", .rows = TG_SHOW_RESOURCES, .columns = {RESOURCE_COLUMNS}},
};

/* Where each package belongs and why it is there, in full: too long for a table, a line for each.
 * */
static int print_reasons(struct tg_pipeline *pipeline, struct tg_error *err)
{
    struct ArrowArrayStream stream = {0};
    struct tg_cells *cells = NULL;
    bool found = false;
    int rc = tg_pipeline_show(pipeline, TG_SHOW_PACKAGES, &stream, err);
    rc = rc ? rc : tg_cells_open(&cells, &stream, err);
    for (int row = 0; !rc && !(rc = tg_cells_next(cells, &found, err)) && found; row++) {
        fputs(row == 0 ? "\n" : "", stdout);
        for (size_t i = 0; !rc && i < tg_cells_column_count(cells); i++) {
            const char *name = tg_cells_column_name(cells, i), *text;
            size_t len;
            bool is_id = strcmp(name, "load_id") == 0;
            if (!is_id && strcmp(name, "destination") != 0 && strcmp(name, "error") != 0)
                continue;
            rc = tg_cells_get(cells, i, TG_CELL_TEXT, &text, &len, err);
            if (rc || !text)
                continue;
            fputs(is_id ? "" : ": ", stdout);
            print_lines(text, stdout);
        }
        putchar('\n');
    }
    tg_cells_close(cells);
    return rc;
}

static int show_rows(struct tg_pipeline *pipeline, const struct view *view, enum format format)
{
    struct tg_error err = {0};
    struct ArrowArrayStream stream = {0};
    const char *const *columns = format == FORMAT_TABLE ? view->columns : NULL;
    const enum format form = columns && view->is_whole ? FORMAT_WHOLE : format;
    if (tg_pipeline_show(pipeline, view->rows, &stream, &err) ||
        print_stream(&stream, form, columns, stdout, &err))
        return fail(&err);
    if (view->note && format == FORMAT_TABLE)
        print_sentence(stdout, "%s", view->note);
    if (view->rows == TG_SHOW_PACKAGES && format == FORMAT_TABLE && print_reasons(pipeline, &err))
        return fail(&err);
    return 0;
}

static int show_text(struct tg_pipeline *pipeline, const struct view *view, enum format format)
{
    struct tg_error err = {0};
    char *text = NULL;
    enum tg_document what = format == FORMAT_YAML ? TG_DOCUMENT_SCHEMA_YAML : view->text;
    int rc = tg_pipeline_document(pipeline, what, &text, &err);
    return finish_text(rc, text, &err);
}

/* Where a page goes: a link leads to it. True: as a file of its own, which takes the place of one
 * that is there; false: what is there (a pipe, a device) is written to as it is. */
static bool find_place(const char *path, char place[PATH_MAX])
{
    struct stat info;
    if (realpath(path, place))
        return stat(place, &info) == 0 && S_ISREG(info.st_mode);
    snprintf(place, PATH_MAX, "%s", path);
    return lstat(path, &info) != 0;
}

static int fail_page(const char *path, struct tg_error *err)
{
    const char *why = strerror(errno);
    *err = (struct tg_error){.code = TG_IO};
    snprintf(err->what, sizeof(err->what), "'%.500s' cannot be written: %s", path, why);
    return TG_IO;
}

/* A page that is being served, say, is whole before and after. */
static int write_page(struct tg_pipeline *pipeline, const char *path, struct tg_error *err)
{
    char place[PATH_MAX], part[PATH_MAX + 8];
    const bool is_new = find_place(path, place);
    snprintf(part, sizeof(part), "%s%s", place, is_new ? ".part" : "");
    FILE *file = fopen(part, "w");
    if (!file)
        return fail_page(path, err);
    int rc = write_report(pipeline, file, err);
    bool failed = ferror(file);
    failed |= fclose(file) != 0;
    if (rc == TG_OK && (failed || (is_new && rename(part, place) != 0)))
        rc = fail_page(path, err);
    if (rc != TG_OK && is_new)
        remove(part);
    return rc;
}

static int show_page(struct tg_pipeline *pipeline, const char *path)
{
    struct tg_error err = {0};
    bool is_stdout = strcmp(path, "-") == 0;
    if (is_stdout ? write_report(pipeline, stdout, &err) : write_page(pipeline, path, &err))
        return fail(&err);
    return 0;
}

static int show_run(const struct call *call)
{
    int code = 0;
    size_t i = 0, view_count = sizeof(views) / sizeof(views[0]);
    enum format format = call_format(call);
    const char *page = call_flag(call, "--html");
    const char *usual = page ? "loads" : "tables";
    const char *name = call->arguments[1] ? call->arguments[1] : usual;
    while (i < view_count && strcmp(views[i].name, name) != 0)
        i++;
    if (i == view_count)
        return fail_word(call->command, "view", name, call->command->arguments[1].words);
    const struct view *view = &views[i];
    if (format == FORMAT_YAML && (view->columns[0] || view->text != TG_DOCUMENT_SCHEMA))
        return fail_usage(call->command, "only the schema can be shown as YAML");
    if (page && (format != FORMAT_TABLE || strcmp(name, "loads") != 0))
        return fail_usage(call->command, "--html goes with loads, and with no other form");
    struct tg_pipeline *pipeline = open_to_look(call, &code);
    if (!pipeline)
        return code;
    cancel_on_signals(pipeline);
    code = page               ? show_page(pipeline, page)
           : view->columns[0] ? show_rows(pipeline, view, format)
                              : show_text(pipeline, view, format);
    cancel_on_signals(NULL);
    tg_pipeline_free(pipeline);
    return code;
}

const struct command command_show = {
    .name = "show",
    .summary = "Show tables, columns, loads, files, rejects, schema and more",
    .details = "tables: rows and columns of each table\n"
               "columns: the source's field of each, its type, and since which load it is there\n"
               "loads: what each load did to each table\n"
               "files: those that were loaded, and by which load\n"
               "rejects: rows that were not loaded, where they stood and why\n"
               "windows: ranges that were loaded beside the cursors, or are to be\n"
               "state: the cursors\n"
               "schema: the catalog as stored\n"
               "packages: loads on local disk that are not in the destination\n"
               "resources: what a run would read, as its sources describe it\n\n"
               "--json and --csv have columns that a terminal has no room for.",
    .arguments = {{"SPEC", false, "the spec file", NULL},
                  {"WHAT", true,
                   "tables (default), columns, loads, files, rejects, windows, state, schema, "
                   "packages or resources",
                   "tables columns loads files rejects windows state schema packages resources"}},
    .flags = {{"--json", NULL, "for programs"},
              {"--yaml", NULL, "of the schema: as it is exported and imported"},
              {"--csv", NULL, "comma-separated, with a header line (all but state and schema)"},
              {"--html", "FILE",
               "loads, with tables, cursors, schema and rejects, as a page for a browser; - is "
               "standard output"},
              PLACE_FLAGS},
    .run = show_run,
};
