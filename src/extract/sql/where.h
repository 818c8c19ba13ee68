/*
 * Which database the key `connection` means.
 */
#ifndef TIDEGATE_EXTRACT_SQL_WHERE_H
#define TIDEGATE_EXTRACT_SQL_WHERE_H

#include "base/location.h"
#include "base/memory.h"

/* A URL, or a map of location_options as JSON; what `out` borrows is the arena's. TG_SPEC. A
 * connection of the program (`given`, borrowed) stands in the place of both. */
int where_read(struct arena *arena, const char *text, const struct tg_connection *given,
               struct location *out, struct tg_error *err) TG_CHECK_RESULT;

#endif
