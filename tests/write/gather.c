/*
 * Tests of src/write/sql/gather.c, with a budget that a small table exceeds: what there is does not
 * depend on it. That a real one is kept is tested by tests/cli/memory.sh.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "duckdb/api.h"
#include "tests/torture.h"
#include "tests/write/merges.h"
#include "write/sql/gather.h"
#include "write/trial.h"

/* ---- loads ---- */

static size_t told; /* how often rows were put together */

static void listen(void *user, int level, const char *component, const char *message)
{
    (void)user;
    (void)level;
    (void)component;
    told += strstr(message, "are put together before") != NULL;
}

/* Older engines have nothing of it, and put nothing together. */
static void check_told(size_t expected)
{
    assert_int_equal(told, duck_version() >= VERSION_OF(2, 0, 0) ? expected : 0);
}

/* Not for one block of a DELETE's. */
static void allow_nothing(struct fixture *t)
{
    t->ctx.memory_bytes_max = (size_t)1 << 19;
    t->ctx.log = listen;
    told = 0;
}

enum { LARGE = 150000, EVERY = 1500 };

/* Two groups of rows: persons 1 to LARGE, each with a kid. */
static void start_large(struct fixture *t)
{
    start(t);
    fixture_table(t, "person__kids", "person", DISPOSITION_NONE);
    fixture_rows(t, "person", PERSON, "1|P1|1.5|p1\n");
    fixture_rows(t, "person__kids", KIDS, "K1|p1|p1|0|k1\n");
    FIXTURE_WRITE(t);
    fixture_exec(t, "INSERT INTO d.person SELECT i, 'P' || i, '1.5', 'p' || i "
                    "FROM range(2, 150001) AS r(i)");
    fixture_exec(t, "INSERT INTO d.person__kids SELECT 'K' || i, 'p' || i, 'p' || i, 0, 'k' || i "
                    "FROM range(2, 150001) AS r(i)");
    fixture_exec(t, "CHECKPOINT");
}

/* 100 of them, all over the table, and one that is new. */
static void deliver(struct fixture *t)
{
    struct buf persons = BUF_INIT, kids = BUF_INIT;
    for (int i = 1; i <= LARGE + 1; i += EVERY) {
        buf_printf(&persons, "%d|Q%d|2.5|q%d\n", i, i, i);
        buf_printf(&kids, "L%d|q%d|q%d|0|l%d\n", i, i, i, i);
    }
    fixture_rows(t, "person", PERSON, buf_string(&persons));
    fixture_rows(t, "person__kids", KIDS, buf_string(&kids));
    buf_release(&persons);
    buf_release(&kids);
}

static void check_delivered(struct fixture *t)
{
    fixture_check(t,
                  "SELECT count(*), count(DISTINCT id), sum(id), count(DISTINCT _dlt_id), "
                  "count(*) FILTER (name = 'Q' || id AND _dlt_load_id = '2.5'), "
                  "count(*) FILTER (name = 'P' || id AND _dlt_load_id = '1.5') FROM d.person",
                  "150001|150001|11250225001|150001|101|149900\n");
    fixture_check(t,
                  "SELECT count(*), count(DISTINCT k._dlt_id), count(*) FILTER (n[2:] = p.id::TEXT "
                  "AND (n[1] = 'L') = (p.name[1] = 'Q')) FROM d.person__kids AS k "
                  "JOIN d.person AS p ON k._dlt_parent_id = p._dlt_id",
                  "150001|150001|150001\n");
    fixture_counts(t, 0, 1, 100, 0);
    fixture_counts(t, 1, 101, 0, 100);
    fixture_no_temporary(t);
}

/* Of the table as the first load has left it, whatever the order of its rows. */
static void check_untouched(struct fixture *t)
{
    fixture_check(t,
                  "SELECT count(*), count(DISTINCT id), sum(id), "
                  "count(*) FILTER (name = 'P' || id AND _dlt_id = 'p' || id) FROM d.person",
                  "150000|150000|11250075000|150000\n");
}

