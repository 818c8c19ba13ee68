/* write/agree.c: what a load was made for, and what is there when it is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/postgres.h"
#include "tests/write/loads.h"
#include "write/sql/agree.h"

static void start(struct fixture *t)
{
    fixture_init(t);
    fixture_table(t, "item", NULL, DISPOSITION_APPEND);
}

static void check_error(struct fixture *t, int code, bool retryable, const char *what)
{
    assert_int_equal(fixture_write(t), code);
    assert_int_equal(t->err.retryable, retryable);
    if (!strstr(t->err.what, what))
        fail_msg("'%s' is not in '%s'", what, t->err.what);
}

/* A column appears, or gets another type, between the seal and the write: without agree_check the
 * rows are cast, and most of these change their value. */
static void a_type_that_changed_is_a_conflict(void **state)
{
    (void)state;
    static const struct {
        const char *there, *header, *row;
    } cases[] = {
        {"BOOLEAN", "id bigint|v bigint", "1|7\n"},
        {"DOUBLE", "id bigint|v bigint", "1|9007199254740993\n"},
        {"VARCHAR", "id bigint|v double", "1|1.5\n"},
        {"DOUBLE", "id bigint|v text", "1|007\n"},
        {"DECIMAL(6,1)", "id bigint|v decimal(6,3)", "1|1.125\n"},
        {"TIMESTAMP_S", "id bigint|v timestamp", "1|2024-01-01T00:00:00.5Z\n"},
        {"TIMESTAMP", "id bigint|v text", "1|2024-01-01\n"},
        {"BOOLEAN", "id bigint|v text", "1|yes\n"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture t;
        char sql[80];
        start(&t);
        fixture_rows(&t, "item", "id bigint", "1\n");
        FIXTURE_WRITE(&t);
        snprintf(sql, sizeof(sql), "ALTER TABLE d.item ADD COLUMN v %s", cases[i].there);
        fixture_exec(&t, sql);
        fixture_rows(&t, "item", cases[i].header, cases[i].row);
        check_error(&t, TG_CONFLICT, true, "somebody has changed the table meanwhile");
        snprintf(sql, sizeof(sql), "column 'v' of table 'item' is %s at the destination",
                 cases[i].there);
        assert_non_null(strstr(t.err.what, sql));
        fixture_check(&t, "SELECT count(*) FROM d.item", "1\n");
        fixture_release(&t);
    }
}

/* Types that hold all values of ours, and such that are altered to it, are none. */
static void wider_and_narrower_types(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_rows(&t, "item", "id bigint", "1\n");
    FIXTURE_WRITE(&t);
    fixture_exec(&t, "ALTER TABLE d.item ADD COLUMN \"A\" BIGINT");
    fixture_exec(&t, "ALTER TABLE d.item ADD COLUMN b SMALLINT");
    fixture_exec(&t, "ALTER TABLE d.item ADD COLUMN c TIMESTAMP WITH TIME ZONE");
    fixture_exec(&t, "ALTER TABLE d.item ADD COLUMN e DECIMAL(38,9)");
    fixture_exec(&t, "ALTER TABLE d.item ADD COLUMN f SMALLINT");
    fixture_rows(&t, "item", "id bigint|a bigint(16)|b bigint|c date|e decimal(6,2)|f text",
                 "2|5|70000|2024-01-02|1.25|007\n");
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT a, b, c, e, f, typeof(b) FROM d.item WHERE id = 2",
                  "5|70000|2024-01-02T00:00:00+00:00|1.250000000|007|BIGINT\n");
    fixture_release(&t);
}

