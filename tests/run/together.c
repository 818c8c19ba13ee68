/* Resources of a program that go together: one lists what is new, another reads its details. */
#include "tests/fixture.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "data/batch.h"
#include "tidegate_state.h"

enum { QUEUE = 4, PAGE = 2 };

/* The lister gives ids from 1 up to `count`, two a page, and waits while the queue is full; what is
 * new goes into the queue. The details have a row for each id in it, but for ids above `quiet`. */
struct pair {
    int64_t count, sent, quiet;
    int64_t page[PAGE];
    size_t page_len;
    int64_t queue[QUEUE];
    size_t waiting, most;
    bool has_ended;
    int64_t lister_fails, detail_fails, detail_dies; /* at that id; 0: never */
    int pages, empty_pages;
    struct told {
        int ended;
        enum tg_outcome outcome;
    } lister, detail;
};

static int begin_pair(void *user, const struct tg_cursor *cursor, struct tg_error *err)
{
    struct pair *pair = user;
    (void)cursor;
    (void)err;
    pair->sent = 0;
    pair->page_len = pair->waiting = pair->most = 0;
    pair->has_ended = false;
    pair->pages = pair->empty_pages = 0;
    return TG_OK;
}

static int tire(struct tg_error *err, const char *who)
{
    snprintf(err->what, sizeof(err->what), "the %s is tired", who);
    return TG_SOURCE;
}

static void push_id(struct tg_rows *rows, int64_t id)
{
    tg_rows_begin_object(rows);
    tg_rows_key(rows, "id");
    tg_rows_int64(rows, id);
    tg_rows_end_object(rows);
}

static int read_list(struct tg_read *read, struct tg_error *err)
{
    struct pair *pair = read->user;
    pair->pages++;
    pair->page_len = 0;
    read->done = pair->sent == pair->count;
    if (read->done || pair->waiting + PAGE > QUEUE)
        return TG_OK;
    while (pair->page_len < PAGE && pair->sent < pair->count) {
        if (++pair->sent == pair->lister_fails)
            return tire(err, "lister");
        pair->page[pair->page_len++] = pair->sent;
        push_id(read->rows, pair->sent);
    }
    return TG_OK;
}

static int hear(const struct tg_read *read, const struct tg_judged *judged, struct tg_error *err)
{
    struct pair *pair = read->user;
    (void)err;
    pair->has_ended |= judged->ended;
    for (size_t i = 0; i < judged->count; i++) {
        if (judged->taken && !judged->taken[i])
            continue;
        assert_int_equal(pair->page[i], judged->first + i);
        pair->queue[pair->waiting++] = pair->page[i];
        pair->most = pair->waiting > pair->most ? pair->waiting : pair->most;
    }
    return TG_OK;
}

static int read_detail(struct tg_read *read, struct tg_error *err)
{
    struct pair *pair = read->user;
    if (pair->waiting == 0) {
        pair->empty_pages += !pair->has_ended;
        read->done = pair->has_ended;
        return TG_OK;
    }
    int64_t id = pair->queue[0];
    memmove(pair->queue, pair->queue + 1, --pair->waiting * sizeof(*pair->queue));
    if (id == pair->detail_dies)
        raise(SIGKILL);
    if (id == pair->detail_fails)
        return tire(err, "detail");
    if (pair->quiet == 0 || id <= pair->quiet)
        push_id(read->rows, id);
    return TG_OK;
}

static void end_list(void *user, enum tg_outcome outcome)
{
    struct pair *pair = user;
    pair->lister = (struct told){pair->lister.ended + 1, outcome};
}

static void end_detail(void *user, enum tg_outcome outcome)
{
    struct pair *pair = user;
    pair->detail = (struct told){pair->detail.ended + 1, outcome};
}

static void open_pair(struct fixture *fixture, struct pair *pair, bool no_table, int turns)
{
    const struct tg_resource resources[] = {{.name = "list",
                                             .read = read_list,
                                             .judged = hear,
                                             .begin = begin_pair,
                                             .end = end_list,
                                             .user = pair,
                                             .cursor_path = "id",
                                             .no_table = no_table},
                                            {.name = "other", .read = read_numbers},
                                            {.name = "detail",
                                             .table_name = no_table ? "list" : "detail",
                                             .read = read_detail,
                                             .end = end_detail,
                                             .user = pair,
                                             .turns_with = "list"}};
    static const int64_t rows[][2] = {{1, 1}};
    static struct numbers numbers;
    numbers = (struct numbers){.rows = rows, .count = 1};
    struct tg_resource mine[3];
    memcpy(mine, resources, sizeof(mine));
    mine[1].user = &numbers;
    fixture_open_with(fixture, mine, 3, turns);
}

