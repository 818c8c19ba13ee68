/*
 * Owns what is said when a value of a key, a cursor or the like does not fit its column.
 *
 *   misfit_refuse -> role_of (why the column must have a value) -> put_other (what the value would
 *                    be taken for, else what the column holds) -> the message
 *
 *   misfit_missing -> misfit_value (what the row has under the column's name) -> walk_columns (what
 *                     columns it has instead) -> the message
 *
 * 7 and 007 are two keys. In a bigint column they would be one, and in a variant the second would
 * be a row without a key; so neither is done. Where a value goes otherwise is shred.c's business.
 */
#include "normalize/misfit.h"

#include <string.h>

#include "base/text/nearest.h"
#include "data/text/literal.h"
#include "normalize/values/coerce.h"

#define REJECT_THEM ", or have such rows set aside: 'on_bad_row: reject'"

/* NULL: the column may be empty. */
static const char *role_of(const struct table_column *column)
{
    if (!column)
        return NULL;
    if (column->primary_key || column->merge_key)
        return "is part of the key";
    if (column->incremental)
        return "is the cursor";
    if (column->hard_delete)
        return "tells which rows are deleted";
    if (column->dedup_sort)
        return "tells which row of a key counts";
    return output_refuses_null(column) ? "is NOT NULL" : NULL;
}

/* The value stored last, if the batch has one. */
static bool last_cell(const struct column *column, char digits[48], yyjson_val *out)
{
    size_t row = column->len;
    while (row > 0 && !column_has(column, row - 1))
        row--;
    if (row-- == 0)
        return false;
    *out = (yyjson_val){.uni.i64 = 0};
    switch (column->spec.type) {
    case TYPE_BIGINT: out->tag = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_SINT; break;
    case TYPE_DATE: out->tag = CELL_TAG_DATE; break;
    case TYPE_TIME: out->tag = CELL_TAG_TIME; break;
    case TYPE_TIMESTAMP:
        out->tag = type_is_nanoseconds(&column->spec) ? CELL_TAG_TIMESTAMP_NS : CELL_TAG_TIMESTAMP;
        break;
    case TYPE_DOUBLE: out->tag = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_REAL; break;
    case TYPE_DECIMAL:
    case TYPE_WEI:
        out->tag =
            CELL_TAG_DECIMAL | (uint64_t)decimal_format(column->data.decimal[row],
                                                        type_decimal(&column->spec).scale, digits)
                                   << YYJSON_TAG_BIT;
        out->uni.str = digits;
        return true;
    default: return false;
    }
    if (column->spec.type == TYPE_DATE)
        out->uni.i64 = column->data.i32[row];
    else
        out->uni.i64 = column->data.i64[row];
    return true;
}

/* ", and as bigint would be the same as '7'", ", beside '7'", or nothing. */
static int put_other(const struct column *column, const yyjson_val *cell, struct buf *out,
                     struct tg_error *err)
{
    static const struct type_spec text = {.type = TYPE_TEXT};
    enum cell_kind kind = cell_kind(cell);
    struct buf scratch = BUF_INIT;
    struct coerced value;
    char digits[48];
    yyjson_val other;
    bool fits;
    int rc = TG_OK;
    bool read = (kind == CELL_TEXT || kind == CELL_LITERAL) &&
                (column->spec.type == TYPE_BIGINT || column->spec.type == TYPE_DOUBLE) &&
                literal_cell(cell->uni.str, cell_len(cell), &column->spec, TEXT_HINTED, &other);
    if (!read && !last_cell(column, digits, &other))
        return TG_OK;
    TRY(coerce_cell(&other, &text, TEXT_TYPED, &scratch, &value, &fits, err));
    if (fits && read)
        buf_printf(out, ", and as %s would be the same as '%.*s'", type_name(column->spec.type),
                   (int)value.len, value.text);
    else if (fits)
        buf_printf(out, ", beside '%.*s'", (int)value.len, value.text);
    rc = buf_check(out, err);
done:
    buf_release(&scratch);
    return rc;
}

