/*
 * What the caller of a run is told: counts of each table and resource, what the schema has learnt,
 * which files were read, how long it took, and warnings.
 *
 *   result_prepare (names, what was read, what the schema learnt) -> the load is written ->
 *   result_complete (what was written, times, warnings)
 *   result_fail, when the run gave up: its warnings alone
 *
 * Everything that needs memory is done before the write, because after it a run has not failed.
 * Only warnings come later; those that there is no memory for are counted.
 */
#include "run/result.h"

#include <string.h>

#include "dlt/store.h"
#include "run/load.h"

/* An array of up to `count` elements; *out is never NULL. */
static int alloc(struct tg_result *result, void *out, size_t count, size_t size,
                 struct tg_error *err)
{
    void *array = arena_alloc(&result->arena, (count + 1) * size);
    memcpy(out, &array, sizeof(array));
    return array ? TG_OK : error_nomem(err);
}

struct tg_result *result_new(void)
{
    struct tg_result *result = mem_calloc(1, sizeof(*result));
    if (!result)
        return NULL;
    arena_init(&result->arena);
    result->load_id = result->dataset = result->schema = "";
    result->schema_hash = result->package = "";
    return result;
}

/* ---- tables and resources ---- */

static int add_table(struct tg_result *result, const struct tg_table_info *table,
                     struct tg_error *err)
{
    int rc = TG_OK;
    struct tg_table_info *out = &result->tables[result->table_count++];
    *out = *table;
    TRY(arena_keep(&result->arena, table->name, &out->name, err));
    TRY(arena_keep(&result->arena, table->resource, &out->resource, err));
done:
    return rc;
}

/* Nested tables of a resource, and further ones, which have no rows of their own to read. */
static int add_others(const struct manifest *manifest, const struct resource_counts *counts,
                      struct tg_result *result, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; manifest && i < manifest->table_count; i++) {
        const struct manifest_table *table = &manifest->tables[i];
        if (!(table->nested || table->further) ||
            strcmp(table->resource, counts->resource->name) != 0)
            continue;
        const struct tg_table_info other = {.name = table->name,
                                            .resource = table->resource,
                                            .nested = table->nested,
                                            .rows_new = table->rows_new,
                                            .rows_rejected = table->rows_rejected};
        TRY(add_table(result, &other, err));
    }
done:
    return rc;
}

/* Also those that other resources have brought. */
static uint64_t count_rows(const struct manifest *manifest, const struct resource_counts *counts)
{
    const struct manifest_table *table = manifest ? manifest_find(manifest, counts->table) : NULL;
    return table ? table->rows_new : counts->rows_new;
}

/* A root, then all others. */
static int add_tables(const struct load *load, const struct resource_counts *counts,
                      struct tg_result *result, struct tg_error *err)
{
    int rc = TG_OK;
    const struct manifest *manifest = load_manifest(load);
    const struct tg_table_info root = {
        .name = counts->table,
        .resource = counts->resource->name,
        .rows_read = counts->rows_read,
        .rows_new = count_rows(manifest, counts),
        .rows_filtered = counts->rows_filtered,
        .rows_rejected = counts->rows_rejected,
        .rows_waiting = counts->rows_waiting,
        .rows_below_start = counts->by_cursor.below,
        .rows_above_end = counts->by_cursor.beyond,
        .rows_deduplicated = counts->by_cursor.known,
        .rows_null_cursor = counts->by_cursor.without,
    };
    TRY(add_table(result, &root, err));
    TRY(add_others(manifest, counts, result, err));
done:
    return rc;
}

static int add_resource(const struct resource_counts *counts, struct tg_result *result,
                        struct tg_error *err)
{
    int rc = TG_OK;
    struct tg_resource_info *out = &result->resources[result->resource_count++];
    *out = (struct tg_resource_info){
        .rows_read = counts->rows_read,
        .bytes_read = counts->bytes_read,
        .seconds = counts->seconds,
        .files_skipped = counts->files_skipped,
    };
    TRY(arena_keep(&result->arena, counts->resource->name, &out->name, err));
    if (counts->table)
        TRY(arena_keep(&result->arena, counts->table, &out->table, err));
done:
    return rc;
}

/* ---- the same of a load that was sealed before ---- */

