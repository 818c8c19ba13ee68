/* The path of a run, from callbacks to the tables: what is loaded, what is counted, what is
 * remembered. */
#include "tests/fixture.h"

static void appends_only_what_is_new(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t rows[][2] = {{1, 10}, {2, 20}, {3, 30}, {4, 40}};
    struct numbers numbers = {.rows = rows, .count = 2, .page_size = 1};
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "n", .read = read_numbers,
                                         .user = &numbers, .cursor_path = "id"};
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_int_equal(numbers.seen_start, -1);
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_inserted, 2);
    numbers.count = 4;
    fixture_run(fixture);
    assert_int_equal(numbers.seen_start, 2);
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_read, 4);
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_new, 2);
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_filtered, 2);
    assert_query(fixture, "SELECT id, value FROM n ORDER BY id",
                 "id,value\n1,10\n2,20\n3,30\n4,40\n");
}

static void a_run_with_nothing_new_has_no_load(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t rows[][2] = {{1, 10}};
    struct numbers numbers = {.rows = rows, .count = 1};
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "n", .read = read_numbers,
                                         .user = &numbers, .cursor_path = "id"};
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_string_not_equal(tg_result_load_id(fixture->result), "");
    fixture_run(fixture);
    assert_string_equal(tg_result_load_id(fixture->result), "");
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_filtered, 1);
    assert_query(fixture, "SELECT count(*) AS loads FROM _dlt_loads", "loads\n1\n");
}

static void merges_count_inserts_and_updates(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t first[][2] = {{1, 10}, {2, 20}}, second[][2] = {{2, 21}, {3, 30}, {2, 22}};
    struct numbers numbers = {.rows = first, .count = 2};
    const struct tg_resource resource = {TG_RESOURCE_INIT,
                                         .name = "n",
                                         .read = read_numbers,
                                         .user = &numbers,
                                         .write_disposition = TG_MERGE,
                                         .primary_key = "id"};
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    numbers = (struct numbers){.rows = second, .count = 3};
    fixture_run(fixture);
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_inserted, 1);
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_updated, 1);
    assert_query(fixture, "SELECT id, value FROM n ORDER BY id", "id,value\n1,10\n2,22\n3,30\n");
}

static int read_nothing(struct tg_read *read, struct tg_error *err)
{
    (void)err;
    read->done = true;
    return TG_OK;
}

static void replace_with_nothing_empties_the_table(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t rows[][2] = {{1, 10}};
    struct numbers numbers = {.rows = rows, .count = 1};
    struct tg_resource resource = {TG_RESOURCE_INIT, .name = "n", .read = read_numbers,
                                   .user = &numbers, .write_disposition = TG_REPLACE};
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    resource.read = read_nothing;
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_query(fixture, "SELECT count(*) AS n FROM n", "n\n0\n");
}

static void losing_the_working_directory_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t rows[][2] = {{1, 10}, {2, 20}, {3, 30}};
    struct numbers numbers = {.rows = rows, .count = 2};
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "n", .read = read_numbers,
                                         .user = &numbers, .cursor_path = "id"};
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_done(fixture, fs_remove_tree(fixture->workdir, &fixture->err));
    numbers.count = 3;
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_query(fixture, "SELECT id FROM n ORDER BY id", "id\n1\n2\n3\n");
}

static int read_then_fail(struct tg_read *read, struct tg_error *err)
{
    tg_rows_begin_object(read->rows);
    tg_rows_key(read->rows, "id");
    tg_rows_int64(read->rows, 1);
    tg_rows_end_object(read->rows);
    snprintf(err->what, sizeof(err->what), "the service is down");
    return TG_SOURCE;
}

static void a_failing_source_leaves_no_trace(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "n", .read = read_then_fail};
    fixture_open(fixture, &resource, 1);
    assert_int_equal(fixture_try(fixture), TG_SOURCE);
    assert_non_null(strstr(fixture->err.what, "the service is down"));
    assert_non_null(strstr(fixture->err.where, "resource 'n'"));
    struct ArrowArrayStream stream = {0};
    assert_int_equal(tg_pipeline_query(fixture->pipeline, "SELECT 1", &stream, &fixture->err),
                     TG_DESTINATION);
    char open_folder[400];
    snprintf(open_folder, sizeof(open_folder), "%s/test/open", fixture->workdir);
    struct fs_names names = {0};
    assert_done(fixture, fs_list(open_folder, &names, &fixture->err));
    assert_int_equal(names.count, 0);
    fs_names_release(&names);
}

