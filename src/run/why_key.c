/*
 * A key as a person writes it.
 *
 *   why_key_read -> read_object (JSON) | read_pairs (column=value, apart by commas) | read_value
 *   -> add_part: the column of that name, as it stands or as the schema makes names
 *   why_key_is_of: the same names of a row, asked first by the name that the row before had, and
 *   values that are equal as the column has them (normalize/values/coerce.c)
 *
 * A value with a comma, or NULL, needs JSON.
 */
#include "run/why_key.h"

#include <string.h>

#include "base/json.h"
#include "base/text/nearest.h"
#include "base/text/utf8.h"
#include "data/rows.h"
#include "normalize/values/coerce.h"

static int bad_key(const struct why_key *key, const char *what, struct tg_error *err)
{
    struct buf names = BUF_INIT;
    for (size_t i = 0; i < key->table->column_count; i++)
        if (strncmp(key->table->columns[i].name, "_dlt_", 5) != 0)
            buf_printf(&names, "%s%s", names.len > 0 ? ", " : "", key->table->columns[i].name);
    int rc = error_set(err, TG_USAGE,
                       "%s; write a key as 7, id=7, day=2024-01-01,id=7 or {\"id\": 7}. Table '%s' "
                       "has %s%s",
                       what, key->table->name, names.len > 0 ? "the columns " : "no column yet",
                       buf_string(&names));
    buf_release(&names);
    return rc;
}

/* What rows will have nobody knows: a column without a type, whose values are compared as texts. */
static int make_column(struct why_key *key, const char *name, const struct table_column **out,
                       struct tg_error *err)
{
    int rc = TG_OK;
    struct table_column *made = arena_alloc(&key->arena, sizeof(*made));
    if (!made)
        return error_nomem(err);
    *made = (struct table_column){.spec = {.type = TYPE_NONE}};
    TRY(arena_keep(&key->arena, name, &made->name, err));
    *out = made;
done:
    return rc;
}

/* NULL: there is none of that name. */
static int find_column(struct why_key *key, const char *name, size_t len,
                       const struct table_column **out, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    buf_append(&text, name, len);
    TRY(buf_check(&text, err));
    *out = table_find(key->table, buf_string(&text));
    if (*out)
        goto done;
    buf_clear(&text);
    TRY(name_path(&key->names, &key->hasher, name, len, &text, err));
    *out = table_find(key->table, buf_string(&text));
    if (!*out && key->is_open && text.len > 0)
        rc = make_column(key, buf_string(&text), out, err);
done:
    buf_release(&text);
    return rc;
}

/* `value` is the key's. */
static int add_part(struct why_key *key, const char *name, size_t len, const char *value,
                    struct tg_error *err)
{
    char what[140], wanted[100], hint[NEAREST_HINT_BYTES];
    struct nearest nearest = {.wanted = wanted};
    const struct table_column *column = NULL;
    int rc = find_column(key, name, len, &column, err);
    if (rc != TG_OK)
        return rc;
    len = len < sizeof(wanted) ? len : utf8_cut(name, sizeof(wanted) - 1);
    snprintf(wanted, sizeof(wanted), "%.*s", (int)len, name);
    for (size_t i = 0; !column && i < key->table->column_count; i++)
        nearest_offer(&nearest, key->table->columns[i].name, strlen(key->table->columns[i].name));
    if (nearest.name)
        return error_set(err, TG_USAGE, "table '%s' has no column '%s'%s", key->table->name, wanted,
                         nearest_hint(&nearest, hint));
    snprintf(what, sizeof(what), "'%s' is no column", wanted);
    if (!column)
        return bad_key(key, what, err);
    if (key->count == WHY_KEY_MAX)
        return bad_key(key, "the key has too many columns", err);
    key->parts[key->count++] = (struct story_key){column, value};
    return TG_OK;
}

/* ---- JSON ---- */

/* The text of a value as a column has it; NULL for null; false: it is no single value. */
static bool value_of(yyjson_val *value, struct buf *out, bool *is_null)
{
    *is_null = yyjson_is_null(value);
    if (yyjson_is_ctn(value))
        return false;
    if (yyjson_is_str(value))
        buf_append(out, yyjson_get_str(value), yyjson_get_len(value));
    else if (yyjson_is_raw(value))
        buf_append(out, yyjson_get_raw(value), yyjson_get_len(value));
    else if (!*is_null)
        buf_text(out, yyjson_get_bool(value) ? "true" : "false");
    return true;
}

