/* src/extract/formats/csv_text.c: a file's bytes as UTF-8, from any place on, and their hash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <zlib.h>

#include "base/text/utf8.h"
#include "extract/formats/csv_text.h"
#include "helper.h"
#include "tests/torture.h"

static int open_text(const char *path, enum encoding encoding, struct hash_stream *hash,
                     struct csv_text **out)
{
    struct reader *reader;
    int rc = TG_OK;
    *out = NULL;
    TRY(reader_open(path, &reader, NULL));
    TRY(csv_text_open(reader, encoding, hash, out, NULL));
done:
    return rc;
}

static int read_rest(struct csv_text *text, size_t part, struct buf *out)
{
    char bytes[1024];
    size_t len = 1;
    int rc = TG_OK;
    while (len > 0) {
        TRY(csv_text_read(text, bytes, part, &len, NULL));
        buf_append(out, bytes, len);
    }
    assert_true(csv_text_is_over(text));
done:
    return rc;
}

/* Longer than the head. */
static void make_text(struct buf *out)
{
    for (int i = 0; out->len < CSV_HEAD_BYTES + 100000; i++)
        buf_printf(out, "%d,text\n", i);
}

static void put_text(const char *folder, const char *name, const struct buf *text, bool packed)
{
    if (!packed) {
        put_bytes(folder, name, text->data, text->len);
        return;
    }
    gzFile file = gzopen(path_in(folder, name), "wb");
    assert_int_equal(gzwrite(file, text->data, (unsigned)text->len), text->len);
    assert_int_equal(gzclose(file), Z_OK);
}

/* The hash is that of the whole file, whether it holds the first bytes before or not. */
static void check_from(const char *path, const struct buf *text, size_t from, bool hashed)
{
    struct csv_text *opened;
    struct hash_stream *hash, *all;
    struct buf read = BUF_INIT;
    char found[HASH_STREAM_TEXT + 1], expected[HASH_STREAM_TEXT + 1];
    assert_int_equal(hash_stream_new(&hash, NULL), TG_OK);
    assert_int_equal(hash_stream_new(&all, NULL), TG_OK);
    hash_stream_add(all, text->data, text->len);
    if (hashed)
        hash_stream_add(hash, text->data, from);
    assert_int_equal(open_text(path, ENCODING_AUTO, hash, &opened), TG_OK);
    assert_int_equal(csv_text_begin(opened, (int64_t)from, NULL), TG_OK);
    assert_int_equal(read_rest(opened, 1000, &read), TG_OK);
    assert_int_equal(read.len, text->len - from);
    assert_memory_equal(buf_string(&read), text->data + from, read.len);
    hash_stream_text(hash, found);
    hash_stream_text(all, expected);
    assert_string_equal(found, expected);
    csv_text_close(opened);
    hash_stream_free(hash);
    hash_stream_free(all);
    buf_release(&read);
}

static void test_places(void **state)
{
    struct buf text = BUF_INIT;
    make_text(&text);
    for (int packed = 0; packed < 2; packed++) {
        const size_t places[] = {0,
                                 1,
                                 100,
                                 CSV_HEAD_BYTES - 1,
                                 CSV_HEAD_BYTES,
                                 CSV_HEAD_BYTES + 1,
                                 CSV_HEAD_BYTES + 70000,
                                 text.len};
        put_text(*state, "x.csv", &text, packed);
        for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
            check_from(path_in(*state, "x.csv"), &text, places[i], false);
            check_from(path_in(*state, "x.csv"), &text, places[i], true);
        }
    }
    buf_release(&text);
}

/* UTF-16, of which a character may lie over any border of what is read. */
static void test_decoded(void **state)
{
    struct buf text = BUF_INIT, wide = BUF_INIT, read = BUF_INIT;
    struct csv_text *opened;
    size_t len;
    for (int i = 0; wide.len < 2 * CSV_HEAD_BYTES; i++) {
        bool is_pair = i % 7 == 3;
        buf_append(&wide, is_pair ? "\x3d\xd8\x00\xde" : "a\0", is_pair ? 4 : 2);
        buf_text(&text, is_pair ? "\xf0\x9f\x98\x80" : "a");
    }
    put_bytes(*state, "x.csv", wide.data, wide.len);
    for (size_t part = CSV_READ_MIN; part < 1024; part += 509) {
        buf_clear(&read);
        assert_int_equal(open_text(path_in(*state, "x.csv"), ENCODING_UTF16LE, NULL, &opened),
                         TG_OK);
        assert_false(csv_text_has_whole_head(opened));
        csv_text_head(opened, &len);
        assert_int_equal(len, CSV_HEAD_BYTES);
        assert_int_equal(read_rest(opened, part, &read), TG_OK);
        assert_int_equal(read.len, text.len);
        assert_memory_equal(read.data, text.data, text.len);
        csv_text_close(opened);
    }
    buf_release(&text);
    buf_release(&wide);
    buf_release(&read);
}

/* ---- few bytes at a time ---- */

struct drip {
    struct byte_source base;
    const char *bytes;
    size_t left, step;
};

static int drip_read(struct byte_source *base, void *out, size_t cap, size_t *len,
                     struct tg_error *err)
{
    struct drip *drip = (struct drip *)base;
    (void)err;
    *len = drip->step < drip->left ? drip->step : drip->left;
    *len = *len < cap ? *len : cap;
    memcpy(out, drip->bytes, *len);
    drip->bytes += *len;
    drip->left -= *len;
    return TG_OK;
}

