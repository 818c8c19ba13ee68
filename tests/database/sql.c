/* Quoting, and DuckDB's names of types both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "database/dialect.h"

static void check(struct buf *out, const char *expected)
{
    assert_false(out->failed);
    assert_string_equal(buf_string(out), expected);
    buf_clear(out);
}

static void test_quoting(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    sql_ident(&out, &dialect_duckdb, "person");
    check(&out, "\"person\"");
    sql_ident(&out, &dialect_duckdb, "a\"b\"\"c\"");
    check(&out, "\"a\"\"b\"\"\"\"c\"\"\"");
    sql_ident(&out, &dialect_duckdb, "");
    check(&out, "\"\"");
    sql_table(&out, &dialect_duckdb, "bronze", "x\"; DROP TABLE y; --");
    check(&out, "\"bronze\".\"x\"\"; DROP TABLE y; --\"");
    sql_text(&out, "it's 'quoted'");
    check(&out, "'it''s ''quoted'''");
    sql_text(&out, "");
    check(&out, "''");
    sql_text(&out, NULL);
    check(&out, "NULL");
    buf_release(&out);
}

struct pair {
    struct type_spec spec;
    const char *sql;
};

static const struct pair pairs[] = {
    {{.type = TYPE_TEXT}, "VARCHAR"},
    {{.type = TYPE_BIGINT}, "BIGINT"},
    {{.type = TYPE_BIGINT, .precision = 8}, "TINYINT"},
    {{.type = TYPE_BIGINT, .precision = 16}, "SMALLINT"},
    {{.type = TYPE_BIGINT, .precision = 32}, "INTEGER"},
    {{.type = TYPE_BIGINT, .precision = 128}, "HUGEINT"},
    {{.type = TYPE_DOUBLE}, "DOUBLE"},
    {{.type = TYPE_BOOL}, "BOOLEAN"},
    {{.type = TYPE_TIMESTAMP}, "TIMESTAMP WITH TIME ZONE"},
    {{.type = TYPE_TIMESTAMP, .naive = true}, "TIMESTAMP"},
    {{.type = TYPE_TIMESTAMP, .precision = PRECISION_SECONDS, .naive = true}, "TIMESTAMP_S"},
    {{.type = TYPE_TIMESTAMP, .precision = 3, .naive = true}, "TIMESTAMP_MS"},
    {{.type = TYPE_TIMESTAMP, .precision = 9, .naive = true}, "TIMESTAMP_NS"},
    {{.type = TYPE_DATE}, "DATE"},
    {{.type = TYPE_TIME}, "TIME"},
    {{.type = TYPE_BINARY}, "BLOB"},
    {{.type = TYPE_JSON}, "JSON"},
    {{.type = TYPE_WEI}, "DECIMAL(38,0)"},
    {{.type = TYPE_DECIMAL, .precision = 38, .scale = 9}, "DECIMAL(38,9)"},
    {{.type = TYPE_DECIMAL, .precision = 18, .scale = 3}, "DECIMAL(18,3)"},
};

static void test_types_both_ways(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        dialect_duckdb.type_sql(&pairs[i].spec, &out);
        check(&out, pairs[i].sql);
        struct type_spec back = dialect_duckdb.type_from_sql(pairs[i].sql);
        assert_int_equal(back.type, pairs[i].spec.type);
        assert_int_equal(back.precision, pairs[i].spec.precision);
        assert_int_equal(back.scale, pairs[i].spec.scale);
        assert_int_equal(back.naive, pairs[i].spec.naive);
    }
    buf_release(&out);
}

static void test_types_one_way(void **state)
{
    (void)state;
    static const struct pair more[] = {
        {{.type = TYPE_DECIMAL}, "DECIMAL(38,9)"},
        {{.type = TYPE_BIGINT, .precision = 20}, "INTEGER"},
        {{.type = TYPE_BIGINT, .precision = 64}, "BIGINT"},
        {{.type = TYPE_BIGINT, .precision = 65}, "HUGEINT"},
        {{.type = TYPE_TIMESTAMP, .precision = 3}, "TIMESTAMP WITH TIME ZONE"},
        {{.type = TYPE_TIMESTAMP, .precision = PRECISION_SECONDS}, "TIMESTAMP WITH TIME ZONE"},
        {{.type = TYPE_TIMESTAMP, .precision = 1, .naive = true}, "TIMESTAMP_MS"},
        {{.type = TYPE_TIMESTAMP, .precision = 5, .naive = true}, "TIMESTAMP"},
        {{.type = TYPE_TIMESTAMP, .precision = 7, .naive = true}, "TIMESTAMP_NS"},
        {{.type = TYPE_TIME, .precision = 3}, "TIME"},
        {{.type = TYPE_TEXT, .precision = 20}, "VARCHAR"},
        {{.type = TYPE_BINARY, .precision = 20}, "BLOB"},
    };
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
        dialect_duckdb.type_sql(&more[i].spec, &out);
        check(&out, more[i].sql);
    }
    buf_release(&out);
    static const char *const foreign[] = {
        "UBIGINT",      "INTEGER[]",     "DECIMAL(39,2)", "DECIMAL(4)",
        "DECIMAL(4,5)", "DECIMAL(4,2)x", "FLOAT",         ""};
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
        assert_int_equal(dialect_duckdb.type_from_sql(foreign[i]).type, TYPE_NONE);
}

static void test_types_that_compare(void **state)
{
    (void)state;
    assert_true(sql_compares(&dialect_duckdb, "money"));
    assert_true(sql_compares(&dialect_postgres, "bigint"));
    assert_true(sql_compares(&dialect_postgres, ""));
    assert_false(sql_compares(&dialect_postgres, "money"));
    assert_false(sql_compares(&dialect_postgres, "xid"));
}

static void test_variants(void **state)
{
    (void)state;
    const struct sql_variant variants[SQL_VARIANTS_MAX] = {{"old", 0}, {"new", 10300}};
    assert_string_equal(sql_variant(variants, 0), "old");
    assert_string_equal(sql_variant(variants, 10299), "old");
    assert_string_equal(sql_variant(variants, 10300), "new");
    assert_string_equal(sql_variant(variants, VERSION_OF(2, 0, 0)), "new");
    const struct sql_variant full[SQL_VARIANTS_MAX] = {{"a", 0}, {"b", 1}, {"c", 2}};
    assert_string_equal(sql_variant(full, 9), "c");
    assert_string_equal(sql_variant(full, 1), "b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quoting),       cmocka_unit_test(test_types_both_ways),
        cmocka_unit_test(test_types_one_way), cmocka_unit_test(test_types_that_compare),
        cmocka_unit_test(test_variants),
    };
    return cmocka_run_group_tests_name("database/sql", tests, NULL, NULL);
}
