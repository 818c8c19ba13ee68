/*
 * What tidegate reset and tidegate drop share: they look, say what would go, ask, and do it.
 *
 *   forget_run -> tg_pipeline_reset or tg_pipeline_drop, looking only -> print_look, or print_json
 *   -> asks (a person; a program says --yes) -> the same call again, of what was shown
 *
 * Where nothing is remembered there is nothing to do: exit code 0.
 */
#include "forget.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* ---- what would go ---- */

static int wider(int width, const char *text)
{
    const int len = text ? (int)strlen(text) : 0;
    return len > width ? len : width;
}

static const char *or_dash(const char *text)
{
    return text && *text ? text : "-";
}

/* A line of each cursor, or one of a resource that has none. */
static void print_resource(const struct tg_reset *reset, const struct tg_reset_resource *resource,
                           const int widths[3])
{
    char files[32], boundary[32];
    bool first = true;
    format_count(resource->files, files);
    for (size_t i = 0; i < tg_reset_cursor_count(reset); i++) {
        const struct tg_reset_cursor *cursor = tg_reset_cursor(reset, i);
        if (strcmp(cursor->resource, resource->name) != 0)
            continue;
        printf("%-*s  %-*s  %-*s  %10s  %10s\n", widths[0], first ? resource->name : "", widths[1],
               cursor->path, widths[2], or_dash(cursor->last_value),
               format_count(cursor->boundary_rows, boundary), first ? files : "");
        first = false;
    }
    if (first)
        printf("%-*s  %-*s  %-*s  %10s  %10s\n", widths[0], resource->name, widths[1],
               resource->windows > 0 ? "(windows)"
               : resource->has_state ? "(state)"
                                     : "-",
               widths[2], "-", "-", files);
}

static void print_resources(const struct tg_reset *reset)
{
    int widths[3] = {wider(0, "resource"), wider(0, "(windows)"), wider(0, "last value")};
    for (size_t i = 0; i < tg_reset_resource_count(reset); i++)
        widths[0] = wider(widths[0], tg_reset_resource(reset, i)->name);
    for (size_t i = 0; i < tg_reset_cursor_count(reset); i++) {
        widths[1] = wider(widths[1], tg_reset_cursor(reset, i)->path);
        widths[2] = wider(widths[2], tg_reset_cursor(reset, i)->last_value);
    }
    if (tg_reset_resource_count(reset) > 0)
        printf("%-*s  %-*s  %-*s  %10s  %10s\n", widths[0], "resource", widths[1], "cursor",
               widths[2], "last value", "rows at it", "files");
    for (size_t i = 0; i < tg_reset_resource_count(reset); i++)
        print_resource(reset, tg_reset_resource(reset, i), widths);
}

static void print_packages(const struct tg_reset *reset)
{
    char rows[32];
    for (size_t i = 0; i < tg_reset_package_count(reset); i++) {
        const struct tg_reset_package *package = tg_reset_package(reset, i);
        if (package->sealed)
            printf("load %s, not written yet: %s row%s%s\n", package->load_id,
                   format_count(package->rows, rows), plural(package->rows),
                   package->is_only_copy ? ", which no source may give again" : "");
        else
            printf("load %s, unfinished\n", package->load_id);
    }
}

static void print_tables(const struct tg_reset *reset)
{
    char rows[32];
    int width = wider(0, "table");
    for (size_t i = 0; i < tg_reset_table_count(reset); i++)
        width = wider(width, tg_reset_table(reset, i)->name);
    if (tg_reset_table_count(reset) > 0)
        printf("%-*s  %14s\n", width, "table", "rows");
    for (size_t i = 0; i < tg_reset_table_count(reset); i++) {
        const struct tg_reset_table *table = tg_reset_table(reset, i);
        printf("%-*s  %14s\n", width, table->name, format_count(table->rows, rows));
    }
}

/* What comes of it that one may not think of. */
static void print_consequence(const struct tg_reset *reset)
{
    size_t count = 0;
    for (size_t i = 0; i < tg_reset_resource_count(reset); i++) {
        const struct tg_reset_resource *resource = tg_reset_resource(reset, i);
        if (!resource->adds_rows || (resource->cursors + resource->windows + resource->files == 0))
            continue;
        printf("%s%s", count++ > 0 ? ", " : "What is loaded again is added to the rows that stay: ",
               resource->name);
    }
    if (count > 0)
        printf(" (append)\n");
}

static void print_look(const struct forgetting *forgetting, const struct tg_pipeline *pipeline,
                       const struct tg_reset *reset)
{
    char environment[ENVIRONMENT_BYTES];
    print_resources(reset);
    print_packages(reset);
    print_tables(reset);
    putchar('\n');
    print_sentence(stdout, "To be %s in dataset '%s' of %s%s", forgetting->done,
                   tg_reset_dataset(reset), tg_pipeline_destination(pipeline),
                   format_environment(pipeline, environment));
    print_consequence(reset);
}

/* ---- for programs ---- */

