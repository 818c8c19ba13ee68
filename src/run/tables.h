/*
 * Further tables of a resource, which a program names while it is read.
 */
#ifndef TIDEGATE_RUN_TABLES_H
#define TIDEGATE_RUN_TABLES_H

#include "data/page.h"
#include "extract/source.h"

struct resource_load;
struct further; /* one of them */

/* All that has been said of a table so far: what is said again is known. */
struct sayings {
    const struct resource **items;
    size_t count, cap;
};

struct tables {
    struct table_maker maker; /* tables_maker */
    struct sayings own;       /* of the resource's own */
    struct further **items;   /* by their numbers, from 1 */
    size_t count, cap;
};

struct table_maker tables_maker(struct resource_load *part);
/* The table of a resource takes rows; a further table of another one that is the same ends here. */
int tables_open(struct resource_load *part, struct tg_error *err) TG_CHECK_RESULT;
/* A page of the resource, whichever of its tables the rows are for. */
int tables_push(struct resource_load *part, struct page *page,
                struct tg_error *err) TG_CHECK_RESULT;
/* All rows of the resource have come. */
int tables_leave(struct resource_load *part, struct tg_error *err) TG_CHECK_RESULT;
/* Takes it from those that are open, with all that is its own. */
void tables_release(struct resource_load *part);

#endif
