/*
 * For tests of whole loads: a destination with a table of each disposition, and a second load that
 * changes all of them and the schema. Include after cmocka.h.
 */
#ifndef TIDEGATE_TESTS_WRITE_SECOND_LOAD_H
#define TIDEGATE_TESTS_WRITE_SECOND_LOAD_H

#include "tests/write/loads.h"

#define PERSON "id bigint pk|name text|_dlt_id text row"
#define KIDS                                                                                       \
    "n text|_dlt_root_id text root|_dlt_parent_id text parent|_dlt_list_idx bigint|"               \
    "_dlt_id text row"

/* A destination with a merge, its nested table, an append and a replace table, one row each. */
static inline void start(struct fixture *t)
{
    fixture_init(t);
    fixture_table(t, "person", NULL, DISPOSITION_MERGE);
    fixture_table(t, "person__kids", "person", DISPOSITION_NONE);
    fixture_table(t, "event", NULL, DISPOSITION_APPEND);
    fixture_table(t, "city", NULL, DISPOSITION_REPLACE);
    fixture_rows(t, "person", PERSON, "1|Ann|a\n");
    fixture_rows(t, "person__kids", KIDS, "k1|a|a|0|a0\n");
    fixture_rows(t, "event", "id bigint", "1\n");
    fixture_rows(t, "city", "name text", "Rome\n");
    FIXTURE_WRITE(t);
}

/* A second load that changes every table, and the schema. */
static inline char *second_load(struct fixture *t)
{
    struct bookmark file = {.resource = "event", .key = "/e.jsonl", .size = 1, .content = "c"};
    struct manifest_boundary boundary = {.resource = "event",
                                         .cursor_path = "id",
                                         .last_value = "2",
                                         .hashes = (const char *[]){"h"},
                                         .hash_count = 1};
    fixture_rows(t, "person", PERSON "|age bigint", "1|Bea|b|7\n2|Cy|c|8\n");
    fixture_rows(t, "person__kids", KIDS, "k2|b|b|0|b0\n");
    fixture_rows(t, "event", "id double", "2.5\n");
    fixture_rows(t, "city", "name text", "Oslo\n");
    fixture_part(t, "city")->replaced = true;
    FIXTURE_OK(t, manifest_add_bookmark(fixture_begin(t), &file, &t->err));
    FIXTURE_OK(t, manifest_add_boundary(fixture_begin(t), &boundary, &t->err));
    return fixture_seal(t);
}

static inline void check_first_load(struct fixture *t)
{
    fixture_check(t, "SELECT * FROM d.person", "1|Ann|a\n");
    fixture_check(t, "SELECT n FROM d.person__kids", "k1\n");
    fixture_check(t, "SELECT * FROM d.event", "1\n");
    fixture_check(t, "SELECT * FROM d.city", "Rome\n");
    fixture_check(t, "SELECT load_id FROM d._dlt_loads", "1.5\n");
    fixture_check(t, "SELECT count(*) FROM d._dlt_pipeline_state", "1\n");
    fixture_check(t, "SELECT count(*) FROM d._dlt_version", "1\n");
    fixture_check(t, "SELECT count(*) FROM d._tidegate_loads", "4\n");
    fixture_check(t, "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'd'",
                  "8\n");
    fixture_no_temporary(t);
}

static inline void check_second_load(struct fixture *t)
{
    fixture_check(t, "SELECT * FROM d.person ORDER BY id", "1|Bea|b|7\n2|Cy|c|8\n");
    fixture_check(t, "SELECT n FROM d.person__kids", "k2\n");
    fixture_check(t, "SELECT CAST(id AS DECIMAL(9,1)) FROM d.event ORDER BY 1", "1.0\n2.5\n");
    fixture_check(t, "SELECT * FROM d.city", "Oslo\n");
    fixture_check(t, "SELECT load_id FROM d._dlt_loads ORDER BY 1", "1.5\n2.5\n");
    fixture_no_temporary(t);
}

static inline void check_second_load_but_x(struct fixture *t)
{
    fixture_check(t, "SELECT id, name, age FROM d.person ORDER BY id", "1|Bea|7\n2|Cy|8\n");
    fixture_check(t, "SELECT n FROM d.person__kids", "k2\n");
    fixture_check(t, "SELECT CAST(id AS DECIMAL(9,1)) FROM d.event ORDER BY 1", "1.0\n2.5\n");
    fixture_check(t, "SELECT load_id FROM d._dlt_loads ORDER BY 1", "1.5\n2.5\n");
    fixture_no_temporary(t);
}

/* Another run of the schema, from the same start: `person` gets column x, and city is not known. */
static inline void store_other_schema(struct fixture *t, const struct connection_driver *driver,
                                      const char *type)
{
    struct catalog other;
    struct table_column *column = NULL;
    struct buf json = BUF_INIT, sql = BUF_INIT;
    bool changed = false;
    const struct type_spec spec = {.type = type_find(type)};
    struct ledger newest;
    FIXTURE_OK(t, fixture_schema(t, &newest));
    FIXTURE_OK(t, catalog_read(&other, newest.schema_json, strlen(newest.schema_json), &t->err));
    FIXTURE_OK(
        t, table_add_column(&other, catalog_find(&other, "person"), "x", &spec, &column, &t->err));
    FIXTURE_OK(t, catalog_bump(&other, &changed, &t->err));
    FIXTURE_OK(t, catalog_write(&other, &json, &t->err));
    buf_printf(&sql, "INSERT INTO d._dlt_version VALUES (%" PRId64 ", 11, '2030-01-01', 'shop', ",
               other.version);
    sql_text(&sql, other.version_hash);
    buf_text(&sql, ", ");
    sql_text(&sql, buf_string(&json));
    buf_char(&sql, ')');
    FIXTURE_OK(t, driver->exec(t->con, buf_string(&sql), NULL, &t->err));
    buf_clear(&sql);
    buf_printf(&sql, "ALTER TABLE d.person ADD COLUMN x %s",
               spec.type == TYPE_TEXT ? "VARCHAR" : "BIGINT");
    FIXTURE_OK(t, driver->exec(t->con, buf_string(&sql), NULL, &t->err));
    ledger_release(&newest);
    catalog_release(&other);
    buf_release(&json);
    buf_release(&sql);
}

static inline void check_columns(struct fixture *t, const char *expected)
{
    struct ledger newest;
    struct catalog catalog;
    struct buf names = BUF_INIT;
    FIXTURE_OK(t, fixture_schema(t, &newest));
    FIXTURE_OK(t, catalog_read(&catalog, newest.schema_json, strlen(newest.schema_json), &t->err));
    const struct table *person = catalog_find(&catalog, "person");
    for (size_t i = 0; i < person->column_count; i++)
        buf_printf(&names, "%s ", person->columns[i].name);
    assert_string_equal(buf_string(&names), expected);
    fixture_check(t,
                  "SELECT CASE WHEN schema = (SELECT schema FROM d._dlt_version "
                  "ORDER BY inserted_at DESC LIMIT 1) THEN 'is stored last' END "
                  "FROM d._dlt_version ORDER BY version DESC LIMIT 1",
                  "is stored last\n");
    buf_release(&names);
    catalog_release(&catalog);
    ledger_release(&newest);
}

#endif