/* The column as a hint names it: quoted where YAML would stumble. */
static void put_hint(const struct shape *shape, const struct field *field, const struct slot *slot,
                     struct buf *out)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    const char *name = shape->path[0] ? slot->name : field->source;
    const char *quote = name[0] && strspn(name, plain) == strlen(name) ? "" : "\"";
    buf_printf(out, "columns: {%s%s%s: text}", quote, name, quote);
}

int misfit_refuse(const struct outputs *outputs, const struct shape *shape,
                  const struct field *field, const struct slot *slot, const yyjson_val *cell,
                  struct tg_error *err)
{
    const struct table *table = shape->output->table;
    const struct table_column *column = table_find(table, slot->name);
    const char *role = role_of(column);
    struct buf value = BUF_INIT, other = BUF_INIT, hint = BUF_INIT;
    int rc = TG_OK;
    if (!role)
        return TG_OK;
    cell_tell(&value, cell);
    TRY(buf_check(&value, err));
    TRY(put_other(&slot->column, cell, &other, err));
    put_hint(shape, field, slot, &hint);
    TRY(buf_check(&hint, err));
    rc = error_set(err, TG_DATA,
                   "%s does not fit column '%s' (%s) of table '%s', which %s%s; to keep the "
                   "values as they are written, let the resource say '%s'%s%s",
                   buf_string(&value), slot->name, type_name(slot->column.spec.type), table->name,
                   role, buf_string(&other), buf_string(&hint),
                   column->incremental
                       ? ", and run it once with --full-refresh, since its cursor is of that type"
                       : "",
                   outputs->options.reject_bad_rows ? "" : REJECT_THEM);
    error_names(err, rc, AT_TABLE, table->name);
    error_names(err, rc, AT_COLUMN, slot->name);
done:
    buf_release(&value);
    buf_release(&other);
    buf_release(&hint);
    return rc;
}

/* Of several the last one, as everywhere. */
static int find_value(struct outputs *outputs, const yyjson_val *object, const char *above,
                      const char *name, const yyjson_val **found)
{
    const struct name_rules *rules = &outputs->options.names;
    struct buf part = BUF_INIT, path = BUF_INIT;
    const yyjson_val *key = object + 1;
    int rc = TG_OK;
    for (size_t left = cell_len(object); left > 0; left--, key = cell_next(key + 1)) {
        buf_clear(&part);
        buf_clear(&path);
        TRY(name_path(rules, &outputs->hasher, key->uni.str, cell_len(key), &part, NULL));
        TRY(name_join(rules, &outputs->hasher, above, buf_string(&part), &path, NULL));
        if (strcmp(buf_string(&path), name) == 0)
            *found = key + 1;
        else if (cell_kind(key + 1) == CELL_OBJECT &&
                 strncmp(buf_string(&path), name, path.len) == 0)
            TRY(find_value(outputs, key + 1, buf_string(&path), name, found));
    }
done:
    buf_release(&part);
    buf_release(&path);
    return rc;
}

const yyjson_val *misfit_value(struct outputs *outputs, const char *column)
{
    const yyjson_val *found = NULL, *row = outputs->row;
    if (!row || cell_kind(row) != CELL_OBJECT ||
        find_value(outputs, row, "", column, &found) != TG_OK)
        return NULL;
    return found;
}

enum { COLUMNS_TOLD = 4 };

/* What columns an object makes: those of lists in it are other tables'. */
struct columns {
    struct nearest nearest; /* to the one that is wanted; its name is `best` */
    struct buf best, names;
    size_t count;
};

static void add_column(struct columns *columns, const struct buf *name)
{
    const char *before = columns->nearest.name;
    columns->nearest.name = before ? buf_string(&columns->best) : NULL;
    nearest_offer(&columns->nearest, buf_string(name), name->len);
    if (columns->nearest.name == buf_string(name)) {
        buf_clear(&columns->best);
        buf_text(&columns->best, buf_string(name));
    }
    if (columns->count++ < COLUMNS_TOLD)
        buf_printf(&columns->names, "%s'%s'", columns->count > 1 ? ", " : "", buf_string(name));
}

