/*
 * Arrow batches as a table of DuckDB: the table function tidegate_batches(address).
 *
 * Path: batch_source_new compiles the schema into fields; bind adds the columns; scan_chunk takes
 * batch after batch, checks its texts once, and fills whole chunks of 2,048 rows, which make whole
 * row groups: buffers are copied where the layouts agree, texts are pointed at. That is safe as the
 * sinks we use (COPY, INSERT, CREATE TABLE AS) copy each chunk before they ask for the next one;
 * then its batches are released. Only one statement may read a source, only once, and with one
 * thread, for rows keep their order. A text that all rows share, as a load's id is, can go on as an
 * ENUM of that one value: a writer of Parquet makes the same file of it for less work.
 *
 * `layouts` is the list of Arrow formats that are taken. Statements about the function are
 * engine.c's.
 */
#include "duckdb/api.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct field;

/* Copies `count` values from row `from` (offset counted in) to row `at` of a vector; validity
 * aside. NULL, or what is wrong with a value. */
typedef const char *(*fill_fn)(const struct field *field, const struct ArrowArray *array,
                               int64_t from, size_t count, char *out, size_t at);

struct arrow_layout {
    const char *format; /* a final '*' stands for any rest */
    duckdb_type type;
    fill_fn fill;
    int width;        /* of a value in Arrow, of an offset for texts */
    int64_t multiply; /* fill_scaled */
    int64_t divide;
};

struct field {
    const char *name; /* borrowed */
    const struct arrow_layout *layout;
    const struct arrow_layout *index; /* of a dictionary's index; NULL: no dictionary */
    int precision;
    int scale;
    int width;    /* of a fixed-size binary */
    bool is_json; /* a text that is noted to be a document: the engine's JSON, unparsed */
    char *shared; /* the text that all rows hold; NULL: not looked for, or there is none */
};

struct batch_source {
    struct ArrowArray *arrays;
    size_t count;
    uint64_t row_count;
    struct field *fields;
    size_t field_count;
    size_t chunk_rows; /* at the most; 0: as many as a chunk holds */
    size_t next;       /* the batch that is being read */
    int64_t row;       /* of it, the next one */
    size_t read;       /* batches before it are released */
    struct tg_error problem;
};

/* ---- values ---- */

static const char *fill_copy(const struct field *field, const struct ArrowArray *array,
                             int64_t from, size_t count, char *out, size_t at)
{
    size_t width = (size_t)field->layout->width;
    const char *values = array->buffers[1];
    memcpy(out + at * width, values + (size_t)from * width, count * width);
    return NULL;
}

static const char *fill_bool(const struct field *field, const struct ArrowArray *array,
                             int64_t from, size_t count, char *out, size_t at)
{
    (void)field;
    const uint8_t *bits = array->buffers[1];
    for (size_t i = 0; i < count; i++) {
        size_t row = (size_t)from + i;
        out[at + i] = (char)(bits[row >> 3] >> (row & 7) & 1);
    }
    return NULL;
}

static bool is_valid(const struct ArrowArray *array, int64_t row)
{
    const uint8_t *bits = array->null_count == 0 ? NULL : array->buffers[0];
    return !bits || (bits[row >> 3] >> (row & 7) & 1);
}

/* Times in another unit. */
static const char *fill_scaled(const struct field *field, const struct ArrowArray *array,
                               int64_t from, size_t count, char *out, size_t at)
{
    const struct arrow_layout *layout = field->layout;
    const int32_t *narrow = array->buffers[1];
    const int64_t *wide = array->buffers[1];
    int64_t *values = (int64_t *)(void *)out + at;
    for (size_t i = 0; i < count; i++) {
        int64_t row = from + (int64_t)i;
        int64_t value = layout->width == 4 ? narrow[row] : wide[row];
        if (__builtin_mul_overflow(value, layout->multiply, &value)) {
            if (is_valid(array, row))
                return "a time beyond what DuckDB holds";
            value = 0;
        }
        int64_t rest = value % layout->divide;
        values[i] = value / layout->divide - (rest < 0);
    }
    return NULL;
}

