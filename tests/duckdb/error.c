/* DuckDB's messages as errors of ours; those of real statements are in tests/database/duckdb.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "duckdb/api.h"

static void test_error_rules(void **state)
{
    (void)state;
    struct tg_error err = {0};
    assert_int_equal(duck_error(&err, "IO Error: Could not write all bytes to file \"x\": wanted=1 "
                                      "wrote=0: No space left on device"),
                     TG_IO);
    assert_true(err.retryable);
    assert_int_equal(duck_error(&err, "TransactionContext Error: Conflict on update!"),
                     TG_DESTINATION);
    assert_true(err.retryable);
    assert_string_equal(err.sqlstate, "40001");
    assert_int_equal(duck_error(&err, NULL), TG_DESTINATION);
    assert_false(err.retryable);
    assert_string_equal(err.sqlstate, "");
    assert_int_equal(duck_error(NULL, "Out of Memory Error: x"), TG_NOMEM);
}

/* Its advice is about its own settings. */
static void test_advice(void **state)
{
    (void)state;
    struct tg_error err = {0};
    assert_int_equal(duck_error(&err, "Out of Memory Error: failed\n\nPossible solutions: SET x"),
                     TG_NOMEM);
    assert_null(strstr(err.what, "SET x"));
    assert_non_null(strstr(err.what, "failed; give the run more memory"));
    /* Long texts of a table without a full row group lie in memory when it commits. */
    assert_int_equal(duck_error(&err, "TransactionContext Error: Failed to commit: failed to pin "
                                      "block of size 1.0 MiB (95.7 MiB/96.0 MiB used)"),
                     TG_NOMEM);
    assert_non_null(strstr(err.what, "; give the run more memory"));
    assert_int_equal(duck_error(&err, "IO Error: Could not set lock. See also https://x"),
                     TG_LOCKED);
    assert_null(strstr(err.what, "See also"));
    /* Its full stop is not in the middle of the sentence. */
    assert_int_equal(duck_error(&err, "Constraint Error: Duplicate key \"v: 1\" violates unique "
                                      "constraint."),
                     TG_DESTINATION);
    assert_string_equal(err.what,
                        "duckdb: Constraint Error: Duplicate key \"v: 1\" violates unique "
                        "constraint; take that rule off the table, or correct the rows");
}

/* Of Parquet files, what older engines do not read. */
static void test_parquet(void **state)
{
    (void)state;
    struct tg_error err = {0};
    assert_int_equal(duck_error(&err, "Invalid Input Error: Failed to read file \"a.parquet\": "
                                      "Unsupported compression codec \"LZ4\". Supported options"),
                     TG_DATA);
    assert_non_null(strstr(err.what, "; this is LZ4 in Hadoop's frames"));
    assert_int_equal(duck_error(&err, "Invalid Error: BYTE_STREAM_SPLIT encoding is only supported "
                                      "for FLOAT or DOUBLE data"),
                     TG_DATA);
    assert_non_null(strstr(err.what, "; an engine of DuckDB 2.0 reads it of INT32 and INT64"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_rules),
        cmocka_unit_test(test_advice),
        cmocka_unit_test(test_parquet),
    };
    return cmocka_run_group_tests_name("duckdb/error", tests, NULL, NULL);
}
