/*
 * The manifest in memory: what is added is copied into its arena and dies with it.
 *
 * Path: manifest_init -> manifest_add_table / _file / _bookmark / _boundary / _window ->
 * manifest_release. The lists of tables, source files, boundaries and windows are grown arrays;
 * everything they point to is in the arena.
 *
 * Its form on disk is manifest_json.c's.
 */
#include "package/manifest.h"

#include <string.h>

void manifest_init(struct manifest *manifest)
{
    *manifest = (struct manifest){
        .load_id = "",
        .package_id = "",
        .pipeline = "",
        .destination = "",
        .dataset = "",
        .schema = "",
        .state = "",
        .state_hash_from = "",
        .files_load_from = "",
        .windows_from = "",
        .catalog_version_from = -1,
        .catalog_hash_from = "",
        .follows = "",
        .refresh = "",
        .catalog = "",
    };
    arena_init(&manifest->arena);
}

void manifest_release(struct manifest *manifest)
{
    for (size_t i = 0; i < manifest->table_count; i++)
        mem_free(manifest->tables[i].files);
    mem_free(manifest->tables);
    mem_free(manifest->bookmarks);
    mem_free(manifest->boundaries);
    mem_free(manifest->windows);
    arena_release(&manifest->arena);
    manifest_init(manifest);
}

struct manifest_table *manifest_find(const struct manifest *manifest, const char *table)
{
    for (size_t i = 0; i < manifest->table_count; i++) {
        if (strcmp(manifest->tables[i].name, table) == 0)
            return &manifest->tables[i];
    }
    return NULL;
}

int manifest_add_table(struct manifest *manifest, const char *table, const char *resource,
                       bool nested, struct manifest_table **out, struct tg_error *err)
{
    int rc = TG_OK;
    struct manifest_table added = {.nested = nested,
                                   .cursor = "",
                                   .recalls = "",
                                   .learns = "",
                                   .learns_source = "",
                                   .learns_unit = ""};
    *out = manifest_find(manifest, table);
    if (*out)
        return TG_OK;
    TRY(mem_grow(&manifest->tables, &manifest->table_cap, manifest->table_count + 1,
                 sizeof(*manifest->tables), err));
    TRY(arena_keep(&manifest->arena, table, &added.name, err));
    TRY(arena_keep(&manifest->arena, resource, &added.resource, err));
    *out = &manifest->tables[manifest->table_count++];
    **out = added;
done:
    return rc;
}

int manifest_set_range(struct manifest *manifest, struct manifest_table *table,
                       const struct manifest_range *range, struct tg_error *err)
{
    int rc = TG_OK;
    struct manifest_range *made = arena_alloc(&manifest->arena, sizeof(*made));
    if (!made)
        return error_nomem(err);
    *made = *range;
    const char **const texts[] = {&made->column, &made->from_kind, &made->from, &made->to_kind,
                                  &made->to};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        TRY(arena_keep(&manifest->arena, *texts[i] ? *texts[i] : "", texts[i], err));
    table->ranges = made;
    table->range_count = 1;
done:
    return rc;
}

int manifest_add_bookmark(struct manifest *manifest, const struct bookmark *bookmark,
                          struct tg_error *err)
{
    int rc = TG_OK;
    struct bookmark added = *bookmark;
    const char **const texts[] = {&added.resource, &added.key,  &added.replaces,
                                  &added.content,  &added.head, &added.checksum};
    TRY(mem_grow(&manifest->bookmarks, &manifest->bookmark_cap, manifest->bookmark_count + 1,
                 sizeof(*manifest->bookmarks), err));
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        TRY(arena_keep(&manifest->arena, *texts[i] ? *texts[i] : "", texts[i], err));
    manifest->bookmarks[manifest->bookmark_count++] = added;
done:
    return rc;
}

int manifest_add_boundary(struct manifest *manifest, const struct manifest_boundary *boundary,
                          struct tg_error *err)
{
    int rc = TG_OK;
    struct arena *arena = &manifest->arena;
    struct manifest_boundary added = *boundary;
    added.hashes = arena_alloc(arena, (boundary->hash_count + 1) * sizeof(char *));
    if (!added.hashes)
        return error_nomem(err);
    TRY(mem_grow(&manifest->boundaries, &manifest->boundary_cap, manifest->boundary_count + 1,
                 sizeof(*manifest->boundaries), err));
    TRY(arena_keep(arena, boundary->resource, &added.resource, err));
    TRY(arena_keep(arena, boundary->cursor_path, &added.cursor_path, err));
    TRY(arena_keep(arena, boundary->last_value, &added.last_value, err));
    for (size_t i = 0; i < boundary->hash_count; i++)
        TRY(arena_keep(arena, boundary->hashes[i], &added.hashes[i], err));
    manifest->boundaries[manifest->boundary_count++] = added;
done:
    return rc;
}

int manifest_add_window(struct manifest *manifest, const struct manifest_window *window,
                        struct tg_error *err)
{
    int rc = TG_OK;
    struct manifest_window added = *window;
    const char **const texts[] = {&added.resource, &added.cursor_path, &added.lo,
                                  &added.hi,       &added.run_id,      &added.owner};
    TRY(mem_grow(&manifest->windows, &manifest->window_cap, manifest->window_count + 1,
                 sizeof(*manifest->windows), err));
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        TRY(arena_keep(&manifest->arena, *texts[i] ? *texts[i] : "", texts[i], err));
    manifest->windows[manifest->window_count++] = added;
done:
    return rc;
}

const struct manifest_window *manifest_claim(const struct manifest *manifest)
{
    bool is_one = manifest->window_count == 1 && *manifest->windows[0].owner;
    return is_one ? &manifest->windows[0] : NULL;
}

int manifest_add_file(struct manifest *manifest, struct manifest_table *table,
                      const struct manifest_file *file, struct tg_error *err)
{
    int rc = TG_OK;
    struct arena *arena = &manifest->arena;
    struct manifest_file added = *file;
    added.columns = arena_alloc(arena, (file->column_count + 1) * sizeof(*added.columns));
    if (!added.columns)
        return error_nomem(err);
    TRY(mem_grow(&table->files, &table->file_cap, table->file_count + 1, sizeof(*table->files),
                 err));
    TRY(arena_keep(arena, file->name, &added.name, err));
    for (size_t i = 0; i < file->column_count; i++) {
        added.columns[i] = file->columns[i];
        TRY(arena_keep(arena, file->columns[i].name, &added.columns[i].name, err));
    }
    table->files[table->file_count++] = added;
done:
    return rc;
}

static bool says_something(const struct manifest_table *table)
{
    const bool changes = table->replaced || table->remade || table->emptied || table->dropped ||
                         table->deletes_absent || table->flags_absent || table->ends_absent ||
                         table->range_count > 0;
    const bool has_rows = table->file_count > 0 && !table->is_late;
    return changes || has_rows || table->rows_rejected > 0 || table->rows_waiting > 0;
}

bool manifest_only_asks(const struct manifest *manifest)
{
    bool asks = false;
    if (manifest_is_bare(manifest) || manifest->state_changed || *manifest->refresh ||
        manifest->bookmark_count + manifest->boundary_count + manifest->window_count > 0)
        return false;
    for (size_t i = 0; i < manifest->table_count; i++) {
        asks |= manifest->tables[i].is_late;
        if (says_something(&manifest->tables[i]))
            return false;
    }
    return asks;
}
