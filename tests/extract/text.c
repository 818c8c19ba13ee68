#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "extract/files/text.h"
#include "helper.h"
#include "tests/torture.h"

static const char *folder_of_torture;

static void check_at(const struct text_walk *content, int64_t bytes, const char *text)
{
    struct hash_stream *stream;
    char wanted[HASH_STREAM_TEXT + 1], got[HASH_STREAM_TEXT + 1];
    assert_int_equal(hash_stream_bytes(content->text), bytes);
    assert_int_equal(hash_stream_new(&stream, NULL), TG_OK);
    hash_stream_add(stream, text, (size_t)bytes);
    hash_stream_text(stream, wanted);
    hash_stream_text(content->text, got);
    assert_string_equal(got, wanted);
    hash_stream_free(stream);
}

static int open_as(const char *folder, const char *name, enum encoding encoding, bool is_csv,
                   struct text_walk *out, struct tg_error *err)
{
    char path[1024];
    struct fs_stat info;
    int rc = TG_OK;
    *out = (struct text_walk){0};
    snprintf(path, sizeof(path), "%s", path_in(folder, name));
    TRY(fs_stat(path, &info, err));
    const struct listed_file file = {.path = path,
                                     .device = info.device,
                                     .inode = info.inode,
                                     .encoding = encoding,
                                     .is_csv = is_csv};
    TRY(text_open(&file, out, err));
done:
    return rc;
}

static int open_walk(const char *folder, const char *name, struct text_walk *out,
                     struct tg_error *err)
{
    return open_as(folder, name, ENCODING_AUTO, false, out, err);
}

static void test_walk(void **state)
{
    struct text_walk content;
    struct buf text = BUF_INIT;
    bool more, ends_line;
    for (int i = 0; i < 20000; i++)
        buf_printf(&text, "%d,text\n", i);
    put_file(*state, "a", buf_string(&text));
    assert_int_equal(open_walk(*state, "a", &content, NULL), TG_OK);
    assert_int_equal(text_pass(&content, 7, NULL), TG_OK);
    check_at(&content, 7, text.data);
    assert_true(text_ends_line(&content));
    assert_int_equal(content.lines, 1);
    assert_int_equal(text_pass(&content, 7, NULL), TG_OK); /* is there already */
    assert_int_equal(text_pass(&content, 150001, NULL), TG_OK);
    check_at(&content, 150001, text.data);
    assert_int_equal(text_ends_line(&content), text.data[150000] == '\n');
    assert_int_equal(text_peek(&content, &more, &ends_line, NULL), TG_OK);
    assert_true(more);
    assert_int_equal(ends_line, text.data[150001] == '\n');
    check_at(&content, 150001, text.data);
    text_close(&content);
    assert_int_equal(open_walk(*state, "a", &content, NULL), TG_OK);
    assert_int_equal(text_pass(&content, INT64_MAX, NULL), TG_OK);
    check_at(&content, (int64_t)text.len, text.data);
    assert_int_equal(content.lines, 20000);
    assert_int_equal(text_peek(&content, &more, &ends_line, NULL), TG_OK);
    assert_false(more);
    text_close(&content);
    buf_release(&text);
}

/* At each place of a text: how many lines have ended, whether one ends there, or right behind. The
 * walk stops on the way there, anywhere. */
static void check_places(const char *folder, enum encoding encoding, bool is_csv, const char *text,
                         size_t len, const char *expected)
{
    struct buf out = BUF_INIT;
    put_bytes(folder, "a", text, len);
    for (size_t stop = 2; stop <= len; stop++) {
        buf_clear(&out);
        for (size_t to = stop; to <= len; to++) {
            struct text_walk content;
            bool more, ends_line;
            assert_int_equal(open_as(folder, "a", encoding, is_csv, &content, NULL), TG_OK);
            assert_int_equal(text_pass(&content, (int64_t)stop, NULL), TG_OK);
            assert_int_equal(text_pass(&content, (int64_t)to, NULL), TG_OK);
            const bool is_whole = text_ends_line(&content);
            assert_int_equal(text_peek(&content, &more, &ends_line, NULL), TG_OK);
            assert_int_equal(more, to < len);
            buf_printf(&out, "%d%s%s ", (int)content.lines, is_whole ? "." : "",
                       ends_line ? "+" : "");
            text_close(&content);
        }
        const char *rest = expected;
        for (size_t skipped = 2; skipped < stop; skipped++)
            rest = strchr(rest, ' ') + 1;
        assert_string_equal(buf_string(&out), rest);
    }
    buf_release(&out);
}

static void test_line_ends(void **state)
{
    check_places(*state, ENCODING_AUTO, false, "ab\n\r\n", 5, "0+ 1.+ 1.+ 2. ");
    check_places(*state, ENCODING_AUTO, false, "ab\rc\n", 5, "0+ 0. 0+ 1. ");
    check_places(*state, ENCODING_UTF8, true, "ab\rc\r\n\n", 7, "0+ 1. 1+ 2.+ 2.+ 3. ");
    check_places(*state, ENCODING_LATIN1, true, "a\r\r\n\n\ra", 7, "1.+ 2.+ 2.+ 3.+ 4. 4 ");
}

/* U+010A, U+0D0A and U+0A0D are no line ends, in either order of bytes; nor is half of one. */
static void test_wide_line_ends(void **state)
{
    check_places(*state, ENCODING_AUTO, true, "\xff\xfe\n\1\n\r\r\n\r\0\n\0", 12,
                 "0 0 0 0 0 0 0+ 0 1.+ 1 1. ");
    check_places(*state, ENCODING_AUTO, true, "\xfe\xff\1\n\r\n\n\r\0\r\0\n", 12,
                 "0 0 0 0 0 0 0+ 0 1.+ 1 1. ");
    check_places(*state, ENCODING_UTF16BE, true, "\0a\0\n\0", 5, "0+ 0 1. 1 ");
    check_places(*state, ENCODING_UTF16, true, "a\0\n\0b\0", 6, "0+ 0 1. 1 1 ");
}

static int work(void)
{
    struct text_walk content = {0};
    int rc = TG_OK;
    TRY(open_walk(folder_of_torture, "a", &content, NULL));
    TRY(text_pass(&content, INT64_MAX, NULL));
done:
    text_close(&content);
    return rc;
}

static void test_failures(void **state)
{
    struct text_walk content;
    assert_int_equal(open_walk(*state, "absent", &content, NULL), TG_SOURCE);
    text_close(&content);
    put_file(*state, "a", "1");
    folder_of_torture = *state;
    torture(work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_walk, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_line_ends, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_wide_line_ends, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_failures, folder_setup, folder_teardown),
    };
    return cmocka_run_group_tests_name("extract/text", tests, NULL, NULL);
}
