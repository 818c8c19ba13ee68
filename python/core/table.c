/*
 * tidegate._core.Table: an item of a resource's stream that says which table the rows behind it are
 * for.
 *
 * Path: read_page (resource.c) -> table_take -> say: hints that are new -> tg_read_table ->
 * tg_rows_table
 *
 * What is said of a table in a run stays said until it is said otherwise, key by key. Hints that
 * were said before cost no more than a look for the name.
 */
#include "core.h"

struct table_object {
    PyObject_HEAD PyObject *name, *hints; /* a text and a dict, or None */
};

static PyObject *table_type;

bool is_table(PyObject *object)
{
    return (PyObject *)Py_TYPE(object) == table_type;
}

/* ---- what it is ---- */

static PyObject *table_new(PyTypeObject *type, PyObject *args, PyObject *names)
{
    static char *keywords[] = {"", "", NULL};
    PyObject *name = Py_None, *hints = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, names, "|OO", keywords, &name, &hints))
        return NULL;
    if ((name != Py_None && !PyUnicode_Check(name)) ||
        (hints != Py_None && (!PyDict_Check(hints) || name == Py_None))) {
        PyErr_SetString(PyExc_TypeError, "a table is a name, or None for the resource's own, and "
                                         "with a name a dict of hints");
        return NULL;
    }
    struct table_object *self = PyObject_New(struct table_object, type);
    if (!self)
        return NULL;
    self->name = Py_NewRef(name);
    self->hints = Py_NewRef(hints);
    return (PyObject *)self;
}

static void table_dealloc(PyObject *object)
{
    struct table_object *self = (struct table_object *)(void *)object;
    PyTypeObject *type = Py_TYPE(object);
    Py_XDECREF(self->name);
    Py_XDECREF(self->hints);
    PyObject_Free(object);
    Py_DECREF(type);
}

static PyObject *get_name(PyObject *object, void *closure)
{
    (void)closure;
    return Py_NewRef(((struct table_object *)(void *)object)->name);
}

static PyObject *get_hints(PyObject *object, void *closure)
{
    (void)closure;
    return Py_NewRef(((struct table_object *)(void *)object)->hints);
}

static PyGetSetDef table_parts[] = {
    {.name = "name", .get = get_name},
    {.name = "hints", .get = get_hints},
    {0},
};

static PyType_Slot table_slots[] = {
    {Py_tp_doc, "Table(name=None, hints=None, /): rows that follow in a resource's stream are of "
                "this table; without a name, of the resource's own."},
    {Py_tp_new, table_new},
    {Py_tp_dealloc, table_dealloc},
    {Py_tp_getset, table_parts},
    {0, NULL},
};

static PyType_Spec table_spec = {
    .name = "tidegate._core.Table",
    .basicsize = sizeof(struct table_object),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = table_slots,
};

int table_init(PyObject *module)
{
    table_type = PyType_FromSpec(&table_spec);
    return table_type ? PyModule_AddObjectRef(module, "Table", table_type) : -1;
}

/* ---- in a run ---- */

static int failed(const struct tg_error *err)
{
    raised_restore(&(struct raised){.type = NULL}, err);
    return -1;
}

/* `hints` is a dict or None. */
static int make(const struct tg_read *read, PyObject *name, PyObject *hints, size_t *number)
{
    struct tg_error err = {0};
    struct tg_resource resource;
    void *scratch = NULL;
    const char *text = PyUnicode_AsUTF8AndSize(name, NULL);
    const bool said = hints != Py_None;
    int rc = -1;
    if (text && (!said || hints_take(hints, &resource, &scratch) == 0))
        rc = tg_read_table(read, text, said ? &resource : NULL, number, &err) == TG_OK
                 ? 0
                 : failed(&err);
    PyMem_Free(scratch);
    return rc;
}

/* New: what was said of a table, with what is said now; both a dict or None. */
static PyObject *lay_over(PyObject *before, PyObject *now)
{
    if (now == Py_None || before == Py_None)
        return Py_NewRef(now == Py_None ? before : now);
    PyObject *both = PyDict_Copy(before);
    if (both && PyDict_Update(both, now) < 0)
        Py_CLEAR(both);
    return both;
}

/* `entry`: of a table that is known, its number and what was said of it; else NULL. */
static int say(const struct tg_read *read, const struct table_object *table, PyObject *entry,
               PyObject *known, size_t *number)
{
    PyObject *before = entry ? PyTuple_GetItem(entry, 1) : Py_None;
    PyObject *hints = lay_over(before, table->hints);
    int same = hints && entry ? PyObject_RichCompareBool(hints, before, Py_EQ) : 0;
    int rc = hints && same >= 0 ? 0 : -1;
    if (rc == 0 && !same)
        rc = make(read, table->name, hints, number);
    PyObject *now =
        rc == 0 ? Py_BuildValue("(KOO)", (unsigned long long)*number, hints, table->hints) : NULL;
    rc = now ? PyDict_SetItem(known, table->name, now) : -1;
    Py_XDECREF(now);
    Py_XDECREF(hints);
    return rc;
}

int table_take(PyObject *item, PyObject *known, const struct tg_read *read)
{
    const struct table_object *table = (const struct table_object *)(const void *)item;
    size_t number = 0;
    PyObject *entry = table->name == Py_None ? NULL : PyDict_GetItemWithError(known, table->name);
    if (PyErr_Occurred())
        return -1;
    if (entry)
        number = (size_t)PyLong_AsUnsignedLongLong(PyTuple_GetItem(entry, 0));
    const bool is_known =
        entry && (table->hints == Py_None || table->hints == PyTuple_GetItem(entry, 2));
    if (table->name != Py_None && !is_known && say(read, table, entry, known, &number) < 0)
        return -1;
    tg_rows_table(read->rows, number);
    return 0;
}
