/*
 * Windows that replace what is there: what a source is asked for, what is remembered, and what must
 * not be taken for gone.
 */
#include "tests/fixture.h"

/* Gives `rows`, and keeps what it was asked for. */
struct shop {
    const char *const *rows;
    char start[40], end[40];
};

static void note(const struct tg_value *value, char out[40])
{
    if (value->kind == TG_VALUE_TEXT)
        snprintf(out, 40, "%s", value->text);
    else
        snprintf(out, 40, "%lld", value->kind == TG_VALUE_INT64 ? (long long)value->int64 : -1LL);
}

static int read_shop(struct tg_read *read, struct tg_error *err)
{
    struct shop *shop = read->user;
    (void)err;
    note(&read->cursor->start, shop->start);
    note(&read->cursor->end, shop->end);
    for (const char *const *row = shop->rows; *row; row++)
        tg_rows_json(read->rows, *row, strlen(*row));
    read->done = true;
    return TG_OK;
}

#define fixture_test(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
#define ROWS(...)       ((const char *const[]){__VA_ARGS__, NULL})
#define NONE            ((const char *const[]){NULL})
#define TEXT(t)                                                                                    \
    {                                                                                              \
        .kind = TG_VALUE_TEXT, .text = (t)                                                         \
    }
#define INT(i)                                                                                     \
    {                                                                                              \
        .kind = TG_VALUE_INT64, .int64 = (i)                                                       \
    }

static struct tg_resource resource_of(struct shop *shop)
{
    return (struct tg_resource){TG_RESOURCE_INIT,
                                .name = "t",
                                .read = read_shop,
                                .user = shop,
                                .write_disposition = TG_REPLACE,
                                .merge_strategy = "replace-range",
                                .cursor_path = "k"};
}

static void give(struct fixture *fixture, const struct tg_resource *resource,
                 const char *const *rows)
{
    ((struct shop *)resource->user)->rows = rows;
    fixture_open(fixture, resource, 1);
}

static void a_source_is_asked_for_the_window_as_it_is_written(void **state)
{
    struct fixture *fixture = *state;
    struct shop shop = {0};
    struct tg_resource resource = resource_of(&shop);
    resource.initial_value = (struct tg_value)TEXT("2024-01-01");
    resource.end_value = (struct tg_value)TEXT("2024-01-02");
    const char *const *rows = ROWS("{\"k\":\"2024-01-01T00:00:00Z\",\"n\":1}",
                                   "{\"k\":\"2024-01-01T23:00:00Z\",\"n\":2}");
    for (int i = 0; i < 2; i++) {
        give(fixture, &resource, rows);
        fixture_run(fixture);
        assert_string_equal(shop.start, "2024-01-01");
        assert_string_equal(shop.end, "2024-01-02");
        assert_query(fixture, "SELECT n FROM t ORDER BY n", "n\n1\n2\n");
    }
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_deleted, 2);
    /* The column has times by now: days are compared as such, whatever the zone. */
    give(fixture, &resource,
         ROWS("{\"k\":\"2024-01-02T00:30:00+01:00\",\"n\":3}",
              "{\"k\":\"2024-01-01T00:30:00+01:00\",\"n\":4}"));
    fixture_run(fixture);
    assert_query(fixture, "SELECT n FROM t ORDER BY n", "n\n3\n");
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_filtered, 1);
}

