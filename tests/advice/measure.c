/* Facts of two readings: keys, order, ties, and what moved between them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "advice/advice.h"
#include "tests/extract/engine_helper.h"

enum { COLUMNS_MAX = 8, TABLES_MAX = 3 };

/* Tables of which each has a file for each reading (NULL: none), as SELECTs. */
struct sample {
    const char *name, *parent;
    const char *columns[COLUMNS_MAX];
    enum type types[COLUMNS_MAX];
    const char *selects[READINGS];
};

static void measure_samples(const char *folder, const struct sample *samples, size_t count,
                            struct facts *out)
{
    struct reading_table items[TABLES_MAX];
    struct type_spec specs[TABLES_MAX][COLUMNS_MAX];
    const char *columns[TABLES_MAX][COLUMNS_MAX], *paths[TABLES_MAX][READINGS];
    struct buf names[TABLES_MAX][READINGS] = {{BUF_INIT}};
    const struct reading_tables tables = {
        .items = items, .count = count, .twice = samples[0].selects[1] != NULL};
    struct tg_error err = {0};
    static int calls; /* the engine may remember what a path had */
    calls++;
    for (size_t t = 0; t < count; t++) {
        items[t] = (struct reading_table){.name = samples[t].name,
                                          .parent = samples[t].parent,
                                          .columns = columns[t],
                                          .specs = specs[t]};
        for (size_t c = 0; samples[t].columns[c]; c++) {
            columns[t][c] = samples[t].columns[c];
            specs[t][c] = (struct type_spec){.type = samples[t].types[c]};
            items[t].column_count++;
        }
        for (size_t r = 0; r < READINGS && samples[t].selects[r]; r++) {
            buf_printf(&names[t][r], "%s/it's %d.%zu.%zu.parquet", folder, calls, t, r);
            struct buf quoted = BUF_INIT, select = BUF_INIT;
            for (const char *at = buf_string(&names[t][r]); *at; at++)
                buf_printf(&quoted, *at == '\'' ? "''" : "%c", *at);
            buf_printf(&select, "%s", samples[t].selects[r]);
            put_parquet(buf_string(&quoted), buf_string(&select));
            buf_release(&quoted);
            buf_release(&select);
            paths[t][r] = buf_string(&names[t][r]);
            items[t].files[r] = &paths[t][r];
            items[t].file_count[r] = 1;
        }
    }
    if (measure(engine, &tables, out, &err) != TG_OK)
        fail_msg("%s", err.what);
    for (size_t t = 0; t < count; t++)
        for (size_t r = 0; r < READINGS; r++)
            buf_release(&names[t][r]);
}

#define ROOT(values) values ", i AS _tidegate_order, 'r' || i AS _dlt_id FROM range(20) AS r(i)"

static void test_fields(void **state)
{
    struct facts facts;
    const struct sample samples[] = {
        {"t",
         NULL,
         {"id", "seen", "score", "a\u25b6since", "flag", "a.b", "_dlt_id"},
         {TYPE_BIGINT, TYPE_BIGINT, TYPE_DOUBLE, TYPE_TIMESTAMP, TYPE_BOOL, TYPE_BIGINT, TYPE_TEXT},
         {ROOT("i AS id, CASE WHEN i = 3 THEN NULL ELSE 10 - i % 5 END AS seen, i / 2.0 AS score, "
               "TIMESTAMPTZ '2024-01-01 00:00:00+00' + INTERVAL (i // 2) HOUR AS \"a\u25b6since\", "
               "true AS flag, i AS \"a.b\"")}}};
    measure_samples(*state, samples, 1, &facts);
    assert_int_equal(facts.rows[0], 20);
    assert_int_equal(facts.rows[1], 0);
    assert_false(facts.twice);
    assert_int_equal(facts.contents, 20);
    assert_int_equal(facts.field_count, 5); /* no flag, nothing of ours */
    const struct fact_field *seen = &facts.fields[1], *since = &facts.fields[3];
    assert_int_equal(seen->nulls, 1);
    assert_int_equal(seen->distinct, 5);
    assert_false(field_orders(seen, 20));
    assert_string_equal(since->path, "a.since");
    assert_int_equal(since->below, 0);
    assert_int_equal(since->distinct, 10);
    assert_int_equal(since->ties, 2);
    assert_string_equal(since->greatest, "2024-01-01 09:00:00+00");
    assert_true(field_orders(since, 20));
    assert_string_equal(facts.fields[4].path, "a.b"); /* a name: no cursor follows it */
    assert_false(field_orders(&facts.fields[4], 20));
    assert_int_equal(facts.key_count, 1);
    assert_ptr_equal(facts.key[0], &facts.fields[0]);
    facts_release(&facts);
}

