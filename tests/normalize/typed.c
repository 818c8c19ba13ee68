/* normalize/typed.c: Arrow in, batches of the root table out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "collect.h"
#include "foreign.h"
#include "tests/torture.h"

static const int64_t numbers[] = {10, 20, 30, 40};
static const int32_t small[] = {1, 2, 3, 4};
static const double doubles[] = {1.0, 2.0, 2.5, 3.0};
static const int32_t offsets[] = {0, 1, 2, 3, 4};
static const uint8_t second_null[] = {13};

#define BIGINT(name)                                                                               \
    {                                                                                              \
        name, "l", {NULL, numbers, NULL}, 0, NULL, NULL                                            \
    }
#define TEXT(name, bytes)                                                                          \
    {                                                                                              \
        name, "u", {NULL, offsets, bytes}, 0, NULL, NULL                                           \
    }
#define DOUBLE(name)                                                                               \
    {                                                                                              \
        name, "g", {NULL, doubles, NULL}, 0, NULL, NULL                                            \
    }

static int push(struct run *run, const struct foreign_column *columns, size_t count, int64_t rows)
{
    int rc = TG_OK;
    struct foreign foreign;
    struct page page;
    foreign_page(&foreign, columns, count, rows, &page);
    if (!run->normalizer)
        TRY(normalizer_new(&run->options, &run->normalizer, &run->err));
    TRY(normalizer_push(run->normalizer, &page, &run->err));
done:
    page_release(&page);
    if (rc == TG_OK)
        assert_int_equal(foreign.released, count); /* nothing is kept, nothing twice */
    return rc;
}

static void columns_are_moved(void **state)
{
    (void)state;
    struct run run;
    struct foreign_column columns[] = {
        BIGINT("Id"),
        TEXT("userName", "abcd"),
        {"At", "tsu:Europe/Berlin", {second_null, numbers, NULL}, 0, NULL, NULL},
        {"nothing", "n", {NULL, NULL, NULL}, 0, NULL, NULL}};
    assert_int_equal(run_init(&run), TG_OK);
    assert_int_equal(push(&run, columns, 4, 2), TG_OK);
    assert_int_equal(run_finish(&run), TG_OK);
    assert_string_equal(run.text.data,
                        "t(id bigint, user_name text, at timestamp)\n"
                        "10|\"a\"|\"1970-01-01T00:00:00.000010+00:00\"\n20|\"b\"|null\n");
    assert_int_equal(run.root->column_count, 5);
    assert_string_equal(run.root->columns[3].name, "_dlt_load_id");
    assert_true(run.root->columns[4].row_key);
    run_release(&run);
}

static void system_columns(void **state)
{
    (void)state;
    struct run run;
    struct foreign_column columns[] = {BIGINT("a"), TEXT("_dlt_load_id", "zzzz")};
    struct foreign_column own[] = {BIGINT("a"), TEXT("_dlt_id", "wxyz")};
    assert_int_equal(run_init(&run), TG_OK);
    run.show_system = true;
    run.options.keep_order = true;
    assert_int_equal(push(&run, columns, 2, 2), TG_OK);
    assert_int_equal(push(&run, own, 2, 1), TG_OK);       /* another schema */
    assert_int_equal(run_push(&run, "{\"a\":5}"), TG_OK); /* and rows after it */
    assert_int_equal(normalizer_row_count(run.normalizer), 4);
    assert_int_equal(run_finish(&run), TG_OK);
    assert_string_equal(
        run.text.data,
        "t(a bigint, _dlt_load_id text, _dlt_id text, _tidegate_order bigint)\n"
        "10|\"1700000000.5\"|\"AAAAAAAAAAAAAQ\"|0\n20|\"1700000000.5\"|\"AAAAAAAAAAAAAg\"|1\n"
        "t(a bigint, _dlt_load_id text, _dlt_id text, _tidegate_order "
        "bigint)\n10|\"1700000000.5\"|\"w\"|2\n"
        "t(a bigint, _dlt_load_id text, _dlt_id text, _tidegate_order bigint)\n"
        "5|\"1700000000.5\"|\"AAAAAAAAAAAAAw\"|3\n");
    run_release(&run);
}

