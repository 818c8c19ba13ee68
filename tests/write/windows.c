/* Tests of src/write/sql/windows.c: the ledger of windows, at both databases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/loads.h"

static void add_window(struct fixture *t, const struct manifest_window *window)
{
    FIXTURE_OK(t, manifest_add_window(fixture_begin(t), window, &t->err));
}

static void start(struct fixture *t)
{
    fixture_init(t);
    fixture_table(t, "item", NULL, DISPOSITION_APPEND);
    t->changes_state = false;
    fixture_rows(t, "item", "id bigint", "1\n2\n");
    fixture_part(t, "item")->rows_new = 2;
}

static void test_they_are_read_as_they_were_recorded(void **state)
{
    (void)state;
    struct fixture t;
    struct ledger ledger;
    start(&t);
    add_window(&t, &(struct manifest_window){
                       .resource = "item", .cursor_path = "it's", .lo = "\"a'b\"", .hi = "\"c\""});
    add_window(
        &t, &(struct manifest_window){
                .resource = "other", .cursor_path = "at", .lo = "1", .hi = "2", .planned = true});
    FIXTURE_WRITE(&t);
    fixture_check(&t,
                  "SELECT resource_name, id, state, fence, load_id, rows, tries "
                  "FROM d._tidegate_windows ORDER BY id",
                  "item|1|committed|0|1.5|2|1\nother|2|open|0|NULL|NULL|0\n");
    FIXTURE_OK(&t, fixture_ledger(&t, "shop_pipeline", &ledger));
    assert_int_equal(ledger.window_count, 2);
    assert_string_equal(ledger.windows[0].cursor_path, "it's");
    assert_string_equal(ledger.windows[0].lo, "\"a'b\"");
    assert_string_equal(ledger.windows[0].load_id, "1.5");
    assert_string_equal(ledger.windows[1].load_id, "");
    assert_string_equal(ledger.windows[1].run_id, "1.5");
    assert_string_equal(ledger.windows_mark, "2 1 1.5 1.5");
    ledger_release(&ledger);
    FIXTURE_OK(&t, fixture_ledger(&t, "another", &ledger));
    assert_int_equal(ledger.window_count, 0);
    assert_string_equal(ledger.windows_mark, "");
    ledger_release(&ledger);
    fixture_release(&t);
}

/* What lies side by side is one range, as long as all of it is loaded, or none. */
static void test_they_come_as_ranges(void **state)
{
    (void)state;
    struct fixture t;
    struct ledger ledger;
    char lo[16], hi[16];
    static const struct {
        const char *lo, *hi, *load_id;
        uint64_t count;
    } wanted[] = {{"0", "3", "", 3},  {"5", "6", "", 1},      {"6", "8", "2.5", 2},
                  {"8", "10", "", 2}, {"10", "11", "3.5", 1}, {"7", "8", "2.5", 1}};
    fixture_init(&t);
    t.changes_state = false;
    fixture_table(&t, "item", NULL, DISPOSITION_APPEND);
    for (int i = 0; i < 11; i++) {
        if (i == 3 || i == 4)
            continue;
        snprintf(lo, sizeof(lo), "%d", i);
        snprintf(hi, sizeof(hi), "%d", i + 1);
        add_window(
            &t, &(struct manifest_window){
                    .resource = "item", .cursor_path = "id", .lo = lo, .hi = hi, .planned = true});
    }
    add_window(
        &t, &(struct manifest_window){
                .resource = "other", .cursor_path = "id", .lo = "7", .hi = "8", .planned = true});
    FIXTURE_WRITE(&t);
    fixture_exec(&t, "UPDATE d._tidegate_windows SET load_id = '2.5' WHERE lo IN ('6', '7')");
    fixture_exec(&t, "UPDATE d._tidegate_windows SET load_id = '3.5' WHERE lo = '10'");
    FIXTURE_OK(&t, fixture_ledger(&t, "shop_pipeline", &ledger));
    assert_int_equal(ledger.window_count, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_string_equal(ledger.windows[i].lo, wanted[i].lo);
        assert_string_equal(ledger.windows[i].hi, wanted[i].hi);
        assert_string_equal(ledger.windows[i].load_id, wanted[i].load_id);
        assert_int_equal(ledger.windows[i].count, wanted[i].count);
        assert_string_equal(ledger.windows[i].resource, i == 5 ? "other" : "item");
    }
    ledger_release(&ledger);
    fixture_release(&t);
}

/* What depends on the windows that there were is refused when others have come; what does not, not.
 */
static void test_they_are_heeded(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    add_window(&t, &(struct manifest_window){
                       .resource = "item", .cursor_path = "id", .lo = "1", .hi = "2"});
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "item", "id bigint", "3\n");
    fixture_begin(&t)->heeds_windows = true;
    assert_int_equal(fixture_write(&t), TG_CONFLICT);
    fixture_check(&t, "SELECT count(*) FROM d.item", "2\n");
    fixture_rows(&t, "item", "id bigint", "3\n");
    fixture_begin(&t)->heeds_windows = true;
    fixture_begin(&t)->windows_from = "1 1 1.5 1.5";
    FIXTURE_WRITE(&t);
    fixture_rows(&t, "item", "id bigint", "4\n");
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT count(*) FROM d.item", "4\n");
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_they_are_read_as_they_were_recorded),
        cmocka_unit_test(test_they_come_as_ranges),
        cmocka_unit_test(test_they_are_heeded),
    };
    return run_at_both("windows", tests);
}
