/* src/extract/formats/csv_reader.c: CSV files as people have them, and those that are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/fs.h"
#include "data/batch.h"
#include "extract/formats/csv_reader.h"
#include "helper.h"
#include "outcome.h"
#include "parquet_samples.h"
#include "tests/text_source.h"
#include "tests/torture.h"

static void gzip_file(const char *path, const char *mode, const char *bytes, size_t len)
{
    gzFile file = gzopen(path, mode);
    assert_int_equal(gzwrite(file, bytes, (unsigned)len), len);
    assert_int_equal(gzclose(file), Z_OK);
}

static void check_refused(const char *folder, const struct buf *content, size_t len,
                          const char *what)
{
    put_bytes(folder, "cut.csv", content->data, len);
    struct outcome out =
        read_table(path_in(folder, "cut.csv"), (struct csv_options){.header = true});
    if (out.rc != TG_DATA || !strstr(out.err.what, what))
        fail_msg("%zu of %zu bytes: %d, '%s'", len, content->len, out.rc, out.err.what);
    buf_release(&out.text);
}

static void check_csv(const char *folder, const char *content, const char *delimiter,
                      const char *rows)
{
    struct csv_options options = {.header = true};
    put_file(folder, "x.csv", content);
    snprintf(options.syntax.delimiter, sizeof(options.syntax.delimiter), "%s", delimiter);
    struct outcome out = read_table(path_in(folder, "x.csv"), options);
    if (out.rc != TG_OK)
        fail_msg("%s: %s: %s", content, out.err.where, out.err.what);
    assert_string_equal(buf_string(&out.text), rows);
    buf_release(&out.text);
}

static void test_csv(void **state)
{
    check_csv(*state, "id,name\n1,ann\n2,bob\n", "", "id=1,name=\"ann\" id=2,name=\"bob\" ");
    check_csv(*state, "id,name\r\n1,ann\r\n2,\"b\"\"b\"", "",
              "id=1,name=\"ann\" id=2,name=\"b\\\"b\" ");
    check_csv(*state, "\xef\xbb\xbfid\n1\n", "", "id=1 ");
    check_csv(*state, "id,name\n1,\n2,\"a\nb\"\n", "", "id=1,name=null id=2,name=\"a\\nb\" ");
    check_csv(*state, "id;amount\n1;2,5\n", "", "id=1,amount=\"2,5\" ");
    check_csv(*state, "a\tb\n1\t2\n", "", "a=1,b=2 ");
    check_csv(*state, "a|b\n1|2\n", "", "a=1,b=2 ");
    check_csv(*state, "a,b;c\n1,2;3\n", ";", "a,b=\"1,2\",c=3 ");
    check_csv(*state, "\"x;y;z\",b\n1,2\n", "", "x;y;z=1,b=2 ");
    check_csv(*state, "zip\n007\n", "", "zip=\"007\" ");
    check_csv(*state, "id,name\n", "", "");
    check_csv(*state, "id,name", "", "");
    check_csv(*state, "", "", "");
    check_csv(*state, "\n\r\n", "", "");
}

/* Names are as the first line has them (csv_header.c). */
static void test_csv_names(void **state)
{
    check_csv(*state, "a,A,,\"x \"\"y\"\"\", b \n1,2,4,5,6\n", "",
              "a=1,A=2,column2=4,x \"y\"=5, b =6 ");
    check_csv(*state, "\"a\nb\",c\n1,2\n", "", "a\nb=1,c=2 ");
    check_csv(*state, "a~~b\n1~~2\n", "~~", "a=1,b=2 ");
    check_csv(*state, "\xef\xbb\xbf\"a,b\",\"c\"\n1,2\n", "", "a,b=1,c=2 ");
    check_csv(*state, "a,b\r1,2\r3,4", "", "a=1,b=2 a=3,b=4 ");
}

