/*
 * A column of an Arrow batch as integers that are ordered as the cursor's values are.
 */
#ifndef TIDEGATE_EXTRACT_ORDER_KEYS_H
#define TIDEGATE_EXTRACT_ORDER_KEYS_H

#include "extract/cursor/cursor_arrow.h"

enum key_kind { KEY_INTEGER, KEY_DOUBLE, KEY_TIME };

/* The keys of the column's first `count` values, and whether there is one: what NULL counts for is
 * not. false: the column has no such keys, and `keys` and `there` hold nothing. */
bool order_keys_read(const struct cursor_column *column, int64_t count, enum key_kind *kind,
                     int64_t *keys, uint8_t *there);
/* The key of a value of any kind: it compares with those of a column as the value does with the
 * column's. false: it has none. */
bool order_key_of(enum key_kind kind, const struct cursor_value *value, int64_t *key);

#endif
