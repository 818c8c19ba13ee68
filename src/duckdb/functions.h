/*
 * DuckDB's C API as far as it is used here: types, and one list of functions, of which the table
 * `duck` is made. The table is filled at run time (library.c), so that neither a header nor
 * the linker ties us to a version of DuckDB: what is declared here has been the same from 1.4 on.
 * Only the files of this folder include it.
 */
#ifndef TIDEGATE_DATABASE_DUCKDB_FUNCTIONS_H
#define TIDEGATE_DATABASE_DUCKDB_FUNCTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "data/batch.h"

/* ---- types ---- */

typedef uint64_t idx_t;

/* Handles: whose they are is all there is to know. */
typedef struct duckdb_database_ *duckdb_database;
typedef struct duckdb_connection_ *duckdb_connection;
typedef struct duckdb_config_ *duckdb_config;
typedef struct duckdb_prepared_statement_ *duckdb_prepared_statement;
typedef struct duckdb_pending_result_ *duckdb_pending_result;
typedef struct duckdb_data_chunk_ *duckdb_data_chunk;
typedef struct duckdb_vector_ *duckdb_vector;
typedef struct duckdb_logical_type_ *duckdb_logical_type;
typedef struct duckdb_value_ *duckdb_value;
typedef struct duckdb_arrow_options_ *duckdb_arrow_options;
typedef struct duckdb_error_data_ *duckdb_error_data;
typedef struct duckdb_table_function_ *duckdb_table_function;
typedef struct duckdb_bind_info_ *duckdb_bind_info;
typedef struct duckdb_init_info_ *duckdb_init_info;
typedef struct duckdb_function_info_ *duckdb_function_info;
typedef struct duckdb_table_description_ *duckdb_table_description;

typedef struct {
    idx_t deprecated_counts[3];
    void *deprecated_columns;
    char *deprecated_message;
    void *internal;
} duckdb_result;

/* A text in a vector: up to 12 bytes lie in it, of longer ones the first four. */
typedef struct {
    union {
        struct {
            uint32_t length;
            char prefix[4];
            char *ptr;
        } pointer;
        struct {
            uint32_t length;
            char inlined[12];
        } inlined;
    } value;
} duckdb_string_t;

typedef enum { DuckDBSuccess = 0, DuckDBError = 1 } duckdb_state;

typedef enum {
    DUCKDB_PENDING_RESULT_READY = 0,
    DUCKDB_PENDING_RESULT_NOT_READY = 1,
    DUCKDB_PENDING_ERROR = 2,
    DUCKDB_PENDING_NO_TASKS_AVAILABLE = 3
} duckdb_pending_state;

typedef enum {
    DUCKDB_TYPE_INVALID = 0,
    DUCKDB_TYPE_BOOLEAN = 1,
    DUCKDB_TYPE_TINYINT = 2,
    DUCKDB_TYPE_SMALLINT = 3,
    DUCKDB_TYPE_INTEGER = 4,
    DUCKDB_TYPE_BIGINT = 5,
    DUCKDB_TYPE_UTINYINT = 6,
    DUCKDB_TYPE_USMALLINT = 7,
    DUCKDB_TYPE_UINTEGER = 8,
    DUCKDB_TYPE_UBIGINT = 9,
    DUCKDB_TYPE_FLOAT = 10,
    DUCKDB_TYPE_DOUBLE = 11,
    DUCKDB_TYPE_TIMESTAMP = 12,
    DUCKDB_TYPE_DATE = 13,
    DUCKDB_TYPE_TIME = 14,
    DUCKDB_TYPE_VARCHAR = 17,
    DUCKDB_TYPE_BLOB = 18,
    DUCKDB_TYPE_DECIMAL = 19,
    DUCKDB_TYPE_TIMESTAMP_S = 20,
    DUCKDB_TYPE_TIMESTAMP_MS = 21,
    DUCKDB_TYPE_TIMESTAMP_NS = 22,
    DUCKDB_TYPE_LIST = 24,
    DUCKDB_TYPE_STRUCT = 25,
    DUCKDB_TYPE_MAP = 26,
    DUCKDB_TYPE_UNION = 28,
    DUCKDB_TYPE_BIT = 29,
    DUCKDB_TYPE_TIME_TZ = 30,
    DUCKDB_TYPE_TIMESTAMP_TZ = 31,
    DUCKDB_TYPE_UHUGEINT = 32,
    DUCKDB_TYPE_ARRAY = 33,
    DUCKDB_TYPE_BIGNUM = 35,
    DUCKDB_TYPE_GEOMETRY = 40,
    DUCKDB_TYPE_VARIANT = 41
} duckdb_type;

