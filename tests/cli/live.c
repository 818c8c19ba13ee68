/*
 * cli/live.c: the lines of a terminal, at every width.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/progress.h" /* before cmocka has its word for fail() */

#include <cmocka.h>

static char wide[] = "\u540d\u524d\u306e\u9577\u3044\u30ea\u30bd\u30fc\u30b9\u3068\u4f4f\u6240";
static char orders[] = "orders", table[] = "a_table_with_a_name_of_more_than_forty_characters";

static void quantities_fit_small_and_large_numbers(void **state)
{
    char out[QUANTITY_BYTES];
    (void)state;
    assert_string_equal(format_bytes(0, out), "0 bytes");
    assert_string_equal(format_bytes(999, out), "999 bytes");
    assert_string_equal(format_bytes(1000, out), "1.0 KB");
    assert_string_equal(format_bytes(999949, out), "999.9 KB");
    assert_string_equal(format_bytes(999960, out), "1.0 MB");
    assert_string_equal(format_bytes(UINT64_MAX, out), "18.4 EB");
    assert_string_equal(format_seconds(0.04, out), "0.0 s");
    assert_string_equal(format_seconds(59.9, out), "59.9 s");
    assert_string_equal(format_seconds(60, out), "1 min 00 s");
    assert_string_equal(format_seconds(3599.9, out), "59 min 59 s");
    assert_string_equal(format_seconds(3720, out), "1 h 02 min");
    assert_string_equal(format_rate(1, 4, out), "0.2 rows/s");
    assert_string_equal(format_rate(5000, 2, out), "2,500 rows/s");
    assert_string_equal(format_rate(5, 0, out), "0 rows/s");
}

/* No width makes a line that is wider. */
static void check_widths(const struct watched *watched, double now)
{
    char lines[LIVE_LINES][LINE_BYTES];
    for (size_t width = 1; width <= 200; width++) {
        const size_t count = live_lines(watched, now, width, lines);
        assert_in_range(count, 1, LIVE_LINES);
        for (size_t i = 0; i < count; i++)
            assert_in_range(text_columns(lines[i]), 0, width);
    }
}

static void lines_fit_every_width(void **state)
{
    struct reading readings[] = {
        {.name = orders, .rows = 12345678, .bytes = 45600000, .bytes_total = 91200000, .began = 1},
        {.name = wide, .rows = 1, .bytes = 12, .began = 2},
    };
    struct watched watched = {
        .phase = TG_PHASE_EXTRACT, .readings = readings, .count = 2, .resources = 200};
    (void)state;
    check_widths(&watched, 4000);
    watched.resources = 1;
    check_widths(&watched, 4000);
    watched = (struct watched){.phase = TG_PHASE_WRITE, .table = table, .table_rows = 1234567};
    check_widths(&watched, 4000);
    watched.doing = wide;
    check_widths(&watched, 4000);
    watched = (struct watched){.phase = TG_PHASE_SETTLE};
    check_widths(&watched, 4000);
}

static void of_many_the_longest_are_shown(void **state)
{
    enum { COUNT = 20 };
    char lines[LIVE_LINES][LINE_BYTES], names[COUNT][8];
    struct reading readings[COUNT];
    for (int i = 0; i < COUNT; i++) {
        snprintf(names[i], sizeof(names[i]), "r%d", i);
        readings[i] = (struct reading){
            .name = names[i], .rows = 10, .bytes = 100, .began = i, .ended = i < 12 ? i + 1 : 0};
    }
    const struct watched watched = {.phase = TG_PHASE_EXTRACT,
                                    .readings = readings,
                                    .count = COUNT,
                                    .resources = 200,
                                    .resources_ended = 12};
    (void)state;
    assert_int_equal(live_lines(&watched, 100, 79, lines), LIVE_LINES);
    assert_non_null(strstr(lines[0], "reading 12/200"));
    assert_non_null(strstr(lines[0], " 200 rows"));
    assert_non_null(strstr(lines[0], "2.0 KB"));
    assert_non_null(strstr(lines[0], "2.0 rows/s"));
    assert_non_null(strstr(lines[1], "  r12 "));
    assert_non_null(strstr(lines[3], "  r14 "));
}

static void what_is_written_or_waited_for_is_named(void **state)
{
    char lines[LIVE_LINES][LINE_BYTES], lock[] = "waiting for the lock 'x', which pid 7 has";
    struct watched watched = {
        .phase = TG_PHASE_WRITE, .table = orders, .table_rows = 1234, .table_began = 10};
    (void)state;
    assert_int_equal(live_lines(&watched, 95, 79, lines), 1);
    assert_non_null(strstr(lines[0], "writing orders"));
    assert_non_null(strstr(lines[0], "1,234 rows"));
    assert_non_null(strstr(lines[0], "1 min 25 s"));
    watched.doing = lock;
    watched.doing_began = 90;
    assert_int_equal(live_lines(&watched, 95, 79, lines), 1);
    assert_string_equal(lines[0], "waiting for the lock 'x', which pid 7 has  5.0 s");
    assert_int_equal(live_lines(&watched, 95, 30, lines), 2);
    assert_string_equal(lines[0], "waiting for the lock 'x',");
    assert_string_equal(lines[1], "which pid 7 has  5.0 s");
    assert_int_equal(live_lines(&watched, 95, 8, lines), LIVE_LINES);
    assert_string_equal(lines[0], "waiting");
    assert_string_equal(lines[1], "for the");
    watched.phase = TG_PHASE_DONE;
    assert_int_equal(live_lines(&watched, 95, 79, lines), 0);
}

/* The name of a file or a table may have what a terminal takes for an order. */
static void control_characters_are_not_shown(void **state)
{
    char line[LINE_BYTES], name[] = "a\033[2Jb\n\xc2\x9b";
    const struct reading reading = {.name = name, .rows = 1, .began = 1, .ended = 2};
    (void)state;
    live_reading(&reading, 9, 79, line);
    assert_memory_equal(line, "a?[2Jb?? ", 9);
    assert_non_null(strstr(line, " 1 row "));
    assert_non_null(strstr(line, "1.0 s"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantities_fit_small_and_large_numbers),
        cmocka_unit_test(lines_fit_every_width),
        cmocka_unit_test(of_many_the_longest_are_shown),
        cmocka_unit_test(what_is_written_or_waited_for_is_named),
        cmocka_unit_test(control_characters_are_not_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
