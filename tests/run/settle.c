/*
 * What becomes of sealed packages: kept, written, dropped, set aside, pruned. A package is kept
 * from being written by a default value of a column that says the disk is full (it may go through
 * later) or something else (it never will).
 */
#include "tests/fixture.h"

#include <unistd.h>

#include "database/connection.h"
#include "run/session.h"

static const int64_t numbers_rows[][2] = {{1, 10}, {2, 20}, {3, 30}, {4, 40}, {5, 50}};

/* Two append resources: one with a cursor, one that gives the same rows at each call. */
struct callers {
    struct numbers cursor, plain;
};

static struct callers sources;
static enum tg_outcome outcome; /* what the source `cursor` was told last */

static void note_outcome(void *user, enum tg_outcome told)
{
    (void)user;
    outcome = told;
}

static void open_sources(struct fixture *fixture, const char *select)
{
    const struct tg_resource resources[] = {
        {TG_RESOURCE_INIT, .name = "cursor", .read = read_numbers, .end = note_outcome,
         .user = &sources.cursor, .cursor_path = "id"},
        {TG_RESOURCE_INIT, .name = "other", .read = read_numbers, .user = &sources.cursor,
         .cursor_path = "id"},
        {TG_RESOURCE_INIT, .name = "plain", .read = read_numbers, .user = &sources.plain},
        {TG_RESOURCE_INIT, .name = "ranged", .read = read_numbers, .user = &sources.plain,
         .write_disposition = TG_REPLACE, .merge_strategy = "replace-range", .cursor_path = "id",
         .initial_value = {.kind = TG_VALUE_INT64, .int64 = 1},
         .end_value = {.kind = TG_VALUE_INT64, .int64 = 100}}};
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                                .name = "test",
                                                .destination = fixture->destination,
                                                .dataset = "d",
                                                .workdir = fixture->workdir,
                                                .select = select};
    tg_pipeline_free(fixture->pipeline);
    assert_done(fixture, tg_pipeline_new(&fixture->pipeline, &options, &fixture->err));
    for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++)
        assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resources[i], &fixture->err));
}

static void give(size_t count)
{
    sources = (struct callers){{.rows = numbers_rows, .count = count},
                               {.rows = numbers_rows, .count = count}};
}

static void sql(struct fixture *fixture, const char *text)
{
    struct ArrowArrayStream stream = {0};
    assert_done(fixture, tg_pipeline_query(fixture->pipeline, text, &stream, &fixture->err));
    stream.release(&stream);
}

/* From here on rows of `table` cannot be written, because of `reason`; NULL: they can again. */
static void block(struct fixture *fixture, const char *table, const char *reason)
{
    char text[300];
    if (reason)
        snprintf(text, sizeof(text),
                 "ALTER TABLE %s ADD COLUMN \"blocks\" VARCHAR; ALTER TABLE %s ALTER COLUMN "
                 "\"blocks\" SET DEFAULT error('%s')",
                 table, table, reason);
    else
        snprintf(text, sizeof(text), "ALTER TABLE %s ALTER COLUMN \"blocks\" SET DEFAULT ''",
                 table);
    for (char *rest = text, *end; rest; rest = end ? end + 1 : NULL) {
        end = strchr(rest, ';');
        if (end)
            *end = '\0';
        sql(fixture, rest);
    }
}

static const char full[] = "No space left on device";

/* A run of `select` must end with `code`. */
static void run(struct fixture *fixture, const char *select, int code)
{
    open_sources(fixture, select);
    int rc = fixture_try(fixture);
    if (rc != code)
        fail_msg("%d instead of %d: %s: %s", rc, code, fixture->err.where, fixture->err.what);
}

static void assert_warned(const struct fixture *fixture, const char *part)
{
    for (size_t i = 0; i < tg_result_warning_count(fixture->result); i++)
        if (strstr(tg_result_warning(fixture->result, i), part))
            return;
    fail_msg("no warning says '%s'", part);
}

static size_t count_in(struct fixture *fixture, const char *part)
{
    char path[400];
    struct fs_names names = {0};
    snprintf(path, sizeof(path), "%s/test/%s", fixture->workdir, part);
    assert_done(fixture, fs_list(path, &names, &fixture->err));
    size_t count = names.count;
    fs_names_release(&names);
    return count;
}

