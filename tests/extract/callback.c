#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "extract/cursor/cursor.h"
#include "extract/extract.h"
#include "extract/source.h"
#include "helper.h"
#include "tests/torture.h"

struct story {
    int calls;
    int fail_at; /* which batch of the stream fails; 0: none */
    int batches; /* of the stream so far */
    bool released;
    const char *last_of_cursor;
};

static struct context ctx;

static const struct tg_cursor cursor = {.path = "ts"};

static struct page_stream *open_read(tg_read_fn read, void *user)
{
    const struct resource_request request = {.source = {.services = {.ctx = &ctx}},
                                             .name = "r",
                                             .cursor = &cursor,
                                             .read = read,
                                             .user = user};
    struct page_stream *stream = NULL;
    context_init(&ctx);
    assert_int_equal(source_find("callback")->read(NULL, &request, &stream, NULL), TG_OK);
    return stream;
}

static int next_page(struct page_stream *stream, struct page *page, struct tg_error *err)
{
    *page = (struct page){.kind = PAGE_END};
    return stream->next(stream, page, err);
}

/* All pages to the end: "R:" or "A:" and its rows for each. */
static char *read_all(struct page_stream *stream)
{
    struct buf out = BUF_INIT;
    struct page page;
    for (;;) {
        struct tg_error err = {0};
        if (next_page(stream, &page, &err) != TG_OK)
            fail_msg("%s", err.what);
        if (page.kind == PAGE_END)
            break;
        buf_text(&out, page.kind == PAGE_ROWS ? "R:" : "A:");
        put_page(&out, &page);
        page_release(&page);
    }
    page_release(&page);
    return buf_take(&out);
}

static void push(struct tg_rows *rows, int64_t id)
{
    tg_rows_begin_object(rows);
    tg_rows_key(rows, "id");
    tg_rows_int64(rows, id);
    tg_rows_end_object(rows);
}

/* ---- rows ---- */

static int read_rows(struct tg_read *call, struct tg_error *err)
{
    struct story *story = call->user;
    (void)err;
    story->calls++;
    assert_string_equal(call->cursor->path, "ts");
    assert_false(call->done);
    assert_null(call->stream.release);
    if (story->calls != 2) { /* the second page is empty, and not the end */
        push(call->rows, story->calls);
        push(call->rows, story->calls * 10);
    }
    call->done = story->calls == 3;
    return TG_OK;
}

static void test_rows(void **state)
{
    struct story story = {0};
    struct page_stream *stream = open_read(read_rows, &story);
    char *text = read_all(stream);
    (void)state;
    assert_string_equal(text, "R:{\"id\":1} {\"id\":10} R:R:{\"id\":3} {\"id\":30} ");
    assert_int_equal(story.calls, 3);
    mem_free(text);
    page_stream_close(stream);
}

static struct cursor_counts judged = {.below = 3, .beyond = 1};

static int read_counts(struct tg_read *call, struct tg_error *err)
{
    (void)err;
    assert_int_equal(call->rows_before, judged.below);
    assert_int_equal(call->rows_beyond, judged.beyond);
    judged.below++;
    call->done = judged.below == 5;
    return TG_OK;
}

/* What the cursor has left out so far is up to date at each call. */
static void test_rows_that_were_left_out(void **state)
{
    const struct resource_request request = {.source = {.services = {.ctx = &ctx}},
                                             .name = "r",
                                             .cursor = &cursor,
                                             .counts = &judged,
                                             .read = read_counts};
    struct page_stream *stream = NULL;
    (void)state;
    context_init(&ctx);
    assert_int_equal(source_find("callback")->read(NULL, &request, &stream, NULL), TG_OK);
    mem_free(read_all(stream));
    assert_int_equal(judged.below, 5);
    page_stream_close(stream);
}

static void test_row_numbers(void **state)
{
    struct story story = {0};
    struct page_stream *stream = open_read(read_rows, &story);
    struct tg_error err = {0};
    struct page page;
    (void)state;
    assert_int_equal(next_page(stream, &page, NULL), TG_OK);
    page_release(&page);
    assert_int_equal(next_page(stream, &page, NULL), TG_OK);
    page_release(&page);
    assert_int_equal(next_page(stream, &page, NULL), TG_OK);
    assert_int_equal(page_where(&page, page.rows[1], TG_DATA, &err), TG_OK);
    assert_string_equal(err.where, "row 4");
    page_release(&page);
    page_stream_close(stream);
}

/* ---- streams ---- */