static void an_open_window_moves_the_cursor_on(void **state)
{
    struct fixture *fixture = *state;
    struct shop shop = {0};
    struct tg_resource resource = resource_of(&shop);
    resource.initial_value = (struct tg_value)INT(1);
    give(fixture, &resource, ROWS("{\"k\":1}", "{\"k\":5}"));
    fixture_run(fixture);
    /* It does not go on from there by itself, */
    give(fixture, &resource, ROWS("{\"k\":1}", "{\"k\":4}"));
    fixture_run(fixture);
    assert_string_equal(shop.start, "1");
    assert_int_equal(tg_result_warning_count(fixture->result), 0);
    assert_query(fixture, "SELECT k FROM t ORDER BY k", "k\n1\n4\n");
    /* and warns where it would leave rows out for good; */
    resource.initial_value = (struct tg_value)INT(6);
    give(fixture, &resource, ROWS("{\"k\":5}", "{\"k\":7}"));
    fixture_run(fixture);
    assert_int_equal(tg_result_warning_count(fixture->result), 1);
    assert_non_null(strstr(tg_result_warning(fixture->result, 0),
                           "earlier runs have got to 4, and the window of this one begins at 6"));
    /* but append does. */
    resource.write_disposition = TG_APPEND;
    resource.merge_strategy = NULL;
    give(fixture, &resource, ROWS("{\"k\":5}", "{\"k\":7}", "{\"k\":8}"));
    fixture_run(fixture);
    assert_string_equal(shop.start, "7");
    assert_query(fixture, "SELECT k FROM t ORDER BY k", "k\n1\n4\n7\n8\n");
}

static void a_cursor_goes_on_with_the_range_that_is_delivered(void **state)
{
    struct fixture *fixture = *state;
    struct shop shop = {0};
    struct tg_resource resource = resource_of(&shop);
    resource.range = "delivered";
    give(fixture, &resource, ROWS("{\"k\":1}", "{\"k\":2,\"n\":1}", "{\"k\":2,\"n\":2}"));
    fixture_run(fixture);
    give(fixture, &resource, ROWS("{\"k\":1}", "{\"k\":2,\"n\":1}", "{\"k\":3}"));
    fixture_run(fixture);
    assert_string_equal(shop.start, "2");
    assert_query(fixture, "SELECT k, n FROM t ORDER BY k, n", "k,n\n1,\n2,1\n3,\n");
    give(fixture, &resource, NONE);
    fixture_run(fixture);
    assert_query(fixture, "SELECT count(*) AS n FROM t", "n\n3\n");
}

static void a_rejected_row_is_not_gone(void **state)
{
    struct fixture *fixture = *state;
    struct shop shop = {0};
    struct tg_resource resource = resource_of(&shop);
    const struct tg_column column = {.name = "n", .nullable = TG_NO};
    resource.initial_value = (struct tg_value)INT(1);
    resource.reject_bad_rows = true;
    resource.columns = &column;
    resource.column_count = 1;
    give(fixture, &resource, ROWS("{\"k\":1,\"n\":1}", "{\"k\":2,\"n\":1}"));
    fixture_run(fixture);
    give(fixture, &resource, ROWS("{\"k\":1,\"n\":2}", "{\"k\":2,\"n\":null}"));
    assert_int_equal(fixture_try(fixture), TG_DATA);
    assert_non_null(strstr(fixture->err.what, "1 row was rejected, and what table 't' has"));
    assert_query(fixture, "SELECT k, n FROM t ORDER BY k", "k,n\n1,1\n2,1\n");
}

static void a_row_without_a_value_is_named(void **state)
{
    struct fixture *fixture = *state;
    struct shop shop = {0};
    struct tg_resource resource = resource_of(&shop);
    resource.cursor_path = NULL;
    resource.range = "delivered";
    resource.range_column_name = "k";
    give(fixture, &resource, ROWS("{\"k\":1}", "{\"k\":2}"));
    fixture_run(fixture);
    give(fixture, &resource, ROWS("{\"k\":1}", "{\"k\":null}"));
    assert_int_equal(fixture_try(fixture), TG_DATA);
    assert_string_equal(fixture->err.resource, "t");
    assert_non_null(strstr(fixture->err.what, "'k'"));
    assert_int_equal(fixture->err.row, 2);
    assert_query(fixture, "SELECT k FROM t ORDER BY k", "k\n1\n2\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_source_is_asked_for_the_window_as_it_is_written),
        fixture_test(an_open_window_moves_the_cursor_on),
        fixture_test(a_cursor_goes_on_with_the_range_that_is_delivered),
        fixture_test(a_rejected_row_is_not_gone),
        fixture_test(a_row_without_a_value_is_named),
    };
    return cmocka_run_group_tests_name("run/range", tests, NULL, NULL);
}