static void assert_counts(struct fixture *fixture, const char *table, const char *expected)
{
    char sql[200], csv[100];
    snprintf(sql, sizeof(sql), "SELECT list(id ORDER BY id) AS ids FROM %s", table);
    snprintf(csv, sizeof(csv), "ids\n%s\n", expected);
    assert_query(fixture, sql, csv);
}

/* What is new is read on, whether others are read by turns or not; what is not stays behind. */
static void test_what_is_new_goes_on(void **state)
{
    struct fixture *fixture = *state;
    for (int turns = 0; turns < 30; turns += 10) {
        struct pair pair = {.count = 5};
        snprintf(fixture->destination, sizeof(fixture->destination), "duckdb:///%s/new%d.duckdb",
                 fixture->folder, turns);
        open_pair(fixture, &pair, false, turns);
        fixture_run(fixture);
        assert_counts(fixture, "list", "\"[1,2,3,4,5]\"");
        assert_counts(fixture, "detail", "\"[1,2,3,4,5]\"");
        assert_true(pair.most <= QUEUE);
        assert_string_equal(tg_result_resource(fixture->result, 0)->name, "list");
        assert_string_equal(tg_result_resource(fixture->result, 1)->name, "detail");
        pair.count = 9;
        fixture_run(fixture);
        assert_counts(fixture, "list", "\"[1,2,3,4,5,6,7,8,9]\"");
        assert_counts(fixture, "detail", "\"[1,2,3,4,5,6,7,8,9]\"");
        assert_int_equal(tg_result_resource(fixture->result, 0)->rows_read, 9);
        assert_int_equal(tg_result_resource(fixture->result, 1)->rows_read, 4);
    }
}

/* The lister has no table, and its cursor moves with the load all the same: also where that has no
 * row at all. */
static void test_without_a_table(void **state)
{
    struct fixture *fixture = *state;
    struct pair pair = {.count = 5};
    open_pair(fixture, &pair, true, 20);
    fixture_run(fixture);
    assert_counts(fixture, "list", "\"[1,2,3,4,5]\"");
    assert_null(tg_result_resource(fixture->result, 0)->table);
    assert_int_equal(tg_result_resource(fixture->result, 0)->rows_read, 5);
    assert_int_equal(tg_result_table_count(fixture->result), 2);
    pair.count = 6;
    pair.quiet = 5;
    fixture_run(fixture);
    assert_counts(fixture, "list", "\"[1,2,3,4,5]\"");
    pair.quiet = 0;
    fixture_run(fixture);
    assert_counts(fixture, "list", "\"[1,2,3,4,5]\""); /* 6 was taken by the load before */
    pair.count = 7;
    fixture_run(fixture);
    assert_counts(fixture, "list", "\"[1,2,3,4,5,7]\"");
    char *text = NULL;
    assert_done(fixture,
                tg_pipeline_document(fixture->pipeline, TG_DOCUMENT_STATE, &text, &fixture->err));
    assert_non_null(strstr(text, "\"list\""));
    assert_non_null(strstr(text, "\"last_value\": 7"));
    tg_text_free(text);
}

/* The table that it had stays, and it goes on where it was. */
static void test_with_a_table_no_more(void **state)
{
    struct fixture *fixture = *state;
    struct pair pair = {.count = 5};
    open_pair(fixture, &pair, false, 20);
    fixture_run(fixture);
    pair.count = 7;
    const struct tg_resource resources[] = {
        {.name = "list",
         .read = read_list,
         .judged = hear,
         .begin = begin_pair,
         .user = &pair,
         .cursor_path = "id",
         .no_table = true},
        {.name = "detail", .read = read_detail, .user = &pair, .turns_with = "list"}};
    fixture_open(fixture, resources, 2);
    fixture_run(fixture);
    assert_counts(fixture, "list", "\"[1,2,3,4,5]\"");
    assert_counts(fixture, "detail", "\"[1,2,3,4,5,6,7]\"");
    struct tg_plan *plan = NULL;
    assert_done(fixture, tg_pipeline_plan(fixture->pipeline, NULL, &plan, &fixture->err));
    assert_int_equal(tg_plan_resource_count(plan), 1);
    assert_string_equal(tg_plan_resource(plan, 0)->name, "detail");
    tg_plan_free(plan);
    open_pair(fixture, &pair, false, 20);
    pair.count = 8;
    fixture_run(fixture);
    assert_counts(fixture, "list", "\"[1,2,3,4,5,8]\"");
    assert_counts(fixture, "detail", "\"[1,2,3,4,5,6,7,8]\"");
}