/* Tables with two rows, and a sealed load of a third for `select`, kept back by a full disk. */
static void seal_one(struct fixture *fixture, const char *select)
{
    give(2);
    run(fixture, NULL, TG_OK);
    block(fixture, select, full);
    give(3);
    run(fixture, select, TG_IO);
    assert_true(fixture->err.retryable);
    assert_int_equal(count_in(fixture, "sealed"), 1);
}

/* ---- kept, and written later ---- */

static void a_retryable_failure_stays_sealed(void **state)
{
    struct fixture *fixture = *state;
    seal_one(fixture, "cursor");
    assert_int_equal(outcome, TG_OUTCOME_SEALED);
    block(fixture, "cursor", NULL);
    run(fixture, "cursor", TG_OK);
    assert_int_equal(outcome, TG_OUTCOME_COMMITTED);
    assert_int_equal(tg_result_settled_count(fixture->result), 1);
    assert_int_equal(tg_result_warning_count(fixture->result), 0);
    assert_int_equal(count_in(fixture, "sealed"), 0);
    assert_query(fixture, "SELECT id FROM \"cursor\" ORDER BY id", "id\n1\n2\n3\n");
}

static int cancel_when_writing(struct tg_read *read, struct tg_error *err)
{
    return read_numbers(read, err);
}

static struct tg_pipeline *cancels;

static int cancel_at_write(void *user, const struct tg_progress *progress)
{
    (void)user;
    if (progress->phase == TG_PHASE_WRITE && !progress->ended)
        tg_pipeline_cancel(cancels);
    return TG_OK;
}

/* Once set aside, its rows would be read again from a source that may not have them any more. */
static void a_cancelled_load_stays_sealed(void **state)
{
    struct fixture *fixture = *state;
    give(2);
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "plain",
                                         .read = cancel_when_writing, .user = &sources.plain};
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                                .name = "test",
                                                .destination = fixture->destination,
                                                .dataset = "d",
                                                .workdir = fixture->workdir,
                                                .progress = cancel_at_write};
    assert_done(fixture, tg_pipeline_new(&cancels, &options, &fixture->err));
    assert_done(fixture, tg_pipeline_add(cancels, &resource, &fixture->err));
    assert_int_equal(tg_pipeline_run(cancels, NULL, &fixture->err), TG_CANCELLED);
    tg_pipeline_free(cancels);
    assert_int_equal(count_in(fixture, "sealed"), 1);
    assert_int_equal(count_in(fixture, "failed"), 0);
    give(0);
    run(fixture, "plain", TG_OK);
    assert_int_equal(tg_result_settled_count(fixture->result), 1);
    assert_query(fixture, "SELECT id FROM plain ORDER BY id", "id\n1\n2\n");
}

/* ---- may the run go on? ---- */

/* Its own rows are in the package: read again they would be there twice, were both written. */
static void a_run_waits_for_a_package_of_its_own_resource(void **state)
{
    struct fixture *fixture = *state;
    seal_one(fixture, "cursor");
    give(5);
    sources.cursor.seen_start = -7;
    run(fixture, "cursor", TG_IO);
    assert_int_equal(sources.cursor.seen_start, -7); /* the source was not touched */
    assert_int_equal(count_in(fixture, "sealed"), 1);
    block(fixture, "cursor", NULL);
    run(fixture, "cursor", TG_OK);
    assert_query(fixture, "SELECT id FROM \"cursor\" ORDER BY id", "id\n1\n2\n3\n4\n5\n");
}

/* Whichever commits first, the other is in conflict and its rows are read again. */
static void a_run_of_other_resources_goes_on(void **state)
{
    struct fixture *fixture = *state;
    seal_one(fixture, "cursor");
    run(fixture, "other", TG_OK);
    assert_warned(fixture, "a sealed load waits for the next run");
    assert_query(fixture, "SELECT id FROM other ORDER BY id", "id\n1\n2\n3\n");
    block(fixture, "cursor", NULL);
    run(fixture, NULL, TG_OK);
    assert_int_equal(count_in(fixture, "sealed"), 0);
    assert_query(fixture, "SELECT id FROM \"cursor\" ORDER BY id", "id\n1\n2\n3\n");
    assert_query(fixture, "SELECT id FROM other ORDER BY id", "id\n1\n2\n3\n");
}