static int add_part(const struct manifest_table *part, struct tg_result *result,
                    struct tg_error *err)
{
    int rc = TG_OK;
    const struct tg_table_info table = {
        .name = part->name,
        .resource = part->resource,
        .nested = part->nested,
        .rows_read = part->rows_read,
        .rows_new = part->rows_new,
        .rows_filtered = part->rows_filtered,
        .rows_rejected = part->rows_rejected,
        .rows_waiting = part->rows_waiting,
        .rows_below_start = part->rows_below_start,
        .rows_above_end = part->rows_above_end,
        .rows_deduplicated = part->rows_deduplicated,
        .rows_null_cursor = part->rows_null_cursor,
    };
    TRY(add_table(result, &table, err));
    if (part->nested || part->further)
        goto done;
    struct tg_resource_info *resource = &result->resources[result->resource_count++];
    *resource = (struct tg_resource_info){.rows_read = part->rows_read};
    TRY(arena_keep(&result->arena, part->resource, &resource->name, err));
    TRY(arena_keep(&result->arena, part->name, &resource->table, err));
done:
    return rc;
}

static int add_parts(const struct manifest *manifest, struct tg_result *result,
                     struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < manifest->table_count; i++) {
        const struct manifest_table *part = &manifest->tables[i];
        if (manifest_is_data(part) && strcmp(part->name, REJECTS_TABLE) != 0)
            TRY(add_part(part, result, err));
    }
done:
    return rc;
}

/* ---- what the schema has learnt ---- */

/* The column of which it takes values: that whose name is the longest beginning of its own. */
static const char *variant_of(const struct table *table, const struct table_column *column)
{
    const char *found = "";
    for (size_t i = 0; i < table->column_count; i++) {
        const char *name = table->columns[i].name;
        const size_t len = strlen(name);
        if (&table->columns[i] != column && len > strlen(found) && !table->columns[i].variant &&
            strncmp(column->name, name, len) == 0)
            found = name;
    }
    return found;
}

/* `before`: of a column that was there. */
static int add_change(struct tg_result *result, const struct table *table,
                      const struct table_column *column, const struct table_column *before,
                      struct tg_error *err)
{
    int rc = TG_OK;
    char text[TYPE_DESCRIBED];
    struct arena *arena = &result->arena;
    struct tg_schema_change *out = &result->changes[result->change_count++];
    *out = (struct tg_schema_change){.data_type = column ? type_name(column->spec.type) : NULL};
    TRY(arena_keep(arena, table->name, &out->table, err));
    if (!column)
        goto done;
    TRY(arena_keep(arena, column->name, &out->column, err));
    TRY(arena_keep(arena, type_describe(&column->spec, text), &out->type, err));
    if (before)
        TRY(arena_keep(arena, type_describe(&before->spec, text), &out->type_before, err));
    if (column->variant)
        TRY(arena_keep(arena, variant_of(table, column), &out->variant_of, err));
done:
    return rc;
}

/* Columns without a type are wishes. */
static const struct table_column *find_typed(const struct table *table, const char *name)
{
    const struct table_column *column = table ? table_find(table, name) : NULL;
    return column && column->spec.type != TYPE_NONE ? column : NULL;
}

static int compare_table(struct tg_result *result, const struct table *table,
                         const struct table *before, struct tg_error *err)
{
    int rc = TG_OK;
    if (!before || table_is_new(before))
        TRY(add_change(result, table, NULL, NULL, err));
    for (size_t i = 0; i < table->column_count; i++) {
        const struct table_column *column = &table->columns[i];
        const struct table_column *was = find_typed(before, column->name);
        if (column->spec.type != TYPE_NONE && (!was || type_widens(&was->spec, &column->spec)))
            TRY(add_change(result, table, column, was, err));
    }
done:
    return rc;
}

