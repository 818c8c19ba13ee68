/*
 * Pages: what a source hands over at a time; and Arrow batches made into pages of rows.
 *
 * Data path: a source fills a struct page (json_page.c, rows.c or an Arrow stream); a batch with
 * structs, lists or maps (page_is_nested) goes through page_to_rows: compile (schema and array ->
 * nodes, once per batch) -> put for each row, which lays the cells depth first. page_where finds a
 * row's number again for a message, page_place what its source knows of it.
 *
 * What most columns are made of is stored here directly, the rest goes through value_cell. Texts
 * stay in the batch, which the page therefore keeps.
 *
 * Left to others: JSON text (json_page.c), what a row means (normalize).
 */
#include "data/page.h"

#include <string.h>

#include "base/memory.h"
#include "base/text/utf8.h"
#include "data/batch.h"

enum {
    CELLS_MAX = 1 << 20,      /* 16 MiB; a row that has more is laid whole */
    ASCII_BYTES_MAX = 1 << 22 /* more are checked text by text, as rows are laid */
};

void page_clear(struct page *page)
{
    schema_release(&page->schema);
    array_release(&page->array);
    bad_rows_clear(page->bad);
    *page = (struct page){.kind = PAGE_END,
                          .rows = page->rows,
                          .row_cap = page->row_cap,
                          .parser = page->parser,
                          .bad = page->bad};
}

void page_release(struct page *page)
{
    page_clear(page);
    mem_free(page->rows);
    json_page_free(page->parser);
    bad_rows_free(page->bad);
    *page = (struct page){.kind = PAGE_END};
}

/* Whether it is one of the rows as delivered, and which. Where none was dropped they are in their
 * list; else the tape is walked. */
static bool find_row(const struct page *page, const yyjson_val *row, uint64_t *index)
{
    size_t low = 0, high = page->row_count;
    *index = 0;
    if (page->row_count == page->read_count && high > 0 && page->rows[0] == page->first_cell) {
        for (size_t middle; high - low > 1;) {
            middle = low + (high - low) / 2;
            *(page->rows[middle] <= row ? &low : &high) = middle;
        }
        *index = low;
        return page->rows[low] == row;
    }
    const yyjson_val *cell = page->first_cell;
    for (; cell != row && *index + 1 < page->read_count; ++*index)
        cell = cell_next(cell);
    return cell == row;
}

int page_where_at(const struct page *page, uint64_t index, int code, struct tg_error *err)
{
    if (page->lines && page->lines_are_rows)
        error_at_row(err, code, page->lines[index]);
    else if (page->lines)
        error_at_line(err, code, page->lines[index]);
    else
        error_at_row(err, code, page->first_row + index);
    return page->file ? error_at(err, code, AT_FILE, page->file) : err ? err->code : code;
}

int page_where(const struct page *page, const yyjson_val *row, int code, struct tg_error *err)
{
    uint64_t index;
    if (find_row(page, row, &index))
        return page_where_at(page, index, code, err);
    return page->file ? error_at(err, code, AT_FILE, page->file) : err ? err->code : code;
}

enum { FIELDS_TOLD = 8 };

static void put_field(const char *name, size_t len, size_t index, struct buf *out)
{
    enum { SHOWN = 60 };
    buf_printf(out, "%s%.*s%s", index > 0 ? ", " : "", (int)(len < SHOWN ? len : SHOWN), name,
               len > SHOWN ? "..." : "");
}

/* Returns how many there are. */
static size_t put_keys(const yyjson_val *row, struct buf *out)
{
    const size_t count = cell_len(row);
    const yyjson_val *key = row + 1;
    for (size_t i = 0; i < count && i < FIELDS_TOLD; i++, key = cell_next(key + 1))
        put_field(key->uni.str, cell_len(key), i, out);
    return count;
}

static size_t put_columns(const struct ArrowSchema *schema, struct buf *out)
{
    const size_t count = (size_t)schema->n_children;
    for (size_t i = 0; i < count && i < FIELDS_TOLD; i++) {
        const char *name = schema->children[i]->name ? schema->children[i]->name : "";
        put_field(name, strlen(name), i, out);
    }
    return count;
}

void page_fields(const struct page *page, const yyjson_val *row, struct buf *out)
{
    size_t count = 0;
    if (row && cell_kind(row) != CELL_OBJECT) {
        buf_text(out, "it is ");
        cell_tell(out, row);
        buf_text(out, ", which has no fields");
        return;
    }
    buf_text(out, "its fields: ");
    if (row)
        count = put_keys(row, out);
    else if (page && page->kind == PAGE_ARROW)
        count = put_columns(&page->schema, out);
    if (count > FIELDS_TOLD)
        buf_printf(out, " and %zu more", count - FIELDS_TOLD);
    if (count == 0)
        buf_text(out, "none");
}

