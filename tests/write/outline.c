/*
 * Tests of src/write/sql/outline.c: what a load would do, without its rows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/loads.h"
#include "write/sql/outline.h"

#define ROW "|_dlt_load_id text notnull|_dlt_id text row notnull"

static struct limits no_columns(const void *user, const char *resource)
{
    (void)user;
    (void)resource;
    return (struct limits){.of = {[LIMIT_COLUMNS_ADDED] = {.is_set = true}}};
}

static void outline(struct fixture *t, bool is_there, struct trial *trial)
{
    struct manifest *manifest = fixture_begin(t);
    const struct write_order order = {.limits = no_columns, .trial = trial};
    fixture_complete(t, manifest);
    trial_init(trial, 5);
    FIXTURE_OK(t, outline_load(is_there ? t->con : NULL, t->con->dialect, false, manifest, &order,
                               &t->err));
}

/* The file that a load of rows would have; there is none. */
static void make_up(struct fixture *t, const char *name)
{
    static const struct manifest_column columns[] = {
        {.name = "id", .spec = {.type = TYPE_BIGINT}},
        {.name = "_dlt_load_id", .spec = {.type = TYPE_TEXT}},
        {.name = "_dlt_id", .spec = {.type = TYPE_TEXT}}};
    struct manifest_file file = {
        .name = "item.1.parquet", .columns = (void *)columns, .column_count = 3};
    FIXTURE_OK(t, manifest_add_file(fixture_begin(t), fixture_part(t, name), &file, &t->err));
}

static bool has_statement(const struct trial *trial, const char *phase, const char *part)
{
    for (size_t i = 0; i < trial->statement_count; i++)
        if (strcmp(trial->statements[i].phase, phase) == 0 &&
            strstr(trial->statements[i].sql, part))
            return true;
    return false;
}

static void where_nothing_is_all_is_made(void **state)
{
    (void)state;
    struct fixture t;
    struct trial trial;
    struct header header;
    fixture_init(&t);
    fixture_header(&t, fixture_table(&t, "item", NULL, DISPOSITION_MERGE),
                   "id bigint pk notnull" ROW, &header);
    make_up(&t, "item");
    outline(&t, false, &trial);
    assert_int_equal(trial.change_count, 4);
    assert_null(trial.changes[0].column);
    assert_string_equal(trial.changes[1].column, "id");
    assert_true(trial.changes[1].is_new_table);
    assert_true(has_statement(&trial, "schema", "CREATE TABLE \"d\".\"item\""));
    assert_true(has_statement(&trial, "stage", "PACKAGE/item.1.parquet"));
    assert_true(has_statement(&trial, "rows", "INSERT INTO \"d\".\"item\""));
    assert_true(has_statement(&trial, "ledger", "_dlt_loads"));
    assert_int_equal(trial.excess_count, 0);
    trial_release(&trial);
    header_release(&header);
    fixture_check(&t, "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'd'", "0\n");
    fixture_release(&t);
}

static void what_is_there_is_looked_at(void **state)
{
    (void)state;
    struct fixture t;
    struct trial trial;
    struct header header;
    fixture_init(&t);
    struct table *table = fixture_table(&t, "item", NULL, DISPOSITION_MERGE);
    fixture_rows(&t, "item", "id bigint pk notnull" ROW, "1|1|a\n");
    FIXTURE_WRITE(&t);
    fixture_header(&t, table, "id double|more text", &header);
    make_up(&t, "item");
    outline(&t, true, &trial);
    assert_int_equal(trial.change_count, 2);
    assert_string_equal(trial.changes[0].column, "id");
    assert_string_equal(trial.changes[0].type_before, "BIGINT");
    assert_string_equal(trial.changes[0].type, "DOUBLE");
    assert_string_equal(trial.changes[1].column, "more");
    assert_null(trial.changes[1].type_before);
    assert_true(has_statement(&trial, "rows", "DELETE FROM \"d\".\"item\""));
    assert_int_equal(trial.excess_count, 1);
    assert_string_equal(trial.excesses[0].limit, "columns_added");
    assert_string_equal(trial.excesses[0].column, "more");
    trial_release(&trial);
    header_release(&header);
    fixture_check(&t, "SELECT * EXCLUDE (_dlt_load_id, _dlt_id) FROM d.item", "1\n");
    fixture_release(&t);
}

/* What is kept for an undo, and what is done about rows that are absent. */
static void all_of_a_run(void **state)
{
    (void)state;
    struct fixture t;
    struct trial trial;
    fixture_init(&t);
    fixture_table(&t, "item", NULL, DISPOSITION_MERGE);
    fixture_rows(&t, "item", "id bigint pk notnull" ROW, "1|1|a\n");
    FIXTURE_WRITE(&t);
    make_up(&t, "item");
    fixture_part(&t, "item")->deletes_absent = true;
    fixture_begin(&t)->undo_loads = 2;
    outline(&t, true, &trial);
    assert_true(has_statement(&trial, "rows", "CREATE TEMP TABLE \"_tidegate_absent_0\""));
    assert_true(has_statement(&trial, "schema", "_tidegate_undo_2_5_1_old"));
    assert_true(has_statement(&trial, "rows", "_tidegate_undo_2_5_1_left"));
    assert_true(has_statement(&trial, "ledger", "\"_tidegate_undo\""));
    trial_release(&trial);
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_nothing_is_all_is_made),
        cmocka_unit_test(what_is_there_is_looked_at),
        cmocka_unit_test(all_of_a_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
