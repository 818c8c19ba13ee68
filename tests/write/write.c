/*
 * Tests of src/write/sql/write.c: all or nothing, once, and no more than once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include <stdatomic.h>

#include "tests/torture.h"
#include "tests/write/second_load.h"

static void test_many_tables(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    char *path = second_load(&t);
    FIXTURE_OK(&t, fixture_write_sealed(&t, path));
    assert_false(t.result.already_written);
    assert_int_equal(t.result.count, 4);
    fixture_counts(&t, 0, 1, 1, 0);
    fixture_counts(&t, 1, 1, 0, 1);
    fixture_counts(&t, 2, 1, 0, 0);
    fixture_counts(&t, 3, 1, 0, 1);
    check_second_load(&t);
    mem_free(path);
    fixture_release(&t);
}

static void test_written_once(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    char *path = second_load(&t);
    FIXTURE_OK(&t, fixture_write_sealed(&t, path));
    FIXTURE_OK(&t, fixture_write_sealed(&t, path));
    assert_true(t.result.already_written);
    assert_int_equal(t.result.count, 4);
    fixture_counts(&t, 0, 0, 0, 0);
    check_second_load(&t);
    mem_free(path);
    fixture_release(&t);
}

/* A package that is like another in all but its own id. */
static int write_with_id(struct fixture *t, const char *path, const char *package_id)
{
    struct manifest manifest;
    FIXTURE_OK(t, package_open(path, &manifest, &t->err));
    manifest.package_id = package_id;
    write_result_release(&t->result);
    int rc = write_package(t->con, path, &manifest, NULL, &t->result, &t->err);
    manifest_release(&manifest);
    return rc;
}

static void test_one_id_two_packages(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    char *path = second_load(&t);
    FIXTURE_OK(&t, fixture_write_sealed(&t, path));
    assert_int_equal(write_with_id(&t, path, "0123"), TG_CONFLICT);
    assert_true(t.err.retryable);
    assert_non_null(strstr(t.err.what, "another load of dataset 'd' has the id '2.5'"));
    assert_int_equal(write_with_id(&t, path, ""), TG_CONFLICT);
    check_second_load(&t);
    mem_free(path);
    fixture_release(&t);
}

/* Ledger and package in the form of 0.1: columns and keys are fewer, the rules are the same. */
static void test_of_0_1(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    char *path = second_load(&t);
    fixture_exec(&t, "ALTER TABLE d._tidegate_loads DROP COLUMN package_id");
    fixture_exec(&t, "ALTER TABLE d._tidegate_loads DROP COLUMN pipeline_name");
    FIXTURE_OK(&t, write_with_id(&t, path, ""));
    assert_false(t.result.already_written);
    check_second_load(&t);
    fixture_check(&t,
                  "SELECT DISTINCT load_id, pipeline_name, package_id FROM d._tidegate_loads "
                  "ORDER BY 1",
                  "1.5|NULL|NULL\n2.5|shop_pipeline|NULL\n");
    FIXTURE_OK(&t, write_with_id(&t, path, ""));
    assert_true(t.result.already_written);
    assert_int_equal(write_with_id(&t, path, "0123"), TG_CONFLICT);
    check_second_load(&t);
    mem_free(path);
    fixture_release(&t);
}

/* Nothing but the number of the load tells that a newer one was first. */
static void test_older_than_the_newest(void **state)
{
    (void)state;
    static const char *const newer[] = {
        "INSERT INTO d._tidegate_loads (load_id, pipeline_name, table_name, resource_name, "
        "disposition, rows_read, rows_new, rows_inserted, rows_updated, rows_deleted, "
        "rows_filtered, rows_rejected, created_at) VALUES ('2.51', 'shop_pipeline', '', '', '', 0, "
        "0, 0, 0, 0, 0, 0, now())",
        "INSERT INTO d._dlt_loads VALUES ('10.5', 'shop', 0, now(), '')",
    };
    for (size_t i = 0; i < sizeof(newer) / sizeof(newer[0]); i++) {
        struct fixture t;
        start(&t);
        char *path = second_load(&t);
        fixture_exec(&t, newer[i]);
        assert_int_equal(fixture_write_sealed(&t, path), TG_CONFLICT);
        fixture_check(&t, "SELECT * FROM d.person", "1|Ann|a\n");
        mem_free(path);
        fixture_release(&t);
    }
}

