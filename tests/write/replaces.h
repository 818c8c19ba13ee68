/*
 * For the tests of the ways to replace: what each of them does. Include after golden.h.
 *
 *     replaces_all(strategy)     rows, nested rows, nothing at all, one load after the other
 *     replaces_nothing_then_fails(strategy)   a load that fails leaves all old rows
 *     replaces_golden(strategy, name)
 */
#ifndef TIDEGATE_TESTS_WRITE_REPLACES_H
#define TIDEGATE_TESTS_WRITE_REPLACES_H

#define TAGS "value text|_dlt_parent_id text parent|_dlt_id text row"
#define CITY "name text|_dlt_id text row"

/* Two cities and three tags, and a table that is somebody else's. */
static inline void replaces_start(struct fixture *t, const char *strategy)
{
    fixture_init(t);
    fixture_table(t, "city", NULL, DISPOSITION_REPLACE)->replace_strategy = strategy;
    fixture_table(t, "city__tags", "city", DISPOSITION_NONE);
    fixture_table(t, "other", NULL, DISPOSITION_APPEND);
    fixture_rows(t, "city", CITY, "Rome|a\nOslo|b\n");
    fixture_rows(t, "city__tags", TAGS, "old|a|a0\nnew|b|b0\nbig|b|b1\n");
    fixture_rows(t, "other", "id bigint", "1\n");
    fixture_part(t, "city")->replaced = true;
    FIXTURE_WRITE(t);
    fixture_counts(t, 0, 2, 0, 0);
}

static inline void replaces_all(const char *strategy)
{
    struct fixture t;
    replaces_start(&t, strategy);
    FIXTURE_OK(&t, connection_exec(t.con, "ALTER TABLE d.city ADD COLUMN note text", NULL, &t.err));
    fixture_rows(&t, "city", CITY "|size bigint", "Bern|c|1\nBern|d|NULL\nRiga|e|3\n");
    fixture_rows(&t, "city__tags", TAGS, "old|e|e0\n");
    fixture_part(&t, "city")->replaced = true;
    fixture_part(&t, "other");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 3, 0, 2);
    fixture_counts(&t, 1, 1, 0, 3);
    fixture_check(&t, "SELECT name, size, note FROM d.city ORDER BY 1, 2",
                  "Bern|1|NULL\nBern|NULL|NULL\nRiga|3|NULL\n");
    fixture_check(&t, "SELECT value, _dlt_parent_id FROM d.city__tags", "old|e\n");
    /* Of the nested table nothing came. */
    fixture_rows(&t, "city", CITY, "Kiel|f\n");
    fixture_part(&t, "city")->replaced = true;
    fixture_part(&t, "city__tags");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 1, 0, 3);
    fixture_counts(&t, 1, 0, 0, 1);
    fixture_check(&t, "SELECT count(*) FROM d.city__tags", "0\n");
    /* Nothing at all. */
    fixture_part(&t, "city")->replaced = true;
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 0, 1);
    fixture_check(&t, "SELECT count(*) FROM d.city", "0\n");
    fixture_check(&t, "SELECT id FROM d.other", "1\n");
    fixture_check(&t,
                  "SELECT table_name FROM information_schema.tables WHERE table_schema = 'd' "
                  "AND table_name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY 1",
                  "city\ncity__tags\nother\n");
    fixture_no_temporary(&t);
    fixture_release(&t);
}

/* A second table that cannot be filled. */
static inline void replaces_nothing_then_fails(const char *strategy)
{
    struct fixture t;
    replaces_start(&t, strategy);
    FIXTURE_OK(&t, connection_exec(t.con, "CREATE UNIQUE INDEX one ON d.other (id)", NULL, &t.err));
    fixture_rows(&t, "city", CITY, "Bern|c\n");
    fixture_part(&t, "city")->replaced = true;
    fixture_rows(&t, "other", "id bigint", "1\n");
    assert_int_not_equal(fixture_write(&t), TG_OK);
    fixture_check(&t, "SELECT name FROM d.city ORDER BY 1", "Oslo\nRome\n");
    fixture_check(&t, "SELECT count(*) FROM d.city__tags", "3\n");
    fixture_no_temporary(&t);
    fixture_release(&t);
}

static inline void replaces_golden(const char *strategy, const char *name)
{
    struct fixture t;
    struct described there = {0};
    fixture_init(&t);
    fixture_table(&t, "city", NULL, DISPOSITION_REPLACE)->replace_strategy = strategy;
    fixture_table(&t, "city__tags", "city", DISPOSITION_NONE);
    golden_columns(&t, "city", CITY);
    golden_columns(&t, "city__tags", TAGS);
    golden_there(&t, &there, "city");
    golden_there(&t, &there, "city__tags");
    golden_file(&t, "city", CITY, "city.1.parquet");
    golden_check(&t, &there, name, GOLDEN_DATA);
    fixture_release(&t);
}

#endif
