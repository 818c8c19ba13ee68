/*
 * tidegate._core.Pipeline: a pipeline of the library as an object.
 *
 * Path: a dict of options -> tg_pipeline_new (or _open, of a spec) -> add(dict) -> run and the
 * like, each without the GIL -> a dict of what it did, or what was raised.
 *
 * What the options and resources mean is tidegate.h's to say; the dicts have its names.
 */
#include "core.h"

#include <string.h>
#include <unistd.h>

struct pipeline_object {
    PyObject_HEAD struct tg_pipeline *pipeline;
    struct calls calls;
    PyObject *progress, *log; /* or None */
    bool busy;                /* a call is at work: in another thread, or around this one */
    pid_t process;
};

static PyObject *pipeline_type;

static struct pipeline_object *self_of(PyObject *object)
{
    return (struct pipeline_object *)(void *)object;
}

/* ---- callbacks of the pipeline ---- */

static int on_progress(void *user, const struct tg_progress *progress)
{
    static const char *const phases[] = {"settle", "extract", "seal", "write", "done"};
    struct pipeline_object *self = user;
    struct tg_error err = {0};
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *done = NULL;
    if (PyErr_CheckSignals() == 0)
        done = self->progress == Py_None
                   ? Py_NewRef(Py_None)
                   : PyObject_CallFunction(
                         self->progress, "szzKKKi", phases[progress->phase], progress->resource,
                         progress->table, (unsigned long long)progress->rows,
                         (unsigned long long)progress->bytes,
                         (unsigned long long)progress->bytes_total, (int)progress->ended);
    int rc = done ? TG_OK : raised_take(&self->calls.raised, TG_CANCELLED, &err);
    Py_XDECREF(done);
    PyGILState_Release(state);
    return rc;
}

/* A log that fails does not end a run, but a signal that comes while it is written does. */
static void on_log(void *user, int level, const char *component, const char *message)
{
    struct pipeline_object *self = user;
    struct tg_error err = {0};
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    bool stops = PyErr_CheckSignals() < 0;
    if (stops)
        (void)raised_take(&self->calls.raised, TG_CANCELLED, &err);
    PyObject *done = PyObject_CallFunction(self->log, "iss", level, component, message);
    if (!done)
        stops |= raised_aside(&self->calls.raised, self->log);
    if (stops)
        tg_pipeline_cancel(self->pipeline);
    Py_XDECREF(done);
    PyErr_Restore(type, value, traceback);
    PyGILState_Release(state);
}

/* ---- options ---- */

#define OF(kind, name)                                                                             \
    {                                                                                              \
#name, kind, offsetof(struct tg_pipeline_options, name)                                    \
    }

static const struct field option_fields[] = {
    OF(FIELD_TEXT, name),
    OF(FIELD_TEXT, destination),
    OF(FIELD_TEXT, dataset),
    OF(FIELD_TEXT, workdir),
    OF(FIELD_TEXT, select),
    OF(FIELD_BOOL, full_refresh),
    OF(FIELD_TEXT, memory),
    OF(FIELD_TEXT, storage_version),
    OF(FIELD_INT, threads),
    OF(FIELD_BOOL, create_indexes),
    OF(FIELD_BOOL, accept_limits),
    OF(FIELD_INT, undo_loads),
    OF(FIELD_INT, refresh),
    OF(FIELD_UINT64, accept),
    OF(FIELD_TEXT, engine),
    OF(FIELD_INT, turns),
    OF(FIELD_UINT64, read_only),
    OF(FIELD_TEXT, environment),
    {"limit_rows_deleted", FIELD_TEXT, offsetof(struct tg_pipeline_options, limits.rows_deleted)},
    {"limit_tables_added", FIELD_TEXT, offsetof(struct tg_pipeline_options, limits.tables_added)},
    {"limit_columns_added", FIELD_TEXT, offsetof(struct tg_pipeline_options, limits.columns_added)},
    {"limit_type_changes", FIELD_TEXT, offsetof(struct tg_pipeline_options, limits.type_changes)},
    {"contract_tables", FIELD_INT, offsetof(struct tg_pipeline_options, schema_contract.tables)},
    {"contract_columns", FIELD_INT, offsetof(struct tg_pipeline_options, schema_contract.columns)},
    {"contract_data_type", FIELD_INT,
     offsetof(struct tg_pipeline_options, schema_contract.data_type)},
    {0},
};
#undef OF
#define OF(kind, name)                                                                             \
    {                                                                                              \
#name, kind, offsetof(struct tg_schema_options, name)                                      \
    }

