/*
 * How resources are best loaded, for programs: tg_pipeline_advise, and the accessors of struct
 * tg_advice (src/run/advise.h), which src/run/advise.c fills.
 *
 *   tg_pipeline_advise -> sized_advice -> advise_pipeline -> struct tg_advice -> tg_advice_... ->
 *   tg_advice_free
 *
 * Advice that is NULL, and an index beyond the end, are answered with nothing.
 */
#include "run/advise.h"

#include "api/sized.h"

int tg_pipeline_advise(struct tg_pipeline *pipeline, const struct tg_advice_options *options,
                       struct tg_advice **out, struct tg_error *err)
{
    static const struct tg_advice_options none = {TG_ADVICE_OPTIONS_INIT};
    struct tg_advice_options sized;
    error_clear(err);
    NEEDS(out);
    *out = NULL;
    NEEDS(pipeline);
    int rc = sized_advice(&sized, options ? options : &none, err);
    if (rc != TG_OK)
        return rc;
    if (sized.wait_seconds < 0)
        return error_set(err, TG_USAGE, "wait_seconds of struct tg_advice_options is %d",
                         sized.wait_seconds);
    pipeline_begin(pipeline);
    rc = advise_pipeline(pipeline, &sized, out, err);
    hide_secrets(pipeline, err);
    return rc;
}

void tg_advice_free(struct tg_advice *advice)
{
    if (!advice)
        return;
    arena_release(&advice->arena);
    mem_free(advice);
}

static const struct advised *resource_of(const struct tg_advice *advice, size_t index)
{
    return advice && index < advice->resource_count ? &advice->resources[index] : NULL;
}

size_t tg_advice_resource_count(const struct tg_advice *advice)
{
    return advice ? advice->resource_count : 0;
}

const struct tg_advice_resource *tg_advice_resource(const struct tg_advice *advice, size_t index)
{
    const struct advised *one = resource_of(advice, index);
    return one ? &one->told : NULL;
}

size_t tg_advice_field_count(const struct tg_advice *advice, size_t resource)
{
    const struct advised *one = resource_of(advice, resource);
    return one ? one->field_count : 0;
}

const struct tg_advice_field *tg_advice_field(const struct tg_advice *advice, size_t resource,
                                              size_t index)
{
    return index < tg_advice_field_count(advice, resource)
               ? &advice->resources[resource].fields[index]
               : NULL;
}

size_t tg_advice_reason_count(const struct tg_advice *advice, size_t resource)
{
    const struct advised *one = resource_of(advice, resource);
    return one ? one->reason_count : 0;
}

const struct tg_advice_reason *tg_advice_reason(const struct tg_advice *advice, size_t resource,
                                                size_t index)
{
    return index < tg_advice_reason_count(advice, resource)
               ? &advice->resources[resource].reasons[index]
               : NULL;
}

size_t tg_advice_warning_count(const struct tg_advice *advice)
{
    return advice ? advice->warning_count : 0;
}

const char *tg_advice_warning(const struct tg_advice *advice, size_t index)
{
    return index < tg_advice_warning_count(advice) ? advice->warnings[index] : NULL;
}