static void test_nothing_else_differs(void **state)
{
    (void)state;
    struct fixture t;
    start_large(&t);
    allow_nothing(&t);
    deliver(&t);
    FIXTURE_WRITE(&t);
    check_delivered(&t);
    check_told(2);
    fixture_release(&t);
}

/* Two tables of which all 60 and 14 pieces are touched: 2.5 MiB, of 4 that there could be. */
static void test_what_fits_is_left_alone(void **state)
{
    (void)state;
    for (int fits = 0; fits < 2; fits++) {
        struct fixture t;
        start_large(&t);
        allow_nothing(&t);
        t.ctx.memory_bytes_max = ((size_t)8 << 20) - !fits;
        deliver(&t);
        FIXTURE_WRITE(&t);
        check_delivered(&t);
        check_told(!fits);
        fixture_release(&t);
    }
}

static struct {
    const struct connection_driver *driver;
    size_t given_up; /* transactions */
} counted;

static int count_given_up(struct connection *con, enum transact what, struct tg_error *err)
{
    counted.given_up += what == TRANSACT_ROLLBACK;
    return counted.driver->transact(con, what, err);
}

static const char *const large_names[] = {"person", "place", "thing"};
enum { LARGE_TABLES = sizeof(large_names) / sizeof(large_names[0]) };

/* Rows all over each of them, of the load before too. */
static void deliver_to_each(struct fixture *t)
{
    struct buf rows = BUF_INIT;
    for (int i = 1; i <= LARGE + 1; i += EVERY)
        buf_printf(&rows, "%d|Q%d|2.5|q%d\n", i, i, i);
    for (size_t n = 0; n < LARGE_TABLES; n++)
        fixture_rows(t, large_names[n], PERSON, buf_string(&rows));
    buf_release(&rows);
}

/* Each of several large tables would have the load begin again: all are asked about before. */
static void test_it_begins_again_once(void **state)
{
    (void)state;
    struct fixture t;
    fixture_init(&t);
    for (size_t n = 0; n < LARGE_TABLES; n++) {
        fixture_table(&t, large_names[n], NULL, DISPOSITION_MERGE);
        fixture_rows(&t, large_names[n], PERSON, "1|P1|1.5|p1\n");
    }
    FIXTURE_WRITE(&t);
    for (size_t n = 0; n < LARGE_TABLES; n++) {
        char insert[128];
        snprintf(
            insert, sizeof(insert),
            "INSERT INTO d.%s SELECT i, 'P' || i, '1.5', 'p' || i FROM range(2, 150001) AS r(i)",
            large_names[n]);
        fixture_exec(&t, insert);
    }
    fixture_exec(&t, "CHECKPOINT");
    allow_nothing(&t);
    deliver_to_each(&t);
    counted.driver = t.con->driver;
    counted.given_up = 0;
    struct connection_driver driver = *t.con->driver;
    driver.transact = count_given_up;
    t.con->driver = &driver;
    FIXTURE_WRITE(&t);
    t.con->driver = counted.driver;
    check_told(LARGE_TABLES);
    assert_int_equal(counted.given_up, told > 0);
    for (size_t n = 0; n < LARGE_TABLES; n++) {
        char query[256];
        snprintf(query, sizeof(query),
                 "SELECT count(*), count(DISTINCT id), count(*) FILTER (name = 'Q' || id), "
                 "count(*) FILTER (name = 'P' || id) FROM d.%s",
                 large_names[n]);
        fixture_check(&t, query, "150001|150001|101|149900\n");
        fixture_counts(&t, n, 1, 100, 0);
    }
    fixture_no_temporary(&t);
    fixture_release(&t);
}

