/* Tests of src/write/sql/story.c: versions, flags, nested rows, rejects; names with quotes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "catalog/history.h"
#include "tests/write/loads.h"
#include "write/sql/story.h"

static void add_column(struct catalog *catalog, struct table *table, const char *name,
                       enum type type, const char *mark, const char *endless)
{
    const struct type_spec spec = {.type = type};
    struct table_column *column = NULL;
    assert_int_equal(table_add_column(catalog, table, name, &spec, &column, NULL), TG_OK);
    if (mark)
        assert_int_equal(extra_set(catalog, &column->extras, mark, "true", NULL), TG_OK);
    if (endless)
        assert_int_equal(extra_set(catalog, &column->extras, HISTORY_ACTIVE, endless, NULL), TG_OK);
}

/* A table that keeps its history, and one that is nested in it. */
static void make_catalog(struct catalog *catalog)
{
    struct table *table = NULL, *nested = NULL;
    assert_int_equal(catalog_init(catalog, "s", NULL), TG_OK);
    assert_int_equal(catalog_add(catalog, "it's", NULL, &table, NULL), TG_OK);
    table->disposition = DISPOSITION_MERGE;
    table->merge_strategy = "scd2";
    add_column(catalog, table, "k", TYPE_TEXT, NULL, NULL);
    add_column(catalog, table, "f]{r", TYPE_TIMESTAMP, HISTORY_FROM, NULL);
    add_column(catalog, table, "u", TYPE_TIMESTAMP, HISTORY_TO, "\"9999-12-31\"");
    assert_int_equal(catalog_add(catalog, "it's__l", "it's", &nested, NULL), TG_OK);
}

static size_t heard;

static int hear(void *user, const struct story_reject *reject, struct tg_error *err)
{
    (void)user;
    (void)err;
    assert_string_equal(reject->reason, heard == 0 ? "no" : "torn");
    assert_string_equal(reject->document, heard == 0 ? "{}" : "null");
    heard++;
    return TG_OK;
}

static void tell(struct fixture *t, struct catalog *catalog, const char *value, struct story *out)
{
    const struct table *table = catalog_find(catalog, "it's");
    const struct story_key key = {table_find(table, "k"), value};
    const struct story_request request = {.pipeline = "p",
                                          .resource = "it's",
                                          .catalog = catalog,
                                          .table = table,
                                          .keys = &key,
                                          .key_count = 1,
                                          .reject = hear};
    *out = (struct story){.is_there = false};
    arena_init(&out->arena);
    heard = 0;
    FIXTURE_OK(t, story_tell(t->con, "d", &request, out, &t->err));
}

static void test_what_there_is(void **state)
{
    (void)state;
    struct fixture t;
    struct story story;
    struct catalog catalog;
    fixture_init(&t);
    make_catalog(&catalog);
    fixture_exec(&t, "CREATE SCHEMA IF NOT EXISTS d");
    tell(&t, &catalog, "x", &story);
    assert_false(story.is_there);
    assert_int_equal(story.rows.count + story.nested_count + story.load_count, 0);
    arena_release(&story.arena);
    fixture_exec(
        &t, "CREATE TABLE d.\"it's\" (k TEXT, \"f]{r\" TIMESTAMPTZ, u TIMESTAMPTZ, _dlt_id TEXT, "
            "_tidegate_deleted_at TIMESTAMPTZ)");
    fixture_exec(&t,
                 "INSERT INTO d.\"it's\" VALUES ('a''b', '2024-01-01', '2024-02-01', '1', NULL), "
                 "('a''b', '2024-02-01', '9999-12-31', '2', '2024-03-01'), "
                 "(NULL, '2024-01-01', NULL, '3', NULL)");
    fixture_exec(&t, "CREATE TABLE d.\"it's__l\" (_dlt_parent_id TEXT, _dlt_id TEXT)");
    fixture_exec(&t, "INSERT INTO d.\"it's__l\" VALUES ('1', 'x'), ('2', 'y'), ('3', 'z')");
    fixture_exec(&t,
                 "CREATE TABLE d._tidegate_rejects (load_id TEXT, resource_name TEXT, place TEXT, "
                 "reason TEXT, document TEXT, text TEXT)");
    fixture_exec(
        &t, "INSERT INTO d._tidegate_rejects VALUES ('2.0', 'it''s', '', 'no', '{}', NULL), "
            "('1.0', 'it''s', NULL, 'torn', 'null', 'x'), ('1.0', 'other', '', 'o', '{}', NULL)");
    tell(&t, &catalog, "a'b", &story);
    assert_true(story.is_there && !story.keeps);
    assert_int_equal(story.rows.count, 2);
    assert_null(story.rows.items[0].load_id); /* there is no such column */
    assert_string_equal(story.rows.items[0].id, "2");
    assert_null(story.rows.items[0].valid_to); /* is valid */
    assert_non_null(strstr(story.rows.items[0].valid_from, "2024-02-01"));
    assert_non_null(story.rows.items[0].deleted_at);
    assert_non_null(strstr(story.rows.items[1].valid_to, "2024-02-01"));
    assert_null(story.rows.items[1].deleted_at);
    assert_int_equal(story.nested_count, 1);
    assert_int_equal(story.nested[0].rows, 2);
    assert_int_equal(heard, 2);
    arena_release(&story.arena);
    tell(&t, &catalog, NULL, &story);
    assert_int_equal(story.rows.count, 1);
    assert_string_equal(story.rows.items[0].id, "3");
    arena_release(&story.arena);
    catalog_release(&catalog);
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_there_is),
    };
    return cmocka_run_group_tests_name("write/story", tests, NULL, NULL);
}
