/*
 * What readers see while loads are written: of all tables of a load the old rows, or the new ones.
 *
 * A thread with a connection of its own asks one question of all tables again and again: which
 * loads their rows are of, and how many there are (look). Each load writes all rows anew, whatever
 * the way, or as many more, and an undo takes them back. The controls are the same loads without a
 * transaction: there the thread sees them half done.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "catalog/history.h"
#include "tests/write/both.h"
#include "tests/write/keys.h"
#include "tests/write/undos.h"

enum { ROWS = 40, LOADS = 2 };

enum marks {
    REPLACED = 1,
    DROPPED = 2,
    ABSENT = 4,  /* no load has the keys of another, and what did not come goes */
    FLAGGED = 8, /* or is flagged */
    NEW_KEYS = 16,
    VERSIONS = 32,
    DELIVERED = 64, /* the range that came is replaced */
    UNDONE = 128,   /* each load is taken back, but for the last */
};

/* A way to write, and what is asked meanwhile. */
struct way {
    enum disposition disposition;
    const char *strategy;
    unsigned marks;
    const char *question;
};

struct reader {
    const char *question;
    struct connection *con;
    pthread_t thread;
    atomic_int stop;
    atomic_int looks, changes; /* how often it has looked, and seen another state than before */
    char between[64];          /* what it has seen that it should not; "": nothing */
};

/* "load|load|rows": the lowest, the highest, of all tables. */
#define OF_ALL(city, tags, other)                                                                  \
    "SELECT min(load), max(load), CAST(sum(n) AS bigint) FROM (\n" city "\nUNION ALL " tags        \
    "\nUNION ALL " other ") AS counts"
#define ROWS_OF(table)  "SELECT load, 1 AS n FROM d." table
#define TAGS_OF(parent) ROWS_OF("city__tags") " WHERE _dlt_parent_id IN (" parent ")"
#define ROWS_WHERE(condition)                                                                      \
    OF_ALL(ROWS_OF("city") condition, TAGS_OF("SELECT _dlt_id FROM d.city" condition),             \
           ROWS_OF("other") condition)
/* Of a table that each load adds to: the newest load, and what the others do not account for. */
#define GROWN(table) "SELECT max(load) AS load, count(*) - 40 * max(load) AS n FROM d." table

static const char all_rows[] = OF_ALL(ROWS_OF("city"), ROWS_OF("city__tags"), ROWS_OF("other"));
static const char valid_rows[] = ROWS_WHERE(" WHERE _dlt_valid_to IS NULL");
static const char unflagged_rows[] = ROWS_WHERE(" WHERE " DELETED_COLUMN " IS NULL");
static const char all_loads[] = OF_ALL(GROWN("city"), GROWN("city__tags"), GROWN("other"));

/* A query is a COPY for our driver, whose snapshot is older than the locks that it waits for; a
 * plain statement's is not. */
static int look_by_insert(struct reader *reader, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf sql = BUF_INIT;
    TRY(connection_exec(reader->con, "CREATE TEMP TABLE IF NOT EXISTS seen (a int, b int, c int)",
                        NULL, err));
    TRY(connection_exec(reader->con, "TRUNCATE seen", NULL, err));
    buf_printf(&sql, "INSERT INTO seen %s", reader->question);
    TRY(connection_exec(reader->con, buf_string(&sql), NULL, err));
done:
    buf_release(&sql);
    return rc;
}

static int look(struct reader *reader, char out[64])
{
    struct text_rows rows = {0};
    struct tg_error err = {0};
    int rc = fixture_url ? look_by_insert(reader, &err) : TG_OK;
    if (rc == TG_OK)
        rc = connection_fetch(
            reader->con, fixture_url ? "SELECT a, b, c FROM seen" : reader->question, &rows, &err);
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
        usleep(500); /* loads have the processor, too */
    }
    return NULL;
}

