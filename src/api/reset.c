/*
 * What is forgotten, for programs: tg_pipeline_reset and tg_pipeline_drop, and the accessors of
 * struct tg_reset (src/run/reset.h), which src/run/reset_look.c fills.
 *
 *   tg_pipeline_reset, tg_pipeline_drop -> sized_reset -> reset_pipeline -> struct tg_reset ->
 *   tg_reset_... -> tg_reset_free
 *
 * One that is NULL, and an index beyond the end, are answered with nothing.
 */
#include "run/reset.h"

#include "api/sized.h"

enum { ALL_PARTS = TG_RESET_CURSORS | TG_RESET_PACKAGES | TG_RESET_FILES };

static int read_options(struct tg_reset_options *out, const struct tg_reset_options *given,
                        bool drops, struct tg_error *err)
{
    static const struct tg_reset_options none = {TG_RESET_OPTIONS_INIT};
    int rc = sized_reset(out, given ? given : &none, err);
    if (rc == TG_OK && (out->parts & ~ALL_PARTS))
        return error_set(err, TG_USAGE,
                         "parts of struct tg_reset_options is %d, which is no sum of its values",
                         out->parts);
    if (rc == TG_OK && drops && out->parts)
        return error_set(err, TG_USAGE,
                         "parts of struct tg_reset_options are for a reset: a drop takes all");
    return rc;
}

static int call(struct tg_pipeline *pipeline, const struct tg_reset_options *options, bool drops,
                struct tg_reset **out, struct tg_error *err)
{
    struct tg_reset *reset = NULL;
    struct tg_reset_options sized;
    error_clear(err);
    if (out)
        *out = NULL;
    NEEDS(pipeline);
    pipeline_begin(pipeline);
    int rc = read_options(&sized, options, drops, err);
    if (rc == TG_OK)
        rc = reset_pipeline(pipeline, &sized, drops, &reset, err);
    if (out)
        *out = reset;
    else
        tg_reset_free(reset);
    hide_secrets(pipeline, err);
    return rc;
}

int tg_pipeline_reset(struct tg_pipeline *pipeline, const struct tg_reset_options *options,
                      struct tg_reset **out, struct tg_error *err)
{
    return call(pipeline, options, false, out, err);
}

int tg_pipeline_drop(struct tg_pipeline *pipeline, const struct tg_reset_options *options,
                     struct tg_reset **out, struct tg_error *err)
{
    return call(pipeline, options, true, out, err);
}

void tg_reset_free(struct tg_reset *reset)
{
    if (!reset)
        return;
    arena_release(&reset->arena);
    mem_free(reset);
}

const char *tg_reset_load_id(const struct tg_reset *reset)
{
    return reset ? reset->load_id : "";
}

const char *tg_reset_dataset(const struct tg_reset *reset)
{
    return reset ? reset->dataset : "";
}

const char *tg_reset_newest_load(const struct tg_reset *reset)
{
    return reset ? reset->newest_load : "";
}

size_t tg_reset_resource_count(const struct tg_reset *reset)
{
    return reset ? reset->resource_count : 0;
}

const struct tg_reset_resource *tg_reset_resource(const struct tg_reset *reset, size_t index)
{
    return index < tg_reset_resource_count(reset) ? &reset->resources[index] : NULL;
}

size_t tg_reset_cursor_count(const struct tg_reset *reset)
{
    return reset ? reset->cursor_count : 0;
}

const struct tg_reset_cursor *tg_reset_cursor(const struct tg_reset *reset, size_t index)
{
    return index < tg_reset_cursor_count(reset) ? &reset->cursors[index] : NULL;
}

size_t tg_reset_package_count(const struct tg_reset *reset)
{
    return reset ? reset->package_count : 0;
}

const struct tg_reset_package *tg_reset_package(const struct tg_reset *reset, size_t index)
{
    return index < tg_reset_package_count(reset) ? &reset->packages[index] : NULL;
}

size_t tg_reset_table_count(const struct tg_reset *reset)
{
    return reset ? reset->table_count : 0;
}

const struct tg_reset_table *tg_reset_table(const struct tg_reset *reset, size_t index)
{
    return index < tg_reset_table_count(reset) ? &reset->tables[index] : NULL;
}
