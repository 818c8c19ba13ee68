/* What follows from facts: a row of the table is a source, and what is said of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "advice/advice.h"
#include "tests/torture.h"

enum { ID, AT, UPDATED, FIELDS };

/* A hundred rows, read twice: id is a key, at rises, updated_at tells of changes. */
static struct fact_field fields[FIELDS];
static struct facts facts;
static struct question question;

static int set_up(void **state)
{
    (void)state;
    fields[ID] = (struct fact_field){.path = "id",
                                     .spec.type = TYPE_BIGINT,
                                     .distinct = 100,
                                     .unique_again = true,
                                     .greatest = "100",
                                     .ties = 1};
    fields[AT] = (struct fact_field){
        .path = "at", .spec.type = TYPE_TIMESTAMP, .distinct = 90, .greatest = "2024", .ties = 2};
    fields[UPDATED] = (struct fact_field){.path = "updated_at",
                                          .spec.type = TYPE_TIMESTAMP,
                                          .distinct = 90,
                                          .below = 50,
                                          .greatest = "2024",
                                          .ties = 2};
    facts = (struct facts){.rows = {100, 100},
                           .contents = 100,
                           .twice = true,
                           .fields = fields,
                           .field_count = FIELDS,
                           .key = {&fields[ID]},
                           .key_count = 1,
                           .same = 100};
    question =
        (struct question){.resource = "t", .facts = &facts, .present.way.disposition = "append"};
    return 0;
}

static struct arena arena;

static struct advice ask(void)
{
    struct advice advice;
    struct tg_error err = {0};
    arena_release(&arena);
    arena_init(&arena);
    assert_int_equal(judge(&question, &arena, &advice, &err), TG_OK);
    return advice;
}

static void says(const struct advice *advice, const char *text)
{
    for (size_t i = 0; i < advice->reason_count; i++)
        if (strstr(advice->reasons[i].text, text))
            return;
    for (size_t i = 0; i < advice->reason_count; i++)
        print_message("%s\n", advice->reasons[i].text);
    fail_msg("nothing says '%s'", text);
}

static void expect(enum tg_advice_verdict verdict, const char *lines)
{
    const struct advice advice = ask();
    assert_int_equal(advice.verdict, verdict);
    if (lines)
        assert_string_equal(advice.lines, lines);
    else
        assert_null(advice.lines);
}

static void take_out(int field)
{
    fields[field].path = "x";
    fields[field].spec.type = TYPE_TEXT;
}

static void merge_by_id(void)
{
    question.present.way = (struct way){.disposition = "merge", .key = {"id"}, .key_count = 1};
    question.present.updates = true;
}

static void test_too_little(void **state)
{
    (void)state;
    facts.rows[0] = facts.rows[1] = 0;
    expect(TG_ADVICE_UNKNOWN, NULL);
    facts.rows[0] = 1;
    expect(TG_ADVICE_UNKNOWN, NULL);
    facts.rows[0] = 100;
    facts.contents = 1;
    expect(TG_ADVICE_UNKNOWN, NULL);
    facts.rows[0] = facts.contents = 5;
    facts.key_count = 0;
    expect(TG_ADVICE_UNKNOWN, NULL);
}

static void test_changes_by_a_cursor(void **state)
{
    (void)state;
    expect(TG_ADVICE_CHANGE, "  t:\n    write_disposition: merge\n    primary_key: id\n"
                             "    incremental: {cursor: updated_at}\n");
    facts.changed = 10, facts.same = 90;
    fields[UPDATED].changed_beyond = 10;
    expect(TG_ADVICE_CHANGE, "  t:\n    write_disposition: merge\n    primary_key: id\n"
                             "    incremental: {cursor: updated_at}\n");
    const struct advice advice = ask();
    says(&advice, "10 rows changed between the readings");
    says(&advice, "it moved on in all 10 rows that changed");
}

/* The name says that it moves; the readings say that it does not. */
static void test_a_cursor_that_stays(void **state)
{
    (void)state;
    facts.changed = 10, facts.same = 90;
    fields[UPDATED].changed_beyond = 9;
    expect(TG_ADVICE_CHANGE,
           "  t:\n    write_disposition: {disposition: merge, skip_unchanged_rows: true}\n"
           "    primary_key: id\n");
    merge_by_id();
    question.present.way.cursor = "updated_at";
    expect(TG_ADVICE_CHANGE,
           "  t:\n    write_disposition: {disposition: merge, skip_unchanged_rows: true}\n"
           "    primary_key: id\n    # take out 'incremental'\n");
    const struct advice advice = ask();
    says(&advice, "did not move on in 1 of the 10 rows");
    question.present.has_window = true;
    facts.same = 10;
    expect(TG_ADVICE_KEEP, NULL);
}