static void drip_close(struct byte_source *base)
{
    (void)base;
}

/* The text as UTF-16, with a mark in front. */
static void widen(bool is_big, const char *text, size_t len, struct buf *out)
{
    uint32_t code;
    buf_append(out, is_big ? "\xfe\xff" : "\xff\xfe", 2);
    for (size_t i = 0; i < len; i += utf8_next(text + i, len - i, &code)) {
        (void)!utf8_next(text + i, len - i, &code);
        uint32_t units[2] = {code, 0};
        if (code >= 0x10000) {
            units[0] = 0xd800 + ((code - 0x10000) >> 10);
            units[1] = 0xdc00 + (code & 0x3ff);
        }
        for (int k = 0; k < 2 && (k == 0 || units[k] > 0); k++) {
            buf_char(out, (char)(is_big ? units[k] >> 8 : units[k]));
            buf_char(out, (char)(is_big ? units[k] : units[k] >> 8));
        }
    }
}

/* It comes as it is, whatever lies over the borders of what is read. */
static void check_drip(const struct buf *bytes, const struct buf *text, size_t step)
{
    struct drip drip = {
        .base = {drip_read, drip_close}, .bytes = bytes->data, .left = bytes->len, .step = step};
    struct reader *reader;
    struct csv_text *opened;
    struct hash_stream *hash;
    struct buf read = BUF_INIT;
    assert_int_equal(hash_stream_new(&hash, NULL), TG_OK);
    assert_int_equal(reader_open_source(&drip.base, "x", &reader, NULL), TG_OK);
    assert_int_equal(csv_text_open(reader, ENCODING_AUTO, hash, &opened, NULL), TG_OK);
    assert_int_equal(read_rest(opened, 1000, &read), TG_OK);
    assert_int_equal(read.len, text->len);
    assert_memory_equal(read.data, text->data, text->len);
    assert_int_equal(hash_stream_bytes(hash), bytes->len);
    csv_text_close(opened);
    hash_stream_free(hash);
    buf_release(&read);
}

static void test_few_bytes_at_a_time(void **state)
{
    static const char *const ends[] = {"\n", "\r\n", "\r"};
    static const char half[] = "9,\xf0\x9f\x98\x80\xc4\x8d";
    (void)state;
    for (int is_big = 0; is_big < 2; is_big++)
        for (int phase = 0; phase < 9; phase++) {
            struct buf text = BUF_INIT, bytes = BUF_INIT;
            buf_text(&text, "\xef\xbb\xbf");
            while (text.len < CSV_HEAD_BYTES * 4 / 5)
                buf_printf(&text, "1,\xf0\x9f\x98\x80%s", ends[phase % 3]);
            buf_printf(&text, "%.*s%s%s", phase / 3, "abc", ends[phase % 3], half);
            widen(is_big, text.data + 3, text.len - 3, &bytes);
            assert_true(bytes.len > CSV_HEAD_BYTES);
            for (size_t step = 1; step <= 3; step++)
                check_drip(&bytes, &text, step);
            buf_release(&text);
            buf_release(&bytes);
        }
}

static void test_empty(void **state)
{
    struct csv_text *opened;
    struct buf read = BUF_INIT;
    put_file(*state, "x.csv", "");
    assert_int_equal(open_text(path_in(*state, "x.csv"), ENCODING_AUTO, NULL, &opened), TG_OK);
    assert_true(csv_text_has_whole_head(opened));
    assert_true(csv_text_is_over(opened));
    assert_int_equal(read_rest(opened, 100, &read), TG_OK);
    assert_int_equal(read.len, 0);
    assert_int_equal(csv_text_encoding(opened), ENCODING_UTF8);
    assert_int_equal(csv_text_check(opened, NULL), TG_OK);
    csv_text_close(opened);
    buf_release(&read);
}

static void test_damage(void **state)
{
    struct buf text = BUF_INIT, packed = BUF_INIT;
    struct csv_text *opened;
    struct tg_error err = {0};
    make_text(&text);
    put_text(*state, "x.csv", &text, true);
    assert_int_equal(fs_read_file(path_in(*state, "x.csv"), &packed, NULL), TG_OK);
    put_bytes(*state, "x.csv", packed.data, packed.len - 1);
    assert_int_equal(open_text(path_in(*state, "x.csv"), ENCODING_AUTO, NULL, &opened), TG_OK);
    assert_int_equal(csv_text_check(opened, &err), TG_DATA);
    assert_non_null(strstr(err.what, "is truncated"));
    csv_text_close(opened);
    buf_release(&text);
    buf_release(&packed);
}

static const char *torture_path;

static int work(void)
{
    struct csv_text *opened;
    struct buf read = BUF_INIT;
    int rc = TG_OK;
    TRY(open_text(torture_path, ENCODING_UTF16, NULL, &opened));
    rc = read_rest(opened, 100, &read);
    if (rc == TG_OK)
        rc = buf_check(&read, NULL);
done:
    csv_text_close(opened);
    buf_release(&read);
    return rc;
}

static void test_torture(void **state)
{
    put_bytes(*state, "x.csv", "a\0b\0", 4);
    torture_path = path_in(*state, "x.csv");
    torture(work);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_places), IN_FOLDER(test_decoded), IN_FOLDER(test_empty),
        IN_FOLDER(test_damage), IN_FOLDER(test_torture), cmocka_unit_test(test_few_bytes_at_a_time),
    };
    return cmocka_run_group_tests_name("extract/csv_text", tests, NULL, NULL);
}
