/*
 * src/data/json_place.c: of every value of a page, in any form and order, the place is found, and
 * what stands there is the value.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "data/json_place.h"
#include "tests/torture.h"

typedef int (*parse_fn)(struct json_page *, char *, size_t, uint64_t, struct page *,
                        struct tg_error *);

enum { ROOM = 1 << 16, FIRST_LINE = 5 };

/* Where a line and a byte of it are; lines are counted from FIRST_LINE. */
static const char *at_place(const char *text, const struct row_place *place)
{
    for (uint64_t line = FIRST_LINE; line < place->line; line++)
        text = strchr(text, '\n') + 1;
    return text + place->byte - 1;
}

static void check_value(const struct row_place *place, const char *text, const yyjson_val *cell)
{
    struct buf found = BUF_INIT, wanted = BUF_INIT;
    yyjson_doc *doc;
    assert_non_null(place->text);
    assert_memory_equal(at_place(text, place), place->text, place->text_len);
    doc = yyjson_read(place->text, place->text_len, YYJSON_READ_BIGNUM_AS_RAW);
    if (!doc)
        fail_msg("'%.*s' is no value", (int)place->text_len, place->text);
    cell_json(&found, yyjson_doc_get_root(doc), 0);
    cell_json(&wanted, cell, 0);
    assert_string_equal(buf_string(&found), buf_string(&wanted));
    yyjson_doc_free(doc);
    buf_release(&found);
    buf_release(&wanted);
}

/* Cells that stand in no text: the object and the key around what is none. Their place is its. */
static size_t laid_cells(const yyjson_val *row, const struct row_place *place)
{
    return place->text[0] == '{' || cell_len(row) != 1 ? 0 : 2;
}

static void check_row(const struct page *page, const yyjson_val *row, const char *text)
{
    struct row_place place;
    page_place(page, row, row, NULL, &place);
    const size_t laid = laid_cells(row, &place);
    check_value(&place, text, row + laid);
    for (const yyjson_val *cell = row + laid; cell < cell_next(row); cell++) {
        page_place(page, row, cell, NULL, &place);
        check_value(&place, text, cell);
        struct row_place value;
        page_place(page, row, row, cell, &value);
        assert_int_equal(value.line, place.line);
        assert_int_equal(value.byte, place.byte);
    }
}

static void check_order(const struct page *page, const char *text, bool backwards)
{
    for (size_t i = 0; i < page->row_count; i++)
        check_row(page, page->rows[backwards ? page->row_count - 1 - i : i], text);
}

static void check(parse_fn parse, const char *text, size_t rows)
{
    static const struct json_part beginning = {0, FIRST_LINE, 0};
    const struct json_manner manner = {
        .parts = &beginning, .part_count = 1, .rejects = true, .keeps = true};
    struct json_page *parser;
    struct page page = {.kind = PAGE_END};
    static char memory[ROOM];
    const size_t len = strlen(text);
    assert_int_equal(json_page_new(&parser, NULL), TG_OK);
    json_page_set(parser, &manner);
    memcpy(memory + 1, text, len);
    assert_int_equal(parse(parser, memory + 1, len, FIRST_LINE, &page, NULL), TG_OK);
    memset(memory, 0, ROOM); /* it goes on to other pages */
    assert_int_equal(page.row_count, rows);
    check_order(&page, text, false);
    check_order(&page, text, true);
    if (rows > 2) {
        page.rows[0] = page.rows[2]; /* the cursor dropped some */
        page.row_count = 1;
        check_order(&page, text, false);
    }
    page_release(&page);
    json_page_free(parser);
}

#define ODD                                                                                        \
    "{\"\":{\"q\\\"\\\\\":[1, -2.5e3 ,{}],\"b\":\"a,]}{[:\"}, \"c\" : [] ,\"\\u00e9\":true,"       \
    "\"n\":null,\"big\":123456789012345678901234567890}"

static void lines(void **state)
{
    (void)state;
    check(json_page_lines, ODD "\n\n  \t" ODD "\r\n{}\n{ }\n" ODD, 5);
    check(json_page_lines, "1\n\n [{\"a\":1}, 2,[3,[4]], {}]\n\"x\"\nnull\n" ODD, 7);
    check(json_page_lines, "{\"a\":1}\n{\"a\":\n}\n" ODD "\nx\n{\"b\":{}}", 3);
}

static void elements(void **state)
{
    (void)state;
    check(json_page_elements, ODD ",\n {\"a\":\n1} ,\r\n" ODD, 3);
    check(json_page_elements, "{\"a\":[\n\n1,2\n]}\n,\n3,\n[4,\n{}], null," ODD, 5);
    check(json_page_elements, "{\"a\":\n1},\n{x},{\"b\":\n\n[2]}", 2);
}

