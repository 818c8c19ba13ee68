/*
 * The columns of a CSV file: texts in, values of the types they have out.
 *
 * Data path: csv_columns_know (the types of columns that are there) -> csv_columns_see for the
 * first rows of the others -> csv_columns_decide -> csv_columns_convert: convert_batch (texts move,
 * the rest is read into column builders) or, where a value does not fit its column, push_rows: then
 * the page is rows, the value a literal in them, and the normalizer widens the column or finds the
 * value another place.
 *
 * So a text is always read as its column in the table wants it, in every batch of every file, and
 * never by what the file it is in looks like. What a text says is data/text/literal.c's business.
 * Columns with a hint are read with less rigour. Until a column has a value it has no type.
 * The engine parses the CSV itself (table_reader.c); this is about what its fields mean.
 */
#include "extract/formats/csv_columns.h"

#include <string.h>

#include "base/memory.h"
#include "data/text/literal.h"

struct csv_column {
    char *name;
    struct type_spec spec; /* TYPE_NONE: not known yet */
    enum text_rule rule;
    struct literal_kinds kinds; /* of one that is to be guessed */
    uint64_t cut_count;         /* values that lost nanoseconds */
    uint64_t batch_cut_count;   /* of the batch that is being converted */
};

struct csv_columns {
    struct csv_column *items;
    size_t count;
    struct known_types known;
    struct ArrowSchema schema; /* of the types that are known */
    struct tg_rows *rows;
};

/* ---- the columns ---- */

/* As its texts are handed on: json and binary come as text. */
static struct type_spec handed_on(struct type_spec spec)
{
    if (spec.type == TYPE_JSON || spec.type == TYPE_BINARY)
        return (struct type_spec){.type = TYPE_TEXT};
    return spec;
}

static struct type_spec hinted_spec(const struct tg_column *hint)
{
    struct type_spec spec = {
        .type = type_find(hint->data_type), .precision = hint->precision, .scale = hint->scale};
    if (spec.type == TYPE_NONE)
        spec.type = TYPE_TEXT;
    spec.naive = spec.type == TYPE_TIMESTAMP && hint->timezone == TG_NO;
    return handed_on(spec);
}

static int name_column(struct csv_column *column, const char *name, const struct csv_types *types,
                       struct tg_error *err)
{
    column->rule = TEXT_TYPED;
    column->name = mem_strdup(name);
    if (!column->name)
        return error_nomem(err);
    for (size_t k = 0; k < types->hint_count; k++) {
        if (!types->hints[k].data_type || strcmp(types->hints[k].name, name) != 0)
            continue;
        column->rule = TEXT_HINTED;
        column->spec = hinted_spec(&types->hints[k]);
    }
    return TG_OK;
}

int csv_columns_new(const char *const *names, size_t count, const struct csv_types *types,
                    struct csv_columns **out, struct tg_error *err)
{
    struct csv_columns *columns = mem_calloc(1, sizeof(*columns));
    int rc = TG_OK;
    *out = NULL;
    if (!columns)
        return error_nomem(err);
    columns->known = types->known;
    columns->items = mem_calloc(count + 1, sizeof(*columns->items));
    if (!columns->items)
        TRY(error_nomem(err));
    columns->count = count;
    for (size_t i = 0; i < count; i++)
        TRY(name_column(&columns->items[i], names[i], types, err));
    TRY(rows_new(&columns->rows, err));
    *out = columns;
done:
    if (rc != TG_OK)
        csv_columns_free(columns);
    return rc;
}

void csv_columns_free(struct csv_columns *columns)
{
    if (!columns)
        return;
    for (size_t i = 0; columns->items && i < columns->count; i++)
        mem_free(columns->items[i].name);
    mem_free(columns->items);
    schema_release(&columns->schema);
    rows_free(columns->rows);
    mem_free(columns);
}

int csv_columns_know(struct csv_columns *columns, bool *all, struct tg_error *err)
{
    int rc = TG_OK;
    *all = true;
    for (size_t i = 0; i < columns->count; i++) {
        struct csv_column *column = &columns->items[i];
        struct type_spec spec = {.type = TYPE_NONE};
        if (columns->known.find)
            TRY(columns->known.find(columns->known.user, column->name, &spec, err));
        spec = handed_on(spec);
        if (spec.type != TYPE_NONE && !type_equal(&spec, &column->spec)) {
            column->spec = spec;
            schema_release(&columns->schema);
        }
        *all = *all && column->spec.type != TYPE_NONE;
    }
done:
    return rc;
}

/* ---- texts ---- */

struct text {
    const char *start;
    size_t len;
};

/* One column of a batch. */
struct texts {
    const uint8_t *validity;
    const int32_t *offsets;
    const char *bytes;
};

