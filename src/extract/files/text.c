/*
 * A walk over the text of a file, by which it is known again: under another name, compressed, with
 * lines added.
 *
 * Data path: text_open (listing_open) -> text_pass (reader_read, hashed on the way by reader_watch)
 * up to a length that an entry of the ledger has -> text_peek, to see whether more follows.
 *
 * What the hashes are compared with is known.c's.
 */
#include "extract/files/text.h"

#include <inttypes.h>
#include <string.h>

#include "base/memory.h"

enum { PART_BYTES = 64 * 1024 };

int text_open(const struct listed_file *file, struct text_walk *out, struct tg_error *err)
{
    int rc = TG_OK;
    *out = (struct text_walk){0};
    TRY(listing_open(file, &out->reader, err));
    TRY(hash_stream_new(&out->text, err));
    out->part = mem_alloc(PART_BYTES);
    if (!out->part)
        rc = error_nomem(err);
    reader_watch(out->reader, out->text);
done:
    if (rc != TG_OK)
        text_close(out);
    return rc;
}

static uint64_t count_lines(const char *text, size_t len)
{
    uint64_t count = 0;
    for (const char *end = text + len; (text = memchr(text, '\n', (size_t)(end - text))); text++)
        count++;
    return count;
}

/* Of a line end in UTF-16 the byte that is not zero, whichever comes first. */
static char last_byte(const struct text_walk *content, size_t got)
{
    char last = content->part[got - 1], before = got > 1 ? content->part[got - 2] : content->last;
    return last == '\0' && (before == '\n' || before == '\r') ? before : last;
}

int text_pass(struct text_walk *content, int64_t to, struct tg_error *err)
{
    size_t got = 1;
    int rc = TG_OK;
    while (got > 0 && hash_stream_bytes(content->text) < to) {
        int64_t left = to - hash_stream_bytes(content->text);
        TRY(reader_read(content->reader, content->part,
                        left < PART_BYTES ? (size_t)left : PART_BYTES, &got, err));
        if (got > 0)
            content->last = last_byte(content, got);
        content->lines += count_lines(content->part, got);
    }
done:
    return rc;
}

int text_peek(struct text_walk *content, char *next, bool *more, struct tg_error *err)
{
    size_t got = 0;
    int rc;
    reader_watch(content->reader, NULL);
    rc = reader_read(content->reader, next, 1, &got, err);
    *more = got > 0;
    return rc;
}

int text_entry(const struct hash_stream *text, const char *key, struct arena *arena,
               struct bookmark *out, struct tg_error *err)
{
    char hash[HASH_STREAM_TEXT + 1];
    hash_stream_text(text, hash);
    *out = (struct bookmark){
        .key = key,
        .content = arena_strdup(arena, hash),
        .head = arena_printf(arena, "%016" PRIx64, hash_stream_head(text, HASH_HEAD_BYTES)),
        .content_bytes = hash_stream_bytes(text),
        .checksum = "",
        .replaces = "",
    };
    return out->content && out->head ? TG_OK : error_nomem(err);
}

void text_close(struct text_walk *content)
{
    reader_close(content->reader);
    hash_stream_free(content->text);
    mem_free(content->part);
    *content = (struct text_walk){0};
}