static const char *fill_date64(const struct field *field, const struct ArrowArray *array,
                               int64_t from, size_t count, char *out, size_t at)
{
    (void)field;
    const int64_t *values = array->buffers[1];
    int32_t *days = (int32_t *)(void *)out + at;
    for (size_t i = 0; i < count; i++) {
        int64_t ms = values[from + (int64_t)i];
        int64_t day = ms / 86400000 - (ms % 86400000 < 0);
        days[i] = (int32_t)day;
        if (days[i] != day && is_valid(array, from + (int64_t)i))
            return "a date beyond what DuckDB holds";
    }
    return NULL;
}

/* DuckDB keeps a decimal in the smallest integer that holds its precision. */
static size_t decimal_width(int precision)
{
    return precision <= 4 ? 2 : precision <= 9 ? 4 : precision <= 18 ? 8 : 16;
}

static const char *fill_decimal(const struct field *field, const struct ArrowArray *array,
                                int64_t from, size_t count, char *out, size_t at)
{
    const char *values = (const char *)array->buffers[1] + from * 16;
    size_t width = decimal_width(field->precision);
    if (width == 16) {
        memcpy(out + at * 16, values, count * 16);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        int64_t halves[2]; /* the lower one first: little endian, as everything here */
        memcpy(halves, values + i * 16, 16);
        int64_t bound = width == 2 ? INT16_MAX : width == 4 ? INT32_MAX : INT64_MAX;
        bool fits =
            halves[1] == (halves[0] < 0 ? -1 : 0) && halves[0] <= bound && halves[0] >= -bound - 1;
        if (!fits && is_valid(array, from + (int64_t)i))
            return "a decimal with more digits than its column has";
        memcpy(out + (at + i) * width, halves, width);
    }
    return NULL;
}

static void put_text(duckdb_string_t *out, const char *text, size_t len)
{
    enum { INLINE_MAX = 12 };
    out->value.inlined.length = (uint32_t)len;
    if (len <= INLINE_MAX) {
        memset(out->value.inlined.inlined, 0, INLINE_MAX);
        if (len > 0)
            memcpy(out->value.inlined.inlined, text, len);
        return;
    }
    memcpy(out->value.pointer.prefix, text, sizeof(out->value.pointer.prefix));
    out->value.pointer.ptr = (char *)text; /* DuckDB does not write to it */
}

static int64_t text_offset(const struct ArrowArray *array, int width, int64_t row)
{
    if (width == 4)
        return ((const int32_t *)array->buffers[1])[row];
    return ((const int64_t *)array->buffers[1])[row];
}

static const char *fill_text(const struct field *field, const struct ArrowArray *array,
                             int64_t from, size_t count, char *out, size_t at)
{
    int width = field->layout->width;
    const char *bytes = array->buffers[2];
    duckdb_string_t *texts = (duckdb_string_t *)(void *)out + at;
    int64_t start = text_offset(array, width, from);
    for (size_t i = 0; i < count; i++) {
        int64_t end = text_offset(array, width, from + (int64_t)i + 1);
        if (end - start > UINT32_MAX)
            return "a text of more than 4 GiB";
        put_text(&texts[i], bytes ? bytes + start : NULL, (size_t)(end - start));
        start = end;
    }
    return NULL;
}

static const char *fill_fixed(const struct field *field, const struct ArrowArray *array,
                              int64_t from, size_t count, char *out, size_t at)
{
    const char *bytes = array->buffers[1];
    duckdb_string_t *texts = (duckdb_string_t *)(void *)out + at;
    for (size_t i = 0; i < count; i++)
        put_text(&texts[i], bytes + (from + (int64_t)i) * field->width, (size_t)field->width);
    return NULL;
}

