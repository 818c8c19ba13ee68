/*
 * The content of a text file, decompressed, as a pipe that another reader opens by a path.
 *
 * Data path: feed_open (reader_open, the head) -> feed_start -> pump, in a thread of its own:
 * reader_read -> write_all, to the end of the file -> feed_finish, which says what pump found.
 *
 * The reader of the pipe sees the end of a damaged file as it sees any other end; so nothing of the
 * file counts before feed_finish said that it is whole. The file is opened once and decompressed
 * once, beside the work of the pipe's reader.
 */
#include "extract/files/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/codec.h"
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
    int64_t seen;       /* bytes of the content */
    int64_t line_start; /* of the last line that is not empty */
    int64_t line_end;
};

int feed_open(const char *path, struct feed **out, struct tg_error *err)
{
    struct feed *feed = mem_calloc(1, sizeof(*feed));
    size_t got = 1;
    int rc = TG_OK;

    *out = NULL;
    if (!feed)
        return error_nomem(err);
    feed->ends[0] = feed->ends[1] = -1;
    feed->bytes = mem_alloc(FEED_HEAD_BYTES);
    if (!feed->bytes)
        TRY(error_nomem(err));
    TRY(reader_open(path, &feed->reader, err));
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

static int write_all(struct feed *feed, struct tg_error *err)
{
    for (size_t at = 0; at < feed->len && !feed->was_left;) {
        ssize_t put = write(feed->ends[1], feed->bytes + at, feed->len - at);
        if (put >= 0)
            at += (size_t)put;
        else if (errno == EPIPE)
            feed->was_left = true;
        else if (errno != EINTR)
            return error_errno(err, TG_IO, errno, "the pipe to the engine cannot be written");
    }
    return TG_OK;
}

/* The thread blocks all signals, so a pipe that nobody reads any more is an error code. */
static int pump(void *arg, struct tg_error *err)
{
    struct feed *feed = arg;
    int rc = TG_OK;

    while (feed->len > 0 && !feed->was_left) {
        see_lines(feed);
        TRY(write_all(feed, err));
        TRY(reader_read(feed->reader, feed->bytes, FEED_HEAD_BYTES, &feed->len, err));
    }
done:
    close(feed->ends[1]);
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
