/* A file's content through a pipe: whole, cut off, damaged, left early, with every last line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <zlib.h>
#include <zstd.h>

#include "extract/formats/feed.h"
#include "helper.h"
#include "tests/torture.h"

static const char *folder_of_torture;

static void read_pipe(const char *path, struct buf *out, size_t most)
{
    char bytes[10000];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got;
    assert_true(fd >= 0);
    while (out->len < most && (got = read(fd, bytes, sizeof(bytes))) > 0)
        buf_append(out, bytes, (size_t)got);
    close(fd);
}

/* A text of `len` bytes that does not compress to nothing. */
static void make_text(struct buf *out, size_t len)
{
    for (unsigned i = 0; out->len < len; i++)
        buf_printf(out, "%u,%x\n", i, i * 2654435761u);
}

static void gzip_file(const char *path, const struct buf *text)
{
    gzFile file = gzopen(path, "wb");
    assert_int_equal(gzwrite(file, text->data, (unsigned)text->len), text->len);
    assert_int_equal(gzclose(file), Z_OK);
}

static int open_feed(const char *path, struct feed **out, struct tg_error *err)
{
    struct reader *text;
    int rc = TG_OK;
    *out = NULL;
    TRY(reader_open(path, &text, err));
    TRY(feed_open(text, out, err));
done:
    return rc;
}

static int feed_whole(const char *path, struct buf *out, int64_t *last_line, struct tg_error *err)
{
    struct feed *feed = NULL;
    const char *pipe;
    int rc = TG_OK;
    TRY(open_feed(path, &feed, err));
    TRY(feed_start(feed, &pipe, err));
    read_pipe(pipe, out, SIZE_MAX);
    TRY(feed_finish(feed, err));
    *last_line = feed_last_line_bytes(feed);
done:
    feed_close(feed);
    return rc;
}

static void check_content(const char *path, const struct buf *expected)
{
    struct buf out = BUF_INIT;
    struct tg_error err = {0};
    int64_t last_line;
    if (feed_whole(path, &out, &last_line, &err) != TG_OK)
        fail_msg("%s", err.what);
    assert_int_equal(out.len, expected->len);
    if (out.len > 0)
        assert_memory_equal(out.data, expected->data, out.len);
    buf_release(&out);
}

static void test_content(void **state)
{
    static const size_t sizes[] = {0, 10, FEED_HEAD_BYTES, FEED_HEAD_BYTES + 1, 3000000};
    for (size_t i = 0; i < 5; i++) {
        struct buf text = BUF_INIT;
        buf_text(&text, "");
        make_text(&text, sizes[i]);
        text.len = sizes[i];
        put_bytes(*state, "x", text.data, text.len);
        check_content(path_in(*state, "x"), &text);
        gzip_file(path_in(*state, "x.gz"), &text);
        check_content(path_in(*state, "x.gz"), &text);
        buf_release(&text);
    }
}

static void test_head(void **state)
{
    struct buf text = BUF_INIT;
    struct feed *feed = NULL;
    size_t len;
    make_text(&text, 400000);
    put_bytes(*state, "x", text.data, text.len);
    assert_int_equal(open_feed(path_in(*state, "x"), &feed, NULL), TG_OK);
    assert_memory_equal(feed_head(feed, &len), text.data, FEED_HEAD_BYTES);
    assert_int_equal(len, FEED_HEAD_BYTES);
    feed_close(feed);
    put_file(*state, "x", "a");
    assert_int_equal(open_feed(path_in(*state, "x"), &feed, NULL), TG_OK);
    assert_int_equal(*feed_head(feed, &len), 'a');
    assert_int_equal(len, 1);
    feed_close(feed);
    assert_int_equal(open_feed(path_in(*state, "none"), &feed, NULL), TG_SOURCE);
    assert_null(feed);
    feed_close(NULL);
    buf_release(&text);
}

static void check_refused(const char *folder, const void *bytes, size_t len, const char *what)
{
    struct buf out = BUF_INIT;
    struct tg_error err = {0};
    int64_t last_line;
    put_bytes(folder, "cut", bytes, len);
    assert_int_equal(feed_whole(path_in(folder, "cut"), &out, &last_line, &err), TG_DATA);
    assert_non_null(strstr(err.what, what));
    assert_true(out.len > FEED_HEAD_BYTES); /* it was not the head that told */
    buf_release(&out);
}

