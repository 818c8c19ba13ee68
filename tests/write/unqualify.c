/* Tests of src/write/sql/unqualify.c: a dataset is left out before names of tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/torture.h"
#include "write/sql/unqualify.h"

static const char *const tables[] = {"price", "Odd \"one"};
static const struct sql_names names = {tables, 2};

struct expectation {
    const char *text, *duckdb, *postgres; /* NULL: as it stands */
};

static void check(const struct dialect *dialect, const char *text, const char *wanted)
{
    struct tg_error err = {0};
    struct buf out = BUF_INIT;
    const struct sql_scope dataset = {.dialect = dialect, .dataset = "shop"};
    assert_int_equal(sql_unqualify(&out, &dataset, &names, text, &err), TG_OK);
    assert_string_equal(buf_string(&out), wanted ? wanted : text);
    buf_release(&out);
}

static void test_names(void **state)
{
    (void)state;
    static const char one[] = "select * from \"price\"";
    static const struct expectation cases[] = {
        {"select * from shop.price", one, one},
        {"select * from Shop . \n PRICE", one, one},
        {"select * from \"shop\".\"price\"", one, one},
        {"select * from \"Shop\".price", one, NULL},
        {"select * from \"shop\".\"Price\"", one, NULL},
        {"select * from file.shop.price", one, one},
        {"select shop.price.cents from shop.price p", "select \"price\".cents from \"price\" p",
         "select \"price\".cents from \"price\" p"},
        {"from shop.\"Odd \"\"one\"", "from \"Odd \"\"one\"", "from \"Odd \"\"one\""},
        {"from price, shop.other, other.price, shops.price, a.b.shop.price", NULL, NULL},
        {"select 'shop.price', 'it''s shop.price', $$shop.price$$, $a$ $$shop.price $a$", NULL,
         NULL},
        {"select E'\\'shop.price' -- shop.price", NULL, NULL},
        {"/* shop.price /* */ shop.price */ select \"a shop.price\", 1.5, 1e5, $1", NULL, NULL},
        {"select * from [shop].[price], `shop`.`price`, [shop] . price",
         "select * from \"price\", \"price\", \"price\"",
         "select * from \"price\", \"price\", \"price\""},
        {"from `shop`.`Odd \"one`, [shop].[prices]", "from \"Odd \"\"one\", [shop].[prices]",
         "from \"Odd \"\"one\", [shop].[prices]"},
        {"select a[1], [shop], b[price], [shop, price], [", NULL, NULL},
        {"select [shop.price.cents]", "select [\"price\".cents]", "select [\"price\".cents]"},
        {"'", NULL, NULL},
        {"\"shop.price", NULL, NULL},
        {"/* ", NULL, NULL},
        {"$$ shop.price", NULL, NULL},
        {"shop.", NULL, NULL},
        {"", NULL, NULL},
        {"-- shop.price\nshop.price", "-- shop.price\n\"price\"", "-- shop.price\n\"price\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check(&dialect_duckdb, cases[i].text, cases[i].duckdb);
        check(&dialect_postgres, cases[i].text, cases[i].postgres);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests_name("write/unqualify", tests, NULL, NULL);
}