static void test_order(void **state)
{
    struct facts facts;
    const struct sample samples[] = {
        {"t", NULL, {"n"}, {TYPE_BIGINT}, {ROOT("CASE WHEN i IN (5, 9) THEN 0 ELSE i END AS n")}}};
    measure_samples(*state, samples, 1, &facts);
    assert_int_equal(facts.fields[0].below, 2);
    assert_int_equal(facts.key_count, 0);
    facts_release(&facts);
}

/* Two fields where no single one will do; a name has to say so. */
static void test_pair(void **state)
{
    struct facts facts;
    const struct sample named = {"t",
                                 NULL,
                                 {"day", "shop_id"},
                                 {TYPE_DATE, TYPE_BIGINT},
                                 {ROOT("DATE '2024-01-01' + (i // 4)::INTEGER AS day, "
                                       "i % 4 AS shop_id")}};
    const struct sample unnamed = {
        "t", NULL, {"x", "y"}, {TYPE_BIGINT, TYPE_BIGINT}, {ROOT("i // 4 AS x, i % 4 AS y")}};
    const struct sample versions = {"t",
                                    NULL,
                                    {"updated_on", "shop_id"},
                                    {TYPE_DATE, TYPE_BIGINT},
                                    {ROOT("DATE '2024-01-01' + (i // 4)::INTEGER AS updated_on, "
                                          "i % 4 AS shop_id")}};
    measure_samples(*state, &named, 1, &facts);
    assert_int_equal(facts.key_count, 2);
    assert_string_equal(facts.key[0]->path, "shop_id");
    assert_string_equal(facts.key[1]->path, "day");
    facts_release(&facts);
    measure_samples(*state, &unnamed, 1, &facts);
    assert_int_equal(facts.key_count, 0);
    facts_release(&facts);
    measure_samples(*state, &versions, 1, &facts);
    assert_int_equal(facts.key_count, 0);
    facts_release(&facts);
}

/* By its key a row that changed is one; the fields say whether a cursor would have seen it. */
static void test_moves(void **state)
{
    struct facts facts;
    const struct sample sample = {
        "t",
        NULL,
        {"id", "at", "n"},
        {TYPE_BIGINT, TYPE_BIGINT, TYPE_BIGINT},
        {ROOT("i AS id, 100 + i AS at, 1 AS n"),
         "CASE WHEN i = 19 THEN 99 ELSE i END AS id, CASE WHEN i IN (3, 4) THEN 119 + i ELSE 100 + "
         "i END AS at, CASE WHEN i IN (3, 4, 5) THEN 2 ELSE 1 END AS n, i AS _tidegate_order, 's' "
         "|| i AS _dlt_id FROM range(20) AS r(i)"}};
    measure_samples(*state, &sample, 1, &facts);
    assert_int_equal(facts.same, 16);
    assert_int_equal(facts.changed, 3);
    assert_int_equal(facts.came, 1);
    assert_int_equal(facts.gone, 1);
    assert_int_equal(facts.fields[1].changed_beyond, 2); /* the third one did not move */
    assert_int_equal(facts.fields[1].came_beyond, 1);
    facts_release(&facts);
}

static void test_contents_without_a_key(void **state)
{
    struct facts facts;
    const struct sample sample = {
        "t",
        NULL,
        {"word"},
        {TYPE_TEXT},
        {ROOT("'w' || i % 2 AS word"),
         "'w' || i % 3 AS word, i AS _tidegate_order, 's' || i AS _dlt_id FROM range(6) AS r(i)"}};
    measure_samples(*state, &sample, 1, &facts);
    assert_int_equal(facts.contents, 2);
    assert_int_equal(facts.same, 4);
    assert_int_equal(facts.gone, 16);
    assert_int_equal(facts.came, 2);
    facts_release(&facts);
}

