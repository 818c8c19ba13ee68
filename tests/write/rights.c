/* Tests of src/write/sql/rights.c: what plans take, and what a user lacks of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/write/both.h"
#include "tests/write/loads.h"
#include "write/sql/rights.h"

static void put(struct plan *plan, const char *sql)
{
    const struct sql_scope scope = {.dialect = NULL};
    struct tg_error err = {0};
    buf_text(&plan->text, sql);
    assert_int_equal(plan_add(plan, NULL, COUNT_NONE, &scope, "", &err), TG_OK);
}

static const char *missing(struct fixture *t, const struct plan *plan, char out[600])
{
    struct arena arena;
    struct buf said = BUF_INIT;
    const char *user = NULL;
    arena_init(&arena);
    FIXTURE_OK(t, rights_missing(t->con, "d", &plan, 1, &arena, &said, &user, &t->err));
    snprintf(out, 600, "%s", buf_string(&said));
    if (said.len > 0)
        assert_string_equal(user, "poor_user");
    buf_release(&said);
    arena_release(&arena);
    return out;
}

static void test_who_may_do_all_lacks_nothing(void **state)
{
    (void)state;
    struct fixture t;
    struct plan plan;
    char said[600];
    fixture_init(&t);
    plan_init(&plan);
    put(&plan, "CREATE SCHEMA \"d\"");
    put(&plan, "DELETE FROM \"d\".\"t\"");
    assert_string_equal(missing(&t, &plan, said), "");
    plan_release(&plan);
    fixture_release(&t);
}

/* A database without users is asked nothing. */
static void test_what_a_user_lacks(void **state)
{
    (void)state;
    struct fixture t;
    struct plan plan;
    char said[600];
    fixture_init(&t);
    if (!t.con->dialect->rights) {
        fixture_release(&t);
        return;
    }
    plan_init(&plan);
    fixture_exec(&t, "DROP ROLE IF EXISTS poor_user");
    fixture_exec(&t, "CREATE ROLE poor_user");
    fixture_exec(&t, "CREATE SCHEMA d");
    fixture_exec(&t, "CREATE TABLE d.\"a \"\" b\" (id int, v int)");
    fixture_exec(&t, "CREATE TABLE d.o (id int)");
    fixture_exec(&t, "GRANT UPDATE (v), SELECT (id) ON d.\"a \"\" b\" TO poor_user");
    fixture_exec(&t, "SET ROLE poor_user");
    put(&plan, "DELETE FROM \"d\".\"a \"\" b\" AS t\nWHERE id = 1");
    put(&plan, "UPDATE \"d\".\"a \"\" b\" SET v = 1");
    put(&plan, "INSERT INTO \"d\".\"new\" VALUES (1)");
    put(&plan, "INSERT INTO \"other\".\"o\" VALUES (1)");
    put(&plan, "DELETE FROM \"_tidegate_stage_1\"");
    assert_string_equal(missing(&t, &plan, said), "GRANT DELETE ON d.\"a \"\" b\" TO poor_user");
    put(&plan, "DELETE FROM \"d\".\"o\" WHERE true");
    put(&plan, "TRUNCATE \"d\".\"o\"");
    put(&plan, "ALTER TABLE \"d\".\"o\" ADD COLUMN x int");
    put(&plan, "CREATE TABLE \"d\".\"new\" (id int)");
    assert_non_null(strstr(missing(&t, &plan, said), "ALTER TABLE d.o OWNER TO poor_user; GRANT "
                                                     "CREATE ON SCHEMA d TO poor_user; "));
    assert_non_null(strstr(said, "; and 2 more such rights"));
    fixture_exec(&t, "RESET ROLE");
    fixture_exec(&t, "GRANT ALL ON d.o TO poor_user");
    fixture_exec(&t, "ALTER TABLE d.o ENABLE ROW LEVEL SECURITY");
    fixture_exec(&t, "SET ROLE poor_user");
    plan_release(&plan);
    plan_init(&plan);
    put(&plan, "DELETE FROM \"d\".\"o\" WHERE true");
    put(&plan, "INSERT INTO \"d\".\"o\" VALUES (1)");
    assert_string_equal(missing(&t, &plan, said), "ALTER ROLE poor_user BYPASSRLS");
    fixture_exec(&t, "RESET ROLE");
    fixture_exec(&t, "DROP OWNED BY poor_user");
    fixture_exec(&t, "DROP ROLE poor_user");
    plan_release(&plan);
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_may_do_all_lacks_nothing),
        cmocka_unit_test(test_what_a_user_lacks),
    };
    return run_at_both("write/rights", tests);
}
