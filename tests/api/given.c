/* A destination that the program gives: a whole load through its functions, who owns it, and what
 * becomes of loads whose commit nobody knows about. */
#include "tests/fixture.h"

#include <pthread.h>

#include "tests/database/given.h"

static const int64_t number_rows[][2] = {{1, 10}, {2, 20}, {3, 30}, {4, 40}};
static struct numbers numbers;
static struct given_database database;
static struct tg_connection calls;
static enum tg_outcome outcome;

static void note_outcome(void *user, enum tg_outcome told)
{
    (void)user;
    outcome = told;
}

static const struct tg_resource number_resource = {TG_RESOURCE_INIT,     .name = "n",
                                                   .read = read_numbers, .end = note_outcome,
                                                   .user = &numbers,     .cursor_path = "id"};

static int setup(void **state)
{
    if (fixture_setup(state))
        return -1;
    struct fixture *fixture = *state;
    database = (struct given_database){0};
    snprintf(database.url, sizeof(database.url), "%s", fixture->destination);
    calls = given_calls(&database, true);
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    tg_pipeline_free(fixture->pipeline);
    fixture->pipeline = NULL;
    assert_int_equal(database.opened, database.closed);
    return fixture_teardown(state);
}

/* ---- a pipeline over it ---- */

static struct tg_pipeline_options given_options(const struct fixture *fixture)
{
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT, .name = "test",
                                                .dataset = "d", .workdir = fixture->workdir,
                                                .destination_connection = &calls};
    return options;
}

static void open_pipeline(struct fixture *fixture)
{
    const struct tg_pipeline_options options = given_options(fixture);
    tg_pipeline_free(fixture->pipeline);
    assert_done(fixture, tg_pipeline_new(&fixture->pipeline, &options, &fixture->err));
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &number_resource, &fixture->err));
}

/* A run that finds the first `count` rows at its source. */
static int run(struct fixture *fixture, size_t count)
{
    numbers = (struct numbers){.rows = number_rows, .count = count};
    open_pipeline(fixture);
    return fixture_try(fixture);
}

static bool is_warned(const struct fixture *fixture, const char *part)
{
    for (size_t i = 0; i < tg_result_warning_count(fixture->result); i++)
        if (strstr(tg_result_warning(fixture->result, i), part))
            return true;
    return false;
}

static void load_twice(struct fixture *fixture)
{
    assert_done(fixture, run(fixture, 2));
    assert_string_equal(tg_pipeline_destination(fixture->pipeline), "given:warehouse");
    assert_done(fixture, run(fixture, 3));
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_inserted, 1);
    assert_query(fixture, "SELECT id, value FROM n ORDER BY id", "id,value\n1,10\n2,20\n3,30\n");
    assert_int_equal(database.opened, database.closed);
}

static void a_load_by_all_functions(void **state)
{
    load_twice(*state);
}

static void a_load_by_exec_and_query_alone(void **state)
{
    calls = given_calls(&database, false);
    database.has_no_sqlstate = true;
    load_twice(*state);
}

/* dlt's tables, by the driver: the given connection makes what it would have made. */
static void what_it_makes_is_what_the_driver_makes(void **state)
{
    struct fixture *fixture = *state;
    assert_done(fixture, run(fixture, 2));
    fixture_open(fixture, &number_resource, 1);
    numbers = (struct numbers){.rows = number_rows, .count = 4};
    fixture_run(fixture);
    assert_query(fixture, "SELECT count(*) AS n, count(DISTINCT _dlt_load_id) AS loads FROM n",
                 "n,loads\n4,2\n");
    assert_done(fixture, run(fixture, 4));
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_new, 0);
}

/* ---- what is wrong with it ---- */

static int refuse(struct fixture *fixture, const struct tg_pipeline_options *options,
                  const char *part)
{
    struct tg_pipeline *pipeline = NULL;
    int rc = tg_pipeline_new(&pipeline, options, &fixture->err);
    assert_null(pipeline);
    if (!strstr(fixture->err.what, part))
        fail_msg("'%s' does not say '%s'", fixture->err.what, part);
    return rc;
}

