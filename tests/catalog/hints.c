/* What a resource says of its table, laid over what is known: keys, NOT NULL, order, types,
 * refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "catalog/table.h"
#include "dlt/store.h"
#include "tests/torture.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static struct table *apply(struct catalog *catalog, const struct table_hints *hints)
{
    struct table *table = NULL;
    struct tg_error err = {0};
    if (catalog_apply_hints(catalog, hints, &table, &err) != TG_OK)
        fail_msg("%s: %s", err.where, err.what);
    return table;
}

static void refuse(struct catalog *catalog, const struct table_hints *hints, const char *what)
{
    struct table *table = NULL;
    struct tg_error err = {0};
    assert_int_equal(catalog_apply_hints(catalog, hints, &table, &err), TG_SPEC);
    assert_string_equal(err.what, what);
    assert_null(table);
}

static void test_new_table(void **state)
{
    (void)state;
    struct catalog catalog;
    assert_int_equal(catalog_init(&catalog, "shop", NULL), TG_OK);
    const struct table_column columns[] = {
        {.name = "price",
         .spec = {.type = TYPE_DECIMAL, .precision = 10, .scale = 2},
         .nullable_implied = true},
        {.name = "at",
         .spec = {.type = TYPE_TIMESTAMP, .naive = true},
         .has_timezone = true,
         .nullable = true},
        {.name = "gone", .hard_delete = true, .nullable_implied = true},
        {.name = "tenant", .nullable = true},
        {.name = "seq", .dedup_sort = "desc", .nullable = false},
    };
    const char *const key[] = {"id", "tenant"};
    const char *const merge_key[] = {"day"};
    struct table *table = apply(&catalog, &(struct table_hints){.table = "orders",
                                                                .resource = "Orders",
                                                                .disposition = DISPOSITION_MERGE,
                                                                .strategy = "upsert",
                                                                .primary_key = key,
                                                                .primary_key_count = 2,
                                                                .merge_key = merge_key,
                                                                .merge_key_count = 1,
                                                                .cursor = "updated_at",
                                                                .max_nesting = 0,
                                                                .columns = columns,
                                                                .column_count = COUNT(columns)});
    static const char *const order[] = {"price", "at", "gone", "tenant",
                                        "seq",   "id", "day",  "updated_at"};
    assert_int_equal(table->column_count, COUNT(order));
    for (size_t i = 0; i < COUNT(order); i++)
        assert_string_equal(table->columns[i].name, order[i]);
    assert_string_equal(table->resource, "Orders");
    assert_string_equal(table->merge_strategy, "upsert");
    assert_int_equal(table->max_nesting, 0);
    assert_true(table->columns[0].nullable && table->columns[0].nullable_implied);
    assert_int_equal(table->columns[0].spec.scale, 2);
    assert_true(table->columns[1].spec.naive && table->columns[1].has_timezone);
    assert_true(table->columns[2].hard_delete);
    assert_true(table->columns[3].primary_key && table->columns[3].nullable);
    assert_true(!table->columns[4].nullable);
    assert_string_equal(table->columns[4].dedup_sort, "desc");
    assert_true(table->columns[5].primary_key && !table->columns[5].nullable);
    assert_true(table->columns[6].merge_key && !table->columns[6].nullable);
    assert_true(table->columns[7].incremental && table->columns[7].nullable);
    assert_true(table->columns[7].nullable_implied);
    catalog_release(&catalog);
}

static void test_keys_replace(void **state)
{
    (void)state;
    struct catalog catalog;
    const char *names[4];
    assert_int_equal(catalog_init(&catalog, "shop", NULL), TG_OK);
    struct table_hints hints = {.table = "t", .resource = "t", .disposition = DISPOSITION_MERGE};
    hints.primary_key = (const char *const[]){"a", "b"};
    hints.primary_key_count = 2;
    hints.strategy = "scd2";
    hints.cursor = "a";
    hints.max_nesting = 3;
    apply(&catalog, &hints);
    hints.primary_key = (const char *const[]){"c"};
    hints.primary_key_count = 1;
    hints.strategy = NULL;
    hints.cursor = "c";
    hints.max_nesting = -1;
    struct table *table = apply(&catalog, &hints);
    assert_int_equal(table_key(table, false, names, 4), 1);
    assert_string_equal(names[0], "c");
    assert_null(table->merge_strategy);
    table->merge_strategy = "delete-insert"; /* as dlt stores it where a resource says it */
    assert_string_equal(apply(&catalog, &hints)->merge_strategy, "delete-insert");
    assert_int_equal(table->max_nesting, 3);
    assert_false(table_find(table, "a")->incremental);
    assert_true(table_find(table, "c")->incremental);
    hints.primary_key_count = 0;
    hints.cursor = NULL;
    hints.disposition = DISPOSITION_REPLACE;
    assert_ptr_equal(apply(&catalog, &hints), table);
    assert_int_equal(table_key(table, false, names, 4), 0);
    assert_true(table_find(table, "c")->incremental && !table_find(table, "c")->nullable);
    assert_int_equal(table->disposition, DISPOSITION_REPLACE);
    assert_null(table->merge_strategy);
    catalog_release(&catalog);
}

