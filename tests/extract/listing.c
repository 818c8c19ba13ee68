#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/stat.h>

#include "extract/files/listing.h"
#include "helper.h"
#include "tests/torture.h"

static struct context ctx;
static int warnings;
static const char *folder_of_torture;

static void count_warnings(void *user, int level, const char *component, const char *message)
{
    (void)user;
    (void)component;
    warnings += level == TG_LOG_WARNING && message[0] != '\0';
}

/* The names that are listed, a space behind each. */
static const char *list(const char *root, const char *patterns)
{
    static char text[1024];
    struct listing listing;
    struct tg_error err = {0};
    context_init(&ctx);
    ctx.log = count_warnings;
    text[0] = '\0';
    if (listing_make(&ctx, root, patterns, &listing, &err) != TG_OK)
        fail_msg("%s", err.what);
    for (size_t i = 0; i < listing.count; i++) {
        struct fs_stat info;
        assert_int_equal(fs_stat(listing.items[i].path, &info, NULL), TG_OK);
        assert_true(info.exists);
        assert_int_equal(listing.items[i].size, info.size);
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s ", listing.items[i].name);
    }
    listing_release(&listing);
    return text;
}

static void test_patterns(void **state)
{
    const char *folder = *state;
    char other[1024];
    put_file(folder, "b.jsonl", "1");
    put_file(folder, "a.jsonl", "12");
    put_file(folder, "sub/c.jsonl", "");
    put_file(folder, "sub/deep/d.jsonl", "");
    put_file(folder, "x.csv", "");
    assert_string_equal(list(folder, "*.jsonl"), "a.jsonl b.jsonl ");
    assert_string_equal(list(folder, "./a.jsonl"), "a.jsonl ");
    assert_string_equal(list(folder, "**/*.jsonl"),
                        "a.jsonl b.jsonl sub/c.jsonl sub/deep/d.jsonl ");
    assert_string_equal(list(folder, "x.csv\n*.jsonl\na.*\n"), "a.jsonl b.jsonl x.csv ");
    assert_string_equal(list(path_in(folder, "sub/"), "*.jsonl"), "c.jsonl ");
    assert_string_equal(list(path_in(folder, "sub//deep"), "../*.jsonl"), "../c.jsonl ");
    snprintf(other, sizeof(other), "%s/*.csv", folder);
    assert_non_null(strstr(list("/", other), "/x.csv "));
}

static void test_odd_names(void **state)
{
    const char *folder = *state;
    put_file(folder, "odd [1]*/a.jsonl", "");
    put_file(folder, "odd [1]*/a[1].jsonl", "");
    put_file(folder, "odd [1]*/it's \"it\".jsonl", "");
    assert_string_equal(list(path_in(folder, "odd [1]*"), "a*"), "a.jsonl a[1].jsonl ");
    assert_string_equal(list(path_in(folder, "odd [1]*"), "a[1].jsonl"), "a[1].jsonl ");
    assert_string_equal(list(path_in(folder, "odd [1]*"), "it's \"it\".jsonl"),
                        "it's \"it\".jsonl ");
}

static void test_nothing(void **state)
{
    struct listing listing;
    put_file(*state, "a", "1");
    assert_string_equal(list(*state, "*.jsonl"), "");
    assert_int_equal(listing_make(&ctx, *state, "*.jsonl\n*\nx*", &listing, NULL), TG_OK);
    assert_int_equal(listing.unmatched_count, 2);
    assert_string_equal(listing.unmatched[0], "*.jsonl");
    assert_string_equal(listing.unmatched[1], "x*");
    listing_release(&listing);
}

static void check_error(const char *root, const char *patterns, const char *what)
{
    struct listing listing;
    struct tg_error err = {0};
    context_init(&ctx);
    assert_int_equal(listing_make(&ctx, root, patterns, &listing, &err), TG_SOURCE);
    if (!strstr(err.what, what))
        fail_msg("'%s' is not in '%s'", what, err.what);
    assert_int_equal(listing.count, 0);
}

static void test_errors(void **state)
{
    const char *folder = *state;
    put_file(folder, "sub/a.jsonl", "");
    check_error(folder, "absent.jsonl", "absent.jsonl' does not exist");
    check_error(folder, "sub", "is a folder");
    check_error(path_in(folder, "absent"), "*.jsonl", "absent' does not exist");
    check_error(path_in(folder, "sub/a.jsonl"), "*.jsonl", "is a file");
}

/* ---- names and kinds ---- */

/* No two names become one, and what is UTF-8 stays as it is. */
static void test_names_that_are_not_utf8(void **state)
{
    const char *folder = *state;
    put_file(folder, "caf\xe9.jsonl", "1");
    put_file(folder, "caf\\xe9.jsonl", "12");
    put_file(folder, "caf\xc3\xa9.jsonl", "123");
    put_file(folder, "cut\xc3", "1234");
    put_file(folder, "a\\xyz", "12345");
    assert_string_equal(list(folder, "*"),
                        "a\\xyz caf\\x5cxe9.jsonl caf\\xe9.jsonl caf\xc3\xa9.jsonl cut\\xc3 ");
    assert_string_equal(list(folder, "caf\xe9*"), "caf\\xe9.jsonl ");
}

