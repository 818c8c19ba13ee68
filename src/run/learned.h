/*
 * lag: auto. How far before its last value a cursor starts, by how late rows have come so far.
 */
#ifndef TIDEGATE_RUN_LEARNED_H
#define TIDEGATE_RUN_LEARNED_H

#include "config/config.h"
#include "dlt/sketch.h"
#include "extract/cursor/lag.h"

struct learned {
    bool is_auto; /* else there is nothing more in it */
    uint32_t share;
    enum lag_unit unit;
    struct sketch known;
    char lag[LAG_TEXT]; /* as an option says it */
};

/* `last`: the value that it goes on from, as the state has it, or NULL; `known`: a sketch as JSON,
 * or NULL. TG_USAGE: nobody can say how far two such values are apart. */
int learned_lag(const struct resource *resource, const char *last, const char *known,
                struct learned *out, struct tg_error *err) TG_CHECK_RESULT;
/* At INFO: from where the run starts, and why. */
void learned_say(struct context *ctx, const struct resource *resource,
                 const struct learned *learned);
/* Puts it in words beside each sketch of the state. */
int learned_explain(const struct config *config, yyjson_mut_doc *state,
                    struct tg_error *err) TG_CHECK_RESULT;

/* In which unit rows are late, and which class a row is that is late by so much (as lag_between
 * says it). */
enum lag_unit learned_unit(const struct cursor_value *reached);
const char *learned_unit_word(enum lag_unit unit);
size_t learned_class(enum lag_unit unit, int64_t late);

#endif
