/*
 * The spool: batches in memory, and the flush that turns them into Parquet files in the background.
 *
 * Path: spool_append -> the table's lot (batches of one schema) -> when a sixth of the memory
 * budget is full, flush: all lots go to the worker as one job, the caller goes on with empty hands
 * -> run_flush -> write_lot: engine_write_parquet, hash_file, fs_sync_file -> spool_finish enters
 * the files into the manifest. A second flush waits for the first: no more than two sixths are ever
 * held. A schema that changes begins a new lot, hence a file of its own.
 *
 * The worker touches its lots alone; they come back to the spool's list when it is done.
 */
#include "package/spool.h"

#include <string.h>

#include "base/fs.h"
#include "base/hash.h"
#include "base/thread.h"
#include "data/batch.h"

enum { SHARE = 6, NAME_BYTES_MAX = 100 };

/* Batches of one table and schema; one file. */
struct lot {
    char *table;
    char *name; /* of the file */
    struct ArrowSchema schema;
    struct ArrowArray *arrays; /* released once written */
    size_t count, cap;
    struct parquet_result result;
    char checksum[17];
};

struct lots {
    struct lot *items;
    size_t count, cap;
};

struct spool {
    struct context *ctx;
    struct engine *engine;
    char *folder;
    struct worker *worker; /* started by the first flush */
    struct lots open;      /* being filled; the newest lot of a table takes its batches */
    struct lots flight;    /* the worker's, while it runs */
    struct lots written;   /* without arrays */
    size_t bytes;          /* of the open lots */
    unsigned file_count;
    struct tg_error failure; /* of a flush: what it was to write is lost, and so is the package */
};

static void lot_release(struct lot *lot)
{
    for (size_t i = 0; i < lot->count; i++)
        array_release(&lot->arrays[i]);
    mem_free(lot->arrays);
    mem_free(lot->table);
    mem_free(lot->name);
    schema_release(&lot->schema);
}

static void lots_release(struct lots *lots)
{
    for (size_t i = 0; i < lots->count; i++)
        lot_release(&lots->items[i]);
    mem_free(lots->items);
    *lots = (struct lots){0};
}

int spool_new(struct context *ctx, struct engine *engine, const char *folder, struct spool **out,
              struct tg_error *err)
{
    *out = NULL;
    struct spool *spool = mem_calloc(1, sizeof(*spool));
    char *copy = mem_strdup(folder);
    if (!spool || !copy) {
        mem_free(spool);
        mem_free(copy);
        return error_nomem(err);
    }
    *spool = (struct spool){.ctx = ctx, .engine = engine, .folder = copy};
    *out = spool;
    return TG_OK;
}

void spool_free(struct spool *spool)
{
    if (!spool)
        return;
    worker_stop(spool->worker);
    lots_release(&spool->open);
    lots_release(&spool->flight);
    lots_release(&spool->written);
    mem_free(spool->folder);
    mem_free(spool);
}

/* ---- filling ---- */

