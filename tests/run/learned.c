/*
 * lag: auto of a program: from where it is asked, what it learns, what an undo takes back, and in
 * which words it is shown.
 */
#include "tests/fixture.h"

static void give(struct numbers *numbers, const int64_t (*rows)[2], size_t count)
{
    *numbers = (struct numbers){.rows = rows, .count = count};
}
#define GIVE(numbers, ...)                                                                         \
    give(&numbers, (const int64_t[][2]){__VA_ARGS__},                                              \
         sizeof((const int64_t[][2]){__VA_ARGS__}) / sizeof(int64_t[2]))

static char said[400];

static void keep_log(void *user, int level, const char *component, const char *message)
{
    (void)user;
    if (level == TG_LOG_INFO && strcmp(component, "cursor") == 0)
        snprintf(said, sizeof(said), "%s", message);
}

static void open_pipeline(struct fixture *fixture, struct numbers *numbers, const char *lag)
{
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                                .name = "test",
                                                .destination = fixture->destination,
                                                .dataset = "d",
                                                .workdir = fixture->workdir,
                                                .undo_loads = 5,
                                                .log = keep_log};
    const struct tg_resource resource = {TG_RESOURCE_INIT,     .name = "t",
                                         .read = read_numbers, .user = numbers,
                                         .primary_key = "id",  .cursor_path = "value",
                                         .lag = lag,           .write_disposition = TG_MERGE};
    tg_pipeline_free(fixture->pipeline);
    assert_done(fixture, tg_pipeline_new(&fixture->pipeline, &options, &fixture->err));
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resource, &fixture->err));
}

static void assert_shown(struct fixture *fixture, const char *part, bool is_there)
{
    char *text = NULL;
    assert_done(fixture,
                tg_pipeline_document(fixture->pipeline, TG_DOCUMENT_STATE, &text, &fixture->err));
    if ((strstr(text, part) != NULL) != is_there)
        fail_msg("%s is%s in %s", part, is_there ? " not" : "", text);
    tg_text_free(text);
}

static void the_window_grows(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    open_pipeline(fixture, &numbers, "auto");
    GIVE(numbers, {1, 10000});
    fixture_run(fixture);
    assert_int_equal(numbers.seen_start, -1);
    GIVE(numbers, {2, 11000});
    fixture_run(fixture);
    assert_int_equal(numbers.seen_start, 9000); /* the least that there is */
    assert_string_equal(said, "resource 't': the cursor 'value' starts 1000 before its last value "
                              "(lag: auto): no row has come late so far");
    GIVE(numbers, {2, 11000}, {3, 11001});
    fixture_run(fixture);
    assert_int_equal(numbers.seen_start, 10000); /* all on time */
    assert_shown(fixture, "lateness", false);
    GIVE(numbers, {4, 10101}, {3, 11001});
    fixture_run(fixture);
    assert_int_equal(numbers.seen_start, 10001);
    assert_shown(fixture, "1 row came late: half of them by no more than 1024", true);
    GIVE(numbers, {3, 11001});
    fixture_run(fixture);
    assert_int_equal(numbers.seen_start, 11001 - 2048);
    assert_string_equal(said, "resource 't': the cursor 'value' starts 2048 before its last value "
                              "(lag: auto): of 1 row that came late, 99.9% did by no more than "
                              "1024");
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_late, 0);
}

/* Half of them are covered; and the words of a spec that says another lag, or none. */
static void a_share_is_covered(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    open_pipeline(fixture, &numbers, "auto 50%");
    GIVE(numbers, {1, 100000});
    fixture_run(fixture);
    GIVE(numbers, {2, 1000}, {3, 99000}, {4, 98500});
    fixture_run(fixture);
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_late, 2);
    assert_shown(fixture, "99.9% by 131072, the latest by 131072. The next run starts 4096 before",
                 true);
    assert_shown(fixture, "but older rows that the source hands over by itself", true);
    GIVE(numbers, {3, 99000});
    fixture_run(fixture);
    assert_int_equal(numbers.seen_start, 100000 - 4096);
    open_pipeline(fixture, &numbers, "10");
    assert_shown(fixture, "the next run does not go by it", true);
    open_pipeline(fixture, &numbers, "auto");
    GIVE(numbers, {3, 99000});
    fixture_run(fixture);
    assert_int_equal(numbers.seen_start, 100000 - 262144);
}

/* What a load has learned goes with it. */
static void an_undo_takes_it_back(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    open_pipeline(fixture, &numbers, "auto");
    GIVE(numbers, {1, 10000});
    fixture_run(fixture);
    GIVE(numbers, {2, 9100});
    fixture_run(fixture);
    GIVE(numbers, {3, 9200});
    fixture_run(fixture);
    assert_shown(fixture, "\"1024\": 2", true);
    assert_done(fixture, tg_pipeline_undo(fixture->pipeline, NULL, NULL, &fixture->err));
    assert_shown(fixture, "\"1024\": 1", true);
    GIVE(numbers, {3, 9200});
    fixture_run(fixture);
    assert_int_equal(numbers.seen_start, 10000 - 2048);
    assert_shown(fixture, "\"1024\": 2", true);
    assert_query(fixture, "SELECT id FROM t ORDER BY id", "id\n1\n2\n3\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_window_grows, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_share_is_covered, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(an_undo_takes_it_back, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("run/learned", tests, NULL, NULL);
}
