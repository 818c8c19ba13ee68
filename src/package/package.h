/*
 * The package: the directory on local disk that holds one load between normalize and write.
 *
 *   WORKDIR/PIPELINE/lock                     one run at a time
 *   WORKDIR/PIPELINE/open/LOAD_ID/            being filled; deleted by the next run
 *   WORKDIR/PIPELINE/sealed/LOAD_ID/          complete: Parquet files, manifest.json
 *   WORKDIR/PIPELINE/failed/LOAD_ID/          refused by the destination, with error.txt
 *   WORKDIR/PIPELINE/damaged/LOAD_ID/         not what was sealed any more, with error.txt
 *
 *   package_create -> package_append (per table, batch by batch; files are written in the
 * background) -> package_seal (the one rename)
 */
#ifndef TIDEGATE_PACKAGE_PACKAGE_H
#define TIDEGATE_PACKAGE_PACKAGE_H

#include "base/context.h"
#include "base/fs.h"
#include "duckdb/engine.h"
#include "package/manifest.h"

struct package; /* one being filled */

/* `folder` is WORKDIR/PIPELINE. Makes open/LOAD_ID. The engine and ctx are borrowed. Without a
 * folder (NULL) nothing is kept of what is appended, and the package is not to be finished. */
int package_create(struct context *ctx, struct engine *engine, const char *folder,
                   const char *load_id, struct package **out, struct tg_error *err) TG_CHECK_RESULT;
/* The load's own id, a random one. */
int package_make_id(struct context *ctx, struct manifest *manifest,
                    struct tg_error *err) TG_CHECK_RESULT;
struct manifest *package_manifest(
    struct package *package); /* the caller fills in everything but the files */

/* Takes one batch of a table (array moved in, also on failure; schema borrowed, copied when it
 * differs from the table's last). Batches are kept in memory until the share of the memory budget
 * is full; then they go to one Parquet file per table and schema, in the background, while the
 * caller goes on. */
int package_append(struct package *package, const char *table, const struct ArrowSchema *schema,
                   struct ArrowArray *array, struct tg_error *err) TG_CHECK_RESULT;
/* Writes what is left, fsyncs files, writes the manifest and renames to sealed/. *path (out,
 * mem_free) is the sealed folder. */
int package_seal(struct package *package, char **path, struct tg_error *err) TG_CHECK_RESULT;
/* For one that is not to be sealed: its files are complete, and lie in its folder until it is
 * freed. */
int package_finish(struct package *package, struct tg_error *err) TG_CHECK_RESULT;
const char *package_path(const struct package *package);
/* Frees; an unsealed one is deleted from disk. NULL is fine. */
void package_free(struct package *package);

/* ---- what lies on disk ---- */
/* Deletes open/; lists sealed/ oldest first (paths). */
int package_settle(const char *folder, struct fs_names *sealed,
                   struct tg_error *err) TG_CHECK_RESULT;
/* Reads the manifest alone. */
int package_read(const char *path, struct manifest *out, struct tg_error *err) TG_CHECK_RESULT;
/* Reads and checks manifest and files (presence, size, checksum). TG_IO when damaged. */
int package_open(const char *path, struct manifest *out, struct tg_error *err) TG_CHECK_RESULT;
int package_drop(const char *path, struct tg_error *err) TG_CHECK_RESULT;
/* Moves a sealed package to `part` (failed, damaged) with the error's text in error.txt. */
int package_set_aside(const char *path, const char *part, const struct tg_error *why,
                      struct tg_error *err) TG_CHECK_RESULT;
/* Leaves the error's text in a package that stays. */
int package_note(const char *path, const struct tg_error *why,
                 struct tg_error *err) TG_CHECK_RESULT;
/* Appends that text; nothing when there is none. */
int package_reason(const char *path, struct buf *out, struct tg_error *err) TG_CHECK_RESULT;
/* How often the package could not be written by later runs; and once more. */
int package_tries(const char *path, int *out, struct tg_error *err) TG_CHECK_RESULT;
int package_count_try(const char *path, int *out, struct tg_error *err) TG_CHECK_RESULT;

#endif