/* "<table>.<n>.parquet", of characters that every file system takes. */
static char *file_name(const char *table, unsigned number)
{
    struct buf name = BUF_INIT;
    for (const unsigned char *c = (const unsigned char *)table; *c && name.len < NAME_BYTES_MAX;
         c++) {
        if ((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_')
            buf_char(&name, (char)*c);
        else if (name.len + 3 <= NAME_BYTES_MAX)
            buf_printf(&name, "%%%02X", *c);
        else
            break;
    }
    buf_printf(&name, ".%u.parquet", number);
    char *text = buf_take(&name);
    buf_release(&name);
    return text;
}

/* The lot that takes batches of `table` and `schema`; a new one when there is none. */
static int find_lot(struct spool *spool, const char *table, const struct ArrowSchema *schema,
                    struct lot **out, struct tg_error *err)
{
    struct lots *open = &spool->open;
    for (size_t i = open->count; i-- > 0;) {
        if (strcmp(open->items[i].table, table) != 0)
            continue;
        *out = &open->items[i];
        if (schema_equal(&open->items[i].schema, schema))
            return TG_OK;
        break;
    }
    int rc = TG_OK;
    struct lot lot = {.table = mem_strdup(table), .name = file_name(table, spool->file_count + 1)};
    if (!lot.table || !lot.name) {
        rc = error_nomem(err);
        goto done;
    }
    TRY(schema_copy(schema, &lot.schema, err));
    TRY(mem_grow(&open->items, &open->cap, open->count + 1, sizeof(*open->items), err));
    *out = &open->items[open->count++];
    **out = lot;
    lot = (struct lot){0};
    spool->file_count++;
done:
    lot_release(&lot);
    return rc;
}

/* ---- flushing ---- */

static int describe_lot(const struct lot *lot, struct manifest_file *out, struct tg_error *err)
{
    size_t count = (size_t)lot->schema.n_children;
    *out = (struct manifest_file){
        .name = lot->name,
        .row_count = lot->result.row_count,
        .bytes = lot->result.bytes,
        .column_count = count,
        .columns = mem_calloc(count + 1, sizeof(struct manifest_column)),
    };
    if (!out->columns)
        return error_nomem(err);
    memcpy(out->checksum, lot->checksum, sizeof(out->checksum));
    for (size_t i = 0; i < count; i++) {
        const struct ArrowSchema *child = lot->schema.children[i];
        out->columns[i].name = child->name;
        int rc = type_from_arrow(child, &out->columns[i].spec, err);
        if (rc != TG_OK)
            return error_where(err, rc, "column '%s'", child->name);
    }
    return TG_OK;
}

static int write_lot(struct spool *spool, struct lot *lot, struct tg_error *err)
{
    int rc = TG_OK;
    char *path = fs_join(spool->folder, lot->name);
    if (!path) {
        rc = error_nomem(err);
        goto done;
    }
    TRY(engine_write_parquet(spool->engine, &lot->schema, lot->arrays, lot->count, path,
                             &lot->result, err));
    TRY(hash_file(path, lot->checksum, err));
    rc = fs_sync_file(path, err);
done:
    mem_free(path);
    return rc == TG_OK ? rc : error_where(err, rc, "table '%s'", lot->table);
}

static int run_flush(void *arg, struct tg_error *err)
{
    struct spool *spool = arg;
    for (size_t i = 0; i < spool->flight.count; i++) {
        int rc = write_lot(spool, &spool->flight.items[i], err);
        if (rc != TG_OK)
            return rc;
    }
    mem_trim(); /* else what long texts leave behind in the heap adds up, file by file */
    return TG_OK;
}

/* Waits for the flush that is under way and keeps what it wrote. */
static int land(struct spool *spool, struct tg_error *err)
{
    if (!spool->worker)
        return TG_OK;
    struct lots *flight = &spool->flight;
    struct lots *written = &spool->written;
    int rc = spool->failure.code;
    if (rc == TG_OK)
        rc = worker_wait(spool->worker, &spool->failure);
    if (rc != TG_OK && err)
        *err = spool->failure;
    if (rc == TG_OK)
        rc = mem_grow(&written->items, &written->cap, written->count + flight->count,
                      sizeof(*written->items), err);
    if (rc != TG_OK || flight->count == 0)
        return rc;
    for (size_t i = 0; i < flight->count; i++) {
        struct lot *lot = &written->items[written->count++];
        *lot = flight->items[i];
        mem_free(lot->arrays);
        lot->arrays = NULL;
        lot->count = 0;
    }
    flight->count = 0;
    lots_release(flight);
    return TG_OK;
}

static int flush(struct spool *spool, struct tg_error *err)
{
    int rc = TG_OK;
    if (!spool->worker)
        TRY(worker_start(&spool->worker, err));
    TRY(land(spool, err));
    if (spool->open.count == 0)
        goto done;
    spool->flight = spool->open;
    spool->open = (struct lots){0};
    spool->bytes = 0;
    rc = worker_submit(spool->worker, run_flush, spool, err);
done:
    return rc;
}

int spool_append(struct spool *spool, const char *table, const struct ArrowSchema *schema,
                 struct ArrowArray *array, struct tg_error *err)
{
    int rc = TG_OK;
    struct lot *lot = NULL;
    if (array->length == 0)
        goto done;
    TRY(context_check(spool->ctx, err));
    if (spool->failure.code != TG_OK)
        TRY(land(spool, err));
    TRY(find_lot(spool, table, schema, &lot, err));
    TRY(mem_grow(&lot->arrays, &lot->cap, lot->count + 1, sizeof(*lot->arrays), err));
    spool->bytes += batch_bytes(schema, array);
    array_move(array, &lot->arrays[lot->count++]);
    if (spool->bytes > spool->ctx->memory_bytes_max / SHARE)
        rc = flush(spool, err);
done:
    array_release(array);
    return rc;
}

static int enter(struct manifest *manifest, const struct lot *lot, struct tg_error *err)
{
    int rc = TG_OK;
    struct manifest_file file = {0};
    struct manifest_table *table = manifest_find(manifest, lot->table);
    if (!table) {
        rc = error_set(err, TG_INTERNAL, "table '%s' has rows but is not in the manifest",
                       lot->table);
        goto done;
    }
    TRY(describe_lot(lot, &file, err));
    rc = manifest_add_file(manifest, table, &file, err);
done:
    mem_free(file.columns);
    return rc;
}

int spool_finish(struct spool *spool, struct manifest *manifest, struct tg_error *err)
{
    int rc = TG_OK;
    if (spool->open.count > 0)
        TRY(flush(spool, err));
    TRY(land(spool, err));
    for (size_t i = 0; i < spool->written.count; i++)
        TRY(enter(manifest, &spool->written.items[i], err));
    lots_release(&spool->written);
done:
    return rc;
}
