/*
 * A field that the cursor calls by its normalised name.
 */
#ifndef TIDEGATE_EXTRACT_ALIAS_H
#define TIDEGATE_EXTRACT_ALIAS_H

#include "data/page.h"

struct cursor;

/* Before a page is looked at: fields that no row so far has by the very name are looked for by it
 * as their normalised name. */
int alias_settle(struct cursor *cursor, const struct page *page,
                 struct tg_error *err) TG_CHECK_RESULT;

#endif
