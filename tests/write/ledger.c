/*
 * Tests of src/write/sql/ledger.c: what is read, from nothing up to a dataset that dlt has filled.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/torture.h"
#include "tests/write/loads.h"

static void read_ledger(struct fixture *t, struct ledger *ledger)
{
    FIXTURE_OK(t, fixture_ledger(t, "shop_pipeline", ledger));
}

static void test_nothing_there(void **state)
{
    (void)state;
    struct fixture t;
    struct ledger ledger;
    fixture_init(&t);
    read_ledger(&t, &ledger);
    assert_int_equal(ledger.state_version, 0);
    assert_string_equal(ledger.state_hash, "");
    assert_null(ledger.state_blob);
    assert_null(ledger.schema_json);
    assert_int_equal(ledger.boundary_count + ledger.bookmark_count, 0);
    ledger_release(&ledger);
    /* The dataset is there, but another pipeline's; a state table may lack its loads. */
    fixture_exec(&t, "CREATE SCHEMA d");
    fixture_exec(&t, "CREATE TABLE d._dlt_pipeline_state (version BIGINT)");
    read_ledger(&t, &ledger);
    assert_null(ledger.state_blob);
    ledger_release(&ledger);
    fixture_release(&t);
}

static enum load_found find_load(struct fixture *t, const char *load_id, struct ledger *ledger)
{
    enum load_found found;
    const struct manifest manifest = {.dataset = "d",
                                      .pipeline = "shop_pipeline",
                                      .schema = "shop",
                                      .load_id = load_id,
                                      .package_id = "",
                                      .follows = ""};
    FIXTURE_OK(t, fixture_find_load(t, &manifest, &found, ledger));
    return found;
}

/* Tables as dlt 1.26 makes them, with a load that failed, an older one, and another pipeline's. */
static void fill_as_dlt(struct fixture *t)
{
    fixture_exec(t, "CREATE SCHEMA d");
    fixture_exec(t, "CREATE TABLE d._dlt_loads(load_id VARCHAR NOT NULL, schema_name VARCHAR, "
                    "status BIGINT NOT NULL, inserted_at TIMESTAMP WITH TIME ZONE NOT NULL, "
                    "schema_version_hash VARCHAR)");
    fixture_exec(t,
                 "CREATE TABLE d._dlt_pipeline_state(\"version\" BIGINT NOT NULL, "
                 "engine_version BIGINT NOT NULL, pipeline_name VARCHAR NOT NULL, "
                 "state VARCHAR NOT NULL, created_at TIMESTAMP WITH TIME ZONE NOT NULL, "
                 "version_hash VARCHAR, _dlt_load_id VARCHAR NOT NULL, _dlt_id VARCHAR NOT NULL)");
    fixture_exec(t,
                 "CREATE TABLE d._dlt_version(\"version\" BIGINT NOT NULL, "
                 "engine_version BIGINT NOT NULL, inserted_at TIMESTAMP WITH TIME ZONE NOT NULL, "
                 "schema_name VARCHAR NOT NULL, version_hash VARCHAR NOT NULL, "
                 "\"schema\" VARCHAR NOT NULL)");
    fixture_exec(t, "INSERT INTO d._dlt_loads VALUES ('1700000000.1', 'shop', 0, now(), 'h1'), "
                    "('1700000001.1', 'shop', 0, now(), 'h2'), "
                    "('1700000002.1', 'shop', 1, now(), 'h3'), "
                    "('1700000003.1', 'other', 0, now(), 'h4')");
    fixture_exec(t,
                 "INSERT INTO d._dlt_pipeline_state VALUES "
                 "(3, 4, 'shop_pipeline', '{\"_state_version\":3,\"_state_engine_version\":4}', "
                 "now(), 'hash 3', '1700000001.1', 'b'), "
                 "(2, 4, 'shop_pipeline', '{\"blob\":2}', now(), 'hash 2', '1700000000.1', 'a'), "
                 "(4, 4, 'shop_pipeline', '{\"blob\":4}', now(), 'hash 4', '1700000002.1', 'c'), "
                 "(5, 4, 'shop_pipeline', '{\"blob\":5}', now(), 'hash 5', '1700000009.1', 'd'), "
                 "(9, 4, 'other', '{\"_state_version\":9,\"_state_engine_version\":4,"
                 "\"default_schema_name\":\"it''s\"}', now(), NULL, '1700000003.1', 'e')");
    fixture_exec(t, "INSERT INTO d._dlt_version VALUES "
                    "(1, 11, '2024-01-01', 'shop', 'h1', '{\"v\":1}'), "
                    "(3, 11, '2024-01-02', 'shop', 'h3', '{\"v\":3}'), "
                    "(2, 11, '2024-01-02', 'shop', 'h2', '{\"v\":2}'), "
                    "(9, 11, '2024-01-03', 'it''s', 'h9', '{\"v\":9}')");
}

