/* normalize/normalize.c: documents in, tables out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "collect.h"
#include "tests/torture.h"

/* One load of `lines` into an empty catalog gives `expected`. */
static void check(const char *lines, const char *expected)
{
    struct run run;
    int rc = run_init(&run);
    if (rc == TG_OK)
        rc = run_push(&run, lines);
    if (rc == TG_OK)
        rc = run_finish(&run);
    if (rc != TG_OK)
        fail_msg("%s: %s", run.err.where, run.err.what);
    assert_string_equal(buf_string(&run.text), expected);
    run_release(&run);
}

static void flat_rows(void **state)
{
    (void)state;
    check("{\"id\":1,\"name\":\"a\",\"at\":\"2024-01-02T03:04:05Z\",\"ok\":true,\"x\":1.5}\n"
          "{\"id\":2,\"name\":null,\"ok\":false}\n"
          "{\"x\":-2.5,\"id\":-3,\"name\":\"c\"}\n",
          "t(id bigint, name text, at timestamp, ok bool, x double)\n"
          "1|\"a\"|\"2024-01-02T03:04:05+00:00\"|true|1.5\n"
          "2|null|null|false|null\n"
          "-3|\"c\"|null|null|-2.5\n");
    check("{}\n{\"a\":null}\n", "t()\n\n\n");
    check("5\n\"x\"\n[1,2]\n",
          "t(value bigint, value__v_text text)\n5|null\nnull|\"x\"\n1|null\n2|null\n");
}

static void objects_are_flattened(void **state)
{
    (void)state;
    check("{\"a\":{\"x\":1,\"z\":{\"W w\":1}},\"e\":{},\"b\":{\"y\":2},\"C\":3}\n",
          "t(a__x bigint, a__z__w_w bigint, b__y bigint, c bigint)\n1|1|2|3\n");
    check("{\"a\":1}\n{\"a\":{\"b\":2}}\n{\"a\":[3]}\n",
          "t(a bigint, a__b bigint)\n1|null\nnull|2\nnull|null\nt__a(value bigint)\n3\n");
}

static void lists_become_tables(void **state)
{
    (void)state;
    check("{\"id\":1,\"items\":[{\"n\":1},null,7,{\"n\":2,\"subs\":[[1],[2,3]]}],\"none\":[]}\n"
          "{\"id\":2,\"d\":{\"l2\":[\"x\"]}}\n",
          "t(id bigint)\n1\n2\n"
          "t__items(n bigint, value bigint)\n1|null\nnull|null\nnull|7\n2|null\n"
          "t__items__subs()\n\n\n"
          "t__items__subs__list(value bigint)\n1\n2\n3\n"
          "t__d__l2(value text)\n\"x\"\n");
}

