/* One resource on its way: hints, types, Arrow streams. */
#include "tests/fixture.h"

#include "data/batch.h"
#include "database/connection.h"

static const int64_t seven[][2] = {{1, 10}, {2, 20}, {3, 30}, {4, 40}, {5, 50}, {6, 60}, {7, 70}};

static void a_hint_decides_the_type(void **state)
{
    struct fixture *fixture = *state;
    struct numbers numbers = {.rows = seven, .count = 1};
    const struct tg_column columns[] = {
        {.name = "value", .data_type = "text"},
        {.name = "id", .data_type = "decimal", .precision = 10, .scale = 2}};
    const struct tg_resource resource = {
        .name = "n", .read = read_numbers, .user = &numbers, .columns = columns, .column_count = 2};
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_query(fixture, "SELECT id, value, typeof(id) AS t, typeof(value) AS u FROM n",
                 "id,value,t,u\n1.00,10,\"DECIMAL(10,2)\",VARCHAR\n");
}

static int read_typed(struct tg_read *read, struct tg_error *err)
{
    (void)err;
    struct tg_rows *rows = read->rows;
    tg_rows_begin_object(rows);
    tg_rows_key(rows, "at");
    tg_rows_timestamp(rows, 1704164645000000);
    tg_rows_key(rows, "day");
    tg_rows_date(rows, 19724);
    tg_rows_key(rows, "clock");
    tg_rows_time(rows, 3661000000);
    tg_rows_key(rows, "amount");
    tg_rows_decimal(rows, "12.50");
    tg_rows_key(rows, "bytes");
    tg_rows_binary(rows, "\x01\x00\xff", 3);
    tg_rows_key(rows, "huge");
    tg_rows_uint64(rows, UINT64_MAX);
    tg_rows_key(rows, "list");
    tg_rows_begin_list(rows);
    tg_rows_bool(rows, true);
    tg_rows_null(rows);
    tg_rows_end_list(rows);
    tg_rows_end_object(rows);
    read->done = true;
    return TG_OK;
}

static void every_type_can_be_pushed(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_resource resource = {.name = "n", .read = read_typed};
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_query(
        fixture,
        "SELECT epoch_us(\"at\") AS us, day, clock, amount, hex(bytes) AS bytes, huge FROM n",
        "us,day,clock,amount,bytes,huge\n"
        "1704164645000000,2024-01-02,01:01:01,12.500000000,0100FF,18446744073709551615\n");
    assert_query(fixture, "SELECT _dlt_list_idx AS i, value FROM n__list ORDER BY i",
                 "i,value\n0,true\n1,\n");
}

static int read_stream(struct tg_read *read, struct tg_error *err)
{
    static const char *const names[] = {"Id", "value"};
    const struct type_spec types[] = {{.type = TYPE_BIGINT}, {.type = TYPE_TEXT}};
    struct ArrowSchema schema = {0};
    struct ArrowArray children[2] = {{0}}, array = {0};
    struct column id, value;
    int rc = schema_make(names, types, 2, &schema, err);
    assert_int_equal(rc, TG_OK);
    assert_int_equal(column_init(&id, &types[0], err), TG_OK);
    assert_int_equal(column_init(&value, &types[1], err), TG_OK);
    for (size_t i = 0; i < 1000; i++) {
        column_set_int64(&id, i, (int64_t)i);
        if (i % 2)
            assert_int_equal(column_set_text(&value, i, "odd", 3, err), TG_OK);
    }
    assert_int_equal(column_export(&id, 1000, &children[0], err), TG_OK);
    assert_int_equal(column_export(&value, 1000, &children[1], err), TG_OK);
    assert_int_equal(batch_make(children, 2, 1000, &array, err), TG_OK);
    assert_int_equal(stream_from_arrays(&schema, &array, 1, &read->stream, err), TG_OK);
    read->done = true;
    return TG_OK;
}

static void an_arrow_stream_is_taken_with_its_cursor(void **state)
{
    struct fixture *fixture = *state;
    const struct tg_resource resource = {.name = "n",
                                         .read = read_stream,
                                         .cursor_path = "Id",
                                         .initial_value = {.kind = TG_VALUE_INT64, .int64 = 900}};
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_filtered, 900);
    assert_query(fixture,
                 "SELECT count(*) AS n, min(id) AS least, count(value) AS odd, "
                 "count(DISTINCT _dlt_id) AS ids FROM n",
                 "n,least,odd,ids\n100,900,50,100\n");
    fixture_run(fixture);
    assert_string_equal(tg_result_load_id(fixture->result), "");
}

static void release_nothing(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

/* One value of a column `n`: 32 bits wide in the first load, then 64. */
static int read_wider(struct tg_read *read, struct tg_error *err)
{
    bool *again = read->user;
    static struct ArrowSchema child; /* lives as long as the stream */
    static struct ArrowSchema *children[] = {&child};
    const struct type_spec spec = {.type = *again ? TYPE_BIGINT : TYPE_DATE}; /* 64 or 32 bits */
    struct ArrowSchema schema = {
        .format = "+s", .n_children = 1, .children = children, .release = release_nothing};
    struct ArrowArray child_array = {0}, array = {0};
    struct column column;
    child = (struct ArrowSchema){.format = *again ? "l" : "i",
                                 .name = "n",
                                 .flags = ARROW_FLAG_NULLABLE,
                                 .release = release_nothing};
    assert_int_equal(column_init(&column, &spec, err), TG_OK);
    if (*again)
        column_set_int64(&column, 0, INT64_C(5000000000));
    else
        column_set_date(&column, 0, -7);
    assert_int_equal(column_export(&column, 1, &child_array, err), TG_OK);
    assert_int_equal(batch_make(&child_array, 1, 1, &array, err), TG_OK);
    assert_int_equal(stream_from_arrays(&schema, &array, 1, &read->stream, err), TG_OK);
    read->done = *again = true;
    return TG_OK;
}

static void wider_integers_widen_the_column(void **state)
{
    struct fixture *fixture = *state;
    bool again = false;
    const struct tg_resource resource = {.name = "n", .read = read_wider, .user = &again};
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_query(fixture, "SELECT n, typeof(n) AS is FROM n", "n,is\n-7,INTEGER\n");
    fixture_run(fixture);
    assert_query(fixture, "SELECT n, typeof(n) AS is FROM n ORDER BY n",
                 "n,is\n-7,BIGINT\n5000000000,BIGINT\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(wider_integers_widen_the_column, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_hint_decides_the_type, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(every_type_can_be_pushed, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(an_arrow_stream_is_taken_with_its_cursor, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
