/* Looking: tables, loads, state, schema, packages and queries, before and after a load. */
#include "tests/fixture.h"

static char *shown(struct fixture *fixture, enum tg_show what)
{
    struct ArrowArrayStream stream = {0};
    assert_done(fixture, tg_pipeline_show(fixture->pipeline, what, &stream, &fixture->err));
    return fixture_rows(fixture, &stream, TG_CELL_JSON);
}

static void assert_has(char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' is not in: %s", part, text);
    free(text);
}

static char *document(struct fixture *fixture, enum tg_document what)
{
    char *text = NULL, *copy;
    assert_done(fixture, tg_pipeline_document(fixture->pipeline, what, &text, &fixture->err));
    copy = strdup(text);
    tg_text_free(text);
    return copy;
}

static void open_loaded(struct fixture *fixture)
{
    static const int64_t rows[][2] = {{1, 10}, {2, 20}};
    static struct numbers numbers;
    numbers = (struct numbers){.rows = rows, .count = 2};
    const struct tg_resource resource = {
        .name = "n", .read = read_numbers, .user = &numbers, .cursor_path = "id"};
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
}

static void nothing_can_be_seen_before_the_first_run(void **state)
{
    struct fixture *fixture = *state;
    struct ArrowArrayStream stream = {0};
    fixture_open(fixture, NULL, 0);
    for (int view = TG_SHOW_TABLES; view <= TG_SHOW_LOADS; view++) {
        assert_int_equal(
            tg_pipeline_show(fixture->pipeline, (enum tg_show)view, &stream, &fixture->err),
            TG_DESTINATION);
        assert_null(stream.release);
        assert_non_null(strstr(fixture->err.what, "run the pipeline first"));
        assert_int_equal(fixture->err.reason, TG_REASON_NOTHING_LOADED);
    }
    for (int what = TG_DOCUMENT_STATE; what <= TG_DOCUMENT_SCHEMA_YAML; what++) {
        char *text = (char *)fixture;
        assert_int_equal(
            tg_pipeline_document(fixture->pipeline, (enum tg_document)what, &text, &fixture->err),
            TG_DESTINATION);
        assert_null(text);
        assert_non_null(strstr(fixture->err.what, "run the pipeline first"));
        assert_int_equal(fixture->err.reason, TG_REASON_NOTHING_LOADED);
    }
    char *text = shown(fixture, TG_SHOW_PACKAGES);
    assert_string_equal(text, "");
    free(text);
}

static void every_view_shows_the_load(void **state)
{
    struct fixture *fixture = *state;
    open_loaded(fixture);
    assert_has(shown(fixture, TG_SHOW_TABLES), "{\"table\":\"n\",\"rows\":2,");
    assert_has(shown(fixture, TG_SHOW_LOADS), tg_result_load_id(fixture->result));
    assert_has(document(fixture, TG_DOCUMENT_STATE), "\"last_value\": 2");
    assert_has(document(fixture, TG_DOCUMENT_SCHEMA), "\"n\": {");
    assert_has(document(fixture, TG_DOCUMENT_SCHEMA_YAML), "\n  n:\n    columns:\n");
}

static void there_are_no_other_views(void **state)
{
    struct fixture *fixture = *state;
    struct ArrowArrayStream stream = {0};
    char *text = NULL;
    open_loaded(fixture);
    assert_int_equal(tg_pipeline_show(fixture->pipeline, (enum tg_show)9, &stream, &fixture->err),
                     TG_USAGE);
    assert_int_equal(
        tg_pipeline_document(fixture->pipeline, (enum tg_document)3, &text, &fixture->err),
        TG_USAGE);
}

/* Control: under a sanitizer, or valgrind, a stream that only borrows reads what is freed. */
static void a_stream_outlives_its_pipeline(void **state)
{
    struct fixture *fixture = *state;
    struct ArrowArrayStream query = {0}, view = {0};
    open_loaded(fixture);
    assert_done(fixture, tg_pipeline_query(fixture->pipeline, "SELECT id FROM n ORDER BY id",
                                           &query, &fixture->err));
    assert_done(fixture, tg_pipeline_show(fixture->pipeline, TG_SHOW_TABLES, &view, &fixture->err));
    tg_pipeline_free(fixture->pipeline);
    fixture->pipeline = NULL;
    assert_has(fixture_rows(fixture, &query, TG_CELL_TEXT), "id\n1\n2\n");
    assert_has(fixture_rows(fixture, &view, TG_CELL_JSON), "\"table\":\"n\"");
}

static struct tg_pipeline *reader_of(struct fixture *fixture)
{
    struct tg_pipeline *reader = NULL;
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                                .name = "test",
                                                .destination = fixture->destination,
                                                .dataset = "d",
                                                .workdir = fixture->workdir,
                                                .read_only = 1};
    assert_done(fixture, tg_pipeline_new(&reader, &options, &fixture->err));
    return reader;
}