static const struct arrow_layout layouts[] = {
    {"l", DUCKDB_TYPE_BIGINT, fill_copy, 8, 0, 0},
    {"u", DUCKDB_TYPE_VARCHAR, fill_text, 4, 0, 0},
    {"U", DUCKDB_TYPE_VARCHAR, fill_text, 8, 0, 0},
    {"g", DUCKDB_TYPE_DOUBLE, fill_copy, 8, 0, 0},
    {"b", DUCKDB_TYPE_BOOLEAN, fill_bool, 0, 0, 0},
    {"z", DUCKDB_TYPE_BLOB, fill_text, 4, 0, 0},
    {"Z", DUCKDB_TYPE_BLOB, fill_text, 8, 0, 0},
    {"w:*", DUCKDB_TYPE_BLOB, fill_fixed, 0, 0, 0},
    {"d:*", DUCKDB_TYPE_DECIMAL, fill_decimal, 16, 0, 0},
    {"c", DUCKDB_TYPE_TINYINT, fill_copy, 1, 0, 0},
    {"C", DUCKDB_TYPE_UTINYINT, fill_copy, 1, 0, 0},
    {"s", DUCKDB_TYPE_SMALLINT, fill_copy, 2, 0, 0},
    {"S", DUCKDB_TYPE_USMALLINT, fill_copy, 2, 0, 0},
    {"i", DUCKDB_TYPE_INTEGER, fill_copy, 4, 0, 0},
    {"I", DUCKDB_TYPE_UINTEGER, fill_copy, 4, 0, 0},
    {"L", DUCKDB_TYPE_UBIGINT, fill_copy, 8, 0, 0},
    {"f", DUCKDB_TYPE_FLOAT, fill_copy, 4, 0, 0},
    {"tdD", DUCKDB_TYPE_DATE, fill_copy, 4, 0, 0},
    {"tdm", DUCKDB_TYPE_DATE, fill_date64, 8, 0, 0},
    {"tts", DUCKDB_TYPE_TIME, fill_scaled, 4, 1000000, 1},
    {"ttm", DUCKDB_TYPE_TIME, fill_scaled, 4, 1000, 1},
    {"ttu", DUCKDB_TYPE_TIME, fill_copy, 8, 0, 0},
    {"ttn", DUCKDB_TYPE_TIME, fill_scaled, 8, 1, 1000},
    {"tss:", DUCKDB_TYPE_TIMESTAMP_S, fill_copy, 8, 0, 0},
    {"tsm:", DUCKDB_TYPE_TIMESTAMP_MS, fill_copy, 8, 0, 0},
    {"tsu:", DUCKDB_TYPE_TIMESTAMP, fill_copy, 8, 0, 0},
    {"tsn:", DUCKDB_TYPE_TIMESTAMP_NS, fill_copy, 8, 0, 0},
    {"tss:*", DUCKDB_TYPE_TIMESTAMP_TZ, fill_scaled, 8, 1000000, 1},
    {"tsm:*", DUCKDB_TYPE_TIMESTAMP_TZ, fill_scaled, 8, 1000, 1},
    {"tsu:*", DUCKDB_TYPE_TIMESTAMP_TZ, fill_copy, 8, 0, 0},
    {"tsn:*", DUCKDB_TYPE_TIMESTAMP_TZ, fill_scaled, 8, 1, 1000},
};

static const struct arrow_layout *find_layout(const char *format)
{
    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
        const char *pattern = layouts[i].format;
        size_t len = strlen(pattern);
        bool any_rest = pattern[len - 1] == '*';
        if (any_rest ? strncmp(format, pattern, len - 1) == 0 : strcmp(format, pattern) == 0)
            return &layouts[i];
    }
    return NULL;
}

/* ---- validity ---- */

/* To rows of a vector that are valid so far, from row `at`. */
static void copy_validity(const struct ArrowArray *array, int64_t from, size_t count,
                          duckdb_vector vector, size_t at)
{
    const uint8_t *bits = array->null_count == 0 ? NULL : array->buffers[0];
    size_t i = 0;
    if (!bits)
        return;
    duck.vector_ensure_validity_writable(vector);
    uint64_t *mask = duck.vector_get_validity(vector);
    if (from % 8 == 0 && at % 8 == 0) {
        i = count & ~(size_t)7; /* behind the last bit stands what is no row's */
        memcpy((char *)mask + at / 8, bits + from / 8, i / 8);
    }
    for (; i < count; i++)
        if (!is_valid(array, from + (int64_t)i))
            mask[(at + i) / 64] &= ~((uint64_t)1 << (at + i) % 64);
}

/* ---- dictionaries ---- */

static int64_t index_at(const struct ArrowArray *array, const struct arrow_layout *index,
                        int64_t row)
{
    const char *values = array->buffers[1];
    union {
        int8_t i8;
        int16_t i16;
        int32_t i32;
        int64_t i64;
    } value = {.i64 = 0};
    bool is_signed = index->format[0] >= 'a';
    memcpy(&value, values + row * index->width, (size_t)index->width);
    if (!is_signed || index->width == 8)
        return value.i64; /* the upper bytes are zero */
    return index->width == 1 ? value.i8 : index->width == 2 ? value.i16 : value.i32;
}

