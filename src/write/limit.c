/*
 * What a limit says, and how much it allows.
 *
 *   limit_read (a spec's, or a program's text) -> limits_over (all resources' and one's own)
 *   -> limit_most, when it is known what a load does (sql/excess.c)
 *
 * A share is kept in hundredths of a percent, so that nothing is rounded where it is compared.
 */
#include "write/limit.h"

#include <string.h>

enum { SHARE_WHOLE = 10000, SHARE_ROWS_MIN = 10 };

const char *limit_name(enum limit_kind kind)
{
    static const char *const names[LIMIT_KINDS] = {"rows_deleted", "tables_added", "columns_added",
                                                   "type_changes"};
    return names[kind];
}

/* Digits alone, up to `most`; *end is behind them. */
static bool read_digits(const char *text, uint64_t most, uint64_t *out, const char **end)
{
    uint64_t number = 0;
    *end = text + strspn(text, "0123456789");
    for (const char *at = text; at < *end; at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        if (number > (most - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *out = number;
    return *end > text;
}

/* ".25%", ".5%", "%" behind the whole percents. */
static bool read_share(const char *text, struct limit *out)
{
    size_t digits = *text == '.' ? strspn(text + 1, "0123456789") : 0;
    const char *end = text + (*text == '.') + digits;
    if (strcmp(end, "%") != 0 || (*text == '.' && (digits < 1 || digits > 2)))
        return false;
    out->most *= 100;
    if (digits > 0)
        out->most += (uint64_t)(text[1] - '0') * 10;
    if (digits > 1)
        out->most += (uint64_t)(text[2] - '0');
    out->is_share = true;
    return out->most <= SHARE_WHOLE;
}

bool limit_read(const char *text, enum limit_kind kind, struct limit *out)
{
    const char *end;
    *out = (struct limit){.is_set = true};
    if (!read_digits(text, INT64_MAX / 100, &out->most, &end))
        return false;
    return !*end || (kind == LIMIT_ROWS_DELETED && read_share(end, out));
}

uint64_t limit_most(const struct limit *limit, uint64_t of)
{
    if (!limit->is_share)
        return limit->most;
    uint64_t share = of / SHARE_WHOLE * limit->most + of % SHARE_WHOLE * limit->most / SHARE_WHOLE;
    return share > SHARE_ROWS_MIN ? share : SHARE_ROWS_MIN;
}

struct limits limits_over(const struct limits *all, const struct limits *own)
{
    struct limits out = *own;
    for (int kind = 0; kind < LIMIT_KINDS; kind++)
        if (!own->of[kind].is_set)
            out.of[kind] = all->of[kind];
    return out;
}
