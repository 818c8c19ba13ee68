/*
 * src/data/json_page.c: pages of JSON lines and of list elements, good ones and broken ones.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "data/page.h"
#include "tests/torture.h"

enum { ROOM = 1 << 20 };

typedef int (*parse_fn)(struct json_page *, char *, size_t, uint64_t, struct page *,
                        struct tg_error *);

struct fixture {
    struct json_page *parser;
    struct page page;
    struct tg_error err;
    char *memory;
};

static int setup(void **state)
{
    struct fixture *f = mem_calloc(1, sizeof(*f));
    f->memory = mem_alloc(ROOM);
    *state = f;
    return json_page_new(&f->parser, NULL);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    json_page_free(f->parser);
    json_page_free(NULL);
    page_release(&f->page);
    mem_free(f->memory);
    mem_free(f);
    return 0;
}

/* The text lies between guards, so that a write beyond its room is seen. */
static int parse_with(struct fixture *f, parse_fn parse, const char *text, size_t len,
                      uint64_t first)
{
    int rc;
    assert_true(len + 7 <= ROOM);
    f->memory[0] = '#';
    memcpy(f->memory + 2, text, len);
    memset(f->memory + 2 + len, '#', 5);
    f->err = (struct tg_error){0};
    rc = parse(f->parser, f->memory + 2, len, first, &f->page, &f->err);
    assert_int_equal(f->memory[0], '#');
    assert_int_equal(f->memory[2 + len + 4], '#');
    return rc;
}

static int parse_lines(struct fixture *f, const char *text)
{
    return parse_with(f, json_page_lines, text, strlen(text), 1);
}

/* All rows as JSON, each with its line number. */
static void check_rows(struct fixture *f, const char *expected)
{
    struct buf out = BUF_INIT;
    const yyjson_val *cell = f->page.first_cell;
    assert_int_equal(f->page.kind, PAGE_ROWS);
    assert_int_equal(f->page.row_count, f->page.read_count);
    for (size_t i = 0; i < f->page.row_count; i++, cell = cell_next(cell)) {
        assert_ptr_equal(f->page.rows[i], cell); /* so page_where finds it */
        if (f->page.lines)
            buf_printf(&out, "%d:", (int)f->page.lines[i]);
        cell_json(&out, cell, 0);
        buf_char(&out, ' ');
    }
    assert_string_equal(buf_string(&out), expected);
    buf_release(&out);
}

static void check_good(struct fixture *f, const char *text, const char *expected)
{
    assert_int_equal(parse_lines(f, text), TG_OK);
    assert_int_equal(f->page.bytes, strlen(text));
    check_rows(f, expected);
}

static void check_bad(struct fixture *f, const char *text, const char *where, const char *what)
{
    assert_int_equal(parse_lines(f, text), TG_DATA);
    assert_int_equal(f->page.row_count, 0);
    assert_string_equal(f->err.where, where);
    if (!strstr(f->err.what, what))
        fail_msg("'%s' does not hold '%s'", f->err.what, what);
}

static void objects_on_lines(void **state)
{
    struct fixture *f = *state;
    check_good(f, "", "");
    check_good(f, "\n", "");
    check_good(f, " \r\n\t\n\n", "");
    check_good(f, "{\"a\":1}", "1:{\"a\":1} ");
    check_good(f, "{\"a\":1}\n", "1:{\"a\":1} ");
    check_good(f, "{\"a\":1}\n{\"a\":2}", "1:{\"a\":1} 2:{\"a\":2} ");
    check_good(f, "{\"a\":1}\r\n{\"a\":2}\r\n", "1:{\"a\":1} 2:{\"a\":2} ");
    check_good(f, "\n\n{\"a\":1}\n  \n\r\n{\"a\":2}\n\n", "3:{\"a\":1} 6:{\"a\":2} ");
    check_good(f, " \t{ \"a\" : [1 , {}] } \n{\"\":\"\"}\n", "1:{\"a\":[1,{}]} 2:{\"\":\"\"} ");
    check_good(f, "{}\n{ }\n {\"a\":{}}\n{}\n", "1:{} 2:{} 3:{\"a\":{}} 4:{} ");
    check_good(f, "{\"a\":\"x,y\\n\\u00e9\"}\n{\"\\u0061\":NaN}\n",
               "1:{\"a\":\"x,y\\n\xc3\xa9\"} 2:{\"a\":null} ");
    check_good(f, "{\"a\":-1,\"b\":18446744073709551616,\"c\":1.5}\n",
               "1:{\"a\":-1,\"b\":18446744073709551616,\"c\":1.5} ");
}

