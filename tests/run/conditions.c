/* Conditions that are no SQL are told of before anything is read. */
#include "tests/fixture.h"

static int reads;

static int count_reads(struct tg_read *read, struct tg_error *err)
{
    reads++;
    return read_numbers(read, err);
}

static void run_with(struct fixture *fixture, const char *filter, const char *scope, int code,
                     const char *what)
{
    struct numbers numbers = {.rows = (const int64_t[][2]){{1, 1}}, .count = 1};
    const struct tg_resource resource = {TG_RESOURCE_INIT,        .name = "n",
                                         .read = count_reads,     .user = &numbers,
                                         .primary_key = "id",     .write_disposition = TG_MERGE,
                                         .source_filter = filter, .destination_scope = scope};
    fixture_open(fixture, &resource, 1);
    reads = 0;
    assert_int_equal(tg_pipeline_run(fixture->pipeline, NULL, &fixture->err), code);
    if (what && !strstr(fixture->err.what, what))
        fail_msg("'%s' instead of '%s'", fixture->err.what, what);
    assert_int_equal(reads > 0, code != TG_SPEC);
}

static void what_is_no_sql(void **state)
{
    struct fixture *fixture = *state;
    run_with(fixture, "id >", NULL, TG_SPEC, "yntax error");
    assert_string_equal(fixture->err.resource, "n");
    assert_non_null(strstr(fixture->err.where, "source_filter"));
    run_with(fixture, "{staging_table}.id > 0", NULL, TG_OK, NULL);
    run_with(fixture, NULL, "id >", TG_SPEC, "yntax error");
    assert_non_null(strstr(fixture->err.where, "destination_scope"));
    /* What it names is known when the load is written. */
    run_with(fixture, NULL, "none > 1", TG_DESTINATION, "none");
    run_with(fixture, NULL, "{table}.id > 0", TG_OK, NULL);
    assert_query(fixture, "SELECT count(*) AS n FROM n", "n\n1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_no_sql, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("conditions", tests, NULL, NULL);
}
