/*
 * DuckDB files that are open in this process. Two instances on one file destroy it, and the lock
 * that DuckDB takes on a file belongs to the process: so each file is opened once.
 */
#ifndef TIDEGATE_DATABASE_INSTANCE_H
#define TIDEGATE_DATABASE_INSTANCE_H

#include "duckdb/api.h"

struct instance;

/* One connection, with transactions of its own, and its part of the instance. */
struct instance_use {
    struct instance *instance;
    duckdb_connection con;
    bool read_only;        /* the instance is */
    size_t memory_bytes;   /* what it may take; the instance's limit is the sum */
    size_t reserved_bytes; /* in each thread: room was made for them */
};

enum instance_mode {
    INSTANCE_READS, /* beside other processes that do, and without permission to write. An instance
                       that somebody here writes with is shared, and can be written by */
    INSTANCE_WRITES,
    INSTANCE_MAKES /* the file, if it is absent */
};

/* A connection to the file, which is opened if no other connection of this process has it (the same
 * file under another name is the same). An absent one that is not made, but could be, leaves
 * out->instance NULL. TG_DESTINATION when it could not, or is no database. TG_LOCKED when another
 * process has the file, or something in this one that cannot share it: who reads, for who writes.
 */
int instance_join(const struct context *ctx, const char *path, enum instance_mode mode,
                  struct instance_use *out, struct tg_error *err) TG_CHECK_RESULT;
/* duck_reserve for one of several connections, unless that much is reserved. */
int instance_reserve(const struct context *ctx, struct instance_use *use, size_t need,
                     struct tg_error *err) TG_CHECK_RESULT;
/* The last one closes the file. A zeroed or left use is fine. */
void instance_leave(const struct context *ctx, struct instance_use *use);

#endif
