/*
 * What lies in a pipeline's working directory: a line for each package, or for each of its files.
 *
 *   show_packages -> show: add_part (open, sealed, failed, damaged) -> add_package: what its
 *   manifest, its error.txt and its tries say -> a stream of the sheet
 *   show_files: the same, by add_files
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
    SCHEMA,
    PATH,
    COLUMN_COUNT
};

static const char *const names[COLUMN_COUNT] = {"load_id", "status", "dataset", "created_at",
                                                "rows",    "bytes",  "tries",   "destination",
                                                "error",   "schema", "path"};

static const struct type_spec types[COLUMN_COUNT] = {[LOAD_ID] = {.type = TYPE_TEXT},
                                                     [STATUS] = {.type = TYPE_TEXT},
                                                     [DESTINATION] = {.type = TYPE_TEXT},
                                                     [DATASET] = {.type = TYPE_TEXT},
                                                     [CREATED_AT] = {.type = TYPE_TIMESTAMP},
                                                     [ROWS] = {.type = TYPE_BIGINT},
                                                     [BYTES] = {.type = TYPE_BIGINT},
                                                     [TRIES] = {.type = TYPE_BIGINT},
                                                     [REASON] = {.type = TYPE_TEXT},
                                                     [SCHEMA] = {.type = TYPE_TEXT},
                                                     [PATH] = {.type = TYPE_TEXT}};

/* ---- packages ---- */

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
    TRY(sheet_text(sheet, SCHEMA, manifest.schema, err));
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
    TRY(sheet_text(sheet, PATH, path, err));
    rc = sheet_end_row(sheet, err);
done:
    return rc;
}

/* ---- their files ---- */

enum {
    FILE_LOAD,
    FILE_STATUS,
    FILE_TABLE,
    FILE_PATH,
    FILE_ROWS,
    FILE_BYTES,
    FILE_WIDTH,
    FILE_COUNT
};

static const char *const file_names[FILE_COUNT] = {"load_id", "status", "table",  "path",
                                                   "rows",    "bytes",  "columns"};

static const struct type_spec file_types[FILE_COUNT] = {
    [FILE_LOAD] = {.type = TYPE_TEXT},   [FILE_STATUS] = {.type = TYPE_TEXT},
    [FILE_TABLE] = {.type = TYPE_TEXT},  [FILE_PATH] = {.type = TYPE_TEXT},
    [FILE_ROWS] = {.type = TYPE_BIGINT}, [FILE_BYTES] = {.type = TYPE_BIGINT},
    [FILE_WIDTH] = {.type = TYPE_BIGINT}};

static int add_file(struct sheet *sheet, const char *path, const struct manifest_table *table,
                    const struct manifest_file *file, struct tg_error *err)
{
    int rc = TG_OK;
    char *whole = fs_join(path, file->name);
    if (!whole)
        return error_nomem(err);
    TRY(sheet_text(sheet, FILE_LOAD, strrchr(path, '/') + 1, err));
    TRY(sheet_text(sheet, FILE_TABLE, table->name, err));
    TRY(sheet_text(sheet, FILE_PATH, whole, err));
    sheet_int64(sheet, FILE_ROWS, (int64_t)file->row_count);
    sheet_int64(sheet, FILE_BYTES, (int64_t)file->bytes);
    sheet_int64(sheet, FILE_WIDTH, (int64_t)file->column_count);
done:
    mem_free(whole);
    return rc;
}

static int add_files(struct sheet *sheet, const char *status, const char *path,
                     struct tg_error *err)
{
    struct manifest manifest;
    int rc = package_read(path, &manifest, err);
    if (rc != TG_OK)
        return rc == TG_NOMEM ? rc : TG_OK;
    for (size_t t = 0; t < manifest.table_count; t++) {
        const struct manifest_table *table = &manifest.tables[t];
        for (size_t f = 0; f < table->file_count; f++) {
            TRY(sheet_text(sheet, FILE_STATUS, status, err));
            TRY(add_file(sheet, path, table, &table->files[f], err));
            TRY(sheet_end_row(sheet, err));
        }
    }
done:
    manifest_release(&manifest);
    return rc;
}

/* ---- all of them ---- */

typedef int (*add_load)(struct sheet *sheet, const char *status, const char *path,
                        struct tg_error *err);

static int add_part(struct sheet *sheet, add_load add, const char *folder, const char *status,
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
        TRY(path ? add(sheet, status, path, err) : error_nomem(err));
    }
done:
    mem_free(path);
    mem_free(part);
    fs_names_release(&loads);
    return rc;
}

/* Takes the sheet. */
static int show(struct tg_pipeline *pipeline, struct sheet *sheet, add_load add,
                struct ArrowArrayStream *out, struct tg_error *err)
{
    static const char *const parts[] = {"open", "sealed", "failed", "damaged"};
    int rc = TG_OK;
    char *folder = fs_join(pipeline->config.workdir, pipeline->config.pipeline);
    if (!folder)
        TRY(error_nomem(err));
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        TRY(add_part(sheet, add, folder, parts[i], err));
    TRY(sheet_stream(sheet, out, err));
done:
    sheet_release(sheet);
    mem_free(folder);
    return rc;
}

int show_packages(struct tg_pipeline *pipeline, struct ArrowArrayStream *out, struct tg_error *err)
{
    struct sheet sheet = {0};
    int rc = sheet_init(&sheet, names, types, COLUMN_COUNT, err);
    return rc == TG_OK ? show(pipeline, &sheet, add_package, out, err) : rc;
}

int show_files(struct tg_pipeline *pipeline, struct ArrowArrayStream *out, struct tg_error *err)
{
    struct sheet sheet = {0};
    int rc = sheet_init(&sheet, file_names, file_types, FILE_COUNT, err);
    return rc == TG_OK ? show(pipeline, &sheet, add_files, out, err) : rc;
}
