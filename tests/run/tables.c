/* Several tables of one resource: where rows go, how each is loaded, what is judged, and that all
 * of it comes at once or not at all. */
#include "tests/run/script.h"

#include <sys/wait.h>
#include <unistd.h>

static const struct tg_resource merged = {TG_RESOURCE_INIT, .write_disposition = TG_MERGE,
                                          .primary_key = "id"};
static const struct tg_resource appended = {TG_RESOURCE_INIT, .name = NULL};
static const struct tg_resource replaced = {TG_RESOURCE_INIT, .write_disposition = TG_REPLACE};

/* ---- where rows go ---- */

static void rows_go_where_they_are_said_to(void **state)
{
    struct fixture *fixture = *state;
    RUNS(script, {NULL, NULL, "{\"id\":1}"},
         {"Big Orders", NULL, "{\"id\":2,\"l\":[{\"x\":1},{\"x\":2}]}"}, {"", NULL, "{\"id\":3}"},
         {"others", NULL, "{\"id\":4}"}, {"big_orders", NULL, "{\"id\":5}"},
         {NULL, NULL, "{\"id\":6}"});
    for (script.page = 0; script.page < 4; script.page++) {
        run(fixture, &script, TG_REPLACE);
        assert_query(fixture, "SELECT id FROM events ORDER BY id", "id\n1\n6\n");
        assert_int_equal(info_of(fixture, "events")->rows_new, 2);
        assert_int_equal(info_of(fixture, "events")->rows_read, 6);
        assert_int_equal(info_of(fixture, "big_orders")->rows_new, 3);
        assert_int_equal(info_of(fixture, "big_orders")->rows_inserted, 3);
        assert_int_equal(info_of(fixture, "big_orders__l")->rows_inserted, 2);
        assert_string_equal(info_of(fixture, "others")->resource, "events");
    }
    assert_query(fixture, "SELECT count(*) n, count(DISTINCT id) d FROM big_orders", "n,d\n12,3\n");
    assert_query(fixture,
                 "SELECT x, count(*) n FROM big_orders__l l JOIN big_orders o ON o._dlt_id = "
                 "l._dlt_parent_id GROUP BY 1 ORDER BY 1",
                 "x,n\n1,4\n2,4\n");
    assert_query(fixture, "SELECT id, count(*) n FROM others GROUP BY 1", "id,n\n4,4\n");
    assert_int_equal(tg_result_resource_count(fixture->result), 1);
}

static void each_is_loaded_by_its_own_disposition(void **state)
{
    struct fixture *fixture = *state;
    RUNS(script, {"m", &merged, "{\"id\":1,\"v\":\"a\",\"l\":[1]}"}, {"r", &replaced, "{\"id\":1}"},
         {"a", &appended, "{\"id\":1}"});
    RUNS(next, {"m", &merged, "{\"id\":1,\"v\":\"b\",\"l\":[2]}"},
         {"", NULL, "{\"id\":2,\"v\":\"c\"}"}, {"r", &replaced, "{\"id\":7}"},
         {"a", &appended, "{\"id\":1}"});
    run(fixture, &script, TG_APPEND);
    run(fixture, &next, TG_APPEND);
    assert_query(fixture, "SELECT id, v FROM m ORDER BY id", "id,v\n1,b\n2,c\n");
    assert_query(fixture, "SELECT value FROM m__l", "value\n2\n");
    assert_query(fixture, "SELECT id FROM r", "id\n7\n");
    assert_query(fixture, "SELECT id FROM a", "id\n1\n1\n");
    assert_int_equal(info_of(fixture, "m")->rows_updated, 1);
}

static void the_schema_says_whose_they_are(void **state)
{
    struct fixture *fixture = *state;
    RUNS(script, {"one", &merged, "{\"id\":1}"}, {NULL, NULL, "{\"id\":1}"});
    run(fixture, &script, TG_APPEND);
    assert_query(fixture,
                 "SELECT t ->> 'resource' r, t ->> 'write_disposition' w FROM (SELECT "
                 "schema::JSON -> 'tables' -> 'one' t FROM _dlt_version ORDER BY version DESC "
                 "LIMIT 1)",
                 "r,w\nevents,merge\n");
    assert_query(fixture,
                 "SELECT resource_name, table_name FROM _tidegate_loads ORDER BY table_name",
                 "resource_name,table_name\nevents,events\nevents,one\n");
}