static void behind_marks(void **state)
{
    (void)state;
    check(json_page_marked, "\x1e" ODD "\n\x1e{\n\"a\":\n1}\x1e\x1e {}\n", 3);
    check(json_page_marked, "\x1e{\n}\n\x1e[1,\n{\"b\":2}]\n\x1e{\n", 3);
}

/* Rows that were gathered from several places. */
static void parts(void **state)
{
    static const struct json_part from[] = {{0, 3, 10}, {10, 3, 40}, {20, 8, 0}};
    static const char gathered[] = "{\"a\": 1 },{\"b\": 22},\n{\"c\": 3}";
    const struct json_manner manner = {.parts = from, .part_count = 3, .keeps = true};
    static const unsigned wanted[][2] = {{3, 17}, {3, 47}, {9, 7}};
    struct json_page *parser;
    struct page page = {.kind = PAGE_END};
    struct row_place place;
    char memory[64];
    (void)state;
    assert_int_equal(json_page_new(&parser, NULL), TG_OK);
    json_page_set(parser, &manner);
    memcpy(memory + 1, gathered, sizeof(gathered));
    assert_int_equal(json_page_elements(parser, memory + 1, strlen(gathered), 1, &page, NULL),
                     TG_OK);
    for (size_t i = 0; i < 3; i++) {
        page_place(&page, page.rows[i], page.rows[i], page.rows[i] + 2, &place);
        assert_int_equal(place.line, wanted[i][0]);
        assert_int_equal(place.byte, wanted[i][1]);
    }
    page_release(&page);
    json_page_free(parser);
}

/* Nothing is kept that nobody wants. */
static void nothing_is_known_unasked(void **state)
{
    struct json_page *parser;
    struct page page = {.kind = PAGE_END};
    struct row_place place;
    char memory[] = "#{\"a\":1}####";
    (void)state;
    assert_int_equal(json_page_new(&parser, NULL), TG_OK);
    assert_int_equal(json_page_lines(parser, memory + 1, 7, 3, &page, NULL), TG_OK);
    page_place(&page, page.rows[0], page.rows[0], NULL, &place);
    assert_null(place.text);
    assert_int_equal(place.line, 3);
    assert_int_equal(place.byte, 0);
    page_release(&page);
    json_page_free(parser);
}

/* Nor of a row that takes as much memory as many pages. */
static void a_giant_is_not_kept(void **state)
{
    enum { LEN = 17 * 1024 * 1024 };
    struct json_page *parser;
    struct page page = {.kind = PAGE_END};
    struct row_place place;
    char *memory = mem_alloc(LEN + 8);
    (void)state;
    memset(memory, 'x', LEN);
    memcpy(memory + 1, "{\"a\":\"", 6);
    memcpy(memory + LEN - 2, "\"}", 2);
    assert_int_equal(json_page_new(&parser, NULL), TG_OK);
    json_page_set(parser, &(struct json_manner){.keeps = true});
    assert_int_equal(json_page_lines(parser, memory + 1, LEN - 1, 7, &page, NULL), TG_OK);
    page_place(&page, page.rows[0], page.rows[0], NULL, &place);
    assert_null(place.text);
    assert_int_equal(place.line, 7);
    page_release(&page);
    json_page_free(parser);
    mem_free(memory);
}

static int all_paths(void)
{
    struct json_page *parser = NULL;
    struct page page = {.kind = PAGE_END};
    struct row_place place;
    char memory[64] = "#[{\"a\":1},2]";
    int rc = TG_OK;
    TRY(json_page_new(&parser, NULL));
    json_page_set(parser, &(struct json_manner){.keeps = true});
    TRY(json_page_lines(parser, memory + 1, 11, 1, &page, NULL));
    page_place(&page, page.rows[1], page.rows[1], NULL, &place);
    assert_int_equal(place.text[0], '2');
done:
    page_release(&page);
    json_page_free(parser);
    return rc;
}

static void survives_a_lack_of_memory(void **state)
{
    (void)state;
    torture(all_paths);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),
        cmocka_unit_test(elements),
        cmocka_unit_test(behind_marks),
        cmocka_unit_test(parts),
        cmocka_unit_test(nothing_is_known_unasked),
        cmocka_unit_test(a_giant_is_not_kept),
        cmocka_unit_test(survives_a_lack_of_memory),
    };
    return cmocka_run_group_tests_name("data/json_place", tests, NULL, NULL);
}
