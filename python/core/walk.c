/*
 * Values of Python become rows of the library.
 *
 * Path: walk_item (a row, or a list of them) -> put_value by the object's exact type, in the order
 * in which types are met -> what is left, subclasses too, by `convert`, a function of Python that
 * makes of it an object of a type that is known here.
 *
 * Keys are known again by the object they are: literals of a program are one object for all rows.
 * Only where a key is another one than in the row before, its text is looked at.
 */
#include "core.h"

#include <string.h>

enum {
    DEPTH_MAX = 500,  /* beyond what a row may hold, and well below what the stack does */
    SLOT_DEPTHS = 4,  /* levels of a row whose keys are remembered, */
    SLOT_COUNT = 128, /* and keys of each */
    KNOWN_MAX = 10000 /* names that the rows keep: a document may have new ones for ever */
};

struct slot {
    PyObject *key;
    size_t name; /* of tg_rows_know; 0: not known */
};

struct walk {
    PyObject *convert;
    PyObject *steps;  /* of walk_failure: a list, */
    PyObject *failed; /* and an object, or NULL */
    struct slot slots[SLOT_DEPTHS][SLOT_COUNT];
    size_t known_count;
};

/* decimal.Decimal */
static PyObject *decimal_type;

struct walk *walk_new(PyObject *convert)
{
    struct walk *walk = PyMem_Calloc(1, sizeof(*walk));
    if (!walk)
        PyErr_NoMemory();
    else
        walk->convert = Py_NewRef(convert);
    if (walk && !(walk->steps = PyList_New(0))) {
        walk_free(walk);
        return NULL;
    }
    return walk;
}

void walk_begin(struct walk *walk)
{
    for (size_t i = 0; i < SLOT_DEPTHS; i++)
        for (size_t k = 0; k < SLOT_COUNT; k++)
            Py_CLEAR(walk->slots[i][k].key);
    memset(walk->slots, 0, sizeof(walk->slots));
    walk->known_count = 0;
}

void walk_free(struct walk *walk)
{
    if (!walk)
        return;
    walk_begin(walk);
    Py_DECREF(walk->convert);
    Py_XDECREF(walk->steps);
    Py_XDECREF(walk->failed);
    PyMem_Free(walk);
}

/* Where a value goes. */
struct place {
    struct walk *walk;
    struct tg_rows *rows;
    int depth;
};

static int put_value(const struct place *place, PyObject *object);

/* ---- keys ---- */

static PyObject *key_text(PyObject *key)
{
    if (PyUnicode_Check(key))
        return Py_NewRef(key);
    if (key == Py_None)
        return PyUnicode_FromString("null");
    if (PyBool_Check(key))
        return PyUnicode_FromString(key == Py_True ? "true" : "false");
    if (PyLong_Check(key) || PyFloat_Check(key))
        return PyObject_Str(key);
    PyErr_Format(PyExc_TypeError, "a key is %R, which is no text", key);
    return NULL;
}

static int put_key_text(const struct place *place, PyObject *key, struct slot *slot)
{
    Py_ssize_t len = 0;
    PyObject *text = key_text(key);
    const char *bytes = text ? PyUnicode_AsUTF8AndSize(text, &len) : NULL;
    int rc = bytes ? 0 : -1;
    if (rc == 0 && slot && place->walk->known_count < KNOWN_MAX) {
        PyObject *before = slot->key;
        place->walk->known_count++;
        slot->name = tg_rows_know(place->rows, bytes, (size_t)len);
        slot->key = Py_NewRef(key);
        Py_XDECREF(before);
        tg_rows_known_key(place->rows, slot->name);
    } else if (rc == 0) {
        tg_rows_key_text(place->rows, bytes, (size_t)len);
    }
    Py_XDECREF(text);
    return rc;
}

static int put_key(const struct place *place, PyObject *key, size_t index)
{
    bool has_slot = place->depth < SLOT_DEPTHS && index < SLOT_COUNT;
    struct slot *slot = has_slot ? &place->walk->slots[place->depth][index] : NULL;
    if (!slot || slot->key != key)
        return put_key_text(place, key, slot);
    tg_rows_known_key(place->rows, slot->name);
    return 0;
}