/* A load that is refused in the end has moved rows, and has changed none. */
static void test_rows_that_go_are_at_the_end(void **state)
{
    (void)state;
    struct fixture t;
    start_large(&t);
    allow_nothing(&t);
    deliver(&t);
    fixture_exec(&t, "ALTER TABLE d._tidegate_loads ALTER rows_new SET DATA TYPE DATE "
                     "USING DATE '2024-01-01'");
    assert_int_equal(fixture_write(&t), TG_DESTINATION);
    check_told(2);
    check_untouched(&t);
    if (told > 0)
        fixture_check(&t,
                      "SELECT count(*) FILTER (id % 1500 = 1) FROM ("
                      "SELECT id FROM d.person ORDER BY rowid DESC LIMIT 100)",
                      "100\n");
    fixture_release(&t);
}

/* What a trial does is rolled back, so it moves nothing. */
static void test_a_trial_moves_nothing(void **state)
{
    (void)state;
    struct fixture t;
    struct trial trial;
    const struct write_order order = {.trial = &trial};
    start_large(&t);
    trial_init(&trial, 5);
    allow_nothing(&t);
    deliver(&t);
    t.by = &order;
    FIXTURE_WRITE(&t);
    check_told(0);
    check_untouched(&t);
    fixture_check(&t, "SELECT max(abs(id - 1 - rowid)) FROM d.person WHERE rowid < 100000", "0\n");
    trial_release(&trial);
    fixture_release(&t);
}

/* Somebody who reads meanwhile sees the old rows, and keeps what was deleted from going away. */
static void test_beside_a_reader(void **state)
{
    (void)state;
    struct fixture t;
    struct connection *reader = NULL;
    struct text_rows rows = {0};
    start_large(&t);
    FIXTURE_OK(&t, fixture_open(&t, &reader, &t.err));
    FIXTURE_OK(&t, connection_transact(reader, TRANSACT_BEGIN, &t.err));
    FIXTURE_OK(&t, connection_fetch(reader, "SELECT count(*) FROM d.person", &rows, &t.err));
    text_rows_release(&rows);
    allow_nothing(&t);
    deliver(&t);
    FIXTURE_WRITE(&t);
    check_told(2);
    FIXTURE_OK(&t, connection_fetch(reader,
                                    "SELECT count(*), sum(id), count(*) FILTER (name[1] = 'P') "
                                    "FROM d.person",
                                    &rows, &t.err));
    assert_string_equal(text_cell(&rows, 0, 0), "150000");
    assert_string_equal(text_cell(&rows, 0, 1), "11250075000");
    assert_string_equal(text_cell(&rows, 0, 2), "150000");
    text_rows_release(&rows);
    connection_close(reader);
    check_delivered(&t);
    fixture_release(&t);
}

/* ---- tables of people's own making ---- */

static void exec_each(struct fixture *t, const char *statements)
{
    char *text = mem_strdup(statements), *rest = NULL;
    for (char *sql = strtok_r(text, ";", &rest); sql; sql = strtok_r(NULL, ";", &rest))
        fixture_exec(t, sql);
    mem_free(text);
}

/* Forced: a table that holds no more than a block gains nothing. */
static void check_small(struct fixture *t, const char *change, size_t expected)
{
    assert_int_equal(setenv("TG_FORCE", "gather", 1), 0);
    fixture_rows(t, "person", PERSON, "1|Ann|1.5|a\n2|Bob|1.5|b\n");
    FIXTURE_WRITE(t);
    exec_each(t, change);
    allow_nothing(t);
    fixture_rows(t, "person", PERSON, "2|Bea|2.5|c\n3|Cid|2.5|d\n");
    FIXTURE_WRITE(t);
    fixture_check(t, "SELECT id, name, _dlt_load_id, _dlt_id FROM d.person ORDER BY id",
                  "1|Ann|1.5|a\n2|Bea|2.5|c\n3|Cid|2.5|d\n");
    fixture_counts(t, 0, 1, 1, 0);
    check_told(expected);
    assert_int_equal(unsetenv("TG_FORCE"), 0);
}

/* A DELETE of any row holds a block, and would of the same rows elsewhere. */
static void test_what_gains_nothing_stays(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_rows(&t, "person", PERSON, "1|Ann|1.5|a\n2|Bob|1.5|b\n");
    FIXTURE_WRITE(&t);
    allow_nothing(&t);
    fixture_rows(&t, "person", PERSON, "2|Bea|2.5|c\n3|Cid|2.5|d\n");
    FIXTURE_WRITE(&t);
    fixture_counts(&t, 0, 1, 1, 0);
    check_told(0);
    fixture_release(&t);
}

