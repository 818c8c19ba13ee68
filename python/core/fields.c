/*
 * Dicts become structs, and structs dicts, by tables of their fields; values of a cursor likewise.
 */
#include "core.h"

#include <limits.h>
#include <string.h>

static int wrong_type(const struct field *field, PyObject *value, const char *wanted)
{
    PyErr_Format(PyExc_TypeError, "'%s' has to be %s, not %R", field->name, wanted, value);
    return -1;
}

static int read_text(const struct field *field, PyObject *value, const char **out)
{
    *out = NULL;
    if (value == Py_None)
        return 0;
    if (!PyUnicode_Check(value))
        return wrong_type(field, value, "a text");
    Py_ssize_t len;
    *out = PyUnicode_AsUTF8AndSize(value, &len);
    if (*out && strlen(*out) != (size_t)len)
        return wrong_type(field, value, "a text without a NUL character");
    return *out ? 0 : -1;
}

static int read_number(const struct field *field, PyObject *value, int64_t *out)
{
    int overflow = 0;
    *out = PyLong_Check(value) ? PyLong_AsLongLongAndOverflow(value, &overflow) : -1;
    if (!PyLong_Check(value) || overflow || (field->kind == FIELD_INT && *out != (int)*out))
        return wrong_type(field, value, "a number of its range");
    return 0;
}

static int read_field(const struct field *field, PyObject *value, void *out)
{
    int64_t number = 0;
    int truth;
    void *to = (char *)out + field->offset;
    switch (field->kind) {
    case FIELD_TEXT: return read_text(field, value, to);
    case FIELD_BOOL:
        truth = PyObject_IsTrue(value);
        *(bool *)to = truth > 0;
        return truth < 0 ? -1 : 0;
    case FIELD_DOUBLE: *(double *)to = PyFloat_AsDouble(value); return PyErr_Occurred() ? -1 : 0;
    default: break;
    }
    if (read_number(field, value, &number) < 0)
        return -1;
    switch (field->kind) {
    case FIELD_INT: *(int *)to = (int)number; break;
    case FIELD_SIZE: *(size_t *)to = (size_t)number; break;
    case FIELD_UINT64: *(uint64_t *)to = (uint64_t)number; break;
    default: *(int64_t *)to = number; break;
    }
    return 0;
}

static const struct field *find_field(const struct field *fields, PyObject *name)
{
    for (const struct field *field = fields; field->name; field++)
        if (PyUnicode_CompareWithASCIIString(name, field->name) == 0)
            return field;
    return NULL;
}

static bool is_other(const char *const *others, PyObject *name)
{
    for (; others && *others; others++)
        if (PyUnicode_CompareWithASCIIString(name, *others) == 0)
            return true;
    return false;
}

int fields_read(const struct field *fields, void *out, PyObject *dict, const char *const *others)
{
    PyObject *name, *value;
    Py_ssize_t at = 0;
    while (PyDict_Next(dict, &at, &name, &value)) {
        const struct field *field = PyUnicode_Check(name) ? find_field(fields, name) : NULL;
        if (field && read_field(field, value, out) < 0)
            return -1;
        if (field || (PyUnicode_Check(name) && is_other(others, name)))
            continue;
        PyErr_Format(PyExc_TypeError, "there is no option %R", name);
        return -1;
    }
    return 0;
}

static PyObject *write_field(const struct field *field, const void *from)
{
    const void *at = (const char *)from + field->offset;
    const char *text;
    switch (field->kind) {
    case FIELD_TEXT:
        text = *(const char *const *)at;
        return text ? PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace")
                    : Py_NewRef(Py_None);
    case FIELD_BOOL: return PyBool_FromLong(*(const bool *)at);
    case FIELD_INT: return PyLong_FromLong(*(const int *)at);
    case FIELD_SIZE: return PyLong_FromSize_t(*(const size_t *)at);
    case FIELD_UINT64: return PyLong_FromUnsignedLongLong(*(const uint64_t *)at);
    case FIELD_INT64: return PyLong_FromLongLong(*(const int64_t *)at);
    case FIELD_DOUBLE: return PyFloat_FromDouble(*(const double *)at);
    }
    return NULL;
}

