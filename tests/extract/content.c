/* What files are by their first bytes: each kind of the table, and text that looks like one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "extract/formats/content.h"
#include "helper.h"

#define BYTES(text) text, sizeof(text) - 1

/* The head of an archive whose first entry has that name. */
#define ZIP(name) "PK\x03\x04\x14\0\x06\0\x08\0abcdefghijklmnop\x05\0\0\0" name

struct sample {
    const char *bytes;
    size_t len;
    const char *kind; /* NULL: none, text */
};

static void check_text(const struct sample *sample)
{
    struct tg_error err = {0};
    char expected[200];
    int rc = content_check_text(sample->bytes, sample->len, &err);
    snprintf(expected, sizeof(expected), "its first bytes are those of %s, not of UTF-8 text; ",
             sample->kind ? sample->kind : "");
    if (rc != (sample->kind ? TG_DATA : TG_OK) || (sample->kind && !strstr(err.what, expected)))
        fail_msg("'%.20s' for %s: %d, '%s'", sample->bytes, sample->kind, rc, err.what);
}

static void test_kinds(void **state)
{
    static const struct sample samples[] = {
        {BYTES("PAR1\x15\x04\x15\x10"), "a Parquet file"},
        {BYTES("\x1f\x8b\x08"), "a gzip file"},
        {BYTES("\x28\xb5\x2f\xfd\x04"), "a zstd file"},
        {BYTES("PK\x03\x04\x14"), "a zip archive"},
        {BYTES(ZIP("a.csv")), "a zip archive"},
        {BYTES(ZIP("[Content_Types].xml")), "an Excel workbook"},
        {BYTES(ZIP("xl/workbook.xml")), "an Excel workbook"},
        {BYTES(ZIP("mimetypeapplication/vnd.oasis.opendocument")), "an OpenDocument file"},
        {BYTES("PK\x05\x06"), "an empty zip archive"},
        {BYTES("BZh91AY&SY"), "a bzip2 file"},
        {BYTES("\xfd\x37zXZ\0"), "an xz file"},
        {BYTES("\x04\x22\x4d\x18"), "an lz4 file"},
        {BYTES("\xff\x06\0\0sNaPpY"), "a snappy file"},
        {BYTES("7z\xbc\xaf\x27\x1c"), "a 7z archive"},
        {BYTES("ARROW1\0\0"), "an Arrow file"},
        {BYTES("\xff\xff\xff\xff\x78"), "an Arrow stream"},
        {BYTES("Obj\x01\x04"), "an Avro file"},
        {BYTES("SQLite format 3\0"), "a SQLite database"},
        {BYTES("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "an Excel workbook of the old kind"},
        {BYTES("ORC\x0a\x03\0\x12"), "an ORC file"},
        {BYTES("FEA1\0\0\0\0"), "a Feather file"},
        {BYTES("12345678DUCK\x40\0\0\0"), "a DuckDB database"},
        {BYTES("]\0\0\x80\0"), "an lzma file"},
        {BYTES("\x89HDF\r\n\x1a\n"), "an HDF5 file"},
        {BYTES("%PDF-1.7\n"), "a PDF document"},
        {BYTES("\xff\xfe\x61\0"), "UTF-16 text"},
        {BYTES("\xfe\xff\0\x61"), "UTF-16 text"},
        {BYTES("\xff\xfe\0\0\x61\0\0\0"), "UTF-32 text"},
        {BYTES("\0\0\xfe\xff\0\0\0\x61"), "UTF-32 text"},
        {BYTES("a\0,\0b\0"), "UTF-16 text"},
        {BYTES("\0\x61\0,\0b"), "UTF-16 text"},
        {BYTES("<!DOCTYPE html>"), "an HTML page"},
        {BYTES("\xef\xbb\xbf\n <HTML>"), "an HTML page"},
        {BYTES("<?xml version='1.0'?>"), "an XML document"},
    };
    char tar[512] = "a.csv";
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        check_text(&samples[i]);
    memcpy(tar + 257, "ustar", 6);
    check_text(&(struct sample){tar, sizeof(tar), "a tar archive"});
    memcpy(tar + 257, "ustar  ", 8);
    check_text(&(struct sample){tar, sizeof(tar), "a tar archive"});
}

/* A column's name may begin as a format's does, and a file may be shorter than any mark. */
static void test_text(void **state)
{
    static const struct sample samples[] = {
        {BYTES(""), NULL},
        {BYTES("P"), NULL},
        {BYTES("PAR1"), NULL},
        {BYTES("PAR1,b\n"), NULL},
        {BYTES("PARENT,b\n"), NULL},
        {BYTES("PK,b\n"), NULL},
        {BYTES("Obj,b\n"), NULL},
        {BYTES("BZh9,x\n"), NULL},
        {BYTES("ARROW1,b\n"), NULL},
        {BYTES("ORCID,name\n"), NULL},
        {BYTES("FEA1,b\n"), NULL},
        {BYTES("12345678DUCK,b\n"), NULL},
        {BYTES("a,b,c,d,DUCK\n"), NULL},
        {BYTES("\xef\xbb\xbfid\n"), NULL},
        {BYTES("\xef\xbb\xbf"), NULL},
        {BYTES("<a>,b\n"), NULL},
        {BYTES("\n\n\n"), NULL},
        {BYTES("{\"a\": 1}"), NULL},
        {BYTES("a\0b"), NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        check_text(&samples[i]);
}

static void test_header(void **state)
{
    static const char *const json[] = {"{\"a\":1}", " { \"a\" : 1 }", "[{\"a\":1}]", "\n[\n  {",
                                       "\xef\xbb\xbf{\"a\""};
    static const char *const csv[] = {"", "{", "[", "[a],b", "{a},b", "a,{\"b\"", "\"{\",b"};
    struct tg_error err = {0};
    (void)state;
    for (size_t i = 0; i < sizeof(json) / sizeof(json[0]); i++) {
        assert_int_equal(content_check_header(json[i], strlen(json[i]), &err), TG_DATA);
        assert_non_null(strstr(err.what, "those of JSON, not of a CSV header; call it .json"));
    }
    for (size_t i = 0; i < sizeof(csv) / sizeof(csv[0]); i++)
        assert_int_equal(content_check_header(csv[i], strlen(csv[i]), &err), TG_OK);
}

static void test_names(void **state)
{
    static const char *const others[][2] = {
        {"a/b.XLSX", "'a/b.XLSX' is an Excel workbook by its name"},
        {"b.xls", "of the old kind"},
        {"b.avro", "DuckDB's read_avro; docs/file-formats.md"},
        {"b.arrow", "an Arrow file"},
        {"b.feather", "a Feather file"},
        {"b.orc", "an ORC file"},
        {"b.xml", "an XML document"},
        {"b.csv.zip", "a zip archive"},
        {"b.fwf", "text of fixed width"},
        {"b.sqlite", "a source of type sql reads its tables"},
        {"b.duckdb", "a DuckDB database"},
    };
    static const char *const none[] = {"", "b", "b.txt", ".zip", "zip", "b.csv", "b.orc2"};
    struct tg_error err = {0};
    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (content_check_name(others[i][0], strlen(others[i][0]), &err) != TG_USAGE ||
            !strstr(err.what, others[i][1]))
            fail_msg("'%s': '%s'", others[i][0], err.what);
    assert_int_equal(content_check_name("b.tar.gz", strlen("b.tar"), &err), TG_USAGE);
    assert_int_equal(content_check_name("b.zip.gz", strlen("b"), &err), TG_OK);
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_int_equal(content_check_name(none[i], strlen(none[i]), &err), TG_OK);
}

static void check_parquet(const char *folder, const char *bytes, size_t len, const char *what)
{
    struct tg_error err = {0};
    put_bytes(folder, "x", bytes, len);
    int rc = content_check_parquet(path_in(folder, "x"), &err);
    if (rc != (what ? TG_DATA : TG_OK) || (what && !strstr(err.what, what)))
        fail_msg("'%.20s': %d, '%s'", bytes, rc, err.what);
    assert_int_equal(err.where[0] != '\0', what != NULL);
}

static void test_parquet(void **state)
{
    struct tg_error err = {0};
    check_parquet(*state, BYTES("PAR1\x15"), NULL);
    check_parquet(*state, BYTES("id\n1\n"), "those of text, not of Parquet; set format to csv");
    check_parquet(*state, BYTES("PAR"), "those of text");
    check_parquet(*state, BYTES("PARE\x15"), NULL);
    check_parquet(*state, BYTES("\x1f\x8b\x08"), "a gzip file, not of Parquet; unpack it once");
    check_parquet(*state, "", 0, "it is empty");
    assert_int_equal(content_check_parquet(path_in(*state, "none"), &err), TG_SOURCE);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds), cmocka_unit_test(test_text), cmocka_unit_test(test_header),
        cmocka_unit_test(test_names), IN_FOLDER(test_parquet),
    };
    return cmocka_run_group_tests_name("extract/content", tests, NULL, NULL);
}
