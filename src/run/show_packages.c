/*
 * What lies in a pipeline's working directory: a line for each package.
 *
 *   show_packages -> add_part (open, sealed, failed, damaged) -> add_package: what its manifest,
 *   its error.txt and its tries say -> a stream of one Arrow batch
 *
 * Nothing is changed or checked: a package without a manifest (it is being filled, or is damaged)
 * has no destination and no rows.
 */
#include <string.h>

#include "run/inspect.h"
#include "package/package.h"

enum {
    LOAD_ID,
    STATUS,
    DATASET,
    CREATED_AT,
    ROWS,
    BYTES,
    TRIES,
    DESTINATION,
    REASON,
    COLUMN_COUNT
};

static const char *const names[COLUMN_COUNT] = {
    "load_id", "status", "dataset", "created_at", "rows", "bytes", "tries", "destination", "error"};

static const struct type_spec types[COLUMN_COUNT] = {
    [LOAD_ID] = {.type = TYPE_TEXT},         [STATUS] = {.type = TYPE_TEXT},
    [DESTINATION] = {.type = TYPE_TEXT},     [DATASET] = {.type = TYPE_TEXT},
    [CREATED_AT] = {.type = TYPE_TIMESTAMP}, [ROWS] = {.type = TYPE_BIGINT},
    [BYTES] = {.type = TYPE_BIGINT},         [TRIES] = {.type = TYPE_BIGINT},
    [REASON] = {.type = TYPE_TEXT}};

struct packages {
    struct column columns[COLUMN_COUNT];
    size_t count;
};

static int put(struct packages *packages, int column, const char *text, struct tg_error *err)
{
    return column_set_text(&packages->columns[column], packages->count, text, strlen(text), err);
}

static int put_manifest(struct packages *packages, const char *path, struct tg_error *err)
{
    int rc = TG_OK;
    int64_t rows = 0, bytes = 0;
    struct manifest manifest;
    rc = package_read(path, &manifest, err);
    if (rc != TG_OK)
        return rc == TG_NOMEM ? rc : TG_OK;
    for (size_t t = 0; t < manifest.table_count; t++) {
        for (size_t f = 0; f < manifest.tables[t].file_count; f++) {
            rows += (int64_t)manifest.tables[t].files[f].row_count;
            bytes += (int64_t)manifest.tables[t].files[f].bytes;
        }
    }
    TRY(put(packages, DESTINATION, manifest.destination, err));
    TRY(put(packages, DATASET, manifest.dataset, err));
    column_set_int64(&packages->columns[CREATED_AT], packages->count, manifest.created_us);
    column_set_int64(&packages->columns[ROWS], packages->count, rows);
    column_set_int64(&packages->columns[BYTES], packages->count, bytes);
done:
    manifest_release(&manifest);
    return rc;
}

static int put_reason(struct packages *packages, const char *path, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    TRY(package_reason(path, &text, err));
    if (text.len > 0)
        rc = put(packages, REASON, buf_string(&text), err);
done:
    buf_release(&text);
    return rc;
}

static int add_package(struct packages *packages, const char *status, const char *path,
                       struct tg_error *err)
{
    int rc = TG_OK;
    int tries = 0;
    if (packages->count == BATCH_ROWS)
        return TG_OK; /* more than anybody reads */
    TRY(package_tries(path, &tries, err));
    TRY(put(packages, LOAD_ID, strrchr(path, '/') + 1, err));
    TRY(put(packages, STATUS, status, err));
    TRY(put_manifest(packages, path, err));
    column_set_int64(&packages->columns[TRIES], packages->count, tries);
    TRY(put_reason(packages, path, err));
    packages->count++;
done:
    return rc;
}

static int add_part(struct packages *packages, const char *folder, const char *status,
                    struct tg_error *err)
{
    int rc = TG_OK;
    struct fs_names loads = {0};
    char *part = fs_join(folder, status), *path = NULL;
    if (!part)
        return error_nomem(err);
    TRY(fs_list(part, &loads, err));
    for (size_t i = 0; i < loads.count; i++) {
        mem_free(path);
        path = fs_join(part, loads.items[i]);
        TRY(path ? add_package(packages, status, path, err) : error_nomem(err));
    }
done:
    mem_free(path);
    mem_free(part);
    fs_names_release(&loads);
    return rc;
}

static int as_stream(struct packages *packages, struct ArrowArrayStream *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct ArrowSchema schema = {0};
    struct ArrowArray children[COLUMN_COUNT] = {{0}}, array = {0};
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        TRY(column_export(&packages->columns[i], packages->count, &children[i], err));
    TRY(schema_make(names, types, COLUMN_COUNT, &schema, err));
    TRY(batch_make(children, COLUMN_COUNT, (int64_t)packages->count, &array, err));
    TRY(stream_from_arrays(&schema, &array, 1, out, err));
done:
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        array_release(&children[i]);
    array_release(&array);
    schema_release(&schema);
    return rc;
}

int show_packages(struct tg_pipeline *pipeline, struct ArrowArrayStream *out, struct tg_error *err)
{
    static const char *const parts[] = {"open", "sealed", "failed", "damaged"};
    int rc = TG_OK;
    struct packages packages = {.count = 0};
    char *folder = fs_join(pipeline->config.workdir, pipeline->config.pipeline);
    if (!folder)
        return error_nomem(err);
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        TRY(column_init(&packages.columns[i], &types[i], err));
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        TRY(add_part(&packages, folder, parts[i], err));
    TRY(as_stream(&packages, out, err));
done:
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        column_release(&packages.columns[i]);
    mem_free(folder);
    return rc;
}
