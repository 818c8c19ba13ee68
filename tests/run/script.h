/*
 * What a resource with several tables does in a run, as a list of steps.
 */
#ifndef TIDEGATE_TESTS_SCRIPT_H
#define TIDEGATE_TESTS_SCRIPT_H

#include <unistd.h>

#include "tests/fixture.h"

/* What a resource does in a run, one thing after the other: names a table (its number is that of
 * the step), and pushes a row to it; "": a row to the table before; NULL: the resource's own. */
struct step {
    const char *table;
    const struct tg_resource *hints;
    const char *row; /* NULL: none */
};

struct script {
    const struct step *steps;
    size_t count, at, page; /* so many a call; 0: all */
    int dies;               /* in the last call, if it is set */
};

static inline int take_step(struct tg_read *read, const struct step *step, struct tg_error *err)
{
    size_t number = 0;
    int rc = TG_OK;
    if (step->table && *step->table)
        rc = tg_read_table(read, step->table, step->hints, &number, err);
    if (rc == TG_OK && !(step->table && !*step->table))
        tg_rows_table(read->rows, number);
    if (rc == TG_OK && step->row)
        tg_rows_json(read->rows, step->row, strlen(step->row));
    return rc;
}

static inline int read_script(struct tg_read *read, struct tg_error *err)
{
    struct script *script = read->user;
    int rc = TG_OK;
    const size_t end = script->page ? script->at + script->page : script->count;
    for (; rc == TG_OK && script->at < end && script->at < script->count; script->at++)
        rc = take_step(read, &script->steps[script->at], err);
    read->done = script->at == script->count;
    if (read->done && script->dies)
        _exit(9);
    if (read->done)
        script->at = 0;
    return rc;
}

#define RUNS(name, ...)                                                                            \
    struct script name = {.steps = (const struct step[]){__VA_ARGS__},                             \
                          .count =                                                                 \
                              sizeof((const struct step[]){__VA_ARGS__}) / sizeof(struct step)}

static inline struct tg_resource resource_of(struct script *script, enum tg_write_disposition how)
{
    return (struct tg_resource){TG_RESOURCE_INIT, .name = "events", .read = read_script,
                                .user = script, .write_disposition = how};
}

static inline void run(struct fixture *fixture, struct script *script,
                       enum tg_write_disposition how)
{
    const struct tg_resource resource = resource_of(script, how);
    fixture_open(fixture, &resource, 1);
    fixture_run(fixture);
}

static inline const struct tg_table_info *info_of(struct fixture *fixture, const char *table)
{
    for (size_t i = 0; i < tg_result_table_count(fixture->result); i++)
        if (strcmp(tg_result_table(fixture->result, i)->name, table) == 0)
            return tg_result_table(fixture->result, i);
    fail_msg("no table %s", table);
    return NULL;
}

#endif
