/*
 * What a file holds, by its first bytes, before rows are made of it.
 *
 * Path: content_check_text (a file's head, decompressed) or content_check_parquet -> find_kind, by
 * the table of kinds -> refuse. content_check_name: a name by which no format is told, by the table
 * of endings.
 *
 * Most of what is not text makes a line or two all the same, of which a reader of CSV takes the
 * first for a header and finds nothing behind it: no rows, no error, and the file counts as loaded.
 * So a kind is named only by bytes that no text has, or that no CSV and no JSON begins with.
 */
#include "extract/formats/content.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text/utf8.h"

enum { HEAD_BYTES = 512 }; /* of a file, in which its kind is looked for */

struct kind {
    size_t at;
    const char *bytes;
    size_t len;
    const char *name, *advice;
};

#define BYTES(text) text, sizeof(text) - 1

#define PAGE    "; docs/file-formats.md shows how"
#define REPACK  "unpack it, or pack it with gzip, zstd, bzip2 or xz instead"
#define UNPACK  "unpack it: the files in it can be read" PAGE
#define RECODE  "convert it, as by iconv -f UTF-16 -t UTF-8"
#define EXPORT  "export what is in it as CSV, JSON or Parquet"
#define REFETCH "is it a server's error page? Fetch the file again"
#define EXCEL   "save each sheet as CSV, or make Parquet of it by DuckDB's read_xlsx" PAGE
#define OLD     "save each sheet as CSV, as LibreOffice does without a window, too" PAGE
#define AVRO    "make Parquet of it by DuckDB's read_avro" PAGE
#define ARROW   "make Parquet of it by a few words of Python, with pyarrow" PAGE
#define XML     "make JSON lines of it by a few lines of a program" PAGE
#define TABLES  "a source of type sql reads its tables" PAGE

