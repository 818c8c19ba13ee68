/*
 * What a write would do, taken down while it is tried: lists of what tidegate_plan.h tells.
 */
#ifndef TIDEGATE_WRITE_TRIAL_H
#define TIDEGATE_WRITE_TRIAL_H

#include "base/memory.h"

struct trial {
    struct arena arena; /* owns the texts */
    size_t samples_max; /* rows of each kind, of each table */
    struct tg_plan_change *changes;
    size_t change_count, change_cap;
    struct tg_plan_statement *statements;
    size_t statement_count, statement_cap;
    struct tg_plan_sample *samples;
    size_t sample_count, sample_cap;
    struct tg_plan_excess *excesses;
    size_t excess_count, excess_cap;
};

void trial_init(struct trial *trial, size_t samples_max);
void trial_release(struct trial *trial);
/* As it was when it was made: what was tried is tried again. */
void trial_restart(struct trial *trial);

/* Each copies its texts. */
int trial_add_change(struct trial *trial, const struct tg_plan_change *change,
                     struct tg_error *err) TG_CHECK_RESULT;
int trial_add_statement(struct trial *trial, const struct tg_plan_statement *statement,
                        struct tg_error *err) TG_CHECK_RESULT;
int trial_add_sample(struct trial *trial, const struct tg_plan_sample *sample,
                     struct tg_error *err) TG_CHECK_RESULT;
int trial_add_excess(struct trial *trial, const struct tg_plan_excess *excess,
                     struct tg_error *err) TG_CHECK_RESULT;

#endif
