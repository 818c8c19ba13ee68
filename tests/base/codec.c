/* Reading files: plain, gzip, zstd, bzip2 and xz in all their ways, cut off at every byte, damaged;
 * and state blobs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <bzlib.h>
#include <lzma.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/codec.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/memory.h"
#include "tests/text_source.h"
#include "tests/torture.h"

static char folder[1024];
static char path[1100];
static struct buf text; /* what the files hold */

static int setup(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, sizeof(folder), "%s/tidegate-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/it's", folder);
    for (int i = 0; text.len < 700000; i++)
        buf_printf(&text, "{\"id\":%d,\"name\":\"%x\"}\n", i, (unsigned)i * 2654435761u);
    return buf_check(&text, NULL);
}

static int teardown(void **state)
{
    (void)state;
    buf_release(&text);
    return fs_remove_tree(folder, NULL);
}

static void put(const void *bytes, size_t len)
{
    assert_int_equal(fs_write_file(path, bytes, len, NULL), TG_OK);
}

static void gzip(const char *bytes, size_t len, struct buf *out)
{
    z_stream zlib = {0};
    size_t cap = len + len / 10 + 1000;
    unsigned char *packed = mem_alloc(cap);
    assert_int_equal(deflateInit2(&zlib, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    zlib.next_in = (Bytef *)bytes;
    zlib.avail_in = (uInt)len;
    zlib.next_out = packed;
    zlib.avail_out = (uInt)cap;
    assert_int_equal(deflate(&zlib, Z_FINISH), Z_STREAM_END);
    buf_append(out, packed, zlib.total_out);
    deflateEnd(&zlib);
    mem_free(packed);
}

static void zstd(const char *bytes, size_t len, struct buf *out)
{
    size_t cap = ZSTD_compressBound(len);
    char *packed = mem_alloc(cap);
    size_t size = ZSTD_compress(packed, cap, bytes, len, 3);
    assert_false(ZSTD_isError(size));
    buf_append(out, packed, size);
    mem_free(packed);
}

static void bzip2(const char *bytes, size_t len, struct buf *out)
{
    unsigned size = (unsigned)(len + len / 100 + 1000);
    char *packed = mem_alloc(size);
    assert_int_equal(BZ2_bzBuffToBuffCompress(packed, &size, (char *)bytes, (unsigned)len, 1, 0, 0),
                     BZ_OK);
    buf_append(out, packed, size);
    mem_free(packed);
}

static void xz(const char *bytes, size_t len, struct buf *out)
{
    size_t cap = lzma_stream_buffer_bound(len), size = 0;
    unsigned char *packed = mem_alloc(cap);
    assert_int_equal(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC64, NULL, (const uint8_t *)bytes, len,
                                             packed, &size, cap),
                     LZMA_OK);
    buf_append(out, packed, size);
    mem_free(packed);
}

/* Reads the whole file in pieces of `piece` bytes. */
static int read_all(size_t piece, struct buf *out, struct tg_error *err)
{
    struct reader *reader = NULL;
    struct fs_stat info;
    int rc = TG_OK;
    int64_t before = 0;
    char *bytes = mem_alloc(piece);
    if (!bytes)
        return error_nomem(err);
    TRY(fs_stat(path, &info, err));
    TRY(reader_open(path, &reader, err));
    for (;;) {
        size_t len = 0;
        TRY(reader_read(reader, bytes, piece, &len, err));
        if (reader_file_bytes(reader) < before || reader_file_bytes(reader) > info.size)
            fail_msg("progress went from %lld to %lld", (long long)before,
                     (long long)reader_file_bytes(reader));
        before = reader_file_bytes(reader);
        if (len == 0)
            break;
        buf_append(out, bytes, len);
    }
    assert_int_equal(reader_file_bytes(reader), info.size);
    rc = buf_check(out, err);
done:
    reader_close(reader);
    mem_free(bytes);
    return rc;
}

static void check_content(const char *expected, size_t len)
{
    static const size_t pieces[] = {1 << 20, 65536, 4097, 13};
    for (size_t i = 0; i < 4; i++) {
        struct buf out = BUF_INIT;
        struct tg_error err = {0};
        if (read_all(pieces[i], &out, &err) != TG_OK)
            fail_msg("%s", err.what);
        assert_int_equal(out.len, len);
        if (len > 0)
            assert_memory_equal(out.data, expected, len);
        buf_release(&out);
    }
}

static void test_plain(void **state)
{
    (void)state;
    put("", 0);
    check_content("", 0);
    put("\x1f", 1);
    check_content("\x1f", 1);
    put("\x28\xb5\x2f", 3);
    check_content("\x28\xb5\x2f", 3);
    put("a\0b", 3);
    check_content("a\0b", 3);
    put(text.data, text.len);
    check_content(text.data, text.len);
    put(text.data, 256 * 1024);
    check_content(text.data, 256 * 1024);
}

static void test_gzip(void **state)
{
    (void)state;
    struct buf packed = BUF_INIT;
    gzip("", 0, &packed);
    put(packed.data, packed.len);
    check_content("", 0);
    gzip(text.data, 1000, &packed);
    gzip("", 0, &packed);
    gzip(text.data + 1000, text.len - 1000, &packed);
    put(packed.data, packed.len);
    check_content(text.data, text.len);
    buf_append(&packed, "\0\0\0\0\0", 5);
    put(packed.data, packed.len);
    check_content(text.data, text.len);
    buf_release(&packed);
}

/* Several streams, one of nothing, and zeros behind and between them. */
static void check_streams(void (*pack)(const char *bytes, size_t len, struct buf *out))
{
    struct buf packed = BUF_INIT;
    pack("", 0, &packed);
    put(packed.data, packed.len);
    check_content("", 0);
    pack(text.data, 1000, &packed);
    buf_append(&packed, "\0\0\0\0", 4);
    pack("", 0, &packed);
    pack(text.data + 1000, text.len - 1000, &packed);
    put(packed.data, packed.len);
    check_content(text.data, text.len);
    buf_append(&packed, "\0\0\0\0\0\0\0\0", 8);
    put(packed.data, packed.len);
    check_content(text.data, text.len);
    buf_release(&packed);
}

static void test_bzip2(void **state)
{
    (void)state;
    check_streams(bzip2);
    put("BZh9 is a header", 16); /* no magic: text */
    check_content("BZh9 is a header", 16);
}

static void test_xz(void **state)
{
    (void)state;
    check_streams(xz);
}

static void test_zstd(void **state)
{
    (void)state;
    struct buf packed = BUF_INIT;
    zstd("", 0, &packed);
    put(packed.data, packed.len);
    check_content("", 0);
    zstd(text.data, 1000, &packed);
    buf_append(&packed, "\x50\x2a\x4d\x18\x03\0\0\0abc", 11); /* a frame to be skipped */
    zstd(text.data + 1000, text.len - 1000, &packed);
    put(packed.data, packed.len);
    check_content(text.data, text.len);
    buf_clear(&packed);
    buf_append(&packed, "\x5f\x2a\x4d\x18\x01\0\0\0a", 9); /* as some tools begin a file */
    zstd(text.data, text.len, &packed);
    put(packed.data, packed.len);
    check_content(text.data, text.len);
    buf_release(&packed);
}

/* Of too few bytes to be told by them: cut off when its name says that it is compressed. */
static void test_short_files(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes;
        size_t len;
        int rc;
    } files[] = {
        {"a.gz", "", 0, TG_DATA},
        {"a.csv.GZ", "\x1f", 1, TG_DATA},
        {"a.zst", "", 0, TG_DATA},
        {"a.zst", "\x28\xb5\x2f", 3, TG_DATA},
        {"a.gz", "text", 4, TG_OK},
        {"a.gz.csv", "", 0, TG_OK},
        {"a.bz2", "", 0, TG_DATA},
        {"a.bz2", "BZh91AY&S", 9, TG_DATA},
        {"a.xz", "", 0, TG_DATA},
        {"a.xz",
         "\xfd"
         "7zXZ",
         5, TG_DATA},
        {"a.xz", "a text", 6, TG_OK},
    };
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct reader *reader = NULL;
        struct tg_error err = {0};
        char *file = fs_join(folder, files[i].name);
        assert_int_equal(fs_write_file(file, files[i].bytes, files[i].len, NULL), TG_OK);
        int rc = reader_open(file, &reader, &err);
        if (rc != files[i].rc || (rc != TG_OK && !strstr(err.what, "is truncated: it ends after")))
            fail_msg("'%s' of %zu bytes: %d, %s", files[i].name, files[i].len, rc, err.what);
        reader_close(reader);
        mem_free(file);
    }
}

