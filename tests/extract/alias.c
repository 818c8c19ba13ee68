/* A cursor that calls its field by the normalised name: in rows, in batches, beside its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>

#include "cursor_helper.h"
#include "extract/cursor/alias.h"
#include "extract/cursor/judge.h"
#include "tests/torture.h"

static int calls;

/* "updatedAt" -> "updated_at" */
static int snake(void *user, const char *name, size_t len, struct buf *out, struct tg_error *err)
{
    (void)user;
    calls++;
    for (size_t i = 0; i < len; i++) {
        if (isupper((unsigned char)name[i]))
            buf_char(out, '_');
        buf_char(out, (char)tolower((unsigned char)name[i]));
    }
    return buf_check(out, err);
}

static const struct cursor_options by_name = {.path = "updated_at",
                                              .names = {snake, NULL},
                                              .initial_value = INT(2),
                                              .on_missing = TG_EXCLUDE};

static void test_rows(void **state)
{
    (void)state;
    struct cursor *cursor = cursor_of(&by_name);
    assert_string_equal(kept_of(cursor, "{\"id\":1}\n"), "");
    assert_string_equal(kept_of(cursor, "{\"id\":1,\"updatedAt\":1}\n{\"id\":2,\"updatedAt\":2}\n"),
                        "{\"id\":2,\"updatedAt\":2} ");
    assert_string_equal(cursor->fields[0].path.text, "updated_at"); /* the state's word for it */
    assert_string_equal(kept_of(cursor, "{\"updatedAt\":3}\n{\"updated_at\":4}\n"),
                        "{\"updatedAt\":3} {\"updated_at\":4} ");
    cursor_free(cursor);
}

/* The name of the source goes first, wherever in a page it is, and stays. */
static void test_the_very_name(void **state)
{
    (void)state;
    struct cursor *cursor = cursor_of(&by_name);
    assert_string_equal(kept_of(cursor, "{\"updatedAt\":9}\n{\"updatedAt\":1,\"updated_at\":2}\n"),
                        "{\"updatedAt\":1,\"updated_at\":2} ");
    assert_string_equal(kept_of(cursor, "{\"updatedAt\":9}\n"), "");
    cursor_free(cursor);
    cursor = cursor_of(&(struct cursor_options){.path = "updated_at", .on_missing = TG_EXCLUDE});
    assert_string_equal(kept_of(cursor, "{\"updatedAt\":9}\n"), ""); /* nobody knows names */
    cursor_free(cursor);
}

/* Keys that are like those of the row before are not looked at again. */
static void test_few_calls(void **state)
{
    (void)state;
    struct cursor *cursor = cursor_of(&by_name);
    calls = 0;
    kept_of(cursor, "{\"a\":1,\"b\":2}\n{\"a\":1,\"b\":2}\n{\"a\":1,\"c\":2,\"d\":3}\n");
    assert_int_equal(calls, 4);
    cursor_free(cursor);
}

static void test_a_path_is_no_name(void **state)
{
    (void)state;
    struct cursor_options options = by_name;
    options.path = "x.updated_at";
    struct cursor *cursor = cursor_of(&options);
    assert_string_equal(kept_of(cursor, "{\"x\":{\"updatedAt\":9}}\n"), "");
    cursor_free(cursor);
}

static int all(void)
{
    int rc = TG_OK;
    struct tg_error err = {0};
    struct cursor *cursor = NULL;
    struct page page = {.kind = PAGE_ARROW};
    struct ArrowSchema child = {.name = "updatedAt"}, *children[] = {&child};
    page.schema = (struct ArrowSchema){.n_children = 1, .children = children};
    TRY(cursor_new(&by_name, &cursor, &err));
    TRY(alias_settle(cursor, &page, &err));
    assert_true(cursor->fields[0].is_alias);
    assert_string_equal(cursor->fields[0].path.steps[0].name, "updatedAt");
done:
    cursor_free(cursor);
    return rc;
}

static void test_memory(void **state)
{
    (void)state;
    torture(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),      cmocka_unit_test(test_the_very_name),
        cmocka_unit_test(test_few_calls), cmocka_unit_test(test_a_path_is_no_name),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests_name("extract/alias", tests, NULL, NULL);
}
