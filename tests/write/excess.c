/*
 * Tests of src/write/sql/excess.c: a load that does more than it may leaves the destination as
 * it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/loads.h"

#define ROW "|_dlt_load_id text notnull|_dlt_id text row notnull"

static struct limits limits_of(const void *user, const char *resource)
{
    const struct limits *limits = user;
    return strcmp(resource, "other") == 0 ? (struct limits){0} : *limits;
}

/* Writes the load under a limit. */
static int write_limited(struct fixture *t, enum limit_kind kind, const char *text)
{
    struct limits limits = {0};
    assert_true(limit_read(text, kind, &limits.of[kind]));
    const struct write_order order = {.limits = limits_of, .user = &limits};
    t->by = &order;
    int rc = fixture_write(t);
    t->by = NULL;
    return rc;
}

static void start(struct fixture *t, enum disposition disposition)
{
    fixture_init(t);
    fixture_table(t, "item", NULL, disposition);
    fixture_rows(t, "item", "id bigint pk notnull|n bigint" ROW, "1|1|1|a\n2|2|1|b\n3|3|1|c\n");
    FIXTURE_WRITE(t);
}

static void refused(struct fixture *t, int rc, const char *what)
{
    assert_int_equal(rc, TG_LIMIT);
    assert_int_equal(t->result.fate, FATE_REFUSED);
    if (!strstr(t->err.what, what))
        fail_msg("'%s' is not in: %s", what, t->err.what);
    assert_non_null(strstr(t->err.what, "--accept-limits"));
    fixture_no_temporary(t);
}

static void rows_of_a_merge(void **state)
{
    (void)state;
    struct fixture t;
    start(&t, DISPOSITION_MERGE);
    const char *header = "id bigint pk notnull|gone bool del" ROW;
    fixture_rows(&t, "item", header, "1|t|2|d\n2|t|2|e\n4|f|2|f\n");
    refused(&t, write_limited(&t, LIMIT_ROWS_DELETED, "1"),
            "table 'item' would lose 2 of its 3 rows, where limits.rows_deleted allows 1");
    assert_string_equal(t.err.table, "item");
    fixture_check(&t, "SELECT count(*) FROM d.item", "3\n");
    fixture_check(&t, "SELECT count(*) FROM d._dlt_loads", "1\n");
    fixture_release(&t);
    start(&t, DISPOSITION_MERGE);
    fixture_rows(&t, "item", header, "1|t|2|d\n2|t|2|e\n4|f|2|f\n");
    FIXTURE_OK(&t, write_limited(&t, LIMIT_ROWS_DELETED, "2"));
    fixture_check(&t, "SELECT id FROM d.item ORDER BY 1", "3\n4\n");
    fixture_release(&t);
}

static void rows_that_are_updated_are_not_lost(void **state)
{
    (void)state;
    struct fixture t;
    start(&t, DISPOSITION_MERGE);
    fixture_rows(&t, "item", "id bigint pk notnull|n bigint" ROW, "1|9|2|d\n2|9|2|e\n3|9|2|f\n");
    FIXTURE_OK(&t, write_limited(&t, LIMIT_ROWS_DELETED, "0"));
    fixture_release(&t);
}

static void a_table_that_is_replaced_gets_smaller(void **state)
{
    (void)state;
    struct fixture t;
    start(&t, DISPOSITION_REPLACE);
    fixture_rows(&t, "item", "id bigint pk notnull|n bigint" ROW, "1|1|2|d\n7|2|2|e\n8|2|2|f\n");
    fixture_part(&t, "item")->replaced = true;
    FIXTURE_OK(&t, write_limited(&t, LIMIT_ROWS_DELETED, "0"));
    fixture_rows(&t, "item", "id bigint pk notnull|n bigint" ROW, "1|1|3|g\n");
    fixture_part(&t, "item")->replaced = true;
    refused(&t, write_limited(&t, LIMIT_ROWS_DELETED, "1"), "would lose 2 of its 3 rows");
    fixture_check(&t, "SELECT id FROM d.item ORDER BY 1", "1\n7\n8\n");
    fixture_release(&t);
}

/* Without rows it goes for good. */
static void a_table_that_is_dropped_loses_all(void **state)
{
    (void)state;
    struct fixture t;
    start(&t, DISPOSITION_APPEND);
    fixture_part(&t, "item")->dropped = true;
    package_manifest(t.package)->refresh = "drop_resources";
    refused(&t, write_limited(&t, LIMIT_ROWS_DELETED, "2"),
            "table 'item' would lose 3 of its 3 rows, where limits.rows_deleted allows 2");
    assert_string_equal(t.err.table, "item");
    fixture_check(&t, "SELECT count(*) FROM d.item", "3\n");
    fixture_release(&t);
    start(&t, DISPOSITION_APPEND);
    fixture_part(&t, "item")->dropped = true;
    package_manifest(t.package)->refresh = "drop_resources";
    FIXTURE_OK(&t, write_limited(&t, LIMIT_ROWS_DELETED, "3"));
    fixture_check(&t,
                  "SELECT count(*) FROM information_schema.tables "
                  "WHERE table_schema = 'd' AND table_name = 'item'",
                  "0\n");
    fixture_release(&t);
}

