/*
 * The batch of a table that is being filled: the ids of its rows, and its way out.
 */
#ifndef TIDEGATE_NORMALIZE_EMIT_H
#define TIDEGATE_NORMALIZE_EMIT_H

#include "normalize/output.h"

/* Gives the root row being filled the hash of a text for its id, by the time the batch goes out. */
int output_hash_id(struct outputs *outputs, struct output *output, const char *text, size_t len,
                   struct tg_error *err) TG_CHECK_RESULT;
/* Gives the nested row being filled its own id, and all rows before it theirs. */
int output_set_id(struct outputs *outputs, struct output *output, const char *id, size_t len,
                  struct tg_error *err) TG_CHECK_RESULT;

/* The load's id in `row_count` rows; the order of arrival of rows from number `first` on. */
int output_fill_load_id(const struct outputs *outputs, struct column *column, size_t row_count,
                        struct tg_error *err) TG_CHECK_RESULT;
int output_export_order(const struct outputs *outputs, uint64_t first, size_t row_count,
                        struct ArrowArray *out, struct tg_error *err) TG_CHECK_RESULT;

/* Buffers for the next batch. */
int output_open(struct output *output, struct tg_error *err) TG_CHECK_RESULT;
/* Hands the batch on; nothing happens when there are no rows. */
int output_emit(struct outputs *outputs, struct output *output,
                struct tg_error *err) TG_CHECK_RESULT;
size_t output_bytes(const struct output *output); /* of the open batch, about */

/* Hands on a batch without rows, of all columns that have a type, and the system's. */
int output_emit_nothing(struct outputs *outputs, struct output *output,
                        struct tg_error *err) TG_CHECK_RESULT;

#endif
