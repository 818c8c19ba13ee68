/*
 * An API without a cursor, which gives a token for its next page: the pipeline keeps the token.
 *
 *     page_tokens [PAGES]
 *
 * The API is played by a function that has PAGES pages (3) of two documents. The token of the last
 * one that was read is in the state of the pipeline, and moves with the rows: a run goes on where
 * the rows at the destination end, whatever became of the runs between. Everything lands in
 * page_tokens.duckdb, dataset api.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tidegate.h"

/* ---- the API ---- */

static void push_page(int page, struct tg_rows *rows)
{
    for (int i = 0; i < 2; i++) {
        tg_rows_begin_object(rows);
        tg_rows_key(rows, "id");
        tg_rows_int64(rows, 2 * page + i);
        tg_rows_end_object(rows);
    }
}

/* ---- the source ---- */

static int read_events(struct tg_read *read, struct tg_error *err)
{
    const int *pages = (const int *)read->user;
    char *token = NULL, next[16];
    int rc = tg_state_get(read, TG_STATE_RESOURCE, "token", &token, err);
    if (rc)
        return rc;
    int page = token ? (int)strtol(token, NULL, 10) : 0;
    tg_text_free(token);
    read->done = page >= *pages;
    if (read->done)
        return TG_OK;
    push_page(page, read->rows);
    snprintf(next, sizeof(next), "%d", page + 1);
    return tg_state_set(read, TG_STATE_RESOURCE, "token", next, err);
}

/* ---- the pipeline ---- */

static int run(struct tg_pipeline *pipeline, struct tg_error *err)
{
    char *state = NULL;
    struct tg_result *result = NULL;
    int rc = tg_pipeline_run(pipeline, &result, err);
    for (size_t i = 0; i < tg_result_table_count(result); i++)
        printf("%llu rows\n", (unsigned long long)tg_result_table(result, i)->rows_inserted);
    tg_result_free(result);
    if (!rc)
        rc = tg_pipeline_state(pipeline, NULL, "events", NULL, &state, err);
    if (!rc)
        printf("%s\n", state ? state : "nothing is kept");
    tg_text_free(state);
    return rc;
}

int main(int argc, char **argv)
{
    struct tg_error err;
    struct tg_pipeline_options options;
    struct tg_resource events;
    struct tg_pipeline *pipeline = NULL;
    int pages = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 3;
    memset(&err, 0, sizeof(err));
    tg_pipeline_options_init(&options);
    options.name = "page_tokens";
    options.destination = "duckdb:///page_tokens.duckdb";
    options.dataset = "api";
    tg_resource_init(&events);
    events.name = "events";
    events.read = read_events;
    events.user = &pages;
    int rc = tg_pipeline_new(&pipeline, &options, &err);
    if (!rc)
        rc = tg_pipeline_add(pipeline, &events, &err);
    if (!rc)
        rc = run(pipeline, &err);
    if (rc)
        fprintf(stderr, "page_tokens: %s%s%s\n", err.where, err.where[0] ? ": " : "", err.what);
    tg_pipeline_free(pipeline);
    return tg_code_exit(rc);
}
