/*
 * Which database the key `connection` means.
 */
#ifndef TIDEGATE_EXTRACT_SQL_WHERE_H
#define TIDEGATE_EXTRACT_SQL_WHERE_H

#include "base/location.h"
#include "base/memory.h"
#include "base/option.h"

/* Of the map that may stand in place of a URL. */
extern const struct option where_options[];

/* A URL, or that map as JSON; what `out` borrows is the arena's. TG_SPEC. */
int where_read(struct arena *arena, const char *text, struct location *out,
               struct tg_error *err) TG_CHECK_RESULT;

#endif
