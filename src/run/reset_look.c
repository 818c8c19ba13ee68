/*
 * What a reset is about, and what it would take.
 *
 *   reset_look -> find_known: resources of the spec, and of all that remembers any (state,
 *   boundaries, files, schema, sealed loads) -> choose -> tell_resources, tell_cursors,
 *   tell_packages, tell_tables
 *
 * A resource that the spec has no more can be chosen as long as anything knows it. Nothing is
 * changed, and no source is asked.
 */
#include <string.h>

#include "config/spec.h"
#include "run/known.h"
#include "run/range.h"
#include "run/reset.h"
#include "write/disposition.h"

/* ---- resources ---- */

static bool has_name(const struct names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], name) == 0)
            return true;
    return false;
}

static int add_name(struct names *names, const char *name, struct tg_error *err)
{
    if (!*name || has_name(names, name))
        return TG_OK;
    int rc = mem_grow(&names->items, &names->cap, names->count + 1, sizeof(*names->items), err);
    if (rc == TG_OK)
        names->items[names->count++] = name;
    return rc;
}

bool reset_takes(const struct reset_task *task, const char *resource)
{
    return has_name(&task->chosen, resource);
}

static const char *resource_of(const struct table *root)
{
    return root->resource ? root->resource : root->name;
}

static int find_known(struct reset_task *task, struct tg_error *err)
{
    int rc = TG_OK;
    struct names *known = &task->known;
    const struct ledger *ledger = &task->session.ledger;
    const struct config *config = &task->session.pipeline->config;
    const struct catalog *catalog = &task->session.catalog;
    for (size_t i = 0; i < config->resource_count; i++)
        if (!config->resources[i].is_group)
            TRY(add_name(known, config->resources[i].name, err));
    for (size_t i = 0; i < task->entry_count; i++)
        TRY(add_name(known, task->entries[i].resource, err));
    for (size_t i = 0; i < ledger->boundary_count; i++)
        TRY(add_name(known, ledger->boundaries[i].resource, err));
    for (size_t i = 0; i < ledger->bookmark_count; i++)
        if (i == 0 || strcmp(ledger->bookmarks[i].resource, ledger->bookmarks[i - 1].resource) != 0)
            TRY(add_name(known, ledger->bookmarks[i].resource, err));
    for (size_t i = 0; i < ledger->window_count; i++)
        TRY(add_name(known, ledger->windows[i].resource, err));
    for (size_t i = 0; i < catalog->table_count; i++)
        if (!catalog->tables[i]->parent && !table_is_system(catalog->tables[i]))
            TRY(add_name(known, resource_of(catalog->tables[i]), err));
done:
    return rc;
}

static int is_unknown(const struct reset_task *task, const char *name, struct tg_error *err)
{
    struct buf names = BUF_INIT;
    for (size_t i = 0; i < task->known.count; i++)
        buf_printf(&names, "%s%s", i > 0 ? ", " : "", task->known.items[i]);
    int rc = error_set(err, TG_USAGE,
                       "pipeline '%s' has no resource '%s', neither in its spec nor in what it "
                       "remembers; it knows: %s",
                       task->session.pipeline->config.pipeline, name, buf_string(&names));
    buf_release(&names);
    return rc;
}

/* A name that is given, which has no end of its own, as it is known. */
static int choose_one(struct reset_task *task, const char *name, size_t len, struct tg_error *err)
{
    for (size_t i = 0; i < task->known.count; i++) {
        const char *known = task->known.items[i];
        if (strlen(known) == len && memcmp(known, name, len) == 0)
            return add_name(&task->chosen, known, err);
    }
    char *given = arena_strndup(&task->out->arena, name, len);
    return given ? is_unknown(task, given, err) : error_nomem(err);
}

static int choose(struct reset_task *task, struct tg_error *err)
{
    int rc = TG_OK;
    size_t len, given = 0;
    const char *list = task->options->select, *name;
    for (; list && (name = next_name(&list, &len)); given++)
        TRY(choose_one(task, name, len, err));
    for (size_t i = 0; given == 0 && i < task->known.count; i++)
        TRY(add_name(&task->chosen, task->known.items[i], err));
done:
    return rc;
}

/* ---- what they have ---- */

/* An array of up to `count` elements; *out is never NULL. */
static int alloc(struct reset_task *task, void *out, size_t count, size_t size,
                 struct tg_error *err)
{
    void *array = arena_alloc(&task->out->arena, (count + 1) * size);
    memcpy(out, &array, sizeof(array));
    return array ? TG_OK : error_nomem(err);
}

