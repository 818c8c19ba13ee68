/*
 * What a Parquet file's own schema says of its columns and the engine does not hand on.
 *
 * Path: parquet_columns_read (parquet_schema(), an element a row, depth first) -> add_element ->
 * parquet_columns_mark, parquet_columns_check: mark and check walk an Arrow schema beside the
 * leaves of the file, which come in the same order.
 *
 * A column of the null type, as pandas writes a column without any value, is one of integers to
 * the engine. Decimals of more than 38 digits are doubles to it, and wrong ones before version 2.
 * An INT96 timestamp that 64 bits of microseconds do not hold wraps around to another year there.
 */
#include "extract/formats/parquet_columns.h"

#include <string.h>
#include <strings.h>

#include "base/memory.h"

enum leaf { LEAF_PLAIN, LEAF_NULL, LEAF_INT96 };

struct parquet_columns {
    unsigned char *leaves; /* enum leaf of each */
    size_t count, cap;
    size_t *ends; /* of the leaves of each column */
    size_t column_count, column_cap;
    bool is_special; /* a leaf is not plain */
    bool may_need_casts;
};

/* ---- The file's schema --------------------------------------------------------------------- */

struct element {
    const char *name, *type, *logical, *converted;
    size_t name_len, type_len, logical_len, converted_len;
    int64_t child_count; /* 0: a leaf */
    int64_t precision;
};

/* Where a walk over the elements is. */
struct walk {
    int64_t *left; /* children to come, of each group that is open */
    size_t depth, cap;
    bool is_begun;
};

static bool is_word(const char *text, size_t len, const char *word)
{
    return strlen(word) == len && memcmp(text, word, len) == 0;
}

/* Intervals say what they are; the engine knows a variant by the names of its parts. */
static bool may_need_cast(const struct element *element)
{
    static const char part[] = "metadata";
    return is_word(element->converted, element->converted_len, "INTERVAL") ||
           (element->name_len == strlen(part) &&
            strncasecmp(element->name, part, strlen(part)) == 0);
}

static int add_leaf(struct parquet_columns *columns, const struct element *element,
                    struct tg_error *err)
{
    enum leaf leaf = LEAF_PLAIN;
    int rc = TG_OK;
    if (element->precision > DECIMAL_PRECISION)
        return error_set(err, TG_DATA,
                         "column '%.*s' holds decimals of %lld digits, of which the engine makes "
                         "inexact doubles; write them with up to %d digits, or as text",
                         (int)element->name_len, element->name, (long long)element->precision,
                         DECIMAL_PRECISION);
    if (is_word(element->type, element->type_len, "INT96"))
        leaf = LEAF_INT96;
    if (is_word(element->logical, element->logical_len, "NullType()"))
        leaf = LEAF_NULL;
    columns->may_need_casts = columns->may_need_casts || may_need_cast(element);
    TRY(mem_grow(&columns->leaves, &columns->cap, columns->count + 1, 1, err));
    columns->leaves[columns->count++] = (unsigned char)leaf;
    columns->is_special = columns->is_special || leaf != LEAF_PLAIN;
done:
    return rc;
}

static int end_column(struct parquet_columns *columns, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(mem_grow(&columns->ends, &columns->column_cap, columns->column_count + 1,
                 sizeof(*columns->ends), err));
    columns->ends[columns->column_count++] = columns->count;
done:
    return rc;
}

/* The first element is the file's root, whose children are the columns. */
static int add_element(struct parquet_columns *columns, struct walk *walk,
                       const struct element *element, struct tg_error *err)
{
    int rc = TG_OK;
    if (walk->is_begun && walk->depth == 0)
        return error_set(err, TG_DATA, "its schema has elements without a parent");
    if (walk->is_begun)
        walk->left[walk->depth - 1]--;
    if (walk->is_begun && element->child_count == 0)
        TRY(add_leaf(columns, element, err));
    TRY(mem_grow(&walk->left, &walk->cap, walk->depth + 1, sizeof(*walk->left), err));
    walk->left[walk->depth++] = element->child_count;
    walk->is_begun = true;
    while (walk->depth > 0 && walk->left[walk->depth - 1] == 0)
        if (--walk->depth == 1)
            TRY(end_column(columns, err));
done:
    return rc;
}

static void get_text(const struct ArrowSchema *schema, const struct ArrowArray *batch, int column,
                     int64_t row, const char **out, size_t *len)
{
    *out = "";
    *len = 0;
    (void)value_bytes(schema->children[column], batch->children[column], row + batch->offset, out,
                      len);
}

static int add_batch(struct parquet_columns *columns, struct walk *walk,
                     const struct ArrowSchema *schema, const struct ArrowArray *batch,
                     struct tg_error *err)
{
    int rc = TG_OK;
    for (int64_t row = 0; row < batch->length; row++) {
        struct element element = {.child_count = 0};
        get_text(schema, batch, 0, row, &element.name, &element.name_len);
        get_text(schema, batch, 1, row, &element.type, &element.type_len);
        get_text(schema, batch, 2, row, &element.logical, &element.logical_len);
        (void)value_int64(schema->children[3], batch->children[3], row + batch->offset,
                          &element.child_count);
        (void)value_int64(schema->children[4], batch->children[4], row + batch->offset,
                          &element.precision);
        get_text(schema, batch, 5, row, &element.converted, &element.converted_len);
        TRY(add_element(columns, walk, &element, err));
    }
done:
    return rc;
}

