/*
 * Which files need not be read, because of where the cursor starts and ends.
 */
#ifndef TIDEGATE_EXTRACT_FILES_SKIP_H
#define TIDEGATE_EXTRACT_FILES_SKIP_H

#include "extract/files/listing.h"
#include "extract/source.h"

/* What is said of the files of a resource. */
struct skip_rules {
    const struct context *ctx;
    const struct resource_request *request;
    const char *patterns; /* a pattern a line, as in the spec, */
    const char *globs;    /* and as skip_globs has made it */
    bool is_dated;        /* one of them has a place for a date */
    bool by_modified;     /* a file has no row that is newer than itself */
};

/* The patterns as listing_make takes them; *is_dated as above. TG_USAGE. */
int skip_globs(const char *patterns, struct buf *out, bool *is_dated,
               struct tg_error *err) TG_CHECK_RESULT;
/* The pattern that a glob was made of. */
const char *skip_pattern(const struct skip_rules *rules, const char *glob, size_t *len);

/* Do the rules go with what is wanted of the resource? TG_USAGE. */
int skip_check(const struct skip_rules *rules, struct tg_error *err) TG_CHECK_RESULT;
/* Takes names without a date in their place from the listing, with a warning, and lets the files
 * that need not be read be FILE_SKIPPED; *count tells how many. */
int skip_files(const struct skip_rules *rules, struct listing *listing, uint64_t *count,
               struct tg_error *err) TG_CHECK_RESULT;

#endif
