/*
 * The text of a CSV file as UTF-8.
 *
 * Data path: csv_text_open (the head, which tells the encoding) -> csv_text_begin: what was loaded
 * before is passed over -> csv_text_read: what is left of the head, then the reader's bytes, UTF-8
 * straight into the caller's memory, else by encoding_decode.
 *
 * The hash is of the file's own bytes, whatever they are made of: it is what the ledger knows a
 * text by. Bytes that it holds already are not added again.
 */
#include "extract/formats/csv_text.h"

#include <string.h>

#include "base/memory.h"

enum { CHARACTER_BYTES = 4 }; /* of the longest one */

struct csv_text {
    struct reader *reader;
    enum encoding encoding;
    struct hash_stream *hash;
    int64_t hashed; /* bytes of the file that it holds; without one, all */
    int64_t seen;   /* that were read */
    char *bytes;    /* the head, then one part after the other */
    size_t at, len; /* of `bytes`: what was not handed out */
    bool is_over;
};

/* Hashes what was read behind what is there. */
static void take_in(struct csv_text *text, const char *part, size_t len)
{
    int64_t known = text->hashed - text->seen;
    size_t old = known < 0 ? 0 : known > (int64_t)len ? len : (size_t)known;
    text->seen += (int64_t)len;
    if (text->hash && old < len)
        hash_stream_add(text->hash, part + old, len - old);
}

static int read_part(struct csv_text *text, char *out, size_t cap, size_t *got,
                     struct tg_error *err)
{
    int rc = TG_OK;
    TRY(reader_read(text->reader, out, cap, got, err));
    take_in(text, out, *got);
    text->is_over = *got == 0;
done:
    return rc;
}

int csv_text_open(struct reader *reader, enum encoding encoding, struct hash_stream *hash,
                  struct csv_text **out, struct tg_error *err)
{
    struct csv_text *text = mem_calloc(1, sizeof(*text));
    size_t got = 1;
    int rc = TG_OK;
    *out = NULL;
    if (!text) {
        reader_close(reader);
        return error_nomem(err);
    }
    text->reader = reader;
    text->hash = hash;
    text->hashed = hash ? hash_stream_bytes(hash) : INT64_MAX;
    text->bytes = mem_alloc(CSV_HEAD_BYTES);
    if (!text->bytes)
        TRY(error_nomem(err));
    while (got > 0 && text->len < CSV_HEAD_BYTES) {
        TRY(reader_read(reader, text->bytes + text->len, CSV_HEAD_BYTES - text->len, &got, err));
        text->len += got;
    }
    text->is_over = got == 0;
    text->encoding = encoding_of(encoding, text->bytes, text->len);
    take_in(text, text->bytes, text->len);
    *out = text;
done:
    if (rc != TG_OK)
        csv_text_close(text);
    return rc;
}

const char *csv_text_head(const struct csv_text *text, size_t *len)
{
    *len = text->len;
    return text->bytes;
}

bool csv_text_has_whole_head(const struct csv_text *text)
{
    return text->is_over;
}

enum encoding csv_text_encoding(const struct csv_text *text)
{
    return text->encoding;
}

int csv_text_begin(struct csv_text *text, int64_t from, struct tg_error *err)
{
    size_t got = 1;
    int rc = TG_OK;
    text->at = from < (int64_t)text->len ? (size_t)from : text->len;
    if (from <= text->seen)
        return TG_OK;
    int64_t known = text->hashed < from ? text->hashed : from;
    if (known > text->seen) {
        TRY(reader_skip(text->reader, known - text->seen, err));
        text->seen = known;
    }
    while (text->seen < from && got > 0) {
        int64_t left = from - text->seen;
        TRY(read_part(text, text->bytes, left < CSV_HEAD_BYTES ? (size_t)left : CSV_HEAD_BYTES,
                      &got, err));
    }
    text->at = text->len = 0;
done:
    return rc;
}

/* More of the file's bytes behind those that are left: half a character at most. */
static int more_bytes(struct csv_text *text, struct tg_error *err)
{
    size_t left = text->len - text->at, got;
    int rc = TG_OK;
    memmove(text->bytes, text->bytes + text->at, left);
    text->at = 0;
    text->len = left;
    TRY(read_part(text, text->bytes + left, CSV_HEAD_BYTES - left, &got, err));
    text->len += got;
done:
    return rc;
}

static int decode_part(struct csv_text *text, char *out, size_t cap, size_t *len,
                       struct tg_error *err)
{
    size_t used, room = (cap - encoding_room(0)) / 3;
    int rc = TG_OK;
    if (text->len - text->at < CHARACTER_BYTES && !text->is_over)
        TRY(more_bytes(text, err));
    size_t left = text->len - text->at, some = left < room ? left : room;
    *len = encoding_decode(text->encoding, text->bytes + text->at, some,
                           some == left && text->is_over, out, &used);
    text->at += used;
done:
    return rc;
}

int csv_text_read(struct csv_text *text, char *out, size_t cap, size_t *len, struct tg_error *err)
{
    size_t left = text->len - text->at;
    int rc = TG_OK;
    *len = 0;
    if (text->encoding == ENCODING_UTF8 && left > 0) {
        *len = left < cap ? left : cap;
        memcpy(out, text->bytes + text->at, *len);
        text->at += *len;
        return TG_OK;
    }
    if (text->encoding == ENCODING_UTF8)
        return text->is_over ? TG_OK : read_part(text, out, cap, len, err);
    while (*len == 0 && !(text->is_over && text->at == text->len))
        TRY(decode_part(text, out, cap, len, err));
done:
    return rc;
}

int csv_text_check(struct csv_text *text, struct tg_error *err)
{
    return reader_is_plain(text->reader) ? TG_OK : reader_pass(text->reader, INT64_MAX, err);
}

bool csv_text_is_over(const struct csv_text *text)
{
    return text->is_over && text->at == text->len;
}

int64_t csv_text_file_bytes(const struct csv_text *text)
{
    return reader_file_bytes(text->reader);
}

void csv_text_close(struct csv_text *text)
{
    if (!text)
        return;
    reader_close(text->reader);
    mem_free(text->bytes);
    mem_free(text);
}
