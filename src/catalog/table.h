/*
 * The tables we know: columns with types and hints, in dlt's words. Everything lives in the
 * catalog's arena.
 */
#ifndef TIDEGATE_CATALOG_TABLE_H
#define TIDEGATE_CATALOG_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yyjson.h>

#include "base/memory.h"
#include "catalog/contract.h"
#include "data/type.h"

enum disposition {
    DISPOSITION_NONE = 0,
    DISPOSITION_APPEND,
    DISPOSITION_REPLACE,
    DISPOSITION_MERGE,
    DISPOSITION_SKIP
};

/* The word for it, as it is stored; "" for none. */
const char *disposition_word(enum disposition disposition);

/* A key of the stored schema that we do not read ourselves, or that says something we have no field
 * for (`unique: false`, `nullable: null`), kept as it came so that dlt finds it again. A field that
 * has something to say wins over it. */
struct extra {
    const char *key;
    const char *json;
    struct extra *next;
};

/* Of a column: the source's field whose values it holds, as a JSON text, where its name is another.
 * An earlier build, or dlt, has not recorded it. */
#define SOURCE_FIELD "x-tidegate-source"

struct table_column {
    const char *name;
    struct type_spec spec; /* TYPE_NONE: declared, not yet typed (incomplete) */
    bool nullable;
    bool nullable_implied; /* nobody said `nullable`: hints leave the catalog's word, the stored
                              form omits it */
    bool scale_implied;    /* a decimal whose stored form says its precision only (the scale is
                              DECIMAL_SCALE) */
    bool has_timezone;     /* the timezone hint was said; spec.naive holds it */
    bool primary_key, merge_key, unique, row_key, parent_key, root_key, hard_delete, variant,
        incremental;
    const char *dedup_sort; /* "asc", "desc" or NULL */
    struct extra *extras;
};

struct table {
    const char *name;
    const char *parent;           /* NULL: a root table */
    const char *resource;         /* roots only */
    enum disposition disposition; /* roots; nested tables (usually NONE) follow their root */
    const char *merge_strategy;   /* x-merge-strategy, NULL: delete-insert */
    const char *replace_strategy; /* x-replace-strategy, the same */
    struct table_column *columns; /* in physical order */
    size_t column_count, column_cap;
    bool seen_data;           /* x-normalizer.seen-data: exists at the destination */
    int max_nesting;          /* x-normalizer.max_nesting; -1: not said */
    struct contract contract; /* schema_contract */
    bool evolve_once; /* x-normalizer.evolve-columns-once: until it has data, new columns pass any
                         contract */
    bool discarded; /* the contract does not let it come to be: its rows go nowhere. A new table is
                         not in the catalog then. Not stored */
    struct extra *extras;
    uint32_t *slots; /* of a wide table: numbers of columns by the hash of their names; 0: free */
    size_t slot_count;
};

struct catalog {
    struct arena arena;
    const char *name; /* schema name */
    int64_t version;
    const char *version_hash; /* "" before the first save */
    const char *previous_hashes[10];
    size_t previous_count;
    int engine_version;
    struct table **tables; /* in order of creation; pointers are stable */
    size_t table_count, table_cap;
    const char *settings_json;    /* as stored; dlt's defaults for a new one */
    const char *normalizers_json; /* as stored; writing adds the propagation entries that merge
                                     tables need */
    struct extra *extras;
};

void catalog_release(struct catalog *catalog); /* a zeroed or released one is fine */

struct table *catalog_find(const struct catalog *catalog, const char *name); /* NULL: absent */
/* Where the destination folds the case of names: else one that it would take for it. */
struct table *catalog_find_like(const struct catalog *catalog, const char *name, bool folds_case);
/* A new table with no columns; the caller fills it. Names are copied; `name` must be new. A root
 * starts as its own resource with append. */
int catalog_add(struct catalog *catalog, const char *name, const char *parent, struct table **out,
                struct tg_error *err) TG_CHECK_RESULT;
/* The same, but the catalog does not get to know it: it lives in its arena only. */
int table_make(struct catalog *catalog, const char *name, const char *parent, struct table **out,
               struct tg_error *err) TG_CHECK_RESULT;
const struct table *catalog_root(const struct catalog *catalog,
                                 const struct table *table); /* itself for a root */
bool table_is_system(const struct table *table);             /* _dlt_* and _tidegate_* */
bool table_is_new(const struct table *table);                /* no complete column yet */