static int story_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    static const char *const names[] = {"id"};
    static const struct type_spec types[] = {{.type = TYPE_BIGINT}};
    (void)stream;
    return schema_make(names, types, 1, out, NULL) == TG_OK ? 0 : 12;
}

static int story_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct story *story = stream->private_data;
    struct column column = {.len = 0};
    struct ArrowArray child = {.release = NULL};
    int rc = TG_OK;
    *out = (struct ArrowArray){.release = NULL};
    if (++story->batches == story->fail_at)
        return 5;
    if (story->batches > 2)
        return 0;
    TRY(column_init(&column, &(struct type_spec){.type = TYPE_BIGINT}, NULL));
    column_set_int64(&column, 0, 100 + story->batches);
    TRY(column_export(&column, 1, &child, NULL));
    TRY(batch_make(&child, 1, 1, out, NULL));
done:
    column_release(&column);
    return rc == TG_OK ? 0 : 12;
}

static const char *story_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return "the wire broke";
}

static void story_release(struct ArrowArrayStream *stream)
{
    ((struct story *)stream->private_data)->released = true;
    stream->release = NULL;
}

static int read_both(struct tg_read *call, struct tg_error *err)
{
    struct story *story = call->user;
    (void)err;
    story->calls++;
    push(call->rows, story->calls);
    call->stream = (struct ArrowArrayStream){.get_schema = story_schema,
                                             .get_next = story_next,
                                             .get_last_error = story_error,
                                             .release = story_release,
                                             .private_data = story};
    call->done = true;
    return TG_OK;
}

static void test_rows_then_stream(void **state)
{
    struct story story = {0};
    struct page_stream *stream = open_read(read_both, &story);
    char *text = read_all(stream);
    (void)state;
    assert_string_equal(text, "R:{\"id\":1} A:id=101 A:id=102 ");
    assert_true(story.released);
    assert_int_equal(story.calls, 1);
    mem_free(text);
    page_stream_close(stream);
}

static void test_stream_fails(void **state)
{
    struct story story = {.fail_at = 2};
    struct page_stream *stream = open_read(read_both, &story);
    struct tg_error err = {0};
    struct page page;
    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(next_page(stream, &page, &err), TG_OK);
        page_release(&page);
    }
    assert_int_equal(next_page(stream, &page, &err), TG_SOURCE);
    assert_non_null(strstr(err.what, "the wire broke"));
    page_release(&page);
    page_stream_close(stream);
    assert_true(story.released);
}

/* A stream that is never read is released. */
static void test_close_early(void **state)
{
    struct story story = {0};
    struct page_stream *stream = open_read(read_both, &story);
    struct page page;
    (void)state;
    assert_int_equal(next_page(stream, &page, NULL), TG_OK);
    page_release(&page);
    page_stream_close(stream);
    assert_true(story.released);
}

/* ---- mistakes ---- */

static int read_silently_failing(struct tg_read *call, struct tg_error *err)
{
    (void)err;
    push(call->rows, 1);
    return *(int *)call->user;
}

static int read_failing(struct tg_read *call, struct tg_error *err)
{
    snprintf(err->what, sizeof(err->what), "no such table");
    return *(int *)call->user;
}

static void check_failure(tg_read_fn read, int returned, int code, const char *what)
{
    struct page_stream *stream = open_read(read, &returned);
    struct tg_error err = {0};
    struct page page;
    assert_int_equal(next_page(stream, &page, &err), code);
    assert_int_equal(err.code, code);
    assert_non_null(strstr(err.what, what));
    page_release(&page);
    assert_int_equal(next_page(stream, &page, NULL), code);
    page_release(&page);
    page_stream_close(stream);
}

static void test_failures(void **state)
{
    (void)state;
    check_failure(read_silently_failing, TG_IO, TG_IO, "read returned 4 without a message");
    check_failure(read_silently_failing, -1, TG_SOURCE, "read returned -1");
    check_failure(read_failing, TG_DATA, TG_DATA, "no such table");
    check_failure(read_failing, 99, TG_SOURCE, "no such table");
}

static int read_unfinished(struct tg_read *call, struct tg_error *err)
{
    (void)err;
    tg_rows_begin_object(call->rows);
    return TG_OK;
}

static int read_nothing(struct tg_read *call, struct tg_error *err)
{
    (void)err;
    ++*(int *)call->user;
    return TG_OK;
}

