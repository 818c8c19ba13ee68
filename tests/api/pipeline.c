/* The life of a pipeline: options that are wrong, checks, cancel. */
#include "tests/fixture.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/pipeline.h"

static int read_nothing(struct tg_read *read, struct tg_error *err)
{
    (void)err;
    read->done = true;
    return TG_OK;
}

static void wrong_options_are_named(void **state)
{
    struct fixture *fixture = *state;
    struct tg_pipeline *pipeline = NULL;
    const struct {
        struct tg_pipeline_options options;
        const char *said;
    } cases[] = {
        {{.destination = fixture->destination}, "name"},
        {{.name = "a b", .destination = fixture->destination}, "a b"},
        {{.name = "test"}, "destination"},
        {{.name = "test", .destination = "oracle://x"}, "oracle"},
        {{.name = "test", .destination = "duckdb:///:memory:"}, ":memory:"},
        {{.name = "test", .destination = fixture->destination, .memory = "1000"}, "64MiB"},
        {{.name = "test", .destination = fixture->destination, .memory = "lots"}, "not 'lots'"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tg_pipeline_options options = cases[i].options;
        options.size = sizeof(options);
        assert_int_equal(tg_pipeline_new(&pipeline, &options, &fixture->err), TG_USAGE);
        assert_null(pipeline);
        assert_non_null(strstr(fixture->err.what, cases[i].said));
    }
}

static void impossible_resources_are_refused(void **state)
{
    struct fixture *fixture = *state;
    fixture_open(fixture, NULL, 0);
    const struct tg_resource cases[] = {
        {.read = read_nothing},
        {.name = "n"},
        {.name = "n", .read = read_nothing, .write_disposition = TG_MERGE},
        {.name = "n", .read = read_nothing, .merge_key = "day"},
        {.name = "n", .read = read_nothing, .cursor_path = "a[?(@.b)]"},
        {.name = "n",
         .read = read_nothing,
         .cursor_path = "id",
         .end_value = {.kind = TG_VALUE_INT64, .int64 = 1}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tg_resource resource = cases[i];
        resource.size = sizeof(resource);
        int rc = tg_pipeline_add(fixture->pipeline, &resource, &fixture->err);
        if (rc != TG_USAGE)
            fail_msg("case %zu: code %d", i, rc);
        assert_string_not_equal(fixture->err.what, "");
    }
    const struct tg_resource good = {TG_RESOURCE_INIT, .name = "n", .read = read_nothing};
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &good, &fixture->err));
    assert_int_equal(tg_pipeline_add(fixture->pipeline, &good, &fixture->err), TG_USAGE);
}

