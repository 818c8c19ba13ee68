/* Resources in their turn, by turns, and begun before it: what comes of them is the same, in the
 * same order; the first failure in that order is told, and nobody goes on behind it. */
#include "tests/fixture.h"
#include "tests/postgres.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/load.h"

enum { TABLES = 5 };

static const char *const names[TABLES] = {"a", "b", "c", "d", "e"};

/* Each table has one row more than the one before. */
static int setup(void **state)
{
    free(postgres_sql("SET client_min_messages = warning;"
                      "DROP TABLE IF EXISTS a, b, c, d, e CASCADE"));
    for (size_t i = 0; i < TABLES; i++) {
        char sql[200];
        snprintf(sql, sizeof(sql),
                 "CREATE TABLE %s AS SELECT g AS id FROM generate_series(1, %zu) g", names[i],
                 i + 1);
        free(postgres_sql(sql));
    }
    return fixture_setup(state);
}

/* A pipeline of the tables, and of rows of the program's between the second and the third. */
static void open_tables_with(struct fixture *fixture, const char *parallel, struct numbers *between,
                             int turns)
{
    const struct tg_option at[] = {{"connection", postgres_uri()}, {"parallel", parallel}};
    struct tg_option tables[TABLES];
    struct tg_resource resources[TABLES + 1] = {{0}};
    size_t count = 0;
    for (size_t i = 0; i < TABLES; i++) {
        tables[i] = (struct tg_option){"table", names[i]};
        if (i == 2 && between)
            resources[count++] =
                (struct tg_resource){.name = "n", .read = read_numbers, .user = between};
        resources[count++] = (struct tg_resource){.name = names[i],
                                                  .source = "sql",
                                                  .source_options = at,
                                                  .source_option_count = 2,
                                                  .options = &tables[i],
                                                  .option_count = 1};
    }
    fixture_open_with(fixture, resources, count, turns);
}

static void open_tables(struct fixture *fixture, const char *parallel, struct numbers *between)
{
    open_tables_with(fixture, parallel, between, 0);
}

static void test_in_order(void **state)
{
    struct fixture *fixture = *state;
    static const char *const limits[] = {"1", "2", "16"};
    for (size_t l = 0; l < 3; l++) {
        open_tables(fixture, limits[l], NULL);
        fixture_run(fixture);
        assert_int_equal(fixture->result->resource_count, TABLES);
        for (size_t i = 0; i < TABLES; i++) {
            assert_string_equal(fixture->result->resources[i].name, names[i]);
            assert_int_equal(fixture->result->resources[i].rows_read, i + 1);
            assert_string_equal(fixture->result->tables[i].name, names[i]);
        }
    }
    assert_query(fixture, "SELECT count(*) AS n FROM e", "n\n15\n");
}

/* A source that cannot is waited for, and waits for its turn. */
static void test_other_sources_between(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t rows[][2] = {{1, 10}, {2, 20}};
    struct numbers numbers = {.rows = rows, .count = 2};
    open_tables(fixture, "3", &numbers);
    fixture_run(fixture);
    assert_int_equal(fixture->result->resource_count, TABLES + 1);
    assert_string_equal(fixture->result->resources[2].name, "n");
    assert_query(fixture, "SELECT count(*) AS n FROM n", "n\n2\n");
    assert_query(fixture, "SELECT count(*) AS n FROM c", "n\n3\n");
}

/* What is wrong with d is known before b has been read, and told after it. */
static void test_the_first_failure(void **state)
{
    struct fixture *fixture = *state;
    static const char *const limits[] = {"1", "16"};
    free(postgres_sql("DROP TABLE d"));
    for (size_t l = 0; l < 2; l++) {
        open_tables(fixture, limits[l], NULL);
        assert_int_equal(fixture_try(fixture), TG_SOURCE);
        assert_string_equal(fixture->err.resource, "d");
    }
    free(postgres_sql("ALTER TABLE b ADD COLUMN wide numeric; UPDATE b SET wide = 1e40"));
    for (size_t l = 0; l < 2; l++) {
        open_tables(fixture, limits[l], NULL);
        assert_int_equal(fixture_try(fixture), TG_DATA);
        assert_string_equal(fixture->err.resource, "b");
        assert_string_equal(fixture->err.column, "wide");
    }
}

