/*
 * The baseline: statements run by DuckDB itself, on two threads, insertion order off, in one
 * process from open to close.
 *
 *     duckdb FILE STATEMENT...
 */
#include <duckdb.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    duckdb_database database;
    duckdb_connection connection;
    duckdb_result result;
    int failed = 0;
    if (argc < 3 || duckdb_open(argv[1], &database) != DuckDBSuccess) {
        fprintf(stderr, "usage: duckdb FILE STATEMENT...\n");
        return 2;
    }
    if (duckdb_connect(database, &connection) != DuckDBSuccess ||
        duckdb_query(connection, "SET threads = 2", NULL) != DuckDBSuccess ||
        duckdb_query(connection, "SET preserve_insertion_order = false", NULL) != DuckDBSuccess)
        failed = 1;
    for (int i = 2; i < argc && !failed; i++) {
        failed = duckdb_query(connection, argv[i], &result) != DuckDBSuccess;
        if (failed)
            fprintf(stderr, "%s\n", duckdb_result_error(&result));
        duckdb_destroy_result(&result);
    }
    duckdb_disconnect(&connection);
    duckdb_close(&database);
    return failed;
}