/* Rows that no cursor and no file would give again, in the package or in the run, forbid it. */
static void rows_that_nobody_reads_again_are_waited_for(void **state)
{
    struct fixture *fixture = *state;
    seal_one(fixture, "plain");
    run(fixture, "cursor", TG_IO);
    block(fixture, "plain", NULL);
    run(fixture, "cursor", TG_OK);
    assert_query(fixture, "SELECT count(*) AS n FROM plain", "n\n5\n");
    assert_query(fixture, "SELECT count(*) AS n FROM \"cursor\"", "n\n3\n");
}

static void a_run_with_such_rows_waits(void **state)
{
    struct fixture *fixture = *state;
    seal_one(fixture, "cursor");
    run(fixture, "plain", TG_IO);
    run(fixture, "ranged", TG_IO);
    assert_query(fixture, "SELECT count(*) AS n FROM plain", "n\n2\n");
    assert_query(fixture, "SELECT count(*) AS n FROM ranged", "n\n2\n");
}

/* Another machine has moved the cursor on meanwhile. Dropping the package would lose row 3 of
 * plain, which was given once. */
static void rows_that_nobody_reads_again_are_kept(void **state)
{
    struct fixture *fixture = *state;
    char here[320];
    seal_one(fixture, "plain");
    block(fixture, "plain", NULL);
    block(fixture, "cursor", full);
    give(3);
    run(fixture, "plain, cursor", TG_IO); /* settles the first, and seals both */
    block(fixture, "cursor", NULL);
    snprintf(here, sizeof(here), "%s", fixture->workdir);
    snprintf(fixture->workdir, sizeof(fixture->workdir), "%s/elsewhere", fixture->folder);
    give(4);
    run(fixture, "cursor", TG_OK);
    snprintf(fixture->workdir, sizeof(fixture->workdir), "%s", here);
    run(fixture, "cursor", TG_CONFLICT);
    assert_non_null(strstr(fixture->err.what, "rows that no source gives again"));
    assert_int_equal(count_in(fixture, "sealed"), 0);
    assert_int_equal(count_in(fixture, "failed"), 1);
    run(fixture, "cursor", TG_OK);
    assert_query(fixture, "SELECT id FROM \"cursor\" ORDER BY id", "id\n1\n2\n3\n4\n");
}

static void after_three_runs_it_is_set_aside(void **state)
{
    struct fixture *fixture = *state;
    seal_one(fixture, "cursor");
    run(fixture, "cursor", TG_IO);
    run(fixture, "cursor", TG_IO);
    assert_int_equal(count_in(fixture, "failed"), 0);
    block(fixture, "other", full); /* so that nothing of this run is written */
    give(4);
    run(fixture, "cursor", TG_IO); /* given up, read again, and sealed again */
    assert_int_equal(outcome, TG_OUTCOME_SEALED);
    assert_warned(fixture, "set aside after three runs");
    assert_int_equal(count_in(fixture, "failed"), 1);
    assert_int_equal(count_in(fixture, "sealed"), 1);
    block(fixture, "cursor", NULL);
    run(fixture, "cursor", TG_OK);
    assert_query(fixture, "SELECT id FROM \"cursor\" ORDER BY id", "id\n1\n2\n3\n4\n");
}

/* ---- damaged, or somebody else's ---- */

static void damage(struct fixture *fixture, const char *part)
{
    char command[900];
    snprintf(command, sizeof(command), "for f in %s/test/%s/*/*.parquet; do echo x >>\"$f\"; done",
             fixture->workdir, part);
    assert_int_equal(system(command), 0);
}