static void types_that_are_none_of_ours(void **state)
{
    (void)state;
    static const struct {
        const char *there, *type, *exact, *changed, *what;
    } cases[] = {
        {"FLOAT", "double", "0.5", "0.1", "does not hold the value '0.1' (DOUBLE) exactly"},
        {"UBIGINT", "bigint", "5", "-5", "does not hold the value '-5' (BIGINT) exactly"},
        {"ENUM('a')", "text", "a", "b", "is ENUM('a') at the destination"},
        {"UUID", "text", "6f1c3a60-0000-4000-8000-000000000000", "6F1C3A60",
         "SET DATA TYPE VARCHAR)"},
        {"INTEGER[]", "text", "[1, 2]", "[x]", "does not hold the value '[x]'"},
        {"INTEGER[]", "bigint", NULL, "1", "does not hold the value '1' (BIGINT) exactly"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture t;
        char sql[80], rows[80], header[40];
        start(&t);
        fixture_rows(&t, "item", "id bigint", "1\n");
        FIXTURE_WRITE(&t);
        snprintf(sql, sizeof(sql), "ALTER TABLE d.item ADD COLUMN v %s", cases[i].there);
        fixture_exec(&t, sql);
        snprintf(header, sizeof(header), "id bigint|v %s", cases[i].type);
        snprintf(rows, sizeof(rows), "2|%s\n3|NULL\n", cases[i].exact ? cases[i].exact : "NULL");
        if (cases[i].exact) {
            fixture_rows(&t, "item", header, rows);
            FIXTURE_WRITE(&t);
            snprintf(rows, sizeof(rows), "%s\n", cases[i].exact);
            fixture_check(&t, "SELECT CAST(v AS VARCHAR) FROM d.item WHERE id = 2", rows);
        }
        snprintf(rows, sizeof(rows), "4|%s\n", cases[i].changed);
        fixture_rows(&t, "item", header, rows);
        check_error(&t, TG_DATA, false, cases[i].what);
        fixture_check(&t, "SELECT count(*) FROM d.item WHERE id = 4", "0\n");
        fixture_release(&t);
    }
}

/* Who made the column may have called its type otherwise. */
static void two_names_of_one_type(void **state)
{
    (void)state;
    struct fixture t;
    fixture_url = postgres_uri();
    start(&t);
    fixture_rows(&t, "item", "id bigint", "1\n");
    FIXTURE_WRITE(&t);
    fixture_exec(&t, "ALTER TABLE d.item ADD COLUMN v text");
    fixture_rows(&t, "item", "id bigint|v text", "2|a\n3|NULL\n");
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT count(v), count(*) FROM d.item", "1|3\n");
    fixture_release(&t);
    fixture_url = NULL;
}

/* PostgreSQL would round a number without a word; a text that does not fit it refuses itself. */
static void types_of_postgresql(void **state)
{
    (void)state;
    static const struct {
        const char *there, *type, *exact, *changed, *what;
        int code;
    } cases[] = {
        {"real", "double", "0.5", "0.1", "does not hold the value '0.1' (double precision) exactly",
         TG_DATA},
        {"numeric(50,2)", "decimal(9,3)", "1.25", "1.255", "does not hold the value '1.255'",
         TG_DATA},
        {"uuid", "text", "6f1c3a60-0000-4000-8000-000000000000", "6F1C3A60", "uuid", TG_DATA},
        {"character varying(3)", "text", "abc", "abcd", "too long", TG_DESTINATION},
    };
    fixture_url = postgres_uri();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture t;
        char sql[80], rows[80], header[40];
        start(&t);
        fixture_rows(&t, "item", "id bigint", "1\n");
        FIXTURE_WRITE(&t);
        snprintf(sql, sizeof(sql), "ALTER TABLE d.item ADD COLUMN v %s", cases[i].there);
        fixture_exec(&t, sql);
        snprintf(header, sizeof(header), "id bigint|v %s", cases[i].type);
        snprintf(rows, sizeof(rows), "2|%s\n3|NULL\n", cases[i].exact);
        if (strcmp(cases[i].there, "character varying(3)") != 0)
            fixture_rows(&t, "item", header, rows);
        else
            fixture_rows(&t, "item", "id bigint|v text(3)", rows);
        FIXTURE_WRITE(&t);
        fixture_check(&t, "SELECT count(v), count(*) FROM d.item", "1|3\n");
        snprintf(rows, sizeof(rows), "4|%s\n", cases[i].changed);
        fixture_rows(&t, "item", i == 3 ? "id bigint|v text(3)" : header, rows);
        check_error(&t, cases[i].code, false, cases[i].what);
        fixture_check(&t, "SELECT count(*) FROM d.item WHERE id = 4", "0\n");
        fixture_no_temporary(&t);
        fixture_release(&t);
    }
    fixture_url = NULL;
}

