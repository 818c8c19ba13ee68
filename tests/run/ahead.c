/*
 * Loads that are sealed one after the other and written later: what they leave is what as many runs
 * leave, to the letter of state and schema.
 */
#include "tests/postgres.h"
#include "tests/run/sealed.h"

#include <sys/wait.h>
#include <unistd.h>

static char *document(struct fixture *fixture, enum tg_document what)
{
    char *text = NULL;
    assert_done(fixture, tg_pipeline_document(fixture->pipeline, what, &text, &fixture->err));
    return text;
}

/* The state and the schema of the pipeline, to be compared with `other`; both are freed. */
struct left {
    char *state, *schema;
};

static struct left look(struct fixture *fixture)
{
    return (struct left){document(fixture, TG_DOCUMENT_STATE),
                         document(fixture, TG_DOCUMENT_SCHEMA)};
}

static void assert_same(struct left a, struct left b)
{
    assert_string_equal(a.state, b.state);
    assert_string_equal(a.schema, b.schema);
    tg_text_free(a.state);
    tg_text_free(a.schema);
    tg_text_free(b.state);
    tg_text_free(b.schema);
}

static void elsewhere(struct fixture *fixture)
{
    in_workdir(fixture, "other");
    snprintf(fixture->destination, sizeof(fixture->destination), "duckdb:///%s/other.duckdb",
             fixture->folder);
}

static const size_t steps[] = {2, 4, 4, 6, 9};
enum { STEPS = sizeof(steps) / sizeof(steps[0]) };

/* Rows at the last value have come before, one of them twice, and more of them come. */
static void a_chain_is_as_many_runs(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < STEPS; i++) {
        give(fixture, steps[i], BY_CURSOR);
        extract(fixture);
        assert_int_equal(*tg_result_load_id(fixture->result) != '\0', i != 2);
        assert_int_equal(told, i == 2 ? TG_OUTCOME_COMMITTED : TG_OUTCOME_SEALED);
    }
    assert_int_equal(count_in(fixture, "sealed"), STEPS - 1);
    for (size_t i = 0; i < STEPS - 1; i++) {
        write_next(fixture);
        assert_int_equal(tg_result_warning_count(fixture->result), 0);
    }
    write_next(fixture);
    assert_string_equal(tg_result_load_id(fixture->result), "");
    assert_query(fixture, "SELECT count(*) AS n, count(DISTINCT id) AS d FROM t", "n,d\n8,8\n");
    fixture_run(fixture);
    assert_string_equal(tg_result_load_id(fixture->result), "");
    struct left chained = look(fixture);
    elsewhere(fixture);
    for (size_t i = 0; i < STEPS; i++) {
        give(fixture, steps[i], BY_CURSOR);
        fixture_run(fixture);
    }
    assert_same(chained, look(fixture));
}

/* Some of them are written between the others. */
static void writes_come_between(void **state)
{
    struct fixture *fixture = *state;
    give(fixture, 2, BY_CURSOR);
    fixture_run(fixture);
    for (size_t i = 1; i < STEPS; i++) {
        give(fixture, steps[i], BY_CURSOR);
        extract(fixture);
        if (i % 2 == 0)
            write_next(fixture);
    }
    fixture_run(fixture); /* writes what waits */
    assert_int_equal(tg_result_settled_count(fixture->result), 1);
    assert_query(fixture, "SELECT count(*) AS n, count(DISTINCT id) AS d FROM t", "n,d\n8,8\n");
}

/* ---- shapes of data ---- */

/* Objects for each extract, one a line. */
static const char *page;

static int read_page(struct tg_read *read, struct tg_error *err)
{
    (void)err;
    for (const char *row = page; *row;) {
        const size_t len = strcspn(row, "\n");
        tg_rows_json(read->rows, row, len);
        row += len + (row[len] == '\n');
    }
    read->done = true;
    return TG_OK;
}

static void open_page(struct fixture *fixture, const struct tg_resource *more, const char *rows)
{
    struct tg_resource resource = *more;
    resource.name = "t";
    resource.read = read_page;
    page = rows;
    fixture_open(fixture, &resource, 1);
}

