/*
 * One table on its way out: its columns' builders, its names, and the batch that is being filled.
 */
#ifndef TIDEGATE_NORMALIZE_OUTPUT_H
#define TIDEGATE_NORMALIZE_OUTPUT_H

#include "base/memory.h"
#include "catalog/table.h"
#include "data/batch.h"
#include "normalize/id.h"
#include "normalize/values/infer.h"
#include "normalize/normalize.h"

/* A column of the output. */
struct slot {
    struct column column; /* has buffers while its output's batch is open */
    const char *name;
    uint32_t folded;       /* a hash of it, whatever the case of its letters */
    const char *source;    /* as the source names it; NULL: it is the system's */
    void *owner;           /* the field, or other thing, whose values go here */
    const void *writer;    /* of the row being filled, when several fields share it */
    uint64_t magnitude;    /* bits of all integers stored in this load, negative ones inverted */
    uint64_t cut_count;    /* values that lost digits of a second */
    uint64_t left_out;     /* values that do not fit, by the contract's leave */
    size_t text_bytes;     /* of the batch before: room to begin with */
    bool learned;          /* the catalog has it; a new one waits for its row to be complete */
    enum type variant;     /* what its name ends in; TYPE_NONE: not a variant */
    struct slot *variants; /* the next variant of the same column */
};

/* A column that must have a value in every row. */
struct required {
    const char *name;
    bool key;
    const struct slot *slot; /* NULL: no value came yet */
};

enum system_column {
    SYSTEM_LOAD_ID,
    SYSTEM_ROOT_ID,
    SYSTEM_PARENT_ID,
    SYSTEM_LIST_INDEX,
    SYSTEM_ID,
    SYSTEM_COUNT
};

struct output {
    struct table *table;
    const struct table *there; /* as the destination has it; NULL: absent */
    struct output *parent;     /* NULL: a root table */
    struct shape *rows;        /* nested: what the rows hold */
    const char *path;          /* the table's name before it was shortened */
    size_t name_len;           /* of table->name */
    uint64_t name_hash;
    struct slot **slots; /* in the order they came up */
    size_t slot_count, slot_cap;
    size_t waiting; /* slots that the catalog does not have yet */
    bool free_pass; /* it had no columns when the load began: new ones pass the contract */
    struct slot *system[SYSTEM_COUNT]; /* NULL: not in this table, or no row came yet */
    struct required *required;
    size_t required_count, required_cap;
    bool open;             /* the columns have buffers */
    size_t row;            /* rows in the batch = number of the row being filled */
    uint64_t row_total;    /* rows so far in this load, those of the batch included */
    uint32_t *parent_rows; /* nested: for each row of the batch the parent's, in its batch */
    int64_t *root_orders;  /* likewise the order of arrival of its root row; NULL: not kept */
    size_t resolved;       /* rows that have their ids */
    struct id_queue ids;
    bool schema_stale;
    struct ArrowSchema schema;
    struct slot **order; /* slots as the schema has them */
    size_t order_count;
    struct ArrowArray *arrays;
};

/* What all outputs of a resource share. */
struct outputs {
    struct normalize_options options;
    struct arena arena; /* outputs, slots, names, shapes: all that lives as long as the load */
    struct hasher hasher;
    int64_t order_shift; /* of NORMALIZE_ORDER_COLUMN, for rows that precede all others */
    struct buf name;     /* scratch */
    struct output **items;
    size_t count, cap;
    const struct page *page;    /* being normalised: for messages */
    const yyjson_val *root_row; /* of the page, and */
    const yyjson_val *row;      /* of its table, the one being walked */
    struct infer_rules rules;
    bool brings_ids;          /* a row had an id of its own: others may know those below it */
    uint64_t bad_row_count;   /* rejected so far */
    char discard_reason[384]; /* of the row that is given up (ROW_DISCARDED) */
    const char *discard_column;
};

/* The output of a table that is in the catalog. */
int output_new(struct outputs *outputs, struct table *table, const char *path, struct output **out,
               struct tg_error *err) TG_CHECK_RESULT;
