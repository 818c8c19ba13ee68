/*
 * What is said of rows that a cursor cannot place. The inside of a cursor, for cursor.c and
 * judge.c. Each returns TG_DATA, with the row's place.
 */
#ifndef TIDEGATE_EXTRACT_REFUSAL_H
#define TIDEGATE_EXTRACT_REFUSAL_H

#include "extract/cursor/judge.h"

/* Of TG_DATA about a value: what it is about, for programs. */
int cursor_blame(const struct cursor *cursor, enum tg_reason reason, struct tg_error *err);

/* It stands nowhere: a field of the cursor is missing, or has nothing that counts. */
int refuse_missing(const struct pass *pass, struct row_ref ref, struct tg_error *err);
/* Field `part` of where it stands does not compare with that of `other`. */
int refuse_clash(const struct pass *pass, struct row_ref ref, size_t part,
                 const struct point *other, struct tg_error *err);
/* The field holds a list, an object or a flag. */
int refuse_unordered(const struct pass *pass, const yyjson_val *row,
                     const struct cursor_field *field, const yyjson_val *cell,
                     struct tg_error *err);
/* It comes after one that row_order has behind it. */
int refuse_order(const struct pass *pass, struct row_ref ref, struct tg_error *err);
/* A value that cursor_type does not fit: of the spec, the state or (the caller adds it) a row. */
int refuse_type(const struct cursor *cursor, const struct cursor_value *value,
                struct tg_error *err);

#endif
