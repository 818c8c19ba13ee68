/*
 * What a resource of the strategy replace-range says of the rows that it replaces.
 *
 * Path: resume_cursor -> range_of_times (bounds and values are compared as what is stored will be);
 * resource_read -> range_check (a row that was not loaded must not look gone) -> remember_root ->
 * range_enter: column and bounds, in the manifest.
 *
 * What becomes of the rows is write/sql/range.c's.
 */
#include "run/range.h"

#include <string.h>

#include "base/json.h"
#include "base/time.h"
#include "extract/cursor/cursor_value.h"
#include "extract/cursor/path.h"
#include "write/disposition.h"

int bound_text(struct arena *arena, const struct tg_value *value, const char **out,
               struct tg_error *err)
{
    struct buf text = BUF_INIT;
    switch (value->kind) {
    case TG_VALUE_NONE: *out = NULL; return TG_OK;
    case TG_VALUE_INT64: buf_printf(&text, "%lld", (long long)value->int64); break;
    case TG_VALUE_DOUBLE: json_double(&text, value->real); break;
    case TG_VALUE_TEXT:
    case TG_VALUE_JSON: buf_text(&text, value->text); break;
    case TG_VALUE_TIMESTAMP: time_format_timestamp_z(&text, value->int64); break;
    case TG_VALUE_DATE: time_format_date(&text, (int32_t)value->int64); break;
    }
    int rc = buf_check(&text, err);
    if (rc == TG_OK)
        rc = arena_keep(arena, buf_string(&text), out, err);
    buf_release(&text);
    return rc;
}

int cursor_text(struct arena *arena, const char *json, const char **out, struct tg_error *err)
{
    struct buf text = BUF_INIT;
    struct cursor_value value;
    *out = NULL;
    if (!json)
        return TG_OK;
    int rc = cursor_value_parse(&value, json, &text, NULL);
    if (rc == TG_OK) {
        const struct tg_value view = cursor_value_view(&value);
        rc = bound_text(arena, &view, out, err);
    } else if (rc != TG_NOMEM) {
        rc = arena_keep(arena, json, out, err);
    }
    buf_release(&text);
    return rc == TG_NOMEM ? error_nomem(err) : rc;
}

bool range_is_window(const struct resource *resource)
{
    return resource->disposition->replaces_range && !range_is_delivered(resource);
}

/* ---- its column ---- */

/* "a.b" becomes the column a__b. */
int range_column(struct session *session, const struct resource *resource, const char **out,
                 struct tg_error *err)
{
    int rc = TG_OK;
    struct buf path = BUF_INIT;
    const struct name_rules rules = session_names(session);
    const char *cursor = incremental_first_field(&resource->incremental);
    const char *name = cursor ? path_field(cursor) : resource->range_column_name;
    for (const char *at = name; *at; at++) {
        if (cursor && *at == '.')
            buf_text(&path, name_separator(&rules));
        else
            buf_char(&path, *at);
    }
    TRY(buf_check(&path, err));
    TRY(session_name(session, buf_string(&path), out, err));
done:
    buf_release(&path);
    return rc;
}

int range_hint(struct session *session, const struct resource *resource, const char **out,
               struct tg_error *err)
{
    *out = NULL;
    if (!resource->disposition->replaces_range || resource->incremental.cursor_path)
        return TG_OK;
    return range_column(session, resource, out, err);
}

int range_type(struct session *session, const struct resource *resource, enum type *out,
               struct tg_error *err)
{
    int rc = TG_OK;
    const char *table = NULL, *column = NULL;
    *out = TYPE_NONE;
    TRY(root_table_name(session, resource, &table, err));
    TRY(range_column(session, resource, &column, err));
    const struct catalog *catalogs[] = {&session->there, &session->catalog};
    for (size_t i = 0; i < 2 && *out == TYPE_NONE; i++) {
        const struct table *known =
            catalog_find_like(catalogs[i], table, session->destination.facts.folds_case);
        const struct table_column *found = known ? table_find(known, column) : NULL;
        *out = found ? found->spec.type : TYPE_NONE;
    }
done:
    return rc;
}

int range_of_times(struct session *session, const struct resource *resource, bool *out,
                   struct tg_error *err)
{
    enum type type = TYPE_NONE;
    int rc = range_is_window(resource) ? range_type(session, resource, &type, err) : TG_OK;
    *out = type == TYPE_TIMESTAMP || type == TYPE_DATE;
    return rc;
}

/* ---- what it is ---- */

static const char *kind_of(const struct tg_value *value)
{
    switch (value->kind) {
    case TG_VALUE_NONE: return "";
    case TG_VALUE_INT64:
    case TG_VALUE_DOUBLE: return RANGE_NUMBER;
    default: return RANGE_TEXT;
    }
}

int range_enter(struct session *session, const struct resource *resource, struct manifest *manifest,
                struct manifest_table *root, struct tg_error *err)
{
    int rc = TG_OK;
    struct arena *arena = &session->catalog.arena;
    const struct incremental *incremental = &resource->incremental;
    struct manifest_range range = {.delivered = range_is_delivered(resource)};
    if (!resource->disposition->replaces_range)
        return TG_OK;
    TRY(range_column(session, resource, &range.column, err));
    if (!range.delivered) {
        range.descends = incremental->last_value == TG_MIN;
        range.from_kind = kind_of(&incremental->initial_value);
        range.to_kind = kind_of(&incremental->end_value);
        TRY(bound_text(arena, &incremental->initial_value, &range.from, err));
        TRY(bound_text(arena, &incremental->end_value, &range.to, err));
    }
    TRY(manifest_set_range(manifest, root, &range, err));
done:
    return rc;
}

/* ---- what was read ---- */

int range_check(const struct resource *resource, const struct table *table, uint64_t rejected,
                struct tg_error *err)
{
    if (!resource->disposition->replaces_range || rejected == 0)
        return TG_OK;
    return error_set(err, TG_DATA,
                     "%llu row%s rejected, and what table '%s' has of them would go with the "
                     "range that is replaced; nothing was written: correct them, or what rejects "
                     "them",
                     (unsigned long long)rejected, rejected == 1 ? " was" : "s were", table->name);
}

void range_warn_of_gap(struct session *session, const struct resource *resource,
                       const char *stored_json)
{
    int order = 0;
    char reached[80], begins[80];
    struct buf text = BUF_INIT;
    struct cursor_value stored, initial;
    const struct incremental *incremental = &resource->incremental;
    cursor_value_set(&initial, &incremental->initial_value);
    if (stored_json && incremental->end_value.kind == TG_VALUE_NONE &&
        cursor_value_parse(&stored, stored_json, &text, NULL) == TG_OK &&
        cursor_value_compare(&stored, &initial, &order) &&
        (incremental->last_value == TG_MIN ? order > 0 : order < 0)) {
        cursor_value_print(&stored, reached, sizeof(reached));
        cursor_value_print(&initial, begins, sizeof(begins));
        context_log(&session->pipeline->ctx, TG_LOG_WARNING, "cursor",
                    "resource '%s': earlier runs have got to %s, and the window of this one begins "
                    "at %s: rows between them are not read, now or later; if there may be some, "
                    "begin at %s, or give the window an end_value",
                    resource->name, reached, begins, reached);
    }
    buf_release(&text);
}
