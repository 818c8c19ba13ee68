/*
 * No clock and no other run decides what is loaded: clocks that go back, stand still, are ahead by
 * years; two machines that load at once; two that change the schema at once.
 */
#include <pthread.h>

#include "base/error.h"
#include "tests/fixture.h"

static int read_nothing(struct tg_read *read, struct tg_error *err)
{
    (void)err;
    read->done = true;
    return TG_OK;
}

/* A machine: a working directory of its own and a clock of its own. */
struct machine {
    const char *name;    /* of the pipeline */
    const char *folder;  /* of the working directory */
    int64_t now_us;      /* stands still unless step_us is set */
    int64_t step_us;     /* how far each look moves it */
    int64_t first, last; /* the rows that its source has */
    int (*midway)(void); /* what else happens while the source is read; NULL: nothing */
    enum tg_write_disposition disposition;
    bool no_cursor;
    const char *column, *text; /* of each row, beside its id: 7, or a text; NULL: none */
    char warning[1024];        /* the last one logged */
    char load_id[32];
};

static int64_t machine_clock(void *user)
{
    struct machine *machine = user;
    return machine->now_us += machine->step_us;
}

static void machine_log(void *user, int level, const char *component, const char *message)
{
    struct machine *machine = user;
    if (level == TG_LOG_WARNING)
        snprintf(machine->warning, sizeof(machine->warning), "%s: %s", component, message);
}

static int read_range(struct tg_read *read, struct tg_error *err)
{
    (void)err;
    const struct machine *machine = read->user;
    for (int64_t id = machine->first; id <= machine->last; id++) {
        tg_rows_begin_object(read->rows);
        tg_rows_key(read->rows, "id");
        tg_rows_int64(read->rows, id);
        if (machine->column)
            tg_rows_key(read->rows, machine->column);
        if (machine->column && machine->text)
            tg_rows_string(read->rows, machine->text);
        else if (machine->column)
            tg_rows_int64(read->rows, 7);
        tg_rows_end_object(read->rows);
    }
    read->done = true;
    return machine->midway ? machine->midway() : TG_OK;
}

/* Loads table ev of the machine's pipeline; the code of the run. */
static int machine_run(struct fixture *fixture, struct machine *machine, struct tg_error *err)
{
    int rc = TG_OK;
    char workdir[400];
    struct tg_pipeline *pipeline = NULL;
    struct tg_result *result = NULL;
    snprintf(workdir, sizeof(workdir), "%s/%s", fixture->folder, machine->folder);
    const struct tg_pipeline_options options = {
        TG_PIPELINE_OPTIONS_INIT, .name = machine->name,     .destination = fixture->destination,
        .dataset = "d",           .workdir = workdir,        .user = machine,
        .log = machine_log,       .clock_us = machine_clock, .accept = TG_ACCEPT_ROWS};
    const struct tg_resource resource = {TG_RESOURCE_INIT,
                                         .name = "ev",
                                         .read = read_range,
                                         .user = machine,
                                         .primary_key =
                                             machine->disposition == TG_MERGE ? "id" : NULL,
                                         .write_disposition = machine->disposition,
                                         .cursor_path = machine->no_cursor ? NULL : "id"};
    TRY(tg_pipeline_new(&pipeline, &options, err));
    TRY(tg_pipeline_add(pipeline, &resource, err));
    TRY(tg_pipeline_run(pipeline, &result, err));
    snprintf(machine->load_id, sizeof(machine->load_id), "%s", tg_result_load_id(result));
    assert_true(tg_result_seconds(result) >= 0 && tg_result_seconds(result) < 600);
done:
    tg_result_free(result);
    tg_pipeline_free(pipeline);
    return rc;
}

static void machine_load(struct fixture *fixture, struct machine *machine, int64_t first,
                         int64_t last)
{
    machine->first = first;
    machine->last = last;
    assert_done(fixture, machine_run(fixture, machine, &fixture->err));
}

/* For assert_query. */
static void open_to_look(struct fixture *fixture)
{
    const struct tg_resource none = {TG_RESOURCE_INIT, .name = "ev", .read = read_nothing};
    fixture_open(fixture, &none, 1);
}

