/*
 * src/postgres/values/types.c: types of the catalog and of a database, what a query asks for,
 * columns.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "postgres/values/types.h"

static const struct pg_catalog_type own[] = {
    {20001, 'e', 0, -1, "mood"},
    {20002, 'd', 20003, -1, "outer_domain"},
    {20003, 'd', 1700, (5 << 16 | 2) + 4, "price"},
    {20004, 'A', 20001, -1, "mood[]"},
    {20005, 'A', 20002, -1, "outer_domain[]"},
    {20006, 'c', 0, -1, "pair"},
    {20007, 'A', 20006, -1, "pair[]"},
    {20008, 'b', 0, -1, "hstore"},
    {20009, 'd', 20009, -1, "endless"},
    {20010, 'd', 1009, -1, "tags"},
    {1700, 'b', 0, -1, "numeric"},
};
static const struct pg_types types = {own, sizeof(own) / sizeof(own[0])};

static struct pg_type find(uint32_t oid)
{
    struct pg_type type;
    pg_type_find(&types, oid, -1, &type);
    return type;
}

static void types_are_found(void **state)
{
    (void)state;
    assert_int_equal(find(23).form, PG_INT4);
    assert_string_equal(find(23).name, "integer");
    assert_int_equal(find(1007).form, PG_ARRAY);
    assert_int_equal(find(1007).element, 23);
    assert_int_equal(find(20001).form, PG_TEXT);
    assert_int_equal(find(20002).form, PG_NUMERIC);
    assert_int_equal(find(20002).typmod, (5 << 16 | 2) + 4);
    assert_int_equal(find(20004).form, PG_ARRAY);
    assert_int_equal(find(20005).form, PG_ARRAY);
    assert_int_equal(find(20010).form, PG_ARRAY);
    assert_int_equal(find(20010).element, 25);
    assert_int_equal(find(0).form, PG_OPAQUE);
    assert_int_equal(find(99999).form, PG_OPAQUE);
    assert_int_equal(find(20009).form, PG_OPAQUE);
}

static void how_a_query_asks(void **state)
{
    (void)state;
    assert_string_equal(pg_type_reading(NULL, 23), "{column}");
    assert_string_equal(pg_type_reading(NULL, 1007), "{column}");
    assert_string_equal(pg_type_reading(NULL, 790), "{column}::numeric");
    assert_string_equal(pg_type_reading(NULL, 791), "to_json({column})");
    assert_string_equal(pg_type_reading(NULL, 3904), "{column}::text");
    assert_string_equal(pg_type_reading(NULL, 3905), "to_json({column})");
    assert_string_equal(pg_type_reading(NULL, 2249), "to_json({column})");
    assert_string_equal(pg_type_reading(&types, 20001), "{column}");
    assert_string_equal(pg_type_reading(&types, 20002), "{column}");
    assert_string_equal(pg_type_reading(&types, 20006), "to_json({column})");
    assert_string_equal(pg_type_reading(&types, 20007), "to_json({column})");
    assert_string_equal(pg_type_reading(&types, 20008), "{column}::text");
    assert_string_equal(pg_type_reading(NULL, 20001), "{column}::text");
}

static struct type_spec numeric(int precision, int scale)
{
    struct pg_type type;
    pg_type_find(NULL, 1700, (precision << 16 | (scale & 0x7ff)) + 4, &type);
    return pg_type_spec(&type, NULL);
}

static void assert_decimal(struct type_spec spec, int precision, int scale)
{
    assert_int_equal(spec.type, TYPE_DECIMAL);
    assert_int_equal(spec.precision, precision);
    assert_int_equal(spec.scale, scale);
}

static void numerics_as_columns(void **state)
{
    struct pg_type bare;
    (void)state;
    pg_type_find(NULL, 1700, -1, &bare);
    assert_decimal(pg_type_spec(&bare, NULL), 0, 0);
    assert_decimal(numeric(10, 2), 10, 2);
    assert_decimal(numeric(38, 38), 38, 38);
    assert_decimal(numeric(3, -2), 5, 0);
    assert_decimal(numeric(2, 5), 5, 5);
    assert_decimal(numeric(39, 0), 38, 0);
    assert_decimal(numeric(50, 30), 38, 18);
    assert_decimal(numeric(1000, 1000), 38, 18);
    assert_decimal(numeric(1000, -1000), 38, 0);
}

static void hints_are_followed(void **state)
{
    struct pg_type type;
    struct type_spec text = {.type = TYPE_TEXT}, real = {.type = TYPE_DOUBLE};
    struct type_spec narrow = {.type = TYPE_DECIMAL, .precision = 12, .scale = 3};
    struct type_spec decimal = {.type = TYPE_DECIMAL};
    (void)state;
    pg_type_find(NULL, 1700, (10 << 16 | 2) + 4, &type);
    assert_int_equal(pg_type_spec(&type, &text).type, TYPE_TEXT);
    assert_int_equal(pg_type_spec(&type, &real).type, TYPE_DOUBLE);
    assert_decimal(pg_type_spec(&type, &narrow), 12, 3);
    assert_decimal(pg_type_spec(&type, &decimal), 10, 2);
    pg_type_find(NULL, 17, -1, &type);
    assert_int_equal(pg_type_spec(&type, &text).type, TYPE_BINARY);
    pg_type_find(NULL, 20, -1, &type);
    assert_int_equal(pg_type_spec(&type, &real).type, TYPE_BIGINT);
    pg_type_find(NULL, 1114, -1, &type);
    assert_true(pg_type_spec(&type, NULL).naive);
    pg_type_find(NULL, 1184, -1, &type);
    assert_false(pg_type_spec(&type, NULL).naive);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_found),
        cmocka_unit_test(how_a_query_asks),
        cmocka_unit_test(numerics_as_columns),
        cmocka_unit_test(hints_are_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
