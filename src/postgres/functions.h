/*
 * libpq as far as it is used here: types, and one list of functions, of which the table `pq` is
 * made. The table is filled at run time (library.c): a run without PostgreSQL needs no libpq. What
 * is declared here has been the same since PostgreSQL 9.
 * Only the files of this folder include it.
 */
#ifndef TIDEGATE_POSTGRES_FUNCTIONS_H
#define TIDEGATE_POSTGRES_FUNCTIONS_H

#include "base/error.h"

/* ---- types ---- */

typedef struct pg_conn PGconn;
typedef struct pg_result PGresult;
typedef struct pg_cancel PGcancel;
typedef unsigned int Oid;

/* One of the parameters that say where a server is. */
typedef struct {
    char *keyword;
    char *envvar;
    char *compiled;
    char *val; /* NULL: not given */
    char *label;
    char *dispchar;
    int dispsize;
} PQconninfoOption;

typedef enum { CONNECTION_OK = 0, CONNECTION_BAD = 1 } ConnStatusType; /* there are more */

typedef enum {
    PGRES_POLLING_FAILED = 0,
    PGRES_POLLING_READING = 1,
    PGRES_POLLING_WRITING = 2,
    PGRES_POLLING_OK = 3
} PostgresPollingStatusType;

typedef enum {
    PGRES_EMPTY_QUERY = 0,
    PGRES_COMMAND_OK = 1,
    PGRES_TUPLES_OK = 2,
    PGRES_COPY_OUT = 3,
    PGRES_COPY_IN = 4,
    PGRES_FATAL_ERROR = 7,
    PGRES_COPY_BOTH = 8,
    PGRES_SINGLE_TUPLE = 9
} ExecStatusType;

typedef enum {
    PQTRANS_IDLE = 0,
    PQTRANS_ACTIVE = 1,
    PQTRANS_INTRANS = 2,
    PQTRANS_INERROR = 3
} PGTransactionStatusType;

typedef enum { PQERRORS_VERBOSE = 2 } PGVerbosity;

typedef void (*PQnoticeReceiver)(void *arg, const PGresult *notice);

/* Fields of an error. */
enum {
    PG_DIAG_SEVERITY_NONLOCALIZED = 'V',
    PG_DIAG_SQLSTATE = 'C',
    PG_DIAG_MESSAGE_PRIMARY = 'M',
    PG_DIAG_MESSAGE_DETAIL = 'D',
    PG_DIAG_MESSAGE_HINT = 'H',
    PG_DIAG_STATEMENT_POSITION = 'P',
    PG_DIAG_CONTEXT = 'W',
    PG_DIAG_SOURCE_FUNCTION = 'R',
    PG_DIAG_TABLE_NAME = 't',
    PG_DIAG_COLUMN_NAME = 'c'
};

/* ---- functions: result, name without PQ, arguments ---- */

/* clang-format off */
#define PQ_FUNCTIONS(F)                                                                            \
    F(int, libVersion, (void))                                                                     \
    F(void, freemem, (void *memory))                                                               \
    /* where a server is */                                                                        \
    F(PQconninfoOption *, conninfoParse, (const char *conninfo, char **message))                   \
    F(PQconninfoOption *, conninfo, (PGconn *))                                                    \
    F(void, conninfoFree, (PQconninfoOption *))                                                    \
    F(char *, host, (const PGconn *))                                                              \
    F(char *, port, (const PGconn *))                                                              \
    F(char *, db, (const PGconn *))                                                                \
    /* connections */                                                                              \
    F(PGconn *, connectStartParams,                                                                \
      (const char *const *keywords, const char *const *values, int expand_dbname))                 \
    F(PostgresPollingStatusType, connectPoll, (PGconn *))                                          \
    F(ConnStatusType, status, (const PGconn *))                                                    \
    F(PGTransactionStatusType, transactionStatus, (const PGconn *))                                \
    F(int, connectionNeedsPassword, (const PGconn *))                                              \
    F(char *, errorMessage, (const PGconn *))                                                      \
    F(int, serverVersion, (const PGconn *))                                                        \
    F(int, backendPID, (const PGconn *))                                                           \
    F(int, socket, (const PGconn *))                                                               \
    F(PGVerbosity, setErrorVerbosity, (PGconn *, PGVerbosity))                                     \
    F(PQnoticeReceiver, setNoticeReceiver, (PGconn *, PQnoticeReceiver, void *arg))                \
    F(int, setnonblocking, (PGconn *, int on))                                                     \
    F(void, finish, (PGconn *))                                                                    \
    F(PGcancel *, getCancel, (PGconn *))                                                           \
    F(int, cancel, (PGcancel *, char *message, int size))                                          \
    F(void, freeCancel, (PGcancel *))                                                              \
    /* statements */                                                                               \
    F(int, sendQuery, (PGconn *, const char *sql))                                                 \
    F(int, sendQueryParams,                                                                        \
      (PGconn *, const char *sql, int count, const Oid *types, const char *const *values,          \
       const int *lengths, const int *formats, int result_format))                                 \
    F(int, sendPrepare,                                                                            \
      (PGconn *, const char *name, const char *sql, int count, const Oid *types))                  \
    F(int, sendDescribePrepared, (PGconn *, const char *name))                                     \
    F(int, setSingleRowMode, (PGconn *))                                                           \
    F(int, flush, (PGconn *))                                                                      \
    F(int, consumeInput, (PGconn *))                                                               \
    F(int, isBusy, (PGconn *))                                                                     \
    F(PGresult *, getResult, (PGconn *))                                                           \
    F(int, putCopyData, (PGconn *, const char *bytes, int len))                                    \
    F(int, putCopyEnd, (PGconn *, const char *reason))                                             \
    F(int, getCopyData, (PGconn *, char **bytes, int async))                                       \
    /* results */                                                                                  \
    F(ExecStatusType, resultStatus, (const PGresult *))                                            \
    F(char *, resultErrorMessage, (const PGresult *))                                              \
    F(char *, resultErrorField, (const PGresult *, int field))                                     \
    F(char *, cmdStatus, (PGresult *))                                                             \
    F(char *, cmdTuples, (PGresult *))                                                             \
    F(int, ntuples, (const PGresult *))                                                            \
    F(int, nfields, (const PGresult *))                                                            \
    F(char *, fname, (const PGresult *, int column))                                               \
    F(Oid, ftype, (const PGresult *, int column))                                                  \
    F(int, fmod, (const PGresult *, int column))                                                   \
    F(int, getisnull, (const PGresult *, int row, int column))                                     \
    F(char *, getvalue, (const PGresult *, int row, int column))                                   \
    F(int, getlength, (const PGresult *, int row, int column))                                     \
    F(void, clear, (PGresult *))
/* clang-format on */

struct pq_functions {
#define MEMBER(result, name, arguments) result(*name) arguments;
    PQ_FUNCTIONS(MEMBER)
#undef MEMBER
};

/* Empty until pq_load has filled it; the same for the whole process after that. */
extern struct pq_functions pq;

/* Finds and loads libpq (library.c). TG_USAGE: it is not there, and what to install. */
int pq_load(struct tg_error *err) TG_CHECK_RESULT;

#endif
