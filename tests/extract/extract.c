#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "extract/extract.h"
#include "extract/source.h"
#include "engine_helper.h"
#include "tests/torture.h"

/* A source of three pages: ids 1 2, none, 2 3. */
static int read_three(struct tg_read *call, struct tg_error *err)
{
    int *calls = call->user;
    (void)err;
    ++*calls;
    for (int id = *calls; *calls != 2 && id < *calls + 2; id++) {
        tg_rows_begin_object(call->rows);
        tg_rows_key(call->rows, "id");
        tg_rows_int64(call->rows, *calls == 3 ? id - 1 : id);
        tg_rows_end_object(call->rows);
    }
    call->done = *calls == 3;
    return TG_OK;
}

struct taken {
    struct buf text;
    int pushes, reports;
    int fail_at;
    struct extract_counts last;
};

static int take(void *user, struct page *page, struct tg_error *err)
{
    struct taken *taken = user;
    if (++taken->pushes == taken->fail_at)
        return error_set(err, TG_IO, "the disk is full");
    put_page(&taken->text, page);
    return TG_OK;
}

static void report(void *user, const struct extract_counts *counts)
{
    struct taken *taken = user;
    taken->reports++;
    taken->last = *counts;
}

static int hear(void *user, uint64_t first, size_t count, const uint8_t *new_rows,
                struct tg_error *err)
{
    struct taken *taken = user;
    (void)err;
    buf_printf(&taken->text, "%d:", (int)first);
    for (size_t i = 0; i < count; i++)
        buf_char(&taken->text, !new_rows || new_rows[i] ? 'y' : 'n');
    buf_char(&taken->text, ' ');
    return TG_OK;
}

static int run(struct cursor *cursor, struct taken *taken, struct extract_counts *counts,
               struct tg_error *err)
{
    int calls = 0;
    const struct resource_request request = {.read = read_three, .user = &calls};
    const struct extract_sink sink = {.push = take, .progress = report, .user = taken};
    struct page_stream *stream = NULL;
    int rc = TG_OK;
    TRY(source_find("callback")->read(NULL, &request, &stream, err));
    TRY(extract_run(&ctx, stream, cursor, &sink, counts, err));
done:
    page_stream_close(stream);
    return rc;
}

static void test_without_cursor(void **state)
{
    struct taken taken = {0};
    struct extract_counts counts = {.rows_read = 99};
    (void)state;
    context_init(&ctx);
    assert_int_equal(run(NULL, &taken, &counts, NULL), TG_OK);
    assert_string_equal(buf_string(&taken.text), "{\"id\":1} {\"id\":2} {\"id\":2} {\"id\":3} ");
    assert_int_equal(counts.rows_read, 4);
    assert_int_equal(counts.rows_filtered, 0);
    assert_true(counts.bytes > 0);
    assert_int_equal(taken.pushes, 2); /* an empty page is not pushed */
    assert_int_equal(taken.reports, 3);
    assert_int_equal(taken.last.rows_read, 4);
    buf_release(&taken.text);
}

static void test_with_cursor(void **state)
{
    struct taken taken = {0};
    struct extract_counts counts;
    struct cursor *cursor;
    (void)state;
    context_init(&ctx);
    assert_int_equal(
        cursor_new(&(struct cursor_options){.path = "id", .stored_last_json = "3"}, &cursor, NULL),
        TG_OK);
    assert_int_equal(run(cursor, &taken, &counts, NULL), TG_OK);
    assert_string_equal(buf_string(&taken.text), "{\"id\":3} ");
    assert_int_equal(counts.rows_read, 4);
    assert_int_equal(counts.rows_filtered, 3);
    assert_int_equal(taken.pushes, 1);
    buf_release(&taken.text);
    cursor_free(cursor);
}

static void test_cancel(void **state)
{
    struct taken taken = {0};
    struct extract_counts counts;
    atomic_int cancel = 1;
    (void)state;
    context_init(&ctx);
    ctx.cancel = &cancel;
    assert_int_equal(run(NULL, &taken, &counts, NULL), TG_CANCELLED);
    assert_int_equal(taken.pushes, 0);
    buf_release(&taken.text);
}

static void test_sink_fails(void **state)
{
    struct taken taken = {.fail_at = 2};
    struct extract_counts counts;
    struct tg_error err = {0};
    (void)state;
    context_init(&ctx);
    assert_int_equal(run(NULL, &taken, &counts, &err), TG_IO);
    assert_string_equal(err.what, "the disk is full");
    buf_release(&taken.text);
}