static int read_schema(struct parquet_columns *columns, struct ArrowArrayStream *stream,
                       struct tg_error *err)
{
    struct ArrowSchema schema = {.release = NULL};
    struct walk walk = {.depth = 0};
    int rc = TG_OK;
    TRY(stream_schema(stream, TG_DATA, &schema, err));
    for (;;) {
        struct ArrowArray batch;
        bool end;
        TRY(stream_next(stream, TG_DATA, &batch, &end, err));
        if (end)
            break;
        rc = add_batch(columns, &walk, &schema, &batch, err);
        array_release(&batch);
        TRY(rc);
    }
done:
    schema_release(&schema);
    mem_free(walk.left);
    return rc;
}

int parquet_columns_read(struct engine *engine, const char *path, struct parquet_columns **out,
                         struct tg_error *err)
{
    struct parquet_columns *columns = mem_calloc(1, sizeof(*columns));
    struct ArrowArrayStream stream = {.release = NULL};
    struct buf sql = BUF_INIT;
    int rc = TG_OK;
    *out = NULL;
    if (!columns)
        return error_nomem(err);
    buf_text(&sql, "SELECT name, type, logical_type, num_children::BIGINT, precision::BIGINT, "
                   "converted_type FROM ");
    engine_parquet_schema(&sql, path);
    TRY(buf_check(&sql, err));
    TRY(engine_query(engine, buf_string(&sql), &stream, err));
    TRY(read_schema(columns, &stream, err));
    *out = columns;
done:
    stream_release(&stream);
    buf_release(&sql);
    if (rc != TG_OK)
        parquet_columns_free(columns);
    return rc;
}

size_t parquet_columns_count(const struct parquet_columns *columns)
{
    return columns->column_count;
}

bool parquet_columns_may_need_casts(const struct parquet_columns *columns)
{
    return columns->may_need_casts;
}

void parquet_columns_free(struct parquet_columns *columns)
{
    if (!columns)
        return;
    mem_free(columns->leaves);
    mem_free(columns->ends);
    mem_free(columns);
}

/* ---- The engine's batches ------------------------------------------------------------------ */

static size_t count_leaves(const struct ArrowSchema *schema)
{
    size_t count = schema->n_children == 0;
    for (int64_t i = 0; i < schema->n_children; i++)
        count += count_leaves(schema->children[i]);
    return count;
}

static void mark(const unsigned char **leaf, struct ArrowSchema *schema)
{
    if (schema->n_children == 0 && *(*leaf)++ == LEAF_NULL)
        schema->format = "n";
    for (int64_t i = 0; i < schema->n_children; i++)
        mark(leaf, schema->children[i]);
}

/* The leaves of a column; NULL: none is special, or the engine shows the column in another shape
 * (a variant is one text to us). */
static const unsigned char *column_leaves(const struct parquet_columns *columns, size_t column,
                                          const struct ArrowSchema *schema)
{
    if (!columns->is_special || column >= columns->column_count)
        return NULL;
    size_t start = column > 0 ? columns->ends[column - 1] : 0;
    return count_leaves(schema) == columns->ends[column] - start ? columns->leaves + start : NULL;
}

void parquet_columns_mark(const struct parquet_columns *columns, struct ArrowSchema *schema)
{
    for (int64_t i = 0; i < schema->n_children; i++) {
        const unsigned char *leaf = column_leaves(columns, (size_t)i, schema->children[i]);
        if (leaf)
            mark(&leaf, schema->children[i]);
    }
}

/* Years 1 to 9999, which is what those who still write INT96 have. */
static int check_int96(const struct ArrowSchema *schema, const struct ArrowArray *array,
                       struct tg_error *err)
{
    static const int64_t first = INT64_C(-62135596800000000), last = INT64_C(253402300799999999);
    int64_t us;
    for (int64_t row = 0; row < array->length; row++)
        if (value_int64(schema, array, row, &us) && (us < first || us > last))
            return error_set(err, TG_DATA,
                             "column '%s' holds an INT96 timestamp that is not within the years 1 "
                             "to 9999; correct it, or write timestamps of microseconds",
                             schema->name ? schema->name : "");
    return TG_OK;
}

static int check(const unsigned char **leaf, const struct ArrowSchema *schema,
                 const struct ArrowArray *array, struct tg_error *err)
{
    int rc = TG_OK;
    if (schema->n_children == 0 && *(*leaf)++ == LEAF_INT96)
        TRY(check_int96(schema, array, err));
    for (int64_t i = 0; i < schema->n_children; i++)
        TRY(check(leaf, schema->children[i], array->children[i], err));
done:
    return rc;
}

int parquet_columns_check(const struct parquet_columns *columns, const struct ArrowSchema *schema,
                          const struct ArrowArray *batch, struct tg_error *err)
{
    int rc = TG_OK;
    for (int64_t i = 0; i < schema->n_children; i++) {
        const unsigned char *leaf = column_leaves(columns, (size_t)i, schema->children[i]);
        if (leaf)
            TRY(check(&leaf, schema->children[i], batch->children[i], err));
    }
done:
    return rc;
}
