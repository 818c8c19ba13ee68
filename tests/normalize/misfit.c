/* normalize/misfit.c: values that a key or a cursor has no other place for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "collect.h"
#include "foreign.h"
#include "tests/torture.h"

enum mark { KEY, MERGE_KEY, CURSOR, HARD_DELETE, DEDUP_SORT, NOT_NULL, NOTHING };

static int load(struct run *run, enum type type, enum mark mark, const char *lines)
{
    int rc = TG_OK;
    struct table_column *id;
    const struct type_spec spec = {.type = type, .naive = type == TYPE_TIMESTAMP};
    TRY(run_init(run));
    TRY(table_add_column(&run->catalog, run->root, "id", &spec, &id, &run->err));
    id->nullable = mark != NOT_NULL;
    id->primary_key = mark == KEY;
    id->merge_key = mark == MERGE_KEY;
    id->incremental = mark == CURSOR;
    id->hard_delete = mark == HARD_DELETE;
    id->dedup_sort = mark == DEDUP_SORT ? "desc" : NULL;
    TRY(run_push(run, lines));
    TRY(run_finish(run));
done:
    return rc;
}

static void check(enum type type, enum mark mark, const char *lines, const char *what)
{
    struct run run;
    int rc = load(&run, type, mark, lines);
    if (rc != TG_DATA || strcmp(run.err.what, what) != 0)
        fail_msg("%d: %s", rc, run.err.what);
    run_release(&run);
}

#define AS_TEXT "'columns: {id: text}'"
#define HINT    "; to keep the values as they are written, let the resource say " AS_TEXT
#define REJECT  ", or have such rows set aside: 'on_bad_row: reject'"

static void roles(void **state)
{
    (void)state;
    static const char lines[] = "{\"id\":7}\n{\"id\":\"007\"}\n";
#define SAME ", and as bigint would be the same as '7'"
    check(
        TYPE_BIGINT, KEY, lines,
        "'007' (text) does not fit column 'id' (bigint) of table 't', which is part of the key" SAME
            HINT REJECT);
    check(
        TYPE_BIGINT, MERGE_KEY, lines,
        "'007' (text) does not fit column 'id' (bigint) of table 't', which is part of the key" SAME
            HINT REJECT);
    check(
        TYPE_BIGINT, CURSOR, lines,
        "'007' (text) does not fit column 'id' (bigint) of table 't', which is the cursor" SAME HINT
        ", and run it once with --full-refresh, since its cursor is of that type" REJECT);
    check(TYPE_BIGINT, HARD_DELETE, lines,
          "'007' (text) does not fit column 'id' (bigint) of table 't', which tells which rows are "
          "deleted" SAME HINT REJECT);
    check(TYPE_BIGINT, DEDUP_SORT, lines,
          "'007' (text) does not fit column 'id' (bigint) of table 't', which tells which row of a "
          "key "
          "counts" SAME HINT REJECT);
    check(TYPE_BIGINT, NOT_NULL, lines,
          "'007' (text) does not fit column 'id' (bigint) of table 't', which is NOT NULL" SAME HINT
              REJECT);
    struct run run;
    assert_int_equal(load(&run, TYPE_BIGINT, NOTHING, lines), TG_OK);
    assert_string_equal(run.text.data, "t(id bigint, id__v_text text)\n7|null\nnull|\"007\"\n");
    run_release(&run);
}

/* The value that is named beside it: the last one of the batch. */
static void others(void **state)
{
    (void)state;
    static const struct {
        enum type type;
        const char *lines, *shown;
    } cases[] = {
        {TYPE_BIGINT, "{\"id\":7}\n{\"id\":\"x\"}",
         "'x' (text) does not fit column 'id' (bigint)@'7'"},
        {TYPE_BIGINT, "{\"id\":\"x\"}", "'x' (text) does not fit column 'id' (bigint)@"},
        {TYPE_DOUBLE, "{\"id\":7.5}\n{\"id\":true}",
         "true (a bool) does not fit column 'id' (double)@'7.5'"},
        {TYPE_DATE, "{\"id\":\"2024-01-02\"}\n{\"id\":\"x\"}",
         "'x' (text) does not fit column 'id' (date)@'2024-01-02'"},
        {TYPE_TIMESTAMP, "{\"id\":\"2024-01-02\"}\n{\"id\":\"x\"}",
         "'x' (text) does not fit column 'id' (timestamp)@'2024-01-02T00:00:00+00:00'"},
        {TYPE_TIME, "{\"id\":\"10:00\"}\n{\"id\":\"x\"}",
         "'x' (text) does not fit column 'id' (time)@'10:00:00'"},
        {TYPE_WEI, "{\"id\":7}\n{\"id\":\"007\"}",
         "'007' (text) does not fit column 'id' (wei)@'7'"},
        {TYPE_BOOL, "{\"id\":true}\n{\"id\":7}", "7 (an integer) does not fit column 'id' (bool)@"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char expected[300];
        const char *at = strchr(cases[i].shown, '@');
        snprintf(expected, sizeof(expected),
                 "%.*s of table 't', which is part of the key%s%s" HINT REJECT,
                 (int)(at - cases[i].shown), cases[i].shown, at[1] ? ", beside " : "", at + 1);
        check(cases[i].type, KEY, cases[i].lines, expected);
    }
}

/* A source's name, in quotes where YAML wants them; a nested field by the column's. */
static void hints(void **state)
{
    (void)state;
    struct run run;
    assert_int_equal(run_init(&run), TG_OK);
    assert_int_equal(run_push(&run, "{\"User Id\":7,\"o\":{\"Id\":7}}"), TG_OK);
    table_find(run.root, "user_id")->primary_key = true;
    table_find(run.root, "o__id")->primary_key = true;
    assert_int_equal(run_push(&run, "{\"o\":{\"Id\":\"07\"}}"), TG_DATA);
    assert_non_null(strstr(run.err.what, "'columns: {o__id: text}'"));
    run_release(&run);
    assert_int_equal(run_init(&run), TG_OK);
    assert_int_equal(run_push(&run, "{\"User Id\":7}"), TG_OK);
    table_find(run.root, "user_id")->primary_key = true;
    assert_int_equal(run_push(&run, "{\"User Id\":\"07\"}"), TG_DATA);
    assert_non_null(strstr(run.err.what, "'columns: {\"User Id\": text}'"));
    run_release(&run);
}

/* Of nested rows, too, what is no object: it is shown. */
static void nested_values(void **state)
{
    (void)state;
    struct run run;
    struct table *items;
    struct table_column *sku;
    static const struct type_spec bigint = {.type = TYPE_BIGINT};
    assert_int_equal(run_init(&run), TG_OK);
    assert_int_equal(catalog_add(&run.catalog, "t__items", "t", &items, NULL), TG_OK);
    assert_int_equal(table_add_column(&run.catalog, items, "sku", &bigint, &sku, NULL), TG_OK);
    sku->nullable = false;
    assert_int_equal(run_push(&run, "{\"items\":[{\"sku\":1},7]}"), TG_DATA);
    assert_string_equal(run.err.what,
                        "column 'sku' of table 't__items' is NOT NULL, but the row has no value "
                        "for it (it is 7 (an integer), which has no fields); correct the name, "
                        "give it one at the source" REJECT);
    run_release(&run);
}

static int refused(void)
{
    struct run run;
    int rc = load(&run, TYPE_BIGINT, KEY, "{\"id\":7}\n{\"id\":\"x\"}");
    run_release(&run);
    return rc == TG_DATA ? TG_OK : rc;
}

static void out_of_memory(void **state)
{
    (void)state;
    torture(refused);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roles),         cmocka_unit_test(others),        cmocka_unit_test(hints),
        cmocka_unit_test(nested_values), cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests_name("normalize/misfit", tests, NULL, NULL);
}
