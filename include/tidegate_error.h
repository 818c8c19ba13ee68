/*
 * tidegate: errors. Included by tidegate.h.
 */
#ifndef TIDEGATE_PUBLIC_ERROR_H
#define TIDEGATE_PUBLIC_ERROR_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define TG_API       __attribute__((visibility("default")))
#define TG_API_CHECK __attribute__((visibility("default"), warn_unused_result))
#else
#define TG_API
#define TG_API_CHECK
#endif

enum tg_code {
    TG_OK = 0,
    TG_USAGE = 1,       /* a call or an option is wrong (the caller's side) */
    TG_SPEC = 2,        /* the spec is wrong; `where` holds file, line and column */
    TG_NOMEM = 3,       /* out of memory, or over the memory budget */
    TG_IO = 4,          /* local disk or operating system; a full disk is one */
    TG_SOURCE = 5,      /* the source cannot be read */
    TG_DATA = 6,        /* the source was read, but what it gave is malformed or does not fit */
    TG_DESTINATION = 7, /* the destination refused; `sqlstate` is set where it gave one */
    TG_LOCKED = 8,      /* another run, or another program, holds the pipeline or the destination */
    TG_CONFLICT = 9,    /* the destination moved on since this load began; nothing was written */
    TG_CONTRACT = 10,   /* a schema contract forbids it */
    TG_CANCELLED = 11,  /* tg_pipeline_cancel was called */
    TG_INTERNAL = 12,   /* a mistake in tidegate */
    TG_LIMIT = 13       /* the load would do more than its limits allow; nothing was written */
};

/* What a program may want to tell apart within a code. New ones come at the end. */
enum tg_reason {
    TG_REASON_NONE = 0,           /* `code` says all */
    TG_REASON_CURSOR_MISSING,     /* a row has not the field of the cursor, whose path is in
                                     key_path; */
    TG_REASON_CURSOR_NULL,        /* has no value in it; */
    TG_REASON_CURSOR_TYPE,        /* has one that does not compare, or has no order */
    TG_REASON_CONTRACT_TABLES,    /* a schema contract forbids a new table, */
    TG_REASON_CONTRACT_COLUMNS,   /* a new column, */
    TG_REASON_CONTRACT_DATA_TYPE, /* a value of another type */
    TG_REASON_NOTHING_LOADED,     /* the destination has nothing of the pipeline yet */
};

/* Caller-owned, nothing to free. Zero it before the first use. `what` says what happened and what
 * to do; `where` says the place, outermost first ("resource 'person', file 'a.jsonl', line 3"), and
 * may be empty. The same place in parts follows: "" and 0 where it is not known, or has no such
 * part; texts are cut to fit. The struct keeps its size for ever: new parts come out of
 * `reserved`. */
struct tg_error {
    int code;       /* enum tg_code */
    bool retryable; /* the same call may go through later */
    char sqlstate[6];
    char where[512];
    char what[1024];
    char resource[128];
    char table[128];
    char column[128];   /* of a table, or as the source names it */
    char key_path[256]; /* of a document or a spec: the cursor's, for one */
    char file[256];     /* read, or the spec */
    uint64_t line;      /* in the file, from 1 */
    uint64_t position;  /* in the line, from 1; of a spec */
    uint64_t row;       /* of the resource, or of the file, from 1 */
    enum tg_reason reason;
    uint64_t reserved[15];
};

/* "TG_DATA" for TG_DATA; "TG_UNKNOWN" for what is no code. The text lives for ever. */
TG_API const char *tg_code_name(int code);

/* "TG_REASON_CURSOR_NULL" for it; "" for TG_REASON_NONE, "TG_UNKNOWN" for what is no reason. The
 * text lives for ever. */
TG_API const char *tg_reason_name(int reason);

/* The exit code of a program that ends with `code`: 0 done, 1 failed, 2 usage or spec, 3 locked or
 * conflict, 4 contract, 5 limit, 130 cancelled. */
TG_API int tg_code_exit(int code);

#ifdef __cplusplus
}
#endif

#endif
