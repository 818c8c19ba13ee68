/*
 * merge by delete-insert: rows of the load take the place of old ones with an equal primary key, or
 * of all old ones with an equal merge key.
 *
 * All of it is exchange.c's.
 */
#include "write/disposition.h"
#include "write/sql/exchange.h"
#include "write/sql/single.h"

const struct disposition_driver disposition_merge = {
    .word = DISPOSITION_MERGE,
    .strategy = "delete-insert",
    .is_usual = true,
    .needs_key = true,
    .needs_order = true,
    .needs_root_id = true,
    .boundary_hashes_max = 10000,
    .clears_scope = true,
    .options = "skip_unchanged_rows deletes row_version_column_name source_filter "
               "destination_scope deduplicated",
    .stage = exchange_stage,
    .apply = exchange_apply,
    .single = single_exchange,
};
