/* What a run would read: a resource a line, with what its source knows of it. */
#include "tests/fixture.h"

static char *shown(struct fixture *fixture)
{
    struct ArrowArrayStream stream = {0};
    assert_done(fixture,
                tg_pipeline_show(fixture->pipeline, TG_SHOW_RESOURCES, &stream, &fixture->err));
    return fixture_rows(fixture, &stream, TG_CELL_TEXT);
}

static int read_nothing(struct tg_read *read, struct tg_error *err)
{
    (void)err;
    read->done = true;
    return TG_OK;
}

#define HEADER "resource,source,write_disposition,primary_key,merge_key,cursor,columns\n"

static void what_a_program_gives_is_shown(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_resource resources[] = {
        {.name = "n", .read = read_nothing, .cursor_path = "at.time"},
        {.name = "m",
         .read = read_nothing,
         .write_disposition = TG_MERGE,
         .primary_key = "id, region",
         .merge_key = "day"}};
    fixture_open(fixture, resources, 2);
    char *text = shown(fixture);
    assert_string_equal(text, HEADER "n,callback,append,,,at.time,\n"
                                     "m,callback,merge,\"id, region\",day,,\n");
    free(text);
}

static void execute(struct fixture *fixture, const char *sql)
{
    struct ArrowArrayStream stream = {0};
    assert_done(fixture, tg_pipeline_query(fixture->pipeline, sql, &stream, &fixture->err));
    free(fixture_rows(fixture, &stream, TG_CELL_TEXT));
}

static void open_tables(struct fixture *fixture, const char *resources)
{
    char spec[1200];
    snprintf(spec, sizeof(spec),
             "pipeline: tables\ndestination: duckdb:///%s/other.duckdb\nsource: {type: sql, "
             "connection: '%s', schema: s}\nresources:\n  %s\n",
             fixture->folder, fixture->destination, resources);
    tg_pipeline_free(fixture->pipeline);
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                                .workdir = fixture->workdir};
    assert_done(fixture, tg_pipeline_open_text(&fixture->pipeline, spec, fixture->folder, &options,
                                               &fixture->err));
}

/* Each table of a group by itself, its key and the number of its columns as the database has them;
 * what the spec says wins. */
static void what_a_database_has_is_shown(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t rows[][2] = {{1, 10}};
    struct numbers numbers = {.rows = rows, .count = 1};
    const struct tg_resource resource = {.name = "n", .read = read_numbers, .user = &numbers};
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    execute(fixture, "CREATE SCHEMA s");
    execute(fixture, "CREATE TABLE s.a (region INT, id INT, \"b\"\"c\" UUID, "
                     "PRIMARY KEY (id, region))");
    execute(fixture, "CREATE TABLE s.plain (t VARCHAR)");
    open_tables(fixture, "all: {tables: all}");
    char *text = shown(fixture);
    assert_string_equal(text, HEADER "a,sql,append,\"id, region\",,,3\n"
                                     "plain,sql,append,,,,1\n");
    free(text);
    open_tables(fixture, "b: {table: a, columns: {id: {nullable: true}}, primary_key: id, "
                         "write_disposition: merge, incremental: region}");
    text = shown(fixture);
    assert_string_equal(text, HEADER "b,sql,merge,id,,region,3\n");
    free(text);
}

/* As tg_pipeline_check: it fails as that does, and makes nothing. */
static void what_is_wrong_is_said(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_option path = {"path", "none.jsonl"};
    const struct tg_resource gone = {
        .name = "gone", .source = "files", .options = &path, .option_count = 1};
    struct ArrowArrayStream stream = {0};
    fixture_open(fixture, &gone, 1);
    assert_int_equal(tg_pipeline_show(fixture->pipeline, TG_SHOW_RESOURCES, &stream, &fixture->err),
                     TG_SOURCE);
    assert_null(stream.release);
    assert_string_equal(fixture->err.resource, "gone");
}

/* More than a batch holds. */
static void all_of_many_are_shown(void **state)
{
    enum { MANY = 2049 };
    struct fixture *fixture = *state;
    static char names[MANY][8];
    static struct tg_resource resources[MANY];
    for (size_t i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof(names[i]), "r%zu", i);
        resources[i] = (struct tg_resource){.name = names[i], .read = read_nothing};
    }
    fixture_open(fixture, resources, MANY);
    char *text = shown(fixture);
    size_t lines = 0;
    for (const char *at = text; *at; at++)
        lines += *at == '\n';
    assert_int_equal(lines, MANY + 1);
    assert_non_null(strstr(text, "\nr2048,callback,append,"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_program_gives_is_shown, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(what_a_database_has_is_shown, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_said, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(all_of_many_are_shown, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("show_resources", tests, NULL, NULL);
}