/* No cursor moves where files are simply appended: the files tell that somebody was first. */
static void test_files_moved_on(void **state)
{
    (void)state;
    struct fixture t;
    struct bookmark file = {.resource = "person", .key = "/a.jsonl", .size = 1, .content = "c"};
    start(&t);
    t.changes_state = false;
    FIXTURE_OK(&t, manifest_add_bookmark(fixture_begin(&t), &file, &t.err));
    char *path = second_load(&t);
    fixture_exec(&t, "CREATE TABLE d._tidegate_files AS SELECT 'shop_pipeline' AS pipeline_name, "
                     "'person' AS resource_name, '/a.jsonl' AS path, 1 AS size, 1 AS modified_us, "
                     "'c' AS checksum, '1.5' AS load_id");
    assert_int_equal(fixture_write_sealed(&t, path), TG_CONFLICT);
    assert_non_null(strstr(t.err.what, "at state version 1 and load '1.5'"));
    fixture_check(&t, "SELECT * FROM d.person", "1|Ann|a\n");
    mem_free(path);
    fixture_release(&t);
}

static void test_state_moved_on(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    char *path = second_load(&t);
    fixture_exec(&t, "BEGIN");
    fixture_exec(&t, "INSERT INTO d._dlt_pipeline_state SELECT 2, 4, pipeline_name, state, "
                     "created_at, 'x', '9.9', 'y' FROM d._dlt_pipeline_state");
    fixture_exec(&t, "INSERT INTO d._dlt_loads VALUES ('9.9', 'shop', 0, now(), '')");
    fixture_exec(&t, "COMMIT");
    assert_int_equal(fixture_write_sealed(&t, path), TG_CONFLICT);
    assert_true(t.err.retryable);
    assert_non_null(strstr(t.err.what, "'shop_pipeline' is at state version 2"));
    assert_non_null(strstr(t.err.what, "started from version 1"));
    assert_string_equal(t.err.where, "load '2.5'");
    assert_int_equal(t.result.count, 0);
    fixture_check(&t, "SELECT * FROM d.person", "1|Ann|a\n");
    /* The same version by another hand is a conflict, too. */
    fixture_exec(&t, "UPDATE d._dlt_pipeline_state SET version = 1 WHERE version = 2");
    assert_int_equal(fixture_write_sealed(&t, path), TG_CONFLICT);
    mem_free(path);
    fixture_release(&t);
}

static void test_refused_row(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_exec(&t, "ALTER TABLE d.city ALTER COLUMN name SET NOT NULL");
    fixture_rows(&t, "person", PERSON, "1|Bea|b\n");
    fixture_rows(&t, "event", "id bigint", "2\n");
    fixture_rows(&t, "city", "name text", "NULL\n");
    assert_int_equal(fixture_write(&t), TG_DESTINATION);
    assert_string_equal(t.err.where, "load '2.5', table 'city'");
    check_first_load(&t);
    fixture_release(&t);
}

/* A strategy that there is not is refused before anything is done. */
static void test_unknown_strategy(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_rows(&t, "person", PERSON, "1|Bea|b\n");
    catalog_find(&t.catalog, "person")->merge_strategy = "scd9";
    assert_int_equal(fixture_write(&t), TG_USAGE);
    assert_non_null(strstr(t.err.what, "table 'person' is to be loaded by 'scd9'"));
    check_first_load(&t);
    fixture_release(&t);
}

static void test_path_with_wildcards(void **state)
{
    (void)state;
    struct fixture t;
    char folder[128];
    start(&t);
    char *path = second_load(&t);
    fixture_path(&t, "it's [a] *? x=1", folder);
    FIXTURE_OK(&t, fs_rename(path, folder, &t.err));
    FIXTURE_OK(&t, fixture_write_sealed(&t, folder));
    check_second_load(&t);
    mem_free(path);
    fixture_release(&t);
}

