/*
 * libpq: found and loaded at run time, once for the process, when the first server is named.
 *
 * Path: pq_load -> load -> libpq.so.5 by the loader's own search -> fill (every function of the
 * list). What is there is kept until the process ends.
 *
 * What is done with the functions is the other files'.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

#include "postgres/functions.h"

struct pq_functions pq;

/* Set once, under the lock. */
static struct {
    pthread_mutex_t lock;
    void *handle;
} loaded_library = {.lock = PTHREAD_MUTEX_INITIALIZER};

static const struct {
    const char *name;
    size_t offset;
} symbols[] = {
#define SYMBOL(result, name, arguments) {"PQ" #name, offsetof(struct pq_functions, name)},
    PQ_FUNCTIONS(SYMBOL)
#undef SYMBOL
};

enum { SYMBOL_COUNT = sizeof(symbols) / sizeof(symbols[0]) };

static const char library_name[] = "libpq.so.5";

static int fill(void *handle, struct pq_functions *out, struct tg_error *err)
{
    for (size_t i = 0; i < SYMBOL_COUNT; i++) {
        void *address = dlsym(handle, symbols[i].name);
        if (!address)
            return error_set(err, TG_USAGE,
                             "PostgreSQL's client library %s has no %s; install a newer one "
                             "(Debian: apt install libpq5)",
                             library_name, symbols[i].name);
        memcpy((char *)out + symbols[i].offset, &address, sizeof(address));
    }
    return TG_OK;
}

static int load(struct tg_error *err)
{
    struct pq_functions functions = {0};
    void *handle = dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        return error_set(
            err, TG_USAGE,
            "PostgreSQL's client library cannot be loaded (%s); install it (Debian: "
            "apt install libpq5; Fedora: dnf install libpq; Alpine: apk add libpq), or "
            "put the folder of %s into LD_LIBRARY_PATH",
            dlerror(), library_name);
    int rc = fill(handle, &functions, err);
    if (rc != TG_OK)
        return rc; /* it stays where it is: a thread that went through it ends in its code */
    pq = functions;
    loaded_library.handle = handle;
    return TG_OK;
}

int pq_load(struct tg_error *err)
{
    pthread_mutex_lock(&loaded_library.lock);
    int rc = loaded_library.handle ? TG_OK : load(err);
    pthread_mutex_unlock(&loaded_library.lock);
    return rc;
}
