/*
 * Arrow batches: making them of columns, streaming them, reading foreign ones, filtering rows.
 */
#ifndef TIDEGATE_DATA_BATCH_H
#define TIDEGATE_DATA_BATCH_H

#include "base/buf.h"
#include "data/column.h"

/* ---- making (batch.c) ---- */
/* A struct schema ("+s") with `count` nullable children. Out is released on failure. Names are
 * copied. */
int schema_make(const char *const *names, const struct type_spec *types, size_t count,
                struct ArrowSchema *out, struct tg_error *err) TG_CHECK_RESULT;
int schema_copy(const struct ArrowSchema *from, struct ArrowSchema *out,
                struct tg_error *err) TG_CHECK_RESULT;
/* What is noted with a column beside its format, as Arrow's metadata. */
struct schema_note {
    const char *key, *value;
};
#define SCHEMA_EXTENSION "ARROW:extension:name" /* the standard's own key */
#define SCHEMA_JSON      "arrow.json"           /* the value of a text that is a JSON document */
#define SCHEMA_SQL_TYPE  "tidegate:sql_type"    /* as the database calls it */
/* To a node that schema_make made, once. */
int schema_annotate(struct ArrowSchema *column, const struct schema_note *notes, size_t count,
                    struct tg_error *err) TG_CHECK_RESULT;
/* Any schema's; *len bytes, no NUL behind them; NULL: there is no such note. */
const char *schema_note_find(const struct ArrowSchema *column, const char *key, size_t *len);
/* Whether it is noted to hold JSON. */
bool schema_is_json(const struct ArrowSchema *column);
bool schema_equal(const struct ArrowSchema *a,
                  const struct ArrowSchema *b); /* names and formats, recursively */
/* A struct array over `count` children that are moved in (also on failure, when they are released).
 */
int batch_make(struct ArrowArray *children, size_t count, int64_t row_count, struct ArrowArray *out,
               struct tg_error *err) TG_CHECK_RESULT;
size_t batch_bytes(const struct ArrowSchema *schema,
                   const struct ArrowArray *array); /* memory of its buffers */

static inline void schema_move(struct ArrowSchema *from, struct ArrowSchema *to)
{
    *to = *from;
    from->release = NULL;
}
static inline void array_move(struct ArrowArray *from, struct ArrowArray *to)
{
    *to = *from;
    from->release = NULL;
}
static inline void schema_release(struct ArrowSchema *schema)
{
    if (schema->release)
        schema->release(schema);
}
static inline void array_release(struct ArrowArray *array)
{
    if (array->release)
        array->release(array);
}
static inline void stream_release(struct ArrowArrayStream *stream)
{
    if (stream->release)
        stream->release(stream);
}

/* ---- streams (stream.c) ---- */
/* A stream of ours begins its private data with this and uses stream_last_error as get_last_error:
 * stream_next then hands the whole error on. */
struct stream_head {
    struct tg_error err;
};
const char *stream_last_error(struct ArrowArrayStream *stream);
/* What one has failed by: the whole error of ours, the message of another as one of `code`. Returns
 * its code; TG_OK: nothing is known. */
int stream_error(struct ArrowArrayStream *stream, int code, struct tg_error *err);
/* What get_schema and get_next of ours return for a code. */
int stream_errno(int code);
/* A stream over `count` arrays, moved in together with the schema (also on failure). */
int stream_from_arrays(struct ArrowSchema *schema, struct ArrowArray *arrays, size_t count,
                       struct ArrowArrayStream *out, struct tg_error *err) TG_CHECK_RESULT;
/* get_schema / get_next with the stream's own message as an error of `code` (or the error our own
 * streams carried). *end: array is not filled. */
int stream_schema(struct ArrowArrayStream *stream, int code, struct ArrowSchema *out,
                  struct tg_error *err) TG_CHECK_RESULT;
int stream_next(struct ArrowArrayStream *stream, int code, struct ArrowArray *out, bool *end,
                struct tg_error *err) TG_CHECK_RESULT;

/* ---- reading (view.c): any primitive, decimal, temporal, text, binary (large and dictionary too)
 * child ---- */
bool array_is_null(const struct ArrowArray *array, int64_t row);
/* The same, also where a dictionary holds the NULL. */
bool value_is_null(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row);
/* Text of one value as people and CSV expect it (ISO times, true/false, digits); NULL appends
 * nothing. Structs and lists as JSON. */
int value_text(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row,
               struct buf *out, struct tg_error *err) TG_CHECK_RESULT;
/* The same as JSON: numbers bare, NULL null, text quoted. */
int value_json(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row,
               struct buf *out, struct tg_error *err) TG_CHECK_RESULT;
/* The same for people: of every Arrow type (odd.h), and what is stored as the last time there is as
 * "infinity". What is stored or hashed stays as value_text and value_json write it. */
int value_shown(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row,
                bool json, struct buf *out, struct tg_error *err) TG_CHECK_RESULT;
/* One value as a number that compares: ints, dates (days), times and timestamps (microseconds).
 * false: not such a type. */
bool value_int64(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row,
                 int64_t *out);
bool value_double(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row,
                  double *out);
/* Borrowed bytes of a text or binary value. */
bool value_bytes(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row,
                 const char **out, size_t *len);

/* ---- filtering (take.c) ---- */
/* The rows whose `keep` (one byte a row) is not 0, keep_count of them, in order, as a new batch;
 * copies. Flat children of every type that type_from_arrow takes. */
int batch_take(const struct ArrowSchema *schema, const struct ArrowArray *array,
               const uint8_t *keep, int64_t keep_count, struct ArrowArray *out,
               struct tg_error *err) TG_CHECK_RESULT;

#endif
