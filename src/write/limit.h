/*
 * Limits: what a load may do to its tables before somebody has to look. Beyond one, nothing is
 * written (TG_LIMIT).
 */
#ifndef TIDEGATE_WRITE_LIMIT_H
#define TIDEGATE_WRITE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

enum limit_kind {
    LIMIT_ROWS_DELETED,  /* of each table; of one that is replaced, or nested, by how many it
                            gets smaller */
    LIMIT_TABLES_ADDED,  /* by each resource */
    LIMIT_COLUMNS_ADDED, /* to each table that was there */
    LIMIT_TYPE_CHANGES,  /* of columns of each table that was there */
    LIMIT_KINDS
};

struct limit {
    bool is_set, is_share;
    uint64_t most; /* a number, or of a share hundredths of a percent */
};

struct limits {
    struct limit of[LIMIT_KINDS];
    struct limit absent; /* rows that the source has no more; not set: LIMIT_ABSENT */
};

#define LIMIT_ABSENT "10%"

/* As a spec has it: "rows_deleted". */
const char *limit_name(enum limit_kind kind);
/* "1000", or of rows also "10%", "0.25%"; false: neither. */
bool limit_read(const char *text, enum limit_kind kind, struct limit *out);
/* How many that are, of so many; a share is never below ten, that small tables may change. */
uint64_t limit_most(const struct limit *limit, uint64_t of);
/* The second's, and the first's where it says nothing. */
struct limits limits_over(const struct limits *all, const struct limits *own);

#endif