static const struct resource *find_resource(const struct reset_task *task, const char *name)
{
    const struct config *config = &task->session.pipeline->config;
    for (size_t i = 0; i < config->resource_count; i++)
        if (!config->resources[i].is_group && strcmp(config->resources[i].name, name) == 0)
            return &config->resources[i];
    return NULL;
}

static uint64_t count_boundary(const struct reset_task *task, const struct state_entry *entry,
                               const struct state_position *position)
{
    uint64_t count = position->hash_count;
    const struct ledger *ledger = &task->session.ledger;
    for (size_t i = 0; position->last_value && i < ledger->boundary_count; i++) {
        const struct ledger_boundary *boundary = &ledger->boundaries[i];
        if (strcmp(boundary->resource, entry->resource) == 0 &&
            strcmp(boundary->cursor_path, position->path) == 0 &&
            strcmp(boundary->last_value, position->last_value) == 0 &&
            known_count(boundary) > count)
            count = known_count(boundary);
    }
    return count;
}

static int tell_cursor(struct reset_task *task, const struct state_entry *entry,
                       const struct state_position *position, struct tg_error *err)
{
    int rc = TG_OK;
    struct tg_reset *out = task->out;
    struct tg_reset_cursor *cursor = &out->cursors[out->cursor_count++];
    *cursor = (struct tg_reset_cursor){.boundary_rows = count_boundary(task, entry, position)};
    TRY(arena_keep(&out->arena, entry->resource, &cursor->resource, err));
    TRY(arena_keep(&out->arena, position->path, &cursor->path, err));
    TRY(cursor_text(&out->arena, position->last_value, &cursor->last_value, err));
done:
    return rc;
}

static int tell_cursors(struct reset_task *task, struct tg_error *err)
{
    int rc = TG_OK;
    size_t count = 0;
    for (size_t i = 0; i < task->entry_count; i++)
        count += task->entries[i].cursor_count;
    TRY(alloc(task, &task->out->cursors, count, sizeof(*task->out->cursors), err));
    for (size_t i = 0; task->cursors && i < task->entry_count; i++) {
        const struct state_entry *entry = &task->entries[i];
        for (size_t c = 0; reset_takes(task, entry->resource) && c < entry->cursor_count; c++)
            TRY(tell_cursor(task, entry, &entry->cursors[c], err));
    }
done:
    return rc;
}

/* One of which nothing is remembered is left out. */
static int tell_resource(struct reset_task *task, const char *name, struct tg_error *err)
{
    struct tg_reset *out = task->out;
    const struct resource *given = find_resource(task, name);
    struct tg_reset_resource told = {.in_spec = given != NULL};
    for (size_t i = 0; task->cursors && i < task->entry_count; i++)
        if (strcmp(task->entries[i].resource, name) == 0)
            told.has_state |= task->entries[i].has_more;
    for (size_t i = 0; i < out->cursor_count; i++)
        told.cursors += strcmp(out->cursors[i].resource, name) == 0;
    for (size_t i = 0; task->cursors && i < task->session.ledger.window_count; i++)
        if (strcmp(task->session.ledger.windows[i].resource, name) == 0)
            told.windows += task->session.ledger.windows[i].count;
    if (task->files)
        told.files = ledger_recall(&task->session.ledger, name).count;
    told.adds_rows = given && given->disposition->adds_rows && !task->drops;
    if (told.cursors == 0 && told.files == 0 && told.windows == 0 && !told.has_state)
        return TG_OK;
    out->resources[out->resource_count] = told;
    return arena_keep(&out->arena, name, &out->resources[out->resource_count++].name, err);
}

static int tell_resources(struct reset_task *task, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(alloc(task, &task->out->resources, task->chosen.count, sizeof(*task->out->resources), err));
    for (size_t i = 0; i < task->chosen.count; i++)
        TRY(tell_resource(task, task->chosen.items[i], err));
done:
    return rc;
}

/* ---- loads that are not written ---- */

static bool touches(const struct reset_task *task, const struct manifest *manifest)
{
    bool found = false;
    if (strcmp(manifest->schema, task->session.schema) != 0)
        return false;
    for (size_t i = 0; i < manifest->table_count; i++)
        found |= reset_takes(task, manifest->tables[i].resource);
    for (size_t i = 0; i < manifest->bookmark_count; i++)
        found |= reset_takes(task, manifest->bookmarks[i].resource);
    for (size_t i = 0; i < manifest->boundary_count; i++)
        found |= reset_takes(task, manifest->boundaries[i].resource);
    return found;
}

