/*
 * Preloaded into tests with the address sanitizer: what DuckDB makes for itself alone is not
 * watched, which costs more than all the rest of a load (it makes thousands of functions whenever
 * it opens a database).
 *
 * Path: dlsym, by which the library is bound, gives the functions below in place of DuckDB's; while
 * one of them runs, operator new takes from the C library, past the sanitizer.
 *
 * Watched as ever: our own code; malloc and new[], which is where DuckDB's values lie; every handle
 * and result, as they are made by other functions than these or hold something that is watched, so
 * that one that is not given back is reported; what DuckDB's own threads do.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>

#define EXPORT __attribute__((visibility("default")))

typedef int duckdb_function(void *, void *, void *, void *);

/* The sanitizer's, if the program has it. */
extern int __sanitizer_get_ownership(const volatile void *memory) __attribute__((weak));
/* The C library's, which the sanitizer puts its own before. */
extern void *__libc_malloc(size_t size);
extern void __libc_free(void *memory);

static _Thread_local bool is_inside __attribute__((tls_model("initial-exec")));
static duckdb_function *real_open, *real_prepare, *real_execute;

static int call(duckdb_function *function, void *a, void *b, void *c, void *d)
{
    bool was_inside = is_inside;
    is_inside = true;
    int state = function(a, b, c, d);
    is_inside = was_inside;
    return state;
}

static int open_unwatched(void *path, void *out, void *config, void *error)
{
    return call(real_open, path, out, config, error);
}

static int prepare_unwatched(void *con, void *query, void *out, void *none)
{
    return call(real_prepare, con, query, out, none);
}

static int execute_unwatched(void *pending, void *b, void *c, void *d)
{
    return call(real_execute, pending, b, c, d);
}

static const struct {
    const char *name;
    duckdb_function **real, *ours;
} functions[] = {
    {"duckdb_open_ext", &real_open, open_unwatched},
    {"duckdb_prepare", &real_prepare, prepare_unwatched},
    {"duckdb_pending_execute_task", &real_execute, execute_unwatched},
};

/* The sanitizer asks for functions before its own strcmp works. */
static bool is_same(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

static void *find(void *library, const char *name)
{
    static void *(*real)(void *, const char *);
    if (!real)
        *(void **)&real = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");
    return real(library, name);
}

EXPORT void *dlsym(void *restrict library, const char *restrict name)
{
    void *found = find(library, name);
    for (size_t i = 0; found && i < sizeof(functions) / sizeof(functions[0]); i++)
        if (is_same(name, functions[i].name)) {
            *(void **)functions[i].real = found;
            return *(void *const *)&functions[i].ours;
        }
    return found;
}

/* What C++ would do: throws where there is no memory. */
static void *make(size_t size)
{
    static void *(*real)(size_t);
    if (!real)
        *(void **)&real = find(RTLD_NEXT, "_Znwm");
    void *memory = real ? real(size) : malloc(size);
    if (!memory)
        abort();
    return memory;
}

/* operator new(size_t) */
EXPORT void *_Znwm(size_t size)
{
    void *memory = is_inside ? __libc_malloc(size) : NULL;
    return memory ? memory : make(size);
}

/* operator delete(void *) */
EXPORT void _ZdlPv(void *memory)
{
    if (!memory || !__sanitizer_get_ownership || __sanitizer_get_ownership(memory))
        free(memory);
    else
        __libc_free(memory);
}

/* operator delete(void *, size_t) */
EXPORT void _ZdlPvm(void *memory, size_t size)
{
    (void)size;
    _ZdlPv(memory);
}
