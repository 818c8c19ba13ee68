/*
 * What is said of the files of a resource once they are read.
 */
#ifndef TIDEGATE_EXTRACT_FILES_REPORT_H
#define TIDEGATE_EXTRACT_FILES_REPORT_H

#include "extract/files/listing.h"

/* Why it was read: an enum tg_file_news. */
int report_news(const struct listed_file *file);
/* Logs what became of them, where that is news. */
void report_fates(const struct context *ctx, const char *resource, const struct listing *listing);

#endif