static void hints_may_be_said_again(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_column text = {.name = "n", .data_type = "text"},
                           date = {.name = "d", .data_type = "date"};
    const struct tg_resource first = {TG_RESOURCE_INIT, .columns = &text, .column_count = 1},
                             second = {TG_RESOURCE_INIT, .columns = &date, .column_count = 1};
    RUNS(script, {"t", &first, "{\"n\":1}"}, {"T", &second, "{\"n\":2,\"d\":\"2024-01-02\"}"},
         {"t", NULL, "{\"n\":3}"});
    for (script.page = 0; script.page < 2; script.page++) {
        run(fixture, &script, TG_APPEND);
        assert_query(fixture, "SELECT DISTINCT n, d FROM t ORDER BY n",
                     "n,d\n1,\n2,2024-01-02\n3,\n");
        assert_query(fixture, "SELECT typeof(n) n, typeof(d) d FROM t LIMIT 1",
                     "n,d\nVARCHAR,DATE\n");
        assert_int_equal(info_of(fixture, "t")->rows_new, 3);
    }
}

static void a_table_is_loaded_in_one_way(void **state)
{
    struct fixture *fixture = *state;
    RUNS(script, {"t", &appended, "{\"id\":1}"}, {"t", &merged, "{\"id\":1}"});
    RUNS(early, {"t", &appended, NULL}, {"t", &merged, "{\"id\":1}"}, {"", NULL, "{\"id\":1}"});
    RUNS(own, {NULL, NULL, "{\"id\":1}"}, {"events", &merged, "{\"id\":1}"});
    struct script *const wrong[] = {&script, &own};
    for (size_t i = 0; i < 4; i++) {
        struct tg_resource resource = resource_of(wrong[i / 2], TG_APPEND);
        wrong[i / 2]->page = i % 2;
        wrong[i / 2]->at = 0;
        fixture_open(fixture, &resource, 1);
        assert_int_equal(fixture_try(fixture), TG_USAGE);
        assert_non_null(strstr(fixture->err.what, "is to be loaded in another way"));
        assert_string_equal(fixture->err.table, i / 2 ? "events" : "t");
    }
    run(fixture, &early, TG_APPEND);
    assert_query(fixture, "SELECT id FROM t", "id\n1\n");
}

static void its_own_table_may_be_said_anew(void **state)
{
    struct fixture *fixture = *state;
    RUNS(script, {"events", &merged, "{\"id\":1,\"v\":1}"}, {NULL, NULL, "{\"id\":1,\"v\":2}"});
    run(fixture, &script, TG_APPEND);
    assert_query(fixture, "SELECT id, v FROM events", "id,v\n1,2\n");
    assert_int_equal(tg_result_table_count(fixture->result), 1);
}

/* ---- what is judged ---- */

static void the_cursor_judges_all_rows(void **state)
{
    struct fixture *fixture = *state;
    RUNS(script, {"a", NULL, "{\"id\":1}"}, {"b", NULL, "{\"id\":2}"}, {NULL, NULL, "{\"id\":3}"});
    RUNS(more, {"a", NULL, "{\"id\":2}"}, {"a", NULL, "{\"id\":4}"}, {"b", NULL, "{\"id\":1}"},
         {NULL, NULL, "{\"id\":3}"}, {"b", NULL, "{\"id\":5}"});
    struct tg_resource resource = resource_of(&script, TG_APPEND);
    resource.cursor_path = "id";
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    resource.user = &more;
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_query(fixture, "SELECT id FROM a ORDER BY id", "id\n1\n4\n");
    assert_query(fixture, "SELECT id FROM b ORDER BY id", "id\n2\n5\n");
    assert_query(fixture, "SELECT id FROM events", "id\n3\n");
    assert_int_equal(info_of(fixture, "events")->rows_read, 5);
    assert_int_equal(info_of(fixture, "events")->rows_filtered, 3);
    fixture_run(fixture);
    assert_string_equal(tg_result_load_id(fixture->result), "");
}

