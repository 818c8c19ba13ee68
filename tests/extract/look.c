/* src/extract/files/look.c: what files show of how they are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "extract/files/look.h"
#include "helper.h"
#include "tests/torture.h"

/* The options, without what is said of them, "; " between them. */
static void check(const char *folder, const char *name, const char *content, size_t len,
                  const char *options)
{
    struct buf spec = BUF_INIT, found = BUF_INIT;
    struct tg_error err = {0};
    put_bytes(folder, name, content, len);
    if (look_at_file(path_in(folder, name), &spec, &err) != TG_OK)
        fail_msg("%s: %s", content, err.what);
    const char *line = strstr(buf_string(&spec), "    path: ");
    assert_non_null(line);
    for (line = strchr(line, '\n') + 1; *line != '\n'; line = strchr(line, '\n') + 1) {
        const char *end = strstr(line, " #");
        assert_true(end && end < strchr(line, '\n'));
        while (end[-1] == ' ')
            end--;
        line += strspn(line, " ");
        buf_text(&found, found.len > 0 ? "; " : "");
        buf_append(&found, line, (size_t)(end - line));
    }
    assert_string_equal(buf_string(&found), options);
    buf_release(&spec);
    buf_release(&found);
}

static void check_text(void **state, const char *content, const char *options)
{
    check(*state, "x.csv", content, strlen(content), options);
}

static void test_syntax(void **state)
{
    check_text(state, "id,t\n1,a\n2,b\n", "delimiter: \",\"");
    check_text(state, "id;t\n1;a,b\n2;b,c\n", "delimiter: \";\"");
    check_text(state, "id\tt\n1\ta\n", "delimiter: \"tab\"");
    check_text(state, "id\n1\n", "");
    check_text(state, "1,a\n2,b\n", "delimiter: \",\"; header: false");
    check_text(state, "id|t\n1|'a|b'\n2|'it''s'\n", "delimiter: \"|\"; quote: \"'\"");
    check_text(state, "id,t\n1,\"a \\\"b\\\", c\"\n2,\"x\"\n",
               "delimiter: \",\"; escape: \"\\\\\"");
    check_text(state, "id,t\n1,\"a\n2,\"b\n3,\"c\n", "delimiter: \",\"; quote: \"none\"");
    check_text(state, "id,t\n1,a\n2\n3,b\n4,c\n", "delimiter: \",\"; ragged: \"pad\"");
}

/* As many as there are, not as many as most files have. */
static void test_very_wide(void **state)
{
    enum { COLUMNS = 3000 };
    struct buf text = BUF_INIT, spec = BUF_INIT;
    struct tg_error err = {0};
    for (int i = 0; i < COLUMNS; i++)
        buf_printf(&text, "%sc%d", i > 0 ? ";" : "", i);
    for (int row = 0; row < 2; row++)
        for (int i = 0; i < COLUMNS; i++)
            buf_text(&text, i > 0 ? ";1,5" : "\n1,5");
    put_bytes(*state, "wide.csv", buf_string(&text), text.len);
    assert_int_equal(look_at_file(path_in(*state, "wide.csv"), &spec, &err), TG_OK);
    assert_non_null(strstr(buf_string(&spec), "# 3 of 3 rows have 3000 fields by it"));
    assert_non_null(strstr(buf_string(&spec), "\"c2999\": {decimal: \",\"}"));
    buf_release(&text);
    buf_release(&spec);
}

static void test_lines(void **state)
{
    check_text(state, "A report\n\nid;t\n1;a\n2;b\n", "skip: 2; delimiter: \";\"");
    check_text(state, "# a, b\nid;t\n1;a\n# more\n2;b\n", "delimiter: \";\"; comment: \"#\"");
    check_text(state, "id;t\r1;a\r# more\r2;b\r3;c\r", "delimiter: \";\"; comment: \"#\"");
    check_text(state, "id;t\r'1';a\r'2';b\r'3';c\r", "delimiter: \";\"; quote: \"'\"");
    check_text(state, "\n\nid;t\n1;a\n", "delimiter: \";\"");
}

static void test_encodings(void **state)
{
    static const char wide[] = "i\0d\0;\0t\0\n\0"
                               "1\0;\0a\0\n";
    check_text(state, "id;t\n1;M\xfcller\n", "encoding: \"windows-1252\"; delimiter: \";\"");
    check_text(state, "id;t\n1;M\xc3\xbcller\n", "delimiter: \";\"");
    check(*state, "x.csv", wide, sizeof(wide), "encoding: \"utf-16le\"; delimiter: \";\"");
}

static void test_values(void **state)
{
    check_text(state, "id;p;w;d\n1;1.234,5;0,5;31.12.2024\n2;;1;1.2.2025\n",
               "delimiter: \";\"; column_formats:; \"p\": {decimal: \",\", thousands: \".\"}; "
               "\"w\": {decimal: \",\"}; \"d\": {date_format: \"%d.%m.%Y\"}");
    check_text(state, "a;b\n1'000.5;12/31/2024 11:05 PM\n",
               "delimiter: \";\"; column_formats:; \"a\": {thousands: \"'\"}; "
               "\"b\": {timestamp_format: \"%m/%d/%Y %I:%M %p\"}");
    check_text(state, "a;b\n1;x\nNA;-\n3;NULL\n", "delimiter: \";\"; \"null\": [\"\", \"NA\"]");
    check_text(state, "a;b\n1.5;2024-01-02\n2;2024-01-03\n", "delimiter: \";\"");
}

