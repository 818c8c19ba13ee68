/* The SELECT of a resource: columns, relations, and what a cursor says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "extract/sql/select.h"

static const struct selected_column two[] = {{"id", {.type = TYPE_NONE}},
                                             {"we\"ird", {.type = TYPE_TEXT}}};

static const struct type_spec bigint = {.type = TYPE_BIGINT}, real = {.type = TYPE_DOUBLE},
                              text = {.type = TYPE_TEXT};

static void check(const struct selection *selection, const char *slice, int64_t limit,
                  const char *sql)
{
    struct buf out = BUF_INIT;
    assert_int_equal(select_write(&out, selection, slice, limit, NULL), TG_OK);
    assert_string_equal(buf_string(&out), sql);
    buf_release(&out);
}

static void what_is_read(void **state)
{
    (void)state;
    struct selection selection = {.dialect = &dialect_duckdb,
                                  .schema = "s\"1",
                                  .table = "Orders",
                                  .columns = two,
                                  .column_count = 2};
    check(&selection, NULL, -1,
          "SELECT \"id\", CAST(\"we\"\"ird\" AS VARCHAR) AS \"we\"\"ird\"\n"
          "FROM \"s\"\"1\".\"Orders\"");
    check(&selection, "id < 5", 0,
          "SELECT \"id\", CAST(\"we\"\"ird\" AS VARCHAR) AS \"we\"\"ird\"\n"
          "FROM \"s\"\"1\".\"Orders\"\nWHERE id < 5\nLIMIT 0");
    selection = (struct selection){.dialect = &dialect_duckdb, .query = "SELECT 1 -- one"};
    check(&selection, NULL, -1, "SELECT *\nFROM (\nSELECT 1 -- one\n) AS tidegate_query");
}

/* The condition of a cursor with these bounds. */
struct sample {
    struct tg_value start, end;
    struct type_spec type;
    enum tg_last_value last_value;
    enum tg_on_missing on_missing;
    bool whole_groups;
    enum tg_row_order row_order;
    const char *sql; /* behind FROM "t" */
};

#define INT(value)                                                                                 \
    {                                                                                              \
        .kind = TG_VALUE_INT64, .int64 = (value)                                                   \
    }
#define NO                                                                                         \
    {                                                                                              \
        .kind = TG_VALUE_NONE                                                                      \
    }

static void check_sample(const struct sample *sample)
{
    const struct tg_cursor cursor = {
        .path = "c", .start = sample->start, .last = sample->start, .end = sample->end};
    const struct sorted_field field = {.name = "c", .is_text = sample->type.type == TYPE_TEXT};
    const struct selection selection = {.dialect = &dialect_duckdb,
                                        .schema = "s",
                                        .table = "t",
                                        .cursor = &cursor,
                                        .fields = &field,
                                        .field_count = 1,
                                        .cursor_column = "c",
                                        .cursor_type = sample->type,
                                        .last_value = sample->last_value,
                                        .on_missing = sample->on_missing,
                                        .whole_groups = sample->whole_groups,
                                        .row_order = sample->row_order};
    char sql[400];
    snprintf(sql, sizeof(sql), "SELECT *\nFROM \"s\".\"t\"%s", sample->sql);
    check(&selection, NULL, -1, sql);
}