/* In a file of one column, where only the quotes tell an empty field from an empty line. */
static void test_csv_one_column(void **state)
{
    static const struct {
        const char *content, *null_texts, *rows;
    } files[] = {
        {"a\nx\n\"\"\n\ny\n", NULL, "a=\"x\" a=null a=\"y\" "},
        {"a\n\"\"\n\"\"", NULL, "a=null a=null "},
        {"a\n\"\"\nx\n\"\"", NULL, "a=null a=\"x\" a=null "},
        {"a\r\n\"\"\r\n\r\nx\r\n", NULL, "a=null a=\"x\" "},
        {"a\n\"\"\n\nNA\n\"NA\"\nx\n", "NA", "a=\"\" a=null a=null a=\"x\" "},
        {"a\n\"\"\n1\n", "it's", "a=\"\" a=\"1\" "},
        {"a\n\"\"\nNA\n-\nx\n", "\nNA\n-", "a=null a=null a=null a=\"x\" "},
        {"a\n \n\"\"\"\"\n", NULL, "a=\" \" a=\"\\\"\" "},
    };
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        put_file(*state, "x.csv", files[i].content);
        struct outcome out =
            read_table(path_in(*state, "x.csv"),
                       (struct csv_options){.null_texts = files[i].null_texts, .header = true});
        assert_int_equal(out.rc, TG_OK);
        assert_string_equal(buf_string(&out.text), files[i].rows);
        buf_release(&out.text);
    }
}

/* A file that is something else makes a header, and nothing else. */
static void test_not_csv(void **state)
{
    struct buf parquet = BUF_INIT;
    const char *path = path_in(*state, "x.gz");
    buf_append(&parquet, sample_null_columns, sizeof(sample_null_columns));
    check_refused(*state, &parquet, parquet.len, "those of a Parquet file");
    gzip_file(path, "wb", parquet.data, parquet.len);
    buf_clear(&parquet);
    assert_int_equal(fs_read_file(path, &parquet, NULL), TG_OK);
    check_refused(*state, &parquet, parquet.len, "those of a Parquet file");
    gzip_file(path, "wb", parquet.data, parquet.len);
    buf_clear(&parquet);
    assert_int_equal(fs_read_file(path, &parquet, NULL), TG_OK);
    check_refused(*state, &parquet, parquet.len, "those of a gzip file");
    parquet.len = 0;
    buf_text(&parquet, "na\xefve,b\n1,2\n");
    check_refused(*state, &parquet, parquet.len, "is not UTF-8");
    parquet.len = 0;
    buf_text(&parquet, "a,b,a\n1,2,3\n");
    check_refused(*state, &parquet, parquet.len, "columns 1 and 3 of the header");
    buf_release(&parquet);
}

/* But when the spec names the second, its values are that column's. */
static void test_csv_equal_names(void **state)
{
    static const struct tg_column hints[] = {{.name = "a_1", .data_type = "text"}};
    put_file(*state, "x.csv", "a,b,a\n1,2,3\n");
    struct outcome out =
        read_table(path_in(*state, "x.csv"),
                   (struct csv_options){.header = true, .columns = hints, .column_count = 1});
    assert_int_equal(out.rc, TG_OK);
    assert_string_equal(buf_string(&out.text), "a=1,b=2,a_1=\"3\" ");
    buf_release(&out.text);
}

/* A line without anything is no row, wherever it stands. */
static void test_csv_blank_lines(void **state)
{
    check_csv(*state, "\n\nid,name\n1,a\n\n\n2,b\n\n", "", "id=1,name=\"a\" id=2,name=\"b\" ");
    check_csv(*state, "id\n1\n\n2\n", "", "id=1 id=2 ");
    check_csv(*state, "\r\nid\r\n1\r\n\r\n2\r\n", "", "id=1 id=2 ");
    put_file(*state, "x.csv", "id\na\n\nNA\n");
    struct outcome out = read_table(path_in(*state, "x.csv"),
                                    (struct csv_options){.null_texts = "NA", .header = true});
    assert_string_equal(buf_string(&out.text), "id=\"a\" id=null ");
    buf_release(&out.text);
}

