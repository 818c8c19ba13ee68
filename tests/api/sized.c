/* Structs of options in the lengths of other versions. */
#include "tests/fixture.h"

#include "api/sized.h"

static int read_nothing(struct tg_read *read, struct tg_error *err)
{
    (void)err;
    read->done = true;
    return TG_OK;
}

/* What a program that was built with a newer header hands over. */
struct longer {
    struct tg_resource resource;
    const char *new_field;
};

static void the_length_of_today_is_taken_as_it_is(void **state)
{
    (void)state;
    struct tg_error err = {0};
    struct tg_schema_options schema = {TG_SCHEMA_OPTIONS_INIT, .export_path = "x"};
    struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT, .name = "test",
                                          .schema = &schema, .threads = 3};
    struct sized_options sized;
    assert_int_equal(sized_options(&sized, &options, &err), TG_OK);
    assert_string_equal(sized.options.name, "test");
    assert_int_equal(sized.options.threads, 3);
    assert_ptr_equal(sized.options.schema, &sized.schema);
    assert_string_equal(sized.schema.export_path, "x");
}

/* Control: behind the given length there is something that must not be read. */
static void a_shorter_struct_has_not_said_the_rest(void **state)
{
    (void)state;
    struct tg_error err = {0};
    struct tg_resource resource = {TG_RESOURCE_INIT, .name = "n", .read = read_nothing,
                                   .primary_key = "id", .description = "of a newer version"};
    struct sized_resource sized;
    resource.size = offsetof(struct tg_resource, description);
    assert_int_equal(sized_resource(&sized, &resource, &err), TG_OK);
    assert_string_equal(sized.resource.primary_key, "id");
    assert_null(sized.resource.description);
    sized_resource_release(&sized);
    resource.size = sizeof(resource);
    assert_int_equal(sized_resource(&sized, &resource, &err), TG_OK);
    assert_string_equal(sized.resource.description, "of a newer version");
    sized_resource_release(&sized);
}

static void columns_come_in_their_own_length(void **state)
{
    (void)state;
    struct tg_error err = {0};
    struct {
        const char *name, *data_type;
    } shorter[] = {{"a", "text"}, {"b", "date"}};
    struct {
        struct tg_column column;
        const char *new_field;
    } longer[] = {{{.name = "a"}, NULL}, {{.name = "b", .hints = "{}"}, NULL}};
    struct tg_resource resource = {TG_RESOURCE_INIT, .name = "n", .column_count = 2};
    struct sized_resource sized;
    resource.columns = (const struct tg_column *)(const void *)shorter;
    resource.column_size = sizeof(shorter[0]);
    assert_int_equal(sized_resource(&sized, &resource, &err), TG_OK);
    assert_string_equal(sized.resource.columns[1].name, "b");
    assert_string_equal(sized.resource.columns[1].data_type, "date");
    assert_int_equal(sized.resource.columns[1].nullable, TG_DEFAULT);
    sized_resource_release(&sized);
    resource.columns = &longer[0].column;
    resource.column_size = sizeof(longer[0]);
    assert_int_equal(sized_resource(&sized, &resource, &err), TG_OK);
    assert_string_equal(sized.resource.columns[1].name, "b");
    assert_string_equal(sized.resource.columns[1].hints, "{}");
    sized_resource_release(&sized);
}

static void what_only_a_newer_library_knows_is_refused(void **state)
{
    (void)state;
    struct tg_error err = {0};
    struct longer longer = {.resource = {TG_RESOURCE_INIT, .name = "n", .read = read_nothing}};
    struct sized_resource sized;
    longer.resource.size = sizeof(longer);
    assert_int_equal(sized_resource(&sized, &longer.resource, &err), TG_OK);
    sized_resource_release(&sized);
    longer.new_field = "x";
    assert_int_equal(sized_resource(&sized, &longer.resource, &err), TG_USAGE);
    assert_string_equal(err.what,
                        "struct tg_resource says what version " TG_VERSION
                        " of the library does not know; install one that is as new as the header "
                        "of the program");
    sized_resource_release(&sized);
}

static void count_release(void *user)
{
    ++*(int *)user;
}

static void a_size_that_cannot_be_names_the_init_function(void **state)
{
    struct fixture *fixture = *state;
    struct tg_pipeline *pipeline = NULL;
    struct tg_error *err = &fixture->err;
    int released = 0;
    struct tg_schema_options schema = {.naming = "direct"};
    struct tg_pipeline_options options = {.name = "test", .destination = fixture->destination};
    assert_int_equal(tg_pipeline_new(&pipeline, &options, err), TG_USAGE);
    assert_string_equal(err->what, "struct tg_pipeline_options is given with the size 0; begin "
                                   "with tg_pipeline_options_init()");
    options.size = sizeof(options);
    options.schema = &schema;
    assert_int_equal(tg_pipeline_new(&pipeline, &options, err), TG_USAGE);
    assert_string_equal(err->what, "struct tg_schema_options is given with the size 0; begin with "
                                   "tg_schema_options_init()");
    assert_null(pipeline);
    fixture_open(fixture, NULL, 0);
    struct tg_column column = {.name = "a"};
    struct tg_resource resource = {.name = "n",
                                   .read = read_nothing,
                                   .columns = &column,
                                   .column_count = 1,
                                   .release = count_release,
                                   .user = &released};
    assert_int_equal(tg_pipeline_add(fixture->pipeline, &resource, err), TG_USAGE);
    assert_string_equal(err->what, "struct tg_resource is given with the size 0; begin with "
                                   "tg_resource_init()");
    resource.size = 12;
    assert_int_equal(tg_pipeline_add(fixture->pipeline, &resource, err), TG_USAGE);
    resource.size = sizeof(resource);
    assert_int_equal(tg_pipeline_add(fixture->pipeline, &resource, err), TG_USAGE);
    assert_string_equal(err->what, "struct tg_column is given with the size 0; begin with "
                                   "tg_resource_init()");
    assert_int_equal(released, 3);
}

static void init_functions_empty_and_size(void **state)
{
    (void)state;
    struct tg_resource resource;
    struct tg_schema_options schema;
    struct tg_pipeline_options options;
    const struct tg_resource empty = {TG_RESOURCE_INIT, .name = NULL};
    memset(&resource, 0xff, sizeof(resource));
    tg_resource_init(&resource);
    assert_memory_equal(&resource, &empty, sizeof(resource));
    memset(&schema, 0xff, sizeof(schema));
    tg_schema_options_init(&schema);
    assert_int_equal(schema.size, sizeof(schema));
    assert_null(schema.naming);
    memset(&options, 0xff, sizeof(options));
    tg_pipeline_options_init(&options);
    assert_int_equal(options.size, sizeof(options));
    assert_null(options.clock_us);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_length_of_today_is_taken_as_it_is),
        cmocka_unit_test(a_shorter_struct_has_not_said_the_rest),
        cmocka_unit_test(columns_come_in_their_own_length),
        cmocka_unit_test(what_only_a_newer_library_knows_is_refused),
        cmocka_unit_test_setup_teardown(a_size_that_cannot_be_names_the_init_function,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test(init_functions_empty_and_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
