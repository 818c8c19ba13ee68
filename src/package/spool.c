/*
 * The spool: batches in memory, and the flush that turns them into Parquet files in the background.
 *
 * Path: spool_append -> the table's file (batches of one schema) -> is_full (a tenth of the memory
 * budget, where the table's row groups are whole then, else a sixth) -> cut -> flush: all files go
 * to the worker as one job, the caller goes on with empty hands -> run_flush -> write_file:
 * note_ascents, engine_write_parquet, hash_file, fs_sync_file -> spool_finish enters the files into
 * the manifest. A second flush waits for the first: no more than two sixths are ever held. A schema
 * that changes begins a new file.
 *
 * The worker touches its files alone; they come back to the spool's list when it is done.
 */
#include "package/spool.h"

#include <string.h>

#include "base/fs.h"
#include "base/hash.h"
#include "base/thread.h"
#include "package/ascent.h"

/* Of the memory budget, for what is flushed at once: at the most, and where that makes whole row
 * groups of a table. */
enum { SHARE_MOST = 6, SHARE_WHOLE = 10 };

enum { NAME_BYTES_MAX = 100 };

/* What an array takes beside its values. */
enum { ARRAY_BYTES = 256 };

/* A file to be: batches of one table and schema. */
struct spool_file {
    char *table;
    char *name; /* of the file */
    struct ArrowSchema schema;
    struct ArrowArray *arrays; /* released once written */
    size_t count, cap;
    uint64_t row_count;
    struct ascent *ascents; /* of each column, once written */
    struct parquet_result result;
    char checksum[17];
};

struct spool_files {
    struct spool_file *items;
    size_t count, cap;
};

struct spool {
    struct context *ctx;
    struct engine *engine;
    char *folder;
    struct worker *worker;      /* started by the first flush */
    struct spool_files open;    /* being filled; the newest file of a table takes its batches */
    struct spool_files flight;  /* the worker's, while it runs */
    struct spool_files written; /* without arrays */
    size_t bytes;               /* of the open files */
    unsigned file_count;
    struct tg_error failure; /* of a flush: what it was to write is lost, and so is the package */
};

static void file_release(struct spool_file *file)
{
    for (size_t i = 0; i < file->count; i++)
        array_release(&file->arrays[i]);
    mem_free(file->arrays);
    mem_free(file->ascents);
    mem_free(file->table);
    mem_free(file->name);
    schema_release(&file->schema);
}

static void files_release(struct spool_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        file_release(&files->items[i]);
    mem_free(files->items);
    *files = (struct spool_files){0};
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
    files_release(&spool->open);
    files_release(&spool->flight);
    files_release(&spool->written);
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

/* The file that takes batches of `table` and `schema`; a new one when there is none. */
static int find_file(struct spool *spool, const char *table, const struct ArrowSchema *schema,
                     struct spool_file **out, struct tg_error *err)
{
    struct spool_files *open = &spool->open;
    for (size_t i = open->count; i-- > 0;) {
        if (strcmp(open->items[i].table, table) != 0)
            continue;
        *out = &open->items[i];
        if (schema_equal(&open->items[i].schema, schema))
            return TG_OK;
        break;
    }
    int rc = TG_OK;
    struct spool_file file = {.table = mem_strdup(table),
                              .name = file_name(table, spool->file_count + 1)};
    if (!file.table || !file.name)
        TRY(error_nomem(err));
    TRY(schema_copy(schema, &file.schema, err));
    TRY(mem_grow(&open->items, &open->cap, open->count + 1, sizeof(*open->items), err));
    *out = &open->items[open->count++];
    **out = file;
    file = (struct spool_file){0};
    spool->file_count++;
done:
    file_release(&file);
    return rc;
}

/* ---- flushing ---- */

static int describe_file(const struct spool_file *file, struct manifest_file *out,
                         struct tg_error *err)
{
    size_t count = (size_t)file->schema.n_children;
    *out = (struct manifest_file){
        .name = file->name,
        .row_count = file->result.row_count,
        .bytes = file->result.bytes,
        .column_count = count,
        .columns = mem_calloc(count + 1, sizeof(struct manifest_column)),
    };
    if (!out->columns)
        return error_nomem(err);
    memcpy(out->checksum, file->checksum, sizeof(out->checksum));
    for (size_t i = 0; i < count; i++) {
        const struct ArrowSchema *child = file->schema.children[i];
        out->columns[i].name = child->name;
        if (ascent_holds(&file->ascents[i])) {
            out->columns[i].ascends = true;
            out->columns[i].from = file->ascents[i].from;
            out->columns[i].to = file->ascents[i].to;
        }
        int rc = type_from_arrow(child, &out->columns[i].spec, err);
        if (rc != TG_OK)
            return error_at(err, rc, AT_COLUMN, child->name);
    }
    return TG_OK;
}

static int note_ascents(struct spool_file *file, struct tg_error *err)
{
    int64_t columns = file->schema.n_children;
    file->ascents = mem_calloc((size_t)columns + 1, sizeof(*file->ascents));
    if (!file->ascents)
        return error_nomem(err);
    for (int64_t i = 0; i < columns; i++)
        for (size_t j = 0; j < file->count; j++)
            ascent_note(&file->ascents[i], &file->schema, &file->arrays[j], i);
    return TG_OK;
}

static int write_file(struct spool *spool, struct spool_file *file, struct tg_error *err)
{
    int rc = TG_OK;
    char *path = fs_join(spool->folder, file->name);
    if (!path)
        TRY(error_nomem(err));
    TRY(note_ascents(file, err));
    TRY(engine_write_parquet(spool->engine, &file->schema, file->arrays, file->count, path,
                             &file->result, err));
    TRY(hash_file(path, file->checksum, err));
    rc = fs_sync_file(path, err);
done:
    mem_free(path);
    return rc == TG_OK ? rc : error_at(err, rc, AT_TABLE, file->table);
}

static int run_flush(void *arg, struct tg_error *err)
{
    struct spool *spool = arg;
    for (size_t i = 0; i < spool->flight.count; i++) {
        int rc = write_file(spool, &spool->flight.items[i], err);
        if (rc != TG_OK)
            return rc;
    }
    mem_trim(); /* else what long texts leave behind in the heap adds up, file by file */
    return TG_OK;
}

/* Waits for the flush that is under way and keeps what it wrote. */
static int await_flush(struct spool *spool, struct tg_error *err)
{
    if (!spool->worker)
        return TG_OK;
    struct spool_files *flight = &spool->flight;
    struct spool_files *written = &spool->written;
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
        struct spool_file *file = &written->items[written->count++];
        *file = flight->items[i];
        mem_free(file->arrays);
        file->arrays = NULL;
        file->count = 0;
    }
    flight->count = 0;
    files_release(flight);
    return TG_OK;
}

