/* What the caller of a run is told: changes, files, times; warnings, of a run that went well and of
 * one that did not. */
#include <unistd.h>

#include "tests/fixture.h"

static void open_spec(struct fixture *fixture, const char *resources)
{
    char path[400], spec[1000];
    snprintf(path, sizeof(path), "%s/spec.yaml", fixture->folder);
    int len = snprintf(spec, sizeof(spec),
                       "pipeline: test\ndestination: %s\ndataset: d\nsource: {type: files}\n"
                       "resources:\n  %s\n",
                       fixture->destination, resources);
    assert_done(fixture, fs_write_file(path, spec, (size_t)len, &fixture->err));
    tg_pipeline_free(fixture->pipeline);
    assert_done(fixture, tg_pipeline_open(&fixture->pipeline, path, NULL, &fixture->err));
}

static void a_warning_is_in_the_result_of_its_run_alone(void **state)
{
    struct fixture *fixture = *state;
    open_spec(fixture, "none: {path: 'none-*.jsonl'}");
    for (int run = 0; run < 2; run++) {
        fixture_run(fixture);
        assert_int_equal(tg_result_warning_count(fixture->result), 1);
        assert_int_equal(tg_result_warning_cut_count(fixture->result), 0);
        assert_non_null(strstr(tg_result_warning(fixture->result, 0), "none-*.jsonl"));
    }
    assert_null(tg_result_warning(fixture->result, 1));
}

static void a_run_that_fails_leaves_its_warnings(void **state)
{
    struct fixture *fixture = *state;
    open_spec(fixture, "none: {path: 'none-*.jsonl'}\n  gone: {path: gone.jsonl}");
    assert_int_equal(fixture_try(fixture), TG_SOURCE);
    assert_int_equal(tg_result_warning_count(fixture->result), 1);
    assert_string_equal(tg_result_load_id(fixture->result), "");
    assert_int_equal(tg_result_table_count(fixture->result), 0);
}

static void without_warnings_there_are_none(void **state)
{
    struct fixture *fixture = *state;
    open_spec(fixture, "gone: {path: gone.jsonl}");
    assert_int_equal(fixture_try(fixture), TG_SOURCE);
    assert_int_equal(tg_result_warning_count(fixture->result), 0);
    assert_null(fixture->result);
}

static void assert_changes(const struct tg_result *result, const char *expected)
{
    char text[400] = "";
    for (size_t i = 0; i < tg_result_change_count(result); i++) {
        const struct tg_schema_change *change = tg_result_change(result, i);
        size_t len = strlen(text);
        snprintf(text + len, sizeof(text) - len, "%s.%s:%s ", change->table,
                 change->column ? change->column : "", change->data_type ? change->data_type : "");
    }
    assert_string_equal(text, expected);
}

static void what_the_schema_has_learnt_is_told_once(void **state)
{
    struct fixture *fixture = *state;
    char path[400];
    static const char first[] = "{\"id\":1,\"tags\":[\"a\"],\"later\":null}\n",
                      second[] = "{\"id\":2,\"later\":1.5,\"list\":[1]}\n";
    snprintf(path, sizeof(path), "%s/a.jsonl", fixture->folder);
    assert_done(fixture, fs_write_file(path, first, sizeof(first) - 1, &fixture->err));
    open_spec(fixture, "t: {path: '*.jsonl'}");
    fixture_run(fixture);
    assert_changes(fixture->result,
                   "t.: t.id:bigint t._dlt_load_id:text t._dlt_id:text t__tags.: "
                   "t__tags.value:text t__tags._dlt_parent_id:text t__tags._dlt_list_idx:bigint "
                   "t__tags._dlt_id:text ");
    assert_string_equal(tg_result_schema(fixture->result), "test");
    assert_int_equal(tg_result_file_count(fixture->result), 1);
    assert_string_equal(tg_result_file(fixture->result, 0)->path, "a.jsonl");
    assert_string_equal(tg_result_file(fixture->result, 0)->resource, "t");
    assert_int_equal(tg_result_file(fixture->result, 0)->bytes, sizeof(first) - 1);
    assert_int_equal(tg_result_file(fixture->result, 0)->rows, 1);
    const struct tg_package_file *file = tg_result_package_file(fixture->result, 0);
    assert_string_equal(file->table, "t");
    assert_string_equal(file->name, "t.1.parquet");
    assert_int_equal(file->rows, 1);
    assert_true(file->bytes > 0);
    fixture_run(fixture);
    assert_changes(fixture->result, "");
    assert_int_equal(tg_result_file_count(fixture->result), 0);
    snprintf(path, sizeof(path), "%s/b.jsonl", fixture->folder);
    assert_done(fixture, fs_write_file(path, second, sizeof(second) - 1, &fixture->err));
    fixture_run(fixture);
    assert_changes(fixture->result, "t.later:double t__list.: t__list.value:bigint "
                                    "t__list._dlt_parent_id:text t__list._dlt_list_idx:bigint "
                                    "t__list._dlt_id:text ");
}