static void test_rows_that_come_late(void **state)
{
    (void)state;
    merge_by_id();
    question.present.way.cursor = "updated_at";
    facts.came = 5;
    fields[UPDATED].came_beyond = 4;
    expect(TG_ADVICE_CHANGE,
           "  t:\n    write_disposition: {disposition: merge, skip_unchanged_rows: true}\n"
           "    primary_key: id\n    # take out 'incremental'\n");
    facts.cut = true;
    expect(TG_ADVICE_KEEP, NULL);
}

static void test_rows_that_vanish(void **state)
{
    (void)state;
    take_out(UPDATED);
    merge_by_id();
    question.present.way.skips_unchanged = true;
    facts.gone = 3, facts.same = 97;
    expect(TG_ADVICE_CHANGE,
           "  t:\n    write_disposition: {disposition: merge, skip_unchanged_rows: true}\n"
           "    primary_key: id\n    deletes: {detect: snapshot}\n");
    question.present.way.detects_absent = true;
    expect(TG_ADVICE_KEEP, NULL);
    question.present.way.detects_absent = false;
    facts.cut = true;
    expect(TG_ADVICE_KEEP, NULL);
}

static void test_equal_readings(void **state)
{
    (void)state;
    take_out(UPDATED);
    expect(TG_ADVICE_CHANGE,
           "  t:\n    write_disposition: {disposition: merge, skip_unchanged_rows: true}\n"
           "    primary_key: id\n");
    const struct advice advice = ask();
    says(&advice, "the two readings are equal");
    says(&advice, "append without a cursor adds all rows once more");
    says(&advice, "if rows never change, append with incremental: {cursor: at}");
    question.present.knows_files = true;
    expect(TG_ADVICE_KEEP, NULL);
}

/* A queue: nothing comes twice. Rows that change are merged wherever they are. */
static void test_other_rows_each_time(void **state)
{
    (void)state;
    take_out(UPDATED);
    facts.same = 0, facts.came = facts.gone = 100;
    expect(TG_ADVICE_KEEP, NULL);
    const struct advice advice = ask();
    says(&advice, "each reading gives other rows");
    facts.twice = false;
    assert_int_equal(ask().verdict, TG_ADVICE_CHANGE);
}

/* A key of many parts, and keys that are listed, stay what they are. */
static void test_what_is_right_stays(void **state)
{
    (void)state;
    merge_by_id();
    question.present.way = (struct way){.disposition = "merge",
                                        .key = {"a", "b", "c"},
                                        .key_count = 3,
                                        .detects_absent = true,
                                        .cursor = "at"};
    question.present.lists_keys = true;
    facts.changed = 10, facts.same = 90;
    fields[UPDATED].changed_beyond = 10;
    expect(TG_ADVICE_CHANGE, "  t:\n    write_disposition: merge\n    primary_key: [a, b, c]\n"
                             "    incremental: {cursor: updated_at}\n");
}

static void test_no_key(void **state)
{
    (void)state;
    facts.key_count = 0;
    expect(TG_ADVICE_CHANGE, "  t:\n    write_disposition: replace\n");
    question.present.way.disposition = "replace";
    expect(TG_ADVICE_KEEP, NULL);
}

/* What ten loads have not changed, two readings need not. */
static void test_history(void **state)
{
    (void)state;
    merge_by_id();
    question.past = (struct past){
        .loads = 3, .read = 300, .inserted = 100, .unchanged = 200, .counts_unchanged = true};
    expect(TG_ADVICE_CHANGE,
           "  t:\n    write_disposition: append\n    incremental: {cursor: updated_at}\n");
    question.present.way.detects_absent = question.present.way.skips_unchanged = true;
    expect(TG_ADVICE_KEEP, NULL); /* that none went so far is not that none will */
    question.present.way.detects_absent = question.present.way.skips_unchanged = false;
    take_out(UPDATED);
    fields[AT].below = 1;
    fields[ID].below = 1;
    expect(TG_ADVICE_CHANGE,
           "  t:\n    write_disposition: {disposition: merge, strategy: insert-only}\n"
           "    primary_key: id\n");
    const struct advice advice = ask();
    says(&advice, "the last 3 loads read 300 rows: 100 inserted, 0 updated, 200 unchanged; 33%");
    question.past.loads = 2;
    facts.same = 0;
    expect(TG_ADVICE_KEEP, NULL);
}

