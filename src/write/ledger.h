/*
 * The ledger: what the destination knows of a pipeline. It is the truth; it is read before a run
 * and written in the load's own transaction.
 *
 *   _dlt_loads, _dlt_version, _dlt_pipeline_state  as in dlt
 *   _tidegate_loads      what each load did to each table (counts)
 *   _tidegate_boundary   hashes of the rows at a cursor's last value
 *   _tidegate_files      source files that append resources have loaded
 */
#ifndef TIDEGATE_WRITE_LEDGER_H
#define TIDEGATE_WRITE_LEDGER_H

#include "catalog/state.h"
#include "catalog/store.h"
#include "database/connection.h"
#include "package/manifest.h"

struct ledger_boundary {
    const char *resource, *cursor_path, *last_value;
    const char **hashes; /* sorted */
    size_t hash_count;
};

struct ledger_file {
    const char *resource, *path;
    int64_t size, mtime_us;
    const char *checksum;
};

struct ledger {
    struct arena arena;
    int64_t state_version;   /* 0: no state */
    const char *state_hash;  /* "" : none */
    const char *state_blob;  /* NULL: none */
    const char *schema;      /* its name: the one the state says, else the one asked for */
    const char *schema_json; /* NULL: none */
    struct ledger_boundary *boundaries;
    size_t boundary_count;
    struct ledger_file *files; /* sorted by resource, path */
    size_t file_count;
    const char *files_load_id; /* the newest load that entered files; "": none */
};

/* Reads what concerns this pipeline and its schema, whose name is `schema` unless the state says
 * another (dlt names it after the first source); a missing dataset or table means there is nothing
 * yet. `out` is initialised here. */
int ledger_read(struct connection *con, const char *dataset, const char *pipeline,
                const char *schema, struct ledger *out, struct tg_error *err) TG_CHECK_RESULT;
/* What a load looks at before it writes, at a dataset that is `described` already: is it there
 * itself, and which is the newest state? Of `out` the state alone is filled in, and nothing when
 * *has_load. Release `out` after TG_OK. */
int ledger_look(struct connection *con, const struct described *described, const char *dataset,
                const char *pipeline, const char *load_id, bool *has_load, struct ledger *out,
                struct tg_error *err) TG_CHECK_RESULT;
void ledger_release(struct ledger *ledger);

#endif
