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
#include "data/page.h"

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
    out->encoding = file->encoding;
    out->is_csv = file->is_csv;
done:
    if (rc != TG_OK)
        text_close(out);
    return rc;
}

/* Behind it, or before it, nothing is half: JSON has a mark in front of each text, too. */
static bool is_border(const struct text_walk *content, uint32_t code)
{
    return code == '\n' || code == '\r' || (code == JSON_MARK && !content->is_csv);
}

/* LF, CRLF and, of CSV, CR. */
static void see_character(struct text_walk *content, uint32_t code)
{
    const bool follows = content->is_csv && content->last == '\r';
    content->lines += (code == '\n' && !follows) || (code == '\r' && content->is_csv);
    content->last = code;
}

/* From one line end to the next. */
static void see_bytes(struct text_walk *content, const char *part, size_t len)
{
    const char *end = part + len, *feed = memchr(part, '\n', len);
    const char *back = content->is_csv ? memchr(part, '\r', len) : NULL;
    while (feed || back) {
        const char *at = feed && (!back || feed < back) ? feed : back;
        if (at > part)
            content->last = (unsigned char)at[-1];
        see_character(content, (unsigned char)*at);
        if (at == feed)
            feed = memchr(at + 1, '\n', (size_t)(end - at) - 1);
        else
            back = memchr(at + 1, '\r', (size_t)(end - at) - 1);
    }
    content->last = (unsigned char)end[-1];
}

/* A unit may lie over two parts. */
static void see_units(struct text_walk *content, const char *part, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const char unit[2] = {content->half, part[i]};
        if (content->has_half)
            see_character(content, encoding_unit(unit, content->encoding == ENCODING_UTF16BE));
        content->half = part[i];
        content->has_half = !content->has_half;
    }
}

static void see(struct text_walk *content, const char *part, size_t len)
{
    if (!content->is_told)
        content->encoding = encoding_of(content->encoding, part, len);
    content->is_told = true;
    if (encoding_has_units(content->encoding))
        see_units(content, part, len);
    else
        see_bytes(content, part, len);
}

bool text_ends_line(const struct text_walk *content)
{
    return !content->has_half && is_border(content, content->last);
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
            see(content, content->part, got);
    }
done:
    return rc;
}

bool text_is_of(const struct text_walk *content, const struct bookmark *entry)
{
    char hash[HASH_STREAM_TEXT + 1];
    if (hash_stream_bytes(content->text) != entry->content_bytes)
        return false;
    hash_stream_text(content->text, hash);
    return strcmp(hash, entry->content) == 0;
}

int text_peek(struct text_walk *content, bool *more, bool *ends_line, struct tg_error *err)
{
    char next[2] = "";
    size_t len = 0, got = 1;
    int rc = TG_OK;
    reader_watch(content->reader, NULL);
    for (; len < sizeof(next) && got > 0; len += got)
        TRY(reader_read(content->reader, next + len, sizeof(next) - len, &got, err));
    *more = len > 0;
    *ends_line = is_border(content, encoding_has_units(content->encoding)
                                        ? encoding_unit(next, content->encoding == ENCODING_UTF16BE)
                                        : (unsigned char)next[0]);
done:
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