/* What is not said any more is not in force, but where an imported schema may say it. */
static void test_unsaid(void **state)
{
    (void)state;
    const char *names[4];
    for (int keeps = 0; keeps < 2; keeps++) {
        struct catalog catalog;
        assert_int_equal(catalog_init(&catalog, "shop", NULL), TG_OK);
        const struct table_column columns[] = {
            {.name = "gone", .hard_delete = true, .nullable_implied = true},
            {.name = "seq", .dedup_sort = "desc", .nullable_implied = true}};
        struct table_hints hints = {.table = "t",
                                    .resource = "t",
                                    .disposition = DISPOSITION_MERGE,
                                    .primary_key = (const char *const[]){"a"},
                                    .primary_key_count = 1,
                                    .merge_key = (const char *const[]){"b", "c"},
                                    .merge_key_count = 2,
                                    .columns = columns,
                                    .column_count = 2};
        struct table *table = apply(&catalog, &hints);
        hints.keeps_unsaid = keeps;
        hints.primary_key_count = hints.merge_key_count = hints.column_count = 0;
        apply(&catalog, &hints);
        assert_int_equal(table_key(table, false, names, 4), keeps ? 1 : 0);
        assert_int_equal(table_key(table, true, names, 4), keeps ? 2 : 0);
        assert_int_equal(table_find(table, "gone")->hard_delete, keeps);
        assert_int_equal(table_find(table, "seq")->dedup_sort != NULL, keeps);
        /* Said of another column, it moves in any case. */
        const struct table_column moved[] = {
            {.name = "gone", .dedup_sort = "asc", .nullable_implied = true},
            {.name = "seq", .hard_delete = true, .nullable_implied = true}};
        hints.columns = moved;
        hints.column_count = 2;
        apply(&catalog, &hints);
        assert_false(table_find(table, "gone")->hard_delete);
        assert_null(table_find(table, "seq")->dedup_sort);
        catalog_release(&catalog);
    }
}

static void test_types(void **state)
{
    (void)state;
    struct catalog catalog;
    assert_int_equal(catalog_init(&catalog, "shop", NULL), TG_OK);
    struct table_column column = {
        .name = "x", .spec = {.type = TYPE_BIGINT}, .nullable_implied = true};
    struct table_hints hints = {.table = "t",
                                .resource = "t",
                                .disposition = DISPOSITION_APPEND,
                                .cursor = "y",
                                .max_nesting = -1,
                                .columns = &column,
                                .column_count = 1};
    struct table *table = apply(&catalog, &hints);
    column.spec.type = TYPE_TEXT; /* not at the destination yet */
    apply(&catalog, &hints);
    assert_int_equal(table_find(table, "x")->spec.type, TYPE_TEXT);
    column = (struct table_column){.name = "x", .nullable = false};
    apply(&catalog, &hints); /* says nothing of the type */
    assert_int_equal(table_find(table, "x")->spec.type, TYPE_TEXT);
    assert_false(table_find(table, "x")->nullable);
    struct table_column first = {
        .name = "y", .spec = {.type = TYPE_DATE}, .nullable_implied = true};
    hints.columns = &first;
    hints.cursor = NULL;
    assert_int_equal(table_add_column(&catalog, table, "z", &column.spec, NULL, NULL), TG_OK);
    apply(&catalog, &hints); /* y becomes complete and moves to the end */
    assert_string_equal(table->columns[2].name, "y");
    assert_int_equal(table->columns[2].spec.type, TYPE_DATE);
    assert_true(table->columns[2].incremental);
    catalog_release(&catalog);
}