/* A pipe that nobody writes to would block the run. */
static void test_pipes(void **state)
{
    const char *folder = *state;
    put_file(folder, "a", "1");
    assert_int_equal(mkfifo(path_in(folder, "pipe"), 0600), 0);
    warnings = 0;
    assert_string_equal(list(folder, "*"), "a ");
    assert_int_equal(warnings, 1);
    assert_string_equal(list(folder, "*\npipe"), "a pipe ");
}

static void test_matching(void **state)
{
    static const struct {
        const char *pattern, *name;
        bool matches;
    } cases[] = {
        {"*.jsonl", "a.jsonl", true},
        {"./*.jsonl", "a.jsonl", true},
        {"*.jsonl", "sub/a.jsonl", false},
        {"*.jsonl", ".a.jsonl", false},
        {"sub/*", "sub/a", true},
        {"sub/*", "sub", false},
        {"sub", "sub/a", false},
        {"**/*.jsonl", "a.jsonl", true},
        {"**/*.jsonl", "x/y/a.jsonl", true},
        {"x/**", "x/y/a.jsonl", true},
        {"x/**/a.jsonl", "x/a.jsonl", true},
        {"x/**/b.jsonl", "x/y/a.jsonl", false},
        {"../*", "../a", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (listing_matches(cases[i].pattern, cases[i].name) != cases[i].matches)
            fail_msg("'%s' and '%s'", cases[i].pattern, cases[i].name);
}

static void test_vanished(void **state)
{
    struct listing listing;
    struct tg_error err = {0};
    put_file(*state, "a", "1");
    context_init(&ctx);
    assert_int_equal(listing_make(&ctx, *state, "*", &listing, NULL), TG_OK);
    assert_int_equal(unlink(path_in(*state, "a")), 0);
    assert_int_equal(listing_stat(&listing.items[0], &err), TG_SOURCE);
    assert_true(err.retryable);
    assert_non_null(strstr(err.what, "/a'"));
    listing_release(&listing);
}

/* What is opened is what was listed, or nothing. */
static void test_replaced(void **state)
{
    struct listing listing;
    struct reader *reader;
    struct tg_error err = {0};
    put_file(*state, "a", "1");
    put_file(*state, "b", "2");
    context_init(&ctx);
    assert_int_equal(listing_make(&ctx, *state, "*", &listing, NULL), TG_OK);
    put_file(*state, "b", "2 and more"); /* the same file */
    assert_int_equal(listing_stat(&listing.items[1], NULL), TG_OK);
    assert_int_equal(listing.items[1].size, 10);
    assert_int_equal(listing_open(&listing.items[1], &reader, NULL), TG_OK);
    reader_close(reader);
    assert_int_equal(rename(path_in(*state, "a"), path_in(*state, "b")), 0);
    assert_int_equal(listing_open(&listing.items[1], &reader, &err), TG_SOURCE);
    assert_null(reader);
    assert_true(err.retryable);
    assert_non_null(strstr(err.what, "/b' is another one than when the folder was listed"));
    assert_int_equal(listing_stat(&listing.items[1], NULL), TG_SOURCE);
    listing_release(&listing);
}

static const char *folder_of_rename;

static void rename_file(void *user, int level, const char *component, const char *message)
{
    count_warnings(user, level, component, message);
    (void)rename(path_in(folder_of_rename, "a"), path_in(folder_of_rename, "c"));
}

/* One file under two names: fine where it is linked, and not where it was renamed between them. */
static void test_two_names(void **state)
{
    struct listing listing;
    struct tg_error err = {0};
    put_file(*state, "a", "1");
    assert_int_equal(link(path_in(*state, "a"), path_in(*state, "d")), 0);
    assert_int_equal(symlink("a", path_in(*state, "e")), 0);
    assert_string_equal(list(*state, "*"), "a d e ");
    assert_int_equal(unlink(path_in(*state, "d")), 0);
    assert_int_equal(unlink(path_in(*state, "e")), 0);
    /* A pipe is warned of, when `a` was looked at, and `c` not yet. */
    put_file(*state, "c", "2");
    assert_int_equal(mkfifo(path_in(*state, "b"), 0600), 0);
    context_init(&ctx);
    folder_of_rename = *state;
    ctx.log = rename_file;
    assert_int_equal(listing_make(&ctx, *state, "*", &listing, &err), TG_SOURCE);
    assert_true(err.retryable);
    assert_non_null(strstr(err.what, "/a' is gone since the folder was listed"));
}

static int work(void)
{
    struct listing listing = {0};
    int rc = listing_make(&ctx, folder_of_torture, "*\na\nb*\nnone*", &listing, NULL);
    listing_release(&listing);
    return rc;
}

static void test_out_of_memory(void **state)
{
    put_file(*state, "a", "1");
    put_file(*state, "b\xff", "1");
    folder_of_torture = *state;
    context_init(&ctx);
    torture(work);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_patterns),
        IN_FOLDER(test_odd_names),
        IN_FOLDER(test_nothing),
        IN_FOLDER(test_errors),
        IN_FOLDER(test_names_that_are_not_utf8),
        IN_FOLDER(test_pipes),
        IN_FOLDER(test_matching),
        IN_FOLDER(test_vanished),
        IN_FOLDER(test_replaced),
        IN_FOLDER(test_two_names),
        IN_FOLDER(test_out_of_memory),
    };
    return cmocka_run_group_tests_name("extract/listing", tests, NULL, NULL);
}