static struct texts texts_of(const struct ArrowArray *batch, size_t column)
{
    const struct ArrowArray *array = batch->children[column];
    const int32_t *offsets = array->buffers[1];
    return (struct texts){
        .validity = array->null_count != 0 ? array->buffers[0] : NULL,
        .offsets = offsets ? offsets + array->offset + batch->offset : NULL,
        .bytes = array->buffers[2],
    };
}

/* false: NULL. */
static inline bool get_text(const struct texts *texts, const struct ArrowArray *batch,
                            size_t column, size_t row, struct text *out)
{
    size_t at = row + (size_t)(batch->children[column]->offset + batch->offset);
    if (texts->validity && !(texts->validity[at >> 3] >> (at & 7) & 1))
        return false;
    out->len = (size_t)(texts->offsets[row + 1] - texts->offsets[row]);
    out->start = out->len > 0 ? texts->bytes + texts->offsets[row] : "";
    return true;
}

static void see_column(struct csv_column *column, const struct ArrowArray *batch, size_t index)
{
    struct texts texts = texts_of(batch, index);
    struct text text;
    for (size_t row = 0; row < (size_t)batch->length && !literal_is_text(&column->kinds); row++)
        if (get_text(&texts, batch, index, row, &text))
            literal_see(&column->kinds, text.start, text.len);
}

void csv_columns_see(struct csv_columns *columns, const struct ArrowArray *batch)
{
    for (size_t i = 0; i < columns->count; i++)
        if (columns->items[i].spec.type == TYPE_NONE)
            see_column(&columns->items[i], batch, i);
}

void csv_columns_decide(struct csv_columns *columns)
{
    for (size_t i = 0; i < columns->count; i++) {
        struct csv_column *column = &columns->items[i];
        if (column->spec.type != TYPE_NONE)
            continue;
        column->spec = literal_type(&column->kinds);
        if (column->spec.type != TYPE_NONE)
            schema_release(&columns->schema);
    }
}

static int make_schema(struct csv_columns *columns, struct tg_error *err)
{
    const char **names = mem_alloc((columns->count + 1) * sizeof(*names));
    struct type_spec *types = mem_alloc((columns->count + 1) * sizeof(*types));
    int rc = TG_OK;
    if (!names || !types)
        TRY(error_nomem(err));
    for (size_t i = 0; i < columns->count; i++) {
        names[i] = columns->items[i].name;
        types[i] = columns->items[i].spec;
    }
    TRY(schema_make(names, types, columns->count, &columns->schema, err));
done:
    mem_free(names);
    mem_free(types);
    return rc;
}

/* ---- a batch ---- */

static void release_nothing(struct ArrowArray *array)
{
    array->release = NULL;
}

static void store(struct column *column, size_t row, const yyjson_val *cell, bool *fits)
{
    int128 decimal;
    struct type_spec spec = type_decimal(&column->spec);
    bool is_seconds = cell_kind(cell) == CELL_DOUBLE; /* where it is not a double's column */
    switch (column->spec.type) {
    case TYPE_DOUBLE: column_set_double(column, row, cell->uni.f64); break;
    case TYPE_DATE:
        *fits = !is_seconds;
        if (*fits)
            column_set_date(column, row, (int32_t)cell->uni.i64);
        break;
    case TYPE_BOOL: column_set_bool(column, row, cell->tag & YYJSON_SUBTYPE_TRUE); break;
    case TYPE_DECIMAL:
    case TYPE_WEI:
        *fits = decimal_parse(cell->uni.str, cell_len(cell), spec.precision, spec.scale, &decimal,
                              NULL) == TG_OK;
        if (*fits)
            column_set_decimal(column, row, decimal);
        break;
    default:
        *fits = !is_seconds;
        if (*fits)
            column_set_int64(column, row, cell->uni.i64);
        break;
    }
}

static bool is_cut(const struct csv_column *column, struct text text)
{
    return (column->spec.type == TYPE_TIMESTAMP || column->spec.type == TYPE_TIME) &&
           literal_is_cut(text.start, text.len, &column->spec);
}

/* *fits false: a value is not of the column's type; `out` is then not filled. */
static int convert_column(struct csv_column *column, const struct ArrowArray *batch, size_t index,
                          struct ArrowArray *out, bool *fits, struct tg_error *err)
{
    struct texts texts = texts_of(batch, index);
    size_t row_count = (size_t)batch->length;
    struct column builder = {.len = 0};
    struct text text;
    int rc = TG_OK;
    column->batch_cut_count = 0;
    TRY(column_init_rows(&builder, &column->spec, row_count, err));
    for (size_t row = 0; row < row_count; row++) {
        yyjson_val cell;
        if (!get_text(&texts, batch, index, row, &text))
            continue;
        *fits = literal_cell(text.start, text.len, &column->spec, column->rule, &cell);
        if (*fits)
            store(&builder, row, &cell, fits);
        if (!*fits)
            goto done;
        column->batch_cut_count += is_cut(column, text);
    }
    TRY(column_export(&builder, row_count, out, err));
done:
    column_release(&builder);
    return rc;
}

