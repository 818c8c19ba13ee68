/*
 * The sources there are, and those that a run has open.
 *
 * Each file of sources/ is a driver and ends in one const table, source_NAME; the build lists the
 * files in "sources.def", a line SOURCE(NAME) each. The spec's parser finds a driver by the `type`
 * of a source and reads its option tables.
 *
 * Path of a run: sources_read (find_open, or driver->open) -> driver->read -> sources_close.
 *
 * What a driver does is left to it (source.h).
 */
#include "extract/source.h"

#include <string.h>

#include "base/memory.h"

#define SOURCE(name) extern const struct source_driver source_##name;
#include "sources.def"
#undef SOURCE

static const struct source_driver *const drivers[] = {
#define SOURCE(name) &source_##name,
#include "sources.def"
#undef SOURCE
};

enum { DRIVER_COUNT = sizeof(drivers) / sizeof(drivers[0]) };

const struct source_driver *source_find(const char *name)
{
    for (size_t i = 0; i < DRIVER_COUNT; i++)
        if (strcmp(drivers[i]->name, name) == 0)
            return drivers[i];
    return NULL;
}

int source_call_failed(const char *name, int code, struct tg_error *err)
{
    int known = code > TG_OK && code <= TG_INTERNAL ? code : TG_SOURCE;

    if (err && err->what[0] == '\0')
        return error_set(err, known, "%s returned %d without a message; fill err->what", name,
                         code);
    if (err)
        err->code = known;
    return known;
}

const struct source_driver *const *source_list(size_t *count)
{
    *count = DRIVER_COUNT;
    return drivers;
}

/* ---- What is open -------------------------------------------------------------------------- */

struct open_source {
    const struct source_driver *driver;
    const char *name;
    struct source *source;
};

static struct source **find_open(const struct sources *sources, const struct source_driver *driver,
                                 const char *name)
{
    for (size_t i = 0; i < sources->count; i++)
        if (sources->items[i].driver == driver && strcmp(sources->items[i].name, name) == 0)
            return &sources->items[i].source;
    return NULL;
}

static int open_source(struct sources *sources, const struct source_driver *driver,
                       const struct source_request *request, struct tg_error *err)
{
    struct open_source opened = {.driver = driver, .name = request->name};
    int rc = TG_OK;

    TRY(mem_grow(&sources->items, &sources->cap, sources->count + 1, sizeof(*sources->items), err));
    TRY(driver->open(request, &opened.source, err));
    sources->items[sources->count++] = opened;
done:
    return rc;
}

int sources_read(struct sources *sources, const struct source_driver *driver,
                 const struct resource_request *request, struct page_stream **out,
                 struct tg_error *err)
{
    struct source **found;
    int rc = TG_OK;

    *out = NULL;
    if (driver->open && !find_open(sources, driver, request->source.name))
        TRY(open_source(sources, driver, &request->source, err));
    found = find_open(sources, driver, request->source.name);
    TRY(driver->read(found ? *found : NULL, request, out, err));
done:
    return rc;
}

void sources_close(struct sources *sources)
{
    for (size_t i = sources->count; i > 0; i--)
        sources->items[i - 1].driver->close(sources->items[i - 1].source);
    mem_free(sources->items);
    *sources = (struct sources){0};
}