static void test_a_key_that_is_none(void **state)
{
    (void)state;
    merge_by_id();
    question.present.way.cursor = "updated_at";
    question.present.way.key[0] = "at";
    const struct advice advice = ask();
    says(&advice, "10 rows have the 'at' of another one");
    fields[AT].nulls = 1;
    const struct advice null = ask();
    says(&null, "'at', the primary_key, is NULL in 1 row");
}

static void test_a_cursor_that_lies_ahead(void **state)
{
    (void)state;
    fields[UPDATED].ahead = true;
    fields[UPDATED].greatest = "9999-12-31";
    struct advice advice = ask();
    assert_string_equal(advice.lines,
                        "  t:\n    write_disposition: {disposition: merge, skip_unchanged_rows: "
                        "true}\n    primary_key: id\n");
    says(&advice, "'updated_at' cannot be one: its greatest value, 9999-12-31, lies ahead");
    question.present.way =
        (struct way){.disposition = "merge", .key = {"id"}, .key_count = 1, .cursor = "updated_at"};
    question.present.updates = true;
    advice = ask();
    assert_int_equal(advice.verdict, TG_ADVICE_CHANGE);
    says(&advice, "'updated_at', the cursor, has a value that lies ahead");
}

/* NULL until the first change: it cannot be a cursor, and yet it says that rows change. */
static void test_a_time_of_changes_with_nulls(void **state)
{
    (void)state;
    fields[UPDATED].nulls = 3;
    question.present.knows_files = true;
    struct advice advice = ask();
    assert_string_equal(advice.lines,
                        "  t:\n    write_disposition: {disposition: merge, skip_unchanged_rows: "
                        "true}\n    primary_key: id\n");
    says(&advice, "rows change, as far as the name of 'updated_at' can be trusted");
    says(&advice, "'updated_at' cannot be one: it is NULL in 3 rows");
}

static void test_a_cursor_with_nulls(void **state)
{
    (void)state;
    merge_by_id();
    question.present.way.cursor = "$.updated_at";
    fields[UPDATED].nulls = 1;
    const struct advice advice = ask();
    assert_int_equal(advice.verdict, TG_ADVICE_CHANGE);
    says(&advice, "is NULL in 1 row, at which a run stops");
    question.present.lets_missing = true;
    facts.same = 0;
    expect(TG_ADVICE_KEEP, NULL);
}

/* Versions, groups, a source that can be read once: theirs to know. */
static void test_what_is_not_for_advice(void **state)
{
    (void)state;
    question.present.way.disposition = "merge";
    question.present.keeps_history = true;
    expect(TG_ADVICE_KEEP, NULL);
    question.present = (struct present){.way.disposition = "append"};
    take_out(UPDATED);
    facts.rows[1] = facts.same = 0;
    facts.gone = 100;
    expect(TG_ADVICE_KEEP, NULL);
    const struct advice advice = ask();
    says(&advice, "the second reading gave no row");
}

static int judge_once(void)
{
    struct arena own;
    struct advice advice;
    arena_init(&own);
    int rc = judge(&question, &own, &advice, NULL);
    arena_release(&own);
    return rc;
}

static void test_no_memory(void **state)
{
    (void)state;
    torture(judge_once);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_too_little, set_up),
        cmocka_unit_test_setup(test_changes_by_a_cursor, set_up),
        cmocka_unit_test_setup(test_a_cursor_that_stays, set_up),
        cmocka_unit_test_setup(test_rows_that_come_late, set_up),
        cmocka_unit_test_setup(test_rows_that_vanish, set_up),
        cmocka_unit_test_setup(test_equal_readings, set_up),
        cmocka_unit_test_setup(test_other_rows_each_time, set_up),
        cmocka_unit_test_setup(test_what_is_right_stays, set_up),
        cmocka_unit_test_setup(test_no_key, set_up),
        cmocka_unit_test_setup(test_history, set_up),
        cmocka_unit_test_setup(test_a_key_that_is_none, set_up),
        cmocka_unit_test_setup(test_a_cursor_that_lies_ahead, set_up),
        cmocka_unit_test_setup(test_a_time_of_changes_with_nulls, set_up),
        cmocka_unit_test_setup(test_a_cursor_with_nulls, set_up),
        cmocka_unit_test_setup(test_what_is_not_for_advice, set_up),
        cmocka_unit_test_setup(test_no_memory, set_up),
    };
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    arena_release(&arena);
    return rc;
}
