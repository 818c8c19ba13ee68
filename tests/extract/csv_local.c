/* src/extract/formats/csv_local.c: numbers and times as they are written somewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "extract/formats/csv_local.h"

static const struct csv_local german = {
    .decimal = ",", .thousands = ".", .date_format = "%d.%m.%Y"};
static const struct csv_local swiss = {.thousands = "'"};
static const struct csv_local comma = {.decimal = ","};

/* NULL: the text stays; "text": it is no number. */
static void check(const struct csv_local *local, const char *text, const char *expected)
{
    char out[CSV_LOCAL_MAX];
    size_t len;
    enum csv_local_form form = csv_local_read(local, text, strlen(text), out, &len);
    const char *found = form == LOCAL_SAME ? NULL : form == LOCAL_TEXT ? "text" : out;
    if (form == LOCAL_CHANGED)
        out[len] = '\0';
    if ((found == NULL) != (expected == NULL) || (found && strcmp(found, expected) != 0))
        fail_msg("'%s' is '%s', not '%s'", text, found ? found : "the same",
                 expected ? expected : "the same");
}

static void test_numbers(void **state)
{
    (void)state;
    check(&german, "1,5", "1.5");
    check(&german, "-1.234,5", "-1234.5");
    check(&german, "+1.234.567", "+1234567");
    check(&german, ",5", "0.5");
    check(&german, "-,5", "-0.5");
    check(&german, "1,5e3", "1.5e3");
    check(&german, "12", NULL);
    check(&german, "007", NULL);
    check(&german, "", NULL);
    check(&german, "abc", NULL);
    check(&german, "10:30", NULL);
    check(&german, "2024-01-02", NULL);
    check(&swiss, "1'234.5", "1234.5");
    check(&swiss, "1.5", NULL);
    check(&comma, "1234,5", "1234.5");
}

static void test_no_numbers(void **state)
{
    (void)state;
    check(&german, "1.5", "text");
    check(&german, "1.23", "text");
    check(&german, "1234.567", "text");
    check(&german, "1.234.56", "text");
    check(&german, ".234", "text");
    check(&german, "1.234,", "1234.");
    check(&comma, "1.5", "text");
    check(&comma, "1.234,5", "text");
    check(&swiss, "1'23", NULL);
    check(&german, ",", NULL);
    check(&german, "-", NULL);
}

static void test_times(void **state)
{
    const struct csv_local stamps = {.timestamp_format = "%d/%m/%y %H:%M:%S.%f"};
    (void)state;
    check(&german, "31.12.2024", "2024-12-31");
    check(&german, "31.12.1969", "1969-12-31");
    check(&german, "31.2.2024", "text");
    check(&german, "2024-12-31", NULL);
    check(&stamps, "31/12/24 01:02:03.5", "2024-12-31T01:02:03.500000");
    check(&stamps, "31/12/24", NULL);
}

static void test_long_texts(void **state)
{
    char text[300];
    (void)state;
    memset(text, '1', sizeof(text) - 1);
    for (size_t len = sizeof(text) - 1; len > 0; len--) {
        text[len] = '\0';
        check(&german, text, NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_no_numbers),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_long_texts),
    };
    return cmocka_run_group_tests_name("extract/csv_local", tests, NULL, NULL);
}
