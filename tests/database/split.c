/* Tests of src/database/split.c: where statements end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/buf.h"
#include "database/split.h"

/* Each statement in brackets. */
static void check(const char *text, const char *wanted)
{
    size_t len;
    struct buf out = BUF_INIT;
    for (const char *at = text; at;) {
        const char *first = at, *next = sql_split(&first, &len);
        if (len > 0)
            buf_printf(&out, "[%.*s]", (int)len, first);
        at = next;
    }
    assert_string_equal(buf_string(&out), wanted);
    buf_release(&out);
}

static void test_statements(void **state)
{
    (void)state;
    check("select 1", "[select 1]");
    check("select 1;", "[select 1]");
    check(" select 1 ; ;\n select 2 ;", "[select 1 ][select 2 ]");
    check("a;b", "[a][b]");
}

static void test_nothing(void **state)
{
    (void)state;
    check("", "");
    check(" ;\n;", "");
    check("-- a remark; and more", "");
    check("/* one; /* two; */ ; */ ;", "");
    check("/* never ended ;", "");
}

static void test_asides(void **state)
{
    (void)state;
    check("select ';', 'it''s;' ; b", "[select ';', 'it''s;' ][b]");
    check("select \"a;\"\"b\" -- c; d\n; e", "[select \"a;\"\"b\" -- c; d\n][e]");
    check("/* why; */ select 1; f", "[/* why; */ select 1][f]");
    check("select $$a;b$$, $t$;$$;$t$; g", "[select $$a;b$$, $t$;$$;$t$][g]");
    check("select e'\\';', `x;y`; h", "[select e'\\';', `x;y`][h]");
    check("select 'never ended; i", "[select 'never ended; i]");
}

static void test_bodies(void **state)
{
    (void)state;
    static const char trigger[] =
        "create temp trigger x after insert on t begin update t set a = 1; "
        "select case when 1 then 2 end; end";
    struct buf text = BUF_INIT, wanted = BUF_INIT;
    buf_printf(&text, "%s; select 1", trigger);
    buf_printf(&wanted, "[%s][select 1]", trigger);
    check(buf_string(&text), buf_string(&wanted));
    buf_release(&text);
    buf_release(&wanted);
    check("create function f() begin atomic select 1; select 2; end; j",
          "[create function f() begin atomic select 1; select 2; end][j]");
    check("create table begin_here (a int); k", "[create table begin_here (a int)][k]");
    check("begin; select 1; end; l", "[begin][select 1][end][l]");
    check("create trigger x execute function f(); m", "[create trigger x execute function f()][m]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statements),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_asides),
        cmocka_unit_test(test_bodies),
    };
    return cmocka_run_group_tests_name("database/split", tests, NULL, NULL);
}
