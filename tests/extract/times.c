/* The bounds of a cursor as times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cursor_helper.h"
#include "extract/cursor/times.h"

static struct cursor_times times_of(const struct cursor_options *options)
{
    struct cursor *cursor = cursor_of(options);
    struct cursor_times times = cursor_times(cursor);
    cursor_free(cursor);
    return times;
}

static void test_start(void **state)
{
    (void)state;
    struct cursor_times none = times_of(&(struct cursor_options){.path = "at"});
    assert_false(none.has_from || none.has_to || none.other);
    struct cursor_times stored = times_of(&(struct cursor_options){
        .path = "at", .stored_last_json = "\"2024-01-01T02:00:00+02:00\"", .lag = "1h"});
    assert_true(stored.has_from && !stored.has_to && !stored.other);
    assert_int_equal(stored.from_us, JAN_2024_US - INT64_C(3600) * 1000000);
    struct cursor_times date =
        times_of(&(struct cursor_options){.path = "at", .initial_value = TEXT("2024-01-01")});
    assert_int_equal(date.from_us, JAN_2024_US);
}

static void test_window(void **state)
{
    (void)state;
    struct cursor_options options = {.path = "at",
                                     .initial_value = TIMESTAMP(JAN_2024_US),
                                     .end_value = TIMESTAMP(JAN_2024_US + 5)};
    struct cursor_times times = times_of(&options);
    assert_true(times.has_from && times.has_to && !times.to_is_closed);
    assert_int_equal(times.to_us, JAN_2024_US + 5);
    options.end_is_closed = true;
    assert_true(times_of(&options).to_is_closed);
    options.end_is_closed = false;
    options.end_value = (struct tg_value)TEXT("2024-01-01T00:00:01.0000005Z");
    assert_true(times_of(&options).to_is_closed);
}

/* Down: the start is the highest value that is wanted. */
static void test_backwards(void **state)
{
    (void)state;
    struct cursor_times times =
        times_of(&(struct cursor_options){.path = "at",
                                          .last_value = TG_MIN,
                                          .initial_value = TIMESTAMP(JAN_2024_US + 9),
                                          .end_value = TIMESTAMP(JAN_2024_US)});
    assert_int_equal(times.from_us, JAN_2024_US);
    assert_int_equal(times.to_us, JAN_2024_US + 9);
    assert_true(times.to_is_closed);
}

static void test_several_fields(void **state)
{
    (void)state;
    static const char *const paths[] = {"at", "id"};
    struct cursor_options options = {
        .path = "at, id",
        .paths = paths,
        .path_count = 2,
        .initial_value = {.kind = TG_VALUE_JSON, .text = "[\"2024-01-01T00:00:00Z\", 5]"},
        .end_value = {.kind = TG_VALUE_JSON, .text = "[\"2024-02-01T00:00:00Z\", 7]"}};
    struct cursor_times times = times_of(&options);
    assert_int_equal(times.from_us, JAN_2024_US);
    assert_true(times.to_is_closed); /* rows of that time lie before the end */
    options.end_value = (struct tg_value)TEXT("2024-02-01T00:00:00Z");
    assert_false(times_of(&options).to_is_closed);
}

static int greatest(void *user, const struct tg_value *values, size_t count, struct tg_value *out,
                    struct tg_error *err)
{
    (void)user;
    (void)count;
    (void)err;
    *out = values[0];
    return TG_OK;
}

static void test_what_are_no_times(void **state)
{
    (void)state;
    struct cursor_options options = {.path = "n", .initial_value = INT(5)};
    struct cursor_times times = times_of(&options);
    assert_false(times.has_from || times.has_to);
    assert_string_equal(times.other, "an integer");
    options = (struct cursor_options){.path = "n", .end_value = TEXT("abc")};
    assert_non_null(times_of(&options).other);
    options = (struct cursor_options){
        .path = "n", .initial_value = TEXT("2024-01-01"), .as = {.type = TYPE_TEXT}};
    assert_string_equal(times_of(&options).other, "text");
    options = (struct cursor_options){
        .path = "n", .initial_value = TEXT("2024-01-01"), .last_value_func = greatest};
    assert_string_equal(times_of(&options).other, "what a function says");
    options = (struct cursor_options){.path = "n",
                                      .initial_value = TEXT("01.02.2024"),
                                      .as = {.type = TYPE_DATE, .format = "%d.%m.%Y"}};
    assert_int_equal(times_of(&options).from_us, JAN_2024_US + INT64_C(31) * 86400 * 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_start),
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_backwards),
        cmocka_unit_test(test_several_fields),
        cmocka_unit_test(test_what_are_no_times),
    };
    return cmocka_run_group_tests_name("extract/times", tests, NULL, NULL);
}
