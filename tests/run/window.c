/* Windows: what is loaded, what is refused, where a plain run goes on, what an undo takes back. */
#include "tests/fixture.h"

/* Days of January 2024 as texts, `ties` rows of each; ids rise. */
struct days {
    int count, ties;
    char start[60];
};

static int read_days(struct tg_read *read, struct tg_error *err)
{
    struct days *days = read->user;
    const struct tg_value *start = &read->cursor->start;
    (void)err;
    snprintf(days->start, sizeof(days->start), "%s",
             start->kind == TG_VALUE_TEXT ? start->text : "");
    for (int day = 1; day <= days->count; day++)
        for (int tie = 0; tie < days->ties; tie++) {
            char row[80];
            snprintf(row, sizeof(row), "{\"id\":%d,\"at\":\"2024-01-%02dT00:00:00Z\"}",
                     day * 100 + tie, day);
            tg_rows_json(read->rows, row, strlen(row));
        }
    read->done = true;
    return TG_OK;
}

static const int64_t numbers_1_to_6[][2] = {{1, 1}, {2, 2}, {3, 3}, {4, 4}, {5, 5}, {6, 6}};

#define fixture_test(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
#define WINDOW(a, b, ...)                                                                          \
    (&(const struct tg_window_options){TG_WINDOW_OPTIONS_INIT, .from = (a), .to = (b), __VA_ARGS__})
#define DAYS(days_, ...)                                                                           \
    {                                                                                              \
        TG_RESOURCE_INIT, .name = "t", .read = read_days, .user = (days_), .cursor_path = "at",    \
                          __VA_ARGS__                                                              \
    }
#define TEXT(t)                                                                                    \
    {                                                                                              \
        .kind = TG_VALUE_TEXT, .text = (t)                                                         \
    }

static int try(struct fixture *fixture, const struct tg_window_options *window)
{
    tg_result_free(fixture->result);
    return tg_pipeline_run_window(fixture->pipeline, window, &fixture->result, &fixture->err);
}

static void load(struct fixture *fixture, const char *from, const char *to)
{
    assert_done(fixture, try(fixture, WINDOW(from, to, .again = false)));
}

static void refused(struct fixture *fixture, const struct tg_window_options *window, int code,
                    const char *says)
{
    int rc = try(fixture, window);
    if (rc != code || !strstr(fixture->err.what, says))
        fail_msg("%d, not %d with '%s': %s", rc, code, says, fixture->err.what);
}

static void count(struct fixture *fixture, const char *csv)
{
    assert_query(fixture, "SELECT count(*) AS n, count(DISTINCT id) AS d FROM t", csv);
}