static int walk_columns(struct outputs *outputs, const yyjson_val *object, const char *above,
                        struct columns *columns, struct tg_error *err)
{
    const struct name_rules *rules = &outputs->options.names;
    struct buf part = BUF_INIT, path = BUF_INIT;
    const yyjson_val *key = object + 1;
    int rc = TG_OK;
    size_t left = cell_kind(object) == CELL_OBJECT ? cell_len(object) : 0;
    for (; left > 0; left--, key = cell_next(key + 1)) {
        const enum cell_kind kind = cell_kind(key + 1);
        buf_clear(&part);
        buf_clear(&path);
        TRY(name_path(rules, &outputs->hasher, key->uni.str, cell_len(key), &part, NULL));
        TRY(name_join(rules, &outputs->hasher, above, buf_string(&part), &path, NULL));
        if (kind == CELL_OBJECT)
            TRY(walk_columns(outputs, key + 1, buf_string(&path), columns, err));
        else if (kind != CELL_LIST)
            add_column(columns, &path);
    }
done:
    buf_release(&part);
    buf_release(&path);
    return rc;
}

/* "but the row has no value for it (it is NULL)" */
static void put_what(const struct outputs *outputs, const yyjson_val *value, struct buf *out)
{
    enum cell_kind kind = value ? cell_kind(value) : CELL_NONE;
    if (kind == CELL_NONE || kind == CELL_NULL) {
        buf_text(out, "but the row has no value for it (");
        if (kind == CELL_NONE)
            page_fields(outputs->page, outputs->row, out);
        else
            buf_text(out, "it is NULL");
        buf_char(out, ')');
        return;
    }
    buf_text(out, "but the row holds ");
    cell_tell(out, value);
    if (kind == CELL_LIST || kind == CELL_OBJECT)
        buf_text(out, ", and a single value is needed");
    else
        buf_text(out, ", which the schema contract leaves out (discard_value)");
}

/* "; say 'id__a' if that is meant, give it one at the source, ..." */
static int put_way_out(struct outputs *outputs, const struct table_column *column,
                       const struct required *required, const yyjson_val *value, struct buf *out,
                       struct tg_error *err)
{
    struct columns columns = {.nearest = {.wanted = required->name}};
    const bool is_object = value && cell_kind(value) == CELL_OBJECT;
    int rc = TG_OK;
    buf_text(out, "; ");
    if (is_object || !value)
        TRY(walk_columns(outputs, is_object ? value : outputs->row, is_object ? required->name : "",
                         &columns, err));
    if (is_object && columns.count > 0)
        buf_printf(out, "name what is in it (%s%s), ", buf_string(&columns.names),
                   columns.count > COLUMNS_TOLD ? " and more" : "");
    else if (columns.nearest.name)
        buf_printf(out, "say '%s' if that is meant, ", buf_string(&columns.best));
    else if (!value)
        buf_text(out, "correct the name, ");
    buf_text(out, "give it one at the source");
    if (column && column->merge_key && !column->primary_key)
        buf_printf(out,
                   ", let rows without one be a group of their own: 'columns: {%s: {nullable: "
                   "true}}'",
                   required->name);
    buf_text(out, REJECT_THEM);
    TRY(buf_check(out, err));
done:
    buf_release(&columns.best);
    buf_release(&columns.names);
    return rc;
}

int misfit_missing(struct outputs *outputs, const struct output *output,
                   const struct required *required, struct tg_error *err)
{
    struct buf what = BUF_INIT, way = BUF_INIT;
    const struct table_column *column = table_find(output->table, required->name);
    const yyjson_val *value = misfit_value(outputs, required->name);
    int rc = TG_OK;
    put_what(outputs, value, &what);
    TRY(buf_check(&what, err));
    if (!outputs->options.reject_bad_rows)
        TRY(put_way_out(outputs, column, required, value, &way, err));
    rc = error_set(err, TG_DATA, "column '%s' of table '%s' is %s, %s%s", required->name,
                   output->table->name,
                   required->key                 ? "part of the primary key"
                   : column && column->merge_key ? "part of the merge key"
                                                 : "NOT NULL",
                   buf_string(&what), buf_string(&way));
    error_names(err, rc, AT_TABLE, output->table->name);
    error_names(err, rc, AT_COLUMN, required->name);
done:
    buf_release(&what);
    buf_release(&way);
    return rc;
}