/* What hangs of a table is there afterwards. */
static void test_what_is_kept(void **state)
{
    (void)state;
    static const struct {
        const char *change, *query, *expected;
        size_t told;
    } cases[] = {
        {"CREATE VIEW d.v AS SELECT max(name) FROM d.person", "FROM d.v", "Cid\n", 1},
        {"COMMENT ON TABLE d.person IS 'ours'",
         "SELECT comment FROM duckdb_tables() WHERE table_name = 'person'", "ours\n", 1},
        {"ALTER TABLE d.person ADD COLUMN note VARCHAR DEFAULT 'x'",
         "SELECT note FROM d.person ORDER BY id", "x\nx\nx\n", 1},
        {"ALTER TABLE d.person ADD COLUMN note STRUCT(a INTEGER[])",
         "SELECT count(note) FROM d.person", "0\n", 1},
        {"CREATE INDEX i ON d.person (name)", "SELECT id FROM d.person WHERE name = 'Bea'", "2\n",
         0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture t;
        start(&t);
        check_small(&t, cases[i].change, cases[i].told);
        fixture_check(&t, cases[i].query, cases[i].expected);
        fixture_release(&t);
    }
}

/* Another table takes its place. */
static void test_what_stays_where_it_is(void **state)
{
    (void)state;
    static const char *const tables[] = {
        "id BIGINT PRIMARY KEY, name VARCHAR, _dlt_load_id VARCHAR, _dlt_id VARCHAR",
        "id BIGINT CHECK (id < 100), name VARCHAR, _dlt_load_id VARCHAR, _dlt_id VARCHAR",
        "id BIGINT, name VARCHAR, twice AS (id * 2), _dlt_load_id VARCHAR, _dlt_id VARCHAR",
        "id BIGINT, name VARCHAR, RowId VARCHAR, _dlt_load_id VARCHAR, _dlt_id VARCHAR",
    };
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        struct fixture t;
        char change[512];
        snprintf(change, sizeof(change),
                 "ALTER TABLE d.person RENAME TO was; CREATE TABLE d.person (%s); "
                 "INSERT INTO d.person (id, name, _dlt_load_id, _dlt_id) "
                 "SELECT id, name, _dlt_load_id, _dlt_id FROM d.was",
                 tables[i]);
        start(&t);
        check_small(&t, change, 0);
        fixture_release(&t);
    }
}

/* Files of older versions have none. */
static void test_a_trigger(void **state)
{
    (void)state;
    char path[128];
    struct fixture t;
    start(&t);
    if (duck_version() < VERSION_OF(2, 0, 0)) {
        fixture_release(&t);
        return;
    }
    connection_close(t.con);
    fixture_path(&t, "test.duckdb", path);
    assert_int_equal(unlink(path), 0);
    t.ctx.storage_version = "v2.0.0";
    fixture_connect(&t);
    check_small(&t,
                "CREATE TABLE d.seen (id BIGINT); CREATE TRIGGER watch AFTER INSERT ON d.person "
                "REFERENCING NEW TABLE AS came FOR EACH STATEMENT INSERT INTO d.seen "
                "SELECT id FROM came",
                0);
    fixture_check(&t, "SELECT id FROM d.seen ORDER BY 1", "2\n3\n");
    fixture_release(&t);
}

/* ---- the numbers of the rows ---- */

static int begin(void *user, struct tg_error *err)
{
    return connection_transact(user, TRANSACT_BEGIN, err);
}

