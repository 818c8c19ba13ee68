/*
 * Looking at a pipeline without changing it: its tables, loads, packages as rows, its state and
 * schema as texts, and any query.
 *
 *   inspect_show, inspect_query -> owned_new (destination) -> owned_out (a stream)
 *                                | show_packages (working directory, show_packages.c)
 *                                | show_resources (the sources, show_resources.c)
 *                                | show_columns (schemas as they were, show_columns.c)
 *   inspect_document -> inspect_open -> destination_restore -> as_json, as_yaml
 *
 * A stream that goes out owns its destination, and a share of its pipeline.
 */
#include "run/inspect.h"

#include <string.h>

#include "base/codec.h"
#include "base/json.h"
#include "catalog/history.h"
#include "dlt/schema_yaml.h"
#include "dlt/store.h"
#include "run/learned.h"
#include "write/destination.h"

int inspect_absent(const struct tg_pipeline *pipeline, struct tg_error *err)
{
    return error_reason(err,
                        error_set(err, TG_DESTINATION,
                                  "destination '%s' does not exist yet; run the pipeline first",
                                  pipeline->destination),
                        TG_REASON_NOTHING_LOADED);
}

int inspect_open(struct tg_pipeline *pipeline, struct destination *out, struct tg_error *err)
{
    int rc = TG_OK;
    const struct config *config = &pipeline->config;
    TRY(destination_init(out, &pipeline->ctx, &config->destination, config->dataset, err));
    TRY(destination_open(out, err));
    if (!out->state)
        rc = inspect_absent(pipeline, err);
done:
    return rc;
}

/* ---- a stream that keeps its pipeline and its destination ---- */

struct owned_stream {
    struct ArrowArrayStream inner;
    struct destination destination;
    struct tg_pipeline *pipeline;
};

static int owned_get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    struct owned_stream *owned = stream->private_data;
    return owned->inner.get_schema(&owned->inner, out);
}

static int owned_get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct owned_stream *owned = stream->private_data;
    return owned->inner.get_next(&owned->inner, out);
}

static const char *owned_get_last_error(struct ArrowArrayStream *stream)
{
    struct owned_stream *owned = stream->private_data;
    return owned->inner.get_last_error(&owned->inner);
}

static void owned_free(struct owned_stream *owned)
{
    stream_release(&owned->inner);
    destination_close(&owned->destination);
    pipeline_drop(owned->pipeline);
    mem_free(owned);
}

static void owned_release(struct ArrowArrayStream *stream)
{
    owned_free(stream->private_data);
    stream->release = NULL;
}

static int owned_new(struct tg_pipeline *pipeline, struct owned_stream **out, struct tg_error *err)
{
    *out = mem_calloc(1, sizeof(**out));
    if (!*out)
        return error_nomem(err);
    (*out)->pipeline = pipeline;
    pipeline_keep(pipeline);
    return inspect_open(pipeline, &(*out)->destination, err);
}

/* The stream of one that went well, which is then its owner. */
static int owned_out(struct owned_stream *owned, int rc, struct ArrowArrayStream *out)
{
    if (rc == TG_OK)
        *out = (struct ArrowArrayStream){
            .get_schema = owned_get_schema,
            .get_next = owned_get_next,
            .get_last_error = owned_get_last_error,
            .release = owned_release,
            .private_data = owned,
        };
    else if (owned)
        owned_free(owned);
    return rc;
}

int inspect_schema(struct destination *destination, const struct tg_pipeline *pipeline,
                   struct catalog *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct ledger ledger = {0};
    struct buf json = BUF_INIT;
    const struct config *config = &pipeline->config;
    const struct ledger_owner owner = pipeline_owner(pipeline);
    TRY(destination_restore(destination, &owner, context_now_us(&pipeline->ctx), &ledger, err));
    if (!ledger.schema_json)
        TRY(error_reason(
            err,
            error_set(err, TG_DESTINATION,
                      "dataset '%s' holds no schema of pipeline '%s' yet; run the pipeline first",
                      config->dataset, config->pipeline),
            TG_REASON_NOTHING_LOADED));
    TRY(blob_decode(ledger.schema_json, strlen(ledger.schema_json), &json, err));
    TRY(catalog_read(out, buf_string(&json), json.len, err));
done:
    ledger_release(&ledger);
    buf_release(&json);
    return rc;
}

