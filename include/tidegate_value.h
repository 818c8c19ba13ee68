/*
 * tidegate: values, and cursors, which compare them. Included by tidegate.h.
 */
#ifndef TIDEGATE_PUBLIC_VALUE_H
#define TIDEGATE_PUBLIC_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tg_error; /* tidegate.h */

enum tg_value_kind {
    TG_VALUE_NONE = 0,
    TG_VALUE_INT64,
    TG_VALUE_DOUBLE,
    TG_VALUE_TEXT,
    TG_VALUE_TIMESTAMP, /* microseconds since 1970, UTC */
    TG_VALUE_DATE,      /* days since 1970 */
    TG_VALUE_JSON       /* a list or an object: `text` is its JSON */
};

/* One cursor value, of the kind that the rows have there: a timestamp that stands in the documents
 * as a text is TG_VALUE_TEXT, one that was pushed or is in an Arrow column TG_VALUE_TIMESTAMP (the
 * state of a pipeline that dlt has run may hold either). Timestamps, dates and texts of them
 * compare as points in time, numbers as numbers, other texts by their bytes. `text` is borrowed.
 * The struct keeps its size for ever. */
struct tg_value {
    enum tg_value_kind kind;
    int64_t int64; /* also timestamp and date */
    double real;
    const char *text;
};

/* What a source may ask its own side for. Values are TG_VALUE_NONE when there is none. Made by the
 * library; new fields come at its end. */
struct tg_cursor {
    const char *path;      /* NULL: the resource has no cursor */
    struct tg_value start; /* fixed for the run: read rows from here on; rows at exactly this value
                              are recognised */
    struct tg_value last;  /* the highest (lowest, for TG_MIN) value seen so far */
    struct tg_value end;   /* end_value of the resource: rows at or beyond it are dropped */
    const struct tg_cursor *parts; /* the same of each of its fields, in order, */
    size_t part_count;             /* of which there may be several: then start, last and end are
                                      lists as JSON. A bound of fewer fields has TG_VALUE_NONE in
                                      the others */
};

/* Which of the cursor's values is the last one: the highest, or the lowest. */
enum tg_last_value { TG_MAX = 0, TG_MIN = 1 };
/* In which order a source delivers its rows, by the cursor: none that is known, up, down. */
enum tg_row_order { TG_ANY_ORDER = 0, TG_ASC, TG_DESC };

/* Which value counts as the last, of a row's alone (`count` is 1), or of a row's and of the last
 * one so far (2): one of them, or another that stands for both, in `out`, whose text must live
 * until the next call. Lists, objects and flags come as TG_VALUE_JSON, with their keys sorted. A
 * row is new when the answer is not the last one so far. Returns TG_OK, or a code with `err`
 * filled.
 *
 *     static int longest(void *user, const struct tg_value *values, size_t count,
 *                        struct tg_value *out, struct tg_error *err)
 *     {
 *         bool second = count == 2 && strlen(values[1].text) >= strlen(values[0].text);
 *         *out = values[second];
 *         return TG_OK;
 *     }
 */
typedef int (*tg_last_value_fn)(void *user, const struct tg_value *values, size_t count,
                                struct tg_value *out, struct tg_error *err);

struct tg_read;
/* Which of the rows that `read` has given are new. */
struct tg_judged {
    uint64_t first; /* the number of the first of these rows: from 1 on, as `read` gave them */
    size_t count;   /* they go on from there; 0 when it has ended */
    const uint8_t *taken; /* 1 for each that is new, 0 for one that the cursor leaves out; borrowed.
                             NULL: all are new */
    bool ended; /* no more is read: `read` has said that it is done, or nothing new can come */
};
/* Called when the cursor has judged a page, before `read` is called again, and once when the
 * resource has ended. `read` has `user`, the cursor as it is now, and the way to what is kept
 * (tidegate_state.h); nothing is pushed here. Rows that are left out, and go along with others of
 * their merge key after all, are not told; nor are those at the last value where very many are
 * known there: that is TG_DATA for one that goes with others (turns_with). Returns TG_OK, or a code
 * with `err` filled: the load is then given up. */
typedef int (*tg_judged_fn)(const struct tg_read *read, const struct tg_judged *judged,
                            struct tg_error *err);

#ifdef __cplusplus
}
#endif

#endif
