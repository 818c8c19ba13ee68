/*
 * What a run would do, as a dict of lists of dicts. Their names are those of tidegate_plan.h.
 */
#include "core.h"

static const struct field resource_fields[] = {
    FIELD_OF(tg_plan_resource, FIELD_TEXT, name),
    FIELD_OF(tg_plan_resource, FIELD_TEXT, table),
    FIELD_OF(tg_plan_resource, FIELD_TEXT, write_disposition),
    FIELD_OF(tg_plan_resource, FIELD_TEXT, strategy),
    FIELD_OF(tg_plan_resource, FIELD_TEXT, primary_key),
    FIELD_OF(tg_plan_resource, FIELD_TEXT, merge_key),
    FIELD_OF(tg_plan_resource, FIELD_TEXT, cursor),
    FIELD_OF(tg_plan_resource, FIELD_TEXT, stored_value),
    FIELD_OF(tg_plan_resource, FIELD_TEXT, initial_value),
    FIELD_OF(tg_plan_resource, FIELD_TEXT, end_value),
    FIELD_OF(tg_plan_resource, FIELD_TEXT, start_value),
    FIELD_OF(tg_plan_resource, FIELD_BOOL, descends),
    FIELD_OF(tg_plan_resource, FIELD_BOOL, replaces),
    FIELD_OF(tg_plan_resource, FIELD_BOOL, columns_known),
    FIELD_OF(tg_plan_resource, FIELD_UINT64, files_skipped),
    {0},
};
static const struct field window_fields[] = {
    FIELD_OF(tg_plan_window, FIELD_TEXT, resource),
    FIELD_OF(tg_plan_window, FIELD_TEXT, from),
    FIELD_OF(tg_plan_window, FIELD_TEXT, to),
    FIELD_OF(tg_plan_window, FIELD_TEXT, state),
    FIELD_OF(tg_plan_window, FIELD_TEXT, by),
    FIELD_OF(tg_plan_window, FIELD_UINT64, windows),
    {0},
};
static const struct field change_fields[] = {
    FIELD_OF(tg_plan_change, FIELD_TEXT, resource),
    FIELD_OF(tg_plan_change, FIELD_TEXT, table),
    FIELD_OF(tg_plan_change, FIELD_TEXT, column),
    FIELD_OF(tg_plan_change, FIELD_TEXT, type),
    FIELD_OF(tg_plan_change, FIELD_TEXT, type_before),
    FIELD_OF(tg_plan_change, FIELD_BOOL, is_new_table),
    {0},
};
static const struct field statement_fields[] = {
    FIELD_OF(tg_plan_statement, FIELD_TEXT, phase),
    FIELD_OF(tg_plan_statement, FIELD_TEXT, table),
    FIELD_OF(tg_plan_statement, FIELD_TEXT, sql),
    FIELD_OF(tg_plan_statement, FIELD_BOOL, by_engine),
    FIELD_OF(tg_plan_statement, FIELD_TEXT, into),
    {0},
};
static const struct field sample_fields[] = {
    FIELD_OF(tg_plan_sample, FIELD_TEXT, table),
    FIELD_OF(tg_plan_sample, FIELD_INT, row),
    FIELD_OF(tg_plan_sample, FIELD_TEXT, key),
    FIELD_OF(tg_plan_sample, FIELD_TEXT, column),
    FIELD_OF(tg_plan_sample, FIELD_TEXT, before),
    FIELD_OF(tg_plan_sample, FIELD_TEXT, after),
    {0},
};
static const struct field excess_fields[] = {
    FIELD_OF(tg_plan_excess, FIELD_TEXT, limit),   FIELD_OF(tg_plan_excess, FIELD_TEXT, resource),
    FIELD_OF(tg_plan_excess, FIELD_TEXT, table),   FIELD_OF(tg_plan_excess, FIELD_TEXT, column),
    FIELD_OF(tg_plan_excess, FIELD_UINT64, found), FIELD_OF(tg_plan_excess, FIELD_UINT64, allowed),
    FIELD_OF(tg_plan_excess, FIELD_TEXT, what),    {0},
};

static const void *resource_at(const void *plan, size_t index)
{
    return tg_plan_resource(plan, index);
}
static const void *window_at(const void *plan, size_t index)
{
    return tg_plan_window(plan, index);
}
static const void *change_at(const void *plan, size_t index)
{
    return tg_plan_change(plan, index);
}
static const void *statement_at(const void *plan, size_t index)
{
    return tg_plan_statement(plan, index);
}
static const void *sample_at(const void *plan, size_t index)
{
    return tg_plan_sample(plan, index);
}
static const void *excess_at(const void *plan, size_t index)
{
    return tg_plan_excess(plan, index);
}

static const struct listing lists[] = {
    {"resources", resource_fields, resource_at},
    {"windows", window_fields, window_at},
    {"changes", change_fields, change_at},
    {"statements", statement_fields, statement_at},
    {"samples", sample_fields, sample_at},
    {"excesses", excess_fields, excess_at},
    {0},
};

static PyObject *write_pending(const struct tg_plan *plan)
{
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && i < tg_plan_pending_count(plan); i++)
        if (append(list, PyUnicode_FromString(tg_plan_pending(plan, i))) < 0)
            Py_CLEAR(list);
    return list;
}

PyObject *plan_write(const struct tg_plan *plan)
{
    const struct tg_result *result = tg_plan_result(plan);
    PyObject *dict = PyDict_New();
    int rc = dict ? put(dict, "result", result ? report_write(result) : Py_NewRef(Py_None)) : -1;
    rc = rc == 0 ? put(dict, "pending", write_pending(plan)) : -1;
    if (rc < 0 || lists_put(dict, lists, plan) < 0)
        Py_CLEAR(dict);
    return dict;
}
