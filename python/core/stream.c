/*
 * Arrow streams by the PyCapsule interface: taken from any object that has one, and handed out by
 * tidegate._core.Stream, once; or read there, row by row (tuples.c).
 */
#include "core.h"

#include <errno.h>
#include <string.h>

#define CAPSULE "arrow_array_stream"

/* ---- in ---- */

int is_stream(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    if (type == &PyDict_Type || type == &PyList_Type) /* rows: looking in vain takes time */
        return 0;
    return PyObject_HasAttrString((PyObject *)type, "__arrow_c_stream__");
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

/* ---- of a statement that gives nothing ---- */

static void no_schema_release(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static int no_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    (void)stream;
    *out = (struct ArrowSchema){.format = "+s", .release = no_schema_release};
    return 0;
}

static int no_rows(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    (void)stream;
    out->release = NULL;
    return 0;
}

static const char *no_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return NULL;
}

static void nothing_release(struct ArrowArrayStream *stream)
{
    stream->release = NULL;
}

void stream_of_nothing(struct ArrowArrayStream *out)
{
    *out = (struct ArrowArrayStream){.get_schema = no_schema,
                                     .get_next = no_rows,
                                     .get_last_error = no_error,
                                     .release = nothing_release};
}

/* ---- out ---- */

struct stream_object {
    PyObject_HEAD struct ArrowArrayStream stream;
    PyObject *owner;
    struct tuples *rows; /* once some are fetched */
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
    tuples_free(self->rows);
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

static bool is_there(const struct stream_object *self)
{
    if (!self->stream.release)
        PyErr_SetString(PyExc_ValueError, "this stream was handed out already");
    return self->stream.release;
}

static bool is_whole(const struct stream_object *self)
{
    if (self->rows)
        PyErr_SetString(PyExc_ValueError, "rows of this stream were fetched already");
    return !self->rows && is_there(self);
}

static PyObject *hand_out(PyObject *object, PyObject *args)
{
    struct stream_object *self = (struct stream_object *)(void *)object;
    PyObject *wanted = NULL; /* a schema that one would like: the stream's own is given */
    if (!PyArg_ParseTuple(args, "|O", &wanted))
        return NULL;
    if (!is_whole(self))
        return NULL;
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

/* ---- rows ---- */

int stream_failed(struct ArrowArrayStream *stream, int code)
{
    struct tg_error err = {0};
    if (tg_stream_error(stream, &err) == TG_OK) {
        err.code = code == ECANCELED ? TG_CANCELLED : TG_DESTINATION;
        snprintf(err.what, sizeof(err.what), "%s", strerror(code));
    }
    raised_restore(&(struct raised){.type = NULL}, &err);
    return -1;
}

int stream_schema_of(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    int rc = stream->get_schema(stream, out);
    return rc == 0 ? 0 : stream_failed(stream, rc);
}

/* Metadata of the Arrow interface: a number of pairs, each text behind its length. "" if it is not
 * there. */
static PyObject *metadata_of(const struct ArrowSchema *column, const char *key)
{
    const char *at = column->metadata;
    int32_t count = 0, len[2];
    if (at)
        memcpy(&count, at, 4), at += 4;
    for (int32_t i = 0; i < count; i++) {
        const char *texts[2];
        for (int part = 0; part < 2; part++) {
            memcpy(&len[part], at, 4);
            texts[part] = at + 4;
            at = texts[part] + len[part];
        }
        if ((size_t)len[0] == strlen(key) && memcmp(texts[0], key, (size_t)len[0]) == 0)
            return PyUnicode_DecodeUTF8(texts[1], len[1], "replace");
    }
    return PyUnicode_FromString("");
}

/* A list of (name, format, what the database calls the type). */
static PyObject *columns(PyObject *object, PyObject *none)
{
    struct stream_object *self = (struct stream_object *)(void *)object;
    struct ArrowSchema schema = {0};
    (void)none;
    if (!is_there(self) || stream_schema_of(&self->stream, &schema) < 0)
        return NULL;
    PyObject *list = PyList_New(0);
    for (int64_t i = 0; list && i < schema.n_children; i++) {
        const struct ArrowSchema *column = schema.children[i];
        PyObject *type = metadata_of(column, "tidegate:sql_type");
        PyObject *parts = type ? Py_BuildValue("(ssO)", column->name, column->format, type) : NULL;
        if (!parts || PyList_Append(list, parts) < 0)
            Py_CLEAR(list);
        Py_XDECREF(parts);
        Py_XDECREF(type);
    }
    schema.release(&schema);
    return list;
}

/* fetch(most=-1): a list of tuples. */
static PyObject *fetch(PyObject *object, PyObject *args)
{
    struct stream_object *self = (struct stream_object *)(void *)object;
    struct tg_error err = {0};
    long long most = -1;
    PyObject *pipeline = session_pipeline(self->owner);
    if (!PyArg_ParseTuple(args, "|L", &most) || !is_there(self) || !pipeline_enter(pipeline))
        return NULL;
    if (!self->rows)
        self->rows = tuples_new(&self->stream);
    PyObject *list = self->rows ? tuples_fetch(self->rows, most) : NULL;
    if (pipeline_leave(pipeline, TG_OK, &err))
        return list;
    Py_XDECREF(list);
    return NULL;
}

static PyMethodDef stream_methods[] = {
    {"__arrow_c_stream__", hand_out, METH_VARARGS,
     "The stream as a capsule, for pyarrow, polars, duckdb. It can be had once."},
    {"columns", columns, METH_NOARGS,
     "A list of each column's name, Arrow format, and type at the database, '' if nobody says it."},
    {"fetch", fetch, METH_VARARGS,
     "fetch(most=-1): the next rows, or all, as a list of tuples; an empty one behind the last."},
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
    self->owner = Py_NewRef(owner);
    self->rows = NULL;
    return (PyObject *)self;
}

int stream_init(PyObject *module)
{
    stream_type = PyType_FromSpec(&stream_spec);
    return stream_type ? PyModule_AddObjectRef(module, "Stream", stream_type) : -1;
}
