/*
 * A first look at a file: what a spec has to say for it to be read.
 */
#ifndef TIDEGATE_EXTRACT_LOOK_H
#define TIDEGATE_EXTRACT_LOOK_H

#include "base/buf.h"
#include "base/error.h"

/* Appends the source and a resource of a spec, with a word of why behind each option that the
 * file needs. Its first 256 KiB are looked at. TG_SOURCE when it cannot be read, TG_DATA when it is
 * damaged or holds nothing that could be loaded, TG_USAGE when its format is unknown. */
int look_at_file(const char *path, struct buf *out, struct tg_error *err) TG_CHECK_RESULT;

#endif
