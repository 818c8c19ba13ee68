/*
 * Fuzz target: CSV of any kind, its options with it.
 *
 * An input is a byte for the syntax, one for what else is said, one for how many bytes are given at
 * a time, and the text. Split in parts it gives the rows that it gives whole; read, it is pages or
 * TG_DATA, with texts that are UTF-8, and where bad rows are put aside, a line of each of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text/utf8.h"
#include "data/batch.h"
#include "extract/formats/csv_reader.h"
#include "tests/text_source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FIELDS = 64 };

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "violated: %s\n", what);
    abort();
}

static struct csv_syntax syntax_of(uint8_t bits)
{
    static const char *const delimiters[] = {",", ";", "||", " "};
    struct csv_syntax syntax = {.quote = bits & 4 ? '\'' : '"'};
    strcpy(syntax.delimiter, delimiters[bits & 3]);
    if (bits & 8)
        syntax.quote = '\0';
    if (bits & 16)
        syntax.escape = '\\';
    if (bits & 32)
        syntax.comment = '#';
    return syntax;
}

/* ---- split ---- */

static enum csv_found put_next(struct csv_split *split, struct buf *out)
{
    struct csv_field fields[FIELDS];
    struct csv_row row;
    enum csv_found found = csv_split_row(split, fields, FIELDS, &row);
    bool is_bad = found == CSV_OPEN_QUOTE || found == CSV_BEHIND_QUOTE;
    if (is_bad)
        found = csv_split_pass(split);
    if (found != CSV_ROW)
        return found;
    buf_printf(out, "%d%c%d", (int)row.line, is_bad ? '!' : ':', is_bad ? (int)row.bad : 0);
    for (size_t i = 0; !is_bad && i < row.count && i < FIELDS; i++) {
        require(fields[i].start + fields[i].len <= split->end, "a field ends behind its text");
        buf_printf(out, "[%d+%d]", (int)fields[i].start, (int)fields[i].len);
    }
    return CSV_ROW;
}

static void split_by(const struct csv_syntax *syntax, const char *text, size_t len, size_t step,
                     struct buf *out)
{
    struct csv_split split = {.syntax = *syntax, .line = 1};
    enum csv_found found = CSV_MORE;
    for (size_t given = 0; found == CSV_MORE;) {
        given = len - given < step ? len : given + step;
        csv_split_text(&split, text, split.at, given, given == len);
        do
            found = put_next(&split, out);
        while (found == CSV_ROW);
        require(found == CSV_END || given < len, "more is asked for than there is");
    }
    require(split.at == len, "something is left");
}

static void check_split(const struct csv_syntax *syntax, const char *text, size_t len, size_t step)
{
    struct buf whole = BUF_INIT, parts = BUF_INIT;
    split_by(syntax, text, len, len, &whole);
    split_by(syntax, text, len, step, &parts);
    require(strcmp(buf_string(&whole), buf_string(&parts)) == 0, "parts are not the whole");
    buf_release(&whole);
    buf_release(&parts);
}

/* ---- read ---- */

static void check_page(const struct page *page)
{
    for (size_t i = 0; i < page_bad_count(page); i++) {
        const struct bad_row *bad = &page->bad->items[i];
        require(bad->line > 0 && utf8_is_valid(bad->text, strlen(bad->text)), "a bad row");
    }
    for (int64_t c = 0; page->kind == PAGE_ARROW && c < page->schema.n_children; c++)
        for (int64_t row = 0; row < page->array.length; row++) {
            const char *text;
            size_t len;
            if (value_bytes(page->schema.children[c], page->array.children[c], row, &text, &len))
                require(utf8_is_valid(text, len), "a text that is no UTF-8");
        }
}

static void check_read(const struct csv_syntax *syntax, uint8_t bits, const char *text, size_t len)
{
    struct text_source source = text_source(text, len);
    const struct csv_options options = {
        .name = "a text",
        .syntax = *syntax,
        .header = bits & 1,
        .rejects = bits & 2,
        .ragged = bits & 4 ? RAGGED_PAD : RAGGED_FAIL,
        .encoding = (enum encoding)(bits >> 3 & 7) % ENCODING_COUNT,
        .line_bytes_max = 50,
        .local = {.decimal = bits & 64 ? "," : NULL,
                  .thousands = bits & 64 ? "." : NULL,
                  .date_format = bits & 128 ? "%d.%m.%Y" : NULL},
    };
    struct page page = {.kind = PAGE_END};
    struct page_stream *stream = NULL;
    struct reader *reader;
    require(reader_open_source(&source.base, "a text", &reader, NULL) == TG_OK, "no memory");
    int rc = csv_reader_open(reader, &options, &stream, NULL);
    do {
        rc = rc == TG_OK ? stream->next(stream, &page, NULL) : rc;
        if (rc == TG_OK)
            check_page(&page);
    } while (rc == TG_OK && page.kind != PAGE_END);
    require(rc == TG_OK || rc == TG_DATA, "neither rows nor TG_DATA");
    page_release(&page);
    page_stream_close(stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    const struct csv_syntax syntax = syntax_of(data[0]);
    const size_t len = size - 3;
    char *text = mem_calloc(1, len + CSV_ROOM);
    memcpy(text, data + 3, len);
    check_split(&syntax, text, len, 1 + data[2] % 64);
    check_read(&syntax, data[1], text, len);
    mem_free(text);
    return 0;
}