static void test_other_formats(void **state)
{
    check(*state, "x.jsonl", "{}\n", 3, "");
}

static void check_json(void **state, const char *content, const char *options)
{
    check(*state, "x.json", content, strlen(content), options);
}

#define TWO "[{\"a\": 1}, {\"a\": 2}]"

/* Rows inside of an answer; not those of a row, nor of several. */
static void test_json(void **state)
{
    struct buf text = BUF_INIT;
    check_json(state, "{\"next\": null, \"data\": {\"items\": " TWO ", \"n\": [1, 2, 3]}}",
               "select: \"data.items\"");
    check_json(state, "\xef\xbb\xbf{\"a\": [{}], \"b c\": " TWO "}", "select: \"$['b c']\"");
    check_json(state, "{\"a\": {\"it's.x\": {\"y\": " TWO "}}}", "select: \"a[\\\"it's.x\\\"].y\"");
    check_json(state, TWO, "");
    check_json(state, "{\"a\": [{\"b\": 1}], \"l\": [1, {}]}", "");
    check_json(state, "{\"a\": " TWO "}\n{\"a\": " TWO "}\n", "");
    check_json(state, "{\"a\": " TWO, "");
    check_json(state, "{\"a'\\\"\": " TWO "}", "");
    check_json(state, "", "");
    buf_text(&text, "{\"meta\": {}, \"rows\": [");
    for (int i = 0; i < 100000; i++)
        buf_printf(&text, "%s{\"a\": [%d, {\"]\": \"\\\",\"}]}", i > 0 ? "," : "", i);
    buf_text(&text, "]}");
    check_json(state, buf_string(&text), "select: \"rows\"");
    buf_release(&text);
}

static void check_refused(const char *path, int code, const char *what)
{
    struct buf spec = BUF_INIT;
    struct tg_error err = {0};
    assert_int_equal(look_at_file(path, &spec, &err), code);
    if (!strstr(err.what, what))
        fail_msg("'%s' is not in '%s'", what, err.what);
    buf_release(&spec);
}

static void check_words(void **state, const char *text, const char *words)
{
    struct buf spec = BUF_INIT;
    struct tg_error err = {0};
    put_file(*state, "w.csv", text);
    assert_int_equal(look_at_file(path_in(*state, "w.csv"), &spec, &err), TG_OK);
    if (!strstr(buf_string(&spec), words))
        fail_msg("'%s' is not in '%s'", words, buf_string(&spec));
    buf_release(&spec);
}

static void test_one_row_is_one(void **state)
{
    check_words(state, "a,b\n", "# 1 of 1 row has 2 fields by it\n");
    check_words(state, "a,b\n1,2\n", "# 2 of 2 rows have 2 fields by it\n");
    check_words(state, "a,b\n1,2\n3\n", "# 1 of 3 rows has more or fewer fields; or reject\n");
}

static void test_refused(void **state)
{
    put_file(*state, "empty.csv", "");
    put_bytes(*state, "zip.csv", "PK\x03\x04", 4);
    put_file(*state, "x.txt", "a\n");
    check_refused(path_in(*state, "empty.csv"), TG_DATA, "there are no rows in it");
    check_refused(path_in(*state, "zip.csv"), TG_DATA, "zip archive");
    check_refused(path_in(*state, "x.txt"), TG_USAGE, "cannot be told from its name");
    check_refused(path_in(*state, "absent.csv"), TG_SOURCE, "cannot be opened");
    check_refused(path_in(*state, ""), TG_USAGE, "is a folder; name one of its files");
}

/* A long file is looked at to the last line end of its head. */
static void test_long_file(void **state)
{
    struct buf text = BUF_INIT;
    buf_text(&text, "id;t\n");
    for (int i = 0; i < 100000; i++)
        buf_printf(&text, "%d;\"a;b\"\n", i);
    check(*state, "x.csv", text.data, text.len, "delimiter: \";\"");
    buf_release(&text);
}

static const char *torture_path;

static int work(void)
{
    struct buf spec = BUF_INIT;
    int rc = look_at_file(torture_path, &spec, NULL);
    buf_release(&spec);
    return rc;
}

static void test_torture(void **state)
{
    put_file(*state, "x.csv", "a;b\n1,5;NA\n");
    torture_path = path_in(*state, "x.csv");
    torture(work);
    put_file(*state, "x.json", "{\"a\": " TWO "}");
    torture_path = path_in(*state, "x.json");
    torture(work);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_syntax),    IN_FOLDER(test_very_wide),      IN_FOLDER(test_lines),
        IN_FOLDER(test_encodings), IN_FOLDER(test_values),         IN_FOLDER(test_other_formats),
        IN_FOLDER(test_json),      IN_FOLDER(test_one_row_is_one), IN_FOLDER(test_refused),
        IN_FOLDER(test_long_file), IN_FOLDER(test_torture),
    };
    return cmocka_run_group_tests_name("extract/look", tests, NULL, NULL);
}
