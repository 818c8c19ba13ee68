/* Advice: what two readings of a program's source show; nothing of them stays, and it hears so. */
#include "tests/fixture.h"

#include <sys/stat.h>

static int readings, ended;
static enum tg_outcome heard;
static bool changes;

/* Fifty rows; in the second reading one has changed, and one is another. */
static int read_fifty(struct tg_read *read, struct tg_error *err)
{
    char text[100];
    const bool second = readings++ % 2 == 1 && changes;
    (void)err;
    assert_null(read->cursor->path); /* from the beginning */
    for (int i = 0; i < 50; i++) {
        int moved = !second ? i : i == 7 ? 60 : i == 49 ? 69 : i;
        snprintf(text, sizeof(text), "{\"id\": %d, \"seq\": %d, \"value\": [%d]}",
                 i == 49 && second ? 50 : i, moved, i == 7 && second);
        tg_rows_json(read->rows, text, strlen(text));
    }
    read->done = true;
    return TG_OK;
}

static void hear_end(void *user, enum tg_outcome outcome)
{
    (void)user;
    ended++;
    heard = outcome;
}

static int set_up(void **state)
{
    readings = ended = 0;
    changes = true;
    return fixture_setup(state);
}

static const struct tg_resource fifty = {TG_RESOURCE_INIT, .name = "fifty", .read = read_fifty,
                                         .end = hear_end};

static struct tg_advice *advise(struct fixture *fixture, const struct tg_advice_options *options)
{
    struct tg_advice *advice = NULL;
    assert_done(fixture, tg_pipeline_advise(fixture->pipeline, options, &advice, &fixture->err));
    return advice;
}

static void two_readings_are_compared(void **state)
{
    struct fixture *fixture = *state;
    struct stat there;
    fixture_open(fixture, &fifty, 1);
    struct tg_advice *advice = advise(fixture, NULL);
    const struct tg_advice_resource *told = tg_advice_resource(advice, 0);
    assert_int_equal(readings, 2);
    assert_int_equal(ended, 2);
    assert_int_equal(heard, TG_OUTCOME_GIVEN_UP);
    assert_int_equal(told->rows_read, 50);
    assert_int_equal(told->rows_changed, 1);
    assert_int_equal(told->rows_appeared, 1);
    assert_int_equal(told->rows_vanished, 1);
    assert_string_equal(told->unique, "id");
    assert_string_equal(told->cursor, "seq");
    assert_int_equal(told->verdict, TG_ADVICE_CHANGE);
    assert_string_equal(told->lines, "  fifty:\n    write_disposition: merge\n    primary_key: id\n"
                                     "    incremental: {cursor: seq}\n");
    assert_int_equal(tg_advice_field_count(advice, 0), 2); /* lists are no fields */
    assert_int_equal(tg_advice_field(advice, 0, 1)->changed_seen, 1);
    tg_advice_free(advice);
    assert_int_equal(stat(fixture->destination + strlen("duckdb:///"), &there), -1);
}

/* What a run does is not what advice did: cursor, keys and columns are the spec's again. */
static void a_run_is_not_disturbed(void **state)
{
    struct fixture *fixture = *state;
    changes = false;
    fixture_open(fixture, &fifty, 1);
    tg_advice_free(advise(fixture, NULL));
    fixture_run(fixture);
    assert_query(fixture, "SELECT count(*) AS n, max(id) AS id FROM fifty", "n,id\n50,49\n");
    struct tg_advice *advice = advise(fixture, NULL);
    const struct tg_advice_resource *told = tg_advice_resource(advice, 0);
    assert_int_equal(told->loads, 1);
    assert_int_equal(told->loads_rows_inserted, 50);
    assert_int_equal(told->rows_same, 50);
    tg_advice_free(advice);
    fixture_run(fixture);
    assert_query(fixture, "SELECT count(*) AS n FROM fifty", "n\n100\n");
}

static void readings_can_be_short_and_one(void **state)
{
    struct fixture *fixture = *state;
    fixture_open(fixture, &fifty, 1);
    const struct tg_advice_options options = {TG_ADVICE_OPTIONS_INIT, .rows = 20, .once = true};
    struct tg_advice *advice = advise(fixture, &options);
    assert_int_equal(readings, 1);
    assert_int_equal(tg_advice_resource(advice, 0)->rows_read, 20);
    assert_true(tg_advice_resource(advice, 0)->cut);
    assert_false(tg_advice_resource(advice, 0)->read_twice);
    tg_advice_free(advice);
}

static int fail_to_read(struct tg_read *read, struct tg_error *err)
{
    (void)read;
    err->code = TG_SOURCE;
    return TG_SOURCE;
}

static void a_source_that_fails_fails_it(void **state)
{
    struct fixture *fixture = *state;
    struct tg_advice *advice = NULL;
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "fifty", .read = fail_to_read,
                                         .end = hear_end};
    fixture_open(fixture, &resource, 1);
    assert_int_equal(tg_pipeline_advise(fixture->pipeline, NULL, &advice, &fixture->err),
                     TG_SOURCE);
    assert_null(advice);
    assert_int_equal(ended, 1);
    assert_string_equal(fixture->err.resource, "fifty");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(two_readings_are_compared, set_up, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_run_is_not_disturbed, set_up, fixture_teardown),
        cmocka_unit_test_setup_teardown(readings_can_be_short_and_one, set_up, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_source_that_fails_fails_it, set_up, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
