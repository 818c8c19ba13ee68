/*
 * Rows of an Arrow stream as tuples of Python's values.
 *
 * Path: tuples_new (a reader for each column, by its format) -> tuples_fetch: batch by batch, row
 * by row, reader->value -> a list of tuples.
 *
 * Numbers become int, float and Decimal, texts str, times datetime and its kin (those with a zone
 * in UTC, to the microsecond), lists list, structs dict. A format that is none of them is refused
 * before a row is read.
 */
#include "core.h"

#include <stdlib.h>
#include <string.h>

/* Values of one column, or of what is in one. */
struct reader {
    PyObject *(*value)(const struct reader *self, const struct ArrowArray *array, int64_t row);
    int64_t width;     /* bytes of a value, or values of a list */
    int64_t per_unit;  /* times: microseconds of a unit, or (negative) units of a microsecond */
    int scale;         /* decimals */
    bool zoned, large; /* timestamps; texts and lists with 64 bits of offset */
    PyObject *key;     /* of a struct's field */
    const struct tuples *rows; /* decimals: what makes them */
    struct reader *children;
    size_t count;
};

struct tuples {
    struct ArrowArrayStream *stream; /* borrowed */
    struct ArrowArray batch;
    int64_t row;                    /* of the batch, the next one */
    PyObject *decimal, *from_bytes; /* functions; of bytes that end with the highest */
    struct reader root;             /* of all columns, as a struct's */
};

/* ---- places in buffers ---- */

static const void *at(const struct ArrowArray *array, int buffer, int64_t row, size_t width)
{
    return (const char *)array->buffers[buffer] + (size_t)(row + array->offset) * width;
}

static bool is_set(const void *bits, int64_t i)
{
    return ((const unsigned char *)bits)[i / 8] >> (i % 8) & 1;
}

static bool is_null(const struct ArrowArray *array, int64_t row)
{
    return array->n_buffers > 0 && array->buffers[0] && array->null_count != 0 &&
           !is_set(array->buffers[0], row + array->offset);
}

static PyObject *value_of(const struct reader *reader, const struct ArrowArray *array, int64_t row)
{
    return is_null(array, row) ? Py_NewRef(Py_None) : reader->value(reader, array, row);
}

/* Where a text or a list begins and ends. */
static void range_of(const struct reader *self, const struct ArrowArray *array, int64_t row,
                     int64_t range[2])
{
    for (int end = 0; end < 2; end++) {
        int32_t small;
        if (self->large) {
            memcpy(&range[end], at(array, 1, row + end, 8), 8);
        } else {
            memcpy(&small, at(array, 1, row + end, 4), 4);
            range[end] = small;
        }
    }
}

/* ---- values ---- */

static PyObject *null_value(const struct reader *self, const struct ArrowArray *array, int64_t row)
{
    (void)self, (void)array, (void)row;
    return Py_NewRef(Py_None);
}

static PyObject *bool_value(const struct reader *self, const struct ArrowArray *array, int64_t row)
{
    (void)self;
    return PyBool_FromLong(is_set(array->buffers[1], row + array->offset));
}

static int64_t integer_of(const struct reader *self, const struct ArrowArray *array, int64_t row)
{
    int8_t one;
    int16_t two;
    int32_t four;
    int64_t eight;
    const void *from = at(array, 1, row, (size_t)self->width);
    switch (self->width) {
    case 1: return memcpy(&one, from, 1), one;
    case 2: return memcpy(&two, from, 2), two;
    case 4: return memcpy(&four, from, 4), four;
    default: return memcpy(&eight, from, 8), eight;
    }
}

static PyObject *int_value(const struct reader *self, const struct ArrowArray *array, int64_t row)
{
    return PyLong_FromLongLong(integer_of(self, array, row));
}

static PyObject *uint_value(const struct reader *self, const struct ArrowArray *array, int64_t row)
{
    uint64_t value = (uint64_t)integer_of(self, array, row);
    int unused = 64 - 8 * (int)self->width;
    return PyLong_FromUnsignedLongLong(value << unused >> unused);
}

static PyObject *float_value(const struct reader *self, const struct ArrowArray *array, int64_t row)
{
    float single;
    double wide;
    if (self->width == 8)
        memcpy(&wide, at(array, 1, row, 8), 8);
    else
        wide = (memcpy(&single, at(array, 1, row, 4), 4), single);
    return PyFloat_FromDouble(wide);
}

