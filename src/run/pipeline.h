/*
 * The public handle's inside: its life (pipeline.c), a load (run.c), looking (inspect.c, check.c).
 */
#ifndef TIDEGATE_PIPELINE_H
#define TIDEGATE_PIPELINE_H

#include "base/context.h"
#include "config/config.h"
#include "write/ledger.h"

struct tg_pipeline {
    struct config config;
    struct context ctx;
    atomic_int shares; /* who keeps it: the program, streams that are not released yet */
    atomic_int cancel;
    struct warnings warnings; /* of the call that runs, or ran last */
    enum tg_refresh refresh;
    bool accept_limits;
    size_t turns;    /* so many of a program's resources are read a page each in turn; 0, 1: none */
    uint64_t accept; /* of enum tg_accept */
    const struct tg_window_options *window; /* of the call that runs; NULL: it loads what is new */
    const char *select;                     /* in config's arena; NULL: all */
    const char *destination;                /* without secrets; in config's arena */
    void *user;
    int (*progress)(void *user, const struct tg_progress *progress);
};

/* Whose ledger its runs go by. */
static inline struct ledger_owner pipeline_owner(const struct tg_pipeline *pipeline)
{
    const struct config *config = &pipeline->config;
    return (struct ledger_owner){config->pipeline, config->schema,
                                 config->schema_config.name != NULL};
}

/* Where a spec is: in a file, or (path NULL) in memory. */
struct pipeline_spec {
    const char *path;
    struct spec_text text;
};

/* From a spec and options, or (spec NULL) from options alone. *out is NULL on failure. */
int pipeline_new(struct tg_pipeline **out, const struct pipeline_spec *spec,
                 const struct tg_pipeline_options *options, struct tg_error *err) TG_CHECK_RESULT;

/* A share of it; the one who gives up the last one frees it. NULL is fine. */
void pipeline_keep(struct tg_pipeline *pipeline);
void pipeline_drop(struct tg_pipeline *pipeline);

/* Hides them in the error that a public function returns; NULL is fine. */
void hide_secrets(const struct tg_pipeline *pipeline, struct tg_error *err);

/* What every call that works begins with: no warnings, and a cancel that came before is over. */
void pipeline_begin(struct tg_pipeline *pipeline);

#endif
