/*
 * The way of one resource: source -> cursor -> normalize -> package, and what is remembered of it
 * for the next run.
 *
 *   load_resource: resume_cursor (state, boundary) -> extract_run [push_page -> normalizer_push ->
 * emit_batch -> package_append]
 *                  -> remember (state, boundary, files)
 */
#include <string.h>

#include "normalize/normalize.h"
#include "run.h"

enum { BOUNDARY_MERGE_MAX = 10000 };

struct load {
    struct run *run;
    const struct resource *resource;
    struct table *root;
    struct cursor *cursor;
    struct normalizer *normalizer;
    struct reading *reading;
    bool replaces; /* empties its tables and starts its cursor afresh */
};

/* ---- names and hints ---- */

static int normal_name(struct load *load, const char *name, const char **out, struct tg_error *err)
{
    struct buf text = BUF_INIT;
    const struct name_rules rules = {.bytes_max = load->run->dialect->name_bytes_max};
    int rc = name_path(&rules, &load->run->hasher, name, strlen(name), &text, err);
    if (rc == TG_OK) {
        *out = arena_strdup(&load->run->catalog.arena, buf_string(&text));
        if (!*out)
            rc = error_nomem(err);
    }
    buf_release(&text);
    return rc;
}

static int normal_names(struct load *load, const char *const *names, size_t count,
                        const char ***out, struct tg_error *err)
{
    *out = arena_alloc(&load->run->catalog.arena, (count + 1) * sizeof(**out));
    if (!*out)
        return error_nomem(err);
    for (size_t i = 0; i < count; i++) {
        int rc = normal_name(load, names[i], &(*out)[i], err);
        if (rc != TG_OK)
            return rc;
    }
    return TG_OK;
}

static int hint_columns(struct load *load, struct table_column **out, struct tg_error *err)
{
    const struct resource *resource = load->resource;
    *out = arena_alloc(&load->run->catalog.arena, (resource->column_count + 1) * sizeof(**out));
    if (!*out)
        return error_nomem(err);
    for (size_t i = 0; i < resource->column_count; i++) {
        const struct tg_column *hint = &resource->columns[i];
        struct table_column *column = &(*out)[i];
        int rc = normal_name(load, hint->name, &column->name, err);
        if (rc != TG_OK)
            return rc;
        column->spec.type = hint->data_type ? type_find(hint->data_type) : TYPE_NONE;
        column->spec.precision = hint->precision;
        column->spec.scale = hint->scale;
        column->spec.naive = hint->timezone == TG_NO;
        column->has_timezone = hint->timezone != TG_DEFAULT;
        column->nullable = hint->nullable != TG_NO;
        column->nullable_implied = hint->nullable == TG_DEFAULT;
        column->hard_delete = hint->hard_delete;
        column->dedup_sort = hint->dedup_sort;
    }
    return TG_OK;
}

/* A table that keeps its history (dlt's scd2) would lose it by deletes. */
static int check_strategy(const struct load *load, const char *name, struct tg_error *err)
{
    const struct table *table = catalog_find(&load->run->catalog, name);
    if (!table || !table->merge_strategy || strcmp(table->merge_strategy, "scd2") != 0)
        return TG_OK;
    return error_set(
        err, TG_SPEC,
        "table '%s' keeps its history (merge strategy scd2), which cannot be continued "
        "yet; give the resource another table_name",
        name);
}

static int apply_hints(struct load *load, struct tg_error *err)
{
    int rc = TG_OK;
    const struct resource *resource = load->resource;
    const char *cursor = resource->incremental.cursor_path;
    const char **primary_key = NULL, **merge_key = NULL;
    struct table_column *columns = NULL;
    struct table_hints hints = {
        .resource = resource->name,
        .disposition = resource->disposition,
        .max_nesting = resource->max_table_nesting,
        .primary_key_count = resource->primary_key_count,
        .merge_key_count = resource->merge_key_count,
        .column_count = resource->column_count,
    };
    TRY(normal_name(load, resource->table_name, &hints.table, err));
    TRY(normal_names(load, resource->primary_key, resource->primary_key_count, &primary_key, err));
    TRY(normal_names(load, resource->merge_key, resource->merge_key_count, &merge_key, err));
    TRY(hint_columns(load, &columns, err));
    if (cursor && !strchr(cursor, '.'))
        TRY(normal_name(load, cursor, &hints.cursor, err));
    TRY(check_strategy(load, hints.table, err));
    hints.primary_key = primary_key;
    hints.merge_key = merge_key;
    hints.columns = columns;
    TRY(catalog_apply_hints(&load->run->catalog, &hints, &load->root, err));
done:
    return rc;
}

