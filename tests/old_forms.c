/*
 * What tidegate 0.1 and dlt have left is read: a working directory with a sealed package, whose
 * manifest has fewer keys, and a ledger with fewer columns; a state whose load id is far ahead.
 *
 * The package is a real one: a child that dies when its load is sealed leaves it behind. What is
 * newer than 0.1 in it is then taken out by hand.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "tests/fixture.h"

static const int64_t rows[][2] = {{1, 10}, {2, 20}, {3, 30}, {4, 40}};

static struct tg_resource numbers_resource(struct numbers *numbers)
{
    return (struct tg_resource){TG_RESOURCE_INIT, .name = "n", .read = read_numbers,
                                .user = numbers, .cursor_path = "id"};
}

static void load(struct fixture *fixture, size_t count)
{
    struct numbers numbers = {.rows = rows, .count = count};
    const struct tg_resource resource = numbers_resource(&numbers);
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    fixture_open(fixture, NULL, 0);
}

static void exec(struct fixture *fixture, const char *sql)
{
    struct ArrowArrayStream stream = {0};
    assert_done(fixture, tg_pipeline_query(fixture->pipeline, sql, &stream, &fixture->err));
    stream.release(&stream);
}

static void assert_rows(struct fixture *fixture)
{
    assert_query(fixture, "SELECT id, count(*) AS n FROM n GROUP BY 1 ORDER BY 1",
                 "id,n\n1,1\n2,1\n3,1\n4,1\n");
}

/* ---- a package that waits ---- */

static int die_when_sealed(void *user, const struct tg_progress *progress)
{
    (void)user;
    if (progress->phase == TG_PHASE_WRITE)
        _exit(0);
    return TG_OK;
}

/* Seals a load of `count` rows and does not write it. */
static void seal(struct fixture *fixture, size_t count)
{
    struct tg_error err = {0};
    struct tg_result *result = NULL;
    struct tg_pipeline *pipeline = NULL;
    struct numbers numbers = {.rows = rows, .count = count};
    const struct tg_resource resource = numbers_resource(&numbers);
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                                .name = "test",
                                                .destination = fixture->destination,
                                                .dataset = "d",
                                                .workdir = fixture->workdir,
                                                .progress = die_when_sealed};
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        if (tg_pipeline_new(&pipeline, &options, &err) == TG_OK &&
            tg_pipeline_add(pipeline, &resource, &err) == TG_OK)
            (void)!tg_pipeline_run(pipeline, &result, &err);
        fprintf(stderr, "%s\n", err.what);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* The line of the manifest that has this key goes. */
static void drop_key(struct buf *text, const char *key)
{
    char *at = strstr(text->data, key);
    assert_non_null(at);
    while (*at != '\n')
        at--;
    char *end = strchr(at + 1, '\n');
    memmove(at, end, strlen(end) + 1);
    text->len = strlen(text->data);
}

static void age_package(struct fixture *fixture)
{
    static const char *const newer[] = {"\"package_id\"", "\"catalog_version_from\"",
                                        "\"catalog_hash_from\""};
    char path[500];
    struct fs_names names = {0};
    struct buf text = BUF_INIT;
    snprintf(path, sizeof(path), "%s/test/sealed", fixture->workdir);
    assert_done(fixture, fs_list(path, &names, &fixture->err));
    assert_int_equal(names.count, 1);
    snprintf(path, sizeof(path), "%s/test/sealed/%s/manifest.json", fixture->workdir,
             names.items[0]);
    assert_done(fixture, fs_read_file(path, &text, &fixture->err));
    for (size_t i = 0; i < sizeof(newer) / sizeof(newer[0]); i++)
        drop_key(&text, newer[i]);
    assert_done(fixture, fs_write_file(path, text.data, text.len, &fixture->err));
    fs_names_release(&names);
    buf_release(&text);
}

static void age_ledger(struct fixture *fixture)
{
    exec(fixture, "ALTER TABLE _tidegate_loads DROP COLUMN package_id");
    exec(fixture, "ALTER TABLE _tidegate_loads DROP COLUMN pipeline_name");
}