static const char *const pages[] = {
    "{\"id\":1,\"n\":1,\"list\":[1,2]}",
    "{\"id\":1,\"n\":2.5,\"s\":\"new\",\"list\":[3]}\n{\"id\":2,\"n\":3,\"list\":[]}",
    "{\"id\":2,\"n\":\"text\",\"deep\":{\"list\":[{\"a\":1}]}}\n{\"id\":3,\"s\":null}",
};
enum { PAGES = sizeof(pages) / sizeof(pages[0]) };

static void chain_pages(struct fixture *fixture, const struct tg_resource *resource, bool in_steps)
{
    for (size_t i = 0; i < PAGES; i++) {
        open_page(fixture, resource, pages[i]);
        if (in_steps)
            extract(fixture);
        else
            fixture_run(fixture);
    }
    for (size_t i = 0; in_steps && i < PAGES; i++) {
        write_next(fixture);
        assert_int_equal(tg_result_warning_count(fixture->result), 0);
    }
}

/* Tables, columns, wider types and nested tables that a load brings, which is not written yet. */
static void pending_tables_count_as_there(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_resource ways[] = {
        {.write_disposition = TG_APPEND},
        {.write_disposition = TG_REPLACE},
        {.write_disposition = TG_MERGE, .primary_key = "id"},
        {.write_disposition = TG_MERGE, .primary_key = "id", .merge_strategy = "upsert"},
        {.write_disposition = TG_MERGE, .primary_key = "id", .merge_strategy = "scd2"}};
    static const char rows[] = "SELECT id, count(*) AS n, count(s) AS s FROM t GROUP BY id "
                               "UNION ALL SELECT -1, count(*), sum(value) FROM t__list "
                               "UNION ALL SELECT -2, count(*), sum(a) FROM t__deep__list "
                               "ORDER BY id";
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        struct ArrowArrayStream stream = {0};
        in_workdir(fixture, "work");
        snprintf(fixture->destination, sizeof(fixture->destination), "duckdb:///%s/a%zu.duckdb",
                 fixture->folder, i);
        chain_pages(fixture, &ways[i], true);
        struct left chained = look(fixture);
        assert_done(fixture, tg_pipeline_query(fixture->pipeline, rows, &stream, &fixture->err));
        char *expected = fixture_rows(fixture, &stream, TG_CELL_TEXT);
        elsewhere(fixture);
        snprintf(fixture->destination, sizeof(fixture->destination), "duckdb:///%s/b%zu.duckdb",
                 fixture->folder, i);
        chain_pages(fixture, &ways[i], false);
        assert_query(fixture, rows, expected);
        assert_same(chained, look(fixture));
        free(expected);
    }
}

/* Here each load also waits for locks, and looks again when it has them. */
static void a_server_takes_a_chain(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_resource merged = {.write_disposition = TG_MERGE, .primary_key = "id"};
    snprintf(fixture->destination, sizeof(fixture->destination), "%s", postgres_uri());
    chain_pages(fixture, &merged, true);
    assert_query(fixture,
                 "SELECT count(*) AS n, (SELECT count(*) FROM t__list) AS list, "
                 "(SELECT count(DISTINCT _dlt_load_id) FROM t) AS loads FROM t",
                 "n,list,loads\n3,1,2\n");
}

/* ---- files ---- */

static void put_file(struct fixture *fixture, const char *name, const char *text)
{
    char path[600];
    snprintf(path, sizeof(path), "%s/%s", fixture->folder, name);
    assert_done(fixture, fs_write_file(path, text, strlen(text), &fixture->err));
}

static void open_files(struct fixture *fixture)
{
    char path[300];
    snprintf(path, sizeof(path), "%s/*.jsonl", fixture->folder);
    const struct tg_option options[] = {{"path", path}};
    const struct tg_resource resource = {
        .name = "f", .source = "files", .options = options, .option_count = 1};
    fixture_open(fixture, &resource, 1);
}

