/*
 * What lies in a pipeline's working directory: a line for each package.
 *
 *   show_packages -> add_part (open, sealed, failed, damaged) -> add_package: what its manifest,
 *   its error.txt and its tries say -> a stream of the sheet
 *
 * Nothing is changed or checked: a package without a manifest (it is being filled, or is damaged)
 * has no destination and no rows.
 */
#include <string.h>

#include "data/sheet.h"
#include "package/package.h"
#include "run/inspect.h"

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

static int put_manifest(struct sheet *sheet, const char *path, struct tg_error *err)
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
    TRY(sheet_text(sheet, DESTINATION, manifest.destination, err));
    TRY(sheet_text(sheet, DATASET, manifest.dataset, err));
    sheet_int64(sheet, CREATED_AT, manifest.created_us);
    sheet_int64(sheet, ROWS, rows);
    sheet_int64(sheet, BYTES, bytes);
done:
    manifest_release(&manifest);
    return rc;
}

static int put_reason(struct sheet *sheet, const char *path, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    TRY(package_reason(path, &text, err));
    if (text.len > 0)
        rc = sheet_text(sheet, REASON, buf_string(&text), err);
done:
    buf_release(&text);
    return rc;
}

static int add_package(struct sheet *sheet, const char *status, const char *path,
                       struct tg_error *err)
{
    int rc = TG_OK;
    int tries = 0;
    TRY(package_tries(path, &tries, err));
    TRY(sheet_text(sheet, LOAD_ID, strrchr(path, '/') + 1, err));
    TRY(sheet_text(sheet, STATUS, status, err));
    TRY(put_manifest(sheet, path, err));
    sheet_int64(sheet, TRIES, tries);
    TRY(put_reason(sheet, path, err));
    rc = sheet_end_row(sheet, err);
done:
    return rc;
}

static int add_part(struct sheet *sheet, const char *folder, const char *status,
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
        TRY(path ? add_package(sheet, status, path, err) : error_nomem(err));
    }
done:
    mem_free(path);
    mem_free(part);
    fs_names_release(&loads);
    return rc;
}

int show_packages(struct tg_pipeline *pipeline, struct ArrowArrayStream *out, struct tg_error *err)
{
    static const char *const parts[] = {"open", "sealed", "failed", "damaged"};
    int rc = TG_OK;
    struct sheet sheet = {0};
    char *folder = fs_join(pipeline->config.workdir, pipeline->config.pipeline);
    if (!folder)
        return error_nomem(err);
    TRY(sheet_init(&sheet, names, types, COLUMN_COUNT, err));
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        TRY(add_part(&sheet, folder, parts[i], err));
    TRY(sheet_stream(&sheet, out, err));
done:
    sheet_release(&sheet);
    mem_free(folder);
    return rc;
}
