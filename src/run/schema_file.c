/*
 * The schema as YAML files that people edit and read (reference 4.5): FOLDER/SCHEMA.schema.yaml.
 *
 *   schema_file_import  import_schema_path: the file overrides what is stored, when it has changed
 *   schema_file_start   an import file that is missing is written before the load is sealed
 *   schema_file_export  export_schema_path: the file follows what is stored
 *
 * They run at every load, so that a run that was killed in between is made up for by the next one.
 * What the text means is dlt/schema_yaml.c's business.
 */
#include <string.h>

#include "base/fs.h"
#include "dlt/schema_yaml.h"
#include "run/session.h"

/* FOLDER/SCHEMA.schema.yaml */
struct schema_file {
    char *path;
    bool exists;
    struct buf text; /* once it is read */
};

static int look(const struct session *session, const char *folder, struct schema_file *out,
                struct tg_error *err)
{
    int rc = TG_OK;
    struct fs_stat stat;
    struct buf name = BUF_INIT;
    *out = (struct schema_file){.text = BUF_INIT};
    buf_printf(&name, "%s.schema.yaml", session->schema);
    out->path = name.failed ? NULL : fs_join(folder, buf_string(&name));
    if (!out->path)
        TRY(error_nomem(err));
    TRY(fs_stat(out->path, &stat, err));
    out->exists = stat.exists;
done:
    buf_release(&name);
    return rc;
}

static void forget(struct schema_file *file)
{
    buf_release(&file->text);
    mem_free(file->path);
}

static int put(const struct schema_file *file, const char *folder, const struct buf *text,
               struct tg_error *err)
{
    int rc = fs_mkdirs(folder, err);
    return rc == TG_OK ? fs_write_file(file->path, text->data, text->len, err) : rc;
}

int schema_file_import(struct session *session, struct tg_error *err)
{
    int rc = TG_OK;
    const char *folder = session->pipeline->config.schema_config.import_path;
    struct schema_file file;
    bool changed = false;
    if (!folder)
        return TG_OK;
    TRY(look(session, folder, &file, err));
    if (!file.exists)
        goto done;
    TRY(fs_read_file(file.path, &file.text, err));
    TRY(catalog_import(&session->catalog, buf_string(&file.text), file.text.len, file.path,
                       &changed, err));
    if (changed)
        context_log(&session->pipeline->ctx, TG_LOG_INFO, "schema", "took over '%s'", file.path);
done:
    forget(&file);
    return rc;
}

int schema_file_start(struct session *session, struct tg_error *err)
{
    int rc = TG_OK;
    const char *folder = session->pipeline->config.schema_config.import_path;
    struct schema_file file;
    struct buf text = BUF_INIT;
    if (!folder)
        return TG_OK;
    TRY(look(session, folder, &file, err));
    if (file.exists)
        goto done;
    TRY(schema_yaml_start(&session->catalog, &text, err));
    TRY(put(&file, folder, &text, err));
done:
    buf_release(&text);
    forget(&file);
    return rc;
}

static int export(const struct session *session, const struct manifest *written,
                  struct tg_error *err)
{
    int rc = TG_OK;
    const char *folder = session->pipeline->config.schema_config.export_path;
    struct schema_file file;
    struct buf text = BUF_INIT;
    struct catalog catalog = {0};
    if (!folder)
        return TG_OK;
    TRY(look(session, folder, &file, err));
    if (file.exists)
        TRY(fs_read_file(file.path, &file.text, err));
    if (written)
        TRY(written_catalog(written, &catalog, err));
    TRY(schema_yaml_write(written ? &catalog : &session->catalog, &text, err));
    if (!file.exists || file.text.len != text.len ||
        memcmp(file.text.data, text.data, text.len) != 0)
        TRY(put(&file, folder, &text, err));
done:
    buf_release(&text);
    catalog_release(&catalog);
    forget(&file);
    return rc;
}

/* The load is committed: what fails now is no failure of it, and the next run does it again. */
void schema_file_export(const struct session *session, const struct manifest *written)
{
    struct tg_error problem = {0};
    if (export(session, written, &problem) != TG_OK)
        context_log(&session->pipeline->ctx, TG_LOG_WARNING, "schema", "%s", problem.what);
}
