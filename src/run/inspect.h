/*
 * Looking at a pipeline without changing it. A stream that goes out keeps what it needs, also when
 * the pipeline is freed before it is released.
 */
#ifndef TIDEGATE_RUN_INSPECT_H
#define TIDEGATE_RUN_INSPECT_H

#include "run/pipeline.h"

int inspect_query(struct tg_pipeline *pipeline, const char *sql, struct ArrowArrayStream *out,
                  struct tg_error *err) TG_CHECK_RESULT;
/* TG_USAGE for a view, or a document, that there is not. */
int inspect_show(struct tg_pipeline *pipeline, enum tg_show what, struct ArrowArrayStream *out,
                 struct tg_error *err) TG_CHECK_RESULT;
int inspect_document(struct tg_pipeline *pipeline, enum tg_document what, struct buf *out,
                     struct tg_error *err) TG_CHECK_RESULT;

/* show_packages.c: the packages in the working directory, one a line. */
int show_packages(struct tg_pipeline *pipeline, struct ArrowArrayStream *out,
                  struct tg_error *err) TG_CHECK_RESULT;

/* check.c: opens every selected source and the destination. */
int check_pipeline(struct tg_pipeline *pipeline, struct tg_error *err) TG_CHECK_RESULT;

#endif
