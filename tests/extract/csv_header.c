/* CSV headers: names and delimiters of all kinds, and those that are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "extract/formats/csv_header.h"
#include "helper.h"
#include "tests/torture.h"

static const struct csv_header_options named = {.syntax = {.quote = '"'}, .has_names = true};

/* With room behind it, as a reader has it. */
static int read_head(const char *head, size_t len, bool is_cut,
                     const struct csv_header_options *options, struct csv_header *out,
                     struct tg_error *err)
{
    char *own = mem_calloc(1, len + CSV_ROOM);
    int rc = TG_NOMEM;
    if (own) {
        memcpy(own, head, len);
        rc = csv_header_read(own, len, is_cut, options, out, err);
    }
    mem_free(own);
    return rc;
}

static void check_options(const char *head, const struct csv_header_options *options,
                          const char *names)
{
    struct csv_header header;
    struct buf text = BUF_INIT;
    struct tg_error err = {0};
    if (read_head(head, strlen(head), false, options, &header, &err) != TG_OK)
        fail_msg("'%s': %s", head, err.what);
    buf_printf(&text, "%d%s", (int)header.lines, header.syntax.delimiter);
    for (size_t i = 0; i < header.count; i++)
        buf_printf(&text, "[%s]", header.names[i]);
    assert_string_equal(buf_string(&text), names);
    buf_release(&text);
    csv_header_release(&header);
}

static void check(const char *head, const char *names)
{
    check_options(head, &named, names);
}

static void test_names(void **state)
{
    (void)state;
    check("", "0,");
    check("\xef\xbb\xbf", "0,");
    check("\n\r\n\r", "3,");
    check("a", "1,[a]");
    check("a,b\n1,2\n", "1,[a][b]");
    check("a,b\r1,2\r", "1,[a][b]");
    check("\xef\xbb\xbf\"a\",\"b,c\"\r\n", "1,[a][b,c]");
    check("\n\n\"a\nb\",\"x \"\"y\"\"\", c \n", "4,[a\nb][x \"y\"][ c ]");
    check("na\xc3\xafve,\xe6\x97\xa5\n", "1,[na\xc3\xafve][\xe6\x97\xa5]");
    check("a,A\n", "1,[a][A]");
    check(",a,\n", "1,[column0][a][column2]");
    check("column1,\n", "1,[column1][column1_1]");
    check(",column0,column0_1\n", "1,[column0_2][column0][column0_1]");
}

static void test_delimiters(void **state)
{
    (void)state;
    check("a;b,c;d\n", "1;[a][b,c][d]");
    check("a\tb\n1,2,3", "1\t[a][b]");
    check("\"a;b;c\"|b\n", "1|[a;b;c][b]");
    check_options(
        "a,b;c\n",
        &(struct csv_header_options){.syntax = {.delimiter = ",", .quote = '"'}, .has_names = true},
        "1,[a][b;c]");
    check_options("a~~b\n",
                  &(struct csv_header_options){.syntax = {.delimiter = "~~"}, .has_names = true},
                  "1~~[a][b]");
    check_options("a;b\n",
                  &(struct csv_header_options){.syntax = {.quote = '"'}, .has_names = true},
                  "1;[a][b]");
}

/* The first line is a row then, whatever is in it. */
static void test_without_names(void **state)
{
    static const struct csv_header_options numbered = {.syntax = {.quote = '"'}};
    (void)state;
    check_options("a,a,\n", &numbered, "0,[column0][column1][column2]");
    check_options("{\"a\":1}\n", &numbered, "0,[column0]");
    check_options("caf\xe9\n", &numbered, "0,[column0]");
}

static void check_refused(const char *head, size_t len, const char *what)
{
    struct csv_header header;
    struct tg_error err = {0};
    assert_int_equal(read_head(head, len, false, &named, &header, &err), TG_DATA);
    if (!strstr(err.what, what))
        fail_msg("'%s' is not in '%s'", what, err.what);
    assert_null(header.names);
}

static void test_refused(void **state)
{
    struct csv_header header;
    struct tg_error err = {0};
    (void)state;
    check_refused("a,na\xefve\n", 8, "the name of column 2 in the header, 'na?ve', is not UTF-8");
    check_refused("\xe9\n", 2, "the name of column 1 in the header, '?', is not UTF-8");
    check_refused("a\0b,c\n", 6, "the name of column 1 in the header, 'a?b', has the byte 0x00");
    check_refused("a,\x1b\n", 4, "the name of column 2 in the header, '?', has the byte 0x1b");
    check_refused("a,\"b\n1,2\n", 9, "the quote before the last name of the header");
    check_refused("{\"a\":1}\n", 8, "those of JSON");
    assert_int_equal(read_head("a,b", 3, true, &named, &header, &err), TG_DATA);
    assert_string_equal(err.what, "the first line is longer than 3 bytes; is this a CSV file?");
}

/* Two columns of a name: which is meant? */
static void test_equal_names(void **state)
{
    static const struct tg_column columns[] = {{.name = "a_2"}, {.name = "a_3"}, {.name = "b"}};
    struct csv_header_options options = {
        .syntax = {.quote = '"'}, .has_names = true, .columns = columns, .column_count = 2};
    (void)state;
    check_refused("a,b,a\n", 6,
                  "columns 1 and 3 of the header are both named 'a'; correct the header, or list "
                  "the second one as 'a_1' under columns:");
    check_refused("a,b,\"a\"\n", 8, "columns 1 and 3");
    check_refused("a_1,a,a,a\n", 10,
                  "columns 2 and 3 of the header are both named 'a'; correct "
                  "the header, or list the second one as 'a_2'");
    check_options("a_1,a,a,a\n", &options, "1,[a_1][a][a_2][a_3]");
    check_options("a,a,a_1\n", &options, "1,[a][a_2][a_1]");
    options.column_count = 1;
    assert_int_equal(
        read_head("a_1,a,a,a\n", 10, false, &options, &(struct csv_header){.count = 0}, NULL),
        TG_DATA);
}

static int work(void)
{
    static const char head[] = "a,b,\"c\nd\",,e\n1,2,3,4,5\n";
    struct csv_header header = {.count = 0};
    int rc = read_head(head, sizeof(head) - 1, false, &named, &header, NULL);
    csv_header_release(&header);
    return rc;
}

static void test_torture(void **state)
{
    (void)state;
    torture(work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),         cmocka_unit_test(test_delimiters),
        cmocka_unit_test(test_without_names), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_equal_names),   cmocka_unit_test(test_torture),
    };
    return cmocka_run_group_tests_name("extract/csv_header", tests, NULL, NULL);
}
