/*
 * The shape of a resource's documents: for each key what its values become. It grows as rows are
 * seen, and predicts the next key of an object from the one before.
 */
#ifndef TIDEGATE_NORMALIZE_SHAPE_H
#define TIDEGATE_NORMALIZE_SHAPE_H

#include <string.h>

#include "data/rows.h"
#include "normalize/output.h"

enum field_role {
    FIELD_DATA = 0,
    FIELD_ROW_ID,      /* the row brings its own _dlt_id */
    FIELD_IGNORED,     /* a system column that only we fill */
    FIELD_LEFT_OUT,    /* the contract discards its values, */
    FIELD_DISCARDS_ROW /* or rows with a value in it */
};

/* A key of an object. Scalars, objects and lists may all come under the same key. */
struct field {
    const char *key;
    size_t key_len;
    struct field *follow; /* the key that came after it last time */
    struct slot *slot;    /* column of its scalars, NULL: none came yet, or */
    struct slot *shared;  /* other keys of this name have it, too */
    struct shape *object; /* what its objects hold, flattened into the same table */
    struct shape *list;   /* the rows its lists become, in a nested table */
    uint64_t object_row;  /* number of the row whose object was walked last */
    uint64_t left_out;    /* values that the contract discarded */
    enum field_role role;
    const char *discarded;           /* the column that the contract does not let in, */
    const char *reason;              /* why rows with a value for it are discarded, */
    const char *rejected;            /* and the table that it does not let in */
    const struct ArrowSchema *arrow; /* what a typed source says of it; NULL: it is inferred */
    const char *name;                /* normalised, of this key alone */
    const char *source;              /* the keys from the row down to this one, joined by '.' */
};

/* An object: a whole row, or one flattened into it. */
struct shape {
    struct output *output;
    struct field *first; /* prediction */
    struct field **fields;
    size_t count, cap;
    uint32_t *index; /* hash table of position + 1 in fields; cap is a power of two */
    size_t index_cap;
    /* Rows of a list: the row above whose list was taken last, and which field it was of. */
    uint64_t list_row;
    const struct field *list_field;
    const yyjson_val *walked; /* the object whose keys are walked; NULL: elements of a list */
    const struct shape *row;  /* the row that an object is flattened into; itself for a row */
    const char *path;         /* normalised names down to here, not shortened; "" for a row */
    const char *source;       /* the same as the source writes it */
    int depth_left;           /* levels below that become columns and tables */
    /* What a typed source says; NULL: nothing. */
    const struct ArrowSchema *arrow;   /* a struct, its children are the fields */
    const struct ArrowSchema *element; /* elements of the list that the rows come from */
};

/* The shape of whole rows of `output`. */
int shape_new(struct outputs *outputs, struct output *output, int depth_left, struct shape **out,
              struct tg_error *err) TG_CHECK_RESULT;
void shape_free(struct shape *shape); /* with all shapes below it; NULL is fine */

/* Logs how many values of which fields a contract has left out. */
void shape_report(struct outputs *outputs, const struct shape *shape);

/* The field of a key that was not predicted; added when it is new. */
int shape_find(struct outputs *outputs, struct shape *shape, const char *key, size_t len,
               struct field **out, struct tg_error *err) TG_CHECK_RESULT;
/* Whether lists and objects of this field stay as they are, in a json column. */
int shape_keeps_json(struct outputs *outputs, const struct shape *shape, const struct field *field,
                     bool *out, struct tg_error *err) TG_CHECK_RESULT;
/* What a typed source says of the types of a shape's fields; columns for all of them are made,
 * unless a contract has to be asked. `arrow` outlives the shape. */
int shape_declare(struct outputs *outputs, struct shape *shape, const struct ArrowSchema *arrow,
                  struct tg_error *err) TG_CHECK_RESULT;
/* The type of a new column for values like `cell`: preferred, declared, or inferred. */
int shape_type(struct outputs *outputs, const struct shape *shape, const struct field *field,
               const yyjson_val *cell, struct type_spec *out, struct tg_error *err) TG_CHECK_RESULT;
/* The type that values of `key` find there: the column's, or a preferred one; TYPE_NONE: neither is
 * known. */
int shape_column_type(struct outputs *outputs, struct shape *shape, const char *key,
                      struct type_spec *out, struct tg_error *err) TG_CHECK_RESULT;
/* Makes field->object, field->list (`apart`: not one that other fields have), field->slot or
 * field->shared (for values of `spec`). The slot of a column that the contract discards is not made
 * (field->role says so), nor is its list. */
int shape_add_object(struct outputs *outputs, const struct shape *shape, struct field *field,
                     struct tg_error *err) TG_CHECK_RESULT;
int shape_add_list(struct outputs *outputs, const struct shape *shape, struct field *field,
                   bool apart, struct tg_error *err) TG_CHECK_RESULT;
int shape_add_slot(struct outputs *outputs, const struct shape *shape, struct field *field,
                   const struct type_spec *spec, bool apart, struct tg_error *err) TG_CHECK_RESULT;

/* Eight bytes at a time: keys are short, and a call costs more than the comparison. */
static inline bool field_is(const struct field *field, const char *key, size_t len)
{
    const char *own = field->key;
    if (field->key_len != len)
        return false;
    if (len >= 8) {
        uint64_t a, b;
        for (size_t i = 0; i + 8 < len; i += 8) {
            memcpy(&a, own + i, 8);
            memcpy(&b, key + i, 8);
            if (a != b)
                return false;
        }
        memcpy(&a, own + len - 8, 8);
        memcpy(&b, key + len - 8, 8);
        return a == b;
    }
    if (len >= 4) {
        uint32_t a, b, c, d;
        memcpy(&a, own, 4);
        memcpy(&b, key, 4);
        memcpy(&c, own + len - 4, 4);
        memcpy(&d, key + len - 4, 4);
        return a == b && c == d;
    }
    return len == 0 ||
           (own[0] == key[0] && own[len / 2] == key[len / 2] && own[len - 1] == key[len - 1]);
}

#endif
