/*
 * src/data/page.c: naming the place of a row, releasing; Arrow batches as rows. The arrays are made
 * by hand, with what real ones have: offsets at every level, garbage beneath NULLs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "data/batch.h"
#include "data/page.h"
#include "tests/torture.h"

static struct tg_rows *three_rows(struct page *page)
{
    struct tg_rows *rows;
    const yyjson_val **list;
    size_t count;
    assert_int_equal(rows_new(&rows, NULL), TG_OK);
    for (int i = 0; i < 3; i++) {
        tg_rows_begin_object(rows);
        tg_rows_key(rows, "a");
        tg_rows_begin_list(rows);
        tg_rows_int64(rows, i);
        tg_rows_end_list(rows);
        tg_rows_end_object(rows);
    }
    assert_int_equal(rows_finish(rows, &list, &count, NULL), TG_OK);
    page->rows = mem_alloc(count * sizeof(*list));
    memcpy(page->rows, list, count * sizeof(*list));
    page->kind = PAGE_ROWS;
    page->row_count = page->row_cap = page->read_count = count;
    page->first_cell = list[0];
    page->first_row = 101;
    return rows;
}

static void check_where(const struct page *page, const yyjson_val *row, const char *expected)
{
    struct tg_error err = {0};
    error_set(&err, TG_DATA, "bad");
    assert_int_equal(page_where(page, row, TG_DATA, &err), TG_DATA);
    assert_string_equal(err.where, expected);
    assert_string_equal(err.what, "bad");
}

static void rows_are_found_again(void **state)
{
    struct page page = {.kind = PAGE_END};
    struct tg_rows *rows = three_rows(&page);
    const uint64_t lines[] = {7, 9, 12};
    (void)state;
    check_where(&page, page.rows[0], "row 101");
    page.rows[0] = page.rows[2]; /* the cursor dropped two */
    page.row_count = 1;
    check_where(&page, page.rows[0], "row 103");
    page.file = "a b.jsonl";
    check_where(&page, page.rows[0], "file 'a b.jsonl', row 103");
    page.lines = lines;
    check_where(&page, page.rows[1], "file 'a b.jsonl', line 9");
    check_where(&page, cell_first(page.rows[1]), "file 'a b.jsonl'"); /* no row */
    assert_int_equal(page_where(&page, page.rows[1], TG_CONTRACT, NULL), TG_CONTRACT);
    page_release(&page);
    rows_free(rows);
}

static void release_empties_the_page(void **state)
{
    const char *const names[] = {"a"};
    const struct type_spec types[] = {{.type = TYPE_BIGINT}};
    struct page page = {.kind = PAGE_ARROW};
    struct column column;
    struct ArrowArray child;
    size_t live = mem_live();
    (void)state;
    assert_int_equal(schema_make(names, types, 1, &page.schema, NULL), TG_OK);
    assert_int_equal(column_init(&column, types, NULL), TG_OK);
    assert_int_equal(column_export(&column, 2, &child, NULL), TG_OK);
    assert_int_equal(batch_make(&child, 1, 2, &page.array, NULL), TG_OK);
    page_release(&page);
    assert_int_equal(page.kind, PAGE_END);
    assert_null(page.array.release);
    assert_int_equal(mem_live(), live);
    page_release(&page);
}

/* ---- Arrow batches ---- */

static void release_array(struct ArrowArray *array)
{
    array->release = NULL;
}

static void release_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

#define SCHEMA(name_, format_, count, ...)                                                         \
    {                                                                                              \
        .name = name_, .format = format_, .n_children = count,                                     \
        .children = (struct ArrowSchema *[]){__VA_ARGS__}, .release = release_schema               \
    }

