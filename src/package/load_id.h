/*
 * Load ids: seconds since 1970 with a fraction, as text, in the way dlt writes them.
 */
#ifndef TIDEGATE_PACKAGE_LOAD_ID_H
#define TIDEGATE_PACKAGE_LOAD_ID_H

#include "data/column.h"

enum { LOAD_ID_TEXT = 40 };

/* Nanoseconds since 1970, by which ids are compared: dlt writes one to seven digits, and "5.5" and
 * "5.50" are one number; an id that others made of milliseconds is a higher one. -1: `text` is no
 * such id ("" for none among them). */
int128 load_id_ns(const char *text);
/* The id of a point in time; what is before 1970 becomes its first moment. */
void load_id_write(int128 us, char out[LOAD_ID_TEXT]);

#endif
