/*
 * The sources there are.
 *
 * Each file of sources/ is a driver and ends in one const table, source_NAME; the build lists the
 * files in "sources.def", a line SOURCE(NAME) each. The spec's parser finds a driver by the `type`
 * of a source and reads its option tables.
 *
 * What a driver does is left to it (source.h).
 */
#include "extract/source.h"

#include <string.h>

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