/* Each of the rows 1 to `count` is there once. */
static void assert_once(struct fixture *fixture, int64_t count)
{
    char csv[80];
    open_to_look(fixture);
    snprintf(csv, sizeof(csv), "n,ids,high\n%lld,%lld,%lld\n", (long long)count, (long long)count,
             (long long)count);
    assert_query(fixture,
                 "SELECT count(*) AS n, count(DISTINCT id) AS ids, max(id) AS high FROM ev", csv);
}

enum { S = 1000000 };

static void a_clock_that_goes_back_changes_nothing(void **state)
{
    struct machine machine = {.name = "p", .folder = "w"};
    static const int64_t clock[] = {1700000000, 1699999990, 1700000020, 0, 1699999999};
    for (size_t i = 0; i < sizeof(clock) / sizeof(clock[0]); i++) {
        machine.now_us = clock[i] * S;
        machine_load(*state, &machine, 1, (int64_t)(i + 1) * 10);
        machine_load(*state, &machine, 1, (int64_t)(i + 1) * 10);
    }
    assert_once(*state, 50);
    assert_query(*state, "SELECT load_id FROM _dlt_loads ORDER BY rowid",
                 "load_id\n1700000000.0\n1700000000.000001\n1700000020.0\n"
                 "1700000020.000001\n1700000020.000002\n");
}

static void a_clock_that_stands_still_changes_nothing(void **state)
{
    struct machine machine = {.name = "p", .folder = "w", .now_us = INT64_C(1700000000) * S};
    for (int64_t i = 1; i <= 12; i++)
        machine_load(*state, &machine, 1, i);
    assert_once(*state, 12);
    assert_string_equal(machine.load_id, "1700000000.000011");
    assert_string_equal(machine.warning, "");
}

static void a_clock_in_2030_for_once_is_got_over(void **state)
{
    struct machine machine = {.name = "p", .folder = "w", .now_us = INT64_C(1900000000) * S};
    machine_load(*state, &machine, 1, 10);
    assert_string_equal(machine.warning, "");
    for (int64_t i = 0; i < 5; i++) {
        machine.now_us = (1700000000 + i) * S;
        machine_load(*state, &machine, 1, 20 + i);
    }
    assert_once(*state, 24);
    assert_string_equal(machine.load_id, "1900000000.000005");
    assert_non_null(strstr(machine.warning, "clock: load '1900000000.000004' of pipeline 'p' was "
                                            "made at 2030-03-17T17:46:40.000004Z, but the clock "
                                            "here says 2023-11-14T22:13:24Z"));
    /* Another pipeline of the dataset has its own order. */
    struct machine other = {.name = "q", .folder = "v", .now_us = INT64_C(1700000000) * S};
    machine_load(*state, &other, 21, 30);
    assert_string_equal(other.load_id, "1700000000.0");
    assert_string_equal(other.warning, "");
}

static void an_hour_ahead_is_the_most_without_a_warning(void **state)
{
    struct machine machine = {.name = "p", .folder = "w", .now_us = INT64_C(1700003600) * S};
    machine_load(*state, &machine, 1, 1);
    machine.now_us = INT64_C(1700000000) * S;
    machine_load(*state, &machine, 1, 1);
    assert_string_equal(machine.warning, "");
    machine.now_us--;
    machine_load(*state, &machine, 1, 1);
    assert_non_null(strstr(machine.warning, "clock: load '1700003600.0'"));
}

/* ---- two at once ---- */

static struct {
    struct fixture *fixture;
    struct machine *machine;
    int rc;
    struct tg_error err;
} meanwhile;

static int run_meanwhile(void)
{
    meanwhile.rc = machine_run(meanwhile.fixture, meanwhile.machine, &meanwhile.err);
    return TG_OK;
}

/* Machine a reads while b loads and commits; who is behind must not matter. */
static void race(struct fixture *fixture, struct machine *a, struct machine *b)
{
    meanwhile.fixture = fixture;
    meanwhile.machine = b;
    a->midway = run_meanwhile;
    int rc = machine_run(fixture, a, &fixture->err);
    a->midway = NULL;
    if (meanwhile.rc != TG_OK)
        fail_msg("%s", meanwhile.err.what);
    assert_int_equal(rc, TG_CONFLICT);
    assert_true(fixture->err.retryable);
}

