/*
 * merge by cdc: upsert, and rows that did not come are gone: all of them, or by a merge key those
 * of which it came, or those in destination_scope.
 *
 * The first half is exchange.c's, the second absent.c's: it goes ahead of it, as in dlt. Beyond dlt
 * it has a brake, and a run that did not read all there is does not get here (config/deletes.c).
 */
#include "write/disposition.h"
#include "write/sql/exchange.h"
#include "write/sql/single.h"

const struct disposition_driver disposition_cdc = {
    .word = DISPOSITION_MERGE,
    .strategy = "cdc",
    .needs_key = true,
    .needs_primary_key = true,
    .ids_by_key = true,
    .needs_order = true,
    .needs_root_id = true,
    .deletes_absent = true,
    .boundary_hashes_max = 10000,
    .options = "skip_unchanged_rows deletes row_version_column_name "
               "source_filter destination_scope",
    .stage = exchange_stage,
    .apply = exchange_apply,
    .single = single_exchange,
};
