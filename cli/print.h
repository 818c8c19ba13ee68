/*
 * Streams and texts on standard output.
 */
#ifndef TIDEGATE_CLI_PRINT_H
#define TIDEGATE_CLI_PRINT_H

#include <stdio.h>

#include "tidegate.h"

enum format {
    FORMAT_TABLE, /* aligned text for people */
    FORMAT_WHOLE, /* the same; a row of which a terminal has no room for all is a list */
    FORMAT_LIST,  /* the same without a count of its rows; NULL is empty */
    FORMAT_CSV,   /* with a header line */
    FORMAT_JSON,  /* an array of objects, a row a line */
    FORMAT_YAML   /* no stream is printed so */
};

/* Those of resources that people see. */
#define RESOURCE_COLUMNS "resource", "write_disposition", "primary_key", "cursor", "columns"

/* Prints a stream to its end and releases it (moved in), also on failure. `columns` (ends with
 * NULL): these alone, as far as there are such; NULL: all. "a|b" in a table for people: b, where a
 * has no value. */
int print_stream(struct ArrowArrayStream *stream, enum format format, const char *const *columns,
                 FILE *out, struct tg_error *err);

/* A text as a terminal may see it, clipped to so many characters; says how many it took. */
size_t print_visible(const char *text, size_t width_max, FILE *out);

/* The same of a text that has lines, whole. */
void print_lines(const char *text, FILE *out);

/* Words in lines as wide as a terminal, the first of which has begun at `at`; ends the last one. */
enum { LINE_WIDTH = 80 };
void print_wrapped(const char *text, size_t at, size_t indent);

/* A sentence, which elsewhere than in a terminal is one line; and what follows its first end of a
 * line, as it is: it shows a place. Ends the last line. */
void print_sentence(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A JSON string, in quotes. */
void print_json_text(const char *text, FILE *out);

#endif
