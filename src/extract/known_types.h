/*
 * What is known of the types of a resource's columns while it is read, for formats that have none
 * of their own.
 */
#ifndef TIDEGATE_EXTRACT_KNOWN_TYPES_H
#define TIDEGATE_EXTRACT_KNOWN_TYPES_H

#include "base/error.h"
#include "data/type.h"

struct known_types {
    /* The type of the column for a name of the source; TYPE_NONE: not known. NULL: none is. */
    int (*find)(void *user, const char *name, struct type_spec *out, struct tg_error *err);
    void *user;
};

#endif