static void test_newest_of_finished_loads(void **state)
{
    (void)state;
    struct fixture t;
    struct ledger ledger;
    fixture_init(&t);
    fill_as_dlt(&t);
    read_ledger(&t, &ledger);
    assert_int_equal(ledger.state_version, 3);
    assert_string_equal(ledger.state_hash, "hash 3");
    assert_string_equal(ledger.state_blob, "{\"_state_version\":3,\"_state_engine_version\":4}");
    assert_string_equal(ledger.schema, "shop");
    assert_string_equal(ledger.schema_json, "{\"v\":3}");
    assert_int_equal(ledger.schema_version, 3);
    assert_string_equal(ledger.schema_hash, "h3");
    assert_int_equal(ledger.schema_us, INT64_C(1704153600000000));
    ledger_release(&ledger);
    /* Whatever the clock said then. */
    fixture_exec(&t, "UPDATE d._dlt_version SET inserted_at = '2030-01-01' WHERE version = 1");
    read_ledger(&t, &ledger);
    assert_string_equal(ledger.schema_json, "{\"v\":3}");
    assert_int_equal(ledger.schema_us, INT64_C(1893456000000000));
    ledger_release(&ledger);
    FIXTURE_OK(&t, fixture_ledger(&t, "other", &ledger));
    assert_int_equal(ledger.state_version, 9);
    assert_string_equal(ledger.state_hash, "");
    /* The state's word for the schema counts. */
    assert_string_equal(ledger.schema, "it's");
    assert_string_equal(ledger.schema_json, "{\"v\":9}");
    ledger_release(&ledger);
    fixture_release(&t);
}

static void test_look_before_writing(void **state)
{
    (void)state;
    struct fixture t;
    struct ledger ledger;
    fixture_init(&t);
    assert_int_equal(find_load(&t, "1.5", &ledger), LOAD_ABSENT);
    assert_int_equal(ledger.state_version, 0);
    assert_string_equal(ledger.newest_load, "");
    ledger_release(&ledger);
    fill_as_dlt(&t);
    assert_int_equal(find_load(&t, "1.5", &ledger), LOAD_ABSENT);
    assert_int_equal(ledger.state_version, 3);
    assert_string_equal(ledger.state_hash, "hash 3");
    assert_null(ledger.schema_json);
    ledger_release(&ledger);
    assert_int_equal(find_load(&t, "1700000000.1", &ledger), LOAD_WRITTEN);
    ledger_release(&ledger);
    fixture_release(&t);
}

/* By version first: a load id is made from a clock, which may have been wrong. */
static void test_newest_state_by_version(void **state)
{
    (void)state;
    struct fixture t;
    struct ledger ledger;
    fixture_init(&t);
    fill_as_dlt(&t);
    fixture_exec(&t, "UPDATE d._dlt_pipeline_state SET version = 7, "
                     "state = '{\"_state_version\":7,\"_state_engine_version\":4}' "
                     "WHERE _dlt_load_id = '1700000000.1'");
    read_ledger(&t, &ledger);
    assert_int_equal(ledger.state_version, 7);
    assert_string_equal(ledger.state_hash, "hash 2");
    ledger_release(&ledger);
    /* Of equal versions the higher id, by its number. */
    fixture_exec(&t, "UPDATE d._dlt_pipeline_state SET version = 7, _dlt_load_id = '900000000.5' "
                     "WHERE version = 3");
    fixture_exec(&t, "INSERT INTO d._dlt_loads VALUES ('900000000.5', 'shop', 0, now(), 'h')");
    read_ledger(&t, &ledger);
    assert_string_equal(ledger.state_hash, "hash 2");
    ledger_release(&ledger);
    fixture_release(&t);
}

