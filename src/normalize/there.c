/*
 * Owns the view of columns that are at the destination and not in the catalog: added by hand, or by
 * another pipeline that loads into the same table.
 *
 *   there_table  -> once for each output (output.c)
 *   there_column -> there_type: such a column is met as if it were known: values are coerced to its
 *                   type, widen it, or go to a variant
 *
 * The catalog learns of it when data fill it (output_learn), and a contract is asked as for any new
 * column. A type that none of ours is says nothing here: what goes into such a column is compared
 * when it is written (write/sql/agree.c). Who looked at the destination is src/run/there.c.
 */
#include "normalize/there.h"

const struct table *there_table(const struct outputs *outputs, const char *name)
{
    const struct catalog *there = outputs->options.there;
    return there ? catalog_find_like(there, name, outputs->options.folds_case) : NULL;
}

const struct table_column *there_column(const struct outputs *outputs, const struct output *output,
                                        const char *name)
{
    const struct table *there = output->there;
    return there ? table_find_like(there, name, outputs->options.folds_case) : NULL;
}

struct type_spec there_type(const struct outputs *outputs, const struct output *output,
                            const char *name, const struct type_spec *spec)
{
    const struct table_column *there = there_column(outputs, output, name);
    const struct table_column *hinted = table_find(output->table, name);
    bool known = there && there->spec.type != TYPE_NONE;
    struct type_spec wanted = known ? there->spec : *spec;
    if (!hinted)
        return wanted;
    if (known && hinted->spec.precision != 0) {
        wanted.precision = hinted->spec.precision;
        wanted.scale = hinted->spec.scale;
    }
    wanted = table_completed_type(hinted, &wanted);
    return !known || type_widens(&there->spec, &wanted) ? wanted : there->spec;
}
