/*
 * An Arrow stream as a source, and one as an answer.
 *
 *     arrow_stream
 *
 * The stream is made by hand: two columns, `id` and `reading`, in batches of four rows, as any
 * library with the Arrow C stream interface would give it. What was loaded is asked for with a
 * query, whose answer is such a stream again. Everything lands in arrow_stream.duckdb, dataset
 * sensors.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tidegate.h"

enum { BATCHES = 3, BATCH_ROWS = 4, COLUMNS = 2 };

/* ---- a schema: whoever holds it releases it; the children go with it ---- */

static void release_schema(struct ArrowSchema *schema)
{
    for (int64_t i = 0; i < schema->n_children; i++) {
        if (schema->children[i]->release)
            schema->children[i]->release(schema->children[i]);
        free(schema->children[i]);
    }
    free(schema->children);
    schema->release = NULL;
}

static int make_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    static const char *const names[COLUMNS] = {"id", "reading"}, *const formats[COLUMNS] = {"l",
                                                                                            "g"};
    (void)stream;
    memset(out, 0, sizeof(*out));
    out->format = "+s";
    out->name = "";
    out->release = release_schema;
    out->children = (struct ArrowSchema **)calloc(COLUMNS, sizeof(struct ArrowSchema *));
    for (int i = 0; out->children && i < COLUMNS; i++) {
        struct ArrowSchema *child = (struct ArrowSchema *)calloc(1, sizeof(*child));
        if (!child) {
            out->release(out);
            return ENOMEM;
        }
        child->format = formats[i];
        child->name = names[i];
        child->flags = ARROW_FLAG_NULLABLE;
        child->release = release_schema;
        out->children[out->n_children++] = child;
    }
    return out->children ? 0 : ENOMEM;
}

/* ---- batches: a column may be moved out of its batch, so each owns its own memory ---- */

struct column {
    const void *buffers[2]; /* no NULLs, and the values */
    union {
        int64_t ids[BATCH_ROWS];
        double readings[BATCH_ROWS];
    } values;
};

struct batch {
    struct ArrowArray columns[COLUMNS];
    struct ArrowArray *children[COLUMNS];
    const void *buffers[1]; /* no row is NULL as a whole */
};

static void release_column(struct ArrowArray *array)
{
    free(array->private_data);
    array->release = NULL;
}

static void release_batch(struct ArrowArray *array)
{
    for (int64_t i = 0; i < array->n_children; i++)
        if (array->children[i]->release)
            array->children[i]->release(array->children[i]);
    free(array->private_data);
    array->release = NULL;
}

static int make_column(struct ArrowArray *out, bool is_id, int64_t first)
{
    struct column *column = (struct column *)calloc(1, sizeof(*column));
    if (!column)
        return ENOMEM;
    for (int i = 0; i < BATCH_ROWS; i++) {
        if (is_id)
            column->values.ids[i] = first + i;
        else
            column->values.readings[i] = 20.0 + (double)(first + i) / 4;
    }
    column->buffers[1] = &column->values;
    out->length = BATCH_ROWS;
    out->n_buffers = 2;
    out->buffers = column->buffers;
    out->private_data = column;
    out->release = release_column;
    return 0;
}

/* *out without a release: the stream is at its end. */
static int next_batch(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    int *sent = (int *)stream->private_data;
    memset(out, 0, sizeof(*out));
    if (*sent == BATCHES)
        return 0;
    struct batch *batch = (struct batch *)calloc(1, sizeof(*batch));
    if (!batch)
        return ENOMEM;
    out->length = BATCH_ROWS;
    out->n_buffers = 1;
    out->buffers = batch->buffers;
    out->n_children = COLUMNS;
    out->children = batch->children;
    out->private_data = batch;
    out->release = release_batch;
    for (int i = 0; i < COLUMNS; i++)
        batch->children[i] = &batch->columns[i];
    for (int i = 0; i < COLUMNS; i++) {
        if (make_column(batch->children[i], i == 0, *sent * BATCH_ROWS + 1) != 0) {
            out->release(out);
            return ENOMEM;
        }
    }
    ++*sent;
    return 0;
}

static const char *last_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return NULL;
}

static void release_stream(struct ArrowArrayStream *stream)
{
    free(stream->private_data);
    stream->release = NULL;
}

/* ---- the source: moves the stream into the read ---- */

static int read_sensors(struct tg_read *read, struct tg_error *err)
{
    (void)err;
    read->stream.private_data = calloc(1, sizeof(int));
    if (!read->stream.private_data)
        return TG_NOMEM;
    read->stream.get_schema = make_schema;
    read->stream.get_next = next_batch;
    read->stream.get_last_error = last_error;
    read->stream.release = release_stream;
    read->done = true;
    return TG_OK;
}

/* ---- the pipeline, and a question ---- */

static int print_answer(struct tg_pipeline *pipeline, const char *sql, struct tg_error *err)
{
    struct ArrowArrayStream stream;
    struct tg_cells *cells = NULL;
    bool found = false;
    const char *text = NULL;
    size_t len = 0;
    int rc = tg_pipeline_query(pipeline, sql, &stream, err);
    if (!rc)
        rc = tg_cells_open(&cells, &stream, err);
    while (!rc && !(rc = tg_cells_next(cells, &found, err)) && found) {
        for (size_t i = 0; !rc && i < tg_cells_column_count(cells); i++) {
            rc = tg_cells_get(cells, i, TG_CELL_TEXT, &text, &len, err);
            printf("%s %s  ", tg_cells_column_name(cells, i), text ? text : "NULL");
        }
        printf("\n");
    }
    tg_cells_close(cells);
    return rc;
}

int main(void)
{
    struct tg_error err;
    struct tg_pipeline_options options;
    struct tg_resource sensors;
    struct tg_pipeline *pipeline = NULL;
    memset(&err, 0, sizeof(err));
    tg_pipeline_options_init(&options);
    options.name = "arrow_stream";
    options.destination = "duckdb:///arrow_stream.duckdb";
    options.dataset = "sensors";
    tg_resource_init(&sensors);
    sensors.name = "readings";
    sensors.read = read_sensors;
    sensors.cursor_path = "id";
    int rc = tg_pipeline_new(&pipeline, &options, &err);
    if (!rc)
        rc = tg_pipeline_add(pipeline, &sensors, &err);
    if (!rc)
        rc = tg_pipeline_run(pipeline, NULL, &err);
    if (!rc)
        rc = print_answer(pipeline,
                          "SELECT count(*) AS rows, max(reading) AS hottest FROM readings", &err);
    if (rc)
        fprintf(stderr, "arrow_stream: %s%s%s\n", err.where, err.where[0] ? ": " : "", err.what);
    tg_pipeline_free(pipeline);
    return tg_code_exit(rc);
}