static void test_refusals(void **state)
{
    (void)state;
    struct catalog catalog;
    assert_int_equal(catalog_init(&catalog, "shop", NULL), TG_OK);
    struct table_column column = {
        .name = "x", .spec = {.type = TYPE_BIGINT}, .nullable_implied = true};
    struct table_hints hints = {.table = "t",
                                .resource = "r",
                                .disposition = DISPOSITION_APPEND,
                                .max_nesting = -1,
                                .columns = &column,
                                .column_count = 1};
    struct table *table = apply(&catalog, &hints);
    table->seen_data = true;
    apply(&catalog, &hints); /* the same again is fine */
    column.spec.type = TYPE_BOOL;
    hints.disposition = DISPOSITION_REPLACE;
    refuse(&catalog, &hints,
           "column 'x' of table 't' is bigint at the destination and the hint says bool: take the "
           "hint back, or change the column with ALTER TABLE");
    assert_int_equal(table->disposition, DISPOSITION_APPEND);
    column.name = "new";
    apply(&catalog, &hints);
    struct table_column *known = table_find(table, "x");
    column.name = "x";
    column.spec.type = TYPE_TEXT;
    apply(&catalog, &hints); /* whole numbers read as they were written */
    assert_int_equal(known->spec.type, TYPE_TEXT);
    column.spec.type = TYPE_BIGINT;
    refuse(&catalog, &hints,
           "column 'x' of table 't' is text at the destination and the hint says bigint: take the "
           "hint back, or change the column with ALTER TABLE");
    known->spec = (struct type_spec){.type = TYPE_DECIMAL};
    column = (struct table_column){.name = "x",
                                   .spec = {.type = TYPE_DECIMAL, .precision = 38, .scale = 9}};
    apply(&catalog, &hints); /* what a decimal is anyway */
    column.spec = (struct type_spec){.type = TYPE_DECIMAL};
    apply(&catalog, &hints);
    column.spec.precision = 10;
    column.spec.scale = 2;
    apply(&catalog, &hints); /* the data may have made it wider */
    assert_int_equal(known->spec.precision, 38);
    column.spec.precision = 38;
    column.spec.scale = 10;
    refuse(&catalog, &hints,
           "column 'x' of table 't' is decimal(38,9) at the destination and the hint says "
           "decimal(38,10): take the hint back, or change the column with ALTER TABLE");
    known->spec = (struct type_spec){.type = TYPE_TIMESTAMP};
    column.spec = (struct type_spec){.type = TYPE_TIMESTAMP, .naive = true};
    column.has_timezone = true;
    refuse(&catalog, &hints,
           "column 'x' of table 't' is timestamp at the destination and the hint says timestamp "
           "without time zone: take the hint back, or change the column with ALTER TABLE");
    struct table *nested = NULL;
    assert_int_equal(catalog_add(&catalog, "t__k", "t", &nested, NULL), TG_OK);
    hints.table = "t__k";
    refuse(&catalog, &hints, "table 't__k' is nested in 't': give resource 'r' another table_name");
    hints.table = "_dlt_loads";
    refuse(&catalog, &hints,
           "table name '_dlt_loads' is reserved: give resource 'r' another table_name");
    catalog_release(&catalog);
}

