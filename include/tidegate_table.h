/*
 * tidegate: several tables from one resource. tidegate.h includes this header.
 */
#ifndef TIDEGATE_PUBLIC_TABLE_H
#define TIDEGATE_PUBLIC_TABLE_H

#include "tidegate.h"

#ifdef __cplusplus
extern "C" {
#endif

/* For a `read` callback: a further table of its resource, and its number in *number, by which
 * tg_rows_table says that rows are for it. What is nested in them goes to tables of their own, as
 * everywhere.
 *
 *     static int read_events(struct tg_read *read, struct tg_error *err)
 *     {
 *         struct tg_resource hints;
 *         size_t orders, others;
 *         tg_resource_init(&hints);
 *         hints.write_disposition = TG_MERGE;
 *         hints.primary_key = "id";
 *         int rc = tg_read_table(read, "orders", &hints, &orders, err);
 *         if (!rc)
 *             rc = tg_read_table(read, "others", NULL, &others, err);
 *         for (struct event *event; !rc && (event = next_event(read->user));) {
 *             tg_rows_table(read->rows, event->is_order ? orders : others);
 *             push(read->rows, event);
 *         }
 *         read->done = true;
 *         return rc;
 *     }
 *
 * `hints` are a resource's, as far as they are about the table: write_disposition and all that goes
 * with it, primary_key, merge_key, columns, schema_contract, max_table_nesting, row_ids,
 * reject_bad_rows, materialize, description, hints. NULL: none are said, and the table is appended
 * to; one that is another resource's own is loaded as that one says. Names become those of tables
 * as table_name does: those that become the same are the same table; the resource's own has the
 * number 0. Hints that are said again, in this run, take the place of those before, but columns
 * stay; other keys, and another way to be loaded, are said before the table's first row.
 *
 * Each table is loaded by its own disposition, all of them in one transaction. The resource's
 * cursor judges all rows, wherever they go. A table that is replaced is emptied when no row comes
 * for it: one that this run has named, and of a replaced resource all that it has made. Resets and
 * refreshes of the resource take all of its tables, but those of another one that is not selected.
 * What was read and filtered stands at its own.
 *
 * No table is replaced, or a group of its merge_key, without rows that the cursor, which goes on
 * from an earlier run, has left out for it: such a run fails (TG_USAGE), at this call where it is
 * the resource's own. One that `read` gives none of them for is replaced by what it gives. Of the
 * resource's own merge_key old rows go along with new ones, as everywhere.
 *
 * TG_USAGE: hints that do not go together, or are the resource's to say, an empty name, a resource
 * without a table (no_table); beside a cursor replace-range, and another merge_key of the own table
 * than the resource's; with the first row: a table that another resource of the run loads in
 * another way. TG_SPEC, with the first row: a name that is reserved, or that of a nested table. */
TG_API_CHECK int tg_read_table(const struct tg_read *read, const char *name,
                               const struct tg_resource *hints, size_t *number,
                               struct tg_error *err);

/* Rows that follow, and the Arrow stream that is moved in by this call of `read`, are for the table
 * of that number; 0: the resource's own, where each run begins. It holds until it is said again, in
 * later calls, too. Between rows only; a mistake is remembered, as those of all tg_rows_... are. */
TG_API void tg_rows_table(struct tg_rows *rows, size_t number);

#ifdef __cplusplus
}
#endif

#endif