static void what_the_cursor_says(void **state)
{
    (void)state;
    const struct type_spec nanos = {.type = TYPE_TIMESTAMP, .precision = 9, .naive = true};
    const struct sample samples[] = {
        /* rows without a value are asked for: the cursor takes or refuses them */
        {INT(5), NO, bigint, TG_MAX, TG_RAISE, false, TG_ANY_ORDER,
         "\nWHERE (\"c\" >= 5 OR \"c\" IS NULL)"},
        {INT(5), NO, bigint, TG_MAX, TG_INCLUDE, false, TG_ANY_ORDER,
         "\nWHERE (\"c\" >= 5 OR \"c\" IS NULL)"},
        {INT(5), NO, bigint, TG_MAX, TG_EXCLUDE, false, TG_ANY_ORDER, "\nWHERE \"c\" >= 5"},
        {NO, NO, bigint, TG_MAX, TG_EXCLUDE, false, TG_ANY_ORDER, "\nWHERE \"c\" IS NOT NULL"},
        {NO, NO, bigint, TG_MAX, TG_RAISE, false, TG_ANY_ORDER, ""},
        {INT(5), INT(9), bigint, TG_MAX, TG_EXCLUDE, false, TG_ANY_ORDER,
         "\nWHERE \"c\" >= 5 AND \"c\" < 9"},
        {INT(9), INT(5), bigint, TG_MIN, TG_EXCLUDE, false, TG_ANY_ORDER,
         "\nWHERE \"c\" <= 9 AND \"c\" > 5"},
        {NO, INT(5), bigint, TG_MAX, TG_RAISE, false, TG_DESC,
         "\nWHERE (\"c\" < 5 OR \"c\" IS NULL)\nORDER BY \"c\" desc"},
        {NO, NO, bigint, TG_MAX, TG_RAISE, false, TG_ASC, "\nORDER BY \"c\" asc"},
        /* infinity and NaN are no values either */
        {INT(5), NO, real, TG_MAX, TG_RAISE, false, TG_ANY_ORDER,
         "\nWHERE (\"c\" >= 5 OR \"c\" IS NULL OR \"c\" = CAST('NaN' AS DOUBLE) OR "
         "\"c\" = CAST('Infinity' AS DOUBLE) OR \"c\" = CAST('-Infinity' AS DOUBLE))"},
        {{.kind = TG_VALUE_DATE},
         NO,
         {.type = TYPE_DATE},
         TG_MAX,
         TG_RAISE,
         false,
         TG_ANY_ORDER,
         "\nWHERE (\"c\" >= CAST('1970-01-01' AS DATE) OR \"c\" IS NULL OR "
         "\"c\" < CAST('0001-01-01T00:00:00' AS TIMESTAMP) OR "
         "\"c\" > CAST('9999-12-31T23:59:59.999999' AS TIMESTAMP))"},
        /* what lies before the cursor is wanted, too */
        {INT(5), NO, bigint, TG_MAX, TG_RAISE, true, TG_ANY_ORDER, ""},
        {INT(5), NO, bigint, TG_MAX, TG_EXCLUDE, true, TG_ANY_ORDER, ""},
        /* a type that does not compare in SQL as it does here: all rows are read */
        {INT(5), INT(9), {.type = TYPE_NONE}, TG_MAX, TG_RAISE, false, TG_ANY_ORDER, ""},
        {INT(5),
         NO,
         {.type = TYPE_TEXT},
         TG_MAX,
         TG_EXCLUDE,
         false,
         TG_ANY_ORDER,
         "\nWHERE \"c\" IS NOT NULL"},
        /* a cursor has microseconds */
        {{.kind = TG_VALUE_TIMESTAMP, .int64 = 2000000},
         NO,
         nanos,
         TG_MAX,
         TG_EXCLUDE,
         false,
         TG_ANY_ORDER,
         "\nWHERE \"c\" >= CAST('1970-01-01T00:00:01.999999' AS TIMESTAMP)"},
        {{.kind = TG_VALUE_TIMESTAMP, .int64 = 2000000},
         {.kind = TG_VALUE_TIMESTAMP, .int64 = 1},
         nanos,
         TG_MIN,
         TG_EXCLUDE,
         false,
         TG_ANY_ORDER,
         "\nWHERE \"c\" <= CAST('1970-01-01T00:00:02.000001' AS TIMESTAMP)"},
    };
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        check_sample(&samples[i]);
}

/* All fields narrow the rows, in order; a row stands nowhere when one of them is NULL. */
static void what_a_cursor_of_several_fields_says(void **state)
{
    (void)state;
    const struct tg_cursor parts[] = {{.path = "a", .start = INT(5), .end = INT(9)},
                                      {.path = "b", .start = {.kind = TG_VALUE_TEXT, .text = "x"}}};
    const struct sorted_field fields[] = {{"a", false, bigint}, {"b", true, text}};
    struct selection selection = {.dialect = &dialect_postgres,
                                  .schema = "s",
                                  .table = "t",
                                  .cursor = parts,
                                  .fields = fields,
                                  .field_count = 2,
                                  .cursor_column = "a",
                                  .cursor_type = bigint,
                                  .row_order = TG_DESC};
    check(&selection, NULL, -1,
          "SELECT *\nFROM \"s\".\"t\"\nWHERE (\"a\" >= 5 AND (\"a\" > 5 OR \"b\" >= 'x' COLLATE "
          "\"C\") AND \"a\" < 9 OR \"a\" IS NULL OR \"b\" IS NULL)\nORDER BY \"a\" desc, \"b\" "
          "COLLATE \"C\" desc");
    selection.on_missing = TG_EXCLUDE;
    selection.last_value = TG_MIN;
    selection.row_order = TG_ANY_ORDER;
    selection.start_is_open = selection.end_is_closed = true;
    check(&selection, NULL, -1,
          "SELECT *\nFROM \"s\".\"t\"\nWHERE \"a\" <= 5 AND (\"a\" < 5 OR \"b\" < 'x' COLLATE "
          "\"C\") AND \"a\" >= 9");
}