static PyObject *text_value(const struct reader *self, const struct ArrowArray *array, int64_t row)
{
    int64_t range[2];
    range_of(self, array, row, range);
    const char *from = (const char *)array->buffers[2] + range[0];
    return PyUnicode_DecodeUTF8(range[0] == range[1] ? "" : from, range[1] - range[0], NULL);
}

static PyObject *binary_value(const struct reader *self, const struct ArrowArray *array,
                              int64_t row)
{
    int64_t range[2];
    range_of(self, array, row, range);
    const char *from = (const char *)array->buffers[2] + range[0];
    return PyBytes_FromStringAndSize(range[0] == range[1] ? "" : from, range[1] - range[0]);
}

static PyObject *fixed_value(const struct reader *self, const struct ArrowArray *array, int64_t row)
{
    return PyBytes_FromStringAndSize(at(array, 1, row, (size_t)self->width), self->width);
}

/* By its digits and an exponent, which no context rounds. */
static PyObject *decimal_value(const struct reader *self, const struct ArrowArray *array,
                               int64_t row)
{
    const void *bytes = at(array, 1, row, (size_t)self->width);
    PyObject *whole = PyObject_CallFunction(self->rows->from_bytes, "y#", bytes, self->width);
    PyObject *text = whole ? PyUnicode_FromFormat("%SE%d", whole, -self->scale) : NULL;
    PyObject *value = text ? PyObject_CallFunctionObjArgs(self->rows->decimal, text, NULL) : NULL;
    Py_XDECREF(text);
    Py_XDECREF(whole);
    return value;
}

/* ---- times ---- */

static int64_t microseconds_of(const struct reader *self, const struct ArrowArray *array,
                               int64_t row)
{
    int64_t value = integer_of(self, array, row);
    if (self->per_unit > 0)
        return value * self->per_unit;
    int64_t units = -self->per_unit, rest = value % units;
    return value / units - (rest < 0);
}

static PyObject *stamp_value(const struct reader *self, const struct ArrowArray *array, int64_t row)
{
    int64_t value = microseconds_of(self, array, row);
    return self->zoned ? moment_stamp(value) : moment_naive(value);
}

static PyObject *time_value(const struct reader *self, const struct ArrowArray *array, int64_t row)
{
    return moment_time(microseconds_of(self, array, row));
}

static PyObject *delta_value(const struct reader *self, const struct ArrowArray *array, int64_t row)
{
    return moment_delta(microseconds_of(self, array, row));
}

static PyObject *date_value(const struct reader *self, const struct ArrowArray *array, int64_t row)
{
    int64_t days = integer_of(self, array, row);
    return moment_date(self->width == 8 ? days / 86400000 : days);
}

/* ---- values with values in them ---- */

static PyObject *list_of(const struct reader *self, const struct ArrowArray *array, int64_t first,
                         int64_t end)
{
    PyObject *list = PyList_New(end - first);
    for (int64_t i = first; list && i < end; i++) {
        PyObject *value = value_of(&self->children[0], array->children[0], i);
        if (!value || PyList_SetItem(list, i - first, value) < 0)
            Py_CLEAR(list);
    }
    return list;
}

static PyObject *list_value(const struct reader *self, const struct ArrowArray *array, int64_t row)
{
    int64_t range[2];
    range_of(self, array, row, range);
    return list_of(self, array, range[0], range[1]);
}

static PyObject *array_value(const struct reader *self, const struct ArrowArray *array, int64_t row)
{
    int64_t first = (row + array->offset) * self->width;
    return list_of(self, array, first, first + self->width);
}

static PyObject *struct_value(const struct reader *self, const struct ArrowArray *array,
                              int64_t row)
{
    PyObject *dict = PyDict_New();
    for (size_t i = 0; dict && i < self->count; i++) {
        PyObject *value = value_of(&self->children[i], array->children[i], row + array->offset);
        if (!value || PyDict_SetItem(dict, self->children[i].key, value) < 0)
            Py_CLEAR(dict);
        Py_XDECREF(value);
    }
    return dict;
}

/* ---- readers by formats ---- */

