/* catalog/contract.c: the words, the stored forms, and dlt's precedence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/json.h"
#include "catalog/contract.h"
#include "tests/torture.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static int read_text(const char *json, struct contract *out, struct tg_error *err)
{
    yyjson_doc *doc = NULL;
    int rc = json_parse(json, strlen(json), "it", &doc, err);
    if (rc == TG_OK)
        rc = contract_read(yyjson_doc_get_root(doc), out, err);
    yyjson_doc_free(doc);
    return rc;
}

static void words(void **state)
{
    (void)state;
    static const char *const modes[] = {"", "evolve", "freeze", "discard_row", "discard_value"};
    enum contract_mode mode;
    for (int i = CONTRACT_UNSAID; i <= CONTRACT_DISCARD_VALUE; i++) {
        assert_string_equal(contract_mode_text((enum contract_mode)i), modes[i]);
        assert_int_equal(contract_mode_find(modes[i], &mode), i != CONTRACT_UNSAID);
        assert_true(i == CONTRACT_UNSAID || (int)mode == i);
    }
    assert_false(contract_mode_find("Freeze", &mode));
    assert_string_equal(contract_entity_text(CONTRACT_TABLES), "tables");
    assert_string_equal(contract_entity_text(CONTRACT_COLUMNS), "columns");
    assert_string_equal(contract_entity_text(CONTRACT_DATA_TYPE), "data_type");
}

static void stored_forms(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        struct contract contract;
        const char *written; /* NULL: as read */
    } cases[] = {
        {"\"freeze\"", {.modes = {CONTRACT_FREEZE, CONTRACT_FREEZE, CONTRACT_FREEZE}}, NULL},
        {"{\"columns\":\"discard_row\"}", {.modes = {0, CONTRACT_DISCARD_ROW, 0}}, NULL},
        {"{\"tables\":\"evolve\",\"data_type\":\"discard_value\"}",
         {.modes = {CONTRACT_EVOLVE, 0, CONTRACT_DISCARD_VALUE}},
         NULL},
        {"{\"columns\":null,\"tables\":\"freeze\"}",
         {.modes = {CONTRACT_FREEZE, 0, 0}},
         "{\"tables\":\"freeze\"}"},
        {"{\"tables\":\"evolve\",\"columns\":\"evolve\",\"data_type\":\"evolve\"}",
         {.modes = {CONTRACT_EVOLVE, CONTRACT_EVOLVE, CONTRACT_EVOLVE}},
         NULL},
        {"{}", {.modes = {0}}, ""},
        {"null", {.modes = {0}}, ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct contract contract;
        struct buf out = BUF_INIT;
        assert_int_equal(read_text(cases[i].json, &contract, NULL), TG_OK);
        assert_memory_equal(contract.modes, cases[i].contract.modes, sizeof(contract.modes));
        assert_int_equal(contract.spelled_out, cases[i].json[0] == '{');
        contract_write(&contract, &out);
        assert_string_equal(buf_string(&out), cases[i].written ? cases[i].written : cases[i].json);
        assert_int_equal(contract_is_said(&contract), out.len > 0);
        buf_release(&out);
    }
}

