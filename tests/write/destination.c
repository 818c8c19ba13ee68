/*
 * Tests of src/write/destination.c and src/write/sql/destination.c: what URLs say, a destination
 * where nothing is, one that is a database, and one that is none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/loads.h"
#include "write/destination.h"

/* ---- URLs ---- */

static void test_urls(void **state)
{
    (void)state;
    struct tg_error err = {0};
    struct destination_facts facts = {0};
    assert_int_equal(destination_check(AT_URL("duckdb:///a.duckdb"), "d", &facts, &err), TG_OK);
    assert_string_equal(facts.name, "duckdb");
    assert_string_equal(facts.type, "dlt.destinations.duckdb");
    assert_true(facts.folds_case);
    assert_int_equal(facts.name_bytes_max, 65536);
    assert_int_equal(destination_check(AT_URL("duckdb:///bronze.duckdb"), "bronze", NULL, &err),
                     TG_USAGE);
    assert_non_null(strstr(err.what, "cannot tell them apart"));
    assert_int_equal(destination_check(AT_URL("oracle://me:secret@x"), NULL, NULL, &err), TG_USAGE);
    assert_non_null(strstr(err.what, "destination 'oracle:' has no driver"));
}

static void test_examples(void **state)
{
    (void)state;
    size_t count = 0;
    struct destination_example example = {0};
    for (; destination_example(count, &example); count++) {
        assert_int_equal(destination_check(AT_URL(example.url), "d", NULL, NULL), TG_OK);
        assert_non_null(strstr(example.url, example.name));
        if (example.start)
            assert_non_null(strstr(example.start, "destination:"));
    }
    assert_true(count > 0);
}

static void test_where_urls_lead(void **state)
{
    (void)state;
    struct fixture t;
    char url[200], expected[200], folder[128];
    struct buf absolute = BUF_INIT;
    fixture_init(&t);
    fixture_path(&t, "test.duckdb", folder);
    snprintf(expected, sizeof(expected), "duckdb:///%s", folder);
    FIXTURE_OK(&t,
               destination_absolute(AT_URL("duckdb:///test.duckdb"), t.folder, &absolute, &t.err));
    assert_string_equal(buf_string(&absolute), expected);
    assert_int_equal(destination_absolute(AT_URL("oracle://x"), ".", &absolute, NULL), TG_USAGE);
    buf_release(&absolute);
    /* A file that is there, and one that is not. */
    static const char *const names[] = {"test.duckdb", "none.duckdb"};
    for (int i = 0; i < 2; i++) {
        snprintf(url, sizeof(url), "duckdb:///%s", names[i]);
        snprintf(expected, sizeof(expected), "duckdb:///%s/./%s", t.folder, names[i]);
        assert_true(destination_same(AT_URL(url), t.folder, AT_URL(expected)));
        assert_false(destination_same(AT_URL(url), "/", AT_URL(expected)));
        assert_false(
            destination_same(AT_URL("duckdb:///other.duckdb"), t.folder, AT_URL(expected)));
    }
    assert_false(destination_same(AT_URL("oracle://x"), ".", AT_URL("oracle://x")));
    assert_true(destination_same(AT_URL("given:duckdb:////tmp/a.duckdb"), ".",
                                 AT_URL("duckdb:////tmp/./a.duckdb")));
    assert_false(destination_same(AT_URL("given:duckdb:////tmp/a.duckdb"), ".",
                                  AT_URL("duckdb:////tmp/b.duckdb")));
    assert_string_equal(destination_url("given:duckdb:///:external:"),
                        "given:duckdb:///:external:");
    fixture_release(&t);
}

/* ---- a database ---- */

static void start(struct fixture *t, struct destination *destination, const char *url)
{
    FIXTURE_OK(t, destination_init(destination, &t->ctx, AT_URL(url), "d", &t->err));
    FIXTURE_OK(t, destination_open(destination, &t->err));
}