/* Members that end exactly where a chunk of the file does. */
static void test_member_at_the_chunk_end(void **state)
{
    (void)state;
    struct buf packed = BUF_INIT;
    struct buf expected = BUF_INIT;
    for (size_t len = 1000; packed.len < 600 * 1024; len += 1013) {
        gzip(text.data, len, &packed);
        buf_append(&expected, text.data, len);
    }
    put(packed.data, packed.len);
    check_content(expected.data, expected.len);
    buf_release(&packed);
    buf_release(&expected);
}

/* A window that memory should not be spent on is no damage. */
static void test_large_window(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    struct tg_error err = {0};
    put("\x28\xb5\x2f\xfd\x00\xa0\x01\x00\x00", 9); /* of 1 GiB */
    assert_int_equal(read_all(65536, &out, &err), TG_DATA);
    assert_non_null(strstr(err.what, "needs a window of more than 128 MiB"));
    buf_release(&out);
}

/* Highly compressed: much comes out of nothing more going in. */
static void test_much_from_little(void **state)
{
    (void)state;
    struct buf packed = BUF_INIT;
    size_t len = 3000000;
    char *zeros = mem_calloc(1, len);
    gzip(zeros, len, &packed);
    put(packed.data, packed.len);
    check_content(zeros, len);
    buf_clear(&packed);
    zstd(zeros, len, &packed);
    put(packed.data, packed.len);
    check_content(zeros, len);
    buf_clear(&packed);
    bzip2(zeros, len, &packed);
    put(packed.data, packed.len);
    check_content(zeros, len);
    buf_clear(&packed);
    xz(zeros, len, &packed);
    put(packed.data, packed.len);
    check_content(zeros, len);
    mem_free(zeros);
    buf_release(&packed);
}