static void rows_are_discarded_by_some(void **state)
{
    static const struct {
        struct contract contract;
        bool discards;
    } cases[] = {
        {{.modes = {CONTRACT_FREEZE, CONTRACT_EVOLVE, CONTRACT_DISCARD_VALUE}}, false},
        {{.modes = {CONTRACT_UNSAID}}, false},
        {{.modes = {CONTRACT_DISCARD_VALUE, CONTRACT_EVOLVE, CONTRACT_EVOLVE}}, true},
        {{.modes = {CONTRACT_EVOLVE, CONTRACT_DISCARD_ROW, CONTRACT_FREEZE}}, true},
        {{.modes = {CONTRACT_EVOLVE, CONTRACT_EVOLVE, CONTRACT_DISCARD_ROW}}, true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(contract_discards_rows(&cases[i].contract), cases[i].discards);
}

static void nonsense(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"\"thaw\"", "thaw"},
        {"{\"columns\":\"thaw\"}", "'columns' is 'thaw'"},
        {"{\"columns\":1}", "'columns' must be a text"},
        {"{\"rows\":\"freeze\"}", "'rows'"},
        {"[]", "'schema_contract' must be a text"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct contract contract;
        struct tg_error err = {0};
        assert_int_equal(read_text(cases[i][0], &contract, &err), TG_DATA);
        if (!strstr(err.what, cases[i][1]))
            fail_msg("%s: %s", cases[i][0], err.what);
    }
}

static struct contract all(enum contract_mode mode)
{
    return (struct contract){.modes = {mode, mode, mode}};
}

/* Each line was asked of dlt: Schema.resolve_contract_settings_for_table. */
static void precedence(void **state)
{
    (void)state;
    const struct contract none = {.modes = {0}};
    const struct contract freeze = all(CONTRACT_FREEZE);
    const struct contract evolve = all(CONTRACT_EVOLVE);
    const struct contract rows = {.modes = {0, CONTRACT_DISCARD_ROW, 0}};
    const struct contract rows_full = {
        .modes = {CONTRACT_EVOLVE, CONTRACT_DISCARD_ROW, CONTRACT_EVOLVE}};
    const struct contract type = {.modes = {0, 0, CONTRACT_DISCARD_VALUE}};
    const struct contract type_full = {
        .modes = {CONTRACT_EVOLVE, CONTRACT_EVOLVE, CONTRACT_DISCARD_VALUE}};
    const struct {
        const struct contract *run, *table, *schema, *expected;
    } cases[] = {
        {NULL, NULL, NULL, &evolve},       {&none, &none, &none, &evolve},
        {NULL, NULL, &freeze, &freeze},    {&none, &none, &rows, &rows_full},
        {NULL, &rows, NULL, &rows_full},   {NULL, &rows, &freeze, &rows_full},
        {NULL, &evolve, &freeze, &evolve}, {&type, &rows, &freeze, &type_full},
        {&freeze, &rows, NULL, &freeze},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct contract resolved = contract_resolve(cases[i].run, cases[i].table, cases[i].schema);
        assert_memory_equal(&resolved, cases[i].expected, sizeof(resolved));
    }
}

static void what_was_to_be_new_is_told(void **state)
{
    struct tg_error err = {0};
    (void)state;
    error_set(&err, TG_CONTRACT, "no");
    assert_int_equal(contract_blame(CONTRACT_COLUMNS, "t", "c", &err), TG_CONTRACT);
    assert_int_equal(err.reason, TG_REASON_CONTRACT_COLUMNS);
    assert_string_equal(err.table, "t");
    assert_string_equal(err.column, "c");
    error_set(&err, TG_CONTRACT, "no");
    contract_blame(CONTRACT_TABLES, "t", NULL, &err);
    assert_int_equal(err.reason, TG_REASON_CONTRACT_TABLES);
    assert_string_equal(err.column, "");
    assert_int_equal(contract_blame(CONTRACT_DATA_TYPE, "t", "c", NULL), TG_CONTRACT);
}

static int read_one(void)
{
    struct contract contract;
    struct buf out = BUF_INIT;
    int rc = read_text("{\"columns\":\"freeze\"}", &contract, NULL);
    if (rc == TG_OK) {
        contract_write(&contract, &out);
        rc = buf_check(&out, NULL);
    }
    buf_release(&out);
    return rc;
}

static void out_of_memory(void **state)
{
    (void)state;
    torture(read_one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),
        cmocka_unit_test(stored_forms),
        cmocka_unit_test(rows_are_discarded_by_some),
        cmocka_unit_test(nonsense),
        cmocka_unit_test(precedence),
        cmocka_unit_test(what_was_to_be_new_is_told),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests_name("catalog/contract", tests, NULL, NULL);
}