int inspect_query(struct tg_pipeline *pipeline, const char *sql, const char *as_of,
                  struct ArrowArrayStream *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct owned_stream *owned = NULL;
    struct catalog catalog = {0};
    struct moment moment = {.catalog = &catalog};
    if (as_of && !history_time(as_of, &moment.us))
        return error_set(err, TG_USAGE,
                         "'%s' is no time: give a date or a timestamp, as 2024-12-31T00:00:00Z",
                         as_of);
    TRY(owned_new(pipeline, &owned, err));
    if (as_of)
        TRY(inspect_schema(&owned->destination, pipeline, &catalog, err));
    TRY(destination_query(&owned->destination, sql, as_of ? &moment : NULL, &owned->inner, err));
done:
    catalog_release(&catalog);
    return owned_out(owned, rc, out);
}

int inspect_show(struct tg_pipeline *pipeline, enum tg_show what, struct ArrowArrayStream *out,
                 struct tg_error *err)
{
    int rc = TG_OK;
    struct owned_stream *owned = NULL;
    if (what == TG_SHOW_PACKAGES)
        return show_packages(pipeline, out, err);
    if (what == TG_SHOW_FILES)
        return show_files(pipeline, out, err);
    if (what == TG_SHOW_RESOURCES)
        return show_resources(pipeline, out, err);
    if (what == TG_SHOW_COLUMNS)
        return show_columns(pipeline, out, err);
    if ((unsigned)what > TG_SHOW_COLUMNS)
        return error_set(err, TG_USAGE, "there is no view number %d", (int)what);
    TRY(owned_new(pipeline, &owned, err));
    TRY(destination_show(&owned->destination, what, &owned->inner, err));
done:
    return owned_out(owned, rc, out);
}

/* ---- state and schema: documents ---- */

/* Of a state with the words that explain what it has learned. */
static int as_json(const struct buf *stored, const struct config *config, struct buf *out,
                   struct tg_error *err)
{
    int rc = TG_OK;
    char *text = NULL;
    size_t len = 0;
    yyjson_mut_doc *shown = NULL;
    yyjson_doc *doc = NULL;
    TRY(json_parse(buf_string(stored), stored->len, "the stored document", &doc, err));
    shown = yyjson_doc_mut_copy(doc, json_allocator());
    if (!shown)
        TRY(error_nomem(err));
    TRY(learned_explain(config, shown, err));
    text =
        yyjson_mut_write_opts(shown, YYJSON_WRITE_PRETTY_TWO_SPACES, json_allocator(), &len, NULL);
    if (!text)
        TRY(error_nomem(err));
    buf_append(out, text, len);
    buf_char(out, '\n');
done:
    yyjson_doc_free(doc);
    yyjson_mut_doc_free(shown);
    mem_free(text);
    return rc;
}

static int as_yaml(const struct buf *json, struct buf *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct catalog catalog = {0};
    TRY(catalog_read(&catalog, buf_string(json), json->len, err));
    TRY(schema_yaml_write(&catalog, out, err));
done:
    catalog_release(&catalog);
    return rc;
}

int inspect_document(struct tg_pipeline *pipeline, enum tg_document what, struct buf *out,
                     struct tg_error *err)
{
    int rc = TG_OK;
    struct destination destination = {0};
    struct ledger ledger = {0};
    struct buf json = BUF_INIT;
    const struct config *config = &pipeline->config;
    bool is_state = what == TG_DOCUMENT_STATE, is_yaml = what == TG_DOCUMENT_SCHEMA_YAML;
    if ((unsigned)what > TG_DOCUMENT_SCHEMA_YAML)
        return error_set(err, TG_USAGE, "there is no document number %d", (int)what);
    TRY(inspect_open(pipeline, &destination, err));
    const struct ledger_owner owner = pipeline_owner(pipeline);
    TRY(destination_restore(&destination, &owner, context_now_us(&pipeline->ctx), &ledger, err));
    const char *stored = is_state ? ledger.state_blob : ledger.schema_json;
    if (!stored)
        TRY(error_reason(
            err,
            error_set(err, TG_DESTINATION,
                      "dataset '%s' holds no %s of pipeline '%s' yet; run the pipeline first",
                      config->dataset, is_state ? "state" : "schema", config->pipeline),
            TG_REASON_NOTHING_LOADED));
    TRY(blob_decode(stored, strlen(stored), &json, err));
    TRY(is_yaml ? as_yaml(&json, out, err) : as_json(&json, config, out, err));
done:
    destination_close(&destination);
    ledger_release(&ledger);
    buf_release(&json);
    return rc;
}