static void numbers_that_json_has_not(void **state)
{
    struct fixture *f = *state;
    const yyjson_val *row;
    check_good(f, "{\"a\":1}\n{\"a\":NaN,\"b\":[-Infinity,inf,99999999999999999999]}\n",
               "1:{\"a\":1} 2:{\"a\":null,\"b\":[null,null,99999999999999999999]} ");
    row = f->page.rows[1];
    assert_int_equal(cell_kind(cell_find(row, "a", 1)), CELL_DOUBLE);
    assert_true(isnan(cell_find(row, "a", 1)->uni.f64));
    assert_true(cell_first(cell_find(row, "b", 1))[0].uni.f64 == -HUGE_VAL);
    assert_true(cell_first(cell_find(row, "b", 1))[1].uni.f64 == HUGE_VAL);
    assert_int_equal(cell_kind(cell_first(cell_find(row, "b", 1)) + 2), CELL_DECIMAL);
}

static void line_numbers_go_on(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(parse_with(f, json_page_lines, "{\"a\":1}\n\n{\"a\":2}", 16, 1000), TG_OK);
    check_rows(f, "1000:{\"a\":1} 1002:{\"a\":2} ");
    assert_int_equal(f->page.first_row, 1000);
    assert_int_equal(parse_with(f, json_page_lines, "\n{\"a\"\n", 7, 1000), TG_DATA);
    assert_string_equal(f->err.where, "line 1001, byte 5");
}

static void scalars_and_lists_on_lines(void **state)
{
    struct fixture *f = *state;
    check_good(f, "1\n\"a\"\nnull\ntrue\n{\"a\":1}\n",
               "1:{\"value\":1} 2:{\"value\":\"a\"} 4:{\"value\":true} 5:{\"a\":1} ");
    check_good(f, "[{\"a\":1},[2],null,3]\n\n[]\n{}\n",
               "1:{\"a\":1} 1:{\"value\":[2]} 1:{\"value\":null} 1:{\"value\":3} 4:{} ");
    check_good(f, "null\n", "");
    check_good(f, "[]", "");
    check_good(f, "123456789012345678901\n", "1:{\"value\":123456789012345678901} ");
}

static void broken_lines_are_named(void **state)
{
    struct fixture *f = *state;
    check_bad(f, "{\"a\":1}\n{\"a\":x}\n{\"a\":3}", "line 2, byte 6", "malformed JSON: ");
    check_bad(f, "{\"a\":1}\n{\"a\":1", "line 2, byte 7", "unexpected end");
    check_bad(f, "{\"a\":1}\n\n\n{\"a\":1}}\n", "line 4, byte 8", "unexpected content");
    check_bad(f, "{\"a\":1,}\n", "line 1, byte 7", "comma stands before");
    check_bad(f, "{\"a\":1},\n{\"a\":2}\n", "line 1, byte 8", "comma stands behind");
    check_bad(f, "{\"a\":\"\xff\"}\n", "line 1, byte 7", "UTF-8");
    check_bad(f, "{\"a\":\"\xe2\x82", "line 1, byte 9", "malformed JSON: ");
    check_bad(f, "]\n[", "line 1, byte 1", "unexpected character");
    check_bad(f, "],[", "line 1, byte 1", "unexpected character");
    check_bad(f, "\xef\xbb\xbf{}\n", "line 1, byte 1", "BOM");
    check_bad(f, "{\"a\":01}\n", "line 1, byte 6", "number");
    check_bad(f, "1\n2 3\n", "line 2, byte 3", "unexpected content");
}