static int add_json(struct why_key *key, yyjson_val *name, yyjson_val *value, struct tg_error *err)
{
    int rc = TG_OK;
    bool is_null = false;
    const char *kept = NULL;
    struct buf text = BUF_INIT;
    if (!value_of(value, &text, &is_null))
        TRY(bad_key(key, "a list or an object is no value of a key", err));
    TRY(buf_check(&text, err));
    if (!is_null)
        TRY(arena_keep(&key->arena, buf_string(&text), &kept, err));
    rc = add_part(key, yyjson_get_str(name), yyjson_get_len(name), kept, err);
done:
    buf_release(&text);
    return rc;
}

static int read_object(struct why_key *key, const char *text, struct tg_error *err)
{
    int rc = TG_OK;
    size_t i, count;
    yyjson_val *name, *value;
    yyjson_doc *doc = NULL;
    TRY(json_parse_exact(text, strlen(text), "the key", &doc, err));
    if (!yyjson_is_obj(yyjson_doc_get_root(doc)) || yyjson_obj_size(yyjson_doc_get_root(doc)) == 0)
        TRY(bad_key(key, "the key is no object of columns and values", err));
    yyjson_obj_foreach(yyjson_doc_get_root(doc), i, count, name, value)
    {
        TRY(add_json(key, name, value, err));
    }
done:
    yyjson_doc_free(doc);
    return rc == TG_DATA ? error_set(err, TG_USAGE, "%s", err ? err->what : "") : rc;
}

/* ---- pairs, and a value ---- */

static int read_pairs(struct why_key *key, const char *text, struct tg_error *err)
{
    int rc = TG_OK;
    for (const char *at = text; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        const size_t len = strcspn(at, ","), name = strcspn(at, "=,");
        if (name >= len)
            TRY(bad_key(key, "a part of the key has no '='", err));
        const char *value = arena_strndup(&key->arena, at + name + 1, len - name - 1);
        if (!value)
            TRY(error_nomem(err));
        TRY(add_part(key, at, name, value, err));
    }
done:
    return rc;
}

static int read_value(struct why_key *key, const char *text, struct tg_error *err)
{
    int rc = TG_OK;
    const char *names[2], *value = NULL;
    size_t count = table_key(key->table, false, names, 2);
    count = count > 0 ? count : table_key(key->table, true, names, 2);
    if (count != 1 && strchr(text, '='))
        return add_part(key, text, strcspn(text, "="), text, err); /* which says that it is none */
    if (count != 1)
        return bad_key(key,
                       count == 0 ? "the table has no key, so that a value needs its column"
                                  : "the table's key has several columns",
                       err);
    TRY(arena_keep(&key->arena, text, &value, err));
    rc = add_part(key, names[0], strlen(names[0]), value, err);
done:
    return rc;
}

int why_key_read(struct why_key *out, const struct table *table, bool is_open,
                 const struct settings *settings, size_t name_bytes_max, const char *text,
                 struct tg_error *err)
{
    int rc = TG_OK;
    const struct table_column *first = NULL;
    const size_t len = strcspn(text, "=");
    *out = (struct why_key){
        .table = table, .is_open = is_open, .names = settings_names(settings, name_bytes_max)};
    arena_init(&out->arena);
    if (!utf8_is_valid(text, strlen(text)))
        return error_set(err, TG_USAGE, "the key is no UTF-8: a byte of it is no character");
    if (text[strspn(text, " \t\n")] == '{')
        return read_object(out, text, err);
    if (text[len])
        TRY(find_column(out, text, len, &first, err));
    rc = first ? read_pairs(out, text, err) : read_value(out, text, err);
done:
    return rc;
}

void why_key_release(struct why_key *key)
{
    hasher_release(&key->hasher);
    arena_release(&key->arena);
}

/* ---- rows ---- */

static int find_below(struct why_key *key, const yyjson_val *value, const struct buf *name,
                      const char *column, const yyjson_val **out, struct tg_error *err)
{
    const char *separator = name_separator(&key->names);
    const size_t len = name->len, gap = strlen(separator);
    if (cell_kind(value) != CELL_OBJECT || strncmp(column, name->data, len) != 0 ||
        strncmp(column + len, separator, gap) != 0)
        return TG_OK;
    return why_key_find(key, value, column + len + gap, out, err);
}

