/*
 * A first look at a JSON file: is it an answer with the rows inside?
 *
 * Data path: look_for_envelope -> read_head -> find_cut: a head that ends before the file does is
 * cut behind its last whole value, and what is open is closed -> find_rows: of the lists of objects
 * that names lead to, the one that has most -> put_path.
 *
 * An envelope is one object, and nothing behind it. A list of one object is no sign: a single row
 * may have such a list as well.
 */
#include "extract/files/look_json.h"

#include <string.h>

#include "base/codec.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text/utf8.h"

enum { HEAD_BYTES = 256 * 1024, LEVELS_MAX = 4, OPEN_MAX = 64, ROWS_LEAST = 2 };

/* ---- the head ---- */

static int read_head(const char *path, char *head, size_t *len, bool *is_cut, struct tg_error *err)
{
    struct reader *reader = NULL;
    size_t got = 1;
    char next;
    int rc = TG_OK;
    TRY(reader_open(path, &reader, err));
    for (*len = 0; got > 0 && *len < HEAD_BYTES; *len += got)
        TRY(reader_read(reader, head + *len, HEAD_BYTES - *len, &got, err));
    if (got > 0)
        TRY(reader_read(reader, &next, 1, &got, err));
    *is_cut = got > 0;
done:
    reader_close(reader);
    return rc;
}

/* What is open at a place of a text: brackets, the innermost last. */
struct open {
    char closing[OPEN_MAX];
    size_t count;
};

/* Where the last value ends that a comma follows, and what is open there; 0: there is none. */
static size_t find_cut(const char *text, size_t len, struct open *out)
{
    struct open open = {.count = 0};
    size_t cut = 0;
    for (size_t i = 0; i < len && open.count < OPEN_MAX; i++) {
        if (text[i] == '"')
            for (i++; i < len && text[i] != '"'; i++)
                i += text[i] == '\\';
        else if (text[i] == '{' || text[i] == '[')
            open.closing[open.count++] = text[i] == '{' ? '}' : ']';
        else if ((text[i] == '}' || text[i] == ']') && open.count > 0)
            open.count--;
        else if (text[i] == ',') {
            cut = i;
            *out = open;
        }
    }
    return cut;
}

/* The first value, as far as it is there; NULL: it is none, or more follow. */
static int parse_head(const char *head, size_t len, bool is_cut, yyjson_doc **out,
                      struct tg_error *err)
{
    struct buf text = BUF_INIT;
    struct open open = {.count = 0};
    const size_t from = utf8_mark(head, len);
    int rc = TG_OK;
    *out = NULL;
    buf_append(&text, head + from, is_cut ? find_cut(head + from, len - from, &open) : len - from);
    while (open.count > 0)
        buf_char(&text, open.closing[--open.count]);
    TRY(buf_check(&text, err));
    rc = json_parse(buf_string(&text), text.len, "the file", out, err);
    if (rc == TG_DATA) {
        error_clear(err);
        rc = TG_OK;
    }
done:
    buf_release(&text);
    return rc;
}

/* ---- the rows ---- */

struct way {
    const char *names[LEVELS_MAX];
    size_t lens[LEVELS_MAX];
    size_t depth;
};

static size_t count_objects(yyjson_val *list)
{
    size_t count = 0, i, max;
    yyjson_val *element;
    yyjson_arr_foreach(list, i, max, element)
    {
        if (!yyjson_is_obj(element))
            return 0;
        count++;
    }
    return count;
}

static void find_rows(yyjson_val *object, struct way *way, struct way *best, size_t *rows)
{
    size_t i, max;
    yyjson_val *key, *value;
    if (way->depth == LEVELS_MAX)
        return;
    yyjson_obj_foreach(object, i, max, key, value)
    {
        way->names[way->depth] = yyjson_get_str(key);
        way->lens[way->depth++] = yyjson_get_len(key);
        size_t count = yyjson_is_arr(value) ? count_objects(value) : 0;
        if (count > *rows) {
            *rows = count;
            *best = *way;
        }
        if (yyjson_is_obj(value))
            find_rows(value, way, best, rows);
        way->depth--;
    }
}

/* false: no path can say that name. */
static bool put_name(const char *name, size_t len, bool is_first, struct buf *out)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    const char *quote = memchr(name, '\'', len) ? "\"" : "'";
    if (len > 0 && strspn(name, plain) == len) {
        buf_printf(out, "%s%s", is_first ? "" : ".", name);
        return true;
    }
    buf_printf(out, "%s[%s%s%s]", is_first ? "$" : "", quote, name, quote);
    return strlen(name) == len && !memchr(name, *quote, len) && !memchr(name, '\n', len);
}

int look_for_envelope(const char *path, struct envelope *out, struct tg_error *err)
{
    struct way way = {.depth = 0}, best = {.depth = 0};
    char *head = mem_alloc(HEAD_BYTES);
    yyjson_doc *doc = NULL;
    size_t len;
    bool is_said = true;
    int rc = head ? TG_OK : error_nomem(err);
    TRY(rc);
    TRY(read_head(path, head, &len, &out->is_cut, err));
    TRY(parse_head(head, len, out->is_cut, &doc, err));
    out->rows = ROWS_LEAST - 1;
    if (doc && yyjson_is_obj(yyjson_doc_get_root(doc)))
        find_rows(yyjson_doc_get_root(doc), &way, &best, &out->rows);
    for (size_t i = 0; i < best.depth; i++)
        is_said = put_name(best.names[i], best.lens[i], i == 0, &out->path) && is_said;
    if (!is_said)
        buf_clear(&out->path);
    rc = buf_check(&out->path, err);
done:
    yyjson_doc_free(doc);
    mem_free(head);
    return rc;
}
