/*
 * One ADBC driver, loaded: its functions, none of them NULL, and its errors as ours.
 */
#ifndef TIDEGATE_ADBC_DRIVER_H
#define TIDEGATE_ADBC_DRIVER_H

#include "adbc/abi.h"
#include "adbc/search.h"

struct driver {
    struct AdbcDriver table;
    const char *name; /* as it was asked for; borrowed */
};

/* Finds and loads a driver (search.h). `entrypoint` (NULL: the manifest's, or the usual names) is
 * the name of the function that fills its table. What a driver lacks says NOT_IMPLEMENTED. TG_USAGE
 * where it is not there (says what was searched), or of another version of ADBC. Its library stays
 * loaded until the process ends. */
int driver_load(const char *name, const char *entrypoint, search_variable variable,
                struct driver *out, struct tg_error *err) TG_CHECK_RESULT;
void driver_release(struct driver *driver);

/* An error to be filled by a driver's function. */
#define DRIVER_ERROR                                                                               \
    {                                                                                              \
        .vendor_code = ADBC_ERROR_IS_1_1                                                           \
    }
/* What a call gave as ours, with message, SQLSTATE, vendor code and details; the error is released,
 * also where all went well. TG_CANCELLED, TG_LOCKED (a timeout), else TG_DESTINATION. */
int driver_check(const struct driver *driver, adbc_status status, struct AdbcError *error,
                 struct tg_error *err) TG_CHECK_RESULT;
/* The same of a stream that failed with `errnum`; false: it has nothing better to say than its
 * own message. */
bool driver_stream_error(const struct driver *driver, struct ArrowArrayStream *stream,
                         struct tg_error *err);

#endif
