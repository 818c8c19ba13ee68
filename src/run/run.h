/*
 * A run of a pipeline, whole or in steps, and its undo.
 */
#ifndef TIDEGATE_RUN_H
#define TIDEGATE_RUN_H

#include "run/pipeline.h"

/* The whole of it. *out as tg_pipeline_run says. */
int run_pipeline(struct tg_pipeline *pipeline, struct tg_result **out,
                 struct tg_error *err) TG_CHECK_RESULT;

/* Up to the seal. As tg_pipeline_extract says. */
int extract_pipeline(struct tg_pipeline *pipeline, struct tg_result **out,
                     struct tg_error *err) TG_CHECK_RESULT;

/* deliver.c: from there on, or not at all. As tg_pipeline_write, tg_pipeline_drop_packages. */
int write_pipeline(struct tg_pipeline *pipeline, const char *load_id, struct tg_result **out,
                   struct tg_error *err) TG_CHECK_RESULT;
int drop_packages(struct tg_pipeline *pipeline, const char *load_id, size_t *count,
                  struct tg_error *err) TG_CHECK_RESULT;

/* undo.c: takes loads back. As tg_pipeline_undo says. */
int undo_pipeline(struct tg_pipeline *pipeline, const struct tg_undo_options *options,
                  struct tg_result **out, struct tg_error *err) TG_CHECK_RESULT;

#endif
