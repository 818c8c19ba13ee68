/*
 * The row tape. A row is a run of 16-byte cells in depth-first order, in the layout of yyjson's
 * immutable values: type and length in the tag, payload or string pointer beside it, and for a list
 * or object the distance to what follows it. A parsed JSON page therefore IS a tape, without a
 * copy; rows that a callback pushes are laid in the same form. What JSON has no type for is told by
 * the three upper bits of the tag byte.
 */
#ifndef TIDEGATE_DATA_ROWS_H
#define TIDEGATE_DATA_ROWS_H

#include <stdint.h>
#include <yyjson.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "data/type.h"

enum cell_kind {
    CELL_NONE = 0,
    CELL_NULL,
    CELL_BOOL,
    CELL_INT,  /* int64 */
    CELL_UINT, /* uint64: every non-negative JSON integer; may exceed int64 */
    CELL_DOUBLE,
    CELL_DECIMAL, /* digits as text: an integer beyond 64 bits, a decimal that was pushed */
    CELL_TEXT,
    CELL_LITERAL, /* text of a source that has no types: what it is, its column says, or itself */
    CELL_BINARY,
    CELL_TIMESTAMP,    /* int64 microseconds, UTC */
    CELL_TIMESTAMP_NS, /* int64 nanoseconds, UTC */
    CELL_DATE,         /* int64 days */
    CELL_TIME,         /* int64 microseconds since midnight */
    CELL_LIST,
    CELL_OBJECT
};

/* Tag bytes of what JSON has no type for: yyjson's type in the lower bits, ours in the upper three.
 */
enum cell_tag {
    CELL_TAG_BINARY = YYJSON_TYPE_STR | 1 << 5,
    CELL_TAG_DECIMAL =
        YYJSON_TYPE_STR | 2 << 5, /* pushed; an integer beyond 64 bits is YYJSON_TYPE_RAW */
    CELL_TAG_LITERAL = YYJSON_TYPE_STR | 3 << 5,
    CELL_TAG_TIMESTAMP = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_SINT | 1 << 5,
    CELL_TAG_DATE = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_SINT | 2 << 5,
    CELL_TAG_TIME = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_SINT | 3 << 5,
    CELL_TAG_TIMESTAMP_NS = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_SINT | 4 << 5,
    /* without a time zone, as columns of batches may be */
    CELL_TAG_NAIVE = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_SINT | 5 << 5,
    CELL_TAG_NAIVE_NS = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_SINT | 6 << 5
};

enum {
    CELL_DEPTH_MAX = JSON_DEPTH_MAX
}; /* levels of lists and objects in a row, the row itself included */

extern const uint8_t cell_kinds[256]; /* tag byte -> enum cell_kind */

static inline enum cell_kind cell_kind(const yyjson_val *cell)
{
    return (enum cell_kind)cell_kinds[cell->tag & 0xff];
}
static inline bool cell_is_naive(const yyjson_val *cell)
{
    return (cell->tag & YYJSON_TAG_MASK) == CELL_TAG_NAIVE ||
           (cell->tag & YYJSON_TAG_MASK) == CELL_TAG_NAIVE_NS;
}
/* Elements of a list, pairs of an object, bytes of a text. */
static inline size_t cell_len(const yyjson_val *cell)
{
    return (size_t)(cell->tag >> YYJSON_TAG_BIT);
}
/* The cell after this one and all that it contains. */
static inline const yyjson_val *cell_next(const yyjson_val *cell)
{
    uint8_t type = (uint8_t)(cell->tag & YYJSON_TYPE_MASK);
    size_t step =
        (type == YYJSON_TYPE_OBJ || type == YYJSON_TYPE_ARR) ? cell->uni.ofs : sizeof(*cell);
    return (const yyjson_val *)(const void *)((const char *)cell + step);
}
/* First child of a list; first key of an object (its value is the cell after the key). Only when
 * cell_len > 0. */
static inline const yyjson_val *cell_first(const yyjson_val *cell)
{
    return cell + 1;
}

/* Whether it is an integer, as JSON has them, of any size (beyond 64 bits it is a CELL_DECIMAL). */
bool cell_is_integer(const yyjson_val *cell);
/* Whether it is a JSON number beyond all doubles, 1e400: an infinity to Python. */
bool cell_overflows(const yyjson_val *cell);

/* The value of `key` in an object (of several the last one, as in Python), or NULL. Anything but an
 * object has none. */
const yyjson_val *cell_find(const yyjson_val *object, const char *key, size_t len);

