/*
 * How late rows came, as counts: small enough to stand beside a cursor in the state.
 */
#ifndef TIDEGATE_DLT_SKETCH_H
#define TIDEGATE_DLT_SKETCH_H

#include "base/buf.h"
#include "base/json.h"

enum { SKETCH_CLASSES = 64, SKETCH_WHOLE = 1000000, SKETCH_UNIT_MAX = 8 };

/* Rows that were late by no more than 1, 2, 4, 8, ... units, and by more than the half. */
struct sketch {
    char unit[SKETCH_UNIT_MAX]; /* "seconds", "days", "units"; "": nothing is known */
    uint64_t rows[SKETCH_CLASSES];
};

/* The class of a row. */
size_t sketch_class(int64_t late);
/* Anything that is none is one of nothing. `json` NULL: so is that. */
void sketch_read(const char *json, struct sketch *out);
/* {"unit": "seconds", "within": {"1": 3, "4096": 1}} */
int sketch_write(const struct sketch *sketch, struct buf *out,
                 struct tg_error *err) TG_CHECK_RESULT;
/* In the same unit; in another one it begins anew. */
void sketch_add(struct sketch *to, const struct sketch *more);
uint64_t sketch_count(const struct sketch *sketch);
/* By how many units at the most a share of the rows was late, in millionths; of none 0. */
int64_t sketch_reach(const struct sketch *sketch, uint32_t share);

#endif