/* Nested rows of a table that is gone go with it; one that is back is not emptied. */
static void a_table_that_was_gone(void **state)
{
    (void)state;
    struct fixture t;
    start(&t);
    fixture_table(&t, "item__l", "item", DISPOSITION_NONE);
    fixture_rows(&t, "item", "id bigint|_dlt_id text row", "1|a\n");
    fixture_rows(&t, "item__l", "value bigint|_dlt_parent_id text parent", "5|a\n");
    FIXTURE_WRITE(&t);
    fixture_exec(&t, "DROP TABLE d.item");
    fixture_rows(&t, "item", "id bigint|_dlt_id text row", "2|b\n");
    fixture_part(&t, "item")->remade = true;
    FIXTURE_WRITE(&t);
    fixture_check(&t, "SELECT id FROM d.item", "2\n");
    fixture_check(&t, "SELECT count(*) FROM d.item__l", "0\n");
    fixture_rows(&t, "item", "id bigint|_dlt_id text row", "3|c\n");
    fixture_part(&t, "item")->remade = true;
    check_error(&t, TG_CONFLICT, true, "table 'item' was gone when this load was made");
    fixture_check(&t, "SELECT id FROM d.item", "2\n");
    fixture_release(&t);
}

/* ---- a table that changes between the plan and the transaction ---- */

static struct connection_driver trapped;
static const struct connection_driver *own;
static const char *trap_sql; /* runs once, before the transaction begins */

static int trapped_exec(struct connection *con, const char *sql, uint64_t *changed,
                        struct tg_error *err)
{
    const char *trap = trap_sql;
    int rc = TG_OK;
    if (trap && strcmp(sql, "BEGIN TRANSACTION") == 0) {
        trap_sql = NULL;
        rc = own->exec(con, trap, NULL, err);
    }
    return rc == TG_OK ? own->exec(con, sql, changed, err) : rc;
}

/* Without the look under the lock DuckDB casts 9007199254740993 to the new type and says nothing.
 */
static void a_change_just_before_the_transaction(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *conflict; /* NULL: planned anew, and written */
    } changes[] = {
        {"ALTER TABLE d.item ALTER COLUMN id SET DATA TYPE DOUBLE", "is DOUBLE at the destination"},
        {"ALTER TABLE d.item ADD COLUMN mine BIGINT", NULL},
        {"ALTER TABLE d.item ALTER COLUMN id SET NOT NULL", NULL},
        {"DROP TABLE d.item", "table 'item' was there when this load was made, and is gone"},
        {"CREATE TABLE d.other (id DOUBLE, _dlt_id VARCHAR)", "is DOUBLE at the destination"},
        {"CREATE TABLE d.other (id BIGINT, _dlt_id VARCHAR)", NULL},
        {"ALTER TABLE d._dlt_loads ADD COLUMN mine VARCHAR", NULL},
    };
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        struct fixture t;
        start(&t);
        fixture_table(&t, "other", NULL, DISPOSITION_APPEND);
        fixture_rows(&t, "item", "id bigint", "1\n");
        FIXTURE_WRITE(&t);
        own = t.con->driver;
        trapped = *own;
        trapped.exec = trapped_exec;
        t.con->driver = &trapped;
        trap_sql = changes[i].sql;
        fixture_rows(&t, "item", "id bigint", "9007199254740993\n");
        fixture_rows(&t, "other", "id bigint", "9007199254740993\n");
        fixture_part(&t, "item")->was_there = true;
        if (changes[i].conflict) {
            check_error(&t, TG_CONFLICT, true, changes[i].conflict);
            fixture_check(&t, "SELECT count(*) FROM d._dlt_loads", "1\n");
        } else {
            FIXTURE_WRITE(&t);
            fixture_check(&t, "SELECT id FROM d.item ORDER BY id", "1\n9007199254740993\n");
            fixture_check(&t, "SELECT id FROM d.other", "9007199254740993\n");
        }
        assert_null(trap_sql);
        fixture_release(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_type_that_changed_is_a_conflict),
        cmocka_unit_test(wider_and_narrower_types),
        cmocka_unit_test(types_that_are_none_of_ours),
        cmocka_unit_test(two_names_of_one_type),
        cmocka_unit_test(types_of_postgresql),
        cmocka_unit_test(a_table_that_was_gone),
        cmocka_unit_test(a_change_just_before_the_transaction),
    };
    return cmocka_run_group_tests_name("write/agree", tests, NULL, NULL);
}