static void test_csv_hints(void **state)
{
    static const struct tg_column hints[] = {{.name = "zip", .data_type = "text"},
                                             {.name = "price", .data_type = "decimal"},
                                             {.name = "not there", .data_type = "date"}};
    put_file(*state, "x.csv", "zip,price,n\n123,1.5,1\n");
    struct outcome out =
        read_table(path_in(*state, "x.csv"),
                   (struct csv_options){.header = true, .columns = hints, .column_count = 3});
    assert_string_equal(buf_string(&out.text), "zip=\"123\",price=1.500000000,n=1 ");
    assert_string_equal(out.formats, "u d:38,9 l ");
    buf_release(&out.text);
}

static void test_csv_long_line(void **state)
{
    struct buf text = BUF_INIT;
    char *field = mem_alloc(4000001);
    memset(field, 'x', 4000000);
    field[4000000] = '\0';
    buf_printf(&text, "id,t\n1,%s\n2,b\n", field);
    put_file(*state, "x.csv", buf_string(&text));
    struct outcome out = read_table(path_in(*state, "x.csv"), (struct csv_options){.header = true});
    if (out.rc != TG_OK)
        fail_msg("%s", out.err.what);
    assert_int_equal(out.rows, 2);
    buf_release(&out.text);
    buf_release(&text);
    mem_free(field);
}

static void test_csv_types(void **state)
{
    put_file(*state, "x.csv", "i,d,at,day,yes,t\n1,1.5,2024-01-01T00:00:00,2024-01-01,true,x\n");
    struct outcome out = read_table(path_in(*state, "x.csv"), (struct csv_options){.header = true});
    assert_int_equal(out.rc, TG_OK);
    assert_string_equal(out.formats, "l g tsu: tdD b u ");
    buf_release(&out.text);
}

/* Digits that a column with a zone does not keep are counted, in batches and in rows. */
static void test_csv_nanoseconds(void **state)
{
    struct context warned;
    struct warnings warnings;
    struct csv_options options = {.header = true, .ctx = &warned};
    context_init(&warned);
    warnings_init(&warnings);
    warned.warnings = &warnings;
    put_file(*state, "x.csv",
             "at,v\n2024-01-01T00:00:00.123456789Z,1\n"
             "2024-01-01T00:00:00.123456000Z,2\n2024-01-01T00:00:00Z,3\n");
    struct outcome out = read_table(path_in(*state, "x.csv"), options);
    assert_int_equal(out.rc, TG_OK);
    buf_release(&out.text);
    assert_int_equal(warnings.count, 1);
    assert_non_null(strstr(warnings.texts[0],
                           "x.csv': 1 values of column 'at' had digits beyond microseconds"));
    warnings_clear(&warnings);
    put_file(*state, "x.csv", "at,v\n2024-01-01T00:00:00.123456000,1\n");
    out = read_table(path_in(*state, "x.csv"), options);
    assert_int_equal(out.rc, TG_OK);
    buf_release(&out.text);
    assert_int_equal(warnings.count, 0);
    warnings_release(&warnings);
}

static void test_csv_options(void **state)
{
    put_file(*state, "x.csv", "1,NA\n2,b\n");
    struct outcome out = read_table(path_in(*state, "x.csv"),
                                    (struct csv_options){.null_texts = "NA", .header = false});
    assert_int_equal(out.rc, TG_OK);
    assert_string_equal(buf_string(&out.text), "column0=1,column1=null column0=2,column1=\"b\" ");
    buf_release(&out.text);
}

/* What is in no file is read like a file. */
static void test_csv_no_file(void **state)
{
    static const char text[] = "id,t\n1,a\n2,b\n";
    struct text_source source = text_source(text, sizeof(text) - 1);
    const struct csv_options options = {
        .name = "an answer", .syntax = {.quote = '"'}, .header = true};
    struct outcome out = {.rc = TG_OK};
    struct page_stream *stream;
    struct reader *reader;
    (void)state;
    assert_int_equal(reader_open_source(&source.base, "an answer", &reader, NULL), TG_OK);
    assert_int_equal(csv_reader_open(reader, &options, &stream, NULL), TG_OK);
    read_all(stream, "an answer", &out);
    assert_int_equal(out.rc, TG_OK);
    assert_string_equal(buf_string(&out.text), "id=1,t=\"a\" id=2,t=\"b\" ");
    buf_release(&out.text);
    assert_int_equal(source.closed, 1);
}

