/*
 * Tests of src/write/sql/rebase.c: a load's catalog over a newer one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "dlt/settings.h"
#include "tests/torture.h"
#include "tests/write/loads.h"
#include "tests/write/golden.h"

/* The schema that somebody else has stored: a catalog as text. */
static char *stored(struct fixture *t, struct catalog *catalog)
{
    struct buf json = BUF_INIT;
    bool changed = false;
    FIXTURE_OK(t, catalog_bump(catalog, &changed, &t->err));
    FIXTURE_OK(t, catalog_write(catalog, &json, &t->err));
    char *text = mem_strdup(buf_string(&json));
    buf_release(&json);
    return text;
}

static struct table *add_table(struct fixture *t, struct catalog *catalog, const char *name,
                               const char *parent)
{
    struct table *table = NULL;
    FIXTURE_OK(t, catalog_add(catalog, name, parent, &table, &t->err));
    return table;
}

static struct table_column *add_column(struct fixture *t, struct catalog *catalog,
                                       struct table *table, const char *name, enum type type)
{
    struct table_column *column = NULL;
    const struct type_spec spec = {.type = type};
    FIXTURE_OK(t, table_add_column(catalog, table, name, type == TYPE_NONE ? NULL : &spec, &column,
                                   &t->err));
    return column;
}

/* The fixture's load over `theirs` (released). */
static int rebase(struct fixture *t, struct catalog *theirs, struct delivery *delivery)
{
    struct described there = {0};
    char *newest = stored(t, theirs);
    catalog_release(theirs);
    fixture_complete(t, fixture_begin(t));
    int rc = delivery_init(delivery, &dialect_duckdb, "p", package_manifest(t->package), &there,
                           newest, &t->err);
    mem_free(newest);
    return rc;
}

static void check_columns(const struct delivery *delivery, const char *table, const char *expected)
{
    struct buf text = BUF_INIT;
    const struct table *found = catalog_find(&delivery->catalog, table);
    for (size_t i = 0; found && i < found->column_count; i++) {
        const struct table_column *column = &found->columns[i];
        assert_ptr_equal(table_find(found, column->name), column);
        buf_printf(&text, "%s%s %s%s", i > 0 ? "|" : "", column->name, type_name(column->spec.type),
                   column->primary_key ? " pk" : "");
    }
    assert_string_equal(found ? buf_string(&text) : "absent", expected);
    buf_release(&text);
}

/* What is in one of them is in the result. */
static void test_union(void **state)
{
    (void)state;
    struct fixture t;
    struct delivery delivery;
    struct catalog theirs;
    fixture_init(&t);
    FIXTURE_OK(&t, catalog_init(&theirs, "shop", &t.err));
    struct table *item = add_table(&t, &theirs, "item", NULL);
    add_column(&t, &theirs, item, "id", TYPE_BIGINT);
    add_column(&t, &theirs, item, "x", TYPE_TEXT)->primary_key = true; /* their word alone */
    add_column(&t, &theirs, item, "later", TYPE_NONE);
    table_saw_data(item);
    struct table *other = add_table(&t, &theirs, "other", NULL);
    add_column(&t, &theirs, other, "v", TYPE_DOUBLE);
    theirs.version = 7;
    fixture_table(&t, "item", NULL, DISPOSITION_MERGE);
    fixture_table(&t, "item__tags", "item", DISPOSITION_NONE);
    fixture_table(&t, "other", NULL, DISPOSITION_REPLACE);
    fixture_table(&t, "gone", NULL, DISPOSITION_APPEND);
    golden_columns(&t, "other", "v bigint|w bigint");
    golden_columns(&t, "gone", "v bigint");
    golden_file(&t, "item", "id bigint pk|y double|later date", "1");
    golden_file(&t, "item__tags", "v text", "2");
    FIXTURE_OK(&t, rebase(&t, &theirs, &delivery));
    check_columns(&delivery, "item", "id bigint pk|x text|y double|later date");
    check_columns(&delivery, "item__tags", "v text");
    /* What the load does not bring is none of its business. */
    check_columns(&delivery, "other", "v double");
    check_columns(&delivery, "gone", "absent");
    const struct table *laid = catalog_find(&delivery.catalog, "item");
    assert_int_equal(laid->disposition, DISPOSITION_MERGE);
    assert_true(laid->seen_data);
    assert_int_equal(delivery.catalog.version, 7);
    assert_int_equal(delivery.chain_count, 1);
    assert_ptr_equal(delivery.chains[0].targets[0].table, laid);
    assert_ptr_equal(delivery.chains[0].targets[1].table,
                     catalog_find(&delivery.catalog, "item__tags"));
    delivery_release(&delivery);
    fixture_release(&t);
}

