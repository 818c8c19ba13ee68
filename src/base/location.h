/*
 * Where a database is, as a spec or a program says it.
 */
#ifndef TIDEGATE_BASE_LOCATION_H
#define TIDEGATE_BASE_LOCATION_H

struct tg_connection;

/* All is borrowed. */
struct location {
    const char *url;                   /* "duckdb:///file" */
    const struct tg_connection *given; /* the program's own; NULL: none, else `url` only names it */
};

#define AT_URL(text) (&(const struct location){.url = (text)})

#endif
