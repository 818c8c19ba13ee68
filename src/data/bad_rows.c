/*
 * What a source read and could not make a row of.
 *
 * Data path: a reader -> bad_rows_add (bad_row_text: as UTF-8) -> page.bad -> extract.c ->
 * normalizer_reject, which counts it -> package/rejects.c.
 *
 * Such a text is kept to be looked at, corrected and loaded again: so what cannot stand in a text
 * column is written as its code, and not dropped.
 */
#include "data/bad_rows.h"

#include <string.h>

#include "base/text/utf8.h"

void bad_row_text(struct buf *out, const char *text, size_t len)
{
    uint32_t code;
    for (size_t at = 0, size; at < len; at += size) {
        if (out->len > BAD_TEXT_MAX) {
            buf_text(out, "...");
            return;
        }
        size = utf8_next(text + at, len - at, &code);
        if (size > 0 && code > 0)
            buf_append(out, text + at, size);
        else
            buf_printf(out, "\\x%02x", (unsigned)(unsigned char)text[at]);
        size = size > 0 ? size : 1;
    }
}

static int new_rows(struct bad_rows **out, struct tg_error *err)
{
    *out = mem_calloc(1, sizeof(**out));
    if (!*out)
        return error_nomem(err);
    arena_init(&(*out)->texts);
    return TG_OK;
}

int bad_rows_add(struct bad_rows **rows, const struct bad_row *row, size_t len,
                 struct tg_error *err)
{
    struct buf text = BUF_INIT;
    struct bad_row own = *row;
    int rc = TG_OK;
    if (!*rows)
        TRY(new_rows(rows, err));
    struct bad_rows *all = *rows;
    bad_row_text(&text, row->text, len);
    TRY(buf_check(&text, err));
    TRY(arena_keep(&all->texts, buf_string(&text), &own.text, err));
    TRY(arena_keep(&all->texts, row->reason, &own.reason, err));
    TRY(mem_grow(&all->items, &all->cap, all->count + 1, sizeof(*all->items), err));
    all->items[all->count++] = own;
done:
    buf_release(&text);
    return rc;
}

void bad_rows_clear(struct bad_rows *rows)
{
    if (!rows || rows->count == 0)
        return;
    rows->count = 0;
    arena_release(&rows->texts);
}

void bad_rows_free(struct bad_rows *rows)
{
    if (!rows)
        return;
    arena_release(&rows->texts);
    mem_free(rows->items);
    mem_free(rows);
}
