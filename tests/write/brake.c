/*
 * Tests of src/write/sql/brake.c: exactly how much may go, and what is said otherwise.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/merges.h"
#include "tests/write/keys.h"
#include "write/trial.h"

static void start_with(struct fixture *t, int count)
{
    struct buf rows = BUF_INIT;
    start(t);
    t->changes_state = false;
    for (int i = 1; i <= count; i++)
        buf_printf(&rows, "%d|n|1.5|r%d\n", i, i);
    fixture_rows(t, "person", PERSON, buf_string(&rows));
    FIXTURE_WRITE(t);
    buf_release(&rows);
}

static struct limits allowed;

static struct limits limits_of(const void *user, const char *resource)
{
    assert_string_equal(user, "me");
    assert_string_equal(resource, "person");
    return allowed;
}

static const struct write_order by = {.limits = limits_of, .user = "me"};

/* Only the rows from `from` to `to` are there any more. */
static int keep(struct fixture *t, int from, int to, const char *limit)
{
    struct buf keys = BUF_INIT;
    for (int i = from; i <= to; i++)
        buf_printf(&keys, "%d\n", i);
    fixture_keys(t, "person", "id bigint", buf_string(&keys));
    fixture_absent(t, "person", false);
    allowed = (struct limits){0};
    if (limit)
        assert_true(limit_read(limit, LIMIT_ROWS_DELETED, &allowed.absent));
    t->by = &by;
    buf_release(&keys);
    return fixture_write(t);
}

static void test_a_few_may_go(void **state)
{
    (void)state;
    struct fixture t;
    start_with(&t, 12);
    assert_int_equal(keep(&t, 12, 12, "0%"), TG_LIMIT); /* 11 of 12 */
    fixture_check(&t, "SELECT count(*) FROM d.person", "12\n");
    FIXTURE_OK(&t, keep(&t, 11, 12, "0%")); /* ten */
    fixture_counts(&t, 0, 0, 0, 10);
    fixture_release(&t);
}

static void test_the_limit_itself_may_go(void **state)
{
    (void)state;
    struct fixture t;
    start_with(&t, 150);
    assert_int_equal(keep(&t, 17, 150, NULL), TG_LIMIT); /* 16 of 150: 10.7% */
    FIXTURE_OK(&t, keep(&t, 16, 150, NULL));             /* 15 of 150: 10% */
    fixture_counts(&t, 0, 0, 0, 15);
    fixture_check(&t, "SELECT count(*), min(id) FROM d.person", "135|16\n");
    fixture_release(&t);
}

static void test_what_is_said(void **state)
{
    (void)state;
    struct fixture t;
    start_with(&t, 40);
    assert_int_equal(keep(&t, 21, 40, "25.5%"), TG_LIMIT);
    assert_non_null(strstr(t.err.what, "20 of the 40 rows of table 'person' (dataset 'd') are "
                                       "absent from the source (id 1; id 2; id 3; id 4; id 5; "
                                       "...); the limit is 10, and nothing was written"));
    assert_non_null(strstr(t.err.what, "--accept-limits"));
    assert_int_equal(t.result.fate, FATE_REFUSED);
    fixture_check(&t, "SELECT count(*) FROM d.person", "40\n");
    fixture_release(&t);
}

static void test_a_number_is_the_number(void **state)
{
    (void)state;
    struct fixture t;
    start_with(&t, 40);
    assert_int_equal(keep(&t, 4, 40, "2"), TG_LIMIT);
    FIXTURE_OK(&t, keep(&t, 3, 40, "2"));
    fixture_counts(&t, 0, 0, 0, 2);
    assert_int_equal(keep(&t, 4, 40, "0"), TG_LIMIT);
    fixture_release(&t);
}

/* Who writes without an order has accepted what comes. */
static void test_accepted(void **state)
{
    (void)state;
    struct fixture t;
    start_with(&t, 40);
    assert_int_equal(keep(&t, 40, 40, NULL), TG_LIMIT);
    fixture_keys(&t, "person", "id bigint", "40\n");
    fixture_absent(&t, "person", false);
    t.by = NULL;
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 0, 0, 39);
    fixture_release(&t);
}

/* A load that is tried shows what would go, and goes on. */
static void test_tried(void **state)
{
    (void)state;
    struct fixture t;
    struct trial trial;
    struct write_order tried = by;
    start_with(&t, 40);
    trial_init(&trial, 3);
    tried.trial = &trial;
    fixture_keys(&t, "person", "id bigint", "39\n40\n");
    fixture_absent(&t, "person", false);
    allowed = (struct limits){0};
    t.by = &tried;
    FIXTURE_OK(&t, fixture_write(&t));
    fixture_counts(&t, 0, 0, 0, 38);
    assert_int_equal(trial.excess_count, 1);
    assert_string_equal(trial.excesses[0].limit, "deletes.limit");
    assert_string_equal(trial.excesses[0].table, "person");
    assert_int_equal(trial.excesses[0].found, 38);
    assert_int_equal(trial.excesses[0].allowed, 10);
    assert_non_null(strstr(trial.excesses[0].what, "(id 1; id 2; id 3; id 4; id 5"));
    fixture_check(&t, "SELECT count(*) FROM d.person", "40\n");
    trial_release(&trial);
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_few_may_go), cmocka_unit_test(test_the_limit_itself_may_go),
        cmocka_unit_test(test_what_is_said), cmocka_unit_test(test_a_number_is_the_number),
        cmocka_unit_test(test_accepted),     cmocka_unit_test(test_tried),
    };
    return run_at_both("write/brake", tests);
}