static void files_are_read_once(void **state)
{
    struct fixture *fixture = *state;
    char from[600], to[600];
    put_file(fixture, "a.jsonl", "{\"id\":1}\n");
    open_files(fixture);
    extract(fixture);
    put_file(fixture, "b.jsonl", "{\"id\":2}\n");
    extract(fixture);
    snprintf(from, sizeof(from), "%s/a.jsonl", fixture->folder);
    snprintf(to, sizeof(to), "%s/c.jsonl", fixture->folder);
    assert_int_equal(rename(from, to), 0); /* told by what is in it, though it is not there yet */
    put_file(fixture, "a.jsonl", "{\"id\":3}\n");
    extract(fixture);
    assert_int_equal(tg_result_file_count(fixture->result), 1);
    extract(fixture);
    assert_string_equal(tg_result_load_id(fixture->result), "");
    for (int i = 0; i < 3; i++)
        write_next(fixture);
    assert_query(fixture, "SELECT id FROM f ORDER BY id", "id\n1\n2\n3\n");
    fixture_run(fixture);
    assert_string_equal(tg_result_load_id(fixture->result), "");
}

/* ---- what cannot be followed ---- */

static void a_load_that_begins_anew_is_written_first(void **state)
{
    struct fixture *fixture = *state;
    give(fixture, 2, BY_CURSOR);
    fixture_run(fixture);
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                                .name = "test",
                                                .destination = fixture->destination,
                                                .dataset = "d",
                                                .workdir = fixture->workdir,
                                                .refresh = TG_REFRESH_DROP_DATA};
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "t", .read = read_numbers,
                                         .user = &growing, .cursor_path = "value"};
    tg_pipeline_free(fixture->pipeline);
    assert_done(fixture, tg_pipeline_new(&fixture->pipeline, &options, &fixture->err));
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resource, &fixture->err));
    extract(fixture);
    give(fixture, 4, BY_CURSOR);
    refused(fixture, try_extract(fixture), TG_CONFLICT, "it begins anew");
    write_next(fixture);
    extract(fixture);
    write_next(fixture);
    assert_query(fixture, "SELECT count(*) AS n FROM t", "n\n3\n");
}

/* Rows of another resource count as there, and so do those of the same one without a cursor. */
static void rows_of_others_are_seen(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_resource other = {.name = "o",
                                      .table_name = "t",
                                      .read = read_numbers,
                                      .user = &growing,
                                      .cursor_path = "value"};
    give(fixture, 2, &(const struct tg_resource){.write_disposition = TG_APPEND});
    extract(fixture);
    give(fixture, 4, BY_CURSOR);
    extract(fixture);
    fixture_open(fixture, &other, 1);
    refused(fixture, try_extract(fixture), TG_USAGE,
            "they are from resource 't' of pipeline 'test'");
    write_next(fixture);
    write_next(fixture);
    assert_query(fixture, "SELECT count(*) AS n FROM t", "n\n6\n");
}

static int64_t tied[60][2];

static void give_tied(struct fixture *fixture, size_t count)
{
    for (int64_t i = 0; i < 60; i++)
        tied[i][0] = i, tied[i][1] = 7;
    give(fixture, 0, BY_CURSOR);
    growing.rows = (const int64_t(*)[2])tied;
    growing.count = count;
}

static void many_ties_are_written_first(void **state)
{
    struct fixture *fixture = *state;
    setenv("TG_FORCE", "ties", 1); /* as if a few were many */
    give_tied(fixture, 40);
    extract(fixture);
    give_tied(fixture, 60);
    int rc = try_extract(fixture);
    refused(fixture, rc, TG_CONFLICT, "so many rows at a cursor's last value");
    write_next(fixture);
    extract(fixture);
    write_next(fixture);
    unsetenv("TG_FORCE");
    assert_query(fixture, "SELECT count(*) AS n, count(DISTINCT id) AS d FROM t", "n,d\n60,60\n");
}

/* What a source hands over again is asked of the destination by a run; here nothing would be left.
 */
static void rows_that_may_be_late_are_no_load(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_resource keyed = {
        .primary_key = "id", .cursor_path = "value", .write_disposition = TG_MERGE};
    give(fixture, 6, &keyed);
    extract(fixture);
    for (size_t count = 6; count <= 9; count += 3) {
        give(fixture, count, &keyed);
        extract(fixture);
        assert_int_equal(*tg_result_load_id(fixture->result) != '\0', count == 9);
    }
    assert_int_equal(count_in(fixture, "sealed"), 2);
    write_next(fixture);
    write_next(fixture);
    assert_query(fixture, "SELECT count(*) AS n, count(DISTINCT id) AS d FROM t", "n,d\n8,8\n");
}

