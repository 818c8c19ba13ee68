/*
 * Arrays are JSON on their way (text.c); here they become arrays again.
 *
 * array_literal: yyjson reads the list, numbers as the digits they are -> put_item, level by level.
 * Texts are quoted, and objects are texts. A text that is no JSON list goes to the server as it is:
 * it may be an array as PostgreSQL writes it.
 *
 * Whether lists of one level have equal lengths, and whether the items are of the array's type, is
 * for the server to say.
 */
#include "postgres/values/array.h"

#include "base/json.h"

enum { DIMENSIONS_MAX = 6 };

static void put_quoted(const char *text, size_t len, struct buf *out)
{
    buf_char(out, '"');
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"' || text[i] == '\\')
            buf_char(out, '\\');
        buf_char(out, text[i]);
    }
    buf_char(out, '"');
}

static void put_json(const yyjson_val *item, struct buf *out)
{
    size_t len = 0;
    char *text = yyjson_val_write_opts(item, YYJSON_WRITE_NOFLAG, json_allocator(), &len, NULL);
    if (text)
        put_quoted(text, len, out);
    else
        out->failed = true;
    json_allocator()->free(NULL, text);
}

static void put_item(yyjson_val *item, int depth, struct buf *out)
{
    yyjson_arr_iter items;
    yyjson_val *inner;
    bool first = true;
    if (yyjson_is_null(item)) {
        buf_text(out, "NULL");
    } else if (yyjson_is_str(item)) {
        put_quoted(yyjson_get_str(item), yyjson_get_len(item), out);
    } else if (yyjson_is_raw(item)) {
        buf_append(out, yyjson_get_raw(item), yyjson_get_len(item));
    } else if (yyjson_is_bool(item)) {
        buf_text(out, yyjson_get_bool(item) ? "true" : "false");
    } else if (!yyjson_is_arr(item) || depth == DIMENSIONS_MAX) {
        put_json(item, out);
    } else {
        buf_char(out, '{');
        yyjson_arr_iter_init(item, &items);
        for (; (inner = yyjson_arr_iter_next(&items)); first = false) {
            buf_text(out, first ? "" : ",");
            put_item(inner, depth + 1, out);
        }
        buf_char(out, '}');
    }
}

int array_literal(const char *text, size_t len, struct buf *out, struct tg_error *err)
{
    yyjson_read_err problem = {0};
    yyjson_doc *doc = NULL;
    if (len > 0 && text[0] == '[')
        doc = yyjson_read_opts((char *)(uintptr_t)text, len, YYJSON_READ_NUMBER_AS_RAW,
                               json_allocator(), &problem);
    if (problem.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        return error_nomem(err);
    if (doc)
        put_item(yyjson_doc_get_root(doc), 0, out);
    else
        buf_append(out, text, len);
    yyjson_doc_free(doc);
    return buf_check(out, err);
}