/* The pipe ends as if all was there; feed_finish says that it was not. */
static void test_damage(void **state)
{
    struct buf text = BUF_INIT, packed = BUF_INIT;
    make_text(&text, 3000000);
    gzip_file(path_in(*state, "x.gz"), &text);
    assert_int_equal(fs_read_file(path_in(*state, "x.gz"), &packed, NULL), TG_OK);
    check_refused(*state, packed.data, packed.len - 1, "is truncated");
    check_refused(*state, packed.data, packed.len / 2, "is truncated");
    packed.data[packed.len - 8] ^= 1;
    check_refused(*state, packed.data, packed.len, "is damaged");
    packed.data[packed.len - 8] ^= 1;
    buf_text(&packed, "rubbish");
    check_refused(*state, packed.data, packed.len, "is damaged");
    packed.len = ZSTD_compress(packed.data, packed.len, text.data, text.len, 3);
    check_refused(*state, packed.data, packed.len - 1, "is truncated");
    check_refused(*state, packed.data, packed.len / 2, "is truncated");
    buf_release(&text);
    buf_release(&packed);
}

/* A reader that gives up ends the pump, at any time. */
static void test_left_early(void **state)
{
    struct buf text = BUF_INIT, out = BUF_INIT;
    struct tg_error err = {0};
    struct feed *feed = NULL;
    const char *pipe;
    make_text(&text, 5000000);
    put_bytes(*state, "x", text.data, text.len);
    for (size_t most = 0; most <= 4000000; most += 2000000) {
        assert_int_equal(open_feed(path_in(*state, "x"), &feed, NULL), TG_OK);
        assert_int_equal(feed_start(feed, &pipe, NULL), TG_OK);
        buf_clear(&out);
        read_pipe(pipe, &out, most);
        assert_int_equal(feed_stop(feed, &err), TG_OK);
        feed_close(feed);
    }
    assert_int_equal(open_feed(path_in(*state, "x"), &feed, NULL), TG_OK);
    assert_int_equal(feed_start(feed, &pipe, NULL), TG_OK);
    read_pipe(pipe, &out, 1);
    assert_int_equal(feed_finish(feed, &err), TG_INTERNAL);
    assert_non_null(strstr(err.what, "bytes unread"));
    feed_close(feed);
    assert_int_equal(open_feed(path_in(*state, "x"), &feed, NULL), TG_OK);
    assert_int_equal(feed_start(feed, &pipe, NULL), TG_OK);
    feed_close(feed);
    buf_release(&text);
    buf_release(&out);
}

static void check_last_line(const char *folder, const char *before, size_t len, const char *after)
{
    struct buf text = BUF_INIT, out = BUF_INIT;
    struct tg_error err = {0};
    int64_t last_line = -1;
    buf_text(&text, before);
    for (size_t i = 0; i < len; i++)
        buf_char(&text, 'x');
    buf_text(&text, after);
    put_bytes(folder, "x", text.data, text.len);
    assert_int_equal(feed_whole(path_in(folder, "x"), &out, &last_line, &err), TG_OK);
    if (last_line != (int64_t)len)
        fail_msg("'%s', %zu bytes, '%s': %lld", before, len, after, (long long)last_line);
    buf_release(&text);
    buf_release(&out);
}

static void test_last_line(void **state)
{
    static const size_t sizes[] = {
        0, 1, 5, FEED_HEAD_BYTES - 1, FEED_HEAD_BYTES, FEED_HEAD_BYTES + 1, 5 * FEED_HEAD_BYTES};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        check_last_line(*state, "", sizes[i], "");
        check_last_line(*state, "", sizes[i], "\n");
        if (sizes[i] == 0)
            continue;
        check_last_line(*state, "abc\n", sizes[i], "");
        check_last_line(*state, "abc\r", sizes[i], "\r\r");
        check_last_line(*state, "abc\r\n\r\n", sizes[i], "\r\n\n");
    }
}