static void system_columns(void **state)
{
    (void)state;
    struct run run;
    assert_int_equal(run_init(&run), TG_OK);
    run.show_system = true;
    run.options.propagate_root_id = true;
    run.options.keep_order = true;
    assert_int_equal(run_push(&run, "{\"_dlt_id\":\"1\",\"_dlt_load_id\":\"x\",\"child\":[{\"a\":1,"
                                    "\"grandchild\":[5]}]}\n"
                                    "{\"child\":[{\"_dlt_id\":\"mine\",\"_dlt_list_idx\":9,"
                                    "\"_dlt_parent_id\":\"no\",\"grandchild\":[1,2]}]}\n"),
                     TG_OK);
    assert_int_equal(run_finish(&run), TG_OK);
    struct buf id = BUF_INIT;
    struct hasher hasher = {0};
    char hashes[3][16];
    assert_int_equal(hash_text(&hasher, "1_t__child_0", 12, 10, hashes[0], NULL), TG_OK);
    buf_printf(&id, "%s_t__child__grandchild_0", hashes[0]);
    assert_int_equal(hash_text(&hasher, id.data, id.len, 10, hashes[1], NULL), TG_OK);
    assert_int_equal(hash_text(&hasher, "mine_t__child__grandchild_1", 27, 10, hashes[2], NULL),
                     TG_OK);
    buf_clear(&id);
    char first[16];
    assert_int_equal(hash_text(&hasher, "mine_t__child__grandchild_0", 27, 10, first, NULL), TG_OK);
    buf_printf(&id,
               "t(_dlt_load_id text, _dlt_id text, _tidegate_order bigint)\n"
               "\"1700000000.5\"|\"1\"|0\n\"1700000000.5\"|\"AAAAAAAAAAAAAQ\"|1\n"
               "t__child(a bigint, _dlt_root_id text, _dlt_parent_id text, _dlt_list_idx bigint, "
               "_dlt_id text)\n"
               "1|\"1\"|\"1\"|0|\"%s\"\n"
               "null|\"AAAAAAAAAAAAAQ\"|\"AAAAAAAAAAAAAQ\"|0|\"mine\"\n"
               "t__child__grandchild(value bigint, _dlt_root_id text, _dlt_parent_id text, "
               "_dlt_list_idx bigint, _dlt_id text)\n"
               "5|\"1\"|\"%s\"|0|\"%s\"\n"
               "1|\"AAAAAAAAAAAAAQ\"|\"mine\"|0|\"%s\"\n"
               "2|\"AAAAAAAAAAAAAQ\"|\"mine\"|1|\"%s\"\n",
               hashes[0], hashes[0], hashes[1], first, hashes[2]);
    assert_string_equal(buf_string(&run.text), buf_string(&id));
    const struct table *child = catalog_find(&run.catalog, "t__child");
    assert_string_equal(child->parent, "t");
    const struct table_column *column = table_find(child, "_dlt_id");
    assert_true(column->unique && column->row_key && !column->nullable);
    assert_true(table_find(child, "_dlt_parent_id")->parent_key);
    assert_true(table_find(child, "_dlt_root_id")->root_key);
    assert_null(table_find(run.root, NORMALIZE_ORDER_COLUMN));
    assert_null(table_find(child, "_dlt_load_id"));
    buf_release(&id);
    hasher_release(&hasher);
    run_release(&run);
}

/* dlt's own vector: root id 1, table parent__child, index 0. */
static void ids_as_dlt_makes_them(void **state)
{
    (void)state;
    struct run run;
    assert_int_equal(run_init(&run), TG_OK);
    run.show_system = true;
    assert_int_equal(catalog_add(&run.catalog, "parent", NULL, &run.options.root, NULL), TG_OK);
    assert_int_equal(run_push(&run, "{\"_dlt_id\":1,\"child\":[{\"grandchild\":[{}]}]}"), TG_OK);
    assert_int_equal(run_finish(&run), TG_OK);
    assert_non_null(strstr(run.text.data, "\"1\"|0|\"mvMThji/REOKKA\"\n"));
    assert_non_null(strstr(run.text.data, "\"mvMThji/REOKKA\"|0|\"KKZaBWTgbZd74A\"\n"));
    run_release(&run);
}

/* Root ids that are hashes come four at a time, but for long texts and rows with their own id. */
static void ids_that_are_hashes(void **state)
{
    (void)state;
    struct run run;
    struct hasher hasher = {0};
    struct buf lines = BUF_INIT, roots = BUF_INIT, nested = BUF_INIT;
    buf_text(&roots, "t(n bigint, s text, _dlt_load_id text, _dlt_id text)\n");
    buf_text(&nested, "t__k(value bigint, _dlt_parent_id text, _dlt_list_idx bigint, "
                      "_dlt_id text)\n");
    for (int n = 0; n < 11; n++) {
        char line[256], place[64], id[16] = "mine", below[16];
        const char *own = n == 6 ? ",\"_dlt_id\":\"mine\"" : "";
        int len = snprintf(line, sizeof(line), "{\"k\":[7],\"n\":%d,\"s\":\"%0*d\"}", n,
                           n % 4 == 1 ? 150 : n + 1, 0);
        if (n != 6)
            assert_int_equal(hash_text(&hasher, line, (size_t)len, 10, id, NULL), TG_OK);
        buf_printf(&lines, "%.*s%s}\n", len - 1, line, own);
        buf_printf(&roots, "%d|\"%0*d\"|\"1700000000.5\"|\"%s\"\n", n, n % 4 == 1 ? 150 : n + 1, 0,
                   id);
        len = snprintf(place, sizeof(place), "%s_t__k_0", id);
        assert_int_equal(hash_text(&hasher, place, (size_t)len, 10, below, NULL), TG_OK);
        buf_printf(&nested, "7|\"%s\"|0|\"%s\"\n", id, below);
    }
    assert_int_equal(run_init(&run), TG_OK);
    run.show_system = true;
    run.options.row_ids = TG_ROW_IDS_ROW;
    assert_int_equal(run_push(&run, buf_string(&lines)), TG_OK);
    assert_int_equal(run_finish(&run), TG_OK);
    buf_append(&roots, nested.data, nested.len);
    assert_string_equal(buf_string(&run.text), buf_string(&roots));
    buf_release(&lines);
    buf_release(&roots);
    buf_release(&nested);
    hasher_release(&hasher);
    run_release(&run);
}

