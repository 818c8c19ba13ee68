/*
 * Where a row, a bound or a run stands: the values of the cursor's fields, in order.
 *
 * A bound may have fewer values than the cursor has fields: it compares with the first ones, and
 * all rows that begin so are at it.
 */
#ifndef TIDEGATE_EXTRACT_POINT_H
#define TIDEGATE_EXTRACT_POINT_H

#include "extract/cursor/cursor_value.h"

enum { POINT_PARTS_MAX = 8 };

struct point {
    size_t count; /* 0: nowhere */
    struct cursor_value parts[POINT_PARTS_MAX];
};

static inline void point_copy(struct point *to, const struct point *from)
{
    to->count = from->count;
    for (size_t i = 0; i < from->count; i++)
        to->parts[i] = from->parts[i];
}

/* The values of a bound, which is a scalar, or for `fields` more than one a list of as many at the
 * most; the texts are the arena's. TG_USAGE for another list. */
int point_keep(struct arena *arena, const struct tg_value *given, size_t fields, struct point *out,
               struct tg_error *err) TG_CHECK_RESULT;
/* The same of what point_json has written. TG_DATA. */
int point_parse(struct arena *arena, const char *json, size_t fields, struct point *out,
                struct tg_error *err) TG_CHECK_RESULT;
/* The same of one value; its text is the arena's. */
int point_read_part(struct arena *arena, const char *json, struct cursor_value *out,
                    struct tg_error *err) TG_CHECK_RESULT;
/* As the state has it: null, a value, a list of several. */
void point_json(struct buf *out, const struct point *point);
/* The same as cursor_value_window, by the first values that differ. */
int point_window(const struct point *from, const struct point *to, bool descends, bool is_closed,
                 struct tg_error *err) TG_CHECK_RESULT;
/* Texts move to `text`; the point borrows them. */
int point_own(struct point *point, struct buf *text, struct tg_error *err) TG_CHECK_RESULT;
/* For callbacks: the value, or for several their list as JSON, which `text` holds. */
struct tg_value point_view(const struct point *point, struct buf *text);
/* For messages: "5", "'abc'", "(5, 'abc')". */
void point_print(const struct point *point, char *out, size_t cap);

#endif
