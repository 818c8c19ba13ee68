/* manifest.json: what is written is read back, and nothing else is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "package/manifest.h"
#include "tests/torture.h"

static const char state_text[] =
    "{\"sources\":{\"shop\":{\"last_value\":\"2024-01-02\",\"x\":1.0,\"big\":"
    "9223372036854775807,\"u\":\"\xc3\xa4\\u0001\\n\"}},\"_local\":{}}";
static const char catalog_text[] = "{\"version\":3,\"tables\":{\"b\":{},\"a\":{\"columns\":[]}}}";

static int add_window(struct manifest *out)
{
    out->heeds_windows = true;
    out->windows_from = "2 1 1.5 1.5";
    return manifest_add_window(out,
                               &(struct manifest_window){.resource = "person",
                                                         .cursor_path = "updated_at",
                                                         .lo = "1",
                                                         .hi = "\"2\"",
                                                         .run_id = "1.5",
                                                         .id = 7,
                                                         .owner = "w",
                                                         .fence = 3},
                               NULL);
}

static void check_window(const struct manifest *got)
{
    assert_true(got->heeds_windows);
    assert_string_equal(got->windows_from, "2 1 1.5 1.5");
    assert_int_equal(got->window_count, 1);
    assert_ptr_equal(manifest_claim(got), &got->windows[0]);
    assert_string_equal(got->windows[0].hi, "\"2\"");
    assert_int_equal(got->windows[0].id, 7);
    assert_int_equal(got->windows[0].fence, 3);
    assert_false(got->windows[0].planned);
}

static int make(struct manifest *out)
{
    static const char *hashes[] = {"aa", "b/+"};
    static struct manifest_column columns[] = {
        {.name = "id", .spec.type = TYPE_BIGINT, .ascends = true, .from = INT64_MIN},
        {.name = "odd \"name\\", .spec = {.type = TYPE_DECIMAL, .precision = 38, .scale = 9}},
        {.name = "at", .spec = {.type = TYPE_TIMESTAMP, .precision = 3, .naive = true}},
        {.name = "wei", .spec.type = TYPE_WEI},
    };
    struct manifest_file file = {.name = "person.1.parquet",
                                 .row_count = 5,
                                 .bytes = 12345678901,
                                 .checksum = "0123456789abcdef",
                                 .columns = columns,
                                 .column_count = 4};
    struct bookmark source = {.resource = "person",
                              .key = "a/b \xc3\xa4.jsonl",
                              .size = 77,
                              .mtime_us = -5,
                              .content = "c0ffee",
                              .head = "f00d",
                              .content_bytes = 78,
                              .rows = 9,
                              .checksum = "c/d",
                              .replaces = "a/c"};
    struct manifest_boundary boundary = {"person", "updated_at", "\"2024-01-02\"", hashes, 2, true};
    struct manifest_table *table = NULL;
    int rc = TG_OK;
    manifest_init(out);
    out->load_id = "1732280000.123456";
    out->package_id = "00ff";
    out->pipeline = "shop";
    out->destination = "duckdb:///incremental.duckdb";
    out->dataset = "bronze";
    out->schema = "shop_schema";
    out->created_us = 1732280000123456;
    out->state_version_from = 4;
    out->state_hash_from = "h=";
    out->files_load_from = "1795360000.5";
    out->catalog_version_from = 3, out->catalog_hash_from = "c=";
    out->follows = "1795360000.7";
    out->skips_files = true;
    out->state_changed = true;
    out->state = state_text, out->catalog = catalog_text;
    TRY(manifest_add_table(out, "person", "person", false, &table, NULL));
    table->rows_read = 10;
    table->rows_new = 5;
    table->rows_filtered = 4;
    table->rows_waiting = 7;
    table->rows_rejected = 1;
    table->remade = true;
    TRY(manifest_set_range(out, table,
                           &(struct manifest_range){.column = "at",
                                                    .descends = true,
                                                    .from_kind = RANGE_TEXT,
                                                    .from = "it's \"9\"",
                                                    .to_kind = RANGE_NUMBER,
                                                    .to = "-1.5"},
                           NULL));
    TRY(manifest_add_file(out, table, &file, NULL));
    file.name = "person.2.parquet";
    TRY(manifest_add_file(out, table, &file, NULL));
    TRY(manifest_add_table(out, "person__tags", "person", true, &table, NULL));
    table->replaced = true;
    table->was_there = true;
    TRY(manifest_add_bookmark(out, &source, NULL));
    TRY(manifest_add_boundary(out, &boundary, NULL));
    TRY(add_window(out));
done:
    return rc;
}

static void test_round_trip(void **state)
{
    (void)state;
    struct manifest made;
    struct manifest got;
    struct buf text = BUF_INIT;
    struct buf again = BUF_INIT;
    assert_int_equal(make(&made), TG_OK);
    assert_int_equal(manifest_write(&made, &text, NULL), TG_OK);
    assert_int_equal(manifest_read(&got, text.data, text.len, NULL), TG_OK);
    assert_string_equal(got.load_id, made.load_id);
    assert_string_equal(got.package_id, "00ff");
    assert_string_equal(got.destination, made.destination);
    assert_string_equal(got.dataset, made.dataset);
    assert_int_equal(got.created_us, made.created_us);
    assert_int_equal(got.state_version_from, 4);
    assert_string_equal(got.state_hash_from, "h=");
    assert_string_equal(got.files_load_from, "1795360000.5");
    assert_int_equal(got.catalog_version_from, 3);
    assert_string_equal(got.catalog_hash_from, "c=");
    assert_string_equal(got.follows, "1795360000.7");
    assert_true(got.state_changed);
    assert_false(got.full_refresh);
    assert_string_equal(got.state, state_text);
    assert_string_equal(got.catalog, catalog_text);
    assert_int_equal(got.table_count, 2);
    assert_true(got.tables[1].nested && got.tables[1].replaced);
    assert_true(got.tables[0].remade && !got.tables[1].remade);
    assert_int_equal(got.tables[0].range_count, 1);
    assert_int_equal(got.tables[1].range_count, 0);
    assert_string_equal(got.tables[0].ranges->column, "at");
    assert_true(got.tables[0].ranges->descends && !got.tables[0].ranges->delivered);
    assert_string_equal(got.tables[0].ranges->from_kind, RANGE_TEXT);
    assert_string_equal(got.tables[0].ranges->from, "it's \"9\"");
    assert_string_equal(got.tables[0].ranges->to, "-1.5");
    assert_true(!got.tables[0].was_there && got.tables[1].was_there);
    assert_int_equal(got.tables[0].rows_filtered, 4);
    assert_int_equal(got.tables[0].rows_waiting, 7);
    assert_int_equal(got.tables[0].file_count, 2);
    check_window(&got);
    const struct manifest_file *file = &got.tables[0].files[1];
    assert_string_equal(file->name, "person.2.parquet");
    assert_int_equal(file->bytes, 12345678901);
    assert_string_equal(file->checksum, "0123456789abcdef");
    assert_int_equal(file->column_count, 4);
    assert_string_equal(file->columns[1].name, "odd \"name\\");
    assert_int_equal(file->columns[1].spec.scale, 9);
    assert_true(file->columns[2].spec.naive);
    assert_true(file->columns[0].ascends && file->columns[0].from == INT64_MIN);
    assert_int_equal(file->columns[0].to, 0); /* left out */
    assert_false(file->columns[1].ascends);
    assert_int_equal(file->columns[3].spec.type, TYPE_WEI);
    assert_int_equal(got.bookmarks[0].mtime_us, -5);
    assert_string_equal(got.bookmarks[0].content, "c0ffee");
    assert_string_equal(got.bookmarks[0].head, "f00d");
    assert_int_equal(got.bookmarks[0].content_bytes, 78);
    assert_int_equal(got.bookmarks[0].rows, 9);
    assert_string_equal(got.bookmarks[0].checksum, "c/d");
    assert_string_equal(got.bookmarks[0].replaces, "a/c");
    assert_true(got.skips_files);
    assert_string_equal(got.boundaries[0].last_value, "\"2024-01-02\"");
    assert_string_equal(got.boundaries[0].hashes[1], "b/+");
    assert_true(got.boundaries[0].grows);
    assert_int_equal(manifest_write(&got, &again, NULL), TG_OK);
    assert_string_equal(text.data, again.data);
    manifest_release(&got);
    manifest_release(&made);
    buf_release(&text);
    buf_release(&again);
}

