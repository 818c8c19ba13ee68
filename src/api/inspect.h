/*
 * Views that have a file of their own.
 */
#ifndef TIDEGATE_INSPECT_H
#define TIDEGATE_INSPECT_H

#include "run/pipeline.h"

/* show_packages.c: the packages in the working directory, one a line. */
int show_packages(struct tg_pipeline *pipeline, struct ArrowArrayStream *out,
                  struct tg_error *err) TG_CHECK_RESULT;

#endif
