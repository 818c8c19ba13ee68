#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "extract/formats/json_reader.h"
#include "helper.h"
#include "tests/text_source.h"
#include "tests/torture.h"

enum { MIB = 1024 * 1024 };

static const char *folder_of_torture;

struct outcome {
    int rc;
    size_t rows, pages;
    struct buf text; /* of all rows, when it is short */
    struct tg_error err;
};

static int open_path(const char *path, const struct json_options *options, struct page_stream **out,
                     struct tg_error *err)
{
    struct reader *text;
    int rc = TG_OK;
    *out = NULL;
    TRY(reader_open(path, &text, err));
    TRY(json_reader_open(text, options, out, err));
done:
    return rc;
}

/* Reads a file to its end, or to an error. */
static struct outcome read_file(const char *path, enum json_form form, size_t line_bytes_max)
{
    struct outcome out = {.rc = TG_OK};
    struct page_stream *stream;
    struct page page = {.kind = PAGE_END};
    const struct json_options options = {
        .form = form, .line_bytes_max = line_bytes_max, .name = path};
    out.rc = open_path(path, &options, &stream, &out.err);
    while (out.rc == TG_OK) {
        out.rc = stream->next(stream, &page, &out.err);
        if (out.rc != TG_OK || page.kind == PAGE_END)
            break;
        assert_true(page.row_count > 0);
        assert_int_equal(page.row_count, page.read_count);
        assert_string_equal(page.file, path);
        out.rows += page.row_count;
        out.pages++;
        if (out.text.len < 1000)
            put_page(&out.text, &page);
    }
    page_release(&page);
    page_stream_close(stream);
    return out;
}

static void check_rows(const char *folder, const char *content, enum json_form form,
                       const char *rows)
{
    put_file(folder, "x.json", content);
    struct outcome out = read_file(path_in(folder, "x.json"), form, MIB);
    if (out.rc != TG_OK)
        fail_msg("%s: %s: %s", content, out.err.where, out.err.what);
    assert_string_equal(buf_string(&out.text), rows);
    buf_release(&out.text);
}

/* `where` comes after the file's name. */
static void check_error(const char *folder, const char *content, enum json_form form,
                        const char *where, const char *what)
{
    char expected[1200];
    put_file(folder, "x.json", content);
    const char *path = path_in(folder, "x.json");
    struct outcome out = read_file(path, form, MIB);
    snprintf(expected, sizeof(expected), "file '%s', %s", path, where);
    assert_int_equal(out.rc, TG_DATA);
    assert_string_equal(out.err.where, expected);
    if (!strstr(out.err.what, what))
        fail_msg("'%s' is not in '%s'", what, out.err.what);
    buf_release(&out.text);
}

/* ---- lines ---- */

static void test_lines(void **state)
{
    check_rows(*state, "", JSON_LINES, "");
    check_rows(*state, "\n\n  \n", JSON_LINES, "");
    check_rows(*state, "{\"a\":1}", JSON_LINES, "{\"a\":1} ");
    check_rows(*state, "{\"a\":1}\n{\"a\":2}\n", JSON_LINES, "{\"a\":1} {\"a\":2} ");
    check_rows(*state, "{\"a\":1}\r\n\r\n{\"a\":2}\r\n", JSON_LINES, "{\"a\":1} {\"a\":2} ");
    check_rows(*state, "\xef\xbb\xbf{\"a\":1}\n", JSON_LINES, "{\"a\":1} ");
    check_rows(*state, "\n\n{\"a\":1}\n \n{\"a\":2}", JSON_LINES, "{\"a\":1} {\"a\":2} ");
    check_rows(*state, "1\n[2,3]\n", JSON_LINES, "{\"value\":1} {\"value\":2} {\"value\":3} ");
    check_rows(*state, "\xef\xbb\xbf", JSON_LINES, "");
    check_rows(*state, "{\"a\":1}\n{\"a\":2}\n", JSON_ANY, "{\"a\":1} {\"a\":2} ");
    check_rows(*state, "{\"a\":1}", JSON_ANY, "{\"a\":1} ");
}