static void a_damaged_package_is_set_aside(void **state)
{
    struct fixture *fixture = *state;
    seal_one(fixture, "cursor");
    block(fixture, "cursor", NULL);
    damage(fixture, "sealed");
    run(fixture, "cursor", TG_OK);
    assert_warned(fixture, "damaged");
    assert_int_equal(count_in(fixture, "sealed"), 0);
    assert_int_equal(count_in(fixture, "damaged"), 1);
    assert_query(fixture, "SELECT id FROM \"cursor\" ORDER BY id", "id\n1\n2\n3\n");
    give(4);
    run(fixture, "cursor", TG_OK);
    assert_int_equal(count_in(fixture, "damaged"), 1); /* goes by hand alone */
}

static void a_package_for_another_destination_is_left(void **state)
{
    struct fixture *fixture = *state;
    char first[320];
    snprintf(first, sizeof(first), "%s", fixture->destination);
    seal_one(fixture, "cursor");
    block(fixture, "cursor", NULL);
    snprintf(fixture->destination, sizeof(fixture->destination), "duckdb:///%s/b.duckdb",
             fixture->folder);
    run(fixture, "cursor", TG_OK);
    assert_warned(fixture, "test.duckdb");
    assert_int_equal(count_in(fixture, "sealed"), 1);
    assert_query(fixture, "SELECT id FROM \"cursor\" ORDER BY id", "id\n1\n2\n3\n");
    snprintf(fixture->destination, sizeof(fixture->destination), "%s", first);
    run(fixture, "cursor", TG_OK);
    assert_int_equal(tg_result_settled_count(fixture->result), 1);
    assert_query(fixture, "SELECT id FROM \"cursor\" ORDER BY id", "id\n1\n2\n3\n");
}

/* A destination that is not there is not made for a package of another one. */
static void nothing_is_made_for_a_package_that_is_left(void **state)
{
    struct fixture *fixture = *state;
    struct fs_stat stat;
    char path[300];
    seal_one(fixture, "cursor");
    snprintf(path, sizeof(path), "%s/b.duckdb", fixture->folder);
    snprintf(fixture->destination, sizeof(fixture->destination), "duckdb:///%s", path);
    give(0);
    run(fixture, "cursor", TG_OK);
    assert_done(fixture, fs_stat(path, &stat, &fixture->err));
    assert_false(stat.exists);
}

/* ---- relative destinations ---- */

static void go(const char *folder, const char *name)
{
    char path[600];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(fs_mkdirs(path, NULL), TG_OK);
    assert_int_equal(chdir(path), 0);
}

/* The manifest says what 0.1 would have said. */
static void rewrite_destination(struct fixture *fixture, const char *url)
{
    char command[900];
    snprintf(command, sizeof(command),
             "sed -i 's|\"destination\": \"[^\"]*\"|\"destination\": \"%s\"|' "
             "%s/test/sealed/*/manifest.json",
             url, fixture->workdir);
    assert_int_equal(system(command), 0);
}

static void a_relative_destination_is_where_it_was_named(void **state)
{
    struct fixture *fixture = *state;
    char home[1024];
    assert_non_null(getcwd(home, sizeof(home)));
    snprintf(fixture->destination, sizeof(fixture->destination), "duckdb:///x.duckdb");
    go(fixture->folder, "a");
    seal_one(fixture, "cursor");
    block(fixture, "cursor", NULL);
    go(fixture->folder, "b");
    run(fixture, "cursor", TG_OK);
    assert_warned(fixture, "a/x.duckdb");
    assert_query(fixture, "SELECT count(*) AS n FROM \"cursor\"", "n\n3\n"); /* read, not settled */
    assert_int_equal(count_in(fixture, "sealed"), 1);
    go(fixture->folder, "");
    snprintf(fixture->destination, sizeof(fixture->destination), "duckdb:///a/../a/x.duckdb");
    run(fixture, "cursor", TG_OK);
    assert_int_equal(tg_result_settled_count(fixture->result), 1);
    assert_query(fixture, "SELECT count(*) AS n FROM \"cursor\"", "n\n3\n");
    assert_int_equal(chdir(home), 0);
}

