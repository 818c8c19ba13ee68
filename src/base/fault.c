/*
 * Faults that tests ask for: calls of the system that fail, points at which the process dies.
 *
 * Path: fs.c -> fault_fails; the steps of the protocol -> fault_point. With TG_TESTING a test
 * answers by its hook, or a command is told by the environment: TG_FAIL_AT=fsync:3 makes the third
 * fsync fail, once; TG_FAIL_AT=after_seal kills the process there (after_seal:2: the second time).
 * TG_FORCE=gather has small tables meet what takes large ones; TG_FORCE=commits takes a load's
 * transaction away, for controls: each of its steps is committed.
 *
 * Memory that runs out is memory.c's.
 */
#include "base/fault.h"

#ifndef TG_TESTING

bool fault_fails(const char *call, const char *path, const char *to)
{
    (void)call;
    (void)path;
    (void)to;
    return false;
}

void fault_point(const char *name)
{
    (void)name;
}

bool fault_forces(const char *what)
{
    (void)what;
    return false;
}

#else

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static fault_hook asked;
static void *asked_user;

void fault_ask(fault_hook hook, void *user)
{
    asked = hook;
    asked_user = user;
}

/* Is it the step of the environment's, for the n-th time? */
static bool is_now(const char *step)
{
    static atomic_long passed;
    const char *wanted = getenv("TG_FAIL_AT");
    size_t len = strlen(step);
    if (!wanted || strncmp(wanted, step, len) != 0 || (wanted[len] && wanted[len] != ':'))
        return false;
    long number = wanted[len] ? strtol(wanted + len + 1, NULL, 10) : 1;
    if (atomic_fetch_add(&passed, 1) + 1 != number)
        return false;
    fprintf(stderr, "fault: %s\n", wanted); /* so that a script sees that there was one */
    return true;
}

bool fault_fails(const char *call, const char *path, const char *to)
{
    bool fails = asked ? asked(asked_user, call, path, to) : is_now(call);
    if (fails)
        errno = EIO;
    return fails;
}

void fault_point(const char *name)
{
    if (is_now(name))
        raise(SIGKILL);
}

bool fault_forces(const char *what)
{
    const char *forced = getenv("TG_FORCE");
    return forced && strcmp(forced, what) == 0;
}

#endif