static void test_nothing_there(void **state)
{
    (void)state;
    struct fixture t;
    struct ledger ledger;
    struct catalog catalog;
    struct destination destination;
    struct fs_stat stat;
    char path[128], url[160];
    fixture_init(&t);
    fixture_path(&t, "new.duckdb", path);
    snprintf(url, sizeof(url), "duckdb:///%s", path);
    start(&t, &destination, url);
    assert_null(destination.state);
    const struct ledger_owner owner = {"p", "s", false};
    FIXTURE_OK(&t, destination_restore(&destination, &owner, 1, &ledger, &t.err));
    assert_int_equal(ledger.state_version, 0);
    assert_string_equal(ledger.newest_load, "");
    FIXTURE_OK(&t, destination_describe(&destination, NULL, &catalog, &t.err));
    assert_int_equal(catalog.table_count, 0);
    FIXTURE_OK(&t, fs_stat(path, &stat, &t.err));
    assert_false(stat.exists);
    /* A package makes it. */
    struct manifest manifest;
    struct write_result result;
    fixture_table(&t, "person", NULL, DISPOSITION_APPEND);
    fixture_rows(&t, "person", "id bigint", "1\n");
    char *sealed = fixture_seal(&t);
    FIXTURE_OK(&t, package_open(sealed, &manifest, &t.err));
    FIXTURE_OK(&t, destination_write(&destination, sealed, &manifest, NULL, &result, &t.err));
    assert_int_equal(result.fate, FATE_WRITTEN);
    assert_int_equal(result.counts[0].rows_inserted, 1);
    assert_non_null(destination.state);
    write_result_release(&result);
    manifest_release(&manifest);
    mem_free(sealed);
    ledger_release(&ledger);
    catalog_release(&catalog);
    destination_close(&destination);
    assert_null(destination.state);
    destination_close(&destination);
    fixture_release(&t);
}

static bool is_person(const void *user, const char *table)
{
    return strcmp(table, user) == 0;
}

static void test_what_is_there(void **state)
{
    (void)state;
    struct fixture t;
    struct destination destination;
    struct catalog catalog;
    struct ledger ledger;
    struct buf text = BUF_INIT;
    char path[128], url[160];
    fixture_init(&t);
    fixture_table(&t, "person", NULL, DISPOSITION_APPEND);
    fixture_rows(&t, "person", "id bigint notnull|name text|paid decimal(10,2)", "1|Ann|2.50\n");
    FIXTURE_WRITE(&t);
    fixture_exec(&t, "ALTER TABLE d.person ADD COLUMN mood ENUM('good', 'bad')");
    fixture_path(&t, "test.duckdb", path);
    snprintf(url, sizeof(url), "duckdb:///%s", path);
    start(&t, &destination, url);
    const struct table_choice choice = {.wants = is_person, .user = "person"};
    FIXTURE_OK(&t, destination_describe(&destination, &choice, &catalog, &t.err));
    assert_int_equal(catalog.table_count, 1);
    const struct table *person = catalog_find(&catalog, "person");
    assert_int_equal(person->column_count, 4);
    assert_int_equal(person->columns[0].spec.type, TYPE_BIGINT);
    assert_false(person->columns[0].nullable);
    assert_true(person->columns[1].nullable);
    assert_int_equal(person->columns[2].spec.precision, 10);
    assert_int_equal(person->columns[3].spec.type, TYPE_NONE);
    destination.facts.type_text(&person->columns[2].spec, &text);
    assert_string_equal(buf_string(&text), "DECIMAL(10,2)");
    const struct ledger_owner owner = {"shop_pipeline", "shop", false};
    FIXTURE_OK(&t, destination_restore(&destination, &owner, 0, &ledger, &t.err));
    assert_int_equal(ledger.state_version, 1);
    assert_string_equal(ledger.newest_load, "1.5");
    char next[LOAD_ID_TEXT];
    ledger_next_id(&ledger, ledger.newest_load, 0, next);
    assert_string_equal(next, "1.500001");
    struct ArrowArrayStream stream = {0};
    FIXTURE_OK(&t,
               destination_query(&destination, "SELECT name FROM person", NULL, &stream, &t.err));
    stream_release(&stream);
    assert_int_equal(destination_query(&destination, "SELECT x FROM none", NULL, &stream, &t.err),
                     TG_DESTINATION);
    buf_release(&text);
    ledger_release(&ledger);
    catalog_release(&catalog);
    destination_close(&destination);
    fixture_release(&t);
}

/* At a server nothing is tried that it would refuse: it would note an error, and end the
 * transaction. */