static void refuse_contract(struct catalog *catalog, const struct table_hints *hints,
                            const char *what)
{
    struct table *table = NULL;
    struct tg_error err = {0};
    assert_int_equal(catalog_apply_hints(catalog, hints, &table, &err), TG_CONTRACT);
    assert_string_equal(err.what, what);
    assert_string_equal(err.table, hints->table);
    assert_int_not_equal(err.reason, TG_REASON_NONE);
    assert_null(table);
}

static void set_modes(struct contract *contract, enum contract_mode tables,
                      enum contract_mode columns, enum contract_mode data_type)
{
    *contract = (struct contract){.modes = {tables, columns, data_type}};
}

/* A wider type is taken, and one that the data have outgrown is left alone. */
static void test_widening(void **state)
{
    (void)state;
    struct catalog catalog;
    assert_int_equal(catalog_init(&catalog, "shop", NULL), TG_OK);
    struct table_column column = {
        .name = "x", .spec = {.type = TYPE_BIGINT}, .nullable_implied = true};
    struct table_hints hints = {
        .table = "t", .resource = "r", .max_nesting = -1, .columns = &column, .column_count = 1};
    struct table *table = apply(&catalog, &hints);
    table_saw_data(table);
    column.spec.type = TYPE_DOUBLE;
    apply(&catalog, &hints);
    assert_int_equal(table->columns[0].spec.type, TYPE_DOUBLE);
    column.spec.type = TYPE_BIGINT;
    apply(&catalog, &hints);
    assert_int_equal(table->columns[0].spec.type, TYPE_DOUBLE);
    column.name = "small";
    column.spec = (struct type_spec){.type = TYPE_BIGINT, .precision = 16};
    apply(&catalog, &hints);
    table_find(table, "small")->spec.precision = 0;
    apply(&catalog, &hints);
    assert_int_equal(table_find(table, "small")->spec.precision, 0);
    column.name = "text";
    column.spec = (struct type_spec){.type = TYPE_TEXT};
    apply(&catalog, &hints);
    column.spec.precision = 2;
    apply(&catalog, &hints);
    assert_int_equal(table_find(table, "text")->spec.precision, 2);
    column.name = "at";
    column.spec = (struct type_spec){.type = TYPE_TIMESTAMP, .precision = PRECISION_SECONDS};
    apply(&catalog, &hints);
    assert_int_equal(table_find(table, "at")->spec.precision, PRECISION_SECONDS);
    column.spec.type = TYPE_TEXT;
    refuse(&catalog, &hints,
           "column 'at' of table 't' is timestamp(0) at the destination and the hint says text(0): "
           "take the hint back, or change the column with ALTER TABLE");
    catalog_release(&catalog);
}

