/*
 * Which files a resource has, and which of them the ledger knows already.
 */
#ifndef TIDEGATE_EXTRACT_LISTING_H
#define TIDEGATE_EXTRACT_LISTING_H

#include "base/context.h"
#include "extract/source.h"

enum { CHECKSUM_TEXT = 16 };

struct listed_file {
    char *path; /* to open it */
    char *name; /* relative to the root, the same wherever the root is mounted; points into path */
    int64_t size;
};

struct listing {
    struct listed_file *items; /* sorted by name, each file once */
    size_t count, cap;
};

/* Files under `root` that match one of `patterns` (a pattern a line), without those that `known`
 * (sorted by path) holds unchanged: equal in size and, if not in mtime, in checksum. A pattern that
 * matches nothing is logged; a plain path, or a root, that is not there is TG_SOURCE. */
int listing_make(const struct context *ctx, const char *root, const char *patterns,
                 const struct source_file *known, size_t known_count, struct listing *out,
                 struct tg_error *err) TG_CHECK_RESULT;
void listing_release(struct listing *listing);

/* What the ledger keeps of a file as it is now; nothing (path NULL) of a pipe, which gives other
 * bytes every time. TG_SOURCE when it is gone. The caller frees path and checksum. */
int listing_record(const struct listed_file *file, struct source_file *out,
                   struct tg_error *err) TG_CHECK_RESULT;

#endif
