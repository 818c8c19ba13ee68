/* What a program keeps in the state: a callback that pages by a token, what sees it, what moves
 * with the rows and what forgets it. */
#include "tests/fixture.h"

#include <sys/wait.h>
#include <unistd.h>

/* An API of pages that are numbered from 1 on: each run reads those it has not read, by a token
 * that it keeps. `pages` is how many there are; a page is one row, {id}. */
struct api {
    int pages, fails_at, sent;
    const char *source_set; /* under "shared", in the state of the source */
    bool forgetful;         /* the control: it keeps its token for itself, and not in the state */
    int kept;
};

static int next_page(const struct tg_read *read, const struct api *api, int *out,
                     struct tg_error *err)
{
    char *token = NULL;
    int rc = tg_state_get(read, TG_STATE_RESOURCE, "page", &token, err);
    *out = api->forgetful ? api->kept + 1 : token ? atoi(token) + 1 : 1;
    tg_text_free(token);
    return rc;
}

static int read_api(struct tg_read *read, struct tg_error *err)
{
    int page, rc;
    char token[16], id[32];
    struct api *api = read->user;
    if ((rc = next_page(read, api, &page, err)) != TG_OK)
        return rc;
    if (api->source_set &&
        (rc = tg_state_set(read, TG_STATE_SOURCE, "shared", api->source_set, err)) != TG_OK)
        return rc;
    read->done = page > api->pages;
    if (read->done)
        return TG_OK;
    if (page == api->fails_at)
        return TG_SOURCE;
    snprintf(id, sizeof(id), "{\"id\":%d}", page);
    tg_rows_json(read->rows, id, strlen(id));
    snprintf(token, sizeof(token), "%d", page);
    api->kept = page;
    return tg_state_set(read, TG_STATE_RESOURCE, "page", token, err);
}

static void open_api(struct fixture *fixture, struct api *api, enum tg_write_disposition how)
{
    const struct tg_resource resource = {
        .name = "orders", .read = read_api, .user = api, .write_disposition = how};
    fixture_open(fixture, &resource, 1);
}

static void assert_state(struct fixture *fixture, const char *resource, const char *key,
                         const char *expected)
{
    char *text = NULL;
    assert_done(fixture,
                tg_pipeline_state(fixture->pipeline, NULL, resource, key, &text, &fixture->err));
    if (expected)
        assert_string_equal(text, expected);
    else
        assert_null(text);
    tg_text_free(text);
}

static void a_token_goes_on_where_the_rows_end(void **state)
{
    struct fixture *fixture = *state;
    struct api api = {.pages = 2};
    open_api(fixture, &api, TG_APPEND);
    assert_state(fixture, "orders", NULL, NULL);
    fixture_run(fixture);
    assert_state(fixture, "orders", "page", "2");
    assert_state(fixture, "orders", NULL, "{\"page\":2}");
    assert_state(fixture, "orders", "nothing", NULL);
    api.pages = 4;
    fixture_run(fixture);
    assert_query(fixture, "SELECT id FROM orders ORDER BY id", "id\n1\n2\n3\n4\n");
}

/* Nothing is written by a run that changes nothing; a state alone is a load. */
static void a_state_alone_is_a_load(void **state)
{
    struct fixture *fixture = *state;
    struct api api = {.pages = 1, .source_set = "\"a\""};
    open_api(fixture, &api, TG_APPEND);
    fixture_run(fixture);
    fixture_run(fixture);
    assert_query(fixture, "SELECT count(*) AS n FROM _dlt_loads", "n\n1\n");
    api.source_set = "\"b\"";
    fixture_run(fixture);
    fixture_run(fixture);
    assert_query(fixture, "SELECT count(*) AS n FROM _dlt_loads", "n\n2\n");
    assert_query(fixture, "SELECT count(*) AS n FROM orders", "n\n1\n");
    assert_state(fixture, NULL, "shared", "\"b\"");
}

static void a_run_that_fails_keeps_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct api api = {.pages = 2};
    open_api(fixture, &api, TG_APPEND);
    fixture_run(fixture);
    api.pages = 5;
    api.fails_at = 5;
    assert_int_equal(fixture_try(fixture), TG_SOURCE);
    assert_state(fixture, "orders", "page", "2");
    api.fails_at = 0;
    fixture_run(fixture);
    assert_query(fixture, "SELECT count(*) AS n, count(DISTINCT id) AS d FROM orders",
                 "n,d\n5,5\n");
}

/* The control: a token that is not in the state is further than the rows. */
static void a_token_that_is_elsewhere_loses_rows(void **state)
{
    struct fixture *fixture = *state;
    struct api api = {.pages = 2, .forgetful = true};
    open_api(fixture, &api, TG_APPEND);
    fixture_run(fixture);
    api.pages = 5;
    api.fails_at = 5;
    assert_int_equal(fixture_try(fixture), TG_SOURCE);
    api.fails_at = 0;
    fixture_run(fixture);
    assert_query(fixture, "SELECT count(*) AS n FROM orders", "n\n3\n");
}