static void newest(struct fixture *t, const char *pipeline, const char *expected)
{
    struct ledger ledger;
    FIXTURE_OK(t, fixture_ledger(t, pipeline, &ledger));
    assert_string_equal(ledger.newest_load, expected);
    ledger_release(&ledger);
}

static void test_newest_load(void **state)
{
    (void)state;
    struct fixture t;
    fixture_init(&t);
    newest(&t, "shop_pipeline", "");
    fill_as_dlt(&t);
    /* A state counts also while its load is not finished: dlt may yet finish it. */
    newest(&t, "shop_pipeline", "1700000009.1");
    newest(&t, "other", "1700000003.1");
    /* A load of the schema that says nothing of its pipeline may be anybody's. */
    fixture_exec(&t,
                 "INSERT INTO d._dlt_loads VALUES ('1700000009.5373971', 'shop', 0, now(), '')");
    newest(&t, "shop_pipeline", "1700000009.5373971");
    newest(&t, "third", "1700000009.5373971");
    newest(&t, "other", "1700000003.1"); /* of schema it's */
    /* The table of 0.1 has no names, what came after it has. */
    fixture_exec(&t, "CREATE TABLE d._tidegate_loads (load_id VARCHAR)");
    fixture_exec(&t, "INSERT INTO d._tidegate_loads VALUES ('1700000009.5373971')");
    newest(&t, "shop_pipeline", "1700000009.5373971");
    fixture_exec(&t, "ALTER TABLE d._tidegate_loads ADD COLUMN pipeline_name VARCHAR");
    newest(&t, "shop_pipeline", "1700000009.5373971");
    fixture_exec(&t, "UPDATE d._tidegate_loads SET pipeline_name = 'third'");
    newest(&t, "shop_pipeline", "1700000009.1");
    newest(&t, "third", "1700000009.5373971");
    /* By number, and what is none comes last. */
    fixture_exec(&t, "INSERT INTO d._tidegate_loads VALUES ('1700000009.54', 'third'), "
                     "('999999999.9', 'third'), ('zzz', 'third')");
    newest(&t, "third", "1700000009.54");
    newest(&t, "shop_pipeline", "1700000009.1");
    fixture_release(&t);
}

static void next_id(struct fixture *t, const char *newest, int64_t now_us, const char *expected)
{
    char id[LOAD_ID_TEXT];
    struct ledger ledger;
    ledger_init(&ledger);
    ledger.newest_load = newest;
    struct described there = {0};
    if (t->con) {
        FIXTURE_OK(t, ledger_describe(t->con, "d", &there, &t->err));
        FIXTURE_OK(t, ledger_read_taken(t->con, "d", &there, now_us, &ledger, &t->err));
    }
    described_release(&there);
    ledger_next_id(&ledger, newest, now_us, id);
    assert_string_equal(id, expected);
    ledger_release(&ledger);
}

static void test_next_id(void **state)
{
    (void)state;
    struct fixture t;
    fixture_init(&t);
    const int64_t now = 1700000000123456;
    next_id(&t, "", now, "1700000000.123456");
    next_id(&t, "1700000000.123455", now, "1700000000.123456");
    next_id(&t, "1700000000.123456", now, "1700000000.123457");
    next_id(&t, "1700000000.1234567", now, "1700000000.123457");
    next_id(&t, "1700000000.9999999", now, "1700000001.0");
    next_id(&t, "1900000000", now, "1900000000.000001");
    next_id(&t, "1900000000000.5", now, "1900000000000.500001"); /* milliseconds, by others */
    next_id(&t, "", -5, "0.0");
    fill_as_dlt(&t);
    next_id(&t, "", 1700000000100000, "1700000000.100001");
    fixture_exec(&t, "INSERT INTO d._dlt_loads VALUES ('1700000000.1000010', 'x', 0, now(), ''), "
                     "('1700000000.1000029', 'x', 0, now(), ''), "
                     "('1700000000.100004', 'x', 0, now(), ''), ('zzz', 'x', 0, now(), '')");
    next_id(&t, "", 1700000000100000, "1700000000.100003");
    next_id(&t, "1700000000.1", 1, "1700000000.100003");
    connection_close(t.con);
    t.con = NULL;
    next_id(&t, "5.5", 1, "5.500001");
    fixture_release(&t);
}