static const char *fill_dictionary(const struct field *field, const struct ArrowArray *array,
                                   int64_t from, size_t count, duckdb_vector vector, size_t to)
{
    const struct ArrowArray *values = array->dictionary;
    char *out = duck.vector_get_data(vector);
    for (size_t i = 0; i < count; i++) {
        int64_t row = from + (int64_t)i;
        int64_t at = is_valid(array, row) ? index_at(array, field->index, row) : -1;
        if (is_valid(array, row) && (at < 0 || at >= values->length))
            return "an index beyond its dictionary";
        if (at >= 0 && is_valid(values, values->offset + at)) {
            const char *wrong =
                field->layout->fill(field, values, values->offset + at, 1, out, to + i);
            if (wrong)
                return wrong;
            continue;
        }
        duck.vector_ensure_validity_writable(vector);
        duck.validity_set_row_invalid(duck.vector_get_validity(vector), to + i);
    }
    return NULL;
}

/* ---- UTF-8 ---- */

/* Length of the character at `text`, 0 when it is none. */
static size_t utf8_length(const unsigned char *text, size_t left)
{
    unsigned char c = text[0];
    if (c < 0x80)
        return 1;
    size_t len = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    if (c < 0xc2 || c > 0xf4 || left < len)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    }
    /* Too long a form, a surrogate, beyond U+10FFFF. */
    if ((c == 0xe0 && text[1] < 0xa0) || (c == 0xed && text[1] > 0x9f) ||
        (c == 0xf0 && text[1] < 0x90) || (c == 0xf4 && text[1] > 0x8f))
        return 0;
    return len;
}

static bool is_ascii(const unsigned char *text, size_t len)
{
    unsigned char all = 0;
    for (size_t i = 0; i < len; i++)
        all |= text[i];
    return all < 0x80;
}

static bool is_utf8(const unsigned char *text, size_t len)
{
    size_t at = 0;
    while (at < len) {
        size_t step = utf8_length(text + at, len - at);
        if (step == 0)
            return false;
        at += step;
    }
    return true;
}

/* The first row whose text is not UTF-8, or -1. All-ASCII columns, which most are, cost one fast
 * pass. */
static int64_t find_bad_text(const struct field *field, const struct ArrowArray *array)
{
    const struct ArrowArray *values = field->index ? array->dictionary : array;
    int width = field->layout->width;
    int64_t start = text_offset(values, width, values->offset);
    int64_t end = text_offset(values, width, values->offset + values->length);
    const unsigned char *bytes = values->buffers[2];
    if (start == end || is_ascii(bytes + start, (size_t)(end - start)))
        return -1;
    for (int64_t row = 0; row < values->length; row++) {
        end = text_offset(values, width, values->offset + row + 1);
        bool counts = is_valid(values, values->offset + row);
        if (counts && !is_utf8(bytes + start, (size_t)(end - start)))
            return row;
        start = end;
    }
    return -1;
}

/* ---- the source ---- */

static int compile_field(const struct ArrowSchema *schema, struct field *out, struct tg_error *err)
{
    const char *format = schema->dictionary ? schema->dictionary->format : schema->format;
    out->name = schema->name ? schema->name : "";
    out->layout = find_layout(format);
    if (schema->dictionary)
        out->index = find_layout(schema->format);
    bool ok = out->layout && (!schema->dictionary || out->index);
    if (ok && out->layout->type == DUCKDB_TYPE_DECIMAL) {
        ok = format_decimal(format, &out->precision, &out->scale) && out->precision > 0 &&
             out->precision <= DECIMAL_PRECISION && out->scale >= 0 && out->scale <= out->precision;
    } else if (ok && out->layout->fill == fill_fixed) {
        char *end = NULL;
        out->width = (int)strtol(format + 2, &end, 10);
        ok = !*end && out->width >= 0;
    }
    out->is_json = ok && out->layout->type == DUCKDB_TYPE_VARCHAR && schema_is_json(schema);
    if (!ok)
        return error_set(err, TG_DATA, "column '%s' has the Arrow type '%s', which no column holds",
                         out->name, format);
    return TG_OK;
}

