/*
 * What is known of a source file whose rows were loaded. The driver makes it, the package carries
 * it, the ledger keeps it.
 */
#ifndef TIDEGATE_DATA_SOURCE_FILE_H
#define TIDEGATE_DATA_SOURCE_FILE_H

#include <stdint.h>

struct source_file {
    const char *path;         /* relative to the source's root; bytes that are not UTF-8 as \xHH */
    int64_t size, mtime_us;   /* of the file, when it was last looked at */
    const char *content;      /* hash of its text, uncompressed; "": not taken (version 0.1) */
    const char *head;         /* hash of the beginning of that text */
    int64_t content_bytes;    /* length of that text */
    int64_t rows;             /* that it gave */
    const char *checksum;     /* of its two ends, as version 0.1 took it; "": not taken */
    const char *renamed_from; /* whose place this one takes; "": nobody's */
};

#endif