/* A source of pages that fails once at the fourth and goes on from where it is, unless it is told
 * that a run begins. */
struct pages {
    int page, begun, ended, released;
    bool fails;
    enum tg_outcome outcome;
    int64_t start;
    int begin_code;
};

static int begin_pages(void *user, const struct tg_cursor *cursor, struct tg_error *err)
{
    struct pages *pages = user;
    (void)err;
    pages->begun++;
    pages->page = 0;
    pages->start = cursor->start.kind == TG_VALUE_INT64 ? cursor->start.int64 : -1;
    return pages->begin_code;
}

static int read_pages(struct tg_read *read, struct tg_error *err)
{
    struct pages *pages = read->user;
    if (++pages->page == 4 && pages->fails) {
        pages->fails = false;
        err->retryable = true;
        snprintf(err->what, sizeof(err->what), "the service is down");
        return TG_SOURCE;
    }
    tg_rows_begin_object(read->rows);
    tg_rows_key(read->rows, "id");
    tg_rows_int64(read->rows, pages->page);
    tg_rows_end_object(read->rows);
    read->done = pages->page == 5;
    return TG_OK;
}

static void end_pages(void *user, enum tg_outcome outcome)
{
    struct pages *pages = user;
    pages->ended++;
    pages->outcome = outcome;
}

static void release_pages(void *user)
{
    struct pages *pages = user;
    pages->released++;
}

static const struct tg_resource pages_resource = {TG_RESOURCE_INIT,   .name = "n",
                                                  .read = read_pages, .begin = begin_pages,
                                                  .end = end_pages,   .release = release_pages,
                                                  .cursor_path = "id"};

/* Without `begin` the second run would go on at page 4: rows 4 and 5 alone. */
static void a_retry_begins_with_the_first_page(void **state)
{
    struct fixture *fixture = *state;
    struct pages pages = {.fails = true};
    struct tg_resource resource = pages_resource;
    resource.user = &pages;
    fixture_open(fixture, &resource, 1);
    assert_int_equal(fixture_try(fixture), TG_SOURCE);
    assert_int_equal(pages.outcome, TG_OUTCOME_GIVEN_UP);
    assert_true(fixture->err.retryable);
    fixture_run(fixture);
    assert_int_equal(pages.outcome, TG_OUTCOME_COMMITTED);
    assert_int_equal(pages.begun, 2);
    assert_int_equal(pages.ended, 2);
    assert_int_equal(pages.start, -1);
    assert_query(fixture, "SELECT id FROM n ORDER BY id", "id\n1\n2\n3\n4\n5\n");
    fixture_run(fixture); /* nothing new is a run, too */
    assert_int_equal(pages.start, 5);
    assert_int_equal(pages.outcome, TG_OUTCOME_COMMITTED);
    assert_int_equal(pages.ended, 3);
    assert_int_equal(pages.released, 0);
    fixture_open(fixture, NULL, 0);
    assert_int_equal(pages.released, 1);
}

static void a_failing_begin_gives_the_load_up(void **state)
{
    struct fixture *fixture = *state;
    struct pages first = {0}, pages = {.begin_code = TG_LOCKED};
    struct tg_resource resources[2] = {pages_resource, pages_resource};
    resources[0].user = &first;
    resources[1].user = &pages;
    resources[1].name = "m";
    fixture_open(fixture, resources, 2);
    assert_int_equal(fixture_try(fixture), TG_LOCKED);
    assert_string_equal(fixture->err.where, "resource 'm'");
    assert_non_null(strstr(fixture->err.what, "begin returned 8 without a message"));
    assert_int_equal(pages.page, 0);
    assert_int_equal(pages.ended, 0);
    assert_int_equal(first.ended, 1);
    assert_int_equal(first.outcome, TG_OUTCOME_GIVEN_UP);
}

static void what_cannot_be_added_is_released(void **state)
{
    struct fixture *fixture = *state;
    struct pages pages = {0};
    struct tg_resource resource = pages_resource;
    fixture_open(fixture, NULL, 0);
    resource.user = &pages;
    resource.write_disposition = TG_MERGE; /* without a key */
    assert_int_equal(tg_pipeline_add(fixture->pipeline, &resource, &fixture->err), TG_USAGE);
    assert_int_equal(pages.released, 1);
    assert_int_equal(tg_pipeline_add(NULL, &resource, &fixture->err), TG_USAGE);
    assert_int_equal(pages.released, 2);
    resource.write_disposition = TG_APPEND;
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resource, &fixture->err));
    assert_int_equal(tg_pipeline_add(fixture->pipeline, &resource, &fixture->err), TG_USAGE);
    assert_int_equal(pages.released, 3); /* the second of that name; the first is in use */
    fixture_run(fixture);
    fixture_open(fixture, NULL, 0);
    assert_int_equal(pages.released, 4);
}

