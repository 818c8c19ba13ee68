/* What a source driver is told of a resource. */
#include "tests/config/spec_file.h"

#include "config/spec.h"

static void a_request_is_the_resource(void **state)
{
    struct spec_file *spec = *state;
    struct context ctx;
    struct config *config = fresh(spec);
    const struct tg_resource resource = {.name = "person", .read = read_nothing, .user = spec};
    assert_int_equal(config_add(config, &resource, &spec->err), TG_OK);
    const struct resource *added = &config->resources[0];
    const struct services services = {.ctx = &ctx};
    const struct resource_request request = resource_request(added, config, &services);
    assert_ptr_equal(request.source.services.ctx, &ctx);
    assert_null(request.source.services.engine);
    assert_string_equal(request.source.name, added->source);
    assert_string_equal(request.source.folder, ".");
    assert_ptr_equal(request.source.values, added->source_values);
    assert_string_equal(request.name, "person");
    assert_int_equal(request.value_count, added->resource_value_count);
    assert_null(request.cursor->path);
    assert_int_equal(request.recalled.count, 0);
    assert_ptr_equal(request.read, read_nothing);
    assert_ptr_equal(request.user, spec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_the_resource),
    };
    return cmocka_run_group_tests_name("request", tests, spec_setup, spec_teardown);
}