static const struct field schema_fields[] = {
    OF(FIELD_TEXT, name),
    OF(FIELD_TEXT, others),
    OF(FIELD_TEXT, naming),
    OF(FIELD_TEXT, detections),
    OF(FIELD_INT, max_table_nesting),
    OF(FIELD_BOOL, root_key),
    OF(FIELD_TEXT, import_path),
    OF(FIELD_TEXT, export_path),
    {"contract_tables", FIELD_INT, offsetof(struct tg_schema_options, contract.tables)},
    {"contract_columns", FIELD_INT, offsetof(struct tg_schema_options, contract.columns)},
    {"contract_data_type", FIELD_INT, offsetof(struct tg_schema_options, contract.data_type)},
    {0},
};
#undef OF

static const struct field adbc_fields[] = {
    {"driver", FIELD_TEXT, offsetof(struct tg_adbc, driver)},
    {"uri", FIELD_TEXT, offsetof(struct tg_adbc, uri)},
    {"dialect", FIELD_TEXT, offsetof(struct tg_adbc, dialect)},
    {0},
};

static const char *const other_options[] = {"progress",         "log",    "destination_connection",
                                            "destination_adbc", "schema", "spec_path",
                                            "variables",        NULL};

static const struct field variable_fields[] = {
    {"name", FIELD_TEXT, offsetof(struct tg_option, name)},
    {"text", FIELD_TEXT, offsetof(struct tg_option, text)},
    {0},
};

/* A list of dicts, in memory that the caller frees; the texts are the dicts'. */
static int read_variables(PyObject *list, struct tg_option **memory,
                          struct tg_pipeline_options *options)
{
    *memory = NULL;
    if (list == Py_None)
        return 0;
    const Py_ssize_t count = PyList_Size(list);
    *memory = count < 0 ? NULL : PyMem_Calloc((size_t)count + 1, sizeof(**memory));
    if (!*memory)
        return count < 0 ? -1 : (PyErr_NoMemory(), -1);
    options->variables = *memory;
    options->variable_count = (size_t)count;
    for (Py_ssize_t i = 0; i < count; i++)
        if (fields_read(variable_fields, &(*memory)[i], PyList_GetItem(list, i), NULL) < 0)
            return -1;
    return 0;
}

static int read_options(PyObject *dict, struct tg_pipeline_options *options,
                        struct tg_schema_options *schema, struct tg_adbc *adbc)
{
    tg_pipeline_options_init(options);
    tg_schema_options_init(schema);
    tg_adbc_init(adbc);
    if (fields_read(option_fields, options, dict, other_options) < 0)
        return -1;
    if (get(dict, "destination_adbc") != Py_None) {
        options->destination_adbc = adbc;
        if (fields_read(adbc_fields, adbc, get(dict, "destination_adbc"), NULL) < 0)
            return -1;
    }
    if (get(dict, "schema") == Py_None)
        return 0;
    options->schema = schema;
    return fields_read(schema_fields, schema, get(dict, "schema"), NULL);
}

static int open_pipeline(struct pipeline_object *self, PyObject *dict,
                         struct tg_pipeline_options *options)
{
    struct tg_connection connection;
    struct tg_error err = {0};
    PyObject *spec = get(dict, "spec_path"), *given = get(dict, "destination_connection");
    const char *path = spec == Py_None ? NULL : PyUnicode_AsUTF8AndSize(spec, NULL);
    if (spec != Py_None && !path)
        return -1;
    if (given != Py_None) {
        if (connection_take(&self->calls, given, &connection) < 0)
            return -1;
        options->destination_connection = &connection;
    }
    self->progress = Py_NewRef(get(dict, "progress"));
    self->log = Py_NewRef(get(dict, "log"));
    options->user = self;
    options->progress = on_progress;
    options->log = self->log == Py_None ? NULL : on_log;
    int rc = path ? tg_pipeline_open(&self->pipeline, path, options, &err)
                  : tg_pipeline_new(&self->pipeline, options, &err);
    if (rc != TG_OK && given != Py_None)
        connection.release(connection.user);
    if (rc == TG_OK && !self->calls.raised.type)
        return 0;
    raised_restore(&self->calls.raised, &err);
    return -1;
}