static void what_cannot_be_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct tg_pipeline_options options = given_options(fixture);
    options.destination = fixture->destination;
    assert_int_equal(refuse(fixture, &options, "two destinations"), TG_USAGE);
    options.destination = NULL;
    calls.interrupt = NULL;
    assert_int_equal(refuse(fixture, &options, "`interrupt`"), TG_USAGE);
    calls = given_calls(&database, true);
    calls.size = 0;
    assert_int_equal(refuse(fixture, &options, "begin with tg_connection_init()"), TG_USAGE);
    calls = given_calls(&database, true);
    calls.name = NULL;
    assert_int_equal(refuse(fixture, &options, "`name`"), TG_USAGE);
    calls.name = "warehouse";
    options.memory = "1000";
    assert_int_equal(refuse(fixture, &options, "64MiB"), TG_USAGE);
    assert_int_equal(database.released, 0); /* it is the program's still */
}

static void it_is_released_with_its_last_stream(void **state)
{
    struct fixture *fixture = *state;
    struct ArrowArrayStream stream;
    assert_done(fixture, run(fixture, 2));
    assert_done(fixture, tg_pipeline_query(fixture->pipeline, "SELECT id FROM n ORDER BY id",
                                           &stream, &fixture->err));
    tg_pipeline_free(fixture->pipeline);
    fixture->pipeline = NULL;
    assert_int_equal(database.released, 0);
    char *rows = fixture_rows(fixture, &stream, TG_CELL_TEXT);
    assert_string_equal(rows, "id\n1\n2\n");
    free(rows);
    assert_int_equal(database.released, 1);
}

/* ---- beside a spec ---- */

static const char spec_text[] = "pipeline: test\n"
                                "%s"
                                "dataset: d\n"
                                "source: {type: files}\n"
                                "resources: {other: {path: none.jsonl}}\n";

static void load_beside_a_spec(struct fixture *fixture, const char *destination)
{
    char text[400];
    snprintf(text, sizeof(text), spec_text, destination);
    struct tg_pipeline_options options = given_options(fixture);
    options.name = options.dataset = NULL;
    options.select = "n";
    numbers = (struct numbers){.rows = number_rows, .count = 2};
    tg_pipeline_free(fixture->pipeline);
    assert_done(fixture, tg_pipeline_open_text(&fixture->pipeline, text, fixture->folder, &options,
                                               &fixture->err));
    assert_string_equal(tg_pipeline_destination(fixture->pipeline), "given:warehouse");
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &number_resource, &fixture->err));
    fixture_run(fixture);
    assert_query(fixture, "SELECT count(*) AS n FROM n", "n\n2\n");
}

static void it_takes_the_place_of_a_specs(void **state)
{
    load_beside_a_spec(*state, "");
    load_beside_a_spec(*state, "destination: duckdb:///never.duckdb\n");
}

static void a_spec_alone_needs_one(void **state)
{
    struct fixture *fixture = *state;
    char text[400];
    snprintf(text, sizeof(text), spec_text, "");
    assert_int_equal(
        tg_pipeline_open_text(&fixture->pipeline, text, fixture->folder, NULL, &fixture->err),
        TG_SPEC);
    assert_non_null(strstr(fixture->err.what, "'destination'"));
    snprintf(text, sizeof(text), spec_text, "destination: given:warehouse\n");
    assert_int_equal(
        tg_pipeline_open_text(&fixture->pipeline, text, fixture->folder, NULL, &fixture->err),
        TG_SPEC); /* no URL finds it */
    assert_null(fixture->pipeline);
}

/* ---- commits ---- */

static void a_commit_that_is_reported_as_failed_is_asked_for(void **state)
{
    struct fixture *fixture = *state;
    assert_done(fixture, run(fixture, 1));
    database.commit_says_no = true;
    assert_done(fixture, run(fixture, 2));
    assert_true(is_warned(fixture, "although its commit was reported as failed"));
    assert_int_equal(outcome, TG_OUTCOME_COMMITTED);
    database.commit_says_no = false;
    assert_done(fixture, run(fixture, 2));
    assert_query(fixture, "SELECT id FROM n ORDER BY id", "id\n1\n2\n");
}

static bool dies;

/* The commit is done or not; then nothing can be reached any more. */
static int commit_and_die(void *session, enum tg_transact what, struct tg_error *err)
{
    int rc = given_transact(session, what, err);
    database.is_away = database.is_away || (dies && what == TG_COMMIT);
    return rc;
}