static const struct {
    const char *format;
    struct reader reader;
} simple[] = {
    {"n", {.value = null_value}},
    {"b", {.value = bool_value}},
    {"c", {.value = int_value, .width = 1}},
    {"C", {.value = uint_value, .width = 1}},
    {"s", {.value = int_value, .width = 2}},
    {"S", {.value = uint_value, .width = 2}},
    {"i", {.value = int_value, .width = 4}},
    {"I", {.value = uint_value, .width = 4}},
    {"l", {.value = int_value, .width = 8}},
    {"L", {.value = uint_value, .width = 8}},
    {"f", {.value = float_value, .width = 4}},
    {"g", {.value = float_value, .width = 8}},
    {"u", {.value = text_value}},
    {"U", {.value = text_value, .large = true}},
    {"z", {.value = binary_value}},
    {"Z", {.value = binary_value, .large = true}},
    {"tdD", {.value = date_value, .width = 4}},
    {"tdm", {.value = date_value, .width = 8}},
    {"tts", {.value = time_value, .width = 4, .per_unit = 1000000}},
    {"ttm", {.value = time_value, .width = 4, .per_unit = 1000}},
    {"ttu", {.value = time_value, .width = 8, .per_unit = 1}},
    {"ttn", {.value = time_value, .width = 8, .per_unit = -1000}},
    {"tDs", {.value = delta_value, .width = 8, .per_unit = 1000000}},
    {"tDm", {.value = delta_value, .width = 8, .per_unit = 1000}},
    {"tDu", {.value = delta_value, .width = 8, .per_unit = 1}},
    {"tDn", {.value = delta_value, .width = 8, .per_unit = -1000}},
    {"+l", {.value = list_value}},
    {"+L", {.value = list_value, .large = true}},
    {"+s", {.value = struct_value}},
};

/* Formats with something behind a colon. */
static bool find_longer(const char *format, struct tuples *rows, struct reader *out)
{
    static const char units[] = "smun";
    static const int64_t per_unit[] = {1000000, 1000, 1, -1000};
    int precision, bits = 128;
    if (strncmp(format, "ts", 2) == 0 && format[2] && strchr(units, format[2]) &&
        format[3] == ':') {
        *out = (struct reader){.value = stamp_value,
                               .width = 8,
                               .per_unit = per_unit[strchr(units, format[2]) - units],
                               .zoned = format[4] != '\0'};
        return true;
    }
    if (sscanf(format, "d:%d,%d,%d", &precision, &out->scale, &bits) >= 2) {
        out->value = decimal_value;
        out->width = bits / 8;
        out->rows = rows;
        return true;
    }
    out->value = format[0] == '+' ? array_value : fixed_value;
    return strncmp(format, format[0] == '+' ? "+w:" : "w:", format[0] == '+' ? 3 : 2) == 0 &&
           (out->width = strtol(strchr(format, ':') + 1, NULL, 10)) > 0;
}

static bool find_reader(const struct ArrowSchema *schema, struct tuples *rows, struct reader *out)
{
    *out = (struct reader){.value = NULL};
    if (schema->dictionary)
        return false;
    for (size_t i = 0; i < sizeof(simple) / sizeof(simple[0]); i++) {
        if (strcmp(simple[i].format, schema->format) == 0) {
            *out = simple[i].reader;
            return true;
        }
    }
    return find_longer(schema->format, rows, out);
}

static int reader_init(struct reader *out, const struct ArrowSchema *schema, struct tuples *rows)
{
    if (!find_reader(schema, rows, out)) {
        *out = (struct reader){.value = NULL};
        PyErr_Format(PyExc_TypeError,
                     "column '%s' has the Arrow format '%s%s', which has no rows here; read it as "
                     "Arrow, or cast it",
                     schema->name ? schema->name : "", schema->format,
                     schema->dictionary ? ", by a dictionary" : "");
        return -1;
    }
    if (schema->n_children == 0)
        return 0;
    out->children = PyMem_Calloc((size_t)schema->n_children, sizeof(*out->children));
    if (!out->children) {
        PyErr_NoMemory();
        return -1;
    }
    out->count = (size_t)schema->n_children;
    for (size_t i = 0; i < out->count; i++) {
        if (reader_init(&out->children[i], schema->children[i], rows) < 0)
            return -1;
        const char *name = schema->children[i]->name;
        if (!(out->children[i].key = PyUnicode_FromString(name ? name : "")))
            return -1;
    }
    return 0;
}

