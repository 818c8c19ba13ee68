/* The reference of keys: each form holds every key; the shipped pages are what is printed; the spec
 * to start from is one. */
#include "tests/config/spec_file.h"

#include "base/json.h"
#include "config/spec.h"

/* To be freed. */
static char *written(struct buf *text, int rc)
{
    assert_int_equal(rc, TG_OK);
    char *copy = strdup(buf_string(text));
    buf_release(text);
    return copy;
}

static char *printed(enum tg_reference form)
{
    struct buf text = BUF_INIT;
    return written(&text, spec_reference(form, &text, NULL));
}

static void assert_has_keys(const char *text, const struct option *table)
{
    for (; table->name; table++) {
        /* "x-*" is a pattern in the JSON Schema */
        bool is_open = table->name[strlen(table->name) - 1] == '*' && text[0] == '{';
        if (!strstr(text, is_open ? "\"^x-.\"" : table->name))
            fail_msg("key '%s' is missing", table->name);
        if (table->table)
            assert_has_keys(text, table->table);
    }
}

static void assert_has_all(const char *text)
{
    size_t count;
    const struct source_driver *const *drivers = source_list(&count);
    assert_has_keys(text, spec_options);
    assert_has_keys(text, source_options);
    assert_has_keys(text, resource_options);
    for (size_t i = 0; i < count; i++) {
        if (!source_fits_spec(drivers[i]))
            continue;
        assert_non_null(strstr(text, drivers[i]->name));
        assert_has_keys(text, drivers[i]->source_options);
        assert_has_keys(text, drivers[i]->resource_options);
    }
}

static void every_form_has_every_key(void **state)
{
    (void)state;
    for (int form = TG_REFERENCE_TEXT; form <= TG_REFERENCE_JSON_SCHEMA; form++) {
        char *text = printed((enum tg_reference)form);
        assert_has_all(text);
        free(text);
    }
}

static void the_text_fits_a_terminal(void **state)
{
    (void)state;
    char *text = printed(TG_REFERENCE_TEXT);
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
        size_t len = strcspn(line, "\n");
        if (len > 80 || (len > 0 && line[len - 1] == ' '))
            fail_msg("line '%.*s'", (int)len, line);
    }
    assert_non_null(strstr(text,
                           "  on_missing_key          What a merge without any key does. (text: "
                           "error,\n"
                           "                          append; default: error)\n"));
    assert_non_null(strstr(text, "\n  A plain value stands for {cursor: value}.\n"));
    assert_non_null(strstr(text, "\n  A plain value stands for {tables: value, columns: "
                                 "value, data_type: value}.\n"));
    assert_non_null(strstr(text, "\nschema_contract of a resource or a source\n"));
    assert_non_null(strstr(text, "\ndefault_hints of schema\n"));
    free(text);
}

static void markdown_is_tables(void **state)
{
    (void)state;
    char *text = printed(TG_REFERENCE_MARKDOWN);
    assert_non_null(strstr(text, "\n| `path` | text or list | required | Files to read"));
    assert_non_null(strstr(text, "\n| `last_value` | `max`, `min` | `max` | "));
    assert_non_null(strstr(text, "one of , ; \\| and tab"));
    assert_non_null(strstr(text, "\n| `preferred_types` | texts by name: `text`, `double`, "));
    assert_non_null(strstr(text, "\n| `references` | list of maps |  | "));
    assert_non_null(strstr(text, "\n| `x-*` | anything |  | "));
    free(text);
}

static yyjson_val *at(yyjson_doc *doc, const char *pointer)
{
    yyjson_val *value = yyjson_doc_ptr_get(doc, pointer);
    if (!value)
        fail_msg("there is no %s", pointer);
    return value;
}

static void the_json_schema_is_closed_and_typed(void **state)
{
    (void)state;
    char *text = printed(TG_REFERENCE_JSON_SCHEMA);
    yyjson_doc *doc = NULL;
    struct tg_error err = {0};
    assert_int_equal(json_parse(text, strlen(text), "schema", &doc, &err), TG_OK);
    assert_string_equal(yyjson_get_str(at(doc, "/$schema")),
                        "https://json-schema.org/draft/2020-12/schema");
    assert_true(yyjson_is_false(at(doc, "/additionalProperties")));
    assert_int_equal(yyjson_arr_size(at(doc, "/required")), 3);
    assert_string_equal(yyjson_get_str(at(doc, "/properties/source/$ref")), "#/$defs/source");
    assert_string_equal(yyjson_get_str(at(doc, "/$defs/source/anyOf/0/properties/type/const")),
                        "files");
    assert_true(yyjson_is_false(at(doc, "/$defs/resource/anyOf/0/additionalProperties")));
    assert_string_equal(
        yyjson_get_str(at(doc, "/$defs/resource/anyOf/0/properties/write_disposition/default")),
        "append");
    assert_string_equal(
        yyjson_get_str(
            at(doc, "/$defs/resource/anyOf/0/properties/write_disposition/anyOf/0/anyOf/0/enum/2")),
        "merge");
    assert_true(yyjson_is_true(at(doc, "/$defs/resource/anyOf/0/properties/header/default")));
    assert_non_null(yyjson_get_str(at(
        doc, "/$defs/resource/anyOf/0/properties/columns/additionalProperties/anyOf/1/properties/"
             "precision/description")));
#define RESOURCE "/$defs/resource/anyOf/0/"
    assert_true(yyjson_is_obj(at(doc, RESOURCE "patternProperties/^x-.")));
    assert_true(yyjson_is_obj(at(doc, RESOURCE "properties/columns/additionalProperties/anyOf/1/"
                                               "patternProperties/^x-.")));
    assert_string_equal(
        yyjson_get_str(at(doc, RESOURCE "properties/schema_contract/anyOf/0/anyOf/0/enum/1")),
        "freeze");
    assert_int_equal(yyjson_arr_size(at(doc, RESOURCE "properties/references/items/required")), 3);
    yyjson_val *detections = at(doc, "/properties/schema/properties/detections/anyOf/1");
    assert_null(yyjson_obj_get(detections, "minItems"));
    assert_non_null(yyjson_ptr_get(detections, "/items/anyOf/0/enum/0"));
    assert_string_equal(yyjson_get_str(at(doc, "/properties/schema/properties/preferred_types/"
                                               "additionalProperties/anyOf/0/enum/0")),
                        "text");
    yyjson_doc_free(doc);
    free(text);
}

