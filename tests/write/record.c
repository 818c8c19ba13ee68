/*
 * Tests of src/write/sql/record.c: the ledger rows of a load.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "package/rejects.h"
#include "tests/write/both.h"
#include "tests/write/loads.h"
#include "tests/write/golden.h"

static void start(struct fixture *t)
{
    fixture_init(t);
    fixture_table(t, "item", NULL, DISPOSITION_APPEND);
}

static void test_rows_of_a_load(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_rows(&t, "item", "id bigint", "1\n2\n");
    struct manifest_table *part = fixture_part(&t, "item");
    part->rows_read = 9;
    part->rows_new = 2;
    part->rows_filtered = 6;
    part->rows_rejected = 1;
    FIXTURE_WRITE(&t);
    fixture_check(&t,
                  "SELECT load_id, table_name, resource_name, disposition, rows_read, rows_new, "
                  "rows_inserted, rows_updated, rows_deleted, rows_filtered, rows_rejected "
                  "FROM d._tidegate_loads",
                  "1.5|item|item|append|9|2|2|0|0|6|1\n");
    fixture_check(&t,
                  "SELECT l.load_id, l.schema_name, status, v.version, engine_version, "
                  "CASE WHEN l.inserted_at = v.inserted_at THEN 1 END FROM d._dlt_loads AS l JOIN "
                  "d._dlt_version AS v "
                  "ON v.version_hash = l.schema_version_hash AND v.schema_name = l.schema_name",
                  "1.5|shop|0|2|11|1\n");
    fixture_check(&t,
                  "SELECT version, engine_version, pipeline_name, _dlt_load_id, length(_dlt_id), "
                  "length(version_hash), left(state, 2) FROM d._dlt_pipeline_state",
                  "1|4|shop_pipeline|1.5|14|44|eN\n");
    fixture_check(&t,
                  "SELECT 'new' FROM d._dlt_loads WHERE inserted_at > now() - INTERVAL '1 minute'",
                  "new\n");
    fixture_release(&t);
}

/* What was stored can be read back as the state and the catalog that the run ended with. */
static void test_round_trip(void **state)
{
    (void)state;
    struct fixture t;
    struct ledger ledger;
    struct state stored;
    struct catalog catalog;
    struct state_cursor cursor;
    bool found = false;
    start(&t);
    fixture_rows(&t, "item", "id bigint", "1\n");
    FIXTURE_WRITE(&t);
    FIXTURE_OK(&t, fixture_ledger(&t, "shop_pipeline", &ledger));
    assert_int_equal(ledger.state_version, t.state.version);
    assert_string_equal(ledger.state_hash, t.state.hash);
    FIXTURE_OK(&t, state_read(&stored, ledger.state_blob, strlen(ledger.state_blob), &t.err));
    FIXTURE_OK(&t, state_get_cursor(&stored, "shop", "person", "id", &cursor, &found, &t.err));
    assert_true(found);
    assert_string_equal(cursor.last_value, "1");
    FIXTURE_OK(&t, catalog_read(&catalog, ledger.schema_json, strlen(ledger.schema_json), &t.err));
    assert_true(catalog_find(&catalog, "item")->seen_data);
    state_cursor_release(&cursor);
    catalog_release(&catalog);
    state_release(&stored);
    ledger_release(&ledger);
    fixture_release(&t);
}

static void test_only_what_changed(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    for (int i = 0; i < 3; i++) {
        t.changes_state = i == 1;
        fixture_rows(&t, "item", "id bigint", "1\n");
        FIXTURE_WRITE(&t);
        catalog_find(&t.catalog, "item")->seen_data = true; /* as a run reads it back */
    }
    fixture_check(&t, "SELECT _dlt_load_id FROM d._dlt_pipeline_state", "2.5\n");
    fixture_check(&t, "SELECT count(*) FROM d._dlt_version", "1\n");
    fixture_check(&t, "SELECT load_id FROM d._dlt_loads ORDER BY 1", "1.5\n2.5\n3.5\n");
    fixture_release(&t);
}

static void add_boundary(struct fixture *t, const char *resource, const char *path,
                         const char *last, const char *hash)
{
    struct manifest_boundary boundary = {resource, path, last, &hash, hash ? 1 : 0, false};
    FIXTURE_OK(t, manifest_add_boundary(fixture_begin(t), &boundary, &t->err));
}

static void test_boundaries(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    add_boundary(&t, "item", "id", "1", "h1");
    add_boundary(&t, "item", "ts", "1", "h2");
    add_boundary(&t, "other", "id", "1", "h3");
    FIXTURE_WRITE(&t);
    add_boundary(&t, "item", "id", "2", "h4");
    add_boundary(&t, "other", "id", "2", NULL);
    FIXTURE_WRITE(&t);
    fixture_check(&t,
                  "SELECT resource_name, cursor_path, last_value, row_hashes, load_id "
                  "FROM d._tidegate_boundary ORDER BY 1, 2",
                  "item|id|2|h4|2.5\nitem|ts|1|h2|1.5\n");
    fixture_release(&t);
}

static void add_file(struct fixture *t, const char *resource, const char *path, int64_t size)
{
    struct bookmark file = {.resource = resource,
                            .key = path,
                            .size = size,
                            .mtime_us = 1,
                            .content = "c",
                            .head = "h",
                            .content_bytes = 10 * size,
                            .rows = size + 1};
    FIXTURE_OK(t, manifest_add_bookmark(fixture_begin(t), &file, &t->err));
}

