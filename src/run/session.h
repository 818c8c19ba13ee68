/*
 * What the loads of a pipeline share: its working directory, the engine, the destination and what
 * is known of it. One after the other, each begins with what the destination knows by then.
 */
#ifndef TIDEGATE_RUN_SESSION_H
#define TIDEGATE_RUN_SESSION_H

#include "dlt/state.h"
#include "dlt/store.h"
#include "extract/extract.h"
#include "package/package.h"
#include "run/pipeline.h"
#include "write/destination.h"

struct progress {
    int64_t shown_ticks;                 /* when it was last shown, */
    enum tg_phase phase;                 /* and of which phase */
    int64_t phase_ticks;                 /* when the last phase ended, */
    int64_t phase_us[TG_PHASE_DONE];     /* and how long each took */
    enum tg_phase writes_of;             /* the phase in which something is written */
    const char *load_id;                 /* borrowed, of the load; NULL: it has none yet */
    uint64_t resources, resources_ended; /* that it reads, and of these are through */
};

/* In the ledger's arena. */
struct dropped_table {
    const char *name, *resource;
    bool nested;
};

struct brought_table {
    const char *name, *resource;
};

/* Of a run that loads a window: what a resource is read by. In the ledger's arena. */
struct claimed_window;
struct resource_window {
    const struct claimed_window *claimed; /* borrowed; NULL: it is no plan's */
    const char *resource;
    size_t place;           /* in the config, */
    struct incremental was; /* which says this of it */
    const char *lo, *hi;    /* JSON */
    bool of_times;
};

struct session {
    struct tg_pipeline *pipeline;
    char *folder; /* WORKDIR/PIPELINE */
    struct fs_lock lock;
    struct engine *engine;
    struct destination destination;
    struct progress progress;
    size_t settled_count; /* loads of earlier sessions that were written */
    struct hasher hasher;
    /* Of session_restore. */
    int64_t restored_us; /* load ids are made from here on */
    struct ledger ledger;
    const char *schema; /* the ledger's word for it, else the config's */
    struct state state;
    struct state aside; /* of a window: what a program keeps meanwhile, and nobody afterwards */
    bool program_kept;  /* a program has changed the state */
    struct catalog catalog;
    struct catalog there;   /* tables that a load touches, as the destination has them */
    bool knows_there;       /* all of them: there_complete */
    struct catalog glimpse; /* those that were known before */
    const char **had_data;  /* names of tables, by the ledger */
    size_t had_data_count;
    const char **taken; /* names for tables that something else has: a view */
    size_t taken_count;
    struct dropped_table *dropped; /* tables that the load drops */
    size_t dropped_count;
    struct resource_window *windows; /* window_bind */
    size_t window_count;
    bool looks_ahead;              /* beyond what is sealed: ahead.c */
    const char *follows;           /* the last load that is; NULL: none */
    struct brought_table *brought; /* tables that get rows by them; in the ledger's arena */
    size_t brought_count;
    bool is_unknown_there;    /* the ledger, as it was read, knows nothing of the pipeline */
    bool accepts_rows;        /* somebody else's are, for the first time: origin.c */
    struct settings settings; /* of the catalog, with what the config says */
    struct sources sources;   /* open from the first that is asked until all are read */
};

/* TG_USAGE for a pipeline that is open to be read only. */
int session_may_load(const struct tg_pipeline *pipeline, struct tg_error *err) TG_CHECK_RESULT;
/* What failed in the working directory, for who has named it, or has not. */
int session_blame_folder(const struct config *config, int code, struct tg_error *err);
/* Locks the working directory. Close it in any case; nothing is kept of a failed one. */
int session_open(struct session *session, struct tg_pipeline *pipeline,
                 struct tg_error *err) TG_CHECK_RESULT;
/* Settles what is sealed and reads what the destination knows, before each load. It is open
 * meanwhile, and not while a source is read. What is wrong with it shows here, not after hours of
 * reading. */
int session_restore(struct session *session, struct tg_error *err) TG_CHECK_RESULT;
/* In its place, for a load that stays sealed for now: it goes on from what the sealed ones before
 * it will leave. TG_CONFLICT where that is not known yet. */
int session_restore_ahead(struct session *session, struct tg_error *err) TG_CHECK_RESULT;
/* In its place, for who changes no more than what is remembered: opens the destination, and reads
 * the ledger, its state and its catalog. */
int session_recall(struct session *session, struct tg_error *err) TG_CHECK_RESULT;
/* The same, once what is sealed is known to be for what is there: for who writes one of these. */
int session_recall_settled(struct session *session, struct tg_error *err) TG_CHECK_RESULT;
/* The same without session_open, for who looks at no more than that. */
int session_peek(struct session *session, struct tg_pipeline *pipeline,
                 struct tg_error *err) TG_CHECK_RESULT;