static void null_is_refused_by_name(void **state)
{
    struct fixture *fixture = *state;
    struct tg_error *err = &fixture->err;
    struct tg_pipeline *pipeline = (struct tg_pipeline *)fixture;
    struct ArrowArrayStream stream = {0};
    char *text = NULL;
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT, .name = "test",
                                                .destination = fixture->destination};
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "n", .read = read_nothing};
#define assert_refused(call, name)                                                                 \
    do {                                                                                           \
        assert_int_equal(call, TG_USAGE);                                                          \
        assert_non_null(strstr(err->what, "NULL as " name));                                       \
    } while (0)
    assert_refused(tg_pipeline_new(&pipeline, NULL, err), "options");
    assert_null(pipeline);
    assert_refused(tg_pipeline_new(NULL, &options, err), "out");
    assert_refused(tg_pipeline_open(&pipeline, NULL, NULL, err), "spec_path");
    assert_refused(tg_pipeline_open(NULL, "x.yaml", NULL, err), "out");
    assert_refused(tg_pipeline_open_text(&pipeline, NULL, NULL, NULL, err), "text");
    assert_refused(tg_pipeline_open_text(NULL, "pipeline: x", NULL, NULL, err), "out");
    assert_refused(tg_pipeline_add(NULL, &resource, err), "pipeline");
    assert_refused(tg_pipeline_run(NULL, &fixture->result, err), "pipeline");
    assert_refused(tg_pipeline_check(NULL, err), "pipeline");
    assert_refused(tg_pipeline_show(NULL, TG_SHOW_TABLES, &stream, err), "pipeline");
    assert_refused(tg_pipeline_document(NULL, TG_DOCUMENT_STATE, &text, err), "pipeline");
    assert_refused(tg_pipeline_query(NULL, "SELECT 1", &stream, err), "pipeline");
    assert_refused(tg_spec_init(NULL, NULL, NULL, err), "out");
    assert_refused(tg_spec_names("s", "k", NULL, err), "out");
    assert_refused(tg_spec_names(NULL, "k", &text, err), "spec_path");
    assert_refused(tg_spec_names("s", NULL, &text, err), "key");
    assert_refused(tg_spec_reference(TG_REFERENCE_TEXT, NULL, err), "out");
    fixture_open(fixture, NULL, 0);
    assert_refused(tg_pipeline_add(fixture->pipeline, NULL, err), "resource");
    assert_refused(tg_pipeline_query(fixture->pipeline, NULL, &stream, err), "sql");
    assert_refused(tg_pipeline_query(fixture->pipeline, "SELECT 1", NULL, err), "out");
    assert_refused(tg_pipeline_show(fixture->pipeline, TG_SHOW_TABLES, NULL, err), "out");
    assert_refused(tg_pipeline_document(fixture->pipeline, TG_DOCUMENT_STATE, NULL, err), "out");
    tg_pipeline_cancel(NULL);
    tg_result_free(NULL);
}

static void a_run_needs_neither_info_nor_error(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t rows[][2] = {{1, 10}};
    struct numbers numbers = {.rows = rows, .count = 1};
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "n", .read = read_numbers,
                                         .user = &numbers};
    fixture_open(fixture, &resource, 1);
    assert_int_equal(tg_pipeline_run(fixture->pipeline, NULL, NULL), TG_OK);
    assert_query(fixture, "SELECT id FROM n", "id\n1\n");
}

static void put_file(const struct fixture *fixture, const char *name, const char *text)
{
    char path[400];
    snprintf(path, sizeof(path), "%s/%s", fixture->folder, name);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    fclose(out);
}

/* Two roots, so two sources; files that were loaded are not loaded again. */
static void a_driver_reads_for_a_program(void **state)
{
    struct fixture *fixture = *state;
    char inner[300];
    snprintf(inner, sizeof(inner), "%s/inner", fixture->folder);
    assert_int_equal(fs_mkdirs(inner, &fixture->err), TG_OK);
    put_file(fixture, "a.csv", "id;name\n1;Ann\n");
    put_file(fixture, "b.csv", "id;name\n2;Bea\n");
    put_file(fixture, "inner/a.csv", "id\n7\n");
    const struct tg_option outer_root = {"root", fixture->folder}, inner_root = {"root", inner};
    const struct tg_option options[] = {{"path", "a.csv\nb.csv"}, {"delimiter", ";"}};
    const struct tg_resource resources[] = {{.name = "outer",
                                             .source = "files",
                                             .source_options = &outer_root,
                                             .source_option_count = 1,
                                             .options = options,
                                             .option_count = 2},
                                            {.name = "inner",
                                             .source = "files",
                                             .source_options = &inner_root,
                                             .source_option_count = 1,
                                             .options = &(struct tg_option){"path", "*.csv"},
                                             .option_count = 1,
                                             .write_disposition = TG_MERGE,
                                             .primary_key = "id"}};
    fixture_open(fixture, resources, 2);
    assert_done(fixture, tg_pipeline_check(fixture->pipeline, &fixture->err));
    fixture_run(fixture);
    put_file(fixture, "b.csv", "id;name\n2;Bea\n3;Cleo\n");
    fixture_run(fixture);
    assert_query(fixture, "SELECT id, name FROM \"outer\" ORDER BY id",
                 "id,name\n1,Ann\n2,Bea\n3,Cleo\n");
    assert_query(fixture, "SELECT id FROM \"inner\"", "id\n7\n");
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_read, 1);
}

