/*
 * Two pipelines in two threads, one file; one is cancelled, and both try again.
 *
 *     two_pipelines
 *
 * `steady` loads a thousand rows. `endless` reads until somebody says stop: its progress callback
 * does so by its answer, as a window's button would; the run ends with TG_CANCELLED, and nothing of
 * it is at the destination. Its second run has an end and loads. What may go through later
 * (err.retryable: the file is locked, another load was first) is tried a few times. Everything
 * lands in two_pipelines.duckdb, datasets steady and endless.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tidegate.h"

enum { PAGE_ROWS = 100, ROWS = 1000, TRIES = 5, STOP_AT = 3000 };

struct job {
    const char *name;
    int64_t rows; /* wanted; 0: without end */
    int64_t sent; /* in this run */
    bool stops;   /* says stop once STOP_AT rows were read */
    int code;     /* how it went */
    struct tg_error err;
};

static int begin_numbers(void *user, const struct tg_cursor *cursor, struct tg_error *err)
{
    struct job *job = (struct job *)user;
    (void)cursor;
    (void)err;
    job->sent = 0;
    return TG_OK;
}

static int read_numbers(struct tg_read *read, struct tg_error *err)
{
    struct job *job = (struct job *)read->user;
    (void)err;
    for (int i = 0; i < PAGE_ROWS && (job->rows == 0 || job->sent < job->rows); i++) {
        tg_rows_begin_object(read->rows);
        tg_rows_key(read->rows, "id");
        tg_rows_int64(read->rows, ++job->sent);
        tg_rows_end_object(read->rows);
    }
    read->done = job->rows > 0 && job->sent == job->rows;
    return TG_OK;
}

/* On the thread that runs; anything but 0 cancels. */
static int watch(void *user, const struct tg_progress *progress)
{
    const struct job *job = (const struct job *)user;
    return job->stops && progress->phase == TG_PHASE_EXTRACT && progress->rows >= STOP_AT;
}

/* A conflict or a lock passes; nothing is doubled by trying again. */
static int run(struct tg_pipeline *pipeline, struct tg_error *err)
{
    int rc = tg_pipeline_run(pipeline, NULL, err);
    for (unsigned i = 1; rc && err->retryable && i < TRIES; i++) {
        sleep(i);
        rc = tg_pipeline_run(pipeline, NULL, err);
    }
    return rc;
}

static void *work(void *user)
{
    struct job *job = (struct job *)user;
    struct tg_pipeline *pipeline = NULL;
    struct tg_pipeline_options options;
    struct tg_resource numbers;
    tg_pipeline_options_init(&options);
    options.name = job->name;
    options.destination = "duckdb:///two_pipelines.duckdb";
    options.dataset = job->name;
    options.user = job;
    options.progress = watch;
    tg_resource_init(&numbers);
    numbers.name = "numbers";
    numbers.begin = begin_numbers;
    numbers.read = read_numbers;
    numbers.user = job;
    numbers.cursor_path = "id";
    job->code = tg_pipeline_new(&pipeline, &options, &job->err);
    if (!job->code)
        job->code = tg_pipeline_add(pipeline, &numbers, &job->err);
    if (!job->code)
        job->code = run(pipeline, &job->err);
    if (job->code == TG_CANCELLED) {
        printf("%s was cancelled\n", job->name);
        job->stops = false;
        job->rows = ROWS;
        job->code = run(pipeline, &job->err);
    }
    tg_pipeline_free(pipeline);
    return NULL;
}

int main(void)
{
    struct job jobs[2];
    pthread_t threads[2];
    int rc = TG_OK;
    memset(jobs, 0, sizeof(jobs));
    jobs[0].name = "steady";
    jobs[0].rows = ROWS;
    jobs[1].name = "endless";
    jobs[1].stops = true;
    for (int i = 0; i < 2; i++)
        if (pthread_create(&threads[i], NULL, work, &jobs[i]) != 0)
            return 1;
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        if (jobs[i].code)
            fprintf(stderr, "%s: %s: %s\n", jobs[i].name, tg_code_name(jobs[i].code),
                    jobs[i].err.what);
        else
            printf("%s has loaded %d rows\n", jobs[i].name, ROWS);
        rc = rc ? rc : jobs[i].code;
    }
    return tg_code_exit(rc);
}
