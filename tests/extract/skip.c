/* Which files are skipped unread, and where none may be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/time.h>

#include "extract/files/skip.h"
#include "helper.h"

#define DAY_US      (INT64_C(86400) * 1000000)
#define JAN_2024_US INT64_C(1704067200000000)

static struct context ctx;
static char warned[2048];

static void keep_warnings(void *user, int level, const char *component, const char *message)
{
    (void)user;
    (void)component;
    if (level == TG_LOG_WARNING)
        snprintf(warned + strlen(warned), sizeof(warned) - strlen(warned), "%s\n", message);
}

/* The names that are left, those that are skipped behind a "-". */
static const char *skipped(const char *folder, const char *patterns, bool by_modified,
                           const struct resource_request *request)
{
    static char text[1024];
    struct listing listing;
    struct tg_error err = {0};
    struct buf globs = BUF_INIT;
    uint64_t count = 0, seen = 0;
    struct skip_rules rules = {
        .ctx = &ctx, .request = request, .patterns = patterns, .by_modified = by_modified};
    text[0] = warned[0] = '\0';
    context_init(&ctx);
    ctx.log = keep_warnings;
    assert_int_equal(skip_globs(patterns, &globs, &rules.is_dated, &err), TG_OK);
    rules.globs = buf_string(&globs);
    if (skip_check(&rules, &err) != TG_OK ||
        listing_make(&ctx, folder, rules.globs, &listing, &err) != TG_OK ||
        skip_files(&rules, &listing, &count, &err) != TG_OK)
        fail_msg("%s", err.what);
    for (size_t i = 0; i < listing.count; i++) {
        bool is_skipped = listing.items[i].fate == FILE_SKIPPED;
        seen += is_skipped;
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s ", is_skipped ? "-" : "",
                 listing.items[i].name);
    }
    assert_int_equal(count, seen);
    listing_release(&listing);
    buf_release(&globs);
    return text;
}

static const struct tg_cursor cursor = {.path = "at"};

/* From the 2nd on, to before the 4th. */
static const struct cursor_times window = {.has_from = true,
                                           .from_us = JAN_2024_US + DAY_US,
                                           .has_to = true,
                                           .to_us = JAN_2024_US + 3 * DAY_US};

static void put_days(const char *folder)
{
    put_file(folder, "2024-01-01.csv", "");
    put_file(folder, "2024-01-02.csv", "");
    put_file(folder, "2024-01-03.csv", "");
    put_file(folder, "2024-01-04.csv", "");
}

static void test_dates(void **state)
{
    const char *folder = *state;
    struct cursor_times times = window;
    struct resource_request request = {.name = "r", .cursor = &cursor, .times = &times};
    put_days(folder);
    assert_string_equal(skipped(folder, "{date}.csv", false, &request),
                        "-2024-01-01.csv 2024-01-02.csv 2024-01-03.csv -2024-01-04.csv ");
    times.from_us--; /* in the last microsecond of the first day */
    times.to_is_closed = true;
    assert_string_equal(skipped(folder, "{date}.csv", false, &request),
                        "2024-01-01.csv 2024-01-02.csv 2024-01-03.csv 2024-01-04.csv ");
    times.has_from = times.has_to = false;
    assert_string_equal(skipped(folder, "{date}.csv", false, &request),
                        "2024-01-01.csv 2024-01-02.csv 2024-01-03.csv 2024-01-04.csv ");
    times = window;
    assert_string_equal(skipped(folder, "{date:%Y}-01-0[13].csv", false, &request),
                        "2024-01-01.csv 2024-01-03.csv ");
}

/* A file that another pattern names, without a date, is read. */
static void test_several_patterns(void **state)
{
    const char *folder = *state;
    const struct resource_request request = {.name = "r", .cursor = &cursor, .times = &window};
    put_days(folder);
    put_file(folder, "latest.csv", "");
    assert_string_equal(skipped(folder, "2024-01-01.csv\n{date}.csv", false, &request),
                        "2024-01-01.csv 2024-01-02.csv 2024-01-03.csv -2024-01-04.csv ");
    assert_non_null(strstr(warned, "file 'latest.csv' is not read"));
    assert_string_equal(
        skipped(folder, "{date}.csv\n*test.csv", false, &request),
        "-2024-01-01.csv 2024-01-02.csv 2024-01-03.csv -2024-01-04.csv latest.csv ");
    assert_string_equal(warned, "");
}

