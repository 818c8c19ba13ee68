/*
 * The pipeline state: dlt's typed JSON with the cursors in it (reference 1.6, 6.2).
 */
#ifndef TIDEGATE_DLT_STATE_H
#define TIDEGATE_DLT_STATE_H

#include "base/buf.h"
#include "base/json.h"
#include "dlt/sketch.h"

/* One cursor as stored. Values are JSON texts as they stand in the state (typed ones with dlt's
 * marker: "\"\uf0272024-...\""); NULL: none. */
struct state_cursor {
    char *initial_value;
    char *last_value;
    char *start_value;
    char **unique_hashes; /* sorted */
    size_t hash_count;
    char *commit_safe; /* what the source has left beside it; NULL: nothing, or it stays */
    char *spec; /* how the value was come by, a JSON object; NULL: nobody has said, or it stays */
    char *lateness; /* how late rows came (sketch.h); NULL: nothing is known. It is read alone */
};
void state_cursor_release(struct state_cursor *cursor);

struct state {
    yyjson_mut_doc *doc; /* the whole state without _local */
    int64_t version;     /* _state_version; 0: never saved */
    char hash[48];       /* _version_hash as stored; "" : never saved */
    size_t replaced;     /* bytes of what program.c has put in the place of something else */
};

/* What a fresh pipeline starts with. A destination_name that the type implies is stored as null, as
 * in dlt. */
struct state_identity {
    const char *pipeline;
    const char *dataset;
    const char *schema;           /* default_schema_name */
    const char *destination_type; /* "dlt.destinations.duckdb" */
    const char *destination_name; /* "duckdb" */
};
int state_init(struct state *state, const struct state_identity *identity,
               struct tg_error *err) TG_CHECK_RESULT;
/* From the `state` column: base64(zlib(JSON)) or plain JSON. TG_DATA says what is wrong. `out` need
 * not be initialised. */
int state_read(struct state *out, const char *blob, size_t len,
               struct tg_error *err) TG_CHECK_RESULT;
/* default_schema_name: the schema that an unnamed source's tables and cursors belong to. Borrowed;
 * NULL: none. */
const char *state_schema(const struct state *state);
/* Puts a schema into schema_names (sorted), where it is missing. */
int state_add_schema(struct state *state, const char *name, struct tg_error *err) TG_CHECK_RESULT;
/* Plain JSON, for people and for the package's manifest. */
int state_json(const struct state *state, struct buf *out, struct tg_error *err) TG_CHECK_RESULT;
/* The blob for the `state` column, with version and hash as of the last state_bump. */
int state_encode(const struct state *state, struct buf *out, struct tg_error *err) TG_CHECK_RESULT;
int state_copy(const struct state *from, struct state *out, struct tg_error *err) TG_CHECK_RESULT;
void state_release(struct state *state); /* a zeroed or released one is fine */

/* The cursor of a resource; *found = false when there is none. `path` is one key, dots and all.
 * Release `out`. */
int state_get_cursor(const struct state *state, const char *source, const char *resource,
                     const char *path, struct state_cursor *out, bool *found,
                     struct tg_error *err) TG_CHECK_RESULT;
/* Replaces these four values, keeps whatever else is stored with them; missing levels are made.
 * `cursor` is borrowed. */
int state_set_cursor(struct state *state, const char *source, const char *resource,
                     const char *path, const struct state_cursor *cursor,
                     struct tg_error *err) TG_CHECK_RESULT;
/* Rows that came late, to those that stand beside the cursor. Where the state has no such cursor
 * there is nothing to learn for: *learned is false. */
int state_learn(struct state *state, const char *source, const char *resource, const char *path,
                const struct sketch *late, bool *learned, struct tg_error *err) TG_CHECK_RESULT;
/* Are a source's tables a schema's? Those of a source that has the name of another one of the
 * pipeline's schemas are not. */
bool state_is_of(const struct state *state, const char *source, const char *schema);
/* Forgets everything of all sources whose tables are a schema's; of a resource (replace, refresh).
 */
void state_reset_schema(struct state *state, const char *schema);
void state_reset_resource(struct state *state, const char *source, const char *resource);
/* All cursors of a resource, and no more. */
void state_reset_cursors(struct state *state, const char *source, const char *resource);
/* A mark, true, beside the cursors of a resource; missing levels are made. */
int state_mark_resource(struct state *state, const char *source, const char *resource,
                        const char *mark, struct tg_error *err) TG_CHECK_RESULT;
#define STATE_ACCEPTS_ROWS "accepts_rows"
/* Does it hold anything of the resource? */
bool state_has_resource(const struct state *state, const char *source, const char *resource);
/* The same content under that version. */
int state_renumber(struct state *state, int64_t version, struct tg_error *err) TG_CHECK_RESULT;
/* Is its content another than what was saved? */
int state_differs(const struct state *state, bool *out, struct tg_error *err) TG_CHECK_RESULT;
/* Puts default_schema_name into schema_names (sorted). Recomputes the hash; when it differs:
 * version + 1. *changed tells. */
int state_bump(struct state *state, bool *changed, struct tg_error *err) TG_CHECK_RESULT;

#endif