static void slices(void **state)
{
    (void)state;
    struct run run;
    struct foreign foreign;
    struct page page;
    struct foreign_column columns[] = {BIGINT("a"), {"b", "i", {NULL, small, NULL}, 0, NULL, NULL}};
    assert_int_equal(run_init(&run), TG_OK);
    foreign_page(&foreign, columns, 2, 4, &page);
    page.array.offset = 1;
    page.array.length = 2;
    assert_int_equal(normalizer_new(&run.options, &run.normalizer, NULL), TG_OK);
    assert_int_equal(normalizer_push(run.normalizer, &page, NULL), TG_OK);
    page_release(&page);
    assert_int_equal(run_finish(&run), TG_OK);
    assert_string_equal(run.text.data, "t(a bigint, b bigint)\n20|2\n30|3\n");
    run_release(&run);
}

static void types_that_differ(void **state)
{
    (void)state;
    struct run run;
    struct type_spec bigint = {.type = TYPE_BIGINT}, real = {.type = TYPE_DOUBLE},
                     text = {.type = TYPE_TEXT}, json = {.type = TYPE_JSON};
    static const int32_t json_offsets[] = {0, 2, 4};
    struct foreign_column columns[] = {
        DOUBLE("a"),
        BIGINT("b"),
        BIGINT("c"),
        {"d", "u", {NULL, json_offsets, "[]{}"}, 0, NULL, NULL},
    };
    assert_int_equal(run_init(&run), TG_OK);
    assert_int_equal(table_add_column(&run.catalog, run.root, "a", &bigint, NULL, NULL), TG_OK);
    assert_int_equal(table_add_column(&run.catalog, run.root, "b", &real, NULL, NULL), TG_OK);
    assert_int_equal(table_add_column(&run.catalog, run.root, "c", &text, NULL, NULL), TG_OK);
    assert_int_equal(table_add_column(&run.catalog, run.root, "d", &json, NULL, NULL), TG_OK);
    assert_int_equal(push(&run, columns, 4, 2), TG_OK);
    assert_string_equal(run.text.data, "t(a bigint, b double, c text, d text)\n"
                                       "1|10.0|\"10\"|\"[]\"\n2|20.0|\"20\"|\"{}\"\n");
    buf_clear(&run.text);
    struct foreign_column halves[] = {DOUBLE("a")};
    assert_int_equal(push(&run, halves, 1, 3), TG_OK); /* 2.5 is no bigint */
    assert_int_equal(run_finish(&run), TG_OK);
    assert_string_equal(run.text.data, "t(a double, b double, c text, d text)\n1.0|null|null|null\n"
                                       "2.0|null|null|null\n2.5|null|null|null\n");
    assert_int_equal(table_find(run.root, "a")->spec.type, TYPE_DOUBLE);
    run_release(&run);
}

/* As in documents: a fraction makes a bigint a double, unless a double would lose. */
static void wider_columns(void **state)
{
    (void)state;
    struct run run;
    static const int64_t big[] = {INT64_C(9007199254740993), -1};
    struct foreign_column integers[] = {{"a", "l", {NULL, big, NULL}, 0, NULL, NULL}};
    struct foreign_column halves[] = {DOUBLE("a")};
    assert_int_equal(run_init(&run), TG_OK);
    assert_int_equal(push(&run, integers, 1, 2), TG_OK);
    buf_clear(&run.text);
    assert_int_equal(push(&run, halves, 1, 3), TG_OK);
    assert_int_equal(table_find(run.root, "a")->spec.type, TYPE_BIGINT);
    assert_int_equal(table_find(run.root, "a__v_double")->spec.type, TYPE_DOUBLE);
    run_release(&run);
}

