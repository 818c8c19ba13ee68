/*
 * For tests of src/write that hold at every destination: the same group at DuckDB and at
 * PostgreSQL. Include after cmocka.h.
 */
#ifndef TIDEGATE_TESTS_WRITE_BOTH_H
#define TIDEGATE_TESTS_WRITE_BOTH_H

#include "tests/postgres.h"
#include "tests/write/loads.h"

static inline int *failed_at_duckdb(void)
{
    static int count;
    return &count;
}

/* One after the other: of a sum either side may be computed first, and then both are PostgreSQL. */
#define run_at_both(name, tests)                                                                   \
    (*failed_at_duckdb() = cmocka_run_group_tests_name(name " (duckdb)", tests, NULL, NULL),       \
     fixture_url = postgres_uri(),                                                                 \
     *failed_at_duckdb() + cmocka_run_group_tests_name(name " (postgres)", tests, NULL, NULL))

#endif
