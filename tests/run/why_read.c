/* What a run would do with a row of the source: each rule by its name, over both databases. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fixture.h"
#include "tests/postgres.h"

static void put_file(const struct fixture *fixture, const char *name, const char *text)
{
    char path[400];
    snprintf(path, sizeof(path), "%s/%s", fixture->folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* A pipeline of one resource, which may be only looked at. */
static void open_as(struct fixture *fixture, const char *source, const char *resource,
                    int read_only)
{
    char spec[2000], path[400];
    const struct tg_pipeline_options options = {
        TG_PIPELINE_OPTIONS_INIT, .workdir = fixture->workdir, .read_only = read_only};
    snprintf(spec, sizeof(spec),
             "pipeline: test\ndestination: %s\ndataset: d\nsource: {%s}\n"
             "resources:\n  %s\n",
             fixture->destination, source, resource);
    put_file(fixture, "spec.yaml", spec);
    snprintf(path, sizeof(path), "%s/spec.yaml", fixture->folder);
    tg_pipeline_free(fixture->pipeline);
    fixture->pipeline = NULL;
    assert_done(fixture, tg_pipeline_open(&fixture->pipeline, path, &options, &fixture->err));
}

#define FILES "type: files, root: ."

static char *why(struct fixture *fixture, const char *resource, const char *key)
{
    struct ArrowArrayStream stream = {0};
    const struct tg_why_options options = {TG_WHY_OPTIONS_INIT, .resource = resource, .key = key,
                                           .read = 1};
    assert_done(fixture, tg_pipeline_why(fixture->pipeline, &options, &stream, &fixture->err));
    return fixture_rows(fixture, &stream, TG_CELL_TEXT);
}

static void tells(struct fixture *fixture, const char *resource, const char *key, const char *fact,
                  const char *words)
{
    char *text = why(fixture, resource, key);
    const char *line = strstr(text, fact);
    if (!line || !strstr(line, words))
        fail_msg("'%s: %s' is not said of %s in: %s", fact, words, key, text);
    free(text);
}

/* With the resource as it is loaded, and as it is asked about. */
static void loaded(struct fixture *fixture, const char *source, const char *resource,
                   const char *asked)
{
    open_as(fixture, source, resource, 0);
    fixture_run(fixture);
    open_as(fixture, source, asked, 1);
}

static void by_the_cursor(struct fixture *fixture)
{
    static const char one[] = "c: {path: c.jsonl, write_disposition: merge, primary_key: id, "
                              "incremental: {cursor: at, on_cursor_value_missing: exclude}}";
    put_file(fixture, "c.jsonl",
             "{\"id\": 1, \"at\": 3, \"Who\": {\"Name\": \"Ada\"}}\n{\"id\": 2, \"at\": 5}\n"
             "{\"id\": 3, \"at\": null}\n{\"id\": 3}\n");
    loaded(fixture, FILES, one, one);
    tells(fixture, "c", "1", "source_below",
          "c.jsonl', line 1) is left out by the cursor: its at, 3, lies before the start 5 "
          "(as far as earlier runs have come)");
    tells(fixture, "c", "who__name=Ada", "source_below", "line 1");
    tells(fixture, "c", "2", "source_known", "its at, 5, is the start, and by its hash");
    tells(fixture, "c", "3", "source_without", "line 3");
    tells(fixture, "c", "3", "source_without", "line 4");
    tells(fixture, "c", "9", "source_absent", "no row of it has this key (rows: 4)");
    put_file(fixture, "c.jsonl", "{\"id\": 2, \"at\": 6}\n{\"id\": 2.0, \"at\": 7}\n");
    tells(fixture, "c", "02", "source_passes", "in the place of the one that is there");
    tells(fixture, "c", "2", "source_deduplicated", "of these 2 rows");
    tells(fixture, "c", "2", "source_deduplicated", "the last one that is read");
    open_as(fixture, FILES,
            "c: {path: c.jsonl, write_disposition: merge, primary_key: id, "
            "incremental: {cursor: at, initial_value: 7, end_value: 9}}",
            1);
    put_file(fixture, "c.jsonl", "{\"id\": 1, \"at\": 9}\n{\"id\": 2, \"at\": 6}\n{\"id\": 3}\n");
    tells(fixture, "c", "1", "source_beyond", "its at, 9, lies beyond the end 9");
    tells(fixture, "c", "2", "source_below",
          "its at, 6, lies before the start 7 (its initial value)");
    tells(fixture, "c", "3", "source_fails", "the cursor field 'at' is missing");
}

