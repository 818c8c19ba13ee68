/*
 * Texts that are to be taken for something else: cursor_type.
 */
#ifndef TIDEGATE_EXTRACT_AS_TYPE_H
#define TIDEGATE_EXTRACT_AS_TYPE_H

#include "data/type.h"
#include "extract/cursor/cursor_value.h"

struct cursor_as {
    enum type type;     /* TYPE_NONE: each text is what it looks like */
    const char *format; /* of timestamps and dates, as strftime has it, with %f; NULL: ISO 8601 */
};

/* false: the value cannot be read as that. What is no text stays, where it is of the type. */
bool cursor_value_as(const struct cursor_as *as, struct cursor_value *value);

#endif
