/* Results: what is asked beyond their end, or of none, is answered with nothing. */
#include "tests/fixture.h"

static void assert_nothing_at(const struct tg_result *result, size_t index)
{
    assert_null(tg_result_table(result, index));
    assert_null(tg_result_resource(result, index));
    assert_null(tg_result_change(result, index));
    assert_null(tg_result_file(result, index));
    assert_null(tg_result_package_file(result, index));
    assert_null(tg_result_warning(result, index));
}

static void of_none_there_is_nothing(void **state)
{
    (void)state;
    assert_string_equal(tg_result_load_id(NULL), "");
    assert_string_equal(tg_result_dataset(NULL), "");
    assert_string_equal(tg_result_schema(NULL), "");
    assert_int_equal(tg_result_started(NULL), 0);
    assert_true(tg_result_seconds(NULL) == 0);
    assert_true(tg_result_phase_seconds(NULL, TG_PHASE_WRITE) == 0);
    assert_int_equal(tg_result_settled_count(NULL), 0);
    assert_int_equal(tg_result_warning_cut_count(NULL), 0);
    assert_nothing_at(NULL, 0);
    tg_result_free(NULL);
}

static void an_index_may_be_too_high(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t rows[][2] = {{1, 10}};
    struct numbers numbers = {.rows = rows, .count = 1};
    const struct tg_resource resource = {.name = "n", .read = read_numbers, .user = &numbers};
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_string_equal(tg_result_table(fixture->result, 0)->name, "n");
    assert_string_equal(tg_result_resource(fixture->result, 0)->name, "n");
    assert_int_equal(tg_result_package_file_count(fixture->result), 1);
    assert_nothing_at(fixture->result, 1000);
    assert_nothing_at(fixture->result, SIZE_MAX);
    assert_true(tg_result_phase_seconds(fixture->result, TG_PHASE_DONE) == 0);
    assert_true(tg_result_phase_seconds(fixture->result, (enum tg_phase) - 1) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_none_there_is_nothing),
        cmocka_unit_test_setup_teardown(an_index_may_be_too_high, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("result", tests, NULL, NULL);
}
