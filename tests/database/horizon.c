/* The horizon: whom it waits for, whom it leaves out, by a driver that says what the test wants. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/context.h"
#include "database/reading/reading.h"

/* What is listed, look after look; the last one stays. */
struct script {
    const struct open_transaction *looks[4];
    size_t counts[4], look_count, asked;
    const char *obstacle;
    bool marked;
    int64_t listed_us, clock_us;
};
static struct script script;

static int mark(struct connection *con, struct tg_error *err)
{
    (void)con;
    (void)err;
    script.marked = true;
    return TG_OK;
}

static int read_clock(struct connection *con, struct horizon *out, struct tg_error *err)
{
    (void)con;
    (void)err;
    assert_true(script.marked);
    out->obstacle = script.obstacle;
    out->clock = (struct moment){1000, 1000};
    script.clock_us = context_ticks_us();
    return TG_OK;
}

static int list(struct connection *con, struct horizon *out, struct tg_error *err)
{
    (void)con;
    size_t look = script.asked < script.look_count ? script.asked : script.look_count - 1;
    if (script.asked++ == 0)
        script.listed_us = context_ticks_us();
    out->open_count = script.counts[look];
    out->open = arena_alloc(&out->arena, 8 * sizeof(*out->open));
    if (!out->open)
        return error_nomem(err);
    if (out->open_count > 0)
        memcpy(out->open, script.looks[look], out->open_count * sizeof(*out->open));
    return TG_OK;
}

static const struct horizon_driver horizon_scripted = {
    .mark = mark, .clock = read_clock, .list = list};
static const struct reading_driver reading = {.horizon = &horizon_scripted};
static const struct connection_driver driver = {.reading = &reading};

static struct horizon take(void)
{
    struct context ctx;
    struct horizon horizon;
    context_init(&ctx);
    struct connection con = {.driver = &driver, .ctx = &ctx};
    assert_int_equal(horizon_take(&con, &con, &horizon, NULL), TG_OK);
    return horizon;
}

#define TIMED(id_, at)                                                                             \
    {                                                                                              \
        .id = id_, .is_timed = true, .since = {at, at}, .counters = ""                             \
    }

static void test_nobody(void **state)
{
    (void)state;
    script = (struct script){.look_count = 1};
    struct horizon horizon = take();
    assert_int_equal(horizon.open_count, 0);
    assert_int_equal(script.asked, 1);
    assert_true(script.listed_us - script.clock_us >= 9000);
    horizon_release(&horizon);
}

static void test_one_that_ends(void **state)
{
    (void)state;
    const struct open_transaction open[] = {TIMED("a", 900)};
    script = (struct script){.looks = {open, open}, .counts = {1, 1, 0}, .look_count = 3};
    struct horizon horizon = take();
    assert_int_equal(horizon.open_count, 0);
    assert_int_equal(script.asked, 3);
    horizon_release(&horizon);
}

static void test_one_that_stays(void **state)
{
    (void)state;
    const struct open_transaction first[] = {TIMED("a", 900), TIMED("b", 1000)};
    const struct open_transaction later[] = {TIMED("a", 900), TIMED("c", 1001)};
    script = (struct script){.looks = {first, later}, .counts = {2, 2}, .look_count = 2};
    struct horizon horizon = take();
    assert_int_equal(horizon.open_count, 1);
    assert_string_equal(horizon.open[0].id, "a");
    assert_in_range(script.asked, 5, 20);
    horizon_release(&horizon);
}

/* A string of statements may begin a second transaction by the time of the first one. */
static void test_one_that_began_before_it_was_there(void **state)
{
    (void)state;
    const struct open_transaction first[] = {TIMED("a", 900)}, later[] = {TIMED("b", 900)};
    script = (struct script){.looks = {first, later}, .counts = {1, 1}, .look_count = 2};
    struct horizon horizon = take();
    assert_int_equal(horizon.open_count, 1);
    assert_string_equal(horizon.open[0].id, "b");
    horizon_release(&horizon);
}

static void test_times_that_nobody_knows(void **state)
{
    (void)state;
    const struct open_transaction first[] = {{.id = "a", .counters = ""}};
    const struct open_transaction later[] = {{.id = "b", .counters = ""},
                                             {.id = "p", .is_prepared = true, .counters = ""}};
    script = (struct script){.looks = {first, later}, .counts = {1, 2}, .look_count = 2};
    struct horizon horizon = take();
    assert_int_equal(horizon.open_count, 1);
    assert_string_equal(horizon.open[0].id, "p");
    horizon_release(&horizon);
}

static void test_none_at_a_standby(void **state)
{
    (void)state;
    script = (struct script){.look_count = 1, .obstacle = "so"};
    struct horizon horizon = take();
    assert_string_equal(horizon.obstacle, "so");
    assert_int_equal(script.asked, 0);
    horizon_release(&horizon);
    const struct connection_driver without = {.reading = NULL};
    assert_null(horizon_driver(&(struct connection){.driver = &without}));
}

static void test_names(void **state)
{
    (void)state;
    assert_true(counters_meet("1", "1"));
    assert_true(counters_meet("7 12", "3 12 5"));
    assert_false(counters_meet("2", "12 21"));
    assert_false(counters_meet("12", "1 2"));
    assert_false(counters_meet("", "1"));
    assert_false(counters_meet("1", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_one_that_ends),
        cmocka_unit_test(test_one_that_stays),
        cmocka_unit_test(test_one_that_began_before_it_was_there),
        cmocka_unit_test(test_times_that_nobody_knows),
        cmocka_unit_test(test_none_at_a_standby),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
