/*
 * Resources that replace what is there in a range: which it is, and what has to be so for it.
 */
#ifndef TIDEGATE_RUN_RANGE_H
#define TIDEGATE_RUN_RANGE_H

#include "run/session.h"

/* Is it the window that the resource declares? That is read as it stands, wherever earlier runs
 * have got to. */
bool range_is_window(const struct resource *resource);
/* Says it in the root table's part of the manifest, of a resource that replaces one. */
int range_enter(struct session *session, const struct resource *resource, struct manifest *manifest,
                struct manifest_table *root, struct tg_error *err) TG_CHECK_RESULT;
/* Its column, normalised; NULL where nothing is to be said of it: it is the cursor's. */
int range_hint(struct session *session, const struct resource *resource, const char **out,
               struct tg_error *err) TG_CHECK_RESULT;
/* The type of that column at the destination, or in the schema; TYPE_NONE: it is not known. */
int range_type(struct session *session, const struct resource *resource, enum type *out,
               struct tg_error *err) TG_CHECK_RESULT;
/* Are the values of its column dates or times, as far as it is known? Then so are its bounds. */
int range_of_times(struct session *session, const struct resource *resource, bool *out,
                   struct tg_error *err) TG_CHECK_RESULT;
/* Can what has been read be taken for all there is in it? TG_DATA. */
int range_check(const struct resource *resource, const struct table *table, uint64_t rejected,
                struct tg_error *err) TG_CHECK_RESULT;
/* A window that begins beyond where earlier runs have got to (a cursor's JSON), and will be gone on
 * from, leaves rows out. */
void range_warn_of_gap(struct session *session, const struct resource *resource,
                       const char *stored_json);

/* The column of the cursor, or the one that it names. */
int range_column(struct session *session, const struct resource *resource, const char **out,
                 struct tg_error *err) TG_CHECK_RESULT;
/* A value of a cursor as a text; NULL: there is none. */
int bound_text(struct arena *arena, const struct tg_value *value, const char **out,
               struct tg_error *err) TG_CHECK_RESULT;
/* The same of one that is stored, as JSON; what does not read as one as it stands. */
int cursor_text(struct arena *arena, const char *json, const char **out,
                struct tg_error *err) TG_CHECK_RESULT;

#endif
