/* Which resources are run. */
#include "tests/config/spec_file.h"

#include "config/spec.h"

static void names_select(void **state)
{
    struct spec_file *spec = *state;
    struct config *config = spec_good(
        spec, SPEC_HEAD "resources: {person: {path: a}, click: {path: b}, order: {path: c}}\n");
    assert_int_equal(config_select(config, " order,person ", &spec->err), TG_OK);
    assert_true(config->resources[0].selected);
    assert_false(config->resources[1].selected);
    assert_true(config->resources[2].selected);
    assert_int_equal(config_select(config, "person, clik", &spec->err), TG_USAGE);
    assert_string_equal(spec->err.what,
                        "pipeline 'shop' has no resource 'clik' to select; did you mean 'click'?");
    assert_true(config->resources[2].selected); /* as it was */
    assert_int_equal(config_select(config, "zzzzzzzz", &spec->err), TG_USAGE);
    assert_string_equal(spec->err.what,
                        "pipeline 'shop' has no resource 'zzzzzzzz' to select; there are: "
                        "person, click, order");
    assert_int_equal(config_select(config, "clicks", &spec->err), TG_USAGE);
    assert_int_equal(config_select(config, NULL, &spec->err), TG_OK);
    assert_true(config->resources[1].selected);
    assert_int_equal(config_select(config, ",", &spec->err), TG_OK);
    assert_true(config->resources[1].selected);
}

/* What no resource is called may be a member; groups are selected for it alone. */
static void names_select_members(void **state)
{
    struct spec_file *spec = *state;
    struct config *config =
        spec_good(spec, "pipeline: shop\ndestination: duckdb:///shop.duckdb\n"
                        "source: {type: sql, connection: duckdb:///s.duckdb}\n"
                        "resources: {all: {tables: all}, one: {table: x}, c: {tables: [c*]}}\n");
    assert_int_equal(config_select(config, "orders,c", &spec->err), TG_OK);
    assert_true(config->resources[0].selected && config->resources[2].selected);
    assert_false(config->resources[1].selected);
    assert_true(config_takes_member(&config->resources[0], "orders"));
    assert_false(config_takes_member(&config->resources[0], "order"));
    assert_true(config_takes_member(&config->resources[2], "customers"));
    assert_int_equal(config_check_selected(config, "orders,c", &spec->err), TG_USAGE);
    assert_string_equal(spec->err.what,
                        "pipeline 'shop' has no resource 'orders' to select; there are: "
                        "all, one, c");
    assert_int_equal(config_add_member(config, &config->resources[0], "orders", &spec->err), TG_OK);
    assert_int_equal(config_check_selected(config, "orders,c", &spec->err), TG_OK);
    assert_int_equal(config_check_selected(config, "order", &spec->err), TG_USAGE);
    assert_non_null(strstr(spec->err.what, "did you mean 'orders'?"));
    assert_int_equal(config_select(config, "one", &spec->err), TG_OK); /* no group is looked at */
    assert_false(config->resources[0].selected || config->resources[2].selected);
    assert_int_equal(config_select(config, NULL, &spec->err), TG_OK);
    assert_true(config_takes_member(&config->resources[0], "order"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_select),
        cmocka_unit_test(names_select_members),
    };
    return cmocka_run_group_tests_name("select", tests, spec_setup, spec_teardown);
}