static void decimals(void **state)
{
    (void)state;
    struct run run;
    static const int128 values[] = {1250, -5};
    struct type_spec wide = {.type = TYPE_DECIMAL}, narrow = {TYPE_DECIMAL, 10, 1, false};
    struct foreign_column columns[] = {{"a", "d:10,2", {NULL, values, NULL}, 0, NULL, NULL},
                                       {"b", "d:10,2", {NULL, values, NULL}, 0, NULL, NULL},
                                       {"c", "d:10,2", {NULL, values, NULL}, 0, NULL, NULL}};
    assert_int_equal(run_init(&run), TG_OK);
    assert_int_equal(table_add_column(&run.catalog, run.root, "a", &wide, NULL, NULL), TG_OK);
    assert_int_equal(table_add_column(&run.catalog, run.root, "b", &narrow, NULL, NULL), TG_OK);
    assert_int_equal(push(&run, columns, 3, 2), TG_OK);
    assert_int_equal(run_finish(&run), TG_OK);
    assert_string_equal(run.text.data, "t(a decimal(38,9), b decimal(11,2), c decimal(10,2))\n"
                                       "12.500000000|12.50|12.50\n-0.050000000|-0.05|-0.05\n");
    run_release(&run);
}

/* Decimals of 256 bits: a decimal where 38 digits hold the value, else text beside it. */
static void wide_decimals(void **state)
{
    (void)state;
    struct run run;
    static const uint64_t values[][4] = {
        {1250, 0, 0, 0}, {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}, {0, 0, 0, 1}};
    struct foreign_column columns[] = {{"d", "d:76,38,256", {NULL, values, NULL}, 0, NULL, NULL},
                                       {"w", "d:76,0,256", {NULL, values, NULL}, 0, NULL, NULL}};
    assert_int_equal(run_init(&run), TG_OK);
    assert_int_equal(push(&run, columns + 1, 1, 2), TG_OK);
    assert_int_equal(push(&run, columns + 1, 1, 3), TG_OK);
    assert_int_equal(run_finish(&run), TG_OK);
    assert_string_equal(run.text.data,
                        "t(w decimal(38,0))\n1250\n-1\n"
                        "t(w decimal(38,0), w__v_text text)\n1250|null\n-1|null\n"
                        "null|\"6277101735386680763835789423207666416102355444464034512896\"\n");
    run_release(&run);
    assert_int_equal(run_init(&run), TG_OK);
    assert_int_equal(push(&run, columns, 1, 3), TG_OK);
    assert_int_equal(run_finish(&run), TG_OK);
    assert_string_equal(run.text.data,
                        "t(d decimal(38,18), d__v_text text)\n"
                        "null|\"0.0000000000000000000000000000000000125\"\n"
                        "null|\"-0.00000000000000000000000000000000000001\"\n"
                        "null|\"62771017353866807638.35789423207666416102355444464034512896\"\n");
    run_release(&run);
}

/* Nanoseconds into microseconds, by batch and by row, once each. */
static void nanoseconds_that_are_cut(void **state)
{
    (void)state;
    struct run run;
    struct warnings warnings;
    struct type_spec naive = {.type = TYPE_TIMESTAMP, .naive = true};
    static const int64_t ns[] = {1, 1000, 2001, 3000000};
    struct foreign_column columns[] = {{"at", "tsn:", {NULL, ns, NULL}, 0, NULL, NULL},
                                       {"zoned", "tsn:UTC", {NULL, ns, NULL}, 0, NULL, NULL},
                                       {"kept", "tsn:", {NULL, ns, NULL}, 0, NULL, NULL}};
    assert_int_equal(run_init(&run), TG_OK);
    warnings_init(&warnings);
    run.ctx.warnings = &warnings;
    assert_int_equal(table_add_column(&run.catalog, run.root, "at", &naive, NULL, NULL), TG_OK);
    assert_int_equal(push(&run, columns, 3, 4), TG_OK);
    assert_int_equal(run_push(&run, "{\"zoned\":\"2024-01-01T00:00:00.123456789Z\"}\n"
                                    "{\"zoned\":\"2024-01-01T00:00:00.123456000Z\"}"),
                     TG_OK);
    assert_int_equal(run_finish(&run), TG_OK);
    assert_int_equal(warnings.count, 2);
    assert_string_equal(warnings.texts[0], "table 't': 2 values of column 'at' had digits of a "
                                           "second beyond the column's, which were cut");
    assert_string_equal(warnings.texts[1], "table 't': 3 values of column 'zoned' had digits of a "
                                           "second beyond the column's, which were cut");
    run_release(&run);
    warnings_release(&warnings);
}

