/*
 * Which files a resource has.
 */
#ifndef TIDEGATE_EXTRACT_LISTING_H
#define TIDEGATE_EXTRACT_LISTING_H

#include "base/codec.h"
#include "base/context.h"
#include "base/hash.h"
#include "base/memory.h"
#include "data/bookmark.h"
#include "extract/formats/encoding.h"

/* What becomes of a file (known.h). */
enum file_fate {
    FILE_WHOLE,   /* read from its beginning */
    FILE_TAIL,    /* read from where `entry` ends */
    FILE_NOTED,   /* its text was loaded: entered as it is now, and not read */
    FILE_LEFT,    /* it is as it was: left alone */
    FILE_SKIPPED, /* the cursor would drop all its rows: left alone, and not remembered (skip.h) */
    FILE_STRAY    /* not what the pattern means: it goes from the listing */
};

/* Why. */
enum file_reason {
    FILE_NEW,
    FILE_REWRITTEN, /* what was loaded under this name is no longer in it */
    FILE_GROWN,     /* behind the text of `entry` there is more */
    FILE_COPIED,    /* its text is that of another file, which is here, too */
    FILE_MOVED,     /* its text is that of `entry`, whose own file is not here any more */
    FILE_TOUCHED    /* its text is that of `entry`, which is its own */
};

/* Whether what is added behind the text of a file are more rows. */
enum file_growth {
    GROWS_NEVER,
    GROWS_BY_LINES,
    GROWS_IF_LINES /* JSON that begins as values on lines of their own */
};

struct listed_file {
    char *path;       /* to open it */
    const char *name; /* relative to the root, the same wherever the root is mounted; UTF-8 */
    int64_t size, mtime_us;
    bool is_file;           /* a regular one: no pipe, no device */
    uint64_t device, inode; /* which file it is, whatever it is called */
    enum file_growth growth;
    enum encoding encoding; /* of its text, as it was said; ENCODING_AUTO: not */
    bool is_csv;
    enum file_fate fate;
    enum file_reason reason;
    const struct bookmark *entry;   /* the one that says so; NULL: none */
    const struct bookmark *lost;    /* its own, whose text no file here has any more; NULL: none */
    const struct listed_file *twin; /* FILE_COPIED: of another file of this listing */
    struct hash_stream *text;       /* FILE_TAIL: of the text of `entry`; NULL: to be made anew */
    uint64_t lines;                 /* FILE_TAIL: in it */
    uint64_t rows;                  /* that it gave; the driver counts them */
    uint64_t waits;                 /* the line of a row that waits for its end; 0: none does */
    const struct bookmark *left;    /* what is remembered of it then */
    bool is_settled;                /* nothing has come since one did: it never ends */
    const char *skipped_by;         /* FILE_SKIPPED: the option, in words */
    const char *unread;             /* why it is read all the same; NULL: it is read anyway, */
    uint64_t unread_lines;          /* or up to this line alone */
};

struct listing {
    struct listed_file *items; /* sorted by name, each file once */
    size_t count, cap;
    char **unmatched; /* patterns that match nothing */
    size_t unmatched_count, unmatched_cap;
    struct arena arena; /* names that are not in their paths, and entries that were made here */
};

/* Files under `root` that match one of `patterns` (a pattern a line). What is no regular file must
 * be named by a plain path. A plain path, or a root, that is not there is TG_SOURCE. */
int listing_make(const struct context *ctx, const char *root, const char *patterns,
                 struct listing *out, struct tg_error *err) TG_CHECK_RESULT;
void listing_release(struct listing *listing);
/* Without those of that fate. */
void listing_drop(struct listing *listing, enum file_fate fate);

/* The file as it is now: size and mtime. TG_SOURCE, retryable, when it is gone, or its name leads
 * to another one: what is read must be what was listed. */
int listing_stat(struct listed_file *file, struct tg_error *err) TG_CHECK_RESULT;
/* Opens it; TG_SOURCE, retryable, when what is open is another file. */
int listing_open(const struct listed_file *file, struct reader **out,
                 struct tg_error *err) TG_CHECK_RESULT;
/* Whether a file of that name would have matched the pattern. */
bool listing_matches(const char *pattern, const char *name);

#endif
