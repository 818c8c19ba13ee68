/*
 * Between which times the rows lie that a run wants, for sources that know times of what they have
 * not read.
 */
#ifndef TIDEGATE_EXTRACT_TIMES_H
#define TIDEGATE_EXTRACT_TIMES_H

#include <stdbool.h>
#include <stdint.h>

struct cursor;

/* By the first of its fields, whichever way it goes. */
struct cursor_times {
    const char
        *other; /* what its bounds are instead: "an integer"; NULL: times, or there are none */
    bool has_from, has_to;
    int64_t from_us;   /* no row before it is wanted, */
    int64_t to_us;     /* none after it, */
    bool to_is_closed; /* and none at it, unless this */
};

struct cursor_times cursor_times(const struct cursor *cursor);

#endif
