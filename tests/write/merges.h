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

/* With rows there, so that others meet them. */
static inline void start_strategy(struct fixture *t, const char *strategy, bool skip)
{
    start(t);
    struct table *table = catalog_find(&t->catalog, "person");
    table->merge_strategy = strategy;
    if (skip)
        FIXTURE_OK(t, extra_set(&t->catalog, &table->extras, "x-merge-skip-unchanged-rows", "true",
                                &t->err));
}

static inline void nest_kids(struct fixture *t)
{
    fixture_table(t, "person__kids", "person", DISPOSITION_NONE);
    fixture_table(t, "person__kids__toys", "person__kids", DISPOSITION_NONE);
}

static inline void start_nested(struct fixture *t)
{
    start(t);
    nest_kids(t);
}

/* Rows of the load that were left alone, of the i-th table. */
static inline void fixture_unchanged(const struct fixture *t, size_t i, uint64_t unchanged)
{
    assert_true(i < t->result.count);
    assert_int_equal(t->result.counts[i].rows_unchanged, unchanged);
}

#endif
