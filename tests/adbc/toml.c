/* The part of TOML that manifests need, and what is beyond it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "adbc/toml.h"
#include "tests/torture.h"

static const char all[] = "# a driver\n"
                          "manifest_version = 1\r\n"
                          "name = \"a \\\"b\\\" \\u00e9\\n\" # said\n"
                          "path = 'C:\\dir'\n"
                          "\"quoted.key\" = true\n"
                          "a . b = -1_000\n"
                          "[Driver]\n"
                          "shared.linux_amd64 = \"x.so\"\n"
                          "[ADBC.features]\n"
                          "supported = [\"a\", # one\n  'b',\n]\n"
                          "empty = []\n"
                          "[Post]\nlast = \"\"";

static void has(const struct toml *toml, const char *key, const char *value)
{
    const struct toml_entry *entry = toml_find(toml, key);
    assert_non_null(entry);
    if (value)
        assert_string_equal(entry->value, value);
    else
        assert_null(entry->value);
}

static void test_reads(void **state)
{
    (void)state;
    struct toml toml;
    struct tg_error err = {0};
    if (toml_parse(all, strlen(all), &toml, &err) != TG_OK)
        fail_msg("%s", err.what);
    has(&toml, "manifest_version", "1");
    assert_false(toml_find(&toml, "manifest_version")->is_text);
    has(&toml, "name", "a \"b\" \xc3\xa9\n");
    assert_true(toml_find(&toml, "name")->is_text);
    has(&toml, "path", "C:\\dir");
    has(&toml, "quoted.key", "true");
    has(&toml, "a.b", "-1_000");
    has(&toml, "Driver.shared.linux_amd64", "x.so");
    has(&toml, "ADBC.features.supported", NULL);
    has(&toml, "ADBC.features.empty", NULL);
    has(&toml, "Post.last", "");
    assert_int_equal(toml_find(&toml, "Post.last")->line, 15);
    assert_null(toml_find(&toml, "Driver"));
    assert_int_equal(toml.count, 9);
    toml_release(&toml);
}

static void test_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *text, *what;
    } bad[] = {
        {"a = 1\na = 2", "line 2 has the key 'a' again"},
        {"\n[a\n", "line 2 has no ']'"},
        {"[[a]]", "list of tables"},
        {"a", "no '='"},
        {"= 1", "no key"},
        {"a = ", "neither a text"},
        {"a = 1.5", "whole number"},
        {"a = 2024-01-01", "whole number"},
        {"a = {b = 1}", "others are not read here"},
        {"a = -", "neither a text"},
        {"a = \"\"\"x\"\"\"", "three quotes"},
        {"a = \"x", "not ended"},
        {"a = \"x\ny\"", "not ended"},
        {"a = \"\\q\"", "unknown escape"},
        {"a = \"\\u12\"", "not finished"},
        {"a = \"\\u0000\"", "no character"},
        {"a = \"\\ud800\"", "no character"},
        {"a = 1 2", "after its value"},
        {"a = [1 2]", "without ','"},
        {"a = [1", "without ','"},
        {"a = [", "neither a text"},
        {"a = 'x'y", "after its value"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct toml toml;
        struct tg_error err = {0};
        assert_int_equal(toml_parse(bad[i].text, strlen(bad[i].text), &toml, &err), TG_USAGE);
        if (!strstr(err.what, bad[i].what))
            fail_msg("'%s': '%s' does not say '%s'", bad[i].text, err.what, bad[i].what);
        toml_release(&toml);
    }
}

static int parse_all(void)
{
    struct toml toml;
    int rc = toml_parse(all, strlen(all), &toml, NULL);
    toml_release(&toml);
    return rc;
}

static void test_memory(void **state)
{
    (void)state;
    torture(parse_all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
