/* normalize/emit.c: ids are there when a batch goes out; batches of a column that grows wider. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "collect.h"

/* Ids of nested rows are computed some at a time; each must be there when its batch goes out. */
static void ids_are_complete(void **state)
{
    (void)state;
    for (int count = 1; count <= 9; count++) {
        struct run run;
        struct buf lines = BUF_INIT;
        assert_int_equal(run_init(&run), TG_OK);
        run.show_system = true;
        buf_text(&lines, "{\"_dlt_id\":\"r\",\"l\":[");
        for (int i = 0; i < count; i++)
            buf_printf(&lines, "%s{\"m\":[%d]}", i ? "," : "", i);
        buf_text(&lines, "]}");
        assert_int_equal(run_push(&run, lines.data), TG_OK);
        assert_int_equal(run_finish(&run), TG_OK);
        assert_null(strstr(run.text.data, "??"));
        struct hasher hasher = {0};
        char message[64], id[16];
        for (int i = 0; i < count; i++) {
            int len = snprintf(message, sizeof(message), "r_t__l_%d", i);
            assert_int_equal(hash_text(&hasher, message, (size_t)len, 10, id, NULL), TG_OK);
            snprintf(message, sizeof(message), "\"r\"|%d|\"%s\"\n", i, id);
            assert_non_null(strstr(run.text.data, message));
            snprintf(message, sizeof(message), "\n%d|\"%s\"|0|\"", i, id); /* its child */
            assert_non_null(strstr(run.text.data, message));
        }
        hasher_release(&hasher);
        buf_release(&lines);
        run_release(&run);
    }
}

/* An id of its own may be of any length, and is the parent of what is below. */
static void long_own_ids(void **state)
{
    (void)state;
    struct run run;
    struct buf lines = BUF_INIT;
    struct hasher hasher = {0};
    char own[301], message[400], id[16];
    memset(own, 'i', 300);
    own[300] = '\0';
    assert_int_equal(run_init(&run), TG_OK);
    run.show_system = true;
    buf_printf(&lines, "{\"_dlt_id\":\"%s\",\"l\":[1]}", own);
    assert_int_equal(run_push(&run, lines.data), TG_OK);
    assert_int_equal(run_finish(&run), TG_OK);
    int len = snprintf(message, sizeof(message), "%s_t__l_0", own);
    assert_int_equal(hash_text(&hasher, message, (size_t)len, 10, id, NULL), TG_OK);
    snprintf(message, sizeof(message), "1|\"%s\"|0|\"%s\"\n", own, id);
    assert_non_null(strstr(run.text.data, message));
    hasher_release(&hasher);
    buf_release(&lines);
    run_release(&run);
}

/* What was emitted keeps its type; the catalog has the last one. */
static void wider_between_batches(void **state)
{
    (void)state;
    struct run run;
    struct buf lines = BUF_INIT;
    assert_int_equal(run_init(&run), TG_OK);
    run.count_only = true;
    for (int i = 0; i < 2048; i++)
        buf_text(&lines, "{\"a\":2}\n");
    buf_text(&lines, "{\"a\":1}\n{\"a\":0.5}\n");
    assert_int_equal(run_push(&run, lines.data), TG_OK);
    assert_int_equal(run_finish(&run), TG_OK);
    assert_string_equal(run.text.data, "t(a bigint)\n2048 rows\nt(a double)\n2 rows\n");
    assert_int_equal(table_find(run.root, "a")->spec.type, TYPE_DOUBLE);
    buf_release(&lines);
    run_release(&run);
}

/* A list longer than a batch: its rows find their parent's id, in whatever batch they go out. */
static void ids_of_many_batches(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    struct run run;
    struct buf lines = BUF_INIT;
    struct hasher hasher = {0};
    char message[64], id[16];
    size_t found = 0;
    assert_int_equal(run_init(&run), TG_OK);
    run.show_system = true;
    buf_text(&lines, "{\"_dlt_id\":\"r\",\"l\":[");
    for (int i = 0; i < COUNT; i++)
        buf_printf(&lines, "%s%d", i ? "," : "", i);
    buf_text(&lines, "]}");
    assert_int_equal(run_push(&run, lines.data), TG_OK);
    assert_int_equal(run_finish(&run), TG_OK);
    const char *at = buf_string(&run.text);
    for (int i = 0; i < COUNT && at; i++, found++) {
        int len = snprintf(message, sizeof(message), "r_t__l_%d", i);
        assert_int_equal(hash_text(&hasher, message, (size_t)len, 10, id, NULL), TG_OK);
        snprintf(message, sizeof(message), "\n%d|\"r\"|%d|\"%s\"\n", i, i, id);
        at = strstr(at, message);
    }
    assert_non_null(at);
    assert_int_equal(found, COUNT);
    hasher_release(&hasher);
    buf_release(&lines);
    run_release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_complete),
        cmocka_unit_test(long_own_ids),
        cmocka_unit_test(ids_of_many_batches),
        cmocka_unit_test(wider_between_batches),
    };
    return cmocka_run_group_tests_name("normalize/emit", tests, NULL, NULL);
}
