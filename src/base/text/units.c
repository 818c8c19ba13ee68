/*
 * Quantities as people write them: a whole number and its unit.
 *
 * Path: parse_bytes, parse_duration -> parse_with_unit, by a table of units.
 *
 * Whether a quantity makes sense where it stands is the caller's to say.
 */
#include "base/text/units.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct unit {
    const char *name;
    uint64_t factor;
};

/* A whole number with one of the units, the last of which has no factor. */
static bool parse_with_unit(const char *text, const struct unit *units, uint64_t *out)
{
    if (text[0] < '0' || text[0] > '9')
        return false;
    char *end = NULL;
    errno = 0;
    uint64_t number = strtoull(text, &end, 10);
    for (; errno == 0 && units->factor > 0; units++)
        if (strcmp(end, units->name) == 0)
            return !__builtin_mul_overflow(number, units->factor, out);
    return false;
}

bool parse_bytes(const char *text, uint64_t *out)
{
    static const struct unit units[] = {{"", 1},
                                        {"KiB", UINT64_C(1) << 10},
                                        {"MiB", UINT64_C(1) << 20},
                                        {"GiB", UINT64_C(1) << 30},
                                        {"kB", 1000},
                                        {"MB", 1000000},
                                        {"GB", 1000000000},
                                        {"", 0}};
    return parse_with_unit(text, units, out);
}

bool parse_duration(const char *text, int64_t *out)
{
    static const struct unit units[] = {
        {"ms", 1000},
        {"s", 1000000},
        {"m", UINT64_C(60) * 1000000},
        {"h", UINT64_C(3600) * 1000000},
        {"d", UINT64_C(86400) * 1000000},
        {"", 0},
    };
    uint64_t us = 0;
    if (!parse_with_unit(text, units, &us) || us > INT64_MAX)
        return false;
    *out = (int64_t)us;
    return true;
}
