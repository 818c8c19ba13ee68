/*
 * Of a row that stands somewhere: is it new? The inside of a cursor, for cursor.c and judge.c.
 */
#ifndef TIDEGATE_EXTRACT_JUDGE_H
#define TIDEGATE_EXTRACT_JUDGE_H

#include "extract/cursor/below.h"
#include "extract/cursor/boundary.h"
#include "extract/cursor/cursor.h"
#include "extract/cursor/path.h"
#include "extract/cursor/point.h"
#include "extract/cursor/row_hash.h"

struct cursor_field {
    struct path path;
    size_t predicted; /* where the row before had it */
    bool settled;     /* which one is meant (alias.c), */
    bool is_alias;    /* and it is not the one of the very name, path.field */
};

/* What changes after cursor_new; by pointer, so that reading a const cursor may settle the set. */
struct progress {
    struct point last;
    struct buf last_text;
    bool moved;   /* the last value is not the one of the start */
    bool crowded; /* more rows at the last value than hashes are kept for */
    bool grown;   /* rows were added to those that are stored for the last value */
    struct boundary boundary;
};

/* What callbacks and drivers see: of the whole, and of each field. */
struct views {
    struct tg_cursor whole, parts[POINT_PARTS_MAX];
    struct buf start_text, last_text, end_text; /* of the whole, where it has several fields */
};

struct cursor {
    struct arena arena; /* paths, options, texts of the fixed values */
    const char *path;
    struct cursor_names names;
    struct cursor_field fields[POINT_PARTS_MAX];
    size_t field_count;
    bool backwards; /* TG_MIN */
    bool start_is_open, end_is_closed;
    bool is_window; /* its ends are a run's, not the spec's */
    enum tg_row_order row_order;
    bool may_end;                     /* by that order, before the source does */
    tg_last_value_fn last_value_func; /* NULL: the greatest, or (backwards) the least */
    void *user;
    struct cursor_as as;
    enum tg_on_missing on_missing;
    enum cursor_hash hash;
    size_t hash_count_max;
    struct groups *groups; /* NULL: there are no bounds, or no groups */
    struct ties *ties;     /* NULL: hashes are kept in memory alone */
    bool groups_share_value;
    bool is_over; /* no row that comes can be new */
    struct cursor_counts counts;
    uint64_t *left_out; /* by the number of a further table; up to left_out_count */
    size_t left_out_count, left_out_cap;
    struct cursor_contradiction contradiction; /* as NULL: none was seen */
    struct point initial, start, end;
    struct point reached; /* the stored value; nowhere: the run does not go on from it */
    bool has_window;      /* the start lies before it */
    struct below below;   /* of the start, where that decides alone */
    struct lateness lateness;
    struct progress *progress;
    struct views views;

    /* scratch */
    struct point here; /* where the row at hand stands */
    struct row_ref *boundary;
    size_t boundary_count, boundary_cap;
    uint8_t *keep; /* of a batch's rows: those that stay */
    int64_t *keys; /* of the same rows, where their column has some */
    size_t keep_cap, key_cap;
    struct row_hasher hasher;
    struct point previous; /* where the row before stood, in a source that keeps an order */
    struct buf previous_text;
    struct buf here_json[POINT_PARTS_MAX], answers[2], arguments[2]; /* for last_value_func */
};

/* One page on its way through. */
struct pass {
    struct cursor *cursor;
    struct page *page;
    struct point last; /* text is borrowed from the page until it ends */
    bool moved;
    bool has_previous; /* cursor->previous is a row of this page */
};

enum verdict {
    ROW_KEPT,
    ROW_BELOW,    /* before the start */
    ROW_BEYOND,   /* beyond the end */
    ROW_KNOWN,    /* at the start, and loaded before */
    ROW_HELD,     /* at the start: whether it was loaded is known in the end */
    ROW_EXCLUDED, /* without a value */
};

/* The row stands at cursor->here. Notes it where it is at the last value; counts it. */
int judge_row(struct pass *pass, struct row_ref ref, enum verdict *verdict,
              struct tg_error *err) TG_CHECK_RESULT;

static inline bool cursor_asks_lateness(const struct cursor *cursor)
{
    return cursor->lateness.note && !*cursor->lateness.is_over;
}
/* Of a row that stands at cursor->here, before the start: it may have come late. */
int judge_lateness(struct pass *pass, struct row_ref ref, struct tg_error *err) TG_CHECK_RESULT;
static inline bool cursor_hears_window(const struct cursor *cursor)
{
    return cursor->has_window && cursor->lateness.note && cursor->lateness.hears_window;
}
/* Of one there that stays: so may it have, if it lies in the window. */
int judge_in_window(struct pass *pass, struct row_ref ref, struct tg_error *err) TG_CHECK_RESULT;

/* Of a row that stands at cursor->here, and that was held: it does not count any more. */
int judge_take_back(struct pass *pass, struct row_ref ref, struct tg_error *err) TG_CHECK_RESULT;

#endif
