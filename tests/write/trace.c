/* Tests of src/write/sql/trace.c: rows of tables as they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/loads.h"
#include "write/sql/trace.h"

static void test_counts(void **state)
{
    (void)state;
    struct fixture t;
    struct table_count counts[] = {{.table = "person"}, {.table = "gone"}, {.table = "_dlt_loads"}};
    fixture_init(&t);
    fixture_table(&t, "person", NULL, DISPOSITION_APPEND);
    fixture_rows(&t, "person", "id bigint", "1\n2\n");
    FIXTURE_WRITE(&t);
    FIXTURE_OK(&t, trace_count(t.con, "d", counts, 3, &t.err));
    assert_true(counts[0].is_there);
    assert_int_equal(counts[0].rows, 2);
    assert_false(counts[1].is_there);
    assert_int_equal(counts[1].rows, 0);
    assert_int_equal(counts[2].rows, 1);
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
    };
    return run_at_both("write/trace", tests);
}