/* At the limit all is well, one more is too many; below ten a share allows ten. */
static void a_share_is_of_the_rows_before(void **state)
{
    (void)state;
    struct fixture t;
    for (int gone = 20; gone <= 21; gone++) {
        struct buf rows = BUF_INIT;
        fixture_init(&t);
        fixture_table(&t, "item", NULL, DISPOSITION_MERGE);
        for (int i = 0; i < 200; i++)
            buf_printf(&rows, "%d|f|1|a%d\n", i, i);
        fixture_rows(&t, "item", "id bigint pk notnull|gone bool del" ROW, buf_string(&rows));
        FIXTURE_WRITE(&t);
        buf_clear(&rows);
        for (int i = 0; i < gone; i++)
            buf_printf(&rows, "%d|t|2|b%d\n", i, i);
        for (int i = 0; i < 300; i++)
            buf_printf(&rows, "%d|f|2|c%d\n", 1000 + i, i);
        fixture_rows(&t, "item", "id bigint pk notnull|gone bool del" ROW, buf_string(&rows));
        int rc = write_limited(&t, LIMIT_ROWS_DELETED, "10%");
        if (gone > 20)
            refused(&t, rc, "would lose 21 of its 200 rows, where limits.rows_deleted allows 20");
        else
            assert_int_equal(rc, TG_OK);
        buf_release(&rows);
        fixture_release(&t);
    }
}

static void columns_tables_and_types(void **state)
{
    (void)state;
    struct fixture t;
    start(&t, DISPOSITION_APPEND);
    fixture_rows(&t, "item", "id bigint pk notnull|a bigint|b text" ROW, "4|1|x|2|d\n");
    refused(&t, write_limited(&t, LIMIT_COLUMNS_ADDED, "1"),
            "table 'item' would get 2 new columns ('a', 'b')");
    fixture_check(&t,
                  "SELECT count(*) FROM information_schema.columns "
                  "WHERE table_schema = 'd' AND table_name = 'item'",
                  "4\n");
    fixture_release(&t);
    start(&t, DISPOSITION_APPEND);
    fixture_rows(&t, "item", "id bigint pk notnull|n double" ROW, "4|1.5|2|d\n");
    refused(&t, write_limited(&t, LIMIT_TYPE_CHANGES, "0"),
            "table 'item' would have 1 column of another type ('n' from BIGINT to DOUBLE)");
    assert_string_equal(t.err.column, "n");
    fixture_release(&t);
    start(&t, DISPOSITION_APPEND);
    fixture_table(&t, "more", NULL, DISPOSITION_APPEND)->resource = "item";
    fixture_rows(&t, "more", "a bigint|b bigint|c bigint" ROW, "1|1|1|2|d\n");
    refused(&t, write_limited(&t, LIMIT_TABLES_ADDED, "0"), "resource 'item' would add 1 table");
    fixture_release(&t);
}

/* The columns of a table that is new are not counted, nor what has no limit. */
static void what_is_not_limited_passes(void **state)
{
    (void)state;
    struct fixture t;
    start(&t, DISPOSITION_APPEND);
    fixture_table(&t, "more", NULL, DISPOSITION_APPEND)->resource = "item";
    fixture_rows(&t, "more", "a bigint|b bigint|c bigint" ROW, "1|1|1|2|d\n");
    FIXTURE_OK(&t, write_limited(&t, LIMIT_COLUMNS_ADDED, "0"));
    fixture_table(&t, "third", NULL, DISPOSITION_APPEND)->resource = "other";
    fixture_rows(&t, "third", "a bigint" ROW, "1|3|e\n");
    FIXTURE_OK(&t, write_limited(&t, LIMIT_TABLES_ADDED, "0"));
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_a_merge),
        cmocka_unit_test(rows_that_are_updated_are_not_lost),
        cmocka_unit_test(a_table_that_is_replaced_gets_smaller),
        cmocka_unit_test(a_table_that_is_dropped_loses_all),
        cmocka_unit_test(a_share_is_of_the_rows_before),
        cmocka_unit_test(columns_tables_and_types),
        cmocka_unit_test(what_is_not_limited_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
