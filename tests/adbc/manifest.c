/* Manifests: the library of this platform, versions, and what is wrong with one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "adbc/manifest.h"
#include "tests/adbc/places.h"
#include "tests/torture.h"

static void gives(const char *text, const char *library, const char *entrypoint)
{
    struct arena arena;
    struct tg_error err = {0};
    struct adbc_manifest manifest;
    arena_init(&arena);
    places_write("m/x.toml", text);
    if (manifest_load("m/x.toml", &arena, &manifest, &err) != TG_OK)
        fail_msg("%s: %s", err.where, err.what);
    assert_string_equal(manifest.library, library);
    assert_int_equal(!manifest.entrypoint, !entrypoint);
    if (entrypoint)
        assert_string_equal(manifest.entrypoint, entrypoint);
    arena_release(&arena);
}

static void test_library(void **state)
{
    (void)state;
    gives("[Driver]\nshared = \"/lib/x.so\"\n", "/lib/x.so", NULL);
    gives("manifest_version = 1\nname = \"X\"\n[ADBC]\nversion = \"v1.1.0\"\n[Driver]\n"
          "entrypoint = \"XInit\"\nshared = \"libx.so\"\n",
          "libx.so", "XInit");
    gives("[Driver]\nshared = \"../x.so\"\n", "m/../x.so", NULL);
    gives("[Driver.shared]\nmacos_arm64 = \"/m\"\nlinux_amd64 = \"/a\"\nlinux_arm64 = \"/b\"\n",
#ifdef __x86_64__
          "/a",
#else
          "/b",
#endif
          NULL);
}

static void refused(const char *text, const char *what)
{
    struct arena arena;
    struct tg_error err = {0};
    struct adbc_manifest manifest;
    arena_init(&arena);
    places_write("x.toml", text);
    assert_int_equal(manifest_load("x.toml", &arena, &manifest, &err), TG_USAGE);
    assert_non_null(strstr(err.where, "manifest 'x.toml'"));
    if (!strstr(err.what, what))
        fail_msg("'%s' does not say '%s'", err.what, what);
    arena_release(&arena);
}

static void test_refused(void **state)
{
    (void)state;
    refused("manifest_version = 2\n[Driver]\nshared = \"x\"\n", "line 1: manifest_version is 2");
    refused("manifest_version = \"1\"\n", "is no number");
    refused("manifest_version = 0\n", "is no number");
    refused("[ADBC]\nversion = \"2.0.0\"\n[Driver]\nshared = \"x\"\n", "version '2.0.0' of ADBC");
    refused("name = \"x\"\n", "no key 'shared'");
    refused("[Driver]\nshared = true\n", "is no path");
    refused("[Driver]\nshared = \"\"\n", "is no path");
    refused("[Driver.shared]\nwindows_amd64 = \"x\"\nmacos_amd64 = \"y\"\n",
            "only for windows_amd64, macos_amd64");
    refused("[Driver\n", "line 1 has no ']'");
}

static int load(void)
{
    struct arena arena;
    struct adbc_manifest manifest;
    arena_init(&arena);
    int rc = manifest_load("t.toml", &arena, &manifest, NULL);
    arena_release(&arena);
    return rc;
}

static void test_memory(void **state)
{
    (void)state;
    places_write("t.toml", "[Driver]\nentrypoint = \"XInit\"\nshared = \"./x.so\"\n");
    torture(load);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_library),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, places_setup, places_teardown);
}
