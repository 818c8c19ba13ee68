/* The packages of a working directory: where they belong, what they hold, why they are there. */
#include "tests/fixture.h"

static char *look(struct fixture *fixture, enum tg_show what)
{
    struct ArrowArrayStream stream = {0};
    assert_done(fixture, tg_pipeline_show(fixture->pipeline, what, &stream, &fixture->err));
    return fixture_rows(fixture, &stream, TG_CELL_JSON);
}

static char *shown(struct fixture *fixture)
{
    return look(fixture, TG_SHOW_PACKAGES);
}

static void put(struct fixture *fixture, const char *part, const char *name, const char *text)
{
    char path[500];
    snprintf(path, sizeof(path), "%s/test/%s/1.5", fixture->workdir, part);
    assert_done(fixture, fs_mkdirs(path, &fixture->err));
    snprintf(path, sizeof(path), "%s/test/%s/1.5/%s", fixture->workdir, part, name);
    assert_done(fixture, fs_write_file(path, text, strlen(text), &fixture->err));
}

static void every_part_is_shown(void **state)
{
    struct fixture *fixture = *state;
    static const char manifest[] =
        "{\"format\":1,\"load_id\":\"1.5\",\"pipeline\":\"test\",\"destination\":"
        "\"duckdb:////there.duckdb\",\"dataset\":\"d\",\"schema\":\"test\",\"created_us\":1500000,"
        "\"state_version_from\":0,\"state_hash_from\":\"\",\"files_load_from\":\"\","
        "\"state_changed\":true,\"full_refresh\":false,\"tables\":[{\"name\":\"t\",\"resource\":"
        "\"t\",\"nested\":false,\"replaced\":false,\"rows_read\":3,\"rows_new\":3,"
        "\"rows_filtered\":0,\"rows_rejected\":0,\"files\":[{\"name\":\"t.parquet\",\"rows\":3,"
        "\"bytes\":77,\"xxh3\":\"0123456789abcdef\",\"columns\":[]}]}],\"source_files\":[],"
        "\"boundaries\":[],\"state\":{},\"catalog\":{}}";
    fixture_open(fixture, NULL, 0);
    put(fixture, "open", "t.parquet", "");
    put(fixture, "sealed", "manifest.json", manifest);
    put(fixture, "sealed", "tries.txt", "2\n");
    put(fixture, "sealed", "error.txt", "the disk is full\n");
    put(fixture, "damaged", "manifest.json", "{");
    put(fixture, "damaged", "error.txt", "the manifest is not JSON\n");
    char *text = shown(fixture);
    const char *const parts[] = {
        "\"load_id\":\"1.5\",\"status\":\"open\",\"dataset\":null",
        "\"status\":\"sealed\",\"dataset\":\"d\",\"created_at\":\"1970-01-01",
        "\"rows\":3,\"bytes\":77,\"tries\":2,\"destination\":\"duckdb:////there.duckdb\"",
        "duckdb\",\"error\":\"the disk is full\",\"schema\":\"test\",\"path\":\"",
        "\"status\":\"damaged\",\"dataset\":null",
        "the manifest is not JSON",
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (!strstr(text, parts[i]))
            fail_msg("'%s' is not in: %s", parts[i], text);
    free(text);
    char expected[700];
    snprintf(expected, sizeof(expected),
             "{\"load_id\":\"1.5\",\"status\":\"sealed\",\"table\":\"t\",\"path\":"
             "\"%s/test/sealed/1.5/t.parquet\",\"rows\":3,\"bytes\":77,\"columns\":0}\n",
             fixture->workdir);
    text = look(fixture, TG_SHOW_FILES);
    assert_string_equal(text, expected);
    free(text);
}

static void all_of_many_are_shown(void **state)
{
    enum { MANY = 2050 }; /* more than a batch has rows */
    struct fixture *fixture = *state;
    char path[500];
    fixture_open(fixture, NULL, 0);
    for (int i = 0; i < MANY; i++) {
        snprintf(path, sizeof(path), "%s/test/failed/%d.5", fixture->workdir, 10000 + i);
        assert_done(fixture, fs_mkdirs(path, &fixture->err));
    }
    char *text = shown(fixture);
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, "\"status\":\"failed\"")); at++)
        count++;
    assert_int_equal(count, MANY);
    assert_non_null(strstr(text, "\"load_id\":\"10000.5\""));
    assert_non_null(strstr(text, "\"load_id\":\"12049.5\""));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_part_is_shown, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(all_of_many_are_shown, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("show_packages", tests, NULL, NULL);
}