PyObject *fields_write(const struct field *fields, const void *from)
{
    PyObject *dict = PyDict_New();
    for (; dict && fields->name; fields++) {
        PyObject *value = write_field(fields, from);
        if (!value || PyDict_SetItemString(dict, fields->name, value) < 0)
            Py_CLEAR(dict);
        Py_XDECREF(value);
    }
    return dict;
}

/* ---- containers ---- */

PyObject *get(PyObject *dict, const char *name)
{
    PyObject *value = PyDict_GetItemString(dict, name);
    return value ? value : Py_None;
}

int put(PyObject *dict, const char *name, PyObject *value)
{
    int rc = value ? PyDict_SetItemString(dict, name, value) : -1;
    Py_XDECREF(value);
    return rc;
}

int append(PyObject *list, PyObject *value)
{
    int rc = value ? PyList_Append(list, value) : -1;
    Py_XDECREF(value);
    return rc;
}

static PyObject *write_list(const struct listing *list, const void *owner)
{
    PyObject *out = PyList_New(0);
    const void *item = NULL;
    for (size_t i = 0; out && (item = list->at(owner, i)); i++)
        if (append(out, fields_write(list->fields, item)) < 0)
            Py_CLEAR(out);
    return out;
}

int lists_put(PyObject *dict, const struct listing *lists, const void *owner)
{
    int rc = 0;
    for (; rc == 0 && lists->name; lists++)
        rc = put(dict, lists->name, write_list(lists, owner));
    return rc;
}

/* ---- values of a cursor ---- */

static int read_whole(PyObject *object, struct tg_value *out)
{
    int overflow;
    out->kind = TG_VALUE_INT64;
    out->int64 = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (!overflow)
        return 0;
    PyErr_SetString(PyExc_OverflowError, "a cursor's value has more than 64 bits");
    return -1;
}

int value_read(PyObject *object, struct tg_value *out)
{
    enum moment moment = moment_of(Py_TYPE(object));
    *out = (struct tg_value){.kind = TG_VALUE_NONE};
    if (object == Py_None)
        return 0;
    if (PyLong_Check(object))
        return read_whole(object, out);
    if (PyFloat_Check(object)) {
        out->kind = TG_VALUE_DOUBLE;
        out->real = PyFloat_AsDouble(object);
        return 0;
    }
    if (PyUnicode_Check(object)) {
        out->kind = TG_VALUE_TEXT;
        out->text = PyUnicode_AsUTF8AndSize(object, NULL);
        return out->text ? 0 : -1;
    }
    if (PyBytes_Check(object)) {
        out->kind = TG_VALUE_JSON;
        out->text = PyBytes_AsString(object);
        return out->text ? 0 : -1;
    }
    if (moment == MOMENT_STAMP || moment == MOMENT_DATE) {
        out->kind = moment == MOMENT_STAMP ? TG_VALUE_TIMESTAMP : TG_VALUE_DATE;
        return moment_value(object, moment, &out->int64);
    }
    PyErr_Format(PyExc_TypeError, "%R cannot be a cursor's value: use a number, text, date or time",
                 object);
    return -1;
}

PyObject *value_write(const struct tg_value *value)
{
    switch (value->kind) {
    case TG_VALUE_NONE: break;
    case TG_VALUE_INT64: return PyLong_FromLongLong(value->int64);
    case TG_VALUE_DOUBLE: return PyFloat_FromDouble(value->real);
    case TG_VALUE_TIMESTAMP: return moment_stamp(value->int64);
    case TG_VALUE_DATE: return moment_date(value->int64);
    case TG_VALUE_JSON: return PyBytes_FromString(value->text);
    case TG_VALUE_TEXT:
        return PyUnicode_DecodeUTF8(value->text, (Py_ssize_t)strlen(value->text), "replace");
    }
    return Py_NewRef(Py_None);
}