/* Each of these is a well-formed list once its newlines are commas. */
static void a_value_must_stand_on_its_own_line(void **state)
{
    static const char *const pages[] = {
        "{\"a\":1},{\"b\":2}\n",
        "{\"a\":1\n\"b\":2}\n",
        "{\"a\":1\n\"b\":2},{\"c\":3}\n",
        "{\"a\":1\n\"b\":2},{}\n",
        "{\"a\":1},{\"b\":2}\n{\"c\":3\n\"d\":4}\n",
        "{},{\"a\":1\n\"b\":2}\n",
        "{\"a\":[1\n2]},{\"c\":3}\n",
        "{\"a\":[{\"x\":1}\n{\"y\":2}]},{\"c\":3}\n",
        "{\"a\":[1\n{}]},{}\n",
        "{\"a\":[1\n{}\n{\"b\":1}]},{},{\"b\":1}\n",
        "{\"a\":[1\n{}\n{}]},{},{}\n",
        "{},{}\n{\"a\":[\"1\"\n2]}\n",
        "{\"a\":\"x\ny\"},{\"b\":1}\n",
        "{\"a\":\"x\n{\"},{\"b\":1}\n",
        "{\"a\":\"x\n{}\"},{}\n",
        "{\"b\":1}\n{\"a\":\"x\n{\"b\":\"},{\"b\":1}\n",
        "1,2\n",
        "[1\n2]\n",
        "[1\n2],3\n",
        "[{\"a\":1\n\"b\":2}]\n",
    };
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        struct fixture *f = *state;
        int rc = parse_lines(f, pages[i]);
        if (rc != TG_DATA)
            fail_msg("page %zu was taken: %s", i, pages[i]);
        assert_memory_equal(f->err.where, "line ", 5);
    }
}

static void deep_nesting_is_refused(void **state)
{
    struct fixture *f = *state;
    static const int depths[] = {100, 1000, 1001, 10000};
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < 4; i++) {
        buf_clear(&text);
        buf_text(&text, "{\"a\":1}\n{\"a\":");
        for (int level = 1; level < depths[i]; level++)
            buf_char(&text, '[');
        for (int level = 1; level < depths[i]; level++)
            buf_char(&text, ']');
        buf_text(&text, "}\n");
        if (depths[i] <= CELL_DEPTH_MAX) {
            assert_int_equal(parse_lines(f, text.data), TG_OK);
            assert_int_equal(f->page.row_count, 2);
        } else {
            check_bad(f, text.data, "line 2, byte 1", "nested deeper than 1000 levels");
        }
    }
    buf_release(&text);
}

static void elements_of_a_list(void **state)
{
    struct fixture *f = *state;
    static const char good[] = "{\"a\":1},\n {\"a\":[{}]} , {}";
    static const char mixed[] = "{\"a\":1},null,[1,2],\"x\"";
    static const char bad[] = "{\"a\":\"},{\\\"\"}, [1,2], {\"b\":tru}, 1";
    assert_int_equal(parse_with(f, json_page_elements, good, strlen(good), 1), TG_OK);
    check_rows(f, "{\"a\":1} {\"a\":[{}]} {} ");
    assert_int_equal(parse_with(f, json_page_elements, mixed, strlen(mixed), 1), TG_OK);
    check_rows(f, "{\"a\":1} {\"value\":null} {\"value\":[1,2]} {\"value\":\"x\"} ");
    assert_int_equal(parse_with(f, json_page_elements, "", 0, 1), TG_OK);
    check_rows(f, "");
    assert_int_equal(parse_with(f, json_page_elements, " \n", 2, 1), TG_OK);
    check_rows(f, "");
    assert_int_equal(parse_with(f, json_page_elements, bad, strlen(bad), 41), TG_DATA);
    assert_string_equal(f->err.where, "row 43, byte 6");
    assert_int_equal(parse_with(f, json_page_elements, "1],[2", 5, 1), TG_DATA);
    assert_int_equal(parse_with(f, json_page_elements, "{\"a\":1},", 8, 1), TG_DATA);
    assert_int_equal(parse_with(f, json_page_elements, "{\"a\":1", 6, 1), TG_DATA);
    assert_memory_equal(f->err.where, "row 1, ", 7);
}

/* What people write who mean JSON. */
static void hints(void **state)
{
    struct fixture *f = *state;
    check_bad(f, "// rows\n{}\n", "line 1, byte 1", "no comments; take them out");
    check_bad(f, "{\"a\":1} # one\n", "line 1, byte 9", "no comments; take them out");
    check_bad(f, "{\"a\":/* one */1}\n", "line 1, byte 6", "no comments; take them out");
    check_bad(f, "{\"a\":[1, ]}\n", "line 1, byte 8", "comma stands before the closing bracket");
    check_bad(f, "{\"a\":1},\n{\"a\":2}\n", "line 1, byte 8", "comma stands behind the value");
    check_bad(f, "{'a':1}\n", "line 1, byte 2", "in double quotes");
    check_bad(f, "{\"a\":None}\n", "line 1, byte 6", "null, true and false");
    check_bad(f, "{\"a\":x}\n", "line 1, byte 6", "; fix the line or remove it");
}

static void check_marked(struct fixture *f, const char *text, const char *expected)
{
    assert_int_equal(parse_with(f, json_page_marked, text, strlen(text), 1), TG_OK);
    check_rows(f, expected);
}