static int make(struct pipeline_object *self, PyObject *dict)
{
    struct tg_pipeline_options options;
    struct tg_schema_options schema;
    struct tg_adbc adbc;
    struct tg_option *variables = NULL;
    int rc = read_options(dict, &options, &schema, &adbc);
    if (rc == 0)
        rc = read_variables(get(dict, "variables"), &variables, &options);
    if (rc == 0)
        rc = open_pipeline(self, dict, &options);
    PyMem_Free(variables);
    return rc;
}

static PyObject *pipeline_new(PyTypeObject *type, PyObject *args, PyObject *named)
{
    PyObject *dict;
    if (named && PyDict_Size(named) > 0) {
        PyErr_SetString(PyExc_TypeError, "Pipeline takes a dict of options");
        return NULL;
    }
    if (!PyArg_ParseTuple(args, "O!", &PyDict_Type, &dict))
        return NULL;
    PyObject *object = PyType_GenericAlloc(type, 0);
    if (!object)
        return NULL;
    self_of(object)->process = getpid();
    if (make(self_of(object), dict) < 0)
        Py_CLEAR(object);
    return object;
}

/* ---- calls without the GIL ---- */

static bool enter(struct pipeline_object *self)
{
    if (!self->pipeline)
        PyErr_SetString(PyExc_ValueError, "the pipeline is closed");
    else if (self->process != getpid())
        PyErr_SetString(PyExc_RuntimeError,
                        "the pipeline was made before this process was forked; make it anew here");
    else if (self->busy)
        PyErr_SetString(PyExc_RuntimeError, "the pipeline is running");
    else
        return self->busy = true;
    return false;
}

/* What was raised inside counts, also where the library did not fail. */
static bool leave(struct pipeline_object *self, int rc, const struct tg_error *err)
{
    self->busy = false;
    if (rc == TG_OK && !self->calls.raised.type)
        return true;
    raised_restore(&self->calls.raised, err);
    return false;
}

bool pipeline_enter(PyObject *object)
{
    return enter(self_of(object));
}

bool pipeline_leave(PyObject *object, int rc, const struct tg_error *err)
{
    return leave(self_of(object), rc, err);
}

bool pipeline_is_ours(PyObject *object)
{
    return self_of(object)->process == getpid();
}

struct tg_pipeline *pipeline_handle(PyObject *object)
{
    return self_of(object)->pipeline;
}

struct raised *pipeline_raised(PyObject *object)
{
    return &self_of(object)->calls.raised;
}

typedef int (*report_call)(struct tg_pipeline *pipeline, const void *options,
                           struct tg_result **out, struct tg_error *err);

static PyObject *report(struct pipeline_object *self, report_call call, const void *options)
{
    struct tg_result *result = NULL;
    struct tg_error err = {0};
    int rc;
    if (!enter(self))
        return NULL;
    Py_BEGIN_ALLOW_THREADS rc = call(self->pipeline, options, &result, &err);
    Py_END_ALLOW_THREADS PyObject *dict = leave(self, rc, &err) ? report_write(result) : NULL;
    tg_result_free(result);
    return dict;
}

static int call_run(struct tg_pipeline *pipeline, const void *options, struct tg_result **out,
                    struct tg_error *err)
{
    (void)options;
    return tg_pipeline_run(pipeline, out, err);
}

static PyObject *pipeline_run(PyObject *object, PyObject *none)
{
    (void)none;
    return report(self_of(object), call_run, NULL);
}

