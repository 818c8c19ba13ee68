/*
 * Two pipelines of one process on one DuckDB file: whatever they do at once, every row that was
 * reported as loaded is there.
 */
#include <pthread.h>

#include "base/error.h"
#include "tests/fixture.h"

/* With a sanitizer a load takes five times as long, and what it finds shows in the first ones. */
#ifdef __has_feature
enum { LOADS = 25 };
#else
enum { LOADS = 100 };
#endif
enum { ROWS = 50, ATTEMPTS_MAX = 100 };

struct writer {
    pthread_t thread;
    struct fixture *fixture;
    const char *name; /* of the pipeline and of its table */
    int64_t next;     /* id of the row to come */
    int loads, retries;
    struct tg_error err; /* the one that ended it */
};

static int read_ids(struct tg_read *read, struct tg_error *err)
{
    (void)err;
    struct writer *writer = read->user;
    for (int64_t i = 0; i < ROWS; i++) {
        tg_rows_begin_object(read->rows);
        tg_rows_key(read->rows, "id");
        tg_rows_int64(read->rows, writer->next + i);
        tg_rows_end_object(read->rows);
    }
    read->done = true;
    return TG_OK;
}

static int load_once(struct writer *writer, struct tg_error *err)
{
    int rc = TG_OK;
    struct tg_pipeline *pipeline = NULL;
    struct tg_result *result = NULL;
    const struct tg_pipeline_options options = {
        TG_PIPELINE_OPTIONS_INIT, .name = writer->name, .destination = writer->fixture->destination,
        .dataset = "d", .workdir = writer->fixture->workdir};
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = writer->name, .read = read_ids,
                                         .user = writer, .write_disposition = TG_APPEND};
    TRY(tg_pipeline_new(&pipeline, &options, err));
    TRY(tg_pipeline_add(pipeline, &resource, err));
    rc = tg_pipeline_run(pipeline, &result, err);
done:
    tg_result_free(result);
    tg_pipeline_free(pipeline);
    return rc;
}

/* As a program does it: what may be tried again is, with the same rows. */
static void *load_all(void *arg)
{
    struct writer *writer = arg;
    for (int attempt = 0; writer->loads < LOADS && attempt < LOADS + ATTEMPTS_MAX; attempt++) {
        int rc = load_once(writer, &writer->err);
        if (rc == TG_OK) {
            writer->loads++;
            writer->next += ROWS;
        } else if (writer->err.retryable) {
            writer->retries++;
        } else {
            return NULL;
        }
    }
    return NULL;
}

static void start(struct writer *writers, size_t count, struct fixture *fixture)
{
    for (size_t i = 0; i < count; i++) {
        writers[i].fixture = fixture;
        writers[i].next = 1;
        assert_int_equal(pthread_create(&writers[i].thread, NULL, load_all, &writers[i]), 0);
    }
}

static void finish(struct writer *writers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        pthread_join(writers[i].thread, NULL);
        if (writers[i].loads != LOADS)
            fail_msg("%s: %d loads and %d retries, then: %s: %s", writers[i].name, writers[i].loads,
                     writers[i].retries, writers[i].err.where, writers[i].err.what);
    }
}

/* With an instance for each connection one of the two soon finds a file that it cannot read, or
 * rows are gone at the end: so it went with `find_open` finding nothing. */
static void test_two_pipelines_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct writer writers[] = {{.name = "a"}, {.name = "b"}};
    start(writers, 2, fixture);
    finish(writers, 2);
    char want[80];
    int rows = LOADS * ROWS;
    snprintf(want, sizeof(want), "a,b,c,d,e\n%d,%d,%d,%d,%d\n", rows, rows, rows, rows, 2 * LOADS);
    fixture_open(fixture, NULL, 0);
    assert_query(fixture,
                 "SELECT (SELECT count(DISTINCT id) FROM a) a, (SELECT count(*) FROM a) b, "
                 "(SELECT count(DISTINCT id) FROM b) c, (SELECT count(*) FROM b) d, "
                 "(SELECT count(*) FROM _dlt_loads) e",
                 want);
}

/* A query whose rows are still being read keeps its connection open. */
static void test_a_run_beside_an_open_query(void **state)
{
    struct fixture *fixture = *state;
    struct writer writer = {.name = "a", .fixture = fixture, .next = 1};
    struct ArrowArrayStream stream = {0};
    struct ArrowArray batch = {0};
    assert_done(fixture, load_once(&writer, &fixture->err));
    fixture_open(fixture, NULL, 0);
    assert_done(fixture, tg_pipeline_query(fixture->pipeline, "FROM a", &stream, &fixture->err));
    writer.next += ROWS;
    assert_done(fixture, load_once(&writer, &fixture->err));
    assert_int_equal(stream.get_next(&stream, &batch), 0);
    assert_int_equal(batch.length, ROWS); /* as it was when the query began */
    batch.release(&batch);
    stream.release(&stream);
    assert_query(fixture, "SELECT count(*) AS n FROM a", "n\n100\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_two_pipelines_at_once, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_a_run_beside_an_open_query, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests_name("one_process", tests, NULL, NULL);
}
