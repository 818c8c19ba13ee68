/*
 * The manifest in memory: what is added is copied into its arena and dies with it.
 *
 * Path: manifest_init -> manifest_add_table / _file / _bookmark / _boundary -> manifest_release.
 * The lists of tables, source files and boundaries are grown arrays; everything they point to is in
 * the arena.
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
        .catalog_version_from = -1,
        .catalog_hash_from = "",
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
    *out = manifest_find(manifest, table);
    if (*out)
        return TG_OK;
    int rc = mem_grow(&manifest->tables, &manifest->table_cap, manifest->table_count + 1,
                      sizeof(*manifest->tables), err);
    if (rc != TG_OK)
        return rc;
    struct manifest_table added = {
        .name = arena_strdup(&manifest->arena, table),
        .resource = arena_strdup(&manifest->arena, resource),
        .nested = nested,
    };
    if (!added.name || !added.resource)
        return error_nomem(err);
    *out = &manifest->tables[manifest->table_count++];
    **out = added;
    return TG_OK;
}

int manifest_add_bookmark(struct manifest *manifest, const struct bookmark *bookmark,
                          struct tg_error *err)
{
    int rc = mem_grow(&manifest->bookmarks, &manifest->bookmark_cap, manifest->bookmark_count + 1,
                      sizeof(*manifest->bookmarks), err);
    if (rc != TG_OK)
        return rc;
    struct bookmark added = *bookmark;
    const char **const texts[] = {&added.resource, &added.key,  &added.replaces,
                                  &added.content,  &added.head, &added.checksum};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        *texts[i] = arena_strdup(&manifest->arena, *texts[i] ? *texts[i] : "");
        if (!*texts[i])
            return error_nomem(err);
    }
    manifest->bookmarks[manifest->bookmark_count++] = added;
    return TG_OK;
}

int manifest_add_boundary(struct manifest *manifest, const struct manifest_boundary *boundary,
                          struct tg_error *err)
{
    int rc = mem_grow(&manifest->boundaries, &manifest->boundary_cap, manifest->boundary_count + 1,
                      sizeof(*manifest->boundaries), err);
    if (rc != TG_OK)
        return rc;
    struct arena *arena = &manifest->arena;
    const char **hashes = arena_alloc(arena, (boundary->hash_count + 1) * sizeof(char *));
    struct manifest_boundary added = {
        .resource = arena_strdup(arena, boundary->resource),
        .cursor_path = arena_strdup(arena, boundary->cursor_path),
        .last_value = arena_strdup(arena, boundary->last_value),
        .hashes = hashes,
        .hash_count = boundary->hash_count,
    };
    if (!hashes || !added.resource || !added.cursor_path || !added.last_value)
        return error_nomem(err);
    for (size_t i = 0; i < boundary->hash_count; i++) {
        hashes[i] = arena_strdup(arena, boundary->hashes[i]);
        if (!hashes[i])
            return error_nomem(err);
    }
    manifest->boundaries[manifest->boundary_count++] = added;
    return TG_OK;
}

int manifest_add_file(struct manifest *manifest, struct manifest_table *table,
                      const struct manifest_file *file, struct tg_error *err)
{
    int rc = mem_grow(&table->files, &table->file_cap, table->file_count + 1, sizeof(*table->files),
                      err);
    if (rc != TG_OK)
        return rc;
    struct arena *arena = &manifest->arena;
    struct manifest_file added = *file;
    added.name = arena_strdup(arena, file->name);
    added.columns = arena_alloc(arena, (file->column_count + 1) * sizeof(*added.columns));
    if (!added.name || !added.columns)
        return error_nomem(err);
    for (size_t i = 0; i < file->column_count; i++) {
        added.columns[i] = file->columns[i];
        added.columns[i].name = arena_strdup(arena, file->columns[i].name);
        if (!added.columns[i].name)
            return error_nomem(err);
    }
    table->files[table->file_count++] = added;
    return TG_OK;
}