static void set_modified(const char *folder, const char *name, int64_t us)
{
    const struct timeval time = {.tv_sec = us / 1000000, .tv_usec = us % 1000000};
    assert_int_equal(utimes(path_in(folder, name), (const struct timeval[]){time, time}), 0);
}

static void test_modified(void **state)
{
    const char *folder = *state;
    struct cursor_times times = window;
    const struct resource_request request = {.name = "r", .cursor = &cursor, .times = &times};
    put_days(folder);
    set_modified(folder, "2024-01-01.csv", window.from_us - 2000001);
    set_modified(folder, "2024-01-02.csv", window.from_us - 2000000);
    set_modified(folder, "2024-01-03.csv", window.from_us);
    set_modified(folder, "2024-01-04.csv", window.to_us + DAY_US); /* it may have older rows */
    assert_string_equal(skipped(folder, "*.csv", true, &request),
                        "-2024-01-01.csv 2024-01-02.csv 2024-01-03.csv 2024-01-04.csv ");
    assert_string_equal(skipped(folder, "*.csv", false, &request),
                        "2024-01-01.csv 2024-01-02.csv 2024-01-03.csv 2024-01-04.csv ");
    times.has_from = false;
    assert_string_equal(skipped(folder, "*.csv", true, &request),
                        "2024-01-01.csv 2024-01-02.csv 2024-01-03.csv 2024-01-04.csv ");
}

/* A file of a time that is over is new: its rows are late, and somebody hears of it. */
static void test_late_files(void **state)
{
    const char *folder = *state;
    const struct bookmark read[] = {{.key = "2024-01-02.csv", .mtime_us = window.from_us}};
    struct resource_request request = {
        .name = "r", .cursor = &cursor, .times = &window, .recalled = {read, 1}};
    put_days(folder);
    set_modified(folder, "2024-01-01.csv", window.from_us);
    skipped(folder, "{date}.csv", false, &request);
    assert_non_null(strstr(warned, "file '2024-01-04.csv' is new, and is skipped unread"));
    set_modified(folder, "2024-01-04.csv", window.from_us);
    set_modified(folder, "2024-01-01.csv", window.from_us + 1);
    skipped(folder, "{date}.csv", false, &request);
    assert_non_null(strstr(warned, "file '2024-01-01.csv' is new, and is skipped unread"));
    request.only_lists = true;
    skipped(folder, "{date}.csv", false, &request);
    assert_string_equal(warned, "");
}

static void test_where_none_is_skipped(void **state)
{
    const char *folder = *state;
    static const char all[] = "2024-01-01.csv 2024-01-02.csv 2024-01-03.csv 2024-01-04.csv ";
    struct resource_request request = {
        .name = "r", .cursor = &cursor, .times = &window, .whole_groups = true};
    put_days(folder);
    set_modified(folder, "2024-01-01.csv", 0);
    assert_string_equal(skipped(folder, "{date}.csv", true, &request), all);
    request.whole_groups = false;
    request.on_missing = TG_INCLUDE;
    assert_string_equal(skipped(folder, "{date}.csv", true, &request), all);
    request.on_missing = TG_EXCLUDE;
    request.times = NULL;
    assert_string_equal(skipped(folder, "{date}.csv", true, &request), all);
}

static void refuse(const struct resource_request *request, bool is_dated, const char *why)
{
    struct tg_error err = {0};
    const struct skip_rules rules = {
        .request = request, .is_dated = is_dated, .by_modified = !is_dated};
    assert_int_equal(skip_check(&rules, &err), TG_USAGE);
    if (!strstr(err.what, why))
        fail_msg("%s", err.what);
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct tg_cursor none = {.path = NULL};
    static const struct cursor_times numbers = {.other = "an integer"};
    static const char *const keys[] = {"id"};
    struct resource_request request = {.cursor = &none};
    refuse(&request, true, "path with {date} skips files by the cursor, and the resource has none");
    refuse(&request, false, "skip_unmodified skips files by the cursor");
    request.cursor = &cursor;
    request.times = &numbers;
    refuse(&request, true, "the bounds of cursor 'at' are an integer");
    request.times = &window;
    request.whole = true;
    refuse(&request, true, "what is not read is taken for gone");
    request.keys = keys;
    refuse(&request, true, "keys_path has all keys");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_dates, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_several_patterns, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_modified, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_late_files, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_where_none_is_skipped, folder_setup, folder_teardown),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests_name("extract/skip", tests, NULL, NULL);
}
