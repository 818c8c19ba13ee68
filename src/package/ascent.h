/*
 * Whether the values of a bigint column ascend over the batches of a file.
 */
#ifndef TIDEGATE_PACKAGE_ASCENT_H
#define TIDEGATE_PACKAGE_ASCENT_H

#include <stdbool.h>

#include "data/batch.h"

struct ascent {
    bool begun, broken;
    int64_t from, to; /* the first value and the last one so far */
};

/* The next batch, of such a schema. */
void ascent_note(struct ascent *ascent, const struct ArrowSchema *schema,
                 const struct ArrowArray *batch, int64_t column);
/* Each row had a value, greater than that of the row before. */
bool ascent_holds(const struct ascent *ascent);

#endif