void page_place(const struct page *page, const yyjson_val *row, const yyjson_val *part,
                const yyjson_val *value, struct row_place *out)
{
    struct row_at at = {.row = row};
    *out = (struct row_place){.text = NULL};
    if (!find_row(page, row, &at.index))
        return;
    if (page->lines && !page->lines_are_rows)
        out->line = at.line = page->lines[at.index];
    at.part = (size_t)(part - row);
    at.value = value ? (size_t)(value - row) : at.part;
    if (page->text)
        page->text->find(page->text, &at, out);
}

/* ---- nodes: a column, or what is nested in it ---- */

struct tape {
    struct tg_rows *rows;
    yyjson_val *cells;
    size_t count, cap;
    struct buf scratch;
    struct tg_error *err;
};

struct node;

/* Lays the value at `at`, which counts from the start of the buffers and is not NULL. */
typedef int (*put_fn)(struct tape *tape, const struct node *node, int64_t at);

struct node {
    put_fn put;
    const struct ArrowSchema *schema;
    const struct ArrowArray *array;
    const uint8_t *validity; /* NULL: no NULLs */
    const void *values;      /* buffer 1 */
    const void *more;        /* buffer 2: bytes of texts, sizes of list views */
    int64_t offset;
    uint64_t tag;       /* of the cells */
    size_t width;       /* bytes of an offset or index; length of fixed-size lists */
    int scale;          /* of decimals */
    bool is_ascii;      /* all texts are, so that none needs a look */
    struct node *inner; /* fields, elements, values of a dictionary */
    int64_t inner_count;
    yyjson_val key; /* of a field */
};

static inline bool get_bit(const uint8_t *bits, int64_t at)
{
    return bits[at >> 3] >> (at & 7) & 1;
}

static inline int put_cell(struct tape *tape, uint64_t tag, yyjson_val_uni payload)
{
    if (tape->count == tape->cap) {
        int rc = rows_reserve(tape->rows, tape->count + 1, &tape->cells, &tape->cap, tape->err);
        if (rc != TG_OK)
            return rc;
    }
    tape->cells[tape->count++] = (yyjson_val){.tag = tag, .uni = payload};
    return TG_OK;
}

static int put_null(struct tape *tape, const struct node *node, int64_t at)
{
    (void)node;
    (void)at;
    return put_cell(tape, YYJSON_TYPE_NULL, (yyjson_val_uni){.u64 = 0});
}

/* Row `row` of the node's array; NULL too. */
static inline int put(struct tape *tape, const struct node *node, int64_t row)
{
    int64_t at = node->offset + row;
    if (node->validity && !get_bit(node->validity, at))
        return put_null(tape, node, at);
    return node->put(tape, node, at);
}

/* ---- scalars ---- */

/* 8 bytes that a cell holds as they are: integers, doubles, timestamps. */
static int put_word(struct tape *tape, const struct node *node, int64_t at)
{
    return put_cell(tape, node->tag, (yyjson_val_uni){.u64 = ((const uint64_t *)node->values)[at]});
}

static int put_int32(struct tape *tape, const struct node *node, int64_t at)
{
    return put_cell(tape, node->tag, (yyjson_val_uni){.i64 = ((const int32_t *)node->values)[at]});
}

static int put_bool(struct tape *tape, const struct node *node, int64_t at)
{
    uint64_t value = get_bit(node->values, at) ? YYJSON_SUBTYPE_TRUE : YYJSON_SUBTYPE_FALSE;
    return put_cell(tape, YYJSON_TYPE_BOOL | value, (yyjson_val_uni){.u64 = 0});
}

/* A text that stays where it is. */
static int put_text(struct tape *tape, const struct node *node, uint64_t tag, const char *bytes,
                    size_t len)
{
    if (tag == YYJSON_TYPE_STR && !node->is_ascii && !utf8_is_valid(bytes, len))
        return error_set(tape->err, TG_DATA,
                         "column '%s' holds a text that is not valid UTF-8; convert it in the "
                         "source, or hand it over as binary",
                         node->schema->name ? node->schema->name : "");
    return put_cell(tape, tag | (uint64_t)len << YYJSON_TAG_BIT, (yyjson_val_uni){.str = bytes});
}

