/*
 * The ledger: what the destination knows of a pipeline. It is the truth; it is read before a run
 * and written in the load's own transaction.
 *
 *   _dlt_loads, _dlt_version, _dlt_pipeline_state  as in dlt
 *   _tidegate_loads      what each load did to each table (counts), of which pipeline and package
 *   _tidegate_boundary   hashes of the rows at a cursor's last value
 *   _tidegate_files      bookmarks: source files that were loaded
 */
#ifndef TIDEGATE_WRITE_LEDGER_H
#define TIDEGATE_WRITE_LEDGER_H

#include "dlt/state.h"
#include "dlt/store.h"
#include "database/connection.h"
#include "package/load_id.h"
#include "package/manifest.h"

struct ledger_boundary {
    const char *resource, *cursor_path, *last_value;
    const char **hashes; /* sorted */
    size_t hash_count;
};

struct ledger {
    struct arena arena;
    int64_t state_version;   /* 0: no state */
    const char *state_hash;  /* "" : none */
    const char *state_blob;  /* NULL: none */
    const char *schema;      /* its name: the one the state says, else the one asked for */
    const char *schema_json; /* NULL: none, or not asked for */
    int64_t schema_version;  /* 0: none */
    const char *schema_hash; /* "": none */
    int64_t schema_us;       /* when its versions were stored at the latest; 0: none */
    struct ledger_boundary *boundaries;
    size_t boundary_count;
    struct bookmark *bookmarks; /* sorted by resource, key */
    size_t bookmark_count;
    const char *files_load_id; /* the newest load that entered bookmarks; "": none */
    const char *newest_load;   /* the highest load id that this pipeline has used; "": none */
};

/* The newest schema of a name, and nothing else. Release `out` after TG_OK. */
int ledger_schema(struct connection *con, const char *dataset, const char *schema,
                  struct ledger *out, struct tg_error *err) TG_CHECK_RESULT;
void ledger_init(struct ledger *ledger); /* that of a destination with nothing in it */
/* Reads what concerns this pipeline and its schema, whose name is `schema` unless the state says
 * another (dlt names it after the first source); a missing dataset or table means there is nothing
 * yet. `out` is initialised here. */
int ledger_read(struct connection *con, const char *dataset, const char *pipeline,
                const char *schema, struct ledger *out, struct tg_error *err) TG_CHECK_RESULT;
/* What the resource has remembered; the ledger's. */
struct bookmarks ledger_recall(const struct ledger *ledger, const char *resource);
/* The id of a new load: the time, but above the pipeline's `newest` ("": none) and not one that is
 * in use. `con` may be NULL: there is no destination yet. */
int ledger_next_id(struct connection *con, const char *dataset, const char *newest, int64_t now_us,
                   char out[LOAD_ID_TEXT], struct tg_error *err) TG_CHECK_RESULT;
enum load_found {
    LOAD_ABSENT,
    LOAD_WRITTEN, /* this very package */
    LOAD_TAKEN    /* another load has that id */
};
/* What a load looks at before it writes: is it there itself, which is the newest state, the newest
 * load and the newest schema (its JSON left out)? Of `out` no more than that is filled in, and
 * nothing when the load's id is there. Release `out` after TG_OK. */
int ledger_look(struct connection *con, const struct manifest *manifest, enum load_found *found,
                struct ledger *out, struct tg_error *err) TG_CHECK_RESULT;
/* Holds off the dataset's other loads until the transaction ends: all of them change one row, and
 * change it back, for what does not change at all is in nobody's way. A conflict (SQLSTATE 40001)
 * when another one is at it. */
int ledger_lock(struct connection *con, const char *dataset, struct tg_error *err) TG_CHECK_RESULT;
void ledger_release(struct ledger *ledger);

#endif