static void a_relative_destination_of_before_is_recognised(void **state)
{
    struct fixture *fixture = *state;
    char home[1024];
    assert_non_null(getcwd(home, sizeof(home)));
    go(fixture->folder, "a/b");
    snprintf(fixture->destination, sizeof(fixture->destination), "duckdb:///x.duckdb");
    snprintf(fixture->workdir, sizeof(fixture->workdir), "%s/a/.tidegate", fixture->folder);
    const struct {
        const char *url;
        size_t settled;
    } cases[] = {{"duckdb:///none/x.duckdb", 0}, {"duckdb:///b/x.duckdb", 1}};
    seal_one(fixture, "cursor");
    block(fixture, "cursor", NULL);
    give(0);
    for (size_t i = 0; i < 2; i++) {
        rewrite_destination(fixture, cases[i].url);
        run(fixture, "cursor", TG_OK);
        assert_int_equal(tg_result_settled_count(fixture->result), cases[i].settled);
    }
    assert_query(fixture, "SELECT count(*) AS n FROM \"cursor\"", "n\n3\n");
    assert_int_equal(chdir(home), 0);
}

/* ---- after the commit ---- */

/* The package cannot be dropped, the schema cannot be exported: the rows are there all the same. */
static int break_after_seal(void *user, const struct tg_progress *progress)
{
    char path[400];
    struct fixture *fixture = user;
    if (progress->phase != TG_PHASE_WRITE || progress->ended || progress->table)
        return TG_OK;
    snprintf(path, sizeof(path), "%s/test/open", fixture->workdir);
    assert_int_equal(fs_remove_tree(path, NULL), TG_OK);
    assert_int_equal(fs_write_file(path, "", 0, NULL), TG_OK);
    return TG_OK;
}

static void nothing_fails_after_the_commit(void **state)
{
    struct fixture *fixture = *state;
    char taken[400];
    give(2);
    snprintf(taken, sizeof(taken), "%s/taken", fixture->folder);
    assert_done(fixture, fs_write_file(taken, "", 0, &fixture->err));
    const struct tg_schema_options schema = {TG_SCHEMA_OPTIONS_INIT, .export_path = taken};
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                                .name = "test",
                                                .destination = fixture->destination,
                                                .dataset = "d",
                                                .workdir = fixture->workdir,
                                                .schema = &schema,
                                                .user = fixture,
                                                .progress = break_after_seal};
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "plain", .read = read_numbers,
                                         .user = &sources.plain};
    assert_done(fixture, tg_pipeline_new(&fixture->pipeline, &options, &fixture->err));
    assert_done(fixture, tg_pipeline_add(fixture->pipeline, &resource, &fixture->err));
    fixture_run(fixture);
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_inserted, 2);
    assert_int_equal(tg_result_warning_count(fixture->result), 2);
    assert_warned(fixture, "open");
    assert_warned(fixture, "taken");
    assert_int_equal(count_in(fixture, "sealed"), 1);
    /* The next run finds it written, and drops it. */
    char path[400];
    snprintf(path, sizeof(path), "%s/test/open", fixture->workdir);
    assert_done(fixture, fs_remove(path, &fixture->err));
    give(0);
    run(fixture, "plain", TG_OK);
    assert_int_equal(count_in(fixture, "sealed"), 0);
    assert_query(fixture, "SELECT count(*) AS n FROM plain", "n\n2\n");
}

static struct {
    const struct connection_driver *driver;
    bool commits;
} trap;

static int failing_commit(struct connection *con, enum transact what, struct tg_error *err)
{
    if (what != TRANSACT_COMMIT)
        return trap.driver->transact(con, what, err);
    if (trap.commits)
        assert_int_equal(trap.driver->transact(con, what, err), TG_OK);
    return error_set(err, TG_DESTINATION, "trapped");
}

