/*
 * The cursor, as a resource speaks of it.
 *
 *   resource_add -> incremental_settle (its name, its fields one by one) -> incremental_check
 *   -> resource_cursor_options (for extract/cursor), resource_cursor (for who asks before a run)
 *
 * What is remembered of it, and what disposition makes of its rows, is run's and the disposition's.
 */
#include <string.h>

#include "base/text/units.h"
#include "base/time.h"
#include "config/spec.h"
#include "extract/cursor/lag.h"
#include "extract/cursor/path.h"
#include "extract/cursor/point.h"
#include "write/disposition.h"

/* ---- the name and the fields ---- */

static int join_fields(struct arena *arena, struct incremental *incremental, struct tg_error *err)
{
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < incremental->field_count; i++)
        buf_printf(&text, "%s%s", i > 0 ? ", " : "", incremental->fields[i]);
    int rc = buf_check(&text, err);
    if (rc == TG_OK)
        rc = arena_keep(arena, buf_string(&text), &incremental->cursor_path, err);
    buf_release(&text);
    return rc;
}

int incremental_settle(struct arena *arena, struct incremental *incremental, struct tg_error *err)
{
    int rc = TG_OK;
    struct tg_cursor *parts;
    if (incremental->field_count == 0)
        return TG_OK;
    TRY(join_fields(arena, incremental, err));
    parts = arena_alloc(arena, incremental->field_count * sizeof(*parts));
    if (!parts)
        return error_nomem(err);
    for (size_t i = 0; i < incremental->field_count; i++)
        parts[i] = (struct tg_cursor){.path = incremental->fields[i]};
    if (incremental->field_count == 1) {
        parts[0].start = parts[0].last = incremental->initial_value;
        parts[0].end = incremental->end_value;
    }
    incremental->parts = parts;
done:
    return rc;
}

/* ---- what does not go together ---- */

static int refuse(const struct origin *origin, const char *what)
{
    return resource_refuse(origin, "incremental", NULL, "%s", what);
}

static int refuse_because(const struct origin *origin, const char *name, const struct tg_error *bad)
{
    if (bad->code == TG_NOMEM)
        return error_nomem(origin->err);
    return resource_refuse(origin, "incremental", NULL, "%s%s%s", name ? name : "",
                           name ? ": " : "", bad->what);
}

static int check_paths(const struct origin *origin, const struct incremental *incremental)
{
    struct tg_error bad = {0};
    struct path path;
    struct arena arena;
    int rc = TG_OK;
    arena_init(&arena);
    if (incremental->field_count > POINT_PARTS_MAX)
        TRY(resource_refuse(origin, "incremental", NULL, "a cursor has %d fields at the most",
                            POINT_PARTS_MAX));
    for (size_t i = 0; i < incremental->field_count; i++) {
        if (path_parse(&arena, &path_of_cursor, incremental->fields[i], &path, &bad) != TG_OK)
            TRY(refuse_because(origin, NULL, &bad));
        if (path.step_count == 0 && !incremental->last_value_func)
            TRY(refuse(origin, "cursor '$' is the whole row, which has no order; name a field"));
        for (size_t j = 0; j < i; j++)
            if (strcmp(incremental->fields[i], incremental->fields[j]) == 0)
                TRY(resource_refuse(origin, "incremental", NULL, "the cursor names '%s' twice",
                                    incremental->fields[i]));
    }
done:
    arena_release(&arena);
    return rc;
}

static int not_of_type(const struct cursor_value *value, const struct incremental *incremental,
                       struct tg_error *err)
{
    char shown[80];
    cursor_value_print(value, shown, sizeof(shown));
    return error_set(err, TG_USAGE, "%s (%s) is no %s; correct it, or cursor_type%s", shown,
                     cursor_value_kind(value), incremental->cursor_type,
                     incremental->cursor_format ? " and cursor_format" : "");
}

/* A bound is a value, or for several fields a list of as many at the most. */
static int read_bound(struct arena *arena, const struct incremental *incremental,
                      const struct tg_value *bound, struct point *out, struct tg_error *err)
{
    const struct cursor_as as = {incremental->cursor_type ? type_find(incremental->cursor_type)
                                                          : TYPE_NONE,
                                 incremental->cursor_format};
    int rc = TG_OK;
    if (bound->kind == TG_VALUE_JSON && incremental->field_count == 1 &&
        !incremental->last_value_func)
        return error_set(err, TG_USAGE, "it is one value, not a list");
    TRY(point_keep(arena, bound, incremental->field_count, out, err));
    for (size_t i = 0; i < out->count; i++)
        if (!cursor_value_as(&as, &out->parts[i]))
            TRY(not_of_type(&out->parts[i], incremental, err));
done:
    return rc;
}