static void test_mistakes(void **state)
{
    int unused = 0;
    (void)state;
    check_failure(read_unfinished, 0, TG_USAGE, "begun but not ended");
    struct page_stream *stream = open_read(read_nothing, &unused);
    struct tg_error err = {0};
    struct page page;
    int rc = TG_OK;
    while (rc == TG_OK) {
        rc = next_page(stream, &page, &err);
        assert_int_equal(page.row_count, 0);
        page_release(&page);
    }
    assert_int_equal(rc, TG_SOURCE);
    assert_non_null(strstr(err.what, "done"));
    page_stream_close(stream);
}

static void test_no_function(void **state)
{
    struct page_stream *stream;
    struct tg_error err = {0};
    (void)state;
    assert_int_equal(
        source_find("callback")->read(NULL, &(struct resource_request){.name = "r"}, &stream, &err),
        TG_USAGE);
    assert_null(stream);
    assert_non_null(strstr(err.what, "'r'"));
}

static int work(void)
{
    const struct source_driver *driver = source_find("callback");
    struct story story = {0};
    const struct resource_request request = {.cursor = &cursor, .read = read_both, .user = &story};
    struct page_stream *stream = NULL;
    struct page page = {.kind = PAGE_END};
    int rc = TG_OK;
    TRY(driver->read(NULL, &request, &stream, NULL));
    do {
        page_release(&page);
        rc = next_page(stream, &page, NULL);
    } while (rc == TG_OK && page.kind != PAGE_END);
    if (rc == TG_SOURCE) /* the story's stream ran out of memory, and that is what it says */
        rc = TG_NOMEM;
done:
    page_release(&page);
    page_stream_close(stream);
    return rc;
}

/* ---- streams that are no Arrow ---- */

static int32_t offsets_back[] = {0, 3, 1, 5};

static void nothing_to_free(struct ArrowArray *array)
{
    array->release = NULL;
}

static void no_schema_to_free(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static int bad_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    static struct ArrowSchema child, *children[] = {&child};
    (void)stream;
    child = (struct ArrowSchema){.format = "u", .name = "t", .release = no_schema_to_free};
    *out = (struct ArrowSchema){
        .format = "+s", .n_children = 1, .children = children, .release = no_schema_to_free};
    return 0;
}

static int bad_batch(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    static const void *buffers[] = {NULL, offsets_back, "abcdef"}, *validity[] = {NULL};
    static struct ArrowArray child, *children[] = {&child};
    (void)stream;
    child = (struct ArrowArray){
        .length = 3, .n_buffers = 3, .buffers = buffers, .release = nothing_to_free};
    *out = (struct ArrowArray){.length = 3,
                               .n_buffers = 1,
                               .buffers = validity,
                               .n_children = 1,
                               .children = children,
                               .release = nothing_to_free};
    return 0;
}

static void bad_release(struct ArrowArrayStream *stream)
{
    stream->release = NULL;
}

static int read_bad_stream(struct tg_read *call, struct tg_error *err)
{
    (void)err;
    call->stream = (struct ArrowArrayStream){.get_schema = bad_schema,
                                             .get_next = bad_batch,
                                             .get_last_error = stream_last_error,
                                             .release = bad_release};
    return TG_OK;
}

static int read_half_a_stream(struct tg_read *call, struct tg_error *err)
{
    (void)err;
    call->stream = (struct ArrowArrayStream){.get_schema = bad_schema, .release = bad_release};
    return TG_OK;
}

static void test_streams_are_checked(void **state)
{
    struct page_stream *stream = open_read(read_bad_stream, NULL);
    struct tg_error err = {0};
    struct page page;
    (void)state;
    assert_int_equal(next_page(stream, &page, &err), TG_OK); /* the rows: none */
    page_release(&page);
    assert_int_equal(next_page(stream, &page, &err), TG_DATA);
    page_release(&page);
    assert_non_null(strstr(err.what, "go back from 3 to 1"));
    assert_string_equal(err.where, "batch from row 1, column 't'");
    page_stream_close(stream);
    stream = open_read(read_half_a_stream, NULL);
    assert_int_equal(next_page(stream, &page, &err), TG_USAGE);
    page_release(&page);
    assert_non_null(strstr(err.what, "lacks one of its functions"));
    page_stream_close(stream);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    torture(work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),          cmocka_unit_test(test_rows_that_were_left_out),
        cmocka_unit_test(test_row_numbers),   cmocka_unit_test(test_rows_then_stream),
        cmocka_unit_test(test_stream_fails),  cmocka_unit_test(test_close_early),
        cmocka_unit_test(test_failures),      cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_no_function),   cmocka_unit_test(test_streams_are_checked),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests_name("extract/callback", tests, NULL, NULL);
}
