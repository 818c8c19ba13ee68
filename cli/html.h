/*
 * HTML, as far as a report needs it.
 */
#ifndef TIDEGATE_CLI_HTML_H
#define TIDEGATE_CLI_HTML_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The page up to its body, and its end. No script is in it, and nothing is fetched. */
void html_begin(FILE *out, const char *title);
void html_end(FILE *out);

/* As text, or within the quotes of an attribute. */
void html_text(FILE *out, const char *text);
/* The same, cut behind so many bytes, with all of it where the pointer rests. */
void html_clipped(FILE *out, const char *text, size_t bytes_max);
/* "2026-11-30T05:52:09.735819+00:00" as a <time>, to the minute. */
void html_time(FILE *out, const char *time);

struct html_column {
    const char *name;                                           /* of the column, and its title */
    const char *column;                                         /* of the rows; NULL: the same */
    enum { CELL_TEXT, CELL_WORD, CELL_NUMBER, CELL_TIME } kind; /* a word is not broken */
};

/* The title row of a table whose columns end with a name that is NULL. */
void html_table_begin(FILE *out, const struct html_column *columns);
void html_cell(FILE *out, const struct html_column *column, const char *value);
void html_table_end(FILE *out);

/* ---- bars ---- */

enum { SERIES = 4 };
extern const char *const html_series[SERIES]; /* inserted, updated, deleted, rejected */

struct html_bar {
    const char *title;
    uint64_t values[SERIES];
};

/* A name, a bar as long as its share of the most, the value. */
void html_share(FILE *out, const char *name, uint64_t value, uint64_t most);
/* One bar beside the other, as high as the sum of its values. */
void html_bars(FILE *out, const struct html_bar *bars, size_t count);

#endif
