/*
 * What a run would do: the inside of the public handle, plain data. The accessors are in
 * src/api/plan.c.
 */
#ifndef TIDEGATE_RUN_PLAN_H
#define TIDEGATE_RUN_PLAN_H

#include "run/load.h"

struct tg_plan {
    struct arena arena; /* owns all but what is in the two below */
    struct trial trial;
    struct tg_result *result; /* NULL: without rows */
    struct tg_plan_resource *resources;
    size_t resource_count;
    struct tg_plan_window *windows; /* mem_grow'n */
    size_t window_count, window_cap;
    const char **pending;
    size_t pending_count;
    const struct check_visitor *visitor; /* of a check */
};

/* As tg_pipeline_plan says; all of `options` is known. */
int plan_pipeline(struct tg_pipeline *pipeline, const struct tg_plan_options *options,
                  struct tg_plan **out, struct tg_error *err) TG_CHECK_RESULT;

/* Would a run be refused? Sources are opened (the visitor hears of each), then it is as a plan
 * without rows, of which nothing is kept, and the first rows. */
struct check_visitor;
int plan_check(struct tg_pipeline *pipeline, const struct check_visitor *visitor,
               struct tg_error *err) TG_CHECK_RESULT;

/* backfill.c: of the range that is asked for, what is loaded, and what would be. TG_USAGE as a run
 * or a backfill of it. */
int backfill_outlook(struct session *session, const struct tg_plan_options *options,
                     struct tg_plan *plan, struct tg_error *err) TG_CHECK_RESULT;

/* fields.c: have the selected resources' sources the fields that they name? By what the sources say
 * beforehand, or by their first rows, on the way of a run. The load is begun, and keeps nothing. */
int fields_check(struct load *load, struct tg_error *err) TG_CHECK_RESULT;

/* outlook.c: how the selected resources would be read; with a manifest also what is known of their
 * tables, as if a package had rows for each of them. */
int outlook_resources(struct session *session, struct tg_plan *plan, struct manifest *manifest,
                      struct tg_error *err) TG_CHECK_RESULT;

#endif