static void test_nothing_but_state(void **state)
{
    (void)state;
    struct fixture t;
    fixture_init(&t);
    FIXTURE_WRITE(&t);
    assert_int_equal(t.result.count, 0);
    fixture_check(&t, "SELECT version FROM d._dlt_pipeline_state", "1\n");
    fixture_check(&t, "SELECT load_id, table_name, length(package_id) FROM d._tidegate_loads",
                  "1.5||32\n");
    fixture_release(&t);
}

/* ---- somebody else changes the schema meanwhile ---- */

static void test_schema_moved_on(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    char *path = second_load(&t);
    store_other_schema(&t, t.con->driver, "text");
    FIXTURE_OK(&t, fixture_write_sealed(&t, path));
    check_columns(&t, "id name _dlt_id x age ");
    fixture_check(&t, "SELECT id, name, x, age FROM d.person ORDER BY 1",
                  "1|Bea|NULL|7\n2|Cy|NULL|8\n");
    fixture_check(&t, "SELECT version FROM d._dlt_version ORDER BY inserted_at", "2\n3\n4\n");
    mem_free(path);
    fixture_release(&t);
}

/* A package of 0.1 does not say what it started from. */
static void test_schema_moved_on_from_0_1(void **state)
{
    (void)state;
    struct fixture t;
    struct manifest manifest;
    start(&t);
    char *path = second_load(&t);
    store_other_schema(&t, t.con->driver, "text");
    FIXTURE_OK(&t, package_open(path, &manifest, &t.err));
    manifest.catalog_version_from = -1;
    manifest.catalog_hash_from = "";
    manifest.package_id = "";
    write_result_release(&t.result);
    FIXTURE_OK(&t, write_package(t.con, path, &manifest, NULL, &t.result, &t.err));
    check_columns(&t, "id name _dlt_id x age ");
    manifest_release(&manifest);
    mem_free(path);
    fixture_release(&t);
}

static void test_schema_contradicts(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_rows(&t, "person", PERSON "|x bigint", "2|Bea|b|7\n");
    char *path = fixture_seal(&t);
    store_other_schema(&t, t.con->driver, "text");
    assert_int_equal(fixture_write_sealed(&t, path), TG_CONFLICT);
    assert_true(t.err.retryable);
    assert_string_equal(t.err.where, "load '2.5'");
    fixture_check(&t, "SELECT id, name, x FROM d.person", "1|Ann|NULL\n");
    mem_free(path);
    fixture_release(&t);
}

/* ---- every statement may fail ---- */

static struct {
    const struct connection_driver *driver;
    int fail_at;    /* the n-th statement; 0: none */
    int fail_until; /* and all others before this one */
    int count;
    int code;
    const char *sqlstate;
    atomic_int cancel;
} trap;

static int trapped_exec(struct connection *con, const char *sql, uint64_t *changed,
                        struct tg_error *err)
{
    bool is_end = strcmp(sql, "ROLLBACK") == 0 || strcmp(sql, "COMMIT") == 0 ||
                  strncmp(sql, "DROP TABLE IF", 13) == 0; /* what fails then: tests/write/fate.c */
    int at = trap.count += !is_end;
    if (!is_end && (at == trap.fail_at || (at > trap.fail_at && at < trap.fail_until))) {
        if (trap.code == TG_CANCELLED) {
            atomic_store(&trap.cancel, 1);
        } else {
            int code = error_set(err, trap.code, "trapped");
            memcpy(err->sqlstate, trap.sqlstate, strlen(trap.sqlstate) + 1);
            return code;
        }
    }
    return trap.driver->exec(con, sql, changed, err);
}