static void test_csv_compressed(void **state)
{
    static const char text[] = "id\n1\n2\n";
    char packed[256];
    struct csv_options options = {.header = true};
    struct outcome out;
    put_bytes(*state, "x.csv", packed, ZSTD_compress(packed, sizeof(packed), text, 7, 3));
    out = read_table(path_in(*state, "x.csv"), options);
    assert_string_equal(buf_string(&out.text), "id=1 id=2 ");
    buf_release(&out.text);
    gzFile file = gzopen(path_in(*state, "y.csv"), "wb");
    assert_int_equal(gzwrite(file, text, 7), 7);
    assert_int_equal(gzclose(file), Z_OK);
    out = read_table(path_in(*state, "y.csv"), options);
    assert_string_equal(buf_string(&out.text), "id=1 id=2 ");
    buf_release(&out.text);
    file = gzopen(path_in(*state, "z.csv"), "wb");
    assert_int_equal(gzclose(file), Z_OK);
    out = read_table(path_in(*state, "z.csv"), options);
    assert_int_equal(out.rc, TG_OK);
    assert_int_equal(out.rows, 0);
    buf_release(&out.text);
}

/* Rows of a compressed file, of far more text than the head that is read at opening. */
static void long_csv(struct buf *out)
{
    buf_text(out, "id,text\n");
    for (int i = 0; i < 100000; i++)
        buf_printf(out, "%d,%x\n", i, (unsigned)i * 2654435761u);
}

/* Rows that were whole do not count. */
static void test_csv_damaged(void **state)
{
    struct buf text = BUF_INIT, packed = BUF_INIT;
    const char *path = path_in(*state, "x.csv");
    long_csv(&text);
    gzip_file(path, "wb", text.data, text.len);
    assert_int_equal(fs_read_file(path, &packed, NULL), TG_OK);
    for (size_t part = 3; part < 10; part++)
        check_refused(*state, &packed, packed.len * part / 10, "is truncated: the gzip stream");
    check_refused(*state, &packed, packed.len - 1, "is truncated: the gzip stream");
    packed.data[packed.len - 8] ^= 1;
    check_refused(*state, &packed, packed.len, "is damaged: the gzip stream");
    packed.data[packed.len - 8] ^= 1;
    packed.data[packed.len * 2 / 3] ^= 1;
    check_refused(*state, &packed, packed.len, "is damaged: the gzip stream");
    packed.data[packed.len * 2 / 3] ^= 1;
    buf_text(&packed, "rubbish");
    check_refused(*state, &packed, packed.len, "is damaged: the gzip stream");
    packed.len = ZSTD_compress(packed.data, packed.len, text.data, text.len, 3);
    for (size_t part = 3; part < 10; part++)
        check_refused(*state, &packed, packed.len * part / 10, "is truncated: the zstd stream");
    check_refused(*state, &packed, packed.len - 1, "is truncated: the zstd stream");
    buf_release(&text);
    buf_release(&packed);
}

/* Members and frames that follow each other, and what tapes pad them with. */
static void test_csv_members(void **state)
{
    struct buf text = BUF_INIT, packed = BUF_INIT;
    const char *path = path_in(*state, "x.csv");
    struct outcome out;
    long_csv(&text);
    gzip_file(path, "wb", text.data, 700000);
    gzip_file(path, "ab", "", 0);
    gzip_file(path, "ab", text.data + 700000, text.len - 700000);
    FILE *file = fopen(path, "a");
    assert_int_equal(fwrite("\0\0\0", 1, 3, file), 3);
    assert_int_equal(fclose(file), 0);
    out = read_table(path, (struct csv_options){.header = true});
    assert_int_equal(out.rc, TG_OK);
    assert_int_equal(out.rows, 100000);
    buf_release(&out.text);
    packed.cap = 2 * text.len;
    packed.data = mem_alloc(packed.cap);
    packed.len = ZSTD_compress(packed.data, packed.cap, text.data, 700000, 3);
    packed.len += ZSTD_compress(packed.data + packed.len, packed.cap - packed.len,
                                text.data + 700000, text.len - 700000, 3);
    put_bytes(*state, "x.csv", packed.data, packed.len);
    out = read_table(path, (struct csv_options){.header = true});
    assert_int_equal(out.rc, TG_OK);
    assert_int_equal(out.rows, 100000);
    buf_release(&out.text);
    buf_release(&text);
    buf_release(&packed);
}

