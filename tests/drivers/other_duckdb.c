/*
 * What a program has that is linked with another version of DuckDB, as far as a loader sees it: the
 * names, for all libraries that look for them. Whoever calls these has met the wrong engine. A
 * thread that has loaded it ends in its code, as with DuckDB's allocator.
 */
#include <pthread.h>
#include <stdlib.h>

__attribute__((visibility("default"))) int duckdb_open(const char *path, void **out);
__attribute__((visibility("default"))) void database(void) __asm__(
    "_ZN6duckdb6DuckDBC1EPKcPNS_8DBConfigE");
__attribute__((visibility("default"))) void connection(void) __asm__(
    "_ZN6duckdb10ConnectionC1ERNS_6DuckDBE");

int duckdb_open(const char *path, void **out)
{
    (void)path;
    (void)out;
    abort();
}

void database(void)
{
    abort();
}

void connection(void)
{
    abort();
}

static void end_thread(void *value)
{
    (void)value;
}

__attribute__((constructor)) static void begin(void)
{
    pthread_key_t key;
    if (pthread_key_create(&key, end_thread) != 0 || pthread_setspecific(key, "begun") != 0)
        abort();
}