/* As "xz --lzma2=dict=256MiB" would have it: the size of the dictionary is a byte of the header. */
static void test_large_dictionary(void **state)
{
    (void)state;
    struct buf packed = BUF_INIT, out = BUF_INIT;
    struct tg_error err = {0};
    lzma_options_lzma options;
    size_t size = 0;
    uint8_t bytes[4096];
    assert_false(lzma_lzma_preset(&options, 0));
    options.dict_size = 256 * 1024 * 1024;
    options.mf = LZMA_MF_HC3;
    lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, NULL}};
    assert_int_equal(lzma_stream_buffer_encode(filters, LZMA_CHECK_CRC32, NULL,
                                               (const uint8_t *)"a,b\n", 4, bytes, &size,
                                               sizeof(bytes)),
                     LZMA_OK);
    put(bytes, size);
    assert_int_equal(read_all(65536, &out, &err), TG_DATA);
    assert_non_null(strstr(err.what, "needs a dictionary of more than 128 MiB"));
    buf_release(&out);
    xz(text.data, 100, &packed);
    put(packed.data, packed.len);
    check_content(text.data, 100);
    buf_release(&packed);
}

static void check_cut(const struct buf *packed, const char *name, size_t from)
{
    char expected[100];
    for (size_t len = from; len < packed->len; len++) {
        struct buf out = BUF_INIT;
        struct tg_error err = {0};
        put(packed->data, len);
        if (read_all(65536, &out, &err) != TG_DATA)
            fail_msg("%s of %zu bytes cut to %zu was read", name, packed->len, len);
        snprintf(expected, sizeof(expected), "the %s stream ends after %zu bytes", name, len);
        if (!strstr(err.what, "it's' is truncated") || !strstr(err.what, expected))
            fail_msg("%s", err.what);
        buf_release(&out);
    }
}

