/* Views of a database: a name that needs quotes, a ledger that is not ours, no tables at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "data/batch.h"
#include "tests/write/loads.h"
#include "write/sql/show.h"

/* The rows, a line each, cells apart by '|'; from column `from` on. */
static void check(struct fixture *t, enum tg_show what, int64_t from, const char *expected)
{
    struct ArrowArrayStream stream = {0};
    struct ArrowSchema schema = {0};
    struct ArrowArray batch = {0};
    struct buf text = BUF_INIT;
    bool end = false;
    FIXTURE_OK(t, show_database(t->con, "d", what, &stream, &t->err));
    FIXTURE_OK(t, stream_schema(&stream, TG_DESTINATION, &schema, &t->err));
    for (;;) {
        FIXTURE_OK(t, stream_next(&stream, TG_DESTINATION, &batch, &end, &t->err));
        if (end)
            break;
        for (int64_t row = 0; row < batch.length; row++)
            for (int64_t i = from; i < schema.n_children; i++) {
                FIXTURE_OK(t,
                           value_text(schema.children[i], batch.children[i], row, &text, &t->err));
                buf_char(&text, i + 1 < schema.n_children ? '|' : '\n');
            }
        array_release(&batch);
    }
    assert_string_equal(buf_string(&text), expected);
    buf_release(&text);
    schema_release(&schema);
    stream_release(&stream);
}

static void what_there_is(void **state)
{
    (void)state;
    struct fixture t;
    struct ArrowArrayStream stream = {0};
    fixture_init(&t);
    assert_int_equal(show_database(t.con, "d", TG_SHOW_TABLES, &stream, &t.err), TG_DESTINATION);
    assert_string_equal(t.err.what, "dataset 'd' holds no tables yet; run the pipeline first");
    assert_int_equal(t.err.reason, TG_REASON_NOTHING_LOADED);
    fixture_exec(&t, "CREATE SCHEMA IF NOT EXISTS d");
    fixture_exec(&t, "CREATE TABLE d.\"it's \"\"b\"\"\" (id BIGINT, name TEXT)");
    fixture_exec(&t, "INSERT INTO d.\"it's \"\"b\"\"\" VALUES (1, 'a'), (2, 'b')");
    fixture_exec(&t, "CREATE TABLE d._dlt_loads (load_id TEXT)");
    fixture_exec(&t, "CREATE TABLE d.a (id BIGINT)");
    check(&t, TG_SHOW_TABLES, 0, "a|0|1\nit's \"b\"|2|2\n_dlt_loads|0|1\n");
    check(&t, TG_SHOW_LOADS, 0, "");
    fixture_exec(&t, "DROP SCHEMA d CASCADE");
    fixture_table(&t, "person", NULL, DISPOSITION_APPEND);
    fixture_rows(&t, "person", "id bigint", "1\n2\n");
    FIXTURE_WRITE(&t);
    check(&t, TG_SHOW_LOADS, 2, "person|append|0|0|2|0|0|0|0|0|0\n");
    /* A ledger of before. */
    fixture_exec(&t, "ALTER TABLE d._tidegate_loads DROP COLUMN rows_unchanged");
    check(&t, TG_SHOW_LOADS, 2, "person|append|0|0|2|0|0|0|0||0\n");
    fixture_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_there_is),
    };
    return cmocka_run_group_tests_name("write/show", tests, NULL, NULL);
}
