/*
 * For tests: DuckDB as a program would give it, with exec and query alone. All else is done in SQL
 * (src/database/defaults.c). The connection must be open already, by its own driver, and is given
 * back to it before it is closed. Include after cmocka.h.
 */
#ifndef TIDEGATE_TESTS_DATABASE_PLAIN_H
#define TIDEGATE_TESTS_DATABASE_PLAIN_H

#include "database/connection.h"

struct plain {
    const struct connection_driver *own;
    const struct dialect *dialect;
    struct connection_driver driver;
};

static inline void plain_take(struct plain *plain, struct connection *con)
{
    *plain = (struct plain){.own = con->driver, .dialect = con->dialect};
    plain->driver =
        (struct connection_driver){.exec = con->driver->exec, .query = con->driver->query};
    con->driver = &plain->driver;
}

static inline void plain_give_back(struct plain *plain, struct connection *con)
{
    con->driver = plain->own;
    con->dialect = plain->dialect;
}

#endif
