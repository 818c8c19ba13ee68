/*
 * What is known of a run before its rows are read.
 *
 *   outlook_resources -> describe_resource (what the source says) -> add_resource: keys, and from
 *   where on the cursor would ask -> enter_tables: the tables that the catalog knows, with a file
 *   of all their columns each -> enter_absent
 *
 * Of a database the source tells the columns of a table that is new; of all else they are known
 * once it has rows.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/time.h"
#include "catalog/history.h"
#include "extract/cursor/cursor.h"
#include "extract/cursor/path.h"
#include "normalize/normalize.h"
#include "run/changed.h"
#include "run/plan.h"
#include "run/learned.h"
#include "run/range.h"
#include "run/window.h"
#include "write/disposition.h"

/* ---- the cursor ---- */

/* What the state holds is a value as JSON. */
static int tell_stored(struct arena *arena, const struct incremental *incremental,
                       const char *stored_json, const struct tg_value *start,
                       struct tg_plan_resource *out, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(bound_text(arena, &incremental->initial_value, &out->initial_value, err));
    TRY(bound_text(arena, &incremental->end_value, &out->end_value, err));
    TRY(bound_text(arena, start, &out->start_value, err));
    if (stored_json && incremental->end_value.kind == TG_VALUE_NONE)
        out->stored_value = out->start_value;
done:
    return rc;
}

/* Rows of a group may come from anywhere, unless they have the cursor's value in common. */
static bool spans_values(const struct resource *resource)
{
    const struct incremental *incremental = &resource->incremental;
    bool shares = false;
    for (size_t i = 0; i < resource->merge_key_count && incremental->field_count <= 1; i++)
        shares |= strcmp(resource->merge_key[i], path_field(incremental->cursor_path)) == 0;
    return resource->merge_key_count > 0 && !shares;
}

/* What of the source's files would be left unread. */
static int count_skipped(struct session *session, const struct resource *resource,
                         const struct cursor *cursor, struct tg_plan_resource *out,
                         struct tg_error *err)
{
    struct tg_pipeline *pipeline = session->pipeline;
    const struct services services = {&pipeline->ctx, session->engine};
    const struct cursor_times times = cursor_times(cursor);
    struct page_stream *stream = NULL;
    struct resource_request request = resource_request(resource, &pipeline->config, &services);
    if (!resource->driver->skips)
        return TG_OK;
    request.cursor = cursor_view(cursor);
    request.times = &times;
    request.whole_groups = spans_values(resource);
    request.skipped = &out->files_skipped;
    request.only_lists = true;
    int rc = sources_read(&session->sources, resource->driver, &request, &stream, err);
    page_stream_close(stream);
    return rc;
}

static int tell_cursor(struct session *session, const struct resource *resource,
                       struct tg_plan *plan, struct tg_plan_resource *out, struct tg_error *err)
{
    int rc = TG_OK;
    bool found = false;
    struct state_cursor stored = {0};
    struct cursor *cursor = NULL;
    const struct incremental *incremental = &resource->incremental;
    const char *path = incremental->cursor_path;
    if (!path)
        return TG_OK;
    if (!out->replaces && !range_is_window(resource))
        TRY(state_get_cursor(&session->state, resource_source_key(session, resource),
                             resource->name, path, &stored, &found, err));
    struct learned learned;
    struct cursor_options options = resource_cursor_options(resource);
    struct resumed resumed = {
        .session = session, .resource = resource, .options = &options, .stored = &stored};
    if (!out->replaces && !range_is_window(resource) &&
        incremental->end_value.kind == TG_VALUE_NONE)
        TRY(changed_check(&resumed, err));
    const char *last = stored.last_value;
    if (!last && !out->replaces)
        TRY(window_start(session, resource, &last, err));
    options.stored_last_json = last;
    TRY(learned_lag(resource, last, stored.lateness, &learned, err));
    if (learned.is_auto)
        options.lag = learned.lag;
    TRY(range_of_times(session, resource, &options.bounds_are_times, err));
    TRY(cursor_new(&options, &cursor, err));
    out->descends = incremental->last_value == TG_MIN;
    TRY(arena_keep(&plan->arena, path, &out->cursor, err));
    TRY(tell_stored(&plan->arena, incremental, last, &cursor_view(cursor)->start, out, err));
    TRY(count_skipped(session, resource, cursor, out, err));
done:
    cursor_free(cursor);
    state_cursor_release(&stored);
    return rc == TG_OK ? rc : error_at(err, rc, AT_CURSOR, path);
}

