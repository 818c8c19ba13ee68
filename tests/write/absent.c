/*
 * Tests of src/write/sql/absent.c: which rows are absent, and what becomes of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/merges.h"
#include "tests/write/keys.h"

static const char people[] = "SELECT id, name FROM d.person ORDER BY id";
static const char flags[] =
    "SELECT id, _tidegate_deleted_at IS NOT NULL, _dlt_id FROM d.person ORDER BY id";

static void test_rows_that_did_not_come_go(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_rows(&t, "person", PERSON, "1|Ann|1.5|a\n2|Bob|1.5|b\n3|Cy|1.5|c\n");
    fixture_absent(&t, "person", false);
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 3, 0, 0);
    fixture_rows(&t, "person", PERSON, "2|Bea|2.5|d\n4|Di|2.5|e\n");
    fixture_absent(&t, "person", false);
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 1, 1, 2);
    fixture_check(&t, people, "2|Bea\n4|Di\n");
    fixture_no_temporary(&t);
    fixture_release(&t);
}

/* Of two tables of a load each has its own. */
static void test_rows_of_others_stay(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_table(&t, "pet", NULL, DISPOSITION_MERGE);
    for (int i = 0; i < 2; i++) {
        fixture_rows(&t, "person", PERSON, i == 0 ? "1|Ann|1.5|a\n2|Bob|1.5|b\n" : "1|Ann|2.5|c\n");
        fixture_rows(&t, "pet", "id bigint pk|_dlt_id text row", i == 0 ? "1|a\n2|b\n" : "1|c\n");
        fixture_absent(&t, "pet", false);
        FIXTURE_WRITE(&t);
    }
    fixture_check(&t, people, "1|Ann\n2|Bob\n");
    fixture_check(&t, "SELECT id FROM d.pet", "1\n");
    fixture_release(&t);
}

static void test_no_row_at_all(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_rows(&t, "person", PERSON, "1|Ann|1.5|a\n2|Bob|1.5|b\n");
    FIXTURE_WRITE(&t);
    fixture_absent(&t, "person", false);
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 0, 2);
    fixture_check(&t, people, "");
    /* Nor is there anything to do where there is no table. */
    fixture_exec(&t, "DROP TABLE d.person");
    fixture_absent(&t, "person", false);
    FIXTURE_WRITE(&t);
    fixture_release(&t);
}

/* A row that is marked is there: it goes by its mark, not twice. */
static void test_marked_rows(void **state)
{
    (void)state;
    static const char header[] = "id bigint pk|gone bool del|_dlt_id text row";
    struct fixture t;
    start(&t);
    fixture_rows(&t, "person", header, "1|NULL|a\n2|NULL|b\n3|NULL|c\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "person", header, "1|NULL|d\n2|true|e\n");
    fixture_absent(&t, "person", false);
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 1, 2);
    fixture_check(&t, "SELECT id FROM d.person", "1\n");
    fixture_release(&t);
}

static void test_nested_rows_follow(void **state)
{
    (void)state;
    struct fixture t;
    start_nested(&t);
    fixture_rows(&t, "person", PERSON, "1|Ann|1.5|a\n2|Bob|1.5|b\n");
    fixture_rows(&t, "person__kids", KIDS, "k1|a|a|0|a0\nk2|b|b|0|b0\n");
    fixture_rows(&t, "person__kids__toys", KIDS, "t1|a|a0|0|a00\nt2|b|b0|0|b00\n");
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "person", PERSON, "1|Ann|2.5|c\n");
    fixture_rows(&t, "person__kids", KIDS, "k3|c|c|0|c0\n");
    fixture_absent(&t, "person", false);
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 1, 1);
    fixture_counts(&t, 1, 1, 0, 2);
    fixture_check(&t, "SELECT n FROM d.person__kids", "k3\n");
    fixture_check(&t, "SELECT count(*) FROM d.person__kids__toys", "0\n");
    fixture_release(&t);
}