static int cancel_at_once(void *user, const struct tg_progress *progress)
{
    size_t *calls = user;
    ++*calls;
    return progress->phase == TG_PHASE_EXTRACT;
}

static void test_cancelled(void **state)
{
    struct fixture *fixture = *state;
    size_t calls = 0;
    open_tables(fixture, "4", NULL);
    fixture->pipeline->progress = cancel_at_once;
    fixture->pipeline->user = &calls;
    assert_int_equal(fixture_try(fixture), TG_CANCELLED);
    assert_true(calls > 0);
    fixture->pipeline->progress = NULL;
    fixture_run(fixture);
    assert_query(fixture, "SELECT count(*) AS n FROM e", "n\n5\n");
}

/* ---- by turns ---- */

enum { TOLD = 4, LOG_MAX = 200 };

/* Rows of ids from 1 on, one a call, each with a list; the calls of all of them are in one log. */
struct told {
    const char *name;
    int64_t count, sent;
    int64_t fails_at, dies_at; /* the call before that row; 0: none */
    char *log;
    bool ended;
    enum tg_outcome outcome;
};

static int begin_told(void *user, const struct tg_cursor *cursor, struct tg_error *err)
{
    struct told *told = user;
    told->sent = 0;
    told->ended = false;
    (void)cursor;
    (void)err;
    return TG_OK;
}

static int read_told(struct tg_read *read, struct tg_error *err)
{
    struct told *told = read->user;
    strcat(told->log, told->name);
    if (told->sent + 1 == told->dies_at)
        raise(SIGKILL);
    if (told->sent + 1 == told->fails_at) {
        snprintf(err->what, sizeof(err->what), "%s is tired", told->name);
        return TG_SOURCE;
    }
    read->done = told->sent == told->count;
    if (read->done)
        return TG_OK;
    told->sent++;
    tg_rows_begin_object(read->rows);
    tg_rows_key(read->rows, "id");
    tg_rows_int64(read->rows, told->sent);
    tg_rows_key(read->rows, "parts");
    tg_rows_begin_list(read->rows);
    tg_rows_int64(read->rows, told->sent);
    tg_rows_string(read->rows, told->name);
    tg_rows_end_list(read->rows);
    tg_rows_end_object(read->rows);
    return TG_OK;
}

static void end_told(void *user, enum tg_outcome outcome)
{
    struct told *told = user;
    told->ended = true;
    told->outcome = outcome;
}

struct round {
    struct told told[TOLD];
    char log[LOG_MAX];
};

/* p, q, r, s of 3, 1, 4, 2 rows, each with a cursor; r merges. */
static void open_round(struct fixture *fixture, struct round *round, int turns)
{
    static const char *const told_names[TOLD] = {"p", "q", "r", "s"};
    static const int64_t counts[TOLD] = {3, 1, 4, 2};
    struct tg_resource resources[TOLD] = {{0}};
    for (size_t i = 0; i < TOLD; i++) {
        struct told *told = &round->told[i];
        told->name = told_names[i];
        told->count = told->count > 0 ? told->count : counts[i];
        told->log = round->log;
        resources[i] = (struct tg_resource){.name = told->name,
                                            .read = read_told,
                                            .begin = begin_told,
                                            .end = end_told,
                                            .user = told,
                                            .write_disposition = i == 2 ? TG_MERGE : TG_APPEND,
                                            .primary_key = i == 2 ? "id" : NULL,
                                            .cursor_path = "id"};
    }
    round->log[0] = '\0';
    fixture_open_with(fixture, resources, TOLD, turns);
}

