/*
 * Values in PostgreSQL's binary form as the text that the server writes for them (dates and
 * intervals ISO, zone UTC; true and false), or as JSON, as its to_json has it.
 */
#ifndef TIDEGATE_POSTGRES_VALUES_TEXT_H
#define TIDEGATE_POSTGRES_VALUES_TEXT_H

#include "base/buf.h"
#include "postgres/values/types.h"

/* PostgreSQL counts from 2000-01-01. */
enum { PG_EPOCH_DAYS = 10957 };
#define PG_EPOCH_US INT64_C(946684800000000)

/* TG_DATA for bytes that are no value of the type. */
int pg_text(const struct pg_types *types, const struct pg_type *type, const char *bytes, size_t len,
            struct buf *out, struct tg_error *err) TG_CHECK_RESULT;
int pg_json(const struct pg_types *types, const struct pg_type *type, const char *bytes, size_t len,
            struct buf *out, struct tg_error *err) TG_CHECK_RESULT;

/* 16 bytes as 36 characters, without a NUL. */
enum { PG_UUID_CHARS = 36 };
void pg_format_uuid(const char *bytes, char out[PG_UUID_CHARS]);
/* As PostgreSQL counts, the highest and lowest number being infinite. */
void pg_put_date(int32_t days, struct buf *out);
/* `between` date and time; of a zone: UTC. */
void pg_put_timestamp(int64_t us, char between, const char *zone, struct buf *out);

#endif