/* A batch of `columns` (copies of the pointers are kept) of `row_count` rows from `offset` on. */
static struct page page_of(struct ArrowSchema **schemas, struct ArrowArray **arrays, int64_t count,
                           int64_t offset, int64_t row_count)
{
    static const void *no_validity[1];
    return (struct page){
        .kind = PAGE_ARROW,
        .first_row = 11,
        .read_count = (uint64_t)row_count,
        .file = "x.parquet",
        .schema = {.format = "+s",
                   .n_children = count,
                   .children = schemas,
                   .release = release_schema},
        .array = {.length = row_count,
                  .offset = offset,
                  .n_buffers = 1,
                  .buffers = no_validity,
                  .n_children = count,
                  .children = arrays,
                  .release = release_array},
    };
}

/* All rows as JSON, a space behind each. */
static char *rows_text(struct page *page)
{
    struct buf out = BUF_INIT;
    struct tg_error err = {0};
    struct tg_rows *rows;
    assert_int_equal(rows_new(&rows, NULL), TG_OK);
    if (page_to_rows(page, rows, &err) != TG_OK)
        fail_msg("%s: %s", err.where, err.what);
    assert_int_equal(page->kind, PAGE_ROWS);
    assert_false(page_has_rest(page));
    assert_int_equal(page->row_count, page->read_count);
    for (size_t i = 0; i < page->row_count; i++) {
        cell_json(&out, page->rows[i], 0);
        buf_char(&out, ' ');
        check_where(page, page->rows[i],
                    (const char *[]){"file 'x.parquet', row 11", "file 'x.parquet', row 12",
                                     "file 'x.parquet', row 13"}[i]);
    }
    assert_non_null(page->schema.release);
    page_release(page);
    rows_free(rows);
    return buf_take(&out);
}

static void check_rows(struct page page, const char *expected)
{
    char *text = rows_text(&page);
    assert_string_equal(text ? text : "", expected);
    mem_free(text);
}

static void structs_become_objects(void **state)
{
    static const int64_t numbers[] = {-1, 1, 2, 3, 4};
    static const int32_t offsets[] = {0, 10, 11, 13, 13, 16};
    static const uint8_t text_valid = 0x1f & ~(1 << 3), struct_valid = 0x6; /* rows 1 and 2 */
    struct ArrowArray number = {.length = 5,
                                .n_buffers = 2,
                                .buffers = (const void *[]){NULL, numbers},
                                .release = release_array};
    struct ArrowArray text = {
        .length = 5,
        .null_count = 1,
        .n_buffers = 3,
        .buffers = (const void *[]){&text_valid, offsets, "\xff garbage a\xc3\xa9xyz"},
        .release = release_array};
    /* Its rows are those of the children from 1 on: 1 'a', 2 'e', NULL beneath which there is 3. */
    struct ArrowArray object = {.length = 4,
                                .offset = 1,
                                .null_count = -1,
                                .n_buffers = 1,
                                .buffers = (const void *[]){&struct_valid},
                                .n_children = 2,
                                .children = (struct ArrowArray *[]){&number, &text},
                                .release = release_array};
    struct ArrowSchema number_schema = {.name = "n", .format = "l"};
    struct ArrowSchema text_schema = {.name = "t", .format = "u"};
    struct ArrowSchema schema = SCHEMA("s", "+s", 2, &number_schema, &text_schema);
    (void)state;
    struct page page =
        page_of((struct ArrowSchema *[]){&schema}, (struct ArrowArray *[]){&object}, 1, 0, 3);
    assert_true(page_is_nested(&page));
    check_rows(page, "{\"s\":{\"n\":1,\"t\":\"a\"}} {\"s\":{\"n\":2,\"t\":\"\xc3\xa9\"}} "
                     "{\"s\":null} ");
    page = page_of((struct ArrowSchema *[]){&schema}, (struct ArrowArray *[]){&object}, 1, 1, 1);
    check_rows(page, "{\"s\":{\"n\":2,\"t\":\"\xc3\xa9\"}} ");
    page = page_of((struct ArrowSchema *[]){&schema}, (struct ArrowArray *[]){&object}, 1, 0, 0);
    check_rows(page, "");
}

