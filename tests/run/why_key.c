/* Keys as people write them, and documents that have their values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/json.h"
#include "dlt/store.h"
#include "run/why_key.h"
#include "tests/torture.h"

static const char schema[] =
    "{\"version\":1,\"version_hash\":\"\",\"engine_version\":11,\"name\":\"s\",\"tables\":{"
    "\"one\":{\"name\":\"one\",\"columns\":{\"id\":{\"name\":\"id\",\"data_type\":\"bigint\","
    "\"primary_key\":true},\"user_name\":{\"name\":\"user_name\",\"data_type\":\"text\"},"
    "\"big\":{\"name\":\"big\",\"data_type\":\"wei\"},"
    "\"price\":{\"name\":\"price\",\"data_type\":\"decimal\"},"
    "\"share\":{\"name\":\"share\",\"data_type\":\"double\"},"
    "\"day\":{\"name\":\"day\",\"data_type\":\"date\"},"
    "\"at__it\":{\"name\":\"at__it\",\"data_type\":\"timestamp\"}}},"
    "\"two\":{\"name\":\"two\",\"columns\":{\"a\":{\"name\":\"a\",\"data_type\":\"text\","
    "\"primary_key\":true},\"b\":{\"name\":\"b\",\"data_type\":\"text\",\"primary_key\":true}}}}}";

static struct catalog catalog;
static struct settings settings;

static int setup(void **state)
{
    (void)state;
    return catalog_read(&catalog, schema, strlen(schema), NULL) ||
           settings_read(&catalog, &settings, NULL);
}

static int teardown(void **state)
{
    (void)state;
    settings_release(&settings);
    catalog_release(&catalog);
    return 0;
}

/* "id=7;user_name=x" */
static void check(const char *table, const char *text, const char *wanted)
{
    struct why_key key;
    struct tg_error err = {0};
    struct buf out = BUF_INIT;
    if (why_key_read(&key, catalog_find(&catalog, table), false, &settings, 64, text, &err) !=
        TG_OK)
        fail_msg("%s: %s", text, err.what);
    for (size_t i = 0; i < key.count; i++)
        buf_printf(&out, "%s%s=%s", i > 0 ? ";" : "", key.parts[i].column->name,
                   key.parts[i].value ? key.parts[i].value : "NULL");
    assert_string_equal(buf_string(&out), wanted);
    buf_release(&out);
    why_key_release(&key);
}

static void refused(const char *table, const char *text, const char *part)
{
    struct why_key key;
    struct tg_error err = {0};
    assert_int_equal(
        why_key_read(&key, catalog_find(&catalog, table), false, &settings, 64, text, &err),
        TG_USAGE);
    if (!strstr(err.what, part))
        fail_msg("'%s' is not in: %s", part, err.what);
    why_key_release(&key);
}

static void test_keys(void **state)
{
    (void)state;
    check("one", "7", "id=7");
    check("one", "a=b", "id=a=b"); /* no column: a value */
    check("one", "", "id=");
    check("one", "userName=x y,id=7", "user_name=x y;id=7");
    check("one", "user_name=a=b", "user_name=a=b");
    check("one", " {\"userName\": \"a,b\", \"id\": 12345678901234567890123}",
          "user_name=a,b;id=12345678901234567890123");
    check("one", "{\"user_name\": null, \"id\": true}", "user_name=NULL;id=true");
    check("two", "a=1,b=", "a=1;b=");
    refused("two", "1", "the table's key has several columns; write a key as 7");
    refused("two", "a=1,b", "a part of the key has no '='");
    refused("two", "a=1,c=2", "'c' is no column");
    refused("two", "c=2", "'c' is no column");
    refused("one", "id=7,user_nmae=2",
            "table 'one' has no column 'user_nmae'; did you mean 'user_name'?");
    refused("two", "a=\xc3", "the key is no UTF-8");
    refused("two",
            "éééééééééééééééééééééééééééééé"
            "éééééééééééééééééééééééééééééé=1",
            "\xc3\xa9' is no column");
    refused("two", "{\"a\": {}}", "a list or an object is no value");
    refused("two", "{", "the key");
}

static void matches(const char *text, const char *document, bool wanted)
{
    bool found;
    struct why_key key;
    yyjson_doc *doc = NULL;
    assert_int_equal(
        why_key_read(&key, catalog_find(&catalog, "one"), false, &settings, 64, text, NULL), TG_OK);
    assert_int_equal(json_parse_exact(document, strlen(document), "it", &doc, NULL), TG_OK);
    assert_int_equal(why_key_is_of(&key, yyjson_doc_get_root(doc), &found, NULL), TG_OK);
    assert_int_equal(found, wanted);
    yyjson_doc_free(doc);
    why_key_release(&key);
}

static void test_documents(void **state)
{
    (void)state;
    matches("7", "{\"id\": 7}", true);
    matches("7", "{\"id\": \"7\"}", true);
    matches("7", "{\"id\": 8}", false);
    matches("7", "{\"id\": [7]}", false);
    matches("7", "{}", false);
    matches("7", "[7]", false);
    matches("id=7,user_name=x", "{\"userName\": \"x\", \"id\": 7}", true);
    matches("id=7,user_name=x", "{\"userName\": \"y\", \"id\": 7}", false);
    matches("{\"id\": null}", "{}", true);
    matches("{\"id\": null}", "{\"id\": null}", true);
    matches("{\"id\": null}", "{\"id\": 1}", false);
    matches("007", "{\"id\": 7}", true);
    matches("7", "{\"id\": \"007\"}", true);
    matches("7", "{\"id\": 7.0}", true);
    matches("7", "{\"id\": 7.5}", false);
    matches("x", "{\"id\": 7}", false);
    matches("user_name=007", "{\"user_name\": \"7\"}", false);
    matches("user_name=7", "{\"user_name\": 7}", true);
    matches("big=100000000000000000000000000000000001",
            "{\"big\": 100000000000000000000000000000000001}", true);
    matches("big=100000000000000000000000000000000001",
            "{\"big\": 100000000000000000000000000000000002}", false);
    matches("price=1.50", "{\"price\": \"1.5\"}", true);
    matches("price=1.50", "{\"price\": 1.5}", true);
    matches("share=0.50", "{\"share\": 0.5}", true);
    matches("day=2024-01-02", "{\"day\": \"2024-01-02\"}", true);
    matches("day=2024-01-02", "{\"day\": \"2024-01-03\"}", false);
    matches("at__it=2024-01-02T00:00:00Z", "{\"at\": {\"it\": \"2024-01-02 01:00:00+01:00\"}}",
            true);
    matches("at__it=2024-01-02", "{\"at\": {\"it\": \"2024-01-03\"}}", false);
}

static int read_once(void)
{
    struct why_key key;
    int rc = why_key_read(&key, catalog_find(&catalog, "one"), false, &settings, 64,
                          "{\"userName\": \"x\", \"id\": 7}", NULL);
    why_key_release(&key);
    return rc;
}

static void test_torture(void **state)
{
    (void)state;
    torture(read_once);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(test_documents, setup, teardown),
        cmocka_unit_test_setup_teardown(test_torture, setup, teardown),
    };
    return cmocka_run_group_tests_name("run/why_key", tests, NULL, NULL);
}