/* The bytes behind Parquet's name are those of a page or of the file's end, which begin alike. */
static const struct kind kinds[] = {
    {0, BYTES("PAR1\x15"), "a Parquet file", "call it .parquet, or set format: parquet"},
    {0, BYTES("\x1f\x8b"), "a gzip file", "unpack it once"},
    {0, BYTES("\x28\xb5\x2f\xfd"), "a zstd file", "unpack it once"},
    {0, BYTES("BZh91AY&SY"), "a bzip2 file", "unpack it once"},
    {0, BYTES("\xfd\x37zXZ"), "an xz file", "unpack it once"},
    {0, BYTES("PK\x03\x04"), "a zip archive", UNPACK},
    {0, BYTES("PK\x05\x06"), "an empty zip archive", UNPACK},
    {0, BYTES("\x04\x22\x4d\x18"), "an lz4 file", REPACK},
    {0, BYTES("\xff\x06\0\0sNaPpY"), "a snappy file", REPACK},
    {0, BYTES("]\0\0"), "an lzma file", REPACK},
    {0, BYTES("7z\xbc\xaf\x27\x1c"), "a 7z archive", UNPACK},
    {257, BYTES("ustar\0"), "a tar archive", UNPACK},
    {257, BYTES("ustar  \0"), "a tar archive", UNPACK},
    {0, BYTES("ARROW1\0\0"), "an Arrow file", ARROW},
    {0, BYTES("\xff\xff\xff\xff"), "an Arrow stream", ARROW},
    {0, BYTES("Obj\x01"), "an Avro file", AVRO},
    {0, BYTES("SQLite format 3\0"), "a SQLite database", TABLES},
    {0, BYTES("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "an Excel workbook of the old kind", OLD},
    {0, BYTES("\x89HDF\r\n\x1a\n"), "an HDF5 file", EXPORT},
    {0, BYTES("%PDF-"), "a PDF document", EXPORT},
    {0, BYTES("\xff\xfe\0\0"), "UTF-32 text", "convert it, as by iconv -f UTF-32 -t UTF-8"},
    {0, BYTES("\0\0\xfe\xff"), "UTF-32 text", "convert it, as by iconv -f UTF-32 -t UTF-8"},
    {0, BYTES("\xff\xfe"), "UTF-16 text", RECODE},
    {0, BYTES("\xfe\xff"), "UTF-16 text", RECODE},
};

/* Text may begin so, too, but has no NUL behind it. */
static const struct kind binaries[] = {
    {0, BYTES("FEA1"), "a Feather file", ARROW},
    {0, BYTES("ORC"), "an ORC file", ARROW},
    {8, BYTES("DUCK"), "a DuckDB database", TABLES},
};

/* What a zip archive is by the name of its first entry. */
static const struct kind archives[] = {
    {30, BYTES("[Content_Types].xml"), "an Excel workbook", EXCEL},
    {30, BYTES("xl/"), "an Excel workbook", EXCEL},
    {30, BYTES("_rels/"), "an Excel workbook", EXCEL},
    {30, BYTES("docProps/"), "an Excel workbook", EXCEL},
    {30, BYTES("mimetypeapplication/vnd.oasis"), "an OpenDocument file", OLD},
};

/* What a file is by the end of its name, where nothing else says it. */
static const struct kind endings[] = {
    {0, BYTES(".xlsx"), "an Excel workbook", EXCEL},
    {0, BYTES(".xlsm"), "an Excel workbook", EXCEL},
    {0, BYTES(".xls"), "an Excel workbook of the old kind", OLD},
    {0, BYTES(".xlsb"), "an Excel workbook of the binary kind", OLD},
    {0, BYTES(".ods"), "an OpenDocument file", OLD},
    {0, BYTES(".avro"), "an Avro file", AVRO},
    {0, BYTES(".arrow"), "an Arrow file", ARROW},
    {0, BYTES(".arrows"), "an Arrow stream", ARROW},
    {0, BYTES(".feather"), "a Feather file", ARROW},
    {0, BYTES(".ipc"), "an Arrow file", ARROW},
    {0, BYTES(".orc"), "an ORC file", ARROW},
    {0, BYTES(".xml"), "an XML document", XML},
    {0, BYTES(".zip"), "a zip archive", UNPACK},
    {0, BYTES(".7z"), "a 7z archive", UNPACK},
    {0, BYTES(".tar"), "a tar archive", UNPACK},
    {0, BYTES(".tgz"), "a tar archive", UNPACK},
    {0, BYTES(".lz4"), "an lz4 file", REPACK},
    {0, BYTES(".lzma"), "an lzma file", REPACK},
    {0, BYTES(".snappy"), "a snappy file", REPACK},
    {0, BYTES(".br"), "a brotli file", REPACK},
    {0, BYTES(".Z"), "a file of compress", REPACK},
    {0, BYTES(".sqlite"), "a SQLite database", TABLES},
    {0, BYTES(".sqlite3"), "a SQLite database", TABLES},
    {0, BYTES(".db"), "a database", TABLES},
    {0, BYTES(".duckdb"), "a DuckDB database", TABLES},
    {0, BYTES(".fwf"), "text of fixed width", "make CSV of it by a line of awk" PAGE},
};

/* Text that no rows begin with; behind white space, in any case. */
static const struct kind documents[] = {
    {0, BYTES("<!doctype html"), "an HTML page", REFETCH},
    {0, BYTES("<html"), "an HTML page", REFETCH},
    {0, BYTES("<?xml"), "an XML document", XML},
};

static const struct kind wide_text = {0, "", 0, "UTF-16 text", RECODE};

static const struct kind *find_in(const struct kind *table, size_t count, const char *head,
                                  size_t len)
{
    for (size_t i = 0; i < count; i++)
        if (len >= table[i].at + table[i].len &&
            memcmp(head + table[i].at, table[i].bytes, table[i].len) == 0)
            return &table[i];
    return NULL;
}

#define COUNT(table) (sizeof(table) / sizeof(table[0]))

static const struct kind *find_kind(const char *head, size_t len)
{
    const struct kind *kind = find_in(kinds, COUNT(kinds), head, len), *finer = NULL;
    if (kind && memcmp(kind->bytes, "PK", 2) == 0)
        finer = find_in(archives, COUNT(archives), head, len);
    else if (!kind && memchr(head, '\0', len < HEAD_BYTES ? len : HEAD_BYTES))
        finer = find_in(binaries, COUNT(binaries), head, len);
    return finer ? finer : kind;
}

/* Behind a byte order mark and white space. */
static const char *first_text(const char *head, const char *end)
{
    head += utf8_mark(head, (size_t)(end - head));
    while (head < end && memchr(" \t\r\n", *head, 4))
        head++;
    return head;
}

static const struct kind *find_document(const char *head, size_t len)
{
    const char *text = first_text(head, head + len);
    size_t left = (size_t)(head + len - text);
    for (size_t i = 0; i < COUNT(documents); i++)
        if (left >= documents[i].len &&
            strncasecmp(text, documents[i].bytes, documents[i].len) == 0)
            return &documents[i];
    return NULL;
}

/* UTF-16 without a mark: every other byte of Latin letters is zero. */
static bool is_wide(const char *head, size_t len)
{
    return len >= 4 && ((head[0] && !head[1] && head[2] && !head[3]) ||
                        (!head[0] && head[1] && !head[2] && head[3]));
}

static const struct kind *find_any(const char *head, size_t len)
{
    const struct kind *kind = find_kind(head, len);
    if (!kind)
        kind = find_document(head, len);
    return !kind && is_wide(head, len) ? &wide_text : kind;
}

static int refuse(const struct kind *kind, const char *expected, struct tg_error *err)
{
    return error_set(err, TG_DATA, "its first bytes are those of %s, not of %s; %s", kind->name,
                     expected, kind->advice);
}

int content_check_text(const char *head, size_t len, struct tg_error *err)
{
    const struct kind *kind = find_any(head, len);
    return kind ? refuse(kind, "UTF-8 text", err) : TG_OK;
}

int content_check_header(const char *head, size_t len, struct tg_error *err)
{
    static const struct kind list = {0, "", 0, "JSON", "call it .json, or set format: json"};
    static const struct kind object = {0, "", 0, "JSON", "call it .jsonl, or set format: jsonl"};
    const char *end = head + len, *first = first_text(head, end);
    const char *second = first < end ? first_text(first + 1, end) : end;
    if (second < end && *first == '[' && *second == '{')
        return refuse(&list, "a CSV header", err);
    if (second < end && *first == '{' && *second == '"')
        return refuse(&object, "a CSV header", err);
    return TG_OK;
}

int content_check_name(const char *name, size_t len, struct tg_error *err)
{
    for (size_t i = 0; i < COUNT(endings); i++) {
        const struct kind *kind = &endings[i];
        if (len > kind->len && strncasecmp(name + len - kind->len, kind->bytes, kind->len) == 0)
            return error_set(err, TG_USAGE,
                             "file '%s' is %s by its name, which is not read here; %s", name,
                             kind->name, kind->advice);
    }
    return TG_OK;
}

static int check_parquet(const char *head, size_t len, struct tg_error *err)
{
    static const struct kind text = {0, "", 0, "text", "set format to csv, json or jsonl"};
    const struct kind *kind;
    if (len >= 4 && (memcmp(head, "PAR1", 4) == 0 || memcmp(head, "PARE", 4) == 0))
        return TG_OK; /* the second one is encrypted, which is for the engine to say */
    if (len == 0)
        return error_set(err, TG_DATA, "it is empty, which no Parquet file is; fetch it again");
    kind = find_any(head, len);
    return refuse(kind ? kind : &text, "Parquet", err);
}

int content_check_parquet(const char *path, struct tg_error *err)
{
    char head[HEAD_BYTES];
    FILE *file = fopen(path, "re");
    size_t len;
    int rc = TG_OK;
    if (!file)
        return error_errno(err, TG_SOURCE, errno, "file '%s' cannot be opened", path);
    len = fread(head, 1, sizeof(head), file);
    if (ferror(file))
        rc = error_errno(err, TG_SOURCE, errno, "file '%s' cannot be read", path);
    else if (check_parquet(head, len, err) != TG_OK)
        rc = error_at(err, TG_DATA, AT_FILE, path);
    fclose(file);
    return rc;
}