/* Who waits for a descriptor hears of it, too; until the next call. */
static void a_cancel_wakes(void **state)
{
    struct fixture *fixture = *state;
    fixture_open(fixture, NULL, 0);
    struct pollfd wait = {.fd = fixture->pipeline->ctx.wakeup, .events = POLLIN};
    assert_int_equal(poll(&wait, 1, 0), 0);
    tg_pipeline_cancel(fixture->pipeline);
    assert_int_equal(poll(&wait, 1, 0), 1);
    assert_int_equal(tg_pipeline_check(fixture->pipeline, &fixture->err), TG_OK);
    assert_int_equal(poll(&wait, 1, 0), 0);
}

static int read_and_cancel(struct tg_read *read, struct tg_error *err)
{
    (void)err;
    tg_rows_begin_object(read->rows);
    tg_rows_end_object(read->rows);
    tg_pipeline_cancel(read->user);
    return TG_OK;
}

static void cancel_ends_a_run(void **state)
{
    struct fixture *fixture = *state;
    fixture_open(fixture, NULL, 0);
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "n", .read = read_and_cancel,
                                         .user = fixture->pipeline};
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resource, &fixture->err));
    assert_int_equal(fixture_try(fixture), TG_CANCELLED);
    assert_int_equal(tg_code_exit(TG_CANCELLED), 130);
}

/* ---- specs in memory ---- */

static void a_spec_can_be_a_text_and_get_callbacks(void **state)
{
    struct fixture *fixture = *state;
    struct tg_error *err = &fixture->err;
    char spec[600], path[400];
    static const int64_t rows[][2] = {{1, 10}};
    struct numbers numbers = {.rows = rows, .count = 1};
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "n", .read = read_numbers,
                                         .user = &numbers};
    snprintf(spec, sizeof(spec),
             "pipeline: test\ndestination: %s\ndataset: d\nsource: {type: files}\n"
             "resources:\n  t: {path: '*.jsonl'}\n",
             fixture->destination);
    snprintf(path, sizeof(path), "%s/a.jsonl", fixture->folder);
    assert_done(fixture, fs_write_file(path, "{\"id\":7}\n", 9, err));
    assert_done(fixture,
                tg_pipeline_open_text(&fixture->pipeline, spec, fixture->folder, NULL, err));
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resource, err));
    fixture_run(fixture);
    assert_int_equal(tg_result_table_count(fixture->result), 2);
    assert_query(fixture, "SELECT t.id AS t, n.id AS n FROM t, n", "t,n\n7,1\n");
    assert_int_equal(tg_pipeline_add(fixture->pipeline, &resource, err), TG_USAGE);
    assert_string_equal(err->resource, "n");
}

static void a_wrong_text_is_named_by_line(void **state)
{
    struct fixture *fixture = *state;
    struct tg_pipeline *pipeline = NULL;
    assert_int_equal(tg_pipeline_open_text(&pipeline, "nonsense: 1\n", NULL, NULL, &fixture->err),
                     TG_SPEC);
    assert_null(pipeline);
    assert_string_equal(fixture->err.file, "spec");
    assert_int_equal(fixture->err.line, 1);
    assert_int_equal(fixture->err.position, 1);
}

/* ---- what a run tells while it goes on ---- */

struct watch {
    pthread_t thread;
    int stop_at; /* the phase in which it says stop; -1: none */
    bool extracted, sealed, wrote_table, ended_table, done;
    uint64_t written;
};

static int watch(void *user, const struct tg_progress *now)
{
    struct watch *watch = user;
    assert_true(pthread_equal(pthread_self(), watch->thread));
    assert_true((now->resource != NULL) == (now->phase == TG_PHASE_EXTRACT));
    watch->extracted |= now->phase == TG_PHASE_EXTRACT && strcmp(now->resource, "n") == 0;
    watch->sealed |= now->phase == TG_PHASE_SEAL;
    watch->wrote_table |= now->table && strcmp(now->table, "n") == 0 && !now->ended;
    watch->ended_table |= now->table && strcmp(now->table, "n") == 0 && now->ended;
    watch->written += now->table ? now->rows : 0;
    watch->done |= now->phase == TG_PHASE_DONE;
    return (int)now->phase == watch->stop_at;
}

