/* Loads of one session: each begins with what the destination knows by then, and counts alone. */
#include "tests/fixture.h"

#include "run/load.h"

/* What run.c does, in a session that goes on; TG_OK and nothing written where nothing is new. */
static int load_once(struct session *session, struct load *load, struct tg_error *err)
{
    int rc = TG_OK;
    load_init(load, session);
    TRY(session_restore(session, err));
    TRY(load_begin(load, err));
    TRY(load_extract(load, err));
    if (!load->package)
        goto done;
    TRY(load_seal(load, err));
    TRY(load_write(load, err));
done:
    return rc;
}

static void several_loads_in_one_session(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t rows[][2] = {{1, 10}, {2, 20}, {3, 30}};
    struct numbers numbers = {.rows = rows};
    const struct tg_resource resource = {
        .name = "n", .read = read_numbers, .user = &numbers, .cursor_path = "id"};
    struct session session;
    struct load loads[4];
    fixture_open(fixture, &resource, 1);
    assert_done(fixture, session_open(&session, fixture->pipeline, &fixture->err));
    /* Two rows, one more, none; and a load of nothing is no load. */
    for (size_t i = 0; i < 4; i++) {
        numbers.count = i == 0 ? 2 : 3;
        assert_done(fixture, load_once(&session, &loads[i], &fixture->err));
        assert_int_equal(numbers.seen_start, i == 0 ? -1 : i == 1 ? 2 : 3);
    }
    assert_int_equal(loads[0].resources[0].rows_new, 2);
    assert_int_equal(loads[1].resources[0].rows_new, 1);
    assert_int_equal(loads[1].written.counts[0].rows_inserted, 1);
    assert_null(loads[2].package);
    assert_int_equal(session.ledger.state_version, 2);
    assert_string_not_equal(loads[0].id, loads[1].id);
    for (size_t i = 0; i < 4; i++)
        load_end(&loads[i], TG_OK);
    session_close(&session);
    assert_query(fixture, "SELECT id FROM n ORDER BY id", "id\n1\n2\n3\n");
    assert_query(fixture, "SELECT count(*) AS n FROM _dlt_loads", "n\n2\n");
}

/* What fails leaves the session as it was: the next load goes on from the last one that was
 * written. */
static void a_load_that_fails_is_the_others_business_no_more(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t rows[][2] = {{1, 10}, {2, 20}};
    struct numbers numbers = {.rows = rows, .count = 1};
    const struct tg_resource resource = {
        .name = "n", .read = read_numbers, .user = &numbers, .cursor_path = "id"};
    struct session session;
    struct load load;
    fixture_open(fixture, &resource, 1);
    assert_done(fixture, session_open(&session, fixture->pipeline, &fixture->err));
    assert_done(fixture, load_once(&session, &load, &fixture->err));
    load_end(&load, TG_OK);
    numbers.count = 2;
    fixture->pipeline->cancel = 1;
    assert_int_equal(load_once(&session, &load, &fixture->err), TG_CANCELLED);
    load_end(&load, TG_CANCELLED);
    fixture->pipeline->cancel = 0;
    assert_done(fixture, load_once(&session, &load, &fixture->err));
    assert_int_equal(load.resources[0].rows_new, 1);
    load_end(&load, TG_OK);
    session_close(&session);
    assert_query(fixture, "SELECT id FROM n ORDER BY id", "id\n1\n2\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(several_loads_in_one_session, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_load_that_fails_is_the_others_business_no_more,
                                        fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("run/load", tests, NULL, NULL);
}