static void two_machines_with_skewed_clocks(void **state)
{
    static const int64_t skews[] = {0, -100, 100, -100000, 100000};
    struct machine a = {.name = "p", .folder = "a"};
    struct machine b = {.name = "p", .folder = "b"};
    for (int64_t i = 0; i < (int64_t)(sizeof(skews) / sizeof(skews[0])); i++) {
        a.now_us = (1700000000 + i * 1000) * S;
        b.now_us = a.now_us + skews[i] * S;
        machine_load(*state, &a, 1, i * 20 + 10);
        a.first = b.first = 1;
        a.last = b.last = i * 20 + 20;
        race(*state, &a, &b);
        machine_load(*state, &a, 1, i * 20 + 20);
        assert_string_equal(a.load_id, "");
        assert_once(*state, i * 20 + 20);
    }
}

/* Without a cursor nothing is remembered: a merge or a replace that has read older rows must not
 * come after one that has read newer ones, and rows that are simply added may. */
static void loads_without_a_cursor_keep_their_order(void **state)
{
    static const enum tg_write_disposition ordered[] = {TG_REPLACE, TG_MERGE};
    struct machine a = {.name = "p", .folder = "a", .no_cursor = true};
    struct machine b = {.name = "p", .folder = "b", .no_cursor = true};
    for (int64_t i = 0; i < 2; i++) {
        a.now_us = (1700000000 + i * 1000) * S;
        b.now_us = a.now_us + S;
        a.disposition = b.disposition = ordered[i];
        machine_load(*state, &a, 1, 1);
        a.first = b.first = 1;
        a.last = b.last = 2;
        race(*state, &a, &b);
        assert_once(*state, 2);
    }
    a.disposition = b.disposition = TG_APPEND;
    b.now_us += 10 * S;
    a.first = a.last = 3;
    b.first = b.last = 4;
    a.midway = run_meanwhile;
    assert_done((struct fixture *)*state,
                machine_run(*state, &a, &((struct fixture *)*state)->err));
    assert_int_equal(meanwhile.rc, TG_OK);
    assert_once(*state, 4);
}

static void run_during(struct fixture *fixture, struct machine *a, struct machine *b)
{
    meanwhile.fixture = fixture;
    meanwhile.machine = b;
    a->midway = run_meanwhile;
    assert_done(fixture, machine_run(fixture, a, &fixture->err));
    assert_int_equal(meanwhile.rc, TG_OK);
    a->midway = NULL;
}

/* Both change the schema; the newest that is stored has it all, whatever the clocks say. */
static void two_changes_of_one_schema(void **state)
{
    struct fixture *fixture = *state;
    struct machine a = {.name = "p", .folder = "a", .no_cursor = true};
    struct machine b = {.name = "p", .folder = "b", .no_cursor = true};
    a.now_us = b.now_us = INT64_C(1700000000) * S;
    open_to_look(fixture);
    machine_load(fixture, &a, 1, 1);
    a.column = "y";
    b.column = "x";
    a.first = a.last = 2;
    b.first = b.last = 3;
    b.now_us += 1000 * S;
    run_during(fixture, &a, &b);
    assert_query(fixture,
                 "SELECT version, schema LIKE '%\"x\"%' AS x, schema LIKE '%\"y\"%' AS y FROM "
                 "_dlt_version ORDER BY inserted_at",
                 "version,x,y\n2,false,false\n3,true,false\n4,true,true\n");
    a.column = NULL;
    machine_load(fixture, &a, 4, 4);
    a.column = "x";
    a.text = "abc";
    machine_load(fixture, &a, 5, 5);
    assert_query(fixture, "SELECT id, x, y, x__v_text FROM ev ORDER BY id",
                 "id,x,y,x__v_text\n1,,,\n2,,7,\n3,7,,\n4,,,\n5,,,abc\n");
    /* The same column as something else is no mere race: it is read again. */
    a.column = b.column = "z";
    a.first = a.last = 6;
    b.first = b.last = 7;
    race(fixture, &a, &b);
    machine_load(fixture, &a, 6, 6);
    assert_query(fixture, "SELECT id, z, z__v_text FROM ev WHERE id >= 6 ORDER BY id",
                 "id,z,z__v_text\n6,,abc\n7,7,\n");
}

