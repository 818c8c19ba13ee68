#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "extract/formats/table_reader.h"
#include "engine_helper.h"
#include "tests/text_source.h"
#include "parquet_samples.h"

struct outcome {
    int rc;
    uint64_t rows;
    struct buf text;
    char formats[256];
    struct tg_error err;
};

static int open_csv(const char *path, struct csv_options options, struct page_stream **out,
                    struct tg_error *err)
{
    struct reader *text;
    int rc = TG_OK;
    *out = NULL;
    options.name = path;
    TRY(reader_open(path, &text, err));
    TRY(csv_reader_open(engine, text, &options, out, err));
done:
    return rc;
}

/* Reads to the end, or to an error, and closes. */
static void read_all(struct page_stream *stream, const char *name, struct outcome *out)
{
    struct page page = {.kind = PAGE_END};
    while (out->rc == TG_OK) {
        out->rc = stream->next(stream, &page, &out->err);
        if (out->rc != TG_OK || page.kind == PAGE_END)
            break;
        assert_string_equal(page.file, name);
        assert_int_equal(page.first_row, out->rows + 1);
        out->rows += page.read_count;
        if (out->text.len < 1000)
            put_page(&out->text, &page);
        out->formats[0] = '\0';
        for (int64_t i = 0; i < page.schema.n_children; i++)
            snprintf(out->formats + strlen(out->formats),
                     sizeof(out->formats) - strlen(out->formats), "%s ",
                     page.schema.children[i]->format);
    }
    page_release(&page);
    page_stream_close(stream);
}

static struct outcome read_table(const char *path, struct csv_options options)
{
    struct outcome out = {.rc = TG_OK};
    struct page_stream *stream = NULL;
    out.rc = open_csv(path, options, &stream, &out.err);
    read_all(stream, path, &out);
    return out;
}

static struct outcome read_parquet(const char *path)
{
    struct outcome out = {.rc = TG_OK};
    struct page_stream *stream = NULL;
    out.rc = parquet_reader_open(engine, path, path, &stream, &out.err);
    read_all(stream, path, &out);
    return out;
}

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
    put_file(folder, "x.csv", content);
    struct outcome out = read_table(path_in(folder, "x.csv"),
                                    (struct csv_options){.delimiter = delimiter, .header = true});
    if (out.rc != TG_OK)
        fail_msg("%s: %s: %s", content, out.err.where, out.err.what);
    assert_string_equal(buf_string(&out.text), rows);
    buf_release(&out.text);
}

static void test_csv(void **state)
{
    check_csv(*state, "id,name\n1,ann\n2,bob\n", NULL, "id=1,name=\"ann\" id=2,name=\"bob\" ");
    check_csv(*state, "id,name\r\n1,ann\r\n2,\"b\"\"b\"", "auto",
              "id=1,name=\"ann\" id=2,name=\"b\\\"b\" ");
    check_csv(*state, "\xef\xbb\xbfid\n1\n", NULL, "id=1 ");
    check_csv(*state, "id,name\n1,\n2,\"a\nb\"\n", NULL, "id=1,name=null id=2,name=\"a\\nb\" ");
    check_csv(*state, "id;amount\n1;2,5\n", NULL, "id=1,amount=\"2,5\" ");
    check_csv(*state, "a\tb\n1\t2\n", NULL, "a=1,b=2 ");
    check_csv(*state, "a|b\n1|2\n", NULL, "a=1,b=2 ");
    check_csv(*state, "a,b;c\n1,2;3\n", ";", "a,b=\"1,2\",c=3 ");
    check_csv(*state, "\"x;y;z\",b\n1,2\n", NULL, "x;y;z=1,b=2 ");
    check_csv(*state, "zip\n007\n", NULL, "zip=\"007\" ");
    check_csv(*state, "id,name\n", NULL, "");
    check_csv(*state, "id,name", NULL, "");
    check_csv(*state, "", NULL, "");
    check_csv(*state, "\n\r\n", NULL, "");
}