static void test_whose_package(void **state)
{
    (void)state;
    struct fixture t;
    struct ledger ledger;
    struct manifest manifest = {.dataset = "d",
                                .pipeline = "shop_pipeline",
                                .schema = "shop",
                                .load_id = "1700000000.1",
                                .package_id = "mine",
                                .follows = ""};
    enum load_found found;
    const struct {
        const char *stored, *mine;
        enum load_found expected;
    } cases[] = {
        {NULL, "", LOAD_WRITTEN}, /* both of 0.1 */
        {NULL, "mine", LOAD_TAKEN},      {"'other'", "", LOAD_TAKEN},
        {"'other'", "mine", LOAD_TAKEN}, {"'mine'", "mine", LOAD_WRITTEN},
    };
    fixture_init(&t);
    fill_as_dlt(&t);
    FIXTURE_OK(&t, fixture_find_load(&t, &manifest, &found, &ledger));
    assert_int_equal(found, LOAD_TAKEN); /* dlt's */
    ledger_release(&ledger);
    fixture_exec(&t, "CREATE TABLE d._tidegate_loads (load_id VARCHAR)");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char sql[160];
        fixture_exec(&t, "ALTER TABLE d._tidegate_loads ADD COLUMN IF NOT EXISTS package_id "
                         "VARCHAR");
        fixture_exec(&t, "DELETE FROM d._tidegate_loads");
        snprintf(sql, sizeof(sql),
                 "INSERT INTO d._tidegate_loads VALUES ('1700000000.1', %s), "
                 "('1700000001.1', 'mine')",
                 cases[i].stored ? cases[i].stored : "NULL");
        fixture_exec(&t, sql);
        manifest.package_id = cases[i].mine;
        FIXTURE_OK(&t, fixture_find_load(&t, &manifest, &found, &ledger));
        assert_int_equal(found, cases[i].expected);
        ledger_release(&ledger);
    }
    fixture_release(&t);
}

static void test_damaged_schema(void **state)
{
    (void)state;
    struct fixture t;
    struct ledger ledger;
    fixture_init(&t);
    fill_as_dlt(&t);
    fixture_exec(&t, "UPDATE d._dlt_version SET \"schema\" = '?'");
    assert_int_equal(fixture_ledger(&t, "shop_pipeline", &ledger), TG_DATA);
    assert_non_null(strstr(t.err.where, "schema 'shop'"));
    fixture_release(&t);
}

static void add_boundary(struct fixture *t, const char *resource, const char **hashes, size_t count)
{
    struct manifest_boundary boundary = {resource, "a.b", "\"x\"", hashes, count, false};
    FIXTURE_OK(t, manifest_add_boundary(fixture_begin(t), &boundary, &t->err));
}

static void test_boundaries_and_files(void **state)
{
    (void)state;
    struct fixture t;
    struct ledger ledger;
    fixture_init(&t);
    add_boundary(&t, "z", (const char *[]){"h1", "h2", "h3"}, 3);
    add_boundary(&t, "a'b", (const char *[]){"h4"}, 1);
    struct bookmark files[] = {{.resource = "z",
                                .key = "/b",
                                .size = 5,
                                .mtime_us = -6,
                                .checksum = "s1"}, /* of version 0.1 */
                               {.resource = "z",
                                .key = "/a",
                                .size = 7,
                                .content = "c2",
                                .head = "h2",
                                .content_bytes = 70,
                                .rows = 3},
                               {.resource = "y", .key = "/c"}};
    for (size_t i = 0; i < 3; i++)
        FIXTURE_OK(&t, manifest_add_bookmark(fixture_begin(&t), &files[i], &t.err));
    FIXTURE_WRITE(&t);
    read_ledger(&t, &ledger);
    assert_int_equal(ledger.boundary_count, 2);
    assert_string_equal(ledger.boundaries[0].resource, "a'b");
    assert_int_equal(ledger.boundaries[0].hash_count, 1);
    assert_string_equal(ledger.boundaries[1].cursor_path, "a.b");
    assert_string_equal(ledger.boundaries[1].last_value, "\"x\"");
    assert_int_equal(ledger.boundaries[1].hash_count, 3);
    assert_string_equal(ledger.boundaries[1].hashes[0], "h1");
    assert_string_equal(ledger.boundaries[1].hashes[2], "h3");
    assert_int_equal(ledger.bookmark_count, 3);
    assert_string_equal(ledger.bookmarks[0].key, "/c");
    assert_string_equal(ledger.bookmarks[1].key, "/a");
    assert_int_equal(ledger.bookmarks[1].size, 7);
    assert_string_equal(ledger.bookmarks[1].content, "c2");
    assert_string_equal(ledger.bookmarks[1].head, "h2");
    assert_int_equal(ledger.bookmarks[1].content_bytes, 70);
    assert_int_equal(ledger.bookmarks[1].rows, 3);
    assert_string_equal(ledger.bookmarks[1].checksum, "");
    assert_int_equal(ledger.bookmarks[2].mtime_us, -6);
    assert_string_equal(ledger.bookmarks[2].checksum, "s1");
    assert_string_equal(ledger.bookmarks[2].content, "");
    assert_ptr_equal(ledger_recall(&ledger, "z").items, &ledger.bookmarks[1]);
    assert_int_equal(ledger_recall(&ledger, "z").count, 2);
    assert_int_equal(ledger_recall(&ledger, "y").count, 1);
    assert_int_equal(ledger_recall(&ledger, "x").count + ledger_recall(&ledger, "zz").count, 0);
    ledger_release(&ledger);
    FIXTURE_OK(&t, fixture_ledger(&t, "another", &ledger));
    assert_int_equal(ledger.boundary_count + ledger.bookmark_count, 0);
    ledger_release(&ledger);
    fixture_release(&t);
}

