/*
 * What a run would do, as a dict of lists of dicts. Their names are those of tidegate_plan.h.
 */
#include "core.h"

#define OF(type, kind, name)                                                                       \
    {                                                                                              \
#name, kind, offsetof(struct type, name)                                                   \
    }

static const struct field resource_fields[] = {
    OF(tg_plan_resource, FIELD_TEXT, name),
    OF(tg_plan_resource, FIELD_TEXT, table),
    OF(tg_plan_resource, FIELD_TEXT, write_disposition),
    OF(tg_plan_resource, FIELD_TEXT, strategy),
    OF(tg_plan_resource, FIELD_TEXT, primary_key),
    OF(tg_plan_resource, FIELD_TEXT, merge_key),
    OF(tg_plan_resource, FIELD_TEXT, cursor),
    OF(tg_plan_resource, FIELD_TEXT, stored_value),
    OF(tg_plan_resource, FIELD_TEXT, initial_value),
    OF(tg_plan_resource, FIELD_TEXT, end_value),
    OF(tg_plan_resource, FIELD_TEXT, start_value),
    OF(tg_plan_resource, FIELD_BOOL, descends),
    OF(tg_plan_resource, FIELD_BOOL, replaces),
    OF(tg_plan_resource, FIELD_BOOL, columns_known),
    OF(tg_plan_resource, FIELD_UINT64, files_skipped),
    {0},
};
static const struct field window_fields[] = {
    OF(tg_plan_window, FIELD_TEXT, resource),
    OF(tg_plan_window, FIELD_TEXT, from),
    OF(tg_plan_window, FIELD_TEXT, to),
    OF(tg_plan_window, FIELD_TEXT, state),
    OF(tg_plan_window, FIELD_TEXT, by),
    OF(tg_plan_window, FIELD_UINT64, windows),
    {0},
};
static const struct field change_fields[] = {
    OF(tg_plan_change, FIELD_TEXT, resource),
    OF(tg_plan_change, FIELD_TEXT, table),
    OF(tg_plan_change, FIELD_TEXT, column),
    OF(tg_plan_change, FIELD_TEXT, type),
    OF(tg_plan_change, FIELD_TEXT, type_before),
    OF(tg_plan_change, FIELD_BOOL, is_new_table),
    {0},
};
static const struct field statement_fields[] = {
    OF(tg_plan_statement, FIELD_TEXT, phase), OF(tg_plan_statement, FIELD_TEXT, table),
    OF(tg_plan_statement, FIELD_TEXT, sql),   OF(tg_plan_statement, FIELD_BOOL, by_engine),
    OF(tg_plan_statement, FIELD_TEXT, into),  {0},
};
static const struct field sample_fields[] = {
    OF(tg_plan_sample, FIELD_TEXT, table),
    OF(tg_plan_sample, FIELD_INT, row),
    OF(tg_plan_sample, FIELD_TEXT, key),
    OF(tg_plan_sample, FIELD_TEXT, column),
    OF(tg_plan_sample, FIELD_TEXT, before),
    OF(tg_plan_sample, FIELD_TEXT, after),
    {0},
};
static const struct field excess_fields[] = {
    OF(tg_plan_excess, FIELD_TEXT, limit),   OF(tg_plan_excess, FIELD_TEXT, resource),
    OF(tg_plan_excess, FIELD_TEXT, table),   OF(tg_plan_excess, FIELD_TEXT, column),
    OF(tg_plan_excess, FIELD_UINT64, found), OF(tg_plan_excess, FIELD_UINT64, allowed),
    OF(tg_plan_excess, FIELD_TEXT, what),    {0},
};

/* Lists of structs, each asked for by its index. */
static const void *resource_at(const struct tg_plan *plan, size_t index)
{
    return tg_plan_resource(plan, index);
}
static const void *window_at(const struct tg_plan *plan, size_t index)
{
    return tg_plan_window(plan, index);
}
static const void *change_at(const struct tg_plan *plan, size_t index)
{
    return tg_plan_change(plan, index);
}
static const void *statement_at(const struct tg_plan *plan, size_t index)
{
    return tg_plan_statement(plan, index);
}
static const void *sample_at(const struct tg_plan *plan, size_t index)
{
    return tg_plan_sample(plan, index);
}
static const void *excess_at(const struct tg_plan *plan, size_t index)
{
    return tg_plan_excess(plan, index);
}

static const struct {
    const char *name;
    const struct field *fields;
    const void *(*at)(const struct tg_plan *plan, size_t index);
} lists[] = {
    {"resources", resource_fields, resource_at}, {"windows", window_fields, window_at},
    {"changes", change_fields, change_at},       {"statements", statement_fields, statement_at},
    {"samples", sample_fields, sample_at},       {"excesses", excess_fields, excess_at},
};

static PyObject *write_list(const struct tg_plan *plan, size_t which)
{
    PyObject *list = PyList_New(0);
    const void *item = NULL;
    for (size_t i = 0; list && (item = lists[which].at(plan, i)); i++)
        if (append(list, fields_write(lists[which].fields, item)) < 0)
            Py_CLEAR(list);
    return list;
}

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
    for (size_t i = 0; rc == 0 && i < sizeof(lists) / sizeof(lists[0]); i++)
        rc = put(dict, lists[i].name, write_list(plan, i));
    if (rc < 0)
        Py_CLEAR(dict);
    return dict;
}