static void test_cut_off(void **state)
{
    (void)state;
    struct buf packed = BUF_INIT;
    gzip(text.data, 300, &packed);
    check_cut(&packed, "gzip", 2);
    size_t first = packed.len;
    gzip(text.data, 100, &packed);
    check_cut(&packed, "gzip", first + 1);
    buf_clear(&packed);
    zstd(text.data, 300, &packed);
    check_cut(&packed, "zstd", 4);
    first = packed.len;
    zstd(text.data, 100, &packed);
    check_cut(&packed, "zstd", first + 1);
    buf_clear(&packed);
    bzip2(text.data, 300, &packed);
    check_cut(&packed, "bzip2", 10);
    first = packed.len;
    bzip2(text.data, 100, &packed);
    check_cut(&packed, "bzip2", first + 1);
    buf_clear(&packed);
    xz(text.data, 300, &packed);
    check_cut(&packed, "xz", 6);
    first = packed.len;
    xz(text.data, 100, &packed);
    check_cut(&packed, "xz", first + 1);
    buf_release(&packed);
}

static void check_damaged(const struct buf *packed, const char *name)
{
    struct buf out = BUF_INIT;
    struct tg_error err = {0};
    put(packed->data, packed->len);
    assert_int_equal(read_all(65536, &out, &err), TG_DATA);
    assert_non_null(strstr(err.what, "it's' is damaged: the "));
    assert_non_null(strstr(err.what, name));
    assert_non_null(strstr(err.what, "near byte"));
    buf_release(&out);
}

static void test_damaged(void **state)
{
    (void)state;
    struct buf packed = BUF_INIT;
    gzip(text.data, 3000, &packed);
    packed.data[packed.len - 6] ^= 1; /* the checksum */
    check_damaged(&packed, "gzip");
    buf_clear(&packed);
    gzip(text.data, 3000, &packed);
    buf_text(&packed, "rubbish");
    check_damaged(&packed, "gzip");
    buf_clear(&packed);
    ZSTD_CCtx *checked = ZSTD_createCCtx();
    char frame[4096];
    (void)ZSTD_CCtx_setParameter(checked, ZSTD_c_checksumFlag, 1);
    buf_append(&packed, frame, ZSTD_compress2(checked, frame, sizeof(frame), text.data, 3000));
    ZSTD_freeCCtx(checked);
    packed.data[packed.len - 1] ^= 1; /* the checksum */
    check_damaged(&packed, "zstd");
    buf_clear(&packed);
    buf_append(&packed, "\x1f\x8b rubbish rubbish", 18);
    check_damaged(&packed, "gzip");
    buf_clear(&packed);
    zstd(text.data, 3000, &packed);
    buf_text(&packed, "rubbish");
    check_damaged(&packed, "zstd");
    buf_clear(&packed);
    buf_append(&packed, "\x28\xb5\x2f\xfd rubbish rubbish", 20);
    packed.data[4] = (char)0xff;
    check_damaged(&packed, "zstd");
    buf_clear(&packed);
    bzip2(text.data, 3000, &packed);
    packed.data[packed.len / 2] ^= 1;
    check_damaged(&packed, "bzip2");
    buf_clear(&packed);
    bzip2(text.data, 3000, &packed);
    buf_text(&packed, "rubbish");
    check_damaged(&packed, "bzip2");
    buf_clear(&packed);
    xz(text.data, 3000, &packed);
    packed.data[packed.len / 2] ^= 1;
    check_damaged(&packed, "xz");
    buf_clear(&packed);
    xz(text.data, 3000, &packed);
    buf_text(&packed, "rubbish behind it");
    check_damaged(&packed, "xz");
    buf_release(&packed);
}

static void test_open_errors(void **state)
{
    (void)state;
    struct reader *reader = NULL;
    struct tg_error err = {0};
    reader_close(NULL);
    assert_int_equal(reader_open("/none/x", &reader, &err), TG_SOURCE);
    assert_string_equal(err.what, "file '/none/x' cannot be opened: No such file or directory");
    assert_null(reader);
    assert_int_equal(reader_open(folder, &reader, &err), TG_SOURCE);
    assert_non_null(strstr(err.what, "is a folder; "));
    put("abc", 3);
    assert_int_equal(reader_open(path, &reader, &err), TG_OK);
    size_t len = 9;
    assert_int_equal(reader_read(reader, NULL, 0, &len, &err), TG_OK);
    assert_int_equal(len, 0);
    reader_close(reader);
}