/* The table as version 0.1 made it; the next load that has files adds what it lacks. */
static void test_files_of_before(void **state)
{
    (void)state;
    struct fixture t;
    struct ledger ledger;
    fixture_init(&t);
    fixture_exec(&t, "CREATE SCHEMA d");
    fixture_exec(&t, "CREATE TABLE d._tidegate_files AS SELECT 'shop_pipeline' AS pipeline_name, "
                     "'z' AS resource_name, '/b' AS path, 5 AS size, 6 AS modified_us, "
                     "'s1' AS checksum, '1.0' AS load_id");
    for (int i = 0; i < 2; i++) {
        FIXTURE_OK(&t, fixture_ledger(&t, "shop_pipeline", &ledger));
        assert_int_equal(ledger.bookmark_count, 1 + i);
        assert_string_equal(ledger.bookmarks[i].key, "/b");
        assert_string_equal(ledger.bookmarks[i].checksum, "s1");
        assert_string_equal(ledger.bookmarks[i].content, "");
        assert_int_equal(ledger.bookmarks[i].size, 5);
        ledger_release(&ledger);
        struct bookmark file = {.resource = "z", .key = "/a", .content = "c"};
        t.files_load = "1.0";
        FIXTURE_OK(&t, manifest_add_bookmark(fixture_begin(&t), &file, &t.err));
        if (i == 0)
            FIXTURE_WRITE(&t);
    }
    fixture_release(&t);
}

static struct fixture tortured;

static int read_once(void)
{
    struct ledger ledger;
    int rc = fixture_ledger(&tortured, "shop_pipeline", &ledger);
    if (rc == TG_OK)
        ledger_release(&ledger);
    return rc;
}

static void test_out_of_memory(void **state)
{
    (void)state;
    fixture_init(&tortured);
    add_boundary(&tortured, "z", (const char *[]){"h1", "h2", "h3"}, 3);
    struct bookmark file = {.resource = "z", .key = "/b", .size = 5, .content = "c"};
    FIXTURE_OK(&tortured, manifest_add_bookmark(fixture_begin(&tortured), &file, &tortured.err));
    FIXTURE_WRITE(&tortured);
    torture(read_once);
    fixture_release(&tortured);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_there),
        cmocka_unit_test(test_newest_of_finished_loads),
        cmocka_unit_test(test_look_before_writing),
        cmocka_unit_test(test_newest_state_by_version),
        cmocka_unit_test(test_newest_load),
        cmocka_unit_test(test_next_id),
        cmocka_unit_test(test_whose_package),
        cmocka_unit_test(test_damaged_schema),
        cmocka_unit_test(test_boundaries_and_files),
        cmocka_unit_test(test_files_of_before),
        cmocka_unit_test(test_out_of_memory),
    };
    return run_at_both("write/ledger", tests);
}