static void test_for_people(void **state)
{
    (void)state;
    struct manifest made;
    struct buf text = BUF_INIT;
    assert_int_equal(make(&made), TG_OK);
    assert_int_equal(manifest_write(&made, &text, NULL), TG_OK);
    assert_memory_equal(text.data, "{\n  \"format\": 1,\n  \"load_id\": \"1732280000.123456\",\n",
                        51);
    assert_non_null(strstr(text.data, "\n  \"state\": {\n    \"sources\": {\n"));
    assert_int_equal(text.data[text.len - 1], '\n');
    manifest_release(&made);
    buf_release(&text);
}

static void test_empty_one(void **state)
{
    (void)state;
    struct manifest made;
    struct manifest got;
    struct buf text = BUF_INIT;
    manifest_init(&made);
    assert_int_equal(manifest_write(&made, &text, NULL), TG_OK);
    assert_int_equal(manifest_read(&got, text.data, text.len, NULL), TG_OK);
    assert_string_equal(got.state, "");
    assert_string_equal(got.load_id, "");
    assert_int_equal(got.table_count, 0);
    manifest_release(&got);
    buf_release(&text);
    made.state = "{broken";
    assert_int_equal(manifest_write(&made, &text, NULL), TG_DATA);
    manifest_release(&made);
    buf_release(&text);
}

