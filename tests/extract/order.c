#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "cursor_helper.h"
#include "extract/cursor/order.h"

static void check(const char *a, const char *b, const char *as)
{
    for (int turn = 0; turn < 2; turn++) {
        const char *left = turn ? b : a, *right = turn ? a : b;
        const char *found = order_contradicts(left, strlen(left), right, strlen(right));
        if ((found == NULL) != (as == NULL) || (as && strcmp(found, as) != 0))
            fail_msg("%s and %s: %s", left, right, found ? found : "NULL");
    }
}

static void test_numbers(void **state)
{
    (void)state;
    check("9", "10", "numbers");
    check("09", "10", NULL);
    check("010", "9", "numbers");
    check("10", "9.5", "numbers");
    check("1.9", "1.10", NULL);
    check("1.5", "1.25", NULL);
    check("-1", "-2", "numbers");
    check("-5", "3", NULL);
    check("+5", "3", "numbers");
    check("99999999999999999999999", "100000000000000000000000", "numbers");
    check("1", "1.0", NULL);
    check("7", "7", NULL);
    check("", "7", NULL);
    check("9", "10a", NULL);
    check("a9", "a10", NULL);
    check("-", "1", NULL);
}

static void test_dates(void **state)
{
    (void)state;
    check("12/31/2023", "01/02/2024", "dates");
    check("31.12.2023", "01.01.2024", "dates");
    check("02/01/2023", "01/02/2024", "dates");
    check("01/02/2023", "02/01/2023", NULL); /* in order with the month first */
    check("01/31/2023", "02/01/2023", NULL);
    check("12/30/2023", "12/31/2023", NULL);
    check("2024-9-1", "2024-10-1", "dates");
    check("2024-09-01", "2024-10-01", NULL);
    check("12/31/2023 9:05", "12/31/2023 10:05", "dates");
    check("12/31/2023", "12/31/2023 10:05", NULL);
    check("12/31/2023", "a", NULL);
    check("12/31/2023x", "01/02/2024", NULL);
    check("12/31/23", "01/02/24", NULL); /* of which the year cannot be told */
    check("13/32/2023", "01/02/2024", NULL);
    check("1/2/3/4/5/6/7/8", "1/2/3", NULL);
    check("999999999999/1/1", "1/1/2024", NULL);
}

/* ---- by way of a cursor ---- */

static void test_cursor(void **state)
{
    struct cursor_contradiction found;
    struct cursor *cursor = cursor_of(&(struct cursor_options){.path = "ts"});
    (void)state;
    kept_of(cursor, "{\"ts\":\"8\"}\n{\"ts\":\"9\"}\n");
    assert_false(cursor_contradiction(cursor, &found));
    kept_of(cursor, "{\"ts\":\"10\"}\n{\"ts\":\"11\"}\n");
    assert_true(cursor_contradiction(cursor, &found));
    assert_string_equal(found.value, "10");
    assert_string_equal(found.other, "9");
    assert_string_equal(found.as, "numbers");
    cursor_free(cursor);
    cursor =
        cursor_of(&(struct cursor_options){.path = "ts", .stored_last_json = "\"12/31/2023\""});
    assert_string_equal(kept_of(cursor, "{\"ts\":\"01/02/2024\"}\n"), "");
    assert_true(cursor_contradiction(cursor, &found));
    assert_string_equal(found.as, "dates");
    cursor_free(cursor);
    cursor = cursor_of(&(struct cursor_options){.path = "ts", .last_value = TG_MIN});
    kept_of(cursor, "{\"ts\":\"10\"}\n{\"ts\":\"9\"}\n");
    assert_true(cursor_contradiction(cursor, &found));
    cursor_free(cursor);
    cursor = cursor_of(&(struct cursor_options){.path = "ts"});
    kept_of(cursor, "{\"ts\":9}\n{\"ts\":10}\n");
    kept_of(cursor, "{\"ts\":10.5}\n");
    assert_false(cursor_contradiction(cursor, &found));
    cursor_free(cursor);
    cursor = cursor_of(&(struct cursor_options){.path = "ts"});
    kept_of(cursor, "{\"ts\":\"2024-01-02T00:00:00Z\"}\n{\"ts\":\"2024-01-02T00:00:00+02:00\"}\n");
    assert_false(cursor_contradiction(cursor, &found)); /* instants, in whatever zone */
    cursor_free(cursor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_cursor),
    };
    return cmocka_run_group_tests_name("extract/order", tests, NULL, NULL);
}
