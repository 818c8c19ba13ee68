#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "extract/source.h"

static void test_find(void **state)
{
    (void)state;
    assert_string_equal(source_find("files")->name, "files");
    assert_string_equal(source_find("callback")->name, "callback");
    assert_null(source_find("file"));
    assert_null(source_find(""));
}

/* Every driver is whole, and found by its name. */
static void test_list(void **state)
{
    size_t count;
    const struct source_driver *const *list = source_list(&count);
    (void)state;
    assert_true(count >= 2);
    for (size_t i = 0; i < count; i++) {
        const struct source_driver *driver = list[i];
        assert_ptr_equal(source_find(driver->name), driver);
        assert_true(driver->help[strlen(driver->help) - 1] == '.');
        assert_non_null(driver->read);
        assert_int_equal(driver->open != NULL, driver->close != NULL);
        for (const struct option *option = driver->source_options; option->name; option++)
            assert_non_null(option->help);
        for (const struct option *option = driver->resource_options; option->name; option++)
            assert_non_null(option->help);
    }
}

/* ---- what is open ---- */

struct source {
    int readers;
};

static struct source shared[3];
static int opened, closed;

static int open_shared(const struct source_request *request, struct source **out,
                       struct tg_error *err)
{
    if (strcmp(request->name, "broken") == 0)
        return error_set(err, TG_SOURCE, "nobody is at home");
    *out = &shared[opened++];
    return TG_OK;
}

static void close_shared(struct source *source)
{
    assert_ptr_equal(source, &shared[opened - ++closed]); /* the last one first */
}

static int read_shared(struct source *source, const struct resource_request *request,
                       struct page_stream **out, struct tg_error *err)
{
    (void)err;
    (void)request;
    source->readers++;
    *out = NULL;
    return TG_OK;
}

static bool has_room(const struct source *source)
{
    return source->readers < 3;
}

static void test_sources(void **state)
{
    static const struct source_driver driver = {.name = "shared",
                                                .open = open_shared,
                                                .close = close_shared,
                                                .read = read_shared,
                                                .has_room = has_room};
    static const struct source_driver alone = {.name = "alone", .read = read_shared};
    static const char *const names[] = {"a", "b", "a", "a"};
    struct sources sources = {0};
    struct page_stream *stream;
    struct resource_request request = {.name = "r"};
    struct tg_error err = {0};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        request.source.name = names[i];
        assert_int_equal(sources_read(&sources, &driver, &request, &stream, &err), TG_OK);
    }
    assert_int_equal(opened, 2);
    assert_int_equal(shared[0].readers, 3);
    assert_int_equal(shared[1].readers, 1);
    assert_false(sources_have_room(&sources, &driver, &request));
    assert_false(sources_have_room(&sources, &alone, &request));
    request.source.name = "b";
    assert_true(sources_have_room(&sources, &driver, &request));
    request.source.name = "c"; /* it is not open */
    assert_false(sources_have_room(&sources, &driver, &request));
    /* One that was given other options is another source. */
    const struct option_value values[] = {{"root", "x"}, {"a", NULL}},
                              same[] = {{"root", "x"}, {"a", NULL}},
                              other[] = {{"root", "x"}, {"a", "y"}};
    const struct option_value *const lists[] = {values, same, other};
    const int readers[][2] = {{1, 0}, {2, 0}, {2, 1}};
    sources_close(&sources);
    opened = closed = 0;
    memset(shared, 0, sizeof(shared));
    for (size_t i = 0; i < 3; i++) {
        request.source = (struct source_request){.name = "a", .values = lists[i], .value_count = 2};
        assert_int_equal(sources_read(&sources, &driver, &request, &stream, &err), TG_OK);
        assert_int_equal(shared[0].readers, readers[i][0]);
        assert_int_equal(shared[1].readers, readers[i][1]);
    }
    request.source.name = "broken";
    assert_int_equal(sources_read(&sources, &driver, &request, &stream, &err), TG_SOURCE);
    assert_string_equal(err.what, "nobody is at home");
    assert_int_equal(closed, 0);
    sources_close(&sources);
    assert_int_equal(closed, 2);
    assert_int_equal(sources.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_sources),
    };
    return cmocka_run_group_tests_name("extract/source", tests, NULL, NULL);
}