static int check_bounds(const struct origin *origin, const struct incremental *incremental)
{
    struct tg_error bad = {0};
    struct point from, to;
    struct arena arena;
    int rc = TG_OK;
    arena_init(&arena);
    if (read_bound(&arena, incremental, &incremental->initial_value, &from, &bad) != TG_OK)
        TRY(refuse_because(origin, "initial_value", &bad));
    if (read_bound(&arena, incremental, &incremental->end_value, &to, &bad) != TG_OK)
        TRY(refuse_because(origin, "end_value", &bad));
    if (to.count > 0 && !incremental->last_value_func &&
        point_window(&from, &to, incremental->last_value == TG_MIN, incremental->range_end_closed,
                     &bad) != TG_OK)
        TRY(refuse_because(origin, NULL, &bad));
done:
    arena_release(&arena);
    return rc;
}

static int check_window(const struct origin *origin, const struct incremental *incremental)
{
    if (incremental->end_value.kind == TG_VALUE_NONE)
        return incremental->range_end_closed
                   ? refuse(origin, "range_end is for an end_value, and there is none")
                   : TG_OK;
    if (incremental->commit_safe == TG_YES)
        return refuse(
            origin, "commit_safe and end_value exclude each other: a window remembers nothing, so "
                    "there is no later run that rows could wait for");
    if (incremental->initial_value.kind == TG_VALUE_NONE)
        return refuse(origin,
                      "end_value needs an initial_value: they are the two ends of a window");
    return TG_OK;
}

static int check_commit_safe(const struct origin *origin, const struct incremental *incremental)
{
    int64_t wait_us = 0;
    if (incremental->commit_safe_wait && !parse_duration(incremental->commit_safe_wait, &wait_us))
        return resource_refuse(origin, "incremental", NULL,
                               "commit_safe_wait is a time like 30s, 10m or 2h, not '%s'",
                               incremental->commit_safe_wait);
    if (incremental->commit_safe != TG_YES)
        return TG_OK;
    if (incremental->last_value == TG_MIN)
        return refuse(origin, "commit_safe is for cursors that grow; last_value is min");
    if (incremental->field_count > 1 || incremental->last_value_func)
        return refuse(origin, "commit_safe is for a cursor of one field that grows");
    return TG_OK;
}

static int check_type(const struct origin *origin, const struct incremental *incremental)
{
    const char *type = incremental->cursor_type, *format = incremental->cursor_format;
    bool is_time = type && (strcmp(type, "timestamp") == 0 || strcmp(type, "date") == 0);
    if (type && incremental->last_value_func)
        return refuse(origin, "cursor_type is not for a function, which says itself what is last");
    if (format && !is_time)
        return refuse(origin, "cursor_format is for cursor_type: timestamp or date");
    if (format && !time_pattern_is_good(format))
        return resource_refuse(origin, "incremental", NULL,
                               "cursor_format '%.80s' is no format of times, such as %%d/%%m/%%Y "
                               "%%H:%%M:%%S.%%f",
                               format);
    return TG_OK;
}

/* What is learned is how late rows came that were not there: by their keys, in a direction. */
static int check_learned_lag(const struct origin *origin, const struct resource *resource)
{
    const struct incremental *incremental = &resource->incremental;
    const struct disposition_driver *driver = resource->disposition;
    if (incremental->field_count > 1)
        return refuse(origin, "lag: auto is for a cursor of one field: of several there is no "
                              "measure of how late a row is");
    if (incremental->end_value.kind != TG_VALUE_NONE)
        return refuse(origin, "lag: auto and end_value exclude each other: a window remembers "
                              "nothing, so there is nothing to learn");
    if (driver->replaces || driver->replaces_range)
        return refuse(origin, "lag: auto is for append and merge: what is replaced is read from "
                              "its beginning, or as a range");
    if (resource->primary_key_count == 0)
        return refuse(origin, "lag: auto needs a primary_key, by which rows that came late are "
                              "told from those that are there; say one, or a lag like 2h");
    return TG_OK;
}