static void test_malformed_lines(void **state)
{
    check_error(*state, "{\"a\":1}\n\n{\"a\":}\n{\"a\":2}\n", JSON_LINES, "line 3, byte 6",
                "malformed");
    check_error(*state, "{\"a\":1}\n{\"a\":2", JSON_LINES, "line 2, byte 7", "malformed");
    check_error(*state, "{\"a\":1} {\"a\":2}\n", JSON_LINES, "line 1, byte 9", "malformed");
    check_error(*state, "{\"a\":\n1}\n", JSON_LINES, "line 1, byte 6", "malformed");
}

/* Lines are counted over pages. */
static void test_line_numbers_over_pages(void **state)
{
    struct buf lines = BUF_INIT;
    char where[64];
    int count = 0;
    for (; lines.len < 3 * MIB; count++)
        buf_printf(&lines, "{\"id\":%d,\"text\":\"some text that fills the line\"}\n%s", count,
                   count % 100 == 0 ? "\n" : "");
    put_file(*state, "good.jsonl", buf_string(&lines));
    struct outcome out = read_file(path_in(*state, "good.jsonl"), JSON_LINES, MIB);
    assert_int_equal(out.rc, TG_OK);
    assert_int_equal(out.rows, count);
    assert_true(out.pages >= 6);
    buf_release(&out.text);
    buf_text(&lines, "oops\n");
    snprintf(where, sizeof(where), "line %d, byte 1", count + (count + 99) / 100 + 1);
    check_error(*state, buf_string(&lines), JSON_LINES, where, "malformed");
    buf_release(&lines);
}

static void put_long_text(struct buf *out, size_t len)
{
    static char block[1000];
    memset(block, 'x', sizeof(block));
    buf_text(out, "{\"t\":\"");
    for (; len > 0; len -= sizeof(block))
        buf_append(out, block, sizeof(block));
    buf_text(out, "\"}");
}

static void test_long_lines(void **state)
{
    struct buf text = BUF_INIT;
    buf_text(&text, "{\"a\":1}\n");
    put_long_text(&text, 10 * 1000 * 1000);
    buf_text(&text, "\n{\"a\":2}\n");
    put_file(*state, "long.jsonl", buf_string(&text));
    const char *path = path_in(*state, "long.jsonl");
    struct outcome out = read_file(path, JSON_LINES, 16 * MIB);
    assert_int_equal(out.rc, TG_OK);
    assert_int_equal(out.rows, 3);
    buf_release(&out.text);
    out = read_file(path, JSON_LINES, 8 * MIB);
    assert_int_equal(out.rc, TG_NOMEM);
    assert_non_null(strstr(out.err.where, "line 2"));
    assert_non_null(strstr(out.err.what, "--memory"));
    assert_int_equal(out.rows, 1);
    buf_release(&out.text);
    buf_clear(&text);
    buf_text(&text, "[");
    put_long_text(&text, 10 * 1000 * 1000);
    buf_text(&text, ",{\"a\":2}]");
    put_file(*state, "long.json", buf_string(&text));
    out = read_file(path_in(*state, "long.json"), JSON_ANY, 16 * MIB);
    assert_int_equal(out.rc, TG_OK);
    assert_int_equal(out.rows, 2);
    buf_release(&out.text);
    out = read_file(path_in(*state, "long.json"), JSON_ANY, 8 * MIB);
    assert_int_equal(out.rc, TG_NOMEM);
    buf_release(&out.text);
    buf_release(&text);
}

/* ---- lists and objects ---- */

static void test_lists(void **state)
{
    check_rows(*state, "[]", JSON_ANY, "");
    check_rows(*state, " \n[ \n ] \n", JSON_ANY, "");
    check_rows(*state, "[{\"a\":1},{\"a\":2}]", JSON_ANY, "{\"a\":1} {\"a\":2} ");
    check_rows(*state,
               "\xef\xbb\xbf[\n  {\n    \"a\": 1\n  },\n  {\n    \"a\": [1, {\"b\": 2}]\n  }\n]\n",
               JSON_ANY, "{\"a\":1} {\"a\":[1,{\"b\":2}]} ");
    check_rows(*state, "[{\"a\":\"],[\\\"}\\\\\"},{\"a\":2}]", JSON_ANY,
               "{\"a\":\"],[\\\"}\\\\\"} {\"a\":2} ");
    check_rows(*state, "[1,\"x\"]", JSON_ANY, "{\"value\":1} {\"value\":\"x\"} ");
}

