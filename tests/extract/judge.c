/*
 * Which rows are new: open and closed ends, several fields, a function of the program, an order of
 * the source, a lag.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cursor_helper.h"

#define COUNTS(a, b, c, d)                                                                         \
    {                                                                                              \
        .below = (a), .beyond = (b), .known = (c), .without = (d)                                  \
    }

static void assert_counts(const struct cursor *cursor, struct cursor_counts wanted)
{
    struct cursor_counts counts = *cursor_counts(cursor);
    assert_int_equal(counts.below, wanted.below);
    assert_int_equal(counts.beyond, wanted.beyond);
    assert_int_equal(counts.known, wanted.known);
    assert_int_equal(counts.without, wanted.without);
}

static const char four[] = "{\"ts\":1}\n{\"ts\":2}\n{\"ts\":3}\n{\"ts\":4}\n{\"ts\":null}\n";

/* ---- ends ---- */

static void ends_are_open_or_closed(void **state)
{
    (void)state;
    static const char *const kept[2][2] = {
        {"{\"ts\":2} {\"ts\":3} ", "{\"ts\":2} {\"ts\":3} {\"ts\":4} "},
        {"{\"ts\":3} ", "{\"ts\":3} {\"ts\":4} "}};
    for (int i = 0; i < 4; i++) {
        bool open = i / 2, closed = i % 2;
        struct cursor *cursor = cursor_of(&(struct cursor_options){.path = "ts",
                                                                   .initial_value = INT(2),
                                                                   .end_value = INT(4),
                                                                   .start_is_open = open,
                                                                   .end_is_closed = closed,
                                                                   .on_missing = TG_EXCLUDE});
        assert_string_equal(kept_of(cursor, four), kept[open][closed]);
        assert_counts(cursor, (struct cursor_counts)COUNTS(1 + open, !closed, 0, 1));
        assert_false(cursor_moved(cursor));
        cursor_free(cursor);
    }
}

/* With an open start no row is recognised: those at the last value are left out by it. */
static void an_open_start_keeps_no_hashes(void **state)
{
    (void)state;
    struct cursor *cursor = cursor_of(&(struct cursor_options){
        .path = "ts", .stored_last_json = "3", .start_is_open = true, .on_missing = TG_EXCLUDE});
    assert_string_equal(kept_of(cursor, four), "{\"ts\":4} ");
    assert_string_equal(last_of(cursor), "4");
    assert_string_equal(hashes_of(cursor), "");
    cursor_free(cursor);
}

/* ---- several fields ---- */

static const char *const two[] = {"ts", "id"};

#define PAIR(ts, id) "{\"id\":" #id ",\"ts\":" #ts "}"

static void fields_are_compared_in_order(void **state)
{
    (void)state;
    const struct cursor_options options = {.path = "ts, id",
                                           .paths = two,
                                           .path_count = 2,
                                           .stored_last_json = "[2,5]",
                                           .on_missing = TG_EXCLUDE};
    struct cursor *cursor = cursor_of(&options);
    assert_string_equal(
        kept_of(cursor, PAIR(1, 9) "\n" PAIR(2, 4) "\n" PAIR(2, 5) "\n" PAIR(2, 6) "\n" PAIR(
                            3, 0) "\n" PAIR(null, 9) "\n" PAIR(9, null) "\n{\"ts\":9}\n"),
        PAIR(2, 5) " " PAIR(2, 6) " " PAIR(3, 0) " ");
    assert_string_equal(last_of(cursor), "[3,0]");
    assert_counts(cursor, (struct cursor_counts)COUNTS(2, 0, 0, 3));
    const struct tg_cursor *view = cursor_view(cursor);
    assert_int_equal(view->part_count, 2);
    assert_string_equal(view->start.text, "[2,5]");
    assert_string_equal(view->last.text, "[3,0]");
    assert_string_equal(view->parts[1].path, "id");
    assert_int_equal(view->parts[1].start.int64, 5);
    assert_int_equal(view->parts[0].last.int64, 3);
    cursor_free(cursor);
}

/* A bound of the first field holds for all rows that begin so. */
static void a_bound_may_be_shorter(void **state)
{
    (void)state;
    const struct cursor_options options = {.path = "ts, id",
                                           .paths = two,
                                           .path_count = 2,
                                           .initial_value = INT(2),
                                           .end_value = {.kind = TG_VALUE_JSON, .text = "[3,5]"}};
    struct cursor *cursor = cursor_of(&options);
    assert_string_equal(kept_of(cursor, PAIR(1, 9) "\n" PAIR(2, 0) "\n" PAIR(3, 4) "\n" PAIR(
                                            3, 5) "\n" PAIR(4, 0) "\n"),
                        PAIR(2, 0) " " PAIR(3, 4) " ");
    assert_counts(cursor, (struct cursor_counts)COUNTS(1, 2, 0, 0));
    cursor_free(cursor);
}

