/*
 * The schema as YAML files that people edit and read (reference 4.5): FOLDER/SCHEMA.schema.yaml.
 *
 *   schema_file_import  import_schema_path: the file overrides what is stored, when it has changed
 *   schema_file_start   an import file that is missing is written before the load is sealed
 *   schema_file_export  export_schema_path: the file follows what is stored
 *
 * They run at every load, so that a run that was killed in between is made up for by the next one.
 * What the text means is catalog/schema_yaml.c's business.
 */
#include <string.h>

#include "base/fs.h"
#include "catalog/schema_yaml.h"
#include "run.h"

/* FOLDER/SCHEMA.schema.yaml; NULL: no memory. */
static char *schema_path(const struct run *run, const char *folder)
{
    struct buf name = BUF_INIT;
    buf_printf(&name, "%s.schema.yaml", run->schema);
    char *path = name.failed ? NULL : fs_join(folder, buf_string(&name));
    buf_release(&name);
    return path;
}

int schema_file_import(struct run *run, struct tg_error *err)
{
    int rc = TG_OK;
    const char *folder = run->pipeline->config.schema_config.import_path;
    struct buf text = BUF_INIT;
    struct fs_stat stat;
    bool changed = false;
    char *path = folder ? schema_path(run, folder) : NULL;
    if (!folder)
        return TG_OK;
    if (!path)
        return error_nomem(err);
    TRY(fs_stat(path, &stat, err));
    if (!stat.exists)
        goto done;
    TRY(fs_read_file(path, &text, err));
    TRY(catalog_import(&run->catalog, buf_string(&text), text.len, path, &changed, err));
    if (changed)
        context_log(&run->pipeline->ctx, TG_LOG_INFO, "schema", "took over '%s'", path);
done:
    buf_release(&text);
    mem_free(path);
    return rc;
}

int schema_file_start(struct run *run, struct tg_error *err)
{
    int rc = TG_OK;
    const char *folder = run->pipeline->config.schema_config.import_path;
    struct buf text = BUF_INIT;
    struct fs_stat stat;
    char *path = folder ? schema_path(run, folder) : NULL;
    if (!folder)
        return TG_OK;
    if (!path)
        return error_nomem(err);
    TRY(fs_stat(path, &stat, err));
    if (stat.exists)
        goto done;
    TRY(schema_yaml_start(&run->catalog, &text, err));
    TRY(fs_mkdirs(folder, err));
    TRY(fs_write_file(path, text.data, text.len, err));
done:
    buf_release(&text);
    mem_free(path);
    return rc;
}

int schema_file_export(const struct run *run, struct tg_error *err)
{
    int rc = TG_OK;
    const char *folder = run->pipeline->config.schema_config.export_path;
    struct buf text = BUF_INIT, there = BUF_INIT;
    struct fs_stat stat;
    char *path = folder ? schema_path(run, folder) : NULL;
    if (!folder)
        return TG_OK;
    if (!path)
        return error_nomem(err);
    TRY(schema_yaml_write(&run->catalog, &text, err));
    TRY(fs_mkdirs(folder, err));
    TRY(fs_stat(path, &stat, err));
    if (stat.exists)
        TRY(fs_read_file(path, &there, err));
    if (!stat.exists || there.len != text.len || memcmp(there.data, text.data, text.len) != 0)
        TRY(fs_write_file(path, text.data, text.len, err));
done:
    buf_release(&there);
    buf_release(&text);
    mem_free(path);
    return rc;
}