/* A column without a type waits for its first value, in a dictionary too. */
static void columns_without_a_type(void **state)
{
    (void)state;
    struct run run;
    static const int32_t indices[] = {0, 0};
    struct ArrowSchema null_schema = {.format = "n"};
    struct ArrowArray null_values = {.length = 1, .null_count = 1};
    struct foreign_column empty[] = {
        BIGINT("id"),
        {"a", "n", {NULL, NULL, NULL}, 0, NULL, NULL},
        {"b", "i", {NULL, indices, NULL}, 0, &null_schema, &null_values},
    };
    struct foreign_column full[] = {BIGINT("id"), TEXT("a", "abcd"), TEXT("b", "abcd")};
    assert_int_equal(run_init(&run), TG_OK);
    assert_int_equal(push(&run, empty, 3, 2), TG_OK);
    assert_int_equal(push(&run, full, 3, 2), TG_OK);
    assert_int_equal(run_finish(&run), TG_OK);
    assert_string_equal(run.text.data, "t(id bigint)\n10\n20\n"
                                       "t(id bigint, a text, b text)\n"
                                       "10|\"a\"|\"a\"\n20|\"b\"|\"b\"\n");
    run_release(&run);
}

static void keys_need_values(void **state)
{
    (void)state;
    struct run run;
    struct foreign_column columns[] = {{"id", "l", {second_null, numbers, NULL}, 0, NULL, NULL}};
    struct foreign_column without[] = {BIGINT("x")};
    for (int i = 0; i < 2; i++) {
        struct table_column *column;
        assert_int_equal(run_init(&run), TG_OK);
        assert_int_equal(table_add_column(&run.catalog, run.root, "id", NULL, &column, NULL),
                         TG_OK);
        column->primary_key = true;
        run.options.needs_key = true;
        assert_int_equal(push(&run, i ? without : columns, 1, 2), TG_DATA);
        assert_string_equal(run.err.where, i ? "row 1" : "row 2");
        assert_non_null(strstr(run.err.what, "column 'id'"));
        run_release(&run);
    }
}

static void refused_columns(void **state)
{
    (void)state;
    struct run run;
    struct foreign_column twice[] = {BIGINT("a"), BIGINT("a")};
    assert_int_equal(run_init(&run), TG_OK);
    assert_int_equal(push(&run, twice, 2, 1), TG_DATA);
    assert_non_null(strstr(run.err.what, "two columns are named 'a'"));
    run_release(&run);
}

/* A batch of rows {a: 10, o: {p: text}, l: [{x: small}...]}, the second row without o and l. */
struct nested {
    struct foreign foreign;
    struct ArrowSchema schemas[5], *struct_children[1], *list_children[1], *element_children[1];
    struct ArrowArray arrays[5], *struct_arrays[1], *list_arrays[1], *element_arrays[1];
    struct page page;
};