/* A sealed package, written by a connection whose commit fails; what settle_write says of it. */
static int write_with_failing_commit(struct fixture *fixture, bool commits)
{
    struct tg_error err = {0};
    struct manifest manifest;
    struct write_result result = {0};
    struct fs_names names = {0};
    char folder[400], sealed[500];
    snprintf(folder, sizeof(folder), "%s/test", fixture->workdir);
    snprintf(sealed, sizeof(sealed), "%s/sealed", folder);
    assert_int_equal(fs_list(sealed, &names, &err), TG_OK);
    struct session session = {.pipeline = fixture->pipeline, .folder = folder};
    char *path = fs_join(sealed, names.items[0]);
    assert_int_equal(package_open(path, &manifest, &err), TG_OK);
    assert_int_equal(destination_init(&session.destination, &session.pipeline->ctx,
                                      &session.pipeline->config.destination, "d", &err),
                     TG_OK);
    assert_int_equal(destination_open(&session.destination, &err), TG_OK);
    struct connection *con = session.destination.state;
    trap.driver = con->driver;
    trap.commits = commits;
    struct connection_driver driver = *con->driver;
    driver.transact = failing_commit;
    con->driver = &driver;
    int rc = settle_write(&session, path, &manifest, &result, &err);
    con = session.destination.state;
    assert_non_null(con); /* another one, that can be gone on with */
    assert_ptr_not_equal(con->driver, &driver);
    destination_close(&session.destination);
    write_result_release(&result);
    manifest_release(&manifest);
    fs_names_release(&names);
    mem_free(path);
    return rc;
}

/* Without asking, the first would be set aside and read again, which doubles its rows. */
static void the_ledger_is_asked_where_a_commit_failed(void **state)
{
    struct fixture *fixture = *state;
    for (int commits = 1; commits >= 0; commits--) {
        seal_one(fixture, "cursor");
        block(fixture, "cursor", NULL);
        assert_int_equal(write_with_failing_commit(fixture, commits),
                         commits ? TG_OK : TG_DESTINATION);
        assert_int_equal(count_in(fixture, "sealed"), 0);
        assert_int_equal(count_in(fixture, "failed"), commits ? 0 : 1);
        run(fixture, "cursor", TG_OK);
        assert_query(fixture, "SELECT id FROM \"cursor\" ORDER BY id", "id\n1\n2\n3\n");
        assert_done(fixture, fs_remove_tree(fixture->workdir, &fixture->err));
        assert_done(fixture, fs_remove(fixture->destination + strlen("duckdb:///"), &fixture->err));
    }
}

/* ---- pruning ---- */

static void failed_packages_go_but_the_newest(void **state)
{
    struct fixture *fixture = *state;
    static const char reason[] = "a reason that is kept whole: it is longer than a line of a "
                                 "table, and its end is what tells most: the end";
    give(2);
    run(fixture, NULL, TG_OK);
    block(fixture, "cursor", reason);
    give(3);
    for (size_t i = 1; i <= 3; i++) {
        run(fixture, "cursor", TG_DESTINATION);
        assert_int_equal(count_in(fixture, "failed"), i);
    }
    /* A run with nothing to load has committed nothing. */
    give(0);
    run(fixture, "cursor", TG_OK);
    assert_int_equal(count_in(fixture, "failed"), 3);
    block(fixture, "cursor", NULL);
    give(3);
    run(fixture, "cursor", TG_OK);
    assert_int_equal(count_in(fixture, "failed"), 1);
    struct ArrowArrayStream packages = {0};
    assert_done(fixture,
                tg_pipeline_show(fixture->pipeline, TG_SHOW_PACKAGES, &packages, &fixture->err));
    char *text = fixture_rows(fixture, &packages, TG_CELL_JSON);
    assert_non_null(strstr(text, reason));
    free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_retryable_failure_stays_sealed),
        TEST(a_cancelled_load_stays_sealed),
        TEST(a_run_waits_for_a_package_of_its_own_resource),
        TEST(a_run_of_other_resources_goes_on),
        TEST(rows_that_nobody_reads_again_are_waited_for),
        TEST(rows_that_nobody_reads_again_are_kept),
        TEST(a_run_with_such_rows_waits),
        TEST(after_three_runs_it_is_set_aside),
        TEST(a_damaged_package_is_set_aside),
        TEST(a_package_for_another_destination_is_left),
        TEST(nothing_is_made_for_a_package_that_is_left),
        TEST(a_relative_destination_is_where_it_was_named),
        TEST(a_relative_destination_of_before_is_recognised),
        TEST(nothing_fails_after_the_commit),
        TEST(the_ledger_is_asked_where_a_commit_failed),
        TEST(failed_packages_go_but_the_newest),
    };
    return cmocka_run_group_tests_name("settle", tests, NULL, NULL);
}
