/*
 * The content of a text, decompressed, as a pipe that another reader opens by a path.
 *
 * Data path: feed_open (the head) -> feed_start -> pump, in a thread of its own:
 * reader_read -> write_piece, to the end of the file -> feed_finish, which says what pump found.
 *
 * The reader of the pipe sees the end of a damaged file as it sees any other end; so nothing of the
 * file counts before feed_finish said that it is whole. The file is opened once and decompressed
 * once, beside the work of the pipe's reader. Of a file that has grown, the header and what is new
 * go through the pipe (feed_begin_at).
 */
#include "extract/formats/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/thread.h"

/* As much as an ordinary user may have; where it is refused, the usual 64 KiB do. */
enum { PIPE_BYTES = 1024 * 1024 };

struct feed {
    struct reader *reader;
    struct worker *worker; /* NULL: not started */
    int ends[2];           /* of the pipe: to read, to write; -1: closed. Pump owns the second */
    char path[32];
    bool was_left; /* the pipe's reader closed it before the end */
    char *bytes;   /* the head, then one piece after the other */
    size_t len;
    int64_t header, from; /* what lies between is left out */
    int64_t hashed;       /* bytes of the content that `hash` holds */
    struct hash_stream *hash;
    int64_t seen;       /* bytes of the content */
    int64_t line_start; /* of the last line that is not empty */
    int64_t line_end;
};

int feed_open(struct reader *text, struct feed **out, struct tg_error *err)
{
    struct feed *feed = mem_calloc(1, sizeof(*feed));
    size_t got = 1;
    int rc = TG_OK;
    *out = NULL;
    if (!feed) {
        reader_close(text);
        return error_nomem(err);
    }
    feed->reader = text;
    feed->ends[0] = feed->ends[1] = -1;
    feed->bytes = mem_alloc(FEED_HEAD_BYTES);
    if (!feed->bytes)
        TRY(error_nomem(err));
    while (got > 0 && feed->len < FEED_HEAD_BYTES) {
        TRY(reader_read(feed->reader, feed->bytes + feed->len, FEED_HEAD_BYTES - feed->len, &got,
                        err));
        feed->len += got;
    }
    *out = feed;
done:
    if (rc != TG_OK)
        feed_close(feed);
    return rc;
}

const char *feed_head(const struct feed *feed, size_t *len)
{
    *len = feed->len;
    return feed->bytes;
}

void feed_begin_at(struct feed *feed, int64_t header, int64_t from, struct hash_stream *hash)
{
    feed->header = header < from ? header : from;
    feed->from = from;
    feed->hash = hash;
    feed->hashed = hash ? hash_stream_bytes(hash) : from;
}

/* ---- The pump ------------------------------------------------------------------------------ */

static bool is_newline(char c)
{
    return c == '\n' || c == '\r';
}

/* Looks at a piece from its end; so the cost is that of its last line. */
static void see_lines(struct feed *feed)
{
    size_t end = feed->len, start;
    while (end > 0 && is_newline(feed->bytes[end - 1]))
        end--;
    for (start = end; start > 0 && !is_newline(feed->bytes[start - 1]);)
        start--;
    bool is_continued = start == 0 && feed->line_end == feed->seen;
    if (end > start) {
        if (!is_continued)
            feed->line_start = feed->seen + (int64_t)start;
        feed->line_end = feed->seen + (int64_t)end;
    }
    feed->seen += (int64_t)feed->len;
}

/* Of the piece at `seen`, what lies between two places in the content. */
static void cut(const struct feed *feed, int64_t from, int64_t to, size_t *start, size_t *end)
{
    int64_t a = from - feed->seen, b = to - feed->seen, len = (int64_t)feed->len;
    *start = (size_t)(a < 0 ? 0 : a > len ? len : a);
    *end = (size_t)(b < 0 ? 0 : b > len ? len : b);
}

static void hash_piece(struct feed *feed)
{
    size_t start, end;
    if (!feed->hash)
        return;
    cut(feed, feed->hashed, INT64_MAX, &start, &end);
    hash_stream_add(feed->hash, feed->bytes + start, end - start);
    feed->hashed += (int64_t)(end - start);
}

