/*
 * What becomes of what is new (reference 4.4), and of rows that are not loaded.
 */
#ifndef TIDEGATE_NORMALIZE_CHANGE_H
#define TIDEGATE_NORMALIZE_CHANGE_H

#include "normalize/output.h"

/* Beside enum tg_code: the row being walked is given up, outputs->discard_reason says why. */
enum { ROW_DISCARDED = -1 };

/* A change that data ask for. */
struct change {
    enum contract_entity entity;
    const char *table;
    const char *column;     /* NULL for a table; lives until the row is rejected */
    const char *type;       /* of the value or the new column; NULL for a table */
    const char *type_there; /* CONTRACT_DATA_TYPE: of the column */
};

/* Asks the contract: TG_OK and *left_out (keep the value, or leave it out), ROW_DISCARDED, or
 * TG_CONTRACT when the entity is frozen, with the document. */
int change_ask(struct outputs *outputs, const struct output *output, const struct change *change,
               bool *left_out, struct tg_error *err) TG_CHECK_RESULT;
/* One more bad row, err says of what kind: TG_DATA beyond the limit. */
int bad_row_count(struct outputs *outputs, struct tg_error *err) TG_CHECK_RESULT;
/* Hands `document`, a row of `table`, to the sink for rejects. */
int row_reject(struct outputs *outputs, const char *table, const char *column, const char *reason,
               const yyjson_val *document, struct tg_error *err) TG_CHECK_RESULT;
/* Rejects the row being walked, after ROW_DISCARDED or with the error `err`, which is cleared. Any
 * other `code`, or one bad row too many, is returned. */
int row_give_up(struct outputs *outputs, const struct output *output, int code,
                struct tg_error *err) TG_CHECK_RESULT;

#endif
