/* Write dispositions: from what a spec or a program says to one driver. */
#include "tests/config/spec_file.h"

#include "write/disposition.h"

#define SPEC(lines)                                                                                \
    "pipeline: p\ndestination: duckdb:///s.duckdb\nsource: {type: files}\nresources:\n"            \
    "  r:\n    path: a\n    primary_key: [a, b]\n    write_disposition: " lines "\n"

static const struct resource *good(struct spec_file *spec, const char *text)
{
    return &spec_good(spec, text)->resources[0];
}

static void words_become_a_driver(void **state)
{
    struct spec_file *spec = *state;
    const struct resource *r = good(spec, SPEC("merge"));
    assert_ptr_equal(r->disposition, disposition_find("merge", "delete-insert"));
    assert_int_equal(r->row_ids, TG_ROW_IDS_RANDOM);
    r = good(spec, SPEC("{disposition: merge, strategy: upsert}"));
    assert_ptr_equal(r->disposition, disposition_find("merge", "upsert"));
    assert_int_equal(r->row_ids, TG_ROW_IDS_KEY);
    assert_false(r->skip_unchanged_rows);
    r = good(spec, SPEC("{disposition: merge, strategy: insert-only}\n    row_ids: key"));
    assert_ptr_equal(r->disposition, disposition_find("merge", "insert-only"));
    r = good(spec, SPEC("{disposition: merge, skip_unchanged_rows: true}"));
    assert_ptr_equal(r->disposition, disposition_find("merge", NULL));
    assert_true(r->skip_unchanged_rows);
    assert_int_equal(r->row_ids, TG_ROW_IDS_KEY);
    r = good(spec, SPEC("{disposition: merge, source_filter: a, destination_scope: b}"));
    assert_string_equal(r->source_filter, "a");
    assert_string_equal(r->destination_scope, "b");
    r = good(spec, SPEC("{disposition: append, skip_unchanged_rows: false}"));
    assert_ptr_equal(r->disposition, disposition_find("append", NULL));
}

