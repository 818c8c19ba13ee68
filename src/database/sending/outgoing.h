/*
 * Rows on their way to a database by somebody else's function, which takes the stream over.
 */
#ifndef TIDEGATE_DATABASE_SENDING_OUTGOING_H
#define TIDEGATE_DATABASE_SENDING_OUTGOING_H

#include "data/batch.h"
#include "database/dialect.h"

struct outgoing; /* opaque */

/* A stream (*out) over `inner` (borrowed), whose columns of types that the dialect stores as texts
 * (text_types) are texts. The taker may release it at any time. */
int outgoing_new(const struct dialect *dialect, struct ArrowArrayStream *inner,
                 struct outgoing **self, struct ArrowArrayStream *out,
                 struct tg_error *err) TG_CHECK_RESULT;
/* Has anybody asked for rows? */
bool outgoing_began(const struct outgoing *outgoing);
/* What the rows failed with, whatever the taker made of it; TG_OK: they did not. */
int outgoing_error(const struct outgoing *outgoing, struct tg_error *err) TG_CHECK_RESULT;
void outgoing_free(struct outgoing *outgoing); /* after the stream was released; NULL is fine */

#endif
