/* The schema as YAML files: written after loads, taken over before them. */
#include "tests/fixture.h"

#include "base/buf.h"

static const int64_t one[][2] = {{1, 10}};

static void open_with(struct fixture *fixture, struct numbers *numbers, const char *import_path,
                      const char *export_path)
{
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "n", .read = read_numbers,
                                         .user = numbers};
    const struct tg_schema_options schema = {TG_SCHEMA_OPTIONS_INIT, .import_path = import_path,
                                             .export_path = export_path};
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                                .name = "test",
                                                .destination = fixture->destination,
                                                .dataset = "d",
                                                .workdir = fixture->workdir,
                                                .schema = &schema};
    *numbers = (struct numbers){.rows = one, .count = 1};
    tg_pipeline_free(fixture->pipeline);
    assert_done(fixture, tg_pipeline_new(&fixture->pipeline, &options, &fixture->err));
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resource, &fixture->err));
}

static void read_schema(const struct fixture *fixture, const char *folder, struct buf *out)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s/test.schema.yaml", fixture->folder, folder);
    buf_clear(out);
    assert_int_equal(fs_read_file(path, out, NULL), TG_OK);
}

static void write_schema(const struct fixture *fixture, const char *folder, const char *text)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s/test.schema.yaml", fixture->folder, folder);
    assert_int_equal(fs_write_file(path, text, strlen(text), NULL), TG_OK);
}

static void files_are_written(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    struct buf first = BUF_INIT, again = BUF_INIT;
    char in[320], out[320];
    snprintf(in, sizeof(in), "%s/in", fixture->folder);
    snprintf(out, sizeof(out), "%s/out", fixture->folder);
    open_with(fixture, &numbers, in, out);
    fixture_run(fixture);
    read_schema(fixture, "out", &first);
    assert_non_null(strstr(buf_string(&first), "value:"));
    read_schema(fixture, "in", &again); /* it was missing */
    assert_non_null(strstr(buf_string(&again), "value:"));
    assert_null(strstr(buf_string(&again), "seen-data"));
    write_schema(fixture, "out", "gone: 1\n");
    fixture_run(fixture);
    read_schema(fixture, "out", &again);
    assert_non_null(strstr(buf_string(&again), "value:"));
    buf_release(&first);
    buf_release(&again);
}

static void an_edited_file_is_taken_over(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    struct buf text = BUF_INIT;
    char in[320];
    snprintf(in, sizeof(in), "%s/in", fixture->folder);
    open_with(fixture, &numbers, in, NULL);
    fixture_run(fixture);
    read_schema(fixture, "in", &text);
    char *place = strstr(buf_string(&text), "    resource: n\n");
    assert_non_null(place);
    struct buf edited = BUF_INIT;
    buf_append(&edited, text.data, (size_t)(place - text.data));
    buf_text(&edited, "    schema_contract:\n      data_type: freeze\n");
    buf_text(&edited, place);
    write_schema(fixture, "in", buf_string(&edited));
    fixture_run(fixture);
    assert_query(fixture,
                 "SELECT schema ->> '$.tables.n.schema_contract.data_type' AS x FROM _dlt_version "
                 "ORDER BY inserted_at DESC LIMIT 1",
                 "x\nfreeze\n");
    buf_release(&text);
    buf_release(&edited);
}

static void a_broken_file_is_named(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    char in[320];
    snprintf(in, sizeof(in), "%s/in", fixture->folder);
    open_with(fixture, &numbers, in, NULL);
    fixture_run(fixture);
    write_schema(fixture, "in", "tables: [1,\n");
    assert_int_not_equal(fixture_try(fixture), TG_OK);
    char said[2048];
    snprintf(said, sizeof(said), "%s %s", fixture->err.where, fixture->err.what);
    assert_non_null(strstr(said, "test.schema.yaml"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_are_written, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(an_edited_file_is_taken_over, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_broken_file_is_named, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("schema_file", tests, NULL, NULL);
}
