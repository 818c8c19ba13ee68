/*
 * Rows of a load that are not loaded, on their way to the table _tidegate_rejects.
 */
#ifndef TIDEGATE_PACKAGE_REJECTS_H
#define TIDEGATE_PACKAGE_REJECTS_H

#include <yyjson.h>

#include "data/column.h"
#include "package/package.h"

#define REJECTS_TABLE "_tidegate_rejects"

/* All borrowed. */
struct rejected_row {
    const char *resource, *table;
    const char *column; /* NULL: none in particular */
    const char *reason;
    const char *place;          /* "file 'a.jsonl', line 3"; "": unknown */
    const char *file;           /* NULL: none */
    uint64_t line, byte;        /* in the file, in the line, from 1; 0: unknown */
    const char *text;           /* as it stands there; NULL: unknown */
    const yyjson_val *document; /* null: it could not be read */
};

enum { REJECTS_COLUMNS = 11 };

/* A column of the table that the package fills, in its order. */
extern const char *const rejects_columns[REJECTS_COLUMNS];

/* Of a resource and a table: how many, and the first of them. */
struct reject_tally {
    const char *resource, *table, *column, *reason, *place;
    uint64_t rows;
};

/* Zero it before the first use. */
struct rejects {
    struct column columns[REJECTS_COLUMNS];
    size_t row_count;
    struct buf json; /* scratch */
    struct reject_tally *tallies;
    size_t tally_count, tally_cap;
    struct arena arena; /* their texts */
};

/* Takes note of a row; from time to time a batch goes into the package. */
int rejects_add(struct rejects *rejects, struct package *package, const char *load_id,
                const struct rejected_row *row, struct tg_error *err) TG_CHECK_RESULT;
/* Puts what is left into the package. */
int rejects_flush(struct rejects *rejects, struct package *package,
                  struct tg_error *err) TG_CHECK_RESULT;
void rejects_release(struct rejects *rejects);

#endif
