/*
 * Keys that a source has: by a program's function, and by rows that are rejected.
 */
#include "tests/fixture.h"

/* Gives `rows`, and lists `keys`; `log` has a letter for each call. */
struct shop {
    const char *const *rows, *const *keys;
    char log[16];
    int refuses;
};

static void note(struct shop *shop, char letter)
{
    size_t len = strlen(shop->log);
    assert_true(len + 1 < sizeof(shop->log));
    shop->log[len] = letter;
}

static void push(struct tg_read *read, const char *const *rows)
{
    for (; *rows; rows++)
        tg_rows_json(read->rows, *rows, strlen(*rows));
    read->done = true;
}

static int read_shop(struct tg_read *read, struct tg_error *err)
{
    struct shop *shop = read->user;
    (void)err;
    note(shop, 'r');
    push(read, shop->rows);
    return TG_OK;
}

static int list_shop(struct tg_read *read, struct tg_error *err)
{
    struct shop *shop = read->user;
    note(shop, 'k');
    assert_null(read->cursor->path);
    assert_string_equal(read->resource, "t");
    if (shop->refuses) {
        err->code = shop->refuses;
        snprintf(err->what, sizeof(err->what), "no keys today");
        return shop->refuses;
    }
    push(read, shop->keys);
    return TG_OK;
}

#define ROWS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NONE      ((const char *const[]){NULL})

static struct tg_resource resource_of(struct shop *shop)
{
    return (struct tg_resource){
        TG_RESOURCE_INIT,       .name = "t",         .read = read_shop,
        .list_keys = list_shop, .user = shop,        .write_disposition = TG_MERGE,
        .primary_key = "id",    .cursor_path = "at", .deletes.detect = TG_DETECT_KEYS};
}

static void again(struct fixture *fixture, struct shop *shop, const char *const *rows,
                  const char *const *keys)
{
    *shop = (struct shop){.rows = rows, .keys = keys, .refuses = shop->refuses};
    tg_result_free(fixture->result);
    fixture->result = NULL;
    (void)fixture;
}

static void keys_are_listed_when_all_rows_are_read(void **state)
{
    struct fixture *fixture = *state;
    struct shop shop = {0};
    const struct tg_resource resource = resource_of(&shop);
    again(fixture, &shop, ROWS("{\"id\":1,\"at\":1}", "{\"id\":2,\"at\":2}", "{\"id\":3,\"at\":3}"),
          ROWS("{\"id\":1}"));
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    assert_string_equal(shop.log, "r"); /* nothing is there that could be gone */
    /* 4 came and is not listed, 5 is listed and did not come: neither is gone. */
    again(fixture, &shop, ROWS("{\"id\":4,\"at\":4}"),
          ROWS("{\"id\":1, \"more\":[1]}", "{\"id\":5}", "{\"id\":\"3\"}"));
    fixture_run(fixture);
    assert_string_equal(shop.log, "rk");
    assert_query(fixture, "SELECT id FROM t ORDER BY id", "id\n1\n3\n4\n");
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_deleted, 1);
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_inserted, 1);
    assert_int_equal(tg_result_table_count(fixture->result), 1);
    /* A run without a new row takes away what is gone, too. */
    again(fixture, &shop, NONE, ROWS("{\"id\":1}", "{\"id\":3}"));
    fixture_run(fixture);
    assert_query(fixture, "SELECT id FROM t ORDER BY id", "id\n1\n3\n");
}

static void a_list_that_fails_fails_the_run(void **state)
{
    struct fixture *fixture = *state;
    struct shop shop = {0};
    const struct tg_resource resource = resource_of(&shop);
    again(fixture, &shop, ROWS("{\"id\":1,\"at\":1}", "{\"id\":2,\"at\":2}"), NONE);
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    shop.refuses = TG_SOURCE;
    again(fixture, &shop, ROWS("{\"id\":3,\"at\":3}"), NONE);
    assert_int_equal(fixture_try(fixture), TG_SOURCE);
    assert_non_null(strstr(fixture->err.what, "no keys today"));
    shop.refuses = TG_OK;
    /* Nor is an empty list believed, or one with a key that cannot be read. */
    again(fixture, &shop, ROWS("{\"id\":3,\"at\":3}"), NONE);
    assert_int_equal(fixture_try(fixture), TG_DATA);
    assert_non_null(strstr(fixture->err.what, "no row at all"));
    again(fixture, &shop, ROWS("{\"id\":3,\"at\":3}"), ROWS("{\"id\":1}", "{\"id\":null}"));
    assert_int_equal(fixture_try(fixture), TG_DATA);
    assert_non_null(strstr(fixture->err.what, "its key cannot be read"));
    again(fixture, &shop, ROWS("{\"id\":3,\"at\":3}"), ROWS("{\"id\":1}", "{\"id\":\"x\"}"));
    assert_int_equal(fixture_try(fixture), TG_DATA);
    assert_non_null(strstr(fixture->err.what, "its key cannot be read"));
    assert_query(fixture, "SELECT id FROM t ORDER BY id", "id\n1\n2\n");
}

/* In a snapshot, whose rejected rows are known by their keys. */
static void a_rejected_row_is_not_gone(void **state)
{
    struct fixture *fixture = *state;
    struct shop shop = {0};
    struct tg_resource resource = resource_of(&shop);
    resource.list_keys = NULL;
    resource.cursor_path = NULL;
    resource.reject_bad_rows = true;
    resource.deletes = (struct tg_deletes){.detect = TG_DETECT_SNAPSHOT};
    const struct tg_column at = {.name = "at", .nullable = TG_NO};
    resource.columns = &at;
    resource.column_count = 1;
    again(fixture, &shop, ROWS("{\"id\":1,\"at\":1}", "{\"id\":2,\"at\":2}", "{\"id\":3,\"at\":3}"),
          NONE);
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
    again(fixture, &shop, ROWS("{\"id\":1,\"at\":7}", "{\"id\":2.0}"), NONE);
    fixture_run(fixture);
    assert_query(fixture, "SELECT id, \"at\" FROM t ORDER BY id", "id,at\n1,7\n2,2\n");
    assert_int_equal(tg_result_table(fixture->result, 0)->rows_rejected, 1);
    again(fixture, &shop, ROWS("{\"id\":1,\"at\":8}", "{\"at\":3}"), NONE);
    assert_int_equal(fixture_try(fixture), TG_DATA);
    assert_non_null(strstr(fixture->err.what, "a row is rejected, and its key cannot be read"));
    assert_query(fixture, "SELECT id, \"at\" FROM t ORDER BY id", "id,at\n1,7\n2,2\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keys_are_listed_when_all_rows_are_read, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_list_that_fails_fails_the_run, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_rejected_row_is_not_gone, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests_name("run/keys", tests, NULL, NULL);
}
