/* normalize/change.c: what a contract lets in, what it says when it does not, and bad rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "collect.h"
#include "tests/torture.h"

#define EVOLVE CONTRACT_EVOLVE
#define FREEZE CONTRACT_FREEZE
#define ROW    CONTRACT_DISCARD_ROW
#define VALUE  CONTRACT_DISCARD_VALUE

static struct contract modes(enum contract_mode tables, enum contract_mode columns,
                             enum contract_mode data_type)
{
    return (struct contract){.modes = {tables, columns, data_type}};
}

/* Loads `first` under no contract, then `second` under one; what the second emits and rejects. */
static int load_two(struct run *run, const char *first, struct contract contract,
                    const char *second)
{
    int rc = TG_OK;
    TRY(run_init(run));
    TRY(run_push(run, first));
    TRY(run_finish(run));
    for (size_t i = 0; i < run->catalog.table_count; i++)
        run->catalog.tables[i]->seen_data = true;
    buf_clear(&run->text);
    run->options.contract = contract;
    TRY(run_push(run, second));
    TRY(run_finish(run));
done:
    return rc;
}

static void check(const char *first, struct contract contract, const char *second,
                  const char *expected)
{
    struct run run;
    if (load_two(&run, first, contract, second) != TG_OK)
        fail_msg("%s: %s", run.err.where, run.err.what);
    assert_string_equal(buf_string(&run.text), expected);
    run_release(&run);
}

static void check_frozen(const char *first, struct contract contract, const char *second,
                         const char *where, const char *what)
{
    struct run run;
    assert_int_equal(load_two(&run, first, contract, second), TG_CONTRACT);
    assert_string_equal(run.err.where, where);
    if (!strstr(run.err.what, what))
        fail_msg("'%s' is not in '%s'", what, run.err.what);
    run_release(&run);
}

static void evolve_lets_all_in(void **state)
{
    (void)state;
    check("{\"a\":1}\n", modes(EVOLVE, EVOLVE, EVOLVE), "{\"a\":\"x\",\"b\":2,\"l\":[1]}\n",
          "t(a bigint, a__v_text text, b bigint)\nnull|\"x\"|2\nt__l(value bigint)\n1\n");
}

static void a_freeze_shows_what_came(void **state)
{
    (void)state;
    check_frozen("{\"a\":1}\n", modes(EVOLVE, FREEZE, EVOLVE),
                 "{\"a\":2}\n{\"a\":3,\"b\":[],\"c\":\"x\"}\n", "line 2",
                 "column 'c' of table 't' is new (text), and the schema contract freezes columns; "
                 "document: {\"a\":3,\"b\":[],\"c\":\"x\"}; to let it in, set schema_contract: "
                 "{columns: evolve}");
    check_frozen("{\"a\":1}\n", modes(FREEZE, EVOLVE, EVOLVE), "{\"a\":2,\"l\":[1]}\n", "line 1",
                 "table 't__l' is new");
    check_frozen("{\"a\":1}\n", modes(EVOLVE, EVOLVE, FREEZE), "{\"a\":1.5}\n", "line 1",
                 "column 'a' of table 't' is bigint and the value is double");
    check_frozen("{\"a\":1}\n", modes(EVOLVE, EVOLVE, FREEZE), "{\"a\":true}\n", "line 1",
                 "column 'a' of table 't' is bigint and the value is bool");
}