static int check_lag(const struct origin *origin, const struct resource *resource)
{
    const struct incremental *incremental = &resource->incremental;
    struct lag lag;
    uint32_t share;
    int rc = TG_OK;
    if (!incremental->lag)
        return TG_OK;
    const bool is_learned = lag_is_auto(incremental->lag, &share);
    if (!is_learned && !lag_parse(incremental->lag, &lag))
        return resource_refuse(origin, "incremental", NULL,
                               "lag is a number, a time like 30m, 2h or 7d, or 'auto', which may "
                               "name a share ('auto 99.5%%'), not '%.80s'",
                               incremental->lag);
    if (incremental->last_value_func)
        return refuse(origin, "lag is not for a function, which has no direction");
    if (is_learned)
        TRY(check_learned_lag(origin, resource));
    if (!resource->disposition->adds_rows)
        return TG_OK;
    if (resource->primary_key_count == 0)
        return refuse(origin,
                      "with lag, rows of the window before the last value are read again in "
                      "each run: append would add them once more; give the resource a primary_key, "
                      "by which those that are there are left out, or use write_disposition: "
                      "merge");
    if (incremental->field_count > 1 || strpbrk(path_field(incremental->cursor_path), "$[*"))
        return refuse(origin,
                      "with lag, append knows rows that are there by their primary_key and the "
                      "cursor: it has to be one field that is a column; use write_disposition: "
                      "merge for any other");
done:
    return rc;
}

int incremental_check(const struct origin *origin, const struct resource *resource)
{
    const struct incremental *incremental = &resource->incremental;
    int rc = TG_OK;
    if (!incremental->cursor_path)
        return TG_OK;
    TRY(check_paths(origin, incremental));
    TRY(check_commit_safe(origin, incremental));
    TRY(check_window(origin, incremental));
    TRY(check_bounds(origin, incremental));
    TRY(check_type(origin, incremental));
    TRY(check_lag(origin, resource));
    if (incremental->last_value_func && incremental->field_count > 1)
        TRY(refuse(origin, "last_value_func is for a cursor of one field"));
done:
    return rc;
}

/* ---- what is made of it ---- */

bool incremental_orders_itself(const struct incremental *incremental)
{
    return incremental->last_value_func || incremental->cursor_type;
}

const char *incremental_first_field(const struct incremental *incremental)
{
    return incremental->field_count > 0 ? incremental->fields[0] : incremental->cursor_path;
}

int incremental_first_value(struct arena *arena, const struct incremental *incremental,
                            const struct tg_value *value, struct tg_value *out,
                            struct tg_error *err)
{
    struct point point;
    *out = *value;
    if (incremental->field_count <= 1)
        return TG_OK;
    int rc = point_keep(arena, value, incremental->field_count, &point, err);
    if (rc == TG_OK)
        *out = point.count > 0 ? cursor_value_view(&point.parts[0])
                               : (struct tg_value){.kind = TG_VALUE_NONE};
    return rc;
}

struct tg_cursor resource_cursor(const struct resource *resource)
{
    const struct incremental *incremental = &resource->incremental;
    return (struct tg_cursor){.path = incremental->cursor_path,
                              .start = incremental->initial_value,
                              .last = incremental->initial_value,
                              .end = incremental->end_value,
                              .parts = incremental->parts,
                              .part_count = incremental->field_count};
}

/* A merge recognises rows that did not change at all; an append with a key suppresses the key, as
 * dlt does. A key that is said for the cursor alone counts in any case; an empty one: no row is
 * recognised. */
static void choose_hash(const struct resource *resource, struct cursor_options *options)
{
    const struct incremental *incremental = &resource->incremental;
    bool said = incremental->primary_key != NULL;
    options->key = said ? incremental->primary_key : resource->primary_key;
    options->key_count = said ? incremental->primary_key_count : resource->primary_key_count;
    options->key_is_list = said ? incremental->primary_key_is_list : resource->primary_key_is_list;
    if (said)
        options->hash = options->key_count > 0 ? CURSOR_HASH_KEY : CURSOR_HASH_NONE;
    else if (resource->disposition->adds_rows && options->key_count > 0)
        options->hash = CURSOR_HASH_KEY;
    else
        options->hash = CURSOR_HASH_ROW;
}

struct cursor_options resource_cursor_options(const struct resource *resource)
{
    const struct incremental *incremental = &resource->incremental;
    const char *type = incremental->cursor_type;
    struct cursor_options options = {
        .path = incremental->cursor_path,
        .paths = incremental->fields,
        .path_count = incremental->field_count,
        .initial_value = incremental->initial_value,
        .end_value = incremental->end_value,
        .start_is_open = incremental->range_start_open,
        .end_is_closed = incremental->range_end_closed,
        .lag = incremental->lag,
        .as = {type ? type_find(type) : TYPE_NONE, incremental->cursor_format},
        .row_order = incremental->row_order,
        .last_value_func = incremental->last_value_func,
        .user = resource->user,
        .last_value = incremental->last_value,
        .on_missing = incremental->on_cursor_value_missing,
        .hash_count_max = resource->disposition->boundary_hashes_max,
    };
    choose_hash(resource, &options);
    return options;
}
