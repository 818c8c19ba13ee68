/*
 * The functions of a session: arguments are checked, secrets hidden in what comes back.
 *
 *   tg_session_open, tg_session_use, tg_session_run, tg_session_transact -> run/statements.c
 *
 * A call of a session is one of its pipeline: a cancel that came before it is over.
 */
#include "run/statements.h"

static int called(struct tg_session *session, int rc, struct tg_error *err)
{
    hide_secrets(session->pipeline, err);
    return rc;
}

int tg_session_open(struct tg_session **out, struct tg_pipeline *pipeline, struct tg_error *err)
{
    error_clear(err);
    NEEDS(out);
    *out = NULL;
    NEEDS(pipeline);
    pipeline_begin(pipeline);
    int rc = statements_open(pipeline, out, err);
    hide_secrets(pipeline, err);
    return rc;
}

void tg_session_close(struct tg_session *session)
{
    statements_close(session);
}

int tg_session_use(struct tg_session *session, const char *dataset, struct tg_error *err)
{
    error_clear(err);
    NEEDS(session);
    NEEDS(dataset);
    pipeline_begin(session->pipeline);
    return called(session, statements_use(session, dataset, err), err);
}

int tg_session_run(struct tg_session *session, const char *statement, struct ArrowArrayStream *rows,
                   struct tg_error *err)
{
    error_clear(err);
    NEEDS(rows);
    *rows = (struct ArrowArrayStream){0};
    NEEDS(session);
    NEEDS(statement);
    pipeline_begin(session->pipeline);
    return called(session, statements_run(session, statement, rows, err), err);
}

int tg_session_run_next(struct tg_session *session, const char **text,
                        struct ArrowArrayStream *rows, struct tg_error *err)
{
    error_clear(err);
    NEEDS(rows);
    *rows = (struct ArrowArrayStream){0};
    NEEDS(session);
    NEEDS(text);
    NEEDS(*text);
    pipeline_begin(session->pipeline);
    return called(session, statements_run_next(session, text, rows, err), err);
}

int tg_stream_error(struct ArrowArrayStream *stream, struct tg_error *err)
{
    error_clear(err);
    NEEDS(stream);
    return stream_error(stream, TG_DESTINATION, err);
}

int tg_session_transact(struct tg_session *session, enum tg_transaction what, struct tg_error *err)
{
    error_clear(err);
    NEEDS(session);
    pipeline_begin(session->pipeline);
    return called(session, statements_transact(session, what, err), err);
}