static void test_files(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    add_file(&t, "item", "/it's.jsonl", 1);
    add_file(&t, "other", "/it's.jsonl", 2);
    add_file(&t, "item", "/b.jsonl", 3);
    FIXTURE_WRITE(&t);
    t.files_load = "1.5";
    add_file(&t, "item", "/it's.jsonl", 4);
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT resource_name, path, size, load_id FROM d._tidegate_files ORDER BY 3",
                  "other|/it's.jsonl|2|1.5\nitem|/b.jsonl|3|1.5\nitem|/it's.jsonl|4|2.5\n");
    fixture_release(&t);
}

/* A file that was renamed takes its old entry with it, but not the new file of that name. */
static void test_renamed_files(void **state)
{
    (void)state;
    struct fixture t;
    struct bookmark rotated = {
        .resource = "item", .key = "/log.1", .size = 1, .content = "c", .replaces = "/log"};
    struct bookmark moved = {
        .resource = "item", .key = "/b/it's", .size = 2, .content = "d", .replaces = "/it's"};
    start(&t);
    add_file(&t, "item", "/log", 1);
    add_file(&t, "item", "/it's", 2);
    add_file(&t, "other", "/it's", 3);
    FIXTURE_WRITE(&t);
    t.files_load = "1.5";
    FIXTURE_OK(&t, manifest_add_bookmark(fixture_begin(&t), &rotated, &t.err));
    FIXTURE_OK(&t, manifest_add_bookmark(fixture_begin(&t), &moved, &t.err));
    add_file(&t, "item", "/log", 9);
    FIXTURE_WRITE(&t);
    fixture_check(&t,
                  "SELECT resource_name, path, size, load_id FROM d._tidegate_files ORDER BY 3, 2",
                  "item|/log.1|1|2.5\nitem|/b/it's|2|2.5\nother|/it's|3|1.5\nitem|/log|9|2.5\n");
    fixture_release(&t);
}

static void test_many_files(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    for (int load = 0; load < 2; load++) {
        for (int i = 0; i < 2500; i++) {
            char path[32];
            snprintf(path, sizeof(path), "/%d.jsonl", i + load * 1000);
            add_file(&t, "item", path, i);
        }
        FIXTURE_WRITE(&t);
        t.files_load = "1.5";
    }
    fixture_check(&t,
                  "SELECT load_id, count(*), count(DISTINCT path) FROM d._tidegate_files "
                  "GROUP BY 1 ORDER BY 1",
                  "1.5|1000|1000\n2.5|2500|2500\n");
    fixture_release(&t);
}

/* A package that an earlier build has left knows no file, line, byte and text of its rejects. */
static void test_earlier_rejects(void **state)
{
    static const char *const names[] = {"load_id", "resource_name", "table_name", "column_name",
                                        "reason",  "place",         "document"};
    enum { NAMES = 7 };
    struct type_spec specs[NAMES];
    struct column columns[NAMES];
    struct ArrowArray children[NAMES], batch;
    struct ArrowSchema schema;
    struct manifest_table *part = NULL;
    struct fixture t;
    (void)state;
    start(&t);
    fixture_rows(&t, "item", "id bigint", "1\n");
    for (size_t i = 0; i < NAMES; i++) {
        const char *text = i == NAMES - 1 ? "{}" : names[i];
        specs[i] = (struct type_spec){.type = TYPE_TEXT};
        FIXTURE_OK(&t, column_init(&columns[i], &specs[i], &t.err));
        FIXTURE_OK(&t, column_set_text(&columns[i], 0, text, strlen(text), &t.err));
        FIXTURE_OK(&t, column_export(&columns[i], 1, &children[i], &t.err));
    }
    FIXTURE_OK(&t, batch_make(children, NAMES, 1, &batch, &t.err));
    FIXTURE_OK(&t, schema_make(names, specs, NAMES, &schema, &t.err));
    FIXTURE_OK(&t, manifest_add_table(fixture_begin(&t), REJECTS_TABLE, "", false, &part, &t.err));
    FIXTURE_OK(&t, package_append(t.package, REJECTS_TABLE, &schema, &batch, &t.err));
    schema_release(&schema);
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT reason, document, line, text FROM d._tidegate_rejects",
                  "reason|{}|NULL|NULL\n");
    fixture_release(&t);
}

static void test_golden(void **state)
{
    (void)state;
    struct fixture t;
    struct described there = {0};
    start(&t);
    golden_file(&t, "item", "id bigint", "item.1.parquet");
    fixture_part(&t, "item")->rows_read = 5;
    add_boundary(&t, "item", "id", "1", "h1");
    add_file(&t, "item", "/a.jsonl", 1);
    struct bookmark b = {.resource = "item",
                         .key = "/b.jsonl",
                         .size = 2,
                         .mtime_us = 1,
                         .checksum = "of its ends",
                         .replaces = "/c.jsonl"};
    FIXTURE_OK(&t, manifest_add_bookmark(fixture_begin(&t), &b, &t.err));
    there.tables = mem_calloc(1, sizeof(*there.tables));
    there.tables[there.table_count++].name = mem_strdup("_tidegate_files");
    t.changes_state = false; /* compressed text differs between versions of zlib */
    golden_check(&t, &there, "record", GOLDEN_RECORD);
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_of_a_load),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_only_what_changed),
        cmocka_unit_test(test_boundaries),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_renamed_files),
        cmocka_unit_test(test_many_files),
        cmocka_unit_test(test_earlier_rejects),
        golden_unit_tests(test_golden),
    };
    return run_at_both("write/record", tests);
}
