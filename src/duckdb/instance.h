/*
 * DuckDB in this process: instances in memory, in which the engine works, and to which database
 * files are attached. Two instances on one file destroy it, and the lock that DuckDB takes on a
 * file belongs to the process: so each file is attached once.
 */
#ifndef TIDEGATE_DATABASE_INSTANCE_H
#define TIDEGATE_DATABASE_INSTANCE_H

#include "duckdb/api.h"

struct instance;

/* One connection, with transactions of its own, and its part of the instance. */
struct instance_use {
    struct instance *instance;
    duckdb_connection con;
    size_t memory_bytes;   /* what it may take; the instance's limit is the sum */
    size_t spared_bytes;   /* of that: what it leaves alone */
    size_t reserved_bytes; /* in each thread: room was made for them */
    bool is_narrow;        /* there is room for one thread alone */
    bool is_alone;         /* one thread is wanted */
    bool of_file;
    bool read_only; /* the file is */
};

enum instance_mode {
    INSTANCE_READS, /* beside other processes that do, and without permission to write. An instance
                       that somebody here writes with is shared, and can be written by */
    INSTANCE_WRITES,
    INSTANCE_MAKES /* the file, if it is absent */
};

/* A connection to the file, which is attached if no other connection of this process has it (the
 * same file under another name is the same), to the instance that is held for the context if there
 * is one. An absent one that is not made, but could be, leaves out->instance NULL. TG_DESTINATION
 * when it could not, or is no database. TG_LOCKED when another process has the file, or something
 * in this one that cannot share it: who reads, for who writes. */
int instance_join(const struct context *ctx, const char *path, enum instance_mode mode,
                  struct instance_use *out, struct tg_error *err) TG_CHECK_RESULT;
/* Makes room for a statement that needs `need` bytes in each thread, unless that much is reserved:
 * with one thread if more would not fit, and with a higher limit if one doesn't. */
int instance_reserve(const struct context *ctx, struct instance_use *use, size_t need,
                     struct tg_error *err) TG_CHECK_RESULT;
/* The use takes no more than `bytes` from here on, although it may; 0: it does. DuckDB keeps what
 * it has written for as long as there is room. */
int instance_bound(const struct context *ctx, struct instance_use *use, size_t bytes,
                   struct tg_error *err) TG_CHECK_RESULT;
/* Whether one thread works in the instance, the caller's, or as many as there is room for. */
int instance_alone(const struct context *ctx, struct instance_use *use, bool alone,
                   struct tg_error *err) TG_CHECK_RESULT;
/* The last one gives up the file. A zeroed or left use is fine. */
void instance_leave(const struct context *ctx, struct instance_use *use);

/* The instance of a context, which once it was opened stays so until the last one that holds it
 * releases it. `temp_dir` (copied) is where it may spill. */
int instance_hold(const struct context *ctx, const char *temp_dir, struct instance **out,
                  struct tg_error *err) TG_CHECK_RESULT;
void instance_release(struct instance *instance); /* NULL is fine */
/* A connection to what is in memory, opened if it was not. */
int instance_work(const struct context *ctx, struct instance *instance, size_t memory_bytes,
                  struct instance_use *out, struct tg_error *err) TG_CHECK_RESULT;
/* One more connection beside that of a use; any thread may call it. */
int instance_connect(const struct instance_use *use, duckdb_connection *out,
                     struct tg_error *err) TG_CHECK_RESULT;

#endif
