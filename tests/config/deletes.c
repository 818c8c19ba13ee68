/* Rows that the source has no more: what may be said of them, and what goes together. */
#include "tests/config/spec_file.h"

#include "write/disposition.h"

#define MERGE SPEC_PERSON "    write_disposition: merge\n    primary_key: id\n"

static const struct resource *good(struct spec_file *spec, const char *text)
{
    return &spec_good(spec, text)->resources[0];
}

static void words_and_what_goes_without_saying(void **state)
{
    struct spec_file *spec = *state;
    const struct resource *r = good(spec, MERGE);
    assert_int_equal(r->deletes.detect, TG_DETECT_NONE);
    assert_false(r->limits.absent.is_set);
    r = good(spec, MERGE "    deletes: snapshot\n");
    assert_int_equal(r->deletes.detect, TG_DETECT_SNAPSHOT);
    assert_int_equal(r->deletes.apply, TG_APPLY_HARD);
    assert_false(r->deletes.allow_empty);
    r = good(spec, MERGE "    keys_path: k.jsonl\n    incremental: at\n"
                         "    deletes: {detect: keys, apply: soft, limit: 0.5%, allow_empty: "
                         "true}\n");
    assert_int_equal(r->deletes.detect, TG_DETECT_KEYS);
    assert_int_equal(r->deletes.apply, TG_APPLY_SOFT);
    assert_true(r->deletes.allow_empty);
    assert_true(r->limits.absent.is_share);
    assert_int_equal(r->limits.absent.most, 50);
    r = good(spec, MERGE "    deletes: {detect: snapshot, limit: 700}\n");
    assert_false(r->limits.absent.is_share);
    assert_int_equal(r->limits.absent.most, 700);
    /* The limit is found by the resource's name, whatever all of them say. */
    spec_good(spec, MERGE "    deletes: {detect: snapshot, limit: 7}\n"
                          "limits: {rows_deleted: 3}\n");
    const struct limits limits = config_limits(&spec->config, "person");
    assert_int_equal(limits.absent.most, 7);
    assert_int_equal(limits.of[LIMIT_ROWS_DELETED].most, 3);
    assert_false(config_limits(&spec->config, "another").absent.is_set);
}

static void what_does_not_go_together(void **state)
{
    struct spec_file *spec = *state;
    static const struct {
        const char *text, *place, *what;
    } cases[] = {
        {SPEC_PERSON "    primary_key: id\n    deletes: snapshot\n"
                     "    write_disposition: {disposition: merge, destination_scope: a}\n",
         "9:45",
         "resource 'person': destination_scope takes all its rows away already; leave out deletes"},
        {SPEC_PERSON "    primary_key: id\n    deletes: snapshot\n", "8:5",
         "resource 'person': deletes is for the merge strategies: cdc delete-insert scd2 upsert"},
        {SPEC_PERSON "    primary_key: id\n    deletes: snapshot\n"
                     "    write_disposition: {disposition: merge, strategy: insert-only}\n",
         "8:5",
         "resource 'person': deletes is for the merge strategies: cdc delete-insert scd2 upsert"},
        {SPEC_PERSON "    primary_key: id\n    deletes: snapshot\n"
                     "    write_disposition: {disposition: merge, strategy: scd2}\n",
         "8:5",
         "resource 'person': scd2 keeps versions of what the source has no more; say apply: scd2"},
        {MERGE "    deletes: {detect: snapshot, apply: scd2}\n", "9:5",
         "resource 'person': apply: scd2 is for the merge strategy scd2"},
        {MERGE "    deletes: daily\n", "9:14", "'deletes' is one of snapshot, keys, not 'daily'"},
        {MERGE "    deletes: {apply: soft}\n", "9:5",
         "resource 'person': deletes needs detect: snapshot or keys"},
        {MERGE "    deletes: {detect: snapshot, limit: some}\n", "9:5",
         "resource 'person': the limit of deletes is a share of the rows like 10%, or a number of "
         "them, not 'some'"},
        {MERGE "    deletes: {detect: snapshot, limit: 101%}\n", "9:5",
         "resource 'person': the limit of deletes is a share of the rows like 10%, or a number of "
         "them, not '101%'"},
        {MERGE "    incremental: at\n    deletes: snapshot\n", "10:5",
         "resource 'person': with a cursor a run does not read all that the source has, so that "
         "nobody can tell which rows are gone; use deletes: {detect: keys}, or leave out "
         "incremental"},
        {MERGE "    deletes: keys\n", "9:5", "resource 'person': detect: keys needs keys_path"},
        {MERGE "    keys_path: k.csv\n    deletes: snapshot\n", "9:5",
         "resource 'person': keys_path is for deletes: {detect: keys}"},
        {SPEC_PERSON "    write_disposition: merge\n    merge_key: day\n    deletes: snapshot\n",
         "9:5", "resource 'person': deletes needs a primary_key"},
        {SPEC_PERSON "    write_disposition: merge\n    on_missing_key: append\n"
                     "    deletes: snapshot\n",
         "8:5",
         "resource 'person': deletes cannot do without a primary_key; leave out on_missing_key"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        spec_says(spec, cases[i].text, cases[i].place, cases[i].what);
}

static int add(struct spec_file *spec, const struct tg_resource *resource)
{
    static const struct tg_pipeline_options options = {.name = "shop",
                                                       .destination = "duckdb:///s.duckdb"};
    config_release(&spec->config);
    assert_int_equal(config_init(&spec->config, &options, &spec->err), TG_OK);
    spec->err = (struct tg_error){0};
    return config_add(&spec->config, resource, &spec->err);
}

static void a_program_lists_keys_by_a_function(void **state)
{
    struct spec_file *spec = *state;
    struct tg_resource given = {TG_RESOURCE_INIT,
                                .name = "n",
                                .read = read_nothing,
                                .primary_key = "id",
                                .write_disposition = TG_MERGE,
                                .deletes = {TG_DETECT_KEYS, TG_APPLY_SOFT, "3%", true}};
    assert_int_equal(add(spec, &given), TG_USAGE);
    assert_string_equal(spec->err.what, "TG_DETECT_KEYS needs `list_keys`");
    given.list_keys = read_nothing;
    assert_int_equal(add(spec, &given), TG_OK);
    assert_true(spec->config.resources[0].list_keys == read_nothing);
    assert_int_equal(spec->config.resources[0].limits.absent.most, 300);
    given.deletes.detect = TG_DETECT_SNAPSHOT;
    assert_int_equal(add(spec, &given), TG_USAGE);
    assert_string_equal(spec->err.what, "`list_keys` goes with `read` and TG_DETECT_KEYS");
    given.list_keys = NULL;
    given.deletes.detect = (enum tg_detect)3;
    assert_int_equal(add(spec, &given), TG_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(words_and_what_goes_without_saying, spec_setup,
                                        spec_teardown),
        cmocka_unit_test_setup_teardown(what_does_not_go_together, spec_setup, spec_teardown),
        cmocka_unit_test_setup_teardown(a_program_lists_keys_by_a_function, spec_setup,
                                        spec_teardown),
    };
    return cmocka_run_group_tests_name("config/deletes", tests, NULL, NULL);
}
