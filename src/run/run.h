/*
 * A run of a pipeline, and its undo.
 */
#ifndef TIDEGATE_RUN_H
#define TIDEGATE_RUN_H

#include "run/pipeline.h"

/* The whole of it. *out as tg_pipeline_run says. */
int run_pipeline(struct tg_pipeline *pipeline, struct tg_result **out,
                 struct tg_error *err) TG_CHECK_RESULT;

/* undo.c: takes loads back. As tg_pipeline_undo says. */
int undo_pipeline(struct tg_pipeline *pipeline, const struct tg_undo_options *options,
                  struct tg_result **out, struct tg_error *err) TG_CHECK_RESULT;

#endif
