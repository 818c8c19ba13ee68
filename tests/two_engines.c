/*
 * A program that has a DuckDB of its own: another version than the library's, for all to see
 * (RTLD_GLOBAL, as if it were linked), loaded before the library's or after it. Both do their work
 * in turns, each on a file of its own, failing statements included.
 *
 * Each case is a process: what is loaded stays.
 */
#include <dlfcn.h>
#include <limits.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fixture.h"

/* RTLD_DEEPBIND is what the address sanitizer does not go with. */
#if defined(__SANITIZE_ADDRESS__)
enum { IS_WATCHED = 1 };
#elif defined(__has_feature)
enum { IS_WATCHED = __has_feature(address_sanitizer) };
#else
enum { IS_WATCHED = 0 };
#endif

#define NEWEST "build/deps/duckdb/lib/libduckdb.so"
#define OLDER  "build/deps/duckdb-1.5/lib/libduckdb.so"

/* As duckdb.h has it. */
struct host_result {
    uint64_t counts[3];
    void *columns;
    char *message;
    void *data;
};

struct host {
    void *library, *database, *con;
    int (*open)(const char *path, void **database);
    int (*connect)(void *database, void **con);
    int (*query)(void *con, const char *sql, struct host_result *out);
    int64_t (*value)(struct host_result *result, uint64_t column, uint64_t row);
    void (*destroy)(struct host_result *result);
    void (*disconnect)(void **con);
    void (*close)(void **database);
    const char *(*version)(void);
};

/* A failed check ends the process of its case. */
#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

static void find(const struct host *host, const char *name, void *out)
{
    void *address = dlsym(host->library, name);
    MUST(address);
    memcpy(out, &address, sizeof(address));
}

static void host_open(struct host *host, const char *library, const char *file)
{
    host->library = dlopen(library, RTLD_NOW | RTLD_GLOBAL);
    MUST(host->library);
    find(host, "duckdb_open", &host->open);
    find(host, "duckdb_connect", &host->connect);
    find(host, "duckdb_query", &host->query);
    find(host, "duckdb_value_int64", &host->value);
    find(host, "duckdb_destroy_result", &host->destroy);
    find(host, "duckdb_disconnect", &host->disconnect);
    find(host, "duckdb_close", &host->close);
    find(host, "duckdb_library_version", &host->version);
    MUST(host->open(file, &host->database) == 0);
    MUST(host->connect(host->database, &host->con) == 0);
}

static int64_t host_number(struct host *host, const char *sql)
{
    struct host_result result = {{0}, NULL, NULL, NULL};
    MUST(host->query(host->con, sql, &result) == 0);
    int64_t number = host->value(&result, 0, 0);
    host->destroy(&result);
    return number;
}

static void host_works(struct host *host)
{
    struct host_result result = {{0}, NULL, NULL, NULL};
    MUST(host_number(host, "CREATE OR REPLACE TABLE t AS SELECT range AS i, 'name ' || range AS s, "
                           "range::DECIMAL(18, 3) AS d FROM range(20000)") == 20000);
    MUST(host_number(host, "SELECT count(DISTINCT s)::BIGINT FROM t WHERE d < 100 AND s LIKE "
                           "'%9' OR regexp_matches(s, '^name 7$')") == 11);
    MUST(host->query(host->con, "SELECT no_such_function(1)", &result) != 0);
    host->destroy(&result);
}

static void host_close(struct host *host)
{
    host->disconnect(&host->con);
    host->close(&host->database);
}

/* ---- tidegate ---- */