/* Another machine has loaded since: what is sealed is not gone on from. */
static void one_that_is_passed_is_not_followed(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < 2; i++) {
        give(fixture, steps[i], BY_CURSOR);
        extract(fixture);
    }
    in_workdir(fixture, "other");
    give(fixture, 4, BY_CURSOR);
    fixture_run(fixture);
    in_workdir(fixture, "work");
    give(fixture, 9, BY_CURSOR);
    extract(fixture);
    assert_warned(fixture, "another run has loaded meanwhile");
    assert_warned(fixture, "is given up with it, and its rows are read again");
    assert_int_equal(count_in(fixture, "sealed"), 1);
    write_next(fixture);
    assert_query(fixture, "SELECT count(*) AS n, count(DISTINCT id) AS d FROM t", "n,d\n9,8\n");
}

/* ---- kills ---- */

static int extract_two(struct fixture *fixture)
{
    give(fixture, 4, BY_CURSOR);
    int rc = try_extract(fixture);
    if (rc != TG_OK)
        return rc;
    give(fixture, 9, BY_CURSOR);
    return try_extract(fixture);
}

static int write_all(struct fixture *fixture)
{
    int rc = TG_OK;
    give(fixture, 9, BY_CURSOR);
    do
        rc = try_write(fixture, NULL);
    while (rc == TG_OK && *tg_result_load_id(fixture->result));
    return rc;
}

/* DuckDB has threads, and a child of fork has none of them: the parent loads nothing before. */
static void killed_anywhere_each_row_is_loaded_once(void **state)
{
    struct fixture *fixture = *state;
    static const char *const points[] = {"before_seal",    "after_seal",     "before_seal:2",
                                         "after_seal:2",   "after_begin",    "before_commit",
                                         "after_commit",   "before_record",  "after_drop",
                                         "after_commit:2", "before_record:2"};
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        char name[20];
        snprintf(name, sizeof(name), "work%zu", i);
        in_workdir(fixture, name);
        snprintf(fixture->destination, sizeof(fixture->destination), "duckdb:///%s/%zu.duckdb",
                 fixture->folder, i);
        const bool extracting = killed_at(points[i], extract_two, fixture);
        const bool writing = killed_at(points[i], write_all, fixture);
        if (!extracting && !writing)
            fail_msg("%s is not reached", points[i]);
        assert_false(killed_at("none", extract_two, fixture));
        assert_false(killed_at("none", write_all, fixture));
    }
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        snprintf(fixture->destination, sizeof(fixture->destination), "duckdb:///%s/%zu.duckdb",
                 fixture->folder, i);
        give(fixture, 9, BY_CURSOR);
        assert_query(fixture, "SELECT count(*) AS n, count(DISTINCT id) AS d FROM t", "n,d\n9,8\n");
    }
}

/* ---- several schemas ---- */

/* The pipeline's schema `name`: its resource has the name of the other one's. */
static void give_of(struct fixture *fixture, const char *name, size_t count)
{
    growing = (struct numbers){.rows = moments, .count = count, .page_size = 2};
    const struct tg_schema_options schema = {TG_SCHEMA_OPTIONS_INIT, .name = name};
    const struct tg_pipeline_options options = {
        TG_PIPELINE_OPTIONS_INIT, .name = "test",    .destination = fixture->destination,
        .dataset = "d",           .schema = &schema, .workdir = fixture->workdir};
    const struct tg_resource resource = {TG_RESOURCE_INIT,      .name = "t",
                                         .table_name = name,    .read = read_numbers,
                                         .user = &growing,      .write_disposition = TG_APPEND,
                                         .cursor_path = "value"};
    tg_pipeline_free(fixture->pipeline);
    assert_done(fixture, tg_pipeline_new(&fixture->pipeline, &options, &fixture->err));
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resource, &fixture->err));
}

static const struct {
    const char *schema;
    size_t count;
} turns[] = {{"north", 2}, {"south", 4}, {"north", 4}, {"south", 9}, {"north", 9}};
enum { TURNS = sizeof(turns) / sizeof(turns[0]) };

