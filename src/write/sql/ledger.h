/*
 * Reading the ledger by SQL (write/ledger.h says what it holds). What there is of it is looked at
 * before, and given to all that reads: `there` has the ledger's tables, whatever else it has.
 */
#ifndef TIDEGATE_WRITE_SQL_LEDGER_H
#define TIDEGATE_WRITE_SQL_LEDGER_H

#include "database/connection.h"
#include "package/manifest.h"
#include "write/ledger.h"

/* Of rows of the ledger that name a load, and no schema: what loads of the pipeline's other schemas
 * have left is not of {'schema'}. SQL, for a table's own column. */
#define NOT_OF_OTHERS(load_id)                                                                     \
    load_id " NOT IN (SELECT [load_id] FROM {_dlt_loads} WHERE [schema_name] <> {'schema'})"
#define OF_SCHEMA NOT_OF_OTHERS("[load_id]")

/* The ledger's tables in a dataset, and nothing else. Release `out`. */
int ledger_describe(struct connection *con, const char *dataset, struct described *out,
                    struct tg_error *err) TG_CHECK_RESULT;

/* Those that this file reads, of all that is there. Release `out`. */
int ledger_look(struct connection *con, const char *dataset, struct described *out,
                struct tg_error *err) TG_CHECK_RESULT;

/* The newest schema of a name, and nothing else. Release `out` after TG_OK. */
int ledger_schema(struct connection *con, const char *dataset, const struct described *there,
                  const char *schema, struct ledger *out, struct tg_error *err) TG_CHECK_RESULT;
/* As destination_restore, of one table after the other; a missing dataset or table means there is
 * nothing yet. `out` is initialised here. */
int ledger_read(struct connection *con, const char *dataset, const struct described *there,
                const struct ledger_owner *owner, struct ledger *out,
                struct tg_error *err) TG_CHECK_RESULT;
/* Rows of TIES_TABLE, as destination_ties. */
struct ties_request;
int ledger_ties(struct connection *con, const char *dataset, const struct ties_request *request,
                struct ArrowArrayStream *out, struct tg_error *err) TG_CHECK_RESULT;
/* Adds the windows of its schema. Releases `out` on failure. */
int ledger_read_windows(struct connection *con, const char *dataset, const struct described *there,
                        const char *pipeline, struct ledger *out,
                        struct tg_error *err) TG_CHECK_RESULT;
/* Adds what the pipeline's loads have done; `out` stays the caller's, also on failure. */
int ledger_read_pasts(struct connection *con, const char *dataset, const struct described *there,
                      const char *pipeline, struct ledger *out,
                      struct tg_error *err) TG_CHECK_RESULT;
/* Adds the load ids of the dataset that are taken, by the time `now_us`. */
int ledger_read_taken(struct connection *con, const char *dataset, const struct described *there,
                      int64_t now_us, struct ledger *out, struct tg_error *err) TG_CHECK_RESULT;
/* The loads of a pipeline, whoever wrote them, the newest first; in the arena of `out`, which is
 * initialised here; release it after TG_OK. */
struct ledger_load {
    const char *load_id, *schema;
    bool is_done; /* else it was undone, or has failed */
    bool is_undo;
};
struct ledger_loads {
    struct arena arena;
    struct ledger_load *items;
    size_t count;
};
int ledger_history(struct connection *con, const char *dataset, const struct described *there,
                   const char *pipeline, const char *schema, struct ledger_loads *out,
                   struct tg_error *err) TG_CHECK_RESULT;
/* The state of that version and hash, whatever became of its load; NULL: it is not there. */
int ledger_old_state(struct connection *con, const char *dataset, const struct described *there,
                     const char *pipeline, int64_t version, const char *hash, struct ledger *out,
                     struct tg_error *err) TG_CHECK_RESULT;
/* The same of the pipeline's schema, into out->schema_json. */
int ledger_old_schema(struct connection *con, const char *dataset, const struct described *there,
                      const char *schema, int64_t version, const char *hash, struct ledger *out,
                      struct tg_error *err) TG_CHECK_RESULT;
enum load_found {
    LOAD_ABSENT,
    LOAD_WRITTEN, /* this very package */
    LOAD_TAKEN    /* another load has that id */
};
/* What a load looks at before it writes: is it there itself, which is the newest state and the
 * newest load? Of `out` no more than that is filled in, and nothing when the load's id is there, or
 * the load is of a window that was claimed: it does not depend on them.
 * Release `out` after TG_OK. */
int ledger_find_load(struct connection *con, const struct described *there,
                     const struct manifest *manifest, enum load_found *found, struct ledger *out,
                     struct tg_error *err) TG_CHECK_RESULT;

#endif