static void a_window_leaves_the_cursor_alone(void **state)
{
    struct fixture *fixture = *state;
    struct days days = {.count = 5, .ties = 3};
    const struct tg_resource resource = DAYS(&days, .initial_value = TEXT("2024-01-01"));
    fixture_open(fixture, &resource, 1);
    load(fixture, "2024-01-01", "2024-01-03");
    assert_string_equal(days.start, "2024-01-01T00:00:00Z");
    count(fixture, "n,d\n6,6\n");
    struct ArrowArrayStream stream = {0};
    assert_done(fixture,
                tg_pipeline_show(fixture->pipeline, TG_SHOW_WINDOWS, &stream, &fixture->err));
    char *shown = fixture_rows(fixture, &stream, TG_CELL_TEXT);
    assert_non_null(strstr(shown, "\nt,2024-01-01,2024-01-03,committed,6,"));
    free(shown);
    assert_query(fixture,
                 "SELECT resource_name, cursor_path, id, state, rows, run_id = load_id AS own "
                 "FROM _tidegate_windows",
                 "resource_name,cursor_path,id,state,rows,own\nt,at,1,committed,6,true\n");
    assert_query(fixture,
                 "SELECT count(*) AS n FROM _tidegate_windows WHERE lo LIKE "
                 "'%2024-01-01T00:00:00+00:00%' AND hi LIKE '%2024-01-03T00:00:00+00:00%'",
                 "n\n1\n");
    /* A plain run begins where the window ends: no tie at the seam is lost or doubled. */
    fixture_run(fixture);
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_inserted, 9);
    count(fixture, "n,d\n15,15\n");
    fixture_run(fixture);
    count(fixture, "n,d\n15,15\n");
    /* initial_value is what it was, for other windows and plain runs. */
    load(fixture, "2023-12-01", "2024-01-01");
    refused(fixture, WINDOW("2023-12-31", "2024-01-02", .again = false), TG_USAGE,
            "2023-12-31 to 2024-01-01 is loaded, by load");
    refused(fixture, WINDOW("2024-01-04", "2024-01-06", .again = false), TG_USAGE,
            "from 2024-01-04 to '2024-01-05T00:00:00Z' is loaded, by the runs so far");
    refused(fixture, WINDOW("2024-02-04", "2024-02-06", .again = false), TG_USAGE,
            "beyond '2024-01-05T00:00:00Z'");
    count(fixture, "n,d\n15,15\n");
    assert_done(fixture, try(fixture, WINDOW("2024-01-04", "2024-01-06", .again = true)));
    count(fixture, "n,d\n21,15\n");
}

static void a_gap_is_loaded_first(void **state)
{
    struct fixture *fixture = *state;
    struct days days = {.count = 6, .ties = 1};
    struct tg_resource resource = DAYS(&days, .initial_value = TEXT("2024-01-01"));
    fixture_open(fixture, &resource, 1);
    load(fixture, "2024-01-03", "2024-01-04");
    assert_int_equal(fixture_try(fixture), TG_CONFLICT);
    assert_non_null(strstr(fixture->err.what, "load the window from '2024-01-01' to 2024-01-03"));
    load(fixture, "2024-01-02", "2024-01-03");
    load(fixture, "2024-01-01", "2024-01-02");
    count(fixture, "n,d\n3,3\n");
    fixture_run(fixture);
    count(fixture, "n,d\n6,6\n");
    /* A merge may read rows again: it begins before the gap. */
    resource.name = "m";
    resource.write_disposition = TG_MERGE;
    resource.primary_key = "id";
    fixture_open(fixture, &resource, 1);
    load(fixture, "2024-01-01", "2024-01-02");
    load(fixture, "2024-01-04", "2024-01-05");
    load(fixture, "2024-01-04", "2024-01-06");
    fixture_run(fixture);
    assert_string_equal(days.start, ""); /* a time, as the windows have it */
    assert_query(fixture, "SELECT count(*) AS n FROM m", "n\n6\n");
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_filtered, 1);
}

static void numbers_and_texts(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers = {.rows = numbers_1_to_6, .count = 6};
    struct tg_resource resource = {TG_RESOURCE_INIT, .name = "t", .read = read_numbers,
                                   .user = &numbers, .cursor_path = "id"};
    fixture_open(fixture, &resource, 1);
    load(fixture, "3", "5");
    assert_int_equal(numbers.seen_start, 3);
    count(fixture, "n,d\n2,2\n");
    refused(fixture, WINDOW("a", "b", .again = false), TG_USAGE, "'a' is no number");
    refused(fixture, WINDOW("2024-01-01", "2024-01-02", .again = false), TG_USAGE, "is no number");
    refused(fixture, WINDOW("5", "5", .again = false), TG_USAGE, "is empty");
    refused(fixture, WINDOW("6", "5", .again = false), TG_USAGE, "from 5 to 6");
    refused(fixture, WINDOW("4.5", "6", .again = false), TG_USAGE, "4.5 to 5 is loaded");
    refused(fixture, WINDOW("5", "6", .timezone = "Europe/Berlin"), TG_USAGE, "no time zone");
    refused(fixture, WINDOW("5", NULL, .again = false), TG_USAGE, "both its ends");
    /* Without an initial_value the first window is where it begins, and that is said. */
    fixture_run(fixture);
    assert_int_equal(numbers.seen_start, 5);
    assert_non_null(strstr(tg_result_warning(fixture->result, 0), "its windows begin at 3"));
    count(fixture, "n,d\n4,4\n");
    fixture_run(fixture);
    count(fixture, "n,d\n4,4\n");
}