/* A part of a key says nothing, NULL is no key, and names may be any. */
static void test_compound_keys(void **state)
{
    (void)state;
    static const char header[] = "a\"b text pk|select bigint pk|v text|_dlt_id text row";
    struct fixture t;
    start(&t);
    fixture_rows(&t, "person", header, "x|1|a|a\nx|2|b|b\ny|1|c|c\n");
    FIXTURE_WRITE(&t);
    fixture_exec(&t, "INSERT INTO d.person (v, _dlt_id, \"select\") VALUES ('n', 'n', 7)");
    fixture_rows(&t, "person", header, "x|1|d|d\n");
    fixture_absent(&t, "person", false);
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 1, 2);
    fixture_check(&t, "SELECT v FROM d.person ORDER BY v", "d\nn\n");
    fixture_release(&t);
}

/* ---- listed keys ---- */

static void test_listed_keys_stay(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_rows(&t, "person", PERSON, "1|Ann|1.5|a\n2|Bob|1.5|b\n3|Cy|1.5|c\n");
    FIXTURE_WRITE(&t);
    /* 4 came, and is not listed: it was deleted after it was read, or came after the list. */
    fixture_rows(&t, "person", PERSON, "4|Di|2.5|d\n");
    fixture_keys(&t, "person", "id bigint", "1\n3\n3\n9\n");
    fixture_absent(&t, "person", false);
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 1, 0, 1);
    fixture_check(&t, people, "1|Ann\n3|Cy\n4|Di\n");
    fixture_no_temporary(&t);
    fixture_release(&t);
}

/* What is listed has the types that the list is written in, and is compared in the table's. */
static void test_listed_keys_without_rows(void **state)
{
    (void)state;
    static const char header[] = "id decimal(20,2) pk|name text|_dlt_id text row";
    struct fixture t;
    start(&t);
    fixture_rows(&t, "person", header, "1.00|Ann|a\n2.50|Bob|b\n3.00|Cy|c\n");
    FIXTURE_WRITE(&t);
    fixture_keys(&t, "person", "id double", "1\n2.5\n");
    fixture_absent(&t, "person", false);
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 0, 1);
    fixture_check(&t, "SELECT name FROM d.person ORDER BY name", "Ann\nBob\n");
    fixture_release(&t);
}

/* ---- flags ---- */

static void expect_flags(struct fixture *t, const char *pattern)
{
    struct buf text = BUF_INIT;
    for (const char *at = pattern; *at; at++) {
        if (*at == '+')
            buf_text(&text, "true");
        else if (*at == '-')
            buf_text(&text, "false");
        else
            buf_char(&text, *at);
    }
    fixture_check(t, flags, buf_string(&text));
    buf_release(&text);
}

static void declare_flag(struct fixture *t)
{
    const struct type_spec time = {.type = TYPE_TIMESTAMP};
    FIXTURE_OK(t, table_add_column(&t->catalog, catalog_find(&t->catalog, "person"), DELETED_COLUMN,
                                   &time, NULL, &t->err));
}

static void test_flagged_and_back(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_rows(&t, "person", PERSON, "1|Ann|1.5|a\n2|Bob|1.5|b\n3|Cy|1.5|c\n");
    FIXTURE_WRITE(&t);
    declare_flag(&t); /* the column comes to a table that is there */
    fixture_rows(&t, "person", PERSON, "1|Ann|2.5|d\n");
    fixture_absent(&t, "person", true);
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 1, 2);
    expect_flags(&t, "1|-|d\n2|+|b\n3|+|c\n");
    /* What is flagged is not flagged again; what comes again is as any other row. */
    fixture_rows(&t, "person", PERSON, "1|Ann|3.5|e\n2|Bob|3.5|f\n");
    fixture_absent(&t, "person", true);
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 2, 0);
    expect_flags(&t, "1|-|e\n2|-|f\n3|+|c\n");
    fixture_release(&t);
}

