/*
 * The lists of a trial.
 *
 *   trial_init -> (trial_add_...)... -> struct tg_plan (run/plan.c) -> trial_release
 *
 * They are filled by sql/outline.c and sql/sample.c. Cells are cut: a sample is to be looked at.
 */
#include "write/trial.h"

#include <string.h>

#include "base/text/utf8.h"

enum { CELL_BYTES_MAX = 200 };

void trial_init(struct trial *trial, size_t samples_max)
{
    *trial = (struct trial){.samples_max = samples_max};
    arena_init(&trial->arena);
}

void trial_release(struct trial *trial)
{
    mem_free(trial->changes);
    mem_free(trial->statements);
    mem_free(trial->samples);
    mem_free(trial->excesses);
    arena_release(&trial->arena);
    *trial = (struct trial){0};
}

void trial_restart(struct trial *trial)
{
    const size_t samples_max = trial->samples_max;
    trial_release(trial);
    trial_init(trial, samples_max);
}

static int keep(struct trial *trial, const char **text, struct tg_error *err)
{
    return *text ? arena_keep(&trial->arena, *text, text, err) : TG_OK;
}

/* Not within a character. */
static int keep_cell(struct trial *trial, const char **text, struct tg_error *err)
{
    if (!*text || strlen(*text) <= CELL_BYTES_MAX)
        return keep(trial, text, err);
    *text = arena_printf(&trial->arena, "%.*s...", (int)utf8_cut(*text, CELL_BYTES_MAX), *text);
    return *text ? TG_OK : error_nomem(err);
}

int trial_add_change(struct trial *trial, const struct tg_plan_change *change, struct tg_error *err)
{
    int rc = TG_OK;
    struct tg_plan_change made = *change;
    TRY(keep(trial, &made.resource, err));
    TRY(keep(trial, &made.table, err));
    TRY(keep(trial, &made.column, err));
    TRY(keep(trial, &made.type, err));
    TRY(keep(trial, &made.type_before, err));
    TRY(mem_grow(&trial->changes, &trial->change_cap, trial->change_count + 1, sizeof(made), err));
    trial->changes[trial->change_count++] = made;
done:
    return rc;
}

int trial_add_statement(struct trial *trial, const struct tg_plan_statement *statement,
                        struct tg_error *err)
{
    int rc = TG_OK;
    struct tg_plan_statement made = *statement;
    TRY(keep(trial, &made.table, err));
    TRY(keep(trial, &made.sql, err));
    TRY(keep(trial, &made.into, err));
    TRY(mem_grow(&trial->statements, &trial->statement_cap, trial->statement_count + 1,
                 sizeof(made), err));
    trial->statements[trial->statement_count++] = made;
done:
    return rc;
}

int trial_add_sample(struct trial *trial, const struct tg_plan_sample *sample, struct tg_error *err)
{
    int rc = TG_OK;
    struct tg_plan_sample made = *sample;
    TRY(keep(trial, &made.table, err));
    TRY(keep_cell(trial, &made.key, err));
    TRY(keep(trial, &made.column, err));
    TRY(keep_cell(trial, &made.before, err));
    TRY(keep_cell(trial, &made.after, err));
    TRY(mem_grow(&trial->samples, &trial->sample_cap, trial->sample_count + 1, sizeof(made), err));
    trial->samples[trial->sample_count++] = made;
done:
    return rc;
}

int trial_add_excess(struct trial *trial, const struct tg_plan_excess *excess, struct tg_error *err)
{
    int rc = TG_OK;
    struct tg_plan_excess made = *excess;
    TRY(keep(trial, &made.resource, err));
    TRY(keep(trial, &made.table, err));
    TRY(keep(trial, &made.column, err));
    TRY(keep(trial, &made.what, err));
    TRY(mem_grow(&trial->excesses, &trial->excess_cap, trial->excess_count + 1, sizeof(made), err));
    trial->excesses[trial->excess_count++] = made;
done:
    return rc;
}