static void run_and_die(struct fixture *fixture, struct api *api, const char *where)
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setenv("TG_FAIL_AT", where, 1);
        open_api(fixture, api, TG_APPEND);
        _exit(fixture_try(fixture));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* In the sealed package they are together: both come, or neither. The process that reads them has
 * not loaded the engine yet when it makes its children. */
static void rows_and_token_survive_a_kill_together(void **state)
{
    struct fixture *fixture = *state;
    struct api api = {.pages = 2};
    run_and_die(fixture, &api, "before_seal");
    run_and_die(fixture, &api, "after_seal");
    api.pages = 3;
    open_api(fixture, &api, TG_APPEND);
    fixture_run(fixture);
    assert_query(fixture, "SELECT id FROM orders ORDER BY id", "id\n1\n2\n3\n");
    assert_state(fixture, "orders", "page", "3");
}

static void replacing_begins_without_a_state(void **state)
{
    struct fixture *fixture = *state;
    struct api api = {.pages = 2, .source_set = "1"};
    open_api(fixture, &api, TG_REPLACE);
    fixture_run(fixture);
    api.pages = 1;
    fixture_run(fixture);
    assert_query(fixture, "SELECT id FROM orders ORDER BY id", "id\n1\n");
    assert_state(fixture, "orders", "page", "1");
    assert_state(fixture, NULL, "shared", "1");
}

static void a_reset_forgets_it_and_an_undo_brings_it_back(void **state)
{
    struct fixture *fixture = *state;
    struct api api = {.pages = 2};
    open_api(fixture, &api, TG_APPEND);
    fixture_run(fixture);
    assert_done(fixture, tg_pipeline_reset(fixture->pipeline, NULL, NULL, &fixture->err));
    assert_state(fixture, "orders", NULL, NULL);
    tg_pipeline_free(fixture->pipeline);
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                                .name = "test",
                                                .destination = fixture->destination,
                                                .dataset = "d",
                                                .workdir = fixture->workdir,
                                                .undo_loads = 2};
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "orders", .read = read_api,
                                         .user = &api};
    assert_done(fixture, tg_pipeline_new(&fixture->pipeline, &options, &fixture->err));
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resource, &fixture->err));
    fixture_run(fixture);
    api.pages = 3;
    fixture_run(fixture);
    assert_state(fixture, "orders", "page", "3");
    assert_done(fixture, tg_pipeline_undo(fixture->pipeline, NULL, NULL, &fixture->err));
    assert_state(fixture, "orders", "page", "2");
    fixture_run(fixture);
    assert_query(fixture, "SELECT id FROM orders ORDER BY id", "id\n1\n1\n2\n2\n3\n");
}

/* ---- who sees what ---- */

/* Writes or looks at what others have; a row for each run. */
struct peer {
    const char *writes, *sees;
};

static int read_peer(struct tg_read *read, struct tg_error *err)
{
    int rc = TG_OK;
    char *text = NULL;
    const struct peer *peer = read->user;
    if (peer->writes)
        rc = tg_state_set(read, TG_STATE_SOURCE, NULL, peer->writes, err);
    if (rc == TG_OK && peer->writes)
        rc = tg_state_set_of(read, "second", "from", "\"first\"", err);
    if (rc == TG_OK && peer->sees) {
        rc = tg_state_get(read, TG_STATE_SOURCE, NULL, &text, err);
        assert_string_equal(text, peer->sees);
        tg_text_free(text);
        assert_int_equal(tg_state_get_of(read, NULL, "from", &text, err), TG_OK);
        assert_string_equal(text, "\"first\"");
        tg_text_free(text);
    }
    read->done = true;
    return rc;
}

static void later_resources_of_the_run_see_it(void **state)
{
    struct fixture *fixture = *state;
    struct peer first = {.writes = "{\"etag\":\"x\",\"n\":[1,2.5]}"};
    struct peer second = {.sees = "{\"etag\":\"x\",\"n\":[1,2.5]}"};
    const struct tg_resource resources[] = {{.name = "first", .read = read_peer, .user = &first},
                                            {.name = "second", .read = read_peer, .user = &second}};
    fixture_open(fixture, resources, 2);
    fixture_run(fixture);
    assert_state(fixture, NULL, NULL, "{\"etag\":\"x\",\"n\":[1,2.5]}");
    assert_state(fixture, "second", NULL, "{\"from\":\"first\"}");
}

/* ---- windows ---- */