static void test_views(void **state)
{
    (void)state;
    struct fixture t;
    struct destination destination;
    struct ArrowArrayStream stream = {0};
    static const char *const names[] = {"plain", "none", "odd \"one\"", "plain_2"};
    bool found[4];
    char path[128], url[160];
    fixture_init(&t);
    fixture_exec(&t, "CREATE SCHEMA IF NOT EXISTS d");
    fixture_exec(&t, "CREATE VIEW d.plain AS SELECT 1 AS id");
    fixture_exec(&t, "CREATE VIEW d.\"odd \"\"one\"\"\" AS SELECT 1 AS id");
    fixture_path(&t, "test.duckdb", path);
    snprintf(url, sizeof(url), "duckdb:///%s", path);
    start(&t, &destination, fixture_url ? fixture_url : url);
    struct connection *con = destination.state;
    FIXTURE_OK(&t, connection_transact(con, TRANSACT_BEGIN, &t.err));
    FIXTURE_OK(&t, destination_views(&destination, names, 4, found, &t.err));
    assert_true(found[0] && !found[1] && found[2] && !found[3]);
    FIXTURE_OK(&t, connection_query(con, "SELECT 1", &stream, &t.err));
    stream_release(&stream);
    FIXTURE_OK(&t, connection_transact(con, TRANSACT_ROLLBACK, &t.err));
    destination_close(&destination);
    FIXTURE_OK(&t, destination_views(&destination, names, 4, found, &t.err));
    assert_false(found[0] || found[2]);
    fixture_release(&t);
}

/* ---- one that is no database, and cannot say at once whether it has taken a package ---- */

struct shelf {
    bool is_open, says_nothing;
    const char *load_id; /* of the package that it has taken; NULL: none */
};

static int shelf_open(struct destination *destination, bool create, struct tg_error *err)
{
    (void)err;
    struct shelf *shelf = (struct shelf *)(uintptr_t)destination->where.url;
    shelf->is_open = true;
    destination->state = create || shelf->load_id ? shelf : NULL;
    return TG_OK;
}

static int shelf_write(struct destination *destination, const char *package_path,
                       const struct manifest *manifest, const struct write_order *order,
                       struct write_result *out, struct tg_error *err)
{
    (void)package_path;
    (void)order;
    struct shelf *shelf = destination->state;
    out->already_written = shelf->load_id && strcmp(shelf->load_id, manifest->load_id) == 0;
    shelf->load_id = manifest->load_id;
    out->fate = shelf->says_nothing ? FATE_UNKNOWN : FATE_WRITTEN;
    return shelf->says_nothing ? error_set(err, TG_DESTINATION, "no answer") : TG_OK;
}

static void shelf_close(struct destination *destination)
{
    ((struct shelf *)destination->state)->is_open = false;
}

static void test_another_kind(void **state)
{
    (void)state;
    static const struct destination_driver driver = {
        .open = shelf_open, .write = shelf_write, .close = shelf_close};
    struct shelf shelf = {.says_nothing = true};
    struct manifest manifest = {.load_id = "1.0"};
    struct write_result result;
    struct tg_error err = {0};
    struct destination destination = {.driver = &driver, .where.url = (const char *)&shelf};
    assert_int_equal(destination_open(&destination, &err), TG_OK);
    assert_null(destination.state);
    assert_int_equal(destination_write(&destination, "p", &manifest, NULL, &result, NULL),
                     TG_DESTINATION);
    assert_int_equal(result.fate, FATE_UNKNOWN);
    shelf.says_nothing = false;
    assert_int_equal(destination_write(&destination, "p", &manifest, NULL, &result, &err), TG_OK);
    assert_int_equal(result.fate, FATE_WRITTEN);
    assert_true(result.already_written);
    destination_close(&destination);
    assert_false(shelf.is_open);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_where_urls_lead),
        cmocka_unit_test(test_nothing_there),
        cmocka_unit_test(test_what_is_there),
        cmocka_unit_test(test_another_kind),
    };
    const struct CMUnitTest both[] = {cmocka_unit_test(test_views)};
    int failed = cmocka_run_group_tests_name("destination", tests, NULL, NULL);
    return failed + run_at_both("destination", both);
}
