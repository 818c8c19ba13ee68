/*
 * The values of a cursor's fields as one thing: kept, stored, shown.
 *
 * Data path: point_keep (a bound of the spec), point_parse (the state) -> compared by cursor.c ->
 * point_own (a row's, before its page goes) -> point_json, point_view.
 *
 * What one value is, and what compares with what, is cursor_value.c's.
 */
#include "extract/cursor/point.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"

static int keep_text(struct arena *arena, struct cursor_value *value, struct tg_error *err)
{
    if (value->kind != TG_VALUE_TEXT && value->kind != TG_VALUE_JSON)
        return TG_OK;
    value->text = arena_strndup(arena, value->text, value->len);
    return value->text ? TG_OK : error_nomem(err);
}

/* ---- from a bound, from the state ---- */

int point_read_part(struct arena *arena, const char *json, struct cursor_value *out,
                    struct tg_error *err)
{
    struct buf text = BUF_INIT;
    int rc = TG_OK;
    TRY(cursor_value_parse(out, json, &text, err));
    TRY(keep_text(arena, out, err));
done:
    buf_release(&text);
    return rc;
}

static int parse_list(struct arena *arena, yyjson_val *list, size_t fields, struct point *out,
                      struct tg_error *err)
{
    struct buf json = BUF_INIT;
    size_t index, count;
    yyjson_val *item;
    int rc = TG_OK;
    if (yyjson_arr_size(list) > fields)
        return error_set(err, TG_USAGE, "the list has %zu values; the cursor has %zu fields",
                         yyjson_arr_size(list), fields);
    yyjson_arr_foreach(list, index, count, item)
    {
        buf_clear(&json);
        cell_json(&json, item, 0);
        TRY(buf_check(&json, err));
        TRY(point_read_part(arena, buf_string(&json), &out->parts[index], err));
        if (out->parts[index].kind == TG_VALUE_NONE)
            TRY(error_set(err, TG_USAGE, "the list has a null in it"));
    }
    out->count = yyjson_arr_size(list);
done:
    buf_release(&json);
    return rc;
}

int point_parse(struct arena *arena, const char *json, size_t fields, struct point *out,
                struct tg_error *err)
{
    yyjson_doc *doc = NULL;
    int rc = TG_OK;
    out->count = 0;
    TRY(json_parse(json, strlen(json), "cursor value", &doc, err));
    if (fields > 1 && yyjson_is_arr(yyjson_doc_get_root(doc))) {
        TRY(parse_list(arena, yyjson_doc_get_root(doc), fields, out, err));
    } else {
        TRY(point_read_part(arena, json, &out->parts[0], err));
        out->count = out->parts[0].kind != TG_VALUE_NONE;
    }
done:
    yyjson_doc_free(doc);
    return rc;
}

int point_keep(struct arena *arena, const struct tg_value *given, size_t fields, struct point *out,
               struct tg_error *err)
{
    out->count = 0;
    if (given->kind == TG_VALUE_JSON && given->text)
        return point_parse(arena, given->text, fields, out, err);
    cursor_value_set(&out->parts[0], given);
    out->count = out->parts[0].kind != TG_VALUE_NONE;
    return keep_text(arena, &out->parts[0], err);
}

int point_window(const struct point *from, const struct point *to, bool descends, bool is_closed,
                 struct tg_error *err)
{
    size_t shared = from->count < to->count ? from->count : to->count, last = 0;
    int order = 0;
    while (last < shared && cursor_value_compare(&from->parts[last], &to->parts[last], &order) &&
           order == 0)
        last++;
    if (last == shared && (shared == 0 || from->count != to->count))
        return TG_OK;
    last -= last == shared;
    return cursor_value_window(&from->parts[last], &to->parts[last], descends, is_closed, err);
}

/* ---- to the state, to callbacks, to people ---- */

void point_json(struct buf *out, const struct point *point)
{
    if (point->count == 0)
        buf_text(out, "null");
    if (point->count > 1)
        buf_char(out, '[');
    for (size_t i = 0; i < point->count; i++) {
        if (i > 0)
            buf_char(out, ',');
        cursor_value_json(out, &point->parts[i]);
    }
    if (point->count > 1)
        buf_char(out, ']');
}

int point_own(struct point *point, struct buf *text, struct tg_error *err)
{
    size_t at = 0;
    buf_clear(text);
    for (size_t i = 0; i < point->count; i++) {
        buf_append(text, point->parts[i].text, point->parts[i].text ? point->parts[i].len : 0);
        buf_char(text, '\0');
    }
    int rc = buf_check(text, err);
    for (size_t i = 0; rc == TG_OK && i < point->count; i++) {
        bool has_text = point->parts[i].text != NULL;
        point->parts[i].text = has_text ? text->data + at : NULL;
        at += 1 + (has_text ? point->parts[i].len : 0);
    }
    return rc;
}

struct tg_value point_view(const struct point *point, struct buf *text)
{
    if (point->count == 0)
        return (struct tg_value){.kind = TG_VALUE_NONE};
    if (point->count == 1)
        return cursor_value_view(&point->parts[0]);
    buf_clear(text);
    point_json(text, point);
    return (struct tg_value){.kind = TG_VALUE_JSON, .text = buf_string(text)};
}

void point_print(const struct point *point, char *out, size_t cap)
{
    size_t len = 0;
    if (point->count <= 1) {
        static const struct cursor_value none = {.kind = TG_VALUE_NONE};
        cursor_value_print(point->count ? &point->parts[0] : &none, out, cap);
        return;
    }
    for (size_t i = 0; i < point->count && len + 1 < cap; i++) {
        char one[80];
        cursor_value_print(&point->parts[i], one, sizeof(one));
        len += (size_t)snprintf(out + len, cap - len, "%s%s", i > 0 ? ", " : "(", one);
    }
    if (len + 1 < cap)
        snprintf(out + len, cap - len, ")");
}
