/*
 * What is said of rows that a cursor cannot place: the field, what it holds, and a way out.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cursor_helper.h"

/* Rows through a cursor that refuses one of them; what it says. Freed by nobody. */
static const char *refused(const struct cursor_options *options, const char *lines)
{
    static struct tg_error err;
    struct text_page memory;
    struct page page;
    uint64_t dropped;
    struct cursor *cursor = cursor_of(options);
    err = (struct tg_error){.code = TG_OK};
    page_from_lines(&memory, lines, &page);
    assert_int_equal(cursor_filter(cursor, &page, &dropped, &err), TG_DATA);
    text_page_release(&memory, &page);
    cursor_free(cursor);
    return err.what;
}

static void check(const struct cursor_options *options, const char *lines, const char *expected)
{
    const char *what = refused(options, lines);
    if (strcmp(what, expected) != 0)
        fail_msg("%s\nis not: %s", what, expected);
}

#define RAISE "set on_cursor_value_missing to include or exclude if that may be"

static void what_is_missing_is_told(void **state)
{
    static const struct {
        const char *path, *row, *what;
    } cases[] = {
        {"at", "{\"id\":1}", "'at' is missing in this row (its fields: id); correct the name, or "},
        {"updated", "{\"update\":1}",
         "'updated' is missing in this row (its fields: update); say 'update' if that is meant, "
         "or "},
        {"in.updated", "{\"in\":{\"update\":1}}",
         "'in.updated' is missing in this row ('in' has no such field; its fields: update); say "
         "'in.update' if that is meant, or "},
        {"in.at", "{\"in\":7}",
         "'in.at' is missing in this row ('in' holds 7 (an integer)); correct the name, or "},
        {"$.in.of.at", "{\"in\":{\"of\":{}}}",
         "'$.in.of.at' is missing in this row ('in.of' has no such field; its fields: none); "
         "correct the name, or "},
        {"in[0].at", "{\"in\":[]}",
         "'in[0].at' is missing in this row ('in' holds [] (a list)); correct the name, or "},
        {"$..at", "{\"in\":1}",
         "'$..at' is missing in this row (its fields: in); correct the name, or "},
        {"at", "{\"at\":null}", "'at' is NULL in this row; "},
    };
    char expected[400];
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(expected, sizeof(expected), "the cursor field %s" RAISE, cases[i].what);
        check(&(struct cursor_options){.path = cases[i].path}, cases[i].row, expected);
    }
}

static const char *const two[] = {"at", "by"};

/* Of several fields the first that is absent; else the first without a value. */
static void the_field_at_fault_is_named(void **state)
{
    (void)state;
    const struct cursor_options options = {.path = "at, by", .paths = two, .path_count = 2};
    check(&options, "{\"at\":null}",
          "the cursor field 'by' is missing in this row (its fields: at); correct the name, "
          "or " RAISE);
    check(&options, "{\"at\":1,\"by\":null}", "the cursor field 'by' is NULL in this row; " RAISE);
}

#define CLASH                                                                                      \
    "the cursor field 'at' holds 'x' here (text), which does not compare with 1 (an integer)"

/* Each by what the value was compared with. */
static void whose_value_it_clashes_with_is_told(void **state)
{
    (void)state;
    check(&(struct cursor_options){.path = "at"}, "{\"at\":1}\n{\"at\":\"x\"}",
          CLASH " of a row before it; correct one of the two at the source");
    check(&(struct cursor_options){.path = "at", .initial_value = INT(1)}, "{\"at\":\"x\"}",
          CLASH " of initial_value; write initial_value as the values of the field are");
    check(&(struct cursor_options){.path = "at", .initial_value = INT(0), .end_value = INT(1)},
          "{\"at\":\"x\"}", CLASH " of end_value; write end_value as the values of the field are");
    check(&(struct cursor_options){.path = "at", .initial_value = INT(1), .is_window = true},
          "{\"at\":\"x\"}",
          CLASH ", an end of the window; write the ends of the window as the values of the field "
                "are");
    check(&(struct cursor_options){.path = "at", .stored_last_json = "1"}, "{\"at\":\"x\"}",
          CLASH ", which earlier runs have reached; correct it at the source; if the field has "
                "another type from now on, load all of it again with --full-refresh");
    check(
        &(struct cursor_options){.path = "at", .stored_last_json = "1"},
        "{\"at\":2}\n{\"at\":\"7\"}",
        "the cursor field 'at' holds '7' here (text), which does not compare with 1 (an integer), "
        "which earlier runs have reached; let texts be taken for numbers (cursor_type: bigint, "
        "double or decimal; once with --accept-cursor-change), or correct it at the source; if "
        "the field has another type from now on, load all of it again with --full-refresh");
}

