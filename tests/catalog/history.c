/* Tests of src/catalog/history.c: what a table's hints say of its history. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "catalog/history.h"
#include "dlt/store.h"

#define TABLE(strategy, table, from, to, id)                                                       \
    "{\"version\":1,\"version_hash\":\"\",\"engine_version\":11,\"name\":\"s\",\"tables\":{"       \
    "\"t\":{\"name\":\"t\",\"write_disposition\":\"merge\"," strategy table "\"columns\":{"        \
    "\"f\":{\"name\":\"f\",\"data_type\":\"timestamp\"" from "},"                                  \
    "\"u\":{\"name\":\"u\",\"data_type\":\"timestamp\"" to "},"                                    \
    "\"i\":{\"name\":\"i\",\"data_type\":\"text\"" id "}}}}}"
#define SCD2 "\"x-merge-strategy\":\"scd2\","
#define FROM ",\"x-valid-from\":true"
#define TO   ",\"x-valid-to\":true"

static int read(const char *json, struct history *out, struct tg_error *err)
{
    struct catalog catalog;
    assert_int_equal(catalog_read(&catalog, json, strlen(json), err), TG_OK);
    int rc = history_read(catalog_find(&catalog, "t"), out, err);
    const bool is_default = out->version && strcmp(out->version, HISTORY_ID) == 0;
    out->from = out->from ? "f" : NULL; /* the catalog goes */
    out->version = is_default ? HISTORY_ID : "i";
    catalog_release(&catalog);
    return rc;
}

static void test_hints(void **state)
{
    (void)state;
    struct history history;
    struct tg_error err = {0};
    assert_int_equal(read(TABLE(SCD2, "", FROM, TO, ""), &history, &err), TG_OK);
    assert_non_null(history.from);
    assert_string_equal(history.version, HISTORY_ID);
    assert_false(history.has_active || history.has_boundary);
    assert_int_equal(
        read(TABLE(SCD2, "\"x-boundary-timestamp\":\"2024-01-02T03:04:05+01:00\",", FROM,
                   TO ",\"x-active-record-timestamp\":\"9999-12-31\"", ",\"x-row-version\":true"),
             &history, &err),
        TG_OK);
    assert_string_equal(history.version, "i");
    assert_true(history.has_active && history.has_boundary);
    assert_int_equal(history.active_us, INT64_C(253402214400000000));
    assert_int_equal(history.boundary_us, INT64_C(1704161045000000));
    /* dlt writes null where nothing was said. */
    assert_int_equal(
        read(TABLE(SCD2, "", FROM, TO ",\"x-active-record-timestamp\":null", ""), &history, &err),
        TG_OK);
    assert_false(history.has_active);
}

static void test_none(void **state)
{
    (void)state;
    struct history history;
    struct tg_error err = {0};
    static const char *const tables[] = {TABLE("", "", FROM, TO, ""), TABLE(SCD2, "", FROM, "", ""),
                                         TABLE(SCD2, "", "", TO, ""),
                                         TABLE(SCD2, "", ",\"x-valid-from\":false", TO, "")};
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        assert_int_equal(read(tables[i], &history, &err), TG_OK);
        assert_null(history.from);
    }
}

static void test_no_time(void **state)
{
    (void)state;
    struct history history;
    struct tg_error err = {0};
    int64_t us;
    assert_int_equal(
        read(TABLE(SCD2, "\"x-boundary-timestamp\":\"soon\",", FROM, TO, ""), &history, &err),
        TG_DATA);
    assert_string_equal(err.what, "'x-boundary-timestamp' of table 't' is no time: \"soon\"");
    assert_int_equal(
        read(TABLE(SCD2, "", FROM, TO ",\"x-active-record-timestamp\":7", ""), &history, &err),
        TG_DATA);
    assert_false(history_time("10:30", &us));
    assert_false(history_time("", &us));
    assert_true(history_time("2024-01-01", &us));
    assert_int_equal(us, INT64_C(1704067200000000));
}

static void test_columns(void **state)
{
    (void)state;
    struct extra from = {HISTORY_FROM, "true", NULL}, to = {HISTORY_TO, "true", NULL};
    struct extra not_so = {HISTORY_TO, "false", NULL};
    assert_true(history_owns(&(struct table_column){.extras = &from}));
    assert_true(history_owns(&(struct table_column){.extras = &to}));
    assert_false(history_owns(&(struct table_column){.extras = &not_so}));
    assert_false(history_owns(&(struct table_column){0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hints),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_no_time),
        cmocka_unit_test(test_columns),
    };
    return cmocka_run_group_tests_name("catalog/history", tests, NULL, NULL);
}
