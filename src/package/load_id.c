/*
 * Load ids: "1795361837.537397", a point in time that names a load and orders it.
 *
 * Path: load_id_ns reads digit by digit, for a double would not hold nine digits of fraction;
 * load_id_write leaves out the fraction's zeros at the end, as Python does it, so that ids sort by
 * text as by number.
 *
 * Which id a load gets is the ledger's to say (ledger_next_id).
 */
#include "package/load_id.h"

#include <stdio.h>
#include <string.h>

enum {
    FRACTION_DIGITS = 9,
    WHOLE_DIGITS_MAX = 29 /* as DECIMAL(38, 9) has them, by which SQL orders ids */
};

static const char digits[] = "0123456789";

int128 load_id_ns(const char *text)
{
    int128 number = 0;
    size_t whole = strspn(text, digits);
    const char *fraction = text + whole + (text[whole] == '.');
    size_t count = strspn(fraction, digits);
    if (whole == 0 || whole > WHOLE_DIGITS_MAX || fraction[count] ||
        (text[whole] == '.' && count == 0))
        return -1;
    for (size_t i = 0; i < whole; i++)
        number = number * 10 + (text[i] - '0');
    for (size_t i = 0; i < FRACTION_DIGITS; i++)
        number = number * 10 + (i < count ? fraction[i] - '0' : 0);
    return number;
}

void load_id_write(int128 us, char out[LOAD_ID_TEXT])
{
    char whole[WHOLE_DIGITS_MAX + 1], *at = whole + WHOLE_DIGITS_MAX;
    us = us > 0 ? us : 0;
    *at = '\0';
    for (int128 rest = us / 1000000; at > whole && (rest > 0 || !*at); rest /= 10)
        *--at = (char)('0' + (int)(rest % 10));
    int len = snprintf(out, LOAD_ID_TEXT, "%s.%06d", at, (int)(us % 1000000));
    while (out[len - 1] == '0' && out[len - 2] != '.')
        out[--len] = '\0';
}