/* Whichever fails, nothing of both is there, and the cursor has not moved. */
static void test_failures(void **state)
{
    struct fixture *fixture = *state;
    struct pair pair = {.count = 6, .detail_fails = 4};
    open_pair(fixture, &pair, true, 20);
    assert_int_equal(fixture_try(fixture), TG_SOURCE);
    assert_string_equal(fixture->err.resource, "detail");
    assert_int_equal(pair.lister.outcome, TG_OUTCOME_GIVEN_UP);
    pair.detail_fails = 0;
    pair.lister_fails = 5;
    assert_int_equal(fixture_try(fixture), TG_SOURCE);
    assert_string_equal(fixture->err.resource, "list");
    assert_int_equal(pair.detail.outcome, TG_OUTCOME_GIVEN_UP);
    pair.lister_fails = 0;
    fixture_run(fixture);
    assert_counts(fixture, "list", "\"[1,2,3,4,5,6]\"");
    assert_int_equal(pair.lister.ended, 3);
    fixture_run(fixture);
    assert_counts(fixture, "list", "\"[1,2,3,4,5,6]\"");
}

/* Killed between pages, and with the load sealed: each id is there once. The control has a lister
 * that forgets: its ids come again. */
static int run_pair(struct fixture *fixture, const struct pair *given, bool keeps)
{
    struct pair pair = *given;
    const struct tg_resource resources[] = {
        {.name = "list",
         .read = read_list,
         .judged = hear,
         .begin = begin_pair,
         .user = &pair,
         .cursor_path = keeps ? "id" : NULL,
         .no_table = true},
        {.name = "detail", .read = read_detail, .user = &pair, .turns_with = "list"}};
    fixture_open_with(fixture, resources, 2, 20);
    int rc = fixture_try(fixture);
    tg_pipeline_free(fixture->pipeline);
    fixture->pipeline = NULL;
    return rc;
}

static bool is_killed(struct fixture *fixture, const struct pair *pair, const char *point)
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (point)
            setenv("TG_FAIL_AT", point, 1);
        (void)!freopen("/dev/null", "w", stderr);
        _exit(run_pair(fixture, pair, true) == TG_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status);
}

static void test_killed(void **state)
{
    struct fixture *fixture = *state;
    static const char *const points[] = {NULL, "before_seal", "after_seal", "before_commit",
                                         "after_commit"};
    struct pair pair = {.count = 3};
    assert_done(fixture, run_pair(fixture, &pair, true));
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        pair.count++;
        pair.detail_dies = points[i] ? 0 : pair.count;
        if (!is_killed(fixture, &pair, points[i]))
            fail_msg("nobody died at %s", points[i] ? points[i] : "a row");
        pair.detail_dies = 0;
        assert_done(fixture, run_pair(fixture, &pair, true));
    }
    fixture_open(fixture, NULL, 0);
    assert_counts(fixture, "detail", "\"[1,2,3,4,5,6,7,8]\"");
    struct pair again = {.count = 2};
    assert_done(fixture, run_pair(fixture, &again, false));
    fixture_open(fixture, NULL, 0);
    assert_counts(fixture, "detail", "\"[1,1,2,2,3,4,5,6,7,8]\"");
}

/* ---- waiting ---- */

static int read_slowly(struct tg_read *read, struct tg_error *err)
{
    int *calls = read->user;
    (void)err;
    if (++*calls < 100100)
        return TG_OK;
    push_id(read->rows, 1);
    read->done = true;
    return TG_OK;
}

