/*
 * Makes the files of examples/files: the seed example's data as JSON Lines, CSV and Parquet.
 *
 *     generate FOLDER RUN [ROWS]     writes person/run-RUN.jsonl, clickstream-RUN.csv and
 * clickstream-RUN.parquet
 *
 * It is a pipeline itself: rows go through callbacks into a scratch database, which then writes the
 * files.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "tidegate.h"

enum { PERSONS = 10, CLICKS = 10000, PAGE_ROWS = 5000 };

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

struct clicks {
    int64_t next, end;
};

static int read_clicks(struct tg_read *read, struct tg_error *err)
{
    static const char *const pages[] = {"/", "/search", "/cart", "/checkout", "/account", "/help"};
    struct clicks *clicks = read->user;
    (void)err;
    for (int i = 0; i < PAGE_ROWS && clicks->next < clicks->end; i++, clicks->next++) {
        tg_rows_begin_object(read->rows);
        tg_rows_key(read->rows, "id");
        tg_rows_int64(read->rows, clicks->next);
        tg_rows_key(read->rows, "user_id");
        tg_rows_int64(read->rows, 1 + random_below(1000));
        tg_rows_key(read->rows, "timestamp");
        tg_rows_timestamp(read->rows, 1735689600000000 + clicks->next * 1000000);
        tg_rows_key(read->rows, "page");
        tg_rows_string(read->rows, pages[random_below(sizeof(pages) / sizeof(pages[0]))]);
        tg_rows_end_object(read->rows);
    }
    read->done = clicks->next == clicks->end;
    return TG_OK;
}

static int write_persons(const char *folder, int run)
{
    static const char *const names[PERSONS] = {"Ada",   "Bela", "Chen", "Dora", "Emil",
                                               "Fatou", "Gus",  "Hana", "Ivo",  "Juno"};
    static const char *const countries[] = {"Norway", "Kenya", "Peru", "Japan", "Portugal"};
    char path[1024], now[32];
    time_t seconds = time(NULL);
    struct tm utc;
    strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &utc));
    snprintf(path, sizeof(path), "%s/person/run-%d.jsonl", folder, run);
    FILE *file = fopen(path, "w");
    if (!file) {
        perror(path);
        return 1;
    }
    int first = (int)random_below(PERSONS);
    int second = (first + 1 + (int)random_below(PERSONS - 1)) % PERSONS;
    for (int i = 0; i < PERSONS; i++)
        fprintf(file,
                "{\"id\": %d, \"name\": \"%s\", \"country\": \"%s\", \"updated_at\": \"%s\"}\n",
                i + 1, names[i], countries[i % 5],
                i == first || i == second ? now : "2024-01-01T00:00:00Z");
    return fclose(file) ? 1 : 0;
}

static int copy_to(struct tg_pipeline *pipeline, const char *folder, int run, const char *format,
                   struct tg_error *err)
{
    char sql[2048];
    struct ArrowArrayStream stream = {0};
    struct ArrowArray array = {0};
    snprintf(sql, sizeof(sql),
             "COPY (SELECT id, user_id, timestamp, page FROM clickstream ORDER BY id) "
             "TO '%s/clickstream-%d.%s' (FORMAT %s)",
             folder, run, format, format);
    int rc = tg_pipeline_query(pipeline, sql, &stream, err);
    if (rc)
        return rc;
    while (stream.get_next(&stream, &array) == 0 && array.release)
        array.release(&array);
    stream.release(&stream);
    return TG_OK;
}

static int write_clicks(const char *folder, int run, int64_t rows, struct tg_error *err)
{
    char destination[1024], workdir[1024];
    struct tg_pipeline *pipeline = NULL;
    struct tg_result *result = NULL;
    struct clicks clicks = {.next = (run - 1) * rows + 1, .end = run * rows + 1};
    snprintf(destination, sizeof(destination), "duckdb:///%s/.scratch/clicks.duckdb", folder);
    snprintf(workdir, sizeof(workdir), "%s/.scratch", folder);
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT, .name = "generate",
                                                .destination = destination, .dataset = "scratch",
                                                .workdir = workdir};
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "clickstream",
                                         .read = read_clicks, .user = &clicks,
                                         .write_disposition = TG_REPLACE};
    int rc = tg_pipeline_new(&pipeline, &options, err);
    if (!rc)
        rc = tg_pipeline_add(pipeline, &resource, err);
    if (!rc)
        rc = tg_pipeline_run(pipeline, &result, err);
    if (!rc)
        rc = copy_to(pipeline, folder, run, "csv", err);
    if (!rc)
        rc = copy_to(pipeline, folder, run, "parquet", err);
    tg_result_free(result);
    tg_pipeline_free(pipeline);
    return rc;
}

int main(int argc, char **argv)
{
    struct tg_error err = {0};
    char path[1024];
    int run = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 0;
    int64_t rows = argc > 3 ? strtoll(argv[3], NULL, 10) : CLICKS;
    if (run < 1 || rows < 1) {
        fprintf(stderr, "usage: generate FOLDER RUN [ROWS]\n");
        return 2;
    }
    mkdir(argv[1], 0755);
    snprintf(path, sizeof(path), "%s/person", argv[1]);
    mkdir(path, 0755);
    snprintf(path, sizeof(path), "%s/.scratch", argv[1]);
    mkdir(path, 0755);
    if (write_persons(argv[1], run))
        return 1;
    if (write_clicks(argv[1], run, rows, &err)) {
        fprintf(stderr, "generate: %s%s%s\n", err.where, err.where[0] ? ": " : "", err.what);
        return tg_code_exit(err.code);
    }
    return 0;
}
