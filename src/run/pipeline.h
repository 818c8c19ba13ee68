/*
 * The public handle's inside, shared by pipeline.c (life), run.c (a load) and inspect.c (looking).
 */
#ifndef TIDEGATE_PIPELINE_H
#define TIDEGATE_PIPELINE_H

#include "base/context.h"
#include "config/config.h"

struct tg_pipeline {
    struct config config;
    struct context ctx;
    atomic_int shares; /* who keeps it: the program, streams that are not released yet */
    atomic_int cancel;
    struct warnings warnings; /* of the call that runs, or ran last */
    bool full_refresh;
    const char *select;      /* in config's arena; NULL: all */
    const char *destination; /* without secrets; in config's arena */
    void *user;
    int (*progress)(void *user, const struct tg_progress *progress);
};

/* A share of it; the one who gives up the last one frees it. */
void pipeline_keep(struct tg_pipeline *pipeline);
void pipeline_drop(struct tg_pipeline *pipeline);

/* Hides them in the error that a public function returns; NULL is fine. */
void hide_secrets(const struct tg_pipeline *pipeline, struct tg_error *err);

/* What every call that works begins with: no warnings, and a cancel that came before is over. */
void pipeline_begin(struct tg_pipeline *pipeline);

#endif