static int64_t fixed_clock(void *user)
{
    (void)user;
    return 1795337589682469;
}

static void an_injected_clock_names_the_load(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t rows[][2] = {{1, 10}};
    struct numbers numbers = {.rows = rows, .count = 1};
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                                .name = "test",
                                                .destination = fixture->destination,
                                                .dataset = "d",
                                                .workdir = fixture->workdir,
                                                .clock_us = fixed_clock};
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "n", .read = read_numbers,
                                         .user = &numbers};
    assert_done(fixture, tg_pipeline_new(&fixture->pipeline, &options, &fixture->err));
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resource, &fixture->err));
    fixture_run(fixture);
    assert_string_equal(tg_result_load_id(fixture->result), "1795337589.682469");
    assert_query(fixture, "SELECT DISTINCT _dlt_load_id FROM n",
                 "_dlt_load_id\n1795337589.682469\n");
}

/* ---- two runs at once, at a boundary of more rows than the state names ---- */

struct at_one {
    struct tg_pipeline *meanwhile; /* runs while this one reads; NULL: nobody */
    int64_t count;
};

static int read_at_one(struct tg_read *read, struct tg_error *err)
{
    struct at_one *at_one = read->user;
    if (at_one->meanwhile && tg_pipeline_run(at_one->meanwhile, NULL, err) != TG_OK)
        return err->code;
    for (int64_t i = 0; i < at_one->count; i++) {
        tg_rows_begin_object(read->rows);
        tg_rows_key(read->rows, "id");
        tg_rows_int64(read->rows, i);
        tg_rows_key(read->rows, "at");
        tg_rows_int64(read->rows, 1);
        tg_rows_end_object(read->rows);
    }
    read->done = true;
    return TG_OK;
}

static struct tg_pipeline *open_at_one(struct fixture *fixture, const char *workdir,
                                       struct at_one *at_one)
{
    struct tg_pipeline *pipeline = NULL;
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT, .name = "test",
                                                .destination = fixture->destination, .dataset = "d",
                                                .workdir = workdir};
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "n", .read = read_at_one,
                                         .user = at_one, .cursor_path = "at"};
    assert_done(fixture, tg_pipeline_new(&pipeline, &options, &fixture->err));
    assert_done(fixture, tg_pipeline_add(pipeline, &resource, &fixture->err));
    return pipeline;
}

/* With no hash in the state both runs begin and end at the same state, and ten rows are doubled. */
static void rows_at_a_crowded_boundary_are_loaded_once(void **state)
{
    struct fixture *fixture = *state;
    struct at_one here = {.count = 250}, there = {.count = 260};
    char other[400];
    snprintf(other, sizeof(other), "%s-other", fixture->workdir);
    fixture->pipeline = open_at_one(fixture, fixture->workdir, &here);
    fixture_run(fixture);
    fixture_run(fixture);
    assert_string_equal(tg_result_load_id(fixture->result), "");
    here = (struct at_one){.count = 260, .meanwhile = open_at_one(fixture, other, &there)};
    assert_int_equal(tg_pipeline_run(fixture->pipeline, NULL, &fixture->err), TG_CONFLICT);
    tg_pipeline_free(here.meanwhile);
    here.meanwhile = NULL;
    fixture_run(fixture);
    assert_string_equal(tg_result_load_id(fixture->result), "");
    assert_query(fixture, "SELECT count(*) AS n, count(DISTINCT id) AS ids FROM n",
                 "n,ids\n260,260\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(appends_only_what_is_new, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_run_with_nothing_new_has_no_load, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(merges_count_inserts_and_updates, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(replace_with_nothing_empties_the_table, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(losing_the_working_directory_changes_nothing, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_failing_source_leaves_no_trace, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_retry_begins_with_the_first_page, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_failing_begin_gives_the_load_up, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_added_is_released, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(rows_at_a_crowded_boundary_are_loaded_once, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(an_injected_clock_names_the_load, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests_name("run", tests, NULL, NULL);
}
