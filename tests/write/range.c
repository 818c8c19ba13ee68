/*
 * Tests of src/write/sql/range.c: which rows are in a range by each type of column, and what must
 * not come.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/golden.h"
#include "tests/write/ranges.h"

#define TABLE(type) "x " type "|_dlt_id text row"

static struct limits allowed;

static struct limits limits_of(const void *user, const char *resource)
{
    (void)user;
    assert_string_equal(resource, "days");
    return allowed;
}

static const struct write_order by = {.limits = limits_of};

/* One row comes, `row`, for a window over rows that were appended. */
static int write_one(struct fixture *t, const char *header, const char *rows,
                     const struct manifest_range *range, const char *row)
{
    ranges_start(t);
    catalog_find(&t->catalog, "days")->disposition = DISPOSITION_APPEND;
    catalog_find(&t->catalog, "days")->replace_strategy = NULL;
    fixture_rows(t, "days", header, rows);
    FIXTURE_WRITE(t);
    catalog_find(&t->catalog, "days")->disposition = DISPOSITION_REPLACE;
    catalog_find(&t->catalog, "days")->replace_strategy = "replace-range";
    fixture_rows(t, "days", header, row);
    ranges_say(t, range);
    return fixture_write(t);
}

struct sample {
    const char *header, *rows;
    struct manifest_range range;
    const char *row, *left;
};

#define TEXT_FROM(value) .column = "x", .from_kind = RANGE_TEXT, .from = value
#define TEXT_TO(value)   .to_kind = RANGE_TEXT, .to = value
#define FROM(value)      .column = "x", .from_kind = RANGE_NUMBER, .from = value
#define TO(value)        .to_kind = RANGE_NUMBER, .to = value

static const struct sample samples[] = {
    {TABLE("bigint"), "1|a\n2|b\n3|c\n4|d\nNULL|e\n", {FROM("2"), TO("4")}, "3|new\n", "a d e new"},
    {TABLE("bigint"), "1|a\n2|b\n", {FROM("2"), TO("2")}, NULL, "a b"},
    {TABLE("bigint"),
     "9223372036854775806|a\n9223372036854775807|b\n",
     {FROM("9223372036854775807")},
     NULL,
     "a"},
    {TABLE("bigint"), "-1|a\n0|b\n", {FROM("-0.5")}, NULL, "a"},
    {TABLE("bigint"), "1|a\n2|b\n3|c\n", {FROM("2"), TO("1"), .descends = true}, NULL, "a c"},
    {TABLE("double"), "0.1|a\n0.2|b\n0.30000000000000004|c\n", {FROM("0.1"), TO("0.3")}, NULL, "c"},
    {TABLE("decimal(38,9)"), "0.099999999|a\n0.1|b\n7|c\n", {FROM("0.1"), TO("7")}, NULL, "a c"},
    {TABLE("date"),
     "2024-01-01|a\n2024-01-02|b\n2024-01-03|c\n",
     {TEXT_FROM("2024-01-01T00:00:01Z"), TEXT_TO("2024-01-02T00:00:01Z")},
     "2024-01-02|new\n",
     "a c new"},
    {TABLE("date"),
     "2024-01-01|a\n2024-01-02|b\n2024-01-03|c\n",
     {TEXT_FROM("2024-01-02T23:00:00Z"), TEXT_TO("2024-01-01T12:00:00Z"), .descends = true},
     NULL,
     "a c"},
    {TABLE("date"),
     "1969-12-30|a\n1969-12-31|b\n1970-01-01|c\n",
     {TEXT_FROM("1969-12-30T00:00:00.000001Z"), TEXT_TO("1969-12-31T00:00:00.000001Z")},
     NULL,
     "a c"},
    {TABLE("timestamp"),
     "2024-01-01T00:00:00Z|a\n2024-01-02T00:00:00Z|b\n",
     {TEXT_FROM("2024-01-01"), TEXT_TO("2024-01-02T01:00:00+01:00")},
     NULL,
     "b"},
    {TABLE("text"), "A|a\nB|b\na|c\n\xc3\xa9|d\n", {TEXT_FROM("B"), TEXT_TO("b")}, NULL, "a d"},
    {TABLE("text"), "2024-01-01|a\n2024-01-02|b\n", {TEXT_FROM("2024-01-02")}, NULL, "a"},
    {TABLE("text"), "it|a\nit's|b\n", {TEXT_FROM("it's")}, NULL, "a"},
};

static void test_types(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        const struct sample *sample = &samples[i];
        struct fixture t;
        char wanted[64];
        const char *row = sample->row ? sample->row : "";
        FIXTURE_OK(&t, write_one(&t, sample->header, sample->rows, &sample->range, row));
        snprintf(wanted, sizeof(wanted), "%s\n", sample->left);
        fixture_check(&t, "SELECT string_agg(_dlt_id, ' ' ORDER BY _dlt_id) FROM d.days", wanted);
        fixture_release(&t);
    }
}

/* What is no value of a cursor lies beyond no end. */
static void test_infinity(void **state)
{
    (void)state;
    struct fixture t;
    const char *header = TABLE("double");
    ranges_start(&t);
    fixture_rows(&t, "days", header, "1|a\n2|b\n");
    ranges_say(&t, &(struct manifest_range){FROM("0")});
    FIXTURE_WRITE(&t);
    fixture_exec(&t, "INSERT INTO d.days VALUES (CAST('NaN' AS double precision), 'c'), "
                     "(CAST('Infinity' AS double precision), 'd'), "
                     "(CAST('-Infinity' AS double precision), 'e')");
    ranges_say(&t, &(struct manifest_range){FROM("2")});
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT _dlt_id FROM d.days ORDER BY 1", "a\nc\nd\ne\n");
    ranges_say(&t, &(struct manifest_range){FROM("2"), .descends = true});
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT _dlt_id FROM d.days ORDER BY 1", "c\nd\ne\n");
    fixture_release(&t);
}

