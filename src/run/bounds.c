/*
 * The ends of a window: what people write, what a cursor compares, what the ledger keeps.
 *
 * Path: bound_kind_of (of the cursor's values: by initial_value, by the column of the table, by
 * what the source says of it) -> bound_parse -> bound_value, for the cursor and its source;
 * bound_json, for the ledger -> point_read_part.
 *
 * A date is the first moment of that day in the zone that is asked for. So all times are instants
 * here, whatever form the rows have them in: the cursor compares them as such.
 */
#include "run/bounds.h"

#include <stdio.h>
#include <string.h>

#include "base/time/calendar.h"
#include "extract/cursor/path.h"
#include "run/range.h"

/* ---- what kind they are ---- */

static bool is_time(const char *text)
{
    struct time_point point;
    enum time_form form = time_parse(text, strlen(text), &point);
    return form == TIME_STAMP || form == TIME_DATE;
}

static enum bound_kind kind_of_value(const struct tg_value *value)
{
    switch (value->kind) {
    case TG_VALUE_INT64:
    case TG_VALUE_DOUBLE: return BOUND_NUMBER;
    case TG_VALUE_TIMESTAMP: return BOUND_TIME;
    case TG_VALUE_DATE: return BOUND_DATE;
    case TG_VALUE_TEXT: return is_time(value->text) ? BOUND_ANY : BOUND_TEXT;
    default: return BOUND_ANY;
    }
}

static enum bound_kind kind_of_type(enum type type)
{
    switch (type) {
    case TYPE_BIGINT:
    case TYPE_DOUBLE:
    case TYPE_DECIMAL:
    case TYPE_WEI: return BOUND_NUMBER;
    case TYPE_TIMESTAMP: return BOUND_TIME;
    case TYPE_DATE: return BOUND_DATE;
    case TYPE_TEXT: return BOUND_TEXT;
    default: return BOUND_ANY;
    }
}

/* What the spec says of the column, or its source. */
static int told_type(struct session *session, const struct resource *resource, enum type *out,
                     struct tg_error *err)
{
    int rc = TG_OK;
    const struct resource *described = NULL;
    const char *field = path_field(incremental_first_field(&resource->incremental));
    TRY(describe_resource(session, resource, &described, err));
    for (size_t i = 0; i < described->column_count; i++) {
        const struct tg_column *column = &described->columns[i];
        if (column->data_type && strcmp(column->name, field) == 0)
            *out = type_find(column->data_type);
    }
done:
    return rc;
}

int bound_kind_of(struct session *session, const struct resource *resource, enum bound_kind *out,
                  struct tg_error *err)
{
    int rc = TG_OK;
    enum type type = TYPE_NONE;
    struct tg_value initial;
    const struct incremental *incremental = &resource->incremental;
    TRY(incremental_first_value(&session->ledger.arena, incremental, &incremental->initial_value,
                                &initial, err));
    *out = kind_of_value(&initial);
    if (*out != BOUND_ANY)
        return TG_OK;
    TRY(range_type(session, resource, &type, err));
    if (type == TYPE_NONE)
        TRY(told_type(session, resource, &type, err));
    *out = kind_of_type(type);
done:
    return rc;
}

/* ---- what is written ---- */

static bool set_time(const char *text, const struct time_zone *zone, struct cursor_value *out)
{
    struct time_point point;
    enum time_form form = time_parse(text, strlen(text), &point);
    if (form != TIME_STAMP && form != TIME_DATE)
        return false;
    int64_t us = point.has_zone || !zone ? point.us : time_zone_instant(zone, point.us);
    cursor_value_set_time(out, TG_VALUE_TIMESTAMP, us, false);
    return out->kind != TG_VALUE_NONE;
}

/* Digits alone may be anything. */
static bool says_date(const char *text)
{
    return strlen(text) > 4 && text[4] == '-' && is_time(text);
}

int bound_parse(const char *text, enum bound_kind kind, const struct time_zone *zone,
                struct cursor_value *out, struct tg_error *err)
{
    bool is_known = kind == BOUND_NUMBER || kind == BOUND_TIME || kind == BOUND_DATE;
    bool may_be_time = is_known ? kind != BOUND_NUMBER : says_date(text);
    bool may_be_number = kind == BOUND_NUMBER || kind == BOUND_ANY;
    if (may_be_number && cursor_value_set_number(out, text, strlen(text)))
        return TG_OK;
    if (may_be_time && set_time(text, zone, out))
        return TG_OK;
    if (is_known)
        return error_set(err, TG_USAGE, "'%s' is no %s, as the values of the cursor are", text,
                         kind == BOUND_NUMBER ? "number" : "date or time");
    if (!*text)
        return error_set(err, TG_USAGE, "an empty text is no end of a window");
    cursor_value_set_text(out, text, strlen(text));
    return TG_OK;
}

/* ---- their other forms ---- */

int bound_json(struct arena *arena, const struct cursor_value *value, const char **out,
               struct tg_error *err)
{
    struct buf json = BUF_INIT;
    cursor_value_json(&json, value);
    int rc = buf_check(&json, err);
    if (rc == TG_OK)
        rc = arena_keep(arena, buf_string(&json), out, err);
    buf_release(&json);
    return rc;
}

static bool is_midnight(const struct cursor_value *value)
{
    return value->int64 % DAY_US == 0;
}

static void put_time(struct buf *out, const struct cursor_value *value, bool as_date)
{
    if (as_date)
        time_format_date(out, (int32_t)(value->int64 / DAY_US));
    else
        time_format_timestamp_z(out, value->int64);
}

int bound_value(struct arena *arena, const struct cursor_value *value, const struct tg_value *like,
                enum bound_kind kind, struct tg_value *out, struct tg_error *err)
{
    struct buf text = BUF_INIT;
    bool is_like_time = like->kind == TG_VALUE_TIMESTAMP || like->kind == TG_VALUE_DATE;
    *out = cursor_value_view(value);
    if (value->kind != TG_VALUE_TIMESTAMP || (is_like_time && kind != BOUND_DATE))
        return TG_OK;
    if (is_like_time && is_midnight(value)) {
        *out = (struct tg_value){.kind = TG_VALUE_DATE, .int64 = value->int64 / DAY_US};
        return TG_OK;
    }
    if (is_like_time)
        return TG_OK;
    put_time(&text, value, kind == BOUND_DATE && is_midnight(value));
    *out = (struct tg_value){.kind = TG_VALUE_TEXT};
    int rc = buf_check(&text, err);
    if (rc == TG_OK)
        rc = arena_keep(arena, buf_string(&text), &out->text, err);
    buf_release(&text);
    return rc;
}

const char *bound_print(const struct cursor_value *value, char out[BOUND_SHOWN])
{
    struct buf text = BUF_INIT;
    if (value->kind != TG_VALUE_TIMESTAMP) {
        cursor_value_print(value, out, BOUND_SHOWN);
        return out;
    }
    put_time(&text, value, is_midnight(value));
    snprintf(out, BOUND_SHOWN, "%s", buf_string(&text));
    buf_release(&text);
    return out;
}