/* Rows stay in order, over all batches. */
static void test_csv_order(void **state)
{
    struct buf text = BUF_INIT;
    struct page_stream *stream = NULL;
    struct page page = {.kind = PAGE_END};
    int64_t next = 0, id = 0;
    buf_text(&text, "id,text\n");
    for (int i = 0; i < 300000; i++)
        buf_printf(&text, "%d,some text to make the file long enough\n", i);
    put_file(*state, "x.csv", buf_string(&text));
    buf_release(&text);
    assert_int_equal(
        open_csv(path_in(*state, "x.csv"), (struct csv_options){.header = true}, &stream, NULL),
        TG_OK);
    for (;;) {
        assert_int_equal(stream->next(stream, &page, NULL), TG_OK);
        if (page.kind == PAGE_END)
            break;
        for (int64_t i = 0; i < page.array.length; i++, next++) {
            assert_true(value_int64(page.schema.children[0], page.array.children[0], i, &id));
            assert_int_equal(id, next);
        }
        page_release(&page);
    }
    assert_int_equal(next, 300000);
    page_release(&page);
    page_stream_close(stream);
}

static void check_csv_error(const char *folder, const char *content, const char *place,
                            const char *what)
{
    struct outcome out;
    char where[1200];
    put_file(folder, "x.csv", content);
    const char *path = path_in(folder, "x.csv");
    out = read_table(path, (struct csv_options){.header = true});
    snprintf(where, sizeof(where), "file '%s'%s", path, place);
    if (out.rc != TG_DATA)
        fail_msg("%.40s: %d, %s", content, out.rc, buf_string(&out.text));
    assert_int_equal(out.err.code, TG_DATA);
    assert_string_equal(out.err.where, where);
    if (!strstr(out.err.what, what))
        fail_msg("'%s' is not in '%s'", what, out.err.what);
    assert_null(strchr(out.err.what, '\n'));
    buf_release(&out.text);
}

static void test_csv_errors(void **state)
{
    check_csv_error(*state, "id,name\n1,a\n2,b,c\n", ", line 3, byte 4",
                    "the row has 3 fields, and the header has 2; is a field that holds the "
                    "delimiter not in quotes?");
    check_csv_error(*state, "id,name\n1,a\n2\n3,c\n", ", line 3, byte 2",
                    "the row has 1 field, and the header has 2; ragged: pad");
    check_csv_error(*state, "id,name\r\n1,\"x\r\ny\"\r\n2\r\n", ", line 4, byte 2", "1 field,");
    check_csv_error(*state, "id,name\n1,\"x\ny\",\n2\n", ", line 3, byte 3", "3 fields,");
    check_csv_error(
        *state, "id,name\n1,\"a\n2,b\n", ", line 2, byte 3",
        "the quote that a field begins with is not closed before the end of the file; run "
        "again if more of it is to come; quote: none");
    check_csv_error(*state, "id,name\n1,\"a\" \"b\"\n2,b\n", ", line 2, byte 6",
                    "text with quotes behind the quote that ends a field");
    check_csv_error(*state, "A report\nid,name\n1,a\n", ", line 2, byte 3",
                    "2 fields, and the header has 1; is the delimiter another one, or the header "
                    "further down (skip)? tidegate init --from FILE");
    check_csv_error(*state, "id,name\n1,a\rb\n2,b\n", ", line 3, byte 2",
                    "a carriage return alone ends a line, too");
    check_csv_error(*state, "id,name\n1,\xc3\xa4\xff\n", ", line 2, byte 5",
                    "the byte 0xff is no UTF-8; say what the file has, as encoding: windows-1252");
}

