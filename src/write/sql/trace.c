/*
 * Facts of tables that the ledger does not keep.
 *
 *   trace_count: describe (which are there) -> a count of each
 *
 * For who is asked whether they are to go: nothing is changed.
 */
#include "write/sql/trace.h"

#include <stdlib.h>

#include "database/template.h"

int trace_count(struct connection *con, const char *dataset, struct table_count *tables,
                size_t count, struct tg_error *err)
{
    int rc = TG_OK;
    struct described there = {0};
    struct text_rows rows = {0};
    TRY(connection_describe(con, dataset, NULL, &there, err));
    for (size_t i = 0; i < count; i++) {
        const struct described_table *found = described_find(&there, tables[i].table);
        const struct sql_scope scope = {
            .dialect = con->dialect,
            .dataset = dataset,
            .parts = SQL_PARTS(SQL_TABLE("table", found ? found->name : ""))};
        tables[i].is_there = found != NULL;
        if (!found)
            continue;
        text_rows_release(&rows);
        TRY(sql_fetch(con, &scope, "SELECT count(*) FROM {table}", &rows, err));
        tables[i].rows = strtoull(text_cell(&rows, 0, 0), NULL, 10);
    }
done:
    text_rows_release(&rows);
    described_release(&there);
    return rc;
}
