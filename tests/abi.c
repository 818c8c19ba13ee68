/*
 * What programs that are linked rely on, on x86-64: sizes and offsets of the public structs, and
 * the values of the public constants. A row changes only with the library's major version; what is
 * added gets rows of its own (docs/abi.md says what may be). The exported functions are in
 * tests/symbols.txt.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tidegate.h"
#include "tidegate_connection.h"

#if defined(__x86_64__)
#define SIZE(name, bytes)                                                                          \
    {                                                                                              \
        "sizeof(struct " #name ")", sizeof(struct name), bytes                                     \
    }
#define AT(name, member, bytes)                                                                    \
    {                                                                                              \
#member " of struct " #name, offsetof(struct name, member), bytes                          \
    }
#define VALUE(name, number)                                                                        \
    {                                                                                              \
#name, (size_t)(name), (size_t)(number)                                                    \
    }

static const struct {
    const char *what;
    size_t is, was;
} rows[] = {
    SIZE(tg_error, 2600),
    AT(tg_error, code, 0),
    AT(tg_error, retryable, 4),
    AT(tg_error, sqlstate, 5),
    AT(tg_error, where, 11),
    AT(tg_error, what, 523),
    AT(tg_error, resource, 1547),
    AT(tg_error, table, 1675),
    AT(tg_error, column, 1803),
    AT(tg_error, key_path, 1931),
    AT(tg_error, file, 2187),
    AT(tg_error, line, 2448),
    AT(tg_error, position, 2456),
    AT(tg_error, row, 2464),
    AT(tg_error, reserved, 2472),
    SIZE(tg_engine, 24),
    AT(tg_engine, name, 0),
    AT(tg_engine, version, 8),
    AT(tg_engine, path, 16),
    SIZE(tg_value, 32),
    AT(tg_value, kind, 0),
    AT(tg_value, int64, 8),
    AT(tg_value, real, 16),
    AT(tg_value, text, 24),
    SIZE(tg_cursor, 104),
    AT(tg_cursor, path, 0),
    AT(tg_cursor, start, 8),
    AT(tg_cursor, last, 40),
    AT(tg_cursor, end, 72),
    SIZE(tg_read, 88),
    AT(tg_read, user, 0),
    AT(tg_read, cursor, 8),
    AT(tg_read, rows, 16),
    AT(tg_read, stream, 24),
    AT(tg_read, done, 64),
    AT(tg_read, resource, 72),
    AT(tg_read, inside, 80),
    SIZE(tg_schema_contract, 12),
    AT(tg_schema_contract, tables, 0),
    AT(tg_schema_contract, columns, 4),
    AT(tg_schema_contract, data_type, 8),
    SIZE(tg_column, 72),
    AT(tg_column, name, 0),
    AT(tg_column, data_type, 8),
    AT(tg_column, nullable, 16),
    AT(tg_column, precision, 20),
    AT(tg_column, scale, 24),
    AT(tg_column, timezone, 28),
    AT(tg_column, hard_delete, 32),
    AT(tg_column, dedup_sort, 40),
    AT(tg_column, unique, 48),
    AT(tg_column, partition, 49),
    AT(tg_column, cluster, 50),
    AT(tg_column, sort, 51),
    AT(tg_column, description, 56),
    AT(tg_column, hints, 64),
    SIZE(tg_resource, 440),
    AT(tg_resource, size, 0),
    AT(tg_resource, column_size, 8),
    AT(tg_resource, name, 16),
    AT(tg_resource, table_name, 24),
    AT(tg_resource, read, 32),
    AT(tg_resource, begin, 40),
    AT(tg_resource, end, 48),
    AT(tg_resource, release, 56),
    AT(tg_resource, user, 64),
    AT(tg_resource, write_disposition, 72),
    AT(tg_resource, primary_key, 80),
    AT(tg_resource, merge_key, 88),
    AT(tg_resource, append_on_missing_key, 96),
    AT(tg_resource, cursor_path, 104),
    AT(tg_resource, initial_value, 112),
    AT(tg_resource, end_value, 144),
    AT(tg_resource, last_value, 176),
    AT(tg_resource, on_cursor_value_missing, 180),
    AT(tg_resource, max_table_nesting, 184),
    AT(tg_resource, columns, 192),
    AT(tg_resource, column_count, 200),
    AT(tg_resource, schema_contract, 208),
    AT(tg_resource, row_ids, 220),
    AT(tg_resource, reject_bad_rows, 224),
    AT(tg_resource, reject_max, 232),
    AT(tg_resource, description, 240),
    AT(tg_resource, hints, 248),
    AT(tg_resource, source, 256),
    AT(tg_resource, source_options, 264),
    AT(tg_resource, source_option_count, 272),
    AT(tg_resource, options, 280),
    AT(tg_resource, option_count, 288),
    AT(tg_resource, commit_safe, 296),
    AT(tg_resource, on_commit_safe_wait, 300),
    AT(tg_resource, commit_safe_wait, 304),
    AT(tg_resource, merge_strategy, 312),
    AT(tg_resource, skip_unchanged_rows, 320),
    AT(tg_resource, limits, 328),
    AT(tg_resource, deletes, 360),
    AT(tg_resource, list_keys, 384),
    AT(tg_resource, source_connection, 392),
    AT(tg_resource, validity_column_names, 400),
    AT(tg_resource, row_version_column_name, 408),
    AT(tg_resource, active_record_timestamp, 416),
    AT(tg_resource, boundary_timestamp, 424),
    AT(tg_resource, allow_empty, 432),
    SIZE(tg_option, 16),
    AT(tg_option, name, 0),
    AT(tg_option, text, 8),
    SIZE(tg_progress, 56),
    AT(tg_progress, phase, 0),
    AT(tg_progress, resource, 8),
    AT(tg_progress, table, 16),
    AT(tg_progress, rows, 24),
    AT(tg_progress, bytes, 32),
    AT(tg_progress, bytes_total, 40),
    AT(tg_progress, ended, 48),
    SIZE(tg_preferred_type, 16),
    AT(tg_preferred_type, pattern, 0),
    AT(tg_preferred_type, data_type, 8),
    SIZE(tg_schema_options, 80),
    AT(tg_schema_options, size, 0),
    AT(tg_schema_options, naming, 8),
    AT(tg_schema_options, detections, 16),
    AT(tg_schema_options, preferred_types, 24),
    AT(tg_schema_options, preferred_type_count, 32),
    AT(tg_schema_options, contract, 40),
    AT(tg_schema_options, max_table_nesting, 52),
    AT(tg_schema_options, root_key, 56),
    AT(tg_schema_options, import_path, 64),
    AT(tg_schema_options, export_path, 72),
    SIZE(tg_pipeline_options, 208),
    AT(tg_pipeline_options, size, 0),
    AT(tg_pipeline_options, name, 8),
    AT(tg_pipeline_options, destination, 16),
    AT(tg_pipeline_options, dataset, 24),
    AT(tg_pipeline_options, workdir, 32),
    AT(tg_pipeline_options, select, 40),
    AT(tg_pipeline_options, full_refresh, 48),
    AT(tg_pipeline_options, schema_contract, 52),
    AT(tg_pipeline_options, schema, 64),
    AT(tg_pipeline_options, memory, 72),
    AT(tg_pipeline_options, storage_version, 80),
    AT(tg_pipeline_options, threads, 88),
    AT(tg_pipeline_options, user, 96),
    AT(tg_pipeline_options, progress, 104),
    AT(tg_pipeline_options, log, 112),
    AT(tg_pipeline_options, clock_us, 120),
    AT(tg_pipeline_options, random, 128),
    AT(tg_pipeline_options, destination_connection, 136),
    AT(tg_pipeline_options, destination_adbc, 144),
    AT(tg_pipeline_options, create_indexes, 152),
    AT(tg_pipeline_options, scratch_connection, 160),
    AT(tg_pipeline_options, limits, 168),
    AT(tg_pipeline_options, accept_limits, 200),
    SIZE(tg_adbc, 48),
    AT(tg_adbc, size, 0),
    AT(tg_adbc, driver, 8),
    AT(tg_adbc, uri, 16),
    AT(tg_adbc, options, 24),
    AT(tg_adbc, option_count, 32),
    AT(tg_adbc, dialect, 40),
    SIZE(tg_connection, 112),
    AT(tg_connection, size, 0),
    AT(tg_connection, name, 8),
    AT(tg_connection, dialect, 16),
    AT(tg_connection, user, 24),
    AT(tg_connection, open, 32),
    AT(tg_connection, close, 40),
    AT(tg_connection, exec, 48),
    AT(tg_connection, query, 56),
    AT(tg_connection, interrupt, 64),
    AT(tg_connection, transact, 72),
    AT(tg_connection, describe, 80),
    AT(tg_connection, ingest, 88),
    AT(tg_connection, lock, 96),
    AT(tg_connection, release, 104),
    VALUE(TG_BEGIN, 0),
    VALUE(TG_LOOK, 1),
    VALUE(TG_COMMIT, 2),
    VALUE(TG_ROLLBACK, 3),
    SIZE(tg_limits, 32),
    AT(tg_limits, rows_deleted, 0),
    AT(tg_limits, tables_added, 8),
    AT(tg_limits, columns_added, 16),
    AT(tg_limits, type_changes, 24),
    SIZE(tg_deletes, 24),
    AT(tg_deletes, detect, 0),
    AT(tg_deletes, apply, 4),
    AT(tg_deletes, limit, 8),
    AT(tg_deletes, allow_empty, 16),
    SIZE(tg_table_info, 96),
    AT(tg_table_info, name, 0),
    AT(tg_table_info, resource, 8),
    AT(tg_table_info, nested, 16),
    AT(tg_table_info, rows_read, 24),
    AT(tg_table_info, rows_new, 32),
    AT(tg_table_info, rows_inserted, 40),
    AT(tg_table_info, rows_updated, 48),
    AT(tg_table_info, rows_deleted, 56),
    AT(tg_table_info, rows_filtered, 64),
    AT(tg_table_info, rows_rejected, 72),
    AT(tg_table_info, rows_waiting, 80),
    AT(tg_table_info, rows_unchanged, 88),
    SIZE(tg_resource_info, 40),
    AT(tg_resource_info, name, 0),
    AT(tg_resource_info, table, 8),
    AT(tg_resource_info, rows_read, 16),
    AT(tg_resource_info, bytes_read, 24),
    AT(tg_resource_info, seconds, 32),
    SIZE(tg_schema_change, 24),
    AT(tg_schema_change, table, 0),
    AT(tg_schema_change, column, 8),
    AT(tg_schema_change, data_type, 16),
    SIZE(tg_file_info, 32),
    AT(tg_file_info, resource, 0),
    AT(tg_file_info, path, 8),
    AT(tg_file_info, bytes, 16),
    AT(tg_file_info, rows, 24),
    VALUE(TG_OK, 0),
    VALUE(TG_USAGE, 1),
    VALUE(TG_SPEC, 2),
    VALUE(TG_NOMEM, 3),
    VALUE(TG_IO, 4),
    VALUE(TG_SOURCE, 5),
    VALUE(TG_DATA, 6),
    VALUE(TG_DESTINATION, 7),
    VALUE(TG_LOCKED, 8),
    VALUE(TG_CONFLICT, 9),
    VALUE(TG_CONTRACT, 10),
    VALUE(TG_CANCELLED, 11),
    VALUE(TG_INTERNAL, 12),
    VALUE(TG_LIMIT, 13),
    VALUE(TG_VALUE_NONE, 0),
    VALUE(TG_VALUE_INT64, 1),
    VALUE(TG_VALUE_DOUBLE, 2),
    VALUE(TG_VALUE_TEXT, 3),
    VALUE(TG_VALUE_TIMESTAMP, 4),
    VALUE(TG_VALUE_DATE, 5),
    VALUE(TG_OUTCOME_COMMITTED, 0),
    VALUE(TG_OUTCOME_SEALED, 1),
    VALUE(TG_OUTCOME_GIVEN_UP, 2),
    VALUE(TG_APPEND, 0),
    VALUE(TG_REPLACE, 1),
    VALUE(TG_MERGE, 2),
    VALUE(TG_MAX, 0),
    VALUE(TG_MIN, 1),
    VALUE(TG_RAISE, 0),
    VALUE(TG_INCLUDE, 1),
    VALUE(TG_EXCLUDE, 2),
    VALUE(TG_WAIT_RAISE, 0),
    VALUE(TG_WAIT_WARN, 1),
    VALUE(TG_DETECT_NONE, 0),
    VALUE(TG_DETECT_SNAPSHOT, 1),
    VALUE(TG_DETECT_KEYS, 2),
    VALUE(TG_APPLY_HARD, 0),
    VALUE(TG_APPLY_SOFT, 1),
    VALUE(TG_DEFAULT, 0),
    VALUE(TG_YES, 1),
    VALUE(TG_NO, 2),
    VALUE(TG_CONTRACT_DEFAULT, 0),
    VALUE(TG_CONTRACT_EVOLVE, 1),
    VALUE(TG_CONTRACT_FREEZE, 2),
    VALUE(TG_CONTRACT_DISCARD_ROW, 3),
    VALUE(TG_CONTRACT_DISCARD_VALUE, 4),
    VALUE(TG_WHOLE_SECONDS, -1),
    VALUE(TG_NO_NESTING, -1),
    VALUE(TG_ROW_IDS_RANDOM, 0),
    VALUE(TG_ROW_IDS_KEY, 1),
    VALUE(TG_ROW_IDS_ROW, 2),
    VALUE(TG_LOG_ERROR, 0),
    VALUE(TG_LOG_WARNING, 1),
    VALUE(TG_LOG_INFO, 2),
    VALUE(TG_LOG_DEBUG, 3),
    VALUE(TG_PHASE_SETTLE, 0),
    VALUE(TG_PHASE_EXTRACT, 1),
    VALUE(TG_PHASE_SEAL, 2),
    VALUE(TG_PHASE_WRITE, 3),
    VALUE(TG_PHASE_DONE, 4),
    VALUE(TG_SHOW_TABLES, 0),
    VALUE(TG_SHOW_LOADS, 1),
    VALUE(TG_SHOW_PACKAGES, 2),
    VALUE(TG_SHOW_RESOURCES, 3),
    VALUE(TG_DOCUMENT_STATE, 0),
    VALUE(TG_DOCUMENT_SCHEMA, 1),
    VALUE(TG_DOCUMENT_SCHEMA_YAML, 2),
    VALUE(TG_CELL_TEXT, 0),
    VALUE(TG_CELL_JSON, 1),
    VALUE(TG_REFERENCE_TEXT, 0),
    VALUE(TG_REFERENCE_MARKDOWN, 1),
    VALUE(TG_REFERENCE_JSON_SCHEMA, 2),
};

static void nothing_has_moved(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].is != rows[i].was)
            fail_msg("%s is %zd, it was %zd", rows[i].what, (ptrdiff_t)rows[i].is,
                     (ptrdiff_t)rows[i].was);
}
#else
static void nothing_has_moved(void **state)
{
    (void)state;
    skip();
}
#endif

static void the_header_is_the_library_s(void **state)
{
    (void)state;
    int major = 0, minor = 0, patch = 0;
    assert_int_equal(tg_version_number(), TG_VERSION_NUMBER);
    assert_string_equal(tg_version(), TG_VERSION);
    char *end = NULL;
    major = (int)strtol(TG_VERSION, &end, 10);
    minor = (int)strtol(end + 1, &end, 10);
    patch = (int)strtol(end + 1, &end, 10);
    assert_int_equal(TG_VERSION_NUMBER, major * 10000 + minor * 100 + patch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_has_moved),
        cmocka_unit_test(the_header_is_the_library_s),
    };
    return cmocka_run_group_tests_name("abi", tests, NULL, NULL);
}
