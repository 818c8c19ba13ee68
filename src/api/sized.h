/*
 * What a program says in structs, in the length that this version gives them (sized.c).
 */
#ifndef TIDEGATE_SIZED_H
#define TIDEGATE_SIZED_H

#include "base/error.h"
#include "tidegate_connection.h"

struct sized_options {
    struct tg_pipeline_options options;
    struct tg_schema_options schema; /* where options.schema points to */
    struct tg_connection connection; /* where options.destination_connection points to */
    struct tg_connection scratch;    /* where options.scratch_connection points to */
    struct tg_adbc adbc;             /* where options.destination_adbc points to */
};

struct sized_resource {
    struct tg_resource resource;
    struct tg_column *columns;       /* where resource.columns points to */
    struct tg_connection connection; /* where resource.source_connection points to */
};

/* Borrow texts and callbacks from what was given. TG_USAGE for a size that cannot be, or for what
 * only a newer library knows. */
int sized_options(struct sized_options *out, const struct tg_pipeline_options *given,
                  struct tg_error *err) TG_CHECK_RESULT;
int sized_resource(struct sized_resource *out, const struct tg_resource *given,
                   struct tg_error *err) TG_CHECK_RESULT;
int sized_undo(struct tg_undo_options *out, const struct tg_undo_options *given,
               struct tg_error *err) TG_CHECK_RESULT;
int sized_backfill(struct tg_backfill_options *out, const struct tg_backfill_options *given,
                   struct tg_error *err) TG_CHECK_RESULT;
int sized_work(struct tg_work_options *out, const struct tg_work_options *given,
               struct tg_error *err) TG_CHECK_RESULT;
int sized_window(struct tg_window_options *out, const struct tg_window_options *given,
                 struct tg_error *err) TG_CHECK_RESULT;
void sized_resource_release(struct sized_resource *resource);
int sized_advice(struct tg_advice_options *out, const struct tg_advice_options *given,
                 struct tg_error *err) TG_CHECK_RESULT;
int sized_reset(struct tg_reset_options *out, const struct tg_reset_options *given,
                struct tg_error *err) TG_CHECK_RESULT;
int sized_why(struct tg_why_options *out, const struct tg_why_options *given,
              struct tg_error *err) TG_CHECK_RESULT;
int sized_plan(struct tg_plan_options *out, const struct tg_plan_options *given,
               struct tg_error *err) TG_CHECK_RESULT;

#endif
