/*
 * The binary interface of ADBC 1.1, as far as a program that uses drivers has to know it: structs
 * that a driver fills, in the order that the standard gives, and the numbers and names of options.
 */
#ifndef TIDEGATE_ADBC_ABI_H
#define TIDEGATE_ADBC_ABI_H

#include <stddef.h>
#include <stdint.h>

#include "data/column.h"

typedef uint8_t adbc_status;

enum {
    ADBC_OK = 0,
    ADBC_UNKNOWN = 1,
    ADBC_NOT_IMPLEMENTED = 2,
    ADBC_NOT_FOUND = 3,
    ADBC_ALREADY_EXISTS = 4,
    ADBC_INVALID_ARGUMENT = 5,
    ADBC_INVALID_STATE = 6,
    ADBC_INVALID_DATA = 7,
    ADBC_INTEGRITY = 8,
    ADBC_INTERNAL = 9,
    ADBC_IO = 10,
    ADBC_CANCELLED = 11,
    ADBC_TIMEOUT = 12,
    ADBC_UNAUTHENTICATED = 13,
    ADBC_UNAUTHORIZED = 14
};

enum { ADBC_VERSION_1_0 = 1000000, ADBC_VERSION_1_1 = 1001000 };
enum { ADBC_INFO_VENDOR_NAME = 0 };

/* Says in vendor_code that the error has the fields of 1.1. */
#define ADBC_ERROR_IS_1_1 INT32_MIN

struct AdbcDriver;

struct AdbcError {
    char *message;
    int32_t vendor_code;
    char sqlstate[5]; /* without an end */
    void (*release)(struct AdbcError *error);
    void *private_data;
    struct AdbcDriver *private_driver;
};

struct AdbcErrorDetail {
    const char *key;
    const uint8_t *value;
    size_t value_length;
};

/* All that a driver keeps behind one of its things. */
struct AdbcDatabase {
    void *private_data;
    struct AdbcDriver *private_driver;
};
struct AdbcConnection {
    void *private_data;
    struct AdbcDriver *private_driver;
};
struct AdbcStatement {
    void *private_data;
    struct AdbcDriver *private_driver;
};
struct AdbcPartitions;

/* The functions that read or set an option of a thing, by the type of its value. */
#define ADBC_GETTERS(thing)                                                                        \
    adbc_status (*thing##GetOption)(struct Adbc##thing *, const char *, char *, size_t *,          \
                                    struct AdbcError *);                                           \
    adbc_status (*thing##GetOptionBytes)(struct Adbc##thing *, const char *, uint8_t *, size_t *,  \
                                         struct AdbcError *);                                      \
    adbc_status (*thing##GetOptionDouble)(struct Adbc##thing *, const char *, double *,            \
                                          struct AdbcError *);                                     \
    adbc_status (*thing##GetOptionInt)(struct Adbc##thing *, const char *, int64_t *,              \
                                       struct AdbcError *)
#define ADBC_SETTERS(thing)                                                                        \
    adbc_status (*thing##SetOptionBytes)(struct Adbc##thing *, const char *, const uint8_t *,      \
                                         size_t, struct AdbcError *);                              \
    adbc_status (*thing##SetOptionDouble)(struct Adbc##thing *, const char *, double,              \
                                          struct AdbcError *);                                     \
    adbc_status (*thing##SetOptionInt)(struct Adbc##thing *, const char *, int64_t,                \
                                       struct AdbcError *)

