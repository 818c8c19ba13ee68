/*
 * For tests of readers of formats: what comes of a file, as text. Include after helper.h.
 */
#ifndef TIDEGATE_TESTS_EXTRACT_OUTCOME_H
#define TIDEGATE_TESTS_EXTRACT_OUTCOME_H

#include "extract/formats/csv_reader.h"

struct outcome {
    int rc;
    uint64_t rows;
    struct buf text;
    char formats[256];
    struct tg_error err;
};

/* Reads to the end, or to an error, and closes. */
static inline void read_all(struct page_stream *stream, const char *name, struct outcome *out)
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

/* What is not said is as usual. */
static inline int open_csv(const char *path, struct csv_options options, struct page_stream **out,
                           struct tg_error *err)
{
    struct reader *text;
    int rc = TG_OK;
    *out = NULL;
    options.name = path;
    options.syntax.quote = '"';
    TRY(reader_open(path, &text, err));
    TRY(csv_reader_open(text, &options, out, err));
done:
    return rc;
}

static inline struct outcome read_table(const char *path, struct csv_options options)
{
    struct outcome out = {.rc = TG_OK};
    struct page_stream *stream = NULL;
    out.rc = open_csv(path, options, &stream, &out.err);
    read_all(stream, path, &out);
    return out;
}

#endif