/* ---- the cursor, from and to what is remembered ---- */

/* A source without a name goes by the schema's. */
static const char *source_key(const struct run *run, const struct resource *resource)
{
    bool named = strcmp(resource->source, run->pipeline->config.schema) != 0;
    return named ? resource->source : run->schema;
}

static const struct ledger_boundary *find_boundary(const struct run *run,
                                                   const struct resource *resource,
                                                   const char *last_value)
{
    for (size_t i = 0; last_value && i < run->ledger.boundary_count; i++) {
        const struct ledger_boundary *boundary = &run->ledger.boundaries[i];
        if (strcmp(boundary->resource, resource->name) == 0 &&
            strcmp(boundary->cursor_path, resource->incremental.cursor_path) == 0 &&
            strcmp(boundary->last_value, last_value) == 0)
            return boundary;
    }
    return NULL;
}

static enum cursor_hash pick_hash(const struct resource *resource)
{
    /* A merge recognises rows that did not change at all; an append with a key suppresses the key,
     * as dlt does. */
    if (resource->disposition == DISPOSITION_APPEND && resource->primary_key_count > 0)
        return CURSOR_HASH_KEY;
    return CURSOR_HASH_ROW;
}

/* The rows at the last value that are there: ours in the ledger, and in the state also those that
 * dlt has added since. */
static int known_hashes(const struct load *load, const struct state_cursor *stored,
                        const char ***out, size_t *count, struct tg_error *err)
{
    const struct ledger_boundary *boundary =
        find_boundary(load->run, load->resource, stored->last_value);
    size_t ours = boundary ? boundary->hash_count : 0;
    *out = mem_calloc(ours + stored->hash_count + 1, sizeof(**out));
    if (!*out)
        return error_nomem(err);
    for (size_t i = 0; i < ours; i++)
        (*out)[i] = boundary->hashes[i];
    for (size_t i = 0; i < stored->hash_count; i++)
        (*out)[ours + i] = stored->unique_hashes[i];
    *count = ours + stored->hash_count;
    return TG_OK;
}

static int resume_cursor(struct load *load, struct tg_error *err)
{
    int rc = TG_OK;
    struct run *run = load->run;
    const struct resource *resource = load->resource;
    const struct tg_incremental *incremental = &resource->incremental;
    struct state_cursor stored = {0};
    const char **hashes = NULL;
    bool found = false;
    if (!incremental->cursor_path)
        return TG_OK;
    struct cursor_options options = {
        .path = incremental->cursor_path,
        .initial_value = incremental->initial_value,
        .end_value = incremental->end_value,
        .last_value = incremental->last_value,
        .on_missing = incremental->on_cursor_value_missing,
        .hash = pick_hash(resource),
        .key = resource->primary_key,
        .key_count = resource->primary_key_count,
        .hash_count_max = resource->disposition == DISPOSITION_MERGE ? BOUNDARY_MERGE_MAX : 0,
    };
    if (!load->replaces) {
        TRY(state_get_cursor(&run->state, source_key(run, resource), resource->name,
                             incremental->cursor_path, &stored, &found, err));
        TRY(known_hashes(load, &stored, &hashes, &options.stored_hash_count, err));
        options.stored_last_json = stored.last_value;
        options.stored_hashes = hashes;
    }
    TRY(cursor_new(&options, &load->cursor, err));
done:
    mem_free(hashes);
    state_cursor_release(&stored);
    return rc == TG_OK ? rc : error_where(err, rc, "cursor '%s'", incremental->cursor_path);
}