static void test_single_objects(void **state)
{
    check_rows(*state, "{\n  \"a\": 1,\n  \"b\": [\n 1, 2]\n}\n", JSON_ANY,
               "{\"a\":1,\"b\":[1,2]} ");
    check_rows(*state, "{\"a\": {\n\"b\": \"}\"}}", JSON_ANY, "{\"a\":{\"b\":\"}\"}} ");
    check_error(*state, "{\n\"a\": 1\n}\n{\n\"a\": 2\n}\n", JSON_ANY, "line 4", "follows");
    check_error(*state, "{\n\"a\": 1\n", JSON_ANY, "line 3", "cut off");
    check_error(*state, "{\n\"a\": 1]\n", JSON_ANY, "row 1, byte 9", "malformed");
}

static void test_malformed_lists(void **state)
{
    check_error(*state, "[{\"a\":1},\n{\"a\":2}", JSON_ANY, "line 2", "cut off");
    check_error(*state, "[{\"a\":1},\n{\"a\":\"2", JSON_ANY, "line 2", "cut off");
    check_error(*state, "[", JSON_ANY, "line 1", "cut off");
    check_error(*state, "[{\"a\":1}]\n\n[1]", JSON_ANY, "line 3", "jsonl");
    check_error(*state, "[{\"a\":1}}", JSON_ANY, "line 1", "closed by");
    check_error(*state, "[,]", JSON_ANY, "row 1, byte 1", "malformed");
    check_error(*state, "[{\"a\":1},]", JSON_ANY, "row 1, byte 8", "malformed");
    check_error(*state, "[{\"a\":1},{\"a\":}]", JSON_ANY, "row 2, byte 6", "malformed");
    check_error(*state, "[{\"a\":1} {\"a\":2}]", JSON_ANY, "row 1, byte 9", "malformed");
}

/* Pages are cut in the middle of everything: each length of padding moves the cut by a byte. */
static void test_lists_over_pages(void **state)
{
    struct buf text = BUF_INIT;
    for (size_t padding = 0; padding < 48; padding++) {
        size_t count = 0;
        buf_clear(&text);
        buf_printf(&text, "[%*s", (int)padding + 1, "");
        for (; text.len < 1200 * 1024; count++)
            buf_printf(&text, "%s{\"a\": \"q\\\"],{[\\\\\", \"b\": [[1], {}]}",
                       count == 0 ? "" : ",\n  ");
        buf_text(&text, "\n]\n");
        put_bytes(*state, "pages.json", text.data, text.len);
        struct outcome out = read_file(path_in(*state, "pages.json"), JSON_ANY, MIB);
        if (out.rc != TG_OK)
            fail_msg("%zu: %s: %s", padding, out.err.where, out.err.what);
        assert_int_equal(out.rows, count);
        assert_true(out.pages >= 2);
        buf_release(&out.text);
    }
    buf_release(&text);
}

/* A comma at the very end of a page, and then nothing. */
static void test_comma_before_the_end(void **state)
{
    struct buf text = BUF_INIT;
    buf_text(&text, "[{\"a\":1}");
    while (text.len < 512 * 1024 - 1)
        buf_char(&text, ' ');
    buf_text(&text, ",  ]");
    put_file(*state, "x.json", buf_string(&text));
    struct outcome out = read_file(path_in(*state, "x.json"), JSON_ANY, MIB);
    assert_int_equal(out.rc, TG_DATA);
    assert_non_null(strstr(out.err.what, "comma"));
    buf_release(&out.text);
    buf_release(&text);
}

/* ---- compression ---- */

static void put_gzip(const char *folder, const char *name, const char *text, size_t cut)
{
    gzFile file = gzopen(path_in(folder, name), "wb");
    assert_int_equal(gzwrite(file, text, (unsigned)strlen(text)), strlen(text));
    assert_int_equal(gzclose(file), Z_OK);
    if (cut > 0) {
        struct fs_stat info;
        assert_int_equal(fs_stat(path_in(folder, name), &info, NULL), TG_OK);
        assert_int_equal(truncate(path_in(folder, name), info.size - (off_t)cut), 0);
    }
}