/* More rows at the last value than are known by heart wait on disk, each for its table. */
static void rows_that_wait_know_their_table(void **state)
{
    enum { ROWS = 10100, MORE = 10 };
    struct fixture *fixture = *state;
    static char rows[ROWS + MORE][40];
    static struct step steps[ROWS + MORE];
    for (int i = 0; i < ROWS + MORE; i++) {
        snprintf(rows[i], sizeof(rows[i]), "{\"at\":1,\"id\":%d}", i);
        steps[i] = (struct step){i % 2 ? "odd" : NULL, NULL, rows[i]};
    }
    struct script script = {.steps = steps, .count = ROWS};
    struct tg_resource resource = resource_of(&script, TG_APPEND);
    resource.cursor_path = "at";
    for (int i = 0; i < 3; i++) {
        fixture_open(fixture, &resource, 1);
        fixture_run(fixture);
        script.count = ROWS + MORE;
    }
    assert_query(fixture, "SELECT count(*) n, count(DISTINCT id) d, sum(id % 2) o FROM events",
                 "n,d,o\n5055,5055,0\n");
    assert_query(fixture, "SELECT count(*) n, count(DISTINCT id) d, sum(id % 2) o FROM odd",
                 "n,d,o\n5055,5055,5055\n");
}

/* Old rows of a group go along with new ones: those of the resource's own table. */
static void groups_are_the_own_table_s(void **state)
{
    struct fixture *fixture = *state;
    RUNS(script, {NULL, NULL, "{\"day\":1,\"id\":1}"}, {NULL, NULL, "{\"day\":1,\"id\":2}"},
         {"log", NULL, "{\"day\":1,\"id\":3}"}, {"log", NULL, "{\"day\":1,\"id\":4}"},
         {NULL, NULL, "{\"day\":2,\"id\":5}"});
    RUNS(more, {NULL, NULL, "{\"day\":1,\"id\":1}"}, {"log", NULL, "{\"day\":1,\"id\":3}"},
         {NULL, NULL, "{\"day\":1,\"id\":6}"}, {"log", NULL, "{\"day\":2,\"id\":7}"},
         {"log", NULL, "{\"day\":1,\"id\":4}"}, {NULL, NULL, "{\"day\":2,\"id\":5}"});
    struct tg_resource resource = resource_of(&script, TG_MERGE);
    resource.cursor_path = "id";
    resource.merge_key = "day";
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    resource.user = &more;
    for (more.page = 0; more.page < 3; more.page++) {
        fixture_open(fixture, &resource, 1);
        fixture_run(fixture);
        assert_query(fixture, "SELECT day, id FROM events ORDER BY id", "day,id\n1,1\n2,5\n1,6\n");
        assert_query(fixture, "SELECT id FROM log ORDER BY id", "id\n3\n4\n7\n");
    }
}

static void bad_rows_are_counted_where_they_go(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_resource keyed = {TG_RESOURCE_INIT, .write_disposition = TG_MERGE,
                                      .primary_key = "id", .reject_bad_rows = true};
    RUNS(script, {"t", &keyed, "{\"id\":null}"}, {NULL, NULL, "{\"id\":1}"});
    RUNS(fails, {"t", &merged, "{\"id\":null}"});
    run(fixture, &script, TG_APPEND);
    assert_int_equal(info_of(fixture, "t")->rows_rejected, 1);
    assert_int_equal(info_of(fixture, "events")->rows_rejected, 0);
    assert_query(fixture, "SELECT resource_name, table_name FROM _tidegate_rejects",
                 "resource_name,table_name\nevents,t\n");
    const struct tg_resource resource = resource_of(&fails, TG_APPEND);
    fixture_open(fixture, &resource, 1);
    assert_int_equal(fixture_try(fixture), TG_DATA);
    assert_string_equal(fixture->err.table, "t");
    assert_string_equal(fixture->err.resource, "events");
}

/* ---- tables that are others' ---- */

