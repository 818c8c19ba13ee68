/* Tests of src/write/sql/shared.c: a table that another schema has, or another pipeline
 * has loaded, is not dropped, and its rows are not taken for gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/merges.h"
#include "tests/write/keys.h"

/* What another pipeline has stored: its newest schema counts. */
static void store(struct fixture *t, const char *schema, int version, const char *tables)
{
    char sql[1024];
    snprintf(sql, sizeof(sql),
             "INSERT INTO d._dlt_version VALUES (%d, 11, '2024-01-01', '%s', 'h%d', "
             "'{\"name\":\"%s\",\"version\":%d,\"engine_version\":11,\"version_hash\":\"h%d\","
             "\"settings\":{},\"normalizers\":{\"names\":\"snake_case\",\"json\":{\"module\":"
             "\"dlt.common.normalizers.json.relational\"}},\"tables\":{%s}}')",
             version, schema, version, schema, version, version, tables);
    fixture_exec(t, sql);
}

#define TABLE(name, seen)                                                                          \
    "\"" name "\":{\"name\":\"" name "\",\"resource\":\"r\",\"write_disposition\":\"append\","     \
    "\"x-normalizer\":{\"seen-data\":" seen "},\"columns\":{}}"

static void start_append(struct fixture *t)
{
    fixture_init(t);
    fixture_table(t, "person", NULL, DISPOSITION_APPEND);
    fixture_rows(t, "person", "id bigint", "1\n");
    FIXTURE_WRITE(t);
}

static int refresh(struct fixture *t)
{
    fixture_rows(t, "person", "id bigint", "2\n");
    fixture_part(t, "person")->dropped = true;
    package_manifest(t->package)->refresh = "drop_resources";
    return fixture_write(t);
}

static void test_a_table_of_two(void **state)
{
    (void)state;
    struct fixture t;
    start_append(&t);
    store(&t, "theirs", 1, TABLE("other", "true"));
    store(&t, "theirs", 2, TABLE("other", "true") "," TABLE("person", "true"));
    assert_int_equal(refresh(&t), TG_USAGE);
    assert_non_null(strstr(t.err.what, "table 'person' is schema 'theirs''s, too"));
    fixture_check(&t, "SELECT id FROM d.person", "1\n");
    fixture_check(&t, "SELECT count(*) FROM d._dlt_version WHERE schema_name = 'theirs'", "2\n");
    fixture_release(&t);
}

static void test_a_table_of_one(void **state)
{
    (void)state;
    struct fixture t;
    start_append(&t);
    store(&t, "theirs", 1, TABLE("person", "true"));
    store(&t, "theirs", 2, TABLE("person", "false"));
    FIXTURE_OK(&t, refresh(&t));
    fixture_counts(&t, 0, 1, 0, 1);
    fixture_check(&t, "SELECT id FROM d.person", "2\n");
    fixture_check(&t, "SELECT count(*) FROM d._dlt_version WHERE schema_name = 'theirs'", "2\n");
    fixture_check(&t, "SELECT count(*) FROM d._dlt_version WHERE schema_name = 'shop'", "1\n");
    fixture_release(&t);
}

/* The same schema, by another pipeline: with rows of its own the table stays, without it goes. */
static void test_a_table_of_two_pipelines(void **state)
{
    (void)state;
    struct fixture t;
    start_append(&t);
    fixture_exec(&t, "INSERT INTO d._tidegate_loads (load_id, table_name, resource_name, "
                     "disposition, rows_read, rows_new, rows_inserted, rows_updated, "
                     "rows_deleted, rows_filtered, rows_rejected, created_at, pipeline_name) "
                     "VALUES ('0.5', 'person', 'person', 'append', 0, 0, 0, 0, 0, 0, 0, "
                     "'2024-01-01', 'theirs')");
    FIXTURE_OK(&t, refresh(&t));
    fixture_exec(&t, "UPDATE d._tidegate_loads SET rows_inserted = 1 "
                     "WHERE pipeline_name = 'theirs'");
    fixture_exec(&t, "INSERT INTO d.person VALUES (7)");
    assert_int_equal(refresh(&t), TG_USAGE);
    assert_non_null(strstr(t.err.what, "table 'person' has been loaded by pipeline 'theirs', too"));
    assert_non_null(strstr(t.err.what, "use drop_data"));
    fixture_check(&t, "SELECT id FROM d.person ORDER BY 1", "2\n7\n");
    fixture_release(&t);
}

