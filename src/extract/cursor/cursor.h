/*
 * The cursor: tells new rows from old (reference 6.3, 6.4).
 *
 *   stored value + hashes of the rows at it -> cursor_new -> cursor_filter(page) drops what is old
 *   -> cursor_last_json, cursor_hashes
 *
 * Text that is an ISO timestamp on both sides is compared as an instant; other text by bytes, as in
 * dlt.
 */
#ifndef TIDEGATE_EXTRACT_CURSOR_H
#define TIDEGATE_EXTRACT_CURSOR_H

#include "base/buf.h"
#include "base/hash.h"
#include "extract/cursor/as_type.h"
#include "extract/cursor/groups.h"
#include "extract/cursor/ties.h"

enum cursor_hash {
    CURSOR_HASH_ROW = 0, /* hash the whole row */
    CURSOR_HASH_KEY,     /* hash the values of `key` (append with a primary key, as in dlt) */
    CURSOR_HASH_NONE
};

/* Who hears of rows that are before the value that was reached when the run began: those that are
 * left out, and those of a lag's window, which stay. Not of those before the initial value, which
 * nobody wants. */
struct lateness {
    /* Row `cell` of the page, or (NULL) row `index` of its batch; it stands at `here`. All is
     * borrowed. NULL: nobody. */
    int (*note)(void *user, const struct page *page, const yyjson_val *cell, int64_t index,
                const struct cursor_value *here, bool is_left_out, struct tg_error *err);
    void *user;
    const bool *is_over; /* no more of those that are left out */
    bool hears_window;
};

/* How a source's name for a field becomes the normalised one. Out: appended. */
struct cursor_names {
    int (*normal)(void *user, const char *name, size_t len, struct buf *out, struct tg_error *err);
    void *user;
};

struct cursor_options {
    const char *path;          /* the name under which the state has it, and messages */
    const char *const *paths;  /* of its fields, where they are several: compared in this order */
    size_t path_count;         /* 0: `path` is the only one */
    struct cursor_names names; /* `normal` NULL: a field has the very name */
    struct tg_value initial_value;
    struct tg_value end_value;
    bool start_is_open;  /* rows at the start are old */
    bool end_is_closed;  /* rows at the end belong to the window */
    const char *lag;     /* how far before the last value it starts: "5", "2h"; NULL: nothing */
    struct cursor_as as; /* what texts are to be taken for */
    enum tg_row_order row_order;      /* the source delivers rows in this order */
    tg_last_value_fn last_value_func; /* in place of last_value; NULL */
    void *user;
    bool is_window;        /* the two are ends that a run was told, and not the spec's */
    bool bounds_are_times; /* texts of these two are dates or times, and compared as such */
    enum tg_last_value last_value;
    enum tg_on_missing on_missing;
    enum cursor_hash hash;
    const char *const *key; /* names as in the source */
    size_t key_count;
    bool key_is_list; /* a key of one field was said as a list, which dlt hashes as one */
    /* 0: no limit (append: see `ties`); else more rows at the boundary than this keep no hashes
     * (merge: they load again, which is harmless) */
    size_t hash_count_max;
    /* borrowed; takes the rows that are known or outside the bounds, until it is known whether
     * their group passes. NULL: they are dropped for good */
    struct groups *groups;
    /* borrowed; takes the hashes of rows at the last value when they are many, and the rows at the
     * start value where many are stored. NULL: hash_count_max */
    struct ties *ties;
    bool groups_share_value; /* the rows of a group have one cursor value: none is outside alone */
    struct lateness lateness;
    /* what the last load left */
    const char *stored_last_json;     /* JSON text as in the state; NULL: first run */
    const char *const *stored_hashes; /* in any order */
    size_t stored_hash_count;
};

/* Of the rows so far. */
struct cursor_counts {
    uint64_t below;   /* before the start */
    uint64_t beyond;  /* beyond the end */
    uint64_t known;   /* at the start, and loaded before */
    uint64_t without; /* without a value, whatever became of them */
};

struct cursor;

/* Everything is copied. TG_DATA when the stored value cannot be read, TG_USAGE for a path or a list
 * that makes no sense. */
int cursor_new(const struct cursor_options *options, struct cursor **out,
               struct tg_error *err) TG_CHECK_RESULT;
void cursor_free(struct cursor *cursor);
/* What `read` callbacks and drivers see; borrowed, kept up to date. */
const struct tg_cursor *cursor_view(const struct cursor *cursor);
/* The (first) value that was reached when the run began; NULL: it does not go on from one. */
const struct cursor_value *cursor_reached(const struct cursor *cursor);
/* May a row have to be held, until all have come? Then pages must be rows. */
bool cursor_holds(const struct cursor *cursor);
/* Drops the rows that are not new; *dropped counts them. Works on rows and on Arrow batches. A
 * missing or NULL cursor value: as on_missing says (TG_DATA for TG_RAISE, names the row); values
 * that do not compare (text against number): TG_DATA. */
int cursor_filter(struct cursor *cursor, struct page *page, uint64_t *dropped,
                  struct tg_error *err) TG_CHECK_RESULT;
/* Whether a row of the batch that was filtered last has stayed. */
bool cursor_kept(const struct cursor *cursor, size_t index);
/* Borrowed, kept up to date. */
const struct cursor_counts *cursor_counts(const struct cursor *cursor);
/* How many rows of a page's further table, by its number, were before the start, or known. */
uint64_t cursor_left_out(const struct cursor *cursor, size_t table);
/* Where rows are held, and all have come: fills `page` (which was released) with more of those that
 * are not dropped, and do not count as such any more; PAGE_END: no more. */
int cursor_next_held(struct cursor *cursor, struct page *page,
                     struct tg_error *err) TG_CHECK_RESULT;
/* No row that comes can be new, by the order that the source keeps. */
bool cursor_is_over(const struct cursor *cursor);
/* Two text values that were compared by bytes, and that come the other way round as `as`
 * ("numbers", "dates"): rows may have been taken for old. */
struct cursor_contradiction {
    char value[80], other[80]; /* shortened */
    const char *as;
};
bool cursor_contradiction(const struct cursor *cursor, struct cursor_contradiction *out);
/* Has the last value moved on from where the run started, or is the set of boundary rows another
 * than what was stored? Always false with an end value. */
bool cursor_moved(const struct cursor *cursor);
/* JSON texts for the state; "null" when there is none. Out: appended. */
int cursor_last_json(const struct cursor *cursor, struct buf *out,
                     struct tg_error *err) TG_CHECK_RESULT;
int cursor_initial_json(const struct cursor *cursor, struct buf *out,
                        struct tg_error *err) TG_CHECK_RESULT;
/* Hashes of the rows at the last value: sorted, borrowed, unique. None where the ties gather them.
 */
size_t cursor_hashes(const struct cursor *cursor, const char *const **out);

#endif
