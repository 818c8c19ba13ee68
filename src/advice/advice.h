/*
 * What two readings of a source, and the loads that there were, say of the way it is loaded: facts
 * (measure.c), and what follows from them (judge.c) as lines of a spec (lines.c).
 */
#ifndef TIDEGATE_ADVICE_ADVICE_H
#define TIDEGATE_ADVICE_ADVICE_H

#include "base/memory.h"
#include "data/type.h"
#include "duckdb/engine.h"
#include "tidegate_advice.h"

enum { READINGS = 2, KEY_FIELDS_MAX = 2, KEY_PARTS_MAX = 16 };

/* ---- facts ---- */

/* A table of the rows that were read, with all columns that any file of it has. */
struct reading_table {
    const char *name;
    const char *parent; /* NULL: the root */
    const char **columns;
    struct type_spec *specs;
    size_t column_count;
    const char **files[READINGS]; /* paths */
    size_t file_count[READINGS];
};

/* Roots first, each nested table behind its parent. Of the second reading there may be none. */
struct reading_tables {
    struct reading_table *items;
    size_t count;
    bool twice;
};

struct fact_field {
    const char *path; /* as a spec names it; NULL: it cannot */
    bool is_nested;   /* in an object: a path, and no name */
    bool has_signs;   /* of paths, in its name: no cursor follows it */
    struct type_spec spec;
    uint64_t nulls, distinct; /* of the first reading */
    bool unique_again;        /* as often as there are rows in the second, too */
    uint64_t below;           /* rows whose value is below one that came before it */
    const char *greatest;     /* NULL: no value */
    uint64_t ties;            /* rows that have it */
    bool ahead;               /* it is a time to come: 9999-12-31 */
    /* Of rows that changed or came between the readings, those that it has at its greatest value of
     * the first reading or beyond. */
    uint64_t changed_beyond, came_beyond;
};

struct facts {
    struct arena arena;
    uint64_t rows[READINGS];
    uint64_t contents; /* rows of the first that differ from all others */
    bool twice;        /* else there was one reading */
    bool cut;          /* there are more rows than were read */
    struct fact_field *fields;
    size_t field_count;
    const struct fact_field *key[KEY_FIELDS_MAX]; /* the best of the unique ones */
    size_t key_count;
    uint64_t tables; /* nested ones */
    /* Between the readings; without a key a row that changed has gone and come. */
    uint64_t same, changed, gone, came;
};

/* `out` is initialised here; release it. */
int measure(struct engine *engine, const struct reading_tables *tables, struct facts *out,
            struct tg_error *err) TG_CHECK_RESULT;
void facts_release(struct facts *facts);

/* ---- what follows ---- */

/* How a resource is loaded, or is to be. */
struct way {
    const char *disposition; /* "append", "replace", "merge" */
    const char *strategy;    /* NULL: the usual one */
    const char *key[KEY_PARTS_MAX];
    size_t key_count;
    const char *cursor;
    bool skips_unchanged, detects_absent;
};

/* What the spec says, and what is not for advice to change. */
struct present {
    struct way way;
    const char *key_text;  /* all of its key: "a, b, c" */
    bool lets_missing;     /* rows without a cursor value are fine */
    bool descends;         /* its cursor goes down */
    bool has_window;       /* ... up to an end: a part is loaded once */
    bool knows_files;      /* an append leaves out the files that were loaded */
    bool has_merge_key;    /* rows go by groups */
    bool lists_keys;       /* of absent rows: beside a cursor, too */
    bool keeps_history;    /* versions of rows */
    bool updates;          /* old rows give way to those with their key */
    bool source_knows_key; /* the key is the source's word */
    const char *member;    /* a line that the resource needs to stand by itself; NULL: none */
};

/* The newest loads of its table that are there. */
struct past {
    uint64_t loads, read, inserted, updated, deleted, unchanged;
    bool counts_unchanged; /* else a row that came again counts as updated */
};

struct advice {
    enum tg_advice_verdict verdict;
    struct way way;
    const struct tg_advice_reason *reasons;
    size_t reason_count;
    const char *lines; /* NULL: nothing to write */
};

struct question {
    const char *resource;
    struct present present;
    const struct facts *facts;
    struct past past;
};

/* All in the arena. */
int judge(const struct question *question, struct arena *arena, struct advice *out,
          struct tg_error *err) TG_CHECK_RESULT;
/* Of a spec, for `resources`. */
int lines_write(const struct question *question, const struct way *way, struct arena *arena,
                const char **out, struct tg_error *err) TG_CHECK_RESULT;

/* Does the name say that it is set whenever a row changes; that it names a row? */
bool says_changed(const struct fact_field *field);
bool name_says_key(const char *path);
/* Can a cursor go by it? */
bool field_orders(const struct fact_field *field, uint64_t rows);

#endif
