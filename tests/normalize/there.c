/* normalize/there.c: columns that the destination has and the catalog does not know. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "collect.h"
#include "foreign.h"
#include "tests/torture.h"

struct there_is {
    const char *name;
    struct type_spec spec;
    bool required;
};

static const struct there_is there_columns[] = {
    {"flag", {.type = TYPE_BOOL}, false},
    {"Ratio", {.type = TYPE_DOUBLE}, false},
    {"small", {.type = TYPE_BIGINT, .precision = 16}, false},
    {"day", {.type = TYPE_DATE}, false},
    {"price", {TYPE_DECIMAL, 6, 2, false}, false},
    {"doc", {.type = TYPE_JSON}, false},
    {"odd", {.type = TYPE_NONE}, false},
};

/* The destination has the table `name` with these columns. */
static int add_there(struct catalog *there, const char *name, const struct there_is *columns,
                     size_t count, struct tg_error *err)
{
    int rc = TG_OK;
    struct table *table = NULL;
    TRY(catalog_add(there, name, NULL, &table, err));
    for (size_t i = 0; i < count; i++) {
        struct table_column *column = NULL;
        TRY(table_add_column(there, table, columns[i].name, &columns[i].spec, &column, err));
        column->nullable = !columns[i].required;
    }
done:
    return rc;
}

static int start(struct run *run, struct catalog *there)
{
    int rc = TG_OK;
    size_t count = sizeof(there_columns) / sizeof(there_columns[0]);
    *there = (struct catalog){0};
    arena_init(&there->arena);
    TRY(run_init(run));
    TRY(add_there(there, "T", there_columns, count, &run->err));
    TRY(add_there(there, "t__l", (const struct there_is[]){{"value", {.type = TYPE_BIGINT}, false}},
                  1, &run->err));
    run->options.there = there;
    run->options.folds_case = true;
done:
    return rc;
}

static void end(struct run *run, struct catalog *there)
{
    run_release(run);
    catalog_release(there);
}

static void check(const char *lines, const char *expected)
{
    struct run run;
    struct catalog there;
    if (start(&run, &there) != TG_OK || run_push(&run, lines) != TG_OK || run_finish(&run) != TG_OK)
        fail_msg("%s: %s", run.err.where, run.err.what);
    assert_string_equal(buf_string(&run.text), expected);
    end(&run, &there);
}

static void values_meet_the_type_that_is_there(void **state)
{
    (void)state;
    check("{\"flag\":7}\n{\"flag\":1}\n",
          "t(flag__v_bigint bigint, flag bool)\n7|null\nnull|true\n");
    check("{\"ratio\":1}\n{\"ratio\":9007199254740993}\n",
          "t(ratio double, ratio__v_bigint bigint)\n1.0|null\nnull|9007199254740993\n");
    check("{\"price\":1.25}\n{\"price\":\"x\"}\n",
          "t(price decimal(6,2), price__v_text text)\n1.25|null\nnull|\"x\"\n");
    check("{\"day\":\"2024-01-02\"}\n", "t(day date)\n\"2024-01-02\"\n");
    check("{\"l\":[\"x\",\"7\"]}\n",
          "t()\n\nt__l(value__v_text text, value bigint)\n\"x\"|null\nnull|7\n");
    /* whole, as a column of JSON takes it; a type that is none of ours says nothing */
    check("{\"doc\":{\"a\":[1]},\"odd\":5}\n", "t(doc text, odd bigint)\n\"{\\\"a\\\":[1]}\"|5\n");
}

static void columns_that_are_there_get_wider(void **state)
{
    (void)state;
    check("{\"small\":40000,\"day\":\"2024-01-02T03:04:05Z\",\"price\":123456.5}\n",
          "t(small bigint, day timestamp, price decimal(8,2))\n"
          "40000|\"2024-01-02T03:04:05+00:00\"|123456.50\n");
}

/* The catalog learns of a column with its first value, and of no other. */
static void the_catalog_learns(void **state)
{
    (void)state;
    struct run run;
    struct catalog there;
    assert_int_equal(start(&run, &there), TG_OK);
    assert_int_equal(run_push(&run, "{\"id\":1,\"small\":null}\n"), TG_OK);
    assert_null(table_find(run.root, "small"));
    assert_int_equal(run_push(&run, "{\"small\":5}\n"), TG_OK);
    assert_int_equal(table_find(run.root, "small")->spec.precision, 16);
    assert_null(table_find(run.root, "price"));
    assert_null(table_find(run.root, "odd"));
    end(&run, &there);
}

/* A table that an earlier build has made stays as it is stored; of one that has some recorded, the
 * others follow. */
static void sources_of_what_is_there(void **state)
{
    (void)state;
    for (int recorded = 0; recorded < 2; recorded++) {
        struct run run;
        struct catalog there;
        struct table_column *column = NULL;
        const struct type_spec small = {.type = TYPE_BIGINT, .precision = 16};
        assert_int_equal(start(&run, &there), TG_OK);
        assert_int_equal(
            table_add_column(&run.catalog, run.root, "other", &small, &column, &run.err), TG_OK);
        if (recorded)
            assert_int_equal(
                extra_set(&run.catalog, &column->extras, SOURCE_FIELD, "\"Other\"", &run.err),
                TG_OK);
        assert_int_equal(
            table_add_column(&run.catalog, run.root, "small", &small, &column, &run.err), TG_OK);
        assert_int_equal(run_push(&run, "{\"Small\":5}\n"), TG_OK);
        assert_int_equal(extra_find(table_find(run.root, "small")->extras, SOURCE_FIELD) != NULL,
                         recorded);
        end(&run, &there);
    }
}

