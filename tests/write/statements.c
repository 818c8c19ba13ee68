/* Statements of a program's own, at each kind of database: which give rows, the default schema. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "data/batch.h"
#include "tests/write/both.h"
#include "write/destination.h"

static const char *place; /* of a fixture that is in work: where its database is */

static void enter(struct fixture *t, struct destination *destination, const char *dataset)
{
    FIXTURE_OK(t, destination_init(destination, &t->ctx, AT_URL(place), dataset, &t->err));
    FIXTURE_OK(t, destination_enter(destination, &t->err));
}

/* How many columns a statement's rows have; 0: it gives none. */
static int64_t columns_of(struct fixture *t, struct destination *destination, const char *text)
{
    struct ArrowArrayStream rows = {0};
    struct ArrowSchema schema = {0};
    bool gives_rows = false;
    FIXTURE_OK(t, destination_run(destination, text, NULL, &rows, &gives_rows, &t->err));
    FIXTURE_OK(t, stream_schema(&rows, TG_DESTINATION, &schema, &t->err));
    int64_t count = gives_rows ? schema.n_children : 0;
    schema_release(&schema);
    stream_release(&rows);
    return count;
}

static void which_give_rows(void **state)
{
    (void)state;
    struct fixture t;
    char path[128], url[256];
    struct destination destination = {0};
    fixture_init(&t);
    fixture_path(&t, "new.sqlite", path);
    snprintf(url, sizeof(url), "adbc:" SQLITE_DRIVER ":%s", path);
    place = fixture_url ? fixture_url : url;
    enter(&t, &destination, "d"); /* a file is made */
    assert_int_equal(columns_of(&t, &destination, "CREATE TABLE made (a int, b int)"), 0);
    assert_int_equal(columns_of(&t, &destination, "INSERT INTO made VALUES (1, 2)"), 0);
    assert_int_equal(columns_of(&t, &destination, "SELECT a, b FROM made WHERE a > 7"), 2);
    FIXTURE_OK(&t, destination_transact(&destination, TG_TRANSACTION_BEGIN, &t.err));
    assert_int_equal(columns_of(&t, &destination, "DROP TABLE made"), 0);
    FIXTURE_OK(&t, destination_transact(&destination, TG_TRANSACTION_ROLLBACK, &t.err));
    FIXTURE_OK(&t, destination_transact(&destination, TG_TRANSACTION_BEGIN, &t.err));
    assert_int_equal(columns_of(&t, &destination, "DELETE FROM made"), 0);
    FIXTURE_OK(&t, destination_transact(&destination, TG_TRANSACTION_COMMIT, &t.err));
    assert_int_equal(columns_of(&t, &destination, "SELECT a FROM made"), 1);
    assert_int_equal(columns_of(&t, &destination, "DROP TABLE made"), 0);
    destination_close(&destination);
    fixture_release(&t);
}

/* What is in the way of the default schema is told, unless that is only not there. */
static void the_default_schema(void **state)
{
    (void)state;
    struct fixture t;
    atomic_int cancel = 0;
    struct destination destination = {0};
    fixture_init(&t);
    char path[128], url[160];
    fixture_path(&t, "new.duckdb", path);
    snprintf(url, sizeof(url), "duckdb:///%s", path);
    place = url;
    enter(&t, &destination, "d");
    assert_int_equal(columns_of(&t, &destination, "CREATE SCHEMA d"), 1); /* DuckDB's Count */
    assert_int_equal(columns_of(&t, &destination, "CREATE TABLE d.there (a INT, b INT)"), 1);
    FIXTURE_OK(&t, destination_use(&destination, "d", &t.err));
    assert_int_equal(columns_of(&t, &destination, "SELECT * FROM there"), 2);
    FIXTURE_OK(&t, destination_use(&destination, "nowhere", &t.err));
    assert_int_equal(columns_of(&t, &destination, "SELECT * FROM there"), 2);
    t.ctx.cancel = &cancel;
    cancel = 1;
    assert_int_equal(destination_use(&destination, "d", &t.err), TG_CANCELLED);
    cancel = 0;
    destination_close(&destination);
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(which_give_rows)};
    const struct CMUnitTest at_duckdb[] = {cmocka_unit_test(the_default_schema)};
    int failed = cmocka_run_group_tests_name("statements (sqlite)", tests, NULL, NULL);
    fixture_url = postgres_uri();
    failed += cmocka_run_group_tests_name("statements (postgres)", tests, NULL, NULL);
    fixture_url = NULL;
    return failed + cmocka_run_group_tests_name("statements (duckdb)", at_duckdb, NULL, NULL);
}