/* In place of session_open and session_restore, for who only looks: nothing is locked, made or
 * settled, and the working directory need not be there. */
int session_look(struct session *session, struct tg_pipeline *pipeline,
                 struct tg_error *err) TG_CHECK_RESULT;
/* In place of the first two, for who reads the sources to learn of them: the destination is not
 * asked, names of columns are those of the source, and all that is kept meanwhile lies in a folder
 * of its own below the working directory. session_close_apart takes it away. */
int session_open_apart(struct session *session, struct tg_pipeline *pipeline,
                       struct tg_error *err) TG_CHECK_RESULT;
/* In place of session_open, in a folder `part` below the pipeline's, which is not locked; to be
 * closed likewise. */
int session_open_below(struct session *session, struct tg_pipeline *pipeline, const char *part,
                       struct tg_error *err) TG_CHECK_RESULT;
void session_close_apart(struct session *session);
/* In place of session_restore, once it is open: what is sealed is left to a run. TG_CONFLICT when
 * there is any for this destination. */
int session_restore_alone(struct session *session, struct tg_error *err) TG_CHECK_RESULT;
void session_close(struct session *session);

void session_progress(struct session *session, enum tg_phase phase, const char *resource,
                      const struct extract_counts *counts, bool ended);
/* From here on what a write does (context.writes) is told, too, as news of that phase; until
 * session_leave_writes. */
void session_watch_writes(struct session *session, enum tg_phase phase);
void session_leave_writes(struct session *session);
void session_end_phase(struct session *session, enum tg_phase phase);

/* root_table.c: how names are made; what a resource says of its table, laid over the catalog, and
 * the contract that holds for it. */
struct name_rules session_names(const struct session *session);
int session_name(struct session *session, const char *name, const char **out,
                 struct tg_error *err) TG_CHECK_RESULT;
/* For a cursor: the same of a key, in `out`; `session` is a struct session. */
int session_normal(void *session, const char *name, size_t len, struct buf *out,
                   struct tg_error *err) TG_CHECK_RESULT;
int root_table_name(struct session *session, const struct resource *resource, const char **out,
                    struct tg_error *err) TG_CHECK_RESULT;
int root_table_contract(struct session *session, const struct resource *resource,
                        struct contract *out, struct tg_error *err) TG_CHECK_RESULT;
int root_table_hints(struct session *session, const struct resource *resource, struct table **out,
                     struct contract *contract, struct tg_error *err) TG_CHECK_RESULT;

/* The column that flags rows which the source has no more, behind those of the data; and what
 * becomes of such rows, in a load. */
int root_table_flag(struct session *session, const struct resource *resource, struct table *root,
                    struct tg_error *err) TG_CHECK_RESULT;
void root_table_mark(const struct deletes *deletes, struct manifest_table *root);

/* history.c: adds to `columns`, of which there are *count, those that a table needs for its
 * versions, HISTORY_COLUMNS at most; the table that is there must have them, or none. `hints` has
 * the table's name and what is there. */
enum { HISTORY_COLUMNS = 3 };
int history_hints(struct session *session, const struct resource *resource,
                  const struct table_hints *hints, struct table_column *columns, size_t *count,
                  struct tg_error *err) TG_CHECK_RESULT;
/* Is a row that does not come taken for gone, whatever it is? */
bool history_is_snapshot(const struct resource *resource, const struct table *table);
/* Can what has been read be taken for all there is? TG_DATA. */
int history_check(const struct resource *resource, const struct table *table, uint64_t rows,
                  uint64_t rejected, uint64_t nested_rejected,
                  struct tg_error *err) TG_CHECK_RESULT;

/* describe.c: what sources say beforehand. In the place of each selected group its members, whose
 * names are the run's. */
int describe_groups(struct tg_pipeline *pipeline, const struct services *services,
                    struct sources *sources, struct tg_error *err) TG_CHECK_RESULT;
/* The resource with the key that its source knows, and all else that this one says. TG_SPEC for one
 * that lacks a key after that. */
int describe_key(const struct resource *resource, const struct resource_request *request,
                 struct sources *sources, struct arena *arena, struct resource *out,
                 struct source_facts *facts, struct tg_error *err) TG_CHECK_RESULT;
/* The resource, or one with the key, types and nullability that its source knows where neither it
 * nor the catalog says them. TG_SPEC as above. */
int describe_resource(struct session *session, const struct resource *resource,
                      const struct resource **out, struct tg_error *err) TG_CHECK_RESULT;

/* conditions.c: the resources' own, before anything is read. The destination is open. TG_SPEC. */
int check_conditions(struct session *session, struct tg_error *err) TG_CHECK_RESULT;

