/*
 * Tests of src/write/sql/locks.c: which locks a load wants, by what it does and what is there; and
 * which of them serve for which others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/torture.h"
#include "tests/write/loads.h"
#include "tests/write/golden.h"
#include "write/sql/ddl.h"
#include "write/sql/locks.h"

/* The load that the fixture holds, at the destination as it is. The load is then dropped. */
static void plan_load(struct fixture *t, struct delivery *delivery)
{
    struct described there;
    struct plan plan;
    plan_init(&plan);
    fixture_complete(t, fixture_begin(t));
    FIXTURE_OK(t, connection_describe(t->con, "d", NULL, &there, &t->err));
    FIXTURE_OK(t, delivery_init(delivery, t->con->dialect, "p", package_manifest(t->package),
                                &there, NULL, &t->err));
    FIXTURE_OK(t, ddl_plan(delivery, &plan, &t->err));
    plan_release(&plan);
}

/* "pipeline d shop_pipeline alone, dataset d shared": what the load wants. */
static void wants(struct fixture *t, struct locks *out, const char *expected)
{
    struct delivery delivery;
    struct buf text = BUF_INIT;
    plan_load(t, &delivery);
    FIXTURE_OK(t, locks_plan(&delivery, out, &t->err));
    for (size_t i = 0; i < out->count; i++) {
        const struct lock *lock = &out->items[i];
        buf_printf(&text, "%s %s%s\n", lock->name, lock->shared ? "shared" : "alone",
                   lock->row ? " by a row" : "");
    }
    assert_string_equal(buf_string(&text), expected);
    buf_release(&text);
    delivery_release(&delivery);
    package_free(t->package);
    t->package = NULL;
}

#define PIPELINE "tidegate pipeline d shop_pipeline alone"

/* What nobody has yet is made by one at a time. */
static void test_first_load(void **state)
{
    (void)state;
    struct fixture t;
    struct locks locks;
    fixture_init(&t);
    fixture_table(&t, "event", NULL, DISPOSITION_APPEND);
    fixture_table(&t, "city", NULL, DISPOSITION_REPLACE);
    golden_file(&t, "event", "id bigint", "event");
    golden_file(&t, "city", "id bigint", "city");
    wants(&t, &locks,
          PIPELINE "\n"
                   "tidegate dataset d  alone\n"
                   "tidegate table d city alone\n"
                   "tidegate table d event alone\n");
    locks_release(&locks);
    fixture_release(&t);
}

static void start(struct fixture *t)
{
    fixture_init(t);
    fixture_table(t, "event", NULL, DISPOSITION_APPEND);
    fixture_table(t, "event__tags", "event", DISPOSITION_NONE);
    fixture_table(t, "city", NULL, DISPOSITION_REPLACE);
    fixture_table(t, "person", NULL, DISPOSITION_MERGE);
    fixture_rows(t, "event", "id bigint", "1\n");
    fixture_rows(t, "event__tags", "id bigint", "1\n");
    fixture_rows(t, "city", "id bigint", "1\n");
    fixture_rows(t, "person", "id bigint pk", "1\n");
    FIXTURE_WRITE(t);
}

/* Who adds rows to tables that are as he wants them is in nobody's way. */
static void test_rows_are_added(void **state)
{
    (void)state;
    struct fixture t;
    struct locks locks;
    start(&t);
    golden_file(&t, "event", "id bigint", "event");
    golden_file(&t, "event__tags", "id bigint", "event__tags");
    wants(&t, &locks,
          PIPELINE " by a row\n"
                   "tidegate dataset d  shared\n"
                   "tidegate table d event shared\n"
                   "tidegate table d event__tags shared\n");
    assert_string_equal(locks.row.table, "_dlt_loads");
    locks_release(&locks);
    golden_file(&t, "event", "id bigint|v text", "event");
    golden_file(&t, "city", "id bigint", "city");
    golden_file(&t, "person", "id bigint pk", "person");
    wants(&t, &locks,
          PIPELINE " by a row\n"
                   "tidegate dataset d  shared\n"
                   "tidegate table d city alone\n"
                   "tidegate table d event alone\n" /* is altered */
                   "tidegate table d person alone\n");
    locks_release(&locks);
    golden_file(&t, "event", "id bigint", "event");
    fixture_part(&t, "event")->replaced = true;
    wants(&t, &locks,
          PIPELINE " by a row\n"
                   "tidegate dataset d  shared\n"
                   "tidegate table d event alone\n"
                   "tidegate table d event__tags alone\n"); /* is emptied */
    locks_release(&locks);
    fixture_release(&t);
}

/* A table of the ledger is made or altered: no load that reads or writes it is under way. */
static void test_ledger_changes(void **state)
{
    (void)state;
    struct fixture t;
    struct locks locks;
    start(&t);
    fixture_exec(&t, "ALTER TABLE d._tidegate_loads DROP COLUMN package_id");
    wants(&t, &locks, PIPELINE " by a row\ntidegate dataset d  alone\n");
    locks_release(&locks);
    fixture_release(&t);
}

static struct lock held_items[4], wanted_items[4];

static void test_which_serve(void **state)
{
    (void)state;
    static const struct lock_row row = {0};
    const struct lock basis[4] = {
        {"p", false, &row}, {"d", true, NULL}, {"t a", true, NULL}, {"t b", false, NULL}};
    const struct locks held = {.items = held_items, .count = 4};
    struct locks wanted = {.items = wanted_items, .count = 4};
    memcpy(held_items, basis, sizeof(basis));
    memcpy(wanted_items, basis, sizeof(basis));
    assert_true(locks_serve(&held, &wanted));
    wanted_items[3].shared = true; /* less is wanted than is held */
    assert_true(locks_serve(&held, &wanted));
    wanted.count = 3;
    assert_true(locks_serve(&held, &wanted));
    wanted_items[2].shared = false; /* a table that is only shared */
    assert_false(locks_serve(&held, &wanted));
    wanted_items[2] = (struct lock){"t c", true, NULL};
    assert_false(locks_serve(&held, &wanted));
    wanted_items[2] = basis[2];
    for (int alone = 0; alone < 2; alone++) { /* the dataset is held as it is wanted */
        wanted_items[1].shared = alone;
        held_items[1].shared = !alone;
        assert_false(locks_serve(&held, &wanted));
    }
    memcpy(wanted_items, basis, sizeof(basis));
    memcpy(held_items, basis, sizeof(basis));
    held_items[0].row = NULL; /* the row has come to be since */
    assert_false(locks_serve(&held, &wanted));
    wanted_items[0].row = NULL;
    held_items[0].row = &row;
    assert_true(locks_serve(&held, &wanted));
}

static struct delivery tortured;

static int plan_once(void)
{
    struct locks locks;
    int rc = locks_plan(&tortured, &locks, NULL);
    if (rc == TG_OK)
        locks_release(&locks);
    return rc;
}

static void test_out_of_memory(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    golden_file(&t, "event", "id bigint", "event");
    plan_load(&t, &tortured);
    torture(plan_once);
    delivery_release(&tortured);
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_load),     cmocka_unit_test(test_rows_are_added),
        cmocka_unit_test(test_ledger_changes), cmocka_unit_test(test_which_serve),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests_name("write/locks", tests, NULL, NULL);
}
