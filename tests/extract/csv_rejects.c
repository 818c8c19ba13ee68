/*
 * src/extract/formats/csv_reader.c: rows that cannot be read, and go on beside those that can.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "helper.h"
#include "outcome.h"

static void put_bad(struct buf *out, const struct page *page)
{
    for (size_t i = 0; i < page_bad_count(page); i++) {
        const struct bad_row *bad = &page->bad->items[i];
        buf_printf(out, "%d:%d %.24s|%s\n", (int)bad->line, (int)bad->byte, bad->reason, bad->text);
    }
}

/* What could not be read, a line each, and the lines of the rows that were. */
static struct buf read_rejects(const char *path, struct csv_options options)
{
    struct buf out = BUF_INIT, lines = BUF_INIT;
    struct page page = {.kind = PAGE_END};
    struct page_stream *stream;
    struct tg_error err = {0};
    options.header = options.rejects = true;
    if (open_csv(path, options, &stream, &err) != TG_OK)
        fail_msg("%s: %s", err.where, err.what);
    do {
        if (stream->next(stream, &page, &err) != TG_OK)
            fail_msg("%s: %s", err.where, err.what);
        put_bad(&out, &page);
        for (uint64_t i = 0; i < page.read_count && lines.len < 1000; i++)
            buf_printf(&lines, "%d ", (int)page.lines[i]);
    } while (page.kind != PAGE_END);
    page_release(&page);
    page_stream_close(stream);
    buf_append(&out, buf_string(&lines), lines.len);
    buf_release(&lines);
    return out;
}

static void check_rejects(const char *folder, const char *content, const char *expected)
{
    put_file(folder, "x.csv", content);
    struct buf out = read_rejects(path_in(folder, "x.csv"), (struct csv_options){.ctx = NULL});
    assert_string_equal(buf_string(&out), expected);
    buf_release(&out);
}

static void test_csv_rejects(void **state)
{
    check_rejects(*state, "id,t\n1,a\n2\n3,c\n4,d,e\n",
                  "3:2 the row has 1 field, and|2\n"
                  "5:4 the row has 3 fields, an|4,d,e\n"
                  "2 4 ");
    check_rejects(*state, "id,t\n1,\"a\nb\"\n2,\"c\nd\n3,e\n4,\xe9\n5,f\n",
                  "4:3 the quote that a field b|2,\"c\n5:2 the row has 1 field, and|d\n"
                  "7:3 the byte 0xe9 is no UTF-|4,\\xe9\n2 6 8 ");
    check_rejects(*state, "id,t\n1,\"a\"b\"\n2,c\n", "2:6 there is text with quote|1,\"a\"b\"\n3 ");
    check_rejects(*state, "id,t\n1\n2\n",
                  "2:2 the row has 1 field, and|1\n"
                  "3:2 the row has 1 field, and|2\n");
}

static const char *at_place(const char *text, const struct row_place *place)
{
    for (uint64_t line = 1; line < place->line; line++)
        text = strchr(text, '\n') + 1;
    return text + place->byte - 1;
}

/* The text of the row that begins on a line, and of the place of each of its fields the first
 * bytes. */
static void put_places(struct buf *out, struct page *page, const char *content)
{
    for (size_t i = 0; i < page->row_count; i++) {
        struct row_place place;
        page_place(page, page->rows[i], page->rows[i], NULL, &place);
        assert_int_equal(place.line, page->lines[i]);
        assert_int_equal(place.byte, 1);
        assert_memory_equal(at_place(content, &place), place.text, place.text_len);
        buf_printf(out, "%.*s", (int)place.text_len, place.text);
        for (size_t k = 0; k < cell_len(page->rows[i]); k++) {
            page_place(page, page->rows[i], page->rows[i], page->rows[i] + 2 * (k + 1), &place);
            buf_printf(out, "|%d:%d:%.2s", (int)place.line, (int)place.byte,
                       at_place(content, &place));
        }
        buf_char(out, '\n');
    }
}

static void check_places(const char *folder, const char *content, const char *expected)
{
    struct buf out = BUF_INIT;
    struct page page = {.kind = PAGE_END};
    struct page_stream *stream;
    struct tg_rows *rows;
    const struct csv_options options = {
        .header = true, .keeps = true, .ragged = RAGGED_PAD, .syntax.comment = '#'};
    put_file(folder, "p.csv", content);
    assert_int_equal(rows_new(&rows, NULL), TG_OK);
    assert_int_equal(open_csv(path_in(folder, "p.csv"), options, &stream, NULL), TG_OK);
    for (;;) {
        assert_int_equal(stream->next(stream, &page, NULL), TG_OK);
        if (page.kind == PAGE_END)
            break;
        if (page.kind == PAGE_ARROW)
            assert_int_equal(page_to_rows(&page, rows, NULL), TG_OK);
        put_places(&out, &page, content);
    }
    page_release(&page);
    rows_free(rows);
    page_stream_close(stream);
    assert_string_equal(buf_string(&out), expected);
    buf_release(&out);
}