static void write_file(struct fixture *fixture, const char *name, const char *text)
{
    char path[400];
    snprintf(path, sizeof(path), "%s/%s", fixture->folder, name);
    assert_done(fixture, fs_write_file(path, text, strlen(text), &fixture->err));
}

/* Not those that are known by their text (written again, copied), but one that was renamed and has
 * grown. */
static void files_that_were_read_are_told(void **state)
{
    struct fixture *fixture = *state;
    char path[400];
    write_file(fixture, "a.jsonl", "{\"id\":1}\n");
    open_spec(fixture, "t: {path: '*.jsonl', same_content: skip}");
    fixture_run(fixture);
    assert_int_equal(tg_result_file_count(fixture->result), 1);
    snprintf(path, sizeof(path), "%s/a.jsonl", fixture->folder);
    assert_int_equal(unlink(path), 0);
    write_file(fixture, "a.jsonl", "{\"id\":1}\n");
    write_file(fixture, "copy.jsonl", "{\"id\":1}\n");
    fixture_run(fixture);
    assert_string_not_equal(tg_result_load_id(fixture->result), "");
    assert_int_equal(tg_result_file_count(fixture->result), 0);
    assert_int_equal(unlink(path), 0);
    write_file(fixture, "b.jsonl", "{\"id\":1}\n{\"id\":2}\n");
    fixture_run(fixture);
    assert_int_equal(tg_result_file_count(fixture->result), 1);
    assert_string_equal(tg_result_file(fixture->result, 0)->path, "b.jsonl");
}

static const struct tg_schema_change *find_change(const struct tg_result *result,
                                                  const char *column)
{
    const struct tg_schema_change *change;
    for (size_t i = 0; (change = tg_result_change(result, i)); i++)
        if (change->column && strcmp(change->column, column) == 0)
            return change;
    fail_msg("no change of %s", column);
    return NULL;
}

static void wider_columns_and_variants_are_told(void **state)
{
    struct fixture *fixture = *state;
    write_file(fixture, "a.jsonl", "{\"id\":1,\"v\":2,\"p\":1.5}\n");
    open_spec(fixture, "t: {path: '*.jsonl'}");
    fixture_run(fixture);
    assert_null(find_change(fixture->result, "v")->type_before);
    assert_string_equal(find_change(fixture->result, "v")->type, "bigint");
    assert_null(find_change(fixture->result, "v")->variant_of);
    write_file(fixture, "b.jsonl", "{\"id\":99999999999999999999,\"v\":2.5,\"p\":\"x\"}\n");
    fixture_run(fixture);
    assert_int_equal(tg_result_change_count(fixture->result), 3);
    const struct tg_schema_change *wider = find_change(fixture->result, "id");
    assert_string_equal(wider->data_type, "decimal");
    assert_string_equal(wider->type, "decimal(38,0)");
    assert_string_equal(wider->type_before, "bigint");
    assert_string_equal(find_change(fixture->result, "v")->type_before, "bigint");
    const struct tg_schema_change *variant = find_change(fixture->result, "p__v_text");
    assert_string_equal(variant->variant_of, "p");
    assert_null(variant->type_before);
    fixture_run(fixture);
    assert_int_equal(tg_result_change_count(fixture->result), 0);
}