/* One list column "l" of int32 elements, of any layout. */
static struct page list_page(const char *format, const void *offsets, const void *sizes,
                             int64_t offset, struct ArrowArray *array)
{
    static const int32_t numbers[] = {99, 0, 1, 2, 3, 4, 5};
    static const void *element_buffers[] = {NULL, numbers};
    static struct ArrowArray element = {.length = 6, .offset = 1, .n_buffers = 2};
    static struct ArrowArray *elements[] = {&element};
    static struct ArrowSchema element_schema = {.name = "item", .format = "i"};
    static struct ArrowSchema *element_schemas[] = {&element_schema};
    static struct ArrowSchema schema;
    static struct ArrowSchema *schemas[] = {&schema};
    static const void *buffers[3];
    static struct ArrowArray *arrays[1];
    element.buffers = element_buffers;
    schema = (struct ArrowSchema){
        .name = "l", .format = format, .n_children = 1, .children = element_schemas};
    buffers[1] = offsets;
    buffers[2] = sizes;
    *array = (struct ArrowArray){.length = 3,
                                 .offset = offset,
                                 .n_buffers = sizes     ? 3
                                              : offsets ? 2
                                                        : 1,
                                 .buffers = buffers,
                                 .n_children = 1,
                                 .children = elements};
    arrays[0] = array;
    return page_of(schemas, arrays, 1, 0, 3 - offset);
}

static void lists_become_lists(void **state)
{
    static const int32_t offsets[] = {1, 3, 3, 6}, starts[] = {4, 0, 0}, sizes[] = {2, 0, 1};
    static const int64_t large_offsets[] = {1, 3, 3, 6}, large_starts[] = {4, 0, 0},
                         large_sizes[] = {2, 0, 1};
    struct ArrowArray array;
    (void)state;
    check_rows(list_page("+l", offsets, NULL, 0, &array),
               "{\"l\":[1,2]} {\"l\":[]} {\"l\":[3,4,5]} ");
    check_rows(list_page("+L", large_offsets, NULL, 1, &array), "{\"l\":[]} {\"l\":[3,4,5]} ");
    check_rows(list_page("+w:2", NULL, NULL, 0, &array),
               "{\"l\":[0,1]} {\"l\":[2,3]} {\"l\":[4,5]} ");
    check_rows(list_page("+w:2", NULL, NULL, 2, &array), "{\"l\":[4,5]} ");
    check_rows(list_page("+vl", starts, sizes, 0, &array), "{\"l\":[4,5]} {\"l\":[]} {\"l\":[0]} ");
    check_rows(list_page("+vL", large_starts, large_sizes, 2, &array), "{\"l\":[0]} ");
}

static void maps_become_lists_of_pairs(void **state)
{
    static const int32_t offsets[] = {0, 2, 2}, key_offsets[] = {0, 1, 2};
    static const double values[] = {1.5, 2};
    static const uint8_t valid = 1;
    struct ArrowArray key = {
        .length = 2, .n_buffers = 3, .buffers = (const void *[]){NULL, key_offsets, "ab"}};
    struct ArrowArray value = {
        .length = 2, .null_count = 1, .n_buffers = 2, .buffers = (const void *[]){&valid, values}};
    struct ArrowArray entry = {.length = 2,
                               .n_buffers = 1,
                               .buffers = (const void *[]){NULL},
                               .n_children = 2,
                               .children = (struct ArrowArray *[]){&key, &value}};
    struct ArrowArray map = {.length = 2,
                             .n_buffers = 2,
                             .buffers = (const void *[]){NULL, offsets},
                             .n_children = 1,
                             .children = (struct ArrowArray *[]){&entry}};
    struct ArrowSchema key_schema = {.name = "keys", .format = "u"};
    struct ArrowSchema value_schema = {.name = "values", .format = "g"};
    struct ArrowSchema entry_schema = SCHEMA("entries", "+s", 2, &key_schema, &value_schema);
    struct ArrowSchema schema = SCHEMA("m", "+m", 1, &entry_schema);
    (void)state;
    check_rows(page_of((struct ArrowSchema *[]){&schema}, (struct ArrowArray *[]){&map}, 1, 0, 2),
               "{\"m\":[{\"key\":\"a\",\"value\":1.5},{\"key\":\"b\",\"value\":null}]} "
               "{\"m\":[]} ");
}