/* The parts of the place: table and column as they are stored, keys as the document has them. */
static void a_freeze_names_the_key(void **state)
{
    static const struct {
        const char *second, *key, *table, *column;
    } cases[] = {
        {"{\"a\":2,\"Cc\":\"x\"}\n", "Cc", "t", "cc"},
        {"{\"a\":2,\"o\":{\"a\":1,\"B b\":{\"c\":1}}}\n", "o.B b.c", "t", "o__b_b__c"},
        {"{\"a\":2,\"l\":[{\"x\":1},{\"x\":1,\"Y\":2}]}\n", "l.Y", "t__l", "y"},
        {"{\"a\":2,\"l\":[{\"x\":1,\"m\":[{\"z\":1,\"o\":{\"p\":2}}]}]}\n", "l.m.o.p", "t__l__m",
         "o__p"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct run run;
        int rc = load_two(&run, "{\"a\":1,\"o\":{\"a\":1},\"l\":[{\"x\":1,\"m\":[{\"z\":1}]}]}\n",
                          modes(EVOLVE, FREEZE, EVOLVE), cases[i].second);
        assert_int_equal(rc, TG_CONTRACT);
        assert_string_equal(run.err.key_path, cases[i].key);
        assert_string_equal(run.err.table, cases[i].table);
        assert_string_equal(run.err.column, cases[i].column);
        assert_int_equal(run.err.reason, TG_REASON_CONTRACT_COLUMNS);
        assert_string_equal(run.err.where, "line 1");
        run_release(&run);
    }
}

static void a_long_document_is_cut_between_characters(void **state)
{
    char second[1000] = "{\"b\":\"";
    (void)state;
    for (int i = 0; i < 300; i++)
        memcpy(second + strlen(second), "\xc3\xa9", 3);
    memcpy(second + strlen(second), "\"}\n", 4);
    check_frozen("{\"a\":1}\n", modes(EVOLVE, FREEZE, EVOLVE), second, "line 1",
                 "\xc3\xa9...; to let it in");
}

static void a_new_table_has_a_free_pass(void **state)
{
    (void)state;
    check("{\"a\":1}\n", modes(EVOLVE, FREEZE, EVOLVE),
          "{\"a\":2,\"l\":[{\"x\":1}]}\n{\"a\":3,\"l\":[{\"y\":2}]}\n",
          "t(a bigint)\n2\n3\nt__l(x bigint, y bigint)\n1|null\nnull|2\n");
}

static void discarded_rows_are_rejected(void **state)
{
    (void)state;
    check("{\"a\":1,\"l\":[{\"x\":1}]}\n", modes(EVOLVE, ROW, EVOLVE),
          "{\"a\":2}\n{\"a\":3,\"b\":1,\"l\":[{\"x\":2}]}\n{\"a\":4,\"b\":null}\n"
          "{\"a\":5,\"l\":[{\"x\":3,\"y\":1},{\"x\":4}]}\n",
          "t.b: {\"a\":3,\"b\":1,\"l\":[{\"x\":2}]} (column 'b' of table 't' is new (bigint), and "
          "the schema contract discards such rows (columns: discard_row))\n"
          "t__l.y: {\"x\":3,\"y\":1} (column 'y' of table 't__l' is new (bigint), and the schema "
          "contract discards such rows (columns: discard_row))\n"
          "t(a bigint)\n2\n4\n5\nt__l(x bigint)\n4\n");
}

static void values_are_left_out(void **state)
{
    (void)state;
    check("{\"a\":1}\n", modes(EVOLVE, VALUE, VALUE),
          "{\"a\":2,\"b\":1,\"o\":{\"p\":1}}\n{\"a\":\"x\"}\n{\"a\":1.5}\n",
          "t(a bigint)\n2\nnull\nnull\n");
}

static void values_that_are_left_out_are_counted(void **state)
{
    (void)state;
    struct run run;
    struct warnings warnings;
    assert_int_equal(run_init(&run), TG_OK);
    warnings_init(&warnings);
    run.ctx.warnings = &warnings;
    run.options.contract = modes(EVOLVE, VALUE, VALUE);
    assert_int_equal(run_push(&run, "{\"a\":1,\"l\":[{\"x\":1}]}\n"), TG_OK);
    assert_int_equal(run_push(&run, "{\"a\":\"x\",\"l\":[{\"x\":\"y\"}]}\n{\"a\":1.5}\n"), TG_OK);
    assert_int_equal(run_push(&run, "{\"a\":2,\"l\":[{\"x\":\"7\"}]}\n"), TG_OK);
    assert_int_equal(run_finish(&run), TG_OK);
    assert_int_equal(warnings.count, 2);
    assert_string_equal(
        warnings.texts[0],
        "table 't': 2 values that do not fit column 'a' (bigint) were left out, the "
        "schema contract keeps its type (discard_value)");
    assert_string_equal(warnings.texts[1],
                        "table 't__l': 1 values that do not fit column 'x' (bigint) were left out, "
                        "the schema contract keeps its type (discard_value)");
    run_release(&run);
    warnings_release(&warnings);
}

static void rows_of_a_new_table_are_rejected(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        check("{\"a\":1}\n", modes(i ? ROW : VALUE, EVOLVE, EVOLVE),
              "{\"a\":2,\"o\":{\"l\":[1,{\"x\":[2]}]}}\n",
              "t__o__l.: 1 (table 't__o__l' (list 'o.l' of 't') is new, and the schema contract "
              "discards new tables)\n"
              "t__o__l.: {\"x\":[2]} (table 't__o__l' (list 'o.l' of 't') is new, and the schema "
              "contract discards new tables)\n"
              "t(a bigint)\n2\n");
}

static void a_dropped_row_teaches_nothing(void **state)
{
    (void)state;
    check("{\"a\":1}\n", modes(EVOLVE, EVOLVE, ROW), "{\"n\":1,\"a\":\"x\"}\n{\"a\":2}\n",
          "t.a: {\"n\":1,\"a\":\"x\"} (column 'a' of table 't' is bigint and the value is text, "
          "and the schema contract discards such rows (data_type: discard_row))\n"
          "t(a bigint)\n2\n");
    check("{\"a\":1}\n", modes(EVOLVE, EVOLVE, ROW), "{\"n\":1,\"a\":\"x\"}\n{\"a\":2,\"n\":3}\n",
          "t.a: {\"n\":1,\"a\":\"x\"} (column 'a' of table 't' is bigint and the value is text, "
          "and the schema contract discards such rows (data_type: discard_row))\n"
          "t(a bigint, n bigint)\n2|3\n");
}

static void a_variant_that_is_there_takes_values(void **state)
{
    (void)state;
    check("{\"a\":1}\n{\"a\":\"x\"}\n", modes(FREEZE, FREEZE, FREEZE), "{\"a\":\"y\"}\n",
          "t(a bigint, a__v_text text)\nnull|\"y\"\n");
}

/* ---- bad rows ---- */

static int load_keyed(struct run *run, bool reject, uint64_t max, const char *lines)
{
    int rc = TG_OK;
    static const struct type_spec bigint = {.type = TYPE_BIGINT};
    struct table_column *id;
    TRY(run_init(run));
    TRY(table_add_column(&run->catalog, run->root, "id", &bigint, &id, &run->err));
    id->nullable = false;
    run->options.reject_bad_rows = reject;
    run->options.reject_max = max;
    TRY(run_push(run, lines));
    TRY(run_finish(run));
done:
    return rc;
}

static const char bad_rows[] = "{\"id\":1,\"l\":[1]}\n{\"a\":2,\"l\":[2]}\n{\"id\":null}\n"
                               "{\"id\":\"x\"}\n{\"id\":5}\n";

static void bad_rows_are_rejected(void **state)
{
    struct run run;
    (void)state;
    if (load_keyed(&run, true, 3, bad_rows) != TG_OK)
        fail_msg("%s: %s", run.err.where, run.err.what);
    assert_non_null(strstr(buf_string(&run.text), "t.id: {\"a\":2,\"l\":[2]} (column 'id'"));
    assert_non_null(strstr(buf_string(&run.text), "t.id: {\"id\":null} (column 'id'"));
    assert_non_null(
        strstr(buf_string(&run.text), "t.id: {\"id\":\"x\"} ('x' (text) does not fit column 'id'"));
    assert_non_null(strstr(buf_string(&run.text), "t(id bigint)\n1\n5\nt__l(value bigint)\n1\n"));
    run_release(&run);
}

/* They count with those that could not be read. */
static void unread_rows_are_rejected(void **state)
{
    struct run run;
    struct page page = {.file = "a.csv"};
    const struct bad_row row = {.line = 3, .byte = 2, .reason = "too short", .text = "1"};
    (void)state;
    assert_int_equal(load_keyed(&run, true, 2, "{\"id\":1}\n"), TG_OK);
    assert_int_equal(run_push(&run, "{\"a\":2}\n"), TG_OK);
    assert_int_equal(page_add_bad(&page, &row, 1, NULL), TG_OK);
    buf_clear(&run.text);
    assert_int_equal(normalizer_reject(run.normalizer, &page, &run.err), TG_OK);
    assert_string_equal(buf_string(&run.text),
                        "t.: null (too short) at file 'a.csv', line 3, byte 2 = a.csv:3:2 '1'\n");
    assert_int_equal(normalizer_reject(run.normalizer, &page, &run.err), TG_DATA);
    assert_string_equal(run.err.what, "too short");
    assert_string_equal(run.err.where, "bad row 3, beyond the limit of 2 (on_bad_row), file "
                                       "'a.csv', line 3, byte 2");
    page_release(&page);
    run_release(&run);
}

/* A column that only a rejected row had is of the type of the next value. */
static void bad_rows_leave_no_type(void **state)
{
    struct run run;
    (void)state;
    if (load_keyed(&run, true, 1, "{\"v\":1.5}\n{\"id\":1}\n{\"id\":2,\"v\":\"x\"}\n") != TG_OK)
        fail_msg("%s: %s", run.err.where, run.err.what);
    assert_non_null(strstr(buf_string(&run.text), "t(id bigint, v text)\n1|null\n2|\"x\"\n"));
    run_release(&run);
}

/* The first value of a key that comes twice asks for nothing: it is not loaded. */
static void a_key_that_comes_twice_asks_once(void **state)
{
    struct run run;
    (void)state;
    if (load_two(&run, "{\"l\":1,\"o\":\"x\"}\n", modes(FREEZE, FREEZE, FREEZE),
                 "{\"l\":[{\"m\":1}],\"o\":{\"p\":1},\"l\":2,\"o\":\"y\"}\n"
                 "{\"l\":\"z\",\"l\":3}\n") != TG_OK)
        fail_msg("%s: %s", run.err.where, run.err.what);
    assert_non_null(strstr(buf_string(&run.text), "2|\"y\"\n3|null\n"));
    run_release(&run);
}

static void bad_rows_have_a_limit(void **state)
{
    struct run run;
    (void)state;
    assert_int_equal(load_keyed(&run, true, 2, bad_rows), TG_DATA);
    assert_string_equal(run.err.where, "line 4, bad row 3, beyond the limit of 2 (on_bad_row)");
    run_release(&run);
    assert_int_equal(load_keyed(&run, false, 2, bad_rows), TG_DATA);
    assert_string_equal(run.err.where, "line 2");
    run_release(&run);
}

static int torture_contracts(void)
{
    struct run run;
    int rc = load_two(&run, "{\"a\":1,\"l\":[{\"x\":1}]}\n", modes(ROW, ROW, VALUE),
                      "{\"a\":\"x\"}\n{\"a\":3,\"b\":1}\n{\"m\":[1]}\n{\"l\":[{\"y\":1}]}\n");
    run_release(&run);
    return rc;
}

static void survives_a_lack_of_memory(void **state)
{
    (void)state;
    torture(torture_contracts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evolve_lets_all_in),
        cmocka_unit_test(a_freeze_shows_what_came),
        cmocka_unit_test(a_freeze_names_the_key),
        cmocka_unit_test(a_long_document_is_cut_between_characters),
        cmocka_unit_test(a_new_table_has_a_free_pass),
        cmocka_unit_test(discarded_rows_are_rejected),
        cmocka_unit_test(values_are_left_out),
        cmocka_unit_test(values_that_are_left_out_are_counted),
        cmocka_unit_test(rows_of_a_new_table_are_rejected),
        cmocka_unit_test(a_dropped_row_teaches_nothing),
        cmocka_unit_test(a_variant_that_is_there_takes_values),
        cmocka_unit_test(bad_rows_are_rejected),
        cmocka_unit_test(unread_rows_are_rejected),
        cmocka_unit_test(bad_rows_leave_no_type),
        cmocka_unit_test(a_key_that_comes_twice_asks_once),
        cmocka_unit_test(bad_rows_have_a_limit),
        cmocka_unit_test(survives_a_lack_of_memory),
    };
    return cmocka_run_group_tests_name("normalize/change", tests, NULL, NULL);
}