typedef void (*duckdb_destroy_t)(void *data);
typedef void (*duckdb_bind_t)(duckdb_bind_info info);
typedef void (*duckdb_init_t)(duckdb_init_info info);
typedef void (*duckdb_scan_t)(duckdb_function_info info, duckdb_data_chunk out);

/* ---- functions: result, name without duckdb_, arguments ---- */

/* clang-format off */
#define DUCKDB_FUNCTIONS(F)                                                                        \
    F(const char *, library_version, (void))                                                       \
    F(idx_t, vector_size, (void))                                                                  \
    F(void, free, (void *memory))                                                                  \
    /* instances and connections */                                                                \
    F(duckdb_state, create_config, (duckdb_config *out))                                           \
    F(duckdb_state, set_config, (duckdb_config, const char *name, const char *value))              \
    F(void, destroy_config, (duckdb_config *))                                                     \
    F(duckdb_state, open_ext,                                                                      \
      (const char *path, duckdb_database *out, duckdb_config, char **message))                     \
    F(void, close, (duckdb_database *))                                                            \
    F(duckdb_state, connect, (duckdb_database, duckdb_connection *out))                            \
    F(void, interrupt, (duckdb_connection))                                                        \
    F(void, disconnect, (duckdb_connection *))                                                     \
    /* statements */                                                                               \
    F(duckdb_state, prepare,                                                                       \
      (duckdb_connection, const char *sql, duckdb_prepared_statement *out))                        \
    F(const char *, prepare_error, (duckdb_prepared_statement))                                    \
    F(idx_t, prepared_statement_column_count, (duckdb_prepared_statement))                         \
    F(duckdb_logical_type, prepared_statement_column_logical_type,                                 \
      (duckdb_prepared_statement, idx_t column))                                                   \
    F(const char *, prepared_statement_column_name, (duckdb_prepared_statement, idx_t column))     \
    F(void, destroy_prepare, (duckdb_prepared_statement *))                                        \
    F(duckdb_state, pending_prepared, (duckdb_prepared_statement, duckdb_pending_result *out))     \
    F(duckdb_state, pending_prepared_streaming,                                                    \
      (duckdb_prepared_statement, duckdb_pending_result *out))                                     \
    F(duckdb_pending_state, pending_execute_task, (duckdb_pending_result))                         \
    F(const char *, pending_error, (duckdb_pending_result))                                        \
    F(void, destroy_pending, (duckdb_pending_result *))                                            \
    F(duckdb_state, execute_pending, (duckdb_pending_result, duckdb_result *out))                  \
    /* tables */                                                                                   \
    F(duckdb_state, table_description_create_ext,                                                  \
      (duckdb_connection, const char *catalog, const char *schema, const char *table,              \
       duckdb_table_description *out))                                                             \
    F(char *, table_description_get_column_name, (duckdb_table_description, idx_t column))         \
    F(void, table_description_destroy, (duckdb_table_description *))                               \
    /* results */                                                                                  \
    F(const char *, result_error, (duckdb_result *))                                               \
    F(idx_t, rows_changed, (duckdb_result *))                                                      \
    F(idx_t, column_count, (duckdb_result *))                                                      \
    F(const char *, column_name, (duckdb_result *, idx_t column))                                  \
    F(duckdb_logical_type, column_logical_type, (duckdb_result *, idx_t column))                   \
    F(duckdb_data_chunk, fetch_chunk, (duckdb_result))                                             \
    F(void, destroy_result, (duckdb_result *))                                                     \
    /* Arrow */                                                                                    \
    F(duckdb_arrow_options, result_get_arrow_options, (duckdb_result *))                           \
    F(void, destroy_arrow_options, (duckdb_arrow_options *))                                       \
    F(duckdb_error_data, to_arrow_schema,                                                          \
      (duckdb_arrow_options, duckdb_logical_type *types, const char **names, idx_t count,          \
       struct ArrowSchema *out))                                                                   \
    F(duckdb_error_data, data_chunk_to_arrow,                                                      \
      (duckdb_arrow_options, duckdb_data_chunk, struct ArrowArray *out))                           \
    F(bool, error_data_has_error, (duckdb_error_data))                                             \
    F(const char *, error_data_message, (duckdb_error_data))                                       \
    F(void, destroy_error_data, (duckdb_error_data *))                                             \
    /* types and values */                                                                         \
    F(duckdb_logical_type, create_logical_type, (duckdb_type))                                     \
    F(duckdb_logical_type, create_enum_type, (const char **names, idx_t count))                    \
    F(duckdb_logical_type, create_decimal_type, (uint8_t precision, uint8_t scale))                \
    F(void, logical_type_set_alias, (duckdb_logical_type, const char *alias))                      \
    F(void, destroy_logical_type, (duckdb_logical_type *))                                         \
    F(duckdb_type, get_type_id, (duckdb_logical_type))                                             \
    F(duckdb_logical_type, list_type_child_type, (duckdb_logical_type))                            \
    F(duckdb_logical_type, array_type_child_type, (duckdb_logical_type))                           \
    F(duckdb_logical_type, map_type_key_type, (duckdb_logical_type))                               \
    F(duckdb_logical_type, map_type_value_type, (duckdb_logical_type))                             \
    F(idx_t, struct_type_child_count, (duckdb_logical_type))                                       \
    F(duckdb_logical_type, struct_type_child_type, (duckdb_logical_type, idx_t child))             \
    F(idx_t, union_type_member_count, (duckdb_logical_type))                                       \
    F(duckdb_logical_type, union_type_member_type, (duckdb_logical_type, idx_t member))            \
    F(uint64_t, get_uint64, (duckdb_value))                                                        \
    F(void, destroy_value, (duckdb_value *))                                                       \
    /* chunks */                                                                                   \
    F(duckdb_vector, data_chunk_get_vector, (duckdb_data_chunk, idx_t column))                     \
    F(void, data_chunk_set_size, (duckdb_data_chunk, idx_t rows))                                  \
    F(void, destroy_data_chunk, (duckdb_data_chunk *))                                             \
    F(void *, vector_get_data, (duckdb_vector))                                                    \
    F(uint64_t *, vector_get_validity, (duckdb_vector))                                            \
    F(void, vector_ensure_validity_writable, (duckdb_vector))                                      \
    F(void, validity_set_row_invalid, (uint64_t *validity, idx_t row))                             \
    /* table functions */                                                                          \
    F(duckdb_table_function, create_table_function, (void))                                        \
    F(void, destroy_table_function, (duckdb_table_function *))                                     \
    F(void, table_function_set_name, (duckdb_table_function, const char *name))                    \
    F(void, table_function_add_parameter, (duckdb_table_function, duckdb_logical_type))            \
    F(void, table_function_set_bind, (duckdb_table_function, duckdb_bind_t))                       \
    F(void, table_function_set_init, (duckdb_table_function, duckdb_init_t))                       \
    F(void, table_function_set_function, (duckdb_table_function, duckdb_scan_t))                   \
    F(duckdb_state, register_table_function, (duckdb_connection, duckdb_table_function))           \
    F(duckdb_value, bind_get_parameter, (duckdb_bind_info, idx_t index))                           \
    F(void, bind_add_result_column, (duckdb_bind_info, const char *name, duckdb_logical_type))     \
    F(void, bind_set_cardinality, (duckdb_bind_info, idx_t rows, bool exact))                      \
    F(void, bind_set_bind_data, (duckdb_bind_info, void *data, duckdb_destroy_t))                  \
    F(void, init_set_max_threads, (duckdb_init_info, idx_t threads))                               \
    F(void *, function_get_bind_data, (duckdb_function_info))                                      \
    F(void, function_set_error, (duckdb_function_info, const char *message))
/* clang-format on */

struct duckdb_functions {
#define MEMBER(result, name, arguments) result(*name) arguments;
    DUCKDB_FUNCTIONS(MEMBER)
#undef MEMBER
};

/* Empty until duck_load (duckdb_api.h) has filled it; the same for the whole process after that. */
extern struct duckdb_functions duck;

#endif
