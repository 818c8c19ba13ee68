/*
 * Patterns with a place for a date: "events/{date}.jsonl", "logs/{date:%Y/%m/%d}.csv".
 */
#ifndef TIDEGATE_EXTRACT_FILES_DATED_H
#define TIDEGATE_EXTRACT_FILES_DATED_H

#include "base/buf.h"
#include "base/error.h"

/* From the first moment of the day (hour, month, ...) on to before the first of the next, UTC. */
struct dated_span {
    int64_t from_us, to_us;
};

/* The pattern with wildcards in the place; *is_dated: it has one. TG_USAGE for a place that says no
 * date. Out: appended. */
int dated_glob(const char *pattern, struct buf *out, bool *is_dated,
               struct tg_error *err) TG_CHECK_RESULT;

/* Which dates a name that matches the wildcards has in the place of the pattern, all of them
 * together; *found = false: what stands there is no date. */
int dated_find(const char *pattern, const char *name, struct dated_span *out, bool *found,
               struct tg_error *err) TG_CHECK_RESULT;

#endif