static int run_watched(struct fixture *fixture, struct watch *watching)
{
    static const int64_t rows[][2] = {{1, 10}, {2, 20}};
    static struct numbers numbers;
    numbers = (struct numbers){.rows = rows, .count = 2};
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                                .name = "test",
                                                .destination = fixture->destination,
                                                .dataset = "d",
                                                .workdir = fixture->workdir,
                                                .user = watching,
                                                .progress = watch};
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "n", .read = read_numbers,
                                         .user = &numbers};
    watching->thread = pthread_self();
    tg_pipeline_free(fixture->pipeline);
    assert_done(fixture, tg_pipeline_new(&fixture->pipeline, &options, &fixture->err));
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resource, &fixture->err));
    return fixture_try(fixture);
}

static void progress_goes_through_all_phases(void **state)
{
    struct fixture *fixture = *state;
    struct watch watching = {.stop_at = -1};
    assert_done(fixture, run_watched(fixture, &watching));
    assert_true(watching.extracted && watching.sealed && watching.done);
    assert_true(watching.wrote_table && watching.ended_table);
    assert_int_equal(watching.written, 2);
}

/* Behind the commit there is nothing to stop. */
static void progress_can_cancel(void **state)
{
    struct fixture *fixture = *state;
    for (int phase = TG_PHASE_EXTRACT; phase <= TG_PHASE_DONE; phase++) {
        struct watch watching = {.stop_at = phase};
        int rc = run_watched(fixture, &watching);
        assert_int_equal(rc, phase == TG_PHASE_DONE ? TG_OK : TG_CANCELLED);
        assert_int_equal(watching.done, phase == TG_PHASE_DONE);
    }
}

static int read_and_ask(struct tg_read *read, struct tg_error *err)
{
    (void)err;
    assert_string_equal(read->resource, "n");
    assert_false(tg_read_cancelled(read));
    tg_read_log(read, TG_LOG_WARNING, "the API is slow today");
    tg_rows_json(read->rows, "{\"id\":1}", 8);
    tg_pipeline_cancel(read->user);
    assert_true(tg_read_cancelled(read));
    return TG_CANCELLED;
}

static void a_callback_can_ask_and_tell(void **state)
{
    struct fixture *fixture = *state;
    fixture_open(fixture, NULL, 0);
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "n", .read = read_and_ask,
                                         .user = fixture->pipeline};
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resource, &fixture->err));
    assert_int_equal(fixture_try(fixture), TG_CANCELLED);
    assert_int_equal(tg_result_warning_count(fixture->result), 1);
    assert_string_equal(tg_result_warning(fixture->result, 0),
                        "resource 'n': the API is slow today");
    assert_false(tg_read_cancelled(NULL));
    tg_read_log(NULL, TG_LOG_WARNING, "nobody hears it");
}

/* One run cancelled, by itself or by a word that came too early, is no reason for the next. */
static void a_cancel_holds_for_the_running_call_alone(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t rows[][2] = {{1, 10}};
    struct numbers numbers = {.rows = rows, .count = 1};
    fixture_open(fixture, NULL, 0);
    struct tg_resource resources[] = {
        {TG_RESOURCE_INIT, .name = "cancels", .read = read_and_cancel, .user = fixture->pipeline},
        {TG_RESOURCE_INIT, .name = "n", .read = read_numbers, .user = &numbers}};
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resources[0], &fixture->err));
    for (int i = 0; i < 2; i++)
        assert_int_equal(fixture_try(fixture), TG_CANCELLED);
    assert_done(fixture, tg_pipeline_check(fixture->pipeline, &fixture->err));
    fixture_open(fixture, &resources[1], 1);
    tg_pipeline_cancel(fixture->pipeline);
    fixture_run(fixture);
    tg_pipeline_cancel(fixture->pipeline);
    assert_query(fixture, "SELECT id FROM n", "id\n1\n");
    tg_pipeline_cancel(fixture->pipeline);
    assert_done(fixture, tg_pipeline_check(fixture->pipeline, &fixture->err));
}

