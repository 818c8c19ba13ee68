/* A worker: what it tells, what it leaves, what others have done meanwhile. */
#include "tests/fixture.h"

static const int64_t numbers_0_to_9[][2] = {{0, 0}, {1, 1}, {2, 2}, {3, 3}, {4, 4},
                                            {5, 5}, {6, 6}, {7, 7}, {8, 8}, {9, 9}};

#define fixture_test(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

struct told {
    uint64_t windows, rows, stop_at;
    char last[64];
};

static int tell(void *user, const struct tg_window_info *window)
{
    struct told *told = user;
    told->windows++;
    told->rows += window->rows;
    assert_int_equal(window->loaded, window->number);
    assert_int_equal(window->windows, 5);
    snprintf(told->last, sizeof(told->last), "%s %s-%s", window->resource, window->from,
             window->to);
    return told->windows == told->stop_at ? 1 : TG_OK;
}

static struct tg_backfill plan(struct fixture *fixture)
{
    struct tg_backfill out;
    const struct tg_backfill_options options = {TG_BACKFILL_OPTIONS_INIT, .from = "0", .to = "10",
                                                .window = "2"};
    assert_done(fixture,
                tg_pipeline_plan_backfill(fixture->pipeline, &options, &out, &fixture->err));
    assert_int_equal(out.windows, 5);
    return out;
}

static int work(struct fixture *fixture, const struct tg_backfill *plan, struct told *told)
{
    const struct tg_work_options options = {TG_WORK_OPTIONS_INIT, .run_id = plan->run_id,
                                            .user = told, .window = told ? tell : NULL};
    return tg_pipeline_work(fixture->pipeline, &options, &fixture->err);
}

static void it_tells_of_each_window_and_can_be_stopped(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers = {.rows = numbers_0_to_9, .count = 10};
    struct told told = {.stop_at = 2};
    char path[400];
    struct fs_names left = {0};
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "t", .read = read_numbers,
                                         .user = &numbers, .cursor_path = "id"};
    fixture_open(fixture, &resource, 1);
    struct tg_backfill run = plan(fixture);
    assert_int_equal(work(fixture, &run, &told), TG_CANCELLED);
    assert_string_equal(told.last, "t 2-4");
    assert_query(fixture,
                 "SELECT state, count(*) AS n FROM _tidegate_windows GROUP BY 1 "
                 "ORDER BY 1",
                 "state,n\ncommitted,2\nopen,3\n");
    assert_done(fixture, work(fixture, &run, &told));
    assert_int_equal(told.windows, 5);
    assert_int_equal(told.rows, 10);
    assert_query(fixture, "SELECT count(*) AS n, count(DISTINCT id) AS d FROM t", "n,d\n10,10\n");
    assert_done(fixture, work(fixture, &run, NULL)); /* nothing is left to do */
    snprintf(path, sizeof(path), "%s/test/work", fixture->workdir);
    assert_done(fixture, fs_list(path, &left, &fixture->err));
    assert_int_equal(left.count, 0); /* nor is a folder */
    fs_names_release(&left);
}

/* While it reads its first window, that goes to somebody else: as one whose lease was over. */
struct overtaken {
    struct numbers numbers;
    struct fixture *fixture;
    const char *sql;
    bool did;
};

static void change(struct fixture *fixture, const char *sql)
{
    struct ArrowArrayStream stream = {0};
    assert_done(fixture, tg_pipeline_query(fixture->pipeline, sql, &stream, &fixture->err));
    free(fixture_rows(fixture, &stream, TG_CELL_TEXT));
}

static int read_overtaken(struct tg_read *read, struct tg_error *err)
{
    struct overtaken *overtaken = read->user;
    if (!overtaken->did) {
        overtaken->did = true;
        struct fixture other = *overtaken->fixture;
        const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT, .name = "test",
                                                    .destination = other.destination,
                                                    .dataset = "d", .workdir = other.workdir};
        assert_done(&other, tg_pipeline_new(&other.pipeline, &options, &other.err));
        change(&other, overtaken->sql);
        tg_pipeline_free(other.pipeline);
    }
    read->user = &overtaken->numbers;
    int rc = read_numbers(read, err);
    read->user = overtaken;
    return rc;
}

static void who_is_overtaken_writes_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct overtaken overtaken = {
        .numbers = {.rows = numbers_0_to_9, .count = 10},
        .fixture = fixture,
        .sql = "UPDATE _tidegate_windows SET fence = fence + 1, owner = 'other', state = 'open' "
               "WHERE id = 1"};
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "t", .read = read_overtaken,
                                         .user = &overtaken, .cursor_path = "id"};
    fixture_open(fixture, &resource, 1);
    struct tg_backfill run = plan(fixture);
    assert_done(fixture, work(fixture, &run, NULL));
    assert_query(fixture, "SELECT count(*) AS n, count(DISTINCT id) AS d FROM t", "n,d\n10,10\n");
    assert_query(fixture, "SELECT tries, fence FROM _tidegate_windows WHERE id = 1",
                 "tries,fence\n2,3\n");
}

static int read_nothing(struct tg_read *read, struct tg_error *err)
{
    (void)read;
    err->code = TG_SOURCE;
    snprintf(err->what, sizeof(err->what), "it is out of order");
    return TG_SOURCE;
}

static void what_fails_is_open_again(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "t", .read = read_nothing,
                                         .cursor_path = "id"};
    fixture_open(fixture, &resource, 1);
    struct tg_backfill run = plan(fixture), none = {.run_id = "1.5"};
    assert_int_equal(work(fixture, &run, NULL), TG_SOURCE);
    assert_non_null(strstr(fixture->err.where, "window 1 of backfill"));
    assert_query(fixture, "SELECT count(*) AS n FROM _tidegate_windows WHERE state = 'open'",
                 "n\n5\n");
    assert_int_equal(work(fixture, &none, NULL), TG_USAGE);
    assert_non_null(strstr(fixture->err.what, "has no backfill '1.5'"));
    const struct tg_work_options wrong = {TG_WORK_OPTIONS_INIT, .run_id = run.run_id, .lease = "x"};
    assert_int_equal(tg_pipeline_work(fixture->pipeline, &wrong, &fixture->err), TG_USAGE);
    const struct tg_work_options nobody = {TG_WORK_OPTIONS_INIT};
    assert_int_equal(tg_pipeline_work(fixture->pipeline, &nobody, &fixture->err), TG_USAGE);
    assert_int_equal(tg_pipeline_work(NULL, &nobody, NULL), TG_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(it_tells_of_each_window_and_can_be_stopped),
        fixture_test(who_is_overtaken_writes_nothing),
        fixture_test(what_fails_is_open_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