/* dlt reads the boundary from the state; beyond this it would warn, and the blob would grow. */
enum { STATE_HASHES_MAX = 200 };

static int remember_cursor(struct load *load, struct tg_error *err)
{
    int rc = TG_OK;
    struct run *run = load->run;
    const struct resource *resource = load->resource;
    struct buf last = BUF_INIT, initial = BUF_INIT;
    const char *const *hashes = NULL;
    struct manifest *manifest = NULL;
    if (!load->cursor || !cursor_moved(load->cursor))
        return TG_OK;
    TRY(run_package(run, &manifest, err));
    TRY(cursor_last_json(load->cursor, &last, err));
    TRY(cursor_initial_json(load->cursor, &initial, err));
    size_t hash_count = cursor_hashes(load->cursor, &hashes);
    const struct state_cursor cursor = {
        .initial_value = initial.data,
        .last_value = last.data,
        .start_value = last.data,
        .unique_hashes = (char **)hashes,
        .hash_count = hash_count <= STATE_HASHES_MAX ? hash_count : 0,
    };
    TRY(state_set_cursor(&run->state, source_key(run, resource), resource->name,
                         resource->incremental.cursor_path, &cursor, err));
    const struct manifest_boundary boundary = {
        .resource = resource->name,
        .cursor_path = resource->incremental.cursor_path,
        .last_value = buf_string(&last),
        .hashes = (const char **)hashes,
        .hash_count = hash_count,
    };
    TRY(manifest_add_boundary(manifest, &boundary, err));
done:
    buf_release(&last);
    buf_release(&initial);
    return rc;
}

/* ---- files ---- */

/* A window (end_value) neither knows nor remembers anything: of its files it loads a part. */
static bool keeps_files(const struct load *load)
{
    return load->resource->disposition == DISPOSITION_APPEND &&
           load->resource->incremental.end_value.kind == TG_VALUE_NONE;
}

/* The ledger's files of this resource; they are sorted by resource, then path. */
static int known_files(const struct load *load, struct source_file **out, size_t *count,
                       struct tg_error *err)
{
    const struct ledger *ledger = &load->run->ledger;
    *out = NULL;
    *count = 0;
    if (!keeps_files(load) || load->replaces)
        return TG_OK;
    struct source_file *files = mem_calloc(ledger->file_count + 1, sizeof(*files));
    if (!files)
        return error_nomem(err);
    for (size_t i = 0; i < ledger->file_count; i++) {
        const struct ledger_file *file = &ledger->files[i];
        if (strcmp(file->resource, load->resource->name) != 0)
            continue;
        files[(*count)++] = (struct source_file){.path = (char *)file->path,
                                                 .size = file->size,
                                                 .mtime_us = file->mtime_us,
                                                 .checksum = (char *)file->checksum};
    }
    *out = files;
    return TG_OK;
}

static int remember_files(struct load *load, struct tg_error *err)
{
    int rc = TG_OK;
    const struct source_file *files = NULL;
    struct manifest *manifest = NULL;
    size_t count = load->resource->driver->files(load->reading, &files);
    if (!keeps_files(load) || count == 0)
        return TG_OK;
    TRY(run_package(load->run, &manifest, err));
    for (size_t i = 0; i < count; i++) {
        const struct manifest_source_file file = {.resource = load->resource->name,
                                                  .path = files[i].path,
                                                  .size = files[i].size,
                                                  .mtime_us = files[i].mtime_us,
                                                  .checksum = files[i].checksum};
        TRY(manifest_add_source_file(manifest, &file, err));
    }
done:
    return rc;
}

/* ---- the pipes ---- */

static int emit_batch(void *sink, const char *name, const struct ArrowSchema *schema,
                      struct ArrowArray *array, struct tg_error *err)
{
    int rc = TG_OK;
    struct load *load = sink;
    struct manifest *manifest = NULL;
    struct manifest_table *table = NULL;
    const char *resource = load->resource->name;
    TRY(run_package(load->run, &manifest, err));
    TRY(manifest_add_table(manifest, load->root->name, resource, false, &table, err));
    TRY(manifest_add_table(manifest, name, resource, strcmp(name, load->root->name) != 0, &table,
                           err));
    table->rows_new += (uint64_t)array->length;
    return package_append(load->run->package, name, schema, array, err);
done:
    array_release(array);
    return rc;
}

