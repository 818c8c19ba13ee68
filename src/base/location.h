/*
 * Where a database is, as a spec or a program says it.
 */
#ifndef TIDEGATE_BASE_LOCATION_H
#define TIDEGATE_BASE_LOCATION_H

#include "base/error.h"
#include "base/option.h"

struct tg_connection;
struct tg_option;

/* All is borrowed. */
struct location {
    const char *url;    /* "duckdb:///file" */
    const char *driver; /* of ADBC: a name, or the path of a library or a manifest; NULL: `url` */
    const char *uri;    /* what that driver opens; NULL: its options say it */
    const struct tg_option *options; /* the driver's */
    size_t option_count;
    const char *dialect;               /* NULL: by the names of the driver and its database */
    const char *dataset;               /* that the connection is for; NULL: whichever */
    const struct tg_connection *given; /* the program's own; NULL: none, else `url` only names it */
    bool create_indexes;               /* of a destination: what is unique gets an index */
    const char *scratch; /* a folder: what is not there is made in it; NULL: in its place */
    /* Nothing is to be changed or made: a file is opened beside others that read it, and without
     * permission to write. Of `given` that is the program's to see to. */
    bool read_only;
    const char *replace_strategy; /* of a destination, for who says none; NULL */
    /* Rows must not be hidden by a policy, whatever the URL says: they would be merged again. */
    bool whole;
};

/* Keys of one that is a map. */
extern const struct option location_options[];
extern const struct option destination_options[]; /* with those for what is loaded */

/* Do the keys go together? TG_SPEC; `key` names the map. */
int location_check(const struct location *where, const char *key,
                   struct tg_error *err) TG_CHECK_RESULT;

#define AT_URL(text) (&(const struct location){.url = (text)})

#endif
