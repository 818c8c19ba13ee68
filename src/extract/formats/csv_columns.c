/*
 * The columns of a CSV file: texts in, values of the types they have out.
 *
 * Data path: csv_columns_know (the types of columns that are there) -> csv_columns_see for the
 * first rows of the others -> csv_columns_decide -> csv_columns_convert: convert_batch (each field
 * goes from the file's text into its column's builder) or, where a value does not fit, push_rows:
 * then the page is rows, the value a literal in them, and the normalizer widens the column or finds
 * the value another place.
 *
 * So a text is always read as its column in the table wants it, in every batch of every file, and
 * never by what the file it is in looks like. What a text says is data/text/literal.c's business.
 * Columns with a hint are read with less rigour. Until a column has a value it has no type.
 * Fields come from csv_split.c; this is about what they mean.
 */
#include "extract/formats/csv_columns.h"

#include <string.h>

#include "base/memory.h"
#include "data/text/literal.h"

struct csv_column {
    char *name;
    struct csv_local local; /* how its values are written */
    bool is_local;          /* not as everywhere */
    struct type_spec spec;  /* TYPE_NONE: not known yet */
    enum text_rule rule;
    struct literal_kinds kinds; /* of one that is to be guessed */
    uint64_t cut_count;         /* values that lost nanoseconds */
    uint64_t batch_cut_count;   /* of the batch that is being converted */
};

struct text {
    const char *start;
    size_t len;
};

