/* Where drivers are found, in which order, and what was searched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "adbc/search.h"
#include "tests/adbc/places.h"
#include "tests/torture.h"

static void finds(const char *name, const char *library)
{
    struct arena arena;
    struct tg_error err = {0};
    struct search_result found;
    arena_init(&arena);
    if (search_driver(name, places_variable, &arena, &found, &err) != TG_OK)
        fail_msg("%s: %s", err.where, err.what);
    if (strcmp(found.library, library) != 0)
        fail_msg("'%s' is '%s', not '%s'; searched: %s", name, found.library, library,
                 buf_string(&found.searched));
    buf_release(&found.searched);
    arena_release(&arena);
}

static void test_paths(void **state)
{
    (void)state;
    finds("./a/libx.so", "./a/libx.so");
    places_write("a/x.toml", "[Driver]\nshared = \"/m/x.so\"\n");
    finds("a/x.toml", "/m/x.so");
}

static void manifest(const char *path)
{
    char text[300];
    snprintf(text, sizeof(text), "[Driver]\nshared = \"/of/%s\"\n", path);
    places_write(path, text);
}

/* From the last place to the first: each wins over those before. */
static void test_order(void **state)
{
    (void)state;
    places_set(NULL, NULL);
    finds("x", "libadbc_driver_x.so");
    places_set("HOME", "home");
    manifest("home/.config/adbc/drivers/x.toml");
    finds("x", "/of/home/.config/adbc/drivers/x.toml");
    places_set("XDG_CONFIG_HOME", "xdg");
    manifest("xdg/adbc/drivers/x.toml");
    finds("x", "/of/xdg/adbc/drivers/x.toml");
    places_set("CONDA_PREFIX", "conda");
    manifest("conda/etc/adbc/drivers/x.toml");
    finds("x", "/of/conda/etc/adbc/drivers/x.toml");
    places_write("home/.local/lib/python3.11/site-packages/adbc_driver_x/libadbc_driver_x.so", "");
    finds("x", "home/.local/lib/python3.11/site-packages/adbc_driver_x/libadbc_driver_x.so");
    places_write("py/bin/python3", "");
    places_set("PATH", "nothing:py/bin");
    places_write("py/lib/python3.9/site-packages/adbc_driver_x/libadbc_driver_x.so", "");
    finds("x", "py/lib/python3.9/site-packages/adbc_driver_x/libadbc_driver_x.so");
    places_set("VIRTUAL_ENV", "venv");
    places_write("venv/lib/python3.12/site-packages/adbc_driver_x/libadbc_driver_x.so", "");
    finds("x", "venv/lib/python3.12/site-packages/adbc_driver_x/libadbc_driver_x.so");
    manifest("venv/etc/adbc/drivers/x.toml");
    finds("x", "/of/venv/etc/adbc/drivers/x.toml");
    places_set("ADBC_DRIVER_PATH", "none::b:c");
    manifest("c/x.toml");
    finds("x", "/of/c/x.toml");
    manifest("b/x.toml");
    finds("x", "/of/b/x.toml");
    finds("adbc_driver_y", "libadbc_driver_y.so");
}

/* A python3 of a virtual env leads to another one. */
static void test_python_link(void **state)
{
    (void)state;
    places_set(NULL, NULL);
    places_write("base/bin/python3.11", "");
    places_write("base/lib/python3.11/dist-packages/adbc_driver_z/libz.so", "");
    assert_int_equal(fs_mkdirs("env/bin", NULL), TG_OK);
    assert_int_equal(symlink("../../base/bin/python3.11", "env/bin/python3"), 0);
    places_set("PATH", "env/bin");
    char path[600];
    snprintf(path, sizeof(path), "%s/base/lib/python3.11/dist-packages/adbc_driver_z/libz.so",
             places_folder);
    finds("z", path);
}

static void test_bad_manifest(void **state)
{
    (void)state;
    struct arena arena;
    struct tg_error err = {0};
    struct search_result found;
    arena_init(&arena);
    places_set(NULL, NULL);
    places_set("ADBC_DRIVER_PATH", "bad:good");
    places_write("bad/w.toml", "[Driver]\n");
    places_write("good/w.toml", "[Driver]\nshared = \"/w.so\"\n");
    assert_int_equal(search_driver("w", places_variable, &arena, &found, &err), TG_USAGE);
    assert_non_null(strstr(err.where, "manifest 'bad/w.toml'"));
    buf_release(&found.searched);
    arena_release(&arena);
}

static void test_searched(void **state)
{
    (void)state;
    struct arena arena;
    struct search_result found;
    arena_init(&arena);
    places_set(NULL, NULL);
    places_set("ADBC_DRIVER_PATH", "one:two");
    places_set("VIRTUAL_ENV", "v*");
    assert_int_equal(search_driver("none", NULL, &arena, &found, NULL), TG_OK);
    assert_string_equal(buf_string(&found.searched), "'/etc/adbc/drivers/none.toml', the loader's "
                                                     "folders for 'libadbc_driver_none.so'");
    buf_release(&found.searched);
    assert_int_equal(search_driver("none", places_variable, &arena, &found, NULL), TG_OK);
    assert_non_null(strstr(found.searched.data, "'one/none.toml', 'two/none.toml', "
                                                "'v*/etc/adbc/drivers/none.toml', "));
    buf_release(&found.searched);
    arena_release(&arena);
}

static void test_bare_names(void **state)
{
    (void)state;
    static const char *const names[][2] = {
        {"sqlite", "sqlite"},
        {"adbc_driver_sqlite", "sqlite"},
        {"/lib/libadbc_driver_sqlite.so.1", "sqlite"},
        {"x/sqlite.toml", "sqlite"},
        {"sqlite.toml", "sqlite"},
        {"./libduckdb.so", "duckdb"},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct buf bare = BUF_INIT;
        assert_int_equal(search_bare_name(names[i][0], &bare, NULL), TG_OK);
        assert_string_equal(buf_string(&bare), names[i][1]);
        buf_release(&bare);
    }
}

static int search(void)
{
    struct arena arena;
    struct search_result found;
    arena_init(&arena);
    int rc = search_driver("t", places_variable, &arena, &found, NULL);
    buf_release(&found.searched);
    arena_release(&arena);
    return rc;
}

static void test_memory(void **state)
{
    (void)state;
    places_set(NULL, NULL);
    places_set("HOME", "home");
    places_set("PATH", "py/bin");
    torture(search);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),       cmocka_unit_test(test_order),
        cmocka_unit_test(test_python_link), cmocka_unit_test(test_bad_manifest),
        cmocka_unit_test(test_searched),    cmocka_unit_test(test_bare_names),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, places_setup, places_teardown);
}