int batch_source_new(const struct ArrowSchema *schema, struct ArrowArray *arrays, size_t count,
                     struct batch_source **out, struct tg_error *err)
{
    int rc = TG_OK;
    size_t field_count = (size_t)schema->n_children;
    struct batch_source *source = mem_calloc(1, sizeof(*source));
    *out = NULL;
    if (!source)
        TRY(error_nomem(err));
    *source = (struct batch_source){.arrays = arrays, .count = count, .field_count = field_count};
    source->fields = mem_calloc(field_count + 1, sizeof(*source->fields));
    if (!source->fields)
        TRY(error_nomem(err));
    if (field_count == 0) {
        rc = error_set(err, TG_DATA, "a batch without columns cannot be stored");
        goto done;
    }
    for (size_t i = 0; i < field_count; i++)
        TRY(compile_field(schema->children[i], &source->fields[i], err));
    for (size_t i = 0; i < count; i++)
        source->row_count += (uint64_t)arrays[i].length;
    *out = source;
    source = NULL;
done:
    batch_source_free(source);
    return rc;
}

void batch_source_limit(struct batch_source *source, size_t chunk_rows)
{
    source->chunk_rows = chunk_rows;
}

uint64_t batch_source_rows(const struct batch_source *source)
{
    return source->row_count;
}

size_t batch_source_columns(const struct batch_source *source)
{
    return source->field_count;
}

int batch_source_error(const struct batch_source *source, struct tg_error *err)
{
    if (source->problem.code != TG_OK && err)
        *err = source->problem;
    return source->problem.code;
}

void batch_source_free(struct batch_source *source)
{
    if (!source)
        return;
    for (size_t i = 0; source->fields && i < source->field_count; i++)
        mem_free(source->fields[i].shared);
    mem_free(source->fields);
    mem_free(source);
}

/* ---- texts that all rows share ---- */

enum { SHARED_MAX = 255 };

static bool holds_only(const struct ArrowArray *array, int width, int64_t from, int64_t count,
                       const char *text, size_t len)
{
    const char *bytes = array->buffers[2];
    if (array->null_count != 0 && array->buffers[0])
        return false;
    for (int64_t row = from; row < from + count; row++) {
        int64_t start = text_offset(array, width, row);
        int64_t end = text_offset(array, width, row + 1);
        if (end - start != (int64_t)len || memcmp(bytes + start, text, len) != 0)
            return false;
    }
    return true;
}

/* A copy of the first text, if it is that of all rows and can be the name of an ENUM's value. */
static int find_shared(struct batch_source *source, size_t column, struct tg_error *err)
{
    struct field *field = &source->fields[column];
    const char *text = NULL;
    size_t len = 0;
    for (size_t b = 0; b < source->count; b++) {
        const struct ArrowArray *batch = &source->arrays[b], *array = batch->children[column];
        int64_t from = array->offset + batch->offset;
        if (batch->length > 0 && !text) {
            int64_t start = text_offset(array, field->layout->width, from);
            len = (size_t)(text_offset(array, field->layout->width, from + 1) - start);
            if (len == 0 || len > SHARED_MAX)
                return TG_OK;
            text = (const char *)array->buffers[2] + start;
        }
        if (!holds_only(array, field->layout->width, from, batch->length, text, len))
            return TG_OK;
    }
    if (!text || memchr(text, '\0', len) || !is_utf8((const unsigned char *)text, len))
        return TG_OK;
    field->shared = mem_strndup(text, len);
    return field->shared ? TG_OK : error_nomem(err);
}

int batch_source_find_shared(struct batch_source *source, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < source->field_count && rc == TG_OK; i++)
        if (source->fields[i].layout->type == DUCKDB_TYPE_VARCHAR && !source->fields[i].index)
            rc = find_shared(source, i, err);
    return rc;
}

/* ---- for a table that is made for them ---- */

