#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "data/page.h"
#include "extract/cursor/pack.h"
#include "tests/torture.h"

/* A row of the tape with all that a callback can push. */
static struct tg_rows *push_rows(const yyjson_val *const **list)
{
    struct tg_rows *rows = NULL;
    size_t count;
    if (rows_new(&rows, NULL) != TG_OK)
        return NULL;
    for (int i = 0; i < 2; i++) {
        tg_rows_begin_object(rows);
        tg_rows_key(rows, "text");
        tg_rows_text(rows, i ? "" : "a\xc3\xb8", i ? 0 : 3);
        tg_rows_key(rows, "decimal");
        tg_rows_decimal(rows, "12.50");
        tg_rows_key(rows, "binary");
        tg_rows_binary(rows, "\0\xff", 2);
        tg_rows_key(rows, "at");
        tg_rows_timestamp(rows, -1);
        tg_rows_key(rows, "list");
        tg_rows_begin_list(rows);
        tg_rows_int64(rows, i);
        tg_rows_begin_object(rows);
        tg_rows_key(rows, "none");
        tg_rows_null(rows);
        tg_rows_end_object(rows);
        tg_rows_end_list(rows);
        tg_rows_end_object(rows);
    }
    if (rows_finish(rows, (const yyjson_val ***)(uintptr_t)list, &count, NULL) != TG_OK) {
        rows_free(rows);
        return NULL;
    }
    return rows;
}

/* Two rows packed, their origin freed, and laid on another tape. */
static int go_and_return(struct buf text[2])
{
    const yyjson_val *const *list = NULL;
    struct tg_rows *from = push_rows(&list), *to = NULL;
    struct buf bytes[2] = {BUF_INIT, BUF_INIT};
    size_t cells = 0, cap;
    yyjson_val *cell;
    int rc = TG_OK;
    if (!from)
        return TG_NOMEM;
    for (int i = 0; i < 2; i++) {
        cell_json(&text[0], list[i], CELL_JSON_MARKERS);
        TRY(row_pack(list[i], &bytes[i], NULL));
    }
    rows_free(from);
    from = NULL;
    TRY(rows_new(&to, NULL));
    for (int i = 0; i < 2; i++)
        TRY(row_unpack(bytes[i].data, to, &cells, NULL));
    buf_release(&bytes[0]);
    buf_release(&bytes[1]);
    TRY(rows_reserve(to, cells, &cell, &cap, NULL));
    cell_json(&text[1], cell, CELL_JSON_MARKERS);
    cell_json(&text[1], cell_next(cell), CELL_JSON_MARKERS);
    TRY(buf_check(&text[0], NULL));
    TRY(buf_check(&text[1], NULL));
done:
    buf_release(&bytes[0]);
    buf_release(&bytes[1]);
    rows_free(from);
    rows_free(to);
    return rc;
}

static void rows_come_back_as_they_were(void **state)
{
    struct buf text[2] = {BUF_INIT, BUF_INIT};
    (void)state;
    assert_int_equal(go_and_return(text), TG_OK);
    assert_true(text[0].len > 100);
    assert_string_equal(buf_string(&text[0]), buf_string(&text[1]));
    buf_release(&text[0]);
    buf_release(&text[1]);
}

/* Of JSON: numbers beyond 64 bits are texts in the cells, too. */
static void parsed_rows_come_back(void **state)
{
    static const char line[] =
        " {\"a\":123456789012345678901234567890,\"b\":[{\"c\":\"d\"},{}]}    ";
    char text[sizeof(line)];
    struct json_page *parser = NULL;
    struct page page = {.kind = PAGE_END};
    struct tg_rows *rows = NULL;
    struct buf bytes = BUF_INIT, json = BUF_INIT;
    size_t cells = 0, cap;
    yyjson_val *cell;
    (void)state;
    memcpy(text, line, sizeof(line));
    assert_int_equal(json_page_new(&parser, NULL), TG_OK);
    assert_int_equal(json_page_lines(parser, text + 1, sizeof(line) - 6, 1, &page, NULL), TG_OK);
    assert_int_equal(row_pack(page.rows[0], &bytes, NULL), TG_OK);
    page_release(&page);
    json_page_free(parser);
    assert_int_equal(rows_new(&rows, NULL), TG_OK);
    assert_int_equal(row_unpack(bytes.data, rows, &cells, NULL), TG_OK);
    assert_int_equal(rows_reserve(rows, cells, &cell, &cap, NULL), TG_OK);
    cell_json(&json, cell, 0);
    assert_string_equal(buf_string(&json),
                        "{\"a\":123456789012345678901234567890,\"b\":[{\"c\":\"d\"},{}]}");
    buf_release(&json);
    buf_release(&bytes);
    rows_free(rows);
}

static int work(void)
{
    struct buf text[2] = {BUF_INIT, BUF_INIT};
    int rc = go_and_return(text);
    buf_release(&text[0]);
    buf_release(&text[1]);
    return rc;
}

static void out_of_memory(void **state)
{
    (void)state;
    torture(work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_back_as_they_were),
        cmocka_unit_test(parsed_rows_come_back),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests_name("extract/pack", tests, NULL, NULL);
}
