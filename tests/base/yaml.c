/* YAML: the text of scalars as the standard has it, where a text is none, tags. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/yaml.h"

static const struct {
    const char *yaml, *text;
} scalars[] = {
    {"plain text", "plain text"},
    {"'it''s '''' a'", "it's '' a"},
    {"''''", "'"},
    {"'a  \n\n  b'", "a\nb"},
    {"'a\n  b'", "a b"},
    {"'a\\n'", "a\\n"},
    {"\"\"", ""},
    {"\"a\\\\\\\n   b\"", "a\\b"},
    {"\"\\\\\\\\\\\"\"", "\\\\\""},
    {"\"a \\\n  \\  b\"", "a   b"},
    {"\"\\x41\\u00e9\\U0001F600\\t\\e\\/\\_\"", "Aé😀\t\x1b/\xc2\xa0"},
    {"\"\\ud83d\\ude00\\ud83d\\ude01\"", "😀😁"},
    {"|\n  a\n  b\n", "a\nb\n"},
    {"é", "é"},
};

/* Appends the text of a document that is a scalar. */
static int read_it(const char *yaml, struct buf *out)
{
    struct fy_diag *diag = yaml_diag();
    const struct fy_parse_cfg cfg = {.flags = FYPCF_DEFAULT_VERSION_1_2, .diag = diag};
    struct fy_document *doc = fy_document_build_from_string(&cfg, yaml, strlen(yaml));
    int rc = TG_DATA;
    if (doc) {
        yaml_text(fy_document_root(doc), yaml, out);
        rc = buf_check(out, NULL);
    }
    fy_document_destroy(doc);
    fy_diag_destroy(diag);
    return rc;
}

static void test_texts(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < sizeof(scalars) / sizeof(scalars[0]); i++) {
        buf_clear(&out);
        assert_int_equal(read_it(scalars[i].yaml, &out), TG_OK);
        if (strcmp(buf_string(&out), scalars[i].text) != 0)
            fail_msg("%s is read as '%s'", scalars[i].yaml, buf_string(&out));
    }
    buf_release(&out);
}

/* What yaml_text leaves to the parser. */
static void test_what_the_parser_refuses(void **state)
{
    (void)state;
    static const char *const texts[] = {"\"\\ud83d\"", "\"\\ud83dx\"", "\"\\q\"",
                                        "\"\\u12\"",   "'a",           "\"a\\\""};
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (read_it(texts[i], &out) != TG_DATA)
            fail_msg("%s is taken", texts[i]);
    buf_release(&out);
}

static void test_bad_bytes(void **state)
{
    (void)state;
    static const char text[] = "a: é\nb: \xc3(";
    int line, column;
    assert_ptr_equal(yaml_bad_byte(text, sizeof(text) - 1, &line, &column), strchr(text, '(') - 1);
    assert_int_equal(line, 2);
    assert_int_equal(column, 4);
    assert_null(yaml_bad_byte(text, strlen("a: é\n"), &line, &column));
    assert_non_null(yaml_bad_byte("a\0", 2, &line, &column));
    assert_int_equal(column, 2);
}

static void test_tags(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *tag;
        bool is_text;
    } cases[] = {
        {"5", NULL, false},
        {"!!str 5", "tag:yaml.org,2002:str", true},
        {"!!int 5", "tag:yaml.org,2002:int", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fy_document *doc =
            fy_document_build_from_string(NULL, cases[i].yaml, strlen(cases[i].yaml));
        size_t len = 0;
        bool is_text;
        const char *tag = yaml_tag(fy_document_root(doc), &len, &is_text);
        assert_int_equal(is_text, cases[i].is_text);
        assert_int_equal(tag != NULL, cases[i].tag != NULL);
        if (tag) {
            assert_int_equal(len, strlen(cases[i].tag));
            assert_memory_equal(tag, cases[i].tag, len);
        }
        fy_document_destroy(doc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_what_the_parser_refuses),
        cmocka_unit_test(test_bad_bytes),
        cmocka_unit_test(test_tags),
    };
    return cmocka_run_group_tests_name("base/yaml", tests, NULL, NULL);
}
