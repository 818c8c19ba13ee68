/*
 * A database file as a catalog of an instance in memory, from which it can be taken away again.
 */
#ifndef TIDEGATE_DUCKDB_ATTACH_H
#define TIDEGATE_DUCKDB_ATTACH_H

#include "duckdb/api.h"
#include "duckdb/place.h"

struct attached {
    char *path;   /* NULL: nothing is */
    char *name;   /* of the catalog: that of the file */
    char *detach; /* the statement: nothing need be made for it */
    dev_t device;
    ino_t inode;
    bool read_only; /* other processes may have it so, too */
    int folder;     /* held open where the path is none for SQL; else -1 */
};

/* The file is made if it is not there. TG_LOCKED when another process has it. */
int attach_file(const struct context *ctx, duckdb_database database, struct place *place,
                bool reads, struct attached *out, struct tg_error *err) TG_CHECK_RESULT;
/* Whatever the connection asks for is asked of the file from here on. */
int attach_use(const struct context *ctx, duckdb_connection con, const struct attached *file,
               struct tg_error *err) TG_CHECK_RESULT;
/* No connection uses it. It stays attached on failure. */
int attach_end(duckdb_database database, struct attached *file,
               struct tg_error *err) TG_CHECK_RESULT;
/* Of an instance that is closed. */
void attach_forget(struct attached *file);

#endif