int batch_source_table(const struct batch_source *source, struct buf *sql, struct tg_error *err)
{
    static const char *const names[] = {
        [DUCKDB_TYPE_BOOLEAN] = "BOOLEAN",
        [DUCKDB_TYPE_TINYINT] = "TINYINT",
        [DUCKDB_TYPE_SMALLINT] = "SMALLINT",
        [DUCKDB_TYPE_INTEGER] = "INTEGER",
        [DUCKDB_TYPE_BIGINT] = "BIGINT",
        [DUCKDB_TYPE_UTINYINT] = "UTINYINT",
        [DUCKDB_TYPE_USMALLINT] = "USMALLINT",
        [DUCKDB_TYPE_UINTEGER] = "UINTEGER",
        [DUCKDB_TYPE_UBIGINT] = "UBIGINT",
        [DUCKDB_TYPE_FLOAT] = "FLOAT",
        [DUCKDB_TYPE_DOUBLE] = "DOUBLE",
        [DUCKDB_TYPE_TIMESTAMP] = "TIMESTAMP",
        [DUCKDB_TYPE_DATE] = "DATE",
        [DUCKDB_TYPE_TIME] = "TIME",
        [DUCKDB_TYPE_VARCHAR] = "VARCHAR",
        [DUCKDB_TYPE_BLOB] = "BLOB",
        [DUCKDB_TYPE_DECIMAL] = "DECIMAL",
        [DUCKDB_TYPE_TIMESTAMP_S] = "TIMESTAMP_S",
        [DUCKDB_TYPE_TIMESTAMP_MS] = "TIMESTAMP_MS",
        [DUCKDB_TYPE_TIMESTAMP_NS] = "TIMESTAMP_NS",
        [DUCKDB_TYPE_TIMESTAMP_TZ] = "TIMESTAMP WITH TIME ZONE",
    };
    for (size_t i = 0; i < source->field_count; i++) {
        const struct field *field = &source->fields[i];
        buf_text(sql, i == 0 ? "(" : ", ");
        buf_quoted(sql, '"', field->name);
        buf_printf(sql, " %s", names[field->layout->type]);
        if (field->layout->type == DUCKDB_TYPE_DECIMAL)
            buf_printf(sql, "(%d,%d)", field->precision, field->scale);
    }
    buf_char(sql, ')');
    return buf_check(sql, err);
}

/* Values of which the engine would take some that it should not; NULL: there are none. */
static const char *find_bad_value(const struct field *field, const struct ArrowArray *array)
{
    enum { SOME = 64 };
    int64_t values[SOME * 2]; /* no fill makes wider ones */
    const char *wrong = NULL;
    const struct ArrowArray *all = field->index ? array->dictionary : array;
    if (field->layout->fill != fill_scaled && field->layout->fill != fill_date64 &&
        field->layout->fill != fill_decimal)
        return NULL;
    for (int64_t row = 0; row < all->length && !wrong; row += SOME) {
        int64_t left = all->length - row;
        wrong = field->layout->fill(field, all, all->offset + row,
                                    (size_t)(left < SOME ? left : SOME), (char *)values, 0);
    }
    return wrong;
}

static int check_column(const struct field *field, const struct ArrowArray *array,
                        struct tg_error *err)
{
    bool is_text = field->layout->type == DUCKDB_TYPE_VARCHAR;
    int64_t bad = is_text && array->length > 0 ? find_bad_text(field, array) : -1;
    const char *wrong = bad >= 0 ? "text that is not UTF-8" : find_bad_value(field, array);
    if (!wrong)
        return TG_OK;
    return error_set(err, TG_DATA, "column '%s' holds %s", field->name, wrong);
}

int batch_source_check(const struct batch_source *source, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t b = 0; b < source->count && rc == TG_OK; b++)
        for (size_t i = 0; i < source->field_count && rc == TG_OK; i++)
            rc = check_column(&source->fields[i], source->arrays[b].children[i], err);
    return rc;
}

/* ---- the table function ---- */

static duckdb_logical_type make_type(const struct field *field)
{
    if (field->shared)
        return duck.create_enum_type((const char *[]){field->shared}, 1);
    if (field->layout->type == DUCKDB_TYPE_DECIMAL)
        return duck.create_decimal_type((uint8_t)field->precision, (uint8_t)field->scale);
    duckdb_logical_type type = duck.create_logical_type(field->layout->type);
    if (field->is_json)
        duck.logical_type_set_alias(type, "JSON");
    return type;
}

static void bind(duckdb_bind_info info)
{
    duckdb_value value = duck.bind_get_parameter(info, 0);
    struct batch_source *source = (void *)(uintptr_t)duck.get_uint64(value);
    duck.destroy_value(&value);
    for (size_t i = 0; i < source->field_count; i++) {
        duckdb_logical_type type = make_type(&source->fields[i]);
        duck.bind_add_result_column(info, source->fields[i].name, type);
        duck.destroy_logical_type(&type);
    }
    duck.bind_set_cardinality(info, source->row_count, true);
    duck.bind_set_bind_data(info, source, NULL);
}

static void init(duckdb_init_info info)
{
    duck.init_set_max_threads(info, 1);
}

