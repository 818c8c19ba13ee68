/*
 * The rows of a SELECT as pages.
 *
 * Path: reader_next -> begin (the statement, its columns' types) -> stream_next -> a page for each
 * batch, which owns all that is in it, so that the next one can be read ahead.
 *
 * What the statement is, the selection knows; which rows are new, the cursor.
 */
#include "extract/sql/reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/arrow_check.h"
#include "extract/sql/select.h"

struct reader {
    struct page_stream base;
    struct connection *con;
    char *sql;
    const char *what;
    struct ArrowArrayStream rows; /* release NULL: not begun, or over */
    struct ArrowSchema schema;
    bool begun;
    uint64_t row; /* number of the next one, from 1 */
};

/* ---- errors ---- */

/* Drivers speak of destinations, for that is what most connections are. */
static void rename_place(char *text)
{
    static const char theirs[] = "destination '", ours[] = "connection '";
    char *at = strstr(text, theirs);
    if (!at)
        return;
    memcpy(at, ours, sizeof(ours) - 1);
    memmove(at + sizeof(ours) - 1, at + sizeof(theirs) - 1, strlen(at + sizeof(theirs) - 1) + 1);
}

/* "LINE 3:" of the statement is the query's first one; "  line 3:" in other databases. */
static void count_lines(char text[], size_t size)
{
    static const char word[] = "LINE ", other[] = "\n  line ";
    char number[24], *end = NULL, *at = strstr(text, word);
    size_t skipped = at ? sizeof(word) - 1 : sizeof(other) - 1;
    at = at ? at : strstr(text, other);
    if (!at)
        return;
    at += skipped;
    long line = strtol(at, &end, 10);
    if (end == at || line <= LINES_BEFORE_QUERY || (size_t)(at - text) + sizeof(number) > size)
        return;
    int len = snprintf(number, sizeof(number), "%ld", line - LINES_BEFORE_QUERY);
    memmove(at + len, end, strlen(end) + 1);
    memcpy(at, number, (size_t)len);
}

/* States of tables and columns that are not there: they were when the run began. */
static bool has_changed(const struct tg_error *err)
{
    return strcmp(err->sqlstate, "42P01") == 0 || strcmp(err->sqlstate, "42703") == 0;
}

int sql_open_failed(int rc, struct tg_error *err)
{
    int code = rc == TG_DESTINATION ? TG_SOURCE : rc;
    if (!err)
        return code;
    err->code = code;
    rename_place(err->what);
    rename_place(err->where);
    return code;
}

/* The look at its columns has said it of what is read then. */
static bool says_table(const struct tg_error *err, const char *table)
{
    char place[sizeof(err->where)];
    snprintf(place, sizeof(place), "table '%s'", table ? table : "");
    return table && strncmp(err->where, place, strlen(place)) == 0;
}

int sql_read_failed(int rc, const char *what, struct tg_error *err)
{
    const int code = sql_open_failed(rc, err);
    if (!err || says_table(err, what))
        return code;
    const char *sentence = what ? "the table cannot be read" : "the query cannot be run";
    if (rc == TG_DESTINATION)
        error_before(err, code, sentence);
    else
        connection_told(code, sentence, err);
    if (!what)
        count_lines(err->what, sizeof(err->what));
    if (code == TG_SOURCE && what && has_changed(err)) {
        size_t len = strlen(err->what);
        snprintf(err->what + len, sizeof(err->what) - len,
                 "; the table was another when the run began: run again");
    }
    return what ? error_at(err, code, AT_TABLE, what) : code;
}

/* ---- types ---- */

static bool is_nested(const struct ArrowSchema *column)
{
    return strncmp(column->format, "+", 1) == 0 ||
           (column->dictionary && strncmp(column->dictionary->format, "+", 1) == 0);
}