/* ---- errors say where ---- */

/* Notes a step of the way to `value`, which cannot be one: innermost first. */
static int fail_at(const struct place *place, PyObject *step, PyObject *value)
{
    struct walk *walk = place->walk;
    PyObject *type, *error, *traceback;
    PyErr_Fetch(&type, &error, &traceback);
    if (!walk->failed)
        walk->failed = Py_NewRef(value);
    if (step && PyList_Append(walk->steps, step) < 0)
        PyErr_Clear(); /* what is told is the error that there was */
    PyErr_Restore(type, error, traceback);
    return -1;
}

static int fail_at_index(const struct place *place, Py_ssize_t index, PyObject *value)
{
    PyObject *step = PyLong_FromSsize_t(index);
    int rc = fail_at(place, step, value);
    Py_XDECREF(step);
    return rc;
}

PyObject *walk_failure(struct walk *walk)
{
    PyObject *failed = walk->failed ? walk->failed : Py_NewRef(Py_None);
    PyObject *steps = walk->steps;
    walk->failed = NULL;
    walk->steps = PyList_New(0);
    return Py_BuildValue("(NN)", steps, failed);
}

/* ---- containers ---- */

static int check_depth(const struct place *place)
{
    if (place->depth < DEPTH_MAX)
        return 0;
    PyErr_SetString(PyExc_ValueError, "values are nested too deep; does an object hold itself?");
    return -1;
}

static int put_dict(const struct place *place, PyObject *dict)
{
    struct place inner = {place->walk, place->rows, place->depth + 1};
    PyObject *key, *value;
    Py_ssize_t at = 0;
    size_t index = 0;
    if (check_depth(place) < 0)
        return -1;
    tg_rows_begin_object(place->rows);
    while (PyDict_Next(dict, &at, &key, &value)) {
        if (put_key(place, key, index++) < 0)
            return fail_at(place, NULL, key);
        Py_INCREF(key); /* `convert` may change the dict */
        Py_INCREF(value);
        int rc = put_value(&inner, value);
        if (rc < 0)
            fail_at(place, key, value);
        Py_DECREF(key);
        Py_DECREF(value);
        if (rc < 0)
            return -1;
    }
    tg_rows_end_object(place->rows);
    return 0;
}

static int put_list(const struct place *place, PyObject *list)
{
    struct place inner = {place->walk, place->rows, place->depth + 1};
    if (check_depth(place) < 0)
        return -1;
    tg_rows_begin_list(place->rows);
    for (Py_ssize_t i = 0; i < PyList_Size(list); i++) {
        PyObject *item = Py_NewRef(PyList_GetItem(list, i)); /* `convert` may change the list */
        int rc = put_value(&inner, item);
        if (rc < 0)
            fail_at_index(place, i, item);
        Py_DECREF(item);
        if (rc < 0)
            return -1;
    }
    tg_rows_end_list(place->rows);
    return 0;
}

static int put_tuple(const struct place *place, PyObject *tuple)
{
    struct place inner = {place->walk, place->rows, place->depth + 1};
    if (check_depth(place) < 0)
        return -1;
    tg_rows_begin_list(place->rows);
    for (Py_ssize_t i = 0; i < PyTuple_Size(tuple); i++)
        if (put_value(&inner, PyTuple_GetItem(tuple, i)) < 0)
            return fail_at_index(place, i, PyTuple_GetItem(tuple, i));
    tg_rows_end_list(place->rows);
    return 0;
}

/* ---- single values ---- */

static int put_text(const struct place *place, PyObject *text)
{
    Py_ssize_t len;
    const char *bytes = PyUnicode_AsUTF8AndSize(text, &len);
    if (!bytes) /* a surrogate by itself */
        return -1;
    tg_rows_text(place->rows, bytes, (size_t)len);
    return 0;
}

static int put_digits(const struct place *place, PyObject *number)
{
    PyObject *text = PyObject_Str(number);
    const char *digits = text ? PyUnicode_AsUTF8AndSize(text, NULL) : NULL;
    if (digits)
        tg_rows_decimal(place->rows, digits);
    Py_XDECREF(text);
    return digits ? 0 : -1;
}

