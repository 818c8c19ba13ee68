/* Formats by the names of files, and paths that are places elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "extract/files/format.h"

static void test_names(void **state)
{
    static const struct {
        const char *name;
        enum format format;
    } names[] = {
        {"a.jsonl", FORMAT_JSONL},    {"a.ndjson", FORMAT_JSONL}, {"a.b.JSON", FORMAT_JSON},
        {"a.csv.gz", FORMAT_CSV},     {"a.tsv.ZST", FORMAT_CSV},  {"a.csv.bz2", FORMAT_CSV},
        {"a.jsonl.xz", FORMAT_JSONL}, {"a.pq", FORMAT_PARQUET},   {"a.parquet", FORMAT_PARQUET},
        {"a.csv.gz.xz", FORMAT_NONE}, {"csv", FORMAT_NONE},       {".csv", FORMAT_NONE},
        {"acsv", FORMAT_NONE},        {"", FORMAT_NONE},          {".gz", FORMAT_NONE},
        {"a.txt", FORMAT_NONE},       {"a.csv.txt", FORMAT_NONE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (format_of(names[i].name) != names[i].format)
            fail_msg("'%s' is %d", names[i].name, format_of(names[i].name));
    assert_true(format_ends_in("a.tsv.xz", ".tsv"));
    assert_false(format_ends_in("a.csv.xz", ".tsv"));
}

static void test_words(void **state)
{
    (void)state;
    assert_int_equal(format_find("jsonl"), FORMAT_JSONL);
    assert_int_equal(format_find("parquet"), FORMAT_PARQUET);
    assert_int_equal(format_find("ndjson"), FORMAT_NONE); /* an ending only */
    assert_int_equal(format_find("auto"), FORMAT_NONE);
    assert_int_equal(format_find(NULL), FORMAT_NONE);
}

/* What a pattern matches is told where its end says so. */
static void test_patterns(void **state)
{
    static const struct {
        const char *patterns;
        enum format format;
    } cases[] = {
        {"*.jsonl", FORMAT_JSONL},
        {"a/**/{date:%Y-%m}/a long name that says nothing of what is in it *.JSON.gz", FORMAT_JSON},
        {"a.parquet\nb.jsonl", FORMAT_JSONL},
        {"a.jsonl\nb.csv", FORMAT_NONE},
        {"a.tsv.xz\nb.jsonl", FORMAT_NONE},
        {"a.jsonl\n*", FORMAT_NONE},
        {"*.[cj]s*", FORMAT_NONE},
        {"jsonl", FORMAT_NONE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(format_without_csv(cases[i].patterns), cases[i].format);
    assert_string_equal(format_name(FORMAT_JSONL), "JSON lines");
}

static void test_places(void **state)
{
    static const char *const elsewhere[][2] = {
        {"s3://bucket/a/*.csv", "as by aws s3 sync"},
        {"gs://b", "gcloud storage rsync"},
        {"az://b", "azcopy"},
        {"abfss://c@d/e", "azcopy"},
        {"https://x/a.csv", "curl"},
        {"HTTP://x", "curl"},
        {"hdfs://n/a", "hdfs dfs -get"},
        {"sftp://h/a", "rsync"},
        {"svn+ssh://h/a", "a program that knows them"},
        {"file:///data/a.csv", "write the path alone: '/data/a.csv'"},
    };
    static const char *const here[] = {"",      "a.csv", "./s3:/b", "c:/a",    "a//b",
                                       "c://a", "://a",  "a b://c", "/s3://a", "**/*.csv"};
    struct tg_error err = {0};
    (void)state;
    for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
        if (format_check_local("path", elsewhere[i][0], &err) != TG_USAGE ||
            !strstr(err.what, elsewhere[i][1]))
            fail_msg("'%s': '%s'", elsewhere[i][0], err.what);
    for (size_t i = 0; i < sizeof(here) / sizeof(here[0]); i++)
        if (format_check_local("path", here[i], &err) != TG_OK)
            fail_msg("'%s': '%s'", here[i], err.what);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_places),
    };
    return cmocka_run_group_tests_name("extract/format", tests, NULL, NULL);
}