static void of_several_fields_the_one_that_clashes_is_named(void **state)
{
    (void)state;
    struct text_page memory;
    struct page page;
    struct tg_error err = {0};
    uint64_t dropped;
    struct cursor *cursor = cursor_of(&(struct cursor_options){
        .path = "ts, id", .paths = two, .path_count = 2, .stored_last_json = "[2,\"x\"]"});
    page_from_lines(&memory, PAIR(2, 5) "\n", &page);
    assert_int_equal(cursor_filter(cursor, &page, &dropped, &err), TG_DATA);
    assert_non_null(strstr(err.what, "'id' holds 5 here"));
    assert_int_equal(err.reason, TG_REASON_CURSOR_TYPE);
    assert_string_equal(err.key_path, "ts, id");
    text_page_release(&memory, &page);
    cursor_free(cursor);
}

/* A program can tell what is wrong without reading the sentence. */
static void what_is_wrong_with_a_value_has_a_reason(void **state)
{
    static const struct {
        const char *path, *row;
        enum tg_reason reason;
    } cases[] = {
        {"ts", "{\"id\":1}\n", TG_REASON_CURSOR_MISSING},
        {"ts", "{\"ts\":null}\n", TG_REASON_CURSOR_NULL},
        {"ts", "{\"ts\":[1]}\n", TG_REASON_CURSOR_TYPE},
        {"ts", "{\"ts\":\"x\"}\n", TG_REASON_CURSOR_TYPE},
        {"a.ts", "{\"a\":{}}\n", TG_REASON_CURSOR_MISSING},
        {"a.ts", "{\"a\":{\"ts\":null}}\n", TG_REASON_CURSOR_NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct text_page memory;
        struct page page;
        struct tg_error err = {0};
        uint64_t dropped;
        struct cursor *cursor =
            cursor_of(&(struct cursor_options){.path = cases[i].path, .initial_value = INT(1)});
        page_from_lines(&memory, cases[i].row, &page);
        assert_int_equal(cursor_filter(cursor, &page, &dropped, &err), TG_DATA);
        assert_int_equal(err.reason, cases[i].reason);
        assert_string_equal(err.key_path, cases[i].path);
        text_page_release(&memory, &page);
        cursor_free(cursor);
    }
}

/* ---- a function ---- */

/* The longer text; of an object, the sum of the values seen so far for its name. */
static int longest(void *user, const struct tg_value *values, size_t count, struct tg_value *out,
                   struct tg_error *err)
{
    int *calls = user;
    ++*calls;
    if (*calls > 1000)
        return error_set(err, TG_DATA, "enough");
    bool second = count == 2 && strlen(values[1].text) >= strlen(values[0].text);
    *out = values[second];
    return TG_OK;
}

static void a_function_says_what_is_last(void **state)
{
    (void)state;
    int calls = 0;
    static const char rows[] =
        "{\"ts\":\"a\"}\n{\"ts\":\"bbb\"}\n{\"ts\":\"cc\"}\n{\"ts\":\"ddd\"}\n";
    struct cursor_options options = {.path = "ts", .last_value_func = longest, .user = &calls};
    struct cursor *cursor = cursor_of(&options);
    assert_string_equal(kept_of(cursor, rows),
                        "{\"ts\":\"a\"} {\"ts\":\"bbb\"} {\"ts\":\"cc\"} {\"ts\":\"ddd\"} ");
    assert_string_equal(last_of(cursor), "\"bbb\"");
    assert_true(calls > 0);
    cursor_free(cursor);
    /* what comes is shorter, or as long as the last: none of it is new, but for the start itself */
    options.stored_last_json = "\"bbb\"";
    cursor = cursor_of(&options);
    assert_string_equal(kept_of(cursor, rows), "{\"ts\":\"bbb\"} ");
    assert_counts(cursor, (struct cursor_counts)COUNTS(3, 0, 0, 0));
    cursor_free(cursor);
}

static void what_a_function_refuses_ends_the_run(void **state)
{
    (void)state;
    int calls = 1000;
    struct text_page memory;
    struct page page;
    struct tg_error err = {0};
    uint64_t dropped;
    struct cursor *cursor = cursor_of(
        &(struct cursor_options){.path = "ts", .last_value_func = longest, .user = &calls});
    page_from_lines(&memory, "{\"ts\":\"a\"}\n", &page);
    assert_int_equal(cursor_filter(cursor, &page, &dropped, &err), TG_DATA);
    assert_non_null(strstr(err.what, "enough"));
    text_page_release(&memory, &page);
    cursor_free(cursor);
}

/* Objects come as JSON; the answer is another object. */
static int newest_of_each(void *user, const struct tg_value *values, size_t count,
                          struct tg_value *out, struct tg_error *err)
{
    static char text[64];
    int merged[2] = {0, 0};
    (void)user;
    (void)err;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(values[i].kind, TG_VALUE_JSON);
        for (int name = 0; name < 2; name++) {
            const char *at = strchr(values[i].text, "ab"[name]);
            int value = at ? atoi(at + 3) : 0;
            merged[name] = value > merged[name] ? value : merged[name];
        }
    }
    snprintf(text, sizeof(text), "{\"a\":%d,\"b\":%d}", merged[0], merged[1]);
    *out = (struct tg_value){.kind = TG_VALUE_JSON, .text = text};
    return TG_OK;
}

