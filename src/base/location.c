/*
 * A place that is written as a map: its keys, and which of them go together.
 *
 * The destination of a spec and the connection of a source are read by those who own them
 * (config/spec.c, extract/sql/where.c); both ask here. Who opens a place is known in src/database.
 */
#include "base/location.h"

/* What says where any place is. */
#define PLACE                                                                                      \
    {.name = "url",                                                                                \
     .help = "As the text alone: duckdb:///file.duckdb, postgresql://user@host/name"},             \
        {.name = "driver",                                                                         \
         .help = "An ADBC driver: its name, or the path of its library or of its manifest."},      \
        {.name = "uri",                                                                            \
         .help =                                                                                   \
             "What the driver opens. A file lies beside the spec, unless its path is absolute."},  \
        {.name = "options",                                                                        \
         .type = OPTION_TEXT_MAP,                                                                  \
         .help = "The driver's options by their names, such as `username` and `password`."},       \
    {                                                                                              \
        .name = "dialect",                                                                         \
        .help = "What SQL the database takes, where the driver's name does not say it."            \
    }

const struct option location_options[] = {PLACE, OPTION_END};

const struct option destination_options[] = {
    PLACE,
    {.name = "create_indexes",
     .type = OPTION_BOOL,
     .fallback = "false",
     .help = "PostgreSQL: new tables get a unique index on each column that is `unique`, which "
             "`_dlt_id` is, as dlt makes it."},
    {.name = "replace_strategy",
     .choices = "delete-insert truncate-and-insert insert-from-staging staging-optimized",
     .fallback = "delete-insert",
     .help = "How `write_disposition: replace` is done where a resource does not say it."},
    OPTION_END,
};

int location_check(const struct location *where, const char *key, struct tg_error *err)
{
    const char *idle = where->uri            ? "uri"
                       : where->dialect      ? "dialect"
                       : where->option_count ? "options"
                                             : NULL;
    if (where->url && where->driver)
        return error_set(err, TG_SPEC,
                         "'%s' has both 'url' and 'driver'; what a driver opens is its 'uri'", key);
    if (!where->url && !where->driver)
        return error_set(err, TG_SPEC, "'%s' needs a 'url' or a 'driver'", key);
    if (where->url && idle)
        return error_set(err, TG_SPEC,
                         "'%s' has a 'url', to which '%s' says nothing; it goes with 'driver'", key,
                         idle);
    return TG_OK;
}
