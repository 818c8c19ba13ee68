/*
 * Tests of src/write/trial.c: what is taken down is the trial's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "tests/torture.h"
#include "write/trial.h"

static int fill(struct trial *trial, char *text, struct tg_error *err)
{
    int rc = TG_OK;
    const struct tg_plan_change change = {.table = text, .column = text, .type = text};
    const struct tg_plan_statement statement = {.phase = "rows", .sql = text, .into = text};
    const struct tg_plan_sample sample = {.table = text, .key = text, .before = text};
    const struct tg_plan_excess excess = {.limit = "rows_deleted", .table = text, .what = text};
    TRY(trial_add_change(trial, &change, err));
    TRY(trial_add_statement(trial, &statement, err));
    TRY(trial_add_sample(trial, &sample, err));
    TRY(trial_add_excess(trial, &excess, err));
done:
    return rc;
}

static void texts_are_copied(void **state)
{
    (void)state;
    char text[] = "orders";
    struct tg_error err;
    struct trial trial;
    trial_init(&trial, 5);
    assert_int_equal(fill(&trial, text, &err), TG_OK);
    memset(text, 'x', strlen(text));
    assert_string_equal(trial.changes[0].column, "orders");
    assert_null(trial.changes[0].type_before);
    assert_string_equal(trial.statements[0].into, "orders");
    assert_string_equal(trial.samples[0].before, "orders");
    assert_null(trial.samples[0].after);
    assert_string_equal(trial.excesses[0].what, "orders");
    trial_restart(&trial);
    assert_int_equal(trial.change_count + trial.statement_count + trial.sample_count, 0);
    assert_int_equal(trial.samples_max, 5);
    trial_release(&trial);
}

/* A character of two bytes stands across the end, or ends there. */
static void cells_are_cut_between_characters(void **state)
{
    (void)state;
    char text[302];
    struct tg_error err;
    struct trial trial;
    trial_init(&trial, 1);
    for (size_t lead = 0; lead < 2; lead++) {
        memset(text, 'a', sizeof(text));
        for (size_t i = lead; i + 2 < sizeof(text); i += 2)
            memcpy(text + i, "\xc3\xa9", 2);
        text[sizeof(text) - 1] = '\0';
        const struct tg_plan_sample sample = {.table = "t", .key = "1", .before = text};
        assert_int_equal(trial_add_sample(&trial, &sample, &err), TG_OK);
        const char *cut = trial.samples[lead].before;
        assert_int_equal(strlen(cut), 200 - lead + strlen("..."));
        assert_memory_equal(cut, text, 200 - lead);
    }
    trial_release(&trial);
}

static int fill_one(void)
{
    char text[] = "t";
    struct tg_error err;
    struct trial trial;
    trial_init(&trial, 1);
    int rc = fill(&trial, text, &err);
    trial_release(&trial);
    return rc;
}

static void without_memory(void **state)
{
    (void)state;
    torture(fill_one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_copied),
        cmocka_unit_test(cells_are_cut_between_characters),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
