/*
 * Rows of a CSV text -> spans of its fields. Nothing is copied: a field lies in the text, and
 * csv_unescape takes doubled quotes and escapes out of it there.
 */
#ifndef TIDEGATE_EXTRACT_CSV_SPLIT_H
#define TIDEGATE_EXTRACT_CSV_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes behind a text that may be read, whatever is in them. */
enum { CSV_ROOM = 64, CSV_DELIMITER_MAX = 7 };

struct csv_syntax {
    char delimiter[CSV_DELIMITER_MAX + 1]; /* one byte at least; no quote, no line end */
    char quote;                            /* '\0': none */
    char escape;  /* before a character that stands for itself; '\0': none. A quote that is doubled
                     stands for itself in any case */
    char comment; /* a line that begins with it is none; '\0': no line is */
};

/* A field, without its quotes. */
struct csv_field {
    uint32_t start; /* in the text; CSV_MISSING: the row ends before it */
    uint32_t len : 30;
    uint32_t quoted : 1;
    uint32_t escaped : 1; /* there is something for csv_unescape to do */
};

#define CSV_MISSING UINT32_MAX
enum { CSV_TEXT_MAX = (1 << 30) - 1 };

enum csv_found {
    CSV_ROW,
    CSV_MORE,         /* the text may end within a row: give more of it */
    CSV_END,          /* no more rows */
    CSV_OPEN_QUOTE,   /* the row has a quote, at `bad`, that nothing closes; */
    CSV_BEHIND_QUOTE, /* one that ends before `bad`, where text with quotes follows */
};

struct csv_row {
    size_t start, end; /* in the text, without the line's end */
    size_t count;      /* of fields; those that were stored may be fewer */
    size_t stored_end; /* of the last one of those, with its quotes */
    size_t bad;
    uint64_t line; /* that it begins on */
};

struct csv_split {
    struct csv_syntax syntax;
    size_t delimiter_len;
    const char *text;
    size_t at, end; /* of the row that comes next, and of the text */
    bool is_last;   /* behind `end` nothing comes */
    uint64_t line;  /* of `at`, from 1 */
    bool is_ascii;  /* of what was passed since it was set */
    size_t block;   /* where the bytes begin that `marks` has a bit of each of */
    uint64_t marks;
};

/* Before the first row of another text, or of one that was moved; `line` is the caller's. */
void csv_split_text(struct csv_split *split, const char *text, size_t at, size_t end, bool is_last);
/* The next row that is not blank and no comment; the first `cap` of its fields are stored. But for
 * CSV_ROW, `at` stays where the row begins, and `line`. */
enum csv_found csv_split_row(struct csv_split *split, struct csv_field *fields, size_t cap,
                             struct csv_row *row);
/* `is_ascii` is of the rows that come from here on, and perhaps of some bytes before them. */
void csv_split_watch(struct csv_split *split);
/* Passes over the line that begins at `at`, whatever it holds. CSV_ROW, CSV_MORE or CSV_END. */
enum csv_found csv_split_pass(struct csv_split *split);
/* What an escaped field stands for, in its place. */
void csv_unescape(const struct csv_syntax *syntax, char *text, struct csv_field *field);

#endif
