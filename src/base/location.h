/*
 * Where a database is, as a spec or a program says it.
 */
#ifndef TIDEGATE_BASE_LOCATION_H
#define TIDEGATE_BASE_LOCATION_H

/* All is borrowed. */
struct location {
    const char *url; /* "duckdb:///file" */
};

#define AT_URL(text) (&(const struct location){.url = (text)})

#endif