static void refused(struct fixture *fixture, struct tg_pipeline *reader, const char *sql)
{
    struct ArrowArrayStream stream = {0};
    assert_int_equal(tg_pipeline_query(reader, sql, &stream, &fixture->err), TG_DESTINATION);
    assert_string_equal(fixture->err.sqlstate, "25006");
}

/* Also where somebody writes by the same instance. */
static void who_reads_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct ArrowArrayStream stream = {0}, rows = {0};
    struct tg_session *writer = NULL, *session = NULL;
    open_loaded(fixture);
    struct tg_pipeline *reader = reader_of(fixture);
    for (int shared = 0; shared < 2; shared++) {
        if (shared)
            assert_done(fixture, tg_session_open(&writer, fixture->pipeline, &fixture->err));
        refused(fixture, reader, "DELETE FROM n");
        refused(fixture, reader, "CREATE TABLE d.more (a int)");
        assert_done(fixture, tg_pipeline_query(reader, "SELECT id FROM n", &stream, &fixture->err));
        assert_has(fixture_rows(fixture, &stream, TG_CELL_TEXT), "id\n1\n2\n");
        assert_done(fixture, tg_pipeline_show(reader, TG_SHOW_TABLES, &stream, &fixture->err));
        assert_has(fixture_rows(fixture, &stream, TG_CELL_JSON), "{\"table\":\"n\",\"rows\":2,");
        assert_done(fixture, tg_session_open(&session, reader, &fixture->err));
        const char *at =
            "SELECT 1 AS one; CREATE TEMP TABLE x AS SELECT 2 AS two; FROM x; DELETE FROM n";
        for (int i = 0; i < 3; i++) {
            assert_done(fixture, tg_session_run_next(session, &at, &rows, &fixture->err));
            assert_has(fixture_rows(fixture, &rows, TG_CELL_TEXT), i == 2 ? "two\n2\n" : "");
        }
        assert_int_equal(tg_session_run_next(session, &at, &rows, &fixture->err), TG_DESTINATION);
        assert_string_equal(at, "DELETE FROM n");
        tg_session_close(session);
        tg_session_close(writer);
    }
    assert_int_equal(tg_pipeline_run(reader, NULL, &fixture->err), TG_USAGE);
    tg_pipeline_free(reader);
}

/* A run waits for nobody: it is told. */
static void a_run_where_somebody_reads(void **state)
{
    struct fixture *fixture = *state;
    struct ArrowArrayStream stream = {0};
    open_loaded(fixture);
    struct tg_pipeline *reader = reader_of(fixture);
    assert_done(fixture, tg_pipeline_query(reader, "SELECT id FROM n", &stream, &fixture->err));
    assert_int_equal(fixture_try(fixture), TG_LOCKED);
    assert_non_null(strstr(fixture->err.what, "to be read only; close what reads it"));
    stream.release(&stream);
    fixture_run(fixture);
    tg_pipeline_free(reader);
}

static void who_reads_makes_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct tg_session *session = NULL;
    struct tg_pipeline *reader = reader_of(fixture);
    assert_int_equal(tg_session_open(&session, reader, &fixture->err), TG_DESTINATION);
    assert_int_equal(fixture->err.reason, TG_REASON_NOTHING_LOADED);
    tg_pipeline_free(reader);
}

static void count_release(void *user)
{
    ++*(int *)user;
}

static void users_are_released_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct ArrowArrayStream stream = {0};
    int released = 0;
    open_loaded(fixture);
    struct tg_resource resource = {TG_RESOURCE_INIT, .name = "m", .read = read_numbers,
                                   .user = &released, .release = count_release};
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resource, &fixture->err));
    assert_done(fixture, tg_pipeline_query(fixture->pipeline, "SELECT 1", &stream, &fixture->err));
    tg_pipeline_free(fixture->pipeline);
    fixture->pipeline = NULL;
    assert_int_equal(released, 1);
    stream.release(&stream);
    assert_int_equal(released, 1);
}

static void a_failed_query_says_why(void **state)
{
    struct fixture *fixture = *state;
    struct ArrowArrayStream stream = {0};
    open_loaded(fixture);
    assert_int_equal(
        tg_pipeline_query(fixture->pipeline, "SELECT nowhere FROM n", &stream, &fixture->err),
        TG_DESTINATION);
    assert_non_null(strstr(fixture->err.what, "nowhere"));
    assert_null(stream.release);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_can_be_seen_before_the_first_run, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(every_view_shows_the_load, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(there_are_no_other_views, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_stream_outlives_its_pipeline, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(who_reads_changes_nothing, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_run_where_somebody_reads, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(who_reads_makes_nothing, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(users_are_released_at_once, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_failed_query_says_why, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("inspect", tests, NULL, NULL);
}
