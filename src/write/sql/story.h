/*
 * What a database knows of the rows of a key.
 */
#ifndef TIDEGATE_WRITE_STORY_H
#define TIDEGATE_WRITE_STORY_H

#include "database/connection.h"
#include "write/destination.h"

/* destination_story, in a transaction that looks. */
int story_tell(struct connection *con, const char *dataset, const struct story_request *request,
               struct story *out, struct tg_error *err) TG_CHECK_RESULT;

#endif