static void refused(const char *json, int code, const char *part)
{
    struct manifest got;
    struct tg_error problem = {0};
    assert_int_equal(manifest_read(&got, json, strlen(json), &problem), code);
    if (!strstr(problem.what, part))
        fail_msg("'%s' does not say '%s'", problem.what, part);
    assert_int_equal(got.table_count, 0);
}

/* A good manifest with one part exchanged. */
static void refused_with(const char *part, const char *other, const char *says)
{
    struct manifest made;
    struct buf text = BUF_INIT;
    struct buf changed = BUF_INIT;
    assert_int_equal(make(&made), TG_OK);
    assert_int_equal(manifest_write(&made, &text, NULL), TG_OK);
    const char *at = strstr(text.data, part);
    assert_non_null(at);
    buf_append(&changed, text.data, (size_t)(at - text.data));
    buf_text(&changed, other);
    buf_text(&changed, at + strlen(part));
    refused(changed.data, TG_DATA, says);
    manifest_release(&made);
    buf_release(&text);
    buf_release(&changed);
}

static void test_damaged_ones(void **state)
{
    (void)state;
    refused("", TG_DATA, "empty");
    refused("{\"format\": 1", TG_DATA, "not JSON");
    refused("[]", TG_DATA, "'");
    refused("{}", TG_DATA, "'");
    refused("{\"format\": 2}", TG_USAGE, "run a newer tidegate");
    refused("{\"format\": 0}", TG_DATA, "'");
    refused_with("\"tables\": [", "\"tables_\": [", "'tables' of the load");
    refused_with("\"rows\": 5", "\"rows\": -5", "'rows' of a file");
    refused_with("\"xxh3\": \"0123456789abcdef\"", "\"xxh3\": \"0123\"", "'xxh3' of a file");
    refused_with("\"name\": \"person.1.parquet\"", "\"name\": \"../person.1.parquet\"",
                 "'name' of a file");
    refused_with("\"type\": \"bigint\"", "\"type\": \"bigger\"", "'type' of a column");
    refused_with("\"rows_read\": 10,", "", "'rows_read' of a table");
    refused_with("\"package_id\": \"00ff\"", "\"package_id\": 0", "'package_id' of the load");
    refused_with("\"aa\"", "1", "'hashes' of a boundary");
    refused_with("\"mtime_us\": -5", "\"mtime_us\": \"x\"", "'mtime_us' of a source file");
    refused_with("\"catalog\": {", "\"catalogue\": {", "'catalog' of the load");
}

/* What 0.1 has sealed lacks the keys that came since. */
static void test_of_0_1(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "\n  \"package_id\": \"00ff\",",      "\n  \"catalog_version_from\": 3,",
        "\n  \"catalog_hash_from\": \"c=\",", "\n  \"skips_files\": true,",
        "\n  \"follows\": \"1795360000.7\",", "\n      \"content\": \"c0ffee\",",
        "\n      \"content_bytes\": 78,",     ",\n      \"renamed_from\": \"a/c\""};
    struct manifest made;
    struct manifest got;
    struct buf text = BUF_INIT;
    assert_int_equal(make(&made), TG_OK);
    assert_int_equal(manifest_write(&made, &text, NULL), TG_OK);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        char *at = strstr(text.data, keys[i]);
        assert_non_null(at);
        memmove(at, at + strlen(keys[i]), strlen(at + strlen(keys[i])) + 1);
    }
    assert_int_equal(manifest_read(&got, text.data, strlen(text.data), NULL), TG_OK);
    assert_string_equal(got.load_id, made.load_id);
    assert_string_equal(got.package_id, "");
    assert_int_equal(got.state_version_from, 4);
    assert_int_equal(got.catalog_version_from, -1);
    assert_string_equal(got.catalog_hash_from, "");
    assert_string_equal(got.follows, "");
    assert_true(got.skips_files);
    assert_string_equal(got.bookmarks[0].content, "");
    assert_int_equal(got.bookmarks[0].content_bytes, 0);
    assert_string_equal(got.bookmarks[0].replaces, "");
    manifest_release(&got);
    manifest_release(&made);
    buf_release(&text);
}

static int write_and_read(void)
{
    struct manifest made;
    struct manifest got;
    struct buf text = BUF_INIT;
    manifest_init(&got);
    int rc = make(&made);
    if (rc == TG_OK)
        rc = manifest_write(&made, &text, NULL);
    if (rc == TG_OK)
        rc = manifest_read(&got, text.data, text.len, NULL);
    manifest_release(&got);
    manifest_release(&made);
    buf_release(&text);
    return rc;
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    torture(write_and_read);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_for_people),
        cmocka_unit_test(test_empty_one),  cmocka_unit_test(test_damaged_ones),
        cmocka_unit_test(test_of_0_1),     cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests_name("package/manifest_json", tests, NULL, NULL);
}