static int add_changes(const struct load *load, struct tg_result *result, struct tg_error *err)
{
    int rc = TG_OK;
    struct catalog before = {0};
    const char *stored = load->session->ledger.schema_json;
    const struct manifest *manifest = load_manifest(load);
    size_t count = 0;
    if (!manifest ||
        strcmp(load->session->ledger.schema_hash, load->session->catalog.version_hash) == 0)
        return TG_OK;
    if (stored)
        TRY(catalog_read(&before, stored, strlen(stored), err));
    for (size_t i = 0; i < load->session->catalog.table_count; i++)
        count += 1 + load->session->catalog.tables[i]->column_count;
    TRY(alloc(result, &result->changes, count, sizeof(*result->changes), err));
    for (size_t i = 0; i < load->session->catalog.table_count; i++) {
        const struct table *table = load->session->catalog.tables[i];
        const struct manifest_table *loaded = manifest_find(manifest, table->name);
        if (loaded && (loaded->rows_new > 0 || loaded->file_count > 0))
            TRY(compare_table(result, table, catalog_find(&before, table->name), err));
    }
done:
    catalog_release(&before);
    return rc;
}

/* ---- files ---- */

static int add_files(const struct load *load, struct tg_result *result, struct tg_error *err)
{
    int rc = TG_OK;
    const struct manifest *manifest = load_manifest(load);
    size_t count = manifest ? manifest->bookmark_count : 0;
    TRY(alloc(result, &result->files, count, sizeof(*result->files), err));
    for (size_t i = 0; i < count; i++) {
        const struct bookmark *mark = &manifest->bookmarks[i];
        struct tg_file_info *out = &result->files[result->file_count];
        if (!mark->was_read)
            continue;
        out->bytes = (uint64_t)mark->size;
        out->rows = (uint64_t)mark->rows;
        out->news = (enum tg_file_news)mark->news;
        TRY(arena_keep(&result->arena, mark->resource, &out->resource, err));
        TRY(arena_keep(&result->arena, mark->key, &out->path, err));
        result->file_count++;
    }
done:
    return rc;
}

static int add_rejects(const struct load *load, struct tg_result *result, struct tg_error *err)
{
    int rc = TG_OK;
    struct arena *arena = &result->arena;
    const struct rejects *rejects = &load->rejects;
    TRY(alloc(result, &result->rejects, rejects->tally_count, sizeof(*result->rejects), err));
    for (size_t i = 0; i < rejects->tally_count; i++) {
        const struct reject_tally *tally = &rejects->tallies[i];
        struct tg_reject_info *out = &result->rejects[result->reject_count++];
        *out = (struct tg_reject_info){.rows = tally->rows};
        TRY(arena_keep(arena, tally->resource, &out->resource, err));
        TRY(arena_keep(arena, tally->table, &out->table, err));
        TRY(arena_keep(arena, tally->reason, &out->reason, err));
        TRY(arena_keep(arena, tally->place, &out->place, err));
        if (tally->column)
            TRY(arena_keep(arena, tally->column, &out->column, err));
    }
done:
    return rc;
}

static int add_package_file(const struct manifest_table *part, const struct manifest_file *file,
                            struct tg_result *result, struct tg_error *err)
{
    int rc = TG_OK;
    struct tg_package_file *out = &result->package_files[result->package_file_count++];
    out->bytes = (uint64_t)file->bytes;
    out->rows = (uint64_t)file->row_count;
    TRY(arena_keep(&result->arena, part->name, &out->table, err));
    TRY(arena_keep(&result->arena, file->name, &out->name, err));
done:
    return rc;
}

static int add_package_files(const struct load *load, struct tg_result *result,
                             struct tg_error *err)
{
    int rc = TG_OK;
    size_t count = 0;
    const struct manifest *manifest = load_manifest(load);
    for (size_t i = 0; manifest && i < manifest->table_count; i++)
        count += manifest->tables[i].file_count;
    TRY(alloc(result, &result->package_files, count, sizeof(*result->package_files), err));
    for (size_t i = 0; manifest && i < manifest->table_count; i++) {
        const struct manifest_table *part = &manifest->tables[i];
        for (size_t f = 0; manifest_is_data(part) && f < part->file_count; f++)
            TRY(add_package_file(part, &part->files[f], result, err));
    }
done:
    return rc;
}

/* ---- the whole ---- */

