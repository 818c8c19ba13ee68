/*
 * Tests of src/write/dispositions/staging_optimized.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/golden.h"
#include "tests/write/replaces.h"

static void test_replaces(void **state)
{
    (void)state;
    replaces_all("staging-optimized");
}

static void test_fails(void **state)
{
    (void)state;
    replaces_nothing_then_fails("staging-optimized");
}

static void test_not_here(void **state)
{
    (void)state;
    struct fixture t;
    replaces_start(&t, NULL);
    catalog_find(&t.catalog, "city")->replace_strategy = "staging-optimized";
    fixture_part(&t, "city")->replaced = true;
    assert_int_equal(fixture_write(&t), TG_USAGE);
    assert_non_null(strstr(t.err.what, "duckdb has no table swapped"));
    fixture_check(&t, "SELECT count(*) FROM d.city", "2\n");
    fixture_release(&t);
}

/* Indexes, defaults, checks and what is said of columns go along, more than once. */
static void test_what_stays(void **state)
{
    (void)state;
    struct fixture t;
    static const char *const given[] = {
        "ALTER TABLE d.city ADD COLUMN note text DEFAULT 'none'",
        "ALTER TABLE d.city ADD CHECK (name <> 'Atlantis')",
        "CREATE UNIQUE INDEX by_id ON d.city (_dlt_id)",
        "COMMENT ON COLUMN d.city.name IS 'as people say it'",
    };
    replaces_start(&t, "staging-optimized");
    for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++)
        FIXTURE_OK(&t, connection_exec(t.con, given[i], NULL, &t.err));
    for (int i = 0; i < 3; i++) {
        fixture_rows(&t, "city", CITY, "Bern|c\nRiga|e\n");
        fixture_part(&t, "city")->replaced = true;
        FIXTURE_WRITE(&t);
    }
    fixture_check(&t, "SELECT name, note FROM d.city ORDER BY 1", "Bern|none\nRiga|none\n");
    fixture_check(&t,
                  "SELECT count(*), bool_and(indisunique) FROM pg_index "
                  "WHERE indrelid = 'd.city'::regclass",
                  "1|true\n");
    fixture_check(&t, "SELECT col_description('d.city'::regclass, 1)", "as people say it\n");
    fixture_check(&t,
                  "SELECT count(*) FROM pg_constraint WHERE conrelid = 'd.city'::regclass "
                  "AND contype = 'c'",
                  "1\n");
    fixture_release(&t);
}

/* A view is bound to the table that would go. */
static void test_a_view(void **state)
{
    (void)state;
    struct fixture t;
    replaces_start(&t, "staging-optimized");
    FIXTURE_OK(&t,
               connection_exec(t.con, "CREATE VIEW d.v AS SELECT name FROM d.city", NULL, &t.err));
    fixture_rows(&t, "city", CITY, "Bern|c\n");
    fixture_part(&t, "city")->replaced = true;
    assert_int_equal(fixture_write(&t), TG_DESTINATION);
    assert_non_null(strstr(t.err.what, "other objects depend on it"));
    assert_string_equal(t.err.table, "city");
    fixture_check(&t, "SELECT name FROM d.v ORDER BY 1", "Oslo\nRome\n");
    fixture_release(&t);
}

/* What would be lost in silence. */
struct loss {
    const char *given[3];
    const char *reason;
};

static void refuses(const struct loss *loss)
{
    struct fixture t;
    replaces_start(&t, "staging-optimized");
    for (size_t i = 0; i < 3 && loss->given[i]; i++)
        FIXTURE_OK(&t, connection_exec(t.con, loss->given[i], NULL, &t.err));
    fixture_rows(&t, "city", CITY, "Bern|c\n");
    fixture_part(&t, "city")->replaced = true;
    assert_int_equal(fixture_write(&t), TG_DATA);
    assert_string_equal(t.err.table, "city");
    assert_non_null(strstr(t.err.what, "use strategy delete-insert or insert-from-staging"));
    assert_non_null(strstr(t.err.what, loss->reason));
    fixture_check(&t, "SELECT name FROM d.city ORDER BY 1", "Oslo\nRome\n");
    fixture_check(&t, "SELECT count(*) FROM pg_class WHERE relname LIKE '_tidegate_new%'", "0\n");
    fixture_release(&t);
}

static void test_row_security(void **state)
{
    (void)state;
    refuses(&(struct loss){{"ALTER TABLE d.city ENABLE ROW LEVEL SECURITY"}, "row level security"});
    refuses(
        &(struct loss){{"CREATE POLICY p ON d.city USING (name = 'Oslo')"}, "row level security"});
}

static void test_a_partition(void **state)
{
    (void)state;
    refuses(&(struct loss){{"CREATE TABLE d.all_cities (LIKE d.city) PARTITION BY LIST (name)",
                            "ALTER TABLE d.all_cities ATTACH PARTITION d.city DEFAULT"},
                           "partitions, or is one"});
    refuses(&(struct loss){
        {"CREATE TABLE d.places (LIKE d.city)", "ALTER TABLE d.city INHERIT d.places"},
        "inheritance"});
    refuses(&(struct loss){{"ALTER TABLE d.city RENAME TO capitals",
                            "CREATE TABLE d.city (LIKE d.capitals) PARTITION BY LIST (name)",
                            "ALTER TABLE d.city ATTACH PARTITION d.capitals DEFAULT"},
                           "partitions, or is one"});
}

static void test_a_publication(void **state)
{
    (void)state;
    refuses(&(struct loss){{"DROP PUBLICATION IF EXISTS tidegate_swap",
                            "CREATE PUBLICATION tidegate_swap FOR TABLE d.city"},
                           "a publication"});
}

static void test_a_serial(void **state)
{
    (void)state;
    refuses(
        &(struct loss){{"ALTER TABLE d.city ADD COLUMN number serial"}, "a sequence of its own"});
}

static void test_golden(void **state)
{
    (void)state;
    replaces_golden("staging-optimized", "staging_optimized");
}

int main(void)
{
    const struct CMUnitTest there[] = {
        cmocka_unit_test(test_not_here),
        cmocka_unit_test_setup(test_golden, golden_postgres),
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replaces),      cmocka_unit_test(test_fails),
        cmocka_unit_test(test_what_stays),    cmocka_unit_test(test_a_view),
        cmocka_unit_test(test_row_security),  cmocka_unit_test(test_a_partition),
        cmocka_unit_test(test_a_publication), cmocka_unit_test(test_a_serial),
    };
    int failed = cmocka_run_group_tests_name("write/staging_optimized (duckdb)", there, NULL, NULL);
    fixture_url = postgres_uri();
    return failed +
           cmocka_run_group_tests_name("write/staging_optimized (postgres)", tests, NULL, NULL);
}