/* A run stops at the first row that its cursor does not want; others behind it are not read. */
static void by_the_end_of_an_order(struct fixture *fixture)
{
    put_file(fixture, "o.jsonl",
             "{\"id\": 1, \"at\": 1}\n{\"id\": 1, \"at\": 4}\n{\"id\": 1, \"at\": 7}\n"
             "{\"id\": 1, \"at\": 8}\n{\"id\": 2, \"at\": 9}\n");
    open_as(fixture, FILES,
            "o: {path: o.jsonl, incremental: {cursor: at, initial_value: 3, end_value: 6, "
            "row_order: asc}}",
            1);
    tells(fixture, "o", "id=1", "source_below", "line 1");
    tells(fixture, "o", "id=1", "source_passes", "line 2");
    tells(fixture, "o", "id=1", "source_beyond", "its at, 7, lies beyond the end 6");
    tells(fixture, "o", "id=1", "source_unread", "line 4) is not read: by row_order a run stops");
    tells(fixture, "o", "id=2", "source_beyond", "its at, 9, lies beyond");
    put_file(fixture, "o.jsonl", "{\"id\": 1, \"at\": 7}\n{\"id\": 2, \"at\": 1}\n");
    open_as(fixture, FILES,
            "o: {path: o.jsonl, incremental: {cursor: at, initial_value: 3, row_order: desc}}", 1);
    tells(fixture, "o", "id=1", "source_passes", "line 1");
    tells(fixture, "o", "id=2", "source_below", "its at, 1, lies before the start 3");
}

/* Rows of another key may take it along, and those are not followed. */
static void by_the_cursor_of_a_group(struct fixture *fixture)
{
    static const char apart[] = "apart: {path: g.jsonl, write_disposition: merge, merge_key: day, "
                                "incremental: {cursor: at}}";
    static const char shared[] = "shared: {path: g.jsonl, write_disposition: merge, merge_key: at, "
                                 "incremental: {cursor: at}}";
    static const char note[] =
        "another row of its group (merge_key) is new, which is not looked at";
    put_file(fixture, "g.jsonl",
             "{\"id\": 1, \"day\": 1, \"at\": 3}\n{\"id\": 2, \"day\": 1, \"at\": 5}\n");
    loaded(fixture, FILES, apart, apart);
    tells(fixture, "apart", "id=1", "source_below", note);
    tells(fixture, "apart", "id=2", "source_known", note);
    loaded(fixture, FILES, shared, shared);
    tells(fixture, "shared", "id=2", "source_known", note);
    char *text = why(fixture, "shared", "id=1");
    assert_non_null(strstr(text, "source_below"));
    assert_null(strstr(text, note)); /* older rows of its group are all before the start */
    free(text);
}

static void by_dedup_sort(struct fixture *fixture)
{
    static const char one[] = "s: {path: d.jsonl, write_disposition: merge, primary_key: id, "
                              "columns: {v: {dedup_sort: desc}}}";
    put_file(fixture, "d.jsonl", "{\"id\": 1, \"v\": 3}\n{\"id\": 1, \"v\": 2}\n");
    loaded(fixture, FILES, one, one);
    tells(fixture, "s", "1", "source_deduplicated",
          "the one with the greatest 'v' (dedup_sort: desc)");
    tells(fixture, "s", "v=2", "source_passes", "line 2");
}

static void by_what_is_known_of_files(struct fixture *fixture)
{
    static const char one[] = "f: {path: 'f*.jsonl', write_disposition: append}";
    static const char text[] = "{\"id\": 1}\n{\"id\": 2}\n";
    put_file(fixture, "f1.jsonl", text);
    loaded(fixture, FILES, one, one);
    tells(fixture, "f", "id=1", "source_unread", "is known by its size and time");
    put_file(fixture, "f1.jsonl", "{\"id\": 1}\n{\"id\": 2}\n{\"id\": 3}\n");
    tells(fixture, "f", "id=2", "source_unread", "in the part of the file that was loaded before");
    tells(fixture, "f", "id=3", "source_passes", "f1.jsonl', line 3) passes: a run takes it now");
    put_file(fixture, "f1.jsonl", "{\"id\": 7}\n");
    tells(fixture, "f", "id=7", "source_passes", "");
    tells(fixture, "f", "id=1", "source_absent", "no row of it has this key (rows: 1)");
    put_file(fixture, "f2.jsonl", text);
    tells(fixture, "f", "id=2", "source_unread", "the text of the file was loaded before");
}