/* ---- the resource ---- */

/* "a, b"; NULL: none. */
static int join_names(struct arena *arena, const char *const *names, size_t count, const char **out,
                      struct tg_error *err)
{
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < count; i++)
        buf_printf(&text, "%s%s", i > 0 ? ", " : "", names[i]);
    int rc = buf_check(&text, err);
    if (rc == TG_OK && count > 0)
        rc = arena_keep(arena, buf_string(&text), out, err);
    buf_release(&text);
    return rc;
}

static int add_resource(struct session *session, const struct resource *resource,
                        struct tg_plan *plan, struct tg_plan_resource **added, struct tg_error *err)
{
    int rc = TG_OK;
    struct arena *arena = &plan->arena;
    struct tg_plan_resource *out = &plan->resources[plan->resource_count++];
    const struct disposition_driver *driver = resource->disposition;
    *added = out;
    *out = (struct tg_plan_resource){.write_disposition = disposition_word(driver->word),
                                     .strategy = driver->strategy,
                                     .replaces = session->pipeline->refresh != TG_REFRESH_NONE ||
                                                 driver->replaces};
    TRY(arena_keep(arena, resource->name, &out->name, err));
    TRY(root_table_name(session, resource, &out->table, err));
    TRY(arena_keep(arena, out->table, &out->table, err));
    TRY(join_names(arena, resource->primary_key, resource->primary_key_count, &out->primary_key,
                   err));
    TRY(join_names(arena, resource->merge_key, resource->merge_key_count, &out->merge_key, err));
    TRY(tell_cursor(session, resource, plan, out, err));
done:
    return rc;
}

/* ---- its tables, as a package would have them ---- */

static int add_system_column(struct session *session, struct table *table, const char *name,
                             bool is_id, struct tg_error *err)
{
    static const struct type_spec text = {.type = TYPE_TEXT};
    struct table_column *column = table_find(table, name);
    if (column)
        return TG_OK;
    int rc = table_add_column(&session->catalog, table, name, &text, &column, err);
    if (rc != TG_OK)
        return rc;
    column->nullable = false;
    column->row_key = column->unique = is_id;
    return TG_OK;
}

/* A column that a package has. */
static bool is_loaded(const struct table_column *column)
{
    return column->spec.type != TYPE_NONE && strcmp(column->name, VERSION_COLUMN) != 0 &&
           strcmp(column->name, DELETED_COLUMN) != 0 && !history_owns(column);
}

static bool is_listed(const struct table_column *column)
{
    return column->primary_key && column->spec.type != TYPE_NONE;
}

/* Of these columns; of rows that a merge ranks, the order of arrival, too. */
static int add_file(const struct table *table, bool (*takes)(const struct table_column *column),
                    bool keeps_order, struct manifest *manifest, struct manifest_table *part,
                    struct tg_error *err)
{
    int rc = TG_OK;
    struct manifest_file file = {0};
    struct manifest_column *columns = mem_calloc(table->column_count + 1, sizeof(*columns));
    if (!columns)
        return error_nomem(err);
    for (size_t i = 0; i < table->column_count; i++)
        if (takes(&table->columns[i]))
            columns[file.column_count++] = (struct manifest_column){.name = table->columns[i].name,
                                                                    .spec = table->columns[i].spec};
    if (keeps_order)
        columns[file.column_count++] =
            (struct manifest_column){.name = NORMALIZE_ORDER_COLUMN, .spec.type = TYPE_BIGINT};
    file.name = arena_printf(&manifest->arena, "%s.1.parquet", part->name);
    if (!file.name)
        TRY(error_nomem(err));
    file.columns = columns;
    rc = manifest_add_file(manifest, part, &file, err);
done:
    mem_free(columns);
    return rc;
}

