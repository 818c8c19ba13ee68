/*
 * Tests of src/write/fate.c: what failures mean for the package, and what a failed commit does not
 * tell.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include <stdatomic.h>

#include "tests/write/loads.h"

/* A destination with one person; the load that adds another. */
static void start(struct fixture *t)
{
    fixture_init(t);
    fixture_table(t, "person", NULL, DISPOSITION_MERGE);
    fixture_rows(t, "person", "id bigint pk|name text", "1|Ann\n");
    FIXTURE_WRITE(t);
}

static char *second_load(struct fixture *t)
{
    fixture_rows(t, "person", "id bigint pk|name text", "1|Bea\n2|Cy\n");
    return fixture_seal(t);
}

static void check_first_load(struct fixture *t)
{
    fixture_check(t, "SELECT id, name FROM d.person", "1|Ann\n");
    fixture_check(t, "SELECT load_id FROM d._dlt_loads", "1.5\n");
}

static void check_second_load(struct fixture *t)
{
    fixture_check(t, "SELECT id, name FROM d.person ORDER BY id", "1|Bea\n2|Cy\n");
    fixture_check(t, "SELECT load_id FROM d._dlt_loads ORDER BY 1", "1.5\n2.5\n");
}

enum commit_trap { COMMITS_AND_SAYS_NO, DOES_NOT_COMMIT, IS_CANCELLED_MEANWHILE };

static enum commit_trap commit_trap;
static const struct connection_driver *real;
static atomic_int cancel;

static int trapped_commit(struct connection *con, enum transact what, struct tg_error *err)
{
    if (what != TRANSACT_COMMIT)
        return real->transact(con, what, err);
    if (commit_trap == DOES_NOT_COMMIT)
        return error_set(err, TG_DESTINATION, "trapped");
    if (commit_trap == IS_CANCELLED_MEANWHILE)
        atomic_store(&cancel, 1);
    int rc = real->transact(con, what, err);
    return commit_trap == COMMITS_AND_SAYS_NO ? error_set(err, TG_DESTINATION, "trapped") : rc;
}

static int write_with_trap(struct fixture *t, const char *path, enum commit_trap how)
{
    struct connection_driver driver = *t->con->driver;
    real = t->con->driver;
    commit_trap = how;
    driver.transact = trapped_commit;
    t->con->driver = &driver;
    int rc = fixture_write_sealed(t, path);
    t->con->driver = real;
    atomic_store(&cancel, 0);
    return rc;
}

/* Nobody can tell what a failed commit has done: not even when nothing of it is there. */
static void test_failed_commit_is_unknown(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    char *path = second_load(&t);
    assert_int_equal(write_with_trap(&t, path, DOES_NOT_COMMIT), TG_DESTINATION);
    assert_int_equal(t.result.fate, FATE_UNKNOWN);
    check_first_load(&t);
    assert_int_equal(write_with_trap(&t, path, COMMITS_AND_SAYS_NO), TG_DESTINATION);
    assert_int_equal(t.result.fate, FATE_UNKNOWN);
    fixture_counts(&t, 0, 1, 1, 0);
    check_second_load(&t);
    FIXTURE_OK(&t, fixture_write_sealed(&t, path));
    assert_true(t.result.already_written);
    assert_int_equal(t.result.fate, FATE_WRITTEN);
    check_second_load(&t);
    mem_free(path);
    fixture_release(&t);
}

/* With COMMIT as one statement among others this ends as cancelled, and may be there or not. */
static void test_cancelled_while_committing(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    char *path = second_load(&t);
    t.ctx.cancel = &cancel;
    FIXTURE_OK(&t, write_with_trap(&t, path, IS_CANCELLED_MEANWHILE));
    assert_int_equal(t.result.fate, FATE_WRITTEN);
    connection_close(t.con); /* and with it what was staged */
    fixture_connect(&t);
    check_second_load(&t);
    mem_free(path);
    fixture_release(&t);
}

static void test_fate_of_a_failure(void **state)
{
    (void)state;
    const struct {
        struct tg_error err;
        enum write_fate fate;
    } cases[] = {
        {{.code = TG_OK}, FATE_WRITTEN},
        {{.code = TG_CONFLICT, .retryable = true}, FATE_PASSED},
        {{.code = TG_CONFLICT, .retryable = true, .sqlstate = "40001"}, FATE_WAITS},
        {{.code = TG_CANCELLED}, FATE_WAITS},
        {{.code = TG_LOCKED, .retryable = true}, FATE_WAITS},
        {{.code = TG_NOMEM}, FATE_WAITS},
        {{.code = TG_IO, .retryable = true, .sqlstate = "53100"}, FATE_WAITS},
        {{.code = TG_IO}, FATE_REFUSED},
        {{.code = TG_DESTINATION, .sqlstate = "23502"}, FATE_REFUSED},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(write_fate_of(cases[i].err.code, &cases[i].err), cases[i].fate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failed_commit_is_unknown),
        cmocka_unit_test(test_cancelled_while_committing),
        cmocka_unit_test(test_fate_of_a_failure),
    };
    return run_at_both("write/fate", tests);
}