/* tools/gen-docs writes these; tests run at the top of the tree. */
static void the_shipped_pages_are_what_is_printed(void **state)
{
    (void)state;
    const struct {
        enum tg_reference form;
        const char *path;
    } pages[] = {{TG_REFERENCE_MARKDOWN, "docs/spec.md"},
                 {TG_REFERENCE_JSON_SCHEMA, "docs/tidegate.schema.json"}};
    for (size_t i = 0; i < 2; i++) {
        struct buf page = BUF_INIT;
        struct tg_error err = {0};
        char *text = printed(pages[i].form);
        if (fs_read_file(pages[i].path, &page, &err) != TG_OK)
            fail_msg("%s", err.what);
        if (strcmp(buf_string(&page), text) != 0)
            fail_msg("%s is not what the tables say; run tools/gen-docs", pages[i].path);
        buf_release(&page);
        free(text);
    }
}

static void an_unknown_form_is_refused(void **state)
{
    (void)state;
    struct tg_error err = {0};
    struct buf text = BUF_INIT;
    assert_int_equal(spec_reference((enum tg_reference)9, &text, &err), TG_USAGE);
    buf_release(&text);
}

/* ---- a spec to start from ---- */

static void the_spec_to_start_from_is_one(void **state)
{
    struct spec_file *spec = *state;
    const char *const kinds[][2] = {{NULL, NULL}, {"files", "duckdb"}};
    for (size_t i = 0; i < 2; i++) {
        struct buf text = BUF_INIT;
        char *start = written(&text, spec_start(kinds[i][0], kinds[i][1], &text, &spec->err));
        assert_int_equal(spec_good(spec, start)->resource_count, 1);
        free(start);
    }
}

/* What it has behind a '#' as an example is right, too. */
static void its_examples_can_be_used(void **state)
{
    struct spec_file *spec = *state;
    struct buf start = BUF_INIT;
    char *text = written(&start, spec_start(NULL, NULL, &start, &spec->err));
    static const char *const keys[] = {
        "# primary_key: ", "# incremental: ", "# columns:", "#   price"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        char *found = strstr(text, keys[i]);
        assert_non_null(found);
        memmove(found, found + 2, strlen(found + 2) + 1);
    }
    const struct config *config = spec_good(spec, text);
    free(text);
    const struct resource *resource = &config->resources[0];
    assert_int_equal(resource->primary_key_count, 1);
    assert_int_equal(resource->column_count, 1);
    assert_string_equal(resource->incremental.cursor_path, "updated_at");
}

static void every_source_of_a_spec_has_a_start(void **state)
{
    (void)state;
    size_t count;
    struct tg_error err = {0};
    const struct source_driver *const *drivers = source_list(&count);
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(drivers[i]->start != NULL, source_fits_spec(drivers[i]));
        assert_int_equal(spec_start(drivers[i]->name, NULL, &text, &err),
                         drivers[i]->start ? TG_OK : TG_USAGE);
    }
    buf_release(&text);
}

static void unknown_kinds_are_named(void **state)
{
    struct spec_file *spec = *state;
    struct tg_error *err = &spec->err;
    struct buf text = BUF_INIT;
    assert_int_equal(spec_start("file", NULL, &text, err), TG_USAGE);
    assert_string_equal(err->what,
                        "there is no kind of source 'file' to start a spec with (there are: "
                        "files, sql); did you mean 'files'?");
    assert_int_equal(spec_start("files", "oracle", &text, err), TG_USAGE);
    assert_string_equal(err->what,
                        "there is no kind of destination 'oracle' to start a spec with (there are: "
                        "adbc, duckdb, postgresql)");
    buf_release(&text);
}

static enum tg_reference tortured_form;

static int print_tortured(void)
{
    struct tg_error err = {0};
    struct buf text = BUF_INIT;
    int rc = spec_reference(tortured_form, &text, &err);
    buf_release(&text);
    return rc;
}

static void printing_survives_torture(void **state)
{
    (void)state;
    for (int form = TG_REFERENCE_TEXT; form <= TG_REFERENCE_JSON_SCHEMA; form++) {
        tortured_form = (enum tg_reference)form;
        torture(print_tortured);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_has_every_key),
        cmocka_unit_test(the_text_fits_a_terminal),
        cmocka_unit_test(markdown_is_tables),
        cmocka_unit_test(the_json_schema_is_closed_and_typed),
        cmocka_unit_test(the_shipped_pages_are_what_is_printed),
        cmocka_unit_test(an_unknown_form_is_refused),
        cmocka_unit_test(the_spec_to_start_from_is_one),
        cmocka_unit_test(its_examples_can_be_used),
        cmocka_unit_test(every_source_of_a_spec_has_a_start),
        cmocka_unit_test(unknown_kinds_are_named),
        cmocka_unit_test(printing_survives_torture),
    };
    return cmocka_run_group_tests_name("reference", tests, spec_setup, spec_teardown);
}