/* Writes the second load with a failure at each of its statements in turn. */
static void fail_everywhere(struct fixture *t, int code, const char *sqlstate, int expected)
{
    char *path = second_load(t);
    struct connection_driver driver = *t->con->driver;
    trap.driver = t->con->driver;
    trap.code = code;
    trap.sqlstate = sqlstate;
    driver.exec = trapped_exec;
    int rc = expected;
    for (trap.fail_at = 1; rc == expected; trap.fail_at++) {
        trap.count = 0;
        t->con->driver = &driver;
        rc = fixture_write_sealed(t, path);
        t->con->driver = trap.driver;
        if (rc == expected)
            assert_int_equal(t->result.fate, code == TG_CANCELLED ? FATE_WAITS : FATE_REFUSED);
        if (code == TG_CANCELLED) {
            atomic_store(&trap.cancel, 0);
            connection_close(t->con);
            fixture_connect(t);
        }
        if (rc == expected)
            check_first_load(t);
    }
    FIXTURE_OK(t, rc);
    assert_true(trap.fail_at > 20);
    check_second_load(t);
    mem_free(path);
}

static void test_failure_at_every_statement(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fail_everywhere(&t, TG_DESTINATION, "", TG_DESTINATION);
    fixture_release(&t);
}

static void test_conflict_while_writing(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    char *path = second_load(&t);
    struct connection_driver driver = *t.con->driver;
    trap.driver = t.con->driver;
    trap.code = TG_DESTINATION;
    trap.sqlstate = "40001";
    trap.fail_at = 12;
    trap.fail_until = 100000;
    trap.count = 0;
    driver.exec = trapped_exec;
    t.con->driver = &driver;
    assert_int_equal(fixture_write_sealed(&t, path), TG_CONFLICT);
    assert_int_equal(t.err.code, TG_CONFLICT);
    assert_true(t.err.retryable);
    check_first_load(&t);
    /* The other one is done in the meantime. */
    trap.fail_until = 14;
    trap.count = 0;
    FIXTURE_OK(&t, fixture_write_sealed(&t, path));
    t.con->driver = trap.driver;
    trap.fail_until = 0;
    check_second_load(&t);
    mem_free(path);
    fixture_release(&t);
}

static void test_cancelled_at_every_statement(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    t.ctx.cancel = &trap.cancel;
    fail_everywhere(&t, TG_CANCELLED, "", TG_CANCELLED);
    fixture_release(&t);
}

/* ---- out of memory ---- */

static struct fixture tortured;
static struct manifest tortured_manifest;
static char *tortured_path;

static int write_once(void)
{
    struct write_result result;
    int rc = write_package(tortured.con, tortured_path, &tortured_manifest, NULL, &result,
                           &tortured.err);
    write_result_release(&result); /* what became of a commit may be unknown */
    if (rc == TG_NOMEM)
        check_first_load(&tortured);
    return rc;
}

static void test_out_of_memory(void **state)
{
    (void)state;
    start(&tortured);
    tortured_path = second_load(&tortured);
    FIXTURE_OK(&tortured, package_open(tortured_path, &tortured_manifest, &tortured.err));
    torture(write_once);
    check_second_load(&tortured);
    manifest_release(&tortured_manifest);
    mem_free(tortured_path);
    fixture_release(&tortured);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_tables),
        cmocka_unit_test(test_written_once),
        cmocka_unit_test(test_one_id_two_packages),
        cmocka_unit_test(test_of_0_1),
        cmocka_unit_test(test_older_than_the_newest),
        cmocka_unit_test(test_files_moved_on),
        cmocka_unit_test(test_state_moved_on),
        cmocka_unit_test(test_refused_row),
        cmocka_unit_test(test_unknown_strategy),
        cmocka_unit_test(test_path_with_wildcards),
        cmocka_unit_test(test_nothing_but_state),
        cmocka_unit_test(test_schema_moved_on),
        cmocka_unit_test(test_schema_moved_on_from_0_1),
        cmocka_unit_test(test_schema_contradicts),
        cmocka_unit_test(test_failure_at_every_statement),
        cmocka_unit_test(test_conflict_while_writing),
        cmocka_unit_test(test_cancelled_at_every_statement),
        cmocka_unit_test(test_out_of_memory),
    };
    return run_at_both("write/write", tests);
}