static void why_files_were_read_is_told(void **state)
{
    struct fixture *fixture = *state;
    write_file(fixture, "a.jsonl", "{\"id\":1}\n");
    write_file(fixture, "b.jsonl", "{\"id\":2}\n");
    open_spec(fixture, "t: {path: '*.jsonl'}");
    fixture_run(fixture);
    assert_int_equal(tg_result_file(fixture->result, 0)->news, TG_FILE_NEW);
    write_file(fixture, "a.jsonl", "{\"id\":1}\n{\"id\":3}\n");
    write_file(fixture, "b.jsonl", "{\"id\":4}\n");
    write_file(fixture, "c.jsonl", "{\"id\":5}\n");
    fixture_run(fixture);
    assert_int_equal(tg_result_file_count(fixture->result), 3);
    assert_int_equal(tg_result_file(fixture->result, 0)->news, TG_FILE_GROWN);
    assert_int_equal(tg_result_file(fixture->result, 1)->news, TG_FILE_REWRITTEN);
    assert_int_equal(tg_result_file(fixture->result, 2)->news, TG_FILE_NEW);
    open_spec(fixture, "t: {path: '*.jsonl', on_grown: all}");
    write_file(fixture, "c.jsonl", "{\"id\":5}\n{\"id\":6}\n");
    fixture_run(fixture);
    assert_int_equal(tg_result_file(fixture->result, 0)->news, TG_FILE_GROWN_AGAIN);
}

/* By the table that they were going to: how many, and the first. */
static void what_was_rejected_is_told(void **state)
{
    struct fixture *fixture = *state;
    write_file(fixture, "a.jsonl", "{\"k\":1}\n{\"k\":null,\"v\":1}\n{\"v\":2}\n");
    write_file(fixture, "b.jsonl", "{\"k\":null}\n{\"k\":4}\n");
    open_spec(fixture, "a: {path: a.jsonl, on_bad_row: reject, columns: {k: {nullable: false}}}\n"
                       "  b: {path: b.jsonl, on_bad_row: reject, columns: {k: {nullable: false}}}");
    fixture_run(fixture);
    assert_int_equal(tg_result_reject_count(fixture->result), 2);
    const struct tg_reject_info *first = tg_result_reject(fixture->result, 0);
    assert_string_equal(first->resource, "a");
    assert_string_equal(first->table, "a");
    assert_int_equal(first->rows, 2);
    assert_non_null(strstr(first->place, "a.jsonl', line 2"));
    assert_non_null(strstr(first->reason, "NOT NULL"));
    assert_int_equal(tg_result_reject(fixture->result, 1)->rows, 1);
    assert_null(tg_result_reject(fixture->result, 2));
    fixture_run(fixture);
    assert_int_equal(tg_result_reject_count(fixture->result), 0);
}

static void times_and_bytes_are_told(void **state)
{
    struct fixture *fixture = *state;
    char path[400];
    double sum = 0;
    snprintf(path, sizeof(path), "%s/a.jsonl", fixture->folder);
    assert_done(fixture, fs_write_file(path, "{\"id\":1}\n", 9, &fixture->err));
    open_spec(fixture, "t: {path: '*.jsonl'}");
    fixture_run(fixture);
    const struct tg_resource_info *resource = tg_result_resource(fixture->result, 0);
    assert_int_equal(tg_result_resource_count(fixture->result), 1);
    assert_string_equal(resource->name, "t");
    assert_string_equal(resource->table, "t");
    assert_int_equal(resource->rows_read, 1);
    assert_int_equal(resource->bytes_read, 9);
    assert_true(resource->seconds > 0);
    for (int phase = TG_PHASE_SETTLE; phase < TG_PHASE_DONE; phase++) {
        assert_true(tg_result_phase_seconds(fixture->result, (enum tg_phase)phase) > 0);
        sum += tg_result_phase_seconds(fixture->result, (enum tg_phase)phase);
    }
    assert_true(sum <= tg_result_seconds(fixture->result));
    assert_true(tg_result_started(fixture->result) > INT64_C(1700000000000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_the_schema_has_learnt_is_told_once, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(files_that_were_read_are_told, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(wider_columns_and_variants_are_told, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(why_files_were_read_is_told, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(what_was_rejected_is_told, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(times_and_bytes_are_told, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_warning_is_in_the_result_of_its_run_alone, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_run_that_fails_leaves_its_warnings, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(without_warnings_there_are_none, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests_name("result", tests, NULL, NULL);
}
