/*
 * What a program has that is linked with another version of DuckDB, as far as a loader sees it: the
 * names, for all libraries that look for them. Whoever calls these has met the wrong engine.
 */
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
