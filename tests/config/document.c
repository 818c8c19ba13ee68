/* Documents: places and carets, what the parser says, what is no YAML of ours, values. */
#include "tests/config/spec_file.h"

#include "config/document.h"

static void syntax_errors_have_a_place_and_a_caret(void **state)
{
    struct spec_file *spec = *state;
    spec_bad(spec, "pipeline: \"x\ndestination: y\n", "1:11",
             "wrongly indented double-quoted scalar\n"
             "pipeline: \"x\n"
             "          ^~");
    spec_bad(spec, "resources:\n\tperson: 1\n", "2:1",
             "tab character may not be used as indentation\n"
             " person: 1\n"
             "^");
    spec_bad(spec, "pipeline: %x\r\n", "1:11",
             "plain scalar cannot start with '%'\n"
             "pipeline: %x\n"
             "          ^");
    spec_says(spec, "resources: [1, 2\n", "2:1", "flow sequence without a closing bracket");
}

/* The keys down to the first problem. */
static void a_problem_names_its_key(void **state)
{
    static const struct {
        const char *spec, *key_path;
    } cases[] = {
        {SPEC_HEAD "resources:\n  t:\n    path: p\n    incremental: {cursor: a, last: b}\n",
         "resources.t.incremental.last"},
        {SPEC_HEAD "resources:\n  t:\n    path: p\n    incremental: {cursor: [[a]]}\n",
         "resources.t.incremental.cursor"},
        {SPEC_HEAD "resources:\n  t:\n    path: [p, [q]]\n", "resources.t.path"},
        {SPEC_HEAD "resources:\n  s: {path: p}\n  t: {}\n", "resources.t"},
        {SPEC_HEAD "resources:\n  t: {path: p, incremental: a..}\n", "resources.t.incremental"},
        {"pipeline: a\nresources: {t: {path: p}}\n", ""},
        {SPEC_HEAD "resources: [1, 2\n", ""},
    };
    struct spec_file *spec = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(spec_read_bytes(spec, cases[i].spec, strlen(cases[i].spec)), TG_SPEC);
        assert_string_equal(spec->err.key_path, cases[i].key_path);
    }
}

static void what_is_no_text_is_named(void **state)
{
    struct spec_file *spec = *state;
    const char nul[] = "pipeline: a\0b\n";
    spec_bad(spec, "pipeline: a\ndataset: \xC3\xA9\xFF\n", "2:11",
             "byte 0xFF is no UTF-8 text; save the file as UTF-8");
    spec_bad(spec, "dataset: \xE2\x82", "1:10",
             "byte 0xE2 is no UTF-8 text; save the file as UTF-8");
    assert_int_equal(spec_read_bytes(spec, nul, sizeof(nul) - 1), TG_SPEC);
    assert_string_equal(spec->err.what, "byte 0x00 is no UTF-8 text; save the file as UTF-8");
}

static void there_is_one_document_and_something_in_it(void **state)
{
    struct spec_file *spec = *state;
    const char *nothing = "there is nothing in it; 'tidegate init' writes a spec to start from";
    spec_bad(spec, "", "1:1", nothing);
    spec_bad(spec, "# only words\n", "1:1", nothing);
    spec_bad(spec, "~\n", "1:1", nothing);
    spec_bad(spec, SPEC_PERSON "---\nmore: 1\n", "8:1",
             "a second document begins here; a spec is one document\nmore: 1\n^~~~");
    spec_bad(spec, "- 1\n", "1:1", "a spec is a map of keys ('pipeline: name' and so on)");
}

static void keys_are_texts_and_stand_once(void **state)
{
    struct spec_file *spec = *state;
    spec_bad(spec, SPEC_PERSON "pipeline: again\n", "7:1",
             "key 'pipeline' is there twice, first in line 1\npipeline: again\n^~~~~~~~");
    spec_bad(spec, SPEC_PERSON "    ? [a]\n    : 1\n", "7:8",
             "a key must be a text of its own\n    ? [a]\n       ^");
}

static void quotes_in_a_row_are_read(void **state)
{
    struct spec_file *spec = *state;
    spec_says(spec, SPEC_HEAD "resources: {t: {path: p, on_grown: 'it''s '''' a'}}\n", "4:36",
              "'on_grown' is one of tail, all, fail, not 'it's '' a'");
}