/* A field that nothing ends, and one that is too long, before and behind other rows. */
static void test_csv_long_errors(void **state)
{
    struct buf text = BUF_INIT;
    buf_text(&text, "id,t\n0,a\n1,\"");
    for (int i = 0; i < 2000000; i++)
        buf_text(&text, "0123456\n9");
    check_csv_error(*state, buf_string(&text), ", line 3, byte 1",
                    "longer than 16777216 bytes; is a quote missing? line_bytes_max");
    buf_text(&text, "\"\n2,b\n");
    check_csv_error(*state, buf_string(&text), ", line 3, byte 1", "longer than 16777216 bytes");
    buf_clear(&text);
    for (int i = 0; i < 30000; i++)
        buf_text(&text, "0123456789");
    check_csv_error(*state, buf_string(&text), "", "the first line is longer than");
    buf_release(&text);
}

/* What comes after the rows that types are guessed from makes rows where it does not fit. */
static void test_csv_late_misfit(void **state)
{
    struct buf text = BUF_INIT;
    struct page_stream *stream = NULL;
    struct page page = {.kind = PAGE_END};
    uint64_t rows = 0, misfits = 0;
    buf_text(&text, "id,v\n");
    for (int i = 0; i < 250000; i++)
        buf_printf(&text, "%d,%d\n", i, i);
    buf_text(&text, "1,01\n");
    put_file(*state, "x.csv", buf_string(&text));
    buf_release(&text);
    assert_int_equal(
        open_csv(path_in(*state, "x.csv"), (struct csv_options){.header = true}, &stream, NULL),
        TG_OK);
    for (;;) {
        assert_int_equal(stream->next(stream, &page, NULL), TG_OK);
        if (page.kind == PAGE_END)
            break;
        rows += page.read_count;
        if (page.kind == PAGE_ROWS) {
            const yyjson_val *last = page.rows[page.row_count - 1];
            assert_int_equal(cell_kind(cell_find(page.rows[0], "v", 1)), CELL_INT);
            assert_int_equal(cell_kind(cell_find(last, "v", 1)), CELL_LITERAL);
            assert_string_equal(page.schema.children[1]->format, "l");
            misfits++;
        }
        page_release(&page);
    }
    assert_int_equal(rows, 250001);
    assert_int_equal(misfits, 1);
    page_release(&page);
    page_stream_close(stream);
}

/* As exporters write it. */
static void test_csv_as_it_comes(void **state)
{
    check_csv(*state, "id,name\r\n1,a\n2,b\r\n", "", "id=1,name=\"a\" id=2,name=\"b\" ");
    check_csv(*state, "id,name\n1,a\r\n2,b\r\n", "", "id=1,name=\"a\" id=2,name=\"b\" ");
    check_csv(*state, "id,name\n1,a\r2,b", "", "id=1,name=\"a\" id=2,name=\"b\" ");
    check_csv(*state, "id,name\n1,\"a\rb\"\n", "", "id=1,name=\"a\\rb\" ");
    check_csv(*state, "id,name\n1,5\" disk\n2,b\"\n", "",
              "id=1,name=\"5\\\" disk\" id=2,name=\"b\\\"\" ");
    check_csv(*state, "id,name\n1, \"a,b\"\n2,\"c\" \n3,\"d\"e\n", "",
              "id=1,name=\"a,b\" id=2,name=\"c\" id=3,name=\"de\" ");
    check_csv(*state, "sep=;\r\nid;name\r\n1;a,b\r\n", "", "id=1,name=\"a,b\" ");
    check_csv(*state, "id,name\n1,a\n  \n\t2,b\n", "",
              "id=\"1\",name=\"a\" id=\"\\t2\",name=\"b\" ");
}

static void test_csv_utf16(void **state)
{
    static const char text[] = "\xff\xfei\0d\0,\0t\0\r\0\n\0"
                               "1\0,\0\xe4\0\r\0\n\0";
    put_bytes(*state, "x.csv", text, sizeof(text) - 1);
    struct outcome out = read_table(path_in(*state, "x.csv"), (struct csv_options){.header = true});
    assert_int_equal(out.rc, TG_OK);
    assert_string_equal(buf_string(&out.text), "id=1,t=\"\xc3\xa4\" ");
    buf_release(&out.text);
}

/* ---- what is left out of a file that has grown ---- */