static int read_after(struct tg_read *read, struct tg_error *err)
{
    int *calls = read->user;
    (void)err;
    if (*calls < 100100)
        return TG_OK;
    push_id(read->rows, 2);
    read->done = true;
    return TG_OK;
}

/* One that waits for another may give nothing as often as it likes; alone that is a mistake. */
static void test_who_waits(void **state)
{
    struct fixture *fixture = *state;
    int calls = 0;
    const struct tg_resource resources[] = {
        {.name = "slow", .read = read_slowly, .user = &calls},
        {.name = "after", .read = read_after, .user = &calls, .turns_with = "slow"}};
    fixture_open(fixture, resources, 2);
    fixture_run(fixture);
    assert_counts(fixture, "after", "[2]");
    calls = 0;
    fixture_open(fixture, resources, 1);
    assert_int_equal(fixture_try(fixture), TG_SOURCE);
    assert_non_null(strstr(fixture->err.what, "gave nothing"));
}

/* Three that go together while two are read at once: the last one is not left out. */
static int read_third(struct tg_read *read, struct tg_error *err)
{
    int *turn = read->user;
    (void)err;
    if (*turn < 9 && *turn % 3 == read->resource[0] - 'a')
        push_id(read->rows, ++*turn);
    read->done = *turn >= 9;
    return TG_OK;
}

static void test_more_than_are_read_at_once(void **state)
{
    struct fixture *fixture = *state;
    int turn = 0;
    const struct tg_resource resources[] = {
        {.name = "a", .read = read_third, .user = &turn},
        {.name = "b", .read = read_third, .user = &turn, .turns_with = "a"},
        {.name = "c", .read = read_third, .user = &turn, .turns_with = "b"}};
    fixture_open_with(fixture, resources, 3, 2);
    fixture_run(fixture);
    assert_counts(fixture, "a", "\"[1,4,7]\"");
    assert_counts(fixture, "b", "\"[2,5,8]\"");
    assert_counts(fixture, "c", "\"[3,6,9]\"");
}

/* ---- what is heard ---- */

struct heard {
    int calls;
    bool refuses;
    char text[16 * 1024];
};

static int hear_all(const struct tg_read *read, const struct tg_judged *judged,
                    struct tg_error *err)
{
    struct heard *heard = read->user;
    size_t len = strlen(heard->text);
    assert_null(read->rows);
    snprintf(heard->text + len, sizeof(heard->text) - len, "%d+%zu", (int)judged->first,
             judged->count);
    for (size_t i = 0; judged->taken && i < judged->count; i++)
        strcat(heard->text, judged->taken[i] ? "y" : "n");
    strcat(heard->text, judged->ended ? "." : " ");
    if (judged->ended && tg_state_set(read, TG_STATE_RESOURCE, "end", "true", err) != TG_OK)
        return err->code;
    if (heard->refuses)
        return tire(err, "listener");
    return TG_OK;
}

/* Four ids in one batch, down to 1. */
static int give_stream(struct tg_read *read, struct tg_error *err)
{
    static const char *const names[] = {"id"};
    const struct type_spec type = {.type = TYPE_BIGINT};
    struct ArrowSchema schema = {0};
    struct ArrowArray child = {0}, array = {0};
    struct column id;
    assert_int_equal(schema_make(names, &type, 1, &schema, err), TG_OK);
    assert_int_equal(column_init(&id, &type, err), TG_OK);
    for (size_t i = 0; i < 4; i++)
        column_set_int64(&id, i, (int64_t)(4 - i));
    assert_int_equal(column_export(&id, 4, &child, err), TG_OK);
    assert_int_equal(batch_make(&child, 1, 4, &array, err), TG_OK);
    return stream_from_arrays(&schema, &array, 1, &read->stream, err);
}

static int read_mixed(struct tg_read *read, struct tg_error *err)
{
    struct heard *heard = read->user;
    switch (heard->calls++) {
    case 0:
        push_id(read->rows, 2);
        push_id(read->rows, 3);
        return give_stream(read, err);
    case 1: return TG_OK;
    case 2: push_id(read->rows, 1); return TG_OK;
    default: read->done = true; return TG_OK;
    }
}

