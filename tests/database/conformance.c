/*
 * What every connection must do with statements: results, errors, transactions, descriptions. Each
 * kind of connection is a line in kinds.h; what is expected of it is read from its dialect.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/database/kinds.h"

/* ---- statements ---- */

static void rows_changed(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        uint64_t changed;
    } steps[] = {{"INSERT INTO {t} SELECT id + 100 FROM {t}", 100},
                 {"UPDATE {t} SET id = id + 1000 WHERE id < 10", 10},
                 {"UPDATE {t} SET id = 0 WHERE id < 0", 0},
                 {"DELETE FROM {t} WHERE id >= 100", 110}};
    number_table(100);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        uint64_t changed = 77;
        char *sql = in_dataset(steps[i].sql);
        sample_ok(connection_exec(con, sql, &changed, err));
        mem_free(sql);
        assert_int_equal(changed, steps[i].changed);
    }
}

static void results_of_every_size(void **state)
{
    (void)state;
    number_table(20000);
    expect("SELECT id FROM {t} WHERE id < 0", "");
    expect("SELECT id, NULL, '' FROM {t} WHERE id = 7", "7|~|\n");
    expect("SELECT count(*), CAST(sum(id) AS BIGINT) FROM (SELECT id FROM {t}) AS all_of_them",
           "20000|199990000\n");
    struct text_rows rows;
    char *sql = in_dataset("SELECT id, -id FROM {t} ORDER BY id");
    sample_ok(connection_fetch(con, sql, &rows, err));
    mem_free(sql);
    assert_int_equal(rows.row_count, 20000);
    assert_string_equal(text_cell(&rows, 19999, 1), "-19999");
    text_rows_release(&rows);
}

static void a_stream_that_is_left(void **state)
{
    (void)state;
    struct ArrowArrayStream stream;
    struct ArrowArray batch = {0};
    bool end = true;
    number_table(20000);
    for (int i = 0; i < 3; i++) {
        char *sql = in_dataset("SELECT id FROM {t}");
        sample_ok(connection_query(con, sql, &stream, err));
        mem_free(sql);
        if (i > 0)
            sample_ok(stream_next(&stream, TG_DESTINATION, &batch, &end, err));
        array_release(&batch);
        stream_release(&stream); /* the next statement may come */
    }
    assert_false(end);
    expect("SELECT count(*) FROM {t}", "20000\n");
}

static void errors_have_their_sqlstate(void **state)
{
    (void)state;
    exec("CREATE TABLE {t} (a BIGINT NOT NULL)");
    struct tg_error problem = fails("INSERT INTO {none} VALUES (1)");
    assert_int_equal(problem.code, TG_DESTINATION);
    assert_string_equal(problem.sqlstate, "42P01");
    problem = fails("UPDATE {t} SET a = not_there");
    assert_string_equal(problem.sqlstate, "42703");
    problem = fails("INSERT INTO {t} VALUES (NULL)");
    assert_string_equal(problem.sqlstate, "23502");
    problem = fails("THIS IS NO SQL");
    assert_int_equal(problem.code, TG_DESTINATION);
    assert_string_not_equal(problem.what, "");
    struct text_rows rows;
    assert_int_equal(connection_fetch(con, "SELECT * FROM none_there", &rows, &problem),
                     TG_DESTINATION);
    assert_string_equal(problem.sqlstate, "42P01");
    expect("SELECT count(*) FROM {t}", "0\n");
}

/* ---- transactions ---- */

static void a_rollback_takes_tables_back(void **state)
{
    (void)state;
    exec("CREATE TABLE {old} (a BIGINT)");
    transact(TRANSACT_BEGIN);
    exec("CREATE TABLE {t} (a BIGINT)");
    exec("INSERT INTO {t} VALUES (1)");
    exec("ALTER TABLE {old} ADD COLUMN b BIGINT");
    exec("INSERT INTO {old} VALUES (1, 2)");
    expect("SELECT a, b FROM {old}", "1|2\n");
    transact(TRANSACT_ROLLBACK);
    assert_string_equal(fails("INSERT INTO {t} VALUES (1)").sqlstate, "42P01");
    assert_string_equal(fails("UPDATE {old} SET b = 1").sqlstate, "42703");
    expect("SELECT count(*) FROM {old}", "0\n");
}

static void a_commit_is_seen_whole(void **state)
{
    (void)state;
    exec("CREATE TABLE {old} (a BIGINT)");
    transact(TRANSACT_BEGIN);
    exec("CREATE TABLE {t} (a BIGINT)");
    exec("INSERT INTO {t} VALUES (1)");
    exec("INSERT INTO {old} VALUES (2)");
    if (!kind->dataset) /* who locks a whole file may keep others from looking */
        expect_elsewhere("SELECT count(*) FROM {old}", "0\n");
    transact(TRANSACT_COMMIT);
    expect_elsewhere("SELECT old.a, t.a FROM {old} AS old, {t} AS t", "2|1\n");
    struct tg_error problem = {0};
    (void)problem;
    transact(TRANSACT_LOOK);
    expect("SELECT a FROM {t}", "1\n");
    transact(TRANSACT_ROLLBACK);
}