int sql_reader_check(const struct ArrowSchema *schema, const char *what, struct tg_error *err)
{
    int rc = arrow_check_schema(schema, err);
    for (int64_t i = 0; rc == TG_OK && i < schema->n_children; i++) {
        const struct ArrowSchema *column = schema->children[i];
        struct type_spec spec;
        if (is_nested(column) || type_from_arrow(column, &spec, NULL) == TG_OK)
            continue;
        error_set(err, TG_DATA, "its type has no column type here (Arrow format '%s'); %s",
                  column->format,
                  what ? "let 'columns' say data_type: text, so that the database makes a text of "
                         "it, or leave it out by excluded_columns"
                       : "cast it in the query");
        rc = error_at(err, TG_DATA, AT_COLUMN, column->name);
    }
    return rc;
}

int sql_reader_schema(struct connection *con, const char *sql, const char *what,
                      struct ArrowSchema *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct ArrowArrayStream rows = {0};
    struct ArrowArray none = {0};
    bool end = false;
    *out = (struct ArrowSchema){0};
    TRY(connection_query(con, sql, &rows, err));
    TRY(stream_schema(&rows, TG_SOURCE, out, err));
    TRY(arrow_check_schema(out, err));
    while (!end) { /* one that is left before its end must be cancelled, by a connection more */
        TRY(stream_next(&rows, TG_SOURCE, &none, &end, err));
        array_release(&none);
    }
done:
    stream_release(&rows);
    if (rc == TG_OK)
        return rc;
    schema_release(out);
    return sql_read_failed(rc, what, err);
}

/* ---- the stream ---- */

static int begin(struct reader *reader, struct tg_error *err)
{
    int rc = TG_OK;
    reader->begun = true;
    TRY(connection_query(reader->con, reader->sql, &reader->rows, err));
    TRY(stream_schema(&reader->rows, TG_SOURCE, &reader->schema, err));
    TRY(sql_reader_check(&reader->schema, reader->what, err));
done:
    return rc;
}

/* Where types come of values, a column without any has none. */
static void forget_types(struct page *page)
{
    for (int64_t c = 0; c < page->schema.n_children; c++) {
        const struct ArrowArray *column = page->array.children[c];
        int64_t row = 0;
        while (row < column->length && array_is_null(column, row))
            row++;
        if (row == column->length)
            page->schema.children[c]->format = "n";
    }
}

static int take_batch(struct reader *reader, struct page *page, struct tg_error *err)
{
    int rc = TG_OK;
    bool end = false;
    TRY(stream_next(&reader->rows, TG_SOURCE, &page->array, &end, err));
    if (end) {
        stream_release(&reader->rows);
        goto done;
    }
    page->kind = PAGE_ARROW;
    TRY(schema_copy(&reader->schema, &page->schema, err));
    if (reader->con->dialect->types_by_values)
        forget_types(page);
    page->read_count = (uint64_t)page->array.length;
    page->first_row = reader->row;
    page->bytes = batch_bytes(&page->schema, &page->array);
    reader->row += page->read_count;
done:
    return rc;
}

static int reader_next(struct page_stream *base, struct page *page, struct tg_error *err)
{
    struct reader *reader = (struct reader *)base;
    int rc = TG_OK;
    page_clear(page);
    if (!reader->begun)
        TRY(begin(reader, err));
    if (reader->rows.release)
        TRY(take_batch(reader, page, err));
done:
    return rc == TG_OK ? rc : sql_read_failed(rc, reader->what, err);
}

static void reader_close(struct page_stream *base)
{
    struct reader *reader = (struct reader *)base;
    stream_release(&reader->rows);
    schema_release(&reader->schema);
    mem_free(reader->sql);
    mem_free(reader);
}

int sql_reader_open(struct connection *con, const char *sql, const char *what,
                    struct page_stream **out, struct tg_error *err)
{
    struct reader *reader = mem_calloc(1, sizeof(*reader));
    *out = NULL;
    if (!reader)
        return error_nomem(err);
    *reader = (struct reader){.base = {reader_next, reader_close},
                              .con = con,
                              .sql = mem_strdup(sql),
                              .what = what,
                              .row = 1};
    if (!reader->sql) {
        reader_close(&reader->base);
        return error_nomem(err);
    }
    *out = &reader->base;
    return TG_OK;
}
