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

static int open_walk(const char *folder, const char *name, struct text_walk *out,
                     struct tg_error *err)
{
    char path[1024];
    struct fs_stat info;
    int rc = TG_OK;
    *out = (struct text_walk){0};
    snprintf(path, sizeof(path), "%s", path_in(folder, name));
    TRY(fs_stat(path, &info, err));
    const struct listed_file file = {.path = path, .device = info.device, .inode = info.inode};
    TRY(text_open(&file, out, err));
done:
    return rc;
}

static void test_walk(void **state)
{
    struct text_walk content;
    struct buf text = BUF_INIT;
    bool more;
    char next;
    for (int i = 0; i < 20000; i++)
        buf_printf(&text, "%d,text\n", i);
    put_file(*state, "a", buf_string(&text));
    assert_int_equal(open_walk(*state, "a", &content, NULL), TG_OK);
    assert_int_equal(text_pass(&content, 7, NULL), TG_OK);
    check_at(&content, 7, text.data);
    assert_int_equal(content.last, '\n');
    assert_int_equal(content.lines, 1);
    assert_int_equal(text_pass(&content, 7, NULL), TG_OK); /* is there already */
    assert_int_equal(text_pass(&content, 150001, NULL), TG_OK);
    check_at(&content, 150001, text.data);
    assert_int_equal(content.last, text.data[150000]);
    assert_int_equal(text_peek(&content, &next, &more, NULL), TG_OK);
    assert_true(more);
    assert_int_equal(next, text.data[150001]);
    check_at(&content, 150001, text.data);
    text_close(&content);
    assert_int_equal(open_walk(*state, "a", &content, NULL), TG_OK);
    assert_int_equal(text_pass(&content, INT64_MAX, NULL), TG_OK);
    check_at(&content, (int64_t)text.len, text.data);
    assert_int_equal(content.lines, 20000);
    assert_int_equal(text_peek(&content, &next, &more, NULL), TG_OK);
    assert_false(more);
    text_close(&content);
    buf_release(&text);
}

/* The byte before a zero may have come in another part. */
static void test_wide_line_ends(void **state)
{
    struct text_walk content;
    put_bytes(*state, "a", "a\0\n\0b\0", 6);
    for (int64_t first = 1; first < 4; first++) {
        assert_int_equal(open_walk(*state, "a", &content, NULL), TG_OK);
        assert_int_equal(text_pass(&content, first, NULL), TG_OK);
        assert_int_equal(text_pass(&content, 4, NULL), TG_OK);
        assert_int_equal(content.last, '\n');
        assert_int_equal(text_pass(&content, 6, NULL), TG_OK);
        assert_int_equal(content.last, '\0');
        text_close(&content);
    }
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
        cmocka_unit_test_setup_teardown(test_wide_line_ends, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_failures, folder_setup, folder_teardown),
    };
    return cmocka_run_group_tests_name("extract/text", tests, NULL, NULL);
}
