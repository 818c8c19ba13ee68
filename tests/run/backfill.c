/* The plan of a backfill: its windows, what is left out, what goes first, what is refused. */
#include "tests/fixture.h"

static const int64_t numbers_0_to_9[][2] = {{0, 0}, {1, 1}, {2, 2}, {3, 3}, {4, 4},
                                            {5, 5}, {6, 6}, {7, 7}, {8, 8}, {9, 9}};

#define fixture_test(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
#define PLAN(a, b, size_)                                                                          \
    (&(const struct tg_backfill_options){TG_BACKFILL_OPTIONS_INIT, .from = (a), .to = (b),         \
                                         .window = (size_)})
#define NUMBERS(numbers_)                                                                          \
    {                                                                                              \
        TG_RESOURCE_INIT, .name = "t", .read = read_numbers, .user = (numbers_),                   \
                          .cursor_path = "id"                                                      \
    }

static struct tg_backfill plan(struct fixture *fixture, const struct tg_backfill_options *options)
{
    struct tg_backfill out;
    assert_done(fixture,
                tg_pipeline_plan_backfill(fixture->pipeline, options, &out, &fixture->err));
    return out;
}

static void refused(struct fixture *fixture, const struct tg_backfill_options *options,
                    const char *says)
{
    struct tg_backfill out;
    int rc = tg_pipeline_plan_backfill(fixture->pipeline, options, &out, &fixture->err);
    if (rc != TG_USAGE || !strstr(fixture->err.what, says))
        fail_msg("%d, not a refusal with '%s': %s", rc, says, fixture->err.what);
    assert_string_equal(out.run_id, "");
}

static void load(struct fixture *fixture, const char *from, const char *to)
{
    const struct tg_window_options window = {TG_WINDOW_OPTIONS_INIT, .from = from, .to = to};
    tg_result_free(fixture->result);
    assert_done(fixture, tg_pipeline_run_window(fixture->pipeline, &window, &fixture->result,
                                                &fixture->err));
}

static void work(struct fixture *fixture, const char *run_id)
{
    const struct tg_work_options options = {TG_WORK_OPTIONS_INIT, .run_id = run_id};
    assert_done(fixture, tg_pipeline_work(fixture->pipeline, &options, &fixture->err));
}

#define WINDOWS "SELECT id, lo, hi, state FROM _tidegate_windows WHERE state = 'open' ORDER BY id"

static void what_is_missing_is_planned(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers = {.rows = numbers_0_to_9, .count = 10};
    const struct tg_resource resource = NUMBERS(&numbers);
    fixture_open(fixture, &resource, 1);
    struct tg_backfill first = plan(fixture, PLAN("0", "10", "4"));
    assert_int_equal(first.windows, 3);
    assert_int_equal(first.loaded, 0);
    assert_false(first.shared); /* a file of DuckDB */
    assert_query(fixture, WINDOWS, "id,lo,hi,state\n1,0,4,open\n2,4,8,open\n3,8,10,open\n");
    /* It is to be done first, by whatever call that meets it. */
    struct tg_backfill again = plan(fixture, PLAN("9", "20", "1"));
    assert_string_equal(again.run_id, first.run_id);
    assert_int_equal(again.windows, 3);
    /* So it is for a run, and for a window. */
    assert_int_equal(fixture_try(fixture), TG_CONFLICT);
    assert_non_null(strstr(fixture->err.what, "finish the backfill first"));
    const struct tg_window_options window = {TG_WINDOW_OPTIONS_INIT, .from = "1", .to = "2"};
    assert_int_equal(tg_pipeline_run_window(fixture->pipeline, &window, NULL, &fixture->err),
                     TG_USAGE);
    assert_non_null(strstr(fixture->err.what, "is planned by backfill"));
    work(fixture, first.run_id);
    assert_query(fixture, "SELECT count(*) AS n, count(DISTINCT id) AS d FROM t", "n,d\n10,10\n");
    assert_string_equal(plan(fixture, PLAN("0", "10", "4")).run_id, "");
    /* A run goes on behind it. */
    fixture_run(fixture);
    assert_query(fixture, "SELECT count(*) AS n FROM t", "n\n10\n");
}

