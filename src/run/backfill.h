/*
 * A range of the past, window by window: the plan (backfill.c), and who works on it (work.c).
 */
#ifndef TIDEGATE_RUN_BACKFILL_H
#define TIDEGATE_RUN_BACKFILL_H

#include "run/pipeline.h"

/* As tg_pipeline_plan_backfill and tg_pipeline_work say. */
int plan_backfill(struct tg_pipeline *pipeline, const struct tg_backfill_options *options,
                  struct tg_backfill *out, struct tg_error *err) TG_CHECK_RESULT;
int work_pipeline(struct tg_pipeline *pipeline, const struct tg_work_options *options,
                  struct tg_error *err) TG_CHECK_RESULT;

/* Where workers have their folders, below the pipeline's. */
#define WORKERS_FOLDER "work"

#endif
