/*
 * Many rows at a cursor's last value, whose hashes are kept in a table of the ledger.
 *
 * Path: known.c finds the word in the ledger -> tied_open -> recall, when the cursor meets a row at
 * its start: the table's rows -> ties.c; tied_store -> emit -> put_row (RUN hashes) -> flush ->
 * package_append, as the part TIES_TABLE of the manifest.
 *
 * Many hashes to a row: for one to a row, the database would keep, send and delete several times
 * the bytes; and rows of more are no longer small beside a database's pages and batches.
 *
 * Which rows are new is said by extract/cursor/ties.c; what becomes of the table's rows, by
 * record.c.
 */
#include "run/tied.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/batch.h"

enum { RUN = 8, FLUSH_ROWS = BATCH_ROWS };

/* ---- the word ---- */

static const char first_word[] = "ties:", mixed_word[] = "mixed:";

static void write_word(const struct ties_total *total, char out[TIED_WORD])
{
    snprintf(out, TIED_WORD, "%s%s%" PRIu64 ":%016" PRIx64 "%016" PRIx64, first_word,
             total->is_mixed ? mixed_word : "", total->count, total->low, total->high);
}

bool tied_read_word(const char *text, struct ties_total *out)
{
    char half[17] = "", again[TIED_WORD];
    char *end;
    const char *at = text + strlen(first_word);
    *out = (struct ties_total){.count = 0};
    if (strncmp(text, first_word, strlen(first_word)) != 0)
        return false;
    out->is_mixed = strncmp(at, mixed_word, strlen(mixed_word)) == 0;
    at += out->is_mixed ? strlen(mixed_word) : 0;
    out->count = strtoull(at, &end, 10);
    if (strlen(end) == 33) {
        memcpy(half, end + 1, 16);
        out->low = strtoull(half, NULL, 16);
        out->high = strtoull(end + 17, NULL, 16);
    }
    write_word(out, again);
    return strcmp(text, again) == 0;
}

/* ---- from the ledger ---- */

static int recall_batch(const struct ArrowSchema *schema, const struct ArrowArray *batch,
                        struct ties *ties, struct tg_error *err)
{
    int rc = TG_OK;
    const char *bytes;
    size_t len;
    for (int64_t i = 0; i < batch->length; i++)
        if (value_bytes(schema->children[0], batch->children[0], batch->offset + i, &bytes, &len))
            TRY(ties_recall(ties, bytes, len / TIE_BYTES, err));
done:
    return rc;
}

static int recall_stream(struct ArrowArrayStream *stream, struct ties *ties, struct tg_error *err)
{
    int rc = TG_OK;
    bool end = !stream->release;
    struct ArrowSchema schema = {.release = NULL};
    if (!end)
        TRY(stream_schema(stream, TG_DESTINATION, &schema, err));
    while (!end) {
        struct ArrowArray batch = {.release = NULL};
        TRY(stream_next(stream, TG_DESTINATION, &batch, &end, err));
        rc = end ? TG_OK : recall_batch(&schema, &batch, ties, err);
        array_release(&batch);
        TRY(rc);
    }
done:
    schema_release(&schema);
    return rc;
}

/* The destination is closed while a source is read, but where a run only looks. */
static int recall(void *user, struct ties *ties, struct tg_error *err)
{
    int rc = TG_OK;
    const struct tied *tied = user;
    struct destination *destination = &tied->load->session->destination;
    struct ArrowArrayStream stream = {.release = NULL};
    const bool was_open = destination->state != NULL;
    const struct ties_request request = {tied->load->session->pipeline->config.pipeline,
                                         tied->load->session->schema, tied->resource->name,
                                         tied->resource->incremental.cursor_path};
    if (!was_open)
        TRY(destination_open(destination, err));
    if (destination->state)
        TRY(destination_ties(destination, &request, &stream, err));
    TRY(recall_stream(&stream, ties, err));
done:
    stream_release(&stream);
    if (!was_open)
        destination_close(destination);
    return rc;
}

