/*
 * What a source remembers of one thing that it has read (a file; an object of a store, a page of an
 * API), so that it is known when it comes again. The source makes it, the package carries it, the
 * ledger keeps it and gives it back as it was. What the record says is between the source and
 * itself; run, package and ledger know the two keys.
 */
#ifndef TIDEGATE_DATA_BOOKMARK_H
#define TIDEGATE_DATA_BOOKMARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bookmark {
    const char *resource; /* whose it is, which run says */
    const char *key;      /* UTF-8, the same from run to run: the path of a file below its root */
    const char *replaces; /* the key whose place it takes; "": of none */
    bool was_read;        /* in this run; else it was told by its text. Not stored, */
    int news;             /* nor is why it was read: an enum tg_file_news */
    /* the record */
    int64_t size, mtime_us; /* when it was last looked at */
    const char *content;    /* hash of its text, uncompressed; "": not taken (version 0.1) */
    const char *head;       /* hash of the beginning of that text */
    int64_t content_bytes;  /* length of that text */
    int64_t rows;           /* that it gave */
    const char *checksum; /* of its two ends, as version 0.1 took it; BOOKMARK_WAITS; "": neither */
};

/* Behind its text, which ends before that, a row is begun that waits for its end. */
#define BOOKMARK_WAITS "waits"
static inline bool bookmark_waits(const struct bookmark *bookmark)
{
    return strcmp(bookmark->checksum, BOOKMARK_WAITS) == 0;
}

/* Those of one resource, sorted by key. */
struct bookmarks {
    const struct bookmark *items;
    size_t count;
};

static inline const struct bookmark *bookmarks_find(struct bookmarks bookmarks, const char *key)
{
    for (size_t low = 0, high = bookmarks.count; low < high;) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(bookmarks.items[middle].key, key);
        if (order == 0)
            return &bookmarks.items[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

#endif