/* Between the noting and the moving somebody deletes, and the database moves what is left. */
static void test_numbers_of_other_rows(void **state)
{
    (void)state;
    struct fixture t;
    struct gathering gathering;
    struct described there = {0};
    struct table table = {.name = "person"};
    bool goes = true;
    start_large(&t);
    allow_nothing(&t);
    FIXTURE_OK(&t, connection_describe(t.con, "d", NULL, &there, &t.err));
    const struct target target = {.table = &table, .there = described_find(&there, "person")};
    struct step step = {.target = &target, .going = "SELECT rowid FROM d.person WHERE id % 70 = 0"};
    const struct plan plan = {.steps = &step, .count = 1};
    gathering_init(&gathering, t.con, "d");
    gathering_begin(&gathering, &plan);
    FIXTURE_OK(&t, gathering_ask(&gathering, &step, &goes, &t.err));
    if (target.there->row_count > 0) {
        assert_false(goes);
        assert_true(gathering.is_wanted);
        fixture_exec(&t, "DELETE FROM d.person WHERE id BETWEEN 1000 AND 100000");
        fixture_exec(&t, "CHECKPOINT");
        const struct gather_begin by = {begin, t.con};
        FIXTURE_OK(&t, gathering_run(&gathering, &by, &t.err));
        assert_false(gathering.is_wanted);
        fixture_check(&t, "SELECT count(*), count(DISTINCT id), sum(id) FROM d.person",
                      "50999|50999|6250524500\n");
        FIXTURE_OK(&t, gathering_ask(&gathering, &step, &goes, &t.err));
        assert_true(goes); /* once is enough */
    }
    gathering_release(&gathering);
    described_release(&there);
    fixture_release(&t);
}

/* More rows than can be noted go as they stand. */
static void test_too_many_rows(void **state)
{
    (void)state;
    struct fixture t;
    start_large(&t);
    allow_nothing(&t);
    t.ctx.memory_bytes_max = 99 * 8 * 8;
    deliver(&t);
    FIXTURE_WRITE(&t);
    check_delivered(&t);
    check_told(0);
    fixture_release(&t);
}

static struct fixture tortured;
static struct described tortured_there;

/* Out of memory at any point. */
static int gather_once(void)
{
    int rc = TG_OK;
    bool goes = true;
    struct gathering gathering;
    struct tg_error *err = &tortured.err;
    struct table table = {.name = "person"};
    const struct target target = {.table = &table,
                                  .there = described_find(&tortured_there, "person")};
    struct step step = {.target = &target, .going = "SELECT rowid FROM d.person"};
    const struct plan plan = {.steps = &step, .count = 1};
    const struct gather_begin by = {begin, tortured.con};
    gathering_init(&gathering, tortured.con, "d");
    gathering_begin(&gathering, &plan);
    TRY(gathering_ask(&gathering, &step, &goes, err));
    TRY(gathering_run(&gathering, &by, err));
done:
    gathering_release(&gathering);
    return rc;
}

static void test_out_of_memory(void **state)
{
    (void)state;
    start(&tortured);
    fixture_rows(&tortured, "person", PERSON, "1|Ann|1.5|a\n2|Bob|1.5|b\n");
    FIXTURE_WRITE(&tortured);
    allow_nothing(&tortured);
    FIXTURE_OK(&tortured,
               connection_describe(tortured.con, "d", NULL, &tortured_there, &tortured.err));
    torture(gather_once);
    fixture_check(&tortured, "SELECT id, name FROM d.person ORDER BY id", "1|Ann\n2|Bob\n");
    described_release(&tortured_there);
    fixture_release(&tortured);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_else_differs),
        cmocka_unit_test(test_what_fits_is_left_alone),
        cmocka_unit_test(test_it_begins_again_once),
        cmocka_unit_test(test_rows_that_go_are_at_the_end),
        cmocka_unit_test(test_a_trial_moves_nothing),
        cmocka_unit_test(test_beside_a_reader),
        cmocka_unit_test(test_what_gains_nothing_stays),
        cmocka_unit_test(test_what_is_kept),
        cmocka_unit_test(test_what_stays_where_it_is),
        cmocka_unit_test(test_a_trigger),
        cmocka_unit_test(test_numbers_of_other_rows),
        cmocka_unit_test(test_too_many_rows),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests_name("write/gather", tests, NULL, NULL);
}