static void two_resources_load_one_table(void **state)
{
    struct fixture *fixture = *state;
    RUNS(own, {NULL, NULL, "{\"id\":1,\"v\":1}"}, {NULL, NULL, "{\"id\":2,\"v\":1}"},
         {NULL, NULL, "{\"id\":3,\"v\":1.5}"});
    RUNS(other, {"own", NULL, "{\"id\":2,\"v\":2}"}, {"own", NULL, "{\"id\":4,\"v\":2,\"l\":[1]}"},
         {NULL, NULL, "{\"id\":9}"}, {"own", NULL, "{\"id\":5,\"v\":\"text\"}"});
    own.page = other.page = 1;
    for (int turns = 1; turns <= 2; turns++) {
        for (int first = 0; first < 2; first++) {
            struct tg_resource resources[2];
            resources[first] = resource_of(&own, TG_MERGE);
            resources[first].name = "own";
            resources[first].primary_key = "id";
            resources[!first] = resource_of(&other, TG_APPEND);
            fixture_open_with(fixture, resources, 2, turns);
            fixture_run(fixture);
            assert_query(fixture, "SELECT id FROM own ORDER BY id", "id\n1\n2\n3\n4\n5\n");
            assert_query(fixture, "SELECT v__v_text v FROM own WHERE id = 5", "v\ntext\n");
            assert_query(fixture, "SELECT v FROM own WHERE id = 3", "v\n1.5\n");
            assert_query(fixture, "SELECT count(*) n FROM own__l", "n\n1\n");
        }
    }
    assert_query(fixture,
                 "SELECT schema::JSON -> 'tables' -> 'own' ->> 'resource' r FROM _dlt_version "
                 "ORDER BY version DESC LIMIT 1",
                 "r\nown\n");
}

static void two_resources_make_one_table(void **state)
{
    struct fixture *fixture = *state;
    RUNS(one, {"t", &merged, "{\"id\":1,\"v\":1}"}, {"t", NULL, "{\"id\":2,\"v\":1}"});
    RUNS(two, {"t", &merged, "{\"id\":2,\"v\":2}"}, {"t", NULL, "{\"id\":3,\"v\":2}"},
         {"t", NULL, "{\"id\":4,\"v\":2}"});
    one.page = two.page = 1;
    for (int turns = 1; turns <= 2; turns++) {
        struct tg_resource resources[2] = {resource_of(&one, TG_APPEND),
                                           resource_of(&two, TG_APPEND)};
        resources[1].name = "more";
        fixture_open_with(fixture, resources, 2, turns);
        fixture_run(fixture);
        /* the row that came last, by turns that of the first */
        assert_query(fixture, "SELECT id, v FROM t ORDER BY id",
                     turns == 1 ? "id,v\n1,1\n2,2\n3,2\n4,2\n" : "id,v\n1,1\n2,1\n3,2\n4,2\n");
    }
}

static void two_ways_are_refused(void **state)
{
    struct fixture *fixture = *state;
    RUNS(own, {NULL, NULL, "{\"id\":1}"});
    RUNS(other, {"own", &appended, "{\"id\":2}"});
    RUNS(made, {"t", &appended, "{\"id\":2}"});
    RUNS(again, {"t", &merged, "{\"id\":2}"});
    struct script *const pairs[][2] = {{&own, &other}, {&made, &again}};
    for (size_t i = 0; i < 8; i++) {
        struct tg_resource resources[2];
        for (size_t k = 0; k < 2; k++) {
            resources[k] = resource_of(pairs[i / 4][k ^ (i & 1)], TG_MERGE);
            resources[k].name = (k ^ (i & 1)) == 0 ? "own" : "other";
            resources[k].primary_key = "id";
            pairs[i / 4][k]->at = 0;
        }
        fixture_open_with(fixture, resources, 2, i & 2 ? 2 : 1);
        assert_int_equal(fixture_try(fixture), TG_USAGE);
        assert_non_null(strstr(fixture->err.what, "loads the table, too, in another way"));
    }
}