/* Columns of many, beyond which a table has an index of its names. */
static void test_wide_tables(void **state)
{
    (void)state;
    struct fixture t;
    struct delivery delivery;
    struct catalog theirs;
    char name[16];
    fixture_init(&t);
    FIXTURE_OK(&t, catalog_init(&theirs, "shop", &t.err));
    struct table *item = add_table(&t, &theirs, "item", NULL);
    struct table *ours = fixture_table(&t, "item", NULL, DISPOSITION_APPEND);
    struct table *fresh = fixture_table(&t, "fresh", NULL, DISPOSITION_APPEND);
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof(name), "c%d", i);
        add_column(&t, &theirs, item, name, TYPE_BIGINT);
        snprintf(name, sizeof(name), "c%d", i + 150);
        add_column(&t, &t.catalog, ours, name, TYPE_BIGINT);
        add_column(&t, &t.catalog, fresh, name, TYPE_BIGINT);
    }
    fixture_part(&t, "item");
    fixture_part(&t, "fresh");
    FIXTURE_OK(&t, rebase(&t, &theirs, &delivery));
    const struct table *laid = catalog_find(&delivery.catalog, "item");
    assert_int_equal(laid->column_count, 350);
    for (size_t i = 0; i < 350; i++) {
        snprintf(name, sizeof(name), "c%zu", i);
        assert_ptr_equal(table_find(laid, name), &laid->columns[i]);
    }
    assert_non_null(table_find(catalog_find(&delivery.catalog, "fresh"), "c349"));
    delivery_release(&delivery);
    fixture_release(&t);
}

/* Their type, ours, and what becomes of them when the load brings values and when it does not;
 * NULL: a conflict. */
static void test_types(void **state)
{
    (void)state;
    static const struct {
        enum type theirs, ours;
        const char *brought, *not_brought;
    } cases[] = {
        {TYPE_BIGINT, TYPE_BIGINT, "v bigint", "v bigint"},
        {TYPE_BIGINT, TYPE_DOUBLE, "v double", "v double"},
        {TYPE_DATE, TYPE_TIMESTAMP, "v timestamp", "v timestamp"},
        {TYPE_TIMESTAMP, TYPE_DATE, "v timestamp", "v timestamp"},
        {TYPE_DOUBLE, TYPE_BIGINT, NULL, "v double"}, /* 9007199254740993 would be lost */
        {TYPE_TEXT, TYPE_BIGINT, NULL, "v text"},
        {TYPE_BIGINT, TYPE_TEXT, NULL, "v bigint"},
        {TYPE_BOOL, TYPE_BIGINT, NULL, "v bool"},
        {TYPE_NONE, TYPE_TEXT, "v text", "v text"},
    };
    for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
        bool brings = i % 2 == 0;
        const char *expected = brings ? cases[i / 2].brought : cases[i / 2].not_brought;
        struct fixture t;
        struct delivery delivery;
        struct catalog theirs;
        char header[40];
        fixture_init(&t);
        FIXTURE_OK(&t, catalog_init(&theirs, "shop", &t.err));
        add_column(&t, &theirs, add_table(&t, &theirs, "item", NULL), "v", cases[i / 2].theirs);
        fixture_table(&t, "item", NULL, DISPOSITION_APPEND);
        snprintf(header, sizeof(header), "v %s", type_name(cases[i / 2].ours));
        if (brings)
            golden_file(&t, "item", header, "1");
        else
            golden_columns(&t, "item", header);
        fixture_part(&t, "item");
        int rc = rebase(&t, &theirs, &delivery);
        if (expected) {
            FIXTURE_OK(&t, rc);
            check_columns(&delivery, "item", expected);
            delivery_release(&delivery);
        } else {
            assert_int_equal(rc, TG_CONFLICT);
            assert_true(t.err.retryable);
            assert_non_null(strstr(t.err.what, "column 'v' of table 'item' has become"));
        }
        fixture_release(&t);
    }
}