static void a_package_of_0_1_is_settled(void **state)
{
    struct fixture *fixture = *state;
    load(fixture, 2);
    age_ledger(fixture);
    seal(fixture, 3);
    age_package(fixture);
    load(fixture, 4);
    assert_int_equal(tg_result_settled_count(fixture->result), 1);
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_inserted, 1);
    assert_rows(fixture);
    assert_query(fixture,
                 "SELECT count(*) AS loads, count(pipeline_name) AS named, count(package_id) AS "
                 "known FROM _tidegate_loads",
                 "loads,named,known\n3,2,1\n");
}

static void a_package_of_0_1_is_written_once(void **state)
{
    struct fixture *fixture = *state;
    char workdir[320];
    load(fixture, 2);
    age_ledger(fixture);
    seal(fixture, 4);
    age_package(fixture);
    /* Somebody else is first, with the same rows, from another working directory. */
    memcpy(workdir, fixture->workdir, sizeof(workdir));
    snprintf(fixture->workdir, sizeof(fixture->workdir), "%s/elsewhere", fixture->folder);
    load(fixture, 4);
    memcpy(fixture->workdir, workdir, sizeof(workdir));
    load(fixture, 4);
    assert_string_equal(tg_result_load_id(fixture->result), "");
    assert_int_equal(tg_result_settled_count(fixture->result), 0);
    assert_rows(fixture);
}

/* A package that has been written when its process died, in both forms of ledger and package. */
static void a_written_package_is_recognised(void **state)
{
    struct fixture *fixture = *state;
    char keep[400], sealed[400], cmd[1400];
    snprintf(sealed, sizeof(sealed), "%s/test/sealed", fixture->workdir);
    snprintf(keep, sizeof(keep), "%s/keep", fixture->folder);
    load(fixture, 2);
    seal(fixture, 4);
    snprintf(cmd, sizeof(cmd), "cp -r '%s' '%s'", sealed, keep);
    assert_int_equal(system(cmd), 0);
    load(fixture, 4);
    for (int old = 0; old < 2; old++) {
        snprintf(cmd, sizeof(cmd), "rm -rf '%s' && cp -r '%s' '%s'", sealed, keep, sealed);
        assert_int_equal(system(cmd), 0);
        if (old) {
            age_package(fixture);
            age_ledger(fixture);
        }
        load(fixture, 4);
        assert_int_equal(tg_result_settled_count(fixture->result), 1);
        assert_string_equal(tg_result_load_id(fixture->result), "");
        assert_rows(fixture);
        assert_query(fixture, "SELECT count(*) AS loads FROM _dlt_loads", "loads\n2\n");
    }
}

/* ---- the newest rows are dlt's ---- */

/* dlt has gone on from our state, on a machine whose clock is in 2030: no names, seven digits. */
static void dlt_far_ahead(void **state)
{
    struct fixture *fixture = *state;
    static const char *const dlt[] = {
        "INSERT INTO _dlt_pipeline_state SELECT version + 1, engine_version, pipeline_name, state, "
        "created_at, version_hash, '1900000000.5373971', 'x' FROM _dlt_pipeline_state",
        "INSERT INTO _dlt_loads SELECT '1900000000.5373971', schema_name, status, inserted_at, "
        "schema_version_hash FROM _dlt_loads",
        "INSERT INTO _dlt_loads SELECT '1900000001.5', schema_name, status, inserted_at, "
        "schema_version_hash FROM _dlt_loads LIMIT 1"};
    load(fixture, 2);
    for (size_t i = 0; i < 2; i++)
        exec(fixture, dlt[i]);
    load(fixture, 3);
    assert_string_equal(tg_result_load_id(fixture->result), "1900000000.537398");
    exec(fixture, dlt[2]); /* a load of no state */
    load(fixture, 4);
    assert_string_equal(tg_result_load_id(fixture->result), "1900000001.500001");
    assert_rows(fixture);
    load(fixture, 4);
    assert_string_equal(tg_result_load_id(fixture->result), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_package_of_0_1_is_settled, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_package_of_0_1_is_written_once, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_written_package_is_recognised, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(dlt_far_ahead, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("old_forms", tests, NULL, NULL);
}
