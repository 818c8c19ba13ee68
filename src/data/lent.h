/*
 * A stream of ours in somebody else's hands, for the time of a call.
 */
#ifndef TIDEGATE_DATA_LENT_H
#define TIDEGATE_DATA_LENT_H

#include "data/batch.h"

struct lent {
    struct ArrowArrayStream stream; /* what is handed over; its release leaves ours alone */
    struct ArrowArrayStream *inner;
    struct tg_error err; /* of ours */
    bool ended;
};

void stream_lend(struct ArrowArrayStream *stream, struct lent *out);
/* The call has returned `rc`: what went wrong in our stream comes first, and it must have been read
 * to its end. */
int stream_lent(struct lent *lent, int rc, struct tg_error *err) TG_CHECK_RESULT;

#endif