/* Text of a cell as JSON (compact). Typed cells as dlt writes them: decimals and times as quoted
 * text; `markers` puts dlt's private-use character before typed values (row hashes of the
 * reference, 1.5), false leaves it out (hashes of 6.4, columns kept as JSON). `sorted`: keys by
 * bytes. Literals as what they are by themselves. Timestamps end with +00:00; `zulu`: with Z, naive
 * ones with nothing; `instants`: they are whole microseconds since 1970, rounded down;
 * `exact`: numbers that were kept as texts stay these; `python`: decimals are spelled as Python
 * does. */
enum {
    CELL_JSON_MARKERS = 1,
    CELL_JSON_SORTED = 2,
    CELL_JSON_ZULU = 4,
    CELL_JSON_INSTANTS = 8,
    CELL_JSON_EXACT = 16,
    CELL_JSON_PYTHON = 32
};
void cell_json(struct buf *out, const yyjson_val *cell, int flags);
/* The same, without flags, as a text in the arena. */
int cell_keep_json(const yyjson_val *cell, struct arena *arena, const char **out,
                   struct tg_error *err) TG_CHECK_RESULT;
/* Appends what a message says that it is: "'abc' (text)", "[3] (a list)"; long ones are cut. */
void cell_tell(struct buf *out, const yyjson_val *cell);
/* Whether a timestamp or a decimal is in it, which flags write in another way. */
bool cell_json_varies(const yyjson_val *cell);

/* The value at `row` of any Arrow array as a typed cell, through dictionaries; NULL is a null cell.
 * Floats of every width are CELL_DOUBLE, decimals CELL_DECIMAL, timestamps CELL_TIMESTAMP or (unit
 * nanosecond) CELL_TIMESTAMP_NS. Text is borrowed from the array, digits are in `scratch`, which is
 * cleared first. TG_DATA: a struct, list, duration... or a value beyond what the cell holds. */
int value_cell(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row,
               struct buf *scratch, yyjson_val *out, struct tg_error *err) TG_CHECK_RESULT;

/* Whether lists and objects in `cell` are nested deeper than CELL_DEPTH_MAX. */
static inline bool cell_too_deep(const yyjson_val *cell)
{
    return cell_next(cell) - cell > CELL_DEPTH_MAX && json_nests_deeper(cell);
}

/* ---- pushing rows ---- */

struct tg_rows; /* public handle, tidegate.h */
int rows_new(struct tg_rows **out, struct tg_error *err) TG_CHECK_RESULT;
void rows_free(struct tg_rows *rows);
/* The number of the first row in its resource, for messages; 1 until this is called. */
void rows_count_from(struct tg_rows *rows, uint64_t first_row);
void rows_clear(struct tg_rows *rows); /* forgets rows and mistakes, keeps the memory */
/* The finished rows; a mistake or an unfinished row is TG_USAGE, memory TG_NOMEM. The pointers live
 * until rows_clear. */
int rows_finish(struct tg_rows *rows, const yyjson_val ***out, size_t *count,
                struct tg_error *err) TG_CHECK_RESULT;
size_t rows_bytes(const struct tg_rows *rows); /* memory in use */

/* From this row on they are for another table of their resource. */
struct row_mark {
    const yyjson_val *from;
    size_t table; /* its number; 0: the resource's own */
};
/* tg_rows_table may name the tables up to this one; none before it is called. */
void rows_allow_table(struct tg_rows *rows, size_t number);
/* The table of the first row since rows_clear, of those that come now, and what was said between
 * them: behind rows_finish, as long as its rows. */
bool rows_has_table(const struct tg_rows *rows, size_t number); /* rows for it since rows_clear */
size_t rows_first_table(const struct tg_rows *rows);
size_t rows_table(const struct tg_rows *rows);
const struct row_mark *rows_marks(const struct tg_rows *rows, size_t *count);

/* Pushes a cell that is no list or object, and is what its kind says; its bytes are copied. */
void rows_push_cell(struct tg_rows *rows, const yyjson_val *cell);

/* ---- laying rows without pushing them (page.c), on cleared rows ---- */

/* Room for `count` cells (out: where they are, and how many there is room for); those that were
 * laid stay, but may move. */
int rows_reserve(struct tg_rows *rows, size_t count, yyjson_val **cells, size_t *cap,
                 struct tg_error *err) TG_CHECK_RESULT;
/* A copy of `len` bytes that stays where it is until rows_clear; NULL: no memory. */
const char *rows_keep(struct tg_rows *rows, const void *bytes, size_t len);

#endif
