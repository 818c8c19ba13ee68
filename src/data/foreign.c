/*
 * Streams of somebody else, as streams of ours.
 *
 * Path: get_schema -> guarded stream_schema -> arrow_check_schema; get_next -> guarded stream_next,
 * which looks at the code before anything else -> arrow_check_batch. The first error is kept, and
 * is the answer from then on: there are producers that go on after a failure, as if nothing had
 * been, and consumers that take the end after it for the end of the rows.
 *
 * What the guard does (cancel, for one) is its maker's.
 */
#include "data/foreign.h"

#include "base/memory.h"
#include "data/arrow_check.h"

struct foreign {
    struct stream_head head;
    struct ArrowArrayStream inner;
    struct stream_guard guard;
    struct ArrowSchema schema; /* checked */
    int code;
    bool ended;
};

/* What is no Arrow is the fault of the one who gave it. */
static int checked(const struct foreign *self, int rc, struct tg_error *err)
{
    if (rc == TG_DATA)
        rc = err->code = self->code;
    return rc;
}

static int read_schema(struct foreign *self, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(self->guard.enter(self->guard.user, err));
    rc = stream_schema(&self->inner, self->code, &self->schema, err);
    TRY(self->guard.leave(self->guard.user, rc, err));
    rc = checked(self, arrow_check_schema(&self->schema, err), err);
done:
    if (rc != TG_OK)
        schema_release(&self->schema);
    return rc;
}

static int need_schema(struct foreign *self)
{
    struct tg_error *err = &self->head.err;
    if (err->code != TG_OK || self->schema.release)
        return err->code;
    return read_schema(self, err);
}

static int read_batch(struct foreign *self, struct ArrowArray *out, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(self->guard.enter(self->guard.user, err));
    rc = stream_next(&self->inner, self->code, out, &self->ended, err);
    TRY(self->guard.leave(self->guard.user, rc, err));
    if (!self->ended)
        rc = checked(self, arrow_check_batch(&self->schema, out, err), err);
done:
    if (rc != TG_OK)
        array_release(out);
    return rc;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    struct foreign *self = stream->private_data;
    out->release = NULL;
    int rc = need_schema(self);
    if (rc == TG_OK)
        rc = schema_copy(&self->schema, out, &self->head.err);
    return stream_errno(rc);
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct foreign *self = stream->private_data;
    *out = (struct ArrowArray){.release = NULL};
    int rc = need_schema(self);
    if (rc == TG_OK && !self->ended)
        rc = read_batch(self, out, &self->head.err);
    return stream_errno(rc);
}

static void release(struct ArrowArrayStream *stream)
{
    struct foreign *self = stream->private_data;
    const struct stream_guard guard = self->guard;
    schema_release(&self->schema);
    stream_release(&self->inner);
    mem_free(self);
    stream->release = NULL;
    if (guard.release)
        guard.release(guard.user);
}

int stream_foreign(struct ArrowArrayStream *foreign, int code, const struct stream_guard *guard,
                   struct ArrowArrayStream *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct foreign *self = NULL;
    *out = (struct ArrowArrayStream){.release = NULL};
    if (!foreign->release)
        return error_set(err, code, "there is no Arrow stream, although none was refused");
    TRY(arrow_check_stream(foreign, err));
    self = mem_calloc(1, sizeof(*self));
    if (!self)
        TRY(error_nomem(err));
    *self = (struct foreign){.inner = *foreign, .guard = *guard, .code = code};
    foreign->release = NULL;
    *out = (struct ArrowArrayStream){
        .get_schema = get_schema,
        .get_next = get_next,
        .get_last_error = stream_last_error,
        .release = release,
        .private_data = self,
    };
done:
    if (rc != TG_OK)
        stream_release(foreign);
    return rc;
}