int why_key_find(struct why_key *key, const yyjson_val *row, const char *column,
                 const yyjson_val **out, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf name = BUF_INIT;
    const yyjson_val *field = row + 1;
    *out = NULL;
    for (size_t left = cell_kind(row) == CELL_OBJECT ? cell_len(row) : 0; left > 0; left--) {
        buf_clear(&name);
        TRY(name_path(&key->names, &key->hasher, field->uni.str, cell_len(field), &name, err));
        TRY(buf_check(&name, err));
        if (strcmp(buf_string(&name), column) == 0)
            *out = field + 1;
        else
            TRY(find_below(key, field + 1, &name, column, out, err));
        field = cell_next(field + 1);
    }
done:
    buf_release(&name);
    return rc;
}

/* Its name in the rows is kept: mostly the next row has the same. */
static int find_part(struct why_key *key, size_t part, const yyjson_val *row,
                     const yyjson_val **out, struct tg_error *err)
{
    int rc = TG_OK;
    const char *field = key->fields[part];
    *out = field ? cell_find(row, field, strlen(field)) : NULL;
    if (*out)
        return TG_OK;
    TRY(why_key_find(key, row, key->parts[part].column->name, out, err));
    const yyjson_val *name = row + 1;
    for (size_t left = *out ? cell_len(row) : 0; left > 0; left--) {
        if (name + 1 == *out)
            key->fields[part] = arena_strndup(&key->arena, name->uni.str, cell_len(name));
        name = cell_next(name + 1);
    }
done:
    return rc;
}

/* What is no text may be written in several ways. */
static bool is_measured(enum type type)
{
    return type != TYPE_NONE && type != TYPE_TEXT && type != TYPE_JSON && type != TYPE_BINARY;
}

/* As cells are put into the column: 007 is 7 in one of numbers, and no digit of many is lost. */
static int same_value(const struct type_spec *spec, const yyjson_val *a, const yyjson_val *b,
                      bool *out, struct tg_error *err)
{
    int rc = TG_OK;
    bool fits = false;
    struct coerced left, right;
    struct buf scratch = BUF_INIT;
    TRY(coerce_cell(a, spec, TEXT_HINTED, &scratch, &left, &fits, err));
    if (fits)
        TRY(coerce_cell(b, spec, TEXT_HINTED, &scratch, &right, &fits, err));
    if (!fits)
        goto done;
    if (spec->type == TYPE_DOUBLE)
        *out = left.f64 == right.f64;
    else if (spec->type == TYPE_DECIMAL || spec->type == TYPE_WEI)
        *out = left.decimal == right.decimal;
    else
        *out = left.i64 == right.i64;
done:
    buf_release(&scratch);
    return rc;
}

void why_key_text(struct buf *out, const yyjson_val *cell)
{
    const enum cell_kind kind = cell_kind(cell);
    if (kind == CELL_TEXT || kind == CELL_LITERAL) {
        buf_append(out, cell->uni.str, cell_len(cell));
        return;
    }
    struct buf json = BUF_INIT;
    cell_json(&json, cell, 0);
    const bool quoted = json.len > 1 && json.data[0] == '"';
    if (json.len > 0)
        buf_append(out, json.data + quoted, json.len - 2 * (size_t)quoted);
    out->failed |= json.failed;
    buf_release(&json);
}

static int has_part(struct why_key *key, size_t part, const yyjson_val *row, bool *out,
                    struct tg_error *err)
{
    int rc = TG_OK;
    struct buf text = BUF_INIT;
    const yyjson_val *cell = NULL;
    const struct story_key *wanted = &key->parts[part];
    const struct type_spec *spec = &wanted->column->spec;
    TRY(find_part(key, part, row, &cell, err));
    const bool is_null = !cell || cell_kind(cell) == CELL_NULL;
    *out = is_null && !wanted->value;
    if (is_null || !wanted->value)
        goto done;
    why_key_text(&text, cell);
    TRY(buf_check(&text, err));
    *out = strcmp(buf_string(&text), wanted->value) == 0;
    if (*out || !is_measured(spec->type))
        goto done;
    const yyjson_val value = {.tag = (uint64_t)strlen(wanted->value) << YYJSON_TAG_BIT |
                                     YYJSON_TYPE_STR,
                              .uni.str = wanted->value};
    rc = same_value(spec, cell, &value, out, err);
done:
    buf_release(&text);
    return rc;
}

int why_key_is_of(struct why_key *key, const yyjson_val *row, bool *out, struct tg_error *err)
{
    int rc = TG_OK;
    *out = cell_kind(row) == CELL_OBJECT;
    for (size_t i = 0; i < key->count && *out && rc == TG_OK; i++)
        rc = has_part(key, i, row, out, err);
    return rc;
}
