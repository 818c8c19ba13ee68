/*
 * Slices of a load, by a key that ascends over all its files.
 *
 * Path: slice_key -> ascends: from each file to the next, as the package has noted -> slice_next.
 *
 * A file takes a share of the memory that there is, so that what is joined with it does, too. The
 * old rows of a slice are looked for in the whole table, though: SLICES_MAX bounds how often.
 */
#include "write/sql/slice.h"

#include <string.h>

enum { SLICES_MAX = 64 };

static const struct manifest_column *find_column(const struct manifest_file *file, const char *name)
{
    for (size_t i = 0; i < file->column_count; i++)
        if (strcmp(file->columns[i].name, name) == 0)
            return &file->columns[i];
    return NULL;
}

static bool ascends(const struct manifest_table *part, const char *name)
{
    const struct manifest_column *before = NULL;
    for (size_t f = 0; f < part->file_count; f++) {
        const struct manifest_column *column = find_column(&part->files[f], name);
        if (!column || !column->ascends || column->spec.type != TYPE_BIGINT ||
            (before && before->to >= column->from))
            return false;
        before = column;
    }
    return before;
}

const char *slice_key(const struct delivery *delivery, const struct target *target,
                      const struct sql_names *key)
{
    for (size_t i = 0; target_has_rows(target) && i < key->count; i++) {
        const struct target_column *column = target_find(target, key->items[i]);
        bool is_bigint =
            column && delivery->dialect->type_from_sql(column->sql_type).type == TYPE_BIGINT;
        if (is_bigint && ascends(target->part, key->items[i]))
            return key->items[i];
    }
    return NULL;
}

bool slice_next(const struct target *target, const char *key, struct slice *slice)
{
    const struct manifest_table *part = target->part;
    uint64_t rows = 0, least = plan_row_count(part) / SLICES_MAX;
    size_t begin = slice->end;
    if (begin == part->file_count)
        return false;
    do
        rows += part->files[slice->end++].row_count;
    while (rows < least && slice->end < part->file_count);
    slice->part = *part;
    slice->part.files = &part->files[begin];
    slice->part.file_count = slice->end - begin;
    slice->target = *target;
    slice->target.part = &slice->part;
    slice->from = find_column(&part->files[begin], key)->from;
    slice->to = find_column(&part->files[slice->end - 1], key)->to;
    return true;
}
