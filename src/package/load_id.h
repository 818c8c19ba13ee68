/*
 * Load ids: seconds since 1970 with a fraction, as text, in the way dlt writes them.
 */
#ifndef TIDEGATE_PACKAGE_LOAD_ID_H
#define TIDEGATE_PACKAGE_LOAD_ID_H

#include <stdint.h>

enum { LOAD_ID_TEXT = 32 };

/* Nanoseconds since 1970, by which ids are compared: dlt writes one to seven digits, and "5.5" and
 * "5.50" are one number. -1: `text` is no such id ("" for none among them). */
int64_t load_id_ns(const char *text);
/* The id of a point in time; what is before 1970 becomes its first moment. */
void load_id_write(int64_t us, char out[LOAD_ID_TEXT]);

#endif
