/*
 * Tests of src/write/sql/sample.c: of a load that is tried, cells and keys on both sides, and that
 * nothing of it stays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/keys.h"
#include "write/disposition.h"

#define ROW "|_dlt_load_id text notnull|_dlt_id text row notnull"

/* Tries the load: its samples as lines of text. */
static void try_load(struct fixture *t, size_t samples_max, const char *expected)
{
    static const char *const words[] = {"inserted", "updated", "deleted"};
    struct trial trial;
    struct buf text = BUF_INIT;
    trial_init(&trial, samples_max);
    const struct write_order order = {.trial = &trial};
    t->by = &order;
    FIXTURE_WRITE(t);
    t->by = NULL;
    assert_int_equal(t->result.fate, FATE_WAITS);
    for (size_t i = 0; i < trial.sample_count; i++) {
        const struct tg_plan_sample *sample = &trial.samples[i];
        buf_printf(&text, "%s %s", words[sample->row], sample->key);
        if (sample->column)
            buf_printf(&text, " %s: %s -> %s", sample->column,
                       sample->before ? sample->before : "NULL",
                       sample->after ? sample->after : "NULL");
        buf_char(&text, '\n');
    }
    assert_string_equal(buf_string(&text), expected);
    assert_true(trial.statement_count > 0);
    for (size_t i = 0; i < trial.statement_count; i++)
        assert_null(strstr(trial.statements[i].sql, "_tidegate_was"));
    buf_release(&text);
    trial_release(&trial);
    fixture_no_temporary(t);
}

static void start(struct fixture *t, enum disposition disposition)
{
    fixture_init(t);
    fixture_table(t, "item", NULL, disposition);
    fixture_rows(t, "item", "id bigint pk notnull|n bigint|v text|gone bool del" ROW,
                 "1|1|a|NULL|1|a\n2|2|b|NULL|1|b\n3|NULL|c|NULL|1|c\n");
    FIXTURE_WRITE(t);
}

static void check_nothing_stayed(struct fixture *t)
{
    fixture_check(t, "SELECT id, n, v FROM d.item ORDER BY 1", "1|1|a\n2|2|b\n3|NULL|c\n");
    fixture_check(t, "SELECT count(*) FROM d._dlt_loads", "1\n");
    fixture_check(t, "SELECT count(*) FROM d._dlt_pipeline_state", "1\n");
    fixture_release(t);
}

static void rows_of_a_merge(void **state)
{
    (void)state;
    struct fixture t;
    start(&t, DISPOSITION_MERGE);
    fixture_rows(&t, "item", "id bigint pk notnull|n bigint|v text|gone bool del|more text" ROW,
                 "1|1|it's|NULL|x|2.5|d\n2|2|b|t|NULL|2.5|e\n3|7|c|NULL|NULL|2.5|f\n"
                 "9|9|z|NULL|NULL|2.5|g\n");
    try_load(&t, 5,
             "updated 1 v: a -> it's\nupdated 1 more: NULL -> x\n"
             "updated 3 n: NULL -> 7\ninserted 9\ndeleted 2\n");
    check_nothing_stayed(&t);
}

/* Whatever the disposition is: old rows go one way. */
static void rows_of_a_replace(void **state)
{
    (void)state;
    struct fixture t;
    start(&t, DISPOSITION_REPLACE);
    fixture_rows(&t, "item", "id bigint pk notnull|n bigint|v text" ROW,
                 "1|1|a|2.5|d\n2|9|b|2.5|e\n10|1|a|2.5|f\n");
    fixture_part(&t, "item")->replaced = true;
    try_load(&t, 5, "updated 2 n: 2 -> 9\ninserted 10\ndeleted 3\n");
    check_nothing_stayed(&t);
}