static void test_compressed(void **state)
{
    static const char text[] = "{\"a\":1}\n{\"a\":2}\n";
    char packed[256];
    size_t len = ZSTD_compress(packed, sizeof(packed), text, strlen(text), 3);
    struct outcome out;
    put_gzip(*state, "x.jsonl.gz", text, 0);
    out = read_file(path_in(*state, "x.jsonl.gz"), JSON_LINES, MIB);
    assert_string_equal(buf_string(&out.text), "{\"a\":1} {\"a\":2} ");
    buf_release(&out.text);
    put_bytes(*state, "x.jsonl", packed, len); /* the name does not matter */
    out = read_file(path_in(*state, "x.jsonl"), JSON_LINES, MIB);
    assert_string_equal(buf_string(&out.text), "{\"a\":1} {\"a\":2} ");
    buf_release(&out.text);
    for (size_t cut = 1; cut < 20; cut += 6) {
        put_gzip(*state, "cut.gz", text, cut);
        out = read_file(path_in(*state, "cut.gz"), JSON_LINES, MIB);
        assert_int_equal(out.rc, TG_DATA);
        assert_non_null(strstr(out.err.what, "cut.gz"));
        buf_release(&out.text);
    }
}

static void test_cannot_open(void **state)
{
    struct outcome out = read_file(path_in(*state, "absent"), JSON_LINES, MIB);
    assert_int_equal(out.rc, TG_SOURCE);
    assert_non_null(strstr(out.err.what, "absent"));
    out = read_file(*state, JSON_LINES, MIB);
    assert_int_equal(out.rc, TG_SOURCE);
}

/* A page for file after file, whatever became of the one before; its memory is used again. */
static void test_reuse(void **state)
{
    struct page_stream *stream;
    struct page page = {.kind = PAGE_END};
    struct json_options options = {.line_bytes_max = MIB, .name = "x"};
    put_file(*state, "a.json", "[{\"a\":1},");
    put_file(*state, "b.jsonl", "{\"b\":1}\n");
    for (int i = 0; i < 3; i++) {
        options.form = JSON_ANY;
        assert_int_equal(open_path(path_in(*state, "a.json"), &options, &stream, NULL), TG_OK);
        while (stream->next(stream, &page, NULL) == TG_OK)
            assert_int_equal(page.kind, PAGE_ROWS);
        page_stream_close(stream);
        const struct json_page *parser = page.parser;
        options.form = JSON_LINES;
        assert_int_equal(open_path(path_in(*state, "b.jsonl"), &options, &stream, NULL), TG_OK);
        assert_int_equal(stream->next(stream, &page, NULL), TG_OK);
        assert_int_equal(page.row_count, 1);
        assert_int_equal(page.bytes, 8);
        assert_ptr_equal(page.parser, parser);
        assert_int_equal(stream->next(stream, &page, NULL), TG_OK);
        assert_int_equal(page.kind, PAGE_END);
        assert_int_equal(stream->next(stream, &page, NULL), TG_OK);
        assert_int_equal(page.kind, PAGE_END);
        page_stream_close(stream);
    }
    page_release(&page);
}

/* Rows of what is in no file; how it ends is what its source says. */
static void test_no_file(void **state)
{
    static const char text[] = "{\"a\":1}\n{\"a\":2}\n";
    const struct json_options options = {.line_bytes_max = MIB, .name = "an answer"};
    (void)state;
    for (size_t fail_at = 0; fail_at < 20; fail_at += 12) {
        struct text_source source = text_source(text, sizeof(text) - 1);
        struct page page = {.kind = PAGE_END};
        struct page_stream *stream;
        struct reader *reader;
        struct tg_error err = {0};
        source.fail_at = fail_at;
        assert_int_equal(reader_open_source(&source.base, "an answer", &reader, NULL), TG_OK);
        assert_int_equal(json_reader_open(reader, &options, &stream, NULL), TG_OK);
        if (fail_at == 0) {
            assert_int_equal(stream->next(stream, &page, &err), TG_OK);
            assert_int_equal(page.row_count, 2);
            assert_string_equal(page.file, "an answer");
        } else {
            assert_int_equal(stream->next(stream, &page, &err), TG_SOURCE);
            assert_string_equal(err.what, "the line is dead");
        }
        page_stream_close(stream);
        page_release(&page);
        assert_int_equal(source.closed, 1);
    }
}

