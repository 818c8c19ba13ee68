/*
 * The seed example: a table that changes (merge) beside a stream that only grows (append), loaded
 * again and again.
 *
 *     incremental [ROWS]          ROWS of clickstream a run: 10000 (default), 100000, 1000000, ...
 *
 * Every run stamps two of the ten persons with the current time and makes ROWS new clicks, with ids
 * going on where the last run ended. Two more resources get the same first ten clicks on every run,
 * as a source that re-sends old rows does: `resent_append` has no cursor and doubles them,
 * `resent_merge` has a key and does not. Everything lands in incremental.duckdb, dataset bronze.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tidegate.h"

enum { PERSONS = 10, CHANGED = 2, RESENT = 10, PAGE_ROWS = 5000 };

static const char *const names[PERSONS] = {"Ada",   "Bela", "Chen", "Dora", "Emil",
                                           "Fatou", "Gus",  "Hana", "Ivo",  "Juno"};
static const char *const countries[] = {"Norway", "Kenya", "Peru", "Japan", "Portugal"};
static const char *const pages[] = {"/", "/search", "/cart", "/checkout", "/account", "/help"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Good enough for a demonstration, and the same on every machine. */
static uint32_t random_below(uint32_t limit)
{
    static uint64_t state = 0;
    if (state == 0)
        state = (uint64_t)time(NULL) * UINT64_C(2654435769) + 1;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 32) * limit >> 32);
}

/* ---- the mutable source: ten persons, two of them touched just now ---- */

static int read_person(struct tg_read *read, struct tg_error *err)
{
    (void)err;
    int first = (int)random_below(PERSONS);
    int second = (first + 1 + (int)random_below(PERSONS - 1)) % PERSONS;
    char now[32];
    time_t seconds = time(NULL);
    struct tm utc;
    strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &utc));
    for (int i = 0; i < PERSONS; i++) {
        tg_rows_begin_object(read->rows);
        tg_rows_key(read->rows, "id");
        tg_rows_int64(read->rows, i + 1);
        tg_rows_key(read->rows, "name");
        tg_rows_string(read->rows, names[i]);
        tg_rows_key(read->rows, "country");
        tg_rows_string(read->rows, countries[(size_t)i % COUNT(countries)]);
        tg_rows_key(read->rows, "updated_at");
        tg_rows_string(read->rows, i == first || i == second ? now : "2024-01-01T00:00:00Z");
        tg_rows_end_object(read->rows);
    }
    read->done = true;
    return TG_OK;
}

/* ---- the immutable source: clicks ---- */

struct clicks {
    int64_t wanted; /* a run */
    int64_t sent;   /* of this run */
};

static void push_click(struct tg_rows *rows, int64_t id)
{
    tg_rows_begin_object(rows);
    tg_rows_key(rows, "id");
    tg_rows_int64(rows, id);
    tg_rows_key(rows, "user_id");
    tg_rows_int64(rows, 1 + random_below(1000));
    tg_rows_key(rows, "timestamp");
    tg_rows_timestamp(rows, 1735689600000000 + id * 1000000);
    tg_rows_key(rows, "page");
    tg_rows_string(rows, pages[random_below(COUNT(pages))]);
    tg_rows_end_object(rows);
}

/* A run begins: from its first page, whatever became of the run before. */
static int begin_clicks(void *user, const struct tg_cursor *cursor, struct tg_error *err)
{
    (void)cursor;
    (void)err;
    struct clicks *clicks = user;
    clicks->sent = 0;
    return TG_OK;
}

/* The cursor tells what the destination has; a real source would be asked for rows after it. */
static int read_clicks(struct tg_read *read, struct tg_error *err)
{
    (void)err;
    struct clicks *clicks = read->user;
    int64_t known = read->cursor->start.kind == TG_VALUE_INT64 ? read->cursor->start.int64 : 0;
    for (int i = 0; i < PAGE_ROWS && clicks->sent < clicks->wanted; i++)
        push_click(read->rows, known + ++clicks->sent);
    read->done = clicks->sent == clicks->wanted;
    return TG_OK;
}

static int read_resent(struct tg_read *read, struct tg_error *err)
{
    (void)err;
    for (int64_t id = 1; id <= RESENT; id++)
        push_click(read->rows, id);
    read->done = true;
    return TG_OK;
}

/* ---- the pipeline ---- */

