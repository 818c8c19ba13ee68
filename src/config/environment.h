/*
 * Environments of a spec: overlays, one of which is laid over it.
 */
#ifndef TIDEGATE_ENVIRONMENT_H
#define TIDEGATE_ENVIRONMENT_H

#include "config/document.h"

/* Who asks for which. */
struct environment_wish {
    const char *name;     /* by option or struct; NULL: not said */
    const char *variable; /* what $TIDEGATE_ENV is; NULL or empty: nothing */
};

/* Lays one environment over the rest of a document that was parsed, and says its name; NULL: the
 * spec has none. What is wrong with it is recorded; then nothing was laid. TG_NOMEM. */
int environment_choose(struct document *doc, const struct environment_wish *wish,
                       const char **name) TG_CHECK_RESULT;

/* Is it one of the root's keys that are read here alone? */
bool environment_is_key(const struct node *root, const struct node *node);

#endif