struct csv_columns {
    struct csv_column *items;
    size_t count;
    struct known_types known;
    struct ArrowSchema schema; /* of the types that are known */
    struct tg_rows *rows;
    struct arena locals; /* texts in them that changed */
    bool rejects;
    uint64_t *lines; /* of the rows */
    size_t line_cap;
    char *null_texts;
    struct text *nulls; /* in them */
    size_t null_count, null_cap;
    struct buf seen;    /* a text that is looked at beforehand */
    uint64_t null_lens; /* bit n: one of n bytes is among them; the last bit: one of more */
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

static const char *either(const char *own, const char *all)
{
    return own ? own : all;
}

static void take_local(struct csv_column *column, const struct csv_types *types)
{
    struct csv_local *local = &column->local;
    *local = types->local;
    for (size_t i = 0; i < types->local_count; i++) {
        const struct csv_local *own = &types->locals[i].local;
        if (strcmp(types->locals[i].name, column->name) != 0)
            continue;
        local->decimal = either(own->decimal, local->decimal);
        local->thousands = either(own->thousands, local->thousands);
        local->date_format = either(own->date_format, local->date_format);
        local->timestamp_format = either(own->timestamp_format, local->timestamp_format);
    }
    column->is_local = csv_local_is_said(local);
}

static int name_column(struct csv_column *column, const char *name, const struct csv_types *types,
                       struct tg_error *err)
{
    column->rule = TEXT_TYPED;
    column->name = mem_strdup(name);
    if (!column->name)
        return error_nomem(err);
    take_local(column, types);
    for (size_t k = 0; k < types->hint_count; k++) {
        if (!types->hints[k].data_type || strcmp(types->hints[k].name, name) != 0)
            continue;
        column->rule = TEXT_HINTED;
        column->spec = hinted_spec(&types->hints[k]);
    }
    return TG_OK;
}

static uint64_t length_bit(size_t len)
{
    return UINT64_C(1) << (len < 63 ? len : 63);
}

static int list_nulls(struct csv_columns *columns, const char *texts, struct tg_error *err)
{
    int rc = TG_OK;
    columns->null_texts = mem_strdup(texts ? texts : "");
    if (!columns->null_texts)
        return error_nomem(err);
    for (const char *at = columns->null_texts;; at++) {
        size_t len = strcspn(at, "\n");
        TRY(mem_grow(&columns->nulls, &columns->null_cap, columns->null_count + 1,
                     sizeof(*columns->nulls), err));
        columns->nulls[columns->null_count++] = (struct text){at, len};
        columns->null_lens |= length_bit(len);
        at += len;
        if (!*at)
            break;
    }
done:
    return rc;
}

int csv_columns_new(const char *const *names, size_t count, const struct csv_types *types,
                    struct csv_columns **out, struct tg_error *err)
{
    struct csv_columns *columns = mem_calloc(1, sizeof(*columns));
    int rc = TG_OK;
    *out = NULL;
    if (!columns)
        return error_nomem(err);
    arena_init(&columns->locals);
    columns->known = types->known;
    columns->rejects = types->rejects;
    columns->items = mem_calloc(count + 1, sizeof(*columns->items));
    if (!columns->items)
        TRY(error_nomem(err));
    columns->count = count;
    TRY(list_nulls(columns, types->null_texts, err));
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
    mem_free(columns->nulls);
    mem_free(columns->null_texts);
    mem_free(columns->lines);
    buf_release(&columns->seen);
    schema_release(&columns->schema);
    rows_free(columns->rows);
    arena_release(&columns->locals);
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

static bool is_null(const struct csv_columns *columns, const char *start, size_t len)
{
    for (size_t i = 0; i < columns->null_count; i++)
        if (columns->nulls[i].len == len && memcmp(columns->nulls[i].start, start, len) == 0)
            return true;
    return false;
}

static bool means_null(const struct csv_columns *columns, const struct text *text)
{
    return (columns->null_lens & length_bit(text->len)) && is_null(columns, text->start, text->len);
}

/* false: NULL. */
static inline bool get_text(const struct csv_columns *columns, const struct csv_rows *rows,
                            size_t column, size_t row, struct text *out)
{
    struct csv_field *field = &rows->fields[row * rows->width + column];
    if (field->start == CSV_MISSING)
        return false;
    if (field->escaped)
        csv_unescape(rows->syntax, rows->text, field);
    *out = (struct text){rows->text + field->start, field->len};
    return !means_null(columns, out);
}

/* The same, beforehand: what is unescaped is a copy, which lives until the next call. */
static bool look_at_text(struct csv_columns *columns, const struct csv_rows *rows, size_t column,
                         size_t row, struct text *out)
{
    struct csv_field copy = rows->fields[row * rows->width + column];
    if (copy.start == CSV_MISSING || !copy.escaped)
        return get_text(columns, rows, column, row, out);
    buf_clear(&columns->seen);
    buf_append(&columns->seen, rows->text + copy.start, copy.len);
    copy.start = 0;
    if (columns->seen.failed)
        return false;
    csv_unescape(rows->syntax, columns->seen.data, &copy);
    *out = (struct text){buf_string(&columns->seen), copy.len};
    return !means_null(columns, out);
}

/* As it is written everywhere, in `out` where it changes; false: it is text. */
static inline bool read_local(const struct csv_column *column, struct text *text,
                              char out[CSV_LOCAL_MAX])
{
    size_t len;
    if (!column->is_local)
        return true;
    enum csv_local_form form = csv_local_read(&column->local, text->start, text->len, out, &len);
    if (form == LOCAL_CHANGED)
        *text = (struct text){out, len};
    return form != LOCAL_TEXT;
}

static int see_column(struct csv_columns *columns, const struct csv_rows *rows, size_t index,
                      struct tg_error *err)
{
    struct csv_column *column = &columns->items[index];
    char local[CSV_LOCAL_MAX];
    struct text text;
    for (size_t row = 0; row < rows->count && !literal_is_text(&column->kinds); row++)
        if (look_at_text(columns, rows, index, row, &text)) {
            size_t len = read_local(column, &text, local) ? text.len : 0;
            literal_see(&column->kinds, text.start, len);
        }
    return buf_check(&columns->seen, err);
}

int csv_columns_see(struct csv_columns *columns, const struct csv_rows *rows, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < columns->count; i++)
        if (columns->items[i].spec.type == TYPE_NONE)
            TRY(see_column(columns, rows, i, err));
done:
    return rc;
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

/* *fits false: a value is not of the column's type; the builder is then not whole. */
static void convert_values(const struct csv_columns *columns, const struct csv_rows *rows,
                           size_t index, struct column *builder, bool *fits)
{
    struct csv_column *column = &columns->items[index];
    char local[CSV_LOCAL_MAX];
    struct text text;
    for (size_t row = 0; row < rows->count && *fits; row++) {
        yyjson_val cell;
        if (!get_text(columns, rows, index, row, &text))
            continue;
        *fits = read_local(column, &text, local) &&
                literal_cell(text.start, text.len, &column->spec, column->rule, &cell);
        if (*fits)
            store(builder, row, &cell, fits);
        column->batch_cut_count += *fits && is_cut(column, text);
    }
}

static int copy_texts(const struct csv_columns *columns, const struct csv_rows *rows, size_t index,
                      struct column *builder, struct tg_error *err)
{
    struct text text;
    size_t len = 0;
    int rc = TG_OK;
    for (size_t row = 0; row < rows->count; row++)
        len += get_text(columns, rows, index, row, &text) ? text.len : 0;
    TRY(column_reserve_text(builder, len, err));
    for (size_t row = 0; row < rows->count; row++)
        if (get_text(columns, rows, index, row, &text))
            TRY(column_set_text(builder, row, text.start, text.len, err));
done:
    return rc;
}

static int convert_column(const struct csv_columns *columns, const struct csv_rows *rows,
                          size_t index, struct ArrowArray *out, bool *fits, struct tg_error *err)
{
    struct csv_column *column = &columns->items[index];
    struct column builder = {.len = 0};
    int rc = TG_OK;
    column->batch_cut_count = 0;
    TRY(column_init_rows(&builder, &column->spec, rows->count, err));
    if (column->spec.type == TYPE_TEXT)
        TRY(copy_texts(columns, rows, index, &builder, err));
    else
        convert_values(columns, rows, index, &builder, fits);
    if (*fits)
        TRY(column_export(&builder, rows->count, out, err));
done:
    column_release(&builder);
    return rc;
}

static int convert_batch(const struct csv_columns *columns, const struct csv_rows *rows,
                         struct ArrowArray *out, bool *fits, struct tg_error *err)
{
    struct ArrowArray *children = mem_calloc(columns->count + 1, sizeof(*children));
    int64_t row_count = (int64_t)rows->count;
    size_t made = 0;
    int rc = TG_OK;
    *fits = true;
    if (!children)
        return error_nomem(err);
    for (; made < columns->count; made++) {
        if (columns->items[made].spec.type == TYPE_NONE)
            children[made] = (struct ArrowArray){
                .length = row_count, .null_count = row_count, .release = release_nothing};
        else
            TRY(convert_column(columns, rows, made, &children[made], fits, err));
        if (!*fits)
            goto done;
    }
    for (size_t i = 0; i < columns->count; i++)
        columns->items[i].cut_count += columns->items[i].batch_cut_count;
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
static int push_value(struct csv_columns *columns, struct text text, struct csv_column *column,
                      struct tg_error *err)
{
    char local[CSV_LOCAL_MAX];
    yyjson_val cell;
    bool is_text = column->spec.type == TYPE_TEXT || !read_local(column, &text, local);
    if (text.start == local)
        text.start = arena_strndup(&columns->locals, local, text.len);
    if (!text.start)
        return error_nomem(err);
    uint64_t len = (uint64_t)text.len << YYJSON_TAG_BIT;
    if (is_text)
        cell = (yyjson_val){.tag = YYJSON_TYPE_STR | len, .uni.str = text.start};
    else if (!literal_cell(text.start, text.len, &column->spec, column->rule, &cell))
        cell = (yyjson_val){.tag = CELL_TAG_LITERAL | len, .uni.str = text.start};
    else
        column->cut_count += is_cut(column, text);
    rows_push_cell(columns->rows, &cell);
    return TG_OK;
}

/* Digits that are no number as the column's are written would be taken for another number behind
 * us. */
static bool find_unreadable(const struct csv_columns *columns, const struct csv_rows *rows,
                            size_t row, size_t *index, struct text *text)
{
    char local[CSV_LOCAL_MAX];
    for (*index = 0; *index < columns->count; ++*index) {
        const struct csv_column *column = &columns->items[*index];
        enum type type = column->spec.type;
        bool is_number =
            type == TYPE_BIGINT || type == TYPE_DOUBLE || type == TYPE_DECIMAL || type == TYPE_WEI;
        if (!column->is_local || !is_number || !get_text(columns, rows, *index, row, text))
            continue;
        struct text same = *text;
        if (!read_local(column, &same, local))
            return true;
    }
    return false;
}

static int add_bad(struct page *page, uint64_t line, size_t index, const char *reason,
                   struct text text, struct tg_error *err)
{
    const struct row_at at = {.line = line, .value = 2 * (index + 1)};
    struct row_place place = {.line = line, .text = text.start, .text_len = text.len};
    if (page->text)
        page->text->find(page->text, &at, &place);
    const struct bad_row bad = {
        .line = place.line, .byte = place.byte, .reason = reason, .text = place.text};
    return page_add_bad(page, &bad, place.text_len, err);
}

static int refuse_number(const struct csv_columns *columns, size_t index, struct text text,
                         struct page *page, size_t row, struct tg_error *err)
{
    const struct csv_column *column = &columns->items[index];
    const struct csv_local *local = &column->local;
    const uint64_t line = page->lines ? page->lines[row] : 0;
    struct tg_error reason = {.code = TG_OK};
    error_set(&reason, TG_DATA,
              "'%.*s' in column '%s' is no number with decimal: '%s'%s%s%s; say so for each column "
              "under column_formats if they differ",
              (int)(text.len < 40 ? text.len : 40), text.start, column->name,
              local->decimal ? local->decimal : ".", local->thousands ? " and thousands: '" : "",
              local->thousands ? local->thousands : "", local->thousands ? "'" : "");
    if (columns->rejects)
        return add_bad(page, line, index, reason.what, text, err);
    error_set(err, TG_DATA, "%s", reason.what);
    if (line > 0)
        error_at_line(err, TG_DATA, line);
    return page->file ? error_at(err, TG_DATA, AT_FILE, page->file) : TG_DATA;
}

static int push_row(struct csv_columns *columns, const struct csv_rows *given, size_t row,
                    struct tg_error *err)
{
    int rc = TG_OK;
    tg_rows_begin_object(columns->rows);
    for (size_t i = 0; i < columns->count; i++) {
        struct text text;
        tg_rows_key(columns->rows, columns->items[i].name);
        if (get_text(columns, given, i, row, &text))
            TRY(push_value(columns, text, &columns->items[i], err));
        else
            tg_rows_null(columns->rows);
    }
    tg_rows_end_object(columns->rows);
done:
    return rc;
}

static int push_rows(struct csv_columns *columns, const struct csv_rows *given, struct page *page,
                     struct tg_error *err)
{
    const yyjson_val **rows;
    struct text text;
    size_t count = 0, index;
    int rc = TG_OK;
    rows_clear(columns->rows);
    arena_release(&columns->locals);
    TRY(mem_grow(&columns->lines, &columns->line_cap, given->count, sizeof(*columns->lines), err));
    for (size_t row = 0; row < given->count; row++) {
        if (find_unreadable(columns, given, row, &index, &text)) {
            TRY(refuse_number(columns, index, text, page, row, err));
            continue;
        }
        TRY(push_row(columns, given, row, err));
        columns->lines[count++] = page->lines ? page->lines[row] : 0;
    }
    TRY(rows_finish(columns->rows, &rows, &count, err));
    TRY(mem_grow(&page->rows, &page->row_cap, count + 1, sizeof(*page->rows), err));
    memcpy(page->rows, rows, count * sizeof(*rows));
    page->kind = PAGE_ROWS;
    page->row_count = page->read_count = count;
    page->lines = page->lines ? columns->lines : NULL;
    page->first_cell = count > 0 ? rows[0] : NULL;
done:
    return rc;
}

int csv_columns_convert(struct csv_columns *columns, const struct csv_rows *rows, struct page *page,
                        struct tg_error *err)
{
    bool fits, all;
    int rc = TG_OK;
    TRY(csv_columns_know(columns, &all, err));
    if (!all)
        TRY(csv_columns_see(columns, rows, err)); /* those that had no value so far */
    csv_columns_decide(columns);
    if (!columns->schema.release)
        TRY(make_schema(columns, err));
    TRY(schema_copy(&columns->schema, &page->schema, err));
    page->read_count = rows->count;
    TRY(convert_batch(columns, rows, &page->array, &fits, err));
    if (fits)
        page->kind = PAGE_ARROW;
    else
        TRY(push_rows(columns, rows, page, err));
done:
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
