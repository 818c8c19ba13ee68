/*
 * What the log of a run says at each step: of one that loads, of one that has nothing to load.
 */
#include "tests/fixture.h"

static char said[4000];

static void keep_log(void *user, int level, const char *component, const char *message)
{
    size_t len = strlen(said);
    (void)user;
    if (level <= TG_LOG_INFO)
        snprintf(said + len, sizeof(said) - len, "%s: %s\n", component, message);
}

static void open_pipeline(struct fixture *fixture, struct numbers *numbers)
{
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                                .name = "test",
                                                .destination = fixture->destination,
                                                .dataset = "d",
                                                .workdir = fixture->workdir,
                                                .log = keep_log};
    const struct tg_resource resource = {TG_RESOURCE_INIT,
                                         .name = "t",
                                         .read = read_numbers,
                                         .user = numbers,
                                         .primary_key = "id",
                                         .cursor_path = "value",
                                         .initial_value = {.kind = TG_VALUE_INT64, .int64 = 5},
                                         .write_disposition = TG_MERGE};
    tg_pipeline_free(fixture->pipeline);
    assert_done(fixture, tg_pipeline_new(&fixture->pipeline, &options, &fixture->err));
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resource, &fixture->err));
}

/* In this order. */
static void assert_said(const char *const *parts)
{
    const char *at = said;
    for (; *parts; parts++) {
        const char *found = strstr(at, *parts);
        if (!found)
            fail_msg("'%s' is not, or not there, in:\n%s", *parts, said);
        at = found;
    }
}

static void each_step_is_told(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t rows[][2] = {{1, 10}, {2, 3}}, again[][2] = {{1, 10}};
    struct numbers numbers = {.rows = rows, .count = 2};
    open_pipeline(fixture, &numbers);
    fixture_run(fixture);
    assert_said((const char *[]){"load: load '", "of pipeline 'test' begins, for dataset 'd' of",
                                 "read: resource 't' is written by merge",
                                 "by id, and read by cursor 'value' from 5\n",
                                 "read: resource 't': 2 rows read, 1 of them for the load, "
                                 "1 filtered, ",
                                 "is sealed in '", ": 1 row, ", "schema: table 't' is new",
                                 "write: table 't': 1 inserted\n", "is committed, ", NULL});
    said[0] = '\0';
    numbers = (struct numbers){.rows = again, .count = 1};
    fixture_run(fixture);
    assert_said((const char *[]){"by cursor 'value' from 10\n", "1 row read", NULL});
    assert_null(strstr(said, "schema:"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_step_is_told, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("run/tell", tests, NULL, NULL);
}
