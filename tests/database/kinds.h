/*
 * For tests: the kinds of connections that the conformance suite runs over, a line each. Include
 * after cmocka.h.
 */
#ifndef TIDEGATE_TESTS_DATABASE_KINDS_H
#define TIDEGATE_TESTS_DATABASE_KINDS_H

#include "duckdb/api.h"
#include "tests/database/given.h"
#include "tests/database/plain.h"
#include "tests/postgres.h"

#include "tests/database/conformance.h"

static inline int open_duckdb(struct context *own, struct connection **out, struct tg_error *err)
{
    return connection_open(own, AT_URL("duckdb:///d.duckdb"), true, out, err);
}

/* By exec and query alone, all else in SQL. */
static struct plain plains[8];

static inline int open_plain(struct context *own, struct connection **out, struct tg_error *err)
{
    int rc = open_duckdb(own, out, err);
    size_t i = 0;
    while (plains[i].own)
        i++;
    if (rc == TG_OK)
        plain_take(&plains[i], *out);
    return rc;
}

static inline void close_plain(struct connection *plain)
{
    for (size_t i = 0; i < sizeof(plains) / sizeof(plains[0]); i++)
        if (plain && plain->driver == &plains[i].driver) {
            plain_give_back(&plains[i], plain);
            plains[i].own = NULL;
        }
    connection_close(plain);
}

static struct given_database given_database = {.url = "duckdb:///d.duckdb"};
static struct given_database messages_only = {.url = "duckdb:///d.duckdb", .has_no_sqlstate = true};

static inline int open_given(struct context *own, struct connection **out, struct tg_error *err)
{
    static struct tg_connection calls;
    calls = given_calls(&given_database, true);
    return connection_open(own, &(struct location){.given = &calls}, true, out, err);
}

static inline int open_least_given(struct context *own, struct connection **out,
                                   struct tg_error *err)
{
    static struct tg_connection calls;
    calls = given_calls(&messages_only, false);
    return connection_open(own, &(struct location){.given = &calls}, true, out, err);
}

static inline int open_postgres(struct context *own, struct connection **out, struct tg_error *err)
{
    return connection_open(own, AT_URL(postgres_uri()), true, out, err);
}

static inline void cut_postgres(struct connection *by, const char *session)
{
    struct text_rows rows;
    struct buf sql = BUF_INIT;
    buf_printf(&sql, "SELECT pg_terminate_backend(%s, 5000)", session);
    sample_ok(connection_fetch(by, buf_string(&sql), &rows, err));
    text_rows_release(&rows);
    buf_release(&sql);
}

static inline int open_sqlite(struct context *own, struct connection **out, struct tg_error *err)
{
    const struct location where = {.driver = SQLITE_DRIVER, .uri = "d.sqlite", .dataset = "s"};
    return connection_open(own, &where, true, out, err);
}

/* The embedded engine's library is a driver, too. */
static inline int open_duckdb_by_adbc(struct context *own, struct connection **out,
                                      struct tg_error *err)
{
    const struct tg_option options[] = {{"entrypoint", "duckdb_adbc_init"}, {"path", "d.duckdb"}};
    int rc = duck_load(own, err);
    const struct location where = {
        .driver = duck_path(), .options = options, .option_count = 2, .dialect = "duckdb"};
    return rc == TG_OK ? connection_open(own, &where, true, out, err) : rc;
}

static const struct kind kinds[] = {
    {"duckdb", open_duckdb, connection_close, .finds_others = true, .can_stop = true},
    {"plain", open_plain, close_plain, .finds_others = true, .can_stop = true},
    {"given", open_given, connection_close, .finds_others = true, .can_stop = true},
    {"given by exec and query", open_least_given, connection_close, .finds_others = true,
     .can_stop = true},
    {"postgres", open_postgres, connection_close, .finds_others = true, .can_stop = true,
     .cut = cut_postgres, .session = "SELECT pg_backend_pid()"},
    {"sqlite by adbc", open_sqlite, connection_close, .dataset = "s", .finds_others = true},
    {"duckdb by adbc", open_duckdb_by_adbc, connection_close, .can_stop = true},
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]), CONFORMANCE_TESTS_MAX = 40 };

struct conformance_test {
    const char *name;
    CMUnitTestFunction run;
};

#define TEST(name)                                                                                 \
    {                                                                                              \
#name, name                                                                                \
    }

/* Every test over every kind; `filter` (may be NULL): those of a name, as "postgres: *". */
static inline int conformance_run(const char *group, const struct conformance_test *tests,
                                  size_t count, const char *filter)
{
    static char names[CONFORMANCE_TESTS_MAX][120];
    struct CMUnitTest all[CONFORMANCE_TESTS_MAX];
    int failed = 0;
    cmocka_set_test_filter(filter);
    for (size_t k = 0; k < KINDS; k++) {
        for (size_t t = 0; t < count; t++) {
            snprintf(names[t], sizeof(names[t]), "%s: %s", kinds[k].name, tests[t].name);
            all[t] = (struct CMUnitTest){.name = names[t],
                                         .test_func = tests[t].run,
                                         .setup_func = kind_setup,
                                         .teardown_func = kind_teardown,
                                         .initial_state = (void *)(uintptr_t)&kinds[k]};
        }
        failed += _cmocka_run_group_tests(group, all, count, NULL, NULL);
    }
    return failed;
}

#endif
