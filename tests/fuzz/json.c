/*
 * Fuzz target: the rows of a JSON text of any form, wherever its bytes come to lie.
 *
 * An input is two bytes, a line and the text:
 *   1  bits: 1 what is malformed is rejected, 2 as lines, where a path is said
 *   2  how many bytes of the text are in the reader's first buffer, up to 255
 *   -  the path to the rows, up to a line break; nothing: the values are the rows
 *
 * The text stands behind a value that fills the buffer but for those bytes, and behind a short one:
 * both must give the same rows and the same rejects, or fail alike; where malformed ones are
 * rejected, each row must be found in the text. The walk, which is given one
 * byte more each time, must stop where it stops when all is there at once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "extract/formats/json_reader.h"
#include "extract/formats/json_walk.h"
#include "tests/text_source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BUFFER = 512 * 1024, REJECTS = 1, AS_LINES = 2 };

struct input {
    bool rejects, as_lines;
    size_t in_first;
    const struct path *select;
    const char *text;
    size_t len;
};

static void require(bool holds, const char *what, const char *one, const char *other)
{
    if (holds)
        return;
    fprintf(stderr, "violated: %s: '%s', '%s'\n", what, one, other);
    abort();
}

/* ---- the walk ---- */

static void walk_by(const struct input *input, size_t step, struct buf *out)
{
    struct json_walk walk = {.path = input->select};
    struct tg_error err = {0};
    size_t at = 0, end = step < input->len ? step : input->len;
    enum walk_event event = WALK_MORE;
    while (event != WALK_MALFORMED) {
        event = json_walk_next(&walk, input->text, &at, end);
        if (event != WALK_MORE)
            buf_printf(out, "%d:%zu ", (int)event, at);
        if (event == WALK_MORE && end == input->len)
            break;
        if (event == WALK_MORE)
            end = input->len - end < step ? input->len : end + step;
        if (event == WALK_LIST || event == WALK_ROW) /* as if it ended here */
            at += at < input->len;
        end = end < at ? at : end;
    }
    buf_printf(out, "%d ", json_walk_may_end(&walk));
    if (json_walk_finish(&walk, &err) != TG_OK)
        buf_text(out, err.what);
    json_walk_release(&walk);
}

static void check_walk(const struct input *input)
{
    struct buf whole = BUF_INIT, by_one = BUF_INIT;
    walk_by(input, input->len + 1, &whole);
    walk_by(input, 1, &by_one);
    require(strcmp(buf_string(&whole), buf_string(&by_one)) == 0, "the walk stops elsewhere",
            buf_string(&whole), buf_string(&by_one));
    buf_release(&whole);
    buf_release(&by_one);
}

/* ---- the reader ---- */

/* What stands at the place of a row is the row, or the value that was made one. NaN, which JSON has
 * not, is left out. */
static void check_places(const struct page *page, const yyjson_val *row)
{
    struct row_place place;
    struct buf wanted = BUF_INIT, value = BUF_INIT, found = BUF_INIT;
    for (const yyjson_val *cell = row; cell < cell_next(row); cell++) {
        page_place(page, row, row, cell, &place);
        require(place.line > 0 && place.byte > 0 && place.text, "a value stands nowhere", "", "");
    }
    yyjson_doc *doc = yyjson_read(place.text, place.text_len, YYJSON_READ_BIGNUM_AS_RAW);
    if (doc) {
        cell_json(&wanted, row, 0);
        cell_json(&value, cell_len(row) == 1 ? row + 2 : row, 0);
        cell_json(&found, yyjson_doc_get_root(doc), 0);
        const char *text = buf_string(&found);
        require(strcmp(text, buf_string(&wanted)) == 0 || strcmp(text, buf_string(&value)) == 0,
                "another row stands there", text, buf_string(&wanted));
    }
    yyjson_doc_free(doc);
    buf_release(&wanted);
    buf_release(&value);
    buf_release(&found);
}

static void put_page(struct buf *out, const struct page *page)
{
    for (size_t i = 0; page->text && i < page->row_count; i++)
        check_places(page, page->rows[i]);
    for (size_t i = 0; i < page->row_count; i++) {
        if (cell_find(page->rows[i], "filler", 6))
            continue;
        cell_json(out, page->rows[i], 0);
        buf_char(out, '\n');
    }
    for (size_t i = 0; i < page_bad_count(page); i++)
        buf_printf(out, "bad %d:%s\n", (int)page->bad->items[i].line, page->bad->items[i].text);
}

/* What the text gives behind a value of that length: code, rows, rejects. */
static void read_behind(const struct input *input, size_t filler, struct buf *out)
{
    static const char head[] = "{\n\"filler\":\"", tail[] = "\"}";
    const struct json_options options = {.form = input->as_lines ? JSON_LINES : JSON_ANY,
                                         .select = input->select,
                                         .rejects = input->rejects,
                                         .keeps = input->rejects,
                                         .line_bytes_max = 4 * BUFFER,
                                         .name = "x"};
    const size_t begin = sizeof(head) + sizeof(tail) - 2 + filler;
    char *bytes = mem_alloc(begin + input->len + 1);
    struct text_source source;
    struct page_stream *stream = NULL;
    struct reader *reader = NULL;
    struct page page = {.kind = PAGE_END};
    int rc = TG_OK;
    memcpy(bytes, head, sizeof(head) - 1);
    memset(bytes + sizeof(head) - 1, 'x', filler);
    memcpy(bytes + begin - 2, tail, 2);
    memcpy(bytes + begin, input->text, input->len);
    source = text_source(bytes, begin + input->len);
    source.piece = SIZE_MAX;
    TRY(reader_open_source(&source.base, "x", &reader, NULL));
    TRY(json_reader_open(reader, &options, &stream, NULL));
    do {
        TRY(stream->next(stream, &page, NULL));
        put_page(out, &page);
    } while (page.kind != PAGE_END);
done:
    if (rc != TG_OK)
        buf_clear(out); /* how much came before is no matter */
    buf_printf(out, "%d", rc);
    page_release(&page);
    page_stream_close(stream);
    mem_free(bytes);
}

static void check_reader(const struct input *input)
{
    struct buf near = BUF_INIT, far = BUF_INIT;
    read_behind(input, 1, &near);
    read_behind(input, BUFFER - 14 - input->in_first, &far);
    require(strcmp(buf_string(&near), buf_string(&far)) == 0, "it reads otherwise behind much",
            buf_string(&near), buf_string(&far));
    buf_release(&near);
    buf_release(&far);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct path_use use = {"select", ""};
    struct arena arena;
    struct path path = {.text = NULL};
    const char *line = (const char *)data + 2;
    const char *end = size > 2 ? memchr(line, '\n', size - 2) : NULL;
    if (!end)
        return 0;
    arena_init(&arena);
    char *select = arena_strndup(&arena, line, (size_t)(end - line));
    struct input input = {.rejects = data[0] & REJECTS,
                          .as_lines = (data[0] & AS_LINES) && *select,
                          .in_first = data[1],
                          .text = end + 1,
                          .len = size - (size_t)(end + 1 - (const char *)data)};
    if (!*select || (path_parse(&arena, &use, select, &path, NULL) == TG_OK &&
                     json_walk_check(&path, "select", NULL) == TG_OK)) {
        input.select = *select ? &path : NULL;
        check_walk(&input);
        check_reader(&input);
    }
    arena_release(&arena);
    return 0;
}