static void dictionaries_are_followed(void **state)
{
    static const uint16_t indices[] = {1, 0, 7};
    static const uint8_t valid = 3;
    static const int64_t numbers[] = {5, 6};
    struct ArrowArray number = {
        .length = 2, .n_buffers = 2, .buffers = (const void *[]){NULL, numbers}};
    struct ArrowArray object = {.length = 2,
                                .n_buffers = 1,
                                .buffers = (const void *[]){NULL},
                                .n_children = 1,
                                .children = (struct ArrowArray *[]){&number}};
    struct ArrowArray array = {.length = 3,
                               .null_count = 1,
                               .n_buffers = 2,
                               .buffers = (const void *[]){&valid, indices},
                               .dictionary = &object};
    struct ArrowSchema number_schema = {.name = "n", .format = "l"};
    struct ArrowSchema object_schema = SCHEMA(NULL, "+s", 1, &number_schema);
    struct ArrowSchema schema = {.name = "d", .format = "S", .dictionary = &object_schema};
    (void)state;
    struct page page =
        page_of((struct ArrowSchema *[]){&schema}, (struct ArrowArray *[]){&array}, 1, 0, 3);
    assert_true(page_is_nested(&page));
    check_rows(page, "{\"d\":{\"n\":6}} {\"d\":{\"n\":5}} {\"d\":null} ");
}

static void check_text(const yyjson_val *cell, int flags, const char *text, const char *otherwise)
{
    struct buf json = BUF_INIT;
    cell_json(&json, cell, flags);
    assert_string_equal(buf_string(&json), text ? text : otherwise);
    buf_release(&json);
}

static void scalars_become_typed_cells(void **state)
{
    static const int64_t words[] = {1700000000123456};
    static const int32_t days[] = {19723};
    static const uint8_t bit = 1, bytes[] = {200};
    static const uint64_t big[] = {UINT64_MAX};
    static const int128 decimal[] = {-1250};
    static const int64_t past[] = {-1};
    static const struct {
        const char *format;
        const void *values;
        enum cell_kind kind;
        const char *json, *zulu, *instants; /* as for cell_json; NULL: as the first */
    } scalars[] = {
        {"b", &bit, CELL_BOOL, "true", NULL, NULL},
        {"C", bytes, CELL_INT, "200", NULL, NULL},
        {"L", big, CELL_UINT, "18446744073709551615", NULL, NULL},
        {"d:9,2", decimal, CELL_DECIMAL, "\"-12.50\"", NULL, NULL},
        {"tdD", days, CELL_DATE, "\"2024-01-01\"", NULL, NULL},
        {"tsu:", words, CELL_TIMESTAMP, "\"2023-11-14T22:13:20.123456+00:00\"",
         "\"2023-11-14T22:13:20.123456\"", "1700000000123456"},
        {"tsu:UTC", words, CELL_TIMESTAMP, "\"2023-11-14T22:13:20.123456+00:00\"",
         "\"2023-11-14T22:13:20.123456Z\"", "1700000000123456"},
        {"tsn:UTC", past, CELL_TIMESTAMP_NS, "\"1969-12-31T23:59:59.999999999+00:00\"",
         "\"1969-12-31T23:59:59.999999999Z\"", "-1"},
        {"tsn:", past, CELL_TIMESTAMP_NS, "\"1969-12-31T23:59:59.999999999+00:00\"",
         "\"1969-12-31T23:59:59.999999999\"", "-1"},
        {"tss:", past, CELL_TIMESTAMP, "\"1969-12-31T23:59:59+00:00\"", "\"1969-12-31T23:59:59\"",
         "-1000000"},
        {"w:1", bytes, CELL_BINARY, "\"yA==\"", NULL, NULL},
        {"n", NULL, CELL_NULL, "null", NULL, NULL},
    };
    struct tg_rows *rows;
    (void)state;
    assert_int_equal(rows_new(&rows, NULL), TG_OK);
    for (size_t i = 0; i < sizeof(scalars) / sizeof(scalars[0]); i++) {
        bool none = scalars[i].kind == CELL_NULL;
        struct ArrowArray array = {.length = 1,
                                   .null_count = none,
                                   .n_buffers = none ? 0 : 2,
                                   .buffers = (const void *[]){NULL, scalars[i].values}};
        struct ArrowSchema schema = {.name = "x", .format = scalars[i].format};
        struct page page =
            page_of((struct ArrowSchema *[]){&schema}, (struct ArrowArray *[]){&array}, 1, 0, 1);
        assert_false(page_is_nested(&page));
        assert_int_equal(page_to_rows(&page, rows, NULL), TG_OK);
        const yyjson_val *cell = cell_find(page.rows[0], "x", 1);
        assert_int_equal(cell_kind(cell), scalars[i].kind);
        check_text(cell, 0, scalars[i].json, NULL);
        check_text(cell, CELL_JSON_ZULU, scalars[i].zulu, scalars[i].json);
        check_text(cell, CELL_JSON_INSTANTS, scalars[i].instants, scalars[i].json);
        assert_int_equal(cell_json_varies(page.rows[0]),
                         scalars[i].zulu != NULL || scalars[i].kind == CELL_DECIMAL);
        page_release(&page);
    }
    rows_free(rows);
}

