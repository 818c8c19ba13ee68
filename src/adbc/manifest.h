/*
 * A driver's manifest: a file that says where the library is.
 */
#ifndef TIDEGATE_ADBC_MANIFEST_H
#define TIDEGATE_ADBC_MANIFEST_H

#include "base/memory.h"

struct adbc_manifest {
    const char *library;    /* a path, or a name for the loader; in the arena, as all here */
    const char *entrypoint; /* NULL: not said */
};

/* Reads the file `path`. TG_USAGE names it and what is wrong; TG_IO. */
int manifest_load(const char *path, struct arena *arena, struct adbc_manifest *out,
                  struct tg_error *err) TG_CHECK_RESULT;

#endif
