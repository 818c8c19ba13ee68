/*
 * What the destination has of a table beyond what the catalog knows.
 */
#ifndef TIDEGATE_NORMALIZE_THERE_H
#define TIDEGATE_NORMALIZE_THERE_H

#include "normalize/output.h"

/* The table as the destination has it; NULL: absent, or nobody has looked. */
const struct table *there_table(const struct outputs *outputs, const char *name);
/* The column as the destination has it; NULL: absent. TYPE_NONE: of a type that none of ours is. */
const struct table_column *there_column(const struct outputs *outputs, const struct output *output,
                                        const char *name);
/* The type that a column gets which the catalog does not have, or not complete: that of the
 * destination's column, else `spec` as hints complete it. */
struct type_spec there_type(const struct outputs *outputs, const struct output *output,
                            const char *name, const struct type_spec *spec);

#endif
