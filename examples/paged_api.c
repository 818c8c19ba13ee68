/*
 * A paged API with a cursor: each run asks for what has changed since the last one.
 *
 *     paged_api
 *
 * The API is played by a function that answers with a page of JSON documents, as a web service
 * does; `changed_since` is what it is asked for. A second run gets two rows more, and one that was
 * changed: the merge updates it. Everything lands in paged_api.duckdb, dataset api.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tidegate.h"

enum { PAGE_ROWS = 3 };

/* ---- the API: documents, oldest first ---- */

static const char *const documents[] = {
    "{\"id\": 1, \"name\": \"Ann\", \"updated_at\": \"2024-01-01T00:00:00Z\"}",
    "{\"id\": 2, \"name\": \"Ben\", \"updated_at\": \"2024-01-02T00:00:00Z\"}",
    "{\"id\": 3, \"tags\": [\"a\", \"b\"], \"updated_at\": \"2024-01-03T00:00:00Z\"}",
    "{\"id\": 4, \"name\": \"Dia\", \"updated_at\": \"2024-01-04T00:00:00Z\"}",
    "{\"id\": 2, \"name\": \"Benno\", \"updated_at\": \"2024-01-05T00:00:00Z\"}",
    "{\"id\": 5, \"name\": \"Eve\", \"updated_at\": \"2024-01-06T00:00:00Z\"}"};

/* When a document was changed; the texts compare as the times do. */
static const char *updated_at(const char *document)
{
    return strstr(document, "\"updated_at\": \"") + strlen("\"updated_at\": \"");
}

struct api {
    size_t document_count; /* that the API has today */
    size_t next;           /* where the next page begins */
};

/* Microseconds of the cursor as the API wants them. */
static void format_since(int64_t microseconds, char out[32])
{
    time_t seconds = (time_t)(microseconds / 1000000);
    struct tm utc;
    strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &utc));
}

/* ---- the source ---- */

/* A run begins: go to the first document that was not there in the last one. */
static int begin_persons(void *user, const struct tg_cursor *cursor, struct tg_error *err)
{
    struct api *api = (struct api *)user;
    char since[32] = "";
    (void)err;
    if (cursor->start.kind == TG_VALUE_TIMESTAMP)
        format_since(cursor->start.int64, since);
    else if (cursor->start.kind == TG_VALUE_TEXT)
        snprintf(since, sizeof(since), "%s", cursor->start.text);
    api->next = 0;
    while (api->next < api->document_count &&
           strncmp(updated_at(documents[api->next]), since, strlen(since)) < 0)
        api->next++;
    return TG_OK;
}

/* A page; a slow API would ask tg_read_cancelled now and then. */
static int read_persons(struct tg_read *read, struct tg_error *err)
{
    struct api *api = (struct api *)read->user;
    (void)err;
    for (int i = 0; i < PAGE_ROWS && api->next < api->document_count; i++, api->next++)
        tg_rows_json(read->rows, documents[api->next], strlen(documents[api->next]));
    read->done = api->next == api->document_count;
    return TG_OK;
}

/* ---- the pipeline ---- */

static int run(struct tg_pipeline *pipeline, struct tg_error *err)
{
    struct tg_result *result = NULL;
    int rc = tg_pipeline_run(pipeline, &result, err);
    for (size_t i = 0; i < tg_result_table_count(result); i++) {
        const struct tg_table_info *table = tg_result_table(result, i);
        printf("%-14s %llu new, %llu inserted, %llu updated\n", table->name,
               (unsigned long long)table->rows_new, (unsigned long long)table->rows_inserted,
               (unsigned long long)table->rows_updated);
    }
    tg_result_free(result);
    return rc;
}

int main(void)
{
    struct tg_error err;
    struct tg_pipeline_options options;
    struct tg_resource persons;
    struct tg_pipeline *pipeline = NULL;
    struct api api = {4, 0};
    memset(&err, 0, sizeof(err));
    tg_pipeline_options_init(&options);
    options.name = "paged_api";
    options.destination = "duckdb:///paged_api.duckdb";
    options.dataset = "api";
    tg_resource_init(&persons);
    persons.name = "persons";
    persons.begin = begin_persons;
    persons.read = read_persons;
    persons.user = &api;
    persons.write_disposition = TG_MERGE;
    persons.primary_key = "id";
    persons.cursor_path = "updated_at";
    int rc = tg_pipeline_new(&pipeline, &options, &err);
    if (!rc)
        rc = tg_pipeline_add(pipeline, &persons, &err);
    if (!rc)
        rc = run(pipeline, &err);
    api.document_count = sizeof(documents) / sizeof(documents[0]);
    if (!rc)
        rc = run(pipeline, &err);
    if (rc)
        fprintf(stderr, "paged_api: %s%s%s\n", err.where, err.where[0] ? ": " : "", err.what);
    tg_pipeline_free(pipeline);
    return tg_code_exit(rc);
}
