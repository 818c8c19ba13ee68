/*
 * merge by upsert: rows of the load take the place of old ones with an equal primary key, and keep
 * their id, which is a hash of the key; so do the rows nested in them, whose ids are made from it.
 *
 * What an update would leave is what exchange.c leaves, at a third of the cost: all columns are the
 * load's, those it does not bring are NULL, and rows nested in the old one are gone.
 */
#include "write/disposition.h"
#include "write/sql/exchange.h"
#include "write/sql/single.h"

const struct disposition_driver disposition_upsert = {
    .word = DISPOSITION_MERGE,
    .strategy = "upsert",
    .needs_key = true,
    .needs_primary_key = true,
    .ids_by_key = true,
    .needs_order = true,
    .needs_root_id = true,
    .boundary_hashes_max = 10000,
    .options = "skip_unchanged_rows deletes row_version_column_name source_filter",
    .stage = exchange_stage,
    .apply = exchange_apply,
    .single = single_exchange,
};
