/*
 * What readers see while loads are written: of all tables of a load the old rows, or the new ones.
 *
 * A thread with a connection of its own asks one question of all tables again and again: which
 * loads their rows are of, and how many there are (look). Each load writes all rows anew, whatever
 * the way. The control is the same load without a transaction: there the thread sees it half done.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "tests/write/both.h"

enum { ROWS = 40, LOADS = 4 };

struct reader {
    struct fixture *t;
    struct connection *con;
    pthread_t thread;
    atomic_int stop;
    atomic_int looks, changes; /* how often it has looked, and seen another state than before */
    char between[64];          /* what it has seen that it should not; "": nothing */
};

/* "load|load|rows": the lowest, the highest, of all tables. */
#define ALL_TABLES                                                                                 \
    "SELECT min(load), max(load), count(*) FROM (SELECT load FROM d.city UNION ALL "               \
    "SELECT load FROM d.city__tags UNION ALL SELECT load FROM d.other) AS rows"

/* A query is a COPY for our driver, whose snapshot is older than the locks that it waits for; a
 * plain statement's is not. */
static int look_by_insert(struct reader *reader, struct tg_error *err)
{
    int rc = TG_OK;
    TRY(connection_exec(reader->con, "CREATE TEMP TABLE IF NOT EXISTS seen (a int, b int, c int)",
                        NULL, err));
    TRY(connection_exec(reader->con, "TRUNCATE seen", NULL, err));
    TRY(connection_exec(reader->con, "INSERT INTO seen " ALL_TABLES, NULL, err));
done:
    return rc;
}

static int look(struct reader *reader, char out[64])
{
    struct text_rows rows = {0};
    struct tg_error err = {0};
    int rc = fixture_url ? look_by_insert(reader, &err) : TG_OK;
    if (rc == TG_OK)
        rc = connection_fetch(reader->con, fixture_url ? "SELECT a, b, c FROM seen" : ALL_TABLES,
                              &rows, &err);
    if (rc == TG_OK)
        snprintf(out, 64, "%s|%s|%s", text_cell(&rows, 0, 0), text_cell(&rows, 0, 1),
                 text_cell(&rows, 0, 2));
    text_rows_release(&rows);
    return rc;
}

static bool is_whole(const char *seen)
{
    int low = 0, high = 0, rows = 0;
    char *end = NULL;
    low = (int)strtol(seen, &end, 10);
    high = *end == '|' ? (int)strtol(end + 1, &end, 10) : -1;
    rows = *end == '|' ? (int)strtol(end + 1, &end, 10) : -1;
    return low == high && rows == 3 * ROWS;
}

/* A statement that fails because somebody changes the table says nothing of rows. */
static void *read_on(void *user)
{
    struct reader *reader = user;
    char before[64] = "", seen[64];
    while (!atomic_load(&reader->stop)) {
        if (look(reader, seen) != TG_OK)
            continue;
        atomic_fetch_add(&reader->looks, 1);
        if (strcmp(before, seen) != 0)
            atomic_fetch_add(&reader->changes, 1);
        memcpy(before, seen, sizeof(seen));
        if (!is_whole(seen))
            memcpy(reader->between, seen, sizeof(seen));
    }
    return NULL;
}

static void start_reader(struct reader *reader, struct fixture *t)
{
    *reader = (struct reader){.t = t};
    FIXTURE_OK(t, fixture_open(t, &reader->con, &t->err));
    assert_int_equal(pthread_create(&reader->thread, NULL, read_on, reader), 0);
}

static void stop_reader(struct reader *reader)
{
    int looks = atomic_load(&reader->looks);
    for (int i = 0; i < 5000 && atomic_load(&reader->looks) == looks; i++)
        usleep(1000); /* the last state is seen, too */
    atomic_store(&reader->stop, 1);
    pthread_join(reader->thread, NULL);
    connection_close(reader->con);
}

/* ---- loads ---- */

static const char *rows_of(struct buf *text, int load, const char *format)
{
    buf_clear(text);
    for (int i = 0; i < ROWS; i++) {
        buf_printf(text, format, i, load, i, i);
        buf_char(text, '\n');
    }
    return buf_string(text);
}

static void fill(struct fixture *t, int load)
{
    struct buf text = BUF_INIT;
    fixture_rows(t, "city", "id bigint pk|load bigint|_dlt_id text row",
                 rows_of(&text, load, "%d|%d|r%d"));
    fixture_rows(t, "city__tags",
                 "value bigint|load bigint|_dlt_parent_id text parent|_dlt_root_id text root|"
                 "_dlt_id text row",
                 rows_of(&text, load, "%d|%d|r%d|r%d|t"));
    fixture_rows(t, "other", "id bigint pk|load bigint|_dlt_id text row",
                 rows_of(&text, load, "%d|%d|o%d"));
    buf_release(&text);
}