static int convert_batch(const struct csv_columns *columns, struct ArrowArray *batch,
                         struct ArrowArray *out, bool *fits, struct tg_error *err)
{
    struct ArrowArray *children = mem_calloc(columns->count + 1, sizeof(*children));
    int64_t row_count = batch->length;
    size_t made = 0;
    int rc = TG_OK;
    *fits = true;
    if (!children)
        return error_nomem(err);
    for (; made < columns->count && *fits; made++) {
        struct csv_column *column = &columns->items[made];
        if (column->spec.type == TYPE_NONE)
            children[made] = (struct ArrowArray){
                .length = row_count, .null_count = row_count, .release = release_nothing};
        else if (column->spec.type != TYPE_TEXT)
            TRY(convert_column(column, batch, made, &children[made], fits, err));
    }
    if (!*fits)
        goto done;
    for (size_t i = 0; i < columns->count; i++) {
        columns->items[i].cut_count += columns->items[i].batch_cut_count;
        if (columns->items[i].spec.type != TYPE_TEXT)
            continue;
        array_move(batch->children[i], &children[i]);
        children[i].offset += batch->offset;
        children[i].length = row_count;
    }
    made = 0; /* moved, also on failure */
    TRY(batch_make(children, columns->count, row_count, out, err));
done:
    for (size_t i = 0; i < made; i++)
        array_release(&children[i]);
    mem_free(children);
    return rc;
}

/* ---- rows ---- */

/* The value as its column has it; a literal where it does not fit. */
static void push_value(struct tg_rows *rows, struct text text, struct csv_column *column)
{
    uint64_t len = (uint64_t)text.len << YYJSON_TAG_BIT;
    yyjson_val cell;
    if (column->spec.type == TYPE_TEXT)
        cell = (yyjson_val){.tag = YYJSON_TYPE_STR | len, .uni.str = text.start};
    else if (!literal_cell(text.start, text.len, &column->spec, column->rule, &cell))
        cell = (yyjson_val){.tag = CELL_TAG_LITERAL | len, .uni.str = text.start};
    else
        column->cut_count += is_cut(column, text);
    rows_push_cell(rows, &cell);
}

static int push_rows(struct csv_columns *columns, const struct ArrowArray *batch, struct page *page,
                     struct tg_error *err)
{
    const yyjson_val **rows;
    size_t count;
    int rc = TG_OK;
    rows_clear(columns->rows);
    for (size_t row = 0; row < (size_t)batch->length; row++) {
        tg_rows_begin_object(columns->rows);
        for (size_t i = 0; i < columns->count; i++) {
            struct texts texts = texts_of(batch, i);
            struct text text;
            tg_rows_key(columns->rows, columns->items[i].name);
            if (get_text(&texts, batch, i, row, &text))
                push_value(columns->rows, text, &columns->items[i]);
            else
                tg_rows_null(columns->rows);
        }
        tg_rows_end_object(columns->rows);
    }
    TRY(rows_finish(columns->rows, &rows, &count, err));
    TRY(mem_grow(&page->rows, &page->row_cap, count + 1, sizeof(*page->rows), err));
    memcpy(page->rows, rows, count * sizeof(*rows));
    page->kind = PAGE_ROWS;
    page->row_count = count;
    page->first_cell = count > 0 ? rows[0] : NULL;
done:
    return rc;
}

int csv_columns_convert(struct csv_columns *columns, struct ArrowArray *batch, struct page *page,
                        struct tg_error *err)
{
    bool fits, all;
    int rc = TG_OK;
    TRY(csv_columns_know(columns, &all, err));
    if (!all)
        csv_columns_see(columns, batch); /* those that had no value so far */
    csv_columns_decide(columns);
    if (!columns->schema.release)
        TRY(make_schema(columns, err));
    TRY(schema_copy(&columns->schema, &page->schema, err));
    page->read_count = (uint64_t)batch->length;
    TRY(convert_batch(columns, batch, &page->array, &fits, err));
    if (fits)
        page->kind = PAGE_ARROW;
    else
        TRY(push_rows(columns, batch, page, err));
done:
    array_release(batch);
    return rc;
}

void csv_columns_report(const struct csv_columns *columns, const struct context *ctx,
                        const char *path)
{
    for (size_t i = 0; i < columns->count; i++)
        if (columns->items[i].cut_count > 0)
            context_log(ctx, TG_LOG_WARNING, "files",
                        "file '%s': %llu values of column '%s' had digits beyond microseconds, "
                        "which were cut",
                        path, (unsigned long long)columns->items[i].cut_count,
                        columns->items[i].name);
}
