/* Secrets in texts: by their place, by their value, and what is left alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/text/redact.h"
#include "tests/torture.h"

static void check(const struct secrets *secrets, const char *text, const char *shown)
{
    struct buf out = BUF_INIT;
    redact(secrets, text, &out);
    assert_string_equal(buf_string(&out), shown);
    buf_clear(&out);
    redact(secrets, shown, &out); /* what is hidden stays as it is */
    assert_string_equal(buf_string(&out), shown);
    buf_release(&out);
}

static void places_are_hidden(void **state)
{
    static const char *const cases[][2] = {
        {"postgresql://me:pw@db:5432/x", "postgresql://me:***@db:5432/x"},
        {"postgres://me:p:w@/x@db/x", "postgres://me:***@db/x"},
        {"postgresql://postgres@db/x", "postgresql://postgres@db/x"},
        {"postgresql://postgres:@db/x", "postgresql://postgres:@db/x"},
        {"nopostgres://me:pw@db/x", "nopostgres://***@db/x"},
        {"'https://token@host/a'", "'https://***@host/a'"},
        {"pg://me:p@ss/w:rd@db/x", "pg://***@db/x"},
        {"duckdb:///x.duckdb?password=a", "duckdb:///x.duckdb?password=***"},
        {"s3://b?access_key=a&region=r", "s3://b?access_key=***&region=r"},
        {"host=db password='a b' user=me", "host=db password='***' user=me"},
        {"Authorization: Bearer abc, Accept: x", "Authorization: Bearer ***, Accept: x"},
        {"X-Api-Key: abc", "X-Api-Key: ***"},
        {"{\"client_secret\": \"a\", \"id\": 1}", "{\"client_secret\": \"***\", \"id\": 1}"},
        {"  password: hunter2", "  password: ***"},
        {"az://c?AccountKey=a&sig=b", "az://c?AccountKey=***&sig=***"},
        {"postgresql://me:a b@h/x cannot be read", "postgresql://me:***@h/x cannot be read"},
        {"postgresql://me:9f b@h/x cannot be read", "postgresql://me:***@h/x cannot be read"},
        {"postgresql://me:123456 b@h/x", "postgresql://me:***@h/x"},
        {"postgresql://me:9f/b@h/x", "postgresql://me:***@h/x"},
        {"two: a://b:c@d and e://f:g@h", "two: a://***@d and e://***@h"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check(NULL, cases[i][0], cases[i][1]);
}

static void a_line_ends_where_a_value_has_no_end(void **state)
{
    static const char *const cases[][2] = {
        {"destination: host=h password=a b dbname=x", "destination: host=h password="},
        {"destination: host=h password = 'a' b' dbname=x", "destination: host=h password = '"},
        {"{uri: pg://h/x?sslpassword=a b=c}", "{uri: pg://h/x?sslpassword="},
        {"{username: me, password: a=b, spedd: 1}", NULL},
        {"host=h dbname=x", NULL},
        {"", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *shown = cases[i][1] ? cases[i][1] : cases[i][0];
        assert_int_equal(redact_line(cases[i][0]), strlen(shown));
    }
}

static void other_texts_are_left_alone(void **state)
{
    static const char *const cases[] = {
        "duckdb:////data/x.duckdb",
        "http://host:8080/path/@someone",
        "column 'password': the value does not fit",
        "key 'token' is not known",
        "mail me@host, file a@b",
        "tokens=5 passwords: 3",
        "/etc/passwd: invalid header",
        "password=",
        "",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check(NULL, cases[i], cases[i]);
}

static void values_are_hidden_wherever_they_stand(void **state)
{
    struct secrets secrets = {0};
    (void)state;
    assert_int_equal(secrets_add(&secrets, "p@ss word/1", NULL), TG_OK);
    assert_int_equal(secrets_add(&secrets, "short", NULL), TG_OK);
    assert_int_equal(secrets_add_places(&secrets, "pg://me:s3cr%3At%2B99@db?token=abcdefgh", NULL),
                     TG_OK);
    check(&secrets, "a p@ss word/1, p%40ss%20word%2F1.", "a ***, ***.");
    check(&secrets, "s3cr:t+99 s3cr%3At%2B99", "*** ***");
    check(&secrets, "abcdefgh me short", "*** me short");
    check(&secrets, "cut in p@ss wor", "cut in ***");
    check(&secrets, "cut in p@ss wo", "cut in p@ss wo"); /* too little to tell */
    secrets_release(&secrets);
    secrets_release(&secrets);
}

static void the_longest_value_counts(void **state)
{
    struct secrets secrets = {0};
    (void)state;
    assert_int_equal(secrets_add(&secrets, "abcdefgh", NULL), TG_OK);
    assert_int_equal(secrets_add(&secrets, "abcdefghijkl", NULL), TG_OK);
    assert_int_equal(secrets_add(&secrets, "abcdefgh", NULL), TG_OK);
    assert_int_equal(secrets.count, 2);
    check(&secrets, "abcdefghijkl", "***");
    secrets_release(&secrets);
}

static void what_is_hidden_fits(void **state)
{
    char text[16] = "a://b@c/\xC3\xA9\xC3\xA9";
    struct tg_error err = {.where = "pg://a:b@c", .what = "password=x"};
    (void)state;
    redact_in(NULL, text, 12); /* half a letter is none */
    assert_string_equal(text, "a://***@c/");
    redact_error(NULL, &err);
    assert_string_equal(err.where, "pg://***@c");
    assert_string_equal(err.what, "password=***");
    redact_error(NULL, NULL);
}

/* What stands in `where` stands in the parts of the place, too. */
static void all_parts_of_an_error_are_hidden(void **state)
{
    struct secrets secrets = {0};
    struct tg_error err = {.where = "s3cretvalue",
                           .what = "s3cretvalue",
                           .resource = "s3cretvalue",
                           .table = "s3cretvalue",
                           .column = "s3cretvalue",
                           .key_path = "a.s3cretvalue",
                           .file = "pg://me:x@db"};
    (void)state;
    assert_int_equal(secrets_add(&secrets, "s3cretvalue", NULL), TG_OK);
    redact_error(&secrets, &err);
    const char *const parts[] = {err.where, err.what, err.resource, err.table, err.column};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        assert_string_equal(parts[i], "***");
    assert_string_equal(err.key_path, "a.***");
    assert_string_equal(err.file, "pg://***@db");
    secrets_release(&secrets);
}

static int learn(void)
{
    struct secrets secrets = {0};
    int rc = secrets_add_places(&secrets, "pg://me:s3cr%3At%2B99@db?token=abcdefgh", NULL);
    secrets_release(&secrets);
    return rc;
}

static void memory_runs_out(void **state)
{
    (void)state;
    torture(learn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_hidden),
        cmocka_unit_test(a_line_ends_where_a_value_has_no_end),
        cmocka_unit_test(other_texts_are_left_alone),
        cmocka_unit_test(values_are_hidden_wherever_they_stand),
        cmocka_unit_test(the_longest_value_counts),
        cmocka_unit_test(what_is_hidden_fits),
        cmocka_unit_test(all_parts_of_an_error_are_hidden),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests_name("base/redact", tests, NULL, NULL);
}