static void test_collation(void **state)
{
    (void)state;
    struct fixture t;
    const char *header = TABLE("text");
    if (!fixture_url)
        skip();
    ranges_start(&t);
    fixture_rows(&t, "days", header, "B|a\na|b\n\xc3\xa9|c\nz|d\n");
    ranges_say(&t, &(struct manifest_range){TEXT_FROM("A")});
    FIXTURE_WRITE(&t);
    fixture_exec(&t, "ALTER TABLE d.days ALTER x TYPE text COLLATE \"en-x-icu\"");
    ranges_delivered(&t, "x");
    catalog_find(&t.catalog, "days");
    fixture_rows(&t, "days", header, "A|e\nZ|f\n"); /* by the collation, `a` lies between */
    ranges_say(&t, &(struct manifest_range){.column = "x", .delivered = true});
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT string_agg(_dlt_id, ' ' ORDER BY _dlt_id) FROM d.days",
                  "b c d e f\n");
    ranges_say(&t, &(struct manifest_range){TEXT_FROM("a"), TEXT_TO("zz")});
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT string_agg(_dlt_id, ' ' ORDER BY _dlt_id) FROM d.days", "c e f\n");
    fixture_release(&t);
}

static void says(struct fixture *t, int rc, int wanted, const char *part)
{
    assert_int_equal(rc, wanted);
    if (!strstr(t->err.what, part))
        fail_msg("'%s' is not in: %s", part, t->err.what);
    assert_non_null(strstr(t->err.what, "'days'"));
    fixture_check(t, "SELECT count(*) FROM d.days", "2\n");
    fixture_no_temporary(t);
    fixture_release(t);
}

static void test_what_must_not_come(void **state)
{
    (void)state;
    static const struct {
        const char *header, *rows;
        struct manifest_range range;
        const char *row, *what;
    } cases[] = {
        {TABLE("bigint"), "1|a\n2|b\n", {FROM("2"), TO("4")}, "3|c\n4|d\n", "it has '4'"},
        {TABLE("bigint"), "1|a\n2|b\n", {FROM("2"), TO("4")}, "1|c\n", "it has '1'"},
        {TABLE("bigint"),
         "1|a\n2|b\n",
         {FROM("2"), TO("4")},
         "3|c\nNULL|d\n",
         "so many are they: '1'"},
        {TABLE("double"),
         "1|a\n2|b\n",
         {.column = "x", .delivered = true},
         "1|c\nNULL|d\n",
         "no value in column 'x'"},
        {TABLE("text"),
         "a|a\nb|b\n",
         {TEXT_FROM("2024-01-01T00:00:00Z")},
         "2024-02-01T00:00:00Z|c\n",
         "does not compare with '2024-01-01T00:00:00Z'"},
        {TABLE("bigint"),
         "1|a\n2|b\n",
         {TEXT_FROM("2024-01-01")},
         "3|c\n",
         "is a bigint, which a database does not compare with '2024-01-01'"},
        {TABLE("timestamp"),
         "2024-01-01T00:00:00Z|a\n2024-01-01T00:00:00Z|b\n",
         {FROM("5")},
         "2024-01-01T00:00:00Z|a\n",
         "does not compare with '5'"},
        {TABLE("bool"),
         "true|a\nfalse|b\n",
         {.column = "x", .delivered = true},
         "true|c\n",
         "is a bool"},
        {TABLE("bigint"),
         "1|a\n2|b\n",
         {.column = "y", .delivered = true},
         "1|c\n",
         "no row of this load has a value in column 'y'"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture t;
        int rc = write_one(&t, cases[i].header, cases[i].rows, &cases[i].range, cases[i].row);
        says(&t, rc, TG_DATA, cases[i].what);
    }
}

static void fill(struct fixture *t, int from, int to)
{
    struct buf rows = BUF_INIT;
    for (int i = from; i <= to; i++)
        buf_printf(&rows, "%d|r%d\n", i, i);
    fixture_rows(t, "days", TABLE("bigint"), buf_string(&rows));
    ranges_delivered(t, "x");
    buf_release(&rows);
}

/* 16 of 150 rows are more than ten percent, 15 are not. */
static void test_limit(void **state)
{
    (void)state;
    struct fixture t;
    ranges_start(&t);
    fill(&t, 1, 150);
    FIXTURE_WRITE(&t);
    t.by = &by;
    t.changes_state = false;
    allowed = (struct limits){0};
    fill(&t, 135, 150);
    assert_int_equal(fixture_write(&t), TG_LIMIT);
    assert_non_null(strstr(t.err.what, "16 of the 150 rows of table 'days' (dataset 'd') lie in"));
    assert_non_null(strstr(t.err.what, "(from 135, to 150); the limit is 15"));
    fixture_no_temporary(&t);
    fill(&t, 136, 150);
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 15, 0, 15);
    assert_true(limit_read("50%", LIMIT_ROWS_DELETED, &allowed.absent));
    fill(&t, 101, 150);
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 50, 0, 50);
    fixture_check(&t, "SELECT count(*), count(DISTINCT x) FROM d.days", "150|150\n");
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),     cmocka_unit_test(test_infinity),
        cmocka_unit_test(test_collation), cmocka_unit_test(test_what_must_not_come),
        cmocka_unit_test(test_limit),
    };
    return run_at_both("write/range", tests);
}
