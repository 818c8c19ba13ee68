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
    struct buf bad;  /* rows that are rejected, as line:byte:text */
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

static void put_bad(struct buf *out, const struct page *page)
{
    for (size_t i = 0; i < page_bad_count(page); i++) {
        const struct bad_row *bad = &page->bad->items[i];
        buf_printf(out, "%d:%d:%s ", (int)bad->line, (int)bad->byte, bad->text);
    }
}

/* Reads a file to its end, or to an error. */
static struct outcome read_with(const char *path, struct json_options options)
{
    struct outcome out = {.rc = TG_OK};
    struct page_stream *stream;
    struct page page = {.kind = PAGE_END};
    options.name = path;
    out.rc = open_path(path, &options, &stream, &out.err);
    while (out.rc == TG_OK) {
        out.rc = stream->next(stream, &page, &out.err);
        if (out.rc != TG_OK || page.kind == PAGE_END)
            break;
        assert_true(page.row_count + page_bad_count(&page) > 0);
        assert_int_equal(page.row_count, page.read_count);
        assert_string_equal(page.file, path);
        out.rows += page.row_count;
        out.pages++;
        if (out.text.len < 1000)
            put_page(&out.text, &page);
        put_bad(&out.bad, &page);
    }
    page_release(&page);
    page_stream_close(stream);
    return out;
}

static struct outcome read_file(const char *path, enum json_form form, size_t line_bytes_max)
{
    return read_with(path, (struct json_options){.form = form, .line_bytes_max = line_bytes_max});
}

static void release(struct outcome *out)
{
    buf_release(&out->text);
    buf_release(&out->bad);
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
    check_error(*state, "{\n\"a\": 1\n}\n5\n", JSON_ANY, "line 4", "follows");
    check_error(*state, "{\n\"a\": 1\n},\n{}\n", JSON_ANY, "line 3", "comma between values");
    check_error(*state, "{\n\"a\": 1\n", JSON_ANY, "line 3", "cut off");
    check_error(*state, "{\n\"a\": 1]\n", JSON_ANY, "row 1, byte 9", "malformed");
}

static void test_malformed_lists(void **state)
{
    check_error(*state, "[{\"a\":1},\n{\"a\":2}", JSON_ANY, "line 2", "cut off");
    check_error(*state, "[{\"a\":1},\n{\"a\":\"2", JSON_ANY, "line 2", "cut off");
    check_error(*state, "[", JSON_ANY, "line 1", "cut off");
    check_error(*state, "[{\"a\":1}]\n\n1", JSON_ANY, "line 3", "follows");
    check_error(*state, "[{\"a\":1},\n// b\n{}]", JSON_ANY, "line 2", "no comments");
    check_error(*state, "[{\"a\":1}}", JSON_ANY, "line 1", "closed by");
    check_error(*state, "[,]", JSON_ANY, "row 1, byte 1", "malformed");
    check_error(*state, "[{\"a\":1},]", JSON_ANY, "row 2, byte 1", "a comma without");
    check_error(*state, "[{\"a\":1},{\"a\":}]", JSON_ANY, "row 2, byte 6", "malformed");
    check_error(*state, "[{\"a\":1} {\"a\":2}]", JSON_ANY, "row 1, byte 9", "malformed");
}

static void test_one_behind_the_other(void **state)
{
    check_rows(*state, "{\"a\":1}{\"a\":2}", JSON_ANY, "{\"a\":1} {\"a\":2} ");
    check_rows(*state, "{\"a\":1} {\"a\":2}\n", JSON_ANY, "{\"a\":1} {\"a\":2} ");
    check_rows(*state, "\xef\xbb\xbf{\n\"a\":1\n}\n{\n\"a\":\"}{\"}", JSON_ANY,
               "{\"a\":1} {\"a\":\"}{\"} ");
    check_rows(*state, "[{\"a\":1}][][2]\n{\"a\":3}", JSON_ANY,
               "{\"a\":1} {\"value\":2} {\"a\":3} ");
    check_rows(*state, "{}{\n}{ }", JSON_ANY, "{} {} {} ");
    check_error(*state, "{\"a\":1}{\"a\":}", JSON_ANY, "row 2, byte 6", "malformed");
    check_error(*state, "{\"a\":1}{\"a\":2", JSON_ANY, "line 1", "cut off");
    check_error(*state, "{\"a\":1}{\"a\":2}", JSON_LINES, "line 1, byte 8", "say format: json");
}

static void test_marked(void **state)
{
    for (enum json_form form = JSON_LINES; form <= JSON_ANY; form++) {
        check_rows(*state, "\x1e{\"a\":1}\n\x1e{\n\"a\":2}\n", form, "{\"a\":1} {\"a\":2} ");
        check_rows(*state, "\xef\xbb\xbf\n\x1e{\"a\":1}\n", form, "{\"a\":1} ");
        check_rows(*state, "\x1e\n", form, "");
        check_error(*state, "\x1e{\"a\":1}\n\x1e{\n\"a\":", form, "line 3, byte 5", "malformed");
    }
}

