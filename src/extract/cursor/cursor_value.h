/*
 * The value of a cursor in one row: what compares with what, and how it stands in the state.
 */
#ifndef TIDEGATE_EXTRACT_CURSOR_VALUE_H
#define TIDEGATE_EXTRACT_CURSOR_VALUE_H

#include "base/buf.h"
#include "data/rows.h"

/* The kinds are tg_value's, with what comparing needs beside them. Text is borrowed. */
struct cursor_value {
    enum tg_value_kind kind; /* TG_VALUE_NONE: NULL, or not there */
    bool naive;              /* a timestamp that came without a zone */
    bool is_instant;         /* a text that is an ISO timestamp: int64 holds it */
    int64_t int64;           /* integer, microseconds, days */
    double real;
    const char *text; /* or JSON */
    size_t len;
};

void cursor_value_set_text(struct cursor_value *out, const char *text, size_t len);
/* A list or an object, which only a function of the program can order. */
void cursor_value_set_json(struct cursor_value *out, const char *json, size_t len);
/* NaN has no place in an order, and infinity none in the state: both count as NULL. */
void cursor_value_set_double(struct cursor_value *out, double real);
void cursor_value_set_time(struct cursor_value *out, enum tg_value_kind kind, int64_t time,
                           bool naive);
/* Digits of any length: an integer where it fits, else the nearest double. false: not a number. */
bool cursor_value_set_number(struct cursor_value *out, const char *digits, size_t len);
/* From what an option or a callback says; text is borrowed. */
void cursor_value_set(struct cursor_value *out, const struct tg_value *value);
/* For callbacks; text is borrowed and must end with a NUL. */
struct tg_value cursor_value_view(const struct cursor_value *value);
/* false: a value that has no order (a list, an object, true, bytes, a time of day). */
bool cursor_value_set_cell(struct cursor_value *out, const yyjson_val *cell);

/* Timestamps, dates (their first moment) and texts of either, in microseconds. false: none. */
bool cursor_value_instant(const struct cursor_value *value, int64_t *us);
/* The slow half of cursor_value_compare. */
bool cursor_value_compare_kinds(const struct cursor_value *a, const struct cursor_value *b,
                                int *order);

/* order < 0: a comes before b. Integers and doubles compare exactly; timestamps, dates and texts of
 * either as instants; other texts by bytes. false: the two do not compare. */
static inline bool cursor_value_compare(const struct cursor_value *a, const struct cursor_value *b,
                                        int *order)
{
    if (a->kind != b->kind || a->kind == TG_VALUE_DOUBLE ||
        (a->kind == TG_VALUE_TEXT && !(a->is_instant && b->is_instant)))
        return cursor_value_compare_kinds(a, b, order);
    *order = (a->int64 > b->int64) - (a->int64 < b->int64);
    return true;
}

/* The ends of a window, of which the first lies in it: do they compare, and does anything lie
 * between them? TG_USAGE. Where the values of the column decide whether texts are times, one order
 * that leaves room is enough. `is_closed`: the last lies in it, too. */
int cursor_value_window(const struct cursor_value *from, const struct cursor_value *to,
                        bool descends, bool is_closed, struct tg_error *err) TG_CHECK_RESULT;

/* As dlt's typed JSON has it: 5, 1.5, "text", a timestamp after U+F027, a date after U+F028. */
void cursor_value_json(struct buf *out, const struct cursor_value *value);
/* Reads that again. Text moves to `text`, which `out` borrows. TG_DATA. */
int cursor_value_parse(struct cursor_value *out, const char *json, struct buf *text,
                       struct tg_error *err) TG_CHECK_RESULT;
/* For messages: "5", "'abc'", shortened. */
void cursor_value_print(const struct cursor_value *value, char *out, size_t cap);
/* How many bytes of a text a message shows: whole characters, some 60 bytes. */
int cursor_value_shown(const struct cursor_value *value);
const char *cursor_value_kind(const struct cursor_value *value); /* "an integer" */

#endif