/* Their number is that of the line where each begins. */
static void texts_behind_marks(void **state)
{
    struct fixture *f = *state;
    check_marked(f, "", "");
    check_marked(f, "\x1e", "");
    check_marked(f, "\x1e\n\x1e \x1e", "");
    check_marked(f, "\x1e{\"a\":1}\n\x1e{\"a\":2}\n", "1:{\"a\":1} 2:{\"a\":2} ");
    check_marked(f, "{\"a\":1}\n\x1e\x1e\n{\n\"a\":\n2}\n\x1e{}\n\x1e\n",
                 "1:{\"a\":1} 3:{\"a\":2} 6:{} ");
    check_marked(f,
                 "\x1e"
                 "1\n\x1e[{\"a\":1},2]\n",
                 "1:{\"value\":1} 2:{\"a\":1} 2:{\"value\":2} ");
    assert_int_equal(parse_with(f, json_page_marked, "\x1e{}\n\x1e{\n\"a\":}\n\x1e{}", 15, 1),
                     TG_DATA);
    assert_string_equal(f->err.where, "line 3, byte 5");
    assert_int_equal(parse_with(f, json_page_marked, "\x1e{} {}", 6, 1), TG_DATA);
}

/* What was rejected, each as line:byte:text. */
static void check_rejected(struct fixture *f, const char *expected)
{
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < page_bad_count(&f->page); i++) {
        const struct bad_row *bad = &f->page.bad->items[i];
        buf_printf(&out, "%d:%d:%s ", (int)bad->line, (int)bad->byte, bad->text);
        assert_int_equal(strncmp(bad->reason, "malformed JSON: ", 16), 0);
        assert_null(strstr(bad->reason, "fix"));
    }
    assert_string_equal(buf_string(&out), expected);
    buf_release(&out);
    bad_rows_clear(f->page.bad);
}

static void bad_lines_are_rejected(void **state)
{
    struct fixture *f = *state;
    json_page_set(f->parser, &(struct json_manner){.rejects = true});
    check_good(f, "{\"a\":1}\n{\"a\":}\n\n{\"a\":3}\nx", "1:{\"a\":1} 4:{\"a\":3} ");
    check_rejected(f, "2:6:{\"a\":} 5:1:x ");
    check_good(f, "{\n{\"a\":1}\n\"b\":2}\n", "2:{\"a\":1} ");
    check_rejected(f, "1:2:{ 3:4:\"b\":2} ");
    check_good(f, "x\ny", "");
    check_rejected(f, "1:1:x 2:1:y ");
    check_good(f, "{} {}\n[1,\n2\n", "3:{\"value\":2} ");
    check_rejected(f, "1:4:{} {} 2:4:[1, ");
    check_good(f, "{\"a\":\"\xff\"}\n{}", "2:{} ");
    check_rejected(f, "1:7:{\"a\":\"\\xff\"} ");
}

static void bad_texts_behind_marks_are_rejected(void **state)
{
    struct fixture *f = *state;
    const struct json_part part = {0, 10, 4};
    json_page_set(f->parser,
                  &(struct json_manner){.parts = &part, .part_count = 1, .rejects = true});
    check_marked(f, "\x1e{\"a\":\x1e{\n}\x1e\x1e{\n\"b\":x}\n\x1e{}", "1:{} 4:{} ");
    check_rejected(f, "10:11:{\"a\": 12:5:{\n\"b\":x}\n ");
    check_marked(f, "\x1ex\x1ey\x1e", "");
    check_rejected(f, "10:6:x 10:8:y ");
}

static void check_elements(struct fixture *f, const char *text, const char *expected)
{
    if (parse_with(f, json_page_elements, text, strlen(text), 7) != TG_OK)
        fail_msg("%s: %s", text, f->err.what);
    check_rows(f, expected);
}

/* The others keep the numbers of their rows. */
static void bad_elements_are_rejected(void **state)
{
    struct fixture *f = *state;
    const struct json_part parts[] = {{0, 1, 0}, {9, 5, 2}};
    json_page_set(f->parser,
                  &(struct json_manner){.parts = parts, .part_count = 2, .rejects = true});
    check_elements(f, "{\"a\":1},\n{\"a\":x}\n,{\n}", "7:{\"a\":1} 9:{} ");
    check_rejected(f, "5:8:{\"a\":x}\n ");
    check_elements(f, "x,{\"a\":1}", "8:{\"a\":1} ");
    check_rejected(f, "1:1:x ");
    check_elements(f, "1,x", "7:{\"value\":1} ");
    check_rejected(f, "1:3:x ");
    check_elements(f, "{},x,y", "7:{} ");
    check_rejected(f, "1:4:x 1:6:y ");
    check_elements(f, "x,y", "");
    check_rejected(f, "1:1:x 1:3:y ");
    check_elements(f, "{},,{}", "7:{} 9:{} ");
    check_rejected(f, "1:4: ");
    check_elements(f, "{\"a\":1} {\"a\":2},{}", "8:{} ");
    check_rejected(f, "1:9:{\"a\":1} {\"a\":2} ");
    assert_int_equal(f->page.lines_are_rows, true);
}