static void lose_the_commit(struct fixture *fixture, bool is_done)
{
    calls.transact = commit_and_die;
    assert_done(fixture, run(fixture, 1));
    dies = database.commit_says_no = true;
    database.commit_is_not_done = !is_done;
    assert_int_equal(run(fixture, 3), TG_DESTINATION);
    assert_true(fixture->err.retryable);
    assert_int_equal(outcome, TG_OUTCOME_SEALED);
    dies = database.commit_says_no = database.commit_is_not_done = database.is_away = false;
}

static void settled_by_the_next_run(struct fixture *fixture, bool is_done)
{
    lose_the_commit(fixture, is_done);
    assert_done(fixture, run(fixture, 4));
    assert_int_equal(tg_result_settled_count(fixture->result), 1);
    assert_query(fixture, "SELECT id FROM n ORDER BY id", "id\n1\n2\n3\n4\n");
}

static void a_commit_that_was_done_is_found_by_the_next_run(void **state)
{
    settled_by_the_next_run(*state, true);
}

static void a_commit_that_was_not_done_is_done_by_the_next_run(void **state)
{
    settled_by_the_next_run(*state, false);
}

/* The name says which database it is: a load for one is not written to another. */
static void a_load_waits_for_its_own_database(void **state)
{
    struct fixture *fixture = *state;
    lose_the_commit(fixture, false);
    calls.name = "another";
    snprintf(database.url, sizeof(database.url), "duckdb:///%s/another.duckdb", fixture->folder);
    int rc = run(fixture, 4);
    if (rc == TG_OK) {
        assert_int_equal(tg_result_settled_count(fixture->result), 0);
        assert_query(fixture, "SELECT id FROM n ORDER BY id", "id\n1\n2\n3\n4\n");
    } else {
        assert_non_null(strstr(fixture->err.what, "given:warehouse"));
    }
    calls.name = "warehouse";
    snprintf(database.url, sizeof(database.url), "%s", fixture->destination);
    assert_done(fixture, run(fixture, 4));
    assert_query(fixture, "SELECT id FROM n ORDER BY id", "id\n1\n2\n3\n4\n");
}

/* A session that dies between two statements leaves nothing, and the load waits. */
static void a_session_that_dies_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    assert_done(fixture, run(fixture, 1));
    database.refuses = "INSERT INTO \"d\".\"_dlt_loads\"";
    assert_int_equal(run(fixture, 3), TG_DESTINATION);
    assert_non_null(strstr(fixture->err.what, "is refused"));
    database.refuses = NULL;
    assert_done(fixture, run(fixture, 3));
    assert_query(fixture, "SELECT id FROM n ORDER BY id", "id\n1\n2\n3\n");
}

/* ---- cancel ---- */

static void *cancel_when_stalled(void *pipeline)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    for (int i = 0; i < 2000 && !atomic_load(&database.stalled); i++)
        nanosleep(&pause, NULL);
    tg_pipeline_cancel(pipeline);
    return NULL;
}

static void a_cancel_interrupts_the_statement(void **state)
{
    struct fixture *fixture = *state;
    pthread_t thread;
    assert_done(fixture, run(fixture, 1));
    numbers = (struct numbers){.rows = number_rows, .count = 3};
    open_pipeline(fixture);
    database.stalls = "INSERT INTO \"d\".\"n\"";
    assert_int_equal(pthread_create(&thread, NULL, cancel_when_stalled, fixture->pipeline), 0);
    assert_int_equal(fixture_try(fixture), TG_CANCELLED);
    pthread_join(thread, NULL);
    assert_true(atomic_load(&database.interrupts) > 0);
    assert_int_equal(outcome, TG_OUTCOME_SEALED);
    database.stalls = NULL;
    assert_done(fixture, run(fixture, 3));
    assert_query(fixture, "SELECT id FROM n ORDER BY id", "id\n1\n2\n3\n");
}

#define with_database(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* ---- the database of a source ---- */