/* A text that goes. */
static int put_copy(struct tape *tape, uint64_t tag, const char *bytes, size_t len)
{
    const char *kept = rows_keep(tape->rows, bytes, len);
    if (!kept)
        return error_nomem(tape->err);
    return put_cell(tape, tag | (uint64_t)len << YYJSON_TAG_BIT, (yyjson_val_uni){.str = kept});
}

static int64_t read_offset(const struct node *node, const void *offsets, int64_t at)
{
    return node->width == 8 ? ((const int64_t *)offsets)[at] : ((const int32_t *)offsets)[at];
}

static int put_bytes(struct tape *tape, const struct node *node, int64_t at)
{
    int64_t start = read_offset(node, node->values, at);
    int64_t end = read_offset(node, node->values, at + 1);
    return put_text(tape, node, node->tag, end > start ? (const char *)node->more + start : "",
                    (size_t)(end - start));
}

static int put_decimal(struct tape *tape, const struct node *node, int64_t at)
{
    char digits[48];
    int128 value;
    memcpy(&value, (const char *)node->values + at * 16, sizeof(value));
    return put_copy(tape, CELL_TAG_DECIMAL, digits, decimal_format(value, node->scale, digits));
}

/* What has no way of its own here. */
static int put_value(struct tape *tape, const struct node *node, int64_t at)
{
    yyjson_val cell;
    int rc = TG_OK;
    TRY(value_cell(node->schema, node->array, at - node->offset, &tape->scratch, &cell, tape->err));
    if (cell_kind(&cell) == CELL_DECIMAL || cell.uni.str == buf_string(&tape->scratch))
        rc = put_copy(tape, cell.tag & YYJSON_TAG_MASK, cell.uni.str, cell_len(&cell));
    else if (cell_kind(&cell) == CELL_TEXT || cell_kind(&cell) == CELL_BINARY)
        rc = put_text(tape, node, cell.tag & YYJSON_TAG_MASK, cell.uni.str, cell_len(&cell));
    else
        rc = put_cell(tape, cell.tag, cell.uni);
done:
    return rc;
}

/* ---- what is nested ---- */

static void end_container(struct tape *tape, size_t start, uint64_t count)
{
    yyjson_val *cell = &tape->cells[start];
    cell->tag |= count << YYJSON_TAG_BIT;
    cell->uni.ofs = (tape->count - start) * sizeof(*cell);
}

static int put_struct(struct tape *tape, const struct node *node, int64_t at)
{
    size_t start = tape->count;
    int rc = TG_OK;
    TRY(put_cell(tape, YYJSON_TYPE_OBJ, (yyjson_val_uni){.u64 = 0}));
    for (int64_t i = 0; i < node->inner_count; i++) {
        const struct node *field = &node->inner[i];
        TRY(put_cell(tape, field->key.tag, field->key.uni));
        TRY(put(tape, field, at));
    }
    end_container(tape, start, (uint64_t)node->inner_count);
done:
    return rc;
}

static int put_elements(struct tape *tape, const struct node *node, int64_t from, int64_t count)
{
    size_t start = tape->count;
    int rc = TG_OK;
    TRY(put_cell(tape, YYJSON_TYPE_ARR, (yyjson_val_uni){.u64 = 0}));
    for (int64_t i = 0; i < count; i++)
        TRY(put(tape, node->inner, from + i));
    end_container(tape, start, (uint64_t)count);
done:
    return rc;
}

static int put_list(struct tape *tape, const struct node *node, int64_t at)
{
    int64_t from = read_offset(node, node->values, at);
    return put_elements(tape, node, from, read_offset(node, node->values, at + 1) - from);
}

static int put_list_view(struct tape *tape, const struct node *node, int64_t at)
{
    return put_elements(tape, node, read_offset(node, node->values, at),
                        read_offset(node, node->more, at));
}

static int put_fixed_list(struct tape *tape, const struct node *node, int64_t at)
{
    int64_t len = (int64_t)node->width;
    return put_elements(tape, node, at * len, len);
}

/* The value that the index at `at` stands for. */
static int put_entry(struct tape *tape, const struct node *node, int64_t at)
{
    uint64_t index = 0; /* never negative */
    memcpy(&index, (const char *)node->values + (size_t)at * node->width, node->width);
    return put(tape, node->inner, (int64_t)index);
}

/* ---- compiling ---- */