/* Columns that the destination has and the catalog does not know. */
static void test_there(void **state)
{
    (void)state;
    static const struct {
        struct type_spec there, hint, taken;
        const char *refused; /* NULL: taken */
    } cases[] = {
        {{.type = TYPE_TEXT},
         {.type = TYPE_BIGINT},
         {.type = TYPE_NONE},
         "column 'x' of table 't' is text at the destination and the hint says bigint: take the "
         "hint back, or change the column with ALTER TABLE"},
        {{.type = TYPE_BIGINT, .precision = 32}, {.type = TYPE_BIGINT}, {.type = TYPE_BIGINT}, 0},
        {{.type = TYPE_DOUBLE}, {.type = TYPE_BIGINT}, {.type = TYPE_DOUBLE}, NULL},
        {{.type = TYPE_BIGINT}, {TYPE_BIGINT, 64, 0, false}, {TYPE_BIGINT, 64, 0, false}, NULL},
        {{.type = TYPE_TIMESTAMP},
         {TYPE_TIMESTAMP, 3, 0, false},
         {TYPE_TIMESTAMP, 3, 0, false},
         NULL},
        {{TYPE_DECIMAL, 6, 3, false},
         {TYPE_DECIMAL, 6, 2, false},
         {.type = TYPE_NONE},
         "column 'x' of table 't' is decimal(6,3) at the destination and the hint says "
         "decimal(6,2): take the hint back, or change the column with ALTER TABLE"},
        {{.type = TYPE_NONE}, {.type = TYPE_BIGINT}, {.type = TYPE_BIGINT}, NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct catalog catalog;
        struct table_column there_column = {.name = "X", .spec = cases[i].there};
        struct table there = {.name = "T", .columns = &there_column, .column_count = 1};
        struct table_column column = {.name = "x", .spec = cases[i].hint, .nullable_implied = true};
        struct table_hints hints = {.table = "t",
                                    .resource = "r",
                                    .there = &there,
                                    .folds_case = true,
                                    .max_nesting = -1,
                                    .columns = &column,
                                    .column_count = 1};
        assert_int_equal(catalog_init(&catalog, "shop", NULL), TG_OK);
        if (cases[i].refused) {
            refuse(&catalog, &hints, cases[i].refused);
        } else {
            struct table *table = apply(&catalog, &hints);
            assert_int_equal(table_find(table, "x")->spec.type, cases[i].taken.type);
            assert_int_equal(table_find(table, "x")->spec.precision, cases[i].taken.precision);
        }
        catalog_release(&catalog);
    }
}

/* Marks of compound hints move; others stay. Extras are laid over one by one. */
static void test_marks(void **state)
{
    (void)state;
    struct catalog catalog;
    assert_int_equal(catalog_init(&catalog, "shop", NULL), TG_OK);
    struct extra words = {.key = "description", .json = "\"one\""};
    struct extra sort = {.key = "sort", .json = "true", .next = &words};
    struct extra partition = {.key = "partition", .json = "true", .next = &sort};
    struct extra own = {.key = "x-own", .json = "1"};
    struct table_column columns[] = {
        {.name = "a", .nullable_implied = true, .unique = true, .extras = &partition},
        {.name = "b", .nullable_implied = true, .extras = &own}};
    struct table_hints hints = {
        .table = "t", .resource = "r", .max_nesting = -1, .columns = columns, .column_count = 2};
    struct table *table = apply(&catalog, &hints);
    assert_true(table->columns[0].unique);
    assert_string_equal(extra_find(table->columns[0].extras, "partition"), "true");
    struct extra moved = {.key = "partition", .json = "true"};
    words.json = "\"two\"";
    columns[0] = (struct table_column){.name = "a", .nullable_implied = true, .extras = &words};
    columns[1].extras = &moved;
    apply(&catalog, &hints);
    assert_true(table->columns[0].unique);
    assert_null(extra_find(table->columns[0].extras, "partition"));
    assert_string_equal(extra_find(table->columns[0].extras, "sort"), "true");
    assert_string_equal(extra_find(table->columns[0].extras, "description"), "\"two\"");
    assert_string_equal(extra_find(table->columns[1].extras, "partition"), "true");
    assert_string_equal(extra_find(table->columns[1].extras, "x-own"), "1");
    moved.json = "false"; /* says nothing of the others */
    columns[0].extras = &moved;
    columns[1].extras = NULL;
    apply(&catalog, &hints);
    assert_string_equal(extra_find(table->columns[1].extras, "partition"), "true");
    catalog_release(&catalog);
}

static void test_table_words(void **state)
{
    (void)state;
    struct catalog catalog;
    assert_int_equal(catalog_init(&catalog, "shop", NULL), TG_OK);
    struct extra references = {.key = "references",
                               .json = "[{\"referenced_table\":\"a\",\"columns\":[\"x\"]},"
                                       "{\"referenced_table\":\"b\",\"columns\":[\"y\"]}]"};
    struct extra words = {.key = "description", .json = "\"one\"", .next = &references};
    struct table_hints hints = {.table = "t", .resource = "r", .max_nesting = -1, .extras = &words};
    set_modes(&hints.contract, CONTRACT_UNSAID, CONTRACT_FREEZE, CONTRACT_UNSAID);
    hints.effective = hints.contract;
    struct table *table = apply(&catalog, &hints);
    assert_true(table->evolve_once);
    assert_int_equal(table->contract.modes[CONTRACT_COLUMNS], CONTRACT_FREEZE);
    references.json = "[{\"referenced_table\":\"c\"},"
                      "{\"referenced_table\":\"a\",\"columns\":[\"z\"]}]";
    words.json = "\"two\"";
    hints.contract = (struct contract){0};
    apply(&catalog, &hints);
    assert_string_equal(extra_find(table->extras, "description"), "\"two\"");
    assert_string_equal(extra_find(table->extras, "references"),
                        "[{\"referenced_table\":\"a\",\"columns\":[\"z\"]},"
                        "{\"referenced_table\":\"b\",\"columns\":[\"y\"]},"
                        "{\"referenced_table\":\"c\"}]");
    assert_int_equal(table->contract.modes[CONTRACT_COLUMNS], CONTRACT_FREEZE);
    table_saw_data(table);
    assert_true(table->seen_data && !table->evolve_once);
    catalog_release(&catalog);
}

static void test_contract_tables(void **state)
{
    (void)state;
    struct catalog catalog;
    assert_int_equal(catalog_init(&catalog, "shop", NULL), TG_OK);
    struct table_hints hints = {
        .table = "t", .resource = "r", .disposition = DISPOSITION_MERGE, .max_nesting = -1};
    hints.primary_key = (const char *const[]){"id"};
    hints.primary_key_count = 1;
    set_modes(&hints.effective, CONTRACT_FREEZE, CONTRACT_EVOLVE, CONTRACT_EVOLVE);
    refuse_contract(&catalog, &hints,
                    "table 't' is new and the contract says 'tables: freeze': set 'tables: evolve' "
                    "for the run that makes it");
    set_modes(&hints.effective, CONTRACT_DISCARD_VALUE, CONTRACT_EVOLVE, CONTRACT_EVOLVE);
    struct table *table = apply(&catalog, &hints);
    assert_true(table->discarded);
    assert_string_equal(table->name, "t");
    assert_int_equal(table->disposition, DISPOSITION_MERGE);
    assert_null(catalog_find(&catalog, "t"));
    hints.effective = (struct contract){0};
    table = apply(&catalog, &hints);
    assert_false(table->discarded);
    assert_ptr_equal(catalog_find(&catalog, "t"), table);
    assert_int_equal(table->column_count, 1);
    set_modes(&hints.effective, CONTRACT_DISCARD_ROW, CONTRACT_EVOLVE, CONTRACT_EVOLVE);
    hints.cursor = "at";
    assert_ptr_equal(apply(&catalog, &hints), table); /* declared, but still new */
    assert_true(table->discarded);
    assert_int_equal(table->column_count, 1);
    table->columns[0].spec.type = TYPE_BIGINT;
    hints.effective.modes[CONTRACT_TABLES] = CONTRACT_FREEZE;
    apply(&catalog, &hints);
    assert_false(table->discarded);
    assert_int_equal(table->column_count, 2);
    catalog_release(&catalog);
}

static void test_contract_columns(void **state)
{
    (void)state;
    struct catalog catalog;
    assert_int_equal(catalog_init(&catalog, "shop", NULL), TG_OK);
    struct table_column columns[] = {
        {.name = "a", .spec = {.type = TYPE_BIGINT}, .nullable_implied = true},
        {.name = "gone", .nullable_implied = true, .hard_delete = true},
        {.name = "n", .spec = {.type = TYPE_TEXT}, .nullable_implied = true}};
    struct table_hints hints = {
        .table = "t", .resource = "r", .max_nesting = -1, .columns = columns, .column_count = 1};
    set_modes(&hints.effective, CONTRACT_EVOLVE, CONTRACT_FREEZE, CONTRACT_EVOLVE);
    struct table *table = apply(&catalog, &hints);
    hints.column_count = 2;
    apply(&catalog, &hints); /* no type: it makes no column */
    assert_true(table_find(table, "gone")->hard_delete);
    hints.column_count = 3;
    apply(&catalog, &hints); /* before there are data */
    table_saw_data(table);
    columns[2].name = "m";
    refuse_contract(&catalog, &hints,
                    "column 'm' of table 't' is new and the contract says 'columns: freeze': take "
                    "the hint back, or set 'columns: evolve' to let it in");
    hints.effective.modes[CONTRACT_COLUMNS] = CONTRACT_DISCARD_ROW;
    apply(&catalog, &hints);
    assert_null(table_find(table, "m"));
    columns[2].name = "_dlt_own";
    apply(&catalog, &hints);
    assert_non_null(table_find(table, "_dlt_own"));
    catalog_release(&catalog);
}

static void test_contract_types(void **state)
{
    (void)state;
    struct catalog catalog;
    assert_int_equal(catalog_init(&catalog, "shop", NULL), TG_OK);
    struct table_column column = {
        .name = "a", .spec = {.type = TYPE_BIGINT}, .nullable_implied = true};
    struct table_hints hints = {
        .table = "t", .resource = "r", .max_nesting = -1, .columns = &column, .column_count = 1};
    struct table *table = apply(&catalog, &hints);
    table_saw_data(table);
    set_modes(&hints.effective, CONTRACT_FREEZE, CONTRACT_FREEZE, CONTRACT_FREEZE);
    apply(&catalog, &hints);
    column.spec.type = TYPE_DOUBLE;
    refuse_contract(&catalog, &hints,
                    "column 'a' of table 't' is bigint, the hint says double and the contract says "
                    "'data_type: freeze': take the hint back, or set 'data_type: evolve' to let "
                    "it in");
    column.spec.type = TYPE_BIGINT;
    hints.primary_key = (const char *const[]){"a"};
    hints.primary_key_count = 1;
    refuse_contract(&catalog, &hints,
                    "column 'a' of table 't' is bigint, the hint says bigint NOT NULL and the "
                    "contract says 'data_type: freeze': take the hint back, or set 'data_type: "
                    "evolve' to let it in");
    hints.effective.modes[CONTRACT_DATA_TYPE] = CONTRACT_DISCARD_VALUE;
    apply(&catalog, &hints);
    assert_false(table->columns[0].primary_key);
    assert_true(table->columns[0].nullable);
    catalog_release(&catalog);
}

static int all(void)
{
    struct catalog catalog;
    struct table *table = NULL;
    struct tg_error err = {0};
    int rc = TG_OK;
    const char *const key[] = {"id", "tenant"};
    struct extra references = {.key = "references", .json = "[{\"referenced_table\":\"a\"}]"};
    struct extra cluster = {.key = "cluster", .json = "true"};
    const struct table_column columns[] = {
        {.name = "price", .spec = {.type = TYPE_DECIMAL, .precision = 10, .scale = 2}},
        {.name = "seq", .dedup_sort = "asc", .extras = &cluster},
    };
    const struct table_hints hints = {.extras = &references,
                                      .table = "t",
                                      .resource = "t",
                                      .disposition = DISPOSITION_MERGE,
                                      .strategy = "upsert",
                                      .primary_key = key,
                                      .primary_key_count = 2,
                                      .merge_key = key,
                                      .merge_key_count = 1,
                                      .cursor = "at",
                                      .columns = columns,
                                      .column_count = 2};
    TRY(catalog_init(&catalog, "shop", &err));
    TRY(catalog_apply_hints(&catalog, &hints, &table, &err));
    TRY(catalog_apply_hints(&catalog, &hints, &table, &err));
done:
    catalog_release(&catalog);
    return rc;
}

static void test_memory(void **state)
{
    (void)state;
    torture(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_table),
        cmocka_unit_test(test_keys_replace),
        cmocka_unit_test(test_unsaid),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_widening),
        cmocka_unit_test(test_there),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_table_words),
        cmocka_unit_test(test_contract_tables),
        cmocka_unit_test(test_contract_columns),
        cmocka_unit_test(test_contract_types),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests_name("catalog/hints", tests, NULL, NULL);
}