static void nest(struct nested *nested, struct foreign_column *columns)
{
    static const void *const no_buffers[] = {NULL, NULL};
    foreign_page(&nested->foreign, columns, 3, 2, &nested->page);
    struct ArrowSchema *schemas = nested->schemas;
    struct ArrowArray *arrays = nested->arrays;
    const char *const formats[] = {"u", "+s", "i"};
    const char *const names[] = {"p", "item", "x"};
    static const void *const texts[] = {NULL, offsets, "abcd"}, *const ints[] = {NULL, small};
    const void *const *const buffers[] = {texts, no_buffers, ints};
    for (int i = 0; i < 3; i++) {
        schemas[i] = (struct ArrowSchema){
            .format = formats[i], .name = names[i], .release = foreign_schema_release};
        arrays[i] = (struct ArrowArray){.length = 3,
                                        .n_buffers = i == 0   ? 3
                                                     : i == 1 ? 1
                                                              : 2,
                                        .buffers = (const void **)(uintptr_t)buffers[i],
                                        .release = foreign_child_release,
                                        .private_data = &nested->foreign.released};
    }
    nested->struct_children[0] = &schemas[0];
    nested->struct_arrays[0] = &arrays[0];
    nested->element_children[0] = &schemas[2];
    nested->element_arrays[0] = &arrays[2];
    nested->list_children[0] = &schemas[1];
    nested->list_arrays[0] = &arrays[1];
    schemas[1].n_children = arrays[1].n_children = 1;
    schemas[1].children = nested->element_children;
    arrays[1].children = nested->element_arrays;
    for (int i = 1; i < 3; i++) {
        nested->foreign.schemas[i].n_children = nested->foreign.arrays[i].n_children = 1;
        nested->foreign.arrays[i].n_buffers = i;
    }
    nested->foreign.schemas[1].children = nested->struct_children;
    nested->foreign.arrays[1].children = nested->struct_arrays;
    nested->foreign.schemas[2].children = nested->list_children;
    nested->foreign.arrays[2].children = nested->list_arrays;
}

static void structs_and_lists_are_documents(void **state)
{
    (void)state;
    struct run run;
    struct nested nested;
    static const uint8_t first_only[] = {1};
    static const int32_t list_offsets[] = {0, 3, 3};
    struct foreign_column columns[] = {
        BIGINT("a"),
        {"o", "+s", {first_only, NULL, NULL}, 0, NULL, NULL},
        {"l", "+l", {first_only, list_offsets, NULL}, 0, NULL, NULL},
    };
    assert_int_equal(run_init(&run), TG_OK);
    nest(&nested, columns);
    assert_int_equal(normalizer_new(&run.options, &run.normalizer, NULL), TG_OK);
    if (normalizer_push(run.normalizer, &nested.page, &run.err) != TG_OK)
        fail_msg("%s: %s", run.err.where, run.err.what);
    page_release(&nested.page);
    assert_int_equal(run_finish(&run), TG_OK);
    assert_string_equal(run.text.data, "t(a bigint, o__p text)\n10|\"a\"\n20|null\n"
                                       "t__l(x bigint)\n1\n2\n3\n");
    assert_int_equal(table_find(catalog_find(&run.catalog, "t__l"), "x")->spec.precision, 32);
    run_release(&run);
}

static int one_load(void)
{
    struct run run;
    struct foreign_column columns[] = {
        BIGINT("a"), {"b", "i", {NULL, small, NULL}, 0, NULL, NULL}, DOUBLE("c")};
    struct type_spec bigint = {.type = TYPE_BIGINT};
    int rc = run_init(&run);
    run.options.keep_order = true;
    if (rc == TG_OK)
        rc = table_add_column(&run.catalog, run.root, "c", &bigint, NULL, &run.err);
    if (rc == TG_OK)
        rc = push(&run, columns, 3, 4);
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
        cmocka_unit_test(columns_are_moved),
        cmocka_unit_test(system_columns),
        cmocka_unit_test(slices),
        cmocka_unit_test(types_that_differ),
        cmocka_unit_test(wider_columns),
        cmocka_unit_test(decimals),
        cmocka_unit_test(wide_decimals),
        cmocka_unit_test(nanoseconds_that_are_cut),
        cmocka_unit_test(columns_without_a_type),
        cmocka_unit_test(keys_need_values),
        cmocka_unit_test(refused_columns),
        cmocka_unit_test(structs_and_lists_are_documents),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests_name("normalize/typed", tests, NULL, NULL);
}