static int read_once(void)
{
    struct buf out = BUF_INIT;
    struct tg_error err = {0};
    int rc = read_all(1 << 20, &out, &err);
    buf_release(&out);
    return rc;
}

static int blob_once(void)
{
    struct buf blob = BUF_INIT;
    struct buf back = BUF_INIT;
    struct tg_error err = {0};
    int rc = TG_OK;
    TRY(blob_encode(text.data, 100000, &blob, &err));
    TRY(blob_decode(blob.data, blob.len, &back, &err));
done:
    buf_release(&blob);
    buf_release(&back);
    return rc;
}

/* Whatever is passed over, what follows is the same; the hash is of what was handed out, and of
 * what was passed over if that was read. */
static void check_skip(int64_t bytes, bool is_read)
{
    struct reader *reader = NULL;
    struct hash_stream *hash, *wanted;
    char rest[100], got_hash[HASH_STREAM_TEXT + 1], wanted_hash[HASH_STREAM_TEXT + 1];
    size_t got = 0, from = bytes < (int64_t)text.len ? (size_t)bytes : text.len;
    assert_int_equal(hash_stream_new(&hash, NULL), TG_OK);
    assert_int_equal(hash_stream_new(&wanted, NULL), TG_OK);
    assert_int_equal(reader_open(path, &reader, NULL), TG_OK);
    reader_watch(reader, hash);
    if (is_read)
        assert_int_equal(reader_pass(reader, bytes, NULL), TG_OK);
    else
        assert_int_equal(reader_skip(reader, bytes, NULL), TG_OK);
    assert_int_equal(reader_read(reader, rest, sizeof(rest), &got, NULL), TG_OK);
    assert_int_equal(got > 0, from < text.len);
    assert_memory_equal(rest, text.data + from, got);
    hash_stream_add(wanted, text.data + (is_read ? 0 : from), got + (is_read ? from : 0));
    hash_stream_text(hash, got_hash);
    hash_stream_text(wanted, wanted_hash);
    assert_string_equal(got_hash, wanted_hash);
    reader_close(reader);
    hash_stream_free(hash);
    hash_stream_free(wanted);
}

static void test_skip(void **state)
{
    (void)state;
    const int64_t places[] = {0,
                              1,
                              3,
                              4,
                              5,
                              262143,
                              262144,
                              262145,
                              524288,
                              600000,
                              (int64_t)text.len - 1,
                              (int64_t)text.len,
                              900000};
    struct buf packed = BUF_INIT;
    gzip(text.data, text.len, &packed);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        for (int is_read = 0; is_read < 2; is_read++) {
            put(text.data, text.len);
            check_skip(places[i], is_read);
            put(packed.data, packed.len);
            check_skip(places[i], is_read);
        }
    }
    buf_release(&packed);
}

/* What comes from elsewhere is decompressed, passed over and cut off like a file. */
static void test_source(void **state)
{
    (void)state;
    struct buf packed = BUF_INIT;
    gzip(text.data, text.len, &packed);
    for (int is_packed = 0; is_packed < 2; is_packed++) {
        const struct buf *bytes = is_packed ? &packed : &text;
        struct text_source source = text_source(bytes->data, bytes->len);
        struct reader *reader = NULL;
        struct fs_stat info;
        char rest[10];
        size_t len = 0;
        source.piece = 1000;
        assert_int_equal(reader_open_source(&source.base, "elsewhere", &reader, NULL), TG_OK);
        assert_int_equal(reader_is_plain(reader), !is_packed);
        assert_int_equal(reader_stat(reader, &info, NULL), TG_OK);
        assert_false(info.exists);
        assert_int_equal(reader_skip(reader, 600000, NULL), TG_OK);
        assert_int_equal(reader_read(reader, rest, sizeof(rest), &len, NULL), TG_OK);
        assert_memory_equal(rest, text.data + 600000, len);
        assert_true(len > 0);
        reader_close(reader);
        assert_int_equal(source.closed, 1);
    }
    struct text_source cut = text_source(packed.data, packed.len - 1);
    struct reader *reader = NULL;
    struct tg_error err = {0};
    assert_int_equal(reader_open_source(&cut.base, "elsewhere", &reader, NULL), TG_OK);
    assert_int_equal(reader_pass(reader, INT64_MAX, &err), TG_DATA);
    assert_non_null(strstr(err.what, "'elsewhere' is truncated"));
    reader_close(reader);
    buf_release(&packed);
}

