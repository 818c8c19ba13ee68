/*
 * SQL that somebody has written: where literals, comments and statements end.
 */
#ifndef TIDEGATE_DATABASE_SPLIT_H
#define TIDEGATE_DATABASE_SPLIT_H

#include <stdbool.h>
#include <stddef.h>

/* A letter, "_", or a byte of one that is not ASCII. */
bool sql_begins_name(char c);
/* Behind the quote that ends it, which is doubled within. */
size_t sql_quoted_len(const char *at, bool escapes);
/* Of a literal or a comment; 0: there is none. */
size_t sql_aside_len(const char *at);

/* The first statement of a text: *text moves to where it begins, *len are its bytes, without the
 * semicolon; 0: there is none. Returns where the next one begins; NULL: that was the last. */
const char *sql_split(const char **text, size_t *len);

#endif