/* A batch that is too large for one page of rows comes as several. */
static void large_batches_are_split(void **state)
{
    enum { ROWS = 100, ELEMENTS = 30000 };
    int32_t *numbers = mem_alloc(ROWS * ELEMENTS * sizeof(*numbers)), offsets[ROWS + 1];
    struct ArrowArray element = {.length = ROWS * ELEMENTS, .n_buffers = 2};
    struct ArrowArray array = {.length = ROWS, .n_buffers = 2, .n_children = 1};
    struct ArrowSchema element_schema = {.name = "item", .format = "i"};
    struct ArrowSchema schema = SCHEMA("l", "+l", 1, &element_schema);
    struct tg_rows *rows;
    uint64_t next = 0;
    int parts = 0;
    (void)state;
    for (int i = 0; i < ROWS * ELEMENTS; i++)
        numbers[i] = i;
    for (int i = 0; i <= ROWS; i++)
        offsets[i] = i * ELEMENTS;
    element.buffers = (const void *[]){NULL, numbers};
    array.buffers = (const void *[]){NULL, offsets};
    array.children = (struct ArrowArray *[]){&element};
    struct page page =
        page_of((struct ArrowSchema *[]){&schema}, (struct ArrowArray *[]){&array}, 1, 0, ROWS);
    page.bytes = 5;
    assert_int_equal(rows_new(&rows, NULL), TG_OK);
    do {
        assert_int_equal(page_to_rows(&page, rows, NULL), TG_OK);
        assert_int_equal(page.first_row, 11 + next);
        assert_int_equal(page.bytes, parts == 0 ? 5 : 0);
        for (size_t i = 0; i < page.row_count; i++, next++) {
            const yyjson_val *list = cell_find(page.rows[i], "l", 1);
            assert_int_equal(cell_len(list), ELEMENTS);
            assert_int_equal(cell_first(list)->uni.i64, next * ELEMENTS);
        }
        parts++;
    } while (page_has_rest(&page));
    assert_int_equal(next, ROWS);
    assert_true(parts > 2);
    assert_true(rows_bytes(rows) < 40 << 20);
    page_release(&page);
    rows_free(rows);
    mem_free(numbers);
}