/* Rows that go at once are kept like those that go one by one. */
static void rows_of_a_table_that_is_emptied(void **state)
{
    (void)state;
    static const char *const strategies[] = {"truncate-and-insert", "staging-optimized"};
    for (size_t i = 0; i < (fixture_url ? 2 : 1); i++) { /* DuckDB swaps no table */
        struct fixture t;
        start(&t, DISPOSITION_REPLACE);
        catalog_find(&t.catalog, "item")->replace_strategy = strategies[i];
        fixture_rows(&t, "item", "id bigint pk notnull|n bigint|v text" ROW,
                     "1|1|a|2.5|d\n2|9|b|2.5|e\n10|1|a|2.5|f\n");
        fixture_part(&t, "item")->replaced = true;
        try_load(&t, 5, "updated 2 n: 2 -> 9\ninserted 10\ndeleted 3\n");
        check_nothing_stayed(&t);
    }
}

/* Rows that stay, flagged, count as rows that go; those that come back are changed. */
static void rows_that_are_flagged(void **state)
{
    (void)state;
    struct fixture t;
    const struct type_spec spec = {.type = TYPE_TIMESTAMP};
    start(&t, DISPOSITION_MERGE);
    FIXTURE_OK(&t, table_add_column(&t.catalog, catalog_find(&t.catalog, "item"), DELETED_COLUMN,
                                    &spec, NULL, &t.err));
    fixture_rows(&t, "item", "id bigint pk notnull|n bigint|v text" ROW, "1|7|a|2.5|d\n");
    fixture_absent(&t, "item", true);
    try_load(&t, 5, "updated 1 n: 1 -> 7\ndeleted 2\ndeleted 3\n");
    check_nothing_stayed(&t);
}

static void rows_that_are_listed_again(void **state)
{
    (void)state;
    struct fixture t;
    const struct type_spec spec = {.type = TYPE_TIMESTAMP};
    start(&t, DISPOSITION_MERGE);
    fixture_exec(&t, "ALTER TABLE d.item ADD COLUMN _tidegate_deleted_at TIMESTAMPTZ");
    fixture_exec(&t, "UPDATE d.item SET _tidegate_deleted_at = '2024-01-02 00:00:00+00' "
                     "WHERE id = 2");
    FIXTURE_OK(&t, table_add_column(&t.catalog, catalog_find(&t.catalog, "item"), DELETED_COLUMN,
                                    &spec, NULL, &t.err));
    fixture_keys(&t, "item", "id bigint", "1\n2\n");
    fixture_absent(&t, "item", true);
    try_load(&t, 5, "updated 2 _tidegate_deleted_at: 2024-01-02 00:00:00+00 -> NULL\ndeleted 3\n");
    check_nothing_stayed(&t);
}

static void no_more_than_asked_for(void **state)
{
    (void)state;
    struct fixture t;
    start(&t, DISPOSITION_APPEND);
    fixture_rows(&t, "item", "id bigint pk notnull" ROW, "11|2.5|d\n9|2.5|e\n10|2.5|f\n");
    try_load(&t, 2, "inserted 9\ninserted 10\n");
    fixture_release(&t);
    start(&t, DISPOSITION_MERGE);
    fixture_rows(&t, "item", "id bigint pk notnull|n bigint" ROW,
                 "1|5|2.5|d\n2|5|2.5|e\n9|9|2.5|f\n");
    try_load(&t, 0, "");
    check_nothing_stayed(&t);
}

static void a_table_without_a_key_has_none(void **state)
{
    (void)state;
    struct fixture t;
    fixture_init(&t);
    fixture_table(&t, "item", NULL, DISPOSITION_APPEND);
    fixture_rows(&t, "item", "n bigint" ROW, "1|1|a\n");
    try_load(&t, 5, "");
    fixture_check(&t, "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'd'",
                  "0\n");
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_a_merge),
        cmocka_unit_test(rows_of_a_replace),
        cmocka_unit_test(rows_of_a_table_that_is_emptied),
        cmocka_unit_test(rows_that_are_flagged),
        cmocka_unit_test(rows_that_are_listed_again),
        cmocka_unit_test(no_more_than_asked_for),
        cmocka_unit_test(a_table_without_a_key_has_none),
    };
    return run_at_both("write/sample", tests);
}