static void test_a_schema_that_cannot_be_read(void **state)
{
    (void)state;
    struct fixture t;
    start_append(&t);
    store(&t, "theirs", 1, TABLE("other", "true"));
    fixture_exec(&t, "UPDATE d._dlt_version SET schema = replace(schema, "
                     "'\"engine_version\":11', '\"engine_version\":99') "
                     "WHERE schema_name = 'theirs'");
    assert_int_not_equal(refresh(&t), TG_OK);
    assert_non_null(strstr(t.err.where, "schema 'theirs'"));
    fixture_check(&t, "SELECT id FROM d.person", "1\n");
    fixture_release(&t);
}

/* ---- rows that the source has no more ---- */

/* Of three rows at the destination, of loads 1.5, 0.5 and none, the load has none. */
static void start_rows(struct fixture *t)
{
    fixture_init(t);
    fixture_table(t, "person", NULL, DISPOSITION_MERGE);
    fixture_rows(t, "person", PERSON, "1|Ann|1.5|a\n2|Bob|0.5|b\n3|Cy|hand|c\n");
    FIXTURE_WRITE(t);
}

static void lose_rows(struct fixture *t)
{
    fixture_rows(t, "person", PERSON, "4|Di|2.5|d\n");
    fixture_absent(t, "person", false);
    FIXTURE_WRITE(t);
}

#define THEIRS(name, counts)                                                                       \
    "INSERT INTO d._tidegate_loads (load_id, table_name, resource_name, disposition, rows_read, "  \
    "rows_new, rows_inserted, rows_updated, rows_deleted, rows_filtered, rows_rejected, "          \
    "created_at, pipeline_name) VALUES ('0.5', '" name "', 'r', 'append', 0, 0, " counts           \
    ", 0, 0, 0, '2024-01-01', 'theirs')"

/* Nobody else is known to load into it: all that the source does not have is gone. */
static void test_rows_of_nobody(void **state)
{
    (void)state;
    struct fixture t;
    start_rows(&t);
    fixture_exec(&t, THEIRS("other", "5, 5"));
    fixture_exec(&t, THEIRS("person", "0, 0"));
    lose_rows(&t);
    fixture_counts(&t, 0, 1, 0, 3);
    fixture_check(&t, "SELECT id FROM d.person ORDER BY 1", "4\n");
    fixture_release(&t);
}

/* What they have only updated is theirs, too. */
static void test_rows_of_another_pipeline(void **state)
{
    (void)state;
    static const char *const loads[] = {THEIRS("person", "1, 0"), THEIRS("person", "0, 1")};
    for (size_t i = 0; i < 2; i++) {
        struct fixture t;
        start_rows(&t);
        fixture_exec(&t, loads[i]);
        lose_rows(&t);
        fixture_counts(&t, 0, 1, 0, 1);
        fixture_check(&t, "SELECT id FROM d.person ORDER BY 1", "2\n3\n4\n");
        fixture_release(&t);
    }
}

/* Names that differ in case alone are one table where the database takes them for one. */
static void test_names_in_another_case(void **state)
{
    (void)state;
    struct fixture t;
    start_rows(&t);
    fixture_exec(&t, THEIRS("Person", "1, 0"));
    lose_rows(&t);
    fixture_check(&t, "SELECT id FROM d.person ORDER BY 1", fixture_url ? "4\n" : "2\n3\n4\n");
    fixture_release(&t);
}

/* dlt records no pipeline, but a schema. */
static void test_rows_of_another_schema(void **state)
{
    (void)state;
    struct fixture t;
    start_rows(&t);
    store(&t, "theirs", 1, TABLE("person", "true"));
    fixture_exec(&t, "INSERT INTO d._dlt_loads VALUES ('0.5', 'theirs', 0, '2024-01-01', 'h')");
    fixture_exec(&t, "INSERT INTO d._dlt_loads VALUES ('hand', 'shop', 0, '2024-01-01', 'h')");
    lose_rows(&t);
    fixture_counts(&t, 0, 1, 0, 2);
    fixture_check(&t, "SELECT id FROM d.person ORDER BY 1", "2\n4\n");
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_table_of_two),
        cmocka_unit_test(test_a_table_of_one),
        cmocka_unit_test(test_a_table_of_two_pipelines),
        cmocka_unit_test(test_a_schema_that_cannot_be_read),
        cmocka_unit_test(test_rows_of_nobody),
        cmocka_unit_test(test_rows_of_another_pipeline),
        cmocka_unit_test(test_names_in_another_case),
        cmocka_unit_test(test_rows_of_another_schema),
    };
    return run_at_both("write/shared", tests);
}
