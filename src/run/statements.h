/*
 * A session in which a program runs statements of its own.
 */
#ifndef TIDEGATE_RUN_STATEMENTS_H
#define TIDEGATE_RUN_STATEMENTS_H

#include "run/pipeline.h"
#include "write/destination.h"

struct session_rows;

struct tg_session {
    struct tg_pipeline *pipeline; /* a share of it */
    struct destination destination;
    struct session_rows *rows; /* what the program reads of the last statement; NULL: nothing */
};

int statements_open(struct tg_pipeline *pipeline, struct tg_session **out,
                    struct tg_error *err) TG_CHECK_RESULT;
void statements_close(struct tg_session *session);
int statements_use(struct tg_session *session, const char *dataset,
                   struct tg_error *err) TG_CHECK_RESULT;
int statements_run(struct tg_session *session, const char *statement, struct ArrowArrayStream *out,
                   struct tg_error *err) TG_CHECK_RESULT;
/* The first statement of a text, which *text moves behind; NULL: that was the last. TG_USAGE where
 * there is none. */
int statements_run_next(struct tg_session *session, const char **text, struct ArrowArrayStream *out,
                        struct tg_error *err) TG_CHECK_RESULT;
/* TG_USAGE for what is none of the three. */
int statements_transact(struct tg_session *session, enum tg_transaction what,
                        struct tg_error *err) TG_CHECK_RESULT;

#endif
