/*
 * For unit tests: torture(fn) runs fn again and again, each time with a later allocation failing,
 * until a run gets through untouched. Every failed run must have said TG_NOMEM and freed all it
 * took.
 *
 * fn does one complete piece of work: everything it allocates it frees, whatever happens, and it
 * returns TG_OK or the code of what failed. With TG_TORTURE=full (make torture) each single
 * allocation gets its turn; otherwise the first 24 do, and then each that is an eighth further.
 * What is tried at random has its full number of trials there (trials). Include after cmocka.h.
 */
#ifndef TIDEGATE_TESTS_TORTURE_H
#define TIDEGATE_TESTS_TORTURE_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tidegate.h"

/* One run of fn with the n-th allocation failing; says whether there was an n-th one to fail. */
static inline bool torture_once(int (*fn)(void), size_t n)
{
    size_t live = mem_live();
    size_t failures = mem_failures();
    mem_fail_at(n);
    int rc = fn();
    mem_fail_at(0);
    bool failed = mem_failures() > failures;
    int expected = failed ? TG_NOMEM : TG_OK;
    if (rc != expected)
        fail_msg("allocation %zu %s: returned %d instead of %d", n, failed ? "failed" : "untouched",
                 rc, expected);
    if (mem_live() != live)
        fail_msg("allocation %zu %s: %zu live allocations before, %zu after", n,
                 failed ? "failed" : "untouched", live, mem_live());
    return failed;
}

static inline bool is_full(void)
{
    const char *mode = getenv("TG_TORTURE");
    return mode && strcmp(mode, "full") == 0;
}

static inline int trials(int few, int all)
{
    return is_full() ? all : few;
}

static inline void torture(int (*fn)(void))
{
    const bool full = is_full();
    for (size_t n = 1; torture_once(fn, n); n += full || n < 24 ? 1 : n / 8)
        ;
}

#endif
