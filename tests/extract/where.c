/* Which database the key `connection` means: a URL, a map, neither. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "extract/sql/where.h"
#include "tests/torture.h"

static const char map[] = "{\"driver\":\"sqlite\",\"uri\":\"a.db\",\"dialect\":\"sqlite\","
                          "\"options\":{\"a\":\"1\",\"b\":\"2\"}}";

static void a_url_or_a_map(void **state)
{
    (void)state;
    struct arena arena;
    struct location where;
    arena_init(&arena);
    assert_int_equal(where_read(&arena, "duckdb:///x", NULL, &where, NULL), TG_OK);
    assert_string_equal(where.url, "duckdb:///x");
    assert_null(where.driver);
    assert_int_equal(where_read(&arena, map, NULL, &where, NULL), TG_OK);
    assert_null(where.url);
    assert_string_equal(where.driver, "sqlite");
    assert_string_equal(where.uri, "a.db");
    assert_string_equal(where.dialect, "sqlite");
    assert_int_equal(where.option_count, 2);
    assert_string_equal(where.options[1].name, "b");
    assert_string_equal(where.options[1].text, "2");
    arena_release(&arena);
}

static void neither(void **state)
{
    (void)state;
    struct arena arena;
    struct location where;
    struct tg_error err = {0};
    arena_init(&arena);
    assert_int_equal(where_read(&arena, "{\"uri\":\"x\"}", NULL, &where, &err), TG_SPEC);
    assert_string_equal(err.what, "'connection' needs a 'url' or a 'driver'");
    assert_int_equal(where_read(&arena, "{\"url\":\"x\",\"driver\":\"y\"}", NULL, &where, &err),
                     TG_SPEC);
    assert_string_equal(
        err.what, "'connection' has both 'url' and 'driver'; what a driver opens is its 'uri'");
    arena_release(&arena);
}

static int read_map(void)
{
    struct arena arena;
    struct location where;
    arena_init(&arena);
    int rc = where_read(&arena, map, NULL, &where, NULL);
    arena_release(&arena);
    return rc;
}

static void memory_runs_out(void **state)
{
    (void)state;
    torture(read_map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_url_or_a_map),
        cmocka_unit_test(neither),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests_name("where", tests, NULL, NULL);
}
