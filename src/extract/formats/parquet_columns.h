/*
 * What a Parquet file's own schema says of its columns and the engine does not hand on.
 */
#ifndef TIDEGATE_EXTRACT_PARQUET_COLUMNS_H
#define TIDEGATE_EXTRACT_PARQUET_COLUMNS_H

#include "data/batch.h"
#include "duckdb/engine.h"

struct parquet_columns; /* of one file */

/* TG_DATA when the engine would read a column wrong: it and what to do is said. */
int parquet_columns_read(struct engine *engine, const char *path, struct parquet_columns **out,
                         struct tg_error *err) TG_CHECK_RESULT;
void parquet_columns_free(struct parquet_columns *columns); /* NULL is fine */
size_t parquet_columns_count(const struct parquet_columns *columns);
/* Is there an interval or a variant, or what looks like one? */
bool parquet_columns_may_need_casts(const struct parquet_columns *columns);

/* The schema of the engine's batches: columns of the null type, nested ones too, become columns
 * without a type. */
void parquet_columns_mark(const struct parquet_columns *columns, struct ArrowSchema *schema);
/* A batch of them: TG_DATA when a timestamp may have come out wrong. */
int parquet_columns_check(const struct parquet_columns *columns, const struct ArrowSchema *schema,
                          const struct ArrowArray *batch, struct tg_error *err) TG_CHECK_RESULT;

#endif