/* A value deep in a list makes another row of its root, and so does the order in the list. */
static void test_nested(void **state)
{
    struct facts facts;
    static const char root[] = ROOT("i AS id");
    static const char list[] = "'l' || i AS _dlt_id, 'r' || (i // 2) AS _dlt_parent_id, "
                               "i % 2 AS _dlt_list_idx, i AS v FROM range(40) AS r(i)";
    static const char swapped[] = "'l' || i AS _dlt_id, 'r' || (i // 2) AS _dlt_parent_id, CASE "
                                  "WHEN i < 2 THEN 1 - i % 2 ELSE i % 2 END AS _dlt_list_idx, i AS "
                                  "v FROM range(40) AS r(i)";
    static const char deep[] = "'d' || i AS _dlt_id, 'l' || i AS _dlt_parent_id, 0 AS "
                               "_dlt_list_idx, 1 AS w FROM range(40) AS r(i)";
    static const char other[] = "'d' || i AS _dlt_id, 'l' || i AS _dlt_parent_id, 0 AS "
                                "_dlt_list_idx, i // 39 + 1 AS w FROM range(40) AS r(i)";
    struct sample samples[] = {
        {"t", NULL, {"id"}, {TYPE_BIGINT}, {root, root}},
        {"t__l__d", "t__l", {"w"}, {TYPE_BIGINT}, {deep, deep}}, /* before its parent */
        {"t__l", "t", {"v", "_dlt_id"}, {TYPE_BIGINT, TYPE_TEXT}, {list, list}}};
    measure_samples(*state, samples, 3, &facts);
    assert_int_equal(facts.same, 20);
    facts_release(&facts);
    samples[1].selects[1] = other;
    samples[2].selects[1] = swapped;
    measure_samples(*state, samples, 3, &facts);
    assert_int_equal(facts.changed, 2);
    assert_int_equal(facts.same, 18);
    facts_release(&facts);
}

static void test_nothing(void **state)
{
    (void)state;
    struct facts facts;
    const struct reading_tables none = {.twice = true};
    assert_int_equal(measure(engine, &none, &facts, NULL), TG_OK);
    assert_int_equal(facts.rows[0] + facts.field_count + facts.key_count, 0);
    facts_release(&facts);
}

static void test_names(void **state)
{
    (void)state;
    static const char *const keys[] = {"id", "ID", "order_id", "orderId", "user.uuid", "code"};
    static const char *const others[] = {"paid", "name", "idle", "valid", "grid", ""};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        assert_true(name_says_key(keys[i]));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_false(name_says_key(others[i]));
}

/* A number has to say more than a time: who has changed a row is a number, too. */
static void test_names_of_changes(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        bool of_time, of_number;
    } cases[] = {
        {"updatedAt", true, true},     {"LAST_MODIFIED", true, true}, {"lastupdated", true, true},
        {"mtime_ms", true, true},      {"row.changed", true, true},   {"revision", true, true},
        {"updated_by", true, false},   {"changeCount", true, false},  {"exchange_id", false, false},
        {"exchange_at", false, false}, {"created_at", false, false},  {"", false, false},
        {NULL, false, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fact_field field = {
            .path = cases[i].path, .spec.type = TYPE_TIMESTAMP, .distinct = 9};
        assert_int_equal(says_changed(&field), cases[i].of_time);
        field.spec.type = TYPE_BIGINT;
        assert_int_equal(says_changed(&field), cases[i].of_number);
        field.distinct = 2; /* yes or no */
        assert_false(says_changed(&field));
    }
}

/* What has no end yet is a time to come; so is no other type. */
static void test_ahead(void **state)
{
    struct facts facts;
    const struct sample sample = {
        "t",
        NULL,
        {"until", "day", "at", "n"},
        {TYPE_TIMESTAMP, TYPE_DATE, TYPE_TIMESTAMP, TYPE_BIGINT},
        {ROOT("CASE WHEN i = 3 THEN TIMESTAMPTZ '9999-12-31 00:00:00+00' ELSE "
              "TIMESTAMPTZ '2024-01-01 00:00:00+00' END AS until, "
              "DATE '2999-01-01' + i::INTEGER AS day, "
              "TIMESTAMPTZ '2024-01-01 00:00:00+00' + INTERVAL (i) HOUR AS at, 9999 + i AS n")}};
    measure_samples(*state, &sample, 1, &facts);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(facts.fields[i].ahead, i < 2);
        assert_int_equal(field_orders(&facts.fields[i], facts.rows[0]), i >= 2);
    }
    facts_release(&facts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_fields, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_order, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_pair, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_moves, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_contents_without_a_key, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_nested, folder_setup, folder_teardown),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_names_of_changes),
        cmocka_unit_test_setup_teardown(test_ahead, folder_setup, folder_teardown),
    };
    return cmocka_run_group_tests(tests, start_engine, stop_engine);
}
