/*
 * The catalog in dlt's stored JSON form (reference 4.1), its version hash (1.7), and the pipeline
 * state (1.6) in dlt's encoding.
 */
#ifndef TIDEGATE_DLT_STORE_H
#define TIDEGATE_DLT_STORE_H

#include "base/buf.h"
#include "base/json.h"
#include "catalog/table.h"

/* What a fresh dlt pipeline has: its settings, normalizers and the three _dlt_* tables. `catalog`
 * need not be initialised. */
int catalog_init(struct catalog *catalog, const char *name, struct tg_error *err) TG_CHECK_RESULT;
/* Reads a stored schema (engine 9 to 11; older ones are brought to 11 as dlt does it); unknown keys
 * are kept. TG_DATA says what is wrong, also when naming convention or JSON normaliser are none of
 * dlt's. `out` need not be initialised. */
int catalog_read(struct catalog *out, const char *json, size_t len,
                 struct tg_error *err) TG_CHECK_RESULT;
/* The same; errors call it `subject`. */
int catalog_read_as(struct catalog *out, const char *json, size_t len, const char *subject,
                    struct tg_error *err) TG_CHECK_RESULT;
/* Writes it; system tables _dlt_version, _dlt_loads, _dlt_pipeline_state are part of it, as in dlt.
 */
int catalog_write(const struct catalog *catalog, struct buf *out,
                  struct tg_error *err) TG_CHECK_RESULT;
/* Computes the hash; when it differs from version_hash: version + 1, the old hash goes to
 * previous_hashes. *changed tells. */
int catalog_bump(struct catalog *catalog, bool *changed, struct tg_error *err) TG_CHECK_RESULT;
/* A deep copy with its own arena. `out` need not be initialised. */
int catalog_copy(const struct catalog *from, struct catalog *out,
                 struct tg_error *err) TG_CHECK_RESULT;

/* dlt's hash of a stored form: SHA3-256, in base64, of the JSON with sorted keys and of the text
 * behind it. */
enum { STORE_HASH_TEXT = 44 };
int store_hash(const struct buf *json, const struct buf *tail, char out[STORE_HASH_TEXT + 1],
               struct tg_error *err) TG_CHECK_RESULT;

/* Puts a value (copying the key), replacing an older one. false: no memory, also when `value` is
 * NULL for that reason (yyjson's own put takes NULL as "remove" and calls it a success). */
bool store_put(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, yyjson_mut_val *value);
/* TG_DATA: "'key' must be EXPECTED, it is IS". */
int store_wrong_type(const char *key, const char *expected, const char *is, struct tg_error *err);
/* The object under `key` in `object`, made when absent or null. TG_DATA when something else is
 * there. */
int store_member(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, yyjson_mut_val **out,
                 struct tg_error *err) TG_CHECK_RESULT;

#endif
