/* What the path of a database file leads to: links, what is no file, what is not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <stdlib.h>
#include <unistd.h>

#include "duckdb/place.h"
#include "tests/database/sample.h"
#include "tests/torture.h"

static void refused(const char *path, const char *part)
{
    struct place place;
    struct tg_error problem = {0};
    assert_int_equal(place_find(path, false, &place, &problem), TG_DESTINATION);
    if (!strstr(problem.what, part))
        fail_msg("'%s' does not say '%s'", problem.what, part);
}

static void test_links_lead_to_the_file(void **state)
{
    (void)state;
    char absolute[PATH_MAX];
    struct place direct, linked;
    sample_ok(fs_write_file("d.duckdb", "x", 1, err));
    assert_non_null(realpath("d.duckdb", absolute));
    assert_int_equal(symlink("d.duckdb", "soft"), 0);
    sample_ok(place_find("./d.duckdb", false, &direct, err));
    sample_ok(place_find("soft", false, &linked, err));
    assert_string_equal(direct.path, absolute);
    assert_string_equal(linked.path, absolute);
    assert_true(linked.exists && direct.info.st_ino == linked.info.st_ino);
}

static void test_absent(void **state)
{
    (void)state;
    struct place place;
    char folder[PATH_MAX];
    assert_non_null(realpath(".", folder));
    sample_ok(place_find("d.duckdb", false, &place, err));
    assert_false(place.exists);
    assert_string_equal(strrchr(place.path, '/'), "/d.duckdb");
    assert_memory_equal(place.path, folder, strlen(folder));
    refused("none/d.duckdb", "folder 'none' does not exist; create it");
    if (geteuid() == 0) /* may write everywhere */
        return;
    sample_ok(fs_mkdirs("closed", err));
    assert_int_equal(chmod("closed", 0555), 0);
    refused("closed/d.duckdb", "cannot be written");
}

static void test_what_is_no_file(void **state)
{
    (void)state;
    sample_ok(fs_mkdirs("folder", err));
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_int_equal(symlink("nowhere", "loose"), 0);
    refused("folder", "is a folder");
    refused("pipe", "is a pipe or a device");
    refused("loose", "is a link to a file that does not exist");
    assert_int_equal(access("nowhere", F_OK), -1);
}

static int find_once(void)
{
    struct place place;
    return place_find("d.duckdb", false, &place, NULL);
}

static void test_torture(void **state)
{
    (void)state;
    torture(find_once);
    sample_ok(fs_write_file("d.duckdb", "x", 1, err));
    torture(find_once);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, sample_setup, sample_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(test_links_lead_to_the_file),
        in_folder(test_absent),
        in_folder(test_what_is_no_file),
        in_folder(test_torture),
    };
    return cmocka_run_group_tests_name("duckdb/place", tests, NULL, NULL);
}
