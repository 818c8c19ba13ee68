/*
 * A page: what a source hands over at a time. Rows on the tape, or one Arrow batch.
 */
#ifndef TIDEGATE_DATA_PAGE_H
#define TIDEGATE_DATA_PAGE_H

#include "data/bad_rows.h"
#include "data/rows.h"

/* A value of a row that was delivered, by cells. */
struct row_at {
    const yyjson_val *row;
    uint64_t index;     /* of the row, among those of its page; */
    uint64_t line;      /* that it begins on; 0: not known */
    size_t part, value; /* cells from the row to what is told of it, and to the value that matters;
                           0: the row */
};
/* Where that is. */
struct row_place {
    uint64_t line, byte; /* of the value; the byte in its line; from 1; 0: not known */
    const char *text;    /* of the part, as it stands there; NULL: not known */
    size_t text_len;
};
/* What knows the text that rows are from. */
struct page_text {
    /* Changes nothing that is not known; what it gives lives as long as the page. */
    void (*find)(struct page_text *text, const struct row_at *row, struct row_place *out);
};

enum page_kind { PAGE_END = 0, PAGE_ROWS, PAGE_ARROW };

struct page {
    enum page_kind kind;
    uint64_t bytes;       /* of input that were read for it, or since the page before */
    uint64_t bytes_total; /* of input in all; 0: not known */
    uint64_t read_count;  /* rows delivered by the source, before anything was dropped */
    const char *file;     /* borrowed: where the rows are from; NULL when there is no file */
    bool file_is_known;   /* it was delivered by an earlier run */
    /* Of a source that reads all that there is (resource_request.reads_all): why a run would leave
     * its rows unread, those in lines up to this one; NULL: it would not; line 0: all of them. */
    const char *unread;
    uint64_t unread_lines;
    bool precedes; /* whenever they come, rows with their key that came otherwise win */

    /* PAGE_ROWS. The cursor drops rows by compacting `rows`. */
    const yyjson_val **rows;
    size_t row_count;
    size_t row_cap;
    struct json_page *parser; /* the page's own, of rows that were JSON; NULL: none */
    const uint64_t
        *lines; /* line of each row as delivered (read_count of them); NULL: row numbers count */
    bool lines_are_rows;    /* `lines` holds row numbers */
    struct page_text *text; /* the source's, or the parser's; NULL: nobody knows more */
    uint64_t first_row;     /* number of the first row in its file or stream, from 1 */
    const yyjson_val
        *first_cell; /* first row as delivered: rows are found again by walking from here */

    /* Which of its resource's tables its rows are for, by number; 0: its own. Of PAGE_ROWS those
     * before the first mark; each mark holds from its cell on. */
    size_t table;
    const struct row_mark *marks;
    size_t mark_count;

    /* PAGE_ARROW. Both owned by the page; a taker moves them out (release = NULL). PAGE_ROWS that
     * were an Arrow batch keep both: what the schema says of types is believed. */
    struct ArrowSchema schema;
    struct ArrowArray array;

    /* The page's own, beside its rows or without any: what could not be read, of a source that was
     * asked to go on (resource_request.rejects). NULL: nothing. */
    struct bad_rows *bad;
};

static inline size_t page_bad_count(const struct page *page)
{
    return page->bad ? page->bad->count : 0;
}
/* One more of them (bad_rows.h). */
static inline int page_add_bad(struct page *page, const struct bad_row *row, size_t text_len,
                               struct tg_error *err)
{
    return bad_rows_add(&page->bad, row, text_len, err);
}

/* The table that one of its rows is for. */
static inline size_t page_table_of(const struct page *page, const yyjson_val *row)
{
    size_t table = page->table;
    for (size_t i = 0; i < page->mark_count && page->marks[i].from <= row; i++)
        table = page->marks[i].table;
    return table;
}

/* The same of rows in their order: {page, .table = page->table} before the first. */
struct page_tables {
    const struct page *page;
    size_t table, mark;
};
static inline size_t page_next_table(struct page_tables *at, const yyjson_val *row)
{
    for (; at->mark < at->page->mark_count && at->page->marks[at->mark].from <= row; at->mark++)
        at->table = at->page->marks[at->mark].table;
    return at->table;
}