static void print_json_resources(const struct tg_reset *reset)
{
    printf("\"resources\":[");
    for (size_t i = 0; i < tg_reset_resource_count(reset); i++) {
        const struct tg_reset_resource *resource = tg_reset_resource(reset, i);
        print_json_member(stdout, i > 0 ? ",{" : "{", "resource", resource->name);
        print_json_flag(stdout, "in_spec", resource->in_spec);
        print_json_flag(stdout, "adds_rows", resource->adds_rows);
        print_json_flag(stdout, "has_state", resource->has_state);
        printf(",\"windows\":%" PRIu64 ",\"files\":%" PRIu64 "}", resource->windows,
               resource->files);
    }
    printf("],\"cursors\":[");
    for (size_t i = 0; i < tg_reset_cursor_count(reset); i++) {
        const struct tg_reset_cursor *cursor = tg_reset_cursor(reset, i);
        print_json_member(stdout, i > 0 ? ",{" : "{", "resource", cursor->resource);
        print_json_member(stdout, ",", "cursor", cursor->path);
        print_json_member(stdout, ",", "last_value", cursor->last_value);
        printf(",\"boundary_rows\":%" PRIu64 "}", cursor->boundary_rows);
    }
    printf("],");
}

static void print_json(const struct tg_pipeline *pipeline, const struct tg_reset *reset, bool done)
{
    putchar('{');
    print_json_field(stdout, "load_id", tg_reset_load_id(reset));
    print_json_destination(stdout, pipeline);
    printf("\"done\":%s,", done ? "true" : "false");
    print_json_resources(reset);
    printf("\"packages\":[");
    for (size_t i = 0; i < tg_reset_package_count(reset); i++) {
        const struct tg_reset_package *package = tg_reset_package(reset, i);
        print_json_member(stdout, i > 0 ? ",{" : "{", "load_id", package->load_id);
        print_json_flag(stdout, "sealed", package->sealed);
        print_json_flag(stdout, "is_only_copy", package->is_only_copy);
        printf(",\"rows\":%" PRIu64 "}", package->rows);
    }
    printf("],\"tables\":[");
    for (size_t i = 0; i < tg_reset_table_count(reset); i++) {
        const struct tg_reset_table *table = tg_reset_table(reset, i);
        print_json_member(stdout, i > 0 ? ",{" : "{", "table", table->name);
        print_json_member(stdout, ",", "resource", table->resource);
        printf(",\"rows\":%" PRIu64 "}", table->rows);
    }
    printf("]}\n");
}

/* ---- the command ---- */

static bool is_empty(const struct tg_reset *reset)
{
    return tg_reset_resource_count(reset) + tg_reset_package_count(reset) +
               tg_reset_table_count(reset) ==
           0;
}

static int do_shown(const struct forgetting *forgetting, struct tg_pipeline *pipeline,
                    struct tg_reset_options options, const struct tg_reset *shown, bool json,
                    struct tg_error *err)
{
    struct tg_reset *reset = NULL;
    options.look_only = false;
    options.newest_load = tg_reset_newest_load(shown);
    int rc = forgetting->call(pipeline, &options, &reset, err);
    if (!rc && json)
        print_json(pipeline, reset, true);
    else if (!rc && *tg_reset_load_id(reset))
        printf("Done, by load %s\n", tg_reset_load_id(reset));
    else if (!rc)
        printf("Done\n");
    tg_reset_free(reset);
    return rc;
}

/* Looks, asks, does it. */
static int forget_opened(const struct call *call, const struct forgetting *forgetting,
                         struct tg_pipeline *pipeline, int parts, struct tg_error *err)
{
    struct tg_reset *shown = NULL;
    const bool json = call_flag(call, "--json"), looks = call_flag(call, "--look");
    const struct tg_reset_options options = {TG_RESET_OPTIONS_INIT,
                                             .select = call_flag(call, "--select"), .parts = parts,
                                             .look_only = true};
    int rc = forgetting->call(pipeline, &options, &shown, err);
    const bool nothing = !rc && is_empty(shown);
    if (!rc && json && (looks || nothing))
        print_json(pipeline, shown, false);
    else if (nothing)
        printf("Nothing is remembered: nothing is to be %s\n", forgetting->done);
    else if (!rc && !json)
        print_look(forgetting, pipeline, shown);
    if (rc || looks || nothing)
        ;
    else if (call_flag(call, "--yes") || asks(forgetting->question))
        rc = do_shown(forgetting, pipeline, options, shown, json, err);
    else
        printf("Nothing was done\n");
    tg_reset_free(shown);
    return rc;
}

int forget_run(const struct call *call, const struct forgetting *forgetting, int parts)
{
    int code = 0;
    struct tg_error err = {0};
    const bool can_ask = isatty(STDIN_FILENO) && !call_flag(call, "--json");
    if (!can_ask && !call_flag(call, "--yes") && !call_flag(call, "--look"))
        return fail_usage(call->command,
                          "a %s takes away what is remembered, and there is nobody to ask: say "
                          "--yes, or --look to see what it would do",
                          call->command->name);
    struct tg_pipeline *pipeline = open_pipeline(call, &code);
    if (!pipeline)
        return code;
    cancel_on_signals(pipeline);
    int rc = forget_opened(call, forgetting, pipeline, parts, &err);
    cancel_on_signals(NULL);
    if (rc && call_flag(call, "--json"))
        print_json_failure(stdout, &err, NULL);
    tg_pipeline_free(pipeline);
    return rc ? fail(&err) : code;
}
