/*
 * A JSON list as PostgreSQL writes an array.
 */
#ifndef TIDEGATE_POSTGRES_VALUES_ARRAY_H
#define TIDEGATE_POSTGRES_VALUES_ARRAY_H

#include "base/buf.h"

/* [1,null,["a"]] -> {1,NULL,{"a"}}; what is no JSON list stays as it is. */
int array_literal(const char *text, size_t len, struct buf *out,
                  struct tg_error *err) TG_CHECK_RESULT;

#endif