static void start_reader(struct reader *reader, struct fixture *t, const char *question)
{
    *reader = (struct reader){.question = question};
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

static void mark_part(struct fixture *t, const struct way *way, const char *name)
{
    static const struct manifest_range range = {.column = "id", .delivered = true};
    struct manifest_table *part = fixture_part(t, name);
    part->replaced = (way->marks & REPLACED) != 0;
    part->dropped = (way->marks & DROPPED) != 0;
    part->deletes_absent = (way->marks & ABSENT) != 0;
    part->flags_absent = (way->marks & FLAGGED) != 0;
    if (way->marks & DELIVERED)
        FIXTURE_OK(t, manifest_set_range(package_manifest(t->package), part, &range, &t->err));
}

#define CITY "id bigint pk|load bigint|_dlt_load_id text|_dlt_id text row"
#define TAGS                                                                                       \
    "value bigint|load bigint|_dlt_parent_id text parent|_dlt_root_id text root|_dlt_id text row"

/* Nested rows of versions bear the number of their root row. */
static void fill(struct fixture *t, const struct way *way, int number)
{
    struct buf city = BUF_INIT, tags = BUF_INIT, other = BUF_INIT;
    const unsigned new_keys = ABSENT | FLAGGED | NEW_KEYS;
    fixture_begin(t)->undo_loads = way->marks & UNDONE ? 2 : 0;
    for (int i = 0; i < ROWS; i++) {
        int key = i + (way->marks & new_keys ? number * ROWS : 0);
        int id = way->marks & VERSIONS ? i + number * ROWS : key;
        buf_printf(&city, "%d|%d|%d.5|r%d\n", key, number, t->load, id);
        buf_printf(&tags, "%d|%d|r%d|r%d|t%d|%d\n", key, number, id, id, id, (int)t->order + i);
        buf_printf(&other, "%d|%d|%d.5|o%d\n", key, number, t->load, id);
    }
    fixture_rows(t, "city", CITY, buf_string(&city));
    fixture_rows(t, "city__tags", TAGS "|_tidegate_order bigint", buf_string(&tags));
    fixture_rows(t, "other", CITY, buf_string(&other));
    buf_release(&city);
    buf_release(&tags);
    buf_release(&other);
}

static void load_number(struct fixture *t, const struct way *way, int number)
{
    fill(t, way, number);
    mark_part(t, way, "city");
    mark_part(t, way, "other");
    if (way->marks & DROPPED) {
        fixture_part(t, "city__tags")->dropped = true;
        package_manifest(t->package)->refresh = "drop_sources";
    }
    FIXTURE_WRITE(t);
}

static void keep_history(struct fixture *t, struct table *table)
{
    static const char *const keys[] = {HISTORY_FROM, HISTORY_TO};
    golden_columns(t, table->name, "_dlt_valid_from timestamp|_dlt_valid_to timestamp");
    for (size_t i = 0; i < 2; i++)
        FIXTURE_OK(t, extra_set(&t->catalog, &table->columns[i].extras, keys[i], "true", &t->err));
}

static void begin(struct fixture *t, const struct way *way)
{
    static const char *const roots[] = {"city", "other"};
    fixture_init(t);
    for (size_t i = 0; i < 2; i++) {
        struct table *table = fixture_table(t, roots[i], NULL, way->disposition);
        table->merge_strategy = way->disposition == DISPOSITION_MERGE ? way->strategy : NULL;
        table->replace_strategy = way->disposition == DISPOSITION_REPLACE ? way->strategy : NULL;
        if (way->marks & VERSIONS)
            keep_history(t, table);
        if (way->marks & FLAGGED)
            golden_columns(t, roots[i], DELETED_COLUMN " timestamp");
    }
    fixture_table(t, "city__tags", "city", DISPOSITION_NONE);
    fill(t, way, 0);
    if (way->marks & DELIVERED) {
        mark_part(t, way, "city");
        mark_part(t, way, "other");
    }
    FIXTURE_WRITE(t);
}

static void load_on(const struct way *way)
{
    struct fixture t;
    struct reader reader;
    begin(&t, way);
    start_reader(&reader, &t, way->question);
    for (int number = 1; number <= LOADS; number++) {
        load_number(&t, way, number);
        if (way->marks & UNDONE && number < LOADS)
            FIXTURE_OK(&t, undo(&t, &last));
    }
    stop_reader(&reader);
    if (reader.between[0])
        fail_msg("%s (%x): %s", way->strategy ? way->strategy : "usual", way->marks,
                 reader.between);
    assert_true(atomic_load(&reader.looks) > 0 && atomic_load(&reader.changes) > 0);
    fixture_check(&t, way->question, "2|2|120\n");
    fixture_release(&t);
}

static void replace_on(const char *strategy)
{
    load_on(&(struct way){DISPOSITION_REPLACE, strategy, REPLACED, all_rows});
}

static void test_replace(void **state)
{
    (void)state;
    replace_on(NULL);
    replace_on("truncate-and-insert");
    replace_on("insert-from-staging");
    if (fixture_url)
        replace_on("staging-optimized");
}

static void test_refresh(void **state)
{
    (void)state;
    load_on(&(struct way){DISPOSITION_APPEND, NULL, REPLACED, all_rows});
    load_on(&(struct way){DISPOSITION_APPEND, NULL, REPLACED | DROPPED, all_rows});
    load_on(&(struct way){DISPOSITION_MERGE, NULL, REPLACED | DROPPED, all_rows});
}

static const struct way ways[] = {
    {DISPOSITION_MERGE, "insert-only", NEW_KEYS, all_loads},
    {DISPOSITION_MERGE, "scd2", VERSIONS, valid_rows},
    {DISPOSITION_MERGE, "cdc", ABSENT, all_rows},
    {DISPOSITION_MERGE, "upsert", FLAGGED, unflagged_rows},
    {DISPOSITION_REPLACE, "replace-range", DELIVERED, all_rows},
    {DISPOSITION_MERGE, NULL, UNDONE, all_rows},
    /* Those have a control each. */
    {DISPOSITION_MERGE, "scd2", VERSIONS | UNDONE, valid_rows},
    {DISPOSITION_MERGE, NULL, ABSENT, all_rows},
    {DISPOSITION_MERGE, NULL, 0, all_rows},
    {DISPOSITION_MERGE, "upsert", 0, all_rows},
};
enum { WAYS = sizeof(ways) / sizeof(ways[0]), CONTROLS = 6 };

static void test_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAYS; i++)
        load_on(&ways[i]);
}