/* Where a row stands that is well formed, and its fields: what a column refuses is found by it. */
static void test_csv_places(void **state)
{
    check_places(*state, "a,b,c\n1,\"x\ny\"\"z\",  \"q\"\n\n#no\r\n2,,\n\"\"\"\",\"k\"",
                 "1,\"x\ny\"\"z\",  \"q\"|2:1:1,|2:3:\"x|3:9:\"q\n"
                 "2,,|6:1:2,|6:3:,\n|6:4:\n\"\n"
                 "\"\"\"\",\"k\"|7:1:\"\"|7:6:\"k|7:9:\n");
}

static char first_digit(int number)
{
    while (number > 9)
        number /= 10;
    return (char)('0' + number);
}

/* Of more rows than one page has. */
static void test_csv_places_of_pages(void **state)
{
    struct buf content = BUF_INIT, expected = BUF_INIT;
    buf_text(&content, "a\n");
    for (int i = 0; i < 5000; i++) {
        buf_printf(&content, "\"%d\"\"\"\n", i);
        buf_printf(&expected, "\"%d\"\"\"|%d:1:\"%c\n", i, i + 2, first_digit(i));
    }
    check_places(*state, buf_string(&content), buf_string(&expected));
    buf_release(&content);
    buf_release(&expected);
}

/* Of a quote that is missing the line is put aside; its text is no more than what may be a row. */
static void test_csv_long_rejects(void **state)
{
    const struct csv_options options = {.line_bytes_max = 100};
    struct buf text = BUF_INIT;
    buf_text(&text, "id,t\n1,\"a\n");
    for (int i = 0; i < 1000000; i++)
        buf_text(&text, "2,b\n");
    put_file(*state, "x.csv", buf_string(&text));
    struct buf out = read_rejects(path_in(*state, "x.csv"), options);
    out.len = 40;
    assert_memory_equal(out.data, "2:1 the row that begins here|1,\"a\n3 4 5 6 7", 40);
    buf_release(&out);
    buf_clear(&text);
    buf_text(&text, "id,t\n1,a\n2,");
    for (int i = 0; i < 101; i++)
        buf_char(&text, 'x');
    buf_text(&text, "\n3,c\n");
    put_file(*state, "x.csv", buf_string(&text));
    out = read_rejects(path_in(*state, "x.csv"), options);
    assert_memory_equal(out.data, "3:1 the row that begins here|2,xxx", 30);
    assert_string_equal(out.data + out.len - 4, "2 4 ");
    buf_release(&out);
    buf_release(&text);
}

static void test_csv_ragged(void **state)
{
    struct csv_options options = {.header = true, .ragged = RAGGED_PAD, .null_texts = "NA"};
    put_file(*state, "x.csv", "a,b,c\n1,NA\n2\n3,x,y,,\"\" ,\n4,x,y,z\n");
    struct outcome out = read_table(path_in(*state, "x.csv"), options);
    assert_int_equal(out.rc, TG_DATA);
    assert_non_null(strstr(out.err.where, "line 5, byte 6"));
    buf_release(&out.text);
    put_file(*state, "x.csv", "a,b,c\n1,NA\n2\n3,x,y,,\"\" ,\n");
    out = read_table(path_in(*state, "x.csv"), options);
    assert_string_equal(buf_string(&out.text),
                        "a=1,b=null,c=null a=2,b=null,c=null a=3,b=\"x\",c=\"y\" ");
    buf_release(&out.text);
    put_file(*state, "x.csv", "a,b,c\n1,NA\n2,3,4\n");
    struct buf bad =
        read_rejects(path_in(*state, "x.csv"), (struct csv_options){.ragged = RAGGED_REJECT});
    assert_string_equal(buf_string(&bad), "2:5 the row has 2 fields, an|1,NA\n3 ");
    buf_release(&bad);
}

/* Of a text whose last row has no end: how much counts as read, where that row is rejected; all of
 * it is hashed. */
static void check_half(const char *folder, const char *content, size_t len, size_t counts,
                       struct csv_options options)
{
    char got[HASH_STREAM_TEXT + 1], expected[HASH_STREAM_TEXT + 1];
    struct hash_stream *wanted;
    struct csv_rest rest = {.bytes = 0};
    put_bytes(folder, "x.csv", content, len);
    options.rest = &rest;
    assert_int_equal(hash_stream_new(&options.hash, NULL), TG_OK);
    assert_int_equal(hash_stream_new(&wanted, NULL), TG_OK);
    hash_stream_add(wanted, content, len);
    struct buf out = read_rejects(path_in(folder, "x.csv"), options);
    if (rest.bytes != (int64_t)(len - counts) || rest.waits != (options.waits && rest.bytes > 0))
        fail_msg("'%s': %d bytes count as read", content, (int)len - (int)rest.bytes);
    hash_stream_text(options.hash, got);
    hash_stream_text(wanted, expected);
    assert_string_equal(got, expected);
    buf_release(&out);
    hash_stream_free(options.hash);
    hash_stream_free(wanted);
}

