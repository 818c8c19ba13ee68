/*
 * The ends of a window, from what people write to what a cursor compares.
 */
#ifndef TIDEGATE_RUN_BOUNDS_H
#define TIDEGATE_RUN_BOUNDS_H

#include "base/time/zone.h"
#include "extract/cursor/point.h"
#include "run/session.h"

/* What the values of a cursor are, as far as it is known before any is read. */
enum bound_kind { BOUND_ANY = 0, BOUND_NUMBER, BOUND_TIME, BOUND_DATE, BOUND_TEXT };

int bound_kind_of(struct session *session, const struct resource *resource, enum bound_kind *out,
                  struct tg_error *err) TG_CHECK_RESULT;
/* `zone` is for times that do not say theirs; NULL: UTC. Text is borrowed. TG_USAGE. */
int bound_parse(const char *text, enum bound_kind kind, const struct time_zone *zone,
                struct cursor_value *out, struct tg_error *err) TG_CHECK_RESULT;
/* The JSON of a window's ledger, which point_read_part reads. */
int bound_json(struct arena *arena, const struct cursor_value *value, const char **out,
               struct tg_error *err) TG_CHECK_RESULT;
/* As a source is used to be told it: of the kind of `like`, where that is a time; else a text. */
int bound_value(struct arena *arena, const struct cursor_value *value, const struct tg_value *like,
                enum bound_kind kind, struct tg_value *out, struct tg_error *err) TG_CHECK_RESULT;
/* For messages: 7, '2024-01-01', 2024-01-01, 2024-01-01T06:00:00Z. */
enum { BOUND_SHOWN = 100 };
const char *bound_print(const struct cursor_value *value, char out[BOUND_SHOWN]);

#endif