static void a_statement_that_fails_ends_a_transaction_at_the_most(void **state)
{
    (void)state;
    exec("CREATE TABLE {t} (a BIGINT NOT NULL)");
    transact(TRANSACT_BEGIN);
    exec("INSERT INTO {t} VALUES (1)");
    fails("INSERT INTO {t} VALUES (NULL)");
    transact(TRANSACT_ROLLBACK);
    expect("SELECT count(*) FROM {t}", "0\n");
    transact(TRANSACT_BEGIN);
    exec("INSERT INTO {t} VALUES (2)");
    transact(TRANSACT_COMMIT);
    expect_elsewhere("SELECT a FROM {t}", "2\n");
}

static void closing_rolls_back(void **state)
{
    (void)state;
    exec("CREATE TABLE {t} (a BIGINT)");
    transact(TRANSACT_BEGIN);
    exec("INSERT INTO {t} VALUES (1)");
    kind->close(con);
    con = kind_open(&ctx);
    expect("SELECT count(*) FROM {t}", "0\n");
    expect_elsewhere("SELECT count(*) FROM {t}", "0\n");
}

static void temporary_tables_end_with_the_connection(void **state)
{
    (void)state;
    exec("CREATE TEMP TABLE temporary (a BIGINT)");
    if (other)
        assert_int_equal(connection_exec(other, "SELECT * FROM temporary", NULL, NULL),
                         TG_DESTINATION);
    kind->close(con);
    con = kind_open(&ctx);
    exec("CREATE TEMP TABLE temporary (a BIGINT)");
}

/* What was begun has to be ended, whoever has cancelled meanwhile. */
static void the_end_of_a_transaction_is_not_cancelled(void **state)
{
    (void)state;
    exec("CREATE TABLE {t} (a BIGINT)");
    static const enum transact ends[] = {TRANSACT_COMMIT, TRANSACT_ROLLBACK};
    for (size_t i = 0; i < 2; i++) {
        transact(TRANSACT_BEGIN);
        exec("INSERT INTO {t} VALUES (1)");
        atomic_store(&cancel, 1);
        transact(ends[i]);
        assert_int_equal(connection_transact(con, TRANSACT_BEGIN, NULL), TG_CANCELLED);
        assert_int_equal(connection_exec(con, "SELECT 1", NULL, NULL), TG_CANCELLED);
        atomic_store(&cancel, 0);
        expect("SELECT count(*) FROM {t}", "1\n");
    }
}

/* ---- describe ---- */

static bool wants_t(const void *user, const char *table)
{
    (void)user;
    return strcmp(table, "t") == 0;
}

static void a_missing_dataset_has_no_tables(void **state)
{
    (void)state;
    struct described described;
    sample_ok(connection_describe(con, "there is no 'such' dataset", NULL, &described, err));
    assert_int_equal(described.table_count, 0);
    described_release(&described);
}

static void tables_are_described(void **state)
{
    (void)state;
    struct described described;
    const struct table_filter filter = {.wants = wants_t};
    exec("CREATE TABLE {t} (id BIGINT NOT NULL, b BIGINT, c BIGINT DEFAULT 3 NOT NULL)");
    exec("CREATE TABLE {a} (x BIGINT)");
    exec("CREATE VIEW {v} AS SELECT 1 AS x");
    exec("CREATE TEMP TABLE t (not_this BIGINT)");
    for (int i = 0; i < 2; i++) {
        sample_ok(connection_describe(con, dataset, i ? &filter : NULL, &described, err));
        assert_int_equal(described.table_count, i ? 1 : 2);
        assert_string_equal(described.tables[0].name, i ? "t" : "a");
        const struct described_table *t = described_find(&described, "t");
        assert_int_equal(t->column_count, 3);
        assert_string_equal(t->columns[0].name, "id");
        assert_false(t->columns[0].nullable);
        assert_true(t->columns[1].nullable);
        assert_true(t->columns[2].nullable); /* a default takes its place */
        assert_null(described_column(&described, t, "not_this"));
        described_release(&described);
    }
}