/* Header and tail go through the pipe; the hash is that of the whole, made anew or gone on with. */
static void check_begin_at(const char *path, const struct buf *text, size_t header, size_t from,
                           bool is_kept)
{
    struct feed *feed = NULL;
    const char *pipe;
    struct buf out = BUF_INIT;
    struct hash_stream *hash, *wanted;
    char got_hash[HASH_STREAM_TEXT + 1], wanted_hash[HASH_STREAM_TEXT + 1];
    assert_int_equal(hash_stream_new(&hash, NULL), TG_OK);
    assert_int_equal(hash_stream_new(&wanted, NULL), TG_OK);
    hash_stream_add(hash, text->data, is_kept ? from : 0);
    hash_stream_add(wanted, text->data, text->len);
    assert_int_equal(open_feed(path, &feed, NULL), TG_OK);
    feed_begin_at(feed, (int64_t)header, (int64_t)from, hash);
    assert_int_equal(feed_start(feed, &pipe, NULL), TG_OK);
    read_pipe(pipe, &out, SIZE_MAX);
    assert_int_equal(feed_finish(feed, NULL), TG_OK);
    assert_int_equal(out.len, header + text->len - from);
    assert_memory_equal(out.data, text->data, header);
    assert_memory_equal(out.data + header, text->data + from, text->len - from);
    hash_stream_text(hash, got_hash);
    hash_stream_text(wanted, wanted_hash);
    assert_string_equal(got_hash, wanted_hash);
    feed_close(feed);
    hash_stream_free(hash);
    hash_stream_free(wanted);
    buf_release(&out);
}

static void test_begin_at(void **state)
{
    static const size_t places[] = {
        10, 11, 200, FEED_HEAD_BYTES - 1, FEED_HEAD_BYTES, FEED_HEAD_BYTES + 1, 1500000, 1999999};
    struct buf text = BUF_INIT;
    make_text(&text, 2000000);
    put_bytes(*state, "x", text.data, text.len);
    gzip_file(path_in(*state, "x.gz"), &text);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        for (int is_kept = 0; is_kept < 2; is_kept++) {
            check_begin_at(path_in(*state, "x"), &text, 10, places[i], is_kept);
            check_begin_at(path_in(*state, "x.gz"), &text, 10, places[i], is_kept);
        }
    }
    buf_release(&text);
}

/* Where nobody reads a pipe the text is hashed, and its end is seen, all the same. */
static void test_pass(void **state)
{
    struct feed *feed = NULL;
    struct hash_stream *hash;
    struct buf text = BUF_INIT;
    make_text(&text, 400000);
    put_bytes(*state, "x", text.data, text.len);
    assert_int_equal(hash_stream_new(&hash, NULL), TG_OK);
    assert_int_equal(open_feed(path_in(*state, "x"), &feed, NULL), TG_OK);
    feed_begin_at(feed, 0, 0, hash);
    assert_int_equal(feed_pass(feed, NULL), TG_OK);
    assert_int_equal(hash_stream_bytes(hash), text.len);
    feed_close(feed);
    hash_stream_free(hash);
    buf_release(&text);
}

/* Without the pipe, whose reader would have to survive it. */
static int work(void)
{
    struct feed *feed = NULL;
    const char *pipe;
    int rc = TG_OK;
    TRY(open_feed(path_in(folder_of_torture, "x.gz"), &feed, NULL));
    TRY(feed_start(feed, &pipe, NULL));
done:
    feed_close(feed);
    return rc;
}

static void test_torture(void **state)
{
    struct buf text = BUF_INIT;
    make_text(&text, 100000);
    gzip_file(path_in(*state, "x.gz"), &text);
    buf_release(&text);
    folder_of_torture = *state;
    torture(work);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_content),    IN_FOLDER(test_head),      IN_FOLDER(test_damage),
        IN_FOLDER(test_left_early), IN_FOLDER(test_last_line), IN_FOLDER(test_begin_at),
        IN_FOLDER(test_pass),       IN_FOLDER(test_torture),
    };
    return cmocka_run_group_tests_name("extract/feed", tests, NULL, NULL);
}