/* ---- what is selected ---- */

static struct outcome read_selected(const char *folder, const char *content, size_t len,
                                    const char *select, enum json_form form)
{
    static const struct path_use use = {"select", ""};
    struct arena arena;
    struct path path;
    put_bytes(folder, "x.json", content, len);
    arena_init(&arena);
    assert_int_equal(path_parse(&arena, &use, select, &path, NULL), TG_OK);
    struct outcome out =
        read_with(path_in(folder, "x.json"),
                  (struct json_options){.form = form, .line_bytes_max = MIB, .select = &path});
    arena_release(&arena);
    return out;
}

static void check_selected(const char *folder, const char *content, const char *select,
                           const char *rows)
{
    for (enum json_form form = JSON_LINES; form <= JSON_ANY; form++) {
        struct outcome out = read_selected(folder, content, strlen(content), select, form);
        if (out.rc != TG_OK)
            fail_msg("%s: %s: %s", content, out.err.where, out.err.what);
        assert_string_equal(buf_string(&out.text), rows);
        release(&out);
    }
}

static void test_selected(void **state)
{
    check_selected(*state, "{\"n\":1,\"data\":{\"items\":[{\"a\":1},{\"a\":2}]}}", "data.items",
                   "{\"a\":1} {\"a\":2} ");
    check_selected(*state, "{\"p\":[{\"i\":[1]},{\"i\":[]},{\"i\":[{\"a\":2},[3]]}]}", "p[*].i",
                   "{\"value\":1} {\"a\":2} {\"value\":[3]} ");
    check_selected(*state, "{\"d\":{\"a\":1}}\n{\"d\":null}\n{}\n{\"d\":{\"a\":2}}\n", "d",
                   "{\"a\":1} {\"a\":2} ");
    check_selected(*state, "", "a", "");
    check_selected(*state, "{\"a\":[]}", "a", "");
    check_selected(*state, "\x1e{\"d\":[1]}\n\x1e{\"d\":[2]}\n", "d",
                   "{\"value\":1} {\"value\":2} ");
}

static void check_refused(const char *folder, const char *content, const char *select,
                          const char *where, const char *what)
{
    char expected[1200];
    struct outcome out = read_selected(folder, content, strlen(content), select, JSON_ANY);
    assert_int_equal(out.rc, TG_DATA);
    snprintf(expected, sizeof(expected), "file '%s'%s", path_in(folder, "x.json"), where);
    assert_string_equal(out.err.where, expected);
    if (!strstr(out.err.what, what))
        fail_msg("'%s' is not in '%s'", what, out.err.what);
    release(&out);
}

static void test_not_selected(void **state)
{
    check_refused(*state, "{\"b\":1}\n", "a", "", "at the top are the keys 'b'");
    check_refused(*state, "{\"a\":[1],\n\"b\":[", "a", ", line 2", "cut off");
    check_refused(*state, "{\"a\":[1,\n2", "a", ", line 2", "cut off");
    check_refused(*state, "{\"b\":1,\n\"a\":7}", "a", ", line 2", "no object and no list");
    check_refused(*state, "{\"a\":[1,{\"b\":}]}", "a", ", row 2, byte 6", "malformed");
    check_refused(*state, "\n{,}", "a", ", line 2", "a key in double quotes");
}

/* A long row before the others moves their bytes over the end of the buffer, one by one. */
static void test_boundaries(void **state)
{
    static const char text[] =
        "{\"m\":[{\"x\":\"]\\\"\"},null],\"d\":{\"i\": [ {\"a\":\"[\\\\\"} , 2 ],\"z\":1.5}}";
    struct buf whole = BUF_INIT;
    for (size_t shift = 0; shift < sizeof(text) + 1; shift++) {
        buf_clear(&whole);
        buf_text(&whole, "{\n\"p\":\"");
        while (whole.len < 512 * 1024 - shift - 2)
            buf_char(&whole, 'x');
        buf_text(&whole, "\"}");
        buf_append(&whole, text, sizeof(text) - 1);
        struct outcome out = read_selected(*state, whole.data, whole.len, "d.i", JSON_ANY);
        if (out.rc != TG_OK)
            fail_msg("%zu: %s: %s", shift, out.err.where, out.err.what);
        assert_string_equal(buf_string(&out.text), "{\"a\":\"[\\\\\"} {\"value\":2} ");
        release(&out);
        buf_append(&whole, text, sizeof(text) - 1);
        put_bytes(*state, "x.json", whole.data, whole.len);
        out = read_file(path_in(*state, "x.json"), JSON_ANY, MIB);
        assert_int_equal(out.rc, TG_OK);
        assert_int_equal(out.rows, 3);
        release(&out);
    }
    buf_release(&whole);
}

