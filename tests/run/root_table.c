/* What a resource says of its table: names, hints in the stored schema, contracts, keys. */
#include "tests/fixture.h"

static const int64_t two[][2] = {{1, 10}, {2, 20}};

#define STORED(path)                                                                               \
    "SELECT schema ->> '" path "' AS x FROM _dlt_version ORDER BY inserted_at DESC LIMIT 1"

static struct tg_resource resource_of(struct numbers *numbers)
{
    *numbers = (struct numbers){.rows = two, .count = 2};
    return (struct tg_resource){TG_RESOURCE_INIT, .name = "n", .read = read_numbers,
                                .user = numbers};
}

static void hints_go_into_the_stored_schema(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    const struct tg_column columns[] = {{.name = "Value",
                                         .description = "it's \"so\"",
                                         .unique = true,
                                         .partition = true,
                                         .sort = true,
                                         .hints = "{\"x-a\": [1, {\"b\": null}]}"}};
    struct tg_resource resource = resource_of(&numbers);
    resource.columns = columns;
    resource.column_count = 1;
    resource.description = "numbers";
    resource.hints =
        "{\"x-owner\": \"me\", \"references\": [{\"referenced_table\": \"Other Table\","
        " \"columns\": [\"Id\"], \"referenced_columns\": [\"otherId\"]}]}";
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_query(fixture, STORED("$.tables.n.description"), "x\nnumbers\n");
    assert_query(fixture, STORED("$.tables.n.x-owner"), "x\nme\n");
    assert_query(fixture, STORED("$.tables.n.references"),
                 "x\n\"[{\"\"referenced_table\"\":\"\"other_table\"\",\"\"columns\"\":[\"\"id\"\"],"
                 "\"\"referenced_columns\"\":[\"\"other_id\"\"]}]\"\n");
    assert_query(fixture, STORED("$.tables.n.columns.value.description"),
                 "x\n\"it's \"\"so\"\"\"\n");
    assert_query(fixture, STORED("$.tables.n.columns.value.partition"), "x\ntrue\n");
    assert_query(fixture, STORED("$.tables.n.columns.value.sort"), "x\ntrue\n");
    assert_query(fixture, STORED("$.tables.n.columns.value.unique"), "x\ntrue\n");
    assert_query(fixture, STORED("$.tables.n.columns.value.x-a"), "x\n\"[1,{\"\"b\"\":null}]\"\n");
}

static void names_follow_the_convention(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    const struct tg_schema_options schema = {TG_SCHEMA_OPTIONS_INIT, .naming = "direct"};
    struct tg_resource resource = resource_of(&numbers);
    resource.table_name = "Big Table";
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                                .name = "test",
                                                .destination = fixture->destination,
                                                .dataset = "d",
                                                .workdir = fixture->workdir,
                                                .schema = &schema};
    assert_done(fixture, tg_pipeline_new(&fixture->pipeline, &options, &fixture->err));
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resource, &fixture->err));
    fixture_run(fixture);
    assert_query(fixture, "SELECT id FROM \"Big Table\" ORDER BY id", "id\n1\n2\n");
    assert_query(fixture, STORED("$.normalizers.names"), "x\ndirect\n");
    /* the stored convention holds where nothing is said */
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_query(fixture, "SELECT count(*) AS n FROM \"Big Table\"", "n\n4\n");
}

static void contracts_by_level(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    const struct tg_column narrow[] = {{.name = "id"}};
    struct tg_resource resource = resource_of(&numbers);
    resource.columns = narrow;
    resource.column_count = 1;
    resource.schema_contract.tables = TG_CONTRACT_FREEZE;
    fixture_open(fixture, &resource, 1);
    assert_int_equal(fixture_try(fixture), TG_CONTRACT);
    assert_int_equal(tg_code_exit(fixture->err.code), 4);
    assert_non_null(strstr(fixture->err.what, "'n'"));
    /* the run's word is the last one */
    const struct tg_pipeline_options options = {
        TG_PIPELINE_OPTIONS_INIT,
        .name = "test",
        .destination = fixture->destination,
        .dataset = "d",
        .workdir = fixture->workdir,
        .schema_contract = {.tables = TG_CONTRACT_EVOLVE, .columns = TG_CONTRACT_EVOLVE}};
    tg_pipeline_free(fixture->pipeline);
    assert_done(fixture, tg_pipeline_new(&fixture->pipeline, &options, &fixture->err));
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resource, &fixture->err));
    fixture_run(fixture);
    assert_query(fixture, "SELECT id, value FROM n ORDER BY id", "id,value\n1,10\n2,20\n");
}

static void discarded_tables_are_not_made(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    struct tg_resource resource = resource_of(&numbers);
    resource.schema_contract.tables = TG_CONTRACT_DISCARD_ROW;
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_read, 2);
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_new, 0);
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_rejected, 2);
    assert_query(
        fixture, "SELECT document FROM _tidegate_rejects ORDER BY document",
        "document\n\"{\"\"id\"\":1,\"\"value\"\":10}\"\n\"{\"\"id\"\":2,\"\"value\"\":20}\"\n");
    assert_query(fixture,
                 "SELECT count(*) AS n FROM information_schema.tables WHERE table_name = 'n'",
                 "n\n0\n");
}

static void ids_of_keys_stay(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers;
    struct tg_resource resource = resource_of(&numbers);
    resource.row_ids = TG_ROW_IDS_KEY;
    resource.write_disposition = TG_MERGE;
    resource.primary_key = "id";
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    fixture_run(fixture);
    assert_query(fixture, "SELECT _dlt_id FROM n WHERE id = 1", "_dlt_id\nz5jIxXIbUnmbKw\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hints_go_into_the_stored_schema, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(names_follow_the_convention, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(contracts_by_level, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(discarded_tables_are_not_made, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(ids_of_keys_stay, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("hints", tests, NULL, NULL);
}
