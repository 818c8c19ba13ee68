/*
 * Structs of options from programs that were built with another version of the header.
 *
 *   sized_options, sized_resource -> sized_read: the given struct, as long as its `size` says ->
 *   ours, of today's length
 *
 * A shorter one is an older one: what it does not have was not said. A longer one is a newer one:
 * what we do not know must be zero, for it would be a wish that nobody hears. The rules by which
 * the structs grow are in docs/abi.md.
 */
#include "api/sized.h"

#include <string.h>

#include "base/memory.h"

static bool all_zero(const unsigned char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i])
            return false;
    return true;
}

/* `name` without the "tg_"; `init`: the one whose init function sets the size. */
static int sized_read(void *out, size_t size, const void *given, size_t given_size,
                      const char *name, const char *init, struct tg_error *err)
{
    if (given_size < sizeof(size_t) || given_size % sizeof(size_t) != 0)
        return error_set(err, TG_USAGE,
                         "struct tg_%s is given with the size %zu; begin with tg_%s_init()", name,
                         given_size, init);
    size_t known = given_size < size ? given_size : size;
    if (!all_zero((const unsigned char *)given + known, given_size - known))
        return error_set(err, TG_USAGE,
                         "struct tg_%s says what version %s of the library does not know; install "
                         "one that is as new as the header of the program",
                         name, tg_version());
    memset(out, 0, size);
    memcpy(out, given, known);
    return TG_OK;
}

static int read_schema(struct sized_options *out, struct tg_error *err)
{
    const struct tg_schema_options *schema = out->options.schema;
    if (!schema)
        return TG_OK;
    out->options.schema = &out->schema;
    return sized_read(&out->schema, sizeof(out->schema), schema, schema->size, "schema_options",
                      "schema_options", err);
}

/* *field points to it from here on. */
static int read_connection(struct tg_connection *out, const struct tg_connection **field,
                           struct tg_error *err)
{
    const struct tg_connection *given = *field;
    if (!given)
        return TG_OK;
    *field = out;
    return sized_read(out, sizeof(*out), given, given->size, "connection", "connection", err);
}

static int read_adbc(struct sized_options *out, struct tg_error *err)
{
    const struct tg_adbc *adbc = out->options.destination_adbc;
    if (!adbc)
        return TG_OK;
    out->options.destination_adbc = &out->adbc;
    return sized_read(&out->adbc, sizeof(out->adbc), adbc, adbc->size, "adbc", "adbc", err);
}

int sized_undo(struct tg_undo_options *out, const struct tg_undo_options *given,
               struct tg_error *err)
{
    return sized_read(out, sizeof(*out), given, given->size, "undo_options", "undo_options", err);
}

int sized_options(struct sized_options *out, const struct tg_pipeline_options *given,
                  struct tg_error *err)
{
    int rc = TG_OK;
    struct tg_pipeline_options *options = &out->options;
    TRY(sized_read(options, sizeof(*options), given, given->size, "pipeline_options",
                   "pipeline_options", err));
    TRY(read_schema(out, err));
    TRY(read_connection(&out->connection, &options->destination_connection, err));
    TRY(read_connection(&out->scratch, &options->scratch_connection, err));
    TRY(read_adbc(out, err));
done:
    return rc;
}

int sized_why(struct tg_why_options *out, const struct tg_why_options *given, struct tg_error *err)
{
    return sized_read(out, sizeof(*out), given, given->size, "why_options", "why_options", err);
}

int sized_plan(struct tg_plan_options *out, const struct tg_plan_options *given,
               struct tg_error *err)
{
    return sized_read(out, sizeof(*out), given, given->size, "plan_options", "plan_options", err);
}

int sized_reset(struct tg_reset_options *out, const struct tg_reset_options *given,
                struct tg_error *err)
{
    return sized_read(out, sizeof(*out), given, given->size, "reset_options", "reset_options", err);
}

int sized_advice(struct tg_advice_options *out, const struct tg_advice_options *given,
                 struct tg_error *err)
{
    return sized_read(out, sizeof(*out), given, given->size, "advice_options", "advice_options",
                      err);
}

int sized_backfill(struct tg_backfill_options *out, const struct tg_backfill_options *given,
                   struct tg_error *err)
{
    return sized_read(out, sizeof(*out), given, given->size, "backfill_options", "backfill_options",
                      err);
}

int sized_work(struct tg_work_options *out, const struct tg_work_options *given,
               struct tg_error *err)
{
    return sized_read(out, sizeof(*out), given, given->size, "work_options", "work_options", err);
}

int sized_window(struct tg_window_options *out, const struct tg_window_options *given,
                 struct tg_error *err)
{
    return sized_read(out, sizeof(*out), given, given->size, "window_options", "window_options",
                      err);
}

static int read_columns(struct sized_resource *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct tg_resource *resource = &out->resource;
    size_t given_size = resource->column_size, count = resource->column_count;
    const unsigned char *given = (const unsigned char *)resource->columns;
    if (!given || count == 0)
        return TG_OK;
    out->columns = mem_calloc(count, sizeof(*out->columns));
    if (!out->columns)
        return error_nomem(err);
    for (size_t i = 0; i < count; i++)
        TRY(sized_read(&out->columns[i], sizeof(*out->columns), given + i * given_size, given_size,
                       "column", "resource", err));
    resource->columns = out->columns;
done:
    return rc;
}

int sized_resource(struct sized_resource *out, const struct tg_resource *given,
                   struct tg_error *err)
{
    int rc = TG_OK;
    *out = (struct sized_resource){.columns = NULL};
    TRY(sized_read(&out->resource, sizeof(out->resource), given, given->size, "resource",
                   "resource", err));
    TRY(read_columns(out, err));
    TRY(read_connection(&out->connection, &out->resource.source_connection, err));
done:
    return rc;
}

void sized_resource_release(struct sized_resource *resource)
{
    mem_free(resource->columns);
    *resource = (struct sized_resource){.columns = NULL};
}