static void places_count_characters(void **state)
{
    struct spec_file *spec = *state;
    spec_bad(spec, SPEC_HEAD "resources: {\"\xC3\xA9\": {path: p, \xE2\x82\xACx: 1}}\n", "4:28",
             "unknown key '\xE2\x82\xACx' in resource '\xC3\xA9'; it takes source, table_name, "
             "write_disposition, primary_key, merge_key, incremental, on_missing_key, "
             "max_table_nesting, columns, schema_contract, row_ids, on_bad_row, deletes, limits, "
             "materialize, description, references, x-*, path, skip_unmodified, keys_path, format, "
             "select, delimiter, header, null, quote, escape, encoding, skip, comment, ragged, "
             "decimal, thousands, date_format, timestamp_format, column_formats, line_bytes_max, "
             "on_grown, same_content, on_loaded\nresources: "
             "{\"\xC3\xA9\": {path: p, \xE2\x82\xACx: 1}}\n                           ^~");
    spec_bad(spec,
             "\xEF\xBB\xBFpipelin: a\ndestination: duckdb:///a.db\nsource: {type: files}\n"
             "pipeline: a\nresources: {a: {path: b}}\n",
             "1:1",
             "unknown key 'pipelin' in the spec; did you mean 'pipeline'?\npipelin: a\n^~~~~~~");
}

static void of_a_long_line_the_part_that_matters_is_shown(void **state)
{
    struct spec_file *spec = *state;
    char text[600], what[300];
    snprintf(text, sizeof(text), SPEC_HEAD "resources: {person: {path: %0120d, zzzzzzzzz: 1}}\n",
             0);
    assert_int_equal(spec_read_bytes(spec, text, strlen(text)), TG_SPEC);
    const char *line = strchr(spec->err.what, '\n') + 1;
    snprintf(what, sizeof(what), "%048d, zzzzzzzzz: 1}}\n%*s^~~~~~~~~", 0, 50, "");
    assert_string_equal(line, what);
}

static void several_problems_are_told_at_once_in_order(void **state)
{
    struct spec_file *spec = *state;
    char what[1024];
    snprintf(what, sizeof(what),
             "unknown key 'sorce' in the spec; did you mean 'source'?\n"
             "sorce: x\n"
             "^~~~~\n"
             "%s:4:16: there is no source type 'file' (there are: files, sql); "
             "did you mean 'files'?\n"
             "source: {type: file}\n"
             "               ^~~~\n"
             "%s:5:12: 'resources' is a map, not 'x'\n"
             "resources: x\n"
             "           ^",
             spec->path, spec->path);
    spec_bad(spec,
             "pipeline: a\ndestination: duckdb:///a.db\nsorce: x\nsource: {type: file}\n"
             "resources: x\n",
             "3:1", what);
}

static void more_problems_than_fit_are_counted(void **state)
{
    struct spec_file *spec = *state;
    const char *text = SPEC_PERSON "    a: 1\n    b: 1\n    c: 1\n    d: 1\n    e: 1\n    f: 1\n";
    assert_int_equal(spec_read_bytes(spec, text, strlen(text)), TG_SPEC);
    const char *end = strstr(spec->err.what, "\n(and ");
    assert_non_null(end);
    assert_non_null(strstr(end, " more)"));
    assert_true(strlen(spec->err.what) < sizeof(spec->err.what));
}

static void aliases_stand_for_what_they_name(void **state)
{
    struct spec_file *spec = *state;
    struct config *config =
        spec_good(spec, SPEC_HEAD "resources:\n"
                                  "  a: {path: &p x.csv, columns: &c {n: {data_type: bigint}}}\n"
                                  "  b: {path: *p, columns: *c}\n");
    assert_string_equal(config->resources[1].resource_values[0].text, "x.csv");
    assert_string_equal(config->resources[1].columns[0].data_type, "bigint");
    spec_bad(spec, SPEC_HEAD "resources:\n  a: {path: *q}\n", "5:13",
             "alias of an anchor that is not there\n  a: {path: *q}\n            ^~");
}

static void aliases_in_a_circle_end(void **state)
{
    struct spec_file *spec = *state;
    struct buf text = BUF_INIT;
    spec_says(spec, SPEC_HEAD "resources: &r\n  a: *r\n", "5:6",
              "too deep or too large; are aliases in a circle?");
    buf_text(&text, "a0: &a0 [x]\n");
    for (int i = 1; i < 30; i++) /* 2 to the 30th values */
        buf_printf(&text, "a%d: &a%d [*a%d, *a%d]\n", i, i, i - 1, i - 1);
    assert_int_equal(spec_read_bytes(spec, buf_string(&text), text.len), TG_SPEC);
    buf_release(&text);
}

static void deep_nesting_is_refused(void **state)
{
    struct spec_file *spec = *state;
    static char text[100001];
    memset(text, '[', sizeof(text) - 1);
    assert_int_equal(spec_read_bytes(spec, text, sizeof(text) - 1), TG_SPEC);
    assert_non_null(strstr(spec->err.what, "depth"));
}

static void tags_have_no_meaning_but_text(void **state)
{
    struct spec_file *spec = *state;
    struct config *config =
        spec_good(spec, SPEC_PERSON "    incremental: {cursor: id, initial_value: !!str 5}\n");
    assert_int_equal(config->resources[0].incremental.initial_value.kind, TG_VALUE_TEXT);
    spec_bad(spec, SPEC_PERSON "    table_name: !env X\n", "7:22",
             "tag '!env' has no meaning here; leave it out\n    table_name: !env X\n"
             "                     ^");
}

