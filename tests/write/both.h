/*
 * For tests of src/write that hold at every destination: the same group at DuckDB and at
 * PostgreSQL. Include after cmocka.h.
 */
#ifndef TIDEGATE_TESTS_WRITE_BOTH_H
#define TIDEGATE_TESTS_WRITE_BOTH_H

#include "tests/postgres.h"
#include "tests/write/loads.h"

#define run_at_both(name, tests)                                                                   \
    (cmocka_run_group_tests_name(name " (duckdb)", tests, NULL, NULL) +                            \
     ((fixture_url = postgres_uri()),                                                              \
      cmocka_run_group_tests_name(name " (postgres)", tests, NULL, NULL)))

#endif
