/*
 * Further tables of a resource, for callbacks (tg_read_table).
 *
 *   tg_read_table -> sized_resource -> struct table_maker of the read (run/tables.c) ->
 *   rows_allow_table; then tg_rows_table (data/rows.c)
 *
 * Arguments are checked, and structs of other versions read.
 */
#include "api/sized.h"
#include "api/text.h"
#include "data/rows.h"
#include "extract/source.h"

static int make(const struct tg_read *read, const char *name, const struct tg_resource *hints,
                size_t *number, struct tg_error *err)
{
    struct sized_resource sized;
    const struct read_inside *inside = read->inside;
    const struct table_maker *tables = inside->tables;
    if (!hints)
        return tables->make(tables->user, name, NULL, read->rows, number, err);
    int rc = sized_resource(&sized, hints, err);
    if (rc == TG_OK)
        rc = tables->make(tables->user, name, &sized.resource, read->rows, number, err);
    sized_resource_release(&sized);
    return rc;
}

int tg_read_table(const struct tg_read *read, const char *name, const struct tg_resource *hints,
                  size_t *number, struct tg_error *err)
{
    error_clear(err);
    NEEDS(number);
    *number = 0;
    NEEDS(name);
    const struct read_inside *inside = read ? read->inside : NULL;
    if (!inside || !inside->tables)
        return error_set(err, TG_USAGE,
                         "tables are for `read`: give the struct tg_read that the library has "
                         "handed over, while it is called");
    int rc = make(read, name, hints, number, err);
    if (rc != TG_OK)
        return error_at(err, rc, AT_TABLE, name);
    rows_allow_table(read->rows, *number);
    return TG_OK;
}