static int add_resources(struct tg_pipeline *pipeline, struct clicks *clicks, struct tg_error *err)
{
    const struct tg_resource resources[] = {
        {TG_RESOURCE_INIT, .name = "person", .read = read_person, .write_disposition = TG_MERGE,
         .primary_key = "id", .cursor_path = "updated_at"},
        {TG_RESOURCE_INIT, .name = "clickstream", .read = read_clicks, .begin = begin_clicks,
         .user = clicks, .write_disposition = TG_APPEND, .cursor_path = "id"},
        {TG_RESOURCE_INIT, .name = "resent_append", .read = read_resent,
         .write_disposition = TG_APPEND},
        {TG_RESOURCE_INIT, .name = "resent_merge", .read = read_resent,
         .write_disposition = TG_MERGE, .primary_key = "id"},
    };
    for (size_t i = 0; i < COUNT(resources); i++) {
        int rc = tg_pipeline_add(pipeline, &resources[i], err);
        if (rc)
            return rc;
    }
    return TG_OK;
}

/* As a table, or simple enough: columns of one width. */
static int print_query(struct tg_pipeline *pipeline, const char *title, const char *sql,
                       struct tg_error *err)
{
    struct ArrowArrayStream stream = {0};
    struct tg_cells *cells = NULL;
    bool found = false;
    const char *text;
    size_t len;
    int rc = tg_pipeline_query(pipeline, sql, &stream, err);
    rc = rc ? rc : tg_cells_open(&cells, &stream, err);
    printf("\n%s\n", title);
    for (size_t i = 0; i < tg_cells_column_count(cells); i++)
        printf("%-20s", tg_cells_column_name(cells, i));
    printf("\n");
    while (!rc && !(rc = tg_cells_next(cells, &found, err)) && found) {
        for (size_t i = 0; !rc && i < tg_cells_column_count(cells); i++) {
            rc = tg_cells_get(cells, i, TG_CELL_TEXT, &text, &len, err);
            printf("%-20s", text ? text : "NULL");
        }
        printf("\n");
    }
    tg_cells_close(cells);
    return rc;
}

static int print_tables(struct tg_pipeline *pipeline, struct tg_error *err)
{
    int rc =
        print_query(pipeline, "person: ten rows for ever; only changed rows carry a newer load",
                    "SELECT id, name, country, updated_at, "
                    "dense_rank() OVER (ORDER BY _dlt_load_id) AS load FROM person ORDER BY id",
                    err);
    if (rc)
        return rc;
    return print_query(
        pipeline, "append against merge: the same ten rows, re-sent on every run",
        "SELECT 'clickstream' AS table, 'append, cursor id' AS how, count(*) AS rows, "
        "count(DISTINCT id) AS ids FROM clickstream UNION ALL "
        "SELECT 'resent_append', 'append, no cursor', count(*), count(DISTINCT id) FROM "
        "resent_append "
        "UNION ALL SELECT 'resent_merge', 'merge on id', count(*), count(DISTINCT id) "
        "FROM resent_merge ORDER BY 1",
        err);
}

static void print_run(const struct tg_result *result)
{
    printf("load %s took %.2f s\n", tg_result_load_id(result), tg_result_seconds(result));
    for (size_t i = 0; i < tg_result_table_count(result); i++) {
        const struct tg_table_info *table = tg_result_table(result, i);
        printf("  %-14s %8llu read %8llu new %8llu inserted %8llu updated\n", table->name,
               (unsigned long long)table->rows_read, (unsigned long long)table->rows_new,
               (unsigned long long)table->rows_inserted, (unsigned long long)table->rows_updated);
    }
}

int main(int argc, char **argv)
{
    struct tg_error err = {0};
    struct tg_pipeline *pipeline = NULL;
    struct tg_result *result = NULL;
    struct clicks clicks = {.wanted = argc > 1 ? strtoll(argv[1], NULL, 10) : 10000};
    if (clicks.wanted < 1) {
        fprintf(stderr, "usage: incremental [ROWS]\n");
        return 2;
    }
    int rc =
        tg_pipeline_new(&pipeline,
                        &(struct tg_pipeline_options){
                            TG_PIPELINE_OPTIONS_INIT, .name = "dummy_source_to_duckdb",
                            .destination = "duckdb:///incremental.duckdb", .dataset = "bronze"},
                        &err);
    if (!rc)
        rc = add_resources(pipeline, &clicks, &err);
    if (!rc)
        rc = tg_pipeline_run(pipeline, &result, &err);
    if (!rc) {
        print_run(result);
        rc = print_tables(pipeline, &err);
    }
    if (rc)
        fprintf(stderr, "incremental: %s%s%s\n", err.where, err.where[0] ? ": " : "", err.what);
    tg_result_free(result);
    tg_pipeline_free(pipeline);
    return tg_code_exit(rc);
}
