/*
 * A connection that Python has: the library's calls become calls of methods.
 *
 *   name, dialect, open() -> a session, with execute(sql) -> rows changed, query(sql) -> an object
 *   that speaks Arrow, or None, interrupt(), close(), reserve(bytes, thread_bytes)
 *
 * What a method raises is the database's message, but for an interrupt, which ends the run.
 */
#include "core.h"

#include <string.h>

/* Of a connection, and of each session: the object and where interrupts are kept. */
struct handle {
    struct calls *calls;
    PyObject *object;
    PyObject *name, *dialect; /* of a connection, whose texts the library borrows */
};

static struct handle *handle_new(struct calls *calls, PyObject *object)
{
    struct handle *handle = PyMem_Malloc(sizeof(*handle));
    if (!handle)
        PyErr_NoMemory();
    else
        *handle = (struct handle){.calls = calls, .object = Py_NewRef(object)};
    return handle;
}

static void handle_free(void *user)
{
    struct handle *handle = user;
    PyGILState_STATE state = PyGILState_Ensure();
    Py_DECREF(handle->object);
    Py_XDECREF(handle->name);
    Py_XDECREF(handle->dialect);
    PyMem_Free(handle);
    PyGILState_Release(state);
}

/* The database's own error is the library's to judge; what else is raised is the program's. */
static int take_error(const struct handle *handle, struct tg_error *err)
{
    struct raised raised = {0};
    int code = raised_take(&raised, TG_DESTINATION, err);
    if (code == TG_CANCELLED) {
        PyErr_Restore(raised.type, raised.value, raised.traceback);
        return raised_take(&handle->calls->raised, code, err);
    }
    PyObject *mark = PyObject_GetAttrString(raised.value, "sqlstate");
    const char *sqlstate = mark && PyUnicode_Check(mark) ? PyUnicode_AsUTF8AndSize(mark, NULL) : "";
    snprintf(err->sqlstate, sizeof(err->sqlstate), "%s", sqlstate ? sqlstate : "");
    Py_XDECREF(mark);
    PyErr_Clear();
    raised_clear(&raised);
    return code;
}

static int on_open(void *user, void **session, struct tg_error *err)
{
    struct handle *handle = user;
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *object = PyObject_CallMethod(handle->object, "open", NULL);
    *session = object ? handle_new(handle->calls, object) : NULL;
    int rc = *session ? TG_OK : take_error(handle, err);
    Py_XDECREF(object);
    PyGILState_Release(state);
    return rc;
}

/* A call that cannot fail, and may come while an error is on its way. */
static void call_quietly(const struct handle *handle, const char *name)
{
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *done = PyObject_CallMethod(handle->object, name, NULL);
    if (!done)
        (void)raised_aside(&handle->calls->raised, handle->object);
    Py_XDECREF(done);
    PyErr_Restore(type, value, traceback);
    PyGILState_Release(state);
}

static void on_close(void *session)
{
    call_quietly(session, "close");
    handle_free(session);
}

static int on_exec(void *session, const char *sql, uint64_t *changed, struct tg_error *err)
{
    struct handle *handle = session;
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *count = PyObject_CallMethod(handle->object, "execute", "s", sql);
    *changed = count ? PyLong_AsUnsignedLongLong(count) : 0;
    int rc = PyErr_Occurred() ? take_error(handle, err) : TG_OK;
    Py_XDECREF(count);
    PyGILState_Release(state);
    return rc;
}

static int on_query(void *session, const char *sql, struct ArrowArrayStream *out,
                    struct tg_error *err)
{
    struct handle *handle = session;
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *rows = PyObject_CallMethod(handle->object, "query", "s", sql);
    if (rows == Py_None)
        stream_of_nothing(out);
    bool has = rows && (rows == Py_None || stream_take(rows, out) == 0);
    int rc = has ? TG_OK : take_error(handle, err);
    Py_XDECREF(rows);
    PyGILState_Release(state);
    return rc;
}

static int on_reserve(void *session, size_t bytes, size_t thread_bytes, struct tg_error *err)
{
    struct handle *handle = session;
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *done = PyObject_CallMethod(handle->object, "reserve", "nn", (Py_ssize_t)bytes,
                                         (Py_ssize_t)thread_bytes);
    int rc = done ? TG_OK : take_error(handle, err);
    Py_XDECREF(done);
    PyGILState_Release(state);
    return rc;
}

static void on_interrupt(void *session)
{
    call_quietly(session, "interrupt");
}

/* A text that the object may have made just now: as long as the handle has it, `out` is good. */
static int read_text(PyObject *object, const char *attribute, PyObject **kept, const char **out)
{
    *kept = PyObject_GetAttrString(object, attribute);
    *out = *kept ? PyUnicode_AsUTF8AndSize(*kept, NULL) : NULL;
    return *out ? 0 : -1;
}

int connection_take(struct calls *calls, PyObject *object, struct tg_connection *out)
{
    tg_connection_init(out);
    struct handle *handle = handle_new(calls, object);
    if (!handle)
        return -1;
    if (read_text(object, "name", &handle->name, &out->name) < 0 ||
        read_text(object, "dialect", &handle->dialect, &out->dialect) < 0) {
        handle_free(handle);
        return -1;
    }
    out->user = handle;
    out->open = on_open;
    out->close = on_close;
    out->exec = on_exec;
    out->query = on_query;
    out->interrupt = on_interrupt;
    out->release = handle_free;
    out->reserve = on_reserve;
    return 0;
}
