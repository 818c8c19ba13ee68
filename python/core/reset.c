/*
 * What is forgotten of resources, as a dict of lists of dicts. Their names are those of
 * tidegate_reset.h.
 *
 * Path: Pipeline.reset(options, drop) -> tg_pipeline_reset, or tg_pipeline_drop -> the dict.
 */
#include "core.h"

static const struct field option_fields[] = {
    FIELD_OF(tg_reset_options, FIELD_TEXT, select),
    FIELD_OF(tg_reset_options, FIELD_INT, parts),
    FIELD_OF(tg_reset_options, FIELD_TEXT, newest_load),
    FIELD_OF(tg_reset_options, FIELD_BOOL, look_only),
    {0},
};
static const struct field resource_fields[] = {
    FIELD_OF(tg_reset_resource, FIELD_TEXT, name),
    FIELD_OF(tg_reset_resource, FIELD_BOOL, in_spec),
    FIELD_OF(tg_reset_resource, FIELD_BOOL, adds_rows),
    FIELD_OF(tg_reset_resource, FIELD_BOOL, has_state),
    FIELD_OF(tg_reset_resource, FIELD_UINT64, files),
    FIELD_OF(tg_reset_resource, FIELD_UINT64, cursors),
    FIELD_OF(tg_reset_resource, FIELD_UINT64, windows),
    {0},
};
static const struct field cursor_fields[] = {
    FIELD_OF(tg_reset_cursor, FIELD_TEXT, resource),
    FIELD_OF(tg_reset_cursor, FIELD_TEXT, path),
    FIELD_OF(tg_reset_cursor, FIELD_TEXT, last_value),
    FIELD_OF(tg_reset_cursor, FIELD_UINT64, boundary_rows),
    {0},
};
static const struct field package_fields[] = {
    FIELD_OF(tg_reset_package, FIELD_TEXT, load_id),
    FIELD_OF(tg_reset_package, FIELD_BOOL, sealed),
    FIELD_OF(tg_reset_package, FIELD_BOOL, is_only_copy),
    FIELD_OF(tg_reset_package, FIELD_UINT64, rows),
    {0},
};
static const struct field table_fields[] = {
    FIELD_OF(tg_reset_table, FIELD_TEXT, name),
    FIELD_OF(tg_reset_table, FIELD_TEXT, resource),
    FIELD_OF(tg_reset_table, FIELD_BOOL, nested),
    FIELD_OF(tg_reset_table, FIELD_UINT64, rows),
    {0},
};

static const void *resource_at(const void *reset, size_t index)
{
    return tg_reset_resource(reset, index);
}
static const void *cursor_at(const void *reset, size_t index)
{
    return tg_reset_cursor(reset, index);
}
static const void *package_at(const void *reset, size_t index)
{
    return tg_reset_package(reset, index);
}
static const void *table_at(const void *reset, size_t index)
{
    return tg_reset_table(reset, index);
}

static const struct listing lists[] = {
    {"resources", resource_fields, resource_at},
    {"cursors", cursor_fields, cursor_at},
    {"packages", package_fields, package_at},
    {"tables", table_fields, table_at},
    {0},
};

static PyObject *write_reset(const struct tg_reset *reset)
{
    PyObject *dict =
        Py_BuildValue("{ssssss}", "load_id", tg_reset_load_id(reset), "dataset",
                      tg_reset_dataset(reset), "newest_load", tg_reset_newest_load(reset));
    if (dict && lists_put(dict, lists, reset) < 0)
        Py_CLEAR(dict);
    return dict;
}

PyObject *reset_resources(PyObject *pipeline, PyObject *args)
{
    int drops, rc;
    PyObject *dict;
    struct tg_reset *reset = NULL;
    struct tg_reset_options options;
    struct tg_error err = {0};
    tg_reset_options_init(&options);
    if (!PyArg_ParseTuple(args, "O!p", &PyDict_Type, &dict, &drops) ||
        fields_read(option_fields, &options, dict, NULL) < 0 || !pipeline_enter(pipeline))
        return NULL;
    Py_BEGIN_ALLOW_THREADS rc = (drops ? tg_pipeline_drop : tg_pipeline_reset)(
        pipeline_handle(pipeline), &options, &reset, &err);
    Py_END_ALLOW_THREADS PyObject *out =
        pipeline_leave(pipeline, rc, &err) ? write_reset(reset) : NULL;
    tg_reset_free(reset);
    return out;
}