/* A hint without a type: its precision counts where it is the wider one. */
static void hints_complete_what_is_there(void **state)
{
    (void)state;
    static const int precisions[][2] = {{8, 16}, {32, 32}};
    for (size_t i = 0; i < 2; i++) {
        struct run run;
        struct catalog there;
        struct table_column *column = NULL;
        assert_int_equal(start(&run, &there), TG_OK);
        assert_int_equal(table_add_column(&run.catalog, run.root, "small", NULL, &column, &run.err),
                         TG_OK);
        column->spec.precision = precisions[i][0];
        assert_int_equal(run_push(&run, "{\"small\":5}\n"), TG_OK);
        assert_int_equal(table_find(run.root, "small")->spec.precision, precisions[i][1]);
        end(&run, &there);
    }
}

/* A key that is incomplete and takes the type that is there may get wider with its first value. */
static void an_incomplete_column_gets_wider_at_once(void **state)
{
    (void)state;
    struct run run;
    struct catalog there;
    assert_int_equal(start(&run, &there), TG_OK);
    assert_int_equal(table_add_column(&run.catalog, run.root, "day", NULL, NULL, &run.err), TG_OK);
    assert_int_equal(run_push(&run, "{\"day\":\"2024-01-02T03:04:05Z\"}\n"), TG_OK);
    assert_int_equal(table_find(run.root, "day")->spec.type, TYPE_TIMESTAMP);
    end(&run, &there);
}

static void a_contract_is_asked(void **state)
{
    (void)state;
    struct run run;
    struct catalog there;
    assert_int_equal(start(&run, &there), TG_OK);
    assert_int_equal(run_push(&run, "{\"id\":1}\n"), TG_OK);
    assert_int_equal(run_finish(&run), TG_OK);
    run.root->seen_data = true;
    run.options.contract.modes[CONTRACT_COLUMNS] = CONTRACT_FREEZE;
    assert_int_equal(run_push(&run, "{\"id\":2,\"ratio\":7}\n"), TG_CONTRACT);
    assert_non_null(strstr(run.err.what, "column 'ratio' of table 't' is new (double)"));
    end(&run, &there);
}

static void what_must_have_a_value(void **state)
{
    (void)state;
    static const struct there_is mine[] = {{"Mine", {.type = TYPE_NONE}, true},
                                           {"_dlt_id", {.type = TYPE_TEXT}, true}};
    struct run run;
    struct catalog there;
    assert_int_equal(start(&run, &there), TG_OK);
    there.tables[0]->name = "other";
    assert_int_equal(add_there(&there, "t", mine, 2, &run.err), TG_OK);
    assert_int_equal(run_push(&run, "{\"mine\":1}\n{\"id\":2}\n"), TG_DATA);
    assert_string_equal(
        run.err.what,
        "column 'Mine' of table 't' is NOT NULL, but the row has no value for it (its "
        "fields: id); correct the name, give it one at the source, or have such rows set aside: "
        "'on_bad_row: reject'");
    assert_false(table_find(run.root, "mine")->nullable);
    end(&run, &there);
}

/* A typed source: what fits goes through as it is, the rest value by value. */
static void typed_batches(void **state)
{
    (void)state;
    static const int64_t numbers[] = {1, 9007199254740993};
    static const struct foreign_column columns[] = {
        {"ratio", "l", {NULL, numbers, NULL}, 0, NULL, NULL}};
    struct foreign foreign;
    struct page page;
    struct run run;
    struct catalog there;
    assert_int_equal(start(&run, &there), TG_OK);
    assert_int_equal(normalizer_new(&run.options, &run.normalizer, &run.err), TG_OK);
    foreign_page(&foreign, columns, 1, 2, &page);
    assert_int_equal(normalizer_push(run.normalizer, &page, &run.err), TG_OK);
    page_release(&page);
    assert_int_equal(run_finish(&run), TG_OK);
    assert_string_equal(buf_string(&run.text), "t(ratio double, ratio__v_bigint bigint)\n1.0|null\n"
                                               "null|9007199254740993\n");
    end(&run, &there);
}

static int load_once(void)
{
    struct run run;
    struct catalog there;
    int rc = start(&run, &there);
    if (rc == TG_OK)
        rc = run_push(&run, "{\"ratio\":7,\"flag\":7,\"l\":[1]}\n");
    if (rc == TG_OK)
        rc = run_finish(&run);
    end(&run, &there);
    return rc;
}

static void out_of_memory(void **state)
{
    (void)state;
    torture(load_once);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_meet_the_type_that_is_there),
        cmocka_unit_test(columns_that_are_there_get_wider),
        cmocka_unit_test(the_catalog_learns),
        cmocka_unit_test(sources_of_what_is_there),
        cmocka_unit_test(hints_complete_what_is_there),
        cmocka_unit_test(an_incomplete_column_gets_wider_at_once),
        cmocka_unit_test(a_contract_is_asked),
        cmocka_unit_test(what_must_have_a_value),
        cmocka_unit_test(typed_batches),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests_name("normalize/there", tests, NULL, NULL);
}