static void what_is_loaded_is_left_out(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers = {.rows = numbers_0_to_9, .count = 10};
    const struct tg_resource resource = NUMBERS(&numbers);
    fixture_open(fixture, &resource, 1);
    load(fixture, "3", "5");
    load(fixture, "8", "9");
    struct tg_backfill first = plan(fixture, PLAN("0", "10", "4"));
    assert_query(fixture, WINDOWS, "id,lo,hi,state\n1,0,3,open\n2,5,8,open\n3,9,10,open\n");
    work(fixture, first.run_id);
    assert_query(fixture, "SELECT count(*) AS n, count(DISTINCT id) AS d FROM t", "n,d\n10,10\n");
    struct tg_backfill_options all = *PLAN("0", "10", "5");
    all.again = true;
    assert_int_equal(plan(fixture, &all).windows, 2);
}

static void a_cursor_that_goes_down(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers = {.rows = numbers_0_to_9, .count = 10};
    struct tg_resource resource = NUMBERS(&numbers);
    resource.last_value = TG_MIN;
    fixture_open(fixture, &resource, 1);
    struct tg_backfill first = plan(fixture, PLAN("9", "2", "3"));
    assert_query(fixture, WINDOWS, "id,lo,hi,state\n1,9,6,open\n2,6,3,open\n3,3,2,open\n");
    work(fixture, first.run_id);
    assert_query(fixture, "SELECT min(id) AS a, count(*) AS n, count(DISTINCT id) AS d FROM t",
                 "a,n,d\n3,7,7\n");
}

static void what_cannot_be_planned(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers = {.rows = numbers_0_to_9, .count = 10};
    struct tg_resource resource = NUMBERS(&numbers);
    fixture_open(fixture, &resource, 1);
    refused(fixture, PLAN("0", "10", "1d"), "no length of windows");
    refused(fixture, PLAN("0", "10", NULL), "length of its windows");
    refused(fixture, PLAN("0", NULL, "1"), "both its ends");
    refused(fixture, PLAN("10", "0", "1"), "upside down");
    refused(fixture, PLAN("0", "10000000", "1"), "more than 100000 windows");
    refused(fixture, PLAN("a", "b", "1"), "texts");
    fixture_run(fixture);
    refused(fixture, PLAN("0", "20", "5"), "by the runs so far");
    assert_int_equal(tg_pipeline_plan_backfill(NULL, PLAN("0", "1", "1"), NULL, NULL), TG_USAGE);
    resource.cursor_path = NULL;
    resource.name = "u";
    fixture_open(fixture, &resource, 1);
    refused(fixture, PLAN("0", "10", "1"), "has a cursor");
}

static void an_undo_takes_back_a_window_or_the_plan(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers = {.rows = numbers_0_to_9, .count = 10};
    const struct tg_resource resource = NUMBERS(&numbers);
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                                .name = "test",
                                                .destination = fixture->destination,
                                                .dataset = "d",
                                                .workdir = fixture->workdir,
                                                .undo_loads = 5};
    assert_done(fixture, tg_pipeline_new(&fixture->pipeline, &options, &fixture->err));
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resource, &fixture->err));
    struct tg_backfill first = plan(fixture, PLAN("0", "10", "5"));
    work(fixture, first.run_id);
    assert_done(fixture, tg_pipeline_undo(fixture->pipeline, NULL, NULL, &fixture->err));
    assert_query(fixture, WINDOWS, "id,lo,hi,state\n2,5,10,open\n");
    assert_query(fixture, "SELECT count(*) AS n FROM t", "n\n5\n");
    work(fixture, first.run_id);
    assert_query(fixture, "SELECT count(*) AS n, count(DISTINCT id) AS d FROM t", "n,d\n10,10\n");
    const struct tg_undo_options all = {TG_UNDO_OPTIONS_INIT, .load_id = first.run_id};
    assert_done(fixture, tg_pipeline_undo(fixture->pipeline, &all, NULL, &fixture->err));
    assert_query(fixture, "SELECT count(*) AS n FROM _tidegate_windows", "n\n0\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(what_is_missing_is_planned),
        fixture_test(what_is_loaded_is_left_out),
        fixture_test(a_cursor_that_goes_down),
        fixture_test(what_cannot_be_planned),
        fixture_test(an_undo_takes_back_a_window_or_the_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
