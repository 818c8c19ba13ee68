/*
 * Advice: the inside of the public handle, plain data. The accessors are in src/api/advice.c.
 */
#ifndef TIDEGATE_RUN_ADVISE_H
#define TIDEGATE_RUN_ADVISE_H

#include "base/memory.h"
#include "run/pipeline.h"
#include "tidegate_advice.h"

struct advised {
    struct tg_advice_resource told;
    struct tg_advice_field *fields;
    size_t field_count;
    const struct tg_advice_reason *reasons;
    size_t reason_count;
};

struct tg_advice {
    struct arena arena; /* owns all of it */
    struct advised *resources;
    size_t resource_count;
    const char **warnings;
    size_t warning_count;
};

/* As tg_pipeline_advise says; all of `options` is known. */
int advise_pipeline(struct tg_pipeline *pipeline, const struct tg_advice_options *options,
                    struct tg_advice **out, struct tg_error *err) TG_CHECK_RESULT;

#endif
