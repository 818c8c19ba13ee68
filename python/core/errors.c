/*
 * Errors, both ways: the library's become tidegate._core.Error, what Python code raises inside a
 * call of the library is kept, with its traceback, until the call is back.
 *
 * Path: a callback fails -> raised_take -> the library gives the load up -> raised_restore.
 */
#include "core.h"

#include <string.h>

static PyObject *error_type;

static const struct field error_fields[] = {
    {"code", FIELD_INT, offsetof(struct tg_error, code)},
    {"retryable", FIELD_BOOL, offsetof(struct tg_error, retryable)},
    {"line", FIELD_UINT64, offsetof(struct tg_error, line)},
    {"position", FIELD_UINT64, offsetof(struct tg_error, position)},
    {"row", FIELD_UINT64, offsetof(struct tg_error, row)},
    {0},
};

/* Arrays in the struct, not pointers. */
static const struct field error_texts[] = {
    {"where", FIELD_TEXT, offsetof(struct tg_error, where)},
    {"what", FIELD_TEXT, offsetof(struct tg_error, what)},
    {"sqlstate", FIELD_TEXT, offsetof(struct tg_error, sqlstate)},
    {"resource", FIELD_TEXT, offsetof(struct tg_error, resource)},
    {"table", FIELD_TEXT, offsetof(struct tg_error, table)},
    {"column", FIELD_TEXT, offsetof(struct tg_error, column)},
    {"key_path", FIELD_TEXT, offsetof(struct tg_error, key_path)},
    {"file", FIELD_TEXT, offsetof(struct tg_error, file)},
    {0},
};

int errors_init(PyObject *module)
{
    error_type = PyErr_NewExceptionWithDoc(
        "tidegate._core.Error",
        "What the library reports.\n\nAttributes: code (a name such as 'TG_DATA'), reason ('', or "
        "'TG_REASON_CURSOR_NULL' and the like), what, where, and "
        "the place in parts: resource, table,\ncolumn, key_path, file, line, position, row; "
        "retryable, sqlstate.",
        NULL, NULL);
    return error_type ? PyModule_AddObjectRef(module, "Error", error_type) : -1;
}

/* ---- the library's ---- */

static PyObject *text_of(const char *text)
{
    return PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");
}

static int add_parts(PyObject *error, const struct tg_error *err)
{
    PyObject *parts = fields_write(error_fields, err);
    int rc = parts ? 0 : -1;
    for (const struct field *field = error_texts; rc == 0 && field->name; field++)
        rc = put(parts, field->name, text_of((const char *)err + field->offset));
    const struct {
        const char *name, *text;
    } words[] = {{"code", tg_code_name(err->code)}, {"reason", tg_reason_name(err->reason)}};
    for (size_t i = 0; rc == 0 && i < sizeof(words) / sizeof(words[0]); i++)
        rc = put(parts, words[i].name, PyUnicode_FromString(words[i].text));
    PyObject *own = rc == 0 ? PyObject_GenericGetDict(error, NULL) : NULL;
    rc = own ? PyDict_Update(own, parts) : -1;
    Py_XDECREF(own);
    Py_XDECREF(parts);
    return rc;
}

static PyObject *raise_error(const struct tg_error *err)
{
    PyObject *text = text_of(err->what);
    PyObject *where = text_of(err->where);
    PyObject *whole = NULL, *error = NULL;
    if (text && where)
        whole = err->where[0] ? PyUnicode_FromFormat("%U: %U", where, text) : Py_NewRef(text);
    if (whole)
        error = PyObject_CallFunctionObjArgs(error_type, whole, NULL);
    if (error && add_parts(error, err) == 0)
        PyErr_SetObject(error_type, error);
    Py_XDECREF(error);
    Py_XDECREF(whole);
    Py_XDECREF(where);
    Py_XDECREF(text);
    return NULL;
}

/* ---- Python's ---- */

static void put_text(PyObject *value, char *out, size_t size)
{
    PyObject *text = value ? PyObject_Str(value) : NULL;
    const char *bytes = text ? PyUnicode_AsUTF8AndSize(text, NULL) : NULL;
    snprintf(out, size, "%s", bytes ? bytes : "an error without a text");
    Py_XDECREF(text);
    PyErr_Clear();
}

int raised_take(struct raised *raised, int code, struct tg_error *err)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback)
        PyException_SetTraceback(value, traceback);
    /* KeyboardInterrupt, SystemExit, and what a scheduler's signal handler raises. */
    bool stops = type && !PyErr_GivenExceptionMatches(type, PyExc_Exception);
    err->code = stops ? TG_CANCELLED : code;
    put_text(value, err->what, sizeof(err->what));
    if (!raised->type)
        *raised = (struct raised){type, value, traceback};
    else {
        Py_XDECREF(type);
        Py_XDECREF(value);
        Py_XDECREF(traceback);
    }
    return err->code;
}

bool raised_aside(struct raised *raised, PyObject *whose)
{
    struct tg_error err = {0};
    if (!PyErr_ExceptionMatches(PyExc_Exception))
        return raised_take(raised, TG_CANCELLED, &err) == TG_CANCELLED;
    PyErr_WriteUnraisable(whose);
    return false;
}

void raised_clear(struct raised *raised)
{
    Py_CLEAR(raised->type);
    Py_CLEAR(raised->value);
    Py_CLEAR(raised->traceback);
}

PyObject *raised_restore(struct raised *raised, const struct tg_error *err)
{
    if (!raised->type)
        return raise_error(err);
    PyErr_Restore(raised->type, raised->value, raised->traceback);
    *raised = (struct raised){0};
    return NULL;
}