/* One that is too deep is as bad as one that is malformed. */
static void deep_rows_are_rejected(void **state)
{
    struct fixture *f = *state;
    struct buf text = BUF_INIT;
    json_page_set(f->parser, &(struct json_manner){.rejects = true});
    for (int elements = 0; elements < 2; elements++) {
        buf_clear(&text);
        for (int i = 0; i < 2200; i++)
            buf_text(&text, i < 1100 ? "[" : "]");
        buf_text(&text, elements ? ",{\"a\":1}" : "\n{\"a\":1}");
        assert_int_equal(
            parse_with(f, elements ? json_page_elements : json_page_lines, text.data, text.len, 1),
            TG_OK);
        assert_int_equal(f->page.row_count, 1);
        assert_int_equal(page_bad_count(&f->page), 1);
        assert_non_null(strstr(f->page.bad->items[0].reason, "nested deeper"));
        bad_rows_clear(f->page.bad);
    }
    buf_release(&text);
}

static void memory_is_kept_between_pages(void **state)
{
    struct fixture *f = *state;
    struct buf text = BUF_INIT;
    for (int i = 0; i < 2000; i++)
        buf_printf(&text, "{\"id\":%d,\"name\":\"n%d\",\"tags\":[1,2,3]}\n", i, i);
    assert_int_equal(parse_lines(f, text.data), TG_OK);
    mem_fail_at(1); /* the second page needs nothing */
    assert_int_equal(parse_lines(f, text.data), TG_OK);
    mem_fail_at(0);
    assert_int_equal(f->page.row_count, 2000);
    assert_int_equal(cell_find(f->page.rows[1999], "id", 2)->uni.u64, 1999);
    buf_release(&text);
}

static int all_paths(void)
{
    static const char *const pages[] = {"{\"a\":1}\n{\"b\":[1,2]}\n", "1\n[2,{\"a\":3}]\n"};
    struct json_page *parser = NULL;
    struct page page = {.kind = PAGE_END};
    char text[64];
    int rc = TG_OK;
    TRY(json_page_new(&parser, NULL));
    for (int i = 0; i < 4; i++) {
        size_t len = strlen(pages[i % 2]);
        memcpy(text + 1, pages[i % 2], len);
        TRY(json_page_lines(parser, text + 1, len, 1, &page, NULL));
    }
    memcpy(text + 1, "1,{}", 4);
    TRY(json_page_elements(parser, text + 1, 4, 1, &page, NULL));
    json_page_set(parser, &(struct json_manner){.rejects = true});
    memcpy(text + 1, "x,{},[", 6);
    TRY(json_page_elements(parser, text + 1, 6, 1, &page, NULL));
    memcpy(text + 1, "x\n{}\n[", 6);
    TRY(json_page_lines(parser, text + 1, 6, 1, &page, NULL));
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

#define PARSER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PARSER_TEST(objects_on_lines),
        PARSER_TEST(numbers_that_json_has_not),
        PARSER_TEST(line_numbers_go_on),
        PARSER_TEST(scalars_and_lists_on_lines),
        PARSER_TEST(broken_lines_are_named),
        PARSER_TEST(a_value_must_stand_on_its_own_line),
        PARSER_TEST(deep_nesting_is_refused),
        PARSER_TEST(elements_of_a_list),
        PARSER_TEST(hints),
        PARSER_TEST(texts_behind_marks),
        PARSER_TEST(bad_lines_are_rejected),
        PARSER_TEST(bad_texts_behind_marks_are_rejected),
        PARSER_TEST(bad_elements_are_rejected),
        PARSER_TEST(deep_rows_are_rejected),
        PARSER_TEST(memory_is_kept_between_pages),
        cmocka_unit_test(survives_a_lack_of_memory),
    };
    return cmocka_run_group_tests_name("data/json_page", tests, NULL, NULL);
}