/* Batches with structs become rows, so that a cursor path leads into them. */
static void test_nested_batches(void **state)
{
    const char *path = path_in(*state, "x.parquet");
    const struct option_value values[] = {{"path", "x.parquet"}};
    struct buf json = BUF_INIT;
    struct taken taken = {0};
    const struct extract_sink sink = {.push = take, .judged = hear, .user = &taken};
    struct extract_counts counts;
    struct cursor *cursor;
    struct page_stream *stream;
    struct sources sources = {0};
    static const struct tg_cursor no_cursor = {.path = NULL};
    assert_int_equal(start_engine(NULL), 0);
    put_parquet(path, "range AS id, {'at': TIMESTAMP '2024-01-01' + INTERVAL (range) DAY} AS s "
                      "FROM range(4)");
    const struct resource_request request = {
        .source = {.services = {&ctx, engine}, .name = "s", .folder = *state},
        .values = values,
        .value_count = 1,
        .cursor = &no_cursor};
    assert_int_equal(sources_read(&sources, source_find("files"), &request, &stream, NULL), TG_OK);
    assert_int_equal(cursor_new(&(struct cursor_options){.path = "s.at",
                                                         .initial_value = {.kind = TG_VALUE_TEXT,
                                                                           .text = "2024-01-03"}},
                                &cursor, NULL),
                     TG_OK);
    assert_int_equal(extract_run(&ctx, stream, cursor, &sink, &counts, NULL), TG_OK);
    assert_string_equal(buf_string(&taken.text),
                        "1:nnyy {\"id\":2,\"s\":{\"at\":\"2024-01-03T00:00:00+00:00\"}} "
                        "{\"id\":3,\"s\":{\"at\":\"2024-01-04T00:00:00+00:00\"}} ");
    assert_int_equal(counts.rows_read, 4);
    assert_int_equal(counts.rows_filtered, 2);
    assert_int_equal(cursor_last_json(cursor, &json, NULL), TG_OK);
    assert_string_equal(buf_string(&json), "\"\xef\x80\xa7"
                                           "2024-01-04T00:00:00\""); /* naive */
    buf_release(&json);
    buf_release(&taken.text);
    cursor_free(cursor);
    page_stream_close(stream);
    sources_close(&sources);
    stop_engine(NULL);
}

static int work(void)
{
    struct taken taken = {0};
    struct extract_counts counts;
    struct cursor *cursor = NULL;
    int rc = TG_OK;
    context_init(&ctx);
    TRY(cursor_new(&(struct cursor_options){.path = "id"}, &cursor, NULL));
    TRY(run(cursor, &taken, &counts, NULL));
    TRY(buf_check(&taken.text, NULL));
done:
    buf_release(&taken.text);
    cursor_free(cursor);
    return rc;
}

static void test_out_of_memory(void **state)
{
    (void)state;
    torture(work);
}

/* ---- what cannot be read ---- */

/* Pages: a row and a bad one, a bad one alone, the end. */
static int next_bad(struct page_stream *stream, struct page *page, struct tg_error *err)
{
    static const yyjson_val cell = {.tag = YYJSON_TYPE_OBJ};
    static int pages;
    const struct bad_row bad = {.line = 3, .reason = "too short", .text = "x"};
    int rc = TG_OK;
    (void)stream;
    page_clear(page);
    if (++pages == 3)
        goto done;
    TRY(page_add_bad(page, &bad, 1, err));
    page->kind = PAGE_ROWS;
    if (pages == 2)
        goto done;
    TRY(mem_grow(&page->rows, &page->row_cap, 1, sizeof(*page->rows), err));
    page->rows[0] = page->first_cell = &cell;
    page->row_count = page->read_count = 1;
done:
    return rc;
}

static int take_bad(void *user, const struct page *page, struct tg_error *err)
{
    struct taken *taken = user;
    (void)err;
    for (size_t i = 0; i < page_bad_count(page); i++)
        buf_printf(&taken->text, "%d:%s ", (int)page->bad->items[i].line, page->bad->items[i].text);
    return TG_OK;
}

static void test_bad_rows(void **state)
{
    struct page_stream stream = {next_bad, NULL};
    struct taken taken = {0};
    struct extract_counts counts;
    const struct extract_sink sink = {.push = take, .bad = take_bad, .user = &taken};
    (void)state;
    context_init(&ctx);
    assert_int_equal(extract_run(&ctx, &stream, NULL, &sink, &counts, NULL), TG_OK);
    assert_string_equal(buf_string(&taken.text), "3:x {} 3:x ");
    assert_int_equal(taken.pushes, 1);
    assert_int_equal(counts.rows_read, 3);
    buf_release(&taken.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_cursor),
        cmocka_unit_test(test_with_cursor),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_sink_fails),
        cmocka_unit_test(test_bad_rows),
        cmocka_unit_test_setup_teardown(test_nested_batches, folder_setup, folder_teardown),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests_name("extract/extract", tests, NULL, NULL);
}