static int flush(struct spool *spool, struct tg_error *err)
{
    int rc = TG_OK;
    if (!spool->worker)
        TRY(worker_start(&spool->worker, err));
    TRY(await_flush(spool, err));
    if (spool->open.count == 0)
        goto done;
    spool->flight = spool->open;
    spool->open = (struct spool_files){0};
    spool->bytes = 0;
    rc = worker_submit(spool->worker, run_flush, spool, err);
done:
    return rc;
}

static int add(struct spool *spool, const char *table, const struct ArrowSchema *schema,
               struct ArrowArray *array, struct spool_file **out, struct tg_error *err)
{
    int rc = TG_OK;
    struct spool_file *file = NULL;
    TRY(find_file(spool, table, schema, &file, err));
    TRY(mem_grow(&file->arrays, &file->cap, file->count + 1, sizeof(*file->arrays), err));
    spool->bytes += batch_bytes(schema, array) + (size_t)(array->n_children + 1) * ARRAY_BYTES;
    file->row_count += (uint64_t)array->length;
    array_move(array, &file->arrays[file->count++]);
    *out = file;
done:
    array_release(array);
    return rc;
}

/* Takes the last `count` rows off the file, which are in its newest batch. */
static int cut(struct spool_file *file, int64_t count, struct ArrowArray *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct ArrowArray *newest = &file->arrays[file->count - 1], first = {.release = NULL};
    const int64_t all = newest->length;
    uint8_t *keep = mem_calloc((size_t)all, 1);
    if (!keep)
        TRY(error_nomem(err));
    memset(keep, 1, (size_t)(all - count));
    TRY(batch_take(&file->schema, newest, keep, all - count, &first, err));
    for (int64_t i = 0; i < all; i++)
        keep[i] = !keep[i];
    TRY(batch_take(&file->schema, newest, keep, count, out, err));
    array_release(newest);
    array_move(&first, newest);
    file->row_count -= (uint64_t)count;
done:
    array_release(&first);
    mem_free(keep);
    return rc;
}

/* Is it time, now that a batch of so many rows has come? *rest: how many of them are behind the
 * file's last whole row group, and begin the next one, so that DuckDB has none to put together. */
static bool is_full(const struct spool *spool, const struct spool_file *file, uint64_t added,
                    int64_t *rest)
{
    const size_t budget = spool->ctx->memory_bytes_max;
    uint64_t behind = file->row_count % ENGINE_GROUP_ROWS;
    bool ends_whole = behind < added && added <= ENGINE_GROUP_ROWS;
    *rest = ends_whole ? (int64_t)behind : 0;
    return spool->bytes > budget / (ends_whole ? SHARE_WHOLE : SHARE_MOST);
}

int spool_append(struct spool *spool, const char *table, const struct ArrowSchema *schema,
                 struct ArrowArray *array, struct tg_error *err)
{
    int rc = TG_OK;
    int64_t rest_count = 0;
    const uint64_t added = (uint64_t)array->length;
    struct spool_file *file = NULL;
    struct ArrowArray rest = {.release = NULL};
    TRY(context_check(spool->ctx, err));
    if (spool->failure.code != TG_OK)
        TRY(await_flush(spool, err));
    TRY(add(spool, table, schema, array, &file, err));
    if (!is_full(spool, file, added, &rest_count))
        goto done;
    if (rest_count > 0)
        TRY(cut(file, rest_count, &rest, err));
    TRY(flush(spool, err));
    if (rest_count > 0)
        rc = add(spool, table, schema, &rest, &file, err);
done:
    array_release(array);
    array_release(&rest);
    return rc;
}

static int enter(struct manifest *manifest, const struct spool_file *file, struct tg_error *err)
{
    int rc = TG_OK;
    struct manifest_file entry = {0};
    struct manifest_table *table = manifest_find(manifest, file->table);
    if (!table)
        TRY(error_set(err, TG_INTERNAL, "table '%s' has rows but is not in the manifest",
                      file->table));
    TRY(describe_file(file, &entry, err));
    rc = manifest_add_file(manifest, table, &entry, err);
done:
    mem_free(entry.columns);
    return rc;
}

int spool_finish(struct spool *spool, struct manifest *manifest, struct tg_error *err)
{
    int rc = TG_OK;
    if (spool->open.count > 0)
        TRY(flush(spool, err));
    TRY(await_flush(spool, err));
    for (size_t i = 0; i < spool->written.count; i++)
        TRY(enter(manifest, &spool->written.items[i], err));
    files_release(&spool->written);
done:
    return rc;
}
