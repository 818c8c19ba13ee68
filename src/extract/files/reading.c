/*
 * Whether a file was one text all the while it was read.
 *
 * Path: files.c has read a file, or failed to -> reading_check (fs_stat: as before? else its
 * beginning is hashed again), reading_look_through of Parquet, or reading_explain.
 *
 * Files grow while they are read: what was read of them is remembered by its hash, and the rest
 * comes in the next run. But of one that is cut short, or written anew in its place, a reader has
 * the beginning of one text and the rest of another, perhaps half a row where they meet.
 */
#include "extract/files/reading.h"

#include <string.h>

#include "base/fs.h"
#include "extract/files/text.h"

int reading_changed(const struct listed_file *file, struct tg_error *err)
{
    error_set(err, TG_SOURCE,
              "file '%s' changed while it was read: it was cut short, or written anew in its "
              "place; run again when it is whole",
              file->path);
    if (err)
        err->retryable = true;
    return TG_SOURCE;
}

enum now {
    AS_BEFORE,
    CUT,
    ALTERED,  /* other bytes, or the same, written later */
    NOT_THERE /* the name is another file's, or nobody's */
};

static int look(const struct listed_file *file, const struct file_state *before, enum now *out,
                struct tg_error *err)
{
    struct fs_stat info;
    int rc = TG_OK;
    TRY(fs_stat(file->path, &info, err));
    *out = AS_BEFORE;
    if (!info.exists || info.device != file->device || info.inode != file->inode)
        *out = NOT_THERE;
    else if (info.size < before->size)
        *out = CUT;
    else if (info.size > before->size || info.mtime_us != before->mtime_us)
        *out = ALTERED;
done:
    return rc;
}

static bool is_same(const struct hash_stream *one, const struct hash_stream *other)
{
    char texts[2][HASH_STREAM_TEXT + 1];
    hash_stream_text(one, texts[0]);
    hash_stream_text(other, texts[1]);
    return hash_stream_bytes(one) == hash_stream_bytes(other) && strcmp(texts[0], texts[1]) == 0;
}

/* Does the file begin with what was loaded before, and behind it with what was read now? */
static int compare(const struct listed_file *file, const struct hash_stream *text, bool *same,
                   bool *plain, struct tg_error *err)
{
    struct text_walk content = {0};
    int rc = TG_OK;
    *same = *plain = false;
    TRY(text_open(file, &content, err));
    *plain = reader_is_plain(content.reader);
    if (file->fate == FILE_TAIL)
        TRY(text_pass(&content, file->entry->content_bytes, err));
    *same = file->fate != FILE_TAIL || text_is_of(&content, file->entry);
    TRY(text_pass(&content, hash_stream_bytes(text), err));
    *same = *same && is_same(content.text, text);
done:
    text_close(&content);
    return rc == TG_DATA ? TG_OK : rc; /* what was whole is damaged now */
}

/* A compressed file that is still written ends too early, as long as nobody finishes it. */
static int judge(const struct listed_file *file, const struct file_state *before,
                 const struct hash_stream *text, bool failed, bool *changed, struct tg_error *err)
{
    enum now now;
    bool same, plain;
    int rc = TG_OK;
    TRY(look(file, before, &now, err));
    *changed = now == CUT || (!text && now == ALTERED);
    if (!text || now != ALTERED)
        return TG_OK;
    TRY(compare(file, text, &same, &plain, err));
    *changed = !same || (failed && !plain);
done:
    return rc;
}

int reading_check(const struct listed_file *file, const struct file_state *before,
                  const struct hash_stream *text, struct tg_error *err)
{
    bool changed;
    int rc = TG_OK;
    TRY(judge(file, before, text, false, &changed, err));
    if (changed)
        return reading_changed(file, err);
done:
    return rc;
}

int reading_leave(const struct listed_file *file, int64_t bytes, struct hash_stream **text,
                  struct tg_error *err)
{
    const int64_t all = hash_stream_bytes(*text);
    struct text_walk content = {0};
    int rc = TG_OK;
    TRY(text_open(file, &content, err));
    TRY(text_pass(&content, all - bytes, err));
    hash_stream_keep(content.text);
    TRY(text_pass(&content, all, err));
    if (!is_same(content.text, *text)) {
        rc = reading_changed(file, err);
        goto done;
    }
    hash_stream_go_back(content.text);
    hash_stream_free(*text);
    *text = content.text;
    content.text = NULL;
done:
    text_close(&content);
    return rc;
}

int reading_explain(const struct listed_file *file, const struct file_state *before,
                    const struct hash_stream *text, int code, struct tg_error *err)
{
    struct listed_file now = *file;
    bool changed = false;
    if (!file->is_file || (code != TG_DATA && code != TG_SOURCE))
        return code;
    if (!text && listing_stat(&now, NULL) != TG_OK)
        return listing_stat(&now, err);
    if (judge(file, before, text, true, &changed, NULL) != TG_OK || !changed)
        return code;
    return reading_changed(file, err);
}

int reading_look_through(struct listed_file *file, const struct file_state *before,
                         struct hash_stream **text, bool *changed, struct tg_error *err)
{
    struct text_walk content = {0};
    int rc = TG_OK;
    TRY(text_open(file, &content, err));
    TRY(text_pass(&content, INT64_MAX, err));
    hash_stream_free(*text);
    *text = content.text;
    content.text = NULL;
    TRY(listing_stat(file, err));
    *changed = file->size != before->size || file->mtime_us != before->mtime_us;
done:
    text_close(&content);
    return rc;
}