/* What it reads lies beside the destination, which the library opens by its own driver. */
static void fill_source(struct fixture *fixture, bool all)
{
    struct context ctx;
    struct connection *con = NULL;
    context_init(&ctx);
    snprintf(database.url, sizeof(database.url), "duckdb:///%s/shop.duckdb", fixture->folder);
    calls = given_calls(&database, all);
    assert_done(fixture, connection_open(&ctx, AT_URL(database.url), true, &con, &fixture->err));
    assert_done(fixture, connection_exec(con,
                                         "CREATE TABLE sales AS SELECT * FROM (VALUES "
                                         "(1, 1.50::DECIMAL(8, 2)), (2, 2.50)) AS v (id, price)",
                                         NULL, &fixture->err));
    connection_close(con);
}

static void add_source(struct fixture *fixture, const char *name, const char *option,
                       const char *text)
{
    const struct tg_option options = {option, text};
    const struct tg_resource resource = {
        TG_RESOURCE_INIT,    .name = name,      .source = "sql",    .source_connection = &calls,
        .options = &options, .option_count = 1, .cursor_path = "id"};
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resource, &fixture->err));
}

static void read_source(struct fixture *fixture, bool all)
{
    fill_source(fixture, all);
    fixture_open(fixture, NULL, 0);
    add_source(fixture, "sales", "table", "sales");
    add_source(fixture, "sums", "query", "SELECT max(id) AS id, sum(price) AS total FROM sales");
    fixture_run(fixture);
    assert_int_equal(database.opened, 1); /* one source for both */
    assert_int_equal(database.closed, 1);
    assert_query(fixture, "SELECT id, price FROM sales ORDER BY id", "id,price\n1,1.50\n2,2.50\n");
    assert_query(fixture, "SELECT id, total FROM sums", "id,total\n2,4.00\n");
    fixture_run(fixture);
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_new, 0);
    assert_int_equal(tg_result_table(fixture->result, 1)->rows_new, 0);
    assert_int_equal(database.opened, database.closed);
    assert_int_equal(database.released, 0);
    tg_pipeline_free(fixture->pipeline);
    fixture->pipeline = NULL;
    assert_int_equal(database.released, 2); /* as it was given */
}

static void a_source_by_all_functions(void **state)
{
    read_source(*state, true);
}

static void a_source_by_exec_and_query_alone(void **state)
{
    read_source(*state, false);
}

/* Each table is a member of one resource, whose connection is released once. */
static void a_group_of_a_source(void **state)
{
    struct fixture *fixture = *state;
    fill_source(fixture, true);
    fixture_open(fixture, NULL, 0);
    add_source(fixture, "all", "tables", "all");
    fixture_run(fixture);
    assert_query(fixture, "SELECT count(*) AS n FROM sales", "n\n2\n");
    tg_pipeline_free(fixture->pipeline);
    fixture->pipeline = NULL;
    assert_int_equal(database.released, 1);
}

static void a_source_that_cannot_be_is_released(void **state)
{
    struct fixture *fixture = *state;
    calls = given_calls(&database, true);
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "sales", .source = "files",
                                         .source_connection = &calls};
    fixture_open(fixture, NULL, 0);
    assert_int_equal(tg_pipeline_add(fixture->pipeline, &resource, &fixture->err), TG_USAGE);
    assert_int_equal(database.released, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_database(a_load_by_all_functions),
        with_database(a_load_by_exec_and_query_alone),
        with_database(what_it_makes_is_what_the_driver_makes),
        with_database(what_cannot_be_is_refused),
        with_database(it_is_released_with_its_last_stream),
        with_database(it_takes_the_place_of_a_specs),
        with_database(a_spec_alone_needs_one),
        with_database(a_commit_that_is_reported_as_failed_is_asked_for),
        with_database(a_commit_that_was_done_is_found_by_the_next_run),
        with_database(a_commit_that_was_not_done_is_done_by_the_next_run),
        with_database(a_load_waits_for_its_own_database),
        with_database(a_session_that_dies_leaves_nothing),
        with_database(a_cancel_interrupts_the_statement),
        with_database(a_source_by_all_functions),
        with_database(a_source_by_exec_and_query_alone),
        with_database(a_group_of_a_source),
        with_database(a_source_that_cannot_be_is_released),
    };
    return cmocka_run_group_tests_name("api/given", tests, NULL, NULL);
}
