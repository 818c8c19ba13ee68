/*
 * One table of a load that is undone (undo.c, which says which loads): what it has left goes, what
 * it took away comes back, in the transaction of the undo.
 */
#ifndef TIDEGATE_WRITE_UNDONE_H
#define TIDEGATE_WRITE_UNDONE_H

#include "write/sql/plan.h"

struct undoing {
    struct connection *con;
    const char *dataset, *pipeline;
    const struct described *there;
    struct arena *arena;
    struct kept kept;
    const char **loads; /* the newest first */
    size_t load_count;
    const char *newest, *oldest; /* of those of the schema that is asked for; NULL: none is */
    const char *already;         /* without loads: the newest one has been undone */
    /* undone_prepare: */
    struct text_rows generated; /* table and column that the database computes */
    struct catalog catalog;     /* the newest one: which tables are nested in which; and
                                   those that other schemas alone know */
};

struct sql_scope undoing_scope(const struct undoing *undoing, const struct sql_part *parts);

/* Looks at what the tables have in common. */
int undone_prepare(struct undoing *undoing, const char *schema,
                   struct tg_error *err) TG_CHECK_RESULT;
/* Of one load. TG_CONFLICT where a row is not as the load has left it, or has values that would be
 * lost: names table and row. */
int undone_table(const struct undoing *undoing, const struct kept_row *kept, struct tally *tally,
                 struct tg_error *err) TG_CHECK_RESULT;
/* The same where a row is left without the one that it is nested in; after all tables of a load. */
int undone_check_below(const struct undoing *undoing, const struct kept *kept,
                       struct tg_error *err) TG_CHECK_RESULT;

#endif