static int read_window(struct tg_read *read, struct tg_error *err)
{
    char *seen = NULL;
    static const char row[] = "{\"id\":5}";
    tg_rows_json(read->rows, row, strlen(row));
    int rc = tg_state_get(read, TG_STATE_RESOURCE, "k", &seen, err);
    if (rc == TG_OK)
        rc = tg_state_set(read, TG_STATE_RESOURCE, "k", seen ? "\"again\"" : "\"first\"", err);
    if (rc == TG_OK)
        tg_text_free(seen);
    if (rc == TG_OK)
        rc = tg_state_get(read, TG_STATE_RESOURCE, "k", &seen, err);
    snprintf(read->user, 16, "%s", seen);
    tg_text_free(seen);
    read->done = true;
    return rc;
}

static void a_window_leaves_the_state_alone(void **state)
{
    char seen[16] = "";
    struct fixture *fixture = *state;
    const struct tg_resource resource = {
        .name = "n", .read = read_window, .user = seen, .cursor_path = "id"};
    const struct tg_window_options window = {TG_WINDOW_OPTIONS_INIT, .from = "5", .to = "6"};
    fixture_open(fixture, &resource, 1);
    assert_done(fixture, tg_pipeline_run_window(fixture->pipeline, &window, NULL, &fixture->err));
    assert_string_equal(seen, "\"first\"");
    assert_state(fixture, "n", "k", NULL);
    fixture_run(fixture);
    assert_state(fixture, "n", "k", "\"first\"");
}

/* ---- what cannot be kept ---- */

struct wrong {
    enum tg_state_of of;
    const char *key, *json;
    int code;
    const char *what;
};

static int set_wrong(struct tg_read *read, struct tg_error *err)
{
    const struct wrong *wrong = read->user;
    read->done = true;
    return tg_state_set(read, wrong->of, wrong->key, wrong->json, err);
}

static void what_cannot_be_kept_is_refused(void **state)
{
    struct fixture *fixture = *state;
    static const struct wrong wrongs[] = {
        {TG_STATE_RESOURCE, "a", "{", TG_DATA, "a is not JSON"},
        {TG_STATE_RESOURCE, "a", "", TG_DATA, "it is empty"},
        {TG_STATE_RESOURCE, NULL, "[1]", TG_DATA, "must be a JSON object, not array"},
        {TG_STATE_RESOURCE, "a", "[\"x\\u0000y\"]", TG_DATA, "NUL character"},
        {TG_STATE_RESOURCE, NULL, "{\"x\\u0000y\":1}", TG_DATA, "NUL character"},
        {TG_STATE_RESOURCE, "a", "123456789012345678901", TG_DATA, "more than 64 bits"},
        {TG_STATE_RESOURCE, "incremental", "{}", TG_USAGE, "the pipeline's own"},
        {TG_STATE_RESOURCE, "incremental", NULL, TG_USAGE, "the pipeline's own"},
        {TG_STATE_RESOURCE, NULL, "{\"incremental\":{}}", TG_USAGE, "the pipeline's own"},
        {TG_STATE_SOURCE, "resources", "{}", TG_USAGE, "the pipeline's own"},
        {(enum tg_state_of)7, "a", "1", TG_USAGE, "no state number 7"},
    };
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
        struct wrong wrong = wrongs[i];
        const struct tg_resource resource = {.name = "n", .read = set_wrong, .user = &wrong};
        fixture_open(fixture, &resource, 1);
        assert_int_equal(fixture_try(fixture), wrong.code);
        if (!strstr(fixture->err.what, wrong.what))
            fail_msg("%zu: %s", i, fixture->err.what);
    }
}

static void a_source_that_nobody_knows_is_refused(void **state)
{
    char *text = NULL;
    struct fixture *fixture = *state;
    struct api api = {.pages = 1};
    open_api(fixture, &api, TG_APPEND);
    assert_int_equal(
        tg_pipeline_state(fixture->pipeline, "nobody", NULL, NULL, &text, &fixture->err), TG_USAGE);
    assert_non_null(strstr(fixture->err.what, "no source 'nobody'"));
    assert_int_equal(tg_state_get(NULL, TG_STATE_SOURCE, NULL, &text, &fixture->err), TG_USAGE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_and_token_survive_a_kill_together), /* the first */
        TEST(a_token_goes_on_where_the_rows_end),
        TEST(a_state_alone_is_a_load),
        TEST(a_run_that_fails_keeps_nothing),
        TEST(a_token_that_is_elsewhere_loses_rows),
        TEST(replacing_begins_without_a_state),
        TEST(a_reset_forgets_it_and_an_undo_brings_it_back),
        TEST(later_resources_of_the_run_see_it),
        TEST(a_window_leaves_the_state_alone),
        TEST(what_cannot_be_kept_is_refused),
        TEST(a_source_that_nobody_knows_is_refused),
    };
    return cmocka_run_group_tests_name("run/kept", tests, NULL, NULL);
}