static int call_extract(struct tg_pipeline *pipeline, const void *options, struct tg_result **out,
                        struct tg_error *err)
{
    (void)options;
    return tg_pipeline_extract(pipeline, out, err);
}

static PyObject *pipeline_extract(PyObject *object, PyObject *none)
{
    (void)none;
    return report(self_of(object), call_extract, NULL);
}

static int call_write(struct tg_pipeline *pipeline, const void *options, struct tg_result **out,
                      struct tg_error *err)
{
    return tg_pipeline_write(pipeline, options, out, err);
}

static PyObject *pipeline_write(PyObject *object, PyObject *args)
{
    const char *load_id = NULL;
    if (!PyArg_ParseTuple(args, "|z", &load_id))
        return NULL;
    return report(self_of(object), call_write, load_id);
}

static PyObject *pipeline_drop_packages(PyObject *object, PyObject *args)
{
    struct pipeline_object *self = self_of(object);
    struct tg_error err = {0};
    const char *load_id = NULL;
    size_t count = 0;
    int rc;
    if (!PyArg_ParseTuple(args, "|z", &load_id) || !enter(self))
        return NULL;
    Py_BEGIN_ALLOW_THREADS rc = tg_pipeline_drop_packages(self->pipeline, load_id, &count, &err);
    Py_END_ALLOW_THREADS return leave(self, rc, &err) ? PyLong_FromSize_t(count) : NULL;
}

static int call_window(struct tg_pipeline *pipeline, const void *options, struct tg_result **out,
                       struct tg_error *err)
{
    return tg_pipeline_run_window(pipeline, options, out, err);
}

static const struct field window_fields[] = {
    {"from", FIELD_TEXT, offsetof(struct tg_window_options, from)},
    {"to", FIELD_TEXT, offsetof(struct tg_window_options, to)},
    {"timezone", FIELD_TEXT, offsetof(struct tg_window_options, timezone)},
    {"again", FIELD_BOOL, offsetof(struct tg_window_options, again)},
    {"skip_loaded", FIELD_UINT64, offsetof(struct tg_window_options, skip_loaded)},
    {0},
};

static PyObject *pipeline_run_window(PyObject *object, PyObject *dict)
{
    struct tg_window_options options;
    tg_window_options_init(&options);
    if (fields_read(window_fields, &options, dict, NULL) < 0)
        return NULL;
    return report(self_of(object), call_window, &options);
}

static int call_extract_window(struct tg_pipeline *pipeline, const void *options,
                               struct tg_result **out, struct tg_error *err)
{
    return tg_pipeline_extract_window(pipeline, options, out, err);
}

static PyObject *pipeline_extract_window(PyObject *object, PyObject *dict)
{
    struct tg_window_options options;
    tg_window_options_init(&options);
    if (fields_read(window_fields, &options, dict, NULL) < 0)
        return NULL;
    return report(self_of(object), call_extract_window, &options);
}

static int call_undo(struct tg_pipeline *pipeline, const void *options, struct tg_result **out,
                     struct tg_error *err)
{
    return tg_pipeline_undo(pipeline, options, out, err);
}

static const struct field undo_fields[] = {
    {"load_id", FIELD_TEXT, offsetof(struct tg_undo_options, load_id)},
    {"newest_load", FIELD_TEXT, offsetof(struct tg_undo_options, newest_load)},
    {"look_only", FIELD_BOOL, offsetof(struct tg_undo_options, look_only)},
    {0},
};

static PyObject *pipeline_undo(PyObject *object, PyObject *dict)
{
    struct tg_undo_options options;
    tg_undo_options_init(&options);
    if (fields_read(undo_fields, &options, dict, NULL) < 0)
        return NULL;
    return report(self_of(object), call_undo, &options);
}

static const struct field plan_fields[] = {
    {"rows", FIELD_BOOL, offsetof(struct tg_plan_options, rows)},
    {"samples", FIELD_INT, offsetof(struct tg_plan_options, samples)},
    {"from", FIELD_TEXT, offsetof(struct tg_plan_options, from)},
    {"to", FIELD_TEXT, offsetof(struct tg_plan_options, to)},
    {"timezone", FIELD_TEXT, offsetof(struct tg_plan_options, timezone)},
    {"window", FIELD_TEXT, offsetof(struct tg_plan_options, window)},
    {"again", FIELD_BOOL, offsetof(struct tg_plan_options, again)},
    {"skip_loaded", FIELD_UINT64, offsetof(struct tg_plan_options, skip_loaded)},
    {0},
};