static int write_part(struct feed *feed, size_t at, size_t end, struct tg_error *err)
{
    while (at < end && !feed->was_left) {
        ssize_t put = write(feed->ends[1], feed->bytes + at, end - at);
        if (put >= 0)
            at += (size_t)put;
        else if (errno == EPIPE)
            feed->was_left = true;
        else if (errno != EINTR)
            return error_errno(err, TG_IO, errno, "the pipe to the engine cannot be written");
    }
    return TG_OK;
}

static int write_piece(struct feed *feed, struct tg_error *err)
{
    size_t start, end;
    int rc = TG_OK;
    cut(feed, 0, feed->header, &start, &end);
    TRY(write_part(feed, start, end, err));
    cut(feed, feed->from, INT64_MAX, &start, &end);
    TRY(write_part(feed, start, end, err));
done:
    return rc;
}

/* Passes over what is neither written nor hashed. */
static int skip_ahead(struct feed *feed, struct tg_error *err)
{
    int64_t wanted = feed->hashed < feed->from ? feed->hashed : feed->from;
    if (feed->seen < feed->header || feed->seen >= wanted)
        return TG_OK;
    wanted -= feed->seen;
    feed->seen += wanted;
    return reader_skip(feed->reader, wanted, err);
}

/* The thread blocks all signals, so a pipe that nobody reads any more is an error code. */
static int pump(void *arg, struct tg_error *err)
{
    struct feed *feed = arg;
    int rc = TG_OK;
    while (feed->len > 0 && !feed->was_left) {
        hash_piece(feed);
        TRY(write_piece(feed, err));
        see_lines(feed);
        TRY(skip_ahead(feed, err));
        TRY(reader_read(feed->reader, feed->bytes, FEED_HEAD_BYTES, &feed->len, err));
    }
done:
    close(feed->ends[1]);
    return rc;
}

int feed_pass(struct feed *feed, struct tg_error *err)
{
    int rc = TG_OK;
    while (feed->len > 0) {
        hash_piece(feed);
        feed->seen += (int64_t)feed->len;
        TRY(reader_read(feed->reader, feed->bytes, FEED_HEAD_BYTES, &feed->len, err));
    }
done:
    return rc;
}

int feed_start(struct feed *feed, const char **path, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(worker_start(&feed->worker, err));
    if (pipe2(feed->ends, O_CLOEXEC) != 0)
        TRY(error_errno(err, TG_IO, errno, "no pipe can be made"));
    (void)fcntl(feed->ends[1], F_SETPIPE_SZ, PIPE_BYTES);
    snprintf(feed->path, sizeof(feed->path), "/dev/fd/%d", feed->ends[0]);
    *path = feed->path;
    rc = worker_submit(feed->worker, pump, feed, err);
    if (rc != TG_OK)
        close(feed->ends[1]);
done:
    return rc;
}

/* ---- The end ------------------------------------------------------------------------------- */

int feed_stop(struct feed *feed, struct tg_error *err)
{
    if (feed->ends[0] >= 0)
        close(feed->ends[0]);
    feed->ends[0] = -1;
    return feed->worker ? worker_wait(feed->worker, err) : TG_OK;
}

/* Waits for pump's end, too: no other writer has the pipe. */
static int64_t drain(const struct feed *feed)
{
    char bytes[4096];
    int64_t left = 0;
    for (;;) {
        ssize_t got = read(feed->ends[0], bytes, sizeof(bytes));
        if (got == 0 || (got < 0 && errno != EINTR))
            return left;
        left += got > 0 ? got : 0;
    }
}

int feed_finish(struct feed *feed, struct tg_error *err)
{
    int64_t left = drain(feed);
    int rc = TG_OK;
    TRY(feed_stop(feed, err));
    if (left > 0)
        rc = error_set(err, TG_INTERNAL, "the engine left %lld bytes unread", (long long)left);
done:
    return rc;
}

int64_t feed_last_line_bytes(const struct feed *feed)
{
    return feed->line_end - feed->line_start;
}

void feed_close(struct feed *feed)
{
    if (!feed)
        return;
    (void)!feed_stop(feed, NULL);
    worker_stop(feed->worker);
    reader_close(feed->reader);
    mem_free(feed->bytes);
    mem_free(feed);
}
