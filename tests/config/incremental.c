/*
 * Cursors as resources speak of them: their fields, and what does not go together.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"
#include "spec_file.h"

static const struct incremental *cursor_in(struct spec_file *spec, const char *lines)
{
    char text[800];
    snprintf(text, sizeof(text), SPEC_PERSON "%s", lines);
    return &spec_good(spec, text)->resources[0].incremental;
}

static void fields_have_one_name(void **state)
{
    struct spec_file *spec = *state;
    const struct incremental *cursor = cursor_in(
        spec, "    incremental: {cursor: [updated_at, id], initial_value: [2024-01-01, 5]}\n");
    assert_string_equal(cursor->cursor_path, "updated_at, id");
    assert_int_equal(cursor->field_count, 2);
    assert_string_equal(cursor->parts[1].path, "id");
    assert_string_equal(cursor->initial_value.text, "[\"2024-01-01\",5]");
    cursor = cursor_in(spec, "    incremental: id\n");
    assert_string_equal(cursor->cursor_path, "id");
    assert_null(cursor->primary_key);
}

static void everything_is_read(void **state)
{
    struct spec_file *spec = *state;
    const struct incremental *cursor = cursor_in(
        spec, "    write_disposition: merge\n    primary_key: id\n"
              "    incremental: {cursor: at, range_start: open, lag: 2h, row_order: desc,\n"
              "      primary_key: [], cursor_type: timestamp, cursor_format: '%d/%m/%Y'}\n");
    assert_true(cursor->range_start_open);
    assert_string_equal(cursor->lag, "2h");
    assert_int_equal(cursor->row_order, TG_DESC);
    assert_non_null(cursor->primary_key);
    assert_int_equal(cursor->primary_key_count, 0);
    assert_string_equal(cursor->cursor_type, "timestamp");
    assert_string_equal(cursor->cursor_format, "%d/%m/%Y");
    assert_true(
        cursor_in(spec, "    incremental: {cursor: id, initial_value: 1, end_value: 2, range_end: "
                        "closed}\n")
            ->range_end_closed);
}

static void combinations_are_checked(void **state)
{
    struct spec_file *spec = *state;
    static const struct {
        const char *lines, *what;
    } cases[] = {
        {"{cursor: [a, a]}", "the cursor names 'a' twice"},
        {"{cursor: [a, b, c, d, e, f, g, h, i]}", "a cursor has 8 fields at the most"},
        {"{cursor: $}", "cursor '$' is the whole row, which has no order; name a field"},
        {"{cursor: a, initial_value: [1, 2]}", "initial_value: it is one value, not a list"},
        {"{cursor: [a, b], initial_value: [1, 2, 3]}",
         "initial_value: the list has 3 values; the cursor has 2 fields"},
        {"{cursor: [a, b], commit_safe: true}",
         "commit_safe is for a cursor of one field that grows"},
        {"{cursor: [a, b], initial_value: [1, 5], end_value: [1, 5]}",
         "no row lies in a window from initial_value 5 on to before end_value 5"},
        {"{cursor: [a, b], initial_value: [2, 5], end_value: 1}",
         "no row lies in a window from initial_value 2 on to before end_value 1"},
        {"{cursor: a, cursor_type: bigint, initial_value: \"10\", end_value: \"9\"}",
         "no row lies in a window from initial_value 10 on to before end_value 9"},
        {"{cursor: a, cursor_type: bigint, initial_value: x}",
         "initial_value: 'x' (text) is no bigint"},
        {"{cursor: a, range_end: closed}", "range_end is for an end_value, and there is none"},
        {"{cursor: a, lag: soon}", "lag is a number, a time like 30m, 2h or 7d, or 'auto', which "
                                   "may name a share ('auto 99.5%'), not 'soon'"},
        {"{cursor: a, lag: auto 0%}", "not 'auto 0%'"},
        {"{cursor: a, lag: auto}", "lag: auto needs a primary_key"},
        {"{cursor: [a, b], lag: auto}", "lag: auto is for a cursor of one field"},
        {"{cursor: a, initial_value: 1, end_value: 2, lag: auto}",
         "lag: auto and end_value exclude each other"},
        {"{cursor: a, lag: 5}", "with lag, rows of the window before the last value are read again "
                                "in each run: append would add them once more; give the resource a "
                                "primary_key"},
        {"{cursor: a, cursor_format: '%d'}", "cursor_format is for cursor_type: timestamp or date"},
        {"{cursor: a, cursor_type: date, cursor_format: dd}",
         "cursor_format 'dd' is no format of times, such as %d/%m/%Y %H:%M:%S.%f"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char lines[800];
        snprintf(lines, sizeof(lines), SPEC_PERSON "    incremental: %s\n", cases[i].lines);
        assert_int_equal(spec_read_bytes(spec, lines, strlen(lines)), TG_SPEC);
        if (!strstr(spec->err.what, cases[i].what))
            fail_msg("%s: %s", cases[i].lines, spec->err.what);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_have_one_name),
        cmocka_unit_test(everything_is_read),
        cmocka_unit_test(combinations_are_checked),
    };
    return cmocka_run_group_tests_name("incremental", tests, spec_setup, spec_teardown);
}
