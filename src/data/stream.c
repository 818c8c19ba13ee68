/*
 * Streams of batches: ours over arrays at hand, and the one way to read any stream.
 *
 * Data path: stream_from_arrays (schema + arrays -> ArrowArrayStream); stream_schema and
 * stream_next check the return code of every call, which some consumers forget, and turn a failure
 * into a tg_error: the producer's message, or the whole error when the stream is ours (its private
 * data begins with struct stream_head).
 *
 * Left to others: what the batches hold.
 */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "data/batch.h"

struct arrays {
    struct stream_head head;
    struct ArrowSchema schema;
    struct ArrowArray *items;
    size_t count, next;
};

const char *stream_last_error(struct ArrowArrayStream *stream)
{
    const struct stream_head *head = stream->private_data;
    return head->err.code != TG_OK ? head->err.what : NULL;
}

int stream_errno(int code)
{
    return code == TG_OK ? 0 : code == TG_NOMEM ? ENOMEM : code == TG_CANCELLED ? ECANCELED : EIO;
}

static int arrays_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    struct arrays *arrays = stream->private_data;
    return stream_errno(schema_copy(&arrays->schema, out, &arrays->head.err));
}

static int arrays_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct arrays *arrays = stream->private_data;
    *out = (struct ArrowArray){.release = NULL};
    if (arrays->next < arrays->count)
        array_move(&arrays->items[arrays->next++], out);
    return 0;
}

static void arrays_release(struct ArrowArrayStream *stream)
{
    struct arrays *arrays = stream->private_data;
    schema_release(&arrays->schema);
    for (size_t i = arrays->next; i < arrays->count; i++)
        array_release(&arrays->items[i]);
    mem_free(arrays->items);
    mem_free(arrays);
    stream->release = NULL;
}

int stream_from_arrays(struct ArrowSchema *schema, struct ArrowArray *arrays, size_t count,
                       struct ArrowArrayStream *out, struct tg_error *err)
{
    struct arrays *own = mem_calloc(1, sizeof(*own));
    struct ArrowArray *items = mem_calloc(count > 0 ? count : 1, sizeof(*items));
    *out = (struct ArrowArrayStream){.release = NULL};
    if (!own || !items) {
        mem_free(own);
        mem_free(items);
        schema_release(schema);
        for (size_t i = 0; i < count; i++)
            array_release(&arrays[i]);
        return error_nomem(err);
    }
    own->items = items;
    own->count = count;
    schema_move(schema, &own->schema);
    for (size_t i = 0; i < count; i++)
        array_move(&arrays[i], &items[i]);
    *out = (struct ArrowArrayStream){
        .get_schema = arrays_schema,
        .get_next = arrays_next,
        .get_last_error = stream_last_error,
        .release = arrays_release,
        .private_data = own,
    };
    return TG_OK;
}

int stream_error(struct ArrowArrayStream *stream, int code, struct tg_error *err)
{
    if (stream->get_last_error == stream_last_error) {
        const struct stream_head *head = stream->private_data;
        if (head->err.code != TG_OK && err)
            *err = head->err;
        return head->err.code;
    }
    const char *message = stream->get_last_error(stream);
    return message && message[0] ? error_set(err, code, "%s", message) : TG_OK;
}

static int stream_failed(struct ArrowArrayStream *stream, int code, int errnum,
                         struct tg_error *err)
{
    int rc = stream_error(stream, code, err);
    return rc != TG_OK ? rc : error_errno(err, code, errnum, "the stream failed without a message");
}

int stream_schema(struct ArrowArrayStream *stream, int code, struct ArrowSchema *out,
                  struct tg_error *err)
{
    int errnum;
    *out = (struct ArrowSchema){.release = NULL};
    errnum = stream->get_schema(stream, out);
    if (errnum != 0) {
        out->release = NULL;
        return stream_failed(stream, code, errnum, err);
    }
    if (!out->release)
        return error_set(err, code, "the stream gave no schema");
    return TG_OK;
}

int stream_next(struct ArrowArrayStream *stream, int code, struct ArrowArray *out, bool *end,
                struct tg_error *err)
{
    int errnum;
    *out = (struct ArrowArray){.release = NULL};
    errnum = stream->get_next(stream, out);
    if (errnum != 0) {
        out->release = NULL;
        return stream_failed(stream, code, errnum, err);
    }
    *end = out->release == NULL;
    return TG_OK;
}