static void nesting_limit(void **state)
{
    (void)state;
    static const struct {
        int max;
        const char *expected;
    } cases[] = {
        {0, "t(o json, l json, e json)\n\"{\\\"p\\\":{\\\"q\\\":1}}\"|"
            "\"[{\\\"m\\\":[1,2],\\\"z\\\":{\\\"y\\\":1}}]\"|\"[]\"\n"},
        {1, "t(o__p json)\n\"{\\\"q\\\":1}\"\n"
            "t__l(m json, z json)\n\"[1,2]\"|\"{\\\"y\\\":1}\"\n"},
        {2, "t(o__p__q bigint)\n1\nt__l(z__y bigint)\n1\nt__l__m(value bigint)\n1\n2\n"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct run run;
        assert_int_equal(run_init(&run), TG_OK);
        run.options.max_nesting = cases[i].max;
        assert_int_equal(run_push(&run, "{\"o\":{\"p\":{\"q\":1}},"
                                        "\"l\":[{\"m\":[1,2],\"z\":{\"y\":1}}],\"e\":[]}"),
                         TG_OK);
        assert_int_equal(run_finish(&run), TG_OK);
        /* json columns travel as text */
        char *at;
        struct buf expected = BUF_INIT;
        buf_text(&expected, cases[i].expected);
        while ((at = strstr(expected.data, " json")))
            memcpy(at, " text", 5);
        assert_string_equal(buf_string(&run.text), buf_string(&expected));
        if (i == 1)
            assert_int_equal(table_find(run.root, "o__p")->spec.type, TYPE_JSON);
        buf_release(&expected);
        run_release(&run);
    }
}

static void list_of_lists_at_the_limit(void **state)
{
    (void)state;
    struct run run;
    assert_int_equal(run_init(&run), TG_OK);
    run.options.max_nesting = 1;
    assert_int_equal(run_push(&run, "{\"l\":[[1,[2]]]}"), TG_OK);
    assert_int_equal(run_finish(&run), TG_OK);
    assert_string_equal(run.text.data, "t()\n\nt__l(list text)\n\"[1,[2]]\"\n");
    run_release(&run);
}

static void hinted_json_stays_whole(void **state)
{
    (void)state;
    struct run run;
    struct type_spec json = {.type = TYPE_JSON};
    assert_int_equal(run_init(&run), TG_OK);
    assert_int_equal(table_add_column(&run.catalog, run.root, "a__doc", &json, NULL, NULL), TG_OK);
    assert_int_equal(run_push(&run, "{\"a\":{\"doc\":{\"x\":[1]}}}\n{\"a\":{\"doc\":[2]}}\n"
                                    "{\"a\":{\"doc\":\"{}\"}}\n{\"a\":{\"doc\":\"no json\"}}\n"),
                     TG_OK);
    assert_int_equal(run_finish(&run), TG_OK);
    assert_string_equal(
        run.text.data,
        "t(a__doc text, a__doc__v_text text)\n\"{\\\"x\\\":[1]}\"|null\n\"[2]\"|null\n"
        "\"{}\"|null\nnull|\"no json\"\n");
    run_release(&run);
}

static enum type type_of(struct run *run, const char *key)
{
    struct type_spec spec;
    assert_int_equal(normalizer_column_type(run->normalizer, key, &spec, NULL), TG_OK);
    return spec.type;
}

/* From the catalog, and from what came in this load; by the source's name, past
 * columns that other keys and variants have. */
static void column_types_are_told(void **state)
{
    (void)state;
    struct run run;
    assert_int_equal(run_init(&run), TG_OK);
    assert_int_equal(
        run_push(&run, "{\"a b\":1,\"a-b\":\"x\",\"m\":1.5}\n{\"m\":\"x\",\"o\":{\"p\":1}}"),
        TG_OK);
    assert_int_equal(run_finish(&run), TG_OK);
    assert_int_equal(run_push(&run, "{\"new\":true}"), TG_OK);
    assert_int_equal(type_of(&run, "a b"), TYPE_BIGINT);
    assert_int_equal(type_of(&run, "a-b"), TYPE_TEXT);
    assert_int_equal(type_of(&run, "M"), TYPE_DOUBLE);
    assert_int_equal(type_of(&run, "new"), TYPE_BOOL);
    assert_int_equal(type_of(&run, "o__p"), TYPE_BIGINT);
    assert_int_equal(type_of(&run, "m__v_text"), TYPE_NONE);
    assert_int_equal(type_of(&run, "_dlt_load_id"), TYPE_NONE);
    assert_int_equal(type_of(&run, "unknown"), TYPE_NONE);
    run_release(&run);
}

static void batches_at_the_boundary(void **state)
{
    (void)state;
    static const struct {
        int rows;
        const char *expected;
    } cases[] = {
        {2047, "t(a bigint)\n2047 rows\n"},
        {2048, "t(a bigint)\n2048 rows\n"},
        {2049, "t(a bigint)\n2048 rows\nt(a bigint)\n1 rows\n"},
    };
    for (size_t i = 0; i < 3; i++) {
        struct run run;
        struct buf lines = BUF_INIT;
        assert_int_equal(run_init(&run), TG_OK);
        run.count_only = true;
        for (int row = 0; row < cases[i].rows; row++)
            buf_printf(&lines, "{\"a\":%d}\n", row);
        assert_int_equal(run_push(&run, lines.data), TG_OK);
        assert_int_equal(normalizer_row_count(run.normalizer), cases[i].rows);
        assert_int_equal(run_finish(&run), TG_OK);
        assert_string_equal(run.text.data, cases[i].expected);
        buf_release(&lines);
        run_release(&run);
    }
}

/* Children of one row may stand in several batches; every one keeps its parent. */
static void long_lists(void **state)
{
    (void)state;
    struct run run;
    struct buf lines = BUF_INIT;
    assert_int_equal(run_init(&run), TG_OK);
    run.count_only = true;
    buf_text(&lines, "{\"l\":[0");
    for (int i = 1; i < 5000; i++)
        buf_printf(&lines, ",%d", i);
    buf_text(&lines, "]}\n");
    assert_int_equal(run_push(&run, lines.data), TG_OK);
    assert_int_equal(run_finish(&run), TG_OK);
    assert_string_equal(run.text.data,
                        "t__l(value bigint)\n2048 rows\nt__l(value bigint)\n2048 rows\n"
                        "t()\n1 rows\nt__l(value bigint)\n904 rows\n");
    buf_release(&lines);
    run_release(&run);
}

static void deep_and_wide(void **state)
{
    (void)state;
    struct run run;
    struct buf lines = BUF_INIT;
    assert_int_equal(run_init(&run), TG_OK);
    run.count_only = true;
    for (int i = 0; i < 100; i++)
        buf_text(&lines, "{\"k\":");
    buf_text(&lines, "1");
    for (int i = 0; i < 100; i++)
        buf_char(&lines, '}');
    buf_text(&lines, "\n{\"l\":");
    for (int i = 0; i < 100; i++)
        buf_char(&lines, '[');
    for (int i = 0; i < 100; i++)
        buf_char(&lines, ']');
    buf_text(&lines, "}\n{");
    for (int i = 0; i < 1000; i++)
        buf_printf(&lines, "%s\"column%d\":%d", i ? "," : "", i, i);
    buf_text(&lines, "}\n{");
    for (int i = 999; i >= 0; i--)
        buf_printf(&lines, "\"column%d\":\"%d\"%s", i, i, i ? "," : "");
    buf_text(&lines, "}\n");
    assert_int_equal(run_push(&run, lines.data), TG_OK);
    assert_int_equal(run_finish(&run), TG_OK);
    assert_int_equal(run.root->column_count, 1000 + 1 + 2);
    size_t nested = 0;
    for (size_t i = 0; i < run.catalog.table_count; i++)
        nested += run.catalog.tables[i]->parent != NULL;
    assert_int_equal(nested, 99); /* the innermost list is empty */
    assert_int_equal(table_find(run.root, "column999")->spec.type, TYPE_BIGINT);
    buf_release(&lines);
    run_release(&run);
}

static void long_text(void **state)
{
    (void)state;
    enum { LEN = 10 * 1024 * 1024 };
    struct run run;
    struct buf lines = BUF_INIT;
    char *text = mem_alloc(LEN + 1);
    memset(text, 'x', LEN);
    text[LEN] = '\0';
    assert_int_equal(run_init(&run), TG_OK);
    run.count_only = true;
    buf_printf(&lines, "{\"a\":1}\n{\"a\":2,\"b\":\"%s\"}\n", text);
    assert_int_equal(run_push(&run, lines.data), TG_OK);
    assert_string_equal(run.text.data,
                        "t(a bigint, b text)\n2 rows\n"); /* not kept until the end */
    assert_int_equal(run_push(&run, "{\"a\":3}\n"), TG_OK);
    assert_int_equal(run_finish(&run), TG_OK);
    assert_string_equal(run.text.data,
                        "t(a bigint, b text)\n2 rows\nt(a bigint, b text)\n1 rows\n");
    mem_free(text);
    buf_release(&lines);
    run_release(&run);
}

/* One of many that hold batches at once: rows that fit into its share go on together. */
static void a_share_of_the_memory(void **state)
{
    (void)state;
    struct run run;
    assert_int_equal(run_init(&run), TG_OK);
    run.count_only = true;
    run.options.batch_bytes = 200;
    assert_int_equal(run_push(&run, "{\"a\":1}\n"), TG_OK);
    assert_int_equal(run.text.len, 0);
    assert_int_equal(run_push(&run, "{\"a\":2,\"b\":\"a text of some fifty bytes, and of a little "
                                    "more\"}\n"),
                     TG_OK);
    assert_int_equal(run.text.len, 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(run_push(&run, "{\"a\":3}\n"), TG_OK);
    assert_string_equal(run.text.data, "t(a bigint, b text)\n4 rows\n");
    assert_int_equal(run_finish(&run), TG_OK);
    assert_string_equal(run.text.data,
                        "t(a bigint, b text)\n4 rows\nt(a bigint, b text)\n2 rows\n");
    run_release(&run);
}

static void keys_need_values(void **state)
{
    (void)state;
    static const struct {
        const char *lines;
        const char *where;
    } cases[] = {
        {"{\"id\":1}\n{\"id\":null}\n", "line 2"},
        {"{\"id\":1}\n\n{\"x\":1}\n", "line 3"},
        {"{\"x\":1}\n", "line 1"},
    };
    for (size_t i = 0; i < 3; i++) {
        struct run run;
        const char *key = "id";
        assert_int_equal(run_init(&run), TG_OK);
        run.options.needs_key = true;
        struct table_hints hints = {.table = "t",
                                    .resource = "t",
                                    .primary_key = &key,
                                    .primary_key_count = 1,
                                    .max_nesting = -1};
        assert_int_equal(catalog_apply_hints(&run.catalog, &hints, &run.root, NULL), TG_OK);
        assert_int_equal(run_push(&run, cases[i].lines), TG_DATA);
        assert_non_null(
            strstr(run.err.what, "column 'id' of table 't' is part of the primary key"));
        assert_non_null(strstr(run.err.where, cases[i].where));
        assert_int_equal(run_push(&run, "{\"id\":1}"), TG_INTERNAL); /* the load is given up */
        run_release(&run);
    }
}

static void not_null_needs_values(void **state)
{
    (void)state;
    struct run run;
    struct table_column *column;
    struct type_spec text = {.type = TYPE_TEXT};
    assert_int_equal(run_init(&run), TG_OK);
    assert_int_equal(table_add_column(&run.catalog, run.root, "a", &text, &column, NULL), TG_OK);
    column->nullable = false;
    assert_int_equal(run_push(&run, "{\"a\":1}\n{\"a\":null}\n"), TG_DATA);
    assert_string_equal(
        run.err.what, "column 'a' of table 't' is NOT NULL, but the row has no value for it (it is "
                      "NULL); give it one at the source, or have such rows set aside: "
                      "'on_bad_row: reject'");
    run_release(&run);
}

static void cancel_stops(void **state)
{
    (void)state;
    struct run run;
    atomic_int cancel = 1;
    assert_int_equal(run_init(&run), TG_OK);
    run.ctx.cancel = &cancel;
    assert_int_equal(run_push(&run, "{\"a\":1}"), TG_CANCELLED);
    run_release(&run);
}

/* A second load over the same catalog keeps columns, types and order. */
static void second_load(void **state)
{
    (void)state;
    struct run run;
    assert_int_equal(run_init(&run), TG_OK);
    assert_int_equal(run_push(&run, "{\"a\":1,\"b\":\"x\",\"c\":2.5}"), TG_OK);
    assert_int_equal(run_finish(&run), TG_OK);
    buf_clear(&run.text);
    assert_int_equal(run_push(&run, "{\"d\":1,\"c\":7,\"a\":\"3\"}"), TG_OK);
    assert_int_equal(run_finish(&run), TG_OK);
    assert_string_equal(run.text.data, "t(a bigint, c double, d bigint)\n3|7.0|1\n");
    assert_string_equal(run.root->columns[5].name, "d");
    run_release(&run);
}

/* What hints say of a table is what it has without rows; rows of others come before. */
static void a_table_without_rows(void **state)
{
    struct run run;
    const struct type_spec date = {.type = TYPE_DATE};
    (void)state;
    assert_int_equal(run_init(&run), TG_OK);
    assert_int_equal(table_add_column(&run.catalog, run.root, "d", &date, NULL, NULL), TG_OK);
    assert_int_equal(table_add_column(&run.catalog, run.root, "untyped", NULL, NULL, NULL), TG_OK);
    run.options.rows_before = 7;
    assert_int_equal(normalizer_new(&run.options, &run.normalizer, NULL), TG_OK);
    assert_int_equal(normalizer_materialize(run.normalizer, NULL), TG_OK);
    assert_string_equal(buf_string(&run.text), "t(d date)\n");
    assert_int_equal(normalizer_row_count(run.normalizer), 7);
    assert_int_equal(run_push(&run, "{\"n\":1}\n"), TG_OK);
    buf_clear(&run.text);
    assert_int_equal(normalizer_flush(run.normalizer, NULL), TG_OK);
    assert_string_equal(buf_string(&run.text), "t(n bigint)\n1\n");
    assert_int_equal(normalizer_row_count(run.normalizer), 8);
    run_release(&run);
}

static int one_load(void)
{
    struct run run;
    int rc = run_init(&run);
    run.options.keep_order = true;
    if (rc == TG_OK)
        rc = run_push(&run, "{\"a\":1,\"b\":{\"c\":\"x\"},\"l\":[{\"m\":[[1],2]},\"x\"]}\n"
                            "{\"a\":1.5,\"A\":2,\"b\":{\"c\":[1]},\"l\":[7]}\n{\"a\":\"x\"}\n");
    if (rc == TG_OK)
        rc = normalizer_materialize(run.normalizer, NULL);
    if (rc == TG_OK)
        rc = run_finish(&run);
    run_release(&run);
    return rc;
}

static void out_of_memory(void **state)
{
    (void)state;
    torture(one_load);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flat_rows),
        cmocka_unit_test(objects_are_flattened),
        cmocka_unit_test(lists_become_tables),
        cmocka_unit_test(system_columns),
        cmocka_unit_test(ids_as_dlt_makes_them),
        cmocka_unit_test(ids_that_are_hashes),
        cmocka_unit_test(nesting_limit),
        cmocka_unit_test(list_of_lists_at_the_limit),
        cmocka_unit_test(hinted_json_stays_whole),
        cmocka_unit_test(column_types_are_told),
        cmocka_unit_test(batches_at_the_boundary),
        cmocka_unit_test(long_lists),
        cmocka_unit_test(deep_and_wide),
        cmocka_unit_test(long_text),
        cmocka_unit_test(a_share_of_the_memory),
        cmocka_unit_test(keys_need_values),
        cmocka_unit_test(not_null_needs_values),
        cmocka_unit_test(cancel_stops),
        cmocka_unit_test(second_load),
        cmocka_unit_test(a_table_without_rows),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests_name("normalize/normalize", tests, NULL, NULL);
}