/* Frees what the page owns (row list, parser, bad rows, Arrow structs) and zeroes it. page_clear
 * keeps the memory that another page of rows can use. */
void page_release(struct page *page);
void page_clear(struct page *page);
/* Adds "file 'x', line 3" or "row 17" for `row` (one of page->rows) to err's place. Returns `code`.
 */
int page_where(const struct page *page, const yyjson_val *row, int code, struct tg_error *err);
/* The same of a row by its place in the page, which may be a batch. */
int page_where_at(const struct page *page, uint64_t index, int code, struct tg_error *err);
/* Appends "its fields: id, name and 3 more", or "none"; of a batch (`row` NULL) its columns. What
 * is no object is said to be what it is. */
void page_fields(const struct page *page, const yyjson_val *row, struct buf *out);
/* The place of a value in a row, NULL: of its part; which is the row, or a list or object in it. */
void page_place(const struct page *page, const yyjson_val *row, const yyjson_val *part,
                const yyjson_val *value, struct row_place *out);

/* ---- Arrow batch -> rows ---- */

/* Makes PAGE_ROWS of PAGE_ARROW: structs become objects, lists lists, maps lists of {key, value},
 * scalars typed cells, NULLs null cells. The cells are laid on `rows`, which is cleared first and
 * must outlive the page; texts are borrowed from the array, which the page keeps with its schema.
 * Rows are laid until they are many cells; while page_has_rest, the next call on the same page
 * gives its next rows in the place of those before. TG_DATA for a type that has no cell (unions,
 * intervals) or a text that is not UTF-8. On failure the page is to be released. */
int page_to_rows(struct page *page, struct tg_rows *rows, struct tg_error *err) TG_CHECK_RESULT;
/* Whether rows of the batch are left that page_to_rows has not laid. */
static inline bool page_has_rest(const struct page *page)
{
    return page->kind == PAGE_ROWS && page->array.release && page->array.length > 0;
}
/* Whether any column of the batch is a struct, a list or a map, or a dictionary of them. */
bool page_is_nested(const struct page *page);

/* ---- JSON text -> rows ---- */

struct json_page; /* parser memory, reused from page to page */
int json_page_new(struct json_page **out, struct tg_error *err) TG_CHECK_RESULT;
void json_page_free(struct json_page *parser);

/* Where a part of a text is from: its line there, from 1, and the bytes of that line before it. */
struct json_part {
    size_t at; /* in the text that is parsed */
    uint64_t line, column;
};
/* Where the text that is parsed next is from, and what becomes of what is malformed in it. */
struct json_manner {
    const struct json_part *parts; /* the first at 0; borrowed while it is parsed. NULL: line 1 */
    size_t part_count;
    bool rejects;       /* what is malformed goes to page->bad, and the rest is parsed */
    bool keeps;         /* the text, for page->text */
    const char *advice; /* behind what is wrong with a line; NULL: what is usual */
};
void json_page_set(struct json_page *parser, const struct json_manner *manner);

/* Lines of JSON, one value a line, blank lines allowed, last newline optional. `text` may be
 * written to (newlines become commas) and has 1 byte of room before text[0] and 4 after text[len].
 * Every value must stand on a line of its own: two on one line, or one across two, is an error even
 * if the page as a whole would parse. Scalars and lists on a line become {"value": X} rows (a list:
 * one row per element, as dlt pages). TG_DATA names line (counted from first_line) and byte (in the
 * line, from 1). Rows live until the next call or json_page_free. */
int json_page_lines(struct json_page *parser, char *text, size_t len, uint64_t first_line,
                    struct page *out, struct tg_error *err) TG_CHECK_RESULT;
/* The same of texts behind a mark each (RFC 7464), which may have several lines: the number of each
 * is that of its first one. */
enum { JSON_MARK = 0x1e };
int json_page_marked(struct json_page *parser, char *text, size_t len, uint64_t first_line,
                     struct page *out, struct tg_error *err) TG_CHECK_RESULT;
/* Elements of a JSON array without its brackets: "{...}, {...}" (same room around it). */
int json_page_elements(struct json_page *parser, char *text, size_t len, uint64_t first_row,
                       struct page *out, struct tg_error *err) TG_CHECK_RESULT;

#define JSON_NO_COMMENTS "JSON has no comments; take them out"

#endif