static int add_load(const struct load *load, const struct manifest *manifest,
                    struct tg_result *result, struct tg_error *err)
{
    int rc = TG_OK;
    const struct session *session = load->session;
    struct arena *arena = &result->arena;
    result->schema_version = session->catalog.version;
    result->state_changed = manifest && manifest->state_changed;
    TRY(arena_keep(arena, manifest ? load->id : "", &result->load_id, err));
    TRY(arena_keep(arena, session->pipeline->config.dataset, &result->dataset, err));
    TRY(arena_keep(arena, session->schema, &result->schema, err));
    TRY(arena_keep(arena, session->catalog.version_hash, &result->schema_hash, err));
    if (load->sealed)
        TRY(arena_keep(arena, load->sealed, &result->package, err));
done:
    return rc;
}

int result_prepare(const struct load *load, struct tg_result **out, struct tg_error *err)
{
    int rc = TG_OK;
    struct tg_result *result = *out = result_new();
    if (!result)
        return error_nomem(err);
    const struct manifest *manifest = load_manifest(load);
    const size_t parts = manifest ? manifest->table_count : 0;
    const size_t roots = load->resource_count + (load->opened ? parts : 0);
    TRY(add_load(load, manifest, result, err));
    TRY(alloc(result, &result->tables, roots + parts, sizeof(*result->tables), err));
    TRY(alloc(result, &result->resources, roots, sizeof(*result->resources), err));
    for (size_t i = 0; i < load->resource_count; i++) {
        TRY(add_resource(&load->resources[i], result, err));
        if (load->resources[i].table)
            TRY(add_tables(load, &load->resources[i], result, err));
    }
    if (load->opened)
        TRY(add_parts(load->opened, result, err));
    TRY(add_changes(load, result, err));
    TRY(add_files(load, result, err));
    TRY(add_rejects(load, result, err));
    TRY(add_package_files(load, result, err));
done:
    if (rc != TG_OK) {
        tg_result_free(result);
        *out = NULL;
    }
    return rc;
}

static void take_counts(const struct write_result *written, struct tg_table_info *table)
{
    for (size_t i = 0; i < written->count; i++) {
        if (strcmp(written->counts[i].table, table->name) != 0)
            continue;
        table->rows_inserted = written->counts[i].rows_inserted;
        table->rows_updated = written->counts[i].rows_updated;
        table->rows_deleted = written->counts[i].rows_deleted;
        table->rows_unchanged = written->counts[i].rows_unchanged;
        table->rows_filtered += written->counts[i].rows_filtered;
        table->rows_late = written->counts[i].rows_late;
    }
}

/* As _tidegate_loads has it: a nested table of which nothing comes or goes is not told. */
static bool is_told(const struct tg_table_info *table)
{
    return !table->nested || table->rows_new > 0 || table->rows_rejected > 0 ||
           table->rows_deleted > 0;
}

static void take_tables(const struct write_result *written, struct tg_result *result)
{
    size_t told = 0;
    for (size_t i = 0; i < result->table_count; i++) {
        take_counts(written, &result->tables[i]);
        if (is_told(&result->tables[i]))
            result->tables[told++] = result->tables[i];
    }
    result->table_count = told;
}

static void take_warnings(const struct load *load, struct tg_result *result)
{
    const struct warnings *kept = &load->session->pipeline->warnings;
    const char **texts = arena_alloc(&result->arena, (kept->count + 1) * sizeof(*texts));
    for (size_t i = 0; texts && i < kept->count; i++) {
        const char *text = arena_strdup(&result->arena, kept->texts[i]);
        if (text)
            texts[result->warning_count++] = text;
    }
    result->warnings = texts;
    result->warning_cut_count = kept->cut_count + kept->count - result->warning_count;
}

void result_complete(const struct load *load, struct tg_result *result)
{
    take_tables(&load->written, result);
    if (load->written.is_idle)
        result->load_id = "";
    result->settled_count = load->session->settled_count;
    result->started_us = load->started_us;
    result->seconds = (double)(context_ticks_us() - load->started_ticks) / 1e6;
    for (size_t i = 0; i < TG_PHASE_DONE; i++)
        result->phase_seconds[i] = (double)load->session->progress.phase_us[i] / 1e6;
    take_warnings(load, result);
}

struct tg_result *result_fail(const struct load *load, struct tg_result *prepared)
{
    const struct warnings *kept = &load->session->pipeline->warnings;
    tg_result_free(prepared);
    if (kept->count + kept->cut_count == 0)
        return NULL;
    struct tg_result *result = result_new();
    if (result)
        take_warnings(load, result);
    return result;
}
