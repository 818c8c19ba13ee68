#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/time.h>

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
    if (listing_make(&ctx, root, patterns, NULL, 0, &listing, &err) != TG_OK)
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
    warnings = 0;
    assert_string_equal(list(*state, "*.jsonl"), "");
    assert_int_equal(warnings, 1);
}

static void check_error(const char *root, const char *patterns, const char *what)
{
    struct listing listing;
    struct tg_error err = {0};

    context_init(&ctx);
    assert_int_equal(listing_make(&ctx, root, patterns, NULL, 0, &listing, &err), TG_SOURCE);
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

/* ---- the ledger ---- */

static size_t count_new(const char *folder, const struct source_file *known)
{
    struct listing listing;
    size_t count;

    context_init(&ctx);
    assert_int_equal(listing_make(&ctx, folder, "*", known, 1, &listing, NULL), TG_OK);
    count = listing.count;
    listing_release(&listing);
    return count;
}

static struct source_file record(const char *folder, const char *name)
{
    struct listed_file file = {.path = (char *)(uintptr_t)path_in(folder, name),
                               .name = (char *)(uintptr_t)name};
    struct source_file out;

    assert_int_equal(listing_record(&file, &out, NULL), TG_OK);
    return out;
}

static void release(struct source_file *file)
{
    mem_free(file->path);
    mem_free(file->checksum);
}

static void set_mtime(const char *folder, const char *name, long seconds)
{
    const struct timeval times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};

    assert_int_equal(utimes(path_in(folder, name), times), 0);
}

static void test_ledger(void **state)
{
    struct source_file known;
    struct buf long_text = BUF_INIT;

    for (int i = 0; i < 50000; i++)
        buf_printf(&long_text, "%09d\n", i);
    put_file(*state, "a", buf_string(&long_text));
    set_mtime(*state, "a", 1000);
    known = record(*state, "a");
    assert_string_equal(known.path, "a");
    assert_int_equal(known.size, 500000);
    assert_int_equal(known.mtime_us, INT64_C(1000000000));
    assert_int_equal(strlen(known.checksum), CHECKSUM_TEXT);
    assert_int_equal(count_new(*state, &known), 0);

    set_mtime(*state, "a", 2000); /* touched */
    assert_int_equal(count_new(*state, &known), 0);

    long_text.data[499999] = 'x'; /* the tail changed */
    put_file(*state, "a", buf_string(&long_text));
    assert_int_equal(count_new(*state, &known), 1);
    set_mtime(*state, "a", 1000); /* size and time alone are trusted */
    assert_int_equal(count_new(*state, &known), 0);

    long_text.data[499999] = '\n';
    long_text.data[0] = 'x'; /* the head changed */
    put_file(*state, "a", buf_string(&long_text));
    assert_int_equal(count_new(*state, &known), 1);

    long_text.data[0] = '0';
    buf_char(&long_text, '1'); /* it grew */
    put_file(*state, "a", buf_string(&long_text));
    set_mtime(*state, "a", 1000);
    assert_int_equal(count_new(*state, &known), 1);
    release(&known);
    buf_release(&long_text);
}

static void test_small_files(void **state)
{
    struct source_file empty, one;

    put_file(*state, "a", "");
    empty = record(*state, "a");
    put_file(*state, "a", "1");
    one = record(*state, "a");
    assert_int_equal(empty.size, 0);
    assert_int_equal(one.size, 1);
    assert_string_not_equal(empty.checksum, one.checksum);
    release(&empty);
    release(&one);
}

static void test_vanished(void **state)
{
    struct listing listing;
    struct source_file out;
    struct tg_error err = {0};

    put_file(*state, "a", "1");
    context_init(&ctx);
    assert_int_equal(listing_make(&ctx, *state, "*", NULL, 0, &listing, NULL), TG_OK);
    assert_int_equal(unlink(path_in(*state, "a")), 0);
    assert_int_equal(listing_record(&listing.items[0], &out, &err), TG_SOURCE);
    assert_true(err.retryable);
    assert_non_null(strstr(err.what, "/a'"));
    listing_release(&listing);
}

static int work(void)
{
    struct source_file known = {.path = (char *)(uintptr_t) "a",
                                .size = 1,
                                .mtime_us = 1,
                                .checksum = (char *)(uintptr_t) "x"};
    struct source_file out = {0};
    struct listing listing = {0};
    int rc = TG_OK;

    TRY(listing_make(&ctx, folder_of_torture, "*\na", &known, 1, &listing, NULL));
    TRY(listing_record(&listing.items[0], &out, NULL));
done:
    release(&out);
    listing_release(&listing);
    return rc;
}

static void test_out_of_memory(void **state)
{
    put_file(*state, "a", "1");
    put_file(*state, "b", "1");
    folder_of_torture = *state;
    context_init(&ctx);
    torture(work);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_patterns), IN_FOLDER(test_odd_names),     IN_FOLDER(test_nothing),
        IN_FOLDER(test_errors),   IN_FOLDER(test_ledger),        IN_FOLDER(test_small_files),
        IN_FOLDER(test_vanished), IN_FOLDER(test_out_of_memory),
    };

    return cmocka_run_group_tests_name("extract/listing", tests, NULL, NULL);
}
