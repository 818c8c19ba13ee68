/* A plan: what a run then does; nothing of it stays, and sources hear so. */
#include "tests/fixture.h"

#include <sys/stat.h>

static int begun, ended;
static enum tg_outcome heard;

static int hear_begin(void *user, const struct tg_cursor *cursor, struct tg_error *err)
{
    (void)user;
    (void)cursor;
    (void)err;
    begun++;
    return TG_OK;
}

static void hear_end(void *user, enum tg_outcome outcome)
{
    (void)user;
    ended++;
    heard = outcome;
}

static struct tg_plan *plan_rows(struct fixture *fixture)
{
    struct tg_plan *plan = NULL;
    const struct tg_plan_options options = {TG_PLAN_OPTIONS_INIT, .rows = true};
    assert_done(fixture, tg_pipeline_plan(fixture->pipeline, &options, &plan, &fixture->err));
    return plan;
}

/* Counts, cells; state, rows and cursor are where they were. */
static void a_run_does_what_was_announced(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t first[][2] = {{1, 10}, {2, 20}}, second[][2] = {{2, 21}, {3, 30}};
    struct numbers numbers = {.rows = first, .count = 2};
    const struct tg_resource resource = {
        TG_RESOURCE_INIT,   .name = "n",      .read = read_numbers,          .begin = hear_begin,
        .end = hear_end,    .user = &numbers, .write_disposition = TG_MERGE, .primary_key = "id",
        .cursor_path = "id"};
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_int_equal(heard, TG_OUTCOME_COMMITTED);
    numbers = (struct numbers){.rows = second, .count = 2};
    begun = ended = 0;
    struct tg_plan *plan = plan_rows(fixture);
    assert_int_equal(begun, 1);
    assert_int_equal(ended, 1);
    assert_int_equal(heard, TG_OUTCOME_GIVEN_UP);
    assert_string_equal(tg_result_load_id(tg_plan_result(plan)), "");
    const struct tg_table_info announced = *tg_result_table(tg_plan_result(plan), 0);
    assert_int_equal(announced.rows_inserted, 1);
    assert_int_equal(announced.rows_updated, 1);
    const struct tg_plan_sample *cell = tg_plan_sample(plan, 0);
    assert_int_equal(cell->row, TG_ROW_UPDATED);
    assert_string_equal(cell->key, "2");
    assert_string_equal(cell->before, "20");
    assert_string_equal(cell->after, "21");
    assert_string_equal(tg_plan_resource(plan, 0)->start_value, "2");
    assert_query(fixture, "SELECT id, value FROM n ORDER BY id", "id,value\n1,10\n2,20\n");
    fixture_run(fixture);
    const struct tg_table_info *done = tg_result_table(fixture->result, 0);
    assert_int_equal(numbers.seen_start, 2);
    assert_int_equal(done->rows_read, announced.rows_read);
    assert_int_equal(done->rows_inserted, announced.rows_inserted);
    assert_int_equal(done->rows_updated, announced.rows_updated);
    tg_plan_free(plan);
}

static int fail_to_read(struct tg_read *read, struct tg_error *err)
{
    (void)read;
    err->code = TG_SOURCE;
    return TG_SOURCE;
}

static void a_source_that_fails_fails_the_plan(void **state)
{
    struct fixture *fixture = *state;
    struct tg_plan *plan = NULL;
    const struct tg_plan_options options = {TG_PLAN_OPTIONS_INIT, .rows = true};
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "n", .read = fail_to_read,
                                         .end = hear_end};
    fixture_open(fixture, &resource, 1);
    ended = 0;
    assert_int_equal(tg_pipeline_plan(fixture->pipeline, &options, &plan, &fixture->err),
                     TG_SOURCE);
    assert_null(plan);
    assert_int_equal(ended, 1);
    assert_int_equal(heard, TG_OUTCOME_GIVEN_UP);
}