/* Each load goes on from the one before, of whichever schema. */
static void schemas_take_turns(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < TURNS; i++) {
        give_of(fixture, turns[i].schema, turns[i].count);
        extract(fixture);
        assert_string_equal(tg_result_schema(fixture->result), turns[i].schema);
    }
    assert_int_equal(count_in(fixture, "sealed"), TURNS);
    for (size_t i = 0; i < TURNS; i++)
        write_next(fixture);
    assert_query(fixture,
                 "SELECT (SELECT count(*) FROM north) AS n, (SELECT count(*) FROM south) AS s",
                 "n,s\n8,9\n");
    struct left chained = look(fixture);
    give_of(fixture, "south", 9);
    struct left of_south = look(fixture);
    elsewhere(fixture);
    for (size_t i = 0; i < TURNS; i++) {
        give_of(fixture, turns[i].schema, turns[i].count);
        fixture_run(fixture);
    }
    assert_same(chained, look(fixture));
    give_of(fixture, "south", 9);
    assert_same(of_south, look(fixture));
}

/* They stand in the state before they have a load. */
static void others_are_entered(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_schema_options schema = {TG_SCHEMA_OPTIONS_INIT, .name = "north",
                                             .others = "south, East"};
    const struct tg_pipeline_options options = {
        TG_PIPELINE_OPTIONS_INIT, .name = "test",    .destination = fixture->destination,
        .dataset = "d",           .schema = &schema, .workdir = fixture->workdir};
    assert_done(fixture, tg_pipeline_new(&fixture->pipeline, &options, &fixture->err));
    fixture_run(fixture);
    assert_true(tg_result_state_changed(fixture->result));
    assert_int_equal(tg_result_package_file_count(fixture->result), 0);
    fixture_run(fixture);
    assert_string_equal(tg_result_load_id(fixture->result), "");
    char *text = document(fixture, TG_DOCUMENT_STATE);
    assert_non_null(strstr(text, "\"default_schema_name\": \"north\""));
    assert_non_null(strstr(text, "\"East\",\n    \"north\",\n    \"south\"\n"));
    tg_text_free(text);
}

static int extract_schemas(struct fixture *fixture)
{
    give_of(fixture, "north", 9);
    int rc = try_extract(fixture);
    give_of(fixture, "south", 9);
    return rc == TG_OK ? try_extract(fixture) : rc;
}

/* Those of one schema come with those of the other, or without. */
static void killed_between_schemas_each_row_is_loaded_once(void **state)
{
    struct fixture *fixture = *state;
    static const char *const points[] = {"after_seal",      "before_seal:2", "after_seal:2",
                                         "before_commit",   "after_commit",  "after_drop",
                                         "before_commit:2", "after_commit:2"};
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        char name[20];
        snprintf(name, sizeof(name), "work%zu", i);
        in_workdir(fixture, name);
        snprintf(fixture->destination, sizeof(fixture->destination), "duckdb:///%s/%zu.duckdb",
                 fixture->folder, i);
        const bool extracting = killed_at(points[i], extract_schemas, fixture);
        const bool writing = killed_at(points[i], write_all, fixture);
        if (!extracting && !writing)
            fail_msg("%s is not reached", points[i]);
        assert_false(killed_at("none", extract_schemas, fixture));
        assert_false(killed_at("none", write_all, fixture));
    }
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        snprintf(fixture->destination, sizeof(fixture->destination), "duckdb:///%s/%zu.duckdb",
                 fixture->folder, i);
        give_of(fixture, "north", 9);
        assert_query(fixture,
                     "SELECT (SELECT count(*) FROM north) AS n, (SELECT count(*) FROM south) AS s",
                     "n,s\n9,9\n");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(killed_anywhere_each_row_is_loaded_once),
        fixture_test(killed_between_schemas_each_row_is_loaded_once),
        fixture_test(schemas_take_turns),
        fixture_test(others_are_entered),
        fixture_test(a_chain_is_as_many_runs),
        fixture_test(writes_come_between),
        fixture_test(pending_tables_count_as_there),
        fixture_test(a_server_takes_a_chain),
        fixture_test(files_are_read_once),
        fixture_test(a_load_that_begins_anew_is_written_first),
        fixture_test(one_that_is_passed_is_not_followed),
        fixture_test(rows_of_others_are_seen),
        fixture_test(many_ties_are_written_first),
        fixture_test(rows_that_may_be_late_are_no_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
