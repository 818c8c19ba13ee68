/* Patterns with a place for a date: what they match, and which time a name says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/time.h"
#include "extract/files/dated.h"
#include "tests/torture.h"

static const char *glob_of(const char *pattern)
{
    static char text[256];
    bool is_dated;
    struct buf out = BUF_INIT;
    struct tg_error err = {0};
    if (dated_glob(pattern, &out, &is_dated, &err) != TG_OK)
        fail_msg("%s", err.what);
    snprintf(text, sizeof(text), "%s%s", is_dated ? "" : "plain ", buf_string(&out));
    buf_release(&out);
    return text;
}

static void test_globs(void **state)
{
    (void)state;
    assert_string_equal(glob_of("events/{date}/*.jsonl"), "events/?*/*.jsonl");
    assert_string_equal(glob_of("{date:%Y/%m/%d}.csv"), "?*/?*/?*.csv");
    assert_string_equal(glob_of("a{date:year=%Y/month=%m}*/x"), "a?*/?**/x");
    assert_string_equal(glob_of("*.csv"), "plain *.csv");
    assert_string_equal(glob_of("{dates}/{date"), "plain {dates}/{date");
}

static void refuse(const char *pattern, const char *why)
{
    bool is_dated;
    struct buf out = BUF_INIT;
    struct tg_error err = {0};
    assert_int_equal(dated_glob(pattern, &out, &is_dated, &err), TG_USAGE);
    if (!strstr(err.what, why))
        fail_msg("%s", err.what);
    buf_release(&out);
}

static void test_refusals(void **state)
{
    (void)state;
    refuse("{date:}/x", "says no date");
    refuse("{date:%m}/x", "says no date");
    refuse("{date:%Y-%d}/x", "says no date");
    refuse("{date:%Y-%m-%d-%j}/x", "says no date");
    refuse("{date:%Y%}", "says no date");
    refuse("{date:%Y/*/%m}", "has a wildcard");
    refuse("{date}/{date:%Y}.csv", "has two places");
}

/* "2024-05-31T00:00:00Z 2024-06-01T00:00:00Z", or "none". */
static const char *span_of(const char *pattern, const char *name)
{
    static char text[80];
    bool found;
    struct dated_span span;
    struct buf out = BUF_INIT;
    assert_int_equal(dated_find(pattern, name, &span, &found, NULL), TG_OK);
    if (found) {
        time_format_timestamp_z(&out, span.from_us);
        buf_char(&out, ' ');
        time_format_timestamp_z(&out, span.to_us);
    }
    snprintf(text, sizeof(text), "%s", found ? buf_string(&out) : "none");
    buf_release(&out);
    return text;
}

static void test_dates(void **state)
{
    (void)state;
    static const char day[] = "2024-05-31T00:00:00Z 2024-06-01T00:00:00Z";
    assert_string_equal(span_of("events/{date}/*.jsonl", "events/2024-05-31/a.jsonl"), day);
    assert_string_equal(span_of("./e-{date:%Y%m%d}*.csv", "e-20240531-1.csv"), day);
    assert_string_equal(span_of("{date:%Y/%m/%d}/**", "2024/05/31/a/b.csv"), day);
    assert_string_equal(span_of("/d/{date}.csv", "/d/2024-05-31.csv"), day);
    assert_string_equal(span_of("{date:%Y}.csv", "2024.csv"),
                        "2024-01-01T00:00:00Z 2025-01-01T00:00:00Z");
    assert_string_equal(span_of("{date:year=%Y/month=%m}/*", "year=2024/month=12/a"),
                        "2024-12-01T00:00:00Z 2025-01-01T00:00:00Z");
    assert_string_equal(span_of("{date:%Y%m%d%H}", "2024022923"),
                        "2024-02-29T23:00:00Z 2024-03-01T00:00:00Z");
    assert_string_equal(span_of("{date:%Y%m%d_%H%M}.x", "20241231_2359.x"),
                        "2024-12-31T23:59:00Z 2025-01-01T00:00:00Z");
    assert_string_equal(span_of("*{date}*", "2024-05-30_2024-05-31"),
                        "2024-05-30T00:00:00Z 2024-06-01T00:00:00Z");
}

static void test_what_is_no_date(void **state)
{
    (void)state;
    static const char *const names[] = {
        "events/latest/a",   "events/2024-13-01/a", "events/2023-02-29/a", "events/2024-5-1/a",
        "events/2024-05-31", "other/2024-05-31/a",  "events/0000-01-01/a", "events/2024-05-31x/a"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_string_equal(span_of("events/{date}/*", names[i]), "none");
    assert_string_equal(span_of("{date:%Y%m%d%H}", "2024010124"), "none");
    assert_string_equal(span_of("*.csv", "2024-05-31.csv"), "none");
}

static int all(void)
{
    int rc = TG_OK;
    bool found;
    struct dated_span span;
    struct buf out = BUF_INIT;
    struct tg_error err = {0};
    TRY(dated_glob("a/{date}/*", &out, &found, &err));
    TRY(dated_find("a/{date}/*", "a/2024-05-31/b", &span, &found, &err));
done:
    buf_release(&out);
    return rc;
}

static void test_memory(void **state)
{
    (void)state;
    torture(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_globs),  cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_dates),  cmocka_unit_test(test_what_is_no_date),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests_name("extract/dated", tests, NULL, NULL);
}
