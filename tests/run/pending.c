/* Which sealed loads are a pipeline's to write: of its destination and dataset, in their order. */
#include "tests/run/sealed.h"

#include <unistd.h>

#include "run/pending.h"

static void list(struct fixture *fixture, struct pending *out)
{
    struct session session;
    assert_done(fixture, session_open(&session, fixture->pipeline, &fixture->err));
    assert_done(fixture, pending_list(&session, out, &fixture->err));
    session_close(&session);
}

static void open_dataset(struct fixture *fixture, const char *dataset, size_t count)
{
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT, .name = "test",
                                                .destination = fixture->destination,
                                                .dataset = dataset, .workdir = fixture->workdir};
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "t", .read = read_numbers,
                                         .user = &growing, .cursor_path = "value"};
    growing = (struct numbers){.rows = moments, .count = count};
    tg_pipeline_free(fixture->pipeline);
    assert_done(fixture, tg_pipeline_new(&fixture->pipeline, &options, &fixture->err));
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resource, &fixture->err));
}

static void those_of_one_dataset_in_their_order(void **state)
{
    struct fixture *fixture = *state;
    struct pending pending;
    static const char *const datasets[] = {"a", "b", "a", "a"};
    char ids[4][64];
    for (size_t i = 0; i < 4; i++) {
        open_dataset(fixture, datasets[i], 2 * (i + 1));
        extract(fixture);
        snprintf(ids[i], sizeof(ids[i]), "%s", tg_result_load_id(fixture->result));
    }
    list(fixture, &pending);
    assert_int_equal(pending.count, 3);
    assert_string_equal(pending.items[0].manifest.load_id, ids[0]);
    assert_string_equal(pending.items[0].manifest.follows, "");
    assert_string_equal(pending.items[1].manifest.load_id, ids[2]);
    assert_string_equal(pending.items[1].manifest.follows, ids[0]);
    assert_string_equal(pending.items[2].manifest.follows, ids[2]);
    assert_ptr_equal(pending_find(&pending, ids[3]), &pending.items[2]);
    assert_null(pending_find(&pending, ids[1]));
    assert_non_null(strstr(pending.items[2].path, ids[3]));
    pending_release(&pending);
    assert_int_equal(pending.count, 0);
}

static void one_that_cannot_be_read_is_not_among_them(void **state)
{
    struct fixture *fixture = *state;
    struct pending pending;
    char command[500];
    give(fixture, 2, BY_CURSOR);
    list(fixture, &pending);
    assert_int_equal(pending.count, 0); /* nor is there a folder */
    pending_release(&pending);
    extract(fixture);
    snprintf(command, sizeof(command), "for f in %s/test/sealed/*/manifest.json; do echo >$f; done",
             fixture->workdir);
    assert_int_equal(system(command), 0);
    list(fixture, &pending);
    assert_int_equal(pending.count, 0);
    pending_release(&pending);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(those_of_one_dataset_in_their_order),
        fixture_test(one_that_cannot_be_read_is_not_among_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
