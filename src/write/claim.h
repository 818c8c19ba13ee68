/*
 * Claims: windows of a plan that a worker has for a while, each by a number, its fence, that rises
 * with each claim.
 */
#ifndef TIDEGATE_WRITE_CLAIM_H
#define TIDEGATE_WRITE_CLAIM_H

#include <stdbool.h>

#include "base/memory.h"

struct claim_request {
    const char *pipeline, *run_id, *owner;
    int64_t now_us, lease_us; /* what has expired by now may be taken, for so long */
    size_t most;
    bool counts; /* the windows of the plan, all of them */
};

struct window_claim {
    const char *resource, *cursor_path, *lo, *hi;
    int64_t id, fence;
};

struct claims {
    struct arena arena;
    struct window_claim *items;
    size_t count;
    /* Of the plan, where they were counted: as asked, or since nothing is to be had. What was
     * claimed just now is leased. */
    uint64_t open, leased, loaded;
};

static inline void claims_release(struct claims *claims)
{
    arena_release(&claims->arena);
    *claims = (struct claims){0};
}

#endif
