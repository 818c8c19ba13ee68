/*
 * What is said of the files of a resource once they are read.
 */
#ifndef TIDEGATE_EXTRACT_FILES_REPORT_H
#define TIDEGATE_EXTRACT_FILES_REPORT_H

#include "extract/files/listing.h"

/* Logs what became of them, where that is news. */
void report_fates(const struct context *ctx, const char *resource, const struct listing *listing);

#endif
