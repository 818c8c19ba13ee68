/* Loading: entry points, versions of ADBC, what a driver lacks, its errors. */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "adbc/driver.h"
#include "tests/adbc/places.h"
#include "tests/torture.h"

static void loads(struct driver *driver, const char *name, const char *entrypoint)
{
    struct tg_error err = {0};
    if (driver_load(name, entrypoint, places_variable, driver, &err) != TG_OK)
        fail_msg("%s: %s", err.where, err.what);
}

static void refused(const char *name, const char *entrypoint, const char *what)
{
    struct driver driver;
    struct tg_error err = {0};
    assert_int_equal(driver_load(name, entrypoint, places_variable, &driver, &err), TG_USAGE);
    if (!strstr(err.what, what))
        fail_msg("'%s' does not say '%s'", err.what, what);
    driver_release(&driver);
}

static void test_entrypoints(void **state)
{
    (void)state;
    struct driver driver;
    loads(&driver, SQLITE_DRIVER, NULL);
    assert_non_null(driver.table.StatementExecuteQuery);
    driver_release(&driver);
    loads(&driver, SQLITE_DRIVER, "AdbcDriverInit");
    driver_release(&driver);
    loads(&driver, FAULTY_DRIVER, NULL);
    driver_release(&driver);
    places_write("d/faulty.toml",
                 "[Driver]\nentrypoint = \"faulty_old_version\"\nshared = \"" FAULTY_DRIVER "\"\n");
    places_set("ADBC_DRIVER_PATH", "d");
    loads(&driver, "faulty", NULL);
    driver_release(&driver);
    refused("faulty", "nothing", "it has no nothing");
    refused("/lib/x86_64-linux-gnu/libc.so.6", NULL,
            "it has no AdbcDriverCInit, and no AdbcDriverInit");
}

static void test_versions(void **state)
{
    (void)state;
    struct driver driver;
    struct AdbcError error = DRIVER_ERROR;
    struct AdbcDatabase database = {0};
    struct tg_error err = {0};
    refused(FAULTY_DRIVER, "faulty_other_version", "another version of ADBC than 1.1 and 1.0");
    loads(&driver, FAULTY_DRIVER, "faulty_old_version");
    assert_int_equal(driver.table.DatabaseNew(&database, &error), ADBC_OK);
    adbc_status status = driver.table.DatabaseInit(&database, &error);
    assert_int_equal(status, ADBC_NOT_IMPLEMENTED);
    assert_int_equal(driver_check(&driver, status, &error, &err), TG_DESTINATION);
    assert_string_equal(err.what, "the driver does not have this function");
    assert_int_equal(driver.table.StatementCancel(NULL, NULL), ADBC_NOT_IMPLEMENTED);
    assert_int_equal(driver.table.ErrorGetDetailCount(&error), 0);
    driver_release(&driver);
}

static void test_absent(void **state)
{
    (void)state;
    places_set(NULL, NULL);
    places_set("ADBC_DRIVER_PATH", "d");
    refused("absent", NULL, "searched: 'd/absent.toml', ");
    refused("./absent.so", NULL, "./absent.so");
}

static void test_errors(void **state)
{
    (void)state;
    struct driver driver;
    struct AdbcError error = DRIVER_ERROR;
    struct AdbcDatabase database = {0};
    struct tg_error err = {0};
    void *library = dlopen(FAULTY_DRIVER, RTLD_NOW);
    int (*live)(void) = NULL;
    void *address = dlsym(library, "faulty_live_errors");
    memcpy(&live, &address, sizeof(live));
    loads(&driver, FAULTY_DRIVER, NULL);
    assert_int_equal(driver.table.DatabaseNew(&database, &error), ADBC_OK);
    assert_int_equal(driver.table.DatabaseSetOption(&database, "faulty.error", "1", &error), 0);
    adbc_status status = driver.table.DatabaseInit(&database, &error);
    assert_int_equal(live(), 1);
    assert_int_equal(driver_check(&driver, status, &error, &err), TG_DESTINATION);
    assert_string_equal(err.what, "who are you? (hint: look)");
    assert_string_equal(err.sqlstate, "28P01");
    assert_int_equal(live(), 0);
    driver.table.DatabaseRelease(&database, &error);
    driver_release(&driver);
    dlclose(library);
}

static void test_codes(void **state)
{
    (void)state;
    struct driver driver;
    struct tg_error err = {0};
    struct AdbcError error = {.vendor_code = 42, .sqlstate = {0}};
    loads(&driver, FAULTY_DRIVER, "faulty_old_version");
    assert_int_equal(driver_check(&driver, ADBC_TIMEOUT, &error, &err), TG_DESTINATION);
    assert_string_equal(err.what, "timed out (vendor code 42)");
    assert_string_equal(err.sqlstate, "");
    assert_int_equal(driver_check(&driver, ADBC_CANCELLED, &error, &err), TG_CANCELLED);
    assert_int_equal(driver_check(&driver, 200, &error, &err), TG_DESTINATION);
    assert_string_equal(err.what, "unknown status");
    assert_int_equal(driver_check(&driver, ADBC_OK, &error, &err), TG_OK);
    driver_release(&driver);
}

static int load(void)
{
    struct driver driver;
    int rc = driver_load("faulty", NULL, places_variable, &driver, NULL);
    driver_release(&driver);
    return rc;
}

static void test_memory(void **state)
{
    (void)state;
    places_set(NULL, NULL);
    places_set("ADBC_DRIVER_PATH", "d");
    torture(load);
}

static int setup(void **state)
{
    return places_setup(state) || setenv("TIDEGATE_FAULTY_DRIVER", SQLITE_DRIVER, 1) != 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entrypoints), cmocka_unit_test(test_versions),
        cmocka_unit_test(test_absent),      cmocka_unit_test(test_errors),
        cmocka_unit_test(test_codes),       cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, setup, places_teardown);
}
