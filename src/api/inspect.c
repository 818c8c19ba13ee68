/*
 * Looking at a pipeline without changing it: its tables, loads, packages as rows, its state and
 * schema as texts, and any query.
 *
 *   tg_pipeline_show, tg_pipeline_query -> owned_new (destination) -> owned_out (a stream)
 *                                        | show_packages (working directory, show_packages.c)
 *   tg_pipeline_document -> read_document (ledger) -> text_out
 *
 * A stream that goes out owns its destination, and a share of its pipeline.
 */
#include <string.h>

#include "base/codec.h"
#include "base/json.h"
#include "dlt/schema_yaml.h"
#include "dlt/store.h"
#include "config/config.h"
#include "duckdb/engine.h"
#include "api/inspect.h"
#include "api/text.h"
#include "write/destination.h"

int tg_engine_find(struct tg_engine *out, struct tg_error *err)
{
    struct context ctx;
    error_clear(err);
    NEEDS(out);
    *out = (struct tg_engine){0};
    context_init(&ctx);
    ctx.engine_path = config_engine_path();
    return engine_find(&ctx, out, NULL, err);
}

static int open_existing(struct tg_pipeline *pipeline, struct destination *out,
                         struct tg_error *err)
{
    int rc = TG_OK;
    const struct config *config = &pipeline->config;
    TRY(destination_init(out, &pipeline->ctx, config->destination, config->dataset, err));
    TRY(destination_open(out, err));
    if (!out->state)
        rc = error_set(err, TG_DESTINATION,
                       "destination '%s' does not exist yet; run the pipeline first",
                       pipeline->destination);
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
    return open_existing(pipeline, &(*out)->destination, err);
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

static int query(struct tg_pipeline *pipeline, const char *sql, struct ArrowArrayStream *out,
                 struct tg_error *err)
{
    int rc = TG_OK;
    struct owned_stream *owned = NULL;
    TRY(owned_new(pipeline, &owned, err));
    TRY(destination_query(&owned->destination, sql, &owned->inner, err));
done:
    return owned_out(owned, rc, out);
}

int tg_pipeline_query(struct tg_pipeline *pipeline, const char *sql, struct ArrowArrayStream *out,
                      struct tg_error *err)
{
    error_clear(err);
    NEEDS(out);
    *out = (struct ArrowArrayStream){0};
    NEEDS(pipeline);
    NEEDS(sql);
    pipeline_begin(pipeline);
    int rc = query(pipeline, sql, out, err);
    hide_secrets(pipeline, err);
    return rc;
}

/* ---- tables and loads ---- */

static void tables_sql(const struct destination *destination, const struct catalog *tables,
                       struct buf *sql)
{
    buf_text(
        sql,
        "SELECT * FROM (SELECT NULL AS \"table\", 0 AS \"rows\", 0 AS \"columns\" WHERE false");
    for (size_t i = 0; i < tables->table_count; i++) {
        const struct table *table = tables->tables[i];
        buf_text(sql, " UNION ALL SELECT ");
        buf_quoted(sql, '\'', table->name);
        buf_printf(sql, ", count(*), %zu FROM ", table->column_count);
        buf_quoted(sql, destination->facts.quote, table->name);
    }
    /* Users' tables first, then the ledger's. */
    buf_text(sql, ") ORDER BY starts_with(\"table\", '_'), \"table\"");
}

static const char loads_sql[] =
    "SELECT load_id, created_at, table_name AS \"table\", disposition, rows_read AS read, rows_new "
    "AS new, rows_inserted AS inserted, rows_updated AS updated, rows_deleted AS deleted, "
    "rows_filtered AS filtered, rows_rejected AS rejected FROM _tidegate_loads ORDER BY load_id, "
    "created_at, \"table\"";

static int show_query(struct tg_pipeline *pipeline, enum tg_show what, struct ArrowArrayStream *out,
                      struct tg_error *err)
{
    int rc = TG_OK;
    struct owned_stream *owned = NULL;
    struct catalog tables = {0};
    struct buf sql = BUF_INIT;
    TRY(owned_new(pipeline, &owned, err));
    TRY(destination_describe(&owned->destination, NULL, &tables, err));
    if (tables.table_count == 0)
        TRY(error_set(err, TG_DESTINATION,
                      "dataset '%s' holds no tables yet; run the pipeline first",
                      pipeline->config.dataset));
    if (what == TG_SHOW_LOADS && catalog_find(&tables, "_tidegate_loads"))
        buf_text(&sql, loads_sql);
    else if (what == TG_SHOW_LOADS)
        buf_text(&sql, "SELECT '' AS load_id, '' AS \"table\" WHERE false");
    else
        tables_sql(&owned->destination, &tables, &sql);
    TRY(buf_check(&sql, err));
    TRY(destination_query(&owned->destination, buf_string(&sql), &owned->inner, err));
done:
    catalog_release(&tables);
    buf_release(&sql);
    return owned_out(owned, rc, out);
}

static int show(struct tg_pipeline *pipeline, enum tg_show what, struct ArrowArrayStream *out,
                struct tg_error *err)
{
    switch (what) {
    case TG_SHOW_TABLES:
    case TG_SHOW_LOADS: return show_query(pipeline, what, out, err);
    case TG_SHOW_PACKAGES: return show_packages(pipeline, out, err);
    }
    return error_set(err, TG_USAGE, "there is no view number %d", (int)what);
}

int tg_pipeline_show(struct tg_pipeline *pipeline, enum tg_show what, struct ArrowArrayStream *out,
                     struct tg_error *err)
{
    error_clear(err);
    NEEDS(out);
    *out = (struct ArrowArrayStream){0};
    NEEDS(pipeline);
    pipeline_begin(pipeline);
    int rc = show(pipeline, what, out, err);
    hide_secrets(pipeline, err);
    return rc;
}

/* ---- state and schema: documents ---- */

static int as_json(const struct buf *stored, struct buf *out, struct tg_error *err)
{
    yyjson_doc *doc = NULL;
    size_t len = 0;
    int rc = json_parse(buf_string(stored), stored->len, "the stored document", &doc, err);
    if (rc != TG_OK)
        return rc;
    char *text =
        yyjson_write_opts(doc, YYJSON_WRITE_PRETTY_TWO_SPACES, json_allocator(), &len, NULL);
    yyjson_doc_free(doc);
    if (!text)
        return error_nomem(err);
    buf_append(out, text, len);
    buf_char(out, '\n');
    mem_free(text);
    return TG_OK;
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

static int read_document(struct tg_pipeline *pipeline, enum tg_document what, struct buf *out,
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
    TRY(open_existing(pipeline, &destination, err));
    TRY(destination_restore(&destination, config->pipeline, config->schema,
                            context_now_us(&pipeline->ctx), &ledger, err));
    const char *stored = is_state ? ledger.state_blob : ledger.schema_json;
    if (!stored)
        TRY(error_set(err, TG_DESTINATION,
                      "dataset '%s' holds no %s of pipeline '%s' yet; run the pipeline first",
                      config->dataset, is_state ? "state" : "schema", config->pipeline));
    TRY(blob_decode(stored, strlen(stored), &json, err));
    TRY(is_yaml ? as_yaml(&json, out, err) : as_json(&json, out, err));
done:
    destination_close(&destination);
    ledger_release(&ledger);
    buf_release(&json);
    return rc;
}

int tg_pipeline_document(struct tg_pipeline *pipeline, enum tg_document what, char **out,
                         struct tg_error *err)
{
    struct buf text = BUF_INIT;
    error_clear(err);
    NEEDS(out);
    *out = NULL;
    NEEDS(pipeline);
    pipeline_begin(pipeline);
    int rc = text_out(&text, read_document(pipeline, what, &text, err), out, err);
    hide_secrets(pipeline, err);
    return rc;
}
