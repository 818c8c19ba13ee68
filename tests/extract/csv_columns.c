/*
 * src/extract/formats/csv_columns.c: types guessed from texts, and texts as values of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "extract/formats/csv_columns.h"
#include "helper.h"
#include "tests/torture.h"

enum { ROWS = 64 };

/* Rows of one column, separated by '|'; "NULL" is NULL. */
struct sample {
    char text[1024];
    struct csv_field fields[ROWS];
};

static struct csv_rows make_rows(const char *texts, struct sample *sample)
{
    struct csv_rows rows = {.text = sample->text, .fields = sample->fields, .width = 1};
    assert_true(strlen(texts) < sizeof(sample->text));
    memcpy(sample->text, texts, strlen(texts) + 1);
    for (const char *at = texts;; at++) {
        size_t len = strcspn(at, "|");
        sample->fields[rows.count++] = (struct csv_field){.start = (uint32_t)(at - texts),
                                                          .len = (uint32_t)len & CSV_TEXT_MAX};
        at += len;
        if (*at == '\0')
            break;
    }
    return rows;
}

/* What is known of the column; TYPE_NONE: nothing. */
static struct type_spec known;

static int find_known(void *user, const char *name, struct type_spec *out, struct tg_error *err)
{
    (void)user;
    (void)err;
    assert_string_equal(name, "x");
    *out = known;
    return TG_OK;
}

static struct csv_local local; /* how values are written */

/* Guesses from `seen` (NULL: nothing) and converts `texts`. */
static int convert(const struct tg_column *hint, const char *seen, const char *texts,
                   struct buf *values, char format[24])
{
    const struct csv_types types = {.hints = hint,
                                    .hint_count = hint ? 1 : 0,
                                    .known = {find_known, NULL},
                                    .null_texts = "NULL",
                                    .local = local};
    static const char *const names[] = {"x"};
    struct csv_columns *columns = NULL;
    static struct sample sample;
    struct csv_rows rows;
    struct page page = {.kind = PAGE_END};
    int rc = TG_OK;
    TRY(csv_columns_new(names, 1, &types, &columns, NULL));
    if (seen) {
        rows = make_rows(seen, &sample);
        TRY(csv_columns_see(columns, &rows, NULL));
    }
    csv_columns_decide(columns);
    rows = make_rows(texts, &sample);
    TRY(csv_columns_convert(columns, &rows, &page, NULL));
    snprintf(format, 24, "%s", page.schema.children[0]->format);
    if (values)
        put_page(values, &page);
done:
    page_release(&page);
    csv_columns_free(columns);
    return rc;
}

static void check(const char *texts, const char *format, const char *values)
{
    struct buf out = BUF_INIT;
    char found[24];
    assert_int_equal(convert(NULL, texts, texts, &out, found), TG_OK);
    if (strcmp(found, format) != 0 || strcmp(buf_string(&out), values) != 0)
        fail_msg("'%s' is %s: %s", texts, found, buf_string(&out));
    buf_release(&out);
}

static void test_numbers(void **state)
{
    (void)state;
    check("1|-2|NULL|0", "l", "x=1 x=-2 x=null x=0 ");
    check("9223372036854775807|-9223372036854775808", "l",
          "x=9223372036854775807 x=-9223372036854775808 ");
    check("1|9223372036854775808", "d:38,0", "x=1 x=9223372036854775808 ");
    check("12345678901234567890123456789012345678", "d:38,0",
          "x=12345678901234567890123456789012345678 ");
    check("123456789012345678901234567890123456789", "u",
          "x=\"123456789012345678901234567890123456789\" ");
    check("1|2.50|-1e3", "g", "x=1.0 x=2.5 x=-1000.0 ");
    check("1|-0", "g", "x=1.0 x=-0.0 ");
    check("0.5|nan|-inf", "g", "x=0.5 x=null x=null ");
}