/* As it is asked for, and without a limit. */
static void limits_do_not_fail_it(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t first[][2] = {{1, 10}, {2, 20}}, second[][2] = {{1, 10}};
    struct numbers numbers = {.rows = first, .count = 2};
    const struct tg_resource resource = {TG_RESOURCE_INIT,
                                         .name = "n",
                                         .read = read_numbers,
                                         .user = &numbers,
                                         .write_disposition = TG_REPLACE,
                                         .limits = {.rows_deleted = "0"}};
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    numbers = (struct numbers){.rows = second, .count = 1};
    struct tg_plan *plan = plan_rows(fixture);
    assert_int_equal(tg_plan_excess_count(plan), 1);
    assert_string_equal(tg_plan_excess(plan, 0)->table, "n");
    tg_plan_free(plan);
    assert_int_equal(tg_pipeline_run(fixture->pipeline, NULL, &fixture->err), TG_LIMIT);
    assert_query(fixture, "SELECT count(*) AS n FROM n", "n\n2\n");
}

static void check_part(const struct tg_plan *plan, size_t index, const char *from, const char *to,
                       const char *state)
{
    const struct tg_plan_window *part = tg_plan_window(plan, index);
    assert_non_null(part);
    assert_string_equal(part->resource, "n");
    assert_string_equal(part->from, from);
    assert_string_equal(part->to, to);
    assert_string_equal(part->state, state);
    assert_int_equal(part->by != NULL, strcmp(state, "due") != 0);
}

static void a_range_is_told_in_parts(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t rows[][2] = {{1, 1}, {2, 2}, {3, 3}, {4, 4}, {5, 5}, {6, 6}};
    struct numbers numbers = {.rows = rows, .count = 6};
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "n", .read = read_numbers,
                                         .user = &numbers, .cursor_path = "id"};
    const struct tg_window_options window = {TG_WINDOW_OPTIONS_INIT, .from = "3", .to = "5"};
    struct tg_plan_options options = {TG_PLAN_OPTIONS_INIT, .from = "1", .to = "7", .window = "2"};
    struct tg_plan *plan = NULL;
    fixture_open(fixture, &resource, 1);
    assert_done(fixture, tg_pipeline_run_window(fixture->pipeline, &window, NULL, &fixture->err));
    assert_done(fixture, tg_pipeline_plan(fixture->pipeline, &options, &plan, &fixture->err));
    assert_int_equal(tg_plan_window_count(plan), 3);
    check_part(plan, 0, "3", "5", "loaded");
    check_part(plan, 1, "1", "3", "due");
    check_part(plan, 2, "5", "7", "due");
    tg_plan_free(plan);
    options.window = NULL;
    assert_int_equal(tg_pipeline_plan(fixture->pipeline, &options, &plan, &fixture->err), TG_USAGE);
    assert_non_null(strstr(fixture->err.what, "is loaded, by load"));
    options.again = options.rows = true;
    assert_done(fixture, tg_pipeline_plan(fixture->pipeline, &options, &plan, &fixture->err));
    assert_int_equal(tg_plan_window_count(plan), 2);
    check_part(plan, 1, "1", "7", "due");
    assert_int_equal(tg_result_table(tg_plan_result(plan), 0)->rows_inserted, 6);
    tg_plan_free(plan);
    options = (struct tg_plan_options){TG_PLAN_OPTIONS_INIT, .window = "2"};
    assert_int_equal(tg_pipeline_plan(fixture->pipeline, &options, &plan, &fixture->err), TG_USAGE);
    options.rows = true;
    assert_int_equal(tg_pipeline_plan(fixture->pipeline, &options, &plan, &fixture->err), TG_USAGE);
    assert_done(fixture, tg_pipeline_plan(fixture->pipeline, NULL, &plan, &fixture->err));
    assert_int_equal(tg_plan_window_count(plan), 0); /* the next one is of a plain run */
    tg_plan_free(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_run_does_what_was_announced, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_source_that_fails_fails_the_plan, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(limits_do_not_fail_it, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_range_is_told_in_parts, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