/* Two of them, beside more that are not there: some databases ask for few by another way. */
static void assert_named(size_t name_count, bool without_types)
{
    static const char *const asked[] = {"t", "none", "v", "it's \"odd\"", "none", "t", "not_this"};
    const char *names[100];
    struct described described;
    const struct table_filter filter = {
        .names = names, .name_count = name_count, .without_types = without_types};
    for (size_t i = 0; i < name_count; i++)
        names[i] = i < sizeof(asked) / sizeof(asked[0]) ? asked[i] : "none";
    sample_ok(connection_describe(con, dataset, &filter, &described, err));
    assert_int_equal(described.table_count, 2);
    const struct described_table *t = described_find(&described, "t");
    assert_int_equal(t->column_count, 3);
    assert_string_equal(t->columns[1].name, "b \"'x'\"");
    for (size_t i = 0; i < 3 && !without_types; i++) {
        assert_true(con->dialect->type_from_sql(t->columns[i].sql_type).type == TYPE_BIGINT);
        assert_int_equal(t->columns[i].nullable, i > 0);
    }
    const struct described_table *odd = described_find(&described, "it's \"odd\"");
    assert_int_equal(odd->column_count, 1);
    assert_string_equal(odd->columns[0].name, "x");
    described_release(&described);
}

/* Names without quotes may be asked for by another way than those with. */
static void assert_plain_ones_named(void)
{
    static const char *const names[] = {"t", "none", "v", "not_this", "a"};
    struct described described;
    const struct table_filter filter = {.names = names, .name_count = 5};
    sample_ok(connection_describe(con, dataset, &filter, &described, err));
    assert_int_equal(described.table_count, 2);
    const struct described_table *t = described_find(&described, "t");
    assert_int_equal(t->column_count, 3);
    assert_string_equal(t->columns[1].name, "b \"'x'\"");
    for (size_t i = 0; i < 3; i++) {
        assert_true(con->dialect->type_from_sql(t->columns[i].sql_type).type == TYPE_BIGINT);
        assert_int_equal(t->columns[i].nullable, i > 0);
    }
    assert_int_equal(described_find(&described, "a")->column_count, 1);
    described_release(&described);
}

static void tables_are_described_by_name(void **state)
{
    (void)state;
    struct described described;
    const struct table_filter none = {.names = (const char *const[]){"t"}, .name_count = 0};
    exec("CREATE TABLE {t} (id BIGINT NOT NULL, \"b \"\"'x'\"\"\" BIGINT, c BIGINT DEFAULT 3 NOT "
         "NULL)");
    exec("CREATE TABLE {it's \"odd\"} (x BIGINT)");
    exec("CREATE TABLE {a} (x BIGINT)");
    exec("CREATE VIEW {v} AS SELECT 1 AS x");
    exec("CREATE TEMP TABLE not_this (x BIGINT)");
    for (int i = 0; i < 4; i++)
        assert_named(i % 2 ? 100 : 7, i / 2);
    assert_plain_ones_named();
    sample_ok(connection_describe(con, dataset, &none, &described, err));
    assert_int_equal(described.table_count, 0);
    described_release(&described);
    sample_ok(connection_describe(con, "there is no 'such' dataset",
                                  &(struct table_filter){.names = none.names, .name_count = 1},
                                  &described, err));
    assert_int_equal(described.table_count, 0);
    described_release(&described);
}

/* One that fails to be found leaves the transaction as it was. */
static void tables_are_looked_for_in_a_transaction(void **state)
{
    (void)state;
    exec("CREATE TABLE {v} (x BIGINT)");
    sample_ok(connection_transact(con, TRANSACT_BEGIN, err));
    exec("CREATE TABLE {t} (id BIGINT NOT NULL, \"b \"\"'x'\"\"\" BIGINT, c BIGINT DEFAULT 3 NOT "
         "NULL)");
    exec("CREATE TABLE {it's \"odd\"} (x BIGINT)");
    exec("DROP TABLE {v}");
    assert_named(7, false);
    assert_named(7, true);
    sample_ok(connection_transact(con, TRANSACT_COMMIT, err));
    assert_named(7, true);
}

static void a_workload_is_only_a_hint(void **state)
{
    (void)state;
    con->workload = (struct workload){.table_count = 3, .column_count = 40};
    number_table(10);
    expect("SELECT count(*) FROM {t}", "10\n");
}

static const struct conformance_test tests[] = {
    TEST(rows_changed),
    TEST(results_of_every_size),
    TEST(a_stream_that_is_left),
    TEST(errors_have_their_sqlstate),
    TEST(a_rollback_takes_tables_back),
    TEST(a_commit_is_seen_whole),
    TEST(a_statement_that_fails_ends_a_transaction_at_the_most),
    TEST(closing_rolls_back),
    TEST(temporary_tables_end_with_the_connection),
    TEST(the_end_of_a_transaction_is_not_cancelled),
    TEST(a_missing_dataset_has_no_tables),
    TEST(tables_are_described),
    TEST(tables_are_described_by_name),
    TEST(tables_are_looked_for_in_a_transaction),
    TEST(a_workload_is_only_a_hint),
};

int main(int argc, char **argv)
{
    return conformance_run("database/conformance", tests, sizeof(tests) / sizeof(tests[0]),
                           argc > 1 ? argv[1] : NULL);
}
