/*
 * One table on its way out: its columns' builders, its names, and the batch that is being filled.
 */
#ifndef TIDEGATE_NORMALIZE_OUTPUT_H
#define TIDEGATE_NORMALIZE_OUTPUT_H

#include "base/memory.h"
#include "catalog/table.h"
#include "data/batch.h"
#include "normalize/id.h"
#include "normalize/normalize.h"

/* A column of the output. */
struct slot {
    struct column column; /* has buffers while its output's batch is open */
    const char *name;
    const void *owner;     /* the field, or other thing, whose values go here */
    uint64_t magnitude;    /* bits of all integers stored in this load, negative ones inverted */
    size_t text_bytes;     /* of the batch before: room to begin with */
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
    const char *path;    /* the table's name before it was shortened */
    size_t name_len;     /* of table->name */
    struct slot **slots; /* in the order they came up */
    size_t slot_count, slot_cap;
    struct slot *system[SYSTEM_COUNT]; /* NULL: not in this table, or no row came yet */
    struct required *required;
    size_t required_count;
    bool open;           /* the columns have buffers */
    size_t row;          /* rows in the batch = number of the row being filled */
    uint64_t row_total;  /* rows so far in this load, those of the batch included */
    struct id_queue ids; /* asked for, not yet in the batch */
    bool schema_stale;
    struct ArrowSchema schema;
    struct slot **order; /* slots as the schema has them */
    struct ArrowArray *arrays;
};

/* What all outputs of a resource share. */
struct outputs {
    struct normalize_options options;
    struct arena arena; /* outputs, slots, names, shapes: all that lives as long as the load */
    struct hasher hasher;
    struct buf name; /* scratch */
    struct output **items;
    size_t count, cap;
};

/* The output of a table that is in the catalog. */
int output_new(struct outputs *outputs, struct table *table, const char *path, struct output **out,
               struct tg_error *err) TG_CHECK_RESULT;
/* The output of the nested table `path` (normalised, not shortened), which is added to the catalog
 * if it is not there. `source` is the path as the source writes it, for the tag if another list has
 * that name already. */
int output_nested(struct outputs *outputs, const struct output *parent, const char *path,
                  const char *source, struct output **out, struct tg_error *err) TG_CHECK_RESULT;
void output_release(struct output *output);

/* The column `name` for the values of `owner`, typed by the catalog, or `spec` if it is new there.
 * Gets another name, with a tag of `source`, when the name belongs to another owner. */
int output_slot(struct outputs *outputs, struct output *output, const char *name,
                const char *source, const void *owner, const struct type_spec *spec,
                struct slot **out, struct tg_error *err) TG_CHECK_RESULT;
/* The variant of a column for values of `spec`. */
int output_variant(struct outputs *outputs, struct output *output, struct slot *slot,
                   const struct type_spec *spec, struct slot **out,
                   struct tg_error *err) TG_CHECK_RESULT;
/* Makes a column wider, here and in the catalog. */
int output_widen(struct output *output, struct slot *slot, const struct type_spec *spec,
                 struct tg_error *err) TG_CHECK_RESULT;
/* Adds the system columns of the table to the catalog and the output, behind the data of the first
 * row. */
int output_add_system(struct outputs *outputs, struct output *output,
                      struct tg_error *err) TG_CHECK_RESULT;

/* Buffers for the next batch. */
int output_open(struct output *output, struct tg_error *err) TG_CHECK_RESULT;
/* Hands the batch on; nothing happens when there are no rows. */
int output_emit(struct outputs *outputs, struct output *output,
                struct tg_error *err) TG_CHECK_RESULT;
size_t output_text_bytes(const struct output *output); /* in the open batch */

/* Whether the table refuses a row without a value in `column`. */
bool output_requires(const struct table *table, const struct table_column *column);

/* Forgets the value of the row being filled, if there is one: a key that comes twice. */
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
}

#endif
