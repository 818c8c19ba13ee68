/*
 * Rows that came late from a program: counted once, by a load that says so; and what makes no load.
 */
#include "tests/fixture.h"

static struct tg_resource resource_of(struct numbers *numbers)
{
    return (struct tg_resource){TG_RESOURCE_INIT, .name = "t",         .read = read_numbers,
                                .user = numbers,  .primary_key = "id", .cursor_path = "value"};
}

static void give(struct numbers *numbers, const int64_t (*rows)[2], size_t count)
{
    *numbers = (struct numbers){.rows = rows, .count = count};
}
#define GIVE(numbers, ...)                                                                         \
    give(&numbers, (const int64_t[][2]){__VA_ARGS__},                                              \
         sizeof((const int64_t[][2]){__VA_ARGS__}) / sizeof(int64_t[2]))

static uint64_t late_of(const struct fixture *fixture)
{
    return tg_result_table(fixture->result, 0)->rows_late;
}

static void late_rows_are_told(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    const struct tg_resource resource = resource_of(&numbers);
    GIVE(numbers, {1, 10}, {2, 20});
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_int_equal(late_of(fixture), 0);
    GIVE(numbers, {1, 10}, {3, 12}, {4, 19}, {5, 20}, {6, 21});
    fixture_run(fixture);
    assert_int_equal(late_of(fixture), 2);
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_below_start, 3);
    assert_int_equal(tg_result_warning_count(fixture->result), 1);
    assert_string_equal(tg_result_warning(fixture->result, 0),
                        "resource 't': 2 rows were left out that came late: before the last value "
                        "of the cursor 'value', and not at the destination under their key; 'lag: "
                        "8' would have taken them");
}

/* Alone they are worth a load: nobody may hand them over again. */
static void a_load_of_late_rows_alone(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    const struct tg_resource resource = resource_of(&numbers);
    GIVE(numbers, {1, 10}, {2, 20});
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    GIVE(numbers, {1, 10}, {2, 20});
    fixture_run(fixture);
    assert_string_equal(tg_result_load_id(fixture->result), "");
    assert_query(fixture, "SELECT count(*) AS n FROM _tidegate_loads", "n\n1\n");
    GIVE(numbers, {1, 11});
    fixture_run(fixture);
    assert_string_not_equal(tg_result_load_id(fixture->result), "");
    assert_int_equal(late_of(fixture), 1);
    assert_query(fixture, "SELECT max(rows_late) AS l, count(*) AS n FROM _tidegate_loads",
                 "l,n\n1,2\n");
}

/* Of very many rows the first are looked at, and the message says so. */
static void not_all_are_looked_at(void **state)
{
    enum { MANY = 100001 };
    struct fixture *fixture = *state;
    static int64_t rows[MANY][2];
    struct numbers numbers;
    const struct tg_resource resource = resource_of(&numbers);
    GIVE(numbers, {-1, MANY});
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    for (int64_t i = 0; i < MANY; i++)
        rows[i][0] = rows[i][1] = i;
    give(&numbers, (const int64_t(*)[2])rows, MANY - 1);
    fixture_run(fixture);
    assert_int_equal(late_of(fixture), MANY - 1);
    assert_null(strstr(tg_result_warning(fixture->result, 0), "at least"));
    give(&numbers, (const int64_t(*)[2])rows, MANY);
    fixture_run(fixture);
    assert_int_equal(late_of(fixture), MANY - 1);
    assert_non_null(strstr(tg_result_warning(fixture->result, 0), "at least 100000 rows"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(late_rows_are_told, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_load_of_late_rows_alone, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(not_all_are_looked_at, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("run/late", tests, NULL, NULL);
}
