/*
 * Arrow streams by the PyCapsule interface: taken from any object that has one, and handed out by
 * tidegate._core.Stream, once; or read by it row by row, of small results that need no Arrow.
 */
#include "core.h"

#include <string.h>

#define CAPSULE "arrow_array_stream"

/* ---- in ---- */

int is_stream(PyObject *object)
{
    PyObject *type = (PyObject *)Py_TYPE(object);
    int has = PyObject_HasAttrString(type, "__arrow_c_stream__");
    return has;
}

int stream_take(PyObject *object, struct ArrowArrayStream *out)
{
    PyObject *capsule = PyObject_CallMethod(object, "__arrow_c_stream__", NULL);
    struct ArrowArrayStream *stream = capsule ? PyCapsule_GetPointer(capsule, CAPSULE) : NULL;
    if (stream && !stream->release) {
        PyErr_SetString(PyExc_ValueError, "the Arrow stream was consumed already");
        stream = NULL;
    }
    if (stream) {
        *out = *stream;
        stream->release = NULL;
    }
    Py_XDECREF(capsule);
    return stream ? 0 : -1;
}

/* ---- out ---- */

struct stream_object {
    PyObject_HEAD struct ArrowArrayStream stream;
    PyObject *owner;
};

static PyObject *stream_type;

static void stream_release(struct ArrowArrayStream *stream)
{
    if (stream->release) {
        Py_BEGIN_ALLOW_THREADS stream->release(stream);
        Py_END_ALLOW_THREADS
    }
    stream->release = NULL;
}

static void stream_dealloc(PyObject *object)
{
    struct stream_object *self = (struct stream_object *)(void *)object;
    PyTypeObject *type = Py_TYPE(object);
    stream_release(&self->stream);
    Py_XDECREF(self->owner);
    PyObject_Free(object);
    Py_DECREF(type);
}

static void capsule_free(PyObject *capsule)
{
    struct ArrowArrayStream *stream = PyCapsule_GetPointer(capsule, CAPSULE);
    if (!stream)
        return;
    stream_release(stream);
    PyMem_Free(stream);
}

static PyObject *hand_out(PyObject *object, PyObject *args)
{
    struct stream_object *self = (struct stream_object *)(void *)object;
    PyObject *wanted = NULL; /* a schema that one would like: the stream's own is given */
    if (!PyArg_ParseTuple(args, "|O", &wanted))
        return NULL;
    if (!self->stream.release) {
        PyErr_SetString(PyExc_ValueError, "this stream was handed out already");
        return NULL;
    }
    struct ArrowArrayStream *stream = PyMem_Malloc(sizeof(*stream));
    if (!stream)
        return PyErr_NoMemory();
    *stream = self->stream;
    self->stream.release = NULL;
    PyObject *capsule = PyCapsule_New(stream, CAPSULE, capsule_free);
    if (!capsule) {
        stream_release(stream);
        PyMem_Free(stream);
    }
    return capsule;
}

/* ---- cell by cell ---- */

static PyObject *cell_write(struct tg_cells *cells, size_t column, struct tg_error *err)
{
    const char *text;
    size_t len;
    if (tg_cells_get(cells, column, TG_CELL_JSON, &text, &len, err) != TG_OK)
        return raised_restore(&(struct raised){0}, err);
    return PyUnicode_DecodeUTF8(text, (Py_ssize_t)len, "replace");
}

static PyObject *row_write(struct tg_cells *cells, struct tg_error *err)
{
    PyObject *row = PyDict_New();
    for (size_t i = 0; row && i < tg_cells_column_count(cells); i++) {
        PyObject *cell = cell_write(cells, i, err);
        if (!cell || PyDict_SetItemString(row, tg_cells_column_name(cells, i), cell) < 0)
            Py_CLEAR(row);
        Py_XDECREF(cell);
    }
    return row;
}

static int next_row(struct tg_cells *cells, bool *found, struct tg_error *err)
{
    int rc;
    Py_BEGIN_ALLOW_THREADS rc = tg_cells_next(cells, found, err);
    Py_END_ALLOW_THREADS return rc == TG_OK ? 0 : (raised_restore(&(struct raised){0}, err), -1);
}

static int rows_write(struct tg_cells *cells, PyObject *list)
{
    struct tg_error err = {0};
    bool found = false;
    int rc = next_row(cells, &found, &err);
    while (rc == 0 && found) {
        PyObject *row = row_write(cells, &err);
        rc = row ? PyList_Append(list, row) : -1;
        Py_XDECREF(row);
        rc = rc == 0 ? next_row(cells, &found, &err) : rc;
    }
    return rc;
}

static PyObject *rows_json(PyObject *object, PyObject *none)
{
    struct stream_object *self = (struct stream_object *)(void *)object;
    struct tg_cells *cells = NULL;
    struct tg_error err = {0};
    (void)none;
    if (!self->stream.release) {
        PyErr_SetString(PyExc_ValueError, "this stream was handed out already");
        return NULL;
    }
    if (tg_cells_open(&cells, &self->stream, &err) != TG_OK)
        return raised_restore(&(struct raised){0}, &err);
    PyObject *list = PyList_New(0);
    if (list && rows_write(cells, list) < 0)
        Py_CLEAR(list);
    Py_BEGIN_ALLOW_THREADS tg_cells_close(cells);
    Py_END_ALLOW_THREADS return list;
}

static PyMethodDef stream_methods[] = {
    {"rows_json", rows_json, METH_NOARGS, "A dict for each row, of texts that are JSON."},
    {"__arrow_c_stream__", hand_out, METH_VARARGS,
     "The stream as a capsule, for pyarrow, polars, duckdb. It can be had once."},
    {0},
};

static PyType_Slot stream_slots[] = {
    {Py_tp_doc, "Rows, as an Arrow stream."},
    {Py_tp_dealloc, stream_dealloc},
    {Py_tp_methods, stream_methods},
    {0, NULL},
};

static PyType_Spec stream_spec = {
    .name = "tidegate._core.Stream",
    .basicsize = sizeof(struct stream_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = stream_slots,
};

PyObject *stream_give(struct ArrowArrayStream *stream, PyObject *owner)
{
    struct stream_object *self = PyObject_New(struct stream_object, (PyTypeObject *)stream_type);
    if (!self) {
        stream_release(stream);
        return NULL;
    }
    self->stream = *stream;
    stream->release = NULL;
    self->owner = owner ? Py_NewRef(owner) : NULL;
    return (PyObject *)self;
}

int stream_init(PyObject *module)
{
    stream_type = PyType_FromSpec(&stream_spec);
    return stream_type ? PyModule_AddObjectRef(module, "Stream", stream_type) : -1;
}
