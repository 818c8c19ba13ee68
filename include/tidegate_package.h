/*
 * tidegate: a run in steps: what is new is sealed on local disk, and written later. tidegate.h
 * includes this header.
 *
 *     struct tg_result *result = NULL;
 *     int rc = tg_pipeline_extract(pipeline, &result, &err);
 *     printf("%s: %s\n", tg_result_load_id(result), tg_result_package(result));
 *     tg_result_free(result);
 *     rc = rc ? rc : tg_pipeline_write(pipeline, NULL, &result, &err);
 *
 * A sealed load is a folder WORKDIR/PIPELINE/sealed/LOAD_ID with Parquet files and a manifest.
 * tg_pipeline_show lists them (TG_SHOW_PACKAGES), and their files (TG_SHOW_FILES). tg_pipeline_run
 * writes those that wait before it reads.
 */
#ifndef TIDEGATE_PUBLIC_PACKAGE_H
#define TIDEGATE_PUBLIC_PACKAGE_H

#include "tidegate.h"

#ifdef __cplusplus
extern "C" {
#endif

/* As tg_pipeline_run, up to the seal: nothing is written at the destination. It goes on from what
 * the sealed loads before it will leave (cursors, the rows at their last value, files, what a
 * program keeps, the schema): of several that are written afterwards, each brings a row once. The
 * result has the load's id, its folder (tg_result_package) and the rows of each table before they
 * are written (rows_new); sources hear TG_OUTCOME_SEALED. Where nothing is new, nothing is sealed,
 * and the id is "". TG_CONFLICT where it cannot be known what a sealed load will leave: one that
 * begins anew (refresh), or loads a window. */
TG_API_CHECK int tg_pipeline_extract(struct tg_pipeline *pipeline, struct tg_result **out,
                                     struct tg_error *err);

/* The same of a window (tg_pipeline_run_window): that it is loaded is recorded with its rows, when
 * they are written. An extract that follows needs it to be written first: TG_CONFLICT. */
TG_API_CHECK int tg_pipeline_extract_window(struct tg_pipeline *pipeline,
                                            const struct tg_window_options *options,
                                            struct tg_result **out, struct tg_error *err);

/* Writes one sealed load of the pipeline's destination and dataset, in a transaction, once: the
 * oldest. `load_id` has to be its id (NULL: whichever it is); TG_USAGE names the one that comes
 * first. Where none waits, tg_result_load_id is "". Sources are not opened. TG_CONFLICT where
 * another run has loaded since it was sealed: it is given up, and those that have gone on from it;
 * their rows are read again, and what no source gives again is kept in WORKDIR/PIPELINE/failed. */
TG_API_CHECK int tg_pipeline_write(struct tg_pipeline *pipeline, const char *load_id,
                                   struct tg_result **out, struct tg_error *err);

/* Deletes sealed loads of the pipeline's destination and dataset that are not written: this one, or
 * (NULL) all of them. What they hold and no source gives again is lost. TG_USAGE where there is no
 * such load, and for one that a later one has gone on from. `count` (may be NULL) gets how many
 * went, also on failure. */
TG_API_CHECK int tg_pipeline_drop_packages(struct tg_pipeline *pipeline, const char *load_id,
                                           size_t *count, struct tg_error *err);

/* Of a result: the folder of its load; "" where there was nothing to load. After it was written the
 * folder is gone. */
TG_API const char *tg_result_package(const struct tg_result *result);
/* The schema as the load was made for it. What a load stores may be a version further: it marks the
 * tables that have had rows. */
TG_API const char *tg_result_schema_hash(const struct tg_result *result);
TG_API int64_t tg_result_schema_version(const struct tg_result *result);
/* Whether the load brings a new state: a cursor has moved, or a program has kept something. */
TG_API bool tg_result_state_changed(const struct tg_result *result);

#ifdef __cplusplus
}
#endif

#endif