/* Names are as the first line has them (csv_header.c); the engine passes over the same line. */
static void test_csv_names(void **state)
{
    check_csv(*state, "a,A,,\"x \"\"y\"\"\", b \n1,2,4,5,6\n", NULL,
              "a=1,A=2,column2=4,x \"y\"=5, b =6 ");
    check_csv(*state, "\"a\nb\",c\n1,2\n", NULL, "a\nb=1,c=2 ");
    check_csv(*state, "a~~b\n1~~2\n", "~~", "a=1,b=2 ");
    check_csv(*state, "\xef\xbb\xbf\"a,b\",\"c\"\n1,2\n", NULL, "a,b=1,c=2 ");
    check_csv(*state, "a,b\r1,2\r3,4", NULL, "a=1,b=2 a=3,b=4 ");
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
    const char *path = path_in(*state, "x.parquet");
    put_parquet(path, "1 AS id");
    assert_int_equal(fs_read_file(path, &parquet, NULL), TG_OK);
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
    check_csv(*state, "\n\nid,name\n1,a\n\n\n2,b\n\n", NULL, "id=1,name=\"a\" id=2,name=\"b\" ");
    check_csv(*state, "id\n1\n\n2\n", NULL, "id=1 id=2 ");
    check_csv(*state, "\r\nid\r\n1\r\n\r\n2\r\n", NULL, "id=1 id=2 ");
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
    const struct csv_options options = {.name = "an answer", .header = true};
    struct outcome out = {.rc = TG_OK};
    struct page_stream *stream;
    struct reader *reader;
    (void)state;
    assert_int_equal(reader_open_source(&source.base, "an answer", &reader, NULL), TG_OK);
    assert_int_equal(csv_reader_open(engine, reader, &options, &stream, NULL), TG_OK);
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

/* However the engine takes what it sees of a damaged file: an error. */
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

/* The engine drops it without a word, compressed or not. */
static void test_csv_long_last_line(void **state)
{
    struct buf text = BUF_INIT;
    buf_text(&text, "id,t\n1,a\n2,");
    for (int i = 0; i < 2000000; i++)
        buf_text(&text, "0123456789");
    gzip_file(path_in(*state, "x.csv"), "wb", text.data, text.len);
    struct outcome out = read_table(path_in(*state, "x.csv"), (struct csv_options){.header = true});
    assert_int_equal(out.rc, TG_DATA);
    assert_non_null(strstr(out.err.what, "the last line is longer than 4194304 bytes"));
    buf_release(&out.text);
    buf_release(&text);
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

/* The engine's guess would drop lines without a word. */
static void test_csv_errors(void **state)
{
    struct buf text = BUF_INIT;
    check_csv_error(*state, "id,name\n1,a\n2,b,c\n", ", line 3",
                    "Expected Number of Columns: 2 Found: 3");
    check_csv_error(*state, "id,name\n1,a\n2\n3,c\n", ", line 3",
                    "Expected Number of Columns: 2 Found: 1");
    check_csv_error(*state, "id,name\n1,\"a\n2,b\n", ", line 2", "unterminated quote");
    check_csv_error(*state, "id,name\n1,a\r\n2,b\n", "", "make all lines end alike");
    check_csv_error(*state, "id,name\n1,\xff\n", ", line 2", "not utf-8 encoded");
    buf_text(&text, "id,t\n1,");
    for (int i = 0; i < 2000000; i++)
        buf_text(&text, "0123456789");
    check_csv_error(*state, buf_string(&text), "", "the last line is longer than 4194304 bytes");
    buf_text(&text, "\n2,b\n");
    check_csv_error(*state, buf_string(&text), "", "a line is longer than 4194304 bytes");
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

static void test_absent(void **state)
{
    struct outcome out =
        read_table(path_in(*state, "x.csv"), (struct csv_options){.header = false});
    assert_int_equal(out.rc, TG_SOURCE);
    assert_non_null(strstr(out.err.what, "x.csv"));
}

/* ---- Parquet ---- */

static void test_parquet(void **state)
{
    const char *path = path_in(*state, "it[1]*.parquet");
    put_file(*state, "it1x.parquet", "another that the pattern would match");
    put_parquet(path, "range AS id, 'x' AS t FROM range(5000)");
    struct outcome out = read_parquet(path);
    if (out.rc != TG_OK)
        fail_msg("%s: %s", out.err.where, out.err.what);
    assert_int_equal(out.rows, 5000);
    assert_string_equal(out.formats, "l u ");
    assert_memory_equal(buf_string(&out.text), "id=0,t=\"x\" id=1,t=\"x\" ", 22);
    buf_release(&out.text);
}

static void check_parquet(const char *folder, const char *select, const char *formats,
                          const char *rows)
{
    const char *path = path_in(folder, "x.parquet");
    put_parquet(path, select);
    struct outcome out = read_parquet(path);
    if (out.rc != TG_OK)
        fail_msg("%s: %s", out.err.where, out.err.what);
    assert_string_equal(out.formats, formats);
    assert_string_equal(buf_string(&out.text), rows);
    buf_release(&out.text);
}

/* Structs, lists and maps come as they are, with the types of what is in them. */
static void test_nested_parquet(void **state)
{
    check_parquet(*state,
                  "range AS id, {'a': range * 1.5, 'b': DATE '2024-01-01'} AS s, [range, 7] AS l, "
                  "MAP {'k': 'x'::BLOB} AS m FROM range(2)",
                  "l +s +l +m ",
                  "id=0,s={\"a\":0.0,\"b\":\"2024-01-01\"},l=[0,7],m=[{\"key\":\"k\","
                  "\"value\":\"eA==\"}] "
                  "id=1,s={\"a\":1.5,\"b\":\"2024-01-01\"},l=[1,7],m=[{\"key\":\"k\","
                  "\"value\":\"eA==\"}] ");
    check_parquet(*state, "[1] AS l LIMIT 0", "", "");
}

static void test_parquet_types(void **state)
{
    check_parquet(*state,
                  "1.25::DECIMAL(10,2) AS d, TIMESTAMP '2024-01-01 00:00:00' AS n, "
                  "TIMESTAMPTZ '2024-01-01 00:00:00+00' AS z, "
                  "TIMESTAMP_NS '2024-01-01 00:00:00.123456789' AS ns",
                  "d:10,2,128 tsu: tsu:UTC tsn: ",
                  "d=1.25,n=\"2024-01-01T00:00:00\",z=\"2024-01-01T00:00:00+00:00\","
                  "ns=\"2024-01-01T00:00:00.123456789\" ");
    check_parquet(*state,
                  "'00000000-0000-0000-0000-000000000001'::UUID AS u, 'a'::ENUM('a') AS e, "
                  "TIME '10:00:00' AS t, [1, 2]::INTEGER[2] AS a, '101'::BIT AS b",
                  "u u ttu +l u ",
                  "u=\"00000000-0000-0000-0000-000000000001\",e=\"a\",t=\"10:00:00\",a=[1,2],"
                  "b=\"101\" ");
}

/* Arrow batches hold no variants, and nobody wants Arrow's intervals. */
static void test_parquet_casts(void **state)
{
    check_parquet(*state,
                  "INTERVAL 1 MONTH AS \"an \"\"INTERVAL\", {'a': 1}::VARIANT AS v, "
                  "{'i': INTERVAL 2 DAY, 'VARIANT': 5, 'l': [INTERVAL 1 HOUR]} AS s, 7 AS n",
                  "u u +s i ",
                  "an \"INTERVAL=\"1 month\",v=\"{\\\"a\\\":1}\",s={\"i\":\"2 days\","
                  "\"VARIANT\":5,\"l\":[\"01:00:00\"]},n=7 ");
}

static struct outcome read_sample(const char *folder, const void *bytes, size_t len)
{
    put_bytes(folder, "x.parquet", bytes, len);
    return read_parquet(path_in(folder, "x.parquet"));
}

/* Which the engine takes for integers, doubles, and any year. */
static void test_parquet_columns(void **state)
{
    unsigned char bytes[sizeof(sample_int96)];
    struct outcome out;
    out = read_sample(*state, sample_null_columns, sizeof(sample_null_columns));
    assert_int_equal(out.rc, TG_OK);
    assert_string_equal(out.formats, "l n +s +l u ");
    assert_string_equal(buf_string(&out.text),
                        "id=1,n=null,s={\"x\":null,\"y\":1},l=[null],t=\"a\" "
                        "id=2,n=null,s={\"x\":null,\"y\":1},l=[],t=\"b\" ");
    buf_release(&out.text);
    out = read_sample(*state, sample_wide_decimals, sizeof(sample_wide_decimals));
    assert_int_equal(out.rc, TG_DATA);
    assert_non_null(strstr(out.err.where, "x.parquet"));
    out = read_sample(*state, sample_int96, sizeof(sample_int96));
    assert_int_equal(out.rc, TG_OK);
    assert_string_equal(buf_string(&out.text), "t=\"0001-01-01T00:00:00\" "
                                               "t=\"9999-12-31T23:59:59.999999\" "
                                               "t=\"1970-01-01T00:00:00\" ");
    buf_release(&out.text);
    memcpy(bytes, sample_int96, sizeof(bytes));
    memset(memmem(bytes, sizeof(bytes), "\x8c\x3d\x25", 4), 0xff, 4);
    out = read_sample(*state, bytes, sizeof(bytes));
    assert_int_equal(out.rc, TG_DATA);
    assert_non_null(strstr(out.err.where, "x.parquet"));
}

static void test_damaged_parquet(void **state)
{
    static const struct {
        const char *content, *what;
    } files[] = {
        {"id\n1\n", "its first bytes are those of text, not of Parquet"},
        {"", "it is empty"},
        {"PAR1 that is cut off before its end", "duckdb: Invalid Input Error: No magic bytes"},
    };
    const char *path = path_in(*state, "x.parquet");
    for (size_t i = 0; i < 3; i++) {
        put_file(*state, "x.parquet", files[i].content);
        struct outcome out = read_parquet(path);
        assert_int_equal(out.rc, TG_DATA);
        assert_non_null(strstr(out.err.where, path));
        if (!strstr(out.err.what, files[i].what) || strstr(out.err.what, "LINE 1"))
            fail_msg("%s", out.err.what);
        buf_release(&out.text);
    }
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
        IN_FOLDER(test_csv_long_last_line),
        IN_FOLDER(test_csv_order),
        IN_FOLDER(test_csv_errors),
        IN_FOLDER(test_csv_late_misfit),
        IN_FOLDER(test_absent),
        IN_FOLDER(test_parquet),
        IN_FOLDER(test_nested_parquet),
        IN_FOLDER(test_parquet_types),
        IN_FOLDER(test_parquet_casts),
        IN_FOLDER(test_parquet_columns),
        IN_FOLDER(test_damaged_parquet),
    };
    return cmocka_run_group_tests_name("extract/table_reader", tests, start_engine, stop_engine);
}