static void a_name_may_be_impossible(void **state)
{
    struct fixture *fixture = *state;
    const struct {
        struct step steps[2];
        int rc;
        const char *what;
    } cases[] = {
        {{{"", NULL, "{\"l\":[1]}"}, {"events__l", NULL, "{\"id\":1}"}}, TG_SPEC, "is nested in"},
        {{{"_dlt_loads", NULL, "{\"id\":1}"}, {"", NULL, NULL}}, TG_SPEC, "is reserved"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct script script = {.steps = cases[i].steps, .count = 2};
        const struct tg_resource resource = resource_of(&script, TG_APPEND);
        fixture_open(fixture, &resource, 1);
        assert_int_equal(fixture_try(fixture), cases[i].rc);
        assert_non_null(strstr(fixture->err.what, cases[i].what));
    }
}

static void change_there(struct fixture *fixture, const char *statement)
{
    struct ArrowArrayStream rows;
    struct tg_session *session = NULL;
    assert_done(fixture, tg_session_open(&session, fixture->pipeline, &fixture->err));
    assert_done(fixture, tg_session_use(session, "d", &fixture->err));
    assert_done(fixture, tg_session_run(session, statement, &rows, &fixture->err));
    rows.release(&rows);
    tg_session_close(session);
}

/* Somebody else has made it, or changed it. */
static void a_table_that_is_there_is_met(void **state)
{
    struct fixture *fixture = *state;
    RUNS(own, {NULL, NULL, "{\"id\":1}"});
    RUNS(script, {"theirs", NULL, "{\"id\":1,\"v\":1}"});
    struct tg_resource resource = resource_of(&script, TG_APPEND);
    run(fixture, &own, TG_APPEND);
    change_there(fixture, "CREATE TABLE theirs (id BIGINT, v VARCHAR)");
    fixture_open(fixture, &resource, 1);
    assert_int_equal(fixture_try(fixture), TG_DESTINATION);
    assert_non_null(strstr(fixture->err.what, "without a column '_dlt_id'"));
    change_there(fixture, "ALTER TABLE theirs ADD COLUMN _dlt_id VARCHAR");
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_query(fixture, "SELECT id, v || 'x' v FROM theirs", "id,v\n1,1x\n");
    change_there(fixture, "DROP TABLE theirs");
    fixture_run(fixture);
    assert_query(fixture, "SELECT id FROM theirs", "id\n1\n");
    assert_true(tg_result_warning_count(fixture->result) > 0);
}

/* ---- tables without rows ---- */

static void a_table_is_made_without_rows(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_column columns[] = {{.name = "Day", .data_type = "date"}, {.name = "untyped"}},
                           more[] = {{.name = "day", .data_type = "date"},
                                     {.name = "n", .data_type = "bigint"}};
    const struct tg_resource hinted = {TG_RESOURCE_INIT, .columns = columns, .column_count = 2,
                                       .materialize = true},
                             wider = {TG_RESOURCE_INIT, .columns = more, .column_count = 2,
                                      .materialize = true},
                             bare = {TG_RESOURCE_INIT, .materialize = true};
    RUNS(script, {"hinted", &hinted, NULL}, {"bare", &bare, NULL});
    RUNS(again, {"hinted", &wider, NULL}, {"bare", &bare, NULL});
    run(fixture, &script, TG_APPEND);
    assert_query(fixture,
                 "SELECT table_name t, string_agg(column_name, ' ' ORDER BY column_index) c FROM "
                 "duckdb_columns() WHERE table_name IN ('hinted', 'bare', 'events') GROUP BY 1 "
                 "ORDER BY 1",
                 "t,c\nbare,_dlt_load_id _dlt_id\nhinted,day _dlt_load_id _dlt_id\n");
    assert_int_equal(tg_result_change_count(fixture->result), 7);
    run(fixture, &script, TG_APPEND);
    assert_string_equal(tg_result_load_id(fixture->result), ""); /* nothing is left to do */
    run(fixture, &again, TG_APPEND);
    assert_query(fixture, "SELECT day, n FROM hinted", "day,n\n");
    RUNS(rows, {"hinted", &wider, "{\"day\":\"2024-01-02\",\"n\":1}"},
         {"bare", &bare, "{\"x\":1}"});
    run(fixture, &rows, TG_APPEND);
    assert_query(fixture, "SELECT day, n, x FROM hinted, bare", "day,n,x\n2024-01-02,1,1\n");
}

static void a_resource_may_ask_for_that(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_column column = {.name = "id", .data_type = "bigint"};
    RUNS(none, {NULL, NULL, NULL});
    static const enum tg_write_disposition ways[] = {TG_REPLACE, TG_MERGE, TG_APPEND};
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        struct tg_resource resource = resource_of(&none, ways[i]);
        resource.name = (const char *const[]){"r", "m", "a"}[i];
        resource.primary_key = "id";
        resource.columns = &column;
        resource.column_count = 1;
        resource.materialize = true;
        fixture_open(fixture, &resource, 1);
        fixture_run(fixture);
        fixture_run(fixture);
    }
    assert_query(fixture, "SELECT r.id, m.id, a.id FROM r, m, a", "id,id,id\n");
}

