/*
 * What a failure to write means for the package.
 *
 *   destination_write -> write_fate_of -> the folder follows (src/run/settle.c)
 *
 * Only a failure that another try may not meet leaves the package where it is; which commits are
 * unknown is for who writes to say.
 */
#include <string.h>

#include "write/destination.h"

/* SQLSTATE of rows that were changed by others meanwhile: no reason why the load could not be
 * written after them. A state that has moved on is one. */
static const char serialization_failure[] = "40001";

enum write_fate write_fate_of(int rc, const struct tg_error *err)
{
    if (rc == TG_OK)
        return FATE_WRITTEN;
    if (rc == TG_CONFLICT && strcmp(err->sqlstate, serialization_failure) != 0)
        return FATE_PASSED;
    bool later = err->retryable || rc == TG_CANCELLED || rc == TG_LOCKED || rc == TG_NOMEM;
    return later ? FATE_WAITS : FATE_REFUSED;
}
