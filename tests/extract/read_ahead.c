#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/context.h"
#include "base/memory.h"
#include "extract/read_ahead.h"
#include "helper.h"
#include "tests/torture.h"

enum { PAGES_AHEAD = 2 };

/* A stream of pages of one row, the number of the page. */
struct counter {
    struct page_stream base;
    int last; /* pages there are */
    size_t bytes_max;
    uint64_t bytes;     /* of each page */
    int fail_at;        /* which one fails; 0: none */
    atomic_int *cancel; /* waits at its second page until this is set; NULL: does not */
    pthread_t thread;   /* that made the last page */
    atomic_int made;
    bool closed;
};

static int count_page(struct page_stream *base, struct page *page, struct tg_error *err)
{
    struct counter *counter = (struct counter *)base;
    int number = counter->made + 1, rc = TG_OK;
    char text[32];
    page_clear(page);
    counter->thread = pthread_self();
    while (number == 2 && counter->cancel && !*counter->cancel)
        usleep(1000);
    if (number == 2 && counter->cancel)
        return error_set(err, TG_CANCELLED, "cancelled");
    if (number == counter->fail_at)
        return error_set(err, TG_SOURCE, "page %d is lost", number);
    if (number > counter->last)
        return TG_OK;
    if (!page->parser)
        TRY(json_page_new(&page->parser, err));
    snprintf(text, sizeof(text), " {\"n\":%d}", number);
    TRY(json_page_lines(page->parser, text + 1, strlen(text) - 1, 1, page, err));
    page->bytes = counter->bytes;
    counter->made = number;
done:
    return rc;
}

static void close_counter(struct page_stream *base)
{
    ((struct counter *)base)->closed = true;
}

static struct counter counter_of(int last)
{
    return (struct counter){
        .base = {count_page, close_counter}, .last = last, .bytes_max = SIZE_MAX};
}

static struct page_stream *open_ahead(struct counter *counter)
{
    struct page_stream *stream;
    assert_int_equal(
        read_ahead_open(&counter->base, PAGES_AHEAD, counter->bytes_max, &stream, NULL), TG_OK);
    return stream;
}

static int number_of(const struct page *page)
{
    return (int)cell_find(page->rows[0], "n", 1)->uni.u64;
}

/* The next page, which is that of the number. */
static void check_next(struct page_stream *stream, struct page *page, int number)
{
    assert_int_equal(stream->next(stream, page, NULL), TG_OK);
    assert_int_equal(page->kind, PAGE_ROWS);
    assert_int_equal(page->row_count, 1);
    assert_int_equal(number_of(page), number);
}

/* All pages come, in order, from another thread, and never more than there is room for. */
static void test_all(void **state)
{
    struct counter counter = counter_of(1000);
    struct page_stream *stream = open_ahead(&counter);
    struct page page = {.kind = PAGE_END};
    (void)state;
    for (int i = 1; i <= 1000; i++) {
        check_next(stream, &page, i);
        assert_true(counter.made <= i + PAGES_AHEAD);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(stream->next(stream, &page, NULL), TG_OK);
        assert_int_equal(page.kind, PAGE_END);
    }
    assert_false(pthread_equal(counter.thread, pthread_self()));
    page_release(&page);
    assert_false(counter.closed);
    page_stream_close(stream);
    assert_true(counter.closed);
}

/* However long nobody asks, no more pages are made than there is room for. */
static void test_bound(void **state)
{
    struct counter counter = counter_of(1000);
    struct page_stream *stream = open_ahead(&counter);
    struct page page = {.kind = PAGE_END};
    (void)state;
    for (int i = 0; i < 200 && counter.made < PAGES_AHEAD; i++)
        usleep(10000);
    usleep(20000);
    assert_int_equal(counter.made, PAGES_AHEAD);
    check_next(stream, &page, 1);
    for (int i = 0; i < 200 && counter.made < PAGES_AHEAD + 1; i++)
        usleep(10000);
    usleep(20000);
    assert_int_equal(counter.made, PAGES_AHEAD + 1);
    /* The one at hand is still what it was. */
    assert_int_equal(number_of(&page), 1);
    page_release(&page);
    page_stream_close(stream); /* while it is full */
    assert_true(counter.closed);
}

static int made_at_rest(struct counter *counter)
{
    usleep(50000);
    return counter->made;
}

/* Pages that are large are fewer. */
static void test_bound_of_bytes(void **state)
{
    struct counter counter = counter_of(1000);
    struct page page = {.kind = PAGE_END};
    (void)state;
    counter.bytes = 100;
    counter.bytes_max = 100;
    struct page_stream *stream = open_ahead(&counter);
    for (int i = 0; i < 200 && counter.made == 0; i++)
        usleep(10000);
    assert_int_equal(made_at_rest(&counter), 1);
    check_next(stream, &page, 1);
    for (int i = 0; i < 200 && counter.made == 1; i++)
        usleep(10000);
    assert_int_equal(made_at_rest(&counter), 2);
    page_release(&page);
    page_stream_close(stream);
}

/* An error comes behind the pages before it, and nothing comes behind the error. */
static void test_error(void **state)
{
    struct counter counter = counter_of(1000);
    struct page page = {.kind = PAGE_END};
    struct tg_error err = {0};
    (void)state;
    counter.fail_at = 4;
    struct page_stream *stream = open_ahead(&counter);
    for (int i = 1; i < 4; i++)
        check_next(stream, &page, i);
    assert_int_equal(stream->next(stream, &page, &err), TG_SOURCE);
    assert_string_equal(err.what, "page 4 is lost");
    assert_int_equal(counter.made, 3);
    page_release(&page);
    page_stream_close(stream);
}

/* An error that nobody has waited for is dropped with the stream. */
static void test_error_unheard(void **state)
{
    struct counter counter = counter_of(1000);
    (void)state;
    counter.fail_at = 1;
    page_stream_close(open_ahead(&counter));
    assert_true(counter.closed);
}

static void *set_soon(void *flag)
{
    usleep(20000);
    *(atomic_int *)flag = 1;
    return NULL;
}

/* The caller waits for a page that does not come, and the run is cancelled. */
static void test_cancel_while_empty(void **state)
{
    atomic_int cancel = 0;
    struct counter counter = counter_of(1000);
    struct page page = {.kind = PAGE_END};
    struct tg_error err = {0};
    pthread_t thread;
    (void)state;
    counter.cancel = &cancel;
    struct page_stream *stream = open_ahead(&counter);
    check_next(stream, &page, 1);
    assert_int_equal(pthread_create(&thread, NULL, set_soon, &cancel), 0);
    assert_int_equal(stream->next(stream, &page, &err), TG_CANCELLED);
    pthread_join(thread, NULL);
    page_release(&page);
    page_stream_close(stream);
}

static int work(void)
{
    struct counter counter = counter_of(5);
    struct page_stream *stream = NULL;
    struct page page = {.kind = PAGE_END};
    int rc = TG_OK;
    TRY(read_ahead_open(&counter.base, PAGES_AHEAD, SIZE_MAX, &stream, NULL));
    do
        TRY(stream->next(stream, &page, NULL));
    while (page.kind != PAGE_END);
done:
    page_release(&page);
    page_stream_close(stream);
    assert_true(counter.closed);
    return rc;
}

static void test_out_of_memory(void **state)
{
    (void)state;
    torture(work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_bound_of_bytes),
        cmocka_unit_test(test_error),
        cmocka_unit_test(test_error_unheard),
        cmocka_unit_test(test_cancel_while_empty),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests_name("extract/read_ahead", tests, NULL, NULL);
}