/* origin.c: are there rows of somebody else where a resource remembers nothing? TG_USAGE. The
 * destination is open. */
int origin_check(struct session *session, struct tg_error *err) TG_CHECK_RESULT;

/* refresh.c: how a run begins anew. refresh_forget: once state and catalog are read, what they say
 * of tables that the load drops goes. */
const char *refresh_word(enum tg_refresh refresh); /* "": none */
int refresh_forget(struct session *session, struct tg_error *err) TG_CHECK_RESULT;
bool refresh_drops(const struct session *session, const char *table);
/* Tables whose root is taken are dropped by the load, and the catalog knows them no more. */
struct root_choice {
    bool (*takes)(const void *user, const struct table *root);
    const void *user;
};
int refresh_drop(struct session *session, const struct root_choice *choice,
                 struct tg_error *err) TG_CHECK_RESULT;

/* there.c: what the destination has. Notes which tables have had data, before anybody changes the
 * catalog; then looks at those that a load touches, and lets the catalog learn types. Where that is
 * faster, only tables are looked at whose names are known, and the rest (there_complete) before the
 * first source is read that may have rows: most runs have none. It opens the destination if it is
 * closed, and does nothing the second time. */
int there_note(struct session *session, struct tg_error *err) TG_CHECK_RESULT;
int there_read(struct session *session, struct tg_error *err) TG_CHECK_RESULT;
int there_complete(struct session *session, struct tg_error *err) TG_CHECK_RESULT;
/* The same last step for a root, and what is nested in it, that is named while a source is read. */
int there_touch(struct session *session, const char *root, struct tg_error *err) TG_CHECK_RESULT;
/* Is it nested in the root table, by its name and columns, and nothing that our schema knows? */
bool there_is_below(const struct session *session, const struct table *there, const char *root);
/* Whether a table that is nested in `root` there has root keys. */
bool there_carries_root_id(const struct session *session, const char *root);
enum there {
    THERE_NEW = 0,
    THERE_PRESENT,
    THERE_GONE /* it has had data */
};
/* Can rows of ours go into what is there by the name of a table? TG_DESTINATION; nothing can be. */
int there_fits(const struct session *session, const char *table,
               struct tg_error *err) TG_CHECK_RESULT;
/* Before the first row of a table: one that is present must be fit for ours; one that is gone is an
 * error where something (`held_by`, NULL: nothing) holds rows back that were in it, else a warning.
 */
int there_meet(const struct session *session, const char *table, const struct resource *resource,
               const char *held_by, enum there *found, struct tg_error *err) TG_CHECK_RESULT;

/* schema_file.c: the schema as YAML: before the source is read, before the load is sealed, and in
 * the end. */
int schema_file_import(struct session *session, struct tg_error *err) TG_CHECK_RESULT;
int schema_file_start(struct session *session, struct tg_error *err) TG_CHECK_RESULT;
/* `written`: a load that is committed, or NULL: the schema as that has stored it. */
void schema_file_export(const struct session *session, const struct manifest *written);
/* ahead.c: the schema of a load as it is stored when that is written; `out` is released also on
 * failure. */
int written_catalog(const struct manifest *manifest, struct catalog *out,
                    struct tg_error *err) TG_CHECK_RESULT;

/* settle.c: sealed packages. settle_all: those of earlier loads; an error when the session cannot
 * go on without one. settle_write: one, and its folder follows. settle_prune: those that failed,
 * once a later load is committed. */
int settle_all(struct session *session, const struct fs_names *sealed,
               struct tg_error *err) TG_CHECK_RESULT;
int settle_write(struct session *session, const char *path, const struct manifest *manifest,
                 struct write_result *result, struct tg_error *err) TG_CHECK_RESULT;
void settle_prune(struct session *session);
/* One that is for what the pipeline has moved on from is given up, with those that follow it. An
 * error where it has the only copy of rows. */
int settle_pass(struct session *session, const char *path, const struct manifest *manifest,
                struct tg_error *err) TG_CHECK_RESULT;
int settle_damaged(struct session *session, const char *path, const struct tg_error *why,
                   struct tg_error *err) TG_CHECK_RESULT; /* is set aside */
/* For the session's destination? */
bool settle_is_ours(const struct session *session, const struct manifest *manifest);
/* The load ids of what a run would write first, into `arena`; of those that are sealed. */
bool settle_has_only_copy(const struct manifest *manifest); /* rows that nobody would read again */
int settle_pending(const struct session *session, struct arena *arena, const char ***ids,
                   size_t *count, struct tg_error *err) TG_CHECK_RESULT;
/* With the limits of the spec, unless the run may exceed them. */
struct write_order session_order(const struct session *session);

#endif
