/*
 * How late rows came: classes, what covers a share of them, and texts that are no sketch.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dlt/sketch.h"

static void check_text(const struct sketch *sketch, const char *wanted)
{
    struct buf text = BUF_INIT;
    struct tg_error err = {0};
    assert_int_equal(sketch_write(sketch, &text, &err), TG_OK);
    assert_string_equal(buf_string(&text), wanted);
    buf_release(&text);
}

static void classes_are_powers_of_two(void **state)
{
    (void)state;
    const struct {
        int64_t late;
        size_t class;
    } samples[] = {{0, 0},
                   {1, 0},
                   {2, 1},
                   {3, 2},
                   {4, 2},
                   {5, 3},
                   {1024, 10},
                   {1025, 11},
                   {INT64_MAX / 2, 62},
                   {INT64_MAX, 63},
                   {INT64_C(1) << 62, 62}};
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        assert_int_equal(sketch_class(samples[i].late), samples[i].class);
}

static void a_share_is_covered(void **state)
{
    (void)state;
    struct sketch sketch = {.unit = "seconds"};
    assert_int_equal(sketch_reach(&sketch, SKETCH_WHOLE), 0);
    sketch.rows[3] = 999;
    sketch.rows[10] = 1;
    assert_int_equal(sketch_reach(&sketch, 999000), 8);
    assert_int_equal(sketch_reach(&sketch, 999001), 1024);
    assert_int_equal(sketch_reach(&sketch, 1), 8);
    assert_int_equal(sketch_reach(&sketch, SKETCH_WHOLE), 1024);
    sketch.rows[63] = 2;
    assert_int_equal(sketch_reach(&sketch, SKETCH_WHOLE), INT64_MAX);
    assert_int_equal(sketch_count(&sketch), 1002);
}

static void sketches_add_up(void **state)
{
    (void)state;
    struct sketch known, more = {.unit = "seconds", .rows = {[0] = 2, [63] = 1}};
    sketch_read("{\"unit\":\"seconds\",\"within\":{\"1\":3,\"4096\":1}}", &known);
    sketch_add(&known, &more);
    check_text(&known,
               "{\"unit\":\"seconds\",\"within\":{\"1\":5,\"4096\":1,\"9223372036854775807\":1}}");
    more.rows[0] = INT64_MAX;
    sketch_add(&known, &more); /* never less than before */
    sketch_add(&known, &more);
    assert_int_equal(known.rows[0], INT64_MAX);
    assert_int_equal(sketch_count(&known), INT64_MAX);
    more = (struct sketch){.unit = "days", .rows = {[1] = 1}};
    sketch_add(&known, &more);
    check_text(&known, "{\"unit\":\"days\",\"within\":{\"2\":1}}");
}

static void what_is_none_is_nothing(void **state)
{
    (void)state;
    const char *const texts[] = {"",
                                 "[]",
                                 "{",
                                 "{\"unit\":7}",
                                 "{\"unit\":\"very long word\"}",
                                 "{\"unit\":\"days\"}",
                                 "{\"unit\":\"days\",\"within\":[1]}",
                                 "{\"unit\":\"days\",\"within\":{\"1\":-3,\"2\":\"x\",\"3\":4}}"};
    struct sketch sketch;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        sketch_read(texts[i], &sketch);
        assert_int_equal(sketch_count(&sketch), 0);
    }
    sketch_read(NULL, &sketch);
    check_text(&sketch, "{\"unit\":\"\",\"within\":{}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_are_powers_of_two),
        cmocka_unit_test(a_share_is_covered),
        cmocka_unit_test(sketches_add_up),
        cmocka_unit_test(what_is_none_is_nothing),
    };
    return cmocka_run_group_tests_name("dlt/sketch", tests, NULL, NULL);
}