static int put_int(const struct place *place, PyObject *number)
{
    int overflow;
    long long value = PyLong_AsLongLongAndOverflow(number, &overflow);
    if (overflow)
        return put_digits(place, number);
    if (value == -1 && PyErr_Occurred())
        return -1;
    tg_rows_int64(place->rows, value);
    return 0;
}

static int put_float(const struct place *place, PyObject *number)
{
    tg_rows_double(place->rows, PyFloat_AsDouble(number));
    return 0;
}

static int put_bytes(const struct place *place, PyObject *object)
{
    char *bytes;
    Py_ssize_t len;
    if (PyBytes_AsStringAndSize(object, &bytes, &len) < 0)
        return -1;
    tg_rows_binary(place->rows, bytes, (size_t)len);
    return 0;
}

static int put_moment(const struct place *place, PyObject *object, enum moment kind)
{
    int64_t value;
    if (moment_value(object, kind, &value) < 0)
        return -1;
    if (kind == MOMENT_STAMP)
        tg_rows_timestamp(place->rows, value);
    else if (kind == MOMENT_DATE)
        tg_rows_date(place->rows, (int32_t)value);
    else
        tg_rows_time(place->rows, value);
    return 0;
}

static int put_decimal(const struct place *place, PyObject *object)
{
    PyObject *finite = PyObject_CallMethod(object, "is_finite", NULL);
    int rc = finite ? PyObject_IsTrue(finite) : -1;
    Py_XDECREF(finite);
    if (rc == 0)
        PyErr_Format(PyExc_ValueError, "%R is no number that a decimal column holds", object);
    return rc > 0 ? put_digits(place, object) : -1;
}

/* ---- by type ---- */

/* `convert` gives an object of a type that is known; what it gives again for itself is not. */
static int put_converted(const struct place *place, PyObject *object)
{
    struct place inner = {place->walk, place->rows, place->depth + 1};
    if (check_depth(place) < 0)
        return -1;
    PyObject *other = PyObject_CallFunctionObjArgs(place->walk->convert, object, NULL);
    int rc = other ? put_value(&inner, other) : -1;
    Py_XDECREF(other);
    return rc;
}

static int put_rare(const struct place *place, PyObject *object, PyTypeObject *type)
{
    enum moment kind = moment_of(type);
    if (kind != MOMENT_NONE)
        return put_moment(place, object, kind);
    if ((PyObject *)type == decimal_type)
        return put_decimal(place, object);
    if (type == &PyBytes_Type)
        return put_bytes(place, object);
    if (type == &PyTuple_Type)
        return put_tuple(place, object);
    return put_converted(place, object);
}

static int put_value(const struct place *place, PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    if (type == &PyUnicode_Type)
        return put_text(place, object);
    if (type == &PyLong_Type)
        return put_int(place, object);
    if (object == Py_None)
        tg_rows_null(place->rows);
    else if (type == &PyFloat_Type)
        return put_float(place, object);
    else if (type == &PyBool_Type)
        tg_rows_bool(place->rows, object == Py_True);
    else if (type == &PyDict_Type)
        return put_dict(place, object);
    else if (type == &PyList_Type)
        return put_list(place, object);
    else
        return put_rare(place, object, type);
    return 0;
}

/* A list is a page, a tuple is one value. */
int walk_item(struct walk *walk, struct tg_rows *rows, PyObject *item)
{
    struct place place = {walk, rows, 0};
    const bool is_value = Py_TYPE(item) == &PyTuple_Type;
    if (is_value) {
        tg_rows_begin_object(rows);
        tg_rows_key(rows, "value");
    }
    int rc = put_value(&place, item);
    if (is_value)
        tg_rows_end_object(rows);
    return rc < 0 ? fail_at(&place, NULL, item) : 0;
}

int walk_init(PyObject *module)
{
    PyObject *decimal = PyImport_ImportModule("decimal");
    (void)module;
    decimal_type = decimal ? PyObject_GetAttrString(decimal, "Decimal") : NULL;
    Py_XDECREF(decimal);
    return decimal_type ? 0 : -1;
}
