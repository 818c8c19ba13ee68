/*
 * A stream of ours in somebody else's hands.
 *
 * Path: stream_lend -> get_next -> stream_next of ours, whose first error is kept -> stream_lent.
 * There are consumers that take a get_next that fails for the end of the rows, or stop early and
 * say that all is well: both would lose rows without an error.
 *
 * Whether the rows arrived is for the database to say.
 */
#include "data/lent.h"

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    struct lent *lent = stream->private_data;
    out->release = NULL;
    if (lent->err.code == TG_OK)
        (void)!stream_schema(lent->inner, TG_IO, out, &lent->err);
    return stream_errno(lent->err.code);
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct lent *lent = stream->private_data;
    *out = (struct ArrowArray){.release = NULL};
    if (lent->err.code == TG_OK && !lent->ended)
        (void)!stream_next(lent->inner, TG_IO, out, &lent->ended, &lent->err);
    return stream_errno(lent->err.code);
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    const struct lent *lent = stream->private_data;
    return lent->err.code != TG_OK ? lent->err.what : NULL;
}

static void release(struct ArrowArrayStream *stream)
{
    stream->release = NULL;
}

void stream_lend(struct ArrowArrayStream *stream, struct lent *out)
{
    *out = (struct lent){.inner = stream};
    out->stream = (struct ArrowArrayStream){
        .get_schema = get_schema,
        .get_next = get_next,
        .get_last_error = get_last_error,
        .release = release,
        .private_data = out,
    };
}

int stream_lent(struct lent *lent, int rc, struct tg_error *err)
{
    if (lent->err.code != TG_OK) {
        if (err)
            *err = lent->err;
        return lent->err.code;
    }
    if (rc != TG_OK || lent->ended)
        return rc;
    return error_set(err, TG_DESTINATION,
                     "the connection said that all rows are in the table, but did not read the "
                     "stream to its end");
}
