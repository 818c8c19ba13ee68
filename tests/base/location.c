#include "base/location.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include "tidegate.h"

static void keys_go_together(void **state)
{
    (void)state;
    static const struct tg_option options[] = {{"username", "me"}};
    static const struct {
        struct location where;
        const char *fault; /* NULL: none */
    } cases[] = {
        {{.url = "duckdb:///x"}, NULL},
        {{.driver = "sqlite",
          .uri = "x",
          .dialect = "sqlite",
          .options = options,
          .option_count = 1},
         NULL},
        {{.uri = "x"}, "'connection' needs a 'url' or a 'driver'"},
        {{.url = "u", .driver = "d"},
         "'connection' has both 'url' and 'driver'; what a driver opens is its 'uri'"},
        {{.url = "u", .uri = "x"},
         "'connection' has a 'url', to which 'uri' says nothing; it goes with 'driver'"},
        {{.url = "u", .dialect = "x"},
         "'connection' has a 'url', to which 'dialect' says nothing; it goes with 'driver'"},
        {{.url = "u", .options = options, .option_count = 1},
         "'connection' has a 'url', to which 'options' says nothing; it goes with 'driver'"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tg_error err = {0};
        int rc = location_check(&cases[i].where, "connection", &err);
        assert_int_equal(rc, cases[i].fault ? TG_SPEC : TG_OK);
        assert_string_equal(err.what, cases[i].fault ? cases[i].fault : "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(keys_go_together)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