static void reader_clear(struct reader *reader)
{
    for (size_t i = 0; i < reader->count; i++)
        reader_clear(&reader->children[i]);
    Py_XDECREF(reader->key);
    PyMem_Free(reader->children);
}

/* ---- rows ---- */

/* int.from_bytes of two's complement, the lowest byte first. */
static PyObject *find_from_bytes(void)
{
    PyObject *module = PyImport_ImportModule("functools");
    PyObject *partial = module ? PyObject_GetAttrString(module, "partial") : NULL;
    PyObject *function = PyObject_GetAttrString((PyObject *)&PyLong_Type, "from_bytes");
    PyObject *args = function ? PyTuple_Pack(1, function) : NULL;
    PyObject *named = Py_BuildValue("{sssO}", "byteorder", "little", "signed", Py_True);
    PyObject *out = partial && args && named ? PyObject_Call(partial, args, named) : NULL;
    Py_XDECREF(named);
    Py_XDECREF(args);
    Py_XDECREF(function);
    Py_XDECREF(partial);
    Py_XDECREF(module);
    return out;
}

static int find_decimal(struct tuples *rows)
{
    PyObject *module = PyImport_ImportModule("decimal");
    rows->decimal = module ? PyObject_GetAttrString(module, "Decimal") : NULL;
    rows->from_bytes = rows->decimal ? find_from_bytes() : NULL;
    Py_XDECREF(module);
    return rows->from_bytes ? 0 : -1;
}

struct tuples *tuples_new(struct ArrowArrayStream *stream)
{
    struct ArrowSchema schema = {0};
    struct tuples *rows = PyMem_Calloc(1, sizeof(*rows));
    if (!rows)
        return (struct tuples *)(void *)PyErr_NoMemory();
    rows->stream = stream;
    int rc = stream_schema_of(stream, &schema);
    if (rc == 0)
        rc = find_decimal(rows) < 0 ? -1 : reader_init(&rows->root, &schema, rows);
    if (schema.release)
        schema.release(&schema);
    if (rc == 0)
        return rows;
    tuples_free(rows);
    return NULL;
}

void tuples_free(struct tuples *rows)
{
    if (!rows)
        return;
    if (rows->batch.release)
        rows->batch.release(&rows->batch);
    reader_clear(&rows->root);
    Py_XDECREF(rows->decimal);
    Py_XDECREF(rows->from_bytes);
    PyMem_Free(rows);
}

/* Goes to a batch that has a row left; *end: there is none. */
static int advance(struct tuples *rows, bool *end)
{
    *end = false;
    while (!rows->batch.release || rows->row == rows->batch.length) {
        if (rows->batch.release)
            rows->batch.release(&rows->batch);
        int rc;
        rows->row = 0;
        Py_BEGIN_ALLOW_THREADS rc = rows->stream->get_next(rows->stream, &rows->batch);
        Py_END_ALLOW_THREADS if (rc != 0) return stream_failed(rows->stream, rc);
        if (!rows->batch.release)
            return *end = true, 0;
    }
    return 0;
}

static PyObject *next_row(struct tuples *rows)
{
    PyObject *tuple = PyTuple_New((Py_ssize_t)rows->root.count);
    for (size_t i = 0; tuple && i < rows->root.count; i++) {
        int64_t row = rows->row + rows->batch.offset;
        PyObject *value = value_of(&rows->root.children[i], rows->batch.children[i], row);
        if (!value || PyTuple_SetItem(tuple, (Py_ssize_t)i, value) < 0)
            Py_CLEAR(tuple);
    }
    rows->row++;
    return tuple;
}

PyObject *tuples_fetch(struct tuples *rows, int64_t most)
{
    bool end = false;
    PyObject *list = PyList_New(0);
    for (int64_t n = 0; list && (most < 0 || n < most); n++) {
        PyObject *tuple = advance(rows, &end) == 0 && !end ? next_row(rows) : NULL;
        if (end)
            break;
        if (!tuple || PyList_Append(list, tuple) < 0)
            Py_CLEAR(list);
        Py_XDECREF(tuple);
    }
    return list;
}
