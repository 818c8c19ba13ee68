/*
 * tidegate._core.Session: statements at the destination, one after the other.
 *
 * Path: Pipeline.session -> tg_session_open -> run(statement) without the GIL -> a Stream, or None.
 *
 * A session is its pipeline's: while one of the two is called the other is not.
 */
#include "core.h"

#include <string.h>

struct session_object {
    PyObject_HEAD struct tg_session *session; /* NULL: closed */
    PyObject *pipeline;
};

static PyObject *session_type;

static struct session_object *self_of(PyObject *object)
{
    return (struct session_object *)(void *)object;
}

PyObject *session_pipeline(PyObject *object)
{
    return (PyObject *)Py_TYPE(object) == session_type ? self_of(object)->pipeline : object;
}

PyObject *session_new(PyObject *pipeline)
{
    struct tg_session *session = NULL;
    struct tg_error err = {0};
    int rc;
    if (!pipeline_enter(pipeline))
        return NULL;
    Py_BEGIN_ALLOW_THREADS rc = tg_session_open(&session, pipeline_handle(pipeline), &err);
    Py_END_ALLOW_THREADS struct session_object *self = NULL;
    if (pipeline_leave(pipeline, rc, &err))
        self = PyObject_New(struct session_object, (PyTypeObject *)session_type);
    if (!self) {
        tg_session_close(session);
        return NULL;
    }
    self->session = session;
    self->pipeline = Py_NewRef(pipeline);
    return (PyObject *)self;
}

/* ---- calls ---- */

static bool enter(struct session_object *self)
{
    if (!self->session)
        PyErr_SetString(PyExc_ValueError, "the session is closed");
    return self->session && pipeline_enter(self->pipeline);
}

static PyObject *session_run(PyObject *object, PyObject *args)
{
    struct session_object *self = self_of(object);
    struct ArrowArrayStream rows = {0};
    struct tg_error err = {0};
    const char *statement;
    int rc;
    if (!PyArg_ParseTuple(args, "s", &statement) || !enter(self))
        return NULL;
    Py_BEGIN_ALLOW_THREADS rc = tg_session_run(self->session, statement, &rows, &err);
    Py_END_ALLOW_THREADS if (!pipeline_leave(self->pipeline, rc, &err))
    {
        if (rows.release)
            rows.release(&rows);
        return NULL;
    }
    return rows.release ? stream_give(&rows, object) : Py_NewRef(Py_None);
}

static PyObject *session_use(PyObject *object, PyObject *args)
{
    struct session_object *self = self_of(object);
    struct tg_error err = {0};
    const char *dataset;
    int rc;
    if (!PyArg_ParseTuple(args, "s", &dataset) || !enter(self))
        return NULL;
    Py_BEGIN_ALLOW_THREADS rc = tg_session_use(self->session, dataset, &err);
    Py_END_ALLOW_THREADS return pipeline_leave(self->pipeline, rc, &err) ? Py_NewRef(Py_None)
                                                                         : NULL;
}

static PyObject *session_transact(PyObject *object, PyObject *args)
{
    static const char *const words[] = {"begin", "commit", "rollback"};
    struct session_object *self = self_of(object);
    struct tg_error err = {0};
    const char *word;
    int what = 0, rc;
    if (!PyArg_ParseTuple(args, "s", &word))
        return NULL;
    while (what < 3 && strcmp(words[what], word) != 0)
        what++;
    if (what == 3)
        return PyErr_Format(PyExc_ValueError, "a transaction cannot %s", word);
    if (!enter(self))
        return NULL;
    Py_BEGIN_ALLOW_THREADS rc = tg_session_transact(self->session, (enum tg_transaction)what, &err);
    Py_END_ALLOW_THREADS return pipeline_leave(self->pipeline, rc, &err) ? Py_NewRef(Py_None)
                                                                         : NULL;
}

/* ---- its life ---- */

static void release(struct session_object *self)
{
    struct tg_session *session = self->session;
    self->session = NULL;
    Py_BEGIN_ALLOW_THREADS tg_session_close(session);
    Py_END_ALLOW_THREADS
}

static PyObject *session_close(PyObject *object, PyObject *none)
{
    struct session_object *self = self_of(object);
    struct tg_error err = {0};
    (void)none;
    if (!self->session)
        return Py_NewRef(Py_None);
    if (!pipeline_enter(self->pipeline))
        return NULL;
    release(self);
    return pipeline_leave(self->pipeline, TG_OK, &err) ? Py_NewRef(Py_None) : NULL;
}

/* In a child of fork the parent's session is the parent's. */
static void session_dealloc(PyObject *object)
{
    struct session_object *self = self_of(object);
    PyTypeObject *type = Py_TYPE(object);
    if (self->session && pipeline_is_ours(self->pipeline))
        release(self);
    Py_DECREF(self->pipeline);
    PyObject_Free(object);
    Py_DECREF(type);
}

static PyMethodDef methods[] = {
    {"run", session_run, METH_VARARGS,
     "run(statement): a Stream of its rows; None where it gives none. It cuts the one before off."},
    {"use", session_use, METH_VARARGS, "use(dataset): the default schema, if it is there."},
    {"transact", session_transact, METH_VARARGS, "transact(what): begin, commit or rollback."},
    {"close", session_close, METH_NOARGS, "Ends it; what was not committed is rolled back."},
    {0},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "A session at the destination, for statements of one's own."},
    {Py_tp_dealloc, session_dealloc},
    {Py_tp_methods, methods},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "tidegate._core.Session",
    .basicsize = sizeof(struct session_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots,
};

int session_init(PyObject *module)
{
    session_type = PyType_FromSpec(&spec);
    return session_type ? PyModule_AddObjectRef(module, "Session", session_type) : -1;
}
