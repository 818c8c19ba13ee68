/*
 * What a run did, as a dict of dicts. Their names are those of tidegate_result.h.
 */
#include "core.h"

static const struct field table_fields[] = {
    FIELD_OF(tg_table_info, FIELD_TEXT, name),
    FIELD_OF(tg_table_info, FIELD_TEXT, resource),
    FIELD_OF(tg_table_info, FIELD_BOOL, nested),
    FIELD_OF(tg_table_info, FIELD_UINT64, rows_read),
    FIELD_OF(tg_table_info, FIELD_UINT64, rows_new),
    FIELD_OF(tg_table_info, FIELD_UINT64, rows_inserted),
    FIELD_OF(tg_table_info, FIELD_UINT64, rows_updated),
    FIELD_OF(tg_table_info, FIELD_UINT64, rows_deleted),
    FIELD_OF(tg_table_info, FIELD_UINT64, rows_filtered),
    FIELD_OF(tg_table_info, FIELD_UINT64, rows_rejected),
    FIELD_OF(tg_table_info, FIELD_UINT64, rows_waiting),
    FIELD_OF(tg_table_info, FIELD_UINT64, rows_unchanged),
    FIELD_OF(tg_table_info, FIELD_UINT64, rows_below_start),
    FIELD_OF(tg_table_info, FIELD_UINT64, rows_above_end),
    FIELD_OF(tg_table_info, FIELD_UINT64, rows_deduplicated),
    FIELD_OF(tg_table_info, FIELD_UINT64, rows_null_cursor),
    FIELD_OF(tg_table_info, FIELD_UINT64, rows_late),
    {0},
};
static const struct field resource_fields[] = {
    FIELD_OF(tg_resource_info, FIELD_TEXT, name),
    FIELD_OF(tg_resource_info, FIELD_TEXT, table),
    FIELD_OF(tg_resource_info, FIELD_UINT64, rows_read),
    FIELD_OF(tg_resource_info, FIELD_UINT64, bytes_read),
    FIELD_OF(tg_resource_info, FIELD_DOUBLE, seconds),
    FIELD_OF(tg_resource_info, FIELD_UINT64, files_skipped),
    {0},
};
static const struct field change_fields[] = {
    FIELD_OF(tg_schema_change, FIELD_TEXT, table),
    FIELD_OF(tg_schema_change, FIELD_TEXT, column),
    FIELD_OF(tg_schema_change, FIELD_TEXT, data_type),
    FIELD_OF(tg_schema_change, FIELD_TEXT, type),
    FIELD_OF(tg_schema_change, FIELD_TEXT, type_before),
    FIELD_OF(tg_schema_change, FIELD_TEXT, variant_of),
    {0},
};
static const struct field file_fields[] = {
    FIELD_OF(tg_file_info, FIELD_TEXT, resource), FIELD_OF(tg_file_info, FIELD_TEXT, path),
    FIELD_OF(tg_file_info, FIELD_UINT64, bytes),  FIELD_OF(tg_file_info, FIELD_UINT64, rows),
    FIELD_OF(tg_file_info, FIELD_INT, news),      {0},
};

static const struct field reject_fields[] = {
    FIELD_OF(tg_reject_info, FIELD_TEXT, resource),
    FIELD_OF(tg_reject_info, FIELD_TEXT, table),
    FIELD_OF(tg_reject_info, FIELD_UINT64, rows),
    FIELD_OF(tg_reject_info, FIELD_TEXT, reason),
    FIELD_OF(tg_reject_info, FIELD_TEXT, place),
    FIELD_OF(tg_reject_info, FIELD_TEXT, column),
    {0},
};

static const struct field package_file_fields[] = {
    FIELD_OF(tg_package_file, FIELD_TEXT, table),
    FIELD_OF(tg_package_file, FIELD_TEXT, name),
    FIELD_OF(tg_package_file, FIELD_UINT64, bytes),
    FIELD_OF(tg_package_file, FIELD_UINT64, rows),
    {0},
};

static const void *table_at(const void *result, size_t index)
{
    return tg_result_table(result, index);
}
static const void *resource_at(const void *result, size_t index)
{
    return tg_result_resource(result, index);
}
static const void *change_at(const void *result, size_t index)
{
    return tg_result_change(result, index);
}
static const void *file_at(const void *result, size_t index)
{
    return tg_result_file(result, index);
}
static const void *reject_at(const void *result, size_t index)
{
    return tg_result_reject(result, index);
}
static const void *package_file_at(const void *result, size_t index)
{
    return tg_result_package_file(result, index);
}

static const struct listing lists[] = {
    {"tables", table_fields, table_at},
    {"resources", resource_fields, resource_at},
    {"changes", change_fields, change_at},
    {"files", file_fields, file_at},
    {"rejects", reject_fields, reject_at},
    {"package_files", package_file_fields, package_file_at},
    {0},
};

static PyObject *write_texts(const struct tg_result *result, size_t count,
                             const char *(*at)(const struct tg_result *result, size_t index))
{
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && i < count; i++)
        if (append(list, PyUnicode_FromString(at(result, i))) < 0)
            Py_CLEAR(list);
    return list;
}

static PyObject *write_phases(const struct tg_result *result)
{
    static const char *const names[] = {"settle", "extract", "seal", "write"};
    PyObject *dict = PyDict_New();
    for (int i = TG_PHASE_SETTLE; dict && i < TG_PHASE_DONE; i++) {
        double seconds = tg_result_phase_seconds(result, (enum tg_phase)i);
        if (put(dict, names[i], PyFloat_FromDouble(seconds)) < 0)
            Py_CLEAR(dict);
    }
    return dict;
}

PyObject *report_write(const struct tg_result *result)
{
    PyObject *dict = PyDict_New();
    int rc = dict ? 0 : -1;
    const struct {
        const char *name;
        PyObject *value;
    } values[] = {
        {"load_id", PyUnicode_FromString(tg_result_load_id(result))},
        {"dataset", PyUnicode_FromString(tg_result_dataset(result))},
        {"schema", PyUnicode_FromString(tg_result_schema(result))},
        {"schema_hash", PyUnicode_FromString(tg_result_schema_hash(result))},
        {"schema_version", PyLong_FromLongLong(tg_result_schema_version(result))},
        {"state_changed", PyBool_FromLong(tg_result_state_changed(result))},
        {"package", PyUnicode_FromString(tg_result_package(result))},
        {"started_us", PyLong_FromLongLong(tg_result_started(result))},
        {"seconds", PyFloat_FromDouble(tg_result_seconds(result))},
        {"settled", PyLong_FromSize_t(tg_result_settled_count(result))},
        {"phases", write_phases(result)},
        {"warnings", write_texts(result, tg_result_warning_count(result), tg_result_warning)},
        {"undone", write_texts(result, tg_result_undone_count(result), tg_result_undone)},
    };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        rc = dict && put(dict, values[i].name, values[i].value) == 0 ? rc : -1;
    if (rc < 0 || lists_put(dict, lists, result) < 0)
        Py_CLEAR(dict);
    return dict;
}