static void check_refused(const char *format, const char *what, const char *where)
{
    static const int32_t offsets[] = {0, 1, 3};
    struct ArrowArray array = {
        .length = 2, .n_buffers = 3, .buffers = (const void *[]){NULL, offsets, "a\xff\xff"}};
    struct ArrowSchema schema = {.name = "x", .format = format};
    struct page page =
        page_of((struct ArrowSchema *[]){&schema}, (struct ArrowArray *[]){&array}, 1, 0, 2);
    struct tg_error err = {0};
    struct tg_rows *rows;
    assert_int_equal(rows_new(&rows, NULL), TG_OK);
    assert_int_equal(page_to_rows(&page, rows, &err), TG_DATA);
    assert_non_null(strstr(err.what, what));
    assert_string_equal(err.where, where);
    page_release(&page);
    rows_free(rows);
}

static void what_has_no_cell_is_refused(void **state)
{
    (void)state;
    check_refused("u", "column 'x' holds a text that is not valid UTF-8",
                  "file 'x.parquet', row 12");
    check_refused("tin", "column 'x' has the Arrow format 'tin'", "file 'x.parquet'");
    check_refused("+ud:0", "column 'x' has the Arrow format '+ud:0'", "file 'x.parquet'");
}

static int work(void)
{
    static const int32_t offsets[] = {1, 3, 3, 6};
    struct ArrowArray array;
    struct page page = list_page("+l", offsets, NULL, 0, &array);
    struct tg_rows *rows = NULL;
    int rc = TG_OK;
    TRY(rows_new(&rows, NULL));
    TRY(page_to_rows(&page, rows, NULL));
done:
    page_release(&page);
    rows_free(rows);
    return rc;
}

static void out_of_memory(void **state)
{
    (void)state;
    torture(work);
}

static void check_fields(size_t count, const char *expected)
{
    char name[80];
    struct tg_rows *rows = NULL;
    const yyjson_val **list;
    size_t row_count;
    struct buf text = BUF_INIT;
    const struct page page = {.kind = PAGE_ROWS};
    assert_int_equal(rows_new(&rows, NULL), TG_OK);
    tg_rows_begin_object(rows);
    for (size_t i = 0; i < count; i++) {
        snprintf(name, sizeof(name), "f%zu", i);
        tg_rows_key(rows, name);
        tg_rows_int64(rows, 1);
    }
    tg_rows_end_object(rows);
    assert_int_equal(rows_finish(rows, &list, &row_count, NULL), TG_OK);
    page_fields(&page, list[0], &text);
    assert_string_equal(buf_string(&text), expected);
    buf_release(&text);
    rows_free(rows);
}

/* For messages: no more than a person reads. */
static void fields_are_named(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    struct ArrowSchema a = {.name = "id", .format = "l"}, b = {.format = "l"};
    struct ArrowSchema *children[] = {&a, &b};
    const struct page batch = {.kind = PAGE_ARROW,
                               .schema = {.n_children = 2, .children = children}};
    check_fields(0, "its fields: none");
    check_fields(2, "its fields: f0, f1");
    check_fields(8, "its fields: f0, f1, f2, f3, f4, f5, f6, f7");
    check_fields(11, "its fields: f0, f1, f2, f3, f4, f5, f6, f7 and 3 more");
    page_fields(&batch, NULL, &text);
    assert_string_equal(buf_string(&text), "its fields: id, ");
    buf_clear(&text);
    page_fields(NULL, NULL, &text);
    assert_string_equal(buf_string(&text), "its fields: none");
    buf_clear(&text);
    const yyjson_val plain = {.tag = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_SINT, .uni = {.i64 = 7}};
    page_fields(NULL, &plain, &text);
    assert_string_equal(buf_string(&text), "it is 7 (an integer), which has no fields");
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_named),
        cmocka_unit_test(rows_are_found_again),
        cmocka_unit_test(release_empties_the_page),
        cmocka_unit_test(structs_become_objects),
        cmocka_unit_test(lists_become_lists),
        cmocka_unit_test(maps_become_lists_of_pairs),
        cmocka_unit_test(dictionaries_are_followed),
        cmocka_unit_test(scalars_become_typed_cells),
        cmocka_unit_test(large_batches_are_split),
        cmocka_unit_test(what_has_no_cell_is_refused),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests_name("data/page", tests, NULL, NULL);
}