static int no_transaction(struct connection *con, enum transact what, struct tg_error *err)
{
    (void)con, (void)what, (void)err;
    return TG_OK;
}

/* The control: statements that commit by themselves. */
static void see_between(const struct way *way)
{
    struct fixture t;
    struct reader reader;
    begin(&t, way);
    const struct connection_driver *own = t.con->driver;
    const struct dialect *usual = t.con->dialect;
    struct connection_driver driver = *own;
    struct dialect dialect = *usual;
    dialect.hold = NULL;
    driver.transact = no_transaction;
    driver.lock = NULL;
    start_reader(&reader, &t, way->question);
    t.con->driver = &driver;
    t.con->dialect = &dialect;
    for (int number = 1; number < 200 && !reader.between[0]; number++) {
        load_number(&t, way, number);
        if (way->marks & UNDONE)
            FIXTURE_OK(&t, undo(&t, &last));
    }
    t.con->driver = own;
    t.con->dialect = usual;
    stop_reader(&reader);
    assert_string_not_equal(reader.between, "");
    fixture_release(&t);
}

static void test_without_transaction(void **state)
{
    (void)state;
    see_between(&(struct way){DISPOSITION_REPLACE, NULL, REPLACED, all_rows});
    for (size_t i = 0; i < CONTROLS; i++)
        see_between(&ways[i]);
}

/* A transaction of PostgreSQL that is older than the load, and looks at its tables only then. */
static const char *seen_by_older(const char *strategy)
{
    struct fixture t;
    const struct way way = {DISPOSITION_REPLACE, strategy, REPLACED, all_rows};
    struct reader reader = {.question = all_rows};
    static char seen[64];
    begin(&t, &way);
    FIXTURE_OK(&t, fixture_open(&t, &reader.con, &t.err));
    FIXTURE_OK(&t,
               connection_exec(reader.con, "BEGIN ISOLATION LEVEL REPEATABLE READ", NULL, &t.err));
    FIXTURE_OK(&t, connection_exec(reader.con, "SELECT count(*) FROM d._dlt_loads", NULL, &t.err));
    load_number(&t, &way, 1);
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
    assert_string_equal(seen_by_older("truncate-and-insert"), "(null)|(null)|(null)");
    assert_string_equal(seen_by_older("staging-optimized"), "(null)|(null)|(null)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replace),
        cmocka_unit_test(test_refresh),
        cmocka_unit_test(test_ways),
        cmocka_unit_test(test_without_transaction),
        cmocka_unit_test(test_older_transactions),
    };
    return run_at_both("write/readers", tests);
}