static void test_csv_tail(void **state)
{
    static const char text[] = "id,t\n1,a\n2,b\n3,c\n";
    struct csv_options options = {.header = true, .from = 13, .rows_before = 2, .lines_before = 3};
    struct page page = {.kind = PAGE_END};
    struct page_stream *stream;
    put_file(*state, "x.csv", text);
    assert_int_equal(open_csv(path_in(*state, "x.csv"), options, &stream, NULL), TG_OK);
    assert_int_equal(stream->next(stream, &page, NULL), TG_OK);
    assert_int_equal(page.read_count, 1);
    assert_int_equal(page.first_row, 3);
    assert_int_equal(page.lines[0], 4);
    assert_int_equal(stream->next(stream, &page, NULL), TG_OK);
    assert_int_equal(page.kind, PAGE_END);
    page_release(&page);
    page_stream_close(stream);
    options = (struct csv_options){.header = true, .from = 4}; /* within the header */
    assert_int_equal(open_csv(path_in(*state, "x.csv"), options, &stream, NULL), TG_OK);
    assert_int_equal(stream->next(stream, &page, NULL), TG_OK);
    assert_int_equal(page.read_count, 3);
    assert_int_equal(page.lines[0], 2);
    page_release(&page);
    page_stream_close(stream);
}

/* Bytes of the file are counted, not those of its UTF-8; what follows is decoded as its head is. */
static void test_csv_wide_tail(void **state)
{
    static const char text[] = "\xff\xfei\0d\0,\0t\0\n\0"
                               "1\0,\0\xe4\0\n\0"
                               "2\0,\0\xf6\0\n\0";
    static const struct {
        int64_t from;
        const char *rows;
    } tails[] = {{4, "id=1,t=\"\xc3\xa4\" id=2,t=\"\xc3\xb6\" "},
                 {12, "id=1,t=\"\xc3\xa4\" id=2,t=\"\xc3\xb6\" "},
                 {20, "id=2,t=\"\xc3\xb6\" "}};
    put_bytes(*state, "x.csv", text, sizeof(text) - 1);
    for (size_t i = 0; i < 3; i++) {
        struct outcome out = {.rc = TG_OK};
        struct page_stream *stream;
        const struct csv_options options = {.header = true, .from = tails[i].from};
        const char *path = path_in(*state, "x.csv");
        assert_int_equal(open_csv(path, options, &stream, NULL), TG_OK);
        read_all(stream, path, &out);
        assert_int_equal(out.rc, TG_OK);
        assert_string_equal(buf_string(&out.text), tails[i].rows);
        buf_release(&out.text);
    }
}

/* Rows over every border of what is read at a time, with quotes, returns and wide characters. */
static void test_csv_borders(void **state)
{
    struct buf text = BUF_INIT;
    struct page page = {.kind = PAGE_END};
    struct page_stream *stream;
    int64_t next = 0, id;
    buf_text(&text, "id,t\r\n");
    for (int i = 0; text.len < 20 * 1024 * 1024; i++)
        buf_printf(&text, "%d,\"\"\"x%d\"\"\r\n\xc3\xa4%.*s\"\r\n", i, i, i % 97,
                   "0123456789012345678901234567890123456789012345678901234567890123456789"
                   "012345678901234567890123456789");
    put_file(*state, "x.csv", buf_string(&text));
    buf_release(&text);
    assert_int_equal(
        open_csv(path_in(*state, "x.csv"), (struct csv_options){.header = true}, &stream, NULL),
        TG_OK);
    for (;;) {
        assert_int_equal(stream->next(stream, &page, NULL), TG_OK);
        if (page.kind == PAGE_END)
            break;
        assert_int_equal(next % BATCH_ROWS, 0); /* all pages but the last are full */
        for (int64_t i = 0; i < page.array.length; i++, next++) {
            char expected[200];
            const char *found;
            size_t len;
            int size = snprintf(expected, sizeof(expected), "\"x%d\"\r\n\xc3\xa4", (int)next);
            assert_true(value_int64(page.schema.children[0], page.array.children[0], i, &id));
            assert_int_equal(id, next);
            assert_true(
                value_bytes(page.schema.children[1], page.array.children[1], i, &found, &len));
            assert_int_equal(len, size + next % 97);
            assert_memory_equal(found, expected, (size_t)size);
            assert_int_equal(page.lines[i], 2 + 2 * next);
        }
    }
    assert_true(next > 100000);
    page_release(&page);
    page_stream_close(stream);
}