struct AdbcDriver {
    void *private_data;
    void *private_manager;
    adbc_status (*release)(struct AdbcDriver *, struct AdbcError *);
    /* 1.0 */
    adbc_status (*DatabaseInit)(struct AdbcDatabase *, struct AdbcError *);
    adbc_status (*DatabaseNew)(struct AdbcDatabase *, struct AdbcError *);
    adbc_status (*DatabaseSetOption)(struct AdbcDatabase *, const char *, const char *,
                                     struct AdbcError *);
    adbc_status (*DatabaseRelease)(struct AdbcDatabase *, struct AdbcError *);
    adbc_status (*ConnectionCommit)(struct AdbcConnection *, struct AdbcError *);
    adbc_status (*ConnectionGetInfo)(struct AdbcConnection *, const uint32_t *, size_t,
                                     struct ArrowArrayStream *, struct AdbcError *);
    adbc_status (*ConnectionGetObjects)(struct AdbcConnection *, int, const char *, const char *,
                                        const char *, const char **, const char *,
                                        struct ArrowArrayStream *, struct AdbcError *);
    adbc_status (*ConnectionGetTableSchema)(struct AdbcConnection *, const char *, const char *,
                                            const char *, struct ArrowSchema *, struct AdbcError *);
    adbc_status (*ConnectionGetTableTypes)(struct AdbcConnection *, struct ArrowArrayStream *,
                                           struct AdbcError *);
    adbc_status (*ConnectionInit)(struct AdbcConnection *, struct AdbcDatabase *,
                                  struct AdbcError *);
    adbc_status (*ConnectionNew)(struct AdbcConnection *, struct AdbcError *);
    adbc_status (*ConnectionSetOption)(struct AdbcConnection *, const char *, const char *,
                                       struct AdbcError *);
    adbc_status (*ConnectionReadPartition)(struct AdbcConnection *, const uint8_t *, size_t,
                                           struct ArrowArrayStream *, struct AdbcError *);
    adbc_status (*ConnectionRelease)(struct AdbcConnection *, struct AdbcError *);
    adbc_status (*ConnectionRollback)(struct AdbcConnection *, struct AdbcError *);
    adbc_status (*StatementBind)(struct AdbcStatement *, struct ArrowArray *, struct ArrowSchema *,
                                 struct AdbcError *);
    adbc_status (*StatementBindStream)(struct AdbcStatement *, struct ArrowArrayStream *,
                                       struct AdbcError *);
    adbc_status (*StatementExecuteQuery)(struct AdbcStatement *, struct ArrowArrayStream *,
                                         int64_t *, struct AdbcError *);
    adbc_status (*StatementExecutePartitions)(struct AdbcStatement *, struct ArrowSchema *,
                                              struct AdbcPartitions *, int64_t *,
                                              struct AdbcError *);
    adbc_status (*StatementGetParameterSchema)(struct AdbcStatement *, struct ArrowSchema *,
                                               struct AdbcError *);
    adbc_status (*StatementNew)(struct AdbcConnection *, struct AdbcStatement *,
                                struct AdbcError *);
    adbc_status (*StatementPrepare)(struct AdbcStatement *, struct AdbcError *);
    adbc_status (*StatementRelease)(struct AdbcStatement *, struct AdbcError *);
    adbc_status (*StatementSetOption)(struct AdbcStatement *, const char *, const char *,
                                      struct AdbcError *);
    adbc_status (*StatementSetSqlQuery)(struct AdbcStatement *, const char *, struct AdbcError *);
    adbc_status (*StatementSetSubstraitPlan)(struct AdbcStatement *, const uint8_t *, size_t,
                                             struct AdbcError *);
    /* 1.1 */
    int (*ErrorGetDetailCount)(const struct AdbcError *);
    struct AdbcErrorDetail (*ErrorGetDetail)(const struct AdbcError *, int);
    const struct AdbcError *(*ErrorFromArrayStream)(struct ArrowArrayStream *, adbc_status *);
    ADBC_GETTERS(Database);
    ADBC_SETTERS(Database);
    adbc_status (*ConnectionCancel)(struct AdbcConnection *, struct AdbcError *);
    ADBC_GETTERS(Connection);
    adbc_status (*ConnectionGetStatistics)(struct AdbcConnection *, const char *, const char *,
                                           const char *, char, struct ArrowArrayStream *,
                                           struct AdbcError *);
    adbc_status (*ConnectionGetStatisticNames)(struct AdbcConnection *, struct ArrowArrayStream *,
                                               struct AdbcError *);
    ADBC_SETTERS(Connection);
    adbc_status (*StatementCancel)(struct AdbcStatement *, struct AdbcError *);
    adbc_status (*StatementExecuteSchema)(struct AdbcStatement *, struct ArrowSchema *,
                                          struct AdbcError *);
    ADBC_GETTERS(Statement);
    ADBC_SETTERS(Statement);
};

/* What a driver's library has under the name of its entry point. `driver` points to a struct
 * AdbcDriver of that version. */
typedef adbc_status (*adbc_init)(int version, void *driver, struct AdbcError *error);

#endif
