/*
 * Schema contracts (reference 4.4): what may change when data bring something new.
 */
#ifndef TIDEGATE_CATALOG_CONTRACT_H
#define TIDEGATE_CATALOG_CONTRACT_H

#include <yyjson.h>

#include "base/buf.h"
#include "base/error.h"

enum contract_mode {
    CONTRACT_UNSAID = 0,
    CONTRACT_EVOLVE,
    CONTRACT_FREEZE,
    CONTRACT_DISCARD_ROW,
    CONTRACT_DISCARD_VALUE
};

enum contract_entity { CONTRACT_TABLES = 0, CONTRACT_COLUMNS, CONTRACT_DATA_TYPE, CONTRACT_COUNT };

struct contract {
    enum contract_mode modes[CONTRACT_COUNT];
    bool spelled_out; /* as a map, though one word would say the same */
};

/* "evolve", "tables"; also the words of the spec. */
const char *contract_mode_text(enum contract_mode mode);
bool contract_mode_find(const char *text, enum contract_mode *out);
const char *contract_entity_text(enum contract_entity entity);

/* Of TG_CONTRACT: what was to be new, for programs. `column` may be NULL. Returns TG_CONTRACT. */
int contract_blame(enum contract_entity entity, const char *table, const char *column,
                   struct tg_error *err);

/* Reads `schema_contract` of a stored schema: a mode for all entities, or a map. TG_DATA. */
int contract_read(yyjson_val *value, struct contract *out, struct tg_error *err) TG_CHECK_RESULT;
/* Writes it in that form: one word where all three are equal and not spelled out, else a map of
 * what is said. Nothing said: nothing written. */
void contract_write(const struct contract *contract, struct buf *out);
bool contract_is_said(const struct contract *contract);
/* Whether rows may be put aside by it. */
bool contract_discards_rows(const struct contract *contract);

/* What holds for a table: what `run` says, else what `table` says (of it and its parents the
 * nearest that says anything), else what `schema` says. As in dlt a level counts as a whole: what
 * it leaves unsaid evolves and is not looked up further out. Any of them may be NULL. */
struct contract contract_resolve(const struct contract *run, const struct contract *table,
                                 const struct contract *schema);

#endif
