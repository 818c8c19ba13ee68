/*
 * What programs keep in the state of their pipeline.
 */
#ifndef TIDEGATE_RUN_KEPT_H
#define TIDEGATE_RUN_KEPT_H

#include "run/load.h"

struct kept_of {
    struct session *session;
    const char *source; /* as the state has it */
};

/* For a source's request; `of` is borrowed. */
struct kept kept_for(struct kept_of *of);

/* Once all is read: what was kept is a load, also where no row came. */
int kept_enter(struct load *load, struct tg_error *err) TG_CHECK_RESULT;

/* Outside of a run: as the destination has it. */
struct kept_question {
    const char *source;   /* NULL: that of resources without one */
    const char *resource; /* NULL: what the source has */
    const char *key;      /* NULL: all of it */
};
int kept_look(struct tg_pipeline *pipeline, const struct kept_question *question, struct buf *out,
              bool *found, struct tg_error *err) TG_CHECK_RESULT;

#endif
