/*
 * Ascents: a bigint of which each row has a value, greater than that of the row before.
 *
 * Path: ascent_note -> is_readable (a bigint, without NULL) -> ascend, value by value, until one
 * breaks it: then nothing is looked at any more.
 *
 * Whoever reads the package knows by it that no two rows have one key, and between which values
 * the keys of a file are, without having read any. A dump by key is such a package.
 */
#include "package/ascent.h"

#include <string.h>

/* A count of -1 says that nobody has counted. */
static bool may_have_nulls(const struct ArrowArray *array)
{
    return array->null_count != 0 && array->buffers[0];
}

static bool is_readable(const struct ArrowSchema *schema, const struct ArrowArray *batch,
                        int64_t column)
{
    return strcmp(schema->children[column]->format, "l") == 0 && !may_have_nulls(batch) &&
           !may_have_nulls(batch->children[column]);
}

static void ascend(struct ascent *ascent, int64_t value)
{
    ascent->broken = ascent->begun && value <= ascent->to;
    ascent->from = ascent->begun ? ascent->from : value;
    ascent->to = value;
    ascent->begun = true;
}

void ascent_note(struct ascent *ascent, const struct ArrowSchema *schema,
                 const struct ArrowArray *batch, int64_t column)
{
    const struct ArrowArray *array = batch->children[column];
    const int64_t *values = array->buffers[1];
    ascent->broken = ascent->broken || !is_readable(schema, batch, column);
    for (int64_t i = 0; !ascent->broken && i < batch->length; i++)
        ascend(ascent, values[batch->offset + array->offset + i]);
}

bool ascent_holds(const struct ascent *ascent)
{
    return ascent->begun && !ascent->broken;
}
