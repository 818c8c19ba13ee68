/*
 * What tidegate reset and tidegate drop share.
 */
#ifndef TIDEGATE_CLI_FORGET_H
#define TIDEGATE_CLI_FORGET_H

#include "cli.h"

/* One of the two. */
struct forgetting {
    const char *done;     /* "reset", of what it was done to */
    const char *question; /* "Reset?" */
    int (*call)(struct tg_pipeline *pipeline, const struct tg_reset_options *options,
                struct tg_reset **out, struct tg_error *err);
};

/* The command, but for its flags of its own: --select, --yes, --look and --json are read here. The
 * exit code. */
int forget_run(const struct call *call, const struct forgetting *forgetting, int parts);

#endif
