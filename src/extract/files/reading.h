/*
 * Whether a file was one text all the while it was read.
 */
#ifndef TIDEGATE_EXTRACT_FILES_READING_H
#define TIDEGATE_EXTRACT_FILES_READING_H

#include "extract/files/listing.h"

/* A file as it was before it was read, or compared with what the ledger has of it. */
struct file_state {
    int64_t size, mtime_us;
};

static inline struct file_state file_state_of(const struct listed_file *file)
{
    return (struct file_state){file->size, file->mtime_us};
}

/* `text` is the hash of all that was read of a file, with what was loaded before. One that was
 * added to begins with that text still; one that was cut short or written anew in its place is
 * TG_SOURCE, retryable: who knows what was read of it. A name that leads to another file by now is
 * fine: what was open is what was read. */
int reading_check(const struct listed_file *file, const struct file_state *before,
                  const struct hash_stream *text, struct tg_error *err) TG_CHECK_RESULT;
/* The same of Parquet, which is read by its path, here and there: *text becomes the hash of the
 * whole file; *changed: it is another one than before. */
int reading_look_through(struct listed_file *file, const struct file_state *before,
                         struct hash_stream **text, bool *changed,
                         struct tg_error *err) TG_CHECK_RESULT;
/* The file's last `bytes` count as not read: *text, the hash of all, becomes that of the rest. */
int reading_leave(const struct listed_file *file, int64_t bytes, struct hash_stream **text,
                  struct tg_error *err) TG_CHECK_RESULT;
/* Reading failed with `code` and `err`. Where the file has changed meanwhile, so that what was
 * found in it says nothing, that is the error; `text` as above, NULL of Parquet. */
int reading_explain(const struct listed_file *file, const struct file_state *before,
                    const struct hash_stream *text, int code, struct tg_error *err) TG_CHECK_RESULT;
/* The error that says so: TG_SOURCE, retryable. */
int reading_changed(const struct listed_file *file, struct tg_error *err) TG_CHECK_RESULT;

#endif
