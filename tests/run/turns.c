/* Resources in their turn, and begun before it: what comes of them is the same, in the same order;
 * the first failure in that order is told, and nobody goes on behind it. */
#include "tests/fixture.h"
#include "tests/postgres.h"

#include "run/load.h"

enum { TABLES = 5 };

static const char *const names[TABLES] = {"a", "b", "c", "d", "e"};

/* Each table has one row more than the one before. */
static int setup(void **state)
{
    free(postgres_sql("SET client_min_messages = warning;"
                      "DROP TABLE IF EXISTS a, b, c, d, e CASCADE"));
    for (size_t i = 0; i < TABLES; i++) {
        char sql[200];
        snprintf(sql, sizeof(sql),
                 "CREATE TABLE %s AS SELECT g AS id FROM generate_series(1, %zu) g", names[i],
                 i + 1);
        free(postgres_sql(sql));
    }
    return fixture_setup(state);
}

/* A pipeline of the tables, and of rows of the program's between the second and the third. */
static void open_tables(struct fixture *fixture, const char *parallel, struct numbers *between)
{
    const struct tg_option at[] = {{"connection", postgres_uri()}, {"parallel", parallel}};
    struct tg_option tables[TABLES];
    struct tg_resource resources[TABLES + 1] = {{0}};
    size_t count = 0;
    for (size_t i = 0; i < TABLES; i++) {
        tables[i] = (struct tg_option){"table", names[i]};
        if (i == 2 && between)
            resources[count++] =
                (struct tg_resource){.name = "n", .read = read_numbers, .user = between};
        resources[count++] = (struct tg_resource){.name = names[i],
                                                  .source = "sql",
                                                  .source_options = at,
                                                  .source_option_count = 2,
                                                  .options = &tables[i],
                                                  .option_count = 1};
    }
    fixture_open(fixture, resources, count);
}

static void test_in_order(void **state)
{
    struct fixture *fixture = *state;
    static const char *const limits[] = {"1", "2", "16"};
    for (size_t l = 0; l < 3; l++) {
        open_tables(fixture, limits[l], NULL);
        fixture_run(fixture);
        assert_int_equal(fixture->result->resource_count, TABLES);
        for (size_t i = 0; i < TABLES; i++) {
            assert_string_equal(fixture->result->resources[i].name, names[i]);
            assert_int_equal(fixture->result->resources[i].rows_read, i + 1);
            assert_string_equal(fixture->result->tables[i].name, names[i]);
        }
    }
    assert_query(fixture, "SELECT count(*) AS n FROM e", "n\n15\n");
}

/* A source that cannot is waited for, and waits for its turn. */
static void test_other_sources_between(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t rows[][2] = {{1, 10}, {2, 20}};
    struct numbers numbers = {.rows = rows, .count = 2};
    open_tables(fixture, "3", &numbers);
    fixture_run(fixture);
    assert_int_equal(fixture->result->resource_count, TABLES + 1);
    assert_string_equal(fixture->result->resources[2].name, "n");
    assert_query(fixture, "SELECT count(*) AS n FROM n", "n\n2\n");
    assert_query(fixture, "SELECT count(*) AS n FROM c", "n\n3\n");
}

/* What is wrong with d is known before b has been read, and told after it. */
static void test_the_first_failure(void **state)
{
    struct fixture *fixture = *state;
    static const char *const limits[] = {"1", "16"};
    free(postgres_sql("DROP TABLE d"));
    for (size_t l = 0; l < 2; l++) {
        open_tables(fixture, limits[l], NULL);
        assert_int_equal(fixture_try(fixture), TG_SOURCE);
        assert_string_equal(fixture->err.resource, "d");
    }
    free(postgres_sql("ALTER TABLE b ADD COLUMN wide numeric; UPDATE b SET wide = 1e40"));
    for (size_t l = 0; l < 2; l++) {
        open_tables(fixture, limits[l], NULL);
        assert_int_equal(fixture_try(fixture), TG_DATA);
        assert_string_equal(fixture->err.resource, "b");
        assert_string_equal(fixture->err.column, "wide");
    }
}

static int cancel_at_once(void *user, const struct tg_progress *progress)
{
    size_t *calls = user;
    ++*calls;
    return progress->phase == TG_PHASE_EXTRACT;
}

static void test_cancelled(void **state)
{
    struct fixture *fixture = *state;
    size_t calls = 0;
    open_tables(fixture, "4", NULL);
    fixture->pipeline->progress = cancel_at_once;
    fixture->pipeline->user = &calls;
    assert_int_equal(fixture_try(fixture), TG_CANCELLED);
    assert_true(calls > 0);
    fixture->pipeline->progress = NULL;
    fixture_run(fixture);
    assert_query(fixture, "SELECT count(*) AS n FROM e", "n\n5\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_in_order, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_other_sources_between, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_the_first_failure, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_cancelled, setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("run/turns", tests, NULL, NULL);
}