static void test_not_numbers(void **state)
{
    (void)state;
    check("007|1", "u", "x=\"007\" x=\"1\" ");
    check("-01", "u", "x=\"-01\" ");
    check("00.5", "u", "x=\"00.5\" ");
    check("+49", "u", "x=\"+49\" ");
    check("0x1F", "u", "x=\"0x1F\" ");
    check("1_000", "u", "x=\"1_000\" ");
    check(" 5|6 ", "u", "x=\" 5\" x=\"6 \" ");
    check("1e-999", "u", "x=\"1e-999\" ");
    check("1,5", "u", "x=\"1,5\" ");
    check("1e999", "u", "x=\"1e999\" ");
    check("-|e5|1e|.", "u", "x=\"-\" x=\"e5\" x=\"1e\" x=\".\" ");
    check("inf", "u", "x=\"inf\" ");
    check("1|", "u", "x=\"1\" x=\"\" ");
    check(" a ", "u", "x=\" a \" ");
    /* An integer that no double holds stays exact. */
    check("1.5|12345678901234567", "d:38,1", "x=1.5 x=12345678901234567.0 ");
    check("1.5e1|12345678901234567", "u", "x=\"1.5e1\" x=\"12345678901234567\" ");
}

static void test_times(void **state)
{
    (void)state;
    check("2024-02-29|1999-01-01", "tdD", "x=\"2024-02-29\" x=\"1999-01-01\" ");
    check("2024-02-30", "u", "x=\"2024-02-30\" ");
    check("20240229", "l", "x=20240229 ");
    check("29/02/2024", "u", "x=\"29/02/2024\" ");
    check("2024-01-01 10:00:00|2024-01-02",
          "tsu:", "x=\"2024-01-01T10:00:00\" x=\"2024-01-02T00:00:00\" ");
    check("2024-01-01T10:00:00.123456789", "tsn:", "x=\"2024-01-01T10:00:00.123456789\" ");
    check("2024-01-01T10:00:00+02:00|2024-01-01T10:00:00", "tsu:UTC",
          "x=\"2024-01-01T08:00:00+00:00\" x=\"2024-01-01T10:00:00+00:00\" ");
    check("10:30:00|23:59:59.5", "ttu", "x=\"10:30:00\" x=\"23:59:59.500000\" ");
    check("25:00:00", "u", "x=\"25:00:00\" ");
    check("10:00:00.1234567", "u", "x=\"10:00:00.1234567\" ");
    check("2024-01-01|10:30:00", "u", "x=\"2024-01-01\" x=\"10:30:00\" ");
    check("True|false", "b", "x=true x=false ");
    check("t|f", "u", "x=\"t\" x=\"f\" ");
}

/* A column has no type until it has a value. */
static void test_nothing(void **state)
{
    struct buf out = BUF_INIT;
    char format[24];
    (void)state;
    check("NULL|NULL", "n", "x=null x=null ");
    assert_int_equal(convert(NULL, "NULL", "5|NULL", &out, format), TG_OK);
    assert_string_equal(format, "l");
    assert_string_equal(buf_string(&out), "x=5 x=null ");
    buf_release(&out);
}

/* Values that do not fit what was guessed make rows, in which they are literals: as JSON, each of
 * its own type. */
