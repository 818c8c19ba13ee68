/* A way of loading as lines that a spec's parser takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "advice/advice.h"
#include "tidegate.h"

static void write_lines(const char *resource, const struct way *way, const char *member,
                        const char *wanted)
{
    struct arena arena;
    const char *lines = NULL;
    const struct question question = {.resource = resource, .present.member = member};
    arena_init(&arena);
    assert_int_equal(lines_write(&question, way, &arena, &lines, NULL), TG_OK);
    assert_string_equal(lines, wanted);
    arena_release(&arena);
}

static void test_names(void **state)
{
    (void)state;
    write_lines("t", &(struct way){.disposition = "replace"}, NULL,
                "  t:\n    write_disposition: replace\n");
    write_lines("no", &(struct way){.disposition = "append", .cursor = "a b: c"}, "table",
                "  \"no\":\n    table: \"no\"\n    write_disposition: append\n"
                "    incremental: {cursor: \"a b: c\"}\n");
    write_lines("t", &(struct way){.disposition = "merge", .key = {"id", "1st"}, .key_count = 2},
                NULL, "  t:\n    write_disposition: merge\n    primary_key: [id, \"1st\"]\n");
    write_lines("NULL", &(struct way){.disposition = "merge", .key = {"a, b"}, .key_count = 1},
                NULL, "  \"NULL\":\n    write_disposition: merge\n    primary_key: [\"a, b\"]\n");
    write_lines("t",
                &(struct way){.disposition = "merge", .strategy = "cdc", .detects_absent = true},
                NULL, "  t:\n    write_disposition: {disposition: merge, strategy: cdc}\n");
}

/* Names that YAML, or a terminal, would take for something else. */
static void test_parser_takes_them(void **state)
{
    (void)state;
    static const char *const names[] = {"id",     "a b",  "it's", "say \"so\"", "no",
                                        "1",      "x: y", "#top", "{a}",        "tab\there",
                                        "\u00e4", "null", "-",    "a\\b"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct arena arena;
        char spec[1000];
        const char *lines = NULL;
        struct tg_pipeline *pipeline = NULL;
        struct tg_error err = {0};
        const struct question question = {.resource = "t"};
        const struct way way = {
            .disposition = "merge", .key = {names[i]}, .key_count = 1, .cursor = names[i]};
        arena_init(&arena);
        assert_int_equal(lines_write(&question, &way, &arena, &lines, NULL), TG_OK);
        snprintf(spec, sizeof(spec),
                 "pipeline: p\ndestination: duckdb:///x.duckdb\nsource: {type: files}\n"
                 "resources:\n%s    path: t.jsonl\n",
                 lines);
        if (tg_pipeline_open_text(&pipeline, spec, ".", NULL, &err) != TG_OK)
            fail_msg("%s: %s\n%s", err.where, err.what, spec);
        tg_pipeline_free(pipeline);
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_parser_takes_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
