/*
 * Values in PostgreSQL's binary form -> Arrow batches. docs/postgresql-types.md says what becomes
 * of each type.
 */
#ifndef TIDEGATE_POSTGRES_VALUES_DECODE_H
#define TIDEGATE_POSTGRES_VALUES_DECODE_H

#include "data/batch.h"
#include "postgres/values/types.h"

/* A column of a result, or of a table. */
struct pg_field {
    const char *name;
    uint32_t oid; /* its type */
    int32_t typmod;
    bool nullable;
    const struct type_spec *wanted; /* a hint: NULL as it comes */
    const char *sql_type;           /* what it was before the query asked for it as `oid`; NULL */
};

struct pg_decoder;

/* Copies the fields' names; `types` may be NULL, and is borrowed. TG_DATA naming the column for a
 * type whose binary form is not read here (pg_type_reading). */
int pg_decoder_new(const struct pg_types *types, const struct pg_field *fields, size_t count,
                   struct pg_decoder **out, struct tg_error *err) TG_CHECK_RESULT;
void pg_decoder_free(struct pg_decoder *decoder); /* NULL is fine */
int pg_decoder_schema(const struct pg_decoder *decoder, struct ArrowSchema *out,
                      struct tg_error *err) TG_CHECK_RESULT;

/* A row, value by value: the columns in any order, those left out are NULL. */
int pg_decoder_value(struct pg_decoder *decoder, size_t column, const char *bytes,
                     int32_t len /* -1: NULL */, struct tg_error *err) TG_CHECK_RESULT;
void pg_decoder_end_row(struct pg_decoder *decoder);

/* Bytes of COPY (FORMAT binary) TO, cut anywhere: a CopyData message as it comes. Rows that find
 * no room in a full batch, and a row that is not whole, are kept for the next call, which may bring
 * no bytes. *end: the last row was read; what is still missing then, when there are no more
 * messages, is the sender's. */
int pg_decoder_copy(struct pg_decoder *decoder, const char *bytes, size_t len, bool *end,
                    struct tg_error *err) TG_CHECK_RESULT;

int64_t pg_decoder_rows(const struct pg_decoder *decoder); /* that the batch has so far */
/* Take the batch before the next row comes: it has BATCH_ROWS rows, or many bytes. */
bool pg_decoder_full(const struct pg_decoder *decoder);
/* The rows so far as a batch; the decoder goes on with an empty one. Here texts are checked: one
 * that is no UTF-8 (a database of SQL_ASCII) is TG_DATA naming column and row. */
int pg_decoder_take(struct pg_decoder *decoder, struct ArrowArray *out,
                    struct tg_error *err) TG_CHECK_RESULT;

#endif
