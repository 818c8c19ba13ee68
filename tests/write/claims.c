/* Tests of src/write/sql/claims.c: who gets which window, at both databases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/loads.h"
#include "write/sql/claims.h"

static void plan(struct fixture *t)
{
    static const struct manifest_window window = {
        .resource = "item", .cursor_path = "id", .lo = "1", .hi = "2", .planned = true};
    fixture_init(t);
    t->changes_state = false;
    fixture_table(t, "item", NULL, DISPOSITION_APPEND);
    for (int i = 0; i < 3; i++)
        FIXTURE_OK(t, manifest_add_window(fixture_begin(t), &window, &t->err));
    FIXTURE_WRITE(t);
}

static size_t claim(struct fixture *t, const char *owner, int64_t now_us, size_t most,
                    struct claims *out)
{
    const struct claim_request request = {.pipeline = "shop_pipeline",
                                          .run_id = "1.5",
                                          .owner = owner,
                                          .now_us = now_us,
                                          .lease_us = 100,
                                          .most = most,
                                          .counts = true};
    *out = (struct claims){0};
    arena_init(&out->arena);
    FIXTURE_OK(t, claims_take(t->con, "d", &request, out, &t->err));
    return out->count;
}

static void test_each_goes_to_one(void **state)
{
    (void)state;
    struct fixture t;
    struct claims claims;
    plan(&t);
    assert_int_equal(claim(&t, "a", 1000, 2, &claims), 2);
    assert_int_equal(claims.items[0].fence, 1);
    assert_string_equal(claims.items[0].resource, "item");
    assert_string_equal(claims.items[0].hi, "2");
    assert_int_equal(claims.open, 1);
    assert_int_equal(claims.leased, 2);
    claims_release(&claims);
    assert_int_equal(claim(&t, "b", 1000, 2, &claims), 1);
    claims_release(&claims);
    assert_int_equal(claim(&t, "c", 1100, 2, &claims), 0); /* the leases are not over yet */
    claims_release(&claims);
    assert_int_equal(claim(&t, "c", 1101, 1, &claims), 1);
    assert_int_equal(claims.items[0].fence, 2);
    claims_release(&claims);
    /* The second try of a window has a longer lease: four times the first. */
    fixture_check(&t, "SELECT max(expires_us), max(tries) FROM d._tidegate_windows", "1501|2\n");
    FIXTURE_OK(&t, claims_release_owner(t.con, "d", "shop_pipeline", "c", &t.err));
    assert_int_equal(claim(&t, "d", 1000, 9, &claims), 1);
    assert_int_equal(claims.items[0].fence, 3);
    claims_release(&claims);
    fixture_release(&t);
}

static void test_who_was_overtaken_writes_nothing(void **state)
{
    (void)state;
    struct fixture t;
    struct claims first, second;
    plan(&t);
    claim(&t, "a", 1000, 1, &first);
    claim(&t, "b", 2000, 1, &second);
    assert_int_equal(first.items[0].id, second.items[0].id);
    struct manifest_window window = {.resource = "item",
                                     .cursor_path = "id",
                                     .lo = "1",
                                     .hi = "2",
                                     .run_id = "1.5",
                                     .id = first.items[0].id,
                                     .owner = "a",
                                     .fence = first.items[0].fence};
    fixture_rows(&t, "item", "id bigint", "1\n");
    FIXTURE_OK(&t, manifest_add_window(fixture_begin(&t), &window, &t.err));
    assert_int_equal(fixture_write(&t), TG_CONFLICT);
    assert_non_null(strstr(t.err.what, "is no longer ours"));
    window.owner = "b";
    window.fence = second.items[0].fence;
    fixture_rows(&t, "item", "id bigint", "1\n");
    fixture_part(&t, "item")->rows_new = 1;
    FIXTURE_OK(&t, manifest_add_window(fixture_begin(&t), &window, &t.err));
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT count(*) FROM d.item", "1\n");
    fixture_check(&t, "SELECT state, rows FROM d._tidegate_windows WHERE load_id IS NOT NULL",
                  "committed|1\n");
    claims_release(&first);
    claims_release(&second);
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_goes_to_one),
        cmocka_unit_test(test_who_was_overtaken_writes_nothing),
    };
    return run_at_both("claims", tests);
}
