/* Further tables of a resource: arguments that are missing or wrong, calls outside of `read`. */
#include "tests/fixture.h"

static void what_is_missing_is_said(void **state)
{
    struct fixture *fixture = *state;
    struct tg_error *err = &fixture->err;
    size_t number = 7;
    const struct tg_read read = {.done = false};
    assert_int_equal(tg_read_table(NULL, "t", NULL, &number, err), TG_USAGE);
    assert_int_equal(number, 0);
    assert_non_null(strstr(err->what, "tables are for `read`"));
    assert_int_equal(tg_read_table(&read, "t", NULL, &number, err), TG_USAGE);
    assert_int_equal(tg_read_table(&read, NULL, NULL, &number, err), TG_USAGE);
    assert_int_equal(tg_read_table(&read, "t", NULL, NULL, NULL), TG_USAGE);
}

static int say_wrongly(struct tg_read *read, struct tg_error *err)
{
    size_t number;
    read->done = true;
    return tg_read_table(read, "orders", read->user, &number, err);
}

static void assert_wrong(struct fixture *fixture, struct tg_resource *hints, const char *what)
{
    const struct tg_resource resource = {.name = "n", .read = say_wrongly, .user = hints};
    fixture_open(fixture, &resource, 1);
    assert_int_equal(fixture_try(fixture), TG_USAGE);
    assert_non_null(strstr(fixture->err.what, what));
    assert_string_equal(fixture->err.resource, "n");
    assert_string_equal(fixture->err.table, "orders");
}

static void hints_of_another_size_are_refused(void **state)
{
    struct tg_resource hints = {.size = 3};
    assert_wrong(*state, &hints, "is given with the size 3");
}

static void hints_that_do_not_go_together_are_refused(void **state)
{
    struct tg_resource hints = {TG_RESOURCE_INIT, .write_disposition = TG_MERGE};
    assert_wrong(*state, &hints, "needs a primary_key or a merge_key");
}

static int push_to_nobody(struct tg_read *read, struct tg_error *err)
{
    (void)err;
    tg_rows_table(read->rows, 1);
    read->done = true;
    return TG_OK;
}

static int push_within(struct tg_read *read, struct tg_error *err)
{
    size_t number;
    read->done = true;
    if (tg_read_table(read, "orders", NULL, &number, err) != TG_OK)
        return TG_USAGE;
    tg_rows_begin_object(read->rows);
    tg_rows_table(read->rows, number);
    tg_rows_end_object(read->rows);
    return TG_OK;
}

static void a_number_is_one_of_those_given_and_said_between_rows(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_resource nobody = {.name = "n", .read = push_to_nobody},
                             within = {.name = "n", .read = push_within},
                             without = {.name = "n", .read = push_within, .no_table = true};
    fixture_open(fixture, &nobody, 1);
    assert_int_equal(fixture_try(fixture), TG_USAGE);
    assert_non_null(strstr(fixture->err.what, "there is no table number 1 of the resource"));
    fixture_open(fixture, &within, 1);
    assert_int_equal(fixture_try(fixture), TG_USAGE);
    assert_non_null(strstr(fixture->err.what, "an object or a list is open"));
    fixture_open(fixture, &without, 1);
    assert_int_equal(fixture_try(fixture), TG_USAGE);
    assert_non_null(strstr(fixture->err.what, "a resource without a table"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_missing_is_said, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(hints_of_another_size_are_refused, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(hints_that_do_not_go_together_are_refused, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_number_is_one_of_those_given_and_said_between_rows,
                                        fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("api/table", tests, NULL, NULL);
}
