/*
 * tidegate._core: the library as an extension of Python, on the limited API of 3.11.
 *
 * Nothing of dlt's surface is here: that is Python's, in the modules beside it. errors.c,
 * moments.c, walk.c, stream.c, session.c, resource.c, table.c, pipeline.c and command.c add their
 * objects to the module.
 */
#include "core.h"

static PyObject *version(PyObject *module, PyObject *none)
{
    (void)module;
    (void)none;
    return PyUnicode_FromString(tg_version());
}

static PyMethodDef functions[] = {
    {"version", version, METH_NOARGS, "The library's version: '1.2.3'."},
    {0},
};

static int fill(PyObject *module)
{
    return errors_init(module) || moments_init(module) || walk_init(module) ||
                   stream_init(module) || session_init(module) || resource_init(module) ||
                   table_init(module) || pipeline_init(module) || main_init(module)
               ? -1
               : 0;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, fill}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,  .m_name = "tidegate._core", .m_doc = "The library of tidegate.",
    .m_methods = functions, .m_slots = slots,
};

PyMODINIT_FUNC PyInit__core(void)
{
    return PyModuleDef_Init(&definition);
}