static void a_function_may_look_at_objects(void **state)
{
    (void)state;
    struct cursor *cursor = cursor_of(&(struct cursor_options){
        .path = "v", .stored_last_json = "{\"a\":2,\"b\":0}", .last_value_func = newest_of_each});
    assert_string_equal(
        kept_of(cursor, "{\"v\":{\"a\":1}}\n{\"v\":{\"b\":1}}\n{\"v\":{\"a\":3}}\n"),
        "{\"v\":{\"b\":1}} {\"v\":{\"a\":3}} ");
    assert_string_equal(last_of(cursor), "{\"a\":3,\"b\":1}");
    cursor_free(cursor);
}

/* ---- the order of the source ---- */

static void reading_ends_where_nothing_new_can_come(void **state)
{
    (void)state;
    const struct {
        enum tg_row_order order;
        enum tg_last_value last_value;
        struct tg_value end;
        const char *stored, *rows, *kept;
        bool over;
    } samples[] = {
        {TG_ASC, TG_MAX, INT(3), NULL, "{\"ts\":1}\n{\"ts\":3}\n", "{\"ts\":1} ", true},
        {TG_ASC, TG_MAX, INT(4), NULL, "{\"ts\":1}\n{\"ts\":3}\n", "{\"ts\":1} {\"ts\":3} ", false},
        {TG_DESC, TG_MAX, {0}, "2", "{\"ts\":3}\n{\"ts\":2}\n", "{\"ts\":3} {\"ts\":2} ", false},
        {TG_DESC, TG_MAX, {0}, "2", "{\"ts\":3}\n{\"ts\":1}\n", "{\"ts\":3} ", true},
        {TG_ASC, TG_MAX, {0}, "2", "{\"ts\":1}\n{\"ts\":3}\n", "{\"ts\":3} ", false},
        {TG_ASC, TG_MIN, {0}, "2", "{\"ts\":1}\n{\"ts\":3}\n", "{\"ts\":1} ", true},
        {TG_DESC, TG_MIN, INT(1), NULL, "{\"ts\":3}\n{\"ts\":1}\n", "{\"ts\":3} ", true},
    };
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct cursor *cursor = cursor_of(&(struct cursor_options){
            .path = "ts",
            .initial_value =
                samples[i].last_value == TG_MIN ? (struct tg_value)INT(9) : (struct tg_value)INT(0),
            .end_value = samples[i].end,
            .stored_last_json = samples[i].stored,
            .last_value = samples[i].last_value,
            .row_order = samples[i].order});
        assert_string_equal(kept_of(cursor, samples[i].rows), samples[i].kept);
        assert_int_equal(cursor_is_over(cursor), samples[i].over);
        cursor_free(cursor);
    }
}

