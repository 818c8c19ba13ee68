/*
 * Batches of a load on their way to Parquet files: kept in memory until a share of the budget is
 * full, then written in the background. One thread uses a spool.
 */
#ifndef TIDEGATE_PACKAGE_SPOOL_H
#define TIDEGATE_PACKAGE_SPOOL_H

#include "base/context.h"
#include "duckdb/engine.h"
#include "package/manifest.h"

struct spool;

/* Files go to `folder` (copied). The engine and ctx are borrowed. */
int spool_new(struct context *ctx, struct engine *engine, const char *folder, struct spool **out,
              struct tg_error *err) TG_CHECK_RESULT;
/* As package_append. Reports, too, what went wrong with an earlier flush. */
int spool_append(struct spool *spool, const char *table, const struct ArrowSchema *schema,
                 struct ArrowArray *array, struct tg_error *err) TG_CHECK_RESULT;
/* Writes what is left, waits, and enters all files into the manifest, where their tables must be.
 */
int spool_finish(struct spool *spool, struct manifest *manifest,
                 struct tg_error *err) TG_CHECK_RESULT;
/* Waits for what is being written, drops the rest. NULL is fine. */
void spool_free(struct spool *spool);

#endif