static void fail(duckdb_function_info info, struct batch_source *source, const struct field *field,
                 int64_t row, const char *what)
{
    error_set(&source->problem, TG_DATA, "column '%s' holds %s (row %lld of a batch)", field->name,
              what, (long long)row + 1);
    duck.function_set_error(info, "a batch is damaged");
}

static bool check_texts(duckdb_function_info info, struct batch_source *source,
                        const struct ArrowArray *batch)
{
    for (size_t i = 0; i < source->field_count; i++) {
        const struct field *field = &source->fields[i];
        if (field->layout->type != DUCKDB_TYPE_VARCHAR || field->shared ||
            batch->children[i]->length == 0)
            continue;
        int64_t bad = find_bad_text(field, batch->children[i]);
        if (bad >= 0) {
            fail(info, source, field, bad, "text that is not UTF-8");
            return false;
        }
    }
    return true;
}

/* Goes on to a batch that has rows left, if there is one. */
static void pass_read(struct batch_source *source)
{
    while (source->next < source->count && source->row >= source->arrays[source->next].length) {
        source->next++;
        source->row = 0;
    }
}

/* Gives back the batches whose rows the sink has copied. */
static void release_read(struct batch_source *source)
{
    pass_read(source);
    for (; source->read < source->next; source->read++)
        array_release(&source->arrays[source->read]);
}

/* false: there are no more, or they are bad. */
static bool find_rows(duckdb_function_info info, struct batch_source *source)
{
    pass_read(source);
    return source->next < source->count &&
           (source->row > 0 || check_texts(info, source, &source->arrays[source->next]));
}

static const char *fill_column(const struct field *field, const struct ArrowArray *array,
                               int64_t from, size_t count, duckdb_vector vector, size_t at)
{
    if (field->shared) {
        memset((char *)duck.vector_get_data(vector) + at, 0, count); /* the one value's number */
        return NULL;
    }
    if (field->index)
        return fill_dictionary(field, array, from, count, vector, at);
    copy_validity(array, from, count, vector, at);
    return field->layout->fill(field, array, from, count, duck.vector_get_data(vector), at);
}

/* `count` rows of the batch at hand, to row `at` of the chunk. */
static bool fill_rows(duckdb_function_info info, struct batch_source *source, size_t count,
                      duckdb_data_chunk chunk, size_t at)
{
    const struct ArrowArray *batch = &source->arrays[source->next];
    for (size_t i = 0; i < source->field_count; i++) {
        const struct ArrowArray *array = batch->children[i];
        const char *wrong =
            fill_column(&source->fields[i], array, array->offset + batch->offset + source->row,
                        count, duck.data_chunk_get_vector(chunk, i), at);
        if (wrong) {
            fail(info, source, &source->fields[i], source->row, wrong);
            return false;
        }
    }
    source->row += (int64_t)count;
    return true;
}

static void scan_chunk(duckdb_function_info info, duckdb_data_chunk chunk)
{
    struct batch_source *source = duck.function_get_bind_data(info);
    const size_t full = duck.vector_size();
    const size_t most =
        source->chunk_rows > 0 && source->chunk_rows < full ? source->chunk_rows : full;
    size_t rows = 0;
    duck.data_chunk_set_size(chunk, 0);
    release_read(source);
    while (rows < most && find_rows(info, source)) {
        size_t left = (size_t)(source->arrays[source->next].length - source->row);
        size_t count = left < most - rows ? left : most - rows;
        if (!fill_rows(info, source, count, chunk, rows))
            return;
        rows += count;
    }
    if (source->problem.code == TG_OK)
        duck.data_chunk_set_size(chunk, rows);
}

int batches_register(duckdb_connection con, struct tg_error *err)
{
    duckdb_table_function function = duck.create_table_function();
    duckdb_logical_type address = duck.create_logical_type(DUCKDB_TYPE_UBIGINT);
    duck.table_function_set_name(function, "tidegate_batches");
    duck.table_function_add_parameter(function, address);
    duck.table_function_set_bind(function, bind);
    duck.table_function_set_init(function, init);
    duck.table_function_set_function(function, scan_chunk);
    duckdb_state state = duck.register_table_function(con, function);
    duck.destroy_logical_type(&address);
    duck.destroy_table_function(&function);
    if (state != DuckDBSuccess)
        return error_set(err, TG_INTERNAL, "duckdb does not take the function tidegate_batches");
    return TG_OK;
}
