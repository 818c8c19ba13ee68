/* Sessions: one at a time in a working directory; what they know is the destination's. */
#include "tests/fixture.h"

#include "run/session.h"

static const int64_t rows[][2] = {{1, 10}, {2, 20}};
static struct numbers numbers = {.rows = rows, .count = 2};
static const struct tg_resource resource = {
    .name = "n", .read = read_numbers, .user = &numbers, .cursor_path = "id"};

static void one_at_a_time(void **state)
{
    struct fixture *fixture = *state;
    struct session session, second;
    fixture_open(fixture, &resource, 1);
    assert_done(fixture, session_open(&session, fixture->pipeline, &fixture->err));
    assert_int_equal(session_open(&second, fixture->pipeline, &fixture->err), TG_LOCKED);
    assert_non_null(strstr(fixture->err.where, "pipeline 'test'"));
    session_close(&second);
    session_close(&session);
    assert_done(fixture, session_open(&session, fixture->pipeline, &fixture->err));
    session_close(&session);
}

/* Another machine has loaded meanwhile, with a working directory of its own. */
static void restoring_again_sees_what_is_new(void **state)
{
    struct fixture *fixture = *state;
    struct session session;
    fixture_open(fixture, &resource, 1);
    struct tg_pipeline *ours = fixture->pipeline;
    assert_done(fixture, session_open(&session, ours, &fixture->err));
    assert_done(fixture, session_restore(&session, &fixture->err));
    assert_int_equal(session.ledger.state_version, 0);
    assert_null(catalog_find(&session.catalog, "n"));
    fixture->pipeline = NULL;
    snprintf(fixture->workdir, sizeof(fixture->workdir), "%s/elsewhere", fixture->folder);
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_done(fixture, session_restore(&session, &fixture->err));
    assert_int_equal(session.ledger.state_version, 1);
    assert_non_null(catalog_find(&session.catalog, "n"));
    assert_int_equal(session.there.table_count, 1);
    session_close(&session);
    tg_pipeline_free(ours);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_at_a_time, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(restoring_again_sees_what_is_new, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests_name("run/session", tests, NULL, NULL);
}
