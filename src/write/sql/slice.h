/*
 * A load's rows of a table in slices, where their keys ascend: one after another, each with the old
 * rows that it can meet.
 */
#ifndef TIDEGATE_WRITE_SLICE_H
#define TIDEGATE_WRITE_SLICE_H

#include "write/sql/plan.h"

struct slice {
    struct target target; /* as the whole one, but with the files of the slice alone */
    struct manifest_table part;
    size_t end;       /* how many files came until now */
    int64_t from, to; /* the least key of its rows and the greatest */
};

/* The column of a key that has a value in each row of the load, and none twice; NULL: there is
 * none, or the package says nothing of it. */
const char *slice_key(const struct delivery *delivery, const struct target *target,
                      const struct sql_names *key);
/* The next slice by such a column, from {0} on; false: that was all. */
bool slice_next(const struct target *target, const char *key, struct slice *slice);

#endif