/* What is made, and no more, takes no row for gone; a key may be without a type. */
static void no_row_is_none_that_is_gone(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_column columns[] = {{.name = "v", .data_type = "bigint"},
                                        {.name = "w", .data_type = "bigint"}};
    const struct tg_resource history = {
        TG_RESOURCE_INIT,         .write_disposition = TG_MERGE,
        .merge_strategy = "scd2", .primary_key = "id",
        .columns = columns,       .column_count = 1,
        .materialize = true,
    };
    struct tg_resource wider = history;
    wider.column_count = 2;
    RUNS(none, {"h", &history, NULL});
    RUNS(rows, {"h", &history, "{\"id\":1,\"v\":1}"});
    RUNS(more, {"h", &wider, NULL});
    run(fixture, &none, TG_APPEND);
    run(fixture, &rows, TG_APPEND);
    run(fixture, &none, TG_APPEND);
    assert_query(fixture, "SELECT id, v FROM h WHERE _dlt_valid_to IS NULL", "id,v\n1,1\n");
    run(fixture, &more, TG_APPEND);
    const struct tg_table_info *made = info_of(fixture, "h");
    assert_int_equal(made->rows_new + made->rows_deleted + made->rows_updated, 0);
    assert_query(fixture, "SELECT id, v, w FROM h WHERE _dlt_valid_to IS NULL", "id,v,w\n1,1,\n");
    wider.allow_empty = true;
    run(fixture, &more, TG_APPEND);
    assert_query(fixture, "SELECT count(*) n FROM h WHERE _dlt_valid_to IS NULL", "n\n0\n");
}

/* ---- all at once ---- */

/* A run that is killed between, or in its write, leaves nothing; the next has all of it, once. The
 * control is a run that is not killed. */
static void a_run_that_is_killed_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    RUNS(script, {"a", &appended, "{\"id\":1}"}, {"m", &merged, "{\"id\":1,\"l\":[1,2]}"},
         {NULL, NULL, "{\"id\":2}"}, {"a", NULL, "{\"id\":3}"});
    script.page = 1;
    struct tg_resource resource = resource_of(&script, TG_APPEND);
    resource.cursor_path = "id";
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        script.dies = 1;
        fixture_open(fixture, &resource, 1);
        (void)fixture_try(fixture);
        _exit(1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 9);
    for (int i = 0; i < 2; i++) {
        fixture_open(fixture, &resource, 1);
        fixture_run(fixture);
        assert_query(fixture, "SELECT id FROM a ORDER BY id", "id\n1\n3\n");
        assert_query(fixture, "SELECT id FROM m", "id\n1\n");
        assert_query(fixture, "SELECT id FROM events", "id\n2\n");
    }
    assert_query(fixture, "SELECT count(*) n FROM _dlt_loads", "n\n1\n");
}

static void a_sealed_load_has_all_of_them(void **state)
{
    struct fixture *fixture = *state;
    RUNS(script, {"m", &merged, "{\"id\":1,\"v\":1,\"l\":[1]}"}, {NULL, NULL, "{\"id\":1}"});
    RUNS(next, {"m", &merged, "{\"id\":1,\"v\":2,\"l\":[2]}"}, {"m", NULL, "{\"id\":2}"});
    struct tg_resource resource = resource_of(&script, TG_APPEND);
    for (int i = 0; i < 2; i++) {
        resource.user = i == 0 ? &script : &next;
        fixture_open(fixture, &resource, 1);
        tg_result_free(fixture->result);
        assert_done(fixture,
                    tg_pipeline_extract(fixture->pipeline, &fixture->result, &fixture->err));
        assert_int_equal(info_of(fixture, "m")->rows_new, i + 1);
    }
    for (int i = 0; i < 2; i++) {
        tg_result_free(fixture->result);
        assert_done(fixture,
                    tg_pipeline_write(fixture->pipeline, NULL, &fixture->result, &fixture->err));
        assert_int_equal(info_of(fixture, "m")->rows_inserted, 1);
        assert_int_equal(tg_result_resource_count(fixture->result), 1);
        assert_string_equal(tg_result_resource(fixture->result, 0)->table, "events");
    }
    assert_query(fixture, "SELECT id, v FROM m ORDER BY id", "id,v\n1,2\n2,\n");
    assert_query(fixture, "SELECT value FROM m__l", "value\n2\n");
}