static void what_does_not_go_together(void **state)
{
    struct spec_file *spec = *state;
    static const struct {
        const char *text, *place, *what;
    } cases[] = {
        {SPEC("{disposition: merge, strategy: scd9}"), "8:55",
         "'strategy' is one of cdc, insert-from-staging, insert-only, delete-insert, "
         "replace-range, "
         "scd2, staging-optimized, truncate-and-insert, upsert, not 'scd9'; did you mean 'scd2'?"},
        {SPEC("{disposition: replace, strategy: upsert}"), "8:47",
         "resource 'r': replace has no strategy 'upsert'; use one of insert-from-staging "
         "delete-insert replace-range staging-optimized truncate-and-insert"},
        {SPEC("{disposition: replace, strategy: staging-optimized}"), "8:5",
         "resource 'r': staging-optimized is not for duckdb, where a table that was swapped would "
         "not be as it was, and nothing would be won; use another strategy"},
        {SPEC("{disposition: append, strategy: upsert}"), "8:46",
         "resource 'r': strategy is for disposition: replace merge"},
        {SPEC("{disposition: merge, strategy: insert-only, skip_unchanged_rows: true}"), "8:68",
         "resource 'r': skip_unchanged_rows is for the merge strategies: cdc delete-insert upsert"},
        {SPEC("{disposition: append, skip_unchanged_rows: true}"), "8:46",
         "resource 'r': skip_unchanged_rows is for the merge strategies: cdc delete-insert upsert"},
        {SPEC("{disposition: merge, source_filter: 'a; b'}"), "8:45",
         "resource 'r': source_filter: it has a ';': one condition is asked for"},
        {SPEC("{disposition: merge, source_filter: '{table}.a > 1'}"), "8:45",
         "resource 'r': source_filter: '{table}' stands for nothing here: there is "
         "{staging_table}, the rows of the load; write {{ and }} for braces"},
        {SPEC("{disposition: merge, destination_scope: 'a = 1)'}"), "8:45",
         "resource 'r': destination_scope: it closes a parenthesis that it has not opened"},
        {SPEC("{disposition: merge, strategy: insert-only, source_filter: a}"), "8:68",
         "resource 'r': source_filter is for the merge strategies: cdc delete-insert scd2 upsert"},
        {SPEC("{disposition: merge, strategy: upsert, destination_scope: a}"), "8:63",
         "resource 'r': destination_scope is for the merge strategies: cdc "
         "delete-insert scd2"},
        {SPEC("{disposition: merge, row_version_column_name: v}"), "8:45",
         "resource 'r': row_version_column_name tells which rows skip_unchanged_rows leaves alone; "
         "set that, too"},
        {SPEC("{disposition: merge, destination_scope: a, skip_unchanged_rows: true}"), "8:45",
         "resource 'r': destination_scope takes all its rows away, so that none are left alone; "
         "leave out skip_unchanged_rows"},
        {SPEC("{disposition: merge, destination_scope: a}\n    merge_key: c"), "9:5",
         "resource 'r': destination_scope takes the place of merge_key; leave it out"},
        {SPEC("{disposition: merge, destination_scope: a}\n    incremental: c"), "8:45",
         "resource 'r': destination_scope takes rows away that the cursor does not deliver again; "
         "give it a window (end_value), or leave it out"},
        {SPEC("{disposition: merge, strategy: upsert, scope: previous_load}"), "8:63",
         "resource 'r': scope is for the merge strategies: insert-only"},
        {SPEC("{disposition: merge, strategy: insert-only, scope: last}"), "8:75",
         "'scope' is one of all, previous_load, not 'last'"},
        {SPEC(
             "{disposition: merge, strategy: insert-only, scope: previous_load}\n    row_ids: row"),
         "9:5",
         "resource 'r': scope: previous_load stores several rows of a key, and a content again "
         "when "
         "it returns; leave out row_ids"},
        {SPEC("{disposition: merge, strategy: upsert}\n    merge_key: c"), "9:5",
         "resource 'r': upsert goes by the primary_key alone; leave out merge_key"},
        {SPEC("{disposition: merge, skip_unchanged_rows: true}\n    merge_key: c"), "9:5",
         "resource 'r': skip_unchanged_rows goes by the primary_key alone; leave out merge_key"},
        {SPEC("{disposition: merge, strategy: upsert}\n    on_missing_key: append"), "9:5",
         "resource 'r': upsert cannot do without a primary_key; leave out on_missing_key"},
        {SPEC("{disposition: merge, strategy: upsert}\n    row_ids: row"), "9:5",
         "resource 'r': upsert makes the ids of rows from their key; leave out row_ids"},
        {"pipeline: p\ndestination: duckdb:///s.duckdb\nsource: {type: files}\nresources:\n"
         "  r:\n    path: a\n    write_disposition: {disposition: merge, strategy: insert-only}\n",
         "7:5", "resource 'r': insert-only needs a primary_key"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        spec_says(spec, cases[i].text, cases[i].place, cases[i].what);
}

static void deduplicated(void **state)
{
    struct spec_file *spec = *state;
    static const struct {
        const char *text, *place, *what;
    } cases[] = {
        {SPEC("{disposition: merge, strategy: upsert, deduplicated: true}"), "8:63",
         "resource 'r': deduplicated is for the merge strategies: delete-insert"},
        {SPEC("{disposition: merge, deduplicated: true, skip_unchanged_rows: true}"), "8:45",
         "resource 'r': skip_unchanged_rows needs one row of a key, which is looked for; leave out "
         "deduplicated"},
        {SPEC("{disposition: merge, deduplicated: true}\n    row_ids: key"), "9:5",
         "resource 'r': rows that are equal, which deduplicated lets in, would have one id; leave "
         "out row_ids"},
    };
    assert_true(good(spec, SPEC("{disposition: merge, deduplicated: true}"))->deduplicated);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        spec_says(spec, cases[i].text, cases[i].place, cases[i].what);
}

static void options_of_cdc(void **state)
{
    struct spec_file *spec = *state;
    spec_says(spec,
              SPEC("{disposition: merge, strategy: cdc, destination_scope: a}\n    merge_key: c"),
              "9:5", "resource 'r': destination_scope takes the place of merge_key; leave it out");
    spec_says(spec,
              SPEC("{disposition: merge, strategy: scd2, destination_scope: a}\n    merge_key: c"),
              "9:5", "resource 'r': destination_scope takes the place of merge_key; leave it out");
    spec_says(spec,
              SPEC("{disposition: merge, strategy: scd2, destination_scope: a}\n"
                   "    incremental: at\n"),
              "8:61",
              "resource 'r': destination_scope takes rows away that the cursor does not deliver "
              "again; give it a window (end_value), or leave it out");
    good(spec,
         SPEC("{disposition: merge, strategy: scd2, destination_scope: a}\n    incremental: at\n"
              "    keys_path: k\n    deletes: {detect: keys, apply: scd2}"));
    spec_says(spec, SPEC("{disposition: merge, strategy: cdc, row_version_column_name: v}"), "8:60",
              "resource 'r': row_version_column_name tells which rows skip_unchanged_rows leaves "
              "alone; set that, too");
}

#define SCD2(more) SPEC("{disposition: merge, strategy: scd2" more "}")

static void versions_of_rows(void **state)
{
    struct spec_file *spec = *state;
    const struct resource *r =
        good(spec, SCD2(", validity_column_names: [a, b], active_record_timestamp: 9999-12-31,"
                        " boundary_timestamp: 2024-01-02T03:04:05+01:00, allow_empty: true"));
    assert_ptr_equal(r->disposition, disposition_find("merge", "scd2"));
    assert_int_equal(r->row_ids, TG_ROW_IDS_ROW);
    assert_int_equal(r->validity_column_names_count, 2);
    assert_string_equal(r->validity_column_names[1], "b");
    assert_string_equal(r->active_record_timestamp, "9999-12-31");
    assert_string_equal(r->boundary_timestamp, "2024-01-02T03:04:05+01:00");
    assert_true(r->allow_empty);
    r = good(spec, SCD2(", row_version_column_name: v"));
    assert_int_equal(r->row_ids, TG_ROW_IDS_RANDOM);
    r = good(spec, SCD2(", row_version_column_name: _dlt_id"));
    assert_int_equal(r->row_ids, TG_ROW_IDS_ROW);
    good(spec, SCD2("") "    merge_key: [a, b]\n    incremental: at\n");
    static const struct {
        const char *text, *place, *what;
    } cases[] = {
        {SCD2("") "    row_ids: key\n", "9:5",
         "resource 'r': scd2 tells the versions of a row by their ids; leave out row_ids"},
        {SCD2("") "    incremental: at\n", "9:5",
         "resource 'r': scd2 with a cursor needs a merge_key, or deletes: {detect: keys}: rows "
         "that the cursor leaves out "
         "would look deleted"},
        {SCD2("") "    on_missing_key: append\n", "9:5",
         "resource 'r': scd2 without a key takes the source for all there is; leave out "
         "on_missing_key"},
        {SCD2("") "    columns: {a: {hard_delete: true}}\n", "9:19",
         "resource 'r': column 'a': hard_delete is for cdc insert-only delete-insert upsert"},
        {SCD2("") "    columns: {a: {dedup_sort: asc}}\n", "9:19",
         "resource 'r': column 'a': dedup_sort is for cdc insert-only delete-insert upsert"},
        {SCD2(", skip_unchanged_rows: true"), "8:61",
         "resource 'r': skip_unchanged_rows is for the merge strategies: cdc delete-insert upsert"},
        {SCD2(", validity_column_names: a"), "8:61",
         "resource 'r': validity_column_names are two: since when, and until when"},
        {SCD2(", validity_column_names: [a, a]"), "8:61",
         "resource 'r': validity_column_names are two: since when, and until when"},
        {SCD2(", validity_column_names: [a, b, c]"), "8:61",
         "resource 'r': validity_column_names are two: since when, and until when"},
        {SCD2(", boundary_timestamp: soon"), "8:61",
         "resource 'r': boundary_timestamp is a date or a timestamp, as 2024-12-31T00:00:00Z, not "
         "'soon'"},
        {SCD2(", active_record_timestamp: 10:30"), "8:61",
         "resource 'r': active_record_timestamp is a date or a timestamp, as "
         "2024-12-31T00:00:00Z, not '10:30'"},
        {"pipeline: p\ndestination: duckdb:///s.duckdb\nsource: {type: files}\nresources:\n"
         "  r:\n    path: a\n    write_disposition: {disposition: merge, strategy: scd2, "
         "source_filter: a}\n",
         "7:61",
         "resource 'r': source_filter with scd2 needs a primary_key: what it leaves out is known "
         "to "
         "be there by that, and would look deleted"},
        {SCD2(", allow_empty: true") "    merge_key: a\n", "8:61",
         "resource 'r': allow_empty is for scd2 without a merge_key: with one, no row says "
         "nothing"},
        {SPEC("{disposition: merge, boundary_timestamp: 2024-01-01}"), "8:45",
         "resource 'r': boundary_timestamp is for the merge strategies: scd2"},
        {SPEC("{disposition: append, allow_empty: true}"), "8:46",
         "resource 'r': allow_empty is for the merge strategies: scd2"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        spec_says(spec, cases[i].text, cases[i].place, cases[i].what);
}

#define RANGE(more) SPEC("{disposition: replace, strategy: replace-range" more "}")
#define WINDOW      "    incremental: {cursor: at, initial_value: 1, end_value: 9}\n"
#define WITH(more)  "    incremental: {cursor: at, initial_value: 1" more "}\n"
#define DELIVERED   ", range: delivered"

static void ranges(void **state)
{
    struct spec_file *spec = *state;
    const struct resource *r = good(spec, RANGE("") WINDOW);
    assert_ptr_equal(r->disposition, disposition_find("replace", "replace-range"));
    assert_true(r->disposition->replaces_range && !r->disposition->replaces);
    assert_false(range_is_delivered(r));
    r = good(spec, RANGE(", range_column_name: at") WITH(""));
    assert_false(range_is_delivered(r));
    r = good(spec, RANGE(DELIVERED ", range_column_name: day, limit: 25%"));
    assert_true(range_is_delivered(r));
    assert_true(r->limits.absent.is_share);
    assert_int_equal(r->limits.absent.most, 2500);
    good(spec, RANGE(DELIVERED) "    incremental: at\n");
    static const struct {
        const char *text, *place, *what;
    } cases[] = {
        {RANGE(""), "8:5",
         "resource 'r': replace-range replaces the rows of a window: say incremental with a cursor "
         "and an initial_value, from which on rows are replaced, and an end_value, before which; "
         "or range: delivered"},
        {RANGE("") "    incremental: at\n", "8:5",
         "resource 'r': replace-range replaces the rows of a window: say incremental with a cursor "
         "and an initial_value, from which on rows are replaced, and an end_value, before which; "
         "or range: delivered"},
        {RANGE(DELIVERED), "8:72",
         "resource 'r': range: delivered needs range_column_name, or a cursor"},
        {RANGE(", range_column_name: day") WINDOW, "8:72",
         "resource 'r': rows that the cursor leaves out would go from a range of another column "
         "than its own; leave out range_column_name"},
        {RANGE(DELIVERED ", range_column_name: day") "    incremental: at\n", "8:90",
         "resource 'r': rows that the cursor leaves out would go from a range of another column "
         "than its own; leave out range_column_name"},
        {RANGE("") WITH(", on_cursor_value_missing: include"), "9:5",
         "resource 'r': a row without a cursor value is in no range, so that the next run would "
         "add it once more; let on_cursor_value_missing be raise or exclude"},
        {RANGE("") WITH(", commit_safe: true"), "9:5",
         "resource 'r': commit_safe holds rows back, which would go from the window that "
         "replace-range replaces; leave it out"},
        {RANGE(", limit: 10%") WINDOW, "8:72", "resource 'r': limit is for range: delivered"},
        {RANGE(DELIVERED ", range_column_name: day, limit: many"), "8:114",
         "resource 'r': the limit of replace-range is a share of the rows like 10%, or a number of "
         "them, not 'many'"},
        {RANGE(", range: all") WINDOW, "8:79", "'range' is one of declared, delivered, not 'all'"},
        {RANGE("") WINDOW "    row_ids: key\n", "10:5",
         "resource 'r': replace-range knows no key: a row outside of the range may have the same; "
         "leave out row_ids"},
        {RANGE("") WINDOW "    merge_key: id\n", "10:5",
         "resource 'r': merge_key is for write_disposition: merge"},
        {RANGE(", source_filter: a") WINDOW, "8:72",
         "resource 'r': source_filter is for the merge strategies: cdc delete-insert scd2 upsert"},
        {SPEC("{disposition: replace, range: delivered}"), "8:47",
         "resource 'r': range is for the replace strategies: replace-range"},
        {SPEC("{disposition: merge, limit: 5}"), "8:45",
         "resource 'r': limit is for the replace strategies: replace-range"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        spec_says(spec, cases[i].text, cases[i].place, cases[i].what);
}

#define AT_DESTINATION(destination, disposition)                                                   \
    "pipeline: p\ndestination: " destination "\nsource: {type: files}\nresources:\n"               \
    "  r: {path: a, write_disposition: " disposition "}\n"

static void destinations_say_how_to_replace(void **state)
{
    struct spec_file *spec = *state;
    static const struct {
        const char *text, *strategy;
    } cases[] = {
        {AT_DESTINATION("{url: 'duckdb:///s', replace_strategy: insert-from-staging}", "replace"),
         "insert-from-staging"},
        {AT_DESTINATION("{url: 'duckdb:///s', replace_strategy: insert-from-staging}",
                        "{disposition: replace, strategy: delete-insert}"),
         "delete-insert"},
        {AT_DESTINATION("{url: 'postgresql://u@h/d', replace_strategy: staging-optimized}",
                        "{disposition: replace}"),
         "staging-optimized"},
        {AT_DESTINATION("postgresql://u@h/d", "replace"), "delete-insert"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct resource *r = good(spec, cases[i].text);
        assert_string_equal(r->disposition->strategy, cases[i].strategy);
        assert_true(r->disposition->replaces);
    }
    spec_says(
        spec,
        AT_DESTINATION("{url: 'duckdb:///s', replace_strategy: staging-optimized}", "replace"),
        "5:16",
        "resource 'r': staging-optimized is not for duckdb, where a table that was "
        "swapped would not be as it was, and nothing would be won; use another "
        "strategy");
    const struct resource *r =
        good(spec,
             AT_DESTINATION("{url: 'duckdb:///s', replace_strategy: staging-optimized}", "append"));
    assert_true(r->disposition->adds_rows);
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

static void programs_say_it_by_fields(void **state)
{
    struct spec_file *spec = *state;
    struct tg_resource resource = {.name = "n",
                                   .read = read_nothing,
                                   .write_disposition = TG_MERGE,
                                   .merge_strategy = "upsert",
                                   .skip_unchanged_rows = true,
                                   .primary_key = "id"};
    assert_int_equal(add(spec, &resource), TG_OK);
    const struct resource *r = &spec->config.resources[0];
    assert_ptr_equal(r->disposition, disposition_find("merge", "upsert"));
    assert_true(r->skip_unchanged_rows);
    assert_int_equal(r->row_ids, TG_ROW_IDS_KEY);
    resource.merge_strategy = "insert-only";
    assert_int_equal(add(spec, &resource), TG_USAGE);
    assert_string_equal(
        spec->err.what,
        "skip_unchanged_rows is for the merge strategies: cdc delete-insert upsert");
    resource.merge_strategy = "scd9";
    assert_int_equal(add(spec, &resource), TG_USAGE);
    assert_string_equal(spec->err.what, "merge has no strategy 'scd9'; use one of "
                                        "cdc insert-only delete-insert scd2 upsert");
    assert_string_equal(spec->err.resource, "n");
    resource = (struct tg_resource){
        .name = "n", .read = read_nothing, .merge_strategy = "upsert", .primary_key = "id"};
    assert_int_equal(add(spec, &resource), TG_USAGE);
    assert_string_equal(spec->err.what, "strategy is for disposition: replace merge");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_become_a_driver),
        cmocka_unit_test(what_does_not_go_together),
        cmocka_unit_test(deduplicated),
        cmocka_unit_test(options_of_cdc),
        cmocka_unit_test(versions_of_rows),
        cmocka_unit_test(ranges),
        cmocka_unit_test(destinations_say_how_to_replace),
        cmocka_unit_test(programs_say_it_by_fields),
    };
    return cmocka_run_group_tests_name("config/disposition", tests, spec_setup, spec_teardown);
}