static void test_what_is_heard(void **state)
{
    struct fixture *fixture = *state;
    struct heard heard = {0};
    struct tg_resource resource = {.name = "n",
                                   .read = read_mixed,
                                   .judged = hear_all,
                                   .user = &heard,
                                   .cursor_path = "id",
                                   .initial_value = {.kind = TG_VALUE_INT64, .int64 = 2}};
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_string_equal(heard.text, "1+2 3+4yyyn 7+1n 0+0.");
    assert_counts(fixture, "n", "\"[2,2,3,3,4]\"");
    heard = (struct heard){.refuses = true};
    assert_int_equal(fixture_try(fixture), TG_SOURCE);
    assert_string_equal(fixture->err.what, "the listener is tired");
    assert_string_equal(fixture->err.resource, "n");
    heard = (struct heard){.calls = 2};
    fixture_run(fixture);
    assert_string_equal(heard.text, "1+1n 0+0.");
}

/* What can come no more is not asked for, and the listener hears of the end. */
static void test_the_end_by_the_cursor(void **state)
{
    struct fixture *fixture = *state;
    struct heard heard = {0};
    struct tg_resource resource = {.name = "n",
                                   .read = read_mixed,
                                   .judged = hear_all,
                                   .user = &heard,
                                   .cursor_path = "id",
                                   .row_order = TG_DESC,
                                   .initial_value = {.kind = TG_VALUE_INT64, .int64 = 2}};
    fixture_open(fixture, &resource, 1);
    heard.calls = 2;
    fixture_run(fixture);
    assert_string_equal(heard.text, "1+1n 0+0.");
    assert_int_equal(heard.calls, 3);
}

/* Very many rows at one value are new or not when all have come: nobody could be told in time. */
static int read_ties(struct tg_read *read, struct tg_error *err)
{
    struct heard *heard = read->user;
    (void)err;
    for (int64_t i = 0; i < 1000 && heard->calls < 10500; i++) {
        tg_rows_begin_object(read->rows);
        tg_rows_key(read->rows, "id");
        tg_rows_int64(read->rows, 5);
        tg_rows_key(read->rows, "number");
        tg_rows_int64(read->rows, heard->calls++);
        tg_rows_end_object(read->rows);
    }
    read->done = heard->calls == 10500;
    return TG_OK;
}

static void test_very_many_at_one_value(void **state)
{
    struct fixture *fixture = *state;
    struct heard heard = {0};
    struct tg_resource resource = {
        .name = "n", .read = read_ties, .user = &heard, .cursor_path = "id"};
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    int calls = 100099;
    struct tg_resource pair[2] = {
        resource, {.name = "after", .read = read_after, .user = &calls, .turns_with = "n"}};
    pair[0].judged = hear_all;
    heard = (struct heard){0};
    fixture_open(fixture, pair, 2);
    assert_int_equal(fixture_try(fixture), TG_DATA);
    assert_non_null(strstr(fixture->err.what, "too many for `judged`"));
    assert_string_equal(fixture->err.key_path, "id");
    fixture_open(fixture, &pair[0], 1);
    fixture_run(fixture);
    assert_query(fixture, "SELECT count(*) AS n FROM n", "n\n10500\n");
}

static void test_what_cannot_be(void **state)
{
    struct fixture *fixture = *state;
    const struct {
        struct tg_resource resource;
        const char *what;
    } cases[] = {
        {{TG_RESOURCE_INIT, .name = "b", .read = read_mixed, .turns_with = "nobody"}, "nobody"},
        {{TG_RESOURCE_INIT, .name = "b", .read = read_mixed, .turns_with = "b"}, "turns_with"},
        {{TG_RESOURCE_INIT, .name = "b", .source = "files", .no_table = true}, "no_table"},
        {{TG_RESOURCE_INIT, .name = "b", .source = "files", .judged = hear_all}, "judged"},
    };
    fixture_open(fixture, NULL, 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(tg_pipeline_add(fixture->pipeline, &cases[i].resource, &fixture->err),
                         TG_USAGE);
        if (!strstr(fixture->err.what, cases[i].what))
            fail_msg("%s: %s", cases[i].what, fixture->err.what);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_new_goes_on, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_without_a_table, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_with_a_table_no_more, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_failures, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_killed, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_who_waits, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_more_than_are_read_at_once, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_what_is_heard, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_the_end_by_the_cursor, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_very_many_at_one_value, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_what_cannot_be, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("run/together", tests, NULL, NULL);
}