static void a_cursor_that_goes_down(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers = {.rows = numbers_1_to_6, .count = 6};
    const struct tg_resource resource = {TG_RESOURCE_INIT,
                                         .name = "t",
                                         .read = read_numbers,
                                         .user = &numbers,
                                         .cursor_path = "id",
                                         .last_value = TG_MIN,
                                         .initial_value = {.kind = TG_VALUE_INT64, .int64 = 6}};
    fixture_open(fixture, &resource, 1);
    refused(fixture, WINDOW("4", "6", .again = false), TG_USAGE, "goes down");
    load(fixture, "6", "4");
    load(fixture, "3", "2");
    assert_query(fixture, "SELECT id FROM t ORDER BY id", "id\n3\n5\n6\n");
    assert_int_equal(fixture_try(fixture), TG_CONFLICT);
    load(fixture, "4", "3");
    fixture_run(fixture);
    count(fixture, "n,d\n6,6\n");
}

static void what_has_no_windows(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers = {.rows = numbers_1_to_6, .count = 6};
    struct tg_resource resource = {TG_RESOURCE_INIT, .name = "t", .read = read_numbers,
                                   .user = &numbers};
    fixture_open(fixture, &resource, 1);
    refused(fixture, WINDOW("3", "5", .again = false), TG_USAGE, "has a cursor");
    resource.cursor_path = "id";
    resource.write_disposition = TG_REPLACE;
    fixture_open(fixture, &resource, 1);
    refused(fixture, WINDOW("3", "5", .again = false), TG_USAGE, "replace makes a table anew");
    assert_int_equal(tg_pipeline_run_window(NULL, WINDOW("3", "5", .again = false), NULL, NULL),
                     TG_USAGE);
    assert_int_equal(tg_pipeline_run_window(fixture->pipeline, NULL, NULL, NULL), TG_USAGE);
}

static void of_several_those_with_a_cursor(void **state)
{
    struct fixture *fixture = *state;
    struct numbers with = {.rows = numbers_1_to_6, .count = 6}, without = with;
    const struct tg_resource resources[] = {
        {TG_RESOURCE_INIT, .name = "t", .read = read_numbers, .user = &with, .cursor_path = "id"},
        {TG_RESOURCE_INIT, .name = "u", .read = read_numbers, .user = &without}};
    fixture_open(fixture, resources, 2);
    load(fixture, "1", "3");
    assert_int_equal(tg_result_table_count(fixture->result), 1);
    fixture_run(fixture); /* the next call is a plain run of both */
    assert_int_equal(tg_result_table_count(fixture->result), 2);
    count(fixture, "n,d\n6,6\n");
    assert_query(fixture, "SELECT count(*) AS n FROM u", "n\n6\n");
}

static void days_of_a_zone(void **state)
{
    struct fixture *fixture = *state;
    struct days days = {.count = 3, .ties = 1};
    const struct tg_resource resource = DAYS(&days, .initial_value = TEXT("2024-01-01"));
    fixture_open(fixture, &resource, 1);
    assert_done(fixture,
                try(fixture, WINDOW("2024-01-01", "2024-01-02", .timezone = "America/New_York")));
    assert_string_equal(days.start, "2024-01-01T05:00:00Z");
    assert_query(fixture, "SELECT id FROM t", "id\n200\n");
    refused(fixture, WINDOW("2024-01-01", "2024-01-02", .timezone = "Mars/Olympus"), TG_USAGE,
            "no time zone");
}