/* A page of blanks does not hide what follows. */
static void test_blanks(void **state)
{
    static const char *const texts[] = {"[{\"a\":1}]", "{\"a\":1}\n", "{\n\"a\":1}",
                                        "\x1e{\"a\":1}\n"};
    struct buf whole = BUF_INIT;
    for (size_t i = 0; i < 4; i++) {
        buf_clear(&whole);
        while (whole.len < 3 * MIB / 2)
            buf_char(&whole, whole.len % 100 == 0 ? '\n' : ' ');
        buf_text(&whole, texts[i]);
        check_rows(*state, buf_string(&whole), JSON_ANY, "{\"a\":1} ");
    }
    buf_release(&whole);
}

/* Rows of all sizes, of lists of all lengths and alone, in their order, whatever waits for what. */
static void test_gathered(void **state)
{
    struct buf text = BUF_INIT;
    size_t count = 0;
    buf_text(&text, "{\"p\":[");
    for (size_t list = 0; text.len < 6 * MIB; list++) {
        const size_t rows = list % 7 == 6 ? 9000 : list % 5;
        buf_text(&text, list == 0 ? "{\"r\":[" : ",\n{\"r\":[");
        for (size_t i = 0; i < rows; i++)
            buf_printf(&text, "%s{\"n\":%zu,\"t\":\"%*s\"}", i > 0 ? "," : "", count++,
                       list % 50 == 3 ? 300000 : 5, "");
        buf_printf(&text, "]},{\"r\":{\"n\":%zu}}", count++);
    }
    buf_text(&text, "]}");
    put_bytes(*state, "x.json", text.data, text.len);
    struct path_step steps[] = {{.kind = STEP_NAME, .name = "p", .len = 1, .from = "p"},
                                {.kind = STEP_ANY, .from = "[*]"},
                                {.kind = STEP_NAME, .name = "r", .len = 1, .from = ".r"}};
    const struct path path = {.text = "p[*].r", .steps = steps, .step_count = 3};
    const struct json_options options = {
        .form = JSON_ANY, .line_bytes_max = MIB, .name = "x", .select = &path};
    struct page_stream *stream;
    struct page page = {.kind = PAGE_END};
    size_t next = 0, pages = 0;
    assert_int_equal(open_path(path_in(*state, "x.json"), &options, &stream, NULL), TG_OK);
    struct tg_error err = {0};
    while (stream->next(stream, &page, &err) == TG_OK && page.kind == PAGE_ROWS) {
        for (size_t i = 0; i < page.row_count; i++)
            assert_int_equal(cell_find(page.rows[i], "n", 1)->uni.u64, next++);
        pages++;
    }
    assert_string_equal(err.what, "");
    assert_int_equal(next, count);
    assert_true(pages >= 8 && pages < 60);
    page_release(&page);
    page_stream_close(stream);
    buf_release(&text);
}

/* ---- what is rejected ---- */

static void check_rejected(const char *folder, const char *content, enum json_form form,
                           const char *rows, const char *bad)
{
    put_file(folder, "x.json", content);
    struct outcome out =
        read_with(path_in(folder, "x.json"),
                  (struct json_options){.form = form, .line_bytes_max = MIB, .rejects = true});
    if (out.rc != TG_OK)
        fail_msg("%s: %s: %s", content, out.err.where, out.err.what);
    assert_string_equal(buf_string(&out.text), rows);
    assert_string_equal(buf_string(&out.bad), bad);
    release(&out);
}

static void test_rejected(void **state)
{
    check_rejected(*state, "{\"a\":1}\nx\n{\"a\":2}\n{\"a\":", JSON_LINES, "{\"a\":1} {\"a\":2} ",
                   "2:1:x 4:6:{\"a\": ");
    check_rejected(*state, "x\ny\n", JSON_LINES, "", "1:1:x 2:1:y ");
    check_rejected(*state, "\n [{\"a\":1},{\"a\":x},\n  {\"a\" 2}, {\"a\":3}]", JSON_ANY,
                   "{\"a\":1} {\"a\":3} ", "2:16:{\"a\":x} 3:8:{\"a\" 2} ");
    check_rejected(*state, "{\n\"a\":1}{\"a\":x}\n{\"a\":\ny}{\"a\":2}", JSON_ANY,
                   "{\"a\":1} {\"a\":2} ", "2:12:{\"a\":x} 4:1:{\"a\":\ny} ");
    check_rejected(*state, "\x1e{\"a\":1}\n\x1e{\"a\n\x1e{\"a\":2}\n", JSON_ANY,
                   "{\"a\":1} {\"a\":2} ", "2:5:{\"a\n ");
    check_rejected(*state, "[1,,2]", JSON_ANY, "{\"value\":1} {\"value\":2} ", "1:4: ");
}

