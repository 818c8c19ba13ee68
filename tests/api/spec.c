/* Texts that the library makes: whole ones, or none. */
#include <unistd.h>

#include "tests/fixture.h"

#include "base/memory.h"
#include "tests/torture.h"

static void texts_are_given_and_freed(void **state)
{
    (void)state;
    struct tg_error err = {0};
    char *text = NULL;
    assert_int_equal(tg_spec_init("files", "duckdb", &text, &err), TG_OK);
    assert_non_null(strstr(text, "\npipeline: my_pipeline\n"));
    tg_text_free(text);
    assert_int_equal(tg_spec_reference(TG_REFERENCE_JSON_SCHEMA, &text, &err), TG_OK);
    assert_int_equal(text[0], '{');
    tg_text_free(text);
    tg_text_free(NULL);
}

static void there_is_none_of_a_mistake(void **state)
{
    (void)state;
    struct tg_error err = {0};
    char *text = (char *)&err;
    assert_int_equal(tg_spec_init("oracle", NULL, &text, &err), TG_USAGE);
    assert_null(text);
    text = (char *)&err;
    assert_int_equal(tg_spec_reference((enum tg_reference)9, &text, &err), TG_USAGE);
    assert_null(text);
}

/* A spec that says what the file needs. */
static void a_file_is_looked_at(void **state)
{
    struct fixture *fixture = *state;
    struct tg_error err = {0};
    char path[400], *text = NULL;
    snprintf(path, sizeof(path), "%s/my orders.csv", fixture->folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs("id;price\n1;2,5\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(tg_spec_look(path, "postgresql", &text, &err), TG_OK);
    assert_non_null(strstr(text, "destination: postgresql:"));
    assert_non_null(strstr(text, "\n  my_orders:\n    path: \""));
    assert_non_null(strstr(text, "\"price\": {decimal: \",\"}"));
    tg_text_free(text);
    text = path;
    assert_int_equal(tg_spec_look("absent.csv", NULL, &text, &err), TG_SOURCE);
    assert_null(text);
    assert_int_equal(tg_spec_look(NULL, NULL, &text, &err), TG_USAGE);
    assert_int_equal(tg_spec_look(path, "oracle", &text, &err), TG_USAGE);
}

static void names(const char *text, const char *key, const char *want)
{
    struct tg_error err = {0};
    char *found = NULL;
    char path[] = "/tmp/tidegate-spec-XXXXXX";
    int file = mkstemp(path);
    assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
    close(file);
    int rc = tg_spec_names(path, key, &found, &err);
    unlink(path);
    assert_int_equal(rc, want ? TG_OK : TG_SPEC);
    if (want)
        assert_string_equal(found, want);
    else
        assert_null(found);
    tg_text_free(found);
}

static void names_of_a_spec(void **state)
{
    (void)state;
    struct tg_error err = {0};
    char *text = (char *)&err;
    const char *spec = "destination: ${NOBODY_SETS_THIS}\nsource: {type: none}\n"
                       "resources: {b: {colour: red}, 'a c': , 名: {}, \"a\\nline\": {}}\n";
    names(spec, "resources", "b\na c\n名\n");
    names(spec, "source", "type\n");
    names(spec, "sources", "");
    names(spec, "destination", "");
    names("", "resources", NULL);
    names("resources: {a: [", "resources", NULL);
    names("- resources\n", "resources", "");
    assert_int_equal(tg_spec_names("/none.yaml", "resources", &text, &err), TG_USAGE);
    assert_null(text);
    assert_int_equal(tg_spec_names("/", "resources", &text, &err), TG_USAGE);
}

static int make_names(void)
{
    struct tg_error err = {0};
    char *text = NULL;
    int rc = tg_spec_names("examples/files/pipeline.yaml", "resources", &text, &err);
    assert_true((rc == TG_OK) == (text != NULL));
    tg_text_free(text);
    return rc;
}

static int make_texts(void)
{
    struct tg_error err = {0};
    char *text = NULL;
    int rc = tg_spec_init(NULL, NULL, &text, &err);
    assert_true((rc == TG_OK) == (text != NULL));
    tg_text_free(text);
    return rc;
}

static void a_lack_of_memory_is_told(void **state)
{
    (void)state;
    torture(make_texts);
    torture(make_names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_given_and_freed),
        cmocka_unit_test_setup_teardown(a_file_is_looked_at, fixture_setup, fixture_teardown),
        cmocka_unit_test(there_is_none_of_a_mistake),
        cmocka_unit_test(names_of_a_spec),
        cmocka_unit_test(a_lack_of_memory_is_told),
    };
    return cmocka_run_group_tests_name("spec", tests, NULL, NULL);
}