static PyObject *pipeline_plan(PyObject *object, PyObject *dict)
{
    struct pipeline_object *self = self_of(object);
    struct tg_plan_options options;
    struct tg_plan *plan = NULL;
    struct tg_error err = {0};
    int rc;
    tg_plan_options_init(&options);
    if (fields_read(plan_fields, &options, dict, NULL) < 0 || !enter(self))
        return NULL;
    Py_BEGIN_ALLOW_THREADS rc = tg_pipeline_plan(self->pipeline, &options, &plan, &err);
    Py_END_ALLOW_THREADS PyObject *out = leave(self, rc, &err) ? plan_write(plan) : NULL;
    tg_plan_free(plan);
    return out;
}

static PyObject *pipeline_check(PyObject *object, PyObject *none)
{
    struct pipeline_object *self = self_of(object);
    struct tg_error err = {0};
    int rc;
    (void)none;
    if (!enter(self))
        return NULL;
    Py_BEGIN_ALLOW_THREADS rc = tg_pipeline_check(self->pipeline, &err);
    Py_END_ALLOW_THREADS return leave(self, rc, &err) ? Py_NewRef(Py_None) : NULL;
}

static PyObject *pipeline_add(PyObject *object, PyObject *dict)
{
    struct pipeline_object *self = self_of(object);
    struct tg_resource resource;
    struct tg_error err = {0};
    void *scratch;
    if (!PyDict_Check(dict)) {
        PyErr_SetString(PyExc_TypeError, "add takes a dict of options");
        return NULL;
    }
    if (!enter(self))
        return NULL;
    int rc = resource_take(&self->calls, dict, &resource, &scratch);
    if (rc == 0)
        rc = tg_pipeline_add(self->pipeline, &resource, &err);
    PyMem_Free(scratch);
    if (rc < 0) {
        self->busy = false;
        return NULL;
    }
    return leave(self, rc, &err) ? Py_NewRef(Py_None) : NULL;
}

/* ---- looking ---- */

static PyObject *pipeline_query(PyObject *object, PyObject *args)
{
    struct pipeline_object *self = self_of(object);
    struct ArrowArrayStream stream = {0};
    struct tg_error err = {0};
    const char *sql, *as_of = NULL;
    int rc;
    if (!PyArg_ParseTuple(args, "s|z", &sql, &as_of) || !enter(self))
        return NULL;
    Py_BEGIN_ALLOW_THREADS rc = tg_pipeline_query_as_of(self->pipeline, sql, as_of, &stream, &err);
    Py_END_ALLOW_THREADS return leave(self, rc, &err) ? stream_give(&stream, object) : NULL;
}

static PyObject *pipeline_why(PyObject *object, PyObject *args)
{
    struct pipeline_object *self = self_of(object);
    struct ArrowArrayStream stream = {0};
    struct tg_error err = {0};
    struct tg_why_options options = {TG_WHY_OPTIONS_INIT};
    int rc;
    if (!PyArg_ParseTuple(args, "ssp", &options.resource, &options.key, &options.read) ||
        !enter(self))
        return NULL;
    Py_BEGIN_ALLOW_THREADS rc = tg_pipeline_why(self->pipeline, &options, &stream, &err);
    Py_END_ALLOW_THREADS return leave(self, rc, &err) ? stream_give(&stream, object) : NULL;
}