/* The output of the nested table `path` (normalised, not shortened), which is added to the catalog
 * if it is not there. `source` is the path as the source writes it, for the tag if another list has
 * that name already. Lists of one name share an output, unless it is to be `apart`. *out is NULL
 * when the table is new and the contract discards it; its name is then in outputs->name. */
int output_nested(struct outputs *outputs, struct output *parent, const char *path,
                  const char *source, bool apart, struct output **out,
                  struct tg_error *err) TG_CHECK_RESULT;
void output_release(struct output *output);

/* A column that values ask for. */
struct claim {
    const char *name;   /* normalised */
    const char *source; /* as the source names it, for the tag when the name is another owner's */
    void *owner;
    const struct type_spec *spec; /* if it is new; else the catalog's type counts */
    bool variant;
    bool apart; /* not a slot that belongs to another owner */
};

/* The slot for a claim: its owner's, or one that it shares with another field of the same name, or
 * a new one; the catalog learns of that once its row is complete (output_learn). */
int output_slot(struct outputs *outputs, struct output *output, const struct claim *claim,
                struct slot **out, struct tg_error *err) TG_CHECK_RESULT;
/* The slot of that name exactly, or NULL. */
struct slot *output_find(const struct output *output, const char *name);
/* The catalog's type of the column that output_slot would give; TYPE_NONE: it has none. */
int output_type(struct outputs *outputs, const struct output *output, const struct claim *claim,
                struct type_spec *out, struct tg_error *err) TG_CHECK_RESULT;
/* Whether the catalog has the column that output_slot would give. */
int output_knows(struct outputs *outputs, const struct output *output, const struct claim *claim,
                 bool *out, struct tg_error *err) TG_CHECK_RESULT;
/* The variant of a column whose name ends in `named`, and which is of `spec` if it is new; *out is
 * NULL when `known_only` and the catalog has none. */
int output_variant(struct outputs *outputs, struct output *output, struct slot *slot,
                   enum type named, const struct type_spec *spec, bool known_only,
                   struct slot **out, struct tg_error *err) TG_CHECK_RESULT;
/* Makes a column wider, here and in the catalog. */
int output_widen(struct output *output, struct slot *slot, const struct type_spec *spec,
                 struct tg_error *err) TG_CHECK_RESULT;
/* Tells the catalog of new columns: those that have a value in the row being filled; a single one.
 */
int output_learn(struct outputs *outputs, struct output *output,
                 struct tg_error *err) TG_CHECK_RESULT;
int output_learn_slot(struct outputs *outputs, struct output *output, struct slot *slot,
                      struct tg_error *err) TG_CHECK_RESULT;
/* Forgets what was stored of the row being filled. */
void output_undo_row(struct output *output);
/* Adds the system columns of the table to the catalog and the output, behind the data of the first
 * row. */
int output_add_system(struct outputs *outputs, struct output *output,
                      struct tg_error *err) TG_CHECK_RESULT;

/* Whether the table refuses a row without a value in the column; those of the system get theirs. */
bool output_refuses_null(const struct table_column *column);

/* Forgets the value of the row being filled, if there is one: a key that comes twice, a row given
 * up. A column that only this value asked for has no type then: the next value says it. */
static inline void slot_clear(struct slot *slot, size_t row)
{
    struct column *column = &slot->column;
    if (column->len <= row)
        return;
    column->validity[row >> 3] &= (uint8_t) ~(1u << (row & 7));
    if (column->spec.type == TYPE_BOOL)
        column->data.bits[row >> 3] &= (uint8_t) ~(1u << (row & 7));
    if (column->text)
        column->text_len = (size_t)column->data.offsets[row];
    column->len = row;
    if (!slot->learned && slot->variant == TYPE_NONE) {
        column->spec.type = TYPE_NONE;
        slot->magnitude = 0;
        slot->cut_count = 0;
    }
}
/* Gives a slot that has lost its type the one that a new column of its name would have. */
int output_retype(struct outputs *outputs, struct output *output, struct slot *slot,
                  const struct type_spec *spec, struct tg_error *err) TG_CHECK_RESULT;

#endif