/* So many columns that a page has fewer rows than a batch. */
static void test_csv_wide_rows(void **state)
{
    enum { COLUMNS = 3000, ROWS = 1500 };
    struct buf text = BUF_INIT;
    struct page page = {.kind = PAGE_END};
    struct page_stream *stream;
    uint64_t rows = 0;
    for (int row = -1; row < ROWS; row++)
        for (int i = 0; i < COLUMNS; i++)
            buf_printf(&text, row < 0 ? "c%d%c" : "%d%c", row < 0 ? i : row,
                       i + 1 < COLUMNS ? ',' : '\n');
    put_file(*state, "x.csv", buf_string(&text));
    buf_release(&text);
    assert_int_equal(
        open_csv(path_in(*state, "x.csv"), (struct csv_options){.header = true}, &stream, NULL),
        TG_OK);
    for (;;) {
        int64_t id;
        assert_int_equal(stream->next(stream, &page, NULL), TG_OK);
        if (page.kind == PAGE_END)
            break;
        assert_true(page.read_count < BATCH_ROWS);
        assert_true(value_int64(page.schema.children[COLUMNS - 1], page.array.children[COLUMNS - 1],
                                0, &id));
        assert_int_equal(id, rows);
        rows += page.read_count;
    }
    assert_int_equal(rows, ROWS);
    page_release(&page);
    page_stream_close(stream);
}

static const char *torture_path;

static int read_some(void)
{
    struct csv_options options = {.header = true, .rejects = true};
    struct page page = {.kind = PAGE_END};
    struct page_stream *stream = NULL;
    int rc = TG_OK;
    TRY(open_csv(torture_path, options, &stream, NULL));
    do
        TRY(stream->next(stream, &page, NULL));
    while (page.kind != PAGE_END);
done:
    page_release(&page);
    page_stream_close(stream);
    return rc;
}

static void test_csv_torture(void **state)
{
    put_file(*state, "x.csv", "id,t,u\n1,\"a\"\"\",2024-01-01\n2\n3,,x\n");
    torture_path = path_in(*state, "x.csv");
    torture(read_some);
}

static void test_absent(void **state)
{
    struct outcome out =
        read_table(path_in(*state, "x.csv"), (struct csv_options){.header = false});
    assert_int_equal(out.rc, TG_SOURCE);
    assert_non_null(strstr(out.err.what, "x.csv"));
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_csv),
        IN_FOLDER(test_csv_names),
        IN_FOLDER(test_csv_one_column),
        IN_FOLDER(test_csv_equal_names),
        IN_FOLDER(test_not_csv),
        IN_FOLDER(test_csv_blank_lines),
        IN_FOLDER(test_csv_hints),
        IN_FOLDER(test_csv_long_line),
        IN_FOLDER(test_csv_types),
        IN_FOLDER(test_csv_nanoseconds),
        IN_FOLDER(test_csv_options),
        IN_FOLDER(test_csv_compressed),
        cmocka_unit_test(test_csv_no_file),
        IN_FOLDER(test_csv_damaged),
        IN_FOLDER(test_csv_members),
        IN_FOLDER(test_csv_order),
        IN_FOLDER(test_csv_errors),
        IN_FOLDER(test_csv_long_errors),
        IN_FOLDER(test_csv_late_misfit),
        IN_FOLDER(test_csv_as_it_comes),
        IN_FOLDER(test_csv_utf16),
        IN_FOLDER(test_csv_tail),
        IN_FOLDER(test_csv_wide_tail),
        IN_FOLDER(test_csv_borders),
        IN_FOLDER(test_csv_wide_rows),
        IN_FOLDER(test_csv_torture),
        IN_FOLDER(test_absent),
    };
    return cmocka_run_group_tests_name("extract/csv_reader", tests, NULL, NULL);
}
