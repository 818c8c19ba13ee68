/*
 * One run of a pipeline, from lock to drop; and the way of one resource through it.
 */
#ifndef TIDEGATE_RUN_H
#define TIDEGATE_RUN_H

#include "dlt/state.h"
#include "dlt/store.h"
#include "extract/extract.h"
#include "package/package.h"
#include "package/rejects.h"
#include "run/pipeline.h"
#include "write/destination.h"

/* What a resource's way through the run came to. */
struct load_counts {
    const struct resource *resource;
    const char *table; /* normalised; in the catalog's arena */
    uint64_t rows_read, rows_new, rows_filtered, rows_rejected, bytes_read;
    double seconds;
    bool begun; /* the resource's `end` is owed a call */
};

struct run {
    struct tg_pipeline *pipeline;
    char *folder; /* WORKDIR/PIPELINE */
    struct fs_lock lock;
    struct engine *engine;
    struct destination destination;
    struct ledger ledger;
    const char *schema; /* the ledger's word for it, else the config's */
    struct state state;
    struct catalog catalog;
    struct catalog there;  /* tables that the run touches, as the destination has them */
    const char **had_data; /* tables, by the ledger */
    size_t had_data_count;
    struct settings settings; /* of the catalog, with what the config says */
    struct hasher hasher;
    char load_id[LOAD_ID_TEXT];
    int64_t started_us;              /* by the clock on the wall, */
    int64_t started_ticks;           /* and by the one that is never set */
    int64_t progress_ticks;          /* when progress was last shown, */
    enum tg_phase phase;             /* and of which phase */
    int64_t phase_ticks;             /* when the last phase ended, */
    int64_t phase_us[TG_PHASE_DONE]; /* and how long each took */
    struct package *package;         /* NULL until there is something to load */
    struct rejects rejects;
    struct load_counts *loads;
    size_t load_count;
    size_t settled_count;
    struct write_result result;
};

/* The package of this run, made on first use: a run with nothing new touches neither disk nor
 * engine. */
int run_package(struct run *run, struct manifest **out, struct tg_error *err) TG_CHECK_RESULT;
void run_progress(struct run *run, enum tg_phase phase, const char *resource,
                  const struct extract_counts *counts, bool ended);

/* hints.c: how names are made; what a resource says of its table, laid over the catalog, and the
 * contract that holds for it. */
struct name_rules run_names(const struct run *run);
int load_table_name(struct run *run, const struct resource *resource, const char **out,
                    struct tg_error *err) TG_CHECK_RESULT;
int load_hints(struct run *run, const struct resource *resource, struct table **out,
               struct contract *contract, struct tg_error *err) TG_CHECK_RESULT;

/* there.c: what the destination has. Notes which tables have had data, before anybody changes the
 * catalog; then looks at those that the run touches, and lets the catalog learn types. */
int there_note(struct run *run, struct tg_error *err) TG_CHECK_RESULT;
int there_read(struct run *run, struct tg_error *err) TG_CHECK_RESULT;
/* Whether a table that is nested in `root` there has root keys. */
bool there_carries_root_id(const struct run *run, const char *root);
enum there {
    THERE_NEW = 0,
    THERE_PRESENT,
    THERE_GONE /* it has had data */
};
/* Before the first row of a table: one that is present must be fit for ours; one that is gone is an
 * error where something (`held_by`, NULL: nothing) holds rows back that were in it, else a warning.
 */
int there_meet(const struct run *run, const char *table, const struct resource *resource,
               const char *held_by, enum there *found, struct tg_error *err) TG_CHECK_RESULT;

/* schema_file.c: the schema as YAML: before the source is read, before the load is sealed, and in
 * the end. */
int schema_file_import(struct run *run, struct tg_error *err) TG_CHECK_RESULT;
int schema_file_start(struct run *run, struct tg_error *err) TG_CHECK_RESULT;
int schema_file_export(const struct run *run, struct tg_error *err) TG_CHECK_RESULT;

/* settle.c: sealed packages. settle_all: those of earlier runs; an error when this run cannot go on
 * without one. settle_write: one, and its folder follows. settle_prune: those that failed, once a
 * later load is committed. */
int settle_all(struct run *run, const struct fs_names *sealed,
               struct tg_error *err) TG_CHECK_RESULT;
int settle_write(struct run *run, const char *path, const struct manifest *manifest,
                 struct write_result *result, struct tg_error *err) TG_CHECK_RESULT;
void settle_prune(struct run *run);

/* result.c: what the caller is told. Prepared before the load is written, so that nothing can fail
 * when it has been; a run that failed leaves its warnings, or NULL. */
int result_prepare(const struct run *run, struct tg_result **out,
                   struct tg_error *err) TG_CHECK_RESULT;
void result_complete(const struct run *run, struct tg_result *result);
struct tg_result *result_fail(const struct run *run, struct tg_result *prepared);

/* run.c: the whole. *out as tg_pipeline_run says. */
int run_pipeline(struct tg_pipeline *pipeline, struct tg_result **out,
                 struct tg_error *err) TG_CHECK_RESULT;

/* load.c: extract -> cursor -> normalize -> package for one resource. */
int load_resource(struct run *run, struct sources *sources, const struct resource *resource,
                  struct load_counts *counts, struct tg_error *err) TG_CHECK_RESULT;

#endif
