/*
 * JSON text, on yyjson. Reading and building trees is yyjson's own API with json_allocator(); here
 * is what it lacks: our allocator, errors with line and column, text helpers. Parsed values are
 * written by cell_json (data/rows.h), also with sorted keys.
 */
#ifndef TIDEGATE_BASE_JSON_H
#define TIDEGATE_BASE_JSON_H

#include <stdbool.h>
#include <yyjson.h>

#include "base/buf.h"
#include "base/error.h"

/* yyjson's allocator on mem_alloc; static, never freed. */
const yyjson_alc *json_allocator(void);

enum { JSON_DEPTH_MAX = 1000 }; /* levels of lists and objects */

/* Parses `text` (kept, copied). `what` names it in errors ("state of pipeline 'x'"), which give
 * line and column. What is nested deeper than JSON_DEPTH_MAX is none. TG_DATA. */
int json_parse(const char *text, size_t len, const char *what, yyjson_doc **out,
               struct tg_error *err) TG_CHECK_RESULT;
/* So that numbers stay the texts that they are, with all their digits (YYJSON_TYPE_RAW). */
int json_parse_exact(const char *text, size_t len, const char *what, yyjson_doc **out,
                     struct tg_error *err) TG_CHECK_RESULT;

/* Orders two keys of a parsed object (yyjson_val *const *, as qsort has them) by their bytes; the
 * same key twice stays in the order of the text. */
int json_compare_keys(const void *left, const void *right);
/* Whether lists and objects in `value` are nested deeper than JSON_DEPTH_MAX. */
bool json_nests_deeper(const yyjson_val *value);
/* A quoted, escaped JSON string; a shortest round-trip number (1.0 stays 1.0). */
void json_string(struct buf *out, const char *text, size_t len);
void json_double(struct buf *out, double value);

/* Members of an object that is written piece by piece: a comma where one is due, key, value. */
void json_put_key(struct buf *out, const char *key);
void json_put_text(struct buf *out, const char *key, const char *text);
void json_put_int(struct buf *out, const char *key, int64_t number);
void json_put_bool(struct buf *out, const char *key, bool value);
void json_put_json(struct buf *out, const char *key, const char *json);

/* Text of a mutable tree, compact; TG_NOMEM. */
int json_mut_write(const yyjson_mut_doc *doc, struct buf *out,
                   struct tg_error *err) TG_CHECK_RESULT;

/* Getters for trusted-but-verify files: value of `key` in object or NULL/default when absent or of
 * another type. */
const char *json_get_text(const yyjson_val *object, const char *key);
int64_t json_get_int(const yyjson_val *object, const char *key, int64_t fallback);

#endif
