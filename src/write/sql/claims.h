/*
 * Windows of a plan, and who has them (claims.c).
 */
#ifndef TIDEGATE_WRITE_CLAIMS_H
#define TIDEGATE_WRITE_CLAIMS_H

#include "database/connection.h"
#include "package/manifest.h"
#include "write/claim.h"

int claims_take(struct connection *con, const char *dataset, const struct claim_request *request,
                struct claims *out, struct tg_error *err) TG_CHECK_RESULT;
int claims_release_owner(struct connection *con, const char *dataset, const char *pipeline,
                         const char *owner, struct tg_error *err) TG_CHECK_RESULT;
/* In the transaction that has written a window's rows: it is loaded, unless somebody else has it by
 * now. TG_CONFLICT. */
int claims_finish(struct connection *con, const struct manifest *manifest,
                  struct tg_error *err) TG_CHECK_RESULT;

#endif