static void load(struct fixture *fixture, const char *engine, int64_t first)
{
    const int64_t rows[][2] = {{first, 1}, {first + 1, 2}};
    struct numbers numbers = {.rows = rows, .count = 2};
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                                .name = "test",
                                                .destination = fixture->destination,
                                                .dataset = "d",
                                                .workdir = fixture->workdir,
                                                .engine = engine};
    const struct tg_resource resource = {TG_RESOURCE_INIT, .name = "numbers", .read = read_numbers,
                                         .user = &numbers, .write_disposition = TG_APPEND};
    struct ArrowArrayStream stream = {0};
    MUST(tg_pipeline_new(&fixture->pipeline, &options, &fixture->err) == TG_OK);
    MUST(tg_pipeline_add(fixture->pipeline, &resource, &fixture->err) == TG_OK);
    if (tg_pipeline_run(fixture->pipeline, &fixture->result, &fixture->err) != TG_OK) {
        fprintf(stderr, "%s: %s\n", fixture->err.where, fixture->err.what);
        _exit(1);
    }
    MUST(tg_pipeline_query(fixture->pipeline, "SELECT no_such_function(1)", &stream,
                           &fixture->err) == TG_DESTINATION);
    tg_result_free(fixture->result);
    tg_pipeline_free(fixture->pipeline);
    fixture->result = NULL;
    fixture->pipeline = NULL;
}

/* Which library it is, and that it is not the host's. */
static void check_engine(const char *wanted, const struct host *host)
{
    struct tg_engine engine;
    struct tg_error err = {0};
    char path[PATH_MAX];
    MUST(tg_engine_find(&engine, &err) == TG_OK);
    MUST(realpath(wanted, path) && strcmp(engine.path, path) == 0);
    MUST(strcmp(engine.version, host->version()) != 0);
}

struct clash {
    const char *host, *engine, *found; /* the engine: NULL, where it is searched for */
    bool after;                        /* the host's is loaded once the other is at work */
};

static void live(struct fixture *fixture, const struct clash *clash)
{
    struct host host = {0};
    char file[400];
    snprintf(file, sizeof(file), "%s/host.duckdb", fixture->folder);
    if (clash->engine)
        setenv("TIDEGATE_DUCKDB", clash->engine, 1);
    else
        unsetenv("TIDEGATE_DUCKDB");
    if (clash->after)
        load(fixture, clash->engine, 1);
    host_open(&host, clash->host, file);
    for (int64_t first = 3; first < 9; first += 2) {
        host_works(&host);
        load(fixture, clash->engine, first);
    }
    check_engine(clash->found, &host);
    host_works(&host);
    host_close(&host);
    _exit(0);
}

static void survives(struct fixture *fixture, const struct clash *clash)
{
    int status = 0;
    if (IS_WATCHED)
        skip();
    pid_t child = fork();
    if (child == 0)
        live(fixture, clash);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void test_an_older_one_before(void **state)
{
    survives(*state, &(struct clash){.host = OLDER, .engine = NEWEST, .found = NEWEST});
}

static void test_an_older_one_after(void **state)
{
    survives(*state,
             &(struct clash){.host = OLDER, .engine = NEWEST, .found = NEWEST, .after = true});
}

static void test_a_newer_one_before(void **state)
{
    survives(*state, &(struct clash){.host = NEWEST, .engine = OLDER, .found = OLDER});
}

static void test_a_newer_one_after(void **state)
{
    survives(*state,
             &(struct clash){.host = NEWEST, .engine = OLDER, .found = OLDER, .after = true});
}

/* Names of the host's that stand for all libraries, those of C++ among them. */
static void test_names_of_the_host_are_not_taken(void **state)
{
    struct fixture *fixture = *state;
    int status = 0;
    if (IS_WATCHED)
        skip();
    pid_t child = fork();
    if (child == 0) {
        MUST(dlopen(OTHER_DUCKDB, RTLD_NOW | RTLD_GLOBAL));
        load(fixture, OLDER, 1);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* Its name, libduckdb.so, is the one that is searched for. */
static void test_the_own_is_found_beside_one_of_its_name(void **state)
{
    survives(*state, &(struct clash){.host = OLDER, .engine = NULL, .found = NEWEST});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_older_one_before, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_an_older_one_after, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_a_newer_one_before, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_a_newer_one_after, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_names_of_the_host_are_not_taken, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_the_own_is_found_beside_one_of_its_name, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests_name("two_engines", tests, NULL, NULL);
}