static void by_what_the_cursor_skips(struct fixture *fixture)
{
    char path[400];
    static const char dated[] =
        "g: {path: 'g-{date}.jsonl', write_disposition: append, "
        "incremental: {cursor: at, initial_value: '2024-03-01', cursor_type: date}}";
    static const char unmodified[] =
        "g: {path: 'g-*.jsonl', skip_unmodified: true, write_disposition: append, "
        "incremental: {cursor: at, initial_value: '2999-01-01', cursor_type: date}}";
    put_file(fixture, "g-2024-03-02.jsonl", "{\"id\": 1, \"at\": \"2024-03-02\"}\n");
    put_file(fixture, "g-2024-02-02.jsonl", "{\"id\": 2, \"at\": \"2024-02-02\"}\n");
    loaded(fixture, FILES, dated, dated);
    tells(fixture, "g", "id=2", "source_unread", "path with {date}");
    open_as(fixture, FILES, unmodified, 1);
    tells(fixture, "g", "id=2", "source_below", "its at, 2024-02-02, lies before the start");
    const struct timespec old[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    snprintf(path, sizeof(path), "%s/g-2024-02-02.jsonl", fixture->folder);
    assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
    tells(fixture, "g", "id=2", "source_unread", "skip_unmodified: the file was last modified");
}

static void by_contract_and_rejects(struct fixture *fixture)
{
    static const char one[] = "h: {path: h.jsonl, write_disposition: replace}";
    put_file(fixture, "h.jsonl", "{\"id\": 1}\n");
    loaded(fixture, FILES, one,
           "h: {path: h.jsonl, write_disposition: replace, on_bad_row: reject, "
           "schema_contract: {columns: discard_row, data_type: freeze}}");
    put_file(fixture, "h.jsonl",
             "{\"id\": 1}\n{\"id\": 2, \"more\": 1}\n{\"id\": 3\n{\"id\": 4, \"id\": \"x\"}\n");
    tells(fixture, "h", "id=1", "source_passes", "");
    tells(fixture, "h", "id=2", "source_rejected", "column 'more'");
    tells(fixture, "h", "id=3", "source_unreadable",
          "rows that cannot be read, so that nobody knows their keys (rows: 1)");
    open_as(fixture, FILES,
            "h: {path: h.jsonl, write_disposition: replace, schema_contract: freeze}", 1);
    put_file(fixture, "h.jsonl", "{\"id\": 1}\n{\"id\": 2, \"more\": 1}\n");
    tells(fixture, "h", "id=1", "source_passes", "");
    tells(fixture, "h", "id=2", "source_fails", "column 'more'");
}

/* A database filters by itself: asked for all, it does not. */
static void by_a_database(struct fixture *fixture)
{
    char source[500], *made;
    static const char one[] = "q: {table: q, write_disposition: append, primary_key: id, "
                              "incremental: {cursor: at}}";
    made = postgres_sql("CREATE TABLE q AS SELECT 1::bigint AS id, TIMESTAMP '2024-01-01' AS at "
                        "UNION ALL SELECT 2, TIMESTAMP '2024-02-01'");
    free(made);
    snprintf(source, sizeof(source), "type: sql, connection: \"%s\", schema: public",
             postgres_uri());
    loaded(fixture, source, one, one);
    tells(fixture, "q", "1", "source_below", "2024-01-01T00:00:00");
    tells(fixture, "q", "1", "source_below", "lies before the start 2024-02-01");
    tells(fixture, "q", "2", "source_known", "the start");
    free(postgres_sql("INSERT INTO q VALUES (3, '2024-03-01')"));
    tells(fixture, "q", "at=2024-03-01", "source_passes", "(row 3) passes");
    tells(fixture, "q", "4", "source_absent", "no row of it has this key (rows: 3)");
    free(postgres_sql("DROP TABLE q"));
}

/* Nothing is kept: the run behind it loads what it would have loaded. */
static void changes_nothing(struct fixture *fixture)
{
    char path[400];
    struct ArrowArrayStream stream = {0};
    static const char one[] = "k: {path: k.jsonl, write_disposition: append}";
    const struct tg_why_options options = {TG_WHY_OPTIONS_INIT, .resource = "k", .key = "id=2",
                                           .read = 1};
    put_file(fixture, "k.jsonl", "{\"id\": 1}\n");
    loaded(fixture, FILES, one, one);
    put_file(fixture, "k.jsonl", "{\"id\": 1}\n{\"id\": 2}\n");
    tells(fixture, "k", "id=2", "source_passes", "");
    tells(fixture, "k", "id=2", "source_passes", "");
    snprintf(path, sizeof(path), "%s/test/why", fixture->workdir);
    assert_int_equal(access(path, F_OK), -1);
    open_as(fixture, FILES, one, 0);
    fixture_run(fixture);
    assert_query(fixture, "SELECT count(*) AS n FROM k", "n\n2\n");
    snprintf(path, sizeof(path), "%s/k.jsonl", fixture->folder);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(tg_pipeline_why(fixture->pipeline, &options, &stream, &fixture->err),
                     TG_SOURCE);
}

static void asked(struct fixture *fixture, const char *resource, const char *key, int read,
                  int code, const char *words)
{
    struct ArrowArrayStream stream = {0};
    const struct tg_why_options options = {TG_WHY_OPTIONS_INIT, .resource = resource, .key = key,
                                           .read = read};
    assert_int_equal(tg_pipeline_why(fixture->pipeline, &options, &stream, &fixture->err), code);
    if (!strstr(fixture->err.what, words))
        fail_msg("'%s' is not in: %s", words, fixture->err.what);
}

/* The source tells, also by columns that nobody knows yet; what is read is not kept. */
static void before_the_first_load(struct fixture *fixture)
{
    put_file(fixture, "z.jsonl", "{\"id\": 1, \"userName\": \"Ada\"}\n{\"id\": 2}\n{\"n\": 3}\n");
    open_as(fixture, FILES, "z: {path: z.jsonl, write_disposition: merge, primary_key: id}", 1);
    tells(fixture, "z", "1", "absent", "no table of resource 'z' yet");
    tells(fixture, "z", "1", "source_passes", "line 1) passes");
    tells(fixture, "z", "id=2", "source_passes", "line 2");
    tells(fixture, "z", "user_name=Ada", "source_passes", "line 1");
    tells(fixture, "z", "{\"userName\": \"Ada\"}", "source_passes", "line 1");
    tells(fixture, "z", "n=3", "source_fails", "no value for it");
    tells(fixture, "z", "7", "source_absent", "(rows: 3)");
    open_as(fixture, FILES, "z: {path: z.jsonl}", 1);
    tells(fixture, "z", "id=2", "source_passes", "line 2");
    asked(fixture, "z", "2", 1, TG_USAGE, "Table 'z' has no column yet");
}

static void beside_what_is_loaded(struct fixture *fixture)
{
    before_the_first_load(fixture);
    asked(fixture, "z", "1", 0, TG_DESTINATION, "resource 'z' has no table in dataset 'd' yet");
    assert_int_equal(fixture->err.reason, TG_REASON_NOTHING_LOADED);
    asked(fixture, "nope", "1", 1, TG_USAGE, "in the schema of dataset 'd'; there are: c");
}

static void all(struct fixture *fixture)
{
    before_the_first_load(fixture);
    asked(fixture, "z", "1", 0, TG_DESTINATION, "run the pipeline first");
    by_the_cursor(fixture);
    beside_what_is_loaded(fixture);
    by_the_cursor_of_a_group(fixture);
    by_the_end_of_an_order(fixture);
    by_dedup_sort(fixture);
    by_what_is_known_of_files(fixture);
    by_what_the_cursor_skips(fixture);
    by_contract_and_rejects(fixture);
    by_a_database(fixture);
    changes_nothing(fixture);
}

static void at_duckdb(void **state)
{
    all(*state);
}

static void at_postgres(void **state)
{
    struct fixture *fixture = *state;
    snprintf(fixture->destination, sizeof(fixture->destination), "%s", postgres_uri());
    all(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(at_duckdb, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(at_postgres, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("why_read", tests, NULL, NULL);
}
