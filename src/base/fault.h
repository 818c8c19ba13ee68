/*
 * Steps at which a test lets something go wrong. Outside of test builds (TG_TESTING) nothing ever
 * does.
 */
#ifndef TIDEGATE_BASE_FAULT_H
#define TIDEGATE_BASE_FAULT_H

#include <stdbool.h>

/* A call of the system that changes a file is about to be made: must it fail? Then errno is set.
 * `to` is the new name of a "rename", else NULL. */
bool fault_fails(const char *call, const char *path, const char *to);
/* A point of the protocol is reached at which a run may be killed. */
void fault_point(const char *name);

/* Is that done whatever the need? */
bool fault_forces(const char *what);

#ifdef TG_TESTING
/* Asks `hook` in place of the environment; NULL: nobody. */
typedef bool (*fault_hook)(void *user, const char *call, const char *path, const char *to);
void fault_ask(fault_hook hook, void *user);
#endif

#endif