/* Of a file that is all wrong no page holds more than its part. */
static void test_all_rejected(void **state)
{
    struct buf text = BUF_INIT;
    for (int i = 0; text.len < 2 * MIB; i++)
        buf_printf(&text, "bad %d\n", i);
    put_bytes(*state, "x.jsonl", text.data, text.len);
    struct outcome out = read_with(
        path_in(*state, "x.jsonl"),
        (struct json_options){.form = JSON_LINES, .line_bytes_max = MIB, .rejects = true});
    assert_int_equal(out.rc, TG_OK);
    assert_int_equal(out.rows, 0);
    assert_true(out.pages >= 4);
    release(&out);
    buf_release(&text);
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
    struct buf list = BUF_INIT;
    buf_text(&list, "[");
    while (list.len < 600 * 1024)
        buf_text(&list, "{\"a\":1},");
    put_file(*state, "a.json", buf_string(&list));
    buf_release(&list);
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

/* What is hashed of a text whose last line has no end: not that line, where it is rejected. */
static void check_half(const char *folder, const char *content, size_t hashed, const char *rows,
                       const char *bad)
{
    struct hash_stream *hash;
    put_file(folder, "x.jsonl", content);
    assert_int_equal(hash_stream_new(&hash, NULL), TG_OK);
    struct outcome out =
        read_with(path_in(folder, "x.jsonl"),
                  (struct json_options){
                      .form = JSON_LINES, .line_bytes_max = MIB, .hash = hash, .rejects = true});
    assert_int_equal(out.rc, TG_OK);
    assert_string_equal(buf_string(&out.text), rows);
    assert_string_equal(buf_string(&out.bad), bad);
    if (hash_stream_bytes(hash) != (int64_t)hashed)
        fail_msg("'%s': %d bytes are hashed", content, (int)hash_stream_bytes(hash));
    release(&out);
    hash_stream_free(hash);
}

static void test_half_lines(void **state)
{
    check_half(*state, "{\"a\":1}\nx\n{\"a\":", 10, "{\"a\":1} ", "2:1:x 3:6:{\"a\": ");
    check_half(*state, "{\"a\":1}\nx\n{\"a\":2}", 17, "{\"a\":1} {\"a\":2} ", "2:1:x ");
    check_half(*state, "{\"a\":1}\nx\n", 10, "{\"a\":1} ", "2:1:x ");
    check_half(*state, "{\"a\":", 0, "", "1:6:{\"a\": ");
    check_half(*state, "\xef\xbb\xbfx", 3, "", "1:1:x ");
    check_half(*state, "\x1ex\x1e{}\n\x1e{", 6, "{} ", "1:2:x 2:3:{ ");
    check_half(*state, "\x1ex\x1e{}\n\x1e", 6, "{} ", "1:2:x ");
    check_half(*state, "\x1e{}\n\x1e{\n\n", 4, "{} ", "4:1:{\n\n ");
    check_half(*state, "\x1e{}\n\x1e{\n}", 8, "{} {} ", "");
    check_half(*state, "\x1e{}", 3, "{} ", "");
    check_half(*state, "", 0, "", "");
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
    assert_false(json_has_lines("{\"a\":1}{\"a\":2}\n", 17));
    assert_false(json_has_lines("{} {}", 5));
    assert_true(json_has_lines("{} \n{}", 6));
    assert_true(json_has_lines("{\"a\":1", 6));
    assert_true(json_has_lines("\x1e{\n\"a\":1}\n", 11));
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
    put_file(*state, "t.json", "[{\"a\":1},{\"a\":2},3]{}");
    torture(work);
    put_file(*state, "t.json", "\x1e{\"a\":1}\n\x1e{}\n");
    torture(work);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_start),
        cmocka_unit_test(test_has_lines),
        IN_FOLDER(test_half_lines),
        IN_FOLDER(test_lines),
        IN_FOLDER(test_malformed_lines),
        IN_FOLDER(test_line_numbers_over_pages),
        IN_FOLDER(test_long_lines),
        IN_FOLDER(test_lists),
        IN_FOLDER(test_single_objects),
        IN_FOLDER(test_one_behind_the_other),
        IN_FOLDER(test_marked),
        IN_FOLDER(test_selected),
        IN_FOLDER(test_not_selected),
        IN_FOLDER(test_boundaries),
        IN_FOLDER(test_gathered),
        IN_FOLDER(test_blanks),
        IN_FOLDER(test_rejected),
        IN_FOLDER(test_all_rejected),
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