static struct node plain(const char *text)
{
    return (struct node){.kind = NODE_SCALAR, .text = text};
}

static void numbers_go_by_the_core_schema(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int64_t number;
    } ints[] = {{"0", 0},
                {"-1", -1},
                {"+7", 7},
                {"007", 7},
                {"0x1F", 31},
                {"0xff", 255},
                {"0o17", 15},
                {"9223372036854775807", INT64_MAX},
                {"-9223372036854775808", INT64_MIN}};
    const char *const no_ints[] = {"",
                                   "-",
                                   "+",
                                   "0x",
                                   "0o",
                                   "0o8",
                                   "0xg",
                                   "1_000",
                                   "1.0",
                                   "1e3",
                                   "9223372036854775808",
                                   "-9223372036854775809",
                                   " 1",
                                   "--1"};
    int64_t number = 0;
    for (size_t i = 0; i < sizeof(ints) / sizeof(ints[0]); i++) {
        struct node node = plain(ints[i].text);
        if (!node_int(&node, &number) || number != ints[i].number)
            fail_msg("%s became %lld", ints[i].text, (long long)number);
        node.quoted = true;
        assert_false(node_int(&node, &number));
    }
    for (size_t i = 0; i < sizeof(no_ints) / sizeof(no_ints[0]); i++) {
        struct node node = plain(no_ints[i]);
        if (node_int(&node, &number))
            fail_msg("%s became %lld", no_ints[i], (long long)number);
    }
}

static void values_are_numbers_or_texts(void **state)
{
    (void)state;
    const struct {
        const char *text;
        double number;
    } reals[] = {{"1.5", 1.5},   {"-.5", -.5}, {"+2.", 2},      {"1e3", 1000},
                 {"001.5", 1.5}, {"0.0", 0},   {"2.5E-1", .25}, {"9223372036854775808", 0x1p63}};
    const char *const texts[] = {"",      ".",   "-",     "1e",         "1.e+", ".inf",  ".nan",
                                 "1e999", "1,5", "1.5.2", "2024-01-01", "true", "0x1.8", "e5"};
    for (size_t i = 0; i < sizeof(reals) / sizeof(reals[0]); i++) {
        struct node node = plain(reals[i].text);
        struct tg_value value = node_value(&node);
        if (value.kind != TG_VALUE_DOUBLE || value.real != reals[i].number)
            fail_msg("%s became kind %d, %g", reals[i].text, value.kind, value.real);
        node.quoted = true;
        assert_int_equal(node_value(&node).kind, TG_VALUE_TEXT);
    }
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct node node = plain(texts[i]);
        struct tg_value value = node_value(&node);
        if (value.kind != TG_VALUE_TEXT || strcmp(value.text, texts[i]) != 0)
            fail_msg("%s became kind %d", texts[i], value.kind);
    }
}

static void flags_are_true_or_false(void **state)
{
    (void)state;
    bool flag = false;
    struct node yes = plain("True"), no = plain("false"), other = plain("yes");
    assert_true(node_bool(&yes, &flag) && flag);
    assert_true(node_bool(&no, &flag) && !flag);
    assert_false(node_bool(&other, &flag));
    yes.quoted = true;
    assert_false(node_bool(&yes, &flag));
}

static void what_is_absent_is_not_found(void **state)
{
    (void)state;
    struct node item = {.name = "a"}, map = {.kind = NODE_MAP, .items = &item, .item_count = 1};
    assert_ptr_equal(node_find(&map, "a"), &item);
    assert_null(node_find(&map, "b"));
    assert_null(node_find(NULL, "a"));
    assert_null(node_find(&item, "a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(syntax_errors_have_a_place_and_a_caret),
        cmocka_unit_test(a_problem_names_its_key),
        cmocka_unit_test(what_is_no_text_is_named),
        cmocka_unit_test(there_is_one_document_and_something_in_it),
        cmocka_unit_test(keys_are_texts_and_stand_once),
        cmocka_unit_test(quotes_in_a_row_are_read),
        cmocka_unit_test(places_count_characters),
        cmocka_unit_test(of_a_long_line_the_part_that_matters_is_shown),
        cmocka_unit_test(several_problems_are_told_at_once_in_order),
        cmocka_unit_test(more_problems_than_fit_are_counted),
        cmocka_unit_test(aliases_stand_for_what_they_name),
        cmocka_unit_test(aliases_in_a_circle_end),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(tags_have_no_meaning_but_text),
        cmocka_unit_test(numbers_go_by_the_core_schema),
        cmocka_unit_test(values_are_numbers_or_texts),
        cmocka_unit_test(flags_are_true_or_false),
        cmocka_unit_test(what_is_absent_is_not_found),
    };
    return cmocka_run_group_tests_name("document", tests, spec_setup, spec_teardown);
}
