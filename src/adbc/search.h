/*
 * Where drivers lie: from the name that people write to a library that can be loaded.
 */
#ifndef TIDEGATE_ADBC_SEARCH_H
#define TIDEGATE_ADBC_SEARCH_H

#include "base/buf.h"
#include "base/memory.h"

/* A variable of the environment; NULL: it is not set. */
typedef const char *(*search_variable)(const char *name);

struct search_result {
    const char *library;    /* for dlopen; in the arena */
    const char *entrypoint; /* of a manifest; NULL: not said */
    struct buf searched;    /* for a message: where it was looked for; to be released */
};

/* `name` is a path (it has a slash) of a library or of a manifest (it ends in .toml), or a name.
 * One that is found nowhere is left to the loader's own search. TG_USAGE for a manifest that is
 * wrong.
 */
int search_driver(const char *name, search_variable variable, struct arena *arena,
                  struct search_result *out, struct tg_error *err) TG_CHECK_RESULT;

/* The bare name of a driver: "sqlite" of sqlite, adbc_driver_sqlite, /lib/libadbc_driver_sqlite.so
 * and sqlite.toml. */
int search_bare_name(const char *name, struct buf *out, struct tg_error *err) TG_CHECK_RESULT;

#endif
