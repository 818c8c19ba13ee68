/* The inside of a pipeline: what spec and options come to, and who keeps it. */
#include "tests/fixture.h"

#include "run/pipeline.h"
#include "tests/torture.h"

#define SPEC(more)                                                                                 \
    "pipeline: test\ndestination: duckdb:///x.duckdb\nsource: {type: files}\n" more                \
    "resources: {n: {path: a.jsonl}}\n"

static struct tg_pipeline *made(const char *text, const struct tg_pipeline_options *options)
{
    struct tg_error err = {0};
    struct tg_pipeline *pipeline = NULL;
    const struct pipeline_spec spec = {
        .text = {.text = text, .len = strlen(text), .name = "spec", .folder = "."}};
    if (pipeline_new(&pipeline, &spec, options, &err) != TG_OK)
        fail_msg("%s: %s", err.where, err.what);
    return pipeline;
}

static void the_option_wins_over_the_spec(void **state)
{
    (void)state;
    static const struct {
        const char *spec, *memory, *storage;
        size_t bytes;
        const char *version;
    } cases[] = {
        {SPEC(""), NULL, NULL, (size_t)256 << 20, NULL},
        {SPEC("memory: 64MiB\nstorage_version: v1.2.0\n"), NULL, NULL, (size_t)64 << 20, "v1.2.0"},
        {SPEC("memory: 64MiB\nstorage_version: v1.2.0\n"), "1GiB", "latest", (size_t)1 << 30,
         "latest"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct tg_pipeline_options options = {
            TG_PIPELINE_OPTIONS_INIT, .memory = cases[i].memory,
            .storage_version = cases[i].storage, .threads = (int)i};
        struct tg_pipeline *pipeline = made(cases[i].spec, &options);
        assert_int_equal(pipeline->ctx.memory_bytes_max, cases[i].bytes);
        assert_true(i > 0 ? pipeline->ctx.threads == (int)i
                          : pipeline->ctx.threads >= 1 && pipeline->ctx.threads <= 8);
        if (cases[i].version)
            assert_string_equal(pipeline->ctx.storage_version, cases[i].version);
        else
            assert_null(pipeline->ctx.storage_version);
        pipeline_drop(pipeline);
    }
}

/* Control: a share that does not count lets the first drop free it, which the sanitizer sees. */
static void the_last_share_frees_it(void **state)
{
    (void)state;
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT};
    size_t live = mem_live();
    struct tg_pipeline *pipeline = made(SPEC(""), &options);
    pipeline_keep(pipeline);
    pipeline_drop(pipeline);
    assert_true(mem_live() > live);
    assert_string_equal(pipeline->config.pipeline, "test");
    pipeline_drop(pipeline);
    assert_int_equal(mem_live(), live);
    pipeline_drop(NULL);
}

static int make_tortured(void)
{
    struct tg_error err = {0};
    struct tg_pipeline *pipeline = NULL;
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT, .name = "test",
                                                .destination = "duckdb:///x.duckdb", .select = "a"};
    int rc = pipeline_new(&pipeline, NULL, &options, &err);
    pipeline_drop(pipeline);
    return rc;
}

static void making_survives_torture(void **state)
{
    (void)state;
    torture(make_tortured);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_option_wins_over_the_spec),
        cmocka_unit_test(the_last_share_frees_it),
        cmocka_unit_test(making_survives_torture),
    };
    return cmocka_run_group_tests_name("run/pipeline", tests, NULL, NULL);
}