/* Rows of it were loaded: it exists at the destination, and its contract holds from now on. */
void table_saw_data(struct table *table);

struct table_column *table_find(const struct table *table, const char *name);
struct table_column *table_find_like(const struct table *table, const char *name, bool folds_case);
/* Appends a column (nullable, no hints; `spec` NULL: incomplete); returns it through out (may be
 * NULL), valid until the next add. `name` must be new. */
int table_add_column(struct catalog *catalog, struct table *table, const char *name,
                     const struct type_spec *spec, struct table_column **out,
                     struct tg_error *err) TG_CHECK_RESULT;
/* The type that a column without one gets from values of `spec`: what its hints say stays. */
struct type_spec table_completed_type(const struct table_column *column,
                                      const struct type_spec *spec);
/* An incomplete column gets its type and moves to the end, as dlt does it; hints it had (keys,
 * precision, timezone) stay. Pointers to the table's columns are invalid afterwards. */
int table_complete_column(struct catalog *catalog, struct table *table, const char *name,
                          const struct type_spec *spec, struct tg_error *err) TG_CHECK_RESULT;
/* The JSON text of an extra; NULL: there is none of that key. */
const char *extra_find(const struct extra *extras, const char *key);
/* Puts one in the place of an older one of that key, or at the end. Key and text are copied. */
int extra_set(struct catalog *catalog, struct extra **extras, const char *key, const char *json,
              struct tg_error *err) TG_CHECK_RESULT;
void extra_remove(struct extra **extras, const char *key);

/* Names of the primary (or merge) key's columns in table order, at most `max` of them; returns how
 * many there are. */
size_t table_key(const struct table *table, bool merge_key, const char **names, size_t max);

/* The hints of a column that are plain yes or no: their stored keys and fields. Ends with a NULL
 * key. */
struct column_flag {
    const char *key;
    size_t offset; /* in struct table_column */
};
extern const struct column_flag column_flags[];
static inline bool *column_flag_at(struct table_column *column, const struct column_flag *flag)
{
    return (bool *)((char *)column + flag->offset);
}

/* What a resource says of its root table, normalised names (references too). Rules of the
 * reference, 4.2: what is given replaces the old, key columns become NOT NULL unless said
 * otherwise, what is not said stays; but keys, hard_delete and dedup_sort are the run's. */
struct table_hints {
    const char *table;
    const struct table *there; /* as the destination has it; NULL: absent, or nobody has looked */
    bool folds_case;           /* the destination folds the case of names */
    const char *resource;
    enum disposition disposition;
    const char *strategy;           /* of it; NULL: the usual one */
    const char *const *primary_key; /* none: there is none */
    size_t primary_key_count;
    const char *const *merge_key;
    size_t merge_key_count;
    const char *cursor; /* simple cursor paths mark their column `incremental`; NULL otherwise */
    bool keeps_unsaid;  /* keys and marks that it does not say stay: an imported schema may */
    const char *row_version;    /* a column that is never NULL, as those of keys; NULL: none */
    const char *range;          /* another one */
    int max_nesting;            /* -1: not said */
    struct contract contract;   /* CONTRACT_UNSAID: not said */
    struct contract effective;  /* what holds for the table (contract_resolve) */
    const struct extra *extras; /* description, references, x-*: said again they are replaced;
                                   references by the table they go to */
    /* Their order is the physical order of new ones; key columns follow, then the cursor's. Of a
     * column false, zero and NULL say nothing (nullable: when it is implied). Compound hints (keys,
     * partition, cluster) take the place of those that were on other columns. */
    const struct table_column *columns;
    size_t column_count;
};
/* Of a column that the run says nothing of: keys, hard_delete, dedup_sort. */
void column_forget_runs_hints(struct table_column *column);
/* Disposition and strategy are the run's. The table is made when it is new, or is `discarded`.
 * Another type for a column that is at the destination, by the catalog or, where that does not know
 * it, by hints->there, is taken if it is a wider one, and not taken
 * if the column has become wider than the hint by its data; else it is TG_SPEC. What the contract
 * does not let in is TG_CONTRACT, or left out. Nothing is changed when it fails so. `hints` is
 * borrowed. */
int catalog_apply_hints(struct catalog *catalog, const struct table_hints *hints,
                        struct table **out, struct tg_error *err) TG_CHECK_RESULT;

#endif
