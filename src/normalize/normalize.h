/*
 * Rows and Arrow batches of a resource -> named, typed, flat Arrow batches, one stream per table;
 * the catalog learns.
 *
 *   normalizer_push: rows -> shape walk (shred.c) -> column builders -> batch of 2,048 rows -> emit
 *                    Arrow -> names, system columns (typed.c)                       -> emit
 */
#ifndef TIDEGATE_NORMALIZE_NORMALIZE_H
#define TIDEGATE_NORMALIZE_NORMALIZE_H

#include "base/context.h"
#include "dlt/settings.h"
#include "data/batch.h"
#include "data/page.h"

/* Takes a finished batch of a table (array moved, also on failure; schema borrowed). */
typedef int (*normalize_emit)(void *sink, const char *table, const struct ArrowSchema *schema,
                              struct ArrowArray *array, struct tg_error *err);

/* A row that is not loaded: a contract discards it, or it is a bad one. */
struct reject {
    const char *table;
    const char *column;         /* NULL: it is not about one */
    const char *reason;         /* in words */
    const char *place;          /* "file 'a.jsonl', line 3"; may be "" */
    const char *file;           /* NULL: there is none */
    uint64_t line, byte;        /* in the file, and in the line, from 1; 0: not known */
    const char *text;           /* as it stands there; NULL: not known */
    const yyjson_val *document; /* the row, with what is nested in it; null: it cannot be read */
};

/* Takes note of a rejected row; all is borrowed. */
typedef int (*normalize_reject)(void *sink, const struct reject *reject, struct tg_error *err);

/* Column that keeps the order of arrival in packages of merge roots, so that the last row read of a
 * key can win. Where ids are hashes of the key, nested rows have that of their root row: it alone
 * tells them from those of another row with its key. Not loaded. */
#define NORMALIZE_ORDER_COLUMN "_tidegate_order"

struct normalize_options {
    struct context *ctx;     /* borrowed, as all of these */
    struct catalog *catalog; /* gets new tables, columns, variants, wider types as they are seen */
    const struct catalog *there; /* tables as the destination has them; NULL: nobody has looked.
                                    nullable: a row may come without the column */
    struct table *root;          /* the resource's root table with its hints applied */
    const struct settings *settings;
    const char *load_id;
    uint64_t rows_before; /* of the root table, in this load, by another normalizer */
    size_t batch_bytes;   /* a table that holds more hands its batch on; 0: a usual measure */
    struct name_rules names;
    int fraction_max;         /* digits of a second that the destination keeps; 0: all */
    bool folds_case;          /* the destination takes names that differ in case only for one */
    struct contract contract; /* of the root table and all that is nested in it, resolved */
    int max_nesting;          /* levels that become columns and tables; -1: all */
    enum tg_row_ids row_ids;
    bool makes_ids;         /* whatever ids rows bring: a row has several versions */
    bool propagate_root_id; /* nested rows carry _dlt_root_id (merge) */
    bool keep_order;        /* batches carry NORMALIZE_ORDER_COLUMN (merge) */
    bool orders_nested;     /* so do those of nested tables: that of the root row (scd2) */
    bool is_quiet;          /* that a contract leaves values out is no news */
    bool is_keys;           /* rows are keys alone: their columns stay as they are */
    bool needs_key;         /* no row comes without its primary key (merge) */
    bool reject_bad_rows;   /* a row that cannot be loaded is handed to `reject`, */
    uint64_t reject_max;    /* up to so many of them */
    normalize_emit emit;
    normalize_reject reject;
    void *sink; /* of both */
};

struct normalizer;

int normalizer_new(const struct normalize_options *options, struct normalizer **out,
                   struct tg_error *err) TG_CHECK_RESULT;
/* Normalises a page. PAGE_ROWS: rows are read, not kept. PAGE_ARROW: the array is moved out. Errors
 * name row and column; TG_CONTRACT when a contract is frozen. */
int normalizer_push(struct normalizer *normalizer, struct page *page,
                    struct tg_error *err) TG_CHECK_RESULT;
/* Of a page, what could not be read: each goes to `reject`, and counts as a bad row of the root
 * table. */
int normalizer_reject(struct normalizer *normalizer, const struct page *page,
                      struct tg_error *err) TG_CHECK_RESULT;
/* The type that the root table's column for the key `name` has, or a preferred type gives it;
 * TYPE_NONE: its first value will tell. */
int normalizer_column_type(struct normalizer *normalizer, const char *name, struct type_spec *out,
                           struct tg_error *err) TG_CHECK_RESULT;
/* Bytes that its builders take for batches with rows, about. */
size_t normalizer_room(const struct normalizer *normalizer);
/* Emits what is in the builders, and gives their memory back. */
int normalizer_flush(struct normalizer *normalizer, struct tg_error *err) TG_CHECK_RESULT;
/* Emits a batch without rows of all columns of the root table that have a type. */
int normalizer_materialize(struct normalizer *normalizer, struct tg_error *err) TG_CHECK_RESULT;
/* Emits what is left in the builders. */
int normalizer_finish(struct normalizer *normalizer, struct tg_error *err) TG_CHECK_RESULT;
uint64_t normalizer_row_count(
    const struct normalizer *normalizer); /* rows of the root table so far, `rows_before` too */
void normalizer_free(struct normalizer *normalizer); /* NULL is fine */

#endif