static void an_undo_takes_all_of_them_back(void **state)
{
    struct fixture *fixture = *state;
    RUNS(script, {"m", &merged, "{\"id\":1,\"v\":1,\"l\":[1]}"}, {NULL, NULL, "{\"id\":1}"});
    RUNS(next, {"m", &merged, "{\"id\":1,\"v\":2,\"l\":[2]}"}, {"m", NULL, "{\"id\":2}"},
         {"new", NULL, "{\"id\":2}"});
    struct script *const scripts[] = {&script, &next};
    for (int i = 0; i < 2; i++) {
        const struct tg_resource resource = resource_of(scripts[i], TG_APPEND);
        tg_pipeline_free(fixture->pipeline);
        const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                                    .name = "test",
                                                    .destination = fixture->destination,
                                                    .dataset = "d",
                                                    .workdir = fixture->workdir,
                                                    .undo_loads = 2};
        assert_done(fixture, tg_pipeline_new(&fixture->pipeline, &options, &fixture->err));
        assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resource, &fixture->err));
        fixture_run(fixture);
    }
    assert_query(fixture, "SELECT id, v FROM m ORDER BY id", "id,v\n1,2\n2,\n");
    tg_result_free(fixture->result);
    assert_done(fixture,
                tg_pipeline_undo(fixture->pipeline, NULL, &fixture->result, &fixture->err));
    assert_query(fixture, "SELECT id, v FROM m ORDER BY id", "id,v\n1,1\n");
    assert_query(fixture, "SELECT value FROM m__l", "value\n1\n");
}

static void a_plan_has_all_of_them(void **state)
{
    struct fixture *fixture = *state;
    struct tg_plan *plan = NULL;
    RUNS(script, {"m", &merged, "{\"id\":1,\"v\":1}"}, {NULL, NULL, "{\"id\":1}"});
    const struct tg_resource resource = resource_of(&script, TG_APPEND);
    const struct tg_plan_options options = {TG_PLAN_OPTIONS_INIT, .rows = true};
    fixture_open(fixture, &resource, 1);
    assert_done(fixture, tg_pipeline_plan(fixture->pipeline, &options, &plan, &fixture->err));
    size_t made = 0;
    for (size_t i = 0; i < tg_plan_change_count(plan); i++)
        made += !tg_plan_change(plan, i)->column && tg_plan_change(plan, i)->is_new_table &&
                strcmp(tg_plan_change(plan, i)->resource, "events") == 0;
    assert_int_equal(made, 2);
    tg_plan_free(plan);
}

/* More tables than have batches at once. */
static void tables_may_be_many(void **state)
{
    struct fixture *fixture = *state;
    enum { TABLES = 100, ROWS = 300 };
    static char names[TABLES][16], rows[ROWS][32];
    static struct step steps[ROWS];
    for (int i = 0; i < TABLES; i++)
        snprintf(names[i], sizeof(names[i]), "t%d", i);
    for (int i = 0; i < ROWS; i++) {
        snprintf(rows[i], sizeof(rows[i]), "{\"id\":%d,\"l\":[%d]}", i, i);
        steps[i] = (struct step){names[i % TABLES], NULL, rows[i]};
    }
    struct script script = {.steps = steps, .count = ROWS};
    run(fixture, &script, TG_APPEND);
    assert_query(fixture, "SELECT id FROM t99 ORDER BY id", "id\n99\n199\n299\n");
    assert_query(fixture, "SELECT value FROM t0__l ORDER BY value", "value\n0\n100\n200\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_go_where_they_are_said_to, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(each_is_loaded_by_its_own_disposition, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(the_schema_says_whose_they_are, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(hints_may_be_said_again, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_table_is_loaded_in_one_way, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(its_own_table_may_be_said_anew, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(the_cursor_judges_all_rows, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(rows_that_wait_know_their_table, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(groups_are_the_own_table_s, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(bad_rows_are_counted_where_they_go, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(two_resources_load_one_table, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(two_resources_make_one_table, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(two_ways_are_refused, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_name_may_be_impossible, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_table_that_is_there_is_met, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_table_is_made_without_rows, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_resource_may_ask_for_that, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(no_row_is_none_that_is_gone, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_run_that_is_killed_leaves_nothing, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_sealed_load_has_all_of_them, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(an_undo_takes_all_of_them_back, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_plan_has_all_of_them, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(tables_may_be_many, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("run/tables", tests, NULL, NULL);
}