static void what_has_no_order_is_told(void **state)
{
    (void)state;
#define NONE "which has no order; "
#define USE  "use a field with a number, text, date or timestamp"
    check(&(struct cursor_options){.path = "at"}, "{\"at\":true}",
          "the cursor field 'at' holds true (a bool) here, " NONE USE);
    check(&(struct cursor_options){.path = "at"}, "{\"at\":{\"us\":1}}",
          "the cursor field 'at' holds {\"us\":1} (an object) here, " NONE
          "name what is in it, as 'at.us', or " USE);
    check(&(struct cursor_options){.path = "at"}, "{\"at\":{}}",
          "the cursor field 'at' holds {} (an object) here, " NONE USE);
    check(&(struct cursor_options){.path = "at", .as = {.type = TYPE_BIGINT}}, "{\"at\":\"a\\nb\"}",
          "the cursor 'at' has the value 'a\\nb' (text), which is no bigint; correct the value, or "
          "cursor_type");
}

/* What a key lacks that rows at the last value are told by: of a row, or of all of a batch. */
static void a_key_that_is_missing_is_told(void **state)
{
    (void)state;
    static const char *const key[] = {"nr"};
    const struct cursor_options options = {
        .path = "at", .hash = CURSOR_HASH_KEY, .key = key, .key_count = 1};
    check(&options, "{\"at\":1,\"id\":2}",
          "the primary key field 'nr' is missing, by which rows at the last value of the cursor "
          "are told apart (its fields: at, id); correct primary_key, or the row");
}

/* One column of doubles: the second is NaN, the third NULL. */
static int make_batch(struct page *page)
{
    static const char *const names[] = {"at"};
    static const struct type_spec types[] = {{.type = TYPE_DOUBLE}};
    struct column column;
    struct ArrowArray arrays[1] = {{.release = NULL}};
    int rc = TG_OK;
    memset(&column, 0, sizeof(column));
    *page = (struct page){.kind = PAGE_ARROW, .read_count = 3, .first_row = 1, .file = "x.parquet"};
    TRY(column_init(&column, &types[0], NULL));
    column_set_double(&column, 0, 1.5);
    column_set_double(&column, 1, NAN);
    TRY(column_export(&column, 3, &arrays[0], NULL));
    TRY(schema_make(names, types, 1, &page->schema, NULL));
    TRY(batch_make(arrays, 1, 3, &page->array, NULL));
done:
    column_release(&column);
    return rc;
}

static void check_batch(const struct cursor_options *options, const char *where, const char *what)
{
    struct page page;
    struct tg_error err = {0};
    uint64_t dropped;
    struct cursor *cursor = cursor_of(options);
    assert_int_equal(make_batch(&page), TG_OK);
    assert_int_equal(cursor_filter(cursor, &page, &dropped, &err), TG_DATA);
    assert_string_equal(err.what, what);
    assert_string_equal(err.where, where);
    page_release(&page);
    cursor_free(cursor);
}

static void of_batches_it_is_told_too(void **state)
{
    (void)state;
    static const char *const key[] = {"nr"};
    check_batch(&(struct cursor_options){.path = "at"}, "file 'x.parquet', row 2",
                "the cursor field 'at' holds NaN (a number) in this row, which counts as "
                "NULL; " RAISE);
    check_batch(&(struct cursor_options){.path = "att"}, "file 'x.parquet', row 1",
                "the cursor field 'att' is missing in this row (its fields: at); say 'at' if that "
                "is meant, or " RAISE);
    check_batch(&(struct cursor_options){.path = "at",
                                         .on_missing = TG_EXCLUDE,
                                         .hash = CURSOR_HASH_KEY,
                                         .key = key,
                                         .key_count = 1},
                "file 'x.parquet'",
                "the primary key field 'nr' is missing, by which rows at the last value of the "
                "cursor are told apart (its fields: at); correct primary_key");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_missing_is_told),
        cmocka_unit_test(the_field_at_fault_is_named),
        cmocka_unit_test(whose_value_it_clashes_with_is_told),
        cmocka_unit_test(what_has_no_order_is_told),
        cmocka_unit_test(a_key_that_is_missing_is_told),
        cmocka_unit_test(of_batches_it_is_told_too),
    };
    return cmocka_run_group_tests_name("refusal", tests, NULL, NULL);
}
