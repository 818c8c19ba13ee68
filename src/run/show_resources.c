/*
 * What a run would read: a line for each selected resource, as its source describes it.
 *
 *   show_resources -> check_pipeline (each resource that is checked: add_resource, flush where a
 *   batch is full) -> a stream of its batches
 *
 * A key stands as the source names its columns; what the source does not say is NULL.
 */
#include <string.h>

#include "data/column.h"
#include "run/inspect.h"
#include "write/disposition.h"

enum {
    RESOURCE,
    SOURCE,
    DISPOSITION,
    PRIMARY_KEY,
    MERGE_KEY,
    CURSOR,
    COLUMNS, /* how many */
    COLUMN_COUNT
};

static const char *const names[COLUMN_COUNT] = {
    "resource", "source", "write_disposition", "primary_key", "merge_key", "cursor", "columns"};

static const struct type_spec types[COLUMN_COUNT] = {
    [RESOURCE] = {.type = TYPE_TEXT},    [SOURCE] = {.type = TYPE_TEXT},
    [DISPOSITION] = {.type = TYPE_TEXT}, [PRIMARY_KEY] = {.type = TYPE_TEXT},
    [MERGE_KEY] = {.type = TYPE_TEXT},   [CURSOR] = {.type = TYPE_TEXT},
    [COLUMNS] = {.type = TYPE_BIGINT}};

struct listing {
    struct column columns[COLUMN_COUNT]; /* of the batch that is being filled */
    size_t row;
    struct ArrowArray *batches;
    size_t batch_count;
};

static int put(struct listing *listing, int column, const char *text, struct tg_error *err)
{
    return text ? column_set_text(&listing->columns[column], listing->row, text, strlen(text), err)
                : TG_OK;
}

/* "id, region"; NULL without any. */
static int put_key(struct listing *listing, int column, const char *const *key, size_t count,
                   struct tg_error *err)
{
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < count; i++)
        buf_printf(&text, "%s%s", i > 0 ? ", " : "", key[i]);
    int rc = buf_check(&text, err);
    if (rc == TG_OK && count > 0)
        rc = put(listing, column, buf_string(&text), err);
    buf_release(&text);
    return rc;
}

static int begin(struct listing *listing, struct tg_error *err)
{
    int rc = TG_OK;
    listing->row = 0;
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        TRY(column_init(&listing->columns[i], &types[i], err));
done:
    return rc;
}

static int flush(struct listing *listing, struct tg_error *err)
{
    int rc = TG_OK;
    struct ArrowArray children[COLUMN_COUNT] = {{0}};
    struct ArrowArray *grown =
        mem_realloc(listing->batches, (listing->batch_count + 1) * sizeof(*grown));
    if (!grown)
        return error_nomem(err);
    listing->batches = grown;
    grown[listing->batch_count] = (struct ArrowArray){0};
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        TRY(column_export(&listing->columns[i], listing->row, &children[i], err));
    TRY(batch_make(children, COLUMN_COUNT, (int64_t)listing->row, &grown[listing->batch_count],
                   err));
    listing->batch_count++;
    rc = begin(listing, err);
done:
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        array_release(&children[i]);
    return rc;
}

static int add_resource(void *user, const struct resource *resource,
                        const struct source_facts *facts, struct tg_error *err)
{
    int rc = TG_OK;
    struct listing *listing = user;
    TRY(put(listing, RESOURCE, resource->name, err));
    TRY(put(listing, SOURCE, resource->driver->name, err));
    TRY(put(listing, DISPOSITION, disposition_name(resource->disposition), err));
    TRY(put_key(listing, PRIMARY_KEY, resource->primary_key, resource->primary_key_count, err));
    TRY(put_key(listing, MERGE_KEY, resource->merge_key, resource->merge_key_count, err));
    TRY(put(listing, CURSOR, resource->incremental.cursor_path, err));
    if (facts->width > 0)
        column_set_int64(&listing->columns[COLUMNS], listing->row, (int64_t)facts->width);
    if (++listing->row == BATCH_ROWS)
        rc = flush(listing, err);
done:
    return rc;
}

static int as_stream(struct listing *listing, struct ArrowArrayStream *out, struct tg_error *err)
{
    struct ArrowSchema schema = {0};
    int rc = schema_make(names, types, COLUMN_COUNT, &schema, err);
    if (rc != TG_OK)
        return rc;
    rc = stream_from_arrays(&schema, listing->batches, listing->batch_count, out, err);
    listing->batch_count = 0; /* moved in, come what may */
    return rc;
}

int show_resources(struct tg_pipeline *pipeline, struct ArrowArrayStream *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct listing listing = {.row = 0};
    const struct check_visitor visitor = {add_resource, &listing};
    TRY(begin(&listing, err));
    TRY(check_pipeline(pipeline, &visitor, err));
    TRY(flush(&listing, err));
    TRY(as_stream(&listing, out, err));
done:
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        column_release(&listing.columns[i]);
    for (size_t i = 0; i < listing.batch_count; i++)
        array_release(&listing.batches[i]);
    mem_free(listing.batches);
    return rc;
}
