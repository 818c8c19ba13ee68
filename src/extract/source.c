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
#include "tidegate_connection.h"

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
    struct source_request request;
    struct source *source;
};

static bool same_given(const struct tg_connection *a, const struct tg_connection *b)
{
    if (!a || !b)
        return a == b;
    return strcmp(a->name, b->name) == 0 && a->user == b->user && a->open == b->open;
}

/* A program may give each resource options of its own. */
static bool same_request(const struct source_request *a, const struct source_request *b)
{
    bool same = a->value_count == b->value_count && strcmp(a->name, b->name) == 0 &&
                same_given(a->given, b->given);
    for (size_t i = 0; same && i < a->value_count; i++) {
        const char *text = a->values[i].text, *other = b->values[i].text;
        same = text && other ? strcmp(text, other) == 0 : text == other;
    }
    return same;
}

static struct source **find_open(const struct sources *sources, const struct source_driver *driver,
                                 const struct source_request *request)
{
    for (size_t i = 0; i < sources->count; i++)
        if (sources->items[i].driver == driver && same_request(&sources->items[i].request, request))
            return &sources->items[i].source;
    return NULL;
}

static int open_source(struct sources *sources, const struct source_driver *driver,
                       const struct source_request *request, struct tg_error *err)
{
    struct open_source opened = {.driver = driver, .request = *request};
    int rc = TG_OK;
    TRY(mem_grow(&sources->items, &sources->cap, sources->count + 1, sizeof(*sources->items), err));
    TRY(driver->open(request, &opened.source, err));
    sources->items[sources->count++] = opened;
done:
    return rc;
}

/* The source of a request, which is opened if it is not yet; NULL: its resources share nothing. */
static int find_source(struct sources *sources, const struct source_driver *driver,
                       const struct resource_request *request, struct source **out,
                       struct tg_error *err)
{
    struct source **found;
    int rc = TG_OK;
    if (driver->open && !find_open(sources, driver, &request->source))
        TRY(open_source(sources, driver, &request->source, err));
    found = find_open(sources, driver, &request->source);
    *out = found ? *found : NULL;
done:
    return rc;
}

int sources_read(struct sources *sources, const struct source_driver *driver,
                 const struct resource_request *request, struct page_stream **out,
                 struct tg_error *err)
{
    struct source *source;
    int rc = TG_OK;
    *out = NULL;
    TRY(find_source(sources, driver, request, &source, err));
    TRY(driver->read(source, request, out, err));
done:
    return rc;
}

bool sources_have_room(const struct sources *sources, const struct source_driver *driver,
                       const struct resource_request *request)
{
    struct source **found = driver->has_room ? find_open(sources, driver, &request->source) : NULL;
    return found && driver->has_room(*found);
}

int sources_describe(struct sources *sources, const struct source_driver *driver,
                     const struct resource_request *request, struct arena *arena,
                     struct source_facts *out, struct tg_error *err)
{
    struct source *source;
    int rc = TG_OK;
    *out = (struct source_facts){0};
    if (!driver->describe)
        return TG_OK;
    TRY(find_source(sources, driver, request, &source, err));
    TRY(driver->describe(source, request, arena, out, err));
done:
    return rc;
}

int sources_list(struct sources *sources, const struct source_driver *driver,
                 const struct resource_request *request, struct arena *arena,
                 struct source_members *out, struct tg_error *err)
{
    struct source *source;
    int rc = TG_OK;
    *out = (struct source_members){0};
    if (!driver->list)
        return TG_OK;
    TRY(find_source(sources, driver, request, &source, err));
    TRY(driver->list(source, request, arena, out, err));
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
