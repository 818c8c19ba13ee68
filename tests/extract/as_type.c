/*
 * Texts that are taken for numbers, dates and timestamps.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "extract/cursor/as_type.h"

#define STAMP "\xef\x80\xa7"
#define DAY   "\xef\x80\xa8"

struct sample {
    enum type type;
    const char *format, *text, *json; /* NULL: it cannot be read so */
};

static void texts_are_read_as_they_are_meant(void **state)
{
    (void)state;
    const struct sample samples[] = {
        {TYPE_BIGINT, NULL, "0042", NULL}, /* no JSON number; see below */
        {TYPE_BIGINT, NULL, "42", "42"},
        {TYPE_BIGINT, NULL, " +42 ", "42"},
        {TYPE_BIGINT, NULL, "-7", "-7"},
        {TYPE_BIGINT, NULL, "4.5", NULL},
        {TYPE_BIGINT, NULL, "", NULL},
        {TYPE_DOUBLE, NULL, "4.5", "4.5"},
        {TYPE_DECIMAL, NULL, "1e3", "1000.0"},
        {TYPE_DOUBLE, NULL, "x", NULL},
        {TYPE_TEXT, NULL, "2024-01-02T00:00:00Z", "\"2024-01-02T00:00:00Z\""},
        {TYPE_TIMESTAMP, NULL, "2024-01-02", "\"" STAMP "2024-01-02T00:00:00\""},
        {TYPE_TIMESTAMP, "%d/%m/%Y", "31/12/2023", "\"" STAMP "2023-12-31T00:00:00\""},
        {TYPE_TIMESTAMP, "%d/%m/%Y %H:%M:%S.%f", "31/12/2023 01:02:03.45",
         "\"" STAMP "2023-12-31T01:02:03.450000\""},
        {TYPE_TIMESTAMP, "%d/%m/%Y %H:%M:%S.%f", "31/12/2023 01:02:03.1234567",
         "\"" STAMP "2023-12-31T01:02:03.123456\""},
        {TYPE_TIMESTAMP, "%d/%m/%Y %H:%M:%S.%f", "31/12/2023 01:02:03.", NULL},
        {TYPE_TIMESTAMP, "%d.%m.%Y %H:%M %z", "31.12.2023 01:00 +0200",
         "\"" STAMP "2023-12-30T23:00:00+00:00\""},
        {TYPE_TIMESTAMP, "%d/%m/%Y", "31/12/2023 and more", NULL},
        {TYPE_TIMESTAMP, "%d/%m/%Y", "2023-12-31",
         "\"" STAMP "2023-12-31T00:00:00\""}, /* ISO, still */
        {TYPE_DATE, "%m/%d/%y", "12/31/23", "\"" DAY "2023-12-31\""},
        {TYPE_DATE, NULL, "2023-12-31T23:00:00", "\"" DAY "2023-12-31\""},
        {TYPE_DATE, NULL, "soon", NULL},
    };
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        const struct cursor_as as = {samples[i].type, samples[i].format};
        struct cursor_value value;
        struct buf out = BUF_INIT;
        cursor_value_set_text(&value, samples[i].text, strlen(samples[i].text));
        bool fits = cursor_value_as(&as, &value);
        cursor_value_json(&out, &value);
        if (fits != (samples[i].json != NULL) ||
            (fits && strcmp(buf_string(&out), samples[i].json) != 0))
            fail_msg("'%s' by %s became %s", samples[i].text,
                     samples[i].format ? samples[i].format : "nothing",
                     fits ? buf_string(&out) : "nothing");
        buf_release(&out);
    }
}

static void what_is_no_text_has_its_type(void **state)
{
    (void)state;
    const struct cursor_as number = {TYPE_BIGINT, NULL}, text = {TYPE_TEXT, NULL},
                           time = {TYPE_TIMESTAMP, NULL};
    struct cursor_value five = {.kind = TG_VALUE_INT64, .int64 = 5}, none = {.kind = TG_VALUE_NONE};
    struct cursor_value day = {.kind = TG_VALUE_DATE, .int64 = 5};
    assert_true(cursor_value_as(&number, &five));
    assert_false(cursor_value_as(&text, &five));
    assert_false(cursor_value_as(&time, &five));
    assert_true(cursor_value_as(&time, &day));
    assert_true(cursor_value_as(&number, &none));
    struct cursor_value stamp;
    cursor_value_set_text(&stamp, "2024-01-02T00:00:00Z", 20);
    assert_true(stamp.is_instant && cursor_value_as(&text, &stamp) && !stamp.is_instant);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_read_as_they_are_meant),
        cmocka_unit_test(what_is_no_text_has_its_type),
    };
    return cmocka_run_group_tests_name("as_type", tests, NULL, NULL);
}
