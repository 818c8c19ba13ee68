/*
 * Tests of src/write/sql/dlt_staging.c: what dlt has staged of a table that is dropped goes
 * with it, and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/loads.h"

static void start(struct fixture *t)
{
    fixture_init(t);
    fixture_table(t, "person", NULL, DISPOSITION_APPEND);
    fixture_rows(t, "person", "id bigint", "1\n");
    FIXTURE_WRITE(t);
}

static void drop(struct fixture *t)
{
    fixture_rows(t, "person", "id bigint", "2\n");
    fixture_part(t, "person")->dropped = true;
    package_manifest(t->package)->refresh = "drop_resources";
    FIXTURE_WRITE(t);
    fixture_check(t, "SELECT id FROM d.person", "2\n");
}

#define STAGED                                                                                     \
    "SELECT table_name FROM information_schema.tables WHERE table_schema = 'd_staging' ORDER BY 1"

static void test_copies_go(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_exec(&t, "CREATE SCHEMA d_staging");
    fixture_exec(&t, "CREATE TABLE d_staging.person (id bigint)");
    fixture_exec(&t, "CREATE TABLE d_staging.other (id bigint)");
    fixture_exec(&t, "CREATE TABLE d_staging._dlt_version (schema_name varchar)");
    fixture_exec(&t, "INSERT INTO d_staging._dlt_version VALUES ('shop'), ('theirs')");
    drop(&t);
    fixture_check(&t, STAGED, "_dlt_version\nother\n");
    fixture_check(&t, "SELECT schema_name FROM d_staging._dlt_version", "theirs\n");
    drop(&t); /* of what is staged no table is dropped: its versions stay */
    fixture_exec(&t, "INSERT INTO d_staging._dlt_version VALUES ('shop')");
    drop(&t);
    fixture_check(&t, "SELECT count(*) FROM d_staging._dlt_version", "2\n");
    fixture_exec(&t, "DROP SCHEMA d_staging CASCADE");
    fixture_release(&t);
}

static void test_nothing_is_staged(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    drop(&t);
    fixture_check(&t, STAGED, "");
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copies_go),
        cmocka_unit_test(test_nothing_is_staged),
    };
    return run_at_both("write/dlt_staging", tests);
}