/* From page to page, and texts. */
static void an_order_that_is_none_is_an_error(void **state)
{
    (void)state;
    struct text_page memory;
    struct page page;
    struct tg_error err = {0};
    uint64_t dropped;
    struct cursor *cursor = cursor_of(
        &(struct cursor_options){.path = "ts", .stored_last_json = "\"a\"", .row_order = TG_DESC});
    assert_string_equal(kept_of(cursor, "{\"ts\":\"d\"}\n{\"ts\":\"c\"}\n"),
                        "{\"ts\":\"d\"} {\"ts\":\"c\"} ");
    assert_string_equal(kept_of(cursor, ""), "");
    page_from_lines(&memory, "{\"ts\":\"c\"}\n{\"ts\":\"e\"}\n", &page);
    assert_int_equal(cursor_filter(cursor, &page, &dropped, &err), TG_DATA);
    assert_non_null(
        strstr(err.what, "row_order is desc, but the cursor 'ts' is 'e' here, after 'c'"));
    text_page_release(&memory, &page);
    cursor_free(cursor);
}

/* Rows without a value may come behind all others. */
static void rows_that_are_to_be_included_are_read(void **state)
{
    (void)state;
    struct cursor *cursor = cursor_of(&(struct cursor_options){
        .path = "ts", .stored_last_json = "2", .on_missing = TG_INCLUDE, .row_order = TG_DESC});
    assert_string_equal(kept_of(cursor, "{\"ts\":3}\n{\"ts\":1}\n{\"ts\":null}\n"),
                        "{\"ts\":3} {\"ts\":null} ");
    assert_false(cursor_is_over(cursor));
    cursor_free(cursor);
}

/* ---- a lag ---- */

static void a_lag_reads_the_window_again(void **state)
{
    (void)state;
    struct cursor_options options = {.path = "ts", .stored_last_json = "10", .lag = "3"};
    static const char rows[] = "{\"ts\":6}\n{\"ts\":7}\n{\"ts\":8}\n";
    struct cursor *cursor = cursor_of(&options);
    assert_string_equal(kept_of(cursor, rows), "{\"ts\":7} {\"ts\":8} ");
    assert_string_equal(last_of(cursor), "10"); /* it does not go back */
    assert_false(cursor_moved(cursor));
    assert_int_equal(cursor_view(cursor)->start.int64, 7);
    assert_int_equal(cursor_view(cursor)->last.int64, 10);
    cursor_free(cursor);
    options.initial_value = (struct tg_value)INT(8); /* beyond which it does not go */
    cursor = cursor_of(&options);
    assert_string_equal(kept_of(cursor, rows), "{\"ts\":8} ");
    cursor_free(cursor);
    options = (struct cursor_options){
        .path = "ts", .stored_last_json = "5", .lag = "3", .last_value = TG_MIN};
    cursor = cursor_of(&options);
    assert_string_equal(kept_of(cursor, rows), "{\"ts\":6} {\"ts\":7} {\"ts\":8} ");
    cursor_free(cursor);
    options = (struct cursor_options){.path = "ts", .initial_value = INT(7), .lag = "3"};
    cursor = cursor_of(&options); /* no value is stored: nothing came before */
    assert_string_equal(kept_of(cursor, rows), "{\"ts\":7} {\"ts\":8} ");
    cursor_free(cursor);
}

/* ---- what texts are ---- */

static void texts_compare_as_what_they_are_said_to_be(void **state)
{
    (void)state;
    struct cursor *cursor = cursor_of(&(struct cursor_options){
        .path = "ts", .initial_value = TEXT("9"), .as = {.type = TYPE_BIGINT}});
    struct cursor_contradiction found;
    assert_string_equal(kept_of(cursor, "{\"ts\":\"8\"}\n{\"ts\":\"10\"}\n{\"ts\":9}\n"),
                        "{\"ts\":\"10\"} {\"ts\":9} ");
    assert_string_equal(last_of(cursor), "10");
    assert_false(cursor_contradiction(cursor, &found));
    cursor_free(cursor);
    cursor = cursor_of(&(struct cursor_options){
        .path = "ts", .initial_value = TEXT("31/12/2023"), .as = {TYPE_DATE, "%d/%m/%Y"}});
    assert_string_equal(kept_of(cursor, "{\"ts\":\"30/12/2023\"}\n{\"ts\":\"01/01/2024\"}\n"),
                        "{\"ts\":\"01/01/2024\"} ");
    assert_string_equal(last_of(cursor), "\"\xef\x80\xa8"
                                         "2024-01-01\"");
    cursor_free(cursor);
}