/* ---- two transactions at once ---- */

enum { RACING_LOADS = 8 };

/* A machine in a thread of this process: each load brings all rows so far and one more. */
struct racer {
    pthread_t thread;
    struct fixture *fixture;
    struct machine machine;
    struct tg_error err; /* the one that ended it */
    int loads, conflicts;
};

static void *load_again_and_again(void *arg)
{
    struct racer *racer = arg;
    while (racer->loads < RACING_LOADS) {
        racer->machine.first = 1;
        racer->machine.last = racer->loads + 1;
        error_clear(&racer->err);
        int rc = machine_run(racer->fixture, &racer->machine, &racer->err);
        if (rc != TG_OK && !racer->err.retryable)
            return NULL;
        racer->loads += rc == TG_OK;
        racer->conflicts += rc == TG_CONFLICT;
    }
    return NULL;
}

static void race_in_threads(struct fixture *fixture, struct racer racers[2])
{
    for (int i = 0; i < 2; i++) {
        racers[i].fixture = fixture;
        racers[i].machine.now_us = (1700000000 + i * 1000) * (int64_t)S;
        assert_int_equal(pthread_create(&racers[i].thread, NULL, load_again_and_again, &racers[i]),
                         0);
    }
    for (int i = 0; i < 2; i++)
        pthread_join(racers[i].thread, NULL);
    for (int i = 0; i < 2; i++)
        if (racers[i].loads < RACING_LOADS)
            fail_msg("%s: %s", racers[i].err.where, racers[i].err.what);
    open_to_look(fixture);
    assert_query(fixture, "SELECT count(*) - count(DISTINCT load_id) AS doubled FROM _dlt_loads",
                 "doubled\n0\n");
}

static void one_pipeline_in_two_threads(void **state)
{
    struct racer racers[2] = {{.machine = {.name = "p", .folder = "a"}},
                              {.machine = {.name = "p", .folder = "b"}}};
    race_in_threads(*state, racers);
    assert_once(*state, RACING_LOADS);
}

static void two_pipelines_in_two_threads(void **state)
{
    struct racer racers[2] = {{.machine = {.name = "p", .folder = "a"}},
                              {.machine = {.name = "q", .folder = "b"}}};
    race_in_threads(*state, racers);
    assert_int_equal(racers[0].conflicts + racers[1].conflicts, 0);
    assert_query(*state, "SELECT count(*) AS n, count(DISTINCT id) AS ids FROM ev",
                 "n,ids\n16,8\n");
}

static void two_pipelines_with_equal_clocks(void **state)
{
    struct machine a = {.name = "p", .folder = "a", .now_us = INT64_C(1700000000) * S};
    struct machine b = {.name = "q", .folder = "b", .now_us = INT64_C(1700000000) * S};
    for (int64_t i = 0; i < 5; i++) {
        machine_load(*state, &a, i * 2 + 1, i * 2 + 1);
        machine_load(*state, &b, i * 2 + 2, i * 2 + 2);
        assert_string_not_equal(a.load_id, b.load_id);
    }
    assert_once(*state, 10);
    assert_query(*state, "SELECT count(*) AS n, count(DISTINCT load_id) AS ids FROM _dlt_loads",
                 "n,ids\n10,10\n");
    assert_query(*state,
                 "SELECT pipeline_name, count(*) AS n FROM _tidegate_loads GROUP BY 1 ORDER "
                 "BY 1",
                 "pipeline_name,n\np,5\nq,5\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_clock_that_goes_back_changes_nothing, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_clock_that_stands_still_changes_nothing, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_clock_in_2030_for_once_is_got_over, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(an_hour_ahead_is_the_most_without_a_warning, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(two_machines_with_skewed_clocks, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(loads_without_a_cursor_keep_their_order, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(two_changes_of_one_schema, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(one_pipeline_in_two_threads, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(two_pipelines_in_two_threads, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(two_pipelines_with_equal_clocks, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests_name("races", tests, NULL, NULL);
}