static int push_page(void *user, struct page *page, struct tg_error *err)
{
    struct load *load = user;
    return normalizer_push(load->normalizer, page, err);
}

static void show_progress(void *user, const struct extract_counts *counts)
{
    struct load *load = user;
    run_progress(load->run, TG_PHASE_EXTRACT, load->resource->name, counts, false);
}

static int open_source(struct load *load, const struct source_file *known, size_t known_count,
                       struct tg_error *err)
{
    const struct resource *resource = load->resource;
    struct tg_pipeline *pipeline = load->run->pipeline;
    const struct source_request request = {
        .ctx = &pipeline->ctx,
        .engine = load->run->engine,
        .resource = resource->name,
        .folder = pipeline->config.folder,
        .source_values = resource->source_values,
        .source_value_count = resource->source_value_count,
        .resource_values = resource->resource_values,
        .resource_value_count = resource->resource_value_count,
        .known_files = known,
        .known_file_count = known_count,
        .read = resource->read,
        .user = resource->user,
    };
    return resource->driver->open(&request, &load->reading, err);
}

static int open_normalizer(struct load *load, struct tg_error *err)
{
    bool merges = load->resource->disposition == DISPOSITION_MERGE;
    const struct normalize_options options = {
        .ctx = &load->run->pipeline->ctx,
        .catalog = &load->run->catalog,
        .root = load->root,
        .load_id = load->run->load_id,
        .names = {.bytes_max = load->run->dialect->name_bytes_max},
        .propagate_root_id = merges,
        .keep_order = merges,
        .emit = emit_batch,
        .sink = load,
    };
    return normalizer_new(&options, &load->normalizer, err);
}

/* A replaced table is emptied even when nothing came, once the source was read to its end. */
static int remember_replace(struct load *load, struct tg_error *err)
{
    int rc = TG_OK;
    struct manifest *manifest = NULL;
    struct manifest_table *table = NULL;
    if (!load->replaces || (!load->root->seen_data && normalizer_row_count(load->normalizer) == 0))
        return TG_OK;
    TRY(run_package(load->run, &manifest, err));
    TRY(manifest_add_table(manifest, load->root->name, load->resource->name, false, &table, err));
    table->replaced = true;
done:
    return rc;
}

int load_resource(struct run *run, const struct resource *resource, struct load_counts *counts,
                  struct tg_error *err)
{
    int rc = TG_OK;
    struct source_file *known = NULL;
    size_t known_count = 0;
    struct extract_counts read = {0};
    struct load load = {.run = run, .resource = resource};
    const struct extract_sink sink = {.push = push_page, .progress = show_progress, .user = &load};
    load.replaces = run->pipeline->full_refresh || resource->disposition == DISPOSITION_REPLACE;
    if (load.replaces)
        state_reset_resource(&run->state, source_key(run, resource), resource->name);
    TRY(apply_hints(&load, err));
    TRY(resume_cursor(&load, err));
    TRY(known_files(&load, &known, &known_count, err));
    TRY(open_source(&load, known, known_count, err));
    TRY(open_normalizer(&load, err));
    TRY(extract_run(&run->pipeline->ctx, resource->driver, load.reading, load.cursor, &sink, &read,
                    err));
    TRY(normalizer_finish(load.normalizer, err));
    TRY(remember_replace(&load, err));
    TRY(remember_cursor(&load, err));
    TRY(remember_files(&load, err));
    *counts = (struct load_counts){.resource = resource,
                                   .table = load.root->name,
                                   .rows_read = read.rows_read,
                                   .rows_filtered = read.rows_filtered,
                                   .rows_new = normalizer_row_count(load.normalizer)};
    run_progress(run, TG_PHASE_EXTRACT, resource->name, &read, true);
done:
    normalizer_free(load.normalizer);
    cursor_free(load.cursor);
    resource->driver->close(load.reading);
    mem_free(known);
    return rc;
}
