/* The fields that a spec names, and the first rows of files: a check that leaves no trace. */
#include "tests/fixture.h"

static void open_files(struct fixture *fixture, const struct tg_resource *given, const char *path)
{
    char whole[400];
    const struct tg_option option = {"path", whole};
    struct tg_resource resource = *given;
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT, .name = "test",
                                                .destination = fixture->destination,
                                                .workdir = fixture->workdir};
    snprintf(whole, sizeof(whole), "%s/%s", fixture->folder, path);
    resource.name = "t";
    resource.source = "files";
    resource.options = &option;
    resource.option_count = 1;
    tg_pipeline_free(fixture->pipeline);
    assert_done(fixture, tg_pipeline_new(&fixture->pipeline, &options, &fixture->err));
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resource, &fixture->err));
}

static void put(const struct fixture *fixture, const char *name, const char *text)
{
    char path[400];
    struct tg_error err = {0};
    snprintf(path, sizeof(path), "%s/%s", fixture->folder, name);
    assert_int_equal(fs_write_file(path, text, strlen(text), &err), TG_OK);
}

static bool is_made(const struct fixture *fixture)
{
    struct fs_stat stat;
    struct tg_error err = {0};
    assert_int_equal(fs_stat(fixture->workdir, &stat, &err), TG_OK);
    return stat.exists;
}

/* Check and run end alike, and say the same of the same row. */
static void both_refuse(struct fixture *fixture, const char *words)
{
    struct tg_error said = {0};
    assert_int_equal(tg_pipeline_check(fixture->pipeline, &said), TG_DATA);
    assert_non_null(strstr(said.what, words));
    assert_false(is_made(fixture));
    assert_int_equal(tg_pipeline_run(fixture->pipeline, &fixture->result, &fixture->err), TG_DATA);
    assert_string_equal(said.what, fixture->err.what);
    assert_string_equal(said.where, fixture->err.where);
    assert_int_equal(fs_remove_tree(fixture->workdir, &said), TG_OK);
}

static void keys_that_files_lack(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_resource keyed = {TG_RESOURCE_INIT, .write_disposition = TG_MERGE,
                                      .primary_key = "nope"};
    const struct tg_resource grouped = {TG_RESOURCE_INIT, .write_disposition = TG_MERGE,
                                        .merge_key = "nope"};
    const struct tg_resource moving = {TG_RESOURCE_INIT, .cursor_path = "nope"};
    put(fixture, "t.csv", "id\n1\n");
    put(fixture, "t.jsonl", "{\"id\": 1}\n");
    static const char *const files[] = {"t.csv", "t.jsonl"};
    for (size_t i = 0; i < 2; i++) {
        open_files(fixture, &keyed, files[i]);
        both_refuse(fixture, "column 'nope' of table 't' is part of the primary key");
        open_files(fixture, &grouped, files[i]);
        both_refuse(fixture, "column 'nope' of table 't' is part of the merge key");
        open_files(fixture, &moving, files[i]);
        both_refuse(fixture, "the cursor field 'nope' is missing");
    }
}

/* What stands behind the first rows is a run's to find: a check reads no file to its end. */
static void later_rows_are_not_read(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_resource plain = {TG_RESOURCE_INIT};
    enum { ROWS = 400000 };
    char *text = malloc(ROWS * 10 + 10), *at = text;
    for (size_t i = 0; i < ROWS; i++)
        at += sprintf(at, "{\"id\":1}\n");
    strcpy(at, "{oops\n");
    put(fixture, "t.jsonl", text);
    free(text);
    open_files(fixture, &plain, "t.jsonl");
    assert_done(fixture, tg_pipeline_check(fixture->pipeline, &fixture->err));
    assert_false(is_made(fixture));
    assert_int_equal(tg_pipeline_run(fixture->pipeline, &fixture->result, &fixture->err), TG_DATA);
}

/* A check that came before a run changes nothing of it. */
static void a_run_finds_all_that_check_has_seen(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_resource moving = {TG_RESOURCE_INIT, .cursor_path = "id"};
    put(fixture, "t.jsonl", "{\"id\": 1}\n{\"id\": 2}\n");
    open_files(fixture, &moving, "*.jsonl");
    assert_done(fixture, tg_pipeline_check(fixture->pipeline, &fixture->err));
    assert_done(fixture, tg_pipeline_run(fixture->pipeline, &fixture->result, &fixture->err));
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_inserted, 2);
    tg_result_free(fixture->result);
    fixture->result = NULL;
    put(fixture, "u.jsonl", "{\"id\": 3}\n");
    assert_done(fixture, tg_pipeline_check(fixture->pipeline, &fixture->err));
    assert_done(fixture, tg_pipeline_run(fixture->pipeline, &fixture->result, &fixture->err));
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_inserted, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keys_that_files_lack, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(later_rows_are_not_read, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_run_finds_all_that_check_has_seen, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests_name("fields", tests, NULL, NULL);
}