static int tell_package(struct reset_task *task, const char *load_id,
                        const struct manifest *manifest, struct tg_error *err)
{
    struct tg_reset *out = task->out;
    struct tg_reset_package told = {.sealed = manifest != NULL};
    for (size_t t = 0; manifest && t < manifest->table_count; t++)
        for (size_t f = 0; f < manifest->tables[t].file_count; f++)
            if (manifest_is_data(&manifest->tables[t]))
                told.rows += manifest->tables[t].files[f].row_count;
    told.is_only_copy = manifest && settle_has_only_copy(manifest);
    out->packages[out->package_count] = told;
    return arena_keep(&out->arena, load_id, &out->packages[out->package_count++].load_id, err);
}

static int tell_sealed(struct reset_task *task, const char *load_id, struct tg_error *err)
{
    int rc = TG_OK;
    struct manifest manifest;
    struct buf path = BUF_INIT;
    manifest_init(&manifest);
    buf_printf(&path, "%s/sealed/%s", task->session.folder, load_id);
    TRY(buf_check(&path, err));
    TRY(package_read(path.data, &manifest, err));
    if (touches(task, &manifest)) {
        task->touches = true;
        if (task->packages)
            rc = tell_package(task, load_id, &manifest, err);
    }
done:
    manifest_release(&manifest);
    buf_release(&path);
    return rc;
}

static int tell_packages(struct reset_task *task, struct tg_error *err)
{
    int rc = TG_OK;
    struct fs_names open = {0};
    const char **sealed = NULL;
    size_t count = 0;
    char *folder = fs_join(task->session.folder, "open");
    TRY(folder ? fs_list(folder, &open, err) : error_nomem(err));
    TRY(settle_pending(&task->session, &task->out->arena, &sealed, &count, err));
    TRY(alloc(task, &task->out->packages, count + open.count, sizeof(*task->out->packages), err));
    for (size_t i = 0; i < count; i++)
        TRY(tell_sealed(task, sealed[i], err));
    for (size_t i = 0; task->packages && i < open.count; i++)
        TRY(tell_package(task, open.items[i], NULL, err));
done:
    fs_names_release(&open);
    mem_free(folder);
    return rc;
}

/* ---- tables ---- */

static bool drops_table(const struct reset_task *task, const struct table *table)
{
    const struct table *root = catalog_root(&task->session.catalog, table);
    return table->seen_data && !table_is_system(table) && reset_takes(task, resource_of(root));
}

static int list_tables(struct reset_task *task, struct table_count *counts, struct tg_error *err)
{
    int rc = TG_OK;
    struct tg_reset *out = task->out;
    const struct catalog *catalog = &task->session.catalog;
    for (size_t i = 0; i < catalog->table_count; i++) {
        const struct table *table = catalog->tables[i], *root = catalog_root(catalog, table);
        struct tg_reset_table *told = &out->tables[out->table_count];
        if (!drops_table(task, table))
            continue;
        *told = (struct tg_reset_table){.nested = root != table};
        TRY(arena_keep(&out->arena, table->name, &told->name, err));
        TRY(arena_keep(&out->arena, resource_of(root), &told->resource, err));
        counts[out->table_count++] = (struct table_count){.table = told->name};
    }
done:
    return rc;
}

/* One that somebody has dropped by hand has no rows. */
static int tell_tables(struct reset_task *task, struct tg_error *err)
{
    int rc = TG_OK;
    struct tg_reset *out = task->out;
    struct table_count *counts = NULL;
    const size_t most = task->session.catalog.table_count;
    TRY(alloc(task, &out->tables, most, sizeof(*out->tables), err));
    TRY(alloc(task, &counts, most, sizeof(*counts), err));
    if (!task->drops || !task->session.destination.state)
        goto done;
    TRY(list_tables(task, counts, err));
    TRY(destination_count(&task->session.destination, counts, out->table_count, err));
    for (size_t i = 0; i < out->table_count; i++)
        out->tables[i].rows = counts[i].rows;
done:
    return rc;
}

/* ---- all of it ---- */

/* What the state has of this schema. */
static int find_entries(struct reset_task *task, struct tg_error *err)
{
    size_t count = 0;
    const struct session *session = &task->session;
    int rc = state_entries(&session->state, &task->out->arena, &task->entries, &count, err);
    for (size_t i = 0; rc == TG_OK && i < count; i++)
        if (state_is_of(&session->state, task->entries[i].source, session->schema))
            task->entries[task->entry_count++] = task->entries[i];
    return rc;
}

int reset_look(struct reset_task *task, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(find_entries(task, err));
    TRY(find_known(task, err));
    TRY(choose(task, err));
    TRY(tell_cursors(task, err));
    TRY(tell_resources(task, err));
    TRY(tell_packages(task, err));
    TRY(tell_tables(task, err));
done:
    return rc;
}

void reset_task_release(struct reset_task *task)
{
    mem_free(task->known.items);
    mem_free(task->chosen.items);
}
