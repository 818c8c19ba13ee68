#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <unistd.h>

#include "base/queue.h"
#include "tests/torture.h"

enum { PLACES = 3, NUMBERS = 20000 };

static struct queue *queue;
static int numbers[PLACES];

static void *put_numbers(void *unused)
{
    size_t place;
    (void)unused;
    for (int i = 1; i <= NUMBERS && queue_begin_put(queue, &place); i++) {
        numbers[place] = i;
        queue_end_put(queue, 1);
    }
    return NULL;
}

/* What one thread puts comes to the other, in order, and each once. */
static void test_order(void **state)
{
    pthread_t thread;
    size_t place;
    (void)state;
    assert_int_equal(queue_new(PLACES, SIZE_MAX, &queue, NULL), TG_OK);
    assert_int_equal(pthread_create(&thread, NULL, put_numbers, NULL), 0);
    for (int i = 1; i <= NUMBERS; i++) {
        assert_true(queue_begin_take(queue, &place));
        assert_int_equal(numbers[place], i);
        queue_end_take(queue, 1);
    }
    pthread_join(thread, NULL);
    queue_free(queue);
}

static void *wait_to_put(void *unused)
{
    size_t place;
    (void)unused;
    return queue_begin_put(queue, &place) ? queue : NULL;
}

static void *wait_to_take(void *unused)
{
    size_t place;
    (void)unused;
    return queue_begin_take(queue, &place) ? queue : NULL;
}

/* Who waits for a full or an empty queue is woken when it closes, and comes away with nothing. */
static void check_close(void *(*wait)(void *unused), size_t filled)
{
    pthread_t thread;
    void *got = queue;
    size_t place;
    assert_int_equal(queue_new(PLACES, SIZE_MAX, &queue, NULL), TG_OK);
    for (size_t i = 0; i < filled; i++) {
        assert_true(queue_begin_put(queue, &place));
        assert_int_equal(place, i);
        queue_end_put(queue, 1);
    }
    assert_int_equal(pthread_create(&thread, NULL, wait, NULL), 0);
    usleep(10000); /* most likely it waits by now; if not, it finds the queue closed */
    queue_close(queue);
    pthread_join(thread, &got);
    assert_null(got);
    assert_false(queue_begin_put(queue, &place));
    assert_false(queue_begin_take(queue, &place));
    queue_free(queue);
}

static void test_close(void **state)
{
    (void)state;
    check_close(wait_to_put, PLACES);
    check_close(wait_to_take, 0);
    queue_free(NULL);
}

static void put_one(size_t weight)
{
    size_t place;
    assert_true(queue_begin_put(queue, &place));
    queue_end_put(queue, weight);
}

static void take_one(size_t weight)
{
    size_t place;
    assert_true(queue_begin_take(queue, &place));
    queue_end_take(queue, weight);
}

/* Does somebody who would put wait until so much is taken? */
static void check_full(size_t weight)
{
    pthread_t thread;
    void *got = NULL;
    assert_int_equal(pthread_create(&thread, NULL, wait_to_put, NULL), 0);
    usleep(20000);
    take_one(weight); /* the count of the filled is checked by who takes */
    pthread_join(thread, &got);
    assert_ptr_equal(got, queue);
}

/* One of any weight has a place, and so have others up to the most and one more. */
static void test_weight(void **state)
{
    (void)state;
    assert_int_equal(queue_new(PLACES, 10, &queue, NULL), TG_OK);
    put_one(1000);
    check_full(1000);
    put_one(9);
    put_one(1);
    check_full(9);
    take_one(1);
    put_one(0);
    put_one(0);
    put_one(0);
    check_full(0);
    queue_free(queue);
}

static int work(void)
{
    struct queue *made;
    int rc = queue_new(PLACES, SIZE_MAX, &made, NULL);
    queue_free(made);
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
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_close),
        cmocka_unit_test(test_weight),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests_name("base/queue", tests, NULL, NULL);
}
