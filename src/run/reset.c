/*
 * What a pipeline remembers is forgotten, by a load that has no package.
 *
 *   reset_pipeline: session_open (lock) -> session_recall: the ledger -> reset_look (reset_look.c):
 *   of which resources, and what -> [forget: state and catalog without them -> describe_reset ->
 *   destination_write -> schema_file_export] -> drop_packages
 *
 * State and catalog get a higher version, whatever goes: a load that is sealed began from the one
 * before, and is not written over it. So packages may go afterwards, one by one; who is killed
 * between has done all that counts. A drop takes the tables, too, as a refresh does.
 */
#include "run/reset.h"

#include <string.h>

#include "base/fault.h"
#include "run/load.h"

/* ---- the load that forgets ---- */

/* Is there anything at the destination, or a sealed load that would bring it back? */
static bool has_to_write(const struct reset_task *task)
{
    const struct tg_reset *out = task->out;
    const bool remembers = task->cursors || task->files;
    const bool waits = task->touches && task->session.ledger.state_version > 0;
    return out->resource_count > 0 || out->table_count > 0 || (remembers && waits);
}

static int check_newest(const struct reset_task *task, struct tg_error *err)
{
    const char *wanted = task->options->newest_load;
    const char *newest = task->session.ledger.newest_load;
    if (!wanted || strcmp(wanted, newest) == 0)
        return TG_OK;
    return error_set(err, TG_CONFLICT,
                     "load '%s' of pipeline '%s' has come meanwhile; nothing was done, look again",
                     newest, task->session.pipeline->config.pipeline);
}

static bool takes_root(const void *user, const struct table *root)
{
    return reset_takes(user, root->resource ? root->resource : root->name);
}

static int forget(struct reset_task *task, struct tg_error *err)
{
    int rc = TG_OK;
    bool changed = false;
    struct session *session = &task->session;
    const struct root_choice choice = {takes_root, task};
    for (size_t i = 0; task->cursors && i < task->entry_count; i++)
        if (reset_takes(task, task->entries[i].resource))
            state_reset_resource(&session->state, task->entries[i].source,
                                 task->entries[i].resource);
    TRY(state_bump(&session->state, &changed, err));
    if (!changed)
        TRY(state_renumber(&session->state, session->ledger.state_version + 1, err));
    if (task->drops)
        TRY(refresh_drop(session, &choice, err));
done:
    return rc;
}

/* The tables of which the next run begins anew: the ledger tells of them what has become of them.
 */
static int add_roots(const struct reset_task *task, struct manifest *manifest, struct tg_error *err)
{
    int rc = TG_OK;
    struct manifest_table *table = NULL;
    const struct catalog *catalog = &task->session.catalog;
    TRY(refresh_mark(&task->session, manifest, err));
    for (size_t i = 0; i < catalog->table_count; i++) {
        const struct table *root = catalog->tables[i];
        if (!root->parent && root->seen_data && !table_is_system(root) && takes_root(task, root))
            TRY(manifest_add_table(manifest, root->name,
                                   root->resource ? root->resource : root->name, false, &table,
                                   err));
    }
done:
    return rc;
}

static int add_resets(const struct reset_task *task, struct manifest *manifest,
                      struct tg_error *err)
{
    const size_t count = task->chosen.count;
    struct manifest_reset *resets = arena_alloc(&manifest->arena, count * sizeof(*resets));
    if (!resets)
        return error_nomem(err);
    for (size_t i = 0; i < count; i++)
        resets[i] = (struct manifest_reset){.resource = task->chosen.items[i],
                                            .cursors = task->cursors,
                                            .files = task->files,
                                            .all = task->drops};
    manifest->resets = resets;
    manifest->reset_count = count;
    return TG_OK;
}

/* Tables that are dropped do not come back: no undo goes behind it. */
static int describe_reset(const struct reset_task *task, struct load *load,
                          struct manifest *manifest, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(package_make_id(&task->session.pipeline->ctx, manifest, err));
    TRY(add_roots(task, manifest, err));
    TRY(add_resets(task, manifest, err));
    TRY(load_describe(load, manifest, err));
    manifest->state_changed = true;
    manifest->refresh = task->drops ? "drop" : "reset";
    if (task->drops)
        manifest->undo_loads = 0;
done:
    return rc;
}

static int write_reset(struct reset_task *task, struct tg_error *err)
{
    int rc = TG_OK;
    struct session *session = &task->session;
    struct load load;
    struct manifest manifest;
    struct write_result written = {0};
    load_init(&load, session);
    manifest_init(&manifest);
    TRY(load_begin(&load, err));
    TRY(forget(task, err));
    TRY(describe_reset(task, &load, &manifest, err));
    TRY(destination_write(&session->destination, NULL, &manifest, NULL, &written, err));
    fault_point("after_reset");
    schema_file_export(session, NULL);
    rc = arena_keep(&task->out->arena, load.id, &task->out->load_id, err);
done:
    write_result_release(&written);
    manifest_release(&manifest);
    return rc;
}

/* ---- the working directory ---- */

static int drop_packages(const struct reset_task *task, struct tg_error *err)
{
    int rc = TG_OK;
    struct fs_names sealed = {0};
    struct buf path = BUF_INIT;
    for (size_t i = 0; i < task->out->package_count; i++) {
        if (!task->out->packages[i].sealed)
            continue;
        buf_clear(&path);
        buf_printf(&path, "%s/sealed/%s", task->session.folder, task->out->packages[i].load_id);
        TRY(buf_check(&path, err));
        TRY(package_drop(path.data, err));
        fault_point("after_package");
    }
    TRY(package_settle(task->session.folder, &sealed, err));
done:
    fs_names_release(&sealed);
    buf_release(&path);
    return rc;
}

/* ---- all of it ---- */

static int do_reset(struct reset_task *task, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(check_newest(task, err));
    if (has_to_write(task))
        TRY(write_reset(task, err));
    if (task->packages)
        TRY(drop_packages(task, err));
done:
    return rc;
}

static int open_task(struct reset_task *task, struct tg_error *err)
{
    struct tg_reset *out = task->out = mem_calloc(1, sizeof(*out));
    if (!out)
        return error_nomem(err);
    arena_init(&out->arena);
    out->load_id = "";
    int rc = arena_keep(&out->arena, task->session.pipeline->config.dataset, &out->dataset, err);
    return rc == TG_OK
               ? arena_keep(&out->arena, task->session.ledger.newest_load, &out->newest_load, err)
               : rc;
}

int reset_pipeline(struct tg_pipeline *pipeline, const struct tg_reset_options *options, bool drops,
                   struct tg_reset **out, struct tg_error *err)
{
    int rc = TG_OK;
    const bool all = options->parts == 0;
    struct reset_task task = {
        .options = options,
        .drops = drops,
        .cursors = all || (options->parts & TG_RESET_CURSORS),
        .files = all || (options->parts & TG_RESET_FILES),
        .packages = all || (options->parts & TG_RESET_PACKAGES),
    };
    *out = NULL;
    TRY(session_open(&task.session, pipeline, err));
    TRY(session_recall(&task.session, err));
    TRY(open_task(&task, err));
    TRY(reset_look(&task, err));
    if (!options->look_only)
        TRY(do_reset(&task, err));
    *out = task.out;
    task.out = NULL;
done:
    tg_reset_free(task.out);
    reset_task_release(&task);
    session_close(&task.session);
    return rc;
}