static const struct {
    const char *format; /* a final ':' stands for any zone */
    put_fn put;
    uint64_t tag;
    uint8_t width; /* of offsets */
} ways[] = {
    {"n", put_null, 0, 0},
    {"b", put_bool, 0, 0},
    {"i", put_int32, YYJSON_TYPE_NUM | YYJSON_SUBTYPE_SINT, 0},
    {"l", put_word, YYJSON_TYPE_NUM | YYJSON_SUBTYPE_SINT, 0},
    {"L", put_word, YYJSON_TYPE_NUM | YYJSON_SUBTYPE_UINT, 0},
    {"g", put_word, YYJSON_TYPE_NUM | YYJSON_SUBTYPE_REAL, 0},
    {"tdD", put_int32, CELL_TAG_DATE, 0},
    {"tsu:", put_word, CELL_TAG_TIMESTAMP, 0},
    {"tsn:", put_word, CELL_TAG_TIMESTAMP_NS, 0},
    {"u", put_bytes, YYJSON_TYPE_STR, 4},
    {"U", put_bytes, YYJSON_TYPE_STR, 8},
    {"z", put_bytes, CELL_TAG_BINARY, 4},
    {"Z", put_bytes, CELL_TAG_BINARY, 8},
    {"+s", put_struct, 0, 0},
    {"+l", put_list, 0, 4},
    {"+m", put_list, 0, 4},
    {"+L", put_list, 0, 8},
    {"+vl", put_list_view, 0, 4},
    {"+vL", put_list_view, 0, 8},
    {"+w:", put_fixed_list, 0, 0},
};

static bool is_format(const char *format, const char *pattern)
{
    size_t len = strlen(pattern);
    return strncmp(format, pattern, len) == 0 && (pattern[len - 1] == ':' || format[len] == '\0');
}

/* One look at the bytes of all texts, which costs less than one at each. */
static bool all_ascii(const struct node *node)
{
    const unsigned char *bytes = node->more;
    unsigned char bits = 0;
    int64_t start, end;
    if (!node->values || !bytes)
        return false;
    start = read_offset(node, node->values, node->offset);
    end = read_offset(node, node->values, node->offset + node->array->length);
    if (end - start > ASCII_BYTES_MAX)
        return false;
    for (int64_t i = start; i < end; i++)
        bits |= bytes[i];
    return bits < 0x80;
}

/* How the values of a format are laid. */
static int find_way(struct node *node, struct tg_error *err)
{
    const char *format = node->schema->format;
    struct type_spec spec;
    int precision;
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        if (is_format(format, ways[i].format)) {
            node->put = ways[i].put;
            node->tag = ways[i].tag;
            node->width = ways[i].width;
            if (node->tag == CELL_TAG_TIMESTAMP && format[4] == '\0')
                node->tag = CELL_TAG_NAIVE;
            if (node->tag == CELL_TAG_TIMESTAMP_NS && format[4] == '\0')
                node->tag = CELL_TAG_NAIVE_NS;
            return TG_OK;
        }
    }
    node->put = format_decimal(format, &precision, &node->scale) ? put_decimal : put_value;
    return type_from_arrow(node->schema, &spec, err);
}

static int name_field(struct node *field, const char *name, struct tg_rows *rows,
                      struct tg_error *err)
{
    size_t len = strlen(name);
    const char *kept;
    if (!utf8_is_valid(name, len))
        return error_set(err, TG_DATA, "the name of a column is not valid UTF-8; rename it");
    kept = rows_keep(rows, name, len);
    field->key =
        (yyjson_val){.tag = YYJSON_TYPE_STR | (uint64_t)len << YYJSON_TAG_BIT, .uni.str = kept};
    return kept ? TG_OK : error_nomem(err);
}

static int compile(const struct ArrowSchema *schema, const struct ArrowArray *array, int depth,
                   struct arena *arena, struct tg_rows *rows, struct node *out,
                   struct tg_error *err);

/* Fields, elements, or the values of a dictionary. */
static int compile_inner(struct node *node, int depth, struct arena *arena, struct tg_rows *rows,
                         struct tg_error *err)
{
    static const char *const entry_names[] = {"key", "value"}; /* whatever the source calls them */
    const struct ArrowSchema *schema = node->schema;
    struct ArrowSchema **schemas =
        schema->dictionary ? (struct ArrowSchema **)&schema->dictionary : schema->children;
    struct ArrowArray **arrays =
        schema->dictionary ? (struct ArrowArray **)&node->array->dictionary : node->array->children;
    bool is_map = strcmp(schema->format, "+m") == 0;
    int rc = TG_OK;
    node->inner_count = schema->dictionary ? 1 : schema->n_children;
    node->inner = arena_alloc(arena, (size_t)(node->inner_count + 1) * sizeof(*node->inner));
    if (!node->inner)
        return error_nomem(err);
    for (int64_t i = 0; i < node->inner_count; i++) {
        struct node *inner = &node->inner[i];
        const char *name = schemas[i]->name ? schemas[i]->name : "";
        TRY(compile(schemas[i], arrays[i], depth + 1, arena, rows, inner, err));
        if (node->put == put_struct)
            TRY(name_field(inner, name, rows, err));
    }
    for (int64_t i = 0; is_map && i < 2 && i < node->inner->inner_count; i++)
        TRY(name_field(&node->inner->inner[i], entry_names[i], rows, err));
done:
    return rc;
}