static int enter_table(struct session *session, const struct resource *resource,
                       const struct table *table, struct manifest *manifest, struct tg_error *err)
{
    int rc = TG_OK;
    struct manifest_table *part = NULL;
    const bool is_root = !table->parent;
    TRY(manifest_add_table(manifest, table->name, resource->name, !is_root, &part, err));
    if (is_root)
        part->replaced =
            session->pipeline->refresh != TG_REFRESH_NONE || resource->disposition->replaces;
    if (is_root)
        TRY(range_enter(session, resource, manifest, part, err));
    if (!table_is_new(table))
        rc = add_file(table, is_loaded, is_root && resource->disposition->needs_order, manifest,
                      part, err);
done:
    return rc;
}

/* Of rows that the source has no more: what becomes of them, and the keys that it would list. */
static int enter_absent(const struct resource *resource, const struct table *root, size_t place,
                        struct manifest *manifest, struct tg_error *err)
{
    int rc = TG_OK;
    char name[40];
    struct manifest_table *keys = NULL, *part = manifest_find(manifest, root->name);
    const enum tg_detect detect = resource->deletes.detect;
    if (detect == TG_DETECT_NONE || part->replaced || !root->seen_data)
        return TG_OK;
    root_table_mark(&resource->deletes, part);
    if (detect != TG_DETECT_KEYS)
        return TG_OK;
    snprintf(name, sizeof(name), "_tidegate_keys_%zu", place);
    TRY(manifest_add_table(manifest, name, resource->name, false, &keys, err));
    keys->is_keys = true;
    rc = add_file(root, is_listed, false, manifest, keys, err);
done:
    return rc;
}

/* The source has told its columns, but not those that are added to them. */
static int complete_root(struct session *session, struct table *root, struct tg_error *err)
{
    int rc = TG_OK;
    if (table_is_new(root))
        return TG_OK;
    TRY(add_system_column(session, root, "_dlt_load_id", false, err));
    TRY(add_system_column(session, root, "_dlt_id", true, err));
done:
    return rc;
}

static int enter_tables(struct session *session, const struct resource *resource, size_t place,
                        struct tg_plan_resource *told, struct manifest *manifest,
                        struct tg_error *err)
{
    int rc = TG_OK;
    struct table *root = NULL;
    struct contract contract;
    const struct catalog *catalog = &session->catalog;
    TRY(root_table_hints(session, resource, &root, &contract, err));
    if (!root->discarded)
        TRY(there_fits(session, root->name, err));
    if (resource->driver->describe || root->seen_data)
        TRY(complete_root(session, root, err));
    told->columns_known = table_find(root, "_dlt_load_id") != NULL;
    if (!told->columns_known)
        goto done;
    TRY(root_table_flag(session, resource, root, err));
    TRY(enter_table(session, resource, root, manifest, err));
    for (size_t i = 0; i < catalog->table_count; i++)
        if (catalog->tables[i]->parent && catalog_root(catalog, catalog->tables[i]) == root)
            TRY(enter_table(session, resource, catalog->tables[i], manifest, err));
    TRY(enter_absent(resource, root, place, manifest, err));
done:
    return rc;
}

static int tell_one(struct session *session, const struct resource *given, struct tg_plan *plan,
                    struct manifest *manifest, struct tg_error *err)
{
    int rc = TG_OK;
    const struct resource *resource = NULL;
    struct tg_plan_resource *told = NULL;
    TRY(describe_resource(session, given, &resource, err));
    TRY(add_resource(session, resource, plan, &told, err));
    if (manifest)
        TRY(enter_tables(session, resource, plan->resource_count, told, manifest, err));
done:
    return rc == TG_OK ? rc : error_at(err, rc, AT_RESOURCE, given->name);
}

int outlook_resources(struct session *session, struct tg_plan *plan, struct manifest *manifest,
                      struct tg_error *err)
{
    int rc = TG_OK;
    const struct config *config = &session->pipeline->config;
    plan->resources =
        arena_alloc(&plan->arena, (config->resource_count + 1) * sizeof(*plan->resources));
    if (!plan->resources)
        return error_nomem(err);
    for (size_t i = 0; i < config->resource_count; i++)
        if (config->resources[i].selected && !config->resources[i].no_table)
            TRY(tell_one(session, &config->resources[i], plan, manifest, err));
done:
    return rc;
}