/* A callback may fork; what it leaves behind must not hold the pipeline. */
static int read_and_fork(struct tg_read *read, struct tg_error *err)
{
    (void)err;
    pid_t *child = read->user;
    *child = fork();
    if (*child == 0) {
        alarm(60);
        for (;;)
            pause();
    }
    read->done = true;
    return TG_OK;
}

static void a_forked_process_does_not_keep_the_pipeline(void **state)
{
    struct fixture *fixture = *state;
    pid_t children[2];
    for (int i = 0; i < 2; i++) {
        const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "n", .read = read_and_fork,
                                             .user = &children[i]};
        fixture_open(fixture, &resource, 1);
        fixture_run(fixture);
    }
    for (int i = 0; i < 2; i++) {
        kill(children[i], SIGKILL);
        waitpid(children[i], NULL, 0);
    }
}

struct second {
    struct tg_pipeline *pipeline;
    int rc;
    struct tg_error err;
};

static int read_and_run_second(struct tg_read *read, struct tg_error *err)
{
    struct second *second = read->user;
    struct tg_result *result = NULL;
    (void)err;
    second->rc = tg_pipeline_run(second->pipeline, &result, &second->err);
    tg_result_free(result);
    read->done = true;
    return TG_OK;
}

static void two_pipelines_in_one_process_exclude_each_other(void **state)
{
    struct fixture *fixture = *state;
    struct second second = {0};
    const struct tg_resource inner = {TG_RESOURCE_INIT, .name = "n", .read = read_nothing};
    const struct tg_resource outer = {TG_RESOURCE_INIT, .name = "n", .read = read_and_run_second,
                                      .user = &second};
    fixture_open(fixture, &inner, 1);
    second.pipeline = fixture->pipeline;
    fixture->pipeline = NULL;
    fixture_open(fixture, &outer, 1);
    for (int i = 0; i < 2; i++) {
        fixture_run(fixture); /* and its lock is not lost by the attempt within */
        assert_int_equal(second.rc, TG_LOCKED);
        assert_non_null(strstr(second.err.what, "pid"));
    }
    struct tg_result *result = NULL;
    assert_done(fixture, tg_pipeline_run(second.pipeline, &result, &fixture->err));
    tg_result_free(result);
    tg_pipeline_free(second.pipeline);
}

static void a_second_run_is_told_who_holds_the_pipeline(void **state)
{
    struct fixture *fixture = *state;
    struct fs_lock lock = {0};
    char path[400];
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "n", .read = read_nothing};
    fixture_open(fixture, &resource, 1);
    snprintf(path, sizeof(path), "%s/test", fixture->workdir);
    assert_done(fixture, fs_mkdirs(path, &fixture->err));
    snprintf(path, sizeof(path), "%s/test/lock", fixture->workdir);
    assert_done(fixture, fs_lock(path, &lock, &fixture->err));
    assert_int_equal(fixture_try(fixture), TG_LOCKED);
    assert_true(fixture->err.retryable);
    assert_non_null(strstr(fixture->err.what, "pid"));
    fs_unlock(&lock);
    fixture_run(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(wrong_options_are_named, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(impossible_resources_are_refused, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(null_is_refused_by_name, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_run_needs_neither_info_nor_error, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_driver_reads_for_a_program, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_cancel_wakes, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(cancel_ends_a_run, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_spec_can_be_a_text_and_get_callbacks, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_wrong_text_is_named_by_line, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(progress_goes_through_all_phases, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(progress_can_cancel, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_callback_can_ask_and_tell, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_cancel_holds_for_the_running_call_alone, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_forked_process_does_not_keep_the_pipeline, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(two_pipelines_in_one_process_exclude_each_other,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_second_run_is_told_who_holds_the_pipeline, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests_name("pipeline", tests, NULL, NULL);
}
