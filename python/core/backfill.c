/*
 * A backfill: a range is planned into windows, which are loaded one after the other.
 *
 * Path: Pipeline.plan_backfill(dict) -> tg_pipeline_plan_backfill -> a dict; Pipeline.work(dict,
 * told) -> tg_pipeline_work without the GIL -> on_window: told(dict) after each of them.
 */
#include "core.h"

static const struct field plan_fields[] = {
    FIELD_OF(tg_backfill_options, FIELD_TEXT, from),
    FIELD_OF(tg_backfill_options, FIELD_TEXT, to),
    FIELD_OF(tg_backfill_options, FIELD_TEXT, timezone),
    FIELD_OF(tg_backfill_options, FIELD_BOOL, again),
    FIELD_OF(tg_backfill_options, FIELD_TEXT, window),
    {0},
};
static const struct field work_fields[] = {
    FIELD_OF(tg_work_options, FIELD_TEXT, run_id),
    FIELD_OF(tg_work_options, FIELD_TEXT, lease),
    {0},
};
static const struct field window_fields[] = {
    FIELD_OF(tg_window_info, FIELD_TEXT, run_id),
    FIELD_OF(tg_window_info, FIELD_UINT64, number),
    FIELD_OF(tg_window_info, FIELD_TEXT, resource),
    FIELD_OF(tg_window_info, FIELD_TEXT, from),
    FIELD_OF(tg_window_info, FIELD_TEXT, to),
    FIELD_OF(tg_window_info, FIELD_TEXT, load_id),
    FIELD_OF(tg_window_info, FIELD_UINT64, rows),
    FIELD_OF(tg_window_info, FIELD_DOUBLE, seconds),
    FIELD_OF(tg_window_info, FIELD_UINT64, loaded),
    FIELD_OF(tg_window_info, FIELD_UINT64, windows),
    {0},
};

PyObject *backfill_plan(PyObject *pipeline, PyObject *dict)
{
    struct tg_backfill_options options;
    struct tg_backfill plan = {0};
    struct tg_error err = {0};
    int rc;
    tg_backfill_options_init(&options);
    if (fields_read(plan_fields, &options, dict, NULL) < 0 || !pipeline_enter(pipeline))
        return NULL;
    Py_BEGIN_ALLOW_THREADS rc =
        tg_pipeline_plan_backfill(pipeline_handle(pipeline), &options, &plan, &err);
    Py_END_ALLOW_THREADS if (!pipeline_leave(pipeline, rc, &err)) return NULL;
    return Py_BuildValue(
        "{sssKsKsO}", "run_id", plan.run_id, "windows", (unsigned long long)plan.windows, "loaded",
        (unsigned long long)plan.loaded, "shared", plan.shared ? Py_True : Py_False);
}

struct worker {
    PyObject *told;
    struct raised *raised;
};

static int on_window(void *user, const struct tg_window_info *window)
{
    struct worker *worker = user;
    struct tg_error err = {0};
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *dict = PyErr_CheckSignals() == 0 ? fields_write(window_fields, window) : NULL;
    PyObject *done = dict ? PyObject_CallFunctionObjArgs(worker->told, dict, NULL) : NULL;
    int rc = done ? TG_OK : raised_take(worker->raised, TG_CANCELLED, &err);
    Py_XDECREF(done);
    Py_XDECREF(dict);
    PyGILState_Release(state);
    return rc;
}

PyObject *backfill_work(PyObject *pipeline, PyObject *args)
{
    PyObject *dict;
    struct worker worker = {NULL, pipeline_raised(pipeline)};
    struct tg_work_options options;
    struct tg_error err = {0};
    int rc;
    tg_work_options_init(&options);
    options.user = &worker;
    options.window = on_window;
    if (!PyArg_ParseTuple(args, "O!O", &PyDict_Type, &dict, &worker.told) ||
        fields_read(work_fields, &options, dict, NULL) < 0 || !pipeline_enter(pipeline))
        return NULL;
    Py_BEGIN_ALLOW_THREADS rc = tg_pipeline_work(pipeline_handle(pipeline), &options, &err);
    Py_END_ALLOW_THREADS return pipeline_leave(pipeline, rc, &err) ? Py_NewRef(Py_None) : NULL;
}