static int find_name(const char *const *names, const char *name)
{
    for (int i = 0; names[i]; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    PyErr_Format(PyExc_ValueError, "there is no %s to look at", name);
    return -1;
}

static PyObject *pipeline_show(PyObject *object, PyObject *args)
{
    static const char *const names[] = {"tables", "loads",   "packages",     "resources", "windows",
                                        "files",  "rejects", "source_files", "columns",   NULL};
    struct pipeline_object *self = self_of(object);
    struct ArrowArrayStream stream = {0};
    struct tg_error err = {0};
    const char *name;
    int what, rc;
    if (!PyArg_ParseTuple(args, "s", &name) || (what = find_name(names, name)) < 0 || !enter(self))
        return NULL;
    Py_BEGIN_ALLOW_THREADS rc = tg_pipeline_show(self->pipeline, (enum tg_show)what, &stream, &err);
    Py_END_ALLOW_THREADS return leave(self, rc, &err) ? stream_give(&stream, object) : NULL;
}

static PyObject *pipeline_document(PyObject *object, PyObject *args)
{
    static const char *const names[] = {"state", "schema", "schema_yaml", NULL};
    struct pipeline_object *self = self_of(object);
    struct tg_error err = {0};
    const char *name;
    char *text = NULL;
    int what, rc;
    if (!PyArg_ParseTuple(args, "s", &name) || (what = find_name(names, name)) < 0 || !enter(self))
        return NULL;
    Py_BEGIN_ALLOW_THREADS rc =
        tg_pipeline_document(self->pipeline, (enum tg_document)what, &text, &err);
    Py_END_ALLOW_THREADS PyObject *out = leave(self, rc, &err) ? PyUnicode_FromString(text) : NULL;
    tg_text_free(text);
    return out;
}

/* ---- the state, while a resource is read ---- */

static const struct tg_read *reading(PyObject *object)
{
    const struct tg_read *read = self_of(object)->calls.read;
    if (!read)
        PyErr_SetString(PyExc_RuntimeError, "the state is there while a resource is read");
    return read;
}

/* state(resource): of a source where the resource is None, of a resource by its name. */
static PyObject *pipeline_state(PyObject *object, PyObject *args)
{
    const struct tg_read *read = reading(object);
    struct tg_error err = {0};
    const char *resource;
    char *json = NULL;
    if (!read || !PyArg_ParseTuple(args, "z", &resource))
        return NULL;
    int rc = resource ? tg_state_get_of(read, resource, NULL, &json, &err)
                      : tg_state_get(read, TG_STATE_SOURCE, NULL, &json, &err);
    PyObject *text = NULL;
    if (rc != TG_OK)
        raised_restore(&(struct raised){0}, &err);
    else
        text = json ? PyUnicode_FromString(json) : Py_NewRef(Py_None);
    tg_text_free(json);
    return text;
}

static PyObject *pipeline_set_state(PyObject *object, PyObject *args)
{
    const struct tg_read *read = reading(object);
    struct tg_error err = {0};
    const char *resource, *json;
    if (!read || !PyArg_ParseTuple(args, "zs", &resource, &json))
        return NULL;
    int rc = resource ? tg_state_set_of(read, resource, NULL, json, &err)
                      : tg_state_set(read, TG_STATE_SOURCE, NULL, json, &err);
    return rc == TG_OK ? Py_NewRef(Py_None) : raised_restore(&(struct raised){0}, &err);
}

static PyObject *pipeline_session(PyObject *object, PyObject *none)
{
    (void)none;
    return session_new(object);
}

/* ---- its life ---- */

static PyObject *pipeline_cancel(PyObject *object, PyObject *none)
{
    struct pipeline_object *self = self_of(object);
    (void)none;
    if (self->pipeline)
        tg_pipeline_cancel(self->pipeline);
    return Py_NewRef(Py_None);
}

/* In a child of fork the parent's pipeline is the parent's. */
static void release(struct pipeline_object *self)
{
    struct tg_pipeline *pipeline = self->pipeline;
    self->pipeline = NULL;
    if (pipeline && self->process == getpid()) {
        Py_BEGIN_ALLOW_THREADS tg_pipeline_free(pipeline);
        Py_END_ALLOW_THREADS
    }
}

static PyObject *pipeline_close(PyObject *object, PyObject *none)
{
    struct pipeline_object *self = self_of(object);
    (void)none;
    if (self->busy) {
        PyErr_SetString(PyExc_RuntimeError, "the pipeline is running");
        return NULL;
    }
    release(self);
    return leave(self, TG_OK, NULL) ? Py_NewRef(Py_None) : NULL;
}

static void pipeline_dealloc(PyObject *object)
{
    struct pipeline_object *self = self_of(object);
    PyTypeObject *type = Py_TYPE(object);
    release(self);
    raised_clear(&self->calls.raised);
    Py_XDECREF(self->progress);
    Py_XDECREF(self->log);
    PyObject_Free(object);
    Py_DECREF(type);
}

static PyObject *pipeline_names(PyObject *object, PyObject *none)
{
    const struct tg_pipeline *pipeline = self_of(object)->pipeline;
    (void)none;
    if (!pipeline) {
        PyErr_SetString(PyExc_ValueError, "the pipeline is closed");
        return NULL;
    }
    return Py_BuildValue("{sssssssssz}", "name", tg_pipeline_name(pipeline), "destination",
                         tg_pipeline_destination(pipeline), "dataset",
                         tg_pipeline_dataset(pipeline), "schema", tg_pipeline_schema(pipeline),
                         "environment", tg_pipeline_environment(pipeline));
}

static PyMethodDef methods[] = {
    {"names", pipeline_names, METH_NOARGS,
     "A dict: its name, the destination without secrets, the dataset as it is there."},
    {"add", pipeline_add, METH_O, "Adds a resource: a dict with the names of struct tg_resource."},
    {"run", pipeline_run, METH_NOARGS, "One load; a dict of what it did."},
    {"extract", pipeline_extract, METH_NOARGS, "The same up to the seal; nothing is written."},
    {"write", pipeline_write, METH_VARARGS,
     "write(load_id=None): the oldest sealed load; a dict of what it did."},
    {"drop_packages", pipeline_drop_packages, METH_VARARGS,
     "drop_packages(load_id=None): one sealed load, or all of them; how many went."},
    {"run_window", pipeline_run_window, METH_O, "The same of a range of the cursors."},
    {"extract_window", pipeline_extract_window, METH_O, "The same up to the seal."},
    {"plan_backfill", backfill_plan, METH_O, "Windows of what is missing of a range: a dict."},
    {"work", backfill_work, METH_VARARGS,
     "work(options, told): loads windows of a plan; told(dict) after each of them."},
    {"reset", reset_resources, METH_VARARGS,
     "reset(options, drop): forgets what is known of resources, and drops their tables."},
    {"undo", pipeline_undo, METH_O, "Takes loads back; a dict of what it did."},
    {"plan", pipeline_plan, METH_O, "What a run would do: a dict of lists of dicts."},
    {"check", pipeline_check, METH_NOARGS, "Opens the sources and the destination."},
    {"query", pipeline_query, METH_VARARGS, "query(sql, as_of=None): a Stream."},
    {"why", pipeline_why, METH_VARARGS, "why(resource, key, read): a Stream of facts."},
    {"show", pipeline_show, METH_VARARGS, "tables, loads, packages, resources, windows or files."},
    {"document", pipeline_document, METH_VARARGS, "state, schema or schema_yaml, as a text."},
    {"state", pipeline_state, METH_VARARGS,
     "state(resource or None): while a resource is read, what it or its source keeps, as JSON."},
    {"set_state", pipeline_set_state, METH_VARARGS, "set_state(resource or None, json)."},
    {"session", pipeline_session, METH_NOARGS, "A Session, for statements of one's own."},
    {"cancel", pipeline_cancel, METH_NOARGS, "Ends the call that is at work; from any thread."},
    {"close", pipeline_close, METH_NOARGS, "Frees the pipeline."},
    {0},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "A pipeline of the library: Pipeline(dict of options)."},
    {Py_tp_new, pipeline_new},
    {Py_tp_dealloc, pipeline_dealloc},
    {Py_tp_methods, methods},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "tidegate._core.Pipeline",
    .basicsize = sizeof(struct pipeline_object),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = slots,
};

int pipeline_init(PyObject *module)
{
    pipeline_type = PyType_FromSpec(&spec);
    return pipeline_type ? PyModule_AddObjectRef(module, "Pipeline", pipeline_type) : -1;
}
