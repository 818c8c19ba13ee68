/* Tests of src/write/sql/ended.c: versions in the order of time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/histories.h"
#include "tests/write/keys.h"

static void test_boundary(void **state)
{
    (void)state;
    struct fixture t;
    start_history(&t, "null");
    t.changes_state = false;
    bound(&t, "\"2024-02-01\"");
    fixture_rows(&t, "person", ROWS, "1|Ann|a\n2|Bob|b\n");
    FIXTURE_WRITE(&t);
    bound(&t, "\"2024-01-31T23:59:59.999999Z\"");
    fixture_rows(&t, "person", ROWS, "1|Ann|a\n");
    assert_int_equal(fixture_write(&t), TG_DATA);
    assert_string_equal(
        t.err.what,
        "versions that are to end with this load (boundary_timestamp, or the load's own time) "
        "would "
        "end before they begin; let it be later than '2024-02-01T00:00:00+00:00'; nothing was "
        "written");
    assert_string_equal(t.err.table, "person");
    fixture_check(&t, VALID, "1|Ann|now\n2|Bob|now\n");
    /* Where nothing ends, it does not matter. */
    fixture_rows(&t, "person", ROWS, "1|Ann|a\n2|Bob|b\n3|Cy|c\n");
    FIXTURE_WRITE(&t);
    bound(&t, "\"2024-03-01\"");
    fixture_rows(&t, "person", ROWS, "2|Bob|b\n");
    FIXTURE_WRITE(&t);
    fixture_check(&t,
                  "SELECT id, cast(extract(epoch FROM _dlt_valid_from) AS bigint), "
                  "cast(extract(epoch FROM _dlt_valid_to) AS bigint) FROM d.person ORDER BY id",
                  "1|1706745600|1709251200\n2|1706745600|NULL\n3|1706745600|1709251200\n");
    fixture_release(&t);
}

/* Nothing is valid beside a version of the same row. */
static void test_overlap(void **state)
{
    (void)state;
    static const char *const times[] = {"\"2024-01-01\"", "\"2024-03-01\"", "\"2024-02-01\""};
    static const char *const keys[] = {"id bigint pk", "id bigint mk"};
    for (size_t i = 0; i < 2; i++) {
        char header[80];
        struct fixture t;
        snprintf(header, sizeof(header), "%s|name text|_dlt_id text notnull", keys[i]);
        start_history(&t, "null");
        t.changes_state = false;
        bound(&t, times[0]);
        fixture_rows(&t, "person", header, "1|Ann|a\n2|Bob|b\n");
        FIXTURE_WRITE(&t);
        bound(&t, times[1]);
        fixture_rows(&t, "person", header, "1|Ann|a\n2|Bea|c\n");
        FIXTURE_WRITE(&t);
        bound(&t, times[2]);
        fixture_rows(&t, "person", header, "1|Ann|a\n2|Bea|c\n"); /* as it is */
        FIXTURE_WRITE(&t);
        fixture_rows(&t, "person", header, "1|Ann|a\n2|Bea|c\n2|Bob|b\n");
        assert_int_equal(fixture_write(&t), TG_DATA);
        assert_non_null(strstr(t.err.what, "would overlap with others, which ended later; let it "
                                           "be no earlier than '2024-03-01"));
        fixture_check(&t, VALID, "1|Ann|now\n2|Bea|now\n2|Bob|was\n");
        bound(&t, times[1]);
        fixture_rows(&t, "person", header, "1|Ann|a\n2|Bea|c\n2|Bob|b\n");
        FIXTURE_WRITE(&t);
        fixture_check(&t, VALID, "1|Ann|now\n2|Bea|now\n2|Bob|now\n2|Bob|was\n");
        fixture_release(&t);
    }
}

/* Of a key that the source has no more, too. */
static void test_absent(void **state)
{
    (void)state;
    static const char header[] = "id bigint pk|name text|_dlt_id text notnull";
    struct fixture t;
    start_history(&t, "null");
    t.changes_state = false;
    bound(&t, "\"2024-02-01\"");
    fixture_rows(&t, "person", header, "1|Ann|a\n2|Bob|b\n");
    FIXTURE_WRITE(&t);
    bound(&t, "\"2024-01-01\"");
    fixture_rows(&t, "person", header, "1|Ann|a\n");
    fixture_part(&t, "person")->ends_absent = true;
    assert_int_equal(fixture_write(&t), TG_DATA);
    assert_non_null(
        strstr(t.err.what, "would end before they begin; let it be later than '2024-02"));
    fixture_check(&t, VALID, "1|Ann|now\n2|Bob|now\n");
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_boundary),
        cmocka_unit_test(test_overlap),
        cmocka_unit_test(test_absent),
    };
    return run_at_both("write/ended", tests);
}
