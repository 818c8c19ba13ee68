/* Where a resource goes on: a window, a cursor that goes down, groups that a cursor may cut. */
#include "tests/fixture.h"

static const int64_t seven[][2] = {{1, 10}, {2, 20}, {3, 30}, {4, 40}, {5, 50}, {6, 60}, {7, 70}};

static void initial_and_end_value_bound_a_window(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers = {.rows = seven, .count = 7};
    const struct tg_resource resource = {.name = "n",
                                         .read = read_numbers,
                                         .user = &numbers,
                                         .cursor_path = "id",
                                         .initial_value = {.kind = TG_VALUE_INT64, .int64 = 3},
                                         .end_value = {.kind = TG_VALUE_INT64, .int64 = 6}};
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_query(fixture, "SELECT id FROM n ORDER BY id", "id\n3\n4\n5\n");
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_filtered, 4);
    /* A window keeps no state: it loads the same again. */
    fixture_run(fixture);
    assert_query(fixture, "SELECT count(*) AS n FROM n", "n\n6\n");
}

static void min_goes_back_in_time(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers = {.rows = seven + 4, .count = 3};
    const struct tg_resource resource = {.name = "n",
                                         .read = read_numbers,
                                         .user = &numbers,
                                         .cursor_path = "id",
                                         .last_value = TG_MIN};
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    numbers = (struct numbers){.rows = seven, .count = 7};
    fixture_run(fixture);
    assert_int_equal(numbers.seen_start, 5);
    assert_query(fixture, "SELECT id FROM n ORDER BY id", "id\n1\n2\n3\n4\n5\n6\n7\n");
}

/* A source that lists only what is new leaves a group to its last rows: nobody else knows of the
 * others. Not so where the cursor's field is in the merge key, or where whole groups come. */
static void parts_of_groups_are_warned_of(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t rows[][2] = {{1, 7}, {2, 7}, {3, 8}, {4, 8}};
    struct numbers numbers = {.rows = rows, .count = 3};
    struct tg_resource resource = {.name = "n",
                                   .read = read_numbers,
                                   .user = &numbers,
                                   .write_disposition = TG_MERGE,
                                   .merge_key = "value",
                                   .cursor_path = "id"};
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_int_equal(tg_result_warning_count(fixture->result), 0);
    numbers = (struct numbers){.rows = rows, .count = 4};
    fixture_run(fixture); /* the whole list */
    assert_int_equal(tg_result_warning_count(fixture->result), 0);
    assert_query(fixture, "SELECT id FROM n ORDER BY id", "id\n1\n2\n3\n4\n");
    numbers = (struct numbers){.rows = rows + 3, .count = 1};
    fixture_run(fixture); /* nothing new: the row at the last value alone takes no group along */
    assert_int_equal(tg_result_warning_count(fixture->result), 0);
    assert_query(fixture, "SELECT id FROM n ORDER BY id", "id\n1\n2\n3\n4\n");
    static const int64_t more[][2] = {{4, 8}, {5, 8}};
    numbers = (struct numbers){.rows = more, .count = 2};
    fixture_run(fixture);
    assert_int_equal(tg_result_warning_count(fixture->result), 1);
    assert_non_null(
        strstr(tg_result_warning(fixture->result, 0), "make 'id' part of the merge_key"));
    assert_query(fixture, "SELECT id FROM n ORDER BY id", "id\n1\n2\n4\n5\n");
    resource.merge_key = "id";
    fixture_open(fixture, &resource, 1);
    static const int64_t last[][2] = {{6, 8}};
    numbers = (struct numbers){.rows = last, .count = 1};
    fixture_run(fixture);
    assert_int_equal(tg_result_warning_count(fixture->result), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(initial_and_end_value_bound_a_window, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(min_goes_back_in_time, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(parts_of_groups_are_warned_of, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests_name("run/resume", tests, NULL, NULL);
}
