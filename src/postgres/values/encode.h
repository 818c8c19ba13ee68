/*
 * Arrow batches -> COPY FROM STDIN, in binary, or as text where one of the columns has no binary
 * form here: the server then reads the values' texts.
 */
#ifndef TIDEGATE_POSTGRES_VALUES_ENCODE_H
#define TIDEGATE_POSTGRES_VALUES_ENCODE_H

#include "postgres/values/decode.h"

struct pg_encoder;

enum { PG_CHUNK = 64 * 1024 }; /* bytes to send at once */

/* The targets (name, oid, typmod) of the schema's columns, one for each, in the same order: that of
 * the COPY's list of columns. Copies what it needs; the schema is borrowed. */
int pg_encoder_new(const struct ArrowSchema *schema, const struct pg_field *targets, size_t count,
                   struct pg_encoder **out, struct tg_error *err) TG_CHECK_RESULT;
void pg_encoder_free(struct pg_encoder *encoder); /* NULL is fine */
/* COPY ... FROM STDIN as it is; else with (FORMAT binary). */
bool pg_encoder_is_text(const struct pg_encoder *encoder);

/* Each appends to `out`. header, then batch by batch, then trailer. */
int pg_encoder_header(struct pg_encoder *encoder, struct buf *out,
                      struct tg_error *err) TG_CHECK_RESULT;
/* Rows from *row on, until `out` has PG_CHUNK bytes or the batch ends (*row: its length). TG_DATA
 * naming the column and the value that its type does not hold: it is in *row. */
int pg_encoder_batch(struct pg_encoder *encoder, const struct ArrowArray *batch, int64_t *row,
                     struct buf *out, struct tg_error *err) TG_CHECK_RESULT;
int pg_encoder_trailer(struct pg_encoder *encoder, struct buf *out,
                       struct tg_error *err) TG_CHECK_RESULT;

#endif
