/*
 * tidegate: a session at the destination, in which a program runs statements of its own.
 *
 *     struct tg_session *session = NULL;
 *     struct ArrowArrayStream rows;
 *     int rc = tg_session_open(&session, pipeline, &err);
 *     if (!rc)
 *         rc = tg_session_run(session, "DELETE FROM person WHERE id = 7", &rows, &err);
 *     tg_session_close(session);
 *
 * Settings, temporary tables and transactions last until it is closed, which rolls back what was
 * not committed. Outside of a transaction each statement commits by itself.
 *
 * A pipeline and its sessions are used by one thread at a time. A session keeps what it needs, also
 * when the pipeline is freed before it is closed. tg_pipeline_cancel ends the statement that is at
 * work: TG_CANCELLED. tidegate.h includes this header.
 */
#ifndef TIDEGATE_PUBLIC_SESSION_H
#define TIDEGATE_PUBLIC_SESSION_H

#include "tidegate.h"

#ifdef __cplusplus
extern "C" {
#endif

struct tg_session;

/* Opens one, and makes the database where that is a file that is not there, unless the pipeline is
 * read_only. The dataset is the
 * default schema, if it is there. *out is NULL on failure. TG_LOCKED, TG_DESTINATION. */
TG_API_CHECK int tg_session_open(struct tg_session **out, struct tg_pipeline *pipeline,
                                 struct tg_error *err);
/* NULL is fine. */
TG_API void tg_session_close(struct tg_session *session);

/* Makes the dataset the default schema, which may have come to be; where it is not there, nothing
 * changes. */
TG_API_CHECK int tg_session_use(struct tg_session *session, const char *dataset,
                                struct tg_error *err);

/* One statement. `rows` gets a stream of the rows that it gives, read as they are asked for;
 * rows->release is NULL where a statement gives none. The next statement of the session, and its
 * end, cut a stream off: it fails from then on, and is still to be released. TG_DESTINATION with
 * the database's own message and SQLSTATE. */
TG_API_CHECK int tg_session_run(struct tg_session *session, const char *statement,
                                struct ArrowArrayStream *rows, struct tg_error *err);

/* The first statement of a text of several: *text (not NULL) moves to the next one, and is NULL
 * when that was the last. `rows` as of tg_session_run, but always gets a stream: of a statement
 * that gives no rows it is what the database says of it ("UPDATE 3"). Numbers of any size
 * (PostgreSQL's numeric without a precision) are texts with all their digits, which tg_cells_get
 * gives as numbers. Semicolons part statements, but those within literals, comments and the body of
 * a trigger or a function. On failure *text stays. TG_USAGE where there is no statement. */
TG_API_CHECK int tg_session_run_next(struct tg_session *session, const char **text,
                                     struct ArrowArrayStream *rows, struct tg_error *err);

/* What a stream that the library has handed out has failed by, behind get_schema or get_next: all
 * that is known, SQLSTATE among it, of which get_last_error has the text. Returns its code; TG_OK:
 * it has not failed. The stream stays as it is. Of another's: TG_DESTINATION, and the text. */
TG_API int tg_stream_error(struct ArrowArrayStream *stream, struct tg_error *err);

enum tg_transaction {
    TG_TRANSACTION_BEGIN = 0,
    TG_TRANSACTION_COMMIT = 1,
    TG_TRANSACTION_ROLLBACK = 2
};

/* A commit says so only when it is done: one of a transaction in which a statement has failed
 * fails. It is not cancelled, nor is a rollback. */
TG_API_CHECK int tg_session_transact(struct tg_session *session, enum tg_transaction what,
                                     struct tg_error *err);

#ifdef __cplusplus
}
#endif

#endif