static void test_a_page_each(void **state)
{
    struct fixture *fixture = *state;
    /* The last call of each says that there is no more. */
    static const struct {
        int turns;
        const char *log;
    } cases[] = {{0, "ppppqqrrrrrsss"}, {1, "ppppqqrrrrrsss"}, {2, "pqpqprprrsrsrs"},
                 {3, "pqrpqrprsprsrs"}, {4, "pqrspqrsprsprr"}, {20, "pqrspqrsprsprr"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct round round = {.log = ""};
        snprintf(fixture->destination, sizeof(fixture->destination), "duckdb:///%s/turns%d.duckdb",
                 fixture->folder, cases[i].turns);
        open_round(fixture, &round, cases[i].turns);
        fixture_run(fixture);
        assert_string_equal(round.log, cases[i].log);
        assert_int_equal(fixture->result->resource_count, TOLD);
        for (size_t k = 0; k < TOLD; k++) {
            assert_string_equal(fixture->result->resources[k].name, round.told[k].name);
            assert_int_equal(fixture->result->resources[k].rows_read, round.told[k].count);
            assert_int_equal(round.told[k].outcome, TG_OUTCOME_COMMITTED);
        }
        assert_query(
            fixture,
            "SELECT (SELECT list(id ORDER BY id) FROM p) AS p, (SELECT count(*) FROM q) AS "
            "q, (SELECT list(id ORDER BY id) FROM r) AS r, (SELECT count(*) FROM s) AS s, "
            "(SELECT count(*) FROM r JOIN r__parts AS l ON l._dlt_parent_id = r._dlt_id) "
            "AS parts",
            "p,q,r,s,parts\n\"[1,2,3]\",1,\"[1,2,3,4]\",2,8\n");
    }
}

/* The others' `end` is called, nothing is there, no cursor has moved: all of it comes again. */
static void test_one_fails(void **state)
{
    struct fixture *fixture = *state;
    struct round round = {.log = ""};
    round.told[2].fails_at = 3;
    open_round(fixture, &round, 20);
    assert_int_equal(fixture_try(fixture), TG_SOURCE);
    assert_string_equal(fixture->err.resource, "r");
    assert_string_equal(fixture->err.what, "r is tired");
    assert_string_equal(round.log, "pqrspqrspr");
    for (size_t i = 0; i < TOLD; i++) {
        assert_true(round.told[i].ended);
        assert_int_equal(round.told[i].outcome, TG_OUTCOME_GIVEN_UP);
    }
    round.told[2].fails_at = 0;
    fixture_run(fixture);
    assert_query(fixture,
                 "SELECT (SELECT count(*) FROM p) AS p, (SELECT count(*) FROM q) AS q, (SELECT "
                 "count(*) FROM r) AS r, (SELECT count(*) FROM s) AS s",
                 "p,q,r,s\n3,1,4,2\n");
    for (size_t i = 0; i < TOLD; i++)
        round.told[i].count++;
    fixture_run(fixture);
    assert_query(fixture,
                 "SELECT (SELECT count(*) FROM p) AS p, (SELECT count(*) FROM q) AS q, (SELECT "
                 "count(*) FROM r) AS r, (SELECT count(*) FROM s) AS s",
                 "p,q,r,s\n4,2,5,3\n");
}

/* In the middle of a round: what the others had given counts for nothing. */
static void test_killed(void **state)
{
    struct fixture *fixture = *state;
    struct round round = {.log = ""};
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        round.told[3].dies_at = 2;
        open_round(fixture, &round, 20);
        _exit(fixture_try(fixture) == TG_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    open_round(fixture, &round, 20);
    fixture_run(fixture);
    fixture_run(fixture);
    assert_query(fixture,
                 "SELECT (SELECT count(*) FROM p) AS p, (SELECT count(*) FROM q) AS q, (SELECT "
                 "count(*) FROM r) AS r, (SELECT count(*) FROM s) AS s",
                 "p,q,r,s\n3,1,4,2\n");
}

/* What a source reads by itself is read to its end in its first turn. */
static void test_other_sources_by_turns(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t rows[][2] = {{1, 10}, {2, 20}, {3, 30}};
    struct numbers numbers = {.rows = rows, .count = 3, .page_size = 1};
    open_tables_with(fixture, "3", &numbers, 20);
    fixture_run(fixture);
    assert_int_equal(fixture->result->resource_count, TABLES + 1);
    for (size_t i = 0; i < TABLES; i++)
        assert_int_equal(fixture->result->resources[i + (i >= 2)].rows_read, i + 1);
    assert_query(fixture, "SELECT count(*) AS n FROM n", "n\n3\n");
    assert_query(fixture, "SELECT count(*) AS n FROM e", "n\n5\n");
    free(postgres_sql("DROP TABLE d"));
    open_tables_with(fixture, "16", &numbers, 20);
    assert_int_equal(fixture_try(fixture), TG_SOURCE);
    assert_string_equal(fixture->err.resource, "d");
}

/* Little room: batches go out early, and every row is there once, with what is nested in it. */
struct wide {
    char name[8];
    int64_t sent, count;
};

static int read_wide(struct tg_read *read, struct tg_error *err)
{
    struct wide *wide = read->user;
    static char text[64 * 1024];
    memset(text, 'x', sizeof(text));
    (void)err;
    for (int64_t i = 0; i < 50 && wide->sent < wide->count; i++, wide->sent++) {
        tg_rows_begin_object(read->rows);
        tg_rows_key(read->rows, "id");
        tg_rows_int64(read->rows, wide->sent);
        tg_rows_key(read->rows, "text");
        tg_rows_text(read->rows, text, sizeof(text) - (size_t)wide->sent);
        tg_rows_key(read->rows, "parts");
        tg_rows_begin_list(read->rows);
        tg_rows_int64(read->rows, wide->sent);
        tg_rows_end_list(read->rows);
        tg_rows_end_object(read->rows);
    }
    read->done = wide->sent == wide->count;
    return TG_OK;
}

static void test_little_room(void **state)
{
    struct fixture *fixture = *state;
    struct wide wides[8] = {{{0}, 0, 0}};
    struct tg_resource resources[8] = {{0}};
    for (size_t i = 0; i < 8; i++) {
        snprintf(wides[i].name, sizeof(wides[i].name), "w%zu", i);
        wides[i].count = 400;
        resources[i] = (struct tg_resource){
            .name = wides[i].name, .read = read_wide, .user = &wides[i], .cursor_path = "id"};
    }
    fixture_open_with(fixture, resources, 8, 8);
    fixture_run(fixture);
    assert_query(fixture,
                 "SELECT count(*) AS n, count(DISTINCT id) AS ids, sum(length(text)) AS bytes, "
                 "count(p.value) AS parts FROM w7 JOIN w7__parts AS p ON p._dlt_parent_id = "
                 "w7._dlt_id AND p.value = id",
                 "n,ids,bytes,parts\n400,400,26134600,400\n");
}

static void test_what_turns_may_be(void **state)
{
    struct fixture *fixture = *state;
    struct tg_pipeline *pipeline = NULL;
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT, .name = "test",
                                                .destination = fixture->destination,
                                                .workdir = fixture->workdir, .turns = -1};
    assert_int_equal(tg_pipeline_new(&pipeline, &options, &fixture->err), TG_USAGE);
    assert_non_null(strstr(fixture->err.what, "turns"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_in_order, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_other_sources_between, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_the_first_failure, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_cancelled, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_a_page_each, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_one_fails, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_killed, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_other_sources_by_turns, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_little_room, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_what_turns_may_be, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("run/turns", tests, NULL, NULL);
}