static void start(struct fixture *t, enum disposition disposition, const char *strategy)
{
    static const char *const roots[] = {"city", "other"};
    fixture_init(t);
    for (size_t i = 0; i < 2; i++) {
        struct table *table = fixture_table(t, roots[i], NULL, disposition);
        table->merge_strategy = disposition == DISPOSITION_MERGE ? strategy : NULL;
        table->replace_strategy = disposition == DISPOSITION_REPLACE ? strategy : NULL;
    }
    fixture_table(t, "city__tags", "city", DISPOSITION_NONE);
    fill(t, 0);
    FIXTURE_WRITE(t);
}

enum { REPLACED = 1, DROPPED = 2 };

static void load_on(enum disposition disposition, const char *strategy, int marks)
{
    struct fixture t;
    struct reader reader;
    start(&t, disposition, strategy);
    start_reader(&reader, &t);
    for (int load = 1; load <= LOADS; load++) {
        fill(&t, load);
        for (size_t i = 0; marks && i < package_manifest(t.package)->table_count; i++) {
            struct manifest_table *part = &package_manifest(t.package)->tables[i];
            part->replaced = !strchr(part->name, '_');
            part->dropped = (marks & DROPPED) != 0;
        }
        if (marks & DROPPED)
            package_manifest(t.package)->refresh = "drop_sources";
        FIXTURE_WRITE(&t);
    }
    stop_reader(&reader);
    assert_string_equal(reader.between, "");
    assert_true(atomic_load(&reader.looks) > 0 && atomic_load(&reader.changes) > 0);
    fixture_check(&t, ALL_TABLES, "4|4|120\n");
    fixture_release(&t);
}

static void test_replace(void **state)
{
    (void)state;
    load_on(DISPOSITION_REPLACE, NULL, REPLACED);
    load_on(DISPOSITION_REPLACE, "truncate-and-insert", REPLACED);
    load_on(DISPOSITION_REPLACE, "insert-from-staging", REPLACED);
    if (fixture_url)
        load_on(DISPOSITION_REPLACE, "staging-optimized", REPLACED);
}

static void test_refresh(void **state)
{
    (void)state;
    load_on(DISPOSITION_APPEND, NULL, REPLACED);
    load_on(DISPOSITION_APPEND, NULL, REPLACED | DROPPED);
    load_on(DISPOSITION_MERGE, NULL, REPLACED | DROPPED);
}

static void test_merge(void **state)
{
    (void)state;
    load_on(DISPOSITION_MERGE, NULL, 0);
    load_on(DISPOSITION_MERGE, "upsert", 0);
}

static int no_transaction(struct connection *con, enum transact what, struct tg_error *err)
{
    (void)con, (void)what, (void)err;
    return TG_OK;
}

/* The control: statements that commit by themselves. */
static void test_without_transaction(void **state)
{
    (void)state;
    struct fixture t;
    struct reader reader;
    start(&t, DISPOSITION_REPLACE, NULL);
    const struct connection_driver *own = t.con->driver;
    const struct dialect *usual = t.con->dialect;
    struct connection_driver driver = *own;
    struct dialect dialect = *usual;
    dialect.hold = NULL;
    driver.transact = no_transaction;
    driver.lock = NULL;
    start_reader(&reader, &t);
    t.con->driver = &driver;
    t.con->dialect = &dialect;
    for (int load = 1; load < 200 && !reader.between[0]; load++) {
        fill(&t, load);
        fixture_part(&t, "city")->replaced = fixture_part(&t, "other")->replaced = true;
        FIXTURE_WRITE(&t);
    }
    t.con->driver = own;
    t.con->dialect = usual;
    stop_reader(&reader);
    assert_string_not_equal(reader.between, "");
    fixture_release(&t);
}

/* A transaction of PostgreSQL that is older than the load, and looks at its tables only then. */
static const char *seen_by_older(const char *strategy)
{
    struct fixture t;
    struct reader reader = {0};
    static char seen[64];
    start(&t, DISPOSITION_REPLACE, strategy);
    FIXTURE_OK(&t, fixture_open(&t, &reader.con, &t.err));
    FIXTURE_OK(&t,
               connection_exec(reader.con, "BEGIN ISOLATION LEVEL REPEATABLE READ", NULL, &t.err));
    FIXTURE_OK(&t, connection_exec(reader.con, "SELECT count(*) FROM d._dlt_loads", NULL, &t.err));
    fill(&t, 1);
    fixture_part(&t, "city")->replaced = fixture_part(&t, "other")->replaced = true;
    FIXTURE_WRITE(&t);
    assert_int_equal(look(&reader, seen), TG_OK);
    connection_close(reader.con);
    fixture_release(&t);
    return seen;
}

/* What docs/write-dispositions.md says of it. */
static void test_older_transactions(void **state)
{
    (void)state;
    if (!fixture_url)
        skip();
    assert_string_equal(seen_by_older(NULL), "0|0|120");
    assert_string_equal(seen_by_older("insert-from-staging"), "0|0|120");
    assert_string_equal(seen_by_older("truncate-and-insert"), "(null)|(null)|0");
    assert_string_equal(seen_by_older("staging-optimized"), "(null)|(null)|0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replace),
        cmocka_unit_test(test_refresh),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_without_transaction),
        cmocka_unit_test(test_older_transactions),
    };
    return run_at_both("write/readers", tests);
}
