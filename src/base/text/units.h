/*
 * Bytes and lengths of time as text.
 */
#ifndef TIDEGATE_BASE_UNITS_H
#define TIDEGATE_BASE_UNITS_H

#include <stdbool.h>
#include <stdint.h>

/* A number of bytes, with or without a unit: 64000000, 256MiB, 1GB. */
bool parse_bytes(const char *text, uint64_t *out);
/* A length of time, as microseconds: 500ms, 30s, 10m, 2h, 7d. */
bool parse_duration(const char *text, int64_t *out);

#endif