/* How far they do: to the first one that the database may compare otherwise. */
static void how_many_of_several_fields_narrow(void **state)
{
    (void)state;
    const struct tg_cursor parts[] = {{.start = INT(1)}, {.start = INT(2)}, {.start = INT(3)}};
    struct sorted_field fields[] = {
        {"a", false, bigint}, {"b", false, bigint}, {"c", false, bigint}};
    struct selection selection = {.dialect = &dialect_duckdb,
                                  .schema = "s",
                                  .table = "t",
                                  .cursor = parts,
                                  .fields = fields,
                                  .field_count = 3,
                                  .cursor_column = "a",
                                  .cursor_type = bigint,
                                  .start_is_open = true,
                                  .on_missing = TG_EXCLUDE};
    check(&selection, NULL, -1,
          "SELECT *\nFROM \"s\".\"t\"\nWHERE \"a\" >= 1 AND (\"a\" > 1 OR "
          "\"b\" >= 2 AND (\"b\" > 2 OR \"c\" > 3))");
    fields[2].type = (struct type_spec){.type = TYPE_NONE};
    check(&selection, NULL, -1,
          "SELECT *\nFROM \"s\".\"t\"\nWHERE \"a\" >= 1 AND (\"a\" > 1 OR \"b\" >= 2)");
    fields[1].type = (struct type_spec){.type = TYPE_TIMESTAMP, .precision = 9, .naive = true};
    check(&selection, NULL, -1, "SELECT *\nFROM \"s\".\"t\"\nWHERE \"a\" >= 1");
    selection.cursor_type = (struct type_spec){.type = TYPE_NONE};
    check(&selection, NULL, -1, "SELECT *\nFROM \"s\".\"t\"\nWHERE \"a\" IS NOT NULL");
    selection.on_missing = TG_RAISE; /* NaN is no value, in none of them */
    selection.cursor_type = bigint;
    selection.field_count = 2;
    fields[1].type = real;
    check(&selection, NULL, -1,
          "SELECT *\nFROM \"s\".\"t\"\nWHERE (\"a\" >= 1 AND (\"a\" > 1 OR \"b\" > 2) OR \"a\" IS "
          "NULL OR \"b\" IS NULL OR \"b\" = CAST('NaN' AS DOUBLE) OR \"b\" = CAST('Infinity' AS "
          "DOUBLE) OR \"b\" = CAST('-Infinity' AS DOUBLE))");
}

/* A start of the first field alone is that of all rows which begin so. */
static void an_open_start_is_not_asked_for(void **state)
{
    (void)state;
    const struct tg_cursor parts[] = {{.start = INT(1)}, {.path = "b"}};
    const struct sorted_field fields[] = {{"a", false, bigint}, {"b", false, bigint}};
    const struct selection selection = {.dialect = &dialect_duckdb,
                                        .schema = "s",
                                        .table = "t",
                                        .cursor = parts,
                                        .fields = fields,
                                        .field_count = 2,
                                        .cursor_column = "a",
                                        .cursor_type = bigint,
                                        .start_is_open = true,
                                        .on_missing = TG_EXCLUDE};
    check(&selection, NULL, -1, "SELECT *\nFROM \"s\".\"t\"\nWHERE \"a\" > 1");
}

/* What waits for a later run is left out, also where all other rows are read. */
static void what_waits(void **state)
{
    (void)state;
    const struct tg_cursor cursor = {.path = "c", .start = INT(5)}, fresh = {.path = "c"};
    const struct tg_value far = INT(99), none = NO;
    struct buf out = BUF_INIT;
    struct selection selection = {.dialect = &dialect_duckdb,
                                  .schema = "s",
                                  .table = "t",
                                  .cursor = &cursor,
                                  .cursor_column = "c",
                                  .cursor_type = {.type = TYPE_BIGINT},
                                  .ceiling = CEILING_VALUE,
                                  .ceiling_value = INT(9)};
    check(&selection, NULL, -1,
          "SELECT *\nFROM \"s\".\"t\"\nWHERE (\"c\" >= 5 AND \"c\" <= 9 OR \"c\" IS NULL)");
    assert_int_equal(select_write_held(&out, &selection, &far, NULL), TG_OK);
    assert_string_equal(buf_string(&out),
                        "SELECT count(*), count(CASE WHEN \"c\" > 99 THEN 1 END)\nFROM "
                        "\"s\".\"t\"\nWHERE \"c\" IS NOT NULL AND \"c\" > 5 AND \"c\" > 9");
    selection.whole_groups = true;
    selection.on_missing = TG_EXCLUDE;
    check(&selection, NULL, -1, "SELECT *\nFROM \"s\".\"t\"\nWHERE \"c\" <= 9");
    selection.ceiling = CEILING_START;
    check(&selection, NULL, -1, "SELECT *\nFROM \"s\".\"t\"\nWHERE \"c\" <= 5");
    selection.cursor = &fresh;
    check(&selection, NULL, -1, "SELECT *\nFROM \"s\".\"t\"\nWHERE false");
    buf_clear(&out);
    assert_int_equal(select_write_held(&out, &selection, &none, NULL), TG_OK);
    assert_string_equal(buf_string(&out),
                        "SELECT count(*), count(CASE WHEN false THEN 1 END)\nFROM "
                        "\"s\".\"t\"\nWHERE \"c\" IS NOT NULL AND true AND true");
    buf_clear(&out);
    assert_int_equal(select_write_highest(&out, &selection, NULL), TG_OK);
    assert_string_equal(buf_string(&out), "SELECT max(\"c\")\nFROM \"s\".\"t\"");
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read),
        cmocka_unit_test(what_the_cursor_says),
        cmocka_unit_test(what_a_cursor_of_several_fields_says),
        cmocka_unit_test(how_many_of_several_fields_narrow),
        cmocka_unit_test(an_open_start_is_not_asked_for),
        cmocka_unit_test(what_waits),
    };
    return cmocka_run_group_tests_name("select", tests, NULL, NULL);
}