static void test_csv_half_lines(void **state)
{
    static const struct {
        const char *content;
        size_t counts;
    } texts[] = {
        {"id,t\n1,a\n2\n3", 11},
        {"id,t\n1,a\n2\n3\n", 13},
        {"id,t\n1,a\n3,b", 12},
        {"id,t\r\n1,a\r\n3", 11},
        {"id,t\r1,a\r3", 9},
        {"id,t\n1,a\n3,\"b", 9},
        {"id,t\n1,a\n3,b\xc3", 9},
        {"id,t\n1,a\n3,\"b\n4", 14},
        {"id,t\n3", 5},
        {"id,t\n1,a\n2\n3,b", 14},
        {"id,t,u\n1,a,b\n3,\"b\nc\"", 13},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        check_half(*state, texts[i].content, strlen(texts[i].content), texts[i].counts,
                   (struct csv_options){.ctx = NULL});
    check_half(*state, "id,t\n1,a\n3,\xe4,", 14, 9,
               (struct csv_options){.encoding = ENCODING_LATIN1});
}

/* A row whose quote is open waits, if it may, and nothing of it is handed on. */
static void test_csv_open_rows(void **state)
{
    static const struct {
        const char *content, *lines;
        size_t counts;
        uint64_t line;
    } texts[] = {
        {"id,t\n1,a\n3,\"b\n4", "2 ", 9, 3},
        {"id,t\n1,a\n3,\"b", "2 ", 9, 3},
        {"id,t\n1,\"x\ny\"\n3,\"b\n4,\"\"\n\n", "2 ", 13, 4},
        {"id,t\n\"", "", 5, 2},
        {"id,t\n1,\"b\"", "2 ", 11, 0}, /* it is not open */
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const struct csv_options options = {.waits = true};
        const size_t len = strlen(texts[i].content);
        struct csv_rest rest = {.bytes = 0};
        struct csv_options asked = options;
        if (texts[i].counts < len)
            check_half(*state, texts[i].content, len, texts[i].counts, options);
        put_file(*state, "x.csv", texts[i].content);
        asked.rest = &rest;
        struct buf out = read_rejects(path_in(*state, "x.csv"), asked);
        assert_string_equal(buf_string(&out), texts[i].lines);
        assert_int_equal(rest.line, texts[i].line);
        buf_release(&out);
    }
}

static void test_csv_half_units(void **state)
{
    struct csv_options little = {.encoding = ENCODING_UTF16LE}, big = {.encoding = ENCODING_UTF16};
    check_half(*state, "i\0,\0t\0\n\0\r\1\n\0\r\1", 14, 12, little);
    check_half(*state, "i\0,\0t\0\n\0\r\1,\0\r\1\n", 15, 8, little);
    check_half(*state, "i\0,\0t\0\n\0\r\1,\0\x3d\xd8", 14, 8, little);
    check_half(*state, "\xfe\xff\0i\0,\0t\0\r\0\n\0\x61", 14, 12, big);
}

/* Over many parts, and where what was loaded before is left out. */
static void test_csv_half_tails(void **state)
{
    struct buf text = BUF_INIT;
    buf_text(&text, "id,t\n");
    while (text.len < 3 * 1024 * 1024)
        buf_text(&text, "1,a\n");
    const size_t whole = text.len;
    buf_text(&text, "2,\"b");
    check_half(*state, buf_string(&text), text.len, whole, (struct csv_options){.ctx = NULL});
    check_half(*state, buf_string(&text), text.len, whole,
               (struct csv_options){.from = (int64_t)whole - 4});
    check_half(*state, buf_string(&text), text.len, whole,
               (struct csv_options){.from = (int64_t)whole});
    buf_release(&text);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_csv_rejects),         IN_FOLDER(test_csv_long_rejects),
        IN_FOLDER(test_csv_ragged),          IN_FOLDER(test_csv_half_lines),
        IN_FOLDER(test_csv_open_rows),       IN_FOLDER(test_csv_half_units),
        IN_FOLDER(test_csv_half_tails),      IN_FOLDER(test_csv_places),
        IN_FOLDER(test_csv_places_of_pages),
    };
    return cmocka_run_group_tests_name("extract/csv_rejects", tests, NULL, NULL);
}
