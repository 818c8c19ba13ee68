/*
 * The story of a row: what destination and working directory know of it.
 */
#ifndef TIDEGATE_RUN_WHY_H
#define TIDEGATE_RUN_WHY_H

#include "run/pipeline.h"

/* tg_pipeline_why. */
int why_pipeline(struct tg_pipeline *pipeline, const struct tg_why_options *options,
                 struct ArrowArrayStream *out, struct tg_error *err) TG_CHECK_RESULT;

#endif