static void test_misfits(void **state)
{
    static const struct {
        const char *seen, *texts, *format, *values;
    } cases[] = {
        {"1|2", "3|1.5|oops|NULL|007|2024-01-01|99999999999999999999", "l",
         "{\"x\":3} {\"x\":1.5} {\"x\":\"oops\"} {\"x\":null} {\"x\":\"007\"} "
         "{\"x\":\"2024-01-01\"} {\"x\":\"99999999999999999999\"} "},
        {"1", "-0|1.0", "l", "{\"x\":-0.0} {\"x\":1.0} "},
        {"1.5", "2|12345678901234567|x", "g",
         "{\"x\":2.0} {\"x\":12345678901234567} {\"x\":\"x\"} "},
        {"2024-01-01", "20240102|2024-01-01T00:00:00Z", "tdD",
         "x=\"2024-01-02\" x=\"2024-01-01\" "},
        {"2024-01-01", "2024-01-02|2024-01-01T00:00:01Z", "tdD",
         "{\"x\":\"2024-01-02\"} {\"x\":\"2024-01-01T00:00:01+00:00\"} "},
        {"true", "false|1", "b", "{\"x\":false} {\"x\":1} "},
        {"10:00:00", "10:00:01|x", "ttu", "{\"x\":\"10:00:01\"} {\"x\":\"x\"} "},
        {"2024-01-01T00:00:00", "2024-01-01T00:00:00Z|2024-01-01T00:00:00",
         "tsu:", "x=\"2024-01-01T00:00:00\" x=\"2024-01-01T00:00:00\" "},
        {"a", "5|b", "u", "x=\"5\" x=\"b\" "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf out = BUF_INIT;
        char format[24];
        assert_int_equal(convert(NULL, cases[i].seen, cases[i].texts, &out, format), TG_OK);
        assert_string_equal(format, cases[i].format);
        assert_string_equal(buf_string(&out), cases[i].values);
        buf_release(&out);
    }
}

static void check_hint(struct tg_column hint, const char *texts, const char *format,
                       const char *values)
{
    struct buf out = BUF_INIT;
    char found[24];
    hint.name = "x";
    assert_int_equal(convert(&hint, texts, texts, &out, found), TG_OK);
    if (strcmp(found, format) != 0 || strcmp(buf_string(&out), values) != 0)
        fail_msg("'%s' as %s is %s: %s", texts, hint.data_type, found, buf_string(&out));
    buf_release(&out);
}

static void test_hints(void **state)
{
    (void)state;
    check_hint((struct tg_column){.data_type = "text"}, "00123|5", "u", "x=\"00123\" x=\"5\" ");
    check_hint((struct tg_column){.data_type = "json"}, "{}|5", "u", "x=\"{}\" x=\"5\" ");
    check_hint((struct tg_column){.data_type = "bigint"}, "00123|+5|-0", "l", "x=123 x=5 x=0 ");
    check_hint((struct tg_column){.data_type = "bigint"}, "1.5| 2", "l", "{\"x\":1.5} {\"x\":2} ");
    check_hint((struct tg_column){.data_type = "decimal"}, "1|2.50", "d:38,9",
               "x=1.000000000 x=2.500000000 ");
    check_hint((struct tg_column){.data_type = "decimal", .precision = 5, .scale = 2}, "1.25",
               "d:5,2", "x=1.25 ");
    check_hint((struct tg_column){.data_type = "decimal", .precision = 5, .scale = 2}, "1.255",
               "d:5,2", "{\"x\":\"1.255\"} ");
    check_hint((struct tg_column){.data_type = "timestamp"}, "5", "tsu:UTC", "{\"x\":5.0} ");
    check_hint((struct tg_column){.data_type = "bool"}, "t|0|yes", "b", "x=true x=false x=true ");
    check_hint((struct tg_column){.data_type = "wei"}, "99999999999999999999", "d:38,0",
               "x=99999999999999999999 ");
    check_hint((struct tg_column){.data_type = "double"}, "1|.5|5.|007.5|NaN", "g",
               "x=1.0 x=0.5 x=5.0 x=7.5 x=null ");
    check_hint((struct tg_column){.data_type = "double"}, "12345678901234567890", "g",
               "x=1.2345678901234567e+19 ");
    check_hint((struct tg_column){.data_type = "date"}, "20240102", "tdD", "x=\"2024-01-02\" ");
    check_hint((struct tg_column){.data_type = "timestamp"}, "2024-01-02|2024-01-02T00:00:00+01:00",
               "tsu:UTC", "x=\"2024-01-02T00:00:00+00:00\" x=\"2024-01-01T23:00:00+00:00\" ");
    check_hint((struct tg_column){.data_type = "timestamp", .timezone = TG_NO},
               "2024-01-02T00:00:00", "tsu:", "x=\"2024-01-02T00:00:00\" ");
    check_hint((struct tg_column){.data_type = NULL}, "00123", "u", "x=\"00123\" ");
}

/* What the table has counts, whatever the texts look like; under a hint, too. */
static void test_known(void **state)
{
    static const struct {
        struct type_spec spec;
        const char *texts, *format, *values;
    } cases[] = {
        {{.type = TYPE_TEXT}, "5|6", "u", "x=\"5\" x=\"6\" "},
        {{.type = TYPE_JSON}, "5|{}", "u", "x=\"5\" x=\"{}\" "},
        {{.type = TYPE_BIGINT}, "1|01234", "l", "{\"x\":1} {\"x\":\"01234\"} "},
        {{.type = TYPE_BIGINT}, "01234", "l", "{\"x\":\"01234\"} "},
        {{.type = TYPE_DATE}, "20240102|2024-01-03", "tdD", "x=\"2024-01-02\" x=\"2024-01-03\" "},
        {{.type = TYPE_TIMESTAMP},
         "20240102|2024-01-03T01:02:03",
         "tsu:UTC",
         "x=\"2024-01-02T00:00:00+00:00\" x=\"2024-01-03T01:02:03+00:00\" "},
        {{.type = TYPE_DOUBLE}, "12.50|7|1e5", "g", "x=12.5 x=7.0 x=100000.0 "},
        {{.type = TYPE_DOUBLE},
         "9007199254740993|1e400",
         "g",
         "{\"x\":9007199254740993} {\"x\":\"1e400\"} "},
        {{TYPE_DECIMAL, 9, 2, false}, "1|2.5", "d:9,2", "x=1.00 x=2.50 "},
        {{TYPE_DECIMAL, 9, 2, false}, "1|2.505", "d:9,2", "{\"x\":\"1\"} {\"x\":\"2.505\"} "},
        {{.type = TYPE_BOOL}, "true|1|t", "b", "{\"x\":true} {\"x\":1} {\"x\":\"t\"} "},
        {{.type = TYPE_TIMESTAMP, .naive = true, .precision = 9},
         "2024-01-01T10:00:00.000000001|2024-01-01",
         "tsn:",
         "x=\"2024-01-01T10:00:00.000000001\" x=\"2024-01-01T00:00:00\" "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        known = cases[i].spec;
        check(cases[i].texts, cases[i].format, cases[i].values);
    }
    known = (struct type_spec){.type = TYPE_DOUBLE};
    check_hint((struct tg_column){.data_type = "bigint"}, "007|+1.5", "g", "x=7.0 x=1.5 ");
    known = (struct type_spec){.type = TYPE_NONE};
}

/* ---- as values are written somewhere ---- */

static void test_local_numbers(void **state)
{
    (void)state;
    local = (struct csv_local){.decimal = ",", .thousands = "."};
    check("1,5|-2|1.234,5|1.234.567", "g", "x=1.5 x=-2.0 x=1234.5 x=1234567.0 ");
    check("1.234|7", "l", "x=1234 x=7 ");
    check("1.5|2", "u", "x=\"1.5\" x=\"2\" ");
    check("1.23,4", "u", "x=\"1.23,4\" ");
    check("2024-01-02", "tdD", "x=\"2024-01-02\" ");
    local = (struct csv_local){.thousands = " "};
    check("1 234.5|1\xc2\xa0"
          "000|1\xe2\x80\xaf"
          "000",
          "g", "x=1234.5 x=1000.0 x=1000.0 ");
    check("1 23", "u", "x=\"1 23\" ");
    known = (struct type_spec){.type = TYPE_BIGINT};
    local = (struct csv_local){.decimal = ","};
    struct buf out = BUF_INIT;
    char format[24];
    assert_int_equal(convert(NULL, NULL, "1|2,5|abc", &out, format), TG_OK);
    assert_string_equal(buf_string(&out), "{\"x\":1} {\"x\":2.5} {\"x\":\"abc\"} ");
    buf_release(&out);
    known = (struct type_spec){.type = TYPE_NONE};
    local = (struct csv_local){.decimal = NULL};
}

static void test_local_times(void **state)
{
    (void)state;
    local = (struct csv_local){.date_format = "%d.%m.%Y"};
    check("31.12.2024|1.2.2024|2024-03-04", "tdD",
          "x=\"2024-12-31\" x=\"2024-02-01\" x=\"2024-03-04\" ");
    check("31.02.2024", "u", "x=\"31.02.2024\" ");
    local = (struct csv_local){.timestamp_format = "%d/%m/%Y %H:%M"};
    check("31/12/2024 10:30", "tsu:", "x=\"2024-12-31T10:30:00\" ");
    local = (struct csv_local){.timestamp_format = "%d/%m/%Y %H:%M %z"};
    check("31/12/2024 10:30 +0200", "tsu:UTC", "x=\"2024-12-31T08:30:00+00:00\" ");
    local = (struct csv_local){.decimal = NULL};
}

static int work(void)
{
    char format[24];
    int rc = convert(NULL, "1", "1|2", NULL, format);
    return rc == TG_OK ? convert(NULL, "1", "1|b|2.5", NULL, format) : rc;
}

static void test_out_of_memory(void **state)
{
    (void)state;
    torture(work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),     cmocka_unit_test(test_not_numbers),
        cmocka_unit_test(test_times),       cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_misfits),     cmocka_unit_test(test_hints),
        cmocka_unit_test(test_known),       cmocka_unit_test(test_local_numbers),
        cmocka_unit_test(test_local_times), cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests_name("extract/csv_columns", tests, NULL, NULL);
}
