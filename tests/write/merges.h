/*
 * For the tests of merges: one table of persons, with kids, and their toys. Include after cmocka.h.
 */
#ifndef TIDEGATE_TESTS_WRITE_MERGES_H
#define TIDEGATE_TESTS_WRITE_MERGES_H

#include "tests/write/loads.h"
#include "tests/write/golden.h"

#define PERSON "id bigint pk notnull|name text|_dlt_load_id text notnull|_dlt_id text row notnull"
#define KIDS                                                                                       \
    "n text|_dlt_root_id text root notnull|_dlt_parent_id text parent notnull|"                    \
    "_dlt_list_idx bigint notnull|_dlt_id text row notnull"

static inline void start(struct fixture *t)
{
    fixture_init(t);
    fixture_table(t, "person", NULL, DISPOSITION_MERGE);
}

static inline void start_nested(struct fixture *t)
{
    start(t);
    fixture_table(t, "person__kids", "person", DISPOSITION_NONE);
    fixture_table(t, "person__kids__toys", "person__kids", DISPOSITION_NONE);
}

#endif