static void test_another_parent(void **state)
{
    (void)state;
    struct fixture t;
    struct delivery delivery;
    struct catalog theirs;
    fixture_init(&t);
    FIXTURE_OK(&t, catalog_init(&theirs, "shop", &t.err));
    add_table(&t, &theirs, "item__tags", NULL);
    fixture_table(&t, "item", NULL, DISPOSITION_APPEND);
    fixture_table(&t, "item__tags", "item", DISPOSITION_NONE);
    golden_file(&t, "item__tags", "v text", "1");
    assert_int_equal(rebase(&t, &theirs, &delivery), TG_CONFLICT);
    assert_true(t.err.retryable);
    assert_non_null(strstr(t.err.what, "table 'item__tags' has come to be"));
    fixture_release(&t);
}

static void test_another_naming(void **state)
{
    (void)state;
    struct fixture t;
    struct delivery delivery;
    struct catalog theirs;
    const struct schema_hints hints = {
        .naming_said = true, .naming = NAMING_DIRECT, .max_nesting = -1};
    fixture_init(&t);
    FIXTURE_OK(&t, catalog_init(&theirs, "shop", &t.err));
    FIXTURE_OK(&t, catalog_apply_settings(&theirs, &hints, &t.err));
    fixture_table(&t, "item", NULL, DISPOSITION_APPEND);
    golden_file(&t, "item", "v text", "1");
    assert_int_equal(rebase(&t, &theirs, &delivery), TG_CONFLICT);
    assert_non_null(strstr(t.err.what, "another naming convention"));
    fixture_release(&t);
}

static struct fixture tortured;
static char *tortured_schema;

static int rebase_once(void)
{
    struct delivery delivery;
    struct described there = {0};
    int rc = delivery_init(&delivery, &dialect_duckdb, "p", package_manifest(tortured.package),
                           &there, tortured_schema, &tortured.err);
    if (rc == TG_OK)
        delivery_release(&delivery);
    return rc;
}

static void test_out_of_memory(void **state)
{
    (void)state;
    struct catalog theirs;
    fixture_init(&tortured);
    FIXTURE_OK(&tortured, catalog_init(&theirs, "shop", &tortured.err));
    struct table *item = add_table(&tortured, &theirs, "item", NULL);
    add_column(&tortured, &theirs, item, "x", TYPE_BIGINT);
    tortured_schema = stored(&tortured, &theirs);
    catalog_release(&theirs);
    fixture_table(&tortured, "item", NULL, DISPOSITION_APPEND);
    fixture_table(&tortured, "item__tags", "item", DISPOSITION_NONE);
    golden_file(&tortured, "item", "x double|y text", "1");
    golden_file(&tortured, "item__tags", "v text", "2");
    fixture_complete(&tortured, fixture_begin(&tortured));
    torture(rebase_once);
    mem_free(tortured_schema);
    fixture_release(&tortured);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_union),          cmocka_unit_test(test_wide_tables),
        cmocka_unit_test(test_types),          cmocka_unit_test(test_another_parent),
        cmocka_unit_test(test_another_naming), cmocka_unit_test(test_out_of_memory),
    };
    return run_at_both("write/rebase", tests);
}