static void a_text_that_is_none_of_the_type_names_its_row(void **state)
{
    (void)state;
    struct text_page memory;
    struct page page;
    struct tg_error err = {0};
    uint64_t dropped;
    struct cursor *cursor =
        cursor_of(&(struct cursor_options){.path = "ts", .as = {TYPE_DATE, "%d/%m/%Y"}});
    page_from_lines(&memory, "{\"ts\":\"01/01/2024\"}\n{\"ts\":\"soon\"}\n", &page);
    assert_int_equal(cursor_filter(cursor, &page, &dropped, &err), TG_DATA);
    assert_non_null(strstr(err.what, "'soon' (text), which is no date as %d/%m/%Y"));
    assert_int_equal(err.line, 2);
    text_page_release(&memory, &page);
    cursor_free(cursor);
}

static int hear(void *user, const struct page *page, const yyjson_val *cell, int64_t index,
                const struct cursor_value *here, bool is_left_out, struct tg_error *err)
{
    struct buf *heard = user;
    (void)err;
    assert_true(cell || page->kind == PAGE_ARROW);
    assert_true(index >= 0);
    buf_char(heard, is_left_out ? '-' : '+');
    cursor_value_json(heard, here);
    return TG_OK;
}

/* Before where the run begins, never before where it all began; and until nobody listens. */
static void rows_that_may_be_late_are_heard_of(void **state)
{
    (void)state;
    struct buf heard = BUF_INIT;
    bool is_over = false;
    struct cursor_options options = {.path = "ts",
                                     .initial_value = {.kind = TG_VALUE_INT64, .int64 = 3},
                                     .stored_last_json = "10",
                                     .lateness = {hear, &heard, &is_over, false}};
    struct cursor *cursor = cursor_of(&options);
    kept_of(cursor, "{\"ts\":2}\n{\"ts\":3}\n{\"ts\":9}\n{\"ts\":10}\n{\"ts\":11}\n");
    assert_string_equal(buf_string(&heard), "-3-9");
    cursor_free(cursor);
    buf_clear(&heard);
    options.lag = "4";
    cursor = cursor_of(&options);
    assert_int_equal(cursor_reached(cursor)->int64, 10);
    kept_of(cursor, "{\"ts\":2}\n{\"ts\":5}\n{\"ts\":6}\n{\"ts\":10}\n{\"ts\":11}\n{\"ts\":9}\n");
    assert_string_equal(buf_string(&heard), "-5");
    buf_clear(&heard);
    is_over = true;
    kept_of(cursor, "{\"ts\":5}\n");
    assert_string_equal(buf_string(&heard), "");
    is_over = false;
    cursor_free(cursor);
    options.lateness.hears_window = true; /* and of those that stay */
    cursor = cursor_of(&options);
    kept_of(cursor, "{\"ts\":5}\n{\"ts\":6}\n{\"ts\":10}\n{\"ts\":11}\n{\"ts\":9}\n{\"ts\":6}\n");
    assert_string_equal(buf_string(&heard), "-5+6+9+6");
    cursor_free(cursor);
    buf_clear(&heard);
    options.lag = NULL;
    cursor = cursor_of(&options);
    kept_of(cursor, "{\"ts\":10}\n{\"ts\":9}\n");
    assert_string_equal(buf_string(&heard), "-9");
    cursor_free(cursor);
    buf_clear(&heard);
    options.stored_last_json = NULL; /* a first run */
    cursor = cursor_of(&options);
    assert_null(cursor_reached(cursor));
    kept_of(cursor, "{\"ts\":2}\n{\"ts\":5}\n");
    assert_string_equal(buf_string(&heard), "");
    cursor_free(cursor);
    buf_release(&heard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_are_open_or_closed),
        cmocka_unit_test(an_open_start_keeps_no_hashes),
        cmocka_unit_test(fields_are_compared_in_order),
        cmocka_unit_test(a_bound_may_be_shorter),
        cmocka_unit_test(of_several_fields_the_one_that_clashes_is_named),
        cmocka_unit_test(what_is_wrong_with_a_value_has_a_reason),
        cmocka_unit_test(a_function_says_what_is_last),
        cmocka_unit_test(what_a_function_refuses_ends_the_run),
        cmocka_unit_test(a_function_may_look_at_objects),
        cmocka_unit_test(reading_ends_where_nothing_new_can_come),
        cmocka_unit_test(an_order_that_is_none_is_an_error),
        cmocka_unit_test(rows_that_are_to_be_included_are_read),
        cmocka_unit_test(a_lag_reads_the_window_again),
        cmocka_unit_test(texts_compare_as_what_they_are_said_to_be),
        cmocka_unit_test(a_text_that_is_none_of_the_type_names_its_row),
        cmocka_unit_test(rows_that_may_be_late_are_heard_of),
    };
    return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
