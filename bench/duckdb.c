/*
 * The baseline: statements run by DuckDB itself, on two threads, insertion order off, in one
 * process from open to close.
 *
 *     duckdb FILE STATEMENT...
 *
 * It is the DuckDB that tidegate takes: of $TIDEGATE_DUCKDB, else the one that was brought.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tidegate.h"

typedef struct {
    void *members[6];
} result_t;

static struct {
    int (*open)(const char *path, void **database);
    int (*connect)(void *database, void **connection);
    int (*query)(void *connection, const char *sql, result_t *result);
    const char *(*error)(result_t *result);
    void (*destroy)(result_t *result);
    void (*disconnect)(void **connection);
    void (*close)(void **database);
} duckdb;

static int load(void)
{
    static const char *const names[] = {"open",           "connect",    "query", "result_error",
                                        "destroy_result", "disconnect", "close"};
    struct tg_engine engine;
    struct tg_error err = {0};
    int failed = tg_engine_find(&engine, &err) != TG_OK;
    void *library = failed ? NULL : dlopen(engine.path, RTLD_NOW);
    if (!library)
        fprintf(stderr, "%s\n", failed ? err.what : dlerror());
    for (size_t i = 0; library && i < sizeof(names) / sizeof(names[0]); i++) {
        char name[64];
        snprintf(name, sizeof(name), "duckdb_%s", names[i]);
        void *address = dlsym(library, name);
        memcpy((char *)&duckdb + i * sizeof(address), &address, sizeof(address));
        if (!address)
            return 1;
    }
    return !library;
}

int main(int argc, char **argv)
{
    void *database = NULL, *connection = NULL;
    result_t result;
    int failed = 0;
    if (load() != 0 || argc < 3 || duckdb.open(argv[1], &database) != 0) {
        fprintf(stderr, "usage: duckdb FILE STATEMENT...\n");
        return 2;
    }
    if (duckdb.connect(database, &connection) != 0 ||
        duckdb.query(connection, "SET threads = 2", NULL) != 0 ||
        duckdb.query(connection, "SET preserve_insertion_order = false", NULL) != 0)
        failed = 1;
    for (int i = 2; i < argc && !failed; i++) {
        failed = duckdb.query(connection, argv[i], &result) != 0;
        if (failed)
            fprintf(stderr, "%s\n", duckdb.error(&result));
        duckdb.destroy(&result);
    }
    duckdb.disconnect(&connection);
    duckdb.close(&database);
    return failed;
}