static int read_dates(struct tg_read *read, struct tg_error *err)
{
    (void)err;
    for (int day = 0; day < 4; day++) {
        tg_rows_begin_object(read->rows);
        tg_rows_key(read->rows, "id");
        tg_rows_int64(read->rows, day);
        tg_rows_key(read->rows, "at");
        tg_rows_date(read->rows, 19723 + day); /* from 2024-01-01 on */
        tg_rows_end_object(read->rows);
    }
    read->done = true;
    return TG_OK;
}

static void dates_have_no_zone(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "t", .read = read_dates,
                                         .cursor_path = "at"};
    const struct tg_window_options *berlin =
        WINDOW("2024-01-02", "2024-01-04", .timezone = "Europe/Berlin");
    fixture_open(fixture, &resource, 1);
    refused(fixture, berlin, TG_USAGE, "dates"); /* by the rows, */
    load(fixture, "2024-01-02", "2024-01-04");
    count(fixture, "n,d\n2,2\n");
    refused(fixture, berlin, TG_USAGE, "dates"); /* by the table */
    fixture_run(fixture);
    count(fixture, "n,d\n3,3\n");
}

static void an_undo_and_a_refresh_forget_them(void **state)
{
    struct fixture *fixture = *state;
    struct days days = {.count = 4, .ties = 1};
    const struct tg_resource resource = DAYS(&days, .initial_value = TEXT("2024-01-01"));
    struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                          .name = "test",
                                          .destination = fixture->destination,
                                          .dataset = "d",
                                          .workdir = fixture->workdir,
                                          .undo_loads = 3};
    assert_done(fixture, tg_pipeline_new(&fixture->pipeline, &options, &fixture->err));
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resource, &fixture->err));
    load(fixture, "2024-01-01", "2024-01-02");
    load(fixture, "2024-01-02", "2024-01-03");
    assert_done(fixture, tg_pipeline_undo(fixture->pipeline, NULL, NULL, &fixture->err));
    assert_query(fixture, "SELECT rows FROM _tidegate_windows", "rows\n1\n");
    count(fixture, "n,d\n1,1\n");
    load(fixture, "2024-01-02", "2024-01-03");
    count(fixture, "n,d\n2,2\n");
    /* One that begins anew has no windows; and its undo brings them back. */
    options.full_refresh = true;
    tg_pipeline_free(fixture->pipeline);
    assert_done(fixture, tg_pipeline_new(&fixture->pipeline, &options, &fixture->err));
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resource, &fixture->err));
    refused(fixture, WINDOW("2024-01-03", "2024-01-04", .again = false), TG_USAGE, "refresh");
    fixture_run(fixture);
    count(fixture, "n,d\n4,4\n");
    assert_query(fixture, "SELECT count(*) AS n FROM _tidegate_windows", "n\n0\n");
    assert_done(fixture, tg_pipeline_undo(fixture->pipeline, NULL, NULL, &fixture->err));
    assert_query(fixture, "SELECT count(*) AS n FROM _tidegate_windows", "n\n2\n");
    count(fixture, "n,d\n2,2\n");
}

/* Reads a run of somebody else's in between. */
struct rival {
    struct fixture *fixture;
    const struct tg_resource *resource;
    const struct tg_window_options *window;
    struct days days;
    bool did;
};

static int read_beside(struct tg_read *read, struct tg_error *err)
{
    struct rival *rival = read->user;
    struct fixture other = *rival->fixture;
    if (!rival->did) {
        rival->did = true;
        other.pipeline = NULL;
        other.result = NULL;
        snprintf(other.workdir, sizeof(other.workdir), "%s/other", other.folder);
        fixture_open(&other, rival->resource, 1);
        if (rival->window)
            load(&other, rival->window->from, rival->window->to);
        else
            fixture_run(&other);
        tg_result_free(other.result);
        tg_pipeline_free(other.pipeline);
    }
    read->user = &rival->days;
    int rc = read_days(read, err);
    read->user = rival;
    return rc;
}

