/*
 * What the log of a run says at each step of it, for whoever looks the morning after.
 *
 *   load_begin -> tell_begins; resource.c -> tell_reads, tell_read; load_seal -> tell_sealed;
 *   run.c, deliver.c -> tell_written; settle.c -> tell_settled
 *
 * All of it is information: warnings stand where their reason is found. Nothing here fails a load,
 * and none of it shows a row: a cursor's value is the most that is told of them.
 */
#include "run/tell.h"

#include <inttypes.h>
#include <string.h>

#include "write/disposition.h"
#include "run/range.h"

static void put_names(struct buf *out, const char *before, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_printf(out, "%s%s", i > 0 ? ", " : before, names[i]);
}

/* "3 inserted" behind what is there; nothing where there are none. */
static void put_count(struct buf *out, uint64_t count, const char *words)
{
    if (count > 0)
        buf_printf(out, "%s%" PRIu64 " %s", out->len > 0 ? ", " : "", count, words);
}

static void say(const struct session *session, const char *component, const char *format,
                const char *name, struct buf *text)
{
    if (buf_check(text, NULL) == TG_OK)
        context_log(&session->pipeline->ctx, TG_LOG_INFO, component, format, name,
                    buf_string(text));
    buf_release(text);
}

void tell_begins(const struct load *load)
{
    const struct tg_pipeline *pipeline = load->session->pipeline;
    if (load->is_trial)
        return;
    context_log(&pipeline->ctx, TG_LOG_INFO, "load",
                "load '%s' of pipeline '%s' begins, for dataset '%s' of %s", load->id,
                pipeline->config.pipeline, pipeline->config.dataset, pipeline->destination);
}

/* "is written by merge (upsert) by id". */
static void put_way(struct buf *out, const struct resource *resource)
{
    const struct disposition_driver *driver = resource->disposition;
    buf_printf(out, "is written by %s", disposition_word(driver->word));
    if (driver->strategy)
        buf_printf(out, " (%s)", driver->strategy);
    put_names(out, " by ", resource->primary_key, resource->primary_key_count);
    put_names(out, ", groups by ", resource->merge_key, resource->merge_key_count);
}

static void put_bound(struct buf *out, const char *words, const struct tg_value *value)
{
    struct arena arena;
    const char *text = NULL;
    arena_init(&arena);
    if (bound_text(&arena, value, &text, NULL) == TG_OK && text)
        buf_printf(out, " %s %s", words, text);
    arena_release(&arena);
}

void tell_reads(const struct session *session, const struct resource *resource,
                const struct tg_cursor *cursor)
{
    struct buf text = BUF_INIT;
    if (resource->no_table)
        buf_printf(&text, "goes into no table");
    else
        put_way(&text, resource);
    if (cursor) {
        buf_printf(&text, ", and read by cursor '%s'", cursor->path);
        put_bound(&text, "from", &cursor->start);
        put_bound(&text, "to before", &cursor->end);
    }
    say(session, "read", "resource '%s' %s", resource->name, &text);
}

void tell_read(const struct session *session, const struct resource_counts *counts)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "%" PRIu64 " row%s read", counts->rows_read, plural(counts->rows_read));
    put_count(&text, counts->rows_new, "of them for the load");
    put_count(&text, counts->rows_filtered, "filtered");
    put_count(&text, counts->rows_rejected, "rejected");
    put_count(&text, counts->rows_waiting, "wait for open transactions");
    put_count(&text, counts->files_skipped, "files skipped unread, by the cursor");
    put_count(&text, counts->bytes_read, "bytes");
    say(session, "read", "resource '%s': %s", counts->resource->name, &text);
}

void tell_sealed(const struct load *load)
{
    uint64_t rows = 0, bytes = 0;
    const struct manifest *manifest = load_manifest(load);
    for (size_t i = 0; i < manifest->table_count; i++)
        for (size_t f = 0; f < manifest->tables[i].file_count; f++) {
            rows += (uint64_t)manifest->tables[i].files[f].row_count;
            bytes += (uint64_t)manifest->tables[i].files[f].bytes;
        }
    context_log(&load->session->pipeline->ctx, TG_LOG_INFO, "load",
                "load '%s' is sealed in '%s': %" PRIu64 " row%s, %" PRIu64 " bytes", load->id,
                load->sealed, rows, plural(rows), bytes);
}

/* Of a table that is new the columns are counted, and follow it. */
static void tell_changes(const struct session *session, const struct tg_result *result)
{
    for (size_t i = 0; i < result->change_count;) {
        struct buf text = BUF_INIT;
        const struct tg_schema_change *change = &result->changes[i++];
        const size_t first = i;
        while (!change->column && i < result->change_count && result->changes[i].column &&
               strcmp(result->changes[i].table, change->table) == 0)
            i++;
        if (change->type_before)
            buf_printf(&text, "has a wider column '%s': %s, it was %s", change->column,
                       change->type, change->type_before);
        else if (change->column)
            buf_printf(&text, "has a new column '%s', %s%s", change->column, change->type,
                       change->variant_of ? ", for values of another type" : "");
        else
            buf_printf(&text, "is new, with %zu columns", i - first);
        say(session, "schema", "table '%s' %s", change->table, &text);
    }
}

static void tell_table(const struct session *session, const struct tg_table_info *table)
{
    struct buf text = BUF_INIT;
    put_count(&text, table->rows_inserted, "inserted");
    put_count(&text, table->rows_updated, "updated");
    put_count(&text, table->rows_deleted, "deleted");
    put_count(&text, table->rows_unchanged, "left as they were");
    put_count(&text, table->rows_rejected, "rejected");
    if (text.len > 0)
        say(session, "write", "table '%s': %s", table->name, &text);
    buf_release(&text);
}

void tell_written(const struct load *load, const struct tg_result *result)
{
    const struct session *session = load->session;
    if (!*result->load_id || load->stays_sealed) {
        context_log(&session->pipeline->ctx, TG_LOG_INFO, "load", "load '%s' %s", load->id,
                    *result->load_id ? "stays sealed" : "has nothing to write");
        return;
    }
    tell_changes(session, result);
    for (size_t i = 0; i < result->table_count; i++)
        tell_table(session, &result->tables[i]);
    context_log(&session->pipeline->ctx, TG_LOG_INFO, "load", "load '%s' is committed, %.2f s",
                load->id, result->seconds);
}

void tell_settled(const struct session *session, const char *load_id)
{
    context_log(&session->pipeline->ctx, TG_LOG_INFO, "settle",
                "load '%s' of an earlier run, which was sealed, is committed", load_id);
}