/* The rest of a file, with the numbers of its lines; the hash is that of the whole. */
static void check_start(const char *path, const char *content, size_t from, bool is_kept)
{
    struct page_stream *stream;
    struct page page = {.kind = PAGE_END};
    struct tg_error err = {0};
    struct hash_stream *hash, *wanted;
    char got_hash[HASH_STREAM_TEXT + 1], wanted_hash[HASH_STREAM_TEXT + 1];
    assert_int_equal(hash_stream_new(&hash, NULL), TG_OK);
    assert_int_equal(hash_stream_new(&wanted, NULL), TG_OK);
    hash_stream_add(hash, content, is_kept ? from : 0);
    hash_stream_add(wanted, content, strlen(content));
    const struct json_options options = {.line_bytes_max = MIB,
                                         .name = "a name",
                                         .from = (int64_t)from,
                                         .lines_before = 2,
                                         .hash = hash};
    assert_int_equal(open_path(path, &options, &stream, NULL), TG_OK);
    assert_int_equal(stream->next(stream, &page, NULL), TG_OK);
    assert_int_equal(page.row_count, 2);
    assert_string_equal(page.file, "a name");
    assert_int_equal(page_where(&page, page.rows[1], TG_DATA, &err), TG_DATA);
    assert_string_equal(err.where, "file 'a name', line 4");
    assert_int_equal(stream->next(stream, &page, NULL), TG_OK);
    assert_int_equal(page.kind, PAGE_END);
    hash_stream_text(hash, got_hash);
    hash_stream_text(wanted, wanted_hash);
    assert_string_equal(got_hash, wanted_hash);
    page_release(&page);
    page_stream_close(stream);
    hash_stream_free(hash);
    hash_stream_free(wanted);
}

static void test_start(void **state)
{
    static const char content[] = "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n{\"a\":4}\n";
    put_file(*state, "a.jsonl", content);
    put_gzip(*state, "a.jsonl.gz", content, 0);
    for (int is_kept = 0; is_kept < 2; is_kept++) {
        check_start(path_in(*state, "a.jsonl"), content, 16, is_kept);
        check_start(path_in(*state, "a.jsonl.gz"), content, 16, is_kept);
    }
}

static void test_has_lines(void **state)
{
    (void)state;
    assert_true(json_has_lines("{\"a\":1}\n{", 10));
    assert_true(json_has_lines(" \n{\"a\":\"}\"}\n", 14));
    assert_true(json_has_lines("\xef\xbb\xbf{\"a\":1}", 10));
    assert_false(json_has_lines("[{\"a\":1}]\n", 11));
    assert_false(json_has_lines("{\n\"a\":1}\n", 10));
    assert_false(json_has_lines("", 0));
}

static int work(void)
{
    const struct json_options options = {.form = JSON_ANY, .line_bytes_max = MIB, .name = "t"};
    struct page_stream *stream = NULL;
    struct page page = {.kind = PAGE_END};
    int rc = TG_OK;
    TRY(open_path(path_in(folder_of_torture, "t.json"), &options, &stream, NULL));
    do
        TRY(stream->next(stream, &page, NULL));
    while (page.kind != PAGE_END);
done:
    page_release(&page);
    page_stream_close(stream);
    return rc;
}

static void test_out_of_memory(void **state)
{
    folder_of_torture = *state;
    put_file(*state, "t.json", "[{\"a\":1},{\"a\":2},3]");
    torture(work);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_start),
        cmocka_unit_test(test_has_lines),
        IN_FOLDER(test_lines),
        IN_FOLDER(test_malformed_lines),
        IN_FOLDER(test_line_numbers_over_pages),
        IN_FOLDER(test_long_lines),
        IN_FOLDER(test_lists),
        IN_FOLDER(test_single_objects),
        IN_FOLDER(test_malformed_lists),
        IN_FOLDER(test_lists_over_pages),
        IN_FOLDER(test_comma_before_the_end),
        IN_FOLDER(test_compressed),
        IN_FOLDER(test_cannot_open),
        IN_FOLDER(test_reuse),
        cmocka_unit_test(test_no_file),
        IN_FOLDER(test_out_of_memory),
    };
    return cmocka_run_group_tests_name("extract/json_reader", tests, NULL, NULL);
}