/* The same window twice at once, a run beside a window, a window beside a run: one is refused, and
 * says so; what it then does again is right. */
static void one_of_two_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct days days = {.count = 4, .ties = 2};
    const struct tg_resource alone = DAYS(&days, .initial_value = TEXT("2024-01-01"));
    struct rival rival = {.fixture = fixture, .resource = &alone, .days = days};
    struct tg_resource resource = alone;
    resource.read = read_beside;
    resource.user = &rival;
    rival.window = WINDOW("2024-01-01", "2024-01-03", .again = false);
    fixture_open(fixture, &resource, 1);
    refused(fixture, rival.window, TG_CONFLICT, "another run has loaded meanwhile");
    refused(fixture, rival.window, TG_USAGE, "is loaded, by load");
    count(fixture, "n,d\n4,4\n");
    rival.did = false;
    rival.window = WINDOW("2024-01-03", "2024-01-04", .again = false);
    assert_int_equal(fixture_try(fixture), TG_CONFLICT);
    fixture_run(fixture);
    count(fixture, "n,d\n8,8\n");
}

static void whole_windows_may_be_skipped(void **state)
{
    struct fixture *fixture = *state;
    struct days days = {.count = 6, .ties = 2};
    struct tg_resource resource = DAYS(&days, .initial_value = TEXT("2024-01-01"));
    const struct tg_window_options *first = WINDOW("2024-01-01", "2024-01-03", .skip_loaded = 1);
    fixture_open(fixture, &resource, 1);
    assert_done(fixture, try(fixture, first));
    count(fixture, "n,d\n4,4\n");
    assert_done(fixture, try(fixture, first));
    assert_string_equal(tg_result_load_id(fixture->result), "");
    load(fixture, "2024-01-03", "2024-01-04");
    /* By two that lie side by side; in part is not whole. */
    assert_done(fixture, try(fixture, WINDOW("2024-01-02", "2024-01-04", .skip_loaded = 1)));
    assert_string_equal(tg_result_load_id(fixture->result), "");
    refused(fixture, WINDOW("2024-01-02", "2024-01-05", .skip_loaded = 1), TG_USAGE,
            "is loaded, by load");
    count(fixture, "n,d\n6,6\n");
    /* By the runs: what comes later at their last value does not belong to it. */
    fixture_run(fixture);
    count(fixture, "n,d\n12,12\n");
    assert_done(fixture, try(fixture, WINDOW("2024-01-05", "2024-01-06", .skip_loaded = 1)));
    assert_string_equal(tg_result_load_id(fixture->result), "");
    refused(fixture, WINDOW("2024-01-05", "2024-01-07", .skip_loaded = 1), TG_USAGE,
            "is loaded, by the runs so far");
    /* `again` goes before it; a merge adds nothing twice, and reads. */
    assert_done(fixture,
                try(fixture, WINDOW("2024-01-01", "2024-01-02", .again = true, .skip_loaded = 1)));
    count(fixture, "n,d\n14,12\n");
    resource.name = "m";
    resource.write_disposition = TG_MERGE;
    resource.primary_key = "id";
    fixture_open(fixture, &resource, 1);
    for (int i = 0; i < 2; i++) {
        assert_done(fixture, try(fixture, first));
        assert_int_equal(tg_result_table(fixture->result, 0)->rows_new, 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_window_leaves_the_cursor_alone),
        fixture_test(a_gap_is_loaded_first),
        fixture_test(numbers_and_texts),
        fixture_test(a_cursor_that_goes_down),
        fixture_test(what_has_no_windows),
        fixture_test(of_several_those_with_a_cursor),
        fixture_test(days_of_a_zone),
        fixture_test(dates_have_no_zone),
        fixture_test(an_undo_and_a_refresh_forget_them),
        fixture_test(one_of_two_at_once),
        fixture_test(whole_windows_may_be_skipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