int tied_open(struct tied *tied, struct load *load, const struct resource *resource, size_t place,
              const struct ties_total *stored, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf folder = BUF_INIT;
    const struct session *session = load->session;
    *tied = (struct tied){.load = load, .resource = resource};
    buf_printf(&folder, "%s/open/%s.%zu.ties", session->folder, load->id, place);
    TRY(buf_check(&folder, err));
    const struct ties_options options = {.ctx = &session->pipeline->ctx,
                                         .engine = session->engine,
                                         .folder = folder.data,
                                         .stored = *stored,
                                         .recall = recall,
                                         .user = tied};
    TRY(ties_new(&options, &tied->ties, err));
done:
    buf_release(&folder);
    return rc;
}

void tied_close(struct tied *tied)
{
    ties_free(tied->ties);
    *tied = (struct tied){.ties = NULL};
}

/* ---- into the package ---- */

enum { RESOURCE, PATH, HASHES, COLUMNS };
static const char *const names[COLUMNS] = {"resource_name", "cursor_path", "row_hashes"};
static const struct type_spec types[COLUMNS] = {
    {.type = TYPE_TEXT}, {.type = TYPE_TEXT}, {.type = TYPE_BINARY}};

struct packing {
    const struct tied *tied;
    struct ArrowSchema schema;
    struct column columns[COLUMNS];
    size_t row_count;
    unsigned char run[RUN * TIE_BYTES];
    size_t count; /* hashes in it */
};

static int flush(struct packing *packing, struct tg_error *err)
{
    int rc = TG_OK;
    size_t exported = 0;
    struct ArrowArray children[COLUMNS], batch = {.release = NULL};
    if (packing->row_count == 0)
        return TG_OK;
    for (; exported < COLUMNS; exported++)
        TRY(column_export(&packing->columns[exported], packing->row_count, &children[exported],
                          err));
    exported = 0; /* moved, also on failure */
    TRY(batch_make(children, COLUMNS, (int64_t)packing->row_count, &batch, err));
    packing->row_count = 0;
    TRY(package_append(packing->tied->load->package, TIES_TABLE, &packing->schema, &batch, err));
done:
    for (size_t i = 0; i < exported; i++)
        array_release(&children[i]);
    return rc;
}

static int put_row(struct packing *packing, struct tg_error *err)
{
    int rc = TG_OK;
    const struct resource *resource = packing->tied->resource;
    const char *const texts[COLUMNS] = {resource->name, resource->incremental.cursor_path,
                                        (const char *)packing->run};
    const size_t lens[COLUMNS] = {strlen(texts[RESOURCE]), strlen(texts[PATH]),
                                  packing->count * TIE_BYTES};
    if (packing->count == 0)
        return TG_OK;
    for (size_t i = 0; i < COLUMNS && packing->row_count == 0; i++)
        TRY(column_init_rows(&packing->columns[i], &types[i], FLUSH_ROWS, err));
    for (size_t i = 0; i < COLUMNS; i++)
        TRY(column_set_text(&packing->columns[i], packing->row_count, texts[i], lens[i], err));
    packing->count = 0;
    if (++packing->row_count == FLUSH_ROWS)
        TRY(flush(packing, err));
done:
    return rc;
}

static int emit(void *user, const struct tie *ties, size_t count, struct tg_error *err)
{
    int rc = TG_OK;
    struct packing *packing = user;
    for (size_t i = 0; i < count; i++) {
        tie_put(&ties[i], packing->run + packing->count * TIE_BYTES);
        if (++packing->count == RUN)
            TRY(put_row(packing, err));
    }
done:
    return rc;
}

int tied_store(const struct tied *tied, char word[TIED_WORD], struct tg_error *err)
{
    int rc = TG_OK;
    struct manifest *manifest = NULL;
    struct manifest_table *part = NULL;
    struct ties_total total;
    struct packing packing = {.tied = tied};
    TRY(load_package(tied->load, &manifest, err));
    TRY(manifest_add_table(manifest, TIES_TABLE, "", false, &part, err));
    TRY(schema_make(names, types, COLUMNS, &packing.schema, err));
    TRY(ties_finish(tied->ties, emit, &packing, &total, err));
    TRY(put_row(&packing, err));
    TRY(flush(&packing, err));
    write_word(&total, word);
done:
    for (size_t i = 0; i < COLUMNS; i++)
        column_release(&packing.columns[i]);
    schema_release(&packing.schema);
    return rc;
}