static int source_once(void)
{
    struct text_source source = text_source("12345", 5);
    struct reader *reader = NULL;
    int rc = reader_open_source(&source.base, "elsewhere", &reader, NULL);
    assert_int_equal(source.closed, rc != TG_OK);
    reader_close(reader);
    assert_int_equal(source.closed, 1);
    return rc;
}

static void test_torture(void **state)
{
    (void)state;
    struct buf packed = BUF_INIT;
    gzip(text.data, text.len, &packed);
    put(packed.data, packed.len);
    torture(read_once);
    buf_clear(&packed);
    zstd(text.data, text.len, &packed);
    put(packed.data, packed.len);
    torture(read_once);
    buf_clear(&packed);
    bzip2(text.data, 1000, &packed);
    bzip2(text.data, 1000, &packed);
    put(packed.data, packed.len);
    torture(read_once);
    buf_clear(&packed);
    xz(text.data, text.len, &packed);
    put(packed.data, packed.len);
    buf_release(&packed);
    torture(read_once);
    torture(blob_once);
    torture(source_once);
}

static void test_blob(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 2, 100, 5000, 500000};
    struct tg_error err = {0};
    for (size_t i = 0; i < 6; i++) {
        struct buf blob = BUF_INIT;
        struct buf back = BUF_INIT;
        assert_int_equal(blob_encode(text.data, lengths[i], &blob, &err), TG_OK);
        assert_int_equal(blob.len % 4, 0);
        assert_int_equal(blob_decode(blob.data, blob.len, &back, &err), TG_OK);
        assert_int_equal(back.len, lengths[i]);
        if (lengths[i] > 0)
            assert_memory_equal(back.data, text.data, lengths[i]);
        buf_release(&blob);
        buf_release(&back);
    }
    /* what Python's zlib makes at level 9 */
    struct buf blob = BUF_INIT;
    assert_int_equal(blob_encode("{\"a\":1}", 7, &blob, &err), TG_OK);
    assert_string_equal(blob.data, "eNqrVkpUsjKsBQAIKgIJ");
    buf_clear(&blob);
    assert_int_equal(blob_decode("{\"a\": 1}", 8, &blob, &err), TG_OK);
    assert_string_equal(blob.data, "{\"a\": 1}");
    buf_release(&blob);
}

static void test_bad_blobs(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "[1]",
                                        "not base64!",
                                        "AAAA",
                                        "eNqrVkpUsjKsBQAI",
                                        "eNqrVkpUsjKsBQAIKgIJAAAA",
                                        "eNqrVkpUsjKsBQAIKgIK"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct buf out = BUF_INIT;
        struct tg_error err = {0};
        if (blob_decode(texts[i], strlen(texts[i]), &out, &err) != TG_DATA)
            fail_msg("'%s' was taken", texts[i]);
        assert_string_equal(err.what, "blob is neither JSON nor base64 of a zlib stream");
        buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_gzip),
        cmocka_unit_test(test_zstd),
        cmocka_unit_test(test_bzip2),
        cmocka_unit_test(test_xz),
        cmocka_unit_test(test_short_files),
        cmocka_unit_test(test_large_window),
        cmocka_unit_test(test_large_dictionary),
        cmocka_unit_test(test_member_at_the_chunk_end),
        cmocka_unit_test(test_much_from_little),
        cmocka_unit_test(test_cut_off),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_open_errors),
        cmocka_unit_test(test_skip),
        cmocka_unit_test(test_source),
        cmocka_unit_test(test_torture),
        cmocka_unit_test(test_blob),
        cmocka_unit_test(test_bad_blobs),
    };
    return cmocka_run_group_tests_name("base/codec", tests, setup, teardown);
}