/* A row that comes back as it was has changed: the flag goes. */
static void test_back_unchanged(void **state)
{
    (void)state;
    struct fixture t;
    start_strategy(&t, "upsert", true);
    fixture_rows(&t, "person", PERSON, "1|Ann|1.5|a\n2|Bob|1.5|b\n");
    FIXTURE_WRITE(&t);
    declare_flag(&t);
    fixture_rows(&t, "person", PERSON, "1|Ann|2.5|a\n");
    fixture_absent(&t, "person", true);
    FIXTURE_WRITE(&t);
    fixture_unchanged(&t, 0, 1);
    expect_flags(&t, "1|-|a\n2|+|b\n");
    fixture_rows(&t, "person", PERSON, "1|Ann|3.5|a\n2|Bob|3.5|b\n");
    fixture_absent(&t, "person", true);
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 1, 0);
    fixture_unchanged(&t, 0, 1);
    expect_flags(&t, "1|-|a\n2|-|b\n");
    fixture_release(&t);
}

/* A key that is listed again, though its row does not come: the cursor may know it. */
static void test_listed_again(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_rows(&t, "person", PERSON, "1|Ann|1.5|a\n2|Bob|1.5|b\n3|Cy|1.5|c\n");
    FIXTURE_WRITE(&t);
    declare_flag(&t);
    fixture_keys(&t, "person", "id bigint", "1\n");
    fixture_absent(&t, "person", true); /* no row: the column comes all the same */
    FIXTURE_WRITE(&t);
    expect_flags(&t, "1|-|a\n2|+|b\n3|+|c\n");
    fixture_rows(&t, "person", PERSON, "3|Cyd|2.5|d\n");
    fixture_keys(&t, "person", "id bigint", "1\n2\n3\n");
    fixture_absent(&t, "person", true);
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 2, 0);
    expect_flags(&t, "1|-|a\n2|-|b\n3|-|d\n");
    fixture_release(&t);
}

/* ---- SQL ---- */

#define COLUMNS "id bigint pk|at timestamp pk|name text|_dlt_load_id text|_dlt_id text row"

static void golden(const char *name, bool flags_them, const char *rows)
{
    struct fixture t;
    struct described there = {0};
    start_nested(&t);
    golden_columns(&t, "person", COLUMNS);
    golden_columns(&t, "person__kids", KIDS);
    if (flags_them)
        declare_flag(&t);
    golden_there(&t, &there, "person");
    golden_there(&t, &there, "person__kids");
    if (rows)
        golden_file(&t, "person", COLUMNS, rows);
    else
        fixture_keys(&t, "person", "id bigint|at timestamp", "1|2024-01-01T00:00:00Z\n");
    fixture_absent(&t, "person", flags_them);
    package_manifest(t.package)->created_us = 1704164645000000;
    if (!rows) {
        static struct manifest_file file = {.name = "_tidegate_keys.1.parquet"};
        struct manifest_column columns[] = {{.name = "id", .spec.type = TYPE_BIGINT},
                                            {.name = "at", .spec.type = TYPE_TIMESTAMP}};
        file.columns = columns;
        file.column_count = 2;
        FIXTURE_OK(&t,
                   manifest_add_file(package_manifest(t.package),
                                     manifest_find(package_manifest(t.package), "_tidegate_keys"),
                                     &file, &t.err));
    }
    golden_check(&t, &there, name, GOLDEN_DATA);
    fixture_release(&t);
}

static void test_golden_snapshot(void **state)
{
    (void)state;
    golden("absent_snapshot", false, "person.1.parquet");
}

static void test_golden_keys(void **state)
{
    (void)state;
    golden("absent_keys", true, NULL);
}

static void test_golden_shared(void **state)
{
    (void)state;
    golden_shared = true;
    golden("absent_shared", true, "person.1.parquet");
    golden_shared = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_that_did_not_come_go),
        cmocka_unit_test(test_rows_of_others_stay),
        cmocka_unit_test(test_no_row_at_all),
        cmocka_unit_test(test_marked_rows),
        cmocka_unit_test(test_nested_rows_follow),
        cmocka_unit_test(test_compound_keys),
        cmocka_unit_test(test_listed_keys_stay),
        cmocka_unit_test(test_listed_keys_without_rows),
        cmocka_unit_test(test_flagged_and_back),
        cmocka_unit_test(test_back_unchanged),
        cmocka_unit_test(test_listed_again),
        golden_unit_tests(test_golden_snapshot),
        golden_unit_tests(test_golden_keys),
        golden_unit_tests(test_golden_shared),
    };
    return run_at_both("write/absent", tests);
}
