/*
 * Looking at a pipeline without changing it: its tables, loads, state, schema, packages, and any
 * query.
 *
 *   tg_pipeline_show  -> show_query (tables, loads) | show_document (state, schema) | show_packages
 *                        (working directory, show_packages.c)
 *   tg_pipeline_query -> a stream that keeps the destination open
 */
#include <string.h>

#include "base/codec.h"
#include "base/json.h"
#include "dlt/schema_yaml.h"
#include "dlt/store.h"
#include "config/config.h"
#include "duckdb/engine.h"
#include "api/inspect.h"
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

/* ---- a query whose stream owns the destination ---- */

struct owned_stream {
    struct ArrowArrayStream inner;
    struct destination destination;
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

static void owned_release(struct ArrowArrayStream *stream)
{
    struct owned_stream *owned = stream->private_data;
    stream_release(&owned->inner);
    destination_close(&owned->destination);
    mem_free(owned);
    stream->release = NULL;
}

int tg_pipeline_query(struct tg_pipeline *pipeline, const char *sql, struct ArrowArrayStream *out,
                      struct tg_error *err)
{
    int rc = TG_OK;
    error_clear(err);
    NEEDS(out);
    *out = (struct ArrowArrayStream){0};
    NEEDS(pipeline);
    NEEDS(sql);
    pipeline_begin(pipeline);
    struct owned_stream *owned = mem_calloc(1, sizeof(*owned));
    if (!owned)
        return error_nomem(err);
    TRY(open_existing(pipeline, &owned->destination, err));
    TRY(destination_query(&owned->destination, sql, &owned->inner, err));
    *out = (struct ArrowArrayStream){
        .get_schema = owned_get_schema,
        .get_next = owned_get_next,
        .get_last_error = owned_get_last_error,
        .release = owned_release,
        .private_data = owned,
    };
    owned = NULL;
done:
    if (owned) {
        destination_close(&owned->destination);
        mem_free(owned);
    }
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

static int show_query(struct tg_pipeline *pipeline, enum tg_show what, enum tg_format format,
                      FILE *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct destination destination = {0};
    struct catalog tables = {0};
    struct ArrowArrayStream stream = {0};
    struct buf sql = BUF_INIT;
    TRY(open_existing(pipeline, &destination, err));
    TRY(destination_describe(&destination, NULL, &tables, err));
    if (tables.table_count == 0) {
        rc = error_set(err, TG_DESTINATION,
                       "dataset '%s' holds no tables yet; run the pipeline first",
                       pipeline->config.dataset);
        goto done;
    }
    if (what == TG_SHOW_LOADS && catalog_find(&tables, "_tidegate_loads"))
        buf_text(&sql, loads_sql);
    else if (what == TG_SHOW_LOADS)
        buf_text(&sql, "SELECT '' AS load_id, '' AS \"table\" WHERE false");
    else
        tables_sql(&destination, &tables, &sql);
    TRY(buf_check(&sql, err));
    TRY(destination_query(&destination, buf_string(&sql), &stream, err));
    TRY(tg_stream_print(&stream, format, out, err));
done:
    stream_release(&stream);
    catalog_release(&tables);
    destination_close(&destination);
    buf_release(&sql);
    return rc;
}

/* ---- state and schema: documents ---- */

static int print_json(const char *text, size_t len, bool pretty, FILE *out, struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_doc *doc = NULL;
    size_t written = 0;
    char *printed = NULL;
    TRY(json_parse(text, len, "the stored document", &doc, err));
    printed = yyjson_write_opts(doc, pretty ? YYJSON_WRITE_PRETTY_TWO_SPACES : YYJSON_WRITE_NOFLAG,
                                json_allocator(), &written, NULL);
    if (!printed)
        rc = error_nomem(err);
    else if (fprintf(out, "%s\n", printed) < 0)
        rc = error_set(err, TG_IO, "the output cannot be written");
done:
    mem_free(printed);
    yyjson_doc_free(doc);
    return rc;
}

static int print_yaml(const char *text, size_t len, FILE *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct catalog catalog = {0};
    struct buf yaml = BUF_INIT;
    TRY(catalog_read(&catalog, text, len, err));
    TRY(schema_yaml_write(&catalog, &yaml, err));
    TRY(buf_check(&yaml, err));
    if (fwrite(buf_string(&yaml), 1, yaml.len, out) != yaml.len)
        rc = error_set(err, TG_IO, "the output cannot be written");
done:
    catalog_release(&catalog);
    buf_release(&yaml);
    return rc;
}

static int show_document(struct tg_pipeline *pipeline, enum tg_show what, enum tg_format format,
                         FILE *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct destination destination = {0};
    struct ledger ledger = {0};
    struct buf text = BUF_INIT;
    const struct config *config = &pipeline->config;
    bool is_state = what == TG_SHOW_STATE;
    TRY(open_existing(pipeline, &destination, err));
    TRY(destination_restore(&destination, config->pipeline, config->schema,
                            context_now_us(&pipeline->ctx), &ledger, err));
    const char *stored = is_state ? ledger.state_blob : ledger.schema_json;
    if (!stored) {
        rc = error_set(err, TG_DESTINATION,
                       "dataset '%s' holds no %s of pipeline '%s' yet; run the pipeline first",
                       config->dataset, is_state ? "state" : "schema", config->pipeline);
        goto done;
    }
    TRY(blob_decode(stored, strlen(stored), &text, err));
    if (format == TG_FORMAT_YAML)
        TRY(print_yaml(buf_string(&text), text.len, out, err));
    else
        TRY(print_json(buf_string(&text), text.len, format == TG_FORMAT_TABLE, out, err));
done:
    destination_close(&destination);
    ledger_release(&ledger);
    buf_release(&text);
    return rc;
}

static int show(struct tg_pipeline *pipeline, enum tg_show what, enum tg_format format, FILE *out,
                struct tg_error *err)
{
    pipeline_begin(pipeline);
    if (format == TG_FORMAT_YAML && what != TG_SHOW_SCHEMA)
        return error_set(err, TG_USAGE, "only the schema can be shown as YAML");
    switch (what) {
    case TG_SHOW_TABLES:
    case TG_SHOW_LOADS: return show_query(pipeline, what, format, out, err);
    case TG_SHOW_STATE:
    case TG_SHOW_SCHEMA: return show_document(pipeline, what, format, out, err);
    case TG_SHOW_PACKAGES: return show_packages(pipeline, format, out, err);
    }
    return error_set(err, TG_USAGE, "there is no view number %d", (int)what);
}

int tg_pipeline_show(struct tg_pipeline *pipeline, enum tg_show what, enum tg_format format,
                     FILE *out, struct tg_error *err)
{
    error_clear(err);
    NEEDS(pipeline);
    NEEDS(out);
    int rc = show(pipeline, what, format, out, err);
    hide_secrets(pipeline, err);
    return rc;
}