static int compile(const struct ArrowSchema *schema, const struct ArrowArray *array, int depth,
                   struct arena *arena, struct tg_rows *rows, struct node *out,
                   struct tg_error *err)
{
    int rc = TG_OK;
    *out = (struct node){.schema = schema, .array = array, .offset = array->offset};
    if (depth >= CELL_DEPTH_MAX)
        return error_set(err, TG_DATA, "column '%s' is nested deeper than %d levels",
                         schema->name ? schema->name : "", CELL_DEPTH_MAX);
    if (array->n_buffers > 0 && array->null_count != 0)
        out->validity = array->buffers[0];
    out->values = array->n_buffers > 1 ? array->buffers[1] : NULL;
    out->more = array->n_buffers > 2 ? array->buffers[2] : NULL;
    if (schema->dictionary) {
        out->put = put_entry;
        out->width = layout_of(schema->format).width;
    } else {
        TRY(find_way(out, err));
        out->is_ascii = out->put == put_bytes && out->tag == YYJSON_TYPE_STR && all_ascii(out);
    }
    if (out->put == put_fixed_list)
        for (const char *digit = schema->format + 3; *digit >= '0' && *digit <= '9'; digit++)
            out->width = out->width * 10 + (size_t)(*digit - '0');
    if (schema->dictionary || schema->format[0] == '+')
        TRY(compile_inner(out, depth, arena, rows, err));
done:
    return rc;
}

/* ---- pages ---- */

bool page_is_nested(const struct page *page)
{
    for (int64_t i = 0; i < page->schema.n_children; i++) {
        const struct ArrowSchema *column = page->schema.children[i];
        if ((column->dictionary ? column->dictionary : column)->format[0] == '+')
            return true;
    }
    return false;
}

/* Lays rows of the batch; *count: how many. */
static int lay_rows(struct tape *tape, const struct node *root, int64_t row_count, size_t *count)
{
    int rc = TG_OK;
    for (*count = 0; (int64_t)*count < row_count && tape->count < CELLS_MAX; ++*count)
        TRY(put_struct(tape, root, root->offset + (int64_t)*count));
done:
    return rc;
}

/* The rows take the place of what the page had before. */
static void set_rows(struct page *page, const struct tape *tape, size_t count)
{
    const yyjson_val *cell = tape->cells;
    bool is_next = page->kind == PAGE_ROWS;
    for (size_t i = 0; i < count; i++, cell = cell_next(cell))
        page->rows[i] = cell;
    page->bytes = is_next ? 0 : page->bytes;
    page->first_row += is_next ? page->read_count : 0;
    if (page->lines && is_next)
        page->lines += page->read_count;
    page->kind = PAGE_ROWS;
    page->first_cell = count > 0 ? tape->cells : NULL;
    page->row_count = page->read_count = count;
    page->array.offset += (int64_t)count;
    page->array.length -= (int64_t)count;
}

int page_to_rows(struct page *page, struct tg_rows *rows, struct tg_error *err)
{
    uint64_t first_row = page->first_row + (page->kind == PAGE_ROWS ? page->read_count : 0);
    struct tape tape = {.rows = rows, .scratch = BUF_INIT, .err = err};
    struct arena arena;
    struct node root;
    size_t count = 0;
    int rc = TG_OK;
    arena_init(&arena);
    rows_clear(rows);
    TRY(rows_reserve(rows, 1, &tape.cells, &tape.cap, err));
    TRY(compile(&page->schema, &page->array, 0, &arena, rows, &root, err));
    rc = lay_rows(&tape, &root, page->array.length, &count);
    if (rc != TG_OK) {
        error_at_row(err, rc, first_row + count);
        goto done;
    }
    TRY(mem_grow(&page->rows, &page->row_cap, count + 1, sizeof(*page->rows), err));
    set_rows(page, &tape, count);
done:
    if (rc != TG_OK && page->file)
        error_at(err, rc, AT_FILE, page->file);
    arena_release(&arena);
    buf_release(&tape.scratch);
    return rc;
}
