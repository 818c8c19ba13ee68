/*
 * A run of a pipeline.
 */
#ifndef TIDEGATE_RUN_H
#define TIDEGATE_RUN_H

#include "run/pipeline.h"

/* The whole of it. *out as tg_pipeline_run says. */
int run_pipeline(struct tg_pipeline *pipeline, struct tg_result **out,
                 struct tg_error *err) TG_CHECK_RESULT;

#endif
