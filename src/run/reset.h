/*
 * What a pipeline remembers is forgotten: the inside of the public handle, and what is to be done.
 * The accessors are in src/api/reset.c.
 */
#ifndef TIDEGATE_RUN_RESET_H
#define TIDEGATE_RUN_RESET_H

#include "dlt/entries.h"
#include "run/session.h"

struct tg_reset {
    struct arena arena; /* owns all of it */
    const char *load_id, *dataset, *newest_load;
    struct tg_reset_resource *resources;
    size_t resource_count;
    struct tg_reset_cursor *cursors;
    size_t cursor_count;
    struct tg_reset_package *packages;
    size_t package_count;
    struct tg_reset_table *tables;
    size_t table_count;
};

/* As tg_pipeline_reset and (drops) tg_pipeline_drop say; all of `options` is known. */
int reset_pipeline(struct tg_pipeline *pipeline, const struct tg_reset_options *options, bool drops,
                   struct tg_reset **out, struct tg_error *err) TG_CHECK_RESULT;

/* ---- between reset.c and reset_look.c ---- */

struct names {
    const char **items; /* borrowed texts */
    size_t count, cap;
};

struct reset_task {
    struct session session; /* what the destination knows is read */
    const struct tg_reset_options *options;
    bool drops, cursors, files, packages; /* what goes */
    struct state_entry *entries;          /* of the state */
    size_t entry_count;
    struct names known;  /* resources, of spec and state; those of the spec first */
    struct names chosen; /* of these */
    bool touches;        /* a sealed load has rows of a chosen one, or its position */
    struct tg_reset *out;
};

/* Chooses, and tells what would go. */
int reset_look(struct reset_task *task, struct tg_error *err) TG_CHECK_RESULT;
bool reset_takes(const struct reset_task *task, const char *resource);
void reset_task_release(struct reset_task *task);

#endif
