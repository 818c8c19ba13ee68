/*
 * Statements of a program, at the destination.
 *
 *   statements_open -> destination_enter; statements_run -> cut_off (rows of the one before) ->
 *   destination_run -> hand_out (a stream that knows its session); statements_run_next: of a text
 *   with several; statements_transact
 *
 * A stream that is cut off has given up the database's one, and says so when it is read.
 */
#include "run/statements.h"

#include "run/inspect.h"

struct session_rows {
    struct stream_head head;
    struct ArrowArrayStream inner;
    struct tg_session *session; /* NULL: cut off */
};

/* ---- the stream ---- */

static int check_rows(struct session_rows *rows)
{
    return rows->session ? TG_OK
                         : error_set(&rows->head.err, TG_USAGE,
                                     "the rows are gone: their session has ended, or has run "
                                     "another statement");
}

static int rows_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    int rc = TG_OK;
    struct session_rows *rows = stream->private_data;
    out->release = NULL;
    TRY(check_rows(rows));
    rc = stream_schema(&rows->inner, TG_DESTINATION, out, &rows->head.err);
done:
    return stream_errno(rc);
}

static int rows_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    int rc = TG_OK;
    bool end = false;
    struct session_rows *rows = stream->private_data;
    out->release = NULL;
    TRY(check_rows(rows));
    rc = stream_next(&rows->inner, TG_DESTINATION, out, &end, &rows->head.err);
done:
    return stream_errno(rc);
}

static void cut_off(struct tg_session *session)
{
    struct session_rows *rows = session->rows;
    session->rows = NULL;
    if (!rows)
        return;
    stream_release(&rows->inner);
    rows->session = NULL;
}

static void rows_release(struct ArrowArrayStream *stream)
{
    struct session_rows *rows = stream->private_data;
    if (rows->session)
        cut_off(rows->session);
    mem_free(rows);
    stream->release = NULL;
}

/* Takes the stream, also on failure. */
static int hand_out(struct tg_session *session, struct ArrowArrayStream *inner,
                    struct ArrowArrayStream *out, struct tg_error *err)
{
    struct session_rows *rows = mem_calloc(1, sizeof(*rows));
    if (!rows) {
        stream_release(inner);
        return error_nomem(err);
    }
    *rows = (struct session_rows){.inner = *inner, .session = session};
    session->rows = rows;
    *out = (struct ArrowArrayStream){
        .get_schema = rows_schema,
        .get_next = rows_next,
        .get_last_error = stream_last_error,
        .release = rows_release,
        .private_data = rows,
    };
    return TG_OK;
}

/* ---- the session ---- */

int statements_open(struct tg_pipeline *pipeline, struct tg_session **out, struct tg_error *err)
{
    int rc = TG_OK;
    const struct config *config = &pipeline->config;
    struct tg_session *session = mem_calloc(1, sizeof(*session));
    if (!session)
        return error_nomem(err);
    session->pipeline = pipeline;
    pipeline_keep(pipeline);
    TRY(destination_init(&session->destination, &pipeline->ctx, &config->destination,
                         config->dataset, err));
    TRY(destination_enter(&session->destination, err));
    if (!session->destination.state)
        TRY(inspect_absent(pipeline, err));
    *out = session;
    session = NULL;
done:
    statements_close(session);
    return rc;
}

void statements_close(struct tg_session *session)
{
    if (!session)
        return;
    cut_off(session);
    destination_close(&session->destination);
    pipeline_drop(session->pipeline);
    mem_free(session);
}

int statements_use(struct tg_session *session, const char *dataset, struct tg_error *err)
{
    cut_off(session);
    return destination_use(&session->destination, dataset, err);
}

int statements_run(struct tg_session *session, const char *statement, struct ArrowArrayStream *out,
                   struct tg_error *err)
{
    struct ArrowArrayStream inner = {0};
    bool gives_rows = false;
    cut_off(session);
    int rc = destination_run(&session->destination, statement, NULL, &inner, &gives_rows, err);
    if (rc == TG_OK && gives_rows)
        return hand_out(session, &inner, out, err);
    stream_release(&inner);
    return rc;
}

int statements_run_next(struct tg_session *session, const char **text, struct ArrowArrayStream *out,
                        struct tg_error *err)
{
    bool gives_rows = false;
    struct ArrowArrayStream inner = {0};
    cut_off(session);
    int rc = destination_run(&session->destination, *text, text, &inner, &gives_rows, err);
    return rc == TG_OK ? hand_out(session, &inner, out, err) : rc;
}

int statements_transact(struct tg_session *session, enum tg_transaction what, struct tg_error *err)
{
    if ((unsigned)what > TG_TRANSACTION_ROLLBACK)
        return error_set(err, TG_USAGE, "there is nothing number %d to do with a transaction",
                         (int)what);
    cut_off(session);
    return destination_transact(&session->destination, what, err);
}
