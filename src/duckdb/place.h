/*
 * What the path of a database file leads to: where it lies, whether it is there, whether it may be
 * written.
 */
#ifndef TIDEGATE_DUCKDB_PLACE_H
#define TIDEGATE_DUCKDB_PLACE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/error.h"

struct place {
    char path[PATH_MAX]; /* absolute, without links: the database's log lies beside the file */
    bool exists;
    struct stat info; /* if it does */
};

/* `reads`: nobody will write there. TG_DESTINATION: no file that could be read, or written or made;
 * says why. */
int place_find(const char *path, bool reads, struct place *out,
               struct tg_error *err) TG_CHECK_RESULT;

#endif
